"""Loading the whole configuration: `daemon.settings`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from daemon.config import Config, FramingSection
from daemon.errors import ConfigError
from daemon.settings import HASHED_SECTIONS, config_hash, effective, effective_yaml, load

CONFIGS = Path(__file__).resolve().parents[2] / "configs"

EVERY_KIND_OF_FAULT = """\
application_id: a b
kafka:
  topicz: 1
  bootstrap_servers: [1]
  unacked_max: x
  security_protocol: SSLX
  sasl_password: [geheim]
  sasl_password_file: /nowhere/at/all
  topics: [a]
  topics: [b]
interval: 5
metrics:
  - kind: gague
  - match: a
    valid_min: 3
    valid_max: 2
framing:
  interval: soon
  lateness: -1
incidents: 5
input:
  format: jsn
series:
  relabel:
    - regex: "("
      action: keep
detector:
  gate:
    trigger: .nan
server:
output:
  edges: maybe
"""


def write(folder: Path, text: str) -> Path:
    """Put a configuration into a file."""
    path = folder / "h.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Path | None, **environ: str) -> list[str]:
    """Load what cannot be loaded; the file's name is cut from the lines."""
    with pytest.raises(ConfigError) as caught:
        load(path, environ)
    return [line.replace(f"{path}:", "h:") for line in caught.value.faults]


def test_nothing_given_is_the_defaults() -> None:
    """Without a file and variables the defaults hold."""
    assert load(None, {}) == Config()


def test_the_environment_wins_over_the_file_over_the_defaults(tmp_path: Path) -> None:
    """Three layers, the most particular one on top."""
    path = write(tmp_path, "kafka: {topics: [file], group_id: file}\n")

    config = load(path, {"HEBBSTREAM__KAFKA__TOPICS": "one,two"})

    assert config.kafka.topics == ["one", "two"]
    assert config.kafka.group_id == "file"
    assert config.kafka.unacked_max == Config().kafka.unacked_max


def test_a_variable_reaches_a_section_the_file_left_empty(tmp_path: Path) -> None:
    """`kafka:` with nothing under it is a section of defaults."""
    path = write(tmp_path, "kafka:\ndetector:\n  gate:\n")

    config = load(path, {"HEBBSTREAM__DETECTOR__GATE__TRIGGER": "4"})

    assert config.detector.gate.trigger == 4.0
    assert config.kafka == Config().kafka


def test_every_fault_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    """A file with every kind of fault in it is mended in one round."""
    lines = faults(write(tmp_path, EVERY_KIND_OF_FAULT), HEBBSTREAM__KAFKA__TOPIC="x")

    places = [line.split(": ")[0] + " " + line.split(": ")[1] for line in lines]
    assert places == [
        "h:1 application_id",
        "h:3 kafka.topicz",
        "h:4 kafka.bootstrap_servers[0]",
        "h:5 kafka.unacked_max",
        "h:6 kafka.security_protocol",
        "h:7 kafka.sasl_password",
        "h:8 kafka.sasl_password_file",
        "h:10 kafka.topics",
        "h:11 interval",
        "h:13 metrics[0].match",
        "h:13 metrics[0].kind",
        "h:14 metrics[1]",
        "h:18 framing.interval",
        "h:19 framing.lateness",
        "h:20 incidents",
        "h:22 input.format",
        "h:25 series.relabel[0].regex",
        "h:29 detector.gate.trigger",
        "h:32 output.edges",
        "HEBBSTREAM__KAFKA__TOPIC no such setting; did you mean HEBBSTREAM__KAFKA__TOPICS?",
    ]
    assert "geheim" not in "\n".join(lines)


def test_a_fault_of_a_variable_names_the_variable(tmp_path: Path) -> None:
    """What stands in the environment has no line."""
    path = write(tmp_path, "server: {port: 1}\n")

    lines = faults(path, HEBBSTREAM__SERVER__PORT="70000")

    assert lines == [
        "HEBBSTREAM__SERVER__PORT: server.port: must be less than or equal to 65535, got '70000'"
    ]


def test_a_rule_broken_by_a_variable_alone_names_it() -> None:
    """A rule that compares two keys is traced to the variable that broke it."""
    lines = faults(None, HEBBSTREAM__KAFKA__HEARTBEAT_INTERVAL="40s")

    assert lines[0].startswith("HEBBSTREAM__KAFKA__HEARTBEAT_INTERVAL: kafka: heartbeat_interval")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a: \xff\n", "not UTF-8 (byte 3)"), (None, "cannot be read: No such file")],
)
def test_a_file_that_cannot_be_read_is_a_fault(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    """A missing or binary file is named, not raised."""
    path = tmp_path / "h.yaml"
    if content is not None:
        path.write_bytes(content)

    lines = faults(path)

    assert len(lines) == 1
    assert words in lines[0]


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    """The effective values have asterisks where a password is."""
    path = write(tmp_path, "kafka: {sasl_password: geheim}\n")

    config = load(path, {})

    assert effective(config)["kafka"]["sasl_password"] == "**********"
    assert "geheim" not in effective_yaml(config)
    assert config.kafka.sasl_password is not None
    assert config.kafka.sasl_password.get_secret_value() == "geheim"


def test_the_effective_values_are_a_configuration(tmp_path: Path) -> None:
    """What `validate` shows can be loaded and means the same."""
    config = load(CONFIGS / "kafka-json.yaml", {})

    again = load(write(tmp_path, effective_yaml(config)), {})

    assert again == config
    assert yaml.safe_load(effective_yaml(config)) == effective(config)


def test_the_hash_ignores_how_a_default_is_given(tmp_path: Path) -> None:
    """Written out or left out, a default is the same configuration."""
    path = write(tmp_path, "framing: {interval: 1m}\nkafka: {topics: [other]}\n")

    assert config_hash(load(path, {})) == config_hash(Config())


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("framing: {interval: 2m}", True),
        ("grouping: {group_by: [service]}", True),
        ("detector: {alert_budget_per_day: 0.2}", True),
        ("incidents: {open_after: 2}", True),
        ("series: {exclude: [x]}", True),
        ("metrics: [{match: x}]", True),
        ("application_id: other", False),
        ("kafka: {topics: [x]}", False),
        ("output: {scores: true}", False),
        ("logging: {level: debug}", False),
    ],
)
def test_the_hash_follows_what_decides_events(tmp_path: Path, text: str, *, changes: bool) -> None:
    """Only settings that can change which events come out change the hash."""
    config = load(write(tmp_path, text), {})

    assert (config_hash(config) != config_hash(Config())) is changes


def test_the_hash_is_pinned() -> None:
    """A change of the hash's own recipe is noticed: consumers compare it across versions."""
    config = Config(framing=FramingSection(interval=10.0))

    assert len(config_hash(config)) == 16
    assert set(HASHED_SECTIONS) <= set(Config.model_fields)


@pytest.mark.parametrize("name", ["quickstart.yaml", "kafka-json.yaml", "reference.yaml"])
def test_presets_are_valid(name: str) -> None:
    """Every file we hand out loads without a fault."""
    load(CONFIGS / name, {})


def test_the_reference_holds_the_defaults() -> None:
    """reference.yaml, taken as it is, changes nothing."""
    assert load(CONFIGS / "reference.yaml", {}) == Config()

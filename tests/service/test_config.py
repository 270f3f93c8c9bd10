"""The sections and their rules: `daemon.config`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from daemon import knobs
from daemon.config import Config, OutputSection
from daemon.records import Channel


def test_defaults_are_valid_and_frozen() -> None:
    """A configuration cannot be changed after it was checked."""
    config = Config()

    with pytest.raises(ValidationError, match="frozen"):
        config.application_id = "other"  # type: ignore[misc]


def test_every_key_says_what_it_means() -> None:
    """A knob without a description is a knob nobody can turn."""
    silent = [
        (*path, name)
        for path, _, section in knobs.sections(Config)
        for name, info in section.model_fields.items()
        if knobs.section_of(info) is None and not info.description
    ]

    assert silent == []


def test_every_section_refuses_unknown_keys() -> None:
    """A typing slip is never silently ignored, at whatever depth."""
    for path, _, section in knobs.sections(Config):
        assert section.model_config.get("extra") == "forbid", path
        assert section.model_config.get("frozen"), path
        assert section.__doc__, path


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kafka": {"heartbeat_interval": 20}}, "at most a third of session_timeout"),
        ({"kafka": {"sasl_password": "a", "sasl_password_file": "b"}}, "exclude each other"),
        (
            {"kafka": {"client": "librdkafka"}, "output": {"delivery": "transactional"}},
            "transactional needs kafka.client: kafka-python",
        ),
        ({"kafka": {"security_protocol": "SASL_SSL"}}, "needs sasl_mechanism and sasl_username"),
        ({"kafka": {"bootstrap_servers": []}}, "at least 1 item"),
        *(
            ({"kafka": {"bootstrap_servers": ["a:9092", address]}}, r"1\n.*must be host:port")
            for address in ("", "a:b", "a:0", "a:65536", "a:1,b:2", "a b", "http://a/b", "::1:9092")
        ),
        *(
            ({"kafka": {"topics": ["m", name]}}, r"topics\.1")
            for name in ("", "a b", "ü", "a" * 250)
        ),
        *(
            ({"application_id": "x", "kafka": {"topics": ["m", f"x.{name}"]}}, f"not name x.{name}")
            for name in ("dead-letter", "events", "changelog", "repartition")
        ),
        ({"input": {"format": "wide_array"}}, "columns must be given"),
        ({"input": {"columns": ["a"]}}, "columns must be given"),
        ({"input": {"format": "wide_array", "columns": ["a", "a"]}}, "names a series twice"),
        (
            {"input": {"format": "wide_array", "columns": ['a{x="1",y="2"}', 'a{y="2", x="1"}']}},
            "names a series twice",
        ),
        ({"series": {"relabel": [{"regex": "("}]}}, "not a regular expression"),
        ({"series": {"relabel": [{}]}}, "needs target_label"),
        (
            {"series": {"relabel": [{"target_label": "a", "replacement": r"\2"}]}},
            "replacement does not fit regex",
        ),
        (
            {"series": {"relabel": [{"target_label": "a", "replacement": "x-$1"}]}},
            r"replacement: write \\1 for the first group of the regex, not \$1",
        ),
        (
            {"series": {"relabel": [{"action": "labelmap", "replacement": "${1}"}]}},
            r"write \\1 for the first group",
        ),
        ({"series": {"relabel": [{"target_label": r"\2"}]}}, "target_label does not fit regex"),
        (
            {"series": {"relabel": [{"action": "labelmap", "replacement": r"\g<x>"}]}},
            "replacement does not fit regex",
        ),
        (
            {"input": {"format": "wide_array", "columns": ["up", "up{"]}},
            "does not end with a closing brace",
        ),
        ({"metrics": [{"match": "a", "valid_min": 1, "valid_max": 1}]}, "below valid_max"),
        ({"incidents": {"recovery": 1.5}}, "must not be above trigger"),
        (
            {"incidents": {"maintenance": [{"start": "now", "end": "2026-01-01T00:00:00Z"}]}},
            "not an RFC 3339 time",
        ),
        (
            {"incidents": {"maintenance": [{"start": "2026-01-01T00:00:00", "end": "x"}]}},
            "needs a time zone",
        ),
        (
            {
                "incidents": {
                    "maintenance": [
                        {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}
                    ]
                }
            },
            "start must be before end",
        ),
        ({"detector": {"alert_budget_per_day": 1440}}, "below the ticks of a day"),
        ({"framing": {"interval": float("inf")}}, "not a duration"),
        ({"input": {"value_abs_max": float("nan")}}, "finite number"),
    ],
)
def test_rules_refuse_what_cannot_work(values: dict[str, Any], words: str) -> None:
    """Each rule between keys names what must hold."""
    with pytest.raises(ValidationError, match=words):
        Config.model_validate(values)


def test_addresses_of_brokers_in_every_form_that_clients_read() -> None:
    """With and without a port, in brackets, and with a protocol as Java has it."""
    addresses = ["kafka", "kafka-0.kafka:9092", "10.0.0.1:65535", "[::1]:9092", "SSL://a_b:1"]

    config = Config.model_validate({"kafka": {"bootstrap_servers": addresses}})

    assert config.kafka.bootstrap_servers == addresses


def test_only_the_channels_switched_on_are_published() -> None:
    """A topic that is not wanted need not exist."""
    channels = OutputSection(heartbeat=False).channels

    assert channels == (Channel.EVENTS, Channel.EDGES, Channel.DEAD_LETTER)


@pytest.mark.parametrize("section", ["webhook", "server"])
@pytest.mark.parametrize("token", ["geheim-geheim\n", "\t geheim-geheim\r\n"])
def test_white_space_around_a_token_is_no_part_of_it(section: str, token: str) -> None:
    """A secret that was read from a file ends with a line feed, which no header can hold."""
    config = Config.model_validate({section: {"token": token}})

    assert getattr(config, section).token.get_secret_value() == "geheim-geheim"


@pytest.mark.parametrize("section", ["webhook", "server"])
@pytest.mark.parametrize("token", ["geheim\ngeheim", "gehe\u20acim-geheim", " \n"])
def test_a_token_that_no_header_can_hold_is_refused(section: str, token: str) -> None:
    """At the start, and not by the thread that posts; the fault does not show it."""
    with pytest.raises(ValidationError) as refused:
        Config.model_validate({section: {"token": token}})

    (fault,) = refused.value.errors()
    assert fault["loc"] == (section, "token")
    assert "gehe" not in fault["msg"]


def test_white_space_around_the_webhook_is_no_part_of_it() -> None:
    """The address may come from a file as well."""
    config = Config.model_validate({"webhook": {"url": "https://host/path\n"}})

    assert config.webhook.url is not None
    assert config.webhook.url.get_secret_value() == "https://host/path"

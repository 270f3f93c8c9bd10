"""Settings from environment variables: `daemon.environment`."""

from __future__ import annotations

import pytest

from daemon import environment
from daemon.config import Config


@pytest.mark.parametrize(
    ("name", "text", "path", "value"),
    [
        ("HEBBSTREAM__APPLICATION_ID", "shop", ("application_id",), "shop"),
        ("HEBBSTREAM__KAFKA__TOPICS", "a, b,", ("kafka", "topics"), ["a", "b"]),
        ("HEBBSTREAM__KAFKA__TOPICS", '["a,b"]', ("kafka", "topics"), ["a,b"]),
        ("HEBBSTREAM__SERIES__RENAME", '{"a": "b"}', ("series", "rename"), {"a": "b"}),
        ("HEBBSTREAM__METRICS", '[{"match": "x"}]', ("metrics",), [{"match": "x"}]),
        ("HEBBSTREAM__FRAMING__IDLE_TIMEOUT", "", ("framing", "idle_timeout"), None),
        ("HEBBSTREAM__DETECTOR__GATE__TRIGGER", "4", ("detector", "gate", "trigger"), "4"),
    ],
)
def test_a_variable_sets_its_key(
    name: str, text: str, path: tuple[str, ...], value: object
) -> None:
    """Every kind of key can be written as text."""
    overrides = environment.read({name: text}, Config)

    assert overrides.values == {path: value}
    assert overrides.names == {path: name}
    assert overrides.faults == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("HEBBSTREAM__KAFKA__TOPIC", "did you mean HEBBSTREAM__KAFKA__TOPICS?"),
        ("HEBBSTREAM__kafka__topics", "did you mean HEBBSTREAM__KAFKA__TOPICS?"),
        ("HEBBSTREAM_KAFKA__TOPICS", "did you mean HEBBSTREAM__KAFKA__TOPICS?"),
        ("HEBBSTREAM_KAFKA_TOPICS", "did you mean HEBBSTREAM__KAFKA__TOPICS?"),
        ("HEBBSTREAM__KAFKA", "names a section"),
        ("HEBBSTREAM__", "no such setting"),
    ],
)
def test_a_variable_that_sets_nothing_is_a_fault(name: str, words: str) -> None:
    """A setting that would silently be ignored is refused, with the likely name."""
    overrides = environment.read({name: "x"}, Config)

    assert overrides.values == {}
    assert len(overrides.faults) == 1
    assert overrides.faults[0].startswith(f"{name}: ")
    assert words in overrides.faults[0]


def test_json_that_is_none_is_a_fault() -> None:
    """A list of sections must be JSON; where it breaks is said, what it holds is not."""
    overrides = environment.read({"HEBBSTREAM__METRICS": "[secret"}, Config)

    assert overrides.faults == [
        "HEBBSTREAM__METRICS: metrics: not JSON: Expecting value at character 1"
    ]


def test_other_programs_variables_are_left_alone() -> None:
    """Only names that look like ours are judged."""
    environ = {"PATH": "/bin", "HEBBSTREAM_REQUIRE_KAFKA": "1", "KAFKA__TOPICS": "x"}

    overrides = environment.read(environ, Config)

    assert overrides == environment.Overrides()


def test_the_address_of_a_service_is_no_setting() -> None:
    """Kubernetes sets these for a Service named hebbstream-server, whoever wants them or not."""
    overrides = environment.read(
        {
            "HEBBSTREAM_SERVER_PORT": "tcp://10.0.0.1:9464",
            "HEBBSTREAM_SERVER_SERVICE_HOST": "10.0.0.1",
            "HEBBSTREAM_SERVER_PORT_9464_TCP_ADDR": "10.0.0.1",
        },
        Config,
    )

    assert (overrides.values, overrides.faults) == ({}, [])

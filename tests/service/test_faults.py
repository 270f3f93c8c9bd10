"""All faults of a configuration's values: `daemon.faults`."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.config import Config
from daemon.faults import Fault, validate
from daemon.yamltree import dotted


def found(values: dict[str, Any]) -> list[str]:
    """Faults as lines."""
    built = validate(Config, values)
    assert isinstance(built, list)
    return [f"{dotted(fault.where)}: {fault.text}" for fault in built]


def test_good_values_build_the_model() -> None:
    """Without a fault the frozen configuration comes back."""
    built = validate(Config, {"kafka": {"topics": ["a"]}})

    assert isinstance(built, Config)
    assert built.kafka.topics == ["a"]


def test_values_are_left_as_they_are() -> None:
    """Taking faulty keys out happens on a copy."""
    values = {"kafka": {"topicz": 1, "unacked_max": "x"}}

    validate(Config, values)

    assert values == {"kafka": {"topicz": 1, "unacked_max": "x"}}


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"kafka": {"topicz": 1}}, "kafka.topicz: unknown key; did you mean topics?"),
        ({"interval": 5}, "interval: unknown key; did you mean framing.interval?"),
        ({"qqq": 5}, "qqq: unknown key"),
        ({"incidents": 5}, "incidents: must be a section (keys and values), got 5"),
        ({"metrics": [{}]}, "metrics[0].match: required, and not given"),
        (
            {"input": {"format": "jsn"}},
            "input.format: must be 'json', 'wide_array' or 'influx', got 'jsn'; did you mean json?",
        ),
        (
            {"framing": {"interval": "soon"}},
            "framing.interval: 'soon' is not a duration; "
            "write seconds (90) or text such as 90s, 15m, 6h, 3d",
        ),
        ({"server": {"port": -1}}, "server.port: must be greater than or equal to 0, got -1"),
        (
            {"kafka": {"sasl_password": ["geheim"]}},
            "kafka.sasl_password: must be a valid string, got something else (hidden)",
        ),
        (
            {"webhook": "https://user:geheim@host/"},
            "webhook: must be a section (keys and values), got something else (hidden)",
        ),
        (
            {"kafka": [{"sasl_password": "geheim"}]},
            "kafka: must be a section (keys and values), got something else (hidden)",
        ),
        (
            {"incidents": {"recovery": 2.0}},
            "incidents: recovery must not be above trigger, or incidents would flap",
        ),
    ],
)
def test_each_kind_of_fault_says_what_to_do(values: dict[str, Any], line: str) -> None:
    """The place, what is wanted, what was given, and the likely meaning."""
    assert found(values) == [line]


def test_rules_are_tried_beside_faulty_keys() -> None:
    """A section's rule is reported in the same run as an unrelated fault of the section."""
    lines = found({"incidents": {"recovery": 2.0, "cooldown": "x"}})

    assert len(lines) == 2
    assert lines[0].startswith("incidents.cooldown: ")
    assert lines[1].startswith("incidents: recovery must not be above trigger")


def test_the_root_rule_is_tried_beside_faulty_sections() -> None:
    """What compares two sections is reported although a third one is wrong."""
    lines = found(
        {"detector": {"alert_budget_per_day": 5000}, "server": {"port": "x"}, "kafka": {"a": 1}}
    )

    assert len(lines) == 3
    assert lines[-1].startswith(": detector.alert_budget_per_day must be below")


def test_a_rule_about_a_faulty_key_is_not_believed() -> None:
    """Once the faulty interval is out, its default must not be blamed."""
    lines = found({"kafka": {"heartbeat_interval": "x", "session_timeout": 5}})

    assert len(lines) == 1
    assert lines[0].startswith("kafka.heartbeat_interval: 'x' is not a duration")


def test_long_values_are_cut() -> None:
    """A fault stays one readable line whatever was pasted."""
    built = validate(Config, {"application_id": "x" * 5000})

    assert isinstance(built, list)
    assert len(built[0].text) < 200


def test_a_list_with_several_faults_gives_each() -> None:
    """Faults of one item do not hide those of another."""
    lines = found({"metrics": [{"kind": "gague"}, {"match": "a", "valid_min": 3, "valid_max": 2}]})

    assert [line.split(":")[0] for line in lines] == [
        "metrics[0].match",
        "metrics[0].kind",
        "metrics[1]",
    ]


def test_faults_are_values() -> None:
    """Equal faults are one fault."""
    assert Fault(("a",), "b") == Fault(("a",), "b")

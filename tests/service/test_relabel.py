"""Include, exclude, relabel and rename behave as in Prometheus."""

from __future__ import annotations

import doctest
from typing import Any

import pytest

from daemon import relabel as module
from daemon.config import RelabelRule, SeriesSection
from daemon.relabel import SeriesRules


def rules(*steps: dict[str, Any], **section: Any) -> SeriesRules:  # noqa: ANN401 - any field
    """Compile relabel steps and other fields of the section."""
    return SeriesRules(SeriesSection(relabel=[RelabelRule(**step) for step in steps], **section))


def test_examples_in_the_docstrings_hold() -> None:
    """The examples a reader sees are true."""
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("name", "kept"), [("cpu_user", True), ("cpu_idle", False), ("mem_free", False)]
)
def test_include_then_exclude(name: str, kept: bool) -> None:  # noqa: FBT001 - a table's column
    """A name must match an include pattern and no exclude pattern."""
    compiled = rules(include=["cpu_*"], exclude=["*_idle"])

    assert (compiled.apply(name, {}) is not None) == kept


def test_pattern_characters_other_than_wildcards_are_literal() -> None:
    """Brackets and dots of a name are no pattern."""
    compiled = rules(include=["a.b[1]"])

    assert compiled.apply("a.b[1]", {}) is not None
    assert compiled.apply("axb1", {}) is None


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            {"source_labels": ["host"], "regex": r"(\w+)-\d+", "target_label": "pool"},
            ("m", {"host": "web-1", "dc": "eu", "pool": "web"}),
        ),
        (
            {"source_labels": ["host", "dc"], "target_label": "both", "separator": "/"},
            ("m", {"host": "web-1", "dc": "eu", "both": "web-1/eu"}),
        ),
        ({"source_labels": ["nope"], "target_label": "host"}, ("m", {"dc": "eu"})),
        (
            {"source_labels": ["dc"], "regex": "(us)", "target_label": "x"},
            ("m", {"host": "web-1", "dc": "eu"}),
        ),
        (
            {"target_label": "__name__", "replacement": "n"},
            ("n", {"host": "web-1", "dc": "eu"}),
        ),
        ({"action": "labeldrop", "regex": "ho.*"}, ("m", {"dc": "eu"})),
        ({"action": "labelkeep", "regex": "__name__|dc"}, ("m", {"dc": "eu"})),
        ({"action": "labelkeep", "regex": "dc"}, ("", {"dc": "eu"})),
        (
            {"action": "labelmap", "regex": "(d)(c)", "replacement": r"\2\1"},
            ("m", {"host": "web-1", "dc": "eu", "cd": "eu"}),
        ),
        (
            {"source_labels": ["nope"], "target_label": r"\1", "replacement": "x"},
            ("m", {"host": "web-1", "dc": "eu"}),
        ),
        ({"action": "labelmap", "regex": "host(.*)"}, ("m", {"host": "web-1", "dc": "eu"})),
        ({"action": "keep", "source_labels": ["dc"], "regex": "us"}, None),
        ({"action": "drop", "source_labels": ["dc"], "regex": "e."}, None),
        (
            {"action": "drop", "source_labels": ["dc"], "regex": "e"},
            ("m", {"host": "web-1", "dc": "eu"}),
        ),
    ],
)
def test_each_action(step: dict[str, Any], expected: tuple[str, dict[str, str]] | None) -> None:
    """Every action does to name and labels what Prometheus' does; regexes are anchored."""
    assert rules(step).apply("m", {"host": "web-1", "dc": "eu"}) == expected


@pytest.mark.parametrize("order", [("a_zone", "b_zone"), ("b_zone", "a_zone")])
def test_of_labels_that_are_mapped_to_one_the_last_by_name_wins(order: tuple[str, str]) -> None:
    """A record that has its labels in another order is of the same series."""
    compiled = rules({"action": "labelmap", "regex": "[ab]_(.*)"})

    _, labels = compiled.apply("m", {label: label[0] for label in order}) or ("", {})

    assert labels == {"a_zone": "a", "b_zone": "b", "zone": "b"}


def test_rename_comes_last() -> None:
    """Rename sees the name that relabelling made, and is not chained."""
    compiled = rules(
        {"target_label": "__name__", "replacement": "old"}, rename={"old": "new", "new": "newer"}
    )

    assert compiled.apply("m", {}) == ("new", {})

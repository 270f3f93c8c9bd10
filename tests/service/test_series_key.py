"""Canonical keys and group names: injective, and readable back."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon import series_key as module
from daemon.series_key import group_labels, group_name, parse_series_key, series_key

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
NAME = TEXT.filter(bool)
LABELS = st.dictionaries(TEXT, TEXT, max_size=4)


def test_examples_in_the_docstrings_hold() -> None:
    """The examples a reader sees are true."""
    assert doctest.testmod(module).failed == 0


@given(NAME, LABELS)
def test_key_reads_back(name: str, labels: dict[str, str]) -> None:
    """A key tells name and labels exactly, so different series never share one."""
    key = series_key(name, labels.items())

    assert parse_series_key(key) == (name, labels)


def test_label_order_does_not_matter() -> None:
    """Two spellings of one label set give one key."""
    assert series_key("m", [("b", "2"), ("a", "1")]) == series_key("m", [("a", "1"), ("b", "2")])


@pytest.mark.parametrize("text", ["", "{}", 'a{b="c"', "a{b=c}", 'a{b="c",b="d"}', 'a{"b"}'])
def test_faulty_text_is_refused(text: str) -> None:
    """Text that is no series raises ValueError instead of becoming some series."""
    with pytest.raises(ValueError, match=r"\S"):
        parse_series_key(text)


@given(st.dictionaries(st.sampled_from("abc"), st.one_of(TEXT, st.just("(none)")), max_size=3))
def test_group_name_reads_back(labels: dict[str, str]) -> None:
    """A group's name tells its labels exactly, missing ones and empty values apart."""
    group_by = ["c", "a", "b"]

    group = group_name(labels, group_by)

    assert group_labels(group, group_by) == labels
    assert list(group_labels(group, group_by)) == [k for k in group_by if k in labels]


def test_no_grouping_is_one_group() -> None:
    """Without group_by every series is in `all`, which has no labels."""
    assert group_name({"a": "b"}, []) == "all"
    assert group_labels("all", []) == {}

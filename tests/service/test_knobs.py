"""The tree of knobs: `daemon.knobs`."""

from __future__ import annotations

from types import NoneType

from daemon import knobs
from daemon.config import Config, KafkaSection, MetricRule
from hebbstream.params import DetectorParams


def test_leaves_reach_every_depth() -> None:
    """Keys of nested sections are found, sections themselves are not."""
    paths = [path for path, _ in knobs.leaves(Config)]

    assert ("application_id",) in paths
    assert ("detector", "gate", "trigger") in paths
    assert ("kafka",) not in paths
    assert len(paths) == len(set(paths))


def test_sections_begin_with_the_root_and_enter_lists() -> None:
    """The root, each section and the items of a list of sections are walked."""
    found = {path: section for path, _, section in knobs.sections(Config)}

    assert next(iter(found)) == ()
    assert found[("kafka",)] is KafkaSection
    assert found[("metrics",)] is MetricRule
    assert found[("detector",)] is DetectorParams


def test_find_passes_over_indices() -> None:
    """A place in a list finds the key of the item's section."""
    info = knobs.find(Config, ("metrics", 3, "match"))

    assert info is MetricRule.model_fields["match"]
    assert knobs.find(Config, ("kafka", "nothing")) is None
    assert knobs.find(Config, ("application_id", "deeper")) is None


def test_model_at_names_the_section_of_a_place() -> None:
    """The section whose keys stand at a place is known, for its siblings' names."""
    assert knobs.model_at(Config, ()) is Config
    assert knobs.model_at(Config, ("kafka",)) is KafkaSection
    assert knobs.model_at(Config, ("metrics", 0)) is MetricRule
    assert knobs.model_at(Config, ("application_id",)) is None


def test_secrets_are_known_by_their_type() -> None:
    """Only keys that hold a secret are hidden."""
    secret = [path for path, _ in knobs.leaves(Config) if knobs.is_secret(Config, path)]

    assert secret == [
        ("kafka", "sasl_password"),
        ("webhook", "url"),
        ("webhook", "token"),
        ("server", "token"),
    ]


def test_what_may_hold_a_secret_is_one() -> None:
    """What stands where a section with a secret should is hidden, other sections are not."""
    hidden = [path for path, _, _ in knobs.sections(Config) if knobs.is_secret(Config, path)]

    assert hidden == [(), ("kafka",), ("webhook",), ("server",)]


def test_holds_looks_into_unions() -> None:
    """A key that may be null holds a NoneType."""
    group_id = KafkaSection.model_fields["group_id"]

    assert knobs.holds(group_id, NoneType)
    assert knobs.holds(group_id, str)
    assert not knobs.holds(group_id, list)
    assert knobs.holds(KafkaSection.model_fields["topics"], list)


def test_suggestion_names_the_nearest_or_nothing() -> None:
    """A near miss is named, a far one is not guessed at."""
    assert knobs.suggestion("topicz", ["topics", "group_id"]) == "; did you mean topics?"
    assert knobs.suggestion("zzz", ["topics", "group_id"]) == ""

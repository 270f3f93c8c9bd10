"""Rankings, shares, descriptions and the policy, each on its own."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.config import Direction, MetricRule
from daemon.evidence import (
    EvidenceSum,
    Policy,
    describe_edges,
    describe_lost_edges,
    describe_series,
    expectation,
    roles_of,
)
from hebbstream.results import EDGE_DTYPE, Kind
from verdicts import MINUTE, broken_edges, members_of, result_of


def test_shares_follow_members() -> None:
    """Evidence of a series that left is gone; a new one starts at nothing."""
    total = EvidenceSum()

    total.align(("a", "b"))
    total.add(np.array([1.0, 2.0]))
    total.align(("b", "c"))
    total.add(np.array([np.nan, 2.0]))

    assert total.shares().tolist() == [0.5, 0.5]


def test_no_evidence_is_no_share() -> None:
    """Without evidence every share is 0, not NaN."""
    total = EvidenceSum()
    total.align(("a", "b"))

    assert total.shares().tolist() == [0.0, 0.0]


def test_ties_are_listed_by_key() -> None:
    """Series with equal shares stand in order of key, so that bytes repeat."""
    members = members_of("b", "a", "c")
    result = result_of([1.0], np.ones((1, 3)))
    shares = np.array([0.4, 0.4, 0.2])

    listed = describe_series(members, np.full(3, 5.0), result, 0, Kind.LEVEL, shares, 2)

    assert [series.name for series in listed] == ["a", "b"]


def test_series_without_part_are_not_listed() -> None:
    """A series that contributes nothing is not named, even when there is room."""
    members = members_of("a", "b")
    shares = np.array([1.0, 0.0])

    listed = describe_series(members, np.zeros(2), result_of([1.0]), 0, Kind.LEVEL, shares, 9)

    assert [series.name for series in listed] == ["a"]


def test_expectation_depends_on_the_kind() -> None:
    """A level is compared with the series' own past, a relation with its peers."""
    result = result_of([1.0])

    assert expectation(result, 0, Kind.LEVEL).tolist() == [5.0, 5.0]
    assert expectation(result, 0, Kind.RELATION).tolist() == [7.0, 7.0]


def test_edges_are_cut_to_the_limit() -> None:
    """The most broken relations are listed, named by their series."""
    broken = broken_edges((0, 1, 0.9, 0.1), (1, 0, 0.8, 0.2))

    listed = describe_edges(members_of("a", "b"), broken, MINUTE, 1)

    assert [(edge.source, edge.target) for edge in listed] == [("a", "b")]
    assert describe_edges(members_of("a", "b"), None, MINUTE, 1) == ()


def test_a_missing_sample_passes_no_rule() -> None:
    """A series without a value deviates in no direction."""
    policy = Policy([MetricRule(match="*", direction=Direction.ABOVE)], 10)
    frame = np.array([np.nan, np.nan])

    accepted = policy.accepts(members_of("a", "b", rule=0), frame, result_of([1.0]), 0)

    assert not accepted


def test_a_series_without_rule_always_counts() -> None:
    """Rules bind only the metrics they match."""
    policy = Policy([MetricRule(match="x", deviation_min=100)], 10)

    accepted = policy.accepts(members_of("a", "b"), np.array([5.0, 5.0]), result_of([1.0]), 0)

    assert accepted


@pytest.mark.parametrize(
    ("edges", "degrees", "roles"),
    [
        ([(0, 1), (0, 2), (0, 3)], [3, 3, 3, 3], {"a": "culprit"} | dict.fromkeys("bcd", "victim")),
        ([(0, 1), (0, 2)], [5, 3, 3, 3], {}),
        ([(0, 1)], [1, 1, 0, 0], {}),
        (
            [(0, 1), (0, 2), (2, 3)],
            [2, 3, 5, 1],
            {"a": "culprit", "b": "victim"},
        ),
        (
            [(0, 2), (0, 3), (1, 2), (1, 3), (0, 1)],
            [3, 3, 9, 9],
            {"a": "culprit", "b": "culprit", "c": "victim", "d": "victim"},
        ),
    ],
    ids=["hub", "fewer than half", "one relation", "not only to a culprit", "two at once"],
)
def test_culprits_are_told_from_victims(
    edges: list[tuple[int, int]], degrees: list[int], roles: dict[str, str]
) -> None:
    """Most of a culprit's relations broke together; a victim's lead to culprits only."""
    broken = broken_edges(*((source, target, 0.9, 0.1) for source, target in edges))

    told = roles_of(members_of("a", "b", "c", "d"), broken, np.array(degrees))

    assert told == roles


def test_lost_relations_lead_from_the_silent_to_those_who_go_on() -> None:
    """The strongest come first; relations among the silent, or among the others, are not lost."""
    edges = np.array(
        [(1, 2, 0, -0.9, 0.5, 40, 0), (0, 1, 0, 0.8, 0.5, 40, 0), (0, 3, 0, 0.7, 0.5, 40, 0),
         (2, 3, 0, 0.6, 0.5, 40, 0)], dtype=EDGE_DTYPE,
    )  # fmt: skip
    frame = np.array([np.nan, np.nan, 5.0, 5.0])
    members = members_of("a", "b", "c", "d")

    lost = describe_lost_edges(members, edges, frame, {"a", "b"}, MINUTE, 10)

    assert [(e.source, e.target, e.weight_before, e.weight_now) for e in lost] == [
        ("b", "c", -0.9, 0.0), ("a", "d", 0.7, 0.0),
    ]  # fmt: skip
    assert lost[0].age_s == 40 * 60
    assert describe_lost_edges(members, None, frame, {"a"}, MINUTE, 10) == ()

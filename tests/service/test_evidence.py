"""Rankings, shares, descriptions and the policy, each on its own."""

from __future__ import annotations

import numpy as np

from daemon.config import Direction, MetricRule
from daemon.evidence import EvidenceSum, Policy, describe_edges, describe_series, expectation
from hebbstream.results import Kind
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

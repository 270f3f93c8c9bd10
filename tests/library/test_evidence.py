"""State of the fused statistic."""

from __future__ import annotations

from hebbstream.evidence import Evidence


def test_it_begins_at_nothing() -> None:
    """A new group has no age and no statistic."""
    evidence = Evidence.empty()

    assert evidence.age == 0
    assert not evidence.smooth.any()

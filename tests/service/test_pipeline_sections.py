"""Which settings give learnt state its meaning."""

from __future__ import annotations

import pytest

from streams import sections


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"framing": {"interval": "30s"}}, True),
        ({"grouping": {"group_by": ["dc"]}}, True),
        ({"metrics": [{"match": "m1", "kind": "counter"}]}, True),
        ({"series": {"exclude": ["m1"]}}, False),
        ({"application_id": "other"}, True),
        ({"framing": {"lateness": "5s"}}, False),
        ({"detector": {"alert_budget_per_day": 3}}, False),
        ({"incidents": {"trigger": 2}}, False),
        ({"output": {"scores": True}}, False),
    ],
)
def test_only_what_changes_the_meaning_begins_anew(
    changes: dict[str, object], *, differs: bool
) -> None:
    """Grid, groups and rates do; names, lines, windows, knobs and output do not."""
    assert (sections(**changes).shape != sections().shape) is differs

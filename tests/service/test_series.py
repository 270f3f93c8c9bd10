"""The series table: one index per identity, refusals by reason, bounded."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.config import GroupingSection, InputSection, MetricRule, RelabelRule, SeriesSection
from daemon.records import DropReason
from daemon.series import REFUSED, SPARE, SeriesTable


def table(
    series: SeriesSection | None = None,
    metrics: list[MetricRule] | None = None,
    grouping: GroupingSection | None = None,
    limits: InputSection | None = None,
) -> SeriesTable:
    """Build a table with defaults for what a test does not care about."""
    return SeriesTable(
        series or SeriesSection(),
        metrics or [],
        grouping or GroupingSection(group_by=["service"]),
        limits or InputSection(),
    )


def test_two_spellings_are_one_series() -> None:
    """Label order and a repeated `__name__` label do not make another series."""
    t = table()

    first = t.resolve("up", {"a": "1", "service": "shop"})
    second = t.resolve("up", {"service": "shop", "a": "1", "__name__": "up"})
    third = t.resolve(None, {"service": "shop", "a": "1", "__name__": "up"})

    assert first == second == third == 0
    assert t.identities[0].key == 'up{a="1",service="shop"}'
    assert t.identities[0].group == "shop"


def test_groups_follow_the_relabelled_labels() -> None:
    """Grouping sees labels after the series rules; a missing label is explicit."""
    section = SeriesSection(
        relabel=[
            RelabelRule(source_labels=["host"], regex=r"(\w+)-.*", target_label="service"),
        ]
    )
    t = table(series=section)

    t.resolve("up", {"host": "shop-1"})
    t.resolve("up", {})

    assert [s.group for s in t.identities] == ["shop", "(none)"]
    assert t.group_names == ["shop", "(none)"]
    assert t.group_of().tolist() == [0, 1]
    assert t.group_labels("shop") == {"service": "shop"}


def test_first_matching_rule_applies_to_the_final_name() -> None:
    """Metric rules are tried in order against the renamed metric."""
    t = table(
        series=SeriesSection(rename={"old": "requests_total"}),
        metrics=[MetricRule(match="nothing"), MetricRule(match="*_total"), MetricRule(match="*")],
    )

    indices = [t.resolve(name, {}) for name in ("old", "up")]

    assert t.rule_of()[indices].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("name", "labels", "reason"),
    [
        ("secret_x", {}, DropReason.EXCLUDED),
        ("", {"a": "b"}, DropReason.NO_NAME),
        (None, {}, DropReason.NO_NAME),
        ("up", {f"l{i}": "v" for i in range(10_000)}, DropReason.LABEL_LIMIT),
        ("x" * 2000, {}, DropReason.LABEL_LIMIT),
        ("up", {"a": "\N{SNOWMAN}" * 400}, DropReason.LABEL_LIMIT),
    ],
)
def test_refusals(name: str | None, labels: dict[str, str], reason: DropReason) -> None:
    """What may not become a series gives a negative code with its reason, and takes no memory."""
    t = table(series=SeriesSection(exclude=["secret_*"]))

    code = t.resolve(name, labels)

    assert REFUSED[code] is reason
    assert len(t) == 0


def test_a_full_table_refuses_and_recovers_after_a_purge() -> None:
    """The table is bounded; forgetting series makes room again."""
    t = table(grouping=GroupingSection(groups_max=1, series_per_group_max=1))
    t.capacity = 3
    for i in range(3):
        t.resolve(f"m{i}", {})

    full = t.resolve("m3", {})
    renumbered = t.retain(np.array([2, 0], dtype=np.int32))
    later = t.resolve("m3", {})

    assert REFUSED[full] is DropReason.SERIES_LIMIT
    assert renumbered.tolist() == [1, -1, 0]
    assert [s.name for s in t.identities] == ["m2", "m0", "m3"]
    assert later == 2
    assert t.resolve("m2", {}) == 0
    assert t.generation == 1


def test_capacity_follows_the_configured_limits() -> None:
    """The bound leaves room for every series the limits admit."""
    t = table(grouping=GroupingSection(groups_max=10, series_per_group_max=5))

    assert t.capacity == SPARE + 100

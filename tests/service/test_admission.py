"""Which learnt series may stay away under other rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from daemon.admission import may_stay_away, plain_rules
from daemon.config import SeriesSection
from daemon.pipeline import PartitionPipeline
from daemon.snapshots import Origin, decode, encode
from streams import PARTITION, record_batch, related, sections, wide_records
from verdicts import members_of

RELABEL = [{"action": "labeldrop", "regex": "pod"}]


@pytest.mark.parametrize(
    ("learnt", "force", "away"),
    [
        ({}, {}, []),
        ({"exclude": ["b"]}, {"exclude": ["b"]}, []),
        ({}, {"exclude": ["b"]}, ["b"]),
        ({}, {"include": ["b"]}, ["a", "c"]),
        ({"exclude": ["x"]}, {}, []),
        ({"rename": {"x": "a"}}, {}, ["a", "b", "c"]),
        ({"rename": {"x": "a"}}, {"rename": {"x": "a"}}, []),
        ({}, {"relabel": RELABEL}, ["a", "b", "c"]),
    ],
)
def test_only_rules_that_lead_to_other_names_leave_doubt(
    learnt: dict[str, Any], force: dict[str, Any], away: list[str]
) -> None:
    """Where nothing is renamed the rules themselves say who still comes."""
    before, now = map(SeriesSection.model_validate, (learnt, force))

    assert may_stay_away(plain_rules(before), now, members_of("a", "b", "c")) == away


def test_a_state_that_does_not_say_its_rules_leaves_none() -> None:
    """States of versions before that are gone on with as they were."""
    assert may_stay_away(None, SeriesSection(exclude=["a"]), members_of("a")) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({}, ["m2"]),
        ({"exclude": ["m4"]}, ["m2"]),
        ({"exclude": ["m2"]}, []),
        ({"include": ["m0", "m1", "m3", "m4", "m5"]}, []),
        ({"rename": {"m2": "x2"}}, []),
    ],
)
def test_series_that_the_rules_send_away_are_not_missed(
    rules: dict[str, object], told: list[str]
) -> None:
    """Not at once, not after another restart; one that the rules still let in is."""
    values = related(seed=1, ticks=360)
    if told:
        values[301:, 2] = np.nan
    records = wide_records(values)
    state, found = b"", []
    for first, end, series in ((0, 300, {}), (300, 303, rules), (303, 360, rules)):
        parts = sections(series=series, incidents={"silence": {"warmup": "2h"}})
        pipeline = PartitionPipeline(PARTITION, parts)
        if state:
            capture, _ = decode(state, PARTITION, parts.shape)
            pipeline = PartitionPipeline.restored(capture, parts)
        for at in range(first, end):
            found += pipeline.process(record_batch(records[at : at + 1], at)).events
        state = encode(pipeline.capture(), Origin())

    silent = [each.name for event in found if event.kind == "silence" for each in event.series]
    assert silent == told

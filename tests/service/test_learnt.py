"""A group follows its members."""

from __future__ import annotations

import numpy as np

from daemon.pipeline import PartitionPipeline
from streams import PARTITION, record_batch, related, sections, wide_records


def test_who_leaves_is_gone_and_who_joins_comes_last() -> None:
    """In the detector and among the members alike."""
    values = related(seed=1, ticks=30)
    values[:20, 5] = np.nan
    values[2:, 1] = np.nan
    pipeline = PartitionPipeline(PARTITION, sections(framing={"retention": "5m"}))

    pipeline.process(record_batch(wide_records(values)))
    pipeline.close_idle()

    (group,) = pipeline.groups.values()
    assert [series.name for series in group.members] == ["m0", "m2", "m3", "m4", "m5"]
    assert group.detector.series == tuple(series.key for series in group.members)

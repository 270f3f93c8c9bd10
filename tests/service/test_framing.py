"""Frames by event time: equal to the slow model, whatever the order, the batches, the repeats."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.config import (
    FramingSection,
    GroupingSection,
    InputSection,
    MetricKind,
    MetricRule,
    SeriesSection,
    Transform,
)
from daemon.framing import CELLS_MAX, Framed, Framer, in_one_call
from daemon.membership import MemoryLimit
from daemon.records import DropReason, FrameBlock, InputPartition, RecordBatch, SampleBatch
from daemon.series import SeriesTable
from daemon.spans import Spans
from framing_model import Model, Row, Sample

SECOND = 10**9


@dataclass
class Run:
    """A framer with its table, and everything it said."""

    framing: FramingSection
    grouping: GroupingSection = field(default_factory=lambda: GroupingSection(group_by=["g"]))
    metrics: Sequence[MetricRule] = ()
    blocks: list[FrameBlock] = field(default_factory=list)
    dropped: Counter[DropReason] = field(default_factory=Counter)
    vanished: list[str] = field(default_factory=list)
    framed: int = 0
    pushed: int = 0
    forgotten: int = 0
    memory: MemoryLimit | None = None

    def __post_init__(self) -> None:
        self.table = SeriesTable(SeriesSection(), self.metrics, self.grouping, InputSection())
        self.framer = Framer(self.framing, self.grouping, self.metrics, self.table, self.memory)

    def push(self, samples: Sequence[Sample]) -> Framed:
        """Push samples as one batch, one record each."""
        series = [self.table.resolve(s.key.split("{")[0], {"g": s.group}) for s in samples]
        count = len(samples)
        columns = SampleBatch(
            series=np.array(series, dtype=np.int32),
            time=np.array([s.time for s in samples], dtype=np.int64),
            value=np.array([s.value for s in samples], dtype=np.float64),
            record=np.arange(count, dtype=np.int32),
        )
        records = RecordBatch(
            partition=InputPartition("metrics", 0),
            offsets=np.array([s.offset for s in samples], dtype=np.int64),
            timestamps=np.array([s.stamp for s in samples], dtype=np.int64),
            keys=Spans.of([None] * count),
            values=Spans.of([b""] * count),
            next_offset=0,
        )
        self.pushed += count
        return self._note(self.framer.push(columns, records))

    def close_idle(self) -> Framed:
        """Close everything that waits."""
        return self._note(self.framer.close_idle())

    def _note(self, framed: Framed) -> Framed:
        self.blocks.extend(framed.blocks)
        self.dropped.update(framed.dropped)
        self.vanished.extend(framed.vanished)
        self.framed += framed.framed
        self.forgotten += framed.forgotten
        return framed

    def rows(self) -> dict[str, list[Row]]:
        """All frames in the model's form."""
        rows: dict[str, list[Row]] = {}
        columns: dict[str, list[str]] = {}
        for block in self.blocks:
            names = [] if block.starts else columns[block.group]
            names = [n for n in names if n not in block.left] + [s.key for s in block.joined]
            columns[block.group] = names
            assert block.frames.shape == (len(block.ticks), len(names))
            assert (np.diff(block.ticks) == 1).all()
            for i, frame in enumerate(block.frames):
                row = Row(
                    tick=int(block.ticks[i]),
                    values={k: float(v) for k, v in zip(names, frame, strict=True) if v == v},
                    columns=names,
                    watermark=int(block.watermarks[i]),
                    offset=int(block.offsets[i]),
                    joined=[] if i else [s.key for s in block.joined],
                    left=[] if i else list(block.left),
                    starts=block.starts and not i,
                )
                rows.setdefault(block.group, []).append(row)
        return rows


def finite_rows(model: Model) -> dict[str, list[Row]]:
    """Take the model's frames with the values that exist."""
    for rows in model.rows.values():
        for row in rows:
            row.values = {k: v for k, v in row.values.items() if not math.isnan(v)}
    return model.rows


def sample(key: str, seconds: float, value: float = 1.0, group: str = "a", **more: int) -> Sample:
    """Make a sample of one group."""
    return Sample(f'{key}{{g="{group}"}}', group, round(seconds * SECOND), value, **more)


RULES = [
    MetricRule(match="c*", kind=MetricKind.COUNTER),
    MetricRule(match="l*", transform=Transform.LOG1P),
    MetricRule(match="d*", transform=Transform.DIFF),
    MetricRule(match="x*", kind=MetricKind.COUNTER, transform=Transform.DIFF),
]


Memory = MemoryLimit | None


@st.composite
def streams(draw: st.DrawFn) -> tuple[FramingSection, GroupingSection, Memory, list[Sample]]:
    """Draw settings and a stream that exercises every rule: gaps, limits, retention, repeats."""
    framing = FramingSection(
        interval=draw(st.sampled_from([1.0, 2.5])),
        lateness=draw(st.sampled_from([0.0, 1.0, 4.0])),
        max_ahead=draw(st.sampled_from([0.0, 20.0])),
        gap_max=draw(st.sampled_from([0.0, 3.0, 50.0])),
        retention=draw(st.sampled_from([1.0, 3.0, 8.0, 100.0])),
    )
    grouping = GroupingSection(
        group_by=["g"],
        groups_max=draw(st.integers(1, 3)),
        series_per_group_max=draw(st.integers(1, 3)),
    )
    steps = st.tuples(
        st.sampled_from([0.0, 0.0, 0.3, 1.0, 2.0, 9.0, 40.0, 70.0]),
        st.sampled_from([0.0, 0.0, 0.5, 1.5, 6.0]),
        st.sampled_from(["m", "n", "c", "l", "d", "x"]),
        st.sampled_from("abcd"),
        st.integers(-3, 3),
        st.sampled_from([-1, 0, 0, 15, 30]),
    )
    now, stream = 100.0, []
    for i, (step, back, key, group, value, ahead) in enumerate(draw(st.lists(steps, max_size=40))):
        now += step
        at = now - back
        rule = next((r for r, m in enumerate(RULES) if m.match[0] == key), -1)
        stamp = -1 if ahead < 0 else round((at - ahead) * SECOND)
        stream.append(sample(key, at, value, group, offset=i, stamp=stamp, rule=rule))
    bytes_max = draw(st.sampled_from([None, None, 250, 420]))
    memory = None if bytes_max is None else MemoryLimit(bytes_max, lambda n: 100 + 10 * n * n)
    return framing, grouping, memory, stream


@pytest.mark.slow
@settings(max_examples=150)
@given(streams(), st.data())
def test_equals_the_slow_model_for_any_split(
    drawn: tuple[FramingSection, GroupingSection, Memory, list[Sample]], data: st.DataObject
) -> None:
    """Frames, members, watermarks, offsets and drops equal the model's, however batches are cut."""
    framing, grouping, memory, stream = drawn
    model = Model(framing, grouping, RULES, memory)
    run = Run(framing, grouping, RULES, memory=memory)
    idle_at = data.draw(st.one_of(st.none(), st.integers(0, len(stream))))

    at = 0
    while at < len(stream):
        upto = at + data.draw(st.integers(1, len(stream) - at))
        if idle_at is not None and at < idle_at < upto:
            upto = idle_at
        run.push(stream[at:upto])
        at = upto
        if at == idle_at:
            run.close_idle()
    run.close_idle()
    for i, each in enumerate(stream):
        model.push(each)
        if i + 1 == idle_at:
            model.close_idle()
    model.close_idle()

    expected, actual = finite_rows(model), run.rows()
    assert actual.keys() == expected.keys()
    for group, rows in expected.items():
        for mine, theirs in zip(actual[group], rows, strict=True):
            assert mine.values == pytest.approx(theirs.values, rel=1e-12)
            mine.values = theirs.values
            assert mine == theirs
    assert +run.dropped == +model.dropped
    assert run.framed == model.framed
    assert run.forgotten == model.forgotten
    assert run.pushed == run.framed + run.dropped.total() + run.framer.pending
    assert set(run.framer.groups) == set(model.groups)


def frames_of(run: Run) -> dict[str, list[tuple[int, dict[str, float], list[str]]]]:
    """Take what order must not change: ticks, values and columns."""
    return {
        group: [(row.tick, row.values, row.columns) for row in rows]
        for group, rows in run.rows().items()
    }


def regular(count: int) -> list[Sample]:
    """Three series in two groups, one sample a second each, one of them a counter."""
    rng = np.random.default_rng(7)
    names = [("m", "a", -1), ("c", "a", 0), ("n", "b", -1)]
    return [
        sample(key, 100 + t, float(rng.integers(0, 9)), group, offset=t, rule=rule)
        for t in range(count)
        for key, group, rule in names
    ]


@pytest.mark.slow
@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 89), max_size=20))
def test_order_and_repeats_within_the_lateness_change_nothing(
    random: Random, repeats: list[int]
) -> None:
    """Shuffled within the lateness, with samples repeated, the frames are the same."""
    framing = FramingSection(interval=5, lateness=10)
    stream = regular(30)
    straight, shuffled = Run(framing, metrics=RULES), Run(framing, metrics=RULES)
    doubled = stream + [stream[i] for i in repeats]
    # A sample displaced by less than the lateness is never late.
    jittered = sorted(doubled, key=lambda s: s.time + random.randint(0, 9 * SECOND))

    straight.push(stream)
    shuffled.push(jittered)
    straight.close_idle()
    shuffled.close_idle()

    assert frames_of(shuffled) == frames_of(straight)
    assert shuffled.dropped[DropReason.LATE] == 0
    extra = shuffled.dropped.total() - straight.dropped.total()
    assert extra == len(repeats)


def test_latest_sample_of_a_step_wins_and_ties_go_to_the_larger() -> None:
    """A step's value is the last by event time, not by arrival."""
    run = Run(FramingSection(interval=10, lateness=0))

    run.push([sample("m", 8, 1), sample("m", 9, 2), sample("m", 9, 3), sample("m", 7, 4)])
    run.push([sample("m", 9, 3), sample("m", 9, 2)])
    run.close_idle()

    assert run.blocks[0].frames.tolist() == [[3.0]]
    assert run.dropped == {DropReason.DUPLICATE: 2, DropReason.SUPERSEDED: 3}


def test_frames_close_with_the_watermark_and_tell_what_closed_them() -> None:
    """A frame comes out once the watermark passes its end, stamped with that record's offset."""
    run = Run(FramingSection(interval=10, lateness=5))

    early = run.push([sample("m", 1, offset=7), sample("m", 14, offset=8)])
    closing = run.push([sample("m", 15, offset=9), sample("m", 25, offset=10)])

    assert early.blocks == []
    assert [block.ticks.tolist() for block in closing.blocks] == [[0, 1]]
    assert closing.blocks[0].watermarks.tolist() == [10 * SECOND, 20 * SECOND]
    assert closing.blocks[0].offsets.tolist() == [9, 10]
    assert closing.pending == 1
    assert run.framer.watermark == 20 * SECOND
    assert run.framer.newest == 25 * SECOND


def test_one_wrong_clock_does_not_close_the_future() -> None:
    """A sample far ahead of its own record is dropped and moves nothing."""
    run = Run(FramingSection(interval=10, lateness=0, max_ahead=60))

    run.push(
        [
            sample("m", 100, stamp=100 * SECOND),
            sample("m", 161, stamp=100 * SECOND),
            sample("m", 105, 2, stamp=2**63 - 1),
        ]
    )
    run.close_idle()

    assert run.dropped == {DropReason.AHEAD: 1, DropReason.SUPERSEDED: 1}
    assert run.framer.newest == 105 * SECOND


def test_counter_resets_and_gaps() -> None:
    """A rate spans missing ticks, and a counter that fell is taken to have started at zero."""
    rules = [MetricRule(match="c", kind=MetricKind.COUNTER)]
    run = Run(FramingSection(interval=10, lateness=0), metrics=rules)

    run.push([sample("c", 0, 100), sample("c", 30, 400), sample("c", 45, 30)])
    run.close_idle()

    values = np.concatenate([block.frames[:, 0] for block in run.blocks])
    np.testing.assert_array_equal(values, [np.nan, np.nan, np.nan, 10.0, 2.0])
    assert run.dropped == {DropReason.COUNTER_START: 1}


@pytest.mark.parametrize("retention", [10_000_000, 1e300])
def test_long_silence_is_not_stepped_through(retention: float) -> None:
    """After gap_max of silence frames stop; they go on at the next tick with data."""
    framing = FramingSection(interval=1, lateness=0, gap_max=3, retention=retention)
    run = Run(framing)

    run.push([sample("m", 10), sample("m", 9_000_000)])
    run.close_idle()

    assert [block.ticks.tolist() for block in run.blocks] == [[10, 11, 12, 13], [9_000_000]]


@pytest.mark.slow
def test_a_series_explosion_is_bounded() -> None:
    """Beyond the limit series are refused and counted, and the table does not keep their names."""
    grouping = GroupingSection(group_by=["g"], groups_max=2, series_per_group_max=5)
    run = Run(FramingSection(interval=1, lateness=0), grouping)

    for t in range(20):
        names = [f"m{i}" for i in range(5)] if t == 0 else ["m0", "m4"]
        burst = [f"z{t}-{i}" for i in range(1000)]
        run.push([sample(name, 100 + t, offset=t) for name in [*names, *burst]])
    run.close_idle()

    assert run.dropped == {DropReason.SERIES_LIMIT: 20_000}
    assert [s.name for s in run.framer.members("a")] == [f"m{i}" for i in range(5)]
    assert len(run.table) < 7000
    assert run.table.generation > 0
    assert sum(len(block.ticks) for block in run.blocks) == 20


def test_a_group_that_vanished_begins_anew() -> None:
    """After two retentions a group is gone; when it returns its first block says that it starts."""
    run = Run(FramingSection(interval=1, lateness=0, gap_max=2, retention=3))

    run.push([sample("m", 10), sample("n", 10, group="b"), sample("n", 100, group="b")])
    gone = run.vanished.copy()
    run.push([sample("m", 101)])
    run.close_idle()

    starts = [(b.group, int(b.ticks[0])) for b in run.blocks if b.starts]
    assert gone == ["a", "b"]
    assert starts == [("a", 10), ("b", 10), ("b", 100), ("a", 101)]


def test_nothing_in_nothing_out() -> None:
    """Before the first sample there is nothing to close."""
    run = Run(FramingSection())

    assert run.push([]).blocks == []
    assert run.close_idle().blocks == []
    assert run.framer.newest is None
    assert run.framer.members("a") == ()


def test_idle_closing_is_final() -> None:
    """What comes for a tick that was closed while idle is late; the next tick goes on."""
    run = Run(FramingSection(interval=10, lateness=30))

    run.push([sample("m", 12, 1)])
    run.close_idle()
    again = run.close_idle()
    run.push([sample("m", 13, 2), sample("m", 21, 3)])
    run.close_idle()

    assert again.blocks == []
    assert run.dropped == {DropReason.LATE: 1}
    assert [b.frames.tolist() for b in run.blocks] == [[[1.0]], [[3.0]]]


def test_blocks_go_through_one_call_while_they_share_their_ticks() -> None:
    """Each group once, none that starts behind another one, and not too many samples."""
    early, late, most = np.arange(4), np.arange(4), CELLS_MAX // 4  # equal, but not the same ticks
    given = [
        ("a", early, 3), ("b", early, 1), ("c", late, 1), ("c", late, 2), ("new", late, 2),
        ("e", late, most - 2), ("f", late, 1), ("g", late, 2 * most), ("h", late, 1),
    ]  # fmt: skip
    blocks = [
        FrameBlock(name, (), (), ticks, np.zeros((4, n)), ticks, ticks, starts=name == "new")
        for name, ticks, n in given
    ]

    stretches = [[each.group for each in stretch] for stretch in in_one_call(blocks)]

    assert stretches == [["a", "b"], ["c"], ["c"], ["new", "e"], ["f"], ["g"], ["h"]]
    assert list(in_one_call([])) == []

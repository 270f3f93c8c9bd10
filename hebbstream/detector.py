"""One group's detector: a block of frames through the kernels, scored before it is learnt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hebbstream import snapshot
from hebbstream.arrays import F32, F64, I64
from hebbstream.errors import FrameError, SeriesError, SnapshotCorruptError
from hebbstream.frames import as_frames, as_numbers, as_times
from hebbstream.graph import Entry
from hebbstream.kernels.gate import adopt_regime
from hebbstream.kernels.layout import (
    CHANNEL,
    COMPONENTS_NOW,
    DETAIL_ROWS,
    EDGES_NOW,
    EVIDENCE,
    EXPECTED,
    JOURNAL_COUNT,
    LEARNING,
    P_VALUE,
    REASON,
    REASON_DETAIL,
    REASON_GRAPH,
    RECALLED,
    REPORT_ROWS,
    S_CLOCK_RATIO,
    S_DAY_TICKS,
    S_RATE,
    SCORE,
    SCRATCH32_ROWS,
    SCRATCH64_ROWS,
    SIGMA,
    STATISTIC,
    TAIL_COUNT,
    VERDICT_ROWS,
)
from hebbstream.kernels.model import Output, Work
from hebbstream.kernels.step import advance
from hebbstream.params import DetectorParams
from hebbstream.results import (
    BROKEN_DTYPE,
    Change,
    JournalEntry,
    Kind,
    Learning,
    RunResult,
    TickResult,
)
from hebbstream.settings import pack
from hebbstream.state import State

#: What `TickResult.broken` is when there is nothing to list.
NO_BROKEN = np.zeros(0, BROKEN_DTYPE)


class Detector:
    """Learns which series of a group move together, and scores every frame.

    A frame is scored before it is learnt. `run` over a block and a loop of `step` give equal bits.

    Parameters
    ----------
    series : sequence of str
        Names of the series, in column order; may be empty.
    params : DetectorParams, optional
        Every knob.
    interval_seconds : float, optional
        Grid step of the frames.

    Raises
    ------
    SeriesError
        When a name appears twice.
    ValueError
        When the interval is not positive, or the alert budget not below the ticks of a day.
    """

    def __init__(
        self,
        series: Sequence[str],
        params: DetectorParams | None = None,
        interval_seconds: float = 60.0,
    ) -> None:
        if not (np.isfinite(interval_seconds) and interval_seconds > 0):
            msg = f"interval_seconds must be above 0, not {interval_seconds}"
            raise ValueError(msg)
        self._series: list[str] = []
        self._params = params or DetectorParams()
        self._interval = float(interval_seconds)
        self._settings = pack(self._params, self._interval)
        self._tick = 0
        self._waiting: list[JournalEntry] = []
        self._check_new(series)
        self._series.extend(series)
        self._state = State.empty(len(self._series), self._params, self._interval)
        self._make_scratch()

    def _make_scratch(self) -> None:
        n, strongest = len(self._series), self._params.associations.strongest_per_series
        self._work = Work(
            basis=np.zeros(len(self._state.scaler.coefficients)),
            single=np.zeros((SCRATCH32_ROWS, n), np.float32),
            double=np.zeros((SCRATCH64_ROWS, n)),
            exponents=np.zeros(TAIL_COUNT),
            partner=np.full((n, strongest), -1, np.int32),
            strength=np.zeros((n, strongest), np.float32),
        )
        self._model = self._state.model()

    @property
    def series(self) -> tuple[str, ...]:
        """Names in column order."""
        return tuple(self._series)

    @property
    def tick(self) -> int:
        """Frames seen."""
        return self._tick

    @property
    def interval_seconds(self) -> float:
        """Grid step of the frames."""
        return self._interval

    @property
    def params(self) -> DetectorParams:
        """Every knob."""
        return self._params

    @property
    def held(self) -> bool:
        """True while learning is held."""
        return self._state.plasticity.held

    def step(self, frame: ArrayLike, time: float | None = None) -> TickResult:
        """Score one frame, then learn it.

        Parameters
        ----------
        frame : float64[n]
            One value per series; NaN where missing.
        time : float, optional
            Unix seconds; tick * interval when absent.

        Returns
        -------
        TickResult
            The verdict. Broken relations are listed from a score of 0.75.

        Raises
        ------
        FrameError
            When the shape or the time does not fit.
        """
        row = as_numbers(frame)
        if row.ndim != 1:
            msg = f"a frame has one dimension, not {row.ndim}"
            raise FrameError(msg)
        result = self.run(row[None], None if time is None else [time])
        return TickResult(
            tick=result.first_tick,
            statistic=float(result.statistic[0]),
            score=float(result.score[0]),
            p_value=float(result.p_value[0]),
            channel=Kind(int(result.channel[0])),
            learning=Learning(int(result.learning[0])),
            components=int(result.components[0]),
            edges=int(result.edges[0]),
            evidence=result.evidence[0],
            contribution=result.contribution[0],
            expected=result.expected[0],
            recalled=result.recalled[0],
            scale=result.scale[0],
            broken=result.broken.get(0, NO_BROKEN),
            journal=result.journal,
        )

    def run(
        self, frames: ArrayLike, times: ArrayLike | None = None, *, detail_from: float = 0.75
    ) -> RunResult:
        """Score and learn a block of frames, one by one.

        Parameters
        ----------
        frames : float64[T, n]
            One row a tick; NaN, infinities and values beyond 1e100 are missing samples.
        times : float64[T], optional
            Unix seconds of each frame; tick * interval when absent.
        detail_from : float, optional
            Score from which a frame's broken relations are listed.

        Returns
        -------
        RunResult
            The verdicts.

        Raises
        ------
        FrameError
            When shapes or times do not fit.
        """
        block = as_frames(frames, len(self._series))
        clock = as_times(times, len(block), self._tick, self._interval)
        out = Output(
            verdicts=np.zeros((VERDICT_ROWS, len(block))),
            details=np.zeros((DETAIL_ROWS, *block.shape)),
            journal=np.zeros((len(block) // self._params.subspace.check_ticks + 2, 3), np.int64),
            report=np.zeros(REPORT_ROWS, np.int64),
        )
        broken: dict[int, NDArray[np.void]] = {}
        journal = self._advance(block, clock, out, detail_from, broken)
        verdicts, details = out.verdicts, out.details
        first = self._tick
        self._tick += len(block)
        return RunResult(
            first_tick=first,
            statistic=verdicts[STATISTIC],
            score=verdicts[SCORE],
            p_value=verdicts[P_VALUE],
            channel=verdicts[CHANNEL].astype(np.int8),
            learning=verdicts[LEARNING].astype(np.int8),
            components=verdicts[COMPONENTS_NOW].astype(np.int64),
            edges=verdicts[EDGES_NOW].astype(np.int64),
            evidence=details[EVIDENCE],
            expected=details[EXPECTED],
            recalled=details[RECALLED],
            scale=details[SIGMA],
            broken=broken,
            journal=journal,
        )

    def _advance(
        self,
        block: F64,
        clock: F64,
        out: Output,
        detail_from: float,
        broken: dict[int, NDArray[np.void]],
    ) -> tuple[JournalEntry, ...]:
        """Drive the kernel over a block; see to the graph where it stops."""
        entries, self._waiting = (self._waiting, []) if len(block) else ([], self._waiting)
        row = 0
        while row < len(block):
            row = advance(
                block,
                clock,
                self._model,
                self._work,
                self._settings,
                out,
                row,
                self._tick,
                detail_from,
            )
            reason = int(out.report[REASON])
            if reason & REASON_DETAIL:
                broken[row - 1] = self._state.graph.broken(self._tick + row - 1)
            if reason & REASON_GRAPH:
                entries += self._revise(row - 1)
                out.verdicts[EDGES_NOW, row - 1] = self._state.graph.edge_count
        entries += self._component_entries(out.journal[: int(out.report[JOURNAL_COUNT])])
        return tuple(sorted(entries, key=lambda entry: entry.row))

    def _revise(self, row: int) -> list[JournalEntry]:
        """Let the graph change after the frame in `row`."""
        revised = self._state.graph.revise(
            self._work.partner,
            self._work.strength,
            float(self._settings[S_RATE]),
            self._tick + row,
        )
        self._model = self._state.model()
        return self._edge_entries(revised, row)

    def _edge_entries(self, entries: Iterable[Entry], row: int) -> list[JournalEntry]:
        return [
            JournalEntry(
                tick=self._tick + row,
                row=row,
                change=change,
                source=self._series[i],
                target=self._series[j],
                weight=weight,
            )
            for change, i, j, weight in entries
        ]

    def _component_entries(self, changes: I64) -> list[JournalEntry]:
        return [
            JournalEntry(
                tick=self._tick + int(row),
                row=int(row),
                change=Change.GROWN if sign > 0 else Change.PRUNED,
                component=int(index),
            )
            for row, sign, index in changes
        ]

    def _check_new(self, names: Sequence[str]) -> None:
        known = set(self._series)
        for name in names:
            if name in known:
                msg = f"series {name!r} is there already"
                raise SeriesError(msg)
            known.add(name)

    def _index(self, name: str) -> int:
        try:
            return self._series.index(name)
        except ValueError:
            msg = f"no series {name!r}"
            raise SeriesError(msg) from None

    def add_series(self, name: str) -> int:
        """Let a series join as the last column; it is judged once it has warmed up.

        Parameters
        ----------
        name : str
            A new name.

        Returns
        -------
        int
            Its column.

        Raises
        ------
        SeriesError
            When the name is taken.
        """
        self.add_many([name])
        return len(self._series) - 1

    def add_many(self, names: Sequence[str]) -> None:
        """Let several series join as the last columns, in order.

        Parameters
        ----------
        names : sequence of str
            New names.

        Raises
        ------
        SeriesError
            When a name is taken; then none has joined.
        """
        self._check_new(names)
        if not names:
            return
        self._series.extend(names)
        self._state.grow(len(names))
        self._make_scratch()

    def remove_series(self, name: str) -> None:
        """Let a series leave; the columns after it move up, its relations end.

        Parameters
        ----------
        name : str
            Its name. The end of its relations is in the journal of the next frame.

        Raises
        ------
        SeriesError
            When there is no such series.
        """
        index = self._index(name)
        self._waiting += self._edge_entries(self._state.drop(index), 0)
        del self._series[index]
        self._make_scratch()

    def rename_series(self, old: str, new: str) -> None:
        """Give a series another name; its state stays.

        Parameters
        ----------
        old, new : str
            The name it has, and one that is free.

        Raises
        ------
        SeriesError
            When there is no `old`, or `new` is taken.
        """
        index = self._index(old)
        if old != new:
            self._check_new([new])
        self._series[index] = new

    def hold(self) -> None:
        """Stop all learning: what was learnt until now stays the reference."""
        self._state.plasticity.hold()

    def release(self) -> None:
        """Let learning go on after `hold`."""
        self._state.plasticity.release()

    def adopt(self) -> None:
        """Take the present regime as normal at once: series that deviate are learnt anew."""
        params = self._params.gate
        adopt_regime(
            self._state.scaler.moments,
            self._state.subspace.components,
            self._state.subspace.residual,
            self._state.subspace.totals,
            self._state.plasticity.deviation,
            params.adopt_sigmas,
            float(params.adopt_count),
        )
        self._state.plasticity.note_adoption(self._tick)

    def reset(self) -> None:
        """Forget all that was learnt, and a hold; series, knobs and tick stay."""
        edges = self._state.graph.edges(self._tick)
        ended = [
            (Change.PRUNED, int(e["source"]), int(e["target"]), float(e["weight"])) for e in edges
        ]
        self._waiting += self._edge_entries(ended, 0)
        self._state = State.empty(len(self._series), self._params, self._interval)
        self._make_scratch()

    def edges(self) -> NDArray[np.void]:
        """List the associations, the strongest first.

        Returns
        -------
        array of EDGE_DTYPE
            As of the last check; empty above `associations.exhaustive_max` series.
        """
        return self._state.graph.edges(self._tick)

    def components(self) -> F32:
        """Return the components in use.

        Returns
        -------
        float32[k, n]
            Unit rows, a copy.
        """
        return self._state.subspace.rows

    def energies(self) -> F64:
        """Return the share of the energy that each component holds.

        Returns
        -------
        float64[k]
            In the order of `components`.
        """
        return self._state.subspace.energy_shares

    def expected(self, time: float | None = None) -> F64:
        """Return what each series' own history expects of the next frame.

        Parameters
        ----------
        time : float, optional
            Unix seconds of the frame; tick * interval when absent.

        Returns
        -------
        float64[n]
            Level and clock, in each series' unit; NaN before its first sample.
        """
        at = as_times(None if time is None else [time], 1, self._tick, self._interval)
        return self._state.scaler.expected(
            float(at[0]), float(self._settings[S_DAY_TICKS]), float(self._settings[S_CLOCK_RATIO])
        )

    def dump(self) -> bytes:
        """Write the whole state as plain data, float bits exact.

        Returns
        -------
        bytes
            For `load`.
        """
        header = {
            "series": self._series,
            "params": self._params.model_dump(mode="json"),
            "interval_seconds": self._interval,
            "tick": self._tick,
            "waiting": [asdict(entry) for entry in self._waiting],
        }
        return snapshot.encode(header, self._state.model()._asdict())

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Read a detector that continues bit for bit where `dump` was called.

        Parameters
        ----------
        data : bytes
            From `dump`, of this version or an older one.

        Returns
        -------
        Detector
            With the series, knobs and state of the snapshot.

        Raises
        ------
        SnapshotVersionError
            When a newer version wrote it.
        SnapshotCorruptError
            When it is damaged.
        """
        header, arrays = snapshot.decode(data)
        try:
            detector = cls(
                header["series"],
                DetectorParams.model_validate(header["params"]),
                float(header["interval_seconds"]),
            )
            detector._state.restore(arrays)
            detector._make_scratch()
            detector._tick = int(header["tick"])
            detector._waiting = [
                JournalEntry(**{**entry, "change": Change(entry["change"])})
                for entry in header["waiting"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            msg = f"the snapshot's content does not make a detector: {error}"
            raise SnapshotCorruptError(msg) from error
        return detector

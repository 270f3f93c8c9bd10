"""One group's detector: a block of frames through the kernels, scored before it is learnt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hebbstream import snapshot
from hebbstream.arrays import F64, I64
from hebbstream.copies import DetectorCopy
from hebbstream.errors import FrameError, SnapshotCorruptError
from hebbstream.feedback import Feedback
from hebbstream.frames import as_frames, as_numbers, as_times
from hebbstream.guided import GuidedGroup
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
    S_RATE,
    SCORE,
    SIGMA,
    STATISTIC,
    VERDICT_ROWS,
)
from hebbstream.kernels.model import Output
from hebbstream.kernels.step import advance
from hebbstream.listing import broken_of, edges_of
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
from hebbstream.revision import revise

#: What `TickResult.broken` is when there is nothing to list.
NO_BROKEN = np.zeros(0, BROKEN_DTYPE)
#: No detector has seen as many frames; the kernels' ticks are int64.
TICKS_END = 2**62


def _place(header: dict[str, Any]) -> tuple[list[str], int]:
    """Names and tick of a snapshot's header; ValueError when they are none."""
    series, tick = header["series"], header["tick"]
    if not isinstance(series, list) or not all(isinstance(name, str) for name in series):
        msg = "the series are no list of names"
        raise ValueError(msg)
    if type(tick) is not int or not 0 <= tick < TICKS_END:
        msg = f"there is no tick {tick!r}"
        raise ValueError(msg)
    return series, tick


@dataclass(slots=True)
class _Found:
    """What Python lists at single rows of a block."""

    broken: dict[int, NDArray[np.void]] = field(default_factory=dict)
    related: dict[int, NDArray[np.void]] = field(default_factory=dict)
    degrees: dict[int, I64] = field(default_factory=dict)
    elevated: dict[int, I64] = field(default_factory=dict)


class Detector(GuidedGroup):
    """Learns which series of a group move together, and scores every frame.

    A frame is scored before it is learnt. `run` over a block and a loop of `step` give equal bits.
    Parameters and membership are those of `Group`; what people say about
    findings is heeded as `GuidedGroup` tells.
    """

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
            The verdict. Broken relations, and for how long series stand out, are told from a
            score of 0.75.

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
            elevated=result.elevated.get(0, np.zeros(len(row), np.int64)),
            journal=result.journal,
        )

    def run(
        self,
        frames: ArrayLike,
        times: ArrayLike | None = None,
        *,
        detail_from: float = 0.75,
        edges_at: Collection[int] = (),
    ) -> RunResult:
        """Score and learn a block of frames, one by one.

        Parameters
        ----------
        frames : float64[T, n]
            One row a tick; NaN, infinities and values beyond 1e100 are missing samples.
        times : float64[T], optional
            Unix seconds of each frame; tick * interval when absent.
        detail_from : float, optional
            Score from which a frame's broken relations, and for how long each series has stood
            out, are listed.
        edges_at : collection of int, optional
            Rows after which all edges are listed, in `RunResult.related`.

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
            journal=self._journal_for(len(block)),
            report=self._report,
        )
        found = _Found()
        journal = self._advance(block, clock, out, detail_from, found, edges_at)
        self._heed(out, clock)
        verdicts, details = out.verdicts, out.details
        kinds = verdicts[CHANNEL : LEARNING + 1].astype(np.int8)
        counts = verdicts[COMPONENTS_NOW : EDGES_NOW + 1].astype(np.int64)
        first = self._tick
        self._tick += len(block)
        return RunResult(
            first_tick=first,
            statistic=verdicts[STATISTIC],
            score=verdicts[SCORE],
            p_value=verdicts[P_VALUE],
            channel=kinds[0],
            learning=kinds[1],
            components=counts[0],
            edges=counts[1],
            evidence=details[EVIDENCE],
            expected=details[EXPECTED],
            recalled=details[RECALLED],
            scale=details[SIGMA],
            broken=found.broken,
            journal=journal,
            related=found.related,
            degrees=found.degrees,
            elevated=found.elevated,
        )

    def _journal_for(self, length: int) -> I64:
        """Make room for the components that a block may grow and prune, and begin a report."""
        self._report[:] = 0
        room = length // self._params.subspace.check_ticks + 2
        if len(self._changes) < room:
            self._changes = np.zeros((room, 3), np.int64)
        return self._changes

    def _advance(
        self,
        block: F64,
        clock: F64,
        out: Output,
        detail_from: float,
        found: _Found,
        edges_at: Collection[int],
    ) -> tuple[JournalEntry, ...]:
        """Drive the kernel over a block; see to the graph where it stops."""
        entries, self._waiting = (self._waiting, []) if len(block) else ([], self._waiting)
        row = 0
        # Mostly nothing is asked for, and then a set and a sort are a part of a small group's tick.
        stops = sorted({at for at in edges_at if 0 <= at < len(block)})[::-1] if edges_at else []
        while row < len(block):
            row = advance(
                block[: stops[-1] + 1] if stops else block,
                clock,
                self._bound,
                out,
                row,
                self._tick,
                detail_from,
            )
            reason = int(out.report[REASON])
            if reason & REASON_DETAIL:
                found.broken[row - 1] = broken_of(self._state.graph, self._tick + row - 1)
                found.degrees[row - 1] = self._state.graph.degrees()
                found.elevated[row - 1] = self._state.evidence.elevated
            if reason & REASON_GRAPH:
                entries += self._revise(row - 1)
                out.verdicts[EDGES_NOW, row - 1] = self._state.graph.edge_count
            if stops and row > stops[-1]:
                found.related[stops.pop()] = edges_of(self._state.graph, self._tick + row)
        if changes := int(out.report[JOURNAL_COUNT]):
            entries += self._component_entries(out.journal[:changes])
        return tuple(sorted(entries, key=lambda entry: entry.row)) if entries else ()

    def _revise(self, row: int) -> list[JournalEntry]:
        """Let the graph change after the frame in `row`."""
        revised = revise(
            self._state.graph,
            self._work.partner,
            self._work.strength,
            float(self._settings[S_RATE]),
            self._tick + row,
        )
        self._renew()
        return self._edge_entries(revised, row)

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

    def dump(self) -> bytes:
        """Write the whole state as plain data, float bits exact.

        Returns
        -------
        bytes
            For `load`.
        """
        return self.copy().dump()

    def copy(self) -> DetectorCopy:
        """Copy the whole state, to be written later while this detector goes on.

        Returns
        -------
        DetectorCopy
            As it is now.
        """
        return DetectorCopy(
            series=tuple(self._series),
            params=self._params,
            interval_seconds=self._interval,
            tick=self._tick,
            waiting=tuple(self._waiting),
            told=self._told.dump(),
            arrays=snapshot.Packed.of(self._state.arrays()),
        )

    @classmethod
    def load(
        cls, data: bytes, params: DetectorParams | None = None, *, verified: bool = False
    ) -> Self:
        """Read a detector that continues bit for bit where `dump` was called.

        Parameters
        ----------
        data : bytes
            From `dump`, of this version or an older one.
        params : DetectorParams, optional
            Knobs to go on with; those of the snapshot when absent. What is learnt is kept, so the
            sizes they imply must be the same.
        verified : bool
            The bytes are known to be as they were written: their checksum is not looked at, which
            a detector out of a container with its own does not have.

        Returns
        -------
        Detector
            With the series and state of the snapshot.

        Raises
        ------
        SnapshotVersionError
            When a newer version wrote it.
        SnapshotCorruptError
            When it is damaged, or holds what no detector can have learnt.
        """
        header, arrays = snapshot.decode(data, verified=verified)
        try:
            series, tick = _place(header)
            detector = cls(
                series,
                params or DetectorParams.model_validate(header["params"]),
                float(header["interval_seconds"]),
            )
            detector._told = Feedback.load(header["told"])
            detector._state.restore(arrays)
            detector._make_scratch()
            detector._tick = tick
            detector._waiting = [
                JournalEntry(**{**entry, "change": Change(entry["change"])})
                for entry in header["waiting"]
            ]
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            msg = f"the snapshot's content does not make a detector: {error}"
            raise SnapshotCorruptError(msg) from error
        return detector

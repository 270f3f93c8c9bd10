"""Blocks of frames of one or several detectors, and what the kernels make of them.

All blocks of a call have the same times. They stand one behind the other, so that one compiled call
takes all of them: what Python does around a call is several times what a small group's tick costs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from hebbstream.arrays import F64, I64
from hebbstream.kernels.bound import (
    CREW_END,
    CREW_PLACE,
    CREW_ROW,
    CREW_ROWS,
    CREW_SERIES,
    CREW_TICK,
    Bound,
)
from hebbstream.kernels.layout import (
    CHANNEL,
    COMPONENTS_NOW,
    DETAIL_ROWS,
    EDGES_NOW,
    EVIDENCE,
    EXPECTED,
    LEARNING,
    P_VALUE,
    RECALLED,
    REPORT_ROWS,
    SCORE,
    SIGMA,
    STATISTIC,
    VERDICT_ROWS,
)
from hebbstream.kernels.model import Output
from hebbstream.kernels.step import advance_all
from hebbstream.results import JournalEntry, RunResult


class Verdict(NamedTuple):
    """One row of `Verdicts`, in the order of its array."""

    statistic: float
    score: float
    p_value: float
    channel: float
    learning: float
    components: float
    edges: float


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A block's verdicts without the details of its series.

    Attributes
    ----------
    first_tick : int
        Tick of row 0.
    rows : float64[7, T]
        The fields of `Verdict` over T ticks.
    journal : tuple of JournalEntry
        Births and deaths, in row order.
    """

    first_tick: int
    rows: F64
    journal: tuple[JournalEntry, ...] = ()

    def __len__(self) -> int:
        return int(self.rows.shape[1])

    @property
    def told(self) -> F64:
        """Score, p-value and channel, float64[3, T]."""
        return self.rows[SCORE : CHANNEL + 1]

    def at(self, row: int) -> Verdict:
        """Return one row."""
        return Verdict(*self.rows[:, row].tolist())

    @property
    def score(self) -> F64:
        """Calibrated, 1.0 at the alert line, float64[T]."""
        score: F64 = self.rows[SCORE]
        return score


@dataclass(slots=True)
class Found:
    """What Python lists at single rows of a detector's block, and its journal."""

    broken: dict[int, NDArray[np.void]] = field(default_factory=dict)
    related: dict[int, NDArray[np.void]] = field(default_factory=dict)
    degrees: dict[int, I64] = field(default_factory=dict)
    elevated: dict[int, I64] = field(default_factory=dict)
    journal: tuple[JournalEntry, ...] = ()


#: Nothing was found, as mostly.
NOTHING = Found()


@dataclass(slots=True)
class Blocks:
    """A block of T frames of each of G detectors, N series together, and room for the results.

    Attributes
    ----------
    like : Bound
        Of any of the detectors.
    crew : int64[5, G]
        As `advance_all` takes it.
    frames : float64[T * N]
        The blocks, one behind the other.
    times : float64[T]
        Unix seconds.
    verdicts : float64[G, 7, T]
        Per detector and frame.
    details : float64[4 * T * N]
        Per detector, frame and series.
    journal : int64[G, J, 3]
        Components grown and pruned.
    reports : int64[G, 2]
        Why the kernel stopped early, and entries in the journal.
    detail_from : float
        Score from which it stops.
    """

    like: Bound
    crew: I64
    frames: F64
    times: F64
    verdicts: F64
    details: F64
    journal: I64
    reports: I64
    detail_from: float

    @classmethod
    def of(
        cls,
        like: Bound,
        crew: Sequence[Sequence[int]],
        frames: F64,
        times: F64,
        changes: int,
        detail_from: float,
    ) -> Self:
        """Make room for the results.

        Parameters
        ----------
        like, frames, times, detail_from
            As above.
        crew : sequence of five numbers, one for each detector
            Its column of `crew`.
        changes : int
            Entries a journal may get.
        """
        count = len(crew)
        return cls(
            like,
            np.array(crew, np.int64).reshape(count, CREW_ROWS).T.copy(),
            frames,
            times,
            np.zeros((count, VERDICT_ROWS, len(times))),
            np.zeros(DETAIL_ROWS * len(frames)),
            np.zeros((count, changes, 3), np.int64),
            np.zeros((count, REPORT_ROWS), np.int64),
            detail_from,
        )

    def __len__(self) -> int:
        return len(self.times)

    @property
    def row(self) -> int:
        """The row behind the last one done, of the first detector."""
        return int(self.crew[CREW_ROW, 0])

    def advance(self) -> None:
        """Take every detector through its block, up to where something is to be seen to."""
        advance_all(
            self.like,
            self.crew,
            self.frames,
            self.times,
            self.verdicts,
            self.details,
            self.journal,
            self.reports,
            self.detail_from,
        )

    def go_on(self, like: Bound, place: int, stop: int) -> int:
        """Take the first detector, bound as it is now, on from where it stopped; returns the row.

        Parameters
        ----------
        like : Bound
            Its state.
        place : int
            Where that is.
        stop : int
            Row to stop before.
        """
        self.like = like
        self.crew[CREW_PLACE, 0], self.crew[CREW_END, 0] = place, stop
        self.advance()
        return self.row

    def stopped(self) -> list[bool]:
        """Tell of each detector whether there is something to see to."""
        told: I64 = self.reports.sum(axis=1)
        return [number > 0 for number in told.tolist()]

    def one(self, g: int) -> Self:
        """Take one detector out, by a view."""
        length = len(self.times)
        begin = length * int(self.crew[CREW_SERIES, :g].sum())
        end = begin + length * int(self.crew[CREW_SERIES, g])
        return type(self)(
            self.like,
            self.crew[:, g : g + 1].copy(),
            self.frames[begin:end],
            self.times,
            self.verdicts[g : g + 1],
            self.details[DETAIL_ROWS * begin : DETAIL_ROWS * end],
            self.journal[g : g + 1],
            self.reports[g : g + 1],
            self.detail_from,
        )

    def output(self) -> Output:
        """Return what became of the first detector's block, which is the only one."""
        n = int(self.crew[CREW_SERIES, 0])
        details = self.details.reshape(DETAIL_ROWS, len(self.times), n)
        return Output(self.verdicts[0], details, self.journal[0], self.reports[0])

    def result(self, found: Found) -> RunResult:
        """Return the same as the caller's of `Detector.run` get it."""
        verdicts, details, _, _ = self.output()
        kinds = verdicts[CHANNEL : LEARNING + 1].astype(np.int8)
        counts = verdicts[COMPONENTS_NOW : EDGES_NOW + 1].astype(np.int64)
        return RunResult(
            first_tick=int(self.crew[CREW_TICK, 0]),
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
            journal=found.journal,
            related=found.related,
            degrees=found.degrees,
            elevated=found.elevated,
        )


def stops_of(edges_at: Collection[int], length: int) -> list[int]:
    """Sort the rows of a block after which its edges are listed, the first one last."""
    # Mostly nothing is asked for, and then a set and a sort are a part of a small group's tick.
    return sorted({at for at in edges_at if 0 <= at < length})[::-1] if len(edges_at) else []


def first_stop(edges_at: Collection[int], length: int) -> int:
    """Find the row the kernels stop before first."""
    stops = stops_of(edges_at, length)
    return stops[-1] + 1 if stops else length


class Results(Sequence[RunResult]):
    """What became of the blocks of several detectors, one `RunResult` each, made when asked for.

    Parameters
    ----------
    blocks : Blocks
        All of them, done.
    found : mapping of int to Found
        What was found, by detector.
    """

    __slots__ = ("_blocks", "_found", "_ticks")

    def __init__(self, blocks: Blocks, found: Mapping[int, Found]) -> None:
        self._blocks = blocks
        self._found = found
        self._ticks: list[int] = blocks.crew[CREW_TICK].tolist()

    def __reduce__(self) -> tuple[type[Self], tuple[Blocks, Mapping[int, Found]]]:
        # A state of numba's stays in its process, and nothing goes on with these blocks.
        done = replace(self._blocks, like=None)  # type: ignore[arg-type]
        return type(self), (done, self._found)

    def __len__(self) -> int:
        return len(self._ticks)

    def __getitem__(self, g: int) -> RunResult:  # type: ignore[override] # a slice of few is no use
        return self._blocks.one(range(len(self))[g]).result(self._found.get(g, NOTHING))

    @property
    def score(self) -> F64:
        """The score of every detector and frame, float64[G, T]; 1.0 is the alert line."""
        return self._blocks.verdicts[:, SCORE]

    def counts(self) -> list[list[int]]:
        """List the components and the edges of each detector after the last frame."""
        counts = self._blocks.verdicts[:, COMPONENTS_NOW : EDGES_NOW + 1, -1].astype(np.int64)
        listed: list[list[int]] = counts.tolist()
        return listed

    def rows(self) -> list[list[Verdict]]:
        """List the verdict of every detector and frame."""
        told: list[list[list[float]]] = self._blocks.verdicts.transpose(0, 2, 1).tolist()
        return [list(map(Verdict._make, rows)) for rows in told]

    def verdicts(self) -> Iterator[Verdicts]:
        """Give the verdicts of each detector, without the details of its series."""
        for g, (tick, rows) in enumerate(zip(self._ticks, self._blocks.verdicts, strict=True)):
            yield Verdicts(tick, rows, self._found[g].journal if g in self._found else ())

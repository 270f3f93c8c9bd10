"""A group of series under one detector: who belongs to it, what it knows, what may be done."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hebbstream.arrays import F32, F64
from hebbstream.errors import SeriesError
from hebbstream.frames import as_times
from hebbstream.graph import Entry
from hebbstream.kernels.bound import bind, locate
from hebbstream.kernels.layout import (
    BLOCK_TICKS,
    CELL_ROWS,
    LANE_DOUBLE_ROWS,
    LANE_SINGLE_ROWS,
    LANES,
    PAIR_CHUNK,
    PAIR_ROWS,
    PLACE_ROWS,
    S_CLOCK_RATIO,
    S_DAY_TICKS,
    SCRATCH32_ROWS,
    SCRATCH64_ROWS,
    TAIL_COUNT,
)
from hebbstream.kernels.model import Work
from hebbstream.kernels.quarantine import adopt_now
from hebbstream.listing import edges_of
from hebbstream.params import DetectorParams
from hebbstream.results import (
    Change,
    JournalEntry,
)
from hebbstream.settings import pack
from hebbstream.state import State


def knobs(params: DetectorParams) -> DetectorParams:
    """Return the knobs, which a caller may have taken for a mapping or mistaken for the interval.

    Raises
    ------
    TypeError
        When they are none.
    """
    if not isinstance(params, DetectorParams):
        msg = f"params must be DetectorParams (model_validate makes them of a dict), not {params!r}"
        raise TypeError(msg)
    return params


class Group:
    """The series of a detector, what was learnt about them, and what an operator may do to it.

    Parameters
    ----------
    series : iterable of str
        Names of the series, in column order; may be empty.
    params : DetectorParams, optional
        Every knob.
    interval_seconds : float, optional
        Grid step of the frames.

    Raises
    ------
    SeriesError
        When a name appears twice, or is no text.
    ValueError
        When the interval is not positive, or the alert budget not below the ticks of a day.
    TypeError
        When the knobs are no `DetectorParams`.
    """

    def __init__(
        self,
        series: Iterable[str],
        params: DetectorParams | None = None,
        interval_seconds: float = 60.0,
    ) -> None:
        interval = float(interval_seconds)
        if not 0 < interval < math.inf:
            msg = f"interval_seconds must be above 0, not {interval_seconds}"
            raise ValueError(msg)
        self._series: list[str] = []
        self._params = DetectorParams() if params is None else knobs(params)
        self._interval = interval
        self._settings = pack(self._params, self._interval)
        self._tick = 0
        self._waiting: list[JournalEntry] = []
        self._series.extend(self._new(series))
        self._state = State.empty(len(self._series), self._params, self._interval)
        self._make_scratch()

    def _make_scratch(self) -> None:
        n, strongest = len(self._series), self._params.associations.strongest_per_series
        _, rows, related = self._state.graph.block.shape
        tried = n if self._state.graph.slot_ends.shape[1] else 0
        self._work = Work(
            basis=np.zeros(len(self._state.scaler.coefficients)),
            single=np.zeros((SCRATCH32_ROWS, self._state.subspace.weights.shape[1]), np.float32),
            double=np.zeros((SCRATCH64_ROWS, n)),
            exponents=np.zeros(TAIL_COUNT),
            partner=np.full((n, strongest), -1, np.int32),
            strength=np.zeros((n, strongest), np.float32),
            turned=np.zeros((2, related, rows), np.float32),
            pairs=np.zeros((PAIR_ROWS, PAIR_CHUNK), np.float32),
            apart=np.zeros(0, np.float32),
            cells=np.zeros((CELL_ROWS, related), np.float32),
            pace=np.zeros(BLOCK_TICKS, np.float32),
            places=np.zeros((PLACE_ROWS, tried), np.int32),
            counts=np.zeros(3, np.int32),
            table=np.zeros(0, np.int32),
            lane_single=np.zeros((LANE_SINGLE_ROWS, LANES), np.float32),
            lane_double=np.zeros((LANE_DOUBLE_ROWS, LANES)),
        )
        self._renew()

    def _renew(self) -> None:
        """Hand the kernels the arrays as they are now, after edges or series changed."""
        self._model = self._state.model()
        edges = self._state.graph.edge_count
        if edges != len(self._work.apart):
            self._work = self._work._replace(apart=np.zeros(edges, np.float32))
        tried = self._state.graph.slot_ends.shape[1]
        known = tried + edges if tried else 0
        if 2 * known > len(self._work.table):
            # A power of two with room to grow, of which more than half stays free.
            table = np.zeros(1 << (3 * known).bit_length(), np.int32)
            self._work = self._work._replace(table=table)
        self._named: dict[tuple[bool, bool], Mapping[str, NDArray[Any]]] = {}
        self._bound = bind(self._model, self._work, self._settings)
        self._place = locate(self._bound)

    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        """Name every array of the state; the same mapping until edges or series change."""
        spares = self.quarantined, self.parked
        if spares not in self._named:
            self._named[spares] = self._state.arrays()
        return self._named[spares]

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

    @property
    def pace(self) -> float:
        """How many times faster than its memory what is normal is learnt, see `homeostasis`."""
        return self._state.plasticity.pace

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

    def _new(self, names: Iterable[str]) -> list[str]:
        """Read names of series to come as plain text: only that can be written and read again."""
        known, new = set(self._series), list[str]()
        for name in names:
            if not isinstance(name, str):
                msg = f"a series is named by text, not by {name!r}"
                raise SeriesError(msg)
            if name in known:
                msg = f"series {str(name)!r} is there already"
                raise SeriesError(msg)
            known.add(name)
            new.append(str(name))
        return new

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
            When the name is taken, or is no text.
        """
        self.add_many([name])
        return len(self._series) - 1

    def add_many(self, names: Iterable[str]) -> None:
        """Let several series join as the last columns, in order.

        Relations outlive `associations.exhaustive_max`, unless there are no slots above it: then
        they end, which is in the journal of the next frame.

        Parameters
        ----------
        names : iterable of str
            New names.

        Raises
        ------
        SeriesError
            When a name is taken, or is no text; then none has joined.
        """
        new = self._new(names)
        if not new:
            return
        self._series.extend(new)
        self._waiting += self._edge_entries(self._state.grow(len(new)), 0)
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
            When there is no `old`, or `new` is taken or no text.
        """
        index = self._index(old)
        if old != new:
            (self._series[index],) = self._new([new])

    @property
    def quarantined(self) -> bool:
        """True while something is wrong and a shadow learns."""
        return self._state.plasticity.quarantined

    @property
    def parked(self) -> bool:
        """True while the regime before an adoption is kept, to be restored when it fits again."""
        return self._state.plasticity.parked

    def hold(self) -> None:
        """Stop all learning: what was learnt until now stays the reference."""
        self._state.plasticity.hold()

    def release(self) -> None:
        """Let learning go on after `hold`."""
        self._state.plasticity.release()

    def adopt(self) -> None:
        """Take the present regime as normal at once, and park the one before.

        In a quarantine what the shadow has learnt is adopted; else series that deviate restart
        where they stand.
        """
        adopt_now(self._model, self._work, self._settings, self._tick)
        self._state.single.adopt(float(self._params.gate.adopt_count))

    def reset(self) -> None:
        """Forget all that was learnt, and a hold; series, knobs and tick stay."""
        edges = edges_of(self._state.graph, self._tick)
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
            As of the last check.
        """
        return edges_of(self._state.graph, self._tick)

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

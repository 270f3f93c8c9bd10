"""Which series a partition's state holds, in an order that is that of the state alone. Pure.

Series are numbered as they come, and some are not used any more; a state leaves those out and
orders the others by key. That order changes when a series comes or goes, and a checkpoint is made
every few seconds, so it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.records import I32, I64, Series


@dataclass(frozen=True, slots=True)
class Roster:
    """The series of a state.

    Attributes
    ----------
    identities : list of Series
        Those that are used, by key; n of them.
    before : int64[n]
        The number each had; -1 where it had none.
    number : int32[N]
        The number of each that had one before; -1 where it is not used.
    others : int32[M]
        The number of each of the series that had to be among them.
    """

    identities: list[Series]
    before: I64
    number: I32
    others: I32

    @classmethod
    def of(
        cls, identities: Sequence[Series], used: NDArray[np.bool_], others: Sequence[Series]
    ) -> Roster:
        """Order series by key.

        Parameters
        ----------
        identities : sequence of Series, length N
            As they are numbered.
        used : bool[N]
            Which of them are used.
        others : sequence of Series, length M
            Series that must be among them though they need not be used.
        """
        known = {identities[i].key: i for i in np.flatnonzero(used).tolist()}
        foreign = {series.key: series for series in others if series.key not in known}
        keys = sorted([*known, *foreign])
        before = np.array([known.get(key, -1) for key in keys], dtype=np.int64)
        number = np.full(len(identities), -1, dtype=np.int32)
        number[before[before >= 0]] = np.flatnonzero(before >= 0)
        place = {key: index for index, key in enumerate(keys)}
        return cls(
            [foreign.get(key) or identities[known[key]] for key in keys],
            before,
            number,
            np.array([place[series.key] for series in others], dtype=np.int32),
        )


class Rosters:
    """Gives the roster of one partition's state, and makes a new one when it has to."""

    def __init__(self) -> None:
        self._given: tuple[list[Series], list[Series]] = [], []
        self._used = np.zeros(0, dtype=np.bool_)
        self._roster = Roster.of([], self._used, [])

    def of(self, identities: list[Series], used: NDArray[np.bool_], others: list[Series]) -> Roster:
        """Return `Roster.of` the same, or what that was when the same was asked last.

        Parameters
        ----------
        identities, used, others
            As for `Roster.of`; not to be changed any more.
        """
        # Series are made once, so that to compare them is to compare where they are.
        same = self._given == (identities, others) and np.array_equal(self._used, used)
        if not same:
            self._roster = Roster.of(identities, used, others)
            self._given, self._used = (identities, others), used
        return self._roster

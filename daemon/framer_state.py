"""What a framer holds between two batches, apart from the framer. Pure.

`Framer.state` takes it, in time linear in arrays; `canonical` gives equal states equal numbers
whatever batches led to them: series nobody uses are left out and the others numbered by key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from daemon.membership import GroupState
from daemon.records import F64, I32, I64, Series
from daemon.roster import Roster


@dataclass(frozen=True, slots=True)
class FramerState:
    """A framer's clock, series, groups, last values and waiting samples.

    Attributes
    ----------
    newest, newest_offset, idle_until : int
        Of the event clock.
    identities : list of Series
        What the indices below stand for.
    groups : list of GroupState
        Groups with members as indices.
    seen : int64[n]
        Tick of each member's last sample; of no meaning for other series.
    last_time, last_sample, last_value : arrays of length n
        Of the value history; of no meaning for series that are no members.
    waiting_series, waiting_time, waiting_value : arrays of length S
        Samples whose tick is open, in order of arrival.
    watermark : int
        Of the event clock; -1, as of older versions, when that is not known.
    """

    newest: int
    newest_offset: int
    idle_until: int
    identities: list[Series]
    groups: list[GroupState]
    seen: I64
    last_time: I64
    last_sample: F64
    last_value: F64
    waiting_series: I32
    waiting_time: I64
    waiting_value: F64
    watermark: int = -1

    @property
    def used(self) -> NDArray[np.bool_]:
        """Which series are members or have samples waiting."""
        used = self._members()
        used[self.waiting_series] = True
        return used

    def canonical(self, roster: Roster) -> Self:
        """Give the series the numbers that a roster gives them.

        Parameters
        ----------
        roster : Roster
            Of these series, of which those that are used.

        Returns
        -------
        FramerState
            Arrays of length n for the series that are left; groups in order of name.
        """
        count, old, new = len(roster.identities), roster.before, roster.number
        kept = np.flatnonzero((old >= 0) & np.append(self._members(), False)[old])
        seen, last_time = (np.zeros(count, dtype=np.int64) for _ in range(2))
        last_sample, last_value = (np.full(count, np.nan) for _ in range(2))
        # Before its first closing a series has no place in these arrays; nor is it a member then.
        for target, source in (
            (seen, self.seen),
            (last_time, self.last_time),
            (last_sample, self.last_sample),
            (last_value, self.last_value),
        ):
            target[kept] = source[old[kept]]
        return replace(
            self,
            identities=roster.identities,
            groups=[
                replace(group, members=new[group.members].tolist())
                for group in sorted(self.groups, key=lambda group: group.name)
            ],
            seen=seen,
            last_time=last_time,
            last_sample=last_sample,
            last_value=last_value,
            waiting_series=new[self.waiting_series],
        )

    def _members(self) -> NDArray[np.bool_]:
        member = np.zeros(len(self.identities), dtype=np.bool_)
        for group in self.groups:
            member[group.members] = True
        return member

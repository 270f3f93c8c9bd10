"""What a framer holds between two batches, apart from the framer. Pure.

`Framer.state` takes it, in time linear in arrays; `canonical` gives equal states equal numbers
whatever batches led to them: series nobody uses are left out and the others numbered by key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from daemon.membership import GroupState
from daemon.records import F64, I32, I64, Series


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

    def canonical(self, others: Iterable[Series] = ()) -> Self:
        """Order the series by key and leave out those that nobody uses.

        Parameters
        ----------
        others : iterable of Series
            Series that must be among them though the framer does not use them.

        Returns
        -------
        FramerState
            Arrays of length n for the series that are left; groups in order of name.
        """
        count = len(self.identities)
        member = np.zeros(count, dtype=np.bool_)
        for group in self.groups:
            member[group.members] = True
        used = member.copy()
        used[self.waiting_series] = True
        known = {self.identities[i].key: int(i) for i in np.flatnonzero(used)}
        foreign = {series.key: series for series in others if series.key not in known}
        keys = sorted([*known, *foreign])
        old = np.array([known.get(key, -1) for key in keys], dtype=np.int64)
        new = np.full(count, -1, dtype=np.int32)
        new[old[old >= 0]] = np.flatnonzero(old >= 0)
        kept = np.flatnonzero((old >= 0) & np.append(member, False)[old])
        seen, last_time = (np.zeros(len(keys), dtype=np.int64) for _ in range(2))
        last_sample, last_value = (np.full(len(keys), np.nan) for _ in range(2))
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
            identities=[foreign.get(key) or self.identities[known[key]] for key in keys],
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

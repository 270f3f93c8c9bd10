"""Which series are in which group at each tick: decided by event time, never by arrival.

A series joins its group at the tick of its first sample, in order of key among those that join at
the same tick, and leaves `retention` ticks after its last. A group exists from its first sample on
and vanishes when it has had no series for another `retention`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from daemon.records import I32, I64, Series
from daemon.series import SeriesTable

#: Ticks without a sample after which a group may be forgotten for one that comes.
SILENT_TICKS = 60


class MemoryLimit(NamedTuple):
    """Bytes that groups may take, and what one of so many series takes."""

    limit: int
    of: Callable[[int], int]


@dataclass(slots=True)
class GroupState:
    """One group's members and what its next block must tell.

    Attributes
    ----------
    members : list of int
        Series indices in column order.
    data_tick : int
        Newest tick with a sample of a member.
    oldest : int
        No member's last sample is at an earlier tick.
    joined, left : list
        Changes since the last block.
    starts : bool
        No block has been made yet.
    """

    name: str
    data_tick: int
    oldest: int
    members: list[int] = field(default_factory=list)
    joined: list[Series] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    starts: bool = True


class Membership:
    """Groups, their members, and when each series was last seen.

    Parameters
    ----------
    table : SeriesTable
        The partition's series.
    groups_max, series_per_group_max : int
        Limits.
    retention : int
        Ticks without a sample after which a series leaves.
    memory : MemoryLimit, optional
        Bound of what all groups take.

    Attributes
    ----------
    groups : dict
        Group name to its state.
    column : int32[n]
        Column of each series in its group's frames, -1 when it is no member.
    seen : int64[n]
        Tick of each member's last sample.
    """

    def __init__(
        self,
        table: SeriesTable,
        groups_max: int,
        series_per_group_max: int,
        retention: int,
        memory: MemoryLimit | None = None,
    ) -> None:
        self.groups: dict[str, GroupState] = {}
        self.column: I32 = np.zeros(0, dtype=np.int32)
        self.seen: I64 = np.zeros(0, dtype=np.int64)
        self.retention = retention
        self._table = table
        self._groups_max = groups_max
        self._series_max = series_per_group_max
        self._memory = memory
        self._all_live_to = 0  # no group is gone before this tick; its samples only put it off

    def resize(self, count: int) -> None:
        """Make room for `count` series; new ones are no members."""
        extra = count - len(self.column)
        if extra > 0:
            self.column = np.concatenate((self.column, np.full(extra, -1, dtype=np.int32)))
            self.seen = np.concatenate((self.seen, np.zeros(extra, dtype=np.int64)))

    def retain(self, indices: I32, renumbered: I32) -> None:
        """Keep these series, renumbered; every member must be among them."""
        self.column, self.seen = self.column[indices], self.seen[indices]
        for group in self.groups.values():
            group.members = [int(renumbered[i]) for i in group.members]

    def copies(self) -> list[GroupState]:
        """Copy every group's state."""
        return [
            replace(
                group,
                members=list(group.members),
                joined=list(group.joined),
                left=list(group.left),
            )
            for group in self.groups.values()
        ]

    def restore(self, groups: Sequence[GroupState], seen: I64) -> None:
        """Go on with these groups; `seen` is int64[n] for every series of the table.

        Raises
        ------
        IndexError, ValueError
            When a member is no series of the table, or is one of two groups.
        """
        self.groups = {group.name: group for group in groups}
        self._all_live_to = 0
        self.seen = seen
        self.column = np.full(len(seen), -1, dtype=np.int32)
        for group in groups:
            members = np.array(group.members, dtype=np.int64)
            if (members < 0).any() or (self.column[members] >= 0).any():
                msg = f"the members of group {group.name} are not its own"
                raise ValueError(msg)
            self.column[members] = np.arange(len(members), dtype=np.int32)

    def member_count(self) -> int:
        """Series that are members of any group."""
        return sum(len(group.members) for group in self.groups.values())

    @property
    def lifetime(self) -> int:
        """Ticks from a group's last sample to the one at which it is gone."""
        return 2 * self.retention + 1

    def vanish_tick(self, group: GroupState) -> int:
        """First tick at which the group is gone unless a sample comes before."""
        return group.data_tick + self.lifetime

    def next_vanish(self, end: int) -> int:
        """Find the first tick at which a group is gone; one beyond `end` when none is by then."""
        if self._all_live_to <= end:
            ticks = (self.vanish_tick(group) for group in self.groups.values())
            self._all_live_to = min(ticks, default=end + 1)
        return self._all_live_to

    def forget_vanished(self, tick: int) -> list[str]:
        """Remove groups that are gone at `tick`; returns their names."""
        if self.next_vanish(tick) > tick:
            return []
        gone = [g for g in self.groups.values() if self.vanish_tick(g) <= tick]
        for group in gone:
            self._forget(group)
        return [group.name for group in gone]

    def _forget(self, group: GroupState) -> None:
        """Let a group go, with members that it has because the retention was longer once."""
        self.column[group.members] = -1
        del self.groups[group.name]

    def may_be_full(self, coming: int) -> bool:
        """Tell whether so many more groups could be too many."""
        return self._memory is not None or len(self.groups) + coming > self._groups_max

    def make_room(
        self, tick: int, coming: Mapping[str, int], present: Collection[str] = ()
    ) -> tuple[list[str], set[str]]:
        """Forget the groups that have been silent for longest until those that come fit.

        Only groups without a sample for `SILENT_TICKS` are forgotten, and none in vain.

        Parameters
        ----------
        tick : int
            Now; every sample before it has been counted.
        coming : mapping of str to int
            Series of each group that begins now.
        present : collection of str
            Groups that have samples now.

        Returns
        -------
        forgotten : list of str
            Groups that are gone.
        refused : set of str
            Groups for which there is no memory though they are allowed by number.
        """
        silent = [
            group
            for name, group in self.groups.items()
            if tick - group.data_tick > SILENT_TICKS and name not in present
        ]
        silent.sort(key=lambda group: (group.data_tick, group.name), reverse=True)
        forgotten, refused = [], set()
        used = sum(self._bytes(len(group.members)) for group in self.groups.values())
        spare = sum(self._bytes(len(group.members)) for group in silent)
        limit = float("inf") if self._memory is None else self._memory.limit
        count = len(self.groups)
        for name in sorted(coming):
            need = self._bytes(coming[name])
            if used - spare + need > limit:
                refused.add(name)
                continue
            while silent and (used + need > limit or count >= self._groups_max):
                gone = silent.pop()
                size = self._bytes(len(gone.members))
                used, spare, count = used - size, spare - size, count - 1
                self._forget(gone)
                forgotten.append(gone.name)
            used, count = used + need, count + 1
        return forgotten, refused

    def _bytes(self, series: int) -> int:
        return 0 if self._memory is None else self._memory.of(series)

    def create(self, name: str, tick: int) -> bool:
        """Begin a group at `tick`; False when there are too many."""
        if len(self.groups) >= self._groups_max:
            return False
        self.groups[name] = GroupState(name, data_tick=tick, oldest=tick)
        self._all_live_to = min(self._all_live_to, tick + self.lifetime)
        return True

    def has_room(self, group: GroupState) -> bool:
        """Tell whether another series may join."""
        return len(group.members) < self._series_max

    def is_steady(self, group: GroupState, end: int) -> bool:
        """Tell whether there are members, and nobody can leave before `end`."""
        return bool(group.members) and end - group.oldest <= self.retention + 1

    def leaving(self, group: GroupState, tick: int) -> I32:
        """Find members whose last sample is more than `retention` ticks before `tick`."""
        if not group.members or tick - group.oldest <= self.retention:
            return np.zeros(0, dtype=np.int32)
        members = np.array(group.members, dtype=np.int32)
        seen = self.seen[members]
        gone = tick - seen > self.retention
        group.oldest = int(seen[~gone].min(initial=tick))
        return members[gone]

    def joining(self, group: GroupState, candidates: I32, leaving: int) -> list[int]:
        """Choose, in order of key, which of these series join once `leaving` members have left."""
        # A group may have more than the limit, if that was higher once; then nobody joins.
        room = max(self._series_max - len(group.members) + leaving, 0)
        by_key = sorted((self._table.identities[i].key, int(i)) for i in candidates)
        return [index for _, index in by_key[:room]]

    def change(self, group: GroupState, leaving: I32, joining: list[int], tick: int) -> None:
        """Let members leave, then others join at the end."""
        identities = self._table.identities
        if len(leaving):
            self.column[leaving] = -1
            group.left.extend(identities[i].key for i in leaving)
            group.members = [i for i in group.members if self.column[i] >= 0]
        group.members.extend(joining)
        group.joined.extend(identities[i] for i in joining)
        self.column[group.members] = np.arange(len(group.members), dtype=np.int32)
        self.seen[joining] = tick

"""How the groups stood after their last step, as views that are made when somebody looks.

A group moves on every tick and is looked at now and then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from daemon.events import kind_name, learning_name
from daemon.pipeline import GroupStep
from daemon.readmodel.history import ScoreSpan
from daemon.readmodel.views import GroupIdentity, GroupView
from daemon.records import Series


class Standing:
    """How one group stood after a step; nothing of it changes any more.

    Parameters
    ----------
    identity : GroupIdentity
        Which group.
    members : tuple of Series
        In column order.
    step : GroupStep
        Of at least one frame. It is not held on to, for it shares its arrays with many others.
    scores : ScoreSpan
        The group's last scores.
    pace : float
        How many times faster than its memory what is normal is learnt.
    interval_ns : int
        Grid step, nanoseconds.
    """

    __slots__ = (
        "_frame",
        "_frames",
        "_last",
        "_pace",
        "_scores",
        "_times",
        "_view",
        "identity",
        "members",
    )

    def __init__(
        self,
        identity: GroupIdentity,
        members: tuple[Series, ...],
        step: GroupStep,
        scores: ScoreSpan,
        pace: float,
        interval_ns: int,
    ) -> None:
        block = step.block
        self.identity, self.members = identity, members
        self._scores, self._pace = scores, pace
        self._times = (int(block.ticks[-1]) + 1) * interval_ns, int(block.watermarks[-1])
        self._last, self._frame = step.verdicts.at(-1), block.frames[-1].copy()
        self._frames = step.verdicts.first_tick + len(block.ticks)
        self._view: GroupView | None = None

    def view(self) -> GroupView:
        """Show it; several threads may, and each gets an equal view."""
        view = self._view
        if view is None:
            view = self._view = self._made()
        return view

    def _made(self) -> GroupView:
        frame, last = self._frame, self._last
        return GroupView(
            identity=self.identity,
            members=self.members,
            components=int(last.components),
            edges=int(last.edges),
            frames=self._frames,
            missing_ratio=np.count_nonzero(np.isnan(frame)) / len(frame) if len(frame) else 1.0,
            frame_time=self._times[0],
            watermark=self._times[1],
            score=last.score,
            p_value=last.p_value,
            kind=kind_name(int(last.channel)),
            learning=learning_name(int(last.learning)),
            pace=self._pace,
            history=self._scores.view(),
        )


class Standings(Mapping[str, GroupView]):
    """Groups by id.

    Parameters
    ----------
    standings : mapping of str to Standing
        Not to be changed any more.
    """

    __slots__ = ("_standings",)

    def __init__(self, standings: Mapping[str, Standing]) -> None:
        self._standings = standings

    def __getitem__(self, group_id: str) -> GroupView:
        return self._standings[group_id].view()

    def __iter__(self) -> Iterator[str]:
        return iter(self._standings)

    def __len__(self) -> int:
        return len(self._standings)

    def __contains__(self, group_id: object) -> bool:
        return group_id in self._standings

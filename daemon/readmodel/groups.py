"""How the groups stood after their last step, as views that are made when somebody looks.

A group moves on every tick and is looked at now and then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from daemon.events import kind_name, learning_name
from daemon.pipeline import GroupStep
from daemon.readmodel.history import ScoreSpan
from daemon.readmodel.views import GroupIdentity, GroupView
from daemon.records import F64, Series
from hebbstream.blocks import Verdict


class _Last(NamedTuple):
    """The last frame of a step, with arrays of its own."""

    tick: int
    watermark: int
    frame: F64
    verdict: Verdict
    frames: int


def _last_of(step: GroupStep) -> _Last:
    block = step.block
    return _Last(
        tick=int(block.ticks[-1]),
        watermark=int(block.watermarks[-1]),
        frame=block.frames[-1].copy(),
        verdict=step.verdicts.at(-1),
        frames=step.verdicts.first_tick + len(block.ticks),
    )


class Standing:
    """How one group stood after a step; nothing of what it shows changes any more.

    Parameters
    ----------
    identity : GroupIdentity
        Which group.
    members : tuple of Series
        In column order.
    step : GroupStep
        Of at least one frame. It is held on to until `settle`.
    scores : ScoreSpan
        The group's last scores.
    pace : float
        How many times faster than its memory what is normal is learnt.
    interval_ns : int
        Grid step, nanoseconds.
    """

    __slots__ = ("_interval", "_last", "_pace", "_scores", "_view", "identity", "members")

    def __init__(
        self,
        identity: GroupIdentity,
        members: tuple[Series, ...],
        step: GroupStep,
        scores: ScoreSpan,
        pace: float,
        interval_ns: int,
    ) -> None:
        self.identity, self.members = identity, members
        self._scores, self._pace, self._interval = scores, pace, interval_ns
        self._last: _Last | GroupStep = step
        self._view: GroupView | None = None

    def settle(self) -> None:
        """Keep what is needed of the step and let go of it: it shares its arrays with many others.

        For a group that stays as it is; one that moves on at once is spared the copy.
        """
        if isinstance(self._last, GroupStep):
            self._last = _last_of(self._last)

    def view(self) -> GroupView:
        """Show it; several threads may, and each gets an equal view."""
        view = self._view
        if view is None:
            view = self._view = self._made()
        return view

    def _made(self) -> GroupView:
        known = self._last  # may be replaced by its like meanwhile
        last = _last_of(known) if isinstance(known, GroupStep) else known
        frame, verdict = last.frame, last.verdict
        return GroupView(
            identity=self.identity,
            members=self.members,
            components=int(verdict.components),
            edges=int(verdict.edges),
            frames=last.frames,
            missing_ratio=np.count_nonzero(np.isnan(frame)) / len(frame) if len(frame) else 1.0,
            frame_time=(last.tick + 1) * self._interval,
            watermark=last.watermark,
            score=verdict.score,
            p_value=verdict.p_value,
            kind=kind_name(int(verdict.channel)),
            learning=learning_name(int(verdict.learning)),
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

"""Copies of what the groups have learnt, made within a share of the engine's time.

A group whose graph changed, or that has an open incident, comes first; the others take turns, and
rest in between, for their weights move slowly. At least one of each kind that is due is copied in
every round, so that neither waits for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from daemon.ports import Clock
from daemon.readmodel.views import GraphView
from hebbstream import Detector

#: How old the copy of an ordinary group may be before another is made.
REST_SECONDS = 120.0


class Urgency(IntEnum):
    """Which queue a group waits in."""

    ORDINARY = 0
    CHANGED = 1


class GraphGallery:
    """Holds the last copy of each group's graph and who is due for a new one.

    Parameters
    ----------
    clock : Clock
        For the budget.
    budget_seconds : float
        Time one round may take; the copy that exceeds it is the last of its round.
    """

    def __init__(self, clock: Clock, budget_seconds: float) -> None:
        self._clock = clock
        self._budget = budget_seconds
        self._waiting: dict[Urgency, dict[str, None]] = {each: {} for each in Urgency}
        self._graphs: dict[str, GraphView] = {}

    def mark(self, group_id: str, urgency: Urgency) -> None:
        """Note that a group has moved on since its last copy."""
        changed = self._waiting[Urgency.CHANGED]
        if urgency is Urgency.CHANGED:
            self._waiting[Urgency.ORDINARY].pop(group_id, None)
            changed.setdefault(group_id)
        elif group_id not in changed:
            self._waiting[Urgency.ORDINARY].setdefault(group_id)

    def forget(self, group_id: str) -> None:
        """Drop a group that is no more."""
        self._graphs.pop(group_id, None)
        for queue in self._waiting.values():
            queue.pop(group_id, None)

    def refresh(self, detector_of: Callable[[str], Detector | None], now: float) -> int:
        """Copy what is due and fits the budget.

        Parameters
        ----------
        detector_of : callable
            Finds the detector of a group by its id; None when the group is gone.
        now : float
            Unix seconds, noted in the copies.

        Returns
        -------
        int
            Copies made.
        """
        end = self._clock.monotonic() + self._budget
        return self._serve(Urgency.CHANGED, detector_of, now, end) + self._serve(
            Urgency.ORDINARY, detector_of, now, end
        )

    def all(self) -> dict[str, GraphView]:
        """Return every copy by group id."""
        return dict(self._graphs)

    def _serve(
        self,
        urgency: Urgency,
        detector_of: Callable[[str], Detector | None],
        now: float,
        end: float,
    ) -> int:
        queue, copied = self._waiting[urgency], 0
        for group_id in list(queue):
            known = self._graphs.get(group_id)
            rests = known is not None and 0 <= now - known.as_of < REST_SECONDS
            if rests and urgency is Urgency.ORDINARY:
                continue
            del queue[group_id]
            detector = detector_of(group_id)
            if detector is None:
                continue
            self._graphs[group_id] = GraphView(
                as_of=now,
                series=detector.series,
                edges=detector.edges(),
                components=detector.components(),
                energies=detector.energies(),
            )
            copied += 1
            if self._clock.monotonic() >= end:
                break
        return copied

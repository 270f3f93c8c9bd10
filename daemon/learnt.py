"""One learnt group: its detector, who is in it, and the incidents it is followed by. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.events import Event, kind_name
from daemon.incidents import IncidentTracker
from daemon.presence import Shift
from daemon.records import FrameBlock, Series
from daemon.silence import SilenceTracker
from daemon.snapshots import GroupCapture
from daemon.told import in_order
from hebbstream import Detector, RunResult


@dataclass(slots=True)
class GroupState:
    """One group: detector, incidents, series in the detector's order, and how it stands now."""

    detector: Detector
    tracker: IncidentTracker
    silence: SilenceTracker
    members: list[Series]
    component_count: int = 0
    edge_count: int = 0

    @property
    def incidents_open(self) -> dict[str, int]:
        """Open incidents by kind."""
        if self.tracker.current is None and not self.silence.current:
            return {}
        current, counts = self.tracker.current, self.silence.incidents_open
        if current is not None:
            counts[kind_name(current.kind)] += 1
        return dict(counts)

    @property
    def incident_ids(self) -> set[str]:
        """Ids of open incidents."""
        current = [] if self.tracker.current is None else [self.tracker.current.incident_id]
        return {*current, *(each.incident_id for each in self.silence.current)}

    def pass_by(self, length: int, peak: float, shifts: Sequence[Shift]) -> bool:
        """Count a block of which there is nothing to tell, as mostly.

        Parameters
        ----------
        length : int
            Frames.
        peak : float
            Their highest score.
        shifts : sequence of Shift
            Who stops or returns.

        Returns
        -------
        bool
            False when there may be something to tell: then call `observe`.
        """
        if shifts or self.silence.is_busy or not self.tracker.is_calm(peak):
            return False
        self.tracker.pass_by(length)
        self.silence.pass_by(length)
        return True

    def observe(
        self, block: FrameBlock, result: RunResult, shifts: Sequence[Shift]
    ) -> tuple[Event, ...]:
        """Follow incidents through a block; returns what to publish, in order."""
        return in_order(
            self.tracker.observe(block, result, self.members),
            self.silence.observe(block, result, self.members, shifts),
        )

    def end(self) -> list[Event]:
        """Resolve whatever is open, because the group is gone."""
        event = self.tracker.end()
        return [*([] if event is None else [event]), *self.silence.end()]

    def standing(self) -> list[tuple[Event, int]]:
        """Describe each open incident as of the last frame, and count the events it has had."""
        event, current = self.tracker.standing(), self.tracker.current
        told = [(event, current.sequence)] if event is not None and current is not None else []
        silences = zip(self.silence.standing(), self.silence.current, strict=False)
        return [*told, *((event, each.sequence) for event, each in silences)]

    def capture(self, name: str) -> GroupCapture:
        """Copy everything."""
        presence = self.silence.presence
        rhythm = {key: array.copy() for key, array in presence.arrays().items()}
        return GroupCapture(
            name=name,
            detector=self.detector.copy(),
            members=self.members,
            tracker=self.tracker.dump(),
            silence=self.silence.dump(),
            rhythm_frames=presence.frames,
            rhythm=rhythm if len(presence.keys) == len(self.members) else None,
            component_count=self.component_count,
            edge_count=self.edge_count,
        )

    def restore(self, capture: GroupCapture) -> None:
        """Take over everything but the detector and the members, which are there already."""
        self.tracker.restore(capture.tracker, capture.name, self.members)
        self.silence.restore(capture.silence, capture.name, self.members)
        if capture.rhythm is None:
            self.silence.presence.change(self.members)
        else:
            self.silence.presence.restore(capture.rhythm_frames, capture.rhythm, self.members)
        self.component_count, self.edge_count = capture.component_count, capture.edge_count

    def change_members(self, block: FrameBlock) -> None:
        """Let those leave and join who do so before a block."""
        for key in block.left:
            self.detector.remove_series(key)
        if block.left:
            gone = set(block.left)
            self.members = [series for series in self.members if series.key not in gone]
        if block.joined:
            self.detector.add_many([series.key for series in block.joined])
            self.members = [*self.members, *block.joined]

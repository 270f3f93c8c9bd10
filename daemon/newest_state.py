"""Of the states that are stored of a partition, the latest that can be gone on with. Pure.

Whoever restores walks the same way: from the latest back, past those that are torn, of another
format or other settings, or contradict themselves, to the first that makes a pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from daemon.errors import CheckpointError
from daemon.pipeline import PartitionPipeline
from daemon.pipeline_sections import PipelineSections
from daemon.ports import StoredState
from daemon.records import InputPartition
from daemon.snapshots import Capture, Origin, decode
from hebbstream.errors import SnapshotError


@dataclass(frozen=True, slots=True)
class Usable:
    """A state that goes on, as stored, as read, and as the pipeline it makes."""

    stored: StoredState
    capture: Capture
    origin: Origin
    pipeline: PartitionPipeline


@dataclass(frozen=True, slots=True)
class Refused:
    """A state that cannot be used, and why."""

    stored: StoredState
    reason: str

    def __str__(self) -> str:
        return f"{self.stored.place}: {self.reason}"


def newest_usable(
    stored: Iterable[StoredState], partition: InputPartition, sections: PipelineSections
) -> tuple[Usable | None, list[Refused]]:
    """Find the latest state that makes a pipeline.

    Parameters
    ----------
    stored : iterable of StoredState
        Of one partition, in any order.
    partition : InputPartition
        Whose.
    sections : PipelineSections
        What the pipeline goes on with.

    Returns
    -------
    tuple
        The state, None when there is none; and the later ones that were refused, the latest first.
    """
    refused: list[Refused] = []
    for state in sorted(stored, key=lambda each: each.order, reverse=True):
        try:
            capture, origin = decode(state.read(), partition, sections.shape)
            pipeline = PartitionPipeline.restored(capture, sections)
        except (SnapshotError, CheckpointError, OSError) as error:
            refused.append(Refused(state, str(error)))
            continue
        return Usable(state, capture, origin, pipeline), refused
    return None, refused

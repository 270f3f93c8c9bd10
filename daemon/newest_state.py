"""Of the states that are stored of a partition, the latest that can be gone on with. Pure.

Whoever restores walks the same way: from the latest back, past those that are torn, of another
format or other settings, or contradict themselves, to the first that makes a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    stored: Iterable[StoredState],
    partition: InputPartition,
    sections: PipelineSections,
    partitions: Callable[[str], int] | None = None,
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
    partitions : callable of str, optional
        Says how many partitions a topic has; asked of a seed's, which is refused for another
        number. Absent, every seed will do.

    Returns
    -------
    tuple
        The state, None when there is none; and the later ones that were refused, the latest first.
    """
    refused: list[Refused] = []
    for state in sorted(stored, key=lambda each: each.order, reverse=True):
        try:
            capture, origin = decode(state.read(), partition, sections.shape)
            if partitions is not None and capture.next_offset < 0:
                _refuse_seed_of_others(origin, partition.topic, partitions)
            pipeline = PartitionPipeline.restored(capture, sections)
        except (SnapshotError, CheckpointError, OSError) as error:
            refused.append(Refused(state, str(error)))
            continue
        return Usable(state, capture, origin, pipeline), refused
    return None, refused


def _refuse_seed_of_others(origin: Origin, topic: str, partitions: Callable[[str], int]) -> None:
    """Refuse a seed where groups, dealt out by another number of partitions, come elsewhere."""
    count = partitions(topic) if origin.partitions else 0
    if origin.partitions != count:
        msg = (
            f"it was learnt by replay --partitions {origin.partitions}, and topic {topic} has "
            f"{count}, which brings groups to other partitions: replay into an empty folder with "
            f"--partitions {count}"
        )
        raise CheckpointError(msg)

"""What the state in a folder is worth under the present settings, without touching it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from daemon.files.states import found_partitions, stored_in
from daemon.newest_state import newest_usable
from daemon.pipeline_sections import PipelineSections
from daemon.records import InputPartition


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a start would make of one partition's state.

    Attributes
    ----------
    partition : InputPartition
        Whose.
    reason : str
        Why none of it can be used; empty when it goes on.
    next_offset, groups, series, old_knobs : int
        Where it goes on, with what; detectors that go on with knobs they were learnt with.
    """

    partition: InputPartition
    reason: str = ""
    next_offset: int = -1
    groups: int = 0
    series: int = 0
    old_knobs: int = 0


def check_folder(folder: str, sections: PipelineSections) -> list[Verdict]:
    """Look at every partition that has state in a folder.

    Parameters
    ----------
    folder : str
        `state.folder`.
    sections : PipelineSections
        The settings a start would have.

    Returns
    -------
    list of Verdict
        In order of topic and partition.
    """
    place = Path(folder) / sections.application_id
    return [_verdict(place, each, sections) for each in found_partitions(place)]


def _verdict(place: Path, partition: InputPartition, sections: PipelineSections) -> Verdict:
    usable, refused = newest_usable(stored_in(place, partition), partition, sections)
    if usable is None:
        return Verdict(partition, reason=refused[0].reason if refused else "there is none")
    pipeline = usable.pipeline
    return Verdict(
        partition,
        next_offset=pipeline.next_offset,
        groups=len(pipeline.groups),
        series=sum(len(group.members) for group in pipeline.groups.values()),
        old_knobs=pipeline.old_knobs,
    )

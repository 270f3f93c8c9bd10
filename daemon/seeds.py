"""Learnt state without a place in any topic: what a replay leaves and a service begins with.

A seed is a checkpoint whose next offset is not known. A service that finds one knows the groups and
what was learnt of them, and reads from where it would have begun without.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from daemon.errors import CheckpointError, StateStoreError
from daemon.files.states import FileStates, found_partitions
from daemon.newest_state import newest_usable
from daemon.pipeline import PartitionPipeline
from daemon.pipeline_sections import PipelineSections
from daemon.records import InputPartition
from daemon.snapshots import Origin, pieces
from daemon.stores import build_of


class Seeds:
    """The seeds of one application in a folder laid out as `state.folder`.

    Parameters
    ----------
    folder : Path
        Where; made when missing.
    application_id : str
        Whose.
    topic : str
        Topic of the partitions.
    partitions : int
        How many it has. Groups are dealt out by that number, so seeds of another one have them in
        other partitions.

    Raises
    ------
    CheckpointError
        When the folder cannot be written to, or holds seeds for another number of partitions.
    """

    def __init__(self, folder: Path, application_id: str, topic: str, partitions: int = 1) -> None:
        place = folder / application_id
        try:
            self._store = FileStates(place, 1)
        except StateStoreError as error:
            raise CheckpointError(str(error)) from error
        numbers = [each.partition for each in found_partitions(place) if each.topic == topic]
        if numbers and numbers != list(range(partitions)):
            msg = (
                f"{place / topic} holds what was learnt in {_words(numbers)}, and --partitions is "
                f"{partitions}: give the number it was made with, or another folder"
            )
            raise CheckpointError(msg)
        self._partitions = partitions
        self._made: list[PartitionPipeline] = []

    def pipeline(self, partition: InputPartition, sections: PipelineSections) -> PartitionPipeline:
        """Make a partition's pipeline, from its seed if there is one.

        Parameters
        ----------
        partition : InputPartition
            Which.
        sections : PipelineSections
            With the settings the seed was learnt with.

        Returns
        -------
        PartitionPipeline
            Before its first record.

        Raises
        ------
        CheckpointError
            When what is there cannot be used, or is a running service's.
        """
        usable, refused = newest_usable(self._store.stored(partition), partition, sections)
        if refused:
            raise CheckpointError("; ".join(map(str, refused)))
        if usable is not None and usable.capture.next_offset >= 0:
            place = usable.stored.place
            msg = f"{place} is the state of a service, not of a replay: give another folder"
            raise CheckpointError(msg)
        pipeline = PartitionPipeline(partition, sections) if usable is None else usable.pipeline
        self._made.append(pipeline)
        return pipeline

    def save(self, sections: PipelineSections) -> None:
        """Leave what the pipelines have learnt.

        Parameters
        ----------
        sections : PipelineSections
            Who they were.

        Raises
        ------
        CheckpointError
            When it cannot be written.
        """
        origin = Origin(
            sections.version, sections.config_hash, build_of(), partitions=self._partitions
        )
        for pipeline in self._made:
            capture = replace(pipeline.capture(), next_offset=-1)
            try:
                self._store.save(pipeline.partition, (0, 0), pieces(capture, origin))
            except StateStoreError as error:
                raise CheckpointError(str(error)) from error


def _words(numbers: list[int]) -> str:
    """Write which partitions there are: as a number where they are the first ones.

    Examples
    --------
    >>> _words([0, 1, 2]), _words([0]), _words([0, 2])
    ('3 partitions', '1 partition', 'partitions 0, 2')
    """
    if numbers == list(range(len(numbers))):
        return f"{len(numbers)} partition{'s' if len(numbers) != 1 else ''}"
    return f"partitions {', '.join(map(str, numbers))}"

"""A file as several partitions: each record where its group's key would bring it on a topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from daemon.files.keys import GroupKeys
from daemon.files.source import FileSource
from daemon.ports import AssignmentListener
from daemon.records import InputPartition, RecordBatch
from daemon.spans import Spans


class PartedSource:
    """Deals a file's records out; implements `daemon.ports.RecordSource`.

    Parameters
    ----------
    source : FileSource
        The file.
    keys : GroupKeys
        Names the group of each record.
    topic : str
        Topic of the partitions.
    count : int
        How many.
    partition_of : callable of (bytes or None) and int
        Which of so many partitions a key belongs to.
    """

    def __init__(
        self,
        source: FileSource,
        keys: GroupKeys,
        topic: str,
        count: int,
        partition_of: Callable[[bytes | None, int], int],
    ) -> None:
        self._source = source
        self._keys = keys
        self._partitions = [InputPartition(topic, number) for number in range(count)]
        self._next = [0] * count
        self._partition_of = partition_of
        self._listener: AssignmentListener | None = None
        source.start(_Nobody())

    @property
    def exhausted(self) -> bool:
        """True when the last row has been returned."""
        return self._source.exhausted

    def start(self, listener: AssignmentListener) -> None:
        """Assign all partitions.

        Parameters
        ----------
        listener : AssignmentListener
            Told of them.
        """
        self._listener = listener
        listener.assigned(self._partitions)

    def poll(self, timeout_seconds: float) -> list[RecordBatch]:
        """Return the next rows, a batch for each partition that has some.

        Parameters
        ----------
        timeout_seconds : float
            Not needed.

        Returns
        -------
        list of RecordBatch
            Empty at the end and while paused.
        """
        return [part for batch in self._source.poll(timeout_seconds) for part in self._parts(batch)]

    def _parts(self, batch: RecordBatch) -> list[RecordBatch]:
        keys = self._keys.keys(batch)
        count = len(self._partitions)
        chosen = {key: self._partition_of(key, count) for key in set(keys)}
        places = np.array([chosen[key] for key in keys])
        values = list(batch.values)
        parts = []
        for number in np.unique(places).tolist():
            rows = np.flatnonzero(places == number).tolist()
            first = self._next[number]
            self._next[number] = first + len(rows)
            parts.append(
                RecordBatch(
                    partition=self._partitions[number],
                    offsets=np.arange(first, first + len(rows), dtype=np.int64),
                    timestamps=batch.timestamps[rows],
                    keys=Spans.of([keys[row] for row in rows]),
                    values=Spans.of([values[row] for row in rows]),
                    next_offset=first + len(rows),
                )
            )
        return parts

    def pause(self) -> None:
        """Deliver nothing until `resume`."""
        self._source.pause()

    def resume(self) -> None:
        """Undo `pause`."""
        self._source.resume()

    def commit(self, positions: Mapping[InputPartition, int]) -> bool:
        """Return True: a file keeps no positions."""
        return self._source.commit(positions)

    def lag(self) -> Mapping[InputPartition, int]:
        """Return nothing, as a file."""
        return self._source.lag()

    def prefetch(self, left: int) -> None:
        """Let the source do so."""
        self._source.prefetch(left)

    def contact_age(self) -> float:
        """Return 0: a file always answers."""
        return self._source.contact_age()

    def close(self) -> None:
        """Hand the partitions back."""
        if self._listener is not None:
            self._listener.revoked(self._partitions)
        self._source.close()


class _Nobody:
    """Listens for the file, whose one partition is not the engine's."""

    def assigned(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        return {}

    def revoked(self, partitions: Sequence[InputPartition]) -> Mapping[InputPartition, int]:
        return {}

    def lost(self, partitions: Sequence[InputPartition]) -> None:
        """Nothing to forget."""

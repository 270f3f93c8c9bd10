"""Records of several partitions in the order of their times, as far as that can be known. Pure.

A partition that is ahead waits for those that are behind, so that what is written from all of them
is late nowhere. Only a partition of which more is known to come is waited for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from daemon.records import I64, InputPartition, RecordBatch


@dataclass(frozen=True, slots=True)
class Merged:
    """Records of all partitions in order: `rows` of which `batches`, as parallel arrays.

    `positions` is how far each partition is once they are written.
    """

    batches: list[RecordBatch]
    batch: I64
    row: I64
    positions: dict[InputPartition, int]


class Merger:
    """Holds batches until the others have come as far."""

    def __init__(self) -> None:
        self._waiting: dict[InputPartition, deque[tuple[RecordBatch, I64]]] = {}

    def add(self, batch: RecordBatch) -> None:
        """Take a batch in."""
        queue = self._waiting.setdefault(batch.partition, deque())
        newest = queue[-1][1][-1] if queue else np.int64(-1)
        # Within a partition order is kept: a time that steps back counts as the one before.
        times = np.maximum.accumulate(np.maximum(batch.timestamps, newest))
        queue.append((batch, times))

    def forget(self, partitions: Collection[InputPartition]) -> None:
        """Drop what is held of partitions that are another's."""
        for partition in partitions:
            self._waiting.pop(partition, None)

    @property
    def held(self) -> dict[InputPartition, int]:
        """Records held of each partition."""
        return {
            partition: sum(len(times) for _, times in queue)
            for partition, queue in self._waiting.items()
            if queue
        }

    def take(self, behind: Collection[InputPartition]) -> Merged:
        """Hand out what no other partition can come before.

        Parameters
        ----------
        behind : collection of InputPartition
            Those of which more is to come.

        Returns
        -------
        Merged
            Nothing while one of `behind` has nothing here.
        """
        ends = []
        for partition in behind:
            queue = self._waiting.get(partition)
            if not queue:
                return Merged([], np.zeros(0, np.int64), np.zeros(0, np.int64), {})
            ends.append(int(queue[-1][1][-1]))
        return self._take_until(min(ends, default=2**63 - 1))

    def _take_until(self, end: int) -> Merged:
        batches: list[RecordBatch] = []
        parts: list[tuple[I64, I64, I64]] = []
        positions = {}
        for partition, queue in self._waiting.items():
            while queue:
                batch, times = queue[0]
                count = int(np.searchsorted(times, end, "right"))
                rows = np.arange(count, dtype=np.int64)
                parts.append((times[:count], np.full(count, len(batches), np.int64), rows))
                batches.append(batch)
                if count < len(times):
                    positions[partition] = int(batch.offsets[count])
                    queue[0] = (batch.part(slice(count, None)), times[count:])
                    break
                positions[partition] = batch.next_offset
                queue.popleft()
        if not parts:
            return Merged([], np.zeros(0, np.int64), np.zeros(0, np.int64), {})
        times, chosen, rows = (np.concatenate(each) for each in zip(*parts, strict=True))
        order = np.argsort(times, kind="stable")
        return Merged(batches, chosen[order], rows[order], positions)

"""What outlives a process in the simulation: input, events, offsets, state files, changelog."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from daemon.files.states import FileStates
from daemon.pipeline_sections import PipelineSections
from daemon.records import InputPartition, Message
from daemon.slots import Slots, first_needed
from daemon.snapshots import Origin, decode, encode
from messy import SETTINGS
from streams import sections

PARTITIONS = (InputPartition("metrics", 0), InputPartition("metrics", 1))
#: So short that a state takes several records.
CHUNK_BYTES = 15_000


@cache
def simulated_sections() -> PipelineSections:
    """Return the sections every life runs with."""
    return sections(**SETTINGS)


@dataclass
class World:
    """What outlives a process."""

    folder: Path
    records: tuple[list[bytes], ...]
    events: list[Message] = field(default_factory=list)
    committed: dict[InputPartition, int] = field(default_factory=dict)
    released: set[InputPartition] = field(default_factory=set)
    changelog: list[tuple[int, str, bytes | None]] = field(default_factory=list)
    changelog_end: int = 0
    owners: int = 0
    withheld: int = 0
    _on_topic: tuple[int, dict[InputPartition, tuple[int, int]]] = field(
        default_factory=lambda: (-1, {})
    )

    def take_over(self, partition: InputPartition) -> Slots:
        """Read what is needed of a partition's part of the changelog, under a new name."""
        self.owners += 1
        slots = Slots(partition, f"owner-{self.owners}", CHUNK_BYTES)
        first = first_needed((record[1:] for record in self.changelog), partition) or 0
        for offset, key, value in self.changelog:
            if offset >= first:
                slots.see(key, value, offset)
        return slots

    def append(self, key: str, value: bytes | None) -> int:
        """Write a record to the changelog; returns its offset."""
        self.changelog.append((self.changelog_end, key, value))
        self.changelog_end += 1
        self._on_topic = -1, {}
        return self.changelog_end - 1

    def on_topic(self) -> dict[InputPartition, tuple[int, int]]:
        """Say how far the latest state of each partition on the changelog is."""
        if self._on_topic[0] != len(self.changelog):
            orders = {}
            for each in PARTITIONS:
                whole = self.take_over(each).whole().values()
                orders[each] = max((state.order for state in whole), default=(-1, -1))
            self._on_topic = len(self.changelog), orders
        return self._on_topic[1]

    def compact(self) -> None:
        """Keep the last record of each key, as the broker does at times of its own."""
        self._on_topic = -1, {}
        last = {key: offset for offset, key, _ in self.changelog}
        self.changelog = [
            record
            for record in self.changelog
            if last[record[1]] == record[0] and record[2] is not None
        ]

    def lose_disk(self) -> None:
        """Leave the changelog alone to tell what was learnt."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def state(self, partition: InputPartition) -> bytes:
        """Read the latest state of a partition, without who wrote it."""
        stored = max(FileStates(self.folder, 2).stored(partition), key=lambda each: each.order)
        capture, _ = decode(stored.read(), partition, simulated_sections().shape)
        return encode(capture, Origin())

    def told(self) -> dict[tuple[str, int], list[bytes]]:
        """Return the events of each group and partition in order, the first of equal ones only."""
        kept: dict[tuple[str, int], dict[bytes, None]] = {}
        for message in self.events:
            event = msgspec.json.decode(message.value)
            kept.setdefault((event["group"], event["source"]["partition"]), {})[message.value] = (
                None
            )
        return {key: list(values) for key, values in kept.items()}

    def closed_idle(self, partition: InputPartition) -> bool:
        """Tell whether it is durable that the partition's open frames are closed as idle."""
        on_disk = (each.order for each in FileStates(self.folder, 2).stored(partition))
        return max(on_disk, default=(-1, -1))[1] > 0 or self.on_topic()[partition][1] > 0

    def repeats(self) -> int:
        """Count events that are there more than once; their bytes must be the same."""
        ids = Counter(msgspec.json.decode(message.value)["event_id"] for message in self.events)
        assert len(ids) == len({message.value for message in self.events})
        return sum(ids.values()) - len(ids)

    def damage(self, rng: np.random.Generator) -> None:
        """Cut or change the latest state of a partition that an older one can stand in for."""
        partition = PARTITIONS[int(rng.integers(len(PARTITIONS)))]
        stored = sorted(FileStates(self.folder, 2).stored(partition), key=lambda each: each.order)
        # A decision to close idle frames is only in the states from then on.
        if len(stored) < 2 or stored[-1].order[1] != stored[-2].order[1]:
            return
        path = Path(stored[-1].place)
        data = bytearray(path.read_bytes())
        if rng.random() < 0.5:
            data = data[: int(rng.integers(len(data)))]
        else:
            data[int(rng.integers(len(data)))] ^= 255
        path.write_bytes(bytes(data))

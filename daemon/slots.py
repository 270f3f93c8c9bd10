"""Checkpoints as records of a compacted topic: chunks, then a manifest that vouches for them. Pure.

The keys of a state are `<topic>/<partition>/<slot>` for the manifest and `<slot>/<number>` for its
chunks. Whoever takes a partition over gives its slots a name nobody else has, so that a process
that was paused and then wakes can write over nothing its successor has written, and two slots are
written in turn, so that a write that breaks off spoils neither the state before nor, after
compaction, its chunks. The latest two states are kept; the records of all others, and chunks that
a shorter state no longer needs, are deleted once a later state is whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from daemon.records import InputPartition

CHUNK_BYTES = 900_000
SLOTS = 2


class _Manifest(msgspec.Struct):
    """What makes a state of its chunks."""

    order: tuple[int, int]
    chunks: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A state that its manifest vouches for: how far it is, and its bytes."""

    order: tuple[int, int]
    data: bytes


def prefix_of(partition: InputPartition) -> str:
    """Return what the keys of a partition begin with."""
    return f"{partition.topic}/{partition.partition}/"


class Slots:
    """What is on the topic of one partition, as its owner saw it and has changed it since.

    Parameters
    ----------
    partition : InputPartition
        Whose.
    owner : str
        A name nobody has had; without a slash.
    chunk_bytes : int, optional
        Bytes of a record at most.

    Attributes
    ----------
    whole : dict of str to Whole
        The states that can be read, by slot; those written here have no bytes.
    """

    def __init__(
        self, partition: InputPartition, owner: str, chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        self._chunk_bytes = chunk_bytes
        self._prefix = prefix_of(partition)
        self._own = [f"{owner}.{number}" for number in range(SLOTS)]
        self._chunks: dict[str, dict[str, bytes]] = {}
        self._keys: set[str] = set()
        self._written: tuple[str, tuple[int, int], frozenset[str]] = "", (-1, -1), frozenset()
        self.whole: dict[str, Whole] = {}

    @property
    def latest(self) -> tuple[int, int]:
        """How far the latest state is; less than any when there is none."""
        return max((state.order for state in self.whole.values()), default=(-1, -1))

    def see(self, key: str, value: bytes | None) -> None:
        """Take in a record, in the topic's order; those of other partitions are passed over.

        Parameters
        ----------
        key : str
            Of the record.
        value : bytes or None
            None deletes what the key had.
        """
        if not key.startswith(self._prefix):
            return
        slot, _, chunk = key[len(self._prefix) :].partition("/")
        if value is None:
            self._keys.discard(key)
        else:
            self._keys.add(key)
        if chunk:
            self._chunks.setdefault(slot, {})[chunk] = value or b""
        elif value is None:
            self.whole.pop(slot, None)
        else:
            manifest = msgspec.json.decode(value, type=_Manifest)
            parts = self._chunks.get(slot, {})
            data = b"".join(parts.get(str(number), b"") for number in range(manifest.chunks))
            if hashlib.sha256(data).hexdigest() == manifest.sha256:
                self.whole[slot] = Whole(manifest.order, data)

    def writes(self, data: bytes, order: tuple[int, int]) -> Iterator[tuple[str, bytes]]:
        """Yield the records that put a state there; `written` must follow when they are durable.

        Parameters
        ----------
        data : bytes
            The state.
        order : tuple of int
            How far it is.

        Yields
        ------
        tuple of str and bytes
            Key and value; the last one is what makes it count.
        """
        slot = min(self._own, key=self._order)
        self.whole.pop(slot, None)
        pieces = [
            data[at : at + self._chunk_bytes] for at in range(0, len(data), self._chunk_bytes)
        ]
        manifest = f"{self._prefix}{slot}"
        chunks = {f"{manifest}/{number}": piece for number, piece in enumerate(pieces)}
        self._keys |= {manifest, *chunks}
        yield from chunks.items()
        digest = hashlib.sha256(data).hexdigest()
        yield manifest, msgspec.json.encode(_Manifest(order, len(chunks), digest))
        self._written = slot, order, frozenset(chunks)

    def written(self) -> list[str]:
        """Note that the state is durable; returns the keys to delete, which nothing needs now."""
        slot, order, chunks = self._written
        self.whole[slot] = Whole(order, b"")
        self._chunks.clear()
        kept = sorted(self.whole, key=self._order)[-SLOTS:]
        spare = {key for key in self._keys if self._slot_of(key) not in kept}
        manifest = f"{self._prefix}{slot}"
        spare |= {key for key in self._keys if self._slot_of(key) == slot and key not in chunks} - {
            manifest
        }
        return self._deleted(spare)

    def forget(self, slot: str) -> list[str]:
        """Give a state up; returns the keys to delete."""
        return self._deleted({key for key in self._keys if self._slot_of(key) == slot})

    def _deleted(self, keys: set[str]) -> list[str]:
        self._keys -= keys
        for key in keys:
            self.whole.pop(key[len(self._prefix) :], None)
        return sorted(keys)  # a manifest goes before its chunks

    def _order(self, slot: str) -> tuple[int, int]:
        whole = self.whole.get(slot)
        return (-1, -1) if whole is None else whole.order

    def _slot_of(self, key: str) -> str:
        return key[len(self._prefix) :].partition("/")[0]

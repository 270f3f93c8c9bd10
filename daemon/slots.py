"""Checkpoints as records of a compacted topic: chunks, then a manifest that vouches for them. Pure.

The keys of a state are `<topic>/<partition>/<slot>` for the manifest and `<slot>/<number>` for its
chunks. Whoever takes a partition over gives its slots a name nobody else has, so that a process
that was paused and then wakes can write over nothing its successor has written, and two slots are
written in turn, so that a write that breaks off spoils neither the state before nor, after
compaction, its chunks. The latest two states are kept; the records of all others, and chunks that
a shorter state no longer needs, are deleted once a later state is whole.

A topic may be given more partitions, which has the states of an input partition written elsewhere
from then on, and later perhaps where they once were. So a manifest says how many the topic had: one
that was written for as many as there are now is known to be the latest of all.

A broker compacts late: a topic that is written every minute holds ten and more states. So a
manifest also says where the oldest record stands that is still needed or still to be deleted, and
whoever takes over reads from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from daemon.records import InputPartition

CHUNK_BYTES = 900_000
SLOTS = 2


class _Manifest(msgspec.Struct):
    """What makes a state of its chunks.

    `first` is the offset from which on all records stand that any state needs or that are still to
    be deleted; None, as of older versions, when that is not known. `places` is how many partitions
    the topic had; 0, as of older versions, when that is not known.
    """

    order: tuple[int, int]
    chunks: int
    sha256: str
    first: int | None = None
    places: int = 0


@dataclass(frozen=True, slots=True)
class Whole:
    """A state that its manifest vouches for: how far it is, its bytes, and its `places`."""

    order: tuple[int, int]
    data: bytes
    places: int


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A state that has a manifest: how far it is, its chunks as they stood then, their digest."""

    order: tuple[int, int]
    chunks: Sequence[bytes] = ()
    sha256: str = ""
    places: int = 0


def latest_of(whole: Iterable[Mapping[str, Whole]]) -> dict[str, Whole]:
    """Bring together what is in several partitions of the topic: of one slot the later state.

    Parameters
    ----------
    whole : iterable of mapping of str to Whole
        States by slot, a mapping for each partition.

    Returns
    -------
    dict of str to Whole
        By slot.
    """
    found: dict[str, Whole] = {}
    for each in whole:
        for slot, state in each.items():
            if slot not in found or found[slot].order < state.order:
                found[slot] = state
    return found


def are_for(whole: Mapping[str, Whole], places: int) -> bool:
    """Say whether the latest of some states was written when the topic had so many partitions."""
    latest = max(whole.values(), key=lambda state: state.order, default=None)
    return latest is not None and latest.places == places


def first_needed(
    records: Iterable[tuple[str, bytes | None]], partition: InputPartition
) -> int | None:
    """Return where the records of a partition begin, as its last manifest among some says.

    Parameters
    ----------
    records : iterable of tuple of str and bytes
        Keys and values from the end of the topic, in its order.
    partition : InputPartition
        Whose.

    Returns
    -------
    int or None
        An offset; 0 when the manifest does not say, None when there is no manifest among them.
    """
    prefix, found = prefix_of(partition), None
    for key, value in records:
        if value is not None and key.startswith(prefix) and "/" not in key[len(prefix) :]:
            found = msgspec.json.decode(value, type=_Manifest).first or 0
    return found


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
    """

    def __init__(
        self, partition: InputPartition, owner: str, chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        self._chunk_bytes = chunk_bytes
        self._prefix = prefix_of(partition)
        self._own = [f"{owner}.{number}" for number in range(SLOTS)]
        self._chunks: dict[str, dict[str, bytes]] = {}
        self._keys: dict[str, int] = {}  # and no record of a key stands before this offset
        self._all_seen = False
        self._written: tuple[str, tuple[int, int], frozenset[str]] = "", (-1, -1), frozenset()
        self._claimed: dict[str, _Claimed] = {}

    @property
    def latest(self) -> tuple[int, int]:
        """How far the latest state is; less than any when there is none."""
        return max((state.order for state in self._claimed.values()), default=(-1, -1))

    def see(self, key: str, value: bytes | None, offset: int) -> None:
        """Take in a record, in the topic's order; those of other partitions are passed over.

        Parameters
        ----------
        key : str
            Of the record.
        value : bytes or None
            None deletes what the key had.
        offset : int
            Of the record.
        """
        if not key.startswith(self._prefix):
            return
        slot, _, chunk = key[len(self._prefix) :].partition("/")
        if value is None:
            self._keys.pop(key, None)
        else:
            self._keys[key] = offset
        if chunk:
            self._chunks.setdefault(slot, {})[chunk] = value or b""
        elif value is None:
            self._claimed.pop(slot, None)
        else:
            manifest = msgspec.json.decode(value, type=_Manifest)
            parts = self._chunks.get(slot, {})
            chunks = [parts.get(str(number), b"") for number in range(manifest.chunks)]
            self._claimed[slot] = _Claimed(manifest.order, chunks, manifest.sha256, manifest.places)

    def whole(self) -> dict[str, Whole]:
        """Return the states that are all there, by slot, once every record has been seen."""
        found = {}
        for slot, claimed in self._claimed.items():
            data = b"".join(claimed.chunks)
            if hashlib.sha256(data).hexdigest() == claimed.sha256:
                found[slot] = Whole(claimed.order, data, claimed.places)
        self.claim(found)
        self._chunks.clear()
        self._all_seen = True
        return found

    def claim(self, whole: Mapping[str, Whole]) -> None:
        """Take these, and no others, for the states there are, wherever their records stand."""
        self._claimed = {slot: _Claimed(state.order) for slot, state in whole.items()}

    def writes(
        self, data: bytes, order: tuple[int, int], places: int
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the records that put a state there; `written` must follow when they are durable.

        Parameters
        ----------
        data : bytes
            The state.
        order : tuple of int
            How far it is.
        places : int
            How many partitions the topic has.

        Yields
        ------
        tuple of str and bytes
            Key and value; the last one is what makes it count.
        """
        slot = min(self._own, key=self._order)
        self._claimed.pop(slot, None)
        pieces = [
            data[at : at + self._chunk_bytes] for at in range(0, len(data), self._chunk_bytes)
        ]
        manifest = f"{self._prefix}{slot}"
        chunks = {f"{manifest}/{number}": piece for number, piece in enumerate(pieces)}
        written = {manifest, *chunks}
        others = [offset for key, offset in self._keys.items() if key not in written]
        # What is sent from now on stands behind all that was acknowledged.
        end = max(self._keys.values(), default=0)
        self._keys |= {key: self._keys.get(key, end) for key in written}
        yield from chunks.items()
        digest = hashlib.sha256(data).hexdigest()
        first = max(0, min(others, default=0)) if self._all_seen else None
        yield manifest, msgspec.json.encode(_Manifest(order, len(chunks), digest, first, places))
        self._written = slot, order, frozenset(chunks)

    def written(self, offsets: Mapping[str, int]) -> list[str]:
        """Note that the state is durable; returns the keys to delete, which nothing needs now.

        Parameters
        ----------
        offsets : mapping of str to int
            Where its records stand, by key.
        """
        slot, order, chunks = self._written
        self._claimed[slot] = _Claimed(order)
        self._keys |= offsets
        kept = sorted(self._claimed, key=self._order)[-SLOTS:]
        spare = {key for key in self._keys if self._slot_of(key) not in kept}
        manifest = f"{self._prefix}{slot}"
        spare |= {key for key in self._keys if self._slot_of(key) == slot and key not in chunks} - {
            manifest
        }
        return sorted(spare)  # a manifest goes before its chunks

    def forget(self, slot: str) -> list[str]:
        """Give a state up; returns the keys to delete."""
        self._claimed.pop(slot, None)
        return sorted(key for key in self._keys if self._slot_of(key) == slot)

    def deleted(self, keys: Iterable[str]) -> None:
        """Note that it is durable that keys are deleted; until then they are returned again."""
        for key in keys:
            self._keys.pop(key, None)
            self._claimed.pop(key[len(self._prefix) :], None)

    def _order(self, slot: str) -> tuple[int, int]:
        claimed = self._claimed.get(slot)
        return (-1, -1) if claimed is None else claimed.order

    def _slot_of(self, key: str) -> str:
        return key[len(self._prefix) :].partition("/")[0]

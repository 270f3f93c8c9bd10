"""Series by the bytes that name them, in the arrays that kernels look them up in."""

from __future__ import annotations

import numpy as np

from daemon.kernels.identities import EMPTY, ENTRY_WIDTH, place_entries, series_key
from daemon.kernels.json_flat import HEAD_MAX, LINK_SIZE, NEXT_ENTRY
from daemon.records import I64
from hebbstream.arrays import U8

SLOTS_MIN = 1024
#: The interpreter's own secret of this process, which decides nothing but where an entry stands.
SEED = hash(b"series") & (2**63 - 1)


class SpanIndex:
    """Grows by what the plain codec has read; the kernels only find what is in it.

    Parameters
    ----------
    name_marks, labels_marks : bytes
        Characters that names and labels hold only by an escape, or that escape: kernels read no
        such spelling, so what holds one is not kept. As in JSON unless given.
    head_bytes_max : int
        Room for how a record of each series begins; 0 where no kernel keeps that.

    Attributes
    ----------
    slots, entries, arena, heads, links, last : arrays
        As `daemon.kernels.json_flat.read_flat` takes them; brought up to date by `settle`.
    """

    def __init__(
        self,
        name_marks: bytes = b'\\"',
        labels_marks: bytes = b"\\",
        head_bytes_max: int = HEAD_MAX,
    ) -> None:
        self._name_marks = frozenset(name_marks)
        self._labels_marks = frozenset(labels_marks)
        self._head_bytes_max = head_bytes_max
        self.slots: I64
        self.entries: I64
        self.arena: U8
        self.heads: U8
        self.links: I64
        self.last: I64
        self.clear()

    def __len__(self) -> int:
        return len(self.entries) + len(self._new)

    def clear(self) -> None:
        """Forget everything."""
        self.slots = np.full(SLOTS_MIN, EMPTY, dtype=np.int64)
        self.entries = np.empty((0, ENTRY_WIDTH), dtype=np.int64)
        self._bytes = b""
        self.arena = np.frombuffer(self._bytes, dtype=np.uint8)
        self.heads = np.empty(0, dtype=np.uint8)
        self.links = np.empty((0, LINK_SIZE), dtype=np.int64)
        self.last = np.full(1, EMPTY, dtype=np.int64)
        self._new: list[tuple[bytes, bytes, int]] = []

    def add(self, labels: bytes, name: str, series: int) -> None:
        """Note a series, unless it cannot be spelt without an escape."""
        spelt = name.encode("utf-8", "surrogatepass")
        if self._labels_marks.isdisjoint(labels) and self._name_marks.isdisjoint(spelt):
            self._new.append((labels, spelt, series))

    def settle(self) -> None:
        """Put what was added into the arrays."""
        if not self._new:
            return
        first, at = len(self.entries), len(self._bytes)
        self._bytes += b"".join(name + labels for labels, name, _ in self._new)
        self.arena = np.frombuffer(self._bytes, dtype=np.uint8)
        rows = []
        for labels, name, series in self._new:
            middle, end = at + len(name), at + len(name) + len(labels)
            key = series_key(self.arena, (at, middle), (middle, end), SEED)
            rows.append((key, at, len(name), len(labels), series))
            at = end
        self._new = []
        self.entries = np.concatenate([self.entries, np.array(rows, dtype=np.int64)])
        room = max(0, len(self.entries) - len(self.links))
        if room:
            room += len(self.links)  # twice as many: rarely made anew
            links = np.zeros((room, LINK_SIZE), dtype=np.int64)
            links[:, NEXT_ENTRY] = EMPTY
            self.links = np.concatenate([self.links, links])
            heads = np.zeros(room * self._head_bytes_max, dtype=np.uint8)
            self.heads = np.concatenate([self.heads, heads])
        if 2 * len(self.entries) > len(self.slots):
            size = 1 << (4 * len(self.entries)).bit_length()
            self.slots, first = np.full(size, EMPTY, dtype=np.int64), 0
        place_entries(self.slots, self.entries, first)

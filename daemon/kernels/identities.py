"""From the bytes that name a series to its index: a hash table that compares every byte on a hit.

An identity is a name and the raw bytes of its labels. A hash only says where to look: two series
whose hashes are equal stand side by side and are told apart by their bytes. The hash is keyed by a
secret seed (multiply and fold, after wyhash), so that nobody who writes to a topic can choose
names that all fall on one place.
"""

from __future__ import annotations

import numpy as np

from daemon.kernels.numbers import multiply
from daemon.kernels.words import WORD, word_at
from hebbstream._jit import exact_kernel
from hebbstream.arrays import I64, U8

#: Columns of an entry.
HASH, START, NAME_SIZE, LABELS_SIZE, SERIES = range(5)
ENTRY_WIDTH = 5
#: What stands in a slot that is empty, and for a series that is not known.
EMPTY, UNKNOWN = -1, -(2**31)

_BYTE_BITS = np.uint64(8)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_END = np.uint64(0xE7037ED1A0B428DB)


@exact_kernel
def hash_bytes(buffer: U8, start: int, stop: int, seed: np.uint64) -> np.uint64:
    """Hash some bytes, their number included.

    Parameters
    ----------
    buffer : uint8[B], in
        Where they stand.
    start, stop : int64
        Where they begin and end.
    seed : uint64
        Hash of what came before, or the secret.

    Returns
    -------
    uint64
        The hash.
    """
    state = seed ^ (np.uint64(stop - start) * _END)
    at = start
    while stop - at >= WORD:
        high, low = multiply(state ^ word_at(buffer, at), _MIX ^ (seed >> _BYTE_BITS))
        state = high ^ low
        at += WORD
    word = np.uint64(0)
    while at < stop:
        word = (word << _BYTE_BITS) | np.uint64(buffer[at])
        at += 1
    high, low = multiply(state ^ word, _END ^ seed)
    return high ^ low


@exact_kernel
def series_key(buffer: U8, name: tuple[int, int], labels: tuple[int, int], seed: int) -> int:
    """Hash what names a series.

    Parameters
    ----------
    buffer : uint8[B], in
        Where it stands.
    name, labels : tuple of int64 and int64
        Where they begin and end.
    seed : int64
        The secret.

    Returns
    -------
    int64
        The hash's bits.
    """
    hashed = hash_bytes(buffer, labels[0], labels[1], np.uint64(seed))
    return np.int64(hash_bytes(buffer, name[0], name[1], hashed))  # type: ignore[return-value]


@exact_kernel
def same_bytes(a: U8, a_start: int, b: U8, b_start: int, size: int) -> bool:
    """Tell whether two stretches of bytes are equal.

    Parameters
    ----------
    a : uint8[A], in
        Where the first stands.
    a_start : int64
        Where it begins.
    b : uint8[B], in
        Where the second stands.
    b_start : int64
        Where it begins.
    size : int64
        Bytes of each.

    Returns
    -------
    bool
        True when they are.
    """
    if size < WORD:
        different = np.uint8(0)
        for i in range(size):
            different |= a[a_start + i] ^ b[b_start + i]
        return bool(different == 0)
    # The last word may begin in the one before: no byte is looked at alone.
    last = size - WORD
    for at in range(0, last, WORD):
        if word_at(a, a_start + at) != word_at(b, b_start + at):
            return False
    return bool(word_at(a, a_start + last) == word_at(b, b_start + last))


@exact_kernel
def find_entry(
    slots: I64, entries: I64, arena: U8, buffer: U8, name: tuple[int, int], labels: tuple[int, int],
    key: int,
) -> int:  # fmt: skip
    """Look up the entry of a series by the bytes that name it.

    Parameters
    ----------
    slots : int64[C], in
        Row of an entry or EMPTY; C is a power of two and never full.
    entries : int64[E, 5], in
        Hash, where the bytes begin in `arena` (name, then labels), sizes, series.
    arena : uint8[A], in
        The bytes of all entries.
    buffer : uint8[B], in
        The bytes of the record.
    name, labels : tuple of int64 and int64
        Where they begin and end in `buffer`.
    key : int64
        Their hash, from `series_key`.

    Returns
    -------
    int64
        Row of its entry, EMPTY for none.
    """
    mask = len(slots) - 1
    at = key & mask
    while slots[at] != EMPTY:
        entry = entries[slots[at]]
        name_size, labels_size = name[1] - name[0], labels[1] - labels[0]
        if (
            entry[HASH] == key
            and entry[NAME_SIZE] == name_size
            and entry[LABELS_SIZE] == labels_size
            and same_bytes(arena, entry[START], buffer, name[0], name_size)
            and same_bytes(arena, entry[START] + name_size, buffer, labels[0], labels_size)
        ):
            return slots[at]  # type: ignore[no-any-return]
        at = (at + 1) & mask
    return EMPTY


@exact_kernel
def place_entries(slots: I64, entries: I64, first: int) -> None:
    """Put entries into the table.

    Parameters
    ----------
    slots : int64[C], in/out
        As in `find_entry`, with room for all.
    entries : int64[E, 5], in
        As there.
    first : int64
        The first that is not in the table yet; those after it are put in.
    """
    mask = len(slots) - 1
    for row in range(first, len(entries)):
        at = entries[row, HASH] & mask
        while slots[at] != EMPTY:
            at = (at + 1) & mask
        slots[at] = row

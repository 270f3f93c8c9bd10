"""Which pairs to try next, where there are too many to trace: those that moved alike just now.

Series whose last block falls on the same side of a few random planes are likely to correlate
(Charikar 2002), so a sort by side replaces a look at every pair. Beside these come pairs that were
far out in the same tick, partners of partners, series that share a component, and blind guesses.
"""

from __future__ import annotations

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, I32, U32, U64


@kernel
def draw(seed: U64) -> int:
    """Draw the next number (Marsaglia 2003, xorshift).

    Parameters
    ----------
    seed : uint64[1], in/out
        State, never 0.

    Returns
    -------
    int
        From 0 to 2^31 - 1.
    """
    x = seed[0]
    x = x ^ (x << np.uint64(13))
    x = x ^ (x >> np.uint64(7))
    x = x ^ (x << np.uint64(17))
    seed[0] = x
    return int(x >> np.uint64(33))


@kernel
def draw_signs(seed: U64, signs: F32) -> None:
    """Draw a random plane: one sign for each tick of a block.

    Parameters
    ----------
    seed : uint64[1], in/out
        State of the generator.
    signs : float32[64], out
        Each 1 or -1.
    """
    for t in range(signs.shape[0]):
        signs[t] = 1.0 if draw(seed) & 1 else -1.0


@kernel
def code_series(turned: F32, signs: F32, code: I32) -> None:
    """Append the side of a plane on which each series' block falls to its code.

    Parameters
    ----------
    turned : float32[n, 64], in
        Blocks of the series.
    signs : float32[64], in
        The plane.
    code : int32[n], in/out
        Codes; -1 stays.
    """
    for j in range(code.shape[0]):
        if code[j] < 0:
            continue
        row = turned[j]
        side = np.float32(0.0)
        for t in range(row.shape[0]):
            side += signs[t] * row[t]
        code[j] = 2 * code[j] + (1 if side > np.float32(0.0) else 0)


@kernel
def sort_by_code(code: I32, bits: int, order: I32, count: I32) -> int:
    """Sort series by code; a code and its complement, which opposed series have, are one.

    Parameters
    ----------
    code : int32[n], in/out
        Codes of `bits` bits; on return below 2^(bits - 1). -1 is left out.
    bits : int
        Such that 2^(bits - 1) <= n.
    order : int32[n], out
        Series in order of code.
    count : int32[n], out
        Scratch.

    Returns
    -------
    int
        Series in `order`.
    """
    n, codes = code.shape[0], 1 << (bits - 1)
    for c in range(codes):
        count[c] = 0
    for j in range(n):
        if code[j] >= codes:
            code[j] = 2 * codes - 1 - code[j]
        if code[j] >= 0:
            count[code[j]] += 1
    total = 0
    for c in range(codes):
        total += count[c]
        count[c] = total
    for j in range(n - 1, -1, -1):
        if code[j] >= 0:
            count[code[j]] -= 1
            order[count[code[j]]] = j
    return total


@kernel
def list_beyond(values: F32, limit: float, listed: I32) -> int:
    """List the series whose value is far from 0.

    Parameters
    ----------
    values : float32[n], in
        A frame, or a component's loadings.
    limit : float64
        How far.
    listed : int32[n], out
        The series.

    Returns
    -------
    int
        How many.
    """
    count = 0
    for j in range(values.shape[0]):
        if abs(values[j]) > limit:
            listed[count] = j
            count += 1
    return count


@kernel
def choose_mates(ends: U32, first: int, mate: I32) -> None:
    """Choose one partner for each series that has an edge.

    Parameters
    ----------
    ends : uint32[2, m], in
        Source and target of each edge.
    first : int
        Edge to begin with; the last one seen is chosen.
    mate : int32[n], out
        The partner, or the series itself.
    """
    for j in range(mate.shape[0]):
        mate[j] = j
    m = ends.shape[1]
    for step in range(m):
        e = first + step
        if e >= m:
            e -= m
        i, j = ends[0, e], ends[1, e]
        mate[i] = j
        mate[j] = i


@kernel
def pair_place(table: I32, ends: U32, slot_ends: U32, i: int, j: int) -> int:
    """Find the place of a pair in the table, or a free one for it.

    Parameters
    ----------
    table : int32[p], in
        Numbers of edges, or of slots after the last edge; -1 where free. p is a power of two and
        more than half of it is free.
    ends : uint32[2, m], in
        The edges.
    slot_ends : uint32[2, s], in
        The slots.
    i, j : int
        The pair, i < j.

    Returns
    -------
    int
        Where the pair is, or where it would be.
    """
    m, mask = ends.shape[1], table.shape[0] - 1
    place: int = ((i * 73_856_093) ^ (j * 19_349_663)) & mask
    while table[place] >= 0:
        e = table[place]
        if e < m:
            same = ends[0, e] == i and ends[1, e] == j
        else:
            same = slot_ends[0, e - m] == i and slot_ends[1, e - m] == j
        if same:
            return place
        place = (place + 1) & mask
    return place


@kernel
def list_pairs(table: I32, ends: U32, slot_ends: U32) -> None:
    """Enter every edge and every pair on trial into an empty table.

    Parameters
    ----------
    table : int32[p], out
        See `pair_place`.
    ends : uint32[2, m], in
        The edges.
    slot_ends : uint32[2, s], in
        The slots.
    """
    table[:] = -1
    m = ends.shape[1]
    for e in range(m):
        table[pair_place(table, ends, slot_ends, int(ends[0, e]), int(ends[1, e]))] = e
    for s in range(slot_ends.shape[1]):
        i, j = int(slot_ends[0, s]), int(slot_ends[1, s])
        if i < j:
            table[pair_place(table, ends, slot_ends, i, j)] = m + s


@kernel
def try_pair(table: I32, ends: U32, slot_ends: U32, slots: F32, s: int, i: int, j: int) -> bool:
    """Put a pair on trial, unless it is known.

    Parameters
    ----------
    table : int32[p], in/out
        See `pair_place`.
    ends : uint32[2, m], in
        The edges.
    slot_ends : uint32[2, s], in/out
        The slots.
    slots : float32[5, s], in/out
        Their sums.
    s : int
        A free slot.
    i, j : int
        Two series.

    Returns
    -------
    bool
        True when the slot is taken.
    """
    if i == j:
        return False
    source, target = min(i, j), max(i, j)
    place = pair_place(table, ends, slot_ends, source, target)
    if table[place] >= 0:
        return False
    table[place] = ends.shape[1] + s
    slot_ends[0, s] = source
    slot_ends[1, s] = target
    for row in range(slots.shape[0]):
        slots[row, s] = 0.0
    return True


@kernel
def draw_alike(order: I32, code: I32, begin: I32, total: int, seed: U64) -> tuple[int, int]:
    """Draw two series of one code.

    Parameters
    ----------
    order, code, begin : int32[n], in
        From `sort_by_code`: series, their codes, and where each code begins.
    total : int
        Series that are sorted.
    seed : uint64[1], in/out
        State of the generator.

    Returns
    -------
    int, int
        The pair; twice the same when there is none.
    """
    if total == 0:
        return 0, 0
    first = order[draw(seed) % total]
    start = begin[code[first]]
    end = start
    while end < total and code[order[end]] == code[first]:
        end += 1
    return first, order[start + draw(seed) % (end - start)]


@kernel
def draw_two(listed: I32, count: int, seed: U64) -> tuple[int, int]:
    """Draw two series of a list.

    Parameters
    ----------
    listed : int32[n], in
        Series.
    count : int
        How many are listed.
    seed : uint64[1], in/out
        State of the generator.

    Returns
    -------
    int, int
        The pair; twice the same when there is none.
    """
    if count == 0:
        return 0, 0
    return listed[draw(seed) % count], listed[draw(seed) % count]

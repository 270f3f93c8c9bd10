"""Twins of the kernels of edges, slots and the search for pairs, written from the formulas."""

from __future__ import annotations

import math

import numpy as np

import naive
from hebbstream.arrays import F32, F64, I32, I64, U32
from hebbstream.kernels import layout as at

WORD = (1 << 64) - 1


def settle_edge(
    values: F64, ticks: I64, e: int, r: float, limits: F64, elapsed: int, *, still: bool
) -> tuple[F64, I64]:
    """W = sign r (|r| - l1) under Hebb; weak: |r| - l1 < prune, |w| < small, or still."""
    prune, _, rule, shrink, small = limits[:5]
    v, t = values.copy(), ticks.copy()
    turned = r * v[at.WEIGHT, e] < 0
    if rule == at.EDGE_HEBB and not turned:
        v[at.WEIGHT, e] = math.copysign(max(abs(r) - shrink, 1e-4), r) if shrink else r
    weak = abs(r) - shrink < prune or still or (not turned and abs(v[at.WEIGHT, e]) < small)
    t[at.LOW_TICKS, e] = t[at.LOW_TICKS, e] + elapsed if weak else 0
    t[at.BROKEN_TICKS, e] += elapsed * (v[at.EDGE_BREAK, e] >= 2.25)
    return v, t


def refresh_edges(
    traces: F64, activity: F64, ends: U32, values: F64, ticks: I64, limits: F64, elapsed: int
) -> tuple[F64, I64]:
    """Traces of the pairs; `settle_edge` with r_ij, still where A <= limits[5]."""
    r, v, t = naive.correlations(traces, activity), values.copy(), ticks.copy()
    for e, (i, j) in enumerate(ends.T.tolist()):
        v[at.TRACE, e] = traces[naive.pair_index(i, j, activity.shape[1])]
        still = bool(activity[at.ACTIVITY, [i, j]].min() <= limits[5])
        v, t = settle_edge(v, t, e, r[i, j], limits, elapsed, still=still)
    return v, t


def refresh_own(
    activity: F64, ends: U32, values: F64, ticks: I64, limits: F64, rate: float, elapsed: int
) -> tuple[F64, I64]:
    """Scale sums to a weight of 1 / rho at most; trace = mean product; `settle_edge`."""
    v, t = values.copy(), ticks.copy()
    for e, (i, j) in enumerate(ends.T.tolist()):
        own = v[at.OWN : at.OWN + 4, e]
        own /= max(1.0, own[3] * rate)
        v[at.TRACE, e] = own[0] / own[3]
        still = bool(activity[at.ACTIVITY, [i, j]].min() <= limits[5] or own[3] < 4)
        v, t = settle_edge(v, t, e, own_correlation(own), limits, elapsed, still=still)
    return v, t


def move_weight(weight: float, step: float, shrink: float) -> float:
    """W + step - l1 towards 0, of the same sign, from 1e-4 to 0.9999."""
    side = 1.0 if weight >= 0 else -1.0
    return side * min(0.9999, max(1e-4, side * (weight + step) - shrink))


def learn_edges_oja(
    z: F64, present: F64, ends: U32, values: F64, clip: float, rate: float, shrink: float
) -> F64:
    """Change dw = eta (z_i z_j - (z_i^2 + z_j^2) / 2 w), both ends as y; eta p <= 1."""
    q, v = np.clip(z, -clip, clip), values.copy()
    for e, (i, j) in enumerate(ends.T.tolist()):
        p = (q[i] ** 2 + q[j] ** 2) / 2
        if present[i] and present[j] and p > 0:
            eta, w = min(rate, 1 / p), v[at.WEIGHT, e]
            v[at.WEIGHT, e] = move_weight(w, eta * (q[i] * q[j] - p * w), eta * p * shrink)
    return v


def learn_edges_delta(
    z: F64, present: F64, ends: U32, values: F64, clip: float, rate: float, shrink: float
) -> F64:
    """Change dw_ij = eta / 2 (z_j e_i / (1 + sum z^2) + z_i e_j / (1 + sum z^2)), e = z - W z."""
    q, v, n = np.clip(z, -clip, clip) * present, values.copy(), len(z)
    weights = np.zeros((n, n))
    weights[ends[0], ends[1]] = weights[ends[1], ends[0]] = v[at.WEIGHT]
    linked = (weights != 0) * np.outer(present, present)
    error, power = q - (weights * linked) @ q, 1 + linked @ q**2
    for e, (i, j) in enumerate(ends.T.tolist()):
        if present[i] and present[j]:
            step = rate / 2 * (q[j] * error[i] / power[i] + q[i] * error[j] / power[j])
            v[at.WEIGHT, e] = move_weight(v[at.WEIGHT, e], step, rate * shrink)
    return v


def turn_block(values: F64, gates: F64, rate: float) -> tuple[F64, F64, float]:
    """Rows of sqrt(weight) x and sqrt(weight), weight g_t prod (1 - rho g_s); what is kept."""
    pace, keep = np.zeros(len(values)), 1.0
    for t in range(len(values) - 1, -1, -1):
        pace[t] = math.sqrt(gates[t].max() * keep)
        keep *= 1 - rate * gates[t].max()
    there = (gates > 0) * pace[:, None]
    return (there * values).T, there.T, keep


def fold_pairs(ends: U32, sums: F64, samples: F64, there: F64, keep: float) -> F64:
    """S <- keep S + sum over the ticks where both are: w x y, w x^2, w y^2, w."""
    folded = sums.copy()
    for e, (i, j) in enumerate(ends.T.tolist()):
        if i < j:
            both = there[i] * there[j] > 0
            a, b, w = samples[i, both], samples[j, both], there[i, both]
            folded[:4, e] = keep * sums[:4, e] + [a @ b, a @ a, b @ b, w @ w]
    return folded


def own_correlation(sums: F64) -> float:
    """R = S_xy / sqrt(S_xx S_yy)."""
    power = float(sums[1]) * float(sums[2])
    return max(-0.9999, min(0.9999, float(sums[0]) / math.sqrt(power))) if power > 0 else 0.0


def own_count(weight: float, rate: float) -> float:
    """Square of the sum over the sum of squares, of weights (1 - rho)^age with that sum."""
    age = math.log(max(1 - rate * min(weight, 1 / rate), 1e-300)) / math.log(1 - rate)
    k = 1 - rate
    return float(((1 - k**age) / (1 - k)) ** 2 / ((1 - k ** (2 * age)) / (1 - k * k)))


def slot_sigmas(activity: F64, pairs: U32, sums: F64, rate: float) -> F64:
    """`sigmas_of` each pair's own correlation and count."""
    return np.array(
        [
            naive.sigmas_of(activity, i, j, abs(own_correlation(s)), own_count(s[3], rate))
            for (i, j), s in zip(pairs.T.tolist(), sums.T, strict=True)
        ]
    )


def strongest_lists(
    ends: U32, own: F64, slot_ends: U32, slots: F64, activity: F64, s: int, judged: F64, rate: float
) -> list[list[float]]:
    """For each series, the s largest |r| among its edges and the slots that may grow."""
    least, grow, needed, trial = judged
    listed: list[list[float]] = [[] for _ in range(activity.shape[1])]
    for pair, sums in zip(ends.T.tolist(), own.T, strict=True):
        for j in pair:
            listed[j].append(abs(own_correlation(sums)))
    for (i, j), sums in zip(slot_ends.T.tolist(), slots.T, strict=True):
        r = abs(own_correlation(sums))
        sigmas = naive.sigmas_of(activity, i, j, r, own_count(sums[3], rate))
        moves = min(activity[at.ACTIVITY, [i, j]]) > least
        if i < j and r >= grow and sigmas > needed and sums[4] >= trial / 2 and moves:
            listed[i].append(r)
            listed[j].append(r)
    return [sorted(row, reverse=True)[:s] for row in listed]


def list_edges(ends: U32, own: F64, n: int, s: int) -> list[list[float]]:
    """`strongest_lists` without slots."""
    none = np.zeros((2, 0), np.uint32), np.zeros((5, 0))
    return strongest_lists(ends, own, *none, np.zeros((at.ACTIVITY_ROWS, n)), s, np.zeros(4), 0.1)


def list_ripe(
    ends: U32, own: F64, slot_ends: U32, slots: F64, activity: F64, s: int, judged: F64, rate: float
) -> list[list[float]]:
    """`strongest_lists` of both."""
    return strongest_lists(ends, own, slot_ends, slots, activity, s, judged, rate)


def end_trials(
    slot_ends: U32, slots: F64, activity: F64, lowest: F64, judged: F64, rate: float, elapsed: int
) -> list[bool]:
    """Free: two errors below grow, too long, still, or significant and not among the strongest."""
    least, grow, needed, trial = judged
    ended: list[bool] = []
    for (i, j), sums in zip(slot_ends.T.tolist(), slots.T, strict=True):
        r, age = abs(own_correlation(sums)), sums[4] + elapsed
        count = own_count(sums[3], rate)
        sigmas = naive.sigmas_of(activity, i, j, r, count)
        error = math.atanh(r) / sigmas if sigmas > 0 else math.inf
        hopeless = count >= 12 and math.atanh(r) + 2 * error < math.atanh(grow)
        ended.append(
            i >= j
            or hopeless
            or (age >= trial and r < grow)
            or age >= 64 * trial
            or bool(min(activity[at.ACTIVITY, [i, j]]) <= least)
            or bool(sigmas > needed and r >= grow and r < min(lowest[i], lowest[j]) - 1e-6)
        )
    return ended


def draw(seed: int) -> tuple[int, int]:
    """Xorshift with 13, 7, 17; the upper 31 bits."""
    x = seed ^ (seed << 13) & WORD
    x ^= x >> 7
    x ^= (x << 17) & WORD
    return x, x >> 33


def draw_signs(seed: int, count: int) -> tuple[int, list[float]]:
    """Give 1 for odd draws, -1 for even ones."""
    signs = []
    for _ in range(count):
        seed, x = draw(seed)
        signs.append(1.0 if x % 2 else -1.0)
    return seed, signs


def code_series(turned: F64, signs: F64, code: I32) -> I32:
    """Append the sign of the projection as a bit; -1 stays."""
    return np.where(code < 0, -1, 2 * code + (turned @ signs > 0)).astype(np.int32)


def sort_by_code(code: I32, bits: int) -> tuple[list[int], list[int]]:
    """Codes and their complements as one; series in order of code."""
    codes = [int(min(c, 2**bits - 1 - c)) if c >= 0 else -1 for c in code]
    return codes, sorted((j for j, c in enumerate(codes) if c >= 0), key=lambda j: (codes[j], j))


def list_beyond(values: F32, limit: float) -> list[int]:
    """Where |x| > limit."""
    return [int(j) for j in np.flatnonzero(np.abs(values) > limit)]


def choose_mates(ends: U32, first: int, n: int) -> list[int]:
    """Give each series its partner in the last edge, counted from `first`; else itself."""
    mate = list(range(n))
    for i, j in np.roll(ends, -first, axis=1).T.tolist():
        mate[i], mate[j] = j, i
    return mate


def pair_place(known: list[tuple[int, int]], pair: tuple[int, int]) -> int:
    """Give the number of the pair among those known; -1 where it is not."""
    return known.index(pair) if pair in known else -1


def list_pairs(ends: U32, slot_ends: U32) -> dict[tuple[int, int], int]:
    """Give the number of each edge, and of each busy slot after the edges."""
    listed = [tuple(pair) for pair in np.hstack([ends, slot_ends]).T.tolist()]
    return {(i, j): number for number, (i, j) in enumerate(listed) if i < j}


def try_pair(known: set[tuple[int, int]], i: int, j: int) -> tuple[int, int] | None:
    """Give the pair in order, unless it is known or no pair."""
    pair = (min(i, j), max(i, j))
    return None if i == j or pair in known else pair


def draw_two(listed: list[int], seed: int) -> tuple[int, int]:
    """Two of the list; twice 0 where it is empty."""
    if not listed:
        return 0, 0
    seed, first = draw(seed)
    seed, second = draw(seed)
    return listed[first % len(listed)], listed[second % len(listed)]


def draw_alike(order: list[int], codes: list[int], seed: int) -> tuple[int, int]:
    """One of all, and one of those with its code."""
    seed, first = draw(seed)
    seed, second = draw(seed)
    chosen = order[first % len(order)]
    alike = [j for j in order if codes[j] == codes[chosen]]
    return chosen, alike[second % len(alike)]

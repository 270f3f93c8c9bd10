"""The few directions in which a group's series move together, and what they leave unexplained.

Deflated Oja with the PASTd gain (rules.py); components grow and prune by energy as in SPIRIT
(Papadimitriou, Sun and Faloutsos 2005, "Streaming pattern discovery in multiple time-series").
"""

from __future__ import annotations

import math

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels.layout import (
    AGE,
    COMPONENTS,
    ENERGY,
    ENERGY_COUNT,
    ENERGY_TOTAL,
    GAIN,
    PAST_PRESENT,
    PAST_ROWS,
    PAST_Z,
    PRESENT,
    RESIDUAL_COUNT,
    RESIDUAL_VARIANCE,
    Z,
)
from hebbstream.kernels.rules import FLUSH, oja_pastd

#: A component that grows starts with this many squared norms of its residual as PASTd's d.
BIRTH_GAIN = 10.0
#: Added to the residual's sigma, so that a perfectly explained series is not infinitely surprising.
RESIDUAL_FLOOR = 0.01


@kernel
def unexplained(weights: F32, k: int, z: F32, clip: float, rest: F32, hat: F32) -> None:
    """Take what the components explain off a frame; learn nothing.

    Parameters
    ----------
    weights : float32[components_max, n], in
        Unit rows, the first k in use.
    k : int
        Components in use.
    z : float32[n], in
        Standardised frame, 0 where missing.
    clip : float64
        Sigmas beyond which a sample counts no more.
    rest : float32[n], out
        Residual of every series; of a missing one, minus what its peers say.
    hat : float32[n], out
        Diagonal of the projection: the share of itself in each series' explanation.
    """
    n = z.shape[0]
    limit = np.float32(clip)
    for i in range(n):
        rest[i] = min(max(z[i], -limit), limit)
        hat[i] = 0.0
    if k == 0:
        return
    y = np.float32(0.0)
    for i in range(n):
        y += weights[0, i] * rest[i]
    for c in range(k - 1):
        # What a component explains is taken off and faced with the next one in one pass.
        row, following = weights[c], weights[c + 1]
        ahead = np.float32(0.0)
        for i in range(n):
            w = row[i]
            left = rest[i] - y * w
            rest[i] = left
            hat[i] += w * w
            ahead += following[i] * left
        y = ahead
    row = weights[k - 1]
    for i in range(n):
        w = row[i]
        rest[i] -= y * w
        hat[i] += w * w


@kernel
def surprise(rest: F32, residual: F64, present: F32, out: F64) -> None:
    """Express the residual in its own sigmas.

    Parameters
    ----------
    rest : float32[n], in
        From `unexplained`.
    residual : float64[2, n], in
        State, see layout.
    present : float32[n], in
        1 where there is a sample.
    out : float64[n], out
        u, 0 where missing.
    """
    floor = np.float32(RESIDUAL_FLOOR)
    for i in range(rest.shape[0]):
        sigma = math.sqrt(np.float32(residual[RESIDUAL_VARIANCE, i])) + floor
        out[i] = present[i] * rest[i] / sigma


@kernel
def face_past(single: F32, past: F32, n: int) -> None:
    """Lay the frames before beside this one, so that components see how series follow each other.

    Parameters
    ----------
    single : float32[5, (1 + l) n], in/out
        Scratch; z and present of this frame are there, those of the l before it are written.
    past : float32[2 l, n], in
        State, see layout.
    n : int
        Series.
    """
    z, present = single[Z], single[PRESENT]
    for lag in range(past.shape[0] // PAST_ROWS):
        before, there = past[PAST_ROWS * lag + PAST_Z], past[PAST_ROWS * lag + PAST_PRESENT]
        for i in range(n):
            z[(lag + 1) * n + i] = before[i]
            present[(lag + 1) * n + i] = there[i]


@kernel
def keep_past(single: F32, past: F32, n: int, clip: float) -> None:
    """Remember this frame, and forget the oldest one.

    Parameters
    ----------
    single : float32[5, (1 + l) n], in
        Scratch, z and present.
    past : float32[2 l, n], in/out
        State, see layout.
    n : int
        Series.
    clip : float64
        Sigmas a sample is cut to.
    """
    limit = np.float32(clip)
    z, present = single[Z], single[PRESENT]
    for row in range(past.shape[0] - 1, PAST_ROWS - 1, -1):
        for i in range(n):
            past[row, i] = past[row - PAST_ROWS, i]
    if past.shape[0] > 0:
        for i in range(n):
            past[PAST_Z, i] = min(max(z[i], -limit), limit)
            past[PAST_PRESENT, i] = present[i]


@kernel
def learn_residual(
    rest: F32, residual: F64, present: F32, rate: float, gate: float, clip: float, warmup: float
) -> None:
    """Move the residual's variance of each series towards a frame, winsorised.

    Parameters
    ----------
    rest : float32[n], in
        From `unexplained`.
    residual : float64[2, n], in/out
        State, see layout.
    present : float32[n], in
        1 where there is a sample.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    clip : float64
        Sigmas beyond which a residual teaches no more.
    warmup : float64
        Samples before that limit applies.
    """
    most, floor = np.float32(clip), np.float32(RESIDUAL_FLOOR)
    for i in range(rest.shape[0]):
        # A step of 0 in place of a branch: several series are then taken at once.
        count, variance = residual[RESIDUAL_COUNT, i], residual[RESIDUAL_VARIANCE, i]
        square = rest[i] * rest[i]
        limit = most * (math.sqrt(np.float32(variance)) + floor)
        square = min(square, limit * limit) if count >= warmup else square
        step = max(rate, 1.0 / (count + 1.0)) * gate * present[i]
        residual[RESIDUAL_VARIANCE, i] = variance + step * (square - variance)
        residual[RESIDUAL_COUNT, i] = count + present[i]


@kernel
def activate(components: F64, c: int, activation: float, rate: float, gate: float) -> None:
    """Let a component's gain and energy learn its activation.

    Parameters
    ----------
    components : float64[3, components_max], in/out
        PASTd's d, energy and age, see layout.
    c : int
        Which component.
    activation : float64
        Its row times the lesson.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    """
    square = activation * activation
    components[GAIN, c] += gate * (square - rate * components[GAIN, c])
    step = max(rate, 1.0 / (components[AGE, c] + 1.0)) * gate
    components[ENERGY, c] += step * (square - components[ENERGY, c])
    components[AGE, c] += 1.0


@kernel
def learn_whole(
    weights: F32, components: F64, lesson: F32, power: float, rate: float, gate: float
) -> None:
    """Turn unit rows towards a lesson that misses no sample: one pass a component.

    The same as `oja_pastd` row by row. A row's length after its step follows from that before, its
    activation and the lesson's power, so it is turned, scaled and taken off the lesson in one pass,
    in which the next row is faced with what is left.

    Parameters
    ----------
    weights : float32[k, n], in/out
        Rows; of length 1 on return.
    components : float64[3, components_max], in/out
        PASTd's d, energy and age, see layout.
    lesson : float32[n], in/out
        What is learnt, on return without what the components now explain.
    power : float64
        Its squared length.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    """
    k, n = weights.shape
    zero, flush = np.float32(0.0), np.float32(FLUSH)
    y, square = zero, zero
    for i in range(n):
        y += weights[0, i] * lesson[i]
        square += weights[0, i] * weights[0, i]
    for c in range(k):
        s = float(y)
        activate(components, c, s, rate, gate)
        step = gate * s / (components[GAIN, c] + 1e-9)
        keep = 1.0 - step * s
        length = math.sqrt(
            max(keep * keep * square + 2.0 * keep * step * s + step * step * power, 1e-30)
        )
        kept, turned = np.float32(keep / length), np.float32(step / length)
        off = np.float32((keep * s + step * power) / length)
        row = weights[c]
        y, left, square = zero, zero, zero
        if c + 1 < k:
            following = weights[c + 1]
            for i in range(n):
                w = kept * row[i] + turned * lesson[i]
                w = w if abs(w) >= flush else zero
                row[i] = w
                q = lesson[i] - off * w
                lesson[i] = q
                y += following[i] * q
                square += following[i] * following[i]
                left += q * q
            power = float(left)
        else:
            for i in range(n):
                w = kept * row[i] + turned * lesson[i]
                w = w if abs(w) >= flush else zero
                row[i] = w
                lesson[i] -= off * w


@kernel
def learn_subspace(
    weights: F32,
    components: F64,
    totals: F64,
    z: F32,
    present: F32,
    lesson: F32,
    rate: float,
    gate: float,
    clip: float,
) -> None:
    """Turn the components towards a frame and update their energies.

    Parameters
    ----------
    weights : float32[components_max, n], in/out
        Unit rows, the first k in use.
    components : float64[3, components_max], in/out
        PASTd's d, energy and age, see layout.
    totals : float64[3], in/out
        Count of components, energy of what is learnt, tick count.
    z, present : float32[n], in
        Standardised frame and where it has samples.
    lesson : float32[n], out
        What is learnt, on return without what the components now explain.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    clip : float64
        Sigmas a sample is cut to before it is learnt.
    """
    n = z.shape[0]
    limit = np.float32(clip)
    power, missing = np.float32(0.0), np.float32(0.0)
    for i in range(n):
        q = min(max(z[i], -limit), limit)
        lesson[i] = q
        power += q * q
        missing += np.float32(1.0) - present[i]
    step = max(rate, 1.0 / (totals[ENERGY_COUNT] + 1.0)) * gate
    totals[ENERGY_TOTAL] += step * (power - totals[ENERGY_TOTAL])
    totals[ENERGY_COUNT] += 1.0
    k = int(totals[COMPONENTS])
    if missing == 0.0 and k > 0:
        learn_whole(weights[:k], components, lesson, float(power), rate, gate)
        return
    for c in range(k):
        row = weights[c]
        y = np.float32(0.0)
        for i in range(n):
            y += row[i] * lesson[i]
        activate(components, c, float(y), rate, gate)
        oja_pastd(row, lesson, present, float(y), components[GAIN, c], gate)


@kernel
def adapt_components(
    weights: F32,
    components: F64,
    totals: F64,
    lesson: F32,
    energy_min: float,
    energy_max: float,
    components_min: float,
    components_max: float,
) -> int:
    """Grow a component on the residual, or prune the last one, as the energies say.

    Parameters
    ----------
    weights, components, totals : in/out
        As in `learn_subspace`.
    lesson : float32[n], in
        The residual that `learn_subspace` left.
    energy_min, energy_max : float64
        Grow below the one; prune when the others hold more than the other.
    components_min, components_max : float64
        Bounds; the upper one below the number of series.

    Returns
    -------
    int
        1 when a component was grown, -1 when the last was pruned, else 0.
    """
    k = int(totals[COMPONENTS])
    held = 0.0
    for c in range(k):
        held += components[ENERGY, c]
    n = weights.shape[1]
    if held < energy_min * totals[ENERGY_TOTAL] and k < components_max:
        power = 0.0
        for i in range(n):
            power += float(lesson[i]) * float(lesson[i])
        if power < 1e-12:
            return 0
        scale = 1.0 / math.sqrt(power)
        for i in range(n):
            weights[k, i] = lesson[i] * scale
        components[GAIN, k] = BIRTH_GAIN * power
        components[ENERGY, k] = 0.0
        components[AGE, k] = 0.0
        totals[COMPONENTS] = k + 1.0
        return 1
    if k > components_min and held - components[ENERGY, k - 1] > energy_max * totals[ENERGY_TOTAL]:
        for i in range(n):
            weights[k - 1, i] = 0.0
        for row in range(components.shape[0]):
            components[row, k - 1] = 0.0
        totals[COMPONENTS] = k - 1.0
        return -1
    return 0

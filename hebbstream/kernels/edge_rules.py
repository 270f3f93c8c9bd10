"""Rules by which the weight of an edge learns, where it is not the correlation itself.

Oja (1982) for one pair, taken both ways, and the delta rule of Widrow and Hoff (1960), in which
each series is predicted from all its partners: Hebbian in what is there, anti-Hebbian in what was
predicted. Both keep the sign of the weight; a relation that turns is flipped by the graph.
"""

from __future__ import annotations

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64, U32
from hebbstream.kernels.edges import SIGN_MIN, WEIGHT_LIMIT
from hebbstream.kernels.layout import WEIGHT

#: Keeps the step of the delta rule finite while the partners are at rest.
POWER_FLOOR = 1.0


@kernel
def move_weight(weight: float, step: float, shrink: float) -> float:
    """Move a weight, pull it towards 0, and keep its sign and its bound.

    Parameters
    ----------
    weight, step : float64
        Where it is, and how far it goes.
    shrink : float64
        What it loses (soft threshold).

    Returns
    -------
    float64
        At least 1e-4 and at most 0.9999 of the same sign.
    """
    side = 1.0 if weight >= 0.0 else -1.0
    size = side * (weight + step) - shrink
    return side * min(max(size, SIGN_MIN), WEIGHT_LIMIT)


@kernel
def learn_edges_oja(
    z: F32, present: F32, ends: U32, edge_values: F32, clip: float, rate: float, shrink: float
) -> None:
    """Turn each weight towards the correlation of its ends, as fast as they move.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    ends : uint32[2, m], in
        Source and target of each edge.
    edge_values : float32[23, m], in/out
        State of the edges; their weights move.
    clip : float64
        Sigmas a sample is cut to.
    rate : float64
        Step for ends of one sigma; no frame moves a weight past its own ratio.
    shrink : float64
        L1: what each weight loses at a step of 1.
    """
    for e in range(ends.shape[1]):
        i, j = ends[0, e], ends[1, e]
        if present[i] == 0.0 or present[j] == 0.0:
            continue
        a = min(max(float(z[i]), -clip), clip)
        b = min(max(float(z[j]), -clip), clip)
        power = 0.5 * (a * a + b * b)
        if power <= 0.0:
            continue
        step = min(rate * power, 1.0)
        w = edge_values[WEIGHT, e]
        edge_values[WEIGHT, e] = move_weight(w, step * (a * b / power - w), step * shrink)


@kernel
def learn_edges_delta(
    z: F32,
    present: F32,
    ends: U32,
    edge_values: F32,
    predicted: F64,
    power: F64,
    clip: float,
    rate: float,
    shrink: float,
) -> None:
    """Let each series be predicted from all its partners, and correct the weights that did it.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    ends : uint32[2, m], in
        Source and target of each edge.
    edge_values : float32[23, m], in/out
        State of the edges; their weights move.
    predicted, power : float64[n], out
        What the partners say of each series, and their summed squares.
    clip : float64
        Sigmas a sample is cut to.
    rate : float64
        Share of the error that one frame corrects, in [0, 1].
    shrink : float64
        L1: what each weight loses at a rate of 1.
    """
    for j in range(predicted.shape[0]):
        predicted[j] = 0.0
        power[j] = POWER_FLOOR
    for e in range(ends.shape[1]):
        i, j = ends[0, e], ends[1, e]
        if present[i] == 0.0 or present[j] == 0.0:
            continue
        a = min(max(float(z[i]), -clip), clip)
        b = min(max(float(z[j]), -clip), clip)
        w = edge_values[WEIGHT, e]
        predicted[i] += w * b
        predicted[j] += w * a
        power[i] += b * b
        power[j] += a * a
    for e in range(ends.shape[1]):
        i, j = ends[0, e], ends[1, e]
        if present[i] == 0.0 or present[j] == 0.0:
            continue
        a = min(max(float(z[i]), -clip), clip)
        b = min(max(float(z[j]), -clip), clip)
        source = b * (a - predicted[i]) / power[i]
        target = a * (b - predicted[j]) / power[j]
        w = edge_values[WEIGHT, e]
        edge_values[WEIGHT, e] = move_weight(w, 0.5 * rate * (source + target), rate * shrink)

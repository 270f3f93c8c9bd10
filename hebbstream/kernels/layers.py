"""Learning rules for several units on the same frame: Oja's matrix form, Sanger, lateral pairs.

Oja (1982); Sanger (1989), "Optimal unsupervised learning in a single-layer linear feedforward
neural network"; Foldiak (1990), "Forming sparse representations by local anti-Hebbian learning";
Pehlevan and Chklovskii (2015), "A Hebbian/anti-Hebbian network derived from online non-metric
similarity matching"; Kung, Diamantaras and Taur (1994), "Adaptive principal component extraction
(APEX)", whose lateral weights run one way only.
"""

from __future__ import annotations

import math

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64
from hebbstream.kernels.rules import FLUSH, oja

#: Passes in which the units of a symmetric pair settle on their activations.
SETTLING_PASSES = 8
#: A lateral weight's largest size, which keeps a unit that hardly ever fires from growing one.
LATERAL_LIMIT = 10.0
#: A gain is kept above this, so that silence does not make the next frame all that is known.
PAIR_GAIN_MIN = 1e-3


@kernel
def project(row: F32, frame: F32) -> float:
    """Activation of one unit.

    Parameters
    ----------
    row, frame : float32[n], in
        Its weights, and the activity of its inputs.

    Returns
    -------
    float64
        Their dot product.
    """
    y = np.float32(0.0)
    for i in range(row.shape[0]):
        y += row[i] * frame[i]
    return float(y)


@kernel
def normalise(row: F32) -> None:
    """Bring a row of weights back to length 1 and flush what has faded.

    Parameters
    ----------
    row : float32[n], in/out
        Weights of one unit; a row of zeros stays.
    """
    norm = project(row, row)
    if norm <= 0.0:
        return
    scale = np.float32(1.0 / math.sqrt(norm))
    for i in range(row.shape[0]):
        w = row[i] * scale
        row[i] = w if abs(w) >= np.float32(FLUSH) else np.float32(0.0)


@kernel
def oja_matrix(weights: F32, frame: F32, present: F32, activation: F64, rate: float) -> None:
    """Turn every unit by Oja's rule, each on its own: all find the first principal component.

    Parameters
    ----------
    weights : float32[k, n], in/out
        A row per unit.
    frame, present : float32[n], in
        Activity of the inputs, 0 where missing, and where there is a sample.
    activation : float64[k], out
        Of each unit, before the step.
    rate : float64
        Learning rate, from `pace`.
    """
    for c in range(weights.shape[0]):
        activation[c] = project(weights[c], frame)
        oja(weights[c], frame, present, activation[c], rate)


@kernel
def sanger(row: F32, rest: F32, present: F32, activation: float, rate: float) -> None:
    """Turn one unit towards the frame without what it and the units before it say.

    Called for one unit after the other this is dW = rate (y x' - LT(y y') W).

    Parameters
    ----------
    row : float32[n], in/out
        Weights of one unit.
    rest : float32[n], in/out
        The frame without what the units before said with their old weights; on return without
        what this one said, too.
    present : float32[n], in
        1 where there is a sample; the weights of the others stay.
    activation : float64
        row . frame before the step, of the whole frame.
    rate : float64
        Learning rate, from `pace`.
    """
    s = np.float32(activation)
    step = np.float32(rate * activation)
    for i in range(row.shape[0]):
        w = row[i]
        rest[i] -= s * w * present[i]
        row[i] = w + step * rest[i]


@kernel
def settle(drive: F64, lateral: F64, activation: F64) -> None:
    """Let units that inhibit each other find activations: (1 + lateral) activation = drive.

    Parameters
    ----------
    drive : float64[k], in
        What the inputs tell each unit.
    lateral : float64[k, k], in
        Lateral weights; the diagonal is not read.
    activation : float64[k], out
        Of each unit, after passes of Gauss and Seidel.
    """
    for c in range(drive.shape[0]):
        activation[c] = 0.0
    for _ in range(SETTLING_PASSES):
        for c in range(drive.shape[0]):
            y = drive[c]
            for j in range(drive.shape[0]):
                if j != c:
                    y -= lateral[c, j] * activation[j]
            activation[c] = y


@kernel
def lateral_pair(
    weights: F32, lateral: F64, gains: F64, frame: F32, activation: F64, rate: float
) -> None:
    """Learn forward weights by Hebb and lateral ones against him, with no order of the units.

    The rows of (1 + lateral)^-1 weights become orthonormal and span the principal subspace.

    Parameters
    ----------
    weights : float32[k, n], in/out
        Forward weights.
    lateral : float64[k, k], in/out
        Lateral weights, diagonal 0.
    gains : float64[k], in/out
        Decayed sum of each unit's squared activation, above 0.
    frame : float32[n], in
        Activity of the inputs.
    activation : float64[k], in
        Of each unit, from `settle`.
    rate : float64
        Share of a gain that fades at every step.
    """
    for c in range(weights.shape[0]):
        y = activation[c]
        gains[c] = max((1.0 - rate) * gains[c] + y * y, PAIR_GAIN_MIN)
        step = y / gains[c]
        row = weights[c]
        for i in range(row.shape[0]):
            row[i] += step * (frame[i] - y * row[i])
        for j in range(lateral.shape[1]):
            if j != c:
                lateral[c, j] += step * (activation[j] - y * lateral[c, j])


@kernel
def lateral_ordered(
    weights: F32,
    lateral: F64,
    frame: F32,
    present: F32,
    activation: F64,
    c: int,
    rate: float,
) -> None:
    """Learn one unit that hears the units before it, and learns not to repeat them.

    The rows themselves become the principal components in order, and the lateral weights fade.

    Parameters
    ----------
    weights : float32[k, n], in/out
        Forward weights.
    lateral : float64[k, k], in/out
        `lateral[j, c]` is what unit c takes off for each unit j < c.
    frame, present : float32[n], in
        Activity of the inputs, 0 where missing, and where there is a sample.
    activation : float64[k], in/out
        Of the units before on entry, of this one too on return.
    c : int
        The unit; called for 0, 1, 2 ...
    rate : float64
        Learning rate, from `pace`.
    """
    row = weights[c]
    y = project(row, frame)
    for j in range(c):
        y -= lateral[j, c] * activation[j]
    activation[c] = y
    # A unit that shouts because of its lateral weights must not overshoot by them.
    step = rate / max(1.0, rate * y * y)
    oja(row, frame, present, y, step)
    for j in range(c):
        moved = lateral[j, c] + step * y * (activation[j] - y * lateral[j, c])
        lateral[j, c] = min(max(moved, -LATERAL_LIMIT), LATERAL_LIMIT)

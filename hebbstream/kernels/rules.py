"""Learning rules for one unit: Hebb with decay, and the default, Oja's rule with the PASTd gain.

Hebb (1949); Oja (1982), "A simplified neuron model as a principal component analyzer"; Yang (1995),
"Projection approximation subspace tracking", whose running gain d replaces the fixed step that
diverges on real data.
"""

from __future__ import annotations

import math

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32

#: Weights below this become 0: subnormal numbers are ten times slower.
FLUSH = 1e-20


@kernel
def hebb_decay(weights: F32, frame: F32, activation: float, rate: float, decay: float) -> None:
    """Strengthen each weight by the product of both its ends; let all of them fade.

    Parameters
    ----------
    weights : float32[n], in/out
        Weights of one unit.
    frame : float32[n], in
        Activity of the inputs.
    activation : float64
        Activity of the unit.
    rate : float64
        Learning rate; 0 learns nothing.
    decay : float64
        Share of a weight that fades at every step.
    """
    for i in range(weights.shape[0]):
        w = weights[i]
        weights[i] = w + rate * activation * frame[i] - decay * w


@kernel
def oja_pastd(
    weights: F32, lesson: F32, present: F32, activation: float, gain: float, gate: float
) -> None:
    """Turn one unit row towards the lesson, renormalise it, and take off what it explains.

    Parameters
    ----------
    weights : float32[n], in/out
        A row of length 1.
    lesson : float32[n], in/out
        What the components before this one left over; on return what this one leaves over.
    present : float32[n], in
        1 where there is a sample; the weights of the others keep their proportions.
    activation : float64
        weights . lesson before the step.
    gain : float64
        PASTd's d after this activation entered it, above 0.
    gate : float64
        Factor on the step, in [0, 1].
    """
    n = weights.shape[0]
    step = np.float32(gate * activation / (gain + 1e-9))
    s = np.float32(activation)
    norm = np.float32(0.0)
    left = np.float32(0.0)
    for i in range(n):
        w = weights[i] + step * (lesson[i] - s * weights[i] * present[i])
        weights[i] = w
        norm += w * w
        left += w * lesson[i]
    if norm <= np.float32(0.0):
        return
    scale = np.float32(1.0 / math.sqrt(norm))
    left *= scale
    for i in range(n):
        w = weights[i] * scale
        if abs(w) < np.float32(FLUSH):
            w = np.float32(0.0)
        weights[i] = w
        lesson[i] -= left * w * present[i]

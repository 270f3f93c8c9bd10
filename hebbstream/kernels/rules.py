"""Learning rules for one unit: Hebb and its decays, Oja, BCM, an activity switch, Oja with PASTd.

Hebb (1949); Oja (1982), "A simplified neuron model as a principal component analyzer"; Bienenstock,
Cooper and Munro (1982), "Theory for the development of neuron selectivity"; Law and Cooper (1994)
for its step; Yang (1995), "Projection approximation subspace tracking", whose running gain d
replaces the fixed step that diverges on real data. Rules for several units are in layers.py.
"""

from __future__ import annotations

import math

import numpy as np

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64

#: Weights below this become 0: subnormal numbers are ten times slower.
FLUSH = 1e-20


@kernel
def pace(rate: float, mean_power: float, power: float) -> float:
    """Divide a rate by the power of the frames, so that no frame turns a weight too far.

    Parameters
    ----------
    rate : float64
        Learning rate for frames of length 1.
    mean_power : float64
        Running mean of the frames' squared norm.
    power : float64
        Squared norm of this frame; counts where it is above the mean.

    Returns
    -------
    float64
        The step to use; 0 while every frame was 0.
    """
    largest = max(mean_power, power)
    return rate / largest if largest > FLUSH else 0.0


@kernel
def hebb(weights: F32, frame: F32, activation: float, rate: float) -> None:
    """Strengthen each weight by the product of both its ends; nothing ever fades.

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
    """
    for i in range(weights.shape[0]):
        weights[i] += rate * activation * frame[i]


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
def hebb_sparse(
    weights: F32, frame: F32, activation: float, rate: float, decay: float, shrink: float
) -> None:
    """Learn as `hebb_decay`, then pull every weight towards 0 by the same amount.

    Parameters
    ----------
    weights : float32[n], in/out
        Weights of one unit.
    frame : float32[n], in
        Activity of the inputs.
    activation : float64
        Activity of the unit.
    rate : float64
        Learning rate.
    decay : float64
        Share of a weight that fades at every step.
    shrink : float64
        What a weight loses at every step; a smaller one becomes 0 (soft threshold).
    """
    for i in range(weights.shape[0]):
        w = weights[i]
        w += rate * activation * frame[i] - decay * w
        weights[i] = math.copysign(max(abs(w) - shrink, 0.0), w)


@kernel
def oja(weights: F32, frame: F32, present: F32, activation: float, rate: float) -> None:
    """Turn a unit towards the direction in which its inputs vary most, at length 1.

    Parameters
    ----------
    weights : float32[n], in/out
        Weights of one unit.
    frame : float32[n], in
        Activity of the inputs, 0 where missing.
    present : float32[n], in
        1 where there is a sample; the weights of the others stay.
    activation : float64
        weights . frame before the step.
    rate : float64
        Learning rate; from `pace`, at most a half of the frame's inverse power.
    """
    s = np.float32(activation)
    step = np.float32(rate * activation)
    for i in range(weights.shape[0]):
        w = weights[i]
        weights[i] = w + step * (frame[i] - s * w * present[i])


@kernel
def bcm(
    weights: F32,
    frame: F32,
    activation: float,
    threshold: float,
    rate: float,
    threshold_rate: float,
) -> float:
    """Strengthen above a sliding threshold and weaken below it: the unit becomes selective.

    Parameters
    ----------
    weights : float32[n], in/out
        Weights of one unit.
    frame : float32[n], in
        Activity of the inputs.
    activation : float64
        weights . frame before the step.
    threshold : float64
        Running mean of the squared activation.
    rate : float64
        Learning rate, from `pace`; divided by the threshold where that is above 1, which bounds it.
    threshold_rate : float64
        EW rate of the threshold, above 0; it has to move faster than the weights.

    Returns
    -------
    float64
        The threshold, which takes this activation in before the weights learn.
    """
    moved = threshold + threshold_rate * (activation * activation - threshold)
    step = rate / max(moved, 1.0) * activation * (activation - moved)
    for i in range(weights.shape[0]):
        weights[i] += step * frame[i]
    return moved


@kernel
def activity_switch(
    weights: F32,
    frame: F32,
    activation: float,
    usual: float,
    settings: F64,
) -> float:
    """Learn as `hebb_decay`, but against the frame while the unit is more active than usual.

    Parameters
    ----------
    weights : float32[n], in/out
        Weights of one unit.
    frame : float32[n], in
        Activity of the inputs.
    activation : float64
        Activity of the unit.
    usual : float64
        Running mean of |activation|.
    settings : float64[4], in
        Learning rate, decay, EW rate of the mean, and the multiple of the mean that is too active.

    Returns
    -------
    float64
        The mean, which takes this activation in after the weights have learnt.
    """
    rate, decay, usual_rate, excess = settings[0], settings[1], settings[2], settings[3]
    sign = -1.0 if abs(activation) > excess * usual else 1.0
    for i in range(weights.shape[0]):
        w = weights[i]
        weights[i] = w + sign * rate * activation * frame[i] - decay * w
    return float(usual + usual_rate * (abs(activation) - usual))


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

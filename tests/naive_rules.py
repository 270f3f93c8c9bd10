"""Twins of the learning rules other than the default, written from the formulas."""

from __future__ import annotations

import numpy as np

from hebbstream.arrays import F64
from hebbstream.kernels import layout as at


def pace(rate: float, mean_power: float, power: float) -> float:
    """Step eta / max(E|x|^2, |x|^2)."""
    largest = max(mean_power, power)
    return rate / largest if largest > 1e-20 else 0.0


def hebb(weights: F64, frame: F64, activation: float, rate: float) -> F64:
    """Hebb: dw = eta y x."""
    return weights + rate * activation * frame


def hebb_sparse(
    weights: F64, frame: F64, activation: float, rate: float, decay: float, shrink: float
) -> F64:
    """Hebb: dw = eta y x - lambda w, then sign(w) max(|w| - theta, 0)."""
    moved = (1 - decay) * weights + rate * activation * frame
    return np.asarray(np.sign(moved) * np.maximum(np.abs(moved) - shrink, 0))


def oja(weights: F64, frame: F64, present: F64, activation: float, rate: float) -> F64:
    """Oja: dw = eta (y x - y^2 w)."""
    return weights + rate * (activation * frame - activation**2 * weights * present)


def bcm(
    weights: F64, frame: F64, activation: float, threshold: float, rate: float, pace: float
) -> tuple[F64, float]:
    """Threshold <- EW of y^2; dw = eta / max(theta, 1) x y (y - theta)."""
    moved = (1 - pace) * threshold + pace * activation**2
    return weights + rate / max(moved, 1) * frame * activation * (activation - moved), moved


def activity_switch(
    weights: F64, frame: F64, activation: float, usual: float, settings: F64
) -> tuple[F64, float]:
    """Switch: dw = -+ eta y x - lambda w, minus while |y| > excess E|y|."""
    rate, decay, pace, excess = settings
    sign = -1 if abs(activation) > excess * usual else 1
    learnt = weights + sign * rate * activation * frame - decay * weights
    return learnt, (1 - pace) * usual + pace * abs(activation)


def project(row: F64, frame: F64) -> float:
    """Dot product w . x."""
    return float(row @ frame)


def normalise(row: F64) -> F64:
    """Return w / |w|."""
    length = float(np.linalg.norm(row))
    return row / length if length > 0 else row


def oja_matrix(weights: F64, frame: F64, present: F64, rate: float) -> tuple[F64, F64]:
    """Activation y = W x; dW = eta (y x' - diag(y^2) W)."""
    y = weights @ frame
    return weights + rate * (np.outer(y, frame) - np.diag(y**2) @ weights * present), y


def sanger(weights: F64, frame: F64, present: F64, rate: float) -> F64:
    """Change dW = eta (y x' - LT(y y') W), all rows at once."""
    y = weights @ frame
    return weights + rate * (np.outer(y, frame) - np.tril(np.outer(y, y)) @ weights * present)


def settle(drive: F64, lateral: F64) -> F64:
    """Solve (1 + M) y = d."""
    coupled = lateral - np.diag(np.diag(lateral)) + np.eye(len(drive))
    return np.asarray(np.linalg.solve(coupled, drive))


def lateral_pair(
    weights: F64, lateral: F64, gains: F64, frame: F64, activation: F64, rate: float
) -> tuple[F64, F64, F64]:
    """Gain D <- (1 - rho) D + y^2; dW = y / D (x' - y W); dM = y / D (y' - y M), diagonal 0."""
    d = np.maximum((1 - rate) * gains + activation**2, 1e-3)
    share, square = (activation / d)[:, None], (activation**2 / d)[:, None]
    moved = lateral + share * activation - square * lateral
    np.fill_diagonal(moved, 0)
    return weights + share * frame - square * weights, moved, d


def lateral_ordered(
    weights: F64, lateral: F64, frame: F64, present: F64, activation: F64, c: int, rate: float
) -> tuple[F64, F64, F64]:
    """Activation y = w_c.x - sum_j<c a_jc y_j; Oja for w_c; da_jc = eta (y y_j - y^2 a_jc)."""
    w, a, y = weights.copy(), lateral.copy(), activation.copy()
    y[c] = w[c] @ frame - a[:c, c] @ y[:c]
    step = min(rate, 1 / y[c] ** 2) if y[c] else rate
    w[c] = oja(w[c], frame, present, y[c], step)
    a[:c, c] = np.clip(a[:c, c] + step * (y[c] * y[:c] - y[c] ** 2 * a[:c, c]), -10, 10)
    return w, a, y


def take_off(row: F64, lesson: F64, present: F64) -> tuple[F64, float]:
    """Rest q <- q - (w.q) w."""
    s = float(row @ lesson)
    return lesson - s * row * present, s


def learn_subspace_by(
    rule: int, weights: F64, components: F64, totals: F64, z: F64, present: F64, rate: float,
    gate: float, limit: float,
) -> tuple[F64, F64, F64, F64]:  # fmt: skip
    """Apply the rule with the step eta / max(E, |q|^2), w /= |w|, deflate; energies of w.q."""
    k, most = int(totals[0]), len(weights)
    w, c, t, q = weights.copy(), components.copy(), totals.copy(), np.clip(z, -limit, limit)
    t[1] += max(rate, 1 / (t[2] + 1)) * gate * (q @ q - t[1])
    t[2] += 1
    old, y, left = w.copy(), w @ q, q
    for i in range(k):
        eta = pace(max(rate, 10 / (c[at.AGE, i] + 100)) * gate, float(t[1]), float(q @ q))
        if rule == at.RULE_SANGER:
            said = sum(y[j] * old[j] for j in range(i + 1))
            w[i] = old[i] + eta * y[i] * (q - said * present)
        elif rule == at.RULE_LATERAL:
            heard, a = c[3 + most], c[3 : 3 + most]
            w, c[3 : 3 + most], c[3 + most] = lateral_ordered(w, a, q, present, heard, i, eta)
        else:
            w[i] = oja(w[i], left, present, w[i] @ left, eta)
        w[i] = normalise(w[i])
        left, s = take_off(w[i], left, present)
        step = max(rate, 1 / (c[at.AGE, i] + 1)) * gate
        c[at.ENERGY, i] += step * (s * s - c[at.ENERGY, i])
        c[at.AGE, i] += 1
    return w, c, t, left

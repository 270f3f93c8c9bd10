"""Twins of the kernels, written from the formulas: slow, plain, nothing changed in place."""

from __future__ import annotations

import math

import numpy as np

from hebbstream.arrays import F32, F64, I32, U8, U32
from hebbstream.kernels import layout as at


def clip(x: float, limit: float) -> float:
    """Cut to +-limit."""
    return max(-limit, min(limit, float(x)))


def clock_basis(time: float, harmonics: int) -> F64:
    """1, sqrt2 sin h w t, sqrt2 cos h w t."""
    angle = 2 * np.pi * time / 86_400
    waves = [f(h * angle) for h in range(1, harmonics + 1) for f in (np.sin, np.cos)]
    return np.array([1.0, *(np.sqrt(2) * np.array(waves))])


def clock_course(
    basis: F64, coefficients: F64, clock: F64, day: float, ratio: float
) -> tuple[F64, F64]:
    """c.phi without c_0, and the same where N > day and s_B^2 < ratio s_A^2."""
    harmonic = basis[1:] @ coefficients[1:]
    explains = clock[at.CLOCK_COURSE_VARIANCE] < ratio * clock[at.CLOCK_LEVEL_VARIANCE]
    return harmonic, np.where((clock[at.CLOCK_COUNT] > day) & explains, harmonic, 0.0)


def robust_variance(variance: float, error: float, rate: float, *, clips: bool) -> float:
    """s^2 += a (min(e^2, 81 s^2) - s^2), s^2 in the limit at least 1e-4 e^2."""
    square = min(error**2, 81 * max(variance, 1e-4 * error**2)) if clips else error**2
    return variance + rate * (square - variance)


def clipped(error: float, variance: float, *, clips: bool) -> float:
    """Huber's clip at three sigmas, the variance at least 1e-4 e^2."""
    limit = 3 * max(variance, 1e-4 * error**2) ** 0.5
    return float(np.clip(error, -limit, limit)) if clips else error


def learn_clock(
    x: float, basis: F64, coefficients: F64, clock: F64, rate: float, gate: float, day: float
) -> tuple[F64, F64]:
    """One series: LMS with Huber's clip on level and on level plus course."""
    count = clock[at.CLOCK_COUNT]
    if count == 0:
        return np.array([x, *coefficients[1:]]), np.array([x, 0.0, 0.0, 1.0])
    a = min(max(rate, 1 / (count + len(basis))), 1 / (2 * len(basis))) * gate
    clips = bool(count >= day / 4)
    errors = (x - coefficients @ basis, x - clock[at.CLOCK_LEVEL])
    variances = (clock[at.CLOCK_COURSE_VARIANCE], clock[at.CLOCK_LEVEL_VARIANCE])
    steps = [
        clip(e, 3 * math.sqrt(max(v, 1e-4 * e**2))) if clips else e
        for e, v in zip(errors, variances, strict=True)
    ]
    course, level = (
        robust_variance(v, e, a, clips=clips) for e, v in zip(errors, variances, strict=True)
    )
    learnt = np.array([clock[at.CLOCK_LEVEL] + a * steps[1], level, course, count + 1])
    return coefficients + a * steps[0] * basis, learnt


def sigma(variance: float, high: float, low: float, floor: float) -> float:
    """Sqrt var + floor (hi - lo) + 1e-12 (|hi| + |lo|) + 1e-30."""
    return math.sqrt(variance) + floor * (high - low) + 1e-12 * (abs(high) + abs(low)) + 1e-30


def admit(frame: F64) -> F64:
    """Put NaN for what is not finite or beyond 1e100."""
    return np.where(np.isfinite(frame) & (np.abs(frame) <= 1e100), frame, np.nan)


def standardise(values: F64, course: F64, moments: F64, floor: float) -> tuple[F64, F64]:
    """Z and sigma, hi and lo taken with this tick."""
    z, scale = np.zeros(len(values)), np.zeros(len(values))
    for j, x in enumerate(values - course):
        mean, variance, high, low, count, _ = moments[:, j]
        if np.isnan(x):
            scale[j] = sigma(variance, high, low, floor) if count else 0.0
        elif count:
            scale[j] = sigma(variance, max(high, x), min(low, x), floor)
            z[j] = (x - mean) / scale[j]
        else:
            scale[j] = sigma(0.0, x, x, floor)
    return z, scale


def learn_moments(
    x: float, moments: F64, rate: float, gate: float, limit: float, floor: float, fade: float
) -> F64:
    """One series: d = clip(x - mu), mu += rho d, var = (1 - rho)(var + rho d^2); hi, lo fade."""
    mean, variance, high, low, count, seen = moments
    if count == 0:
        return np.array([x, 0.0, x, x, 1.0, seen + 1])
    if high > low:
        reach = 1000 * sigma(variance, high, low, floor)
    else:
        reach = 1000 * abs(mean) if mean != 0 else abs(x)
    high, low = max(high, min(x, mean + reach)), min(low, max(x, mean - reach))
    wide = limit if count >= 100 else 1.5 * limit
    d = clip(x - mean, wide * sigma(variance, high, low, floor))
    rho = max(rate, 1 / (count + 1)) * gate
    mean += rho * d
    high, low = high + fade * gate * (mean - high), low + fade * gate * (mean - low)
    return np.array([mean, (1 - rho) * (variance + rho * d * d), high, low, count + 1, seen + 1])


def hebb_decay(weights: F64, frame: F64, activation: float, rate: float, decay: float) -> F64:
    """Hebb with L2 decay: dw = eta y x - lambda w."""
    return weights + rate * activation * frame - decay * weights


def oja_pastd(
    weights: F64, lesson: F64, present: F64, activation: float, gain: float, gate: float
) -> tuple[F64, F64]:
    """W += g s / d (q - s w); w /= |w|; q -= (w.q) w."""
    step = gate * activation / (gain + 1e-9)
    learnt = weights + step * (lesson - activation * weights * present)
    learnt = learnt / np.linalg.norm(learnt)
    return learnt, lesson - (learnt @ lesson) * learnt * present


def unexplained(weights: F64, z: F64, limit: float) -> tuple[F64, F64]:
    """R = clip z; for each row r -= (w.r) w; hat = diagonal of the sum of w w'."""
    rest = np.clip(z, -limit, limit)
    for w in weights:
        rest = rest - (w @ rest) * w
    return rest, np.diag(weights.T @ weights).copy()


def face_past(z: F64, past: list[F64]) -> F64:
    """(z_t, z_{t-1}, ..., z_{t-l})."""
    return np.concatenate([z, *past])


def keep_past(z: F64, past: list[F64], limit: float) -> list[F64]:
    """Clip z in front, the oldest frame gone."""
    return [np.clip(z, -limit, limit), *past][: len(past)]


def surprise(rest: F64, variance: F64, present: F64) -> F64:
    """U = r / (sqrt v + 0.01)."""
    return present * rest / (np.sqrt(variance) + 0.01)


def learn_residual(
    r: float, variance: float, count: float, rate: float, gate: float, limit: float, warmup: float
) -> float:
    """One series: v = EW of r^2, winsorised at `limit` sigmas once warm."""
    square = r * r
    if count >= warmup:
        square = min(square, (limit * (math.sqrt(variance) + 0.01)) ** 2)
    return variance + max(rate, 1 / (count + 1)) * gate * (square - variance)


def activate(components: F64, c: int, s: float, rate: float, gate: float) -> F64:
    """D += g (s^2 - rho d); energy with its own count."""
    components = components.copy()
    components[at.GAIN, c] += gate * (s * s - rate * components[at.GAIN, c])
    step = max(rate, 1 / (components[at.AGE, c] + 1)) * gate
    components[at.ENERGY, c] += step * (s * s - components[at.ENERGY, c])
    components[at.AGE, c] += 1
    return components


def learn_whole(
    weights: F64, components: F64, lesson: F64, rate: float, gate: float
) -> tuple[F64, F64, F64]:
    """Row by row: activation, gain and energy, then oja_pastd with every sample there."""
    w, c, q = weights.copy(), components.copy(), lesson.copy()
    for i in range(len(w)):
        s = float(w[i] @ q)
        c = activate(c, i, s, rate, gate)
        w[i], q = oja_pastd(w[i], q, np.ones(len(q)), s, c[at.GAIN, i], gate)
    return w, c, q


def learn_subspace(
    weights: F64, components: F64, totals: F64, z: F64, present: F64, rate: float, gate: float,
    limit: float,
) -> tuple[F64, F64, F64, F64]:  # fmt: skip
    """PASTd by deflation: d += g (s^2 - rho d), then oja_pastd; energies with their own counts."""
    w, c, t, q = weights.copy(), components.copy(), totals.copy(), np.clip(z, -limit, limit)
    t[1] += max(rate, 1 / (t[2] + 1)) * gate * (q @ q - t[1])
    t[2] += 1
    for i in range(int(t[0])):
        s = float(w[i] @ q)
        c = activate(c, i, s, rate, gate)
        w[i], q = oja_pastd(w[i], q, present, s, c[at.GAIN, i], gate)
    return w, c, t, q


def adapt_components(
    energies: F64, total: float, low: float, high: float, least: int, most: int
) -> int:
    """+1 when sum E_i < f E, -1 when it exceeds F E without the last."""
    if sum(energies) < low * total and len(energies) < most:
        return 1
    return -1 if len(energies) > least and sum(energies[:-1]) > high * total else 0


def log_statistic(statistic: float) -> float:
    """ln(S + 1e-3)."""
    return math.log(statistic + 1e-3)


def upper_quantile(histogram: F64, quantile: float) -> float:
    """Where the distribution function, linear within bins, reaches the quantile."""
    edges = math.log(1e-3) + 0.05 * np.arange(len(histogram) + 1)
    reached = np.concatenate([[0.0], np.cumsum(histogram)]) / histogram.sum()
    return float(np.interp(quantile, reached, edges))


def share_above(histogram: F64, level: float) -> float:
    """1 - F(level)."""
    edges = math.log(1e-3) + 0.05 * np.arange(len(histogram) + 1)
    reached = np.concatenate([[0.0], np.cumsum(histogram)]) / histogram.sum()
    return float(1 - np.interp(level, edges, reached))


def tail_exponent(
    histogram: F64, prior: float, level: float, low: float, high: float, least: float
) -> float:
    """-log10 of 1 - F below the quantile, of an exponential tail with a shrunk slope beyond."""
    start, end = upper_quantile(histogram, low), upper_quantile(histogram, high)
    if level <= start:
        return -math.log10(share_above(histogram, level))
    beta, weight = (end - start) / math.log((1 - low) / (1 - high)), histogram.sum()
    beta = min(2.0, max(least, (weight * beta + prior * 0.35) / (weight + prior)))
    return float((level - start) / (beta * math.log(10)) - math.log10(1 - low))


def count_hot(hot: float, exponent: float, release: float) -> tuple[float, float]:
    """Hot ticks, and the weight: 0.01 while hot, 1 when cool or hot for too long."""
    if exponent <= 3:
        return max(0.0, hot - 4), 1.0
    return hot + 1, 1.0 if hot + 1 > release else 0.01


def learn_tail(levels: F64, weights: F64, growth: float) -> F64:
    """Decayed counts: a sample t ticks old has lost (1 + growth)^t, relative to the newest + 1."""
    histogram = np.zeros(at.BINS)
    for age, (level, weight) in enumerate(zip(levels[::-1], weights[::-1], strict=True)):
        b = int(min(max((level - math.log(1e-3)) / 0.05, 0), at.BINS - 1))
        histogram[b] += weight / (1 + growth) ** (age + 1)
    return histogram


def follow_deviation(z: F64, present: F64, deviation: F64, rate: float) -> F64:
    """EW of z cut to 20."""
    moved = deviation + rate * (np.clip(z, -20, 20) - deviation)
    return np.where(present > 0, moved, deviation)


def pair_index(i: int, j: int, n: int) -> int:
    """Place of i < j among the pairs in order."""
    return [(a, b) for a in range(n) for b in range(a + 1, n)].index((i, j))


def gather(
    z: F64, present: F64, activity: F64, rate: float, gate: float, limit: float
) -> tuple[F64, F64, F64]:
    """Clipped z, rate of each sample, and the activities after it."""
    q, moved = np.clip(z, -limit, limit), activity.copy()
    rates = np.maximum(rate, 1 / (activity[at.ACTIVITY_COUNT] + 1)) * gate * present
    moved[at.ACTIVITY] += rates * (q * q - activity[at.ACTIVITY])
    moved[at.ECHO] += rates * (q * activity[at.PREVIOUS] - activity[at.ECHO])
    moved[at.ACTIVITY_COUNT] += present
    moved[at.PREVIOUS] = q
    return q, rates, moved


def one_rate(rates: F32) -> bool:
    """Every row has one value."""
    return all(len(set(row)) == 1 for row in rates.tolist())


def fold_block(traces: F64, values: F64, rates: F64) -> F64:
    """C += rho (z_i z_j - c) over ticks where both are present, the larger rate of the two."""
    first, second = np.triu_indices(values.shape[1], 1)
    for q, rho in zip(values, rates, strict=True):
        both = (rho[first] > 0) & (rho[second] > 0)
        step = np.where(both, np.maximum(rho[first], rho[second]), 0.0)
        traces = traces + step * (q[first] * q[second] - traces)
    return traces


def fold_row(trace: F64, values: F64, rates: F64, i: int) -> F64:
    """One row of `fold_block`."""
    n = values.shape[1]
    padded, first = np.zeros(n * (n - 1) // 2), np.triu_indices(n, 1)[0]
    padded[first == i] = trace
    return np.asarray(fold_block(padded, values, rates)[first == i])


def weigh_rows(rates: F64) -> tuple[F64, float]:
    """Weigh each tick by what those after it keep; and what all keep of what was before."""
    after = np.append(np.cumprod(1 - rates[::-1, 0])[::-1], 1.0)
    return rates[:, 0] * after[1:], float(after[0])


def fold_row_evenly(trace: F64, values: F64, rates: F64, i: int) -> F64:
    """Give the same as `fold_row`: only the speed differs."""
    return fold_row(trace, values, rates, i)


def correlations(traces: F64, activity: F64) -> F64:
    """r_ij = c_ij / sqrt(V_i V_j), within +-0.9999, as a symmetric matrix without a diagonal."""
    n = activity.shape[1]
    r = np.zeros((n, n))
    r[np.triu_indices(n, 1)] = traces
    power = np.sqrt(np.maximum(np.outer(activity[at.ACTIVITY], activity[at.ACTIVITY]), 1e-24))
    return np.asarray(np.clip((r + r.T) / power, -0.9999, 0.9999))


def insert_strongest(weights: list[float], strength: float) -> list[float]:
    """Keep the strongest, in order."""
    return sorted([*weights, strength], reverse=True)[: len(weights)]


def strongest_pairs(
    traces: F64, activity: F64, s: int, activity_min: float, grow: float
) -> list[list[int]]:
    """List the s partners of each series with the largest |r| >= grow."""
    r = abs(correlations(traces, activity))
    active = activity[at.ACTIVITY] > activity_min
    r[~active] = r[:, ~active] = 0.0
    return [[int(j) for j in np.argsort(-row, kind="stable")[:s] if row[j] >= grow] for row in r]


def sigmas_of(activity: F64, i: int, j: int, weight: float, count: float) -> float:
    """Atanh |r| sqrt(N_eff - 3), N_eff = N (1 - a_i a_j) / (1 + a_i a_j)."""
    echo = activity[at.ECHO] / np.maximum(activity[at.ACTIVITY], 1e-300)
    a = min(0.999, max(0.0, echo[i] * echo[j]))
    count = count * (1 - a) / (1 + a)
    return math.atanh(weight) * math.sqrt(count - 3) if count > 4 else 0.0


def fisher_sigmas(activity: F64, i: int, j: int, weight: float, rate: float) -> float:
    """`sigmas_of` with N = min(samples of both, (2 - rho) / rho)."""
    count = min(*activity[at.ACTIVITY_COUNT, [i, j]], (2 - rate) / rate)
    return sigmas_of(activity, i, j, weight, count)


def pair_sigmas(activity: F64, pairs: U32, weights: F32, rate: float) -> F64:
    """`fisher_sigmas` of each pair."""
    listed = zip(pairs.T, weights, strict=True)
    return np.array([fisher_sigmas(activity, int(i), int(j), w, rate) for (i, j), w in listed])


def some_may_grow(
    index: I32, weight: F32, linked: U8, activity: F64, rate: float, sigmas: float
) -> bool:
    """Any listed pair that has no edge and is significant."""
    n = len(index)
    return any(
        fisher_sigmas(activity, i, int(j), float(w), rate) > sigmas
        and not linked[pair_index(min(i, int(j)), max(i, int(j)), n)]
        for i in range(n)
        for j, w in zip(index[i], weight[i], strict=True)
        if j >= 0
    )

"""Knobs in the unit of the kernels: durations become rates per tick, sections one flat array."""

from __future__ import annotations

import numpy as np

from hebbstream.arrays import F64
from hebbstream.association_params import AssociationsRule
from hebbstream.calibration import alert_exponent
from hebbstream.homeostasis_params import HomeostasisParams
from hebbstream.kernels import layout as at
from hebbstream.params import DAY, DetectorParams, SubspaceRule
from hebbstream.single_params import SingleParams

#: What the kernels call each `subspace.rule`.
SUBSPACE_RULES: dict[SubspaceRule, int] = {
    "pastd": at.RULE_PASTD,
    "sanger": at.RULE_SANGER,
    "oja": at.RULE_OJA,
    "lateral": at.RULE_LATERAL,
}
#: What the kernels call each `associations.rule`.
ASSOCIATIONS_RULES: dict[AssociationsRule, int] = {
    "hebb": at.EDGE_HEBB,
    "oja": at.EDGE_OJA,
    "delta": at.EDGE_DELTA,
}


def learning_rate(params: DetectorParams, interval_seconds: float) -> float:
    """Rate per tick of what is learnt: interval over memory, bounded by memory_ticks_max."""
    return min(1.0, max(interval_seconds / params.memory, 1.0 / params.memory_ticks_max))


def views(single: SingleParams, interval_seconds: float) -> list[float]:
    """EW rates of a lone series' views, in the order of VIEW_SHORT to VIEW_ROUGHNESS; the span."""
    times = (single.short, single.medium, single.long, single.roughness)
    rates = [min(1.0, interval_seconds / time) for time in times]
    return [*rates, max(1.0, single.span / interval_seconds)]


def paces(homeostasis: HomeostasisParams, interval_seconds: float, rate: float) -> list[float]:
    """Bounds of the pace, and the EW rate of what sets it, from S_PACE_MIN on.

    Nothing is learnt faster than at a rate of 1, which keeps a frame alone: a step beyond it goes
    past the frame, and grows from one to the next.
    """
    ticks = max(homeostasis.over / interval_seconds, float(homeostasis.over_ticks_min))
    return [homeostasis.pace_min, min(homeostasis.pace_max, 1.0 / rate), 1.0 / ticks]


def pack(params: DetectorParams, interval_seconds: float) -> F64:
    """Lay all knobs out for the kernels.

    Parameters
    ----------
    params : DetectorParams
        Durations in seconds.
    interval_seconds : float
        Grid step.

    Returns
    -------
    float64[SETTING_ROWS]
        See layout.

    Raises
    ------
    ValueError
        When the alert budget is not below the ticks of a day.
    """
    rate = learning_rate(params, interval_seconds)
    scaler, clock, subspace = params.scaler, params.clock, params.subspace
    edges, evidence = params.associations, params.evidence
    tail, gate = params.calibration, params.gate
    tail_ticks = max(tail.memory / interval_seconds, float(tail.memory_ticks_min))
    values = {
        at.S_RATE: rate,
        at.S_DAY_TICKS: DAY / interval_seconds,
        at.S_CLOCK_RATE: min(1.0, interval_seconds / clock.memory),
        at.S_CLOCK_RATIO: clock.variance_ratio_max,
        at.S_LEARN_CLIP: scaler.learn_clip,
        at.S_RANGE_FLOOR: scaler.range_floor,
        at.S_RANGE_RATE: rate / scaler.range_memory_factor,
        at.S_ENERGY_MIN: subspace.energy_min,
        at.S_ENERGY_MAX: subspace.energy_max,
        at.S_COMPONENTS_MIN: subspace.components_min,
        at.S_COMPONENTS_MAX: subspace.components_max,
        at.S_COMPONENT_CHECK: subspace.check_ticks,
        at.S_SUBSPACE_CLIP: subspace.learn_clip,
        at.S_TRACE_CLIP: edges.learn_clip,
        at.S_EDGE_RULE: ASSOCIATIONS_RULES[edges.rule],
        at.S_EDGE_L1: edges.l1,
        at.S_WEIGHT_SMALL: edges.weight_small,
        at.S_TRIAL: edges.trial_ticks,
        at.S_WEIGHT_GROW: edges.weight_grow,
        at.S_WEIGHT_PRUNE: edges.weight_prune,
        at.S_PRUNE_AFTER: edges.prune_after_ticks,
        at.S_SIGNIFICANCE: edges.significance_sigmas,
        at.S_ACTIVITY_MIN: edges.variance_min,
        at.S_EDGE_CHECK: edges.check_ticks,
        at.S_BREAK_RATE: 1.0 / edges.break_memory_ticks,
        at.S_CAP: evidence.cap,
        at.S_SHORT_RATE: 1.0 / evidence.short_ticks,
        at.S_LONG_RATE: 1.0 / evidence.long_ticks,
        at.S_LONG_RATIO: evidence.long_ratio_max,
        at.S_WARMUP: evidence.warmup_ticks,
        at.S_TAIL_START: tail.warmup_ticks,
        at.S_TAIL_GROWTH: 1.0 / tail_ticks,
        at.S_QUANTILE_LOW: tail.quantile_low,
        at.S_QUANTILE_HIGH: tail.quantile_high,
        at.S_RELEASE: tail.release_ticks,
        at.S_GATE_TRIGGER: gate.trigger,
        at.S_GATE_FACTOR: gate.slow_factor,
        at.S_ADOPT_AFTER: max(gate.adopt_after_ticks, gate.adopt_after / interval_seconds),
        at.S_RETENTION: gate.retention / interval_seconds,
        at.S_RESTORE_AFTER: gate.restore_after_ticks,
        at.S_SETTLE: gate.settle_ticks,
        at.S_ADOPT_SIGMAS: gate.adopt_sigmas,
        at.S_ADOPT_COUNT: gate.adopt_count,
        at.S_ADOPT_RATE: 1.0 / gate.adopt_smoothing_ticks,
        at.S_SUBSPACE_RULE: SUBSPACE_RULES[subspace.rule],
        at.S_LINE: alert_exponent(params.alert_budget_per_day, interval_seconds),
    }
    packed = np.full(at.SETTING_ROWS, np.nan)
    packed[list(values)] = list(values.values())
    packed[at.S_VIEW_RATE : at.S_EPISODE_SPAN + 1] = views(params.single, interval_seconds)
    packed[at.S_PACE_MIN : at.S_PACE_RATE + 1] = paces(params.homeostasis, interval_seconds, rate)
    return packed

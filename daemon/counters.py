"""Values that need the one before: counters to rates, and differences from frame to frame.

A counter's rate is the increase between the last samples of two successive ticks that have one,
divided by the time between these samples; when it fell it was reset, and the whole new value is
the increase (as Prometheus' rate()). The first sample after a series joins has no predecessor and
yields no value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.config import MetricKind, MetricRule, Transform
from daemon.records import F64, I32, I64, NANOSECONDS

_NONE, _COUNTER, _LOG1P, _DIFF = 0, 1, 2, 4


class ValueHistory:
    """The last sample and the last value of each series that needs them.

    Parameters
    ----------
    metrics : sequence of MetricRule
        Which metrics are counters, and which transform applies, by rule index.

    Attributes
    ----------
    time : int64[n]
        Event time of each series' last sample.
    sample : float64[n]
        That sample, NaN for none.
    value : float64[n]
        Last value before differencing, NaN for none.
    """

    def __init__(self, metrics: Sequence[MetricRule]) -> None:
        transforms = {Transform.NONE: _NONE, Transform.LOG1P: _LOG1P, Transform.DIFF: _DIFF}
        flags = [
            (_COUNTER if rule.kind is MetricKind.COUNTER else _NONE) | transforms[rule.transform]
            for rule in metrics
        ]
        # The last entry is what rule -1, none, picks.
        self._flags = np.array([*flags, _NONE], dtype=np.int8)
        self.time: I64 = np.zeros(0, dtype=np.int64)
        self.sample: F64 = np.zeros(0)
        self.value: F64 = np.zeros(0)

    @property
    def needed(self) -> bool:
        """Whether any metric's values depend on more than its sample."""
        return bool(self._flags.any())

    def resize(self, count: int) -> None:
        """Make room for `count` series; new ones have no history."""
        extra = count - len(self.time)
        if extra > 0:
            self.time = np.concatenate((self.time, np.zeros(extra, dtype=np.int64)))
            self.sample = np.concatenate((self.sample, np.full(extra, np.nan)))
            self.value = np.concatenate((self.value, np.full(extra, np.nan)))

    def retain(self, indices: I32) -> None:
        """Keep these series, renumbered in this order."""
        self.time, self.sample = self.time[indices], self.sample[indices]
        self.value = self.value[indices]

    def frame_values(self, series: I32, rule: I32, time: I64, sample: F64, joined: I64) -> F64:
        """Turn samples into the values that enter frames, and remember the last ones.

        Parameters
        ----------
        series : int32[S]
            Series of each sample; a series' samples in order of time.
        rule : int32[S]
            Their metric rules.
        time : int64[S]
            Their event times.
        sample : float64[S]
            Their values.
        joined : int64[J]
            Positions of samples with which a series joins: what was before does not count.

        Returns
        -------
        float64[S]
            Values, NaN where there is no predecessor to compute one.
        """
        flags = self._flags[rule]
        if not flags.any():
            return sample
        value = sample.copy()
        chained = np.flatnonzero(flags & (_COUNTER | _DIFF))
        if len(chained):
            fresh = np.zeros(len(series), dtype=np.bool_)
            fresh[joined] = True
            self._chain(
                chained[np.argsort(series[chained], kind="stable")],
                series,
                time,
                flags,
                value,
                fresh,
            )
        squashed = (flags & _LOG1P) != 0
        value[squashed] = np.sign(value[squashed]) * np.log1p(np.abs(value[squashed]))
        return value

    def _chain(
        self,
        order: I64,
        series: I32,
        time: I64,
        flags: NDArray[np.int8],
        value: F64,
        fresh: NDArray[np.bool_],
    ) -> None:
        """Compute rates, then differences; `order` has each series' samples one after another."""
        of, now, at, kind = series[order], value[order], time[order], flags[order]
        same = np.zeros(len(of), dtype=np.bool_)
        same[1:] = of[1:] == of[:-1]
        last, starts = np.append(~same[1:], True), fresh[order]

        def before(values: F64, carried: F64) -> F64:
            found: F64 = np.where(same, np.roll(values, 1), carried[of])
            found[starts] = np.nan
            return found

        was = before(now, self.sample)
        elapsed = (at - np.where(same, np.roll(at, 1), self.time[of])) / NANOSECONDS
        rate = np.where(now < was, now, now - was) / np.where(np.isnan(was), np.nan, elapsed)
        out = np.where((kind & _COUNTER) != 0, rate, now)
        value[order] = np.where((kind & _DIFF) != 0, out - before(out, self.value), out)
        self.sample[of[last]], self.time[of[last]] = now[last], at[last]
        self.value[of[last]] = out[last]

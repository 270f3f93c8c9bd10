"""Windows of event time whose samples are left out, as if they had never come. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import numpy as np

from daemon.errors import ConfigError
from daemon.records import NANOSECONDS, DropReason, SampleBatch

TIME_END = 2**63 - 1
SECONDS_END = TIME_END // NANOSECONDS


@dataclass(frozen=True, slots=True)
class Window:
    """Event times from `start` up to, not including, `end`, Unix nanoseconds."""

    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read `FROM..TO`.

        Parameters
        ----------
        text : str
            Two times, RFC 3339 or Unix seconds; without the first one it begins with the topic,
            without the second one it has no end.

        Returns
        -------
        Window
            The window.

        Raises
        ------
        ConfigError
            When it is none.
        """
        first, dots, last = text.partition("..")
        if not dots or not (first or last):
            fault = f"{text}: write FROM..TO, for example 2026-03-01T10:00Z..2026-03-01T12:30Z"
            raise ConfigError([fault])
        start, end = parse_time(first) if first else 0, parse_time(last) if last else TIME_END
        if start >= end:
            raise ConfigError([f"{text}: the window ends before it begins"])
        return cls(start, end)


def parse_time(text: str) -> int:
    """Read a time, RFC 3339 or Unix seconds, as Unix nanoseconds; without a zone it is UTC.

    Raises
    ------
    ConfigError
        When it is none.
    """
    fault = f"{text}: no time; write 2026-03-01T10:00:00Z or Unix seconds"
    with suppress(InvalidOperation):  # no number
        seconds = Decimal(text)
        if not (seconds.is_finite() and seconds.copy_abs() < SECONDS_END):
            raise ConfigError([fault])
        return int(seconds * NANOSECONDS)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ConfigError([fault]) from error
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * NANOSECONDS + moment.microsecond * 1000


def outside(samples: SampleBatch, windows: Sequence[Window]) -> SampleBatch:
    """Leave out the samples that lie in a window, and count them as excluded.

    Parameters
    ----------
    samples : SampleBatch
        Decoded samples.
    windows : sequence of Window
        What is left out; they may overlap.

    Returns
    -------
    SampleBatch
        The others, in order.
    """
    if not windows:
        return samples
    inside = np.zeros(len(samples.time), dtype=np.bool_)
    for window in windows:
        inside |= (samples.time >= window.start) & (samples.time < window.end)
    if not inside.any():
        return samples
    kept = ~inside
    dropped = Counter(samples.dropped)
    dropped[DropReason.EXCLUDED] += int(inside.sum())
    return replace(
        samples,
        series=samples.series[kept],
        time=samples.time[kept],
        value=samples.value[kept],
        record=samples.record[kept],
        dropped=dict(dropped),
    )

"""The shop's frames as records: one wide JSON object per service and minute."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from daemon.demo.timeline import timestamp_of
from daemon.shop import F64, METRICS, SERVICES

SHOP: str = "demo"

_encode = msgspec.json.Encoder().encode


def shop_records(frame: F64, tick: int) -> Iterator[bytes]:
    """Encode one frame.

    Parameters
    ----------
    frame : float64[80]
        As `daemon.shop.Shop.frames` yields it, NaN where a series is silent.
    tick : int
        Its tick.

    Yields
    ------
    bytes
        A record per service that has anything to say; silent series are left out.
    """
    values = frame.tolist()
    for place, service in enumerate(SERVICES):
        reported = {
            metric: value
            for metric, value in zip(METRICS, values[place * len(METRICS) :], strict=False)
            if not math.isnan(value)
        }
        if reported:
            labels = {"shop": SHOP, "service": service}
            yield _encode({"timestamp": timestamp_of(tick), "labels": labels, "values": reported})

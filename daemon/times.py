"""Times in requests and answers: RFC 3339 with a zone and nothing else, Unix nanoseconds within."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, WithJsonSchema

from daemon.events import rfc3339
from daemon.records import I64, NANOSECONDS

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:(?P<second>\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_EPOCH = datetime.fromtimestamp(0, UTC)


def parse_time(text: object) -> int:
    """Read an RFC 3339 time as Unix nanoseconds, to the microsecond.

    Parameters
    ----------
    text : object
        The text; a leap second counts as the second after it.

    Returns
    -------
    int
        Unix nanoseconds.

    Raises
    ------
    ValueError
        When it is anything else.
    """
    match = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        msg = "an RFC 3339 time with a zone is needed, for example 2026-01-31T22:00:00Z"
        raise ValueError(msg)
    plain, leap = match[0].upper(), timedelta()
    if match["second"] == "60":
        plain = f"{plain[: match.start('second')]}59{plain[match.end('second') :]}"
        leap = timedelta(seconds=1)
    return (datetime.fromisoformat(plain) - _EPOCH + leap) // timedelta(microseconds=1) * 1000


#: `rfc3339` for answers, where many items share a time.
shown_time = lru_cache(maxsize=4096)(rfc3339)


def shown_times(times: I64) -> list[str]:
    """Write many times at once, each as `rfc3339` does.

    Parameters
    ----------
    times : int64[T]
        Unix nanoseconds.

    Returns
    -------
    list of str
    """
    seconds, fractions = np.divmod(times, NANOSECONDS)
    if fractions.any():
        return [rfc3339(time) for time in times.tolist()]
    listed: list[str] = np.datetime_as_string(seconds.astype("M8[s]"), timezone="UTC").tolist()
    return listed


#: A time as a query parameter.
RequestTime = Annotated[
    int,
    BeforeValidator(parse_time),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]

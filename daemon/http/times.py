"""Times in requests: RFC 3339 with a zone and nothing else, as Unix nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

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


#: A time as a query parameter.
RequestTime = Annotated[
    int,
    BeforeValidator(parse_time),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]

"""Durations as people write them: seconds as a number, or text such as `90s`, `15m`, `3d`."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pytimeparse import parse

PATTERN = r"^\s*\d+(\.\d+)?\s*(s|m|h|d|w)?(\s*\d+(\.\d+)?\s*(s|m|h|d|w))*\s*$"


def seconds(value: Any) -> float:  # noqa: ANN401 - whatever YAML holds
    """Read a duration.

    Parameters
    ----------
    value : float, int or str
        Seconds, or text such as `90s`, `1h30m`, `3d`, `2w`.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    ValueError
        When it is neither, or not finite.
    """
    parsed: float | None = None
    if isinstance(value, str):
        try:
            parsed = float(value)
        except ValueError:
            parsed = parse(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        parsed = float(value)
    if parsed is None or not math.isfinite(parsed):
        msg = f"{value!r} is not a duration; write seconds (90) or text such as 90s, 15m, 6h, 3d"
        raise ValueError(msg)
    return float(parsed)


Duration = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": PATTERN}]}),
]

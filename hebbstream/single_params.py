"""Knobs for a group of one series; part of `hebbstream.params`."""

from __future__ import annotations

from pydantic import Field

from hebbstream.base_params import Params
from hebbstream.durations import Duration

HOUR = 3600.0
DAY = 24 * HOUR


class SingleParams(Params):
    """How a group of one series is judged, which has no peers to be compared with."""

    enabled: bool = Field(
        default=True,
        description=(
            "Judge a lone series by several views of its own past; off, by its level alone, as in "
            "larger groups."
        ),
    )
    short: Duration = Field(
        default=HOUR,
        ge=1,
        le=DAY,
        description="Time constant of the fast view; shorter sees sooner and is noisier.",
    )
    medium: Duration = Field(
        default=4 * HOUR,
        ge=1,
        le=7 * DAY,
        description="Time constant of the slow view; longer sees fainter faults, later.",
    )
    long: Duration = Field(
        default=DAY,
        ge=1,
        le=365 * DAY,
        description="Time constant of the view that sees drift; longer sees slower drift.",
    )
    roughness: Duration = Field(
        default=2 * HOUR,
        ge=1,
        le=7 * DAY,
        description="Time over which roughness is measured; longer is steadier, and later.",
    )
    span: Duration = Field(
        default=16 * HOUR,
        ge=1,
        le=30 * DAY,
        description=(
            "How long an episode is remembered as told; longer keeps a lasting fault from "
            "raising the score again and again."
        ),
    )

"""Knobs of homeostasis: how the rates of what is normal follow drift."""

from __future__ import annotations

from pydantic import Field

from hebbstream.base_params import Params
from hebbstream.durations import Duration


class HomeostasisParams(Params):
    """How much faster a group is learnt while it drifts, and how much slower while it is calm."""

    pace_min: float = Field(
        default=1.0,
        ge=0.1,
        le=1,
        description=(
            "Factor on the rates of what is learnt as normal while the group is calm; lower is "
            "steadier, and slower to see a drift begin."
        ),
    )
    pace_max: float = Field(
        default=6.0,
        ge=1,
        le=20,
        description=(
            "Factor while the group drifts, at most; higher follows faster drifts, and learns "
            "sooner what is slow and wrong. 1, as pace_min, keeps the rates as they are."
        ),
    )
    over: Duration = Field(
        default=86_400.0,
        ge=60,
        le=365 * 86_400.0,
        description=(
            "Time constant of what tells a drift, or over_ticks_min if that is longer; shorter "
            "follows a drift sooner, and takes a long fault for one."
        ),
    )
    over_ticks_min: int = Field(
        default=1440,
        ge=100,
        le=10_000_000,
        description="Ticks of that time constant, at least.",
    )

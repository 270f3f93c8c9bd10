"""From samples to frames, by event time."""

from __future__ import annotations

from pydantic import Field

from daemon.config.section import Section
from hebbstream.durations import Duration


class FramingSection(Section):
    """From samples to frames, by event time."""

    interval: Duration = Field(
        default=60.0,
        ge=0.001,
        le=86_400,
        description="Grid step: one frame per group and interval. A change starts learning anew.",
    )
    lateness: Duration = Field(
        default=30.0,
        ge=0,
        le=86_400,
        description=(
            "How far behind the newest event time a sample may come; more waits longer before a "
            "frame is judged."
        ),
    )
    max_ahead: Duration = Field(
        default=600.0,
        ge=0,
        le=31_536_000,
        description=(
            "Samples further ahead of their record's own timestamp are dropped. With "
            "message.timestamp.type=LogAppendTime on the topic that is the broker's clock, and one "
            "producer's wrong clock closes no more than this much of the future; under CreateTime "
            "it is mostly that same clock, and this is no bound."
        ),
    )
    idle_timeout: Duration | None = Field(
        default=300.0,
        ge=1,
        le=86_400,
        description=(
            "A partition without records for this long has its open frames closed; null: never."
        ),
    )
    retention: Duration = Field(
        default=7 * 86_400.0,
        ge=1,
        description=(
            "A series without samples for this long is forgotten; one that returns sooner keeps "
            "its state."
        ),
    )
    gap_max: Duration = Field(
        default=86_400.0,
        ge=0,
        description=(
            "A group's silence is stepped through as empty frames for this long; the rest of a "
            "longer one is skipped. Below incidents.silence.after ticks a group that stops as a "
            "whole is not told."
        ),
    )

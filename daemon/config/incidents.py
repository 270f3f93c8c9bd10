"""When scores become incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from daemon.config.section import Section
from hebbstream.durations import Duration


class MaintenanceWindow(Section):
    """A time range in which no incident opens, by event time."""

    start: str = Field(description="RFC 3339, for example 2026-01-01T22:00:00Z.")
    end: str = Field(description="RFC 3339, after start.")
    groups: list[str] = Field(default=["*"], description="Group name patterns (* and ?).")
    reason: str = Field(default="", description="For the reader.")

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        ends = []
        for text in (self.start, self.end):
            try:
                at = datetime.fromisoformat(text)
            except ValueError as error:
                msg = f"{text!r} is not an RFC 3339 time"
                raise ValueError(msg) from error
            if at.tzinfo is None:
                msg = f"{text!r} needs a time zone, for example a trailing Z"
                raise ValueError(msg)
            ends.append(at)
        if ends[0] >= ends[1]:
            msg = "start must be before end"
            raise ValueError(msg)
        return self


class SilenceSection(Section):
    """When a series that reports nothing is an incident of its own."""

    enabled: bool = Field(
        default=True, description="false: silence is a gap only, and no incident comes of it."
    )
    after: int = Field(
        default=5,
        ge=2,
        le=100_000,
        description=(
            "Ticks without a sample that are never an incident; a series that often pauses is "
            "given more."
        ),
    )
    stuck: bool = Field(
        default=True,
        description=(
            "A series that repeats a value other than 0 at least 15 times, and more than five "
            "times as long as it ever has, counts as silent; after as long as warmup, that is "
            "where the series stands. With a warmup below some 20 ticks none is told."
        ),
    )
    budget_per_day: float = Field(
        default=0.002,
        gt=0,
        le=100,
        description=(
            "False alarms of silence a group may raise a day; sets how improbable a pause must be."
        ),
    )
    warmup: Duration = Field(
        default=86_400.0,
        ge=0,
        description="A series younger than this is not missed: its rhythm is not known yet.",
    )
    memory: Duration = Field(
        default=7 * 86_400.0,
        gt=0,
        description=(
            "How long pauses are remembered. A long one that comes again for the fourth time "
            "within it belongs to the series' rhythm."
        ),
    )
    presence_min: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="A series that has samples in a smaller share of the ticks is not missed.",
    )


class IncidentsSection(Section):
    """When an incident opens, is updated and resolves. Ticks are frames, counted per group."""

    trigger: float = Field(
        default=1.0,
        ge=0.1,
        le=100,
        description=(
            "Score at which an incident opens; 1.0 is the alert line of detector.calibration."
        ),
    )
    recovery: float = Field(
        default=0.75, ge=0.0, le=100, description="Score below which it may resolve."
    )
    open_after: int = Field(
        default=1,
        ge=1,
        le=10_000,
        description="Ticks at or above trigger in a row before an incident opens.",
    )
    recover_after: int = Field(
        default=10, ge=1, le=10_000, description="Ticks below recovery in a row before it resolves."
    )
    merge_gap: int = Field(
        default=30,
        ge=0,
        le=100_000,
        description=(
            "An incident that would open within this many ticks of the last one's end extends it "
            "instead."
        ),
    )
    cooldown: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="After a resolve no new incident opens for this many ticks (an extension may).",
    )
    max_updates: int = Field(
        default=20,
        ge=0,
        le=10_000,
        description=(
            "Updates published per incident at most, beside those that take it up again after a "
            "resolve."
        ),
    )
    worsen_step: float = Field(
        default=0.5,
        gt=0,
        description=(
            "An update is published when the peak score has grown by this share since the last "
            "event."
        ),
    )
    critical_score: float = Field(
        default=2.0, ge=0.1, description="Peak score from which severity is critical."
    )
    top_series: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="Series named in an event, and asked whether they deviate as metrics wants.",
    )
    top_edges: int = Field(default=10, ge=0, le=1000, description="Relations named in an event.")
    service_labels: list[str] = Field(
        default=[
            "destination_service_name",
            "destination_workload",
            "dst_service",
            "dst_deployment",
            "peer.service",
            "peer_service",
            "service",
            "service_name",
            "service.name",
            "app",
            "job",
        ],
        description=(
            "Labels that name the service a series belongs to, the first that it has; events rank "
            "the services by them. Those of the called side come first: how long a call takes "
            "tells of the service that is called. Empty: no services are named."
        ),
    )
    silence: SilenceSection = Field(
        default=SilenceSection(), description="Series that stop reporting."
    )
    maintenance: list[MaintenanceWindow] = Field(
        default=[], description="Ranges in which no incident opens."
    )

    @model_validator(mode="after")
    def _band_is_open(self) -> Self:
        if self.recovery > self.trigger:
            msg = "recovery must not be above trigger, or incidents would flap"
            raise ValueError(msg)
        return self

"""Which series are read, under which name, by which policy, and which are learnt together."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Self

from pydantic import Field, field_validator, model_validator

from daemon.config.section import Section

#: A group as Prometheus writes it.
_DOLLAR = re.compile(r"\$(\d|\{)")


class RelabelAction(StrEnum):
    """What a relabel rule does when its regex matches; as in Prometheus' relabel_config."""

    REPLACE = "replace"
    KEEP = "keep"
    DROP = "drop"
    LABELDROP = "labeldrop"
    LABELKEEP = "labelkeep"
    LABELMAP = "labelmap"


class MetricKind(StrEnum):
    """A gauge is used as it is; a counter becomes a rate per second, resets handled."""

    GAUGE = "gauge"
    COUNTER = "counter"


class Transform(StrEnum):
    """Applied to every value (to the rate, for counters) before it enters a frame."""

    NONE = "none"
    LOG1P = "log1p"
    DIFF = "diff"


class Direction(StrEnum):
    """Which deviations from the expected value may open an incident."""

    ABOVE = "above"
    BELOW = "below"
    BOTH = "both"


class RelabelRule(Section):
    """One step of a series' way to its labels, as Prometheus' relabel_config.

    `__name__` is the metric's name.
    """

    source_labels: list[str] = Field(
        default=[], description="Labels whose values, joined by separator, the regex must match."
    )
    separator: str = Field(default=";", description="Between the source labels' values.")
    regex: str = Field(default="(.*)", description="Anchored regular expression.")
    target_label: str | None = Field(default=None, description="replace: the label to write.")
    replacement: str = Field(
        default=r"\1",
        description=(
            "replace, labelmap: what to write; \\1 is the first group of the regex (in Prometheus "
            "$1, which is refused)."
        ),
    )
    action: RelabelAction = Field(
        default=RelabelAction.REPLACE,
        description="replace, keep, drop, labeldrop, labelkeep or labelmap.",
    )

    @field_validator("regex")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            msg = f"not a regular expression: {error}"
            raise ValueError(msg) from error
        return value

    @model_validator(mode="after")
    def _can_be_applied(self) -> Self:
        if self.action is RelabelAction.REPLACE and not self.target_label:
            msg = "action replace needs target_label"
            raise ValueError(msg)
        templates = {
            RelabelAction.REPLACE: ("replacement", "target_label"),
            RelabelAction.LABELMAP: ("replacement",),
        }
        pattern = re.compile(f"{self.regex}|")  # also matches nothing, so that it always expands
        for name in templates.get(self.action, ()):
            template = getattr(self, name)
            if _DOLLAR.search(template):
                msg = f"{name}: write \\1 for the first group of the regex, not $1"
                raise ValueError(msg)
            try:
                pattern.sub(template, "")
            except (re.error, IndexError) as error:
                msg = f"{name} does not fit regex: {error}"
                raise ValueError(msg) from error
        return self


class SeriesSection(Section):
    """Which series are read, and under which name: include, exclude, relabel, rename, in order."""

    include: list[str] = Field(
        default=[], description="Metric name patterns (* and ?); when given, only these are read."
    )
    exclude: list[str] = Field(
        default=[], description="Metric name patterns (* and ?) that are not read."
    )
    relabel: list[RelabelRule] = Field(default=[], description="Relabel rules, in order.")
    rename: dict[str, str] = Field(default={}, description="Old metric name to new one.")


class MetricRule(Section):
    """Policy for the metrics whose name matches; the first rule that matches applies."""

    match: str = Field(description="Metric name pattern (* and ?).")
    kind: MetricKind = Field(
        default=MetricKind.GAUGE, description="gauge, or counter (becomes a rate per second)."
    )
    transform: Transform = Field(
        default=Transform.NONE,
        description="none, log1p (sign kept) or diff (change from frame to frame).",
    )
    direction: Direction = Field(
        default=Direction.BOTH,
        description=(
            "above, below or both: which deviations may open an incident of level. A relation that "
            "breaks may always."
        ),
    )
    deviation_min: float = Field(
        default=0.0,
        ge=0,
        description=(
            "Least absolute deviation from the expected value that may open an incident, in the "
            "unit of what is learnt: the metric's, per second for a counter, logarithms with log1p."
        ),
    )
    deviation_ratio_min: float = Field(
        default=0.0, ge=0, description="Least deviation relative to the expected value's magnitude."
    )
    silence: bool = Field(
        default=True,
        description="false: a series of this metric may stop reporting without an incident.",
    )
    valid_min: float | None = Field(
        default=None, description="Values below, as they are read, are dropped and counted."
    )
    valid_max: float | None = Field(
        default=None, description="Values above, as they are read, are dropped and counted."
    )

    @model_validator(mode="after")
    def _range_is_open(self) -> Self:
        if (
            self.valid_min is not None
            and self.valid_max is not None
            and self.valid_min >= self.valid_max
        ):
            msg = "valid_min must be below valid_max"
            raise ValueError(msg)
        return self


class GroupingSection(Section):
    """Which series are learnt together."""

    group_by: list[str] = Field(
        default=[],
        description=(
            "Labels whose values make the group, in order; empty: one group a partition. Key "
            "records by the same labels, or a group's series meet different partitions."
        ),
    )
    groups_max: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description=(
            "Groups per partition. For a further one the group that has been silent for longest, "
            "60 ticks at least, is forgotten; when there is none its samples are dropped and "
            "counted."
        ),
    )
    memory_max: int | None = Field(
        default=None,
        ge=1_000_000,
        description=(
            "Bytes that the groups of one partition may take, as estimated (logged at start and in "
            "hebbstream_memory_estimated_bytes); for a further group silent ones are forgotten as "
            "with groups_max. Series that join a known group are not refused. null: no limit."
        ),
    )
    series_per_group_max: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="Series per group; samples of further series are dropped and counted.",
    )

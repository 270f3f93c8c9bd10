"""What people say of findings, over HTTP or on a topic, and what a detector is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from daemon.finding import Finding
from daemon.records import NANOSECONDS
from daemon.times import RequestTime
from hebbstream import Detector, FeedbackError, Label, Note
from hebbstream.feedback import DAY_SECONDS, WEEK_SECONDS

SERIES_MAX, KEY_MAX, SCORE_MAX = 1000, 70_000, 1e6
PERIODS = {"day": DAY_SECONDS, "week": WEEK_SECONDS}
Key = Annotated[str, Field(max_length=KEY_MAX)]
#: What only bears on scores, and would hide what the series do later if it were said of a silence.
OF_SCORES = (Label.NOT_ANOMALY, Label.EXPECTED)
#: What is said to a detector, and what comes of it.
Say = Callable[[Detector], tuple[Note, ...]]


class Said(BaseModel):
    """What is said of an incident, or of a group."""

    model_config = ConfigDict(extra="forbid")
    #: Field that names the group where no incident does.
    GROUP: ClassVar[str]

    label: Label = Field(
        description="ANOMALY keeps what goes on out of learning; EXPECTED mutes a window that "
        "comes again; NOT_ANOMALY raises the alert line for frames like it; NEW_TREND takes the "
        "present for normal; MUTED_RELATION leaves one relation out."
    )
    incident_id: str | None = Field(
        default=None, max_length=100, description="The incident it is about."
    )
    series: list[Key] = Field(
        default=[], max_length=SERIES_MAX, description="Keys of the series, without an incident."
    )
    score: float = Field(
        default=1.0, ge=0, le=SCORE_MAX, description="Highest score of NOT_ANOMALY without one."
    )
    start: RequestTime | None = Field(default=None, description="Of one EXPECTED window.")
    end: RequestTime | None = Field(default=None, description="Of the same window.")
    every: Literal["day", "week"] = Field(default="week", description="When it comes again.")
    relation: list[Key] = Field(
        default=[], max_length=2, description="Keys of the ends of MUTED_RELATION."
    )

    @model_validator(mode="after")
    def _is_about_something(self) -> Said:
        if (self.incident_id is None) == (getattr(self, self.GROUP) is None):
            msg = f"either incident_id or {self.GROUP} says what it is about"
            raise ValueError(msg)
        if self.label is Label.MUTED_RELATION and len(self.relation) != 2:
            msg = "relation names the two ends of MUTED_RELATION"
            raise ValueError(msg)
        alone = self.incident_id is None
        if alone and self.label is Label.NOT_ANOMALY and not self.series:
            msg = "series says what is NOT_ANOMALY when no incident does"
            raise ValueError(msg)
        timed = self.start is not None and self.end is not None
        if alone and self.label is Label.EXPECTED and not timed:
            msg = "start and end say when it is EXPECTED when no incident does"
            raise ValueError(msg)
        return self


class FeedbackRequest(Said):
    """What is said over HTTP."""

    GROUP = "group_id"

    group_id: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{16}$", description="The group, without an incident."
    )


class FeedbackRecord(Said):
    """What is said on the feedback topic."""

    GROUP = "group"

    group: str | None = Field(
        default=None,
        max_length=KEY_MAX,
        description="Name of the group, without an incident; every partition's of that name hears.",
    )


def saying(said: Said, finding: Finding | None) -> Say:
    """Turn what is said into what a detector is told.

    Parameters
    ----------
    said : Said
        What it is about, and what.
    finding : Finding or None
        The incident, if it is about one.

    Returns
    -------
    callable
        Tells a detector; it may raise FeedbackError and SeriesError.
    """
    pattern = dict.fromkeys(said.series, 1.0) if finding is None else finding.pattern
    score = said.score if finding is None else finding.peak

    def say(detector: Detector) -> tuple[Note, ...]:
        if finding is not None and finding.silent and said.label in OF_SCORES:
            msg = (
                f"{said.label} is about scores, and this incident is of series that stopped; "
                "a rule of metrics with silence: false, or a maintenance window, excuses that"
            )
            raise FeedbackError(msg)
        match said.label:
            case Label.NOT_ANOMALY:
                return (detector.not_anomaly(pattern, score),)
            case Label.EXPECTED:
                start, end = _window(said, finding)
                period = PERIODS[said.every]
                return (detector.expect(start, end, period=period, pattern=pattern),)
            case Label.ANOMALY:
                return (detector.keep_out(_began(finding, detector.tick)),)
            case Label.NEW_TREND:
                return (detector.new_trend(),)
            case Label.MUTED_RELATION:
                return (detector.mute(said.relation[0], said.relation[1]),)

    return say


def _window(said: Said, finding: Finding | None) -> tuple[float, float]:
    """Window in Unix seconds: what was asked for, else the incident from start to end."""
    start, end = said.start, said.end
    if finding is not None:
        start = finding.start if start is None else start
        end = finding.end if end is None else end
    return (start or 0) / NANOSECONDS, (end or 0) / NANOSECONDS


def _began(finding: Finding | None, tick: int) -> int | None:
    """Tick at which an incident began, counted back from the group's last frame."""
    if finding is None or finding.ticks_ago is None:
        return None
    return max(0, tick - 1 - finding.ticks_ago)

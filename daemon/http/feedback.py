"""Routes for what people say about findings; the only ones that change anything.

What is said is heard by the engine between two batches and is part of the next checkpoint, which is
written before the answer.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.exceptions import HTTPException

from daemon.events import Event
from daemon.http import feedback_documents as documents
from daemon.http.answers import answer_now
from daemon.http.context import Context, context_of
from daemon.http.documents import answering
from daemon.http.groups import GroupId
from daemon.http.problems import NotThere, documented
from daemon.http.times import RequestTime, parse_time
from daemon.mailbox import Heard, NobodyThereError, Purpose, Say
from daemon.readmodel.views import GroupIdentity, GroupView, IncidentView
from daemon.records import NANOSECONDS
from daemon.series_key import series_key
from hebbstream import Detector, HebbstreamError, Label, Note
from hebbstream.feedback import DAY_SECONDS, WEEK_SECONDS

#: The engine hears between two polls; longer than this it is in trouble.
ANSWER_SECONDS = 10.0
SERIES_MAX, KEY_MAX, SCORE_MAX = 1000, 70_000, 1e6
PERIODS = {"day": DAY_SECONDS, "week": WEEK_SECONDS}

router = APIRouter(prefix="/api/v1", tags=["feedback"], responses=documented(404, 422, 503))
BEARER = HTTPBearer(auto_error=False, description="`server.token` of the configuration.")
Login = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
GUARDED = documented(401, 403)
Key = Annotated[str, Field(max_length=KEY_MAX)]


async def _admitted(request: Request, login: Login) -> None:
    """Let nobody change anything without the token."""
    context = context_of(request)
    if context.token is None:
        msg = "nothing can be changed over HTTP until server.token is set"
        raise HTTPException(HTTPStatus.FORBIDDEN, msg)
    given = "" if login is None else login.credentials
    if not secrets.compare_digest(given.encode(), context.token.encode()):
        msg = "Authorization: Bearer with the token of server.token is needed"
        raise HTTPException(HTTPStatus.UNAUTHORIZED, msg, {"WWW-Authenticate": "Bearer"})


ADMITTED = [Depends(_admitted)]


class FeedbackRequest(BaseModel):
    """What is said of an incident, or of a group."""

    model_config = ConfigDict(extra="forbid")

    label: Label = Field(
        description="ANOMALY keeps what goes on out of learning; EXPECTED mutes a window that "
        "comes again; NOT_ANOMALY raises the alert line for frames like it; NEW_TREND takes the "
        "present for normal; MUTED_RELATION leaves one relation out."
    )
    incident_id: str | None = Field(
        default=None, max_length=100, description="The incident it is about."
    )
    group_id: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{16}$", description="The group, without an incident."
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
    def _is_about_something(self) -> FeedbackRequest:
        if (self.incident_id is None) == (self.group_id is None):
            msg = "either incident_id or group_id says what it is about"
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


@router.post("/feedback", response_model=None, status_code=HTTPStatus.CREATED,
             dependencies=ADMITTED,
             responses={**documented(400), **GUARDED,
                        **answering(documents.FeedbackHeard, HTTPStatus.CREATED, "It was heard.")},
             summary="Say what an incident was, or what is expected")  # fmt: skip
async def say_feedback(request: Request, said: FeedbackRequest) -> Response:
    """Have a group's detector hear what is said; it acts from the next frame on."""
    context = context_of(request)
    incident = _incident(context, said)
    identity = _group(context, said.group_id or "") if incident is None else incident.identity
    group = context.picture().view.groups.get(identity.id)
    interval = context.model.about.interval
    heard = await _heard(context, identity, _saying(said, incident, group, interval))
    return answer_now(documents.heard(identity, heard), HTTPStatus.CREATED)


@router.get("/groups/{group_id}/feedback", response_model=None,
            responses=answering(documents.FeedbackHeard),
            summary="What was said of a group and holds")  # fmt: skip
async def list_feedback(request: Request, group_id: GroupId) -> Response:
    """List what was said of a group, in the order it was told."""
    context = context_of(request)
    identity = _group(context, group_id)
    heard = await _heard(context, identity, lambda detector: detector.notes, "ask")
    return answer_now(documents.heard(identity, heard))


@router.delete("/groups/{group_id}/feedback/{number}", response_model=None,
               dependencies=ADMITTED,
               responses={**GUARDED, **answering(documents.FeedbackHeard)},
               summary="Take back what was said")  # fmt: skip
async def undo_feedback(
    request: Request,
    group_id: GroupId,
    number: Annotated[int, Path(ge=0, lt=2**63, description="Of the feedback.")],
) -> Response:
    """Undo a piece of feedback; the answer shows what no longer holds."""
    context = context_of(request)
    identity = _group(context, group_id)
    heard = await _heard(context, identity, lambda detector: (_undo(detector, number),), "undo")
    return answer_now(documents.heard(identity, heard))


def _undo(detector: Detector, number: int) -> Note:
    if number not in {note.number for note in detector.notes}:
        msg = f"there is no feedback {number}"
        raise NobodyThereError(msg)
    return detector.undo(number)


def _incident(context: Context, said: FeedbackRequest) -> IncidentView | None:
    if said.incident_id is None:
        return None
    incident = context.picture().view.incidents.get(said.incident_id)
    if incident is None:
        msg = f"no incident {said.incident_id!r} is kept here; say it of its group and series"
        raise NotThere(msg)
    return incident


def _group(context: Context, group_id: str) -> GroupIdentity:
    group = context.picture().view.groups.get(group_id)
    if group is None:
        msg = f"no group {group_id} is watched here"
        raise NotThere(msg)
    return group.identity


async def _heard(
    context: Context, identity: GroupIdentity, say: Say, purpose: Purpose = "tell"
) -> Heard:
    """Wait until the engine has heard it."""
    answer = context.mailbox.send(identity.partition, identity.name, say, purpose)
    try:
        return await asyncio.wait_for(asyncio.wrap_future(answer), ANSWER_SECONDS)
    except TimeoutError:
        msg = "the engine did not hear it in time; nothing was changed unless /healthz is well"
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, msg) from None
    except NobodyThereError as error:
        raise NotThere(str(error)) from error
    except HebbstreamError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error


def _saying(
    said: FeedbackRequest, incident: IncidentView | None, group: GroupView | None, interval: float
) -> Say:
    """Turn a request into what a detector is told."""
    worst = None if incident is None else incident.worst
    pattern = dict.fromkeys(said.series, 1.0) if worst is None else _pattern(worst)
    score = said.score if worst is None else worst.peak_score

    def say(detector: Detector) -> tuple[Note, ...]:
        match said.label:
            case Label.NOT_ANOMALY:
                return (detector.not_anomaly(pattern, score),)
            case Label.EXPECTED:
                start, end = _window(said, incident, interval)
                period = PERIODS[said.every]
                return (detector.expect(start, end, period=period, pattern=pattern),)
            case Label.ANOMALY:
                since = _began(incident, group, interval, detector.tick)
                return (detector.keep_out(since),)
            case Label.NEW_TREND:
                return (detector.new_trend(),)
            case Label.MUTED_RELATION:
                return (detector.mute(said.relation[0], said.relation[1]),)

    return say


def _pattern(event: Event) -> Mapping[str, float]:
    """Share of each series that an event names."""
    return {
        series_key(series.name, series.labels.items()): series.contribution
        for series in event.series
    }


def _window(
    said: FeedbackRequest, incident: IncidentView | None, interval: float
) -> tuple[float, float]:
    """Window in Unix seconds: what was asked for, else the incident from start to last event."""
    start, end = said.start, said.end
    if incident is not None:
        latest = incident.latest
        start = parse_time(latest.approx_start) if start is None else start
        end = parse_time(latest.ts_event) + round(interval * NANOSECONDS) if end is None else end
    return (start or 0) / NANOSECONDS, (end or 0) / NANOSECONDS


def _began(
    incident: IncidentView | None, group: GroupView | None, interval: float, tick: int
) -> int | None:
    """Tick at which an incident began, counted back from the group's last frame."""
    if incident is None or group is None:
        return None
    ago = (group.frame_time - parse_time(incident.latest.approx_start)) / NANOSECONDS
    return max(0, tick - 1 - round(ago / interval))

"""Routes for what people say about findings; the only ones that change anything.

What is said is heard by the engine between two batches and is part of the next checkpoint, which is
written before the answer.
"""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import Future
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from daemon.finding import Finding
from daemon.http import feedback_documents as documents
from daemon.http.answers import answer_now
from daemon.http.context import Context, absent, context_of
from daemon.http.documents import answering
from daemon.http.groups import GroupId
from daemon.http.problems import NotThere, NotYet, documented
from daemon.mailbox import Heard, NobodyThereError, Purpose
from daemon.pipeline import PartitionPipeline
from daemon.readmodel.views import GroupIdentity, GroupView, IncidentView
from daemon.records import NANOSECONDS
from daemon.said import FeedbackRequest, Say, saying
from daemon.series_key import series_key
from daemon.silences import SilenceKind
from daemon.times import parse_time
from hebbstream import Detector, HebbstreamError, Note

#: The engine hears between two polls; longer than this it is in trouble.
ANSWER_SECONDS = 10.0

router = APIRouter(prefix="/api/v1", tags=["feedback"], responses=documented(404, 422, 503))
BEARER = HTTPBearer(auto_error=False, description="`server.token` of the configuration.")
Login = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
GUARDED = documented(401, 403)


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


@router.post("/feedback", response_model=None, status_code=HTTPStatus.CREATED,
             dependencies=ADMITTED,
             responses={**documented(400, 413), **GUARDED,
                        **answering(documents.FeedbackHeard, HTTPStatus.CREATED, "It was heard.")},
             summary="Say what an incident was, or what is expected")  # fmt: skip
async def say_feedback(request: Request, said: FeedbackRequest) -> Response:
    """Have a group's detector hear what is said; it acts from the next frame on."""
    context = context_of(request)
    if said.incident_id is None:
        identity = _group(context, said.group_id or "")
        heard = await _heard(context, identity, saying(said, None))
    else:
        heard = await _answered(_about_incident(context, said, said.incident_id))
        identity = context.model.identify(heard.partition, heard.group)
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


def _about_incident(context: Context, said: FeedbackRequest, incident_id: str) -> Future[Heard]:
    """Have the engine look for an incident among those it holds, and say it to its group.

    It knows more of them than their events have told so far, and those that were restored; while
    it does not know yet which partitions are its own it hears nobody, and the letter waits. Of one
    that is over for longer than a group remembers, what was published is all there is.
    """
    view = context.picture().view
    known = view.incidents.get(incident_id)
    past = None
    nobody = f"no incident {incident_id!r} is kept here; say it of its group and series"
    if known is not None:
        group = view.groups.get(known.identity.id)
        past = _finding(known, group, context.model.about.interval)

    def address(pipeline: PartitionPipeline) -> tuple[str, Say] | None:
        found = pipeline.find(incident_id)
        if found is not None:
            return found[0], saying(said, found[1])
        if known is None or pipeline.partition != known.identity.partition:
            return None
        name = known.identity.name
        return (name, saying(said, past)) if name in pipeline.groups else None

    return context.mailbox.post(address, nobody)


def _group(context: Context, group_id: str) -> GroupIdentity:
    view = context.picture().view
    identity = view.identities.get(group_id)
    if identity is None:
        msg = f"no group {group_id} is watched here"
        raise absent(view, msg)
    return identity


async def _heard(
    context: Context, identity: GroupIdentity, say: Say, purpose: Purpose = "tell"
) -> Heard:
    """Have something said to a group that is known, and wait."""
    return await _answered(context.mailbox.send(identity.partition, identity.name, say, purpose))


async def _answered(answer: Future[Heard]) -> Heard:
    """Wait until the engine has heard it."""
    try:
        return await asyncio.wait_for(asyncio.wrap_future(answer), ANSWER_SECONDS)
    except TimeoutError:
        msg = "the engine did not hear it in time; nothing was changed unless /healthz is well"
        raise NotYet(msg) from None
    except NobodyThereError as error:
        raise NotThere(str(error)) from error
    except HebbstreamError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error


def _finding(incident: IncidentView, group: GroupView | None, interval: float) -> Finding:
    """Tell what feedback needs to know of an incident that only its events tell of."""
    worst, latest = incident.worst, incident.latest
    start, end, ago = parse_time(latest.approx_start), parse_time(latest.ts_event), None
    if group is not None:
        ago = round((group.frame_time - start) / NANOSECONDS / interval)
    return Finding(
        pattern={
            series_key(series.name, series.labels.items()): series.contribution
            for series in worst.series
        },
        # That of the worst event leaves out what came of it later without an event of its own.
        peak=latest.peak_score,
        start=start,
        end=end + round(interval * NANOSECONDS),
        ticks_ago=ago,
        silent=latest.kind in frozenset(SilenceKind),
    )

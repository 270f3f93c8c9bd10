"""Routes about the service itself: how it is, which build, which configuration; and the probes."""

from __future__ import annotations

import platform
from dataclasses import asdict
from itertools import islice

from fastapi import APIRouter, Request, Response

from daemon.events import rfc3339
from daemon.http import documents
from daemon.http.answers import NO_STORE, answer_now
from daemon.http.context import Context, context_of
from daemon.http.documents import answering
from daemon.readmodel.views import View
from daemon.records import InputPartition
from daemon.scatter import SHOWN, scattered

router = APIRouter(
    prefix="/api/v1",
    tags=["service"],
    responses={304: {"description": "The reader has it already."}},
)
probes = APIRouter(tags=["service"])


@router.get("/build", response_model=None, responses=answering(documents.Build),
            summary="Which program this is")  # fmt: skip
async def show_build(request: Request) -> Response:
    """Show version, configuration hash and grid step."""
    context = context_of(request)
    about = context.model.about
    build = documents.Build(
        application_id=about.application_id,
        version=about.version,
        python=platform.python_version(),
        config_hash=about.config_hash,
        started=rfc3339(documents.nanoseconds(about.started)),
        interval_s=about.interval,
        trigger=about.trigger,
    )
    return context.answers.answer(request, context.model.view, lambda: build)


@router.get("/config", response_model=None, responses=answering(documents.EffectiveConfig),
            summary="The configuration in effect")  # fmt: skip
async def show_config(request: Request) -> Response:
    """Show every setting with its value, secrets hidden."""
    context = context_of(request)
    about = context.model.about
    return context.answers.answer(
        request,
        context.model.view,
        lambda: documents.EffectiveConfig(config_hash=about.config_hash, config=dict(about.config)),
    )


@router.get("/status", response_model=None, responses=answering(documents.Status),
            summary="How the service is")  # fmt: skip
async def show_status(request: Request) -> Response:
    """Show health, how much is watched, and how far each input partition has come."""
    return answer_now(_status(context_of(request)))


@probes.get("/metrics", summary="Metrics for Prometheus", response_class=Response,
            responses={200: {"content": {
                "text/plain": {"schema": {"type": "string"}},
                "application/openmetrics-text": {"schema": {"type": "string"}},
            }}})  # fmt: skip
async def expose_metrics(request: Request) -> Response:
    """Write all metrics in the format that `Accept` asks for."""
    body, kind = context_of(request).telemetry.exposition(request.headers.get("accept", ""))
    return Response(body, headers={**NO_STORE, "Content-Type": kind})


@probes.get("/healthz", response_model=None, summary="Is it alive",
            responses={**answering(documents.Liveness),
                       **answering(documents.Liveness, 503, "It hangs.")})  # fmt: skip
async def show_liveness(request: Request) -> Response:
    """Tell whether the engine's loop goes round; restart the process when it does not."""
    check = context_of(request).health.alive()
    body = documents.Liveness(alive=check.ok, reason=check.reason)
    return answer_now(body, status=200 if check.ok else 503)


@probes.get("/readyz", response_model=None, summary="Is it ready",
            responses={**answering(documents.Readiness),
                       **answering(documents.Readiness, 503, "Not yet, or not now.")})  # fmt: skip
async def show_readiness(request: Request) -> Response:
    """Tell whether it reads, owns what it should, and can publish."""
    checks = _checks(context_of(request))
    ready = all(check.ok for check in checks)
    return answer_now(documents.Readiness(ready=ready, checks=checks), status=200 if ready else 503)


def _status(context: Context) -> documents.Status:
    picture = context.picture()
    view = picture.view
    checks = _checks(context)
    return documents.Status(
        as_of=rfc3339(documents.nanoseconds(view.as_of)),
        now=rfc3339(documents.nanoseconds(context.model.clock.now())),
        alive=checks[0].ok,
        ready=all(check.ok for check in checks),
        checks=checks,
        groups=len(view.groups),
        series=picture.series_count,
        incidents_open=sum(len(ids) for ids in picture.open_by_group.values()),
        partitions=[
            documents.PartitionDocument(
                topic=each.partition.topic,
                partition=each.partition.partition,
                groups=each.groups,
                next_offset=each.next_offset,
                watermark=rfc3339(each.watermark) if each.watermark else None,
                pending_samples=each.pending_samples,
            )
            for each in view.partitions
        ],
        scattered=[
            documents.ScatteredGroup(
                group=name,
                partitions=[
                    documents.PlaceDocument(topic=each.topic, partition=each.partition)
                    for each in places
                ],
            )
            for name, places in islice(_scattered(view).items(), SHOWN)
        ],
    )


def _scattered(view: View) -> dict[str, tuple[InputPartition, ...]]:
    named = (group.identity for group in view.groups.values())
    return scattered((identity.name, identity.partition) for identity in named)


def _checks(context: Context) -> list[documents.CheckDocument]:
    return [documents.CheckDocument(**asdict(check)) for check in context.health.readiness()]

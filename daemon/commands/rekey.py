"""`rekey`: a small service that brings the series of each group together on one topic."""

from __future__ import annotations

import os
from contextlib import closing
from typing import Annotated

import typer

from daemon import log, settings
from daemon.clock import SystemClock
from daemon.commands.arguments import ConfigPath
from daemon.config.broker import repartition_topic
from daemon.http.health import HealthState
from daemon.http.server import HttpServer
from daemon.kafka.source import KafkaSource
from daemon.kafka.writer import TopicWriter
from daemon.lifecycle import StopRequest
from daemon.rekey import CHECKS, RETENTION_DAYS, Rekeyer
from daemon.telemetry import Telemetry

Port = Annotated[
    int | None,
    typer.Option(
        min=0, max=65535,
        help="Port of /metrics and the probes; else server.port, which a service beside it has.",
    ),
]  # fmt: skip


def rekey(config: ConfigPath = None, port: Port = None) -> None:
    """Read kafka.topics, write <application_id>.repartition keyed by group, until SIGTERM."""
    loaded = settings.load(config, os.environ)
    log.configure(loaded.logging)
    clock = SystemClock()
    telemetry = Telemetry(clock, settings.config_hash(loaded))
    health = HealthState(clock, CHECKS)
    server = loaded.server if port is None else loaded.server.model_copy(update={"port": port})
    section = loaded.kafka.read_by_rekey(loaded.application_id)
    with StopRequest(clock) as stop, HttpServer(server, telemetry, health):
        writer = TopicWriter(
            loaded.kafka,
            loaded.application_id,
            repartition_topic(loaded.application_id),
            clock,
            retention_days=RETENTION_DAYS,
            beat=health.beat,
        )
        with closing(writer):
            source = KafkaSource(section, loaded.application_id, clock)
            Rekeyer(source, writer, loaded, clock, telemetry, health).run(lambda: stop.asked)

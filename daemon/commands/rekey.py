"""`rekey`: a small service that brings the series of each group together on one topic."""

from __future__ import annotations

import os
from contextlib import closing

from daemon import log, settings
from daemon.clock import SystemClock
from daemon.commands.arguments import ConfigPath
from daemon.config.broker import repartition_topic
from daemon.errors import ConfigError
from daemon.kafka.source import KafkaSource
from daemon.kafka.writer import TopicWriter
from daemon.lifecycle import StopRequest
from daemon.rekey import RETENTION_DAYS, Rekeyer


def rekey(config: ConfigPath = None) -> None:
    """Read kafka.topics, write <application_id>.repartition keyed by group, until SIGTERM."""
    loaded = settings.load(config, os.environ)
    log.configure(loaded.logging)
    target = repartition_topic(loaded.application_id)
    if target in loaded.kafka.topics:
        raise ConfigError([f"kafka.topics: {target} is what rekey writes; name what it reads"])
    clock = SystemClock()
    section = loaded.kafka.read_by_rekey(loaded.application_id)
    with (
        StopRequest(clock) as stop,
        closing(
            TopicWriter(
                loaded.kafka, loaded.application_id, target, clock, retention_days=RETENTION_DAYS
            )
        ) as writer,
    ):
        source = KafkaSource(section, loaded.application_id, clock)
        Rekeyer(source, writer, loaded, clock).run(lambda: stop.asked)

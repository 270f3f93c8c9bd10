"""`relearn`: what was learnt by mistake is not unlearnt; all is learnt anew without it."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from daemon import app, log, settings
from daemon.clock import SystemClock
from daemon.commands.arguments import ConfigPath
from daemon.commands.files import QUIET, progress_bar
from daemon.config import Config
from daemon.errors import ConfigError, SinkError
from daemon.kafka.sink import KafkaSink
from daemon.kafka.topic_batches import TopicBatches, is_running
from daemon.preparing import prepare_kernels
from daemon.records import Channel, Message
from daemon.relearn import Bounds, Plan, Relearning
from daemon.stores import build_of, make_keepers
from daemon.windows import Window, parse_time

PUBLISH_SECONDS = 30.0


def relearn(
    exclude: Annotated[
        list[str],
        typer.Option(help="FROM..TO, event times that are left out, for example an outage."),
    ],
    config: ConfigPath = None,
    *,
    since: Annotated[
        str | None,
        typer.Option("--from", help="Begin with records of this time; else with the oldest."),
    ] = None,
    restart: Annotated[
        bool, typer.Option(help="Throw away unfinished work and begin anew.")
    ] = False,
) -> None:
    """Learn the topics anew without some windows of time, and swap the result in."""
    loaded = settings.load(config, os.environ)
    log.configure(QUIET)
    if loaded.state.folder is None:
        raise ConfigError(["state.folder: null; relearning needs a folder to keep its work in"])
    windows = tuple(Window.parse(text) for text in exclude)
    begin = None if since is None else parse_time(since)
    sections = replace(app.sections_of(loaded), without=windows)
    plan = Plan([(each.start, each.end) for each in windows], begin, sections.config_hash)
    clock = SystemClock()
    keepers = make_keepers(loaded.state, loaded.kafka, loaded.application_id, clock)
    stores = [keeper.store for keeper in keepers]
    work = Relearning(Path(loaded.state.folder), stores, sections, plan, clock, build_of())
    prepare_kernels()
    kafka = loaded.kafka.read_by_service(loaded.application_id)
    with closing(TopicBatches(kafka, loaded.application_id)) as batches:
        work.restore(batches.partitions, restart=restart)
        while True:
            running = is_running(loaded.kafka, loaded.application_id, clock)
            live = work.find_live()
            ranges = work.ranges(batches.bounds(begin), live)
            left = sum(end - first for first, end in ranges.values())
            if left:
                _learn(work, batches, ranges, left)
            if running or not left:  # or else look again: it may have run in between
                break
    groups = sum(len(pipeline.groups) for pipeline in work.pipelines.values())
    if running:
        typer.echo(
            f"learnt anew up to where the service is: {groups} groups, kept in {work.place}\n"
            "stop the service and run the same command again: it learns the rest and swaps it in"
        )
        return
    notes = work.swap(live, lambda messages: _publish(messages, loaded))
    for store in stores:
        store.close()
    typer.echo(
        f"learnt anew and swapped in: {groups} groups, {notes} pieces of feedback go on; "
        "start the service\n"
        f"the state before is kept in {work.aside}"
    )


def _learn(work: Relearning, batches: TopicBatches, ranges: Bounds, left: int) -> None:
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("relearn", total=left)
        work.learn(batches, ranges, lambda count: bar.advance(task, count))


def _publish(messages: list[Message], loaded: Config) -> None:
    """Publish a few events, or fail before anything is swapped."""
    if not messages:
        return
    sink = KafkaSink(loaded.kafka, loaded.application_id, SystemClock(), (Channel.EVENTS,))
    try:
        sink.send(messages)
        if not sink.flush(PUBLISH_SECONDS):
            msg = f"nothing was acknowledged for {PUBLISH_SECONDS:g} s; nothing is swapped in yet"
            raise SinkError(msg)
    finally:
        sink.close()

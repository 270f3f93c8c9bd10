"""The composition root: builds every part from the configuration and starts it in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path

from daemon import settings
from daemon.assigned import EngineLimits
from daemon.config import Config
from daemon.engine import Engine
from daemon.events import Event
from daemon.files.keys import GroupKeys
from daemon.files.options import FileOptions
from daemon.files.parted import PartedSource
from daemon.files.sink import FileSink
from daemon.files.source import FileSource
from daemon.footprint import memory_words
from daemon.http.health import HealthState
from daemon.http.server import HttpServer
from daemon.interpreter import tune_interpreter
from daemon.kafka.feedback_topic import FeedbackTopic
from daemon.kafka.partitioner import partition_of
from daemon.kafka.source import KafkaSource
from daemon.kafka.transactions import make_sink
from daemon.kafka.writer import OutputRecord, TopicWriter
from daemon.lifecycle import StopRequest, stop_condition
from daemon.log import get_logger
from daemon.mailbox import Mailbox
from daemon.pipeline import PartitionPipeline, PipelineOutput
from daemon.pipeline_sections import PipelineSections
from daemon.ports import Clock
from daemon.preparing import Preparation, prepare_kernels
from daemon.readmodel import About, Limits, ReadModel
from daemon.records import DropReason, InputPartition, RecordBatch
from daemon.seeds import Seeds
from daemon.stores import make_checkpoints
from daemon.telemetry import Telemetry
from daemon.webhook import Webhook

log = get_logger(__name__)


def sections_of(config: Config) -> PipelineSections:
    """Pick what a pipeline needs from the whole configuration."""
    return PipelineSections(
        application_id=config.application_id,
        input=config.input,
        series=config.series,
        metrics=config.metrics,
        grouping=config.grouping,
        framing=config.framing,
        detector=config.detector,
        incidents=config.incidents,
        output=config.output,
        config_hash=settings.config_hash(config),
        version=version("hebbstream"),
    )


def read_model_of(config: Config, clock: Clock) -> ReadModel:
    """Make the read model of a service that is about to start."""
    server = config.server
    about = About(
        application_id=config.application_id,
        version=version("hebbstream"),
        config_hash=settings.config_hash(config),
        config=settings.effective(config),
        interval=config.framing.interval,
        group_by=tuple(config.grouping.group_by),
        trigger=config.incidents.trigger,
        started=clock.now(),
    )
    limits = Limits(
        history_max=server.history_max,
        history_total_max=server.history_total_max,
        incidents_max=server.incidents_max,
        journal_max=server.journal_max,
    )
    return ReadModel(about, clock, limits)


def run_service(config: Config, clock: Clock, connect_seconds: float | None = None) -> None:
    """Read from Kafka, publish to Kafka, answer over HTTP, until a signal asks to stop.

    Parameters
    ----------
    config : Config
        Everything.
    clock : Clock
        The machine's.
    connect_seconds : float or None
        Give up when no broker has answered for this long at start; None waits for ever.

    Raises
    ------
    UnreachableError
        When `connect_seconds` have passed without an answer.
    SourceError, SinkError
        For what waiting cannot mend.
    """
    tune_interpreter()
    sections = sections_of(config)
    telemetry = Telemetry(clock, sections.config_hash)
    health = HealthState(clock)
    model, mailbox = read_model_of(config, clock), Mailbox()
    server = HttpServer(config.server, telemetry, health, model, mailbox)
    with StopRequest(clock) as stop, server, Webhook(config.webhook, clock, telemetry) as webhook:
        log.info("starting", version=sections.version, config_hash=sections.config_hash)
        kernels = Preparation(clock, then=partial(_tell_memory, sections))
        kafka = config.kafka.read_by_service(config.application_id)
        skipped = telemetry.records_skipped if config.state.on_gap == "continue" else None
        source = KafkaSource(
            kafka, config.application_id, clock, skipped=skipped, joining=kernels.begin
        )
        sink = make_sink(
            config.kafka,
            config.application_id,
            clock,
            config.output.channels,
            config.output.delivery,
            lambda: source.standing,
        )
        letters = sink.send if config.output.dead_letters else None
        feedback = FeedbackTopic(config.kafka, config.application_id, clock, telemetry, letters)
        mailbox.overheard = feedback.overheard
        engine = Engine(
            source=source,
            sink=sink,
            clock=clock,
            sections=sections,
            telemetry=telemetry,
            health=health,
            limits=EngineLimits(
                unacked_max=config.kafka.unacked_max,
                idle_timeout=config.framing.idle_timeout,
                drain_seconds=stop.remaining_seconds,
            ),
            checkpoints=make_checkpoints(
                config.state, config.kafka, sink, sections, clock, telemetry
            ),
            observe=model.observe,
            refresh=model.refresh,
            mailbox=mailbox,
            prepared=kernels.finish,
        )
        model.listen(webhook.take)
        with feedback:
            servers = config.kafka.bootstrap_servers
            engine.run(stop_condition(stop, engine.source, clock, connect_seconds, servers))
        log.info("stopped", reason=stop.reason)


def _tell_memory(sections: PipelineSections) -> None:
    log.info("memory, as estimated", **memory_words(sections))


@dataclass(slots=True)
class ReplaySummary:
    """What a replay did, counted as it goes.

    Attributes
    ----------
    records, samples, framed, frames : int
        Read; found in records; that reached a frame; scored.
    dropped, dead_letters : Counter
        By reason.
    events : list of Event
        All published events in order.
    groups : dict of str to int
        Frames by group.
    seconds : float
        Wall time of the replay without compilation.
    """

    records: int = 0
    samples: int = 0
    framed: int = 0
    frames: int = 0
    dropped: Counter[DropReason] = field(default_factory=Counter)
    dead_letters: Counter[str] = field(default_factory=Counter)
    events: list[Event] = field(default_factory=list)
    groups: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, output: PipelineOutput) -> None:
        """Count one batch's output."""
        self.records += output.records
        self.samples += output.samples
        self.framed += output.framed
        self.dropped.update(output.dropped)
        self.dead_letters.update(output.dead_letters)
        for step in output.steps:
            self.frames += len(step.block.ticks)
            self.groups[step.block.group] += len(step.block.ticks)
        self.events.extend(output.events)


def replay(
    config: Config,
    path: Path,
    options: FileOptions,
    clock: Clock,
    out: Path,
    progress: Callable[[PipelineOutput], None] = lambda _: None,
    state: Path | None = None,
    partitions: int = 1,
) -> ReplaySummary:
    """Run a file through the same engine as the service.

    Parameters
    ----------
    config : Config
        As for the service; `kafka` and `server` are not used.
    path : Path
        CSV, Parquet or NDJSON.
    options : FileOptions
        How its rows become records.
    clock : Clock
        For the time it takes; no result depends on it.
    out : Path
        Folder for events, edges, scores and dead letters; what is there stays if this fails.
    progress : callable
        Told of every batch.
    state : Path, optional
        Folder of seeds: begin with what is learnt there, and leave there what is learnt now.
    partitions : int, optional
        Of the topic the seeds are for; each group is learnt where its key would bring it.

    Returns
    -------
    ReplaySummary
        The figures, and all events.

    Raises
    ------
    InputFileError
        When the file cannot be read.
    OutputFolderError
        When the folder cannot be written to.
    CheckpointError
        When the seeds cannot be used or written, or are for another number of partitions.
    """
    summary = ReplaySummary()

    def count(_pipeline: PartitionPipeline, output: PipelineOutput) -> None:
        summary.add(output)
        progress(output)

    sections = sections_of(config)
    where = (config.application_id, options.topic, partitions)
    seeds = None if state is None else Seeds(state, *where)
    file = FileSource(path, options)
    keys = GroupKeys(config)
    with FileSink(out) as sink:
        engine = Engine(
            source=file
            if partitions == 1
            else PartedSource(file, keys, options.topic, partitions, partition_of),
            sink=sink,
            clock=clock,
            sections=sections,
            telemetry=Telemetry(clock, sections.config_hash),
            health=HealthState(clock),
            observe=count,
            make=PartitionPipeline if seeds is None else seeds.pipeline,
        )
        prepare_kernels()
        started = clock.monotonic()
        engine.run(lambda: False)
    if seeds is not None:
        seeds.save(sections)
    summary.seconds = clock.monotonic() - started
    return summary


def produce(
    config: Config,
    path: Path,
    options: FileOptions,
    clock: Clock,
    rate: float | None,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Put a file's rows onto the topic `options.topic`, each group on one partition.

    Without `options.key` each record is keyed by its group, so that the service learns from the
    topic what `replay` learns from the file.

    Returns
    -------
    int
        Records written and acknowledged.

    Raises
    ------
    InputFileError
        When the file cannot be read.
    UnreachableError, SinkError
        When the broker does not take them.
    """
    source = FileSource(path, options)
    writer = TopicWriter(config.kafka, config.application_id, options.topic, clock, rate=rate)
    try:
        keys = GroupKeys(config) if options.key is None else None
        return writer.write(_records(source, keys), progress)
    finally:
        writer.close()


def _records(source: FileSource, group_keys: GroupKeys | None) -> Iterator[OutputRecord]:
    for batch in _batches(source):
        keys = batch.keys if group_keys is None else group_keys.keys(batch)
        rows = zip(keys, batch.values, batch.timestamps.tolist(), strict=True)
        yield from (OutputRecord(*row) for row in rows)


def _batches(source: FileSource) -> Iterator[RecordBatch]:
    while not source.exhausted:
        yield from source.poll(0.0)


def learn(
    config: Config,
    path: Path,
    options: FileOptions,
    progress: Callable[[PipelineOutput], None] = lambda _: None,
) -> PartitionPipeline:
    """Run a file through a pipeline and keep nothing but what it has learnt.

    Parameters
    ----------
    config : Config
        As for `replay`.
    path : Path
        CSV, Parquet or NDJSON.
    options : FileOptions
        How its rows become records.
    progress : callable
        Told of every batch.

    Returns
    -------
    PartitionPipeline
        At the file's end.

    Raises
    ------
    InputFileError
        When the file cannot be read.
    """
    source = FileSource(path, options)
    prepare_kernels()
    pipeline = PartitionPipeline(InputPartition(options.topic, 0), sections_of(config))
    for batch in _batches(source):
        progress(pipeline.process(batch))
    progress(pipeline.close_idle())
    return pipeline

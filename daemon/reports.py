"""From what a pipeline did to the numbers of `daemon.telemetry`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from itertools import islice

import numpy as np

from daemon.footprint import total_bytes
from daemon.log import get_logger
from daemon.pipeline import PartitionPipeline, PipelineOutput
from daemon.pipeline_sections import PipelineSections
from daemon.records import NANOSECONDS
from daemon.scatter import SHOWN, scattered
from daemon.telemetry import BatchReport, GroupReport, Telemetry

log = get_logger(__name__)


def report_output(
    telemetry: Telemetry, pipeline: PartitionPipeline, output: PipelineOutput
) -> None:
    """Count what one batch led to.

    Parameters
    ----------
    telemetry : Telemetry
        The numbers.
    pipeline : PartitionPipeline
        Whose batch it was, after it.
    output : PipelineOutput
        What came of it.
    """
    newest = pipeline.newest
    telemetry.batch_done(
        BatchReport(
            pipeline.partition,
            records=output.records,
            samples=output.samples,
            framed=output.framed,
            pending=pipeline.pending,
            dropped=output.dropped,
            dead_letters=output.dead_letters,
            newest_event_time=None if newest is None else newest / NANOSECONDS,
        )
    )
    if output.forgotten:
        telemetry.groups_forgotten(output.forgotten)
        where = str(pipeline.partition)
        log.warning(
            "silent groups forgotten to make room", partition=where, groups=output.forgotten
        )
    telemetry.messages_sent(Counter(message.channel for message in output.messages))
    if output.steps:
        telemetry.frames_done(np.concatenate([scores.ravel() for scores in output.scores]))
        telemetry.journal_done(entry for step in output.steps for entry in step.verdicts.journal)
    for event in output.events:
        telemetry.incident_event(event.state, event.severity)


def report_groups(telemetry: Telemetry, pipeline: PartitionPipeline, seen: set[str]) -> set[str]:
    """Set how a partition's groups stand now.

    Parameters
    ----------
    telemetry : Telemetry
        The numbers.
    pipeline : PartitionPipeline
        The partition.
    seen : set of str
        Groups reported the last time; those that are gone are forgotten.

    Returns
    -------
    set of str
        Groups reported now.
    """
    for name in seen - pipeline.groups.keys():
        telemetry.group_gone(pipeline.partition, name)
    for name, group in pipeline.groups.items():
        report = GroupReport(
            series=len(group.members),
            components=group.component_count,
            edges=group.edge_count,
            incidents_open=group.incidents_open,
        )
        telemetry.group(pipeline.partition, name, report)
    return set(pipeline.groups)


def report_scattered(
    telemetry: Telemetry, pipelines: Iterable[PartitionPipeline], known: Set[str]
) -> set[str]:
    """Tell which groups arrive in several partitions.

    Parameters
    ----------
    telemetry : Telemetry
        Told how many.
    pipelines : iterable of PartitionPipeline
        All of this process.
    known : set of str
        Groups told before.

    Returns
    -------
    set of str
        Groups that are scattered now.
    """
    found = scattered((name, each.partition) for each in pipelines for name in each.groups)
    telemetry.groups_scattered(len(found))
    for name in islice((name for name in found if name not in known), SHOWN):
        log.warning(
            "group arrives in several partitions and is learnt in parts",
            group=name,
            partitions=list(map(str, found[name])),
        )
    return set(found)


def report_memory(
    telemetry: Telemetry, pipelines: Iterable[PartitionPipeline], sections: PipelineSections
) -> int:
    """Estimate what all groups take.

    Parameters
    ----------
    telemetry : Telemetry
        Told of it.
    pipelines : iterable of PartitionPipeline
        All of this process.
    sections : PipelineSections
        Knobs and grid step.

    Returns
    -------
    int
        Bytes.
    """
    sizes = (len(group.members) for each in pipelines for group in each.groups.values())
    count = total_bytes(sizes, sections.detector, sections.framing.interval)
    telemetry.memory_estimated(count)
    return count

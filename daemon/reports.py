"""From what a pipeline did to the numbers of `daemon.telemetry`."""

from __future__ import annotations

from collections import Counter

from daemon.pipeline import PartitionPipeline, PipelineOutput
from daemon.records import NANOSECONDS
from daemon.telemetry import BatchReport, GroupReport, Telemetry


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
    telemetry.messages_sent(Counter(message.channel for message in output.messages))
    for step in output.steps:
        telemetry.frames_done(step.result.score)
        telemetry.journal_done(step.result.journal)
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

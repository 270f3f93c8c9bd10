"""What a partition goes on with, in the log: people look there first after a restart."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.log import get_logger
from daemon.pipeline import PartitionPipeline
from daemon.snapshots import Origin

log = get_logger(__name__)


def tell_restored(
    pipeline: PartitionPipeline, origin: Origin, build: Mapping[str, str], ahead: int
) -> None:
    """Log a partition that was restored, and what is not as it was when its state was written.

    Parameters
    ----------
    pipeline : PartitionPipeline
        What goes on.
    origin : Origin
        Who wrote its state.
    build : mapping of str to str
        What decides the last digits here.
    ahead : int
        Events that were published after that state.
    """
    where = pipeline.partition
    log.info(
        "state restored",
        topic=where.topic,
        partition=where.partition,
        next_offset=pipeline.next_offset,
        groups=len(pipeline.groups),
        events_ahead=ahead,
    )
    if dict(origin.build) != dict(build):
        log.warning(
            "state was written by another build: last digits may differ from here on",
            written_by=dict(origin.build),
            build=dict(build),
        )
    if pipeline.old_knobs:
        log.warning(
            "detectors keep the knobs they were learnt with: the new ones need other sizes",
            detectors=pipeline.old_knobs,
        )

"""Where state is kept, as configured."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

from daemon.checkpoints import Checkpoints
from daemon.config import KafkaSection, StateSection
from daemon.files.states import FileStates
from daemon.kafka.changelog import Changelog
from daemon.kafka.read_back import partition_count
from daemon.keeper import Keeper
from daemon.pipeline_sections import PipelineSections
from daemon.ports import Clock, EventSink
from daemon.telemetry import Telemetry
from hebbstream.warmup import compile_target


def build_of() -> dict[str, str]:
    """Name what decides the last digits of everything that is learnt."""
    packages = {name: version(name) for name in ("hebbstream", "numpy", "numba", "llvmlite")}
    return {**packages, "python": platform.python_version(), "target": compile_target()}


def make_keepers(
    section: StateSection, kafka: KafkaSection, application_id: str, clock: Clock
) -> list[Keeper]:
    """Make the stores that are configured, the disk first.

    Raises
    ------
    StateStoreError
        When the folder cannot be written to.
    """
    keepers = []
    if section.folder is not None:
        folder = Path(section.folder) / application_id
        keepers.append(Keeper(FileStates(folder, section.generations), section.interval))
    if section.changelog:
        changelog = Changelog(kafka, application_id, clock)
        keepers.append(Keeper(changelog, section.changelog_interval))
    return keepers


def make_checkpoints(
    section: StateSection,
    kafka: KafkaSection,
    sink: EventSink,
    sections: PipelineSections,
    clock: Clock,
    telemetry: Telemetry,
) -> Checkpoints | None:
    """Make what keeps the state.

    Parameters
    ----------
    section : StateSection
        Where and how often.
    kafka : KafkaSection
        How to reach the broker, for the changelog.
    sink : EventSink
        Where the events go.
    sections : PipelineSections
        For pipelines that are restored.
    clock : Clock
        The machine's.
    telemetry : Telemetry
        Told of each checkpoint.

    Returns
    -------
    Checkpoints or None
        None when state is kept nowhere.

    Raises
    ------
    StateStoreError
        When the folder cannot be written to.
    """
    keepers = make_keepers(section, kafka, sections.application_id, clock)
    if not keepers:
        return None
    return Checkpoints(
        keepers=keepers,
        sink=sink,
        sections=sections,
        clock=clock,
        telemetry=telemetry,
        build=build_of(),
        partitions=lambda topic: partition_count(kafka, sections.application_id, topic, clock),
        on_refused=section.on_refused,
    )

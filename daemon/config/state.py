"""Where learnt state is kept, and what to do when it cannot be used."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from daemon.config.section import Section
from hebbstream.durations import Duration


class StateSection(Section):
    """Where learnt state is kept, so that a crash, a restart or a move forgets nothing."""

    folder: str | None = Field(
        default="state",
        description=(
            "Folder for checkpoints, relative to the working directory; null keeps none on disk."
        ),
    )
    interval: Duration = Field(
        default=10.0,
        ge=0.1,
        le=3600,
        description=(
            "Time between checkpoints on disk; longer replays more after a crash. Where one takes "
            "long to write, the next one waits twice as long."
        ),
    )
    generations: int = Field(
        default=2,
        ge=1,
        le=100,
        description="Checkpoints kept of each partition; an older one stands in for a damaged one.",
    )
    changelog: bool = Field(
        default=True,
        description=(
            "Keep a second copy in the compacted topic <app>.changelog, for partitions that move "
            "to another machine."
        ),
    )
    changelog_interval: Duration = Field(
        default=60.0,
        ge=1,
        le=86_400,
        description=(
            "Time between copies to the changelog, beside those at hand-over and stop; longer "
            "replays more after the loss of a machine, shorter writes more."
        ),
    )
    on_refused: Literal["stop", "forget"] = Field(
        default="stop",
        description=(
            "When none of a partition's checkpoints can be used (damaged, of a newer version, or "
            "learnt under other groups, rules or interval): stop and say so, or set them aside "
            "and learn anew."
        ),
    )
    on_gap: Literal["stop", "continue"] = Field(
        default="stop",
        description=(
            "When the broker has deleted records before they were read: stop, or count them as "
            "lost and continue with the oldest that is left."
        ),
    )

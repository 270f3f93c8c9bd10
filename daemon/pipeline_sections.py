"""The part of the configuration that decides what a partition's records become. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from daemon.config import (
    FramingSection,
    GroupingSection,
    IncidentsSection,
    InputSection,
    MetricRule,
    OutputSection,
    SeriesSection,
)
from daemon.footprint import group_bytes
from daemon.membership import MemoryLimit
from daemon.windows import Window
from hebbstream import DetectorParams


@dataclass(frozen=True, slots=True)
class PipelineSections:
    """The parts of the configuration that decide what a partition's records become.

    `without` is for learning anew: samples of these windows count as excluded.
    """

    application_id: str
    input: InputSection
    series: SeriesSection
    metrics: list[MetricRule]
    grouping: GroupingSection
    framing: FramingSection
    detector: DetectorParams
    incidents: IncidentsSection
    output: OutputSection
    config_hash: str
    version: str
    without: tuple[Window, ...] = ()

    @property
    def shape(self) -> dict[str, Any]:
        """What gives learnt state its meaning: a change of these begins anew.

        The rules of `series` do not: they say which series come and under which name, and what is
        learnt is known by that name.
        """
        return {
            "application_id": self.application_id,
            "metrics": [
                rule.model_dump(mode="json", include={"match", "kind", "transform"})
                for rule in self.metrics
            ],
            "grouping.group_by": self.grouping.group_by,
            "framing.interval": self.framing.interval,
        }

    @property
    def memory(self) -> MemoryLimit | None:
        """Bound of what a partition's groups take."""
        limit = self.grouping.memory_max
        if limit is None:
            return None
        interval = self.framing.interval
        return MemoryLimit(limit, cache(lambda n: group_bytes(n, self.detector, interval)))

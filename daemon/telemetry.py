"""The service's numbers: one class, one registry, reported once per batch, scraped at any time.

The engine's thread reports plain numbers and the HTTP thread reads them under one lock, so every
scrape is consistent: framed, dropped and pending samples add up to those found. Ages are computed
when scraped, so that they grow while nothing comes in. Metrics are declared in `daemon.metrics`.
"""

from __future__ import annotations

import platform
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from daemon.histogram import Histogram
from daemon.metrics import GROUPS_SHOWN, METRICS, OTHER_GROUPS, Rebalance, Spec, Type
from daemon.ports import Clock
from daemon.records import Channel, DropReason, InputPartition
from hebbstream.results import JournalEntry


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of one record batch, or of closing an idle partition (no records then).

    Attributes
    ----------
    partition : InputPartition
        Where it came from.
    records, samples, framed : int
        Records read; samples found in them, used or not; samples that reached a closed frame.
    pending : int
        Samples of the partition that wait for their frame after this batch.
    dropped : mapping of DropReason to int
        Samples dropped while decoding and framing.
    dead_letters : mapping of str to int
        Dead letters by reason.
    newest_event_time : float or None
        Newest event time of the partition, Unix seconds; None before the first sample.
    """

    partition: InputPartition
    records: int
    samples: int
    framed: int
    pending: int
    dropped: Mapping[DropReason, int] = field(default_factory=dict)
    dead_letters: Mapping[str, int] = field(default_factory=dict)
    newest_event_time: float | None = None


class GroupReport(NamedTuple):
    """How one group stands: its sizes, and its open incidents by kind."""

    series: int
    components: int
    edges: int
    incidents_open: Mapping[str, int] = MappingProxyType({})


class Telemetry:
    """All metrics of one process.

    Parameters
    ----------
    clock : Clock
        For ages at the time of a scrape.
    config_hash : str
        Of the configuration in use.
    """

    def __init__(self, clock: Clock, config_hash: str) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[str, dict[tuple[str, ...], float]] = {
            spec.name: dict.fromkeys(spec.known, 0.0) for spec in METRICS
        }
        self._histograms = {
            spec.name: Histogram(spec.buckets) for spec in METRICS if spec.type is Type.HISTOGRAM
        }
        self._assigned: set[InputPartition] = set()
        self._pending: dict[InputPartition, int] = {}
        self._newest: dict[InputPartition, float] = {}
        self._groups: dict[tuple[InputPartition, str], GroupReport] = {}
        self._derived: dict[str, Callable[[], Mapping[tuple[str, ...], float]]] = {
            "samples_pending": lambda: {(): float(sum(self._pending.values()))},
            "event_time_lag_seconds": self._event_time_lags,
            "assigned_partitions": lambda: {(): float(len(self._assigned))},
            "groups": lambda: {(): float(len(self._groups))},
            "series_active": lambda: {(): float(sum(r.series for r in self._groups.values()))},
            "components": lambda: self._by_group(lambda report: report.components),
            "edges": lambda: self._by_group(lambda report: report.edges),
            "incidents_open": self._incidents_open,
        }
        build = (version("hebbstream"), platform.python_version())
        self._values["build_info"][build] = 1.0
        self._values["config_info"][(config_hash,)] = 1.0
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Reader(self))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def batch_done(self, report: BatchReport) -> None:
        """Count what became of one record batch."""
        with self._lock:
            self._add("records_total", _labels(report.partition), report.records)
            self._add("samples_total", (), report.samples)
            self._add("samples_framed_total", (), report.framed)
            for reason, count in report.dropped.items():
                self._add("samples_dropped_total", (reason,), count)
            for code, count in report.dead_letters.items():
                self._add("dead_letters_total", (code,), count)
            self._pending[report.partition] = report.pending
            if report.newest_event_time is not None:
                self._newest[report.partition] = report.newest_event_time

    def frames_done(self, scores: NDArray[np.float64]) -> None:
        """Count scored frames; `scores` is float64[T]."""
        with self._lock:
            self._add("frames_total", (), len(scores))
            self._histograms["score"].observe(scores)

    def journal_done(self, entries: Iterable[JournalEntry]) -> None:
        """Count births, deaths and sign flips of edges and components."""
        changes = Counter((entry.component >= 0, entry.change) for entry in entries)
        with self._lock:
            for (is_component, change), count in changes.items():
                name = "component_changes_total" if is_component else "edge_changes_total"
                self._add(name, (change,), count)

    def incident_event(self, state: str, severity: str) -> None:
        """Count one published event."""
        with self._lock:
            self._add("incidents_total", (state, severity), 1)

    def group(self, partition: InputPartition, name: str, report: GroupReport) -> None:
        """Set how a group stands now."""
        with self._lock:
            self._groups[(partition, name)] = report

    def group_gone(self, partition: InputPartition, name: str) -> None:
        """Forget a group that has no series any more."""
        with self._lock:
            self._groups.pop((partition, name), None)

    def poll_done(self, seconds: float) -> None:
        """Record how long one poll's records took from decoding to publishing."""
        with self._lock:
            self._histograms["process_duration_seconds"].observe(np.array([seconds]))

    def messages_sent(self, counts: Mapping[Channel, int]) -> None:
        """Count messages handed to the output."""
        with self._lock:
            for channel, count in counts.items():
                self._add("messages_total", (channel,), count)

    def output_refused(self, counts: Mapping[str, int]) -> None:
        """Set how many messages the output has refused so far, by reason."""
        with self._lock:
            for reason, count in counts.items():
                self._values["messages_refused_total"][(reason,)] = count

    def webhook(self, result: str, events: int, waiting: int) -> None:
        """Count events for the webhook by what became of them, and set how many wait."""
        with self._lock:
            self._add("webhook_events_total", (result,), events)
            self._values["webhook_waiting_events"][()] = waiting

    def background_failed(self, part: str) -> None:
        """Count an error that nobody foresaw in a part that works beside the engine."""
        with self._lock:
            self._add("background_failures_total", (part,), 1)

    def log_lines_lost(self, count: int) -> None:
        """Set how many lines of the log could not be written so far."""
        with self._lock:
            self._values["log_lines_lost_total"][()] = count

    def output_backlog(self, unacked: int) -> None:
        """Set how many messages wait for their acknowledgement."""
        with self._lock:
            self._values["producer_unacked_records"][()] = unacked

    def output_failed(self) -> None:
        """Count one time the output gave up on messages."""
        with self._lock:
            self._add("producer_errors_total", (), 1)

    def rebalanced(self, kind: Rebalance, partitions: Sequence[InputPartition]) -> None:
        """Take note of partitions that came or went; what went leaves no gauge behind."""
        with self._lock:
            self._add("rebalances_total", (kind,), 1)
            if kind is Rebalance.ASSIGNED:
                self._assigned.update(partitions)
                return
            for partition in partitions:
                self._assigned.discard(partition)
                self._pending.pop(partition, None)
                self._newest.pop(partition, None)
                self._values["consumer_lag_records"].pop(_labels(partition), None)
                for key in [key for key in self._groups if key[0] == partition]:
                    del self._groups[key]

    def input_lag(self, lag: Mapping[InputPartition, int]) -> None:
        """Set the lag of every assigned partition."""
        with self._lock:
            self._values["consumer_lag_records"] = {
                _labels(partition): count for partition, count in lag.items()
            }

    def groups_forgotten(self, count: int) -> None:
        """Count groups that were forgotten to make room."""
        with self._lock:
            self._add("groups_forgotten_total", (), count)

    def memory_estimated(self, count: int) -> None:
        """Set what all groups take, bytes."""
        with self._lock:
            self._values["memory_estimated_bytes"][()] = count

    def groups_scattered(self, count: int) -> None:
        """Set how many groups arrive in several partitions."""
        with self._lock:
            self._values["groups_scattered"][()] = count

    def partitions_stuck(self, count: int) -> None:
        """Set how many partitions do not move though records wait."""
        with self._lock:
            self._values["partitions_stuck"][()] = count

    def committed(self, *, success: bool) -> None:
        """Count one commit."""
        with self._lock:
            self._add("commits_total", ("success" if success else "failure",), 1)

    def checkpoint_paused(self, seconds: float) -> None:
        """Record how long the hot path waited for the copy of a checkpoint."""
        with self._lock:
            self._histograms["checkpoint_pause_seconds"].observe(np.array([seconds]))

    def checkpoint_done(self, store: str, partition: InputPartition, size: int | None) -> None:
        """Count one checkpoint of a partition, in bytes; None for one that was not written."""
        with self._lock:
            result = "failure" if size is None else "success"
            self._add("checkpoints_total", (store, result), 1)
            if size is not None:
                now = self._clock.now()
                self._values["checkpoint_last_success_timestamp_seconds"][(store,)] = now
                self._values["checkpoint_bytes"][_labels(partition)] = size

    def records_read(self, partition: InputPartition, count: int) -> None:
        """Count records of which no samples are taken."""
        with self._lock:
            self._add("records_total", _labels(partition), count)

    def rekeyed(self, counts: Mapping[str, int]) -> None:
        """Set how many records `rekey` has written so far, by what became of them."""
        with self._lock:
            for result, count in counts.items():
                self._values["rekeyed_records_total"][(result,)] = count

    def records_skipped(self, partition: InputPartition, count: int) -> None:
        """Count records that were deleted before they were read."""
        with self._lock:
            self._add("records_skipped_total", _labels(partition), count)

    def states_refused(self, count: int) -> None:
        """Count stored checkpoints that could not be used."""
        with self._lock:
            self._add("checkpoints_refused_total", (), count)

    def restored(self, partitions: int, seconds: float) -> None:
        """Count partitions that went on from a checkpoint, and note how long it took."""
        with self._lock:
            self._add("restores_total", (), partitions)
            self._values["restore_duration_seconds"][()] = seconds

    def feedback_heard(self, labels: Iterable[str]) -> None:
        """Count what people said."""
        for label in labels:
            with self._lock:
                self._add("feedback_total", (label,), 1)

    def feedback_refused(self, reason: str) -> None:
        """Count what people said on the feedback topic that was not heeded."""
        with self._lock:
            self._add("feedback_refused_total", (reason,), 1)

    def events_withheld(self, count: int) -> None:
        """Count events that were published before a restart."""
        with self._lock:
            self._add("events_withheld_total", (), count)

    def input_contact(self, at: float) -> None:
        """Set when the input last proved that it answers, Unix seconds."""
        with self._lock:
            self._values["last_fetch_timestamp_seconds"][()] = at

    def loop_beat(self) -> None:
        """Note that the engine's loop went round."""
        with self._lock:
            self._values["loop_beat_timestamp_seconds"][()] = self._clock.now()

    def value(self, name: str, *labels: str) -> float:
        """Read one counter or gauge as a scrape would show it; 0 where it has no such labels."""
        with self._lock:
            return self._current(name).get(labels, 0.0)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Write all metrics in the format the `Accept` header asks for; returns body and type."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def families(self) -> list[Metric]:
        """Take one consistent picture of every metric."""
        with self._lock:
            return [self._family(spec) for spec in METRICS]

    def _add(self, name: str, labels: tuple[str, ...], count: float) -> None:
        values = self._values[name]
        values[labels] = values.get(labels, 0.0) + count

    def _current(self, name: str) -> Mapping[tuple[str, ...], float]:
        derive = self._derived.get(name)
        return self._values[name] if derive is None else derive()

    def _event_time_lags(self) -> dict[tuple[str, ...], float]:
        now = self._clock.now()
        return {_labels(partition): now - newest for partition, newest in self._newest.items()}

    def _incidents_open(self) -> dict[tuple[str, ...], float]:
        totals = dict(self._values["incidents_open"])
        for report in self._groups.values():
            for kind, count in report.incidents_open.items():
                totals[(kind,)] = totals.get((kind,), 0.0) + count
        return totals

    def _by_group(self, size_of: Callable[[GroupReport], int]) -> dict[tuple[str, ...], float]:
        totals: dict[tuple[str, ...], float] = {}
        for (_, group), report in self._groups.items():
            shown = (group,) in totals or len(totals) < GROUPS_SHOWN
            label = (group if shown else OTHER_GROUPS,)
            totals[label] = totals.get(label, 0.0) + size_of(report)
        return totals

    def _family(self, spec: Spec) -> Metric:
        if spec.type is Type.HISTOGRAM:
            histogram = self._histograms[spec.name]
            return HistogramMetricFamily(
                spec.full_name, spec.text, buckets=histogram.cumulative(), sum_value=histogram.total
            )
        kind = CounterMetricFamily if spec.type is Type.COUNTER else GaugeMetricFamily
        family = kind(spec.full_name, spec.text, labels=spec.labels)
        for labels, value in self._current(spec.name).items():
            family.add_metric(labels, value)
        return family


class _Reader(Collector):
    """What the registry asks at a scrape."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def collect(self) -> Iterator[Metric]:
        yield from self._telemetry.families()

    def describe(self) -> Iterator[Metric]:
        yield from ()


def _labels(partition: InputPartition) -> tuple[str, str]:
    return partition.topic, str(partition.partition)

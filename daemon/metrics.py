"""The declaration of every Prometheus metric: name, type, labels and meaning.

docs/metrics.md is generated from `METRICS`; `daemon.telemetry` holds the numbers.
Labels come from bounded sets: reasons and states are enumerations, partitions are those assigned,
groups are the first `GROUPS_SHOWN` and one name for the rest. There is never a label per series.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

from daemon.records import Channel, DropReason
from hebbstream.feedback import Label
from hebbstream.results import Change

PREFIX: Final = "hebbstream_"

#: Groups with a label of their own in per-group gauges; the rest share `OTHER_GROUPS`.
GROUPS_SHOWN: Final = 200
OTHER_GROUPS: Final = "(other groups)"


class Type(StrEnum):
    """Kinds of metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Rebalance(StrEnum):
    """What happened to input partitions."""

    ASSIGNED = "assigned"
    REVOKED = "revoked"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Spec:
    """One metric.

    Attributes
    ----------
    name : str
        Without the prefix.
    type : Type
        Counter, gauge or histogram.
    text : str
        What it says, in one sentence.
    labels : tuple of str
        Label names.
    known : tuple of tuple of str
        Label values that are exposed as 0 from the start, so that a rate over them is never absent.
    buckets : tuple of float
        Upper bounds of a histogram.
    """

    name: str
    type: Type
    text: str
    labels: tuple[str, ...] = ()
    known: tuple[tuple[str, ...], ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        """Name as it is scraped."""
        return PREFIX + self.name


def _each(values: type[StrEnum]) -> tuple[tuple[str], ...]:
    return tuple((str(value),) for value in values)


_PARTITION = ("topic", "partition")
_NONE = ((),)
_STATES = tuple(product(("open", "update", "resolve"), ("warning", "critical")))
_KINDS = (("level",), ("relation",), ("silence",), ("group",))
_SCORES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

METRICS: Final = (
    Spec(
        "build_info",
        Type.GAUGE,
        "Always 1; the labels say what is running.",
        labels=("version", "python"),
    ),
    Spec(
        "config_info",
        Type.GAUGE,
        "Always 1; the label is the configuration hash that events carry.",
        labels=("hash",),
    ),
    Spec("records_total", Type.COUNTER, "Records read from the input.", labels=_PARTITION),
    Spec(
        "records_skipped_total",
        Type.COUNTER,
        "Records that the broker had deleted before they were read (state.on_gap: continue).",
        labels=_PARTITION,
    ),
    Spec(
        "rekeyed_records_total",
        Type.COUNTER,
        "Records of rekey: written; taken apart, for they held several groups; passed on whole, "
        "for they are of no single group.",
        labels=("result",),
        known=(("written",), ("apart",), ("whole",)),
    ),
    Spec(
        "samples_total",
        Type.COUNTER,
        "Samples found in records, used or not: framed, dropped and pending together.",
        known=_NONE,
    ),
    Spec(
        "samples_framed_total",
        Type.COUNTER,
        "Samples that became the value of a series in a closed frame.",
        known=_NONE,
    ),
    Spec(
        "samples_dropped_total",
        Type.COUNTER,
        "Samples that reached no frame, by reason.",
        labels=("reason",),
        known=_each(DropReason),
    ),
    Spec("samples_pending", Type.GAUGE, "Samples that wait for their frame to close.", known=_NONE),
    Spec(
        "dead_letters_total",
        Type.COUNTER,
        "Records that could not be decoded, whole or in part, by reason.",
        labels=("reason",),
    ),
    Spec("frames_total", Type.COUNTER, "Frames scored.", known=_NONE),
    Spec(
        "score",
        Type.HISTOGRAM,
        "Scores of all frames; 1 is the alert line.",
        known=_NONE,
        buckets=_SCORES,
    ),
    Spec(
        "component_changes_total",
        Type.COUNTER,
        "Components grown and pruned.",
        labels=("change",),
        known=(("grown",), ("pruned",)),
    ),
    Spec(
        "edge_changes_total",
        Type.COUNTER,
        "Associations grown, pruned and turned in sign.",
        labels=("change",),
        known=_each(Change),
    ),
    Spec("components", Type.GAUGE, "Components now, by group.", labels=("group",)),
    Spec("edges", Type.GAUGE, "Associations now, by group.", labels=("group",)),
    Spec("groups", Type.GAUGE, "Groups being learnt.", known=_NONE),
    Spec(
        "series_active",
        Type.GAUGE,
        "Series that have a place in their group's frames.",
        known=_NONE,
    ),
    Spec(
        "incidents_total",
        Type.COUNTER,
        "Incident events published, by state and severity.",
        labels=("state", "severity"),
        known=_STATES,
    ),
    Spec(
        "incidents_open", Type.GAUGE, "Incidents open now, by kind.", labels=("kind",), known=_KINDS
    ),
    Spec(
        "messages_total",
        Type.COUNTER,
        "Messages handed to the output, by channel.",
        labels=("channel",),
        known=_each(Channel),
    ),
    Spec(
        "producer_unacked_records",
        Type.GAUGE,
        "Messages sent and not yet acknowledged.",
        known=_NONE,
    ),
    Spec(
        "messages_refused_total",
        Type.COUNTER,
        "Messages the output cannot take at all, by reason; they are logged and left out.",
        labels=("reason",),
        known=(("too_large",),),
    ),
    Spec(
        "webhook_events_total",
        Type.COUNTER,
        "Incident events for the webhook: taken by it, refused, or given up as too many waited.",
        labels=("result",),
        known=(("sent",), ("refused",), ("given_up",)),
    ),
    Spec(
        "webhook_waiting_events",
        Type.GAUGE,
        "Incident events that wait for the webhook.",
        known=_NONE,
    ),
    Spec(
        "producer_errors_total", Type.COUNTER, "Times the output gave up on messages.", known=_NONE
    ),
    Spec(
        "process_duration_seconds",
        Type.HISTOGRAM,
        "Time to decode, frame, score and publish what one poll returned.",
        known=_NONE,
        buckets=_SECONDS,
    ),
    Spec(
        "consumer_lag_records",
        Type.GAUGE,
        "Records between the position and the end of the partition.",
        labels=_PARTITION,
    ),
    Spec(
        "groups_forgotten_total",
        Type.COUNTER,
        "Silent groups that were forgotten to make room for others.",
        known=_NONE,
    ),
    Spec(
        "memory_estimated_bytes",
        Type.GAUGE,
        "What the groups of this process take, as estimated from their numbers of series.",
        known=_NONE,
    ),
    Spec(
        "groups_scattered",
        Type.GAUGE,
        "Groups that arrive in several partitions of this process and are learnt in parts.",
        known=_NONE,
    ),
    Spec(
        "partitions_stuck",
        Type.GAUGE,
        "Partitions that have not moved for a minute though records wait.",
        known=_NONE,
    ),
    Spec(
        "event_time_lag_seconds",
        Type.GAUGE,
        "Wall clock minus the newest event time of the partition.",
        labels=_PARTITION,
    ),
    Spec("assigned_partitions", Type.GAUGE, "Input partitions this process owns.", known=_NONE),
    Spec(
        "rebalances_total",
        Type.COUNTER,
        "Times partitions were assigned, revoked or lost.",
        labels=("kind",),
        known=_each(Rebalance),
    ),
    Spec(
        "commits_total",
        Type.COUNTER,
        "Commits of input positions, by result.",
        labels=("result",),
        known=(("success",), ("failure",)),
    ),
    Spec(
        "checkpoints_total",
        Type.COUNTER,
        "Checkpoints of partitions, by store and result.",
        labels=("store", "result"),
        known=tuple(product(("disk", "changelog"), ("success", "failure"))),
    ),
    Spec(
        "checkpoint_pause_seconds",
        Type.HISTOGRAM,
        "Time the hot path waited for one slice of the copy of a checkpoint.",
        known=_NONE,
        buckets=_SECONDS,
    ),
    Spec(
        "checkpoint_bytes",
        Type.GAUGE,
        "Size of the last checkpoint of a partition.",
        labels=_PARTITION,
    ),
    Spec(
        "checkpoint_last_success_timestamp_seconds",
        Type.GAUGE,
        "Unix time of the last checkpoint that was written, by store; 0 before.",
        labels=("store",),
        known=(("disk",), ("changelog",)),
    ),
    Spec(
        "checkpoints_refused_total",
        Type.COUNTER,
        "Stored checkpoints that could not be used: damaged, too new, or of other settings.",
        known=_NONE,
    ),
    Spec(
        "restores_total",
        Type.COUNTER,
        "Partitions that went on from a stored checkpoint.",
        known=_NONE,
    ),
    Spec(
        "restore_duration_seconds",
        Type.GAUGE,
        "Time the last restore took, for all partitions of one assignment.",
        known=_NONE,
    ),
    Spec(
        "events_withheld_total",
        Type.COUNTER,
        "Events not sent again because they were published before a restart.",
        known=_NONE,
    ),
    Spec(
        "feedback_total",
        Type.COUNTER,
        "What people said of findings, by label.",
        labels=("label",),
        known=tuple((label.value,) for label in Label),
    ),
    Spec(
        "feedback_refused_total",
        Type.COUNTER,
        "Records of the feedback topic that were not heeded here, by reason; not_here: about "
        "nothing this process holds.",
        labels=("reason",),
        known=(("invalid",), ("not_here",), ("refused",)),
    ),
    Spec(
        "background_failures_total",
        Type.COUNTER,
        "Errors nobody foresaw in parts that work beside the engine; each goes on after a pause.",
        labels=("part",),
        known=(("feedback_topic",), ("webhook",)),
    ),
    Spec(
        "log_lines_lost_total",
        Type.COUNTER,
        "Lines of the log that could not be written, as on a full disk; the service goes on.",
        known=_NONE,
    ),
    Spec(
        "last_fetch_timestamp_seconds",
        Type.GAUGE,
        "Unix time at which the input last proved that it answers; 0 before.",
        known=_NONE,
    ),
    Spec(
        "loop_beat_timestamp_seconds",
        Type.GAUGE,
        "Unix time at which the engine's loop last went round; 0 before.",
        known=_NONE,
    ),
)

"""The configuration: one frozen section per concern, every knob with range, unit and consequence.

Loading (YAML, environment, faults with path and line) is in `daemon.settings`; nothing outside
`daemon.app` sees the whole: each part of the daemon is given its own section.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from hebbstream.durations import Duration
from hebbstream.params import DetectorParams


class Section(BaseModel):
    """Base of every section: frozen, unknown keys refused, no infinities."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StartFrom(StrEnum):
    """Where reading begins when the consumer group has no committed offset."""

    EARLIEST = "earliest"
    LATEST = "latest"


class InputFormat(StrEnum):
    """How a record's value is encoded."""

    JSON = "json"
    WIDE_ARRAY = "wide_array"
    INFLUX = "influx"


class TimestampUnit(StrEnum):
    """Unit of numeric timestamps; text is always read as RFC 3339."""

    AUTO = "auto"
    S = "s"
    MS = "ms"
    US = "us"
    NS = "ns"


class MetricKind(StrEnum):
    """A gauge is used as it is; a counter becomes a rate per second, resets handled."""

    GAUGE = "gauge"
    COUNTER = "counter"


class Transform(StrEnum):
    """Applied to every value (to the rate, for counters) before it enters a frame."""

    NONE = "none"
    LOG1P = "log1p"
    DIFF = "diff"


class Direction(StrEnum):
    """Which deviations from the expected value may open an incident."""

    ABOVE = "above"
    BELOW = "below"
    BOTH = "both"


class RelabelAction(StrEnum):
    """What a relabel rule does when its regex matches; as in Prometheus' relabel_config."""

    REPLACE = "replace"
    KEEP = "keep"
    DROP = "drop"
    LABELDROP = "labeldrop"
    LABELKEEP = "labelkeep"
    LABELMAP = "labelmap"


class KafkaSection(Section):
    """How to reach the broker and what to read."""

    bootstrap_servers: list[str] = Field(default=["localhost:9092"], min_length=1, description="host:port of one or more brokers.")
    topics: list[str] = Field(default=["metrics"], min_length=1, description="Topics to read samples from.")
    group_id: str | None = Field(default=None, description="Consumer group; application_id when absent. Processes with the same group share the partitions.")
    instance_id: str | None = Field(default=None, description="Static membership (group.instance.id), for example the pod's name: a restart within the session timeout moves no partition.")
    start_from: StartFrom = Field(default=StartFrom.EARLIEST, description="Where to begin when the group has no committed offset.")
    create_topics: bool = Field(default=True, description="Create missing topics at start. When false a missing topic is a clear error.")
    topic_partitions: int = Field(default=4, ge=1, le=10_000, description="Partitions of topics created by us.")
    topic_replication_factor: int = Field(default=1, ge=1, le=32, description="Replicas of topics created by us; 3 in production.")
    max_poll_records: int = Field(default=4000, ge=1, le=1_000_000, description="Records per poll; more raises throughput and memory, and delays what is behind them.")
    fetch_max_bytes: int = Field(default=16 * 2**20, ge=1024, le=2**30, description="Bytes a partition's fetch may return; a larger single record is still delivered.")
    session_timeout: Duration = Field(default=45.0, ge=1, le=3600, description="A member silent for this long loses its partitions.")
    heartbeat_interval: Duration = Field(default=3.0, gt=0, le=600, description="How often membership is renewed; at most a third of session_timeout.")
    max_poll_interval: Duration = Field(default=300.0, ge=1, le=86_400, description="A member that does not poll for this long loses its partitions.")
    unacked_max: int = Field(default=20_000, ge=1, le=10_000_000, description="Messages sent and not yet acknowledged; at the limit reading pauses, so that memory is bounded in an outage.")
    security_protocol: str = Field(default="PLAINTEXT", pattern="^(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)$", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.")
    sasl_mechanism: str | None = Field(default=None, pattern="^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512)$", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.")
    sasl_username: str | None = Field(default=None, description="SASL user.")
    sasl_password: SecretStr | None = Field(default=None, description="SASL password; prefer sasl_password_file or the environment.")
    sasl_password_file: str | None = Field(default=None, description="File that holds the SASL password, re-read at start.")
    ssl_ca_file: str | None = Field(default=None, description="CA bundle (PEM) that signs the brokers' certificates.")
    ssl_cert_file: str | None = Field(default=None, description="Client certificate (PEM), for mutual TLS.")
    ssl_key_file: str | None = Field(default=None, description="Client key (PEM), for mutual TLS.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.heartbeat_interval * 3 > self.session_timeout:
            msg = "heartbeat_interval must be at most a third of session_timeout, or one lost heartbeat costs the partitions"
            raise ValueError(msg)
        if self.sasl_password is not None and self.sasl_password_file is not None:
            msg = "sasl_password and sasl_password_file exclude each other"
            raise ValueError(msg)
        if self.security_protocol.startswith("SASL") and (self.sasl_mechanism is None or self.sasl_username is None):
            msg = "security_protocol SASL_* needs sasl_mechanism and sasl_username"
            raise ValueError(msg)
        return self


class InputSection(Section):
    """What a record's value looks like."""

    format: InputFormat = Field(default=InputFormat.JSON, description="json (one sample, an array, newline-separated, or a wide map: told apart record by record), wide_array (needs columns), or influx (line protocol).")
    timestamp_unit: TimestampUnit = Field(default=TimestampUnit.AUTO, description="Unit of numeric timestamps. auto tells s, ms, us and ns apart by magnitude, for times from 1973 to 2286 (influx: ns).")
    columns: list[str] = Field(default=[], description="wide_array only: the series names of the value array, in order; `name` or `name{label=\"value\"}`.")
    record_bytes_max: int = Field(default=4 * 2**20, ge=64, le=2**30, description="Larger record values are dead-lettered unread.")
    labels_max: int = Field(default=64, ge=1, le=1024, description="Samples with more labels are dropped and counted.")
    name_bytes_max: int = Field(default=1024, ge=16, le=65_536, description="Bytes of a series' name and labels together; longer ones are dropped and counted.")
    value_abs_max: float = Field(default=1e100, gt=0, le=1e150, description="Values beyond this magnitude are dropped and counted (their square must stay finite).")

    @model_validator(mode="after")
    def _columns_fit(self) -> Self:
        if (self.format is InputFormat.WIDE_ARRAY) != bool(self.columns):
            msg = "columns must be given with format wide_array, and only then"
            raise ValueError(msg)
        if len(set(self.columns)) != len(self.columns):
            msg = "columns names a series twice"
            raise ValueError(msg)
        return self


class RelabelRule(Section):
    """One step of a series' way to its labels, as Prometheus' relabel_config; `__name__` is the metric name."""

    source_labels: list[str] = Field(default=[], description="Labels whose values, joined by separator, the regex must match.")
    separator: str = Field(default=";", description="Between the source labels' values.")
    regex: str = Field(default="(.*)", description="Anchored regular expression.")
    target_label: str | None = Field(default=None, description="replace: the label to write.")
    replacement: str = Field(default=r"\1", description="replace, labelmap: what to write; \\1 is the first group of the regex.")
    action: RelabelAction = Field(default=RelabelAction.REPLACE, description="replace, keep, drop, labeldrop, labelkeep or labelmap.")

    @field_validator("regex")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            msg = f"not a regular expression: {error}"
            raise ValueError(msg) from error
        return value

    @model_validator(mode="after")
    def _has_target(self) -> Self:
        if self.action is RelabelAction.REPLACE and not self.target_label:
            msg = "action replace needs target_label"
            raise ValueError(msg)
        return self


class SeriesSection(Section):
    """Which series are read, and under which name; applied in the order include, exclude, relabel, rename."""

    include: list[str] = Field(default=[], description="Metric name patterns (* and ?); when given, only these are read.")
    exclude: list[str] = Field(default=[], description="Metric name patterns (* and ?) that are not read.")
    relabel: list[RelabelRule] = Field(default=[], description="Relabel rules, in order.")
    rename: dict[str, str] = Field(default={}, description="Old metric name to new one.")


class MetricRule(Section):
    """Policy for the metrics whose name matches; the first rule that matches applies."""

    match: str = Field(description="Metric name pattern (* and ?).")
    kind: MetricKind = Field(default=MetricKind.GAUGE, description="gauge, or counter (becomes a rate per second).")
    transform: Transform = Field(default=Transform.NONE, description="none, log1p (sign kept) or diff (change from frame to frame).")
    direction: Direction = Field(default=Direction.BOTH, description="above, below or both: which deviations may open an incident.")
    deviation_min: float = Field(default=0.0, ge=0, description="Least absolute deviation from the expected value that may open an incident, in the metric's unit.")
    deviation_ratio_min: float = Field(default=0.0, ge=0, description="Least deviation relative to the expected value's magnitude.")
    valid_min: float | None = Field(default=None, description="Values below are dropped and counted.")
    valid_max: float | None = Field(default=None, description="Values above are dropped and counted.")

    @model_validator(mode="after")
    def _range_is_open(self) -> Self:
        if self.valid_min is not None and self.valid_max is not None and self.valid_min >= self.valid_max:
            msg = "valid_min must be below valid_max"
            raise ValueError(msg)
        return self


class GroupingSection(Section):
    """Which series are learnt together."""

    group_by: list[str] = Field(default=[], description="Labels whose values make the group, in order; empty: one group a partition. Key records by the same labels, or a group's series meet different partitions.")
    groups_max: int = Field(default=1000, ge=1, le=1_000_000, description="Groups per partition; samples of further groups are dropped and counted.")
    series_per_group_max: int = Field(default=1000, ge=1, le=100_000, description="Series per group; samples of further series are dropped and counted.")


class FramingSection(Section):
    """From samples to frames, by event time."""

    interval: Duration = Field(default=60.0, ge=0.001, le=86_400, description="Grid step: one frame per group and interval. A change starts learning anew.")
    lateness: Duration = Field(default=30.0, ge=0, le=86_400, description="How far behind the newest event time a sample may come; more waits longer before a frame is judged.")
    max_ahead: Duration = Field(default=600.0, ge=0, le=31_536_000, description="Samples further ahead of their record's own timestamp are dropped, so that one wrong clock cannot close the future.")
    idle_timeout: Duration | None = Field(default=300.0, ge=1, le=86_400, description="A partition without records for this long has its open frames closed; null: never.")
    retention: Duration = Field(default=7 * 86_400.0, ge=1, description="A series without samples for this long is forgotten; one that returns sooner keeps its state.")
    gap_max: Duration = Field(default=86_400.0, ge=0, description="Silence up to this long is stepped through as empty frames; a longer one is skipped.")


class MaintenanceWindow(Section):
    """A time range in which no incident opens, by event time."""

    start: str = Field(description="RFC 3339, for example 2026-01-01T22:00:00Z.")
    end: str = Field(description="RFC 3339, after start.")
    groups: list[str] = Field(default=["*"], description="Group name patterns (* and ?).")
    reason: str = Field(default="", description="For the reader.")

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        ends = []
        for text in (self.start, self.end):
            try:
                at = datetime.fromisoformat(text)
            except ValueError as error:
                msg = f"{text!r} is not an RFC 3339 time"
                raise ValueError(msg) from error
            if at.tzinfo is None:
                msg = f"{text!r} needs a time zone, for example a trailing Z"
                raise ValueError(msg)
            ends.append(at)
        if ends[0] >= ends[1]:
            msg = "start must be before end"
            raise ValueError(msg)
        return self


class IncidentsSection(Section):
    """When an incident opens, is updated and resolves. Ticks are frames, counted per group."""

    trigger: float = Field(default=1.0, ge=0.1, le=100, description="Score at which an incident opens; 1.0 is the alert line of detector.calibration.")
    recovery: float = Field(default=0.75, ge=0.0, le=100, description="Score below which it may resolve.")
    open_after: int = Field(default=1, ge=1, le=10_000, description="Ticks at or above trigger in a row before an incident opens.")
    recover_after: int = Field(default=10, ge=1, le=10_000, description="Ticks below recovery in a row before it resolves.")
    merge_gap: int = Field(default=30, ge=0, le=100_000, description="An incident that would open within this many ticks of the last one's end extends it instead.")
    cooldown: int = Field(default=0, ge=0, le=1_000_000, description="After a resolve no new incident opens for this many ticks (an extension may).")
    max_updates: int = Field(default=20, ge=0, le=10_000, description="Updates published per incident at most.")
    worsen_step: float = Field(default=0.5, gt=0, description="An update is published when the peak score has grown by this share since the last event.")
    critical_score: float = Field(default=2.0, ge=0.1, description="Peak score from which severity is critical.")
    top_series: int = Field(default=10, ge=1, le=1000, description="Series named in an event.")
    top_edges: int = Field(default=10, ge=0, le=1000, description="Relations named in an event.")
    maintenance: list[MaintenanceWindow] = Field(default=[], description="Ranges in which no incident opens.")

    @model_validator(mode="after")
    def _band_is_open(self) -> Self:
        if self.recovery > self.trigger:
            msg = "recovery must not be above trigger, or incidents would flap"
            raise ValueError(msg)
        return self


class OutputSection(Section):
    """What is published. Topics are `<application_id>.events` and so on."""

    edges: bool = Field(default=True, description="Publish the journal of grown and pruned relations to <app>.edges.")
    scores: bool = Field(default=False, description="Publish every tick's score to <app>.scores.")
    dead_letters: bool = Field(default=True, description="Publish undecodable records to <app>.dead-letter.")
    heartbeat: bool = Field(default=True, description="Publish one record per partition and minute to <app>.heartbeat.")


class ServerSection(Section):
    """The HTTP port for /metrics, /healthz and /readyz."""

    host: str = Field(default="0.0.0.0", description="Address to listen on.")  # noqa: S104 - a container's port is reached from outside
    port: int = Field(default=9464, ge=0, le=65_535, description="Port to listen on; 0 picks a free one and logs it.")


class LoggingSection(Section):
    """What is logged, one JSON object a line on standard output."""

    level: str = Field(default="info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error.")
    format: str = Field(default="json", pattern="^(json|console)$", description="json, or console for people.")


class Config(Section):
    """The whole configuration file."""

    application_id: str = Field(default="hebbstream", pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Names the consumer group and the output topics; processes that share it share the work.")
    kafka: KafkaSection = KafkaSection()
    input: InputSection = InputSection()
    series: SeriesSection = SeriesSection()
    metrics: list[MetricRule] = Field(default=[], description="Policy per metric; the first rule that matches applies.")
    grouping: GroupingSection = GroupingSection()
    framing: FramingSection = FramingSection()
    detector: DetectorParams = DetectorParams()
    incidents: IncidentsSection = IncidentsSection()
    output: OutputSection = OutputSection()
    server: ServerSection = ServerSection()
    logging: LoggingSection = LoggingSection()

    @model_validator(mode="after")
    def _budget_fits_the_day(self) -> Self:
        ticks = 86_400.0 / self.framing.interval
        if self.detector.alert_budget_per_day >= ticks:
            msg = f"detector.alert_budget_per_day must be below the ticks of a day (framing.interval gives {ticks:g})"
            raise ValueError(msg)
        return self

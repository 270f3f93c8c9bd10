"""The configuration: one frozen section per concern, every knob with range, unit and consequence.

Loading (YAML, environment, faults with path and line) is in `daemon.settings`; nothing outside
`daemon.app` sees the whole: each part of the daemon is given its own section.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from daemon.config.broker import (
    KafkaSection,
    StartFrom,
    changelog_topic,
    feedback_topic,
    repartition_topic,
)
from daemon.config.framing import FramingSection
from daemon.config.incidents import IncidentsSection, MaintenanceWindow, SilenceSection
from daemon.config.process import (
    LoggingSection,
    OutputSection,
    ServerSection,
    WebhookSection,
)
from daemon.config.samples import InputFormat, InputSection, TimestampUnit
from daemon.config.section import Section
from daemon.config.series import (
    Direction,
    GroupingSection,
    MetricKind,
    MetricRule,
    RelabelAction,
    RelabelRule,
    SeriesSection,
    Transform,
)
from daemon.config.state import StateSection
from daemon.records import Channel
from hebbstream.params import DetectorParams

__all__ = [
    "Config",
    "Direction",
    "FramingSection",
    "GroupingSection",
    "IncidentsSection",
    "InputFormat",
    "InputSection",
    "KafkaSection",
    "LoggingSection",
    "MaintenanceWindow",
    "MetricKind",
    "MetricRule",
    "OutputSection",
    "RelabelAction",
    "RelabelRule",
    "Section",
    "SeriesSection",
    "ServerSection",
    "SilenceSection",
    "StartFrom",
    "StateSection",
    "TimestampUnit",
    "Transform",
    "WebhookSection",
]


class Config(Section):
    """The whole configuration file."""

    application_id: str = Field(
        default="hebbstream",
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        description=(
            "Names the consumer group and the output topics; processes that share it share the "
            "work."
        ),
    )
    kafka: KafkaSection = KafkaSection()
    input: InputSection = InputSection()
    series: SeriesSection = SeriesSection()
    metrics: list[MetricRule] = Field(
        default=[], description="Policy per metric; the first rule that matches applies."
    )
    grouping: GroupingSection = GroupingSection()
    framing: FramingSection = FramingSection()
    detector: DetectorParams = DetectorParams()
    incidents: IncidentsSection = IncidentsSection()
    output: OutputSection = OutputSection()
    webhook: WebhookSection = WebhookSection()
    state: StateSection = StateSection()
    server: ServerSection = ServerSection()
    logging: LoggingSection = LoggingSection()

    @model_validator(mode="after")
    def _budget_fits_the_day(self) -> Self:
        ticks = 86_400.0 / self.framing.interval
        if self.detector.alert_budget_per_day >= ticks:
            msg = (
                "detector.alert_budget_per_day must be below the ticks of a day "
                f"(framing.interval gives {ticks:g})"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _reads_nothing_of_its_own(self) -> Self:
        # A dead letter that is read would be written again for ever.
        name = self.application_id
        own = {changelog_topic(name), feedback_topic(name), repartition_topic(name)}
        own |= {f"{name}.{channel}" for channel in Channel}
        for topic in self.kafka.topics:
            if topic in own:
                msg = f"kafka.topics must not name {topic}: that is a topic of application_id's own"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _transactions_need_kafka_python(self) -> Self:
        if self.kafka.client == "librdkafka" and self.output.delivery == "transactional":
            msg = (
                "output.delivery: transactional needs kafka.client: kafka-python, for the "
                "producer's transaction must say which member of the group has read"
            )
            raise ValueError(msg)
        return self

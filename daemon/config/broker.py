"""How Kafka is reached, and what is read from it."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from daemon.config.section import Section
from hebbstream.durations import Duration


class StartFrom(StrEnum):
    """Where reading begins when the consumer group has no committed offset."""

    EARLIEST = "earliest"
    LATEST = "latest"


#: A name or an IPv4 address, or an IPv6 one in brackets; a protocol before it is Java's way.
_ADDRESS: Final = re.compile(r"(?:\w+://)?(?:\[[\w:.%]+\]|[^\s:,/\[\]]+)(?::(\d{1,5}))?", re.ASCII)


def _address(given: str) -> str:
    # kafka-python raises ValueError for some of what it cannot read, and asks others for ever.
    parts = _ADDRESS.fullmatch(given)
    if parts is None or not 0 < int(parts[1] or 9092) < 2**16:
        msg = "must be host:port, one broker an item; an IPv6 address stands in brackets"
        raise ValueError(msg)
    return given


class KafkaSection(Section):
    """How to reach the broker and what to read."""

    bootstrap_servers: list[Annotated[str, AfterValidator(_address)]] = Field(
        default=["localhost:9092"], min_length=1, description="host:port of one or more brokers."
    )
    client: Literal["kafka-python", "librdkafka"] = Field(
        default="kafka-python",
        description=(
            "Which client reads the topics. librdkafka needs the package confluent-kafka "
            "(pip install 'hebbstream[librdkafka]') and cannot be combined with `output.delivery: "
            "transactional`; kafka-python, read in columns, is the faster one."
        ),
    )
    topics: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]] = Field(
        default=["metrics"], min_length=1, description="Topics to read samples from."
    )
    repartition: bool = Field(
        default=False,
        description=(
            "Read <application_id>.repartition, which `hebbstream rekey` fills from these topics, "
            "keyed by group; for topics whose groups arrive in several partitions. Changing it "
            "learns anew."
        ),
    )
    group_id: str | None = Field(
        default=None,
        description=(
            "Consumer group; application_id when absent. Processes with the same group share the "
            "partitions."
        ),
    )
    instance_id: str | None = Field(
        default=None,
        description=(
            "Static membership (group.instance.id), for example the pod's name: a restart within "
            "the session timeout moves no partition."
        ),
    )
    start_from: StartFrom = Field(
        default=StartFrom.EARLIEST,
        description="Where to begin when the group has no committed offset.",
    )
    create_topics: bool = Field(
        default=True,
        description="Create missing topics at start. When false a missing topic is a clear error.",
    )
    topic_partitions: int = Field(
        default=4, ge=1, le=10_000, description="Partitions of topics created by us."
    )
    topic_replication_factor: int = Field(
        default=1, ge=1, le=32, description="Replicas of topics created by us; 3 in production."
    )
    feedback_topic: bool = Field(
        default=False,
        description=(
            "Hear what people say of incidents on <app>.feedback as well; whoever may write there "
            "may change what is learnt."
        ),
    )
    max_poll_records: int = Field(
        default=20_000,
        ge=1,
        le=1_000_000,
        description=(
            "Records per poll; more raises throughput and memory, and delays what is behind them."
        ),
    )
    fetch_max_bytes: int = Field(
        default=4 * 2**20,
        ge=1024,
        le=2**30,
        description=(
            "Bytes a partition's fetch may return; a larger single record is still delivered."
        ),
    )
    session_timeout: Duration = Field(
        default=45.0,
        ge=1,
        le=3600,
        description="A member silent for this long loses its partitions.",
    )
    heartbeat_interval: Duration = Field(
        default=3.0,
        gt=0,
        le=600,
        description="How often membership is renewed; at most a third of session_timeout.",
    )
    max_poll_interval: Duration = Field(
        default=300.0,
        ge=1,
        le=86_400,
        description="A member that does not poll for this long loses its partitions.",
    )
    unacked_max: int = Field(
        default=20_000,
        ge=1,
        le=10_000_000,
        description=(
            "Messages sent and not yet acknowledged; at the limit reading pauses, so that memory "
            "is bounded in an outage."
        ),
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT",
        description="How connections are secured and who proves who they are.",
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        default=None,
        description="How the SASL password is proved; needed by SASL_*.",
    )
    sasl_username: str | None = Field(default=None, description="SASL user.")
    sasl_password: SecretStr | None = Field(
        default=None, description="SASL password; prefer sasl_password_file or the environment."
    )
    sasl_password_file: str | None = Field(
        default=None, description="File that holds the SASL password, re-read at start."
    )
    ssl_ca_file: str | None = Field(
        default=None, description="CA bundle (PEM) that signs the brokers' certificates."
    )
    ssl_cert_file: str | None = Field(
        default=None, description="Client certificate (PEM), for mutual TLS."
    )
    ssl_key_file: str | None = Field(default=None, description="Client key (PEM), for mutual TLS.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.heartbeat_interval * 3 > self.session_timeout:
            msg = (
                "heartbeat_interval must be at most a third of session_timeout, "
                "or one lost heartbeat costs the partitions"
            )
            raise ValueError(msg)
        if self.sasl_password is not None and self.sasl_password_file is not None:
            msg = "sasl_password and sasl_password_file exclude each other"
            raise ValueError(msg)
        if self.security_protocol.startswith("SASL") and (
            self.sasl_mechanism is None or self.sasl_username is None
        ):
            msg = "security_protocol SASL_* needs sasl_mechanism and sasl_username"
            raise ValueError(msg)
        return self

    def read_by_service(self, application_id: str) -> Self:
        """Return the settings with the topics that the service itself reads."""
        if not self.repartition:
            return self
        return self.model_copy(update={"topics": [repartition_topic(application_id)]})

    def read_by_rekey(self, application_id: str) -> Self:
        """Return the settings of the group that fills the repartition topic."""
        return self.model_copy(update={"group_id": f"{self.group_id or application_id}.rekey"})


def changelog_topic(application_id: str) -> str:
    """Name the topic on which a second copy of the state is kept."""
    return f"{application_id}.changelog"


def feedback_topic(application_id: str) -> str:
    """Name the topic on which feedback is heard."""
    return f"{application_id}.feedback"


def repartition_topic(application_id: str) -> str:
    """Name the topic on which each group is whole."""
    return f"{application_id}.repartition"

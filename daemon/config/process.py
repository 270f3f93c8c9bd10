"""What the process publishes, serves and logs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator

from daemon.config.section import Section
from daemon.records import Channel
from hebbstream.durations import Duration


def _without_ends(value: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Strip white space: a secret read from a file often ends with a line feed."""
    return value.strip() if isinstance(value, str) else value


def fits_a_header(token: str) -> bool:
    """Tell whether a token can be sent in a header: it is printable ASCII."""
    return all(" " <= character <= "~" for character in token)


def _sendable(token: SecretStr) -> SecretStr:
    if not fits_a_header(token.get_secret_value()):
        msg = "may hold printable ASCII characters only, for it is sent in a header"
        raise ValueError(msg)
    return token


#: What is sent as Authorization: Bearer.
Token = Annotated[SecretStr, BeforeValidator(_without_ends), AfterValidator(_sendable)]


class OutputSection(Section):
    """What is published. Topics are `<application_id>.events` and so on."""

    edges: bool = Field(
        default=True,
        description="Publish the journal of grown and pruned relations to <app>.edges.",
    )
    scores: bool = Field(default=False, description="Publish every tick's score to <app>.scores.")
    dead_letters: bool = Field(
        default=True, description="Publish undecodable records to <app>.dead-letter."
    )
    heartbeat: bool = Field(
        default=True, description="Publish one record per partition and minute to <app>.heartbeat."
    )
    delivery: Literal["at_least_once", "transactional"] = Field(
        default="at_least_once",
        description=(
            "How messages are published: at once, where only a process that slept past its session "
            "may repeat an event; or in transactions, where readers with isolation.level "
            "read_committed see every event once, up to state.interval later."
        ),
    )

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Channels that are switched on; only their topics are needed."""
        wanted = {
            Channel.EVENTS: True,
            Channel.EDGES: self.edges,
            Channel.SCORES: self.scores,
            Channel.DEAD_LETTER: self.dead_letters,
            Channel.HEARTBEAT: self.heartbeat,
        }
        return tuple(channel for channel, on in wanted.items() if on)


class WebhookSection(Section):
    """Where incident events are posted besides their topic."""

    url: Annotated[SecretStr, BeforeValidator(_without_ends)] | None = Field(
        default=None,
        description=(
            "http:// or https:// address that every incident event is posted to, as a JSON array "
            "of events; null for none. It may hold a secret: prefer the environment."
        ),
    )
    token: Token | None = Field(
        default=None,
        min_length=1,
        description="Sent as Authorization: Bearer. Prefer the environment.",
    )
    timeout: Duration = Field(
        default=10.0, gt=0, le=300, description="How long an answer is waited for."
    )
    queue_max: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description=(
            "Events that may wait while the receiver does not take them; beyond it the oldest are "
            "given up and counted. Their topic has them."
        ),
    )

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("http://", "https://")):
            msg = "must begin with http:// or https://"
            raise ValueError(msg)
        return url


class ServerSection(Section):
    """The HTTP port: the overview page, the read API, /metrics, /healthz and /readyz."""

    host: str = Field(default="0.0.0.0", description="Address to listen on.")  # noqa: S104 - a container's port is reached from outside
    port: int = Field(
        default=9464,
        ge=0,
        le=65_535,
        description="Port to listen on; 0 picks a free one and logs it.",
    )
    token: Token | None = Field(
        default=None,
        min_length=8,
        description=(
            "What a request that changes anything must carry as Authorization: Bearer; without one "
            "no such request is served. Prefer the environment."
        ),
    )
    history_max: int = Field(
        default=720,
        ge=1,
        le=1_000_000,
        description="Last scores kept for show of each group; more take memory.",
    )
    history_total_max: int = Field(
        default=2_000_000,
        ge=1,
        le=1_000_000_000,
        description=(
            "Last scores kept for show of all groups together, about 36 bytes each; with many "
            "groups each keeps fewer."
        ),
    )
    incidents_max: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="Incidents kept for show, open and past; the oldest past ones go first.",
    )
    journal_max: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="Births and deaths of relations kept for show; the oldest go first.",
    )
    streams_max: int = Field(
        default=50,
        ge=0,
        le=10_000,
        description="Live streams of incidents served at once; further readers must poll.",
    )


class LoggingSection(Section):
    """What is logged, one JSON object a line on standard output."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="The least severe lines that are written.",
    )
    format: Literal["json", "console"] = Field(
        default="json", description="json for machines, console for people."
    )

"""Creating the topics that are missing, or saying which ones are.

Retention of the output topics is a choice of ours, overridden by nothing once a topic exists: what
an operator has set up stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from daemon.config import KafkaSection
from daemon.errors import UnreachableError
from daemon.kafka.connection import client_options, connect, may_pass
from daemon.records import Channel

log = structlog.get_logger(__name__)

DAY_MS = 86_400_000
COMPACTED_SEGMENT_MS = 600_000
METADATA_SECONDS = 10.0
RETENTION_DAYS = {
    Channel.EVENTS: 30,
    Channel.EDGES: 30,
    Channel.SCORES: 7,
    Channel.DEAD_LETTER: 14,
    Channel.HEARTBEAT: 2,
}


class TopicMissingError(Exception):
    """Topics do not exist and could not, or must not, be created; the message names them."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that must exist.

    Attributes
    ----------
    name : str
        Its name.
    retention_days : int, optional
        How long records are kept when we create it; None leaves it to the broker's default.
    compacted : bool, optional
        Keep the last record of each key instead.
    """

    name: str
    retention_days: int | None = None
    compacted: bool = False

    @property
    def configs(self) -> dict[str, str]:
        """Topic settings given at creation."""
        if self.compacted:
            return {
                "cleanup.policy": "compact",
                "min.compaction.lag.ms": "0",
                "segment.ms": str(COMPACTED_SEGMENT_MS),
            }
        if self.retention_days is None:
            return {}
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_days * DAY_MS)}


def output_topic(application_id: str, channel: Channel) -> Topic:
    """Return the topic of an output channel: `<application_id>.<channel>`."""
    return Topic(f"{application_id}.{channel.value}", RETENTION_DAYS[channel])


def ensure_topics(
    section: KafkaSection, application_id: str, topics: Iterable[Topic], timeout_seconds: float
) -> None:
    """Make sure that topics exist, creating the missing ones where that is allowed.

    Parameters
    ----------
    section : KafkaSection
        Addresses, `create_topics`, and partitions and replicas of new topics.
    application_id : str
        Name of the client.
    topics : iterable of Topic
        What must exist.
    timeout_seconds : float
        How long to wait for a broker's first answer.

    Raises
    ------
    TopicMissingError
        When one is missing and may not be created, or the broker refuses to create it.
    UnreachableError
        When no broker answers; trying again may help.
    """
    admin = connect(KafkaAdminClient, client_options(section, application_id), timeout_seconds)
    try:
        present = set(admin.list_topics())
        missing = [topic for topic in topics if topic.name not in present]
        if missing:
            _create(admin, section, missing)
    except KafkaError as error:
        if may_pass(error):
            msg = f"the broker did not answer about topics: {error}"
            raise UnreachableError(msg) from error
        msg = f"the broker refuses to list or create topics: {error}"
        raise TopicMissingError(msg) from error
    finally:
        admin.close()


def _create(admin: KafkaAdminClient, section: KafkaSection, missing: list[Topic]) -> None:
    names = ", ".join(topic.name for topic in missing)
    if not section.create_topics:
        msg = f"topic {names} does not exist, and kafka.create_topics is false"
        raise TopicMissingError(msg)
    wanted = {
        topic.name: {
            "num_partitions": section.topic_partitions,
            "replication_factor": section.topic_replication_factor,
            "configs": topic.configs,
        }
        for topic in missing
    }
    try:
        admin.create_topics(wanted)
    except TopicAlreadyExistsError:
        # Another member of the group was quicker; one by one, so that the others get made too.
        if len(missing) > 1:
            for topic in missing:
                _create(admin, section, [topic])
            return
    except KafkaError as error:
        if may_pass(error):
            raise
        msg = f"topic {names} does not exist and could not be created: {error}"
        raise TopicMissingError(msg) from error
    admin.wait_for_topics(list(wanted), timeout_ms=int(METADATA_SECONDS * 1000))
    log.info("topics created", topics=list(wanted), partitions=section.topic_partitions)


def delete_topics(
    section: KafkaSection, application_id: str, names: Iterable[str], timeout_seconds: float
) -> None:
    """Delete topics, those that exist among the given ones.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker.
    application_id : str
        Name of the client.
    names : iterable of str
        What is not needed any more.
    timeout_seconds : float
        How long to wait for a broker's first answer.

    Raises
    ------
    UnreachableError
        When no broker answers.
    TopicMissingError
        When the broker refuses.
    """
    admin = connect(KafkaAdminClient, client_options(section, application_id), timeout_seconds)
    try:
        present = sorted(set(names) & set(admin.list_topics()))
        if present:
            admin.delete_topics(present)
    except KafkaError as error:
        msg = f"the broker did not delete topics: {error}"
        raise (UnreachableError if may_pass(error) else TopicMissingError)(msg) from error
    finally:
        admin.close()

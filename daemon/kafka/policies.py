"""Whether topics that somebody else has made forget what they should: said once, never mended.

What an operator has set up stays as it is. But a changelog that is not compacted loses states by
their age, or grows for ever, and a compacted topic of events loses all but the last of each key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from daemon.config import KafkaSection
from daemon.errors import UnreachableError
from daemon.kafka.connection import client_options, connect, may_pass
from daemon.kafka.topics import Topic

log = structlog.get_logger(__name__)

CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 3.0
POLICY, COMPACT = "cleanup.policy", "compact"


def tell_unfit_policies(
    section: KafkaSection, application_id: str, topics: Sequence[Topic]
) -> bool:
    """Warn of topics whose cleanup policy loses what is written to them.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker.
    application_id : str
        Name of the client.
    topics : sequence of Topic
        They exist; those that say nothing of how long records are kept are passed over.

    Returns
    -------
    bool
        False when no broker answered, so that it is worth asking again. One that refuses to say
        has answered: the right to describe settings is not asked of the service.
    """
    wanted = {topic.name: topic for topic in topics if POLICY in topic.configs}
    try:
        policies = _policies(section, application_id, list(wanted))
    except UnreachableError:
        return False
    except KafkaError as error:
        if may_pass(error):
            return False
        policies = {}
    if unknown := sorted(wanted.keys() - policies.keys()):
        log.info("cleanup policies of topics not known", topics=unknown)
    for name, policy in policies.items():
        parts = {part.strip() for part in policy.split(",") if part.strip()}
        if wanted[name].compacted and parts != {COMPACT}:
            log.warning("topic is not kept by compaction alone", topic=name, cleanup_policy=policy)
        elif not wanted[name].compacted and COMPACT in parts:
            log.warning("topic is compacted", topic=name, cleanup_policy=policy)
    return True


def _policies(section: KafkaSection, application_id: str, names: list[str]) -> dict[str, str]:
    """Ask how topics are cleaned; those of which the broker does not say are left out."""
    options = client_options(section, application_id) | {
        "request_timeout_ms": int(ANSWER_SECONDS * 1000)
    }
    admin = connect(KafkaAdminClient, options, CONNECT_SECONDS)
    try:
        # Every setting, for the embedded broker hangs up when it is asked for one.
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        told: dict[str, dict[str, Any]] = admin.describe_configs(asked, config_filter="all")[
            "topic"
        ]
    finally:
        admin.close()
    return {name: configs[POLICY]["value"] for name, configs in told.items() if POLICY in configs}

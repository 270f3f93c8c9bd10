"""The two streams: what each is called, and the configuration of the service that reads it.

The grid step is a setting of a whole service, and the streams differ in it (a simulated minute, a
second of this machine), as they would in life. So each has a service of its own: the same program
with another configuration and application id, as two teams on one broker would run it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from daemon.config import Config, KafkaSection
from daemon.demo.timeline import INTERVAL_SECONDS
from daemon.kafka.topics import Topic, output_topic
from daemon.records import Channel


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: its name, its input topic, and what the service is configured with."""

    name: str
    application_id: str
    config: dict[str, Any]

    @property
    def topic(self) -> str:
        """Where the samples go."""
        return f"{self.application_id}.metrics"

    @property
    def events_topic(self) -> str:
        """Where incidents come out."""
        return output_topic(self.application_id, Channel.EVENTS).name

    @property
    def topics(self) -> list[str]:
        """All topics the stream may leave behind."""
        outputs = [output_topic(self.application_id, channel).name for channel in Channel]
        return [self.topic, *outputs]

    def validated(self) -> Config:
        """Return the configuration as the service will see it."""
        return Config.model_validate(self.config)

    def kafka(self) -> KafkaSection:
        """Return how the broker is reached."""
        return self.validated().kafka

    def needed_topics(self) -> list[Topic]:
        """List what must exist before anything starts."""
        return [Topic(self.topic), output_topic(self.application_id, Channel.EVENTS)]

    def write(self, folder: Path) -> Path:
        """Write the configuration file of the service; returns its path."""
        path = folder / f"{self.name}.yaml"
        path.write_text(yaml.safe_dump(self.config, sort_keys=False), encoding="utf-8")
        return path


def shop_settings() -> dict[str, Any]:
    """Return what the shop needs beside an address: its grid step, its groups, its budget."""
    return {
        "grouping": {"group_by": ["shop"]},
        "framing": {"interval": INTERVAL_SECONDS, "lateness": 0},
    }


def shop_stream(bootstrap: str, run: str) -> Stream:
    """Describe the simulated shop's stream; `run` sets its topics apart on a shared broker."""
    return _stream("shop", bootstrap, run, shop_settings())


def machine_stream(bootstrap: str, run: str) -> Stream:
    """Describe the stream of this machine's metrics, one group a host, once a second."""
    settings = {
        "grouping": {"group_by": ["host"]},
        "framing": {"interval": 1, "lateness": 1},
        "metrics": [{"match": "*_total", "kind": "counter"}],
    }
    return _stream("machine", bootstrap, run, settings)


def _stream(name: str, bootstrap: str, run: str, settings: dict[str, Any]) -> Stream:
    application_id = f"hebbstream-demo{run}-{name}"
    kafka = {
        "bootstrap_servers": bootstrap.split(","),
        "topics": [f"{application_id}.metrics"],
        "topic_partitions": 1,
        # Small brokers take half a session to let the first member in.
        "session_timeout": 6,
        "heartbeat_interval": 1,
    }
    shared = {
        "application_id": application_id,
        "kafka": kafka,
        "server": {"host": "127.0.0.1", "port": 0},
        # A demonstration begins anew each time.
        "state": {"folder": None, "changelog": False},
    }
    return Stream(name, application_id, shared | settings)

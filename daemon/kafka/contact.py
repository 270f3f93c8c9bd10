"""Proof that a broker still answers, which a consumer's `poll` does not give.

In an outage `poll` returns no records for ever and raises nothing. But every response, be it to a
fetch, a heartbeat or a commit, passes kafka-python's sensor of received bytes; a statistic of ours
on that sensor notes that something came. While nobody coordinates the group, as when the broker
that did is down and its part of the topic of offsets has no other copy, the client reads nothing
though others answer: that proves no contact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer
from kafka.metrics.measurable_stat import AbstractMeasurableStat

from daemon.ports import Clock


class Responses(AbstractMeasurableStat):  # type: ignore[misc] # kafka-python is not typed
    """Counts the responses a client has received while its group had a coordinator.

    Parameters
    ----------
    coordinated : callable
        Whether it has one; asked on the client's I/O thread.
    """

    def __init__(self, coordinated: Callable[[], bool] = lambda: True) -> None:
        self._coordinated = coordinated
        self.count = 0

    def record(self, config: Any, value: float, time_ms: float) -> None:  # noqa: ANN401 - kafka-python's signature
        """Note one response; called on the client's I/O thread."""
        self.count += self._coordinated()

    def measure(self, config: Any, now: float) -> float:  # noqa: ANN401 - kafka-python's signature
        """Return the count."""
        return float(self.count)


class Contact:
    """The age of the last answer from a broker.

    Parameters
    ----------
    clock : Clock
        Source of time; ages count from here until the first answer.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.monotonic()
        self._responses = Responses()
        self._counted = 0

    def attach(self, responses: Responses) -> None:
        """Watch a consumer that has just connected."""
        self._responses = responses
        self._counted = responses.count
        self.seen()

    def seen(self) -> None:
        """Note an answer now."""
        self._last = self._clock.monotonic()

    def check(self) -> None:
        """Note an answer now if any has come since the last check."""
        count = self._responses.count
        if count != self._counted:
            self._counted = count
            self.seen()

    def age(self) -> float:
        """Return the seconds since the last answer that was noted."""
        self.check()
        return self._clock.monotonic() - self._last


def count_responses(consumer: KafkaConsumer) -> Responses:
    """Count what a consumer of kafka-python receives from now on."""
    group = consumer._coordinator  # noqa: SLF001 - as below
    responses = Responses(lambda: group.coordinator_id is not None)
    metrics = consumer._metrics  # noqa: SLF001 - the registry has no public way in; the version is pinned
    name = metrics.metric_name("responses-total", "hebbstream", "Responses received.")
    metrics.sensor("bytes-received").add(name, responses)
    return responses

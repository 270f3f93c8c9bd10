"""Proof that a broker still answers."""

from __future__ import annotations

from types import SimpleNamespace

from kafka.metrics import Metrics

from daemon.kafka.contact import Contact, count_responses
from fakes import FakeClock


class Consumer:
    """What `count_responses` needs of a consumer: its metrics registry and its group."""

    def __init__(self) -> None:
        self._metrics = Metrics()
        self._coordinator = SimpleNamespace(coordinator_id=1)


def test_age_grows_until_a_response_comes() -> None:
    """Silence ages; a response on the client's sensor makes the age start anew."""
    clock, consumer = FakeClock(), Consumer()
    contact = Contact(clock)
    contact.attach(count_responses(consumer))

    clock.advance(7.0)
    silent = contact.age()
    consumer._metrics.sensor("bytes-received").record(100)
    answered = contact.age()

    assert (silent, answered) == (7.0, 0.0)


def test_age_counts_from_the_beginning_before_a_connection() -> None:
    """A broker that never answered has an age too."""
    clock = FakeClock()
    contact = Contact(clock)

    clock.advance(30.0)

    assert contact.age() == 30.0


def test_the_sensor_counts_for_the_newest_consumer_only() -> None:
    """After a reconnection the old consumer's responses prove nothing."""
    clock, old, new = FakeClock(), Consumer(), Consumer()
    contact = Contact(clock)
    contact.attach(count_responses(old))
    contact.attach(count_responses(new))

    clock.advance(3.0)
    old._metrics.sensor("bytes-received").record(100)

    assert contact.age() == 3.0


def test_answers_prove_nothing_while_nobody_coordinates_the_group() -> None:
    """Nothing is read then, and silence must not pass for a quiet input."""
    clock, consumer = FakeClock(), Consumer()
    contact = Contact(clock)
    contact.attach(count_responses(consumer))

    consumer._coordinator.coordinator_id = None
    clock.advance(7.0)
    consumer._metrics.sensor("bytes-received").record(100)
    alone = contact.age()
    consumer._coordinator.coordinator_id = 2
    consumer._metrics.sensor("bytes-received").record(100)

    assert (alone, contact.age()) == (7.0, 0.0)

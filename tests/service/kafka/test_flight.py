"""What became of messages: `daemon.kafka.flight`."""

from __future__ import annotations

from types import SimpleNamespace

from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError
from kafka.future import Future

from daemon.kafka.flight import Flight
from daemon.records import Channel, Message

EVENT = Message(Channel.EVENTS, b"g", b"1")


def test_a_place_that_the_broker_does_not_say_moves_nothing() -> None:
    """A batch that was sent twice is acknowledged without one; a restart would read all events."""
    flight = Flight()

    for offset in (40, -1):
        sent = Future()
        flight.follow(EVENT, "shop.events", sent)
        sent.success(SimpleNamespace(partition=2, offset=offset))

    assert flight.events_end == {"2": 41}
    assert (flight.sent, flight.landed) == (2, 2)


def test_what_fails_is_told_and_what_is_too_large_is_counted() -> None:
    """Either has landed; the next producer begins without the failure."""
    flight = Flight()

    for error in (KafkaTimeoutError("gone"), MessageSizeTooLargeError()):
        sent = Future()
        flight.follow(EVENT, "shop.events", sent)
        sent.failure(error)

    assert (flight.sent, flight.landed, flight.refused) == (2, 2, {"too_large": 1})
    (failure,) = flight.failures
    assert failure.startswith("shop.events: ")
    assert "gone" in failure
    after = flight.anew()
    assert (after.failures, after.sent, after.refused) == ([], 0, {"too_large": 1})

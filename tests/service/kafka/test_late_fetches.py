"""When the next fetch is asked for, with the client's own fetcher played."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress

import kafka
import pytest
from kafka.future import Future

from broker import Broker
from daemon.config import KafkaSection
from daemon.kafka.consumers import KafkaPython
from daemon.kafka.late_fetches import EARLY_MAX, LATE_MAX, PROMPT_SECONDS, LateFetches
from daemon.kernels.record_walk import OFFSET


class Manager:
    """Runs at once what the client would run on its own thread."""

    def call_soon(self, function: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do it."""
        with suppress(StopIteration):
            function().send(None)


class Fetcher:
    """Hands out what it was given, as the client's does."""

    def __init__(self) -> None:
        self._manager = Manager()
        self.buffered: dict[str, list[int]] = {}
        self.told: list[str] = []
        self._fetch_futures: list[Future] = []

    def fetched_records(self, max_records: int) -> tuple[dict[str, list[int]], bool]:
        """Return what there is."""
        self.told.append("take")
        found, self.buffered = self.buffered, {}
        return found, False

    def send_fetches(self) -> list[int]:
        """Ask, and wait."""
        self.told.append("send")
        return [1]

    async def _send_fetches_async(self) -> None:
        self.told.append("send later")
        self._fetch_futures.append(Future())

    def answer(self) -> None:
        """End what is on its way."""
        self._fetch_futures.pop().success(None)

    def fetch_records(self) -> dict[str, list[int]]:
        """Do what the client does in a poll."""
        records, partial = self.fetched_records(5)
        if not partial:
            self.send_fetches()
        return records


def test_what_is_handed_out_holds_the_next_fetch_back() -> None:
    """It is sent when it is asked for, and but once."""
    fetcher = Fetcher()
    late = LateFetches(fetcher)
    fetcher.buffered = {"a": [1]}

    assert fetcher.fetch_records() == {"a": [1]}
    assert fetcher.told == ["take"]
    late.ask(2)
    assert fetcher.told == ["take"]
    late.ask(1)
    late.ask(1)

    assert fetcher.told == ["take", "send later"]


@pytest.mark.parametrize(
    ("waits", "lead"),
    [
        ([0.01] * LATE_MAX, 2),
        ([0.01] * (5 * LATE_MAX), 4),  # the whole turn
        ([0.01] * (LATE_MAX - 1) + [0.0, 0.01], 1),  # not in a row
        ([0.01] * LATE_MAX + [0.0] * EARLY_MAX, 1),
        ([0.01] * LATE_MAX + [2 * PROMPT_SECONDS], 1),  # for records that were still to come
        ([2 * PROMPT_SECONDS] * LATE_MAX, 1),
    ],
)
def test_answers_that_keep_coming_late_are_asked_for_sooner(waits: list[float], lead: int) -> None:
    """By a batch at a time, and later again where they wait, or where there is time to spare."""
    fetcher, now = Fetcher(), [0.0]
    late = LateFetches(fetcher, lambda: now[0])
    fetcher.buffered = {"a": [1]}
    fetcher.fetch_records()

    for waited in waits:
        for left in (4, 3, 2, 1):
            late.ask(left)
        if waited:
            assert fetcher.fetch_records() == {}
            now[0] += waited
        fetcher.buffered = {"a": [1]}
        fetcher.fetch_records()

    assert late.lead == lead


def test_what_is_on_its_way_is_not_asked_for_again() -> None:
    """By the poll that waits for it; the one after asks, if it brought nothing."""
    fetcher = Fetcher()
    late = LateFetches(fetcher)
    fetcher.buffered = {"a": [1]}
    fetcher.fetch_records()
    late.ask(1)

    fetcher.fetch_records()
    assert fetcher.told == ["take", "send later", "take"]
    fetcher.fetch_records()

    assert fetcher.told == ["take", "send later", "take", "take", "send"]


def test_what_was_answered_with_nothing_is_asked_for_again() -> None:
    """At once: nothing is on its way."""
    fetcher = Fetcher()
    late = LateFetches(fetcher)
    fetcher.buffered = {"a": [1]}
    fetcher.fetch_records()
    late.ask(1)
    fetcher.answer()

    fetcher.fetch_records()

    assert fetcher.told == ["take", "send later", "take", "send"]


def test_a_poll_without_records_asks_at_once() -> None:
    """As the client does; there is nothing to hold back, and nobody need ask."""
    fetcher = Fetcher()
    late = LateFetches(fetcher)

    assert fetcher.fetch_records() == {}
    late.ask(1)

    assert fetcher.told == ["take", "send"]


def test_where_nobody_asks_the_next_poll_does() -> None:
    """An engine that fails between two polls leaves nothing behind."""
    fetcher = Fetcher()
    LateFetches(fetcher)
    fetcher.buffered = {"a": [1]}

    fetcher.fetch_records()
    assert fetcher.fetch_records() == {}

    assert fetcher.told == ["take", "take", "send"]


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.parametrize("asks", [True, False])
def test_every_record_comes_once_and_in_order(broker: Broker, *, asks: bool) -> None:
    """On a broker, in many small fetches, whether somebody asks or not."""
    topic = broker.create_topic("late")
    producer = kafka.KafkaProducer(bootstrap_servers=broker.bootstrap)
    section = KafkaSection(bootstrap_servers=[broker.bootstrap], topics=[topic], max_poll_records=7)
    consumer = KafkaPython.connect(section, "shop", 5.0)
    place = kafka.TopicPartition(topic, 0)
    consumer.assign([place])
    consumer.seek(place, 0)
    offsets: list[int] = []
    polls = 0

    for n in range(100):
        producer.send(topic, value=b"%d" % n, partition=0)
        if n % 10 == 9:
            producer.flush(10)
    while len(offsets) < 100 and polls < 200:
        polls += 1
        for chunk in consumer.fetch(0.2).get(place, []):
            offsets += chunk.columns[OFFSET].tolist()
        if asks:
            consumer.prefetch(1)
    consumer.leave(1.0)
    producer.close()

    assert offsets == list(range(100))

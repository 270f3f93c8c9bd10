"""Events that are on the topic already: taken out of the output once, by id."""

from __future__ import annotations

import msgspec

from daemon.published import Ahead, digest, earliest
from daemon.records import Channel, InputPartition, Message
from streams import PARTITION


def event(number: int, text: str = "") -> bytes:
    """Make an event of partition metrics/0."""
    source = {"topic": "metrics", "partition": 0, "offset": number}
    return msgspec.json.encode({"event_id": f"id{number}", "text": text, "source": source})


def message(value: bytes, channel: Channel = Channel.EVENTS) -> Message:
    """Make a message of one group."""
    return Message(channel, b"g", value)


def test_what_is_there_is_not_sent_again() -> None:
    """Known events are taken out, once; everything else passes in order."""
    ahead = Ahead()
    assert ahead.add(PARTITION, event(1))

    first = ahead.withhold([message(event(n)) for n in (0, 1, 2)])
    second = ahead.withhold([message(event(1)), message(event(1), Channel.EDGES)])

    assert [each.value for each in first] == [event(0), event(2)]
    assert len(second) == 2
    assert (ahead.withheld, ahead.differing, ahead.known) == (1, 0, {})


def test_other_bytes_under_the_same_id_are_noticed() -> None:
    """The event stays as it was published, and the difference is counted."""
    ahead = Ahead({"id1": digest(event(1))})

    assert ahead.withhold([message(event(1, "changed"))]) == []

    assert ahead.differing == 1


def test_events_of_others_are_left_alone() -> None:
    """Those of another partition, and what is no event, are not remembered."""
    ahead = Ahead()

    noted = [ahead.add(InputPartition("metrics", 1), event(1)), ahead.add(PARTITION, b"{}")]

    assert (noted, ahead.known) == ([False, False], {})


def test_the_earliest_of_positions_has_what_all_of_them_have() -> None:
    """A partition of the topic that one state has not seen is read from its beginning."""
    assert earliest([{"0": 7, "1": 2}, {"0": 3, "1": 5, "2": 1}]) == {"0": 3, "1": 2}
    assert earliest([]) is None

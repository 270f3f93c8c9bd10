"""What is said on the feedback topic: heard once, by who it concerns, from where it was left."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from daemon.overheard import WAITING_MAX, Beginning, Overheard, Remark
from daemon.pipeline import PartitionPipeline
from daemon.records import Channel, InputPartition, Message
from daemon.telemetry import Telemetry
from fakes import FakeClock
from hebbstream import Label
from shown import PARTITION, Owned, World, broken_world


class Heard:
    """An engine with one partition, what it saved, and what it published."""

    def __init__(self, world: World) -> None:
        self.telemetry = Telemetry(FakeClock(), "abc")
        self.letters: list[Message] = []
        self.saved: list[InputPartition] = []
        self.pipeline = world.pipeline
        self.overheard = Overheard("app.feedback", self.telemetry, self.letters.extend)
        self.owned = {world.partition: Owned(world.pipeline)}

    def begin(self, offset: int = 0, end: int | None = None) -> None:
        """Let the partition be found, and answer its wish."""
        self.deliver()
        wish = self.overheard.wish()
        assert wish is not None
        place = Beginning("0", wish.offsets.get("0", offset), end or 100, wish.number)
        self.overheard.put(place, 0)
        self.overheard.granted(wish)
        assert self.overheard.wish() is None

    def say(self, offset: int, value: bytes | None = None, **said: Any) -> None:  # noqa: ANN401 - JSON
        """Put a record there."""
        value = json.dumps(said).encode() if value is None else value
        self.overheard.put(Remark("0", offset, b"key", value), 0)

    def deliver(self) -> list[str]:
        """Let the engine hear."""

        def save(partition: InputPartition) -> bool:
            self.saved.append(partition)
            return True

        return self.overheard.deliver(self.owned, save)

    def refused(self, reason: str) -> float:
        """How many records were not heeded."""
        return float(self.telemetry.value("feedback_refused_total", reason))


@pytest.fixture
def make() -> Callable[[], Heard]:
    """Return a way to make an engine with an incident."""
    return lambda: Heard(broken_world())


def incident(heard: Heard) -> str:
    """Id of the open incident."""
    (group,) = [g for g in heard.pipeline.groups.values() if g.tracker.current]
    assert group.tracker.current is not None
    return group.tracker.current.incident_id


def test_what_is_said_of_an_incident_is_heard_and_saved_once(make: Callable[[], Heard]) -> None:
    """A record that comes twice is heard once, also by a pipeline that was restored."""
    heard = make()
    heard.begin()
    heard.say(7, label="NOT_ANOMALY", incident_id=incident(heard))
    heard.say(7, label="NOT_ANOMALY", incident_id=incident(heard))

    told = heard.deliver()

    assert told == ["NOT_ANOMALY"]
    assert heard.saved == [PARTITION]
    assert heard.pipeline.heard == {"0": 8}
    restored = PartitionPipeline.restored(heard.pipeline.capture(), heard.pipeline._sections)
    assert restored.heard == {"0": 8}
    heard.owned[PARTITION] = Owned(restored)
    heard.begin()
    heard.say(7, label="NOT_ANOMALY", incident_id=incident(heard))
    assert heard.deliver() == []


def test_a_group_by_name_hears_it(make: Callable[[], Heard]) -> None:
    """No incident is needed."""
    heard = make()
    heard.begin()
    heard.say(0, label="NEW_TREND", group="b")

    assert heard.deliver() == ["NEW_TREND"]
    assert [note.label for note in heard.pipeline.groups["b"].detector.notes] == [Label.NEW_TREND]


def test_nobody_listens_before_the_reader_has_begun_for_it(make: Callable[[], Heard]) -> None:
    """What comes of an older beginning may have a gap before it."""
    heard = make()
    heard.pipeline.heard = {"0": 3}
    heard.deliver()
    heard.say(5, label="NEW_TREND", group="a")  # read on for another partition
    assert heard.deliver() == []
    wish = heard.overheard.wish()
    assert wish is not None
    assert dict(wish.offsets) == {"0": 3}

    heard.overheard.put(Beginning("0", 0, 9, wish.number - 1), 0)  # an answer to an older wish
    heard.say(6, label="NEW_TREND", group="a")
    assert heard.deliver() == []
    heard.overheard.put(Beginning("0", 2, 9, wish.number), 0)  # another partition wished for 2
    for offset in (2, 3, 5):
        heard.say(offset, label="NEW_TREND", group="a")

    assert heard.deliver() == ["NEW_TREND", "NEW_TREND"]
    assert heard.pipeline.heard == {"0": 6}


def test_a_wish_stays_open_until_it_is_granted(make: Callable[[], Heard]) -> None:
    """A reader that lost the broker in between finds it again; a later one includes it."""
    heard = make()
    heard.pipeline.heard = {"0": 3}
    heard.deliver()
    first = heard.overheard.wish()
    other = World(partition=InputPartition("metrics", 1)).drive(5)
    other.pipeline.heard = {"0": 1, "1": 4}
    heard.owned[other.partition] = Owned(other.pipeline)
    heard.deliver()
    second = heard.overheard.wish()
    assert first is not None
    assert second is not None

    heard.overheard.granted(first)

    assert (dict(second.offsets), second.whole) == ({"0": 1, "1": 4}, False)
    assert heard.overheard.wish() == second


def test_who_has_heard_nothing_hears_all_of_it(make: Callable[[], Heard]) -> None:
    """Also beside one that has heard; what comes before the answer may be lost otherwise."""
    heard = make()
    heard.pipeline.heard = {"0": 3}
    fresh = World(partition=InputPartition("metrics", 1)).drive(5)
    heard.owned[fresh.partition] = Owned(fresh.pipeline)

    heard.deliver()

    wish = heard.overheard.wish()
    assert wish is not None
    assert wish.whole


def test_a_topic_that_was_made_anew_is_heard_from_its_beginning(
    make: Callable[[], Heard],
) -> None:
    """Offsets that were heard mean nothing there."""
    heard = make()
    heard.pipeline.heard = {"0": 1000}
    heard.deliver()
    wish = heard.overheard.wish()
    assert wish is not None
    heard.overheard.put(Beginning("0", 2, 2, wish.number), 0)
    heard.say(2, label="NEW_TREND", group="a")

    assert heard.deliver() == ["NEW_TREND"]
    assert heard.pipeline.heard == {"0": 3}


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (b"", b"Invalid JSON"),
        (b"\xff", b"Invalid JSON"),
        (b"[]", b"Input should be an object"),
        (b'{"label": "MAYBE", "group": "a"}', b"label: Input should be"),
        (b'{"label": "NEW_TREND"}', b"either incident_id or group"),
    ],
)
def test_what_cannot_be_read_is_a_dead_letter(
    make: Callable[[], Heard], value: bytes, detail: bytes
) -> None:
    """With its bytes, where it stood and why; the next record is heard."""
    heard = make()
    heard.begin()
    heard.say(4, value)
    heard.say(5, label="NEW_TREND", group="a")

    assert heard.deliver() == ["NEW_TREND"]

    (letter,) = heard.letters
    headers = dict(letter.headers)
    assert (letter.channel, letter.key, letter.value) == (Channel.DEAD_LETTER, b"key", value)
    assert headers["reason"] == b"bad_feedback"
    assert detail in headers["detail"]
    assert (headers["topic"], headers["partition"], headers["offset"]) == (
        b"app.feedback",
        b"0",
        b"4",
    )
    assert heard.refused("invalid") == 1


def test_what_a_detector_refuses_is_a_dead_letter(make: Callable[[], Heard]) -> None:
    """It names the reason in the library's words."""
    heard = make()
    heard.begin()
    heard.say(0, label="NOT_ANOMALY", group="a", series=["unknown"])

    assert heard.deliver() == []

    assert b"no series 'unknown'" in dict(heard.letters[0].headers)["detail"]
    assert heard.refused("refused") == 1
    assert heard.pipeline.heard == {"0": 1}


def test_what_is_about_others_is_only_counted(make: Callable[[], Heard]) -> None:
    """Another process may hold that incident."""
    heard = make()
    heard.begin()
    heard.say(0, label="NEW_TREND", group="elsewhere")
    heard.say(1, label="NEW_TREND", incident_id="elsewhere")

    assert heard.deliver() == []
    assert (heard.letters, heard.saved) == ([], [])
    assert heard.refused("not_here") == 2


def test_without_dead_letters_it_is_counted_and_logged(make: Callable[[], Heard]) -> None:
    """`output.dead_letters: false` is heeded."""
    heard = make()
    heard.overheard = Overheard("app.feedback", heard.telemetry)
    heard.begin()
    heard.say(0, b"{")

    assert heard.deliver() == []
    assert heard.refused("invalid") == 1


def test_only_who_owns_a_first_partition_tells_of_what_cannot_be_read() -> None:
    """Every process reads every record; one dead letter is enough."""
    heard = Heard(World(partition=InputPartition("metrics", 3)).drive(5))
    heard.begin()
    heard.say(0, b"{")

    heard.deliver()

    assert heard.letters == []


def test_the_reader_waits_while_too_much_does(make: Callable[[], Heard]) -> None:
    """Memory is bounded."""
    heard = make()
    for offset in range(WAITING_MAX):
        assert heard.overheard.put(Remark("0", offset, None, b"{}"), 0.01)

    assert not heard.overheard.put(Remark("0", WAITING_MAX, None, b"{}"), 0.01)

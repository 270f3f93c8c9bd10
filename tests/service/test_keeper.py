"""A place where state is kept, when it is its turn, and what it says of a failure."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.checkpoints import Checkpoints
from daemon.errors import StateStoreError
from daemon.keeper import Keeper
from daemon.ports import Pieces, StoredState
from daemon.records import InputPartition
from daemon.telemetry import Telemetry
from fakes import FakeClock, FakeSink
from streams import PARTITION, sections


class Store:
    """A store that takes what it is given unless it is full."""

    def __init__(self, name: str, *, full: bool = False) -> None:
        self.name = name
        self.full = full

    def stored(self, _partition: InputPartition) -> list[StoredState]:
        """Hold nothing."""
        return []

    def save(self, _partition: InputPartition, _order: tuple[int, int], _pieces: Pieces) -> None:
        """Refuse while full."""
        if self.full:
            msg = f"{self.name} is full"
            raise StateStoreError(msg)

    def close(self) -> None:
        """Nothing to release."""


def saved(keepers: Sequence[Keeper]) -> list[bool]:
    """Save a state to each."""
    telemetry = Telemetry(FakeClock(), "hash")
    return [keeper.save(PARTITION, (1, 0), [b"state"], telemetry) for keeper in keepers]


def test_what_failed_is_its_turn_again_sooner() -> None:
    """A copy that is made once a minute does not wait a minute for the broker to come back."""
    keeper = Keeper(Store("changelog", full=True), 60.0, last=100.0)
    before = [keeper.due(now) for now in (110.0, 159.0, 160.0)]

    saved([keeper])

    assert before == [False, False, True]
    assert [keeper.due(now) for now in (109.0, 110.0)] == [False, True]
    assert not Keeper(keeper.store, 3600.0, last=100.0).due(110.0)


def test_one_store_that_is_written_does_not_hide_that_another_is_not() -> None:
    """The disk is written every few seconds, and the topic takes nothing: that stays told."""
    clock, telemetry = FakeClock(), Telemetry(FakeClock(), "hash")
    disk, topic = Store("disk"), Store("changelog", full=True)
    keepers = [Keeper(disk, 10.0), Keeper(topic, 60.0)]
    checkpoints = Checkpoints(keepers, FakeSink(), sections(), clock, telemetry)

    outcome = saved(keepers), saved(keepers[:1])
    during = checkpoints.failing
    topic.full = False
    saved(keepers)

    assert outcome == ([True, False], [True])
    assert during == "changelog is full"
    assert checkpoints.failing == ""

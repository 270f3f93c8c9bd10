"""Letters to detectors: heard once, in order, by the group they are for."""

from __future__ import annotations

import pytest

from daemon.mailbox import Mailbox, NobodyThereError
from hebbstream import Detector, FeedbackError, Label, Note
from shown import PARTITION, Owned, World


@pytest.fixture(scope="module")
def owned() -> Owned:
    """Return a partition with two groups that have seen a few frames."""
    return Owned(World().drive(20).pipeline)


def trend(detector: Detector) -> tuple[Note, ...]:
    """Say that this is normal now."""
    return (detector.new_trend(),)


def test_what_is_said_is_heard_and_saved(owned: Owned) -> None:
    """The answer has the note; it is saved once, after it was heard."""
    mailbox, saved = Mailbox(), []
    answer = mailbox.send(PARTITION, "a", trend)
    assert not answer.done()

    def save(partition: object) -> bool:
        saved.append((partition, len(owned.pipeline.groups["a"].detector.notes)))
        return True

    told = mailbox.deliver({PARTITION: owned}, save)

    heard = answer.result(0)
    assert (told, heard.saved) == (["NEW_TREND"], True)
    assert heard.notes[0].label is Label.NEW_TREND
    assert saved == [(PARTITION, 1)]
    assert mailbox.deliver({PARTITION: owned}, save) == []


def test_what_changes_nothing_is_not_saved(owned: Owned) -> None:
    """Asking what was said costs no checkpoint."""
    mailbox = Mailbox()
    answer = mailbox.send(PARTITION, "a", lambda detector: detector.notes, "ask")

    assert mailbox.deliver({PARTITION: owned}, lambda _: pytest.fail("saved")) == []
    assert answer.result(0).saved


def test_what_is_undone_is_saved_and_is_not_told_again(owned: Owned) -> None:
    """Taking back is no feedback that counts."""
    mailbox, saved = Mailbox(), []
    detector = owned.pipeline.groups["a"].detector
    number = detector.mute(*detector.series[:2]).number

    def save(partition: object) -> bool:
        saved.append(partition)
        return True

    answer = mailbox.send(PARTITION, "a", lambda each: (each.undo(number),), "undo")

    assert mailbox.deliver({PARTITION: owned}, save) == []
    assert answer.result(0).saved
    assert saved == [PARTITION]


def test_what_could_not_be_saved_says_so(owned: Owned) -> None:
    """It holds all the same, and is with the next checkpoint."""
    mailbox = Mailbox()
    answer = mailbox.send(PARTITION, "b", trend)

    mailbox.deliver({PARTITION: owned}, lambda _: False)

    assert not answer.result(0).saved


def test_refusals_reach_who_said_it(owned: Owned) -> None:
    """A group that is gone, a partition that moved, nonsense: one fails, the next is heard."""
    mailbox = Mailbox()
    gone = mailbox.send(PARTITION, "z", trend)
    nonsense = mailbox.send(PARTITION, "a", lambda detector: (detector.undo(10**6),))
    fine = mailbox.send(PARTITION, "a", trend)
    mailbox.deliver({PARTITION: owned}, lambda _: True)
    moved = mailbox.send(PARTITION, "a", trend)
    mailbox.deliver({}, lambda _: True)

    for answer, kind in (
        (gone, NobodyThereError),
        (nonsense, FeedbackError),
        (moved, NobodyThereError),
    ):
        with pytest.raises(kind):
            answer.result(0)
    assert fine.result(0).saved


def test_who_no_longer_waits_is_not_heard(owned: Owned) -> None:
    """A request that timed out changes nothing afterwards."""
    mailbox = Mailbox()
    before = owned.pipeline.groups["b"].detector.notes
    assert mailbox.send(PARTITION, "b", trend).cancel()

    mailbox.deliver({PARTITION: owned}, lambda _: True)

    assert owned.pipeline.groups["b"].detector.notes == before


def test_a_letter_finds_who_it_is_about_when_it_is_delivered(owned: Owned) -> None:
    """The first partition that has an answer counts; where none has, that is told."""
    mailbox = Mailbox()
    found = mailbox.post(lambda pipeline: (min(pipeline.groups), trend), "nobody")
    nobody = mailbox.post(lambda _: None, "no such incident")

    assert mailbox.deliver({PARTITION: owned}, lambda _: True) == ["NEW_TREND"]

    assert (found.result(0).partition, found.result(0).group) == (PARTITION, "a")
    with pytest.raises(NobodyThereError, match="no such incident"):
        nobody.result(0)

"""Checkpoints as files: whole or not there, the last few, never one step back."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.errors import StateStoreError
from daemon.files.states import FileStates
from daemon.records import InputPartition
from streams import PARTITION


def places(store: FileStates) -> list[tuple[int, int]]:
    """List the orders of what is there."""
    return sorted(each.order for each in store.stored(PARTITION))


def test_keeps_the_last_generations(tmp_path: Path) -> None:
    """Older ones go; what is read is what was written."""
    store = FileStates(tmp_path, generations=2)

    for offset in (5, 7, 30):
        store.save(PARTITION, (offset, 0), [b"state %d" % offset])

    assert places(store) == [(7, 0), (30, 0)]
    assert max(store.stored(PARTITION), key=lambda each: each.order).read() == b"state 30"


def test_a_later_state_is_not_undone(tmp_path: Path) -> None:
    """A process that was paused and lost its partition does not write over its successor's."""
    store = FileStates(tmp_path, generations=2)
    store.save(PARTITION, (30, 60), [b"later"])

    for earlier in ((29, 99), (30, 59)):
        with pytest.raises(StateStoreError, match="another process"):
            store.save(PARTITION, earlier, [b"earlier"])

    store.save(PARTITION, (30, 60), [b"the same again"])
    assert places(store) == [(30, 60)]


@pytest.mark.parametrize("number", range(1, 7))
def test_a_crash_before_any_step_leaves_the_one_before_or_the_new_one(
    tmp_path: Path, number: int
) -> None:
    """Whatever is found is whole, and the next save cleans up."""

    def crash(name: str) -> None:
        if name.startswith(f"save {number}:"):
            raise KeyboardInterrupt

    FileStates(tmp_path, 2).save(PARTITION, (1, 0), [b"before"])
    with pytest.raises(KeyboardInterrupt):
        FileStates(tmp_path, 2, crash).save(PARTITION, (2, 0), [b"new"])

    store = FileStates(tmp_path, 2)
    latest = max(store.stored(PARTITION), key=lambda each: each.order)
    assert latest.read() == (b"before" if number <= 4 else b"new")
    store.save(PARTITION, (3, 0), [b"next"])
    assert not list(tmp_path.rglob("*.partial"))


def test_a_full_disk_leaves_the_one_before(tmp_path: Path) -> None:
    """An error while writing is one of the store, and nothing half-written counts."""

    def full(name: str) -> None:
        if name.startswith("save 3:"):
            raise OSError(28, "No space left on device")

    FileStates(tmp_path, 2).save(PARTITION, (1, 0), [b"before"])

    with pytest.raises(StateStoreError, match="No space left"):
        FileStates(tmp_path, 2, full).save(PARTITION, (2, 0), [b"new"])

    assert places(FileStates(tmp_path, 2)) == [(1, 0)]
    assert not list(tmp_path.rglob("*.partial"))


def test_a_place_that_cannot_be_written_is_refused_at_start(tmp_path: Path) -> None:
    """The message names it."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StateStoreError, match="checkpoints cannot be kept there"):
        FileStates(tmp_path / "file" / "state", 2)


def test_one_that_is_set_aside_counts_no_more(tmp_path: Path) -> None:
    """It stays for people to look at."""
    store = FileStates(tmp_path, 2)
    store.save(PARTITION, (9, 0), [b"damaged"])

    store.stored(PARTITION)[0].set_aside()

    assert places(store) == []
    assert [path.read_bytes() for path in tmp_path.rglob("*.refused")] == [b"damaged"]


def test_a_folder_that_cannot_be_looked_into_is_a_failure_of_the_store(tmp_path: Path) -> None:
    """As on a disk that gives errors: no bug, and the service goes on without it."""
    store = FileStates(tmp_path, generations=2)
    beyond = InputPartition("x" * 300, 0)  # longer than a name may be

    with pytest.raises(StateStoreError, match="was not written"):
        store.save(beyond, (1, 0), [b"state"])
    with pytest.raises(StateStoreError, match="cannot be read there"):
        store.stored(beyond)

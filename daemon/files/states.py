"""Checkpoints as files: written whole or not at all, the last few kept, a later one never undone.

`<folder>/<topic>/<partition>/<next offset>-<idle end>.state`; the greatest name is the latest.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from daemon.errors import StateStoreError
from daemon.ports import Pieces, StoredState
from daemon.records import InputPartition

_NAME = re.compile(r"(\d{20})-(\d{20})\.state")


class FileStates:
    """Implements `daemon.ports.StateStore` in a folder.

    Parameters
    ----------
    folder : Path
        Of this application; made when missing.
    generations : int
        Checkpoints kept of each partition.
    step : callable of str, optional
        Told before each numbered step of `save`, for tests that end the process there.

    Raises
    ------
    StateStoreError
        When the folder cannot be made or written to.
    """

    name = "disk"

    def __init__(
        self, folder: Path, generations: int, step: Callable[[str], None] = lambda _: None
    ) -> None:
        self._folder = folder
        self._generations = generations
        self._step = step
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".writable"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            msg = f"{folder}: checkpoints cannot be kept there: {error}"
            raise StateStoreError(msg) from error

    def stored(self, partition: InputPartition) -> list[StoredState]:
        """List the checkpoints of a partition.

        Parameters
        ----------
        partition : InputPartition
            Whose.

        Returns
        -------
        list of StoredState
            Their `read` raises OSError when a file cannot be read.

        Raises
        ------
        StateStoreError
            When the folder cannot be read.
        """
        try:
            return stored_in(self._folder, partition)
        except OSError as error:
            msg = f"{self._of(partition)}: checkpoints cannot be read there: {error}"
            raise StateStoreError(msg) from error

    def save(self, partition: InputPartition, order: tuple[int, int], pieces: Pieces) -> None:
        """Write a checkpoint and let the oldest go.

        Parameters
        ----------
        partition : InputPartition
            Whose.
        order : tuple of int
            How far it is.
        pieces : sequence of bytes
            The state: these, one after the other.

        Raises
        ------
        StateStoreError
            When a later one is there already, because another process owns the partition by now,
            or when it cannot be written.
        """
        folder = self._of(partition)
        final = folder / f"{max(order[0], 0):020d}-{max(order[1], 0):020d}.state"
        unfinished = folder / f"{final.name}.{uuid.uuid4().hex[:8]}.partial"
        self._step("save 1: refuse to undo a later state")
        try:
            later = [path for found, path in self._found(partition) if found > order]
            if later:
                msg = f"{later[0]} is later than offset {order[0]}: another process wrote it"
                raise StateStoreError(msg)
            folder.mkdir(parents=True, exist_ok=True)
            self._step("save 2: write it under another name")
            with unfinished.open("wb") as file:
                file.writelines(pieces)
                file.flush()
                self._step("save 3: make the bytes durable")
                os.fsync(file.fileno())
            self._step("save 4: give it its name")
            unfinished.replace(final)
            self._step("save 5: make the name durable")
            _sync_folder(folder)
            self._step("save 6: let the oldest go")
            self._let_go(folder, partition)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            msg = f"{final}: the checkpoint was not written: {error}"
            raise StateStoreError(msg) from error

    def close(self) -> None:
        """Nothing to release."""

    def _of(self, partition: InputPartition) -> Path:
        return _place(self._folder, partition)

    def _found(self, partition: InputPartition) -> list[tuple[tuple[int, int], Path]]:
        return states_of(self._folder, partition)

    def _let_go(self, folder: Path, partition: InputPartition) -> None:
        for _, path in self._found(partition)[: -self._generations]:
            path.unlink(missing_ok=True)
        for path in folder.glob("*.partial"):
            path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _place(folder: Path, partition: InputPartition) -> Path:
    return folder / partition.topic / str(partition.partition)


def states_of(folder: Path, partition: InputPartition) -> list[tuple[tuple[int, int], Path]]:
    """List the checkpoints of a partition, the latest last; nothing is made."""
    place = _place(folder, partition)
    if not place.is_dir():
        return []
    matches = [(_NAME.fullmatch(path.name), path) for path in place.iterdir()]
    return sorted(
        ((int(match[1]), int(match[2])), path) for match, path in matches if match is not None
    )


def stored_in(folder: Path, partition: InputPartition) -> list[StoredState]:
    """List the checkpoints of a partition as states to read; nothing is made."""
    return [
        StoredState(
            order,
            str(path),
            partial(path.read_bytes),
            partial(path.replace, path.with_suffix(".refused")),
        )
        for order, path in states_of(folder, partition)
    ]


def found_partitions(folder: Path) -> list[InputPartition]:
    """List the partitions that have a checkpoint in a folder, in order; nothing is made."""
    places = [
        InputPartition(path.parent.name, int(path.name))
        for path in folder.glob("*/*")
        if path.is_dir() and path.name.isdecimal()
    ]
    return sorted(each for each in places if states_of(folder, each))

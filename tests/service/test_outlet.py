"""Writing to what may stand still: `daemon.outlet`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from daemon.outlet import PIECE, write_some


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Return the two ends of a pipe, that to read from first."""
    ends = os.pipe()
    yield ends
    for each in ends:
        os.close(each)


def fill(number: int) -> None:
    """Write until a pipe has no room."""
    with suppress(BlockingIOError):
        while True:
            write_some(number, bytes(PIECE), 0.0)


def test_what_there_is_room_for_is_written(pipe: tuple[int, int]) -> None:
    """A piece at most, so that no write has to wait for its end."""
    reading, writing = pipe

    written = write_some(writing, bytes(2 * PIECE), 0.0)

    assert written == PIECE
    assert os.read(reading, 2 * PIECE) == bytes(PIECE)


def test_a_full_pipe_is_an_error_and_no_wait(pipe: tuple[int, int]) -> None:
    """It is written again once somebody has read."""
    reading, writing = pipe
    fill(writing)

    with pytest.raises(BlockingIOError, match="nobody reads it"):
        write_some(writing, b"more", 0.0)
    os.read(reading, 4 * PIECE)

    assert write_some(writing, b"more", 0.0) == 4


def test_a_pipe_that_nobody_can_read_any_more_is_an_error(tmp_path: Path) -> None:
    """As before: it is closed at the other end; a file always has room."""
    reading, writing = os.pipe()
    os.close(reading)
    path = tmp_path / "file"

    with path.open("wb") as file:
        assert write_some(file.fileno(), b"line", 0.0) == 4
    with pytest.raises(BrokenPipeError):
        write_some(writing, b"line", 0.0)
    os.close(writing)

    assert path.read_bytes() == b"line"

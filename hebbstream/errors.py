"""The library's error tree, and the check used at its seams."""

from __future__ import annotations

from typing import ClassVar


class HebbstreamError(Exception):
    """Base of everything hebbstream raises on purpose."""

    retriable: ClassVar[bool] = False


class FrameError(HebbstreamError, ValueError):
    """A frame, a block of frames or a time does not fit; the message says what was expected."""


class SeriesError(HebbstreamError, KeyError):
    """A series name is unknown, already taken, or no text."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class FeedbackError(HebbstreamError, ValueError):
    """What was told makes no sense, or cannot be undone; the message says why."""


class SnapshotError(HebbstreamError):
    """A snapshot cannot be loaded."""


class SnapshotVersionError(SnapshotError):
    """A snapshot was written by a newer format than this version reads."""


class SnapshotCorruptError(SnapshotError):
    """A snapshot is truncated or its checksum does not match."""


class InvariantError(HebbstreamError, RuntimeError):
    """Something that must always hold does not: a bug. The service stops and restarts."""


def check(condition: bool, message: str) -> None:  # noqa: FBT001 - an assertion reads best this way
    """Raise InvariantError with `message` unless `condition` holds; kept on in production."""
    if not condition:
        raise InvariantError(message)

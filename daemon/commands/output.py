"""Standard output as it may be: closed, a pipe nobody reads any more, a file on a full disk.

Libraries on the way to it each take a failure for something else, or for nothing. So it fails with
an error of our own, which passes them all and which the command line words for people.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from daemon.errors import OutputClosedError, OutputError


@contextmanager
def guarded() -> Iterator[None]:
    """Have standard output fail with our own error, up to its last byte.

    Raises
    ------
    OutputError
        When what was written could not leave.
    """
    _occupy()
    before = sys.stdout
    sys.stdout = cast("TextIO", _Guarded(before))
    try:
        yield
        sys.stdout.flush()
    except OutputError:
        _give_up(before)
        raise
    finally:
        sys.stdout = before


class _Guarded:
    """Passes everything on to a stream; None is one that is closed."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._written = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)

    @property
    def encoding(self) -> str:
        return "utf-8" if self._stream is None else self._stream.encoding

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def write(self, text: str) -> int:
        if self._stream is None:
            if not isinstance(text, str):  # asked by click, to find out what it is
                msg = "a str is written"
                raise TypeError(msg)
            if not text:
                return 0
            msg = "standard output is closed"
            raise OutputError(msg)
        with _worded():
            return self._stream.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self._stream is not None:
            with _worded():
                self._stream.flush()


@contextmanager
def _worded() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        msg = "standard output: nobody reads it any more"
        raise OutputClosedError(msg) from error
    except OSError as error:
        msg = f"standard output cannot be written: {error.strerror or error}"
        raise OutputError(msg) from error


def _give_up(stream: TextIO | None) -> None:
    """Send what the stream still holds nowhere, or the interpreter would try again at its end."""
    with suppress(OSError, ValueError, AttributeError):
        number = cast("TextIO", stream).fileno()
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), number)


def _occupy() -> None:
    """Give closed standard streams a place, or the next file that is opened would stand in it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError as error:
            if error.errno == errno.EBADF:
                os.open(os.devnull, os.O_RDWR)

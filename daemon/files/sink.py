"""Messages into a folder, one NDJSON file a channel, the same bytes for the same messages.

Record headers hold what a replay need not repeat (the wall clock), so they are not written, but
for dead letters, whose reason is there. Heartbeats are left out for the same reason.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from daemon.errors import OutputFolderError
from daemon.records import Channel, Message

CHANNELS = (Channel.EVENTS, Channel.EDGES, Channel.SCORES, Channel.DEAD_LETTER)
BUFFER_BYTES = 2**20


class DeadLetterLine(msgspec.Struct, omit_defaults=True):
    """A dead letter in a file: the record's bytes as text where they are UTF-8, else base64."""

    headers: dict[str, str]
    key: str | None = None
    key_base64: str | None = None
    value: str | None = None
    value_base64: str | None = None


class FileSink:
    """Writes `events.ndjson`, `edges.ndjson`, `scores.ndjson` and `dead-letter.ndjson`.

    Implements `daemon.ports.EventSink`. To be used in a `with`: the files of an earlier run stay
    until its end puts new ones in their place, whole, and where it fails nothing else is left. A
    channel without messages leaves no file, except events.

    Parameters
    ----------
    folder : Path
        Where the files go; made when missing.

    Raises
    ------
    OutputFolderError
        When the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[Channel, BinaryIO] = {}
        self._encoder = msgspec.json.Encoder()
        self._closed = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._open(Channel.EVENTS)
        except OSError as error:
            raise OutputFolderError(_unwritable(folder, error)) from error

    @property
    def backlog(self) -> int:
        """Always 0: what is sent is written."""
        return 0

    @property
    def refused(self) -> Mapping[str, int]:
        """Nothing: a file takes every message."""
        return {}

    def send(self, messages: Iterable[Message]) -> None:
        """Append messages to their channels' files.

        Parameters
        ----------
        messages : iterable of Message
            What to write, in order.

        Raises
        ------
        OutputFolderError
            When a file cannot be written.
        """
        try:
            for message in messages:
                if message.channel in CHANNELS:
                    file = self._files.get(message.channel) or self._open(message.channel)
                    file.write(self._line(message))
        except OSError as error:
            raise OutputFolderError(_unwritable(self._folder, error)) from error

    def flush(self, timeout_seconds: float) -> bool:
        """Write out what is buffered.

        Parameters
        ----------
        timeout_seconds : float
            Not needed.

        Returns
        -------
        bool
            True.

        Raises
        ------
        OutputFolderError
            When a file cannot be written.
        """
        try:
            for file in self._files.values():
                file.flush()
        except OSError as error:
            raise OutputFolderError(_unwritable(self._folder, error)) from error
        return True

    def discard(self) -> bool:
        """Return False: what was sent is written."""
        return False

    def position(self) -> Mapping[str, int]:
        """Return nothing: a file is written from its beginning each time."""
        return {}

    def published(self, since: Mapping[str, int] | None) -> Iterator[tuple[str, int, bytes]]:
        """Yield nothing, for the same reason."""
        yield from ()

    def close(self) -> None:
        """Write all of it; it is put in place at the end of the `with`.

        Raises
        ------
        OutputFolderError
            When a file cannot be written.
        """
        if self._closed:
            return
        self._closed = True
        try:
            for file in self._files.values():
                file.close()
        except OSError as error:
            raise OutputFolderError(_unwritable(self._folder, error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Put the files in place, those of an earlier run go; after a failure, the other way."""
        if kind is not None:
            with suppress(OutputFolderError):
                self.close()
            for channel in self._files:
                with suppress(OSError):
                    self._partial(channel).unlink(missing_ok=True)
            return
        self.close()
        try:
            for channel in CHANNELS:
                if channel in self._files:
                    self._partial(channel).replace(self._final(channel))
                else:
                    self._final(channel).unlink(missing_ok=True)
        except OSError as error:
            raise OutputFolderError(_unwritable(self._folder, error)) from error

    def _final(self, channel: Channel) -> Path:
        return self._folder / f"{channel.value}.ndjson"

    def _partial(self, channel: Channel) -> Path:
        return self._folder / f"{channel.value}.ndjson.partial"

    def _open(self, channel: Channel) -> BinaryIO:
        file = self._partial(channel).open("wb", buffering=BUFFER_BYTES)
        self._files[channel] = file
        return file

    def _line(self, message: Message) -> bytes:
        if message.channel is not Channel.DEAD_LETTER:
            return message.value + b"\n"
        key, key_base64 = _text(message.key)
        value, value_base64 = _text(message.value)
        headers = {name: text.decode(errors="replace") for name, text in message.headers}
        line = DeadLetterLine(headers, key, key_base64, value, value_base64)
        return self._encoder.encode(line) + b"\n"


def _text(data: bytes | None) -> tuple[str | None, str | None]:
    """Return bytes as (text, None), or as (None, base64) where they are no text."""
    if data is None:
        return None, None
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(data).decode()


def _unwritable(folder: Path, error: OSError) -> str:
    return f"{folder}: cannot be written: {error}"

"""How answers of a broker are received: kafka-python's own way, with fewer calls and copies.

The client asks the socket for four kilobytes at a time, and copies an answer into a bytearray, out
of it, and once more for each partition: half of what reading costs here, where records are no
objects. Here an answer is received where it is to lie, and its records are read there. What is
replaced for that is no public interface, so it is replaced only where the version is one that was
compared; what goes wrong is left to the client itself.
"""

from __future__ import annotations

import re
from contextlib import suppress
from socket import socket
from typing import Any

from kafka.net import manager
from kafka.net.transport import KafkaTCPTransport
from kafka.protocol import parser
from kafka.protocol.consumer import FetchResponse
from kafka.protocol.frame import KafkaBytes
from kafka.protocol.schemas.fields.codecs import Bytes

#: As much as a socket of the loopback or a fast network has ready at once.
RECEIVE_BYTES = 512 * 1024
#: Records of a partition that are so large, and at least this share of an answer, are not copied:
#: whoever holds on to them holds on to the whole answer.
SHARED_BYTES_MIN, SHARE_MIN = 64 * 1024, 1 / 8


class Landed:
    """Stands for bytes that were received where the client would copy them to.

    Parameters
    ----------
    count : int
        How many, at least one; all of one answer.
    """

    __slots__ = ("count",)

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, rows: slice) -> Landed:
        """Return all of them: the client takes what belongs to one answer, and that is all."""
        if rows.indices(self.count) != (0, self.count, 1):
            msg = f"a part of {self.count} bytes that have landed was asked for"
            raise ValueError(msg)
        return self


class Received(KafkaBytes):  # type: ignore[misc] # kafka-python is not typed
    """One answer, and a place in it to go on from."""

    _idx: int

    def read(self, nbytes: int | None = None) -> bytes | memoryview:
        """Return what comes next, and go on behind it.

        Parameters
        ----------
        nbytes : int, optional
            How much at most; all that is left when absent.

        Returns
        -------
        bytes or memoryview
            A copy; of all that is left, where it is much, a view that may not be written to.
        """
        start, size = self._idx, len(self)
        self._idx = size if nbytes is None else min(size, start + nbytes)
        part = memoryview(self)[start : self._idx]
        if nbytes is None and len(part) >= SHARED_BYTES_MIN:
            return part.toreadonly()
        return part.tobytes()

    def write(self, data: bytes | Landed) -> None:
        """Take what comes next, or note that it is here."""
        if isinstance(data, Landed):
            self._idx += data.count
        else:
            super().write(data)

    def receive_from(self, connection: socket) -> int:
        """Receive what comes next, without going on.

        Parameters
        ----------
        connection : socket
            One that does not wait.

        Returns
        -------
        int
            How many bytes came; 0 when the other end has closed.

        Raises
        ------
        OSError
            When none are ready, or the connection failed.
        """
        stop = min(len(self), self._idx + RECEIVE_BYTES)
        with memoryview(self) as whole, whole[self._idx : stop] as room:
            return connection.recv_into(room)


class Transport(KafkaTCPTransport):  # type: ignore[misc] # kafka-python is not typed
    """A connection without TLS."""

    def _sock_recv(self) -> Any:  # noqa: ANN401 - bytes, and an error of the client's or None
        """Take what is ready; without any, the client finds out why."""
        with suppress(OSError, AttributeError):
            answer = self._protocol.parser._rbuffer  # noqa: SLF001 - the seam
            if not isinstance(answer, Received):  # between two: how long the next is comes first
                if received := self._sock.recv(RECEIVE_BYTES):
                    return received, None
            elif count := answer.receive_from(self._sock):
                return Landed(count), None
        return super()._sock_recv()


class Records(Bytes):  # type: ignore[misc] # kafka-python is not typed
    """Writes the code that takes a partition's records from an answer."""

    @classmethod
    def emit_decode_from(
        cls,
        ctx: Any,  # noqa: ANN401 - the client's
        var_name: str,
        indent: str,
        compact: bool = False,  # noqa: FBT001, FBT002 - the client's
    ) -> None:
        """Write what the client would, with `records_of` where it copies."""
        first = len(ctx.lines)
        super().emit_decode_from(ctx, var_name, indent, compact=compact)
        ctx.globs[records_of.__name__] = records_of
        copied = re.compile(r"bytes\(data\[pos:pos\+(\w+)\]\)")
        ctx.lines[first:] = [
            copied.sub(rf"{records_of.__name__}(data, pos, \1)", line) for line in ctx.lines[first:]
        ]


def records_of(answer: memoryview, start: int, size: int) -> bytes | memoryview:
    """Take a partition's records from an answer.

    Parameters
    ----------
    answer : memoryview
        Never written to any more.
    start, size : int
        Where they begin, and their bytes.

    Returns
    -------
    bytes or memoryview
        A copy where they are few.
    """
    part = answer[start : start + size]
    if len(part) >= max(SHARED_BYTES_MIN, SHARE_MIN * len(answer)):
        return part
    return part.tobytes()


def receive_in_large_pieces() -> None:
    """Let every connection of this process that is made from here on receive so."""
    message = FetchResponse._struct  # noqa: SLF001 - the seam
    field = message
    for name in ("responses", "partitions", "records"):
        field = field.fields[name]
    if field._type is not Records:  # noqa: SLF001
        field._type = Records  # noqa: SLF001
        message._compiled_encoders.clear()  # noqa: SLF001 - written anew when next asked for
    parser.KafkaBytes = Received
    manager.KafkaTCPTransport = Transport

"""How answers of a broker are received: kafka-python's own way, with fewer calls and copies.

The client asks the socket for four kilobytes at a time, and makes bytes of a bytearray it has cut
for it: a quarter of what reading costs here, where records are no objects. Both classes are no
public interface, so they are replaced only where the version is one that was compared; what goes
wrong is left to the client itself.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from kafka.net import manager
from kafka.net.transport import KafkaTCPTransport
from kafka.protocol import parser
from kafka.protocol.frame import KafkaBytes

#: As much as a socket of the loopback or a fast network has ready at once.
RECEIVE_BYTES = 256 * 1024


class Received(KafkaBytes):  # type: ignore[misc] # kafka-python is not typed
    """One answer, and a place in it to go on from."""

    _idx: int

    def read(self, nbytes: int | None = None) -> bytes:
        """Return what comes next, and go on behind it.

        Parameters
        ----------
        nbytes : int, optional
            How much at most; all that is left when absent.

        Returns
        -------
        bytes
            A copy.
        """
        start, size = self._idx, len(self)
        self._idx = size if nbytes is None else min(size, start + nbytes)
        return memoryview(self)[start : self._idx].tobytes()


class Transport(KafkaTCPTransport):  # type: ignore[misc] # kafka-python is not typed
    """A connection without TLS."""

    def _sock_recv(self) -> Any:  # noqa: ANN401 - bytes, and an error of the client's or None
        """Take what is ready; without any, the client finds out why."""
        with suppress(OSError, AttributeError):
            if received := self._sock.recv(RECEIVE_BYTES):
                return received, None
        return super()._sock_recv()


def receive_in_large_pieces() -> None:
    """Let every connection of this process that is made from here on receive so."""
    parser.KafkaBytes = Received
    manager.KafkaTCPTransport = Transport

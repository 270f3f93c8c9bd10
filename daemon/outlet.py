"""Writing to a stream that may stand still: a pipe that is full, and that nobody reads.

A write to one waits until somebody reads, which may be never, with whatever its thread holds. Here
it is waited for as long as the writer says, and then given up.
"""

from __future__ import annotations

import errno
import os
import select

#: A pipe with room has room for so much.
PIECE = select.PIPE_BUF


def write_some(number: int, data: bytes, seconds: float) -> int:
    """Write to an open file, without waiting for long.

    Parameters
    ----------
    number : int
        Of the open file.
    data : bytes
        What to write; at most the first `PIECE` bytes are.
    seconds : float
        How long to wait for room.

    Returns
    -------
    int
        How many bytes were written.

    Raises
    ------
    OSError
        When it cannot be written, or had no room for so long.
    """
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    if not poll.poll(seconds * 1000):
        raise BlockingIOError(errno.EAGAIN, "it is full and nobody reads it")
    return os.write(number, data[:PIECE])

"""How kernels and the plain codec share a batch: what the one has read, the others know."""

from __future__ import annotations

from collections.abc import Callable

from daemon.records import I64

#: Of the records that kernels leave, so many are read before they try the rest again; then so many
#: times as many, so that records they never take cost few tries.
FIRST_ROWS, MORE_ROWS = 256, 4


def take_turns(
    left: I64,
    read: Callable[[I64], I64],
    decode: Callable[[I64], None],
    known: Callable[[], int],
    learn: Callable[[I64], None] | None = None,
) -> None:
    """Let kernels and the plain codec take turns until every record is read.

    What the plain codec has read, kernels know: so it reads some of what they leave, and they try
    the rest again. Where that adds nothing they know, the rest is the plain codec's.

    Parameters
    ----------
    left : int64[L]
        Rows that kernels have left, in order.
    read : callable
        Lets kernels read what they can of some rows; returns those they leave.
    decode : callable
        Reads some rows by the plain codec.
    known : callable
        Counts what kernels know.
    learn : callable, optional
        Told of the rows the plain codec has read, before kernels try the rest.
    """
    some = FIRST_ROWS
    while len(left):
        before = known()
        decode(left[:some])
        if learn is not None:
            learn(left[:some])
        rest = left[some:]
        if known() == before:
            decode(rest)
            return
        left, some = read(rest), some * MORE_ROWS

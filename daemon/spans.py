"""A column of byte strings: one buffer and where each of them begins and ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray


class Spans(Sequence[bytes | None]):
    """Byte strings without an object each; reads like a list where one is asked for.

    Parameters
    ----------
    data : bytes-like
        What all of them lie in, among other things; never to be written to.
    start, stop : int64[R]
        Where each begins and ends; one that ends before it begins is null.
    """

    __slots__ = ("data", "start", "stop")

    def __init__(
        self,
        data: bytes | bytearray | memoryview,
        start: NDArray[np.int64],
        stop: NDArray[np.int64],
    ) -> None:
        self.data = data
        self.start = start
        self.stop = stop

    @classmethod
    def of(cls, parts: Sequence[bytes | None]) -> Spans:
        """Copy byte strings into one buffer.

        Examples
        --------
        >>> list(Spans.of([b"a", None, b""]))
        [b'a', None, b'']
        """
        sizes = [0 if part is None else len(part) for part in parts]
        stop = np.cumsum(np.array(sizes, dtype=np.int64), dtype=np.int64)
        start = stop - sizes if sizes else stop
        stop -= np.array([part is None for part in parts], dtype=np.int64)
        return cls(b"".join(part for part in parts if part is not None), start, stop)

    @property
    def array(self) -> NDArray[np.uint8]:
        """The buffer as numbers, uint8[B]; never to be written to."""
        return np.frombuffer(memoryview(self.data).toreadonly(), dtype=np.uint8)

    def pick(self, rows: NDArray[np.int64]) -> Spans:
        """Return some of them, by their numbers."""
        return Spans(self.data, self.start[rows], self.stop[rows])

    def __len__(self) -> int:
        return len(self.start)

    @overload
    def __getitem__(self, at: int) -> bytes | None: ...

    @overload
    def __getitem__(self, at: slice) -> Spans: ...

    def __getitem__(self, at: int | slice) -> bytes | Spans | None:
        if isinstance(at, slice):
            return Spans(self.data, self.start[at], self.stop[at])
        start, stop = int(self.start[at]), int(self.stop[at])
        return None if stop < start else bytes(self.data[start:stop])

    def __iter__(self) -> Iterator[bytes | None]:
        data = self.data
        for start, stop in zip(self.start.tolist(), self.stop.tolist(), strict=True):
            yield None if stop < start else bytes(data[start:stop])

    def __repr__(self) -> str:
        return f"Spans.of({list(self)!r})"

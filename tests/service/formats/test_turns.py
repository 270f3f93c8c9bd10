"""Who reads what of a batch, with a codec and kernels that only take note."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.formats.turns import FIRST_ROWS, MORE_ROWS, take_turns
from daemon.records import I64


class Shared:
    """Records of some series, of which kernels read those the codec has read before."""

    def __init__(self, series: list[int]) -> None:
        self.series = np.array(series)
        self.known: set[int] = set()
        self.decoded: list[list[int]] = []
        self.learnt: list[int] = []
        self.rows: list[int] = []

    def read(self, rows: I64) -> I64:
        """Read what is known."""
        known = np.isin(self.series[rows], list(self.known))
        self.rows.extend(rows[known].tolist())
        return rows[~known]

    def decode(self, rows: I64) -> None:
        """Read anything."""
        self.decoded.append(rows.tolist())
        self.rows.extend(rows.tolist())
        self.known.update(at for at in self.series[rows].tolist() if at >= 0)

    def learn(self, rows: I64) -> None:
        """Take note."""
        self.learnt.extend(rows.tolist())


@pytest.mark.parametrize(
    "series",
    [[], [3], [-1] * 3000, [7] * 3000, list(range(3000)), [*range(1000), -1, *range(1000)] * 3],
    ids=["none", "one", "never known", "one series", "all new", "some of each"],
)
def test_every_record_is_read_once(series: list[int]) -> None:
    """Whoever reads it."""
    shared = Shared(series)

    take_turns(
        shared.read(np.arange(len(series))), shared.read, shared.decode, lambda: len(shared.known)
    )

    assert sorted(shared.rows) == list(range(len(series)))


def test_turns_grow_while_something_is_learnt() -> None:
    """The codec reads more each time, and the rest at once where its reading taught nothing."""
    shared = Shared([*range(2000), *[-1] * 5000])

    take_turns(np.arange(7000), shared.read, shared.decode, lambda: len(shared.known), shared.learn)

    turns = [FIRST_ROWS, FIRST_ROWS * MORE_ROWS, FIRST_ROWS * MORE_ROWS**2]
    rest = 7000 - sum(turns)
    assert [len(rows) for rows in shared.decoded if rows] == [*turns, rest]
    assert shared.learnt == list(range(sum(turns) + rest))

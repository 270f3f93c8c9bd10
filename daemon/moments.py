"""One row of a block with everything an event may want to know about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from daemon.records import FrameBlock, Series
from hebbstream.results import RunResult

#: Arrays of a block and of its verdicts that have one row a tick, with their types.
_BLOCK_ROWS = {"ticks": np.int64, "frames": np.float64, "watermarks": np.int64, "offsets": np.int64}
_RESULT_ROWS = {
    "statistic": np.float64, "score": np.float64, "p_value": np.float64, "channel": np.int8,
    "learning": np.int8, "components": np.int64, "edges": np.int64, "evidence": np.float64,
    "expected": np.float64, "recalled": np.float64, "scale": np.float64,
}  # fmt: skip
#: What verdicts have at some rows only.
_FOUND = ("broken", "related", "degrees", "elevated")


@dataclass(frozen=True, slots=True)
class Moment:
    """One row of a block, with everything an event may want to know about it."""

    block: FrameBlock
    result: RunResult
    members: Sequence[Series]
    row: int

    @property
    def tick(self) -> int:
        """Grid step of the row."""
        return int(self.block.ticks[self.row])

    def alone(self) -> Self:
        """Return it as the only row of a block, to be kept.

        The arrays of a block are views of what all groups of its ticks share, and one that is held
        on to keeps all of that in memory.

        Returns
        -------
        Moment
            With arrays of its own.
        """
        row, result = slice(self.row, self.row + 1), self.result
        block = {name: getattr(self.block, name)[row].copy() for name in _BLOCK_ROWS}
        rows = {name: getattr(result, name)[row].copy() for name in _RESULT_ROWS}
        found: dict[str, Any] = {
            name: {0: each[self.row]} if self.row in each else {}
            for name, each in ((name, getattr(result, name)) for name in _FOUND)
        }
        return type(self)(
            replace(self.block, **block),
            RunResult(first_tick=result.first_tick + self.row, **rows, **found),
            self.members,
            0,
        )

    def dump(self) -> dict[str, Any]:
        """Return the row as JSON values; relations that broke are left out.

        Returns
        -------
        dict
            For `load`.
        """
        row = slice(self.row, self.row + 1)
        return {
            "first_tick": self.result.first_tick + self.row,
            "block": {name: getattr(self.block, name)[row].tolist() for name in _BLOCK_ROWS},
            "result": {name: getattr(self.result, name)[row].tolist() for name in _RESULT_ROWS},
        }

    @classmethod
    def load(cls, plain: Mapping[str, Any], group: str, members: Sequence[Series]) -> Self:
        """Make a moment of its own block from what `dump` returned.

        Parameters
        ----------
        plain : mapping
            From `dump`.
        group : str
            Name of the group.
        members : sequence of Series, length n
            Its series in column order.

        Returns
        -------
        Moment
            Row 0 of a block of one tick.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it is not what `dump` returns.
        """
        block: dict[str, Any] = {
            name: np.array(plain["block"][name], dtype) for name, dtype in _BLOCK_ROWS.items()
        }
        rows: dict[str, Any] = {
            name: np.array(plain["result"][name], dtype) for name, dtype in _RESULT_ROWS.items()
        }
        for name, array in (block | rows).items():
            wide = name in {"frames", "evidence", "expected", "recalled", "scale"}
            if array.shape != ((1, len(members)) if wide else (1,)):
                msg = f"{name} of group {group} does not fit its series"
                raise ValueError(msg)
        return cls(
            FrameBlock(group=group, joined=(), left=(), **block),
            RunResult(first_tick=int(plain["first_tick"]), **rows),
            members,
            0,
        )

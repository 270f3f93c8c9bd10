"""State of the components: unit rows of weights, their energies, and what they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from hebbstream.arrays import F32, F64
from hebbstream.kernels.layout import (
    COMPONENT_ROWS,
    COMPONENTS,
    ENERGY,
    ENERGY_TOTAL,
    GAIN,
    PAST_ROWS,
    RESIDUAL_ROWS,
    TOTAL_ROWS,
)
from hebbstream.wider import wider

#: A row that keeps less than this of its length without a removed series is dropped.
LENGTH_MIN = 1e-3
#: Below this a length is rounding.
TINY = 1e-12


@dataclass(slots=True)
class Subspace:
    """Components of n series; columns are series.

    Attributes
    ----------
    weights : float32[components_max, (1 + l) n]
        Unit rows over a frame and the l before it, the first `count` in use, the others zero.
    components : float64[3, components_max]
        PASTd's d, energy, age; under the lateral rule components_max + 1 rows more, see layout.
    residual : float64[2, n]
        Variance of the residual and its sample count.
    totals : float64[3]
        Components in use, energy, its tick count.
    past : float32[2 l, n]
        The l frames before, see layout.
    """

    weights: F32
    components: F64
    residual: F64
    totals: F64
    past: F32

    @classmethod
    def empty(
        cls,
        n: int,
        components_max: int,
        components_min: int,
        *,
        lateral: bool = False,
        lags: int = 0,
    ) -> Self:
        """Make the state of n series that have seen nothing, `lags` frames looked back."""
        subspace = cls(
            np.zeros((components_max, (1 + lags) * n), np.float32),
            np.zeros((COMPONENT_ROWS + (components_max + 1 if lateral else 0), components_max)),
            np.zeros((RESIDUAL_ROWS, n)),
            np.zeros(TOTAL_ROWS),
            np.zeros((PAST_ROWS * lags, n), np.float32),
        )
        subspace._begin(components_min)
        return subspace

    def _begin(self, components_min: int) -> None:
        """Lay the first rows: cosines, which are orthogonal, the first one constant."""
        width = self.weights.shape[1]
        for c in range(min(components_min, self._series_count - 1, len(self.weights))):
            row = np.cos(np.pi * c * (np.arange(width) + 0.5) / width)
            self.weights[c] = row / np.linalg.norm(row)
            self.components[GAIN, c] = width
            self.totals[COMPONENTS] += 1

    @property
    def _series_count(self) -> int:
        return int(self.past.shape[1])

    @property
    def _lags(self) -> int:
        return len(self.past) // PAST_ROWS

    def _blocks(self) -> F32:
        """Weights as float32[components_max, 1 + l, n], a view."""
        return self.weights.reshape(len(self.weights), 1 + self._lags, self._series_count)

    @property
    def count(self) -> int:
        """Components in use."""
        return int(self.totals[COMPONENTS])

    @property
    def rows(self) -> F32:
        """Unit rows in use, float32[k, n]: the part of each that is about the frame itself."""
        now = self._blocks()[: self.count, 0]
        length = np.linalg.norm(now, axis=1, keepdims=True)
        unit: F32 = (now / np.maximum(length, TINY)).astype(np.float32)
        return unit

    @property
    def energy_shares(self) -> F64:
        """Share of the energy each component holds, float64[k]."""
        total = float(self.totals[ENERGY_TOTAL])
        return self.components[ENERGY, : self.count] / total if total > 0 else np.zeros(self.count)

    def check(self) -> None:
        """Make sure that the components in use exist.

        Raises
        ------
        ValueError
            When there are more than rows, or a square or a count is negative.
        """
        count = float(self.totals[COMPONENTS])
        if not (count.is_integer() and 0 <= count <= len(self.weights)):
            msg = f"there cannot be {count:g} components in {len(self.weights)} rows"
            raise ValueError(msg)
        # Below these rows some rules keep weights, which have a sign.
        squares = (self.components[:COMPONENT_ROWS], self.residual, self.totals)
        if any((array < 0).any() for array in squares):
            msg = "a square or a count of the components is negative"
            raise ValueError(msg)

    def grow(self, count: int, components_min: int) -> None:
        """Append `count` series that no component knows yet."""
        blocks = wider(self._blocks(), count)
        self.past = wider(self.past, count)
        self.weights = blocks.reshape(len(self.weights), -1)
        self.residual = wider(self.residual, count)
        if self.count == 0:
            self._begin(components_min)

    def drop(self, index: int) -> None:
        """Forget the series at `index`; the rows become orthonormal again."""
        self.residual = np.delete(self.residual, index, axis=1)
        rows = np.delete(self._blocks()[: self.count], index, axis=2).astype(np.float64)
        rows = rows.reshape(self.count, rows.shape[1] * rows.shape[2])
        self.past = np.delete(self.past, index, axis=1)
        kept: list[F64] = []
        ages: list[int] = []
        for c, row in enumerate(rows):
            rest = row - sum((float(row @ other) * other for other in kept), np.zeros_like(row))
            length = float(np.linalg.norm(rest))
            if length > LENGTH_MIN and len(kept) < self._series_count - 1:
                kept.append(rest / length)
                ages.append(c)
        self.weights = np.zeros((len(self.weights), rows.shape[1]), np.float32)
        components = np.zeros_like(self.components)
        for c, (row, before) in enumerate(zip(kept, ages, strict=True)):
            self.weights[c] = row
            components[:COMPONENT_ROWS, c] = self.components[:COMPONENT_ROWS, before]
        self.components = components
        self.totals[COMPONENTS] = len(kept)

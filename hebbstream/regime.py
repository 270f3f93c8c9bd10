"""State of a regime: what a group is like as long as nothing happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hebbstream.kernels.model import Regime
from hebbstream.params import DetectorParams
from hebbstream.scaler import Scaler, harmonics
from hebbstream.subspace import Subspace

#: Every array and the part that owns it, in the order of `kernels.model.Regime`.
ARRAYS = (
    ("scaler", "moments"),
    ("scaler", "clock"),
    ("scaler", "coefficients"),
    ("subspace", "weights"),
    ("subspace", "components"),
    ("subspace", "residual"),
    ("subspace", "totals"),
    ("subspace", "past"),
)


@dataclass(slots=True)
class RegimeState:
    """Location, scale, course and components of n series: the shadow's, or those parked.

    Attributes
    ----------
    scaler : Scaler
        Location, scale and daily course.
    subspace : Subspace
        Components and what they leave.
    """

    scaler: Scaler
    subspace: Subspace

    @classmethod
    def empty(cls, n: int, params: DetectorParams, interval_seconds: float) -> Self:
        """Make the regime of n series that have seen nothing."""
        subspace = params.subspace
        return cls(
            Scaler.empty(n, harmonics(params.clock, interval_seconds)),
            Subspace.empty(
                n,
                subspace.components_max,
                subspace.components_min,
                lateral=subspace.rule == "lateral",
                lags=subspace.lags,
            ),
        )

    def arrays(self) -> Regime:
        """Every array for the kernels; not copies, so valid until a series joins or leaves."""
        return Regime(**{name: getattr(getattr(self, owner), name) for owner, name in ARRAYS})

    def restore(self, arrays: Mapping[str, NDArray[Any]], prefix: str) -> None:
        """Take arrays over from a snapshot.

        Parameters
        ----------
        arrays : mapping of str to array
            As `arrays` names them, each name after `prefix`.
        prefix : str
            Tells this regime's from those of others.

        Raises
        ------
        ValueError
            When one is missing, does not fit, or holds what no detector can have learnt.
        """
        for owner, name in ARRAYS:
            state = getattr(self, owner)
            setattr(state, name, fitting(arrays, prefix + name, getattr(state, name)))
        self.scaler.check()
        self.subspace.check()

    def grow(self, count: int, components_min: int) -> None:
        """Append `count` series that have seen nothing."""
        self.scaler.grow(count)
        self.subspace.grow(count, components_min)

    def drop(self, index: int) -> None:
        """Forget the series at `index`."""
        self.scaler.drop(index)
        self.subspace.drop(index)


def fitting(
    arrays: Mapping[str, NDArray[Any]],
    name: str,
    present: NDArray[Any],
    shape: tuple[int, ...] | None = None,
) -> NDArray[Any]:
    """Take an array of a snapshot, if it can replace the one that is there.

    Parameters
    ----------
    arrays : mapping of str to array
        What the snapshot holds.
    name : str
        Which.
    present : array
        What it is to replace.
    shape : tuple of int, optional
        What it must have, if not the present one.

    Returns
    -------
    array
        The snapshot's.

    Raises
    ------
    ValueError
        When it is missing, of another type or shape, or holds what is no number.
    """
    given = arrays.get(name)
    wanted = present.shape if shape is None else shape
    if given is None or given.dtype != present.dtype or given.shape != wanted:
        msg = f"array {name!r} is missing, or does not fit the series and the knobs"
        raise ValueError(msg)
    if not np.isfinite(given).all():
        msg = f"array {name!r} holds what is no number"
        raise ValueError(msg)
    return given

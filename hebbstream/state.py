"""All that a detector has learnt: its states as one, by name, series by series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hebbstream.calibration import Calibration
from hebbstream.evidence import Evidence
from hebbstream.graph import Entry, Graph
from hebbstream.kernels.model import Model
from hebbstream.params import DetectorParams
from hebbstream.plasticity import Plasticity
from hebbstream.regime import RegimeState, fitting
from hebbstream.scaler import Scaler
from hebbstream.single import Single
from hebbstream.subspace import Subspace

#: Every array and the state that owns it, in the order of Model.
ARRAYS = (
    ("scaler", "moments"),
    ("scaler", "clock"),
    ("scaler", "coefficients"),
    ("subspace", "weights"),
    ("subspace", "components"),
    ("subspace", "residual"),
    ("subspace", "totals"),
    ("subspace", "past"),
    ("graph", "traces"),
    ("graph", "linked"),
    ("graph", "activity"),
    ("graph", "block"),
    ("graph", "ends"),
    ("graph", "values"),
    ("graph", "ticks"),
    ("graph", "status"),
    ("graph", "slot_ends"),
    ("graph", "slots"),
    ("graph", "seed"),
    ("evidence", "smooth"),
    ("evidence", "habits"),
    ("evidence", "innovations"),
    ("calibration", "histograms"),
    ("calibration", "tails"),
    ("plasticity", "deviation"),
    ("plasticity", "drift"),
    ("plasticity", "lean"),
    ("plasticity", "gate"),
    ("single", "lanes"),
    ("single", "view_histograms"),
    ("single", "view_tails"),
    ("single", "recall"),
    ("single", "weeks"),
    ("single", "sole"),
)
#: Their number of columns is the number of edges.
PER_EDGE = frozenset({"ends", "values", "ticks"})


@dataclass(slots=True)
class State:
    """What one detector has learnt about n series."""

    params: DetectorParams
    scaler: Scaler
    subspace: Subspace
    graph: Graph
    evidence: Evidence
    calibration: Calibration
    plasticity: Plasticity
    shadow: RegimeState
    parked: RegimeState
    single: Single

    @classmethod
    def empty(cls, n: int, params: DetectorParams, interval_seconds: float) -> Self:
        """Make the state of n series that have seen nothing."""
        published, shadow, parked = (
            RegimeState.empty(n, params, interval_seconds) for _ in range(3)
        )
        return cls(
            params,
            published.scaler,
            published.subspace,
            Graph.empty(n, params.associations),
            Evidence.empty(n),
            Calibration.empty(),
            Plasticity.empty(n),
            shadow,
            parked,
            Single.empty(
                n,
                len(published.scaler.coefficients),
                interval_seconds,
                enabled=params.single.enabled,
            ),
        )

    def model(self) -> Model:
        """Every array for the kernels; not copies, so valid until a series or an edge changes."""
        return Model(
            **{name: getattr(getattr(self, owner), name) for owner, name in ARRAYS},
            shadow=self.shadow.arrays(),
            parked=self.parked.arrays(),
        )

    def _spares(self) -> list[tuple[str, RegimeState]]:
        """Regimes that are in use beside the published one, with what names their arrays."""
        used = (
            ("shadow_", self.shadow, self.plasticity.quarantined),
            ("parked_", self.parked, self.plasticity.parked),
        )
        return [(prefix, regime) for prefix, regime, in_use in used if in_use]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array for a snapshot; those of a shadow or a parked regime only if there is one."""
        arrays = {name: getattr(getattr(self, owner), name) for owner, name in ARRAYS}
        for prefix, regime in self._spares():
            arrays |= {prefix + name: a for name, a in regime.arrays()._asdict().items()}
        return arrays

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take arrays over from a snapshot.

        Parameters
        ----------
        arrays : dict of str to array
            As `arrays` names them, for the same number of series and the same knobs.

        Raises
        ------
        ValueError
            When one is missing, its type or shape is not what this state needs, or it holds what
            no detector can have learnt; this state is of no use then.
        """
        edges = {np.shape(arrays.get(name, np.zeros((0, 0))))[-1:] for name in PER_EDGE}
        # The views begin anew where they were switched on or off in between.
        switched = "sole" in arrays and bool(arrays["sole"].size) != bool(self.single.sole.size)
        for owner, name in ARRAYS:
            if switched and owner == "single":
                continue
            state = getattr(self, owner)
            present: NDArray[Any] = getattr(state, name)
            shape = present.shape
            if name in PER_EDGE and len(edges) == 1:
                shape = (present.shape[0], *next(iter(edges)))
            setattr(state, name, fitting(arrays, name, present, shape))
        for prefix, regime in self._spares():
            regime.restore(arrays, prefix)
        self.scaler.check()
        self.subspace.check()
        self.graph.check()
        self.evidence.check()
        self.calibration.check()
        self.plasticity.check()
        self.single.check()

    def grow(self, count: int) -> list[Entry]:
        """Append `count` series that have seen nothing; returns the edges that ended with it."""
        self.scaler.grow(count)
        self.subspace.grow(count, self.params.subspace.components_min)
        self.evidence.grow(count)
        self.plasticity.grow(count)
        for regime in (self.shadow, self.parked):
            regime.grow(count, self.params.subspace.components_min)
        if count:
            self.single.begin(self.scaler.moments.shape[1])
        return self.graph.grow(count)

    def drop(self, index: int) -> list[Entry]:
        """Forget the series at `index`; returns the edges that ended with it."""
        self.scaler.drop(index)
        self.subspace.drop(index)
        self.evidence.drop(index)
        self.plasticity.drop(index)
        for regime in (self.shadow, self.parked):
            regime.drop(index)
        self.single.begin(self.scaler.moments.shape[1])
        return self.graph.drop(index)

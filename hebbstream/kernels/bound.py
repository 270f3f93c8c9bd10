"""State, scratch and knobs of one detector as a single argument.

Handing a compiled call some eighty arrays takes 16 us, 30 when they have left the caches, and a
frame of fifty series is scored and learnt in less. So they are handed over once, when the arrays
are made, and from then on one reference to all of them is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hebbstream._jit import Reference, ReferenceType, config, make_reference, reference_kernel
from hebbstream.arrays import F64
from hebbstream.kernels.model import Model, Work

if TYPE_CHECKING or config.DISABLE_JIT:

    class Bound(NamedTuple):
        """What `advance` works on.

        Attributes
        ----------
        model : Model
            State.
        work : Work
            Scratch.
        settings : float64[SETTING_ROWS]
            See layout.
        """

        model: Model
        work: Work
        settings: F64

else:

    class _BoundType(ReferenceType):
        """Numba's type of `Bound`."""

    class Bound(Reference):
        """Numba's object for it: holds the arrays, shows nothing to Python."""

    make_reference(Bound, _BoundType, ["model", "work", "settings"])


@reference_kernel
def bind(model: Model, work: Work, settings: F64) -> Bound:
    """Hold the arrays of one detector; to be called anew when one of them is replaced.

    Parameters
    ----------
    model : Model
        State.
    work : Work
        Scratch.
    settings : float64[SETTING_ROWS]
        See layout.

    Returns
    -------
    Bound
        All of them.
    """
    return Bound(model, work, settings)

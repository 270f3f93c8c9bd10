"""State, scratch and knobs of one detector as a single argument.

Handing a compiled call some eighty arrays takes 16 us, 30 when they have left the caches, and a
frame of fifty series is scored and learnt in less. So they are handed over once, when the arrays
are made, and from then on one reference to all of them is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hebbstream._jit import (
    Reference,
    ReferenceType,
    address_of,
    config,
    make_reference,
    reference_kernel,
)
from hebbstream.arrays import F64
from hebbstream.kernels.model import Model, Work

# crew int64[5, G]: detectors that are taken through a block each in one call.
CREW_PLACE: Final = 0  # where each is bound
CREW_SERIES: Final = 1
CREW_TICK: Final = 2  # frames seen before the block
CREW_ROW: Final = 3  # to begin with; then the one behind the last one done
CREW_END: Final = 4  # the row to stop before
CREW_ROWS: Final = 5

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


@reference_kernel
def locate(bound: Bound) -> int:
    """Tell where what is bound is, so that one call can take that of many detectors.

    Parameters
    ----------
    bound : Bound
        Of one detector; its place is of use for as long as somebody holds it.

    Returns
    -------
    int
        For `advance_all`.
    """
    return address_of(bound)

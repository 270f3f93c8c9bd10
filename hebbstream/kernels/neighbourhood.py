"""Where series that are related stand: a small shift that all of them have, and that lasts.

Peers that shift alike explain each other, so no residual tells of it; and the square of a small
shift is lost in squares that vary. What is averaged with its sign, over ticks and over a series and
those it is related to, keeps a shift and loses the rest.
"""

from __future__ import annotations

from hebbstream._jit import kernel
from hebbstream.arrays import F32, F64, U32
from hebbstream.kernels.evidence import FLUSH, USUAL_COUNT, USUAL_PACE, follow_usual, largest
from hebbstream.kernels.layout import DEGREE, STANDS, STANDS_NOW, STANDS_USUAL, WEIGHT

#: Sigmas beyond which one sample tells no more of where a series stands.
SHIFT_CUT = 5.0
#: Ticks over which it is averaged, and over which it is now.
SHIFT_TICKS = 30.0
SHIFT_NOW_TICKS = 8.0
#: The average counts at most so many times the one of now: what is over shall not linger.
SHIFT_RATIO = 1.5


@kernel
def stand(
    z: F32,
    present: F32,
    seen: F64,
    lean: F64,
    habits: F64,
    warmup: float,
    stance: F64,
    together: F64,
) -> None:
    """Follow where each series stands.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    seen : float64[n], in
        Samples of each series since it joined.
    lean : float64[n], in
        Where each has stood of late, in the long run.
    habits : float64[7, n], in/out
        State, see layout; where series stand moves.
    warmup : float64
        Samples before a series is judged.
    stance, together : float64[n], out
        Where it stands; 0 where it is not judged.
    """
    stands, nows = habits[STANDS], habits[STANDS_NOW]
    for j in range(z.shape[0]):
        # Selected instead of branched to: several series are then taken at once.
        long, now, leant = stands[j], nows[j], lean[j]
        judged = (present[j] > 0.0) & (seen[j] >= warmup)
        a = min(max(float(z[j]) - leant, -SHIFT_CUT), SHIFT_CUT)
        near = now + (a - now) / SHIFT_NOW_TICKS
        limit = SHIFT_RATIO * near
        here = long + (a - long) / SHIFT_TICKS
        here = min(max(here, min(limit, 0.0)), max(limit, 0.0))
        here = here if abs(here) > FLUSH else 0.0
        near = near if abs(near) > FLUSH else 0.0
        stands[j] = here if judged else long
        nows[j] = near if judged else now
        stance[j] = here if judged else 0.0
        together[j] = here if judged else 0.0


@kernel
def shift_together(
    z: F32,
    present: F32,
    seen: F64,
    ends: U32,
    edge_values: F32,
    activity: F64,
    lean: F64,
    habits: F64,
    warmup: float,
    stance: F64,
    together: F64,
    heights: F64,
) -> float:
    """Find the series that stands furthest off with those it is related to.

    Parameters
    ----------
    z, present : float32[n], in
        Standardised frame and where it has samples.
    seen : float64[n], in
        Samples of each series since it joined.
    ends : uint32[2, m], in
        Source and target of each edge.
    edge_values : float32[23, m], in
        State of the edges.
    activity : float64[8, n], in
        State of the series in the graph.
    lean : float64[n], in
        Where each has stood of late, in the long run.
    habits : float64[7, n], in/out
        State, see layout; where series stand moves.
    warmup : float64
        Samples before a series is judged.
    stance : float64[n], out
        Where each series stands.
    together : float64[n], out
        Square of the mean stance of a series and those it is related to, opposed ones with their
        sign turned; -1 where it has none, or is not judged.
    heights : float64[n], out
        Scratch.

    Returns
    -------
    float64
        The largest such square, in multiples of what it usually stays below; -1 when there is none.
    """
    if ends.shape[1] == 0:
        return -1.0
    stand(z, present, seen, lean, habits, warmup, stance, together)
    sources, targets, weights = ends[0], ends[1], edge_values[WEIGHT]
    for e in range(sources.shape[0]):
        i, j = sources[e], targets[e]
        turned = 1.0 if weights[e] >= 0.0 else -1.0
        together[i] += turned * stance[j]
        together[j] += turned * stance[i]
    degrees, usuals = activity[DEGREE], habits[STANDS_USUAL]
    for j in range(z.shape[0]):
        degree = degrees[j]
        judged = (present[j] > 0.0) & (seen[j] >= warmup) & (degree > 0.0)
        mean = together[j] / (degree + 1.0)
        height = mean * mean / usuals[j]
        together[j] = mean * mean if judged else -1.0
        heights[j] = height if judged else -1.0
    return largest(heights)


@kernel
def learn_stands(together: F64, seen: F64, habits: F64, rate: float, gate: float) -> None:
    """Move what is usual for where each series stands with those it is related to.

    Parameters
    ----------
    together : float64[n], in
        From `shift_together`; negative where nothing was said.
    seen : float64[n], in
        Samples of each series since it joined.
    habits : float64[7, n], in/out
        State, see layout.
    rate, gate : float64
        EW rate once warm, and the factor on it.
    """
    usuals = habits[STANDS_USUAL]
    for j in range(together.shape[0]):
        usual, height = usuals[j], together[j]
        pace = USUAL_PACE * max(rate, 1.0 / (seen[j] + USUAL_COUNT)) * gate
        followed = follow_usual(usual, height, pace)
        usuals[j] = followed if height >= 0.0 else usual

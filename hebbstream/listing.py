"""Edges as they are told: who leads whom and by how much, how strong they are, which are broken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hebbstream.arrays import F64, I64
from hebbstream.graph import Graph
from hebbstream.kernels.edges import BROKEN_FROM
from hebbstream.kernels.layout import (
    ACTIVITY,
    BIRTH,
    BROKEN_TICKS,
    EDGE_BREAK,
    FAST,
    FAST_TRACE,
    LAG_BLOCKS,
    LAGGED,
    LAGS,
    TRACE,
    WEIGHT,
)
from hebbstream.pairs import WEIGHT_LIMIT
from hebbstream.results import BROKEN_DTYPE, EDGE_DTYPE

#: While no break reaches BROKEN_FROM, those with this share of the largest are listed, from here.
BROKEN_SHARE = 0.75
BROKEN_EARLY = 1.4
#: A broken relation has weakened below this share of its weight; turned, it is below 0.
WEAKENED_BELOW = 0.9
#: Blocks of frames an edge has learnt from before it has a lag.
LAG_BLOCKS_MIN = 8.0
#: Standard errors by which the correlation at a lag is above that at the same tick.
LAG_SIGMAS = 4.0


def correlations_at_lags(graph: Graph, edges: NDArray[np.intp]) -> F64:
    """Correlation of the ends of some edges, some ticks apart.

    Parameters
    ----------
    graph : Graph
        Whose edges.
    edges : int[c]
        Which.

    Returns
    -------
    float64[2 LAGS + 1, c]
        Where the target leads by LAGS ticks in the first row, the source in the last; in +-0.9999.
    """
    power = np.maximum(graph.activity[ACTIVITY][graph.ends[:, edges]].prod(axis=0), 1e-24)
    means = graph.values[LAGGED : LAGGED + 2 * LAGS + 1, edges].astype(np.float64)
    return np.asarray(np.clip(means / np.sqrt(power), -WEIGHT_LIMIT, WEIGHT_LIMIT))


def lags_of(graph: Graph, edges: NDArray[np.intp]) -> I64:
    """Tell by how many ticks the source of each edge leads.

    The lag is where the cross-correlation is furthest on the side of the weight, if Fisher's z is
    above that of the same tick by more than chance.

    Parameters
    ----------
    graph : Graph
        Whose edges.
    edges : int[c]
        Which.

    Returns
    -------
    int64[c]
        Ticks; below 0 the target leads. 0 also where it is not known yet.
    """
    blocks = graph.values[LAG_BLOCKS, edges].astype(np.float64)
    along = correlations_at_lags(graph, edges) * np.sign(graph.values[WEIGHT, edges])
    z = np.arctanh(along)
    best = z.argmax(axis=0)
    samples = np.maximum(blocks * graph.block.shape[1], 1.0)
    ahead = z.max(axis=0) - z[LAGS] > LAG_SIGMAS * np.sqrt(2.0 / samples)
    return np.where(ahead & (blocks >= LAG_BLOCKS_MIN), best - LAGS, 0).astype(np.int64)


def _name_ends(listed: NDArray[np.void], graph: Graph, edges: NDArray[np.intp]) -> None:
    """Fill in ends and lag: who leads is the source."""
    lags, ends = lags_of(graph, edges), graph.ends[:, edges]
    listed["lag"] = np.abs(lags)
    listed["source"], listed["target"] = np.where(lags < 0, ends[::-1], ends)


def edges_of(graph: Graph, tick: int) -> NDArray[np.void]:
    """List the edges as EDGE_DTYPE, the strongest first.

    Parameters
    ----------
    graph : Graph
        Whose edges.
    tick : int
        Now.
    """
    listed = np.zeros(graph.edge_count, EDGE_DTYPE)
    _name_ends(listed, graph, np.arange(graph.edge_count))
    listed["weight"] = graph.values[WEIGHT]
    listed["trace"] = graph.values[TRACE]
    listed["age_ticks"] = tick - graph.ticks[BIRTH]
    listed["broken_ticks"] = graph.ticks[BROKEN_TICKS]
    return listed[np.argsort(-np.abs(listed["weight"]), kind="stable")]


def broken_of(graph: Graph, tick: int) -> NDArray[np.void]:
    """List the edges whose relation does not hold, as BROKEN_DTYPE, those that weakened first.

    Those that weakened or turned come first: two ends may also part by level alone, or by the
    break of a third, while they still move together.

    Parameters
    ----------
    graph : Graph
        Whose edges.
    tick : int
        Now.
    """
    breaks = graph.values[EDGE_BREAK]
    # A break that has just begun is far below its height; name its worst edges all the same.
    least = max(BROKEN_EARLY, BROKEN_SHARE * float(breaks.max(initial=0.0)))
    broken = np.flatnonzero(breaks >= min(BROKEN_FROM, least))
    power = np.sqrt(np.maximum(graph.activity[FAST][graph.ends[:, broken]].prod(axis=0), 1e-24))
    listed = np.zeros(len(broken), BROKEN_DTYPE)
    _name_ends(listed, graph, broken)
    listed["weight_before"] = graph.values[WEIGHT, broken]
    now = graph.values[FAST_TRACE, broken] / power
    listed["weight_now"] = np.clip(now, -WEIGHT_LIMIT, WEIGHT_LIMIT)
    listed["residual_sigma"] = np.sqrt(graph.values[EDGE_BREAK, broken])
    listed["age_ticks"] = tick - graph.ticks[BIRTH, broken]
    before = listed["weight_before"]
    holds = listed["weight_now"] * np.sign(before) >= WEAKENED_BELOW * np.abs(before)
    return listed[np.lexsort((-listed["residual_sigma"], holds))]

"""Graphs made from correlations, for the tests of what becomes of them."""

from __future__ import annotations

import numpy as np

from hebbstream.arrays import F32, I32
from hebbstream.association_params import AssociationsParams
from hebbstream.graph import Entry, Graph
from hebbstream.kernels import layout as at
from hebbstream.kernels.growth import strongest_pairs
from hebbstream.kernels.slots import list_edges, list_ripe
from hebbstream.kernels.traces import pair_index
from hebbstream.revision import revise

RATE = 1e-3


def graph_of(correlation: dict[tuple[int, int], float], n: int = 5, **knobs: float) -> Graph:
    """Make a graph whose traces give these correlations, seen for long."""
    graph = Graph.empty(n, AssociationsParams.model_validate(knobs))
    graph.activity[[at.ACTIVITY, at.FAST]] = 1.0
    graph.activity[at.ACTIVITY_COUNT] = 5000
    for pair, r in correlation.items():
        graph.traces[pair_index(*pair, n)] = r
    return graph


def large_graph(correlation: dict[tuple[int, int], float], n: int = 5, **knobs: float) -> Graph:
    """Make a graph with these pairs on trial for long, the first in the first slot."""
    graph = Graph.empty(n, AssociationsParams.model_validate({"exhaustive_max": 0, **knobs}))
    graph.activity[[at.ACTIVITY, at.FAST]] = 1.0
    graph.activity[at.ACTIVITY_COUNT] = 5000
    for slot, (pair, r) in enumerate(correlation.items()):
        graph.slot_ends[:, slot] = pair
        graph.slots[:, slot] = [700 * r, 700, 700, 700, 1024]
    return graph


def check(graph: Graph, tick: int = 7) -> list[Entry]:
    """List the strongest pairs and let the graph change."""
    n, s, grow = graph.series_count, graph.params.strongest_per_series, graph.params.weight_grow
    index: I32 = np.zeros((n, s), np.int32)
    weight: F32 = np.zeros((n, s), np.float32)
    if len(graph.traces):
        scratch = np.zeros((2, n), np.float32)
        strongest_pairs(graph.traces, graph.activity, scratch, index, weight, 0.02, grow)
    else:
        judged = np.array([0.02, grow, 5.0, 256.0])
        list_edges(graph.ends, graph.own, index, weight)
        list_ripe(graph.slot_ends, graph.slots, graph.activity, index, weight, judged, RATE)
    return revise(graph, index, weight, RATE, tick)

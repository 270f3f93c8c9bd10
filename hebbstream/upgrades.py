"""What became of snapshots: how one of an older format becomes one of the newest.

Each step adds what its format brought, so that a detector goes on as it did; what nobody followed
before begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hebbstream.calibration import Calibration
from hebbstream.evidence import Evidence
from hebbstream.feedback import Feedback
from hebbstream.kernels.layout import (
    ACTIVITY_ROWS,
    BIN_WIDTH,
    BINS,
    COUNT,
    EDGE_ROWS,
    EDGE_TICK_ROWS,
    GATE_ROWS,
    GRAPH_STATUS_ROWS,
    NODE_BREAK,
    PACE,
    PAIR_BLOCK_TICKS,
    PENDING,
    SLOT_ROWS,
    SOLE_ROWS,
    TAIL_ALERT,
    TOP,
    USUAL,
    WEEK_ROWS,
    WEEK_SLOT,
    WEEK_WAITING,
)
from hebbstream.pairs import SEED
from hebbstream.plasticity import Plasticity
from hebbstream.single import Single, week_slots

Arrays = dict[str, NDArray[Any]]


def _count_seen(_header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 2 the samples seen since a series joined were not counted apart."""
    moments = arrays["moments"]
    arrays["moments"] = np.vstack([moments, moments[COUNT]])


def _add_past(header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 3 no frame was faced with the one before it, nor was there a quarantine."""
    params = header["params"]
    params["subspace"].setdefault("lags", 0)
    params["evidence"].setdefault("long_ratio_max", 1e9)
    arrays["past"] = np.zeros((0, arrays["moments"].shape[1]), np.float32)
    _add_slots(params["associations"], arrays)
    _add_quarantine(params["gate"], arrays)
    _add_single(params, arrays)


def _add_moves(_header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 6 nobody asked whether a series moves with its peers."""
    _begin("innovations", arrays)


def _add_stands(_header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 11 it was not known where related series stand.

    Of a series' habits only its usual statistic was, then for how long it has been above it too,
    and nothing before format 3.
    """
    _begin("habits", arrays)


def _deeper(array: NDArray[Any], rows: int) -> NDArray[Any]:
    """Append rows of zeros."""
    return np.pad(array, ((0, rows - len(array)), (0, 0)))


def _add_told(header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 4 nobody could say anything: no relation is muted, nothing is barred."""
    header["told"] = Feedback().dump()
    arrays["values"] = _deeper(arrays["values"], EDGE_ROWS)
    arrays["gate"] = np.pad(arrays["gate"], (0, GATE_ROWS - len(arrays["gate"])))


def _add_innovations(_header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 5 nothing was known of what is new, nor of which breaks go on: both begin."""
    empty = Evidence.empty(arrays["moments"].shape[1])
    arrays["innovations"] = empty.innovations
    arrays["smooth"] = np.pad(arrays["smooth"], (0, len(empty.smooth) - len(arrays["smooth"])))
    _add_tails(arrays, Calibration.empty())
    activity = arrays["activity"]
    missing = ACTIVITY_ROWS - len(activity)
    arrays["activity"] = np.vstack([activity, *missing * [activity[NODE_BREAK]]])


def _fewer_bins(_header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 12 tails had more bins, for statistics that none can reach."""
    for histograms, tails in (("histograms", "tails"), ("view_histograms", "view_tails")):
        if histograms in arrays:
            counts = arrays[histograms]
            counts[:, BINS - 1] += counts[:, BINS:].sum(axis=1)
            arrays[histograms] = np.ascontiguousarray(counts[:, :BINS])
            arrays[tails][:, TOP] = np.minimum(arrays[tails][:, TOP], BINS - 1)


def _lower_heights(_header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 12 the alert had four times as much of what lasts, a series both its forms.

    In calm, where both forms are alike, that is 4/3 and twice as high as it is since.
    """
    arrays["habits"][USUAL] *= 0.5
    counts, bins = arrays["histograms"][TAIL_ALERT], round(np.log(4 / 3) / BIN_WIDTH)
    counts[bins] += counts[:bins].sum()
    counts[:] = np.concatenate([counts[bins:], np.zeros(bins, counts.dtype)])
    top = arrays["tails"][TAIL_ALERT]
    top[TOP] = max(0.0, top[TOP] - bins)


def _begin(name: str, arrays: Arrays) -> None:
    """Append what nobody followed yet of each series, and its tail models: both begin."""
    empty = getattr(Evidence.empty(arrays["moments"].shape[1]), name)
    known = arrays.get(name, empty[:0])
    arrays[name] = np.vstack([known, empty[len(known) :]])
    _add_tails(arrays, Calibration.empty())


def _add_tails(arrays: Arrays, empty: Calibration) -> None:
    """Append the tail models that were not there yet."""
    for name, whole in (("histograms", empty.histograms), ("tails", empty.tails)):
        arrays[name] = np.vstack([arrays[name], whole[len(arrays[name]) :]])


def _add_single(params: dict[str, Any], arrays: Arrays) -> None:
    """Before format 3 a lone series was judged like any group."""
    params.setdefault("single", {"enabled": False})
    none = Single.empty(1, len(arrays["coefficients"]), 60.0, enabled=False)
    for name in ("lanes", "view_histograms", "view_tails", "recall", "sole"):
        arrays[name] = getattr(none, name)


def _add_weeks(header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 8 a lone series had no habits of the week: they begin."""
    slots = week_slots(header["interval_seconds"]) if arrays["recall"].shape[1] else 0
    arrays["weeks"] = np.zeros((WEEK_ROWS, slots), np.float32)
    arrays["weeks"][WEEK_WAITING] = -1.0
    if arrays["sole"].size:
        arrays["sole"] = np.pad(arrays["sole"], (0, SOLE_ROWS - len(arrays["sole"])))
        arrays["sole"][WEEK_SLOT] = -1.0


def _make_smaller(_header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 9 counts had 64 bits, and 64 frames waited until they entered the traces."""
    for name in ("histograms", "view_histograms"):
        arrays[name] = arrays[name].astype(np.float32)
    traces, block = arrays["traces"], arrays["block"]
    if not len(traces):
        return
    source, target = np.triu_indices(block.shape[2], 1)
    for values, rates in block[:, : int(arrays["status"][PENDING])].swapaxes(0, 1):
        both = (rates[source] > 0) & (rates[target] > 0)
        step = np.where(both, np.maximum(rates[source], rates[target]), np.float32(0))
        traces += step * (values[source] * values[target] - traces)
    arrays["status"][PENDING] = 0.0
    arrays["block"] = np.zeros((2, PAIR_BLOCK_TICKS, block.shape[2]), np.float32)


def _add_leads(header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 10 no edge knew which end goes first, and the pace stays 1 unless asked for."""
    arrays["values"] = _deeper(arrays["values"], EDGE_ROWS)
    arrays["status"] = np.pad(arrays["status"], (0, GRAPH_STATUS_ROWS - len(arrays["status"])))
    header["params"].setdefault("homeostasis", {"pace_min": 1.0, "pace_max": 1.0})
    rest = Plasticity.empty(arrays["moments"].shape[1])
    arrays["gate"] = np.concatenate([arrays["gate"][:PACE], rest.gate[PACE:]])
    arrays["lean"] = rest.lean


def _add_slots(knobs: dict[str, Any], arrays: Arrays) -> None:
    """Give a graph of format 2 what edges and slots have; large groups had no relations."""
    if arrays["moments"].shape[1] > knobs["exhaustive_max"]:
        knobs.setdefault("slots_per_series", 0)
    arrays["ticks"] = _deeper(arrays["ticks"], EDGE_TICK_ROWS)
    arrays["slot_ends"] = np.zeros((2, 0), np.uint32)
    arrays["slots"] = np.zeros((SLOT_ROWS, 0), np.float32)
    arrays["seed"] = np.array([SEED], np.uint64)


def _add_quarantine(knobs: dict[str, Any], arrays: Arrays) -> None:
    """Give the gate of format 2 a shadow that has not begun, and nothing parked."""
    knobs.setdefault("adopt_after", 0.0)
    arrays["drift"] = np.zeros_like(arrays["deviation"])


#: The first format with it, and what gives it to a snapshot that is older; in this order.
STEPS: tuple[tuple[int, Callable[[dict[str, Any], Arrays], None]], ...] = (
    (12, _fewer_bins),  # what other steps add has as many as there are now
    (2, _count_seen),
    (3, _add_past),
    (4, _add_told),
    (5, _add_innovations),
    (6, _add_moves),
    (8, _add_weeks),
    (9, _make_smaller),
    (10, _add_leads),
    (11, _add_stands),
    (12, _lower_heights),
)


def upgrade(number: int, header: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Give a snapshot of an older format what later ones have, so that it goes on as it did.

    Parameters
    ----------
    number : int
        Its format.
    header : dict
        As it was written.
    arrays : dict of str to array
        As they were written.

    Returns
    -------
    header : dict
        With the knobs that were not there yet, set to what was done without them.
    arrays : dict of str to array
        With the state that was not there yet.
    """
    for first, step in STEPS:
        if number < first:
            step(header, arrays)
    return header, arrays

"""What the fused step takes: state, scratch and results as named tuples of arrays.

The rows of each array are named in `hebbstream.kernels.layout`.
"""

from __future__ import annotations

from typing import NamedTuple

from hebbstream.arrays import F32, F64, I32, I64, U8, U32, U64


class Regime(NamedTuple):
    """What n series are like as long as nothing happens; a quarantine holds one, and grows one.

    Attributes
    ----------
    moments : float64[6, n]
        Location, scale, range and sample counts of each series.
    clock : float64[4, n]
        Whether the daily course explains each series.
    coefficients : float64[2h + 1, n]
        Level and course.
    weights : float32[components_max, (1 + l) n]
        Components, unit rows over this frame and the l before it.
    components : float64[3, components_max]
        Gain, energy and age of each component.
    residual : float64[2, n]
        Variance of what the components leave.
    totals : float64[3]
        Components in use, energy.
    past : float32[2 l, n]
        The l frames before, standardised, and where they had samples.
    """

    moments: F64
    clock: F64
    coefficients: F64
    weights: F32
    components: F64
    residual: F64
    totals: F64
    past: F32


class Model(NamedTuple):
    """The whole state of a detector of n series, k components and m edges.

    Attributes
    ----------
    moments : float64[6, n]
        Location, scale, range and sample counts of each series.
    clock : float64[4, n]
        Whether the daily course explains each series.
    coefficients : float64[2h + 1, n]
        Level and course.
    weights : float32[components_max, (1 + l) n]
        Components, unit rows over this frame and the l before it.
    components : float64[3, components_max]
        Gain, energy and age of each component.
    residual : float64[2, n]
        Variance of what the components leave.
    totals : float64[3]
        Components in use, energy.
    past : float32[2 l, n]
        The l frames before, standardised, and where they had samples.
    traces : float32[n (n - 1) / 2]
        Co-activity of every pair; empty when pairs are not traced.
    linked : uint8[n (n - 1) / 2]
        1 where a pair has an edge.
    activity : float64[8, n]
        What the graph needs of each series.
    block : float32[2, b, n]
        Frames not yet in the traces.
    ends : uint32[2, m]
        Source and target of each edge.
    values : float32[23, m]
        Weight, trace, usual differences, break and lags of each edge.
    ticks : int64[3, m]
        Birth, ticks of weakness, ticks of being broken.
    status : float64[3]
        Of the graph.
    slot_ends : uint32[2, s]
        Pairs on trial where not every pair is traced; both ends 0 in a free slot.
    slots : float32[5, s]
        Their sums.
    seed : uint64[1]
        Generator of the pairs to try.
    smooth : float64[5]
        Smoothed statistic and age of the group, and what is new.
    habits : float64[7, n]
        Smoothed statistic of each series, and what it usually stays below; where it stands.
    innovations : float64[9, n]
        Memory of each residual, the variance of what is new in it, its last two values, and
        averages of what is new with what they usually stay below.
    histograms : float32[7, BINS]
        Tail models.
    tails : float64[7, 5]
        Their increments, totals, heat and priors.
    deviation : float64[n]
        Smoothed z of each series.
    drift : float64[n]
        Smoothed z of each series under the shadow.
    lean : float64[n]
        Where each series has stood of late, in sigmas, while nothing happened.
    gate : float64[18]
        Of learning, of the quarantine, and of the pace.
    lanes : float64[10 + 2h + 1, 4]
        Of a lone series; like the rest below it has no elements in other groups.
    view_histograms : float32[5, BINS]
        Tail models of its views.
    view_tails : float64[5, 5]
        Their increments, totals and priors.
    recall : float64[3, s]
        How loud each slot of the day was.
    weeks : float32[4, s]
        How loud each slot of the week was.
    sole : float64[SOLE_ROWS]
        Smoothed values, episodes, and what was told.
    shadow : Regime
        What is learnt in a quarantine, while the arrays above hold still.
    parked : Regime
        What was normal before the last adoption.
    """

    moments: F64
    clock: F64
    coefficients: F64
    weights: F32
    components: F64
    residual: F64
    totals: F64
    past: F32
    traces: F32
    linked: U8
    activity: F64
    block: F32
    ends: U32
    values: F32
    ticks: I64
    status: F64
    slot_ends: U32
    slots: F32
    seed: U64
    smooth: F64
    habits: F64
    innovations: F64
    histograms: F32
    tails: F64
    deviation: F64
    drift: F64
    lean: F64
    gate: F64
    lanes: F64
    view_histograms: F32
    view_tails: F64
    recall: F64
    weeks: F32
    sole: F64
    shadow: Regime
    parked: Regime


class Work(NamedTuple):
    """Scratch of one detector, so that no tick allocates.

    Attributes
    ----------
    basis : float64[2h + 1]
        The clock's harmonics now.
    single : float32[5, (1 + l) n]
        Per series of this frame and of the l before it.
    double : float64[8, n]
        Per series.
    exponents : float64[7]
        -log10 p of each tail model.
    partner : int32[n, s]
        Strongest partners of each series.
    strength : float32[n, s]
        Their correlations.
    turned : float32[2, n, b]
        A block of frames, series by series.
    pairs : float32[3, 256]
        A chunk of edges.
    apart : float32[m]
        How far the ends of each edge are apart at this tick.
    cells : float32[3, n]
        Sums of that block.
    pace : float32[64]
        Weights of its ticks; signs of a plane.
    places : int32[6, n]
        For the choice of pairs; without columns where every pair is traced, as are the rest.
    counts : int32[3]
        Lengths of the lists it draws from.
    table : int32[p]
        Pairs that are known.
    lane_single : float32[2, 4]
        Per lane of a lone series.
    lane_double : float64[7, 4]
        Per lane of a lone series.
    """

    basis: F64
    single: F32
    double: F64
    exponents: F64
    partner: I32
    strength: F32
    turned: F32
    pairs: F32
    apart: F32
    cells: F32
    pace: F32
    places: I32
    counts: I32
    table: I32
    lane_single: F32
    lane_double: F64


class Output(NamedTuple):
    """Results of a block of T frames.

    Attributes
    ----------
    verdicts : float64[7, T]
        Per frame.
    details : float64[4, T, n]
        Per frame and series.
    journal : int64[J, 3]
        Row, 1 or -1, and index of each component grown or pruned.
    report : int64[2]
        Why a call ended early; entries in the journal.
    """

    verdicts: F64
    details: F64
    journal: I64
    report: I64

"""Measure, then write docs/benchmarks.md, or the baseline, or say what became slower than it."""

from __future__ import annotations

import argparse
import statistics
import sys

from benchmarks import page
from benchmarks.growth import baseline
from benchmarks.growth.curves import (
    Curve,
    over_components,
    over_edges,
    over_groups,
    over_series,
)
from benchmarks.growth.measure import BESIDE, beside_others
from benchmarks.growth.plots import draw_curves, draw_others


def _table(ratios: dict[str, list[float]], rounds: int) -> list[str]:
    lines = [
        f"Cost of a tick over another of the same round, {rounds} rounds in turns, after a warm-up;"
        f" the comparisons with others at {BESIDE} series. Lower is better.",
        "",
        "| cost | median | lowest to highest |",
        "|---|---|---|",
    ]
    return lines + [
        f"| {name} | {statistics.median(each):.3g} | {min(each):.3g} to {max(each):.3g} |"
        for name, each in ratios.items()
    ]


def _sizes(sizes: dict[int, int], edges: dict[int, int]) -> list[str]:
    lines = ["", "| series | bytes of a snapshot a series |", "|---|---|"]
    lines += [f"| {n:,} | {count:,} |" for n, count in sizes.items()]
    lines += ["", "| series that follow one cause, of 240 | relations |", "|---|---|"]
    return lines + [f"| {together} | {count:,} |" for together, count in edges.items()]


def main() -> None:
    """Do what was asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    given = parser.parse_args()
    beside = beside_others(given.rounds)
    series, sizes = over_series(given.rounds)
    edges = over_edges(given.rounds)
    curves: list[Curve] = [series, over_groups(given.rounds), over_components(given.rounds), edges]
    ratios = beside.copy()
    for curve in curves:
        ratios |= curve.named()
    lines = _table(ratios, given.rounds) + _sizes(sizes, edges.edges)
    print("\n".join(lines))
    if given.check:
        faults = baseline.slower(ratios, baseline.load())
        sys.exit("Became slower:\n" + "\n".join(faults) if faults else 0)
    draw_others(beside)
    draw_curves(curves)
    shown = [
        page.show("others", "Cost of a row of other detectors over that of the library"),
        page.show("growth", "Cost of a tick over series, groups, components and relations"),
    ]
    page.write_part("growth", "\n".join([*lines, "", *shown]))
    baseline.save(baseline.renewed(ratios, baseline.load()))


if __name__ == "__main__":
    main()

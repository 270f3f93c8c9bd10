"""The figures of the library's part of docs/benchmarks.md."""

from __future__ import annotations

import statistics

from benchmarks.drawing import pyplot, save
from benchmarks.growth.curves import Curve
from benchmarks.page import PLOTS


def draw_curves(curves: list[Curve]) -> None:
    """Draw every curve, the bars from the lowest to the highest of all rounds."""
    plt = pyplot()
    figure, panels = plt.subplots(1, len(curves), figsize=(2.6 * len(curves), 2.8))
    for axes, curve in zip(panels, curves, strict=True):
        points = sorted([*curve.ratios, curve.reference])
        rounds = [curve.ratios.get(point, [1.0]) for point in points]
        middle = [statistics.median(each) for each in rounds]
        below = [mid - min(each) for mid, each in zip(middle, rounds, strict=True)]
        above = [max(each) - mid for mid, each in zip(middle, rounds, strict=True)]
        at = [curve.edges.get(point, point) for point in points]
        axes.axhline(1.0, color="0.7", lw=0.8)
        axes.errorbar(at, middle, [below, above], marker="o", ms=3, lw=1)
        axes.set_xscale("linear" if curve.edges else "log")
        axes.set_ylim(bottom=0)
        axes.set_xlabel(curve.axis)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(f"cost of {curve.cost}", fontsize=9)
    panels[0].set_ylabel("relative to one of the points")
    save(plt, figure, PLOTS / "growth.svg")


def draw_others(ratios: dict[str, list[float]]) -> None:
    """Draw how many times the library's cost each other detector has."""
    plt = pyplot()
    figure, axes = plt.subplots(figsize=(6.4, 2.8))
    names = list(dict.fromkeys(name.split(" / ")[1] for name in ratios))
    for place, own in enumerate(("run", "step")):
        costs = [1 / statistics.median(ratios[f"{own} / {name}"]) for name in names]
        at = [number + 0.36 * (place - 0.5) for number in range(len(names))]
        bars = axes.barh(at, costs, 0.34, label=f"over {own}")
        axes.bar_label(bars, [f" {cost:.2g}" for cost in costs], fontsize=7)
    axes.axvline(1.0, color="0.4", lw=0.8)
    axes.set_xscale("log")
    axes.set_xlim(left=0.1)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("cost of a row over hebbstream's")
    axes.legend(fontsize=7, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    save(plt, figure, PLOTS / "others.svg")

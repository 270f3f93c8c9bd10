"""The figures of docs/quality.md, as SVG that is the same each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.drawing import pyplot, save
from benchmarks.quality.alerts import Kept
from benchmarks.quality.compare import BUDGETS, Row
from benchmarks.quality.report import ROOT

FOLDER = ROOT / "docs" / "plots" / "quality"


def draw_ranking(rows: list[Row]) -> Path:
    """Draw the average precision of each detector on each data set, above the base rate."""
    plt = pyplot()
    judged = [row for row in rows if row.base > 0 and np.isfinite(row.precision)]
    sets = list(dict.fromkeys(row.data for row in judged))
    peers = list(dict.fromkeys(row.peer for row in judged))
    figure, axes = plt.subplots(figsize=(2.6 + 1.3 * len(sets), 3.2))
    width = 0.8 / len(peers)
    for place, peer in enumerate(peers):
        means = [
            np.mean([r.precision for r in judged if r.data == data and r.peer == peer] or [0.0])
            for data in sets
        ]
        axes.bar(np.arange(len(sets)) + (place - len(peers) / 2 + 0.5) * width, means, width,
                 label=peer)  # fmt: skip
    for place, data in enumerate(sets):
        base = np.mean([r.base for r in judged if r.data == data])
        axes.plot([place - 0.42, place + 0.42], [base, base], "k--", lw=1)
    axes.set_xticks(range(len(sets)), sets)
    axes.set_ylabel("average precision (dashes: base rate)")
    axes.legend(fontsize=7, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return save(plt, figure, FOLDER / "ranking.svg")


def draw_kept(cells: list[tuple[str, float, dict[float, Kept]]]) -> Path:
    """Draw kept over asked budgets, with the band within which a factor of two is kept."""
    plt = pyplot()
    figure, axes = plt.subplots(figsize=(5.6, 3.2))
    axes.axhspan(0.5, 2.0, color="0.92", zorder=0)
    axes.axhline(1.0, color="0.5", lw=0.8)
    for place, (name, _, kept) in enumerate(cells):
        x = np.array(BUDGETS) * 1.04 ** (place - len(cells) / 2)
        ratio = np.array([max(k.ratio, 0.02) for k in kept.values()])
        low = np.array([max(k.low, 0.02) for k in kept.values()])
        high = np.array([max(k.high, 0.02) for k in kept.values()])
        axes.errorbar(x, ratio, [ratio - low, high - ratio], marker="o", ms=3, lw=1, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(BUDGETS, [f"{b:g}" for b in BUDGETS])
    axes.minorticks_off()
    axes.set_xlabel("budget, incidents a day")
    axes.set_ylabel("false incidents over budget")
    axes.legend(fontsize=7, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return save(plt, figure, FOLDER / "kept.svg")


def draw_alerts(rows: list[Row]) -> Path:
    """Draw what is caught against false incidents a day, a point for each budget."""
    plt = pyplot()
    judged = [row for row in rows if row.economy and row.base > 0]
    peers = list(dict.fromkeys(row.peer for row in judged))
    sets = list(dict.fromkeys(row.data for row in judged if row.peer != peers[0]))
    figure, panels = plt.subplots(1, len(sets), figsize=(3.0 * len(sets), 3.2), squeeze=False)
    for axes, data in zip(panels[0], sets, strict=True):
        for peer in peers:
            own = [r for r in judged if r.data == data and r.peer == peer]
            if not own:
                continue
            false, caught = [], []
            for budget in BUDGETS:
                told = [r.economy[budget] for r in own]
                false.append(sum(e.false for e in told) / sum(e.days for e in told))
                caught.append(sum(e.caught for e in told) / max(1, sum(e.faults for e in told)))
            axes.plot(false, caught, marker="o", ms=3, lw=1, label=peer)
        axes.set_title(data, fontsize=9)
        axes.set_xlabel("false incidents a day")
        axes.set_xlim(left=-0.02)
        axes.set_ylim(-0.02, 1.02)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0][0].set_ylabel("faults caught")
    panels[0][-1].legend(fontsize=6, frameon=False)
    return save(plt, figure, FOLDER / "alerts.svg")

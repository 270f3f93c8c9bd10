"""Tables and plot of `make bench-ingest`, and its figures as JSON beside this file."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from benchmarks.drawing import pyplot, save
from benchmarks.page import PLOTS, show, write_part

RESULTS = Path(__file__).with_name("ingest_results.json")
TITLES = {
    "flat": "one sample a record",
    "wide": "a hundred samples a record",
    "line": "ten fields of line protocol a record",
}
#: Figures of every round, by reader: per_cpu and per_second.
Rounds = dict[str, list[dict[str, float]]]


def summary(found: Rounds, base: str) -> dict[str, dict[str, float]]:
    """Return each reader's medians and its ratio to the base of the same rounds."""
    rows = {}
    for name, figures in found.items():
        ratios = [f["per_cpu"] / b["per_cpu"] for f, b in zip(figures, found[base], strict=True)]
        rows[name] = {
            "per_cpu": round(statistics.median(f["per_cpu"] for f in figures)),
            "per_second": round(statistics.median(f["per_second"] for f in figures)),
            "ratio": round(statistics.median(ratios), 4),
            "ratio_low": round(min(ratios), 4),
            "ratio_high": round(max(ratios), 4),
        }
    return rows


def table(kind: str, records: int, rows: dict[str, dict[str, float]]) -> str:
    """Write the table of one topic."""
    lines = [
        f"| {records:,} records, {TITLES[kind]} | per CPU second | per second | ratio |",
        "|---|---|---|---|",
    ]
    return "\n".join(
        lines
        + [
            f"| {name} | {row['per_cpu']:,} | {row['per_second']:,} "
            f"| {row['ratio']:.2g} ({row['ratio_low']:.2g} to {row['ratio_high']:.2g}) |"
            for name, row in rows.items()
        ]
    )


def draw(results: dict[str, Any]) -> None:
    """Draw the ratio of every reader, for each topic."""
    plt = pyplot()
    figure, panels = plt.subplots(1, len(results), figsize=(4.5 * len(results), 2.8), squeeze=False)
    for axes, (kind, result) in zip(panels[0], results.items(), strict=True):
        rows = result["readers"]
        ratios = [row["ratio"] for row in rows.values()]
        low = [row["ratio"] - row["ratio_low"] for row in rows.values()]
        high = [row["ratio_high"] - row["ratio"] for row in rows.values()]
        colors = ["C1" if name.startswith("hebbstream") else "C0" for name in rows]
        bars = axes.barh(list(rows), ratios, xerr=[low, high], color=colors, height=0.7)
        axes.bar_label(bars, [f" {ratio:.2g}" for ratio in ratios], fontsize=7)
        axes.axvline(1.0, color="0.4", lw=0.8)
        axes.set_xscale("log")
        axes.set_xlim(right=axes.get_xlim()[1] * 2)
        axes.invert_yaxis()
        axes.set_title(TITLES[kind], fontsize=9)
        axes.set_xlabel("over kafka-python's drop")
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle("records per CPU second", fontsize=9)
    save(plt, figure, PLOTS / "ingest.svg")


def publish(results: dict[str, Any]) -> None:
    """Keep the figures, and put tables and plot into docs/benchmarks.md."""
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    draw(results)
    for kind, result in results.items():
        write_part(f"ingest-{kind}", table(kind, result["records"], result["readers"]))
    write_part("ingest-plot", show("ingest", "Records per CPU second of each reader, as a ratio"))

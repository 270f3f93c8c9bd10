"""Measure, print, and write docs/graph_benchmark.md. Run as `make bench-graph`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.graph.cost import detector_costs, exact_costs
from benchmarks.graph.follow import NEVER, Following, adjacency, follow
from benchmarks.quality.labelled import recordings
from benchmarks.quality.report import MARK, ROOT, number, table
from hebbstream import Detector, DetectorParams

PAGE = ROOT / "docs" / "graph_benchmark.md"
AFTER = (1000, 5000, 10_000)


def share(ticks: list[int], quantile: float) -> str:
    """Write a quantile of times; a dash where too many never came."""
    value = np.sort(np.array(ticks))[int(quantile * (len(ticks) - 1))]
    return "never" if value == NEVER else str(value)


def following_tables(every: list[Following]) -> str:
    """Write precision and recall over time, and times to find and to forget."""
    text = ""
    for seen in every:
        rows = [
            (str(tick), str(edges), number(precision), number(recall))
            for tick, edges, precision, recall in seen.rows
        ]
        text += f"Memory of {seen.memory} ticks:\n\n"
        text += table(("tick", "edges", "precision", "recall"), rows) + "\n"
        times = [
            ("find", seen.find, seen.find_exact),
            ("forget", seen.forget, seen.forget_exact),
        ]
        listed = [
            (
                what,
                str(len(graph)),
                *(share(ticks, q) for q in (0.5, 0.9) for ticks in (graph, exact)),
            )
            for what, graph, exact in times
        ]
        columns = (
            "ticks to", "relations", "median", "of the exact matrix", "90 %", "of the exact matrix"
        )  # fmt: skip
        text += table(columns, listed) + "\n"
    return text.rstrip() + "\n"


def cost_table(*, quick: bool) -> str:
    """Write what a tick costs."""
    rows: list[tuple[str, ...]] = []
    sizes = ((1000, ("none", "slots", "all pairs")), (10_000, ("none", "slots")))
    for n, kinds in sizes[: 1 if quick else 2]:
        costs = detector_costs(n, kinds, 600 if quick else 2000, 128 if n > 1000 else 512)
        plain = costs["none"][0]
        for kind, (micros, edges, size) in costs.items():
            part = "" if kind == "none" else f"{micros - plain:.0f}"
            rows.append(
                (f"{n}", kind, f"{1e6 / micros:.0f}", f"{micros:.0f}", part, f"{edges}", f"{size}")
            )
        if n == 1000:
            own = costs["slots"][0] - plain
            for name, micros in exact_costs(n).items():
                ratio = f"{micros:.0f} ({micros / own:.1f} times the slots)"
                rows.append((f"{n}", name, "", "", ratio, "", ""))
    columns = ("series", "relations", "rows/s", "us a tick", "of them relations", "edges",
               "bytes of state a series")  # fmt: skip
    return table(columns, rows)


def recalls(folder: Path) -> Iterator[tuple[str, ...]]:
    """Give, file by file, the share of the all-pairs graph's edges that slots have found."""
    found: dict[int, list[float]] = {after: [] for after in AFTER}
    for recording in recordings(folder):
        detectors = [
            Detector(
                recording.series,
                DetectorParams.model_validate({"associations": {"exhaustive_max": limit}}),
                recording.interval,
            )
            for limit in (8192, 0)
        ]
        row, done = [recording.name], 0
        for after in AFTER:
            for detector in detectors:
                detector.run(recording.frames[done:after])
            done = after
            every, tried = (adjacency(detector) for detector in detectors)
            found[after].append(float(tried[every].mean()) if every.any() else np.nan)
            row.append(f"{found[after][-1]:.3f} ({every.sum()}, {tried.sum()})")
        yield tuple(row)
    yield ("mean", *(f"{np.nanmean(found[after]):.3f}" for after in AFTER))


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the labelled data; uses its smd")
    parser.add_argument("--quick", action="store_true", help="small, for a look; writes nothing")
    args = parser.parse_args()
    n, phase = (300, 2048) if args.quick else (1000, 8192)
    parts = {
        "following": following_tables([follow(n, phase, memory, 7) for memory in (1000, 4320)]),
        "cost": cost_table(quick=args.quick),
    }
    if args.data is not None:
        columns = ("file", *(f"after {after}" for after in AFTER))
        parts["recall"] = table(columns, recalls(args.data / "smd"))
    page = PAGE.read_text(encoding="utf-8")
    for part, text in parts.items():
        print(f"\n{text}", flush=True)
        old = next(match[0] for match in MARK.finditer(page) if match[1] == part)
        page = page.replace(old, f"<!-- begin {part} -->\n{text}<!-- end {part} -->\n")
    if not args.quick:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

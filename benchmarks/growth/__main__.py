"""Measure, then write docs/benchmarks.md, or the baseline, or say what became slower than it."""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
from pathlib import Path

from benchmarks.growth.measure import BESIDE, beside_others, over_groups, over_series

PAGE = Path("docs/benchmarks.md")
BASELINE = Path("benchmarks/growth_baseline.json")
#: A ratio is worse when its lowest of all rounds is so many times the median that was committed.
TOLERANCE = 1.5


def _table(ratios: dict[str, list[float]], sizes: dict[int, int], rounds: int) -> str:
    lines = [
        f"Cost of a tick over another of the same round, {rounds} rounds in turns, after a warm-up;"
        f" the comparisons with others at {BESIDE} series. Lower is better.",
        "",
        "| cost | median | lowest to highest |",
        "|---|---|---|",
    ]
    lines += [
        f"| {name} | {statistics.median(each):.3g} | {min(each):.3g} to {max(each):.3g} |"
        for name, each in ratios.items()
    ]
    lines += ["", "| series | bytes of a snapshot a series |", "|---|---|"]
    lines += [f"| {n:,} | {count:,} |" for n, count in sizes.items()]
    return "\n".join(lines)


def _write_page(text: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    marked = r"(<!-- begin growth -->\n).*?(\n<!-- end growth -->)"
    new, count = re.subn(marked, lambda m: m[1] + text + m[2], page, flags=re.DOTALL)
    if count != 1:
        sys.exit(f"{PAGE} has no place for the table.")
    PAGE.write_text(new, encoding="utf-8")


def slower(ratios: dict[str, list[float]], then: dict[str, float]) -> list[str]:
    """Say which ratios are worse than the committed ones in every round, or are missing.

    Examples
    --------
    >>> slower({"a": [1.4, 1.9], "b": [1.6, 1.7]}, {"a": 1.0, "b": 1.0})
    ['b: 1.65, was 1']
    """
    faults = [f"{name}: not measured" for name in then if name not in ratios]
    return faults + [
        f"{name}: {statistics.median(each):.3g}, was {then[name]:.3g}"
        for name, each in ratios.items()
        if name in then and min(each) > TOLERANCE * then[name]
    ]


def main() -> None:
    """Do what was asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    given = parser.parse_args()
    curve, sizes = over_series(given.rounds)
    ratios = beside_others(given.rounds) | curve | over_groups(given.rounds)
    text = _table(ratios, sizes, given.rounds)
    print(text)
    if given.check:
        faults = slower(ratios, json.loads(BASELINE.read_text(encoding="utf-8")))
        sys.exit("Became slower:\n" + "\n".join(faults) if faults else 0)
    _write_page(text)
    kept = {name: round(statistics.median(each), 4) for name, each in ratios.items()}
    BASELINE.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

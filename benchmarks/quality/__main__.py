"""Measure, print, and write docs/quality.md. Run as `make quality`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.quality import cost, kept, machines, nab_run, plots, tables, trials
from benchmarks.quality.compare import Row, compare
from benchmarks.quality.labelled import recordings
from benchmarks.quality.peers import Peer, available
from benchmarks.quality.petshop import compare_issues
from benchmarks.quality.report import NOTES, PAGE, TEMPLATE, Page, figure
from benchmarks.quality.worlds import FIVE_MINUTES, MINUTE
from hebbstream.warmup import warmup

MADE_UP = "made-up"
LABELLED = ("smd", "asd", "skab", "msl", "jumpstarter", "mscloud", "nezha", "petshop")
SLOW = ("half-space trees (river)", "random cut forest (krcf)")


@dataclass(slots=True)
class Run:
    """What one run was asked for, and what it has found so far."""

    data: Path | None
    sets: tuple[str, ...]
    quick: bool
    peers: list[Peer]
    page: Page
    rows: list[Row] = field(default_factory=list)

    def show(self, part: str, text: str) -> None:
        """Print a part and keep it for the page."""
        print(f"\n{text}", flush=True)
        self.page.write(part, text)


def run_compare(run: Run) -> None:
    """Ranking, alerts, root causes, on made-up machines and on what is labelled."""
    run.rows += compare(MADE_UP, machines.machines(2 if run.quick else machines.COUNT), run.peers)
    for data in LABELLED:
        if run.data is None or data not in run.sets:
            continue
        folder = run.data / data
        if data == "petshop":
            run.rows += compare_issues(folder, run.peers)
            continue
        given = recordings(folder)
        chosen = [next(given), next(given)] if run.quick else given
        run.rows += compare(data, chosen, run.peers)
    sets = list(dict.fromkeys(row.data for row in run.rows))
    for data in sets:
        rows = [row for row in run.rows if row.data == data]
        if any(row.base > 0 and np.isfinite(row.precision) for row in rows):
            run.show(f"ranking:{data}", tables.ranking_table(data, rows))
        if any(row.economy for row in rows):
            run.show(f"alerts:{data}", tables.alerts_table(data, rows))
        for part in by_system(data, rows):
            named = [row for row in rows if row.hits and part in (data, row.recording)]
            if named:
                run.show(f"causes:{part}", tables.causes_table(part, named))
    plots.draw_ranking(run.rows)
    plots.draw_alerts(run.rows)
    run.page.write("ranking:plot", figure("ranking", "average precision by data set and detector"))
    run.page.write("alerts:plot", figure("alerts", "faults caught against false incidents a day"))


def by_system(data: str, rows: list[Row]) -> list[str]:
    """Part a data set by what is counted apart: the two shops of Nezha have little in common."""
    return list(dict.fromkeys(row.recording for row in rows)) if data == "nezha" else [data]


def run_kept(run: Run) -> None:
    """Kept budgets, on healthy worlds and on the normal rows of what was compared."""
    seeds = 1 if run.quick else 6
    calm = {interval: kept.calm_worlds(interval, seeds) for interval in (MINUTE, FIVE_MINUTES)}
    cells = []
    for interval, found in calm.items():
        for name in dict.fromkeys(c.name for c in found):
            own = [c for c in found if c.name == name]
            days = sum(c.days for c in own)
            cells.append((f"{name}, {interval:.0f} s", days, kept.kept_by_budget(own)))
    everywhere = [c for found in calm.values() for c in found]
    total = ("all", sum(c.days for c in everywhere), kept.kept_by_budget(everywhere))
    run.show("kept:worlds", tables.kept_table("made-up worlds, nothing wrong", [*cells, total]))
    drawn = [("made-up worlds", *total[1:])]
    normal = kept.calm_rows(run.rows)
    recorded = [c for c in normal if c.name != MADE_UP]
    for title, part, group in (
        ("made-up machines, normal rows", "kept:made-up", [c for c in normal if c.name == MADE_UP]),
        ("labelled recordings, normal rows", "kept:labelled", recorded),
    ):
        if not group:
            continue
        names = list(dict.fromkeys(c.name for c in group))
        split = [(name, [c for c in group if c.name == name]) for name in names]
        split += [("all", group)] if len(names) > 1 else []
        lines = [(n, sum(c.days for c in own), kept.kept_by_budget(own)) for n, own in split]
        run.show(part, tables.kept_table(title, lines))
        drawn += lines if part == "kept:labelled" else [("made-up machines", *lines[0][1:])]
    plots.draw_kept(drawn)
    run.page.write("kept:plot", figure("kept", "false incidents over the budget, by budget"))


def run_breaks(run: Run) -> None:
    """Relations that break; the slowest detector is left out."""
    detectors = [peer for peer in run.peers if peer.name not in SLOW]
    told = trials.watch_breaks(detectors, range(1, 3 if run.quick else 7))
    run.show("breaks", tables.breaks_table(told))


def run_recovery(run: Run) -> None:
    """Shift, repeat, outage."""
    told = [trials.recover(seed) for seed in range(1, 3 if run.quick else 6)]
    run.show("recovery", tables.recovery_table(told))


def run_nab(run: Run) -> None:
    """Single series."""
    series = nab_run.made_up()
    run.show("nab:made-up", tables.nab_table(MADE_UP, nab_run.score_all(series, run.peers)))
    if run.data is not None and "nab" in run.sets:
        series = nab_run.recorded(run.data / "nab")
        told = nab_run.score_all(series, run.peers)
        told |= nab_run.halves(series, run.peers[0])
        run.show("nab:recorded", tables.nab_table(f"NAB, {len(series)} files", told))


def run_cost(run: Run) -> None:
    """Rows a second."""
    sizes = cost.SIZES[:1] if run.quick else cost.SIZES
    run.show("cost", tables.cost_table([cost.measure(*size) for size in sizes]))


def run_notes(_: Run) -> None:
    """Measure nothing: the page is put together again, with the notes as they are now."""


SECTIONS: dict[str, Callable[[Run], None]] = {
    "compare": run_compare,
    "kept": run_kept,
    "breaks": run_breaks,
    "recovery": run_recovery,
    "nab": run_nab,
    "cost": run_cost,
    "notes": run_notes,
}


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="make quality ARGS=...", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of labelled data sets")
    parser.add_argument("--sets", default=",".join((*LABELLED, "nab")), help="which of them")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections to measure")
    parser.add_argument("--quick", action="store_true", help="few of each, and nothing written")
    args = parser.parse_args()
    wanted, sets = args.only.split(","), tuple(args.sets.split(","))
    unknown = (set(wanted) - set(SECTIONS)) | (set(sets) - {*LABELLED, "nab"})
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    missing = [name for name in sets if args.data and not (args.data / name).is_dir()]
    if missing:
        parser.error(f"not in {args.data}: {', '.join(missing)}")
    warmup()
    peers = available() if wanted != ["notes"] else []
    if args.quick:
        peers = [peer for peer in peers if peer.name not in SLOW]
    page = Page(PAGE.read_text(encoding="utf-8") if PAGE.exists() else "")
    run = Run(args.data, sets, args.quick, peers, page)
    for name, section in SECTIONS.items():
        if name in wanted:
            section(run)
    if not args.quick:
        text = page.render(*(p.read_text(encoding="utf-8") for p in (TEMPLATE, NOTES)))
        PAGE.write_text(text, encoding="utf-8")
        print(f"\nWritten: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

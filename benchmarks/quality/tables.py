"""Measured figures as tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.quality.alerts import Kept
from benchmarks.quality.compare import BUDGETS, Row
from benchmarks.quality.cost import Cost
from benchmarks.quality.peers import PEERS
from benchmarks.quality.report import number, table
from benchmarks.quality.trials import BROKEN, CLEAN, SHIFTED, Break, Recovery

KINDS = {peer.name: peer.kind for peer in PEERS}


def _of(rows: list[Row]) -> list[str]:
    """Detectors in order of appearance."""
    return list(dict.fromkeys(row.peer for row in rows))


def _mean(rows: list[Row], value: Callable[[Row], float]) -> float:
    values = np.array([value(row) for row in rows])
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def ranking_table(data: str, rows: list[Row]) -> str:
    """Average precision and its like, one data set."""
    judged = [row for row in rows if row.base > 0]
    recordings = len({row.recording for row in judged})
    base = _mean(judged, lambda row: row.base)
    body = []
    for peer in _of(judged):
        own = [row for row in judged if row.peer == peer]
        body.append(
            (
                peer,
                KINDS[peer],
                number(_mean(own, lambda row: row.precision)),
                number(_mean(own, lambda row: row.vus)),
                number(_mean(own, lambda row: row.f1)),
                f"{_mean(own, lambda row: row.speed):,.0f}",
            )
        )
    head = f"**{data}**: {recordings} recordings, base rate {base:.3f}\n\n"
    return head + table(("detector", "", "AP", "VUS-PR", "F1", "rows/s"), body)


def alerts_table(data: str, rows: list[Row]) -> str:
    """List false incidents a day, what is caught and how late, by budget."""
    judged = [row for row in rows if row.economy]
    body = []
    for peer in _of(judged):
        own = [row for row in judged if row.peer == peer]
        cells = []
        for budget in BUDGETS:
            told = [row.economy[budget] for row in own]
            days, faults = sum(e.days for e in told), sum(e.faults for e in told)
            false, caught = sum(e.false for e in told), sum(e.caught for e in told)
            delays = [d for e in told for d in e.delays]
            late = f"{np.median(delays):g}" if delays else "-"
            share = f"{100 * caught / faults:.0f} %" if faults else "-"
            cells.append(f"{false / days:.2f}, {share}, {late}")
        body.append((peer, *cells))
    first = [row for row in judged if row.peer == judged[0].peer]
    days = sum(row.economy[BUDGETS[0]].days for row in first)
    faults = sum(row.economy[BUDGETS[0]].faults for row in first)
    head = (
        f"**{data}**: {faults} faults, {days:.0f} days of normal rows; in each cell false "
        "incidents a day, faults caught, median delay in ticks\n\n"
    )
    return head + table(("detector", *(f"{b:g} a day" for b in BUDGETS)), body)


def kept_table(name: str, cells: list[tuple[str, float, dict[float, Kept]]]) -> str:
    """Kept over asked budgets, with intervals."""
    body = [
        (what, f"{days:.0f}", *(f"{k.ratio:.2f} ({k.low:.2f}-{k.high:.2f})" for k in kept.values()))
        for what, days, kept in cells
    ]
    head = f"**{name}**: false incidents over the budget, 1 is kept; 95 % interval in brackets\n\n"
    return head + table(("where", "days", *(f"{b:g} a day" for b in BUDGETS)), body)


def causes_table(data: str, rows: list[Row]) -> str:
    """Hits of the guilty series or service."""
    named = [row for row in rows if row.hits]
    body, faults = [], 0
    for peer in _of(named):
        hits = np.array([hit for row in named if row.peer == peer for hit in row.hits])
        faults = len(hits)
        body.append((peer, *(number(float(value), 2) for value in hits.mean(axis=0))))
    columns = ("detector", "hit@1", "hit@3", "HitRate@100 %", "HitRate@150 %")
    return f"**{data}**: {faults} faults\n\n" + table(columns, body)


def breaks_table(told: dict[tuple[float, float], dict[str, list[Break]]]) -> str:
    """Broken relations by coupling."""
    body = []
    for (coupling, memory), cell in told.items():
        law = f"AR(1) {memory:g}" if memory else "white"
        for peer, breaks in cell.items():
            delays = [b.delay for b in breaks if b.delay is not None]
            late = f"{np.median(delays):.0f}" if delays else "-"
            firsts = [b.first for b in breaks if b.first is not None]
            false = f"{sum(b.false for b in breaks)}" if peer == "hebbstream" else "-"
            body.append(
                (
                    f"{coupling:g}, {law}",
                    peer,
                    f"{len(delays)} of {len(breaks)}",
                    late,
                    false,
                    number(float(np.mean(firsts)), 2) if firsts else "-",
                )
            )
    head = (
        f"One of 40 series leaves its factor after {CLEAN:,} ticks without a fault and keeps its "
        f"own law; {BROKEN:,} ticks are given to see it, at a budget of 0.1 a day. False incidents "
        "are those of the clean ticks, on which the others' lines were chosen.\n\n"
    )
    columns = ("coupling", "detector", "seen", "delay", "false", "culprit first")
    return head + table(columns, body)


def _median(values: list[int | None]) -> str:
    """Median with never for infinity."""
    middle = float(np.median([np.inf if v is None else v for v in values]))
    return "never" if np.isinf(middle) else f"{middle:.0f}"


def recovery_table(told: list[Recovery]) -> str:
    """Shift, repeat and outage."""
    covered = float(np.median([t.repeat_covered for t in told]))
    seen = sum(t.outage_again is not None for t in told)
    body = [
        ("false incidents in the 9,000 healthy ticks", f"{sum(t.false for t in told)}"),
        (
            f"a shift of six sigmas in {SHIFTED} stays: alarm ends after",
            _median([t.alarm_ends for t in told]),
        ),
        (
            "four sigmas in four others 2,000 ticks later: seen after",
            _median([t.second_seen for t in told]),
        ),
        ("the same hour's fault 300 ticks after its end: covered", f"{100 * covered:.0f} %"),
        (
            "an outage of six hours ends: last alarm ends after",
            _median([t.outage_calm for t in told]),
        ),
        ("the same outage a day later: seen", f"{seen} of {len(told)}"),
        ("the same outage a day later: seen after", _median([t.outage_again for t in told])),
    ]
    return f"40 series, medians over {len(told)} seeds, in ticks\n\n" + table(("", ""), body)


def nab_table(data: str, told: dict[str, dict[str, float]]) -> str:
    """NAB by profile."""
    body = [
        (peer, *(number(score[p], 1) for p in ("standard", "low_fp", "low_fn")))
        for peer, score in told.items()
    ]
    head = f"**{data}**: NAB's score; 0 is silence\n\n"
    return head + table(("detector", "standard", "low FP", "low FN"), body)


def cost_table(costs: list[Cost]) -> str:
    """Rows a second beside the plain subspace."""
    body = [
        (
            f"{c.n:,}", str(c.components), f"{c.edges:,}", f"{c.full:,.0f}", f"{c.bare:,.0f}",
            number(c.bare / c.full, 1),
        )
        for c in costs
    ]  # fmt: skip
    head = (
        "Rows a second on one core, the full tick (clock, moments, components, relations, "
        "calibration, explanation) beside the kernels `unexplained` and `learn_subspace` alone.\n\n"
    )
    columns = ("series", "components", "relations", "full tick", "subspace", "times slower")
    return head + table(columns, body)

"""Made-up worlds in which one thing happens: a relation breaks, a shift stays, a fault comes again.

Every trial has forty series, and at least six days without anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.quality import alerts
from benchmarks.quality.alerts import Incident
from benchmarks.quality.compare import line_score
from benchmarks.quality.labelled import Recording
from benchmarks.quality.peers import PEERS, Peer, judge
from benchmarks.quality.worlds import MINUTE, autoregressive, factors
from hebbstream.arrays import F64

N = 40
CLEAN, BROKEN = 15_000, 1_500
HEALTHY = 9_000
SHIFT, SHIFTED, FAULT, FAULTY = 6.0, 8, 4.0, 4
BUDGET = 0.1
COUPLINGS = ((0.9, 0.9), (0.7, 0.9), (0.5, 0.9), (0.9, 0.0))
SECOND_AFTER, SECOND_TICKS = 2_000, 120
REPEAT_TICKS, REPEAT_AFTER = 60, 300
OUTAGE_TICKS, OUTAGE_AFTER = 360, 1_440


def recording_of(name: str, z: F64, rng: np.random.Generator, learnt: int) -> Recording:
    """Give the series units, and call all rows before `learnt` training rows."""
    ticks, n = z.shape
    frames = rng.normal(0, 100, n) + z * np.exp(rng.normal(0, 2, n))
    train = np.arange(ticks) < learnt
    label = np.where(train, 0, 1).astype(np.int8)
    names = [f"s{j:02d}" for j in range(n)]
    clock: F64 = np.asarray(np.arange(ticks) * MINUTE)
    return Recording(name, names, frames, train, label, clock, MINUTE, [])


def relation_break(seed: int, coupling: float, memory: float) -> Recording:
    """Make a world whose first series goes its own way by its own law, from tick `CLEAN` on."""
    rng = np.random.default_rng([seed, round(100 * coupling), round(100 * memory)])
    z = factors(rng, CLEAN + BROKEN, N, coupling=coupling, memory=memory)
    z[CLEAN:, 0] = autoregressive(rng, BROKEN, 1, memory)[:, 0]
    return recording_of(f"break-{seed}", z, rng, CLEAN)


@dataclass(frozen=True, slots=True)
class Break:
    """How one detector did on one broken relation.

    Attributes
    ----------
    delay : int or None
        Ticks until an incident opened; None when none did.
    false : int
        Incidents before.
    first : bool or None
        Whether the culprit had the most evidence; None where the detector does not tell.
    """

    delay: int | None
    false: int
    first: bool | None


def watch_break(peer: Peer, recording: Recording) -> Break:
    """Run a detector over a broken relation, with a budget of 0.1 a day."""
    told = judge(peer, recording)
    found = alerts.incidents(line_score(recording, told, BUDGET))
    seen = [i for i in found if i.opened >= CLEAN]
    first = None
    if told.evidence is not None:
        span = slice(seen[0].opened, seen[0].closed + 1) if seen else slice(CLEAN, None)
        first = int(told.evidence[span].mean(axis=0).argmax()) == 0
    delay = seen[0].opened - CLEAN if seen else None
    return Break(delay, sum(i.opened < CLEAN for i in found), first)


def watch_breaks(
    detectors: Iterable[Peer], seeds: Iterable[int]
) -> dict[tuple[float, float], dict[str, list[Break]]]:
    """Run every detector over every coupling and seed."""
    told: dict[tuple[float, float], dict[str, list[Break]]] = {}
    numbers, several = list(seeds), list(detectors)
    for coupling, memory in COUPLINGS:
        cell = told.setdefault((coupling, memory), {})
        for seed in numbers:
            recording = relation_break(seed, coupling, memory)
            for peer in several:
                cell.setdefault(peer.name, []).append(watch_break(peer, recording))
    return told


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of one seed's shift, repeat and outage; ticks, None for never.

    Attributes
    ----------
    false : int
        Incidents in the healthy time before.
    alarm_ends : int or None
        From a shift that stays to the end of the last incident it led to.
    second_seen : int or None
        Delay of a fault of four sigmas that came 2,000 ticks later.
    repeat_covered : float
        Share of the repeat of an hour's fault, 300 ticks after its end, spent in an incident.
    outage_calm : int or None
        From the end of a six-hour outage to the end of its last incident within a day.
    outage_again : int or None
        Delay of the same outage a day later.
    """

    false: int
    alarm_ends: int | None
    second_seen: int | None
    repeat_covered: float
    outage_calm: int | None
    outage_again: int | None


def _world(seed: int, ticks: int, *spans: tuple[int, int, int, int, float]) -> Recording:
    """Make a world with shifts of (start, end, first column, columns, sigmas)."""
    rng = np.random.default_rng([seed, 17])
    z = factors(rng, HEALTHY + ticks, N)
    for start, end, column, count, sigmas in spans:
        z[HEALTHY + start : HEALTHY + end, column : column + count] += sigmas
    return recording_of(f"recovery-{seed}", z, rng, HEALTHY)


def _found(recording: Recording) -> list[Incident]:
    return alerts.incidents(line_score(recording, judge(PEERS[0], recording), BUDGET))


def _opened(found: list[Incident], start: int, end: int) -> int | None:
    """Delay of the first incident that opens in a time after the healthy one."""
    ticks = [i.opened - HEALTHY for i in found]
    return next((t - start for t in ticks if start <= t < end), None)


def _last_end(found: list[Incident], start: int, end: int) -> int | None:
    """Ticks from `start` to the end of the last incident that opened before `end`; None if open."""
    ends = [i.closed - HEALTHY for i in found if 0 <= i.opened - HEALTHY < end]
    if not ends:
        return 0
    return None if max(ends) >= end - 1 else max(0, max(ends) - start)


def recover(seed: int) -> Recovery:
    """Run the product over the three stories of one seed."""
    second = (SECOND_AFTER, SECOND_AFTER + SECOND_TICKS)
    total = SECOND_AFTER + 1_000
    shift = _found(
        _world(seed, total, (0, total, 0, SHIFTED, SHIFT), (*second, SHIFTED, FAULTY, FAULT))
    )
    again = (REPEAT_TICKS + REPEAT_AFTER, 2 * REPEAT_TICKS + REPEAT_AFTER)
    repeat = _found(
        _world(
            seed, again[1] + 600, (0, REPEAT_TICKS, 0, SHIFTED, SHIFT), (*again, 0, SHIFTED, SHIFT)
        )
    )
    inside = np.zeros(again[1] + 600, bool)
    for incident in repeat:
        inside[max(0, incident.opened - HEALTHY) : max(0, incident.closed + 1 - HEALTHY)] = True
    later = (OUTAGE_TICKS + OUTAGE_AFTER, 2 * OUTAGE_TICKS + OUTAGE_AFTER)
    outage = _found(
        _world(
            seed, later[1] + 600, (0, OUTAGE_TICKS, 0, SHIFTED, SHIFT), (*later, 0, SHIFTED, SHIFT)
        )
    )
    return Recovery(
        false=sum(i.opened < HEALTHY for i in shift),
        alarm_ends=_last_end(shift, 0, SECOND_AFTER),
        second_seen=_opened(shift, *second),
        repeat_covered=float(inside[again[0] : again[1]].mean()),
        outage_calm=_last_end(outage, OUTAGE_TICKS, later[0]),
        outage_again=_opened(outage, *later),
    )

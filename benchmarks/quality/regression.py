"""How the detector does on the scenarios, and whether that is worse than it was.

`make quality-baseline` writes what it does now to benchmarks/quality_baseline.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.quality import alerts
from benchmarks.quality.scenarios import SCENARIOS, Story, story
from daemon.announcer import TrackerIdentity
from daemon.config import IncidentsSection
from daemon.records import FrameBlock, InputPartition, Series
from daemon.silence import SilenceTracker
from hebbstream import Detector
from hebbstream.results import RunResult

BASELINE = Path(__file__).resolve().parents[1] / "quality_baseline.json"
SEEDS = (1, 2, 3, 4, 5, 6)
#: How much worse than the baseline is still the same: another processor rounds otherwise.
CAUGHT_SLACK, FIRST_SLACK = 1, 1
FACTOR = 1.25
FALSE_SLACK, DELAY_SLACK, OPEN_SLACK = 1, 3.0, 30.0
#: An incident up to this many ticks after a fault belongs to it.
AFTERMATH = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one scenario went, over all seeds.

    Attributes
    ----------
    caught : int
        Seeds in which an incident opened in the fault's time.
    delay : float
        Mean ticks from the fault's start to that incident; a miss counts the fault's length.
    false : int
        Incidents that opened in no fault's time, nor in the hour after.
    right_first : int
        Seeds in which the series with the most evidence in the incident is a disturbed one.
    open_ticks : float
        Mean ticks in which an incident was open from the fault's start on: what a new normal
        costs until it is learnt.
    """

    caught: int
    delay: float
    false: int
    right_first: int
    open_ticks: float


def run(told: Story) -> tuple[RunResult, list[alerts.Incident]]:
    """Run the detector with default parameters over a story; its incidents, silence among them."""
    names = [f"s{j}" for j in range(told.frames.shape[1])]
    result = Detector(names, interval_seconds=told.interval).run(told.frames)
    return result, alerts.incidents(result.score)


def silences(told: Story) -> list[tuple[int, tuple[int, ...]]]:
    """Ticks at which the service finds that series have stopped, and which."""
    names = [f"s{j}" for j in range(told.frames.shape[1])]
    members = [Series(name, (), name, "g", -1) for name in names]
    identity = TrackerIdentity("quality", InputPartition("metrics", 0), "g", {}, "", "")
    nanoseconds = int(told.interval * 1e9)
    tracker = SilenceTracker(IncidentsSection(), (), identity, nanoseconds)
    ticks = np.arange(len(told.frames), dtype=np.int64)
    block = FrameBlock(
        "g", tuple(members), (), ticks, told.frames, (ticks + 1) * nanoseconds, ticks
    )
    shifts = tracker.scan(block, members)
    return [(s.row, tuple(int(c) for c in s.stopped)) for s in shifts if len(s.stopped)]


@dataclass(frozen=True, slots=True)
class _Telling:
    delay: int | None
    false: int
    right_first: bool
    open_ticks: int


def judge(told: Story) -> _Telling:
    """Hold the incidents of one story against its truth."""
    result, found = run(told)
    silent = silences(told)
    opened = sorted([i.opened for i in found] + [row for row, _ in silent])
    inside = [t for t in opened if told.start <= t < told.end]
    false = [
        t for t in opened if t >= told.judged_from and not told.start <= t < told.end + AFTERMATH
    ]
    first = False
    if inside:
        named = [columns for row, columns in silent if row == inside[0]]
        if named:
            first = named[0][0] in told.culprits
        else:
            incident = next(i for i in found if i.opened == inside[0])
            upto = min(max(incident.closed, incident.opened + 1), told.end)
            first = int(result.evidence[inside[0] : upto].sum(axis=0).argmax()) in told.culprits
    open_ticks = sum(max(0, i.closed - max(i.opened, told.start)) for i in found)
    return _Telling(inside[0] - told.start if inside else None, len(false), first, open_ticks)


def outcome(scenario: str, seeds: Iterable[int] = SEEDS) -> Outcome:
    """Run one scenario over all seeds."""
    stories = [story(scenario, seed) for seed in seeds]
    tellings = [judge(told) for told in stories]
    delays = [
        t.delay if t.delay is not None else told.end - told.start
        for t, told in zip(tellings, stories, strict=True)
    ]
    return Outcome(
        caught=sum(t.delay is not None for t in tellings),
        delay=round(float(np.mean(delays)), 1),
        false=sum(t.false for t in tellings),
        right_first=sum(t.right_first for t in tellings),
        open_ticks=round(float(np.mean([t.open_ticks for t in tellings])), 1),
    )


def worse(now: Outcome, then: Outcome) -> list[str]:
    """Say in what respects an outcome is worse than another, beyond what rounding explains."""
    faults = []
    if now.caught < then.caught - CAUGHT_SLACK:
        faults.append(f"caught {now.caught}, was {then.caught}")
    if now.delay > then.delay * FACTOR + DELAY_SLACK:
        faults.append(f"delay {now.delay:g}, was {then.delay:g}")
    if now.false > then.false * FACTOR + FALSE_SLACK:
        faults.append(f"false {now.false}, was {then.false}")
    if now.right_first < then.right_first - FIRST_SLACK:
        faults.append(f"right series first {now.right_first}, was {then.right_first}")
    if now.open_ticks > then.open_ticks * FACTOR + OPEN_SLACK:
        faults.append(f"open {now.open_ticks:g} ticks, was {then.open_ticks:g}")
    return faults


def baseline() -> dict[str, Outcome]:
    """Read what was committed."""
    entries = json.loads(BASELINE.read_text(encoding="utf-8"))
    return {scenario: Outcome(**entry) for scenario, entry in entries.items()}


def main() -> None:
    """Write the baseline, and print what changed."""
    before = baseline() if BASELINE.exists() else {}
    now = {scenario: outcome(scenario) for scenario in SCENARIOS}
    for scenario, found in now.items():
        print(f"{scenario:22s} {found}")
        if scenario in before and before[scenario] != found:
            print(f"{'':22s} was {before[scenario]}")
    text = json.dumps({scenario: asdict(found) for scenario, found in now.items()}, indent=2)
    BASELINE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

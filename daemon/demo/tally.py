"""Incidents judged against what was really injected, as both become known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import Final

from daemon.demo.timeline import tick_of
from daemon.events import Event, EventSeries, State
from daemon.shop import Fault

#: Ticks after a fault's end in which an incident still counts as its own: the slow evidence has a
#: time constant of 30 ticks, and what a fault did has not ended when the fault has.
SLACK_TICKS: Final = 15


class Verdict(StrEnum):
    """What became of a fault."""

    PENDING = "pending"
    CAUGHT = "caught"
    MISSED = "missed"


@dataclass(slots=True)
class Finding:
    """One injected fault and the first incident that opened in its time, if any did."""

    fault: Fault
    verdict: Verdict = Verdict.PENDING
    incident: Event | None = None

    def covers(self, tick: int) -> bool:
        """Tell whether an incident that opens at this tick is put down to this fault."""
        return self.fault.start <= tick < self.fault.end + SLACK_TICKS

    @property
    def delay_ticks(self) -> int | None:
        """Ticks from the fault's start to the incident; None when there is none."""
        return None if self.incident is None else tick_of(self.incident.ts_event) - self.fault.start

    @property
    def is_blamed_rightly(self) -> bool:
        """Whether the incident's top contributor is a series that the fault concerns."""
        if self.incident is None or not self.incident.series:
            return False
        return concerns(self.fault, self.incident.series[0])


def concerns(fault: Fault, series: EventSeries) -> bool:
    """Tell whether a series is of the faulty service, and is the faulty one where it is just one.

    Parameters
    ----------
    fault : Fault
        What was injected.
    series : EventSeries
        A series that an incident names.
    """
    same_service = series.labels.get("service") == fault.service
    return same_service and fault.metric in ("*", series.name)


@dataclass(frozen=True, slots=True)
class Score:
    """The tally in figures; what is still pending counts nowhere.

    Attributes
    ----------
    injected, caught, missed : int
        Faults, and what became of them.
    blamed_rightly : int
        Caught faults whose incident names the right series first.
    delay_ticks : float or None
        Median from a fault's start to its incident; None when none was caught.
    """

    injected: int
    caught: int
    missed: int
    blamed_rightly: int
    delay_ticks: float | None


@dataclass(slots=True)
class Tally:
    """The running account of one demo.

    Attributes
    ----------
    findings : list of Finding
        One per fault, in order.
    false : list of Event
        Open events in no fault's time.
    """

    findings: list[Finding] = field(default_factory=list)
    false: list[Event] = field(default_factory=list)

    def inject(self, fault: Fault) -> None:
        """Note a fault, before events of its time are observed."""
        self.findings.append(Finding(fault))

    def observe(self, event: Event) -> Finding | None:
        """Take in an event.

        Parameters
        ----------
        event : Event
            Of the shop's stream; only opens are judged.

        Returns
        -------
        Finding or None
            The fault whose time the incident opened in; None for a false alarm, and for an event
            that opens nothing.
        """
        if event.state is not State.OPEN:
            return None
        tick = tick_of(event.ts_event)
        finding = next((each for each in reversed(self.findings) if each.covers(tick)), None)
        if finding is None:
            self.false.append(event)
        elif finding.incident is None:
            finding.incident, finding.verdict = event, Verdict.CAUGHT
        return finding

    def advance(self, tick: int) -> list[Finding]:
        """Give up on faults whose time was over before `tick`; returns those newly missed."""
        missed = [
            finding
            for finding in self.findings
            if finding.verdict is Verdict.PENDING and finding.fault.end + SLACK_TICKS <= tick
        ]
        for finding in missed:
            finding.verdict = Verdict.MISSED
        return missed

    def score(self, kind: str | None = None) -> Score:
        """Count, over all faults or those of one kind."""
        return score_of(each for each in self.findings if kind in (None, each.fault.kind))


def score_of(findings: Iterable[Finding]) -> Score:
    """Count findings that are decided."""
    decided = [each for each in findings if each.verdict is not Verdict.PENDING]
    delays = [each.delay_ticks for each in decided if each.delay_ticks is not None]
    return Score(
        injected=len(decided),
        caught=len(delays),
        missed=len(decided) - len(delays),
        blamed_rightly=sum(each.is_blamed_rightly for each in decided),
        delay_ticks=median(delays) if delays else None,
    )

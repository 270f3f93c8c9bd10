"""What a run of the demo is asked for, and what it shows while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from daemon.demo.service import ServiceProcess
from daemon.demo.tally import Finding, Tally
from daemon.events import Event
from daemon.shop import Fault


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What a person can choose.

    Attributes
    ----------
    bootstrap : str or None
        host:port of a broker of one's own, several with commas; None brings one along.
    duration_seconds : float or None
        Live time; None is until stopped.
    seed : int
        Of the shop and its faults.
    speed : float
        Simulated seconds a second.
    with_machine : bool
        Watch this machine, too.
    """

    bootstrap: str | None = None
    duration_seconds: float | None = None
    seed: int = 1
    speed: float = 7200.0
    with_machine: bool = True


@dataclass(slots=True)
class Status:
    """What is going on, for the display.

    Attributes
    ----------
    seconds : float
        Since the start.
    live_seconds : float or None
        Since the shop went live; None before.
    tick : int
        The shop's time.
    history_ratio : float
        Share of the shop's history that the service has read.
    services : list of ServiceProcess
        Those that run.
    metrics : dict of str to dict
        What each service last said of itself, by the stream's name.
    tally : Tally
        The account so far.
    """

    tally: Tally
    seconds: float = 0.0
    live_seconds: float | None = None
    tick: int = 0
    history_ratio: float = 0.0
    services: list[ServiceProcess] = field(default_factory=list)
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)


class Display(Protocol):
    """Where a run is shown."""

    def stage(self, text: str) -> None:
        """Say what happens next."""
        ...

    def injected(self, fault: Fault) -> None:
        """Say that a fault begins."""
        ...

    def observed(self, stream: str, event: Event, finding: Finding | None) -> None:
        """Show an incident's event; `finding` is the fault it is put down to."""
        ...

    def missed(self, finding: Finding) -> None:
        """Say that nothing was seen of a fault."""
        ...

    def refresh(self, status: Status) -> None:
        """Show how things stand."""
        ...

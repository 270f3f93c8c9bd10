"""Incidents judged against what was injected: caught, missed, false, and whom they blame."""

from __future__ import annotations

from daemon.demo.tally import SLACK_TICKS, Tally, Verdict
from daemon.events import State
from daemon.shop import Fault, FaultKind
from shop_events import event

CART = Fault(FaultKind.LEVEL, "cart", "cpu_ratio", 100, 140)
DB = Fault(FaultKind.CASCADE, "db", "*", 300, 340)


def tally(*faults: Fault) -> Tally:
    """Make a tally that knows of some faults."""
    made = Tally()
    for fault in faults:
        made.inject(fault)
    return made


def test_an_incident_in_a_faults_time_catches_it() -> None:
    """The first one counts, with its delay; a second one in the same time changes nothing."""
    account = tally(CART)

    first, second = account.observe(event(103)), account.observe(event(110, "db"))

    assert first is second is account.findings[0]
    assert account.findings[0].verdict is Verdict.CAUGHT
    assert (account.findings[0].delay_ticks, account.findings[0].is_blamed_rightly) == (3, True)
    assert account.false == []


def test_an_incident_in_no_faults_time_is_false() -> None:
    """Before a fault, and after its slack, nothing is put down to it."""
    account = tally(CART)

    verdicts = [account.observe(event(at)) for at in (99, CART.end + SLACK_TICKS)]

    assert verdicts == [None, None]
    assert len(account.false) == 2


def test_updates_and_resolves_are_no_incidents() -> None:
    """Only an open is judged, so that one incident counts once."""
    account = tally(CART)

    account.observe(event(110, state=State.UPDATE))
    account.observe(event(200, state=State.RESOLVE))

    assert (account.findings[0].verdict, account.false) == (Verdict.PENDING, [])


def test_a_fault_is_missed_when_its_time_is_over() -> None:
    """Not a tick before; and an incident that comes late to our knowledge still counts."""
    account = tally(CART)

    assert account.advance(CART.end + SLACK_TICKS - 1) == []
    assert account.advance(CART.end + SLACK_TICKS) == account.findings
    assert account.score().missed == 1
    account.observe(event(139))
    assert (account.score().missed, account.score().caught) == (0, 1)


def test_blame_is_right_for_the_series_that_was_disturbed() -> None:
    """One faulty metric must be named itself; a faulty service by any of its series."""
    account = tally(CART, DB)

    account.observe(event(101, "cart", "queue_length"))
    account.observe(event(305, "db", "queue_length"))

    assert [each.is_blamed_rightly for each in account.findings] == [False, True]


def test_the_score_counts_what_is_decided() -> None:
    """Pending faults count nowhere; injected is always caught and missed together."""
    later = Fault(FaultKind.STUCK, "db", "cpu_ratio", 500, 540)
    account = tally(CART, DB, later)
    account.observe(event(105))
    account.advance(400)

    whole, kind = account.score(), account.score(FaultKind.CASCADE)

    assert (whole.injected, whole.caught, whole.missed, whole.blamed_rightly) == (2, 1, 1, 1)
    assert whole.delay_ticks == 5
    assert (kind.injected, kind.missed, kind.delay_ticks) == (1, 1, None)

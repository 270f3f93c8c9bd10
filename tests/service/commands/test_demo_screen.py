"""The demo's screen: plain lines without a terminal, a pinned part with one."""

from __future__ import annotations

import io

import msgspec
from rich.console import Console

from daemon.commands.demo_screen import DemoScreen, evidence_lines
from daemon.demo.display import Status
from daemon.demo.tally import Tally
from daemon.events import State
from daemon.shop import Fault, FaultKind
from shop_events import event

FAULT = Fault(FaultKind.LEVEL, "cart", "cpu_ratio", 5000, 5045)


def story(screen: DemoScreen) -> Status:
    """Tell a short story: a fault, its incident, a missed fault, and where things stand."""
    tally = Tally()
    status = Status(tally, seconds=61.0, live_seconds=45.0, tick=6000)
    screen.stage("live")
    screen.refresh(status)
    tally.inject(FAULT)
    screen.injected(FAULT)
    opened = event(5003)
    screen.observed("shop", opened, tally.observe(opened))
    screen.observed("shop", event(5010, state=State.UPDATE), None)
    screen.observed("shop", event(5060, state=State.RESOLVE), None)
    tally.inject(Fault(FaultKind.SILENCE, "db", "*", 5800, 5845))
    for finding in tally.advance(6000):
        screen.missed(finding)
    screen.refresh(status)
    return status


def test_plain_lines_tell_the_story() -> None:
    """A line each, in order, with the shop's time; updates are not told; no control characters."""
    out = io.StringIO()

    with DemoScreen(Console(file=out, width=80), speed=3600.0) as screen:
        story(screen)

    text = out.getvalue()
    lines = [line.split(" s  ", 1)[1] for line in text.splitlines()]
    assert [line.split()[0] for line in lines] == [
        "live", "tally", "injected", "INCIDENT", "60%", "cart", "resolved", "missed",
    ]  # fmt: skip
    assert "day 4 11:23  caught level after 3 min, right series first, demo relation 1.20" in text
    assert "cart cpu_ratio ~ cart memory_bytes: 4.0 sigma off, 0.90 → 0.10" in text
    assert "\x1b" not in text


def test_a_terminal_shows_faults_beside_what_was_found() -> None:
    """The pinned part has the faults, what was found of each, and the running tally."""
    out = io.StringIO()
    console = Console(file=out, width=120, height=40, force_terminal=True, color_system=None)

    with DemoScreen(console, speed=3600.0) as screen:
        story(screen)

    text = out.getvalue()
    assert "hebbstream demo, 61 s, shop at 3,600 times real time, Ctrl-C ends it" in text
    assert "after 3 min" in text
    assert "injected 2, caught 1, missed 1, false 0" in text


def test_lines_from_outside_cannot_steer_the_terminal() -> None:
    """A process on this machine may call itself anything."""
    out = io.StringIO()
    console = Console(file=out, width=120, force_terminal=True, color_system=None)
    named = event(5003, "evil\x1b]0;pwned\x07[red]", "cpu_ratio")

    with DemoScreen(console, speed=3600.0) as screen:
        screen.observed("machine", named, None)

    assert "\x1b]0;" not in out.getvalue()
    assert "[red]" in out.getvalue()


def test_services_are_ranked_where_there_are_several() -> None:
    """Who is most suspect stands before the series; names from outside steer nothing."""
    one = event(5003)
    (cart,) = one.services
    evil = msgspec.structs.replace(cart, name="d\x1bb", contribution=0.25)

    lines = evidence_lines(msgspec.structs.replace(one, services=(cart, evil)))

    assert lines[0] == "services: cart 60%, d\N{REPLACEMENT CHARACTER}b 25%"
    assert evidence_lines(one) == evidence_lines(msgspec.structs.replace(one, services=()))

"""The shop without a broker: its stream as a file, through the same engine, judged in one go."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

from daemon import app
from daemon.config import Config
from daemon.demo.plan import HISTORY_TICKS, faults
from daemon.demo.records import shop_records
from daemon.demo.tally import SLACK_TICKS, Tally
from daemon.files.options import FileOptions
from daemon.ports import Clock
from daemon.shop import Shop


def write_stream(path: Path, seed: int, ticks: int) -> None:
    """Write the shop's first `ticks` minutes as newline-separated records, in time order."""
    with path.open("wb") as out:
        for tick, frame in enumerate(Shop(seed, faults(seed)).frames(ticks)):
            out.writelines(record + b"\n" for record in shop_records(frame, tick))


def judge(config: Config, folder: Path, seed: int, live_ticks: int, clock: Clock) -> Tally:
    """Simulate, replay and judge.

    Parameters
    ----------
    config : Config
        What the service would run with.
    folder : Path
        For the stream and what comes of it; must exist.
    seed : int
        Of the shop and its faults.
    live_ticks : int
        Minutes after the healthy history.
    clock : Clock
        For the time the replay takes.

    Returns
    -------
    Tally
        Over all faults that are over by the end.
    """
    ticks = HISTORY_TICKS + live_ticks
    stream = folder / "shop.ndjson"
    write_stream(stream, seed, ticks)
    tally = Tally()
    for fault in takewhile(lambda fault: fault.end + SLACK_TICKS <= ticks, faults(seed)):
        tally.inject(fault)
    for event in app.replay(config, stream, FileOptions(), clock, folder).events:
        tally.observe(event)
    tally.advance(ticks)
    return tally

"""Wire formats: the documented examples are the truth, and equal records have equal bytes."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest

from codecs_under_test import decode
from daemon import events as module
from daemon.config import InputFormat, InputSection
from daemon.events import (
    EdgeRecord,
    Event,
    HeartbeatRecord,
    ScoreRecord,
    encode_edge,
    encode_heartbeat,
    encode_score,
    finite,
    rfc3339,
    rounded,
)
from daemon.formats.faults import DecodeFault
from daemon.formats.timestamps import text_to_ns
from daemon.records import DropReason, InputPartition
from hebbstream.blocks import Verdict
from hebbstream.results import Change, JournalEntry, Kind, Learning
from verdicts import MINUTE

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
TYPES = {
    "event": Event,
    "edge": EdgeRecord,
    "score": ScoreRecord,
    "heartbeat": HeartbeatRecord,
}


def examples() -> list[tuple[str, str]]:
    """Find the page's examples: type and text."""
    return re.findall(r"```json (\w+)\n(.*?)\n```", PAGE, re.DOTALL)


def test_examples_in_the_docstrings_hold() -> None:
    """The examples a reader sees are true."""
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("kind", list(InputFormat))
def test_what_is_read_is_as_the_page_shows_it(kind: InputFormat) -> None:
    """Each input format has an example of which nothing is refused."""
    (text,) = re.findall(rf"```read {kind.value}\n(.*?)\n```", PAGE, re.DOTALL)
    columns = ["cpu", 'disk{dev="sda"}', "mem"] if kind is InputFormat.WIDE_ARRAY else []
    whole = kind is InputFormat.INFLUX

    samples = decode(
        InputSection(format=kind, columns=columns),
        *([text.encode()] if whole else text.encode().split(b"\n")),
    )

    assert not samples.dead_letters
    assert set(samples.dropped) <= {DropReason.NOT_FINITE}
    assert len(samples.value) >= 2


def test_every_format_has_an_example() -> None:
    """The page shows one record of each type."""
    assert {name for name, _ in examples()} == set(TYPES)


@pytest.mark.parametrize(("name", "text"), examples(), ids=[name for name, _ in examples()])
def test_examples_of_the_page_are_read_and_written_alike(name: str, text: str) -> None:
    """Each example has the type's members in order, with values of their types."""
    record = msgspec.json.decode(text, type=TYPES[name])

    # A dict keeps the order it was read in, so this compares names, order and values.
    assert msgspec.json.encode(record) == msgspec.json.encode(msgspec.json.decode(text))


@pytest.mark.parametrize("reason", [*DecodeFault, *DropReason])
def test_every_reason_is_explained(reason: str) -> None:
    """A reader finds each reason code on the page."""
    assert f"| `{reason}` |" in PAGE


def test_edge_record() -> None:
    """A journal entry tells what happened to which relation, and when."""
    entry = JournalEntry(7, 0, Change.FLIPPED, "a", "b", 1, np.float32(-0.7).item())

    written = encode_edge("shop", entry, 60 * MINUTE)

    assert msgspec.json.decode(written, type=EdgeRecord) == EdgeRecord(
        1, "shop", "1970-01-01T01:00:00Z", "flipped", "a", "b", 1, -0.7
    )


def test_score_record() -> None:
    """A score record is one tick's verdict."""
    verdict = Verdict(1.5, 1.5, 1e-6, Kind.RELATION, Learning.NORMAL, 2.0, 3.0)

    written = encode_score("shop", MINUTE, verdict)

    assert msgspec.json.decode(written, type=ScoreRecord) == ScoreRecord(
        1, "shop", "1970-01-01T00:01:00Z", 1.5, 1.5, 1e-6, "relation", "normal", 2, 3
    )


def test_heartbeat_record() -> None:
    """A heartbeat tells who reads which partition, and how far it is."""
    written = encode_heartbeat(
        "app",
        InputPartition("metrics", 3),
        time=MINUTE,
        watermark=0,
        next_offset=9,
        groups=2,
        version="0.1.0",
    )

    assert msgspec.json.decode(written, type=HeartbeatRecord) == HeartbeatRecord(
        1,
        "app",
        "metrics",
        3,
        "1970-01-01T00:01:00Z",
        "1970-01-01T00:00:00Z",
        9,
        2,
        "0.1.0",
    )


@pytest.mark.parametrize("time", [0, 1, 1_000, 1_000_000, 10**9, 1_767_225_600_123_456_789])
def test_times_read_back(time: int) -> None:
    """A time written is the time read, to the nanosecond."""
    assert text_to_ns(rfc3339(time)) == time


def test_figures_that_do_not_exist() -> None:
    """NaN and infinities never reach the wire."""
    assert [finite(v) for v in (1.5, float("nan"), float("inf"))] == [1.5, None, None]
    assert [rounded(v) for v in (0.12345678, float("nan"), -0.0)] == [0.123457, 0.0, 0.0]

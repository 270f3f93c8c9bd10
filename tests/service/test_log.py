"""The lines of the log: `daemon.log`."""

from __future__ import annotations

import io
import json
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from daemon.config import LoggingSection
from daemon.log import Lines, configure, get_logger, lost_lines


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Give the process its own logging back."""
    root = logging.getLogger()
    before = list(root.handlers), root.level, logging.getLogger("kafka").level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    for handler in list(root.handlers):
        root.removeHandler(handler)
    for handler in before[0]:
        root.addHandler(handler)
    root.setLevel(before[1])
    logging.getLogger("kafka").setLevel(before[2])


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Read the log back."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def configured(**settings: str) -> io.StringIO:
    """Log into memory."""
    stream = io.StringIO()
    configure(LoggingSection.model_validate(settings), stream)
    return stream


def test_a_line_is_one_json_object_with_the_fixed_fields_first() -> None:
    """Time, level, logger, constant message, then the fields."""
    stream = configured()

    get_logger("daemon.engine").info("partitions assigned", partitions=4, group="café")

    (line,) = lines(stream)
    assert list(line) == ["ts", "level", "logger", "msg", "partitions", "group"]
    assert line["ts"].endswith("Z")
    assert (line["level"], line["logger"]) == ("info", "daemon.engine")
    assert (line["msg"], line["partitions"], line["group"]) == ("partitions assigned", 4, "café")


def test_kafka_pythons_lines_are_in_the_same_stream() -> None:
    """The client's warnings look like ours; its chatter is kept out."""
    stream = configured()

    logging.getLogger("kafka.net").info("fetching")
    logging.getLogger("kafka.net").warning("no connection to %s", "broker-1")

    (line,) = lines(stream)
    assert (line["logger"], line["msg"]) == ("kafka.net", "no connection to broker-1")


def test_debug_shows_everything() -> None:
    """At debug the client's chatter is wanted."""
    stream = configured(level="debug")

    logging.getLogger("kafka.net").info("fetching")
    get_logger("daemon.engine").debug("batch", records=3)

    assert [line["level"] for line in lines(stream)] == ["info", "debug"]


def test_what_is_below_the_level_is_not_written() -> None:
    """At error only errors are left."""
    stream = configured(level="error")

    get_logger("daemon.engine").warning("slow")
    logging.getLogger("kafka").warning("slow")
    get_logger("daemon.engine").error("lost")

    assert [line["msg"] for line in lines(stream)] == ["lost"]


def test_secrets_are_masked_by_name() -> None:
    """A field whose name says secret never shows its value."""
    stream = configured()

    get_logger("x").info(
        "connecting", sasl_password="geheim", api_token="g", sasl_password_file="f"
    )

    (line,) = lines(stream)
    assert line["sasl_password"] == line["api_token"] == "**********"
    assert line["sasl_password_file"] == "f"


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_shows_no_local_variables(style: str) -> None:
    """What a function held when it failed may be a secret."""
    stream = configured(format=style)

    def fail() -> None:
        password = "geh" + "eim"
        raise RuntimeError(len(password))

    try:
        fail()
    except RuntimeError:
        get_logger("x").exception("failed")

    assert "RuntimeError" in stream.getvalue()
    assert "geheim" not in stream.getvalue()


def test_warnings_become_lines() -> None:
    """A Python warning is not lost on standard error."""
    stream = configured()

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old call", UserWarning, stacklevel=1)

    assert "old call" in stream.getvalue()
    assert lines(stream)[0]["logger"] == "py.warnings"


def test_console_lines_are_for_people() -> None:
    """The console format is plain text without colours where nobody looks."""
    stream = configured(format="console")

    get_logger("daemon.engine").info("started", partitions=4)

    text = stream.getvalue()
    assert "started" in text
    assert "partitions=4" in text
    assert "\x1b[" not in text


def test_configuring_twice_does_not_double_the_lines() -> None:
    """The later set-up replaces the earlier one."""
    first, second = configured(), configured()

    get_logger("x").info("once")

    assert first.getvalue() == ""
    assert len(lines(second)) == 1


def test_a_full_disk_is_told_once_and_counted(capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever logs goes on; nothing is left in a buffer to fail with at the end."""
    with Path("/dev/full").open("w") as stream:
        configure(LoggingSection(), stream)

        for _ in range(3):
            get_logger("x").info("lost")

    shown = capfd.readouterr().err
    assert shown.splitlines() == [
        "hebbstream: log lines cannot be written: [Errno 28] No space left on device"
    ]
    assert lost_lines() == 3


def test_a_pipe_that_nobody_reads_ends_nothing() -> None:
    """As when the collector of logs is restarted."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        configure(LoggingSection(), stream)

        get_logger("x").info("lost")

    assert lost_lines() == 1


def test_a_pipe_that_is_full_and_not_read_keeps_nobody() -> None:
    """As when the collector of logs hangs: lines are lost, whoever logs goes on."""
    configured()
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream, os.fdopen(reading, "rb") as reader:
        handler = Lines(stream, patience_seconds=0.01)
        logging.getLogger().addHandler(handler)

        for number in range(2000):
            logging.getLogger("x").warning("line %d of a log that nobody reads", number)
        lost = handler.lost
        collected = reader.read1(2**20)
        logging.getLogger("x").warning("read again")
        collected += reader.read1(2**20)
        logging.getLogger().removeHandler(handler)

    *shown, again, told = collected.decode().splitlines()
    assert 0 < lost < 2000
    assert shown == [f"line {n} of a log that nobody reads" for n in range(len(shown))]
    assert len(shown) == 2000 - lost
    assert again == "read again"
    assert "log lines were lost" in told


def test_lines_that_were_lost_are_told_when_there_is_room(tmp_path: Path) -> None:
    """The log says where it has a gap."""

    class Narrow(io.StringIO):
        """Takes nothing while it is full."""

        full = True

        def write(self, text: str) -> int:
            """Fail or write."""
            if self.full:
                raise OSError(28, tmp_path.name)
            return super().write(text)

    stream = Narrow()
    configure(LoggingSection(), stream)
    for _ in range(2):
        get_logger("x").info("lost")
    stream.full = False

    get_logger("x").info("kept")
    get_logger("x").info("kept")

    assert [(line["msg"], line.get("lines")) for line in lines(stream)] == [
        *(("kept", None), ("log lines were lost", 2), ("kept", None)),
    ]


def test_a_closed_stream_is_one_that_takes_nothing() -> None:
    """Threads that end late still log."""
    stream = configured()
    stream.close()

    get_logger("x").info("lost")

    assert lost_lines() == 1


def test_a_line_that_makes_no_sense_is_a_bug_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """As logging shows it; the stream is not to blame."""
    configured()

    logging.getLogger("x").warning("%d", "no number")

    assert "Logging error" in capsys.readouterr().err
    assert lost_lines() == 0
    assert isinstance(logging.getLogger().handlers[-1], Lines)

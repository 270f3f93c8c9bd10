"""Messages into a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.errors import OutputFolderError
from daemon.files.sink import FileSink
from daemon.records import Channel, Message


def test_one_file_a_channel(tmp_path: Path) -> None:
    """Values become lines in the order sent; a channel without messages leaves no file."""
    with FileSink(tmp_path / "out") as sink:
        sink.send([Message(Channel.EVENTS, b"g", b'{"a":1}'), Message(Channel.EDGES, None, b"{}")])
        sink.send([Message(Channel.EVENTS, b"g", b'{"a":2}')])

    files = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    assert files == {"events.ndjson": b'{"a":1}\n{"a":2}\n', "edges.ndjson": b"{}\n"}


def test_headers_and_heartbeats_are_left_out(tmp_path: Path) -> None:
    """What holds the wall clock is not written, so a second run gives the same bytes."""
    with FileSink(tmp_path) as sink:
        sink.send([Message(Channel.EVENTS, b"g", b"{}", (("published", b"12:00"),))])
        sink.send([Message(Channel.HEARTBEAT, b"p", b'{"time":1}')])

    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [
        ("events.ndjson", b"{}\n")
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"caf\xc3\xa9", {"headers": {"reason": "not_json"}, "key": "k", "value": "café"}),
        (b"\xff\x00", {"headers": {"reason": "not_json"}, "key": "k", "value_base64": "/wA="}),
    ],
)
def test_dead_letters_keep_bytes_and_reason(
    tmp_path: Path, value: bytes, expected: dict[str, object]
) -> None:
    """A dead letter keeps its bytes, as text or base64, beside its headers."""
    with FileSink(tmp_path) as sink:
        sink.send([Message(Channel.DEAD_LETTER, b"k", value, (("reason", b"not_json"),))])

    line = (tmp_path / "dead-letter.ndjson").read_text(encoding="utf-8")
    assert json.loads(line) == expected


def test_files_of_an_earlier_run_are_replaced_whole(tmp_path: Path) -> None:
    """Until the end the old files stand; then none of them is left."""
    (tmp_path / "events.ndjson").write_text("old\n", encoding="utf-8")
    (tmp_path / "scores.ndjson").write_text("old\n", encoding="utf-8")

    with FileSink(tmp_path) as sink:
        sink.send([Message(Channel.EVENTS, None, b"new")])
        sink.close()
        before = (tmp_path / "events.ndjson").read_bytes()

    assert before == b"old\n"
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [
        ("events.ndjson", b"new\n")
    ]


@pytest.mark.parametrize("failure", [OutputFolderError("full"), KeyboardInterrupt()])
def test_files_of_an_earlier_run_outlive_a_failure(tmp_path: Path, failure: BaseException) -> None:
    """What was written until then is no result: the old files stand, and nothing else."""
    (tmp_path / "scores.ndjson").write_text("old\n", encoding="utf-8")
    sink = FileSink(tmp_path)
    sink.send([Message(Channel.EVENTS, None, b"new")])

    sink.close()
    sink.__exit__(type(failure), failure, None)

    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [
        ("scores.ndjson", b"old\n")
    ]


def test_nothing_waits(tmp_path: Path) -> None:
    """What is sent is written: there is no backlog, and flush has nothing to wait for."""
    sink = FileSink(tmp_path)
    sink.send([Message(Channel.EVENTS, None, b"{}")])

    flushed = sink.flush(0.0)

    assert (flushed, sink.backlog) == (True, 0)
    assert (tmp_path / "events.ndjson.partial").read_bytes() == b"{}\n"
    sink.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file where the folder should be is an error that names it."""
    (tmp_path / "out").write_text("", encoding="utf-8")

    with pytest.raises(OutputFolderError, match="out"):
        FileSink(tmp_path / "out")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_a_fault_of_the_folder(tmp_path: Path) -> None:
    """And not of a broker, as the exit code tells."""
    (tmp_path / "events.ndjson.partial").symlink_to("/dev/full")
    sink = FileSink(tmp_path)
    sink.send([Message(Channel.EVENTS, None, b"{}")])

    with pytest.raises(OutputFolderError, match="No space left") as full:
        sink.flush(0.0)

    assert (full.value.exit_code, full.value.retriable) == (2, False)
    with pytest.raises(OutputFolderError, match="No space left"):
        sink.close()

"""A file as a source of records."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.errors import InputFileError
from daemon.files.options import FileOptions
from daemon.files.source import FileSource
from daemon.records import InputPartition, RecordBatch
from fakes import RecordingListener

PARTITION = InputPartition("shop", 0)
OPTIONS = FileOptions(topic="shop", key=b"k", chunk_rows=4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write a file of ten rows."""
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "".join(f"{row}\n" for row in range(10)), encoding="utf-8")
    return path


def read(source: FileSource, listener: RecordingListener) -> list[RecordBatch]:
    """Poll a source to its end."""
    source.start(listener)
    batches: list[RecordBatch] = []
    while not source.exhausted:
        batches += listener.take(source.poll(0.1))
    return batches


def test_reads_all_rows_as_one_partition(path: Path) -> None:
    """Every row comes once, in order, with its number, the key and the partition given."""
    batches = read(FileSource(path, OPTIONS), RecordingListener())

    assert [batch.next_offset for batch in batches] == [4, 8, 10]
    assert [int(offset) for batch in batches for offset in batch.offsets] == list(range(10))
    assert {batch.partition for batch in batches} == {PARTITION}
    assert list(batches[0].keys) == [b"k"] * 4


def test_starts_where_the_listener_says(path: Path) -> None:
    """Rows before the offset asked for are not delivered."""
    listener = RecordingListener(start_at={PARTITION: 6})

    batches = read(FileSource(path, OPTIONS), listener)

    assert [int(offset) for batch in batches for offset in batch.offsets] == [6, 7, 8, 9]


def test_the_partition_comes_and_goes(path: Path) -> None:
    """The first poll assigns the partition, close hands it back once."""
    listener = RecordingListener()
    source = FileSource(path, OPTIONS)

    read(source, listener)
    source.close()
    source.close()

    assert listener.calls == [("assigned", (PARTITION,)), ("revoked", (PARTITION,))]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is refused before anything starts."""
    with pytest.raises(InputFileError, match=r"none\.csv: no such file"):
        FileSource(tmp_path / "none.csv", OPTIONS)


def test_rows_total_of_csv_is_unknown(path: Path) -> None:
    """CSV does not say how long it is."""
    assert FileSource(path, OPTIONS).rows_total is None

"""A file dealt out over partitions: every record once, in order, at its own offsets."""

from __future__ import annotations

from pathlib import Path

from daemon.config import Config
from daemon.files.keys import GroupKeys
from daemon.files.options import FileOptions
from daemon.files.parted import PartedSource
from daemon.files.source import FileSource
from daemon.records import InputPartition, RecordBatch
from fakes import RecordingListener

CONFIG = Config.model_validate({"grouping": {"group_by": ["service"]}})


def test_deals_by_group(tmp_path: Path) -> None:
    """A record that cannot be read has no key and goes where such ones go."""
    lines = [
        b'{"name":"m","labels":{"service":"%d"},"timestamp":1750000000,"value":%d}' % (n % 3, n)
        for n in range(20)
    ] + [b"no record"]
    path = tmp_path / "lines.ndjson"
    path.write_bytes(b"\n".join(lines))
    options = FileOptions(chunk_rows=8)
    source = PartedSource(
        FileSource(path, options), GroupKeys(CONFIG), "metrics", 3,
        lambda key, count: 0 if key is None else int(key) % count,
    )  # fmt: skip
    listener = RecordingListener()
    source.start(listener)

    batches: list[RecordBatch] = []
    while not source.exhausted:
        batches += listener.take(source.poll(0.0))
    source.close()

    places = [InputPartition("metrics", number) for number in range(3)]
    assert [name for name, _ in listener.calls] == ["assigned", "revoked"]
    for number, place in enumerate(places):
        mine = [each for each in batches if each.partition == place]
        expected = [line for n, line in enumerate(lines[:-1]) if n % 3 == number]
        expected += [lines[-1]] if number == 0 else []
        assert [value for each in mine for value in each.values] == expected
        assert [n for each in mine for n in each.offsets.tolist()] == list(range(len(expected)))
        assert mine[-1].next_offset == len(expected)

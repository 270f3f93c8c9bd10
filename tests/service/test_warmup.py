"""Compiling the service's kernels ahead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from codecs_under_test import batch_of, codec_of
from daemon.config import InputFormat, InputSection
from daemon.kafka.bulk import send_in_bulk
from daemon.kafka.flight import Flight
from daemon.kernels.identities import place_entries, series_key
from daemon.kernels.json_flat import read_flat
from daemon.kernels.lines import read_lines
from daemon.kernels.record_walk import walk_records
from daemon.kernels.record_write import write_records
from daemon.kernels.shapes import find_numbers, place_shapes, read_shapes, shape_key
from daemon.records import Channel, Message
from daemon.warmup import warmup
from hebbstream._jit import config
from played_producer import PlayedProducer

#: Warms up, then runs a stream with everything in it; prints the kernels that took on a new form.
STREAM = """
import sys
from daemon.warmup import warmup
from daemon.pipeline import PartitionPipeline
from messy import SETTINGS, messy_batch, messy_records
from streams import PARTITION, sections

def forms():
    return {
        f"{module}.{name}": len(kernel.signatures)
        for module, loaded in sorted(sys.modules.items()) if ".kernels." in module
        for name, kernel in vars(loaded).items() if hasattr(kernel, "signatures")
    }

warmup()
before = forms()
pipeline = PartitionPipeline(PARTITION, sections(**SETTINGS))
records = messy_records(7, 1500)
for first in range(0, len(records), 60):
    pipeline.process(messy_batch(records, first, min(first + 60, len(records))))
pipeline.close_idle()
restored = PartitionPipeline.restored(pipeline.capture(), sections(**SETTINGS))
restored.close_idle()
print([name for name, count in forms().items() if count != before[name]])
"""


@pytest.mark.slow
def test_a_stream_compiles_nothing() -> None:
    """Whatever a pipeline does was compiled ahead: the image's cache cannot be written."""
    if config.DISABLE_JIT:
        pytest.skip("nothing is compiled without the JIT")
    done = subprocess.run(
        [sys.executable, "-c", STREAM],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout == "[]\n", done.stderr


def test_nothing_is_left_to_compile() -> None:
    """What a poll calls afterwards adds no form of a kernel."""
    if config.DISABLE_JIT:
        pytest.skip("nothing is compiled without the JIT")
    kernels: list[Any] = [walk_records, read_flat, place_entries, series_key]
    kernels += [read_shapes, place_shapes, find_numbers, shape_key, read_lines, write_records]
    warmup()
    before = [len(each.signatures) for each in kernels]

    codec, _ = codec_of(InputSection())
    for value in range(3):
        flat = b'{"name":"cpu","labels":{"a":"b"},"value":%d}' % value
        wide = b'{"timestamp":%d,"values":{"cpu":1,"mem":2}}' % value
        codec.decode(batch_of([flat, wide] * 40))
    send_in_bulk(PlayedProducer(), "t", [Message(Channel.SCORES, b"k", b"v")] * 3, Flight())
    lines, _ = codec_of(InputSection(format=InputFormat.INFLUX))
    for value in range(3):
        lines.decode(batch_of([b"cpu,a=b user=%d,idle=2 7" % value, b'mem note="x",used=1'] * 40))

    assert min(before) > 0
    assert [len(each.signatures) for each in kernels] == before

"""Readings of the machine that runs the tests."""

from __future__ import annotations

import msgspec

from daemon.demo.machine import WATCHED_MAX, Machine


def test_a_reading_has_all_that_is_watched() -> None:
    """Processors, memory, network and processes of one host, each series once."""
    machine = Machine("box")

    machine.record(1000.0)
    samples = msgspec.json.decode(machine.record(1001.0))

    names = {sample["name"] for sample in samples}
    assert {"cpu_busy_ratio", "load_1m", "memory_used_bytes", "context_switches_total"} <= names
    assert {sample["labels"]["host"] for sample in samples} == {"box"}
    assert {sample["timestamp"] for sample in samples} == {1001.0}
    keys = [(sample["name"], *sorted(sample["labels"].items())) for sample in samples]
    assert len(set(keys)) == len(keys)
    watched = [sample for sample in samples if sample["name"] == "process_cpu_ratio"]
    assert len(watched) <= WATCHED_MAX
    assert all(sample["value"] >= 0 for sample in watched)

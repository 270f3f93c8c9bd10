"""What a replay has learnt goes on: in the next replay, and in the service."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from daemon import app
from daemon.checkpoints import Checkpoints
from daemon.clock import SystemClock
from daemon.config import Config
from daemon.engine import Engine
from daemon.errors import CheckpointError
from daemon.files.options import FileOptions
from daemon.files.states import FileStates
from daemon.http.health import HealthState
from daemon.keeper import Keeper
from daemon.records import InputPartition
from daemon.seeds import Seeds
from daemon.snapshots import Origin, decode, encode
from daemon.telemetry import Telemetry
from fakes import Assign, FakeClock, FakeSink, FakeSource
from simulation import Inline
from streams import PARTITION, record_batch, related, wide_records

CONFIG = Config.model_validate(
    {"grouping": {"group_by": ["service"]}, "framing": {"idle_timeout": None}}
)
SECTIONS = app.sections_of(CONFIG)
SERVICES = ("cart", "db", "search", "web")
TICKS = 200


def records() -> list[bytes]:
    """Make the records of four services, tick by tick."""
    parts = [wide_records(related(seed=i, ticks=TICKS), name) for i, name in enumerate(SERVICES)]
    return [record for tick in zip(*parts, strict=True) for record in tick]


def replay(folder: Path, name: str, lines: list[bytes], partitions: int = 1) -> Path:
    """Replay records into the state of that name; returns its folder."""
    path = folder / "records.ndjson"
    path.write_bytes(b"\n".join(lines) + b"\n")
    state = folder / name
    app.replay(
        CONFIG, path, FileOptions(), SystemClock(), folder / "out",
        state=state, partitions=partitions,
    )  # fmt: skip
    return state


def detectors(state: Path, partition: InputPartition = PARTITION) -> dict[str, bytes]:
    """Read the detectors of a seed by group."""
    (stored,) = FileStates(state / CONFIG.application_id, 1).stored(partition)
    capture, origin = decode(stored.read(), partition, SECTIONS.shape)
    assert capture.next_offset == -1
    assert origin.partitions > partition.partition
    return {group.name: b"".join(group.detector_pieces()) for group in capture.groups}


def test_two_replays_learn_what_one_does(tmp_path: Path) -> None:
    """Month by month, bit for bit."""
    half = len(records()) // 2
    whole = replay(tmp_path, "whole", records())

    replay(tmp_path, "halves", records()[:half])
    halves = replay(tmp_path, "halves", records()[half:])

    assert detectors(halves) == detectors(whole)
    assert sorted(detectors(whole)) == sorted(SERVICES)


def test_each_group_is_learnt_where_its_key_brings_it(tmp_path: Path) -> None:
    """Parted, every group is in one partition, and learnt as in a file of its own."""
    whole = detectors(replay(tmp_path, "whole", records()))

    parted = replay(tmp_path, "parted", records(), partitions=3)

    found = [detectors(parted, InputPartition("metrics", number)) for number in range(3)]
    assert {name: data for each in found for name, data in each.items()} == whole
    assert sum(map(len, found)) == len(SERVICES)
    assert sum(bool(each) for each in found) > 1


def test_the_service_begins_with_it(tmp_path: Path) -> None:
    """It reads from where it would have begun, knows the groups, and saves as ever."""
    state = replay(tmp_path, "state", records())
    clock, sink = FakeClock(), FakeSink()
    telemetry = Telemetry(clock, "hash")
    store = FileStates(state / CONFIG.application_id, 2)
    later = [
        wide_records(related(seed=i, ticks=TICKS + 9), name)[TICKS:]
        for i, name in enumerate(SERVICES)
    ]
    lines = [record for tick in zip(*later, strict=True) for record in tick]
    engine = Engine(
        source=FakeSource([Assign((PARTITION,)), record_batch(lines, 1000), None], clock),
        sink=sink,
        clock=clock,
        sections=SECTIONS,
        telemetry=telemetry,
        health=HealthState(clock),
        checkpoints=Checkpoints(
            [Keeper(store, 5.0)], sink, SECTIONS, clock, telemetry, pool=Inline()
        ),
    )
    ticks: dict[str, int] = {}

    def look() -> bool:
        for owned in engine.partitions.values():
            ticks.update({n: g.detector.tick for n, g in owned.pipeline.groups.items()})
        return False

    engine.run(look)

    assert telemetry.value("restores_total") == 1
    assert ticks == dict.fromkeys(SERVICES, TICKS + 8)
    assert max(each.order[0] for each in store.stored(PARTITION)) == 1000 + len(lines)


def test_the_state_of_a_service_is_not_taken_for_a_seed(tmp_path: Path) -> None:
    """Or a replay would put last month's data behind today's."""
    seeds = Seeds(tmp_path, CONFIG.application_id, "metrics")
    pipeline = seeds.pipeline(PARTITION, SECTIONS)
    pipeline.process(record_batch(records()))
    FileStates(tmp_path / CONFIG.application_id, 1).save(
        PARTITION, (9, 0), [encode(pipeline.capture(), Origin())]
    )

    with pytest.raises(CheckpointError, match="state of a service"):
        Seeds(tmp_path, CONFIG.application_id, "metrics").pipeline(PARTITION, SECTIONS)
    with pytest.raises(CheckpointError, match="is later"):
        seeds.save(SECTIONS)


def test_other_groups_make_it_useless(tmp_path: Path) -> None:
    """It says what would be forgotten, as the service does."""
    state = replay(tmp_path, "state", records()[:40])
    other = Config.model_validate(json.loads(CONFIG.model_dump_json()) | {"grouping": {}})

    with pytest.raises(CheckpointError, match=r"group_by changed.*4 groups and 24 series"):
        Seeds(state, CONFIG.application_id, "metrics").pipeline(
            PARTITION, replace(app.sections_of(other), config_hash="other")
        )


@pytest.mark.parametrize(("first", "then"), [(3, 2), (3, 1), (1, 3)])
def test_another_number_of_partitions_is_refused(tmp_path: Path, first: int, then: int) -> None:
    """Groups would be learnt anew beside what is known of them; what is there stays as it was."""
    state = replay(tmp_path, "state", records()[:40], partitions=first)
    before = {path: path.read_bytes() for path in state.rglob("*.state")}

    with pytest.raises(CheckpointError, match=rf"in {first} partition.*--partitions is {then}"):
        replay(tmp_path, "state", records()[40:80], partitions=then)

    assert {path: path.read_bytes() for path in state.rglob("*.state")} == before


def test_what_a_broken_off_replay_left_is_named(tmp_path: Path) -> None:
    """Some partitions have learnt the file and others have not: it is no state to go on from."""
    state = replay(tmp_path, "state", records()[:40], partitions=3)
    for path in (state / CONFIG.application_id / "metrics" / "1").glob("*.state"):
        path.unlink()

    with pytest.raises(CheckpointError, match="partitions 0, 2, and --partitions is 3"):
        replay(tmp_path, "state", records()[40:80], partitions=3)


def test_a_folder_may_hold_the_seeds_of_several_topics(tmp_path: Path) -> None:
    """Each topic has a number of its own."""
    state = replay(tmp_path, "state", records()[:40], partitions=3)

    Seeds(state, CONFIG.application_id, "other", 2)

"""Learning anew: without the windows, as far as the service is, and again after any end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from daemon.checkpoints import order_of
from daemon.errors import CheckpointError
from daemon.files.states import FileStates
from daemon.kafka.topic_batches import up_to
from daemon.pipeline import PartitionPipeline
from daemon.pipeline_sections import PipelineSections
from daemon.records import InputPartition, Message, RecordBatch
from daemon.relearn import Bounds, Plan, Relearning
from daemon.snapshots import Origin, decode, encode
from daemon.windows import Window
from fakes import FakeClock
from hebbstream import Label
from streams import PARTITION, START, record_batch, related, sections, wide_records

TICKS, SIZE = 300, 10
SECOND = 1_000_000_000
WINDOW = Window((START + 60 * 100) * SECOND, (START + 60 * 150) * SECOND)
RECORDS = wide_records(related(seed=4, ticks=TICKS, break_at=100))


def batches(first: int = 0, end: int = TICKS) -> list[RecordBatch]:
    """Make the input, a few records at a time."""
    return [record_batch(RECORDS[at : min(at + SIZE, end)], at) for at in range(first, end, SIZE)]


class Scripted:
    """`daemon.relearn.Batches` over the records above; may end early, as a killed process does."""

    def __init__(self, clock: FakeClock, polls_max: int = 1000) -> None:
        self._clock, self._polls = clock, polls_max
        self._left: list[RecordBatch] = []

    @property
    def done(self) -> bool:
        """Whether every range is read."""
        return not self._left

    def begin(self, ranges: Bounds) -> None:
        """Read this range."""
        first, end = ranges[PARTITION]
        self._left = [up_to(each, end) for each in batches(first, end)]

    def poll(self) -> list[RecordBatch]:
        """Return the next one; it takes three seconds."""
        if self._polls == 0:
            raise KeyboardInterrupt
        self._polls -= 1
        self._clock.advance(3.0)
        return [self._left.pop(0)]


def work_in(folder: Path, parts: PipelineSections | None = None) -> Relearning:
    """Make the work of the plan in a folder."""
    parts = replace(parts or sections(), without=(WINDOW,))
    plan = Plan([(WINDOW.start, WINDOW.end)], None, parts.config_hash)
    live = FileStates(folder / parts.application_id, 2)
    return Relearning(folder, [live], parts, plan, FakeClock())


def service_at(folder: Path, offset: int) -> FileStates:
    """Let a service run up to an offset and save."""
    pipeline = PartitionPipeline(PARTITION, sections())
    for each in batches(0, offset):
        pipeline.process(each)
    store = FileStates(folder / sections().application_id, 2)
    origin = Origin(position={"0": 7}, ahead={"id": "digest"})
    store.save(PARTITION, order_of(pipeline), [encode(pipeline.capture(), origin)])
    return store


def learn(work: Relearning, polls_max: int = 1000) -> list[int]:
    """Learn what is left; returns the progress told."""
    told: list[int] = []
    assert isinstance(work.clock, FakeClock)
    work.restore([PARTITION])
    ranges = work.ranges({PARTITION: (0, TICKS)}, work.find_live())
    work.learn(Scripted(work.clock, polls_max), ranges, told.append)
    return told


def expected(offset: int) -> bytes:
    """State of a service that never saw the window, written plainly."""
    pipeline = PartitionPipeline(PARTITION, sections())
    for at in range(0, offset, SIZE):
        kept = [r for r in range(at, min(at + SIZE, offset)) if not 100 <= r < 150]
        if kept:
            pipeline.process(record_batch([RECORDS[r] for r in kept], kept[0]))
        pipeline.next_offset = min(at + SIZE, offset)
    return encode(pipeline.capture(), Origin())


def latest(store: FileStates) -> tuple[bytes, Origin]:
    """Read the latest state, without who wrote it, and who that was."""
    state = max(store.stored(PARTITION), key=lambda each: each.order)
    capture, origin = decode(state.read(), PARTITION, sections().shape)
    return encode(capture, Origin()), origin


def restored(store: FileStates) -> PartitionPipeline:
    """Make the pipeline of the latest state."""
    state = max(store.stored(PARTITION), key=lambda each: each.order)
    capture, _ = decode(state.read(), PARTITION, sections().shape)
    return PartitionPipeline.restored(capture, sections())


def test_the_result_never_saw_the_window(tmp_path: Path) -> None:
    """It stands at the very record where the service is, and the events' position is kept."""
    published: list[Message] = []
    store = service_at(tmp_path, 250)
    before, _ = latest(store)
    work = work_in(tmp_path)

    told = learn(work)
    work.swap(work.find_live(), published.extend)

    state, origin = latest(store)
    assert state == expected(250) != before
    assert (origin.position, origin.ahead) == ({"0": 7}, {"id": "digest"})
    assert sum(told) == 250
    assert max(each.order for each in store.stored(PARTITION)) == (250, 1)
    assert not work.place.exists()
    assert latest(FileStates(work.aside, 2))[0] == before


@pytest.mark.parametrize("polls", [1, 9, 14, 24])
def test_goes_on_after_a_kill(tmp_path: Path, polls: int) -> None:
    """What was saved is not read again, and the end is the same."""
    published: list[Message] = []
    store = service_at(tmp_path, 250)
    with pytest.raises(KeyboardInterrupt):
        learn(work_in(tmp_path), polls)
    work = work_in(tmp_path)

    told = learn(work)
    work.swap(work.find_live(), published.extend)

    assert latest(store)[0] == expected(250)
    assert sum(told) == 250 - SIZE * (polls // 4 * 4)


def test_a_service_that_goes_on_is_followed(tmp_path: Path) -> None:
    """Done while it runs, the rest is a few records."""
    published: list[Message] = []
    service_at(tmp_path, 200)
    learn(work_in(tmp_path))
    store = service_at(tmp_path, 290)
    work = work_in(tmp_path)

    told = learn(work)
    work.swap(work.find_live(), published.extend)

    assert sum(told) == 90
    assert latest(store)[0] == expected(290)


def test_without_state_of_the_service_it_goes_to_the_end(tmp_path: Path) -> None:
    """And the service begins behind it."""
    published: list[Message] = []
    work = work_in(tmp_path)

    learn(work)
    work.swap(work.find_live(), published.extend)

    assert latest(FileStates(tmp_path / work.sections.application_id, 2))[0] == expected(TICKS)


def test_work_of_another_plan_is_refused(tmp_path: Path) -> None:
    """Unless it is thrown away."""
    service_at(tmp_path, 100)
    with pytest.raises(KeyboardInterrupt):
        learn(work_in(tmp_path), 6)
    other = work_in(tmp_path)
    other.plan = Plan([], None, "hash")

    with pytest.raises(CheckpointError, match="--restart"):
        other.restore([PARTITION])
    other.restore([PARTITION], restart=True)

    assert other.pipelines[PARTITION].next_offset == -1


def test_every_store_gets_it_though_another_is_further(tmp_path: Path) -> None:
    """A copy of the same place that counts as later, because idle frames were closed, gives way."""
    published: list[Message] = []
    pipeline = PartitionPipeline(PARTITION, sections())
    for each in batches(0, 250):
        pipeline.process(each)
    pipeline.close_idle()
    store = FileStates(tmp_path / sections().application_id, 2)
    store.save(PARTITION, order_of(pipeline), [encode(pipeline.capture(), Origin())])
    work = work_in(tmp_path)

    learn(work)
    work.swap(work.find_live(), published.extend)

    assert latest(store)[0] == expected(250)


def test_a_torn_live_state_is_not_followed(tmp_path: Path) -> None:
    """The service would take the one before it; so does this."""
    store = service_at(tmp_path, 100)
    service_at(tmp_path, 200)
    newest = max(store.stored(PARTITION), key=lambda each: each.order)
    Path(newest.place).write_bytes(b"torn")
    work = work_in(tmp_path)
    work.restore([PARTITION])

    live: Mapping[InputPartition, object] = work.find_live()

    assert work.ranges({PARTITION: (0, TICKS)}, work.find_live()) == {PARTITION: (0, 100)}
    assert set(live) == {PARTITION}


def test_an_incident_that_only_the_old_state_knows_is_resolved(tmp_path: Path) -> None:
    """Or it would stay open on the topic for ever; those that both know go on."""
    parts = sections()
    story = wide_records(related(seed=5, ticks=900, break_at=700))
    pipeline = PartitionPipeline(PARTITION, parts)
    pipeline.process(record_batch(story[:700]))
    end = 700
    while not pipeline.groups["cart"].incident_ids:
        pipeline.process(record_batch(story[end : end + 1], end))
        end += 1
    records, (opened,) = story[:end], pipeline.groups["cart"].incident_ids
    told: dict[str, list[Message]] = {"without": [], "with": []}
    for name, window in (("without", (START + 60 * 690, START + 60 * 900)), ("with", (0, 1))):
        store = FileStates(tmp_path / name / parts.application_id, 2)
        store.save(PARTITION, order_of(pipeline), [encode(pipeline.capture(), Origin())])
        limits = Window(window[0] * SECOND, window[1] * SECOND)
        without = replace(parts, without=(limits,))
        work = Relearning(tmp_path / name, [store], without, Plan([], None, ""), FakeClock())
        work.restore([PARTITION])
        work.pipelines[PARTITION].process(record_batch(records))

        work.swap(work.find_live(), told[name].extend)

    (message,) = told["without"]
    resolve = msgspec.json.decode(message.value)
    assert (resolve["state"], resolve["incident_id"]) == ("resolve", opened)
    assert told["with"] == []


def test_feedback_goes_on(tmp_path: Path) -> None:
    """What the service was told and still holds; the feedback topic is not heard again."""
    store = service_at(tmp_path, 280)
    pipeline = restored(store)
    (name,) = pipeline.groups
    first, second = pipeline.groups[name].detector.series[:2]
    pipeline.hear(name, lambda detector: (detector.mute(first, second), detector.keep_out()))
    pipeline.heard = {"0": 41}
    told = order_of(pipeline)[0], order_of(pipeline)[1] + 1
    store.save(PARTITION, told, [encode(pipeline.capture(), Origin())])
    work = work_in(tmp_path)
    learn(work)

    notes = work.swap(work.find_live(), lambda _: None)

    after = restored(store)
    assert notes == 1
    assert [note.label for note in after.groups[name].detector.notes] == [Label.MUTED_RELATION]
    assert after.heard == {"0": 41}

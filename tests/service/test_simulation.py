"""A seeded world of crashes: the end is that of a calm run, and every event is told once.

`make sim SEEDS=1000` runs for long; a seed that fails repeats with
`HEBBSTREAM_SIM_SEEDS=n..n pytest tests/service/test_simulation.py`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import structlog

from simulated_world import PARTITIONS, World
from simulation import Life, Sleeper, story

STORIES = 4
LIVES_MAX = 200
#: Mean number of steps of a life.
CRASH_STEPS = 220
#: Seeds of one test; the whole range is parted so that a failure names few.
CHUNK = 25


def seeds() -> range:
    """Return the seeds to run: `first..last`, or a count."""
    text = os.environ.get("HEBBSTREAM_SIM_SEEDS", "200")
    first, dots, last = text.partition("..")
    return range(int(first), int(last) + 1) if dots else range(int(first))


@pytest.fixture(autouse=True, scope="module")
def silence() -> Iterator[None]:
    """Leave the log out: there are thousands of lives."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(wrapper_class=before)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder in memory where there is one: what is simulated is no power cut."""
    memory = Path("/dev/shm")  # noqa: S108 - a mount, not a name anybody could guess
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


@cache
def calm(number: int) -> tuple[list[bytes], dict[tuple[str, int], list[bytes]]]:
    """Run a story without any fault; returns the final states and the events of each group."""
    with TemporaryDirectory() as folder:
        world = World(Path(folder), story(number))
        assert Life(world, np.random.default_rng(0), crash_at=-1, faulty=False).run()
        assert world.repeats() == 0
        return [world.state(each) for each in PARTITIONS], world.told()


def simulate(seed: int, folder: Path, *, zombies: bool = False) -> World:
    """Run lives until one reaches the end of the input."""
    rng = np.random.default_rng(seed)
    world = World(folder, story(seed % STORIES))
    sleeper: Sleeper | None = None
    for _ in range(LIVES_MAX):
        life = Life(world, rng, crash_at=int(rng.geometric(1 / CRASH_STEPS)))
        if sleeper is not None:
            life.at_step = waking(sleeper, int(rng.integers(1, CRASH_STEPS)))
        elif zombies and rng.random() < 0.3:
            kind = str(rng.choice(["", "changelog", "save"]))
            sleeper = Sleeper(life, int(rng.integers(1, CRASH_STEPS)), kind)
            sleeper = sleeper if sleeper.sleep() else None
            continue
        ended = life.run()
        if sleeper is not None:
            sleeper.wake()
            sleeper = None
        if ended:
            # A slow broker may have kept even the last checkpoint from being written.
            assert Life(world, rng, crash_at=-1, faulty=False).run()
            return world
        chance = rng.random()
        if chance < 0.2:
            world.damage(rng)
        elif chance < 0.3:
            world.lose_disk()
        if rng.random() < 0.3:
            world.compact()
    msg = f"seed {seed} did not come to its end"
    raise AssertionError(msg)


def waking(sleeper: Sleeper, at: int) -> Callable[[int, str], None]:
    """Return what wakes a sleeper before a step."""

    def pass_step(step: int, _name: str) -> None:
        if step == at:
            sleeper.wake()

    return pass_step


@pytest.mark.slow
@pytest.mark.parametrize("first", range(seeds().start, seeds().stop, CHUNK))
def test_crashes_change_nothing(first: int, folder: Path) -> None:
    """Crashes, rebalances, failed sinks, torn files and lost disks: equal states and events.

    Every second seed has zombies, which may repeat an event with equal bytes and do no other harm.
    """
    for seed in range(first, min(first + CHUNK, seeds().stop)):
        states, events = calm(seed % STORIES)
        zombies = seed // STORIES % 2 == 1

        world = simulate(seed, folder / str(seed), zombies=zombies)

        assert world.told() == events, f"seed {seed}"
        assert world.repeats() == 0 or zombies, f"seed {seed}"
        assert [world.state(each) for each in PARTITIONS] == states, f"seed {seed}"


def test_the_stories_have_something_to_lose(folder: Path) -> None:
    """Each has incidents of several kinds, and crashes do repeat events that must be withheld."""
    kinds = {
        value.split(b'"kind":"')[1].split(b'"')[0]
        for number in range(STORIES)
        for values in calm(number)[1].values()
        for value in values
    }

    assert kinds >= {b"level", b"silence"}
    assert sum(simulate(seed, folder / str(seed)).withheld for seed in range(6)) > 0

"""Two real processes share a load; they leave, sleep, and lose the broker; beside a calm run.

`make soak-two` runs it for long on Apache Kafka and prints figures; a test in
`tests/integration/test_soak.py` is its short form.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np
from kafka import KafkaConsumer, TopicPartition

from broker import ApacheKafka
from daemon.config import KafkaSection
from daemon.kafka.topics import delete_topics
from daemon.preparing import prepare_kernels
from daemon_process import DaemonProcess, wait_until
from soak import (
    PARTITIONS,
    Outcome,
    configuration,
    events_of,
    latest_states,
    produce,
    records,
    ticks_of,
)
from soak import run as run_alone

RATE = 60.0
SESSION_SECONDS = 3.0
LIMIT_SECONDS = 120.0


@dataclass(frozen=True)
class Faults:
    """How many of each come, in drawn order."""

    leaves: int
    sleeps: int
    broker_kills: int

    @property
    def seconds(self) -> float:
        """How long the load must last for all of them."""
        return 8 + 9.0 * self.leaves + 12.0 * self.sleeps + 10.0 * self.broker_kills


@dataclass
class Member:
    """One place in the group, filled by one process after the other."""

    name: str
    config: dict[str, Any]
    folder: Path
    starts: int = 0
    ended: list[str] = field(default_factory=list)
    process: DaemonProcess | None = None

    def start(self) -> None:
        """Fill the place."""
        self.starts += 1
        place = self.folder / f"{self.name}-{self.starts}"
        place.mkdir(parents=True)
        self.process = DaemonProcess(place, self.config)

    @property
    def running(self) -> DaemonProcess:
        """The process; one that ended by itself is noted and replaced, as a supervisor does."""
        assert self.process is not None
        if not self.process.alive:
            self.ended.append(self.process.log.strip().splitlines()[-1])
            self.process.end()
            self.start()
        return self.process

    def owns(self) -> float:
        """Return how many partitions it says it owns."""
        return self.running.metric("hebbstream_assigned_partitions")

    def leave(self) -> None:
        """Stop in order; a transaction the broker gave up while it was away ends it at once."""
        assert self.process is not None
        code, _ = self.running.terminate(30)
        log = self.process.log
        if code and self.config.get("output", {}).get("delivery") == "transactional":
            assert "transaction was refused" in log, log[-3000:]
            self.ended.append(log.strip().splitlines()[-1])
        else:
            assert code == 0, log[-3000:]
        self.process.end()


class Pair:
    """Two members with the same application and group, each with a disk of its own."""

    def __init__(self, config: dict[str, Any], folder: Path) -> None:
        self.loaded = False
        self.members: list[Member] = []
        for name in ("one", "two"):
            own = json.loads(json.dumps(config))
            own["kafka"] |= {"session_timeout": SESSION_SECONDS}
            del own["kafka"]["instance_id"]
            own["state"]["folder"] = f"{config['state']['folder']}-{name}"
            self.members.append(Member(name, own, folder))

    def __enter__(self) -> Self:
        for member in self.members:
            member.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for member in self.members:
            if member.process is not None:
                if error is not None:
                    words = [*member.ended, member.process.log[-4000:]]
                    sys.stderr.write(f"{member.name}, before the end:\n" + "\n".join(words))
                member.process.end()

    def shared(self) -> bool:
        """Whether both own a part and nothing is left over."""
        owned = [member.owns() for member in self.members]
        return min(owned) > 0 and sum(owned) == PARTITIONS

    def wait_until_shared(self) -> None:
        """Wait until both work."""
        wait_until(self.shared, LIMIT_SECONDS, "both members own partitions")

    def ended(self) -> list[str]:
        """Return the last words of processes that ended by themselves."""
        return [words for member in self.members for words in member.ended]


def disturb(pair: Pair, broker: ApacheKafka, faults: Faults, rng: np.random.Generator) -> None:
    """Let the faults happen in drawn order, each when both members work again."""
    order = ["leave"] * faults.leaves + ["sleep"] * faults.sleeps
    order += ["broker"] * faults.broker_kills
    for fault in rng.permutation(order):
        pair.wait_until_shared()
        time.sleep(float(rng.uniform(0.0, 1.5)))
        one, other = (pair.members[int(i)] for i in rng.permutation(2))
        if fault == "leave":
            one.leave()
            time.sleep(float(rng.uniform(0.0, 2.0)))
            one.start()
        elif fault == "sleep":
            sleeper = one.running
            sleeper.pause()
            try:
                wait_until(
                    lambda owner=other: owner.owns() == PARTITIONS,  # type: ignore[misc]
                    LIMIT_SECONDS,
                    "the other member owns all",
                )
                time.sleep(float(rng.uniform(0.0, 2.0)))
            finally:
                sleeper.resume()
        else:
            broker.kill()
            time.sleep(float(rng.uniform(0.2, 3.0)))
            broker.restart()
    pair.wait_until_shared()


def all_committed(bootstrap: str, topic: str, group: str) -> bool:
    """Whether every record that is there is read and its state saved."""
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    try:
        ends = consumer.end_offsets(partitions)
        return all(consumer.committed(each) == ends[each] for each in partitions)
    finally:
        consumer.close()


def run_pair(
    broker: ApacheKafka,
    topic: str,
    config: dict[str, Any],
    folder: Path,
    load: threading.Thread,
    faults: Faults,
    rng: np.random.Generator,
) -> tuple[Outcome, Pair]:
    """Run both members through the faults to the end of the load, which must outlast them."""
    group = config["kafka"]["group_id"]
    with Pair(config, folder) as pair:
        disturb(pair, broker, faults, rng)
        pair.loaded = load.is_alive()
        wait_until(lambda: not load.is_alive(), LIMIT_SECONDS * 5, "the load's end")
        wait_until(
            lambda: pair.shared() and all_committed(broker.bootstrap, topic, group),
            LIMIT_SECONDS,
            "everything read",
        )
        for member in pair.members:
            member.leave()
    configs = [member.config for member in pair.members]
    return Outcome(events_of(config), latest_states(configs)), pair


def compare_pair(
    broker: ApacheKafka, folder: Path, faults: Faults, seed: int, *, transactional: bool = False
) -> dict[str, Any]:
    """Run a load twice, by a disturbed pair and left alone; assert equal ends; return figures.

    Parameters
    ----------
    broker : ApacheKafka
        Killed and restarted on the way.
    folder : Path
        For configurations, logs and state.
    faults : Faults
        What happens to the pair.
    seed : int
        Of load, order and moments.
    transactional : bool, optional
        Whether both runs publish in transactions; then no event may be there twice.

    Returns
    -------
    dict
        Figures of the disturbed run.
    """
    prepare_kernels()  # once, or the first start alone would compile
    topic = broker.create_topic("soak-two", partitions=PARTITIONS)
    story = records(seed, ticks_of(faults.seconds, RATE))
    load = threading.Thread(
        target=produce, args=(broker.bootstrap, topic, story, RATE), daemon=True
    )
    load.start()
    config = configuration(broker.bootstrap, topic, "pair", folder)
    calm_config = configuration(broker.bootstrap, topic, "calm", folder)
    for each in (config, calm_config):
        if transactional:
            each["output"] = {"delivery": "transactional"}
    rng = np.random.default_rng(seed)
    began = time.monotonic()
    pair, members = run_pair(broker, topic, config, folder / "pair", load, faults, rng)
    seconds = time.monotonic() - began
    section = KafkaSection(bootstrap_servers=[broker.bootstrap])
    ended = [f"{topic}-app.{name}" for name in ("events", "changelog")]
    delete_topics(section, "soak", ended, 20)
    calm = run_alone(calm_config, folder / "calm", load, 0, rng)

    values = Counter(value for group in pair.events.values() for value in group)
    ids = {msgspec.json.decode(value)["event_id"] for value in values}
    assert len(ids) == len(values), "an event was repeated with other bytes"
    once = {key: list(dict.fromkeys(group)) for key, group in pair.events.items()}
    assert once == calm.events
    assert pair.states == calm.states
    repeats = sum(values.values()) - len(values)
    assert not (transactional and repeats), f"{repeats} events are there twice"
    words = members.ended()
    assert transactional or not words, words
    return {
        "leaves and joins": faults.leaves,
        "sleeps past the session": faults.sleeps,
        "broker kills": faults.broker_kills,
        "seconds": round(seconds),
        "load outlasted the faults": members.loaded,
        "records": len(story) * len(story[0]),
        "events": len(values),
        "events repeated with equal bytes": repeats,
        "processes that ended by themselves": len(words),
        "their last words": sorted({line[:200] for line in words}),
    }


def main() -> None:
    """Run the long form and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=20)
    parser.add_argument("--sleeps", type=int, default=5)
    parser.add_argument("--broker-kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--transactional", action="store_true")
    chosen = parser.parse_args()
    faults = Faults(chosen.leaves, chosen.sleeps, chosen.broker_kills)
    node = ApacheKafka()
    try:
        with TemporaryDirectory() as folder:
            figures = compare_pair(
                node, Path(folder), faults, chosen.seed, transactional=chosen.transactional
            )
    finally:
        node.stop()
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""What people say on the feedback topic, as the engine's thread hears it: each record once.

Every process reads the whole topic, for nobody but the owner of a group knows its incidents. How
far a partition has heard is part of its state, so a restart or a new owner goes on where its last
checkpoint heard: what was said meanwhile is heard then, and nothing twice. A thread of its own
reads (`daemon.kafka.feedback_topic`); it is told where
partitions that are new here have heard, and answers where it begins; from then on they listen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from threading import Lock
from typing import Protocol

from pydantic import ValidationError

from daemon.finding import Finding
from daemon.log import get_logger
from daemon.pipeline import PartitionPipeline
from daemon.records import InputPartition, Message, dead_letter
from daemon.said import FeedbackRecord, saying
from daemon.telemetry import Telemetry
from hebbstream import HebbstreamError

log = get_logger(__name__)

#: Records that may wait for the engine; the reader waits with more.
WAITING_MAX = 1000
#: Characters of a fault that a dead letter repeats.
DETAIL_MAX = 300


@dataclass(frozen=True, slots=True)
class Wish:
    """Where the reader should begin anew.

    Attributes
    ----------
    number : int
        The later a wish, the higher.
    offsets : mapping of str to int
        By place; one that is not named goes on where it is.
    whole : bool
        Somebody has heard nothing yet: every place begins with its first record.
    """

    number: int
    offsets: Mapping[str, int]
    whole: bool


@dataclass(frozen=True, slots=True)
class Remark:
    """One record of the feedback topic.

    Attributes
    ----------
    place : str
        Partition of the feedback topic.
    offset : int
        Its own.
    key, value : bytes or None
        As read.
    """

    place: str
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Beginning:
    """The answer to a wish, for one place: the record at `offset` is the next that comes.

    Attributes
    ----------
    place : str
        Partition of the feedback topic.
    offset : int
        From here on every record is passed on.
    end : int
        Where the place ended when it was answered.
    wish : int
        Number of the wish.
    """

    place: str
    offset: int
    end: int
    wish: int


@dataclass(slots=True)
class _Listener:
    """One partition that is owned, the wish made for it, and the places it listens to already."""

    partition: InputPartition
    pipeline: PartitionPipeline
    wish: int
    places: set[str] = field(default_factory=set)


class Held(Protocol):
    """A partition that is owned now."""

    @property
    def pipeline(self) -> PartitionPipeline:
        """What it has learnt."""
        ...


class Overheard:
    """Remarks on their way from the reader's thread to the engine's.

    Parameters
    ----------
    topic : str
        Name of the feedback topic.
    telemetry : Telemetry
        Told of what could not be heeded.
    send : callable or None
        Publishes dead letters; None where there are none.
    """

    def __init__(
        self,
        topic: str,
        telemetry: Telemetry,
        send: Callable[[Sequence[Message]], object] | None = None,
    ) -> None:
        self.topic = topic
        self._telemetry = telemetry
        self._send = send
        self._waiting: Queue[Remark | Beginning] = Queue(WAITING_MAX)
        self._listeners: dict[InputPartition, _Listener] = {}
        self._lock = Lock()
        self._wishes = 0
        self._wish: Wish | None = None

    def put(self, read: Remark | Beginning, seconds: float) -> bool:
        """Pass on what was read; on the reader's thread.

        Returns
        -------
        bool
            False when too many wait still after `seconds`.
        """
        try:
            self._waiting.put(read, timeout=seconds)
        except Full:
            return False
        return True

    def wish(self) -> Wish | None:
        """Return the wish that is open, None when there is none; on the reader's thread."""
        with self._lock:
            return self._wish

    def granted(self, wish: Wish) -> None:
        """Note that a wish was answered, for every place; a later one stays open."""
        with self._lock:
            if self._wish is not None and self._wish.number == wish.number:
                self._wish = None

    def deliver(
        self, owned: Mapping[InputPartition, Held], save: Callable[[InputPartition], bool]
    ) -> list[str]:
        """Let partitions hear what waits; on the engine's thread.

        Parameters
        ----------
        owned : mapping
            Partitions that are owned now.
        save : callable
            Makes a partition durable.

        Returns
        -------
        list of str
            Labels of the notes that were told.
        """
        self._follow(owned)
        told: list[str] = []
        while True:
            try:
                read = self._waiting.get_nowait()
            except Empty:
                return told
            if isinstance(read, Beginning):
                self._begin(read)
                continue
            listening = [
                each
                for each in self._listeners.values()
                if read.place in each.places and each.pipeline.heard[read.place] <= read.offset
            ]
            heard = self._hear(read, listening)
            for each in listening:
                each.pipeline.heard[read.place] = read.offset + 1
            for partition, labels in heard.items():
                save(partition)
                told += labels

    def _follow(self, owned: Mapping[InputPartition, Held]) -> None:
        """Ask the reader to begin where partitions that are new here have heard."""
        known = {
            partition: each
            for partition, each in self._listeners.items()
            if partition in owned and owned[partition].pipeline is each.pipeline
        }
        number = self._wishes + 1
        new = {
            partition: _Listener(partition, held.pipeline, number)
            for partition, held in owned.items()
            if partition not in known
        }
        self._listeners = known | new
        if not new:
            return
        self._wishes = number
        with self._lock:
            offsets = {} if self._wish is None else dict(self._wish.offsets)
            whole = self._wish is not None and self._wish.whole
            for each in new.values():
                whole = whole or not each.pipeline.heard
                for place, offset in each.pipeline.heard.items():
                    offsets[place] = min(offset, offsets.get(place, offset))
            self._wish = Wish(number, offsets, whole)

    def _begin(self, begins: Beginning) -> None:
        """Let partitions listen that have heard everything before it."""
        place = begins.place
        for each in self._listeners.values():
            if begins.wish < each.wish:
                continue
            heard = each.pipeline.heard
            if heard.get(place, 0) > begins.end:
                log.warning("feedback topic began anew", partition=int(place), end=begins.end)
                heard[place] = begins.offset
            heard.setdefault(place, begins.offset)
            each.places.add(place)

    def _hear(
        self, remark: Remark, listening: Sequence[_Listener]
    ) -> dict[InputPartition, list[str]]:
        """Let the groups that a remark is about hear it; returns the labels told, by partition."""
        if not listening:
            return {}
        try:
            said = FeedbackRecord.model_validate_json(remark.value or b"")
        except ValidationError as error:
            fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(map(str, fault["loc"]))
            # Every process reads it; the owner of a partition 0 says so.
            first = any(each.partition.partition == 0 for each in listening)
            self._refuse(remark, "invalid", f"{where}: {fault['msg']}".strip(": "), told=first)
            return {}
        heard: dict[InputPartition, list[str]] = {}
        about = [(each, *target) for each in listening for target in _targets(each.pipeline, said)]
        for each, name, finding in about:
            try:
                notes = each.pipeline.hear(name, saying(said, finding))
            except HebbstreamError as error:
                self._refuse(remark, "refused", str(error), told=True)
            else:
                heard.setdefault(each.partition, []).extend(note.label.value for note in notes)
        if not about:
            self._refuse(remark, "not_here", "about nothing that is held here", told=False)
        return heard

    def _refuse(self, remark: Remark, reason: str, detail: str, *, told: bool) -> None:
        self._telemetry.feedback_refused(reason)
        place = {"partition": int(remark.place), "offset": remark.offset}
        if not told:
            log.info("feedback not heeded here", reason=reason, detail=detail, **place)
            return
        log.warning("feedback refused", reason=reason, detail=detail, **place)
        if self._send is not None:
            at = InputPartition(self.topic, int(remark.place))
            why = ("bad_feedback", detail[:DETAIL_MAX])
            self._send([dead_letter(at, remark.offset, remark.key, remark.value, *why)])


def _targets(pipeline: PartitionPipeline, said: FeedbackRecord) -> list[tuple[str, Finding | None]]:
    """Find the group that is spoken of in one partition."""
    if said.incident_id is not None:
        found = pipeline.find(said.incident_id)
        return [] if found is None else [found]
    return [(said.group, None)] if said.group in pipeline.groups and said.group else []

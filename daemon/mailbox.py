"""What people say over HTTP, handed to the engine's thread, which alone touches a detector.

A letter is heard between two batches and saved with the position it was heard at before it is
answered, so that a restart never repeats frames without what was said of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Literal

from daemon.overheard import Held, Overheard
from daemon.pipeline import PartitionPipeline
from daemon.records import InputPartition
from daemon.said import Say
from hebbstream import HebbstreamError, Note

Purpose = Literal["tell", "undo", "ask"]
#: Looks in a partition for whom a letter is about: the group's name and what is said to it.
Address = Callable[[PartitionPipeline], tuple[str, Say] | None]


class NobodyThereError(HebbstreamError):
    """What was spoken to is not here: a group that vanished or moved, feedback that was undone."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a letter: who heard it, the notes, and whether a checkpoint holds them."""

    partition: InputPartition
    group: str
    notes: tuple[Note, ...]
    saved: bool


@dataclass(frozen=True, slots=True)
class _Letter:
    address: Address
    purpose: Purpose
    answer: Future[Heard]
    nobody: str


@dataclass(slots=True)
class Mailbox:
    """Letters that wait for the engine; any thread may send.

    Attributes
    ----------
    overheard : Overheard or None
        What is said on the feedback topic, heard before the letters.
    """

    overheard: Overheard | None = None
    _letters: SimpleQueue[_Letter] = field(default_factory=SimpleQueue)

    def send(
        self, partition: InputPartition, group: str, say: Say, purpose: Purpose = "tell"
    ) -> Future[Heard]:
        """Have something said to the detector of a group.

        Parameters
        ----------
        partition : InputPartition
            Whose it is.
        group : str
            Its name.
        say : callable
            Called with the detector, on the engine's thread.
        purpose : str, optional
            To tell, to undo what was told, or only to ask, which need not be saved.

        Returns
        -------
        Future of Heard
            Fails with NobodyThereError, or with what `say` raised of the library's errors.
        """

        def address(pipeline: PartitionPipeline) -> tuple[str, Say] | None:
            here = pipeline.partition == partition and group in pipeline.groups
            return (group, say) if here else None

        return self.post(address, f"group {group} is not here any more", purpose)

    def post(self, address: Address, nobody: str, purpose: Purpose = "tell") -> Future[Heard]:
        """Have something said to whom the engine finds when it comes to it.

        Parameters
        ----------
        address : callable
            Asked of each partition that is owned then, on the engine's thread; the first answer
            counts.
        nobody : str
            What is said where none has an answer.
        purpose : str, optional
            As for `send`.

        Returns
        -------
        Future of Heard
            As of `send`.
        """
        answer: Future[Heard] = Future()
        self._letters.put(_Letter(address, purpose, answer, nobody))
        return answer

    def deliver(
        self, owned: Mapping[InputPartition, Held], save: Callable[[InputPartition], bool]
    ) -> list[str]:
        """Let detectors hear what waits; on the engine's thread.

        Parameters
        ----------
        owned : mapping
            Partitions that are owned now.
        save : callable
            Makes a partition durable; False when it could not.

        Returns
        -------
        list of str
            Labels of the notes that were told, for the count of them.
        """
        told = [] if self.overheard is None else self.overheard.deliver(owned, save)
        while True:
            try:
                letter = self._letters.get_nowait()
            except Empty:
                return told
            if not letter.answer.set_running_or_notify_cancel():
                continue
            try:
                partition, group, notes = _hear(owned, letter)
                saved = letter.purpose == "ask" or save(partition)
            except HebbstreamError as error:
                letter.answer.set_exception(error)
            except BaseException as error:
                letter.answer.set_exception(error)
                raise
            else:
                if letter.purpose == "tell":
                    told += [note.label.value for note in notes]
                letter.answer.set_result(Heard(partition, group, notes, saved))


def _hear(
    owned: Mapping[InputPartition, Held], letter: _Letter
) -> tuple[InputPartition, str, tuple[Note, ...]]:
    for partition, held in owned.items():
        found = letter.address(held.pipeline)
        if found is not None:
            group, say = found
            return partition, group, held.pipeline.hear(group, say)
    raise NobodyThereError(letter.nobody)

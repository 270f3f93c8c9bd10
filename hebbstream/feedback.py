"""What people said about a detector's findings: listed, undone one by one, part of the snapshot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

import numpy as np

from hebbstream.arrays import F64
from hebbstream.errors import FeedbackError
from hebbstream.kernels.layout import (
    LIFT,
    TERM_ROWS,
    WINDOW_LENGTH,
    WINDOW_PERIOD,
    WINDOW_START,
)

DAY_SECONDS = 86_400.0
WEEK_SECONDS = 7 * DAY_SECONDS
#: The line is raised to this many times the score that was no anomaly.
MARGIN = 1.25
#: No line is raised further: a pattern that is this much louder is told again.
LIFT_MAX = 100.0
#: Notes kept of one detector; the oldest goes first.
NOTES_MAX = 100


class Label(StrEnum):
    """What a person may say about a finding.

    ANOMALY keeps what goes on out of learning; EXPECTED mutes a window that comes again;
    NOT_ANOMALY raises the line for a pattern; NEW_TREND takes the present for normal;
    MUTED_RELATION leaves one relation out of every verdict.
    """

    ANOMALY = "ANOMALY"
    EXPECTED = "EXPECTED"
    NOT_ANOMALY = "NOT_ANOMALY"
    NEW_TREND = "NEW_TREND"
    MUTED_RELATION = "MUTED_RELATION"


@dataclass(frozen=True, slots=True)
class Note:
    """One piece of feedback.

    Attributes
    ----------
    label : Label
        What was said.
    tick : int
        Frames seen when it was told.
    pattern : mapping of str to float
        Evidence by name of series, for NOT_ANOMALY and EXPECTED; empty when any will do.
    lift : float
        How many times higher the line is, for NOT_ANOMALY.
    start, length, period : float
        Unix seconds of one window, its length and what is between two, in seconds, for EXPECTED.
    relation : tuple of str
        Names of the two ends, for MUTED_RELATION.
    number : int
        Its own in its detector, never used again.
    """

    label: Label
    tick: int
    pattern: Mapping[str, float] = field(default_factory=dict)
    lift: float = 1.0
    start: float = 0.0
    length: float = 0.0
    period: float = WEEK_SECONDS
    relation: tuple[str, ...] = ()
    number: int = 0

    def check(self) -> None:
        """Make sure that a detector can heed it.

        Raises
        ------
        FeedbackError
            When the pattern, the window or the relation is none.
        """
        if not all(math.isfinite(value) and value >= 0 for value in self.pattern.values()):
            msg = "a pattern has numbers, and none below 0"
            raise FeedbackError(msg)
        if self.label is Label.NOT_ANOMALY and not (
            any(self.pattern.values()) and 1 <= self.lift <= LIFT_MAX
        ):
            msg = "what is no anomaly needs the evidence of a series, and a score"
            raise FeedbackError(msg)
        window = (self.start, self.length, self.period)
        if self.label is Label.EXPECTED and not (
            all(map(math.isfinite, window)) and 0 < self.length < self.period
        ):
            msg = "a window ends after it starts, and before it comes again"
            raise FeedbackError(msg)
        if self.label is Label.MUTED_RELATION and len(set(self.relation)) != 2:
            msg = "a relation has two ends"
            raise FeedbackError(msg)


@dataclass(slots=True)
class Feedback:
    """The notes of one detector.

    Attributes
    ----------
    notes : list of Note
        In the order they were told.
    count : int
        Notes ever told, which numbers them.
    """

    notes: list[Note] = field(default_factory=list)
    count: int = 0

    def keep(self, note: Note) -> Note:
        """Add a note.

        Parameters
        ----------
        note : Note
            Of any number.

        Returns
        -------
        Note
            What is kept, with a number of its own.

        Raises
        ------
        FeedbackError
            When it makes no sense; then nothing is kept.
        """
        note.check()
        note = replace(note, number=self.count)
        self.count += 1
        self.notes = [*self.notes, note][-NOTES_MAX:]
        return note

    def take(self, number: int) -> Note:
        """Take a note away.

        Parameters
        ----------
        number : int
            The note's.

        Returns
        -------
        Note
            What is no longer kept.

        Raises
        ------
        FeedbackError
            When there is no such note.
        """
        for note in self.notes:
            if note.number == number:
                self.notes = [other for other in self.notes if other is not note]
                return note
        msg = f"there is no feedback {number}"
        raise FeedbackError(msg)

    def rename(self, old: str, new: str) -> None:
        """Let notes go on under a series' new name."""
        self.notes = [
            replace(
                note,
                pattern={new if n == old else n: value for n, value in note.pattern.items()},
                relation=tuple(new if n == old else n for n in note.relation),
            )
            for note in self.notes
        ]

    def terms(self, series: Sequence[str]) -> tuple[F64, F64]:
        """Lay what bears on scores out for the kernel `heed`.

        Parameters
        ----------
        series : sequence of str
            Names in column order.

        Returns
        -------
        patterns : float64[p, n]
            Evidence by column. A pattern none of whose series is here is left out.
        terms : float64[4, p]
            See layout.
        """
        place = {name: j for j, name in enumerate(series)}
        rows: list[tuple[F64, tuple[float, ...]]] = []
        for note in self.notes:
            if note.label not in (Label.NOT_ANOMALY, Label.EXPECTED):
                continue
            pattern = np.zeros(len(series))
            for name, value in note.pattern.items():
                if name in place:
                    pattern[place[name]] = value
            if note.pattern and not pattern.any():
                continue
            lift = math.inf if note.label is Label.EXPECTED else note.lift
            rows.append((pattern, (lift, note.start, note.length, note.period)))
        patterns = np.array([row for row, _ in rows]).reshape(len(rows), len(series))
        terms = np.zeros((TERM_ROWS, len(rows)))
        for p, (_, values) in enumerate(rows):
            terms[[LIFT, WINDOW_START, WINDOW_LENGTH, WINDOW_PERIOD], p] = values
        return patterns, terms

    def muted(self, series: Sequence[str]) -> list[tuple[int, int]]:
        """Columns of the ends of each muted relation that is here."""
        place = {name: j for j, name in enumerate(series)}
        return [
            (place[note.relation[0]], place[note.relation[1]])
            for note in self.notes
            if note.relation and all(name in place for name in note.relation)
        ]

    def dump(self) -> dict[str, Any]:
        """Return JSON values for `load`."""
        return {"count": self.count, "notes": [asdict(note) for note in self.notes]}

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """Read what `dump` wrote.

        Parameters
        ----------
        data : mapping
            JSON values.

        Returns
        -------
        Feedback
            With the same notes.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it holds what nobody can have said.
        """
        notes = [
            Note(**{**n, "label": Label(n["label"]), "relation": tuple(n["relation"])})
            for n in data["notes"]
        ]
        count = data["count"]
        for note in notes:
            note.check()
        numbers = [note.number for note in notes]
        if (
            type(count) is not int
            or numbers != sorted({*numbers})
            or max(numbers, default=-1) >= count
        ):
            msg = "the numbers of the feedback do not rise"
            raise ValueError(msg)
        return cls(notes, count)

"""A group that heeds what people say about its findings, at once and until it is undone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from hebbstream.arrays import F64
from hebbstream.errors import FeedbackError, SeriesError
from hebbstream.feedback import LIFT_MAX, MARGIN, WEEK_SECONDS, Feedback, Label, Note
from hebbstream.group import Group
from hebbstream.kernels.feedback import heed
from hebbstream.kernels.layout import EVIDENCE
from hebbstream.kernels.model import Output
from hebbstream.kernels.quarantine import restore_parked
from hebbstream.params import DetectorParams
from hebbstream.revision import mute

_OF_A_MOMENT = (Label.ANOMALY, Label.NEW_TREND)


class GuidedGroup(Group):
    """A group and what was said about it; parameters are those of `Group`.

    Every method that says something returns the note of it, acts from the next frame on, and is
    undone by `undo`. Notes are kept over `reset` and in snapshots; past a hundred the oldest goes.
    """

    def __init__(
        self,
        series: Iterable[str],
        params: DetectorParams | None = None,
        interval_seconds: float = 60.0,
    ) -> None:
        self._told = Feedback()
        super().__init__(series, params, interval_seconds)

    def _make_scratch(self) -> None:
        self._listen()
        super()._make_scratch()

    def _listen(self) -> None:
        """Lay out what was said, after it or the series changed."""
        self._patterns, self._terms = self._told.terms(self._series)
        self._muted = self._told.muted(self._series)
        mute(self._state.graph, self._muted)

    def _renew(self) -> None:
        if self._muted:  # a relation may have grown anew
            mute(self._state.graph, self._muted)
        super()._renew()

    def _keep(self, note: Note) -> Note:
        """Keep a note and heed it from now on."""
        note = self._told.keep(note)
        self._listen()
        return note

    def _heed(self, out: Output, clock: F64) -> None:
        """Apply what was said to the scores of a block."""
        if len(self._patterns):
            heed(out.verdicts, out.details[EVIDENCE], clock, self._patterns, self._terms)

    def rename_series(self, old: str, new: str) -> None:
        """Give a series another name; its state, and what was said of it, stay.

        Parameters
        ----------
        old, new : str
            The name it has, and one that is free.

        Raises
        ------
        SeriesError
            When there is no `old`, or `new` is taken or no text.
        """
        super().rename_series(old, new)
        self._told.rename(old, new)
        self._listen()

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was said and holds, in the order it was told."""
        return tuple(self._told.notes)

    @property
    def barred(self) -> bool:
        """True while what goes on is kept out of learning."""
        return self._state.plasticity.barred

    def not_anomaly(self, pattern: Mapping[str, float], score: float) -> Note:
        """Raise the line for frames whose evidence is spread over the series like this.

        The line is raised a quarter above the score that was no anomaly: what is louder alerts.

        Parameters
        ----------
        pattern : mapping of str to float
            Evidence by name of series, of the tick or summed over the incident.
        score : float
            The highest that was no anomaly, 1.0 being the alert line.

        Returns
        -------
        Note
            What is kept.

        Raises
        ------
        FeedbackError
            When there is no evidence, or no such score.
        SeriesError
            When a series is unknown.
        """
        if not (math.isfinite(score) and score >= 0):
            msg = f"there is no score {score}"
            raise FeedbackError(msg)
        lift = min(MARGIN * max(1.0, score), LIFT_MAX)
        return self._keep(
            Note(Label.NOT_ANOMALY, self._tick, pattern=self._pattern(pattern), lift=lift)
        )

    def expect(
        self,
        start: float,
        end: float,
        *,
        period: float = WEEK_SECONDS,
        pattern: Mapping[str, float] | None = None,
    ) -> Note:
        """Expect whatever happens in a window that comes again, or only what is like a pattern.

        Parameters
        ----------
        start, end : float
            Unix seconds of one such window.
        period : float, optional
            Seconds from one to the next; a week.
        pattern : mapping of str to float, optional
            Evidence by name of series; anything when absent.

        Returns
        -------
        Note
            What is kept.

        Raises
        ------
        FeedbackError
            When the window is empty, or as long as its period, or a pattern has no evidence.
        SeriesError
            When a series is unknown.
        """
        return self._keep(
            Note(
                Label.EXPECTED,
                self._tick,
                pattern=self._pattern(pattern or {}),
                start=float(start),
                length=float(end - start),
                period=float(period),
            )
        )

    def new_trend(self) -> Note:
        """Take the present for normal at once, as `adopt` does.

        Returns
        -------
        Note
            What is kept; undone, what was normal before is normal again.
        """
        self.adopt()
        return self._keep(Note(Label.NEW_TREND, self._tick))

    def keep_out(self, since: int | None = None) -> Note:
        """Keep what goes on out of learning until it has ended, however long it stays.

        Parameters
        ----------
        since : int, optional
            Tick at which it began; what was adopted since is given up.

        Returns
        -------
        Note
            What is kept; undone, what goes on may be adopted like anything that stays.
        """
        if since is not None and self._state.plasticity.adopted_since(since):
            self._restore()
        self._state.plasticity.bar()
        return self._keep(Note(Label.ANOMALY, self._tick))

    def mute(self, source: str, target: str) -> Note:
        """Leave the relation of two series out of every verdict, now or whenever it grows.

        Parameters
        ----------
        source, target : str
            Names of its ends, in any order.

        Returns
        -------
        Note
            What is kept.

        Raises
        ------
        FeedbackError
            When both are the same.
        SeriesError
            When a series is unknown.
        """
        for name in (source, target):
            self._index(name)
        return self._keep(
            Note(Label.MUTED_RELATION, self._tick, relation=tuple(sorted((source, target))))
        )

    def take_over(self, notes: Iterable[Note]) -> tuple[Note, ...]:
        """Heed what was said to another detector of the same series, where it still holds.

        What was said of a moment, ANOMALY and NEW_TREND, is about what that detector had learnt.

        Parameters
        ----------
        notes : iterable of Note
            In the order they were told.

        Returns
        -------
        tuple of Note
            What is kept of them, with numbers of this detector.
        """
        lasting = [note for note in notes if note.label not in _OF_A_MOMENT]
        return tuple(self._keep(replace(note, tick=self._tick)) for note in lasting)

    def undo(self, number: int) -> Note:
        """Take back what was said.

        Parameters
        ----------
        number : int
            Of the note.

        Returns
        -------
        Note
            What no longer holds.

        Raises
        ------
        FeedbackError
            When there is no such note, or what was normal before a new trend is not kept any more.
        """
        told = {note.number: note for note in self._told.notes}.get(number)
        trend = told is not None and told.label is Label.NEW_TREND
        if told and trend and not self._state.plasticity.adopted_since(told.tick):
            msg = f"feedback {number} cannot be undone: what was normal before is not kept any more"
            raise FeedbackError(msg)
        note = self._told.take(number)
        if trend:
            self._restore()
        elif note.label is Label.ANOMALY:
            self._state.plasticity.unbar()
        self._listen()
        return note

    def _pattern(self, pattern: Mapping[str, float]) -> dict[str, float]:
        known = set(self._series)
        for name in pattern:
            if name not in known:
                msg = f"no series {name!r}"
                raise SeriesError(msg)
        told = {name: float(value) for name, value in pattern.items() if value != 0}
        if pattern and not told:  # without any, whatever happens would be meant
            msg = "a pattern needs the evidence of a series, not zeros alone"
            raise FeedbackError(msg)
        return told

    def _restore(self) -> None:
        """Judge by the parked regime again."""
        self._state.plasticity.forget_trial()
        restore_parked(self._model)

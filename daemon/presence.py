"""How regularly each series of a group reports, and when it has been quiet for too long.

Per series a chain of two states, reporting and pausing, learnt online: the chance a that a pause
begins after a sample, and the chance c that it goes on for another tick. A pause of k ticks then
has the probability a c^(k - 1), and is overdue when that falls below the line that the budget of
false alarms implies. A pause that got overdue is not learnt, so that an outage does not become
normal, until it has come back often enough to be the series' rhythm.

A series that repeats its value far longer than it ever has is stuck, and as good as silent.

Pure, in event time; ticks are frames. Only a series that begins or ends a pause costs anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.config import MetricRule, SilenceSection
from daemon.kernels.bound import Course, bind_course, locate_course
from daemon.kernels.course import find_present
from daemon.records import F64, I64, NANOSECONDS, FrameBlock, Series
from daemon.repeats import count_repeats

Mask = NDArray[np.bool_]

_NEVER = np.int64(2**62)
#: Before anything is known a pause goes on for another tick once in ten; worth five ticks of pause.
PRIOR_PAUSED, PRIOR_LONGER = 5.0, 0.5
#: The line is never stricter or laxer than this, however many or few ticks a day has.
LINE_MIN, LINE_MAX = 1e-300, 0.01
#: Overdue pauses in memory from which on they are learnt: three, less what has decayed.
STRIKES = 2.5
#: A series that stopped with one that is overdue is named with it from half the line on.
COMPANION_SCORE = 0.5
#: Ticks by which series that stop together may differ.
TOGETHER_TICKS = 1
_NS_PER_DAY = 86_400 * NANOSECONDS
#: What is known of each series, and what it is of a new one.
RHYTHM: dict[str, Any] = {
    "here": False, "overdue": False, "born": -1, "last": -1, "stamp": 0, "due": _NEVER, "since": 0,
    "pauses": 0.0, "paused": 0.0, "absent": 0.0, "strikes": 0.0, "begins": 0.0, "goes_on": 0.0,
}  # fmt: skip
#: The rows of `daemon.kernels.course`, which earlier versions do not have.
COURSE = ("value", "run", "longest", "samples", "freezes")
FRESH: Mapping[str, Any] = RHYTHM | dict.fromkeys(COURSE, 0.0)


@dataclass(frozen=True, slots=True)
class Shift:
    """A tick at which series are found to have stopped, or report again.

    Attributes
    ----------
    row : int
        Row of the block.
    stopped : int64[S]
        Columns that are overdue from this tick on, with those that stopped together with them.
    stopped_score, returned_score : float64
        How overdue each is, 1.0 at the line; for the returned ones at their last quiet tick.
    since : int
        Tick of the first missing sample, or the first repeat, of those that stopped.
    returned : int64[R]
        Columns that were overdue and have a sample again.
    others_go_on : bool
        Some of the group's series go on while these have stopped.
    p_line : float
        Probability of a pause at the line.
    """

    row: int
    stopped: I64
    stopped_score: F64
    since: int
    returned: I64
    returned_score: F64
    others_go_on: bool
    p_line: float


class Presence:
    """The rhythm of each series of one group.

    Parameters
    ----------
    section : SilenceSection
        What counts as too long.
    metrics : sequence of MetricRule
        Which metrics may stop without a word.
    interval_ns : int
        Grid step, nanoseconds.

    Attributes
    ----------
    frames : int
        Frames seen; every `frame` below counts them.
    keys : tuple of str
        Series in column order.
    here, overdue : bool[n]
        Whether the last frame had a sample, and whether the pause is known to be too long.
    born, last, stamp : int64[n]
        Frame of the first sample (-1 before it), of the last one before the pause, and up to
        which the sums below have decayed.
    pauses, paused, absent, strikes : float64[n]
        Pauses learnt, ticks of them, ticks of all pauses, and overdue pauses; each decays.
    due, since : int64[n]
        Frame at which the present pause is overdue, tick at which it began: of the first missing
        sample, or of the first repeat where the series is stuck.
    begins, goes_on : float64[n]
        Logarithm of the probability of a pause, and of one tick more, in units of the line's.
    course : float64[5, n]
        What is known of how values repeat, see `daemon.kernels.course`.
    bound, place : Course, int
        What holds the course for kernels, and where that is.
    warmup : float
        Ticks until a series is known.
    excused : set of str
        Series of whose pauses none is judged that begins at `excused_until` or before.
    excused_until : int
        A tick.
    """

    def __init__(
        self, section: SilenceSection, metrics: Sequence[MetricRule], interval_ns: int
    ) -> None:
        self._section = section
        self._metrics = metrics
        self._ticks_per_day = _NS_PER_DAY / interval_ns
        seconds = interval_ns / NANOSECONDS
        self._memory = max(section.memory / seconds, 2.0)
        self.warmup = section.warmup / seconds
        self.frames = 0
        self.keys: tuple[str, ...] = ()
        self.here: Mask = np.zeros(0, dtype=np.bool_)
        self.overdue: Mask = np.zeros(0, dtype=np.bool_)
        self.watched: Mask = np.zeros(0, dtype=np.bool_)
        self.born, self.last, self.stamp = (np.zeros(0, dtype=np.int64) for _ in range(3))
        self.due, self.since = (np.zeros(0, dtype=np.int64) for _ in range(2))
        self.pauses, self.paused, self.absent, self.strikes = (np.zeros(0) for _ in range(4))
        self.begins, self.goes_on = np.zeros(0), np.zeros(0)
        self._hold(np.zeros((len(COURSE), 0)))
        self.excused: set[str] = set()
        self.excused_until = -1

    @property
    def p_line(self) -> float:
        """Probability of a pause at the line: the budget, shared by all series and ticks."""
        chances = max(len(self.keys), 1) * self._ticks_per_day
        return min(max(self._section.budget_per_day / chances, LINE_MIN), LINE_MAX)

    def change(self, members: Sequence[Series]) -> None:
        """Follow a change of members; those who stay keep what is known of them."""
        old = {key: column for column, key in enumerate(self.keys)}
        self.keys = tuple(series.key for series in members)
        source = np.array([old.get(key, -1) for key in self.keys], dtype=np.int64)
        stays = source >= 0
        for name, empty in RHYTHM.items():
            known = getattr(self, name)
            fresh = np.full(len(source), empty, dtype=known.dtype)
            fresh[stays] = known[source[stays]]
            setattr(self, name, fresh)
        course = np.zeros((len(COURSE), len(source)))
        course[:, stays] = self.course[:, source[stays]]
        self._hold(course)
        self.excused &= set(self.keys)
        self._watch(members)

    def _watch(self, members: Sequence[Series]) -> None:
        rules = (series.rule for series in members)
        self.watched = np.array([rule < 0 or self._metrics[rule].silence for rule in rules], bool)
        self.due[~self.watched] = _NEVER

    def _hold(self, course: F64) -> None:
        self.course: F64 = course
        self.bound: Course = bind_course(course)
        self.place = locate_course(self.bound)
        self._all_here = False

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is known of each series, for `restore`; not copies."""
        rhythm = {name: getattr(self, name) for name in RHYTHM}
        return rhythm | dict(zip(COURSE, self.course, strict=True))

    def restore(
        self, frames: int, arrays: Mapping[str, NDArray[Any]], members: Sequence[Series]
    ) -> None:
        """Go on with what `frames` and `arrays` were for these members.

        Parameters
        ----------
        frames : int
            Frames seen.
        arrays : mapping of str to array
            As `arrays` returned them; owned from now on.
        members : sequence of Series, length n
            The group's series in column order.

        Raises
        ------
        ValueError
            When an array's type or shape does not fit.
        """
        self.frames = frames
        self.keys = tuple(series.key for series in members)
        for name in FRESH:
            array, kind = arrays[name], np.asarray(FRESH[name]).dtype
            if array.dtype != kind or array.shape != (len(members),):
                msg = f"what is known of the series' rhythm does not fit them: {name}"
                raise ValueError(msg)
            if name in RHYTHM:
                setattr(self, name, array)
        self._hold(np.stack([arrays[name] for name in COURSE]))
        self._watch(members)

    def excuse(self, keys: Iterable[str], until: int) -> None:
        """Judge no pause of these series that has begun, or begins up to a tick.

        Parameters
        ----------
        keys : iterable of str
            Series that may have been told not to come; each is watched again from its first sample
            at that tick or later on.
        until : int
            Tick.
        """
        self.excused.update(keys)
        self.excused_until = max(self.excused_until, until)
        self.due[[key in self.excused for key in self.keys]] = _NEVER

    def _excused(self, columns: I64) -> Mask:
        """Tell whose present pause is not judged."""
        if not self.excused:
            return np.zeros(len(columns), dtype=np.bool_)
        named = np.array([self.keys[column] in self.excused for column in columns], dtype=np.bool_)
        excused: Mask = named & (self.since[columns] <= self.excused_until)
        return excused

    def settle(self, tick: int) -> None:
        """Forget the excuse of series that have come again by a tick, the last one followed."""
        if self.excused and tick > self.excused_until:
            away = ~self.here & (self.since <= self.excused_until)
            self.excused &= {self.keys[column] for column in np.flatnonzero(away)}

    def may_be_calm(self, block: FrameBlock) -> bool:
        """Tell whether all reported before a block, and whether they do is all there is to ask."""
        steady = self._all_here and not (block.joined or block.left or self.excused)
        return steady and self._section.stuck

    def follow(self, block: FrameBlock) -> list[Shift]:
        """Take in a block's frames.

        Parameters
        ----------
        block : FrameBlock
            Frames of the present members.

        Returns
        -------
        list of Shift
            Ticks at which something is to be told, in order.
        """
        present: Mask = np.empty(block.frames.shape, dtype=np.bool_)
        before = self.course.copy()
        if self._section.stuck:
            # A frame in which all is missing is a view of one number, which no kernel is made for.
            frames = block.frames if block.frames.flags.writeable else np.array(block.frames)
            find_present(frames, self.course, present, self.warmup)
        else:
            np.invert(np.isnan(block.frames), out=present)
        count, first = len(present), self.frames
        self.frames += count
        self._all_here = self._all_here or bool(self.here.all())
        if self._all_here and present.all():
            return []
        self._all_here = False
        turns = np.empty_like(present)
        turns[:1] = present[:1] != self.here
        np.not_equal(present[1:], present[:-1], out=turns[1:])
        turning = np.flatnonzero(turns.any(axis=1))
        shifts = []
        row, position = -1, 0
        while True:
            due = max(int(self.due.min(initial=_NEVER)) - first, row + 1)
            coming = int(turning[position]) if position < len(turning) else count
            row = min(due, coming)
            if row >= count:
                break
            returned, score = np.zeros(0, dtype=np.int64), np.zeros(0)
            if row == coming:
                position += 1
                turned = np.flatnonzero(turns[row])
                ends = present[row, turned]
                returned, score = self._end_pauses(turned[ends], first + row)
                begun = turned[~ends]
                repeats = count_repeats(block.frames[: row + 1], begun, before)
                since = int(block.ticks[row]) - np.maximum(repeats - 1, 0)
                self._begin_pauses(begun, first + row, since)
                self.here = present[row].copy()
            shift = self._find(row, first + row, returned, score)
            if shift is not None:
                shifts.append(shift)
        return shifts

    def _end_pauses(self, columns: I64, frame: int) -> tuple[I64, F64]:
        """Learn the pauses that end now; returns those that were overdue, and how much."""
        new = self.born[columns] < 0
        self.born[columns[new]] = frame
        columns = columns[~new]
        length = (frame - self.last[columns] - 1).astype(np.float64)
        score = self._scores(columns, frame - 1)
        self._decay(columns, frame)
        late = (score >= 1.0) & (length >= self._section.after)
        strike = late | self.overdue[columns]
        self.strikes[columns] += strike
        learnt = ~strike | (self.strikes[columns] >= STRIKES)
        self.pauses[columns] += learnt
        self.paused[columns] += learnt * length
        self.absent[columns] += length
        self.due[columns] = _NEVER
        told = self.overdue[columns]
        self.overdue[columns] = False
        return columns[told], score[told]

    def _begin_pauses(self, columns: I64, frame: int, since: I64) -> None:
        """Decide how long a pause may be that is found to begin now, and began at these ticks."""
        if not len(columns):
            return
        self._decay(columns, frame)
        pauses, paused = self.pauses[columns], self.paused[columns]
        reported = np.maximum(self._window(columns, frame) - paused, 0.0)
        begins = np.log(np.minimum((pauses + 1.0) / (reported + 2.0), 1.0))
        longer = (paused - pauses + PRIOR_LONGER) / (paused + PRIOR_PAUSED)
        # One standard error up: few pauses tell little of how long they may become.
        doubt = np.sqrt(longer * (1.0 - longer) * paused) / (paused + PRIOR_PAUSED)
        goes_on = np.log(longer + doubt)
        line = math.log(self.p_line)
        least = np.ceil((line - begins) / goes_on) + 1.0
        allowed = np.clip(least, self._section.after, 2.0**40).astype(np.int64)
        self.last[columns], self.since[columns] = frame - 1, since
        self.begins[columns], self.goes_on[columns] = begins / line, goes_on / line
        judged = self._regular(columns, frame) & ~self._excused(columns)
        self.due[columns] = np.where(judged, frame - 1 + allowed, _NEVER)

    def _find(self, row: int, frame: int, returned: I64, score: F64) -> Shift | None:
        """Find who is overdue at a frame, who stopped with them, and whether others go on."""
        hits = np.flatnonzero(self.due <= frame)
        if not len(hits) and not len(returned):
            return None
        stopped, others_go_on = hits, True
        if len(hits):
            everyone = np.arange(len(self.keys))
            regular = self._regular(everyone, frame)
            steps = range(-TOGETHER_TICKS, TOGETHER_TICKS + 1)
            when = np.concatenate([self.last[hits] + step for step in steps])
            near = regular & ~self.here & ~self.overdue & np.isin(self.last, when)
            near &= ~self._excused(everyone)
            near &= self._scores(everyone, frame) >= COMPANION_SCORE
            near[hits] = True
            stopped = np.flatnonzero(near)
            goes_on = self.last > int(self.last[hits].max()) + TOGETHER_TICKS
            others_go_on = bool((self.here | (regular & goes_on)).any())
            self.overdue[stopped] = True
            self.due[stopped] = _NEVER
        since = int(self.since[stopped].min(initial=int(_NEVER)))
        scores = self._scores(stopped, frame)
        return Shift(row, stopped, scores, since, returned, score, others_go_on, self.p_line)

    def _scores(self, columns: I64, frame: int) -> F64:
        """Return how improbable the present pauses are, 1.0 at the line."""
        length = frame - self.last[columns]
        scores: F64 = self.begins[columns] + (length - 1) * self.goes_on[columns]
        return scores

    def _regular(self, columns: I64, frame: int) -> Mask:
        """Tell which series are old enough, report often enough, and are watched."""
        age = frame - self.born[columns]
        fade = np.exp(-(frame - self.stamp[columns]) / self._memory)
        missing = self.absent[columns] * fade / np.maximum(self._window(columns, frame), 1.0)
        old = (self.born[columns] >= 0) & (age >= self.warmup)
        often = 1.0 - missing >= self._section.presence_min
        regular: Mask = self.watched[columns] & old & often
        return regular

    def _window(self, columns: I64, frame: int) -> F64:
        """Return how many ticks are in memory."""
        age = frame - self.born[columns]
        window: F64 = self._memory * -np.expm1(-age / self._memory)
        return window

    def _decay(self, columns: I64, frame: int) -> None:
        fade = np.exp(-(frame - self.stamp[columns]) / self._memory)
        for sums in (self.pauses, self.paused, self.absent, self.strikes):
            sums[columns] *= fade
        self.stamp[columns] = frame

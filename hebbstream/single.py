"""State of a group of one series: lanes, views, the habits of its days, and what was told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from hebbstream.arrays import F32, F64
from hebbstream.kernels import layout as at
from hebbstream.params import DAY

#: What may be negative in `sole`.
SIGNED = [
    at.FOLLOWED,
    at.MEAN_SHORT,
    at.MEAN_MEDIUM,
    at.MEAN_LONG,
    at.SLOT,
    at.TOLD_HABIT,
    at.WEEK_SLOT,
]
#: Samples that the prior of a view's tail is worth.
VIEW_PRIOR_COUNT = 200.0


def recall_slots(interval_seconds: float) -> int:
    """Count the slots that a day is remembered in.

    Parameters
    ----------
    interval_seconds : float
        Grid step.

    Returns
    -------
    int
        At least two ticks each; 0 on a grid too coarse to tell times of a day apart.
    """
    slots = min(at.RECALL_SLOTS_MAX, int(DAY / interval_seconds / 2))
    return slots if slots >= at.RECALL_SLOTS_MIN else 0


def week_slots(interval_seconds: float) -> int:
    """Count the slots that a week is remembered in.

    Parameters
    ----------
    interval_seconds : float
        Grid step.

    Returns
    -------
    int
        Half-hours, or ticks where these are longer; 0 where a day has no slots.
    """
    if recall_slots(interval_seconds) == 0:
        return 0
    return 7 * min(at.RECALL_SLOTS_MAX, int(DAY / interval_seconds))


@dataclass(slots=True)
class Single:
    """What is known of a lone series; arrays without elements in any other group.

    Attributes
    ----------
    lanes : float64[10 + 2h + 1, 4]
        Moments, clock and coefficients of the lanes.
    view_histograms : float32[5, BINS]
        Decayed counts of each view's logarithm.
    view_tails : float64[5, 5]
        As in `Calibration`.
    recall : float64[3, s]
        Habits of the day.
    weeks : float32[4, w]
        Habits of the week.
    sole : float64[SOLE_ROWS]
        Smoothed values, episodes, what was told.
    course_rows : int
        Coefficients of a daily course.
    slots, week : int
        Slots of the day and of the week.
    enabled : bool
        False when a lone series is judged like any group.
    """

    lanes: F64
    view_histograms: F32
    view_tails: F64
    recall: F64
    weeks: F32
    sole: F64
    course_rows: int
    slots: int
    week: int
    enabled: bool

    @classmethod
    def empty(cls, n: int, course_rows: int, interval_seconds: float, *, enabled: bool) -> Self:
        """Make the state of a group of n series that has seen nothing.

        Parameters
        ----------
        n : int
            Series of the group.
        course_rows : int
            Coefficients of a daily course; 0 without a clock, and then days have no habits.
        interval_seconds : float
            Grid step.
        enabled : bool
            False when a lone series is judged like any group.

        Returns
        -------
        Single
            Fresh.
        """
        slots = recall_slots(interval_seconds) if course_rows else 0
        week = week_slots(interval_seconds) if course_rows else 0
        none, few = np.zeros((0, 0)), np.zeros((0, 0), np.float32)
        state = cls(none, few, none, none, few, np.zeros(0), course_rows, slots, week, enabled)
        state.begin(n)
        return state

    def begin(self, n: int) -> None:
        """Start anew for a group of n series: lone, or not.

        A series that is left alone starts its views from nothing: what its group had learnt is
        not of their kind. Until they are warm it is judged as the group was.
        """
        alone = n == 1 and self.enabled
        lanes, views = (at.LANES, at.VIEWS) if alone else (0, 0)
        self.lanes = np.zeros((at.LANE_COEFFICIENTS + self.course_rows, lanes))
        self.view_histograms = np.zeros((views, at.BINS), np.float32)
        self.view_tails = np.zeros((views, at.TAIL_ROWS))
        self.view_tails[:, at.INCREMENT] = 1.0
        self.view_tails[:, at.PRIOR] = VIEW_PRIOR_COUNT
        self.recall = np.zeros((at.RECALL_ROWS, self.slots if alone else 0))
        self.recall[at.RECALL_WAITING] = -1.0
        self.weeks = np.zeros((at.WEEK_ROWS, self.week if alone else 0), np.float32)
        self.weeks[at.WEEK_WAITING] = -1.0
        self.sole = np.zeros(at.SOLE_ROWS if alone else 0)
        if alone:
            self.sole[[at.SLOT, at.WEEK_SLOT]] = -1.0
            self.sole[at.TOLD_INCREMENT] = 1.0
            self.sole[at.ROUGHNESS] = 1.0

    def adopt(self, count: float) -> None:
        """Take the present regime as normal at once: every lane is learnt anew.

        Parameters
        ----------
        count : float
            Samples the lanes are taken to have seen.
        """
        moments = self.lanes[: at.MOMENT_ROWS]
        moments[at.COUNT] = np.minimum(moments[at.COUNT], count)
        moments[at.HIGH] = moments[at.LOW] = moments[at.MEAN]

    def check(self) -> None:
        """Make sure that the kernels can read the state.

        Raises
        ------
        ValueError
            When a count, a variance or a weight is negative, a range is upside down, or a bin or
            slot does not exist.
        """
        clock = self.lanes[at.MOMENT_ROWS : at.LANE_COEFFICIENTS]
        top = self.view_tails[:, at.TOP]
        parts = [
            self.lanes[[at.VARIANCE, at.COUNT, at.SEEN]],
            self.lanes[at.HIGH] - self.lanes[at.LOW],
            clock[[at.CLOCK_LEVEL_VARIANCE, at.CLOCK_COURSE_VARIANCE, at.CLOCK_COUNT]],
            self.view_histograms,
            self.view_tails,
            self.recall[at.RECALL_DAYS],
            self.recall[at.RECALL_WAITING] + 1.0,
            self.weeks[: at.WEEKS],
            self.weeks[at.WEEK_WAITING] + 1.0,
        ]
        wrong = any((part < 0).any() for part in parts)
        wrong |= bool((top != np.floor(top)).any() or (top >= at.BINS).any())
        wrong |= not self.view_tails[:, at.INCREMENT].all()
        if self.sole.size:
            wrong |= bool((np.delete(self.sole, SIGNED) < 0).any())
            for slot, slots in (
                (self.sole[at.SLOT], self.slots),
                (self.sole[at.WEEK_SLOT], self.week),
            ):
                wrong |= slot != np.floor(slot) or not -1 <= slot < max(slots, 1)
            wrong |= self.sole[at.TOLD_INCREMENT] == 0
        if wrong:
            msg = "the state of the lone series is impossible"
            raise ValueError(msg)

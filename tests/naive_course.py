"""Twin of the kernel that finds series whose value stands still, written from its description."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hebbstream.arrays import F64


@dataclass
class Course:
    """What is known of one series."""

    value: float | None = None
    run: int = 0
    longest: int = 0
    samples: int = 0
    freezes: int = 0

    def take(self, value: float, known: float) -> bool:
        """Take a sample; returns whether it is news."""
        if value == self.value and value != 0:
            self.run += 1
        else:
            frozen = is_frozen(self, known)
            self.freezes += frozen
            if not frozen or self.freezes >= 3:
                self.longest = max(self.longest, self.run)
            self.run = 0
        self.value = value
        self.samples += 1
        return not (is_frozen(self, known) and self.run <= known)


def is_frozen(course: Course, known: float) -> bool:
    """Tell whether the run is 15 long and five times the longest, of a series that is known."""
    run = course.run
    return run >= 15 and run > 5 * course.longest and course.samples - run >= known


def find_present(frames: F64, courses: list[Course], known: float) -> list[list[bool]]:
    """Of each frame, whether each sample is there and news."""
    return [
        [
            bool(not np.isnan(value) and course.take(float(value), known))
            for course, value in zip(courses, frame, strict=True)
        ]
        for frame in frames
    ]

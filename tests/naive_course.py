"""Twin of the kernel that finds series whose value stands still, written from its description."""

from __future__ import annotations

from dataclasses import dataclass, replace

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


def take_moving(frames: F64, courses: list[Course]) -> bool:
    """Take in frames of series that are known, each sample another than the last, or 0."""
    last = [course.value for course in courses]
    for frame in frames.tolist():
        rests = (now == before != 0 for now, before in zip(frame, last, strict=True))
        if any(rests) or np.isnan(frame).any():
            return False
        last = frame
    if any(course.run or not course.samples for course in courses):
        return False
    for frame in frames.tolist():
        for course, value in zip(courses, frame, strict=True):
            course.take(value, known=0.0)
    return True


def find_calm(blocks: list[F64], groups: list[list[Course]], known: float) -> list[bool]:
    """Of each group, whether all samples are there and news; of the others nothing is taken in."""
    calm = []
    for frames, courses in zip(blocks, groups, strict=True):
        tried = [replace(course) for course in courses]
        calm.append(all(map(all, find_present(frames, tried, known))))
        if calm[-1]:
            courses[:] = tried
    return calm

"""How much memory a group takes in this service: the detector, and what is kept beside it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from daemon.config import FramingSection, GroupingSection
from hebbstream import DetectorParams
from hebbstream.footprint import detector_bytes

#: Measured over groups of 5, 50 and 250 series, beside the arrays of the detector.
GROUP_BYTES, SERIES_BYTES = 18_000, 1_600
#: Groups of so many series are told at start.
SHOWN_SIZES = (10, 50, 250)


class Sized(Protocol):
    """The settings that decide how much memory a group takes."""

    @property
    def detector(self) -> DetectorParams:
        """Every knob."""
        ...

    @property
    def framing(self) -> FramingSection:
        """With the grid step."""
        ...

    @property
    def grouping(self) -> GroupingSection:
        """With the limits."""
        ...


def group_bytes(series: int, params: DetectorParams, interval_seconds: float) -> int:
    """Estimate a group's memory.

    Parameters
    ----------
    series : int
        How many it has.
    params : DetectorParams
        Every knob.
    interval_seconds : float
        Grid step.

    Returns
    -------
    int
        Bytes.
    """
    own = GROUP_BYTES + SERIES_BYTES * series
    return own + detector_bytes(series, params, interval_seconds)


def total_bytes(sizes: Iterable[int], params: DetectorParams, interval_seconds: float) -> int:
    """Estimate the memory of groups of these sizes."""
    counts = Counter(sizes).items()
    return sum(count * group_bytes(size, params, interval_seconds) for size, count in counts)


def words(count: float) -> str:
    """Write a number of bytes for people.

    Examples
    --------
    >>> words(512), words(221_727), words(2.5e9)
    ('512 bytes', '222 kB', '2.5 GB')
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count:.0f} bytes"


def memory_words(sections: Sized) -> dict[str, str]:
    """Say what groups take and how much of it is allowed, for the log at start.

    Parameters
    ----------
    sections : Sized
        Knobs, grid step, limits.

    Returns
    -------
    dict of str to str
        Fields of a log line.
    """
    limit = sections.grouping.memory_max
    known = {
        f"group_of_{size}": words(group_bytes(size, sections.detector, sections.framing.interval))
        for size in SHOWN_SIZES
    }
    return known | {"limit_per_partition": "none" if limit is None else words(limit)}

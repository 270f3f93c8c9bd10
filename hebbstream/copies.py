"""A copy of a detector's state that costs little to take and is written as bytes later.

Taking it copies arrays and nothing else, so that whoever feeds the detector waits for a few
microseconds; `dump` encodes and hashes, on any thread, while the detector goes on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from hebbstream import snapshot
from hebbstream.params import DetectorParams
from hebbstream.results import JournalEntry


@dataclass(frozen=True, slots=True)
class DetectorCopy:
    """What a detector held at one moment; shares nothing with it that changes.

    Attributes
    ----------
    series : tuple of str
        Names in column order.
    params : DetectorParams
        Every knob.
    interval_seconds : float
        Grid step.
    tick : int
        Frames seen.
    waiting : tuple of JournalEntry
        Changes that no result has told yet.
    told : dict
        What people said, as JSON values.
    arrays : dict of str to array
        Everything learnt.
    """

    series: tuple[str, ...]
    params: DetectorParams
    interval_seconds: float
    tick: int
    waiting: tuple[JournalEntry, ...]
    told: dict[str, Any]
    arrays: snapshot.Arrays

    def dump(self) -> bytes:
        """Write it as plain data, float bits exact.

        Returns
        -------
        bytes
            For `Detector.load`.
        """
        header = {
            "series": self.series,
            "params": _plain(self.params),
            "interval_seconds": self.interval_seconds,
            "tick": self.tick,
            "waiting": [asdict(entry) for entry in self.waiting],
            "told": self.told,
        }
        return snapshot.encode(header, self.arrays)


@lru_cache(maxsize=16)
def _plain(params: DetectorParams) -> dict[str, Any]:
    """Return the knobs as JSON values; all groups of a service share one set of them."""
    return params.model_dump(mode="json")

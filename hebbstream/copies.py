"""A copy of a detector's state that costs little to take and is written as bytes later.

Taking it copies arrays and nothing else, so that whoever feeds the detector waits for a few
microseconds; `dump` encodes and hashes, on any thread, while the detector goes on.
"""

from __future__ import annotations

import json
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
    arrays : Packed
        Everything learnt.
    """

    series: tuple[str, ...]
    params: DetectorParams
    interval_seconds: float
    tick: int
    waiting: tuple[JournalEntry, ...]
    told: dict[str, Any]
    arrays: snapshot.Packed

    def pieces(self, *, sealed: bool = True) -> list[bytes]:
        """Write it as plain data, float bits exact, in pieces.

        Parameters
        ----------
        sealed : bool
            False to leave out the checksum, for a container with a checksum of its own.

        Returns
        -------
        list of bytes
            One after the other, they are what `dump` returns; the largest is not copied.
        """
        header = {
            "interval_seconds": self.interval_seconds,
            "tick": self.tick,
            "waiting": [asdict(entry) for entry in self.waiting],
            "told": self.told,
        }
        written = {"series": snapshot.as_json(self.series), "params": _written(self.params)}
        return snapshot.pieces(header, self.arrays, written=written, sealed=sealed)

    def dump(self) -> bytes:
        """Write it as plain data, float bits exact.

        Returns
        -------
        bytes
            For `Detector.load`.
        """
        return b"".join(self.pieces())


@lru_cache(maxsize=16)
def _written(params: DetectorParams) -> str:
    """Write the knobs as JSON; all groups of a service share one set of them."""
    return json.dumps(params.model_dump(mode="json"), separators=(",", ":"))

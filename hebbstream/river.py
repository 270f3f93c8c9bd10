"""A detector for river: dicts in, one score out, features that come and go.

Follows river's conventions for anomaly detectors (Montiel et al. 2021, "River: machine learning
for streaming data in Python"). It is the only module that needs river (`pip install
hebbstream[river]`); nothing else of the library imports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from river import base

from hebbstream.arrays import F64
from hebbstream.detector import Detector
from hebbstream.errors import FrameError
from hebbstream.params import DetectorParams
from hebbstream.results import TickResult

#: A field of TickResult that river is given.
Output = Literal["score", "statistic"]


class ReadableDetector(Detector):
    """A detector that can also judge a frame without learning it.

    Parameters and membership are those of `Group`.
    """

    def score(self, frame: ArrayLike, time: float | None = None) -> TickResult:
        """Judge a frame as `step` would, and leave everything as it was.

        Parameters
        ----------
        frame : float64[n]
            One value per series; NaN where missing.
        time : float, optional
            Unix seconds; tick * interval when absent.

        Returns
        -------
        TickResult
            What `step` would say of this frame now, to the bit, but for `learning`, which is
            HELD, and `journal`, which is empty.

        Raises
        ------
        FrameError
            When the shape or the time does not fit.
        """
        with self._unchanged():
            return self.step(frame, time)

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Hold learning, and undo what a held step still moves: smoothed evidence, and the tick."""
        model = self._model
        moving: list[NDArray[Any]] = [
            model.smooth, model.habits, model.innovations, model.activity, model.values,
            model.deviation, model.gate, model.past, model.recall, model.weeks, model.sole,
        ]  # fmt: skip
        kept = [array.copy() for array in moving]
        tick, waiting = self._tick, self._waiting
        self._waiting = []
        self.hold()
        try:
            yield
        finally:
            self._tick, self._waiting = tick, waiting
            for array, before in zip(moving, kept, strict=True):
                array[...] = before


class RiverDetector(base.AnomalyDetector):
    """Learns online which features move together; a river anomaly detector.

    Features are series: one that was never seen joins when it is first learnt, one that is missing
    from a dict is a missing sample, and one that returns continues where it was. Scoring a dict
    changes nothing and ignores features that were not learnt yet.

    Parameters
    ----------
    params : DetectorParams, optional
        Every knob of the detector.
    interval_seconds : float, optional
        Time from one dict to the next.
    output : {"score", "statistic"}, optional
        What `score_one` returns: the calibrated score (1.0 is the alert line, 0 in warm-up), or
        the raw statistic, which ranks ticks best and needs no warm-up of the calibration.
    time_key : str, optional
        Key of the dicts that holds the time: Unix seconds or a datetime, of numpy or pandas too
        (one without a time zone is taken for UTC). It is no series. Without it the clock is
        tick * interval_seconds.
    series_max : int, optional
        Series at most; at the limit the one that has been missing for longest leaves.

    Raises
    ------
    ValueError
        When `output` or `series_max` makes no sense, or `Detector` refuses the interval.

    Examples
    --------
    >>> from hebbstream.river import RiverDetector
    >>> model = RiverDetector(interval_seconds=60.0)
    >>> for tick in range(300):
    ...     load = float(tick % 7)
    ...     model.learn_one({"rps": 100 + 10 * load, "cpu": 0.2 + 0.1 * load})
    >>> model.score_one({"rps": 110.0, "cpu": 0.3}) < 1.0 < model.score_one({"rps": 9e3, "cpu": 0})
    True
    """

    def __init__(
        self,
        params: DetectorParams | None = None,
        interval_seconds: float = 60.0,
        output: Output = "score",
        time_key: str | None = None,
        series_max: int = 1024,
    ) -> None:
        if output not in get_args(Output):
            msg = f"output must be one of {', '.join(get_args(Output))}, not {output!r}"
            raise ValueError(msg)
        if series_max < 1:
            msg = f"series_max must be at least 1, not {series_max}"
            raise ValueError(msg)
        self.params = params
        self.interval_seconds = interval_seconds
        self.output: Output = output
        self.time_key = time_key
        self.series_max = series_max
        self._detector = ReadableDetector((), params, interval_seconds)
        self._seen: dict[str, int] = {}

    @property
    def detector(self) -> Detector:
        """The detector inside: its series, edges, components and snapshot, `hold` and `adopt`."""
        return self._detector

    def learn_one(self, x: Mapping[Any, Any]) -> None:
        """Learn one dict as the next frame.

        Parameters
        ----------
        x : dict
            Feature to number; None and NaN are missing samples. Features are known by their
            `str`.

        Raises
        ------
        FrameError
            When a value is no number, the time is missing, two features have one name, or there
            are more features than `series_max`. Nothing has changed then.
        """
        values, time = self._read(x)
        if len(values) > self.series_max:
            msg = f"{len(values)} features, but series_max is {self.series_max}"
            raise FrameError(msg)
        self._admit(values)
        self._detector.step(self._frame(values), time)
        self._seen.update(dict.fromkeys(values, self._detector.tick))

    def judge_one(self, x: Mapping[Any, Any]) -> TickResult:
        """Judge one dict as the next frame, and learn nothing.

        Parameters
        ----------
        x : dict
            As for `learn_one`; features that were never learnt are ignored.

        Returns
        -------
        TickResult
            The whole verdict; columns are those of `detector.series`.

        Raises
        ------
        FrameError
            As for `learn_one`, but for `series_max`.
        """
        values, time = self._read(x)
        return self._detector.score(self._frame(values), time)

    def score_one(self, x: Mapping[Any, Any]) -> float:
        """Tell how anomalous one dict is as the next frame, and learn nothing.

        Parameters
        ----------
        x : dict
            As for `judge_one`.

        Returns
        -------
        float
            What `output` names; at least 0.

        Raises
        ------
        FrameError
            As for `judge_one`.
        """
        verdict = self.judge_one(x)
        return verdict.score if self.output == "score" else verdict.statistic

    def _read(self, x: Mapping[Any, Any]) -> tuple[dict[str, float], float | None]:
        """Part a dict into samples by series name, and its time."""
        values: dict[str, float] = {}
        for key, value in x.items():
            if self.time_key is not None and key == self.time_key:
                continue
            name = str(key)
            if name in values:
                msg = f"two features are both called {name!r}"
                raise FrameError(msg)
            values[name] = as_sample(name, value)
        if self.time_key is None:
            return values, None
        return values, as_seconds(self.time_key, x.get(self.time_key))

    def _frame(self, values: Mapping[str, float]) -> F64:
        missing = float("nan")
        return np.array([values.get(name, missing) for name in self._detector.series], np.float64)

    def _admit(self, present: Mapping[str, float]) -> None:
        """Let new series join; those missing for longest make room."""
        known = set(self._detector.series)
        joining = sorted(present.keys() - known)
        if not joining:
            return
        excess = max(len(known) + len(joining) - self.series_max, 0)
        absent = sorted(known - present.keys(), key=lambda name: (self._seen.get(name, 0), name))
        for name in absent[:excess]:
            self._detector.remove_series(name)
        self._detector.add_many(joining)
        self._seen = {name: self._seen.get(name, 0) for name in self._detector.series}


def as_sample(name: str, value: object) -> float:
    """Read one value of a dict.

    Parameters
    ----------
    name : str
        Its series, for the message.
    value : object
        A number, or None for a missing sample.

    Returns
    -------
    float
        NaN where missing.

    Raises
    ------
    FrameError
        When it is neither.
    """
    if value is None:
        return float("nan")
    # Texts that look like numbers are a fault of the caller's, not numbers.
    if not isinstance(value, (str, bytes)) and hasattr(value, "__float__"):
        with suppress(TypeError, ValueError, OverflowError):
            return float(value)
    msg = f"the value of {name!r} must be a number, not {value!r}"
    raise FrameError(msg)


def as_seconds(name: str, value: object) -> float:
    """Read the time of a dict.

    Parameters
    ----------
    name : str
        Its key, for the message.
    value : object
        Unix seconds or a datetime, of numpy or pandas too.

    Returns
    -------
    float
        Unix seconds.

    Raises
    ------
    FrameError
        When there is none.
    """
    if isinstance(value, np.datetime64):
        # As a number it would be days, seconds or nanoseconds; pandas hands over the last.
        seconds = (value - np.datetime64(0, "s")) / np.timedelta64(1, "s")
    elif isinstance(value, datetime) and value == value:  # pandas has one that is no time
        seconds = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    else:
        seconds = as_sample(name, None if isinstance(value, datetime) else value)
    if not np.isfinite(seconds):
        msg = f"every dict needs its time under {name!r}"
        raise FrameError(msg)
    return seconds

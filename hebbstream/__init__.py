"""Streaming anomaly detection that learns which series move together."""

from importlib.metadata import version

from hebbstream.blocks import Results, Verdicts
from hebbstream.detector import Detector, run_all
from hebbstream.errors import (
    FeedbackError,
    FrameError,
    HebbstreamError,
    InvariantError,
    SeriesError,
    SnapshotCorruptError,
    SnapshotError,
    SnapshotVersionError,
)
from hebbstream.feedback import Label, Note
from hebbstream.params import DetectorParams
from hebbstream.results import (
    BROKEN_DTYPE,
    EDGE_DTYPE,
    Change,
    JournalEntry,
    Kind,
    Learning,
    RunResult,
    TickResult,
)
from hebbstream.warmup import warmup

__version__ = version("hebbstream")

__all__ = [
    "BROKEN_DTYPE",
    "EDGE_DTYPE",
    "Change",
    "Detector",
    "DetectorParams",
    "FeedbackError",
    "FrameError",
    "HebbstreamError",
    "InvariantError",
    "JournalEntry",
    "Kind",
    "Label",
    "Learning",
    "Note",
    "Results",
    "RunResult",
    "SeriesError",
    "SnapshotCorruptError",
    "SnapshotError",
    "SnapshotVersionError",
    "TickResult",
    "Verdicts",
    "__version__",
    "run_all",
    "warmup",
]

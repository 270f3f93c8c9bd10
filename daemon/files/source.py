"""A file as a source of records: one partition that ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from stat import S_ISREG

import numpy as np

from daemon.errors import InputFileError
from daemon.files.options import FileOptions
from daemon.files.rows import Records, rows_to_records
from daemon.ports import AssignmentListener
from daemon.records import InputPartition, RecordBatch
from daemon.spans import Spans


class FileSource:
    """Reads a file from its first row to its last; implements `daemon.ports.RecordSource`.

    Parameters
    ----------
    path : Path
        CSV, Parquet or NDJSON; see `daemon.files.rows.rows_to_records`.
    options : FileOptions
        How rows become records.

    Attributes
    ----------
    rows_total : int or None
        Rows of the file where its format says so, for a progress bar.
    counts_rows : bool
        It has no times, so its rows are taken for a second apart, as nobody said otherwise.

    Raises
    ------
    InputFileError
        When the file is not there or cannot be read; `poll` raises it for faults further on.
    """

    def __init__(self, path: Path, options: FileOptions) -> None:
        _look_at(path)
        from daemon.files.tables import counts_rows, row_count  # as in daemon.files.rows

        self.rows_total = row_count(path)
        self.counts_rows = counts_rows(path, options)
        self._partition = InputPartition(options.topic, 0)
        self._key = options.key
        self._records: Iterator[Records] = rows_to_records(path, options)
        self._listener: AssignmentListener | None = None
        self._assigned = False
        self._exhausted = False
        self._paused = False
        self._from = 0

    @property
    def exhausted(self) -> bool:
        """True when the last row has been returned."""
        return self._exhausted

    def start(self, listener: AssignmentListener) -> None:
        """Remember who is told about the one partition; the first `poll` assigns it.

        Parameters
        ----------
        listener : AssignmentListener
            Told that the partition comes and goes; may say from which row to start.
        """
        self._listener = listener

    def poll(self, timeout_seconds: float) -> list[RecordBatch]:
        """Return the next rows as one batch; empty at the end and while paused.

        Parameters
        ----------
        timeout_seconds : float
            Not needed: a file never makes one wait.

        Returns
        -------
        list of RecordBatch
            None or one.

        Raises
        ------
        InputFileError
            When the rest cannot be read; the message names the file and the line.
        """
        if not self._assigned and self._listener is not None:
            self._assigned = True
            self._from = self._listener.assigned([self._partition]).get(self._partition, 0)
        while not (self._paused or self._exhausted):
            records = next(self._records, None)
            if records is None:
                self._exhausted = True
                break
            kept = int(np.searchsorted(records.offsets, self._from))
            if kept < len(records.values):
                return [self._batch(records, kept)]
        return []

    def pause(self) -> None:
        """Deliver nothing until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Undo `pause`."""
        self._paused = False

    def commit(self, positions: Mapping[InputPartition, int]) -> bool:
        """Return True: a file keeps no positions, and none is lost.

        Parameters
        ----------
        positions : mapping of InputPartition to int
            Not kept.

        Returns
        -------
        bool
            True.
        """
        return True

    def lag(self) -> dict[InputPartition, int]:
        """Return nothing: a file has no end that runs away."""
        return {}

    def prefetch(self, left: int) -> None:
        """Do nothing: a file is at hand."""

    def contact_age(self) -> float:
        """Return 0: a file always answers."""
        return 0.0

    def close(self) -> None:
        """Hand the partition back."""
        if self._assigned and self._listener is not None:
            self._assigned = False
            self._exhausted = True
            self._listener.revoked([self._partition])

    def _batch(self, records: Records, first: int) -> RecordBatch:
        offsets = records.offsets[first:]
        return RecordBatch(
            partition=self._partition,
            offsets=offsets,
            timestamps=records.timestamps[first:],
            keys=Spans.of([self._key] * len(offsets)),
            values=Spans.of(records.values[first:]),
            next_offset=int(offsets[-1]) + 1,
        )


def _look_at(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        msg = f"{path}: no such file"
        raise InputFileError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"{path}: cannot be read: {error}"
        raise InputFileError(msg) from error
    if not S_ISREG(mode):
        msg = f"{path}: not a file but a folder, a pipe or a device"
        raise InputFileError(msg)

"""How a file's rows become records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from daemon.config import TimestampUnit

#: Names looked for, in this order, when no time column is given.
TIME_COLUMNS = ("t", "time", "timestamp", "ts")


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What the file does not say about itself.

    Attributes
    ----------
    time_column : str, optional
        Column of times; the first of t, time, timestamp, ts when absent, else the row number.
    seconds_per_unit : float, optional
        Seconds that 1 of a numeric time, or one row where there is no time column, stands for. When
        absent, numeric times are Unix times (s, ms, us or ns by magnitude) and a row is a second.
    start : float
        Unix seconds added to every numeric time and row number.
    timestamp_unit : TimestampUnit
        Unit in which the records will be read: `input.timestamp_unit` of the configuration.
    labels : mapping of str to str
        Labels given to every record.
    label_columns : tuple of str
        Columns whose text becomes labels.
    drop : tuple of str
        Columns left out.
    key : bytes, optional
        Key of every record; when absent, `produce` keys each record by its group.
    topic : str
        Topic under which the records appear; also where `produce` writes them.
    chunk_rows : int
        Rows read at once.
    """

    time_column: str | None = None
    seconds_per_unit: float | None = None
    start: float = 0.0
    timestamp_unit: TimestampUnit = TimestampUnit.AUTO
    labels: Mapping[str, str] = field(default_factory=dict)
    label_columns: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    key: bytes | None = None
    topic: str = "metrics"
    chunk_rows: int = 4096

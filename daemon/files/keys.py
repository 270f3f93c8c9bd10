"""Keys that bring every group of a file to one partition of a topic.

Groups are learnt within a partition, so a group whose records are spread over several is learnt
several times from a part each. Records are read here by the codec and the series rules the service
reads them with, so key and group agree whatever the format and the rules.
"""

from __future__ import annotations

import numpy as np

from daemon.config import Config
from daemon.formats import make_codec
from daemon.records import RecordBatch
from daemon.series import SeriesTable


class GroupKeys:
    """Names the group of each record.

    Parameters
    ----------
    config : Config
        How records are read and series are grouped.

    Raises
    ------
    ConfigError
        When the declared columns cannot be read.
    """

    def __init__(self, config: Config) -> None:
        self._table = SeriesTable(config.series, config.metrics, config.grouping, config.input)
        self._codec = make_codec(config.input, self._table)

    def keys(self, batch: RecordBatch) -> list[bytes | None]:
        """Return a key for each record.

        Parameters
        ----------
        batch : RecordBatch
            Records, R of them.

        Returns
        -------
        list of (bytes or None), length R
            The group's name; None for a record of several groups, and for one that cannot be read
            or holds nothing that is used.
        """
        samples = self._codec.decode(batch)
        group = self._table.group_of()[samples.series]
        count, names = len(batch.values), self._table.group_names
        lowest = np.full(count, len(names), dtype=np.int32)
        highest = np.full(count, -1, dtype=np.int32)
        np.minimum.at(lowest, samples.record, group)
        np.maximum.at(highest, samples.record, group)
        encoded = [name.encode("utf-8", "surrogatepass") for name in names]
        return [
            encoded[low] if low == high else None
            for low, high in zip(lowest.tolist(), highest.tolist(), strict=True)
        ]

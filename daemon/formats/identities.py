"""Raw bytes to series: a dictionary look-up instead of decoding and sorting labels each time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from daemon.formats.span_index import SpanIndex
from daemon.records import DropReason
from daemon.series import REFUSED, SeriesTable

#: Raw label bytes longer than this are decoded anew each time rather than kept.
RAW_BYTES_MAX = 8192
#: Entries kept beyond twice the series of the table, for other spellings and for refused names.
SPARE = 65_536


class Names(dict[str | None, int]):
    """Metric name to series index, for one spelling of one label set; fills itself on a miss."""

    __slots__ = ("_keep", "_labels", "_prefix", "_table")

    def __init__(
        self,
        table: SeriesTable,
        prefix: str,
        labels: dict[str, str],
        keep: Callable[[str | None, int], None],
    ) -> None:
        super().__init__()
        self._table = table
        self._prefix = prefix
        self._labels = labels
        self._keep = keep

    def __missing__(self, name: str | None) -> int:
        full = self._prefix + name if self._prefix and name is not None else name
        index = self._table.resolve(full, self._labels)
        if REFUSED.get(index) is not DropReason.SERIES_LIMIT and len(name or "") <= RAW_BYTES_MAX:
            self[name] = index
            self._keep(name, index)
        return index


class RawIdentities:
    """Names by the raw bytes that spell a label set (and, in some formats, a name prefix).

    Parameters
    ----------
    table : SeriesTable
        Where series live; when it renumbers, everything here is forgotten.
    read : callable
        Decodes raw bytes to a name prefix and labels; what it raises passes through.
    index : SpanIndex, optional
        Told of every identity that is kept, for kernels that look for the same bytes.
    """

    def __init__(
        self,
        table: SeriesTable,
        read: Callable[[bytes], tuple[str, dict[str, str]]],
        index: SpanIndex | None = None,
    ) -> None:
        self._table = table
        self._read = read
        self._index = index
        self._by_raw: dict[bytes, Names] = {}
        self._entries = 0
        self._generation = table.generation

    def __len__(self) -> int:
        return self._entries

    def refresh(self) -> bool:
        """Forget everything if indices changed or too much is held; call it before each batch.

        Returns
        -------
        bool
            True when everything was forgotten; then whoever keeps indices must forget them too.
        """
        bound = 2 * len(self._table) + SPARE
        stale = self._generation != self._table.generation or self._entries > bound
        if stale:
            self._by_raw.clear()
            if self._index is not None:
                self._index.clear()
            self._entries = 0
            self._generation = self._table.generation
        return stale

    def names(self, raw: bytes) -> Names:
        """Find the names of a spelling; raises what `read` raises."""
        found = self._by_raw.get(raw)
        if found is None:
            prefix, labels = self._read(raw)
            if len(raw) > RAW_BYTES_MAX:
                return Names(self._table, prefix, labels, lambda *_: None)
            found = Names(self._table, prefix, labels, partial(self._keep, raw))
            self._by_raw[raw] = found
            self._entries += 1
        return found

    def _keep(self, raw: bytes, name: str | None, series: int) -> None:
        self._entries += 1
        if self._index is not None and name is not None:
            self._index.add(raw, name, series)

"""Raw bytes are looked up, and what is kept is bounded."""

from __future__ import annotations

import numpy as np

from daemon.config import GroupingSection, InputSection, SeriesSection
from daemon.formats.identities import RAW_BYTES_MAX, SPARE, RawIdentities
from daemon.series import SeriesTable


class Labels:
    """Reads raw bytes as one label, and counts how often it has to."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, raw: bytes) -> tuple[str, dict[str, str]]:
        """Return a prefix and labels."""
        self.calls += 1
        return "p_", {"raw": raw.decode()[:10]}


def table_of() -> SeriesTable:
    """Make an empty table."""
    return SeriesTable(SeriesSection(), (), GroupingSection(), InputSection())


def test_bytes_are_read_once() -> None:
    """The second time a spelling comes, nothing is decoded or resolved."""
    table, read = table_of(), Labels()
    identities = RawIdentities(table, read)

    found = [identities.names(b"x")["a"], identities.names(b"x")["a"], identities.names(b"x")["b"]]

    assert found == [0, 0, 1]
    assert read.calls == 1
    assert table.identities[0].key == 'p_a{raw="x"}'


def test_long_spellings_are_not_kept() -> None:
    """Huge label bytes and names are resolved, not remembered."""
    identities = RawIdentities(table_of(), Labels())

    identities.names(b"x" * (RAW_BYTES_MAX + 1))
    identities.names(b"y")["n" * (RAW_BYTES_MAX + 1)]

    assert len(identities) == 1


def test_everything_is_forgotten_when_indices_change() -> None:
    """After a purge of the table the next batch resolves anew."""
    table = table_of()
    identities = RawIdentities(table, Labels())
    identities.names(b"x")["a"]
    identities.names(b"x")["b"]

    table.retain(np.array([1], dtype=np.int32))
    identities.refresh()

    assert len(identities) == 0
    assert identities.names(b"x")["b"] == 0


def test_spellings_are_bounded() -> None:
    """Endless spellings of refused names do not grow memory without end."""
    identities = RawIdentities(table_of(), Labels())

    for i in range(SPARE + 1):
        identities.names(b"%d" % i)
    identities.refresh()

    assert len(identities) == 0


def test_a_full_table_is_not_remembered() -> None:
    """A series refused because the table was full gets in once there is room."""
    table = table_of()
    identities = RawIdentities(table, Labels())
    table.capacity = 0

    refused = identities.names(b"x")["a"]
    table.capacity = 1

    assert refused < 0
    assert identities.names(b"x")["a"] == 0

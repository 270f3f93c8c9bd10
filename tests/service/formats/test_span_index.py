"""Series by their bytes, in arrays."""

from __future__ import annotations

from daemon.formats.span_index import SLOTS_MIN, SpanIndex


def test_it_grows_and_forgets() -> None:
    """Entries are kept through growth; nothing is left after `clear`."""
    index = SpanIndex()
    for number in range(SLOTS_MIN):
        index.add(b'{"n":"%d"}' % number, "cpu", number)
        if number % 100 == 0:
            index.settle()
    index.settle()

    assert len(index) == SLOTS_MIN
    assert len(index.slots) >= 2 * SLOTS_MIN
    assert sorted(index.slots[index.slots >= 0].tolist()) == list(range(SLOTS_MIN))
    assert index.entries[:, 4].tolist() == list(range(SLOTS_MIN))
    index.clear()
    assert (len(index), len(index.arena), index.slots.max()) == (0, 0, -1)


def test_what_needs_escapes_is_not_kept() -> None:
    """A kernel never reads such a spelling, so an entry would only take room."""
    index = SpanIndex()

    for labels, name in ((b'{"a":"\\n"}', "cpu"), (b"{}", 'c"pu'), (b"{}", "c\\pu")):
        index.add(labels, name, 0)

    assert len(index) == 0


def test_what_needs_escapes_is_told_by_the_format() -> None:
    """Where labels may hold escapes they do; no room is taken for heads where none are kept."""
    index = SpanIndex(name_marks=b"=", labels_marks=b"", head_bytes_max=0)

    for labels, name in ((b"a\\ b", "cpu"), (b"m", 'c"pu'), (b"m", "c=pu")):
        index.add(labels, name, 0)
    index.settle()

    assert len(index) == 2
    assert (len(index.links), len(index.heads)) == (2, 0)

"""Pages by key: `daemon.http.paging`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.http.paging import Paging, falling_key, name_key, page


def number_key(number: int) -> bytes:
    """Place a number."""
    return number.to_bytes(4, "big")


@given(st.sets(st.integers(0, 1000)), st.integers(1, 20))
def test_pages_add_up_to_the_list(numbers: set[int], limit: int) -> None:
    """Every item once, in order, whatever the size of a page."""
    items, seen, cursor = sorted(numbers), [], None
    while True:
        shown, cursor = page(items, number_key, Paging(limit=limit, cursor=cursor))
        seen += list(shown)
        if cursor is None:
            break

    assert seen == items


@given(st.sets(st.integers(0, 100), min_size=1), st.sets(st.integers(0, 100)), st.data())
def test_a_cursor_outlives_its_item(numbers: set[int], gone: set[int], data: st.DataObject) -> None:
    """What leaves or joins between two pages neither repeats nor hides what stays."""
    items = sorted(numbers)
    limit = data.draw(st.integers(1, len(items)))
    first, cursor = page(items, number_key, Paging(limit=limit))
    left = sorted(numbers - gone)

    rest, _ = page(left, number_key, Paging(limit=1000, cursor=cursor)) if cursor else ([], None)

    assert list(rest) == ([each for each in left if each > first[-1]] if cursor else [])


@given(st.lists(st.floats(0, 1e300), min_size=2))
def test_falling_keys_sort_the_largest_first(figures: list[float]) -> None:
    """Bytes sort like the figures, reversed."""
    assert sorted(figures, key=falling_key) == sorted(figures, reverse=True)


@given(st.text(max_size=10), st.text(max_size=10))
def test_name_keys_sort_like_names(one: str, other: str) -> None:
    """By code point; names that agree are told apart by their id."""
    assert (one < other) == (name_key(one, "0") < name_key(other, "0")) or "\0" in one + other
    assert name_key(one, "0") < name_key(one, "1")

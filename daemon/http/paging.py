"""Pages by key: a cursor names a place in an order, not a number of items to skip.

Every list has a total order, written as bytes that sort like it. A cursor is the key of the last
item shown, in hexadecimal; whatever came or went in between, the next page begins right after it.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

LIMIT_MAX = 1000
LIMIT_DEFAULT = 100
#: Bytes of a name that a key holds; names that agree so far are told apart by their id.
_NAME_BYTES = 64

Item = TypeVar("Item")


class Filters(BaseModel):
    """Base of every set of query parameters: what is not declared is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paging(Filters):
    """Which page of a list."""

    limit: int = Field(
        default=LIMIT_DEFAULT, ge=1, le=LIMIT_MAX, description="Items on the page at most."
    )
    cursor: str | None = Field(
        default=None,
        pattern=r"^([0-9a-f]{2}){1,128}$",
        description="`next_cursor` of the page before.",
    )


def page(
    items: Sequence[Item], key: Callable[[Item], bytes], paging: Paging
) -> tuple[Sequence[Item], str | None]:
    """Cut a page out of a list.

    Parameters
    ----------
    items : sequence
        In the order of `key`, ascending.
    key : callable
        Unique bytes of an item.
    paging : Paging
        Which page.

    Returns
    -------
    tuple of sequence and (str or None)
        The items, and the cursor of the next page when there is one.
    """
    start = 0
    if paging.cursor is not None:
        start = bisect_right(items, bytes.fromhex(paging.cursor), key=key)
    shown = items[start : start + paging.limit]
    more = start + len(shown) < len(items)
    return shown, key(shown[-1]).hex() if shown and more else None


def name_key(name: str, identity: str) -> bytes:
    """Make the key of a name, then an id: sorts by code point."""
    return name.encode("utf-8", "surrogatepass")[:_NAME_BYTES] + b"\0" + identity.encode()


def falling_key(value: float, then: bytes = b"") -> bytes:
    """Make the key of a figure, the largest first; a negative one counts as 0."""
    (bits,) = struct.unpack(">Q", struct.pack(">d", max(0.0, value)))
    return struct.pack(">Q", 2**64 - 1 - bits) + then

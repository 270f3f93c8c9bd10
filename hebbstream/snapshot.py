"""Snapshots: plain data, never pickled objects.

Layout: magic, format number (uint32), SHA-256 of what follows, length of the header (uint64), the
header (JSON, UTF-8), the arrays' raw little-endian bytes one after the other. Float bits are kept.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from hebbstream.errors import SnapshotCorruptError, SnapshotVersionError
from hebbstream.upgrades import Arrays, upgrade

MAGIC = b"HEBBSNAP"
FORMAT = 12
PREFIX = struct.Struct("<8sI32s")
LENGTH = struct.Struct("<Q")
#: In place of the checksum of a snapshot that another one holds.
UNSEALED = bytes(32)
#: So much takes half a millisecond to hash, in which other threads may work beside it.
BREATH_BYTES = 524_288
NATIVE = np.dtype(np.int32).str.startswith("<")


class Kind(NamedTuple):
    """What a snapshot holds: first eight bytes, newest format read, how older ones become it."""

    magic: bytes
    format: int
    upgrade: Callable[[int, dict[str, Any], Arrays], tuple[dict[str, Any], Arrays]]


DETECTOR = Kind(MAGIC, FORMAT, upgrade)


class Packed(NamedTuple):
    """Arrays as a snapshot holds them: what they are called, how they are laid out, their bytes.

    What the arrays hold now is not looked at any more.
    """

    arrays: Mapping[str, NDArray[Any]]
    data: bytes

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Copy the arrays, in one piece; whoever goes on with them waits for nothing else.

        Parameters
        ----------
        arrays : mapping of str to array
            Numbers of any shape. The mapping is kept, and must not change.
        """
        return cls(arrays, b"".join([_raw(a) for a in arrays.values()]))

    def listed(self) -> list[str]:
        """Write what the header says of each array."""
        return [_listing(name, a.dtype, a.shape) for name, a in self.arrays.items()]


def _raw(array: NDArray[Any]) -> Any:  # noqa: ANN401 - bytes-like, which its type does not say
    """Return the array, or a copy, as its bytes are written: in one piece, little-endian."""
    if NATIVE and array.flags.c_contiguous:
        return array
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))


@lru_cache(maxsize=4096)
def _listing(name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    """Write what the header says of an array; the same few return for every detector."""
    little = dtype.newbyteorder("<").str
    return json.dumps({"name": name, "dtype": little, "shape": shape}, separators=(",", ":"))


def as_json(texts: object) -> str:
    """Write lists of text as JSON, several times as fast as `json` does.

    Parameters
    ----------
    texts : object
        Text, and lists or tuples of it.

    Returns
    -------
    str
        For `written` of `pieces`.
    """
    try:
        return msgspec.json.encode(texts).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which only `json` escapes
        return json.dumps(texts, separators=(",", ":"))


def pieces(
    header: Mapping[str, Any],
    arrays: Packed,
    kind: Kind = DETECTOR,
    *,
    written: Mapping[str, str] | None = None,
    blobs: Mapping[str, Sequence[bytes]] | None = None,
    breathe: Callable[[], object] = lambda: None,
    sealed: bool = True,
) -> list[bytes]:
    """Write a header and named arrays as the pieces of a snapshot, none of them copied.

    Parameters
    ----------
    header : mapping
        JSON values.
    arrays : Packed
        The arrays.
    kind : Kind, optional
        What it holds.
    written : mapping of str to str, optional
        More of the header: values that are JSON already.
    blobs : mapping of str to sequence of bytes, optional
        More arrays, uint8, each given in pieces.
    breathe : callable, optional
        Called now and then while it is hashed: another thread may work.
    sealed : bool
        False for one that becomes part of another, whose checksum covers it: it has none then.

    Returns
    -------
    list of bytes
        One after the other, they are the snapshot.
    """
    blobs = blobs or {}
    listed = arrays.listed()
    of_bytes = np.dtype(np.uint8)
    listed += [_listing(name, of_bytes, (sum(map(len, p)),)) for name, p in blobs.items()]
    plain = json.dumps(header, separators=(",", ":"))[1:-1]
    known = [f"{json.dumps(name)}:{text}" for name, text in (written or {}).items()]
    members = [*([plain] if plain else []), *known, f'"arrays":[{",".join(listed)}]']
    text = f"{{{','.join(members)}}}".encode()
    body = [LENGTH.pack(len(text)), text, arrays.data, *chain(*blobs.values())]
    if not sealed:
        return [PREFIX.pack(kind.magic, kind.format, UNSEALED), *body]
    digest, waiting = hashlib.sha256(), 0
    for piece in body:
        waiting += len(piece)
        if waiting > BREATH_BYTES:
            breathe()
            waiting = 0
        digest.update(piece)
    return [PREFIX.pack(kind.magic, kind.format, digest.digest()), *body]


def encode(
    header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], kind: Kind = DETECTOR
) -> bytes:
    """Write a header and named arrays as bytes.

    Parameters
    ----------
    header : mapping
        JSON values.
    arrays : mapping of str to array
        Numbers of any shape.
    kind : Kind, optional
        What it holds.

    Returns
    -------
    bytes
        The snapshot.
    """
    return b"".join(pieces(header, Packed.of(arrays), kind))


def decode(
    data: bytes | bytearray | memoryview, kind: Kind = DETECTOR, *, verified: bool = False
) -> tuple[dict[str, Any], Arrays]:
    """Read what `encode` wrote.

    Parameters
    ----------
    data : bytes-like
        A snapshot.
    kind : Kind, optional
        What it should hold.
    verified : bool
        The checksum of what it was part of has been looked at; its own is not.

    Returns
    -------
    header : dict
        JSON values, those that came with a later format too.
    arrays : dict of str to array
        Writable, C-contiguous, native byte order.

    Raises
    ------
    SnapshotVersionError
        When a newer format wrote it.
    SnapshotCorruptError
        When it is not a snapshot, is truncated, or its checksum does not match.
    TypeError
        When these are no bytes.
    """
    if not isinstance(data, bytes):
        data = bytes(memoryview(data))
    if len(data) < PREFIX.size + LENGTH.size or not data.startswith(kind.magic):
        msg = "not a snapshot, or one cut short"
        raise SnapshotCorruptError(msg)
    _, number, digest = PREFIX.unpack_from(data)
    if number < 1:
        msg = f"there is no snapshot format {number}"
        raise SnapshotCorruptError(msg)
    if number > kind.format:
        msg = f"snapshot format {number} is newer than {kind.format}, the newest this version reads"
        raise SnapshotVersionError(msg)
    body = memoryview(data)[PREFIX.size :]
    if not verified and hashlib.sha256(body).digest() != digest:
        msg = "the snapshot's checksum does not match: it is damaged or cut short"
        raise SnapshotCorruptError(msg)
    try:
        return kind.upgrade(number, *_parse(body))
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        msg = f"the snapshot's content cannot be read: {error}"
        raise SnapshotCorruptError(msg) from error


def _parse(body: memoryview) -> tuple[dict[str, Any], Arrays]:
    (length,) = LENGTH.unpack_from(body)
    start = LENGTH.size + length
    header: dict[str, Any] = json.loads(bytes(body[LENGTH.size : start]))
    arrays: Arrays = {}
    for item in header.pop("arrays"):
        dtype, shape = np.dtype(item["dtype"]), tuple(item["shape"])
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(body, dtype, count, start) if count else np.empty(0, dtype)
        arrays[item["name"]] = array.reshape(shape).astype(dtype.newbyteorder("="))
        start += count * dtype.itemsize
    return header, arrays

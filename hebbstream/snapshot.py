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

import numpy as np
from numpy.typing import NDArray

from hebbstream.calibration import Calibration
from hebbstream.errors import SnapshotCorruptError, SnapshotVersionError
from hebbstream.evidence import Evidence
from hebbstream.feedback import Feedback
from hebbstream.kernels.layout import (
    ACTIVITY_ROWS,
    COUNT,
    EDGE_ROWS,
    EDGE_TICK_ROWS,
    GATE_ROWS,
    GRAPH_STATUS_ROWS,
    NODE_BREAK,
    PACE,
    PAIR_BLOCK_TICKS,
    PENDING,
    SLOT_ROWS,
    SOLE_ROWS,
    WEEK_ROWS,
    WEEK_SLOT,
    WEEK_WAITING,
)
from hebbstream.pairs import SEED
from hebbstream.plasticity import Plasticity
from hebbstream.single import Single, week_slots

MAGIC = b"HEBBSNAP"
FORMAT = 11
PREFIX = struct.Struct("<8sI32s")
LENGTH = struct.Struct("<Q")
#: In place of the checksum of a snapshot that another one holds.
UNSEALED = bytes(32)
#: So much takes a good part of 0.1 ms to hash.
BREATH_BYTES = 65_536
NATIVE = np.dtype(np.int32).str.startswith("<")

Arrays = dict[str, NDArray[Any]]


def upgrade(number: int, header: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Give a snapshot of an older format what later ones have, so that it goes on as it did.

    Parameters
    ----------
    number : int
        Its format.
    header : dict
        As it was written.
    arrays : dict of str to array
        As they were written.

    Returns
    -------
    header : dict
        With the knobs that were not there yet, set to what was done without them.
    arrays : dict of str to array
        With the state that was not there yet.
    """
    if number < 2:
        # The samples seen since a series joined were not counted apart from those learnt.
        moments = arrays["moments"]
        arrays["moments"] = np.vstack([moments, moments[COUNT]])
    if number < 3:
        header["params"]["subspace"].setdefault("lags", 0)
        header["params"]["evidence"].setdefault("long_ratio_max", 1e9)
        arrays["past"] = np.zeros((0, arrays["moments"].shape[1]), np.float32)
        _add_slots(header["params"]["associations"], arrays)
        _add_quarantine(header["params"]["gate"], arrays)
        _add_single(header["params"], arrays)
    if number < 4:
        _add_told(header, arrays)
    if number < 5:
        _add_innovations(arrays)
    if number < 6:
        # Nobody asked whether a series moves with its peers.
        _begin("innovations", arrays)
    if number < 8:
        _add_weeks(header["interval_seconds"], arrays)
    if number < 9:
        _make_smaller(arrays)
    if number < 10:
        # No edge knew which of its ends goes before the other.
        arrays["values"] = _deeper(arrays["values"], EDGE_ROWS)
        arrays["status"] = np.pad(arrays["status"], (0, GRAPH_STATUS_ROWS - len(arrays["status"])))
        _add_pace(header["params"], arrays)
    if number < 11:
        # Of a series' habits only its usual statistic was known, then for how long it has been
        # above it too, and nothing before format 3; where related series stand was not.
        _begin("habits", arrays)
    return header, arrays


def _deeper(array: NDArray[Any], rows: int) -> NDArray[Any]:
    """Append rows of zeros."""
    return np.pad(array, ((0, rows - len(array)), (0, 0)))


def _add_told(header: dict[str, Any], arrays: Arrays) -> None:
    """Before format 4 nobody could say anything: no relation is muted, nothing is barred."""
    header["told"] = Feedback().dump()
    arrays["values"] = _deeper(arrays["values"], EDGE_ROWS)
    arrays["gate"] = np.pad(arrays["gate"], (0, GATE_ROWS - len(arrays["gate"])))


def _add_innovations(arrays: Arrays) -> None:
    """Before format 5 nothing was known of what is new, nor of which breaks go on: both begin."""
    empty = Evidence.empty(arrays["moments"].shape[1])
    arrays["innovations"] = empty.innovations
    arrays["smooth"] = np.pad(arrays["smooth"], (0, len(empty.smooth) - len(arrays["smooth"])))
    _add_tails(arrays, Calibration.empty())
    activity = arrays["activity"]
    missing = ACTIVITY_ROWS - len(activity)
    arrays["activity"] = np.vstack([activity, *missing * [activity[NODE_BREAK]]])


def _begin(name: str, arrays: Arrays) -> None:
    """Append what nobody followed yet of each series, and its tail models: both begin."""
    empty = getattr(Evidence.empty(arrays["moments"].shape[1]), name)
    known = arrays.get(name, empty[:0])
    arrays[name] = np.vstack([known, empty[len(known) :]])
    _add_tails(arrays, Calibration.empty())


def _add_tails(arrays: Arrays, empty: Calibration) -> None:
    """Append the tail models that were not there yet."""
    for name, whole in (("histograms", empty.histograms), ("tails", empty.tails)):
        arrays[name] = np.vstack([arrays[name], whole[len(arrays[name]) :]])


def _add_single(params: dict[str, Any], arrays: Arrays) -> None:
    """Before format 3 a lone series was judged like any group."""
    params.setdefault("single", {"enabled": False})
    none = Single.empty(1, len(arrays["coefficients"]), 60.0, enabled=False)
    for name in ("lanes", "view_histograms", "view_tails", "recall", "sole"):
        arrays[name] = getattr(none, name)


def _add_weeks(interval_seconds: float, arrays: Arrays) -> None:
    """Before format 8 a lone series had no habits of the week: they begin."""
    slots = week_slots(interval_seconds) if arrays["recall"].shape[1] else 0
    arrays["weeks"] = np.zeros((WEEK_ROWS, slots), np.float32)
    arrays["weeks"][WEEK_WAITING] = -1.0
    if arrays["sole"].size:
        arrays["sole"] = np.pad(arrays["sole"], (0, SOLE_ROWS - len(arrays["sole"])))
        arrays["sole"][WEEK_SLOT] = -1.0


def _make_smaller(arrays: Arrays) -> None:
    """Before format 9 counts had 64 bits, and 64 frames waited until they entered the traces."""
    for name in ("histograms", "view_histograms"):
        arrays[name] = arrays[name].astype(np.float32)
    traces, block = arrays["traces"], arrays["block"]
    if not len(traces):
        return
    source, target = np.triu_indices(block.shape[2], 1)
    for values, rates in block[:, : int(arrays["status"][PENDING])].swapaxes(0, 1):
        both = (rates[source] > 0) & (rates[target] > 0)
        step = np.where(both, np.maximum(rates[source], rates[target]), np.float32(0))
        traces += step * (values[source] * values[target] - traces)
    arrays["status"][PENDING] = 0.0
    arrays["block"] = np.zeros((2, PAIR_BLOCK_TICKS, block.shape[2]), np.float32)


def _add_pace(params: dict[str, Any], arrays: Arrays) -> None:
    """Before format 10 rates were what they were: the pace stays 1 unless it is asked for."""
    params.setdefault("homeostasis", {"pace_min": 1.0, "pace_max": 1.0})
    rest = Plasticity.empty(arrays["moments"].shape[1])
    arrays["gate"] = np.concatenate([arrays["gate"][:PACE], rest.gate[PACE:]])
    arrays["lean"] = rest.lean


def _add_slots(knobs: dict[str, Any], arrays: Arrays) -> None:
    """Give a graph of format 2 what edges and slots have; large groups had no relations."""
    if arrays["moments"].shape[1] > knobs["exhaustive_max"]:
        knobs.setdefault("slots_per_series", 0)
    arrays["ticks"] = _deeper(arrays["ticks"], EDGE_TICK_ROWS)
    arrays["slot_ends"] = np.zeros((2, 0), np.uint32)
    arrays["slots"] = np.zeros((SLOT_ROWS, 0), np.float32)
    arrays["seed"] = np.array([SEED], np.uint64)


def _add_quarantine(knobs: dict[str, Any], arrays: Arrays) -> None:
    """Give the gate of format 2 a shadow that has not begun, and nothing parked."""
    knobs.setdefault("adopt_after", 0.0)
    arrays["drift"] = np.zeros_like(arrays["deviation"])


class Kind(NamedTuple):
    """What a snapshot holds: first eight bytes, newest format read, how older ones become it."""

    magic: bytes
    format: int
    upgrade: Callable[[int, dict[str, Any], Arrays], tuple[dict[str, Any], Arrays]]


DETECTOR = Kind(MAGIC, FORMAT, upgrade)


class Packed(NamedTuple):
    """Arrays as a snapshot holds them: name, type and shape of each, and all their bytes."""

    listed: tuple[tuple[str, np.dtype[Any], tuple[int, ...]], ...]
    data: bytes

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Copy the arrays, in one piece; whoever goes on with them waits for nothing else.

        Parameters
        ----------
        arrays : mapping of str to array
            Numbers of any shape.
        """
        listed = tuple((name, a.dtype, a.shape) for name, a in arrays.items())
        return cls(listed, b"".join([_raw(a) for a in arrays.values()]))


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
    listed = [_listing(*each) for each in arrays.listed]
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
    data: bytes, kind: Kind = DETECTOR, *, verified: bool = False
) -> tuple[dict[str, Any], Arrays]:
    """Read what `encode` wrote.

    Parameters
    ----------
    data : bytes
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
    """
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

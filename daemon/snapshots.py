"""What a partition's pipeline holds, as plain data: a JSON header and arrays, never pickled. Pure.

One container of `hebbstream.snapshot` with its own magic and format number. Equal states give equal
bytes, whatever batches led to them, but for what `Origin` says and for the output's position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import CheckpointError
from daemon.framer_state import FramerState
from daemon.membership import GroupState
from daemon.presence import COURSE, FRESH
from daemon.records import InputPartition, Series
from daemon.roster import Rosters
from daemon.series_key import series_key
from hebbstream import snapshot
from hebbstream.copies import DetectorCopy
from hebbstream.errors import SnapshotCorruptError
from hebbstream.upgrades import Arrays


def _upgrade(number: int, header: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
    """Before format 2 nobody counted how often values come again: that begins."""
    if number < 2:
        count = len(arrays["rhythm_here"])
        arrays |= {f"rhythm_{name}": np.full(count, FRESH[name]) for name in COURSE}
    return header, arrays


#: A golden file of each older format stands in tests/data/snapshots.
KIND = snapshot.Kind(b"HEBBPART", 2, _upgrade)

Shape = Mapping[str, Any]
#: Detectors that are written in a fraction of a millisecond.
BREATH_GROUPS = 8
#: Characters of a setting that a refusal repeats.
SHOWN_MAX = 80


@dataclass(frozen=True, slots=True)
class GroupCapture:
    """One group: detector, copied or as bytes; members in its order; what its trackers hold."""

    name: str
    detector: DetectorCopy | bytes
    members: Sequence[Series]
    tracker: Mapping[str, Any]
    silence: Mapping[str, Any]
    rhythm_frames: int
    rhythm: Mapping[str, NDArray[Any]] | None
    component_count: int
    edge_count: int

    def detector_pieces(self) -> list[bytes]:
        """Write the detector, unless that is done already; the checksum is that of the whole."""
        return (
            [self.detector]
            if isinstance(self.detector, bytes)
            else self.detector.pieces(sealed=False)
        )


@dataclass(frozen=True, slots=True)
class Capture:
    """A consistent copy of one pipeline, between two records.

    Attributes
    ----------
    partition : InputPartition
        Whose.
    next_offset : int
        The next record to read; -1 before the first.
    shape : mapping
        The settings that give what is learnt its meaning.
    rules : mapping or None
        The rules of `series` it was learnt with; None when an older version did not say.
    closing : bool
        The open frames are to be closed as idle before anything else: decided, not done yet.
    heard : mapping of str to int
        The next record of the feedback topic to hear, by its partition.
    framer : FramerState
        Series, members, waiting samples.
    groups : sequence of GroupCapture
        Detectors and incidents.
    """

    partition: InputPartition
    next_offset: int
    shape: Shape
    rules: Mapping[str, Any] | None
    closing: bool
    heard: Mapping[str, int]
    framer: FramerState
    groups: Sequence[GroupCapture]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who wrote a snapshot, and how far the output was: not part of the state.

    Attributes
    ----------
    version, config_hash : str
        Of the service.
    build : mapping of str to str
        Versions and target that decide the last digits.
    position : mapping of str to int
        Where the events published after this state begin, by partition of the events topic.
    ahead : mapping of str to str
        Events that are published though this state has not led to them yet: id to digest.
    partitions : int
        How many the topic has that a seed was learnt for; 0 in the state of a service.
    """

    version: str = ""
    config_hash: str = ""
    build: Mapping[str, str] = field(default_factory=dict)
    position: Mapping[str, int] = field(default_factory=dict)
    ahead: Mapping[str, str] = field(default_factory=dict)
    partitions: int = 0


def encode(capture: Capture, origin: Origin) -> bytes:
    """Write a capture as bytes; see `pieces`."""
    return b"".join(pieces(capture, origin))


def pieces(
    capture: Capture,
    origin: Origin,
    breathe: Callable[[], object] = lambda: None,
    rosters: Rosters | None = None,
) -> list[bytes]:
    """Write a capture as the pieces of a snapshot, so that none of them is copied.

    Parameters
    ----------
    capture : Capture
        The state.
    origin : Origin
        Who writes it, and how far the output is.
    breathe : callable, optional
        Called after every piece of work of a fraction of a millisecond: another thread may work.
    rosters : Rosters, optional
        Those of this partition's earlier snapshots: most often the series are the same.

    Returns
    -------
    list of bytes
        One after the other, they are the snapshot.
    """
    groups = sorted(capture.groups, key=lambda group: group.name)
    detectors = []
    for count, group in enumerate(groups, 1):
        detectors.append(group.detector_pieces())
        if count % BREATH_GROUPS == 0:
            breathe()
    learnt = [series for group in groups for series in group.members]
    roster = (rosters or Rosters()).of(capture.framer.identities, capture.framer.used, learnt)
    framer = capture.framer.canonical(roster)
    names = sorted({series.group for series in framer.identities})
    number = {name: index for index, name in enumerate(names)}
    header = {
        "topic": capture.partition.topic,
        "partition": capture.partition.partition,
        "next_offset": capture.next_offset,
        "closing": capture.closing,
        "heard": dict(sorted(capture.heard.items())),
        "shape": capture.shape,
        "rules": capture.rules,
        "origin": msgspec.to_builtins(origin),
        "clock": [framer.newest, framer.newest_offset, framer.idle_until],
        "watermark": framer.watermark,
        "group_names": names,
        "framed": [_plain_group(group) for group in framer.groups],
        "learnt": list(map(_plain_learnt, groups, detectors)),
    }
    rhythms = [group.rhythm for group in groups if group.rhythm is not None]
    arrays = {
        "rule": np.array([series.rule for series in framer.identities], np.int32),
        "group": np.array([number[series.group] for series in framer.identities], np.int32),
        "framed_members": _joined([group.members for group in framer.groups], np.int32),
        "learnt_members": roster.others,
        **{name: getattr(framer, name) for name in _FRAMER_ARRAYS},
        **{f"rhythm_{name}": _joined([r[name] for r in rhythms], kind) for name, kind in _RHYTHM},
    }
    written = {
        "names": snapshot.as_json([series.name for series in framer.identities]),
        "labels": snapshot.as_json([series.labels for series in framer.identities]),
    }
    blobs = {"detectors": [*chain.from_iterable(detectors)]}
    return snapshot.pieces(
        header, snapshot.Packed.of(arrays), KIND, written=written, blobs=blobs, breathe=breathe
    )


_FRAMER_ARRAYS = {
    "seen": np.int64, "last_time": np.int64, "last_sample": np.float64, "last_value": np.float64,
    "waiting_series": np.int32, "waiting_time": np.int64, "waiting_value": np.float64,
}  # fmt: skip
_RHYTHM = [(name, np.array([empty]).dtype) for name, empty in FRESH.items()]


def _joined(parts: Sequence[Any], kind: Any) -> NDArray[Any]:  # noqa: ANN401 - any dtype
    return np.concatenate([np.zeros(0, kind), *(np.asarray(part, kind) for part in parts)])


def _plain_group(group: GroupState) -> dict[str, Any]:
    return {
        "name": group.name,
        "data_tick": group.data_tick,
        "oldest": group.oldest,
        "members": len(group.members),
        "joined": [msgspec.to_builtins(series) for series in group.joined],
        "left": group.left,
        "starts": group.starts,
    }


def _plain_learnt(group: GroupCapture, detector: Sequence[bytes]) -> dict[str, Any]:
    return {
        "name": group.name,
        "members": len(group.members),
        "detector_bytes": sum(map(len, detector)),
        "tracker": group.tracker,
        "silence": group.silence,
        "rhythm_frames": None if group.rhythm is None else group.rhythm_frames,
        "components": group.component_count,
        "edges": group.edge_count,
    }


def decode(data: bytes, partition: InputPartition, shape: Shape) -> tuple[Capture, Origin]:
    """Read what `encode` wrote.

    Parameters
    ----------
    data : bytes
        A snapshot.
    partition : InputPartition
        Whose it must be.
    shape : mapping
        Settings that must be those it was learnt with.

    Returns
    -------
    capture : Capture
        The state, with arrays of its own.
    origin : Origin
        Who wrote it, and how far the output was.

    Raises
    ------
    SnapshotVersionError
        When a newer format wrote it.
    SnapshotCorruptError
        When it is damaged or contradicts itself.
    CheckpointError
        When it is another partition's, or was learnt with settings that gave it another meaning.
    """
    header, arrays = snapshot.decode(data, KIND)
    try:
        _refuse_others(header, partition, shape)
        identities = list(_identities(header, arrays))
        newest, newest_offset, idle_until = map(int, header["clock"])
        return Capture(
            partition=partition,
            next_offset=int(header["next_offset"]),
            shape=header["shape"],
            rules=header.get("rules"),
            closing=bool(header["closing"]),
            heard=msgspec.convert(header.get("heard", {}), dict[str, int]),
            framer=FramerState(
                newest=newest,
                newest_offset=newest_offset,
                idle_until=idle_until,
                watermark=int(header.get("watermark", -1)),
                identities=identities,
                groups=list(_framed(header, arrays)),
                **{name: _typed(arrays, name, kind) for name, kind in _FRAMER_ARRAYS.items()},
            ),
            groups=list(_learnt(header, arrays, identities)),
        ), msgspec.convert(header["origin"], Origin)
    except (LookupError, TypeError, ValueError, msgspec.MsgspecError) as error:
        msg = f"the snapshot's content does not make a partition's state: {error!r}"
        raise SnapshotCorruptError(msg) from error


def _refuse_others(header: Mapping[str, Any], partition: InputPartition, shape: Shape) -> None:
    whose = InputPartition(str(header["topic"]), int(header["partition"]))
    if whose != partition:
        msg = f"the state is that of {whose.topic}/{whose.partition}"
        raise CheckpointError(msg)
    learnt: Shape = header["shape"]
    plain = msgspec.to_builtins(dict(shape))
    names = sorted(name for name in plain if plain[name] != learnt.get(name))
    if names:
        groups, series = len(header["learnt"]), len(header["names"])
        changes = "; ".join(
            f"{name} was {_short(learnt.get(name))}, is {_short(plain.get(name))}" for name in names
        )
        msg = (
            f"{', '.join(names)} changed since it was learnt ({changes}): what is known of "
            f"{groups} groups and {series} series has no meaning under the new settings"
        )
        raise CheckpointError(msg)


def _short(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 3]}..."


def _typed(arrays: Arrays, name: str, kind: Any) -> NDArray[Any]:  # noqa: ANN401 - any dtype
    array = arrays[name]
    if array.dtype != kind or array.ndim != 1:
        msg = f"array {name} is no row of {np.dtype(kind)}"
        raise ValueError(msg)
    return array


def _identities(header: Mapping[str, Any], arrays: Arrays) -> Iterator[Series]:
    rules, groups = _typed(arrays, "rule", np.int32), _typed(arrays, "group", np.int32)
    columns = (header["names"], header["labels"], groups.tolist(), rules.tolist())
    for name, pairs, group, rule in zip(*columns, strict=True):
        labels = tuple((str(label), str(value)) for label, value in pairs)
        yield Series(name, labels, series_key(name, labels), header["group_names"][group], rule)


def _framed(header: Mapping[str, Any], arrays: Arrays) -> Iterator[GroupState]:
    members, at = _typed(arrays, "framed_members", np.int32), 0
    for plain in header["framed"]:
        count = int(plain["members"])
        yield GroupState(
            name=str(plain["name"]),
            data_tick=int(plain["data_tick"]),
            oldest=int(plain["oldest"]),
            members=members[at : at + count].tolist(),
            joined=msgspec.convert(plain["joined"], list[Series]),
            left=msgspec.convert(plain["left"], list[str]),
            starts=bool(plain["starts"]),
        )
        at += count


def _learnt(
    header: Mapping[str, Any], arrays: Arrays, identities: Sequence[Series]
) -> Iterator[GroupCapture]:
    members = _typed(arrays, "learnt_members", np.int32)
    rhythms = {name: _typed(arrays, f"rhythm_{name}", kind) for name, kind in _RHYTHM}
    detectors = _typed(arrays, "detectors", np.uint8)
    at = known = byte = 0
    for plain in header["learnt"]:
        count, size = int(plain["members"]), int(plain["detector_bytes"])
        frames = plain["rhythm_frames"]
        rhythm = None
        if frames is not None:
            rhythm = {name: rows[known : known + count].copy() for name, rows in rhythms.items()}
            known += count
        yield GroupCapture(
            name=str(plain["name"]),
            detector=detectors[byte : byte + size].tobytes(),
            members=[identities[i] for i in members[at : at + count].tolist()],
            tracker=plain["tracker"],
            silence=plain["silence"],
            rhythm_frames=0 if frames is None else int(frames),
            rhythm=rhythm,
            component_count=int(plain["components"]),
            edge_count=int(plain["edges"]),
        )
        at, byte = at + count, byte + size

"""Who stops and who returns, of all groups that tick together.

Mostly everybody reports, and then one compiled call follows all groups: what a group's presence
costs in Python is several times what its samples do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from daemon.kernels.course import CREW_CALM, CREW_ROWS, find_calm
from daemon.learnt import GroupState
from daemon.presence import Presence, Shift
from daemon.records import I64, FrameBlock

_NO_SHIFTS: tuple[Shift, ...] = ()


def scan_all(groups: Sequence[GroupState], blocks: Sequence[FrameBlock]) -> list[Sequence[Shift]]:
    """Find who stops or returns in each group, before its block is judged.

    Parameters
    ----------
    groups : sequence of GroupState, length G
        With the members they have in these blocks.
    blocks : sequence of FrameBlock, length G
        Each group's frames, of the same ticks.

    Returns
    -------
    list of sequence of Shift, length G
        As `SilenceTracker.scan` has them.
    """
    maybe_calm = [
        g
        for g, (group, block) in enumerate(zip(groups, blocks, strict=True))
        if group.silence.may_be_calm(block)
    ]
    presences = [groups[g].silence.presence for g in maybe_calm]
    calm = set(_pass_calm(maybe_calm, presences, blocks) if maybe_calm else ())
    return [
        _NO_SHIFTS if g in calm else group.silence.scan(block, group.members)
        for g, (group, block) in enumerate(zip(groups, blocks, strict=True))
    ]


def _pass_calm(
    asked: Sequence[int], presences: Sequence[Presence], blocks: Sequence[FrameBlock]
) -> list[int]:
    """Take in the blocks in which all samples are there and news; the others stay untouched."""
    first, length = presences[0], len(blocks[asked[0]].ticks)
    told = [(presence.place, len(presence.keys), 0) for presence in presences]
    widest = max(count for _, count, _ in told)
    crew: I64 = np.array(told, np.int64).reshape(len(told), CREW_ROWS).T.copy()
    find_calm(
        first.bound,
        crew,
        np.concatenate([blocks[g].frames for g in asked], axis=None),
        length,
        first.warmup,
        np.empty(len(first.course) * widest),
        np.empty(length * widest, dtype=np.bool_),
    )
    passed = [at for at, calm in enumerate(crew[CREW_CALM].tolist()) if calm]
    for at in passed:
        presences[at].frames += length
    return [asked[at] for at in passed]

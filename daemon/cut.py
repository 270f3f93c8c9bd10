"""A partition's state at one place, copied group by group while the partition goes on. Pure.

A cut fixes the place: between two records. What is small is copied at once; a group is copied when
there is time, or at the latest just before it changes. So the copy is consistent, and the hot path
never waits for more than a few groups at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from daemon.snapshots import Capture, GroupCapture


class Copied(Protocol):
    """A group that can be copied."""

    def capture(self, name: str) -> GroupCapture:
        """Copy everything."""
        ...


class Cut:
    """A copy that is being taken.

    Parameters
    ----------
    head : Capture
        All but the groups.
    groups : mapping of str to Copied
        The groups as they are now; each is copied before it changes.
    """

    def __init__(self, head: Capture, groups: Mapping[str, Copied]) -> None:
        self._head = head
        self._waiting = dict(groups)
        self._taken: list[GroupCapture] = []

    @property
    def head(self) -> Capture:
        """All but the groups."""
        return self._head

    @property
    def complete(self) -> bool:
        """Whether every group is copied."""
        return not self._waiting

    def take(self, name: str) -> None:
        """Copy a group now, unless it is copied or came later; it is about to change."""
        group = self._waiting.pop(name, None)
        if group is not None:
            self._taken.append(group.capture(name))

    def take_one(self) -> None:
        """Copy one group more, if any is left."""
        if self._waiting:
            self.take(next(iter(self._waiting)))

    def give_up(self) -> None:
        """Let go of what is copied and copy no more; it is of no use then."""
        self._waiting.clear()
        self._taken.clear()

    def whole(self) -> Capture:
        """Copy what is left and return all of it."""
        while self._waiting:
            self.take_one()
        return replace(self._head, groups=self._taken)

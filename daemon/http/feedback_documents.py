"""Answers about feedback."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from daemon.events import rfc3339
from daemon.http.documents import Document, Timestamp
from daemon.mailbox import Heard
from daemon.readmodel.views import GroupIdentity
from daemon.records import NANOSECONDS
from hebbstream import Label, Note


class FeedbackNote(Document, frozen=True, kw_only=True, gc=False):
    """One piece of feedback."""

    number: Annotated[int, Meta(description="To undo it by; its group's own.")]
    label: Label
    frame: Annotated[int, Meta(description="Frames the group had seen when it was told.")]
    pattern: Annotated[
        dict[str, float], Meta(description="Share or evidence by key of series; empty: any.")
    ]
    lift: Annotated[float, Meta(description="How many times higher the alert line is.")]
    window_start: Annotated[Timestamp | None, Meta(description="Of one window that is expected.")]
    window_s: Annotated[float | None, Meta(description="Its length.")]
    period_s: Annotated[float | None, Meta(description="After which it comes again.")]
    relation: Annotated[list[str], Meta(description="Keys of the two ends that are muted.")]


class FeedbackHeard(Document, frozen=True, kw_only=True, gc=False):
    """What was said of a group."""

    group_id: str
    group: str
    items: list[FeedbackNote]
    saved: Annotated[
        bool, Meta(description="Whether it is durable; else it is with the next checkpoint.")
    ]


def heard(identity: GroupIdentity, told: Heard) -> FeedbackHeard:
    """Show what came of a letter to a group's detector."""
    return FeedbackHeard(
        group_id=identity.id,
        group=identity.name,
        items=[_note(note) for note in told.notes],
        saved=told.saved,
    )


def _note(note: Note) -> FeedbackNote:
    windowed = note.label is Label.EXPECTED
    return FeedbackNote(
        number=note.number,
        label=note.label,
        frame=note.tick,
        pattern=dict(note.pattern),
        lift=note.lift,
        window_start=rfc3339(round(note.start * NANOSECONDS)) if windowed else None,
        window_s=note.length if windowed else None,
        period_s=note.period if windowed else None,
        relation=list(note.relation),
    )

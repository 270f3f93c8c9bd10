"""Answers about feedback: `daemon.http.feedback_documents`."""

from __future__ import annotations

from daemon.http import feedback_documents as documents
from daemon.mailbox import Heard
from daemon.readmodel.views import GroupIdentity
from hebbstream import Label, Note
from shown import PARTITION

IDENTITY = GroupIdentity("0" * 16, "a", {}, PARTITION)


def test_only_what_is_expected_has_a_window() -> None:
    """The times of other feedback are null, not 1970."""
    notes = (Note(Label.ANOMALY, 3), Note(Label.EXPECTED, 4, start=60.0, length=30.0, number=1))

    shown = documents.heard(IDENTITY, Heard(PARTITION, "a", notes, saved=False))

    assert [(item.window_start, item.window_s, item.period_s) for item in shown.items] == [
        (None, None, None),
        ("1970-01-01T00:01:00Z", 30.0, 604_800.0),
    ]
    assert not shown.saved

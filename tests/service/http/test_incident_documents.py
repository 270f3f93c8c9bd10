"""Answers about incidents: `daemon.http.incident_documents`."""

from __future__ import annotations

import json

from msgspec import Struct

from daemon.events import Event, EventEdge, EventSeries, Quality, Source, encode_event
from daemon.http import incident_documents as documents
from daemon.http.documents import Document, encoded
from daemon.readmodel.views import GroupIdentity, JournalItem
from daemon.records import InputPartition
from shown import broken_world

IDENTITY = GroupIdentity("0" * 16, "a", {}, InputPartition("t", 0))


def test_the_documents_have_the_fields_of_the_events() -> None:
    """A field that events gain cannot be forgotten here."""
    pairs: list[tuple[type[Struct], type[Document]]] = [
        (Event, documents.EventDocument),
        (EventSeries, documents.EventSeriesDocument),
        (EventEdge, documents.EventEdgeDocument),
        (Quality, documents.QualityDocument),
        (Source, documents.SourceDocument),
    ]

    for event, document in pairs:
        assert list(event.__struct_fields__) == list(document.__struct_fields__)


def test_a_streamed_event_is_the_published_one() -> None:
    """Field by field, in the same words."""
    (incident,) = broken_world().model.view.incidents.values()

    message = documents.streamed("0" * 16, incident.latest)

    shown = json.loads(encoded(message))["event"]
    assert shown == json.loads(encode_event(incident.latest))


def test_the_explanation_is_cut_to_what_was_asked_for() -> None:
    """The series that contribute most come first."""
    (incident,) = broken_world().model.view.incidents.values()

    short = documents.summary(incident, 1)

    assert len(short.series) == len(short.edges) == 1
    assert short.series[0].contribution == max(s.contribution for s in incident.worst.series)


def test_a_change_of_an_edge_has_ends_and_one_of_a_component_an_index() -> None:
    """What does not apply is null."""
    edge = JournalItem(1, IDENTITY, 0, "grown", "x", "y", 2, 0.5, -1)
    component = JournalItem(2, IDENTITY, 0, "pruned", "", "", 0, 0.0, 3)

    first, second = documents.journal_entry(edge, 60.0), documents.journal_entry(component, 60.0)

    assert (first.subject, first.source, first.target, first.lag_s) == ("edge", "x", "y", 120.0)
    assert first.component is None
    assert (second.subject, second.component, second.source) == ("component", 3, None)

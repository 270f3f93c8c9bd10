"""The service's numbers: `daemon.telemetry`."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemon.metrics import GROUPS_SHOWN, OTHER_GROUPS, Rebalance
from daemon.records import Channel, DropReason, InputPartition
from daemon.telemetry import BatchReport, GroupReport, Telemetry
from fakes import FakeClock
from hebbstream.results import Change, JournalEntry

FIRST = InputPartition("metrics", 0)
SECOND = InputPartition("metrics", 1)


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock(now=1000.0)


@pytest.fixture
def telemetry(clock: FakeClock) -> Telemetry:
    """Numbers of a process that owns both partitions."""
    telemetry = Telemetry(clock, "abc")
    telemetry.rebalanced(Rebalance.ASSIGNED, [FIRST, SECOND])
    return telemetry


def report(partition: InputPartition = FIRST) -> BatchReport:
    """Describe a batch of ten samples: six framed, three dropped, one pending."""
    return BatchReport(
        partition,
        records=4,
        samples=10,
        framed=6,
        pending=1,
        dropped={DropReason.LATE: 2, DropReason.DUPLICATE: 1},
        dead_letters={"not_json": 1},
        newest_event_time=940.0,
    )


def test_every_sample_is_accounted_for(telemetry: Telemetry) -> None:
    """Found samples are framed, dropped or pending, and nothing else."""
    telemetry.batch_done(report())
    telemetry.batch_done(report(SECOND))

    dropped = sum(telemetry.value("samples_dropped_total", reason) for reason in DropReason)
    framed = telemetry.value("samples_framed_total")
    assert telemetry.value("samples_total") == 20
    assert framed + dropped + telemetry.value("samples_pending") == 20
    assert telemetry.value("records_total", "metrics", "1") == 4
    assert telemetry.value("dead_letters_total", "not_json") == 2


def test_event_time_lag_grows_while_nothing_comes_in(
    telemetry: Telemetry, clock: FakeClock
) -> None:
    """The age is taken when scraped, so a dead input shows."""
    telemetry.batch_done(report())

    before = telemetry.value("event_time_lag_seconds", "metrics", "0")
    clock.advance(30.0)

    assert before == 60.0
    assert telemetry.value("event_time_lag_seconds", "metrics", "0") == 90.0


@pytest.mark.parametrize("kind", [Rebalance.REVOKED, Rebalance.LOST])
def test_a_partition_that_goes_leaves_no_gauge_behind(
    telemetry: Telemetry, kind: Rebalance
) -> None:
    """Another process shows it now; two would count it twice."""
    telemetry.batch_done(report())
    telemetry.group(FIRST, "cart", GroupReport(5, 2, 3, {"level": 1}))
    telemetry.input_lag({FIRST: 7, SECOND: 9})

    telemetry.rebalanced(kind, [FIRST])

    assert telemetry.value("assigned_partitions") == 1
    assert telemetry.value("samples_pending") == 0
    assert telemetry.value("groups") == 0
    assert telemetry.value("incidents_open", "level") == 0
    assert telemetry.value("consumer_lag_records", "metrics", "0") == 0
    assert telemetry.value("consumer_lag_records", "metrics", "1") == 9
    assert 'event_time_lag_seconds{partition="0"' not in telemetry.exposition()[0].decode()
    assert telemetry.value("rebalances_total", kind) == 1


def test_groups_sum_over_partitions(telemetry: Telemetry) -> None:
    """A group met on two partitions is one name with the sum of both."""
    telemetry.group(FIRST, "cart", GroupReport(5, 2, 3, {"level": 1}))
    telemetry.group(SECOND, "cart", GroupReport(4, 1, 1, {"relation": 1}))
    telemetry.group(SECOND, "mail", GroupReport(2, 1, 0))

    telemetry.group_gone(SECOND, "mail")

    assert telemetry.value("components", "cart") == 3
    assert telemetry.value("edges", "cart") == 4
    assert telemetry.value("series_active") == 9
    assert telemetry.value("groups") == 2
    assert telemetry.value("incidents_open", "relation") == 1


def test_group_labels_are_bounded(telemetry: Telemetry) -> None:
    """However many groups there are, the scrape stays small and the sum right."""
    for number in range(GROUPS_SHOWN + 50):
        telemetry.group(FIRST, f"group-{number}", GroupReport(1, 2, 3))

    families = {
        family.name: family
        for family in text_string_to_metric_families(telemetry.exposition()[0].decode())
    }
    samples = families["hebbstream_edges"].samples
    assert len(samples) == GROUPS_SHOWN + 1
    assert sum(sample.value for sample in samples) == 3 * (GROUPS_SHOWN + 50)
    assert telemetry.value("edges", OTHER_GROUPS) == 150


def test_scores_fill_the_histogram(telemetry: Telemetry) -> None:
    """A score of exactly 1 lies in the bucket up to 1; what is not finite is left out."""
    telemetry.frames_done(np.array([0.0, 0.5, 1.0, 1.01, 30.0, np.nan]))

    text = telemetry.exposition()[0].decode()
    assert 'hebbstream_score_bucket{le="0.0"} 1.0' in text
    assert 'hebbstream_score_bucket{le="1.0"} 3.0' in text
    assert 'hebbstream_score_bucket{le="+Inf"} 5.0' in text
    assert "hebbstream_score_sum 32.51" in text
    assert telemetry.value("frames_total") == 6


def test_the_journal_is_counted_by_what_changed(telemetry: Telemetry) -> None:
    """Edges and components have counters of their own."""
    telemetry.journal_done(
        [
            JournalEntry(1, 0, Change.GROWN, "a", "b"),
            JournalEntry(1, 0, Change.GROWN, "a", "c"),
            JournalEntry(2, 1, Change.FLIPPED, "a", "b"),
            JournalEntry(2, 1, Change.PRUNED, component=3),
        ]
    )

    assert telemetry.value("edge_changes_total", "grown") == 2
    assert telemetry.value("edge_changes_total", "flipped") == 1
    assert telemetry.value("component_changes_total", "pruned") == 1
    assert telemetry.value("component_changes_total", "grown") == 0


def test_the_loop_reports_what_it_did(telemetry: Telemetry, clock: FakeClock) -> None:
    """Messages, backlog, failures, commits, beats and contact each have their number."""
    telemetry.messages_sent({Channel.EVENTS: 2, Channel.EDGES: 5})
    telemetry.output_backlog(11)
    telemetry.output_failed()
    telemetry.committed(success=True)
    telemetry.committed(success=False)
    telemetry.loop_beat()
    telemetry.input_contact(990.0)
    telemetry.poll_done(0.02)
    telemetry.incident_event("open", "critical")

    assert telemetry.value("messages_total", "events") == 2
    assert telemetry.value("producer_unacked_records") == 11
    assert telemetry.value("producer_errors_total") == 1
    assert telemetry.value("commits_total", "success") == 1
    assert telemetry.value("commits_total", "failure") == 1
    assert telemetry.value("loop_beat_timestamp_seconds") == clock.now()
    assert telemetry.value("last_fetch_timestamp_seconds") == 990.0
    assert telemetry.value("incidents_total", "open", "critical") == 1
    text = telemetry.exposition()[0].decode()
    assert 'hebbstream_process_duration_seconds_bucket{le="0.025"} 1.0' in text


def test_what_is_running_is_told(telemetry: Telemetry) -> None:
    """Version and configuration are labels of metrics that are always 1."""
    text = telemetry.exposition()[0].decode()

    assert 'hebbstream_config_info{hash="abc"} 1.0' in text
    assert "hebbstream_build_info{" in text
    assert "process_resident_memory_bytes " in text
    assert "python_info{" in text


def test_openmetrics_is_served_where_asked_for(telemetry: Telemetry) -> None:
    """Newer scrapers negotiate the format by the Accept header."""
    body, content_type = telemetry.exposition("application/openmetrics-text; version=1.0.0")

    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool: make setup-system")
def test_promtool_finds_nothing_to_mend(telemetry: Telemetry) -> None:
    """Names, units and types follow Prometheus' conventions."""
    telemetry.batch_done(report())
    telemetry.group(FIRST, "cart", GroupReport(5, 2, 3, {"level": 1}))
    body, _ = telemetry.exposition()

    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=body, capture_output=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")

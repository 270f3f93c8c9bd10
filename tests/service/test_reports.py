"""From a pipeline's output to the metrics."""

from __future__ import annotations

from structlog.testing import capture_logs

from daemon.pipeline import PartitionPipeline
from daemon.records import InputPartition
from daemon.reports import report_groups, report_memory, report_output, report_scattered
from daemon.telemetry import Telemetry
from fakes import FakeClock
from streams import PARTITION, record_batch, related, sections, wide_records


def test_every_record_sample_and_group_shows() -> None:
    """Counters grow by the batch; a group that is gone leaves the gauges."""
    telemetry = Telemetry(FakeClock(), "hash")
    pipeline = PartitionPipeline(PARTITION, sections())

    output = pipeline.process(record_batch(wide_records(related(1, 30))))
    report_output(telemetry, pipeline, output)
    seen = report_groups(telemetry, pipeline, {"gone"})

    assert telemetry.value("records_total", "metrics", "0") == 30
    assert telemetry.value("samples_total") == 180
    assert telemetry.value("samples_pending") == pipeline.pending
    assert (seen, telemetry.value("series_active")) == ({"cart"}, 6)


def test_a_scattered_group_is_told_once() -> None:
    """Counted as long as it is, logged when it begins."""
    telemetry, parts = Telemetry(FakeClock(), "hash"), sections()
    other = InputPartition(PARTITION.topic, PARTITION.partition + 1)
    pipelines = [PartitionPipeline(each, parts) for each in (PARTITION, other)]
    batch = record_batch(wide_records(related(1, 30)))
    pipelines[0].process(batch)
    before = report_scattered(telemetry, pipelines, set())
    pipelines[1].process(batch)

    with capture_logs() as logs:
        first = report_scattered(telemetry, pipelines, before)
        again = report_scattered(telemetry, pipelines, first)

    assert (before, first, again) == (set(), {"cart"}, {"cart"})
    assert telemetry.value("groups_scattered") == 1
    assert [(each["group"], each["partitions"]) for each in logs] == [
        ("cart", ["metrics/0", "metrics/1"])
    ]


def test_memory_and_forgotten_groups_are_told() -> None:
    """The estimate is the sum over groups; who made room is counted and logged."""
    telemetry, parts = (
        Telemetry(FakeClock(), "hash"),
        sections(grouping={"group_by": ["service"], "groups_max": 1}),
    )
    pipeline = PartitionPipeline(PARTITION, parts)
    pipeline.process(record_batch(wide_records(related(1, 30))))
    later = [
        wide_records(related(2, 100 + at), "db")[-1] for at in range(3)
    ]  # the other group is silent by then

    with capture_logs() as logs:
        output = pipeline.process(record_batch(later, 100))
        report_output(telemetry, pipeline, output)
        estimate = report_memory(telemetry, [pipeline], parts)

    assert set(pipeline.groups) == {"db"}
    assert telemetry.value("groups_forgotten_total") == 1
    assert [each["groups"] for each in logs] == [1]
    assert estimate == telemetry.value("memory_estimated_bytes") > 10_000

"""From a pipeline's output to the metrics."""

from __future__ import annotations

from daemon.pipeline import PartitionPipeline
from daemon.reports import report_groups, report_output
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

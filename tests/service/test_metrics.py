"""The declaration of metrics: `daemon.metrics`."""

from __future__ import annotations

from daemon.metrics import METRICS, PREFIX, Type


def test_names_follow_the_conventions() -> None:
    """Counters end in _total, nothing else does, and no name is declared twice."""
    for spec in METRICS:
        assert spec.name.endswith("_total") is (spec.type is Type.COUNTER), spec.name
        assert spec.full_name == PREFIX + spec.name
        assert spec.text.endswith("."), spec.name
    assert len({spec.name for spec in METRICS}) == len(METRICS)


def test_known_label_values_fit_the_labels() -> None:
    """What is exposed as 0 from the start has a value for every label."""
    for spec in METRICS:
        assert all(len(values) == len(spec.labels) for values in spec.known), spec.name
        assert bool(spec.buckets) is (spec.type is Type.HISTOGRAM), spec.name
        assert list(spec.buckets) == sorted(set(spec.buckets)), spec.name


def test_no_label_is_unbounded() -> None:
    """A label per series would bring the monitoring system down."""
    labels = {label for spec in METRICS for label in spec.labels}

    assert labels <= {
        "topic", "partition", "group", "reason", "change", "state", "severity", "kind",
        "channel", "result", "version", "python", "hash", "store", "label",
        "part",
    }  # fmt: skip

"""The simulated shop: repeatable, related, and truly faulty when it says so."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from daemon.shop import METRICS, SERVICES, Fault, FaultKind, Shop, schedule, series_labels


def column(service: str, metric: str) -> int:
    """Position of a series in the shop's frames."""
    return SERVICES.index(service) * len(METRICS) + METRICS.index(metric)


def frames(faults: list[Fault], count: int, seed: int = 3) -> np.ndarray:
    """Return `count` frames of a shop with these faults."""
    return np.array(list(Shop(seed, faults, ticks_per_day=288).frames(count)))


def test_same_seed_same_frames() -> None:
    """A run can be repeated bit for bit from its seed."""
    first, second = frames([], 50), frames([], 50)

    assert first.tobytes() == second.tobytes()
    assert first.shape == (50, len(series_labels()))


def test_services_follow_the_load() -> None:
    """A service's CPU moves with the requests that reach it, and so does its callee's."""
    x = frames([], 600)

    related = np.corrcoef(x[:, column("gateway", METRICS[0])], x[:, column("db", "cpu_ratio")])

    assert related[0, 1] > 0.9


@pytest.mark.parametrize("kind", list(FaultKind))
def test_each_fault_changes_its_window_only(kind: FaultKind) -> None:
    """Frames before a fault are those of a healthy shop; inside it the faulty series differ."""
    metric = "*" if kind is FaultKind.CASCADE else "cpu_ratio"
    metric = "memory_bytes" if kind is FaultKind.TREND else metric
    fault = Fault(kind, "catalog", metric, 300, 340)
    touched = column("catalog", "latency_p50_seconds" if metric == "*" else metric)

    healthy, faulty = frames([], 340), frames([fault], 340)

    np.testing.assert_array_equal(faulty[:300], healthy[:300])
    assert not np.array_equal(faulty[301:, touched], healthy[301:, touched], equal_nan=True)


def test_relation_fault_stays_in_range() -> None:
    """A broken relation shows no value outside what the series has shown before."""
    fault = Fault(FaultKind.RELATION, "payment", "cpu_ratio", 1200, 1260)
    x = frames([fault], 1260)[:, column("payment", "cpu_ratio")]

    assert x[:1200].min() < x[1200:].min()
    assert x[1200:].max() < x[:1200].max()


def test_cascade_slows_the_callers() -> None:
    """A slow database makes the catalog and the gateway slow too."""
    fault = Fault(FaultKind.CASCADE, "db", "*", 200, 240)

    faulty, healthy = frames([fault], 240)[200:], frames([], 240)[200:]

    for service in ("db", "catalog", "gateway"):
        latency = column(service, "latency_p50_seconds")
        assert faulty[:, latency].mean() > 1.3 * healthy[:, latency].mean()


def test_schedule_uses_every_kind_in_turn() -> None:
    """Six faults are of six kinds, in order, and do not overlap."""
    faults = schedule(first=100, every=50, length=20, count=6, seed=1)

    assert {fault.kind for fault in faults} == set(FaultKind)
    assert all(a.end < b.start for a, b in pairwise(faults))

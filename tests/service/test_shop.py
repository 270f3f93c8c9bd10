"""The simulated shop: repeatable, related, and truly faulty when it says so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest

from daemon.shop import METRICS, SERVICES, Fault, FaultKind, Shop, series_labels


def column(service: str, metric: str) -> int:
    """Position of a series in the shop's frames."""
    return SERVICES.index(service) * len(METRICS) + METRICS.index(metric)


def frames(faults: list[Fault], ticks: int, seed: int = 3) -> np.ndarray:
    """Return `ticks` frames of a shop with these faults."""
    return np.array(list(Shop(seed, faults, ticks_per_day=288).frames(ticks)))


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


def test_faults_may_come_without_end() -> None:
    """The shop takes faults one by one as their time comes, from a plan that never ends."""
    asked = []

    def plan() -> Iterator[Fault]:
        for start in count(10, 20):
            asked.append(start)
            yield Fault(FaultKind.LEVEL, "db", "cpu_ratio", start, start + 5)

    list(Shop(3, plan()).frames(45))

    assert asked == [10, 30, 50]


def test_a_deploy_changes_a_relation_for_good() -> None:
    """From a deploy on a request costs another share of CPU; the deploy after it undoes that."""
    deploys = [Fault(FaultKind.DEPLOY, "catalog", "cpu_ratio", at, at + 45) for at in (300, 600)]
    x = frames(deploys, 900)

    cost = x[:, column("catalog", "cpu_ratio")] / x[:, column("catalog", METRICS[0])]

    first, second, third = cost[:300].mean(), cost[300:600].mean(), cost[600:].mean()
    assert second < 0.75 * first
    assert third > 1.3 * second


def test_memory_is_normal_again_after_a_leak() -> None:
    """Whoever ends a leak restarts the service."""
    fault = Fault(FaultKind.TREND, "cart", "memory_bytes", 200, 245)

    x = frames([fault], 300)[:, column("cart", "memory_bytes")]

    assert x[244] > 1.4 * x[:200].mean()
    assert x[245:].mean() < 1.3 * x[:200].mean()


def test_a_correlation_drifts_slowly() -> None:
    """What a drifting service sends follows the load closely on day 1, loosely on day 3."""
    x = frames([], 288 * 3)
    size = np.log(
        x[:, column("search", "sent_bytes_per_second")] / x[:, column("search", METRICS[0])]
    )

    assert size[:100].std() < 0.1
    assert size[288 * 2 :].std() > 0.15

"""A simulated shop: eight services whose metrics hang together, with faults on a schedule.

Load arrives at the gateway with a daily curve and flows along the call graph with lags; every
metric of a service follows from the load that reaches it, under noise of several kinds (normal,
log-normal, gamma, heavy-tailed, counting, slowly wandering). What some services send follows the
load closely on one day and loosely some days later. Faults change the cause, not the picture: what
calls a slow service becomes slow too. Seeded, so that a run can be repeated; used by the demo and
by whoever wants a stream with known truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

SERVICES = ("gateway", "catalog", "search", "cart", "checkout", "payment", "inventory", "db")

#: caller -> (called, calls per request, lag in ticks)
CALLS: dict[str, tuple[tuple[str, float, int], ...]] = {
    "gateway": (("catalog", 0.6, 0), ("search", 0.3, 0), ("cart", 0.2, 1)),
    "search": (("catalog", 0.5, 0),),
    "cart": (("checkout", 0.4, 1),),
    "checkout": (("payment", 1.0, 0), ("inventory", 1.5, 1)),
    "catalog": (("db", 1.2, 0),),
    "inventory": (("db", 1.0, 0),),
}

METRICS = (
    "requests_per_second",
    "latency_p50_seconds",
    "latency_p99_seconds",
    "error_ratio",
    "cpu_ratio",
    "memory_bytes",
    "connections",
    "queue_length",
    "received_bytes_per_second",
    "sent_bytes_per_second",
)

LAG_MAX = 4
GATEWAY_LOAD = 100.0

#: Services whose responses follow the load closely and loosely in turn, and days of one turn.
DRIFTING = ("search", "inventory")
DRIFT_DAYS = 5.0


def _usual_loads() -> dict[str, float]:
    """Return the mean requests a second of each service, from the call graph."""
    loads = dict.fromkeys(SERVICES, 0.0) | {"gateway": GATEWAY_LOAD}
    for caller in SERVICES:
        for called, ratio, _ in CALLS.get(caller, ()):
            loads[called] += ratio * loads[caller]
    return loads


USUAL_LOADS = _usual_loads()


class FaultKind(StrEnum):
    """What can go wrong in the shop."""

    LEVEL = "level"
    TREND = "trend"
    RELATION = "relation"
    CASCADE = "cascade"
    SILENCE = "silence"
    STUCK = "stuck"
    DEPLOY = "deploy"


@dataclass(frozen=True, slots=True)
class Fault:
    """One injected fault: ticks [start, end), its service and metric (`*`: all).

    A deploy changes a relation for good; its end is where one stops waiting for somebody to notice.
    """

    kind: FaultKind
    service: str
    metric: str
    start: int
    end: int


def series_labels() -> list[tuple[str, dict[str, str]]]:
    """Return metric name and labels of each series, in the order of `Shop` frames."""
    return [
        (metric, {"shop": "demo", "service": service}) for service in SERVICES for metric in METRICS
    ]


class Shop:
    """The shop as a stream of frames.

    Parameters
    ----------
    seed : int
        Of all noise.
    faults : iterable of Fault
        What goes wrong, and when, in order of their starts; may be endless.
    ticks_per_day : float
        Length of the daily load curve.
    """

    def __init__(
        self, seed: int, faults: Iterable[Fault] = (), *, ticks_per_day: float = 1440.0
    ) -> None:
        self.tick = 0
        # Load draws from a stream of its own: faults change what happens to it, not how much comes.
        self._rng, self._load_rng = np.random.default_rng(seed).spawn(2)
        self._day = ticks_per_day
        self._coming = iter(faults)
        self._next = next(self._coming, None)
        self._active: list[Fault] = []
        self._load = {service: [0.0] * LAG_MAX for service in SERVICES}
        self._burst = 0.0
        self._memory = dict.fromkeys(SERVICES, 0.0)
        self._wander = dict.fromkeys(SERVICES, 0.0)
        self._payload = dict.fromkeys(SERVICES, 0.0)
        self._work = dict.fromkeys(SERVICES, 1.0)
        self._held: dict[int, float] = {}

    def frames(self, count: int) -> Iterator[F64]:
        """Yield `count` frames, float64[80], NaN where a service is silent."""
        for _ in range(count):
            yield self._step()

    def _step(self) -> F64:
        self._change()
        requests = self._flow()
        slowness = self._slowness(requests)
        frame = np.array(
            [value for s in SERVICES for value in self._service(s, requests[s], slowness[s])]
        )
        for fault in self._active:
            self._disturb(frame, fault)
        self.tick += 1
        return frame

    def _change(self) -> None:
        """Let faults end and begin."""
        for fault in self._active:
            if fault.kind is FaultKind.TREND and fault.end <= self.tick:
                self._memory[fault.service] = 0.0  # restarted
        self._active = [fault for fault in self._active if self.tick < fault.end]
        while self._next is not None and self._next.start <= self.tick:
            fault, self._next = self._next, next(self._coming, None)
            self._active.append(fault)
            if fault.kind is FaultKind.DEPLOY:
                # The new version needs half the CPU for a request; the one after it twice that.
                self._work[fault.service] = 0.5 if self._work[fault.service] == 1.0 else 1.0

    def _afflicts(self, kind: FaultKind, service: str) -> bool:
        return any(fault.kind is kind and fault.service == service for fault in self._active)

    def _flow(self) -> dict[str, float]:
        """Let one tick's requests flow along the call graph."""
        rng = self._load_rng
        self._burst = 0.9 * self._burst + rng.normal(0, 0.06)
        daily = 1.0 + 0.5 * np.sin(2 * np.pi * self.tick / self._day - 1.2)
        arriving = dict.fromkeys(SERVICES, 0.0)
        arriving["gateway"] = GATEWAY_LOAD * daily * float(np.exp(self._burst))
        for caller in SERVICES:
            history = self._load[caller]
            history.insert(0, arriving[caller])
            del history[LAG_MAX:]
            for called, ratio, lag in CALLS.get(caller, ()):
                arriving[called] += ratio * history[lag] * float(np.exp(rng.normal(0, 0.02)))
        return arriving

    def _slowness(self, requests: dict[str, float]) -> dict[str, float]:
        """Return each service's latency factor: its load, its faults, and those it waits for."""
        factor: dict[str, float] = {}
        for service in reversed(SERVICES):
            own = 1.0 / max(0.1, 1.0 - 0.25 * requests[service] / USUAL_LOADS[service])
            if self._afflicts(FaultKind.CASCADE, service):
                own *= 4.0
            called = [factor.get(name, 1.0) * ratio for name, ratio, _ in CALLS.get(service, ())]
            factor[service] = own + 0.6 * sum(called)
        return factor

    def _service(self, service: str, load: float, slow: float) -> list[float]:
        rng, relative = self._rng, load / USUAL_LOADS[service]
        leak = 0.02 * self._afflicts(FaultKind.TREND, service)
        self._memory[service] = 0.995 * self._memory[service] + rng.normal(0, 0.01) + leak
        self._wander[service] = 0.98 * self._wander[service] + rng.normal(0, 0.002)
        latency = 0.02 * slow * float(np.exp(rng.normal(0, 0.05)))
        errors = 0.002 * max(0.0, slow - 1.0) ** 1.5 + 0.001 * rng.gamma(2.0)
        return [
            load * (1 + rng.normal(0, 0.01)),
            latency,
            latency * (2.5 + 0.4 * rng.gamma(2.0) + 0.2 * abs(rng.standard_t(4))),
            min(1.0, errors),
            self._processor(service, relative),
            2e8 * (1.0 + 0.1 * relative + self._memory[service]),
            10.0 + 20.0 * relative * slow + rng.normal(0, 1.0),
            float(rng.poisson(6.0 * relative * slow)),
            load * 900.0 * float(np.exp(rng.normal(0, 0.03))),
            load * 5200.0 * self._response_size(service),
        ]

    def _processor(self, service: str, relative: float) -> float:
        used = 0.05 + 0.25 * self._work[service] * relative
        return min(1.0, used + self._wander[service] + self._rng.normal(0, 0.008))

    def _response_size(self, service: str) -> float:
        """Draw how large responses are just now, relative to their usual size."""
        noise = self._rng.normal(0, 0.04)
        if service in DRIFTING:
            self._payload[service] = 0.99 * self._payload[service] + self._rng.normal(0, 0.03)
            share = 1.0 - np.cos(2 * np.pi * self.tick / (DRIFT_DAYS * self._day))
            noise += share * self._payload[service]
        return float(np.exp(noise))

    def _disturb(self, frame: F64, fault: Fault) -> None:
        """Apply a fault that concerns what is reported, not what happens."""
        first = SERVICES.index(fault.service) * len(METRICS)
        for offset, metric in enumerate(METRICS):
            if fault.metric in ("*", metric):
                self._disturb_one(frame, first + offset, fault)

    def _disturb_one(self, frame: F64, column: int, fault: Fault) -> None:
        if fault.kind is FaultKind.LEVEL:
            frame[column] *= 6.0
        elif fault.kind is FaultKind.SILENCE:
            frame[column] = np.nan
        elif fault.kind is FaultKind.STUCK:
            if self.tick == fault.start:
                self._held[column] = frame[column]
            frame[column] = self._held[column]
        elif fault.kind is FaultKind.RELATION:
            # A walk of its own about the level of the last hours: every value stays in range.
            if self.tick == fault.start:
                self._held[column] = 0.0
            self._held[column] = 0.9 * self._held[column] + self._rng.normal(0, 0.09)
            frame[column] = self._centre(column) * float(np.exp(self._held[column]))

    @staticmethod
    def _centre(column: int) -> float:
        """Return what the column is at the usual load, without noise."""
        service, metric = SERVICES[column // len(METRICS)], METRICS[column % len(METRICS)]
        return {"cpu_ratio": 0.3, "connections": 44.0}.get(metric, USUAL_LOADS[service])

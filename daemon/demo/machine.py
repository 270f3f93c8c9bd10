"""What the machine that runs the demo says of itself, as psutil gives it.

Processors, memory, swap, load, disks, network, and the processes that were busiest. A process stays
among the watched ones until it ends or others have been busier for long, so that its series do not
come and go with every second.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import psutil

#: Names of processes watched at once, and how many of the busiest may claim a place each second.
WATCHED_MAX: Final = 12
CLAIMING_MAX: Final = 3
#: Share of one processor below which a process claims no place.
BUSY_RATIO: Final = 0.02
#: Time constant, in seconds, of how busy a process counts.
BUSY_SECONDS: Final = 60.0
#: Disks and network interfaces watched at most.
DEVICES_MAX: Final = 8
#: Interfaces and disks that are no hardware and say nothing.
IGNORED_DEVICES: Final = ("loop", "ram", "veth", "docker", "br-")

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Watched:
    """What is known of the processes of one name."""

    seconds: float
    busy: float = 0.0


class Machine:
    """Reads the machine once a second.

    Parameters
    ----------
    host : str
        Value of the label `host`; the machine's name by default.
    """

    def __init__(self, host: str | None = None) -> None:
        self.host = host or platform.node() or "this-machine"
        self._read_at = 0.0
        self._processes: dict[str, _Watched] = {}
        self._watched: set[str] = set()
        psutil.cpu_percent(percpu=True)  # the first reading only sets the mark

    def record(self, timestamp: float) -> bytes:
        """Read everything.

        Parameters
        ----------
        timestamp : float
            Unix seconds, now.

        Returns
        -------
        bytes
            One record: a JSON array of flat samples.
        """
        seconds, self._read_at = timestamp - self._read_at, timestamp
        return _encode(
            [
                {
                    "name": name,
                    "labels": {"host": self.host, **labels},
                    "timestamp": round(timestamp, 3),
                    "value": value,
                }
                for name, labels, value in self._samples(max(0.1, seconds))
            ]
        )

    def _samples(self, seconds: float) -> Iterator[tuple[str, dict[str, str], float]]:
        yield from _processors()
        yield from _memory()
        yield from _devices()
        yield from self._busiest(seconds)

    def _busiest(self, seconds: float) -> Iterator[tuple[str, dict[str, str], float]]:
        """Yield share of a processor and memory of the watched processes, by name."""
        totals, resident = _process_totals()
        rate = min(1.0, seconds / BUSY_SECONDS)
        used = {}
        for name, total in totals.items():
            known = self._processes.setdefault(name, _Watched(total))
            # A process that ended took its time with it.
            used[name] = max(0.0, total - known.seconds) / seconds
            known.seconds = total
            known.busy += rate * (used[name] - known.busy)
        for name in self._processes.keys() - totals.keys():
            del self._processes[name]
        self._choose(used)
        for name in sorted(self._watched):
            labels = {"process": name}
            yield "process_cpu_ratio", labels, used[name]
            yield "process_memory_bytes", labels, resident[name]

    def _choose(self, used: dict[str, float]) -> None:
        """Let the busiest processes of this second in; the least busy ones make room."""
        self._watched &= used.keys()
        claiming = sorted(used, key=lambda name: (-used[name], name))[:CLAIMING_MAX]
        self._watched |= {name for name in claiming if used[name] >= BUSY_RATIO}
        order = sorted(self._watched, key=lambda name: (-self._processes[name].busy, name))
        self._watched = set(order[:WATCHED_MAX])


def _processors() -> Iterator[tuple[str, dict[str, str], float]]:
    for number, percent in enumerate(psutil.cpu_percent(percpu=True)):
        yield "cpu_busy_ratio", {"cpu": str(number)}, percent / 100.0
    yield "load_1m", {}, psutil.getloadavg()[0]
    statistics = psutil.cpu_stats()
    yield "context_switches_total", {}, float(statistics.ctx_switches)
    yield "interrupts_total", {}, float(statistics.interrupts)


def _memory() -> Iterator[tuple[str, dict[str, str], float]]:
    memory = psutil.virtual_memory()
    yield "memory_used_bytes", {}, float(memory.used)
    yield "memory_available_bytes", {}, float(memory.available)
    yield "swap_used_bytes", {}, float(psutil.swap_memory().used)


def _devices() -> Iterator[tuple[str, dict[str, str], float]]:
    for name, disk in _hardware(psutil.disk_io_counters(perdisk=True)):
        yield "disk_read_bytes_total", {"disk": name}, float(disk.read_bytes)
        yield "disk_written_bytes_total", {"disk": name}, float(disk.write_bytes)
    for name, card in _hardware(psutil.net_io_counters(pernic=True)):
        yield "network_received_bytes_total", {"interface": name}, float(card.bytes_recv)
        yield "network_sent_bytes_total", {"interface": name}, float(card.bytes_sent)


def _hardware(counters: dict[str, Any] | None) -> list[tuple[str, Any]]:
    """Leave out what is no device; containers may have none at all."""
    named = sorted((counters or {}).items())
    return [(name, each) for name, each in named if not name.startswith(IGNORED_DEVICES)][
        :DEVICES_MAX
    ]


def _process_totals() -> tuple[dict[str, float], dict[str, float]]:
    """Sum processor seconds and resident bytes of all processes of each name."""
    seconds: dict[str, float] = {}
    resident: dict[str, float] = {}
    for process in psutil.process_iter(["name", "cpu_times", "memory_info"]):
        name, times, memory = (process.info[key] for key in ("name", "cpu_times", "memory_info"))
        if not name or times is None or memory is None:
            continue  # it is gone, or not ours to see
        seconds[name] = seconds.get(name, 0.0) + times.user + times.system
        resident[name] = resident.get(name, 0.0) + memory.rss
    return seconds, resident

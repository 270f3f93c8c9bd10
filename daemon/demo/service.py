"""The service as the demo sees it: a child process with a log and an HTTP port."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Final

from daemon.demo.child import ChildProcess
from daemon.demo.streams import Stream
from daemon.healthcheck import UnhealthyError, ask

#: The service drains within ten seconds or ends itself.
STOP_SECONDS: Final = 12.0
ANSWER_SECONDS: Final = 1.0

_SAMPLE = re.compile(r"^(\w+)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


class ServiceProcess(ChildProcess):
    """`hebbstream run` with a stream's configuration, nothing about it changed for the demo.

    Parameters
    ----------
    stream : Stream
        What it reads and how.
    folder : Path
        For its configuration and its log.
    """

    def __init__(self, stream: Stream, folder: Path) -> None:
        self.stream = stream
        self._port: int | None = None
        config = stream.write(folder)
        command = [sys.executable, "-m", "daemon", "run", "--config", str(config)]
        title = f"the service for the {stream.name}"
        super().__init__(title, command, folder / f"{stream.name}.log", STOP_SECONDS)

    @property
    def url(self) -> str | None:
        """Where its page is; None until it listens."""
        if self._port is None:
            self._port = port_in(self.log)
        return None if self._port is None else f"http://127.0.0.1:{self._port}/"

    def metrics(self) -> dict[str, float]:
        """Return its metrics, summed over their labels; empty while it does not answer."""
        if self.url is None or self._port is None:
            return {}
        try:
            return totals(ask("127.0.0.1", self._port, "/metrics", ANSWER_SECONDS))
        except UnhealthyError:
            return {}


def port_in(log: str) -> int | None:
    """Find the port that the service says it listens on; None when it has not said so yet."""
    for line in log.splitlines():
        if '"http listens"' in line:
            return int(json.loads(line)["port"])
    return None


def totals(exposition: str) -> dict[str, float]:
    r"""Sum the samples of each metric in the text that /metrics answers.

    Examples
    --------
    >>> totals('# HELP a what\na{x="1"} 2.0\\na{x="2"} 3.0\nb 1.5')
    {'a': 5.0, 'b': 1.5}
    """
    sums: dict[str, float] = {}
    for name, value in _SAMPLE.findall(exposition):
        sums[name] = sums.get(name, 0.0) + float(value)
    return sums

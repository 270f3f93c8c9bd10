"""Runs the real daemon, or a real Prometheus, as a child process for integration tests."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from prometheus_client.parser import text_string_to_metric_families


def free_port() -> int:
    """Return a loopback port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll `condition` until it holds; fail with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            msg = f"waited {seconds:g} s for: {what}"
            raise AssertionError(msg)
        time.sleep(0.1)


class DaemonProcess:
    """`hebbstream run` as a subprocess, with its metrics within reach.

    Parameters
    ----------
    folder : Path
        For the configuration file and the log.
    config : dict
        The configuration; the server's address is filled in.
    """

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.port = free_port()
        self._log_path = folder / "daemon.log"
        path = folder / "hebbstream.yaml"
        path.write_text(json.dumps(config | {"server": {"host": "127.0.0.1", "port": self.port}}))
        self._log = self._log_path.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "daemon", "run", "--config", str(path)],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """Kill it if it still runs, and let go of its log."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        self._log.close()

    @property
    def log(self) -> str:
        """What the daemon has logged so far."""
        return self._log_path.read_text()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a path; status 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str, **labels: str) -> float:
        """Sum of a metric's samples whose labels include `labels`."""
        status, text = self.get("/metrics")
        if status != 200:
            return 0.0
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        self._process.kill()
        self._process.wait(10)

    def pause(self) -> None:
        """Stop it in its tracks (SIGSTOP); nothing of it answers until `resume`."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        self._process.send_signal(signal.SIGCONT)

    def terminate(self, seconds: float = 15.0) -> tuple[int, float]:
        """Send SIGTERM; returns the exit code and how long the stop took."""
        started = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(seconds)
        return code, time.monotonic() - started


@contextlib.contextmanager
def prometheus(folder: Path, target_port: int) -> Iterator[str]:
    """Run a real Prometheus that scrapes the target each second; yields its base URL."""
    binary = shutil.which("prometheus")
    assert binary is not None, "prometheus is not installed: make setup-system"
    port = free_port()
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        "scrape_configs:\n"
        "  - job_name: hebbstream\n"
        f"    static_configs: [{{targets: ['127.0.0.1:{target_port}']}}]\n"
    )
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                binary,
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def query(base_url: str, expression: str) -> list[dict[str, Any]]:
    """Instant query of a Prometheus; an empty list while it is not up yet."""
    url = f"{base_url}/api/v1/query?query={urllib.parse.quote(expression)}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return result
    except OSError:
        return []

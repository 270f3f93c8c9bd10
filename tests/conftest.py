"""Fixtures for every test: a broker, fresh topic names, and a loud word about what was not run.

`broker` is any broker, `apache` an Apache Kafka node of our own that may be killed and held. A test
that uses one of them is marked `kafka` (and `apache`) by itself. Environment:
HEBBSTREAM_TEST_BOOTSTRAP names a broker that is already there; HEBBSTREAM_REQUIRE_KAFKA=1 turns
tests that could not be run into failures; HEBBSTREAM_KAFKA_CACHE moves the folder of the jars.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeVar

import pytest
from hypothesis import settings

from broker import ApacheKafka, Broker, EmbeddedBroker, ExternalBroker
from server_process import BrokerUnavailableError

# What an example takes depends on what else the machine does; speed is for the benchmarks.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

Kind = TypeVar("Kind", bound=Broker)

#: kafka 3.0.12 leaves the socket of a connection that is closed while it is being made to the
#: garbage collector, which may come in a later test; only where a broker is used is that excused.
ABANDONED = r"ignore:unclosed <socket\.socket .*raddr=\('127\.0\.0\.1', :ResourceWarning"

REQUIRED = os.environ.get("HEBBSTREAM_REQUIRE_KAFKA") == "1"
NO_BROKER = "no broker: "
REMEDY = (
    "to run them: Java 17 or later and Maven (Debian: apt-get install openjdk-17-jre-headless "
    "maven), then `python tests/broker.py fetch` once with a network; or name a broker in "
    "HEBBSTREAM_TEST_BOOTSTRAP"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the broker they use, so that -m kafka and -m apache are never wrong."""
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        # The fallback broker is no substitute for a test marked `apache`.
        if item.get_closest_marker("apache") and "apache" not in item.fixturenames:
            item.fixturenames.append("apache")
        if "apache" in item.fixturenames:
            item.add_marker(pytest.mark.apache)
        if {"broker", "apache"} & set(item.fixturenames):
            item.add_marker(pytest.mark.kafka)
            item.add_marker(pytest.mark.filterwarnings(ABANDONED))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly which tests found no broker, why, and what to do about it."""
    not_run: dict[str, list[str]] = {}
    for outcome in ("skipped", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            text = str(report.longrepr[2] if outcome == "skipped" else report.longrepr)
            _, found, reason = text.partition(NO_BROKER)
            if found:
                not_run.setdefault(reason.splitlines()[0], []).append(report.nodeid)
    for reason, tests in not_run.items():
        terminalreporter.section("NOT RUN: NO BROKER", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(tests)} tests were not run: {reason}", red=True)
        for test in tests:
            terminalreporter.line(f"  {test}")
        terminalreporter.line(REMEDY)


def not_run(error: BrokerUnavailableError) -> NoReturn:
    """Skip the test for want of a broker, or fail it where one is required."""
    reason = NO_BROKER + str(error).splitlines()[0]
    if REQUIRED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class Brokers:
    """Starts each kind of broker at most once a session, and only when a test wants it."""

    def __init__(self) -> None:
        self._started: dict[str, Broker | BrokerUnavailableError] = {}

    def any(self) -> Broker:
        """Return the broker named by the environment, else Apache Kafka, else the embedded one."""
        external = os.environ.get("HEBBSTREAM_TEST_BOOTSTRAP")
        if external:
            return ExternalBroker(external)
        try:
            return self.apache()
        except BrokerUnavailableError:
            if REQUIRED:
                raise
        return self._start("embedded", EmbeddedBroker)

    def apache(self) -> ApacheKafka:
        """Return our own Apache Kafka node."""
        node = self._start("apache", ApacheKafka)
        if not node.running:
            node.restart()
        return node

    def stop(self) -> None:
        """End every process that was started."""
        for each in self._started.values():
            if not isinstance(each, BrokerUnavailableError):
                each.stop()

    def _start(self, name: str, kind: Callable[[], Kind]) -> Kind:
        if name not in self._started:
            try:
                self._started[name] = kind()
            except BrokerUnavailableError as error:
                self._started[name] = error
        started = self._started[name]
        if isinstance(started, BrokerUnavailableError):
            raise started
        return started  # type: ignore[return-value] # one kind a name


@pytest.fixture(scope="session")
def brokers() -> Iterator[Brokers]:
    """Every broker of the session, ended with it."""
    started = Brokers()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def broker(brokers: Brokers) -> Broker:
    """Return any broker; skips (or fails) where there is none."""
    try:
        return brokers.any()
    except BrokerUnavailableError as error:
        not_run(error)


@pytest.fixture
def apache(brokers: Brokers) -> Iterator[ApacheKafka]:
    """Give an Apache Kafka node that the test may kill or hold; it runs again afterwards."""
    try:
        node = brokers.apache()
    except BrokerUnavailableError as error:
        not_run(error)
    yield node
    node.release()
    if not node.running:
        node.restart()


@pytest.fixture
def topic() -> str:
    """Return a topic name that nobody else uses."""
    return f"test-{uuid.uuid4().hex[:12]}"

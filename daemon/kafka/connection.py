"""Connecting to a broker: options from the configuration, patience, and errors a person can act on.

Sources: kafka-python 3.0.12 (its constructors bootstrap eagerly, leave an I/O thread behind when
that fails, and report a refused TLS or SASL handshake as a plain time-out).
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from kafka.errors import KafkaError, KafkaTimeoutError, UnknownBrokerIdError
from kafka.net.compat import KafkaNetClient

from daemon.config import KafkaSection
from daemon.errors import SourceError, UnreachableError
from daemon.kafka.moved import look_where_it_began
from daemon.ports import Clock

RECONNECT_MAX_MS = 5000
FINDINGS_MAX = 5
CUT_OFF_SECONDS = 1.0

# At debug the first prints its settings, password and all, and the second every record's bytes.
# A level of their own counts for more than the level set for kafka-python, so it is that one's.
TELLTALES = ("kafka.admin.client", "kafka.producer.kafka")
for _telltale in TELLTALES:
    logging.getLogger(_telltale).setLevel(logging.WARNING)

Client = TypeVar("Client")


def require_crc32c(find: Callable[[str], object | None] = importlib.util.find_spec) -> None:
    """Refuse to work without the C extension for record checksums.

    In plain Python the checksum alone limits reading to a fifth of the speed, which shows only as
    a growing lag.

    Parameters
    ----------
    find : callable
        Look-up of an importable module; the import system's by default.

    Raises
    ------
    SourceError
        When the module crc32c is not installed.
    """
    if find("crc32c") is None:
        msg = "the Python package crc32c is missing, without which Kafka's checksums are too slow: "
        raise SourceError(msg + "pip install 'kafka-python[crc32c]'")


def client_options(section: KafkaSection, application_id: str) -> dict[str, Any]:
    """Return the settings that every client shares: addresses, security, reconnection.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker.
    application_id : str
        Sent with each request, for the broker's logs and quotas.

    Returns
    -------
    dict
        Keyword arguments of kafka-python's clients.

    Raises
    ------
    SourceError
        When sasl_password_file cannot be read.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": list(section.bootstrap_servers),
        "client_id": application_id,
        "reconnect_backoff_max_ms": RECONNECT_MAX_MS,
        "security_protocol": section.security_protocol,
        "ssl_cafile": section.ssl_ca_file,
        "ssl_certfile": section.ssl_cert_file,
        "ssl_keyfile": section.ssl_key_file,
    }
    if section.security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = section.sasl_mechanism
        options["sasl_plain_username"] = section.sasl_username
        options["sasl_plain_password"] = sasl_password(section)
    return options


def sasl_password(section: KafkaSection) -> str:
    """Return the password, from its file where one is named; SourceError when that cannot be."""
    if section.sasl_password_file is not None:
        try:
            return Path(section.sasl_password_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            msg = f"kafka.sasl_password_file cannot be read: {error}"
            raise SourceError(msg) from error
    return section.sasl_password.get_secret_value() if section.sasl_password is not None else ""


def lone_options(
    section: KafkaSection, application_id: str, *, reset: str = "earliest"
) -> dict[str, Any]:
    """Return the settings of a consumer that is in no group: it reads what it is told to.

    Parameters
    ----------
    section : KafkaSection
        How to reach the broker.
    application_id : str
        Name of the client.
    reset : str, optional
        Where to go on when an offset is not there any more; none raises.
    """
    return client_options(section, application_id) | {
        "group_id": None,
        "enable_auto_commit": False,
        "auto_offset_reset": reset,
    }


class Findings(logging.Handler):
    """Keeps the last warnings of the network layer, where alone a handshake's fault shows."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: dict[str, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line, each text once, the newest last."""
        text = record.getMessage()
        self._lines.pop(text, None)
        self._lines[text] = None
        while len(self._lines) > FINDINGS_MAX:
            del self._lines[next(iter(self._lines))]

    def __str__(self) -> str:
        return "; ".join(self._lines) or "no answer"


@contextmanager
def findings() -> Iterator[Findings]:
    """Collect what the network layer of kafka-python logs while the block runs."""
    handler = Findings()
    network = logging.getLogger("kafka.net")
    network.addHandler(handler)
    try:
        yield handler
    finally:
        network.removeHandler(handler)


def connect(
    factory: Callable[..., Client],
    options: dict[str, Any],
    timeout_seconds: float,
    topics: Iterable[str] = (),
) -> Client:
    """Build a client and wait for its first answer from a broker.

    Parameters
    ----------
    factory : callable
        KafkaConsumer, KafkaProducer or KafkaAdminClient.
    options : dict
        Its keyword arguments.
    timeout_seconds : float
        How long to wait.
    topics : iterable of str, optional
        What the first answer is to tell of; what the client asks for later waits 100 ms for it, and
        a look-up of partitions asks for all topics of the cluster.

    Returns
    -------
    Client
        Connected. It never has topics made by asking for them.

    Raises
    ------
    UnreachableError
        When no broker answered in time; the message holds the addresses and the reasons seen.
    """
    opened: list[Any] = []

    def capture(*args: Any, **settings: Any) -> Any:  # noqa: ANN401 - kafka-python is not typed
        client = KafkaNetClient(*args, **settings)
        # The clients' own option `allow_auto_create_topics` gets nowhere in kafka-python 3.0.12.
        client.cluster.config["allow_auto_create_topics"] = False
        # Not set_topics(), which would begin to connect without a bound in time.
        client.cluster._topics.update(topics)  # noqa: SLF001 - the version is pinned
        look_where_it_began(client._manager)  # noqa: SLF001 - as above
        opened.append(client)
        return client

    with findings() as found:
        try:
            return factory(
                **options, bootstrap_timeout_ms=int(timeout_seconds * 1000), kafka_client=capture
            )
        except (KafkaError, OSError) as error:
            # The constructor leaves its I/O thread running when the bootstrap fails.
            for client in opened:
                client.close()
            servers = ", ".join(options["bootstrap_servers"])
            reason = error if isinstance(error, OSError) else found
            msg = f"no Kafka broker answers at {servers}: {reason}"
            raise UnreachableError(msg) from error


def cut_off(producer: Any) -> None:  # noqa: ANN401 - kafka-python is not typed
    """Close a producer at once; what it still holds is given up.

    With messages in hand, kafka-python's close() raises before it has ended its own threads.

    Parameters
    ----------
    producer : KafkaProducer
        May be in an outage.
    """
    try:
        producer.close(timeout=0)
    except KafkaTimeoutError:
        sender = producer._sender  # noqa: SLF001 - no public way; the version is pinned
        sender.force_close()
        sender.join(CUT_OFF_SECONDS)
        with suppress(KafkaTimeoutError):
            producer.close(timeout=0)


def may_pass(error: KafkaError) -> bool:
    """Return whether waiting may mend an error.

    Parameters
    ----------
    error : KafkaError
        What kafka-python calls retriable may, and so may a broker that it does not know though
        another one has named it, as when it has only just come back.
    """
    return bool(error.retriable) or isinstance(error, UnknownBrokerIdError)


class Backoff:
    """When to try again: waits that double up to a limit, by the clock that is given.

    Parameters
    ----------
    clock : Clock
        Source of time.
    first_seconds, max_seconds : float
        The first wait and the longest one.
    """

    def __init__(self, clock: Clock, first_seconds: float = 0.5, max_seconds: float = 10.0) -> None:
        self._clock = clock
        self._first = first_seconds
        self._max = max_seconds
        self._wait = first_seconds
        self._next = float("-inf")

    @property
    def remaining_seconds(self) -> float:
        """Seconds until the next try; 0 when it is due."""
        return max(0.0, self._next - self._clock.monotonic())

    def failed(self) -> float:
        """Note a failed try; returns the seconds until the next one."""
        wait = self._wait
        self._next = self._clock.monotonic() + wait
        self._wait = min(2.0 * wait, self._max)
        return wait

    def succeeded(self) -> None:
        """Begin anew with the shortest wait."""
        self._wait = self._first
        self._next = float("-inf")

"""Messages in transactions: who reads only what is committed sees every event once, zombies or not.

All that is sent between two commits is one transaction, which also commits the group's offsets with
the generation of this member (KIP-447): the broker refuses it from a process that has lost its
partitions, so what a zombie had sent is never seen. A transaction that broke off is aborted when a
process with the same name connects, or when it times out; whoever takes partitions over reads its
events back up to the very end, past every transaction that was open.

The broker forgets a name that has had no transaction for long (`transactional.id.expiration.ms`, a
week by default), and refuses what comes then: who has rested connects anew first.

kafka-python 3.0.12 commits transactions whose sends have failed, and its calls that end one take no
time limit. So every message's fate is looked at first, and the requests are waited for here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal, NoReturn

import structlog
from kafka.errors import KafkaError, UnknownMemberIdError

from daemon.config import KafkaSection
from daemon.errors import SinkError
from daemon.kafka.connection import may_pass
from daemon.kafka.sink import READ_BACK_SECONDS, WAIT_SECONDS, KafkaSink
from daemon.kafka.standing import Standing
from daemon.ports import Clock
from daemon.records import Channel, Message

log = structlog.get_logger(__name__)

#: How long a transaction is open at least while records come in; a checkpoint ends it earlier.
OPEN_SECONDS = 1.0
#: Less than others wait for the events that were published before.
TIMEOUT_SECONDS_MAX = 45.0
ABORT_SECONDS = 1.0
#: After so long without a transaction the broker may have forgotten whose they are.
REST_SECONDS = 3600.0

Member = Callable[[], Standing | None]


def make_sink(
    section: KafkaSection,
    application_id: str,
    clock: Clock,
    channels: Collection[Channel],
    delivery: Literal["at_least_once", "transactional"],
    member: Member,
) -> KafkaSink:
    """Make the output of the service.

    Parameters
    ----------
    section : KafkaSection
        Addresses and topic settings.
    application_id : str
        Prefix of the topics.
    clock : Clock
        Source of time for waits.
    channels : collection of Channel
        Channels that will be used.
    delivery : str
        at_least_once or transactional.
    member : callable
        Returns the standing in the group, None while not connected.

    Returns
    -------
    KafkaSink
        Not connected yet.
    """
    if delivery == "transactional":
        return TransactionalSink(section, application_id, clock, channels, member)
    return KafkaSink(section, application_id, clock, channels)


class TransactionalSink(KafkaSink):
    """Publishes in transactions; implements `daemon.ports.EventSink`.

    What has been sent is seen when `flush` returns True, or a second later while records come in.

    Parameters
    ----------
    section : KafkaSection
        Addresses and topic settings; its `instance_id` names the transactions.
    application_id : str
        Prefix of the topics.
    clock : Clock
        Source of time for waits.
    channels : collection of Channel
        Channels that will be used.
    member : callable
        Returns the standing in the group, None while not connected.
    """

    _reads_to_the_end = True

    def __init__(
        self,
        section: KafkaSection,
        application_id: str,
        clock: Clock,
        channels: Collection[Channel],
        member: Member,
    ) -> None:
        super().__init__(section, application_id, clock, channels)
        timeout = min(section.session_timeout, TIMEOUT_SECONDS_MAX)
        self._options |= {
            "transactional_id": f"{application_id}-{section.instance_id or uuid.uuid4().hex}",
            "transaction_timeout_ms": int(timeout * 1000),
        }
        self._member = member
        self._began: float | None = None
        self._rests_since = clock.monotonic()
        self._steps: list[Callable[[], Any]] = []
        self._step: Any = None  # the request that is waited for
        self._from_records = False  # whether the transaction has more than signs of life

    def send(self, messages: Iterable[Message]) -> None:
        """Queue messages; a transaction that has been open for a second is ended on the way.

        Parameters
        ----------
        messages : iterable of Message
            What to publish.
        """
        self._waiting.extend(messages)
        if self._waiting or self._began is not None:
            self._forward()

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until everything queued is acknowledged and committed.

        Parameters
        ----------
        timeout_seconds : float
            How long to wait.

        Returns
        -------
        bool
            False when time ran out.

        Raises
        ------
        SinkError
            When a message was given up on or the commit was refused, because this process has lost
            its partitions or another one has its name. Nothing of the transaction is seen then.
        """
        deadline = self._clock.monotonic() + timeout_seconds
        return super().flush(timeout_seconds) and self._end(deadline)

    def published(self, since: Mapping[str, int] | None) -> Iterator[tuple[str, int, bytes]]:
        """Read the events that are there, once the transaction of a predecessor is ended.

        Parameters
        ----------
        since : mapping of str to int, or None
            As for `KafkaSink.published`.

        Yields
        ------
        tuple of str, int and bytes
            Partition, offset and value.

        Raises
        ------
        SinkError
            When they cannot be read within a minute.
        """
        deadline = self._clock.monotonic() + READ_BACK_SECONDS
        while not self._connected():
            self._raise_failures()
            if self._clock.monotonic() > deadline:
                msg = "the events published before cannot be read: no transactions can be made"
                raise SinkError(msg)
            self._clock.sleep(max(WAIT_SECONDS, self._backoff.remaining_seconds))
        yield from super().published(since)

    def discard(self) -> bool:
        """Give up what is not committed: it is another's to publish now.

        Returns
        -------
        bool
            Whether there was anything.
        """
        if self._began is None and not self._waiting:
            return False
        self._start_over()  # the next connection aborts the transaction
        return True

    def close(self) -> None:
        """Abort what is not committed, then disconnect."""
        if self._began is not None and self._producer is not None:
            with suppress(KafkaError):
                abort = self._manager.begin_abort()
                self._producer._sender.wakeup()  # noqa: SLF001 - as in _end
                abort.wait(ABORT_SECONDS * 1000)
        self._waiting.clear()
        self._disconnect()

    def _connected(self) -> bool:
        if self._producer is not None or not super()._connected():
            return self._producer is not None
        producer: Any = self._producer  # made by the line above
        try:
            producer.init_transactions()
        except KafkaError as error:
            self._disconnect()
            seconds = self._backoff.failed()
            if not may_pass(error):
                self._flight.failures.append(f"transactions cannot be made: {error}")
            log.warning("transactions not ready; trying again", error=str(error), seconds=seconds)
            return False
        self._rests_since = self._clock.monotonic()
        return True

    def _forward(self) -> None:
        """Hand messages over; those that come when a transaction is due wait for the next one."""
        now = self._clock.monotonic()
        ending = bool(self._steps) or self._step is not None
        if ending or (self._began is not None and now >= self._began + OPEN_SECONDS):
            if self._flight.landed < self._flight.sent:
                return
            self._raise_failures()
            if not self._end(now):
                return
        if self._began is None and now >= self._rests_since + REST_SECONDS:
            self._disconnect()
        try:
            super()._forward()
        except KafkaError as error:
            self._give_up(error)

    def _send(self, message: Message) -> Any:  # noqa: ANN401 - kafka-python is not typed
        if self._began is None:
            self._producer.begin_transaction()
            self._began = self._clock.monotonic()
        self._from_records |= message.channel is not Channel.HEARTBEAT
        return super()._send(message)

    def _end(self, deadline: float) -> bool:
        """Commit, as far as that goes until the deadline; every message is acknowledged."""
        if self._began is None:
            return True
        try:
            if not self._steps and self._step is None:
                self._steps = self._plan()
            while self._steps or self._step is not None:
                if self._step is None:
                    self._step = self._steps.pop(0)()
                    # The public calls wait without a limit; the version is pinned.
                    self._producer._sender.wakeup()  # noqa: SLF001
                left = max(0.0, deadline - self._clock.monotonic())
                if not self._step.wait(left * 1000):
                    return False
                self._step = None
        except KafkaError as error:
            self._give_up(error)
        self._began, self._from_records = None, False
        self._rests_since = self._clock.monotonic()
        return True

    def _plan(self) -> list[Callable[[], Any]]:
        """List the requests that end a transaction."""
        manager, standing = self._manager, self._member()
        proof = None if standing is None else standing.proof()
        if proof is None and (standing is None or not self._from_records):
            return [manager.begin_commit]  # there is nothing that another could publish as well
        if proof is None:
            msg = "the group does not know this process as the owner of what it has read"
            raise UnknownMemberIdError(msg)
        offsets, membership = proof
        return [
            lambda: manager.send_offsets_to_transaction(offsets, membership),
            manager.begin_commit,
        ]

    @property
    def _manager(self) -> Any:  # noqa: ANN401 - as above
        return self._producer._transaction_manager  # noqa: SLF001 - as in _end

    def _give_up(self, error: KafkaError) -> NoReturn:
        self._flight.failures.append(f"the transaction was refused: {error!r}")
        self._raise_failures()
        raise error  # not reached: there is a failure to raise

    def _disconnect(self) -> None:
        self._began, self._step, self._from_records = None, None, False
        self._steps.clear()
        super()._disconnect()

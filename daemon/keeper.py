"""One place where state is kept: how often it is written, and what became of the last time."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.errors import StateStoreError
from daemon.log import get_logger
from daemon.ports import Pieces, StateStore
from daemon.records import InputPartition
from daemon.telemetry import Telemetry

log = get_logger(__name__)

#: What was not written is tried again after so long, however seldom the store is written.
RETRY_SECONDS = 10.0


@dataclass(slots=True)
class Keeper:
    """A store, how often it is written, and when it last was.

    Attributes
    ----------
    store : StateStore
        Where to.
    interval : float
        Seconds from one time to the next.
    last : float
        When it last was its turn, on the monotonic clock.
    failure : str
        Why nothing was written the last time; empty when it was.
    """

    store: StateStore
    interval: float
    last: float = float("-inf")
    failure: str = ""

    def due(self, now: float) -> bool:
        """Say whether it is its turn: after the interval, or sooner where the last try failed."""
        wait = min(self.interval, RETRY_SECONDS) if self.failure else self.interval
        return now - self.last >= wait

    def save(
        self,
        partition: InputPartition,
        order: tuple[int, int],
        written: Pieces,
        telemetry: Telemetry,
    ) -> bool:
        """Write a state, and tell of it.

        Parameters
        ----------
        partition : InputPartition
            Whose.
        order : tuple of int
            How far it is.
        written : sequence of bytes
            The state: these, one after the other.
        telemetry : Telemetry
            Counts it.

        Returns
        -------
        bool
            False when it could not be written; `failure` says why.
        """
        try:
            self.store.save(partition, order, written)
        except StateStoreError as error:
            self.failure = str(error)
            telemetry.checkpoint_done(self.store.name, partition, None)
            log.error(  # noqa: TRY400 - one line
                "checkpoint not written; trying again", store=self.store.name, error=self.failure
            )
            return False
        self.failure = ""
        telemetry.checkpoint_done(self.store.name, partition, sum(map(len, written)))
        return True

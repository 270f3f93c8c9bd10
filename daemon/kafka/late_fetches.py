"""When the next fetch is asked for: as late as can be without waiting for it.

kafka-python asks for the next records as soon as it hands some out. What is asked for early is old
when it is read: while a turn of the engine works on its records, the answer waits, and what comes
meanwhile waits for the turn after the next. Asked for at the end of a turn, the answer has all that
came up to there, and records wait for one turn less. But a busy engine that waits for an answer
works that much less; so where answers keep coming a little late, they are asked for some batches
sooner.

No public interface of the client has this, so it is done only for versions that were compared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

#: Longer than an answer takes that has records at once: such a wait is one for records to come.
PROMPT_SECONDS = 0.05
#: Answers in a row that come late, or early, before the next is asked for sooner, or later.
LATE_MAX, EARLY_MAX = 4, 16


class LateFetches:
    """Holds back the fetch that a consumer sends as it hands out records, until it is asked for.

    Parameters
    ----------
    fetcher : kafka.consumer.fetcher.Fetcher
        The consumer's; its `send_fetches` and `fetched_records` are replaced.
    clock : callable
        Seconds that never step back.
    """

    def __init__(
        self,
        fetcher: Any,  # noqa: ANN401 - kafka-python is not typed
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetcher, self._clock = fetcher, clock
        self._send, self._take = fetcher.send_fetches, fetcher.fetched_records
        self._took = self._held = self._sent = False
        self._turn = 0  # batches of the turn
        self._awaited = False  # an answer that was asked for within a turn
        self._missed: float | None = None  # since when it is waited for
        self._late = self._early = 0
        #: Batches left to be worked on when the next records are asked for.
        self.lead = 1
        fetcher.send_fetches, fetcher.fetched_records = self._send_fetches, self._fetched_records

    def ask(self, left: int) -> None:
        """Send what is held back, once it is time; does not wait.

        Where nobody asks, the next poll sends it.

        Parameters
        ----------
        left : int
            Batches of the turn that are still to be worked on.
        """
        self._turn = max(self._turn, left)
        if self._held and left <= self.lead:
            self._held, self._awaited, self._sent = False, True, False
            self._fetcher._manager.call_soon(self._ask)  # noqa: SLF001 - no public way

    async def _ask(self) -> None:
        await self._fetcher._send_fetches_async()  # noqa: SLF001 - as above
        self._sent = True

    def _fetched_records(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - the client's
        records, partial = self._take(*arguments, **named)
        self._took = bool(records)
        if self._awaited:
            now = self._clock()
            if records:
                self._note(0.0 if self._missed is None else now - self._missed)
                self._awaited, self._missed, self._turn = False, None, 0
            elif self._missed is None:
                self._missed = now
        return records, partial

    def _note(self, waited_seconds: float) -> None:
        """Ask for the next answer sooner or later, by how this one came."""
        late = 0.0 < waited_seconds <= PROMPT_SECONDS
        self._late = self._late + 1 if late else 0
        self._early = self._early + 1 if waited_seconds == 0.0 else 0
        if waited_seconds > PROMPT_SECONDS:  # there is time to spare: an answer should have much
            self.lead = 1
        elif self._late == LATE_MAX:
            self.lead, self._late = min(self._turn, self.lead + 1), 0
        elif self._early == EARLY_MAX:
            self.lead, self._early = max(1, self.lead - 1), 0

    def _send_fetches(self) -> Any:  # noqa: ANN401 - the client's
        self._held = self._took
        return [] if self._held or self._under_way() else self._send()

    def _under_way(self) -> bool:
        """Tell, but once, whether what was asked for is on its way.

        To ask again would find nothing to ask for, and is waited for: two threads wake for it.
        """
        sent, self._sent = self._sent, False
        return sent and any(not each.is_done for each in self._fetcher._fetch_futures)  # noqa: SLF001 - as above

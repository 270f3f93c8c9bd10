"""When the next fetch is asked for: as late as can be without waiting for it.

kafka-python asks for the next records as soon as it hands some out. What is asked for early is old
when it is read: while a turn of the engine works on its records, the answer waits, and what comes
meanwhile waits for the turn after the next. Asked for at the end of a turn, the answer has all that
came up to there, and records wait for one turn less.

No public interface of the client has this, so it is done only for versions that were compared.
"""

from __future__ import annotations

from typing import Any


class LateFetches:
    """Holds back the fetch that a consumer sends as it hands out records, until it is asked for.

    Parameters
    ----------
    fetcher : kafka.consumer.fetcher.Fetcher
        The consumer's; its `send_fetches` and `fetched_records` are replaced.
    """

    def __init__(self, fetcher: Any) -> None:  # noqa: ANN401 - kafka-python is not typed
        self._fetcher = fetcher
        self._send, self._take = fetcher.send_fetches, fetcher.fetched_records
        self._took = self._held = False
        fetcher.send_fetches, fetcher.fetched_records = self._send_fetches, self._fetched_records

    def ask(self) -> None:
        """Send what is held back; does not wait. Where nobody asks, the next poll sends it."""
        if self._held:
            self._held = False
            self._fetcher._manager.call_soon(self._fetcher._send_fetches_async)  # noqa: SLF001

    def _fetched_records(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - the client's
        records, partial = self._take(*arguments, **named)
        self._took = bool(records)
        return records, partial

    def _send_fetches(self) -> Any:  # noqa: ANN401 - the client's
        self._held = self._took
        return [] if self._held else self._send()

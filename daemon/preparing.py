"""Kernels are made ready: compiled once, in a process of its own, and loaded from the cache."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from daemon.log import get_logger
from daemon.ports import Clock
from daemon.warmup import cache_complete, cache_wanted, warmup

log = get_logger(__name__)


def prepare_kernels() -> None:
    """Load every kernel from the cache, filling it first in a process of its own.

    The process that compiles may compute other last digits than those that load; so none that
    scores anything compiles, where there is a place for a cache.
    """
    _fill_cache()
    warmup()


class Preparation:
    """Makes every kernel ready, and loads those that are in the cache beside other work.

    Half a second of a start is loading, and the group's join, which waits for the broker, takes
    longer. What has to be compiled is compiled at once, for that takes longer than a member of a
    group may be silent. One thread calls all of it.

    Parameters
    ----------
    clock : Clock
        For the time it takes.
    then : callable, optional
        What else is to be done before anything is restored, and needs them.
    """

    def __init__(self, clock: Clock, then: Callable[[], None] = lambda: None) -> None:
        self._clock, self._then = clock, then
        self._loading: Future[None] | None = None
        _fill_cache()
        if not cache_complete():
            self.finish()

    def begin(self) -> None:
        """Begin to load, in a thread; as often as one likes."""
        if self._loading is None:
            loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kernels")
            self._loading = loader.submit(self._load)
            loader.shutdown(wait=False)

    def finish(self) -> None:
        """Wait until all are loaded; raises what loading them raised."""
        self.begin()
        if self._loading is not None:
            self._loading.result()

    def _load(self) -> None:
        started = self._clock.monotonic()
        warmup()
        log.info("kernels ready", seconds=round(self._clock.monotonic() - started, 3))
        self._then()


def _fill_cache() -> None:
    if cache_wanted():
        log.info("compiling kernels, once; this takes a minute or two")
        program = "from daemon.warmup import main; main()"
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program], check=False, stdin=subprocess.DEVNULL
        )

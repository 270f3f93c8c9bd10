"""Kernels are made ready: compiled once, in a process of its own, and loaded from the cache."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

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


def preparing_kernels(clock: Clock) -> Callable[[], None]:
    """Begin to make every kernel ready, and load those that are in the cache beside other work.

    Half a second of a start is loading; the group's join, which waits for the broker, takes longer.
    What has to be compiled is compiled here, for that takes longer than a member of a group may be
    silent.

    Parameters
    ----------
    clock : Clock
        For the time it takes.

    Returns
    -------
    callable
        Waits until all are loaded, and raises what loading them raised; to be called before the
        first is needed, and as often as one likes.
    """

    def load() -> None:
        warmup()
        log.info("kernels ready", seconds=round(clock.monotonic() - started, 3))

    started = clock.monotonic()
    _fill_cache()
    loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kernels")
    loading = loader.submit(load)
    loader.shutdown(wait=False)
    if not cache_complete():
        loading.result()
    return loading.result


def _fill_cache() -> None:
    if cache_wanted():
        log.info("compiling kernels, once; this takes a minute or two")
        program = "from daemon.warmup import main; main()"
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program], check=False, stdin=subprocess.DEVNULL
        )

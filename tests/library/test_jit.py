"""The kernels' cache: used where it can only be read, done without where there is none."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from numba.core import caching, config

from hebbstream._jit import kernel
from hebbstream.kernels.subspace import surprise


def double(x: float) -> float:
    """Twice `x`: stands for a kernel."""
    return 2 * x


def refuse(*_: object, **__: object) -> NoReturn:
    """Fail as a read-only file system does."""
    raise OSError(errno.EROFS, "Read-only file system")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the cache at an empty folder."""
    if getattr(config, "DISABLE_JIT", 0):
        pytest.skip("nothing is compiled without the JIT")
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what makes numba's cache unable to write anywhere, as on a read-only root."""
    real_open = open

    def open_to_read(path: Any, mode: str = "r") -> Any:  # noqa: ANN401 - as the original
        return refuse() if "w" in mode else real_open(path, mode)

    def act() -> None:
        monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
        monkeypatch.setattr(caching, "open", open_to_read, raising=False)
        monkeypatch.setattr(os, "makedirs", lambda *_, **__: None)

    return act


def cache_hits(function: Any) -> int:  # noqa: ANN401 - numba's dispatcher has no useful type
    """Count how many specialisations came from the cache."""
    return sum(function.stats.cache_hits.values())


@pytest.mark.slow
def test_second_process_loads_from_the_cache(folder: Path) -> None:
    """What one dispatcher compiled the next one loads."""
    first, second = kernel(double), kernel(double)

    results = (first(2.0), second(2.0))

    assert results == (4.0, 4.0)
    assert (cache_hits(first), cache_hits(second)) == (0, 1)
    assert list(folder.rglob("*.nbc"))


def test_the_cache_may_be_moved_with_the_kernels(folder: Path) -> None:
    """As from the stage of an image that compiles to the one that runs: no path is in its names."""
    compiled: Any = kernel(double)
    subspace: Any = surprise

    place = Path(compiled._cache.cache_path)

    assert place == folder / "tests" / "library"
    assert Path(subspace._cache.cache_path).parts[-2:] == ("hebbstream", "kernels")


@pytest.mark.slow
def test_a_read_only_cache_is_used(folder: Path, freeze: Callable[[], None]) -> None:
    """A folder that cannot be written still serves what it holds."""
    kernel(double)(2.0)
    before = sorted(folder.rglob("*"))
    freeze()
    reader = kernel(double)

    result = reader(2.0)

    assert (result, cache_hits(reader)) == (4.0, 1)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.slow
def test_what_a_read_only_cache_lacks_is_compiled(folder: Path, freeze: Callable[[], None]) -> None:
    """A specialisation that is not in a read-only cache works, and is not kept."""
    kernel(double)(2.0)
    before = sorted(folder.rglob("*"))
    freeze()
    reader = kernel(double)

    result = reader(2)

    assert (result, cache_hits(reader)) == (4, 0)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.slow
def test_no_place_for_a_cache_is_no_failure(folder: Path, freeze: Callable[[], None]) -> None:
    """Without any folder to read or write a kernel is compiled in memory."""
    folder.rmdir()
    freeze()
    uncached = kernel(double)

    result = uncached(2.0)

    assert (result, cache_hits(uncached)) == (4.0, 0)

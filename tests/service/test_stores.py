"""Where state is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.checkpoints import Checkpoints
from daemon.config import KafkaSection, StateSection
from daemon.errors import StateStoreError
from daemon.stores import build_of, make_checkpoints
from daemon.telemetry import Telemetry
from fakes import FakeClock, FakeSink
from streams import sections


def made(folder: str | None, *, changelog: bool = False) -> Checkpoints | None:
    """Make checkpoints in a folder, and on a topic if asked."""
    clock = FakeClock()
    telemetry = Telemetry(clock, "hash")
    section = StateSection(folder=folder, changelog=changelog)
    return make_checkpoints(section, KafkaSection(), FakeSink(), sections(), clock, telemetry)


def test_a_folder_of_its_own_for_each_application(tmp_path: Path) -> None:
    """Two applications may share the volume."""
    checkpoints = made(str(tmp_path))

    assert checkpoints is not None
    assert [keeper.store.name for keeper in checkpoints.keepers] == ["disk"]
    assert (tmp_path / "test").is_dir()


def test_the_disk_comes_first(tmp_path: Path) -> None:
    """It is written often and decides what is committed; the topic is the second copy."""
    checkpoints = made(str(tmp_path), changelog=True)

    assert checkpoints is not None
    assert [keeper.store.name for keeper in checkpoints.keepers] == ["disk", "changelog"]
    assert checkpoints.keepers[0].interval < checkpoints.keepers[1].interval


def test_none_is_kept_when_told_so() -> None:
    """Without a folder the service learns in memory only."""
    assert made(None) is None


def test_a_folder_that_cannot_be_made_is_refused_at_start(tmp_path: Path) -> None:
    """Before anything is read."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StateStoreError, match="cannot be kept"):
        made(str(tmp_path / "file"))


def test_the_build_names_what_decides_the_last_digits() -> None:
    """Versions and the processor that kernels are compiled for."""
    assert build_of().keys() == {"hebbstream", "numpy", "numba", "llvmlite", "python", "target"}

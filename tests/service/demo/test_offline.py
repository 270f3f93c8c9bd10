"""The shop judged without a broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.clock import SystemClock
from daemon.config import Config
from daemon.demo import offline
from daemon.demo.plan import EVERY_TICKS, HISTORY_TICKS
from daemon.demo.streams import shop_settings
from daemon.shop import SERVICES


def test_stream_has_a_record_per_service_and_tick(tmp_path: Path) -> None:
    """The file holds the shop's first minutes, which are healthy, in time order."""
    path = tmp_path / "shop.ndjson"

    offline.write_stream(path, seed=1, ticks=3)

    assert len(path.read_bytes().splitlines()) == 3 * len(SERVICES)


@pytest.mark.slow
def test_faults_that_are_over_are_judged(tmp_path: Path) -> None:
    """Each is caught or missed, and nobody can miss the service that got slow."""
    config = Config.model_validate({"application_id": "demo", **shop_settings()})

    tally = offline.judge(config, tmp_path, 1, 7 * EVERY_TICKS, SystemClock())

    score = tally.score()
    assert score.injected == score.caught + score.missed == len(tally.findings) == 7
    assert tally.score("cascade").caught == 1
    assert max(each.fault.end for each in tally.findings) < HISTORY_TICKS + 7 * EVERY_TICKS

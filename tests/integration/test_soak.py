"""The real process killed under load on Apache Kafka: nothing lost, nothing twice, equal states."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker import ApacheKafka
from soak import compare

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_three_kills_change_nothing(apache: ApacheKafka, tmp_path: Path) -> None:
    """Final states and events, record for record, are those of a run that was left alone."""
    figures = compare(apache, tmp_path, kills=3, seconds=25, seed=1)

    assert figures["kills"] == 3
    assert figures["events"] > 10

"""The real process killed under load on Apache Kafka: nothing lost, nothing twice, equal states."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker import ApacheKafka
from soak import compare
from soak_two import Faults, compare_pair

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_three_kills_change_nothing(apache: ApacheKafka, tmp_path: Path) -> None:
    """Final states and events, record for record, are those of a run that was left alone."""
    figures = compare(apache, tmp_path, kills=3, seconds=25, seed=1)

    assert figures["kills"] == 3
    assert figures["events"] > 10


def test_two_processes_share_the_load_whatever_happens(apache: ApacheKafka, tmp_path: Path) -> None:
    """One leaves and joins, one sleeps past its session, the broker dies: equal states and events.

    The one that slept may repeat an event with equal bytes.
    """
    figures = compare_pair(apache, tmp_path, Faults(leaves=1, sleeps=1, broker_kills=1), seed=1)

    assert figures["events"] > 10

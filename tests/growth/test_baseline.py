"""What became slower than the committed ratios is told, and what did not is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.growth import baseline
from benchmarks.growth.baseline import Limit, slower

COMMITTED = {"narrow": Limit(1.0, 1.2), "wide": Limit(0.5, 2.0)}


def test_what_is_equal_passes() -> None:
    """The committed ratios themselves are no fault."""
    measured = {name: [each.ratio] * 3 for name, each in COMMITTED.items()}

    assert slower(measured, COMMITTED) == []


def test_what_is_faster_passes() -> None:
    """A lower ratio is welcome."""
    assert slower({"narrow": [0.1, 0.2], "wide": [0.1]}, COMMITTED) == []


@pytest.mark.parametrize(
    ("name", "rounds", "said"),
    [
        ("narrow", [1.25, 1.3, 1.4], "narrow: 1.3, was 1, and may be 1.2 times that"),
        ("wide", [1.1, 1.2, 1.3], "wide: 1.2, was 0.5, and may be 2 times that"),
    ],
)
def test_what_is_slower_in_every_round_is_told(name: str, rounds: list[float], said: str) -> None:
    """Each ratio has a tolerance of its own."""
    measured = {"narrow": [1.0], "wide": [0.5]} | {name: rounds}

    assert slower(measured, COMMITTED) == [said]


def test_one_calm_round_excuses_the_others() -> None:
    """A neighbour on the machine slows some rounds; slower code slows them all."""
    assert slower({"narrow": [1.1, 9.0, 9.0], "wide": [0.9, 9.0]}, COMMITTED) == []


def test_a_ratio_without_its_like_is_told() -> None:
    """What is measured and what is committed are the same ratios."""
    assert slower({"narrow": [1.0], "new": [1.0]}, COMMITTED) == [
        "wide: not measured",
        "new: not in the baseline",
    ]


def test_new_ratios_keep_the_tolerances(tmp_path: Path) -> None:
    """Tolerances are chosen by hand, and are not lost when the ratios are measured again."""
    path = tmp_path / "baseline.json"

    baseline.save(baseline.renewed({"wide": [3.0, 1.0, 2.0], "new": [7.0]}, COMMITTED), path)

    assert baseline.load(path) == {"wide": Limit(2.0, 2.0), "new": Limit(7.0, 1.5)}


def test_the_committed_file_can_be_read() -> None:
    """Every committed ratio leaves room for noise, and notices when a cost doubles."""
    committed = baseline.load()

    assert committed
    assert all(each.ratio > 0 and 1 < each.tolerance <= 2 for each in committed.values())

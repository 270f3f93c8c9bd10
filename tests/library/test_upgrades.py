"""Snapshots of older formats go on."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import generators
from generators import trained
from hebbstream import Detector, DetectorParams, snapshot
from hebbstream.kernels import layout as at
from hebbstream.upgrades import upgrade

DATA = Path(__file__).parents[1] / "data" / "snapshots"


def test_a_snapshot_of_format_1_continues() -> None:
    """Before format 2 the samples seen were not counted apart: those learnt stand in."""
    detector, world = trained()
    header, _ = snapshot.decode(detector.dump())
    knobs = {**header["params"], "subspace": {**header["params"]["subspace"], "lags": 0}}
    unlagged = Detector(world.names, DetectorParams.model_validate(knobs), 15.0)
    unlagged.run(world.frames[:1000])
    _, arrays = snapshot.decode(unlagged.dump())
    del arrays["past"]
    data = snapshot.encode(
        {**header, "params": knobs}, {**arrays, "moments": arrays["moments"][:-1]}
    )

    older = Detector.load(snapshot.MAGIC + struct.pack("<I", 1) + data[len(snapshot.MAGIC) + 4 :])

    assert_array_equal(
        older.run(world.frames[1000:]).statistic, unlagged.run(world.frames[1000:]).statistic
    )


@pytest.mark.parametrize("number", [2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
def test_a_snapshot_of_an_older_format_continues(number: int) -> None:
    """What it knew goes on as it did, on the new scale; what was not there yet begins.

    2: habits, quarantine, relations in slots; 3: what people say; 4: innovations; 5: moves;
    6: ticks above the usual; 7: habits of the week; 8: counts of 32 bits, a shorter block;
    9: leads and lags, and the pace, which stays 1; 10: where related series stand;
    11: lower heights of alert and series.
    """
    data = (DATA / f"detector-format{number}.bin").read_bytes()
    statistic = np.loadtxt(DATA / f"detector-format{number}-statistic.txt")[:, 0]
    frames = generators.relation_break(3, 900, 4, 800).frames[600:700]

    detector = Detector.load(data)
    result = detector.run(frames)

    assert detector.notes == ()
    assert detector.pace == 1
    assert_allclose(result.statistic, statistic, rtol=1e-4)


def test_a_lone_series_of_format_7_continues() -> None:
    """Its habits of the day go on, those of the week begin."""
    ticks = np.arange(6 * 288)
    values = 50 + 10 * np.sin(2 * np.pi * ticks / 288)
    values += np.random.default_rng(21).normal(size=len(ticks))
    values[5 * 288 + 60] += 18

    detector = Detector.load((DATA / "single-format7.bin").read_bytes())
    score = detector.run(values[detector.tick : detector.tick + 100, None]).score

    assert_allclose(score, np.loadtxt(DATA / "single-format7-score.txt"), rtol=1e-4, atol=1e-6)
    assert Detector.load(detector.dump()).dump() == detector.dump()


def test_before_format_12_heights_were_higher() -> None:
    """The same calm lies lower since: what was counted moves down, none of it is lost."""
    detector, _ = trained()
    header, arrays = snapshot.decode(detector.dump())
    before = {name: arrays[name].copy() for name in ("habits", "histograms", "tails")}

    _, after = upgrade(11, header, arrays)

    assert_array_equal(after["habits"][at.USUAL], before["habits"][at.USUAL] / 2)
    was, now = before["histograms"][at.TAIL_ALERT], after["histograms"][at.TAIL_ALERT]
    assert_allclose(now.sum(), was.sum(), rtol=1e-6)
    moved = np.flatnonzero(was)[-1] - np.flatnonzero(now)[-1]
    assert moved * at.BIN_WIDTH == pytest.approx(np.log(4 / 3), abs=at.BIN_WIDTH / 2)
    top = at.TAIL_ALERT, at.TOP
    assert after["tails"][top] == before["tails"][top] - moved
    other = np.arange(len(after["histograms"])) != at.TAIL_ALERT
    assert_array_equal(after["histograms"][other], before["histograms"][other])


def test_before_format_12_tails_had_bins_that_nothing_reached() -> None:
    """The bins that are left hold what they held, and the last one what was beyond."""
    header, arrays = snapshot.decode(trained()[0].dump())
    kept = arrays["histograms"].copy()
    wider = np.pad(kept, ((0, 0), (0, 192)))
    wider[at.TAIL_GATE, [400, 479]] = 3.0
    tails = arrays["tails"].copy()
    tails[at.TAIL_GATE, at.TOP] = 479

    _, after = upgrade(11, header, {**arrays, "histograms": wider, "tails": tails})

    assert_array_equal(after["histograms"][at.TAIL_GATE, :-1], kept[at.TAIL_GATE, :-1])
    assert after["histograms"][at.TAIL_GATE, -1] == kept[at.TAIL_GATE, -1] + 6.0
    assert after["tails"][at.TAIL_GATE, at.TOP] == at.BINS - 1

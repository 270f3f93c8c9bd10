"""Membership, and what an operator may do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

import generators
from hebbstream import Change, Detector, DetectorParams, SeriesError


def trained(n: int = 8, ticks: int = 1500) -> tuple[Detector, generators.World]:
    """Train a detector on a coupled world."""
    world = generators.coupled(6, ticks + 500, n)
    detector = Detector(world.names)
    detector.run(world.frames[:ticks])
    return detector, world


def test_names_must_differ() -> None:
    """A name that appears twice is refused, at the start and later; nothing has changed then."""
    with pytest.raises(SeriesError, match="'a' is there already"):
        Detector(["a", "b", "a"])
    detector = Detector(["a", "b"])

    with pytest.raises(SeriesError):
        detector.add_many(["c", "b"])

    assert detector.series == ("a", "b")


@pytest.mark.parametrize("names", [range(2), [None], [("a", "b")], [b"a"]])
def test_names_are_text(names: Sequence[str]) -> None:
    """What a snapshot cannot name is refused, at the start and later; nothing has changed then."""
    with pytest.raises(SeriesError, match="text"):
        Detector(names)
    detector = Detector(["x"])

    with pytest.raises(SeriesError, match="text"):
        detector.add_many(names)
    with pytest.raises(SeriesError, match="text"):
        detector.rename_series("x", 1)  # type: ignore[arg-type]

    assert detector.series == ("x",)


def test_names_may_stand_in_an_array() -> None:
    """Names in numpy's own kind of text, or handed over one by one, are kept as plain text."""
    detector = Detector(np.array(["a", "b"]))

    detector.add_many(np.array(["c", "d"]))
    detector.add_many(name for name in "ef")

    assert Detector.load(detector.dump()).series == tuple("abcdef")


def test_unknown_names_are_refused() -> None:
    """Removing or renaming what is not there raises SeriesError."""
    detector = Detector(["a"])

    with pytest.raises(SeriesError):
        detector.remove_series("b")
    with pytest.raises(SeriesError):
        detector.rename_series("b", "c")


@pytest.mark.parametrize("interval", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_interval_is_refused(interval: float) -> None:
    """The grid step must be a positive number."""
    with pytest.raises(ValueError, match="interval_seconds"):
        Detector(["a"], interval_seconds=interval)


@pytest.mark.parametrize("params", [60.0, {"memory": "12h"}, "12h"])
def test_knobs_are_told_from_other_things(params: DetectorParams) -> None:
    """A mapping, or an interval in the place of the knobs, is named; no snapshot gets the blame."""
    data = Detector("ab").dump()

    with pytest.raises(TypeError, match="params must be DetectorParams"):
        Detector("ab", params)
    with pytest.raises(TypeError, match="params must be DetectorParams"):
        Detector.load(data, params)


def test_removal_keeps_the_others() -> None:
    """What is known of the other series stays, and edges still join the right names."""
    detector, world = trained()
    before = {
        frozenset((detector.series[e["source"]], detector.series[e["target"]])): e["weight"]
        for e in detector.edges()
    }
    expected = detector.expected()

    detector.remove_series("s2")

    assert detector.series == ("s0", "s1", "s3", "s4", "s5", "s6", "s7")
    assert np.array_equal(detector.expected(), np.delete(expected, 2))
    after = {
        frozenset((detector.series[e["source"]], detector.series[e["target"]])): e["weight"]
        for e in detector.edges()
    }
    assert after == {pair: w for pair, w in before.items() if "s2" not in pair}
    subspace = detector._state.subspace
    rows = subspace.weights[: subspace.count]
    assert np.allclose(rows @ rows.T, np.eye(len(rows)), atol=1e-5)
    result = detector.run(np.delete(world.frames[1500:], 2, axis=1))
    pruned = [e for e in result.journal if e.row == 0 and e.change is Change.PRUNED]
    assert len(pruned) == len(before) - len(after)
    assert all("s2" in (e.source, e.target) for e in pruned)


def test_all_series_may_leave_and_come() -> None:
    """A group may shrink to one, to none, and grow again."""
    detector, world = trained(3)
    for name in ("s0", "s1"):
        detector.remove_series(name)
    alone = detector.run(world.frames[1500:1600, 2:])
    detector.remove_series("s2")
    empty = detector.run(np.zeros((5, 0)))
    detector.add_many(["x", "y"])
    again = detector.run(world.frames[1500:, :2])

    assert (alone.components == 0).all()
    assert (empty.score == 0).all()
    assert empty.evidence.shape == (5, 0)
    assert again.components[-1] >= 1
    assert np.isfinite(again.evidence).all()


def test_a_group_without_slots_shrinks_below_the_limit_of_all_pairs() -> None:
    """Where larger groups have no relations, they begin once enough series have left."""
    world = generators.coupled(6, 2000, 7)
    section = {"exhaustive_max": 6, "slots_per_series": 0}
    detector = Detector(world.names, DetectorParams.model_validate({"associations": section}))
    detector.run(world.frames[:500])
    before = detector.edges().size

    detector.remove_series("s0")
    detector.run(world.frames[500:, 1:])

    assert (before, detector.edges().size > 0) == (0, True)
    assert Detector.load(detector.dump()).dump() == detector.dump()


def test_rename_keeps_the_state() -> None:
    """A renamed series keeps column and state; a taken name is refused."""
    detector, _ = trained(4)
    before = detector.expected()

    detector.rename_series("s1", "cpu")

    assert detector.series == ("s0", "cpu", "s2", "s3")
    assert np.array_equal(detector.expected(), before)
    with pytest.raises(SeriesError):
        detector.rename_series("cpu", "s0")


def test_edges_outlive_the_limit_of_all_pairs() -> None:
    """A group that passes exhaustive_max, and comes back below it, keeps what it knows."""
    params = DetectorParams.model_validate({"associations": {"exhaustive_max": 6}})
    world = generators.coupled(6, 3000, 7)
    detector = Detector(world.names[:6], params)
    detector.run(world.frames[:1000, :6])
    grown = len(detector.edges())

    detector.add_series("s6")
    above = detector.run(world.frames[1000:2000])
    with_it = {name for edge in detector.edges() for name in (edge["source"], edge["target"])}
    detector.remove_series("s6")
    below = detector.run(world.frames[2000:, :6])

    assert grown > 0
    assert (above.edges >= grown).all()
    assert 6 in with_it
    assert (below.edges >= grown).all()
    assert not any(
        entry.change is Change.PRUNED and entry.source and "s6" not in (entry.source, entry.target)
        for entry in (*above.journal, *below.journal)
    )


def test_adopt_lets_a_shift_be_learnt_at_once() -> None:
    """After an operator's adoption the location moves towards the shift several times as fast."""
    world = generators.level_shift(4, 2055, 10, 2000, sigmas=12, count=3)
    waiting, adopted = Detector(world.names), Detector(world.names)
    for detector in (waiting, adopted):
        detector.run(world.frames[:2030])
    start = waiting.expected()[:3]

    adopted.adopt()
    for detector in (waiting, adopted):
        detector.run(world.frames[2030:])

    gained = [detector.expected()[:3] - start for detector in (waiting, adopted)]
    assert (gained[1] > 3 * gained[0]).all()


def test_reset_forgets_all_but_names_and_tick() -> None:
    """After a reset the detector is as new, its edges end in the journal, its tick goes on."""
    detector, world = trained(5)
    edges = len(detector.edges())

    detector.hold()
    detector.reset()

    assert not detector.held
    assert len(detector.edges()) == 0
    assert np.isnan(detector.expected()).all()
    assert detector.tick == 1500
    result = detector.run(world.frames[1500:1510])
    assert sum(e.change is Change.PRUNED for e in result.journal) == edges


def test_components_and_edges_are_copies() -> None:
    """Changing what is handed out changes nothing inside."""
    detector, _ = trained(6)
    dump = detector.dump()

    detector.components()[:] = 0
    detector.edges()["weight"] = 0
    detector.expected()[:] = 0
    detector.energies()[:] = 0

    assert detector.dump() == dump


def test_energies_are_shares_in_order_of_components() -> None:
    """One share a component, together below 1."""
    detector, _ = trained(9)

    energies = detector.energies()

    assert len(energies) == len(detector.components())
    assert 0.5 < energies.sum() < 1.0

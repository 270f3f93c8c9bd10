"""Series that behave badly: sound state, bounded score, and no storm of alarms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import generators
from benchmarks.quality.alerts import incidents
from hebbstream import Detector, snapshot
from hebbstream.arrays import F64
from hebbstream.results import RunResult

pytestmark = pytest.mark.slow

DAY = 1440
DAYS = 5
TICKS = DAYS * DAY
#: The odd series stands twice among these.
PEERS = 6
SCORE_MAX = 100.0

Odd = Callable[[np.random.Generator], F64]


def walk(rng: np.random.Generator) -> F64:
    """Make a remembering series of unit variance."""
    return np.asarray(generators.autoregressive(rng, TICKS, 1, 0.9)[:, 0])


def with_gaps(rng: np.random.Generator) -> F64:
    """Make a series that reports one sample in a hundred."""
    values = walk(rng)
    values[rng.random(TICKS) < 0.99] = np.nan
    return values


def counter(rng: np.random.Generator) -> F64:
    """Make a raw counter that starts again from 0 once a day."""
    steps = rng.poisson(50, TICKS).astype(float)
    return np.concatenate([np.cumsum(day) for day in np.split(steps, DAYS)])


def seldom(rng: np.random.Generator) -> F64:
    """Make a series that is 0, and once an hour or so 1."""
    return (rng.random(TICKS) < 1 / 60).astype(float)


#: Each with the incidents a day it may lead to; the alert budget is 0.1.
SERIES: dict[str, tuple[Odd, float]] = {
    "constant": (lambda _: np.full(TICKS, 5.0), 0.2),
    "zero": (lambda _: np.zeros(TICKS), 0.2),
    "almost-constant": (lambda rng: 1e6 + 1e-7 * rng.normal(size=TICKS), 0.2),
    "stuck-for-hours": (lambda rng: np.repeat(rng.normal(size=TICKS // 180), 180), 0.4),
    "integer-valued": (lambda rng: rng.poisson(2, TICKS).astype(float), 0.2),
    "seldom": (seldom, 0.2),
    "heavy-tailed": (lambda rng: rng.standard_t(3, TICKS), 1.0),
    "one-sided": (lambda rng: rng.exponential(size=TICKS), 0.2),
    "counter-reset": (counter, 1.0),
    "99-percent-missing": (with_gaps, 0.2),
    "huge": (lambda rng: 1e30 * walk(rng), 0.2),
    "tiny": (lambda rng: 1e-30 * walk(rng), 0.2),
}


def state_is_sound(detector: Detector) -> bool:
    """Tell whether no array of a snapshot holds NaN or infinity."""
    _, arrays = snapshot.decode(detector.dump())
    return all(np.isfinite(a).all() for a in arrays.values() if a.dtype.kind == "f")


def assert_sound(detector: Detector, result: RunResult) -> None:
    """State, scores and evidence are finite and bounded."""
    assert state_is_sound(detector)
    for name in ("statistic", "score", "p_value", "evidence", "contribution", "scale"):
        assert np.isfinite(getattr(result, name)).all(), name
    assert result.score.max() < SCORE_MAX
    assert ((result.p_value > 0) & (result.p_value <= 1)).all()


def among_peers(columns: list[F64], seed: int) -> F64:
    """Frames of some columns beside healthy series of one factor."""
    healthy = generators.coupled(seed, TICKS, PEERS, factors=1, coupling=0.7).frames
    return np.column_stack([*columns, healthy])


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", SERIES)
def test_an_odd_series_among_healthy_ones_raises_no_storm(kind: str, seed: int) -> None:
    """Two of a kind among six healthy series, for five days."""
    make, most = SERIES[kind]
    rng = np.random.default_rng([seed, *kind.encode()])
    frames = among_peers([make(rng), make(rng)], seed)
    detector = Detector([f"s{j}" for j in range(frames.shape[1])])

    result = detector.run(frames)

    assert_sound(detector, result)
    assert len(incidents(result.score)) <= most * DAYS


@pytest.mark.parametrize("kind", SERIES)
def test_an_odd_series_alone_raises_no_storm(kind: str) -> None:
    """A group of one series."""
    make, most = SERIES[kind]
    frames = make(np.random.default_rng([3, *kind.encode()]))[:, None]
    detector = Detector(["s"])

    result = detector.run(frames)

    assert_sound(detector, result)
    assert len(incidents(result.score)) <= 2 * most * DAYS


def test_a_group_of_odd_series_only_raises_no_storm() -> None:
    """One of each kind, and nothing that is healthy."""
    rng = np.random.default_rng(4)
    frames = np.column_stack([make(rng) for make, _ in SERIES.values()])
    detector = Detector(list(SERIES))

    result = detector.run(frames)

    assert_sound(detector, result)
    assert len(incidents(result.score)) <= sum(most for _, most in SERIES.values()) * DAYS
    found = dict(zip(SERIES, result.evidence[500:].mean(axis=0), strict=True))
    assert max(found["constant"], found["zero"]) < 0.05


def test_series_that_move_as_one_raise_no_storm() -> None:
    """Duplicated and perfectly correlated series: exact relations, and no break of any."""
    one = walk(np.random.default_rng(5))
    columns = [one, one, 3.0 * one - 7.0, -1e6 * one, one.copy()]
    frames = among_peers(columns, 5)
    detector = Detector([f"s{j}" for j in range(frames.shape[1])])

    result = detector.run(frames)

    assert_sound(detector, result)
    assert len(incidents(result.score)) <= 0.2 * DAYS
    weights = {(int(e["source"]), int(e["target"])): float(e["weight"]) for e in detector.edges()}
    assert all(abs(weights[0, j]) > 0.99 for j in range(1, len(columns)))


def test_one_of_many_duplicates_that_leaves_them_is_found() -> None:
    """A relation without any noise breaks at the first tick at which it does."""
    one = walk(np.random.default_rng(6))
    frames = np.column_stack([one] * 5)
    frames[5000:5060, 2] = walk(np.random.default_rng(7))[:60]
    detector = Detector("abcde")

    result = detector.run(frames)

    assert_sound(detector, result)
    (opened, *_) = [i.opened for i in incidents(result.score) if i.opened >= 5000]
    assert opened < 5010
    assert int(result.evidence[5000:5030].sum(axis=0).argmax()) == 2


@pytest.mark.parametrize("n", [1, 2])
def test_the_smallest_groups_raise_no_storm_and_see(n: int) -> None:
    """One series, two series: a healthy week but for one fault, which is seen."""
    frames = generators.coupled(8, TICKS, n, factors=1, coupling=0.8).frames
    frames[6000:6060] += 10 * frames.std(axis=0)
    detector = Detector([f"s{j}" for j in range(n)])

    result = detector.run(frames)

    assert_sound(detector, result)
    opened = [i.opened for i in incidents(result.score)]
    assert any(6000 <= t < 6010 for t in opened)
    assert len([t for t in opened if not 6000 <= t < 6300]) <= 2


def test_twenty_thousand_series_are_judged() -> None:
    """A very large group, too large for all pairs: sound, silent, and it sees a shift of many."""
    rng = np.random.default_rng(9)
    n, ticks = 20_000, 420
    common = generators.autoregressive(rng, ticks, 4, 0.9)
    frames = common[:, np.arange(n) % 4] + rng.normal(size=(ticks, n))
    frames[400:, : n // 4] += 20.0
    detector = Detector([f"s{j}" for j in range(n)])

    result = detector.run(frames)

    assert_sound(detector, result)
    assert result.score[:400].max() < 1.0
    assert result.score[400:405].max() >= 1.0


def test_frames_of_nothing_are_passed_over() -> None:
    """Frames of NaN, one or a day of them, leave the score at 0 and what was learnt as it was."""
    frames = generators.coupled(10, TICKS, 6).frames
    frames[3000] = np.nan
    frames[4000:5000] = np.nan
    detector = Detector("abcdef")

    result = detector.run(frames)

    assert_sound(detector, result)
    assert result.score[3000] == 0.0
    assert (result.score[4000:5000] == 0.0).all()
    assert (result.evidence[4000:5000] == 0.0).all()
    assert incidents(result.score) == []


def test_a_group_that_never_reports_is_silent() -> None:
    """Nothing but NaN from the first frame on."""
    detector = Detector("abc")

    result = detector.run(np.full((500, 3), np.nan))

    assert_sound(detector, result)
    assert (result.score == 0.0).all()


def test_a_jump_of_a_trillion_is_seen_and_got_over() -> None:
    """One sample of 1e12: an incident that names the series, and a fault a day later is seen."""
    frames = generators.coupled(11, TICKS, 6).frames
    frames[3000, 2] = 1e12
    frames[5000:5060, 2] += 12 * frames[:3000, 2].std()
    detector = Detector("abcdef")

    result = detector.run(frames)

    assert_sound(detector, result)
    opened = [i.opened for i in incidents(result.score)]
    assert opened[0] == 3000
    assert int(result.evidence[3000].argmax()) == 2
    assert len(opened) <= 4


def test_a_level_that_jumps_by_a_trillion_becomes_normal() -> None:
    """A series stands a trillion higher for good; a day later the alarm is over."""
    frames = generators.coupled(12, TICKS, 6).frames
    frames[3000:, 2] += 1e12
    detector = Detector("abcdef")

    result = detector.run(frames)

    assert_sound(detector, result)
    assert result.score[3000] >= 1.0
    assert result.score[3000 + DAY :].max() < 1.0


def test_members_that_change_every_tick_raise_no_storm() -> None:
    """At each tick a new series joins and the oldest leaves, beside six that stay."""
    healthy = generators.coupled(13, 700, PEERS, factors=1).frames
    rng = np.random.default_rng(13)
    guests = [f"g{t}" for t in range(4)]
    detector = Detector([*(f"s{j}" for j in range(PEERS)), *guests])
    scores = []

    for t, frame in enumerate(healthy):
        guests.append(f"g{t + 4}")
        detector.add_series(guests[-1])
        detector.remove_series(guests.pop(0))
        verdict = detector.step(np.concatenate([frame, 1e6 * rng.normal(size=4)]))
        scores.append(verdict.score)

    assert state_is_sound(detector)
    assert max(scores) < SCORE_MAX
    assert len(incidents(np.array(scores))) <= 1


def test_members_that_come_and_go_as_one_raise_no_storm() -> None:
    """Half of the group leaves and comes back, without its past, every hour.

    The first wild sigmas of the newcomers are not explained to those who stayed as theirs.
    """
    frames = generators.coupled(16, TICKS, 8).frames
    names = [f"s{j}" for j in range(8)]
    detector = Detector(names)
    scores = []

    for start in range(0, TICKS, 60):
        if start and (start // 60) % 2:
            for name in names[4:]:
                detector.remove_series(name)
            scores.append(detector.run(frames[start : start + 60, :4]).score)
        else:
            if start:
                detector.add_many(names[4:])
            scores.append(detector.run(frames[start : start + 60]).score)

    assert state_is_sound(detector)
    assert len(incidents(np.concatenate(scores))) <= DAYS

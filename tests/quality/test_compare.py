"""What is taken of a detector, on recordings whose answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.quality import alerts, compare, machines, peers, trials
from benchmarks.quality.labelled import Recording
from benchmarks.quality.peers import Judged, Peer

TICKS, LEARNT = 2880, 1440


def recording(fault: slice = slice(2000, 2060)) -> Recording:
    """Make three white series with one fault in the second."""
    frames = np.random.default_rng(1).normal(size=(TICKS, 3))
    frames[fault, 1] += 9.0
    label = np.zeros(TICKS, np.int8)
    label[fault] = 1
    train = np.arange(TICKS) < LEARNT
    event = {"start_row": fault.start, "end_row": fault.stop, "root_cause": ["b"]}
    clock = np.arange(TICKS, dtype=np.float64)
    return Recording("r", list("abc"), frames, train, label, clock, 60.0, [event])


def oracle(told: Recording) -> Judged:
    """Know the labels."""
    score = (told.label > 0).astype(float)
    return Judged(score, score[:, None] * np.array([0.1, 1.0, 0.2]))


def test_an_oracle_is_perfect() -> None:
    """Average precision, economy and root cause of a detector that knows."""
    peer = Peer("oracle", "", "", oracle)

    (row,) = compare.compare("made-up", [recording()], [peer])

    assert (row.precision, row.f1, row.hits) == (1.0, 1.0, [(1.0, 1.0, 1.0, 1.0)])
    assert row.base == pytest.approx(60 / 1440)
    economy = row.economy[0.05]
    assert (economy.caught, economy.false, economy.delays) == (1, 0, (0,))


@pytest.mark.slow
@pytest.mark.parametrize("peer", peers.PEERS[:4], ids=lambda peer: peer.name)
def test_a_plain_fault_is_ranked_high(peer: Peer) -> None:
    """Nine sigmas for an hour are no riddle to any of them."""
    told = recording()
    (row,) = compare.compare("other", [told], [peer])

    assert row.precision > 0.6
    assert all(hit[0] == 1.0 for hit in row.hits)
    assert np.isfinite(peers.judge(peer, told).score).all()


def test_a_peers_line_keeps_the_budget_where_it_was_chosen() -> None:
    """The lowest line that would have kept it: a lower one would not."""
    told = recording()
    judged = Judged(peers.smooth(np.random.default_rng(2).exponential(size=TICKS)))

    for budget in (1.0, 20.0):
        learnt = compare.line_score(told, judged, budget)[told.train]
        assert len(alerts.incidents(learnt)) <= budget * LEARNT / 1440


def test_smoothing_is_that_of_pandas() -> None:
    """An exponential mean from the first value on."""
    signal = np.random.default_rng(3).normal(size=200)

    expected = pd.Series(signal).ewm(alpha=0.1, adjust=False).mean().to_numpy()

    np.testing.assert_allclose(peers.smooth(signal), expected)


def test_services_are_ranked_by_their_best_series() -> None:
    """How long a call takes tells of the service that is called."""
    ranked = ["edge:x->y|p50", "b|cpu", "a|cpu", "edge:x->b|p50", "b|memory", "c|cpu"]

    assert compare.services(ranked) == ["y", "b", "a", "c"]


def test_machines_are_healthy_where_they_are_learnt() -> None:
    """Labels begin with the second half; the guilty are series of the machine."""
    told = machines.machine(1)

    assert (told.label[told.train] == -1).all()
    assert 0.01 < told.anomalous.mean() < 0.15
    for event in told.events:
        assert (told.label[event["start_row"] : event["end_row"]] == 1).all()
        assert set(event["root_cause"]) <= set(told.series)


def test_a_broken_relation_keeps_its_own_law() -> None:
    """The stray series has the mean and the spread it had, and leaves its factor."""
    told = trials.relation_break(1, 0.9, 0.0)
    before, after = told.frames[: trials.CLEAN], told.frames[trials.CLEAN :]

    assert after[:, 0].std() == pytest.approx(before[:, 0].std(), rel=0.1)
    assert abs(np.corrcoef(before[:, 0], before[:, 3])[0, 1]) > 0.85
    assert abs(np.corrcoef(after[:, 0], after[:, 3])[0, 1]) < 0.15

"""Which pairs are tried next."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

import naive_graph as naive
from hebbstream.arrays import U64
from hebbstream.kernels import probes

N = 24


def seeded(rng: np.random.Generator) -> U64:
    """Give a generator's state."""
    return rng.integers(1, 2**63, 1).astype(np.uint64)


def test_draw_equals_naive_twin(rng: np.random.Generator) -> None:
    """The numbers are those of the formula, and spread evenly."""
    seed = seeded(rng)
    state, expected = int(seed[0]), []
    for _ in range(2000):
        state, x = naive.draw(state)
        expected.append(x)

    drawn = [probes.draw(seed) for _ in range(2000)]

    assert drawn == expected
    assert int(seed[0]) == state
    assert 300 < np.count_nonzero(np.array(drawn) % 5 == 0) < 500


def test_draw_signs_equals_naive_twin(rng: np.random.Generator) -> None:
    """A plane has one sign a tick."""
    seed, signs = seeded(rng), np.zeros(64, np.float32)
    state, expected = naive.draw_signs(int(seed[0]), 64)

    probes.draw_signs(seed, signs)

    assert signs.tolist() == expected
    assert int(seed[0]) == state


def test_code_series_equals_naive_twin(rng: np.random.Generator) -> None:
    """Each plane gives a bit, and none to a series that is left out."""
    turned = rng.normal(size=(N, 64)).astype(np.float32)
    signs = rng.choice([-1.0, 1.0], 64).astype(np.float32)
    code = rng.integers(-1, 4, N).astype(np.int32)
    expected = naive.code_series(turned.astype(float), signs.astype(float), code)

    probes.code_series(turned, signs, code)

    assert_array_equal(code, expected)


def test_sort_by_code_equals_naive_twin(rng: np.random.Generator) -> None:
    """Equal and complementary codes stand together; those left out stand nowhere."""
    code = rng.integers(-1, 16, N).astype(np.int32)
    order, count = np.zeros(N, np.int32), np.zeros(N, np.int32)
    codes, expected = naive.sort_by_code(code, 4)

    total = probes.sort_by_code(code, 4, order, count)

    assert code.tolist() == codes
    assert order[:total].tolist() == expected
    assert [int(count[c]) for c in codes if c >= 0] == [
        next(p for p, j in enumerate(expected) if codes[j] == c) for c in codes if c >= 0
    ]


def test_series_that_move_alike_share_a_code() -> None:
    """Opposed twins always fall together, strangers hardly ever."""
    rng = np.random.default_rng(0)
    turned = rng.normal(size=(N, 64)).astype(np.float32)
    turned[N // 2 :] = -turned[: N // 2]
    twins = strangers = 0
    for _ in range(50):
        code, order, count = (np.zeros(N, np.int32) for _ in range(3))
        for _ in range(4):
            probes.code_series(turned, rng.choice([-1.0, 1.0], 64).astype(np.float32), code)
        probes.sort_by_code(code, 4, order, count)
        twins += int(np.count_nonzero(code[: N // 2] == code[N // 2 :]))
        strangers += int(np.count_nonzero(code[1:] == code[:-1]))

    assert twins == 50 * N // 2
    assert strangers < 0.25 * 50 * N


def test_list_beyond_equals_naive_twin(rng: np.random.Generator) -> None:
    """Those far out, on either side, in order."""
    values, listed = rng.normal(size=N).astype(np.float32), np.zeros(N, np.int32)

    count = probes.list_beyond(values, 1.0, listed)

    assert listed[:count].tolist() == naive.list_beyond(values, 1.0)


def test_choose_mates_equals_naive_twin(rng: np.random.Generator) -> None:
    """One partner each, of the last edge seen."""
    ends = np.array(np.triu_indices(N, 1))[:, rng.permutation(276)[:15]].astype(np.uint32)
    mate = np.zeros(N, np.int32)

    probes.choose_mates(ends, 6, mate)

    assert mate.tolist() == naive.choose_mates(ends, 6, N)


def test_known_pairs_are_found_and_tried_once(rng: np.random.Generator) -> None:
    """The table knows every edge and busy slot; a free slot takes only a pair that is new."""
    pairs = np.array(np.triu_indices(N, 1))[:, rng.permutation(276)[:40]].astype(np.uint32)
    ends, slot_ends = pairs[:, :20].copy(), pairs[:, 20:].copy()
    slot_ends[:, ::3] = 0
    table, slots = np.zeros(256, np.int32), np.ones((5, 20), np.float32)
    probes.list_pairs(table, ends, slot_ends)
    known = naive.list_pairs(ends, slot_ends)

    for i, j in np.array(np.triu_indices(N, 1)).T.tolist():
        listed = list(known)
        expected = known[(i, j)] if naive.pair_place(listed, (i, j)) >= 0 else -1
        assert table[probes.pair_place(table, ends, slot_ends, i, j)] == expected
    for i, j in ((5, 5), (9, 2), (2, 9), *[pair[::-1] for pair in list(known)[:3]]):
        free = int(np.flatnonzero(slot_ends[0] >= slot_ends[1])[0])
        new = naive.try_pair(set(known), i, j)
        assert probes.try_pair(table, ends, slot_ends, slots, free, i, j) == (new is not None)
        if new is not None:
            assert tuple(slot_ends[:, free].tolist()) == new
            assert (slots[:, free] == 0).all()
            known[new] = 20 + free


def test_draw_two_and_draw_alike_equal_naive_twins(rng: np.random.Generator) -> None:
    """Pairs come from the list, and from one code."""
    listed = rng.permutation(N).astype(np.int32)
    code = rng.integers(-1, 8, N).astype(np.int32)
    order, count = np.zeros(N, np.int32), np.zeros(N, np.int32)
    total = probes.sort_by_code(code, 3, order, count)

    seed = seeded(rng)
    for _ in range(20):
        state = int(seed[0])
        two = tuple(map(int, probes.draw_two(listed, 7, seed)))
        assert two == naive.draw_two(listed[:7].tolist(), state)
        seed[0] = state
        alike = tuple(map(int, probes.draw_alike(order, code, count, total, seed)))
        assert alike == naive.draw_alike(order[:total].tolist(), code.tolist(), state)
    assert probes.draw_two(listed, 0, seed) == naive.draw_two([], 1) == (0, 0)
    assert probes.draw_alike(order, code, count, 0, seed) == (0, 0)

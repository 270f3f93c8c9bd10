"""Regimes: judged and learnt by the same code, whoever they belong to."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

import generators
from hebbstream import Detector
from hebbstream.kernels import layout as at
from hebbstream.kernels.regime import (
    copy_regime,
    copy_series,
    face_regime,
    learn_regime,
    published,
)


def trained(seed: int) -> tuple[Detector, generators.World]:
    """Train a detector on a coupled world of seven series."""
    world = generators.coupled(seed, 900, 7)
    detector = Detector(world.names)
    detector.run(world.frames[:800])
    return detector, world


def test_the_published_regime_is_the_models() -> None:
    """Not copies: what is learnt through it is learnt by the model."""
    model = trained(0)[0]._model

    regime = published(model)

    for name, array in regime._asdict().items():
        assert np.shares_memory(array, getattr(model, name)) or array.size == 0


def test_a_copy_is_equal_and_apart() -> None:
    """Every array is copied; what is learnt later stays in one of them."""
    detector, _ = trained(1)
    model = detector._model

    copy_regime(published(model), model.shadow)

    for name, array in model.shadow._asdict().items():
        assert_array_equal(array, getattr(model, name))
        assert not np.shares_memory(array, getattr(model, name))


def test_one_series_is_copied_alone() -> None:
    """A series' own state goes over but for what it has seen; the others and the rows stay."""
    model = trained(2)[0]._model
    before = model.shadow.weights.copy()

    copy_series(published(model), model.shadow, 3)

    assert_array_equal(model.shadow.moments[: at.SEEN, 3], model.moments[: at.SEEN, 3])
    assert_array_equal(model.shadow.residual[:, 3], model.residual[:, 3])
    assert model.shadow.moments[at.SEEN, 3] == 0
    assert not model.shadow.moments[:, [0, 1, 2, 4, 5, 6]].any()
    assert_array_equal(model.shadow.weights, before)


def test_equal_regimes_learn_equal_bits() -> None:
    """The shadow learns a frame as the published regime would."""
    detector, world = trained(3)
    model, work, settings = detector._model, detector._work, detector._settings
    copy_regime(published(model), model.shadow)

    for regime in (published(model), model.shadow):
        face_regime(world.frames[800], regime, model.moments[at.SEEN], 100.0, work, settings)
        learn_regime(world.frames[800], regime, work, settings, 1.0, 1.0, 1.0)

    for name, array in model.shadow._asdict().items():
        assert_array_equal(array, getattr(model, name))

"""The other detectors of the comparison: each is given rows and judges and learns them."""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from hebbstream.arrays import F64

Work = Callable[[F64], object]
COMPONENTS, FIT_ROWS = 10, 20


def half_space_trees() -> Work:
    """Return river's half-space trees behind its running min-max scaler."""
    from river import anomaly, compose, preprocessing

    model = compose.Pipeline(
        preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(n_trees=25, height=6, seed=0)
    )

    def work(rows: F64) -> None:
        for row in rows.tolist():
            sample = dict(enumerate(row))
            model.score_one(sample)
            model.learn_one(sample)

    return work


def incremental_pca() -> Work:
    """Return scikit-learn's incremental principal components, by blocks of `FIT_ROWS`."""
    from sklearn.decomposition import IncrementalPCA

    model = IncrementalPCA(COMPONENTS)

    def work(rows: F64) -> None:
        for first in range(0, len(rows), FIT_ROWS):
            part = rows[first : first + FIT_ROWS]
            if hasattr(model, "components_"):
                model.inverse_transform(model.transform(part))
            model.partial_fit(part)

    return work


def random_cut_forest(n: int) -> Work:
    """Return krcf's robust random cut forest in Rust, as `make quality` runs it, on one thread."""
    from krcf import RandomCutForest

    model = RandomCutForest(
        {
            "dimensions": n,
            "shingle_size": 1,
            "num_trees": 50,
            "sample_size": 256,
            "random_seed": 0,
            "parallel_execution_enabled": False,
        }
    )

    def work(rows: F64) -> None:
        for row in rows.tolist():
            model.score(row)
            model.update(row)

    return work


def pysad(model: Any) -> Work:  # noqa: ANN401 - pysad's BaseModel has no types
    """Return one of pysad's streaming models, row by row."""

    def work(rows: F64) -> None:
        for row in rows:
            model.fit_score_partial(row)

    return work


def others(n: int) -> dict[str, Work]:
    """Return every detector that takes part, for `n` series."""
    models = import_module("pysad.models")  # half typed: mypy refuses what is not
    np.random.seed(0)  # noqa: NPY002 - where pysad's projector draws from
    random.seed(0)
    return {
        "river HalfSpaceTrees": half_space_trees(),
        "krcf RandomCutForest": random_cut_forest(n),
        "pysad xStream": pysad(models.xStream(random_state=0)),
        "pysad LODA": pysad(models.LODA(random_state=0)),
        f"scikit-learn IncrementalPCA, by {FIT_ROWS} rows": incremental_pca(),
    }

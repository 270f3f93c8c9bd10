"""Knobs of the association graph."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hebbstream.association_params import AssociationsParams


def test_growing_and_pruning_are_apart() -> None:
    """What is pruned at once would flap."""
    with pytest.raises(ValidationError, match="weight_prune must be below weight_grow"):
        AssociationsParams(weight_prune=0.6)

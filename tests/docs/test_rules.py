"""docs/rules.md stays true: its kernels, its constants, its figures and its choices."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from hebbstream.association_params import AssociationsRule
from hebbstream.kernels import layers, subspace_rules
from hebbstream.params import SubspaceRule
from sources import ROOT, sources

TEXT = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([a-z_/]+\.py)` \(((?:`[a-z_]+`(?:, )?)+)\)")
FIGURE = re.compile(r"!\[[^\]]+\]\(plots/([a-z-]+\.png)\)")


@pytest.mark.parametrize(("path", "names"), CODE.findall(TEXT))
def test_kernels_stand_where_the_document_says(path: str, names: str) -> None:
    """Every function named under a heading is in the file named before it."""
    defined = {
        function.name
        for source in sources("hebbstream")
        if source.path == f"hebbstream/{path}"
        for function in source.functions()
    }

    assert set(re.findall(r"[a-z_]+", names)) <= defined


def test_every_figure_is_shown_once() -> None:
    """The figures that are there are those the document shows."""
    drawn = sorted(path.name for path in (ROOT / "docs/plots").glob("*.png"))

    assert sorted(FIGURE.findall(TEXT)) == drawn


def test_every_rule_of_the_knob_is_explained() -> None:
    """Each value of `subspace.rule` and `associations.rule` has its line in a table."""
    components, edges = TEXT.split("## Rules for edges")
    line = re.compile(r"^\| .+? \| `(\w+)`", re.MULTILINE)

    assert set(line.findall(components)) == set(get_args(SubspaceRule))
    assert set(line.findall(edges)) == set(get_args(AssociationsRule))


def test_constants_are_those_of_the_code() -> None:
    """The numbers quoted are the kernels'."""
    assert f"{layers.SETTLING_PASSES} passes" in TEXT
    assert f"|a| <= {layers.LATERAL_LIMIT:g}" in TEXT
    assert f"YOUTH = {subspace_rules.YOUTH:g}" in TEXT

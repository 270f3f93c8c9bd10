"""docs/model.md stays true: its constants, defaults, kernels and rows are those of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from hebbstream import DetectorParams
from hebbstream.durations import seconds
from sources import ROOT, sources

TEXT = (ROOT / "docs/model.md").read_text(encoding="utf-8")
CONSTANT = re.compile(r"`([A-Z][A-Z_0-9]*) = ([^`]+)`")
KNOB = re.compile(r"`([a-z][a-z_.]*) = ([^`]+)`")
CODE = re.compile(r"`([a-z_/]+\.py)` \(((?:`[a-z_]+`(?:, )?)+)\)")
ROW = re.compile(r"\[([A-Z][A-Z_0-9]+)\]")


def constants() -> Iterator[tuple[str, float]]:
    """Give every numeric constant of the library; a name may stand in several files."""
    for source in sources("hebbstream"):
        for node in ast.parse(source.text).body:
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=number))
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=number))
                ) if isinstance(number, (int, float)):
                    yield name, float(number)


def default(path: str) -> object:
    """Return the default of a knob such as `subspace.energy_min`."""
    value: object = DetectorParams()
    for name in path.split("."):
        assert isinstance(value, BaseModel), path
        value = getattr(value, name)
    return value


@pytest.mark.parametrize(("name", "value"), CONSTANT.findall(TEXT))
def test_constants_are_those_of_the_code(name: str, value: str) -> None:
    """A constant that is quoted with its value has it."""
    found = {number for constant, number in constants() if constant == name}

    assert float(value) in found


@pytest.mark.parametrize(("path", "value"), KNOB.findall(TEXT))
def test_defaults_are_those_of_the_code(path: str, value: str) -> None:
    """A knob that is quoted with its default exists and has it."""
    assert default(path) == seconds(value)


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


def test_rows_are_those_of_the_layout() -> None:
    """Every row named in brackets is a row of the layout."""
    rows = {name for name, _ in constants()}

    assert set(ROW.findall(TEXT)) <= rows


def test_something_was_checked() -> None:
    """The patterns of this file still find what the document says."""
    assert len(CONSTANT.findall(TEXT)) > 20
    assert len(KNOB.findall(TEXT)) > 30
    assert len(CODE.findall(TEXT)) > 10

"""Kernels: documented argument by argument, and checked against a twin written from the formula."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from sources import Function, Source, sources

#: Those whose arithmetic is IEEE's.
EXACT = {"exact_kernel", "exact_reference_kernel"}
DECORATORS = {"kernel", "inlined_kernel", "merged_kernel", "reference_kernel"} | EXACT

#: Composed kernels: they only call kernels that have twins, and are compared as a whole.
COMPOSED = {
    f"hebbstream.kernels.{name}"
    for name in (
        "bound",
        "step",
        "score",
        "verdict",
        "learn",
        "search",
        "regime",
        "quarantine",
        "single",
    )
} | {"daemon.kernels.bound"}

#: Where the twins stand.
TWINS = {f"tests/{path.name}" for path in Path(__file__).parents[1].glob("naive*.py")}

#: Where kernels stand.
FOLDERS = ("hebbstream/kernels", "daemon/kernels")


def kernels() -> list[tuple[Source, Function]]:
    """List the public compiled functions."""
    return [
        (source, function)
        for folder in FOLDERS
        for source in sources(folder)
        for function in source.functions()
        if not function.name.startswith("_")
        and any(isinstance(d, ast.Name) and d.id in DECORATORS for d in function.decorator_list)
    ]


def documented(function: Function) -> list[str]:
    """Return the names under `Parameters`, in order."""
    docstring = ast.get_docstring(function) or ""
    _, _, rest = docstring.partition("Parameters\n----------\n")
    section = re.split(r"\n\w+\n-{3,}\n", rest)[0]
    names = [line.split(" : ")[0] for line in section.splitlines() if re.match(r"\w.* : ", line)]
    return [name.strip() for entry in names for name in entry.split(",")]


def test_the_docstring_names_the_parameters() -> None:
    """A kernel's docstring lists exactly its arguments, in their order."""
    wrong = [
        f"{source.path}:{function.name}"
        for source, function in kernels()
        if documented(function) != [argument.arg for argument in function.args.args]
    ]

    assert wrong == []


def test_every_kernel_has_a_naive_twin() -> None:
    """A twin of the same name stands in a file of twins, written from the formula."""
    twins = {f.name for s in sources("tests") if s.path in TWINS for f in s.functions()}

    alone = [
        f"{source.path}:{function.name}"
        for source, function in kernels()
        if source.module not in COMPOSED and function.name not in twins
    ]
    assert alone == []


def test_kernels_of_the_service_are_exact() -> None:
    """A codec's arithmetic may not be reordered: numbers are read to the last bit."""
    loose = [
        f"{source.path}:{function.name}"
        for source in sources("daemon/kernels")
        for function in source.functions()
        if not any(isinstance(d, ast.Name) and d.id in EXACT for d in function.decorator_list)
    ]

    assert loose == []


def test_every_function_of_a_kernel_file_is_compiled() -> None:
    """A plain function in the kernels' folder would be slow and would break the callers."""
    plain = [
        f"{source.path}:{function.name}"
        for folder in FOLDERS
        for source in sources(folder)
        for function in source.tree.body
        if isinstance(function, Function)
        and not any(isinstance(d, ast.Name) and d.id in DECORATORS for d in function.decorator_list)
    ]

    assert plain == []

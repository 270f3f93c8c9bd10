"""Files and functions stay small enough to be read at one sitting."""

from __future__ import annotations

import ast

from sources import Function, sources

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60

#: A ratchet: what is longer, and how long it may be. Only ever shorten these.
FILES_EXCUSED: dict[str, int] = {}
FUNCTIONS_EXCUSED: dict[str, int] = {}


def lines_of(function: Function) -> int:
    """Count a function's lines without its docstring."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    has_docstring = ast.get_docstring(function, clean=False) is not None
    return length - ((first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0)


def file_lengths() -> dict[str, int]:
    """Measure every Python file."""
    return {
        source.path: source.text.count("\n")
        for folder in ("hebbstream", "daemon", "tests")
        for source in sources(folder)
    }


def function_lengths() -> dict[str, int]:
    """Measure every function and method of the product."""
    return {
        f"{source.path}:{function.name}": lines_of(function)
        for folder in ("hebbstream", "daemon")
        for source in sources(folder)
        for function in source.functions()
    }


def test_no_file_is_too_long() -> None:
    """A file that outgrows the limit is split by noun; the excused ones may only shrink."""
    long = {
        name: length
        for name, length in file_lengths().items()
        if length > FILES_EXCUSED.get(name, FILE_LINES_MAX)
    }

    assert long == {}


def test_no_function_is_too_long() -> None:
    """A function that outgrows the limit is parted; the excused ones may only shrink."""
    long = {
        name: length
        for name, length in function_lengths().items()
        if length > FUNCTIONS_EXCUSED.get(name, FUNCTION_LINES_MAX)
    }

    assert long == {}


def test_the_ratchet_turns() -> None:
    """An excuse that is not needed any more, or is too generous, is taken off the list."""
    lengths = {**file_lengths(), **function_lengths()}

    idle = {
        name: allowed
        for name, allowed in {**FILES_EXCUSED, **FUNCTIONS_EXCUSED}.items()
        if lengths.get(name, 0) < allowed
    }
    assert idle == {}

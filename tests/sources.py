"""The project's own source files, parsed once, for the house tests."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file: its path below the root, its dotted module name, its text and its tree."""

    path: str
    module: str
    text: str
    tree: ast.Module

    def functions(self) -> list[Function]:
        """Every function and method, at any depth."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    def imports(self) -> set[str]:
        """Dotted names imported anywhere in the file; `from a import b` gives `a` and `a.b`."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        return found


@cache
def sources(folder: str) -> tuple[Source, ...]:
    """Read every Python file below a folder of the root, in order of path."""
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT)
        module = ".".join(name.with_suffix("").parts).removesuffix(".__init__")
        text = path.read_text(encoding="utf-8")
        found.append(Source(str(name), module, text, ast.parse(text)))
    return tuple(found)


def within(module: str, package: str) -> bool:
    """Tell whether a dotted name is a package or lies in it."""
    return module == package or module.startswith(f"{package}.")

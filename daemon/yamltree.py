"""YAML that remembers its lines: plain values, the line of every key, and every fault of the text.

PyYAML's own loader keeps the last of two equal keys and forgets where anything stood; a person who
mends a configuration needs both. Scalars are read as YAML 1.1 does, but for dates, which stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

#: A place in the configuration: keys and list indices from the root down.
Location = tuple[str | int, ...]

#: A word of the document in a message of PyYAML's.
_WORD = re.compile(r"""\b(alias|anchor|tag|handle) ["'].*""", re.DOTALL)

#: Nodes after aliases are expanded; a small file cannot fill the memory.
NODES_MAX = 100_000


class _Loader(yaml.SafeLoader):
    """SafeLoader without dates: a time in the file reaches its section as it was written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(slots=True)
class Tree:
    """A document as plain values, with the line of each location and the faults of its text."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)


class _TooLargeError(Exception):
    """More nodes than a configuration can have."""


class _Reader:
    """Turns nodes into values, noting lines and faults on the way."""

    def __init__(self, loader: _Loader) -> None:
        self.loader = loader
        self.tree = Tree()
        self._nodes = 0

    def read(self, node: yaml.Node, where: Location) -> Any:  # noqa: ANN401 - whatever YAML holds
        self._nodes += 1
        if self._nodes > NODES_MAX or len(where) > 100:
            raise _TooLargeError
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, where)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for index, child in enumerate(node.value):
                self.tree.lines[(*where, index)] = _line(child)
                items.append(self.read(child, (*where, index)))
            return items
        return self.loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, where: Location) -> dict[str, Any]:
        self._note_duplicates(node, where)
        self.loader.flatten_mapping(node)
        values: dict[str, Any] = {}
        for key_node, child in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                self.tree.faults.append((_line(key_node), f"{_dotted(where)}a key must be text"))
                continue
            self.tree.lines[(*where, key)] = _line(key_node)
            values[key] = self.read(child, (*where, key))
        return values

    def _note_duplicates(self, node: yaml.MappingNode, where: Location) -> None:
        first: dict[str, int] = {}
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.value == "<<":
                continue
            key, line = key_node.value, _line(key_node)
            if key in first:
                text = f"{dotted((*where, key))}: given twice, first on line {first[key]}"
                self.tree.faults.append((line, text))
            else:
                first[key] = line


def parse(text: str) -> Tree:
    """Read one YAML document.

    Parameters
    ----------
    text : str
        The document; empty means no keys.

    Returns
    -------
    Tree
        Values, lines (from 1) and faults. A text that is no YAML at all, or whose root is not a
        mapping, gives a fault and no values; nothing is raised.
    """
    try:
        reader, values = _read(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return Tree(faults=[(line, f"not YAML: {_problem(error)}")])
    except yaml.YAMLError as error:
        return Tree(faults=[(1, f"not YAML: {' '.join(str(error).split())}")])
    except ValueError:
        return Tree(faults=[(1, "not YAML: a value is not of the kind its !tag names")])
    except (_TooLargeError, RecursionError):
        return Tree(faults=[(1, f"nested too deeply, or more than {NODES_MAX} values")])
    if not isinstance(values, dict):
        return Tree(
            faults=[(1, "the file must hold sections (key: value), not a list or a scalar")]
        )
    reader.tree.values = values
    return reader.tree


def _read(text: str) -> tuple[_Reader, Any]:
    loader = _Loader(text)
    reader = _Reader(loader)
    try:
        node = loader.get_single_node()
        return reader, {} if node is None or _is_null(node) else reader.read(node, ())
    finally:
        loader.dispose()


def _problem(error: yaml.MarkedYAMLError) -> str:
    """Say what is wrong, without words of the document: they may be of a password."""
    text, words = _WORD.subn(r"\1", str(error.problem or error.context))
    return f"{text}; put a value that begins with *, & or ! in quotes" if words else text


def dotted(where: Location) -> str:
    """Write a location as `section.key[0].key`."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def _dotted(where: Location) -> str:
    return f"{dotted(where)}: " if where else ""


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"

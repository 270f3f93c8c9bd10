"""From a YAML file and the environment to a frozen `Config`, or to the list of all its faults.

The environment wins over the file, the file over the defaults. Every fault is one line,
`file:line: section.key: text`; a fault of a variable begins with the variable's name instead.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from daemon import environment, faults, knobs
from daemon.config import Config
from daemon.environment import Overrides
from daemon.errors import ConfigError
from daemon.yamltree import Location, Tree, dotted, parse

#: What decides which events come out of a given input; the rest of the configuration may differ
#: between two runs that must agree. Series and metric rules are part of grouping.
HASHED_SECTIONS = ("series", "metrics", "grouping", "framing", "detector", "incidents")


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read and validate the whole configuration.

    Parameters
    ----------
    path : Path or None
        The YAML file; None takes defaults and environment only.
    environ : mapping of str to str
        Environment variables; those that begin with `HEBBSTREAM__` override the file.

    Returns
    -------
    Config
        Frozen and complete.

    Raises
    ------
    ConfigError
        With every fault found, in the order of the file, faults of the environment last.
    """
    tree = Tree() if path is None else _read(path)
    overrides = environment.read(environ, Config)
    _drop_empty_sections(tree.values)
    _merge(tree.values, overrides)
    located = [(line, f"{path}:{line}: {text}") for line, text in tree.faults]
    others = list(overrides.faults)
    built = faults.validate(Config, tree.values)
    wrong = built if isinstance(built, list) else []
    for fault in [*wrong, *_unreadable_files(tree.values)]:
        line, text = _locate(fault, tree, overrides, path)
        if line:
            located.append((line, text))
        else:
            others.append(text)
    lines = [text for _, text in sorted(located, key=lambda item: item[0])] + sorted(others)
    if lines or isinstance(built, list):
        raise ConfigError(lines)
    return built


def effective(config: Config) -> dict[str, Any]:
    """Return the configuration as plain values, defaults filled in, secrets as asterisks."""
    return config.model_dump(mode="json")


def effective_yaml(config: Config) -> str:
    """Write the effective configuration as YAML in the order of declaration, secrets hidden."""
    return yaml.safe_dump(effective(config), sort_keys=False, allow_unicode=True, width=100)


def config_hash(config: Config) -> str:
    """Name what decides which events an input gives.

    Parameters
    ----------
    config : Config
        Only the sections of `HASHED_SECTIONS` count.

    Returns
    -------
    str
        16 hexadecimal digits of a SHA-256 over the sections' effective values, so that a default
        written out and a default left out give the same hash.
    """
    values = effective(config)
    chosen = {name: values[name] for name in HASHED_SECTIONS}
    text = json.dumps(chosen, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(path: Path) -> Tree:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not UTF-8 (byte {error.start})"]) from error
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror or error}"]) from error


def _drop_empty_sections(values: dict[str, Any]) -> None:
    """Take `kafka:` with nothing under it for a section of defaults."""
    for where, info, _ in knobs.sections(Config):
        if info is None or knobs.section_of(info) is None:
            continue
        holder: Any = values
        for part in where[:-1]:
            holder = holder.get(part) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and where[-1] in holder and holder[where[-1]] is None:
            del holder[where[-1]]


def _merge(values: dict[str, Any], overrides: Overrides) -> None:
    for path, value in overrides.values.items():
        holder: Any = values
        for part in path[:-1]:
            holder = holder.setdefault(part, {}) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder[path[-1]] = value


def _unreadable_files(values: dict[str, Any]) -> list[faults.Fault]:
    """Check that every file the configuration names is there, before anything needs it."""
    found = []
    for path, _ in knobs.leaves(Config):
        value: Any = values
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if not path[-1].endswith("_file") or not isinstance(value, str):
            continue
        try:
            with Path(value).open("rb"):
                pass
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            found.append(faults.Fault(path, f"{value} cannot be read: {reason}"))
    return found


def _locate(
    fault: faults.Fault, tree: Tree, overrides: Overrides, path: Path | None
) -> tuple[int, str]:
    """Return a fault's line (0 without one) and its text with the place in front."""
    where = fault.where
    text = f"{dotted(where)}: {fault.text}" if where else fault.text
    variables = _variables(where, overrides)
    if variables and (where not in tree.lines or where in overrides.names):
        return 0, f"{variables}: {text}"
    if path is None:
        return 0, text
    line = 1
    for length in range(len(where), 0, -1):
        if where[:length] in tree.lines:
            line = tree.lines[where[:length]]
            break
    return line, f"{path}:{line}: {text}"


def _variables(where: Location, overrides: Overrides) -> str:
    """Name the variables that set the key at `where`, hold it, or lie under it."""
    return ", ".join(
        name
        for path, name in overrides.names.items()
        if where and (path[: len(where)] == where or where[: len(path)] == path)
    )

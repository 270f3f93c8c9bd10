"""Configuration from environment variables: `HEBBSTREAM__KAFKA__BOOTSTRAP_SERVERS=a:9092,b:9092`.

A variable names one key; what it holds replaces what the file says. Lists are comma-separated or
JSON, mappings and lists of sections are JSON. A variable that names no key is a fault, and so is a
key's name with an underscore too few: a setting that is silently ignored is worse than a refused
start. What Kubernetes sets for a Service named `hebbstream-server`, HEBBSTREAM_SERVER_PORT with
tcp://10.0.0.1:9464, is nobody's setting.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from daemon import knobs

PREFIX = "HEBBSTREAM__"
#: How the address of a Service begins that Kubernetes puts into the environment.
SERVICE_LINKS = ("tcp://", "udp://", "sctp://")


@dataclass(slots=True)
class Overrides:
    """Values by path, the variable each came from, and the variables that cannot be used."""

    values: dict[knobs.Path, Any] = field(default_factory=dict)
    names: dict[knobs.Path, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def variable(path: knobs.Path) -> str:
    """Name of the variable that overrides the key at `path`."""
    return PREFIX + "__".join(part.upper() for part in path)


def read(environ: Mapping[str, str], model: type[BaseModel]) -> Overrides:
    """Collect the overrides for `model`.

    Parameters
    ----------
    environ : mapping of str to str
        The environment; only names that begin with `HEBBSTREAM_` are looked at.
    model : type of BaseModel
        The root section.

    Returns
    -------
    Overrides
        Values are still to be validated, except that JSON is already read.
    """
    known = {variable(path): (path, info) for path, info in knobs.leaves(model)}
    containers = {variable(path) for path, info, _ in knobs.sections(model) if path and info}
    squeezed = {_squeezed(name) for name in known}
    overrides = Overrides()
    for name in sorted(environ):
        if name in known:
            path, info = known[name]
            try:
                overrides.values[path] = _value(environ[name], info)
            except ValueError as error:
                overrides.faults.append(f"{name}: {'.'.join(path)}: {error}")
            else:
                overrides.names[path] = name
        elif name in containers:
            overrides.faults.append(f"{name}: names a section; name one of its keys, {name}__<KEY>")
        elif name.startswith(PREFIX) or (
            _squeezed(name) in squeezed and not environ[name].startswith(SERVICE_LINKS)
        ):
            hint = knobs.suggestion(name.upper(), sorted(known))
            overrides.faults.append(f"{name}: no such setting{hint}")
    return overrides


def _squeezed(name: str) -> str:
    return name.upper().replace("_", "")


def _value(text: str, info: FieldInfo) -> Any:  # noqa: ANN401 - whatever the field takes
    if text == "" and knobs.holds(info, NoneType):
        return None
    if knobs.holds(info, dict) or knobs.item_of(info) is not None:
        return _json(text)
    if knobs.holds(info, list):
        if text.lstrip().startswith("["):
            return _json(text)
        return [item.strip() for item in text.split(",") if item.strip()]
    return text


def _json(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        msg = f"not JSON: {error.msg} at character {error.pos}"
        raise ValueError(msg) from error

"""Every fault of a configuration in one run, in words a person can act on.

pydantic stops at a section's keys when one of them is wrong and then never runs the rules that
compare two keys. So what is faulty is taken out and the rest is validated again, until nothing new
is found; a rule that names a key which was taken out is not believed.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from daemon import knobs
from daemon.yamltree import Location

M = TypeVar("M", bound=BaseModel)

_WORD = re.compile(r"[a-z0-9_]+")
_QUOTED = re.compile(r"'([^']*)'")
_SHOWN_MAX = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of the configuration."""

    where: Location
    text: str


def validate(model: type[M], values: dict[str, Any]) -> M | list[Fault]:
    """Build the model, or find everything that is wrong with its values.

    Parameters
    ----------
    model : type of BaseModel
        The root section.
    values : dict
        Plain values by key; left as they are.

    Returns
    -------
    BaseModel or list of Fault
        The model, or at least one fault.
    """
    rest = copy.deepcopy(values)
    found: dict[Fault, None] = {}
    removed: set[str] = set()
    while True:
        try:
            built = model.model_validate(rest)
        except ValidationError as error:
            details = error.errors(include_url=False)
        else:
            return list(found) or built
        for detail in details:
            fault = Fault(detail["loc"], _words(model, detail))
            if not (_is_rule(detail) and removed.intersection(_WORD.findall(fault.text))):
                found.setdefault(fault)
        unknown = _take_out(rest, [d["loc"] for d in details if d["type"] == "extra_forbidden"])
        wrong = _take_out(rest, [d["loc"] for d in details if not _is_rule(d)])
        if not unknown and not wrong:
            wrong = _take_out(rest, [_section(detail) for detail in details])
            if not wrong:
                return list(found)
        removed |= wrong


def _is_rule(detail: ErrorDetails) -> bool:
    """Tell a fault of a whole section (keys compared, a key missing) from a fault of one value."""
    return detail["type"] == "missing" or (
        detail["type"] in {"value_error", "assertion_error"} and isinstance(detail["input"], dict)
    )


def _section(detail: ErrorDetails) -> Location:
    return detail["loc"][:-1] if detail["type"] == "missing" else detail["loc"]


def _take_out(values: dict[str, Any], places: list[Location]) -> set[str]:
    """Remove keys and return the names of all that went; lists go whole, so no index shifts."""
    gone: set[str] = set()
    for place in places:
        where = list(place)
        while where and isinstance(where[-1], int):
            where.pop()
        if not where:
            gone.update(_names(values))
            values.clear()
            continue
        try:
            holder: Any = values
            for part in where[:-1]:
                holder = holder[part]
            lost = holder.pop(where[-1])
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # went already, with what held it
        gone.add(str(where[-1]))
        gone.update(_names(lost))
    return gone


def _names(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever YAML holds
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)


def _words(model: type[BaseModel], detail: ErrorDetails) -> str:
    kind, where, given = detail["type"], detail["loc"], detail["input"]
    if kind == "extra_forbidden":
        return _unknown_key(model, where)
    if kind == "missing":
        return "required, and not given"
    if kind in {"value_error", "assertion_error"}:
        return detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind in {"model_type", "model_attributes_type"}:
        return f"must be a section (keys and values){_shown(model, where, given)}"
    text = detail["msg"].replace("Input should", "must").replace("String should", "must")
    text = text.replace("List should", "must").replace("must match pattern", "must match")
    hint = ""
    if kind in {"enum", "literal_error"} and isinstance(given, str):
        hint = knobs.suggestion(given, _QUOTED.findall(text))
    return f"{text}{_shown(model, where, given)}{hint}"


def _unknown_key(model: type[BaseModel], where: Location) -> str:
    name = str(where[-1])
    holder = knobs.model_at(model, where[:-1])
    siblings = list(holder.model_fields) if holder is not None else []
    homes = [".".join(path) for path in knobs.all_paths(model) if path[-1] == name]
    hint = f"; did you mean {homes[0]}?" if homes else knobs.suggestion(name, siblings)
    return f"unknown key{hint}"


def _shown(model: type[BaseModel], where: Location, given: Any) -> str:  # noqa: ANN401 - any YAML
    if knobs.is_secret(model, where):
        return ", got something else (hidden)"
    text = repr(given)
    return f", got {text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + '...'}"

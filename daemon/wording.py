"""A knob in words: its type, default, range and meaning, as the generated pages show them."""

from __future__ import annotations

import json
import typing
from enum import Enum
from types import NoneType
from typing import Any

from pydantic import BeforeValidator, SecretStr
from pydantic.fields import FieldInfo

from daemon import knobs
from hebbstream import durations

_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_SIMPLE: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}

_VALUE_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_LENGTH_BOUNDS = {"min_length": "at least", "max_length": "at most"}


def type_of(field: FieldInfo) -> str:
    """Name the type of a key in plain words."""
    words = "duration" if is_duration(field) else _type_words(field.annotation)
    return f"{words}, or null" if knobs.holds(field, NoneType) else words


def default_of(field: FieldInfo) -> str:
    """Write the default as it would stand in YAML."""
    default = field.get_default(call_default_factory=True)
    if is_duration(field) and default is not None:
        return duration_text(default)
    if isinstance(default, Enum):
        default = default.value
    if isinstance(default, str):
        return default if default.replace("_", "").isalnum() else json.dumps(default)
    text = json.dumps(default)
    # YAML 1.1 reads 1e+100 as text; it wants a point.
    return text.replace("e", ".0e", 1) if isinstance(default, float) and "." not in text else text


def range_of(field: FieldInfo) -> str:
    """Write the bounds of a key, empty where it has none."""
    show = duration_text if is_duration(field) else _number_text
    words = []
    for rule in field.metadata:
        words += [f"{text} {show(bound)}" for text, bound in _bounds(rule, _VALUE_BOUNDS)]
        words += [f"{text} {bound} of them" for text, bound in _bounds(rule, _LENGTH_BOUNDS)]
        pattern = getattr(rule, "pattern", None)
        if pattern:
            words.append(f"matches `{pattern}`")
    return ", ".join(words)


def sentence_of(field: FieldInfo) -> str:
    """Return what a key means, or what its list's items mean."""
    item = knobs.item_of(field)
    if field.description is None and item is not None:
        return (item.__doc__ or "").strip().splitlines()[0]
    return field.description or ""


def is_duration(field: FieldInfo) -> bool:
    """Tell whether a key is a duration."""
    rules = [*field.metadata]
    for option in knobs.options(field.annotation, keep_metadata=True):
        rules += typing.get_args(option)[1:] if _is_annotated(option) else []
    return any(
        isinstance(rule, BeforeValidator) and rule.func is durations.seconds for rule in rules
    )


def duration_text(seconds: float) -> str:
    """Write seconds in the largest unit that leaves a whole number."""
    for size, unit in _UNITS:
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


def _bounds(rule: Any, names: dict[str, str]) -> list[tuple[str, Any]]:  # noqa: ANN401 - any metadata
    return [
        (text, getattr(rule, name))
        for name, text in names.items()
        if getattr(rule, name, None) is not None
    ]


def _is_annotated(option: Any) -> bool:  # noqa: ANN401 - any annotation
    return typing.get_origin(option) is typing.Annotated


def _type_words(annotation: Any) -> str:  # noqa: ANN401 - any annotation
    for option in knobs.options(annotation):
        if option is NoneType:
            continue
        origin, arguments = typing.get_origin(option), typing.get_args(option)
        if origin is typing.Literal:
            return "one of " + ", ".join(f"`{word}`" for word in arguments)
        if isinstance(option, type) and issubclass(option, Enum):
            return "one of " + ", ".join(f"`{member.value}`" for member in option)
        if origin is list:
            words = _type_words(arguments[0])
            return f"list of {words}s" if words == "section" else f"list of {words}"
        if origin is dict:
            return "mapping of text to text"
        return "secret text" if option is SecretStr else _SIMPLE.get(option, "section")
    return "null"


def _number_text(value: float) -> str:
    whole = isinstance(value, int) or (value.is_integer() and abs(value) < 1e6)
    return str(int(value)) if whole else f"{value:g}"

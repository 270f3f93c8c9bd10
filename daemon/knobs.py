"""The knobs of the configuration as a tree: every section and every key, by its path."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

#: Keys from the root down, without list indices.
Path = tuple[str, ...]


def section_of(info: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field that holds one section, None for any other field."""
    return _model(info.annotation)


def item_of(info: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field that holds a list of sections, None for any other field."""
    for option in options(info.annotation):
        if typing.get_origin(option) is list:
            return _model(typing.get_args(option)[0])
    return None


def holds(info: FieldInfo, kind: type) -> bool:
    """Tell whether a field may hold a `kind`: list, dict, SecretStr, NoneType and so on."""
    return any(
        option is kind or typing.get_origin(option) is kind for option in options(info.annotation)
    )


def leaves(model: type[BaseModel], prefix: Path = ()) -> Iterator[tuple[Path, FieldInfo]]:
    """Walk every key that is not a section, in the order of declaration.

    Parameters
    ----------
    model : type of BaseModel
        Where to start.
    prefix : tuple of str
        Path of `model`.

    Yields
    ------
    tuple of (Path, FieldInfo)
        A list of sections is one key; its items are not walked.
    """
    for name, info in model.model_fields.items():
        inner = section_of(info)
        if inner is None:
            yield (*prefix, name), info
        else:
            yield from leaves(inner, (*prefix, name))


def sections(
    model: type[BaseModel], prefix: Path = ()
) -> Iterator[tuple[Path, FieldInfo | None, type[BaseModel]]]:
    """Walk every section in the order of declaration: the root first, lists of sections too."""
    if not prefix:
        yield (), None, model
    for name, info in model.model_fields.items():
        inner = section_of(info) or item_of(info)
        if inner is not None:
            yield (*prefix, name), info, inner
            yield from sections(inner, (*prefix, name))


def find(model: type[BaseModel], path: Sequence[str | int]) -> FieldInfo | None:
    """Look a key up by its path (list indices are passed over); None when there is no such key."""
    current: type[BaseModel] | None = model
    info: FieldInfo | None = None
    for part in path:
        if isinstance(part, int):
            continue
        if current is None or part not in current.model_fields:
            return None
        info = current.model_fields[part]
        current = section_of(info) or item_of(info)
    return info


def model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel] | None:
    """Return the section at `path`, or the items' section of a list there; None for neither."""
    if not any(isinstance(part, str) for part in path):
        return model
    info = find(model, path)
    return None if info is None else section_of(info) or item_of(info)


def all_paths(model: type[BaseModel]) -> Iterator[Path]:
    """Walk the path of every key, sections and the keys of listed sections included."""
    for prefix, _, section in sections(model):
        for name in section.model_fields:
            yield (*prefix, name)


def is_secret(model: type[BaseModel], path: Sequence[str | int]) -> bool:
    """Tell whether what stands at `path` must never be shown: a secret, or what may hold one."""
    info = find(model, path)
    inner = model_at(model, path)
    if inner is not None:
        return any(holds(leaf, SecretStr) for _, leaf in leaves(inner))
    return info is not None and holds(info, SecretStr)


def suggestion(name: str, known: Sequence[str]) -> str:
    """Name the nearest known word as `; did you mean x?`, or nothing when none is near."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def options(annotation: Any, *, keep_metadata: bool = False) -> tuple[Any, ...]:  # noqa: ANN401
    """List the members of a union, or the annotation alone; `Annotated` is undone unless kept."""
    if typing.get_origin(annotation) is typing.Annotated and not keep_metadata:
        return options(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in {types.UnionType, typing.Union}:
        members = typing.get_args(annotation)
        return tuple(o for member in members for o in options(member, keep_metadata=keep_metadata))
    return (annotation,)


def _model(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    for option in options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None

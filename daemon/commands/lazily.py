"""Commands that are imported when they are asked for: the service does not wait for the others."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup


class LazyCommands(UserDict[str, Any]):
    """Commands by name, each imported when it is looked up.

    Parameters
    ----------
    places : mapping of str to str
        `module:attribute` of each command, which is a function or a `typer.Typer` of several.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        super().__init__()
        self.data.update(places)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - click's command, which typer hides
        found = self.data[name]
        if isinstance(found, str):
            self.data[name] = found = _loaded(name, found)
        return found


def lazy_group(places: Mapping[str, str]) -> type[TyperGroup]:
    """Make a group whose commands are imported when they are asked for.

    Parameters
    ----------
    places : mapping of str to str
        As for `LazyCommands`, in the order of the help.

    Returns
    -------
    type of TyperGroup
        For `typer.Typer(cls=...)`.
    """

    class LazyGroup(TyperGroup):
        def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - whatever typer gives
            super().__init__(**attributes)
            self.commands = LazyCommands(places)

    return LazyGroup


def _loaded(name: str, place: str) -> Any:  # noqa: ANN401 - as above
    module, _, attribute = place.partition(":")
    target = getattr(import_module(module), attribute)
    parent = typer.Typer(add_completion=False)
    parent.callback()(lambda: None)  # or typer takes a command that is alone for the whole
    if isinstance(target, typer.Typer):
        parent.add_typer(target, name=name)
    else:
        parent.command(name)(target)
    group: Any = typer.main.get_command(parent)
    return group.commands[name]

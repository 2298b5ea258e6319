"""Commands whose modules are imported when they are asked for: who reads what there is waits for none of them."""

import gc
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import typer
import typer.main
from typer.core import TyperCommand


def add_later(app: typer.Typer, commands: Mapping[str, tuple[str, str]]) -> None:
    """Add commands by name: where each is below `twinflow.cli`, as `module.function` or `module.app`, and what it does.

    The latter stands in the list of commands; a test holds it to be what the command says of itself.
    """
    for name, (place, help_text) in commands.items():
        app.command(name, cls=_later(name, place), help=help_text)(lambda: None)


def _later(name: str, place: str) -> type[TyperCommand]:
    class Later(TyperCommand):
        def make_context(self, *args: Any, **extra: Any) -> Any:
            """The context of the command that is meant: with it the library goes on to that one."""
            return _command(name, place).make_context(*args, **extra)

    return Later


@cache
def _command(name: str, place: str) -> Any:
    module, _, what = place.partition(".")
    found = getattr(_imported(f"twinflow.cli.{module}"), what)
    around = typer.Typer(add_completion=False)
    around.callback()(lambda: None)
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    group = typer.main.get_command(around)
    assert isinstance(group, typer.core.TyperGroup)
    return group.commands[name]


def _imported(module: str) -> ModuleType:
    """The module. What imports make stays: looking through all of it for what has become free takes a sixth of a command."""
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()

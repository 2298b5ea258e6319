"""The command line, run as a person would in this process's environment."""

import json
from functools import cache
from typing import Any, NamedTuple

import pytest
import typer.main

from twinflow.cli.app import main

typer.main.get_command = cache(typer.main.get_command)  # the tree of commands, which a process otherwise builds once


class Ran(NamedTuple):
    """The exit code, and what was printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def twinflow(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> Ran:
    """Run `twinflow …`."""
    with monkeypatch.context() as patch:
        patch.setattr("sys.argv", ["twinflow", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
    printed = capsys.readouterr()
    return Ran(int(stop.value.code or 0), printed.out, printed.err)

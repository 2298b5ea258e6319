"""A pipe or a device where a file should be is said at once: nobody waits for what may never come, or never ends."""

import os
import shutil
from pathlib import Path

import pytest

from builders import NOTIFICATIONS, WORKFLOWS
from command_line import twinflow
from world import CUENCA, EXAMPLES

PEOPLE = EXAMPLES / "demo" / "people.toml"
WHY = "cannot be read: it is a pipe or a device, not a file."
CASE = "workflows/cases/mx/twinning/chihuahua-albuquerque.toml"
COMMANDS = {
    "own.toml": ("--config", "own.toml", "people", "list"),
    "people.toml": ("people", "list"),
    "workflows/mx/twinning.toml": ("workflows", "check"),
    "workflows/calendars/mx-lft.toml": ("calendars", "check"),
    CASE: ("workflows", "replay", CASE),
    "notifications/notices.toml": ("workflows", "check"),
    "agreements.csv": ("agreements", "import", "agreements.csv", "--map", "agreements.map.toml"),
    "agreements.map.toml": ("agreements", "import", "agreements.csv", "--map", "agreements.map.toml"),
    "plan.toml": ("workflows", "migrate", "apply", "plan.toml", "--as", "elena"),
}


def make_pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def make_device(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [make_pipe, make_device])
@pytest.mark.parametrize("file", COMMANDS)
def test_it_is_said_of_every_kind_of_file(file: str, make, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(WORKFLOWS, "workflows")
    shutil.copytree(NOTIFICATIONS, "notifications")
    for path in (PEOPLE, CUENCA / "agreements.csv", CUENCA / "agreements.map.toml"):
        shutil.copy(path, tmp_path)
    Path("twinflow.toml").write_text(
        'workflows_folder = "workflows"\nnotifications_folder = "notifications"\n', "utf-8"
    )
    make(tmp_path / file)
    done = twinflow(monkeypatch, capsys, *COMMANDS[file])
    assert done.code == 2, done
    assert WHY in done.err
    assert Path(file).name in done.err

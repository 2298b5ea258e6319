"""The guide's own example: written to a folder as the guide says, checked, replayed, compared."""

import re
import shutil
from pathlib import Path

import pytest

from builders import ROOT, WORKFLOWS
from twinflow.cli.app import main

GUIDE = (ROOT / "docs" / "authoring.md").read_text("utf-8")
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```toml\n(.*?)```", GUIDE, re.DOTALL))
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    for line in block.splitlines()
    if "PERSON" not in line
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place to work in, as the guide leaves it: the shipped workflows with the two files of the example."""
    where = tmp_path_factory.mktemp("municipality")
    shutil.copytree(WORKFLOWS, where / "workflows", ignore=shutil.ignore_patterns("cases"))
    for name, text in FILES.items():
        path = where / "workflows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (where / "people.toml").write_bytes((ROOT / "examples" / "demo" / "people.toml").read_bytes())
    (where / "twinflow.toml").write_text(
        f'people_file = "{where / "people.toml"}"\nworkflows_folder = "{where / "workflows"}"\n'
        f'[database]\nurl = "sqlite:///{where / "twinflow.db"}"\n',
        "utf-8",
    )
    return where


def test_the_guide_holds_an_overlay_and_a_case():
    assert list(FILES) == ["mx/valle-claro.toml", "cases/mx/valle-claro/council.toml"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_guide_does_what_it_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
):
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", command.split())
    with pytest.raises(SystemExit) as stop:
        main()
    differs = {"diff", "coverage"} & set(command.split())
    assert (stop.value.code or 0) == (1 if differs else 0), capsys.readouterr().err

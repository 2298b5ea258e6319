"""Files that a Windows editor saves begin with a byte-order mark: every file that twinflow reads is read with one as without."""

import shutil
from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import Ran, twinflow
from world import CUENCA, EXAMPLES

ROOT = EXAMPLES.parent
CASE = (
    *("--process", "mx/twinning", "--office", "chihuahua", "--as", "elena"),
    *("--party", "Chihuahua/MX", "--party", "Albuquerque/US"),
)


@pytest.fixture(params=[b"", BOM_UTF8], ids=["without", "with a mark"])
def run(request, tmp_path: Path, monkeypatch, capsys) -> Callable[..., Ran]:
    """Run `twinflow …` in a folder with files of every kind, each of which begins so."""
    for name in ("workflows", "notifications"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for file in (*CUENCA.glob("negotiations.*"), EXAMPLES / "demo" / "people.toml"):
        shutil.copy(file, tmp_path)
    folders = 'workflows_folder = "workflows"\nnotifications_folder = "notifications"\n'
    (tmp_path / "twinflow.toml").write_text(
        f'people_file = "people.toml"\n{folders}[database]\nurl = "sqlite:///x.db"\n'
    )
    for file in (each for each in tmp_path.rglob("*") if each.is_file()):
        file.write_bytes(request.param + file.read_bytes())
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: twinflow(monkeypatch, capsys, *arguments)


def test_every_file_is_read(run: Callable[..., Ran], tmp_path: Path, request) -> None:
    assert "no mistakes" in run("workflows", "check").out
    assert "lucia" in run("people", "list").out
    imported = run("agreements", "import", "negotiations.csv", "--map", "negotiations.map.toml")
    assert "added: 8" in imported.out, imported
    assert run("agreements", "open", "MX-1", *CASE).code == 0
    notice = run("notices", "preview", "your-turn", "--agreement", "MX-1")
    assert notice.code == 0
    assert "Subject: MX-1: le toca actuar" in notice.out
    assert "\ufeff" not in notice.out
    assert run("calendars", "preview", "workflows/calendars/mx-labour.toml").code == 0
    script = next((tmp_path / "workflows" / "cases" / "mx" / "twinning").glob("*.toml"))
    assert run("workflows", "replay", str(script)).code == 0
    assert run("workflows", "migrate", "plan", "mx/twinning@4", "mx/twinning@4", "--output", "plan.toml").code == 0
    plan = Path("plan.toml").read_text("utf-8").replace('"?"', '"because"')
    without_mark = run("workflows", "migrate", "apply", _written("a.toml", plan.encode()), "--as", "elena", "--dry-run")
    with_mark = run(
        "workflows", "migrate", "apply", _written("b.toml", BOM_UTF8 + plan.encode()), "--as", "elena", "--dry-run"
    )
    assert with_mark.err.replace("b.toml", "a.toml") == without_mark.err
    assert (with_mark.code, with_mark.out) == (without_mark.code, without_mark.out)


def _written(name: str, content: bytes) -> str:
    Path(name).write_bytes(content)
    return name


def test_a_notice_of_nothing_but_a_mark_is_empty(run: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "notifications" / "your-turn" / "en" / "body.txt").write_bytes(BOM_UTF8)
    done = run("workflows", "check")
    assert (done.code, "this file is empty; write the words." in done.err) == (2, True), done

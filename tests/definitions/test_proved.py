"""What was proved before is not proved anew, whatever else the cache may hold; what has changed is, and its mistakes are told."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builders import NOTIFICATIONS, WORKFLOWS
from twinflow import bootstrap, files
from twinflow.config import DatabaseSettings, Settings
from twinflow.definitions.proved import content_of, digest_of
from twinflow.errors import BadInput
from world import EXAMPLES

PEOPLE = EXAMPLES / "demo" / "people.toml"
BROKEN = ('to = "signed"', 'to = "sigend"')


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Copies of all that is shipped, which a test may spoil, and a cache of its own."""
    shutil.copytree(WORKFLOWS, tmp_path / "workflows", ignore=shutil.ignore_patterns("cases"))
    shutil.copytree(NOTIFICATIONS, tmp_path / "notifications")
    shutil.copy(PEOPLE, tmp_path / "people.toml")
    return Settings(
        workflows_folder=tmp_path / "workflows",
        notifications_folder=tmp_path / "notifications",
        people_file=tmp_path / "people.toml",
        cache_folder=tmp_path / "cache",
        database=DatabaseSettings(url=f"sqlite:///{tmp_path / 'twinflow.db'}"),
    )


def marks(settings: Settings) -> set[str]:
    folder = Path(str(settings.cache_folder)) / "proved"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def forge(settings: Settings) -> None:
    """Marks as they would be if the files as they stand had been proved."""
    folders = {
        **content_of(files.workflows_folder(settings), files.NOT_PROVED),
        **content_of(files.notifications_folder(settings)),
    }
    folder = Path(str(settings.cache_folder)) / "proved"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / digest_of(folders)).touch()


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, path
    path.write_text(text.replace(old, new, 1), "utf-8")


def a_step_leads_nowhere(settings: Settings) -> None:
    spoil(files.workflows_folder(settings) / "mx" / "twinning.toml", *BROKEN)


def the_process_that_another_one_rests_on_lost_a_deadline(settings: Settings) -> None:
    spoil(files.workflows_folder(settings) / "mx" / "twinning.toml", "[deadlines.opinion]", "[deadlines.opinions]")


def a_calendar_has_no_year(settings: Settings) -> None:
    spoil(files.calendars_folder(settings) / "mx-ministry.toml", "last_year = ", "last_yaer = ")


def a_calendar_is_gone(settings: Settings) -> None:
    (files.calendars_folder(settings) / "mx-ministry.toml").unlink()


def a_notice_names_what_there_is_not(settings: Settings) -> None:
    with (files.notifications_folder(settings) / "deadline-soon" / "en" / "body.txt").open("a") as file:
        file.write("{{ nothing_of_the_kind }}\n")


def a_notice_lost_its_words(settings: Settings) -> None:
    (files.notifications_folder(settings) / "deadline-soon" / "es" / "body.txt").unlink()


def a_notice_has_an_empty_folder(settings: Settings) -> None:
    (files.notifications_folder(settings) / "new").mkdir()


def a_file_beside_the_notices_became_a_folder(settings: Settings) -> None:
    beside = files.notifications_folder(settings) / "beside"
    beside.touch()
    bootstrap.start(settings).engine.dispose()
    beside.unlink()
    beside.mkdir()


MISTAKES = [
    a_step_leads_nowhere,
    the_process_that_another_one_rests_on_lost_a_deadline,
    a_calendar_has_no_year,
    a_calendar_is_gone,
    a_notice_names_what_there_is_not,
    a_notice_lost_its_words,
    a_notice_has_an_empty_folder,
    a_file_beside_the_notices_became_a_folder,
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_what_is_mistaken_after_it_was_proved_is_told_at_the_next_start(
    mistake: Callable[[Settings], None], settings: Settings
) -> None:
    bootstrap.start(settings).engine.dispose()
    assert len(marks(settings)) == 1
    mistake(settings)
    for _ in range(2):  # and at the one after it: what is mistaken is never marked
        with pytest.raises(BadInput) as told:
            bootstrap.start(settings)
        assert told.value.problems


def test_what_was_proved_is_only_read_and_says_the_same(settings: Settings) -> None:
    proved = files.prove(settings)
    assert files.rulebook_in_use(settings) == proved
    read = files.rulebook_in_use(settings)
    assert dict(read.catalogue.definitions) == dict(proved.catalogue.definitions)
    assert list(read.catalogue.definitions) == list(proved.catalogue.definitions)
    assert dict(read.calendars) == dict(proved.calendars)
    assert dict(read.editions) == dict(proved.editions)
    assert dict(read.notices) == dict(proved.notices)


def test_a_forged_mark_spares_a_proof_and_changes_nothing_of_what_is_read(settings: Settings) -> None:
    """So a mark that is there is what saves the proof, and the text alone is what counts."""
    path = files.workflows_folder(settings) / "mx" / "twinning.toml"
    spoil(path, *BROKEN)
    forge(settings)
    read = files.rulebook_in_use(settings).catalogue.version("mx/twinning", 4)
    assert read.text == path.read_text("utf-8")
    assert any(destination.state == "sigend" for step in read.steps.values() for destination in step.to)
    with pytest.raises(BadInput):  # as `twinflow workflows check` does
        files.prove(settings)


def test_a_service_goes_by_the_text_that_was_proved_whatever_is_written_later(settings: Settings) -> None:
    files.rulebook_in_use(settings)
    rulebook = files.rulebook_in_use(settings)
    proved = (files.workflows_folder(settings) / "ec" / "cuenca.toml").read_text("utf-8")
    for path in files.workflows_folder(settings).rglob("*.toml"):
        path.write_text("no TOML at all", "utf-8")
    assert rulebook.catalogue.version("ec/cuenca", 3).text.startswith(proved)
    assert rulebook.calendars["ec-public"].holidays


def test_a_cache_that_is_gone_is_made_anew(settings: Settings) -> None:
    files.rulebook_in_use(settings)
    made = marks(settings)
    shutil.rmtree(str(settings.cache_folder))
    files.rulebook_in_use(settings)
    assert marks(settings) == made != set()


def a_file_in_its_place(cache: Path) -> None:
    cache.write_text("no folder")


def a_link_to_nowhere(cache: Path) -> None:
    cache.symlink_to(cache.with_name("nowhere") / "deeper")


def a_link_to_itself(cache: Path) -> None:
    cache.symlink_to(cache)


@pytest.mark.parametrize("spoilt", [a_file_in_its_place, a_link_to_nowhere, a_link_to_itself], ids=lambda f: f.__name__)
def test_where_nothing_can_be_kept_every_start_proves(spoilt: Callable[[Path], None], settings: Settings) -> None:
    spoilt(Path(str(settings.cache_folder)))
    assert files.rulebook_in_use(settings) == files.rulebook_in_use(settings) == files.prove(settings)
    a_step_leads_nowhere(settings)
    with pytest.raises(BadInput):
        files.rulebook_in_use(settings)


def test_a_folder_in_the_place_of_a_mark_and_anything_beside_it_mean_nothing(settings: Settings) -> None:
    files.rulebook_in_use(settings)
    folder = Path(str(settings.cache_folder)) / "proved"
    (mark,) = folder.iterdir()
    mark.unlink()
    mark.mkdir()
    (folder / "something else").write_bytes(b"\x80\x04cposix\nsystem\n")
    assert files.rulebook_in_use(settings) == files.prove(settings)
    a_step_leads_nowhere(settings)
    with pytest.raises(BadInput):
        files.rulebook_in_use(settings)


def test_without_a_home_every_start_proves(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    homeless = settings.model_copy(update={"cache_folder": None})
    assert files.rulebook_in_use(homeless) == files.prove(homeless)
    assert not Path("relative").exists()


def test_a_mark_is_where_the_platform_keeps_caches(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    files.rulebook_in_use(settings.model_copy(update={"cache_folder": None}))
    (mark,) = (tmp_path / "caches" / "twinflow" / "proved").iterdir()
    assert mark.read_bytes() == b""


def test_other_code_does_not_see_the_marks_of_this_one(tmp_path: Path) -> None:
    """A byte of any module is enough, as nobody can say which of them plays no part in a proof."""
    source = Path(files.__file__).parent
    shutil.copytree(source, tmp_path / "twinflow", ignore=shutil.ignore_patterns("__pycache__"))
    program = (
        "from twinflow.definitions.proved import digest_of; import twinflow; print(twinflow.__file__, digest_of({}))"
    )

    def digest() -> str:
        where = {**os.environ, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", program], env=where, capture_output=True, text=True, check=True)
        file, found = done.stdout.split()
        assert Path(file).parent == tmp_path / "twinflow"
        return found

    assert digest() == digest_of({})
    with (tmp_path / "twinflow" / "domain" / "clock" / "day.py").open("a") as module:
        module.write("# another byte\n")
    assert digest() != digest_of({})


def test_two_processes_at_once_come_to_the_same(settings: Settings) -> None:
    where = {
        **os.environ,
        "TWINFLOW_WORKFLOWS_FOLDER": str(settings.workflows_folder),
        "TWINFLOW_CACHE_FOLDER": str(settings.cache_folder),
    }
    program = [sys.executable, "-c", "from twinflow.cli.app import main; main()", "workflows", "list", "--json"]
    running = [
        subprocess.Popen(program, env=where, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    assert len(set(said)) == 1
    assert len(marks(settings)) == 1


def test_what_links_lead_to_counts_and_a_circle_ends(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_text("one")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "folder")
    (tmp_path / "folder" / "nowhere").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "folder" / "pipe")
    before = content_of(tmp_path / "folder")
    assert before[tmp_path / "folder" / "link" / "file"] == b"one"
    assert before[tmp_path / "folder" / "pipe"] is None
    (tmp_path / "elsewhere" / "file").write_text("two")
    assert digest_of(content_of(tmp_path / "folder")) != digest_of(before)

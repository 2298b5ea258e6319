"""A plain copy of a file that is in use is known to be short where it is: real processes, files copied as people do."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from command_line import Ran, twinflow
from smtp import free_port
from twinflow.clock import read
from twinflow.storage.engine import make_engine
from twinflow.storage.live_file import has_log
from twinflow.storage.short_copy import in_use
from world import CUENCA, EXAMPLES

Run = Callable[..., Ran]
SHORT = "was copied while it was in use, without the “-wal” beside it: what was written since"
REGISTER = ("agreements", "import", str(CUENCA / "agreements.csv"), "--map", str(CUENCA / "agreements.map.toml"))
SERVE = ("serve", "--no-worker")
ACCEPT = ("database", "accept-copy", "--as", "lucia")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`twinflow …` on a file, as `run(file, …)`."""
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("COLUMNS", "400")

    def call(file: Path, *arguments: str) -> Ran:
        monkeypatch.setenv("TWINFLOW_DATABASE__URL", f"sqlite:///{file}")
        return twinflow(monkeypatch, capsys, *arguments)

    return call


@pytest.fixture(scope="module")
def kept() -> dict[str, bytes]:
    """Files as they were made for the first test that wanted them."""
    return {}


@pytest.fixture
def books(run: Run, tmp_path: Path, kept: dict[str, bytes]) -> Path:
    """Books that nobody has in use."""
    file = folder(tmp_path, "live") / "twinflow.db"
    if "books" not in kept:
        assert run(file, "tick").code == 0
        kept["books"] = file.read_bytes()
    file.write_bytes(kept["books"])
    return file


def folder(place: Path, name: str) -> Path:
    made = place / name
    made.mkdir()
    return made


@contextmanager
def running(file: Path, *arguments: str, stop: str = "terminate") -> Iterator[None]:
    """What runs long, until stopped; it has the file in use from here on."""
    port = free_port()
    arguments = (*arguments, f"--port={port}") if arguments[0] == "serve" else arguments
    program = [sys.executable, "-u", "-c", "from twinflow.cli.app import main; main()", *arguments]
    with subprocess.Popen(program, cwd=file.parent, stdout=subprocess.PIPE, text=True) as process:
        try:
            if arguments[0] == "serve":
                assert process.stdout is not None
                assert str(port) in process.stdout.readline()
                with urlopen(f"http://127.0.0.1:{port}/healthz"):
                    pass
            while not (marks(file) and has_log(file)):
                assert process.poll() is None
            yield
        finally:
            getattr(process, stop)()
        process.communicate()
        assert process.returncode == (0 if stop == "terminate" else -9)


def marks(file: Path) -> list[str]:
    """Those in the file itself, whatever its log holds."""
    query = "SELECT token FROM use_mark WHERE NOT is_short"
    with closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as opened:
        try:
            return [token for (token,) in opened.execute(query)]
        except sqlite3.DatabaseError:  # it is being written just now
            return []


def copied(file: Path, to: Path, endings: Sequence[str] = ("",)) -> Path:
    for ending in endings:
        shutil.copy(f"{file}{ending}", to)
    return to / file.name


@pytest.fixture
def short(run: Run, books: Path, tmp_path: Path, kept: dict[str, bytes]) -> Path:
    """The file alone, copied while a service has it in use and after a register was imported; `books` are as it left them."""
    copy = folder(tmp_path, "elsewhere") / books.name
    if "short" not in kept:
        with running(books, *SERVE):
            assert run(books, *REGISTER).code == 0
            assert SHORT not in run(books, "agreements", "list", "--all").err
            assert run(books, "database", "check").code == 0
            kept["short"] = books.read_bytes()
        kept["left"] = books.read_bytes()
    books.write_bytes(kept["left"])
    copy.write_bytes(kept["short"])
    return copy


def test_every_command_on_the_copy_says_it(run: Run, short: Path) -> None:
    assert run(short, "agreements", "list", "--all", "--json").json == [], "the import stands in the -wal"
    for command in (
        ("agreements", "list"),
        ("deadlines", "list"),
        ("outbox", "list"),
        ("clock", "show"),
        ("incidents",),
    ):
        done = run(short, *command)
        assert (done.code, f"{short} {SHORT}" in done.err) == (0, True), command


def test_a_pass_on_the_copy_keeps_it_as_an_incident(run: Run, short: Path) -> None:
    done = run(short, "tick", "--json")
    assert done.code == 3
    assert [SHORT in each for each in done.json["troubles"]] == [True]
    assert SHORT in json.dumps(run(short, "incidents", "--json").json, ensure_ascii=False)


def test_the_check_of_the_copy_finds_it(run: Run, short: Path) -> None:
    done = run(short, "database", "check")
    assert (done.code, SHORT in done.out) == (1, True)
    done = run(short, "database", "check", "--json")
    assert (done.code, json.dumps(done.json, ensure_ascii=False).count(SHORT)) == (1, 1)


def test_a_log_that_the_copy_gets_of_its_own_hides_nothing(run: Run, short: Path) -> None:
    assert run(short, "database", "check").code == 1
    with running(short, *SERVE):
        assert run(short, "database", "check").code == 1
    assert run(short, "database", "check").code == 1


def test_it_is_said_until_somebody_says_that_there_is_no_better_copy(run: Run, short: Path) -> None:
    assert run(short, "database", "accept-copy", "--as", "nobody").code == 2
    assert run(short, *ACCEPT).code == 0
    assert SHORT not in run(short, "agreements", "list").err
    assert run(short, "database", "check").code == 0
    assert run(short, "tick").code == 0
    assert run(short, *ACCEPT).code == 1


def test_a_backup_of_a_short_copy_is_as_short(run: Run, short: Path, tmp_path: Path) -> None:
    assert SHORT in run(short, "database", "backup", str(tmp_path / "b.db")).err
    assert run(tmp_path / "b.db", "database", "check").code == 1


def test_a_copy_that_is_restored_is_as_short(run: Run, books: Path, short: Path, tmp_path: Path) -> None:
    for target in (books, tmp_path / "new.db"):
        assert SHORT in run(target, "database", "restore", str(short), "--replace").err
        assert run(target, "database", "check").code == 1


def test_the_file_put_back_in_its_own_place_is_short(run: Run, books: Path, short: Path) -> None:
    shutil.copy(short, books)
    assert run(books, "database", "check").code == 1


def test_a_copy_beside_the_file_is_short(run: Run, books: Path) -> None:
    with running(books, *SERVE):
        assert run(books, *REGISTER).code == 0
        beside = Path(shutil.copy(books, books.with_name("copy.db")))
        assert run(beside, "database", "check").code == 1
        assert run(books, "database", "check").code == 0


@pytest.mark.parametrize("command", [("worker",), ("serve",)], ids=" ".join)
def test_whatever_runs_long_marks_the_file(run: Run, books: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    with running(books, *command):
        copy = copied(books, folder(tmp_path, "elsewhere"))
    assert run(copy, "database", "check").code == 1
    assert run(books, "database", "check").code == 0


def test_of_two_that_have_it_in_use_one_may_end(run: Run, books: Path, tmp_path: Path) -> None:
    with ExitStack() as first:
        first.enter_context(running(books, *SERVE))
        with running(books, *SERVE):
            first.close()
            assert run(books, *REGISTER).code == 0
            copy = copied(books, folder(tmp_path, "elsewhere"))
    assert run(copy, "database", "check").code == 1
    assert run(books, "database", "check").code == 0


def test_a_copy_with_its_log_is_whole(run: Run, books: Path, tmp_path: Path) -> None:
    with running(books, *SERVE):
        at_once = copied(books, folder(tmp_path, "at-once"), ("", "-wal"))
        assert run(books, *REGISTER).code == 0
        written = copied(books, folder(tmp_path, "written"), ("", "-wal"))
    for copy in (at_once, written):
        for _ in range(2):
            assert (run(copy, "database", "check").code, run(copy, "agreements", "list").err) == (0, "")
    assert run(written, "agreements", "list", "--all", "--json").json != []


def test_a_copy_of_what_was_stopped_in_order_is_whole(run: Run, books: Path, tmp_path: Path) -> None:
    with running(books, *SERVE):
        assert run(books, *REGISTER).code == 0
    assert [each.name for each in books.parent.glob("twinflow.db*")] == ["twinflow.db"]
    copy = copied(books, folder(tmp_path, "elsewhere"))
    assert (run(copy, "database", "check").code, run(copy, "agreements", "list").err) == (0, "")


def test_after_a_crash_in_its_place_nothing_is_said(run: Run, books: Path, tmp_path: Path) -> None:
    with running(books, *SERVE, stop="kill"):
        assert run(books, *REGISTER).code == 0
    crashed = copied(books, folder(tmp_path, "elsewhere"))
    assert run(crashed, "database", "check").code == 1, "what stands in the -wal was not copied"
    with running(books, *SERVE):
        assert run(books, "database", "check").code == 0
    assert [each.name for each in books.parent.glob("twinflow.db*")] == ["twinflow.db"]
    copy = copied(books, folder(tmp_path, "later"))
    assert (run(copy, "database", "check").code, run(copy, "agreements", "list").err) == (0, "")


def test_after_a_crash_it_does_not_matter_who_opens_the_file_first(run: Run, books: Path) -> None:
    with running(books, *SERVE, stop="kill"):
        assert run(books, *REGISTER).code == 0
    with closing(sqlite3.connect(books)) as opened:
        opened.execute("SELECT count(*) FROM history").fetchone()
    assert (run(books, "agreements", "list").err, run(books, "database", "check").code) == ("", 0)


def test_a_backup_while_in_use_and_what_it_is_restored_to_are_whole(run: Run, books: Path, tmp_path: Path) -> None:
    backup, restored = tmp_path / "books.backup", tmp_path / "restored.db"
    with running(books, *SERVE):
        assert run(books, *REGISTER).code == 0
        assert run(books, "database", "backup", str(backup)).err == ""
    assert run(restored, "database", "restore", str(backup)).err == ""
    for file in (Path(shutil.copy(backup, tmp_path / "backup.db")), restored):
        assert (run(file, "database", "check").code, run(file, "agreements", "list").err) == (0, "")


def test_where_nothing_can_be_written_beside_it_serves_all_the_same(books: Path) -> None:
    """Names that are too long stand for folders that refuse; a superuser is refused by none."""
    long = books.with_name("x" * 230 + ".db")
    shutil.move(books, long)

    engine = make_engine(f"sqlite:///{long}")
    with in_use(engine, read()):
        assert marks(long) == []
    engine.dispose()

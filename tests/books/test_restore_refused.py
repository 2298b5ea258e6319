"""What cannot be backed up or put back is said in one sentence, by the same exit code on both databases, and the books stay."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from old_books import OF_0009, bare_database, restored, settings_of
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from builders import AT_PAGE
from command_line import Ran, twinflow
from tiny_world import tiny_world
from twinflow import bootstrap
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.steps.opening import NewAgreement
from twinflow.errors import EnvironmentFailed
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.books import backup
from twinflow.services.books.checking import check
from twinflow.storage import server_backup
from twinflow.storage.database import NEWEST, revision
from twinflow.storage.engine import make_engine
from twinflow.storage.short_copy import in_use
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
Run = Callable[..., Ran]


@pytest.fixture
def small(database_url: str, tmp_path: Path) -> Iterator[World]:
    """Books of one agreement, with the settings of the command line."""
    with tiny_world(database_url, tmp_path, people={"elena": ("liaison", "chihuahua")}) as world:
        opened(world, "MX-1")
        yield world


@pytest.fixture
def run(small: World, own_tools: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    settings = small.runtime.settings
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(settings.people_file))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", settings.database.url)
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(settings.workflows_folder))
    small.engine.dispose()
    return lambda *arguments: twinflow(monkeypatch, capsys, "database", *map(str, arguments))


def opened(world: World, reference: str) -> None:
    new = NewAgreement(reference, "tiny", "chihuahua", "x", world.now.date(), PARTIES, despite="tried")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)


def references(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        found = list(connection.scalars(text("SELECT reference FROM agreement ORDER BY id")))
    engine.dispose()
    return found


def is_sqlite(world: World) -> bool:
    return world.engine.dialect.name == "sqlite"


def saying(world: World, file: Path, statement: str, undone: str = "") -> Path:
    """What `world` would be as a backup after a statement that its books then do not keep; `undone`: how a server forgets it."""
    if is_sqlite(world):
        shutil.copyfile(world.engine.url.database or "", file)
        with closing(sqlite3.connect(file)) as books, books:
            books.execute(statement)
        return file
    before = "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT * FROM alembic_version;"
    after = f"DELETE FROM alembic_version; INSERT INTO alembic_version SELECT * FROM kept; DROP TABLE kept; {undone}"
    for each in (f"{before} {statement}", None, after):
        if each is None:
            server_backup.write(world.engine, file)
        else:
            with world.engine.begin() as connection:
                connection.exec_driver_sql(each, execution_options={"no_parameters": True})
    world.engine.dispose()
    return file


def of_another_application(kind: str, folder: Path, request: pytest.FixtureRequest) -> Path:
    """Which numbers its versions as we do."""
    folder.mkdir()
    file = folder / "theirs"
    with bare_database(kind, folder, request) as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            for statement in (
                "CREATE TABLE alembic_version (version_num VARCHAR(32))",
                "INSERT INTO alembic_version VALUES ('0003')",
                "CREATE TABLE agreement (id INTEGER PRIMARY KEY)",
                "CREATE TABLE history (id INTEGER PRIMARY KEY)",
            ):
                connection.execute(text(statement))
        if kind == "sqlite":
            shutil.copyfile(folder / "old.db", file)
        else:
            server_backup.write(engine, file)
        engine.dispose()
    return file


def test_what_is_no_backup_that_can_be_put_back_is_refused_alike_on_both_databases_and_the_books_stay(
    small: World, run: Run, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole"
    assert run("backup", whole).code == 0
    content = whole.read_bytes()
    other = "PostgreSQL" if is_sqlite(small) else "SQLite"
    kind = "sqlite" if is_sqlite(small) else "postgresql"
    files = {
        name: tmp_path / name
        for name in ("nothing", "text", "cut", "cut in its head", "spoilt", "of the other", "-folder")
    }
    files["-folder"].mkdir()
    for name, written in {
        "nothing": b"",
        "text": b"something else",
        "cut": content[: len(content) * 2 // 3],
        "cut in its head": content[:60],
        "spoilt": content.replace(b"CREATE TABLE public.term", b"CREATE TABEL public.term")
        if kind == "postgresql"
        else content[:8192] + b"\xff" * 4096 + content[12288:],
        "of the other": b"PGDMP" + bytes(100) if is_sqlite(small) else b"SQLite format 3\0" + bytes(100),
    }.items():
        files[name].write_bytes(written)
    no_backup, damaged = "{file} is no backup of twinflow.", "{file} is damaged or not whole: "
    for file, said in (
        (tmp_path / "gone", "There is no file {file}."),
        (files["-folder"], "{file} cannot be read: Is a directory."),
        (files["nothing"], no_backup),
        (files["text"], no_backup),
        (files["cut"], damaged),
        (files["cut in its head"], damaged),
        (files["spoilt"], damaged),
        (files["of the other"], f"{{file}} is a backup of {other}, and the database of the settings is "),
        (of_another_application(kind, tmp_path / "theirs", request), no_backup),
        (saying(small, tmp_path / "newer", "UPDATE alembic_version SET version_num = '9999'"), "a newer twinflow"),
        (saying(small, tmp_path / "unknown", "UPDATE alembic_version SET version_num = '0000'"), no_backup),
        (
            saying(small, tmp_path / "called older", "UPDATE alembic_version SET version_num = '0002'"),
            f"{damaged}its tables cannot be brought to version {NEWEST} (",
        ),
        (
            saying(
                small,
                tmp_path / "short",
                "ALTER TABLE outbox DROP COLUMN doubtful",
                "ALTER TABLE outbox ADD COLUMN doubtful BOOLEAN NOT NULL DEFAULT false",
            ),
            f"{damaged}the table outbox has no column doubtful",
        ),
        (
            saying(
                small,
                tmp_path / "without a table",
                "ALTER TABLE opt_out RENAME TO away",
                "ALTER TABLE away RENAME TO opt_out",
            ),
            f"{damaged}the table opt_out is missing",
        ),
        (saying(small, tmp_path / "odd", "UPDATE alembic_version SET version_num = 'f00d'"), no_backup),
        (saying(small, tmp_path / "unmarked", "DELETE FROM alembic_version"), no_backup),
    ):
        ran = run("restore", file, "--replace")
        assert (ran.code, ran.out) == (2, ""), file
        assert said.format(file=file) in " ".join(ran.err.split()), file
        assert ran.err.count("\n") == 1 or "newer" in ran.err, "one sentence"
        assert references(small.engine) == ["MX-1"], file
    for file in (tmp_path / "gone", Path("/dev/zero"), files["text"]):
        assert run("restore", file).code == 2, "the file is looked at first"
    monkeypatch.setenv("TWINFLOW_LANGUAGE", "es")
    for file, said in (
        (files["text"], "no es una copia de seguridad de twinflow."),
        (Path("/dev/zero"), "No se puede leer /dev/zero: es una tubería o un dispositivo, no un archivo."),
        (files["-folder"], ": es una carpeta."),
    ):
        assert said in run("restore", file, "--replace").err
    assert "no existe ese archivo o carpeta." in run("backup", tmp_path / "no folder" / "x").err
    assert run("restore", whole).code == 1
    counted = saying(
        small, tmp_path / "counted by nothing", "DELETE FROM mail_state", "INSERT INTO mail_state VALUES ('x', 0)"
    )
    for file in (counted, whole):
        assert run("restore", file, "--replace").code == 0
        with small.engine.connect() as connection:
            assert connection.scalar(text("SELECT passes FROM mail_state")) == 1, "no mail leaves"
        small.engine.dispose()


def test_what_cannot_be_backed_up_is_said(
    small: World, run: Run, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    there, nowhere = tmp_path / "there", tmp_path / "link"
    there.write_text("something else", "utf-8")
    nowhere.symlink_to(tmp_path / "nowhere")
    for file, code, said in (
        (there, 2, "exists already"),
        (nowhere, 2, "exists already"),
        (tmp_path / "no folder" / "x", 3, "cannot be written: No such file or directory."),
        (Path("/proc/x"), 3, "cannot be written: "),
    ):
        ran = run("backup", file)
        assert (ran.code, ran.out) == (code, "")
        assert said in ran.err
    assert there.read_text("utf-8") == "something else"
    (tmp_path / "bare").mkdir()
    with bare_database("sqlite" if is_sqlite(small) else "postgresql", tmp_path / "bare", request) as url:
        engine = make_engine(url)
        with pytest.raises(EnvironmentFailed, match="There are no books"):
            backup.back_up(engine, tmp_path / "empty")
        engine.dispose()


def test_books_that_somebody_has_in_use_are_not_replaced(small: World, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "books"
    assert run("backup", file).code == 0
    opened(small, "MX-2")
    with small.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.rollback()
        ran = run("restore", file, "--replace")
    assert (ran.code, ran.out) == (1, "")
    assert "Somebody else has the books in use: stop “twinflow serve” and “twinflow worker” first." in ran.err
    with in_use(small.engine, small.now):
        small.engine.dispose()
        assert run("restore", file, "--replace").code == int(is_sqlite(small)), "on a server a connection tells"
        assert references(small.engine) == ["MX-1"] + ["MX-2"] * is_sqlite(small)


def test_an_older_backup_goes_into_an_empty_database_or_in_the_place_of_newer_books_and_is_brought_to_this_version(
    small: World, run: Run, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file, kind = tmp_path / "older", "sqlite" if is_sqlite(small) else "postgresql"
    (tmp_path / "old").mkdir()
    (tmp_path / "bare").mkdir()
    with restored(OF_0009, kind, tmp_path / "old", request) as url:
        engine = make_engine(url)
        expected = references(engine)
        backup.back_up(engine, file)
        engine.dispose()
    with bare_database(kind, tmp_path / "bare", request) as url:
        engine = make_engine(url)
        backup.put_back(engine, file, replace=False)
        assert revision(engine) == NEWEST
        assert references(engine) == expected
    backup.put_back(small.engine, file, replace=True)
    settings = settings_of(OF_0009, small.runtime.settings.database.url, tmp_path / "old")
    assert references(small.engine) == expected
    runtime = bootstrap.start(settings)
    found = check(runtime.engine, runtime.rulebook, runtime.people, OF_0009.closed_at)
    runtime.engine.dispose()
    assert [str(each.sentence) for each in found.faults] == []


RESTORE = "import resource, signal, sys; from twinflow.cli.app import main; {before}; sys.argv[0] = 'twinflow'; main()"
LIMITED = "resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
DIES = "signal.signal(signal.SIGXFSZ, signal.SIG_DFL)"


def restoring(file: Path, before: str = "None") -> subprocess.Popen[str]:
    command = (sys.executable, "-c", RESTORE.format(before=before), "database", "restore", str(file), "--replace")
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_a_restore_could_not_fill_or_that_was_left_by_it_half_written_holds_the_books_of_before(
    small: World, run: Run, tmp_path: Path
) -> None:
    little, file, there = tmp_path / "little", tmp_path / "books", Path(small.engine.url.database or "")
    assert run("backup", little).code == 0
    for number in range(2, 16):
        opened(small, f"MX-{number}")
    assert run("backup", file).code == 0
    small.engine.dispose()
    shutil.copyfile(little, there)
    limit = LIMITED.format(size=(there.stat().st_size + file.stat().st_size) // 2)
    with restoring(file, limit) as full:
        _, err = full.communicate()
    assert full.returncode == 3
    assert "The backup cannot be put into the database, which is as it was: " in err
    assert references(small.engine) == ["MX-1"]
    with restoring(file, f"{limit}; {DIES}") as killed:
        killed.communicate()
    assert killed.returncode == -signal.SIGXFSZ
    assert references(small.engine) == ["MX-1"]
    assert run("restore", file, "--replace").code == 0


HALF = """#!/bin/sh
case "$*" in
*--no-owner*) "{programs}/pg_restore" "$@" | head -n 300; cat "{gate}" ;;
*) exec "{programs}/pg_restore" "$@" ;;
esac
"""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_on_which_a_restore_was_killed_or_could_not_end_holds_the_books_of_before(
    small: World, run: Run, own_tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, gate, halfway = tmp_path / "books", tmp_path / "gate", tmp_path / "bin"
    assert run("backup", file).code == 0
    opened(small, "MX-2")
    with small.engine.begin() as connection:
        connection.execute(text("CREATE VIEW of_somebody AS SELECT * FROM agreement"))
    small.engine.dispose()
    ran = run("restore", file, "--replace")
    assert ran.code == 3
    assert "The backup cannot be put into the database, which is as it was: cannot drop" in ran.err
    assert "view of_somebody depends on table agreement." in ran.err
    with small.engine.begin() as connection:
        connection.execute(text("DROP VIEW of_somebody"))
    assert references(small.engine) == ["MX-1", "MX-2"]
    os.mkfifo(gate)
    halfway.mkdir()
    (halfway / "pg_restore").write_text(HALF.format(programs=own_tools, gate=gate))
    (halfway / "pg_restore").chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(halfway), prepend=":")
        with restoring(file) as killed, gate.open("w"):  # opens when half is there
            killed.kill()
            killed.wait()
    assert references(small.engine) == ["MX-1", "MX-2"]
    content = bytearray(file.read_bytes())
    content[5:7] = 1, 99
    (tmp_path / "of a newer server").write_bytes(content)
    ran = run("restore", tmp_path / "of a newer server", "--replace")
    assert (ran.code, "was written by a newer PostgreSQL" in ran.err) == (3, True)
    assert run("restore", file, "--replace").code == 0
    assert references(small.engine) == ["MX-1"]


SPY = """#!/bin/sh
printf '%s ' "$@" >> "{said}"
printf '%s' "$PGPASSWORD" > "{said}.kept"
exec "{programs}/pg_dump" "$@"
"""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_password_is_in_no_argument_and_no_message_and_a_missing_program_or_server_is_the_environment(
    small: World, run: Run, own_tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, spy, url = tmp_path / "said", tmp_path / "bin", make_url(small.runtime.settings.database.url)
    spy.mkdir()
    (spy / "pg_dump").write_text(SPY.format(said=said, programs=own_tools))
    (spy / "pg_dump").chmod(0o755)
    for number, secret in enumerate((url.set(password="s3cr3t"), url.update_query_dict({"password": "s3cr3t"}))):
        monkeypatch.setenv("TWINFLOW_DATABASE__URL", secret.render_as_string(hide_password=False))
        with monkeypatch.context() as patch:
            patch.setenv("PATH", str(spy), prepend=":")
            ran = run("backup", tmp_path / f"books {number}")
        assert (ran.code, ran.err) == (0, "")
        assert "s3cr3t" not in said.read_text() + ran.out
        assert Path(f"{said}.kept").read_text() == "s3cr3t"
        with monkeypatch.context() as patch:
            patch.setenv("PATH", str(tmp_path))
            for command in (("backup", tmp_path / "x"), ("restore", tmp_path / "books 0", "--replace")):
                ran = run(*command)
                assert (ran.code, "is missing: install the client programs" in ran.err) == (3, True)
        gone = secret.update_query_dict({"host": str(tmp_path)}).render_as_string(hide_password=False)
        monkeypatch.setenv("TWINFLOW_DATABASE__URL", gone)
        for command in (("backup", tmp_path / "x"), ("restore", tmp_path / "books 0", "--replace")):
            ran = run(*command)
            assert (ran.code, "The database does not answer: " in ran.err, "s3cr3t" in ran.err) == (3, True, False)

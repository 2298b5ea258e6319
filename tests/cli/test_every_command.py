"""Every command where something is wrong with what it writes to or is given: never a traceback, always the right code."""

import errno
import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TextIO

import pytest
from every_command import GOOD, NOW, OPEN, Given, arguments_and_options, commands, make_books, with_value
from sqlalchemy import create_engine, text

from command_line import Ran, twinflow
from prepared import Prepare
from smtp import free_port
from twinflow import clock
from twinflow.storage.database import NEWEST
from world import EXAMPLES

Run = Callable[..., Ran]
UNSAID = "Traceback"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
GIVEN = list(arguments_and_options())


@pytest.fixture
def port() -> Iterator[int]:
    """One that somebody else has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys, database_url: str, port: int) -> Run:
    """Run `twinflow …` on 12 March 2026."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setenv("TWINFLOW_PEOPLE__ONE_USER_FOR_SEVERAL", "true")
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.setenv("TWINFLOW_RHYTHM__DIGEST", "each pass")
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    (tmp_path / "answers").write_text("From ana\nFrom: ana@example.org\n\nPlease call me.\n", "ascii")
    return lambda *arguments: twinflow(monkeypatch, capsys, *(each.format(port=port) for each in arguments))


@pytest.fixture
def books(run: Run, prepare: Prepare, tmp_path: Path) -> Run:
    prepare("every command", lambda: make_books(run, tmp_path))
    return run


def test_there_are_arguments_for_every_command() -> None:
    assert commands().keys() == GOOD.keys()


@pytest.fixture
def good(run: Run, prepare: Prepare, tmp_path: Path, monkeypatch, port: int) -> Run:
    """Run a command as it should be, on the books as they were made, whoever changed them before."""
    monkeypatch.setenv("TWINFLOW_BOUNCES__PORT", str(port))

    def call(command: str, *output: TextIO | None) -> Ran:
        prepare("every command", lambda: make_books(run, tmp_path))
        with monkeypatch.context() as patch:
            for stream in output:
                patch.setattr("sys.stdout", stream)
            done = run(*command.split(), *GOOD[command][1])
            if output:
                sys.stdout.close()
        assert UNSAID not in done.err
        return done

    return call


@ON_SQLITE
@pytest.mark.parametrize("command", GOOD)
def test_a_command_ends_alike_into_whatever_it_prints(command: str, good: Run) -> None:
    """What an encoding cannot hold is replaced, a reader who has gone and a missing output are no failure; a full disk is."""
    plain = good(command)
    assert plain.code == GOOD[command][0], plain
    for output in (in_ascii, nobody, nothing):
        done = good(command, output())
        assert (done.code, done.err) == (plain.code, plain.err), output.__name__
    done = good(command, full())
    assert (done.code, "No space left on device." in done.err) == ((3, True) if plain.out else (plain.code, False)), (
        done
    )


def in_ascii() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="ascii")


def nobody() -> io.TextIOWrapper:
    """A pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    return io.TextIOWrapper(io.BufferedWriter(io.FileIO(writing, "w")), encoding="utf-8")


def full() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(io.FileIO("/dev/full", "w")), encoding="utf-8")


def nothing() -> None:
    """As Python finds it after `>&-`."""


@ON_SQLITE
@pytest.mark.parametrize(
    "given", [each for each in GIVEN if each.kind is not bool], ids=lambda each: f"{each.command} {each.name}"
)
def test_bytes_that_are_no_utf8_are_refused_by_the_name_of_the_argument(given: Given, books: Run) -> None:
    done = books(*with_value(given, os.fsdecode(b"Le\xf3n")))
    assert done.code == 2, done
    assert given.name in done.err
    assert UNSAID not in done.err


@ON_SQLITE
@pytest.mark.parametrize(
    "given",
    [each for each in GIVEN if each.kind is str and each.name.startswith("--")],
    ids=lambda each: f"{each.command} {each.name}",
)
def test_an_option_that_is_given_and_empty_is_not_taken_for_one_left_out(given: Given, books: Run) -> None:
    done = books(*with_value(given, ""))
    assert done.code == 2, done
    assert f"{given.name}: nothing stands there; write a value, or leave the option out." in done.err


NUMBERS = ("0", "-1", "3000000000", "99999999999999999999999", "1" * 5000, "NaN", "1e9")


@pytest.mark.parametrize(
    "given", [each for each in GIVEN if each.kind is int], ids=lambda each: f"{each.command} {each.name}"
)
def test_no_number_is_more_than_bad_input(given: Given, books: Run) -> None:
    for number in NUMBERS:
        done = books(*with_value(given, number))
        assert done.code in {0, 1, 2}, done
        assert done.out or done.err
        assert UNSAID not in done.err
        assert "database" not in done.err


DAYS = {"--on", "--until", "--to", "--from"}
OF_AN_OFFICE = ("agreements move", "--to")
OF_A_DAY = [
    each
    for each in GIVEN
    if (each.name in DAYS and each[:2] != OF_AN_OFFICE) or (each.command, each.name) == ("tick", "--at")
]


@ON_SQLITE
@pytest.mark.parametrize("given", OF_A_DAY, ids=lambda each: f"{each.command} {each.name}")
def test_a_year_is_one_between_1800_and_2100(given: Given, books: Run) -> None:
    hour = "T23:59:59+00:00" if given.command == "tick" else ""
    for day in ("0001-01-01", "1799-12-31", "2101-01-01", "9999-12-31"):
        done = books(*with_value(given, day + hour))
        assert (done.code, "a year is one between 1800 and 2100" in done.err) == (2, True), done
    for day in ("1800-01-01", "2100-12-31")[
        : 1 if given.command == "workflows simulate" else 2
    ]:  # to 2100 it takes a minute
        done = books(*with_value(given, day + hour))
        assert done.code in {0, 1, 2}, done
        assert UNSAID not in done.err


@ON_SQLITE
@pytest.mark.parametrize(
    "arguments",
    [
        ("deadlines", "extend", "MX-9/opinion/1", "99999999 years", "--as", "rita"),
        ("deadlines", "compute", "--from", "2026-01-01", "--length", "99999999 years"),
        ("agreements", "open", "MX-7", *OPEN, "--term", "validity=99999999 years"),
    ],
    ids=" ".join,
)
def test_a_length_is_at_most_a_hundred_years(arguments: tuple[str, ...], books: Run) -> None:
    done = books(*arguments)
    assert (done.code, "a length is at most a hundred years" in done.err) == (2, True), done


def test_a_number_that_no_row_has_is_that_of_no_message_and_no_calendar_address(books: Run) -> None:
    for number in ("99999999999999999999999", "3000000000", "0"):
        assert books("outbox", "show", number) == (2, "", f"There is no message {number}.\n")
        assert books("outbox", "retry", number) == (2, "", f"There is no message {number}.\n")
        assert f"There is no calendar feed {number};" in books("feeds", "revoke", number).err


WITHOUT_BOOKS = {
    "calendars check",
    "calendars list",
    "calendars propose",
    "calendars show",
    "database backup",
    "database restore",
    "deadlines compute",
    "demo",
    "notices list",
    "people list",
    "workflows check",
    "workflows coverage",
    "workflows diagram",
    "workflows diff",
    "workflows list",
    "workflows migrate apply",
    "workflows replay",
    "workflows show",
}
"""Commands that go by files alone, or take the books as they are; what `migrate apply` is given is no plan."""


def test_a_program_that_is_older_than_its_database_says_so(books: Run, database_url: str, good: Run) -> None:
    migrate(database_url, "0099")
    for command in GOOD.keys() - WITHOUT_BOOKS:
        done = books(*command.split(), *GOOD[command][1])
        assert (done.code, done.out) == (3, ""), (command, done)
        assert "This program is older than its database: the database is at version 0099" in done.err
    migrate(database_url, NEWEST)
    assert books("database", "check").code == 0


def migrate(url: str, version: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    engine.dispose()


@ON_SQLITE
def test_a_mistake_of_the_program_is_one_sentence_and_with_debug_shows_where(books: Run, monkeypatch) -> None:
    def mistaken() -> None:
        raise KeyError("no such key")

    monkeypatch.setattr(clock, "now", mistaken)
    sentence = "The program made a mistake: KeyError: 'no such key'. “twinflow --debug …” shows where.\n"
    assert books("agreements", "list") == (3, "", sentence)
    done = books("--debug", "agreements", "list")
    assert done.code == 3
    assert done.err.startswith(f"{sentence}Traceback")
    assert "in mistaken" in done.err


@ON_SQLITE
def test_a_folder_that_the_system_does_not_let_us_look_into_is_the_environment(run: Run, monkeypatch) -> None:
    def refusing(_: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", "twinflow.toml")

    monkeypatch.setattr(Path, "exists", refusing)
    assert run("people", "list") == (3, "", "twinflow.toml cannot be used: Permission denied.\n")


# The same with processes of their own: what Python makes of the streams and arguments before the program begins


@pytest.fixture
def shell(books: Run, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """A line of the shell, with `twinflow` in the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def call(line: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, "PATH": path, **variables}
        return subprocess.run(["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, check=False)

    return call


@ON_SQLITE
def test_what_an_output_cannot_hold_is_replaced_and_json_keeps_it(shell) -> None:
    done = shell("twinflow agreements list", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Chihuahua ? Le?n" in done.stdout
    done = shell("twinflow agreements list --json", PYTHONIOENCODING="ascii")
    assert {line["title"] for line in json.loads(done.stdout)} == {"Chihuahua – León"}


@ON_SQLITE
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("twinflow agreements list > /dev/full", 3, b"No space left on device.\n"),
        ("twinflow workflows show mx/twinning > /dev/full", 3, b"No space left on device.\n"),
        ("twinflow workflows diagram mx/twinning --output /dev/full", 3, b"/dev/full cannot be written: No space left"),
        (
            "twinflow workflows diagram mx/twinning --output none/x.svg",
            2,
            b"none/x.svg cannot be written: No such file",
        ),
        ("twinflow tick > /dev/full 2> /dev/full; twinflow outbox list --json | grep -q accepted", 0, b""),
        ("twinflow agreements list >&-", 0, b""),
        ("twinflow agreements list <&- >&- 2>&-", 0, b""),
        ("twinflow agreements show NOPE 2> /dev/full", 2, b""),
        ("twinflow agreements show 2> /dev/full", 2, b""),
        ("twinflow agreements show $'MX-\\xff'", 2, b"reference: it is not UTF-8: MX-\\xff."),
        (
            "twinflow agreements open L-1 --process p --office o --as e --title $'Le\\xf3n'",
            2,
            b"--title: it is not UTF-8",
        ),
        ("set -o pipefail; twinflow workflows show mx/twinning | head -1 > /dev/null", 0, b""),
        ("set -o pipefail; twinflow agreements show NOPE 2>&1 | true", 2, b""),
        ("set -o pipefail; twinflow agreements show 2>&1 | true", 2, b""),
    ],
)
def test_a_line_of_the_shell(line: str, code: int, said: bytes, shell) -> None:
    done = shell(line)
    assert (done.returncode, said in done.stderr) == (code, True), done
    assert done.stderr.count(b"\n") <= 2


@ON_SQLITE
@pytest.mark.parametrize(
    "command",
    ["twinflow serve --no-worker --port {port}", "twinflow worker", "twinflow demo --port {port}"],
)
def test_of_two_that_begin_together_on_one_port_the_second_says_that_it_cannot_be_used(
    command: str, books: Run, tmp_path: Path, monkeypatch
) -> None:
    port = free_port()
    monkeypatch.setenv("TWINFLOW_BOUNCES__PORT", str(port if command == "twinflow worker" else free_port()))
    words = [Path(sys.executable).with_name("twinflow"), *command.format(port=port).split()[1:]]
    both = [subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        ends = {pool.submit(each.communicate): each for each in both}
        second = next(as_completed(ends))
        for each in both:
            each.terminate()
    assert ends[second].returncode == 3
    assert second.result()[1] == f"Port {port} cannot be used: Address already in use.\n"

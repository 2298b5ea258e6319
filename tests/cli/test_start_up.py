"""What a command waits for: help and reading load nothing that they do not use, and the lists of commands say what those say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from typer.testing import CliRunner

from twinflow.cli.app import app
from twinflow.cli.context import Cli
from twinflow.domain.people.viewer import OPERATOR
from twinflow.storage.database import MIGRATIONS, NEWEST
from twinflow.storage.unit_of_work import UnitOfWork
from world import EXAMPLES, World

HEAVY = {
    "aiosmtplib",
    "alembic",
    "apscheduler",
    "fastapi",
    "holidays",
    "icalendar",
    "jinja2",
    "pydantic",
    "sqlalchemy",
    "sqlmodel",
    "transitions",
    "uvicorn",
}
OF_A_DATABASE = {"pydantic", "sqlalchemy", "sqlmodel", "transitions"}
PROGRAM = """
import sys
sys.argv[0] = "twinflow"
from twinflow.cli.app import main
try:
    main()
except SystemExit as stop:
    print(stop.code, *{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""


def loaded(*arguments: str, **variables: str) -> set[str]:
    """The packages that a command which ends well has loaded."""
    program = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(program, env=os.environ | variables, capture_output=True, text=True, check=True)
    code, *packages = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stderr
    assert done.stdout
    return set(packages)


def test_help_loads_nothing_that_a_command_does() -> None:
    assert loaded("--help") & HEAVY == set()


READING = (
    ("agreements", "list"),
    ("agreements", "show", "CASE"),
    ("agreements", "history", "CASE"),
    ("deadlines", "list"),
    ("outbox", "list"),
    ("feeds", "list"),
    ("database", "check"),
)


def test_a_reading_command_loads_the_database_and_nothing_else_that_is_heavy(cuenca: World) -> None:
    with UnitOfWork(cuenca.engine, reading=True) as work:
        a_case = work.agreements.references(OPERATOR)[0]
    variables = {
        "TWINFLOW_DATABASE__URL": cuenca.engine.url.render_as_string(hide_password=False),
        "TWINFLOW_PEOPLE_FILE": str(cuenca.runtime.settings.people_file),
    }
    loaded(*READING[0], **variables)  # which proves the files, if none did before
    for command in READING:
        words = [a_case if word == "CASE" else word for word in command]
        assert loaded(*words, **variables) & HEAVY <= OF_A_DATABASE, command


def test_what_only_reads_files_loads_no_database() -> None:
    variables = {"TWINFLOW_PEOPLE_FILE": str(EXAMPLES / "demo" / "people.toml")}
    loaded("workflows", "list", **variables)
    for command in (("workflows", "list"), ("workflows", "show", "mx/twinning")):
        assert loaded(*command, **variables) & HEAVY <= {"pydantic"}, command


def commands() -> Iterator[tuple[str, ...]]:
    """Every group and command, as help names them."""
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        path = waiting.pop()
        yield path
        lines = help_of(path).partition("Commands ─")[2].splitlines()[1:]
        names = (line.strip("│ ").partition(" ")[0] for line in lines if line.startswith("│ ") and line[2] != " ")
        waiting += [(*path, name) for name in names]


@cache
def help_of(path: tuple[str, ...]) -> str:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*path, "--help"], obj=Cli(None))
    assert done.exit_code == 0, done.output
    return done.output


def test_a_list_of_commands_says_of_each_what_it_says_of_itself() -> None:
    found = list(commands())
    assert len(found) > 60
    for path in found[1:]:
        listed = next(line for line in help_of(path[:-1]).splitlines() if line.startswith(f"│ {path[-1]} "))
        said = " ".join(listed.strip("│ ").removeprefix(path[-1]).split())
        assert said in " ".join(help_of(path).split()), path


def test_the_newest_revision_is_that_of_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == NEWEST

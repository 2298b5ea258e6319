"""`twinflow workflows diff`: what is different between two processes, or two versions of one."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli.context import Cli, cli_of
from twinflow.cli.output import print_json
from twinflow.definitions.catalogue import read_one
from twinflow.definitions.checks import Surroundings, check
from twinflow.domain.process.comparison import Change, compare
from twinflow.domain.process.contents import Table
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import BadInput
from twinflow.files import workflows_folder
from twinflow.sentences import Sentence

HEADINGS = {
    Table.PROCESS: Sentence("Process"),
    Table.STAGES: Sentence("Stages"),
    Table.PHASES: Sentence("Phases"),
    Table.FACTS: Sentence("Facts"),
    Table.PAPERS: Sentence("Papers"),
    Table.CHECKLISTS: Sentence("Checklists"),
    Table.TERMS: Sentence("Terms"),
    Table.ROLES: Sentence("Roles"),
    Table.STATES: Sentence("States"),
    Table.STEPS: Sentence("Steps"),
    Table.REQUIREMENTS: Sentence("Requirements"),
    Table.NOTICES: Sentence("Notices"),
    Table.DEADLINES: Sentence("Deadlines"),
    Table.LEVELS: Sentence("Levels"),
    Table.GATES: Sentence("Gates"),
    Table.VISIBILITY: Sentence("Who else sees a case"),
}

Process = Annotated[str, typer.Argument(help="mx/twinning (the newest), mx/twinning@1, or a process file.")]


class Format(StrEnum):
    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def diff(
    context: typer.Context,
    before: Process,
    after: Process,
    form: Annotated[Format, typer.Option("--format", help="How it is printed.")] = Format.TEXT,
) -> None:
    """What is different between two processes, in words. Exit code 0: nothing, 1: something."""
    cli = cli_of(context)
    old, new = _find(cli, before), _find(cli, after)
    changes = compare(old, new)
    match form:
        case Format.TEXT:
            _print_all(_text(cli, old, new, changes))
        case Format.MARKDOWN:
            _print_all(_markdown(cli, old, new, changes))
        case Format.JSON:
            print_json(
                {"from": old.name, "to": new.name, "changes": [_as_data(each) for each in changes]}, cli.language
            )
    if changes:
        raise typer.Exit(1)


def _find(cli: Cli, text: str) -> ProcessDefinition:
    """A process by its key, its key and version, or its file. Raises NotFound, or BadInput for a file with mistakes."""
    path = Path(text)
    if path.suffix == ".toml":
        return _read(cli, path)
    key, at, version = text.partition("@")
    if at and not re.fullmatch(r"\d{1,4}", version):
        raise BadInput("“{text}”: a version is written like mx/twinning@1.", text=text)
    catalogue = cli.rulebook.catalogue
    return catalogue.version(key, int(version)) if at else catalogue.versions(key)[-1]


def _read(cli: Cli, path: Path) -> ProcessDefinition:
    """A process file on its own, with the notices, calendars and other processes in use. Raises BadInput."""
    settings, rulebook = cli.settings, cli.rulebook
    definition = read_one(path, workflows_folder(settings))
    around = Surroundings(
        notices=rulebook.notices.keys(),
        calendars=rulebook.calendars.keys(),
        processes={each.key: each.states.keys() for each in rulebook.catalogue}
        | {definition.key: definition.states.keys()},
    )
    problems = check(definition, around, path.name)
    if problems:
        raise BadInput("{place} has mistakes.", tuple(problems), place=path.name)
    return definition


def _by_table(changes: Iterable[Change]) -> Iterator[tuple[Sentence, list[Change]]]:
    for table, together in groupby(changes, key=lambda change: change.table):
        yield HEADINGS[table], list(together)


def _title(cli: Cli, old: ProcessDefinition, new: ProcessDefinition, changes: tuple[Change, ...]) -> str:
    values: dict[str, object] = {"old": old.name, "new": new.name, "count": len(changes)}
    if not changes:
        return cli.say(Sentence("{old} and {new} say the same.", values))
    return cli.say(Sentence("From {old} to {new}: differences: {count}", values))


def _text(cli: Cli, old: ProcessDefinition, new: ProcessDefinition, changes: tuple[Change, ...]) -> Iterator[str]:
    yield _title(cli, old, new, changes)
    for heading, together in _by_table(changes):
        yield f"\n{cli.say(heading)}"
        for change in together:
            yield f"  {cli.say(change.message)}"
            for detail in change.details:
                yield f"      {cli.say(detail)}"


def _markdown(cli: Cli, old: ProcessDefinition, new: ProcessDefinition, changes: tuple[Change, ...]) -> Iterator[str]:
    yield f"# {_escaped(_title(cli, old, new, changes))}"
    for heading, together in _by_table(changes):
        yield f"\n## {cli.say(heading)}\n"
        for change in together:
            yield f"- {_escaped(cli.say(change.message))}"
            for detail in change.details:
                yield f"  - {_escaped(cli.say(detail))}"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_<>\[\]#|~])", r"\\\1", text)


def _as_data(change: Change) -> dict[str, object]:
    return {
        "difference": change.difference,
        "table": change.table,
        "key": change.key,
        "aspect": change.aspect,
        "from": change.before,
        "to": change.after,
        "details": change.details,
        "message": change.message,
    }


def _print_all(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)

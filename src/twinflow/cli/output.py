"""Printing: tables for people, JSON for programs, and errors with their places. One place for exit codes."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import StrEnum
from textwrap import indent

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from twinflow.domain.agreement.subject import AlertSubject
from twinflow.domain.calendar.dates import PartialDate
from twinflow.errors import BadInput, DefinitionChanged, NotFound, Refused, TwinflowError
from twinflow.language import say
from twinflow.sentences import Sentence

EXIT_REFUSED, EXIT_BAD_INPUT, EXIT_ENVIRONMENT = 1, 2, 3


def exit_code(error: TwinflowError) -> int:
    match error:
        case BadInput() | NotFound() | DefinitionChanged():
            return EXIT_BAD_INPUT
        case Refused():
            return EXIT_REFUSED
        case _:
            return EXIT_ENVIRONMENT


def print_error(error: TwinflowError, language: str) -> None:
    """The sentence, then every reason or problem on a line of its own, to standard error."""
    print(say(error.message, language), file=sys.stderr)
    for reason in getattr(error, "reasons", ()):
        print(f"  - {say(reason, language)}", file=sys.stderr)
    for problem in getattr(error, "problems", ()):
        print(f"  - {say(problem.place, language)}: {say(problem.message, language)}", file=sys.stderr)


def print_json(value: object, language: str) -> None:
    print(json.dumps(jsonable(value, language), ensure_ascii=False, indent=2))


def print_json_list(values: Iterable[object], language: str) -> None:
    """The same for a list, each of its values as it comes."""
    begin = "["
    for value in values:
        text = json.dumps(jsonable(value, language), ensure_ascii=False, indent=2)
        print(begin, indent(text, "  "), sep="\n", end="")
        begin = ","
    print("[]" if begin == "[" else "\n]")


def jsonable(value: object, language: str) -> object:
    """Frozen values as JSON: dates as ISO 8601, messages in the language, labels in both languages."""
    if isinstance(value, Sentence):
        return say(value, language)
    if isinstance(value, PartialDate | AlertSubject):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name), language) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): jsonable(inner, language) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [
            jsonable(item, language)
            for item in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)
        ]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """A table that folds long cells on a terminal, and is never cut where it goes into a file."""
    table = Table(title=title or None, title_justify="left", show_lines=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(width=None if sys.stdout.isatty() else 200, markup=False, highlight=False)
    console.print(table)


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere; to be told how many of how many are done."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    with Progress(
        *Progress.get_default_columns(), MofNCompleteColumn(), transient=True, console=Console(stderr=True)
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)

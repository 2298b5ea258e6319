"""Printing: tables for people, JSON for programs."""

import errno
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from textwrap import indent

from rich.console import Console
from rich.table import Table

from twinflow.domain.agreement.subject import AlertSubject
from twinflow.domain.calendar.dates import PartialDate
from twinflow.errors import BadInput, EnvironmentFailed, why_of
from twinflow.language import say
from twinflow.sentences import ProvisionalDay, Sentence
from twinflow.text import HARMFUL, harmless_lines, isolated

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""What a disk says that has no room, or fails."""


def print_json(value: object, language: str) -> None:
    print(_json(value, language))


def print_json_list(values: Iterable[object], language: str) -> None:
    """The same for a list, each of its values as it comes."""
    begin = "["
    for value in values:
        text = _json(value, language)
        print(begin, indent(text, "  "), sep="\n", end="")
        begin = ","
    print("[]" if begin == "[" else "\n]")


def _json(value: object, language: str) -> str:
    """JSON text; what does something to a terminal, or does not fit the output, is escaped: programs read it back as it is."""
    in_ascii = not sys.stdout.encoding.lower().startswith("utf")
    text = json.dumps(jsonable(value, language), ensure_ascii=in_ascii, indent=2)
    return HARMFUL.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], text)


def jsonable(value: object, language: str) -> object:
    """Frozen values as JSON: dates as ISO 8601, messages in the language, labels in both languages.

    A due date that is provisional has a key beside it that says so.
    """
    if isinstance(value, Sentence):
        return say(value, language)
    if isinstance(value, PartialDate | AlertSubject):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in fields(value)}
        provisional = {f"{name}_is_provisional": True for name, day in held.items() if isinstance(day, ProvisionalDay)}
        return {name: jsonable(each, language) for name, each in held.items()} | provisional
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


def write_file(path: Path, content: str | bytes, *, anew: bool = False) -> None:
    """`anew`: only where there is none yet. Raises EnvironmentFailed for a disk that has no room, else BadInput."""
    try:
        with path.open("xb" if anew else "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        why = why_of(error)
        if error.errno in NO_ROOM:
            raise EnvironmentFailed("{file} cannot be written: {why}.", file=str(path), why=why) from None
        raise BadInput("{file} cannot be written: {why}.", file=str(path), why=why) from None


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """A table that folds long cells on a terminal, and is never cut where it goes into a file."""
    table = Table(title=title or None, title_justify="left", show_lines=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(isolated(harmless_lines(cell)) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else 200, markup=False, emoji=False, highlight=False)
    console.print(table)

"""A CSV file as rows of named cells, with every row's number as a spreadsheet shows it."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from twinflow.errors import BadInput, why_of
from twinflow.regular_files import read_bytes
from twinflow.sentences import Problem, Sentence, unknown_name
from twinflow.text import composed, control_in, shortened

MAX_BYTES = 50_000_000
MAX_COLUMNS = 1_000
AT_MOST = 200
"""Mistakes told at once."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row; the headings are row 1."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column].strip()


def read_sheet(path: Path, delimiter: str, columns: Iterable[tuple[str, str]], map_name: str) -> list[Row]:
    """The rows of a UTF-8 file. Raises BadInput naming the row of a bad byte, missing columns and ragged rows."""
    headings, records = _parsed(path, delimiter)
    _check_headings(path.name, headings, delimiter)
    numbered = [
        (number, record) for number, record in enumerate(records, start=2) if any(cell.strip() for cell in record)
    ]
    headings, numbered = _without_empty_columns(headings, numbered)
    if len(headings) > MAX_COLUMNS:
        raise BadInput(
            "{file} has {found} columns; at most {most} are read.",
            file=path.name,
            found=len(headings),
            most=MAX_COLUMNS,
        )
    problems = [
        Problem(
            Sentence("{file}: row 1 ({map}: {where})", {"file": path.name, "map": map_name, "where": where}),
            unknown_name(Sentence("the column"), column, headings),
        )
        for where, column in columns
        if column not in headings
    ]
    problems += _mistakes_in_rows(path.name, headings, numbered)
    if problems:
        raise BadInput("{file} cannot be read.", _first_of(problems, path.name), file=path.name)
    return [Row(number, dict(zip(headings, composed(record), strict=True))) for number, record in numbered]


def _without_empty_columns(
    headings: list[str], numbered: list[tuple[int, list[str]]]
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Without the columns behind the last one that has a heading or content: spreadsheets write such."""
    widths = {number: _width(record) for number, record in numbered}
    last = max([_width(headings), *(width for width in widths.values() if width <= len(headings))])
    return headings[:last], [(number, record[: max(last, widths[number])]) for number, record in numbered]


def _width(record: list[str]) -> int:
    """How many cells it has up to the last one with content."""
    return next((at for at in range(len(record), 0, -1) if record[at - 1].strip()), 0)


def _parsed(path: Path, delimiter: str) -> tuple[list[str], list[list[str]]]:
    """The headings and the records below them, blank lines too: a spreadsheet numbers them."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), delimiter=delimiter, strict=True)
    try:
        headings, *records = list(reader) or [[]]
    except csv.Error as error:
        where = Sentence("{file}: line {line}", {"file": path.name, "line": reader.line_num})
        problem = Problem(where, Sentence("{detail}.", {"detail": str(error)}))
        raise BadInput("{file} cannot be read.", (problem,), file=path.name) from None
    return [composed(heading).strip() for heading in headings], records


def _mistakes_in_rows(name: str, headings: list[str], numbered: list[tuple[int, list[str]]]) -> Iterator[Problem]:
    """Headings that appear twice, rows of another width, characters that nobody can see."""
    for heading in sorted(name for name, times in Counter(headings).items() if name and times > 1):
        message = Sentence("the column “{column}” appears twice.", {"column": shortened(heading)})
        yield Problem(Sentence("{file}: row {row}", {"file": name, "row": 1}), message)
    for number, record in numbered:
        if len(record) != len(headings):
            values = {"found": len(record), "expected": len(headings)}
            message = Sentence("{found} cells where the headings have {expected}.", values)
            yield Problem(Sentence("{file}: row {row}", {"file": name, "row": number}), message)
        for heading, cell in zip(headings, record, strict=False):
            if control_in(cell, several_lines=True):
                where = Sentence(
                    "{file}: row {row}, column {column}", {"file": name, "row": number, "column": shortened(heading)}
                )
                yield Problem(where, Sentence("the cell holds a control character; type it again."))


def _first_of(problems: list[Problem], name: str) -> tuple[Problem, ...]:
    more = len(problems) - AT_MOST
    rest = [Problem(name, Sentence("and {more} mistakes more.", {"more": more}))] if more > 0 else []
    return (*problems[:AT_MOST], *rest)


def _check_headings(name: str, headings: list[str], delimiter: str) -> None:
    """An empty file, or one with other separators, is said as such and not column by column."""
    if not any(headings):
        raise BadInput("{file} is empty.", file=name)
    for other in (";", "\t", ","):
        if len(headings) == 1 and other != delimiter and other in headings[0]:
            raise BadInput(
                "{file}: the cells are separated by “{found}”, not by “{expected}”: set delimiter in [register].",
                file=name,
                found=other if other != "\t" else "\\t",
                expected=delimiter,
            )


def _text(path: Path) -> str:
    try:
        raw = read_bytes(path)
    except OSError as error:
        raise BadInput("{file} cannot be read: {why}.", file=str(path), why=why_of(error)) from None
    if len(raw) > MAX_BYTES:
        raise BadInput("{file} is larger than {bytes} bytes.", file=path.name, bytes=MAX_BYTES)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        message = Sentence(
            "byte {byte} is not UTF-8; save the sheet as “CSV UTF-8”.", {"byte": f"0x{raw[error.start]:02X}"}
        )
        problem = Problem(
            Sentence("{file}: line {line}, byte {byte}", {"file": path.name, "line": line, "byte": column}), message
        )
        raise BadInput("{file} cannot be read.", (problem,), file=path.name) from None

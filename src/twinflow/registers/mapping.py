"""The mapping file: which column of a sheet means what."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from twinflow.definitions.models import Strict
from twinflow.definitions.reader import parse_toml, read_text
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.process.well_known_facts import SIGNED_ON
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput
from twinflow.sentences import Problem, Sentence, unknown_name
from twinflow.text import composed


class RegisterPart(Strict):
    process: str
    office: str
    reference: str
    group_by: str | None = None
    source: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


class HomePart(Strict):
    name: str
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class PartyPart(Strict):
    name: str
    country: str
    separator: str | None = None
    countries: dict[str, Annotated[str, Field(pattern=r"^[A-Z]{2}$")]] = {}


class DatesPart(Strict):
    column: str
    separator: str | None = None
    written: Literal["year-month-day", "day/month/year", "month/day/year"] = "year-month-day"
    means: str = SIGNED_ON
    meanings: str | None = None
    other: str | None = None


class ColumnValues(Strict):
    """The rows whose cell is one of `values`; with `others` given, any cell in neither is a mistake."""

    column: str
    values: tuple[str, ...]
    others: tuple[str, ...] | None = None


class ColumnStates(Strict):
    column: str
    values: dict[str, str]


class StatesPart(Strict):
    """The state of a dossier: by a column's value where one fits, else by what its dates and signatures show."""

    signed: str | None = None
    date_missing: str | None = None
    not_signed_by_all: str | None = None
    earlier_generation: str | None = None
    otherwise: str | None = None
    by_column: ColumnStates | None = None


class TermPart(Strict):
    """A number in the column is so many of `unit`; `60|90` keeps both readings; `indefinite` is a term without end."""

    column: str
    unit: Literal["days", "business days", "weeks", "months", "years"]


class TextsPart(Strict):
    note: str | None = None
    origin: str | None = None
    terms_source: str | None = None


class Mapping(Strict):
    """A mapping file."""

    register_: Annotated[RegisterPart, Field(alias="register")]
    home: HomePart
    party: PartyPart
    dates: DatesPart
    signed_by_us_only: ColumnValues | None = None
    states: StatesPart
    terms: dict[str, TermPart] = {}
    texts: TextsPart = TextsPart()

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Every column the mapping speaks of, with the path where it does."""
        found = [
            ("register.reference", self.register_.reference),
            ("register.group_by", self.register_.group_by),
            ("register.source", self.register_.source),
            ("party.name", self.party.name),
            ("party.country", self.party.country),
            ("dates.column", self.dates.column),
            ("dates.meanings", self.dates.meanings),
            ("dates.other", self.dates.other),
            ("texts.note", self.texts.note),
            ("texts.origin", self.texts.origin),
            ("texts.terms_source", self.texts.terms_source),
        ]
        if self.signed_by_us_only:
            found.append(("signed_by_us_only.column", self.signed_by_us_only.column))
        if self.states.by_column:
            found.append(("states.by_column.column", self.states.by_column.column))
        found += [(f"terms.{name}.column", term.column) for name, term in self.terms.items()]
        return [(path, column) for path, column in found if column is not None]


def read_mapping(path: Path, rulebook: Rulebook, people: People) -> Mapping:
    """Read a mapping and check every name in it against the process. Raises BadInput with every problem."""
    mapping = parse_toml(composed(read_text(path, path.name)), Mapping, path.name)
    problems = [Problem(f"{path.name}: {where}", message) for where, message in _mistakes(mapping, rulebook, people)]
    if problems:
        raise BadInput("{place} has mistakes.", tuple(problems), place=path.name)
    return mapping


def _mistakes(mapping: Mapping, rulebook: Rulebook, people: People) -> Iterator[tuple[str, Sentence]]:
    offices = people.offices
    if mapping.register_.office not in offices:
        yield "register.office", unknown_name(Sentence("the office"), mapping.register_.office, offices)
    processes = rulebook.catalogue.keys
    if mapping.register_.process not in processes:
        yield "register.process", unknown_name(Sentence("the process"), mapping.register_.process, processes)
        return
    yield from _against(mapping, rulebook.catalogue.versions(mapping.register_.process)[-1])


def _against(mapping: Mapping, process: ProcessDefinition) -> Iterator[tuple[str, Sentence]]:
    states = mapping.states
    needed = ("signed", "date_missing", "not_signed_by_all") if mapping.dates.means == SIGNED_ON else ("otherwise",)
    for name in needed:
        if getattr(states, name) is None:
            yield f"states.{name}", Sentence("this key is missing.")
    named = [(f"states.{name}", value) for name, value in states.model_dump(exclude={"by_column"}).items() if value]
    if states.by_column:
        named += [(f"states.by_column.values.{cell}", state) for cell, state in states.by_column.values.items()]
    for where, state in named:
        if state not in process.states:
            yield where, unknown_name(Sentence("the state"), state, process.states)
    if mapping.dates.means not in process.facts:
        yield "dates.means", unknown_name(Sentence("the fact"), mapping.dates.means, process.facts)
    if not mapping.dates.means.endswith("_on"):
        yield "dates.means", Sentence("a dated fact is called …_on.")
    for name in mapping.terms:
        if name not in process.terms:
            yield f"terms.{name}", unknown_name(Sentence("the term"), name, process.terms)

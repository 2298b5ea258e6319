"""Rows to dossiers: parties grouped into one text, several dates into generations, partial dates kept as they are.

Every mistake is collected with its row, column and value; if there is one, nothing comes out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from babel import Locale

from twinflow.domain.agreement.agreement import Claim, Party, Signature, Term
from twinflow.domain.calendar.dates import Length, PartialDate, Unit
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.process.well_known_facts import NOT_IN_FUTURE, SIGNED_ON
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.dossier import Dossier, facts_of_signature, problems_of_dossier
from twinflow.domain.steps.opening import mistake_in_reference, title_of
from twinflow.errors import BadInput, Unreadable
from twinflow.registers.mapping import Mapping, read_mapping
from twinflow.registers.sheet import Row, read_sheet
from twinflow.sentences import Problem, Sentence, unknown_name
from twinflow.text import composed, shortened


def read_register(file: Path, map_file: Path, rulebook: Rulebook, people: People, now: datetime) -> list[Dossier]:
    """The dossiers of a sheet, in its order, earlier generations first, ready to be taken over at the instant `now`.

    Raises BadInput with every problem found: cells that cannot be read, and what no case may say.
    """
    mapping = read_mapping(map_file, rulebook, people)
    rows = read_sheet(file, mapping.register_.delimiter, mapping.columns, map_file.name)
    process = rulebook.catalogue.versions(mapping.register_.process)[-1]
    reading = _Reading(file.name, mapping, process)
    dossiers = reading.dossiers(rows)
    reading.check_opening(rulebook, people, now)
    if reading.problems:
        raise BadInput("{file} has mistakes; nothing was taken over.", reading.problems, file=file.name)
    return dossiers


@dataclass(slots=True)
class _Dated:
    """What one date of a row says."""

    on: PartialDate
    means: str


@dataclass(frozen=True, slots=True)
class _Generation:
    """One signature of a text: its day as far as known (None: not signed at all), and the day of the next one."""

    signed_on: PartialDate | None
    number: int
    is_latest: bool
    replaced_on: PartialDate | None


@dataclass(slots=True)
class _Text:
    """What the rows of one text say; `row` is the first of them, `unsigned` names the parties that have not signed.

    `party_rows` has the row of each party, for our own side the first.
    """

    row: Row
    parties: list[Party]
    party_rows: list[Row]
    unsigned: set[str]
    terms: dict[str, Term]
    facts: dict[str, tuple[Claim, ...]]

    def signed(self, on: PartialDate | None) -> tuple[Party, ...]:
        """The parties with their signatures, if the text was signed."""
        if on is None:
            return tuple(self.parties)
        return tuple(p if p.name in self.unsigned else replace(p, signature=Signature(on)) for p in self.parties)


@dataclass(slots=True)
class _Reading:
    """One pass over a sheet, with the problems found so far."""

    file: str
    mapping: Mapping
    process: ProcessDefinition
    found: list[tuple[int, Problem]] = field(default_factory=list)
    read: list[tuple[_Text, Dossier]] = field(default_factory=list)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, in the order of the rows."""
        return tuple(problem for _, problem in sorted(self.found, key=lambda item: item[0]))

    def dossiers(self, rows: Sequence[Row]) -> list[Dossier]:
        self._check_references(rows)
        found = [dossier for group in self._grouped(rows) for dossier in self._of_group(group)]
        self._check_generations(rows, found)
        return found

    def check_opening(self, rulebook: Rulebook, people: People, now: datetime) -> None:
        """What no case may say, whichever door it comes by, at the cell that says it."""
        for text, dossier in self.read:
            today = people.today(dossier.office, now)
            for problem in problems_of_dossier(dossier, rulebook.catalogue, today):
                self._wrong(*self._cell(text, str(problem.place)), problem.message)

    def _cell(self, text: _Text, place: str) -> tuple[Row, str | None]:
        """The row and column that a field of a case (`terms.validity`) was read from; no column where several make it."""
        kind, name, number, inner = re.findall(r"(\w+)(?:\.(\w+))?(?:\[(\d+)\])?(?:\.(\w+))?", place)[0]
        dates, texts = self.mapping.dates, self.mapping.texts
        match kind:
            case "reference" | "relationship":
                return text.row, self.mapping.register_.reference
            case "note" | "origin":
                return text.row, texts.note if kind == "note" else texts.origin
            case "facts" | "terms" if inner == "source":
                is_terms = kind == "terms" and texts.terms_source is not None
                return text.row, texts.terms_source if is_terms else self.mapping.register_.source
            case "parties":
                return (text.party_rows[int(number) - 1] if number else text.row), self.mapping.party.name
            case "terms":
                return text.row, self.mapping.terms[name].column
            case "facts" if name == SIGNED_ON and number == "2":  # the other source's word
                return text.row, dates.other
            case "facts" if name not in {dates.means, *NOT_IN_FUTURE}:  # any day will do, so it is the name
                return text.row, dates.meanings
            case "facts" | "opened_on":
                return text.row, dates.column
            case _:
                return text.row, None

    def _wrong(self, row: Row, column: str | None, message: Sentence) -> None:
        """Note what is wrong, once: the generations of a text say much the same."""
        values: dict[str, object] = {"file": self.file, "row": row.number}
        problem = Problem(Sentence("{file}: row {row}", values), message)
        if column is not None:
            where = Sentence("{file}: row {row}, column {column}", values | {"column": column})
            problem = Problem(
                where, Sentence("“{value}”: {message}", {"value": shortened(row[column]), "message": message})
            )
        if (row.number, problem) not in self.found:
            self.found.append((row.number, problem))

    def _check_references(self, rows: Sequence[Row]) -> None:
        column = self.mapping.register_.reference
        first: dict[str, int] = {}
        for row in rows:
            reference = row[column]
            if (mistake := mistake_in_reference(reference)) is not None:
                self._wrong(row, column, mistake)
            elif reference in first:
                self._wrong(row, column, Sentence("the reference is already in row {row}.", {"row": first[reference]}))
            first.setdefault(reference, row.number)

    def _check_generations(self, rows: Sequence[Row], found: Sequence[Dossier]) -> None:
        """The references made for earlier generations (`CU-26.1`) are not to be those of other rows."""
        made = {dossier.reference: dossier.row for dossier in found if not dossier.is_latest}
        for row in rows:
            if row[self.mapping.register_.reference] in made:
                message = Sentence(
                    "the reference is needed for an earlier generation of row {row}.",
                    {"row": made[row[self.mapping.register_.reference]]},
                )
                self._wrong(row, self.mapping.register_.reference, message)

    def _grouped(self, rows: Sequence[Row]) -> list[list[Row]]:
        """The rows of each text; a row alone where there is no grouping or no value."""
        column = self.mapping.register_.group_by
        groups: dict[str, list[Row]] = {}
        for row in rows:
            key = row[column] if column and row[column] else f"row {row.number}"
            groups.setdefault(key, []).append(row)
        return list(groups.values())

    def _of_group(self, rows: list[Row]) -> list[Dossier]:
        """The generations of one text's parties, oldest first. Dates and terms are those of the first row."""
        first = rows[0]
        self._check_rows_of_one_text(rows)
        dated = self._dates(first)
        text = _Text(first, [self._home()], [first], set(), self._terms(first), self._facts(first, dated))
        for row in rows:
            self._add_parties(text, row)
        if self.mapping.dates.means != SIGNED_ON:
            return self._dossiers_of(text, [_Generation(None, 1, is_latest=True, replaced_on=None)])
        signed = [item.on for item in dated if item.means == SIGNED_ON] or [PartialDate()]
        generations = [
            _Generation(on, number, is_latest=following is None, replaced_on=following)
            for number, (on, following) in enumerate(zip(signed, [*signed[1:], None], strict=True), start=1)
        ]
        return self._dossiers_of(text, generations)

    def _dossiers_of(self, text: _Text, generations: Sequence[_Generation]) -> list[Dossier]:
        dossiers = [self._dossier(text, generation) for generation in generations]
        self.read += [(text, dossier) for dossier in dossiers]
        return dossiers

    def _home(self) -> Party:
        return Party(self.mapping.home.name, self.mapping.home.country, home=True)

    def _check_rows_of_one_text(self, rows: list[Row]) -> None:
        """Dates, terms and condition belong to the text: its rows may not differ in them."""
        columns = [self.mapping.dates.column, *(term.column for term in self.mapping.terms.values())]
        if self.mapping.states.by_column:
            columns.append(self.mapping.states.by_column.column)
        for row in rows[1:]:
            for column in columns:
                if row[column] != rows[0][column]:
                    message = Sentence("row {row} of the same text says otherwise.", {"row": rows[0].number})
                    self._wrong(row, column, message)

    def _add_parties(self, text: _Text, row: Row) -> None:
        for party in self._parties(row):
            text.parties.append(party)
            text.party_rows.append(row)
            if self._signed_by_us_only(row):
                text.unsigned.add(party.name)

    def _dossier(self, text: _Text, generation: _Generation) -> Dossier:
        row, texts = text.row, self.mapping.texts
        reference = row[self.mapping.register_.reference]
        whole, otherwise = self._states(text, generation)
        is_whole = generation.signed_on is not None and generation.signed_on.as_date is not None
        state = whole if is_whole else otherwise
        facts = text.facts if generation.is_latest else {}
        if generation.signed_on is not None and not text.unsigned:
            facts = {**self._signature_facts(row, generation), **facts}
        by_signature = {self.mapping.states.signed, self.mapping.states.not_signed_by_all}
        came = generation.signed_on if state in by_signature else generation.replaced_on
        is_by_day = generation.signed_on is not None and whole in by_signature
        return Dossier(
            reference=reference if generation.is_latest else f"{reference}.{generation.number}",
            process=self.process.key,
            office=self.mapping.register_.office,
            title=title_of(text.parties),
            state=state,
            parties=text.signed(generation.signed_on),
            terms=text.terms,
            facts=facts,
            effective_on=came.as_date if came is not None else None,
            origin=row[texts.origin] if texts.origin else "",
            note=row[texts.note] if texts.note else "",
            relationship=reference,
            generation=generation.number,
            is_latest=generation.is_latest,
            row=row.number,
            by_day=(whole, otherwise) if is_by_day else (),
        )

    def _parties(self, row: Row) -> list[Party]:
        part = self.mapping.party
        cells = row[part.name].split(part.separator) if part.separator else [row[part.name]]
        names = [" ".join(cell.split()) for cell in cells]
        country = part.countries.get(row[part.country]) or country_code(row[part.country])
        if country is None:
            self._wrong(row, part.country, unknown_name(Sentence("the country"), row[part.country], _country_names()))
        if not all(names):
            self._wrong(row, part.name, Sentence("the name of the party is missing."))
        return [Party(name, country or "") for name in names]

    def _dates(self, row: Row) -> list[_Dated]:
        """The dates of a row in order of time, each with its meaning; an unknown date is kept out."""
        part = self.mapping.dates
        cells = [
            cell.strip() for cell in (row[part.column].split(part.separator) if part.separator else [row[part.column]])
        ]
        cells = [cell for cell in cells if cell]
        meanings = [part.means] * len(cells)
        if part.meanings and row[part.meanings]:
            meanings = [meaning.strip() for meaning in row[part.meanings].split(part.separator)]
            if len(meanings) != len(cells):
                self._wrong(
                    row,
                    part.meanings,
                    Sentence("there must be as many meanings as dates ({dates}).", {"dates": len(cells)}),
                )
        dated = [
            _Dated(on, means)
            for cell, means in zip(cells, meanings, strict=False)
            if (on := self._date(row, part.column, cell)) is not None
        ]
        return sorted(dated, key=lambda item: item.on.sort_key)

    def _date(self, row: Row, column: str, text: str) -> PartialDate | None:
        try:
            return PartialDate.parse(_iso(text, self.mapping.dates.written))
        except Unreadable as error:
            message = Sentence("“{text}”: {mistake}.", {"text": text, "mistake": error.message})
            self._wrong(
                row, column, message if text != row[column] else Sentence("{mistake}.", {"mistake": error.message})
            )
            return None

    def _facts(self, row: Row, dated: Iterable[_Dated]) -> dict[str, tuple[Claim, ...]]:
        """What the dates say besides signatures."""
        facts: dict[str, tuple[Claim, ...]] = {}
        for item in dated:
            if item.means != SIGNED_ON:
                facts[item.means] = (*facts.get(item.means, ()), Claim(item.on, self._source(row)))
        return facts

    def _signature_facts(self, row: Row, generation: _Generation) -> dict[str, tuple[Claim, ...]]:
        """What the signatures make, with a second source's word for the last of them beside it."""
        source, on = self._source(row), generation.signed_on
        assert on is not None
        claims = [Claim(on, source)]
        column = self.mapping.dates.other
        if generation.is_latest and column and row[column]:
            other = self._date(row, column, row[column])
            claims += [Claim(other, f"{source}, {column}", chosen=False)] if other is not None else []
        return {name: (Claim(on, source),) for name in facts_of_signature(on)} | {SIGNED_ON: tuple(claims)}

    def _source(self, row: Row) -> str:
        column = self.mapping.register_.source
        return row[column] if column else self.file

    def _signed_by_us_only(self, row: Row) -> bool:
        part = self.mapping.signed_by_us_only
        if part is None:
            return False
        if part.others is not None and row[part.column] not in (*part.values, *part.others):
            known = [*part.values, *part.others]
            self._wrong(row, part.column, Sentence("one of {known} is expected.", {"known": known}))
        return row[part.column] in part.values

    def _states(self, text: _Text, generation: _Generation) -> tuple[str, str]:
        """The state with a whole day of signature, and the one without."""
        states, row = self.mapping.states, text.row
        if not generation.is_latest and states.earlier_generation:
            return states.earlier_generation, states.earlier_generation
        if states.by_column and row[states.by_column.column] in states.by_column.values:
            chosen = states.by_column.values[row[states.by_column.column]]
            return chosen, chosen
        if generation.signed_on is not None and not text.unsigned:
            whole, otherwise = states.signed, states.date_missing
        else:
            whole = otherwise = states.otherwise if generation.signed_on is None else states.not_signed_by_all
        assert whole is not None, "checked when the mapping was read"
        assert otherwise is not None, "checked when the mapping was read"
        return whole, otherwise

    def _terms(self, row: Row) -> dict[str, Term]:
        """What the sheet says of each term; an empty cell means that the text does not state it."""
        terms: dict[str, Term] = {}
        column = self.mapping.texts.terms_source
        source = (row[column] if column else "") or self._source(row)
        for name, part in self.mapping.terms.items():
            text = row[part.column]
            if not text or text == "indefinite":
                terms[name] = Term(indefinite=bool(text), source=source)
                continue
            try:
                readings = {Length.parse(f"{number} {part.unit}") for number in text.split("|")}
            except Unreadable:
                message = Sentence(
                    "a number is expected, like 5 for {length}, or “indefinite”, or nothing.",
                    {"length": Length(5, Unit(part.unit)).message},
                )
                self._wrong(row, part.column, message)
                continue
            terms[name] = Term(tuple(sorted(readings, key=lambda r: r.amount)), source=source)
        return terms


def _iso(text: str, written: str) -> str:
    """`31/12/2004` as `2004-12-31`, `12/2004` as `2004-12`, where the sheet writes dates with slashes."""
    if written == "year-month-day" or "/" not in text:
        return text
    match = re.fullmatch(r"(?:(\d{1,2})/)?(\d{1,2})/(\d{4})", text)
    if match is None:
        raise Unreadable("a date is written {written}", written=written)
    first, second, year = match.groups()
    day, month = (second, first) if written == "month/day/year" and first else (first, second)
    return "-".join([year, f"{int(month):02d}", *([f"{int(day):02d}"] if day else [])])


NOT_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
"""Codes that the list of names has beside those of ISO 3166-1."""


@cache
def _country_codes() -> dict[str, str]:
    """Country names in English and Spanish, and ISO 3166-1 codes, to codes."""
    codes: dict[str, str] = {}
    for language in ("en", "es"):
        for code, name in Locale(language).territories.items():
            if re.fullmatch(r"[A-Z]{2}", code) and code not in NOT_COUNTRIES:
                codes |= {name.casefold(): code, code.casefold(): code}
    return codes


def _country_names() -> list[str]:
    return [name.title() for name in _country_codes() if len(name) > 2]  # noqa: PLR2004 - names, not codes


def country_code(text: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country by its English or Spanish name or code."""
    return _country_codes().get(composed(text).casefold())

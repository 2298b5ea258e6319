"""Rows to dossiers: parties grouped into one text, several dates into generations, partial dates kept as they are.

Every mistake is collected with its row, column and value; if there is one, nothing comes out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel import Locale

from twinflow.domain.agreement import IN_FORCE_ON, SIGNED_ON, TERM_STARTS_ON, Claim, Party, Signature, Term
from twinflow.domain.dates import Length, PartialDate, Unit
from twinflow.domain.dossiers import Dossier
from twinflow.domain.library import Library
from twinflow.domain.process import ProcessDefinition
from twinflow.errors import BadInput, Message, Problem, Unreadable
from twinflow.registers.mapping import Mapping, read_mapping
from twinflow.registers.sheet import Row, read_sheet
from twinflow.validation import unknown_name


def read_register(file: Path, map_file: Path, library: Library) -> list[Dossier]:
    """The dossiers of a sheet, in its order, earlier generations first. Raises BadInput with every problem found."""
    mapping = read_mapping(map_file, library)
    rows = read_sheet(file, mapping.register_.delimiter, mapping.columns, map_file.name)
    process = library.catalogue.versions(mapping.register_.process)[-1]
    reading = _Reading(file.name, mapping, process)
    dossiers = reading.dossiers(rows)
    if reading.problems:
        raise BadInput("{file} has mistakes; nothing was taken over.", tuple(reading.problems), file=file.name)
    return dossiers


@dataclass(slots=True)
class _Dated:
    """What one date of a row says."""

    on: PartialDate
    means: str


@dataclass(slots=True)
class _Reading:
    """One pass over a sheet, with the problems found so far."""

    file: str
    mapping: Mapping
    process: ProcessDefinition
    problems: list[Problem] = field(default_factory=list)

    def dossiers(self, rows: Sequence[Row]) -> list[Dossier]:
        self._check_references(rows)
        return [dossier for group in self._grouped(rows) for dossier in self._of_group(group)]

    def _wrong(self, row: Row, column: str, message: Message) -> None:
        where = f"{self.file}: row {row.number}, column {column}"
        self.problems.append(
            Problem(where, Message("“{value}”: {message}", {"value": row[column], "message": message}))
        )

    def _check_references(self, rows: Sequence[Row]) -> None:
        column = self.mapping.register_.reference
        first: dict[str, int] = {}
        for row in rows:
            reference = row[column]
            if not re.fullmatch(r"[\w.-]+", reference):
                self._wrong(row, column, Message("a reference is made of letters, digits, dots and hyphens."))
            elif reference in first:
                self._wrong(
                    row, column, Message("the reference stands in row {row} already.", {"row": first[reference]})
                )
            first.setdefault(reference, row.number)

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
        parties = [Party(self.mapping.home.name, self.mapping.home.country, home=True)]
        parties += [party for row in rows for party in self._parties(row)]
        dated = self._dates(first)
        for row in rows[1:]:
            if row[self.mapping.dates.column] != first[self.mapping.dates.column]:
                message = Message("row {row} of the same text has other dates.", {"row": first.number})
                self._wrong(row, self.mapping.dates.column, message)
        terms = self._terms(first)
        signatures = [item.on for item in dated if item.means == SIGNED_ON] or [PartialDate()]
        if self.mapping.dates.means != SIGNED_ON:
            signatures = []
        facts = self._facts(first, dated)
        if not signatures:
            return [self._dossier(first, parties, terms, facts, None, 1, 1, None)]
        count = len(signatures)
        return [
            self._dossier(first, parties, terms, facts if number == count else {}, on, number, count, following)
            for number, (on, following) in enumerate(zip(signatures, [*signatures[1:], None], strict=True), start=1)
        ]

    def _dossier(
        self,
        row: Row,
        parties: list[Party],
        terms: dict[str, Term],
        facts: dict[str, tuple[Claim, ...]],
        signed_on: PartialDate | None,
        number: int,
        count: int,
        replaced_on: PartialDate | None,
    ) -> Dossier:
        reference = row[self.mapping.register_.reference]
        is_latest = number == count
        ours_only = self._signed_by_us_only(row)
        signed = parties if signed_on is None else [_signing(party, signed_on, ours_only) for party in parties]
        state = self._state(row, signed_on, is_latest=is_latest, ours_only=ours_only)
        if signed_on is not None and not ours_only:
            facts = {**self._signature_facts(row, signed_on, is_latest), **facts}
        texts = self.mapping.texts
        by_signature = {self.mapping.states.signed, self.mapping.states.not_signed_by_all}
        came = signed_on if state in by_signature else replaced_on
        return Dossier(
            reference=reference if is_latest else f"{reference}.{number}",
            process=self.process.key,
            office=self.mapping.register_.office,
            title=" – ".join(party.name for party in parties),
            state=state,
            parties=tuple(signed),
            terms=terms,
            facts=facts,
            effective_on=came.as_date if came is not None else None,
            origin=row[texts.origin] if texts.origin else "",
            note=row[texts.note] if texts.note else "",
            relationship=reference,
            generation=number,
            is_latest=is_latest,
            row=row.number,
        )

    def _parties(self, row: Row) -> list[Party]:
        part = self.mapping.party
        names = [name.strip() for name in row[part.name].split(part.separator)] if part.separator else [row[part.name]]
        country = part.countries.get(row[part.country]) or country_code(row[part.country])
        if country is None:
            self._wrong(row, part.country, unknown_name(Message("the country"), row[part.country], _country_names()))
        if not all(names):
            self._wrong(row, part.name, Message("the name of the party is missing."))
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
                self._wrong(row, part.meanings, Message("{dates} dates need as many meanings.", {"dates": len(cells)}))
            for meaning in meanings:
                if meaning not in self.process.facts:
                    self._wrong(row, part.meanings, unknown_name(Message("the fact"), meaning, self.process.facts))
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
            message = Message("“{text}”: {mistake}.", {"text": text, "mistake": error.message})
            self._wrong(
                row, column, message if text != row[column] else Message("{mistake}.", {"mistake": error.message})
            )
            return None

    def _facts(self, row: Row, dated: Iterable[_Dated]) -> dict[str, tuple[Claim, ...]]:
        """What the dates say besides signatures, and a second source's word for the last signature."""
        facts: dict[str, tuple[Claim, ...]] = {}
        for item in dated:
            if item.means != SIGNED_ON:
                facts[item.means] = (*facts.get(item.means, ()), Claim(item.on, self._source(row)))
        return facts

    def _signature_facts(self, row: Row, on: PartialDate, is_latest: bool) -> dict[str, tuple[Claim, ...]]:
        source = self._source(row)
        claims = [Claim(on, source)]
        column = self.mapping.dates.other
        if is_latest and column and row[column]:
            other = self._date(row, column, row[column])
            claims += [Claim(other, f"{source}, other source", chosen=False)] if other is not None else []
        facts = {SIGNED_ON: tuple(claims)}
        if on.as_date is not None:
            facts |= {IN_FORCE_ON: (Claim(on, source),), TERM_STARTS_ON: (Claim(on, source),)}
        return facts

    def _source(self, row: Row) -> str:
        column = self.mapping.register_.source
        return row[column] if column else f"{self.file}, row {row.number}"

    def _signed_by_us_only(self, row: Row) -> bool:
        part = self.mapping.signed_by_us_only
        return part is not None and row[part.column] in part.values

    def _state(self, row: Row, signed_on: PartialDate | None, *, is_latest: bool, ours_only: bool) -> str:
        states = self.mapping.states
        if not is_latest and states.earlier_generation:
            return states.earlier_generation
        if states.by_column and row[states.by_column.column] in states.by_column.values:
            return states.by_column.values[row[states.by_column.column]]
        if signed_on is None:
            chosen = states.otherwise
        elif ours_only:
            chosen = states.not_signed_by_all
        else:
            chosen = states.signed if signed_on.as_date is not None else states.date_missing
        assert chosen is not None, "checked when the mapping was read"
        return chosen

    def _terms(self, row: Row) -> dict[str, Term]:
        """What the sheet says of each term; an empty cell means that the text does not state it."""
        terms: dict[str, Term] = {}
        for name, part in self.mapping.terms.items():
            text = row[part.column]
            if not text or text == "indefinite":
                terms[name] = Term(indefinite=bool(text), source=self._source(row))
            elif re.fullmatch(r"[1-9]\d{0,3}(\|[1-9]\d{0,3})*", text):
                readings = tuple(
                    sorted((Length(int(n), Unit(part.unit)) for n in text.split("|")), key=lambda r: r.amount)
                )
                terms[name] = Term(readings, source=self._source(row))
            else:
                message = Message("a number of {unit} is expected, or “indefinite”, or nothing.", {"unit": part.unit})
                self._wrong(row, part.column, message)
        return terms


def _signing(party: Party, on: PartialDate, ours_only: bool) -> Party:
    signature = Signature(on) if party.home or not ours_only else None
    return Party(party.name, party.country, party.home, signature)


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


@cache
def _country_codes() -> dict[str, str]:
    """Country names in English and Spanish, and ISO 3166-1 codes, to codes."""
    codes: dict[str, str] = {}
    for language in ("en", "es"):
        for code, name in Locale(language).territories.items():
            if re.fullmatch(r"[A-Z]{2}", code):
                codes |= {name.casefold(): code, code.casefold(): code}
    return codes


def _country_names() -> list[str]:
    return [name.title() for name in _country_codes() if len(name) > 2]  # noqa: PLR2004 - names, not codes


def country_code(text: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country by its English or Spanish name or code."""
    return _country_codes().get(text.casefold())

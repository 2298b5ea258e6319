"""Taking a municipality's register into the books: all of it or nothing, the same file twice changes nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import Began
from twinflow.domain.agreement.history import IMPORT
from twinflow.domain.agreement.present_names import as_corrected
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import CLOCK_VIEWER
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.dossier import Dossier, case_of, problems_of_dossier
from twinflow.domain.steps.doubts import Compared, Doubt, Pair, compared, doubts, has_ended
from twinflow.domain.steps.opening import NewAgreement, opened, wrong_kind
from twinflow.errors import BadInput, Refused
from twinflow.sentences import Problem, Sentence
from twinflow.services.agreements.opening import add, running
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked, composed

MOST_TOLD, ROWS_NAMED = 50, 10
"""Reasons told at once, and rows of each."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """References that were added, those that were in the books with the same content already, and what was doubted."""

    added: tuple[str, ...]
    unchanged: tuple[str, ...]
    doubts: tuple[Sentence, ...] = ()


class _Case(NamedTuple):
    """A dossier that is not in the books, with the case it opens, its version of the process, and the day at its office."""

    dossier: Dossier
    new: NewAgreement
    definition: ProcessDefinition
    today: date


def import_register(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    dossiers: Sequence[Dossier],
    *,
    now: datetime,
    despite: str = "",
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ImportResult:
    """Add the dossiers that are new. Sends nothing: the next sweep tells once how things stand, and nothing of the past.

    `progress` is told how many dossiers of how many are done. Raises BadInput with everything for which they
    cannot be taken over: what no case may say, and references that are in the books with other content. Raises Refused
    where the office is of the wrong kind, and with what hardly makes sense of the new ones, unless `despite` is the reason.
    """
    despite = checked(despite, "despite")
    dossiers = [composed(dossier) for dossier in dossiers]
    with UnitOfWork(engine, reading=dry_run) as work:
        known = work.agreements.known(dossier.reference for dossier in dossiers)
        digests = [dossier.digest for dossier in dossiers]
        problems = [
            _other_content(dossier)
            for dossier, digest in zip(dossiers, digests, strict=True)
            if known.get(dossier.reference, digest) != digest and not _began_so(work, dossier)
        ]
        for dossier in dossiers:
            found = problems_of_dossier(dossier, rulebook.catalogue, people.today(dossier.office, now))
            problems += [_in_row(dossier, problem) for problem in found]
        if problems:
            raise BadInput("Nothing was taken over.", tuple(problems))
        cases = [_case(rulebook, people, dossier, now) for dossier in dossiers if dossier.reference not in known]
        _check_offices(people, cases)
        doubted = _doubted(work, rulebook, people, cases)
        told = _by_row((case.dossier.row, doubt.message) for case in cases for doubt in doubted[case.new.reference])
        if told and not despite.strip():
            raise Refused("Nothing was taken over: that takes a reason (--despite “…”).", told)
        progress(len(dossiers) - len(cases), len(dossiers))
        for number, case in enumerate(cases, start=len(dossiers) - len(cases) + 1):
            if not dry_run:
                agreement = _agreement(case, doubted[case.new.reference], despite, now)
                add(work, rulebook, people, agreement, now, case.dossier.digest)
            progress(number, len(dossiers))
        if not dry_run:
            work.commit()
    added = tuple(case.new.reference for case in cases)
    return ImportResult(added, tuple(d.reference for d in dossiers if d.reference in known), told)


def _other_content(dossier: Dossier) -> Problem:
    message = Sentence(
        "{reference} is already recorded with other content; correct it: {command}",
        {
            "reference": dossier.reference,
            "command": f"twinflow agreements correct {dossier.reference} 1 --set NAME=VALUE --as PERSON --reason REASON",
        },
    )
    return Problem(Sentence("row {row}", {"row": dossier.row}), message)


def _began_so(work: UnitOfWork, dossier: Dossier) -> bool:
    """Whether the case in the books, as its opening was corrected, began with what the sheet says."""
    first, *_ = as_corrected(work.history.as_written(work.agreements.id_of(dossier.reference)))
    began = Began.read(first)
    if began is None or first.to_state is None:
        return False
    as_it_began = replace(
        dossier,
        state=first.to_state,
        parties=began.parties,
        terms=began.terms,
        facts=began.facts,
        origin=began.origin,
        note=began.note,
    )
    return as_it_began.digest == dossier.digest


def _in_row(dossier: Dossier, problem: Problem) -> Problem:
    return Problem(Sentence("row {row}, {field}", {"row": dossier.row, "field": problem.place}), problem.message)


def _case(rulebook: Rulebook, people: People, dossier: Dossier, now: datetime) -> _Case:
    today = people.today(dossier.office, now)
    return _Case(dossier, *case_of(dossier, rulebook.catalogue, today), today)


def _check_offices(people: People, cases: Sequence[_Case]) -> None:
    """Raises Refused where another kind of office opens such cases."""
    found = [
        (case.dossier.row, wrong)
        for case in cases
        if (wrong := wrong_kind(case.definition, people.offices[case.new.office].kind, case.today)) is not None
    ]
    if found:
        raise Refused("Nothing was taken over.", _by_row(found))


def _doubted(
    work: UnitOfWork, rulebook: Rulebook, people: People, cases: Sequence[_Case]
) -> dict[str, tuple[Doubt, ...]]:
    """What is doubted of each, by its reference: beside the books, and beside the rows before it.

    An earlier generation is beside nothing: it is over.
    """
    alike: dict[Pair, list[Compared]] = {compared(case.new).between: [] for case in cases}
    for other in running(work, rulebook, CLOCK_VIEWER) if cases else ():
        if other.between in alike:
            _keep(alike[other.between], other)
    found = {}
    for dossier, new, definition, _ in cases:
        this = compared(new)
        others = alike[this.between] if dossier.is_latest else []
        found[new.reference] = tuple(doubts(new, definition, people.offices[new.office], others))
        if dossier.is_latest and not has_ended(new, definition):
            _keep(others, this)
    return found


def _keep(alike: list[Compared], case: Compared) -> None:
    """Two relationships are enough: whichever a case belongs to, there is another."""
    if len(alike) < 2 and all(other.relationship != case.relationship for other in alike):  # noqa: PLR2004 - said above
        alike.append(case)


def _by_row(found: Iterable[tuple[int, Sentence]]) -> tuple[Sentence, ...]:
    """Each sentence once, with the rows that it is about; of very many the first."""
    rows: dict[str, tuple[Sentence, list[int]]] = {}
    for row, message in found:
        rows.setdefault(str(message), (message, []))[1].append(row)
    told = [_in_rows(message, sorted(set(numbers))) for message, numbers in rows.values()]
    more = len(told) - MOST_TOLD
    return (*told[:MOST_TOLD], *([Sentence("and {more} more.", {"more": more})] if more > 0 else []))


def _in_rows(message: Sentence, rows: Sequence[int]) -> Sentence:
    named, more = rows[:ROWS_NAMED], len(rows) - ROWS_NAMED
    if more > 0:
        values: dict[str, object] = {"rows": named, "more": more, "message": message}
        return Sentence("rows {rows} and {more} more: {message}", values)
    if len(rows) > 1:
        return Sentence("rows {rows}: {message}", {"rows": named, "message": message})
    return Sentence("row {row}: {message}", {"row": rows[0], "message": message})


def _agreement(case: _Case, doubted: Iterable[Doubt], despite: str, now: datetime) -> Agreement:
    new = replace(case.new, despite=despite)
    confirmed = dict.fromkeys(doubt.code.value for doubt in doubted)
    return opened(new, case.definition, actor=IMPORT, now=now, today=case.today, confirmed=list(confirmed))

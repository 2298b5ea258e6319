"""Taking a municipality's register into the books: all of it or nothing, the same file twice changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.history import IMPORT
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.dossier import Dossier, case_of, problems_of_dossier
from twinflow.domain.steps.opening import opened
from twinflow.errors import BadInput
from twinflow.sentences import Problem, Sentence
from twinflow.services.agreements.opening import add
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import composed


@dataclass(frozen=True, slots=True)
class ImportResult:
    """References that were added, and those that were in the books with the same content already."""

    added: tuple[str, ...]
    unchanged: tuple[str, ...]


def import_register(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    dossiers: Sequence[Dossier],
    *,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ImportResult:
    """Add the dossiers that are new. Sends nothing: the next sweep tells once how things stand, and nothing of the past.

    `progress` is told how many dossiers of how many are done. Raises BadInput with everything for which they
    cannot be taken over: what no case may say, and references that are in the books with other content.
    """
    dossiers = [composed(dossier) for dossier in dossiers]
    added: list[str] = []
    with UnitOfWork(engine, reading=dry_run) as work:
        known = work.agreements.known(dossier.reference for dossier in dossiers)
        digests = [dossier.digest for dossier in dossiers]
        problems = [
            _other_content(dossier)
            for dossier, digest in zip(dossiers, digests, strict=True)
            if known.get(dossier.reference, digest) != digest
        ]
        for dossier in dossiers:
            found = problems_of_dossier(dossier, rulebook.catalogue, people.today(dossier.office, now))
            problems += [_in_row(dossier, problem) for problem in found]
        if problems:
            raise BadInput("Nothing was taken over.", tuple(problems))
        for number, (dossier, digest) in enumerate(zip(dossiers, digests, strict=True), start=1):
            if dossier.reference not in known:
                added.append(dossier.reference)
                if not dry_run:
                    add(work, rulebook, people, _agreement(rulebook, people, dossier, now), now, digest)
            progress(number, len(dossiers))
        if not dry_run:
            work.commit()
    return ImportResult(tuple(added), tuple(d.reference for d in dossiers if d.reference in known))


def _other_content(dossier: Dossier) -> Problem:
    message = Sentence(
        "{reference} is already recorded with other content; correct it by taking a step.",
        {"reference": dossier.reference},
    )
    return Problem(Sentence("row {row}", {"row": dossier.row}), message)


def _in_row(dossier: Dossier, problem: Problem) -> Problem:
    return Problem(Sentence("row {row}, {field}", {"row": dossier.row, "field": problem.place}), problem.message)


def _agreement(rulebook: Rulebook, people: People, dossier: Dossier, now: datetime) -> Agreement:
    today = people.today(dossier.office, now)
    new, definition = case_of(dossier, rulebook.catalogue, today)
    return opened(new, definition, actor=IMPORT, now=now, today=today)

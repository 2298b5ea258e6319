"""Taking a municipality's register into the books: all of it or nothing, the same file twice changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement import IMPORT, Agreement, EntryKind, HistoryEntry
from twinflow.domain.dossiers import Dossier
from twinflow.domain.library import Library
from twinflow.errors import BadInput
from twinflow.sentences import Message, Problem
from twinflow.services.agreements import add
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ImportResult:
    """References that were added, and those that were in the books with the same content already."""

    added: tuple[str, ...]
    unchanged: tuple[str, ...]


def import_register(
    engine: Engine,
    library: Library,
    dossiers: Sequence[Dossier],
    *,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ImportResult:
    """Add the dossiers that are new. Sends nothing: the next sweep tells once how things stand, and nothing of the past.

    `progress` is told how many dossiers of how many are done. Raises BadInput if a reference is in the books with other content.
    """
    added: list[str] = []
    with UnitOfWork(engine, reading=dry_run) as work:
        known = work.agreements.known(dossier.reference for dossier in dossiers)
        problems = [_other_content(d) for d in dossiers if known.get(d.reference, d.digest) != d.digest]
        problems += [_still_to_come(d) for d in dossiers if _since(library, d, now) > library.today(d.office, now)]
        if problems:
            raise BadInput("Nothing was taken over.", tuple(problems))
        for number, dossier in enumerate(dossiers, start=1):
            if dossier.reference not in known:
                added.append(dossier.reference)
                if not dry_run:
                    add(work, library, _agreement(library, dossier, now), now, dossier.digest)
            progress(number, len(dossiers))
        if not dry_run:
            work.commit()
    return ImportResult(tuple(added), tuple(d.reference for d in dossiers if d.reference in known))


def _other_content(dossier: Dossier) -> Problem:
    message = Message(
        "{reference} is already recorded with other content; correct it by taking a step.",
        {"reference": dossier.reference},
    )
    return Problem(Message("row {row}", {"row": dossier.row}), message)


def _still_to_come(dossier: Dossier) -> Problem:
    return Problem(
        Message("row {row}", {"row": dossier.row}),
        Message("the day {day} is still to come.", {"day": dossier.effective_on}),
    )


def _since(library: Library, dossier: Dossier, now: datetime) -> date:
    """The day it came into its state; today where the sheet does not tell."""
    return dossier.effective_on or library.today(dossier.office, now)


def _agreement(library: Library, dossier: Dossier, now: datetime) -> Agreement:
    today = library.today(dossier.office, now)
    since = _since(library, dossier, now)
    first = library.catalogue.versions(dossier.process)[0]
    definition = library.catalogue.in_force_on(dossier.process, max(since, first.in_force_from))
    return Agreement(
        reference=dossier.reference,
        process=definition.key,
        process_version=definition.version,
        process_digest=definition.digest,
        office=dossier.office,
        title=dossier.title,
        state=dossier.state,
        version=1,
        tracked_from=today,
        parties=dossier.parties,
        terms=dossier.terms,
        facts=dossier.facts,
        history=(HistoryEntry(EntryKind.IMPORTED, IMPORT, since, now, to_state=dossier.state),),
        origin=dossier.origin,
        note=dossier.note,
        relationship=dossier.relationship,
        generation=dossier.generation,
    )

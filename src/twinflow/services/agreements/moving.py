"""Moving a case from the office that keeps it to another one: asked for there, accepted or refused here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import MoveAct, OfficeMove
from twinflow.domain.agreement.history import HistoryEntry, Way
from twinflow.domain.agreement.kept_by import waiting_move
from twinflow.domain.agreement.present_names import numbered
from twinflow.domain.alerts.alerts import GONE, NOT_MOVED, TO_ACCEPT, about_move
from twinflow.domain.alerts.recipients import Audience, holders_of, recipients_of
from twinflow.domain.people.people import People, Person
from twinflow.domain.people.viewer import CLOCK_VIEWER, SUPERVISOR
from twinflow.domain.process.definition import LIAISON
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.moving import Desk, accept, along, ask, refuse
from twinflow.errors import NotFound, UnreadableAgreement
from twinflow.services.agreements.acting import locked_for
from twinflow.services.agreements.recording import record_change, refreshed
from twinflow.services.alerts.telling import write
from twinflow.storage.agreements import read
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of it: the case then, what its new entry says, and the references of what went along with it."""

    agreement: Agreement
    said: OfficeMove
    along: tuple[str, ...] = ()


def ask_to_move(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    to: str,
    reason: str,
    *,
    person: str,
    door: Way,
    now: datetime,
) -> Moved:
    """Ask that the office `to` keep the case; its supervisors hear of it.

    Raises NotFound, BadInput for its texts, Refused with every reason, StaleAgreement if somebody else was faster.
    """
    to, reason = checked(to, "office"), checked(reason, "reason")
    with about(reference), UnitOfWork(engine) as work:
        desk = _desk(work, rulebook, people, reference, person, door, now)
        entry = ask(desk, to, reason, _parent(work, desk.agreement))
        done = _written(work, rulebook, desk, entry)
        supervisors = people.holders(SUPERVISOR, people.offices[to].kind, to, people.today(to, now))
        _tell(work, rulebook, desk, entry, TO_ACCEPT, {each.key: SUPERVISOR for each in supervisors})
        work.commit()
    return done


def accept_move(
    engine: Engine, rulebook: Rulebook, people: People, reference: str, *, person: str, door: Way, now: datetime
) -> Moved:
    """Accept it as a supervisor of the office that was asked: from that day on it keeps the case, with what belongs to it.

    Who asked hears of it, and the liaison of that office. Raises as `ask_to_move`, and UnreadableAgreement of what belongs to it.
    """
    with about(reference), UnitOfWork(engine) as work:
        desk = _desk(work, rulebook, people, reference, person, door, now)
        waiting = waiting_move(desk.agreement.history, desk.agreement.office)
        entry = accept(desk, _parent(work, desk.agreement))
        done = _written(work, rulebook, desk, entry)
        gone = tuple(_along(work, rulebook, desk, entry, done.agreement))
        liaisons, _ = holders_of(people, desk.definition, done.said.to, [LIAISON], people.today(done.said.to, now))
        asker = {waiting[0].actor: SUPERVISOR} if waiting is not None else {}
        _tell(work, rulebook, desk, entry, GONE, {**asker, **liaisons}, gone)
        work.commit()
    return replace(done, along=gone)


def refuse_move(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    reason: str,
    *,
    person: str,
    door: Way,
    now: datetime,
) -> Moved:
    """Refuse it as a supervisor of the office that was asked, or take back what one has asked for: the others hear of it.

    Raises as `ask_to_move`.
    """
    reason = checked(reason, "reason")
    with about(reference), UnitOfWork(engine) as work:
        desk = _desk(work, rulebook, people, reference, person, door, now)
        waiting = waiting_move(desk.agreement.history, desk.agreement.office)
        entry = refuse(desk, reason)
        done = _written(work, rulebook, desk, entry)
        asker = {waiting[0].actor: SUPERVISOR} if waiting is not None else {}
        to = done.said.to
        others = people.holders(SUPERVISOR, people.offices[to].kind, to, people.today(to, now))
        _tell(work, rulebook, desk, entry, NOT_MOVED, {**asker, **{each.key: SUPERVISOR for each in others}})
        work.commit()
    return done


def _desk(
    work: UnitOfWork, rulebook: Rulebook, people: People, reference: str, person: str, door: Way, now: datetime
) -> Desk:
    who = people.person(person)
    agreement = _case(work, people, who, reference, now)
    return Desk(agreement, rulebook.definition_of(agreement), people, who.key, door, now)


def _case(work: UnitOfWork, people: People, who: Person, reference: str, now: datetime) -> Agreement:
    """The case to be changed; also for the supervisor who is asked to accept it, and does not see it before."""
    try:
        return locked_for(work, people, who, reference, now)
    except NotFound as unseen:
        try:
            agreement = work.agreements.lock(reference)
        except UnreadableAgreement:
            raise unseen from None
        waiting = waiting_move(agreement.history, agreement.office)
        to = waiting[1].to if waiting is not None else ""
        if not to or people.whose(who.key, SUPERVISOR, to, people.today(to, now)) is None:
            raise unseen from None
        return agreement


def _parent(work: UnitOfWork, agreement: Agreement) -> Agreement | None:
    return work.agreements.whole(work.agreements.id_of(agreement.parent)) if agreement.parent else None


def _written(work: UnitOfWork, rulebook: Rulebook, desk: Desk, entry: HistoryEntry) -> Moved:
    """Write the entry, and the office where it has gone to another one."""
    before, said = desk.agreement, OfficeMove.read(entry)
    assert said is not None
    office = said.to if said.act is MoveAct.ACCEPTED else before.office
    after = replace(before, office=office, version=before.version + 1, history=(*before.history, entry))
    after = refreshed(rulebook, desk.people, after, desk.now)
    agreement_id = record_change(work, rulebook, desk.people, before, after, desk.now)
    if office != before.office:
        readers = work.alerts.waiting_to_read(agreement_id)
        work.alerts.release_of(agreement_id, [each for each in readers if not _has_a_part(desk, each, office)])
    return Moved(after, said)


def _has_a_part(desk: Desk, reader: str, office: str) -> bool:
    """Whether the person holds a role in the case once the office keeps it."""
    who, today = desk.people.people.get(reader), desk.people.today(office, desk.now)
    return who is not None and bool(desk.people.actor(who, desk.definition, office, today).roles)


def _along(work: UnitOfWork, rulebook: Rulebook, desk: Desk, with_it: HistoryEntry, parent: Agreement) -> Iterator[str]:
    """What belongs to it, and to that again, goes along where the same office keeps it."""
    *_, ids = work.agreements.around(CLOCK_VIEWER, parent.reference)
    for found in work.agreements.load(ids):
        if read(found).office != desk.agreement.office:
            continue
        child = work.agreements.lock(read(found).reference)
        definition = rulebook.definition_of(child)
        there = replace(desk, agreement=child, definition=definition)
        done = _written(work, rulebook, there, along(there, with_it, parent.reference))
        yield child.reference
        yield from _along(work, rulebook, desk, with_it, done.agreement)


def _tell(
    work: UnitOfWork,
    rulebook: Rulebook,
    desk: Desk,
    entry: HistoryEntry,
    notice: str,
    readers: Mapping[str, str],
    gone: Sequence[str] = (),
) -> None:
    """Those of the readers, each with the role they are told in, but whoever did it."""
    people, agreement, today = desk.people, desk.agreement, entry.effective_on
    telling = about_move(len(numbered(agreement.history)) + 1, notice, entry.actor, today, " ".join(gone))
    known = {who: role for who, role in readers.items() if who in people.people and who not in telling.held}
    audience = Audience(tuple(recipients_of(people, known, today)), (), nobody=not known)
    write(work, rulebook, people, work.agreements.id_of(agreement.reference), telling, audience, desk.now)

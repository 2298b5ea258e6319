"""Queues: what waits for the roles of a person, and who has it in hand."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import DutyTaken, noted
from twinflow.domain.agreement.history import HistoryEntry, Way
from twinflow.domain.agreement.kept_by import waiting_move
from twinflow.domain.people.duties import Asked, Duty, decide, duties_of, role_waited_for, way_of
from twinflow.domain.people.people import People, Person
from twinflow.domain.people.viewer import SUPERVISOR, Door, Held, viewer_of
from twinflow.domain.process.definition import Label, ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import Refused, UnreadableAgreement
from twinflow.sentences import Sentence
from twinflow.services.agreements.acting import locked_for
from twinflow.services.people.changing_hands import tell_of_act
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked

AT_MOST = 500
"""So many that wait are shown."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An agreement that waits for a role. `due_on` is its first open date; nobody has it in hand where `person` is empty."""

    reference: str
    title: str
    state: Label
    role: str
    office: str
    due_on: date | None
    person: str = ""
    since: date | None = None


@dataclass(frozen=True, slots=True)
class WaitingMove:
    """A case that one of the supervisor's offices is to keep, and why."""

    reference: str
    title: str
    office: str
    to: str
    person: str
    since: date
    reason: str


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits, soonest first, and how many are put aside. `more`: what comes later is not among them. `moves`: what a
    supervisor is asked to accept.
    """

    waiting: tuple[Waiting, ...]
    aside: int
    more: bool
    moves: tuple[WaitingMove, ...] = ()


def queue_of(engine: Engine, rulebook: Rulebook, people: People, person: str, now: datetime) -> Queue:
    """What waits for the roles that the person holds today. Raises NotFound."""
    who = people.person(person)
    asked = _asked(rulebook, people, who, now)
    with UnitOfWork(engine, reading=True) as work:
        ids = work.duties.waiting(asked, AT_MOST + 1)
        found = [each for each in work.agreements.load(ids[:AT_MOST]) if not isinstance(each, UnreadableAgreement)]
        moves = tuple(_moves_to(work, {office for role, office in people.roles_on(who.key, now) if role == SUPERVISOR}))
    waiting, aside = [], 0
    for agreement in found:
        definition, today = rulebook.definition_of(agreement), people.today(agreement.office, now)
        role = role_waited_for(agreement, definition)
        if role is None or role not in people.actor(who, definition, agreement.office, today).roles:
            continue
        duty = duties_of(agreement.history).get(role)
        if duty is not None and duty.is_aside(today):
            aside += 1
        else:
            waiting.append(_waiting(agreement, definition, role, duty))
    return Queue(tuple(waiting), aside, len(ids) > AT_MOST, moves)


def _moves_to(work: UnitOfWork, offices: set[str]) -> Iterator[WaitingMove]:
    """What these offices are asked to keep."""
    for agreement in work.agreements.load(work.duties.asked_to_move() if offices else []):
        if isinstance(agreement, UnreadableAgreement):
            continue
        waiting = waiting_move(agreement.history, agreement.office)
        if waiting is not None and waiting[1].to in offices:
            asked, said = waiting
            yield WaitingMove(
                agreement.reference,
                agreement.title,
                said.before,
                said.to,
                asked.actor,
                asked.effective_on,
                said.reason,
            )


def _asked(
    rulebook: Rulebook, people: People, who: Person, now: datetime
) -> dict[tuple[str, ...], dict[str, frozenset[str]]]:
    """By offices, the states in which a case of theirs may wait for the person, by the digest of its version.

    In the own office they wait for the roles held there; in others of the country for those held in another kind of office.
    """
    held = viewer_of(people, who.key, now, Door.PAGE).held
    versions = {definition.digest: definition for definition in rulebook.all_versions}
    own = sorted({each.office for each in held})
    found: dict[tuple[str, ...], dict[str, frozenset[str]]] = {}
    for office in own:
        today = people.today(office, now)
        found[(office,)] = {
            digest: states
            for digest, definition in versions.items()
            if (states := _states_for(definition, people.actor(who, definition, office, today).roles))
        }
    for country in sorted({each.country for each in held}):
        others = tuple(
            sorted(key for key, each in people.offices.items() if each.country == country and key not in own)
        )
        here = [each for each in held if each.country == country]
        found[others] = {
            digest: states
            for digest, definition in versions.items()
            if (states := _states_for(definition, _from_elsewhere(definition, here)))
        }
    return found


def _from_elsewhere(definition: ProcessDefinition, held: Iterable[Held]) -> set[str]:
    """The roles that are held in another kind of office than keeps the cases, and those whose deputies they are."""
    roles = {each.role for each in held if each.kind not in definition.home_kinds}
    return {key for key, role in definition.roles.items() if not roles.isdisjoint((key, role.deputy))}


def _states_for(definition: ProcessDefinition, roles: Collection[str]) -> frozenset[str]:
    """The states that wait for one of the roles."""
    return frozenset(key for key, state in definition.states.items() if state.waits_for in roles)


def _waiting(agreement: Agreement, definition: ProcessDefinition, role: str, duty: Duty | None) -> Waiting:
    dates = [each.due_on for each in agreement.deadlines if each.is_open and each.due_on is not None]
    return Waiting(
        agreement.reference,
        agreement.title,
        definition.states[agreement.state].label,
        role,
        agreement.office,
        min(dates, default=None),
        duty.person if duty is not None else "",
        duty.on if duty is not None else None,
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """What an act leaves of a duty: who has it (empty: nobody), and the day on which it comes back."""

    reference: str
    role: str
    person: str
    until: date | None


def act(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    asked: Asked,
    *,
    person: str,
    door: Way,
    now: datetime,
) -> Taken:
    """Do something about the duty that a case waits for, as `person`, who comes by `door`. Of many at the same time one is first,
    and the others are told who.

    Raises NotFound, BadInput for its texts, Refused with every reason.
    """
    asked = checked(asked)
    who = people.person(person)
    if asked.to:
        people.person(asked.to)
    with about(reference), UnitOfWork(engine) as work:
        done = act_in(work, rulebook, people, reference, asked, who, door, now)
        work.commit()
    return done


def act_in(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    reference: str,
    asked: Asked,
    who: Person,
    door: Way,
    now: datetime,
) -> Taken:
    """The same within a transaction. Raises NotFound, Refused with every reason."""
    with about(reference):
        agreement = locked_for(work, people, who, reference, now)
        entry, reasons = decided(rulebook, people, agreement, asked, who, door, now)
        if reasons or entry is None:
            raise Refused("The duty of {reference} stays as it is.", tuple(reasons), reference=agreement.reference)
        wake_if_told_to_others(work, agreement, entry)
        work.history.add(work.agreements.id_of(reference), entry)
        tell_of_act(work, rulebook, people, agreement, entry, now)
    said = DutyTaken.read(entry)
    assert said is not None
    return Taken(agreement.reference, said.role, said.person, said.until)


def decided(
    rulebook: Rulebook, people: People, agreement: Agreement, asked: Asked, who: Person, door: Way, now: datetime
) -> tuple[HistoryEntry | None, list[Sentence]]:
    """The entry of what somebody does about the duty of an agreement, and every reason against it."""
    definition, today = rulebook.definition_of(agreement), people.today(agreement.office, now)
    role = role_waited_for(agreement, definition)
    holders = people.holders_for(definition, role, agreement.office, today) if role is not None else []
    actor = people.actor(who, definition, agreement.office, today, door)
    supervises = supervised_for(people, definition, {role} if role else (), agreement.office, who, today)
    said, reasons = decide(
        agreement,
        definition,
        asked,
        actor,
        today,
        holders=[each.key for each in holders],
        supervises=supervises is not None,
    )
    if said is None:
        return None, reasons
    before = duties_of(agreement.history).get(said.role)
    way = way_of(actor, {said.role}, asked.act, before.person if before is not None else "", supervises)
    return noted(said, who.key, today, now, way), reasons


def wake_if_told_to_others(work: UnitOfWork, agreement: Agreement, entry: HistoryEntry) -> None:
    """Who hears of its dates once the duty is as the entry says is told how they stand, where they were not told."""
    said = DutyTaken.read(entry)
    before = duties_of(agreement.history).get(said.role) if said is not None else None
    if said is not None and before is not None and (before.person, before.to) != (said.person, said.to):
        agreement_id = work.agreements.id_of(agreement.reference)
        for deadline in agreement.deadlines:
            if deadline.is_open:
                work.deadlines.wake_by(agreement_id, deadline.key, entry.effective_on)


def supervised_for(
    people: People, definition: ProcessDefinition, roles: Iterable[str], home: str, who: Person, today: date
) -> str | None:
    """For whom somebody is supervisor of an office in charge of one of the roles: themselves, or who delegated it; None: they
    are not.
    """
    offices = set().union(*(offices_in_charge(people, definition, role, home, today) for role in roles))
    whose = (people.whose(who.key, SUPERVISOR, office, today) for office in sorted(offices))
    return next((each for each in whose if each is not None), None)


def offices_in_charge(
    people: People, definition: ProcessDefinition, role: str, home: str, today: date
) -> frozenset[str]:
    """The offices in which the role is held for the cases of `home` on the day."""
    kind = definition.roles[role].office_on(today) if role in definition.roles else None
    return people.in_charge(definition, kind, home) if kind is not None else frozenset()

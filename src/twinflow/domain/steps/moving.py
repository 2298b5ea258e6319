"""Moving a case that lies in a wrong office: a supervisor of the one that keeps it asks, one of the other accepts or refuses.

It counts from the day on which it is accepted; until then everything goes on as before. The two are two persons.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import Acknowledged, DutyTaken, MoveAct, OfficeMove, Snoozed, noted
from twinflow.domain.agreement.history import HistoryEntry, Way
from twinflow.domain.agreement.kept_by import waiting_move
from twinflow.domain.people.people import Actor, People
from twinflow.domain.people.ties import tie_to, with_tie
from twinflow.domain.people.viewer import SUPERVISOR
from twinflow.domain.process.definition import LIAISON, ProcessDefinition
from twinflow.domain.steps.opening import wrong_kind
from twinflow.errors import Refused
from twinflow.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Desk:
    """The case and its process, the people, who acts and in which way, and when (`now` is UTC)."""

    agreement: Agreement
    definition: ProcessDefinition
    people: People
    person: str
    door: Way
    now: datetime

    def actor(self, office: str, *others: str) -> Actor:
        """Who acts, supervisor where that is held in the office; with all for whom they stand in, there and in the others."""
        who = self.people.person(self.person)
        here = self.people.actor(who, self.definition, self.agreement.office, self._today(self.agreement.office))
        holder, *more = (self.people.whose(who.key, SUPERVISOR, each, self._today(each)) for each in (office, *others))
        principals = {*here.acts_for.values(), *filter(None, (holder, *more))} - {who.key}
        way = replace(self.door, role=SUPERVISOR, acts_for="" if holder == who.key else holder) if holder else self.door
        roles = frozenset({SUPERVISOR}) if holder else frozenset[str]()
        return Actor(who.key, roles, here.also, {each: each for each in principals}, way)

    def _today(self, office: str) -> date:
        return self.people.today(office, self.now)

    def no_supervisor(self, actor: Actor, office: str) -> Iterator[Sentence]:
        if not actor.roles:
            yield Sentence("{person} is no supervisor of {office}.", {"person": actor.key, "office": office})

    def noted(self, said: OfficeMove, actor: Actor, office: str) -> HistoryEntry:
        """On the day at the office."""
        return noted(said, actor.key, self._today(office), self.now, actor.way)

    def refused(self, reasons: Collection[Sentence]) -> Refused:
        values = {"reference": self.agreement.reference, "office": self.agreement.office}
        return Refused("{reference} stays with {office}.", tuple(reasons), **values)


def ask(desk: Desk, to: str, reason: str, parent: Agreement | None) -> HistoryEntry:
    """The entry that asks for it. `parent` is the agreement that the case belongs to. Raises Refused with every reason."""
    office = desk.agreement.office
    actor = desk.actor(office)
    reasons = [*desk.no_supervisor(actor, office), *_against_asking(desk, to, parent)]
    if not reason.strip():
        reasons.append(Sentence("Give the reason."))
    if reasons:
        raise desk.refused(reasons)
    return desk.noted(OfficeMove(MoveAct.ASKED, office, to, reason.strip()), actor, office)


def _against_asking(desk: Desk, to: str, parent: Agreement | None) -> Iterator[Sentence]:
    waiting = waiting_move(desk.agreement.history, desk.agreement.office)
    if waiting is not None:
        entry, said = waiting
        values: dict[str, object] = {"person": entry.actor, "to": said.to, "day": entry.effective_on}
        yield Sentence("{person} has asked {to} on {day}; that waits for an answer.", values)
    yield from _against_going(desk, to, parent)


def _against_going(desk: Desk, to: str, parent: Agreement | None) -> Iterator[Sentence]:
    if desk.agreement.annulled_on is not None:
        yield Sentence("It is annulled since {day}.", {"day": desk.agreement.annulled_on})
    yield from _against_the_office(desk, to)
    if parent is not None and parent.annulled_on is None and to != parent.office:
        values: dict[str, object] = {"parent": parent.reference, "office": parent.office}
        yield Sentence("It belongs to {parent}, which {office} keeps: what belongs to it goes along with it.", values)


def _against_the_office(desk: Desk, to: str) -> Iterator[Sentence]:
    offices, definition = desk.people.offices, desk.definition
    if to not in offices:
        yield Sentence("There is no office {office}; there are {offices}.", {"office": to, "offices": sorted(offices)})
        return
    if to == desk.agreement.office:
        yield Sentence("{office} keeps it already.", {"office": to})
        return
    today = desk.people.today(to, desk.now)
    wrong = wrong_kind(definition, offices[to].kind, today)
    if wrong is not None:
        yield wrong
    elif not desk.people.holders_for(definition, LIAISON, to, today):
        values = {"office": to, "role": definition.roles[LIAISON].label}
        yield Sentence("Nobody is {role} of {office}.", values)


def accept(desk: Desk, parent: Agreement | None) -> HistoryEntry:
    """The entry by which the case goes to the office that was asked. `parent` as in `ask`. Raises Refused with every reason."""
    asked, said = _waiting(desk)
    actor = desk.actor(said.to, said.before)
    reasons = [*desk.no_supervisor(actor, said.to), *_against_going(desk, said.to, parent)]
    tie = tie_to(actor, asked.actor, asked.way)
    if tie is not None:
        did = with_tie(Sentence("{person} asked for it", {"person": asked.actor}), tie)
        reasons.append(Sentence("{did}; another person has to accept it.", {"did": did}))
    if reasons:
        raise desk.refused(reasons)
    there = replace(said, act=MoveAct.ACCEPTED, reason="", ended=_ended(desk, said.to))
    return desk.noted(there, actor, said.to)


def along(desk: Desk, with_it: HistoryEntry, parent: str) -> HistoryEntry:
    """The entry by which a case goes along with the agreement that it belongs to, of which `with_it` is."""
    said = OfficeMove.accepted(with_it)
    assert said is not None
    gone = replace(said, along=parent, ended=_ended(desk, said.to))
    return replace(with_it, details=gone.details())


def refuse(desk: Desk, reason: str) -> HistoryEntry:
    """The entry by which it is not to be: the office that was asked refuses it, whoever asked takes it back.

    Raises Refused with every reason.
    """
    asked, said = _waiting(desk)
    actor = desk.actor(said.to)
    is_own = actor.is_called(asked.actor)
    if is_own:
        actor = desk.actor(said.before)
    reasons = [] if is_own else list(desk.no_supervisor(actor, said.to))
    if not reason.strip():
        reasons.append(Sentence("Give the reason."))
    if reasons:
        raise desk.refused(reasons)
    act = MoveAct.TAKEN_BACK if is_own else MoveAct.REFUSED
    return desk.noted(replace(said, act=act, reason=reason.strip()), actor, said.before)


def _waiting(desk: Desk) -> tuple[HistoryEntry, OfficeMove]:
    waiting = waiting_move(desk.agreement.history, desk.agreement.office)
    if waiting is None:
        raise desk.refused([Sentence("No move of it waits for an answer.")])
    return waiting


def _ended(desk: Desk, to: str) -> tuple[str, ...]:
    """Those who have something in hand, or said something of a deadline, and hold no role once the office keeps the case."""
    people, today = desk.people, desk.people.today(to, desk.now)
    return tuple(
        sorted(
            key
            for key in _concerned(desk.agreement)
            if key not in people.people or not people.actor(people.people[key], desk.definition, to, today).roles
        )
    )


def _concerned(agreement: Agreement) -> set[str]:
    found: set[str] = set()
    for entry in agreement.history:
        duty = DutyTaken.read(entry)
        if duty is not None:
            found |= {duty.person, duty.to}
        elif Acknowledged.read(entry) or Snoozed.read(entry):
            found.add(entry.actor)
    return found - {""}

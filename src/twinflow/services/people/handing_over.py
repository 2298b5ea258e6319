"""Handing over all that somebody has open, in one act; and accepting or declining it, item by item or as a whole."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import noted
from twinflow.domain.agreement.history import HistoryEntry, Way
from twinflow.domain.alerts.incident import Trouble
from twinflow.domain.hand_overs import open_things
from twinflow.domain.hand_overs.open_things import OpenThing, waits_for
from twinflow.domain.people.delegations import ended_by_hand_over
from twinflow.domain.people.duties import Act, Asked, duties_of, role_waited_for, way_of
from twinflow.domain.people.people import Delegation, People, Person
from twinflow.domain.process.definition import Label, ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import Refused, TwinflowError, UnreadableAgreement
from twinflow.sentences import Sentence
from twinflow.services.agreements.acting import as_viewer
from twinflow.services.people.changing import change_in
from twinflow.services.people.changing_hands import tell_answered, tell_handed_over
from twinflow.services.people.queues import decided, offices_in_charge, supervised_for, wake_if_told_to_others
from twinflow.services.reading.history_in_words import thing_in_words
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked

DUTY = "duty"


@dataclass(frozen=True, slots=True)
class InHand:
    """What somebody has open in a case, since when, and to whom it is handed over, where it is.

    `id` is what it can be accepted by; `due_on` is the first open date of the case.
    """

    id: str
    reference: str
    title: str
    state: Label
    what: Sentence
    person: str
    since: date
    to: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Given:
    """A delegation, with who gives it."""

    giver: str
    delegation: Delegation


@dataclass(frozen=True, slots=True)
class HandOver:
    """What was handed over; what waits for roles of whoever gave it, and passes to nobody by name; their delegations that have
    ended with it; and those, given or received, of which others decide.
    """

    things: tuple[InHand, ...]
    waits: tuple[InHand, ...]
    ended: tuple[Given, ...]
    left: tuple[Given, ...]


def hand_over(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    giver: str,
    to: str,
    *,
    person: str,
    reason: str,
    door: Way,
    now: datetime,
) -> HandOver:
    """Hand over all that `giver`, a person or all people of an office, has open to `to`.

    Themselves do it, or a supervisor of the office; who does it themselves ends what they delegate, but to the successor.

    Raises NotFound, BadInput for its texts, and Refused with every reason: then nothing is handed over.
    """
    successor, who = people.person(to), people.person(person)
    asked = checked(Asked(Act.HAND_OVER, reason, successor.key))
    office = giver if giver in people.offices and giver not in people.people else ""
    givers = _of_office(people, office) - {successor.key} if office else frozenset({people.person(giver).key})
    reasons = list(_against(successor, givers))
    if reasons:
        raise Refused("Nothing was handed over or accepted.", tuple(reasons))
    with UnitOfWork(engine) as work:
        desk = _Desk(work, rulebook, people, asked, who, door, now)
        things = desk.act(givers, lambda each: each.person in givers and desk.is_of(each, office))
        own = who.key if who.key in givers and not office else ""
        before = people
        if own:
            people = _delegations_ended(work, rulebook, before, own, asked, now)
        ended = _fewer(before, people, own)
        if not things and not ended:
            raise Refused(
                "Nothing was handed over or accepted.", (Sentence("There is nothing to hand over or to accept."),)
            )
        waits = () if office else desk.waits(people.people[next(iter(givers))])
        work.commit()
    return HandOver(tuple(things), waits, ended, () if office else _left(people, next(iter(givers)), now))


def _of_office(people: People, office: str) -> frozenset[str]:
    """Whoever was ever given a role in the office."""
    return frozenset(
        key for key, each in people.people.items() if any(role.office == office for role in each.assignments)
    )


def _against(successor: Person, givers: frozenset[str]) -> Iterator[Sentence]:
    if successor.key in givers:
        yield Sentence("nobody hands over to oneself; name another person.")
    if successor.disabled:
        yield Sentence("{person} is disabled and can take nothing on.", {"person": successor.key})


def _delegations_ended(
    work: UnitOfWork, rulebook: Rulebook, people: People, giver: str, asked: Asked, now: datetime
) -> People:
    last = people.today(people.office_of(people.people[giver], now).key, now)
    change_in(
        work,
        rulebook,
        lambda there: ended_by_hand_over(there, giver, asked.to, last),
        by=giver,
        reason=asked.reason,
        now=now,
        person=giver,
    )
    return work.people.all()


def _fewer(before: People, after: People, giver: str) -> tuple[Given, ...]:
    if not giver:
        return ()
    pairs = zip(before.people[giver].delegations, after.people[giver].delegations, strict=True)
    return tuple(Given(giver, was) for was, now in pairs if was != now)


def _left(people: People, person: str, now: datetime) -> tuple[Given, ...]:
    """The delegations from or to the person that go on after today."""
    today = people.today(people.office_of(people.people[person], now).key, now)
    return tuple(
        Given(key, given)
        for key, each in people.people.items()
        for given in each.delegations
        if person in (key, given.to) and given.to_day > today and given.from_day <= given.to_day
    )


def answer(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    wanted: Sequence[str],
    act: Act,
    *,
    person: str,
    reason: str = "",
    door: Way,
    now: datetime,
) -> list[InHand]:
    """Accept, or decline, what was handed over to the person: all of it, or what is named, each by its id or its agreement.

    Raises as `hand_over`.
    """
    who, names = people.person(person), frozenset(wanted)
    with UnitOfWork(engine) as work:
        desk = _Desk(work, rulebook, people, checked(Asked(act, reason)), who, door, now)
        done = desk.act(
            frozenset({who.key}),
            lambda each: each.to == who.key and (not names or not names.isdisjoint({each.id, each.reference})),
            names,
        )
        if not done:
            raise Refused(
                "Nothing was handed over or accepted.", (Sentence("There is nothing to hand over or to accept."),)
            )
        work.commit()
    return done


@dataclass(frozen=True, slots=True)
class _Item:
    """A duty (`thing` is None), or another open thing, of an agreement."""

    agreement: Agreement
    definition: ProcessDefinition
    thing: OpenThing | None
    role: str
    person: str
    since: date
    to: str

    @property
    def reference(self) -> str:
        return self.agreement.reference

    @property
    def roles(self) -> frozenset[str]:
        return self.thing.roles if self.thing is not None else frozenset({self.role})

    @property
    def id(self) -> str:
        what = f"{self.thing.thing.value}/{self.thing.name}" if self.thing is not None else f"{DUTY}/{self.role}"
        return f"{self.reference}/{what}"

    @property
    def what(self) -> Sentence:
        if self.thing is None:
            return Sentence("Duty of {role}", {"role": self.definition.roles[self.role].label})
        return thing_in_words(self.thing.thing, self.thing.name, self.definition)

    def shown(self) -> InHand:
        agreement, definition = self.agreement, self.definition
        dates = [each.due_on for each in agreement.deadlines if each.is_open and each.due_on is not None]
        label = definition.states[agreement.state].label
        return InHand(
            self.id,
            agreement.reference,
            agreement.title,
            label,
            self.what,
            self.person,
            self.since,
            self.to,
            min(dates, default=None),
        )


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where things change hands: what is asked, by whom, and by which door."""

    work: UnitOfWork
    rulebook: Rulebook
    people: People
    asked: Asked
    who: Person
    door: Way
    now: datetime

    def is_of(self, item: _Item, office: str) -> bool:
        """Whether the office is in charge of it; any is where none is named."""
        home, today = item.agreement.office, self.people.today(item.agreement.office, self.now)
        among = (offices_in_charge(self.people, item.definition, role, home, today) for role in item.roles)
        return not office or any(office in each for each in among)

    def act(
        self, touched: frozenset[str], is_wanted: Callable[[_Item], bool], named: frozenset[str] = frozenset()
    ) -> list[InHand]:
        """Do what is asked about everything wanted, and say so to those concerned. Raises Refused with every reason.

        `named` is what has to be among it, each by its id or its agreement.
        """
        done, reasons, found = list[InHand](), list[Sentence](), set[str]()
        viewer = as_viewer(self.people, self.who, self.now)
        for reference in _references(self.work, self.rulebook, touched, is_wanted):
            if not self.work.agreements.sees(viewer, reference):
                continue
            agreement = self.work.agreements.lock(reference)
            items = [each for each in items_of(agreement, self.rulebook.definition_of(agreement)) if is_wanted(each)]
            decided_on = [(each, *self._decided(each)) for each in items]
            reasons += [
                Sentence("{reference}, {what}: {why}", {"reference": reference, "what": each.what, "why": why})
                for each, _, against in decided_on
                for why in against
            ]
            found |= {name for each in items for name in (each.id, each.reference)}
            done += [each.shown() for each in items]
            entries = [entry for _, entry, _ in decided_on if entry is not None]
            if not reasons:
                self._write(agreement, entries)
        reasons += [
            Sentence("{reference} is not handed over to {person}.", {"reference": each, "person": self.who.key})
            for each in sorted(named - found)
        ]
        if reasons:
            raise Refused("Nothing was handed over or accepted.", tuple(reasons))
        return done

    def _decided(self, item: _Item) -> tuple[HistoryEntry | None, list[Sentence]]:
        agreement, definition = item.agreement, item.definition
        if item.thing is None:
            return decided(self.rulebook, self.people, agreement, self.asked, self.who, self.door, self.now)
        office, today = agreement.office, self.people.today(agreement.office, self.now)
        actor = self.people.actor(self.who, definition, office, today, self.door)
        successor = self.people.person(self.asked.to) if self.asked.to else self.who
        supervises = supervised_for(self.people, definition, item.roles, office, self.who, today)
        said, reasons = open_things.decide(
            agreement,
            definition,
            item.thing,
            self.asked,
            actor,
            holds=self.people.actor(successor, definition, office, today).roles,
            supervises=supervises is not None,
        )
        way = way_of(actor, item.roles, self.asked.act, item.person, supervises)
        return noted(said, self.who.key, today, self.now, way), reasons

    def _write(self, agreement: Agreement, entries: Sequence[HistoryEntry]) -> None:
        for entry in entries:
            wake_if_told_to_others(self.work, agreement, entry)
        self.work.history.add(self.work.agreements.id_of(agreement.reference), *entries)
        around = (self.work, self.rulebook, self.people, agreement, entries)
        if self.asked.act is Act.HAND_OVER:
            tell_handed_over(*around, self.asked.to, self.now)
        else:
            tell_answered(*around, self.now)

    def waits(self, giver: Person) -> tuple[InHand, ...]:
        """What waits for a role of the giver's, in any case."""
        found, viewer = [], as_viewer(self.people, self.who, self.now)
        for agreement, definition in _read(self.work, self.rulebook, self.work.duties.asked_of_roles()):
            if not self.work.agreements.sees(viewer, agreement.reference):
                continue
            today = self.people.today(agreement.office, self.now)
            actor = self.people.actor(giver, definition, agreement.office, today)
            for thing in waits_for(agreement, definition, actor, today) if actor.roles else ():
                item = _Item(agreement, definition, thing, "", thing.person, thing.since, "")
                found.append(item.shown())
        return tuple(found)


def _references(
    work: UnitOfWork, rulebook: Rulebook, people: frozenset[str], is_wanted: Callable[[_Item], bool]
) -> list[str]:
    """The agreements in which one of these people has something that is wanted."""
    return [
        agreement.reference
        for agreement, definition in _touching(work, rulebook, people)
        if any(map(is_wanted, items_of(agreement, definition)))
    ]


def _touching(
    work: UnitOfWork, rulebook: Rulebook, people: frozenset[str]
) -> Iterator[tuple[Agreement, ProcessDefinition]]:
    rules = [(version, rule) for version in rulebook.all_versions for rule in version.rounds.values()]
    opened = {key for _, rule in rules for key in rule.opened_by}
    deciding = {state for version, rule in rules for key in rule.ended_by for state in version.steps[key].sources}
    return _read(work, rulebook, work.duties.touching(people, opened, deciding))


def _read(work: UnitOfWork, rulebook: Rulebook, ids: Sequence[int]) -> Iterator[tuple[Agreement, ProcessDefinition]]:
    """Those that can be read."""
    for agreement in work.agreements.load(ids) if ids else ():
        if isinstance(agreement, UnreadableAgreement):
            continue
        try:
            yield agreement, rulebook.definition_of(agreement)
        except TwinflowError:
            continue


def items_of(agreement: Agreement, definition: ProcessDefinition) -> list[_Item]:
    """All that people have open in an agreement."""
    role = role_waited_for(agreement, definition)
    duty = duties_of(agreement.history).get(role or "")
    duties = [] if duty is None or role is None else [(None, role, duty.person, duty.on, duty.to)]
    things = open_things.open_things(agreement, definition)
    others = [(each, "", each.person, each.since, each.to) for each in things]
    return [_Item(agreement, definition, *each) for each in (*duties, *others)]


def left_behind(engine: Engine, rulebook: Rulebook, people: People) -> list[Trouble]:
    """What those who are disabled still have open, or have not accepted; each agreement once."""
    disabled = frozenset(key for key, person in people.people.items() if person.disabled)
    if not disabled:
        return []
    with UnitOfWork(engine, reading=True) as work:
        held = {
            (item.reference, item.to or item.person)
            for case in _touching(work, rulebook, disabled)
            for item in items_of(*case)
            if (item.to or item.person) in disabled
        }
    return [_left_behind(reference, person) for reference, person in sorted(held)]


def _left_behind(reference: str, person: str) -> Trouble:
    values = {"reference": reference, "person": person}
    said = Sentence("{reference}: {person} is disabled and still has it in hand; hand it over.", values)
    return Trouble(f"{reference}/in hand of {person}", said, reference)

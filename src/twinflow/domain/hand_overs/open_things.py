"""What somebody has open in a case beside a duty: it waits until they, or who has taken it on, have done with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from twinflow.domain.agreement.agreement import Agreement, Deadline
from twinflow.domain.agreement.entries import Acknowledged, HandedOver, Handing, OnConsultation, Thing
from twinflow.domain.agreement.handed_over import passed_on
from twinflow.domain.agreement.history import IMPORT, HistoryEntry
from twinflow.domain.agreement.rounds import Rounds, rounds_of
from twinflow.domain.corrections.waiting import pending as corrections_pending
from twinflow.domain.deadlines.acknowledgements import acknowledgements_by_deadline
from twinflow.domain.deadlines.changes import Change, changes_by_deadline, pending
from twinflow.domain.people.duties import Act, Asked, duties_of, role_waited_for
from twinflow.domain.people.people import Actor
from twinflow.domain.process.definition import CLOCK, ProcessDefinition, RoundRule
from twinflow.sentences import Sentence


@dataclass(frozen=True, slots=True)
class OpenThing:
    """A thing, who has it since when, and the roles of which one lets somebody take it on. `to` is as of a duty."""

    thing: Thing
    name: str
    person: str
    since: date
    roles: frozenset[str]
    to: str = ""


def open_things(agreement: Agreement, definition: ProcessDefinition) -> list[OpenThing]:
    """Everything of the kind, with whoever has it now."""
    if agreement.annulled_on is not None:
        return []
    rounds = rounds_of(agreement.history, definition)
    found = [
        *_acknowledged(agreement, definition),
        *_in_rounds(rounds, definition),
        *_corrections(agreement, definition),
        *_changes(agreement, definition),
    ]
    passed = passed_on(agreement.history)
    return [
        replace(each, person=now.person, since=now.on, to=now.to) if now is not None else each
        for each in found
        if (now := passed.get((each.thing, each.name))) is not None or each.person not in (CLOCK, IMPORT)
    ]


def waiting_to_be_accepted_by(agreement: Agreement, definition: ProcessDefinition) -> frozenset[str]:
    """The successors to whom something is handed over, and who have not answered yet."""
    duties = duties_of(agreement.history).values() if role_waited_for(agreement, definition) is not None else ()
    return frozenset(each.to for each in (*duties, *open_things(agreement, definition)) if each.to)


def _acknowledged(agreement: Agreement, definition: ProcessDefinition) -> Iterator[OpenThing]:
    said = acknowledgements_by_deadline(agreement.history)
    for deadline in _open(agreement, definition):
        by = said[deadline.key].acknowledged if deadline.key in said else None
        if by is not None:
            roles = frozenset(definition.deadlines[deadline.rule].concerned)
            yield OpenThing(Thing.ACKNOWLEDGEMENT, _name(deadline), by.by, by.on, roles)


def _in_rounds(rounds: Rounds, definition: ProcessDefinition) -> Iterator[OpenThing]:
    for rule in definition.rounds.values():
        if rule.key in rounds.waiting:
            yield _of(Thing.DRAFT, rule.key, rounds.drafts[rule.key], _submitting(rule, definition))
        this = rounds.open(rule.key)
        if this is None:
            continue
        yield _of(Thing.ROUND, f"{rule.key}/{this.number}", this.opened, _submitting(rule, definition))
        for asked in rounds.asked_in(this):
            if asked.given is None:
                yield _of(Thing.CONSULTATION, str(asked.number), asked.asked_in, rule.consulted_by)


def _submitting(rule: RoundRule, definition: ProcessDefinition) -> frozenset[str]:
    return frozenset[str]().union(*(definition.steps[key].by for key in rule.opened_by)) - {CLOCK}


def _corrections(agreement: Agreement, definition: ProcessDefinition) -> Iterator[OpenThing]:
    for number, (entry, _) in corrections_pending(agreement.history).items():
        role = entry.way.role if entry.way is not None else ""
        yield _of(
            Thing.CORRECTION, str(number), entry, frozenset({role}) if role else frozenset(definition.roles) - {CLOCK}
        )


def _changes(agreement: Agreement, definition: ProcessDefinition) -> Iterator[OpenThing]:
    for deadline, change in _changes_that_wait(agreement, definition):
        rule = definition.deadlines[deadline.rule]
        rules = (rule.pause, rule.extend, rule.move)
        by = frozenset[str]().union(*(each.by for each in rules if each is not None))
        yield OpenThing(Thing.CHANGE, f"{_name(deadline)}/{change.number}", change.actor, change.on, by)


def _changes_that_wait(agreement: Agreement, definition: ProcessDefinition) -> Iterator[tuple[Deadline, Change]]:
    changes = changes_by_deadline(agreement.history)
    for deadline in _open(agreement, definition):
        yield from ((deadline, each) for each in pending(changes.get(deadline.key, ())))


def _open(agreement: Agreement, definition: ProcessDefinition) -> Iterator[Deadline]:
    return (each for each in agreement.deadlines if each.is_open and each.rule in definition.deadlines)


def _of(thing: Thing, name: str, entry: HistoryEntry, roles: frozenset[str]) -> OpenThing:
    return OpenThing(thing, name, entry.actor, entry.effective_on, roles)


def _name(deadline: Deadline) -> str:
    return f"{deadline.rule}/{deadline.occurrence}"


def waits_for(agreement: Agreement, definition: ProcessDefinition, actor: Actor, today: date) -> list[OpenThing]:
    """What waits for a role of the actor's: to be answered, confirmed or acknowledged. It is everybody's of the role, and passes
    to nobody by name.
    """
    if agreement.annulled_on is not None:
        return []
    rounds, said = rounds_of(agreement.history, definition), acknowledgements_by_deadline(agreement.history)
    found = [
        *(
            _of(Thing.CONSULTATION, str(each.number), each.asked_in, frozenset({each.asked.role}))
            for each in rounds.consultations.values()
            if each.given is None and _is_open(rounds, each.asked)
        ),
        *(
            _of(Thing.CORRECTION, str(number), entry, frozenset(asked.second))
            for number, (entry, asked) in corrections_pending(agreement.history).items()
        ),
        *(
            OpenThing(Thing.CHANGE, f"{_name(deadline)}/{each.number}", each.actor, each.on, frozenset({each.second}))
            for deadline, each in _changes_that_wait(agreement, definition)
        ),
        *(
            OpenThing(
                Thing.ACKNOWLEDGEMENT,
                _name(each),
                "",
                each.warn_on or today,
                frozenset(definition.deadlines[each.rule].told),
            )
            for each in _open(agreement, definition)
            if each.warn_on is not None and each.warn_on <= today
            if each.key not in said or said[each.key].acknowledged is None
        ),
    ]
    return [each for each in found if each.roles & actor.roles and not actor.is_called(each.person)]


def _is_open(rounds: Rounds, asked: OnConsultation) -> bool:
    this = rounds.open(asked.round)
    return this is not None and asked.number in this.consultations


def decide(
    agreement: Agreement,
    definition: ProcessDefinition,
    thing: OpenThing,
    asked: Asked,
    actor: Actor,
    *,
    holds: frozenset[str],
    supervises: bool,
) -> tuple[HandedOver | Acknowledged, list[Sentence]]:
    """What is written of handing it over, accepting or declining it, and every reason against it.

    `holds` are the roles of whoever it is handed over to.
    """
    reason = asked.reason.strip()
    match asked.act:
        case Act.HAND_OVER:
            said = HandedOver(thing.thing, thing.name, Handing.HAND_OVER, thing.person, asked.to, reason)
            return said, list(_against_handing_over(definition, thing, asked.to, actor, holds, supervises))
        case Act.DECLINE:
            declined = HandedOver(thing.thing, thing.name, Handing.DECLINE, thing.person, "", reason)
            return declined, [] if reason else [Sentence("Give the reason.")]
        case _:
            return _accepted(agreement, thing, actor), list(_not_one_of(definition, thing.roles, actor.key, holds))


def _against_handing_over(
    definition: ProcessDefinition,
    thing: OpenThing,
    to: str,
    actor: Actor,
    holds: frozenset[str],
    supervises: bool,
) -> Iterator[Sentence]:
    if not actor.is_called(thing.person) and not supervises:
        values = {"person": actor.key, "role": _labels(definition, thing.roles)}
        yield Sentence("{person} is no supervisor of the office of {role}.", values)
    yield from _not_one_of(definition, thing.roles, to, holds)


def _not_one_of(
    definition: ProcessDefinition, roles: frozenset[str], person: str, holds: frozenset[str]
) -> Iterator[Sentence]:
    if not roles & holds:
        yield Sentence("{person} is not {roles} here.", {"person": person, "roles": _labels(definition, roles)})


def _labels(definition: ProcessDefinition, roles: frozenset[str]) -> Sequence[object]:
    return [definition.roles[role].label for role in sorted(roles) if role in definition.roles]


def _accepted(agreement: Agreement, thing: OpenThing, actor: Actor) -> HandedOver | Acknowledged:
    """Whoever takes an acknowledgement on acknowledges; nothing else says so."""
    if thing.thing is not Thing.ACKNOWLEDGEMENT:
        return HandedOver(thing.thing, thing.name, Handing.ACCEPT, actor.key)
    deadline = next(each for each in agreement.deadlines if _name(each) == thing.name)
    return Acknowledged(deadline.key, deadline.due_on)

"""Handing over all that somebody has in hand, in one act; and accepting it, item by item or as a whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.history import Way
from twinflow.domain.alerts.incident import Trouble
from twinflow.domain.people.duties import Act, Asked, Duty, duties_of, role_waited_for
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import Label
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import Refused, TwinflowError, UnreadableAgreement
from twinflow.sentences import Sentence
from twinflow.services.agreements.acting import as_viewer
from twinflow.services.people.queues import act_in
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked


@dataclass(frozen=True, slots=True)
class InHand:
    """What somebody has in hand of a case: the role, since when, and to whom it is handed over, where it is."""

    reference: str
    title: str
    state: Label
    role: str
    person: str
    since: date
    to: str


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
) -> list[InHand]:
    """Hand over all that `giver`, a person or all people of an office, has in hand to `to`; what it was.

    Themselves do it, or a supervisor of the office.

    Raises NotFound, BadInput for its texts, and Refused with every reason: then nothing is handed over.
    """
    asked = checked(Asked(Act.HAND_OVER, reason, people.person(to).key))
    return _all_in_one(engine, rulebook, people, asked, person, door, now, givers=_givers(people, giver, asked.to))


def _givers(people: People, giver: str, to: str) -> frozenset[str]:
    """The person, or whoever was ever given a role in the office; the successor goes on with what is theirs."""
    if giver in people.offices and giver not in people.people:
        there = (key for key, each in people.people.items() if any(role.office == giver for role in each.assignments))
        return frozenset(there) - {to}
    return frozenset({people.person(giver).key})


def accept(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    references: Sequence[str],
    *,
    person: str,
    door: Way,
    now: datetime,
) -> list[InHand]:
    """Take in hand what was handed over to the person: all of it, or that of these agreements. Raises as `hand_over`."""
    wanted = frozenset(references)
    return _all_in_one(engine, rulebook, people, Asked(Act.ACCEPT), person, door, now, wanted=wanted)


def _all_in_one(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    asked: Asked,
    person: str,
    door: Way,
    now: datetime,
    *,
    givers: frozenset[str] | None = None,
    wanted: frozenset[str] = frozenset(),
) -> list[InHand]:
    who, done, reasons = people.person(person), list[InHand](), list[Sentence]()
    viewer = as_viewer(people, who, now)
    with UnitOfWork(engine) as work:
        held = [
            each
            for each in _in_hand(work, rulebook)
            if (each.to == who.key if givers is None else each.person in givers)
            and work.agreements.sees(viewer, each.reference)
        ]
        chosen = [each for each in held if not wanted or each.reference in wanted]
        missing = sorted(wanted - {each.reference for each in held})
        reasons += [
            Sentence("{reference} is not handed over to {person}.", {"reference": each, "person": who.key})
            for each in missing
        ]
        for each in chosen:
            try:
                act_in(work, rulebook, people, each.reference, asked, who, door, now)
                done.append(each)
            except Refused as refused:
                reasons += [Sentence("{reference}: {why}", {"reference": each.reference, "why": list(refused.reasons)})]
        if not chosen and not reasons:
            reasons.append(Sentence("There is nothing to hand over or to accept."))
        if reasons:
            raise Refused("Nothing was handed over or accepted.", tuple(reasons))
        work.commit()
    return done


def in_hand_of(engine: Engine, rulebook: Rulebook, person: str) -> list[InHand]:
    """What somebody has in hand."""
    with UnitOfWork(engine, reading=True) as work:
        return [each for each in _in_hand(work, rulebook) if each.person == person]


def left_behind(engine: Engine, rulebook: Rulebook, people: People) -> list[Trouble]:
    """What those who are disabled still have in hand."""
    disabled = {key for key, person in people.people.items() if person.disabled}
    if not disabled:
        return []
    with UnitOfWork(engine, reading=True) as work:
        return [_left_behind(each) for each in _in_hand(work, rulebook) if each.person in disabled]


def _left_behind(each: InHand) -> Trouble:
    values = {"reference": each.reference, "person": each.person}
    said = Sentence("{reference}: {person} is disabled and still has it in hand; hand it over.", values)
    return Trouble(f"{each.reference}/in hand of {each.person}", said, each.reference)


def _in_hand(work: UnitOfWork, rulebook: Rulebook) -> Iterator[InHand]:
    """All duties that somebody has in hand; those of agreements that cannot be read are left out."""
    for agreement in work.agreements.load(work.duties.ever_taken()):
        if isinstance(agreement, UnreadableAgreement):
            continue
        try:
            definition = rulebook.definition_of(agreement)
        except TwinflowError:
            continue
        role = role_waited_for(agreement, definition)
        duty: Duty | None = duties_of(agreement.history).get(role or "")
        if role is not None and duty is not None:
            state = definition.states[agreement.state].label
            yield InHand(agreement.reference, agreement.title, state, role, duty.person, duty.on, duty.to)

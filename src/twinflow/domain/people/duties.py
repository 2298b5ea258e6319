"""A duty is a role in a case that waits for it. Who has it in hand, until when it is put aside, and who may say so.

All of it follows from the history since the case came into its state: it ends by itself when the case leaves the state.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import DutyTaken, OfficeMove
from twinflow.domain.agreement.history import HistoryEntry, Way
from twinflow.domain.people.people import Actor
from twinflow.domain.people.viewer import SUPERVISOR
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.sentences import Sentence


class Act(StrEnum):
    CLAIM = "claim"
    TAKE_OVER = "take-over"
    RELEASE = "release"
    ASSIGN = "assign"
    PUT_ASIDE = "put-aside"
    TAKE_BACK = "take-back"
    HAND_OVER = "hand-over"
    ACCEPT = "accept"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Duty:
    """Who has it, since when, and the day on which it comes back where it is put aside.

    `to` is the successor to whom it is handed over, and who has not accepted it yet.
    """

    person: str
    on: date
    until: date | None = None
    to: str = ""

    def is_aside(self, today: date) -> bool:
        return self.until is not None and today < self.until


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks of a duty: `to` whom it is assigned, or the day until which it is put aside."""

    act: Act
    reason: str = ""
    to: str = ""
    until: date | None = None


def since_it_came_here(history: Sequence[HistoryEntry]) -> Sequence[HistoryEntry]:
    moves = [n for n, entry in enumerate(history) if entry.to_state is not None and entry.from_state != entry.to_state]
    return history[moves[-1] :] if moves else history


def duties_of(history: Sequence[HistoryEntry]) -> Mapping[str, Duty]:
    """Who has the duties of a case in hand, by role."""
    found: dict[str, Duty] = {}
    for entry in since_it_came_here(history):
        said, moved = DutyTaken.read(entry), OfficeMove.accepted(entry)
        if moved is not None:
            found = {role: duty for role, duty in found.items() if not {duty.person, duty.to} & set(moved.ended)}
        if said is not None and said.person:
            found[said.role] = Duty(said.person, entry.effective_on, said.until, said.to)
        elif said is not None:
            found.pop(said.role, None)
    return found


def in_hand(history: Sequence[HistoryEntry]) -> Mapping[str, str]:
    """Who has the duties of a case in hand, by role; empty for one that is handed over and that nobody has accepted yet."""
    return {role: "" if duty.to else duty.person for role, duty in duties_of(history).items()}


def role_waited_for(agreement: Agreement, definition: ProcessDefinition) -> str | None:
    """The role whose duty it is now; None where nobody is waited for."""
    role = definition.states[agreement.state].waits_for
    return role if role in definition.roles and agreement.annulled_on is None else None


def in_the_hands_of_another(
    agreement: Agreement, definition: ProcessDefinition, by: frozenset[str], actor: Actor
) -> Sentence | None:
    """That a step is another's to take: it is the duty of a role that somebody else has in hand."""
    role = role_waited_for(agreement, definition)
    duty = duties_of(agreement.history).get(role or "")
    if role is None or duty is None or role not in by or actor.is_called(duty.person) or not actor.roles & by <= {role}:
        return None
    values = {"person": duty.person, "day": duty.on, "reference": agreement.reference}
    return Sentence(
        "{person} has it in hand since {day}; take it over first "
        "(twinflow queue take-over {reference} --as PERSON --reason WHY), or let them act.",
        values,
    )


def decide(
    agreement: Agreement,
    definition: ProcessDefinition,
    asked: Asked,
    actor: Actor,
    today: date,
    *,
    holders: Iterable[str],
    supervises: bool,
) -> tuple[DutyTaken | None, list[Sentence]]:
    """What is written of the act, and every reason against it. `holders` hold the role today."""
    role = role_waited_for(agreement, definition)
    if role is None:
        return None, [Sentence("It waits for nobody.")]
    among, there = frozenset(holders), duties_of(agreement.history).get(role)
    reasons = [
        *_of_the_person(definition.roles[role].label, asked, actor, there, role in actor.roles, supervises),
        *_of_what_is_asked(definition.roles[role].label, asked, there, among, today),
    ]
    to = asked.to if asked.act is Act.HAND_OVER else ""
    return DutyTaken(role, asked.act.value, *_left(asked, actor, there), asked.reason.strip(), to), reasons


def way_of(actor: Actor, roles: Iterable[str], act: Act, holder: str, supervises: str | None) -> Way | None:
    """The way of who did it: in one of the roles, or as their supervisor; `supervises` is for whom they are that."""
    way = actor.way_in(roles)
    for_another = not actor.is_called(holder) and act in (Act.HAND_OVER, Act.RELEASE, Act.TAKE_BACK)
    if way is None or supervises is None or not (act is Act.ASSIGN or for_another):
        return way
    return replace(way, role=SUPERVISOR, acts_for="" if supervises == actor.key else supervises)


def _left(asked: Asked, actor: Actor, there: Duty | None) -> tuple[str, date | None]:
    match asked.act:
        case Act.RELEASE:
            return "", None
        case Act.ASSIGN:
            return asked.to, None
        case Act.HAND_OVER | Act.DECLINE:
            return (there.person, there.until) if there is not None else ("", None)
        case Act.PUT_ASIDE:
            return there.person if there is not None else actor.key, asked.until
        case Act.TAKE_BACK:
            return there.person if there is not None else actor.key, None
        case Act.CLAIM | Act.TAKE_OVER | Act.ACCEPT:
            return actor.key, None


def _of_the_person(
    label: object, asked: Asked, actor: Actor, there: Duty | None, holds: bool, supervises: bool
) -> Iterable[Sentence]:
    has_it = there is not None and actor.is_called(there.person)
    if asked.act is Act.ASSIGN or (asked.act is Act.HAND_OVER and not has_it):
        if not supervises:
            yield Sentence("{person} is no supervisor of the office of {role}.", {"person": actor.key, "role": label})
    elif asked.act is Act.HAND_OVER:
        return
    elif there is not None and there.to and asked.act in (Act.ACCEPT, Act.DECLINE) and not actor.is_called(there.to):
        yield Sentence("It is handed over to {person}.", {"person": there.to})
    elif asked.act is Act.DECLINE:
        return
    elif not holds and not (supervises and asked.act is Act.RELEASE):
        yield Sentence("{person} is not {roles} here.", {"person": actor.key, "roles": [label]})
    elif there is not None and (asked.act is Act.CLAIM or (asked.act is Act.PUT_ASIDE and not has_it)):
        yield Sentence("{person} has it in hand since {day}.", {"person": there.person, "day": there.on})
    elif asked.act in (Act.RELEASE, Act.TAKE_BACK) and not has_it and not supervises:
        yield Sentence("{person} does not have it in hand.", {"person": actor.key})


def _of_what_is_asked(
    label: object, asked: Asked, there: Duty | None, holders: frozenset[str], today: date
) -> Iterable[Sentence]:
    match asked.act:
        case Act.ASSIGN | Act.HAND_OVER if asked.to not in holders:
            yield Sentence("{person} is not {roles} here.", {"person": asked.to, "roles": [label]})
        case Act.ACCEPT | Act.DECLINE if there is None or not there.to:
            yield Sentence("It is not handed over.")
        case Act.RELEASE | Act.TAKE_OVER | Act.HAND_OVER if there is None:
            yield Sentence("Nobody has it in hand.")
        case Act.PUT_ASIDE if asked.until is None or asked.until <= today:
            yield Sentence("{day} is not after today.", {"day": asked.until or today})
        case Act.TAKE_BACK if there is None or not there.is_aside(today):
            yield Sentence("It is not put aside.")
    if asked.act in (Act.TAKE_OVER, Act.PUT_ASIDE, Act.DECLINE) and not asked.reason.strip():
        yield Sentence("Give the reason.")

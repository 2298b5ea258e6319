"""Telling that something has changed hands: the successor, and everybody whose it was or who did it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import Acknowledged, DutyTaken, HandedOver, Thing
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.present_names import numbered
from twinflow.domain.alerts.alerts import HANDED_OVER, IN_OTHER_HANDS, about_hands
from twinflow.domain.alerts.recipients import Audience, recipients_of
from twinflow.domain.people.duties import Act, duties_of
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import SUPERVISOR
from twinflow.domain.process.definition import LIAISON, ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.services.alerts.telling import write
from twinflow.storage.unit_of_work import UnitOfWork

TOLD_OF = {Act.ASSIGN, Act.TAKE_OVER, Act.RELEASE}
"""What is done to a duty that another may have."""


def tell_of_act(
    work: UnitOfWork, rulebook: Rulebook, people: People, agreement: Agreement, entry: HistoryEntry, now: datetime
) -> None:
    """Whoever had the duty, and who has it then, hears of what another did about it. `agreement` is as before."""
    said = DutyTaken.read(entry)
    before = duties_of(agreement.history).get(said.role) if said is not None else None
    if said is not None and said.act in TOLD_OF:
        concerned = {said.person, *((before.person, before.to) if before is not None else ())}
        tell(work, rulebook, people, agreement, IN_OTHER_HANDS, concerned - {entry.actor}, now)


def tell_handed_over(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    agreement: Agreement,
    entries: Sequence[HistoryEntry],
    to: str,
    now: datetime,
) -> None:
    """The successor of what waits for them; whose it was, and the deputies of its roles, that it was handed over."""
    actor = entries[0].actor
    definition, today = rulebook.definition_of(agreement), people.today(agreement.office, now)
    givers = {said.person for each in entries if (said := DutyTaken.read(each) or HandedOver.read(each)) is not None}
    roles = {said.role for each in entries if (said := DutyTaken.read(each)) is not None}
    deputies = {definition.roles[role].deputy for role in roles} - {None}
    standing_by = {
        person.key
        for role in deputies
        if role is not None
        for person in people.holders_for(definition, role, agreement.office, today)
    }
    tell(work, rulebook, people, agreement, HANDED_OVER, {to}, now)
    tell(work, rulebook, people, agreement, IN_OTHER_HANDS, {*givers, *standing_by} - {actor, to}, now)


def tell_answered(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    agreement: Agreement,
    entries: Sequence[HistoryEntry],
    now: datetime,
) -> None:
    """Whoever handed over what was accepted or declined, and whose it was. `agreement` is as before."""
    to, what = entries[0].actor, {_named(each) for each in entries}
    handed = [each for each in agreement.history if _named(each) in what and _hands_to(each) == to]
    last = {_named(each): each for each in handed}
    givers = {
        said.person for each in last.values() if (said := DutyTaken.read(each) or HandedOver.read(each)) is not None
    }
    actors = {each.actor for each in last.values()}
    tell(work, rulebook, people, agreement, IN_OTHER_HANDS, (givers | actors) - {to}, now)


def _named(entry: HistoryEntry) -> tuple[str, str]:
    """What the entry hands over or answers."""
    duty, handed, acknowledged = DutyTaken.read(entry), HandedOver.read(entry), Acknowledged.read(entry)
    if duty is not None:
        return "duty", duty.role
    if acknowledged is not None:
        return Thing.ACKNOWLEDGEMENT.value, "{}/{}".format(*acknowledged.key)
    return (handed.thing.value, handed.name) if handed is not None else ("", "")


def _hands_to(entry: HistoryEntry) -> str:
    said = DutyTaken.read(entry) or HandedOver.read(entry)
    return said.to if said is not None else ""


def tell(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    agreement: Agreement,
    notice: str,
    persons: Iterable[str],
    now: datetime,
) -> None:
    """Those of the people who have to do with the case, of the entry that is written next to it. `agreement` is as before."""
    definition, today = rulebook.definition_of(agreement), people.today(agreement.office, now)
    known = [each for each in sorted(persons) if each in people.people and not people.is_disabled(each)]
    roles = {each: _role_of(people, definition, agreement.office, each, now) for each in known}
    readers = recipients_of(people, {each: role for each, role in roles.items() if role}, today)
    if readers:
        telling = about_hands(notice, len(numbered(agreement.history)) + 1, today)
        agreement_id = work.agreements.id_of(agreement.reference)
        audience = Audience(tuple(readers), (), nobody=False)
        write(work, rulebook, people, agreement_id, telling, audience, now)


def _role_of(people: People, definition: ProcessDefinition, office: str, person: str, now: datetime) -> str:
    """The role in which somebody has to do with the cases of the office; empty where they have nothing to do with them."""
    today = people.today(office, now)
    actor = people.actor(people.person(person), definition, office, today)
    if actor.roles:
        return min(actor.roles, key=lambda role: (role != LIAISON, role))
    kinds = {role.office_on(today) for role in definition.roles.values()} - {None}
    offices = {each for kind in kinds if kind is not None for each in people.offices_of(kind, office)}
    return SUPERVISOR if any(people.whose(person, SUPERVISOR, each, today) for each in offices) else ""

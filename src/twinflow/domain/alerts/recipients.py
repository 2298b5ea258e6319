"""Who is told: the people of a role, and those who stand in while one of them is away."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from twinflow.domain.agreement.subject import SubjectKind
from twinflow.domain.alerts.telling import Telling
from twinflow.domain.deadlines.warnings import LevelKey
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import ProcessDefinition

NOBODYS: Mapping[str, str] = {}
"""Nobody has a duty in hand."""

WHOEVER_HAS_IT = frozenset({SubjectKind.CHANGE, SubjectKind.CORRECTION, SubjectKind.HANDS})
"""Told whoever has the duty in hand: what waits for another person than the one who asked, and that it has changed hands."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets what is told, and for which role; `stands_for` is the person in whose absence it comes to this one."""

    person: str
    role: str
    stands_for: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is to be told now, by key, and which of the roles nobody holds. `nobody`: no role is held at all."""

    recipients: tuple[Recipient, ...]
    vacant: tuple[str, ...]
    nobody: bool


@dataclass(frozen=True, slots=True)
class AlreadyTold:
    """What was told of one subject: to whom at which level, and the day of each level that was told to anybody.

    `people` has (level, person) pairs, of an absent person also what was told to the delegate.
    """

    people: frozenset[tuple[str, str]] = frozenset()
    levels: Mapping[LevelKey, date] = field(default_factory=dict)

    def has_heard(self, level: str) -> bool:
        """Whether anybody was told of the level."""
        return LevelKey.parse(level) in self.levels

    def and_now(self, telling: Telling, audience: Audience) -> "AlreadyTold":
        """With what the audience is told now."""
        heard = {who for each in audience.recipients for who in (each.person, each.stands_for) if who}
        levels = {**self.levels, LevelKey.parse(telling.level): telling.effective_on}
        return AlreadyTold(self.people | {(telling.level, who) for who in heard}, levels)


def audience_of(
    people: People,
    definition: ProcessDefinition,
    office: str,
    telling: Telling,
    today: date,
    told: Container[tuple[str, str]],
    in_hand: Mapping[str, str] = NOBODYS,
) -> Audience:
    """Who is to be told on the day, of a case that `office` keeps.

    `told` has the (level, person) pairs of those who were, or whose delegate was. `in_hand` names who has the duty of a role
    in hand: while they hold the role, they alone are told in it. Where it is handed over and not accepted yet (empty), all of
    the role are, and its deputy too.
    """
    in_hand = NOBODYS if telling.subject.kind in WHOEVER_HAS_IT else in_hand
    if telling.person:
        in_hand = {**in_hand, **dict.fromkeys(telling.roles, telling.person)}
    _, vacant = holders_of(people, definition, office, telling.roles, today)
    holders = holders_now(people, definition, office, telling.roles, today, in_hand)
    heard = {person for person in holders if person in telling.held or (telling.level, person) in told}
    recipients = [
        each
        for each in recipients_of(people, {who: role for who, role in holders.items() if who not in heard}, today)
        if (telling.level, each.person) not in told
    ]
    return Audience(tuple(recipients), vacant, nobody=not holders)


def holders_now(
    people: People,
    definition: ProcessDefinition,
    office: str,
    roles: Iterable[str],
    today: date,
    in_hand: Mapping[str, str],
) -> dict[str, str]:
    """Who is told in the roles, each with the first of them: of a role whose duty is in hand, who has it."""
    roles = tuple(roles)
    handed_over = (definition.roles[role].deputy for role in roles if in_hand.get(role) == "")
    deputies = tuple(deputy for deputy in handed_over if deputy is not None and deputy not in roles)
    holders, _ = holders_of(people, definition, office, roles, today)
    standing_by, _ = holders_of(people, definition, office, deputies, today)
    return {**standing_by, **_without_others(holders, in_hand)}


def is_anothers(
    people: People,
    definition: ProcessDefinition,
    office: str,
    role: str,
    who: str,
    today: date,
    in_hand: Mapping[str, str],
) -> bool:
    """Whether what was told to somebody in a role is told to another by now, who has its duty in hand."""
    holder = in_hand.get(role, "")
    if holder in ("", who) or role not in definition.roles:
        return False
    return any(each.key == holder for each in people.holders_for(definition, role, office, today))


def _without_others(holders: Mapping[str, str], in_hand: Mapping[str, str]) -> dict[str, str]:
    claimed = {role: who for role, who in in_hand.items() if holders.get(who) == role}
    return {who: role for who, role in holders.items() if claimed.get(role, who) == who}


def holders_of(
    people: People, definition: ProcessDefinition, office: str, roles: Iterable[str], today: date
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Who holds the roles for cases of `office` on the day, each person with the first role held; the roles nobody holds."""
    holders: dict[str, str] = {}
    vacant: list[str] = []
    for role in roles:
        found = people.holders_for(definition, role, office, today)
        if not found:
            vacant.append(role)
        for person in found:
            holders.setdefault(person.key, role)
    return holders, tuple(vacant)


def recipients_of(people: People, holders: Mapping[str, str], today: date) -> list[Recipient]:
    """Who gets what the holders of roles are told, by key: themselves, or who gets their mail while they are away.

    Who has a role of their own is told once, for that role; of several people stood in for, the first is named.
    """
    found: dict[str, Recipient] = {}
    for person, role in sorted(holders.items()):
        who = people.stand_in(person, today)
        known = found.get(who, Recipient(who, holders.get(who, role)))
        found[who] = known if who == person or known.stands_for else replace(known, stands_for=person)
    return [found[who] for who in sorted(found)]

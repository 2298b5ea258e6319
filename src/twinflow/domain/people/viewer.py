"""Who is asking, as one value: what is shown, and what is written of an act, follow from it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from twinflow.domain.people.people import People

ADMINISTRATOR = "administrator"
"""Looks after people and offices; sees no case by it."""
AUDITOR = "auditor"
"""Sees everything of the office, and does nothing."""

SUPERVISOR = "supervisor"
"""Gives what waits in the office to those who are there."""


class Door(StrEnum):
    """By which way somebody came."""

    PAGE = "page"
    SHELL = "shell"
    LINK = "link"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Held:
    """A role held today in an office; the office's kind and country say which cases of others come to it."""

    role: str
    office: str
    kind: str
    country: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking, through which door, with the roles that hold today. `person` is None for the operator and the clock.

    `sees_everything` is true of the clock, and of what only reads through the shell.
    `machine_user` is the user of the machine who works at the shell.
    """

    person: str | None
    door: Door
    held: frozenset[Held] = frozenset()
    sees_everything: bool = False
    machine_user: str = ""


OPERATOR = Viewer(None, Door.SHELL, sees_everything=True)
CLOCK_VIEWER = Viewer(None, Door.CLOCK, sees_everything=True)


def viewer_of(people: People, key: str, now: datetime, door: Door, machine_user: str = "") -> Viewer:
    """The person as who is asking at the instant `now` (UTC); a role holds by the date at its office. Raises NotFound."""
    person = people.person(key)
    held = frozenset(
        Held(role, office, people.offices[office].kind, people.offices[office].country)
        for role, office in people.roles_on(person.key, now)
    )
    return Viewer(person.key, door, held, machine_user=machine_user)

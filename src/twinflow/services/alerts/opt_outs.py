"""Optional notices that a person does not want by mail: switched off with a link from a message, or by key. RFC 8058."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from sqlalchemy import Engine

from twinflow.domain.people.people import People, Person
from twinflow.domain.process.notices import Notice
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import NotFound, Refused
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Choice:
    """What a link from a message is about: its reader, the notices that can be switched off, and those that cannot."""

    person: Person
    optional: tuple[Notice, ...]
    mandatory: tuple[Notice, ...]
    off: frozenset[str]
    since: datetime | None
    """When the message was written: what was off before is not in it."""

    @property
    def all_off(self) -> bool:
        return all(notice.key in self.off for notice in self.optional)


def choice(engine: Engine, rulebook: Rulebook, people: People, token: str) -> Choice:
    """What the link with `token` is about; changes nothing. Raises NotFound where no message has it."""
    with UnitOfWork(engine, reading=True) as work:
        return _choice(work, rulebook, people, token)


def choose(engine: Engine, rulebook: Rulebook, people: People, token: str, now: datetime, *, off: bool) -> Choice:
    """Switch the optional notices of a message off for its reader, or on again; twice does the same as once.

    Raises NotFound where no message has the token. Where all notices of the message are mandatory by now, nothing changes.
    """
    with UnitOfWork(engine) as work:
        found = _choice(work, rulebook, people, token)
        keys = [notice.key for notice in found.optional]
        if off:
            work.opt_outs.switch_off(found.person.key, keys, now)
        else:
            work.opt_outs.switch_on(found.person.key, keys, found.since)
        work.commit()
    return choice(engine, rulebook, people, token)


def _choice(work: UnitOfWork, rulebook: Rulebook, people: People, token: str) -> Choice:
    mailed = work.opt_outs.mailed(hashlib.sha256(token.encode()).hexdigest())
    person = people.people.get(mailed.recipient) if mailed is not None else None
    if mailed is None or person is None:
        raise NotFound("This link is of no message that was sent from here. Was it copied as a whole?")
    notices = [rulebook.notices[key] for key in mailed.notices if key in rulebook.notices]
    return Choice(
        person,
        tuple(notice for notice in notices if notice.optional),
        tuple(notice for notice in notices if not notice.optional),
        work.opt_outs.of(person.key),
        mailed.built_at,
    )


def switched_off(engine: Engine, person: str) -> frozenset[str]:
    """The keys of the notices that the person has switched off."""
    with UnitOfWork(engine, reading=True) as work:
        return work.opt_outs.of(person)


def switch_off(engine: Engine, rulebook: Rulebook, people: People, person: str, notice: str, now: datetime) -> Notice:
    """No mail to the person by this notice from now on. Raises NotFound, or Refused for one that is mandatory."""
    found = _notice(rulebook, people, person, notice)
    if not found.optional:
        raise Refused("“{notice}” cannot be switched off. {because}", notice=found.label, because=found.because)
    with UnitOfWork(engine) as work:
        work.opt_outs.switch_off(person, [notice], now)
        work.commit()
    return found


def switch_on(engine: Engine, rulebook: Rulebook, people: People, person: str, notice: str) -> Notice:
    """Mail by this notice again. Raises NotFound."""
    found = _notice(rulebook, people, person, notice)
    with UnitOfWork(engine) as work:
        work.opt_outs.switch_on(person, [notice])
        work.commit()
    return found


def _notice(rulebook: Rulebook, people: People, person: str, key: str) -> Notice:
    """Raises NotFound for a person or a notice that is not there, with similar names."""
    people.person(person)
    if key in rulebook.notices:
        return rulebook.notices[key]
    near = get_close_matches(key, rulebook.notices, n=3) or sorted(rulebook.notices)
    raise NotFound("There is no notice {notice}; there are {notices}.", notice=key, notices=near)

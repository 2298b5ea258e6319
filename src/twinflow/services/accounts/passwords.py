"""Links to set a password with: asked for, made, looked at, used."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.accounts.account import Account, mistake_of_password
from twinflow.domain.accounts.limits import LIMITS, Action
from twinflow.domain.accounts.links import LetterKind, LinkKind
from twinflow.domain.people.people import People, Person, one_address
from twinflow.errors import BadInput, NotFound, Refused
from twinflow.sentences import Problem
from twinflow.services.accounts.hashing import hashed, new_token, password_hash
from twinflow.services.accounts.signing_in import Client, count_tries
from twinflow.storage.unit_of_work import UnitOfWork

LONGEST_ADDRESS = 254
"""RFC 5321, section 4.5.3.1.3, without its angle brackets."""


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that is good, and whose it is."""

    kind: LinkKind
    person: Person


def ask_for_reset(engine: Engine, mail: str, client: Client, now: datetime) -> None:
    """Ask for a letter to whoever has the address. The same is done whether anybody has it.

    Raises TooManyTries by the address on the network that asks.
    """
    address = one_address(mail)[:LONGEST_ADDRESS]
    count_tries(engine, Action.RESET_FROM, client.address, now)
    if count_tries(engine, Action.RESET, address, now) <= LIMITS[Action.RESET].most:
        with UnitOfWork(engine) as work:
            work.accounts.ask_letter(LetterKind.RESET, address, now)
            work.commit()


def invite(engine: Engine, people: People, key: str, now: datetime, *, by_mail: bool) -> str:
    """Let a person set a password: asks for a letter, or gives the token of a link. Raises NotFound, and Refused where
    the person has an account that is used, or is disabled.
    """
    person = people.person(key)
    if person.disabled:
        raise Refused("{person} is disabled; see “twinflow people enable {person}”.", person=person.key)
    with UnitOfWork(engine) as work:
        account = work.accounts.to_change(person.key)
        if account is not None and account.password_hash:
            raise Refused(
                "{person} has an account already; a new password is asked for on the sign-in page.", person=key
            )
        if account is None:
            work.accounts.put(Account(person.key))
        token = "" if by_mail else make_link(work, LinkKind.INVITATION, person.key, now)
        if by_mail:
            work.accounts.ask_letter(LetterKind.INVITATION, person.address, now)
        work.commit()
    return token


def make_link(work: UnitOfWork, kind: LinkKind, person: str, now: datetime) -> str:
    """The token of a new link, within a transaction: known now and never again."""
    token = new_token()
    work.accounts.add_link(kind, person, hashed(token), now)
    return token


def look_at(engine: Engine, people: People, token: str, now: datetime) -> OpenLink:
    """What a link is for; changes nothing. Raises NotFound for one that never was, Refused for one that is none any more."""
    with UnitOfWork(engine, reading=True) as work:
        return _open(work, people, token, now)


def set_password(engine: Engine, people: People, token: str, password: str, now: datetime) -> Person:
    """Use a link up: the password counts from now on, every session ends, and what locked the account by tries is gone.

    Raises as `look_at`, and BadInput for a password that is none.
    """
    person = look_at(engine, people, token, now).person
    mistake = mistake_of_password(password, person)
    if mistake is not None:
        raise BadInput("The password cannot be used.", (Problem("password", mistake),))
    kept = password_hash(password)
    with UnitOfWork(engine) as work:
        _open(work, people, token, now)
        if not work.accounts.use_link(hashed(token), now):
            raise _used()
        account = work.accounts.to_change(person.key) or Account(person.key)
        work.accounts.put(replace(account, password_hash=kept, locked_until=None))
        work.accounts.forget_tries(Action.SIGN_IN, hashed(person.address))
        work.accounts.end_sessions(person.key, now)
        work.commit()
    return person


def _open(work: UnitOfWork, people: People, token: str, now: datetime) -> OpenLink:
    link = work.accounts.link(hashed(token))
    account = work.accounts.get(link.person) if link is not None else None
    if link is None or account is None:
        raise NotFound("This link is not of here. Was it copied as a whole?")
    person = people.people.get(link.person)
    if person is None or person.disabled or account.locked or not link.is_good(now):
        raise _used()
    return OpenLink(link.kind, person)


def _used() -> Refused:
    return Refused("This link was used, or is too old. Ask for a new one.")

"""Sign in and out. Whatever is wrong is answered alike, and takes as long, whether there is such an account or not."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.accounts.account import LONGEST_PASSWORD, Account
from twinflow.domain.accounts.limits import LIMITS, LOCKED_FOR, Action
from twinflow.domain.accounts.links import LetterKind
from twinflow.domain.accounts.provider import Vouched
from twinflow.domain.accounts.second_factor import accepted_counter, needs_second_factor, secret_of
from twinflow.domain.accounts.sessions import LONGEST, Session, WaitsFor
from twinflow.domain.people.people import People, Person, one_address
from twinflow.domain.people.viewer import Door, viewer_of
from twinflow.errors import NotFound, Refused, TooManyTries
from twinflow.sentences import Sentence
from twinflow.services.accounts.hashing import hashed, is_right, new_token
from twinflow.storage.unit_of_work import UnitOfWork

WRONG = Sentence(
    "The address and the password do not belong together, or the account is locked for a while after too many tries."
)
LONGEST_AGENT = 200
SILENT = (Action.SIGN_IN, Action.RESET)
"""What is told nobody at the door: that an account is locked, or that a letter is on its way already."""


@dataclass(frozen=True, slots=True)
class Client:
    """From where somebody asks: the address on the network, and what the browser says that it is."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that was just begun: its token is known now and never again."""

    token: str
    session: Session


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is signed in, by a session that holds."""

    session: Session
    account: Account


def sign_in(engine: Engine, people: People, mail: str, password: str, client: Client, now: datetime) -> NewSession:
    """Begin a session. Raises Refused with one sentence for everything that is wrong, and TooManyTries by the address that asks.

    The tenth wrong password locks the account for a while, which its person is told by mail.
    """
    address = one_address(mail)
    tries = _count(engine, Action.SIGN_IN, address, client, now)
    person, account = _account_of(engine, people, address)
    right = is_right(password[:LONGEST_PASSWORD], account.password_hash if account is not None else "")
    may = right and account is not None and not account.is_locked(now) and tries <= LIMITS[Action.SIGN_IN].most
    if person is None or person.disabled or account is None or not may:
        if tries == LIMITS[Action.SIGN_IN].most:
            _lock(engine, address, person, now)
        raise Refused(WRONG.template)
    with UnitOfWork(engine) as work:
        work.accounts.forget_tries(Action.SIGN_IN, hashed(address))
        new = begin_session(work, person.key, client, now, _waits_for(work, people, account, now))
        work.commit()
    return new


def sign_in_vouched(engine: Engine, people: People, said: Vouched, client: Client, now: datetime) -> NewSession:
    """Begin a session of whom a provider vouches for. Raises Refused with one sentence for whoever has no account that is open.

    An account that too many wrong passwords have locked is open here: nobody guesses one at the provider.
    """
    person, account = _account_of(engine, people, one_address(said.mail))
    if person is None or person.disabled or account is None or account.locked:
        raise Refused("Nobody signs in here with this account. Ask an administrator of this service.")
    shown = said.second_factor
    with UnitOfWork(engine) as work:
        waits_for = WaitsFor.NOTHING if shown else _waits_for(work, people, account, now)
        new = begin_session(work, person.key, client, now, waits_for, second_factor=shown)
        work.commit()
    return new


def enter_demonstration(engine: Engine, people: People, key: str, client: Client, now: datetime) -> NewSession:
    """A session of anybody, in books that are marked as a demonstration. Raises NotFound in others."""
    person = people.person(key)
    with UnitOfWork(engine) as work:
        if person.disabled or not work.clock.is_demonstration():
            raise NotFound("There is no demonstration here.")
        if work.accounts.get(person.key) is None:
            work.accounts.put(Account(person.key))
        new = begin_session(work, person.key, client, now, second_factor=True)
        work.commit()
    return new


def begin_session(
    work: UnitOfWork,
    person: str,
    client: Client,
    now: datetime,
    waits_for: WaitsFor = WaitsFor.NOTHING,
    *,
    second_factor: bool = False,
) -> NewSession:
    """A session of the person, within a transaction. `second_factor`: one was shown."""
    token = new_token()
    agent = client.user_agent[:LONGEST_AGENT]
    session = Session(hashed(token), person, now, now, now + LONGEST, agent, waits_for, second_factor=second_factor)
    work.accounts.add_session(session)
    return NewSession(token, session)


def signed_in(engine: Engine, people: People, token: str, now: datetime) -> Present | None:
    """The session that a browser holds; None if it is none, or none any more.

    It waits for a second factor from when its person needs one, by a new role or because an office begins to ask for it.
    """
    with UnitOfWork(engine, reading=True) as work:
        session = work.accounts.session(hashed(token))
        if session is None or not session.holds(now):
            return None
        account = open_account(work, people, session.person)
        if account is None:
            return None
        if not session.second_factor and session.waits_for is WaitsFor.NOTHING and _needs(people, account, now):
            session = replace(session, waits_for=_waits_for(work, people, account, now))
    if session.is_to_be_noted(now):
        with UnitOfWork(engine) as work:
            work.accounts.note_seen(session.id_hash, now)
            work.commit()
    return Present(session, account)


def open_account(work: UnitOfWork, people: People, key: str) -> Account | None:
    """The account of somebody who is in; None where they have none, it was locked by hand, or they are disabled."""
    account, person = work.accounts.get(key), people.people.get(key)
    is_open = account is not None and not account.locked and person is not None and not person.disabled
    return account if is_open else None


def show_second_factor(
    engine: Engine, key: bytes, session: Session, code: str, client: Client, now: datetime
) -> NewSession:
    """A session in place of one that waited for the second factor, of a new token. `code` may be a recovery code.

    Raises Refused for a wrong code or one that was used, TooManyTries after ten of them.
    """
    _count(engine, Action.SECOND_FACTOR, session.person, client, now)
    with UnitOfWork(engine) as work:
        account = work.accounts.to_change(session.person)
        if account is None or not takes_code(work, key, account, code, now):
            raise Refused("This code is not right, or was used before. Wait for the next one.")
        work.accounts.forget_tries(Action.SECOND_FACTOR, hashed(session.person))
        work.accounts.end_session(session.person, session.id_hash, now)
        new = begin_session(work, session.person, client, now, second_factor=True)
        work.commit()
    return new


def takes_code(work: UnitOfWork, key: bytes, account: Account, code: str, now: datetime) -> bool:
    """Whether it is a code of the second factor, or a recovery code, that has not been used; it is used then."""
    secret = secret_of(key, account.person, account.totp_salt)
    counter = accepted_counter(secret, code, account.last_counter, now)
    if counter is not None and account.has_authenticator:
        return work.accounts.use_counter(account.person, counter)
    return work.accounts.use_recovery_code(account.person, recovery_hash(account.person, code), now)


def recovery_hash(person: str, code: str) -> str:
    """What is kept of a recovery code, however it is typed."""
    return hashed(f"{person}\0{''.join(each for each in code.upper() if each.isalnum())}")


def sign_out(engine: Engine, session: Session, now: datetime) -> None:
    with UnitOfWork(engine) as work:
        work.accounts.end_session(session.person, session.id_hash, now)
        work.commit()


def sessions(engine: Engine, person: str, now: datetime) -> list[Session]:
    """Where the person is signed in, the newest first."""
    with UnitOfWork(engine, reading=True) as work:
        return work.accounts.sessions_of(person, now)


def end_session(engine: Engine, person: str, id_hash: str, now: datetime) -> None:
    """End one of the person's own sessions. Raises NotFound for one that they do not have."""
    with UnitOfWork(engine) as work:
        if not work.accounts.end_session(person, id_hash, now):
            raise NotFound("There is no such session any more.")
        work.commit()


def end_sessions(engine: Engine, people: People, person: str, now: datetime) -> int:
    """End every session of a person; how many that were. Raises NotFound."""
    with UnitOfWork(engine) as work:
        ended = work.accounts.end_sessions(people.person(person).key, now)
        work.commit()
    return ended


def lock(engine: Engine, people: People, person: str, now: datetime) -> None:
    """Nobody signs in as the person until it is unlocked; sessions end. Raises NotFound."""
    _set_locked(engine, people, person, now, locked=True)


def unlock(engine: Engine, people: People, person: str, now: datetime) -> None:
    """Raises NotFound."""
    _set_locked(engine, people, person, now, locked=False)


def _set_locked(engine: Engine, people: People, key: str, now: datetime, *, locked: bool) -> None:
    person = people.person(key)
    with UnitOfWork(engine) as work:
        account = work.accounts.to_change(person.key)
        if account is None:
            raise NotFound("{person} has no account; see “twinflow people invite {person}”.", person=key)
        work.accounts.put(replace(account, locked=locked, locked_until=None))
        work.accounts.forget_tries(Action.SIGN_IN, hashed(person.address))
        work.accounts.forget_tries(Action.SECOND_FACTOR, hashed(person.key))
        if locked:
            work.accounts.end_sessions(person.key, now)
        work.commit()


def count_tries(engine: Engine, action: Action, key: str, now: datetime) -> int:
    """One try more of an action; how many there were in this window. Raises TooManyTries where it is done from one address."""
    with UnitOfWork(engine) as work:
        tries = work.accounts.count(action, hashed(key), now)
        work.commit()
    if action not in SILENT and tries > LIMITS[action].most:
        raise TooManyTries("That was tried too often. Try again in half an hour.")
    return tries


def _count(engine: Engine, action: Action, key: str, client: Client, now: datetime) -> int:
    count_tries(engine, Action.SIGN_IN_FROM, client.address, now)
    return count_tries(engine, action, key, now)


def _account_of(engine: Engine, people: People, address: str) -> tuple[Person | None, Account | None]:
    person = people.of_address(address)
    with UnitOfWork(engine, reading=True) as work:
        return person, work.accounts.get(person.key if person is not None else "")


def _lock(engine: Engine, address: str, person: Person | None, now: datetime) -> None:
    """The letter is asked for whoever the address may be of: that there is nobody is found out when it is to be sent."""
    with UnitOfWork(engine) as work:
        account = work.accounts.to_change(person.key if person is not None else "")
        if account is not None:
            work.accounts.put(replace(account, locked_until=now + LOCKED_FOR))
        work.accounts.ask_letter(LetterKind.LOCKED, address[:LONGEST_AGENT], now)
        work.commit()


def _waits_for(work: UnitOfWork, people: People, account: Account, now: datetime) -> WaitsFor:
    """What a session that has shown no second factor is to show."""
    if work.accounts.has_second_factor(account):
        return WaitsFor.SECOND_FACTOR
    return WaitsFor.ENROLMENT if _needs(people, account, now) else WaitsFor.NOTHING


def _needs(people: People, account: Account, now: datetime) -> bool:
    return needs_second_factor(people, viewer_of(people, account.person, now, Door.PAGE))

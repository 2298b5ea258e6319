"""The second factor of a person: begun, confirmed, taken away; and the codes in its place."""

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.accounts.account import Account
from twinflow.domain.accounts.limits import Action
from twinflow.domain.accounts.second_factor import accepted_counter, secret_of
from twinflow.domain.accounts.sessions import Session
from twinflow.domain.people.people import People
from twinflow.errors import NotFound, Refused
from twinflow.services.accounts.hashing import hashed
from twinflow.services.accounts.signing_in import Client, NewSession, begin_session, count_tries, recovery_hash
from twinflow.storage.unit_of_work import UnitOfWork

CODES = 10
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are taken for each other."""


def account_of(engine: Engine, person: str) -> Account:
    """Raises NotFound."""
    with UnitOfWork(engine, reading=True) as work:
        return _there(work.accounts.get(person), person)


def codes_left(engine: Engine, person: str) -> int:
    with UnitOfWork(engine, reading=True) as work:
        return work.accounts.recovery_codes_left(person)


def begin(engine: Engine, key: bytes, person: str) -> str:
    """The secret to be entered in an authenticator; the same until it is confirmed. Raises Refused where there is one already."""
    with UnitOfWork(engine) as work:
        account = _account(work, person)
        if account.has_second_factor:
            raise Refused("There is a second factor already.")
        if not account.totp_salt:
            account = replace(account, totp_salt=secrets.token_urlsafe(16))
            work.accounts.put(account)
            work.commit()
    return secret_of(key, person, account.totp_salt)


def confirm(
    engine: Engine, key: bytes, session: Session, code: str, client: Client, now: datetime
) -> tuple[NewSession, tuple[str, ...]]:
    """The first code was shown: a session of a new token, and the recovery codes, known now and never again.

    Raises Refused for a code that is not right, TooManyTries after ten of them.
    """
    count_tries(engine, Action.SECOND_FACTOR, session.person, now)
    codes = tuple(_new_code() for _ in range(CODES))
    with UnitOfWork(engine) as work:
        account = _account(work, session.person)
        secret = secret_of(key, account.person, account.totp_salt)
        counter = accepted_counter(secret, code, account.last_counter, now) if account.totp_salt else None
        if counter is None or account.has_second_factor:
            raise Refused("This code is not right, or was used before. Wait for the next one.")
        work.accounts.put(replace(account, confirmed=True, last_counter=counter))
        work.accounts.put_recovery_codes(account.person, [recovery_hash(account.person, each) for each in codes])
        work.accounts.forget_tries(Action.SECOND_FACTOR, hashed(account.person))
        work.accounts.end_sessions(account.person, now)
        new = begin_session(work, account.person, client, now, second_factor=True)
        work.commit()
    return new, codes


def forget(engine: Engine, people: People, person: str, now: datetime) -> None:
    """Somebody has lost the second factor and the codes: both go, and every session ends. Raises NotFound."""
    key = people.person(person).key
    with UnitOfWork(engine) as work:
        account = _account(work, key)
        work.accounts.put(replace(account, totp_salt="", confirmed=False, last_counter=0))
        work.accounts.put_recovery_codes(key, ())
        work.accounts.end_sessions(key, now)
        work.commit()


def _new_code() -> str:
    """80 bits, in four groups."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def _account(work: UnitOfWork, person: str) -> Account:
    return _there(work.accounts.to_change(person), person)


def _there(account: Account | None, person: str) -> Account:
    if account is None:
        raise NotFound("{person} has no account; see “twinflow people invite {person}”.", person=person)
    return account

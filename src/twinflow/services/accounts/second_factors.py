"""The second factor of a person: begun, confirmed, taken away; and the codes in its place."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.accounts.account import LONGEST_PASSWORD, Account
from twinflow.domain.accounts.limits import Action
from twinflow.domain.accounts.passkeys import Passkey
from twinflow.domain.accounts.second_factor import accepted_counter, needs_second_factor, secret_of
from twinflow.domain.accounts.sessions import Session
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import Door, viewer_of
from twinflow.errors import NotFound, Refused
from twinflow.services.accounts.hashing import hashed, is_right
from twinflow.services.accounts.signing_in import (
    Client,
    NewSession,
    begin_session,
    count_tries,
    recovery_hash,
    takes_code,
)
from twinflow.storage.unit_of_work import UnitOfWork

CODES = 10
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are taken for each other."""


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person has beside the password."""

    authenticator: bool
    passkeys: tuple[Passkey, ...]
    codes_left: int

    @property
    def are_there(self) -> bool:
        return self.authenticator or bool(self.passkeys)


def factors_of(engine: Engine, person: str) -> Factors:
    """Raises NotFound."""
    with UnitOfWork(engine, reading=True) as work:
        account = _there(work.accounts.get(person), person)
        passkeys = tuple(work.accounts.passkeys_of(person))
        return Factors(account.has_authenticator, passkeys, work.accounts.recovery_codes_left(person))


def check_none(engine: Engine, person: str) -> None:
    """Raises Refused where the person has a second factor: another is added by showing that it is they."""
    if factors_of(engine, person).are_there:
        raise _already()


def begin(engine: Engine, key: bytes, person: str) -> str:
    """The secret to be entered in an authenticator; the same until it is confirmed. Raises Refused where there is one already."""
    with UnitOfWork(engine) as work:
        account = _account(work, person)
        if work.accounts.has_second_factor(account):
            raise _already()
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
    with UnitOfWork(engine) as work:
        account = _account(work, session.person)
        secret = secret_of(key, account.person, account.totp_salt)
        counter = accepted_counter(secret, code, account.last_counter, now) if account.totp_salt else None
        if counter is None or work.accounts.has_second_factor(account):
            raise Refused("This code is not right, or was used before. Wait for the next one.")
        codes = put_new_codes(work, account.person)
        work.accounts.put(replace(account, confirmed=True, last_counter=counter))
        new = begin_anew(work, account.person, client, now)
        work.commit()
    return new, codes


def begin_anew(work: UnitOfWork, person: str, client: Client, now: datetime) -> NewSession:
    """What lets the person in has changed: every session ends, and one begins, within a transaction."""
    work.accounts.forget_tries(Action.SECOND_FACTOR, hashed(person))
    work.accounts.end_sessions(person, now)
    return begin_session(work, person, client, now, second_factor=True)


def put_new_codes(work: UnitOfWork, person: str) -> tuple[str, ...]:
    """Recovery codes in place of those there were, within a transaction; known now and never again."""
    codes = tuple(_new_code() for _ in range(CODES))
    work.accounts.put_recovery_codes(person, [recovery_hash(person, each) for each in codes])
    return codes


def prove(engine: Engine, key: bytes, person: str, proof: str, now: datetime) -> None:
    """That it is still the person: by the password, a present code or a recovery code, which is used up by it.

    Raises Refused for what is neither, TooManyTries after ten of them.
    """
    count_tries(engine, Action.SECOND_FACTOR, person, now)
    with UnitOfWork(engine, reading=True) as work:
        account = _there(work.accounts.get(person), person)
    right = is_right(proof[:LONGEST_PASSWORD], account.password_hash)
    with UnitOfWork(engine) as work:
        if not right and not takes_code(work, key, _account(work, person), proof, now):
            raise Refused("This is neither your password nor a present code.")
        work.accounts.forget_tries(Action.SECOND_FACTOR, hashed(person))
        work.commit()


def renew_codes(engine: Engine, key: bytes, person: str, proof: str, now: datetime) -> tuple[str, ...]:
    """New recovery codes, known now and never again; those there were end.

    Raises as `prove`, and Refused without a second factor.
    """
    with UnitOfWork(engine, reading=True) as work:
        if not work.accounts.has_second_factor(_there(work.accounts.get(person), person)):
            raise Refused("Set up a second factor first; the codes come with it.")
    prove(engine, key, person, proof, now)
    with UnitOfWork(engine) as work:
        codes = put_new_codes(work, person)
        work.commit()
    return codes


def remove_passkey(
    engine: Engine, key: bytes, people: People, person: str, credential_id: str, proof: str, now: datetime
) -> None:
    """Raises as `prove`, NotFound for one that the person does not have, and Refused where they need it."""
    prove(engine, key, person, proof, now)
    with UnitOfWork(engine) as work:
        account = _account(work, person)
        if not work.accounts.remove_passkey(person, credential_id):
            raise NotFound("There is no such passkey any more.")
        if not work.accounts.has_second_factor(account):
            if needs_second_factor(people, viewer_of(people, person, now, Door.PAGE)):
                raise Refused("With your role there has to be a second factor: add another passkey first.")
            work.accounts.put_recovery_codes(person, ())
        work.commit()


def forget(engine: Engine, people: People, person: str, now: datetime) -> None:
    """Somebody has lost the second factor and the codes: all of it goes, and every session ends. Raises NotFound."""
    key = people.person(person).key
    with UnitOfWork(engine) as work:
        account = _account(work, key)
        work.accounts.put(replace(account, totp_salt="", confirmed=False, last_counter=0))
        for each in work.accounts.passkeys_of(key):
            work.accounts.remove_passkey(key, each.credential_id)
        work.accounts.put_recovery_codes(key, ())
        work.accounts.end_sessions(key, now)
        work.commit()


def _already() -> Refused:
    return Refused("There is a second factor already.")


def _new_code() -> str:
    """80 bits, in four groups."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def _account(work: UnitOfWork, person: str) -> Account:
    return _there(work.accounts.to_change(person), person)


def _there(account: Account | None, person: str) -> Account:
    if account is None:
        raise NotFound("{person} has no account; see “twinflow people invite {person}”.", person=person)
    return account

"""Tokens for programs: made, listed, revoked by whose they are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from twinflow.domain.accounts.sessions import NOTED_EVERY
from twinflow.domain.accounts.tokens import LONGEST, MOST, ApiToken, Scope
from twinflow.domain.people.people import People
from twinflow.errors import BadInput, NotFound
from twinflow.sentences import Problem, Sentence
from twinflow.services.accounts.hashing import hashed, new_token
from twinflow.services.accounts.signing_in import open_account
from twinflow.storage.unit_of_work import UnitOfWork

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made: it is known now and never again."""

    token: str
    made: ApiToken


def create(
    engine: Engine, person: str, name: str, scopes: Collection[str], days: int | None, now: datetime
) -> NewToken:
    """A token of the person that ends after some days. Raises BadInput with everything that is wrong, by field."""
    problems = _problems(name, scopes, days)
    if problems:
        raise BadInput("The token cannot be made.", problems)
    assert days is not None
    token = new_token()
    kept = tuple(scope for scope in Scope if scope in scopes)
    with UnitOfWork(engine) as work:
        if sum(each.holds(now) for each in work.accounts.tokens_of(person)) >= MOST:
            many = Sentence("there are {count} tokens already; revoke one first", {"count": MOST})
            raise BadInput("The token cannot be made.", (Problem("name", many),))
        made = ApiToken(0, person, name.strip(), kept, now, now + timedelta(days=days))
        work.accounts.add_token(made, hashed(token))
        work.commit()
    return NewToken(token, made)


def _problems(name: str, scopes: Collection[str], days: int | None) -> tuple[Problem, ...]:
    found = (
        ("name", Sentence("say what it is for, in at most {count} letters", {"count": LONGEST_NAME})),
        ("scopes", Sentence("choose what the token may do")),
        ("days", Sentence("a number of days between 1 and {count}", {"count": LONGEST.days})),
    )
    wrong = {
        "name": not 0 < len(name.strip()) <= LONGEST_NAME,
        "scopes": not scopes or not set(scopes) <= set(Scope),
        "days": days is None or not 1 <= days <= LONGEST.days,
    }
    return tuple(Problem(field, message) for field, message in found if wrong[field])


def tokens(engine: Engine, person: str) -> list[ApiToken]:
    """Those of the person that were not revoked, the newest first."""
    with UnitOfWork(engine, reading=True) as work:
        return work.accounts.tokens_of(person)


def shown(engine: Engine, people: People, token: str, now: datetime) -> ApiToken | None:
    """The token that a program shows; None where it lets nobody in. That it was used is noted, once a minute at most."""
    with UnitOfWork(engine, reading=True) as work:
        found = work.accounts.token(hashed(token))
        if found is None or not found.holds(now) or open_account(work, people, found.person) is None:
            return None
    if found.used_at is None or now - found.used_at >= NOTED_EVERY:
        with UnitOfWork(engine) as work:
            work.accounts.note_token(found.id, now)
            work.commit()
    return found


def revoke(engine: Engine, person: str, token_id: int, now: datetime) -> None:
    """Raises NotFound for one that the person does not have."""
    with UnitOfWork(engine) as work:
        if not work.accounts.revoke_token(person, token_id, now):
            raise NotFound("There is no such token any more.")
        work.commit()

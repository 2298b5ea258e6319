"""A browser that is signed in: by a session of the books, as any other."""

from dataclasses import replace
from datetime import datetime

from fastapi.testclient import TestClient

from twinflow.bootstrap import Runtime
from twinflow.domain.accounts.account import Account
from twinflow.domain.people.people import Assignment, People, Person
from twinflow.domain.people.viewer import ADMINISTRATOR, AUDITOR
from twinflow.services.accounts.signing_in import Client, begin_session
from twinflow.services.people.changing import change_people
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.web.viewing import COOKIE

ZOILA = "zoila"
"""The administrator of tests, who sees every case as an auditor."""


def with_administrator(people: People) -> People:
    """With Zoila, who is administrator in the first office and auditor of all."""
    if ZOILA in people.people:
        return people
    roles = (
        Assignment(ADMINISTRATOR, next(iter(people.offices))),
        *(Assignment(AUDITOR, key) for key in people.offices),
    )
    zoila = Person(ZOILA, "Zoila", "zoila@test.example", "en", roles)
    return replace(people, people={**people.people, ZOILA: zoila})


def session_of(runtime: Runtime, person: str, now: datetime) -> str:
    """The token of a new session of the person, who has shown whatever factors they need."""
    with UnitOfWork(runtime.engine) as work:
        if work.accounts.get(person) is None:
            work.accounts.put(Account(person))
        new = begin_session(work, person, Client("192.0.2.1", "test"), now, second_factor=True)
        work.commit()
    return new.token


def signed_in(browser: TestClient, runtime: Runtime, now: datetime, person: str = ZOILA) -> TestClient:
    """The browser with a session, of the administrator unless told otherwise."""
    if person == ZOILA:
        change_people(runtime.engine, runtime.rulebook, with_administrator, by="test", reason="", now=now)
    browser.cookies.set(COOKIE, session_of(runtime, person, now))
    return browser

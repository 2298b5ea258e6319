"""The language of pages and mail, as a person chooses it."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput
from twinflow.language import LANGUAGES
from twinflow.sentences import Problem, Sentence
from twinflow.services.people.changing import change_people
from twinflow.storage.unit_of_work import UnitOfWork

BY_BROWSER = "browser"
"""Pages as the browser says; mail stays in the language that it has."""


def keep(engine: Engine, rulebook: Rulebook, person: str, chosen: str, now: datetime) -> None:
    """What the person reads from now on: a language, or BY_BROWSER. Raises BadInput for what is none of them.

    Of another language the history of people has an entry, as when an administrator changes it.
    """
    if chosen not in (*LANGUAGES, BY_BROWSER):
        raise BadInput("The language cannot be kept.", (Problem("language", Sentence("choose one of these")),))
    if chosen != BY_BROWSER:

        def change(people: People) -> People:
            changed = replace(people.person(person), language=chosen)
            return replace(people, people={**people.people, person: changed})

        change_people(engine, rulebook, change, by=person, reason="", now=now)
    with UnitOfWork(engine) as work:
        account = work.accounts.to_change(person)
        if account is not None:
            work.accounts.put(replace(account, by_browser=chosen == BY_BROWSER))
            work.commit()

"""Letters about accounts: who gets which, and the link that is made for it and stands nowhere else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from twinflow.domain.accounts.links import TRIED_FOR, AskedLetter, LetterKind, LinkKind
from twinflow.domain.people.people import People, Person
from twinflow.sentences import Sentence
from twinflow.services.accounts.passwords import make_link
from twinflow.storage.unit_of_work import UnitOfWork

AGAIN_AFTER = timedelta(minutes=5)
"""A letter that could not be sent is tried again then, with another link."""

SUBJECTS = {
    LetterKind.RESET: Sentence("A new password for twinflow"),
    LetterKind.INVITATION: Sentence("Your account of twinflow"),
    LetterKind.LOCKED: Sentence("Your account of twinflow is locked for half an hour"),
}
WORDS = {
    LetterKind.RESET: (
        Sentence("Somebody, probably you, has asked for a new password. This link is good once, for 30 minutes:"),
        Sentence("If it was not you, there is nothing to do: nothing has been changed."),
    ),
    LetterKind.INVITATION: (
        Sentence(
            "You have an account of twinflow. This link is good once, for seven days; it lets you set a password:"
        ),
        Sentence("Afterwards sign in with your mail address."),
    ),
    LetterKind.LOCKED: (
        Sentence("A wrong password was typed in ten times, so nobody can sign in with your address for half an hour."),
        Sentence(
            "If it was not you, tell the person who runs this service. A new password is asked for on the sign-in page."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class AccountLetter:
    """What is written to a person about their account. `path` is that of its link, and empty where it has none."""

    person: Person
    subject: Sentence
    before: Sentence
    after: Sentence
    path: str


def due(engine: Engine, now: datetime) -> list[int]:
    """The letters that are to be sent, by number."""
    with UnitOfWork(engine, reading=True) as work:
        return work.accounts.due_letters(now)


def write(engine: Engine, people: People, letter_id: int, now: datetime) -> AccountLetter | None:
    """The letter, with a new link; None where somebody else has it in hand, or nobody is to get it: that one goes."""
    with UnitOfWork(engine) as work:
        asked = work.accounts.claim_letter(letter_id, now, now + AGAIN_AFTER)
        letter = _written(work, people, asked, now) if asked is not None else None
        if asked is not None and letter is None:
            work.accounts.drop_letter(letter_id)
        work.commit()
    return letter


def _written(work: UnitOfWork, people: People, asked: AskedLetter, now: datetime) -> AccountLetter | None:
    person = people.of_address(asked.address)
    account = work.accounts.get(person.key) if person is not None else None
    if person is None or person.disabled or account is None or now - asked.asked_at >= TRIED_FOR[asked.kind]:
        return None
    path = ""
    if asked.kind is not LetterKind.LOCKED:
        path = f"/password/{make_link(work, LinkKind(asked.kind.value), person.key, now)}"
    before, after = WORDS[asked.kind]
    return AccountLetter(person, SUBJECTS[asked.kind], before, after, path)


def forget(engine: Engine, letter_id: int) -> None:
    """It was sent, or cannot be."""
    with UnitOfWork(engine) as work:
        work.accounts.drop_letter(letter_id)
        work.commit()

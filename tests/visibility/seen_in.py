"""What a page, a message or a printed line lets anybody know: the cases whose marks are in it, wherever they stand."""

from collections.abc import Iterable
from typing import Any

from matrix_world import CASES, DESKS, LATER
from who_sees import Case, sees

EVERY = (*CASES, LATER)


def seen_by(person: str, among: Iterable[Case] = CASES) -> set[str]:
    """The references of the cases that the table of roles shows to the person."""
    return {each.reference for each in among if sees(DESKS[person], each)}


def marks_in(text: str) -> set[str]:
    """The references of the cases that the text tells of."""
    return {each.reference for each in EVERY if any(mark in text for mark in (each.reference, each.mark, each.secret))}


def all_of(response: Any) -> str:
    """What whoever asked gets: the status, every header and the body."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.multi_items())
    return f"{response.status_code}\n{headers}\n\n{response.text}"


def by_sight() -> dict[frozenset[str], str]:
    """One person for each set of cases that somebody sees."""
    return {frozenset(seen_by(person)): person for person in reversed(DESKS)}

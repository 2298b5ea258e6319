"""The sentences that people read, and how they are kept.

Knows nothing of languages: a `Sentence` carries an English template and its values; each door translates it (see
`twinflow.language`).
"""

import difflib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

KEPT: Mapping[str, tuple[str, ...]] = {
    "server-takes-no-mail": ("{server} takes no mail from us: {why}",),
    "connection-broke": ("The connection to {server} broke: {why}",),
    "message-refused": ("{server} refused the message to {recipient}: {code} {text}",),
    "mail-cannot-be-captured": ("Mail cannot be kept in {folder}: {why}.", "Mail cannot be kept in {folder}: {why}"),
    "server-too-slow": ("Message {id}: the mail server is too slow.",),
    "message-cannot-be-sent": ("Message {id} cannot be sent: {why}",),
    "message-cannot-be-written": ("Message {id} cannot be written: {why}",),
    "message-cannot-be-read": ("Message {id} cannot be read: {why}",),
    "nothing-left-to-say": ("there was nothing left to say",),
    "message-came-back": ("it came back: {why}",),
    "cancelled-by-hand": ("cancelled by {person}: {reason}",),
    "restored-backup": ("restored backup: the database that is lost has sent it",),
    "reason-not-known": ("the reason is not known",),
    # why a message cannot be written or sent
    "no-such-person": ("There is no person {person}; there are {people}.",),
    "person-disabled": ("{person} is disabled and gets no mail.",),
    "no-such-office": ("the people file has no office {office}",),
    "no-such-process": ("There is no process {process}; there are {known}.",),
    "no-such-version": ("There is no process {process} version {version}.",),
    "no-version-in-force": ("No version of {process} was in force on {day}.",),
    "no-such-step": ("{process} has no step {step}; it has {steps}.",),
    "process-edited": ("{process} was edited although agreements run on it; put the change into a new version.",),
    "process-text-gone": (
        "The text of {process} that its agreements go by is neither in the books nor in a file: put the file back.",
    ),
    "database-silent": ("The database does not answer: {why}.",),
    "database-damaged": ("The database is damaged: {why}; “twinflow database check” says what of it.",),
    "somebody-faster": ("Somebody else was faster; look at it again.",),
    "reference-taken": ("There is an agreement with this reference already.",),
    "books-altered": ("The books are not as twinflow leaves them: {why}.",),
    "tables-altered": ("The tables of the database are not those of twinflow: {why}.",),
    "cannot-be-kept": ("This cannot be kept: {why}.",),
    "form-of-date": ("a date is written 2004-02-29, or 2004-02 or 2004 where no more is known",),
    "form-of-hour": ("an hour is written 09:30 or 15:00, from 00:00 to 23:59",),
    "year-out-of-range": ("a year is one between 1800 and 2100",),
    "no-such-day": ("there is no such day in the calendar",),
    "form-of-length": ("a length is written like 60 days, 15 business days, 6 weeks, 3 months or 5 years",),
    "length-out-of-range": ("a length is at most a hundred years; what has no end is indefinite",),
}
"""The sentences that are kept in rows, by the code that stands for each there. The present wording comes first, all earlier ones
follow: rows of earlier versions have them in place of the code. A code never changes and is never used again."""

MOST_NAMED = 50
"""How many names are told of those that there are."""

GAP = "–"
"""Where a row has no value for what a sentence names."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence to be shown to a person: an English template, which is also the key of its translation, and its values.

    Values may be text, numbers, dates, labels (a mapping from language to text), lists of these, or other messages.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**{name: _english(value) for name, value in self.values.items()})


def packed(message: Sentence) -> str:
    """A sentence as text that can be kept, and told later in any language, with the sentences and labels in it.

    A sentence that has no code is kept by its English template, and loses its translation when it is reworded.
    """
    return json.dumps(_plain(message), ensure_ascii=False)


def unpacked(text: str, known: Mapping[str, tuple[str, ...]] = KEPT) -> Sentence:
    """The sentence again, in its present wording."""
    return _message(json.loads(text), known)


def _plain(value: object) -> object:
    if isinstance(value, Sentence):
        return [_code(value.template, KEPT), {name: _plain(inner) for name, inner in value.values.items()}]
    if isinstance(value, list | tuple) and any(isinstance(each, Sentence | Mapping) for each in value):
        return _plain(_row_of(value))
    return value if isinstance(value, str | int | Mapping) else _english(value)


def _row_of(values: Sequence[object]) -> Sentence:
    """Several values as one sentence, so that sentences and labels among them stay what they are."""
    named = {f"v{number}": value for number, value in enumerate(values, start=1)}
    whole = all(str(value).endswith(".") for value in named.values())
    return Sentence((" " if whole else ", ").join(f"{{{name}}}" for name in named), named)


def _message(kept: list[Any], known: Mapping[str, tuple[str, ...]]) -> Sentence:
    """In the newest wording that the values suffice for; the present one with gaps where they suffice for none."""
    key, values = kept
    wordings = known.get(_code(key, known), (key,))
    template = next((wording for wording in wordings if _named(wording) <= values.keys()), wordings[0])
    told = {name: _message(each, known) if isinstance(each, list) else each for name, each in values.items()}
    gaps = sorted(_named(template) - values.keys())
    return Sentence(template, {**told, **dict.fromkeys(gaps, GAP)})


def _code(template: str, known: Mapping[str, tuple[str, ...]]) -> str:
    """The code of a sentence by any of its wordings; what has none, as it is."""
    return next((code for code, wordings in known.items() if template in wordings), template)


def _named(template: str) -> set[str]:
    """The values that a template names."""
    return set(re.findall(r"\{(\w+)\}", template))


def _english(value: object) -> str:
    if isinstance(value, Mapping):
        return str(value.get("en", ""))
    if isinstance(value, list | tuple):
        return listed([_english(item) for item in value])
    return str(value)


class ProvisionalDay(date):
    """A due date that rests on days which nobody has published yet: a date like any other, but whoever writes it says so."""


def as_it_stands(day: date | None, *, provisional: bool) -> date | None:
    """A due date for whoever reads it."""
    return ProvisionalDay(day.year, day.month, day.day) if day is not None and provisional else day


def listed(texts: Sequence[str]) -> str:
    """One after the other; whole sentences need no comma between them."""
    return (" " if texts and all(text.endswith(".") for text in texts) else ", ").join(texts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in something a person wrote: where, and what would be right.

    `place` is what the person can find again: a file and path in it, a row and column, a setting.
    """

    place: str | Sentence
    message: Sentence

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def not_utf8(text: str) -> Sentence | None:
    """What is wrong with a text of the command line or the environment whose bytes are not UTF-8; None if they are."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return Sentence("it is not UTF-8: {bytes}.", {"bytes": ascii(os.fsencode(text))[2:-1]})
    return None


def unknown_name(kind: Sentence, name: str, known: Iterable[str]) -> Sentence:
    """`name` is not one of `known`: says so, with the nearest ones first."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return Sentence(
            "{kind} “{name}” does not exist; did you mean “{near}”?", {"kind": kind, "name": name, "near": near[0]}
        )
    shown = names if len(names) <= MOST_NAMED else [*names[:MOST_NAMED], "…"]
    return Sentence(
        "{kind} “{name}” does not exist; there are: {known}.", {"kind": kind, "name": name, "known": shown or "–"}
    )

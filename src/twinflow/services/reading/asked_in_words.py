"""What a correction asks for, in words: by the names that a page has, and not by those of the command."""

from collections.abc import Sequence
from datetime import date

from twinflow.domain.agreement.agreement import Term
from twinflow.domain.calendar.dates import Length, PartialDate
from twinflow.domain.process.definition import Label, ProcessDefinition
from twinflow.errors import Unreadable
from twinflow.sentences import Sentence

OF_ENTRIES = {
    "on": Sentence("day"),
    "at": Sentence("hour of arrival"),
    "step": Sentence("step"),
    "party": Sentence("party"),
    "place": Sentence("place"),
    "capacity": Sentence("capacity"),
    "reason": Sentence("reason"),
    "paper": Sentence("paper"),
    "legal_basis": Sentence("legal basis"),
    "length": Sentence("length"),
    "to": Sentence("day agreed on"),
    "title": Sentence("title"),
    "office": Sentence("office"),
    "origin": Sentence("origin"),
    "note": Sentence("note"),
    "state": Sentence("state"),
    "reading": Sentence("what the text says"),
    "source": Sentence("source"),
}
"""What a correction may say of an entry beside facts, by name."""


def name_in_words(name: str, definition: ProcessDefinition) -> Sentence | Label | str:
    """What is asked for under a name, like `on` or `term.validity`."""
    kind, _, own = name.partition(".")
    match kind:
        case "term" if own in definition.terms:
            return definition.terms[own].label
        case "party" if own:
            return Sentence("name of {party}", {"party": own})
        case "country" if own:
            return Sentence("country of {party}", {"party": own})
        case _:
            known: dict[str, Sentence | Label | str] = {**definition.records, **OF_ENTRIES}
            return known.get(name, name)


def value_in_words(name: str, text: str, definition: ProcessDefinition) -> date | Label | Sequence[Sentence] | str:
    """What is asked for under a name: as the process calls it, where it does."""
    try:
        match name.partition(".")[0]:
            case "step" if text in definition.steps:
                return definition.steps[text].label
            case "state" if text in definition.states:
                return definition.states[text].label
            case "term" | "reading":
                return Term.parse(text).message
            case "length":
                return (Length.parse(text).message,)
    except Unreadable:  # in books of before
        return text
    return recorded_in_words(name, text)


def recorded_in_words(name: str, text: str) -> date | str:
    """What is recorded under a name: a whole day as a day, whatever else as it is written."""
    if name not in {"on", "to"} and not name.endswith("_on"):
        return text
    try:
        return PartialDate.parse(text).as_date or text
    except Unreadable:  # in books of before
        return text

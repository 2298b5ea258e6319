"""Dates that rest on a default of the process, because nobody has stated what the text says: they warn, and nothing follows."""

from collections.abc import Iterable
from datetime import date

from twinflow.domain.agreement.agreement import Deadline
from twinflow.domain.process.definition import ProcessDefinition, TermRule
from twinflow.sentences import Sentence


def has_gone_by(deadline: Deadline, today: date) -> bool:
    """Whether its date is only assumed, and has passed without any effect."""
    return bool(deadline.assumed) and deadline.due_on is not None and deadline.due_on < today


def in_words(deadline: Deadline, definition: ProcessDefinition) -> Sentence | None:
    """That its date is only assumed, and by what; None where it is not."""
    return terms_in_words(definition.terms[term] for term in deadline.assumed if term in definition.terms)


def terms_in_words(terms: Iterable[TermRule]) -> Sentence | None:
    """What is assumed of terms; None where none has a default."""
    defaults = [
        Sentence("{length}, {source}", {"length": term.default.message, "source": term.source})
        for term in terms
        if term.default is not None
    ]
    if not defaults:
        return None
    return Sentence("assumed by the model's default ({defaults}), not confirmed", {"defaults": defaults})

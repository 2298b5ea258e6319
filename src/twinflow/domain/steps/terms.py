"""Stating a term of which only the process's default was known: what may be said, and what it makes of the agreement."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement, Term
from twinflow.domain.agreement.entries import TermStated, noted
from twinflow.domain.people.people import Actor
from twinflow.domain.process.definition import LIAISON, ProcessDefinition, TermRule
from twinflow.domain.steps.opening import beyond_bound
from twinflow.errors import BadInput, Refused
from twinflow.sentences import Problem, Sentence, unknown_name


@dataclass(frozen=True, slots=True)
class TermCommand:
    """What somebody says of the term called `term`, and where it stands; without a `reading`, that the default holds."""

    term: str
    reading: Term | None = None
    source: str = ""
    reason: str = ""


def with_term(
    agreement: Agreement,
    definition: ProcessDefinition,
    command: TermCommand,
    actor: Actor,
    *,
    now: datetime,
    today: date,
) -> Agreement:
    """The agreement with the term and its entry of the history; its deadlines are those of before. `now` is UTC.

    Raises BadInput where nothing is said, Refused with every reason that stands in the way.
    """
    rule = definition.terms.get(command.term)
    mistakes = list(_mistakes(command, rule, definition))
    if rule is None or mistakes:
        raise BadInput("No term can be stated so.", tuple(mistakes))
    default = (rule.default,) if rule.default is not None else ()
    term = command.reading or Term(default)
    reasons = list(_reasons(agreement, definition, command.term, term, actor, today))
    if reasons:
        values = {"term": rule.label, "reference": agreement.reference}
        raise Refused("“{term}” of {reference} stays as it is.", tuple(reasons), **values)
    said = TermStated(command.term, str(term), command.source.strip() or _source(rule), command.reason.strip())
    stated = with_stated(agreement, said)
    history = (*agreement.history, noted(said, actor.key, today, now, actor.way_in({LIAISON})))
    return replace(stated, version=agreement.version + 1, history=history)


def with_stated(agreement: Agreement, said: TermStated) -> Agreement:
    """What an entry of the history makes of the terms."""
    return replace(agreement, terms={**agreement.terms, said.term: Term.parse(said.reading, said.source)})


def _source(rule: TermRule) -> str:
    """The process's own word for where its default stands."""
    return rule.source.get("en", "") or next(iter(rule.source.values()), "")


def _mistakes(command: TermCommand, rule: TermRule | None, definition: ProcessDefinition) -> Iterator[Problem]:
    if rule is None:
        yield Problem("TERM", unknown_name(Sentence("the term"), command.term, definition.terms))
    elif command.reading is None and rule.default is None:
        yield Problem("READING", Sentence("the process has no default for it: say what the text says."))
    if command.reading is not None and not command.source.strip():
        yield Problem("--source", Sentence("say where it stands, like “text, clause 9”."))


def _reasons(
    agreement: Agreement, definition: ProcessDefinition, name: str, term: Term, actor: Actor, today: date
) -> Iterator[Sentence]:
    rule, known = definition.terms[name], agreement.terms.get(name)
    if agreement.annulled_on is not None:
        yield Sentence("It was annulled on {day}.", {"day": agreement.annulled_on})
    state = definition.states[agreement.state]
    if LIAISON not in actor.roles:
        values = {"person": actor.key, "roles": definition.roles[LIAISON].label}
        yield Sentence("{person} is not {roles} here.", values)
    if known is not None and known.is_stated:
        on_record = {"reading": known.message, "source": known.source or "–"}
        yield Sentence("It is on record: {reading} ({source}); what is on record is corrected.", on_record)
    if state.final:
        yield Sentence("The case has ended: nothing depends on it any more.")
    elif not state.signed:
        yield from beyond_bound(term, rule, today)

"""What the picture of one agreement shows: its process, the path it took, where it is, and the dates ahead."""

from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.deadlines import assumed
from twinflow.domain.deadlines.lateness import in_words, standing
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.pictures.diagram import Course, DateAhead, Passage
from twinflow.sentences import Sentence
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork


def course_of(
    engine: Engine, rulebook: Rulebook, people: People, reference: str, now: datetime, *, viewer: Viewer
) -> tuple[ProcessDefinition, Course]:
    """The process of an agreement and its course through it. Raises NotFound, UnreadableAgreement."""
    with about(reference):
        with UnitOfWork(engine, reading=True) as work:
            agreement = work.agreements.get_for(viewer, reference)
        definition = rulebook.definition_of(agreement)
        course = Course(
            reference=agreement.reference,
            title=agreement.title,
            passages=_passages(agreement, rulebook.lexicon_of(agreement)),
            state=agreement.state,
            since=_since(agreement),
            ahead=_ahead(rulebook, people, agreement, definition, now),
            annulled_on=agreement.annulled_on,
        )
        return definition, course


def _passages(agreement: Agreement, words: ProcessDefinition) -> tuple[Passage, ...]:
    """The steps in the order in which they were recorded: in that order each began where the one before had led."""
    taken = [
        (entry, entry.step, entry.from_state, entry.to_state)
        for entry in agreement.history
        if entry.kind is EntryKind.STEP
    ]
    return tuple(
        Passage(
            number=number,
            step=step,
            source=source,
            destination=destination,
            step_label=words.steps[step].label if step in words.steps else {"en": step, "es": step},
            destination_label=words.states[destination].label
            if destination in words.states
            else {"en": destination, "es": destination},
            on=entry.effective_on,
            party=entry.party,
        )
        for number, (entry, step, source, destination) in enumerate(taken, 1)
        if step is not None and source is not None and destination is not None
    )


def _since(agreement: Agreement) -> date:
    """The day the agreement came into its present state."""
    moves = [entry for entry in agreement.history if entry.to_state is not None and entry.from_state != entry.to_state]
    return moves[-1].effective_on if moves else agreement.tracked_from


def _ahead(
    rulebook: Rulebook, people: People, agreement: Agreement, definition: ProcessDefinition, now: datetime
) -> tuple[DateAhead, ...]:
    """The open deadlines, the soonest first, those without a date last."""
    context = deadline_context(rulebook, people, definition, agreement.office, now)
    found = []
    for deadline in sorted(agreement.deadlines, key=lambda each: (each.due_on or date.max, each.rule, each.occurrence)):
        if deadline.is_open:
            rule = definition.deadlines[deadline.rule]
            stands = standing(rule, deadline, context.calendars_of(rule), context.today_of(rule))
            late = definition.roles[rule.late].label if rule.late else {}
            words = in_words(deadline.status, stands, rule.nature, owed=rule.late is not None)
            if (default := assumed.in_words(deadline, definition)) is not None:
                words = Sentence("{standing}; {assumed}", {"standing": words, "assumed": default})
            found.append(DateAhead(rule.label, deadline.shown_on, words, late))
    return tuple(found)

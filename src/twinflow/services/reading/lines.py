"""Agreements as lines of a list: frozen values, labels and sentences left for the door to translate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Deadline, DeadlineStatus, PresentAgreement
from twinflow.domain.agreement.findings import findings
from twinflow.domain.deadlines import assumed
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.lateness import PASSED, Standing, has_passed, in_words, is_overdue, standing
from twinflow.domain.deadlines.warnings import lapses_by_the_clock
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import DeadlineRule, Label, ProcessDefinition
from twinflow.domain.rulebook import DeadlineContexts, Rulebook
from twinflow.errors import UnreadableAgreement
from twinflow.sentences import Sentence
from twinflow.services.reading.history_in_words import finding_message
from twinflow.storage.failures import about


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """An agreement in a list. `next_on` is the first due date that is open: the next one, or the one that passed longest ago.

    `passed` says of such a one how it stands, `assumed` of one that rests on a default by what; `overdue` whether anything is
    late by law or by the text; `unfinished` that a day has passed and the step that follows was not taken. Of one that cannot
    be read there is the reference alone, and `unreadable` says why.
    """

    reference: str
    title: str
    process: str
    state: str
    state_label: Label
    stage: Label
    in_force: bool
    unfinished: Sentence | None
    next_on: date | None
    next_label: Label
    passed: Sentence | None
    assumed: Sentence | None
    overdue: bool
    missing: tuple[Sentence, ...]
    generation: int
    parent: str | None
    unreadable: Sentence | None = None


ANNULLED = {"en": "annulled", "es": "anulado"}
"""In the place of its state, of a case that was opened by mistake."""


@dataclass(slots=True)
class Lines:
    """Agreements as lines at the instant `now`."""

    rulebook: Rulebook
    people: People
    now: datetime
    _contexts: DeadlineContexts = field(init=False)

    def __post_init__(self) -> None:
        self._contexts = DeadlineContexts(self.rulebook, self.people, self.now)

    def of(self, found: PresentAgreement | UnreadableAgreement) -> AgreementLine:
        if isinstance(found, UnreadableAgreement):
            return _unreadable(found)
        try:
            with about(found.reference):
                return self._line(found)
        except UnreadableAgreement as error:
            return _unreadable(error)

    def _line(self, agreement: PresentAgreement) -> AgreementLine:
        definition = self.rulebook.definition_of(agreement)
        context = self._contexts.of(agreement)
        state = definition.states[agreement.state]
        dated = list(_dated(agreement.deadlines, definition, context))
        rule, following = min(dated, key=_by_due_date, default=(None, None))
        passed = {deadline.key: (rule, stands) for rule, deadline, stands in _passed(dated, context)}
        return AgreementLine(
            reference=agreement.reference,
            title=agreement.title,
            process=agreement.process,
            state=agreement.state,
            state_label=ANNULLED if agreement.annulled_on is not None else state.label,
            stage=definition.stages[state.stage],
            in_force=agreement.has_entered_into_force(context.today) and not state.final,
            unfinished=next(_unfinished(dated, context), None),
            next_on=following.shown_on if following is not None else None,
            next_label=rule.label if rule is not None else {},
            passed=_in_words(*passed[following.key]) if following is not None and following.key in passed else None,
            assumed=assumed.in_words(following, definition) if following is not None else None,
            overdue=any(
                is_overdue(stands, rule.nature, owed=rule.late is not None) for rule, stands in passed.values()
            ),
            missing=tuple(
                finding_message(f, agreement, definition) for f in findings(agreement, definition, context.kind)
            ),
            generation=agreement.generation,
            parent=agreement.parent,
        )


def _unreadable(error: UnreadableAgreement) -> AgreementLine:
    return AgreementLine(
        reference=error.reference,
        title="",
        process="",
        state="",
        state_label={},
        stage={},
        in_force=False,
        next_on=None,
        next_label={},
        passed=None,
        assumed=None,
        overdue=False,
        unfinished=None,
        missing=(),
        generation=1,
        parent=None,
        unreadable=error.message,
    )


def _dated(
    deadlines: Sequence[Deadline], definition: ProcessDefinition, context: DeadlineContext
) -> Iterator[tuple[DeadlineRule, Deadline]]:
    """The open ones with a date, but for those that are only assumed and have gone by."""
    for deadline in deadlines:
        rule = definition.deadlines.get(deadline.rule)
        if rule is None or deadline.status is not DeadlineStatus.OPEN:
            continue
        if not assumed.has_gone_by(deadline, context.today_of(rule)):
            yield rule, deadline


def _by_due_date(dated: tuple[DeadlineRule, Deadline]) -> tuple[date, str, int]:
    _, deadline = dated
    return (deadline.due_on or date.max, *deadline.key)


def _passed(
    dated: Sequence[tuple[DeadlineRule, Deadline]], context: DeadlineContext
) -> Iterator[tuple[DeadlineRule, Deadline, Standing]]:
    """Those whose day is over, and how they stand."""
    for rule, deadline in dated:
        today = context.today_of(rule)
        if has_passed(deadline.due_on, today):
            stands = standing(rule, deadline, context.calendars_of(rule), today)
            if stands in PASSED:
                yield rule, deadline, stands


def _unfinished(dated: Sequence[tuple[DeadlineRule, Deadline]], context: DeadlineContext) -> Iterator[Sentence]:
    """The days that have passed without the step that the clock takes then."""
    for rule, deadline in dated:
        if lapses_by_the_clock(rule, deadline, context.today_of(rule)):
            values = {"deadline": rule.label, "day": deadline.shown_on}
            yield Sentence("{deadline}: {day} has passed, and what follows was not carried out", values)


def _in_words(rule: DeadlineRule, stands: Standing) -> Sentence:
    return in_words(DeadlineStatus.OPEN, stands, rule.nature, owed=rule.late is not None)

"""The time that a unit has which was consulted: until when, by which ladder it is warned, and when that is to be looked at.

A consultation is no deadline of the case: it belongs to those who decide, and whoever keeps the case knows nothing of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from twinflow.domain.agreement.agreement import Agreement, Deadline, DeadlineStatus
from twinflow.domain.agreement.rounds import Consultation, rounds_of
from twinflow.domain.calendar.dates import Length, Unit
from twinflow.domain.deadlines import warnings
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.warnings import ReachedLevel
from twinflow.domain.process.definition import Anchor, DeadlineRule, Level, Nature, ProcessDefinition, RoundRule, Side

LADDER = (
    Level(Length(3, Unit.DAYS), Side.BEFORE),
    Level(),
    Level(Length(1, Unit.DAYS)),
    Level(Length(5, Unit.DAYS), repeats=True),
)
"""By which a unit is warned where its process file does not say."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A consultation whose answer is awaited by a day."""

    consultation: Consultation
    round: RoundRule
    due_on: date

    @property
    def rule(self) -> DeadlineRule:
        """The ladder of the unit, as that of a deadline."""
        role = self.consultation.asked.role
        warn = self.round.warn or LADDER
        return DeadlineRule("", self.round.label, Anchor(activity=True), Nature.TARGET, late=role, warn=warn)

    @property
    def deadline(self) -> Deadline:
        asked_on = self.consultation.asked_in.effective_on
        number = self.consultation.number
        return Deadline("", number, asked_on, self.due_on, self.due_on, DeadlineStatus.OPEN)


def awaited(agreement: Agreement, definition: ProcessDefinition) -> Iterator[Waiting]:
    """The consultations of the rounds that are open whose answers are awaited by a day."""
    if not definition.rounds or agreement.annulled_on is not None or definition.states[agreement.state].final:
        return
    rounds = rounds_of(agreement.history, definition)
    for rule in definition.rounds.values():
        this = rounds.open(rule.key)
        for each in rounds.asked_in(this) if this is not None else ():
            if each.given is None and each.asked.due_on is not None:
                yield Waiting(each, rule, each.asked.due_on)


def reached(waiting: Waiting, context: DeadlineContext) -> ReachedLevel | None:
    """The last level whose day has come where the unit is; None where none has since it was asked."""
    rule, deadline = waiting.rule, waiting.deadline
    levels = warnings.reached(rule, deadline, context.calendars, context.today_of(rule))
    return levels[-1] if levels and levels[-1].on > deadline.anchor_on else None


def next_days(agreement: Agreement, definition: ProcessDefinition, context: DeadlineContext) -> Iterator[date]:
    """The next day of each on which a level is reached; the day of the pass that is still to come, if one is: it warns first."""
    for each in awaited(agreement, definition):
        rule, today = each.rule, context.today_of(each.rule)
        if agreement.derive_on is not None and agreement.derive_on <= max(today, context.today):
            yield agreement.derive_on
        on = warnings.next_level_on(rule, each.deadline, context.calendars, today)
        if on is not None:
            yield on

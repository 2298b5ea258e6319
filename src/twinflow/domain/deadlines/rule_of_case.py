"""One rule of one agreement: what its dates are counted with, and which days of it have come."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from twinflow.domain.agreement.agreement import Agreement, Basis, Deadline
from twinflow.domain.agreement.entries import Carried, Policy
from twinflow.domain.calendar.business_days import ONE_DAY, Calendars, Pause
from twinflow.domain.deadlines.carried_over import TakenOver, taken_over
from twinflow.domain.deadlines.changes import Change, changed_basis, changes_by_deadline
from twinflow.domain.deadlines.context import DeadlineContext, computed
from twinflow.domain.process.definition import DeadlineRule, ProcessDefinition


@dataclass(slots=True)  # frozen, it costs three times as much to make, which a step does for every rule
class RuleOfCase:
    """One rule of one agreement.

    `ahead` takes the days that were asked for and are still to come; `begun_by` the entry with which each occurrence began.
    """

    agreement: Agreement
    definition: ProcessDefinition
    rule: DeadlineRule
    context: DeadlineContext
    changes: Mapping[tuple[str, int], tuple[Change, ...]]
    earlier: Mapping[tuple[str, int], tuple[Change, ...]]
    migration: TakenOver
    ended_on: date | None
    ahead: list[date]
    begun_by: dict[tuple[str, int], int | None]

    @property
    def is_final(self) -> bool:
        return self.definition.states[self.agreement.state].final

    def has_come(self, day: date) -> bool:
        """Whether the day has come where the late office is; of a case that has ended, whether it came before that."""
        if self.ended_on is not None:
            return day <= self.ended_on
        if day > self.today and not self.is_final:
            self.ahead.append(day)
        return day <= self.today

    def is_over(self, day: date) -> bool:
        return self.has_come(day + ONE_DAY)

    @property
    def calendars(self) -> Calendars:
        return self.context.calendars_of(self.rule)

    @property
    def today(self) -> date:
        return self.context.today_of(self.rule)

    def computed(self, occurrence: int, anchor_on: date, basis: Basis) -> Deadline:
        """With what people paused, extended and agreed for this occurrence; since a migration where one carried it over."""
        key = (self.rule.key, occurrence)
        changes, carried = self.changes.get(key, ()), self.migration.deadlines.get(key)
        basis = self._changed(basis, changes)
        if carried is not None:
            later = self._changed(Basis(), changes[len(self.earlier.get(key, ())) :])
            anchor_on = carried.on
            basis = Basis(
                carried.lengths,
                pauses=tuple(self._since(carried, basis.pauses)),
                extensions=later.extensions,
                agreed_on=basis.agreed_on,
                early_from=carried.on if len(carried.lengths) > 1 else None,
                carried=carried.policy.value,
                assumed=basis.assumed,
            )
        assumed = tuple(dict.fromkeys((*basis.assumed, *self.assumed))) if basis.agreed_on is None else ()
        pauses = tuple(pause for pause in basis.pauses if not pause.is_empty)
        if (assumed, pauses) != (basis.assumed, basis.pauses):
            basis = replace(basis, assumed=assumed, pauses=pauses)
        return computed(self.rule, occurrence, anchor_on, basis, self.calendars)

    @property
    def assumed(self) -> tuple[str, ...]:
        term = self.rule.term
        if term is None or term in self.agreement.terms or self.definition.terms[term].default is None:
            return ()
        return (term,)

    def _changed(self, basis: Basis, changes: Sequence[Change]) -> Basis:
        return changed_basis(basis, self.rule, changes, len(self.agreement.parties), self.calendars)

    def _since(self, carried: Carried, pauses: Iterable[Pause]) -> Iterator[Pause]:
        """The pauses since the migration. Where the day was kept, a pause that only the new version knows did not begin then."""
        on = self.migration.on or carried.on
        for pause in pauses:
            if pause.start >= on:
                yield pause
            elif carried.policy is Policy.KEEP_REMAINING and (pause.end is None or pause.end > on):
                yield replace(pause, start=on)


def rules_of_case(
    agreement: Agreement,
    definition: ProcessDefinition,
    context: DeadlineContext,
    rules: Iterable[DeadlineRule],
    ahead: list[date],
) -> Iterator[RuleOfCase]:
    """Each of the rules with what has happened in the agreement."""
    changes = changes_by_deadline(agreement.history)
    migration = taken_over(agreement.history)
    earlier = changes_by_deadline(agreement.history[: migration.entries])
    ended_on = _ended_on(agreement, definition)
    begun_by: dict[tuple[str, int], int | None] = {}
    for rule in rules:
        yield RuleOfCase(agreement, definition, rule, context, changes, earlier, migration, ended_on, ahead, begun_by)


def _ended_on(agreement: Agreement, definition: ProcessDefinition) -> date | None:
    """The day the case ended, if it has."""
    if not definition.states[agreement.state].final:
        return None
    return next((e.effective_on for e in reversed(agreement.history) if e.to_state == agreement.state), None)

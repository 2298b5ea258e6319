"""What deadlines are counted with, and one occurrence of a deadline counted from its rule, its start and its basis."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from twinflow.domain.agreement.agreement import Basis, Deadline, DeadlineStatus
from twinflow.domain.agreement.entries import Policy
from twinflow.domain.calendar.business_days import Calendars, FirstDay, Roll
from twinflow.domain.deadlines.counting import DueDate, Inputs, compute
from twinflow.domain.process.definition import DeadlineRule, Side


@dataclass(frozen=True, slots=True)
class Place:
    """Where a role's office is: its time zone and the date there."""

    zone: ZoneInfo
    today: date


@dataclass(frozen=True, slots=True)
class DeadlineContext:
    """What deadlines are counted with.

    `today` is the date at the office that keeps the case, `places` where those are who may be late; `calendars` are those of the
    process, `own` those of the rules that name theirs, by key of the rule; `zone` and `kind` are those of the office that keeps
    the case (empty: not known).
    `ends` are the final states of each process that may belong to the case.
    """

    today: date
    calendars: Calendars
    own: Mapping[str, Calendars] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    zone: tzinfo = UTC
    ends: Mapping[str, frozenset[str]] = field(default_factory=dict)
    kind: str = ""

    def calendars_of(self, rule: DeadlineRule) -> Calendars:
        return self.own.get(rule.key, self.calendars)

    def today_of(self, rule: DeadlineRule) -> date:
        """The date where the office is that is late if the deadline passes."""
        place = self.places.get(rule.late or "")
        return place.today if place else self.today

    def day_of(self, rule: DeadlineRule, instant: datetime) -> date:
        """The date of an instant (UTC) where that office is."""
        place = self.places.get(rule.late or "")
        return instant.astimezone(place.zone if place else self.zone).date()


def inputs_of(rule: DeadlineRule, anchor_on: date, basis: Basis, calendars: Calendars) -> list[Inputs]:
    """The inputs of the due date, one for each reading of the length.

    What a migration carried over is the rest of a count that began before: it goes on with the next day, and a day that was
    to be kept is not moved.
    """
    return [
        Inputs(
            start_on=anchor_on,
            length=length,
            calendars=calendars,
            backward=rule.side is Side.BEFORE,
            times=basis.times,
            first_day=FirstDay.NEXT_DAY if basis.carried else rule.first_day,
            month_end=rule.month_end,
            roll=Roll.NONE if basis.carried == Policy.KEEP_DUE else rule.roll,
            pauses=basis.pauses,
            extensions=basis.extensions,
            agreed_on=basis.agreed_on,
            after_months=basis.after_months,
            keeps_day=rule.keeps_its_day,
            waits=not rule.skips_pauses,
        )
        for length in basis.lengths or (None,)
    ]


def due_dates(
    rule: DeadlineRule, anchor_on: date, basis: Basis, calendars: Calendars
) -> tuple[list[DueDate], list[DueDate]]:
    """The due dates that warnings go by and those that lateness goes by: one for each reading of the length."""
    inputs = inputs_of(rule, anchor_on, basis, calendars)
    late = [compute(each) for each in inputs]
    if basis.early_from is None:
        return late, late
    return [compute(replace(each, start_on=basis.early_from, times=1, after_months=0)) for each in inputs], late


def computed(rule: DeadlineRule, occurrence: int, anchor_on: date, basis: Basis, calendars: Calendars) -> Deadline:
    """One occurrence with its dates, open or paused."""
    early, late = due_dates(rule, anchor_on, basis, calendars)
    due_on = max((found.on for found in late if found.on), default=None)
    warn_on = min((found.on for found in early if found.on), default=due_on)
    uses_calendar = rule.roll is not Roll.NONE or late[0].inputs.counts_business_days or rule.cut_off is not None
    return Deadline(
        rule=rule.key,
        occurrence=occurrence,
        anchor_on=anchor_on,
        warn_on=warn_on if due_on else None,
        due_on=due_on,
        status=DeadlineStatus.OPEN if due_on else DeadlineStatus.PAUSED,
        edition=calendars.edition if uses_calendar else "",
        provisional=any(found.provisional for found in late),
        basis=basis,
    )

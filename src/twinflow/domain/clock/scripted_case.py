"""A scripted story: dated steps of true or invented cases, to be replayed through the real engine, and what is expected."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from twinflow.domain.agreement.agreement import Claim, Party, Term
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.process.definition import Level
from twinflow.domain.steps.round_acts import RoundCommand


@dataclass(frozen=True, slots=True)
class ScriptCase:
    """A case of the story. `place` is where it stands in the file; `state` None: the first; `ends_in` None: not said."""

    place: str
    reference: str
    process: str
    opened_on: date
    state: str | None = None
    terms: Mapping[str, Term] = field(default_factory=dict)
    facts: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)
    ends_in: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """A step of the case `case`, taken on a day by whoever holds the role `by`; of the clock, a step that is expected of it.
    With an `act`, that is done in a round instead, and `step` is what it is called.

    `state` is the state it should lead to, if said; `refused`: the engine should refuse it.
    """

    place: str
    case: str
    on: date
    step: str
    by: str
    party: str | None = None
    at: str = ""
    records: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    state: str | None = None
    refused: bool = False
    act: RoundCommand | None = None


@dataclass(frozen=True, slots=True)
class ExpectedDate:
    """The due date that a deadline should have at the end of the day `as_of`; None: it should have none."""

    place: str
    case: str
    deadline: str
    as_of: date
    due: date | None
    occurrence: int = 1


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """An alert that should go out: on which day, to which role, about which deadline or with which notice, at which level."""

    place: str
    case: str
    on: date
    to: str
    deadline: str | None = None
    notice: str | None = None
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """The story: its cases in the order in which they are opened, the first being the one that it is about.

    `file` is its name for people; the steps are in the order of their days.
    """

    file: str
    title: str
    until: date
    source: str
    parties: tuple[Party, ...]
    cases: tuple[ScriptCase, ...]
    steps: tuple[ScriptStep, ...] = ()
    dates: tuple[ExpectedDate, ...] = ()
    alerts: tuple[ExpectedAlert, ...] = ()

    @property
    def first(self) -> ScriptCase:
        return self.cases[0]

    def moved(self, days: int) -> "Script":
        """The same story, every day so many days later. Whole weeks keep the weekdays; a date without its day stays."""
        shift = timedelta(days=days)
        return replace(
            self,
            until=self.until + shift,
            cases=tuple(
                replace(
                    case,
                    opened_on=case.opened_on + shift,
                    facts={name: _moved(claims, shift) for name, claims in case.facts.items()},
                )
                for case in self.cases
            ),
            steps=tuple(
                replace(
                    step,
                    on=step.on + shift,
                    records={name: _moved_text(name, text, shift) for name, text in step.records.items()},
                )
                for step in self.steps
            ),
            dates=tuple(
                replace(each, as_of=each.as_of + shift, due=each.due and each.due + shift) for each in self.dates
            ),
            alerts=tuple(replace(alert, on=alert.on + shift) for alert in self.alerts),
        )


def _moved(claims: tuple[Claim, ...], shift: timedelta) -> tuple[Claim, ...]:
    return tuple(
        replace(claim, value=PartialDate.of(claim.value.as_date + shift))
        if isinstance(claim.value, PartialDate) and claim.value.as_date
        else claim
        for claim in claims
    )


def _moved_text(name: str, text: str, shift: timedelta) -> str:
    day = PartialDate.parse(text).as_date if name.endswith("_on") else None
    return str(day + shift) if day else text

"""A scripted case: dated steps of a true or invented file, to be replayed through the real engine."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from twinflow.domain.agreement import Party, Term


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """A step taken on a day by whoever holds the role `by`; `state` is the state it should lead to, if said."""

    on: date
    step: str
    by: str
    party: str | None = None
    place: str = ""
    records: Mapping[str, str] | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """An alert that should go out: on which day, about which deadline, to which role."""

    on: date
    deadline: str
    to: str


@dataclass(frozen=True, slots=True)
class Script:
    reference: str
    title: str
    process: str
    opened_on: date
    state: str
    until: date
    source: str
    parties: tuple[Party, ...]
    terms: Mapping[str, Term]
    steps: tuple[ScriptStep, ...]
    alerts: tuple[ExpectedAlert, ...]

    def moved(self, days: int) -> "Script":
        """The same case, every day so many days later. Whole weeks keep the weekdays."""
        shift = timedelta(days=days)
        return replace(
            self,
            opened_on=self.opened_on + shift,
            until=self.until + shift,
            steps=tuple(replace(step, on=step.on + shift) for step in self.steps),
            alerts=tuple(replace(alert, on=alert.on + shift) for alert in self.alerts),
        )

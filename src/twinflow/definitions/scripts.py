"""Script files: `examples/*.toml`, checked against the process they are about."""

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from twinflow.definitions.models import LengthText, Strict
from twinflow.definitions.reader import read_toml
from twinflow.domain.agreement import Party, Term
from twinflow.domain.process import CLOCK, Catalogue
from twinflow.domain.scripts import ExpectedAlert, Script, ScriptStep
from twinflow.errors import BadInput, Message, Problem
from twinflow.validation import unknown_name


class PartyModel(Strict):
    name: str
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    home: bool = False


class CaseModel(Strict):
    reference: str
    title: str
    process: str
    opened_on: date
    state: str
    until: date
    source: str
    parties: Annotated[tuple[PartyModel, ...], Field(min_length=2)]
    terms: dict[str, LengthText] = {}


class ScriptStepModel(Strict):
    on: date
    step: str
    by: str
    party: str | None = None
    place: str = ""
    records: dict[str, str] = {}
    state: str | None = None


class AlertModel(Strict):
    on: date
    deadline: str
    to: str


class ScriptModel(Strict):
    case: CaseModel
    steps: tuple[ScriptStepModel, ...] = ()
    alerts: tuple[AlertModel, ...] = ()


def read_script(path: Path, catalogue: Catalogue) -> Script:
    """Read a script. Raises BadInput with every problem, NotFound for a process that does not exist."""
    model = read_toml(path, ScriptModel, path.name)
    problems = [Problem(f"{path.name}: {where}", message) for where, message in _mistakes(model, catalogue)]
    if problems:
        raise BadInput("{place} has mistakes.", tuple(problems), place=path.name)
    case = model.case
    return Script(
        reference=case.reference,
        title=case.title,
        process=case.process,
        opened_on=case.opened_on,
        state=case.state,
        until=case.until,
        source=case.source,
        parties=tuple(Party(party.name, party.country, party.home) for party in case.parties),
        terms={name: Term((length,), source=case.source) for name, length in case.terms.items()},
        steps=tuple(
            ScriptStep(s.on, s.step, s.by, s.party, s.place, s.records, s.state)
            for s in sorted(model.steps, key=lambda step: step.on)
        ),
        alerts=tuple(ExpectedAlert(alert.on, alert.deadline, alert.to) for alert in model.alerts),
    )


def _mistakes(model: ScriptModel, catalogue: Catalogue) -> Iterator[tuple[str, Message]]:
    process = catalogue.in_force_on(model.case.process, model.case.opened_on)
    roles = [*process.roles, CLOCK]
    checks: list[tuple[str, Message, str, Collection[str]]] = [
        ("case.state", Message("the state"), model.case.state, process.states)
    ]
    for number, step in enumerate(model.steps, start=1):
        checks.append((f"steps[{number}].step", Message("the step"), step.step, process.steps))
        checks.append((f"steps[{number}].by", Message("the role"), step.by, roles))
        if step.state is not None:
            checks.append((f"steps[{number}].state", Message("the state"), step.state, process.states))
        if not model.case.opened_on <= step.on <= model.case.until:
            yield f"steps[{number}].on", Message("{day} is outside the case's own days.", {"day": step.on})
    for number, alert in enumerate(model.alerts, start=1):
        checks.append((f"alerts[{number}].deadline", Message("the deadline"), alert.deadline, process.deadlines))
        checks.append((f"alerts[{number}].to", Message("the role"), alert.to, process.roles))
    for where, kind, name, known in checks:
        if name not in known:
            yield where, unknown_name(kind, name, known)

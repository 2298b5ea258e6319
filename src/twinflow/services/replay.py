"""A scripted case through the real engine, on a database of its own, with a clock that is set to each day."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from twinflow.domain.actors import Assignment, Directory, Office, Person
from twinflow.domain.advance import StepCommand
from twinflow.domain.agreement import Agreement, EntryKind
from twinflow.domain.library import Library
from twinflow.domain.process import Label, ProcessDefinition
from twinflow.domain.scripts import Script, ScriptStep
from twinflow.errors import BadInput, Message, Problem
from twinflow.services.agreements import NewAgreement, advance_agreement, open_agreement
from twinflow.services.sweep import sweep
from twinflow.storage import database
from twinflow.storage.engine import make_engine
from twinflow.storage.unit_of_work import UnitOfWork

MORNING = time(9)


@dataclass(frozen=True, slots=True)
class ReplayedStep:
    on: date
    step: str
    label: Label
    actor: str
    state: str
    state_label: Label


@dataclass(frozen=True, slots=True)
class ReplayedAlert:
    """An alert that would have gone out on the day: the level reached, about what, to whom."""

    on: date
    notice: str
    subject: str
    label: Label
    level: str
    to: str


@dataclass(frozen=True, slots=True)
class Replay:
    steps: tuple[ReplayedStep, ...]
    alerts: tuple[ReplayedAlert, ...]


def replay(library: Library, script: Script) -> Replay:
    """Take each step on its day and sweep each morning until the script ends.

    Raises Refused where the engine refuses a step, BadInput where a state or alert is not as the script expects.
    """
    process = library.catalogue.in_force_on(script.process, script.opened_on)
    library = replace(library, directory=_directory(process))
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'replay.db'}")
        database.upgrade(engine)
        for day in _days(script):
            now = datetime.combine(day, MORNING, ZoneInfo(process.time_zone)).astimezone(UTC)
            if day == script.opened_on:
                open_script(engine, library, script, actor="liaison", now=now)
            for step in (step for step in script.steps if step.on == day):
                take(engine, library, script.reference, step, person=step.by, now=now)
            sweep(engine, library, now)
        with UnitOfWork(engine, reading=True) as work:
            agreement = work.agreements.get(script.reference)
        engine.dispose()
    result = Replay(tuple(_steps(agreement, process)), tuple(_alerts(agreement, process)))
    _compare(script, result)
    return result


def open_script(
    engine: Engine, library: Library, script: Script, *, actor: str, now: datetime, office: str = ""
) -> None:
    """Open the case of a script; at the office of its own process unless another is named."""
    new = NewAgreement(
        reference=script.reference,
        process=script.process,
        office=office or "municipality",
        title=script.title,
        opened_on=script.opened_on,
        parties=script.parties,
        state=script.state,
        terms=script.terms,
    )
    open_agreement(engine, library, new, actor=actor, now=now)


def take(engine: Engine, library: Library, reference: str, step: ScriptStep, *, person: str, now: datetime) -> None:
    """One scripted step. Raises BadInput if it leads to another state than the script says."""
    command = StepCommand(step.step, step.on, step.party, step.records or {}, step.place)
    outcome = advance_agreement(engine, library, reference, command, person=person, now=now)
    if step.state is not None and outcome.agreement.state != step.state:
        raise BadInput(
            "{day}: the step {step} led to {found}, not to {expected}.",
            day=step.on,
            step=step.step,
            found=outcome.agreement.state,
            expected=step.state,
        )


def _days(script: Script) -> Iterator[date]:
    for number in range((script.until - script.opened_on).days + 1):
        yield script.opened_on + timedelta(days=number)


def _directory(process: ProcessDefinition) -> Directory:
    """One office of each kind and one person for each role, called like them."""
    kinds = {role.office for role in process.roles.values()}
    offices = {kind: Office(kind, kind, {"en": kind, "es": kind}, "", process.time_zone) for kind in kinds}
    people = {
        role.key: Person(role.key, role.key, f"{role.key}@replay.invalid", "en", (Assignment(role.key, role.office),))
        for role in process.roles.values()
    }
    return Directory(offices, people)


def _steps(agreement: Agreement, process: ProcessDefinition) -> Iterator[ReplayedStep]:
    for entry in agreement.history:
        if entry.kind is EntryKind.STEP and entry.step and entry.to_state:
            label, state = process.steps[entry.step].label, process.states[entry.to_state].label
            yield ReplayedStep(entry.effective_on, entry.step, label, entry.actor, entry.to_state, state)


def _alerts(agreement: Agreement, process: ProcessDefinition) -> Iterator[ReplayedAlert]:
    for entry in agreement.history:
        if entry.kind is EntryKind.ALERT:
            details = entry.details
            label = _label(process, *details["subject"].partition(":")[::2])
            yield ReplayedAlert(
                entry.effective_on, details["notice"], details["subject"], label, details["level"], details["role"]
            )


def _label(process: ProcessDefinition, kind: str, name: str) -> Label:
    if kind == "deadline":
        return process.deadlines[name].label
    return process.steps[name].label if kind == "step" else {"en": name, "es": name}


def _compare(script: Script, result: Replay) -> None:
    sent = {(alert.on, alert.subject, alert.to) for alert in result.alerts}
    missing = [a for a in script.alerts if (a.on, f"deadline:{a.deadline}", a.to) not in sent]
    if missing:
        problems = tuple(
            Problem(
                script.reference,
                Message(
                    "{day}: no alert about {deadline} went to {to}.", {"day": a.on, "deadline": a.deadline, "to": a.to}
                ),
            )
            for a in missing
        )
        raise BadInput("The replay is not as the script expects.", problems)

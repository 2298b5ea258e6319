"""A process file: TOML to models to a frozen `ProcessDefinition`. Every mistake names the file and the path in it."""

import hashlib
import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from twinflow.definitions import models
from twinflow.domain.calendars import Roll
from twinflow.domain.dates import Length
from twinflow.domain.process import (
    Anchor,
    Announcement,
    ChangeRule,
    ChildState,
    DeadlineRule,
    Destination,
    Label,
    Nature,
    ProcessDefinition,
    Requirement,
    Role,
    Side,
    State,
    Step,
    TermRule,
)
from twinflow.errors import BadInput, Message, Problem
from twinflow.validation import KnownKeys, problems_of

MAX_BYTES = 1_000_000
Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path, model: type[Model], place: str) -> Model:
    """Read a TOML file into `model`. Raises BadInput with every problem, each at `place` and its path or line."""
    return parse_toml(read_text(path, place), model, place)


def read_text(path: Path, place: str) -> str:
    """The text of a definition file as it stands, line ends included. Raises BadInput naming `place`."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput("{place} cannot be read: {why}.", place=place, why=error.strerror or str(error)) from None
    if len(raw) > MAX_BYTES:
        raise BadInput("{place} is larger than {bytes} bytes.", place=place, bytes=MAX_BYTES)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = Problem(
            place, Message("byte {byte} is not UTF-8; save the file as UTF-8.", {"byte": error.start + 1})
        )
    raise BadInput("{place} has mistakes.", (problem,), place=place)


def parse_toml(text: str, model: type[Model], place: str) -> Model:
    """TOML text as `model`. Raises BadInput with every problem, each at `place` and its path or line."""
    try:
        return model.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise BadInput("{place} has mistakes.", problems_of(error, place, _known_keys(model)), place=place) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a plain ValueError
        problem = Problem(place, Message("not valid TOML: {detail}.", {"detail": str(error)}))
    raise BadInput("{place} has mistakes.", (problem,), place=place)


def _known_keys(model: type[BaseModel]) -> KnownKeys:
    """The keys that a table may have, for the message about a misspelt one; none where the path leads into a union."""

    def known(path: tuple[int | str, ...]) -> list[str]:
        here: object = model
        for part in path:
            if _is_model(here):
                fields = {field.alias or name: field for name, field in here.model_fields.items()}
                here = fields[str(part)].annotation if part in fields else None
            else:
                here = (get_args(here) or (None,))[-1]
        return [field.alias or name for name, field in here.model_fields.items()] if _is_model(here) else []

    return known


def _is_model(value: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(value, type) and issubclass(value, BaseModel)


def read_process(path: Path, place: str) -> ProcessDefinition:
    """Read one process file. Checks across names are in `checks`. Raises BadInput."""
    model = read_toml(path, models.ProcessModel, place)
    head = model.process
    return ProcessDefinition(
        key=head.key,
        version=head.version,
        kind=head.kind,
        label=_label(head.label),
        in_force_from=head.in_force.from_,
        in_force_to=head.in_force.to,
        time_zone=head.time_zone,
        calendars=head.calendars,
        law=head.law,
        start=head.start,
        stages={key: _label(label) for key, label in model.stages.items()},
        facts={key: _label(label) for key, label in model.facts.items()},
        terms={
            key: TermRule(_label(t.label), t.default, t.at_most, _source(t.source)) for key, t in model.terms.items()
        },
        roles={key: Role(key, role.office, _label(role.label)) for key, role in model.roles.items()},
        states={key: _state(key, state) for key, state in model.states.items()},
        steps={key: _step(key, step) for key, step in model.steps.items()},
        deadlines={key: _deadline(key, rule) for key, rule in model.deadlines.items()},
        children=head.children,
        digest=_digest(model),
        text=path.read_text("utf-8"),
    )


def _digest(model: models.ProcessModel) -> str:
    """SHA-256 of the content: comments and layout do not count, everything else does."""
    content = model.model_dump(mode="json", by_alias=True)
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _label(text: models.LabelText) -> Label:
    return {"en": text.en, "es": text.es}


def _source(text: models.SourceText) -> Label:
    return {"en": text, "es": text} if isinstance(text, str) else _label(text)


def _state(key: str, model: models.StateModel) -> State:
    return State(key, _label(model.label), model.stage, model.waits_for, model.signed, model.final)


def _step(key: str, model: models.StepModel) -> Step:
    to = (models.DestinationModel(state=model.to),) if isinstance(model.to, str) else model.to
    return Step(
        key=key,
        label=_label(model.label),
        sources=frozenset(model.from_),
        to=tuple(Destination(destination.state, destination.when) for destination in to),
        by=frozenset(model.by),
        records=model.records,
        day_as=model.day_as,
        per_party=model.per_party,
        effect=model.effect,
        requires=tuple(_requirement(requirement) for requirement in model.requires),
        announcements=tuple(Announcement(n.notice, n.to, n.urgent) for n in model.notices),
        source=_source(model.source) if model.source else {},
    )


def _requirement(model: models.RequirementModel) -> Requirement:
    match model:
        case models.FactRequirement():
            return Requirement(model.name, fact=model.fact)
        case models.StepsRequirement():
            return Requirement(model.name, steps=model.steps)
        case models.PlainRequirement():
            return Requirement(model.name)


def _deadline(key: str, model: models.DeadlineModel) -> DeadlineRule:
    side = Side.BEFORE if model.direction == "backward" else Side.AFTER
    return DeadlineRule(
        key=key,
        label=_label(model.label),
        anchor=Anchor(model.runs_from.step, model.runs_from.fact, model.runs_from.deadline),
        nature=model.nature,
        length=model.length if isinstance(model.length, Length) else None,
        term=model.length.term if isinstance(model.length, models.TermLength) else None,
        side=side,
        recurs=model.recurs,
        until=model.until,
        first_day=model.first_day,
        month_end=model.month_end,
        roll=model.roll or _usual_roll(model.nature, side),
        calendars=model.calendars,
        counts_in=model.counts_in,
        cut_off=model.cut_off,
        late=model.late,
        duty=model.duty,
        met_by_steps=frozenset(name for name in model.met_by if isinstance(name, str)),
        met_by_children=frozenset(ChildState(m.child, m.state) for m in model.met_by if not isinstance(m, str)),
        paused_in=frozenset(model.paused_in),
        pause=_change(model.pause),
        extend=_change(model.extend),
        move=_change(model.move),
        warn=model.warn,
        escalate=tuple(replace(escalation.when, to=escalation.to) for escalation in model.escalate),
        very_overdue=model.very_overdue,
        on_lapse=model.on_lapse,
        source=_source(model.source),
        note=_label(model.note) if model.note else {},
    )


def _change(model: models.ChangeRuleModel | None) -> ChangeRule | None:
    if model is None:
        return None
    return ChangeRule(frozenset(model.by), _source(model.source), model.at_most, model.second)


def _usual_roll(nature: Nature, side: Side) -> Roll:
    """A target stays where it falls; a day counted backward moves back, another one forward."""
    if nature is Nature.TARGET:
        return Roll.NONE
    return Roll.PRECEDING if side is Side.BEFORE else Roll.FOLLOWING

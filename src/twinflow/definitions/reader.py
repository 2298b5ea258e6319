"""A process file: TOML to models to a frozen `ProcessDefinition`. Every mistake names the file and the path in it."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeGuard, TypeVar, get_args

from pydantic import BaseModel, RootModel, ValidationError

from twinflow.definitions import models, overlays
from twinflow.domain.calendar.business_days import Roll
from twinflow.domain.calendar.dates import Length
from twinflow.domain.process.definition import (
    Anchor,
    Announcement,
    ChangeRule,
    Checklist,
    ChildState,
    CorrectionRule,
    DeadlineRule,
    Destination,
    Gate,
    Label,
    Nature,
    OfficeInCharge,
    Paper,
    ProcessDefinition,
    Requirement,
    Role,
    RoundRule,
    Side,
    State,
    Step,
    TermRule,
    Visibility,
)
from twinflow.errors import BadInput, why_of
from twinflow.regular_files import read_bytes
from twinflow.sentences import Problem, Sentence, unknown_name
from twinflow.validation import TOO_DEEP, KnownKeys, decoded, problems_of, toml_values

MAX_BYTES = 125_000
"""Three times the longest process file there is, and read in under a second whatever is in it."""

MANY = 256
"""Files kept as read, by their text: an overlay's base is needed again."""

VERSION = re.compile(rb"^[ \t]*version[ \t]*=[ \t]*([1-9][0-9]{0,5})[ \t\r]*(?:#.*)?$", re.MULTILINE)
AFTER_AN_OVERLAY = re.compile(r"\n# (\S+ v[0-9]+):\n")
"""Stands in a kept text between an overlay and the text of what it rests on."""

NO_PROCESSES = {"calendars", "cases"}
"""Folders beside the process files."""

Model = TypeVar("Model", bound=BaseModel)
Read = Callable[[Path], bytes]
"""Where the bytes of a file come from."""

Mistakes = Mapping[str, tuple[Problem, ...]]
"""What is wrong, by the file it is in."""


def problems_at(place: str, error: BadInput) -> tuple[Problem, ...]:
    """What is wrong with the file at `place`, of which the error tells."""
    return error.problems or (Problem(place, error.message),)


def all_of(mistakes: Mistakes) -> tuple[Problem, ...]:
    return tuple(problem for problems in mistakes.values() for problem in problems)


def read_toml(path: Path, model: type[Model], place: str) -> Model:
    """Read a TOML file into `model`. Raises BadInput with every problem, each at `place` and its path or line."""
    return parse_toml(read_text(path, place), model, place)


def read_text(path: Path, place: str, read: Read = read_bytes) -> str:
    """The text of a definition file as it stands, line ends included; a byte-order mark is no part of it.

    Raises BadInput naming `place`.
    """
    try:
        raw = read(path)
    except OSError as error:
        raise BadInput("{place} cannot be read: {why}.", place=place, why=why_of(error)) from None
    if len(raw) > MAX_BYTES:
        raise BadInput("{place} is larger than {bytes} bytes.", place=place, bytes=MAX_BYTES)
    return decoded(raw, place)


def parse_toml(text: str, model: type[Model], place: str) -> Model:
    """TOML text as `model`. Raises BadInput with every problem, each at `place` and its path or line."""
    return validated(_parsed(text, place), model, place)


_parsed = lru_cache(maxsize=MANY)(toml_values)


def validated(content: Mapping[str, Any], model: type[Model], place: str) -> Model:
    """The content as `model`. Raises BadInput with every problem, each at `place` and its path."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise BadInput("{place} has mistakes.", problems_of(error, place, _known_keys(model)), place=place) from None
    except RecursionError:
        problem = Problem(place, TOO_DEEP)
    raise BadInput("{place} has mistakes.", (problem,), place=place)


def _known_keys(model: type[BaseModel]) -> KnownKeys:
    """The keys that a table may have, for the message about a misspelt one; none where the path leads into a union."""

    def known(path: tuple[int | str, ...]) -> list[str]:
        here: object = model.model_fields["root"].annotation if issubclass(model, RootModel) else model
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


def name_of(path: Path, workflows: Path, read: Read = read_bytes) -> tuple[str, int]:
    """The key and version of a process file: `mx/twinning.v2.toml` is named by both, `mx/twinning.toml` says its version."""
    key, _, version = path.relative_to(workflows).with_suffix("").as_posix().partition(".v")
    if version.isdecimal():
        return key, int(version)
    try:
        said = VERSION.search(read(path))
    except OSError:
        said = None
    return key, int(said[1]) if said else 1


def read_process(path: Path, place: str, workflows: Path, read: Read = read_bytes) -> ProcessDefinition:
    """Read one process file; what an overlay rests on is found in the folder `workflows`. Raises BadInput.

    Checks across names are in `checks`.
    """
    return _definition(_read(path, place, workflows, (), read), place)


@dataclass(frozen=True, slots=True)
class _Content:
    """A process file as plain values, an overlay with what it rests on (`base`); its whole text decides."""

    text: str
    values: Mapping[str, Any] = field(compare=False)
    base: ProcessDefinition | None = field(default=None, compare=False)


def _read(path: Path, place: str, workflows: Path, above: tuple[Path, ...], read: Read) -> _Content:
    text = read_text(path, place, read)
    own = _parsed(text, place)
    head = own.get("process")
    if not isinstance(head, dict) or "extends" not in head:
        return _Content(text, own)
    extends = validated(head["extends"], models.ExtendsModel, f"{place}: process.extends")
    target = _file_of(extends, workflows, read)
    if target is None:
        raise _mistaken(place, [("process.extends", _nothing_to_rest_on(extends, workflows, path))])
    if target in {path, *above}:
        raise _mistaken(place, [("process.extends", Sentence("it rests on itself."))])
    try:
        base = _read(target, place, workflows, (*above, path), read)
        definition = _definition(base, target.name)
    except BadInput as error:
        message = Sentence("the process it rests on has mistakes: {file}.", {"file": target.name})
        raise _mistaken(place, [("process.extends", message)]) from error
    refused = list(overlays.not_changeable(own, base.values))
    if refused:
        raise _mistaken(place, refused)
    return _Content(f"{text}\n# {definition.name}:\n{base.text}", overlays.merged(own, base.values), definition)


def _file_of(extends: models.ExtendsModel, workflows: Path, read: Read) -> Path | None:
    """The file of a process version."""
    wanted = (extends.process, extends.version)
    paths = (workflows / f"{extends.process}{ending}.toml" for ending in (f".v{extends.version}", ""))
    return next((path for path in paths if path.is_file() and name_of(path, workflows, read) == wanted), None)


def _nothing_to_rest_on(extends: models.ExtendsModel, workflows: Path, own: Path) -> Sentence:
    """The versions that there are of the process; where there is none, the processes, the nearest first."""
    versions: dict[str, list[int]] = {}
    for path in workflows.rglob("*.toml"):
        name = path.relative_to(workflows)
        if name.parts[0] not in NO_PROCESSES and path != own:
            key, version = name_of(path, workflows)
            versions.setdefault(key, []).append(version)
    if extends.process not in versions:
        return unknown_name(Sentence("the process"), extends.process, versions)
    return Sentence(
        "there is no version {version} of {process} to rest on; there are: {versions}.",
        {"version": extends.version, "process": extends.process, "versions": sorted(versions[extends.process])},
    )


def read_kept(text: str, place: str) -> ProcessDefinition:
    """A process from the text that the books keep. It was proved when it came there: only its shape is asked for.

    Raises BadInput where it has none.
    """
    return _definition(_Content(text, _kept_values(text, place)), place)


def _kept_values(text: str, place: str) -> Mapping[str, Any]:
    """The content of a kept text; that of an overlay is followed by the text of what it rests on."""
    for between in reversed(list(AFTER_AN_OVERLAY.finditer(text))):
        try:
            own, base = _parsed(text[: between.start()], place), _kept_values(text[between.end() :], place)
        except BadInput:
            continue
        match own, base:
            case {"process": {"extends": {"process": key, **more}}}, {"process": {"key": base_key, "version": version}}:
                if (key, more.get("version", 1)) == (base_key, version) and between[1] == f"{key} v{version}":
                    return overlays.merged(own, base)
    return _parsed(text, place)


def _mistaken(place: str, found: Iterable[tuple[str, Sentence]]) -> BadInput:
    problems = tuple(Problem(f"{place}: {path}", message) for path, message in found)
    return BadInput("{place} has mistakes.", problems, place=place)


@lru_cache(maxsize=MANY)
def _definition(content: _Content, place: str) -> ProcessDefinition:
    model = validated(content.values, models.ProcessModel, place)
    head = model.process
    steps = {key: _step(key, step) for key, step in model.steps.items()}
    states = {key: _state(key, state) for key, state in model.states.items()}
    definition = ProcessDefinition(
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
        stages=_labels(model.stages),
        phases=_labels(model.phases),
        facts=_labels(model.facts),
        papers={key: Paper(_label(paper.label), _source(paper.source)) for key, paper in model.papers.items()},
        checklists={
            key: Checklist(_label(each.label), _source(each.source), _labels(each.items))
            for key, each in model.checklists.items()
        },
        terms={
            key: TermRule(_label(t.label), t.default, t.at_most, _source(t.source)) for key, t in model.terms.items()
        },
        roles={key: _role(key, role) for key, role in model.roles.items()},
        states=states,
        steps=steps,
        deadlines={key: _deadline(key, rule) for key, rule in model.deadlines.items()},
        gates={key: _gate(key, gate, states, steps) for key, gate in model.gates.items()},
        rounds={key: _round(key, each) for key, each in model.rounds.items()},
        children=head.children,
        digest=_digest(model),
        text=content.text,
        extends=(head.extends.process, head.extends.version) if head.extends else None,
        unconfirmed=_label(head.unconfirmed) if head.unconfirmed else {},
        corrections=_corrections(model.corrections),
        visibility={kind: _visibility(each) for kind, each in model.visibility.items()},
        city=head.city or "",
        countries=frozenset(head.countries),
    )
    if content.base is not None and (looser := list(overlays.loosened(definition, content.base))):
        raise _mistaken(place, looser)
    return definition


def _digest(model: models.ProcessModel) -> str:
    """SHA-256 of the content: comments and layout do not count, everything else does."""
    content = model.model_dump(mode="json", by_alias=True)
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _label(text: models.LabelText) -> Label:
    return {"en": text.en, "es": text.es}


def _labels(texts: Mapping[str, models.LabelText]) -> dict[str, Label]:
    return {key: _label(text) for key, text in texts.items()}


def _source(text: models.SourceText) -> Label:
    return {"en": text, "es": text} if isinstance(text, str) else _label(text)


def _role(key: str, model: models.RoleModel) -> Role:
    if isinstance(model.office, str):
        offices: tuple[OfficeInCharge, ...] = (OfficeInCharge(model.office),)
    else:
        offices = tuple(OfficeInCharge(office.kind, office.from_, office.to) for office in model.office)
    return Role(key, offices, _label(model.label), model.deputy)


def _gate(key: str, model: models.GateModel, states: Mapping[str, State], steps: Mapping[str, Step]) -> Gate:
    """Without `to`, what stands behind the gate is every state where a signature may be on the text."""
    signing = {d.state for step in steps.values() if step.per_party == "signature" for d in step.to}
    to = model.to or sorted(signing | {state.key for state in states.values() if state.signed})
    return Gate(key, _label(model.label), _source(model.source), frozenset(model.through), frozenset(to))


def _round(key: str, model: models.RoundModel) -> RoundRule:
    observations, consults = model.observations, model.consults
    return RoundRule(
        key=key,
        label=_label(model.label),
        source=_source(model.source),
        opened_by=frozenset(model.opened_by),
        ended_by=frozenset(model.ended_by),
        draft=model.draft,
        papers=model.papers,
        checklists=model.checklists,
        observed_by=frozenset(observations.by if observations is not None else ()),
        answered_by=frozenset(observations.answered_by if observations is not None else ()),
        consulted_by=frozenset(consults.by if consults is not None else ()),
        consults=consults.roles if consults is not None else (),
        within=consults.within if consults is not None else None,
        warn=consults.warn if consults is not None else (),
        quorum=consults.quorum if consults is not None else None,
        noted_by=frozenset(model.internal_note),
    )


def _state(key: str, model: models.StateModel) -> State:
    return State(
        key, _label(model.label), model.stage, model.waits_for, model.signed, model.final, model.phase, model.entry
    )


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
        needs_reason=model.reason,
        stands=_label(model.stands) if model.stands else {},
    )


def _corrections(model: models.CorrectionsModel | None) -> CorrectionRule | None:
    return CorrectionRule(model.second, _source(model.source)) if model is not None else None


def _visibility(model: models.VisibilityModel) -> Visibility:
    roles = {role: frozenset(states) for role, states in model.roles.items()}
    return Visibility(frozenset(model.from_), frozenset(model.hides), roles)


def _requirement(model: models.RequirementModel) -> Requirement:
    source = _source(model.source) if model.source else {}
    match model:
        case models.FactRequirement():
            return Requirement(model.name, fact=model.fact, source=source)
        case models.StepsRequirement():
            return Requirement(model.name, steps=model.steps, source=source)
        case models.ChecklistRequirement():
            return Requirement(model.name, checklist=model.checklist, source=source)
        case models.ChildRequirement():
            return Requirement(model.name, child=ChildState(model.child, model.state), step=model.since, source=source)
        case models.DayRequirement():
            return Requirement(
                model.name,
                fact=model.fact,
                deadline=model.deadline,
                step=model.step,
                at_least=model.at_least,
                source=source,
            )
        case models.RoundRequirement():
            return Requirement(model.name, round=model.round, source=source)
        case models.PlainRequirement():
            return Requirement(model.name, source=source)


def _deadline(key: str, model: models.DeadlineModel) -> DeadlineRule:
    side = Side.BEFORE if model.direction == "backward" else Side.AFTER
    return DeadlineRule(
        key=key,
        label=_label(model.label),
        anchor=Anchor(
            model.runs_from.step,
            model.runs_from.fact,
            model.runs_from.deadline,
            activity=bool(model.runs_from.activity),
            on=_month_and_day(model.runs_from.on),
        ),
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
        while_in=frozenset(model.while_in),
        in_pause=model.in_pause,
        pause=_change(model.pause),
        extend=_change(model.extend),
        move=_change(model.move),
        warn=model.warn,
        escalate=tuple(replace(escalation.when, to=escalation.to) for escalation in model.escalate),
        very_overdue=model.very_overdue,
        on_lapse=(model.on_lapse,) if isinstance(model.on_lapse, str) else model.on_lapse or (),
        source=_source(model.source),
        note=_label(model.note) if model.note else {},
        article=_source(model.article) if model.article else {},
    )


def _month_and_day(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    day = date.fromisoformat(f"2001-{text}")
    return (day.month, day.day)


def _change(model: models.ChangeRuleModel | None) -> ChangeRule | None:
    if model is None:
        return None
    return ChangeRule(frozenset(model.by), _source(model.source), model.at_most, model.second)


def _usual_roll(nature: Nature, side: Side) -> Roll:
    """A target stays where it falls; a day counted backward moves back, another one forward."""
    if nature is Nature.TARGET:
        return Roll.NONE
    return Roll.PRECEDING if side is Side.BEFORE else Roll.FOLLOWING

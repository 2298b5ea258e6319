"""Scripted cases: `workflows/cases/**/*.toml`, checked against the processes they are about."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from twinflow.definitions.models import LevelText, Strict
from twinflow.definitions.reader import read_toml
from twinflow.domain.agreement.agreement import REFERENCE, Claim, Party, Term
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.clock.scripted_case import ExpectedAlert, ExpectedDate, Script, ScriptCase, ScriptStep
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.process.definition import CLOCK, ProcessDefinition
from twinflow.domain.steps.round_acts import RoundAct, RoundCommand
from twinflow.errors import BadInput, NotFound, Unreadable
from twinflow.sentences import Problem, Sentence, unknown_name


def _term(text: str) -> str:
    Term.parse(text)
    return text


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _dated(values: dict[str, str]) -> dict[str, str]:
    """What ends in `_on` is a date as papers state it."""
    for name, text in values.items():
        if name.endswith("_on"):
            PartialDate.parse(text)
    return values


Recorded = Annotated[dict[str, Annotated[str, BeforeValidator(_text)]], AfterValidator(_dated)]
Reference = Annotated[str, Field(pattern=rf"^{REFERENCE}$")]


class PartyModel(Strict):
    name: str
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    home: bool = False


class FurtherCaseModel(Strict):
    reference: Reference
    process: str
    opened_on: date
    state: str | None = None
    terms: dict[str, Annotated[str, AfterValidator(_term)]] = {}
    facts: Recorded = {}
    ends_in: str | None = None
    parent: str | None = None


class CaseModel(FurtherCaseModel):
    parent: None = None
    title: str
    until: date
    source: str
    parties: Annotated[tuple[PartyModel, ...], Field(min_length=2)]


class ScriptStepModel(Strict):
    on: date
    step: str | None = None
    act: RoundAct | None = None
    by: str
    case: str | None = None
    party: str | None = None
    place: str = ""
    records: Recorded = {}
    reason: str = ""
    state: str | None = None
    refused: bool = False
    round: str = ""
    number: int | None = None
    article: str = ""
    text: str = ""
    role: str = ""
    draft: str = ""
    paper: str = ""

    @model_validator(mode="after")
    def _one(self) -> "ScriptStepModel":
        if (self.step is None) == (self.act is None):
            raise Unreadable("name a step, or an act in a round")
        of_acts = (self.round, self.article, self.text, self.role, self.draft, self.paper, self.number)
        if self.step is not None and any(of_acts):
            raise Unreadable("round, number, article, text, role, draft and paper go with an act")
        return self

    @property
    def command(self) -> RoundCommand | None:
        """The act, where it is one."""
        if self.act is None:
            return None
        return RoundCommand(
            act=self.act,
            round=self.round,
            number=self.number,
            article=self.article,
            text=self.text,
            role=self.role,
            draft=self.draft,
            paper=self.paper,
        )

    @model_validator(mode="after")
    def _refused_to_somebody(self) -> "ScriptStepModel":
        if self.refused and (self.by == CLOCK or self.state is not None):
            raise Unreadable("a step that is refused leads nowhere, and is one of a person")
        return self


class DateModel(Strict):
    deadline: str
    as_of: date
    due: date | None = None
    occurrence: Annotated[int, Field(ge=1)] = 1
    case: str | None = None


class AlertModel(Strict):
    on: date
    to: str
    deadline: str | None = None
    notice: str | None = None
    level: LevelText | None = None
    case: str | None = None

    @model_validator(mode="after")
    def _about_something(self) -> "AlertModel":
        if self.deadline is None and self.notice is None:
            raise Unreadable("name the deadline or the notice that the alert is about")
        return self


class ScriptModel(Strict):
    case: CaseModel
    cases: tuple[FurtherCaseModel, ...] = ()
    steps: tuple[ScriptStepModel, ...] = ()
    dates: tuple[DateModel, ...] = ()
    alerts: tuple[AlertModel, ...] = ()

    @property
    def all_cases(self) -> Iterator[tuple[str, FurtherCaseModel]]:
        """Every case with its place in the file."""
        yield "case", self.case
        for number, case in enumerate(self.cases, start=1):
            yield f"cases[{number}]", case


def read_script(path: Path, catalogue: Catalogue, file: str = "") -> Script:
    """Read a script, called `file` (else by its file's name). Raises BadInput with every problem."""
    file = file or path.name
    model = read_toml(path, ScriptModel, file)
    problems = tuple(Problem(f"{file}: {where}", message) for where, message in _mistakes(model, catalogue))
    if problems:
        raise BadInput("{place} has mistakes.", problems, place=file)
    head, first = model.case, model.case.reference
    return Script(
        file=file,
        title=head.title,
        until=head.until,
        source=head.source,
        parties=tuple(Party(party.name, party.country, party.home) for party in head.parties),
        cases=tuple(
            sorted((_case(place, case, head.source) for place, case in model.all_cases), key=lambda c: c.opened_on)
        ),
        steps=tuple(sorted((_step(f"steps[{n}]", s, first) for n, s in enumerate(model.steps, 1)), key=lambda s: s.on)),
        dates=tuple(
            ExpectedDate(f"dates[{n}]", d.case or first, d.deadline, d.as_of, d.due, d.occurrence)
            for n, d in enumerate(model.dates, 1)
        ),
        alerts=tuple(
            ExpectedAlert(f"alerts[{n}]", a.case or first, a.on, a.to, a.deadline, a.notice, a.level)
            for n, a in enumerate(model.alerts, 1)
        ),
    )


def _case(place: str, model: FurtherCaseModel, source: str) -> ScriptCase:
    return ScriptCase(
        place=place,
        reference=model.reference,
        process=model.process,
        opened_on=model.opened_on,
        state=model.state,
        terms={name: Term.parse(text, source) for name, text in model.terms.items()},
        facts={
            name: (Claim(PartialDate.parse(text) if name.endswith("_on") else text, source),)
            for name, text in model.facts.items()
        },
        ends_in=model.ends_in,
        parent=model.parent,
    )


def _step(place: str, model: ScriptStepModel, first: str) -> ScriptStep:
    return ScriptStep(
        place=place,
        case=model.case or first,
        on=model.on,
        step=model.step or str(model.act),
        act=model.command,
        by=model.by,
        party=model.party,
        at=model.place,
        records=model.records,
        reason=model.reason,
        state=model.state,
        refused=model.refused,
    )


Mistakes = Iterator[tuple[str, Sentence]]


def _mistakes(model: ScriptModel, catalogue: Catalogue) -> Mistakes:
    """Names that do not exist, and days outside the story."""
    processes: dict[str, ProcessDefinition] = {}
    for place, case in model.all_cases:
        try:
            process = catalogue.in_force_on(case.process, case.opened_on)
        except NotFound as error:
            yield f"{place}.process", error.message
            continue
        if case.reference in processes:
            yield f"{place}.reference", Sentence("{reference} exists already.", {"reference": case.reference})
        if case.parent is not None and case.parent not in processes:
            yield f"{place}.parent", unknown_name(Sentence("the case"), case.parent, processes)
        processes[case.reference] = process
        yield from _unknown(
            Sentence("the state"), process.states, {"state": case.state, "ends_in": case.ends_in}, place
        )
        if not model.case.opened_on <= case.opened_on <= model.case.until:
            yield f"{place}.opened_on", _outside(case.opened_on)
    if len(processes) == 1 + len(model.cases):
        for place, what, days in _parts(model):
            reference = what.case or model.case.reference
            if reference not in processes:
                yield f"{place}.case", unknown_name(Sentence("the case"), reference, processes)
                continue
            yield from _unknown_in(what, processes[reference], place)
            for key, day in days.items():
                if not model.case.opened_on <= day <= model.case.until:
                    yield f"{place}.{key}", _outside(day)


def _parts(
    model: ScriptModel,
) -> Iterator[tuple[str, ScriptStepModel | DateModel | AlertModel, Mapping[str, date]]]:
    """Everything that is about a case, with its place and its days."""
    for number, step in enumerate(model.steps, start=1):
        yield f"steps[{number}]", step, {"on": step.on}
    for number, each in enumerate(model.dates, start=1):
        yield f"dates[{number}]", each, {"as_of": each.as_of}
    for number, alert in enumerate(model.alerts, start=1):
        yield f"alerts[{number}]", alert, {"on": alert.on}


def _unknown_in(what: ScriptStepModel | DateModel | AlertModel, process: ProcessDefinition, place: str) -> Mistakes:
    match what:
        case ScriptStepModel():
            yield from _unknown(Sentence("the step"), process.steps, {"step": what.step}, place)
            yield from _unknown(Sentence("the role"), [*process.roles, CLOCK], {"by": what.by}, place)
            yield from _unknown(Sentence("the state"), process.states, {"state": what.state}, place)
        case DateModel():
            yield from _unknown(Sentence("the deadline"), process.deadlines, {"deadline": what.deadline}, place)
        case AlertModel():
            yield from _unknown(Sentence("the deadline"), process.deadlines, {"deadline": what.deadline}, place)
            yield from _unknown(Sentence("the role"), process.roles, {"to": what.to}, place)


def _unknown(kind: Sentence, known: Collection[str], names: Mapping[str, str | None], place: str) -> Mistakes:
    for key, name in names.items():
        if name is not None and name not in known:
            yield f"{place}.{key}", unknown_name(kind, name, known)


def _outside(day: date) -> Sentence:
    return Sentence("{day} is outside the case's own days.", {"day": day})

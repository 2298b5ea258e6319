"""The shape of a process file. `workflows/process.schema.json` is made from these models."""

import re
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from twinflow.domain.calendars import Roll
from twinflow.domain.dates import Length
from twinflow.domain.process import Effect, Level, Nature, Side
from twinflow.errors import Unreadable


class Strict(BaseModel):
    """Unknown keys are errors; nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelText(Strict):
    """A text for people in every language."""

    en: Annotated[str, Field(min_length=1)]
    es: Annotated[str, Field(min_length=1)]


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise Unreadable("there is no such time zone; zones are written like America/Mexico_City")
    return name


def _length(text: object) -> object:
    return Length.parse(text) if isinstance(text, str) else text


def _level(text: object) -> object:
    """Read `5 business days before`, `on the day`, `1 day after` or `then every 5 days`."""
    if not isinstance(text, str):
        return text
    if text == "on the day":
        return Level()
    match = re.fullmatch(r"(?:(then every) )?(\d+ [a-z ]+?)(?: (before|after))?", text)
    if match is None or bool(match[1]) == bool(match[3]):
        raise Unreadable(
            "a level is written like “5 business days before”, “on the day”, “1 day after” or “then every 30 days”"
        )
    return Level(Length.parse(match[2]), Side(match[3] or "after"), repeats=bool(match[1]))


LENGTH_PATTERN = r"^[1-9][0-9]{0,4} (business )?(day|week|month|year)s?$"
LEVEL_PATTERN = r"^(on the day|then every [1-9].*|[1-9].* (before|after))$"

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
TimeZone = Annotated[str, AfterValidator(_zone)]
LengthText = Annotated[
    Length, BeforeValidator(_length, json_schema_input_type=Annotated[str, Field(pattern=LENGTH_PATTERN)])
]
LevelText = Annotated[
    Level, BeforeValidator(_level, json_schema_input_type=Annotated[str, Field(pattern=LEVEL_PATTERN)])
]


class InForce(Strict):
    from_: Annotated[date, Field(alias="from")]
    to: date | None = None


class ProcessHead(Strict):
    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*(/[a-z][a-z0-9-]*)?$")]
    version: Annotated[int, Field(ge=1)]
    kind: Literal["twinning", "specific_agreement", "programme"]
    start: Key
    in_force: InForce
    time_zone: TimeZone
    calendars: tuple[str, ...] = ()
    law: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    label: LabelText


SourceText = Annotated[str, Field(min_length=1)] | LabelText
"""A law is called the same in every language; what we say about it is not."""


class TermModel(Strict):
    label: LabelText
    default: LengthText | None = None
    at_most: LengthText | None = None
    source: SourceText


class RoleModel(Strict):
    office: Literal["municipality", "ministry", "registry"]
    label: LabelText


class StateModel(Strict):
    label: LabelText
    stage: Key
    waits_for: str | None = None
    signed: bool = False
    final: bool = False


class FactRequirement(Strict):
    name: Literal["fact", "date_known"]
    fact: str


class StepsRequirement(Strict):
    name: Literal["every_party", "step_taken", "another_person_than"]
    steps: Annotated[tuple[str, ...], Field(min_length=1)]


class PlainRequirement(Strict):
    name: Literal["all_signed"]


RequirementModel = Annotated[FactRequirement | StepsRequirement | PlainRequirement, Field(discriminator="name")]


class DestinationModel(Strict):
    state: str
    when: Literal["all_signed"] | None = None


class AnnouncementModel(Strict):
    notice: str
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    urgent: bool = False


class StepModel(Strict):
    label: LabelText
    from_: Annotated[tuple[str, ...], Field(alias="from", min_length=1)]
    to: str | tuple[DestinationModel, ...]
    by: Annotated[tuple[str, ...], Field(min_length=1)]
    day_as: str | None = None
    records: tuple[str, ...] = ()
    per_party: Literal["signature", "acceptance"] | None = None
    effect: Effect | None = None
    requires: tuple[RequirementModel, ...] = ()
    notices: tuple[AnnouncementModel, ...] = ()
    source: SourceText | None = None


class AnchorModel(Strict):
    step: str | None = None
    fact: str | None = None
    deadline: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "AnchorModel":
        if sum(value is not None for value in (self.step, self.fact, self.deadline)) != 1:
            raise Unreadable("name exactly one of step, fact and deadline")
        return self


class TermLength(Strict):
    term: str


class ChildStateModel(Strict):
    child: str
    state: str


class EscalationModel(Strict):
    when: LevelText
    to: str

    @field_validator("when")
    @classmethod
    def _once(cls, level: Level) -> Level:
        if level.repeats:
            raise Unreadable("an escalation happens once; “then every …” belongs in warn")
        return level


class DeadlineModel(Strict):
    label: LabelText
    runs_from: AnchorModel
    length: Annotated[
        Length | TermLength,
        BeforeValidator(_length, json_schema_input_type=Annotated[str, Field(pattern=LENGTH_PATTERN)] | TermLength),
    ]
    nature: Nature
    direction: Literal["forward", "backward"] = "forward"
    recurs: bool = False
    until: str | None = None
    roll: Roll | None = None
    late: str | None = None
    duty: bool = True
    met_by: tuple[str | ChildStateModel, ...] = ()
    paused_in: tuple[str, ...] = ()
    warn: tuple[LevelText, ...] = ()
    escalate: tuple[EscalationModel, ...] = ()
    on_lapse: str | None = None
    source: SourceText
    note: LabelText | None = None

    @model_validator(mode="after")
    def _repeats_last(self) -> "DeadlineModel":
        if any(level.repeats for level in self.warn[:-1]):
            raise Unreadable("“then every …” comes once, as the last of warn")
        if self.recurs and self.on_lapse is not None:
            raise Unreadable("a deadline that recurs cannot lapse")
        return self


class ProcessModel(Strict):
    """A process file."""

    process: ProcessHead
    stages: dict[Key, LabelText]
    facts: dict[Key, LabelText] = {}
    terms: dict[Key, TermModel] = {}
    roles: dict[Key, RoleModel]
    states: dict[Key, StateModel]
    steps: dict[Key, StepModel]
    deadlines: dict[Key, DeadlineModel] = {}


def schema() -> dict[str, Any]:
    """The JSON Schema of a process file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ProcessModel.model_json_schema(by_alias=True),
        "title": "twinflow process file",
    }

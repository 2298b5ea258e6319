"""The shape of a process file. `workflows/process.schema.json` is made from these models."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, time
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    field_validator,
    model_validator,
)

from twinflow.domain.calendar.business_days import CountsIn, FirstDay, Roll
from twinflow.domain.calendar.dates import Distance, Length, MonthEnd
from twinflow.domain.process.definition import Effect, InPause, Level, Nature, Side
from twinflow.errors import Unreadable


class Strict(BaseModel):
    """Unknown keys are errors; nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelText(Strict):
    """A text for people in every language."""

    en: Annotated[str, Field(min_length=1)]
    es: Annotated[str, Field(min_length=1)]


def _zone(name: str) -> str:
    if not _is_zone(name):
        raise Unreadable("there is no such time zone; zones are written like America/Mexico_City")
    return name


@cache
def _is_zone(name: str) -> bool:
    """Whether there is such a time zone, without looking through the files of all the others."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return name.partition("/")[0] not in {"posix", "right", "posixrules"}  # the same zones by other clocks


def _length(text: object) -> object:
    return Length.parse(text) if isinstance(text, str) else text


def _distance(text: object) -> object:
    """Read `3 clear days`, or a length."""
    if not isinstance(text, str):
        return text
    match = re.fullmatch(r"([1-9][0-9]{0,8}) (clear )?((?:business )?day|week|month|year)s?", text)
    if match is None:
        raise Unreadable("how far apart is written like 3 clear days, 5 business days, 6 weeks, 3 months or 5 years")
    return Distance(Length.parse(f"{match[1]} {match[3]}s"), clear=bool(match[2]))


def _level(text: object) -> object:
    """Read `5 business days before`, `on the day`, `1 day after`, `80 % of the time` or `then every 5 days`."""
    if not isinstance(text, str):
        return text
    if text == "on the day":
        return Level()
    share = re.fullmatch(r"([1-9]\d{0,2}) ?% of the time", text)
    if share is not None:
        return Level(percent=int(share[1]))
    match = re.fullmatch(r"(?:(then every) )?(\d+ [a-z ]+?)(?: (before|after))?", text)
    if match is None or bool(match[1]) == bool(match[3]):
        raise Unreadable(
            "a level is written like “5 business days before”, “80 % of the time”, “on the day”, “1 day after” or "
            "“then every 30 days”"
        )
    return Level(Length.parse(match[2]), Side(match[3] or "after"), repeats=bool(match[1]))


def _level_content(level: Level) -> dict[str, Any]:
    """What counts for the digest of the file: a kind of level that came later does not count where it is not used."""
    content = asdict(level)
    if level.percent is None:
        del content["percent"]
    return content


def _added(default: Any) -> Any:
    """A key that came later: where it is left out, the digest of a file is what it was before."""
    return Field(default=default, exclude_if=lambda value: value == default)


LENGTH_PATTERN = r"^[1-9][0-9]{0,4} (business )?(day|week|month|year)s?$"
DISTANCE_PATTERN = r"^[1-9][0-9]{0,4} (clear )?(business )?(day|week|month|year)s?$"
LEVEL_PATTERN = r"^(on the day|then every [1-9].*|[1-9].* (before|after)|[1-9][0-9]{0,2} ?% of the time)$"

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
TimeZone = Annotated[str, AfterValidator(_zone)]
LengthText = Annotated[
    Length, BeforeValidator(_length, json_schema_input_type=Annotated[str, Field(pattern=LENGTH_PATTERN)])
]
DistanceText = Annotated[
    Distance, BeforeValidator(_distance, json_schema_input_type=Annotated[str, Field(pattern=DISTANCE_PATTERN)])
]
LevelText = Annotated[
    Level,
    BeforeValidator(_level, json_schema_input_type=Annotated[str, Field(pattern=LEVEL_PATTERN)]),
    PlainSerializer(_level_content),
]


class InForce(Strict):
    from_: Annotated[date, Field(alias="from")]
    to: date | None = None


ProcessKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*(/[a-z][a-z0-9-]*)?$")]


CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class ExtendsModel(Strict):
    """The process and version that an overlay rests on."""

    process: ProcessKey
    version: Annotated[int, Field(ge=1)] = 1


class ProcessHead(Strict):
    key: ProcessKey
    version: Annotated[int, Field(ge=1, le=9999)]
    kind: Key
    start: Key
    in_force: InForce
    time_zone: TimeZone
    calendars: tuple[str, ...] = ()
    law: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    label: LabelText
    extends: ExtendsModel | None = _added(None)
    unconfirmed: LabelText | None = _added(None)
    city: Annotated[str, Field(min_length=1)] | None = _added(None)
    countries: tuple[CountryCode, ...] = _added(())


SourceText = Annotated[str, Field(min_length=1)] | LabelText
"""A law is called the same in every language; what we say about it is not."""


class TermModel(Strict):
    label: LabelText
    default: LengthText | None = None
    at_most: LengthText | None = None
    source: SourceText


class PaperModel(Strict):
    label: LabelText
    source: SourceText


class ChecklistModel(Strict):
    label: LabelText
    source: SourceText
    items: Annotated[dict[Key, LabelText], Field(min_length=1)]


class OfficeInChargeModel(Strict):
    """The kind of office in charge, from a day to a day."""

    kind: Key
    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None


class RoleModel(Strict):
    office: Key | Annotated[tuple[OfficeInChargeModel, ...], Field(min_length=1)]
    label: LabelText
    deputy: Key | None = _added(None)


class StateModel(Strict):
    label: LabelText
    stage: Key
    phase: Key | None = _added(None)
    waits_for: str | None = None
    signed: StrictBool = False
    final: StrictBool = False
    entry: StrictBool = _added(default=False)


class WithSource(Strict):
    """A requirement, with a source of its own where that of the step does not say it."""

    source: SourceText | None = _added(None)


class FactRequirement(WithSource):
    name: Literal["fact", "date_known"]
    fact: str


class StepsRequirement(WithSource):
    name: Literal["every_party", "step_taken", "another_person_than"]
    steps: Annotated[tuple[str, ...], Field(min_length=1)]


class ChecklistRequirement(WithSource):
    name: Literal["checklist"]
    checklist: str


class ChildRequirement(WithSource):
    name: Literal["child"]
    child: str
    state: str
    since: str | None = _added(None)


class DayRequirement(WithSource):
    """The day of the act is not before, or not after, a day: that of a deadline, of a fact or of an earlier step."""

    name: Literal["not_before", "not_after"]
    deadline: str | None = None
    fact: str | None = None
    step: str | None = None
    at_least: DistanceText | None = None

    @model_validator(mode="after")
    def _one(self) -> "DayRequirement":
        if sum(value is not None for value in (self.deadline, self.fact, self.step)) != 1:
            raise Unreadable("name exactly one of deadline, fact and step")
        return self


class RoundRequirement(WithSource):
    """What was done in a round."""

    name: Literal["draft_submitted", "observations_made", "observations_closed", "consultations_given"]
    round: str


class PlainRequirement(WithSource):
    name: Literal["all_signed"]


RequirementModel = Annotated[
    FactRequirement
    | StepsRequirement
    | ChecklistRequirement
    | ChildRequirement
    | DayRequirement
    | RoundRequirement
    | PlainRequirement,
    Field(discriminator="name"),
]


class DestinationModel(Strict):
    state: str
    when: Literal["all_signed"] | None = None


class AnnouncementModel(Strict):
    notice: str
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    urgent: StrictBool = False


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
    reason: StrictBool = _added(default=False)
    stands: LabelText | None = _added(None)


def _day_of_year(text: str | None) -> str | None:
    if text is not None:
        try:
            date.fromisoformat(f"2001-{text}")
        except ValueError:
            raise Unreadable("a day that every year has is written like 01-31, month and day") from None
    return text


class AnchorModel(Strict):
    step: str | None = None
    fact: str | None = None
    deadline: str | None = None
    activity: Literal[True] | None = _added(None)
    on: Annotated[str | None, AfterValidator(_day_of_year)] = _added(None)

    @model_validator(mode="after")
    def _one(self) -> "AnchorModel":
        if sum(value is not None for value in (self.step, self.fact, self.deadline, self.activity)) != 1:
            raise Unreadable("name exactly one of step, fact, deadline and activity")
        if self.on is not None and self.step is None and self.fact is None:
            raise Unreadable("a day of the year goes with a step or a fact")
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


class ChangeRuleModel(Strict):
    """Who may pause, extend or move a deadline, up to what, and the basis of it."""

    by: Annotated[tuple[str, ...], Field(min_length=1)]
    at_most: LengthText | None = None
    second: str | None = None
    source: SourceText


class DeadlineModel(Strict):
    label: LabelText
    runs_from: AnchorModel
    length: Annotated[
        Length | TermLength | None,
        BeforeValidator(_length, json_schema_input_type=Annotated[str, Field(pattern=LENGTH_PATTERN)] | TermLength),
    ] = None
    fixed: StrictBool = _added(default=False)
    nature: Nature
    direction: Literal["forward", "backward"] = "forward"
    recurs: StrictBool = False
    until: str | None = None
    first_day: FirstDay = _added(FirstDay.NEXT_DAY)
    cut_off: time | None = _added(None)
    month_end: MonthEnd = _added(MonthEnd.CLAMP)
    roll: Roll | None = None
    calendars: tuple[str, ...] = _added(())
    counts_in: CountsIn = _added(CountsIn.ALL)
    late: str | None = None
    duty: StrictBool = True
    met_by: tuple[str | ChildStateModel, ...] = ()
    paused_in: tuple[str, ...] = ()
    while_in: tuple[str, ...] = _added(())
    in_pause: InPause | None = _added(None)
    pause: ChangeRuleModel | None = _added(None)
    extend: ChangeRuleModel | None = _added(None)
    move: ChangeRuleModel | None = _added(None)
    warn: tuple[LevelText, ...] = ()
    escalate: tuple[EscalationModel, ...] = ()
    very_overdue: LengthText | None = _added(None)
    on_lapse: str | Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    article: SourceText | None = _added(None)
    source: SourceText
    note: LabelText | None = None

    @model_validator(mode="after")
    def _repeats_last(self) -> "DeadlineModel":
        _check_ladder(self.warn, [f"{each.when.key} to {each.to}" for each in self.escalate])
        if self.recurs and self.on_lapse:
            raise Unreadable("a deadline that recurs cannot lapse")
        return self

    @model_validator(mode="after")
    def _counts_something(self) -> "DeadlineModel":
        if self.fixed == (self.length is not None):
            raise Unreadable("give a length, or fixed = true where the fact itself is the date")
        backward = self.direction == "backward"
        levels = [*self.warn, *(each.when for each in self.escalate)]
        if (self.fixed or backward) and (self.paused_in or self.pause or self.extend):
            raise Unreadable(
                "a fixed date, or one counted backward, is neither paused nor extended; leave those keys out"
            )
        if (self.fixed or backward) and any(level.percent is not None for level in levels):
            raise Unreadable("there is no share of the time where nothing is counted forward; name days instead")
        if self.in_pause is not None and self.runs_from.on is None:
            raise Unreadable("in_pause is for a duty of a calendar day (runs_from.on); other dates move with a pause")
        if self.fixed and self.recurs:
            raise Unreadable("a fixed date does not recur; give a length")
        if backward and self.first_day is not FirstDay.NEXT_DAY:
            raise Unreadable("a count backward begins on the day before the event; leave first_day out")
        if self.cut_off is not None and (self.runs_from.step is None or self.late is None):
            raise Unreadable(
                "a cut_off needs a step that arrives (runs_from.step) and the role that receives it (late)"
            )
        return self


class GateModel(Strict):
    """An order that the law fixes: the states are reached only after one of the steps."""

    label: LabelText
    source: SourceText
    through: Annotated[tuple[str, ...], Field(min_length=1)]
    to: Annotated[tuple[str, ...] | None, Field(min_length=1)] = None


class ObservationsModel(Strict):
    """Who makes, closes and reopens observations, and who answers them."""

    by: Annotated[tuple[str, ...], Field(min_length=1)]
    answered_by: Annotated[tuple[str, ...], Field(min_length=1)]


def _check_ladder(warn: Sequence[Level], escalations: Sequence[str] = ()) -> None:
    """Raises Unreadable where a ladder of warnings, with the levels by which it escalates, cannot be climbed."""
    if any(level.repeats for level in warn[:-1]):
        raise Unreadable("“then every …” comes once, as the last of warn")
    names = [*(level.key for level in warn), *escalations]
    if len(set(names)) < len(names):
        raise Unreadable("a level is named twice in warn or escalate")


class ConsultsModel(Strict):
    """Who asks which roles, within what, and how many answers are enough."""

    by: Annotated[tuple[str, ...], Field(min_length=1)]
    roles: Annotated[tuple[str, ...], Field(min_length=1)]
    within: LengthText | None = None
    warn: tuple[LevelText, ...] = _added(())
    quorum: Annotated[int | None, Field(ge=1, le=99)] = None

    @model_validator(mode="after")
    def _is_chased(self) -> "ConsultsModel":
        _check_ladder(self.warn)
        if self.warn and self.within is None:
            raise Unreadable("there is no day to warn of; give within")
        if self.warn and all(level.is_early for level in self.warn):
            raise Unreadable("nobody is told once it is overdue: add a level like “1 day after” to warn")
        return self


class RoundModel(Strict):
    """What happens between a submission and its decision."""

    label: LabelText
    source: SourceText
    opened_by: Annotated[tuple[str, ...], Field(min_length=1)]
    ended_by: Annotated[tuple[str, ...], Field(min_length=1)]
    draft: StrictBool = False
    papers: tuple[str, ...] = ()
    checklists: tuple[str, ...] = ()
    observations: ObservationsModel | None = None
    consults: ConsultsModel | None = None
    internal_note: tuple[str, ...] = ()


class CorrectionsModel(Strict):
    """The role that has to confirm every correction."""

    second: str
    source: SourceText


class VisibilityModel(Strict):
    """From which states on the offices of a kind see a case, those of some roles from others, and what they never see of it."""

    from_: Annotated[tuple[str, ...], Field(alias="from", min_length=1)]
    hides: tuple[str, ...] = ()
    roles: dict[Key, Annotated[tuple[str, ...], Field(min_length=1)]] = {}


class ProcessModel(Strict):
    """A process file."""

    process: ProcessHead
    stages: dict[Key, LabelText]
    phases: dict[Key, LabelText] = _added({})
    facts: dict[Key, LabelText] = {}
    papers: dict[Key, PaperModel] = _added({})
    checklists: dict[Key, ChecklistModel] = _added({})
    terms: dict[Key, TermModel] = {}
    roles: dict[Key, RoleModel]
    states: dict[Key, StateModel]
    steps: dict[Key, StepModel]
    deadlines: dict[Key, DeadlineModel] = {}
    gates: dict[Key, GateModel] = _added({})
    rounds: dict[Key, RoundModel] = _added({})
    corrections: CorrectionsModel | None = _added(None)
    visibility: dict[Key, VisibilityModel] = _added({})


def schema() -> dict[str, Any]:
    """The JSON Schema of a process file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ProcessModel.model_json_schema(by_alias=True),
        "title": "twinflow process file",
    }

"""A process definition: what may happen to an agreement, who may do it and by when. Frozen values, read from a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from twinflow.domain.calendar.business_days import CountsIn, FirstDay, Roll
from twinflow.domain.calendar.dates import Distance, Length, MonthEnd
from twinflow.errors import NotFound
from twinflow.sentences import Sentence

Label = Mapping[str, str]

CLOCK = "clock"
"""The role of the system when a date itself takes a step."""

NOT_BEFORE, NOT_AFTER = "not_before", "not_after"
DAYS = frozenset({NOT_BEFORE, NOT_AFTER})
"""The requirements on the day of the act."""

ANOTHER_PERSON = "another_person_than"
"""The requirement of four eyes."""
OF_ROUNDS = frozenset({"draft_submitted", "observations_made", "observations_closed", "consultations_given"})
"""The requirements on what was done in a round."""

LIAISON = "liaison"
"""The role that every process has: it gets the notices of its agreements."""


class Nature(StrEnum):
    """What stands behind a deadline. Only the first two may be called overdue in law."""

    LEGAL = "legal"
    CONTRACTUAL = "contractual"
    TARGET = "target"


class Effect(StrEnum):
    """Named changes that a step makes beyond the state."""

    START_TERM = "start_term"
    SIGN_TEXT = "sign_text"
    ENTER_INTO_FORCE = "enter_into_force"
    RENEW_TERM = "renew_term"
    END_TERM = "end_term"


TWO_LETTERS = 2
UNION = "eu"
"""The European Union has two letters and is no country (ISO 3166-1: reserved)."""


@dataclass(frozen=True, slots=True)
class TermRule:
    """What a process says of one term of the text: a default where the text is silent, a bound, and the source of both."""

    label: Label
    default: Length | None = None
    at_most: Length | None = None
    source: Label = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that a case may hold, recorded by its mark (number, date or file name), and the source that asks for it."""

    label: Label
    source: Label


@dataclass(frozen=True, slots=True)
class Checklist:
    """Things to look for one by one: the label of each item, in order, and the source that asks for them."""

    label: Label
    source: Label
    items: Mapping[str, Label]


@dataclass(frozen=True, slots=True)
class OfficeInCharge:
    """The kind of office (`municipality`, `ministry`, ...) that a role is held in, from a day to a day (both included)."""

    kind: str
    from_day: date | None = None
    to_day: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.from_day is None or self.from_day <= day) and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True, slots=True)
class Role:
    """A role, the kinds of office it is held in, and the role whose holders stand in while nobody holds it."""

    key: str
    offices: tuple[OfficeInCharge, ...]
    label: Label
    deputy: str | None = None

    def office_on(self, day: date) -> str | None:
        """The kind of office in charge on `day`; None if none is."""
        return next((office.kind for office in self.offices if office.holds_on(day)), None)


@dataclass(frozen=True, slots=True)
class State:
    """A state: its stage (and its phase, where another institution counts otherwise) and who is waited for.

    `signed` says that every party's signature is on the text; `final` that nothing more happens; `entry` that old cases are
    entered here, though no step leads here.
    """

    key: str
    label: Label
    stage: str
    waits_for: str | None = None
    signed: bool = False
    final: bool = False
    phase: str | None = None
    entry: bool = False


@dataclass(frozen=True, slots=True)
class ChildState:
    """A state that a child process has to reach."""

    process: str
    state: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """A named condition of a step, with its arguments; `domain.steps.requirements` knows what each name means.

    `fact` names a fact or a paper. A `child` has reached its state since the `step`, where one is named. The requirements of
    `DAYS` go by the day of a `fact`, of a `deadline` or of an earlier `step`, `at_least` so far from it; those `OF_ROUNDS` by
    what was done in a `round`. `source` is empty where that of the step says it.
    """

    name: str
    fact: str | None = None
    steps: tuple[str, ...] = ()
    checklist: str | None = None
    child: ChildState | None = None
    deadline: str | None = None
    step: str | None = None
    at_least: Distance | None = None
    source: Label = field(default_factory=dict)
    round: str | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a step leads; `when` names the condition (None: always). The first that holds is taken."""

    state: str
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """A notice that a step sends: its name in `notifications/`, the roles that get it, and whether it may not wait."""

    notice: str
    to: tuple[str, ...]
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Something a person or the clock does.

    `records` names the facts, papers and checklists that have to be given with it, `day_as` the fact that the day of the act
    itself makes; `needs_reason`: it is taken only with a reason. `stands`: what it does cannot be taken back, and how it is
    superseded.
    """

    key: str
    label: Label
    sources: frozenset[str]
    to: tuple[Destination, ...]
    by: frozenset[str]
    records: tuple[str, ...] = ()
    day_as: str | None = None
    per_party: str | None = None
    effect: Effect | None = None
    requires: tuple[Requirement, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    source: Label = field(default_factory=dict)
    needs_reason: bool = False
    stands: Label = field(default_factory=dict)


class Side(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class InPause(StrEnum):
    """What becomes of a duty of a calendar day that comes in a pause: it falls away, or waits for the end of the pause."""

    SKIP = "skip"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Level:
    """One rung of a deadline's ladder of warnings: a length before or after the date, or a share of the time.

    Neither `length` nor `percent`: on the day. `percent` is that of the days from the start to the due date, rounded up to a
    whole day. `repeats`: every `length` after the last. `to` is the role that it escalates to.
    """

    length: Length | None = None
    side: Side = Side.AFTER
    repeats: bool = False
    to: str | None = None
    percent: int | None = None

    @property
    def name(self) -> str:
        """What it is called on its ladder, whoever it goes to."""
        if self.percent is not None:
            return f"{self.percent} % of the time"
        if self.length is None:
            return "on the day"
        return f"every {self.length}" if self.repeats else f"{self.length} {self.side}"

    @property
    def key(self) -> str:
        """Its identity within the deadline's occurrence; of a level that repeats, the beginning of it."""
        return self.name if self.to is None else f"{self.name} to {self.to}"

    @property
    def is_early(self) -> bool:
        if self.percent is not None:
            return self.percent <= 100  # noqa: PLR2004 - the due date itself
        return self.length is None or self.side is Side.BEFORE


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a deadline is counted from: a step, a fact, another deadline's due date, or the last activity. Exactly one is set.

    `activity`: what people did in the case, and what came about in its children; each begins the count anew. `on` (month,
    day): counted from the last such day of a year up to the event, for duties that fall on the same date every year.
    """

    step: str | None = None
    fact: str | None = None
    deadline: str | None = None
    activity: bool = False
    on: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """Who may change a deadline by an act (pause, extend, move), up to what, on what basis.

    `second` is the role of another person who has to confirm it before it counts, if any.
    """

    by: frozenset[str]
    source: Label
    at_most: Length | None = None
    second: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectionRule:
    """Who has to confirm a correction beside whoever makes it, and on what basis."""

    second: str
    source: Label


NOTES = "notes"
"""What offices of another kind may be kept from: what the entries of a history and the case itself have as notes."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """From which states on, and then for good, the offices of another kind see a case; what of it they never see (`hides`).

    `roles` has the states of those roles that begin at others than `start`.
    """

    start: frozenset[str]
    hides: frozenset[str] = frozenset()
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, role: str) -> frozenset[str]:
        """The states from which on the role sees a case."""
        return self.roles.get(role, self.start)


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """How one deadline is counted, met, warned of, and what passes when it lapses.

    `length` is fixed, or None where the text decides (`term` names the term) or where the date itself is given (`is_fixed`).
    `side` BEFORE counts backward. `recurs`: every length again, counted from the anchor, up to the due date of the deadline
    `until`. `duty` False: the last day of a right, nobody is late when it passes unused. `calendars` are those of the
    process where none are named. `cut_off` is the closing hour where the late office is. `very_overdue` is how long after
    the date it is called so. `while_in`: where states are named it runs in these only. When it passes the clock takes the
    first step of `on_lapse` that leaves the present state; `article` is the text by which silence decides there.
    `in_pause` is for a duty of a calendar day.
    """

    key: str
    label: Label
    anchor: Anchor
    nature: Nature
    length: Length | None = None
    term: str | None = None
    side: Side = Side.AFTER
    recurs: bool = False
    until: str | None = None
    first_day: FirstDay = FirstDay.NEXT_DAY
    month_end: MonthEnd = MonthEnd.CLAMP
    roll: Roll = Roll.FOLLOWING
    calendars: tuple[str, ...] = ()
    counts_in: CountsIn = CountsIn.ALL
    cut_off: time | None = None
    late: str | None = None
    duty: bool = True
    met_by_steps: frozenset[str] = frozenset()
    met_by_children: frozenset[ChildState] = frozenset()
    paused_in: frozenset[str] = frozenset()
    while_in: frozenset[str] = frozenset()
    in_pause: InPause | None = None
    pause: ChangeRule | None = None
    extend: ChangeRule | None = None
    move: ChangeRule | None = None
    warn: tuple[Level, ...] = ()
    escalate: tuple[Level, ...] = ()
    very_overdue: Length | None = None
    on_lapse: tuple[str, ...] = ()
    source: Label = field(default_factory=dict)
    note: Label = field(default_factory=dict)
    article: Label = field(default_factory=dict)

    @property
    def is_fixed(self) -> bool:
        """Whether the date is given by the fact itself, and nothing is counted."""
        return self.length is None and self.term is None

    def runs_in(self, state: str) -> bool:
        """Whether it runs while the case is in the state."""
        return not self.while_in or state in self.while_in

    @property
    def keeps_its_day(self) -> bool:
        """Whether it falls on the same day of each year, whatever is paused."""
        return self.anchor.on is not None

    @property
    def skips_pauses(self) -> bool:
        """Whether a day that comes in a pause falls away: by the rule, or as a later year's day comes anyway."""
        return self.keeps_its_day and (self.in_pause is InPause.SKIP or (self.recurs and self.in_pause is None))

    @property
    def told(self) -> tuple[str, ...]:
        """The roles that are warned of it: the one that is late if it passes, and the liaison."""
        return tuple(dict.fromkeys((self.late or LIAISON, LIAISON)))

    @property
    def concerned(self) -> tuple[str, ...]:
        """The roles that are ever told of it, be it only when it escalates."""
        return tuple(dict.fromkeys((*self.told, *(level.to for level in self.escalate if level.to is not None))))


@dataclass(frozen=True, slots=True)
class RoundRule:
    """What happens between a submission and its decision, again and again until the decision stands.

    A round is opened by one of the steps `opened_by` and ended by one of `ended_by`. It is about a draft: a text where
    `draft` says so, and what was recorded of `papers`; `checklists` are looked at in it. Observations are made, closed and
    reopened by the roles `observed_by`, answered by `answered_by`. The roles `consults` are asked by `consulted_by`, each
    to answer `within` a length, of which they are warned by `warn`; of `quorum` answers are enough so many, else all are
    waited for. `noted_by` keep notes of their own.
    """

    key: str
    label: Label
    source: Label
    opened_by: frozenset[str]
    ended_by: frozenset[str]
    draft: bool = False
    papers: tuple[str, ...] = ()
    checklists: tuple[str, ...] = ()
    observed_by: frozenset[str] = frozenset()
    answered_by: frozenset[str] = frozenset()
    consulted_by: frozenset[str] = frozenset()
    consults: tuple[str, ...] = ()
    within: Length | None = None
    warn: tuple[Level, ...] = ()
    quorum: int | None = None
    noted_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Gate:
    """An order that the law fixes: from the start, the states of `to` are reached only after one of the steps of `through`."""

    key: str
    label: Label
    source: Label
    through: frozenset[str]
    to: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class ProcessDefinition:
    """One version of a process. `digest` identifies its content: an agreement stays on the content it was opened with.

    Equal and hashed by digest. `extends` is the process and version that an overlay rests on; what it takes from there is in
    it as its own. `unconfirmed` says what nobody has checked yet. `city` is the one whose process it is, `countries` are those
    of its offices and parties; where they are empty, any.
    """

    key: str
    version: int
    kind: str
    label: Label
    in_force_from: date
    in_force_to: date | None
    time_zone: str
    calendars: tuple[str, ...]
    law: tuple[str, ...]
    start: str
    stages: Mapping[str, Label]
    facts: Mapping[str, Label]
    terms: Mapping[str, TermRule]
    roles: Mapping[str, Role]
    states: Mapping[str, State]
    steps: Mapping[str, Step]
    deadlines: Mapping[str, DeadlineRule]
    children: tuple[str, ...]
    digest: str
    text: str
    phases: Mapping[str, Label] = field(default_factory=dict)
    papers: Mapping[str, Paper] = field(default_factory=dict)
    checklists: Mapping[str, Checklist] = field(default_factory=dict)
    gates: Mapping[str, Gate] = field(default_factory=dict)
    rounds: Mapping[str, RoundRule] = field(default_factory=dict)
    extends: tuple[str, int] | None = None
    unconfirmed: Label = field(default_factory=dict)
    corrections: CorrectionRule | None = None
    visibility: Mapping[str, Visibility] = field(default_factory=dict)
    city: str = ""
    countries: frozenset[str] = frozenset()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProcessDefinition) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def name(self) -> str:
        return f"{self.key} v{self.version}"

    @property
    def country(self) -> str:
        """The country whose process it is, by the two letters of its folder; empty for one of any country."""
        folder, in_folder, _ = self.key.partition("/")
        return folder.upper() if in_folder and len(folder) == TWO_LETTERS and folder != UNION else ""

    @property
    def home_kinds(self) -> frozenset[str]:
        """The kinds of office that keep its cases."""
        liaison = self.roles.get(LIAISON)
        return frozenset(office.kind for office in liaison.offices) if liaison is not None else frozenset()

    def acts_in(self, role: str) -> frozenset[str]:
        """The states in which the role may take a step, or is waited for."""
        waiting = {state.key for state in self.states.values() if state.waits_for == role}
        return frozenset(waiting.union(*(step.sources for step in self.steps.values() if role in step.by)))

    @property
    def named_calendars(self) -> set[str]:
        return {*self.calendars, *(key for rule in self.deadlines.values() for key in rule.calendars)}

    def is_in_force_on(self, day: date) -> bool:
        return self.in_force_from <= day and (self.in_force_to is None or day <= self.in_force_to)

    def reachable_from(self, state: str) -> frozenset[str]:
        """The state itself, and every one that steps can lead to from it."""
        seen, todo = {state}, [state]
        while todo:
            here = todo.pop()
            onward = {d.state for step in self.steps.values() if here in step.sources for d in step.to} - seen
            seen |= onward
            todo += onward
        return frozenset(seen)

    @property
    def records(self) -> Mapping[str, Label]:
        """Everything that can be put on record, by name: facts, papers and checklists."""
        papers = {key: paper.label for key, paper in self.papers.items()}
        return {**self.facts, **papers, **{key: checklist.label for key, checklist in self.checklists.items()}}

    def step_of_lapse(self, rule: DeadlineRule, state: str) -> Step | None:
        """The step that the clock takes where the deadline passes in the state; None where none of its steps leaves it."""
        return next((self.steps[key] for key in rule.on_lapse if state in self.steps[key].sources), None)

    def base_of(self, rule: DeadlineRule) -> DeadlineRule:
        """The rule whose date it is counted from; itself where it stands alone."""
        return self.deadlines[rule.anchor.deadline] if rule.anchor.deadline is not None else rule

    def is_dated_by(self, rule: DeadlineRule, step: Step) -> bool:
        """Whether its date is, or is counted back from, one that the step records. A count forward begins only with the step."""
        base = self.base_of(rule)
        return (base.is_fixed or base.side is Side.BEFORE) and base.anchor.fact in step.records

    def step(self, key: str) -> Step:
        try:
            return self.steps[key]
        except KeyError:
            raise NotFound(
                "{process} has no step {step}; it has {steps}.", process=self.name, step=key, steps=sorted(self.steps)
            ) from None


def level_message(level: Level) -> Sentence:
    """A level in words, for people."""
    if level.percent is not None:
        return Sentence("{percent} % of the time has passed", {"percent": level.percent})
    if level.length is None:
        return Sentence("on the day")
    if level.repeats:
        return Sentence("then every {length}", {"length": level.length.message})
    values = {"length": level.length.message}
    return Sentence("{length} before", values) if level.side is Side.BEFORE else Sentence("{length} after", values)

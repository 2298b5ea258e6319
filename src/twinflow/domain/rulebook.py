"""The process definitions with the calendars they count by, what can be told, and when mail may leave."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from twinflow.domain.agreement.agreement import Agreement, AgreementHead, Deadline, PresentAgreement
from twinflow.domain.agreement.entries import Migrated
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.calendar.business_days import Calendar, Calendars, CountsIn
from twinflow.domain.calendar.office_hours import MailHours, OfficeHours
from twinflow.domain.deadlines.carried_over import was_closed_by
from twinflow.domain.deadlines.context import DeadlineContext, Place
from twinflow.domain.people.mistakes import unknown_roles, useless_calendars
from twinflow.domain.people.people import Office, People
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.process.definition import DeadlineRule, Label, ProcessDefinition
from twinflow.domain.process.notices import Notice
from twinflow.errors import BadInput, DefinitionChanged, NotFound, unreadable
from twinflow.sentences import Problem, Sentence

MONDAY_TO_FRIDAY = Calendars((Calendar("monday-to-friday", {}, frozenset({5, 6}), {}, 1, 9999, ""),))
"""For an office that names no calendar."""


@dataclass(frozen=True, slots=True)
class Applied:
    """That an edition of a calendar came into use at an instant (UTC)."""

    at: datetime
    key: str
    edition: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What all cases go by: data in files."""

    catalogue: Catalogue
    calendars: Mapping[str, Calendar]
    editions: Mapping[tuple[str, str], Calendar] = field(default_factory=dict)
    """Every edition that dates were ever counted by, by key and edition."""
    notices: Mapping[str, Notice] = field(default_factory=dict)
    """What can be told, by key."""
    kept: Mapping[tuple[str, int], ProcessDefinition] = field(default_factory=dict)
    """Versions that cases run on and no file has any more, from the text that the books keep."""
    mail_hours: MailHours = field(default_factory=MailHours)
    """When mail may leave."""
    applied: tuple[Applied, ...] = ()
    """When each edition came into use, in that order."""
    _together: dict[tuple[tuple[str, ...], CountsIn], Calendars] = field(
        default_factory=dict, repr=False, compare=False
    )
    """Calendars once put together: they keep a table of their days off."""

    def definition_of(self, agreement: AgreementHead) -> ProcessDefinition:
        """The version the agreement was opened on.

        Raises UnreadableAgreement where there is none of that content, or none that has what the books say of the case.
        """
        try:
            definition = self.pinned(agreement.process, agreement.process_version, agreement.process_digest)
        except (NotFound, BadInput, DefinitionChanged) as error:
            raise unreadable(agreement.reference, error.message) from error
        if agreement.state not in definition.states:
            values = {"process": definition.name, "state": agreement.state}
            raise unreadable(agreement.reference, Sentence("{process} has no state {state}", values))
        for deadline in agreement.deadlines if isinstance(agreement, PresentAgreement) else ():
            if deadline.rule not in definition.deadlines and deadline.is_open:
                values = {"process": definition.name, "deadline": deadline.rule}
                raise unreadable(agreement.reference, Sentence("{process} has no deadline {deadline}", values))
        return definition

    def pinned(self, process: str, version: int, digest: str) -> ProcessDefinition:
        """A version by its content, whatever its file says now. Raises DefinitionChanged if its text is nowhere."""
        definition = self._version(process, version)
        if definition is None or definition.digest != digest:
            name = f"{process} v{version}"
            raise DefinitionChanged(
                "The text of {process} that its agreements go by is neither in the books nor in a file: put the file back.",
                process=name,
            )
        return definition

    def version_named(self, name: str) -> ProcessDefinition:
        """A version by its name, like `twinning v2`. Raises DefinitionChanged if its text is nowhere."""
        key, _, version = name.rpartition(" v")
        definition = self._version(key, int(version))
        if definition is None:
            raise DefinitionChanged(
                "The text of {process} that its agreements go by is neither in the books nor in a file: put the file back.",
                process=name,
            )
        return definition

    def _version(self, process: str, version: int) -> ProcessDefinition | None:
        """As the cases that run on it know it."""
        return self.kept.get((process, version)) or self.catalogue.definitions.get((process, version))

    @property
    def all_versions(self) -> Catalogue:
        """The versions that cases run on, and those that they may begin on."""
        files = cast("dict[tuple[str, int], ProcessDefinition]", self.catalogue.definitions)  # it is only read
        return Catalogue(ChainMap(dict(self.kept), files))

    def mistakes_of(self, people: People) -> tuple[Problem, ...]:
        """The roles and calendars that offices and people name and no file knows.

        A process file that cannot be read may know any role.
        """
        out_of_use = [each.definition for each in self.catalogue.out_of_use.values()]
        processes = [*self.all_versions, *filter(None, out_of_use)]
        roles = () if None in out_of_use else unknown_roles(people, processes)
        return (*roles, *useless_calendars(people, self.calendars))

    def lexicon_of(self, agreement: Agreement) -> ProcessDefinition:
        """The version of the agreement, with the words of the versions it came from for what is no longer in it."""
        definition = self.definition_of(agreement)
        for entry in reversed(agreement.history):
            earlier = self._earlier(entry)
            if earlier is not None:
                definition = replace(
                    definition,
                    states={**earlier.states, **definition.states},
                    steps={**earlier.steps, **definition.steps},
                    deadlines={**earlier.deadlines, **definition.deadlines},
                    facts={**earlier.facts, **definition.facts},
                    papers={**earlier.papers, **definition.papers},
                    checklists={**earlier.checklists, **definition.checklists},
                    terms={**earlier.terms, **definition.terms},
                    roles={**earlier.roles, **definition.roles},
                )
        return definition

    def definition_then(
        self, agreement: AgreementHead, history: Sequence[HistoryEntry], deadline: Deadline
    ) -> ProcessDefinition:
        """The version by which the deadline's date was counted: an earlier one if it was closed before or by a migration.

        Of the agreement's history, oldest first, the migrations are enough.
        """
        definition = self.definition_of(agreement)
        for entry in reversed(history):
            earlier = self._earlier(entry)
            if earlier is not None and deadline.rule in earlier.deadlines:
                ended = deadline.rule not in definition.deadlines
                definition = earlier if ended or was_closed_by(entry, deadline) else definition
        return definition

    def _earlier(self, entry: HistoryEntry) -> ProcessDefinition | None:
        """The version that a migration left; None for other entries, or where its text is nowhere."""
        said = Migrated.read(entry)
        if said is None:
            return None
        key, _, version = said.source.rpartition(" v")
        return self._version(key, int(version))

    def ends_of(self, process: str) -> frozenset[str]:
        """The final states of a process, in any of its versions."""
        versions = self.all_versions.all_of(process)
        return frozenset(key for version in versions for key, state in version.states.items() if state.final)

    def what_meets(self, definition: ProcessDefinition, rule: DeadlineRule) -> list[Label]:
        """What there is to do about a deadline: the steps, and the states of child processes, that meet it."""
        steps = [step.label for key, step in definition.steps.items() if key in rule.met_by_steps]
        children = sorted(rule.met_by_children, key=lambda child: (child.process, child.state))
        newest = [
            (process, child.state) for child in children for process in self.all_versions.all_of(child.process)[-1:]
        ]
        known = [(process.label, process.states[state].label) for process, state in newest if state in process.states]
        return [*steps, *({code: f"{what[code]}: {state[code]}" for code in what} for what, state in known)]

    def calendars_of(self, definition: ProcessDefinition, rule: DeadlineRule | None = None) -> Calendars:
        """The calendars of the rule, or of the process where it names none."""
        keys = rule.calendars if rule is not None and rule.calendars else definition.calendars
        counts_in = rule.counts_in if rule is not None else CountsIn.ALL
        if (keys, counts_in) not in self._together:
            self._together[keys, counts_in] = Calendars(tuple(self.calendars[key] for key in keys), counts_in)
        return self._together[keys, counts_in]

    def calendars_at(self, edition: str, definition: ProcessDefinition, rule: DeadlineRule) -> Calendars:
        """The calendars of the rule in the editions that a due date was counted by; where one is unknown, as they are now."""
        now = self.calendars_of(definition, rule)
        if edition in {"", now.edition}:
            return now
        then = [self.editions.get((key, found)) for key, _, found in (each.partition("@") for each in edition.split())]
        known = tuple(calendar for calendar in then if calendar is not None)
        return Calendars(known, now.counts_in) if len(known) == len(then) else now

    def with_calendar(self, calendar: Calendar) -> "Rulebook":
        """The same with another edition of one calendar."""
        return replace(self, calendars={**self.calendars, calendar.key: calendar}, _together={})

    def as_of(self, instant: datetime) -> "Rulebook":
        """The same with the calendars that were in use at an instant (UTC); of one that came later, with its first edition."""
        later = {each.key for each in self.applied if each.at > instant}
        if not later:
            return self
        firsts = {each.key: each.edition for each in reversed(self.applied) if each.key in later}
        then = firsts | {each.key: each.edition for each in self.applied if each.key in later and each.at <= instant}
        calendars = {key: self.editions[key, edition] for key, edition in then.items()}
        return replace(self, calendars={**self.calendars, **calendars}, _together={})

    @property
    def current_editions(self) -> dict[str, str]:
        """The edition of each calendar, by key."""
        return {key: calendar.edition for key, calendar in self.calendars.items()}

    def hours_at(self, office: Office) -> OfficeHours:
        """When its people work: the zone and the days off of the office, and when mail leaves."""
        return OfficeHours(ZoneInfo(office.time_zone), self._days_off(office.calendars), self.mail_hours)

    def _days_off(self, keys: tuple[str, ...]) -> Calendars:
        """The calendars of an office put together, once."""
        if not keys:
            return MONDAY_TO_FRIDAY
        if (keys, CountsIn.ALL) not in self._together:
            self._together[keys, CountsIn.ALL] = Calendars(tuple(self.calendars[key] for key in keys))
        return self._together[keys, CountsIn.ALL]


def deadline_context(
    rulebook: Rulebook, people: People, definition: ProcessDefinition, office: str, now: datetime
) -> DeadlineContext:
    """What the deadlines of a case kept by `office` are counted with, at the instant `now`."""
    own = {
        key: rulebook.calendars_of(definition, rule)
        for key, rule in definition.deadlines.items()
        if rule.calendars or rule.counts_in is not CountsIn.ALL
    }
    today = people.today(office, now)
    late = definition.roles.keys() & {rule.late for rule in definition.deadlines.values()}
    zones = {key: people.zone_of(definition.roles[key], office, today) for key in late}
    places = {key: Place(zone, now.astimezone(zone).date()) for key, zone in zones.items()}
    zone = ZoneInfo(people.offices[office].time_zone)
    ends = {child: rulebook.ends_of(child) for child in definition.children}
    kind = people.offices[office].kind
    return DeadlineContext(today, rulebook.calendars_of(definition), own, places, zone, ends, kind)


@dataclass(slots=True)
class DeadlineContexts:
    """What deadlines are counted with at the instant `now`, put together once for all cases of a process and an office."""

    rulebook: Rulebook
    people: People
    now: datetime
    _known: dict[tuple[str, str], DeadlineContext] = field(default_factory=dict)

    def of(self, agreement: AgreementHead) -> DeadlineContext:
        """Raises UnreadableAgreement as `definition_of`."""
        definition, office = self.rulebook.definition_of(agreement), agreement.office
        key = (definition.digest, office)
        if key not in self._known:
            self._known[key] = deadline_context(self.rulebook, self.people, definition, office, self.now)
        return self._known[key]

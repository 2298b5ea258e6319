"""Who of other offices sees a case: from the first time it comes into one of the states that its process names, or they are
consulted about it, and for good.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from twinflow.domain.agreement.entries import Alerted, Corrected
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.present_names import numbered, what_counts
from twinflow.domain.agreement.rounds import kept_from_the_city
from twinflow.domain.agreement.subject import SubjectKind
from twinflow.domain.people.people import Office
from twinflow.domain.people.viewer import ADMINISTRATOR, AUDITOR, Held, Viewer
from twinflow.domain.process.definition import NOTES, ProcessDefinition, Role

SUPERVISOR = "supervisor"
OF_THE_WHOLE_KIND = frozenset({AUDITOR, SUPERVISOR})
"""Roles that see what any role of their kind of office sees."""


@dataclass(frozen=True, slots=True, order=True)
class SeenBy:
    """A role in the offices of a kind, in a country, that sees a case; of no role: those who see what any of the kind sees.

    Of an office alone: whoever holds a role in that one.
    """

    kind: str = ""
    role: str = ""
    country: str = ""
    office: str = ""


def by_case(viewer: Viewer) -> list[Held]:
    """The roles by which cases are seen: an administrator sees people and offices alone."""
    return [each for each in viewer.held if each.role != ADMINISTRATOR]


def shows_to(viewer: Viewer) -> list[SeenBy]:
    """Each of what shows a case of another office to the viewer, in a fixed order."""
    held = by_case(viewer)
    roles = {SeenBy(each.kind, "" if each.role in OF_THE_WHOLE_KIND else each.role, each.country) for each in held}
    return sorted(roles | {SeenBy(office=each.office) for each in held})


def also_of_the_kind(seen: Iterable[SeenBy]) -> frozenset[SeenBy]:
    """The same, with those who see what any of these roles sees."""
    return frozenset(also for each in seen for also in (each, replace(each, role="")))


def begins(definition: ProcessDefinition, role: str, kind: str) -> frozenset[str]:
    """The states from which on a role held in another kind of office sees a case.

    A version from before files said it shows a case where the role acts, or is waited for.
    """
    if not definition.visibility:
        return definition.acts_in(role)
    shown = definition.visibility.get(kind)
    return shown.of(role) if shown is not None else frozenset()


@dataclass(frozen=True, slots=True)
class Shown:
    """A role in the offices of a kind, and the states from which on it sees a case that comes into one of them by `until`."""

    kind: str
    role: str
    states: frozenset[str]
    until: date | None


def shown(definition: ProcessDefinition) -> Iterator[Shown]:
    """Every role that is held in an office of another kind than keeps the cases, with those that stand in for it there.

    Who is in charge later sees what came before too. The offices of the kind that keeps a case see it by keeping it alone.
    """
    for role in definition.roles.values():
        for office in role.offices:
            states = begins(definition, role.key, office.kind)
            if states and office.kind not in definition.home_kinds:
                for holder in _with_deputies(definition, role, office.kind):
                    yield Shown(office.kind, holder, states, office.to_day)


def seen_from(definition: ProcessDefinition, office: Office, state: str, day: date) -> frozenset[SeenBy]:
    """Who of others sees a case of the office from now on, as it comes into the state on the day."""
    return frozenset(
        SeenBy(each.kind, each.role, office.country)
        for each in shown(definition)
        if each.kind != office.kind and state in each.states and (each.until is None or day <= each.until)
    )


def seen_when_asked(definition: ProcessDefinition, office: Office, role: str) -> frozenset[SeenBy]:
    """Who of others sees a case of the office once the role is consulted, in any state: the role, and who stands in for it."""
    kinds = {each.kind for each in definition.roles[role].offices} - {office.kind}
    holders = ((kind, holder) for kind in kinds for holder in _with_deputies(definition, definition.roles[role], kind))
    return frozenset(SeenBy(kind, holder, office.country) for kind, holder in holders)


def _with_deputies(definition: ProcessDefinition, role: Role, kind: str) -> Iterable[str]:
    """The role, and those that stand in for it in offices of the kind."""
    found: dict[str, None] = {role.key: None}
    deputy = role.deputy
    while deputy is not None and deputy not in found:
        stands_in = definition.roles[deputy]
        if kind in {each.kind for each in stands_in.offices}:
            found[deputy] = None
        deputy = stands_in.deputy
    return found


def decides(viewer: Viewer, office: str, definition: ProcessDefinition) -> bool:
    """Whether whoever asks belongs to those who decide about a case of the office: what is internal to a round is theirs.

    Who holds roles in both offices sees what either does. An office that kept the case before decides nothing in it.
    """
    others = (held for held in viewer.held if held.office != office)
    return viewer.sees_everything or any(held.kind not in definition.home_kinds for held in others)


def sees_notes(viewer: Viewer, office: str, definition: ProcessDefinition) -> bool:
    """Notes belong to the office that keeps the case; a process file says from whom of others they are hidden.

    By a version from before files said it they are hidden from everybody else.
    """
    if viewer.sees_everything or any(held.office == office for held in viewer.held):
        return True
    shown = (definition.visibility.get(held.kind) for held in viewer.held)
    return any(each is not None and NOTES not in each.hides for each in shown)


def hidden_entries(
    viewer: Viewer, office: str, history: Sequence[HistoryEntry], definition: ProcessDefinition
) -> frozenset[int]:
    """The numbers of the entries that whoever asks does not see: what is internal to a round, and what corrects it."""
    if decides(viewer, office, definition):
        return frozenset()
    kept = kept_from_the_city(history, definition) | kept_from_the_city(what_counts(history), definition)
    numbers = numbered(history)
    hidden = {number for number, place in numbers if place in kept}
    for number, place in numbers:
        said = Corrected.read(history[place])
        if said is not None and said.entries and hidden.issuperset(said.entries):
            hidden.add(number)
    return frozenset(hidden)


def tells_of_hidden(entry: HistoryEntry, hidden: Collection[int]) -> bool:
    """Whether it says who was told of something that is hidden: of a consultation, or of what corrects a hidden entry."""
    said = Alerted.read(entry)
    if said is None or not hidden:
        return False
    subject = said.subject
    return subject.kind is SubjectKind.CONSULTATION or (
        subject.kind is SubjectKind.CORRECTION and int(subject.name) in hidden
    )

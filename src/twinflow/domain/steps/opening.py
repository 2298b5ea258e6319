"""Opening a case: what a new one may say, whichever door it comes by, and the agreement that it becomes."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from unicodedata import normalize

from twinflow.domain.agreement.agreement import (
    ADDRESS_OF_ANOTHER_PAGE,
    REFERENCE,
    Agreement,
    Claim,
    Party,
    Term,
)
from twinflow.domain.agreement.entries import Began, OpenedDespite, beginning
from twinflow.domain.agreement.history import EntryKind, HistoryEntry, Way
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.process.definition import LIAISON, ProcessDefinition, TermRule
from twinflow.domain.process.well_known_facts import NOT_IN_FUTURE
from twinflow.domain.steps.facts import is_still_to_come, items_of
from twinflow.errors import Unreadable
from twinflow.sentences import Problem, Sentence, unknown_name
from twinflow.text import LONGEST, problems_of_text, shortened


@dataclass(frozen=True, slots=True)
class NewAgreement:
    """A case to open. `state` other than the process's first one enters it in mid-life; `opened_on` is the day on paper.

    `kind` is that of its first history entry. Without a `relationship` it begins one of its own. `despite` is why it
    is opened though it hardly makes sense. `by_day` is as in `Began`.
    """

    reference: str
    process: str
    office: str
    title: str
    opened_on: date
    parties: tuple[Party, ...]
    state: str | None = None
    terms: Mapping[str, Term] = field(default_factory=dict)
    facts: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)
    parent: str | None = None
    origin: str = ""
    note: str = ""
    kind: EntryKind = EntryKind.OPENED
    relationship: str = ""
    generation: int = 1
    despite: str = ""
    by_day: tuple[str, ...] = ()


def opened(
    new: NewAgreement,
    definition: ProcessDefinition,
    *,
    actor: str,
    now: datetime,
    today: date,
    parent: Agreement | None = None,
    confirmed: Sequence[str] = (),
    way: Way | None = None,
) -> Agreement:
    """The agreement with its first history entry, which keeps the doubts that were `confirmed`.

    `now` is UTC, `today` the date at the office; what it says is sound. What belongs to an agreement is between the same
    parties, unless it names its own.
    """
    state = new.state or definition.start
    first = HistoryEntry(new.kind, actor, new.opened_on, now, to_state=state, way=way)
    if confirmed:
        first = replace(first, details=OpenedDespite(tuple(confirmed), new.despite).details())
    parties = new.parties
    if parent is not None and not parties:
        parties = tuple(replace(party, signature=None) for party in parent.parties)
    began = Began(new.title, new.office, new.origin, new.note, parties, new.terms, new.facts, new.by_day)
    return Agreement(
        reference=new.reference,
        process=definition.key,
        process_version=definition.version,
        process_digest=definition.digest,
        office=new.office,
        title=new.title,
        state=state,
        version=1,
        tracked_from=today,
        parties=parties,
        terms=new.terms,
        facts=new.facts,
        history=(beginning(first, began),),
        parent=new.parent,
        origin=new.origin,
        note=new.note,
        relationship=new.relationship or new.reference,
        generation=new.generation,
    )


def problems_of_opening(
    new: NewAgreement, definition: ProcessDefinition, today: date, children: Collection[str] = ()
) -> Iterator[Problem]:
    """Everything for which the case cannot be opened `today` (at the office), each at its field: `terms.validity`.

    `children` are the processes that the agreement `new.parent` may have. What a text says that is signed already, of a case
    that has ended, or that a register has, is kept also beyond a bound of the process: it becomes a finding.
    """
    if (message := mistake_in_reference(new.reference)) is not None:
        yield Problem("reference", message)
    yield from problems_of_text(new)
    for name in sorted(new.facts):
        yield from _about_the_fact(name, new.facts[name], definition, today)
    if new.state is not None and new.state not in definition.states:
        yield Problem("state", unknown_name(Sentence("the state"), new.state, definition.states))
    yield from _about_the_parties(new)
    if new.opened_on > today:
        yield Problem("opened_on", _to_come(new.opened_on))
    yield from _about_the_terms(new, definition, today)
    if new.parent is not None and new.process not in children:
        values = {"process": new.process, "parent": new.parent, "children": sorted(children) or "–"}
        yield Problem("parent", Sentence("{process} is no child of {parent}; its children are: {children}.", values))


def title_of(parties: Iterable[Party]) -> str:
    """What a case is called where nobody has given it a title."""
    return shortened(" – ".join(party.name for party in parties), LONGEST["title"])


def wrong_kind(definition: ProcessDefinition, kind: str, today: date) -> Sentence | None:
    """That another kind of office opens such cases, if so. On a day without any in charge it is one that is at some time."""
    in_charge = definition.roles[LIAISON].office_on(today)
    wanted = [in_charge] if in_charge is not None else sorted(definition.home_kinds)
    if kind in wanted:
        return None
    values = {"process": definition.label, "wanted": wanted, "kind": kind}
    return Sentence("“{process}” is opened by an office of the kind {wanted}, and this is a {kind}.", values)


def mistake_in_reference(reference: str) -> Sentence | None:
    """What would be right, where people could not quote it."""
    if not re.fullmatch(REFERENCE, reference):
        return Sentence("a reference is made of letters and digits, with dots, slashes or hyphens between them.")
    if (plain := normalize("NFKC", reference)) != reference:
        return Sentence("this reference looks like another one: write it {plain}.", {"plain": plain})
    if found := re.search(ADDRESS_OF_ANOTHER_PAGE, reference):
        return Sentence(
            "a reference may not end in {ending}: that is the address of another page.", {"ending": found[0]}
        )
    return None


def _about_the_fact(
    name: str, claims: tuple[Claim, ...], definition: ProcessDefinition, today: date
) -> Iterator[Problem]:
    if name not in definition.records:
        yield Problem(f"facts.{name}", unknown_name(Sentence("the fact"), name, definition.records))
        return
    for number, claim in enumerate(claims, start=1):
        place, value = f"facts.{name}[{number}]" if len(claims) > 1 else f"facts.{name}", claim.value
        if name in definition.checklists:
            yield from _about_the_items(place, name, claim, definition)
        elif isinstance(value, PartialDate) and not name.endswith("_on"):
            yield Problem(place, Sentence("a dated fact is called …_on."))
        elif isinstance(value, PartialDate) and name in NOT_IN_FUTURE and is_still_to_come(value, today):
            yield Problem(place, _to_come(value.as_date))


def _about_the_items(place: str, name: str, claim: Claim, definition: ProcessDefinition) -> Iterator[Problem]:
    """What a checklist is said to hold is stored as it is said, so it has to be said in full and in order."""
    try:
        items = items_of(definition.checklists[name], str(claim.value))
    except Unreadable as error:
        yield Problem(place, error.message)
        return
    if items != claim.value:
        yield Problem(place, Sentence("name the items in their order: {items}.", {"items": items or "–"}))


def _about_the_parties(new: NewAgreement) -> Iterator[Problem]:
    if len(new.parties) < 2 and new.parent is None:  # noqa: PLR2004 - an agreement has two parties or more
        yield Problem("parties", Sentence("an agreement has two parties or more."))
    names = [party.name for party in new.parties]
    for number, name in enumerate(names, start=1):
        if not name.strip():
            yield Problem(f"parties[{number}]", Sentence("the name of the party is missing."))
        if name in names[: number - 1]:
            yield Problem(f"parties[{number}]", Sentence("two parties of one text need different names."))


def _about_the_terms(new: NewAgreement, definition: ProcessDefinition, today: date) -> Iterator[Problem]:
    entered = definition.states.get(new.state or definition.start)
    is_past = entered is not None and (entered.signed or entered.final)
    is_kept = is_past or new.kind is EntryKind.IMPORTED
    for name, term in new.terms.items():
        rule = definition.terms.get(name)
        if rule is None:
            yield Problem(f"terms.{name}", unknown_name(Sentence("the term"), name, definition.terms))
        elif not is_kept:
            yield from (Problem(f"terms.{name}", message) for message in beyond_bound(term, rule, today))


def beyond_bound(term: Term, rule: TermRule, today: date) -> Iterator[Sentence]:
    """That a text that is not signed yet may not say so."""
    if rule.at_most is not None and term.exceeds(rule.at_most, today):
        values = {"length": rule.at_most.message, "source": rule.source}
        yield Sentence("at most {length} ({source}).", values)


def _to_come(day: date | None) -> Sentence:
    return Sentence("the day {day} is still to come.", {"day": day})

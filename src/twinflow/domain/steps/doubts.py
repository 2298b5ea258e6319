"""What about a new case hardly makes sense: to be confirmed with a reason, which the history keeps."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from twinflow.domain.agreement.agreement import Agreement, Party
from twinflow.domain.agreement.listing import plain_words, words_asked
from twinflow.domain.people.people import Office
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.process.well_known_facts import ENDED_ON, IN_FORCE_ON, SIGNED_ON, TERM_STARTS_ON
from twinflow.domain.steps.opening import NewAgreement
from twinflow.sentences import Sentence

OF = {(), *((word,) for word in ("of", "de", "del", "di", "da", "do", "du", "von", "van"))}
"""What stands before the name of a city: nothing, or what it is joined to “Municipality” with."""


class DoubtCode(StrEnum):
    WITH_ITSELF = "with_itself"
    SAME_PARTIES = "same_parties"
    OFFICE_ABROAD = "office_abroad"
    HOME_ABROAD = "home_abroad"
    NOT_OURS = "not_ours"
    OTHER_CITY = "other_city"
    PARTY_ABROAD = "party_abroad"
    WITHOUT_PARENT = "without_parent"
    BEFORE_PARENT = "before_parent"
    AFTER_PARENT = "after_parent"


@dataclass(frozen=True, slots=True)
class Doubt:
    code: DoubtCode
    message: Sentence


Pair = frozenset[tuple[str, ...]]
"""Who a case is between, in whatever order, compared as names are searched: without case and accents."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A case that a new one is compared with."""

    reference: str
    title: str
    relationship: str
    between: Pair


def pair(parties: Iterable[tuple[str, str]]) -> Pair:
    """Names with their countries, as they are compared."""
    return frozenset((*words_asked(name), country) for name, country in parties)


def compared(new: NewAgreement) -> Compared:
    between = pair((party.name, party.country) for party in new.parties)
    return Compared(new.reference, new.title, new.relationship or new.reference, between)


def has_ended(new: NewAgreement, definition: ProcessDefinition) -> bool:
    """Whether it is entered as one that is over."""
    return definition.states[new.state or definition.start].final


def doubts(
    new: NewAgreement, definition: ProcessDefinition, office: Office, running: Iterable[Compared]
) -> Iterator[Doubt]:
    """What is to be confirmed of a case of its own; what belongs to an agreement is as that one is.

    `running` are cases that have not ended, among them those with the same parties. An office without a country is nowhere.
    """
    if new.parent is not None:
        return
    named = [pair([(party.name, party.country)]) for party in new.parties]
    twice = {who: party.name for who, party in zip(named, new.parties, strict=True) if named.count(who) > 1}
    for name in twice.values():
        yield Doubt(DoubtCode.WITH_ITSELF, Sentence("{party} is a party more than once.", {"party": name}))
    this = compared(new)
    for other in running:
        if other.relationship != this.relationship and other.between == this.between and not has_ended(new, definition):
            values: dict[str, object] = {"reference": other.reference, "title": other.title}
            yield Doubt(DoubtCode.SAME_PARTIES, Sentence("{reference} is between the same parties: {title}.", values))
    yield from _about_the_countries(new, definition, office)
    if not office.country:
        return
    if definition.city and not _is_of(Party(definition.city, office.country), office):
        values = {"process": definition.label, "city": definition.city, "office": office.label or office.key}
        message = Sentence("“{process}” is the process of {city}, and the office is another: {office}.", values)
        yield Doubt(DoubtCode.OTHER_CITY, message)
    home = next((party for party in new.parties if party.home), None)
    values = {"process": definition.label, "country": definition.country, "office": office.label or office.key}
    if definition.country not in {"", office.country}:
        yield Doubt(
            DoubtCode.OFFICE_ABROAD,
            Sentence("“{process}” is a process of {country}, and the office is in another country.", values),
        )
    if home is not None and definition.country not in {"", home.country}:
        values["party"] = home.name
        yield Doubt(
            DoubtCode.HOME_ABROAD,
            Sentence("“{process}” is a process of {country}, and {party} is in another country.", values),
        )
    if new.parties and not any(_is_of(party, office) for party in new.parties):
        yield Doubt(DoubtCode.NOT_OURS, Sentence("none of the parties is that of the office ({office}).", values))


def doubts_of_a_child(
    new: NewAgreement, definition: ProcessDefinition, parent: Agreement | None, of_parent: ProcessDefinition | None
) -> Iterator[Doubt]:
    """What is to be confirmed of a case whose process belongs to an agreement: `parent`, where it is opened with one."""
    values: dict[str, object] = {"process": definition.label, "day": new.opened_on}
    if parent is None or of_parent is None:
        message = Sentence("“{process}” belongs to an agreement; name it with --parent.", values)
        yield Doubt(DoubtCode.WITHOUT_PARENT, message)
        return
    began, ended = _began_on(parent), _ended_on(parent, of_parent)
    values["parent"] = parent.reference
    if began is not None and new.opened_on < began:
        message = Sentence("{day} is before {parent} began ({began}).", {**values, "began": began})
        yield Doubt(DoubtCode.BEFORE_PARENT, message)
    if ended is not None and new.opened_on > ended:
        message = Sentence("{day} is after {parent} ended ({ended}).", {**values, "ended": ended})
        yield Doubt(DoubtCode.AFTER_PARENT, message)


def _began_on(parent: Agreement) -> date | None:
    """The first day that is known of it: of its opening, or of its text."""
    opening = parent.history[0]
    opened_on = None if parent.is_undated(opening) else opening.effective_on
    days = (opened_on, *(parent.day_of(fact) for fact in (SIGNED_ON, IN_FORCE_ON, TERM_STARTS_ON)))
    return min((day for day in days if day is not None), default=None)


def _ended_on(parent: Agreement, definition: ProcessDefinition) -> date | None:
    """The day of its end, or of the end that its text states and that the clock has still to enter."""
    if definition.states[parent.state].final:
        came = (entry.effective_on for entry in reversed(parent.history) if entry.to_state is not None)
        return parent.day_of(ENDED_ON) or next(came)
    ends = (
        deadline.due_on
        for deadline in parent.deadlines
        if deadline.is_open and deadline.due_on is not None and not deadline.assumed
        if (rule := definition.deadlines.get(deadline.rule)) is not None
        if (step := definition.step_of_lapse(rule, parent.state)) is not None
        and all(definition.states[to.state].final for to in step.to)
    )
    return min(ends, default=None)


def _about_the_countries(new: NewAgreement, definition: ProcessDefinition, office: Office) -> Iterator[Doubt]:
    """The office, and each party, of a country that the process does not name."""
    if not definition.countries:
        return
    if office.country and office.country not in definition.countries:
        values: dict[str, object] = {"process": definition.label, "country": office.country}
        message = Sentence("“{process}” is a process of other countries than that of the office ({country}).", values)
        yield Doubt(DoubtCode.OFFICE_ABROAD, message)
    for party in new.parties:
        if party.country and party.country not in definition.countries:
            values = {"process": definition.label, "party": party.name, "country": party.country}
            message = Sentence("“{process}” is a process of other countries than that of {party} ({country}).", values)
            yield Doubt(DoubtCode.PARTY_ABROAD, message)


def _is_of(party: Party, office: Office) -> bool:
    """Whether the party may be the office's own: of its country, and called as the office's city is.

    Where the people file does not say that, it is called as the office's key, or the office's label names it.
    """
    if party.country != office.country:
        return False
    if office.city:
        return _names(party.name, office.city)
    key = office.key.replace("-", " ").replace("_", " ")
    called = plain_words(party.name)
    return _names(party.name, key) or any(
        _names(label, party.name) or called == plain_words(label) for label in office.label.values()
    )


def _names(text: str, name: str) -> bool:
    """Whether a part of the text is the whole name, alone or as “Municipality of” it: Nuevo León is not León."""
    wanted = plain_words(name)
    parts = (plain_words(part) for part in re.split(r"[,;()]", text))
    return any(part[-len(wanted) :] == wanted and part[: -len(wanted)][-1:] in OF for part in parts if wanted)

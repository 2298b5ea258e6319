"""What about a new case hardly makes sense: to be confirmed with a reason, which the history keeps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.listing import plain_words, words_asked
from twinflow.domain.people.people import Office
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.steps.opening import NewAgreement
from twinflow.sentences import Sentence


class DoubtCode(StrEnum):
    WITH_ITSELF = "with_itself"
    SAME_PARTIES = "same_parties"
    OFFICE_ABROAD = "office_abroad"
    HOME_ABROAD = "home_abroad"
    NOT_OURS = "not_ours"


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
    if not office.country:
        return
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


def _is_of(party: Party, office: Office) -> bool:
    """Whether the party may be the office's own: of its country, and called as the office's city is.

    Where the people file does not say that, its key is in the party's name, or the party's whole name in that of the office:
    one word in common may be no name (“Municipality”, “of”).
    """
    if party.country != office.country:
        return False
    called = _in_words(party.name)
    if office.city:
        return _in_words(office.city) in called
    key = office.key.replace("-", " ").replace("_", " ")
    return _in_words(key) in called or any(called in _in_words(label) for label in office.label.values())


def _in_words(text: str) -> str:
    """Its words with space around each: what is in it then is whole words in succession."""
    return f" {' '.join(plain_words(text))} "

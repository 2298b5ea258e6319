"""Whether the books are as they were written, and every date as it comes out: looked at in one snapshot, changed nowhere."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Deadline
from twinflow.domain.agreement.entries import beginning
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.present_names import as_corrected
from twinflow.domain.agreement.proving import Fault, faults_of, faults_of_chain, of_state
from twinflow.domain.agreement.seals import Head
from twinflow.domain.agreement.written import WrittenAgreement
from twinflow.domain.clock.day import InBooks
from twinflow.domain.corrections.retaken import as_it_began, retaken
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.kept import Key
from twinflow.domain.deadlines.proving import STANDS_OTHERWISE, of_count, of_derivation, of_waking
from twinflow.domain.mail.proving import faults_of_message
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.errors import UnreadableAgreement
from twinflow.sentences import Sentence
from twinflow.services.clock.in_books import in_books
from twinflow.storage.engine import one_snapshot
from twinflow.storage.failures import about
from twinflow.storage.snapshots import InRows
from twinflow.storage.unit_of_work import UnitOfWork

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, how much was looked at, and the last link of the chain."""

    faults: tuple[Fault, ...]
    agreements: int
    entries: int
    messages: int
    links: int
    head: Head

    @property
    def summary(self) -> Sentence:
        values = {
            "agreements": self.agreements,
            "entries": self.entries,
            "messages": self.messages,
            "links": self.links,
            "head": self.head.name,
            "faults": len(self.faults),
        }
        if self.faults:
            said = "{faults} findings in {agreements} agreements, {entries} entries, {messages} messages and {links} links."
            return Sentence(said, values)
        said = "All is well: {agreements} agreements, {entries} entries, {messages} messages, {links} links; the head is {head}."
        return Sentence(said, values)


@dataclass(slots=True)
class _Counts:
    agreements: int = 0
    entries: int = 0
    messages: int = 0
    links: int = 0
    head: Head = field(default_factory=Head)


def check(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    now: datetime,
    head: str | None = None,
    short: Sequence[Sentence] = (),
) -> Checked:
    """Everything that can be proved of the books. `head` is one that was kept outside: whether it is in the chain.

    `short` is what was found of the file of the database when it was opened.
    """
    counts = _Counts()
    with UnitOfWork(one_snapshot(engine), reading=True) as work:
        missing = [Fault(each) for each in work.shape.faults_of_tables()]
        if missing:
            return _checked(missing, counts)
        faults = [Fault(each) for each in (*short, *work.shape.faults())]
        faults += _of_chain(work, counts, head)
        faults += _of_agreements(work, rulebook, people, now, counts)
        faults += _of_messages(work, counts)
    return _checked(faults, counts)


def _checked(faults: Sequence[Fault], counts: _Counts) -> Checked:
    return Checked(tuple(faults), counts.agreements, counts.entries, counts.messages, counts.links, counts.head)


def _of_chain(work: UnitOfWork, counts: _Counts, wanted: str | None) -> Iterator[Fault]:
    at, is_there = Head(), wanted is None
    while links := work.books.links(at.entries, AT_ONCE):
        faults, at = faults_of_chain(at, links)
        yield from faults
        is_there = is_there or any(Head(each.seal, each.number).is_called(wanted or "") for each in links)
    counts.links, counts.head = at.entries, at
    if not is_there:
        values = {"head": wanted, "last": at.name}
        said = "the head {head} is not in the chain as it is now, which ends with {last}: the books were altered, or are others"
        yield Fault(Sentence(said, values))
    for number, link in work.books.lost_agreements():
        said = "the agreement with the row {row} is gone: link {link} of the chain has it"
        yield Fault(Sentence(said, {"row": number, "link": link}))
    for message_id, link in work.books.lost_messages():
        said = "the message {message} is gone from the outbox: link {link} of the chain has it"
        yield Fault(Sentence(said, {"message": message_id, "link": link}))


def _of_messages(work: UnitOfWork, counts: _Counts) -> Iterator[Fault]:
    last = 0
    while messages := work.books.messages(last, AT_ONCE):
        for message in messages:
            yield from faults_of_message(message)
        counts.messages += len(messages)
        last = messages[-1].id


def _of_agreements(
    work: UnitOfWork, rulebook: Rulebook, people: People, now: datetime, counts: _Counts
) -> Iterator[Fault]:
    last = 0
    while ids := work.books.ids(last, AT_ONCE):
        written = work.books.agreements(ids)
        counts.agreements += len(written)
        counts.entries += sum(len(each.history) for each in written)
        readable = dict(zip(ids, work.agreements.in_rows(ids), strict=True))
        cases = [each for each in readable.values() if isinstance(each, InRows)]
        known = dict(zip([each.id for each in cases], in_books(work, rulebook, cases), strict=True))
        for each in written:
            yield from faults_of(each)
            found = readable[each.id]
            case = known[each.id] if isinstance(found, InRows) else found
            yield from _of_case(each, case, partial(work.history.as_written, each.id), rulebook, people, now)
        last = ids[-1]


def _of_case(
    written: WrittenAgreement,
    case: InBooks | UnreadableAgreement,
    history: Callable[[], Sequence[HistoryEntry]],
    rulebook: Rulebook,
    people: People,
    now: datetime,
) -> Iterator[Fault]:
    """What is made of the rows: state and deadlines. Of one that cannot be read, that."""
    if isinstance(case, UnreadableAgreement):
        yield Fault(case.message, written.reference)
        return
    try:
        with about(written.reference):
            said = list(_of_what_is_made(case, history, rulebook, people, now))
    except UnreadableAgreement as error:
        yield Fault(error.message, written.reference)
    else:
        yield from (Fault(each, written.reference) for each in said)


def _of_what_is_made(
    case: InBooks,
    history: Callable[[], Sequence[HistoryEntry]],
    rulebook: Rulebook,
    people: People,
    now: datetime,
) -> Iterator[Sentence]:
    agreement = case.agreement
    definition = rulebook.definition_of(agreement)
    yield from of_state(agreement)
    contexts = _contexts(rulebook, people, definition, agreement, now)
    current = _counted_by_what_is_in_use(rulebook, definition, agreement)
    if current:
        found = list(of_derivation(agreement, definition, contexts, now))
        otherwise = [each for each in found if each.template == STANDS_OTHERWISE.template]
        yield from (each for each in found if each not in otherwise)
        if otherwise and not _is_as_recorded(agreement, history(), rulebook, people, now):
            yield from otherwise
    calendars_at = {
        each.key: rulebook.calendars_at(each.edition, definition, definition.deadlines[each.rule])
        for each in agreement.deadlines
        if each.edition
    }
    yield from of_count(agreement, definition, calendars_at)
    context = deadline_context(rulebook, people, definition, agreement.office, now)
    yield from of_waking(agreement, definition, context, case.wake_on)


def _is_as_recorded(
    agreement: Agreement, history: Sequence[HistoryEntry], rulebook: Rulebook, people: People, now: datetime
) -> bool:
    """Whether its deadlines are those that its entries gave in the order in which they were recorded.

    What was closed by then stays as it was closed, whatever of an earlier day was entered later.
    """
    as_counted = list(as_corrected(history, to_take_again=True))
    as_counted[0] = beginning(as_counted[0], as_it_began(agreement, as_counted, rulebook, people, now))
    again = retaken(agreement, as_counted, rulebook, people, now).agreement
    return _standing(agreement) == _standing(again)


def _standing(agreement: Agreement) -> dict[Key, Deadline]:
    """Its deadlines, but for those that nothing gives rise to any more, and the calendars that they were counted by."""
    return {each.key: replace(each, edition="", provisional=False) for each in agreement.deadlines if not each.is_gone}


def _contexts(
    rulebook: Rulebook, people: People, definition: ProcessDefinition, agreement: Agreement, now: datetime
) -> list[DeadlineContext]:
    """The first and the last instant of the day on which the deadlines were derived, where the case is kept."""
    office = agreement.office
    if agreement.derived_on is None:
        return [deadline_context(rulebook, people, definition, office, now)]
    zone = ZoneInfo(people.offices[office].time_zone)
    ends = (time(0, 0), time(23, 59, 59))
    instants = (datetime.combine(agreement.derived_on, each, zone).astimezone(UTC) for each in ends)
    return [deadline_context(rulebook, people, definition, office, instant) for instant in instants]


def _counted_by_what_is_in_use(rulebook: Rulebook, definition: ProcessDefinition, agreement: Agreement) -> bool:
    """Whether every open date is counted by the editions in use: others are counted anew when the edition is applied to them."""
    return all(
        each.edition in {"", rulebook.calendars_of(definition, definition.deadlines[each.rule]).edition}
        for each in agreement.deadlines
        if each.is_open
    )

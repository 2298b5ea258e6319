"""Whether the books are as they were written, and every date as it comes out: looked at in one snapshot, changed nowhere."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.proving import Fault, faults_of, faults_of_chain, of_state
from twinflow.domain.agreement.seals import Head, head_called, instant_written
from twinflow.domain.agreement.written import WrittenMessage
from twinflow.domain.calendar.office_hours import MailHours
from twinflow.domain.clock.day import InBooks
from twinflow.domain.clock.last_pass import TOLERANCE
from twinflow.domain.clock.waking import latest_day
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.proving import of_count, of_day, of_derivation, of_told, of_waking
from twinflow.domain.mail.message import WAITING
from twinflow.domain.mail.proving import faults_of_message, latest_try
from twinflow.domain.people.changes import as_written
from twinflow.domain.people.people import People
from twinflow.domain.people.proving import faults_of_entries, faults_of_rows
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.errors import UnreadableAgreement, reason, unreadable
from twinflow.sentences import Sentence
from twinflow.services.clock.in_books import in_books
from twinflow.storage.agreements import read
from twinflow.storage.clock import Confirmation
from twinflow.storage.engine import one_snapshot
from twinflow.storage.failures import about, one_by_one
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
            return Sentence(
                "Findings: {faults}; agreements: {agreements}, entries: {entries}, messages: {messages}, links: {links}.",
                values,
            )
        return Sentence(
            "All is well: agreements: {agreements}, entries: {entries}, messages: {messages}, links: {links}; head: {head}.",
            values,
        )


@dataclass(frozen=True, slots=True)
class _By:
    """What the books are looked at by. `furthest` is the latest instant that any clock of theirs has come to."""

    rulebook: Rulebook
    people: People
    now: datetime
    furthest: datetime


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
    known: Sequence[Sentence] = (),
) -> Checked:
    """Everything that can be proved of the books. `head` is one that was kept outside: whether it is in the chain.

    `known` is what was found when the database was opened: of its file, and of the texts that it keeps. Raises BadInput.
    """
    wanted = head_called(head) if head is not None else None
    counts = _Counts()
    with UnitOfWork(one_snapshot(engine), reading=True) as work:
        damage = [*work.shape.faults_of_file(), *work.shape.faults_of_tables()]
        by = _By(rulebook, people, now, now if damage else _furthest(work, now))
        faults = [Fault(each) for each in (*damage, *known)]
        for part in _parts(work, by, counts, wanted):
            faults += _as_far_as_it_goes(work, part, is_damaged=bool(damage))
    return _checked(faults, counts)


def of_damage(damage: Iterable[Sentence]) -> Checked:
    """Of a database that is too damaged for anything else to be looked at."""
    return _checked([Fault(each) for each in damage], _Counts())


def _parts(work: UnitOfWork, by: _By, counts: _Counts, wanted: str | None) -> Iterator[Iterable[Fault]]:
    """What is looked at, each without the others."""
    whole = work.shape.whole_tables()
    yield map(Fault, work.shape.faults_of_definitions())
    yield map(Fault, work.shape.faults_of_rows(whole))
    yield map(Fault, work.shape.faults_of_lists())
    yield work.cells.faults(whole)
    yield _of_chain(work, counts, wanted)
    yield _of_lost(work)
    yield _of_what_is_written(work, counts)
    yield _of_what_is_made(work, by)
    yield _of_messages(work, by, counts)
    yield _of_people(work)
    yield _of_what_people_said(work, by)


def _as_far_as_it_goes(work: UnitOfWork, part: Iterable[Fault], *, is_damaged: bool) -> list[Fault]:
    """What is found until what is damaged comes in the way, where it is known to be."""
    found = []
    try:
        with work.aside():
            for fault in part:
                found.append(fault)  # noqa: PERF402 - what was found before stays
    except DBAPIError:
        if not is_damaged:
            raise
    return found


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
        yield Fault(
            Sentence(
                "the head {head} is not in the chain as it is now, which ends with {last}: the books were altered, or are others",
                values,
            )
        )


def _of_people(work: UnitOfWork) -> Iterator[Fault]:
    entries = work.books.people_entries()
    yield from map(Fault, faults_of_entries(entries, work.books.links_of_people()))
    try:
        yield from map(Fault, list(faults_of_rows(entries, as_written(work.people.all()))))
    except Exception as error:  # noqa: BLE001 - what damaged rows lead to cannot be foreseen
        yield Fault(Sentence("Offices and people cannot be read: {why}", {"why": reason(error)}))


def _of_lost(work: UnitOfWork) -> Iterator[Fault]:
    for number, link in work.books.lost_agreements():
        yield Fault(
            Sentence(
                "the agreement with the row {row} is gone: link {link} of the chain has it",
                {"row": number, "link": link},
            )
        )
    for message_id, link in work.books.lost_messages():
        yield Fault(
            Sentence(
                "the message {message} is gone from the outbox: link {link} of the chain has it",
                {"message": message_id, "link": link},
            )
        )


def _furthest(work: UnitOfWork, now: datetime) -> datetime:
    last = work.clock.last_pass()
    known = (last.at if last is not None else None, work.history.newest_at())
    unbelieved = _unbelieved(work)
    confirmed = (each.last_at for each in work.clock.confirmations() if each not in unbelieved)
    return max([now, *(at for at in known if at is not None), *confirmed])


def _of_what_people_said(work: UnitOfWork, by: _By) -> Iterator[Fault]:
    """What the clock and people wrote outside of histories, as far as it keeps a notice from leaving."""
    last = work.clock.last_pass()
    at = last.at if last is not None else by.now
    if at is None:
        yield Fault(Sentence("nothing says when the last pass was: none is made until somebody confirms the clock"))
    elif at > by.now + TOLERANCE and not work.clock.is_demonstration():
        values: dict[str, object] = {"at": instant_written(at)}
        yield Fault(
            Sentence("the last pass is said to have been at {at} UTC, still to come: until then none is made", values)
        )
    for each in _unbelieved(work):
        values = {"person": each.person, "at": instant_written(each.confirmed_at)}
        yield Fault(
            Sentence("{person} is said to have confirmed the clock at {at} UTC, and no pass was made then", values)
        )
    for person, notice in work.opt_outs.all():
        known = by.rulebook.notices.get(notice)
        if known is not None and not known.optional:
            values = {"person": person, "notice": notice}
            yield Fault(Sentence("{person} is said to do without “{notice}”, which nobody can switch off", values))


def _unbelieved(work: UnitOfWork) -> list[Confirmation]:
    """The confirmations of an instant at which no pass was: from there passes only go on, until somebody confirms another."""
    last = work.clock.last_pass()
    if last is None or last.at is None or work.clock.is_demonstration():
        return []
    found = work.clock.confirmations()
    later = [*(each.last_at for each in found), last.at][1:]
    return [each for each, at in zip(found, later, strict=False) if each.confirmed_at > at + TOLERANCE]


def _of_messages(work: UnitOfWork, by: _By, counts: _Counts) -> Iterator[Fault]:
    last: int | None = None
    on_record = work.books.mail_on_record()
    planned_at = _planned_at(work, by.now)
    while messages := work.books.messages(last, AT_ONCE, on_record):
        for message in messages:
            yield from _of_message(message, by, planned_at)
        counts.messages += len(messages)
        last = messages[-1].id


def _planned_at(work: UnitOfWork, now: datetime) -> datetime:
    """When what waits was planned at the latest: the clock of the last pass may have been ahead."""
    last = work.clock.last_pass()
    return max(now, last.at) if last is not None and last.at is not None else now


def _of_message(message: WrittenMessage, by: _By, planned_at: datetime) -> Sequence[Fault]:
    try:
        latest = _latest_try(message, by, planned_at) if message.state in WAITING else None
        return list(faults_of_message(message, latest))
    except Exception as error:  # noqa: BLE001 - what damaged rows lead to cannot be foreseen
        values = {"id": message.id, "why": reason(error)}
        return [Fault(Sentence("Message {id} cannot be read: {why}", values))]


def _latest_try(message: WrittenMessage, by: _By, now: datetime) -> datetime | None:
    """When one that waits is tried at the latest; None for a digest to whoever has left the people file."""
    if not message.digest:
        return latest_try(None, now)
    person = by.people.people.get(message.recipient)
    if person is None:
        return None
    hours = by.rulebook.hours_at(by.people.office_of(person, now))
    return latest_try(replace(hours, mail_hours=MailHours()), now)


def _of_what_is_written(work: UnitOfWork, counts: _Counts) -> Iterator[Fault]:
    """The histories, contents and alerts."""
    for ids in _ids(work):
        written = work.books.agreements(ids)
        counts.agreements += len(written)
        counts.entries += sum(len(each.history) for each in written)
        for each in written:
            yield from _as_far_as_read(each.reference, partial(faults_of, each))


def _of_what_is_made(work: UnitOfWork, by: _By) -> Iterator[Fault]:
    """The states and deadlines."""
    for ids in _ids(work):
        references = work.books.references(ids)
        for reference, case in zip(references.values(), _cases(work, by.rulebook, references), strict=True):
            yield from _as_far_as_read(reference, partial(_of_case, reference, case, by))


def _ids(work: UnitOfWork) -> Iterator[list[int]]:
    last: int | None = None
    while ids := work.books.ids(last, AT_ONCE):
        yield ids
        last = ids[-1]


def _cases(work: UnitOfWork, rulebook: Rulebook, references: Mapping[int, str]) -> list[InBooks | UnreadableAgreement]:
    """What is made of the rows of each; of one that cannot be read, why not."""
    found = dict(zip(references, work.agreements.in_rows(list(references)), strict=True))
    readable = {number: each for number, each in found.items() if isinstance(each, InRows)}
    cases = one_by_one(
        lambda few: in_books(work, rulebook, [readable[number] for number in few]),
        list(readable),
        lambda number, error: unreadable(references[number], reason(error)),
    )
    known = dict(zip(readable, cases, strict=True))
    return [known[number] if isinstance(each, InRows) else each for number, each in found.items()]


def _as_far_as_read(reference: str, faults: Callable[[], Iterable[Fault]]) -> Iterable[Fault]:
    """What is found of an agreement; where it cannot be read, that."""
    try:
        with about(reference):
            return list(faults())
    except UnreadableAgreement as error:
        return [Fault(error.message, reference)]


def _of_case(reference: str, case: InBooks | UnreadableAgreement, by: _By) -> Iterator[Fault]:
    """Its state and its deadlines. Raises UnreadableAgreement."""
    for each in _of_state_and_deadlines(read(case), by):
        yield Fault(each, reference)


def _of_state_and_deadlines(case: InBooks, by: _By) -> Iterator[Sentence]:
    agreement, rulebook, people, now = case.agreement, by.rulebook, by.people, by.now
    definition = rulebook.definition_of(agreement)
    yield from of_state(agreement)
    contexts = _contexts(rulebook, people, definition, agreement, now)
    if _counted_by_what_is_in_use(rulebook, definition, agreement):
        yield from of_derivation(agreement, definition, contexts, now)
    calendars_at = {
        each.key: rulebook.calendars_at(each.edition, definition, definition.deadlines[each.rule])
        for each in agreement.deadlines
    }
    yield from of_count(agreement, definition, calendars_at)
    yield from of_told(agreement, definition, case.told)
    yield from of_day(agreement, latest_day(by.furthest))
    context = deadline_context(rulebook, people, definition, agreement.office, now)
    yield from of_waking(agreement, definition, context, case.wake_on)


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

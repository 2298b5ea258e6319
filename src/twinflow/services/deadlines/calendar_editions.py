"""Late news: what another edition of a calendar moves, shown before it is applied; then every open date anew from scratch.

Deadlines are read by the thousand without their agreements: what they are counted from is kept with them. Only where other
deadlines follow a date that moves is the whole agreement derived anew. Closed deadlines stay as they were.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Basis, Deadline
from twinflow.domain.agreement.entries import DateMoved, noted
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.calendar.business_days import Calendar
from twinflow.domain.calendar.dates import Unit
from twinflow.domain.clock.waking import latest_day
from twinflow.domain.deadlines.context import computed
from twinflow.domain.deadlines.warnings import next_wake_on
from twinflow.domain.people.people import People
from twinflow.domain.process.definition import Label, ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import NotFound, StaleAgreement, UnreadableAgreement, reason, unreadable
from twinflow.sentences import Sentence, as_it_stands
from twinflow.services.agreements.recording import refreshed, replace_deadlines
from twinflow.services.alerts.telling import tell_all_moved, tell_moved
from twinflow.storage.calendar_recount import Batch, OpenDeadline
from twinflow.storage.deadline_basis import basis_of
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork

AT_ONCE = 10_000
TRIES = 5
"""How often a batch that gave way to another writer is begun."""


@dataclass(frozen=True, slots=True)
class MovedDeadline:
    """A date that another edition moves; None: no date while paused."""

    id: str
    reference: str
    label: Label
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying an edition did: how many open deadlines were counted anew, how many moved, how many people are told.

    `unreadable` says of which agreements the dates stay as they were, as they cannot be read.
    """

    calendar: str
    edition: str
    recounted: int
    moved: int
    told: int
    unreadable: tuple[Sentence, ...] = ()


def preview(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    calendar: Calendar,
    now: datetime,
    *,
    progress: Callable[[int, int], None],
) -> Iterator[MovedDeadline | UnreadableAgreement]:
    """Every open deadline that the edition would move, writing nothing. `progress` is told how many of how many are done.

    What cannot be read of an agreement is said last. Raises NotFound for a calendar that is not in use.
    """
    _check_known(rulebook, calendar)
    recount = _Recount(rulebook.with_calendar(calendar), people, calendar, now)
    with UnitOfWork(engine, reading=True) as work:
        total, done = work.calendar_recount.count(calendar.key, calendar.edition), 0
        shown: set[str] = set()
        for batch in work.calendar_recount.open_counted_by(calendar.key, calendar.edition, AT_ONCE):
            whole, single = recount.sorted_out(batch)
            found = [recount.moved(row, new) for row, new in single if new.due_on != row.due_on]
            for reference in sorted(whole):
                with recount.left_alone(reference):
                    found += recount.moved_in(work, reference)
            yield from (moved for moved in found if moved.id not in shown)  # a batch may end within an agreement
            shown |= {moved.id for moved in found}
            done += len(batch.deadlines) + len(batch.unreadable)
            progress(done, total)
    yield from recount.unreadable.values()


def apply(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    calendar: Calendar,
    text: str,
    *,
    person: str,
    now: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Applied:
    """Count by this edition from now on, and every open deadline anew: a history entry for each that moves, one digest a person.

    In batches: killed and begun again, it goes on with those still counted by the edition before. `text` is the file it was
    read from. Raises NotFound for an unknown person or calendar, StaleAgreement if another edition is applied meanwhile.
    """
    actor = people.person(person)
    _check_known(rulebook, calendar)
    recount = _Recount(rulebook.with_calendar(calendar), people, calendar, now)
    with UnitOfWork(engine) as work:
        work.calendars.apply(calendar.key, calendar.edition, text, now)
        total = work.calendar_recount.count(calendar.key, calendar.edition)
        work.commit()
    done = last = moved = 0
    told: set[str] = set()
    while written := _next_batch(engine, recount, actor.key, last):
        batch, writing = written
        last = batch.last
        moved += writing.moved
        told |= writing.told
        done += len(batch.deadlines) + len(batch.unreadable)
        progress(min(done, total), total)
    if done < total:  # the rest was counted with its agreements
        progress(total, total)
    unreadable_ones = tuple(error.message for error in recount.unreadable.values())
    return Applied(calendar.key, calendar.edition, total, moved, len(told), unreadable_ones)


def _next_batch(
    engine: Engine, recount: "_Recount", actor: str, after: int, tries: int = TRIES
) -> tuple[Batch, "_Writing"] | None:
    """The next batch after the row `after`, written; None if there are no more. One that gave way is begun again."""
    writing = _Writing(recount, actor)
    try:
        with UnitOfWork(engine) as work:
            work.calendars.hold(recount.rulebook.current_editions)
            calendar = recount.calendar
            owners, last = work.calendar_recount.owners(calendar.key, calendar.edition, after, AT_ONCE)
            work.agreements.keep(owners)  # first, so that what is read is what stands there
            batch = work.calendar_recount.batch(calendar.key, calendar.edition, after, AT_ONCE, last)
            if batch is None:
                return None
            writing.write(work, batch)
            work.commit()
    except StaleAgreement:
        if tries == 1:
            raise
        return _next_batch(engine, recount, actor, after, tries - 1)
    return batch, writing


def _check_known(rulebook: Rulebook, calendar: Calendar) -> None:
    if calendar.key not in rulebook.calendars:
        known = sorted(rulebook.calendars)
        raise NotFound("There is no calendar {key}; there are {known}.", key=calendar.key, known=known)


@dataclass(slots=True)
class _Recount:
    """Open deadlines counted by a rulebook with the new edition. Equal inputs are counted once."""

    rulebook: Rulebook
    people: People
    calendar: Calendar
    now: datetime
    unreadable: dict[str, UnreadableAgreement] = field(default_factory=dict)
    """By reference."""
    _counted: dict[tuple[Any, ...], tuple[Deadline, date | None]] = field(default_factory=dict)
    _followed: dict[str, frozenset[str]] = field(default_factory=dict)

    def definition_of(self, row: OpenDeadline) -> ProcessDefinition:
        return self.rulebook.pinned(row.process, row.process_version, row.process_digest)

    def count(self, row: OpenDeadline) -> tuple[Deadline, date | None]:
        """The deadline counted anew, and the day a sweep has to look at it."""
        key = (row.process_digest, row.rule, row.anchor_on, row.basis)
        if key not in self._counted:
            definition = self.definition_of(row)
            rule = definition.deadlines[row.rule]
            basis = basis_of(row.basis)
            assert basis is not None
            calendars = self.rulebook.calendars_of(definition, rule)
            new = computed(rule, row.occurrence, row.anchor_on, basis, calendars)
            self._counted[key] = new, next_wake_on(rule, new, calendars, None)
        return self._counted[key]

    def sorted_out(self, batch: Batch) -> tuple[dict[str, OpenDeadline], list[tuple[OpenDeadline, Deadline]]]:
        """The agreements to be derived as a whole, by reference; and the rest, each row with its deadline.

        What cannot be counted joins what of the batch cannot be read.
        """
        whole: dict[str, OpenDeadline] = {}
        single = []
        for row in batch.deadlines:
            try:
                new = self._alone(row)
            except Exception as error:  # noqa: BLE001 - what damaged rows lead to cannot be foreseen
                batch.unreadable[row.id] = unreadable(row.reference, reason(error))
                continue
            if new is None:
                whole[row.reference] = row
            else:
                single.append((row, new))
        self.unreadable |= {error.reference: error for error in batch.unreadable.values()}
        return whole, [(row, new) for row, new in single if row.reference not in whole]

    def _alone(self, row: OpenDeadline) -> Deadline | None:
        """The deadline counted anew; None where its agreement is to be derived as a whole."""
        if not row.basis or self._starts_on_counted_days(row):
            return None
        new, _ = self.count(row)
        moves = (new.due_on, new.warn_on) != (row.due_on, row.warn_on)
        return None if moves and self._moves_others(row, new) else new

    @contextmanager
    def left_alone(self, reference: str) -> Iterator[None]:
        """An agreement that cannot be read keeps its dates."""
        try:
            with about(reference):
                yield
        except UnreadableAgreement as error:
            self.unreadable[reference] = error

    def _starts_on_counted_days(self, row: OpenDeadline) -> bool:
        """Whether what is kept with the date was counted by the calendar itself: its start, the end of a pause, a period."""
        rule, basis = self.definition_of(row).deadlines[row.rule], basis_of(row.basis) or Basis()
        longest = rule.pause.at_most if rule.pause is not None else None
        pauses_end = bool(basis.pauses) and longest is not None and longest.unit is Unit.BUSINESS_DAYS
        periods = rule.recurs and any(length.unit is Unit.BUSINESS_DAYS for length in basis.lengths)
        return rule.cut_off is not None or pauses_end or periods

    def _moves_others(self, row: OpenDeadline, new: Deadline) -> bool:
        """Whether another deadline follows, or one that has passed is over or begins anew by this date."""
        rule = self.definition_of(row).deadlines[row.rule]
        if row.rule in self._in_company(row):
            return True
        soonest = min((day for day in (row.due_on, new.due_on) if day is not None), default=None)
        passed = soonest is not None and soonest <= latest_day(self.now)
        return passed and (rule.recurs or not rule.duty)

    def _in_company(self, row: OpenDeadline) -> frozenset[str]:
        """The rules of the process that another deadline is counted from or bounded by, and those counted from one."""
        if row.process_digest not in self._followed:
            rules = self.definition_of(row).deadlines.values()
            names = {name for rule in rules for name in (rule.anchor.deadline, rule.until) if name}
            names |= {rule.key for rule in rules if rule.anchor.deadline}
            self._followed[row.process_digest] = frozenset(names)
        return self._followed[row.process_digest]

    def moved(self, row: OpenDeadline, new: Deadline) -> MovedDeadline:
        label = self.definition_of(row).deadlines[row.rule].label
        deadline_id = f"{row.reference}/{row.rule}/{row.occurrence}"
        before = as_it_stands(row.due_on, provisional=row.provisional)
        return MovedDeadline(deadline_id, row.reference, label, before, new.shown_on)

    def moved_in(self, work: UnitOfWork, reference: str) -> Iterator[MovedDeadline]:
        """What moves in an agreement derived as a whole."""
        agreement = work.agreements.get(reference)
        definition = self.rulebook.definition_of(agreement)
        new = {
            deadline.key: deadline for deadline in refreshed(self.rulebook, self.people, agreement, self.now).deadlines
        }
        for old in agreement.deadlines:
            after = new.get(old.key)
            if old.is_open and after is not None and after.due_on != old.due_on:
                label = definition.deadlines[old.rule].label
                deadline_id = f"{reference}/{old.rule}/{old.occurrence}"
                yield MovedDeadline(deadline_id, reference, label, old.shown_on, after.shown_on)


@dataclass
class _Writing:
    """The writing side of a batch: what was done in it."""

    recount: _Recount
    actor: str
    moved: int = 0
    told: set[str] = field(default_factory=set)
    _todays: dict[str, date] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.recount.now

    @cached_property
    def cause(self) -> str:
        """What the change is called in history and alerts: unique, also when an edition is applied a second time."""
        calendar = self.recount.calendar
        return f"{calendar.key}@{calendar.edition} {self.now.isoformat(timespec='seconds')}"

    def write(self, work: UnitOfWork, batch: Batch) -> None:
        whole, single = self.recount.sorted_out(batch)
        self._write_dates(work, single)
        moved = [(row, new) for row, new in single if new.due_on != row.due_on]
        work.calendar_recount.set_next_dates([row.agreement_id for row, _ in moved], self.now.date())
        self._write_history(work, moved)
        self._tell(work, moved)
        self.moved += len(moved)
        editions = {(row.edition, new.edition) for row, new in single}
        for old, new_edition in sorted(editions):
            work.calendar_recount.set_edition(batch, old, new_edition)
        for reference in sorted(whole):
            self._write_whole(work, reference)

    def _write_dates(self, work: UnitOfWork, single: Iterable[tuple[OpenDeadline, Deadline]]) -> None:
        work.calendar_recount.set_dates(
            [
                {
                    "row": row.id,
                    "warn_on": _text(new.warn_on),
                    "due_on": _text(new.due_on),
                    "wake_on": _text(self.recount.count(row)[1]),
                    "status": new.status.value,
                    "provisional": new.provisional,
                }
                for row, new in single
                if (row.warn_on, row.due_on, row.provisional) != (new.warn_on, new.due_on, new.provisional)
            ]
        )

    def _write_history(self, work: UnitOfWork, moved: Iterable[tuple[OpenDeadline, Deadline]]) -> None:
        work.history.add_all([(row.agreement_id, self._moved(row, new)) for row, new in moved])

    def _moved(self, row: OpenDeadline, new: Deadline) -> HistoryEntry:
        said = DateMoved((row.rule, row.occurrence), row.due_on, new.due_on, self.cause)
        return noted(said, self.actor, self._today(row.office), self.now)

    def _tell(self, work: UnitOfWork, moved: Iterable[tuple[OpenDeadline, Deadline]]) -> None:
        """Tell everybody concerned; from where to where is in the history."""
        alike: dict[tuple[str, str, str], list[OpenDeadline]] = defaultdict(list)
        for row, _ in moved:
            alike[row.process_digest, row.rule, row.office].append(row)
        for rows in alike.values():
            self.told |= tell_all_moved(work, self.recount.rulebook, self.recount.people, rows, self.cause, self.now)

    def _today(self, office: str) -> date:
        if office not in self._todays:
            self._todays[office] = self.recount.people.today(office, self.now)
        return self._todays[office]

    def _write_whole(self, work: UnitOfWork, reference: str) -> None:
        rulebook, people = self.recount.rulebook, self.recount.people
        agreement_id = work.agreements.id_of(reference)
        after = None
        with self.recount.left_alone(reference):
            agreement = work.agreements.lock(reference)
            after = refreshed(rulebook, people, agreement, self.now)
        if after is None:
            return
        replace_deadlines(
            work, rulebook, people, agreement_id, agreement, after, self.now, actor=self.actor, cause=self.cause
        )
        now = {deadline.key: deadline.due_on for deadline in after.deadlines}
        for old in agreement.deadlines:
            if old.is_open and now.get(old.key, old.due_on) != old.due_on:
                told = tell_moved(work, rulebook, people, agreement_id, after, old, self.cause, self.now)
                self.moved += 1
                self.told |= set(told.told) if told is not None else set()


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None

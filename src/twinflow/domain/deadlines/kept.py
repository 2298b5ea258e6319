"""What the books keep of an agreement after a change: its derived deadlines, what was closed as it was closed, its findings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement, Basis, Deadline, DeadlineStatus, KnownFinding
from twinflow.domain.agreement.entries import DateMoved, noted
from twinflow.domain.agreement.findings import findings, found_anew
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.deadlines import warnings
from twinflow.domain.deadlines.carried_over import TakenOver, taken_over
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.process.definition import CLOCK, ProcessDefinition

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What a change leaves in the books. `agreement` has deadlines, findings and history as rows then have them.

    `rows` are the deadlines that are new or differ, `wake_on` the day on which each of those wakes a sweep, `moves` the
    history's entries about due dates that moved. `found` are the findings that are new or differ.
    """

    agreement: Agreement
    rows: Mapping[Key, Deadline]
    wake_on: Mapping[Key, date | None]
    moves: tuple[HistoryEntry, ...]
    found: tuple[KnownFinding, ...]


def rewritten(
    before: Agreement,
    after: Agreement,
    definition: ProcessDefinition,
    context: DeadlineContext,
    now: datetime,
    *,
    actor: str = CLOCK,
    cause: str = "",
    corrected: Collection[Key] = (),
) -> Rewritten:
    """The deadlines of `after`, derived by `definition`, over the rows of `before`. `now` is UTC.

    `cause` says in the history why a date moved, where it is not a step. A deadline that nothing gives rise to any more is void.
    Those that a correction has made otherwise (`corrected`) are as derived, also where they were closed.
    """
    old = {deadline.key: deadline for deadline in before.deadlines}
    new = kept(before.deadlines, after, definition, context, corrected)
    gone = {
        key: each
        for key, each in old.items()
        if key not in new and (key in corrected or _can_go(each, after, definition, context))
    }
    migrated = before.process_digest != after.process_digest  # with the same date it may have another ladder
    rows = {key: each for key, each in new.items() if each != old.get(key) or (migrated and each.is_open)}
    for key, each in gone.items():  # a rule that the process no longer has ends today
        has_ended = each.rule not in definition.deadlines and key not in corrected
        closed_on = context.today if has_ended else None
        void = replace(each, status=DeadlineStatus.VOID, closed_on=closed_on)
        if void != each:
            rows[key] = void
    moves = tuple(
        noted(DateMoved(key, old[key].due_on, new[key].due_on, cause), actor, context.today, now)
        for key in new
        if key in old and old[key].due_on != new[key].due_on
    )
    left = replace(after, deadlines=tuple({**old, **rows}.values()), history=(*after.history, *moves))
    known = tuple(found_anew(before.findings, findings(left, definition, context.kind)))
    return Rewritten(
        agreement=replace(left, findings=known),
        rows=rows,
        wake_on={key: _wakes_on(key, each, old, after, definition, context) for key, each in rows.items()},
        moves=moves,
        found=tuple(each for each in known if each not in before.findings),
    )


def _can_go(deadline: Deadline, after: Agreement, definition: ProcessDefinition, context: DeadlineContext) -> bool:
    """Whether it goes where nothing gives rise to it: what an earlier version or edition closed stays on record."""
    rule = definition.deadlines.get(deadline.rule)
    if deadline.is_open or rule is None:
        return deadline.is_open
    editions = {"", context.calendars_of(rule).edition}
    return deadline.edition in editions and deadline.key not in taken_over(after.history).closed


def _wakes_on(
    key: Key,
    deadline: Deadline,
    before: Mapping[Key, Deadline],
    after: Agreement,
    definition: ProcessDefinition,
    context: DeadlineContext,
) -> date | None:
    """When a sweep looks at it: what was given up now is told with the next one, unless the case has ended."""
    rule, old = definition.deadlines.get(key[0]), before.get(key)
    if rule is None or deadline.is_gone:
        return None
    given_up = deadline.status is DeadlineStatus.UNMET and (old is None or old.is_open)
    if given_up and not definition.states[after.state].final:
        return context.today_of(rule)
    return warnings.next_wake_on(rule, deadline, context.calendars_of(rule), None)


def kept(
    before: Sequence[Deadline],
    after: Agreement,
    definition: ProcessDefinition,
    context: DeadlineContext,
    corrected: Collection[Key] = (),
) -> dict[Key, Deadline]:
    """The deadlines to be kept in the place of `before`: those of `after`, and of what was closed, what it was closed with; of
    those that are `corrected` nothing.
    """
    old = {deadline.key: deadline for deadline in before}
    new = {deadline.key: deadline for deadline in after.deadlines}
    migration = taken_over(after.history)
    return {
        key: each
        if key in corrected
        else _as_it_was_closed(key, old, new, definition, migration, context, after.history)
        for key, each in new.items()
    }


def _as_it_was_closed(
    key: Key,
    before: Mapping[Key, Deadline],
    derived: Mapping[Key, Deadline],
    definition: ProcessDefinition,
    migration: TakenOver,
    context: DeadlineContext,
    history: Sequence[HistoryEntry],
) -> Deadline:
    """What is closed keeps its date and the calendars it was counted by, whatever is announced later.

    Only what people record afterwards changes it: an act that meets it, a pause, more time, another start, that the case comes
    back into its states. What was closed before the agreement came to its version of the process stays as the earlier version
    had it, until it begins anew. What was closed by a day still to come, when a clock was ahead, is not closed.
    """
    old, new = before.get(key), derived[key]
    if old is None or old == new or old.is_open or (old.closed_on is None and key not in migration.closed):
        return new
    rule = definition.deadlines[new.rule]
    if new.is_open and (rule.while_in or _was_met_by_its_start(old)):
        return new
    if old.closed_on is not None and old.closed_on > max(context.today, context.today_of(rule)):
        return new
    based_on = (rule.anchor.deadline, new.occurrence) if rule.anchor.deadline else key
    base, base_now = before.get(based_on, old), derived.get(based_on, new)
    started_on_calendar_day = based_on != key or rule.cut_off is not None
    if key in migration.closed and (started_on_calendar_day or migration.closed[key] == new.anchor_on):
        return old
    by_the_same = (old.edition, base.edition) == (new.edition, base_now.edition)
    if by_the_same and not (based_on != key and _is_moved_by_a_calendar(based_on, history)):
        return new  # no calendar has a part in what differs
    if not started_on_calendar_day and old.counted_from != new.counted_from:
        return new
    if _given(old, new) != _given(new, new) or _given(base, base_now) != _given(base_now, base_now):
        return new
    return replace(old, status=new.status, closed_on=new.closed_on) if new.status is DeadlineStatus.MET else old


def _is_moved_by_a_calendar(key: Key, history: Sequence[HistoryEntry]) -> bool:
    """Whether a new edition of a calendar has moved the date: what was closed by the date before stays as it was."""
    moves = (DateMoved.read(entry) for entry in history)
    return any(move is not None and move.key == key and move.calendar for move in moves)


def _was_met_by_its_start(deadline: Deadline) -> bool:
    """So it stands in books of before, in which what began a duty met it as well."""
    return deadline.status is DeadlineStatus.MET and deadline.closed_on == deadline.counted_from


def _given(deadline: Deadline, otherwise: Deadline) -> tuple[object, ...]:
    """What people gave for the date beside its start, as far as no calendar has a part in it."""
    basis = deadline.basis or otherwise.basis or Basis()
    starts = tuple(pause.start for pause in basis.pauses)
    return (basis.lengths, basis.times, starts, basis.extensions, basis.agreed_on)

"""Moving running agreements to another version of their process: in batches, each agreement whole or not at all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, AgreementHead
from twinflow.domain.clock.day import Derived, Taken, left_undone
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import Actor, People
from twinflow.domain.process.definition import Label, ProcessDefinition
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.migration import Plan, migrated, not_kept, with_closed
from twinflow.errors import Refused, UnreadableAgreement
from twinflow.sentences import Sentence
from twinflow.services.agreements.recording import record_change, record_outcome, refresh_parent, write_derived
from twinflow.services.alerts.telling import tell_moved
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked


@dataclass(frozen=True, slots=True)
class DateAfter:
    """An open date of an agreement before and after; None: it has none (any more, or yet)."""

    deadline: str
    occurrence: int
    label: Label
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became, or would become, of one agreement. `reasons` say why it stays where it is; then nothing changed."""

    reference: str
    title: str
    before: str
    after: str
    dates: tuple[DateAfter, ...]
    reasons: tuple[Sentence, ...]

    @property
    def refused(self) -> bool:
        return bool(self.reasons)


def affected(engine: Engine, plan: Plan) -> dict[str, int]:
    """How many agreements run on the plan's old version, by state."""
    with UnitOfWork(engine, reading=True) as work:
        return work.agreements.count_by_state(plan.source.key, plan.source.version)


def dry_run(
    engine: Engine, rulebook: Rulebook, people: People, plan: Plan, *, now: datetime, at_once: int = 100
) -> Iterator[Result]:
    """What the plan would do to each agreement; nothing is written."""
    last = 0
    while True:
        with UnitOfWork(engine, reading=True) as work:
            ids = work.agreements.ids_on(plan.source.key, plan.source.version, last, at_once)
            for found in work.agreements.load(ids):
                if isinstance(found, UnreadableAgreement):
                    yield _stays(found)
                else:
                    yield _decided(rulebook, people, found, plan, Actor("", frozenset()), now)[0]
        if not ids:
            return
        last = ids[-1]


def apply(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    plan: Plan,
    *,
    person: str,
    now: datetime,
    at_once: int = 100,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[Result]:
    """Move every agreement on the old version, `at_once` in a transaction; one result each, told once it is written.

    Killed and begun again, it goes on with those that are still on the old version; so does a second one at the same time.
    Who is told of a deadline is told where its date has moved. Raises NotFound for an unknown person.
    """
    plan = replace(plan, reason=checked(plan.reason, "reason"))
    actor = Actor(people.person(person).key, frozenset())
    total = sum(affected(engine, plan).values())
    last = done = 0
    while True:
        with UnitOfWork(engine) as work:
            ids = work.agreements.ids_on(plan.source.key, plan.source.version, last, at_once)
            if not ids:
                return
            work.agreements.pin(plan.target)
            results = []
            for found in work.agreements.lock_batch(ids):
                if isinstance(found, UnreadableAgreement):
                    results.append(_stays(found))
                elif _is_on(found.agreement, plan.source):
                    results.append(_apply_to(work, rulebook, people, found.id, found.agreement, plan, actor, now))
            work.commit()
        yield from results
        last = ids[-1]
        done += len(ids)
        progress(min(done, total), total)


def _is_on(agreement: AgreementHead, definition: ProcessDefinition) -> bool:
    """Whether it is still there: another process may have moved it while we waited for it."""
    return (agreement.process, agreement.process_version) == (definition.key, definition.version)


def _apply_to(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    agreement_id: int,
    before: Agreement,
    plan: Plan,
    actor: Actor,
    now: datetime,
) -> Result:
    result, undone, after = _decided(rulebook, people, before, plan, actor, now)
    if after is not None:
        for deed in undone:
            if isinstance(deed, Taken):
                record_outcome(work, rulebook, people, deed.before, deed.outcome, deed.left, now)
            else:
                write_derived(work, rulebook, agreement_id, deed.left, now)
            before = deed.left.agreement
        cause = f"{plan.target.name} {now.isoformat(timespec='seconds')}"
        record_change(work, rulebook, people, before, after, now, cause=cause)
        for deadline in before.deadlines:
            if deadline.is_open and deadline.rule in plan.target.deadlines:
                tell_moved(work, rulebook, people, agreement_id, after, deadline, cause, now)
        refresh_parent(work, rulebook, people, after, now)
    return result


def _decided(
    rulebook: Rulebook, people: People, before: Agreement, plan: Plan, actor: Actor, now: datetime
) -> tuple[Result, list[Taken | Derived], Agreement | None]:
    """The result for one agreement, what the clock does before it is moved, and the agreement as it would be; None where it stays
    on the old version.
    """
    try:
        with about(before.reference):
            definition = rulebook.definition_of(before)
            context = deadline_context(rulebook, people, definition, before.office, now)
            undone = list(left_undone(before, definition, context, now))
            case = undone[-1].left.agreement if undone else before
            moved = migrated(case, plan, actor, context, now)
            there = deadline_context(rulebook, people, plan.target, before.office, now)
            after = with_deadlines(moved, plan.target, there)
            reasons = tuple(not_kept(case, after, plan))
    except UnreadableAgreement as error:
        return _stays(error), [], None
    except Refused as refused:
        reasons = refused.reasons
    if reasons:
        return Result(before.reference, before.title, before.state, before.state, (), reasons), [], None
    after = with_closed(after, case.deadlines)
    dates = tuple(_dates(case, after, plan))
    return Result(before.reference, before.title, before.state, after.state, dates, ()), undone, after


def _stays(error: UnreadableAgreement) -> Result:
    return Result(error.reference, "", "–", "–", (), (error.message,))


def _dates(before: Agreement, after: Agreement, plan: Plan) -> Iterator[DateAfter]:
    old = {deadline.key: deadline for deadline in before.deadlines if deadline.is_open}
    closed = {deadline.key for deadline in before.deadlines if not deadline.is_open}
    new = {deadline.key: deadline for deadline in after.deadlines if deadline.is_open and deadline.key not in closed}
    rules = {**plan.source.deadlines, **plan.target.deadlines}
    for key in sorted(old.keys() | new.keys()):
        due = [table[key].shown_on if key in table else None for table in (old, new)]
        yield DateAfter(key[0], key[1], rules[key[0]].label, due[0], due[1])

"""How much of an agreement is read: heads, what lists need, what feeds need, and the whole with its history."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text

from builders import AT_PAGE, MX, PAPERS, PROGRAMME, agreement, new_case
from twinflow.domain.agreement.agreement import Agreement, AgreementHead, Claim, Party, PresentAgreement
from twinflow.domain.agreement.entries import ChangeKind, DateMoved
from twinflow.domain.agreement.history import ONLY_TOLD, EntryKind
from twinflow.domain.agreement.listing import Filters
from twinflow.domain.agreement.present_names import reached_by
from twinflow.domain.calendar.dates import Length, PartialDate
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.deadlines.changing import change_deadline
from twinflow.services.reading import agreements, deadlines
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))


@pytest.fixture
def books(world: World) -> World:
    """A case with a date that has moved and is to move again, and one that a programme belongs to; people were told of both."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    day = world.now.date()
    sources = {"signed_on": (Claim(PartialDate.of(day), "text"), Claim(PartialDate(), "register", chosen=False))}
    signed = new_case("MX-2", MX, "chihuahua", "two", day, PARTIES, state="in_force", facts=sources, note="n")
    programme = new_case("MX-2-P", PROGRAMME, "chihuahua", "2026", day, (), parent="MX-2")
    drafting = new_case("MX-1", MX, "chihuahua", "one", day, PARTIES, state="drafting", origin="o")
    for new in (signed, programme, drafting):
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    for step in ("complete_draft", "request_opinion"):
        command = StepCommand(step, day, records=PAPERS.get(step, {}))
        advance_agreement(
            world.engine, world.rulebook, world.people, "MX-1", command, person="elena", door=AT_PAGE, now=world.now
        )
    longer = {"length": Length.parse("5 business days"), "reason": "asked", "paper": "OF-7"}
    changes = (
        (ChangeKind.EXTEND, "rita", longer),
        (ChangeKind.CONFIRM, "sergio", {}),
        (ChangeKind.EXTEND, "rita", longer),
    )
    for kind, person, more in changes:
        world.now += timedelta(days=1)
        change = ChangeCommand(kind=kind, on=world.now.date(), **more)  # type: ignore[arg-type]
        opinion = DeadlineId("MX-1", "opinion", 1)
        change_deadline(
            world.engine, world.rulebook, world.people, opinion, change, person=person, door=AT_PAGE, now=world.now
        )
    world.now += timedelta(days=30)
    assert world.tick().delivery.failures == ()
    return world


def reading_history(world: World, read: Callable[[], object]) -> list[str]:
    """The statements of `read` that touch the table of the history."""
    found: list[str] = []

    def note(*arguments: object) -> None:
        found.append(str(arguments[2]))

    event.listen(world.engine, "before_cursor_execute", note)
    read()
    event.remove(world.engine, "before_cursor_execute", note)
    assert found
    return [statement for statement in found if "history" in statement]


@pytest.mark.parametrize("everything", [False, True])
def test_a_list_of_agreements_reads_no_history(books: World, *, everything: bool) -> None:
    def read() -> None:
        filters = Filters(everything=everything)
        lines = agreements.each_agreement(
            books.engine, books.rulebook, books.people, books.now, filters, viewer=OPERATOR
        )
        assert ("MX-2-P" in {line.reference for line in lines}) is everything

    assert reading_history(books, read) == []


def test_a_list_of_open_deadlines_reads_of_the_history_only_what_people_said(books: World) -> None:
    def said() -> None:
        with UnitOfWork(books.engine, reading=True) as work:
            work.history.said()

    def listed() -> None:
        lines = deadlines.list_deadlines(books.engine, books.rulebook, books.people, books.now, viewer=OPERATOR).lines
        assert "MX-1/opinion/1" in {line.id for line in lines}

    assert reading_history(books, listed) == reading_history(books, said)


def test_a_whole_agreement_has_the_whole_of_its_history(books: World) -> None:
    query = "SELECT reference, count(*) FROM history JOIN agreement ON agreement.id = agreement_id GROUP BY reference"
    with books.engine.connect() as connection:
        counted = dict(connection.execute(text(query)).all())
    with UnitOfWork(books.engine, reading=True) as work:
        found = {each.reference: len(each.history) for each in work.agreements.load(work.agreements.all_ids(OPERATOR))}
    assert found == counted
    assert found["MX-1"] > 6


def test_there_is_no_whole_agreement_without_a_history() -> None:
    case = agreement()
    values = {each.name: getattr(case, each.name) for each in fields(PresentAgreement)}
    assert PresentAgreement(**values).state == case.state
    with pytest.raises(TypeError, match="history"):
        Agreement(**values)
    with pytest.raises(AttributeError, match="history"):
        _ = PresentAgreement(**values).history  # type: ignore[attr-defined]


def test_what_is_read_of_an_agreement_is_the_same_as_of_the_whole(books: World) -> None:
    with UnitOfWork(books.engine, reading=True) as work:
        ids = work.agreements.all_ids(OPERATOR)[::-1]
        whole, present, heads = work.agreements.load(ids), work.agreements.present(ids), work.agreements.heads(ids)
        dated = work.feeds.dates_of(ids)
    with_open_deadlines = [replace(each, deadlines=tuple(d for d in each.deadlines if d.is_open)) for each in whole]
    assert with_open_deadlines != whole
    for kind, found in ((PresentAgreement, present), (AgreementHead, heads)):
        assert {type(each) for each in found} == {kind}
        assert found == [kind(**{f.name: getattr(each, f.name) for f in fields(kind)}) for each in with_open_deadlines]
    assert [each.parent for each in present if each.reference == "MX-2-P"] == ["MX-2"]
    assert {row: each.head for row, each in dated.items()} == {
        row: head for row, head in zip(ids, heads, strict=True) if row in dated
    }


def test_a_case_to_be_changed_comes_without_what_was_only_told(books: World) -> None:
    with UnitOfWork(books.engine) as work:
        ids = work.agreements.all_ids(OPERATOR)[::-1]
        whole, to_change = work.agreements.load(ids), work.agreements.lock_batch(ids)
        locked = [work.agreements.lock(each.reference) for each in whole]
    kept = [tuple(entry for entry in each.history if entry.kind not in ONLY_TOLD) for each in whole]
    assert locked == [replace(each, history=history) for each, history in zip(whole, kept, strict=True)]
    assert [(each.id, each.agreement) for each in to_change] == list(zip(ids, locked, strict=True))
    assert sum(len(each.history) for each in whole) > sum(len(each.history) for each in locked)
    assert all(each.wake_on.keys() == {deadline.key for deadline in each.agreement.deadlines} for each in to_change)


def test_what_a_child_has_reached_is_kept_with_it_and_found_in_books_of_before(books: World) -> None:
    day = books.now.date()
    look = StepCommand("check_contents", day, records={"contents": "all"})
    advance_agreement(
        books.engine, books.rulebook, books.people, "MX-2-P", look, person="elena", door=AT_PAGE, now=books.now
    )
    command = StepCommand("agree", day, records={"period_ends_on": "2026-12-31"})
    advance_agreement(
        books.engine, books.rulebook, books.people, "MX-2-P", command, person="elena", door=AT_PAGE, now=books.now
    )

    def found() -> tuple[Agreement, ...]:
        with UnitOfWork(books.engine, reading=True) as work:
            return tuple(work.agreements.get(reference) for reference in ("MX-2", "MX-2-P"))

    parent, child = found()
    (seen,) = parent.children
    assert seen.reached == child.reached == reached_by(child.history)
    assert [state for state, _ in seen.reached] == ["drafted", "drafted", "agreed"], "the contents were looked through"
    with books.engine.begin() as connection:
        connection.execute(text("UPDATE agreement SET reached = NULL"))
    assert found() == (parent, child)


def test_a_feed_has_the_moved_dates_and_the_last_change_of_the_history(books: World) -> None:
    with UnitOfWork(books.engine, reading=True) as work:
        ids = work.agreements.all_ids(OPERATOR)
        whole, dated = dict(zip(ids, work.agreements.load(ids), strict=True)), work.feeds.dates_of(ids)
    assert dated.keys() == {row for row, each in whole.items() if each.deadlines}
    for row, found in dated.items():
        history = whole[row].history
        assert found.deadlines == whole[row].deadlines
        assert list(found.moves) == [DateMoved.read(entry) for entry in history if entry.kind is EntryKind.DEADLINE]
        assert found.migrations == ()
        assert found.changed_at == [e.recorded_at for e in history if e.kind is not EntryKind.ALERT][-1]
        assert history[-1].kind is EntryKind.ALERT
    assert sum(len(found.moves) for found in dated.values()) == 1

"""What waits to be written comes to each table in the order in which it was asked for, whoever else's stands in between."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from builders import AT_PAGE, new_case
from twinflow.domain.agreement.agreement import Deadline, DeadlineStatus, Finding, FindingCode, KnownFinding, Party
from twinflow.services.agreements.opening import open_agreement
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

DAY, LATER = date(2026, 4, 1), date(2027, 9, 9)
DATE = Finding(FindingCode.DATE_MISSING, "signed_on")
SIGNATURE = Finding(FindingCode.SIGNATURE_MISSING, "Albuquerque")


@pytest.fixture
def drafts(world: World) -> World:
    """Two drafts, in the rows 1 and 2."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    parties = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
    for reference in ("A", "B"):
        new = new_case(reference, "mx/twinning", "chihuahua", "x", world.now.date(), parties, state="drafting")
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    return world


def found(world: World, query: str) -> list[tuple[object, ...]]:
    with world.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_finding_is_told_after_it_is_found(drafts: World) -> None:
    with UnitOfWork(drafts.engine) as work:
        work.findings.write(1, [KnownFinding(DATE)], drafts.now)
        work.commit()
    with UnitOfWork(drafts.engine) as work:
        work.findings.mark_told(1, DATE, drafts.now)
        work.findings.write(2, [KnownFinding(DATE)], drafts.now)
        work.findings.mark_told(2, DATE, drafts.now)
        work.commit()
    assert found(drafts, "SELECT agreement_id FROM finding WHERE told_at IS NULL") == []


def test_what_is_settled_and_comes_back_is_not_settled(drafts: World) -> None:
    with UnitOfWork(drafts.engine) as work:
        work.findings.write(1, [KnownFinding(SIGNATURE)], drafts.now)
        work.findings.write(2, [KnownFinding(SIGNATURE)], drafts.now)
        work.findings.write(2, [KnownFinding(SIGNATURE, settled=True)], drafts.now)
        work.findings.write(2, [KnownFinding(SIGNATURE, occurrence=2)], drafts.now)
        work.commit()
    query = "SELECT agreement_id, occurrence, settled_at FROM finding ORDER BY agreement_id"
    assert found(drafts, query) == [(1, 1, None), (2, 2, None)]


def test_a_step_writes_its_days_over_those_of_before(drafts: World) -> None:
    with UnitOfWork(drafts.engine) as work:
        before = work.agreements.lock("A")
        work.agreements.derive_by(1, replace(before, derive_on=DAY))
        work.agreements.save(before, replace(before, version=before.version + 1, derive_on=LATER))
        work.commit()
    with UnitOfWork(drafts.engine, reading=True) as work:
        (kept,) = work.agreements.in_rows([1])
    assert kept.agreement.derive_on == LATER
    assert found(drafts, "SELECT count(*) FROM agreement WHERE next_on > '9000-01-01'") == [(2,)]


def test_a_deadline_wakes_on_the_day_that_was_said_last(drafts: World) -> None:
    deadline = Deadline("opinion", 1, DAY, LATER, LATER, DeadlineStatus.OPEN)
    with UnitOfWork(drafts.engine) as work:
        for row in (1, 2):
            work.deadlines.write(row, {deadline.key: deadline}, {deadline.key: DAY})
        work.commit()
    with UnitOfWork(drafts.engine) as work:
        work.deadlines.wake_next(1, deadline.key, LATER)
        work.deadlines.write(2, {deadline.key: deadline}, {deadline.key: DAY})
        work.deadlines.wake_next(2, deadline.key, LATER)
        work.commit()
    assert [str(day) for (day,) in found(drafts, "SELECT wake_on FROM deadline")] == [str(LATER)] * 2

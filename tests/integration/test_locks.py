"""Who writes on PostgreSQL keeps agreements in one order, with what they belong to: no two wait for each other."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread, current_thread
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from builders import AT_PAGE, PAPERS, WORKFLOWS, new_case
from twinflow.definitions.calendars import read_calendar
from twinflow.domain.agreement.agreement import Claim, Party, Term
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import TwinflowError
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock import last_pass
from twinflow.services.clock.sweep import sweep
from twinflow.services.deadlines.calendar_editions import Applied, apply
from twinflow.storage.agreements import Agreements
from world import World

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
LONG = 5
"""Seconds after which a thread goes on although the other has not come to where it waits for it."""
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
GIVES_WAY_ONCE = """
    CREATE SEQUENCE tries;
    CREATE FUNCTION give_way() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('tries') = 1 THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = 'deadlock_detected'; END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER give_way AFTER INSERT ON alert FOR EACH STATEMENT EXECUTE FUNCTION give_way();
"""
DIGESTS, ROW_OF_AGREEMENT = "advisory", "UPDATE agreement"


def opened(world: World, reference: str, process: str, parties: tuple[Party, ...] = PARTIES, **more: Any) -> None:
    new = new_case(reference, process, "chihuahua", "x", world.now.date(), parties, **more)
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)


def step(world: World, reference: str, key: str, **records: str) -> None:
    command = StepCommand(key, world.now.date(), records=records)
    advance_agreement(
        world.engine, world.rulebook, world.people, reference, command, person="elena", door=AT_PAGE, now=world.now
    )


def at_once(
    world: World, first: Callable[[], object], until: str, second: Callable[[], object], goes_on: str
) -> list[TwinflowError]:
    """The first stands still before a statement until the second has had one; what either failed of."""
    stands, had = Event(), Event()
    failures: list[TwinflowError] = []

    def before(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if current_thread().name == "first" and until in statement and not stands.is_set():
            stands.set()
            had.wait(LONG)

    def after(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if current_thread().name == "second" and goes_on in statement:
            had.set()

    def run(work: Callable[[], object], waits_for: Event | None) -> None:
        if waits_for is not None:
            waits_for.wait(LONG)
        try:
            work()
        except TwinflowError as error:
            failures.append(error)

    event.listen(world.engine, "before_cursor_execute", before)
    event.listen(world.engine, "after_cursor_execute", after)
    threads = [
        Thread(target=run, args=(first, None), name="first"),
        Thread(target=run, args=(second, stands), name="second"),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stands.is_set()
    return failures


def test_a_step_of_a_child_and_a_pass_over_its_siblings(world: World) -> None:
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    signed = {"signed_on": (Claim(PartialDate.of(world.now.date()), "text"),)}
    opened(world, "P", "mx/twinning", state="in_force", facts=signed)
    opened(world, "X", "mx/twinning", state="in_force")  # its day of signature is missing, and is told
    for child in ("T1", "T2"):
        opened(world, child, "termination", (), parent="P", terms={"notice_period": Term.parse("60 days")})
    step(world, "T1", "notify", notice="n", channel="c")
    world.now += timedelta(days=70)
    rulebook, passes = world.rulebook, []
    failures = at_once(
        world,
        lambda: step(world, "T2", "notify", notice="n", channel="c"),
        DIGESTS,
        lambda: passes.append(sweep(world.engine, rulebook, world.people, world.now)),
        DIGESTS,
    )
    assert failures == []
    assert [(each.lapsed, each.problems) for each in passes] == [(("T1",), ())]


def awaiting_an_opinion(world: World) -> None:
    """Three cases whose opinion is due on 20 March 2026, some days of which another edition of the calendar takes away."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    for reference in ("A", "B", "C"):
        opened(world, reference, "mx/twinning", state="drafting")
        for key in ("complete_draft", "request_opinion"):
            step(world, reference, key, **PAPERS.get(key, {}))
    world.now = datetime(2026, 3, 20, 18, tzinfo=UTC)


def another_edition(world: World) -> Applied:
    added = "".join(
        f'\n[[days]]\non = {day}\nlabel = {{ en = "M", es = "D" }}\nsource = "D"\n'
        for day in ("2026-03-19", "2026-03-20")
    )
    edition = (WORKFLOWS / "calendars" / "mx-ministry.toml").read_text("utf-8") + added
    calendar = read_calendar(edition, "mx-ministry.toml")
    return apply(world.engine, world.rulebook, world.people, calendar, edition, person="elena", now=world.now)


@pytest.mark.parametrize("until", [ROW_OF_AGREEMENT, DIGESTS])
def test_an_edition_of_a_calendar_and_a_pass(world: World, until: str) -> None:
    awaiting_an_opinion(world)
    applied, passes = [], []

    def one_pass() -> None:
        world.runtime.refresh()
        passes.append(sweep(world.engine, world.rulebook, world.people, world.now))

    failures = at_once(world, lambda: applied.append(another_edition(world)), until, one_pass, DIGESTS)
    assert failures == []
    assert [each.recounted for each in applied] == [3]
    assert [each.problems for each in passes] == [()]


def test_a_batch_of_an_edition_that_gave_way_is_begun_again(world: World) -> None:
    awaiting_an_opinion(world)
    with world.engine.begin() as connection:
        connection.exec_driver_sql(GIVES_WAY_ONCE)
    applied = another_edition(world)
    assert (applied.recounted, applied.moved, applied.told) == (3, 3, 2)
    with world.engine.connect() as connection:
        assert connection.scalar(text("SELECT nextval('tries') > 2"))
        assert connection.scalar(text("SELECT count(*) FROM history WHERE kind = 'deadline'")) == 3


def test_a_clock_is_confirmed_with_the_agreements_kept_in_the_order_of_all_others(world: World) -> None:
    awaiting_an_opinion(world)
    world.tick()
    world.now -= timedelta(days=2)
    with world.engine.begin() as connection:  # in the table it comes after the others now
        connection.execute(text("UPDATE agreement SET title = 'moved' WHERE reference = 'A'"))
    with world.engine.begin() as connection:
        connection.execute(text("SELECT id FROM agreement WHERE reference = 'C' FOR NO KEY UPDATE"))
        confirming = Thread(target=world.confirm_clock)
        confirming.start()
        waits_for_a_lock(connection)
        free = connection.scalars(text("SELECT reference FROM agreement FOR NO KEY UPDATE SKIP LOCKED")).all()
    confirming.join()
    assert free == ["C"], "what we have ourselves"
    assert len(last_pass.confirmations(world.engine)) == 1


def waits_for_a_lock(connection: Connection) -> None:
    """Returns when somebody waits for us."""
    while not connection.scalar(WAITING):
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))


def test_a_step_taken_while_an_edition_is_applied_is_not_written_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes in before the edition keeps the agreements: what is counted then is what stands there then."""
    awaiting_an_opinion(world)
    keep, withdrawn = Agreements.keep, list[str]()

    def keep_late(agreements: Agreements, ids: Sequence[int], *, wait: bool = True) -> list[int]:
        if not withdrawn:
            withdrawn.append("A")
            world.runtime.refresh()
            command = StepCommand("withdraw", world.now.date())
            around = (world.engine, world.rulebook, world.people)
            advance_agreement(*around, "A", command, person="elena", door=AT_PAGE, now=world.now)
        return keep(agreements, ids, wait=wait)

    monkeypatch.setattr(Agreements, "keep", keep_late)
    assert another_edition(world).moved == 2
    with world.engine.connect() as connection:
        query = "SELECT status FROM deadline JOIN agreement ON agreement.id = agreement_id WHERE reference = 'A'"
        assert "open" not in connection.scalars(text(query)).all()

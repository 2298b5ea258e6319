"""What the books keep of the clock is damaged or gone: no pass ends of it, no page fails, and a person can always go on."""

from datetime import date

import pytest
from fastapi.testclient import TestClient
from office_clock import Office
from sqlalchemy import Engine, text

from signed_in import signed_in
from twinflow.errors import ClockDoubted, TwinflowError
from twinflow.services.clock import last_pass
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.web.app import create_app

ON_SQLITE = ("'2026-13-45 00:00:00'", "'zzz'", "CAST(x'FF' AS TEXT)", "x'FFFE'", "''", "7")
ON_POSTGRESQL = ("'infinity'", "'-infinity'", "'0044-03-15 12:00:00 BC'", "'99999-01-01 00:00:00'")
UNREADABLE = [*(("sqlite", cell) for cell in ON_SQLITE), *(("postgresql", cell) for cell in ON_POSTGRESQL)]
CANNOT_BE_READ = "When the last pass was cannot be read in the books, and now it is 2026-11-23 15:00 UTC."
ENTRY = """
    INSERT INTO history (agreement_id, kind, actor, effective_on, recorded_at, details)
    SELECT id, 'step', 'x', '2026-11-20', {cell}, '{{}}' FROM agreement WHERE reference = 'R-02'"""


def altered(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def pages(office: Office, *addresses: str) -> dict[str, int]:
    application = create_app(office.world.runtime, lambda: office.world.now, demo=False)
    browser = TestClient(application, base_url="http://127.0.0.1", raise_server_exceptions=False)
    signed_in(browser, office.world.runtime, office.world.now)
    with browser:
        return {address: browser.get(address).status_code for address in addresses}


def doubted_and_confirmed(office: Office) -> None:
    """No pass believes the clock, pages are served and say so, and once it is confirmed passes go on."""
    office.at("2026-11-23T09:00")
    for part in (office.world.worker.sweep, office.world.worker.mail):
        with pytest.raises(ClockDoubted) as refused:
            part()
        assert str(refused.value).startswith(CANNOT_BE_READ)
    assert set(pages(office, "/", "/incidents", "/agreements/R-01", "/healthz").values()) == {200}
    office.world.confirm_clock()
    assert office.tick().clock == ()
    assert len(last_pass.confirmations(office.world.engine)) == 1
    with pytest.raises(ClockDoubted, match="the clock went back"):
        office.at("2026-11-22T09:00").tick()


@pytest.fixture
def in_use(office: Office) -> Office:
    office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 10))
    office.asked("R-02", date(2026, 11, 19))
    office.tick()
    return office


@pytest.mark.parametrize(("database_url", "cell"), UNREADABLE, indirect=["database_url"])
def test_an_instant_of_the_last_pass_that_cannot_be_read_is_a_doubt_that_a_person_settles(
    in_use: Office, cell: str
) -> None:
    altered(in_use.world.engine, f"UPDATE clock SET last_pass_at = {cell}")
    doubted_and_confirmed(in_use)


def test_the_row_of_the_last_pass_that_is_gone_is_a_doubt_and_is_put_back(in_use: Office) -> None:
    altered(in_use.world.engine, "DELETE FROM clock")
    doubted_and_confirmed(in_use)
    last_pass.mark_demonstration(in_use.world.engine)
    assert last_pass.is_demonstration(in_use.world.engine)


def test_of_two_rows_the_later_pass_is_the_last_one(in_use: Office) -> None:
    altered(
        in_use.world.engine,
        "INSERT INTO clock (id, last_pass_at, demonstration) SELECT 2, '2026-12-01 00:00:00', demonstration FROM clock",
    )
    with pytest.raises(ClockDoubted, match="The last pass was at 2026-12-01 00:00 UTC"):
        in_use.at("2026-11-23T09:00").tick()
    in_use.world.confirm_clock()
    assert in_use.tick().clock == ()


def test_books_whose_row_is_gone_are_no_demonstration_s_and_can_be_made_so(in_use: Office) -> None:
    altered(in_use.world.engine, "DELETE FROM clock")
    assert not last_pass.is_demonstration(in_use.world.engine)
    last_pass.mark_demonstration(in_use.world.engine)
    assert last_pass.is_demonstration(in_use.world.engine)


@pytest.mark.parametrize(("database_url", "cell"), UNREADABLE, indirect=["database_url"])
def test_an_entry_whose_instant_cannot_be_read_stops_neither_passes_nor_pages(in_use: Office, cell: str) -> None:
    altered(in_use.world.engine, ENTRY.format(cell=cell))
    done = in_use.at("2026-11-23T09:00").tick()
    assert [str(each) for each in done.clock] in (
        [],
        ["Entries recorded at an instant that cannot be read: 1, of R-02."],
    )
    altered(in_use.world.engine, "UPDATE agreement SET derive_on = '2026-11-20'")
    done = in_use.at("2026-11-24T09:00").tick()
    assert [each.reference for each in done.sweep.problems] == ["R-02"]
    assert set(pages(in_use, "/", "/incidents", "/agreements/R-01", "/healthz").values()) == {200}
    world = in_use.world
    with pytest.raises(TwinflowError, match="R-02 cannot be read"), UnitOfWork(world.engine, reading=True) as work:
        work.agreements.get("R-02")


@pytest.mark.parametrize(("database_url", "cell"), UNREADABLE, indirect=["database_url"])
def test_where_no_pass_is_kept_the_newest_entry_that_can_be_read_takes_its_place(in_use: Office, cell: str) -> None:
    altered(in_use.world.engine, ENTRY.format(cell=cell))
    altered(in_use.world.engine, "UPDATE clock SET last_pass_at = NULL")
    with pytest.raises(ClockDoubted, match="The newest entry of the books was recorded at 2026-11-20 15:00 UTC"):
        in_use.at("2026-11-19T09:00").tick()
    assert in_use.at("2026-11-23T09:00").tick().sweep.alerts > 0


def test_the_latest_of_the_later_entries_is_the_latest_that_can_be_read(in_use: Office) -> None:
    cell = "'zzz'" if in_use.world.engine.dialect.name == "sqlite" else "'infinity'"
    altered(in_use.world.engine, ENTRY.format(cell=cell))
    altered(in_use.world.engine, ENTRY.format(cell="'2026-12-20 15:00:00'"))
    (said,) = in_use.at("2026-11-23T09:00").tick().clock
    assert str(said) == "Entries recorded later than now: 2, the latest at 2026-12-20 15:00 UTC, of R-02."


@pytest.mark.parametrize(("database_url", "cell"), [UNREADABLE[1], UNREADABLE[-4]], indirect=["database_url"])
def test_a_message_whose_time_cannot_be_read_keeps_nobody_from_confirming(in_use: Office, cell: str) -> None:
    altered(in_use.world.engine, f"UPDATE outbox SET next_attempt_at = {cell}")
    in_use.at("2026-11-19T09:00")
    in_use.world.confirm_clock()
    assert in_use.tick().sweep.problems == ()

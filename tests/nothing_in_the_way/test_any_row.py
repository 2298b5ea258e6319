"""Whatever stands in one row of any table: start, sweep, mail, lists and pages go on for all that it is not about."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Date, text
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from builders import AT_PAGE, new_case
from postgres import APPEND_ONLY, connected, fresh_database
from prepared import Put, copy_of, file_of
from signed_in import ZOILA, session_of, with_administrator
from tiny_world import tiny_world
from twinflow import bootstrap
from twinflow.config import Settings
from twinflow.domain.agreement.agreement import Claim, Party
from twinflow.domain.agreement.listing import Filters
from twinflow.domain.alerts.incident import Part, Trouble
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.people.viewer import OPERATOR
from twinflow.errors import ClockDoubted
from twinflow.sentences import Sentence
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.alerts.open_incidents import keep_failed
from twinflow.services.mail import calendar_feeds
from twinflow.services.people.changing import change_people
from twinflow.services.reading import agreements
from twinflow.web.app import create_app
from twinflow.web.viewing import COOKIE
from world import World

TABLES = {table.name: table for table in SQLModel.metadata.sorted_tables}
PARTIES = (Party("Here", "MX", home=True), Party("There", "US"))
OPENED = datetime(2026, 3, 2, 18, tzinfo=UTC)
LATER = OPENED + timedelta(days=11)
OF_ALL = {"office", "person", "assignment"}
"""One office keeps both cases here, and one person looks after them: of those more is in `test_unreadable_people.py`."""
NO_VALUES = ("CAST(x'FF' AS TEXT)", "x'FF'", "'zzz'")
"""What SQLite keeps in any column: bytes that are no text, a BLOB, a text that is no date, number or JSON."""
NO_DAYS = ("'infinity'", "'-infinity'", "'0044-03-15 BC'")
"""What PostgreSQL takes for a day or an instant, and no calendar of ours has."""


class Prepared(NamedTuple):
    settings: Settings
    url: str
    put: Put


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """Two cases that were warned of, and at least a row in every table. The next warning comes `LATER`."""
    folder = tmp_path_factory.mktemp("books")
    with fresh_database(request.param, folder, request) as url, tiny_world(url, folder) as world:
        for reference in ("A-1", "A-2"):
            facts = {"asked_on": (Claim(PartialDate.of(OPENED.date()), "paper"),)}
            new = new_case(
                reference,
                "tiny",
                "chihuahua",
                reference,
                OPENED.date(),
                PARTIES,
                state="asked",
                facts=facts,
            )
            open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=OPENED)
        world.now = OPENED + timedelta(days=7)
        world.tick()
        calendar_feeds.create(world.engine, world.people, "elena", world.now)
        keep_failed(world.engine, Part.MAIL, Trouble("whole", Sentence("why")), world.now)
        change_people(world.engine, world.rulebook, with_administrator, by="test", reason="", now=world.now)
        session_of(world.runtime, ZOILA, world.now)
        with world.engine.begin() as connection:
            for statement in OTHER_ROWS:
                connection.execute(text(statement))
        empty = {name for name in TABLES if not _rows(world, name)}
        assert not empty, empty
        yield Prepared(world.runtime.settings, url, copy_of(url, folder))


OTHER_ROWS = (
    "INSERT INTO seen_by (agreement_id, kind, role, country) SELECT id, 'ministry', 'reviewer', 'MX' FROM agreement",
    "INSERT INTO term (agreement_id, name, readings, source) SELECT id, 'bound', '5 years', '' FROM agreement",
    (
        "INSERT INTO finding (agreement_id, code, subject, occurrence, found_at)"
        " SELECT id, 'dates_disagree', 'asked_on', 1, '2026-03-02 18:00:00' FROM agreement"
    ),
    (
        "INSERT INTO received (digest, kind, received_at, sender, subject, whole, settled_by, content)"
        " VALUES ('1', 'answer', '2026-03-02 18:00:00', 'ana@example.org', 'Re:', true, '', 'x')"
    ),
    (
        "INSERT INTO use_mark (token, since, is_short, accepted_by, accepted_at)"
        " VALUES ('1', '2026-03-02 18:00:00', true, 'elena', '2026-03-02 18:00:00')"
    ),
    "INSERT INTO opt_out (person, notice, off_at) VALUES ('elena', 'digest', '2026-03-02 18:00:00')",
    (
        "INSERT INTO released_alert (agreement_id, notice, subject, occurrence, level, recipient, stands_for, role,"
        " effective_on, recorded_at, details) SELECT id, 'deadline-soon', 'deadline:answer', 1, '', 'elena', '', 'liaison',"
        " '2026-03-02', '2026-03-02 18:00:00', '{}' FROM agreement"
    ),
    "INSERT INTO kept_file (name, digest, text, kept_at) VALUES ('people', '', '', '2026-03-02 18:00:00')",
    (
        "INSERT INTO absence (person, number, from_day, to_day, delegate)"
        " VALUES ('elena', 1, '2026-12-21', '2026-12-31', 'elena')"
    ),
    (
        "INSERT INTO delegation (person, number, delegate, role, office, from_day, to_day, reason)"
        " VALUES ('elena', 1, 'elena', NULL, NULL, '2026-12-21', '2026-12-31', 'on leave')"
    ),
    (
        "INSERT INTO account (person, password_hash, totp_salt, confirmed, last_counter, locked)"
        " VALUES ('elena', 'x', '', false, 0, false)"
    ),
    (
        "INSERT INTO session (id_hash, person, created_at, seen_at, ends_at, user_agent, waits_for)"
        " VALUES ('0', 'elena', '2026-03-02 18:00:00', '2026-03-02 18:00:00', '2026-03-02 19:00:00', '', '')"
    ),
    (
        "INSERT INTO passkey (credential_id, person, name, public_key, sign_count, made_at)"
        " VALUES ('0', 'elena', 'x', '', 0, '2026-03-02 18:00:00')"
    ),
    "INSERT INTO recovery_code (code_hash, person) VALUES ('0', 'elena')",
    "INSERT INTO one_time_link (token_hash, kind, person, ends_at) VALUES ('0', 'reset', 'elena', '2026-03-02 18:00:00')",
    (
        "INSERT INTO account_letter (kind, address, asked_at, next_at)"
        " VALUES ('reset', 'elena@x.example', '2026-03-02 18:00:00', '2026-03-02 18:00:00')"
    ),
    "INSERT INTO attempt (action, key, window_from, n) VALUES ('reset', '0', '2026-03-02 18:00:00', 1)",
    (
        "INSERT INTO api_token (person, name, scopes, token_hash, made_at, ends_at)"
        " VALUES ('elena', 'x', '[]', '0', '2026-03-02 18:00:00', '2026-03-02 18:00:00')"
    ),
    "INSERT INTO link (number, at, seal) VALUES (1000, '2026-03-02 18:00:00', '')",
    (
        "INSERT INTO link_item (link, agreement_id, message_id, state, entries, seal, content)"
        " SELECT 1000, id, '', '', 1, '', '' FROM agreement"
    ),
    (
        "INSERT INTO clock_confirmation (person, confirmed_at, last_at)"
        " VALUES ('elena', '2026-03-02 18:00:00', '2026-03-02 18:00:00')"
    ),
)


def _rows(world: World, table: str) -> int:
    with world.engine.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def _put(books: Prepared) -> None:
    """As they were, also the history, from which nothing is ever deleted."""
    if not books.url.startswith("sqlite"):
        with connected(books.url) as other:
            other.execute("SET session_replication_role = replica")
            for table in reversed(APPEND_ONLY):
                other.execute(f"DELETE FROM {table}")
    books.put(books.url)


def _damage(books: Prepared, table: str, column: str, value: str) -> bool:
    """In the row of the first case, else the first row; False where the database does not take the value."""
    own = "agreement_id" in TABLES[table].columns
    key = next(each.name for each in TABLES[table].primary_key)
    where = f"{key} = (SELECT min({key}) FROM {table}{' WHERE agreement_id = 1' if own else ''})"
    statement = f'UPDATE {table} SET "{column}" = {value} WHERE {where}'
    if not books.url.startswith("sqlite"):
        with connected(books.url) as other:
            other.execute(
                "SET session_replication_role = replica"
            )  # the history is not to be changed; a disk does not ask
            return bool(other.execute(statement).rowcount)
    with closing(sqlite3.connect(file_of(books.url))) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        try:
            connection.execute(statement)
        except sqlite3.IntegrityError:
            return False
        connection.commit()
    return True


def _damages(table: str, *, sqlite: bool) -> Iterator[tuple[str, str]]:
    """A column and what is put there, the values in turn."""
    for place, column in enumerate(TABLES[table].columns):
        is_time = isinstance(column.type, Date | UTCDateTime)
        if column.name != "id" and not column.foreign_keys and (sqlite or is_time):
            yield column.name, (NO_VALUES if sqlite else NO_DAYS)[place % 3]


@pytest.mark.parametrize("table", [table for table in TABLES if table not in OF_ALL])
def test_what_stands_in_one_row_stops_nothing_that_it_is_not_about(books: Prepared, table: str) -> None:
    stopped = {}
    for column, value in _damages(table, sqlite=books.url.startswith("sqlite")):
        _put(books)
        if _damage(books, table, column, value):
            try:
                _goes_on(books)
            except ClockDoubted:  # when the last pass was a person has to say
                assert (table, column) == ("clock", "last_pass_at")
            except Exception as error:  # noqa: BLE001 - all are told together
                stopped[f"{column} = {value}"] = repr(error)
    assert not stopped


def _goes_on(books: Prepared) -> None:
    world = World(bootstrap.start(books.settings), LATER)
    try:
        done = world.tick()
        assert (_told(world), done.delivery.sent) == (1, 1)
        around = (world.engine, world.rulebook, world.people)
        listed = list(agreements.each_agreement(*around, world.now, Filters(everything=True), viewer=OPERATOR))
        assert "A-2" in [line.reference for line in listed if not line.unreadable]
        events = calendar_feeds.dates_of(*around, world.people.person("elena"), world.now)
        assert any("A-2" in str(event) for event in events)
        browser = TestClient(create_app(world.runtime, lambda: world.now), base_url="http://127.0.0.1")
        browser.cookies.set(COOKIE, session_of(world.runtime, ZOILA, LATER))
        for page in ("/?all=1", "/incidents", "/inbox", "/healthz"):
            assert browser.get(page).status_code < 500, page
    finally:
        world.engine.dispose()


def _told(world: World) -> int:
    query = "SELECT count(*) FROM alert WHERE agreement_id = 2 AND level = '1 day after'"
    with world.engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)

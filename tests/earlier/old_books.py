"""The books of an earlier version: where they are, how they are put into a database, and what they say was told and done."""

import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, event, text

from builders import AT_PAGE, WORKFLOWS
from postgres import named
from twinflow import bootstrap
from twinflow.config import AccountSettings, DatabaseSettings, MailSettings, Settings
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.process.definition import LIAISON
from twinflow.domain.steps.terms import TermCommand
from twinflow.services.agreements.recording import refreshed
from twinflow.services.agreements.stating_terms import state_term
from twinflow.storage.unit_of_work import UnitOfWork
from world import EACH_MORNING, World

DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class OldBooks:
    """What a database held at one revision of the tables, until the hour at which the books were closed."""

    revision: str
    closed_at: datetime

    @property
    def folder(self) -> Path:
        return Path(__file__).parent / f"revision_{self.revision}"


OF_0003 = OldBooks("0003", datetime(2026, 3, 6, 23, tzinfo=UTC))
"""Closed on a Friday evening."""
OF_0004 = OldBooks("0004", datetime(2026, 5, 5, 23, tzinfo=UTC))
"""Closed on a Tuesday evening."""
OF_0005 = OldBooks("0005", datetime(2026, 6, 30, 23, tzinfo=UTC))
"""Closed on a Tuesday evening."""
OF_0009 = OldBooks("0009", datetime(2026, 8, 31, 23, tzinfo=UTC))
"""Closed on a Monday evening."""
OF_0014 = OldBooks("0014", datetime(2026, 10, 30, 23, tzinfo=UTC))
"""Closed on a Friday evening."""
OF_0018 = OldBooks("0018", datetime(2026, 11, 27, 23, tzinfo=UTC))
"""Closed on a Friday evening."""
LAST_DAY = date(2027, 3, 6)
EACH_DAY_AT = time(15, tzinfo=UTC)
"""9:00 in Chihuahua, 10:00 in Cuenca."""
PROCESSES = (
    "mx/twinning", "ec/agreement", "ec/cuenca", "annual-programme", "action-protocol", "progress-report",
    "working-group-meeting", "amendment", "renewal", "termination", "mx/leon", "generic/agreement",
)  # fmt: skip
CALENDARS = ("ec-public", "mx-labour", "mx-ministry")
"""The shipped files that the books go by; what they have of their own is kept beside them."""


class Came(NamedTuple):
    """One thing that was told to one person, or one step that the clock took (`level` is the state it led to)."""

    on: date
    reference: str
    subject: str
    occurrence: int
    level: str
    recipient: str
    stands_for: str
    effective_on: date


def write_workflows(books: OldBooks, folder: Path) -> Path:
    names = [*PROCESSES, *(f"calendars/{key}" for key in CALENDARS)]
    files = {f"{name}.toml": WORKFLOWS / f"{name}.toml" for name in names}
    files |= {file.name: file for file in (books.folder / "workflows").glob("*.toml")}
    for name, file in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(file.read_bytes())
    return folder


def settings_of(books: OldBooks, url: str, folder: Path, mail: MailSettings | None = None) -> Settings:
    """Mail is captured in the folder unless settings of a server are given; it leaves each morning."""
    return Settings(
        people_file=books.folder / "people.toml",
        workflows_folder=write_workflows(books, folder / "workflows"),
        database=DatabaseSettings(url=url),
        mail=(mail or MailSettings(capture_folder=folder / "mail")).model_copy(
            update={"state_file": folder / "mail-state.json"}
        ),
        rhythm=EACH_MORNING,
        accounts=AccountSettings(key_file=books.folder / "machine.key"),
    )


@contextmanager
def bare_database(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database without tables: a file that is not there yet, or a database of its own on the server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'old.db'}"
        return
    admin = request.getfixturevalue("postgres_copies").admin
    name = f"t_{uuid4().hex}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield named(admin.url, name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def restored(books: OldBooks, kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database with the books as they were, not upgraded."""
    with bare_database(kind, folder, request) as url:
        if kind == "sqlite":
            shutil.copyfile(books.folder / "books.sqlite", folder / "old.db")
        else:
            engine = create_engine(url)
            connection = engine.raw_connection()
            driver = connection.driver_connection
            assert driver is not None
            driver.execute((books.folder / "books.sql").read_text("utf-8"))
            driver.commit()
            connection.close()
            engine.dispose()
        yield url


@contextmanager
def started(settings: Settings, now: datetime) -> Iterator[World]:
    """Upgraded as whoever runs the service does it, and started."""
    bootstrap.upgrade_database(settings)
    world = World(bootstrap.start(settings), now)
    if world.engine.dialect.name == "sqlite":  # what is tested is what is told, not what a power cut leaves
        event.listen(world.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        world.engine.dispose()
    try:
        yield world
    finally:
        world.engine.dispose()


def confirm_defaults(world: World) -> set[tuple[str, str]]:
    """State what those versions took for granted, as the liaisons have to now: the deadlines that rest on it, with their case."""
    found = set()
    with UnitOfWork(world.engine, reading=True) as work:
        cases = [work.agreements.get(reference) for reference in work.agreements.references(OPERATOR)]
    for case in cases:
        definition, today = world.rulebook.definition_of(case), world.people.today(case.office, world.now)
        (liaison, *_) = world.people.holders_for(definition, LIAISON, case.office, today)
        anew = refreshed(world.rulebook, world.people, case, world.now).deadlines
        found |= {(case.reference, each.rule) for each in anew if each.is_open and each.assumed}
        for term in sorted({term for each in anew if each.is_open for term in each.assumed}):
            command = TermCommand(term)
            state_term(
                world.engine,
                world.rulebook,
                world.people,
                case.reference,
                command,
                person=liaison.key,
                door=AT_PAGE,
                now=world.now,
            )
    return found


def live(world: World, until: date) -> None:
    """A pass each day on which a deadline wakes or a message is due; on the others a pass finds nothing to do."""
    day = world.now.date()
    while day < until:
        day += timedelta(days=1)
        world.now = datetime.combine(day, EACH_DAY_AT)
        if _something_is_due(world):
            assert world.tick().delivery.failures == ()


def _something_is_due(world: World) -> bool:
    waking = (
        "SELECT min(day) FROM (SELECT wake_on AS day FROM deadline UNION ALL SELECT derive_on FROM agreement) AS days"
    )
    due = "SELECT min(next_attempt_at) FROM outbox"
    with world.engine.connect() as connection:
        on, at = (connection.execute(text(query)).scalar() for query in (waking, due))
    return (on is not None and _day(on) <= world.now.date()) or (at is not None and _instant(at) <= world.now)


def expected(books: OldBooks) -> list[Came]:
    """What that version would have told and done, on the days on which it is told since what was wrong in it was mended; and
    what it did not tell yet.
    """
    rows = _rows(books.folder / "expected.csv")
    for mended in _rows(books.folder / "mended.csv"):
        then = {name: mended[name] for name in rows[0]} | {"on": mended["then"]}
        rows[rows.index(then)]["on"] = mended["on"]
    added = books.folder / "added.csv"
    rows += _rows(added) if added.exists() else []
    days = ("on", "effective_on")
    return [
        Came(**{**row, **{day: date.fromisoformat(row[day]) for day in days}, "occurrence": int(row["occurrence"])})
        for row in rows
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def came(engine: Engine) -> list[Came]:
    """Everything that was told so far, and every step of the clock."""
    alerts = """SELECT recorded_at, reference, subject, occurrence, alert.level, recipient, stands_for, effective_on
        FROM alert JOIN agreement ON agreement.id = agreement_id"""
    steps = """SELECT recorded_at, reference, 'by the clock: ' || step, 1, to_state, '', '', effective_on
        FROM history JOIN agreement ON agreement.id = agreement_id WHERE kind = 'step' AND actor = 'clock'"""
    with engine.connect() as connection:
        rows = [row for query in (alerts, steps) for row in connection.execute(text(query))]
    return sorted(Came(_day(at), *rest, _day(on)) for at, *rest, on in rows)


def _day(value: object) -> date:
    """SQLite gives text; PostgreSQL instants in the zone of the session."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    return date.fromisoformat(str(value)[:10])


def _instant(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value)).replace(tzinfo=UTC)

"""The composition root: settings to everything a door needs."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from twinflow import clock, files
from twinflow.config import Settings
from twinflow.definitions.calendars import calendar_texts
from twinflow.definitions.pinned import to_be_known, unknown, with_kept
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.calendar.office_hours import MailHours
from twinflow.domain.people.changes import PeopleEntry, lines_between
from twinflow.domain.people.people import NOBODY, People
from twinflow.domain.people.visibility import shown
from twinflow.domain.process.catalogue import Pin
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import DatabaseDamaged, EnvironmentFailed, StaleAgreement, TwinflowError
from twinflow.in_use import InUse, altered_texts, in_books, with_editions, without_cases
from twinflow.sentences import Sentence
from twinflow.services.agreements.recording import show_what_came_before
from twinflow.storage import database
from twinflow.storage.calendars import Edition
from twinflow.storage.engine import make_engine
from twinflow.storage.key_file import key_in
from twinflow.storage.short_copy import in_use, settle
from twinflow.storage.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from twinflow.mail.post import Post


@dataclass
class Runtime:
    """A running twinflow: settings, database, definitions, people, and the way of mail."""

    settings: Settings
    engine: Engine
    rulebook: Rulebook
    people: People
    unapplied: tuple[str, ...] = ()
    """The calendars whose file is no edition in use: their news counts from the day they are applied."""
    troubles: tuple[Sentence, ...] = ()
    """Each file that is damaged or missing, with all that is wrong: what was good before is gone by, and no case begins on it.
    Also that the database itself is short."""
    short: tuple[Sentence, ...] = ()
    """Where the file of the database is a copy that lacks something; it is among the troubles."""
    altered: tuple[Sentence, ...] = ()
    """Of books that are only looked at: the texts that they keep and that are not as they were written."""
    upgraded: Sentence | None = None
    """That this start has brought the tables to its version, and where the books stand as they were."""

    @cached_property
    def post(self) -> "Post":
        """The way of mail, with the words as they stand when it is first asked for."""
        return _post(self.settings, files.shipped("notifications") if self.troubles else None)

    @property
    def revision(self) -> str:
        """The version of the tables."""
        return database.NEWEST

    @property
    def second_factor_key(self) -> bytes:
        """What the secrets of second factors are made with. Raises EnvironmentFailed."""
        return key_in(self.settings.accounts.key_file)

    @property
    def state_file(self) -> Path | None:
        """How a restored backup is noticed before it sends; None while mail is captured."""
        return _state_file(self.settings)

    def in_use(self, now: datetime) -> AbstractContextManager[None]:
        """For what runs long: a plain copy of the file of the database that is made meanwhile is known as one."""
        return in_use(self.engine, now)

    def refresh(self) -> None:
        """Go by what another process has done since.

        It may have applied an edition of a calendar, opened a case on a version of its own, or changed people.
        """
        known = self.rulebook.current_editions
        with UnitOfWork(self.engine, reading=True) as work:
            current = work.calendars.current()
            changed = any(current.get(key, edition) != edition for key, edition in known.items())
            kept = work.calendars.all() if changed else []
            kept_pins = work.agreements.kept_pins()
            if new := unknown(self.rulebook, kept_pins):
                new &= to_be_known(work.agreements.pins(), kept_pins)
            texts = work.agreements.kept_texts(new) if new else {}
            if work.people.entries() != self.people.entries:
                self.people = work.people.all()
        if changed:
            self.rulebook = with_editions(self.rulebook, kept)
        if new:
            self.rulebook = with_kept(self.rulebook, texts, ())


def start(settings: Settings) -> Runtime:
    """Read the definitions and the people file and open the database; one that is empty or older gets its tables.

    Raises BadInput with every mistake in the files where there is nothing to go on with in their place, EnvironmentFailed where
    the database does not answer, is of a newer version, or cannot be brought to this one, or where the clock cannot be right.
    """
    engine = make_engine(settings.database.url)
    try:
        return _started(settings, engine)
    except BaseException:
        engine.dispose()
        raise


def _started(settings: Settings, engine: Engine) -> Runtime:
    now = clock.read()
    short = settle(engine)
    with UnitOfWork(engine, reading=True) as work:
        revision = work.revision
        if revision is not None and revision >= database.NEWEST:
            database.check_newest(revision)
        editions = work.calendars.all() if revision is not None else []
        running = work.agreements.pins() if revision is not None else set()
        found = (
            in_books(settings, work, running, editions, revision)
            if running
            else without_cases(settings, work, revision)
        )
        unseen = revision != database.NEWEST or work.visibility.is_to_be_found()
    upgraded = _upgraded(engine, revision) if revision != database.NEWEST else None
    new = found.rulebook.calendars.keys() - {each.key for each in editions if each.current}
    people = found.people
    if new:
        texts = calendar_texts(files.calendars_folder(settings), new)
        editions, people = _written_down(engine, texts, found, settings.people_file.name, now)
    elif not people.entries:
        with suppress(EnvironmentFailed):  # where nothing can be written now, another start does it
            _, people = _written_down(engine, {}, found, settings.people_file.name, now)
    if running and unseen:
        with suppress(EnvironmentFailed):  # the same
            _show_what_came_before(engine, found.rulebook, people, running)
    current = {(each.key, each.edition) for each in editions if each.current}
    unapplied = sorted(key for key, edition in found.rulebook.editions if (key, edition) not in current)
    rulebook = replace(with_editions(found.rulebook, editions), mail_hours=mail_hours_of(settings))
    troubles = (*short, *found.troubles)
    return Runtime(settings, engine, rulebook, people, tuple(unapplied), troubles, short, upgraded=upgraded)


def _upgraded(engine: Engine, revision: str | None) -> Sentence | None:
    """Bring the tables to this version, after everything that can be known before is in order; what is to be said of it.

    Raises EnvironmentFailed; then nothing has changed.
    """
    if revision is None:
        database.upgrade(engine)
        return None
    versions = {"before": revision, "newest": database.NEWEST}
    try:
        copy = database.keep_copy(engine, revision)
        database.upgrade(engine)
    except EnvironmentFailed as failed:
        raise EnvironmentFailed(
            "The tables are of version {before} and cannot be brought to version {newest}. {why}",
            **versions,
            why=failed.message,
        ) from failed
    if copy is None:
        return Sentence("The tables were brought from version {before} to version {newest}.", versions)
    return Sentence(
        "The tables were brought from version {before} to version {newest}; the books as they were are kept in {file}.",
        {**versions, "file": str(copy)},
    )


def mail_hours_of(settings: Settings) -> MailHours:
    """When mail may leave."""
    rhythm = settings.rhythm
    digest_at = rhythm.digest_at if rhythm.digest == "each morning" else None
    return MailHours(digest_at, rhythm.opens_at, rhythm.closes_at)


def _written_down(
    engine: Engine, texts: Mapping[str, str], found: InUse, people_file: str, now: datetime
) -> tuple[list[Edition], People]:
    """The first edition of each calendar counts from the day it is first read; a later one from the day it is applied.

    Offices and people are taken over from their file once, as the first entry of their history.
    """
    try:
        with UnitOfWork(engine) as work:
            if not work.people.entries():
                work.people.write(NOBODY, found.people)
                work.people.add_entry(PeopleEntry(1, people_file, "", lines_between(NOBODY, found.people)), now)
            for key, text in sorted(texts.items()):
                work.calendars.pin(key, found.rulebook.calendars[key].edition, text, now)
            kept, people = work.calendars.all(), work.people.all()
            work.commit()
    except StaleAgreement:  # another start was first, and what it wrote is there
        return _written_down(engine, texts, found, people_file, now)
    return kept, people


def _show_what_came_before(engine: Engine, rulebook: Rulebook, people: People, running: Iterable[Pin]) -> None:
    """In books from before it was kept who of other offices sees a case, it follows from their history."""
    past = [(pin, each) for pin in running if (known := _known(rulebook, pin)) is not None for each in shown(known)]
    with UnitOfWork(engine) as work:
        for pin, each in past:
            work.visibility.show_past(pin, each)
        for agreement_id in work.history.with_kinds({EntryKind.CORRECTED, EntryKind.CONSULTATION}):
            show_what_came_before(work, rulebook, people, agreement_id)
        work.visibility.is_found()
        work.commit()


def _known(rulebook: Rulebook, pin: Pin) -> ProcessDefinition | None:
    """None where the text that cases go by is gone."""
    with suppress(TwinflowError):
        return rulebook.pinned(*pin)
    return None


def upgrade_database(settings: Settings) -> Sentence:
    """Bring the tables to the newest version where the books can be gone on with by these files; what is to be said of it."""
    engine = make_engine(settings.database.url)
    try:
        settle(engine)
        with UnitOfWork(engine, reading=True) as work:
            revision = work.revision
        if revision is None:
            database.upgrade(engine)
        elif revision < database.NEWEST and (said := _started(settings, engine).upgraded):
            return said
        return Sentence("The database is at version {version}.", {"version": database.revision(engine)})
    finally:
        engine.dispose()


def damage(settings: Settings) -> list[Sentence]:
    """What is damaged in the file of a database that cannot be looked at for it, as far as SQLite can say."""
    engine = make_engine(settings.database.url)
    try:
        with UnitOfWork(engine, reading=True) as work:
            return work.shape.faults_of_file()
    except DatabaseDamaged as damaged:
        return [damaged.message]
    finally:
        engine.dispose()


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Engine, tuple[Sentence, ...]]]:
    """The database as it is, whatever its version, and what is to be said of it where it is short."""
    engine = make_engine(settings.database.url)
    try:
        yield engine, settle(engine)
    finally:
        engine.dispose()


def look(settings: Settings) -> Runtime:
    """As `start`, of books that are at the newest version, in which nothing is written. Raises as `start`, DatabaseDamaged."""
    engine = make_engine(settings.database.url)
    try:
        short = settle(engine)
        revision = database.revision(engine)
        with UnitOfWork(engine, reading=True) as work:
            editions = work.calendars.all()
            running = work.agreements.pins()
            found = (
                in_books(settings, work, running, editions, revision)
                if running
                else without_cases(settings, work, revision)
            )
            altered = tuple(altered_texts(work, found.rulebook))
        rulebook = replace(with_editions(found.rulebook, editions), mail_hours=mail_hours_of(settings))
        return Runtime(settings, engine, rulebook, found.people, (), (*short, *found.troubles), short, altered)
    except BaseException:
        engine.dispose()
        raise


def _state_file(settings: Settings) -> Path | None:
    return settings.mail.state_file if settings.mail.host else None


def _post(settings: Settings, instead: Path | None) -> "Post":
    """`instead`: the words that come with twinflow, where there are damaged ones."""
    from twinflow.mail.compose import Composer  # noqa: PLC0415 - most commands make no mail
    from twinflow.mail.mailer import CaptureMailer, Mailer, SmtpMailer, Tls  # noqa: PLC0415 - the same
    from twinflow.mail.post import Post  # noqa: PLC0415 - the same

    mail = settings.mail
    mailer: Mailer = CaptureMailer(mail.capture_folder)
    if mail.host:
        mailer = SmtpMailer(
            mail.host,
            mail.port,
            Tls(mail.tls),
            mail.username,
            mail.password.get_secret_value(),
            mail.timeout_seconds,
            mail.connections,
            mail.per_minute,
            mail.certificate_authority,
        )
    return Post(
        Composer(files.notifications_folder(settings), settings.base_url, mail.sender, instead),
        mailer,
        mail.return_path or mail.sender,
        bool(mail.return_path) and mail.return_path_tag,
        mail.redirect_all_to,
        _state_file(settings),
    )

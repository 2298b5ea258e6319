"""The composition root: settings to everything a door needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from twinflow import clock, files
from twinflow.config import Settings
from twinflow.definitions.calendars import calendar_texts, read_calendar
from twinflow.definitions.catalogue import WhenAsked, readers_of
from twinflow.domain.calendar.office_hours import MailHours
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput
from twinflow.sentences import Sentence
from twinflow.storage import database
from twinflow.storage.calendars import Edition
from twinflow.storage.engine import make_engine
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
    """What was damaged among the files at the start."""

    @cached_property
    def post(self) -> "Post":
        """The way of mail, with the words as they stand when it is first asked for."""
        return _post(self.settings)

    @property
    def state_file(self) -> Path | None:
        """How a restored backup is noticed before it sends; None while mail is captured."""
        return _state_file(self.settings)

    def refresh(self) -> None:
        """Count by the calendars in use: another process may have applied an edition since."""
        known = self.rulebook.current_editions
        with UnitOfWork(self.engine, reading=True) as work:
            current = work.calendars.current()
            if all(current.get(key, edition) == edition for key, edition in known.items()):
                return
            kept = work.calendars.all()
        self.rulebook = _with_editions(self.rulebook, kept)


def start(settings: Settings) -> Runtime:
    """Read the definitions and the people file and open the database; a database that is still empty gets its tables.

    Raises BadInput with every mistake in the files, EnvironmentFailed where the database does not answer or is of an
    older version.
    """
    rulebook, people = files.in_use(settings)
    rulebook = replace(rulebook, mail_hours=mail_hours_of(settings))
    engine = make_engine(settings.database.url)
    try:
        kept = _kept(engine, rulebook, people, settings)
    except BaseException:
        engine.dispose()
        raise
    in_use = _with_editions(rulebook, kept)
    current = {(each.key, each.edition) for each in kept if each.current}
    unapplied = sorted(key for key, edition in rulebook.editions if (key, edition) not in current)
    return Runtime(settings, engine, in_use, people, tuple(unapplied))


def _kept(engine: Engine, rulebook: Rulebook, people: People, settings: Settings) -> list[Edition]:
    """Every edition of the calendars; tables and first editions are written where there are none. Raises as `_editions`."""
    kept = _editions(engine, rulebook, people)
    if kept is None:
        database.upgrade(engine)
        kept = _editions(engine, rulebook, people) or []
    if rulebook.calendars.keys() - {each.key for each in kept if each.current}:
        kept = _pinned(engine, calendar_texts(files.calendars_folder(settings)), rulebook)
    return kept


def mail_hours_of(settings: Settings) -> MailHours:
    """When mail may leave."""
    rhythm = settings.rhythm
    digest_at = rhythm.digest_at if rhythm.digest == "each morning" else None
    return MailHours(digest_at, rhythm.opens_at, rhythm.closes_at)


def _editions(engine: Engine, rulebook: Rulebook, people: People) -> list[Edition] | None:
    """Every edition of the calendars there was, of books that these files may open; None while there are no tables.

    Raises EnvironmentFailed for tables of another version, and what `_check_books` raises.
    """
    with UnitOfWork(engine, reading=True) as work:
        revision = work.revision
        if revision is None:
            return None
        database.check_newest(revision)
        _check_books(work, rulebook, people)
        return work.calendars.all()


def _pinned(engine: Engine, texts: Mapping[str, str], rulebook: Rulebook) -> list[Edition]:
    """The first edition of each calendar counts from the day it is first read; a later one from the day it is applied."""
    with UnitOfWork(engine) as work:
        for key, calendar in sorted(rulebook.calendars.items()):
            work.calendars.pin(key, calendar.edition, texts[key], clock.now())
        kept = work.calendars.all()
        work.commit()
    return kept


def _with_editions(rulebook: Rulebook, kept: Sequence[Edition]) -> Rulebook:
    """The rulebook with the calendars in use in the place of the files', and with every edition there was."""
    unread = [each for each in kept if (each.key, each.edition) not in rulebook.editions]
    earlier = {(each.key, each.edition): read_calendar(each.text, f"{each.key}@{each.edition}") for each in unread}
    editions = WhenAsked(readers_of(rulebook.editions) | readers_of(earlier))
    in_use = {each.key: partial(editions.__getitem__, (each.key, each.edition)) for each in kept if each.current}
    return replace(
        rulebook, calendars=WhenAsked(readers_of(rulebook.calendars) | in_use), editions=editions, _together={}
    )


def upgrade_database(settings: Settings) -> str:
    """Bring the tables to the newest version; which one that is."""
    engine = make_engine(settings.database.url)
    try:
        database.upgrade(engine)
        return database.revision(engine)
    finally:
        engine.dispose()


def check_database(settings: Settings) -> str:
    """The version of the tables. Raises EnvironmentFailed if the database does not answer or is not at the newest."""
    engine = make_engine(settings.database.url)
    try:
        return database.revision(engine)
    finally:
        engine.dispose()


def _check_books(work: UnitOfWork, rulebook: Rulebook, people: People) -> None:
    """Raises DefinitionChanged if a process was edited under running agreements, BadInput if an office of theirs is gone."""
    definitions = rulebook.catalogue.definitions
    for key, version, digest in work.agreements.pins():
        if (key, version) in definitions:  # of the others not even the file is read
            rulebook.pinned(key, version, digest)
    gone = sorted(set(work.agreements.offices()) - people.offices.keys())
    running = work.agreements.versions() - definitions.keys()
    if running:
        names = [f"{key} v{version}" for key, version in sorted(running)]
        raise BadInput("The process files lack versions that agreements run on: {processes}.", processes=names)
    if gone:
        raise BadInput("The people file lacks offices that keep agreements: {offices}.", offices=gone)


def _state_file(settings: Settings) -> Path | None:
    return settings.mail.state_file if settings.mail.host else None


def _post(settings: Settings) -> "Post":
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
        Composer(files.notifications_folder(settings), settings.base_url, mail.sender),
        mailer,
        mail.return_path or mail.sender,
        mail.return_path_tag,
        mail.redirect_all_to,
        _state_file(settings),
    )

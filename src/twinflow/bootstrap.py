"""The composition root: settings to everything a door needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Engine

from twinflow import clock
from twinflow.config import Settings
from twinflow.definitions.calendars import calendar_texts, read_calendar
from twinflow.definitions.catalogue import read_rulebook
from twinflow.definitions.people import check_people, read_people
from twinflow.domain.calendar.office_hours import MailHours
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput, EnvironmentFailed
from twinflow.mail.compose import Composer
from twinflow.mail.mailer import CaptureMailer, Mailer, SmtpMailer, Tls
from twinflow.mail.post import Post
from twinflow.mail.words import check_words
from twinflow.storage import database
from twinflow.storage.calendars import Edition
from twinflow.storage.engine import make_engine
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(slots=True)
class Runtime:
    """A running twinflow: settings, database, definitions, people, and the way of mail."""

    settings: Settings
    engine: Engine
    rulebook: Rulebook
    people: People
    post: Post
    unapplied: tuple[str, ...] = ()
    """The calendars whose file is no edition in use: their news counts from the day they are applied."""

    @property
    def state_file(self) -> Path | None:
        """How a restored backup is noticed before it sends; None while mail is captured."""
        return self.post.state_file

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
    rulebook, people = load_rulebook(settings), read_people(settings.people_file)
    rulebook = replace(rulebook, mail_hours=mail_hours_of(settings))
    check_people(rulebook, people, settings.people_file.name)
    engine = make_engine(settings.database.url)
    kept = _editions(engine, rulebook, people)
    if kept is None:
        database.upgrade(engine)
        kept = _editions(engine, rulebook, people) or []
    if rulebook.calendars.keys() - {each.key for each in kept if each.current}:
        kept = _pinned(engine, calendar_texts(calendars_folder(settings)), rulebook)
    in_use = _with_editions(rulebook, kept)
    unapplied = sorted(set(rulebook.current_editions.items()) - set(in_use.current_editions.items()))
    return Runtime(settings, engine, in_use, people, _post(settings), tuple(key for key, _ in unapplied))


def load_rulebook(settings: Settings) -> Rulebook:
    """The process files, calendars and notices. Raises BadInput."""
    workflows, notifications = settings.workflows_folder or shipped("workflows"), notifications_folder(settings)
    in_words = tuple(check_words(notifications))
    try:
        rulebook = read_rulebook(workflows, notifications)
    except BadInput as error:
        raise BadInput(error.message.template, (*error.problems, *in_words), **error.message.values) from None
    if in_words:
        raise BadInput("The notices have mistakes.", in_words)
    return rulebook


def notifications_folder(settings: Settings) -> Path:
    return settings.notifications_folder or shipped("notifications")


def mail_hours_of(settings: Settings) -> MailHours:
    """When mail may leave."""
    rhythm = settings.rhythm
    digest_at = rhythm.digest_at if rhythm.digest == "each morning" else None
    return MailHours(digest_at, rhythm.opens_at, rhythm.closes_at)


def calendars_folder(settings: Settings) -> Path:
    return (settings.workflows_folder or shipped("workflows")) / "calendars"


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
    read = {(calendar.key, calendar.edition): calendar for calendar in rulebook.calendars.values()}
    for each in kept:
        if (each.key, each.edition) not in read:
            read[each.key, each.edition] = read_calendar(each.text, f"{each.key}@{each.edition}")
    in_use = {each.key: read[each.key, each.edition] for each in kept if each.current}
    return replace(rulebook, calendars={**rulebook.calendars, **in_use}, editions=read, _together={})


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
    work.agreements.check_pins(rulebook.catalogue)
    gone = sorted(set(work.agreements.offices()) - people.offices.keys())
    running = work.agreements.versions() - rulebook.catalogue.definitions.keys()
    if running:
        names = [f"{key} v{version}" for key, version in sorted(running)]
        raise BadInput("The process files lack versions that agreements run on: {processes}.", processes=names)
    if gone:
        raise BadInput("The people file lacks offices that keep agreements: {offices}.", offices=gone)


def shipped(name: str) -> Path:
    """A folder that comes with twinflow: from the installed package, else from the checkout."""
    packaged = Path(str(files("twinflow"))) / "_data" / name
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    raise EnvironmentFailed("The folder {name} that comes with twinflow is missing; install it again.", name=name)


def _post(settings: Settings) -> Post:
    mail = settings.mail
    folder = notifications_folder(settings)
    mailer: Mailer = CaptureMailer(mail.capture_folder)
    state_file = None
    if mail.host:
        state_file = mail.state_file
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
    composer = Composer(folder, settings.base_url, mail.sender)
    return Post(
        composer, mailer, mail.return_path or mail.sender, mail.return_path_tag, mail.redirect_all_to, state_file
    )

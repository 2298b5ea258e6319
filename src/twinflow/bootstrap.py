"""The composition root: settings to everything a door needs."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from sqlalchemy import Engine

from twinflow.config import Settings
from twinflow.definitions.catalogue import read_library
from twinflow.definitions.people import check_roles, read_people
from twinflow.domain.actors import Directory
from twinflow.domain.library import Library
from twinflow.errors import BadInput, EnvironmentFailed
from twinflow.mail.compose import Composer
from twinflow.mail.mailer import CaptureMailer, Mailer, SmtpMailer, Tls
from twinflow.mail.post import Post
from twinflow.storage import database
from twinflow.storage.engine import make_engine
from twinflow.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Runtime:
    """A running twinflow: settings, database, definitions with people, and the way of mail."""

    settings: Settings
    engine: Engine
    library: Library
    post: Post


def start(settings: Settings) -> Runtime:
    """Read the definitions and the people file and open the database; a database that is still empty gets its tables.

    Raises BadInput with every mistake in the files, EnvironmentFailed where the database does not answer or is of an
    older version.
    """
    library = load_library(settings, read_people(settings.people_file))
    check_roles(library.directory, library.catalogue, settings.people_file.name)
    engine = open_database(settings)
    check_books(engine, library)
    return Runtime(settings, engine, library, _post(settings))


def load_library(settings: Settings, directory: Directory | None = None) -> Library:
    """The process files and calendars, with nobody in them unless a directory is given."""
    return read_library(
        settings.workflows_folder or shipped("workflows"),
        settings.notifications_folder or shipped("notifications"),
        directory or Directory({}, {}),
    )


def open_database(settings: Settings) -> Engine:
    engine = make_engine(settings.database.url)
    if database.is_empty(engine):
        database.upgrade(engine)
    database.revision(engine)
    return engine


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


def check_books(engine: Engine, library: Library) -> None:
    """Raises DefinitionChanged if a process was edited under running agreements, BadInput if an office of theirs is gone."""
    with UnitOfWork(engine, reading=True) as work:
        for definition in library.catalogue:
            work.agreements.check_pin(definition)
        gone = sorted(set(work.agreements.offices()) - library.directory.offices.keys())
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
    folder = settings.notifications_folder or shipped("notifications")
    mailer: Mailer = CaptureMailer(mail.capture_folder)
    if mail.host:
        password = mail.password.get_secret_value()
        mailer = SmtpMailer(mail.host, mail.port, Tls(mail.tls), mail.username, password, mail.timeout_seconds)
    return Post(Composer(folder, settings.base_url, mail.sender), mailer, mail.sender)

"""What stands in files: processes, calendars, notices, people. What was proved before and has not changed is only read."""

import os
from importlib.resources import files
from pathlib import Path

from twinflow.config import Settings
from twinflow.definitions.catalogue import read_rulebook, rulebook_of
from twinflow.definitions.people import check_people, read_people
from twinflow.definitions.proved import Content, content_of, digest_of, is_marked, mark
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput, EnvironmentFailed
from twinflow.sentences import Problem

NOT_PROVED = frozenset({"cases"})
"""Of the folder of process files: scripted cases are read by those who play them."""


def prove(settings: Settings) -> Rulebook:
    """The process files, calendars and notices, all of them read and proved. Raises BadInput with every mistake."""
    notifications = notifications_folder(settings)
    in_words = _mistaken_words(notifications)
    try:
        rulebook = read_rulebook(workflows_folder(settings), notifications)
    except BadInput as error:
        raise BadInput(error.message.template, (*error.problems, *in_words), **error.message.values) from None
    if in_words:
        raise BadInput("The notices have mistakes.", in_words)
    return rulebook


def _mistaken_words(notifications: Path) -> tuple[Problem, ...]:
    from twinflow.mail.words import check_words  # noqa: PLC0415 - templates, of which most commands need none

    return tuple(check_words(notifications))


def rulebook_in_use(settings: Settings) -> Rulebook:
    """The same, but what was proved before is only read, and each file when it is first asked for. Raises BadInput."""
    return _rulebook(settings, _content(settings))


def in_use(settings: Settings) -> tuple[Rulebook, People]:
    """The rulebook, and people whose roles and calendars it knows. Raises BadInput with every mistake."""
    content = _content(settings)
    with_people = _with_people(settings, content)
    rulebook, people = _rulebook(settings, content), read_people(settings.people_file)
    if not _is_proved(settings, with_people):
        check_people(rulebook, people, settings.people_file.name)
        _mark(settings, with_people, _with_people(settings, _content(settings)))
    return rulebook, people


def _rulebook(settings: Settings, content: Content) -> Rulebook:
    if _is_proved(settings, content):
        return rulebook_of(content, workflows_folder(settings), notifications_folder(settings))
    rulebook = prove(settings)
    _mark(settings, content, _content(settings))
    return rulebook


def _content(settings: Settings) -> Content:
    """What a rulebook is read from; nothing where a part cannot be read, which then is said by whoever reads it."""
    try:
        return {
            **content_of(workflows_folder(settings), NOT_PROVED),
            **content_of(notifications_folder(settings)),
        }
    except OSError:
        return {}


def _with_people(settings: Settings, content: Content) -> Content:
    try:
        return {**content, settings.people_file: settings.people_file.read_bytes()} if content else {}
    except OSError:
        return {}


def _is_proved(settings: Settings, content: Content) -> bool:
    marks = _marks(settings)
    return marks is not None and bool(content) and is_marked(marks, digest_of(content))


def _mark(settings: Settings, before: Content, after: Content) -> None:
    """What was proved is what stands there before and after: a file that changed meanwhile may have been read as either."""
    marks = _marks(settings)
    if marks is not None and before and before == after:
        mark(marks, digest_of(before))


def _marks(settings: Settings) -> Path | None:
    """The folder of the marks, by the XDG Base Directory Specification where the settings name none; None without a home."""
    if settings.cache_folder is not None:
        return settings.cache_folder / "proved"
    caches = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111 - the other raises
    return caches / "twinflow" / "proved" if caches.is_absolute() else None


def workflows_folder(settings: Settings) -> Path:
    return settings.workflows_folder or shipped("workflows")


def calendars_folder(settings: Settings) -> Path:
    return workflows_folder(settings) / "calendars"


def notifications_folder(settings: Settings) -> Path:
    return settings.notifications_folder or shipped("notifications")


def shipped(name: str) -> Path:
    """A folder that comes with twinflow: from the installed package, else from the checkout."""
    packaged = Path(str(files("twinflow"))) / "_data" / name
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    raise EnvironmentFailed("The folder {name} that comes with twinflow is missing; install it again.", name=name)

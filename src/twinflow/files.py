"""What stands in files: processes, calendars, notices, people. What was proved before and has not changed is only read."""

import os
from collections.abc import Collection
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from twinflow.config import Settings
from twinflow.definitions.calendars import calendar_files
from twinflow.definitions.catalogue import read_rulebook, rulebook_of, what_holds
from twinflow.definitions.notices import mended_notices, mistakes_of_notices, notice_folders
from twinflow.definitions.people import check_people, read_people
from twinflow.definitions.proved import Content, content_of, digest_of, is_marked, mark
from twinflow.definitions.reader import Mistakes
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput, EnvironmentFailed
from twinflow.sentences import Problem, Sentence

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


def rulebook_in_use(settings: Settings, content: Content | None = None) -> Rulebook:
    """The same, but what was proved before is only read, and each file when it is first asked for. Raises BadInput."""
    content = content_in_use(settings) if content is None else content
    if _is_proved(settings, content):
        return rulebook_of(content, workflows_folder(settings), notifications_folder(settings))
    rulebook = prove(settings)
    _mark(settings, content, content_in_use(settings))
    return rulebook


def rulebook_that_holds(
    settings: Settings, content: Content | None = None, in_books: Collection[str] | None = None
) -> tuple[Rulebook, Mistakes]:
    """The same without the files that have mistakes, and their mistakes; damaged notices are those that come with twinflow.

    `in_books`: the calendars that go on by their editions in the books.
    """
    try:
        return rulebook_in_use(settings, content), {}
    except BadInput:
        return _what_holds(settings, in_books)


def _what_holds(settings: Settings, in_books: Collection[str] | None) -> tuple[Rulebook, Mistakes]:
    workflows, notifications = workflows_folder(settings), notifications_folder(settings)
    notices = mended_notices(notifications, shipped("notifications"))
    rulebook, mistakes = what_holds(workflows, notices.keys() | notice_folders(notifications), in_books)
    in_words = {str(problem.place): (problem,) for problem in _mistaken_words(notifications)}
    missing = {
        str(folder): (Problem(str(folder), Sentence("There is no folder {folder}.", {"folder": str(folder)})),)
        for folder in (workflows, notifications)
        if not folder.is_dir()
    }
    return replace(rulebook, notices=notices), {**missing, **mistakes, **mistakes_of_notices(notifications), **in_words}


def troubles_of(mistakes: Mistakes) -> list[Sentence]:
    """What is to be said of files that are gone on without: of each all that is wrong."""
    return [
        Sentence(
            "{file} is not used as it stands: {mistakes}",
            {"file": place, "mistakes": [_mistake(each, place) for each in problems]},
        )
        for place, problems in mistakes.items()
    ]


def _mistake(problem: Problem, file: str) -> Sentence:
    """Without the name of the file, which has been said."""
    place = str(problem.place)
    for name in (file, Path(file).name):
        place = place.removeprefix(name).removeprefix(": ") if place == name or place.startswith(f"{name}: ") else place
    return Sentence("{place}: {mistake}", {"place": place, "mistake": problem.message}) if place else problem.message


def people_in_file(settings: Settings, rulebook: Rulebook) -> People:
    """Those whom books begin with: their roles and calendars are known. Raises BadInput with every mistake."""
    people = read_people(settings.people_file)
    check_people(rulebook, people, settings.people_file.name)
    return people


def content_in_use(settings: Settings) -> Content:
    """What a rulebook is read from; nothing where a part cannot be read, which then is said by whoever reads it."""
    try:
        return {
            **content_of(workflows_folder(settings), NOT_PROVED),
            **content_of(notifications_folder(settings)),
        }
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


def calendars_with_file(settings: Settings) -> set[str]:
    return {path.stem for path in calendar_files(calendars_folder(settings))}


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

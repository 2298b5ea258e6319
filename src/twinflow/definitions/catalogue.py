"""All of `workflows/` as one catalogue. A version in use may not change: agreements keep the digest they were opened with."""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from twinflow.definitions.calendars import calendar_files, edition_of, place_of, read_calendar, read_calendars
from twinflow.definitions.checks import Surroundings, check
from twinflow.definitions.notices import notice_folders, notices_of, read_notices
from twinflow.definitions.proved import Content
from twinflow.definitions.reader import NO_PROCESSES, name_of, read_process, read_text
from twinflow.domain.calendar.business_days import Calendar, Calendars
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.process.notices import Notice
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput
from twinflow.sentences import Problem, Sentence

Key = TypeVar("Key")
Value = TypeVar("Value")


def read_rulebook(workflows: Path, notifications: Path) -> Rulebook:
    """Read and check every process, calendar and notice. Raises BadInput with every problem of every file."""
    for folder in (workflows, notifications):
        if not folder.is_dir():
            raise BadInput("There is no folder {folder}.", folder=str(folder))
    problems: list[Problem] = []
    calendars: Mapping[str, Calendar] = {}
    try:
        calendars = read_calendars(workflows / "calendars")
    except BadInput as error:
        problems += error.problems
    notices: Mapping[str, Notice] = {}
    of_notices: tuple[Problem, ...] = ()
    try:
        notices = read_notices(notifications)
    except BadInput as error:
        of_notices = error.problems
    found: dict[tuple[str, int], ProcessDefinition] = {}
    places: dict[tuple[str, int], str] = {}
    unreadable: set[str] = set()
    for path in process_files(workflows):
        place = _place(path, workflows)
        try:
            process = read_process(path, place, workflows)
        except BadInput as error:
            problems += error.problems or (Problem(place, error.message),)
            unreadable.add(
                name_of(path, workflows)[0]
            )  # another file's mistake is not that this process does not exist
            continue
        problems += _identity(process, place, places, workflows.name)
        found[process.key, process.version] = process
        places[process.key, process.version] = place
    around = Surroundings(
        notices=notices.keys() | notice_folders(notifications),
        calendars={path.stem for path in (workflows / "calendars").glob("*.toml")},
        processes=dict.fromkeys(unreadable, frozenset[str]()) | _states_by_process(found.values()),
    )
    for key, process in found.items():
        problems += check(process, around, places[key])
        problems += _without_business_days(process, calendars, places[key])
    if problems:
        raise BadInput("The process files have mistakes.", (*problems, *of_notices))
    if of_notices:
        raise BadInput("The notices have mistakes.", of_notices)
    editions = {(each.key, each.edition): each for each in calendars.values()}
    return Rulebook(Catalogue(found), calendars, editions, notices)


def rulebook_of(content: Content, workflows: Path, notifications: Path) -> Rulebook:
    """The rulebook of files that are known to be sound, each read from its bytes when it is first asked for.

    A process is where its name says, a calendar too: that is part of what was proved.
    """
    read = {path: raw for path, raw in content.items() if raw is not None}.__getitem__
    processes = {
        name_of(path, workflows, read): partial(read_process, path, _place(path, workflows), workflows, read)
        for path in process_files(workflows)
        if path in content
    }
    texts = {
        path: read_text(path, place_of(path), read)
        for path in calendar_files(workflows / "calendars")
        if path in content
    }
    calendars = WhenAsked({path.stem: partial(read_calendar, text, place_of(path)) for path, text in texts.items()})
    editions = {
        (path.stem, edition_of(text)): partial(calendars.__getitem__, path.stem) for path, text in texts.items()
    }
    return Rulebook(Catalogue(WhenAsked(processes)), calendars, WhenAsked(editions), notices_of(notifications, read))


class WhenAsked(Mapping[Key, Value]):
    """Values that are read when they are first asked for."""

    def __init__(self, readers: Mapping[Key, Callable[[], Value]]) -> None:
        self._readers = readers
        self._read: dict[Key, Value] = {}

    def __getitem__(self, key: Key) -> Value:
        if key not in self._read:
            self._read[key] = self._readers[key]()
        return self._read[key]

    def __contains__(self, key: object) -> bool:
        return key in self._readers

    def __iter__(self) -> Iterator[Key]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)


def readers_of(values: Mapping[Key, Value]) -> dict[Key, Callable[[], Value]]:
    """For each key what asks for its value: nothing is read yet."""
    return {key: partial(values.__getitem__, key) for key in values}


def _without_business_days(
    process: ProcessDefinition, calendars: Mapping[str, Calendar], place: str
) -> Iterator[Problem]:
    """Calendars whose weekends leave no day of the week to count."""
    for key, rule in process.deadlines.items():
        named = rule.calendars or process.calendars
        together = Calendars(tuple(calendars[name] for name in named if name in calendars), rule.counts_in)
        if not together.has_business_days:
            message = Sentence("together these calendars have no business day at all; set counts_in = “any”.")
            yield Problem(f"{place}: deadlines.{key}.calendars", message)


def _place(path: Path, workflows: Path) -> str:
    return f"{workflows.name}/{path.relative_to(workflows).as_posix()}"


def process_files(workflows: Path) -> list[Path]:
    """The process files of a folder, in order; calendars, scripted cases and earlier texts are beside them."""
    return sorted(
        path for path in workflows.rglob("*.toml") if path.relative_to(workflows).parts[0] not in NO_PROCESSES
    )


def read_one(path: Path, workflows: Path) -> ProcessDefinition:
    """A process file that need not be in the catalogue; what it rests on is found in `workflows`. Raises BadInput."""
    return read_process(path, path.name, workflows)


def _identity(
    process: ProcessDefinition, place: str, places: Mapping[tuple[str, int], str], folder: str
) -> list[Problem]:
    """A process is named by its file: `mx/twinning.v2.toml`, or `mx/twinning.toml` for one of its versions, mostly the newest."""
    expected = {f"{folder}/{process.key}{ending}.toml" for ending in ("", f".v{process.version}")}
    if place not in expected:
        return [
            Problem(
                f"{place}: process.key",
                Sentence("this key and version belong in {files}.", {"files": sorted(expected)}),
            )
        ]
    if (process.key, process.version) in places:
        return [
            Problem(
                f"{place}: process",
                Sentence("the same key and version are in {other}.", {"other": places[process.key, process.version]}),
            )
        ]
    return []


def _states_by_process(definitions: Collection[ProcessDefinition]) -> dict[str, Collection[str]]:
    states: dict[str, set[str]] = {}
    for definition in definitions:
        states.setdefault(definition.key, set()).update(definition.states)
    return dict(states)

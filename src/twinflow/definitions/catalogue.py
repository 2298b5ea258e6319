"""All of `workflows/` as one catalogue. A version in use may not change: agreements keep the digest they were opened with."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from twinflow.definitions.calendars import calendar_files, calendars_that_hold, edition_of, place_of, read_calendar
from twinflow.definitions.checks import Surroundings, check
from twinflow.definitions.notices import mistakes_of_notices, notice_folders, notices_of
from twinflow.definitions.proved import Content
from twinflow.definitions.reader import NO_PROCESSES, Mistakes, all_of, name_of, problems_at, read_process, read_text
from twinflow.domain.calendar.business_days import Calendar, Calendars
from twinflow.domain.process.catalogue import Catalogue, OutOfUse
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput
from twinflow.sentences import Problem, Sentence

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(slots=True)
class _File:
    """A process file by its name: what it says where it can be read, and what is wrong with it."""

    name: tuple[str, int]
    place: str
    process: ProcessDefinition | None
    problems: tuple[Problem, ...] = ()


def read_rulebook(workflows: Path, notifications: Path) -> Rulebook:
    """Read and check every process, calendar and notice. Raises BadInput with every problem of every file."""
    for folder in (workflows, notifications):
        if not folder.is_dir():
            raise BadInput("There is no folder {folder}.", folder=str(folder))
    of_notices = mistakes_of_notices(notifications)
    notices = {} if of_notices else notices_of(notifications)
    rulebook, mistakes = what_holds(workflows, notices.keys() | notice_folders(notifications))
    if mistakes:
        raise BadInput("The process files have mistakes.", (*all_of(mistakes), *all_of(of_notices)))
    if of_notices:
        raise BadInput("The notices have mistakes.", all_of(of_notices))
    return replace(rulebook, notices=notices)


def what_holds(
    workflows: Path, notices: Collection[str], in_books: Collection[str] | None = None
) -> tuple[Rulebook, Mistakes]:
    """A rulebook of the processes and calendars that hold, without notices, and what is wrong with the other files.

    A process may name the `notices` given, and calendars that hold or whose editions are `in_books`. Where no books are known a
    calendar's mistake is none of the processes that count by it.
    """
    calendars, of_calendars = calendars_that_hold(workflows / "calendars")
    files = _read_all(workflows)
    named = {path.stem for path in calendar_files(workflows / "calendars")}
    around = Surroundings(
        notices=notices,
        calendars=named if in_books is None else calendars.keys() | in_books,
        processes=_states_by_process(files),
    )
    for file in files:
        if file.process is not None:
            together = _without_business_days(file.process, calendars, file.place)
            file.problems += (*check(file.process, around, file.place), *together)
    broken = [file for file in files if file.problems]
    out_of_use = {file.name: OutOfUse(_has_mistakes(file.place), file.problems, file.process) for file in broken}
    found = {file.name: file.process for file in files if file.process is not None and file.name not in out_of_use}
    editions = {(each.key, each.edition): each for each in calendars.values()}
    mistakes = {**of_calendars, **{file.place: file.problems for file in broken}}
    return Rulebook(Catalogue(found, out_of_use), calendars, editions), mistakes


def _has_mistakes(place: str) -> Sentence:
    return Sentence("{place} has mistakes.", {"place": place})


def _read_all(workflows: Path) -> list[_File]:
    files: dict[tuple[str, int], _File] = {}
    again: list[_File] = []
    for path in process_files(workflows):
        name, place = name_of(path, workflows), _place(path, workflows)
        try:
            process = read_process(path, place, workflows)
            file = _File(name, place, process, tuple(_identity(process, name, place, workflows.name)))
        except BadInput as error:
            file = _File(name, place, None, problems_at(place, error))
        if name in files:
            same = Sentence("the same key and version are in {other}.", {"other": files[name].place})
            file.problems += (Problem(f"{place}: process", same),)
            again.append(file)
        files.setdefault(name, file)
    return [*files.values(), *again]


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


def _identity(process: ProcessDefinition, name: tuple[str, int], place: str, folder: str) -> Iterator[Problem]:
    """A process is named by its file: `mx/twinning.v2.toml`, or `mx/twinning.toml` for one of its versions, mostly the newest."""
    if (process.key, process.version) != name:
        files = [f"{folder}/{process.key}{ending}.toml" for ending in ("", f".v{process.version}")]
        yield Problem(f"{place}: process.key", Sentence("this key and version belong in {files}.", {"files": files}))


def _states_by_process(files: Iterable[_File]) -> dict[str, Collection[str]]:
    """One whose file cannot be read has no states: another file's mistake is not that it does not exist."""
    states: dict[str, set[str]] = {}
    for file in files:
        key = file.process.key if file.process is not None else file.name[0]
        states.setdefault(key, set()).update(file.process.states if file.process is not None else ())
    return dict(states)

"""All of `workflows/` as one catalogue. A version in use may not change: agreements keep the digest they were opened with."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from twinflow.definitions.calendars import read_calendars
from twinflow.definitions.checks import Surroundings, check
from twinflow.definitions.notices import notice_folders, read_notices
from twinflow.definitions.reader import NO_PROCESSES, read_process
from twinflow.domain.calendar.business_days import Calendar, Calendars
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.process.notices import Notice
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput
from twinflow.sentences import Problem, Sentence


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
        place = f"{workflows.name}/{path.relative_to(workflows).as_posix()}"
        try:
            process = read_process(path, place, workflows)
        except BadInput as error:
            problems += error.problems or (Problem(place, error.message),)
            unreadable.add(_key_of(path, workflows))
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
    return Rulebook(Catalogue(found), calendars, notices=notices)


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


def _key_of(path: Path, workflows: Path) -> str:
    """The key that a file's name asks for: another file's mistake is not that this process does not exist."""
    return re.sub(r"\.v\d+$", "", path.relative_to(workflows).with_suffix("").as_posix())


def process_files(workflows: Path) -> list[Path]:
    """The process files of a folder, in order; calendars and scripted cases are beside them."""
    return sorted(
        path for path in workflows.rglob("*.toml") if path.relative_to(workflows).parts[0] not in NO_PROCESSES
    )


def read_one(path: Path, workflows: Path) -> ProcessDefinition:
    """A process file that need not be in the catalogue; what it rests on is found in `workflows`. Raises BadInput."""
    return read_process(path, path.name, workflows)


def _identity(
    process: ProcessDefinition, place: str, places: Mapping[tuple[str, int], str], folder: str
) -> list[Problem]:
    """A process is named by its file: `mx/twinning.toml`, a later version `mx/twinning.v2.toml`."""
    expected = {f"{folder}/{process.key}.v{process.version}.toml"}
    if process.version == 1:
        expected.add(f"{folder}/{process.key}.toml")
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

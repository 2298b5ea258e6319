"""`notifications/notices.toml` and the folders beside it: which notices there are, and whether their words are all there.

What stands in the templates is checked where they are read, by `mail.words`.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import RootModel

from twinflow.definitions.models import LabelText, Strict
from twinflow.definitions.reader import Mistakes, Read, all_of, parse_toml, problems_at, read_text
from twinflow.domain.process.notices import BASE, BASE_FILES, BUILT_IN_NOTICES, LANGUAGES, NOTICE_FILES, Notice
from twinflow.errors import BadInput
from twinflow.regular_files import read_bytes
from twinflow.sentences import Problem, Sentence, unknown_name

TABLES = "notices.toml"


class NoticeModel(Strict):
    label: LabelText
    optional: bool = False
    because: LabelText


class NoticesModel(RootModel[dict[str, NoticeModel]]):
    """One table for each notice, by the name of its folder."""


def read_notices(folder: Path) -> Mapping[str, Notice]:
    """The notices of a folder. Raises BadInput with every problem of the table and of the files."""
    mistakes = mistakes_of_notices(folder)
    if mistakes:
        raise BadInput("The notices have mistakes.", all_of(mistakes))
    return _notices(_tables(folder))


def mistakes_of_notices(folder: Path) -> Mistakes:
    """Those of the table, and those of each notice."""
    place = f"{folder.name}/{TABLES}"
    try:
        found = {place: tuple(_of_tables(folder, _tables(folder), place))}
    except BadInput as error:
        found = {place: problems_at(place, error)}
    for name in sorted(notice_folders(folder) | {BASE}):
        found[f"{folder.name}/{name}"] = tuple(_of_files(folder, name))
    return {place: problems for place, problems in found.items() if problems}


def mended_notices(folder: Path, instead: Path) -> Mapping[str, Notice]:
    """The notices of a folder with mistakes. What its table does not say is as in `instead`; else there is a name alone."""
    try:
        own = _notices(_tables(folder))
    except BadInput:
        own = {}
    holding = {key: notice for key, notice in own.items() if not (notice.optional and key in BUILT_IN_NOTICES)}
    untold = {key: Notice(key, label := {"en": key, "es": key}, False, label) for key in notice_folders(folder)}
    return {**untold, **_notices(_tables(instead)), **holding}


def notices_of(folder: Path, read: Read = read_bytes) -> Mapping[str, Notice]:
    """The notices of a folder that is known to be sound, from the bytes that `read` gives."""
    return _notices(_tables(folder, read))


def _tables(folder: Path, read: Read = read_bytes) -> Mapping[str, NoticeModel]:
    place = f"{folder.name}/{TABLES}"
    return parse_toml(read_text(folder / TABLES, place, read), NoticesModel, place).root


def _notices(tables: Mapping[str, NoticeModel]) -> Mapping[str, Notice]:
    return {
        key: Notice(key, table.label.model_dump(), table.optional, table.because.model_dump())
        for key, table in tables.items()
    }


def notice_folders(folder: Path) -> set[str]:
    """The notices that have words, however complete. What is hidden, and what stands beside the folders, is no notice."""
    if not folder.is_dir():
        return set()
    return {path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", BASE))}


def _of_tables(folder: Path, tables: Mapping[str, NoticeModel], place: str) -> Iterator[Problem]:
    """Tables without a folder, folders without a table, and what the service cannot do without."""
    folders = notice_folders(folder)
    for key in sorted(tables.keys() - folders):
        yield Problem(f"{place}: {key}", unknown_name(Sentence("the folder"), key, folders))
    for key in sorted(folders - tables.keys()):
        yield Problem(
            f"{folder.name}/{key}",
            Sentence("this folder has no table in {file}; add [{key}].", {"file": place, "key": key}),
        )
    for key in sorted(set(BUILT_IN_NOTICES) - tables.keys() - folders):
        yield Problem(
            place, Sentence("the table [{key}] is missing: twinflow sends this notice by itself.", {"key": key})
        )
    for key in BUILT_IN_NOTICES:
        if key in tables and tables[key].optional:
            yield Problem(
                f"{place}: {key}.optional",
                Sentence("nobody may switch off what twinflow warns of by itself; leave it out."),
            )


def _of_files(folder: Path, name: str) -> Iterator[Problem]:
    """Files that are missing, empty, or that nothing reads."""
    wanted = {f"{language}/{file}" for language in LANGUAGES for file in (BASE_FILES if name == BASE else NOTICE_FILES)}
    there = {path.relative_to(folder / name).as_posix(): path for path in (folder / name).rglob("*") if path.is_file()}
    for file in sorted(wanted):
        if file not in there:
            yield Problem(f"{folder.name}/{name}/{file}", Sentence("this file is missing."))
        elif not read_bytes(there[file]).removeprefix(BOM_UTF8).strip():
            yield Problem(f"{folder.name}/{name}/{file}", Sentence("this file is empty; write the words."))
    for file in sorted(there.keys() - wanted):
        if not file.rpartition("/")[2].startswith("."):
            yield Problem(f"{folder.name}/{name}/{file}", unknown_name(Sentence("the file"), file, wanted))

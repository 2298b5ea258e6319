"""The words of notices: templates of one folder, strict about what they name, in a sandbox that runs no code of theirs."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import (
    FunctionLoader,
    StrictUndefined,
    Template,
    TemplateRuntimeError,
    TemplateSyntaxError,
    Undefined,
    select_autoescape,
)
from jinja2.filters import FILTERS as OF_JINJA
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as TESTS_OF_JINJA
from markupsafe import Markup

from twinflow import language
from twinflow.domain.process.notices import BASE, BASE_FILES, LANGUAGES, NOTICE_FILES
from twinflow.mail.grammar import TESTS, faults, text_of
from twinflow.regular_files import read_bytes
from twinflow.sentences import Problem, Sentence
from twinflow.text import harmless, isolated

__all__ = ["BASE", "BASE_FILES", "NOTICE_FILES", "Words", "check_words"]

_PART = re.compile(r'{% include "([^"]+)" %}')
"""What several notices share is put in when a template is read: run by itself, a part costs as much as all the rest."""


def check_words(folder: Path) -> list[Problem]:
    """What the templates of a folder name or do that they may not: each with its file and line."""
    return [
        Problem(f"{folder.name}/{name}", Sentence("line {line}: {mistake}", {"line": line, "mistake": mistake}))
        for name, raw in _files(folder).items()
        for line, mistake in faults(name, raw)
    ]


class _Sandbox(ImmutableSandboxedEnvironment):
    """Looks a name up where values are kept, and not among what Python gives to every dictionary."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


class Words:
    """The templates of one folder, by language, as they stood when this was made: what was checked is what is sent."""

    def __init__(self, folder: Path, instead: Path | None = None) -> None:
        self._files = _files(folder) if instead is None else _mended(_files(folder), _files(instead))
        self._environments = {code: self._environment(code) for code in LANGUAGES}

    def template(self, notice: str, code: str, file: str) -> Template:
        """Raises jinja2.TemplateError where there is none, or something in it may not be there."""
        return self._environments[code].get_template(f"{notice}/{code}/{file}")

    def digest(self, notices: Iterable[str], code: str) -> str:
        """What identifies the words of a message: SHA-256 over the files it was written with, those of the frame first."""
        found = hashlib.sha256()
        for notice, files in [(BASE, BASE_FILES), *((notice, NOTICE_FILES) for notice in sorted(set(notices)))]:
            for file in files:
                raw = self._files.get(f"{notice}/{code}/{file}", b"")
                found.update(f"{notice}/{code}/{file} {len(raw)}\n".encode() + raw)
        return found.hexdigest()

    def _environment(self, code: str) -> ImmutableSandboxedEnvironment:
        """Nothing is in it but what `grammar` lets a template use."""
        environment = _Sandbox(
            loader=FunctionLoader(self._checked),
            undefined=StrictUndefined,
            autoescape=select_autoescape(enabled_extensions=("html",)),
            finalize=_shown,
            auto_reload=False,
        )
        environment.globals = {}
        environment.tests = {name: TESTS_OF_JINJA[name] for name in TESTS}
        environment.filters = {
            "day": lru_cache(maxsize=4096, typed=True)(partial(language.day, language=code)),
            "days": partial(language.days, language=code),
            "business_days": partial(language.days, language=code, business=True),
            "lines": _lines,
            "join": OF_JINJA["join"],
            "length": len,
        }
        return environment

    def _checked(self, name: str) -> str | None:
        """The source of a template. Raises TemplateSyntaxError before anything of it is compiled."""
        raw = self._files.get(name)
        if raw is None:
            return None
        for line, mistake in faults(name, raw):
            raise TemplateSyntaxError(str(mistake), line, name, name)
        return _PART.sub(lambda found: self._checked(found[1]) or found[0], text_of(raw).removesuffix("\n"))


def _files(folder: Path) -> dict[str, bytes]:
    """The templates that are there, by `notice/language/file`."""
    found = {}
    for path in sorted(folder.glob("*/*/*")):
        notice, code, file = path.relative_to(folder).parts
        if code in LANGUAGES and file in (BASE_FILES if notice == BASE else NOTICE_FILES) and path.is_file():
            found[f"{notice}/{code}/{file}"] = read_bytes(path)
    return found


def _mended(own: Mapping[str, bytes], others: Mapping[str, bytes]) -> dict[str, bytes]:
    """The templates, with those of the others for each notice that is damaged or missing in a language."""
    damaged = {
        notice
        for notice in {name.partition("/")[0] for name in others}
        if any(_is_damaged(name, own.get(name, b"")) for name in others if name.startswith(f"{notice}/"))
    }
    return {
        name: raw
        for files, are_damaged in ((own, False), (others, True))
        for name, raw in files.items()
        if (name.partition("/")[0] in damaged) is are_damaged
    }


def _is_damaged(name: str, raw: bytes) -> bool:
    return not raw.strip() or any(faults(name, raw))


def _shown(value: object) -> object:
    """A value as it goes into a message. Raises UndefinedError where there is none, TemplateRuntimeError for what is no text."""
    match value:
        case Markup():
            return value
        case str():
            return isolated(harmless(value))
        case int() if not isinstance(value, bool):
            return value
        case Undefined():
            return str(value)  # raises
        case _:
            raise TemplateRuntimeError(f"{type(value).__name__} is no text and no number")


def _lines(text: str) -> list[str]:
    """The lines that hold something, without the space around them."""
    return [line for part in text.splitlines() if (line := " ".join(part.split()))]

"""What every command starts from: the settings, and the runtime when a command first needs it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperArgument, TyperOption

from twinflow import clock
from twinflow.cli.machine import machine_user
from twinflow.cli.streams import note
from twinflow.domain.agreement.history import Way
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.people.viewer import Door
from twinflow.errors import BadInput, Unreadable
from twinflow.language import day, say, short_day, translate
from twinflow.sentences import ONE_FOR_SEVERAL, Problem, Sentence, not_utf8

if TYPE_CHECKING:
    from twinflow.bootstrap import Runtime
    from twinflow.config import Settings
    from twinflow.domain.rulebook import Rulebook

LARGEST = 2**31 - 1
"""The largest number that an option takes: what a whole number of the databases holds."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Person = Annotated[str, typer.Option("--as", metavar="PERSON", help="Who acts: the key of a person.")]
On = Annotated[
    str, typer.Option("--on", metavar="DATE", help="Day of the act; else you are asked, or told which day was taken.")
]
Reference = Annotated[str, typer.Argument(help="Reference of the agreement.")]


@dataclass
class Cli:
    """One run of the command line."""

    config: Path | None
    debug: bool = False
    _warned: set[str] = field(default_factory=set)

    @cached_property
    def settings(self) -> "Settings":
        from twinflow.config import load_settings  # noqa: PLC0415 - help needs no settings

        return load_settings(self.config)

    @cached_property
    def runtime(self) -> "Runtime":
        from twinflow import bootstrap  # noqa: PLC0415 - nor has everything that reads files a database

        runtime = bootstrap.start(self.settings)
        if runtime.upgraded is not None:
            note(self.say(runtime.upgraded))
        self._warn(runtime.troubles)
        for key in runtime.unapplied:
            unapplied = Sentence(
                "The file of the calendar {calendar} is not the edition in use; see “twinflow calendars preview FILE”.",
                {"calendar": key},
            )
            note(self.say(unapplied))
        return runtime

    @cached_property
    def rulebook(self) -> "Rulebook":
        """The definitions alone, for commands that need neither people nor a database."""
        from twinflow.files import rulebook_that_holds, troubles_of  # noqa: PLC0415 - as above

        rulebook, mistakes = rulebook_that_holds(self.settings)
        self._warn(troubles_of(mistakes))
        return rulebook

    def _warn(self, troubles: Iterable[Sentence]) -> None:
        """Each once, whoever finds it."""
        for said in (self.say(trouble) for trouble in troubles):
            if said not in self._warned:
                self._warned.add(said)
                note(f"  ! {said}")

    @cached_property
    def door(self) -> Way:
        """The way of whoever acts by a command; where one user of the machine may act for several people, that is said."""
        several = self.settings.people.one_user_for_several
        if several:
            note(f"  ! {self.say(ONE_FOR_SEVERAL)}")
        return Way(Door.SHELL, machine_user(), for_several=several)

    def close(self) -> None:
        """Let go of the database, if it was opened."""
        if "runtime" in self.__dict__:
            self.runtime.engine.dispose()

    @property
    def language(self) -> str:
        return self.settings.language

    @property
    def language_of_errors(self) -> str:
        """The same where the error may be that the settings cannot be read."""
        from twinflow.config import language_of  # noqa: PLC0415 - as above

        try:
            return self.language
        except Exception:  # noqa: BLE001 - whatever it is, it is this error that is being said
            return language_of(self.config)

    def now(self) -> datetime:
        """Raises EnvironmentFailed where no clock can be right that says so."""
        return clock.read()

    def warn(self, problems: Iterable[Sentence]) -> None:
        """What could not be done beside the rest, to standard error."""
        for problem in problems:
            note(f"  ! {self.say(problem)}")

    def say(self, value: object) -> str:
        return say(value, self.language)

    def text(self, english: str) -> str:
        return translate(english, self.language)

    def headings(self, *english: str) -> list[str]:
        return [self.text(heading) for heading in english]

    def day(self, value: date | None) -> str:
        return day(value, self.language) if value else "–"

    def short_day(self, value: date | None) -> str:
        return short_day(value, self.language) if value else "–"


def cli_of(context: typer.Context) -> Cli:
    """The run that a command belongs to. Raises BadInput naming each of its arguments and options that is no text, or empty."""
    _check_texts(context)
    cli = context.find_root().obj
    assert isinstance(cli, Cli)
    return cli


def _check_texts(context: typer.Context) -> None:
    """What is not UTF-8 can be neither kept nor shown, nor a file that is called so be named in a sentence."""
    wrong = tuple(
        Problem(_name_of(parameter), mistake)
        for parameter in context.command.params
        for value in _several(context.params.get(parameter.name or ""))
        if isinstance(value, str | Path)
        and (mistake := not_utf8(str(value)) or _nothing_in_it(context, parameter, value)) is not None
    )
    if wrong:
        raise BadInput("The options cannot be used; nothing was done.", wrong)


def _nothing_in_it(context: typer.Context, parameter: object, value: str | Path) -> Sentence | None:
    """An option that is given and empty, mostly by a variable that is not set: it does not count as left out."""
    if value != "" or not isinstance(parameter, TyperOption):
        return None
    source = context.get_parameter_source(parameter.name or "")
    is_given = source is not None and source.name == "COMMANDLINE"
    return Sentence("nothing stands there; write a value, or leave the option out.") if is_given else None


def _name_of(parameter: object) -> str:
    assert isinstance(parameter, TyperOption | TyperArgument)
    return parameter.get_error_hint().strip("'")


def _several(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else [value]


def day_option(text: str, option: str) -> date:
    """A whole date from an option. Raises BadInput naming the option."""
    try:
        value = PartialDate.parse(text).as_date
    except Unreadable as error:
        raise BadInput("{option} “{text}”: {mistake}.", option=option, text=text, mistake=error.message) from None
    if value is None:
        raise BadInput("{option} “{text}”: the whole day is needed, like 2004-02-29.", option=option, text=text)
    return value


def pairs(texts: list[str], option: str) -> dict[str, str]:
    """`name=value` options as a mapping. Raises BadInput for one without `=`."""
    wrong = [text for text in texts if "=" not in text]
    if wrong:
        raise BadInput("{option} is written name=value, not {texts}.", option=option, texts=wrong)
    return {name.strip(): value.strip() for name, _, value in (text.partition("=") for text in texts)}

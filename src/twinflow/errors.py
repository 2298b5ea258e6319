"""The error tree. Knows nothing of HTTP, exit codes or languages: an error carries sentences, which each door translates."""

Knows nothing of HTTP, exit codes or languages: a `Message` carries an English template and its values; each door
translates it (see `twinflow.language`).
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence to be shown to a person: an English template, which is also the key of its translation, and its values.

    Values may be text, numbers, dates, labels (a mapping from language to text), lists of these, or other messages.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**{name: _english(value) for name, value in self.values.items()})


def unknown_name(kind: Message, name: str, known: Iterable[str]) -> Message:
    """`name` is not one of `known`: says so, with the nearest ones first."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return Message(
            "{kind} “{name}” does not exist; did you mean “{near}”?", {"kind": kind, "name": name, "near": near[0]}
        )
    return Message(
        "{kind} “{name}” does not exist; there are: {known}.", {"kind": kind, "name": name, "known": names or "–"}
    )


def packed(message: Message) -> str:
    """A sentence as text that can be kept, and told later in any language, with the sentences and labels in it."""
    return json.dumps(_plain(message), ensure_ascii=False)


def unpacked(text: str) -> Message:
    """The sentence again."""
    template, values = json.loads(text)
    return Message(template, {name: _sentence(value) for name, value in values.items()})


def _plain(value: object) -> object:
    if isinstance(value, Message):
        return [value.template, {name: _plain(inner) for name, inner in value.values.items()}]
    return value if isinstance(value, str | int | Mapping) else _english(value)


def _sentence(value: object) -> object:
    if not isinstance(value, list):
        return value
    return Message(value[0], {name: _sentence(inner) for name, inner in value[1].items()})


def _english(value: object) -> str:
    if isinstance(value, Mapping):
        return str(value.get("en", ""))
    if isinstance(value, list | tuple):
        return ", ".join(_english(item) for item in value)
    return str(value)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in something a person wrote: where, and what would be right.

    `place` is what the person can find again: a file and path in it, a row and column, a setting.
    """

    place: str | Message
    message: Message

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class Unreadable(ValueError):
    """A text cannot be read as what it should be; `message` says what would be right."""

    def __init__(self, template: str, **values: object) -> None:
        self.message = Message(template, values)
        super().__init__(str(self.message))


class TwinflowError(Exception):
    """Something went wrong."""

    code = "error"

    def __init__(self, template: str, **values: object) -> None:
        self.message = Message(template, values)
        super().__init__(str(self.message))


class BadInput(TwinflowError):
    """Something a person wrote cannot be used. Holds every problem found, not the first."""

    code = "bad_input"

    def __init__(self, template: str, problems: "tuple[Problem, ...]" = (), **values: object) -> None:
        super().__init__(template, **values)
        self.problems = problems


class NotFound(TwinflowError):
    """What was asked for does not exist, or may not be seen."""

    code = "not_found"


class Refused(TwinflowError):
    """A rule of the process says no. Holds every reason, not the first."""

    code = "refused"

    def __init__(self, template: str, reasons: tuple[Message, ...] = (), **values: object) -> None:
        super().__init__(template, **values)
        self.reasons = reasons


class StaleAgreement(Refused):
    """Somebody else changed the agreement first."""

    code = "stale"


class DefinitionChanged(TwinflowError):
    """A process file was edited although agreements run on it."""

    code = "definition_changed"


class EnvironmentFailed(TwinflowError):
    """The database, the mail server or the machine does not do its part."""

    code = "environment"


class MailFailed(EnvironmentFailed):
    """A message could not be handed to the mail server. `permanent` tells whether trying again makes no sense.

    `doubtful`: the server may have taken it all the same.
    """

    code = "mail_failed"

    def __init__(self, template: str, *, permanent: bool = False, doubtful: bool = False, **values: object) -> None:
        super().__init__(template, **values)
        self.permanent = permanent
        self.doubtful = doubtful


class MailServerDown(MailFailed):
    """The mail server does not take part at all: nothing else will get through either."""

    def __init__(self, template: str, *, doubtful: bool = False, **values: object) -> None:
        super().__init__(template, permanent=False, doubtful=doubtful, **values)

"""The sentences that people read, and how they are kept.

Knows nothing of languages: a `Message` carries an English template and its values; each door translates it (see
`twinflow.language`).
"""

import json
from collections.abc import Mapping
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

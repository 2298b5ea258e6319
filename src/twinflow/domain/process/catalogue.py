"""The process definitions that are known, by key and version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import BadInput, NotFound
from twinflow.sentences import Problem, Sentence


class Pin(NamedTuple):
    """What a case goes by: a version of a process as it was when the case came to it."""

    process: str
    version: int
    digest: str

    @property
    def name(self) -> tuple[str, int]:
        return self.process, self.version


@dataclass(frozen=True, slots=True)
class OutOfUse:
    """A version that no case begins on or moves to: why, and what it says where that can be read."""

    message: Sentence
    problems: tuple[Problem, ...] = ()
    definition: ProcessDefinition | None = None

    @property
    def error(self) -> BadInput:
        return BadInput(self.message.template, self.problems, **self.message.values)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every version of every process: those that hold, and those that are out of use."""

    definitions: Mapping[tuple[str, int], ProcessDefinition]
    out_of_use: Mapping[tuple[str, int], OutOfUse] = field(default_factory=dict)

    @property
    def keys(self) -> set[str]:
        """The processes there are, also those of which no version holds."""
        return {key for key, _ in (*self.definitions, *self.out_of_use)}

    def belongs_to_an_agreement(self, key: str) -> bool:
        """Whether cases of the process belong to one of another: some process that holds names it among its children."""
        return any(key in definition.children for definition in self.definitions.values())

    def version(self, key: str, version: int) -> ProcessDefinition:
        """Raises NotFound, BadInput for one that is out of use."""
        if (key, version) in self.out_of_use:
            raise self.out_of_use[key, version].error
        try:
            return self.definitions[key, version]
        except KeyError:
            raise NotFound("There is no process {process} version {version}.", process=key, version=version) from None

    def versions(self, key: str) -> list[ProcessDefinition]:
        """All versions of one process that hold, oldest first. Raises NotFound for an unknown process, BadInput if none holds."""
        found = self.all_of(key)
        if not found:
            raise self._none_of(key)
        return found

    def all_of(self, key: str) -> list[ProcessDefinition]:
        """The same, but none where there is none."""
        return [self.definitions[name] for name in sorted(self.definitions) if name[0] == key]

    def _none_of(self, key: str) -> BadInput | NotFound:
        broken = sorted(name for name in self.out_of_use if name[0] == key)
        if broken:
            return self.out_of_use[broken[-1]].error
        return NotFound("There is no process {process}; there are {known}.", process=key, known=sorted(self.keys))

    def in_force_on(self, key: str, day: date) -> ProcessDefinition:
        """The version in force on `day`. Raises NotFound where there is none, BadInput where it may be one out of use."""
        names = {name for name in (*self.definitions, *self.out_of_use) if name[0] == key}
        if not names:
            raise self._none_of(key)
        for name in sorted(names, reverse=True):
            broken = self.out_of_use.get(name)
            definition = self.definitions[name] if broken is None else broken.definition
            if definition is None or definition.is_in_force_on(day):
                return self.version(*name)
        raise NotFound("No version of {process} was in force on {day}.", process=key, day=day)

    def __iter__(self) -> Iterator[ProcessDefinition]:
        """By key, the oldest version first."""
        return (self.definitions[name] for name in sorted(self.definitions))

"""The process definitions that are known, by key and version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import NotFound


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every version of every process."""

    definitions: Mapping[tuple[str, int], ProcessDefinition]

    def version(self, key: str, version: int) -> ProcessDefinition:
        try:
            return self.definitions[key, version]
        except KeyError:
            raise NotFound("There is no process {process} version {version}.", process=key, version=version) from None

    def versions(self, key: str) -> list[ProcessDefinition]:
        """All versions of one process, oldest first. Raises NotFound for an unknown process."""
        found = sorted(name for name in self.definitions if name[0] == key)
        if not found:
            known = sorted({known for known, _ in self.definitions})
            raise NotFound("There is no process {process}; there are {known}.", process=key, known=known)
        return [self.definitions[name] for name in found]

    def in_force_on(self, key: str, day: date) -> ProcessDefinition:
        """The version in force on `day`. Raises NotFound where there is none."""
        for definition in reversed(self.versions(key)):
            if definition.in_force_from <= day and (definition.in_force_to is None or day <= definition.in_force_to):
                return definition
        raise NotFound("No version of {process} was in force on {day}.", process=key, day=day)

    def __iter__(self) -> Iterator[ProcessDefinition]:
        return iter(self.definitions.values())

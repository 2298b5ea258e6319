"""The process definitions with the calendars they count by, and the people who act in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from twinflow.domain.actors import Actor, Directory, Person
from twinflow.domain.agreement import Agreement
from twinflow.domain.calendars import Calendar, Calendars
from twinflow.domain.process import Catalogue, ProcessDefinition
from twinflow.errors import DefinitionChanged, NotFound


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that is data and not a case."""

    catalogue: Catalogue
    calendars: Mapping[str, Calendar]
    directory: Directory

    def definition_of(self, agreement: Agreement) -> ProcessDefinition:
        """The version the agreement was opened on. Raises DefinitionChanged if its content is no longer the same."""
        definition = self.catalogue.version(agreement.process, agreement.process_version)
        if definition.digest != agreement.process_digest:
            raise DefinitionChanged(
                "{process} was edited although agreements run on it; put the change into a new version.",
                process=definition.name,
            )
        return definition

    def calendars_of(self, definition: ProcessDefinition) -> Calendars:
        return Calendars(tuple(self.calendars[key] for key in definition.calendars))

    def today(self, office: str, now: datetime) -> date:
        """The date at the office, at the instant `now`. The office exists: start-up has checked it."""
        return now.astimezone(ZoneInfo(self.directory.offices[office].time_zone)).date()

    def person(self, key: str) -> Person:
        """Raises NotFound, naming who there is."""
        try:
            return self.directory.people[key]
        except KeyError:
            raise NotFound(
                "There is no person {person}; there are {people}.", person=key, people=sorted(self.directory.people)
            ) from None

    def actor(self, person: Person, definition: ProcessDefinition, agreement: Agreement, day: date) -> Actor:
        """The person with the roles they hold for the agreement on the day."""
        roles = {key: role.office for key, role in definition.roles.items()}
        return self.directory.actor(person, roles, agreement.office, day)

    def holders(self, definition: ProcessDefinition, role: str, agreement: Agreement, day: date) -> list[Person]:
        return self.directory.holders(role, definition.roles[role].office, agreement.office, day)

"""The people file: offices, and who holds which role in them. It stands in until there are accounts."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from twinflow.definitions.models import Key, LabelText, Strict, TimeZone
from twinflow.definitions.reader import read_toml
from twinflow.domain.actors import Assignment, Directory, Office, Person
from twinflow.domain.process import Catalogue
from twinflow.errors import BadInput, Message, Problem, Unreadable
from twinflow.validation import mail_address, unknown_name


class OfficeModel(Strict):
    kind: Key
    label: LabelText
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    time_zone: TimeZone


class AssignmentModel(Strict):
    role: str
    office: str
    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "AssignmentModel":
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            raise Unreadable("it ends before it begins")
        return self


class PersonModel(Strict):
    name: str
    mail: Annotated[str, AfterValidator(mail_address)]
    language: Literal["en", "es"] = "es"
    roles: tuple[AssignmentModel, ...]


class PeopleModel(Strict):
    offices: dict[str, OfficeModel]
    people: dict[str, PersonModel]


def read_people(path: Path) -> Directory:
    """Read the people file. Raises BadInput with every problem."""
    place = path.name
    if not path.exists():
        raise BadInput(
            "There is no people file {file}: set people_file, or write one like examples/cuenca/people.toml.",
            file=str(path),
        )
    model = read_toml(path, PeopleModel, place)
    problems = [
        Problem(
            f"{place}: people.{key}.roles[{number}].office",
            unknown_name(Message("the office"), role.office, model.offices),
        )
        for key, person in model.people.items()
        for number, role in enumerate(person.roles, start=1)
        if role.office not in model.offices
    ]
    if problems:
        raise BadInput("{place} has mistakes.", tuple(problems), place=place)
    return Directory(
        offices={
            key: Office(
                key, office.kind, {"en": office.label.en, "es": office.label.es}, office.country, office.time_zone
            )
            for key, office in model.offices.items()
        },
        people={
            key: Person(
                key,
                person.name,
                person.mail,
                person.language,
                tuple(Assignment(role.role, role.office, role.from_, role.to) for role in person.roles),
            )
            for key, person in model.people.items()
        },
    )


def check_roles(directory: Directory, catalogue: Catalogue, place: str) -> None:
    """Raises BadInput for every role that no process knows in an office of that kind: nobody would ever be asked for it."""
    known = {
        (role.key, office.kind) for process in catalogue for role in process.roles.values() for office in role.offices
    }
    problems = [
        Problem(
            f"{place}: people.{person.key}.roles[{number}].role",
            unknown_name(Message("the role"), a.role, _held_in(known, kind)),
        )
        for person in directory.people.values()
        for number, a in enumerate(person.assignments, start=1)
        if (a.role, kind := directory.offices[a.office].kind) not in known
    ]
    if problems:
        raise BadInput("{place} has mistakes.", tuple(problems), place=place)


def _held_in(known: set[tuple[str, str]], kind: str) -> set[str]:
    return {role for role, office in known if office == kind}

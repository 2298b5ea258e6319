"""The people file: offices, and who holds which role in them, as books begin with them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from twinflow.definitions.models import Key, LabelText, Strict, TimeZone
from twinflow.definitions.reader import parse_toml, read_text, validated
from twinflow.domain.people.mistakes import mistakes_among
from twinflow.domain.people.people import Absence, Assignment, Delegation, Office, People, Person
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput, Unreadable
from twinflow.sentences import Problem
from twinflow.text import composed
from twinflow.validation import mail_address


class OfficeModel(Strict):
    kind: Key
    label: LabelText
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    time_zone: TimeZone
    calendars: tuple[str, ...] = ()
    city: str = ""
    second_factor: bool = False


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


class AbsenceModel(Strict):
    from_: Annotated[date, Field(alias="from")]
    to: date
    delegate: str

    @model_validator(mode="after")
    def _in_order(self) -> "AbsenceModel":
        if self.to < self.from_:
            raise Unreadable("it ends before it begins")
        return self


class DelegationModel(Strict):
    """`role` and `office` together; without them all that the person holds."""

    to: str
    from_: Annotated[date, Field(alias="from")]
    until: date
    reason: Annotated[str, Field(min_length=1)]
    role: str | None = None
    office: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> "DelegationModel":
        if self.until < self.from_:
            raise Unreadable("it ends before it begins")
        if (self.role is None) != (self.office is None):
            raise Unreadable("a role is delegated in an office: write both, or neither for all roles")
        return self


class PersonModel(Strict):
    name: str
    mail: Annotated[str, AfterValidator(mail_address)]
    language: Literal["en", "es"] = "es"
    roles: tuple[AssignmentModel, ...]
    away: tuple[AbsenceModel, ...] = ()
    delegates: tuple[DelegationModel, ...] = ()


class PeopleModel(Strict):
    offices: dict[str, OfficeModel]
    people: dict[str, PersonModel]


def read_people(path: Path) -> People:
    """Read the people file. Raises BadInput with every problem."""
    return people_of(people_text(path), path.name)


def people_text(path: Path) -> str:
    """Raises BadInput where there is no such file, or where it cannot be read."""
    if not path.exists():
        raise BadInput(
            "There is no people file {file}: set people_file, or write one like examples/cuenca/people.toml.",
            file=str(path),
        )
    return read_text(path, path.name)


def people_of(text: str, place: str) -> People:
    """The people of a text. Raises BadInput with every problem."""
    people = _people(parse_toml(text, PeopleModel, place))
    problems = tuple(_at(place, mistakes_among(people)))
    if problems:
        raise BadInput("{place} has mistakes.", problems, place=place)
    return people


def kept_people(text: str, place: str) -> People:
    """The people as the books keep them: they were checked then. Raises BadInput where the text has another shape by now."""
    return _people(parse_toml(text, PeopleModel, place))


def _people(model: PeopleModel) -> People:
    return People(
        offices={key: _office(key, office) for key, office in model.offices.items()},
        people={key: _person(key, person) for key, person in model.people.items()},
    )


def _office(key: str, model: OfficeModel) -> Office:
    label = composed({"en": model.label.en, "es": model.label.es})
    return Office(
        key,
        model.kind,
        label,
        model.country,
        model.time_zone,
        model.calendars,
        composed(model.city),
        model.second_factor,
    )


def _person(key: str, model: PersonModel) -> Person:
    roles = tuple(Assignment(role.role, role.office, role.from_, role.to) for role in model.roles)
    absences = tuple(Absence(away.from_, away.to, away.delegate) for away in model.away)
    delegations = tuple(map(_delegation, model.delegates))
    return Person(key, composed(model.name), model.mail, model.language, roles, absences, delegations=delegations)


def _delegation(model: DelegationModel) -> Delegation:
    return Delegation(model.to, model.from_, model.until, composed(model.reason), model.role, model.office)


def delegation_of(person: str, content: Mapping[str, object]) -> Delegation:
    """A delegation, as the file would say it. Raises BadInput with every problem, at `people.PERSON.delegates.…`."""
    return _delegation(validated(content, DelegationModel, f"people.{person}.delegates"))


def office_of(key: str, content: Mapping[str, object]) -> Office:
    """One office, as the file would say it. Raises BadInput with every problem, at `offices.KEY.…`."""
    return _office(key, validated(content, OfficeModel, f"offices.{key}"))


def person_of(key: str, content: Mapping[str, object]) -> Person:
    """One person, as the file would say it. Raises BadInput with every problem, at `people.KEY.…`."""
    return _person(key, validated(content, PersonModel, f"people.{key}"))


def content_of_office(office: Office) -> dict[str, object]:
    """An office as the file says it."""
    return {
        "kind": office.kind,
        "label": dict(office.label),
        "country": office.country,
        "time_zone": office.time_zone,
        "calendars": office.calendars,
        "city": office.city,
        "second_factor": office.second_factor,
    }


def content_of_person(person: Person) -> dict[str, object]:
    """A person as the file says it."""
    return {
        "name": person.name,
        "mail": person.mail,
        "language": person.language,
        "roles": [{"role": a.role, "office": a.office, "from": a.from_day, "to": a.to_day} for a in person.assignments],
        "away": [{"from": a.from_day, "to": a.to_day, "delegate": a.delegate} for a in person.absences],
    }


def _at(place: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    return (Problem(f"{place}: {each.place}", each.message) for each in problems)


def check_people(rulebook: Rulebook, people: People, place: str) -> None:
    """What the people file names has to be in the process files and calendars. Raises BadInput with every problem."""
    problems = tuple(_at(place, rulebook.mistakes_of(people)))
    if problems:
        raise BadInput("{place} has mistakes.", problems, place=place)

"""The people file: offices, and who holds which role in them. It stands in until there are accounts."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from twinflow.definitions.models import Key, LabelText, Strict, TimeZone
from twinflow.definitions.reader import parse_toml, read_text
from twinflow.domain.calendar.business_days import Calendars
from twinflow.domain.people.people import Absence, Assignment, Office, People, Person, one_address
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput, Unreadable
from twinflow.sentences import Problem, Sentence, unknown_name
from twinflow.text import composed, problems_of_text
from twinflow.validation import mail_address


class OfficeModel(Strict):
    kind: Key
    label: LabelText
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    time_zone: TimeZone
    calendars: tuple[str, ...] = ()
    city: str = ""


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


class PersonModel(Strict):
    name: str
    mail: Annotated[str, AfterValidator(mail_address)]
    language: Literal["en", "es"] = "es"
    roles: tuple[AssignmentModel, ...]
    away: tuple[AbsenceModel, ...] = ()


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
    model = parse_toml(text, PeopleModel, place)
    offices = [
        Problem(
            f"{place}: people.{key}.roles[{number}].office",
            unknown_name(Sentence("the office"), role.office, model.offices),
        )
        for key, person in model.people.items()
        for number, role in enumerate(person.roles, start=1)
        if role.office not in model.offices
    ]
    people = _people(model)
    texts = [Problem(f"{place}: {each.place}", each.message) for each in problems_of_text(people)]
    problems = (*offices, *_shared_addresses(model, place), *_mistaken_absences(model, place), *texts)
    if problems:
        raise BadInput("{place} has mistakes.", problems, place=place)
    return people


def kept_people(text: str, place: str) -> People:
    """The people as the books keep them: they were checked then. Raises BadInput where the text has another shape by now."""
    return _people(parse_toml(text, PeopleModel, place))


def _people(model: PeopleModel) -> People:
    return People(
        offices={
            key: Office(
                key,
                office.kind,
                composed({"en": office.label.en, "es": office.label.es}),
                office.country,
                office.time_zone,
                office.calendars,
                composed(office.city),
            )
            for key, office in model.offices.items()
        },
        people={
            key: Person(
                key,
                composed(person.name),
                person.mail,
                person.language,
                tuple(Assignment(role.role, role.office, role.from_, role.to) for role in person.roles),
                tuple(Absence(away.from_, away.to, away.delegate) for away in person.away),
            )
            for key, person in model.people.items()
        },
    )


def _shared_addresses(model: PeopleModel, place: str) -> Iterator[Problem]:
    """Two keys with one mail address, however it is written: one human could be the second person of their own act."""
    first: dict[str, str] = {}
    for key, person in model.people.items():
        other = first.setdefault(one_address(person.mail), key)
        if other != key:
            values = {"other": f"people.{other}.mail", "mail": model.people[other].mail}
            message = Sentence("the address of {other} too ({mail}): each person has an address of their own.", values)
            yield Problem(f"{place}: people.{key}.mail", message)


def _mistaken_absences(model: PeopleModel, place: str) -> Iterator[Problem]:
    """Absences whose mail would go to nobody, back to the absent, round in a circle, or to two people at once."""
    for key, person in model.people.items():
        for number, away in enumerate(person.away, start=1):
            where = f"{place}: people.{key}.away[{number}]"
            if away.delegate not in model.people:
                yield Problem(f"{where}.delegate", unknown_name(Sentence("the person"), away.delegate, model.people))
            elif away.delegate == key:
                yield Problem(f"{where}.delegate", Sentence("nobody stands in for oneself; name another person."))
            elif circle := _circle(model, key, away.from_):
                values = {"day": away.from_, "people": " → ".join(circle)}
                yield Problem(where, Sentence("on {day} mail would go round in a circle: {people}.", values))
            for other, earlier in enumerate(person.away[: number - 1], start=1):
                if away.from_ <= earlier.to and earlier.from_ <= away.to:
                    yield Problem(where, Sentence("it overlaps with absence {number}.", {"number": other}))


def _circle(model: PeopleModel, key: str, day: date) -> list[str]:
    """The way of somebody's mail on a day, where it comes back. Every circle closes on the first day of one of its absences."""
    way = [key]
    while away := next((a for a in model.people[way[-1]].away if a.from_ <= day <= a.to), None):
        way.append(away.delegate)
        if away.delegate == key:
            return way
        if away.delegate not in model.people or away.delegate in way[:-1]:
            break
    return []


def check_people(rulebook: Rulebook, people: People, place: str) -> None:
    """What the people file names has to be in the process files and calendars. Raises BadInput with every problem."""
    problems = (*_unknown_roles(rulebook, people, place), *_useless_calendars(rulebook, people, place))
    if problems:
        raise BadInput("{place} has mistakes.", problems, place=place)


def _unknown_roles(rulebook: Rulebook, people: People, place: str) -> list[Problem]:
    """Roles that no process knows in an office of that kind: nobody would ever be asked for them.

    A file that cannot be read may know any.
    """
    out_of_use = [each.definition for each in rulebook.catalogue.out_of_use.values()]
    if None in out_of_use:
        return []
    processes = [*rulebook.all_versions, *filter(None, out_of_use)]
    known = {
        (role.key, office.kind) for process in processes for role in process.roles.values() for office in role.offices
    }
    return [
        Problem(
            f"{place}: people.{person.key}.roles[{number}].role",
            unknown_name(Sentence("the role"), a.role, _held_in(known, kind)),
        )
        for person in people.people.values()
        for number, a in enumerate(person.assignments, start=1)
        if (a.role, kind := people.offices[a.office].kind) not in known
    ]


def _useless_calendars(rulebook: Rulebook, people: People, place: str) -> Iterator[Problem]:
    """Calendars of an office that do not exist, or that together leave no day on which mail may go to it."""
    for office in people.offices.values():
        where = f"{place}: offices.{office.key}.calendars"
        known = [rulebook.calendars[key] for key in office.calendars if key in rulebook.calendars]
        for number, key in enumerate(office.calendars, start=1):
            if key not in rulebook.calendars:
                yield Problem(f"{where}[{number}]", unknown_name(Sentence("the calendar"), key, rulebook.calendars))
        if not Calendars(tuple(known)).has_business_days:
            yield Problem(where, Sentence("together these calendars have no business day at all; leave one out."))


def _held_in(known: set[tuple[str, str]], kind: str) -> set[str]:
    return {role for role, office in known if office == kind}

"""Which office a reader keeps hours with, and what a people file may say of its days off."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from builders import office, person, rulebook
from twinflow.config import Settings
from twinflow.definitions.people import check_people, read_people
from twinflow.domain.calendar.office_hours import OfficeHours
from twinflow.domain.people.people import Assignment, Office, People
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput
from twinflow.files import prove

CHIHUAHUA = replace(office("chihuahua", "municipality", "MX", "America/Chihuahua"), calendars=("mx-labour",))
MINISTRY = replace(office("sre", "ministry", "MX", "America/Mexico_City"), calendars=("mx-labour", "mx-ministry"))
APIA = office("apia", "municipality", "WS", "Pacific/Apia")
MIDDAY = datetime(2026, 4, 28, 18, tzinfo=UTC)


def of(*assignments: Assignment, offices: Sequence[Office] = (CHIHUAHUA, MINISTRY, APIA)) -> People:
    """One person, who holds these roles."""
    return People({o.key: o for o in offices}, {"ana": person("ana", *assignments)})


def zone(found: People, now: datetime = MIDDAY) -> str:
    return hours(found, now=now).zone.key


def hours(found: People, book: Rulebook | None = None, now: datetime = MIDDAY) -> OfficeHours:
    return (book or rulebook()).hours_at(found.office_of(found.person("ana"), now))


def test_the_hours_are_those_of_the_office_where_a_role_is_held() -> None:
    found = hours(of(Assignment("reviewer", "sre")))
    assert found.zone.key == "America/Mexico_City"
    assert not found.is_working_day(date(2026, 5, 1)), "Labour Day"
    assert not found.is_working_day(date(2026, 5, 2)), "a Saturday"
    assert found.is_working_day(date(2026, 4, 28))


def test_an_office_without_calendars_works_from_monday_to_friday() -> None:
    found = hours(of(Assignment("liaison", "apia")))
    worked = [found.is_working_day(date(2026, 12, day)) for day in range(21, 28)]
    assert worked == [True] * 5 + [False] * 2, "the week of Christmas"


def test_of_several_offices_the_first_where_a_role_is_held_that_day_counts() -> None:
    later = Assignment("liaison", "chihuahua", from_day=date(2026, 5, 1))
    found = of(later, Assignment("reviewer", "sre"), Assignment("liaison", "apia"))
    assert zone(found, datetime(2026, 4, 30, 18, tzinfo=UTC)) == "America/Mexico_City"
    assert zone(found, datetime(2026, 5, 1, 18, tzinfo=UTC)) == "America/Chihuahua"


def test_the_day_on_which_a_role_is_held_is_that_of_its_office() -> None:
    """At 20:00 UTC of 30 April it is 1 May in Samoa."""
    found = of(Assignment("liaison", "apia", from_day=date(2026, 5, 1)), Assignment("reviewer", "sre"))
    assert zone(found, datetime(2026, 4, 30, 20, tzinfo=UTC)) == "Pacific/Apia"


def test_who_holds_no_role_that_day_keeps_the_hours_of_the_first_office_named() -> None:
    past = Assignment("reviewer", "sre", to_day=date(2020, 1, 1))
    assert zone(of(past, Assignment("liaison", "apia", from_day=date(2030, 1, 1)))) == "America/Mexico_City"


def test_who_was_never_given_a_role_keeps_the_hours_of_the_first_office_of_the_file() -> None:
    assert zone(of()) == "America/Chihuahua"


def test_the_calendars_of_an_office_are_put_together_once() -> None:
    found = of(Assignment("reviewer", "sre"))
    assert hours(found).calendars is hours(found).calendars


def test_another_edition_of_a_calendar_is_heeded_at_once() -> None:
    found = of(Assignment("liaison", "chihuahua"))
    before = hours(found)
    labour = rulebook().calendars["mx-labour"]
    mourning = replace(labour, holidays={**labour.holidays, date(2026, 4, 28): None}, edition="later")
    after = hours(found, rulebook().with_calendar(mourning))
    assert before.is_working_day(date(2026, 4, 28))
    assert not after.is_working_day(date(2026, 4, 28))


OFFICE = """
[offices.{key}]
kind = "municipality"
label = {{ en = "{key}", es = "{key}" }}
country = "MX"
time_zone = "America/Chihuahua"
calendars = {calendars}
"""


def problems(folder: Path, *calendars: str, found: Rulebook | None = None, more: str = "[people]") -> list[str]:
    text = "".join(OFFICE.format(key=f"office_{n}", calendars=each) for n, each in enumerate(calendars, start=1))
    (folder / "people.toml").write_text(text + more, "utf-8")
    with pytest.raises(BadInput) as mistake:
        check_people(found or rulebook(), read_people(folder / "people.toml"), "people.toml")
    return [str(problem) for problem in mistake.value.problems]


def test_calendars_that_do_not_exist_are_named_all_at_once_with_the_nearest_that_does(tmp_path: Path) -> None:
    known = ", ".join(sorted(rulebook().calendars))
    person_of_no_use = (
        '[people.ana]\nname = "Ana"\nmail = "a@x.example"\nroles = [{ role = "lison", office = "office_1" }]'
    )
    told = problems(tmp_path, '["mx-labour", "mx-labor"]', '["xyz"]', more=person_of_no_use)
    assert told[1:] == [
        "people.toml: offices.office_1.calendars[2]: the calendar “mx-labor” does not exist; did you mean “mx-labour”?",
        f"people.toml: offices.office_2.calendars[1]: the calendar “xyz” does not exist; there are: {known}.",
    ]
    assert told[0].startswith("people.toml: people.ana.roles[1].role: ")


def test_calendars_that_leave_no_day_of_the_week_are_refused(tmp_path: Path) -> None:
    labour = rulebook().calendars["mx-labour"]
    ends = replace(labour, key="ends", weekend=frozenset(range(5)))
    found = replace(rulebook(), calendars={**rulebook().calendars, "ends": ends}, _together={})
    assert problems(tmp_path, '["mx-labour", "ends"]', '["ends"]', '["mx-labour", "non"]', found=found) == [
        "people.toml: offices.office_1.calendars: together these calendars have no business day at all; leave one out.",
        f"people.toml: offices.office_3.calendars[2]: {_unknown('non', found)}",
    ]


def _unknown(name: str, found: Rulebook) -> str:
    return f"the calendar “{name}” does not exist; there are: {', '.join(sorted(found.calendars))}."


def test_calendars_are_a_list_of_names(tmp_path: Path) -> None:
    assert problems(tmp_path, '"mx-labour"') == [
        'people.toml: offices.office_1.calendars: several may stand here: write a list in square brackets, like ["mx-labour"].'
    ]


@pytest.mark.parametrize("name", ["cuenca", "demo"])
def test_every_office_of_the_examples_has_days_off(name: str) -> None:
    people = read_people(Path(__file__).parents[2] / "examples" / name / "people.toml")
    check_people(prove(Settings()), people, "people.toml")
    assert all(found.calendars for found in people.offices.values())

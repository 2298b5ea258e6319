# ruff: noqa: E501
"""Calendar files: what is shipped is complete and right, what is wrong is answered with its place, gaps are found."""

import hashlib
import tomllib
from datetime import date
from pathlib import Path

import pytest

from builders import WORKFLOWS, edited
from twinflow.definitions.calendars import (
    calendar_texts,
    check_calendar,
    check_calendars,
    read_calendar,
    read_calendars,
)
from twinflow.definitions.proposals import entry, propose
from twinflow.errors import BadInput

FOLDER = WORKFLOWS / "calendars"
CALENDARS = read_calendars(FOLDER)
DAYS_A_YEAR = {
    "au-public": (7, 10),
    "be-public": (9, 10),
    "br-national": (9, 10),
    "ec-public": (10, 15),
    "it-public": (11, 12),
    "mx-labour": (7, 8),
    "mx-ministry": (26, 31),
    "sv-public": (9, 11),
    "us-federal": (10, 15),
}
"""How many days a year may have: feasts of the law, and what is moved over the turn of the year."""

LEON = """
[calendar]
key = "leon"
label = { en = "León", es = "León" }
weekend = ["saturday", "sunday"]
first_year = 2012
last_year = 2013

[[days]]
on = 2012-01-20
label = { en = "Foundation of León", es = "Fundación de León" }
source = "test"
"""
HOLIDAYS_OF_LEON = """
[[days]]
on = 2012-12-20
to = 2013-01-04
label = { en = "Vacation", es = "Vacaciones" }
source = "agreement"
proposed = true
"""
PLACE = "workflows/calendars/leon.toml"


def more(on: str, to: str = "") -> str:
    """One more entry."""
    until = f"to = {to}\n" if to else ""
    return f'\n[[days]]\non = {on}\n{until}label = {{ en = "x", es = "x" }}\nsource = "y"\n'


def mistakes(text: str, key: str | None = "leon") -> list[str]:
    with pytest.raises(BadInput) as caught:
        read_calendar(text, PLACE, key)
    return [str(problem) for problem in caught.value.problems]


def written(folder: Path, **texts: str) -> Path:
    (folder / "calendars").mkdir()
    for name, text in texts.items():
        (folder / "calendars" / f"{name}.toml").write_text(text, "utf-8")
    return folder / "calendars"


def days_of(key: str, year: int) -> dict[date, str]:
    return {on: holiday.label["en"] for on, holiday in sorted(CALENDARS[key].holidays.items()) if on.year == year}


# What is shipped


def test_every_shipped_calendar_is_one_of_those_described_here():
    assert set(CALENDARS) == set(DAYS_A_YEAR)


@pytest.mark.parametrize("key", DAYS_A_YEAR)
def test_a_shipped_calendar_has_a_plausible_number_of_days_in_every_year_until_2027(key):
    calendar = CALENDARS[key]
    assert calendar.first_year <= 2015
    assert calendar.last_year == 2027
    least, most = DAYS_A_YEAR[key]
    counts = {year: len(days_of(key, year)) for year in range(calendar.first_year, 2028)}
    assert {year: count for year, count in counts.items() if not least <= count <= most} == {}


@pytest.mark.parametrize("key", DAYS_A_YEAR)
def test_every_entry_has_a_label_in_both_languages_and_a_source_and_says_that_nobody_checked_it(key):
    for holiday in CALENDARS[key].holidays.values():
        assert holiday.label["en"]
        assert holiday.label["es"]
        assert holiday.source.strip()
        assert holiday.proposed


@pytest.mark.parametrize("key", DAYS_A_YEAR)
def test_no_entry_of_a_shipped_file_stands_in_the_wrong_order(key):
    days = [day["on"] for day in tomllib.loads((FOLDER / f"{key}.toml").read_text("utf-8"))["days"]]
    assert days == sorted(days)


def test_a_guess_that_is_not_proposed_is_refused():
    text = LEON + HOLIDAYS_OF_LEON.replace("proposed = true", "guessed = true")
    assert mistakes(text) == [
        f"{PLACE}: days[2]: what is guessed has not been checked: write proposed = true too, or take guessed away."
    ]
    guess = read_calendar(LEON + HOLIDAYS_OF_LEON + "guessed = true\n", PLACE).holidays[date(2013, 1, 4)]
    assert (guess.proposed, guess.guessed) == (True, True)


def test_nothing_is_to_be_put_right_in_the_shipped_calendars_in_november_2026():
    assert check_calendars(FOLDER, date(2026, 11, 20)) == (len(DAYS_A_YEAR), [])


@pytest.mark.parametrize(
    ("key", "law"),
    [
        ("au-public", "Fair Work Act 2009"),
        ("be-public", "Royal Decree of 18 April 1974"),
        ("br-national", "Lei 662/1949"),
        ("ec-public", "Código del Trabajo, art. 65"),
        ("it-public", "Legge 27 maggio 1949, n. 260"),
        ("mx-labour", "Ley Federal del Trabajo, art. 74"),
        ("mx-ministry", "Ley Federal de Procedimiento Administrativo, art. 28"),
        ("sv-public", "Código de Trabajo, art. 190"),
        ("us-federal", "5 U.S.C. 6103"),
    ],
)
def test_new_years_day_rests_on_the_law_of_its_country(key, law):
    assert law in CALENDARS[key].holidays[date(2026, 1, 1)].source


# Ecuador


MOVED_IN_ECUADOR = [
    ("2017-05-24", "2017-05-26"),  # Wednesday to Friday
    ("2017-08-10", "2017-08-11"),  # Thursday to Friday
    ("2018-05-01", "2018-04-30"),  # Tuesday to Monday
    ("2018-10-09", "2018-10-08"),
    ("2019-08-10", "2019-08-09"),  # Saturday to Friday
    ("2019-11-03", "2019-11-04"),  # Sunday to Monday
    ("2020-05-24", "2020-05-25"),
    ("2021-12-25", "2021-12-24"),  # a weekend moves even Christmas
    ("2022-01-01", "2021-12-31"),  # and New Year's Day into the old year
    ("2024-10-09", "2024-10-11"),
    ("2024-11-02", "2024-11-01"),
    ("2025-05-24", "2025-05-23"),
    ("2026-05-24", "2026-05-25"),
    ("2027-08-10", "2027-08-09"),
]
PAIRS_IN_ECUADOR = [
    (2017, "2017-11-02", "2017-11-03"),  # Thursday and Friday stay
    (2018, "2018-11-02", "2018-11-01"),  # Friday and Saturday: Saturday to the Thursday before
    (2019, "2019-11-01", "2019-11-04"),  # Saturday and Sunday: each its own way
    (2020, "2020-11-02", "2020-11-03"),  # Monday and Tuesday stay
    (2021, "2021-11-02", "2021-11-01"),  # Tuesday and Wednesday: Wednesday to the Monday before
    (2022, "2022-11-04", "2022-11-03"),  # Wednesday and Thursday: Wednesday to the Friday after
    (2023, "2023-11-02", "2023-11-03"),
    (2024, "2024-11-01", "2024-11-04"),
    (2025, "2025-11-04", "2025-11-03"),  # Sunday and Monday: Sunday to the Tuesday after
    (2026, "2026-11-02", "2026-11-03"),
    (2027, "2027-11-02", "2027-11-01"),
]


@pytest.mark.parametrize(("feast", "rest"), MOVED_IN_ECUADOR)
def test_in_ecuador_the_rest_moves_and_the_feast_itself_is_worked(feast, rest):
    """Reform of the Ley Orgánica de Servicio Público and the Código del Trabajo (art. 65), 20 December 2016.

    Tuesday to Monday, Wednesday and Thursday to Friday, Saturday to Friday, Sunday to Monday. Table written by hand from
    the calendars that the ministry of tourism published.
    """
    feast, rest = date.fromisoformat(feast), date.fromisoformat(rest)
    holidays = CALENDARS["ec-public"].holidays
    assert feast not in holidays
    label = holidays[rest].label
    assert f"(moved from {feast:%A} {feast.day} {feast:%B} {feast.year})" in label["en"]
    assert label["es"].endswith(f" de {feast.year})")
    assert "(trasladado del " in label["es"]


@pytest.mark.parametrize(("year", "souls", "cuenca"), PAIRS_IN_ECUADOR)
def test_in_ecuador_2_and_3_november_are_moved_as_a_pair(year, souls, cuenca):
    """The same reform on feasts of two days running: Monday and Tuesday, Thursday and Friday stay, the others join a weekend."""
    rests = {label.split(" (")[0]: on.isoformat() for on, label in days_of("ec-public", year).items() if on.month == 11}
    assert rests == {"All Souls' Day": souls, "Independence of Cuenca": cuenca}


@pytest.mark.parametrize("stays", ["2018-12-25", "2019-01-01", "2019-12-25", "2020-02-25", "2025-03-04", "2025-12-25"])
def test_in_ecuador_christmas_new_year_and_the_tuesday_of_carnival_stay_inside_the_week(stays):
    """The reform of 20 December 2016 exempts them from moving to a Monday or a Friday."""
    assert "moved" not in CALENDARS["ec-public"].holidays[date.fromisoformat(stays)].label["en"]


def test_in_ecuador_only_what_a_decree_moved_was_moved_before_the_reform():
    """Decree 1162 of 2012 and decree 858 of 2015; Christmas 2016 was five days after the reform."""
    assert date(2015, 8, 10) in CALENDARS["ec-public"].holidays
    moved = {on: h for on, h in CALENDARS["ec-public"].holidays.items() if on.year < 2017 and "moved" in h.label["en"]}
    assert [on.isoformat() for on in moved] == ["2013-10-11", "2016-05-27", "2016-08-12", "2016-12-26"]
    assert not {date(2013, 10, 9), date(2016, 5, 24), date(2016, 8, 10)} & set(CALENDARS["ec-public"].holidays)


@pytest.mark.parametrize(
    ("day", "decree"),
    [
        ("2010-11-01", 512), ("2012-12-31", 1162), ("2013-12-30", 186), ("2013-12-31", 186), ("2016-11-04", 858),
        ("2018-12-24", 579), ("2024-04-18", 226), ("2024-04-19", 226), ("2024-10-31", 438), ("2025-01-02", 474),
        ("2025-01-03", 474), ("2025-04-17", 598), ("2026-01-02", 249),
    ],
)  # fmt: skip
def test_a_day_that_a_president_of_ecuador_granted_is_entered_under_its_decree(day, decree):
    assert CALENDARS["ec-public"].holidays[date.fromisoformat(day)].source.startswith(f"Decreto Ejecutivo {decree} ")


@pytest.mark.parametrize(
    ("day", "order"),
    [
        ("2007-01-02", 13421), ("2007-12-24", 13453), ("2008-12-26", 13482), ("2012-12-24", 13633), ("2014-12-26", 13682),
        ("2018-12-05", 13852), ("2018-12-24", 13854), ("2019-12-24", 13900), ("2020-12-24", 13965), ("2024-12-24", 14129),
        ("2025-01-09", 14133), ("2025-12-24", 14371), ("2025-12-26", 14371),
    ],
)  # fmt: skip
def test_a_day_on_which_a_president_closed_the_federal_offices_is_entered_under_its_order(day, order):
    assert CALENDARS["us-federal"].holidays[date.fromisoformat(day)].source.startswith(f"Executive Order {order} ")


# Mexico


def test_the_vacation_periods_of_the_ministry_that_no_gazette_was_read_for_are_guesses_and_nothing_else_is():
    guessed = {h.label["en"] for calendar in CALENDARS.values() for h in calendar.holidays.values() if h.guessed}
    assert guessed == {"Vacation period of the ministry"}
    periods = [h for h in CALENDARS["mx-ministry"].holidays.values() if h.label["en"] in guessed]
    assert {h.guessed for h in periods if "18 December 2023" in h.source} == {False}
    assert {h.guessed for h in periods if "18 December 2023" not in h.source} == {True}


MONDAYS = {
    2006: ("02-06", "03-21", "11-20"),
    2007: ("02-05", "03-19", "11-19"),
    2008: ("02-04", "03-17", "11-17"),
    2009: ("02-02", "03-16", "11-16"),
    2010: ("02-01", "03-15", "11-15"),
    2011: ("02-07", "03-21", "11-21"),
    2012: ("02-06", "03-19", "11-19"),
    2013: ("02-04", "03-18", "11-18"),
    2014: ("02-03", "03-17", "11-17"),
    2015: ("02-02", "03-16", "11-16"),
    2016: ("02-01", "03-21", "11-21"),
    2017: ("02-06", "03-20", "11-20"),
    2018: ("02-05", "03-19", "11-19"),
    2019: ("02-04", "03-18", "11-18"),
    2020: ("02-03", "03-16", "11-16"),
    2021: ("02-01", "03-15", "11-15"),
    2022: ("02-07", "03-21", "11-21"),
    2023: ("02-06", "03-20", "11-20"),
    2024: ("02-05", "03-18", "11-18"),
    2025: ("02-03", "03-17", "11-17"),
    2026: ("02-02", "03-16", "11-16"),
    2027: ("02-01", "03-15", "11-15"),
}
CHANGES = {2006: "2006-12-01", 2012: "2012-12-01", 2018: "2018-12-01", 2024: "2024-10-01"}


@pytest.mark.parametrize("year", MONDAYS)
def test_the_mexican_labour_law_gives_these_days(year):
    """Ley Federal del Trabajo, art. 74, since the reform of 17 January 2006; in 2006 the 21 March stayed where it is.

    Every six years the change of the federal executive: 1 December, from 2024 on 1 October.
    """
    fixed = [f"{year}-{day}" for day in ("01-01", "05-01", "09-16", "12-25")]
    changes = [CHANGES[year]] if year in CHANGES else []
    expected = sorted([*fixed, *changes, *(f"{year}-{day}" for day in MONDAYS[year])])
    assert [on.isoformat() for on in days_of("mx-labour", year)] == expected


@pytest.mark.parametrize("year", [2015, 2024, 2027])
def test_the_mexican_ministry_rests_on_the_days_of_the_administrative_law(year):
    """Ley Federal de Procedimiento Administrativo, art. 28: the days themselves, not their Mondays."""
    law = {"01-01", "02-05", "03-21", "05-01", "05-05", "09-01", "09-16", "10-12", "11-20", "12-25"}
    assert {f"{year}-{day}" for day in law} <= {on.isoformat() for on in days_of("mx-ministry", year)}


@pytest.mark.parametrize("year", MONDAYS)
def test_the_mexican_ministry_rests_on_every_day_of_the_labour_law_too(year):
    assert days_of("mx-labour", year).keys() <= days_of("mx-ministry", year).keys()


@pytest.mark.parametrize("change", CHANGES.values())
def test_the_change_of_the_federal_executive_is_free_at_the_ministry(change):
    assert "Change of Federal Government" in CALENDARS["mx-ministry"].holidays[date.fromisoformat(change)].label["en"]


def test_the_ministrys_own_days_rest_on_its_yearly_agreement_to_be_checked():
    holidays = CALENDARS["mx-ministry"].holidays
    for day in ("2026-04-02", "2026-04-03", "2026-11-02", "2026-02-02", "2026-12-28"):
        assert holidays[date.fromisoformat(day)].source.startswith("yearly agreement of the ministry")
        assert "to be checked" in holidays[date.fromisoformat(day)].source


def test_the_ministry_was_closed_from_18_december_2023_to_2_january_2024():
    """The ministry's agreement in the Diario Oficial of 18 December 2023; work began again on 3 January."""
    calendar = CALENDARS["mx-ministry"]
    assert calendar.is_business_day(date(2023, 12, 15))
    assert not [d for d in range(18, 32) if calendar.is_business_day(date(2023, 12, d))]
    assert not calendar.is_business_day(date(2024, 1, 2))
    assert calendar.is_business_day(date(2024, 1, 3))


# The others


@pytest.mark.parametrize(
    ("feast", "observed"),
    [
        ("2010-12-25", "2010-12-24"),
        ("2011-01-01", "2010-12-31"),
        ("2017-01-01", "2017-01-02"),
        ("2021-06-19", "2021-06-18"),
        ("2021-07-04", "2021-07-05"),
        ("2022-01-01", "2021-12-31"),
        ("2023-11-11", "2023-11-10"),
        ("2026-07-04", "2026-07-03"),
        ("2028-01-01", "2027-12-31"),
    ],
)
def test_in_the_united_states_saturday_is_observed_on_friday_and_sunday_on_monday(feast, observed):
    """5 U.S.C. 6103(b) for Saturday, Executive Order 11582 for Sunday."""
    feast, observed = date.fromisoformat(feast), date.fromisoformat(observed)
    label = CALENDARS["us-federal"].holidays[observed].label["en"]
    assert f"(observed for {feast:%A} {feast.day} {feast:%B} {feast.year})" in label


def test_juneteenth_is_a_federal_holiday_from_2021():
    """Public Law 117-17 of 17 June 2021."""
    assert date(2020, 6, 19) not in CALENDARS["us-federal"].holidays
    assert date(2023, 6, 19) in CALENDARS["us-federal"].holidays


@pytest.mark.parametrize(
    ("key", "before", "since"),
    [
        ("it-public", "2025-10-04", "2026-10-04"),  # Legge 151/2025
        ("br-national", "2023-11-20", "2024-11-20"),  # Lei 14.759/2023
        ("sv-public", "2015-05-10", "2016-05-10"),  # Decreto Legislativo 399 of 2016
        ("sv-public", "2012-06-17", "2013-06-17"),  # Decreto Legislativo 208 of 2012
    ],
)
def test_a_feast_is_free_from_the_year_of_its_law(key, before, since):
    assert date.fromisoformat(before) not in CALENDARS[key].holidays
    assert date.fromisoformat(since) in CALENDARS[key].holidays


def test_two_feasts_on_one_day_share_an_entry():
    assert days_of("be-public", 2008)[date(2008, 5, 1)] == "Labor Day; Ascension Day"
    assert days_of("it-public", 2011)[date(2011, 4, 25)] == "Easter Monday; Liberation Day"


@pytest.mark.parametrize(
    "instead", ["2012-01-02", "2015-12-28", "2016-12-27", "2021-12-27", "2021-12-28", "2022-01-03", "2026-12-28"]
)
def test_all_of_australia_has_another_day_for_a_feast_on_a_weekend(instead):
    assert "(in lieu of S" in CALENDARS["au-public"].holidays[date.fromisoformat(instead)].label["en"]


# Reading


def test_a_period_is_read_as_one_holiday_a_day():
    calendar = read_calendar(LEON + HOLIDAYS_OF_LEON, PLACE)
    days = [on for on in calendar.holidays if on > date(2012, 12, 1)]
    assert (days[0], days[-1], len(days)) == (date(2012, 12, 20), date(2013, 1, 4), 16)
    assert {(calendar.holidays[on].source, calendar.holidays[on].proposed) for on in days} == {("agreement", True)}
    assert all(calendar.holidays[on].on == on for on in days)


def test_the_edition_is_the_beginning_of_the_sha_256_of_the_text():
    text = LEON.replace("\n", "\r\n")
    assert read_calendar(text, PLACE).edition == hashlib.sha256(text.encode()).hexdigest()[:12]


def test_a_calendar_read_from_its_text_is_the_one_read_from_the_folder():
    texts = calendar_texts(FOLDER, CALENDARS)
    assert {key: read_calendar(text, key, key) for key, text in texts.items()} == CALENDARS
    assert all(text.encode() == (FOLDER / f"{key}.toml").read_bytes() for key, text in texts.items())


def test_without_a_key_the_calendar_keeps_its_own():
    assert read_calendar(LEON, "history").key == "leon"


TWICE = more("2012-01-20")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param(LEON + TWICE, "days[2]", "2012-01-20 is entered twice", id="a day twice"),
        pytest.param(LEON + HOLIDAYS_OF_LEON + more("2012-12-20", "2013-01-04"), "days[3]", "2012-12-20 is entered twice", id="a period twice"),
        pytest.param(LEON + HOLIDAYS_OF_LEON + more("2012-12-25"), "days[3]", "2012-12-25 is in days[2] too; entries may not overlap", id="a day in a period"),
        pytest.param(LEON + HOLIDAYS_OF_LEON + more("2013-01-04", "2013-01-09"), "days[3]", "2013-01-04 is in days[2] too", id="periods that touch"),
        pytest.param(LEON + more("2012-03-10", "2012-03-01"), "days[2]", "2012-03-01 is before 2012-03-10; to is the period's last day", id="to before on"),
        pytest.param(LEON + more("2012-03-01", "2012-05-02"), "days[2]", "63 days; a period has 62 at most", id="a long period"),
        pytest.param(LEON + more("2011-12-31"), "days[2]", "2011-12-31 is outside the years 2012 to 2013", id="too early"),
        pytest.param(LEON + more("2013-12-30", "2014-01-02"), "days[2]", "2014-01-02 is outside the years 2012 to 2013", id="a period too late"),
        pytest.param(edited(LEON, ('key = "leon"', 'key = "lyon"')), "calendar.key", "the key must be the file's name", id="key"),
        pytest.param(edited(LEON, ("on = 2012-01-20", "on = 2012-01-20\nuntil = 2012-01-21")), "days[1].until", "the key “until” does not exist", id="unknown key of a day"),
        pytest.param(edited(LEON, ("last_year", "lastyear")), "calendar.lastyear", "did you mean “last_year”?", id="unknown key of the head"),
        pytest.param(edited(LEON, ('source = "test"', 'source = ""')), "days[1].source", "the text is empty", id="empty source"),
        pytest.param(edited(LEON, ("first_year = 2012", "first_year = 1899")), "calendar.first_year", "it is at least 1900", id="first year"),
        pytest.param(edited(LEON, ("last_year = 2013", "last_year = 2101")), "calendar.last_year", "it is at most 2100", id="last year"),
        pytest.param(edited(LEON, ("last_year = 2013", "last_year = 2011")), "calendar", "last_year is before first_year", id="years"),
        pytest.param(edited(LEON, ("2012-01-20", "2012-02-30")), "not valid TOML", "", id="no such day"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_its_entry_and_what_would_be_right(text, place, words):
    (problem,) = [problem for problem in mistakes(text) if "this key is missing" not in problem]
    assert problem.startswith(f"{PLACE}: {place}")
    assert words in problem


def test_62_days_are_still_a_period():
    assert len(read_calendar(LEON + more("2012-03-01", "2012-05-01"), PLACE).holidays) == 63


def test_the_mistakes_of_all_entries_are_answered_at_once():
    text = (
        edited(LEON, ('key = "leon"', 'key = "lyon"')) + TWICE + more("2012-03-10", "2012-03-01") + more("2020-01-01")
    )
    assert [problem.split(": ")[1] for problem in mistakes(text)] == ["calendar.key", "days[2]", "days[3]", "days[4]"]


def test_one_entry_over_two_others_is_answered_for_each():
    text = LEON + more("2012-01-25") + more("2012-01-15", "2012-01-30")
    assert [problem.split(": ")[2] for problem in mistakes(text)] == [
        "2012-01-20 is in days[1] too; entries may not overlap.",
        "2012-01-25 is in days[2] too; entries may not overlap.",
    ]


def test_the_mistakes_of_all_files_are_answered_at_once(tmp_path):
    folder = written(tmp_path, leon=LEON + TWICE, lyon=LEON)
    with pytest.raises(BadInput) as caught:
        read_calendars(folder)
    assert [str(problem).split(": ")[0] for problem in caught.value.problems] == [
        "workflows/calendars/leon.toml",
        "workflows/calendars/lyon.toml",
    ]


def test_the_text_of_a_file_that_is_not_utf_8_cannot_be_had(tmp_path):
    folder = written(tmp_path, leon=LEON)
    (folder / "leon.toml").write_bytes(LEON.encode("latin-1"))
    with pytest.raises(BadInput) as caught:
        calendar_texts(folder, {"leon"})
    assert "is not UTF-8" in str(caught.value.problems[0])


# Checking

TEN_YEARS = edited(LEON, ("first_year = 2012", "first_year = 2010"), ("last_year = 2013", "last_year = 2019"))
FULL = TEN_YEARS + "".join(
    more(f"{year}-0{month}-05") for year in range(2010, 2020) for month in (2, 3, 4, 5) if year != 2012
)
"""Four days a year from 2010 to 2019, and one in 2012."""


def findings(text: str, today: date = date(2016, 1, 1)) -> list[str]:
    return [str(problem) for problem in check_calendar(read_calendar(text, PLACE), today, PLACE)]


def test_a_year_with_less_than_half_the_usual_days_is_found():
    assert findings(FULL) == [
        f"{PLACE}: 2012: days entered: 1, where half the years have 4 or more; enter those that are missing."
    ]


def test_a_year_with_half_the_usual_days_passes():
    assert findings(FULL + more("2012-05-05")) == []


def test_a_year_without_any_day_is_found():
    text = edited(FULL, ("on = 2012-01-20", "on = 2011-01-20"))
    assert findings(text) == [
        f"{PLACE}: 2012: no day is entered for this year; enter its days, or shorten first_year to last_year."
    ]


@pytest.mark.parametrize(
    ("today", "found"), [("2018-12-31", 0), ("2019-01-01", 1), ("2019-12-31", 1), ("2030-01-01", 1)]
)
def test_a_calendar_that_runs_out_within_a_year_is_found(today, found):
    problems = findings(FULL + more("2012-05-05"), date.fromisoformat(today))
    expected = f"{PLACE}: calendar.last_year: no day is entered after 2019-12-31; enter those of 2020, then set last_year to it."
    assert problems == [expected] * found


def test_a_feast_on_a_weekend_is_no_finding():
    assert date(2011, 5, 1).weekday() == 6
    assert findings(FULL + more("2012-05-05") + more("2011-05-01")) == []


def test_mistakes_of_one_file_and_gaps_of_another_are_found_together(tmp_path):
    folder = written(tmp_path, leon=FULL, lyon=edited(LEON, ('"leon"', '"lyon"')) + TWICE)
    checked, problems = check_calendars(folder, date(2016, 1, 1))
    assert checked == 2
    assert {str(problem).split(": ")[0] for problem in problems} == {
        "workflows/calendars/leon.toml",
        "workflows/calendars/lyon.toml",
    }


@pytest.mark.parametrize("name", ["nowhere", "leon.toml", "empty"])
def test_a_folder_that_holds_no_calendar_is_bad_input(tmp_path, name):
    folder = written(tmp_path, leon=LEON)
    (folder / "empty").mkdir()
    with pytest.raises(BadInput, match=name):
        check_calendars(folder / name, date(2016, 1, 1))


# Proposing


def test_the_library_proposes_the_days_of_mexico_in_2027_that_the_file_has():
    proposed = {holiday.on: holiday.label for holiday in propose("MX", 2027).entries}
    shipped = {on: h.label for on, h in CALENDARS["mx-labour"].holidays.items() if on.year == 2027}
    assert proposed == shipped


def test_a_proposal_names_the_library_only_as_a_proposal():
    holiday = propose("MX", 2027).entries[0]
    assert holiday.proposed
    assert holiday.source.startswith("proposed by the holidays library ")
    assert holiday.source.endswith(", to be checked against the gazette")


def test_proposed_entries_can_be_pasted_into_a_calendar():
    head = edited(LEON.split("[[days]]", maxsplit=1)[0], ("last_year = 2013", "last_year = 2028"))
    proposal = propose("FR", 2028)
    read = read_calendar(head + "\n".join(map(entry, proposal.entries)), PLACE)
    assert tuple(read.holidays.values()) == proposal.entries


def test_an_entry_with_quotes_and_backslashes_is_read_back_as_it_was():
    holiday = read_calendar(edited(LEON, ("Foundation of León", 'The \\"great\\" \\\\ day')), PLACE).holidays[
        date(2012, 1, 20)
    ]
    head = LEON.split("[[days]]", maxsplit=1)[0]
    assert read_calendar(head + entry(holiday), PLACE).holidays == {holiday.on: holiday}


def test_observed_days_are_kept():
    assert date(2026, 7, 3) in {holiday.on for holiday in propose("US", 2026).entries}


def test_labels_that_the_library_lacks_are_its_own_name_for_the_day():
    first = propose("IT", 2027).entries[0]
    assert (first.label["en"], first.label["es"]) == ("New Year's Day", "Capodanno")


@pytest.mark.parametrize("name", ["MX", "mx", "Mexico", "México", " méxico "])
def test_a_country_is_named_by_code_or_in_either_language(name):
    assert propose(name, 2027).country == "MX"


def test_beside_a_calendar_only_the_differences_are_left():
    proposal = propose("EC", 2018, CALENDARS["ec-public"])
    assert date(2018, 10, 9) in {holiday.on for holiday in proposal.entries}
    assert date(2018, 1, 1) not in {holiday.on for holiday in proposal.entries}
    assert [holiday.on.isoformat() for holiday in proposal.unknown] == ["2018-11-01", "2018-12-24", "2018-12-31"]


def test_beside_a_calendar_that_has_the_same_days_nothing_is_left():
    proposal = propose("MX", 2027, CALENDARS["mx-labour"])
    assert (proposal.entries, proposal.unknown) == ((), ())


def test_what_the_library_warns_of_is_passed_on():
    assert "2001 to 2035" in propose("IN", 1999).remarks[0]


@pytest.mark.parametrize(
    ("country", "year", "words"),
    [
        ("Mexcio", 2027, "near it are MX (Mexico)"),
        ("Qqqqqq", 2027, "it knows AD, AE, AF"),
        ("MX", 1899, "The year 1899 is outside the years 1900 to 2100"),
        ("MX", 2101, "The year 2101 is outside the years 1900 to 2100"),
    ],
)
def test_a_country_or_year_that_the_library_does_not_have_is_bad_input(country, year, words):
    with pytest.raises(BadInput) as caught:
        propose(country, year)
    assert words in str(caught.value)

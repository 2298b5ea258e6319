# ruff: noqa: E501
"""Files that cannot be read at all, several files with mistakes, calendars, people, and what the digest tells apart."""

import shutil

import pytest

from builders import CUENCA_FILES, NOTIFICATIONS, TINY, WORKFLOWS, directory, edited, tiny_process, write_workflows
from twinflow.definitions.calendars import read_calendars
from twinflow.definitions.catalogue import read_library
from twinflow.definitions.people import read_people
from twinflow.errors import BadInput

CALENDAR = """
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
PEOPLE = (CUENCA_FILES / "people.toml").read_text("utf-8")


def problems(read, *given):
    with pytest.raises(BadInput) as caught:
        read(*given)
    return [str(problem) for problem in caught.value.problems]


def of_process(folder, text, name="tiny.toml"):
    return problems(read_library, write_workflows(folder, text, name=name), NOTIFICATIONS, directory())


def of_calendar(folder, *edits):
    (folder / "calendars").mkdir(exist_ok=True)
    (folder / "calendars" / "leon.toml").write_text(edited(CALENDAR, *edits), "utf-8")
    return problems(read_calendars, folder / "calendars")


def of_people(folder, *edits):
    (folder / "people.toml").write_text(edited(PEOPLE, *edits), "utf-8")
    return problems(read_people, folder / "people.toml")


# A file that cannot be read


def test_a_key_written_twice_is_found_with_its_line(tmp_path):
    (problem,) = of_process(tmp_path, edited(TINY, ("version = 1", "version = 1\nversion = 2")))
    assert problem.startswith("workflows/tiny.toml: not valid TOML: Cannot overwrite a value (at line 5,")


def test_a_file_that_is_not_utf_8_is_named_with_the_byte(tmp_path):
    (problem,) = of_process(tmp_path, TINY.encode().replace("Mínimo".encode(), "Mínimo".encode("latin-1")))
    place = TINY.encode().index("Mínimo".encode()) + 2
    assert problem == f"workflows/tiny.toml: byte {place} is not UTF-8; save the file as UTF-8."


def test_a_day_that_does_not_exist_is_a_mistake_of_the_file(tmp_path):
    (problem,) = of_process(tmp_path, edited(TINY, ("2000-01-01", "2001-02-29")))
    assert "workflows/tiny.toml" in problem


def test_a_number_without_end_is_a_mistake_of_the_file(tmp_path):
    (problem,) = of_process(tmp_path, edited(TINY, ("version = 1", f"version = {'1' * 5000}")))
    assert "workflows/tiny.toml" in problem


def test_brackets_without_end_are_a_mistake_of_the_file(tmp_path):
    (problem,) = of_process(tmp_path, edited(TINY, ("version = 1", f"version = {'[' * 10_000}")))
    assert "not valid TOML" in problem


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (problem,) = of_process(tmp_path, TINY + "#" * 1_000_000)
    assert "larger than 1000000 bytes" in problem


def test_a_process_stands_in_the_file_of_its_name(tmp_path):
    (problem,) = of_process(tmp_path, TINY, name="mx/small.toml")
    assert problem == (
        "workflows/mx/small.toml: process.key: this key and version belong in "
        "workflows/tiny.toml, workflows/tiny.v1.toml."
    )


def test_the_same_version_in_two_files_is_a_mistake(tmp_path):
    write_workflows(tmp_path, TINY)
    (problem,) = of_process(tmp_path, TINY, name="tiny.v1.toml")
    assert "the same key and version are in workflows/tiny.toml" in problem


def test_a_later_version_stands_beside_the_first(tmp_path):
    write_workflows(tmp_path, TINY)
    write_workflows(tmp_path, edited(TINY, ("version = 1", "version = 2")), name="tiny.v2.toml")
    found = read_library(tmp_path, NOTIFICATIONS, directory()).catalogue
    assert [definition.version for definition in found.versions("tiny")] == [1, 2]


# Several mistakes


def test_several_mistakes_in_two_files_are_answered_all_at_once(tmp_path):
    other = edited(
        TINY, ('key = "tiny"', 'key = "other"'), ('to = "done"', 'to = "dnoe"'), ("[stages]", "[stagse]\n[stages]")
    )
    write_workflows(tmp_path, other, name="other.toml")
    found = of_process(tmp_path, edited(TINY, ('start = "open"', 'start = "opne"'), ('to = "done"', 'to = "dnoe"')))
    places = [problem.split(": ")[:2] for problem in found]
    assert ["workflows/other.toml", "stagse"] in places
    assert ["workflows/tiny.toml", "process.start"] in places
    assert ["workflows/tiny.toml", "steps.finish.to"] in places


def test_mistakes_in_a_calendar_and_in_a_process_are_answered_at_once(tmp_path):
    write_workflows(tmp_path)
    (tmp_path / "calendars" / "leon.toml").write_text(edited(CALENDAR, ("2012-01-20", "2011-01-20")), "utf-8")
    found = of_process(tmp_path, edited(TINY, ('start = "open"', 'start = "opne"')))
    assert any("calendars/leon.toml" in problem for problem in found)
    assert any("workflows/tiny.toml" in problem for problem in found)


def test_a_file_with_a_mistake_does_not_make_others_wrong(tmp_path):
    shutil.copytree(WORKFLOWS, tmp_path, dirs_exist_ok=True)
    programme = tmp_path / "annual-programme.toml"
    programme.write_text(edited(programme.read_text("utf-8"), ("version = 1", "versoin = 1")), "utf-8")
    found = problems(read_library, tmp_path, NOTIFICATIONS, directory())
    assert {problem.split(": ")[0] for problem in found} == {"workflows/annual-programme.toml"}


def test_a_notice_without_one_of_its_files_does_not_exist(tmp_path):
    shutil.copytree(NOTIFICATIONS, tmp_path / "notifications")
    (tmp_path / "notifications" / "opinion-requested" / "es" / "body.txt").unlink()
    workflows = write_workflows(tmp_path / "workflows")
    (problem,) = problems(read_library, workflows, tmp_path / "notifications", directory())
    assert "steps.ask.notices[1].notice: the notice “opinion-requested” does not exist" in problem


# The digest


@pytest.mark.parametrize(
    "edit",
    [
        ("[stages]", "# the stages\n[stages]"),
        ('start = "open"', 'start   =   "open"'),
        ('key = "tiny"\nversion = 1', 'version = 1\nkey = "tiny"'),
    ],
)
def test_comments_and_layout_leave_the_digest_as_it_is(tmp_path, edit):
    assert tiny_process(tmp_path / "a").digest == tiny_process(tmp_path / "b", edit).digest


@pytest.mark.parametrize(
    "edit",
    [
        ('length = "10 days"', 'length = "11 days"'),
        ('"1 day after"', '"2 days after"'),
        ('en = "Ask"', 'en = "Request"'),
        ('source = "test"', 'source = "law"'),
        ('met_by = ["finish"]', 'met_by = ["finish"]\nroll = "none"'),
    ],
)
def test_every_change_of_content_changes_the_digest(tmp_path, edit):
    assert tiny_process(tmp_path / "a").digest != tiny_process(tmp_path / "b", edit).digest


# Calendars


@pytest.mark.parametrize(
    ("edits", "place", "words"),
    [
        ([('source = "test"\n', 'source = "test"\n[[days]]\non = 2012-01-20\nlabel = { en = "x", es = "x" }\nsource = "y"\n')], "days[2]", "2012-01-20 is entered twice"),
        ([("2012-01-20", "2014-01-20")], "days[1]", "2014-01-20 is outside the years 2012 to 2013"),
        ([('key = "leon"', 'key = "lyon"')], "calendar.key", "the key must be the file's name"),
        ([('"saturday"', '"saturdays"')], "calendar.weekend[1]", "“saturdays” is not one of"),
        ([("on = 2012-01-20", 'on = "20/01/2012"')], "days[1].on", "20/01/2012"),
        ([('source = "test"', 'sauce = "test"')], "days[1].source", "this key is missing"),
        ([('["saturday", "sunday"]', '["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]')], "calendar", "without any working day"),
        ([("first_year = 2012", "first_year = 2014"), ("2012-01-20", "2014-01-20")], "calendar", ""),
    ],
    ids=["twice", "outside", "key", "weekday", "date", "source", "no working day", "years"],
)  # fmt: skip
def test_a_mistake_in_a_calendar_is_answered_with_its_place(tmp_path, edits, place, words):
    found = of_calendar(tmp_path, *edits)
    assert any(f"workflows/calendars/leon.toml: {place}" in problem and words in problem for problem in found), found


# People


@pytest.mark.parametrize(
    ("edits", "place", "words"),
    [
        ([('office = "registry" }', 'office = "regsitry" }')], "people.rosa.roles[1].office", "the office “regsitry” does not exist; did you mean “registry”?"),
        ([('"lucia@cuenca.example"', '"lucia"')], "people.lucia.mail", "lucia"),
        ([('country = "EC"', 'country = "Ecuador"')], "offices.cuenca.country", "Ecuador"),
        ([("America/Guayaquil", "America/Cuenca")], "offices.cuenca.time_zone", "there is no such time zone"),
        ([('kind = "registry"', 'kind = "registrar"')], "offices.registry.kind", "“registrar” is not one of"),
        ([('language = "es"', 'language = "fr"')], "people.lucia.language", "“fr” is not one of"),
        ([('name = "Lucía Enlace"\n', "")], "people.lucia.name", "this key is missing"),
        ([('name = "Lucía Enlace"', 'name = "Lucía Enlace"\nphone = "1"')], "people.lucia.phone", "the key “phone” does not exist"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_people_file_is_answered_with_its_place(tmp_path, edits, place, words):
    found = of_people(tmp_path, *edits)
    assert any(f"people.toml: {place}" in problem and words in problem for problem in found), found


def test_several_mistakes_in_the_people_file_are_answered_all_at_once(tmp_path):
    found = of_people(tmp_path, ('"lucia@cuenca.example"', '"lucia"'), ('country = "EC"', 'country = "Ecuador"'))
    assert len(found) == 2


def test_a_people_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(BadInput, match=r"no people file .*nobody\.toml: set people_file"):
        read_people(tmp_path / "nobody.toml")


@pytest.mark.parametrize(
    "address", ["lucia", "a..b@cuenca.example", "<a@cuenca.example", "ñandu@cuenca.example", "a,b@cuenca.example"]
)
def test_a_mail_address_that_no_mail_program_takes_is_a_mistake(tmp_path, address):
    (problem,) = of_people(tmp_path, ('"lucia@cuenca.example"', f'"{address}"'))
    assert "a mail address is written name@example.org" in problem

# ruff: noqa: E501
"""Files that cannot be read at all, several files with mistakes, calendars, people, and what the digest tells apart."""

import shutil

import pytest

from builders import (
    CUENCA_FILES,
    NOTIFICATIONS,
    TINY,
    WORKFLOWS,
    edited,
    tiny_process,
    write_workflows,
)
from twinflow.definitions.calendars import read_calendars
from twinflow.definitions.catalogue import read_rulebook
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
    return problems(read_rulebook, write_workflows(folder, text, name=name), NOTIFICATIONS)


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
    assert problem == "workflows/tiny.toml: line 5, column 12: what stands here is already said above it."


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
    assert "it is nested too deeply." in problem


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (problem,) = of_process(tmp_path, TINY + "#" * 125_000)
    assert "larger than 125000 bytes" in problem


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
    found = read_rulebook(tmp_path, NOTIFICATIONS).catalogue
    assert [definition.version for definition in found.versions("tiny")] == [1, 2]


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path):
    folder = write_workflows(tmp_path, b"\xef\xbb\xbf" + TINY.encode())
    assert read_rulebook(folder, NOTIFICATIONS).catalogue.version("tiny", 1).text == TINY


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (('kind = "twinning"', "kind = “twinning”"), 'line 5, column 8: texts stand between straight quotes ("), not curly ones.'),
        (('kind = "twinning"', "kind = ‘twinning’"), 'line 5, column 8: texts stand between straight quotes ("), not curly ones.'),
        (('kind = "twinning"', 'kind = "twinning”'), 'line 5, column 18: texts stand between straight quotes ("), not curly ones.'),
        (('kind = "twinning"', 'kind = "twinning'), "line 5, column 17: the closing quote of a text is missing."),
        (('kind = "twinning"', 'kind = "a “twinning” of'), "line 5, column 24: the closing quote of a text is missing."),
        (('es = "Respuesta" }\n', 'es = "Respuesta'), "the closing quote of a text is missing: the file ends before it."),
        (('es = "Respuesta" }\n', "es = 'Respuesta }\n"), "the closing quote of a text is missing: the file ends before it."),
        (("[steps.ask]", "[states.done]\n[steps.ask]"), "line 35, column 13: the table states.done stands twice."),
        (('en = "Tiny", es', 'en = "Tiny", en'), "line 10, column 37: what stands here is already said above it."),
        (('es = "Respuesta" }\n', 'es = "Respuesta" }\nnature = "target"'), "what stands in the last line is already said above it."),
        (('kind = "twinning"', "kind = “twinning” # a “kind”"), 'line 5, column 8: texts stand between straight quotes ("), not curly ones.'),
        (('kind = "twinning"', 'kind = "“twinning”" 3'), "not valid TOML: line 5, column 21 is not as it should be; texts stand in quotes, days as 2024-01-31, and each line says one thing, as key = value."),
    ],
)  # fmt: skip
def test_what_is_mistyped_in_toml_is_told_in_words_with_its_line(tmp_path, edit, sentence):
    assert of_process(tmp_path, edited(TINY, edit)) == [f"workflows/tiny.toml: {sentence}"]


# Values of another kind than is expected

LABEL = 'label = { en = "Tiny", es = "Mínimo" }'
KEY_WORDS = "write small letters, digits and _, beginning with a letter"
LENGTH_WORDS = "a length is written like 60 days, 15 business days, 6 weeks, 3 months or 5 years"
LEVEL_WORDS = "a level is written like “5 business days before”, “80 % of the time”, “on the day”, “1 day after” or “then every 30 days”"


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ((LABEL, 'label = "Tiny"'), 'process.label: this is said in both languages: write { en = "Tiny", es = "…" } (found: "Tiny").'),
        ((LABEL, "label = 7"), 'process.label: this is said in both languages: write { en = "…", es = "…" } (found: 7).'),
        ((LABEL, 'label = { en = "Tiny", es = "" }'), "process.label.es: the text is empty; write one."),
        (('by = ["liaison"]', 'by = "liaison"'), 'steps.ask.by: several may stand here: write a list in square brackets, like ["liaison"].'),
        (('by = ["liaison"]', "by = [7]"), "steps.ask.by[1]: a text in quotes is expected (found: 7)."),
        (('by = ["liaison"]', "by = []"), "steps.ask.by: nothing is in it; at least one thing belongs here."),
        (('length = "10 days"', "length = 10"), f"deadlines.answer.length: “10”: {LENGTH_WORDS}."),
        (('length = "10 days"', 'length = "ten days"'), f"deadlines.answer.length: “ten days”: {LENGTH_WORDS}."),
        (('length = "10 days"', 'length = ["10 days"]'), f"deadlines.answer.length: {LENGTH_WORDS}."),
        (('length = "10 days"', "length = {}"), "deadlines.answer.length.term: this key is missing."),
        (('length = "10 days"', 'length = { term = "x", trem = "x" }'), "deadlines.answer.length.trem: the key “trem” does not exist here."),
        (('"3 days before", "1 day after"', "3"), f"deadlines.answer.warn[1]: “3”: {LEVEL_WORDS}."),
        (('office = "municipality"', 'office = "Town hall"'), f"roles.liaison.office: “Town hall”: {KEY_WORDS}."),
        (('office = "municipality"', "office = 7"), "roles.liaison.office: a text in quotes is expected (found: 7)."),
        (('office = "municipality"', "office = [{ from = 2000-01-01 }]"), "roles.liaison.office[1].kind: this key is missing."),
        (('source = "test"', 'source = ""'), "steps.finish.source: the text is empty; write one."),
        (('source = "test"', "source = 7"), "steps.finish.source: a text in quotes is expected (found: 7)."),
        (('source = "test"', 'source = { en = "x" }'), "steps.finish.source.es: this key is missing."),
        (('to = "asked"', "to = 7"), "steps.ask.to: a text in quotes is expected (found: 7)."),
        (('to = "asked"', 'to = { state = "asked" }'), 'steps.ask.to: several may stand here: write a list in square brackets, like [{ state = "asked" }].'),
        (('to = "asked"', 'to = ["asked"]'), 'steps.ask.to[1]: several things are said here: write { … = … } (found: "asked").'),
        (('to = "asked"', 'to = [{ state = "asked", when = "never" }]'), "steps.ask.to[1].when: “never” is not one of 'all_signed'."),
        (('met_by = ["finish"]', 'met_by = [{ child = "x" }]'), "deadlines.answer.met_by[1].state: this key is missing."),
        (('name = "fact", fact = "asked_on"', 'fact = "asked_on"'), "steps.finish.requires[1]: the key “name” is missing."),
        (('name = "fact", fact = "asked_on"', 'name = "fact"'), "steps.finish.requires[1].fact: this key is missing."),
        (('name = "fact", fact = "asked_on"', 'name = "fact", fact = "asked_on", source = 7'), "steps.finish.requires[1].source: a text in quotes is expected (found: 7)."),
        (("[states.open]", '[states."Signed Text"]'), f"states.Signed Text: “Signed Text”: {KEY_WORDS}."),
        (('key = "tiny"', 'key = "Tiny Town"'), "process.key: “Tiny Town”: write small letters, digits and hyphens, beginning with a letter, and one slash at most."),
        (("from = 2000-01-01", 'from = "1 January 2000"'), 'process.in_force.from: a day is written 2024-01-31, without quotes (found: "1 January 2000").'),
        (("version = 1", 'version = "one"'), 'process.version: a whole number is expected (found: "one").'),
        (("version = 1", "version = 1.5"), "process.version: a whole number is expected (found: 1.5)."),
        (("version = 1", "version = 0"), "process.version: it is at least 1 (found: 0)."),
        (("final = true", 'final = "maybe"'), 'states.done.final: true or false is expected, without quotes (found: "maybe").'),
        (('met_by = ["finish"]', 'met_by = ["finish"]\ncut_off = "noon"'), 'deadlines.answer.cut_off: an hour is written 14:30:00, without quotes (found: "noon").'),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_told_once_and_with_what_would_be_right(tmp_path, edit, sentence):
    assert of_process(tmp_path, edited(TINY, edit)) == [f"workflows/tiny.toml: {sentence}"]


def test_where_one_of_several_keys_belongs_they_are_named(tmp_path):
    (problem,) = of_process(tmp_path, edited(TINY, ('runs_from = { fact = "asked_on" }', 'runs_from = "asked_on"')))
    assert problem.startswith(
        "workflows/tiny.toml: deadlines.answer.runs_from: several things are said here, each by its key in braces: step, fact"
    )
    assert problem.endswith('(found: "asked_on").')


def test_of_a_large_value_only_the_beginning_is_told(tmp_path):
    nested = "[" * 30 + "]" * 30
    (deep,) = of_process(tmp_path / "deep", edited(TINY, ("version = 1", f"version = {nested}")))
    (long,) = of_process(tmp_path / "long", edited(TINY, ("version = 1", f"version = [{'{ a = 1 },' * 1000}]")))
    assert deep == "deep/tiny.toml: process.version: a whole number is expected (found: [[…]])."
    assert long.count("a = 1") == 7
    assert long.endswith("…).")


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
    programme.write_text(edited(programme.read_text("utf-8"), ("version = 2", "versoin = 2")), "utf-8")
    found = problems(read_rulebook, tmp_path, NOTIFICATIONS)
    assert {problem.split(": ")[0] for problem in found} == {"workflows/annual-programme.toml"}


def test_a_notice_that_lacks_one_of_its_files_is_told_once_and_at_the_file(tmp_path):
    shutil.copytree(NOTIFICATIONS, tmp_path / "notifications")
    (tmp_path / "notifications" / "opinion-requested" / "es" / "body.txt").unlink()
    workflows = write_workflows(tmp_path / "workflows")
    (problem,) = problems(read_rulebook, workflows, tmp_path / "notifications")
    assert problem == "notifications/opinion-requested/es/body.txt: this file is missing."


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
        ([('kind = "registry"', 'kind = "Registry!"')], "offices.registry.kind", "write small letters, digits and _, beginning with a letter"),
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

"""Every file that is shipped is read by a test that finds it by itself."""

import json
import tomllib

import pytest

from builders import CUENCA_FILES, NOTIFICATIONS, WORKFLOWS, people, rulebook
from twinflow.definitions.calendars import read_calendars
from twinflow.definitions.catalogue import process_files, read_rulebook
from twinflow.definitions.models import schema
from twinflow.definitions.notices import read_notices
from twinflow.definitions.people import check_people, read_people
from twinflow.definitions.reader import name_of
from twinflow.domain.process.notices import BUILT_IN_NOTICES
from twinflow.domain.steps.requirements import REQUIREMENTS

PROCESSES = {path.relative_to(WORKFLOWS).as_posix(): path for path in process_files(WORKFLOWS)}
CALENDARS = {path.name: path for path in (WORKFLOWS / "calendars").iterdir()}
EARLIER = sorted((WORKFLOWS / "earlier").rglob("*.toml"))
NOTICES = sorted(path.name for path in NOTIFICATIONS.iterdir() if path.is_dir() and not path.name.startswith("_"))


def test_every_file_of_workflows_is_a_process_a_calendar_or_the_schema_or_an_earlier_text():
    files = {path for path in WORKFLOWS.rglob("*") if path.is_file()}
    cases = (WORKFLOWS / "cases").rglob("*.toml")
    known = {*PROCESSES.values(), *CALENDARS.values(), *cases, *EARLIER, WORKFLOWS / "process.schema.json"}
    assert files <= known


@pytest.mark.parametrize("path", EARLIER, ids=lambda path: path.name)
def test_an_earlier_text_says_the_version_of_its_name_and_a_later_one_is_in_the_catalogue(path):
    key, version = name_of(path, WORKFLOWS / "earlier")
    head = tomllib.loads(path.read_text("utf-8"))["process"]
    assert (head["key"], head["version"]) == (key, version)
    assert min(each.version for each in rulebook().catalogue.versions(key)) > version


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_file_is_in_the_catalogue_with_its_own_text(name):
    found = [d for d in rulebook().catalogue if name in {f"{d.key}.toml", f"{d.key}.v{d.version}.toml"}]
    own = PROCESSES[name].read_text("utf-8")
    assert [definition.text.startswith(own) for definition in found] == [True]
    assert all(definition.extends or definition.text == own for definition in found)


def test_there_are_as_many_definitions_as_files():
    assert len(list(rulebook().catalogue)) == len(PROCESSES) >= 3


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_file_names_the_schema_its_editor_checks_it_against(name):
    first = PROCESSES[name].read_text("utf-8").splitlines()[0]
    up = "../" * name.count("/")
    assert first == f"#:schema {up}process.schema.json"


@pytest.mark.parametrize("name", CALENDARS)
def test_every_calendar_is_read_and_every_day_has_a_source(name):
    calendar = read_calendars(WORKFLOWS / "calendars")[name.removesuffix(".toml")]
    assert calendar.last_year >= 2027
    assert all(holiday.source for holiday in calendar.holidays.values())


def test_the_schema_is_made_from_the_models():
    written = json.loads((WORKFLOWS / "process.schema.json").read_text("utf-8"))
    assert written == schema()


def test_every_notice_has_its_folder_its_table_and_every_file():
    assert sorted(read_notices(NOTIFICATIONS)) == NOTICES


def test_only_what_asks_nothing_of_anybody_can_be_switched_off():
    optional = {key for key, notice in rulebook().notices.items() if notice.optional}
    assert optional == {"agreement-registered", "agreement-renewed", "agreement-ended"}


def test_every_notice_is_sent_by_something():
    sent = {a.notice for d in rulebook().catalogue for step in d.steps.values() for a in step.announcements}
    assert set(NOTICES) == sent | set(BUILT_IN_NOTICES)


def test_every_fact_that_an_effect_records_has_a_label():
    for definition in rulebook().catalogue:
        if any(step.effect for step in definition.steps.values()):
            assert {"signed_on", "in_force_on", "term_starts_on", "ended_on"} <= definition.facts.keys()


def test_every_requirement_of_a_shipped_process_is_one_that_can_be_checked():
    used = {r.name for d in rulebook().catalogue for step in d.steps.values() for r in step.requires}
    assert used <= REQUIREMENTS.keys()


def test_every_deadline_gives_its_source():
    assert [rule.key for d in rulebook().catalogue for rule in d.deadlines.values() if not rule.source] == []


def test_the_people_of_the_example_serve_the_shipped_processes():
    found = read_people(CUENCA_FILES / "people.toml")
    check_people(read_rulebook(WORKFLOWS, NOTIFICATIONS), found, "people.toml")
    assert {office.kind for office in found.offices.values()} == {"municipality", "registry"}
    assert people().offices.keys() >= found.offices.keys()

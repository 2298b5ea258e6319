"""What would come if nobody acted, on snapshots alone: days, order, and what stays as it is said once."""

from datetime import date
from pathlib import Path

import pytest

from builders import EC, MX, NOTIFICATIONS, TINY, definition, edited, rulebook, terms, write_workflows
from twinflow.definitions.catalogue import read_rulebook
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.clock.simulation import Event, EventKind
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import BadInput
from twinflow.services.clock.simulating import FreshCase, Outlook, simulate_process

ASKED = date(2026, 3, 2)
END = """[steps.end]
from = ["asked"]
to = "done"
by = ["clock"]
notices = [{ notice = "agreement-ended", to = ["liaison"] }]
label = { en = "End", es = "Terminar" }
[steps.finish]"""


def tiny(folder: Path, *edits: tuple[str, str]) -> Rulebook:
    return read_rulebook(write_workflows(folder, edited(TINY, *edits)), NOTIFICATIONS)


def outlook(of: Rulebook, until: date, state: str = "asked", process: str = "tiny", **days: str) -> Outlook:
    known = {name: PartialDate.parse(text) for name, text in days.items()}
    case = FreshCase(of.catalogue.versions(process)[-1], ASKED, state, facts=known)
    return simulate_process(of, case, until)


def told(events: tuple[Event, ...]) -> list[tuple[str, str, list[str]]]:
    return [(e.on.isoformat(), e.level, [t.role for t in e.told]) for e in events if e.kind is EventKind.ALERT]


def test_each_level_comes_on_its_day_and_a_repetition_goes_on_to_the_last_day(tmp_path: Path) -> None:
    found = outlook(tiny(tmp_path), date(2026, 3, 23), asked_on="2026-03-02")
    assert told(found.events) == [
        ("2026-03-09", "3 days before", ["liaison"]),
        ("2026-03-13", "1 day after", ["liaison"]),
        ("2026-03-18", "every 5 days #1", ["liaison"]),
        ("2026-03-23", "every 5 days #2", ["liaison"]),
    ]
    assert (found.state, found.ends_in) == ("asked", "asked")


def test_nothing_comes_on_the_day_after_the_last_one(tmp_path: Path) -> None:
    found = outlook(tiny(tmp_path), date(2026, 3, 22), asked_on="2026-03-02")
    assert [event.on for event in found.events][-1] == date(2026, 3, 18)


def test_what_had_come_before_is_told_on_the_first_day_by_its_last_level(tmp_path: Path) -> None:
    found = outlook(tiny(tmp_path), ASKED, asked_on="2026-02-01")
    assert told(found.events) == [("2026-03-02", "every 5 days #3", ["liaison"])]
    assert found.events[0].effective_on == date(2026, 3, 2)  # not before it was on record


def test_a_date_takes_its_step_the_day_after_it_and_says_so_and_nothing_comes_after_the_end(tmp_path: Path) -> None:
    lapse = (('met_by = ["finish"]', 'on_lapse = "end"\narticle = "test"'), ("[steps.finish]", END))
    found = outlook(tiny(tmp_path, *lapse), date(2030, 1, 1), asked_on="2026-03-02")
    assert [(e.on.isoformat(), e.kind.value, e.state or e.level or e.notice) for e in found.events] == [
        ("2026-03-09", "alert", "3 days before"),
        ("2026-03-13", "step", "done"),
        ("2026-03-13", "alert", "agreement-ended"),
    ]
    assert found.events[1].effective_on == date(2026, 3, 12)
    assert found.ends_in == "done"


def test_a_step_that_cannot_be_taken_is_said_once(tmp_path: Path) -> None:
    lapse = (('met_by = ["finish"]', 'on_lapse = "end"\narticle = "test"'), ("[steps.finish]", END))
    found = outlook(tiny(tmp_path, *lapse), date(2030, 1, 1), state="open", asked_on="2026-03-02")
    (stuck,) = [event for event in found.events if event.kind is EventKind.STUCK]
    assert stuck.on == date(2026, 3, 13)
    assert [str(reason).startswith("The agreement is in the state “Open”") for reason in stuck.reasons] == [True]


def test_a_yearly_duty_that_nobody_does_is_told_of_and_not_met_when_the_next_has_passed(tmp_path: Path) -> None:
    of = tiny(tmp_path, ('length = "10 days"', 'length = "1 year"\nrecurs = true'))
    found = outlook(of, date(2028, 12, 31), asked_on="2026-03-02")
    unmet = [(event.on.isoformat(), event.occurrence) for event in found.events if event.kind is EventKind.UNMET]
    assert unmet == [("2028-03-03", 1)]
    assert [e.on.isoformat() for e in found.events if e.level == "3 days before"] == ["2027-02-27", "2028-02-28"]


def test_what_the_calendars_do_not_know_yet_is_provisional(tmp_path: Path) -> None:
    of = tiny(tmp_path, ('length = "10 days"', 'length = "10 business days"\nrecurs = true'))
    found = outlook(of, date(2029, 12, 31), asked_on="2026-03-02")
    last = of.calendars["mx-labour"].last_year
    alerts = [event for event in found.events if event.level == "1 day after"]
    assert {event.provisional for event in alerts if event.effective_on.year == last} == {False}
    assert {event.provisional for event in alerts if event.effective_on.year > last + 1} == {True}


def test_what_is_missing_is_told_once_on_the_first_day() -> None:
    case = FreshCase(definition(MX), ASKED, "in_force", facts={"signed_on": PartialDate.parse("2026")})
    found = simulate_process(rulebook(), case, date(2027, 3, 2))
    missing = [(event.on, str(event.subject)) for event in found.events if event.notice == "date-missing"]
    assert missing == [(ASKED, "date_missing:signed_on")]


def test_the_terms_of_the_text_bring_it_to_its_end() -> None:
    known = {"signed_on": PartialDate.parse("2026-03-02")}
    case = FreshCase(definition(EC), ASKED, "in_force", terms=terms(validity="36 months"), facts=known)
    found = simulate_process(rulebook(), case, date(2036, 3, 2))
    assert [(event.on.isoformat(), event.state) for event in found.events if event.state] == [("2029-03-03", "expired")]


def test_a_step_that_was_taken_begins_what_runs_from_it() -> None:
    case = FreshCase(definition(MX), ASKED, steps={"request_opinion": ASKED})
    found = simulate_process(rulebook(), case, date(2026, 6, 1))
    assert found.state == "opinion_requested"
    assert {str(event.subject) for event in found.events} == {"deadline:opinion"}
    assert {each.role for event in found.events for each in event.told} == {
        "liaison",
        "reviewer",
        "deputy",
        "supervisor",
    }


def test_everything_that_the_process_does_not_know_is_said_at_once() -> None:
    case = FreshCase(
        definition(MX),
        ASKED,
        "in_forse",
        terms=terms(validty="3 years"),
        facts={"sined_on": PartialDate.parse("2026-01-10"), "signed_on": PartialDate.parse("2026-03-03")},
        steps={"sing": ASKED, "sign": date(2026, 3, 3)},
    )
    with pytest.raises(BadInput) as mistake:
        simulate_process(rulebook(), case, date(2036, 3, 2))
    assert [str(problem.place) for problem in mistake.value.problems] == [
        "--fact signed_on",
        "--fact sined_on",
        "--state",
        "--term validty",
        "--step",
        "--step sign",
    ]


def test_a_last_day_before_the_first_is_refused() -> None:
    with pytest.raises(BadInput, match="2026-03-01 is before 2026-03-02, the first day"):
        simulate_process(rulebook(), FreshCase(definition(MX), ASKED), date(2026, 3, 1))

"""`twinflow deadlines`: computing, explaining and changing a date, as a person does it from the command line."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders import TINY, WORKFLOWS, draft_of, edited, write_workflows
from command_line import Ran, twinflow
from prepared import Prepare
from twinflow import clock
from world import EXAMPLES

NOW = datetime(2026, 3, 12, 18, tzinfo=UTC)
OPINION = "MX-9/opinion/1"
PROGRAMME = "MX-9/first_programme/1"
GROUNDS = ("--reason", "another authority is asked", "--paper", "DEP-12/26")


Run = Callable[..., Ran]


@pytest.fixture
def compute(tmp_path: Path, monkeypatch, capsys) -> Run:
    """Run `twinflow deadlines compute …` in an empty folder, without settings, people or database."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: _call(monkeypatch, capsys, "deadlines", "compute", *arguments)


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys, database_url: str) -> Run:
    """Run `twinflow …` on 12 March 2026, on either database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setenv("TWINFLOW_PEOPLE__ONE_USER_FOR_SEVERAL", "true")
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.setenv("TWINFLOW_RHYTHM__DIGEST", "each pass")

    def call(*arguments: str, **environment: str) -> Ran:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return _call(monkeypatch, capsys, *arguments)

    return call


def _call(monkeypatch, capsys, *arguments: str) -> Ran:
    return twinflow(monkeypatch, capsys, *arguments)


def open_case(run: Run, reference: str = "MX-9") -> None:
    opened = run(
        "agreements", "open", reference, "--process", "mx/twinning", "--office", "chihuahua", "--as", "elena",
        "--party", "Chihuahua/MX", "--party", "Albuquerque/US", "--on", "2026-03-02",
    )  # fmt: skip
    assert opened.code == 0, opened.err


def advance(run: Run, step: str, person: str = "elena", on: str = "2026-03-03", *more: str) -> Ran:
    return run("agreements", "advance", "MX-9", step, "--as", person, "--on", on, *more)


@pytest.fixture
def asked(run: Run, prepare: Prepare) -> Run:
    """A case whose opinion was asked for on 3 March 2026: 15 business days of the ministry."""
    prepare("asked", lambda: ask(run))
    return run


def ask(run: Run) -> None:
    open_case(run)
    for step in ("approve_profile", "send_letter", "record_answer", "complete_draft", "request_opinion"):
        done = advance(run, step, "elena", "2026-03-03", *draft_of(step))
        assert done.code == 0, done.err


@pytest.fixture
def signed(run: Run, prepare: Prepare) -> Run:
    """The same case, signed by both on 4 March 2026: the first programme is due, and the parties may agree on its day."""
    prepare("asked and signed", lambda: sign(run))
    return run


def sign(run: Run) -> None:
    ask(run)
    assert advance(run, "issue_favourable_opinion", "rita", "2026-03-04", "--set", "opinion_number=1").code == 0
    for party in ("Chihuahua", "Albuquerque"):
        assert advance(run, "sign", "elena", "2026-03-04", "--party", party).code == 0


def act(run: Run, command: str, *arguments: str, by: str = "rita", grounds: bool = True) -> Ran:
    return run("deadlines", command, *arguments, "--as", by, *(GROUNDS if grounds else ()))


def due(run: Run, key: str = OPINION) -> str | None:
    return run("deadlines", "explain", key, "--json").json["due_on"]


# Compute


def test_business_days_are_counted_by_the_calendar_that_is_named(compute: Run) -> None:
    done = compute("--from", "2026-02-18", "--length", "15 business days", "--calendar", "mx-ministry")
    assert done.code == 0
    assert done.out == "Due on Wednesday, 11 March 2026, 21 days after Wednesday, 18 February 2026.\n"


@pytest.mark.parametrize(
    ("options", "due_on"),
    [
        (
            ("--length", "15 business days", "--calendar", "mx-ministry", "--pause", "2026-02-23..2026-02-27"),
            "2026-03-19",
        ),
        (("--length", "10 business days", "--calendar", "mx-ministry", "--extend", "5 business days"), "2026-03-11"),
        (("--length", "3 months", "--first-day", "same_day"), "2026-05-17"),
        (("--length", "60 days", "--backward"), "2025-12-20"),
        (("--length", "3 days", "--calendar", "mx-ministry", "--roll", "following"), "2026-02-23"),
        (("--length", "3 days", "--calendar", "mx-ministry", "--roll", "preceding"), "2026-02-20"),
        ((), "2026-02-18"),
    ],
)
def test_what_the_options_say_is_counted(compute: Run, options: tuple[str, ...], due_on: str) -> None:
    assert compute("--from", "2026-02-18", *options, "--json").json["due_on"] == due_on


@pytest.mark.parametrize(("rule", "due_on"), [("clamp", "2026-02-28"), ("overflow", "2026-03-03")])
def test_a_month_that_is_too_short_ends_as_the_option_says(compute: Run, rule: str, due_on: str) -> None:
    done = compute("--from", "2026-01-31", "--length", "1 month", "--month-end", rule, "--json")
    assert done.json["due_on"] == due_on


def test_a_day_off_in_one_of_two_calendars_counts_only_where_any_is_enough(compute: Run) -> None:
    two = (
        "--from",
        "2026-06-30",
        "--length",
        "3 business days",
        "--calendar",
        "mx-ministry",
        "--calendar",
        "us-federal",
    )
    assert compute(*two, "--json").json["due_on"] == "2026-07-06"  # 3 July stands for 4 July in the United States
    assert compute(*two, "--counts-in", "any", "--json").json["due_on"] == "2026-07-03"


def test_a_message_at_night_counts_as_received_where_the_office_is(compute: Run) -> None:
    office = ("--zone", "America/Mexico_City", "--calendar", "mx-ministry", "--length", "5 days")
    at_night = compute("--from", "2026-02-19T05:01+00:00", *office)
    assert at_night.out.startswith("Counts as received on Wednesday, 18 February 2026. Due on Monday, 23 February 2026")
    after_hours = compute("--from", "2026-02-20T22:01-06:00", *office, "--cut-off", "15:00", "--json").json
    assert (after_hours["received_on"], after_hours["due_on"]) == ("2026-02-23", "2026-02-28")


def test_a_date_beyond_the_calendar_is_provisional_and_says_which_calendar_ends(compute: Run) -> None:
    done = compute("--from", "2027-12-20", "--length", "15 business days", "--calendar", "mx-labour")
    assert "Provisional: mx-labour is filled in for 2006 to 2027 only." in done.out


def test_a_date_counted_past_a_guessed_period_is_provisional_and_says_which_entry_is_the_guess(compute: Run) -> None:
    count = ("--from", "2026-12-10", "--length", "15 business days", "--calendar", "mx-ministry")
    done = compute(*count)
    guess = (
        "Vacation period of the ministry (mx-ministry, Monday, 21 December 2026 to Tuesday, 5 January 2027) is guessed"
    )
    assert f"Provisional: {guess}." in done.out
    ledger = compute(*count, "--explain", "--json").json
    assert ledger["provisional"]
    assert next(line["on"] for line in ledger["lines"] if any(off["guessed"] for off in line["off"])) == "2026-12-21"
    assert "guessed)" in compute(*count, "--explain").out


def test_a_date_that_would_be_the_same_without_the_guess_is_not_provisional(compute: Run) -> None:
    count = ("--calendar", "mx-ministry", "--json")
    assert not compute("--from", "2026-12-10", "--length", "5 business days", *count).json["provisional"]
    assert not compute("--from", "2026-12-10", "--length", "60 days", *count).json["provisional"]
    over_the_known_one = compute("--from", "2023-12-10", "--length", "15 business days", *count).json
    assert not over_the_known_one["provisional"], "the period of 2023 was in the gazette"


def test_a_date_that_falls_on_a_guessed_day_and_is_moved_by_it_is_provisional(compute: Run) -> None:
    moved = compute("--from", "2026-12-16", "--length", "5 days", "--calendar", "mx-ministry", "--roll", "following")
    assert "is guessed" in moved.out


def test_the_ledger_says_of_each_day_what_became_of_it(compute: Run) -> None:
    pause = ("--pause", "2026-02-23..2026-02-27")
    count = ("--from", "2026-02-18", "--length", "5 business days", "--calendar", "mx-ministry", *pause, "--explain")
    ledger = compute(*count, "--json").json
    assert [(line["on"], line["kind"], line["number"]) for line in ledger["lines"]] == [
        ("2026-02-18", "start", None),
        ("2026-02-19", "counted", 1),
        ("2026-02-20", "counted", 2),
        ("2026-02-21", "weekend", None),
        ("2026-02-22", "weekend", None),
        ("2026-02-23", "paused", None),
        ("2026-02-24", "paused", None),
        ("2026-02-25", "paused", None),
        ("2026-02-26", "paused", None),
        ("2026-02-27", "paused", None),
        ("2026-02-28", "weekend", None),
        ("2026-03-01", "weekend", None),
        ("2026-03-02", "counted", 3),
        ("2026-03-03", "counted", 4),
        ("2026-03-04", "counted", 5),
    ]
    printed = compute(*count).out
    assert all(f"{line['on']}" in printed and line["what"] in printed for line in ledger["lines"])
    assert "Pauses: from Monday, 23 February 2026 to Friday, 27 February 2026" in printed
    assert "Wed 2026-03-04 │ business day 5 │ Due date: counted" in printed


def test_a_holiday_is_named_with_its_calendar_and_source(compute: Run) -> None:
    count = ("--from", "2026-07-01", "--length", "2 business days", "--calendar", "us-federal", "--explain", "--json")
    line = next(line for line in compute(*count).json["lines"] if line["kind"] == "holiday")
    [off] = line["off"]
    assert (line["on"], off["calendar"]) == ("2026-07-03", "us-federal")
    assert off["source"]
    assert off["label"]["en"] in line["what"]


START = ("--from", "2026-02-18")
COUNT = (*START, "--length", "15 business days", "--calendar", "mx-ministry")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((*START, "--length", "PT1D"), "--length: “PT1D”: a length is written like 60 days"),
        ((*START, "--length", "15 working days"), "--length: “15 working days”"),
        ((*START, "--length", "15 working days"), "did you mean “15 business days”?"),
        ((*START, "--length", "15 días hábiles"), "did you mean “15 business days”?"),
        ((*START, "--length", "2 moths"), "did you mean “2 months”?"),
        ((*START, "--length", "-3 days"), "--length: “-3 days”"),
        ((*START, "--length", "0 days"), "--length: “0 days”"),
        ((*COUNT, "--extend", "99999 years"), "--extend: “99999 years”: a length is at most a hundred years"),
        ((*COUNT, "--extend", "60 years", "--extend", "60 years"), "--extend: all lengths together"),
        (
            (*START, "--calendar", "mx-minstry"),
            "--calendar: “mx-minstry”: there is no such calendar (did you mean “mx-",
        ),
        ((*START, "--calendar", "@"), "--calendar: “@”: there is no such calendar; there are: "),
        ((*START, "--length", "5 business days"), "--calendar: business days are counted by a calendar"),
        ((*START, "--roll", "following"), "--calendar: business days are counted by a calendar"),
        ((*COUNT, "--counts-in", "some"), "--counts-in: “some”: it is one of all, any"),
        ((*COUNT, "--first-day", "today"), "--first-day: “today”: it is one of same_day, next_day, next_business_day"),
        ((*COUNT, "--month-end", "x"), "--month-end: “x”: it is one of clamp, overflow"),
        ((*COUNT, "--roll", "x"), "--roll: “x”: it is one of following"),
        (("--from", "2026-02-18T22:01-06:00"), "--zone: --from is an instant"),
        (("--from", "2026-02-18T22:01"), "--from: “2026-02-18T22:01”: an instant is written"),
        (("--from", "2150-01-01T00:00Z"), "--from: “2150-01-01T00:00Z”: a year is one between 1800 and 2100"),
        ((*START, "--zone", "America/Mexico_City", "--cut-off", "15:00"), "--cut-off: --from is a day"),
        ((*START, "--zone", "America/Mexico_Cty"), "--zone: “America/Mexico_Cty”: there is no such time zone (did you"),
        ((*START, "--zone", "@"), "zones are written like America/Mexico_City"),
        ((*START, "--cut-off", "24:00"), "--cut-off: “24:00”: an hour is written 09:30"),
        ((*COUNT, "--pause", "2026-03-05"), "--pause: “2026-03-05”: a pause is written"),
        ((*COUNT, "--pause", "2026-03-05..2026-03-02"), "the pause ends before it begins"),
        (
            (*COUNT, "--pause", "2026-03-02..2026-03-05", "--pause", "2026-03-05..2026-03-06"),
            "--pause: the pauses from",
        ),
        ((*START, "--pause", "2026-03-02..2026-03-05"), "--pause: a fixed date, or one counted backward"),
        ((*COUNT, "--backward", "--pause", "2026-03-02..2026-03-05"), "--pause: a fixed date, or one counted backward"),
        ((*COUNT, "--backward", "--first-day", "same_day"), "--first-day: a count backward begins on the day before"),
        ((*START, "--extend", "5 days"), "--extend: a fixed date, or one counted backward"),
        ((*START, "--backward"), "--backward: say how far to count back"),
        (("--from", "2150-01-01"), "--from: “2150-01-01”: a year is one between 1800 and 2100"),
        (("--from", "2026-02-30"), "--from: “2026-02-30”: there is no such day in the calendar"),
        (("--from", "2026-02"), "--from: “2026-02”: the whole day is needed"),
    ],
)
def test_bad_input_names_the_option_and_what_would_be_right(compute: Run, options: tuple[str, ...], words: str) -> None:
    done = compute(*options)
    assert (done.code, done.out, words in done.err) == (2, "", True), done.err


def test_everything_that_is_wrong_is_said_at_once(compute: Run) -> None:
    done = compute(
        "--from", "2026-02-30", "--length", "PT1D", "--calendar", "none", "--roll", "x", "--pause", "x", "--zone", "x"
    )  # fmt: skip
    options = [line.split(":")[0].removeprefix("  - ") for line in done.err.splitlines()[1:]]
    assert sorted(options) == ["--calendar", "--from", "--length", "--pause", "--roll", "--zone"]


def test_calendars_that_leave_no_business_day_are_refused(compute: Run, tmp_path: Path, monkeypatch) -> None:
    folder = write_workflows(tmp_path / "workflows")
    text = (folder / "calendars" / "mx-ministry.toml").read_text("utf-8")
    for name, weekend in (
        ("front", ["monday", "tuesday", "wednesday"]),
        ("back", ["thursday", "friday", "saturday", "sunday"]),
    ):
        changed = re.sub(r"(?m)^key = .*$", f'key = "{name}"', text)
        changed = re.sub(r"(?m)^weekend = .*$", f"weekend = {json.dumps(weekend)}", changed)
        (folder / "calendars" / f"{name}.toml").write_text(changed, "utf-8")
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(folder))
    done = compute(*START, "--length", "5 business days", "--calendar", "front", "--calendar", "back")
    assert (done.code, done.out) == (2, "")
    assert "--calendar: no day of the week is a business day in all of the calendars together" in done.err


# Explain and list


def test_explain_prints_what_its_json_holds(asked: Run) -> None:
    shown, printed = asked("deadlines", "explain", OPINION, "--json").json, asked("deadlines", "explain", OPINION).out
    assert (shown["id"], shown["due_on"], shown["provisional"]) == (OPINION, "2026-03-25", False)
    [reading] = shown["readings"]
    assert reading["inputs"]["start_on"] == "2026-03-03"
    assert reading["inputs"]["length"] == "15 business days"
    assert reading["inputs"]["calendars"][0]["key"] == "mx-ministry"
    assert len(reading["lines"]) == 23
    assert all(line["on"] in printed for line in reading["lines"])
    assert "Calendars: Non-working days of the Ministry of Foreign Affairs, Mexico (mx-ministry, edition" in printed


def test_explain_speaks_spanish(asked: Run) -> None:
    printed = asked("deadlines", "explain", OPINION, TWINFLOW_LANGUAGE="es").out
    assert "Vencimiento: miércoles 25 de marzo de 2026" in printed
    assert "mié 2026-03-25 │ día hábil 15 │ Vencimiento: contado" in printed


def test_the_list_says_how_each_deadline_stands_and_names_it(asked: Run, monkeypatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 20, 18, tzinfo=UTC))
    [line] = asked("deadlines", "list", "--json").json
    assert (line["id"], line["standing"]) == (OPINION, "soon")
    assert "│ soon" in asked("deadlines", "list").out


def test_a_target_that_has_passed_is_not_called_overdue(asked: Run, monkeypatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 8, 20, 18, tzinfo=UTC))
    printed = asked("deadlines", "list").out
    assert "target passed" in printed
    assert "overdue" not in printed


def test_an_obligation_that_has_passed_is_overdue_and_then_very_overdue_once_its_term_was_stated(
    signed: Run, monkeypatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 5, 5, 18, tzinfo=UTC))
    [line] = [line for line in signed("deadlines", "list", "--json").json if line["id"] == PROGRAMME]
    assert line["standing"] == "unconfirmed"
    monkeypatch.setattr(clock, "now", lambda: NOW)
    stated = ("first_programme", "60 days", "--source", "text, clause 5", "--as", "elena")
    assert signed("agreements", "confirm-term", "MX-9", *stated).code == 0
    for day, words in ((5, "overdue"), (31, "overdue"), (32, "overdue"), (33, "overdue"), (34, "very overdue")):
        month, on = (5, day) if day <= 31 else (6, day - 31)
        monkeypatch.setattr(clock, "now", lambda month=month, on=on: datetime(2026, month, on, 18, tzinfo=UTC))
        [line] = [line for line in signed("deadlines", "list", "--json").json if line["id"] == PROGRAMME]
        assert line["standing"] == words
    assert "very overdue" in signed("deadlines", "list").out


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("MX-9", "“MX-9” names no deadline; one is written REFERENCE/DEADLINE/NUMBER"),
        ("MX-9/opinion/0", "names no deadline"),
        ("MX-9/opinion/2", "There is no deadline MX-9/opinion/2; there are: MX-9/answer_to_letter/1"),
        ("NOPE/opinion/1", "There is no agreement NOPE."),
    ],
)
@pytest.mark.parametrize("command", ["explain", "resume"])
def test_an_id_that_names_nothing_is_bad_input(asked: Run, command: str, key: str, words: str) -> None:
    done = asked("deadlines", command, key, *(("--as", "rita") if command == "resume" else ()))
    assert (done.code, words in done.err) == (2, True), done.err


# Pause and resume


def test_a_pause_and_its_end_move_the_date_by_the_days_between(asked: Run) -> None:
    paused = act(asked, "pause", OPINION, "--on", "2026-03-05", "--basis", "LFPA 53")
    assert paused.out == f"{OPINION}: paused, change 1. Wednesday, 25 March 2026 → Friday, 22 May 2026.\n"
    resumed = act(asked, "resume", OPINION, "--on", "2026-03-10", grounds=False)
    assert resumed.out == f"{OPINION}: resumed, change 2. Friday, 22 May 2026 → Monday, 30 March 2026.\n"
    shown = asked("deadlines", "explain", OPINION, "--json").json
    assert [change["kind"] for change in shown["changes"]] == ["pause", "resume"]
    assert shown["changes"][0]["grounds"] == [
        "reason: another authority is asked", "paper: DEP-12/26", "legal basis: LFPA 53"
    ]  # fmt: skip
    [line] = [line for line in shown["readings"][0]["lines"] if line["on"] == "2026-03-05"]
    assert line["pause"] == {
        "start": "2026-03-05", "end": "2026-03-10", "reason": "another authority is asked", "paper": "DEP-12/26"
    }  # fmt: skip


def test_what_was_done_is_there_as_json(asked: Run) -> None:
    done = asked("deadlines", "pause", OPINION, "--as", "rita", "--on", "2026-03-05", *GROUNDS, "--json").json
    assert (done["number"], done["before"], done["after"], done["waits_for"]) == (1, "2026-03-25", "2026-05-22", {})


def shipped_and(tmp_path: Path, text: str) -> Path:
    """A folder with the shipped processes, whose roles the people hold, and one more."""
    folder = write_workflows(tmp_path / "workflows", text)
    for path in WORKFLOWS.rglob("*.toml"):
        target = folder / path.relative_to(WORKFLOWS)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def tiny(run: Run, tmp_path: Path, monkeypatch) -> Run:
    """A process whose pauses need a second person and have no end; asked for on 3 March 2026, due after 10 days."""
    change = """
[deadlines.answer.pause]
by = ["liaison"]
second = "supervisor"
source = "test"
[deadlines.answer.extend]
by = ["liaison"]
at_most = "5 days"
source = "test"
"""
    supervisor = """[roles.supervisor]
office = "municipality"
label = { en = "supervisor", es = "superior" }
[states.open]"""
    folder = shipped_and(tmp_path, edited(TINY, ("[states.open]", supervisor)) + change)
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(folder))
    opened = run(
        "agreements", "open", "T-1", "--process", "tiny", "--office", "chihuahua", "--as", "elena",
        "--party", "Chihuahua/MX", "--party", "Albuquerque/US", "--on", "2026-03-02",
    )  # fmt: skip
    assert opened.code == 0, opened.err
    asked = run("agreements", "advance", "T-1", "ask", "--as", "elena", "--on", "2026-03-03")
    assert asked.code == 0, asked.err
    return run


ANSWER = "T-1/answer/1"


def test_a_pause_that_needs_a_second_person_counts_from_its_own_day_once_confirmed(tiny: Run) -> None:
    waiting = act(tiny, "pause", ANSWER, "--on", "2026-03-05", by="elena")
    assert "It waits for the confirmation of supervisor: twinflow deadlines confirm T-1/answer/1 1" in waiting.out
    again = act(tiny, "pause", ANSWER, "--on", "2026-03-06", by="elena")
    assert (again.code, "Change 1, a pause, waits for a second person." in again.err) == (1, True)
    confirmed = act(tiny, "confirm", ANSWER, "1", by="sergio", grounds=False)
    assert confirmed.out == "T-1/answer/1: change 1 confirmed. Friday, 13 March 2026 → no date while paused.\n"
    explained = tiny("deadlines", "explain", ANSWER).out
    assert "Due date: no date while paused" in explained
    assert "from Thursday, 5 March 2026, still running" in explained
    overlapping = act(tiny, "pause", ANSWER, by="elena")
    assert "It is paused already since Thursday, 5 March 2026; pauses do not overlap." in overlapping.err
    early = act(tiny, "resume", ANSWER, "--on", "2026-03-05", by="elena", grounds=False)
    assert "The pause began on Thursday, 5 March 2026; it is resumed on a later day." in early.err
    resumed = act(tiny, "resume", ANSWER, "--on", "2026-03-09", by="elena", grounds=False)
    assert "no date while paused → Tuesday, 17 March 2026" in resumed.out
    inside = act(tiny, "pause", ANSWER, "--on", "2026-03-06", by="elena")
    assert "It was paused from Thursday, 5 March 2026 until Monday, 9 March 2026" in inside.err


def test_an_extension_within_its_bound_counts_at_once_and_beyond_it_not_at_all(tiny: Run) -> None:
    assert act(tiny, "extend", ANSWER, "3 days", by="elena").code == 0
    assert due(tiny, ANSWER) == "2026-03-17"  # the 16th is a day off
    refused = act(tiny, "extend", ANSWER, "3 days", by="elena")
    assert refused.code == 1
    assert "With 3 days, 3 days it would be extended by more than 5 days in all (test)." in refused.err


def test_after_its_date_a_deadline_is_no_longer_paused(tiny: Run, monkeypatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 20, 18, tzinfo=UTC))
    assert "Its date has passed on Friday, 13 March 2026" in act(tiny, "pause", ANSWER, by="elena").err


# Extend, take back, move


def test_an_extension_counts_when_a_second_person_has_confirmed_it_and_is_gone_when_taken_back(asked: Run) -> None:
    first = due(asked)
    granted = act(asked, "extend", OPINION, "5 business days")
    assert "extended by 5 business days, change 1. It waits for the confirmation of supervisor" in granted.out
    assert due(asked) == first
    assert "changes to be confirmed: 1" in asked("agreements", "show", "MX-9").out
    own = act(asked, "confirm", OPINION, grounds=False)
    assert own.code == 1
    assert "rita made change 1; another person has to confirm it." in own.err
    confirmed = act(asked, "confirm", OPINION, by="sergio", grounds=False)
    assert "change 1 confirmed. Wednesday, 25 March 2026 → " in confirmed.out
    assert due(asked) == "2026-04-01"
    [change] = asked("deadlines", "explain", OPINION, "--json").json["changes"]
    assert change["state"] == "confirmed by sergio on Thursday, 12 March 2026"
    assert act(asked, "remove-extension", OPINION, "--number", "1").code == 0
    assert act(asked, "confirm", OPINION, "2", by="sergio", grounds=False).code == 0
    assert due(asked) == first


def test_another_day_counts_when_every_party_has_agreed_on_it(signed: Run) -> None:
    one = act(signed, "move", PROGRAMME, "--to", "2026-06-01", "--party", "Chihuahua", by="elena")
    assert "Chihuahua agrees on Monday, 1 June 2026, change 1. The date stays: Monday, 4 May 2026." in one.out
    other = act(signed, "move", PROGRAMME, "--to", "2026-06-01", "--party", "Albuquerque", by="elena")
    assert "Monday, 4 May 2026 → Monday, 1 June 2026" in other.out
    assert "agreed on by the parties" in signed("deadlines", "explain", PROGRAMME).out


# Who is told


def test_the_second_person_is_told_how_to_confirm_and_both_sides_where_the_date_went(asked: Run) -> None:
    act(asked, "extend", OPINION, "5 business days")
    asked("tick")
    act(asked, "confirm", OPINION, by="sergio", grounds=False)
    asked("tick")
    lines = asked("outbox", "list", "--json").json
    mails = {f"{line['recipient']}: {line['subject']}": asked("outbox", "show", str(line["id"])).out for line in lines}
    to_confirm = mails["sergio: MX-9: por confirmar: Dictamen de procedencia, cambio 1"]
    assert "Rita Reviewer solicita: Dictamen de procedencia: ampliado 5 días hábiles (cambio 1)" in to_confirm
    assert "twinflow deadlines confirm MX-9/opinion/1 1 --as PERSONA" in to_confirm
    moved = mails["rita: MX-9: Opinion of the ministry is now due on Wednesday, 1 April 2026"]
    assert "the due date moved from Wednesday, 25 March 2026 to Wednesday, 1 April 2026." in moved
    assert "elena: MX-9: Dictamen de procedencia vence ahora el miércoles 1 de abril de 2026" in mails


# Refusals


@pytest.mark.parametrize(
    ("arguments", "by", "reason"),
    [
        (("pause", OPINION), "elena", "elena is not reviewer of the ministry here."),
        (("pause", OPINION, "--on", "2026-03-13"), "rita", "the day Friday, 13 March 2026 is still to come."),
        (("pause", OPINION, "--on", "2026-03-02"), "rita", "is before the deadline began to run on Tuesday, 3 March 2026."),
        (("resume", OPINION), "rita", "It is not paused by an act of a person"),
        (("remove-extension", OPINION), "rita", "There is no such extension to take back."),
        (("remove-extension", OPINION, "--number", "7"), "rita", "There is no such extension to take back."),
        (("confirm", OPINION), "sergio", "No change of it waits for a second person."),
        (("extend", OPINION, "16 business days"), "rita", "With 16 business days it would be extended by more than 15"),
        (("move", OPINION, "--to", "2026-05-01", "--party", "Chihuahua"), "rita", "no basis on which it could be moved"),
    ],
)  # fmt: skip
def test_a_refusal_says_why_and_exits_1(asked: Run, arguments: tuple[str, ...], by: str, reason: str) -> None:
    grounds = arguments[0] not in {"resume", "confirm"}
    done = act(asked, *arguments, by=by, grounds=grounds)
    assert (done.code, done.out, reason in done.err) == (1, "", True), done.err
    assert "“Opinion of the ministry” of MX-9 stays as it is." in done.err


def test_all_reasons_are_said_at_once(asked: Run) -> None:
    done = act(asked, "pause", OPINION, "--on", "2026-03-13", by="elena", grounds=False)
    assert [line.removeprefix("  - ") for line in done.err.splitlines()[2:]] == [
        "elena is not reviewer of the ministry here.",
        "the day Friday, 13 March 2026 is still to come.",
        "Give the reason.",
        "Give the paper it rests on, like the number of a letter.",
    ]


@pytest.mark.parametrize(
    ("arguments", "by", "reason"),
    [
        (("pause", OPINION), "rita", "It is closed since Wednesday, 4 March 2026; what is closed stays as it was."),
        (("pause", PROGRAMME), "elena", "The process file gives no basis on which it could be paused."),
        (("extend", PROGRAMME, "5 days"), "elena", "The process file gives no basis on which it could be extended."),
        (("pause", "MX-9/last_day_for_notice/1"), "elena", "Its date is fixed: neither pauses nor extensions move it"),
        (
            ("move", PROGRAMME, "--to", "2026-06-01", "--party", "Bogotá"),
            "elena",
            "Say which party agrees: Chihuahua, Alb",
        ),
        (
            ("move", PROGRAMME, "--to", "2026-03-11", "--party", "Chihuahua"),
            "elena",
            "The day agreed on is today or later.",
        ),
        (("move", PROGRAMME, "--to", "2027-06-01", "--party", "Chihuahua"), "elena", "at the latest, by 180 days"),
    ],
)
def test_what_the_rule_does_not_allow_is_refused(signed: Run, arguments: tuple[str, ...], by: str, reason: str) -> None:
    done = act(signed, *arguments, by=by)
    assert (done.code, reason in done.err) == (1, True), done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("extend", OPINION, "15 working days", "--on", "31/02/2026"),
            ["LENGTH: “15 working days”", "--on: “31/02/2026”"],
        ),
        (
            ("move", OPINION, "--to", "2150-01-01", "--party", "x", "--on", "2026-02-30"),
            ["--to: “2150-01-01”", "--on: “2026"],
        ),
        (("confirm", OPINION, "one"), ["valid integer"]),
    ],
)
def test_bad_input_for_an_act_is_said_at_once_and_nothing_is_done(
    asked: Run, arguments: tuple[str, ...], words: list[str]
) -> None:
    done = act(asked, *arguments, grounds=False)
    assert (done.code, done.out) == (2, "")
    assert all(word in done.err for word in words), done.err


# The hour of arrival


def test_the_hour_at_which_a_letter_arrived_is_kept_in_utc(run: Run) -> None:
    open_case(run)
    assert advance(run, "approve_profile", "elena", "2026-03-03", "--at", "22:01").code == 0
    wrong = advance(run, "send_letter", "elena", "2026-03-03", "--at", "25:00")
    assert (wrong.code, "--at: “25:00”: an hour is written 09:30 or 15:00" in wrong.err) == (2, True)


def test_what_arrives_after_the_closing_hour_counts_from_the_next_business_day(
    run: Run, tmp_path: Path, monkeypatch
) -> None:
    edits = [
        ('{ fact = "asked_on" }', '{ step = "ask" }'),
        ('length = "10 days"', 'length = "10 days"\ncut_off = 15:00:00'),
    ]
    folder = shipped_and(tmp_path, edited(TINY, *edits))
    monkeypatch.setenv("TWINFLOW_WORKFLOWS_FOLDER", str(folder))
    for number, hour in (("1", "14:59"), ("2", "15:00")):
        run(
            "agreements", "open", f"T-{number}", "--process", "tiny", "--office", "chihuahua", "--as", "elena",
            "--party", "Chihuahua/MX", "--party", "Albuquerque/US", "--on", "2026-03-02", "--despite", "tried",
        )  # fmt: skip
        asked = run("agreements", "advance", f"T-{number}", "ask", "--as", "elena", "--on", "2026-03-06", "--at", hour)
        assert asked.code == 0, asked.err
    starts = [
        run("deadlines", "explain", f"T-{n}/answer/1", "--json").json["readings"][0]["inputs"]["start_on"] for n in "12"
    ]
    assert starts == ["2026-03-06", "2026-03-09"]

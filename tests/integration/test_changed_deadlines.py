"""Deadlines changed by people, through the service, on both databases: what is written, who is told, who may not."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import text

from builders import AT_PAGE, DRAFT
from prepared import Prepare
from tiny_world import loaded, tiny_world
from twinflow.domain.agreement.agreement import Agreement, Deadline, DeadlineStatus, Party
from twinflow.domain.agreement.entries import ChangeKind
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.domain.steps.round_acts import RoundAct
from twinflow.errors import BadInput, NotFound, Refused, StaleAgreement
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.deadlines.changing import ChangedDeadline, change_deadline
from twinflow.services.mail import outbox
from twinflow.services.reading import deadlines
from twinflow.services.reading.explanations import explain
from world import World

PAUSE, RESUME, EXTEND = ChangeKind.PAUSE, ChangeKind.RESUME, ChangeKind.EXTEND
REMOVE, MOVE, CONFIRM = ChangeKind.REMOVE, ChangeKind.MOVE, ChangeKind.CONFIRM
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
DUE = date(2026, 3, 24)
"""Of the opinion: fifteen business days after Monday 2 March; Monday the 16th is a holiday."""


@pytest.fixture
def requested(world: World, prepare: Prepare) -> World:
    """A Mexican case whose opinion was requested on Monday 2 March 2026."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    prepare("requested", lambda: request_opinion(world))
    return world


def request_opinion(world: World) -> None:
    new = NewAgreement("MX-1", "mx/twinning", "chihuahua", "x", world.now.date(), PARTIES, state="drafting")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    take(world, "complete_draft", records=DRAFT)
    take(world, "request_opinion")


@pytest.fixture
def signed(requested: World) -> World:
    """The same, signed by both on the same day."""
    take(requested, "issue_favourable_opinion", "rita", records={"opinion_number": "DEP-1/26"})
    for party in PARTIES:
        take(requested, "sign", party=party.name)
    return requested


def take(world: World, step: str, person: str = "elena", **more: object) -> Agreement:
    world.ready_for("MX-1", step)
    command = StepCommand(step, world.now.date(), **more)  # type: ignore[arg-type]
    done = advance_agreement(
        world.engine, world.rulebook, world.people, "MX-1", command, person=person, door=AT_PAGE, now=world.now
    )
    return done.agreement


def change(
    world: World,
    kind: ChangeKind,
    person: str = "rita",
    *,
    deadline: str = "opinion",
    people: People | None = None,
    **more: object,
) -> ChangedDeadline:
    wanted = DeadlineId("MX-1", deadline, 1)
    values = {"kind": kind, "on": world.now.date(), "reason": "another authority is asked", "paper": "OF-7", **more}
    command = ChangeCommand(**values)  # type: ignore[arg-type]
    people = people or world.people
    return change_deadline(
        world.engine, world.rulebook, people, wanted, command, person=person, door=AT_PAGE, now=world.now
    )


def reasons(world: World, kind: ChangeKind, person: str = "rita", **more: object) -> list[str]:
    with pytest.raises(Refused) as refused:
        change(world, kind, person, **more)  # type: ignore[arg-type]
    return [str(reason) for reason in refused.value.reasons]


def business_days(amount: int) -> Length:
    return Length.parse(f"{amount} business days")


def the(world: World, rule: str = "opinion") -> Deadline:
    (found,) = [deadline for deadline in loaded(world, "MX-1").deadlines if deadline.rule == rule]
    return found


def entries(world: World, kind: EntryKind) -> list[HistoryEntry]:
    return [entry for entry in loaded(world, "MX-1").history if entry.kind is kind]


def moves(world: World, rule: str = "opinion") -> list[tuple[str, str]]:
    found = [entry.details for entry in entries(world, EntryKind.DEADLINE)]
    return [(details["from"], details["to"]) for details in found if details["deadline"] == rule]


class Alert(NamedTuple):
    notice: str
    level: str
    recipient: str


def alerts(world: World, *notices: str) -> list[Alert]:
    with world.engine.connect() as connection:
        rows = connection.execute(text("SELECT notice, level, recipient FROM alert ORDER BY id"))
        return [Alert(*row) for row in rows if row.notice in notices]


def people_where(world: World, **roles_of: str) -> People:
    """The people where each person named holds another's roles as well; nobody's: none at all."""
    found = dict(world.people.people)
    for person, other in roles_of.items():
        held = (*found[person].assignments, *found[other].assignments) if other else ()
        found[person] = replace(found[person], assignments=held)
    return replace(world.people, people=found)


# With a second person


def test_without_a_day_a_change_is_of_the_office_s_today(requested: World) -> None:
    requested.now = datetime(2026, 3, 5, 4, tzinfo=UTC)  # ten in the evening of the 4th in Chihuahua
    change(requested, ChangeKind.PAUSE, on=None)
    [changed] = entries(requested, EntryKind.CHANGE)
    assert changed.effective_on == date(2026, 3, 4)


def test_an_extension_waits_for_the_second_person_and_that_person_is_asked(requested: World) -> None:
    version = loaded(requested, "MX-1").version
    done = change(requested, EXTEND, length=business_days(10), legal_basis="art. 31")
    assert (done.before, done.after, done.number) == (DUE, DUE, 1)
    assert done.waits_for["en"] == "supervisor of the liaison"
    assert (the(requested).due_on, moves(requested)) == (DUE, [])
    (entry,) = entries(requested, EntryKind.CHANGE)
    assert (entry.actor, entry.effective_on, entry.recorded_at) == ("rita", requested.now.date(), requested.now)
    assert dict(entry.details) == {
        "change": "extend",
        "deadline": "opinion",
        "occurrence": "1",
        "number": "1",
        "length": "10 business days",
        "reason": "another authority is asked",
        "paper": "OF-7",
        "legal_basis": "art. 31",
        "second": "supervisor",
    }
    assert loaded(requested, "MX-1").version == version + 1
    assert alerts(requested, "change-to-confirm", "deadline-moved") == [("change-to-confirm", "change 1", "sergio")]
    assert requested.tick().delivery.failures == ()


def test_once_confirmed_it_counts_and_those_concerned_are_told(requested: World) -> None:
    change(requested, EXTEND, length=business_days(10))
    requested.now += timedelta(days=4)
    version = loaded(requested, "MX-1").version
    done = change(requested, CONFIRM, "sergio")
    assert (done.before, done.after, done.waits_for) == (DUE, date(2026, 4, 9), {})
    assert the(requested).due_on == date(2026, 4, 9), "2 and 3 April are Maundy Thursday and Good Friday"
    assert moves(requested) == [("2026-03-24", "2026-04-09")]
    assert [entry.details["cause"] for entry in entries(requested, EntryKind.DEADLINE)] == [
        "change 1 confirm of opinion 1"
    ]
    assert loaded(requested, "MX-1").version == version + 1
    told = ("deadline-moved", "change 1 confirm of opinion 1")
    assert alerts(requested, "deadline-moved") == [(*told, "elena"), (*told, "rita")]
    assert requested.tick().delivery.failures == ()


def test_confirmed_late_it_counts_as_if_it_had_from_its_own_day(requested: World) -> None:
    change(requested, EXTEND, length=business_days(10))
    requested.now += timedelta(days=60)
    change(requested, CONFIRM, "sergio")
    assert the(requested).due_on == date(2026, 4, 9)


def test_who_asked_for_the_extension_does_not_confirm_it_in_whatever_role(requested: World) -> None:
    people = people_where(requested, rita="sergio")
    change(requested, EXTEND, length=business_days(10), people=people)
    assert reasons(requested, CONFIRM, people=people) == ["rita made change 1; another person has to confirm it."]
    assert the(requested).due_on == DUE


def test_who_does_not_hold_the_role_does_not_confirm(requested: World) -> None:
    change(requested, EXTEND, length=business_days(10))
    assert reasons(requested, CONFIRM, "elena") == ["elena is not supervisor of the liaison here."]


def test_a_role_that_nobody_holds_is_noted_where_its_confirmation_is_asked_for(requested: World) -> None:
    people = people_where(requested, sergio="")
    change(requested, EXTEND, length=business_days(10), people=people)
    assert alerts(requested, "change-to-confirm") == []
    noted = [entry.details for entry in entries(requested, EntryKind.ALERT) if "vacant" in entry.details]
    assert [(details["notice"], details["role"]) for details in noted] == [("change-to-confirm", "supervisor")]


def test_a_role_that_nobody_holds_is_noted_where_a_date_moves(requested: World) -> None:
    people = people_where(requested, elena="", david="")
    change(requested, PAUSE, people=people)
    assert [alert.recipient for alert in alerts(requested, "deadline-moved")] == ["rita"]
    noted = [entry.details for entry in entries(requested, EntryKind.ALERT) if "vacant" in entry.details]
    assert [(details["notice"], details["role"]) for details in noted] == [("deadline-moved", "liaison")]


def test_an_extension_taken_back_gives_the_first_date(requested: World) -> None:
    change(requested, EXTEND, length=business_days(10))
    change(requested, CONFIRM, "sergio")
    done = change(requested, REMOVE, reason="a slip")
    assert (done.before, done.after) == (date(2026, 4, 9), date(2026, 4, 9)), "it waits as well"
    done = change(requested, CONFIRM, "sergio")
    assert (done.before, done.after) == (date(2026, 4, 9), DUE)
    assert moves(requested) == [("2026-03-24", "2026-04-09"), ("2026-04-09", "2026-03-24")]
    assert [alert.level for alert in alerts(requested, "deadline-moved")] == [
        *["change 1 confirm of opinion 1"] * 2,
        *["change 2 confirm of opinion 1"] * 2,
    ]


# The maximum


@pytest.mark.parametrize("length", ["16 business days", "1 month", "30 days", "5 weeks"])
def test_more_than_the_maximum_is_refused_with_the_source_of_the_maximum(requested: World, length: str) -> None:
    before = loaded(requested, "MX-1")
    (reason,) = reasons(requested, EXTEND, length=Length.parse(length))
    assert reason.startswith(
        f"With {length} it would be extended by more than 15 business days in all (target: once its"
    )
    assert loaded(requested, "MX-1") == before


def test_twenty_days_are_within_fifteen_business_days_and_twenty_more_are_not(requested: World) -> None:
    change(requested, EXTEND, length=Length.parse("20 days"))
    change(requested, CONFIRM, "sergio")
    assert the(requested).due_on == date(2026, 4, 14)
    (reason,) = reasons(requested, EXTEND, length=Length.parse("20 days"))
    assert reason.startswith("With 20 days, 20 days it would be extended by more than 15 business days in all")


def test_the_maximum_holds_for_several_extensions_together_confirmed_or_not(requested: World) -> None:
    change(requested, EXTEND, length=business_days(7))
    change(requested, CONFIRM, "sergio")
    change(requested, EXTEND, length=business_days(7))
    (reason,) = reasons(requested, EXTEND, length=business_days(2))
    assert reason.startswith("With 7 business days, 7 business days, 2 business days it would be extended by more than")
    change(requested, EXTEND, length=business_days(1))


# Pauses


def test_a_pause_stops_the_count_and_resuming_goes_on_with_what_is_left(requested: World) -> None:
    """The count of the ministry stands still on the 5th, 6th, 9th and 10th of March."""
    requested.now += timedelta(days=3)
    done = change(requested, PAUSE)
    assert (done.before, done.after, done.waits_for) == (DUE, date(2026, 5, 21), {}), "at the latest, after sixty days"
    requested.now += timedelta(days=6)
    done = change(requested, RESUME)
    assert (done.before, done.after) == (date(2026, 5, 21), date(2026, 3, 30))
    assert moves(requested) == [("2026-03-24", "2026-05-21"), ("2026-05-21", "2026-03-30")]
    levels = [(alert.level, alert.recipient) for alert in alerts(requested, "deadline-moved")]
    assert levels == [
        ("change 1 pause of opinion 1", "elena"),
        ("change 1 pause of opinion 1", "rita"),
        ("change 2 resume of opinion 1", "elena"),
        ("change 2 resume of opinion 1", "rita"),
    ]


def test_a_pause_ends_by_itself_at_its_longest_even_if_nobody_resumes(requested: World) -> None:
    change(requested, PAUSE)
    longest = the(requested).due_on
    (line,) = deadlines.list_deadlines(
        requested.engine, requested.rulebook, requested.people, requested.now, viewer=OPERATOR
    ).lines
    assert (line.due_on, line.standing, str(line.standing_words)) == (longest, "paused", "paused")
    requested.now += timedelta(days=70)
    requested.confirm_clock()
    requested.tick()
    found = the(requested)
    assert (found.due_on, found.status) == (longest, DeadlineStatus.OPEN)
    (line,) = deadlines.list_deadlines(
        requested.engine, requested.rulebook, requested.people, requested.now, viewer=OPERATOR
    ).lines
    assert line.standing != "paused"
    assert reasons(requested, RESUME) == ["It is not paused by an act of a person: pause it before resuming."]


def test_what_a_state_pauses_is_not_paused_by_an_act_as_well(requested: World) -> None:
    take(requested, "make_observations", "rita")
    assert the(requested).status is DeadlineStatus.PAUSED
    assert reasons(requested, PAUSE) == ["It is paused already since 2026-03-02; pauses do not overlap."]
    assert reasons(requested, RESUME) == ["It is not paused by an act of a person: pause it before resuming."]


def test_observations_made_during_a_pause_count_each_day_once(requested: World) -> None:
    requested.now += timedelta(days=3)
    change(requested, PAUSE)
    requested.now += timedelta(days=4)
    take(requested, "make_observations", "rita")
    requested.now += timedelta(days=1)
    change(requested, RESUME)
    assert the(requested).due_on is None, "the state still pauses"
    requested.now += timedelta(days=1)
    take(requested, "answer_observations")
    assert the(requested).due_on == date(2026, 3, 30), "from the 5th to the 10th, as if it had been one pause"


def test_resuming_before_pausing_is_refused_and_writes_nothing(requested: World) -> None:
    before = loaded(requested, "MX-1")
    assert reasons(requested, RESUME) == ["It is not paused by an act of a person: pause it before resuming."]
    assert loaded(requested, "MX-1") == before


def test_a_pause_entered_later_counts_from_its_own_day(requested: World) -> None:
    requested.now += timedelta(days=9)
    change(requested, PAUSE, on=date(2026, 3, 5))
    change(requested, RESUME)
    assert the(requested).due_on == date(2026, 3, 30)


# What may not be changed


def test_what_is_closed_stays_as_it_was_and_every_reason_is_given(signed: World) -> None:
    before = loaded(signed, "MX-1")
    assert reasons(signed, EXTEND, "elena", reason="", paper="") == [
        "It is closed since 2026-03-02; what is closed stays as it was.",
        "elena is not reviewer of the ministry here.",
        "Give the reason.",
        "Give the paper it rests on, like the number of a letter.",
        "Say by how much, like 10 business days.",
    ]
    assert loaded(signed, "MX-1") == before


def test_what_the_process_file_does_not_allow_is_refused(signed: World) -> None:
    assert reasons(signed, PAUSE, "elena", deadline="first_programme") == [
        "The process file gives no basis on which it could be paused."
    ]


def test_a_deadline_that_does_not_exist_is_answered_with_those_that_do(requested: World) -> None:
    with pytest.raises(NotFound, match=r"There is no deadline MX-1/opnion/1; there are: .*MX-1/opinion/1"):
        change(requested, EXTEND, deadline="opnion")


@pytest.mark.parametrize("name", ["MX-1", "MX-1/opinion", "MX-1/opinion/0", "MX-1/Opinion/1", "/opinion/1", ""])
def test_what_names_no_deadline_is_said_to_name_none(name: str) -> None:
    with pytest.raises(BadInput, match="names no deadline"):
        DeadlineId.parse(name)


def test_a_reference_with_slashes_names_its_deadline() -> None:
    assert DeadlineId.parse("SRE/2026/7/opinion/12") == DeadlineId("SRE/2026/7", "opinion", 12)
    assert str(DeadlineId("SRE/2026/7", "opinion", 12)) == "SRE/2026/7/opinion/12"


def test_if_the_alert_cannot_be_written_nothing_of_the_change_is(requested: World) -> None:
    before = loaded(requested, "MX-1")
    with requested.engine.begin() as connection:
        connection.execute(text("ALTER TABLE alert RENAME TO alert_gone"))
    with pytest.raises(Exception, match="alert"):
        change(requested, PAUSE)
    with requested.engine.begin() as connection:
        connection.execute(text("ALTER TABLE alert_gone RENAME TO alert"))
    assert loaded(requested, "MX-1") == before


# What follows


FOLLOWED = """label = { en = "Answer", es = "Respuesta" }
[deadlines.answer.extend]
by = ["liaison"]
source = "art. 6"

[deadlines.reminder]
runs_from = { deadline = "answer" }
length = "3 days"
direction = "backward"
duty = false
nature = "legal"
source = "test"
label = { en = "Reminder", es = "Recordatorio" }
"""


def test_what_follows_a_date_moves_with_it_and_its_people_are_told_as_well(database_url: str, tmp_path: Path) -> None:
    with tiny_world(database_url, tmp_path, ('label = { en = "Answer", es = "Respuesta" }\n', FOLLOWED)) as world:
        world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
        new = NewAgreement("MX-1", "tiny", "chihuahua", "x", world.now.date(), PARTIES)
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
        take(world, "ask")
        change(world, EXTEND, "elena", deadline="answer", length=Length.parse("7 days"))
        assert moves(world, "answer") == [("2026-03-12", "2026-03-19")]
        assert moves(world, "reminder") == [("2026-03-09", "2026-03-13")]
        told = "change 1 extend of answer 1"
        assert alerts(world, "deadline-moved") == [("deadline-moved", told, "elena")] * 2
        world.tick()
        (letter,) = outbox.messages(world.engine, viewer=OPERATOR)
        assert letter.state == "accepted"


# By agreement


def test_a_date_is_moved_when_all_parties_agree_and_is_fixed_from_then_on(signed: World) -> None:
    more: dict[str, object] = {"deadline": "first_programme", "to": date(2026, 6, 30)}
    done = change(signed, MOVE, "elena", party="Chihuahua", **more)  # type: ignore[arg-type]
    assert (done.before, done.after) == (date(2026, 5, 4), date(2026, 5, 4)), "one of two"
    done = change(signed, MOVE, "elena", party="Albuquerque", **more)  # type: ignore[arg-type]
    assert (done.before, done.after) == (date(2026, 5, 4), date(2026, 6, 30))
    assert moves(signed, "first_programme") == [("2026-05-04", "2026-06-30")]
    assert [alert.level for alert in alerts(signed, "deadline-moved")] == ["change 2 move of first_programme 1"]
    assert "Its date is fixed: neither pauses nor extensions move it; the parties may agree on another." in reasons(
        signed, EXTEND, "elena", deadline="first_programme", length=business_days(1)
    )


def test_a_date_is_not_moved_further_than_the_text_allows(signed: World) -> None:
    more: dict[str, object] = {"deadline": "first_programme", "party": "Chihuahua"}
    (reason,) = reasons(signed, MOVE, "elena", to=date(2026, 11, 1), **more)
    assert reason.startswith("It can be moved to 2026-10-31 at the latest, by 180 days (Model agreement, art. XIV")
    change(signed, MOVE, "elena", to=date(2026, 10, 31), **more)  # type: ignore[arg-type]


def test_an_agreed_date_is_explained_as_agreed(signed: World) -> None:
    for party in PARTIES:
        change(signed, MOVE, "elena", deadline="first_programme", to=date(2026, 6, 30), party=party.name)
    found = explain(
        signed.engine,
        signed.rulebook,
        signed.people,
        DeadlineId("MX-1", "first_programme", 1),
        signed.now,
        viewer=OPERATOR,
    )
    assert [line.kind.value for line in found.readings[0].ledger] == ["start", "agreed"]
    assert [made.command.party for made in found.changes] == ["Chihuahua", "Albuquerque"]


# Together


def test_every_change_is_in_the_explanation_and_its_ledger_ends_on_the_date(requested: World) -> None:
    change(requested, EXTEND, length=business_days(10))
    change(requested, CONFIRM, "sergio")
    requested.now += timedelta(days=3)
    change(requested, PAUSE)
    requested.now += timedelta(days=6)
    change(requested, RESUME)
    found = explain(
        requested.engine,
        requested.rulebook,
        requested.people,
        DeadlineId.parse("MX-1/opinion/1"),
        requested.now,
        viewer=OPERATOR,
    )
    assert [(made.number, made.kind, made.confirmed_by) for made in found.changes] == [
        (1, EXTEND, "sergio"),
        (2, PAUSE, ""),
        (3, RESUME, ""),
    ]
    ledger = found.readings[0].ledger
    assert ledger[-1].on == found.deadline.due_on == the(requested).due_on
    assert [line.on.day for line in ledger if line.kind.value == "paused"] == [5, 6, 7, 8, 9, 10]


def test_of_many_who_extend_at_the_same_time_no_more_win_than_the_maximum_allows(requested: World) -> None:
    version = loaded(requested, "MX-1").version

    def attempt(_: int) -> str:
        try:
            change(requested, EXTEND, length=business_days(8))
        except (Refused, StaleAgreement) as error:
            return type(error).__name__
        return "won"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(attempt, range(16)))
    assert results.count("won") == 1
    assert len(entries(requested, EntryKind.CHANGE)) == 1
    assert loaded(requested, "MX-1").version == version + 1


def test_of_two_who_do_different_things_at_the_same_time_nothing_is_lost(requested: World) -> None:
    requested.now += timedelta(days=3)

    def act(kind: ChangeKind) -> int:
        more: dict[str, object] = {"length": business_days(8)} if kind is EXTEND else {}
        return change(requested, kind, **more).number  # type: ignore[arg-type]

    with ThreadPoolExecutor(2) as pool:
        numbers = sorted(pool.map(act, (PAUSE, EXTEND)))
    assert numbers == [1, 2]
    change(requested, CONFIRM, "sergio")
    requested.now += timedelta(days=6)
    change(requested, RESUME)
    assert the(requested).due_on == date(2026, 4, 13), "eight business days after 30 March, without 2 and 3 April"
    recorded = [(entry.details["change"], entry.details["number"]) for entry in entries(requested, EntryKind.CHANGE)]
    assert [number for _, number in recorded[:2]] == ["1", "2"]
    assert recorded[2:] == [("confirm", dict(recorded)["extend"]), ("resume", "3")]


def test_steps_taken_after_a_deadline_with_pauses_was_closed_leave_it_as_it_was(requested: World) -> None:
    take(requested, "make_observations", "rita")
    requested.now += timedelta(days=2)
    take(requested, "answer_observations")
    requested.now += timedelta(days=1)
    change(requested, PAUSE)
    requested.now += timedelta(days=1)
    requested.act("MX-1", RoundAct.CLOSE, "rita", number=1)
    take(requested, "issue_favourable_opinion", "rita", records={"opinion_number": "DEP-1/26"})
    closed = the(requested)
    assert closed.status is DeadlineStatus.MET
    requested.now += timedelta(days=1)
    for party in PARTIES:
        take(requested, "sign", party=party.name)
    requested.tick()
    assert the(requested) == closed


# Levels that were told


def swept(world: World, day: date) -> list[tuple[str, date, str]]:
    """What a sweep on the day tells about the opinion: the level, its day, to whom."""
    query = "SELECT id, level, effective_on, recipient FROM alert WHERE subject = 'deadline:opinion' ORDER BY id"
    with world.engine.connect() as connection:
        before = {row.id for row in connection.execute(text(query))}
    world.now = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    assert world.tick().sweep.problems == ()
    with world.engine.connect() as connection:
        new = [row for row in connection.execute(text(query)) if row.id not in before]
    return [(row.level, date.fromisoformat(str(row.effective_on)), row.recipient) for row in new]


def both(level: str, on: date) -> list[tuple[str, date, str]]:
    return [(level, on, "elena"), (level, on, "rita")]


def extended(world: World, amount: int) -> None:
    change(world, EXTEND, length=business_days(amount))
    change(world, CONFIRM, "sergio")


def test_levels_told_before_an_extension_are_not_told_again_and_the_others_are_planned_for_the_new_date(
    requested: World,
) -> None:
    assert swept(requested, date(2026, 3, 16)) == []
    assert swept(requested, date(2026, 3, 17)) == both("5 business days before", date(2026, 3, 17))
    extended(requested, 10)
    assert the(requested).due_on == date(2026, 4, 9)
    assert swept(requested, date(2026, 4, 8)) == []
    assert swept(requested, date(2026, 4, 9)) == both("on the day", date(2026, 4, 9))
    assert swept(requested, date(2026, 4, 10)) == both("1 business day after", date(2026, 4, 10))
    assert swept(requested, date(2026, 4, 16)) == [("5 business days after to deputy", date(2026, 4, 16), "david")]
    assert swept(requested, date(2026, 4, 22)) == []
    assert swept(requested, date(2026, 4, 23)) == [
        ("10 business days after to supervisor", date(2026, 4, 23), "sergio")
    ]


def test_repetitions_go_on_with_new_numbers_after_the_new_date(requested: World) -> None:
    assert len(swept(requested, date(2026, 3, 25))) == 6
    assert swept(requested, date(2026, 4, 10))[-2:] == both("every 10 business days #1", date(2026, 4, 10))
    requested.now += timedelta(days=3)
    extended(requested, 15)
    assert the(requested).due_on == date(2026, 4, 16)
    assert swept(requested, date(2026, 4, 30)) == []
    assert swept(requested, date(2026, 5, 4)) == both("every 10 business days #2", date(2026, 5, 4))


def test_an_extension_granted_when_its_date_has_passed_as_well_loses_no_repetition(requested: World) -> None:
    """Told on 10 and 24 April; by the new date they come on 17 April and 4 May."""
    swept(requested, date(2026, 3, 25))
    swept(requested, date(2026, 4, 10))
    assert swept(requested, date(2026, 4, 24)) == both("every 10 business days #2", date(2026, 4, 24))
    extended(requested, 5)
    assert the(requested).due_on == date(2026, 3, 31)
    assert swept(requested, date(2026, 4, 29)) == []
    assert swept(requested, date(2026, 5, 4)) == both("every 10 business days #3", date(2026, 5, 4))


def test_an_extension_taken_back_makes_what_has_passed_be_told_at_once_and_once(requested: World) -> None:
    extended(requested, 10)
    assert swept(requested, date(2026, 3, 26)) == []
    change(requested, REMOVE)
    change(requested, CONFIRM, "sergio")
    assert the(requested).due_on == DUE
    today = date(2026, 3, 26)  # none became due before the extension was taken back
    assert swept(requested, today) == [
        told
        for level in ("5 business days before", "on the day", "1 business day after")
        for told in both(level, today)
    ]
    assert swept(requested, today) == []
    assert swept(requested, date(2026, 3, 27)) == []


def test_after_weeks_without_a_clock_each_level_is_on_record_once_for_each_and_one_mail_goes_to_each(
    requested: World,
) -> None:
    requested.tick()
    assert swept(requested, date(2026, 4, 10)) == [
        *both("5 business days before", date(2026, 3, 17)),
        *both("on the day", date(2026, 3, 24)),
        *both("1 business day after", date(2026, 3, 25)),
        ("5 business days after to deputy", date(2026, 3, 31), "david"),
        ("10 business days after to supervisor", date(2026, 4, 9), "sergio"),
        *both("every 10 business days #1", date(2026, 4, 10)),
    ]
    assert requested.passes[-1].delivery.sent == 4


def test_while_it_is_paused_nothing_is_told_and_then_by_the_date_it_has(requested: World) -> None:
    take(requested, "make_observations", "rita")
    assert swept(requested, date(2026, 4, 1)) == []
    assert swept(requested, date(2026, 4, 20)) == []
    take(requested, "answer_observations")
    due_on = the(requested).due_on
    assert due_on == date(2026, 5, 12), "fifteen business days from 20 April, without 1 and 5 May"
    assert swept(requested, date(2026, 5, 3)) == []
    assert swept(requested, date(2026, 5, 6)) == both("5 business days before", date(2026, 5, 4))

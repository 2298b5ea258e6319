"""A pass long after the last one, or before it, does nothing until a person has confirmed the clock."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from office_clock import Office
from sqlalchemy import text

from tiny_world import loaded, tiny_world
from twinflow.domain.agreement.agreement import Deadline
from twinflow.domain.clock.last_pass import TOLERANCE
from twinflow.domain.people.viewer import OPERATOR
from twinflow.errors import ClockDoubted, Refused
from twinflow.mail.returned import open_mailbox
from twinflow.services.clock import last_pass
from twinflow.services.mail import outbox
from twinflow.worker.timetable import guarded
from world import EACH_MORNING, World

BACK = "the clock went back"


def test_a_pass_long_after_the_last_one_writes_nothing_and_says_in_one_sentence_what_it_saw(office: Office) -> None:
    office.at("2026-11-20T09:00").tick()
    office.asked("R-01", date(2026, 11, 10))
    before = office.books()
    with pytest.raises(ClockDoubted) as refused:
        office.at("2032-01-01T09:00").tick()
    assert str(refused.value) == (
        "The last pass was at 2026-11-20 15:00 UTC, and now it is 2032-01-01 15:00 UTC, 1868 days later. "
        "Nothing is done until somebody confirms that the clock is right: “twinflow clock confirm --as PERSON”."
    )
    assert office.books() == before
    assert office.mails == 0
    office.at("2026-11-23T09:00").tick()
    assert office.at("2026-11-24T08:00").tick().delivery.sent == 1, "all goes on as if nothing had been"


def test_once_confirmed_a_long_catching_up_tells_everything_that_is_due_and_not_told(office: Office) -> None:
    office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 16))
    office.tick()
    with pytest.raises(ClockDoubted):
        office.at("2027-01-19T09:00").tick()
    office.world.confirm_clock()
    assert office.tick().sweep.alerts == 3, "before the day, after it, and how it stands sixty days later"
    assert office.at("2027-01-20T09:00").tick().delivery.sent == 1
    assert "R-01" in office.newest_mail


def test_a_pass_before_the_last_one_reads_no_mailbox_and_tells_of_no_incident(office: Office, tmp_path) -> None:
    office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 1))
    office.tick()
    box = tmp_path / "bounces"
    box.write_text("From x\nSubject: a report\n\nof something\n\n")
    engine = office.world.engine
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET state = 'failed', next_attempt_at = NULL, settled_at = created_at"))
    before = office.books()
    office.at("2026-11-19T09:00")
    worker = replace(office.world.worker, mailbox=open_mailbox(box))
    for part in (worker.sweep, worker.mail, worker.tick):
        with pytest.raises(ClockDoubted, match=f"24 hours earlier: {BACK}"):
            part()
    assert office.books() == before
    office.at("2026-11-20T10:00")
    returned, _ = worker.mail()
    assert len(returned.messages) == 1


def test_the_first_pass_ever_over_new_books_is_believed(office: Office) -> None:
    assert office.at("2032-01-01T09:00").tick().clock == ()


def test_books_in_which_no_pass_is_kept_are_believed_from_their_newest_entry(office: Office) -> None:
    office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 10))
    with pytest.raises(
        ClockDoubted, match="The newest entry of the books was recorded at 2026-11-20 15:00 UTC, and now"
    ):
        office.at("2032-01-01T09:00").tick()
    with pytest.raises(ClockDoubted, match=BACK):
        office.at("2026-11-19T09:00").tick()
    assert office.at("2026-11-21T09:00").tick().sweep.alerts > 0


def test_how_long_is_long_can_be_set(office: Office) -> None:
    office.at("2026-11-20T09:00").tick()
    office.at("2026-12-01T09:00")
    with pytest.raises(ClockDoubted, match="11 days later"):
        replace(office.world.worker, longest_gap=timedelta(days=10)).sweep()
    replace(office.world.worker, longest_gap=timedelta(days=11)).sweep()


def test_the_clocks_of_several_machines_may_differ_by_minutes_and_the_latest_instant_stays(office: Office) -> None:
    office.at("2026-11-20T09:00").tick()
    for _ in range(3):  # it does not creep back
        office.at("2026-11-20T08:55").tick()
    office.at("2026-11-20T08:54:59")
    with pytest.raises(ClockDoubted):
        office.tick()


def test_of_passes_that_begin_together_the_wrong_one_is_refused_and_the_kept_instant_stays_right(
    office: Office,
) -> None:
    office.at("2026-11-20T09:00").tick()
    right = office.world.now + timedelta(minutes=15)
    clocks = [right, right + timedelta(days=60), right - timedelta(days=1), right + timedelta(seconds=1)] * 4

    def begin(number: int) -> bool:
        return last_pass.begin(office.world.engine, clocks[number], timedelta(days=45)).doubt is None

    with ThreadPoolExecutor(8) as pool:
        believed = list(pool.map(begin, range(len(clocks))))
    assert believed == [True, False, False, True] * 4
    with office.world.engine.connect() as connection:
        assert str(connection.execute(text("SELECT last_pass_at FROM clock")).scalar()).startswith("2026-11-20 ")
    office.world.now = right - TOLERANCE
    with pytest.raises(ClockDoubted, match="The last pass was at 2026-11-20 15:15"):
        office.tick()


def test_a_pass_that_dies_in_the_middle_has_been_and_the_next_one_does_the_rest(office: Office) -> None:
    office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 16))
    office.tick()

    def dies() -> None:
        raise KeyboardInterrupt

    office.at("2026-12-10T09:00")
    with pytest.raises(KeyboardInterrupt):
        replace(office.world.worker, refresh=dies).tick()
    with pytest.raises(ClockDoubted, match="The last pass was at 2026-12-10"):
        office.at("2026-11-21T09:00").tick()
    assert office.at("2026-12-10T09:15").tick().sweep.alerts == 3


def test_what_a_pass_a_month_ahead_has_planned_does_not_wait_for_its_day(office: Office) -> None:
    office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 16))
    office.tick()
    office.at("2026-11-24T15:00").tick()
    office.at("2026-12-23T09:00").tick()
    office.at("2026-11-25T09:00").asked("R-02", date(2026, 11, 10))
    with pytest.raises(ClockDoubted, match=f"28 days earlier: {BACK}"):
        office.tick()
    office.world.confirm_clock()
    told = office.tick()
    assert (told.sweep.alerts, told.delivery.sent) == (1, 0)
    assert office.at("2026-11-26T07:59").tick().delivery.sent == 0
    assert office.at("2026-11-26T08:00").tick().delivery.sent == 1
    assert "R-02" in office.newest_mail


def test_a_morning_that_a_wrong_clock_has_used_is_free_again(office: Office) -> None:
    office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 10))
    office.tick()
    office.at("2026-12-23T09:00").tick()
    assert office.mails == 1
    office.at("2026-11-25T09:00")
    office.world.confirm_clock()
    office.asked("R-02", date(2026, 11, 10))
    office.tick()
    assert office.at("2026-11-26T08:00").tick().delivery.sent == 1


def test_what_a_wrong_clock_tried_and_leased_is_tried_as_if_it_had_been_now(office: Office) -> None:
    office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 10))
    office.tick()
    office.smtp.answer_to_data = lambda: "451 later"
    office.at("2026-12-23T09:00").tick()
    office.smtp.answer_to_data = lambda: "250 OK"
    (waiting,) = outbox.messages(office.world.engine, viewer=OPERATOR)
    assert waiting.state == "retrying"
    office.at("2026-11-25T09:00")
    office.world.confirm_clock()
    assert office.tick().delivery.sent == 1


def test_a_message_that_a_wrong_pass_has_taken_is_free_after_a_lease(office: Office) -> None:
    office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 10))
    office.tick()
    office.at("2026-12-23T09:00")
    last_pass.begin(office.world.engine, office.world.now, timedelta(days=45))
    world = office.world
    assert len(outbox.claim_batch(world.engine, world.rulebook, world.people, world.now, 10)) == 1
    office.at("2026-11-25T09:00")
    office.world.confirm_clock()
    assert office.tick().delivery.sent == 0
    assert office.at("2026-11-25T09:10").tick().delivery.sent == 1


ANSWER = 'label = { en = "Answer", es = "Respuesta" }'
RIGHTS = (
    ANSWER,
    f"""{ANSWER}

[deadlines.objection]
runs_from = {{ fact = "asked_on" }}
length = "12 days"
nature = "legal"
late = "liaison"
duty = false
warn = ["3 days before"]
source = "test"
label = {{ en = "Objection", es = "Objeción" }}

[deadlines.report]
runs_from = {{ fact = "asked_on" }}
length = "14 days"
recurs = true
nature = "contractual"
late = "liaison"
met_by = ["finish"]
warn = ["3 days before", "1 day after"]
source = "test"
label = {{ en = "Report", es = "Informe" }}
""",
)


def test_what_a_pass_ahead_has_ended_and_opened_by_the_calendar_is_as_from_scratch_again(
    database_url: str, tmp_path, smtp
) -> None:
    with tiny_world(database_url, tmp_path, RIGHTS, mail=smtp.settings, rhythm=EACH_MORNING) as world:
        office = Office(world, smtp)
        office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 20))
        office.tick()
        before = still_open(world)
        office.at("2026-12-23T09:00").tick()
        assert still_open(world) != before
        office.at("2026-11-21T09:00")
        world.confirm_clock()
        office.tick()
        assert still_open(world) == before
        office.at("2026-11-30T09:00").tick()
        office.at("2026-12-01T09:00").tick()
        assert "Objeción" in office.newest_mail, "the pass ahead took it for over and told nobody"
        office.at("2026-12-19T09:00").tick()
        assert ("report", 2) in {deadline.key for deadline in still_open(world)}


def told(world: World) -> list[tuple[object, ...]]:
    """Every level that was told, with its day and that on which it was put on record."""
    query = (
        "SELECT subject, occurrence, level, effective_on, recorded_at FROM alert ORDER BY recorded_at, subject, level"
    )
    with world.engine.connect() as connection:
        return [(*row[:3], str(row[3]), str(row[4])[:10]) for row in connection.execute(text(query))]


def test_what_had_not_left_is_told_day_by_day_as_if_no_pass_had_been_ahead(database_url: str, tmp_path, smtp) -> None:
    found = []
    for name, url in (("wrong", database_url), ("right", f"sqlite:///{tmp_path / 'right.db'}")):
        (tmp_path / name).mkdir()
        with tiny_world(url, tmp_path / name, RIGHTS, mail=smtp.settings, rhythm=EACH_MORNING) as world:
            office = Office(world, smtp)
            office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 20))
            office.tick()
            if name == "wrong":
                office.at("2026-12-23T09:00").tick()
                office.at("2026-11-20T10:00")
                world.confirm_clock()
            for day in range(50):
                world.now = datetime(2026, 11, 20, 17, tzinfo=UTC) + timedelta(days=day)
                office.tick()
            found.append((told(world), still_open(world)))
    assert found[0] == found[1]
    assert len(found[0][0]) > 10


def still_open(world: World) -> list[Deadline]:
    return [deadline for deadline in loaded(world, "R-01").deadlines if deadline.is_open]


def test_after_a_pause_nothing_is_planned_anew(office: Office) -> None:
    office.at("2026-11-20T09:00").asked("R-01", date(2026, 11, 10))
    office.tick()
    before = office.books()
    office.at("2027-01-19T07:00")
    office.world.confirm_clock()
    after = office.books()
    assert {name for name in after if after[name] != before[name]} == {"clock", "clock_confirmation"}


def test_entries_of_days_to_come_are_reported_by_each_pass_whatever_else_it_does(office: Office) -> None:
    office.at("2026-11-20T09:00").tick()
    office.at("2026-12-20T09:00").asked("R-01", date(2026, 11, 10))
    said = "Entries recorded later than now: 1, the latest at 2026-12-20 15:00 UTC, of R-01."
    for _ in range(2):
        assert [str(each) for each in office.at("2026-11-21T09:00").tick().clock] == [said]
    with pytest.raises(ClockDoubted) as refused:
        office.at("2026-11-21T08:00").tick()
    (reason,) = refused.value.reasons
    assert str(reason).startswith("Entries recorded later than now: ")
    assert office.at("2026-12-20T09:00").tick().clock == ()


def test_of_many_agreements_with_such_entries_a_few_are_named(office: Office) -> None:
    office.at("2026-11-20T09:00").tick()
    office.at("2026-12-20T09:00")
    for number in range(7):
        office.asked(f"R-0{number}", date(2026, 11, 10))
    (said,) = office.at("2026-11-21T09:00").tick().clock
    assert str(said).endswith(": 7, the latest at 2026-12-20 15:00 UTC, of R-00, R-01, R-02, R-03, R-04, ….")


def test_who_confirms_and_when_stays_on_record_and_an_office_without_that_role_cannot(office: Office) -> None:
    office.at("2026-11-20T09:00").tick()
    office.at("2026-11-19T09:00")
    with pytest.raises(Refused, match="sergio cannot confirm the clock: that is for a liaison officer"):
        office.world.confirm_clock("sergio")
    office.world.confirm_clock("elena")
    (kept,) = last_pass.confirmations(office.world.engine)
    assert (kept.person, kept.confirmed_at, kept.last_at - kept.confirmed_at) == (
        "elena",
        office.world.now,
        timedelta(days=1),
    )
    with pytest.raises(Refused, match="There is nothing to confirm"):
        office.world.confirm_clock("elena")


def test_what_runs_by_itself_logs_it_once_and_again_when_it_changes_and_goes_on_once_confirmed(
    office: Office, caplog
) -> None:
    office.at("2026-11-20T09:00").tick()
    world = office.world
    worker = replace(world.worker, clock=lambda: world.now)
    office.at("2032-01-01T09:00")
    for _ in range(5):
        guarded(worker.sweep)
        guarded(worker.mail)
        world.now += timedelta(minutes=1)
    assert [record.getMessage()[:33] for record in caplog.records] == ["The last pass was at 2026-11-20 1"]
    office.at("2035-01-01T09:00")
    guarded(worker.mail)
    guarded(worker.sweep)
    assert len(caplog.records) == 2
    office.at("2026-12-01T09:00").asked("R-01", date(2026, 11, 10))
    assert worker.sweep().alerts == 1
    assert len(caplog.records) == 2


def test_over_the_books_of_a_demonstration_any_clock_is_believed(office: Office) -> None:
    last_pass.mark_demonstration(office.world.engine)
    for instant in ("2026-11-20T09:00", "2032-01-01T09:00", "2027-01-01T09:00"):
        office.at(instant).tick()

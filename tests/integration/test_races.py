"""Several at once: sweeps, mailers, steps and first starts, on both databases. Nothing is lost and nothing told twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from builders import AT_PAGE, DRAFT, SIGNED_TEXT, new_case
from smtp import RecordingServer
from twinflow import bootstrap
from twinflow.config import DatabaseSettings, Settings
from twinflow.domain.agreement.agreement import Agreement, Party
from twinflow.domain.agreement.findings import findings, found_anew
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.telling import Telling
from twinflow.domain.mail.letter import Letter
from twinflow.domain.mail.message import MessageState, Settlement
from twinflow.domain.mail.retries import after_failure
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import MailFailed
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.alerts.telling import tell
from twinflow.services.clock.sweep import sweep
from twinflow.services.mail import outbox
from twinflow.services.mail.letters import letters
from twinflow.storage.unit_of_work import UnitOfWork
from world import CUENCA, World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
SIGNING = (
    ("complete_draft", "elena", DRAFT),
    ("request_opinion", "elena", {}),
    ("issue_favourable_opinion", "rita", {"opinion_number": "DEP-1/26"}),
)


def signed_case(world: World, reference: str = "MX-1") -> None:
    """A Mexican case signed by both on Monday 2 March 2026."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    today = world.now.date()
    new = new_case(reference, "mx/twinning", "chihuahua", "x", today, PARTIES, state="drafting")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    for step, person, records in SIGNING:
        take(world, reference, StepCommand(step, today, records=records), person)
    for party in PARTIES:
        take(world, reference, StepCommand("sign", today, party=party.name), "elena")


def take(world: World, reference: str, command: StepCommand, person: str = "elena") -> None:
    advance_agreement(
        world.engine, world.rulebook, world.people, reference, command, person=person, door=AT_PAGE, now=world.now
    )


def loaded(world: World, reference: str) -> Agreement:
    with UnitOfWork(world.engine, reading=True) as work:
        return work.agreements.get(reference)


def test_sweeps_at_the_same_time_tell_each_thing_once(cuenca: World) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: sweep(cuenca.engine, cuenca.rulebook, cuenca.people, cuenca.now), range(4)))
    assert [result.problems for result in results] == [()] * 4
    assert sum(result.alerts for result in results) == 9
    assert sorted(reference for result in results for reference in result.lapsed) == ["CU-02", "CU-10"]
    assert cuenca.tick().delivery.sent == 1


def test_sweeps_at_the_same_time_open_the_next_year_of_a_duty_once(world: World) -> None:
    signed_case(world)
    take(world, "MX-1", StepCommand("file_signed_text", world.now.date(), records=SIGNED_TEXT))
    take(world, "MX-1", StepCommand("request_registration", world.now.date()))
    take(world, "MX-1", StepCommand("register", world.now.date(), records={"registry_number": "R-1/26"}), "ramon")
    world.tick()
    world.now += timedelta(days=400)
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda _: sweep(world.engine, world.rulebook, world.people, world.now), range(3)))
    assert [result.problems for result in results] == [()] * 3
    years = [deadline.occurrence for deadline in loaded(world, "MX-1").deadlines if deadline.rule == "evaluation"]
    assert years == [1, 2]


def test_an_alert_never_joins_a_digest_that_a_mailer_has_already_taken(
    make_world: Callable[..., World], smtp: RecordingServer
) -> None:
    world = make_world(smtp.settings)
    signed_case(world)
    sweep(world.engine, world.rulebook, world.people, world.now)
    with UnitOfWork(world.engine, reading=True) as work:
        (first,) = [message for message in work.outbox.messages() if message.digest and message.recipient == "elena"]
    telling = Telling(
        "opinion-issued",
        AlertSubject(SubjectKind.STEP, "sign"),
        ("liaison",),
        world.now.date(),
        9,
        details={"state": "signed"},
    )
    with UnitOfWork(world.engine) as work, ThreadPoolExecutor(1) as pool:
        case = work.agreements.lock("MX-1")
        tell(work, world.rulebook, world.people, work.agreements.id_of("MX-1"), case, telling, world.now)
        mailer = pool.submit(outbox.claim_batch, world.engine, world.rulebook, world.people, world.now, 10)
        work.commit()
        taken = {message.id: message for message in mailer.result()}
    if first.id not in taken:  # on PostgreSQL a mailer passes over what is held, and comes back for it
        taken = {
            message.id: message
            for message in outbox.claim_batch(world.engine, world.rulebook, world.people, world.now, 10)
        }
    letter = letters(world.engine, world.rulebook, world.people, [taken[first.id]], world.now).letters[first.id]
    assert isinstance(letter, Letter)
    assert "opinion-issued" in [item.notice for item in letter.items]


def test_tellers_of_the_same_people_in_another_order_do_not_lock_each_other_out(world: World) -> None:
    signed_case(world, "MX-1")
    signed_case(world, "MX-2")

    def announce(job: tuple[str, tuple[str, ...]]) -> None:
        reference, roles = job
        for number in range(10):
            with UnitOfWork(world.engine) as work:
                case = work.agreements.lock(reference)
                for role in roles:
                    telling = Telling(
                        "opinion-issued", AlertSubject(SubjectKind.STEP, f"sign{number}"), (role,), world.now.date()
                    )
                    tell(work, world.rulebook, world.people, work.agreements.id_of(reference), case, telling, world.now)
                work.commit()

    jobs = [("MX-1", ("liaison", "supervisor", "reviewer")), ("MX-2", ("reviewer", "supervisor", "liaison"))]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(announce, jobs))
    with UnitOfWork(world.engine, reading=True) as work:
        queued = [message.recipient for message in work.outbox.messages(["queued"]) if message.digest]
    assert sorted(queued) == ["elena", "rita", "sergio"]


def test_a_mailer_whose_lease_has_ended_cannot_undo_what_the_next_one_did(world: World) -> None:
    signed_case(world)
    sweep(world.engine, world.rulebook, world.people, world.now)
    (late,) = outbox.claim_batch(world.engine, world.rulebook, world.people, world.now, 1)
    world.now += timedelta(minutes=11)
    (present,) = outbox.claim_batch(world.engine, world.rulebook, world.people, world.now, 1)
    assert present.id == late.id
    outbox.settle(world.engine, [Settlement(present, MessageState.ACCEPTED)], world.now)
    refused = after_failure(late, MailFailed("too late", permanent=True), world.now)
    outbox.settle(world.engine, [refused], world.now)
    assert {m.id: m.state for m in outbox.messages(world.engine, viewer=OPERATOR)}[late.id] == "accepted"


def test_a_finding_waits_until_somebody_holds_the_role_and_is_told_then(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    people = tmp_path / "people.toml"
    full = (CUENCA / "people.toml").read_text("utf-8")
    nobody = full.replace('role = "liaison"', 'role = "authority"').replace('role = "deputy"', 'role = "authority"')
    people.write_text(nobody, "utf-8")
    vacant = make_world(people=people)
    vacant.import_cuenca()
    done = vacant.tick()
    assert done.sweep.alerts == 0
    assert "nobody is liaison officer; the alert waits" in str(done.sweep.problems[0])
    people.write_text(full, "utf-8")
    assert vacant.declare(people).tick().sweep.alerts == 9, (
        "all that is missing; that two have expired stands in their history"
    )


def test_what_was_settled_and_comes_back_is_told_again(cuenca: World) -> None:
    cuenca.tick()
    reference = "CU-14"
    with UnitOfWork(cuenca.engine) as work:
        before = work.agreements.get(reference)
        settled = tuple(replace(each, settled=True) for each in before.findings)
        work.findings.write(work.agreements.id_of(reference), settled, cuenca.now)
        work.commit()
    with UnitOfWork(cuenca.engine) as work:
        from_books = work.agreements.get(reference)
        assert from_books.findings == settled
        found = found_anew(settled, findings(from_books, cuenca.rulebook.definition_of(from_books)))
        work.findings.write(work.agreements.id_of(reference), found, cuenca.now)
        work.commit()
    assert cuenca.tick().sweep.alerts == 1


def test_one_case_that_cannot_be_dealt_with_does_not_keep_the_others_waiting(cuenca: World) -> None:
    definition = cuenca.rulebook.catalogue.version("ec/agreement", 4)
    for_people = replace(definition.deadlines["term_end"], on_lapse=("complete",))
    broken = replace(definition, deadlines={**definition.deadlines, "term_end": for_people})
    catalogue = Catalogue({**cuenca.rulebook.catalogue.definitions, ("ec/agreement", 4): broken})
    done = sweep(cuenca.engine, replace(cuenca.rulebook, catalogue=catalogue), cuenca.people, cuenca.now)
    assert [str(problem).split(":")[0] for problem in done.problems] == ["CU-02", "CU-10"]
    assert done.alerts == 12, "ten as ever, and two that say that a date could not take its step"
    assert loaded(cuenca, "CU-02").state == "in_force"


def test_several_nodes_may_start_on_an_empty_database_at_once(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        for table in (
            "seen_by",
            "api_token",
            "attempt",
            "account_letter",
            "one_time_link",
            "recovery_code",
            "passkey",
            "session",
            "account",
            "people_entry",
            "absence",
            "delegation",
            "assignment",
            "person",
            "office",
            "link_item",
            "link",
            "received",
            "return_key",
            "use_mark",
            "released_alert",
            "feed",
            "opt_out",
            "mail_state",
            "clock",
            "clock_confirmation",
            "incident",
            "last_pass",
            "calendar",
            "kept_file",
            "alert",
            "outbox",
            "finding",
            "deadline",
            "fact",
            "term",
            "party",
            "word",
            "history",
            "agreement",
        ):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("DROP TABLE process_version"))
        connection.execute(text("DROP TABLE alembic_version"))
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP FUNCTION history_refuses, books_refuse"))
    engine.dispose()
    settings = Settings(people_file=CUENCA / "people.toml", database=DatabaseSettings(url=database_url))

    def start(_: int) -> str:
        runtime = bootstrap.start(settings)
        runtime.engine.dispose()
        return "started"

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(start, range(3))) == ["started"] * 3


def test_a_history_of_alerts_is_kept_with_both_days(world: World) -> None:
    signed_case(world, "MX-1")
    world.now += timedelta(days=200)
    sweep(world.engine, world.rulebook, world.people, world.now)
    alerts = [entry for entry in loaded(world, "MX-1").history if entry.details.get("level", "").endswith("after")]
    assert {entry.recorded_at for entry in alerts} == {world.now}
    assert max(entry.effective_on for entry in alerts) < world.now.date()


@pytest.mark.parametrize("answer", ["554 no", "421 busy"])
def test_a_server_that_wants_nothing_of_us_is_no_reason_to_give_a_message_up(
    make_world: Callable[..., World], smtp: RecordingServer, answer: str
) -> None:
    smtp.answer_to_sender = answer
    world = make_world(smtp.settings)
    world.import_cuenca()
    assert world.tick().delivery.sent == 0
    assert [message.state for message in outbox.messages(world.engine, viewer=OPERATOR)] == ["retrying"]
    smtp.answer_to_sender = ""
    world.now += timedelta(minutes=2)
    assert world.tick().delivery.sent == 1

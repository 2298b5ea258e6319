"""A restored or copied backup sends nothing until a person has confirmed it: counted at a real SMTP server."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from restoring import Backup, passes

from builders import AT_PAGE
from smtp import RecordingServer
from twinflow.domain.agreement.agreement import Claim, Party
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.mail.message import MessageState, Settlement
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.opening import NewAgreement
from twinflow.errors import EnvironmentFailed, Refused
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock.sweep import sweep
from twinflow.services.mail import outbox, restored_backup
from twinflow.storage import state_file
from twinflow.storage.engine import make_engine
from world import World

Machine = Callable[..., World]
LEVEL = timedelta(days=5)
"""The overdue deadline of the tiny process is told of every so often."""


def open_a_case(world: World) -> None:
    """An agreement with a deadline that has passed; nothing has been told of it."""
    parties = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
    on = world.now - timedelta(days=20)
    facts = {"asked_on": (Claim(PartialDate(on.year, on.month, on.day), "the paper"),)}
    new = NewAgreement("T-1", "tiny", "chihuahua", "x", on.date(), parties, state="asked", facts=facts)
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=on)


def tell_something(world: World) -> None:
    """The next level of the deadline: one message waits."""
    world.now += LEVEL
    assert sweep(world.engine, world.rulebook, world.people, world.now).alerts == 1


def lose_and_restore(world: World, backup: Backup) -> None:
    world.engine.dispose()
    backup.restore()


def sent_with_a_pass(world: World) -> int:
    return world.tick().delivery.sent


@pytest.fixture
def restored(machine: Machine, back_up: Callable[[], Backup], smtp: RecordingServer) -> World:
    """A database with one message that waits, which was sent before the database was lost; two were sent in all."""
    world = machine()
    open_a_case(world)
    world.tick()
    tell_something(world)
    world.engine.dispose()
    backup = back_up()
    world.tick()
    assert len(smtp.received) == 2
    lose_and_restore(world, backup)
    again = machine()
    again.now = world.now
    return again


def test_it_sends_nothing_and_every_pass_says_so(restored: World, smtp: RecordingServer) -> None:
    for _ in range(3):
        done = restored.tick()
        assert done.delivery.sent == 0
        assert [str(why)[:62] for why in done.delivery.failures] == [
            "No mail is sent: this machine has sent mail that the database "
        ]
        restored.now += LEVEL
    assert len(smtp.received) == 2


def test_sweeps_go_on_meanwhile(restored: World) -> None:
    waited = [each.messages for each in restored_backup.waiting(restored.engine)]
    restored.now += LEVEL
    assert restored.tick().sweep.alerts
    assert waited == [1]


def test_what_waits_is_shown_by_person(restored: World) -> None:
    [waiting] = restored_backup.waiting(restored.engine)
    [message] = outbox.messages(restored.engine, ["queued"], viewer=OPERATOR)
    assert (waiting.recipient, waiting.messages, waiting.since) == ("elena", 1, message.created_at)


def test_cancelled_nothing_of_the_old_is_sent_and_the_new_is(restored: World, smtp: RecordingServer) -> None:
    restored.tick()
    file = restored.runtime.settings.mail.state_file
    assert restored_backup.confirm(restored.engine, file, cancel=True, now=restored.now) == 1
    assert sent_with_a_pass(restored) == 0
    [cancelled] = outbox.messages(restored.engine, ["cancelled"], viewer=OPERATOR)
    assert str(cancelled.error) == "restored backup: the database that is lost has sent it"
    assert len(smtp.received) == 2
    restored.now += LEVEL
    assert sent_with_a_pass(restored) == 1
    assert len(smtp.received) == 3


def test_confirmed_to_send_it_sends(restored: World, smtp: RecordingServer) -> None:
    restored.tick()
    file = restored.runtime.settings.mail.state_file
    assert restored_backup.confirm(restored.engine, file, cancel=False, now=restored.now) == 1
    assert sent_with_a_pass(restored) == 1
    assert len(smtp.received) == 3
    assert restored.tick().delivery.failures == ()


def test_there_is_nothing_to_confirm_where_nothing_is_held(machine: Machine) -> None:
    world = machine()
    file = world.runtime.settings.mail.state_file
    with pytest.raises(Refused, match="Nothing is held back"):
        restored_backup.confirm(world.engine, file, cancel=True, now=world.now)


def test_a_backup_from_before_the_first_mail_is_held_too(
    machine: Machine, back_up: Callable[[], Backup], smtp: RecordingServer
) -> None:
    world = machine()
    open_a_case(world)
    sweep(world.engine, world.rulebook, world.people, world.now)
    world.engine.dispose()
    backup = back_up()
    assert sent_with_a_pass(world) == 1
    lose_and_restore(world, backup)
    assert sent_with_a_pass(machine()) == 0
    assert len(smtp.received) == 1


def test_a_backup_made_while_mail_was_leaving_is_held(
    machine: Machine, back_up: Callable[[], Backup], smtp: RecordingServer
) -> None:
    world = machine()
    open_a_case(world)
    sweep(world.engine, world.rulebook, world.people, world.now)
    file = world.runtime.settings.mail.state_file
    assert restored_backup.may_send(world.engine, file, world.now) is None
    [claimed] = outbox.claim_batch(world.engine, world.rulebook, world.people, world.now, 10)
    world.engine.dispose()
    backup = back_up()
    assert restored_backup.may_send(world.engine, file, world.now) is None, "another mailer looks meanwhile"
    outbox.settle(world.engine, [Settlement(claimed, MessageState.ACCEPTED)], world.now)
    assert world.tick().delivery.sent == 0
    lose_and_restore(world, backup)
    again = machine()
    again.now += timedelta(hours=1)
    assert len(again.tick().delivery.failures) == 1
    assert smtp.received == []


def test_restored_a_second_time_it_is_held_a_second_time(
    restored: World, machine: Machine, back_up: Callable[[], Backup], smtp: RecordingServer
) -> None:
    file = restored.runtime.settings.mail.state_file
    restored.engine.dispose()
    backup = back_up()
    restored_backup.confirm(restored.engine, file, cancel=False, now=restored.now)
    assert sent_with_a_pass(restored) == 1
    lose_and_restore(restored, backup)
    again = machine()
    again.now = restored.now
    assert sent_with_a_pass(again) == 0
    assert len(smtp.received) == 3


def test_a_confirmed_copy_does_not_hold_the_database_it_was_taken_from(
    machine: Machine, back_up: Callable[[], Backup], tmp_path: Path
) -> None:
    """A copy for tests, with the settings of the original: one machine, one state file, two databases alike."""
    world = machine()
    open_a_case(world)
    world.tick()
    world.engine.dispose()
    backup = back_up()
    tell_something(world)
    assert sent_with_a_pass(world) == 1
    world.engine.dispose()
    original = back_up()
    backup.restore()
    file = world.runtime.settings.mail.state_file
    restored_backup.confirm(world.engine, file, cancel=True, now=world.now)
    lose_and_restore(world, original)
    assert restored_backup.held(world.engine, file) is None


def test_a_copy_on_another_machine_is_held(machine: Machine, smtp: RecordingServer) -> None:
    world = machine("one")
    open_a_case(world)
    world.tick()
    other = machine("two")
    other.now = world.now
    tell_something(other)
    done = other.tick()
    assert (done.delivery.sent, str(done.delivery.failures[0])[:63]) == (
        0,
        "No mail is sent: mail of this database has been sent before, an",
    )
    assert len(smtp.received) == 1


def test_of_two_machines_each_is_confirmed_once_and_then_both_send(machine: Machine, smtp: RecordingServer) -> None:
    one = machine("one")
    open_a_case(one)
    one.tick()
    two = machine("two")
    restored_backup.confirm(two.engine, two.runtime.settings.mail.state_file, cancel=False, now=two.now)
    for world in (one, two, one, two):
        one.now = two.now = max(one.now, two.now)
        tell_something(world)
        done = world.tick()
        assert (done.delivery.sent, done.delivery.failures) == (1, ())
    assert len(smtp.received) == 5


def test_a_new_database_needs_no_confirmation(machine: Machine, database_url: str) -> None:
    world = machine()
    open_a_case(world)
    assert sent_with_a_pass(world) == 1
    assert passes(database_url) >= 1


def test_where_mail_is_captured_nothing_is_held_and_nothing_counted(machine: Machine, database_url: str) -> None:
    world = machine(captures=True)
    open_a_case(world)
    assert world.tick().delivery.sent == 1
    assert passes(database_url) == 0
    assert not world.runtime.settings.mail.state_file.exists()


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_a_crash_while_counting_holds_nothing_back(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """After the database has counted and before the file has, the first time and later."""
    world = machine()
    open_a_case(world)
    sweep(world.engine, world.rulebook, world.people, world.now)
    file = world.runtime.settings.mail.state_file
    really, left = state_file.write, [writes]

    def write(*arguments: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        really(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(state_file, "write", write)
        answers = iter(lambda: restored_backup.may_send(world.engine, file, world.now), "never")
        with pytest.raises(KeyboardInterrupt):
            list(islice(answers, writes))
    assert restored_backup.held(world.engine, file) is None
    assert restored_backup.may_send(world.engine, file, world.now) is None


def test_a_pass_with_nothing_to_send_counts_nothing(machine: Machine, database_url: str) -> None:
    world = machine()
    file = world.runtime.settings.mail.state_file
    for _ in range(3):
        assert restored_backup.may_send(world.engine, file, world.now) is None
    assert passes(database_url) == 2, "only that this machine knows the database"


def test_mailers_side_by_side_are_all_let_go_and_all_counted(
    machine: Machine, database_url: str, tmp_path: Path
) -> None:
    world = machine("one")
    open_a_case(world)
    sweep(world.engine, world.rulebook, world.people, world.now)
    other = tmp_path / "two.json"
    first = restored_backup.may_send(world.engine, world.runtime.settings.mail.state_file, world.now)
    restored_backup.confirm(world.engine, other, cancel=False, now=world.now)
    files = [tmp_path / "one.json", other] * 8

    def ask(file: Path) -> object:
        engine = make_engine(database_url)
        answer = restored_backup.held(engine, file) or restored_backup.may_send(engine, file, world.now)
        engine.dispose()
        return answer

    with ThreadPoolExecutor(4) as pool:
        assert [first, *pool.map(ask, files)] == [None] * 17
    assert passes(database_url) == 3 + 2 * len(files), "odd: nothing has left yet"
    assert max(*state_file.read(other).values(), *state_file.read(files[0]).values()) == 3 + 2 * len(files)


@pytest.mark.parametrize("how", ["garbage", "a folder", "in a file"])
def test_a_state_file_that_cannot_be_used_holds_mail_and_says_why(
    machine: Machine, smtp: RecordingServer, tmp_path: Path, how: str
) -> None:
    world = machine("in/state" if how == "in a file" else "state")
    file = world.runtime.settings.mail.state_file
    match how:
        case "garbage":
            file.write_text("{}")
        case "a folder":
            file.mkdir()
        case _:
            (tmp_path / "in").write_text("")
    open_a_case(world)
    done = world.tick()
    assert done.delivery.sent == 0
    assert str(done.delivery.failures[0]).startswith(f"No mail is sent: the file {file}, by which")
    assert str(restored_backup.held(world.engine, file)).startswith("No mail is sent: the file")
    with pytest.raises(EnvironmentFailed, match="by which a restored backup is noticed, cannot be used"):
        restored_backup.confirm(world.engine, file, cancel=False, now=world.now)
    assert smtp.received == []


def test_moved_away_the_broken_file_is_begun_anew_after_a_confirmation(machine: Machine) -> None:
    world = machine()
    open_a_case(world)
    world.tick()
    file = world.runtime.settings.mail.state_file
    file.write_text("{}")
    tell_something(world)
    assert sent_with_a_pass(world) == 0
    file.unlink()
    assert sent_with_a_pass(world) == 0
    restored_backup.confirm(world.engine, file, cancel=False, now=world.now)
    assert sent_with_a_pass(world) == 1

"""`twinflow outbox list | show | retry | cancel`: what they say, what they change, what they refuse."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from faulty_server import Stage, at, faulty_server, says
from mailbag import REFERENCE, REVIEWERS, by_recipient, fill, people_file, send_due

from command_line import Ran, twinflow
from tiny_world import loaded
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.people.viewer import OPERATOR
from twinflow.services.mail import outbox
from world import World

Run = Callable[..., Ran]


@pytest.fixture
def world(make_world: Callable[..., World], tmp_path: Path) -> World:
    """ana: arrived; bea: refused for good; carla: waits for another try. Who stands in for bea has not been told yet."""
    refusing = at(Stage.RCPT, says("550 no such person"), "bea")
    busy = at(Stage.DOT, says("451 later"), "carla")
    with faulty_server(lambda moment: refusing(moment) or busy(moment)) as server:
        found = make_world(server.settings(), people_file(tmp_path))
        fill(found, REVIEWERS)
        send_due(found)
    return found


@pytest.fixture
def run(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(world.runtime.settings.people_file))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.chdir(world.runtime.settings.people_file.parent)

    def call(*arguments: object) -> Ran:
        return twinflow(monkeypatch, capsys, "outbox", *(str(each) for each in arguments))

    return call


def number(world: World, who: str) -> int:
    return by_recipient(world)[who].id


def state(world: World, who: str) -> str:
    return by_recipient(world)[who].state


def test_list_has_every_message_with_what_became_of_it(world: World, run: Run) -> None:
    lines = run("list").out.splitlines()
    (bea,) = [line for line in lines if " bea " in line]
    assert "failed" in bea
    assert "550 no such person" in bea
    (carla,) = [line for line in lines if " carla " in line and "451 later" in line]
    assert "retrying" in carla
    assert "Mon 2026-03-02 18:01 UTC" in carla


def test_list_as_json_has_the_same_for_programs(world: World, run: Run) -> None:
    found = {each["id"]: each for each in run("list", "--json").json}
    assert len(found) == len(outbox.messages(world.engine, viewer=OPERATOR))
    ana, bea = found[number(world, "ana")], found[number(world, "bea")]
    assert (ana["state"], ana["sent_to"], ana["doubtful"]) == ("accepted", "ana@sre.example", False)
    assert (bea["state"], bea["attempts"], bea["next_attempt_at"]) == ("failed", 1, None)
    assert "550 no such person" in json.dumps(bea["error"])


def test_list_of_one_state(world: World, run: Run) -> None:
    assert [each["recipient"] for each in run("list", "--state", "failed", "--json").json] == ["bea"]
    refused = run("list", "--state", "lost")
    assert refused.code == 2
    assert "possible duplicate" in refused.err, "it says which states there are"


def test_show_says_where_a_message_stands_and_what_was_said(world: World, run: Run) -> None:
    shown = run("show", number(world, "bea"))
    assert shown.code == 0
    for words in ("failed", "550 no such person", "Message-ID: <", "To: bea <bea@sre.example>", REFERENCE):
        assert words in shown.out
    assert "Sent to ana@sre.example" in run("show", number(world, "ana")).out
    waiting = next(each.id for each in outbox.messages(world.engine, ["queued"], viewer=OPERATOR))
    assert "has not been built yet" in run("show", waiting).out


def test_show_as_json(world: World, run: Run) -> None:
    shown = run("show", number(world, "bea"), "--json").json
    assert shown["message"]["state"] == "failed"
    assert shown["headers"]["To"] == "bea <bea@sre.example>"
    assert REFERENCE in shown["text"]


def test_retry_sends_what_failed_with_the_next_pass(world: World, run: Run) -> None:
    assert run("retry", number(world, "bea")).code == 0
    assert state(world, "bea") == "retrying"
    assert by_recipient(world)["bea"].next_attempt_at is not None
    assert run("retry", number(world, "carla")).code == 0


def test_retry_refuses_what_has_arrived_or_waits_for_its_first_try(world: World, run: Run) -> None:
    arrived = run("retry", number(world, "ana"))
    assert arrived.code != 0
    assert f"Message {number(world, 'ana')} is accepted" in arrived.err
    waiting = next(each.id for each in outbox.messages(world.engine, ["queued"], viewer=OPERATOR))
    assert "is queued" in run("retry", waiting).err


@pytest.mark.parametrize("who", ["bea", "carla"])
def test_cancel_takes_a_message_back_and_puts_who_and_why_on_record(world: World, run: Run, who: str) -> None:
    done = run("cancel", number(world, who), "--as", "elena", "--reason", "she has been telephoned")
    assert done.code == 0
    assert state(world, who) == "cancelled"
    assert "Elena Enlace" in str(by_recipient(world)[who].error)
    entries = [each for each in loaded(world, REFERENCE).history if each.kind is EntryKind.MAIL]
    last = entries[-1]
    assert (last.actor, last.details["cancelled"]) == ("elena", "she has been telephoned")
    assert last.details["message"] == str(number(world, who))
    again = run("cancel", number(world, who), "--as", "elena", "--reason", "twice")
    assert again.code != 0
    assert "is cancelled" in again.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--as", "elena"), "--reason"),
        (("--as", "elena", "--reason", "  "), "only with a reason"),
        (("--reason", "why"), "--as"),
        (("--as", "nobody", "--reason", "why"), "There is no person nobody"),
    ],
)
def test_cancel_wants_a_person_and_a_reason(world: World, run: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = run("cancel", number(world, "bea"), *arguments)
    assert refused.code == 2 or "only with a reason" in refused.err
    assert said in refused.err
    assert state(world, "bea") == "failed"


def test_cancel_refuses_what_has_arrived(world: World, run: Run) -> None:
    refused = run("cancel", number(world, "ana"), "--as", "elena", "--reason", "why")
    assert refused.code != 0
    assert "is accepted" in refused.err
    assert state(world, "ana") == "accepted"


@pytest.mark.parametrize("command", [("show",), ("retry",), ("cancel", "--as", "elena", "--reason", "why")])
def test_a_message_that_does_not_exist_is_said_to_be_unknown(run: Run, command: tuple[str, ...]) -> None:
    refused = run(*command, 999)
    assert refused.code == 2
    assert "There is no message 999." in refused.err

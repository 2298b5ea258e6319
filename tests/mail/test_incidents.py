"""Somebody could not be reached: it is on record, on every page, and whoever stands in is told; no endless chain comes of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from faulty_server import Stage, at, faulty_server, says
from mailbag import NOW, PARTIES, REFERENCE, REVIEWERS, by_recipient, fill, is_of_the_bag, people_file, send_due

from builders import AT_PAGE, new_case
from signed_in import signed_in
from smtp import RecordingServer
from tiny_world import loaded
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.mail.message import OutboxMessage
from twinflow.domain.people.viewer import OPERATOR
from twinflow.sentences import Sentence, unpacked
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.alerts.incidents import StandIn, stand_in
from twinflow.services.mail import outbox
from twinflow.services.people.changing import change_people
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.web.app import create_app
from world import EXAMPLES, World

MakeWorld = Callable[..., World]
PEOPLE = (EXAMPLES / "demo" / "people.toml").read_text("utf-8")


def notices(world: World) -> list[OutboxMessage]:
    """What was told because of an incident."""
    return [each for each in outbox.messages(world.engine, viewer=OPERATOR) if not is_of_the_bag(each.message_id)]


def text_of(server: RecordingServer, address: str) -> str:
    (message,) = [message for to, message in server.received if to == [address]]
    part = message.get_body(preferencelist=("plain",))
    assert part is not None
    return part.get_content()


def test_an_urgent_message_given_up_warns_the_others_in_the_role_at_once(make_world: MakeWorld, tmp_path: Path) -> None:
    with faulty_server(at(Stage.RCPT, says("550 no such person"), "bea")) as server:
        world = make_world(server.settings(), people_file(tmp_path))
        fill(world, REVIEWERS)
        send_due(world)
        told = notices(world)
        assert {each.recipient for each in told} == {"ana", "carla", "rita"}
        assert not any(each.digest for each in told), "as urgently as what it replaces"
        assert send_due(world).sent == 3
        assert {each.state for each in notices(world)} == {"accepted"}
        bea = by_recipient(world)["bea"]
        (entry,) = [each for each in loaded(world, REFERENCE).history if each.kind is EntryKind.MAIL]
        assert (entry.details["message"], entry.details["recipient"]) == (str(bea.id), "bea")
        assert "550 no such person" in str(unpacked(entry.details["why"]))


def test_a_digest_given_up_is_noted_in_every_agreement_it_told_of_and_warns_the_deputy_by_digest(
    make_world: MakeWorld, smtp: RecordingServer
) -> None:
    smtp.answer_to_recipient = lambda address: "550 no such person" if address.startswith("lucia") else "250 OK"
    world = make_world(smtp.settings)
    world.import_cuenca()
    assert world.tick().delivery.undelivered == 1
    (lost,) = outbox.messages(world.engine, ["failed"], viewer=OPERATOR)
    with UnitOfWork(world.engine, reading=True) as work:
        agreements = [work.agreements.load([key])[0] for key, _ in work.alerts.agreements_of(lost.id)]
    assert len(agreements) > 1
    for agreement in agreements:
        entries = [each for each in agreement.history if each.kind is EntryKind.MAIL]
        assert [each.details["recipient"] for each in entries] == ["lucia"], agreement.reference
    (told,) = [each for each in outbox.messages(world.engine, viewer=OPERATOR) if each.id != lost.id]
    assert (told.recipient, told.digest) == ("diana", True)
    assert send_due(world).sent == 1
    said = text_of(smtp, "diana@cuenca.example")
    assert "Lucía Enlace" in said
    assert all(agreement.reference in said for agreement in agreements)


def test_a_notice_of_an_incident_that_fails_itself_is_on_record_and_warns_nobody_again(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    with faulty_server(at(Stage.RCPT, says("550 no such person"))) as server:
        world = make_world(server.settings(), people_file(tmp_path))
        fill(world, ["bea"])
        counts = []
        for _ in range(4):
            send_due(world)
            counts.append(len(outbox.messages(world.engine, viewer=OPERATOR)))
        assert counts == [4] * 4, "the message, and three who are told of it"
        assert {each.state for each in outbox.messages(world.engine, viewer=OPERATOR)} == {"failed"}
        entries = [each for each in loaded(world, REFERENCE).history if each.kind is EntryKind.MAIL]
        assert sorted(each.details["recipient"] for each in entries) == ["ana", "bea", "carla", "rita"]


def without(*keys: str) -> str:
    """The people of the demonstration but some."""
    tables = PEOPLE.split("\n[people.")
    return "\n[people.".join(table for table in tables if table.partition("]")[0] not in keys)


@pytest.mark.parametrize(
    ("role", "person", "absent", "expected"),
    [
        ("liaison", "elena", (), "deputy"),
        ("liaison", "elena", ("david",), "supervisor"),
        ("deputy", "david", (), "liaison"),
        ("reviewer", "rita", (), "liaison"),
        ("liaison", "elena", ("david", "sergio"), "contact"),
        ("liaison", "elena", ("david", "sergio", "carmen"), None),
        ("of an earlier process", "elena", (), "deputy"),
    ],
)
def test_who_stands_in_is_the_deputy_else_the_liaison_else_the_ladder(
    make_world: MakeWorld, tmp_path: Path, role: str, person: str, absent: tuple[str, ...], expected: str | None
) -> None:
    file = tmp_path / "people.toml"
    file.write_text(without(*absent), "utf-8")
    world = make_world(None, file)
    new = new_case(REFERENCE, "mx/twinning", "chihuahua", "x", NOW.date(), PARTIES, state="opinion_requested")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=NOW)
    found = stand_in(world.rulebook, world.people, loaded(world, REFERENCE), role, person, NOW.date())
    assert (found.role if found is not None else None) == expected


def test_another_who_holds_the_same_role_stands_in_where_it_has_no_deputy(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world(None, people_file(tmp_path))
    fill(world, REVIEWERS)
    found = stand_in(world.rulebook, world.people, loaded(world, REFERENCE), "reviewer", "rita", NOW.date())
    assert found == StandIn("reviewer", frozenset({"rita"}))


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_says_who_was_not_reached_until_somebody_has_seen_to_it(
    make_world: MakeWorld, tmp_path: Path, language: str
) -> None:
    with faulty_server(at(Stage.RCPT, says(b"550 direcci\xf3n <b>no</b> v\xe1lida\r\n"), "bea")) as server:
        world = make_world(server.settings(), people_file(tmp_path))
        fill(world, REVIEWERS)
        send_due(world)
    bea = by_recipient(world)["bea"]
    app = create_app(world.runtime, lambda: world.now, demo=False)
    with TestClient(app, base_url="http://127.0.0.1", headers={"Accept-Language": language}) as browser:
        signed_in(browser, world.runtime, world.now)
        page = browser.get("/incidents")
        assert page.status_code == 200
        number = {"en": "Incidents: 1", "es": "Incidencias: 1"}
        assert number[language] in browser.get("/").text
        heading = {"en": "Messages that could not be delivered: 1", "es": "Mensajes que no se pudieron entregar: 1"}
        assert heading[language] in page.text
        assert "&lt;b&gt;no&lt;/b&gt;" in page.text, "what a server says is text"
        assert "bea" in page.text
        assert browser.get(f"/agreements/{REFERENCE}").status_code == 200
        why = "the office has no such person any more"
        outbox.cancel(world.engine, world.people, bea.id, by="elena", reason=why, door=AT_PAGE, now=world.now)
        assert heading[language] not in browser.get("/incidents").text
        assert number[language] not in browser.get("/").text
        assert why in browser.get(f"/agreements/{REFERENCE}").text


def test_a_bounce_is_the_same_incident_and_can_be_sent_again(
    make_world: MakeWorld, smtp: RecordingServer, tmp_path: Path
) -> None:
    world = make_world(smtp.settings, people_file(tmp_path))
    fill(world, REVIEWERS)
    send_due(world)
    bea = by_recipient(world)["bea"]
    why = Sentence("The address does not exist: {detail}", {"detail": "5.1.1"})
    assert outbox.record_bounce(
        world.engine, world.rulebook, world.people, message_id=bea.message_id, why=why, now=world.now
    )
    assert not outbox.record_bounce(
        world.engine, world.rulebook, world.people, message_id=bea.message_id, why=why, now=world.now
    )
    assert {each.recipient for each in notices(world)} == {"ana", "carla", "rita"}
    outbox.retry(world.engine, bea.id, world.now)
    assert send_due(world).sent == 4
    assert by_recipient(world)["bea"].state == "accepted"


@pytest.mark.parametrize("built", [False, True], ids=["before it was built", "after the first try"])
def test_a_message_whose_recipient_was_disabled_fails_in_sight_and_holds_nobody_up(
    make_world: MakeWorld, smtp: RecordingServer, tmp_path: Path, built: bool
) -> None:
    smtp.answer_to_data = lambda: "451 later"
    before = make_world(smtp.settings, people_file(tmp_path))
    fill(before, REVIEWERS)
    if built:
        send_due(before)
    smtp.answer_to_data = lambda: "250 OK"
    disabled = replace(before.people.person("bea"), disabled=True)
    change_people(
        before.engine,
        before.rulebook,
        lambda people: replace(people, people={**people.people, "bea": disabled}),
        by="test",
        reason="",
        now=before.now,
    )
    after = make_world(smtp.settings)
    after.now = before.now + timedelta(minutes=2)
    failures = send_due(after).failures
    assert any("bea is disabled and gets no mail" in str(failure) for failure in failures)
    assert {who: each.state for who, each in by_recipient(after).items()} == {
        "ana": "accepted",
        "bea": "failed",
        "carla": "accepted",
    }
    assert len([to for to, _ in smtp.received]) == 2

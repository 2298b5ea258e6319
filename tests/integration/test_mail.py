"""Mail by a real server: what reaches whom when the server is down, refuses, hangs; nothing is lost and nothing sent twice."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket

import pytest
import trustme
from aiosmtpd.smtp import AuthResult, LoginPassword
from pydantic import SecretStr

from smtp import RecordingServer, free_port, recording_server
from twinflow.config import MailSettings
from twinflow.domain.agreement import Claim, Party
from twinflow.domain.dates import PartialDate
from twinflow.services import outbox
from twinflow.services.agreements import NewAgreement, open_agreement
from twinflow.services.sweep import sweep
from world import CUENCA, World

THREE_LIAISONS = """
[people.{name}]
name = "{name}"
mail = "{name}@cuenca.example"
language = "en"
roles = [{{ role = "liaison", office = "cuenca" }}]
"""


@pytest.fixture
def three_people(tmp_path: Path) -> Path:
    """The people file of Cuenca with two more liaison officers."""
    file = tmp_path / "people.toml"
    more = "".join(THREE_LIAISONS.format(name=name) for name in ("ana", "bea"))
    file.write_text((CUENCA / "people.toml").read_text("utf-8") + more, "utf-8")
    return file


def states(world: World) -> dict[str, str]:
    return {message.recipient: message.state for message in outbox.messages(world.engine)}


def test_a_server_that_is_down_loses_nothing_and_the_next_pass_delivers(
    make_world: Callable[..., World], smtp: RecordingServer
) -> None:
    down = make_world(smtp.settings.model_copy(update={"port": free_port()}))
    down.import_cuenca()
    done = down.tick()
    assert done.delivery.sent == 0
    assert "takes no mail from us" in str(done.delivery.failures[0])
    assert states(down) == {"lucia": "retrying"}

    up = make_world(smtp.settings)
    assert up.tick().delivery.sent == 0, "not before the first wait is over"
    up.now += timedelta(minutes=2)
    assert up.tick().delivery.sent == 1
    assert len(smtp.received) == 1


def test_a_digest_that_waited_for_its_server_says_each_thing_once_and_as_it_is_today(
    make_world: Callable[..., World], smtp: RecordingServer
) -> None:
    down = make_world(smtp.settings.model_copy(update={"port": free_port()}))
    down.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    parties = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
    facts = {"signed_on": (Claim(PartialDate(2026, 3, 2), "the paper"),)}
    new = NewAgreement("MX-1", "mx/twinning", "chihuahua", "x", down.now.date(), parties, state="signed", facts=facts)
    open_agreement(down.engine, down.library, new, actor="elena", now=down.now)
    for day in (25, 30):
        sweep(down.engine, down.library, datetime(2026, 3, day, 18, tzinfo=UTC))
    sweep(down.engine, down.library, datetime(2026, 4, 2, 18, tzinfo=UTC))
    up = make_world(smtp.settings)
    up.now = datetime(2026, 4, 3, 18, tzinfo=UTC)
    assert up.tick().delivery.sent == 1
    part = smtp.received[0][1].get_body(preferencelist=("plain",))
    assert part is not None
    lines = [line for line in part.get_content().splitlines() if "Solicitud de inscripción" in line]
    assert len(lines) == 1
    assert "la meta del miércoles 1 de abril de 2026 ha pasado, hace 2 días" in lines[0]


def test_one_of_three_recipients_refused_for_good_does_not_keep_the_others_waiting(
    make_world: Callable[..., World], smtp: RecordingServer, three_people: Path
) -> None:
    smtp.answer_to_recipient = lambda address: "550 no such person" if address.startswith("bea") else "250 OK"
    world = make_world(smtp.settings, three_people)
    world.import_cuenca()
    done = world.tick()
    assert done.delivery.sent == 2
    assert "550" in str(done.delivery.failures[0])
    assert states(world) == {"ana": "sent", "bea": "failed", "lucia": "sent"}
    world.now += timedelta(days=1)
    later = world.tick().delivery
    assert (later.sent, later.failures, later.undelivered) == (0, (), 1)
    assert sorted(to for to, _ in smtp.received) == [["ana@cuenca.example"], ["lucia@cuenca.example"]]


def test_a_refusal_for_now_is_tried_again_with_the_same_bytes(
    make_world: Callable[..., World], smtp: RecordingServer
) -> None:
    smtp.answer_to_data = lambda: "451 try later"
    world = make_world(smtp.settings)
    world.import_cuenca()
    assert world.tick().delivery.sent == 0
    (first,) = outbox.messages(world.engine)
    built = outbox.content(world.engine, first.id)
    smtp.answer_to_data = lambda: "250 OK"
    world.now += timedelta(minutes=2)
    assert world.tick().delivery.sent == 1
    (second,) = outbox.messages(world.engine)
    assert outbox.content(world.engine, second.id) == built
    assert first.message_id in smtp.received[0][1]["Message-ID"]


def test_trying_again_ends_after_72_hours_and_the_message_is_kept_as_failed(
    make_world: Callable[..., World], smtp: RecordingServer
) -> None:
    smtp.answer_to_data = lambda: "451 try later"
    world = make_world(smtp.settings)
    world.import_cuenca()
    for _ in range(14):
        world.tick()
        world.now += timedelta(hours=6)
    assert states(world) == {"lucia": "failed"}
    (message,) = outbox.messages(world.engine)
    outbox.retry(world.engine, message.id, world.now)
    smtp.answer_to_data = lambda: "250 OK"
    assert world.tick().delivery.sent == 1


def test_a_server_that_hangs_is_left_after_the_timeout_and_nothing_is_lost(
    make_world: Callable[..., World], silent_server: int
) -> None:
    hanging = MailSettings(host="127.0.0.1", port=silent_server, tls="none", timeout_seconds=0.2)
    world = make_world(hanging)
    world.import_cuenca()
    done = world.tick()
    assert done.delivery.sent == 0
    assert "takes no mail from us" in str(done.delivery.failures[0])
    assert states(world) == {"lucia": "retrying"}


def test_a_mailer_that_dies_after_claiming_gives_the_message_back_when_its_lease_ends(
    make_world: Callable[..., World], smtp: RecordingServer
) -> None:
    world = make_world(smtp.settings.model_copy(update={"port": free_port()}))
    world.import_cuenca()
    world.tick()
    world.now += timedelta(minutes=2)
    (message,) = outbox.messages(world.engine)
    assert outbox.claim(world.engine, message.id, world.now) is not None
    assert outbox.claim(world.engine, message.id, world.now) is None, "nobody else gets it meanwhile"
    world.now += timedelta(minutes=11)
    assert outbox.claim(world.engine, message.id, world.now) is not None


def test_a_recipient_who_left_the_people_file_fails_in_sight(
    make_world: Callable[..., World], smtp: RecordingServer, three_people: Path
) -> None:
    smtp.answer_to_data = lambda: "451 try later"
    before = make_world(smtp.settings, three_people)
    before.import_cuenca()
    before.tick()
    smtp.answer_to_data = lambda: "250 OK"
    after = make_world(smtp.settings)
    after.now += timedelta(minutes=2)
    failures = after.tick().delivery.failures
    assert any("There is no person ana" in str(failure) for failure in failures)
    assert states(after) == {"ana": "failed", "bea": "failed", "lucia": "sent"}


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@pytest.fixture
def secure_smtp(tmp_path: Path) -> Iterator[tuple[RecordingServer, Path]]:
    """A server that asks for STARTTLS and a password, and the certificate of who vouches for it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    def authenticator(
        _server: object, _session: object, _envelope: object, _how: str, login: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=login.password == b"right", handled=False)

    security = {"tls_context": tls, "require_starttls": True, "auth_required": True, "authenticator": authenticator}
    with recording_server(**security) as server:
        yield server, tmp_path / "authority.pem"


def login(server: RecordingServer, password: str) -> MailSettings:
    return MailSettings(
        host="127.0.0.1", port=server.port, username="twinflow", password=SecretStr(password), timeout_seconds=5
    )


def test_mail_goes_by_starttls_with_a_login(
    make_world: Callable[..., World], secure_smtp: tuple[RecordingServer, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, authority = secure_smtp
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    world = make_world(login(server, "right"))
    world.import_cuenca()
    assert world.tick().delivery.sent == 1
    assert len(server.received) == 1


def test_a_wrong_password_gives_no_message_up_and_is_not_repeated_anywhere(
    make_world: Callable[..., World],
    secure_smtp: tuple[RecordingServer, Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server, authority = secure_smtp
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    world = make_world(login(server, "wrong-secret"))
    world.import_cuenca()
    failures = world.tick().delivery.failures
    assert "535" in str(failures[0])
    assert states(world) == {"lucia": "retrying"}
    assert "wrong-secret" not in caplog.text + str(failures)


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    make_world: Callable[..., World], secure_smtp: tuple[RecordingServer, Path]
) -> None:
    server, _ = secure_smtp
    world = make_world(login(server, "right"))
    world.import_cuenca()
    assert "certificate" in str(world.tick().delivery.failures[0])
    assert states(world) == {"lucia": "retrying"}
    assert server.received == []

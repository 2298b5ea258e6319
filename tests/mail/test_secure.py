"""Encryption and logins: whom we trust with mail and with our password, and what happens to the mail while we do not."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import AuthResult, LoginPassword
from mailbag import REVIEWERS, by_recipient, fill, people_file, send_due
from pydantic import SecretStr

from smtp import RecordingServer, recording_server
from twinflow.config import MailSettings
from world import World

HERE = "127.0.0.1"
PASSWORD = "right"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Secure:
    """A server, and who vouches for it. `logins` are the passwords that were tried."""

    server: RecordingServer
    authority: Path
    logins: list[bytes]

    def settings(self, password: str = PASSWORD, **changes: Any) -> MailSettings:
        values: dict[str, Any] = {
            "host": HERE,
            "port": self.server.port,
            "tls": "starttls",
            "username": "twinflow",
            "password": SecretStr(password),
            "sender": "twinflow@test.example",
            "timeout_seconds": 10,
            "certificate_authority": self.authority,
        }
        return MailSettings(**(values | changes))


@contextmanager
def secure_server(folder: Path, name: str = HERE, *, until: datetime | None = None, **more: Any) -> Iterator[Secure]:
    """A server with a certificate for this name, that asks for STARTTLS and a password."""
    authority = trustme.CA()
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name, not_after=until).configure_cert(tls)
    logins: list[bytes] = []

    def authenticator(
        _server: object, _session: object, _envelope: object, _how: str, login: LoginPassword
    ) -> AuthResult:
        logins.append(login.password)
        return AuthResult(success=login.password == PASSWORD.encode(), handled=False)

    security = {"tls_context": tls, "require_starttls": True, "auth_required": True, "authenticator": authenticator}
    with recording_server(**(security | more)) as server:
        yield Secure(server, file, logins)


def states(world: World) -> set[str]:
    return {message.state for message in by_recipient(world).values()}


@pytest.fixture
def waiting(make_world: Callable[..., World], tmp_path: Path) -> Callable[[MailSettings], World]:
    """Three messages that wait, and the way out of these settings."""

    def make(settings: MailSettings) -> World:
        world = make_world(settings, people_file(tmp_path))
        fill(world, REVIEWERS)
        return world

    return make


def test_mail_goes_by_starttls_with_a_login(waiting: Callable[[MailSettings], World], tmp_path: Path) -> None:
    with secure_server(tmp_path) as secure:
        world = waiting(secure.settings())
        assert send_due(world).sent == 3
        assert sorted(to for to, _ in secure.server.received) == [[f"{who}@sre.example"] for who in REVIEWERS]


@pytest.mark.parametrize(
    ("name", "until", "known", "why"),
    [
        ("mail.elsewhere.example", None, True, "mismatch"),
        (HERE, LONG_AGO, True, "expired"),
        (HERE, None, False, "certificate"),
    ],
    ids=["of another host", "expired", "of an authority that nobody knows"],
)
def test_a_wrong_certificate_gets_neither_mail_nor_password(
    make_world: Callable[..., World],
    waiting: Callable[[MailSettings], World],
    tmp_path: Path,
    name: str,
    until: datetime | None,
    known: bool,
    why: str,
) -> None:
    with secure_server(tmp_path, name, until=until) as secure:
        world = waiting(secure.settings() if known else secure.settings(certificate_authority=None))
        done = send_due(world)
        assert done.sent == 0
        assert why in str(done.failures[0])
        assert states(world) == {"retrying"}
        assert (secure.server.received, secure.logins) == ([], [])
    with secure_server(tmp_path) as better:
        later = make_world(better.settings(), people_file(tmp_path))
        later.now = max(message.next_attempt_at for message in by_recipient(world).values())
        assert send_due(later).sent == 3
        assert len(better.server.received) == 3
    assert states(later) == {"accepted"}


def test_a_server_that_offers_no_encryption_gets_neither_mail_nor_password(
    waiting: Callable[[MailSettings], World], tmp_path: Path
) -> None:
    plain = {"tls_context": None, "require_starttls": False, "auth_required": False}
    with secure_server(tmp_path, **plain) as secure:
        world = waiting(secure.settings())
        done = send_due(world)
        assert "STARTTLS" in str(done.failures[0])
        assert states(world) == {"retrying"}
        assert (secure.server.received, secure.logins) == ([], [])


def test_a_refused_login_is_tried_once_a_pass_gives_nothing_up_and_is_repeated_nowhere(
    waiting: Callable[[MailSettings], World], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with secure_server(tmp_path) as secure:
        world = waiting(secure.settings("wrong-secret", connections=4))
        done = send_due(world)
        assert "535" in str(done.failures[0])
        assert states(world) == {"retrying"}
        assert secure.logins == [b"wrong-secret"]
        assert secure.server.received == []
    errors = [str(message.error) for message in by_recipient(world).values()]
    assert "wrong-secret" not in " ".join([caplog.text, str(done), *errors])

"""A server that talks noise is a failed attempt, never an end of ours: whatever it says, at any moment."""

import asyncio
import random
from collections.abc import Callable

import pytest
from faulty_server import Behaviour, Moment, Stage, at, both, faulty_server, keeps, says

from twinflow.errors import MailFailed, MailServerDown
from twinflow.mail.mailer import SmtpMailer, Tls

PIECES = (
    b"250", b"550", b"354", b"421", b"220", b"334", b"-", b" ", b"\r\n", b"\n", b"\r", b"\0", b"\xff\xfe", b"OK", b"-1", b"+25",
    b"\xd9\xa2\xd9\xa5", b"STARTTLS", b"AUTH PLAIN", b"SIZE", b"=", b"x" * 9000, b"\x1b[2J", b"5.7.1", b"\xef\xbb\xbf", b"1_0",
)  # fmt: skip
MESSAGE = b"Message-ID: <1@test.example>\r\n\r\nhello\r\n"
ROUNDS = 60


def noise(chance: random.Random) -> bytes:
    """Something, with an end of line, so that nothing has to be waited for."""
    return b"".join(chance.choices(PIECES, k=chance.randint(1, 8))) + b"\r\n"


def noisy(chance: random.Random, stage: Stage) -> Callable[[Moment], Behaviour | None]:
    def fault(moment: Moment) -> Behaviour | None:
        if moment.stage is not stage:
            return None
        answer = says(noise(chance))
        return keeps(answer) if stage is Stage.DOT else answer

    return fault


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in {Stage.AUTH, Stage.CONTENT}])
def test_noise_at_any_moment_fails_the_attempt_and_nothing_else(stage: Stage) -> None:
    chance = random.Random(f"1992 {stage}")

    async def run(mailer: SmtpMailer) -> list[MailFailed]:
        failures: list[MailFailed] = []
        for _ in range(ROUNDS):
            async with mailer.connect() as (connection,):
                try:
                    await connection.send("us@test.example", "ana@test.example", MESSAGE)
                except MailFailed as failure:
                    failures.append(failure)
        return failures

    with faulty_server(noisy(chance, stage)) as server:
        failures = asyncio.run(run(SmtpMailer("127.0.0.1", server.port, Tls.NONE, timeout=0.3)))
        arrived = len(server.kept)
    assert len(failures) > ROUNDS / 3
    for failure in failures:
        text = str(failure)
        assert text.isprintable(), "it can be kept, and shown on a page and a terminal"
        assert len(text) < 700
    doubtful = sum(failure.doubtful for failure in failures)
    if stage is Stage.DOT:
        assert arrived == ROUNDS
        assert doubtful > 0
    else:
        assert arrived + len(failures) == ROUNDS, "what did not fail has arrived"
        assert doubtful == 0, "what was not handed over cannot have arrived"


@pytest.mark.parametrize(
    "challenge", [b"334 \xff\xfe=!\r\n", b"334 a\r\n", b"334\r\n", b"\0\r\n", b"334 PDE+\r\n334 more\r\n"]
)
@pytest.mark.parametrize("way", ["CRAM-MD5", "LOGIN", "PLAIN"])
def test_a_challenge_that_is_none_is_a_server_that_takes_no_part(way: str, challenge: bytes) -> None:
    async def run(mailer: SmtpMailer) -> None:
        async with mailer.connect() as (connection,):
            await connection.send("us@test.example", "ana@test.example", MESSAGE)

    fault = both(at(Stage.EHLO, says(f"250-ready\r\n250 AUTH {way}")), at(Stage.AUTH, says(challenge)))
    with faulty_server(fault) as server:
        mailer = SmtpMailer("127.0.0.1", server.port, Tls.NONE, username="twinflow", password="secret", timeout=2)
        with pytest.raises(MailServerDown) as down:
            asyncio.run(run(mailer))
    assert not down.value.doubtful
    assert "secret" not in str(down.value)
    assert server.kept == []

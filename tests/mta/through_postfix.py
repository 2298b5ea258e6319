"""Mail through a real server, as an office runs it: STARTTLS, a login, and what arrives is read as strictly as standards go.

Not part of `make test`: `make test-mta` installs Postfix where it is missing and runs this file by its name, as root.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from postfix import OURS, PASSWORD, USERNAME, Postfix, running_postfix
from pydantic import SecretStr

from builders import AT_PAGE, PAPERS
from mail_reading import header_of, says_the_same, strictly, text_of
from twinflow import language
from twinflow.config import MailSettings
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.mail.received import ReceivedKind
from twinflow.domain.mail.return_path import return_tag
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.mail.returned import open_mailbox
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.mail import outbox
from twinflow.services.mail.received import received_messages, return_key
from twinflow.worker.returns import read_mailbox
from world import EXAMPLES, World

KNOWN = "pepa@cuenca.example"
LONG_TITLE = (
    "Acuerdo de hermanamiento «de amplio alcance» entre Chihuahua y Albuquerque, sobre agua, niñez, música y 🤝 — 奇瓦瓦市"
    "与阿尔伯克基市关于友好城市关系的协议 — اتفاقية التوأمة بين مدينتي تشيواوا وألباكركي, “with a title that never ends”; "
)
LONG_TITLE = (LONG_TITLE * 2)[:300].strip()
"""As long as a title may be."""
LIAISONS = {
    "pepa": ('Peña Ñáñez, María José "Pepa"', KNOWN, "es"),
    "liwei": ("昆卡市国际合作与姊妹城市事务办公室主任李伟，联络官兼友好城市项目协调员", "li.wei@remote.example", "en"),
    "arabic": ("مكتب العلاقات الدولية بمدينة كوينكا", "o'brien+tag@remote.example", "en"),
    "emoji": ("🇪🇨 Enlace 🤝 Ñuñoa 👩🏽‍💼", "emoji@remote.example", "es"),
    "endless": (
        "Office of External Relations, Twinnings and Cooperation " * 3 + "(Liaison)",
        "endless@remote.example",
        "en",
    ),
    "archive": ("Archive; <of> Cuenca =?utf-8?q?no?=", f"archive@{OURS}", "es"),
}
REVIEWERS = {
    "zoe": ("Dvořák-Åström, Zoë, Ph.D.", "zoe@remote.example", "en"),
    "nguyen": ("Nguyễn Thị Ánh Tuyết", "nguyen@remote.example", "es"),
}
ONE = {"pepa": LIAISONS["pepa"]}

Readers = Mapping[str, tuple[str, str, str]]


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    with running_postfix([KNOWN]) as running:
        yield running


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """What a database makes of mail is tested elsewhere, on both."""
    return f"sqlite:///{tmp_path / 'twinflow.db'}"


@pytest.fixture
def settings(postfix: Postfix, tmp_path: Path) -> MailSettings:
    return MailSettings(
        host="127.0.0.1",
        port=postfix.port,
        certificate_authority=postfix.authority,
        username=USERNAME,
        password=SecretStr(PASSWORD),
        sender=f"twinflow@{OURS}",
        return_path=f"bounces@{OURS}",
        state_file=tmp_path / "mail-state.json",
    )


def people_file(folder: Path, liaisons: Readers, reviewers: Readers) -> Path:
    """The offices of the demonstration: Cuenca's liaisons and the ministry's reviewers, and who opens the Mexican case."""
    demo = (EXAMPLES / "demo" / "people.toml").read_text("utf-8")
    parts = [
        part for part in demo.split("\n\n") if not part.startswith("[people.") or part.startswith("[people.elena]")
    ]
    for people, role, office in ((liaisons, "liaison", "cuenca"), (reviewers, "reviewer", "sre")):
        for key, (name, mail, code) in people.items():
            said = json.dumps(name, ensure_ascii=False)
            parts.append(
                f'[people.{key}]\nname = {said}\nmail = "{mail}"\nlanguage = "{code}"\n'
                f'roles = [{{ role = "{role}", office = "{office}" }}]'
            )
    file = folder / "people.toml"
    file.write_text("\n\n".join(parts), "utf-8")
    return file


def request_an_opinion(world: World) -> None:
    """What tells the reviewers at once."""
    parties = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
    today = world.people.today("chihuahua", world.now)
    new = NewAgreement("MX-1", "mx/twinning", "chihuahua", LONG_TITLE, today, parties, state="drafting")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    for step in ("complete_draft", "request_opinion"):
        command = StepCommand(step, today, records=PAPERS.get(step, {}))
        advance_agreement(
            world.engine, world.rulebook, world.people, "MX-1", command, person="elena", door=AT_PAGE, now=world.now
        )


def states(world: World) -> set[tuple[str, str]]:
    return {(message.recipient, message.state) for message in outbox.messages(world.engine, viewer=OPERATOR)}


def test_a_digest_and_an_urgent_notice_arrive_as_they_were_written_and_as_the_standards_have_it(
    make_world: Callable[..., World], postfix: Postfix, settings: MailSettings, tmp_path: Path
) -> None:
    world = make_world(settings, people_file(tmp_path, LIAISONS, REVIEWERS))
    world.import_cuenca()
    request_an_opinion(world)
    readers = LIAISONS | REVIEWERS
    done = world.tick().delivery
    assert (done.sent, done.failures) == (len(readers), ())
    sent = {message.recipient: message for message in outbox.messages(world.engine, viewer=OPERATOR)}
    assert {key: message.digest for key, message in sent.items()} == {key: key in LIAISONS for key in readers}

    elsewhere = len(readers) - 1  # all but the archive, whose mailbox is at the server itself
    postfix.wait_for(
        lambda: len(postfix.next.passed) == elsewhere and len(postfix.mail()) == 1, "the mail of everybody"
    )
    arrived = {passed.recipient: (passed.sender, passed.content) for passed in postfix.next.passed}
    (archived,) = postfix.mail()
    sender = strictly(archived)["Return-Path"].strip("<>")
    arrived[f"archive@{OURS}"] = (sender, archived)

    for key, (name, mail, code) in readers.items():
        sender, raw = arrived[mail]
        message = strictly(raw)
        written = outbox.message(world.engine, sent[key].id, viewer=OPERATOR)[1]
        assert written is not None
        assert raw.endswith(written), "nothing on the way had to change it"
        assert set(strictly(written).keys()) <= set(message.keys()), "the server adds what tells the way, no more"
        tag = return_tag(return_key(world.engine), sent[key].id, sent[key].message_id)
        assert sender == f"bounces+{tag}@{OURS}"
        assert message["Message-ID"] == f"<{sent[key].message_id}@{OURS}>"
        assert header_of(raw, "Subject") == sent[key].subject
        assert header_of(raw, "From") == f"twinflow <twinflow@{OURS}>"
        assert message["To"].addresses[0].addr_spec == mail
        assert " ".join(name.split()) in header_of(raw, "To").replace('\\"', '"')
        assert message["Content-Language"] == code
        assert PASSWORD not in raw.decode("ascii")
        says_the_same(message)
        text = text_of(message, "plain")
        assert name in text
        assert f"{world.runtime.settings.base_url}/agreements/" in text
        if key in REVIEWERS:
            today = world.people.today("chihuahua", world.now)
            for fact in ("MX-1", LONG_TITLE[:100], language.day(today, code), "/agreements/MX-1\n"):
                assert fact in text
            assert message["References"].startswith("<agreement-")

    log = postfix.log
    assert log.count(f"sasl_username={USERNAME}") >= 1
    assert "TLS connection established from" in log
    assert log.count("sasl_method=PLAIN") == len(readers)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param({"password": SecretStr("not this one")}, "535", id="a wrong password"),
        pytest.param({"username": "", "password": SecretStr("")}, "554 5.7.1", id="no login"),
        pytest.param(
            {"tls": "none", "username": "", "password": SecretStr(""), "certificate_authority": None},
            "530 5.7.0 Must issue a STARTTLS command first",
            id="no TLS",
        ),
        pytest.param({"certificate_authority": None}, "certificate", id="an unknown authority"),
        pytest.param({"tls": "implicit"}, "", id="TLS too early"),
    ],
)
def test_what_the_server_does_not_take_from_us_is_given_up_for_no_message(
    make_world: Callable[..., World],
    postfix: Postfix,
    settings: MailSettings,
    tmp_path: Path,
    changed: Mapping[str, object],
    why: str,
) -> None:
    before = len(postfix.next.passed)
    world = make_world(settings.model_copy(update=changed), people_file(tmp_path, {}, ONE))
    request_an_opinion(world)
    done = world.tick().delivery
    assert (done.sent, done.waiting, states(world)) == (0, 1, {("pepa", "retrying")})
    (message,) = outbox.messages(world.engine, viewer=OPERATOR)
    assert f"127.0.0.1:{postfix.port} takes no mail from us" in str(message.error)
    assert why in str(message.error)
    assert "not this one" not in str(message.error)
    assert len(postfix.next.passed) == before


def test_a_wrong_password_is_tried_at_most_once_by_each_connection_of_a_pass(
    make_world: Callable[..., World], postfix: Postfix, settings: MailSettings, tmp_path: Path
) -> None:
    """A server that locks an account after so many mistakes counts each."""
    before = postfix.log.count("SASL PLAIN authentication failed")
    wrong = settings.model_copy(update={"password": SecretStr("not this one"), "connections": 2})
    world = make_world(wrong, people_file(tmp_path, {}, REVIEWERS))
    request_an_opinion(world)
    world.tick()
    assert {state for _, state in states(world)} == {"retrying"}
    assert 1 <= postfix.log.count("SASL PLAIN authentication failed") - before <= 2
    assert "SASL LOGIN" not in postfix.log


def test_who_is_unknown_to_the_server_fails_at_once_and_the_others_get_theirs(
    make_world: Callable[..., World], postfix: Postfix, settings: MailSettings, tmp_path: Path
) -> None:
    before = len(postfix.next.passed)
    unknown = {"ghost": ("Nadie", "ghost@cuenca.example", "es"), "pepa": LIAISONS["pepa"]}
    world = make_world(settings, people_file(tmp_path, {}, unknown))
    request_an_opinion(world)
    (failure,) = world.tick().delivery.failures
    assert "550 5.1.1 <ghost@cuenca.example>: Recipient address rejected: User unknown" in str(failure)
    assert {("ghost", "failed"), ("pepa", "accepted")} <= states(world)
    postfix.wait_for(lambda: len(postfix.next.passed) > before, "the mail of Pepa")
    assert postfix.next.passed[before].recipient == KNOWN


def test_what_comes_back_later_is_understood_and_opens_an_incident(
    make_world: Callable[..., World], postfix: Postfix, settings: MailSettings, tmp_path: Path
) -> None:
    """Postfix itself writes the report, to the sender of the envelope; we read it in its mailbox."""
    before, gone = len(postfix.mail()), {"gone": ("Quien se fue", "gone@later.example", "es")}
    world = make_world(settings, people_file(tmp_path, {}, gone))
    request_an_opinion(world)
    assert world.tick().delivery.sent == 1
    assert states(world) == {("gone", "accepted")}
    postfix.wait_for(lambda: len(postfix.mail()) > before, "the report")
    read_mailbox(world.engine, world.rulebook, world.people, open_mailbox(postfix.maildir), world.now)
    assert ("gone", "bounced") in states(world)
    told = next(message for message in outbox.messages(world.engine, viewer=OPERATOR) if message.recipient == "gone")
    assert "550 5.1.1 no mailbox of that name here" in str(told.error)


def test_a_report_that_postfix_writes_to_a_plain_return_path_is_kept_and_changes_nothing(
    make_world: Callable[..., World], postfix: Postfix, settings: MailSettings, tmp_path: Path
) -> None:
    before, gone = len(postfix.mail()), {"gone": ("Quien se fue", "gone@later.example", "es")}
    world = make_world(settings.model_copy(update={"return_path_tag": False}), people_file(tmp_path, {}, gone))
    request_an_opinion(world)
    assert world.tick().delivery.sent == 1
    postfix.wait_for(lambda: len(postfix.mail()) > before, "the report")
    read_mailbox(world.engine, world.rulebook, world.people, open_mailbox(postfix.maildir), world.now)
    assert ("gone", "accepted") in states(world)
    assert ReceivedKind.UNPROVEN in {line.message.kind for line in received_messages(world.engine, viewer=OPERATOR)}

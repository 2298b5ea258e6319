"""The strict reading of messages: it takes what is right, and each thing that is wrong is found and named."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from mail_reading import header_of, says_the_same, strictly, visible


def sound(subject: str = "Vencimiento: CUENCA-1", name: str = "Lucía Peña, “Enlace”") -> bytes:
    message = EmailMessage(policy=SMTP.clone(max_line_length=76, cte_type="7bit"))
    message["Subject"] = subject
    message["From"] = Address("twinflow", addr_spec="twinflow@test.example")
    message["To"] = Address(name, addr_spec="lucia@cuenca.example")
    message["Date"] = "Fri, 20 Nov 2026 15:00:00 +0000"
    message["Message-ID"] = "<1.a@test.example>"
    message["References"] = "<root.1@test.example> <root.2@test.example>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = "<https://test.example/unsubscribe/1>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("Vence el día 30: https://test.example/1\n", cte="quoted-printable")
    message.add_alternative(
        '<p>Vence el día <b>30</b>: <a href="https://test.example/1"></a></p>\n', subtype="html", cte="base64"
    )
    message.set_boundary("=_1")
    return message.as_bytes()


def test_a_sound_message_passes_and_is_returned() -> None:
    message = strictly(sound())
    assert message["Message-ID"] == "<1.a@test.example>"
    says_the_same(message)


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (b"Subject: V", b"Subject: \xc3\xad", "not ASCII"),
        (b"Subject: V", b"Subject: \x07", "control characters"),
        (b"Subject: V", b"Subject:\r\n \r\n V", "nothing but white space"),
        (b"Subject: Vencimiento: CUENCA-1", b"Subject:", "Subject: empty"),
        (b"Subject: V", b"Subject: " + b"word " * 16, "78 are meant"),
        (b"Subject: V", b"Subject: =?utf-8?q?=C3?=", "white space around it"),
        (b"Subject: V", b"Subject: =?utf-8?q?=C3?= V", "not whole characters"),
        (b"Subject: V", b"Subject: =?utf-8?b?w!!?= V", "not whole characters"),
        (b"Subject: V", b"Subject: =?latin-1?q?=ED?= V", "of another kind"),
        (b"Subject: V", b"Subject: =?utf-8?q?a V", "broken"),
        (b"Subject: V", b"Subject: =?utf-8?q?" + b"a" * 64 + b"?= V", "75 are allowed"),
        (b"To: ", b'To: "=?utf-8?q?a?=" ', "in quotation marks"),
        (b"From: twinflow <", b"From: =?utf-8?q?a(b?= <", "a name may not have"),
        (b"From: twinflow <", b"From: a@test.example, <", "2 addresses"),
        (b"From: twinflow <twinflow@test.example>", b"From: twinflow <>", "From"),
        (b"Subject: V", b"Subject: x\r\nSubject: V", "Subject 2 times"),
        (b"Subject:", b"Nothing:", "Subject 0 times"),
        (b"Subject: V", b"Precedence: bulk\r\nSubject: V", "no message of ours has: Precedence"),
        (b"Subject: V", b"X-Password: secret\r\nSubject: V", "no message of ours has: X-Password"),
        (b"Subject: V", b"no field\r\nSubject: V", "no message of ours has"),
        (b"Fri, 20", b"Thu, 20", "that day was no Thu"),
        (b"20 Nov 2026", b"31 Nov 2026", "Date"),
        (b"15:00:00 +0000", b"15:00:00 GMT", "not as in RFC 5322"),
        (b"<1.a@test.example>", b"<1 a@test.example>", "Message-ID"),
        (b"<1.a@test.example>", b"1.a@test.example", "Message-ID"),
        (b"<root.2@test.example>", b"root.2", "references"),
        (b"Auto-Submitted: auto-generated", b"Auto-Submitted: yes", "Auto-Submitted"),
        (b"MIME-Version: 1.0", b"MIME-Version: 2.0", "MIME-Version"),
        (b"=One-Click", b"=Yes", "List-Unsubscribe-Post"),
        (b"List-Unsubscribe: <https:", b"List-Unsubscribe: <mailto:", "not <https://...>"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"", "belong together"),
        (b"--=_1--\r\n", b"", "closing boundary"),
        (b"--=_1--\r\n", b"--=_1--\r\nmore\r\n", "closing boundary"),
        (b"Vence el", b"\r\n--=_10", "begins like the boundary"),
        (b"\r\n--=_1\r\n", b"\r\nhello\r\n--=_1\r\n", "before the first boundary"),
        (b"text/plain", b"text/html", "text/plain and then text/html come first"),
        (b"multipart/alternative", b"multipart/mixed", "not a multipart/alternative"),
        (b'boundary="=_1"', b'boundary="=_1 "', "not a boundary"),
        (b"quoted-printable", b"8bit", "may not take"),
        (b"d=C3=ADa", b"d=c3=ada", "not quoted-printable"),
        (b"d=C3=ADa", b"d=ADa", "not UTF-8"),
        (b"d=C3=ADa", b"d=00a", "stand for nothing"),
        (b"d=C3=ADa", b"dia " + b"x" * 80, "76 are allowed"),
        (b"d=C3=ADa 30", b"dia \r\n30", "white space at the end"),
        (b'plain; charset="utf-8"', b'plain; charset="us-ascii"', "utf-8 is meant"),
        (b"PHA", b"P!A", "body.2"),
        (
            b"Content-Transfer-Encoding: base64",
            b"X-Secret: 1\r\nContent-Transfer-Encoding: base64",
            "no part of ours has",
        ),
        (b"Content-Transfer-Encoding: base64", (b"Content-Transfer-Encoding: base64\r\n") * 2, "times"),
        (b"\r\nSubject", b"\nSubject", "CRLF"),
        (b"Vence el", b"Vence\rel", "CRLF"),
        (b"Vence el", b"x" * 999, "998 are allowed"),
    ],
)
def test_each_thing_that_is_wrong_is_found(before: bytes, after: bytes, named: str) -> None:
    raw = b"MIME-Version: 1.0\r\n" + sound().replace(b"MIME-Version: 1.0\r\n", b"")
    assert before in raw
    with pytest.raises(AssertionError, match=named.replace("<", "\\<").replace("(", "\\(")):
        strictly(raw.replace(before, after, 1))


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Åström-Dvořák",
        "Nguyễn Thị Ánh Tuyết, Ph.D.",
        "昆卡市国际合作与姊妹城市事务办公室主任李伟",
        "مكتب العلاقات الدولية بمدينة كوينكا",
        "🇪🇨 Cuenca 🤝 Ñuñoa 🇨🇱",
        'Peña, "Pepe" <enlace>; José\\',
        "A" * 300,
    ],
)
def test_names_and_titles_of_any_script_pass_as_python_writes_them(name: str) -> None:
    raw = sound(f"Vencimiento: {name}", name)
    assert strictly(raw)["Subject"] == header_of(raw, "Subject") == f"Vencimiento: {name}"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    assert header_of(raw, "To").replace('"' + quoted + '"', name) == f"{name} <lucia@cuenca.example>"


def test_the_two_texts_must_say_the_same() -> None:
    other = strictly(sound().replace(b"30: https", b"31: https"))
    with pytest.raises(AssertionError, match="31"):
        says_the_same(other)
    elsewhere = strictly(sound().replace(b"30: https://test", b"30: https://pest"))
    with pytest.raises(AssertionError, match="links"):
        says_the_same(elsewhere)


def test_what_a_page_hides_is_not_visible() -> None:
    assert visible("<head><title>No</title></head><p>Yes<a href='https://x.example'>here</a></p>") == (
        "Yes here https://x.example"
    )

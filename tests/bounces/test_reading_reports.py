"""Reports as the known mail servers write them, and whatever else may come: what each is, and never an error."""

from datetime import UTC, datetime
from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returned_mail import FAILED, OFFICER, TOKEN, dsn, mail, names

from twinflow.domain.mail.delivery_reports import Report, ReportKind
from twinflow.mail.known_servers import KNOWN_SERVERS
from twinflow.mail.reports import READ_LIMIT, SHOWN_LIMIT, read_report, readable_text

KINDS = {
    "exchange-failed": ReportKind.HARD,
    "exim-failed": ReportKind.HARD,
    "exim-old-failed": ReportKind.HARD,
    "gmail-failed": ReportKind.HARD,
    "exchange-old-failed": ReportKind.HARD,
    "domino-failed": ReportKind.HARD,
    "groupwise-failed": ReportKind.HARD,
    "sendmail-old-failed": ReportKind.HARD,
    "human-answer": ReportKind.ANSWER,
    "human-answer-through-a-list": ReportKind.ANSWER,
    "out-of-office-exchange": ReportKind.AUTO_REPLY,
    "out-of-office-gmail": ReportKind.AUTO_REPLY,
    "out-of-office-vacation": ReportKind.AUTO_REPLY,
    "postfix-delayed": ReportKind.DELAYED,
    "postfix-delivered": ReportKind.DELIVERED,
    "postfix-failed": ReportKind.HARD,
    "postfix-gave-up": ReportKind.HARD,
    "qmail-failed": ReportKind.HARD,
    "read-receipt": ReportKind.AUTO_REPLY,
    "sendmail-failed": ReportKind.HARD,
}
WHY = {
    "exchange-failed": "5.1.10 550 5.1.10 RESOLVER.ADR.RecipientNotFound",
    "exim-failed": "5.0.0 550 No such user here",
    "exim-old-failed": "unrouteable address",
    "exchange-old-failed": "The recipient name is not recognized",
    "domino-failed": "User officer (officer@example.org) not listed in Domino Directory",
    "groupwise-failed": "user not found",
    "sendmail-old-failed": "(reason: 550 5.1.1 User unknown)",
    "gmail-failed": "5.1.1 550-5.1.1 The email account that you tried to reach does not exist.",
    "postfix-failed": "5.1.1 550 5.1.1 <officer@example.org>: Recipient address rejected: User unknown",
    "postfix-gave-up": "4.4.1 connect to mail.example.org[192.0.2.25]:25: Connection timed out",
    "qmail-failed": "192.0.2.25 does not like recipient. Remote host said: 550 5.1.1 No such user",
    "sendmail-failed": "5.1.1 550 5.1.1 <officer@example.org>... User unknown",
}


def kind_of(content: bytes) -> ReportKind:
    return read_report(content).kind


def test_every_message_of_the_folder_is_in_the_table() -> None:
    assert sorted(KINDS) == names()


@pytest.mark.parametrize("name", sorted(KINDS))
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_every_known_server_is_understood(name: str, newline: bytes) -> None:
    report = read_report(mail(name).replace(b"\n", newline))
    assert report.kind is KINDS[name]
    assert not report.cut


RETURNS_NOTHING = {"domino-failed", "exchange-old-failed", "groupwise-failed"}


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, kind in KINDS.items()
        if kind in {ReportKind.HARD, ReportKind.DELAYED} and name not in RETURNS_NOTHING
    ],
)
def test_a_report_names_the_message_it_is_about(name: str) -> None:
    assert read_report(mail(name)).message_ids == (TOKEN,)


@pytest.mark.parametrize("name", sorted(WHY))
def test_a_failure_says_who_was_not_reached_and_why(name: str) -> None:
    kind, why = read_report(mail(name)).about(OFFICER)
    assert kind is ReportKind.HARD
    assert why.startswith(f"{OFFICER} {WHY[name]}".strip())
    assert len(why) <= 300


def test_a_report_knows_its_sender_its_subject_and_its_instant() -> None:
    report = read_report(mail("exchange-failed"))
    assert report.subject == "No se puede entregar: CU-01 vence"
    assert report.sender == "Microsoft Outlook <postmaster@example.org>"
    assert report.sent_at == datetime(2026, 11, 20, 15, 0, 6, tzinfo=UTC)


# what it is about


def test_the_returned_message_goes_before_what_the_report_answers_to() -> None:
    other = "f" * 32
    content = dsn(headers=f"In-Reply-To: <{other}@city.example.net>\n")
    assert read_report(content).message_ids == (TOKEN,)


TAG = f"17-{TOKEN[:24]}"


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "Envelope-To", "To"])
def test_the_return_path_is_read_in_every_header_that_says_whom_a_message_came_to(header: str) -> None:
    assert read_report(dsn(returned="")).return_tags == ()
    assert read_report(dsn(headers=f"{header}:\n\t<bounces+{TAG}@city.example.net>\n")).return_tags == (TAG,)


def test_the_return_path_is_that_of_the_envelope_where_the_envelope_is_known() -> None:
    assert read_report(dsn(), [f"bounces+{TAG.upper()}@city.example.net"]).return_tags == (TAG,)


def test_what_a_message_answers_to_is_no_message_that_it_returns() -> None:
    older = "e" * 32
    thread = f"References: <{older}@city.example.net> <{TOKEN}@city.example.net>\n"
    report = read_report(dsn(returned="", headers=thread))
    assert (report.message_ids, report.answers_to) == ((), (TOKEN, older))
    answer = f"In-Reply-To: <{older}@city.example.net>\n"
    assert read_report(dsn(returned="", headers=thread + answer)).answers_to == (older, TOKEN)


def test_a_message_id_that_is_not_of_our_form_names_nothing() -> None:
    assert read_report(dsn(returned="Message-ID: <CAF=abc123@mail.example.com>\n")).message_ids == ()


# what became of whom


def test_a_status_decides_where_the_action_is_missing() -> None:
    for status, kind in (("5.1.1", ReportKind.HARD), ("4.2.2", ReportKind.DELAYED), ("2.0.0", ReportKind.DELIVERED)):
        assert kind_of(dsn(f"Final-Recipient: rfc822; {OFFICER}\nStatus: {status}\n")) is kind


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "Final-Recipient: rfc822; officer@example.org\n",
        "Final-Recipient: rfc822; officer@example.org\nAction: pondered\nStatus: 3.1.1\n",
        "Final-Recipient: rfc822; officer@example.org\nStatus: five\n",
        "Final-Recipient: rfc822; officer@example.org\nStatus: 15.1.1\n",
        "Final-Recipient: rfc822; officer@example.org\nStatus: 5.1.1.1.1\n",
        "Final-Recipient: rfc822; officer@example.org\nAction: delivered\nStatus: 5.1.1\n",
        "Final-Recipient: rfc822; officer@example.org\nAction: failed\nStatus: 2.0.0\n",
    ],
)
def test_a_report_that_does_not_say_what_happened_is_not_understood_and_no_automatic_answer(fields: str) -> None:
    assert kind_of(dsn(fields, headers="Auto-Submitted: auto-replied\n")) is ReportKind.OTHER


HARD, DELAYED, DELIVERED = ReportKind.HARD, ReportKind.DELAYED, ReportKind.DELIVERED
UNUSUAL = [
    ("Action: failure\nStatus: 5.1.1", HARD),
    ("Action: unknown\nStatus: 4.4.7", DELAYED),
    ("Action: fallido\nStatus: 5.1.1", HARD),
    ("Action: übermittelt\nStatus: 2.0.0", DELIVERED),
    ("ACTION: FAILED (bad destination)\nSTATUS: 5.1.1", HARD),
    ("Action: (a comment) failed", HARD),
    ("Action: expanded\nStatus: 2.0.0", DELIVERED),
    ("Action: relayed", DELIVERED),
    ("Action: delayed\nStatus: 4.2.2", DELAYED),
    ("Action: failed\nStatus: 4.4.7", HARD),
    ("status: 5.1", HARD),
    ("Status: #5.1.1", HARD),
    ("Status: 5.7.129 (delivery not authorized)", HARD),
    ("Status: (the 4.0.0 of before) 5.0.0", HARD),
    ("Status:\n 4.4.1", DELAYED),
    ("Status: 550", HARD),
    ("Status: 5", HARD),
    ("Diagnostic-Code: smtp; 550 5.1.1 no such user", HARD),
    ("Diagnostic-Code: smtp; 451 try later", DELAYED),
    ("Action: unknown\nDiagnostic-Code: x-unix; 67", ReportKind.OTHER),
]


@pytest.mark.parametrize(("fields", "kind"), UNUSUAL)
def test_unusual_status_fields_are_read_by_their_class(fields: str, kind: ReportKind) -> None:
    assert kind_of(dsn(f"Final-Recipient: rfc822; {OFFICER}\n{fields}\n")) is kind


def test_of_several_recipients_the_one_the_message_went_to_counts() -> None:
    delivered = f"Final-Recipient: rfc822; {OFFICER}\nAction: delivered\nStatus: 2.0.0\n"
    failed = "Final-Recipient: rfc822; old@example.org\nAction: failed\nStatus: 5.1.1\n"
    report = read_report(dsn(f"{delivered}\n{failed}"))
    assert report.kind is ReportKind.HARD
    assert report.about(OFFICER) == (ReportKind.DELIVERED, f"{OFFICER} 2.0.0")
    assert report.about("OLD@example.org")[0] is ReportKind.HARD
    assert report.about("somebody@example.org")[0] is ReportKind.HARD, "forwarded: what became of it there counts"


def test_the_original_recipient_is_recognised_where_the_final_one_is_another() -> None:
    fields = f"Final-Recipient: rfc822; deep@inside.example\nOriginal-Recipient: rfc822; {OFFICER}\nAction: failed\n"
    report = read_report(dsn(fields + "\nFinal-Recipient: rfc822; b@example.org\nAction: delivered\n"))
    assert report.about(OFFICER) == (ReportKind.HARD, "deep@inside.example")


def test_a_report_that_is_encoded_is_read() -> None:
    assert read_report(dsn(encoding="base64")).about(OFFICER)[0] is ReportKind.HARD
    assert read_report(dsn(encoding="quoted-printable")).about(OFFICER)[0] is ReportKind.HARD
    assert kind_of(dsn(encoding="base64").replace(b"RmluYWwt", b"R")) is ReportKind.OTHER


def test_an_international_report_is_read() -> None:
    fields = "Final-Recipient: utf-8; muñoz@correo.example\nAction: failed\nStatus: 5.1.1\n"
    report = read_report(dsn(fields).replace(b"message/delivery-status", b"message/global-delivery-status"))
    assert report.about("MUÑOZ@correo.example") == (ReportKind.HARD, "muñoz@correo.example 5.1.1")


def test_a_report_inside_a_message_that_somebody_forwards_is_not_a_report() -> None:
    forwarded = (
        b'Content-Type: multipart/mixed; boundary="f"\n\n--f\nContent-Type: message/rfc822\n\n' + dsn() + b"\n--f--\n"
    )
    assert kind_of(forwarded) is ReportKind.OTHER


LOOKS_LIKE = {
    "a header of Exim's": b"From: somebody@elsewhere.example\nX-Failed-Recipients: officer@example.org\n\nhello\n",
    "the words of qmail": b"From: ana@example.org\n\nHi. This is the qmail-send program at x.\n\n<o@x.example>:\nno\n",
    "a status in no report": dsn().replace(b"multipart/report; report-type=delivery-status;", b"multipart/mixed;"),
    "a report within another message": (
        b'From: a@b.example\nContent-Type: multipart/mixed; boundary="f"\n\n--f\n' + dsn() + b"\n--f--\n"
    ),
    "a report as text": b"From: ana@example.org\n\n" + dsn(),
    "qmail without its From": mail("qmail-failed").replace(b"MAILER-DAEMON@", b"somebody@"),
    "Exim without its header": mail("exim-old-failed").replace(b"X-Failed-Recipients", b"X-Other"),
    "Domino without its trace": mail("domino-failed").replace(b"X-MIMETrack", b"X-Other"),
}


@pytest.mark.parametrize("name", sorted(LOOKS_LIKE))
def test_what_only_looks_like_a_report_is_none(name: str) -> None:
    report = read_report(LOOKS_LIKE[name])
    assert report.recipients == ()
    assert report.kind in {ReportKind.ANSWER, ReportKind.OTHER}


def test_every_known_server_has_a_message_that_proves_it() -> None:
    messages = [message_from_bytes(mail(name)) for name in names()]
    for server in KNOWN_SERVERS:
        assert any(
            server.wrote({key.lower(): [value] for key, value in message.items()}, str(message.get_payload()))
            for message in messages
        ), server.begins.pattern


def test_a_report_that_is_cut_off_folded_oddly_or_in_no_known_charset_says_what_is_left_of_it() -> None:
    whole = dsn()
    assert kind_of(whole[: whole.index(b"\n\n--=_b\nContent-Type: text/rfc822")]) is ReportKind.HARD
    assert (
        kind_of(whole.replace(b"Content-Type: multipart/report; ", b"Content-Type:\n\tmultipart/report (x);\n "))
        is HARD
    )
    garbled = whole.replace(b"550 5.1.1 unknown", b"550 5.1.1 \xff\xfe\x80 inconn\xfc")
    assert read_report(garbled).about(OFFICER)[0] is ReportKind.HARD


# who wrote it

ANSWER, AUTO_REPLY, OTHER = ReportKind.ANSWER, ReportKind.AUTO_REPLY, ReportKind.OTHER
WRITTEN_BY = [
    ("Auto-Submitted: auto-replied", AUTO_REPLY),
    ("auto-submitted: Auto-Generated (vacation); owner=x", AUTO_REPLY),
    ("Auto-Submitted: auto-notified", AUTO_REPLY),
    ("Auto-Submitted: auto-replied\nX-Auto-Response-Suppress: All\nSubject: Abwesenheitsnotiz: Re: CU-01", AUTO_REPLY),
    ("Auto-Submitted: auto-generated (challenge)\nSubject: Please confirm your message", AUTO_REPLY),
    ("X-Autoreply: yes", AUTO_REPLY),
    ("X-Autoreply: YES (Gmail)", AUTO_REPLY),
    ("X-Autorespond: CU-01: something is due", AUTO_REPLY),
    ("X-Autoresponder: 1", AUTO_REPLY),
    ("X-Autoreply-From: officer@example.org\nPrecedence: bulk", AUTO_REPLY),
    ("Precedence: auto_reply", AUTO_REPLY),
    ("X-Precedence: Auto_Reply\nPrecedence: bulk", AUTO_REPLY),
    ("X: y", ANSWER),
    ("Auto-Submitted: no", ANSWER),
    ("Auto-Submitted: No (a person)", ANSWER),
    ("Auto-Submitted:\n no; owner=x\nPrecedence: junk", ANSWER),
    ("Auto-Submitted: no\nX-Autoreply: yes", ANSWER),
    ("Auto-Submitted:", ANSWER),
    ("X-Autoreply: no", ANSWER),
    ("X-Autoreply: No (written by hand)\nX-Autorespond: false\nX-Autoresponder: 0", ANSWER),
    ("X-Autoreply:", ANSWER),
    ("Precedence: junk", ANSWER),
    ("Precedence: bulk", ANSWER),
    ("Precedence: first-class", ANSWER),
    (
        "Precedence: list\nList-Id: Sister cities <sisters.example.org>\nList-Unsubscribe: <mailto:x@example.org>",
        ANSWER,
    ),
    ("X-Auto-Response-Suppress: OOF, AutoReply", ANSWER),
    ("Return-Path: <>", ANSWER),
    ("Subject: Automatische Antwort: wirklich von mir", ANSWER),
    ("Subject: =?utf-8?Q?Respuesta_autom=C3=A1tica=3A?= no, soy yo", ANSWER),
    ("Subject: Fuera de la oficina: ¿quién firma?", ANSWER),
    ("Subject: Please confirm that you are a person (TMDA)", ANSWER),
    ("X-Failed-Recipients: officer@example.org", ANSWER),
    ('From: "Postmaster Ana" <ana@example.org>', ANSWER),
    ("From: Postmaster, Ana <ana@example.org>", ANSWER),
    ("From: ana@example.org (Mailer-Daemon for fun)", ANSWER),
    ('From: "postmaster@example.org" <ana@example.org>', ANSWER),
    ("From: =?utf-8?Q?Mailer-Daemon?= <ana@example.org>", ANSWER),
    ("From: Peña, jefa de postmasters <peña@example.org>", ANSWER),
    ("From: postmaster-ana@example.org", ANSWER),
    ("From: ana.postmaster@example.org", ANSWER),
    ("From: ana@postmaster.example", ANSWER),
    ("From: Ana <postmaster@example.org>", OTHER),
    ("From: Mail Delivery System <MAILER-DAEMON@mx.example.org>\nAuto-Submitted: auto-replied", OTHER),
    ("From: MAILER-DAEMON (Mail Delivery System)", OTHER),
    ("From: <>\nAuto-Submitted: no", OTHER),
    ("From: undisclosed", OTHER),
]


@pytest.mark.parametrize(("headers", "kind"), WRITTEN_BY)
def test_who_wrote_a_message_is_read_from_the_values_of_its_headers(headers: str, kind: ReportKind) -> None:
    sender = "" if "From:" in headers else "From: officer@example.org\n"
    assert kind_of(f"{sender}{headers}\n\nI am here.\n".encode()) is kind


PARTS = {
    "delivery": f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{FAILED}",
    "reading": "Content-Type: message/disposition-notification\n\nDisposition: manual-action/MDN-sent-manually; displayed\n",
    "complaint": f"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: {OFFICER}\n",
}
REPORTED = [
    ("multipart/report; report-type=delivery-status", "delivery", HARD),
    ('multipart/report;\n Report-Type = "Delivery-Status" (RFC 3464)', "delivery", HARD),
    ("multipart/report; report-type=disposition-notification", "reading", AUTO_REPLY),
    ("multipart/report; report-type=disposition-notification", "delivery", OTHER),
    ("multipart/report; report-type=feedback-report", "complaint", OTHER),
    ("multipart/report; report-type=feedback-report", "delivery", OTHER),
    ("multipart/report; report-type=x-delivery-status", "delivery", OTHER),
    ("multipart/report", "delivery", OTHER),
    ("multipart/mixed; report-type=delivery-status", "delivery", OTHER),
    ("multipart/mixed", "reading", ANSWER),
    ("multipart/mixed", "complaint", ANSWER),
]


@pytest.mark.parametrize(("content_type", "part", "kind"), REPORTED)
def test_a_report_is_one_of_what_its_report_type_says(content_type: str, part: str, kind: ReportKind) -> None:
    text = f"From: officer@example.org\nContent-Type: {content_type}; boundary=b\n\n--b\n\nText.\n--b\n{PARTS[part]}--b--\n"
    assert kind_of(text.encode()) is kind


def test_what_a_person_wrote_is_shown_whole_wherever_it_stands_in_the_message_up_to_a_limit() -> None:
    long = "¿Quién firma? " * 30_000
    nested = (
        'Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary="b"\n\n--b\n'
        f"Content-Type: text/plain; charset=utf-8\n\n{long}\n--b\nContent-Type: text/html\n\n<p>x</p>\n--b--\n--a--\n"
    )
    text, is_all = readable_text(nested.encode())
    assert (text.strip(), is_all) == (long.strip(), True)
    assert readable_text(b"\n" + b"x" * (SHOWN_LIMIT + 1)) == ("x" * SHOWN_LIMIT, False)
    only_html = b"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>x</p>\n--b--\n"
    assert "<p>x</p>" in readable_text(only_html)[0]


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "rot13", "martian"])
def test_what_is_in_no_charset_of_mail_is_shown_as_it_is_and_at_once(charset: str) -> None:
    body = b"a" * 400_000 + b"-" + b"b" * 400_000
    assert readable_text(f"Content-Type: text/plain; charset={charset}\n\n".encode() + body) == (body.decode(), True)


def test_a_text_in_a_charset_of_mail_is_read_by_it() -> None:
    for charset in ("utf-8", "UTF-16", "iso-8859-1", "windows-1252", "cp850", "macintosh"):
        content = f'Content-Type: text/plain; charset="{charset}"\n\n'.encode() + "Año".encode(charset)
        assert readable_text(content) == ("Año", True)


# hostile


def nested(levels: int, tail: bytes = b"") -> bytes:
    head = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(levels))
    return head + b"Content-Type: text/plain\n\nx\n" + tail


HOSTILE = {
    "nothing": b"",
    "one empty line": b"\n",
    "zeroes": b"\0" * 10_000,
    "every byte": bytes(range(256)) * 100,
    "wide text": "From: a\n\nAction: failed".encode("utf-16"),
    "headers without end": b"A: b\n" * 40_000,
    "one header folded for ever": b"Subject: x" + b"\n y" * 80_000,
    "a content type of semicolons": b"Content-Type: multipart/report" + b";" * 200_000 + b"\n\n",
    "a content type of quotes": b'Content-Type: multipart/report; boundary="' + b'\\"' * 100_000 + b"\n\n",
    "an empty boundary": b'Content-Type: multipart/report; boundary=""\n\n--\n--\n',
    "a boundary of signs": b'Content-Type: multipart/report; boundary="(.*)+[$"\n\n--(.*)+[$\n\nx\n--(.*)+[$--\n',
    "a boundary that is never there": b"Content-Type: multipart/report; boundary=x\n\n" + b"-" * 200_000,
    "nesting": nested(5_000),
    "nesting, and then lines": nested(900, b"\n" * 150_000),
    "thousands of parts": b"Content-Type: multipart/report; boundary=x\n\n" + b"--x\nA: b\n\nc\n" * 20_000,
    "blank lines": b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n"
    + b"\n " * 90_000,
    "a charset that does not exist": b"Subject: =?martian?B?AAAA?=\nFrom: =?utf-8?B?*?=\n\n",
    "dates that do not exist": b"Date: Fri, 99 Nov 99999 99:99:99 +99999999999999999999\n\n",
    "the end of time": b"Date: Fri, 31 Dec 9999 23:59:59 -2300\n\n",
    "a date of digits": b"Date: " + b"9" * 1_900 + b"\n\n",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_whatever_the_bytes_are_they_are_read_without_an_error_and_mean_nothing(name: str) -> None:
    assert kind_of(HOSTILE[name]) is ReportKind.OTHER


@given(st.binary(max_size=2_000))
def test_any_bytes_give_a_report(content: bytes) -> None:
    assert isinstance(read_report(content), Report)


@given(st.data())
def test_a_real_report_with_any_bytes_put_in_gives_a_report_about_no_other_message(data: st.DataObject) -> None:
    content = bytearray(mail(data.draw(st.sampled_from(sorted(KINDS)))))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 60))] = data.draw(st.binary(max_size=40))
    assert set(read_report(bytes(content)).message_ids) <= {TOKEN}


def test_of_thousands_of_recipients_the_first_fifty_are_read() -> None:
    one = "Final-Recipient: rfc822; p{}@example.org\nAction: delayed\n\n"
    report = read_report(dsn("".join(one.format(n) for n in range(3_000))))
    assert len(report.recipients) == 50
    assert report.kind is ReportKind.DELAYED


def test_of_a_huge_message_the_beginning_is_read_and_it_says_so() -> None:
    whole = read_report(dsn(returned=f"Message-ID: <{TOKEN}@city.example.net>\n\n" + "x" * (2 * READ_LIMIT)))
    assert (whole.kind, whole.message_ids, whole.cut) == (ReportKind.HARD, (TOKEN,), True)
    behind = read_report(b"Subject: big\nContent-Type: multipart/report; boundary=b\n\n" + b"x" * READ_LIMIT + dsn())
    assert (behind.kind, behind.cut) == (ReportKind.OTHER, True)


def test_what_is_shown_of_a_report_has_no_control_characters_and_turns_no_text_around() -> None:
    fields = "Final-Recipient: rfc822; a\x1b[31m@example.org\nAction: failed\nDiagnostic-Code: smtp; 550 \u202eno\x07\r\x00\n"
    report = read_report(dsn(fields, headers="X: y\n").replace(b"Subject: ", b"Subject: \x1b]0;x\x07"))
    shown = report.subject + report.sender + report.about("")[1]
    assert shown.isprintable()
    assert "550" in shown

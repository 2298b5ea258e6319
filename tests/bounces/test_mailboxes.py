"""Mailboxes on disk: what is read, what is moved, that nothing is lost, and that one bad message stops no other."""

import logging
import mailbox as standard
import os
from pathlib import Path

import pytest
from returned_mail import dsn, mail, names
from sent_message import Sent

from twinflow.domain.mail.delivery_reports import ReportKind
from twinflow.domain.mail.message import MessageState
from twinflow.domain.mail.received import ReceivedKind
from twinflow.domain.people.viewer import OPERATOR
from twinflow.errors import BadInput, EnvironmentFailed, Refused
from twinflow.mail.reports import READ_LIMIT
from twinflow.mail.returned import SIZE_LIMIT, Mailbox, open_mailbox
from twinflow.services.alerts.incidents import tell_incidents
from twinflow.services.mail import received
from twinflow.services.mail.bounces import Outcome
from twinflow.storage.unit_of_work import UnitOfWork


def maildir(folder: Path, *contents: bytes) -> Path:
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    have = len(list((folder / "new").iterdir()))
    for number, content in enumerate(contents, have):
        (folder / "new" / f"{number:06}.host").write_bytes(content)
    return folder


def mbox(file: Path, *contents: bytes) -> Path:
    """Appends, as a mail server does."""
    with file.open("ab") as opened:
        for content in contents:
            opened.write(b"From MAILER-DAEMON Fri Nov 20 15:00:00 2026\n" + content.replace(b"\nFrom ", b"\n>From "))
            opened.write(b"\n" if content.endswith(b"\n") else b"\n\n")
    return file


def left(folder: Path, part: str = "new") -> list[str]:
    return sorted(path.name for path in (folder / part).iterdir())


def contents(box: Mailbox) -> list[bytes]:
    return [found.content for found in box.unread()]


# Maildir


def test_what_was_read_in_a_maildir_moves_and_keeps_its_bytes(sent: Sent, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "box", sent.mail("postfix-failed"), mail("human-answer"))
    reading = sent.read(open_mailbox(folder))
    assert [message.kind for message in reading.messages] == [ReportKind.HARD, ReportKind.ANSWER]
    assert sent.state == MessageState.BOUNCED
    assert left(folder) == []
    assert left(folder, "cur") == ["000000.host:2,S", "000001.host:2,"], "an answer waits unseen for a person"
    assert (folder / "cur" / "000001.host:2,").read_bytes() == mail("human-answer")
    (problem,) = reading.problems
    assert str(problem) == (
        "new/000001.host: an answer: “Re: CU-01: something is due” from Officer <officer@example.org>."
    )


def test_a_maildir_read_twice_changes_nothing_more(sent: Sent, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "box", *(sent.mail(name) for name in names()))
    first = sent.read(open_mailbox(folder))
    after = sent.everything()
    assert first.kinds() == {
        ReportKind.HARD: 12,
        ReportKind.AUTO_REPLY: 4,
        ReportKind.DELAYED: 1,
        ReportKind.DELIVERED: 1,
        ReportKind.ANSWER: 2,
    }
    assert first.outcomes() == {Outcome.BOUNCED: 1, Outcome.NO_CHANGE: 11}
    assert sent.read(open_mailbox(folder)).messages == ()
    again = sent.read(open_mailbox(folder, everything=True))
    assert again.kinds() == first.kinds()
    assert again.outcomes() == {Outcome.NO_CHANGE: 12}
    assert sent.everything() == after


def test_a_report_that_came_too_early_stays_new_until_it_can_be_recorded(queued: Sent, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "box", queued.mail("postfix-failed"))
    box = open_mailbox(folder)
    queued.attempt(None)
    assert queued.read(box).outcomes() == {Outcome.WAITING: 1}
    assert left(folder) == ["000000.host"]


def test_what_is_no_file_in_a_maildir_is_passed_over(tmp_path: Path) -> None:
    folder = maildir(tmp_path / "box", b"a")
    (folder / "new" / "folder").mkdir()
    os.mkfifo(folder / "new" / "pipe")
    (folder / "new" / "gone").symlink_to(tmp_path / "nowhere")
    assert contents(open_mailbox(folder)) == [b"a"]


def test_a_message_that_another_worker_moved_is_left_to_it(tmp_path: Path) -> None:
    folder = maildir(tmp_path / "box", b"a", b"b")
    one, other = open_mailbox(folder), open_mailbox(folder)
    for found in one.unread():
        for same in other.unread():
            other.done(same, understood=True)
        one.done(found, understood=True)
    assert left(folder, "cur") == ["000000.host:2,S", "000001.host:2,S"]


# mbox


def test_an_mbox_is_read_as_the_standard_library_writes_it_and_never_written(sent: Sent, tmp_path: Path) -> None:
    file = tmp_path / "box"
    written = standard.mbox(file)
    for name in names():
        written.add(sent.mail(name))
    written.close()
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    reading = sent.read(open_mailbox(file))
    assert reading.kinds()[ReportKind.HARD] == 12
    assert len(reading.messages) == len(names())
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert sent.state == MessageState.BOUNCED


def test_an_mbox_that_has_not_changed_is_not_read_again_and_one_that_grew_from_there(tmp_path: Path) -> None:
    file = mbox(tmp_path / "box", b"A: 1\n\nx\n", b"A: 2\n\nFrom here on\n")
    box = open_mailbox(file)
    for found in box.unread():
        box.done(found, understood=True)
    assert contents(box) == []
    mbox(file, b"A: 3\n\nz\n")
    assert contents(box) == [b"A: 3\n\nz\n\n"]
    assert len(contents(open_mailbox(file))) == 3, "another worker reads it from its beginning"


def test_an_mbox_that_was_written_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    file = mbox(tmp_path / "box", b"A: 1\n\nlonger than the next\n")
    box = open_mailbox(file)
    for found in box.unread():
        box.done(found, understood=True)
    file.write_bytes(b"")
    assert contents(box) == []
    mbox(file, b"A: 2\n\n\n", b"A: 3\n\n" + b"x" * 200 + b"\n")
    assert [content[:4] for content in contents(box)] == [b"A: 2", b"A: 3"]


def test_an_mbox_goes_on_from_the_first_message_that_could_not_be_recorded(queued: Sent, tmp_path: Path) -> None:
    file = mbox(tmp_path / "box", mail("human-answer"), queued.mail("postfix-failed"), mail("read-receipt"))
    box = open_mailbox(file)
    queued.attempt(None)
    assert len(queued.read(box).messages) == 3
    kinds = [message.kind for message in queued.read(box).messages]
    assert kinds == [ReportKind.HARD, ReportKind.AUTO_REPLY]


@pytest.mark.parametrize("tail", [b"y" * (2 * SIZE_LIMIT), b"y" * 999 + b"\n"])
def test_of_a_huge_message_in_an_mbox_only_the_beginning_is_kept_and_the_next_is_found(
    tmp_path: Path, tail: bytes
) -> None:
    tail *= -(-2 * SIZE_LIMIT // len(tail))
    file = mbox(tmp_path / "box", b"A: 1\n\n" + tail + b"\n", b"A: 2\n\nz\n")
    first, second = open_mailbox(file).unread()
    assert (len(first.content), first.whole) == (SIZE_LIMIT, False)
    assert first.content.startswith(b"A: 1\n\ny")
    assert (second.content, second.whole) == (b"A: 2\n\nz\n\n", True)


# all of them


def test_a_storm_of_out_of_office_answers_changes_nothing(sent: Sent, tmp_path: Path) -> None:
    storm = [sent.mail(name) for name in names() if name.startswith("out-of-office")] * 100
    before = sent.everything()
    reading = sent.read(open_mailbox(maildir(tmp_path / "box", *storm)))
    assert reading.kinds() == {ReportKind.AUTO_REPLY: 300}
    assert reading.problems == []
    assert sent.everything() == before


def test_forged_reports_change_nothing_and_are_counted(sent: Sent, tmp_path: Path) -> None:
    forged = [mail("postfix-failed", f"{number:032x}") for number in range(20)]
    before = sent.everything()
    reading = sent.read(open_mailbox(maildir(tmp_path / "box", *forged)))
    assert reading.outcomes() == {Outcome.UNPROVEN: 20}
    assert sent.everything() == before


@pytest.mark.parametrize("kind", [maildir, mbox])
def test_one_bad_message_stops_no_other(sent: Sent, tmp_path: Path, kind) -> None:
    bad = [b"\xff\xfe\0\0", b"Content-Type: multipart/report; boundary=x\n\n" + b"--x\n" * 30_000, b"", dsn("")]
    box = kind(tmp_path / "box", *bad, sent.mail("postfix-failed"))
    reading = sent.read(open_mailbox(box))
    assert reading.kinds() == {ReportKind.OTHER: 4, ReportKind.HARD: 1}
    assert len(reading.problems) == 4
    assert sent.state == MessageState.BOUNCED


def test_one_message_with_which_the_program_makes_a_mistake_is_kept_as_not_understood_and_stops_no_other(
    sent: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = maildir(tmp_path / "box", mail("human-answer", sent.token), sent.mail("postfix-failed"))
    with monkeypatch.context() as broken:
        broken.setattr("twinflow.services.mail.received._kind", lambda report, _: {ReportKind.HARD: None}[report.kind])
        reading = sent.read(open_mailbox(folder))
    assert [message.outcome for message in reading.messages] == [Outcome.NO_CHANGE, Outcome.BOUNCED]
    assert "not understood: “" in str(reading.problems[0])
    assert reading.troubles == []
    assert left(folder) == [], "it is not read again"
    (line,) = received.received_messages(sent.world.engine, viewer=OPERATOR)
    assert line.message.kind is ReceivedKind.OTHER


def test_an_incident_that_cannot_be_told_keeps_the_report_and_is_told_with_the_next_pass(
    sent: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = maildir(tmp_path / "box", sent.mail("postfix-failed"), mail("postfix-failed", "f" * 32))
    caplog.set_level(logging.DEBUG, "twinflow")
    offices = dict(sent.world.people.offices)
    with monkeypatch.context() as broken:
        broken.setattr(type(sent.world.people), "today", lambda *_: offices["nobody"])
        reading = sent.read(open_mailbox(folder))
    assert [message.outcome for message in reading.messages] == [Outcome.BOUNCED, Outcome.UNPROVEN]
    assert sent.state == MessageState.BOUNCED, "that it came back is kept, whatever else fails"
    assert "incident of message" in caplog.text
    with UnitOfWork(sent.world.engine, reading=True) as work:
        assert len(work.outbox.untold_incidents()) == 1
    assert tell_incidents(sent.world.engine, sent.world.rulebook, sent.world.people, sent.world.now) == []
    with UnitOfWork(sent.world.engine, reading=True) as work:
        assert work.outbox.untold_incidents() == []


def test_a_database_that_fails_leaves_everything_unread(sent: Sent, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "box", sent.mail("postfix-failed"), sent.mail("postfix-failed"))
    with sent.world.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox RENAME TO outbox_away")
    with pytest.raises(EnvironmentFailed, match="The tables of the database are not those of twinflow"):
        sent.read(open_mailbox(folder))
    with sent.world.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox_away RENAME TO outbox")
    assert len(left(folder)) == 2
    assert sent.read(open_mailbox(folder)).outcomes() == {Outcome.BOUNCED: 1, Outcome.NO_CHANGE: 1}


def test_a_mailbox_that_vanishes_is_a_trouble_and_stops_nothing(sent: Sent, tmp_path: Path) -> None:
    for path in (maildir(tmp_path / "folder"), mbox(tmp_path / "file", b"x\n")):
        box = open_mailbox(path)
        path.rename(tmp_path / f"away-{path.name}")
        (trouble,) = sent.read(box).troubles
        assert (trouble.key, str(trouble)) == ("mailbox", "The mailbox cannot be read: No such file or directory.")


def test_a_mailbox_that_is_none_is_said_with_what_would_be_one(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("Dear all\n")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    for name, said in {
        "nowhere": "There is no mailbox",
        "text": "is no mailbox: it is a folder with “new”, “cur” and “tmp” (Maildir), or a file that begins",
        "folder": "is no mailbox",
        "text/below": "cannot be read: Not a directory",
    }.items():
        with pytest.raises(BadInput, match=name) as refused:
            open_mailbox(tmp_path / name)
        assert said in str(refused.value)
        assert str(tmp_path / name) in str(refused.value)
    assert contents(open_mailbox(tmp_path / "empty")) == []


def test_a_file_that_becomes_something_else_is_said(sent: Sent, tmp_path: Path) -> None:
    file = mbox(tmp_path / "box", b"A: 1\n\nx\n")
    box = open_mailbox(file)
    file.write_text("Dear all,\n\nFrom now on this is a letter.\n")
    reading = sent.read(box)
    assert reading.messages == ()
    assert "is no mailbox" in str(reading.failure)


# what a person has to look at


@pytest.mark.parametrize("kind", [maildir, mbox])
def test_an_answer_through_a_list_is_kept_whole_once_and_said_until_somebody_has_looked_at_it(
    sent: Sent, tmp_path: Path, kind
) -> None:
    answer = mail("human-answer-through-a-list", sent.token)
    box = kind(tmp_path / "box", answer, answer)
    sent.read(open_mailbox(box, everything=True))
    engine = sent.world.engine
    (line,) = received.received_messages(engine, viewer=OPERATOR)
    assert (line.message.kind, line.message.about, line.agreements) == (ReceivedKind.ANSWER, sent.id, ("MX-1",))
    assert received.received_message(engine, line.message.id, viewer=OPERATOR)[1].strip() == answer.strip()
    said, of_the_case = received.waiting(engine)
    assert str(said) == "Mail that came in waits for a person: 1; see “twinflow bounces list”."
    assert of_the_case.reference == "MX-1"
    assert str(of_the_case) == (
        "Came in: answer of a person from Ana Gil <ana@example.org>: “Re: Programa”; see “twinflow bounces show 1”."
    )
    received.settle(engine, sent.world.people, line.message.id, by="elena", now=sent.world.now)
    assert received.waiting(engine) == []
    with pytest.raises(Refused, match="elena has settled message 1 before"):
        received.settle(engine, sent.world.people, line.message.id, by="ana", now=sent.world.now)
    assert len(received.received_messages(engine, viewer=OPERATOR)) == 1, "it stays kept"


def test_a_forged_report_is_kept_as_what_it_is_and_waits_unseen(sent: Sent, tmp_path: Path) -> None:
    folder = maildir(tmp_path / "box", mail("postfix-failed", sent.token))
    reading = sent.read(open_mailbox(folder))
    assert reading.outcomes() == {Outcome.UNPROVEN: 1}
    assert sent.state == MessageState.ACCEPTED
    assert left(folder, "cur") == ["000000.host:2,"]
    (line,) = received.received_messages(sent.world.engine, viewer=OPERATOR)
    assert (line.message.kind, line.message.about) == (ReceivedKind.UNPROVEN, sent.id)
    (problem,) = reading.problems
    assert "nothing proves this report, it changes nothing" in str(problem)


def test_a_report_that_another_code_or_another_message_speaks_against_is_kept_whole_and_named_by_what_it_says(
    sent: Sent, tmp_path: Path
) -> None:
    failed = dsn(returned="")
    reports = {
        "to a code that is no more": f"To: bounces+{sent.id}-{'0' * 24}@city.example.net\n".encode() + failed,
        "about another message": sent.mail("postfix-failed").replace(sent.token.encode(), b"f" * 32),
        "in digits of another script": f"To: bounces+\u0661-{'0' * 24}@city.example.net\n".encode() + failed,
    }
    reading = sent.read(open_mailbox(maildir(tmp_path / "box", *reports.values())))
    assert reading.outcomes() == {Outcome.UNPROVEN: 3}
    assert sent.state == MessageState.ACCEPTED
    lines = received.received_messages(sent.world.engine, viewer=OPERATOR)
    about = {
        received.received_message(sent.world.engine, each.message.id, viewer=OPERATOR)[1]: each.message.about
        for each in lines
    }
    assert about == dict(zip(reports.values(), (sent.id, sent.id, None), strict=True))
    assert {each.message.kind for each in lines} == {ReceivedKind.UNPROVEN}


def test_a_report_with_an_odd_action_counts_by_the_class_of_its_status(sent: Sent, tmp_path: Path) -> None:
    odd = dsn("Final-Recipient: rfc822; officer@example.org\nAction: failure\nStatus: 5.1.1\n", token=sent.token)
    folder = maildir(tmp_path / "box", f"X-Original-To: {sent.return_path}\n".encode() + odd)
    assert sent.read(open_mailbox(folder)).outcomes() == {Outcome.BOUNCED: 1}
    assert sent.state == MessageState.BOUNCED


def test_an_answer_is_kept_whole_with_what_is_attached_and_of_a_huge_one_it_says_where_the_rest_is(
    sent: Sent, tmp_path: Path
) -> None:
    long, huge = (mail("human-answer", sent.token) + b"scan\n" * (size // 5) for size in (4 * READ_LIMIT, SIZE_LIMIT))
    folder = maildir(tmp_path / "box", long, huge)
    of_long, of_huge = sent.read(open_mailbox(folder)).problems
    assert str(of_long).startswith("new/000000.host: an answer: “")
    assert str(of_huge).startswith("new/000001.host: an answer of which only the beginning is kept: “")
    newest, first = received.received_messages(sent.world.engine, viewer=OPERATOR)
    assert (newest.message.whole, first.message.whole) == (False, True)
    assert received.received_message(sent.world.engine, first.message.id, viewer=OPERATOR)[1] == long
    assert received.received_message(sent.world.engine, newest.message.id, viewer=OPERATOR)[1] == huge[:SIZE_LIMIT]
    assert (folder / "cur" / "000001.host:2,").read_bytes() == huge

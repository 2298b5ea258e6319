"""What passes tell by mail is about cases that its reader sees; a notice without a rule here fails: whom may it be told to?"""

from collections import defaultdict
from datetime import timedelta

from matrix_world import DESKS, mail_of
from seen_in import marks_in, seen_by

from mail_reading import visible
from twinflow.mail.inbox import CapturedMessage, captured_messages
from world import World

TO_WHO_SEES_THE_CASE = {
    *("agreement-ended", "agreement-registered", "agreement-renewed", "approval-requested", "change-to-confirm"),
    *(
        "consultation-asked",
        "consultation-given",
        "consultation-overdue",
        "consultation-soon",
        "correction-displaced",
        "correction-refused",
        "correction-to-confirm",
        "date-missing",
    ),
    *("dates-disagree", "deadline-moved", "deadline-overdue", "deadline-soon", "entry-corrected", "lapse-refused"),
    *("observations-made", "opinion-issued", "opinion-requested", "registration-requested", "signature-missing"),
    *(
        "case-moved",
        "wrong-office",
        "silence-decided",
        "term-assumed",
        "term-beyond-bound",
        "termination-notified",
        "terms-conflict",
    ),
    *("handed-over", "in-other-hands", "undelivered", "your-turn"),
}
"""There is no notice about anything but a case."""

TO_WHO_IS_ASKED_TO_KEEP_IT = {"move-to-accept", "move-refused"}
"""Its reference and title, to the supervisors of the office that is to keep the case, who do not see it yet."""


def test_every_notice_has_a_rule(matrix: World) -> None:
    assert set(matrix.rulebook.notices) == TO_WHO_SEES_THE_CASE | TO_WHO_IS_ASKED_TO_KEEP_IT


def test_nobody_gets_mail_about_a_case_that_they_do_not_see(own_matrix: World) -> None:
    for _ in range(20):
        own_matrix.now += timedelta(days=3)
        own_matrix.tick()
    people = {mail_of(person): person for person in DESKS}
    told: dict[str, set[str]] = defaultdict(set)
    messages = captured_messages(own_matrix.runtime.settings.mail.capture_folder)
    for message in messages:
        person = next(each for mail, each in people.items() if f"<{mail}>" in message.recipient)
        told[person] |= marks_in(_all_of(message))
        assert told[person] <= seen_by(person), (person, message.subject)
    assert {person for person, about in told.items() if about} >= {"liaison-chihuahua", "reviewer-sre", "registrar-sre"}
    print(f"messages read: {len(messages)}, to {len(told)} people")  # noqa: T201 - that a proof says how much it proves


def _all_of(message: CapturedMessage) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in message.headers)
    return f"{headers}\n{message.text}\n{message.html}\n{visible(message.html)}"

"""Letters to try the words with: one value of each name that a notice may have, and the message they make."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from email import policy
from email.parser import BytesParser

from builders import NOTIFICATIONS
from twinflow.domain.mail.letter import Letter, LetterGroup, LetterItem
from twinflow.domain.people.people import Person
from twinflow.domain.process.notices import names_in
from twinflow.mail.compose import Composer
from twinflow.mail.words import Words

NOTICES = sorted(path.name for path in NOTIFICATIONS.iterdir() if path.is_dir() and path.name != "_base")
VALUES: Mapping[str, object] = {
    "reference": "MX-1",
    "title": "Here – There",
    "effective_on": date(2026, 3, 2),
    "recorded_on": date(2026, 3, 5),
    "stands_for": "Pilar Paz",
    "deadline": "First programme",
    "nature": "contractual",
    "due_on": date(2026, 5, 4),
    "warn_on": date(2026, 4, 4),
    "days": 3,
    "business_days": 2,
    "standing": "soon",
    "assumed": "",
    "late": "liaison officer",
    "office": "City hall",
    "note": "Ask the counterpart too.",
    "todo": ["File the programme", "Ask for an extension"],
    "left_open": ["First programme (due Monday, 4 May 2026)", "MX-1-P1 (annual-programme)"],
    "observations": [
        {"number": 1, "article": "V", "text": "The evaluation is missing.", "said": ["reopened: say when"]}
    ],
    "text": "Is article V in order?",
    "before": date(2026, 5, 4),
    "after": date(2026, 6, 4),
    "id": "MX-1/first_programme/1",
    "number": 7,
    "actor": "rita",
    "entry": 4,
    "keeper": "Foreign ministry",
    "reason": "It lies in the wrong office",
    "along": ["MX-1-P1", "MX-1-P2"],
    "dates": ["First programme (due Monday, 4 May 2026)"],
    "instead": "entry 4 corrected: day: Tuesday, 3 March 2026",
    "what": "Entry 4 withdrawn; reason: typed wrongly",
    "changes": ["Entry 4 said: Monday, 2 March 2026, Ask → Asked; it does not count any more"],
    "moved": ["First programme: moved from Monday, 4 May 2026 to –"],
    "change": "First programme: paused",
    "state": "Under review",
    "step": "Expire",
    "subject": "Day of signature",
    "known": "1997",
    "term": "validity",
    "at_most": "5 years",
    "source": "Model agreement, art. XIV",
    "person": "Ramón Ruiz",
    "things": ["The duty of reviewer handed over by rita to nora"],
    "why": "550 no such user",
}
WORDS = Words(NOTIFICATIONS)


def item(notice: str, **others: object) -> dict[str, object]:
    """The values of a notice, exactly those it may name; an overdue one is three days late."""
    values = {
        **VALUES,
        **({"days": -3, "business_days": -2, "standing": "overdue"} if notice == "deadline-overdue" else {}),
    }
    return {name: values[name] for name in names_in(notice, "body.txt")["item"]} | others


def rendered(notice: str, code: str, file: str, **others: object) -> str:
    return WORDS.template(notice, code, file).render(item=item(notice, **others))


def letter(
    code: str, *groups: LetterGroup, digest: bool = False, reasons: tuple[str, ...] = ("It is the law.",)
) -> Letter:
    person = Person("ana", "Ana López", "ana@example.org", code, ())
    return Letter(person, ("liaison officer", "deputy"), groups, digest=digest, reasons=reasons)


def group(*notices: str, reference: str = "MX-1", title: str = "Here – There", **others: object) -> LetterGroup:
    told = {"reference": reference, "title": title, **others}
    items = tuple(
        LetterItem(notice, item(notice) | {k: v for k, v in told.items() if k in item(notice)}) for notice in notices
    )
    return LetterGroup(reference, title, items)


def message(given: Letter) -> tuple[str, str, str]:
    """Subject, text and HTML, as they come out of the bytes that are sent."""
    composer = Composer(NOTIFICATIONS, "https://twinflow.example", "twinflow@example.org")
    built = composer.compose(
        given, message_id="0" * 32, created_at=datetime(2026, 5, 1, tzinfo=UTC), unsubscribe_token="t0ken"
    )
    parsed = BytesParser(policy=policy.default).parsebytes(built.content)
    text, html = (parsed.get_body(preferencelist=(kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return str(parsed["Subject"]), text.get_content(), html.get_content()

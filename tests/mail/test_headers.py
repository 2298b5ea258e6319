"""Headers hold whatever people and places are called, and nothing in a name becomes a header of its own."""

from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import compat32

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from how_many import many
from mail_reading import header_of, strictly
from twinflow.domain.mail.letter import Letter, LetterGroup, LetterItem
from twinflow.domain.people.people import Person
from twinflow.mail.compose import Composer
from twinflow.text import harmless
from world import EXAMPLES

NOTIFICATIONS = EXAMPLES.parent / "notifications"
NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
COMPOSER = Composer(NOTIFICATIONS, "https://twinflow.example", "twinflow@test.example")
ADDRESS = "somebody@test.example"

ON_EARTH = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
NASTY = st.text(
    st.sampled_from("\r\n\t\0 :;,<>@\"'\\()=?.\u2028\u2029\u0085\u202e\u2066\u200f\u200d\ufeff\x1b\x7fé漢ع👩🏽🇲🇽a"),
    min_size=1,
    max_size=200,
)
PIECES = [
    "\r\nBcc: x@y.example",
    "\n\n<html>",
    "=?utf-8?q?=0d=0aBcc:_x?=",
    "\r\n ",
    "x" * 90,
    " ",
    '"',
    "名前",
    "\u202e",
    ".",
]
PUT_TOGETHER = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join)
WORDS = ON_EARTH | NASTY | PUT_TOGETHER
OURS = (
    "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language",
    "MIME-Version", "In-Reply-To", "References", "Content-Type",
)  # fmt: skip


def built(
    name: str, title: str, reference: str = "MX-1", *, composer: Composer = COMPOSER, optional: bool = False
) -> bytes:
    item = LetterItem(
        "opinion-requested",
        {
            "reference": reference,
            "title": title,
            "effective_on": NOW.date(),
            "recorded_on": NOW.date(),
            "stands_for": "",
            "state": "x",
            "todo": [],
        },
    )
    person = Person("somebody", name, ADDRESS, "en", ())
    letter = Letter(
        person,
        ("liaison",),
        (LetterGroup(reference, title, (item,)),),
        reasons=() if optional else ("The law says so.",),
    )
    return composer.compose(letter, message_id="0" * 32, created_at=NOW, unsubscribe_token="token").content


def names_of_headers(raw: bytes) -> tuple[str, ...]:
    return tuple(BytesParser(policy=compat32).parsebytes(raw).keys())


def plain(text: str) -> str:
    """White space at the ends, and how much of it there is between words, is nobody's name."""
    return " ".join(harmless(text).split())


@settings(max_examples=many(100, 4_000))
@given(WORDS)
@example("\r\nBcc: everybody@test.example")
@example("Ana\u2028Bcc: everybody@test.example")
@example("=?utf-8?q?=0D=0ABcc=3A_everybody?=")
@example("name" * 30)
@example("é" * 200)
@example("👩🏽‍💼" * 30)
@example(" ")
@example('"; <x@y.example>, "')
def test_any_name_on_earth_stands_in_to_as_it_is_in_one_line(name: str) -> None:
    raw = built(name, "x")
    strictly(raw)
    assert names_of_headers(raw) == OURS
    to = BytesParser(policy=compat32).parsebytes(raw)["To"]
    decoded = header_of(raw, "To")
    shown, _, address = decoded.rpartition("<") if "<" in to else ("", "", decoded)
    assert address.rstrip(">") == ADDRESS
    said = shown.strip()
    if said.startswith('"') and said.endswith('"') and "=?" not in to:
        said = said[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    assert plain(said) == plain(name)


@settings(max_examples=many(100, 4_000))
@given(WORDS, WORDS)
@example("x", "\r\nBcc: everybody@test.example\r\n\r\n<html>")
@example("MX-1\r\nX: y", "=?utf-8?q?=0D=0ABcc=3A_everybody?=")
@example("漢" * 200, "x")
@example("a" * 200, "x")
def test_any_reference_on_earth_stands_in_the_subject_as_it_is_in_one_line(reference: str, title: str) -> None:
    raw = built("Ana", title, reference)
    strictly(raw)
    assert names_of_headers(raw) == OURS
    assert plain(header_of(raw, "Subject")) == plain(f"{harmless(reference)}: opinion requested")


@pytest.mark.parametrize(
    ("pages", "optional", "names"),
    [
        ("https://twinflow.example", True, {"List-Unsubscribe", "List-Unsubscribe-Post"}),
        ("http://127.0.0.1:8000", True, {"List-Unsubscribe"}),
        ("https://twinflow.example", False, set()),
        ("http://127.0.0.1:8000", False, set()),
    ],
)
def test_one_click_goes_with_the_way_out_only_where_the_pages_are_encrypted(
    pages: str, optional: bool, names: set[str]
) -> None:
    """RFC 8058, section 3.1: one click is for https alone; the link itself (RFC 2369) helps whoever reads it."""
    raw = built("Ana", "x", composer=Composer(NOTIFICATIONS, pages, "twinflow@test.example"), optional=optional)
    headers = BytesParser(policy=compat32).parsebytes(raw)
    assert {name for name in headers.keys() if name.startswith("List-")} == names  # noqa: SIM118 - a message is no mapping
    if optional:
        assert headers["List-Unsubscribe"] == f"<{pages}/unsubscribe/token>"

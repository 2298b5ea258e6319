# ruff: noqa: E501
"""What the notices say, in text and in HTML: the date, the distance, who is late, what to do, and why one gets this."""

import re
import shutil
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from jinja2 import TemplateError, TemplateRuntimeError, TemplateSyntaxError, UndefinedError
from notice_letters import NOTICES, VALUES, WORDS, group, item, letter, message, rendered

from builders import NOTIFICATIONS
from twinflow.domain.mail.letter import Letter
from twinflow.domain.process.notices import BASE, BASE_FILES, LANGUAGES, NOTICE_FILES, names_in
from twinflow.mail.words import Words, check_words
from twinflow.text import harmless

TODO = {"en": "What to do:", "es": "Qué hacer:"}
CASES = {
    "nothing to do, nobody away": {"todo": [], "stands_for": ""},
    "one thing to do": {"todo": ["File the programme"]},
    "today": {"days": 0, "business_days": 0},
    "no business days known": {"business_days": None},
    "a target": {"nature": "target", "standing": "very overdue"},
    "very overdue": {"standing": "very overdue"},
    "no contradiction, nobody late, no note": {"warn_on": VALUES["due_on"], "late": "", "office": "", "note": ""},
    "paused": {"after": None},
    "resumed": {"before": None},
    "paused from no date": {"before": None, "after": None},
    "nothing on record": {"known": ""},
    "a date that is only assumed": {"assumed": "assumed by the model's default (60 days, art. V), not confirmed"},
    "told on the day": {"recorded_on": VALUES["effective_on"]},
}


def cases(notice: str) -> list[dict[str, object]]:
    """The cases that make a difference to the notice."""
    found = [{key: value for key, value in others.items() if key in item(notice)} for others in CASES.values()]
    return [{}, *(others for others in found if others)]


class Page(HTMLParser):
    """What a reader or a screen reader finds in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "meta":
            return
        self.open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(tag)
        if tag == "a":
            self.links.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open or "title" in self.open:
            return
        self.words += f" {data}"
        if "a" in self.open:
            self.links[-1] += data


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("notice", NOTICES)
def test_text_and_html_say_the_same_words_in_every_case(notice, code):
    for others in cases(notice):
        page = Page(rendered(notice, code, "body.html", **others))
        assert words_of(page.words) == words_of(rendered(notice, code, "body.txt", **others))
        assert page.open == [], "every tag is closed"
        assert page.headings == ["h3"]
        assert "None" not in page.words


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("notice", NOTICES)
def test_every_subject_is_one_line_that_begins_with_the_reference(notice, code):
    for others in cases(notice):
        subject = rendered(notice, code, "subject.txt", **others)
        assert re.fullmatch(r"MX-1: \S.*", subject)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("notice", NOTICES)
def test_every_notice_says_what_to_do_and_for_whom_one_stands_in(notice, code):
    text = rendered(notice, code, "body.txt")
    assert TODO[code] in text
    assert "Pilar Paz" in text
    if "todo" in item(notice):
        assert "File the programme; Ask for an extension." in text


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("notice", NOTICES)
def test_nothing_that_a_notice_knows_is_left_unsaid(notice, code):
    """Apart from its kind and its heading, which the frame has, and what only decides between words."""
    told = "".join(rendered(notice, code, file) for file in ("subject.txt", "body.txt"))
    silent = {"reference", "title", "nature", "standing", "effective_on", "recorded_on", "days", "business_days"}
    silent |= {"known"} if notice == "signature-missing" else set()
    for name, value in item(notice).items():
        if name not in silent and not isinstance(value, date | list):
            assert str(value) in told, name


@pytest.mark.parametrize(
    ("notice", "code", "first"),
    [
        ("deadline-soon", "en", "First programme: due on Monday, 4 May 2026, in 3 days (2 business days)."),
        ("deadline-soon", "es", "First programme: vence el lunes 4 de mayo de 2026, en 3 días (2 días hábiles)."),
        ("deadline-overdue", "en", "First programme: was due on Monday, 4 May 2026, 3 days ago (2 business days)."),
        ("deadline-overdue", "es", "First programme: venció el lunes 4 de mayo de 2026, hace 3 días (2 días hábiles)."),
    ],
)
def test_a_deadline_tells_its_date_and_how_far_it_is_in_both_units(notice, code, first):
    assert rendered(notice, code, "body.txt").splitlines()[0] == first


@pytest.mark.parametrize(
    ("code", "late"), [("en", "Late: liaison officer (City hall)."), ("es", "En retraso: liaison officer (City hall).")]
)
def test_an_overdue_deadline_names_the_role_and_the_office_that_is_late(code, late):
    assert late in rendered("deadline-overdue", code, "body.txt").splitlines()


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_target_that_has_passed_is_never_called_overdue(code):
    text = rendered("deadline-overdue", code, "body.txt", nature="target", standing="very overdue").lower()
    assert not any(word in text for word in ("overdue", "was due", "late:", "venció", "retraso"))


def test_somebody_who_was_not_reached_is_to_be_told_by_phone_and_the_message_sent_again():
    text = rendered("undelivered", "en", "body.txt")
    assert "tell Ramón Ruiz by phone" in text
    assert "550 no such user" in text
    assert {"twinflow outbox retry 7", "twinflow outbox show 7"} <= set(re.findall(r"twinflow outbox \w+ \d+", text))


# The frame


def digest(code: str) -> Letter:
    return letter(code, group("deadline-overdue", "your-turn"), group("undelivered", reference="EC-2"), digest=True)


@pytest.mark.parametrize(
    ("code", "references", "subject"),
    [
        ("en", ["MX-1"], "MX-1: 2 matters"),
        ("es", ["MX-1"], "MX-1: 2 asuntos"),
        ("en", ["MX-1", "EC-2"], "MX-1 and 1 more agreement: 4 matters"),
        ("es", ["MX-1", "EC-2"], "MX-1 y 1 acuerdo más: 4 asuntos"),
        ("en", ["MX-1", "EC-2", "EC-3"], "MX-1 and 2 more agreements: 6 matters"),
        ("es", ["MX-1", "EC-2", "EC-3"], "MX-1 y 2 acuerdos más: 6 asuntos"),
    ],
)
def test_the_subject_of_several_matters_says_which_comes_first_and_how_many_there_are(code, references, subject):
    groups = [group("your-turn", "deadline-soon", reference=reference) for reference in references]
    assert message(letter(code, *groups, digest=True))[0] == subject


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_is_accessible(code):
    _, _, html = message(digest(code))
    page = Page(html)
    tags = dict(page.tags)
    assert html.startswith("<!doctype html>")
    assert tags["html"] == {"lang": code}
    assert "width=device-width" in str(tags["meta"]["content"])
    assert re.search(r"<title>MX-1 [^<]+</title>", html)
    assert page.headings.count("h1") == 1
    assert page.headings[0] == "h1"
    assert all(int(after[1]) <= int(before[1]) + 1 for before, after in pairwise(page.headings)), "no level is left out"
    assert len(page.links) == len({*page.links}) == 3, "each link says where it leads"
    assert not any("http" in text for text in page.links)
    assert not {"img", "table", "script", "font", "iframe", "form", "link", "svg"} & {tag for tag, _ in page.tags}
    assert "color" not in html, "the reader's own colours, so the contrast is the reader's"
    assert not any(attributes.get("style") for _, attributes in page.tags), "it reads the same without styles"
    assert "px" not in html, "sizes grow with the reader's letters"


@pytest.mark.parametrize("code", LANGUAGES)
def test_text_and_page_of_a_message_say_the_same_words(code):
    subject, text, html = message(digest(code))
    urls = re.compile(r"https?://\S+")
    said = [word for word in words_of(urls.sub("", Page(html).words)) if word]
    links = {"en": ("Open the page of MX-1", "Open the page of EC-2", "Open the register"), "es": ("Abrir la página de MX-1", "Abrir la página de EC-2", "Abrir el registro")}[code]  # fmt: skip
    shown = " ".join(said)
    for words in (subject, *links):
        shown = shown.replace(" ".join(words_of(words)), "", 1)
    assert shown.split() == words_of(urls.sub("", text))


@pytest.mark.parametrize(
    ("code", "because", "stop"),
    [("en", "This mail cannot be switched off:", "Stop mails like this one"), ("es", "Este correo no puede desactivarse:", "Dejar de recibir correos como este")],
)  # fmt: skip
def test_mandatory_mail_says_why_and_optional_mail_how_to_stop_it(code, because, stop):
    for part in message(letter(code, group("your-turn")))[1:]:
        assert because in part
        assert "It is the law." in part
        assert stop not in part
    for part in message(letter(code, group("agreement-renewed"), reasons=()))[1:]:
        assert because not in part
        assert stop in part
        assert "https://twinflow.example/unsubscribe/t0ken" in part


@pytest.mark.parametrize(
    ("code", "why"), [("en", "You get this as: liaison officer, deputy."), ("es", "Lo recibe como: liaison officer, deputy.")]
)  # fmt: skip
def test_every_message_says_in_which_role_one_gets_it_and_where_the_agreement_is(code, why):
    for part in message(digest(code))[1:]:
        assert why in part
        assert all(f"https://twinflow.example/agreements/{reference}" in part for reference in ("MX-1", "EC-2"))
        assert "MX-1 · " in part


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_summary_may_hold_every_notice_there_is(code):
    told = letter(code, group(*NOTICES), digest=True)
    assert message(told) == message(told)
    subject, text, html = message(told)
    assert subject.split(": ")[1].split()[0] == str(len(NOTICES))
    assert (
        Page(html).headings.count("h3")
        == len(re.findall(r"^- ", text, re.MULTILINE)) - len(told.reasons)
        == len(NOTICES)
    )


# Values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ana López", "Ana López"),
        ("Ana\r\nBcc: x@example.org", "Ana Bcc: x@example.org"),
        ("a\x00b\x0bc\x1bd\x7fe\x85f\x9bg", "a b c d e f g"),
        ("one\u2028two\u2029three", "one two three"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u2066a\u2069 \u2067b\u2069 \u2068c\u2069 \u202ad\u202c \u202be \u202df", "a b c d e f"),
        ("\u200ea\u200f\u061cb", "ab"),
        ("zero\u200bwidth\u2060\ufeff \u00adhyphen", "zerowidth hyphen"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("half\ud83d", "half\ufffd"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("תל אביב – Köln", "תל אביב – Köln"),
        ("القاهرة", "القاهرة"),
        ("15\u00a0days", "15\u00a0days"),
        ("", ""),
    ],
)
def test_a_value_is_shown_in_one_line_without_marks_that_turn_other_text_around(text, shown):
    assert harmless(text) == shown
    assert len(harmless(text).splitlines()) <= 1
    assert harmless(harmless(text)) == harmless(text)


def test_a_value_that_is_missing_is_an_error_and_never_a_blank():
    values = item("your-turn")
    del values["state"]
    with pytest.raises(UndefinedError, match="state"):
        WORDS.template("your-turn", "en", "body.txt").render(item=values)


@pytest.mark.parametrize("value", [None, date(2026, 1, 1), 1.5, True, ["a"], {"a": 1}, object(), b"bytes", len])
@pytest.mark.parametrize("file", ["body.txt", "body.html"])
def test_what_is_no_text_and_no_number_is_not_shown(value, file):
    with pytest.raises(TemplateRuntimeError, match="no text"):
        rendered("your-turn", "en", file, state=value)


# Which words they were


def test_the_digest_tells_each_file_that_was_used_and_no_other(tmp_path):
    folder = tmp_path / "notifications"
    shutil.copytree(NOTIFICATIONS, folder)
    before = {code: Words(folder).digest(["your-turn", "deadline-soon", "your-turn"], code) for code in LANGUAGES}
    assert before["en"] == Words(folder).digest(["deadline-soon", "your-turn"], "en") != before["es"]
    used = [(BASE, file) for file in BASE_FILES] + [
        (key, file) for key in ("your-turn", "deadline-soon") for file in NOTICE_FILES
    ]
    for notice, file in used:
        path = folder / notice / "en" / file
        text = path.read_text("utf-8")
        path.write_text(text + "{# other #}", "utf-8")
        assert Words(folder).digest(["your-turn", "deadline-soon"], "en") != before["en"], path
        assert Words(folder).digest(["your-turn", "deadline-soon"], "es") == before["es"]
        path.write_text(text, "utf-8")
    (folder / "agreement-ended" / "en" / "body.txt").write_text("Other words.", "utf-8")
    assert Words(folder).digest(["your-turn", "deadline-soon"], "en") == before["en"]


def test_a_message_is_written_with_the_words_that_were_checked_at_the_start(tmp_path):
    folder = tmp_path / "notifications"
    shutil.copytree(NOTIFICATIONS, folder)
    words = Words(folder)
    digest_before = words.digest(["your-turn"], "en")
    (folder / "your-turn" / "en" / "subject.txt").write_text("{{ item.secret }}", "utf-8")
    assert words.template("your-turn", "en", "subject.txt").render(item=item("your-turn")).startswith("MX-1: ")
    assert words.digest(["your-turn"], "en") == digest_before
    with pytest.raises(TemplateSyntaxError):
        Words(folder).template("your-turn", "en", "subject.txt")


@pytest.mark.parametrize(
    "statement",
    ['{% include "_base/en/todo.txt" %}', "{%- include '_base/en/todo.txt' -%}", '{%include"_base/en/todo.txt"%}'],
)
def test_a_shared_part_is_included_however_it_is_written(tmp_path, statement):
    folder = tmp_path / "notifications"
    shutil.copytree(NOTIFICATIONS / BASE, folder / BASE)
    (folder / "your-turn" / "en").mkdir(parents=True)
    (folder / "your-turn" / "en" / "body.txt").write_text(f"<{statement}>", "utf-8")
    assert check_words(folder) == []
    shown = Words(folder).template("your-turn", "en", "body.txt").render(item=item("your-turn"))
    assert shown == "<What to do: File the programme; Ask for an extension.>"


def test_a_notice_that_is_not_there_is_an_error():
    with pytest.raises(TemplateError):
        WORDS.template("no-such-notice", "en", "body.txt")


def test_the_shipped_words_have_no_mistakes_and_each_of_their_files_is_checked():
    assert check_words(NOTIFICATIONS) == []
    for notice in (*NOTICES, BASE):
        for file in BASE_FILES if notice == BASE else NOTICE_FILES:
            assert names_in(notice, file)
            assert all(WORDS.template(notice, code, file) for code in LANGUAGES)

"""A letter to bytes: words from `notifications/`, headers that mail programs and other machines understand (RFC 5322, RFC 2047).

The same letter gives the same bytes. Pure but for reading templates. The parts are put together here: the standard library
encodes and folds, and its generators would take most of the time that a message costs (`make bench`).
"""

import binascii
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from twinflow.domain.mail.letter import Letter, LetterGroup, LetterItem
from twinflow.domain.mail.message import Message
from twinflow.domain.people.people import Person
from twinflow.domain.process.notices import BASE
from twinflow.mail.dates_file import dates_file
from twinflow.mail.words import Words
from twinflow.text import harmless, shortened

LINE = 76
BASE64_IS_LONGER = 1.37
"""Than the text itself, line breaks included."""

ATTACHED = "twinflow.ics"


class Composer:
    """Renders letters with the templates of one folder.

    `base_url` is where the pages are, `sender` the address that messages come from; what is damaged in the folder is taken from
    the one given `instead`.
    """

    def __init__(self, folder: Path, base_url: str, sender: str, instead: Path | None = None) -> None:
        self.words = Words(folder, instead)
        self._base_url = base_url.rstrip("/")
        self._sender = sender
        self._domain = sender.rpartition("@")[2]

    def compose(self, letter: Letter, *, message_id: str, created_at: datetime, unsubscribe_token: str) -> Message:
        """The whole message, ready to send. `unsubscribe_token` is used for optional mail alone.

        Raises jinja2.TemplateError where a template names something the letter does not have.
        """
        code = letter.person.language
        subject = harmless(self._subject(letter))
        link = letter.last_link
        token = unsubscribe_token if letter.is_optional else ""
        unsubscribe_url = f"{self._base_url}/unsubscribe/{token}" if token else ""
        context = {
            "subject": subject,
            "person": letter.person,
            "roles": letter.roles,
            "groups": [self._group(code, group) for group in letter.groups],
            "base_url": self._base_url,
            "digest": letter.digest,
            "reasons": letter.reasons,
            "unsubscribe_url": unsubscribe_url,
            "head": link.name if link is not None else "",
            "short_head": link.short_name if link is not None else "",
            "head_on": link.at.date() if link is not None else None,
        }
        text = self.words.template(BASE, code, "message.txt").render(context)
        html = self.words.template(BASE, code, "message.html").render(context)
        body = _several("alternative", f"=_{message_id}", [_part("text/plain", text), _part("text/html", html)])
        if letter.events:
            file = dates_file(letter.events, code, self._base_url)
            dates = _part(
                "text/calendar; method=PUBLISH", file, {"Content-Disposition": f'attachment; filename="{ATTACHED}"'}
            )
            body = _several("mixed", f"=_{message_id}_dates", [body, dates])
        headers = self._headers(letter, subject, message_id, created_at, unsubscribe_url)
        return Message(
            subject=subject,
            words=self.words.digest((item.notice for item in letter.items), code),
            content="".join([*(_header(name, value) for name, value in headers.items()), body]).encode("ascii"),
            unsubscribe_hash=hashlib.sha256(token.encode()).hexdigest() if token else None,
        )

    def compose_plain(self, person: Person, subject: str, text: str, *, message_id: str, created_at: datetime) -> bytes:
        """A message of plain words about the person's own account."""
        headers = self._common_headers(person, harmless(subject), message_id, created_at)
        return "".join([*(_header(name, value) for name, value in headers.items()), _part("text/plain", text)]).encode(
            "ascii"
        )

    def page(self, path: str) -> str:
        """The whole address of a page."""
        return f"{self._base_url}{path}"

    def _common_headers(self, person: Person, subject: str, message_id: str, created_at: datetime) -> dict[str, str]:
        return {
            "Subject": _text("Subject", subject),
            "From": _address("From", "twinflow", self._sender),
            "To": _address("To", person.name, person.mail),
            "Date": format_datetime(created_at),
            "Message-ID": f"<{message_id}@{self._domain}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: no machine answers it
            "X-Auto-Response-Suppress": "All",  # the same for Exchange
            "Content-Language": person.language,
            "MIME-Version": "1.0",
        }

    def _headers(
        self, letter: Letter, subject: str, message_id: str, created_at: datetime, unsubscribe_url: str
    ) -> dict[str, str]:
        headers = self._common_headers(letter.person, subject, message_id, created_at)
        if len(letter.groups) == 1:  # one thread an agreement, flat: every message answers the same root
            root = f"<{self._root(letter.groups[0].reference)}>"
            headers |= {"In-Reply-To": root, "References": root}
        if unsubscribe_url:  # RFC 2369
            headers["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        if unsubscribe_url.startswith("https:"):  # RFC 8058, section 3.1
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return headers

    def _root(self, reference: str) -> str:
        """The Message-ID that the thread of an agreement hangs from; no message has it."""
        return f"agreement-{hashlib.sha256(reference.encode()).hexdigest()[:32]}@{self._domain}"

    def _subject(self, letter: Letter) -> str:
        code = letter.person.language
        if len(letter.items) == 1:
            item = letter.items[0]
            return self.words.template(item.notice, code, "subject.txt").render(item=item.values)
        template = self.words.template(BASE, code, "digest_subject.txt")
        return template.render(items=letter.items, groups=letter.groups)

    def _group(self, code: str, group: LetterGroup) -> Mapping[str, Any]:
        return {
            "reference": group.reference,
            "title": shortened(group.title),
            "url": f"{self._base_url}/agreements/{quote(group.reference)}",
            "items": [self._rendered(code, item) for item in group.items],
        }

    def _rendered(self, code: str, item: LetterItem) -> Mapping[str, str]:
        text = self.words.template(item.notice, code, "body.txt").render(item=item.values)
        html = self.words.template(item.notice, code, "body.html").render(item=item.values)
        return {"text": text.strip(), "html": Markup(html)}  # noqa: S704 - rendered with escaping just above


def _several(kind: str, boundary: str, parts: Sequence[str]) -> str:
    """Parts as one: its headers and its body. No line of a part can be the boundary, as its encoding leaves no “=_” in it."""
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n'
    return "".join([head, *(f"\r\n--{boundary}\r\n{part}" for part in parts), f"\r\n--{boundary}--\r\n"])


def _part(kind: str, text: str | bytes, more: Mapping[str, str] = MappingProxyType({})) -> str:
    """A part in quoted-printable, or in base64 where that is shorter: its headers and its body."""
    content = text.encode() if isinstance(text, str) else text
    lines = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    encoded, encoding = binascii.b2a_qp(lines, istext=True), "quoted-printable"
    too_wide = (
        max(map(len, encoded.split(b"\r\n"))) > LINE
    )  # binascii counts a space at the end of a full line as one column
    if too_wide or len(encoded) > len(lines) * BASE64_IS_LONGER:
        encoded, encoding = _base64(lines), "base64"
    headers = {"Content-Type": f'{kind}; charset="utf-8"', "Content-Transfer-Encoding": encoding, **more}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{head}\r\n{encoded.decode('ascii')}"


def _base64(content: bytes) -> bytes:
    width = LINE // 4 * 3
    return b"".join(
        binascii.b2a_base64(content[at : at + width], newline=False) + b"\r\n" for at in range(0, len(content), width)
    )


def _header(name: str, value: str) -> str:
    """A header line, folded or not. Raises ValueError for a value that would begin a header of its own."""
    if not {"\r", "\n"}.isdisjoint(value.replace("\r\n ", "")):
        raise ValueError(f"{name}: a line break inside a header")
    return f"{name}: {value}\r\n"


def _text(name: str, value: str) -> str:
    """A header of words: as it is where it is ASCII and short, else in encoded words, folded."""
    if value.isascii() and len(name) + 2 + len(value) <= LINE and "=?" not in value:
        return value
    return Header(value, "utf-8", maxlinelen=LINE, header_name=name).encode(linesep="\r\n")


def _address(name: str, who: str, mail: str) -> str:
    who = harmless(who)
    if who.isascii() and "=?" not in who and len(name) + 2 + len(plain := formataddr((who, mail))) <= LINE:
        return plain
    encoded = Header(who, "utf-8", maxlinelen=LINE, header_name=name).encode(linesep="\r\n")
    return f"{encoded}\r\n <{mail}>"

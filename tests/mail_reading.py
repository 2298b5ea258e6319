"""Reads a message as strictly as the standards are written: `strictly(raw)` says everything that is wrong with the bytes.

Sources: RFC 5322 (form, dates, message identifiers), 2045 to 2047 (MIME), 3834 (Auto-Submitted), 5321 section 4.5.3.1 (lines),
8058 (one-click unsubscribe). What a server adds on the way (`TRACE`) is not judged.
"""

import base64
import binascii
import quopri
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from email import policy
from email.errors import MessageDefect, MessageError
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from urllib.parse import urlsplit

ONCE = ("Date", "From", "To", "Message-ID", "Subject", "MIME-Version", "Auto-Submitted", "Content-Type")
AT_MOST_ONCE = (
    "Reply-To",
    "In-Reply-To",
    "References",
    "Content-Transfer-Encoding",
    "Content-Language",
    "X-Auto-Response-Suppress",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)
"""With `ONCE`, every header that a message of ours may have: no Precedence, no Bcc, nothing else that begins with X-."""

TRACE = ("Return-Path", "Received", "Delivered-To", "X-Original-To", "X-Peer", "X-MailFrom", "X-RcptTo")
IN_PARTS = (
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
    "Content-Language",
    "MIME-Version",
)

LONGEST_LINE, LONGEST_HEADER_LINE, LONGEST_WITH_ENCODED_WORD, LONGEST_ENCODED_WORD = 998, 78, 76, 75

MORE_IN_HTML = 0.1
"""The share of words that only the HTML has: those of links and headings."""

FIELD = re.compile(r"([!-9;-~]+):(.*)", re.DOTALL)
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
DOT_ATOM = rf"{ATOM}(?:\.{ATOM})*"
MESSAGE_ID = re.compile(rf"<{DOT_ATOM}@(?:{DOT_ATOM}|\[[!-Z^-~]*\])>")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} (\w{3}) \d{4} \d\d:\d\d:\d\d [+-]\d\d[0-5]\d")
ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([^?\s]+)\?([^?\s]*)\?=")
IN_A_PHRASE = re.compile(r"[A-Za-z0-9!*+/=_-]*")
BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
PLAIN_ESCAPES = re.compile(rb"(?:[\t\x20-<>-~\r\n]|=[0-9A-F]{2}|=\r\n)*")
WEB_ADDRESS = re.compile(r"https?://[^\s<>\"]+")


def strictly(raw: bytes) -> EmailMessage:
    """The message in these bytes as they travel: CRLF, dots not doubled. Raises AssertionError with everything that is wrong."""
    wrong = list(_lines(raw))
    head, body = _head_and_body(raw)
    fields = _fields(head)
    wrong += [*_names(fields, Counter()), *(problem for field in fields for problem in _field(*field))]
    wrong += _values({name.lower(): _unfolded(value).strip() for name, value in fields})
    try:
        message: EmailMessage = BytesParser(policy=policy.SMTP.clone(raise_on_defect=True)).parsebytes(raw)
        wrong += _parsed(message)
    except (MessageError, MessageDefect, LookupError, ValueError) as error:
        wrong.append(f"cannot be parsed: {type(error).__name__} {error}")
    wrong += _part(fields, body, "body")
    assert not wrong, "\n".join(wrong)
    return BytesParser(policy=policy.default).parsebytes(raw)


def header_of(raw: bytes, name: str) -> str:
    """One header decoded by RFC 2047. Python's `addresses` leave a space between two encoded words of one long name."""
    value = BytesParser(policy=policy.compat32).parsebytes(raw, headersonly=True)[name]
    return str(make_header(decode_header(_unfolded(value).strip())))


def text_of(message: EmailMessage, kind: str) -> str:
    """The text of the first part of this kind (plain, html), its lines ended as Python ends them."""
    part = message.get_body(preferencelist=(kind,))
    assert part is not None, f"there is no text/{kind}"
    return str(part.get_content()).replace("\r\n", "\n")


def visible(html: str) -> str:
    """What a reader of the page sees, with one space between any two words; addresses of links follow their words."""
    reader = _Visible()
    reader.feed(html)
    reader.close()
    return " ".join(" ".join(reader.words).split())


def says_the_same(message: EmailMessage) -> None:
    """The HTML has every number, web address and long word of the text; of its own only what its heading takes from the subject,
    and hardly a word more. Raises AssertionError."""
    plain, html = text_of(message, "plain"), visible(text_of(message, "html"))
    assert set(WEB_ADDRESS.findall(plain)) == set(WEB_ADDRESS.findall(html)), "other links in the text than in the HTML"
    only_plain, only_html = (
        _substance(plain) - _substance(html),
        _substance(html) - _substance(f"{plain} {message['Subject']}"),
    )
    assert not only_plain, f"only in the text: {sorted(only_plain)}"
    assert len(only_html) <= len(_substance(html)) * MORE_IN_HTML, f"only in the HTML: {sorted(only_html)}"


def _substance(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if word.isdigit() or len(word) > 3}


class _Visible(HTMLParser):
    HIDDEN = ("head", "style", "script", "title")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.hidden = 0
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in self.HIDDEN
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in self.HIDDEN
        if tag == "a":
            self.words.append(f" {self.links.pop()} ")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(data)


def _lines(raw: bytes) -> Iterator[str]:
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        yield "a line that does not end in CRLF"
    if not raw.endswith(b"\r\n"):
        yield "the last line does not end"
    for number, line in enumerate(raw.split(b"\r\n"), 1):
        if len(line) > LONGEST_LINE:
            yield f"line {number} has {len(line)} octets, {LONGEST_LINE} are allowed"
        if not line.isascii():
            yield f"line {number} has bytes that are not ASCII: {line[:60]!r}"
        if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", line):
            yield f"line {number} has control characters: {line[:60]!r}"


def _head_and_body(raw: bytes) -> tuple[str, bytes]:
    if raw.startswith(b"\r\n"):
        return "", raw[2:]
    head, _, body = raw.partition(b"\r\n\r\n")
    return head.decode("ascii", "replace"), body


def _fields(head: str) -> list[tuple[str, str]]:
    """Names with values as they stand, folds and all; a line that is no field has the name ''."""
    lines = re.split(r"\r\n(?![ \t])", head) if head else []
    return [(match[1], match[2]) if (match := FIELD.fullmatch(line)) else ("", line) for line in lines]


def _unfolded(value: str) -> str:
    return re.sub(r"\r\n(?=[ \t])", "", value)


def _names(fields: list[tuple[str, str]], found: Counter[str]) -> Iterator[str]:
    found.update(name.lower() for name, _ in fields)
    for name in ONCE:
        if found[name.lower()] != 1:
            yield f"{name} {found[name.lower()]} times"
    for name in AT_MOST_ONCE:
        if found[name.lower()] > 1:
            yield f"{name} {found[name.lower()]} times"
    known = {name.lower() for name in (*ONCE, *AT_MOST_ONCE, *TRACE)}
    yield from (
        f"a header that no message of ours has: {name}: {value.strip()}"
        for name, value in fields
        if name.lower() not in known
    )


def _field(name: str, value: str) -> Iterator[str]:
    """What is wrong with one header as it is written: its lines, its folds, its encoded words."""
    if name in TRACE:
        return
    for line in f"{name}:{value}".split("\r\n"):
        limit = LONGEST_WITH_ENCODED_WORD if ENCODED_WORD.search(line) else LONGEST_HEADER_LINE
        breakable = len(line.removeprefix(f"{name}:").split()) > 1
        if len(line) > limit and breakable:
            yield f"{name}: a line of {len(line)} characters, {limit} are meant: {line}"
        if not line.strip():
            yield f"{name}: a line of nothing but white space"
    yield from (f"{name}: {problem}" for problem in _encoded_words(name, _unfolded(value)))


def _encoded_words(name: str, value: str) -> Iterator[str]:
    if "=?" in ENCODED_WORD.sub("", value):
        yield f"an encoded word that is broken: {value}"
    if re.search(r'"[^"]*=\?[^"]*"', value):
        yield f"an encoded word in quotation marks, where it is not read (RFC 2047, section 5): {value}"
    for match in ENCODED_WORD.finditer(value):
        word, charset, way, text = match[0], match[1].lower(), match[2].lower(), match[3]
        before, after = value[: match.start()][-1:], value[match.end() :][:1]
        if len(word) > LONGEST_ENCODED_WORD:
            yield f"an encoded word of {len(word)} characters, {LONGEST_ENCODED_WORD} are allowed: {word}"
        if not (before.isspace() and (after.isspace() or not after)):
            yield f"an encoded word without white space around it: {value}"
        if charset != "utf-8" or way not in {"q", "b"}:
            yield f"an encoded word of another kind: {word}"
            continue
        if way == "q" and name.lower() in {"from", "to", "reply-to"} and not IN_A_PHRASE.fullmatch(text):
            yield f"characters that an encoded word in a name may not have: {word}"
        try:
            _decoded_word(way, text).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError) as error:
            yield f"an encoded word that is not whole characters: {word} ({error})"


def _decoded_word(way: str, text: str) -> bytes:
    if way == "b":
        return base64.b64decode(text, validate=True)
    return quopri.decodestring(text.encode(), header=True)


def _values(values: dict[str, str]) -> Iterator[str]:
    """What is wrong with single headers; those that are missing were said before."""
    if "date" in values:
        yield from _date(values["date"])
    if not MESSAGE_ID.fullmatch(values.get("message-id", "<a@b>")):
        yield f"Message-ID: not <left@right>: {values['message-id']}"
    for name in ("references", "in-reply-to"):
        if name in values and not all(MESSAGE_ID.fullmatch(word) for word in values[name].split() or [""]):
            yield f"{name}: not identifiers between < and >, apart by white space: {values[name]}"
    if values.get("auto-submitted", "auto-generated") != "auto-generated":
        yield f"Auto-Submitted: not auto-generated: {values['auto-submitted']}"
    if values.get("mime-version", "1.0") != "1.0":
        yield f"MIME-Version: not 1.0: {values['mime-version']}"
    if not values.get("subject", "x"):
        yield "Subject: empty"
    yield from _unsubscribing(values)


def _date(value: str) -> Iterator[str]:
    if not DATE.fullmatch(value):
        yield f"Date: not as in RFC 5322, section 3.3: {value}"
        return
    try:
        moment = datetime.strptime(value, "%a, %d %b %Y %H:%M:%S %z")
    except ValueError as error:
        yield f"Date: {error}"
        return
    if moment.strftime("%a") != value[:3]:
        yield f"Date: that day was no {value[:3]}: {value}"


def _unsubscribing(values: dict[str, str]) -> Iterator[str]:
    """RFC 8058: both headers or neither, a web address, the one text."""
    where, how = values.get("list-unsubscribe"), values.get("list-unsubscribe-post")
    if (where is None) != (how is None):
        yield "List-Unsubscribe and List-Unsubscribe-Post belong together"
    if how not in {None, "List-Unsubscribe=One-Click"}:
        yield f"List-Unsubscribe-Post: {how}"
    if where is not None:
        address = urlsplit(where.removeprefix("<").removesuffix(">"))
        if not (
            where.startswith("<") and where.endswith(">") and address.scheme in {"http", "https"} and address.netloc
        ):
            yield f"List-Unsubscribe: not <https://...>: {where}"


def _parsed(message: EmailMessage) -> Iterator[str]:
    """What the library finds when it decodes the headers."""
    for name, value in message.items():
        if name in TRACE:
            continue
        for defect in getattr(value, "defects", ()):
            yield f"{name}: {type(defect).__name__} {defect}"
        if re.search(r"[\x00-\x1f\x7f\ufffd]", str(value)):
            yield f"{name}: not clean when decoded: {str(value)!r}"
    for name in ("From", "To", "Reply-To"):
        addresses: tuple[Address, ...] = getattr(message[name], "addresses", ())
        if message[name] is None:
            continue
        if len(addresses) != 1:
            yield f"{name}: {len(addresses)} addresses"
        for address in addresses:
            if not (address.username and address.domain and address.addr_spec.isascii()):
                yield f"{name}: not an address: {address}"
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    if kinds[:2] != ["text/plain", "text/html"]:
        yield f"the parts are {kinds}: text/plain and then text/html come first"
    if not any(_is_alternative(part) for part in message.walk()):
        yield "text and HTML are not a multipart/alternative"


def _is_alternative(part: EmailMessage) -> bool:
    inner = [inside.get_content_type() for inside in part.iter_parts()] if part.is_multipart() else []
    return (
        part.get_content_type() == "multipart/alternative"
        and inner[:1] == ["text/plain"]
        and inner[-1:] != ["text/plain"]
    )


def _part(fields: list[tuple[str, str]], body: bytes, place: str) -> Iterator[str]:
    """What is wrong with a part and those in it: boundaries, encodings, character sets. `place` says which part it is."""
    header = EmailMessage(policy=policy.default)
    for name, value in fields:
        if name.lower() in {"content-type", "content-transfer-encoding"} and name not in header:
            header[name] = _unfolded(value).strip()
    encoding = str(header.get("Content-Transfer-Encoding", "7bit")).lower()
    if header.get_content_maintype() == "multipart":
        if encoding != "7bit":
            yield f"{place}: a multipart that is encoded as {encoding}"
        boundary = str(header.get_param("boundary", ""))
        if not BOUNDARY.fullmatch(boundary):
            yield f"{place}: not a boundary: {boundary!r}"
            return
        yield from _parts(body, boundary.encode(), place)
        return
    yield from _leaf(header, encoding, body, place)


def _parts(body: bytes, boundary: bytes, place: str) -> Iterator[str]:
    lines = (b"\r\n" + body).split(b"\r\n--" + boundary)
    preamble, parts, last = lines[0], lines[1:-1], lines[-1]
    if preamble.strip():
        yield f"{place}: text before the first boundary"
    if len(parts) < 2 or last[:2] != b"--" or last[2:].strip():
        yield f"{place}: {len(parts)} parts, and after them {last[:40]!r}; at least two are meant, then the closing boundary"
    for number, part in enumerate(parts, 1):
        here = f"{place}.{number}"
        if not part.startswith(b"\r\n"):
            yield f"{here}: text that begins like the boundary: {part[:40]!r}"
            continue
        head, inner = _head_and_body(part[2:] + b"\r\n")
        fields = _fields(head)
        known = {name.lower() for name in IN_PARTS}
        yield from (f"{here}: a header that no part of ours has: {n}:{v}" for n, v in fields if n.lower() not in known)
        for name, times in Counter(name.lower() for name, _ in fields).items():
            if times > 1:
                yield f"{here}: {name} {times} times"
        yield from (f"{here}: {problem}" for field in fields for problem in _field(*field))
        yield from _part(fields, inner, here)


def _leaf(header: EmailMessage, encoding: str, body: bytes, place: str) -> Iterator[str]:
    try:
        content = _content(encoding, body)
    except (binascii.Error, ValueError) as error:
        yield f"{place}: {error}"
        return
    if header.get_content_maintype() != "text":
        return
    charset = (header.get_content_charset() or "").lower()
    if charset != "utf-8":
        yield f"{place}: the character set is {charset or 'not said'}, utf-8 is meant"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"{place}: not UTF-8: {error}"
        return
    if "\x00" in text or "\ufffd" in text:
        yield f"{place}: characters that stand for nothing"
    if not text.strip():
        yield f"{place}: empty"


def _content(encoding: str, body: bytes) -> bytes:
    """The decoded bytes. Raises ValueError with what the encoding does not allow."""
    if encoding == "7bit":
        return body
    if encoding not in {"base64", "quoted-printable"}:
        raise ValueError(f"encoded as {encoding}, which a server on the way may not take")
    for line in body.split(b"\r\n"):
        if len(line) > 76:
            raise ValueError(f"a line of {len(line)} characters in {encoding}, 76 are allowed")
        if line != line.rstrip(b" \t"):
            raise ValueError(f"white space at the end of a line in {encoding}: {line!r}")
    if encoding == "base64":
        return base64.b64decode(body.replace(b"\r\n", b""), validate=True)
    if not PLAIN_ESCAPES.fullmatch(body):
        raise ValueError("not quoted-printable as in RFC 2045, section 6.7")
    return quopri.decodestring(body)

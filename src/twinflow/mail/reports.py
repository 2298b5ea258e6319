"""Bytes that came back, to a report. Never raises, whatever the bytes are.

Reads delivery reports (RFC 3462, 3464, 6522 and 6533), qmail's (QSBMF) and Exim's older ones, and tells automatic answers
(RFC 3834) from the rest.
The MIME structure is read here and not by `email.parser`, which takes minutes for deep nesting and fails by recursion: this
reads the first `READ_LIMIT` bytes, a few levels deep, in linear time. A returned message is looked at for its Message-ID alone.
"""

import binascii
import quopri
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime

from twinflow.domain.mail.delivery_reports import RecipientReport, Report, ReportKind, worst

READ_LIMIT = 256 * 1024
"""Bytes. What a report says comes before the message that it returns, so nothing that matters is behind them."""
DEPTH, PARTS, RECIPIENTS, MESSAGE_IDS, VALUE, WHY = 4, 50, 50, 10, 2000, 300

STATUS_PARTS = {"message/delivery-status", "message/global-delivery-status"}
RETURNED_PARTS = {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"}
RECEIPT = "message/disposition-notification"

KIND_OF_ACTION = {
    "failed": ReportKind.HARD,
    "delayed": ReportKind.DELAYED,
    "delivered": ReportKind.DELIVERED,
    "relayed": ReportKind.DELIVERED,
    "expanded": ReportKind.DELIVERED,
}
KIND_OF_CLASS = {"5": ReportKind.HARD, "4": ReportKind.DELAYED, "2": ReportKind.DELIVERED}
AUTOMATIC = ("x-autoreply", "x-autorespond", "x-autoresponder")
AUTOMATIC_PRECEDENCE = {"auto_reply", "bulk", "junk", "list"}

OUR_ID = re.compile(r"<([0-9a-f]{32})@", re.IGNORECASE)
OUR_TAG = re.compile(r"\+([0-9a-f]{32})@", re.IGNORECASE)
BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))', re.IGNORECASE)
STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
FOLDED = re.compile(r"\n[ \t]+")
RETURNED_ID = re.compile(rb"^message-id:[ \t]*(<[0-9a-f]{32}@)", re.IGNORECASE | re.MULTILINE)
BLANK_LINE = re.compile(rb"\n[ \t]*\n")
QMAIL, QMAIL_COPY = b"Hi. This is the ", re.compile(rb"\n--- (?:Below|Enclosed)[^\n]*\n")

Headers = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Entity:
    headers: Headers
    body: bytes

    @property
    def type(self) -> str:
        return _first(self.headers, "content-type").partition(";")[0].strip().lower()


def read_report(content: bytes, envelope: Iterable[str] = ()) -> Report:
    """What a message that came back says. `envelope` are the addresses it came to, as far as they are known."""
    message = _entity(content[:READ_LIMIT].replace(b"\r\n", b"\n"))
    parts = list(_parts(message))
    recipients, returned = _delivery_status(parts) if len(parts) > 1 else _plain_text(message)
    return Report(
        _kind(message.headers, parts, recipients),
        _message_ids(message.headers, returned, envelope),
        recipients,
        _instant(_first(message.headers, "date")),
        _line(_decoded(_first(message.headers, "from"))),
        _line(_decoded(_first(message.headers, "subject"))),
        cut=len(content) > READ_LIMIT,
    )


def _kind(headers: Headers, parts: Sequence[_Entity], recipients: Sequence[RecipientReport]) -> ReportKind:
    """What a delivery report says of recipients goes before its headers, which say that it was written automatically.

    One that says nothing readable is no automatic answer: somebody has to look at it.
    """
    found = worst(recipients)
    if found is not None and found.kind is not ReportKind.OTHER:
        return found.kind
    types = {part.type for part in parts}
    if types & STATUS_PARTS or "delivery-status" in _first(headers, "content-type") or _is_from_a_server(headers):
        return ReportKind.OTHER
    return ReportKind.AUTO_REPLY if RECEIPT in types or _is_automatic(headers) else ReportKind.OTHER


def _is_from_a_server(headers: Headers) -> bool:
    return any(name in _first(headers, "from").lower() for name in ("mailer-daemon", "postmaster"))


def _is_automatic(headers: Headers) -> bool:
    """RFC 3834, section 5, and what was used before it."""
    submitted = _first(headers, "auto-submitted").partition(";")[0].partition("(")[0].strip().lower()
    precedence = _first(headers, "precedence").lower()
    return (
        submitted not in {"", "no"} or precedence in AUTOMATIC_PRECEDENCE or any(name in headers for name in AUTOMATIC)
    )


def _message_ids(headers: Headers, returned: Sequence[str], envelope: Iterable[str]) -> tuple[str, ...]:
    """Of the message returned and in the address it came to; only without these, of what it says to be an answer to."""
    addresses = [
        *envelope,
        *(value for name in ("to", "delivered-to", "x-original-to") for value in headers.get(name, ())),
    ]
    found = [each for value in returned for each in OUR_ID.findall(value)]
    found += [each for value in addresses for each in OUR_TAG.findall(value)]
    if not found:
        answered = [each for value in headers.get("in-reply-to", ()) for each in OUR_ID.findall(value)]
        thread = [each for value in headers.get("references", ()) for each in OUR_ID.findall(value)]
        found = answered + thread[::-1]
    return tuple(dict.fromkeys(each.lower() for each in found))[:MESSAGE_IDS]


def _delivery_status(parts: Sequence[_Entity]) -> tuple[tuple[RecipientReport, ...], list[str]]:
    """What became of each recipient, and the Message-IDs of the message it was about."""
    groups = [
        _headers(group)
        for part in parts
        if part.type in STATUS_PARTS
        for group in BLANK_LINE.split(_plain(part), maxsplit=RECIPIENTS + 1)[: RECIPIENTS + 1]
    ]
    returned = [_headers(_head(_plain(part))) for part in parts if part.type in RETURNED_PARTS]
    ids = [value for headers in returned for value in headers.get("message-id", ())]
    ids += [value for group in groups for value in group.get("x-original-message-id", ())]
    found = [group for group in groups if group.keys() & {"final-recipient", "original-recipient", "action"}]
    return tuple(_recipient(group) for group in found[:RECIPIENTS]), ids


def _recipient(fields: Headers) -> RecipientReport:
    """RFC 3464, section 2.3. Without an Action, the class of the Status decides."""
    status = STATUS.search(_first(fields, "status"))
    action = _first(fields, "action").lower().split()
    kind = KIND_OF_ACTION.get(action[0]) if action else KIND_OF_CLASS.get(status[1]) if status else None
    addresses = tuple(
        address
        for name in ("final-recipient", "original-recipient")
        if (address := _typed(_first(fields, name)).strip("<> ").lower())
    )
    reason = _typed(_first(fields, "diagnostic-code"))
    said = " ".join(part for part in (addresses[0] if addresses else "", status[0] if status else "", reason) if part)
    return RecipientReport(addresses, kind or ReportKind.OTHER, _line(said, WHY))


def _plain_text(message: _Entity) -> tuple[tuple[RecipientReport, ...], list[str]]:
    """The same from a report in plain text: by qmail, or by an Exim that does not write the standard one. Else nothing."""
    body = _plain(message).lstrip()
    failed = _first(message.headers, "x-failed-recipients")
    if body.startswith(QMAIL):
        paragraphs = BLANK_LINE.split(QMAIL_COPY.split(body, maxsplit=1)[0], maxsplit=RECIPIENTS)[:RECIPIENTS]
        lines = [paragraph.strip().decode("utf-8", "replace").partition(">:\n") for paragraph in paragraphs]
        found = [(line[0].removeprefix("<"), line[2]) for line in lines if line[0].startswith("<") and line[1]]
    else:
        found = [(address, "") for address in failed.replace(",", " ").split()[:RECIPIENTS]]
    recipients = [RecipientReport((at.lower(),), ReportKind.HARD, _line(f"{at} {why}", WHY)) for at, why in found]
    return tuple(recipients), [each.decode() for each in RETURNED_ID.findall(body)] if recipients else []


# structure


def _parts(entity: _Entity, depth: int = 0) -> Iterator[_Entity]:
    """The entity and what is in it, some levels deep; not what is in a returned message."""
    yield entity
    match = BOUNDARY.search(_first(entity.headers, "content-type")) if entity.type.startswith("multipart/") else None
    if match is None or depth == DEPTH:
        return
    marker = rb"\n--" + re.escape((match[1] or match[2]).encode()) + rb"(?:--)?[ \t]*(?=\n|\Z)"
    for piece in re.split(marker, b"\n" + entity.body, maxsplit=PARTS)[1:]:
        yield from _parts(_entity(piece[1:]), depth + 1)


def _entity(content: bytes) -> _Entity:
    head = _head(content)
    return _Entity(_headers(head), content[len(head) :].lstrip(b"\n"))


def _head(content: bytes) -> bytes:
    """Up to the first empty line."""
    return b"" if content.startswith(b"\n") else content.partition(b"\n\n")[0]


def _headers(block: bytes) -> Headers:
    """Values by name in lower case, unfolded; in no order but that of values with the same name."""
    found: dict[str, list[str]] = {}
    for line in FOLDED.sub(" ", block.replace(b"\r\n", b"\n").decode("utf-8", "replace")).split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), []).append(value.strip()[:VALUE])
    return found


def _first(headers: Headers, name: str) -> str:
    return headers[name][0] if name in headers else ""


def _plain(part: _Entity) -> bytes:
    """The body without its transfer encoding; as it is where that cannot be undone."""
    encoding = _first(part.headers, "content-transfer-encoding").lower()
    try:
        if encoding == "base64":
            return binascii.a2b_base64(part.body).replace(b"\r\n", b"\n")
    except binascii.Error:
        return part.body
    return quopri.decodestring(part.body) if encoding == "quoted-printable" else part.body


# values


def _typed(value: str) -> str:
    """`rfc822; name@example.org`, `smtp; 550 no such person`: what comes after the type."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and " " not in kind.strip() else value


def _line(text: str, length: int = 200) -> str:
    """One line that can be shown anywhere: no control characters, nothing that turns the direction of writing."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:length]


def _decoded(value: str) -> str:
    """The text of a header (RFC 2047); as it is where that cannot be read."""
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError, MessageError):
        return value


def _instant(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None

"""Bytes that came back, to a report. Never raises, whatever the bytes are.

Reads delivery reports (RFC 3464, 6522 and 6533) and those of `known_servers`, and tells automatic answers (RFC 3834) from
those of persons. What only looks like a report is none.
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
from twinflow.mail.known_servers import not_reached

READ_LIMIT = 256 * 1024
"""Bytes. What a report says comes before the message that it returns, so nothing that matters is behind them."""
DEPTH, PARTS, RECIPIENTS, MESSAGE_IDS, VALUE, WHY = 4, 50, 50, 10, 2000, 300

REPORT = "multipart/report"
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
AUTOMATIC_PRECEDENCE = {"auto_reply", "junk"}
ALLOWED = {ReportKind.HARD: "45", ReportKind.DELAYED: "45", ReportKind.DELIVERED: "2"}
"""The classes of a status that an action goes together with; what contradicts itself says nothing."""
OF_SERVERS = ("mailer-daemon", "postmaster")
ADDRESSED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to")

OUR_ID = re.compile(r"<([0-9a-f]{32})@", re.IGNORECASE)
OUR_TAG = re.compile(r"\+(\d{1,9}-[0-9a-f]{24})@", re.IGNORECASE)
BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))', re.IGNORECASE)
CHARSET = re.compile(r'charset\s*=\s*"?([\w.:-]+)', re.IGNORECASE)
STATUS = re.compile(r"(?<![\w.])([245])(?:(?:\.\d{1,3}){1,2}|\d\d)?(?![\w.]*\w)")
"""Its class, also of one that is cut short (5.1), or the answer of a server (550)."""
REPLY = re.compile(r"^\D{0,20}([245])(?:\d\d|(?:\.\d{1,3}){2})(?![\w.]*\w)")
COMMENT = re.compile(r"\([^()]*\)")
FOLDED = re.compile(r"\n[ \t]+")
RETURNED_ID = re.compile(rb"^message-id:[ \t]*(<[0-9a-f]{32}@)", re.IGNORECASE | re.MULTILINE)
BLANK_LINE = re.compile(rb"\n[ \t]*\n")

Headers = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Entity:
    headers: Headers
    body: bytes

    @property
    def type(self) -> str:
        return COMMENT.sub("", _first(self.headers, "content-type")).partition(";")[0].strip().lower()


def read_report(content: bytes, envelope: Iterable[str] = ()) -> Report:
    """What a message that came in says. `envelope` are the addresses it came to, as far as they are known."""
    message = _entity(content[:READ_LIMIT].replace(b"\r\n", b"\n"))
    parts = list(_parts(message))
    recipients, returned = _delivery_status(parts) if message.type == REPORT else _of_a_known_server(message, parts)
    addresses = [*envelope, *(value for name in ADDRESSED for value in message.headers.get(name, ()))]
    return Report(
        _kind(message.headers, parts, recipients),
        _found(OUR_ID, returned),
        recipients,
        _instant(_first(message.headers, "date")),
        _line(_decoded(_first(message.headers, "from"))),
        _line(_decoded(_first(message.headers, "subject"))),
        cut=len(content) > READ_LIMIT,
        return_tags=_found(OUR_TAG, addresses),
        answers_to=_answered(message.headers),
    )


def readable_text(content: bytes) -> str:
    """What a person reads of a message: its first part of plain text, else all of it as it came."""
    message = _entity(content[:READ_LIMIT].replace(b"\r\n", b"\n"))
    part = next((part for part in _parts(message) if part.type in {"", "text/plain"}), message)
    charset = CHARSET.search(_first(part.headers, "content-type"))
    try:
        return _plain(part).decode(charset[1] if charset else "utf-8", "replace")
    except (LookupError, ValueError):
        return _plain(part).decode("utf-8", "replace")


def _kind(headers: Headers, parts: Sequence[_Entity], recipients: Sequence[RecipientReport]) -> ReportKind:
    """What a delivery report says of recipients goes before its headers, which say that it was written automatically.

    One that says nothing readable is no automatic answer, and neither is what a server writes in its own words: somebody has
    to look at it.
    """
    found = worst(recipients)
    if found is not None:
        return found.kind
    types, sender = {part.type for part in parts}, _first(headers, "from").lower()
    if types & STATUS_PARTS or "delivery-status" in _first(headers, "content-type") or _is_of_a_server(sender):
        return ReportKind.OTHER
    if RECEIPT in types or _is_automatic(headers):
        return ReportKind.AUTO_REPLY
    return ReportKind.ANSWER if "@" in sender else ReportKind.OTHER


def _is_of_a_server(sender: str) -> bool:
    return any(name in sender for name in OF_SERVERS)


def _is_automatic(headers: Headers) -> bool:
    """RFC 3834, section 5, and what was used before it.

    That mail came through a list (`Precedence: list` or `bulk`, `List-Id`) says nothing of who wrote it.
    """
    submitted = _first(headers, "auto-submitted").partition(";")[0].partition("(")[0].strip().lower()
    is_marked = any(name in headers for name in AUTOMATIC)
    return submitted not in {"", "no"} or is_marked or _first(headers, "precedence").lower() in AUTOMATIC_PRECEDENCE


def _answered(headers: Headers) -> tuple[str, ...]:
    """The messages it says to be an answer to, and then the last of its thread; that proves nothing."""
    thread = _found(OUR_ID, headers.get("references", ()))
    return tuple(dict.fromkeys((*_found(OUR_ID, headers.get("in-reply-to", ())), *reversed(thread))))


def _found(wanted: re.Pattern[str], values: Iterable[str]) -> tuple[str, ...]:
    found = (each.lower() for value in values for each in wanted.findall(value))
    return tuple(dict.fromkeys(found))[:MESSAGE_IDS]


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
    """RFC 3464, section 2.3."""
    addresses = tuple(
        address
        for name in ("final-recipient", "original-recipient")
        if (address := _typed(_first(fields, name)).strip("<> ").lower())
    )
    status, reason = _uncommented(_first(fields, "status")), _typed(_first(fields, "diagnostic-code"))
    found = STATUS.search(status)
    said = (addresses[0] if addresses else "", found[0] if found else "", reason)
    kind = _what_became(_first(fields, "action"), found or REPLY.search(reason))
    return RecipientReport(addresses, kind, _line(" ".join(filter(None, said)), WHY))


def _what_became(action: str, status: re.Match[str] | None) -> ReportKind:
    """By the action; by the class of the status, or of the server's answer, where the action is none of RFC 3464."""
    words = _uncommented(action).lower().split()
    by_action = KIND_OF_ACTION.get(words[0]) if words else None
    if by_action is None:
        return KIND_OF_CLASS[status[1]] if status else ReportKind.OTHER
    return by_action if status is None or status[1] in ALLOWED[by_action] else ReportKind.OTHER


def _uncommented(value: str) -> str:
    """Without comments; what is in them where there is nothing else."""
    return COMMENT.sub(" ", value).strip() or value


def _of_a_known_server(message: _Entity, parts: Sequence[_Entity]) -> tuple[tuple[RecipientReport, ...], list[str]]:
    """The same from a report in a known server's own words. Else nothing."""
    body = next((_plain(part) for part in parts if part.type in {"", "text/plain"}), b"")
    found = not_reached(message.headers, body.decode("utf-8", "replace"))[:RECIPIENTS]
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

"""Mail that came back, written after the standards in the manner of each server; and reports made to measure."""

from base64 import encodebytes
from pathlib import Path
from quopri import encodestring

FOLDER = Path(__file__).parent / "mail"
TOKEN = "0123456789abcdef0123456789abcdef"
"""The message that all of them are about."""
OFFICER = "officer@example.org"
FAILED = (
    f"Final-Recipient: rfc822; {OFFICER}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n"
)
ENCODERS = {"base64": encodebytes, "quoted-printable": encodestring, "": bytes}


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.eml"))


def mail(name: str, token: str = TOKEN) -> bytes:
    """A message of the folder, about the message `token`."""
    return (FOLDER / f"{name}.eml").read_bytes().replace(TOKEN.encode(), token.encode())


def dsn(
    recipients: str = FAILED,
    returned: str = f"Message-ID: <{TOKEN}@city.example.net>\n",
    *,
    token: str = TOKEN,
    headers: str = "",
    encoding: str = "",
) -> bytes:
    """A delivery report: the fields of each recipient with an empty line between, and the headers of the message returned."""
    status = ENCODERS[encoding](f"Reporting-MTA: dns; mx.example.net\n\n{recipients}".encode())
    top = "From: mailer-daemon@mx.example.net\nSubject: Undelivered\nMIME-Version: 1.0\n"
    content_type = 'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"\n'
    content = (
        f"{top}{headers}{content_type}\n--=_b\nContent-Type: text/plain\n\nSorry.\n\n--=_b\n"
        f"Content-Type: message/delivery-status\nContent-Transfer-Encoding: {encoding or '7bit'}\n\n"
    ).encode() + status
    if returned:
        content += f"\n--=_b\nContent-Type: text/rfc822-headers\n\n{returned}".encode()
    return (content + b"\n--=_b--\n").replace(TOKEN.encode(), token.encode())

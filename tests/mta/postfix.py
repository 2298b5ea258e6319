"""A Postfix of our own on loopback: it asks for STARTTLS and a login, is strict about what it takes, and reaches nobody else.

Everything is in one private folder: configuration, queue, certificates, logins (`cyrus_sasl_config_path`), mailboxes, log.
Nothing of the machine's own mail system is read or written. Where mail goes:

- `office.example`, ours: into a Maildir, whoever it is for, with the Return-Path that Postfix writes at the end of the way;
- `cuenca.example`: only to the people it was told of, others are refused at once (RFC 5321, section 3.6.2);
- any other domain: passed on to a server that keeps the bytes as they came, or refuses them, which makes Postfix report it.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from pwd import getpwnam
from typing import Any

import trustme
from aiosmtpd.controller import Controller

from smtp import free_port

USERNAME, PASSWORD, OURS = "twinflow@office.example", "open, sesamo", "office.example"
PROGRAMS = ("/usr/sbin/postfix", "/usr/sbin/saslpasswd2")
PATIENCE_SECONDS = 30

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.office.example
mydestination =
mynetworks =
alias_maps =
alias_database =
in_flow_delay = 0

# nothing leaves this machine, nothing is asked of a name server
default_transport = smtp:[127.0.0.1]:{next_port}
smtp_bind_address = 127.0.0.1
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtp_tls_security_level = none

# who may send: over TLS, after a login
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {folder}/certificate.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_loglevel = 1
smtpd_tls_received_header = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_security_options = noanonymous
cyrus_sasl_config_path = {folder}/conf/sasl
smtpd_delay_reject = no
smtpd_sender_restrictions = permit_sasl_authenticated, reject
smtpd_relay_restrictions = permit_sasl_authenticated, reject

# what is taken: as the standards have it, and passed on as it came
strict_rfc821_envelopes = yes
strict_7bit_headers = yes
strict_8bitmime_body = yes
strict_mime_encoding_domain = yes
smtputf8_enable = no
smtpd_forbid_bare_newline = yes
disable_mime_output_conversion = yes
smtp_line_length_limit = 0

recipient_delimiter = +
transport_maps = inline:{{ {{ office.example = virtual: }} }}
virtual_mailbox_domains = office.example, cuenca.example
virtual_transport = smtp:[127.0.0.1]:{next_port}
virtual_mailbox_maps = inline:{{ {{ @office.example = office/ }}{known} }}
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:{mail_uid}
virtual_gid_maps = static:{mail_gid}
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
"""

LOGINS = """
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {folder}/conf/logins
mech_list: PLAIN LOGIN
"""


@dataclass(frozen=True, slots=True)
class Passed:
    """What Postfix handed on, byte for byte."""

    sender: str
    recipient: str
    content: bytes


@dataclass
class NextServer:
    """The server that Postfix passes mail on to. It refuses every recipient of the domain `refused`."""

    refused: str = "later.example"
    passed: list[Passed] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address.endswith(f"@{self.refused}"):
            return "550 5.1.1 no mailbox of that name here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.passed += [Passed(envelope.mail_from, to, envelope.content) for to in envelope.rcpt_tos]
        return "250 OK"


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running one. `authority` is the certificate of who vouches for it."""

    folder: Path
    port: int
    next: NextServer

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def maildir(self) -> Path:
        """The mailbox of everyone at our own domain."""
        return self.folder / "mail" / "office"

    @property
    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def mail(self) -> list[bytes]:
        """What is in the mailbox, the oldest first, with the line ends that it had on its way."""
        files = sorted((self.maildir / "new").glob("*"), key=lambda file: file.stat().st_mtime_ns)
        return [file.read_bytes().replace(b"\n", b"\r\n") for file in files]

    def wait_for(self, happened: Callable[[], bool], what: str) -> None:
        """Returns as soon as it has happened. Fails with the log after half a minute."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            assert time.monotonic() < until, (
                f"{what}: not within {PATIENCE_SECONDS} seconds; the log of Postfix:\n{self.log}"
            )
            time.sleep(0.02)


@contextmanager
def running_postfix(known: Sequence[str]) -> Iterator[Postfix]:
    """Started, and stopped at the end. `known` are the addresses that exist at cuenca.example.

    Raises RuntimeError where it cannot run: never a reason to skip.
    """
    missing = [program for program in PROGRAMS if not Path(program).exists()]
    if missing:
        raise RuntimeError(
            f"{', '.join(missing)} missing: tests/mta/install installs them, and make test-mta calls that."
        )
    if os.geteuid() != 0:
        raise RuntimeError("Postfix is started by root only: run make test-mta as root.")
    folder = Path(tempfile.mkdtemp(prefix="twinflow-postfix-", dir="/tmp"))
    server = NextServer()
    next_port, port = free_port(), free_port()
    controller = Controller(server, hostname="127.0.0.1", port=next_port)
    controller.start()
    try:
        _set_up(folder, port, next_port, known)
        _postfix(folder, "start")
        try:
            yield Postfix(folder, port, server)
        finally:
            _postfix(folder, "stop")
    finally:
        controller.stop()
        shutil.rmtree(folder, ignore_errors=True)  # its last process may still close its log


def _set_up(folder: Path, port: int, next_port: int, known: Sequence[str]) -> None:
    folder.chmod(0o755)
    for name in ("conf/sasl", "queue", "data", "mail/office"):
        (folder / name).mkdir(parents=True)
    server, nobody = getpwnam("postfix"), getpwnam("nobody")
    os.chown(folder / "data", server.pw_uid, server.pw_gid)
    os.chown(folder / "mail" / "office", nobody.pw_uid, nobody.pw_gid)
    main = MAIN.format(
        folder=folder,
        next_port=next_port,
        known="".join(f", {{ {address} = {address} }}" for address in known),
        mail_uid=nobody.pw_uid,
        mail_gid=nobody.pw_gid,
    )
    (folder / "conf" / "main.cf").write_text(main)
    (folder / "conf" / "master.cf").write_text(MASTER.format(port=port))
    (folder / "conf" / "sasl" / "smtpd.conf").write_text(LOGINS.format(folder=folder))
    name, _, domain = USERNAME.partition("@")
    logins = folder / "conf" / "logins"
    _run("/usr/sbin/saslpasswd2", "-p", "-c", "-f", str(logins), "-u", domain, name, given=PASSWORD)
    os.chown(logins, 0, server.pw_gid)
    logins.chmod(0o640)
    _certify(folder)


def _certify(folder: Path) -> None:
    """A certificate for 127.0.0.1 and the authority behind it; RSA, as most servers have."""
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    certificate = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    for number, part in enumerate(certificate.cert_chain_pems):
        part.write_to_path(str(folder / "certificate.pem"), append=number > 0)


def _postfix(folder: Path, what: str) -> None:
    _run("/usr/sbin/postfix", "-c", str(folder / "conf"), what, log=folder / "log")


def _run(*command: str, given: str = "", log: Path | None = None) -> None:
    """Raises RuntimeError with what the program said, and its log."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        said = log.read_text("utf-8", "replace") if log is not None and log.exists() else ""
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}{said}")

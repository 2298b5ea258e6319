"""Where mail comes back: a Maildir folder, an mbox file, or a port of ours on loopback.

Nothing is deleted. A Maildir message that was dealt with goes from `new` to `cur`; an mbox file is only read, from where
the last look ended as long as it has only grown.
"""

import asyncio
import fcntl
import logging
import os
import socket
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from twinflow.errors import BadInput, why_of
from twinflow.mail.loopback import ListeningController, listening_on
from twinflow.regular_files import NoFile, open_file

log = logging.getLogger(__name__)

SIZE_LIMIT = 16 * 1024 * 1024
"""Bytes of one message that the port takes, and that are read in a mailbox: what a person attached is in it."""
SEPARATOR = b"From "


@dataclass(frozen=True, slots=True)
class Found:
    """A message in a mailbox: where, and at most `SIZE_LIMIT` bytes of it. `end` is where an mbox goes on behind it."""

    place: str
    content: bytes
    start: int = 0
    end: int = 0
    whole: bool = True


class Mailbox(Protocol):
    def unread(self) -> Iterator[Found]:
        """What nobody has dealt with, oldest first. Raises OSError, or BadInput where it is no mailbox any more."""

    def done(self, found: Found, *, understood: bool) -> None:
        """It need not be read again."""


def open_mailbox(path: Path, *, everything: bool = False) -> Mailbox:
    """`everything` reads what is in `cur` of a Maildir too. Raises BadInput where `path` is no mailbox or cannot be read."""
    try:
        if (path / "new").is_dir() and (path / "cur").is_dir():
            os.scandir(path / "new").close()
            return Maildir(path, ("cur", "new") if everything else ("new",))
        with open_file(path) as file:
            if file.read(len(SEPARATOR)) in {b"", SEPARATOR}:
                return Mbox(path)
    except FileNotFoundError:
        raise BadInput(
            "There is no mailbox {path}; an empty file or a Maildir folder will do.", path=str(path)
        ) from None
    except (IsADirectoryError, NoFile):
        pass
    except OSError as error:
        raise BadInput("{file} cannot be read: {why}.", file=str(path), why=why_of(error)) from None
    raise _no_mailbox(path)


class Watched:
    """A mailbox that may be missing or damaged, now or later: it is opened when it is first read, and anew after a failure."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._box: Mailbox | None = None

    def unread(self) -> Iterator[Found]:
        try:
            self._box = self._box or open_mailbox(self._path)
            yield from self._box.unread()
        except (OSError, BadInput):
            self._box = None
            raise

    def done(self, found: Found, *, understood: bool) -> None:
        if self._box is not None:
            self._box.done(found, understood=understood)


def _no_mailbox(path: Path) -> BadInput:
    return BadInput(
        "{path} is no mailbox: it is a folder with “new”, “cur” and “tmp” (Maildir), "
        "or a file that begins with “From ” or is empty (mbox).",
        path=str(path),
    )


class Maildir:
    """Several may read the same folder: who moves a message first has dealt with it."""

    def __init__(self, folder: Path, parts: Sequence[str]) -> None:
        self._folder = folder
        self._parts = parts

    def unread(self) -> Iterator[Found]:
        for part in self._parts:
            for name in sorted(path.name for path in (self._folder / part).iterdir()):
                content = _beginning(self._folder / part / name)
                if content is not None:
                    yield _found(f"{part}/{name}", content)

    def done(self, found: Found, *, understood: bool) -> None:
        """What was understood counts as seen for whoever opens the mailbox; the rest waits there for a person."""
        part, _, name = found.place.partition("/")
        if part == "new":
            target = name.partition(":")[0] + (":2,S" if understood else ":2,")
            try:
                (self._folder / found.place).rename(self._folder / "cur" / target)
            except FileNotFoundError:
                log.debug("%s was moved meanwhile", found.place)


def _beginning(file: Path) -> bytes | None:
    """None where somebody moved it away, or where it is no file."""
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return None
        with file.open("rb") as opened:
            return opened.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        return None


def _found(place: str, content: bytes, start: int = 0, end: int = 0) -> Found:
    return Found(place, content[:SIZE_LIMIT], start, end, whole=len(content) <= SIZE_LIMIT)


class Mbox:
    """One file, remembered as far as it was dealt with; read again from its beginning if it was written anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = 0
        self._offset = 0

    def unread(self) -> Iterator[Found]:
        with open_file(self._path) as file:
            size = _settled_size(file)
            if not self._has_only_grown(file, size):
                self._offset = 0
            file.seek(self._offset)
            yield from self._messages(file, size)

    def done(self, found: Found, *, understood: bool) -> None:
        """Only as far as everything before was dealt with too."""
        del understood
        if found.start == self._offset:
            self._offset = found.end

    def _has_only_grown(self, file: BinaryIO, size: int) -> bool:
        inode = os.fstat(file.fileno()).st_ino
        is_same, self._inode = inode == self._inode, inode
        file.seek(min(self._offset, size))
        return is_same and size >= self._offset and file.read(len(SEPARATOR)) in {b"", SEPARATOR}

    def _messages(self, file: BinaryIO, size: int) -> Iterator[Found]:
        """Each from a line that begins with `From `, the first or after an empty one, to the next. Long lines come in pieces."""
        start, content, before = file.tell(), bytearray(), b"\n"
        while (here := file.tell()) < size and (line := file.readline(min(SIZE_LIMIT, size - here))):
            if before in {b"\n", b"\r\n"} and line.startswith(SEPARATOR):
                if here > start:
                    yield _found(self._place(start), bytes(content), start, here)
                start, content = here, bytearray()
            elif here == 0:
                raise _no_mailbox(self._path)
            elif len(content) <= SIZE_LIMIT:
                content += line
            before = line
        if size > start:
            yield _found(self._place(start), bytes(content), start, size)

    def _place(self, start: int) -> str:
        return f"{self._path.name}@{start}"


def _settled_size(file: BinaryIO) -> int:
    """The size, in bytes, while nobody who locks the file writes to it; what is before it changes no more."""
    try:
        fcntl.lockf(file, fcntl.LOCK_SH)
        try:
            return os.fstat(file.fileno()).st_size
        finally:
            fcntl.lockf(file, fcntl.LOCK_UN)
    except OSError:  # a file system without locks
        return os.fstat(file.fileno()).st_size


class Answer(StrEnum):
    """What the port says of a message (RFC 5321, RFC 3463)."""

    TAKEN = "250 2.0.0 Taken"
    LATER = "451 4.3.0 Try again later"
    OF_NOBODY = "554 5.6.0 Neither a delivery report nor anybody's answer"


@dataclass(frozen=True, slots=True)
class _Handler:
    """Takes any recipient. `take` gets a message and the addresses it came to, and runs beside the conversations."""

    take: Callable[[bytes, Sequence[str]], Answer]
    answers_each: bool

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        assert isinstance(envelope.content, bytes)
        try:
            answer = await asyncio.to_thread(self.take, envelope.content, tuple(envelope.rcpt_tos))
        except Exception:  # whatever happened, the other server keeps the message
            log.exception("a message that came back could not be taken")
            answer = Answer.LATER
        lines = len(envelope.rcpt_tos) if self.answers_each else 1  # RFC 2033, section 4.2
        return "\r\n".join([answer.value] * lines)


class _SmtpServer(SMTP):
    line_length_limit = 64 * 1024  # a report with long lines is better read than refused


class _LmtpServer(LMTP):
    line_length_limit = 64 * 1024


class _Port(ListeningController):
    """A port that speaks either protocol."""

    def __init__(self, take: Callable[[bytes, Sequence[str]], Answer], listener: socket.socket, *, lmtp: bool) -> None:
        super().__init__(_Handler(take, lmtp), listener)
        self._server = _LmtpServer if lmtp else _SmtpServer

    def factory(self) -> SMTP:
        return self._server(self.handler, data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True, ident="twinflow")


@contextmanager
def returns_server(take: Callable[[bytes, Sequence[str]], Answer], port: int, *, lmtp: bool) -> Iterator[None]:
    """Listens on 127.0.0.1 until the block ends. `take` is called in threads, side by side. Raises EnvironmentFailed."""
    controller = _Port(take, listening_on(port), lmtp=lmtp)
    controller.start()
    try:
        yield
    finally:
        controller.stop()

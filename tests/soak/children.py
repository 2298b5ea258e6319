"""Commands as processes of their own with a clock of their own: forked, so that they cost no start, and killed for real."""

import io
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Engine, event

from twinflow import clock
from twinflow.cli import app

KILLED = -signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit code, or the negative of the signal; what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong in the process: it dies with its `dies_at`th statement; its disk is full; it waits no time for a lock."""

    dies_at: int | None = None
    disk_is_full: bool = False
    is_impatient: bool = False


NONE = Fault()


def run(folder: Path, arguments: list[str], now: datetime, fault: Fault = NONE) -> Ended:
    """`twinflow` with the arguments, in the folder, at the instant."""

    def command() -> None:
        sys.argv = ["twinflow", *arguments]
        app.main()

    return apart(folder, command, now, fault)


def apart(folder: Path, work: Callable[[], None], now: datetime, fault: Fault = NONE) -> Ended:
    """Something done by a process of its own. Nothing of ours may hold a connection or a thread."""
    said = {name: folder / f".{name}" for name in ("out", "err")}
    child = os.fork()
    if child == 0:
        _be(folder, work, now, fault, said)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    out, err = (path.read_text("utf-8", "replace") for path in said.values())
    return Ended(code, out, err)


def _be(folder: Path, work: Callable[[], None], now: datetime, fault: Fault, said: Mapping[str, Path]) -> NoReturn:
    code = 70
    try:
        os.chdir(folder)
        for number, path in zip((1, 2), said.values(), strict=True):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(n, "wb", closefd=False), "utf-8") for n in (1, 2))
        clock.now = lambda: now
        _go_wrong(fault)
        work()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 - what a process of ours dies of is what is looked for
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _go_wrong(fault: Fault) -> None:
    left = fault.dies_at

    def count(*_: Any) -> None:
        nonlocal left
        assert left is not None
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def configure(connection: Any, _record: object) -> None:
        if fault.disk_is_full:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count={pages}")
        if fault.is_impatient:
            connection.execute("PRAGMA busy_timeout=50")

    if left is not None:
        event.listen(Engine, "before_cursor_execute", count)
    if fault.disk_is_full or fault.is_impatient:
        event.listen(Engine, "connect", configure)

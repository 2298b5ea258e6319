"""Standard output and standard error as they are found: closed, full, without a reader, unable to hold every letter."""

import io
import os
import sys
from contextlib import suppress
from typing import TextIO


def make_usable() -> None:
    """What goes to a stream that is closed is dropped; a letter that an encoding cannot hold is replaced."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115 - it stays open as long as the process
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def note(text: str) -> None:
    """A line to standard error. That nobody can read it stops nothing."""
    with suppress(OSError):
        print(text, file=sys.stderr)


def flush() -> OSError | None:
    """Write what still waits. Why standard output could not be written, if not because whoever reads it has gone."""
    failed = None
    for stream in (sys.stderr, sys.stdout):
        try:
            stream.flush()
        except OSError as error:
            write_to_nobody(stream)
            failed = error if stream is sys.stdout and not isinstance(error, BrokenPipeError) else None
    return failed


def write_to_nobody(stream: TextIO) -> None:
    """Nothing that is still to be printed finds what failed again, not even at the end of the process."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)

"""Files that people write, read as files only: a pipe or a device may never end, or never begin."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


class NoFile(OSError):
    """What is there is neither a file nor a folder."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(errno.EINVAL, "it is a pipe or a device, not a file", str(path))


def open_file(path: Path) -> BinaryIO:
    """For reading. Raises OSError, and at once NoFile where whoever opens it would have to wait."""
    return open(path, "rb", opener=_opened)


def read_bytes(path: Path) -> bytes:
    """Raises OSError, also NoFile."""
    with open_file(path) as file:
        return file.read()


def _opened(path: str, flags: int) -> int:
    opened = os.open(path, flags | os.O_NONBLOCK)
    mode = os.fstat(opened).st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return opened
    os.close(opened)
    raise NoFile(path)

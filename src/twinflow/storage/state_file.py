"""The file beside the database: the highest count of sending passes that this machine has seen, by database.

Replaced as a whole and brought to the disk before anything is sent. Whoever changes it holds its lock.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from twinflow.errors import Unreadable
from twinflow.regular_files import read_bytes


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process and thread at a time; a crash lets go. Raises OSError where the folder cannot be written to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read(path: Path) -> dict[str, int]:
    """The counts by database; none where there is no file. Raises OSError, or Unreadable for a file that is none of ours."""
    try:
        content = json.loads(read_bytes(path))
    except FileNotFoundError:
        return {}
    except ValueError:  # also of bytes that are no text
        content = None
    seen = content.get("passes") if isinstance(content, dict) else None
    if not isinstance(seen, dict) or not all(type(count) is int for count in seen.values()):
        raise Unreadable("it is not as twinflow writes it")
    return seen


def write(path: Path, seen: Mapping[str, int]) -> None:
    """Put the counts in the place of those that were there: after a crash the file is the old one or the new one.

    Raises OSError.
    """
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        json.dump({"passes": seen}, file, indent=2, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

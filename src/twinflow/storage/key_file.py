"""The key of the machine: a file beside the database, so that the books alone let nobody in."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from twinflow.errors import EnvironmentFailed, of_the_system

BYTES = 32


def key_in(file: Path) -> bytes:
    """The key, which is made where there is none yet. Raises EnvironmentFailed."""
    try:
        with suppress(FileExistsError):
            _make(file)
        key = file.read_bytes()
    except OSError as error:
        raise of_the_system(error) from error
    if len(key) != BYTES:
        raise EnvironmentFailed("{file} is no key of twinflow: it has {count} bytes.", file=str(file), count=len(key))
    return key


def _make(file: Path) -> None:
    """Whole or not at all: another process may read it the moment it is there."""
    if file.exists():
        return
    new = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(secrets.token_bytes(BYTES))
    try:
        os.link(new, file)
    finally:
        new.unlink()

"""What was proved before: files of which no byte has changed are not proved anew at every start.

A mark is an empty file named by a digest of all that was read and of the code that proved it. It holds nothing, so nothing can
come from it: what the files say is always read from their text. Who forges a mark spares his own files their proof, no more.
"""

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from twinflow.regular_files import read_bytes

Content = Mapping[Path, bytes | None]
"""What is in folders, by path; what is no file has no bytes."""

LIBRARIES = ("pydantic", "jinja2")
"""Those that take part in a proof."""


def content_of(folder: Path, but: frozenset[str] = frozenset()) -> dict[Path, bytes | None]:
    """All that is in a folder and below it, without its subfolders named in `but`. Raises OSError."""
    inside = sorted(_inside(str(folder), but))
    return {Path(name): read_bytes(Path(name)) if is_file else None for name, is_file in inside}


def _inside(folder: str, but: frozenset[str] = frozenset(), above: tuple[str, ...] = ()) -> Iterator[tuple[str, bool]]:
    """The name of everything and whether it is a file; through links too, but not round in a circle."""
    here = os.path.realpath(folder)
    if here in above:
        return
    for entry in os.scandir(folder):
        if entry.name not in but:
            yield entry.path, entry.is_file()
            if entry.is_dir():
                yield from _inside(entry.path, above=(*above, here))


def digest_of(content: Content) -> str:
    """What identifies files as this code sees them: SHA-256 over every name and every byte of theirs and of the code."""
    found = hashlib.sha256(_code())
    for path, raw in content.items():
        length = "-" if raw is None else len(raw)
        found.update(f"{str(path)!r} {length}\n".encode() + (raw or b""))
    return found.hexdigest()


@cache
def _code() -> bytes:
    """Python, the libraries that read, and all of twinflow: which part of it took part in a proof is nothing to guess."""
    here = Path(__file__).parents[1]
    found = hashlib.sha256(f"{sys.version} {[version(name) for name in LIBRARIES]}".encode())
    for path in sorted(here.rglob("*.py")):
        raw = path.read_bytes()
        found.update(f"{path.relative_to(here)} {len(raw)}\n".encode() + raw)
    return found.digest()


def is_marked(folder: Path, digest: str) -> bool:
    """A mark that cannot be seen is none."""
    try:
        return (folder / digest).is_file()
    except OSError:
        return False


def mark(folder: Path, digest: str) -> None:
    """Where no mark can be made, the next start proves anew."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / digest).touch()

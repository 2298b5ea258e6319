"""What was proved before: files of which no byte has changed are not proved anew at every start.

A mark is an empty file named by a digest of all that was read and of the code that proved it. It holds nothing, so nothing can
come from it: what the files say is always read from their text. Who forges a mark spares his own files their proof, no more.
"""

import hashlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

Content = Mapping[Path, bytes]
"""What is in folders, by path; a folder has no bytes."""

LIBRARIES = ("pydantic", "jinja2")
"""Those that take part in a proof."""


def content_of(folder: Path, but: frozenset[str] = frozenset()) -> dict[Path, bytes]:
    """All that is in a folder and below it, without its subfolders named in `but`. Raises OSError."""
    return {path: b"" if path.is_dir() else path.read_bytes() for path in _inside(folder, but)}


def _inside(folder: Path, but: frozenset[str] = frozenset(), above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Through links too, but not round in a circle."""
    here = folder.resolve()
    if here in above:
        return
    for path in sorted(folder.iterdir()):
        if path.name in but:
            continue
        yield path
        if path.is_dir():
            yield from _inside(path, above=(*above, here))


def digest_of(content: Content) -> str:
    """What identifies files as this code sees them: SHA-256 over every name and every byte of theirs and of the code."""
    found = hashlib.sha256(_code())
    for path, raw in content.items():
        found.update(f"{path} {len(raw)}\n".encode("utf-8", "surrogateescape") + raw)
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

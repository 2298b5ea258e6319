"""Reports of servers that write none as RFC 3464 has it, known by what is in `known_servers.toml`."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

TEXT_LIMIT = 16 * 1024
"""Characters of the text that are looked at."""
ANGLED, COMMENT = re.compile(r"<([^<>]*)>"), re.compile(r"\([^()]*\)")
LINES_AND_CASE = re.MULTILINE | re.IGNORECASE


@dataclass(frozen=True, slots=True)
class KnownServer:
    """What proves a report of this server, and where in its text the addresses are."""

    headers: Mapping[str, re.Pattern[str]]
    begins: re.Pattern[str]
    after: re.Pattern[str] | None
    ends: re.Pattern[str] | None
    recipients: re.Pattern[str]

    def wrote(self, headers: Mapping[str, Sequence[str]], text: str) -> bool:
        said = {**headers, "from": [address_of(value) for value in headers.get("from", ())]}
        has_headers = all(any(map(wanted.search, said.get(name, ()))) for name, wanted in self.headers.items())
        return has_headers and self.begins.match(text) is not None

    def not_reached(self, text: str) -> Iterator[tuple[str, str]]:
        """Each address that the report names, and why."""
        begin = self.after.search(text) if self.after else None
        end = self.ends.search(text) if self.ends else None
        if self.after is None or begin is not None:
            text = text[begin.end() if begin else 0 : end.start() if end else None]
            for found in self.recipients.finditer(text):
                yield found["address"], found["why"] or ""


def _read() -> tuple[KnownServer, ...]:
    content = tomllib.loads(files("twinflow.mail").joinpath("known_servers.toml").read_text("utf-8"))
    return tuple(map(_server, content["server"]))


def _server(entry: Mapping[str, str | Mapping[str, str]]) -> KnownServer:
    def pattern(name: str) -> re.Pattern[str] | None:
        return re.compile(str(entry[name]), LINES_AND_CASE) if name in entry else None

    begins, recipients, headers = pattern("begins"), pattern("recipients"), entry.get("headers", {})
    assert begins is not None
    assert recipients is not None
    assert isinstance(headers, Mapping)
    wanted = {"from": str(entry["from"]), **headers}
    proofs = {name: re.compile(value, re.IGNORECASE) for name, value in wanted.items()}
    return KnownServer(proofs, begins, pattern("after"), pattern("ends"), recipients)


KNOWN_SERVERS = _read()


def address_of(sender: str) -> str:
    """The address alone: a name beside it may be anything, also one with a comma that nobody has quoted."""
    angled = ANGLED.findall(sender)
    return (angled[-1] if angled else COMMENT.sub("", sender)).replace('"', "").strip()


def not_reached(headers: Mapping[str, Sequence[str]], text: str) -> list[tuple[str, str]]:
    """The addresses that a report of a known server names, and why each was not reached; none where it is no such report."""
    text = text[:TEXT_LIMIT].lstrip()
    return [found for server in KNOWN_SERVERS if server.wrote(headers, text) for found in server.not_reached(text)]

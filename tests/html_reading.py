"""Reads the HTML of a mail as somebody who cannot see it well, or at all, meets it: `accessible(html, language)`.

Sources: WCAG 2.2, level AA: 1.3.1 (headings, lists), 1.4.1 and 1.4.3 (colours), 1.4.4 (sizes), 2.4.2 (title), 2.4.4 (purpose
of links), 3.1.1 (language). Mail programs drop styles as they like, so none may be needed to read.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "br", "hr", "wbr"}
MEANT = set(re.findall(r"\w+", "html head meta title style body h1 h2 h3 h4 p ul ol li a bdi code strong em br"))
"""Elements that say what something is. No images, tables, forms or scripts, and none that only say how it looks."""

ATTRIBUTES = {"lang", "charset", "name", "content", "href", "dir"}
UNTOLD = re.compile(r"(?i)here|click here|link|more|aquí|haga clic aquí|clic aquí|enlace|más|\W*")
ONLY_SEEN = re.compile(
    r"(?i)\b(?:(?:background-|border-)?color|background|display|visibility|position|opacity|content|float)\b\s*:"
)
FIXED_SIZE = re.compile(r"\d(?:px|pt|cm|mm|in)\b")


def accessible(html: str, language: str) -> None:
    """Raises AssertionError with everything that keeps somebody from reading the page."""
    wrong = list(_wrong(_Page(html), html, language))
    assert not wrong, "\n".join(wrong)


def _wrong(page: "_Page", html: str, language: str) -> Iterator[str]:
    yield from page.wrong
    if page.open:
        yield f"never closed: {page.open}"
    if not html.lower().startswith("<!doctype html>"):
        yield "no <!doctype html> at the beginning"
    if page.language != language:
        yield f"the language is {page.language}, {language} is meant"
    if not page.title.strip():
        yield "no title"
    yield from _headings(page.headings)
    yield from _links(page.links)
    if found := ONLY_SEEN.search(page.style):
        yield f"a style that may hide something or say it by colour alone: {found[0]}"
    if found := FIXED_SIZE.search(page.style):
        yield f"a size that does not grow with the reader's letters: {found[0]}"


def _headings(headings: list[tuple[int, str]]) -> Iterator[str]:
    levels = [level for level, _ in headings]
    if levels.count(1) != 1 or levels[0] != 1:
        yield f"the headings are {levels}: one of the first level is meant, before all others"
    yield from (f"a heading of level {b} after one of level {a}" for a, b in pairwise(levels) if b > a + 1)
    yield from (f"an empty heading of level {level}" for level, text in headings if not text.strip())


def _links(links: list[tuple[str, str]]) -> Iterator[str]:
    """Each says by its own words where it leads: the same words, the same place."""
    where: dict[str, str] = {}
    for address, words in links:
        text = " ".join(words.split())
        if UNTOLD.fullmatch(text) or "://" in text:
            yield f"a link that does not say where it leads: “{text}” {address}"
        if not re.match(r"https?://[^\s/]", address):
            yield f"a link to nowhere: “{text}” {address}"
        if where.setdefault(text, address) != address:
            yield f"two links with the same words: “{text}” {where[text]} {address}"


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.open: list[str] = []
        self.language: str | None = None
        self.title = self.style = ""
        self.headings: list[tuple[int, str]] = []
        self.links: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._judge(tag, given)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "html":
            self.language = given.get("lang")
        elif re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        elif tag == "a":
            self.links.append((given.get("href") or "", ""))

    def _judge(self, tag: str, given: dict[str, str | None]) -> None:
        within = self.open[-1] if self.open else ""
        if tag not in MEANT:
            self.wrong.append(f"<{tag}>: only {sorted(MEANT)} are meant")
        self.wrong += [
            f"<{tag} {name}>: only {sorted(ATTRIBUTES)} are meant" for name in given if name not in ATTRIBUTES
        ]
        if (tag == "li") != (within in {"ul", "ol"}):
            self.wrong.append(f"<{tag}> inside <{within}>: a list has items and nothing else")
        if within in {"p", "h1", "h2", "h3", "h4", "a"} and tag in {"p", "ul", "ol", "h1", "h2", "h3", "h4"}:
            self.wrong.append(f"<{tag}> inside <{within}>")
        if tag == "meta" and re.search(r"user-scalable\s*=\s*(?:no|0)|maximum-scale", given.get("content") or ""):
            self.wrong.append("the page keeps its reader from enlarging it")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes what is not open")

    def handle_data(self, data: str) -> None:
        match self.open[-1] if self.open else "":
            case "title":
                self.title += data
                return
            case "style":
                self.style += data
                return
        if "a" in self.open:
            self.links[-1] = (self.links[-1][0], self.links[-1][1] + data)
        if any(re.fullmatch(r"h[1-6]", tag) for tag in self.open):
            self.headings[-1] = (self.headings[-1][0], self.headings[-1][1] + data)

"""Pages as a reader meets them: their words, and how they are built."""

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Collects the tags with their attributes, the words, and the cells of each table row."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[str] = []
        self.unclosed: list[str] = []
        self._words: list[str] = []
        self._row: list[str] | None = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.unclosed.append(tag)
        if tag == "tr":
            self._row = []

    def handle_endtag(self, tag):
        assert self.unclosed.pop() == tag
        if tag == "tr" and self._row is not None:
            self.rows.append(" ".join(self._row))
            self._row = None

    def handle_data(self, data):
        words = " ".join(data.split())
        if words:
            self._words.append(words)
            if self._row is not None:
                self._row.append(words)

    @property
    def text(self) -> str:
        return " ".join(self._words)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def row(self, start: str) -> str:
        """The words of the first table row that begins so."""
        return next(row for row in self.rows if row.startswith(start))

"""How much room words take in a picture. Reckoned, since whoever draws has no fonts: rather too much than too little."""

import unicodedata

_SHARES = {
    0.22: "ijl'",
    0.28: " !,./:;If|[]\\t·",
    0.34: 'r-()`“”"‘’•{}',
    0.5: "ckJsvxyz",
    0.56: "abdeghnopquL0123456789$?_#–",
    0.61: "FTZ",
    0.67: "ABEKPSVXY&",
    0.72: "CDHNRUw",
    0.78: "GOQ",
    0.83: "mM",
    0.95: "W%",
}
_SHARE = {sign: share for share, signs in _SHARES.items() for sign in signs}
"""The widths of Helvetica, whose like is on every machine (Arial, Liberation Sans), as shares of the size of the letters."""
_WIDEST, _BOLD, _SPARE = 1.0, 1.07, 1.04


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a text in common sans-serif letters of a size, in the unit of the size."""
    shares = sum(_SHARE.get(unicodedata.normalize("NFD", sign)[0], _WIDEST) for sign in text)
    return shares * size * _SPARE * (_BOLD if bold else 1.0)


def wrapped(text: str, size: float, room: float, *, bold: bool = False) -> list[str]:
    """The text on lines of at most `room`, broken between words, and within a word that alone is wider."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width(longer, size, bold=bold) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while width(line, size, bold=bold) > room and len(line) > 1:
            fits = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or width(line[:n], size, bold=bold) <= room)
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line] if line else lines

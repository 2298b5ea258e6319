"""A process drawn as SVG: it needs no browser, no script and no style sheet, and nothing in it is said by colour alone.

Every edge of the file is an element with `data-step`, `data-from` and `data-to`, and each state one with `data-state`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from twinflow.domain.process.definition import ProcessDefinition
from twinflow.pictures.arranging import (
    BOX,
    LARGE,
    LINE,
    PAD,
    REACH,
    SIDE,
    SMALL,
    Arrangement,
    Beside,
    Box,
    Thread,
    Words,
    arrange,
)
from twinflow.pictures.diagram import Course, Edge, Say, date_words, present_words, step_words
from twinflow.pictures.lettering import width, wrapped
from twinflow.pictures.outline import outline
from twinflow.sentences import Sentence
from twinflow.text import harmless_lines, shortened

MARGIN, INSIDE, NARROWEST = 20.0, 16.0, 560.0
"""Around all; inside the band of a stage; the least width, so that title and legend have room."""
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
INK, LINES, PATH, PRESENT = "#1b1f24", "#4a5361", "#1f4e79", "#7a3e00"
"""On white and on the backgrounds below, each has a contrast of 7 : 1 or more (WCAG 2.2, 1.4.3 and 1.4.11)."""
BAND, WALKED, HERE, WHITE = "#f1f4f8", "#e3edf7", "#fff3d9", "#ffffff"


def svg(process: ProcessDefinition, say: Say, course: Course | None = None) -> str:
    """The picture of a process, with the course of an agreement if one is given."""
    drawn = arrange(process, say, course)
    room = max(drawn.width + 2 * INSIDE, NARROWEST)
    head, head_height = _head(process, say, course, room)
    foot, foot_height = _legend(say, with_course=course is not None)
    foot_y = MARGIN + head_height + drawn.height + 24.0
    size = (room + 2 * MARGIN, foot_y + foot_height + MARGIN)
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(size[0])}" height="{_n(size[1])}" '
            f'viewBox="0 0 {_n(size[0])} {_n(size[1])}" role="img" aria-labelledby="title" aria-describedby="desc" '
            f'font-family="{FONT}" font-size="{_n(SMALL)}" fill="{INK}">'
        ),
        f'<title id="title">{_clean(_title(process, say, course))}</title>',
        f'<desc id="desc">{_clean(chr(10).join(outline(process, say, course)))}</desc>',
        f'<rect width="100%" height="100%" fill="{WHITE}"/>',
        f'<g transform="translate({_n(MARGIN)} {_n(MARGIN)})">',
        *head,
        "</g>",
        f'<g transform="translate({_n(MARGIN)} {_n(MARGIN + head_height)})">',
        *_bands(drawn, room),
        f'<g transform="translate({_n((room - drawn.width) / 2)} 0)">',
        *_threads(drawn),
        *(line for box in drawn.boxes.values() for line in _box(box, process, say, course)),
        "</g>",
        *_stages(drawn, say),
        "</g>",
        f'<g transform="translate({_n(MARGIN)} {_n(foot_y)})">',
        *foot,
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _title(process: ProcessDefinition, say: Say, course: Course | None) -> str:
    name = f"{say(process.label)} ({process.name})"
    return f"{course.reference} · {shortened(course.title)} · {name}" if course else name


def _head(process: ProcessDefinition, say: Say, course: Course | None, room: float) -> tuple[list[str], float]:
    """The title, and of an agreement its state and its dates ahead; with the height it takes."""
    rows = [(line, 20.0, True) for line in wrapped(say(process.label), 20.0, room, bold=True)]
    rows.append((process.name, LARGE, False))
    if course is not None:
        state = f"{say(present_words(course))}: {say(process.states[course.state].label)}"
        ahead = [say(date_words(each)) for each in course.ahead] or [say(Sentence("none"))]
        texts = [
            (f"{course.reference} · {shortened(course.title)}", True),
            (state, True),
            (say(Sentence("Dates ahead:")), True),
        ]
        texts += [(f"– {text}", False) for text in ahead]
        rows += [(row, LARGE, bold) for text, bold in texts for row in wrapped(text, LARGE, room, bold=bold)]
    drawn, y = [], 0.0
    for text, size, bold in rows:
        y += size + 6.0
        drawn.append(_text(text, 0, y, size=size, bold=bold))
    return drawn, y + 20.0


def _bands(drawn: Arrangement, room: float) -> Iterator[str]:
    for band in drawn.bands:
        yield _rect(0, band.top, room, band.end - band.top, fill=BAND, stroke="#9aa5b4", extra=' rx="4"')


def _stages(drawn: Arrangement, say: Say) -> Iterator[str]:
    """The names of the stages, over whatever line comes down where they stand."""
    for band in drawn.bands:
        name = say(band.label)
        room = width(name, LARGE, bold=True) + 2 * PAD
        yield _rect(2, band.top + 2, room, LARGE + PAD, fill=BAND, stroke="none")
        yield _text(name, PAD, band.top + LARGE + 6.0, size=LARGE, bold=True)


def _threads(drawn: Arrangement) -> Iterator[str]:
    """Lines first, the walked ones over the others, then all words, so that no line runs through a word."""
    for thread in sorted(drawn.threads, key=lambda thread: thread.walked):
        yield from _line(thread, drawn)
    for thread in drawn.threads:
        top, end = drawn.rows[thread.label_row]
        x = drawn.x[thread.cells[thread.label_row - thread.first_row]]
        y = (top + end - thread.height) / 2
        yield _rect(x - thread.width / 2, y, thread.width, thread.height, fill=WHITE, stroke="none", extra=' rx="3"')
        one = len(thread.edges) == 1
        yield from _edges_in_words(thread.words, x if one else x - thread.width / 2 + 6.0, y + 3.0, middle=one)


def _line(thread: Thread, drawn: Arrangement) -> Iterator[str]:
    """From row to row in curves, through the height of a row straight down, so that it stays clear of what stands there."""
    upper, lower = drawn.boxes[thread.cells[0]], drawn.boxes[thread.cells[-1]]
    begins, ends = upper.y + upper.height, lower.y
    places = [thread.from_x, *(drawn.x[key] for key in thread.cells[1:-1]), thread.to_x]
    d = [f"M{_n(places[0])} {_n(begins)}V{_n(drawn.rows[thread.first_row][1])}"]
    for row, (here, there) in enumerate(pairwise(places), thread.first_row):
        above, below = drawn.rows[row][1], drawn.rows[row + 1][0]
        middle = _n((above + below) / 2)
        d.append(f"C{_n(here)} {middle} {_n(there)} {middle} {_n(there)} {_n(below)}")
        last = row + 2 == thread.first_row + len(thread.cells)
        d.append(f"V{_n(ends if last else drawn.rows[row + 1][1])}")
    yield _path("".join(d), walked=thread.walked)
    tip, y, way = (thread.from_x, begins, -1) if thread.upward else (thread.to_x, ends, 1)
    yield _arrow(tip, y, (0, way), walked=thread.walked)


def _edges_in_words(words: Iterable[Words], x: float, y: float, *, middle: bool = False) -> Iterator[str]:
    """One group for each edge, holding its lines."""
    open_edge: Edge | None = None
    for number, each in enumerate(words, 1):
        if each.edge != open_edge:
            if open_edge is not None:
                yield "</g>"
            if each.edge is not None:
                yield _edge(each.edge)
            open_edge = each.edge
        yield _text(each.text, x, y + number * LINE - 4.0, bold=each.bold, anchor="middle" if middle else "")
    if open_edge is not None:
        yield "</g>"


def _edge(edge: Edge) -> str:
    when = f' data-when="{edge.when}"' if edge.when else ""
    return f'<g data-step="{edge.step}" data-from="{edge.source}" data-to="{edge.destination}"{when}>'


def _box(box: Box, process: ProcessDefinition, say: Say, course: Course | None) -> Iterator[str]:
    left, middle = box.x - BOX / 2, box.x
    here = bool(box.tag)
    visited = course is not None and box.state.key in course.visited
    stroke, thick = (PRESENT, 5.0) if here else (PATH, 3.0) if visited else (LINES, 1.25)
    fill = HERE if here else WALKED if visited else WHITE
    if box.is_start:
        y = box.y + box.height / 2
        yield f'<circle cx="{_n(left - REACH)}" cy="{_n(y)}" r="9" fill="{INK}"/>'
        yield _path(f"M{_n(left - REACH)} {_n(y)}H{_n(left)}")
        yield _arrow(left, y, (1, 0))
    yield f'<g data-state="{box.state.key}">'
    yield _rect(left, box.y, BOX, box.height, fill=fill, stroke=stroke, thick=thick, extra=' rx="6"')
    if box.state.final:
        yield _rect(left + 5, box.y + 5, BOX - 10, box.height - 10, fill="none", stroke=stroke, extra=' rx="3"')
    y = box.y
    if here:
        yield _rect(left, y, BOX, box.tag_height, fill=PRESENT, stroke=PRESENT)
        for number, line in enumerate(box.tag, 1):
            yield _text(line, middle, y + number * LINE, bold=True, fill=WHITE, anchor="middle")
    y += box.tag_height + PAD - 3.0
    for words in box.words:
        y += words.size + 4.0
        yield _text(words.text, middle, y, size=words.size, bold=words.bold, anchor="middle")
    yield "</g>"
    yield from _letters(box, y + 8.0, process, say, course)
    yield from _beside(box)


def _letters(box: Box, y: float, process: ProcessDefinition, say: Say, course: Course | None) -> Iterator[str]:
    """The letters of the steps that leave many states: each is what is drawn of one edge."""
    x = box.x - (len(box.letters) - 1) * 15.0
    for letter, edge in box.letters:
        walked = course is not None and bool(course.along(edge))
        yield _edge(edge)
        yield f"<title>{_clean(say(step_words(edge, process)))}</title>"
        yield _rect(x - 12, y, 24, 18, fill=PATH if walked else WHITE, stroke=PATH, thick=1.5, extra=' rx="9"')
        yield _text(letter, x, y + 13.5, bold=True, fill=WHITE if walked else INK, anchor="middle")
        yield "</g>"
        x += 30.0


def _beside(box: Box) -> Iterator[str]:
    """Loops and cards, one below the other: beside the state, or below an end."""
    if not box.state.final:
        y = box.y + box.height / 2 - box.beside_height / 2
        for each in box.beside:
            middle = min(max(y + each.height / 2, box.y + 14.0), box.y + box.height - 14.0)
            yield from _card_beside(each, box, y, middle) if each.letter else _loop(each, box, y, middle)
            y += each.height + PAD
    elif box.beside:
        foot = box.y + box.height
        walked = any(each.walked for each in box.beside)
        yield _path(f"M{_n(box.x)} {_n(foot + REACH)}V{_n(foot)}", walked=walked)
        yield _arrow(box.x, foot, (0, -1), walked=walked)
        y = foot + REACH
        for each in box.beside:
            yield from _card(each, box.x - SIDE / 2, y)
            y += each.height + PAD


def _loop(loop: Beside, box: Box, y: float, middle: float) -> Iterator[str]:
    right = box.x + BOX / 2
    reach, above, below = _n(right + REACH), middle - 9, middle + 9
    d = f"M{_n(right)} {_n(above)}C{reach} {_n(above - 6)} {reach} {_n(below + 6)} {_n(right)} {_n(below)}"
    yield _path(d, walked=loop.walked)
    yield _arrow(right, below, (-1, 0), walked=loop.walked)
    yield from _edges_in_words(loop.words, right + REACH + 2.0, y + PAD)


def _card_beside(card: Beside, box: Box, y: float, middle: float) -> Iterator[str]:
    right = box.x + BOX / 2
    yield from _card(card, right + REACH, y)
    yield _path(f"M{_n(right + REACH)} {_n(middle)}H{_n(right)}", walked=card.walked)
    yield _arrow(right, middle, (-1, 0), walked=card.walked)


def _card(card: Beside, left: float, y: float) -> Iterator[str]:
    thick = 3.0 if card.walked else 1.25
    yield _rect(left, y, SIDE, card.height, fill=WHITE, stroke=PATH, thick=thick, extra=' rx="9"')
    for number, words in enumerate(card.words, 1):
        yield _text(words.text, left + PAD, y + PAD + number * LINE - 4.0, bold=words.bold)


def _legend(say: Say, *, with_course: bool) -> tuple[list[str], float]:
    """What the shapes mean; with the height it takes."""
    box = {"width": 34.0, "height": 18.0}
    samples = [
        (_rect(0, 0, **box, fill=WHITE, stroke=LINES, extra=' rx="4"'), Sentence("a state")),
        (
            _rect(0, 0, **box, fill=WHITE, stroke=LINES, extra=' rx="4"')
            + _rect(4, 4, 26, 10, fill="none", stroke=LINES, extra=' rx="2"'),
            Sentence("double border: an end"),
        ),
        (
            _rect(5, 0, 24, 18, fill=WHITE, stroke=PATH, thick=1.5, extra=' rx="9"')
            + _text("A", 17, 13.5, bold=True, anchor="middle"),
            Sentence("a letter in a state: the step on the card with this letter may be taken from here"),
        ),
    ]
    if with_course:
        samples += [
            (
                _rect(0, 0, **box, fill=WALKED, stroke=PATH, thick=3.0, extra=' rx="4"'),
                Sentence("thick border, thick line: the path taken, its steps numbered in order"),
            ),
            (
                _rect(0, 0, **box, fill=HERE, stroke=PRESENT, thick=5.0, extra=' rx="4"'),
                Sentence("very thick border with a title: the present state"),
            ),
        ]
    drawn = []
    for number, (sample, message) in enumerate(samples):
        drawn.append(f'<g transform="translate(4 {_n(26.0 * number)})">{sample}</g>')
        drawn.append(_text(say(message), 50, 26.0 * number + 13.5))
    return drawn, 26.0 * len(samples)


def _text(
    text: str,
    x: float,
    y: float,
    *,
    size: float = SMALL,
    bold: bool = False,
    fill: str = "",
    anchor: str = "",
) -> str:
    extra = f' font-size="{_n(size)}"' if size != SMALL else ""
    extra += ' font-weight="bold"' if bold else ""
    extra += f' fill="{fill}"' if fill else ""
    extra += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{_n(x)}" y="{_n(y)}"{extra}>{_clean(text)}</text>'


def _rect(
    x: float, y: float, width: float, height: float, *, fill: str, stroke: str, thick: float = 1.25, extra: str = ""
) -> str:
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="{_n(thick)}"{extra}/>'
    )


def _path(d: str, *, walked: bool = False) -> str:
    stroke, thick = (PATH, 4.0) if walked else (LINES, 1.5)
    return f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{_n(thick)}"/>'


def _arrow(x: float, y: float, way: tuple[int, int], *, walked: bool = False) -> str:
    """The head of an arrow: its tip, and the direction it points to."""
    length, half = (13.0, 7.0) if walked else (10.0, 4.5)
    back_x, back_y = x - way[0] * length, y - way[1] * length
    side_x, side_y = abs(way[1]) * half, abs(way[0]) * half
    corners: Sequence[tuple[float, float]] = (
        (x, y),
        (back_x + side_x, back_y + side_y),
        (back_x - side_x, back_y - side_y),
    )
    points = " ".join(f"{_n(a)},{_n(b)}" for a, b in corners)
    return f'<polygon points="{points}" fill="{PATH if walked else LINES}"/>'


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _clean(text: str) -> str:
    """Escaped, and without the signs that XML cannot hold (XML 1.0, 2.2)."""
    return escape(harmless_lines(text))

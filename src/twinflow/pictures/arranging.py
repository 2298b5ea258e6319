"""What is drawn of a process, and where: boxes in rows by stage, lines with their words, and everything's place.

A step that leaves many states for the same one (withdraw, expire) is not drawn as many lines that cross the picture: it is one
card beside the state it leads to, and a letter in each state it leaves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise, product
from string import ascii_uppercase

from twinflow.domain.process.definition import Label, ProcessDefinition, State
from twinflow.pictures.diagram import Course, Edge, Say, edges, passage_words, present_words, step_words, waits_words
from twinflow.pictures.layout import Cell, depths, ordered, placed, spread
from twinflow.pictures.lettering import width, wrapped
from twinflow.sentences import Sentence

BOX, LABEL, SIDE = 208.0, 172.0, 186.0
"""Widths of a state, and the widest of the words on a line and beside a state."""
PAD, LINE, SMALL, LARGE = 10.0, 16.0, 12.0, 14.0
"""Padding, height of a line, and the two sizes of letters. No letter is smaller than 12."""
REACH = 36.0
"""What a loop, the line of a card and the arrow of the start reach out of a state."""
GAP, BETWEEN_ROWS, BAND_TOP, BAND_END = 26.0, 24.0, 34.0, 16.0
MANY, FAR = 3, 4
"""A step is gathered that leaves more states than MANY for the same one, or several that are all more than FAR ranks away."""
PASSAGES_SHOWN = 3
PORT = 18.0
"""The distance between two lines at one side of a state."""


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; `edge` where it is what is drawn of that edge."""

    text: str
    bold: bool = False
    size: float = SMALL
    edge: Edge | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a state: a loop (no letter), or a step that many states have, with its letter."""

    words: tuple[Words, ...]
    edges: tuple[Edge, ...]
    letter: str
    walked: bool

    @property
    def height(self) -> float:
        return LINE * len(self.words) + 2 * PAD


@dataclass(slots=True)
class Box:
    """A state with its words, the letters of the gathered steps that leave it, and what stands beside it."""

    state: State
    words: tuple[Words, ...]
    tag: tuple[str, ...] = ()
    letters: list[tuple[str, Edge]] = field(default_factory=list)
    beside: list[Beside] = field(default_factory=list)
    is_start: bool = False
    x: float = 0.0
    y: float = 0.0

    @property
    def tag_height(self) -> float:
        return LINE * len(self.tag) + 8.0 if self.tag else 0.0

    @property
    def height(self) -> float:
        letters = LINE + 10.0 if self.letters else 0.0
        return self.tag_height + sum(w.size + 4.0 for w in self.words) + letters + 2 * PAD

    @property
    def beside_height(self) -> float:
        return sum(each.height + PAD for each in self.beside) - PAD

    @property
    def full_height(self) -> float:
        """Of an end, from which no line leads on, the cards stand below: rows of ends are wide enough."""
        if self.state.final and self.beside:
            return self.height + REACH + self.beside_height
        return max(self.height, self.beside_height)

    @property
    def cell(self) -> Cell:
        half = BOX / 2
        side = REACH + SIDE if self.beside and not self.state.final else 0.0
        return Cell(half + (REACH + 12.0 if self.is_start else 0.0), half + side, bends=False)


@dataclass(slots=True)
class Thread:
    """The line that stands for all steps from one state to another. `cells` are its places from the upper row to the lower,
    the ends included; `upward`: the arrow points to the upper end; `label_row` is the row with its words.
    """

    edges: tuple[Edge, ...]
    words: tuple[Words, ...]
    walked: bool
    cells: list[str]
    upward: bool
    first_row: int
    label_row: int
    from_x: float = 0.0
    to_x: float = 0.0
    """Where it leaves the upper state and meets the lower one."""

    @property
    def width(self) -> float:
        return max(width(words.text, words.size, bold=words.bold) for words in self.words) + 12.0

    @property
    def height(self) -> float:
        return LINE * len(self.words) + 6.0


@dataclass(frozen=True, slots=True)
class Band:
    """A stage: its label and the part of the picture it takes from top to end."""

    label: Label
    top: float
    end: float


@dataclass(slots=True)
class Arrangement:
    """Everything with its place. `rows` are the top and the end of each row; x of cells by key."""

    boxes: dict[str, Box]
    threads: list[Thread]
    bands: list[Band]
    rows: list[tuple[float, float]]
    x: dict[str, float]
    width: float
    height: float


def arrange(process: ProcessDefinition, say: Say, course: Course | None = None) -> Arrangement:
    """The picture of a process, the course of an agreement on it. The upper left corner is at 0, 0."""
    ranks, stages = _ranks(process)
    singly, gathered = _gathered(edges(process), ranks)
    boxes = {state.key: _box(state, process, say, course) for state in process.states.values()}
    for letter, group in zip(_letters(), gathered, strict=False):
        boxes[group[0].destination].beside.append(_card(letter, group, process, say, course))
        for edge in group:
            boxes[edge.source].letters.append((letter, edge))
    bundles: dict[tuple[str, str], list[Edge]] = {}
    for edge in singly:
        bundles.setdefault((edge.source, edge.destination), []).append(edge)
    for (source, destination), bundle in bundles.items():
        if source == destination:
            words = tuple(_bundle_words(bundle, process, say, course, SIDE))
            boxes[source].beside.insert(0, Beside(words, tuple(bundle), "", _walked(bundle, course)))
    threads = [
        _thread(
            number, bundle, ranks, tuple(_bundle_words(bundle, process, say, course, LABEL)), _walked(bundle, course)
        )
        for number, ((source, destination), bundle) in enumerate(bundles.items())
        if source != destination
    ]
    return _arranged(process, boxes, threads, ranks, stages)


def _gathered(every: Sequence[Edge], ranks: Mapping[str, int]) -> tuple[list[Edge], list[list[Edge]]]:
    """The edges to be drawn one by one, and the groups that are not."""
    groups: dict[tuple[str, str, str | None], list[Edge]] = {}
    for edge in every:
        if edge.source != edge.destination:
            groups.setdefault((edge.step, edge.destination, edge.when), []).append(edge)
    gathered = []
    for group in groups.values():
        nearest = min(abs(ranks[edge.source] - ranks[edge.destination]) for edge in group)
        if len(group) > MANY or (len(group) > 1 and nearest > FAR):
            gathered.append(group)
    taken = {edge for group in gathered for edge in group}
    return [edge for edge in every if edge not in taken], gathered


def _letters() -> Iterator[str]:
    """A to Z, then AA to ZZ, and so on."""
    for length in count(1):
        for letters in product(ascii_uppercase, repeat=length):
            yield "".join(letters)


def _box(state: State, process: ProcessDefinition, say: Say, course: Course | None) -> Box:
    room = BOX - 2 * PAD
    words = [Words(line, bold=True, size=LARGE) for line in wrapped(say(state.label), LARGE, room, bold=True)]
    small = []
    if state.final:
        small.append(Sentence("an end"))
    elif state.waits_for is not None:
        small.append(waits_words(state.waits_for, process))
    if state.phase is not None:
        small.append(Sentence("phase: {phase}", {"phase": process.phases[state.phase]}))
    words += [Words(line) for message in small for line in wrapped(say(message), SMALL, room)]
    tag: tuple[str, ...] = ()
    if course is not None and course.state == state.key:
        tag = tuple(wrapped(say(present_words(course)), SMALL, room, bold=True))
    return Box(state, tuple(words), tag, is_start=state.key == process.start)


def _card(letter: str, group: Sequence[Edge], process: ProcessDefinition, say: Say, course: Course | None) -> Beside:
    room = SIDE - 2 * PAD
    count = {"letter": letter, "count": len(group)}
    words = [
        Words(line, bold=True) for line in wrapped(f"{letter} · {say(step_words(group[0], process))}", SMALL, room)
    ]
    marked = say(Sentence("from the {count} states marked {letter}", count))
    words += [Words(line) for line in wrapped(marked, SMALL, room)]
    for edge in group:
        words += _passages(edge, say, course, room)
    return Beside(tuple(words), (), letter, _walked(group, course))


def _walked(bundle: Sequence[Edge], course: Course | None) -> bool:
    return course is not None and any(course.along(edge) for edge in bundle)


def _bundle_words(
    bundle: Sequence[Edge], process: ProcessDefinition, say: Say, course: Course | None, room: float
) -> list[Words]:
    """What stands on a line: its steps, each with the days it was taken."""
    words = []
    for edge in bundle:
        mark = "• " if len(bundle) > 1 else ""
        walked = _walked([edge], course)
        text = mark + say(step_words(edge, process))
        words += [Words(line, bold=walked, edge=edge) for line in wrapped(text, SMALL, room, bold=walked)]
        words += _passages(edge, say, course, room)
    return words


def _passages(edge: Edge, say: Say, course: Course | None, room: float) -> list[Words]:
    """The days an edge was walked on: the last ones, and how many there were before."""
    passages = course.along(edge) if course else []
    earlier = len(passages) - PASSAGES_SHOWN
    messages = [Sentence("earlier: {count} times", {"count": earlier})] if earlier > 0 else []
    messages += [passage_words(passage) for passage in passages[-PASSAGES_SHOWN:]]
    return [Words(line, bold=True, edge=edge) for m in messages for line in wrapped(say(m), SMALL, room, bold=True)]


def _ranks(process: ProcessDefinition) -> tuple[dict[str, int], list[str]]:
    """The rank of each state from the top, and the stages from the top: each below those that lead to it, ends last."""
    pairs = [(edge.source, edge.destination) for edge in edges(process)]
    far = _distances(process.start, pairs)
    members: dict[str, list[str]] = {}
    for state in sorted(process.states, key=lambda key: far.get(key, len(far))):
        members.setdefault(process.states[state].stage, []).append(state)
    led = [(process.states[source].stage, process.states[destination].stage) for source, destination in pairs]
    depth = depths(list(members), led)
    last = {stage: all(process.states[state].final for state in inside) for stage, inside in members.items()}
    ranks: dict[str, int] = {}
    stages = sorted(members, key=lambda stage: (last[stage], depth[stage]))
    for stage in stages:
        below = max(ranks.values(), default=-1) + 1
        ranks |= {state: below + deep for state, deep in depths(members[stage], pairs).items()}
    return ranks, stages


def _distances(start: str, pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """How many steps each state is from the start, at least."""
    far, todo = {start: 0}, [start]
    for here in todo:
        for source, destination in pairs:
            if source == here and destination not in far:
                far[destination] = far[here] + 1
                todo.append(destination)
    return far


def _thread(
    number: int, bundle: Sequence[Edge], ranks: dict[str, int], words: tuple[Words, ...], walked: bool
) -> Thread:
    """Ranks are two rows apart: the rows between them hold the words."""
    source, destination = bundle[0].source, bundle[0].destination
    upward = ranks[source] > ranks[destination]
    upper, lower = (destination, source) if upward else (source, destination)
    first, last = 2 * ranks[upper], 2 * ranks[lower]
    cells = [upper, *(f"{number}:{row}" for row in range(first + 1, last)), lower]
    return Thread(tuple(bundle), words, walked, cells, upward, first, last - 1 if upward else first + 1)


def _arranged(
    process: ProcessDefinition,
    boxes: dict[str, Box],
    threads: list[Thread],
    ranks: dict[str, int],
    stages: Sequence[str],
) -> Arrangement:
    rows: list[list[str]] = [[] for _ in range(2 * max(ranks.values()) + 1)]
    heights = [0.0] * len(rows)
    cells: dict[str, Cell] = {}
    for key, box in boxes.items():
        rows[2 * ranks[key]].append(key)
        heights[2 * ranks[key]] = max(heights[2 * ranks[key]], box.full_height)
        cells[key] = box.cell
    for thread in threads:
        for row, key in enumerate(thread.cells[1:-1], thread.first_row + 1):
            rows[row].append(key)
            labelled = row == thread.label_row
            half = thread.width / 2 if labelled else 4.0
            cells[key] = Cell(half, half)
            heights[row] = max(heights[row], thread.height if labelled else 0.0)
    links = [pair for thread in threads for pair in pairwise(thread.cells)]
    rows = ordered(rows, links)
    x = placed(rows, cells, links, GAP)
    leftmost = min(x[key] - cells[key].left for key in x)
    x = {key: place - leftmost for key, place in x.items()}
    for key, box in boxes.items():
        box.x = x[key]
    _set_ports(boxes, threads, x)
    tops, bands, height = _down(process, threads, ranks, stages, heights, x)
    for key, box in boxes.items():
        top, end = tops[2 * ranks[key]]
        box.y = top if box.state.final else top + (end - top - box.height) / 2
    return Arrangement(boxes, threads, bands, tops, x, max(x[key] + cells[key].right for key in x), height)


def _set_ports(boxes: dict[str, Box], threads: Sequence[Thread], x: dict[str, float]) -> None:
    """Each line leaves and meets a state as straight below or above its next place as the width of the state allows."""
    leaving: dict[str, list[Thread]] = {key: [] for key in boxes}
    meeting: dict[str, list[Thread]] = {key: [] for key in boxes}
    for thread in threads:
        leaving[thread.cells[0]].append(thread)
        meeting[thread.cells[-1]].append(thread)
    for key, box in boxes.items():
        below = sorted(leaving[key], key=lambda thread: x[thread.cells[1]])
        for thread, port in zip(below, _ports(box.x, [x[t.cells[1]] for t in below]), strict=True):
            thread.from_x = port
        above = sorted(meeting[key], key=lambda thread: x[thread.cells[-2]])
        for thread, port in zip(above, _ports(box.x, [x[t.cells[-2]] for t in above]), strict=True):
            thread.to_x = port


def _ports(middle: float, wanted: Sequence[float]) -> list[float]:
    if not wanted:
        return []
    apart = min(PORT, (BOX - 2 * PORT) / len(wanted))
    half = BOX / 2 - PORT
    ports = spread([min(max(place, middle - half), middle + half) for place in wanted], [apart] * (len(wanted) - 1))
    over = max(0.0, ports[-1] - middle - half) - max(0.0, middle - half - ports[0])
    return [port - over for port in ports]


def _down(
    process: ProcessDefinition,
    threads: Sequence[Thread],
    ranks: dict[str, int],
    stages: Sequence[str],
    heights: Sequence[float],
    x: dict[str, float],
) -> tuple[list[tuple[float, float]], list[Band], float]:
    """The top and end of each row, the bands of the stages, and the height of all.

    Where lines go far aside, rows stand wider apart.
    """
    aside = [0.0] * len(heights)
    for thread in threads:
        places = [thread.from_x, *(x[key] for key in thread.cells[1:-1]), thread.to_x]
        for row, (here, there) in enumerate(pairwise(places), thread.first_row):
            aside[row] = max(aside[row], abs(here - there))
    spans = {}
    for stage in stages:
        inside = [2 * rank for state, rank in ranks.items() if process.states[state].stage == stage]
        spans[stage] = (min(inside), max(inside))
    starts, ends = {first for first, _ in spans.values()}, {last for _, last in spans.values()}
    tops: list[tuple[float, float]] = []
    y = 0.0
    for row, height in enumerate(heights):
        y += BAND_TOP if row in starts else 0.0
        tops.append((y, y + height))
        y += height + (BAND_END if row in ends else 0.0)
        y += BETWEEN_ROWS + min(40.0, aside[row] / 8) if row < len(heights) - 1 else 0.0
    bands = [
        Band(process.stages[stage], tops[first][0] - BAND_TOP, tops[last][1] + BAND_END)
        for stage, (first, last) in spans.items()
    ]
    return tops, bands, y

"""Pictures of processes: what is drawn is what the file says, nothing covers anything, and any words can stand in it."""

import re
import tomllib
from dataclasses import replace
from datetime import date
from functools import cache, partial
from html import unescape
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from builders import TINY, WORKFLOWS, edited, write_workflows
from twinflow.definitions.catalogue import process_files, read_one
from twinflow.domain.process.definition import Destination, ProcessDefinition
from twinflow.language import say
from twinflow.pictures import picture
from twinflow.pictures.arranging import BOX, MANY, SIDE, Arrangement, arrange
from twinflow.pictures.diagram import Course, DateAhead, Edge, Passage, date_words, edges, mermaid
from twinflow.pictures.layout import depths, spread
from twinflow.pictures.lettering import width, wrapped
from twinflow.pictures.outline import outline
from twinflow.pictures.picture import svg
from twinflow.sentences import Sentence

SVG = "{http://www.w3.org/2000/svg}"
FILES = process_files(WORKFLOWS)
LANGUAGES = ("en", "es")
ENGLISH = partial(say, language="en")
HOSTILE = [
    'a "quoted" name',
    "<script>alert(1)</script>",
    "</text></svg>",
    "a & b &amp; c",
    "a; b # c %% d",
    "x --> y : z",
    "end note",
    "[*] --> start",
    "{{template}} ${x}",
    "''' `tick`",
    "line\nbreak\ttab",
    "bell\x07 and \x1b[31m escape",
    "form\x0c feed and \x1c separator",
    "right-to-left \u202e mark",
    "汉字の都市",
    "Ñandú – «Ü» ½ €",
    "W" * 300,
    "a " * 150,
]


@cache
def shipped(path: Path) -> ProcessDefinition:
    return read_one(path, WORKFLOWS)


def tiny_process(folder: Path, *edits: tuple[str, str]) -> ProcessDefinition:
    write_workflows(folder, edited(TINY, *edits))
    return read_one(folder / "tiny.toml", folder)


def each_shipped(test):
    return pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(WORKFLOWS).as_posix())(test)


def in_the_process(process: ProcessDefinition) -> list[tuple[str, str, str, str | None]]:
    return sorted(
        (
            (step.key, source, destination.state, destination.when)
            for step in process.steps.values()
            for source in step.sources
            for destination in step.to
        ),
        key=str,
    )


def in_the_svg(text: str) -> list[tuple[str, str, str, str | None]]:
    found = [element.attrib for element in ET.fromstring(text).iter() if "data-step" in element.attrib]
    return sorted(((a["data-step"], a["data-from"], a["data-to"], a.get("data-when")) for a in found), key=str)


def in_the_mermaid(text: str) -> list[tuple[str, str, str]]:
    """From, to and label of each arrow between states; every line has to be one that Mermaid knows."""
    known = (
        r"stateDiagram-v2",
        r"    \[\*\] --> \w+",
        r"    \w+ --> \[\*\]",
        r"    \w+ : (?P<label>[^;#:\"<>{}%]|#\d+;)+",
        r"    \w+ --> \w+ : ([^;#:\"<>{}%]|#\d+;)+",
        r"    classDef \w+ [\w:,-]+",
        r"    class [\w,]+ \w+",
        r"    note right of \w+",
        r"        ([^;#:\"<>{}%]|#\d+;)+",
        r"    end note",
    )
    for line in text.split("\n"):
        assert any(re.fullmatch(pattern, line) for pattern in known), line
    arrows = re.findall(r"^    (\w+) --> (\w+) : (.*)$", text, re.MULTILINE)
    return [(a.removesuffix("_STATE"), b.removesuffix("_STATE"), decoded(label)) for a, b, label in arrows]


def decoded(label: str) -> str:
    return re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label)


def walked(process: ProcessDefinition, *ways: Edge, days: list[date] | None = None) -> Course:
    """A course over the edges, one day after the other, with a date ahead."""
    on = days or [date(2026, 3, 1 + number) for number in range(len(ways))]
    passages = tuple(
        Passage(
            number,
            way.step,
            way.source,
            way.destination,
            process.steps[way.step].label,
            process.states[way.destination].label,
            day,
        )
        for number, (way, day) in enumerate(zip(ways, on, strict=True), 1)
    )
    ahead = DateAhead({"en": "Answer", "es": "Respuesta"}, date(2026, 12, 7), Sentence("open"), {"en": "mayor"})
    return Course("X-1", "Here – There", passages, ways[-1].destination, on[-1], (ahead,))


def a_way(process: ProcessDefinition) -> list[Edge]:
    """Some way from the start, as long as it finds a state where it has not been."""
    way, here, seen = [], process.start, {process.start}
    while True:
        onward = next((e for e in edges(process) if e.source == here and e.destination not in seen), None)
        if onward is None:
            return way
        way.append(onward)
        here = onward.destination
        seen.add(here)


@cache
def drawn_from(path: Path, language: str) -> str:
    return svg(shipped(path), partial(say, language=language))


@each_shipped
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_edges_of_the_svg_are_those_of_the_file(path: Path, language: str) -> None:
    process, text = shipped(path), drawn_from(path, language)
    assert in_the_svg(text) == in_the_process(process)
    states = [e.attrib["data-state"] for e in ET.fromstring(text).iter() if "data-state" in e.attrib]
    assert sorted(states) == sorted(process.states)


@each_shipped
def test_the_edges_of_the_svg_are_those_of_the_toml_itself(path: Path) -> None:
    """Read without any code of ours, as far as the file does not rest on another."""
    raw = tomllib.loads(path.read_text("utf-8"))
    drawn = {edge[:3] for edge in in_the_svg(drawn_from(path, "en"))}
    own = {
        (key, source, to if isinstance(to, str) else to["state"])
        for key, step in raw.get("steps", {}).items()
        for source in step.get("from", [])
        for to in (step["to"] if isinstance(step.get("to"), list) else [step["to"]] if "to" in step else [])
    }
    assert own <= drawn
    if "extends" not in raw["process"]:
        assert own == drawn


@each_shipped
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_edges_of_the_mermaid_are_those_of_the_file(path: Path, language: str) -> None:
    process = shipped(path)
    drawn = in_the_mermaid(mermaid(process, partial(say, language=language)))
    assert sorted((a, b) for a, b, _ in drawn) == sorted((a, b) for _, a, b, _ in in_the_process(process))
    assert all(
        label.startswith(process.steps[edge.step].label[language])
        for (_, _, label), edge in zip(drawn, edges(process), strict=True)
    )


@each_shipped
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_beside_the_picture_name_every_state_and_every_way(path: Path, language: str) -> None:
    process = shipped(path)
    lines = outline(process, partial(say, language=language))
    assert sum(line.startswith("    - ") for line in lines) == len(edges(process))
    for state in process.states.values():
        assert any(line.strip().startswith(state.label[language]) for line in lines)


@each_shipped
def test_the_course_of_a_case_is_in_the_svg_the_mermaid_and_the_words(path: Path) -> None:
    process = shipped(path)
    course = walked(process, *a_way(process))
    drawn, text, words = (
        svg(process, ENGLISH, course),
        mermaid(process, ENGLISH, course),
        outline(process, ENGLISH, course),
    )
    assert in_the_svg(drawn) == in_the_process(process)
    assert len(in_the_mermaid(text)) == len(edges(process))
    plain = " ".join("".join(ET.fromstring(drawn).itertext()).split())
    assert "Monday, 7 December 2026" in plain
    assert "Present state, since" in plain
    for passage in course.passages:
        day = ENGLISH(passage.on)
        assert f"{passage.number}. {day}" in plain
        assert any(f"{passage.number}. {day}" in decoded(line) for line in text.splitlines())
        assert any(line.startswith(f"  {passage.number}. {day}: ") for line in words)
    assert f"    class {course.state} present" in text.replace("_STATE", "")


@each_shipped
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_in_a_picture_covers_anything_else(path: Path, language: str) -> None:
    process = shipped(path)
    words = partial(say, language=language)
    for drawn in (arrange(process, words), arrange(process, words, walked(process, *a_way(process)))):
        places = things(drawn)
        covering = [(a, b) for (a, one), (b, other) in combinations(places.items(), 2) if cover(one, other)]
        assert covering == []
        assert all(
            left >= -1 and right <= drawn.width + 1 and end <= drawn.height for left, _, right, end in places.values()
        )


def things(drawn: Arrangement) -> dict[str, tuple[float, float, float, float]]:
    """Left, top, right and end of every state with what stands beside it, of every label, and of lines inside rows."""
    found = {}
    for key, box in drawn.boxes.items():
        cell, below = box.cell, box.full_height if box.state.final else (box.height + box.full_height) / 2
        above = 0.0 if box.state.final else (box.full_height - box.height) / 2
        found[key] = (box.x - cell.left, box.y - above, box.x + cell.right, box.y + below)
    for thread in drawn.threads:
        for row, key in enumerate(thread.cells[1:-1], thread.first_row + 1):
            top, end = drawn.rows[row]
            half = thread.width / 2 if row == thread.label_row else 2.0
            found[key] = (drawn.x[key] - half, top, drawn.x[key] + half, end)
    return found


def cover(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    spare = 0.5
    return (
        one[0] < other[2] - spare
        and other[0] < one[2] - spare
        and one[1] < other[3] - spare
        and other[1] < one[3] - spare
    )


@each_shipped
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_needs_no_style_no_script_and_nothing_from_elsewhere(path: Path, language: str) -> None:
    text = drawn_from(path, language)
    root = ET.fromstring(text)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "g", "path", "polygon", "text", "circle"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not attributes & {"style", "class", "href", "onload"}
    assert "url(" not in text
    assert root.attrib["role"] == "img"
    assert root.find(f"{SVG}title").text
    assert len(root.find(f"{SVG}desc").text.splitlines()) > len(shipped(path).states)


@each_shipped
def test_no_letter_in_a_picture_is_smaller_than_12(path: Path) -> None:
    root = ET.fromstring(drawn_from(path, "en"))
    sizes = [float(element.attrib["font-size"]) for element in root.iter() if "font-size" in element.attrib]
    assert min(sizes) >= 12
    assert "font-size" in root.attrib


def test_words_and_lines_stand_out_from_what_is_behind_them() -> None:
    """WCAG 2.2: 4.5 : 1 for words (1.4.3), 3 : 1 for lines (1.4.11); the module promises 7 : 1 for both."""
    behind = [picture.WHITE, picture.BAND, picture.WALKED, picture.HERE]
    before = [picture.INK, picture.LINES, picture.PATH, picture.PRESENT]
    low = [(a, b) for a in before for b in behind if contrast(a, b) < (4.5 if a == picture.LINES else 7)]
    assert low == []
    assert contrast(picture.WHITE, picture.PRESENT) > 7
    assert contrast(picture.WHITE, picture.PATH) > 7


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_an_end_has_two_borders_and_the_present_state_a_thick_one_with_words(tmp_path: Path) -> None:
    process = tiny_process(tmp_path)
    root = ET.fromstring(svg(process, ENGLISH, walked(process, *a_way(process)[:1])))
    groups = {e.attrib["data-state"]: e.findall(f"{SVG}rect") for e in root.iter() if "data-state" in e.attrib}
    assert len(groups["done"]) == 2
    thickness = {state: float(rects[0].attrib["stroke-width"]) for state, rects in groups.items()}
    assert thickness["asked"] > thickness["open"] > thickness["done"]


def renamed(process: ProcessDefinition, words: str) -> ProcessDefinition:
    """Everything that has a label called by the same words."""
    label = {"en": words, "es": words}
    return replace(
        process,
        label=label,
        stages=dict.fromkeys(process.stages, label),
        states={key: replace(state, label=label) for key, state in process.states.items()},
        steps={key: replace(step, label=label) for key, step in process.steps.items()},
        roles={key: replace(role, label=label) for key, role in process.roles.items()},
    )


@pytest.mark.parametrize("words", HOSTILE)
def test_any_words_can_stand_in_a_picture(words: str, tmp_path: Path) -> None:
    process = renamed(tiny_process(tmp_path), words)
    course = replace(walked(process, *a_way(process)), title=words, reference=words)
    drawn = svg(process, ENGLISH, course)
    assert in_the_svg(drawn) == in_the_process(process)
    root = ET.fromstring(drawn)
    assert {element.tag for element in root.iter()} <= {f"{SVG}{t}" for t in ALLOWED}
    arrows = in_the_mermaid(mermaid(process, ENGLISH, course))
    assert [(a, b) for a, b, _ in arrows] == [(edge.source, edge.destination) for edge in edges(process)]
    visible = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    assert all(label.startswith(visible) for _, _, label in arrows)


ALLOWED = ("svg", "title", "desc", "rect", "g", "path", "polygon", "text", "circle")


def test_the_words_of_an_svg_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    words = 'Peña & "Söhne" <b>'
    texts = [e.text for e in ET.fromstring(svg(renamed(tiny_process(tmp_path), words), ENGLISH)).iter(f"{SVG}text")]
    assert words in texts
    assert unescape(words) == words


@pytest.mark.parametrize("key", ["note", "end", "state", "class", "direction", "default"])
def test_a_state_may_be_called_like_a_word_of_mermaid(key: str, tmp_path: Path) -> None:
    process = tiny_process(tmp_path, ("[states.asked]", f"[states.{key}]"), ('to = "asked"', f'to = "{key}"'), ('from = ["asked"]', f'from = ["{key}"]'))  # fmt: skip # noqa: E501
    text = mermaid(process, ENGLISH, walked(process, *a_way(process)[:1]))
    assert [(a, b) for a, b, _ in in_the_mermaid(text)] == [("open", key), (key, "done")]
    assert f"    {key}_STATE : Asked" in text


def test_a_step_that_leaves_many_states_is_one_card_and_a_letter_in_each(tmp_path: Path) -> None:
    process = with_states(tiny_process(tmp_path), MANY + 1)
    drawn = arrange(process, ENGLISH)
    assert [card.letter for card in drawn.boxes["done"].beside] == ["A"]
    assert [box.state.key for box in drawn.boxes.values() if box.letters] == [f"s{n}" for n in range(MANY + 1)]
    few = arrange(with_states(tiny_process(tmp_path), MANY), ENGLISH)
    assert not few.boxes["done"].beside


def with_states(process: ProcessDefinition, count: int) -> ProcessDefinition:
    """A row of states behind the start, and a step from each of them to the end."""
    names = [f"s{number}" for number in range(count)]
    states = {name: replace(process.states["asked"], key=name) for name in names}
    ask, finish = process.steps["ask"], process.steps["finish"]
    ways = {
        f"to_{b}": replace(ask, key=f"to_{b}", sources=frozenset({a}), to=(Destination(b),))
        for a, b in pairwise(["open", *names])
    }
    return replace(
        process,
        states={"open": process.states["open"], **states, "done": process.states["done"]},
        steps={**ways, "finish": replace(finish, sources=frozenset(names))},
    )


def test_hundreds_of_states_are_drawn(tmp_path: Path) -> None:
    process = with_states(tiny_process(tmp_path), 400)
    assert in_the_svg(svg(process, ENGLISH)) == in_the_process(process)


def test_a_way_walked_often_shows_its_last_days_and_counts_the_others(tmp_path: Path) -> None:
    process = tiny_process(tmp_path)
    way = a_way(process)[0]
    course = walked(process, *[way] * 6)
    texts = [e.text for e in ET.fromstring(svg(process, ENGLISH, course)).iter(f"{SVG}text")]
    assert "earlier: 3 times" in texts
    assert any(text.startswith("6. ") for text in texts)
    assert not any(text.startswith("3. ") for text in texts)


@pytest.mark.parametrize(
    ("due_on", "late", "words"),
    [
        (date(2026, 12, 7), {"en": "mayor"}, "Monday, 7 December 2026: Answer (open; mayor)"),
        (date(2026, 12, 7), {}, "Monday, 7 December 2026: Answer (open)"),
        (None, {"en": "mayor"}, "no date while paused: Answer (open; mayor)"),
    ],
)
def test_a_date_ahead_says_its_day_how_it_stands_and_who_is_late(due_on, late, words) -> None:
    assert ENGLISH(date_words(DateAhead({"en": "Answer"}, due_on, Sentence("open"), late))) == words


def test_the_same_process_gives_the_same_picture() -> None:
    for path in FILES:
        again = read_one(path, WORKFLOWS)
        assert svg(again, ENGLISH) == drawn_from(path, "en")


def test_a_stage_that_an_overlay_adds_at_its_end_stands_where_its_states_are_reached(tmp_path: Path) -> None:
    process = tiny_process(
        tmp_path,
        (
            '[stages]\nwork = { en = "Work", es = "Trabajo" }',
            '[stages]\nwork = { en = "Work", es = "Trabajo" }\nclosed = { en = "End", es = "E" }\nlate = { en = "L", es = "L" }',
        ),
        ('[states.asked]\nstage = "work"', '[states.asked]\nstage = "late"'),
        ('[states.done]\nstage = "work"', '[states.done]\nstage = "closed"'),
    )
    assert [band.label["en"] for band in arrange(process, ENGLISH).bands] == ["Work", "L", "End"]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([("a", "b"), ("b", "c")], {"a": 0, "b": 1, "c": 2}),
        ([("a", "b"), ("a", "c"), ("b", "c")], {"a": 0, "b": 1, "c": 2}),
        ([("a", "b"), ("b", "c"), ("c", "a")], {"a": 0, "b": 1, "c": 2}),
        ([("a", "a"), ("a", "b"), ("a", "c")], {"a": 0, "b": 1, "c": 1}),
        ([], {"a": 0, "b": 0, "c": 0}),
    ],
)
def test_each_state_stands_as_deep_as_the_longest_way_to_it(links, expected) -> None:
    assert depths("abc", links) == expected


@pytest.mark.parametrize(
    ("wanted", "apart", "places"),
    [
        ([0, 10, 20], [5, 5], [0, 10, 20]),
        ([0, 0], [10], [-5, 5]),
        ([10, 0, 0], [4, 4], [-2 / 3, 10 / 3, 22 / 3]),
        ([7], [], [7]),
    ],
)
def test_neighbours_are_spread_as_little_as_needed(wanted, apart, places) -> None:
    assert spread(wanted, apart) == pytest.approx(places)


@pytest.mark.parametrize("text", ["a few short words", "W" * 90, "ab " * 30 + "x" * 50])
def test_wrapped_lines_fit_and_lose_nothing(text: str) -> None:
    lines = wrapped(text, 12, 100)
    assert all(width(line, 12) <= 100 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_boxes_and_cards_hold_their_words() -> None:
    for path in FILES:
        for box in arrange(shipped(path), ENGLISH).boxes.values():
            assert all(width(words.text, words.size, bold=words.bold) <= BOX for words in box.words)
            assert all(
                width(words.text, words.size, bold=words.bold) <= SIDE for each in box.beside for words in each.words
            )

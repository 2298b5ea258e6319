"""Process files are untrusted: thousands of broken and hostile ones are read or refused with places, and nothing is run.

A short form runs always; `make test-deep` reads ten thousand and says which took longest.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pytest

from builders import NOTIFICATIONS, TINY, WORKFLOWS
from how_many import SEED, many
from twinflow.definitions.catalogue import process_files
from twinflow.definitions.checks import Surroundings, check
from twinflow.definitions.notices import read_notices
from twinflow.definitions.reader import read_process
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.process.notices import LANGUAGES
from twinflow.errors import BadInput
from twinflow.language import say
from twinflow.sentences import Problem

FILES = many(600, 10_000)
FORBIDDEN = ("exec", "compile", "os.system", "os.exec", "subprocess.Popen", "socket.connect", "shutil.", "os.remove")
NOTICES = read_notices(NOTIFICATIONS).keys()
SHIPPED = [path.read_text("utf-8") for path in process_files(WORKFLOWS)]

HOSTILE_TEXTS = (
    "{0.__class__.__mro__}", "%s%s%n", "${jndi:ldap://x}", "{{ 7 * 7 }}", "__import__('os').system('id')", "../../etc/passwd",
    "C:\\\\windows", "<script>alert(1)</script>", "' OR 1=1 --", "“”«»", "\\u202Eabc", "\\u0000", "\\n\\rBcc: x@x", "🏛" * 500,
    "a" * 5_000, "", " ", "{", "}", "{}", "{place}", "%", "\\\\", "None", "self", "trigger", "to_done", "is_done", "may_ask",
    "ask", "machine", "model", "state", "all", "none", "clock", "liaison", "1 day", "99999 years", "-1 days", "0 days", "٣ days",
)  # fmt: skip
HOSTILE_VALUES = (
    "1", "-1", "9" * 400, "1e400", "nan", "inf", "true", "false", "[]", "{}", "[[[[[]]]]]", "[{}]", "{ a = { b = { c = 1 } } }",
    "0001-01-01", "9999-12-31", "1800-01-01T00:00:00Z", "25:61", "[1, 'a', true]", "0x7fffffffffffffff", "'''x'''",
    "[" * 2_000, "{ a = " * 300, "[" + "'open'," * 3_000 + "]", "{ en = 1, es = [] }", "{ en = 'a' }", "['open', 'open']",
)  # fmt: skip
ALPHABET = "[]{}=.\"'#,\\\n\t 0aé🏛\x00\x7f"


@pytest.fixture(scope="module")
def events() -> Iterator[list[str]]:
    """What is run, or reaches out, while a file is read: an audit hook cannot be taken back, so it is switched off."""
    seen: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if watching and (writes or event.startswith(FORBIDDEN)):
            seen.append(f"{event} {arguments!r:.200}")

    sys.addaudithook(watch)
    yield seen
    watching = False


def hostile_text(chance: random.Random) -> str:
    """A shipped file or the tiny one, spoilt in one of many ways, often in several."""
    text = chance.choice([TINY, TINY, chance.choice(SHIPPED)])
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        text = chance.choice(SPOILERS)(text, chance)
    return text[:200_000]


def a_line(text: str, chance: random.Random) -> tuple[list[str], int]:
    lines = text.split("\n")
    return lines, chance.randrange(len(lines))


def other_value(text: str, chance: random.Random) -> str:
    lines, number = a_line(text, chance)
    key, equals, _ = lines[number].partition("=")
    value = chance.choice([*HOSTILE_VALUES, *(f'"{hostile}"' for hostile in HOSTILE_TEXTS)])
    lines[number] = f"{key}= {value}" if equals else lines[number]
    return "\n".join(lines)


def other_name(text: str, chance: random.Random) -> str:
    lines, number = a_line(text, chance)
    name = chance.choice(HOSTILE_TEXTS)
    lines[number] = f'[{chance.choice(["states", "steps", "deadlines", "roles", "facts", "gates", "x"])}."{name}"]'
    return "\n".join(lines)


def twice(text: str, chance: random.Random) -> str:
    lines, number = a_line(text, chance)
    return "\n".join([*lines[: number + 1], *lines[max(0, number - chance.randrange(9)) :]])


def gone(text: str, chance: random.Random) -> str:
    lines, number = a_line(text, chance)
    return "\n".join(lines[:number] + lines[number + chance.randrange(1, 6) :])


def noise(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text) + 1)
    return text[:place] + "".join(chance.choices(ALPHABET, k=chance.randrange(1, 30))) + text[place:]


def cut(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text) + 1)]


def swapped(text: str, chance: random.Random) -> str:
    """Names that exist, in the wrong places."""
    words = [
        word for word in ("open", "asked", "done", "ask", "finish", "answer", "asked_on", "liaison") if word in text
    ]
    if len(words) < 2:
        return text
    one, other = chance.sample(words, 2)
    return text.replace(f'"{one}"', f'"{other}"', chance.randrange(1, 4))


def very_many(text: str, chance: random.Random) -> str:
    number = chance.choice([50, 500, 1_000])
    label = 'label = { en = "x", es = "x" }'
    states = (f'[states.x{n}]\nstage = "work"\nfinal = true\n{label}\n' for n in range(number))
    steps = (f'[steps.x{n}]\nfrom = ["open"]\nto = "done"\nby = ["liaison"]\n{label}\n' for n in range(number))
    roles = (f'[roles.x{n}]\noffice = "x"\n{label}\n' for n in range(number))
    added = chance.choice(
        [
            "".join(states),
            "".join(steps),
            "".join(roles),
            "".join(f"x{n} = {n}\n" for n in range(number)),
            "a" + ".a" * number + " = 1\n",
            "[" + ".".join("b" * number) + "]\n",
            "c = " + "[" * number + "]" * number + "\n",
            "d = " + "{ e = " * number + "1" + " }" * number + "\n",
        ]
    )
    return text + "\n" + added


def an_overlay(text: str, chance: random.Random) -> str:
    target = chance.choice(["tiny", "mx/twinning", "../../etc/passwd", "x/y", "city", ""])
    version = chance.choice(["", ", version = 0", ", version = 2", ", version = 99999999999999999999"])
    return text.replace("[process]", f'[process]\nextends = {{ process = "{target}"{version} }}', 1)


SPOILERS = (other_value, other_value, other_name, twice, gone, noise, cut, swapped, swapped, very_many, an_overlay)


def test_no_spoilt_file_is_more_than_refused(
    tmp_path: Path, events: list[str], record_property: Callable[[str, object], None]
) -> None:
    (tmp_path / "tiny.toml").write_text(TINY, "utf-8")
    (tmp_path / "mx").mkdir()
    (tmp_path / "mx" / "twinning.toml").write_bytes((WORKFLOWS / "mx" / "twinning.toml").read_bytes())
    around = Surroundings(NOTICES, {path.stem for path in (WORKFLOWS / "calendars").glob("*.toml")}, {"tiny": ()})
    path = tmp_path / "city.toml"
    path.write_text(TINY, "utf-8")
    problems_of(path, tmp_path, around)  # what is imported at the first use is
    import_data_of_time_zones()
    taken: list[tuple[float, int]] = []
    refused = 0
    for number in range(FILES):
        path.write_text(hostile_text(random.Random(f"{SEED} {number}")), "utf-8", errors="replace", newline="\n")
        events.clear()
        started = time.process_time()
        problems = problems_of(path, tmp_path, around)
        taken.append((time.process_time() - started, number))
        assert not events, f"file {number} of seed {SEED}: {events[:3]}"
        refused += bool(problems)
        for problem in problems:
            assert str(problem.place), f"file {number} of seed {SEED}: a mistake without a place"
            assert all(say(problem.message, language) for language in LANGUAGES)
    assert 0 < refused <= FILES
    seconds, slowest = max(taken)
    record_property("cases", FILES)
    record_property(
        "slowest", f"{seconds:.2f} s of processor time, file {slowest} of seed {SEED}; {refused} of {FILES} refused"
    )


def import_data_of_time_zones() -> None:
    """A name that is no zone is looked for in a package of them, which is imported for it: one for each continent."""
    for zone in available_timezones():
        with suppress(ZoneInfoNotFoundError):
            ZoneInfo(f"{zone}_")


def problems_of(path: Path, folder: Path, around: Surroundings) -> tuple[Problem, ...]:
    """What is wrong with a file, as `workflows check` finds it."""
    try:
        process: ProcessDefinition = read_process(path, path.name, folder)
    except BadInput as error:
        return error.problems or (Problem(path.name, error.message),)
    return tuple(check(process, around, path.name))


def test_what_is_refused_is_told_with_a_path(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    path.write_text(TINY.replace('stage = "work"', 'stage = "{0.__class__}"', 1), "utf-8")
    around = Surroundings(NOTICES, {"mx-labour"}, {})
    places = [str(problem.place) for problem in problems_of(path, tmp_path, around)]
    assert places == ["city.toml: states.open.stage"]


def test_a_key_of_a_hundred_thousand_parts_is_refused_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    path.write_text("x = 1\na" + ".a" * 60_000 + " = 1", "utf-8")
    (problem,) = problems_of(path, tmp_path, Surroundings(NOTICES, {}, {}))
    assert str(problem.message) == "line 2: the key has too many parts."


def test_dots_in_texts_and_comments_are_not_parts_of_a_key(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    path.write_text(TINY.replace('source = "test"', f'source = "{"." * 500}" # {"." * 500}'), "utf-8")
    assert read_process(path, "city.toml", tmp_path).deadlines["answer"].source["en"] == "." * 500

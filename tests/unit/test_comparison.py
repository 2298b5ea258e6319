"""The difference of two processes: nothing where there is none, exactly what was edited where there is, and the same backward."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import TINY, edited, rulebook
from twinflow.definitions.catalogue import read_one
from twinflow.domain.process.comparison import Change, Difference, compare
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.language import say

GATE = """[gates.asked_first]
label = { en = "Asked first", es = "Primero se pide" }
source = "custom"
through = ["ask"]
to = ["done"]
"""
RICH = edited(
    TINY,
    (
        "[roles.liaison]",
        GATE
        + """
[phases]
first = { en = "First", es = "Primera" }
second = { en = "Second", es = "Segunda" }

[papers.letter]
label = { en = "Letter", es = "Carta" }
source = "custom"

[checklists.contents]
label = { en = "Contents", es = "Contenido" }
source = "custom"
items = { aims = { en = "Aims", es = "Fines" }, costs = { en = "Costs", es = "Costos" } }

[terms.validity]
label = { en = "Validity", es = "Vigencia" }
default = "5 years"
source = "custom"

[roles.boss]
office = "municipality"
label = { en = "boss", es = "jefa" }

[roles.liaison]""",
    ),
)
"""The tiny process with one of everything."""

Edit = tuple[str, str]
EDITS: list[tuple[Edit, str]] = [
    (('{ en = "Tiny"', '{ en = "Small"'), "Changed: the process: label: from “Tiny” / “Mínimo” to “Small” / “Mínimo”"),
    (('kind = "twinning"', 'kind = "sisterhood"'), "Changed: the process: kind: from twinning to sisterhood"),
    (('start = "open"', 'start = "asked"'), "Changed: the process: start: from Open to Asked"),
    (
        ("from = 2000-01-01", "from = 2000-01-03"),
        "Changed: the process: in force from: from Saturday, 1 January 2000 to Monday, 3 January 2000",
    ),
    (
        ("America/Mexico_City", "America/Tijuana"),
        "Changed: the process: time zone: from America/Mexico_City to America/Tijuana",
    ),
    (('["mx-labour"]', '["mx-labour", "mx-ministry"]'), "Changed: the process: calendars: now also “mx-ministry”"),
    (('["mx-labour"]', '["mx-labour"]\nlaw = ["A law"]'), "Changed: the process: law: now also “A law”"),
    (('["mx-labour"]', '["mx-labour"]\nchildren = ["child"]'), "Changed: the process: children: now also “child”"),
    (
        ("[stages]", '[stages]\nrest = { en = "Rest", es = "Descanso" }'),
        "Added: the stage “Rest” (rest)",
    ),
    (("second = ", "third = "), "Removed: the phase “Second” (second)|Added: the phase “Second” (third)"),
    (
        ('es = "Segunda"', 'es = "La otra"'),
        "Changed: the phase “Second” (second): label: from “Second” / “Segunda” to “Second” / “La otra”",
    ),
    (("[facts]", '[facts]\nseen_on = { en = "Seen", es = "Visto" }'), "Added: the fact “Seen” (seen_on)"),
    (
        ('es = "Carta" }\nsource = "custom"', 'es = "Carta" }\nsource = "law"'),
        "Changed: the paper “Letter” (letter): source: from “custom” to “law”",
    ),
    (
        (', costs = { en = "Costs", es = "Costos" }', ""),
        "Removed: the item “Costs” of the checklist contents",
    ),
    (('"5 years"', '"3 years"'), "Changed: the term “Validity” (validity): default: from 5 years to 3 years"),
    (
        ('"5 years"', '"5 years"\nat_most = "9 years"'),
        "Changed: the term “Validity” (validity): at most: from – to 9 years",
    ),
    (
        ('office = "municipality"\nlabel = { en = "boss"', 'office = "ministry"\nlabel = { en = "boss"'),
        "Changed: the role “boss” (boss): office: from municipality to ministry",
    ),
    (
        (
            'office = "municipality"\nlabel = { en = "liaison',
            'office = "municipality"\ndeputy = "boss"\nlabel = { en = "liaison',
        ),
        "Changed: the role “liaison officer” (liaison): deputy: from – to boss",
    ),
    (
        ('[states.asked]\nstage = "work"\nwaits_for = "liaison"', '[states.asked]\nstage = "work"\nwaits_for = "boss"'),
        "Changed: the state “Asked” (asked): waits for: from liaison officer to boss",
    ),
    (
        ("final = true", "final = true\nsigned = true"),
        "Changed: the state “Done” (done): every signature is on the text: from no to yes",
    ),
    (
        ("final = true", "final = true\nentry = true"),
        "Changed: the state “Done” (done): older cases are entered here: from no to yes",
    ),
    (("final = true", 'final = true\nphase = "first"'), "Changed: the state “Done” (done): phase: from – to First"),
    (
        ("[steps.ask]", '[states.more]\nstage = "work"\nlabel = { en = "More", es = "Más" }\n[steps.ask]'),
        "Added: the state “More” (more)",
    ),
    (
        ('[steps.finish]\nfrom = ["asked"]', '[steps.finish]\nfrom = ["asked", "open"]'),
        "Changed: the step “Finish” (finish): leaves: now also “Open”",
    ),
    (
        ('to = "asked"', 'to = [{ state = "done", when = "all_signed" }, { state = "asked" }]'),
        "Changed: the step “Ask” (ask): leads to: now also “Done [every party has signed]”",
    ),
    (
        ('to = "done"\nby = ["liaison"]', 'to = "done"\nby = ["boss"]'),
        "Changed: the step “Finish” (finish): taken by: now “boss”, no longer “liaison officer”",
    ),
    (
        ('to = "done"', 'to = "done"\nrecords = ["letter", "contents"]'),
        "Changed: the step “Finish” (finish): records: now also “Letter”, “Contents”",
    ),
    (('day_as = "asked_on"', ""), "Changed: the step “Ask” (ask): its day is: from Asked to –"),
    (
        ('to = "done"', 'to = "done"\nreason = true'),
        "Changed: the step “Finish” (finish): only with a reason: from no to yes",
    ),
    (
        ('day_as = "asked_on"', 'day_as = "asked_on"\nsource = "law"'),
        "Changed: the step “Ask” (ask): source: from – to “law”",
    ),
    (
        ('[{ name = "fact", fact = "asked_on" }]', '[{ name = "fact", fact = "asked_on" }, { name = "all_signed" }]'),
        "Added: what the step “Finish” needs: every party has signed",
    ),
    (
        ('name = "fact", fact = "asked_on"', 'name = "fact", fact = "asked_on", source = "law"'),
        "Changed: what the step “Finish” needs: on record: Asked: source: from – to “law”",
    ),
    (
        ('name = "fact", fact', 'name = "date_known", fact'),
        "Removed: what the step “Finish” needs: on record: Asked|Added: what the step “Finish” needs: the day is known: Asked",
    ),
    (
        ('to = ["liaison"] }]', 'to = ["liaison", "boss"] }]'),
        "Changed: the notice opinion-requested of the step “Ask”: to: now also “boss”",
    ),
    (
        ('to = ["liaison"] }]', 'to = ["liaison"], urgent = true }]'),
        "Changed: the notice opinion-requested of the step “Ask”: at once: from no to yes",
    ),
    (
        ('notices = [{ notice = "opinion-requested", to = ["liaison"] }]', ""),
        "Removed: the notice opinion-requested of the step “Ask”",
    ),
    (
        ('length = "10 days"', 'length = "2 weeks"'),
        "Changed: the deadline “Answer” (answer): length: from 10 days from “Asked” to 2 weeks from “Asked”",
    ),
    (
        ('nature = "legal"', 'nature = "contractual"'),
        "Changed: the deadline “Answer” (answer): nature: from legal to contractual",
    ),
    (
        ('late = "liaison"', 'late = "boss"'),
        "Changed: the deadline “Answer” (answer): late when it passes: from liaison officer to boss",
    ),
    (
        ('met_by = ["finish"]', 'met_by = ["ask"]'),
        "Changed: the deadline “Answer” (answer): met by: now “Ask”, no longer “Finish”",
    ),
    (
        ('late = "liaison"', 'late = "liaison"\npaused_in = ["asked"]'),
        "Changed: the deadline “Answer” (answer): stands still in: now also “Asked”",
    ),
    (
        ('late = "liaison"', 'late = "liaison"\nroll = "none"'),
        "Changed: the deadline “Answer” (answer): on a day off: from following to none",
    ),
    (
        ('late = "liaison"', 'late = "liaison"\nvery_overdue = "30 days"'),
        "Changed: the deadline “Answer” (answer): very overdue: from – to 30 days",
    ),
    (
        ('late = "liaison"', 'late = "liaison"\npause = { by = ["boss"], source = "law" }'),
        "Changed: the deadline “Answer” (answer): may be paused: from – to by boss, source: law",
    ),
    (
        ('"1 day after"', '"2 days after"'),
        "Removed: the warning of “Answer”: 1 day after|Added: the warning of “Answer”: 2 days after",
    ),
    (
        ('late = "liaison"', 'late = "liaison"\nescalate = [{ when = "1 day after", to = "boss" }]'),
        "Added: the warning of “Answer” to boss: 1 day after",
    ),
    ((TINY[TINY.index("[deadlines.answer]") :], ""), "Removed: the deadline “Answer” (answer)"),
    (
        ('to = ["done"]', 'to = ["asked", "done"]'),
        "Changed: the gate “Asked first” (asked_first): are reached: now also “Asked”",
    ),
    (
        (GATE, ""),
        "Removed: the gate “Asked first” (asked_first)",
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("processes")


def read(folder: Path, *edits: Edit) -> ProcessDefinition:
    path = folder / "tiny.toml"
    path.write_text(edited(RICH, *edits), "utf-8")
    return read_one(path, folder)


def words(changes: tuple[Change, ...]) -> str:
    return "|".join(say(change.message, "en") for change in changes)


@pytest.mark.parametrize(("edit", "told"), EDITS, ids=[told[:60] for _, told in EDITS])
def test_one_edit_is_one_difference_and_is_named(folder: Path, edit: Edit, told: str) -> None:
    assert words(compare(read(folder), read(folder, edit))) == told


def test_a_process_is_not_different_from_itself(folder: Path) -> None:
    for definition in (read(folder), *rulebook().catalogue):
        assert compare(definition, definition) == ()


def test_key_and_version_are_not_a_difference(folder: Path) -> None:
    renamed = read(folder, ('key = "tiny"\nversion = 1', 'key = "other"\nversion = 2'))
    assert compare(read(folder), renamed) == ()


def added(folder: Path, text: str) -> list[list[str]]:
    """The change and its details, in English, of each thing that is new with `text`."""
    changes = compare(read(folder), read(folder, ("[deadlines.answer]", f"{text}\n[deadlines.answer]")))
    return [[say(change.message, "en"), *(say(detail, "en") for detail in change.details)] for change in changes]


def test_what_belongs_to_something_new_is_told_with_it(folder: Path) -> None:
    stop = """[steps.stop]
from = ["asked"]
to = "done"
by = ["boss"]
requires = [{ name = "fact", fact = "asked_on" }]
notices = [{ notice = "opinion-issued", to = ["liaison"] }]
source = "law"
label = { en = "Stop", es = "Parar" }"""
    assert added(folder, stop) == [
        [
            "Added: the step “Stop” (stop)",
            "from Asked to Done",
            "taken by: “boss”",
            "needs: on record: Asked",
            "tells liaison officer: opinion-issued",
            "source: law",
        ]
    ]


def test_a_new_deadline_says_that_silence_decides_and_all_else_that_it_does(folder: Path) -> None:
    silence = """[deadlines.silence]
runs_from = { step = "ask" }
length = "15 business days"
nature = "legal"
direction = "forward"
late = "boss"
duty = false
met_by = ["finish"]
paused_in = ["open"]
extend = { by = ["boss"], at_most = "5 days", source = "law" }
warn = ["1 day before"]
escalate = [{ when = "on the day", to = "liaison" }]
on_lapse = "finish"
article = { en = "Law, art. 9", es = "Ley, art. 9" }
first_day = "same_day"
month_end = "overflow"
calendars = ["mx-ministry"]
source = { en = "The law", es = "La ley" }
label = { en = "Silence", es = "Silencio" }"""
    assert added(folder, silence) == [
        [
            "Added: the deadline “Silence” (silence)",
            "15 business days from the step “Ask”",
            "nature: legal",
            "late when it passes: boss",
            "a duty: no",
            "met by: “Finish”",
            "stands still in: “Open”",
            "may be extended: by boss, at most 5 days, source: law",
            "what the clock does when it passes: Finish",
            "silence decides under: Law, art. 9",
            "first day: same_day",
            "end of the month: overflow",
            "on a day off: following",
            "calendars: “mx-ministry”",
            "warnings: 1 day before, on the day (to liaison officer)",
            "source: The law",
        ]
    ]


def test_a_new_duty_that_recurs_says_up_to_when(folder: Path) -> None:
    report = """[deadlines.report]
runs_from = { fact = "asked_on" }
length = "6 months"
recurs = true
until = "answer"
nature = "target"
late = "liaison"
met_by = ["finish"]
source = "law"
label = { en = "Report", es = "Informe" }"""
    assert added(folder, report) == [
        [
            "Added: the deadline “Report” (report)",
            "6 months, again and again, from “Asked”",
            "up to: Answer",
            "nature: target",
            "late when it passes: liaison officer",
            "met by: “Finish”",
            "on a day off: none",
            "source: law",
        ]
    ]


def test_a_new_step_says_what_it_records_and_does(folder: Path) -> None:
    sign = """[steps.sign]
from = ["asked", "open"]
to = [{ state = "done", when = "all_signed" }, { state = "asked" }]
by = ["boss", "clock"]
records = ["letter", "contents"]
day_as = "asked_on"
per_party = "signature"
effect = "enter_into_force"
reason = true
requires = [{ name = "all_signed", source = "art. 3" }]
notices = [{ notice = "opinion-issued", to = ["boss"], urgent = true }]
source = "law"
label = { en = "Sign", es = "Firmar" }"""
    assert added(folder, sign) == [
        [
            "Added: the step “Sign” (sign)",
            "from Open, Asked to Done [every party has signed], Asked",
            "taken by: “boss”, “the clock”",
            "records: “Letter”, “Contents”",
            "its day is: Asked",
            "taken for one party at a time: signature",
            "effect: enter_into_force",
            "only with a reason: yes",
            "needs: every party has signed (source: art. 3)",
            "tells boss at once: opinion-issued",
            "source: law",
        ]
    ]


def test_a_new_role_term_and_state_say_what_they_are(folder: Path) -> None:
    things = """[roles.council]
office = [{ kind = "municipality", to = 2020-12-31 }, { kind = "ministry", from = 2021-01-01 }]
deputy = "boss"
label = { en = "council", es = "cabildo" }

[terms.pause]
label = { en = "Pause", es = "Pausa" }
default = "1 year"
at_most = "2 years"
source = "law"

[states.old]
stage = "work"
waits_for = "boss"
signed = true
entry = true
label = { en = "Old", es = "Viejo" }"""
    assert added(folder, things) == [
        ["Added: the term “Pause” (pause)", "default: 1 year", "at most: 2 years", "source: law"],
        [
            "Added: the role “council” (council)",
            "office: municipality (… to Thursday, 31 December 2020), ministry (Friday, 1 January 2021 to …)",
            "deputy: boss",
        ],
        [
            "Added: the state “Old” (old)",
            "stage: Work",
            "waits for: boss",
            "every signature is on the text: yes",
            "older cases are entered here: yes",
        ],
    ]


SWAPPED = {
    Difference.ADDED: Difference.REMOVED,
    Difference.REMOVED: Difference.ADDED,
    Difference.CHANGED: Difference.CHANGED,
}


def mirrored(change: Change) -> tuple[object, ...]:
    return told(change)[:3], SWAPPED[change.difference], change.after, change.before, change.gone, change.came


def straight(change: Change) -> tuple[object, ...]:
    return told(change)[:3], change.difference, change.before, change.after, change.came, change.gone


def told(change: Change) -> tuple[object, ...]:
    return change.table, change.key, str(change.aspect)


def in_order(changes: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return sorted(changes, key=repr)


def are_mirrors(a: ProcessDefinition, b: ProcessDefinition) -> bool:
    forth = in_order([straight(change) for change in compare(a, b)])
    back = in_order([mirrored(change) for change in compare(b, a)])
    return forth == back


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
def test_the_other_way_round_the_same_is_told_backward(folder: Path, data: st.DataObject) -> None:
    """Whatever is edited on either side."""
    one = data.draw(st.sampled_from(EDITS))[0]
    other = data.draw(st.sampled_from(EDITS))[0]
    assert are_mirrors(read(folder, one), read(folder, other))


def test_so_it_is_for_the_shipped_processes() -> None:
    for a, b in pairwise(rulebook().catalogue):
        assert are_mirrors(a, b)

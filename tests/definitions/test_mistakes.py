# ruff: noqa: E501
"""What is wrong in a process file is answered with its place and what would be right, all of it at once."""

import pytest

from builders import NOTIFICATIONS, TINY, edited, write_workflows
from twinflow.definitions.catalogue import read_rulebook
from twinflow.errors import BadInput

DEADLINE = 'nature = "legal"\nlate = "liaison"\nmet_by = ["finish"]\n'
LIMIT = """
[deadlines.limit]
runs_from = { fact = "asked_on" }
length = "9 days"
nature = "legal"
late = "liaison"
met_by = ["finish"]
warn = ["1 day after"]
source = "test"
label = { en = "Limit", es = "Límite" }
"""
TWO_FREE = """
[states.lost]
stage = "work"
waits_for = "liaison"
label = { en = "Lost", es = "Perdido" }
"""
BACK = """
[steps.back]
from = ["done"]
to = "open"
by = ["liaison"]
label = { en = "Back", es = "Volver" }
"""


def problems(folder, text=TINY, name="tiny.toml"):
    with pytest.raises(BadInput) as caught:
        read_rulebook(write_workflows(folder, text, name=name), NOTIFICATIONS)
    return [str(problem) for problem in caught.value.problems]


def test_the_tiny_process_has_no_mistake(tmp_path):
    found = read_rulebook(write_workflows(tmp_path), NOTIFICATIONS)
    assert found.catalogue.version("tiny", 1).name == "tiny v1"


@pytest.mark.parametrize(
    ("edits", "place", "words"),
    [
        pytest.param([('from = ["asked"]', 'from = ["aksed"]')], "steps.finish.from", "“aksed” does not exist; did you mean “asked”?", id="state in from"),
        pytest.param([('to = "asked"', 'to = "askd"')], "steps.ask.to", "the state “askd” does not exist; did you mean “asked”?", id="state in to"),
        pytest.param([('start = "open"', 'start = "opne"')], "process.start", "did you mean “open”?", id="start"),
        pytest.param([('by = ["liaison"]\nday_as', 'by = ["liason"]\nday_as')], "steps.ask.by", "the role “liason” does not exist; did you mean “liaison”?", id="role in by"),
        pytest.param([('waits_for = "liaison"', 'waits_for = "laison"')], "states.open.waits_for", "did you mean “liaison”?", id="role in waits_for"),
        pytest.param([('late = "liaison"', 'late = "boss"')], "deadlines.answer.late", "the role “boss” does not exist; there are: liaison", id="role in late"),
        pytest.param([('to = ["liaison"]', 'to = ["mayor"]')], "steps.ask.notices[1].to", "the role “mayor”", id="role in notices"),
        pytest.param([('notice = "opinion-requested"', 'notice = "opinion-reqested"')], "steps.ask.notices[1].notice", "did you mean “opinion-requested”?", id="notice"),
        pytest.param([('name = "fact"', 'name = "fatc"')], "steps.finish.requires[1]", "“fatc” is not one of 'fact'", id="requirement"),
        pytest.param([('fact = "asked_on" }]', 'fact = "asket_on" }]')], "steps.finish.requires[1].fact", "the fact “asket_on” does not exist; did you mean “asked_on”?", id="fact of a requirement"),
        pytest.param([('{ name = "fact", fact = "asked_on" }', '{ name = "child", child = "tiny", state = "done", since = "aks" }')], "steps.finish.requires[1].since", "the step “aks” does not exist; did you mean “ask”?", id="step since which a child"),
        pytest.param([('day_as = "asked_on"', 'day_as = "askd_on"')], "steps.ask.day_as", "did you mean “asked_on”?", id="fact in records"),
        pytest.param([('stage = "work"', 'stage = "wrok"')], "states.open.stage", "the stage “wrok” does not exist; did you mean “work”?", id="stage"),
        pytest.param([('met_by = ["finish"]', 'met_by = ["finsh"]')], "deadlines.answer.met_by", "the step “finsh” does not exist; did you mean “finish”?", id="step in met_by"),
        pytest.param([('waits_for = "liaison"', 'waits_fro = "liaison"')], "states.open.waits_fro", "the key “waits_fro” does not exist", id="unknown key"),
        pytest.param([('start = "open"', 'start = "open"\ncolour = "blue"')], "process.colour", "the key “colour” does not exist", id="unknown key in the head"),
        pytest.param([("[stages]", "[stagse]\n[stages]")], "stagse", "did you mean “stages”?", id="unknown table"),
        pytest.param([('label = { en = "Ask", es = "Pedir" }', 'label = { en = "Ask" }')], "steps.ask.label.es", "this key is missing", id="label language"),
        pytest.param([('label = { en = "Ask", es = "Pedir" }', 'label = { en = "Ask", es = "" }')], "steps.ask.label.es", "the text is empty", id="empty label"),
        pytest.param([("[states.done]", f"{TWO_FREE}[states.done]")], "states.lost", "no way leads here from “open”", id="unreachable state"),
        pytest.param([('to = "done"', 'to = "asked"')], "states.open", "no way leads from here to an end", id="no way to an end"),
        pytest.param([("final = true", 'waits_for = "liaison"')], "states", "no state is final: the process can never end", id="no end at all"),
        pytest.param([("[deadlines.answer]", f"{BACK}[deadlines.answer]")], "states.done", "the state is final, yet these steps leave it: back", id="final state with steps"),
        pytest.param([('waits_for = "liaison"\n', "")], "states.open", "the state waits for nobody", id="nobody waited for"),
        pytest.param([("[roles.liaison]", "[roles.officer]"), *[('"liaison"', '"officer"')] * 6], "roles", "the role “liaison” does not exist", id="no liaison"),
        pytest.param([('nature = "legal"', 'nature = "target"'), ("[deadlines.answer]", f"{LIMIT}[deadlines.answer]")], "deadlines.answer.length", "the target is longer than the limit in “limit” (9 days)", id="target longer than limit"),
        pytest.param([('late = "liaison"\n', "")], "deadlines.answer", "nobody is named who is late", id="nobody late"),
        pytest.param([('met_by = ["finish"]\n', "")], "deadlines.answer", "nothing meets it", id="duty never met"),
        pytest.param([(', "1 day after", "then every 5 days"', "")], "deadlines.answer.warn", "nobody is told once it is overdue", id="no level after"),
        pytest.param([(DEADLINE, 'nature = "legal"\non_lapse = "finish"\n')], "deadlines.answer.on_lapse", "the clock may not take “finish”: add “clock” to its key by", id="lapse not for the clock"),
        pytest.param([(DEADLINE, 'nature = "legal"\non_lapse = "finis"\n')], "deadlines.answer.on_lapse", "did you mean “finish”?", id="unknown lapse step"),
        pytest.param([('by = ["liaison"]\nrequires', 'by = ["clock"]\nrequires')], "steps.finish.by", "no deadline has this step in on_lapse", id="clock without deadline"),
        pytest.param([('calendars = ["mx-labour"]', 'calendars = ["mx-labor"]')], "process.calendars", "the calendar “mx-labor” does not exist; did you mean “mx-labour”?", id="unknown calendar"),
        pytest.param([('start = "open"', 'start = "open"\nchildren = ["programme"]')], "process.children", "the process “programme” does not exist", id="unknown child"),
        pytest.param([('met_by = ["finish"]', 'met_by = [{ child = "tiny", state = "dnoe" }]')], "deadlines.answer.met_by", "the state “dnoe” does not exist; did you mean “done”?", id="state of a child"),
        pytest.param([('length = "10 days"', 'length = "PT1D"')], "deadlines.answer.length", "a length is written like 60 days", id="PT1D"),
        pytest.param([('length = "10 days"', 'length = "15 working days"')], "deadlines.answer.length", "15 business days", id="working days"),
        pytest.param([('length = "10 days"', 'length = "-3 days"')], "deadlines.answer.length", "a length is written like", id="negative length"),
        pytest.param([('length = "10 days"', 'length = { term = "validty" }')], "deadlines.answer.length.term", "the term “validty” does not exist", id="unknown term"),
        pytest.param([('"3 days before"', '"3 days early"')], "deadlines.answer.warn[1]", "a level is written like “5 business days before”", id="bad level"),
        pytest.param([('"then every 5 days"', '"then every 5 days after"')], "deadlines.answer.warn[3]", "a level is written like", id="bad repeating level"),
        pytest.param([('runs_from = { fact = "asked_on" }', 'runs_from = { fact = "asked_on", step = "ask" }')], "deadlines.answer.runs_from", "name exactly one of step, fact, deadline and activity", id="two anchors"),
        pytest.param([('nature = "legal"', 'nature = "lawful"')], "deadlines.answer.nature", "“lawful” is not one of", id="nature"),
        pytest.param([("America/Mexico_City", "America/Chihuaha")], "process.time_zone", "there is no such time zone", id="time zone"),
        pytest.param([("from = 2000-01-01 }", "from = 2000-01-01, to = 1999-12-31 }")], "process.in_force", "it ends before it begins", id="in force"),
        pytest.param([("version = 1", "version = 0")], "process.version", "it is at least 1", id="version"),
        pytest.param([('to = "done"', 'to = [{ when = "all_signed", state = "done" }]')], "steps.finish.to", "the last destination must have no condition", id="conditions only"),
        pytest.param([('day_as = "asked_on"\n', "")], "deadlines.answer.runs_from.fact", "no step records this fact, so the deadline never starts", id="fact never recorded"),
        pytest.param([('day_as = "asked_on"\n', "")], "steps.finish.requires[1]", "nobody can meet it: out of reach in the states that the step leaves is “asked_on” on record", id="requirement that nobody can meet"),
        pytest.param([('from = ["asked"]', 'from = ["done"]')], "steps.finish", "nobody ever takes it: no case comes into a state that it leaves", id="dead step"),
        pytest.param([('met_by = ["finish"]', 'met_by = ["ask"]')], "deadlines.answer.met_by", "once it runs it never ends: none of these steps can be taken any more: ask", id="deadline that never ends"),
        pytest.param([('name = "fact", fact', 'name = "date_known", fact'), ('day_as = "asked_on"', 'records = ["asked_on"]')], "states.asked", "after ask no way leads from here to an end; out of reach is then: the day of “asked_on”", id="trap"),
        pytest.param([('{ name = "fact", fact = "asked_on" }', '{ name = "another_person_than", steps = ["finish"] }')], "steps.finish.requires[1]", "a step cannot exclude itself", id="four eyes on itself"),
        pytest.param([('{ name = "fact", fact = "asked_on" }', '{ name = "every_party", steps = ["ask"] }')], "steps.finish.requires[1]", "give it per_party", id="every party"),
        pytest.param([('to = "done"\n', 'to = "done"\neffect = "end_term"\n')], "facts", "ended_on", id="fact of an effect without a label"),
        pytest.param([('length = "10 days"', 'length = "9999 years"')], "deadlines.answer.length", "years", id="length beyond the calendar"),
        pytest.param([("[roles.liaison]", '[roles.clock]\noffice = "municipality"\nlabel = { en = "c", es = "c" }\n[roles.liaison]')], "roles.clock", "clock", id="a role named like the clock"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_its_place_and_what_would_be_right(tmp_path, edits, place, words):
    found = problems(tmp_path, edited(TINY, *edits))
    assert any(f"workflows/tiny.toml: {place}" in problem and words in problem for problem in found), found

# ruff: noqa: E501
"""What a process file says of phases, papers, checklists, offices, gates, sources and silence: each mistake at its place."""

import pytest

from builders import NOTIFICATIONS, edited, tiny_process, write_workflows
from twinflow.definitions.catalogue import read_rulebook
from twinflow.errors import BadInput

SMALL = """
[process]
key = "small"
version = 1
kind = "twinning"
start = "open"
in_force = { from = 2000-01-01 }
time_zone = "UTC"
calendars = ["mx-labour"]
children = ["programme"]
label = { en = "Small", es = "Pequeño" }

[stages]
work = { en = "Work", es = "Trabajo" }
[phases]
first = { en = "First", es = "Primera" }

[facts]
asked_on = { en = "Asked", es = "Pedido" }
number = { en = "Number", es = "Número" }
ended_on = { en = "End", es = "Fin" }

[papers.letter]
source = "Act, art. 1"
label = { en = "Letter", es = "Carta" }
[checklists.draft]
source = "Act, art. 1"
label = { en = "Draft", es = "Proyecto" }
items = { background = { en = "Background", es = "Antecedentes" } }

[visibility.ministry]
from = ["open", "asked", "granted"]

[roles.liaison]
office = "municipality"
deputy = "council"
label = { en = "liaison officer", es = "enlace" }
[roles.council]
office = [{ kind = "municipality", to = 2016-12-31 }, { kind = "ministry", from = 2017-01-01 }]
label = { en = "council", es = "cabildo" }

[states.open]
stage = "work"
phase = "first"
waits_for = "liaison"
label = { en = "Open", es = "Abierto" }
[states.asked]
stage = "work"
waits_for = "council"
label = { en = "Asked", es = "Pedido" }
[states.granted]
stage = "work"
waits_for = "liaison"
label = { en = "Granted", es = "Concedido" }
[states.done]
stage = "work"
final = true
label = { en = "Done", es = "Hecho" }

[steps.ask]
from = ["open"]
to = "asked"
by = ["liaison"]
day_as = "asked_on"
records = ["letter", "draft"]
requires = [{ name = "checklist", checklist = "draft", source = "Act, art. 1" }]
label = { en = "Ask", es = "Pedir" }
[steps.grant]
from = ["asked"]
to = "granted"
by = ["council"]
records = ["number"]
requires = [{ name = "another_person_than", steps = ["ask"] }, { name = "fact", fact = "letter" }]
source = "Act, art. 2"
label = { en = "Grant", es = "Conceder" }
[steps.keep_silent]
from = ["asked"]
to = "granted"
by = ["clock"]
label = { en = "Granted by silence", es = "Concedido por silencio" }
[steps.finish]
from = ["granted"]
to = "done"
by = ["liaison"]
requires = [{ name = "child", child = "programme", state = "agreed" }]
source = "Act, art. 3"
label = { en = "Finish", es = "Terminar" }

[deadlines.answer]
runs_from = { fact = "asked_on" }
length = "10 days"
nature = "legal"
late = "council"
met_by = ["grant"]
on_lapse = "keep_silent"
article = "Act, art. 4"
source = "Act, art. 4"
label = { en = "Answer", es = "Respuesta" }
[deadlines.programme]
runs_from = { step = "grant" }
length = "10 days"
nature = "contractual"
late = "liaison"
met_by = [{ child = "programme", state = "agreed" }]
warn = ["1 day after"]
source = "Act, art. 5"
label = { en = "Programme", es = "Programa" }

[gates.request]
through = ["ask"]
to = ["granted"]
source = "Act, art. 1"
label = { en = "Request before the grant", es = "Solicitud antes de la concesión" }
"""
"""A process file with everything that this page is about, and without a mistake."""

AGAIN = """
[steps.again]
from = ["asked"]
to = "granted"
by = ["clock"]
label = { en = "Granted again", es = "Concedido otra vez" }

[deadlines.answer]"""

PROGRAMME = """
[process]
key = "programme"
version = 1
kind = "programme"
start = "drafted"
in_force = { from = 2000-01-01 }
time_zone = "UTC"
label = { en = "Programme", es = "Programa" }

[stages]
work = { en = "Work", es = "Trabajo" }
[roles.liaison]
office = "municipality"
label = { en = "liaison officer", es = "enlace" }
[states.drafted]
stage = "work"
waits_for = "liaison"
label = { en = "Drafted", es = "En borrador" }
[states.agreed]
stage = "work"
final = true
label = { en = "Agreed", es = "Acordado" }
[steps.agree]
from = ["drafted"]
to = "agreed"
by = ["liaison"]
label = { en = "Agree", es = "Acordar" }
"""

GRANT = 'requires = [{ name = "another_person_than", steps = ["ask"] }, { name = "fact", fact = "letter" }]'
OFFICES = '[{ kind = "municipality", to = 2016-12-31 }, { kind = "ministry", from = 2017-01-01 }]'
HURRY = """
[steps.hurry]
from = ["open"]
to = "granted"
by = ["liaison"]
label = { en = "Hurry", es = "Apurar" }
[deadlines.answer]"""
BY_CLOCK_OR_PEOPLE = """
[steps.check]
from = ["granted"]
to = "granted"
by = ["liaison"]
requires = [{ name = "another_person_than", steps = ["keep_silent"], source = "Act, art. 6" }]
label = { en = "Check", es = "Revisar" }
[deadlines.answer]"""


def problems(folder, *edits):
    write_workflows(folder, PROGRAMME, name="programme.toml")
    write_workflows(folder, edited(SMALL, *edits), name="small.toml")
    try:
        read_rulebook(folder, NOTIFICATIONS)
    except BadInput as error:
        return [str(problem).removeprefix("workflows/small.toml: ") for problem in error.problems]
    return []


def test_the_small_process_has_no_mistake(tmp_path):
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    ("edits", "problem"),
    [
        pytest.param([('phase = "first"', 'phase = "frist"')], "states.open.phase: the phase “frist” does not exist; did you mean “first”?", id="phase"),
        pytest.param([('records = ["letter", "draft"]', 'records = ["letter", "draft", "leter"]')], "steps.ask.records: the fact “leter” does not exist; did you mean “letter”?", id="paper in records"),
        pytest.param([('checklist = "draft"', 'checklist = "drafts"')], "steps.ask.requires[1].checklist: the checklist “drafts” does not exist; did you mean “draft”?", id="checklist"),
        pytest.param([('fact = "letter" }', 'fact = "draft" }')], "steps.grant.requires[2].fact: the fact “draft” does not exist; there are: asked_on, ended_on, letter, number.", id="a checklist is not a fact"),
        pytest.param([('name = "fact", fact = "letter"', 'name = "date_known", fact = "letter"')], "steps.grant.requires[2].fact: the fact “letter” does not exist; there are: asked_on, ended_on, number.", id="a paper has no day"),
        pytest.param([('child = "programme", state = "agreed" }]\nsource', 'child = "programe", state = "agreed" }]\nsource')], "steps.finish.requires[1].child: the process “programe” does not exist; did you mean “programme”?", id="child of a requirement"),
        pytest.param([('child = "programme", state = "agreed" }]\nsource', 'child = "programme", state = "agred" }]\nsource')], "steps.finish.requires[1].state: the state “agred” does not exist; did you mean “agreed”?", id="state of a child"),
        pytest.param([('children = ["programme"]', "children = []")], "deadlines.programme.met_by: “programme” is not among process.children; add it there.", id="not a child, met_by"),
        pytest.param([('children = ["programme"]', "children = []")], "steps.finish.requires[1].child: “programme” is not among process.children; add it there.", id="not a child, requirement"),
        pytest.param([("[papers.letter]", "[papers.number]")], "papers.number: this name is in [facts] already; give it another one.", id="a fact and a paper"),
        pytest.param([("[checklists.draft]", "[checklists.letter]")], "checklists.letter: this name is in [papers] already; give it another one.", id="a paper and a checklist"),
        pytest.param([('deputy = "council"', 'deputy = "concil"')], "roles.liaison.deputy: the role “concil” does not exist; did you mean “council”?", id="deputy"),
        pytest.param([('deputy = "council"', 'deputy = "liaison"')], "roles.liaison.deputy: the deputies go round in a circle: liaison → liaison.", id="own deputy"),
        pytest.param([("[roles.council]", '[roles.council]\ndeputy = "liaison"')], "roles.liaison.deputy: the deputies go round in a circle: liaison → council → liaison.", id="deputies in a circle"),
        pytest.param([("2017-01-01", "2016-12-31")], "roles.council.office[2]: it begins before the office above it ends (2016-12-31): offices stand in the order of time, one at a time.", id="offices overlap"),
        pytest.param([(", from = 2017-01-01", "")], "roles.council.office[2]: give the day on which the office before it ends (to), and the day this one begins (from).", id="office without beginning"),
        pytest.param([("from = 2017-01-01", "from = 2017-01-01, to = 2016-01-01")], "roles.council.office[2]: it ends before it begins.", id="office ends before it begins"),
        pytest.param([('through = ["ask"]', 'through = ["aks"]')], "gates.request.through: the step “aks” does not exist; did you mean “ask”?", id="step of a gate"),
        pytest.param([('to = ["granted"]\nsource', 'to = ["grated"]\nsource')], "gates.request.to: the state “grated” does not exist; did you mean “granted”?", id="state of a gate"),
        pytest.param([('to = ["granted"]\nsource', "source")], "gates.request.to: no state stands behind it: name the states that it keeps.", id="gate before nothing"),
        pytest.param([("\n[deadlines.answer]", HURRY)], "gates.request: a way leads around it to “granted”: hurry. It has to pass ask first.", id="way around a gate"),
        pytest.param([('source = "Act, art. 2"\n', "")], "steps.grant.requires[1]: nothing says where it comes from: give it a source, or the step one for all it requires.", id="requirement without source"),
        pytest.param([(', source = "Act, art. 1" }', " }")], "steps.ask.requires[1]: nothing says where it comes from: give it a source, or the step one for all it requires.", id="the only requirement without source"),
        pytest.param([('nature = "legal"', 'nature = "target"')], "deadlines.answer.on_lapse: a target is ours and decides nothing: leave on_lapse out, and warn instead.", id="a target that decides"),
        pytest.param([('on_lapse = "keep_silent"', 'on_lapse = ["keep_silent", "grnt"]')], "deadlines.answer.on_lapse: the step “grnt” does not exist; did you mean “grant”?", id="one of several steps"),
        pytest.param([('by = ["clock"]\nlabel', 'by = ["clock"]\nreason = true\nlabel')], "deadlines.answer.on_lapse: the clock cannot take “keep_silent”: it gives no records, no reason and no party; name a step without them.", id="a step of the clock with a reason"),
        pytest.param([('on_lapse = "keep_silent"', 'on_lapse = ["keep_silent", "again"]'), ("\n[deadlines.answer]", AGAIN)], "deadlines.answer.on_lapse: “again” never comes to it: the steps before it leave the same states.", id="a step behind another"),
        pytest.param([('met_by = ["grant"]', 'met_by = ["grant"]\nwhile_in = ["askd"]')], "deadlines.answer.while_in: the state “askd” does not exist; did you mean “asked”?", id="state of while_in"),
        pytest.param([('met_by = ["grant"]', 'met_by = ["grant"]\nwhile_in = ["asked"]\npaused_in = ["asked"]')], "deadlines.answer.paused_in: these states are in while_in too: asked; leave them out of one.", id="running and paused"),
        pytest.param([('met_by = ["grant"]', 'met_by = ["grant", "finish"]\nwhile_in = ["asked"]')], "deadlines.answer.met_by: “finish” leaves none of the states of while_in, so it never meets it.", id="met while it does not run"),
        pytest.param([('article = "Act, art. 4"\n', "")], "deadlines.answer.article: the silence of council decides here: give the article by which it does.", id="silence without article"),
        pytest.param([('article = "Act, art. 4"\n', ""), ('late = "council"\n', "")], "deadlines.answer.article: the silence of council decides here: give the article by which it does.", id="the role that is waited for is silent"),
        pytest.param([('warn = ["1 day after"]', 'warn = ["1 day after"]\narticle = "Act, art. 5"')], "deadlines.programme.article: silence decides nothing here: leave article out, or name in on_lapse the step that follows.", id="article without lapse"),
        pytest.param([("\n[deadlines.answer]", BY_CLOCK_OR_PEOPLE)], "steps.check.requires[1]: it keeps nobody out: only the clock takes keep_silent; name a step that people take.", id="four eyes against the clock"),
        pytest.param([('runs_from = { fact = "asked_on" }', 'runs_from = { fact = "number" }')], "deadlines.answer.runs_from.fact: this fact is a text without a day, so the deadline never starts; names of dates end in “_on”.", id="a deadline from a text"),
        pytest.param([('runs_from = { fact = "asked_on" }', 'runs_from = { fact = "letter" }')], "deadlines.answer.runs_from.fact: the fact “letter” does not exist; there are: asked_on, ended_on, number.", id="a deadline from a paper"),
        pytest.param([('late = "council"\nmet_by', 'late = "consul"\nmet_by')], "deadlines.answer.late: the role “consul” does not exist; did you mean “council”?", id="who is silent"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(tmp_path, edits, problem):
    assert problem in problems(tmp_path, *edits)


def test_a_step_with_one_source_for_all_and_requirements_with_their_own_are_enough(tmp_path):
    each = GRANT.replace("}", ', source = "Act, art. 2" }')
    assert (
        problems(tmp_path, (GRANT, each), ('source = "Act, art. 2"\nlabel = { en = "Grant"', 'label = { en = "Grant"'))
        == []
    )


def test_a_term_that_runs_out_needs_no_article(tmp_path):
    edits = [
        ('article = "Act, art. 4"\n', ""),
        ('to = "granted"\nby = ["clock"]', 'to = "done"\neffect = "end_term"\nby = ["clock"]'),
    ]
    assert problems(tmp_path, *edits) == []


def test_offices_may_leave_a_time_without_any(tmp_path):
    assert problems(tmp_path, ("from = 2017-01-01", "from = 2019-01-01")) == []


def test_what_rests_on_nothing_is_told_beside_what_is_unsound(tmp_path):
    found = problems(tmp_path, ('source = "Act, art. 2"\n', ""), ("\n[deadlines.answer]", HURRY))
    assert {problem.split(": ")[0] for problem in found} == {
        "steps.grant.requires[1]",
        "steps.grant.requires[2]",
        "gates.request",
    }


def test_a_misspelt_state_is_not_told_once_more_as_one_that_nothing_reaches(tmp_path):
    assert problems(tmp_path, ('to = "asked"', 'to = "aksed"')) == [
        "steps.ask.to: the state “aksed” does not exist; did you mean “asked”?"
    ]


OVERLAY = """
[process]
key = "local"
version = 1
extends = { process = "small" }
label = { en = "Local", es = "Local" }

[states.favoured]
stage = "work"
waits_for = "liaison"
label = { en = "Favoured", es = "Favorecido" }
[steps.favour]
from = ["open"]
to = "favoured"
by = ["liaison"]
label = { en = "Favour", es = "Favorecer" }
[steps.skip]
from = ["favoured"]
to = "granted"
by = ["liaison"]
label = { en = "Skip", es = "Saltar" }
"""


def test_an_overlay_does_not_lead_around_a_gate_of_the_process_it_rests_on(tmp_path):
    write_workflows(tmp_path, OVERLAY, name="local.toml")
    assert [problem.removeprefix("workflows/local.toml: ") for problem in problems(tmp_path)] == [
        "gates.request: a way leads around it to “granted”: favour → skip. It has to pass ask first."
    ]
    write_workflows(tmp_path, edited(OVERLAY, ('to = "granted"', 'to = "open"')), name="local.toml")
    assert problems(tmp_path) == []


def test_of_many_things_behind_one_cut_way_the_first_are_told_and_the_rest_counted(tmp_path):
    far = "".join(
        f'[states.s{n}]\nstage = "work"\nwaits_for = "liaison"\nlabel = {{ en = "S", es = "S" }}\n'
        f'[steps.t{n}]\nfrom = ["s{n}"]\nto = "done"\nby = ["liaison"]\nlabel = {{ en = "T", es = "T" }}\n'
        for n in range(20)
    )
    with pytest.raises(BadInput) as caught:
        tiny_process(tmp_path, ("[deadlines.answer]", f"{far}[deadlines.answer]"))
    assert len(caught.value.problems) == 13
    assert str(caught.value.problems[-1].message) == "and 28 more, which may follow from these."


MINISTRY_SEES = '[visibility.ministry]\nfrom = ["open", "asked", "granted"]\n'


@pytest.mark.parametrize(
    ("instead", "where", "says"),
    [
        ("", "visibility.ministry", "is held in another office"),
        (MINISTRY_SEES.replace(', "asked"', ""), "visibility.ministry.from", "would not see the case there"),
        (MINISTRY_SEES.replace("asked", "aksed"), "visibility.ministry.from", "did you mean “asked”?"),
        (MINISTRY_SEES + 'hides = ["nots"]\n', "visibility.ministry.hides", "did you mean “notes”?"),
        (MINISTRY_SEES + 'roles = { council = ["open"] }\n', "visibility.ministry.roles.council", "name them too"),
        (MINISTRY_SEES + 'roles = { liaison = ["open"] }\n', "visibility.ministry.roles", "the role “liaison”"),
        (MINISTRY_SEES + '[visibility.municipality]\nfrom = ["open"]\n', "visibility.municipality", "sees it whole"),
        (MINISTRY_SEES + '[visibility.registry]\nfrom = ["open"]\n', "visibility.registry", "the kind of office of a role"),
    ],
)  # fmt: skip
def test_each_kind_of_office_says_from_where_on_it_sees_a_case(tmp_path, instead, where, says):
    found = [str(problem) for problem in problems(tmp_path, (MINISTRY_SEES, instead))]
    assert any(where in problem and says in problem for problem in found), found

"""What a step puts on record beside facts: papers, checklists, a reason; and what another step asks of them."""

from dataclasses import replace
from datetime import date

import pytest

from builders import after, agreement, refusal, tiny_process, try_step
from twinflow.domain.agreement.agreement import Child
from twinflow.domain.process.definition import ProcessDefinition

DAY = date(2026, 3, 2)
LISTED = (
    ("[stages]", ('[checklists.sections]\nsource = "guide, 4.3.9"\nlabel = { en = "Sections", es = "Secciones" }\n'
     '[checklists.sections.items]\naims = { en = "Aims", es = "Objetivos" }\nactors = { en = "Actors", es = "Actores" }\n'
     '[papers.draft]\nsource = "guide"\nlabel = { en = "Draft", es = "Proyecto" }\n[stages]')),
    ("[steps.ask]", ('[steps.look]\nfrom = ["open"]\nto = "open"\nby = ["liaison"]\nrecords = ["sections"]\n'
     'label = { en = "Look", es = "Revisar" }\n[steps.attach]\nfrom = ["open"]\nto = "open"\nby = ["liaison"]\n'
     'records = ["draft"]\nlabel = { en = "Attach", es = "Adjuntar" }\n[steps.ask]\nsource = "guide"\n'
     'requires = [{ name = "checklist", checklist = "sections" }, { name = "fact", fact = "draft" }]')),
)  # fmt: skip


@pytest.fixture
def process(tmp_path) -> ProcessDefinition:
    return tiny_process(tmp_path, *LISTED)


def test_every_missing_item_and_paper_is_named(process):
    case = agreement(process, opened_on=DAY)
    assert refusal(case, "ask", DAY, process=process) == [
        (
            "Sections: missing are Aims, Actors. It comes with “Look”: "
            "twinflow agreements advance A-1 look --as PERSON --set sections=aims,actors"
        ),
        "Draft is not on record. It comes with “Attach”: twinflow agreements advance A-1 attach --as PERSON --set draft=VALUE",
    ]


def test_the_last_look_decides(process):
    case = agreement(process, opened_on=DAY)
    looked = after(case, ("look", DAY, {"sections": "all"}), ("look", DAY, {"sections": "actors"}), process=process)
    assert refusal(looked, "ask", DAY, process=process)[0].startswith("Sections: missing are Aims. ")


def test_items_are_kept_in_the_order_of_the_list_and_all_stands_for_them(process):
    case = agreement(process, opened_on=DAY)
    for text, kept in (("actors, aims", "aims,actors"), ("all", "aims,actors"), ("none", ""), ("aims", "aims")):
        assert after(case, ("look", DAY, {"sections": text}), process=process).fact("sections") == kept


def test_an_item_that_is_not_on_the_list_is_refused_with_those_that_are(process):
    case = agreement(process, opened_on=DAY)
    assert refusal(case, "look", DAY, process=process, records={"sections": "aims,money"}) == [
        (
            "sections = “aims,money”: “money” is not on the list; name items of aims, actors, with commas between them, or all, "
            "or none."
        )
    ]


def test_with_everything_there_the_step_is_taken(process):
    case = agreement(process, opened_on=DAY)
    ready = after(case, ("look", DAY, {"sections": "all"}), ("attach", DAY, {"draft": "OF-12/26"}), process=process)
    assert try_step(ready, "ask", DAY, process=process).agreement.state == "asked"


def test_a_step_that_needs_a_reason_is_not_taken_without(tmp_path):
    process = tiny_process(tmp_path, ("[steps.finish]", "[steps.finish]\nreason = true"))
    case = after(agreement(process, opened_on=DAY), ("ask", DAY), process=process)
    assert refusal(case, "finish", DAY, process=process, reason="") == ["The step is taken only with a reason."]


def test_a_child_has_to_have_reached_its_state_once(tmp_path):
    process = tiny_process(
        tmp_path,
        ("calendars =", 'children = ["tiny"]\ncalendars ='),
        (
            'requires = [{ name = "fact", fact = "asked_on" }]',
            'requires = [{ name = "child", child = "tiny", state = "asked" }]',
        ),
    )
    case = after(agreement(process, opened_on=DAY), ("ask", DAY), process=process)
    assert refusal(case, "finish", DAY, process=process) == [
        (
            "No tiny has come to “asked” yet. Take the steps of such a case, or open one: twinflow agreements open REFERENCE "
            "--process tiny --parent A-1 --office chihuahua --as PERSON"
        )
    ]
    child = Child("A-2", "tiny", "done", (("open", DAY), ("asked", DAY), ("done", DAY)))
    assert refusal(replace(case, children=(child,)), "finish", DAY, process=process) == []

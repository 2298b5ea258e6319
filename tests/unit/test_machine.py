"""The machine decides where a step leads and nothing else."""

from dataclasses import replace
from datetime import date

import pytest

from builders import EC, MX, PROGRAMME, after, agreement, definition, tiny_process
from twinflow.domain.process import machine
from twinflow.domain.process.definition import Destination


@pytest.mark.parametrize("key", [MX, EC, PROGRAMME])
def test_there_are_no_triggers_but_the_steps_of_the_file(key):
    process = definition(key)
    triggers = {step for state in process.states for step in machine.steps_from(process, state)}
    assert triggers == set(process.steps)
    assert not [name for name in machine._machine(process).events if name.startswith("to_")]


@pytest.mark.parametrize("key", [MX, EC, PROGRAMME])
def test_every_step_leaves_exactly_the_states_the_file_names(key):
    process = definition(key)
    for state in process.states:
        expected = [step.key for step in process.steps.values() if state in step.sources]
        assert machine.steps_from(process, state) == expected


@pytest.mark.parametrize("key", [MX, EC, PROGRAMME])
def test_no_step_leaves_a_final_state(key):
    process = definition(key)
    assert {s for s, state in process.states.items() if state.final and machine.steps_from(process, s)} == set()


def test_a_step_leads_where_its_condition_holds_and_elsewhere_if_it_does_not():
    assert machine.destination(definition(), "opinion_favourable", "sign", frozenset({"all_signed"})) == "signed"
    assert machine.destination(definition(), "opinion_favourable", "sign", frozenset()) == "partly_signed"
    assert machine.destination(definition(), "partly_signed", "sign", frozenset()) == "partly_signed"


def test_a_step_leads_nowhere_from_a_state_it_does_not_leave():
    assert machine.destination(definition(), "interest", "sign", frozenset({"all_signed"})) is None
    assert machine.destination(definition(), "withdrawn", "approve_profile", frozenset()) is None


def test_a_step_leads_nowhere_if_none_of_its_conditions_holds(tmp_path):

    process = tiny_process(tmp_path)
    only = replace(process.step("finish"), to=(Destination("done", "all_signed"),))
    narrowed = replace(process, steps={**process.steps, "finish": only}, digest="narrowed")
    assert machine.destination(narrowed, "asked", "finish", frozenset()) is None
    assert machine.destination(narrowed, "asked", "finish", frozenset({"all_signed"})) == "done"


def test_a_decision_leaves_nothing_behind():
    process = definition()
    assert machine.destination(process, "interest", "approve_profile", frozenset()) == "profile_ready"
    assert machine.destination(process, "interest", "approve_profile", frozenset()) == "profile_ready"
    assert machine._machine(process).models == []


def test_a_definition_is_built_once():
    assert machine._machine(definition()) is machine._machine(definition())
    assert machine._machine(definition()) is not machine._machine(definition(EC))


@pytest.mark.parametrize("name", ["state", "trigger", "may_ask", "is_open", "to_done", "initial"])
def test_a_step_may_have_any_name(tmp_path, name):
    process = tiny_process(tmp_path, ("[steps.finish]", f"[steps.{name}]"), ('["finish"]', f'["{name}"]'))
    day = date(2008, 3, 10)
    case = after(agreement(process, opened_on=day), ("ask", day), (name, day), process=process)
    assert case.state == "done"

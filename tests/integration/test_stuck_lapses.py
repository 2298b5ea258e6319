"""A date passes and its step cannot be taken in the state the case is in: somebody is told, and it stands in nobody's way.

So it may be on a text of before, that no check has proved, and where facts were entered out of their order.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from builders import AT_PAGE, facts, noon
from mail_reading import text_of
from signed_in import signed_in
from tiny_world import loaded, tiny_world
from twinflow.domain.agreement.agreement import DeadlineStatus, Party
from twinflow.domain.agreement.entries import Alerted
from twinflow.domain.clock.simulation import EventKind
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.process.definition import ProcessDefinition, Requirement
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock.simulating import simulate_agreement
from twinflow.services.clock.sweep import SweepResult, sweep
from twinflow.services.mail.outbox import message, messages
from twinflow.services.reading.agreements import list_agreements
from twinflow.web.app import create_app
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
ASKED = date(2026, 3, 2)
PASSED = date(2026, 3, 8)
"""The first day after the five that the clock waits."""

LAPSES = """
[steps.archive]
from = ["asked"]
to = "done"
by = ["clock"]
label = { en = "Archive", es = "Archivar" }
[steps.give_up]
from = ["open"]
to = "done"
by = ["liaison"]
label = { en = "Give up", es = "Abandonar" }
[deadlines.a_archive]
runs_from = { fact = "asked_on" }
length = "5 days"
nature = "legal"
roll = "none"
article = "test"
on_lapse = "archive"
source = "test"
label = { en = "Archive", es = "Archivo" }
[deadlines.answer]"""
TWO = """
[steps.end]
from = ["asked"]
to = "done"
by = ["clock"]
label = { en = "End", es = "Terminar" }
[deadlines.b_end]
runs_from = { fact = "asked_on" }
length = "5 days"
nature = "legal"
roll = "none"
article = "test"
on_lapse = "end"
source = "test"
label = { en = "End", es = "Fin" }
[deadlines.answer]"""


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A case in the state “Open” that has the day on record from which the clock counts in the state “Asked”."""
    with tiny_world(database_url, tmp_path, ("[deadlines.answer]", LAPSES)) as found:
        opened(found, "open")
        yield found


def opened(world: World, state: str) -> None:
    world.now = noon(ASKED)
    new = NewAgreement("T-1", "tiny", "chihuahua", "x", ASKED, PARTIES, state=state, facts=facts(asked_on=str(ASKED)))
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)


def swept(world: World, on: date) -> SweepResult:
    world.now = noon(on)
    return sweep(world.engine, world.rulebook, world.people, world.now)


def told(world: World) -> list[tuple[str, str]]:
    """Who was told that a date could not take its step, and of what."""
    said = [Alerted.read(entry) for entry in loaded(world, "T-1").history]
    refused = [each for each in said if each is not None and each.notice == "lapse-refused"]
    return [(each.recipient, str(each.subject)) for each in refused]


def test_the_liaison_is_told_once_and_the_passes_say_it_once(world: World) -> None:
    first = swept(world, PASSED)
    assert [str(problem) for problem in first.problems] == [
        (
            "T-1: “Archive” cannot be taken. The agreement is in the state “Open”, by elena, 2026-03-02; the steps from there "
            "are: ask, give_up."
        )
    ]
    for days in range(1, 4):
        assert swept(world, PASSED + timedelta(days)).problems == ()
    assert told(world) == [("elena", "lapse:a_archive")]


def test_the_alert_waits_while_nobody_is_liaison(world: World) -> None:
    world.now = noon(PASSED)
    nobody = replace(world.people, people={})
    for _ in range(2):
        vacant = sweep(world.engine, world.rulebook, nobody, world.now)
        assert any("nobody is liaison officer; the alert waits" in str(problem) for problem in vacant.problems)
    assert told(world) == []
    swept(world, PASSED + timedelta(days=5))
    assert told(world) == [("elena", "lapse:a_archive")]


def test_the_simulation_foretells_the_alert(world: World) -> None:
    outlook = simulate_agreement(
        world.engine, world.rulebook, world.people, "T-1", world.now, date(2026, 3, 20), viewer=OPERATOR
    )
    alerts = [each for each in outlook.events if each.kind is EventKind.ALERT and each.notice == "lapse-refused"]
    assert [(each.on, each.effective_on, each.told[0].person) for each in alerts] == [
        (PASSED, PASSED - timedelta(days=1), "elena")
    ]
    assert [each.on for each in outlook.events if each.kind is EventKind.STUCK] == [PASSED]


def test_the_letter_says_what_should_have_happened_why_it_did_not_and_what_people_can_do(world: World) -> None:
    world.now = noon(PASSED)
    world.tick()
    (sent,) = messages(world.engine)
    _, content = message(world.engine, sent.id)
    assert content is not None
    letter = BytesParser(policy=policy.default).parsebytes(content)
    words = " ".join(text_of(letter, "plain").split())
    assert "debía seguir «Archivar»" in words
    assert "No pudo cumplirse: " in words
    assert "«Abierto»" in words
    assert "Qué hacer: Pedir; Abandonar." in words


def test_lists_and_pages_say_that_the_day_has_passed(world: World) -> None:
    swept(world, PASSED)
    (line,) = list_agreements(world.engine, world.rulebook, world.people, world.now, viewer=OPERATOR).lines
    assert line.in_force is False
    assert str(line.unfinished) == "Archive: 2026-03-07 has passed, and what follows was not carried out"
    with TestClient(create_app(world.runtime, lambda: world.now), base_url="http://127.0.0.1") as browser:
        signed_in(browser, world.runtime, world.now)
        for page in ("/", "/agreements/T-1"):
            shown = browser.get(page, headers={"Accept-Language": "en"}).text
            assert "has passed, and what follows was not carried out" in shown


def test_a_person_ends_the_case_by_hand_and_nothing_more_is_said(world: World) -> None:
    swept(world, PASSED)
    give_up = StepCommand("give_up", PASSED)
    advance_agreement(
        world.engine, world.rulebook, world.people, "T-1", give_up, person="elena", door=AT_PAGE, now=world.now
    )
    assert loaded(world, "T-1").state == "done"
    after = swept(world, PASSED + timedelta(days=1))
    assert (after.alerts, after.problems) == (0, ())
    (line,) = list_agreements(world.engine, world.rulebook, world.people, world.now, viewer=OPERATOR).lines
    assert line.unfinished is None


def test_a_step_that_brings_the_case_where_it_can_be_taken_lets_it_be_taken(world: World) -> None:
    swept(world, PASSED)
    ask = StepCommand("ask", PASSED)
    advance_agreement(
        world.engine, world.rulebook, world.people, "T-1", ask, person="elena", door=AT_PAGE, now=world.now
    )
    assert loaded(world, "T-1").state == "asked"


def test_what_had_passed_before_the_case_was_entered_and_nothing_can_answer_is_of_the_past(
    database_url: str, tmp_path: Path
) -> None:
    behind = LAPSES.replace('from = ["open"]', 'from = ["open", "behind"]').replace(
        "[deadlines.a_archive]",
        '[states.behind]\nstage = "work"\nwaits_for = "liaison"\nentry = true\nlabel = { en = "Behind", es = "Después" }\n'
        "[deadlines.a_archive]",
    )
    with tiny_world(database_url, tmp_path, ("[deadlines.answer]", behind)) as world:
        world.now = noon(date(2026, 6, 1))
        known = facts(asked_on=str(ASKED))
        new = NewAgreement("T-1", "tiny", "chihuahua", "x", ASKED, PARTIES, state="behind", facts=known)
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
        assert {each.rule: each.status for each in loaded(world, "T-1").deadlines}["a_archive"] is DeadlineStatus.VOID
        assert swept(world, date(2026, 6, 2)).problems == ()
        assert told(world) == []


def test_what_can_be_done_is_done_and_the_rest_is_reported(database_url: str, tmp_path: Path) -> None:
    """Two dates pass on one day, and on a text that was never proved the step of one asks for what is not there."""
    both = LAPSES.replace("[deadlines.answer]", TWO)
    with tiny_world(database_url, tmp_path, ("[deadlines.answer]", both)) as world:
        opened(world, "asked")
        unproved = never_proved(world)
        result = sweep(world.engine, replace(world.rulebook, catalogue=unproved), world.people, noon(PASSED))
        assert loaded(world, "T-1").state == "done"
        assert result.lapsed == ("T-1",)
        assert any("“Archive” cannot be taken" in str(problem) for problem in result.problems)


def never_proved(world: World) -> Catalogue:
    definition = world.rulebook.catalogue.version("tiny", 1)
    return Catalogue({**world.rulebook.catalogue.definitions, ("tiny", 1): asking_for_a_number(definition)})


def asking_for_a_number(definition: ProcessDefinition) -> ProcessDefinition:
    """The process with a step of the clock that asks for what nobody puts on record."""
    number = Requirement("fact", fact="number")
    archive = replace(definition.steps["archive"], requires=(number,))
    facts_there = {**definition.facts, "number": {"en": "Number", "es": "Número"}}
    return replace(definition, steps={**definition.steps, "archive": archive}, facts=facts_there)

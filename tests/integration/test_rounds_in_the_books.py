"""A round through the services, on both databases: what is kept, what is shown, and what the mail says."""

from datetime import UTC, datetime, timedelta

import pytest

from builders import AT_PAGE, DRAFT, new_case
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.entries import Correction
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.people.viewer import OPERATOR, Door, viewer_of
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.round_acts import RoundAct
from twinflow.errors import Refused
from twinflow.language import say
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.correcting import correct_entry
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.mail.letters import letters
from twinflow.services.mail.outbox import claim_batch
from twinflow.services.reading.agreements import AgreementPage, show_agreement
from twinflow.services.reading.rounds import show_rounds
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
OLD, NEW = "Article V.\nArticle XIII.", "Article V, every year.\nArticle XIII."


@pytest.fixture
def requested(world: World) -> World:
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    new = new_case(
        "MX-1", "mx/twinning", "chihuahua", "A", world.now.date(), PARTIES, state="drafting", note="for us alone"
    )
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    step(world, "complete_draft", records=DRAFT)
    world.act("MX-1", RoundAct.SUBMIT, "elena", draft=OLD)
    step(world, "request_opinion")
    return world


def step(world: World, name: str, person: str = "elena", **more: object) -> None:
    command = StepCommand(name, world.now.date(), **more)  # type: ignore[arg-type]
    advance_agreement(
        world.engine, world.rulebook, world.people, "MX-1", command, person=person, door=AT_PAGE, now=world.now
    )


def test_a_round_is_kept_shown_told_and_corrected(requested: World) -> None:
    world = requested
    world.act("MX-1", RoundAct.OBSERVE, "rita", article="V", text="The evaluation is missing.")
    world.act("MX-1", RoundAct.OBSERVE, "rita", article="XIII", text="No foreign court.")
    world.act("MX-1", RoundAct.NOTE, "rita", text="ask the consulate")
    step(world, "make_observations", "rita")
    world.now += timedelta(days=1)
    said = _told(world, "elena", "observations-made")
    assert [(each["number"], each["article"], each["text"]) for each in said["observations"]] == [
        (1, "V", "The evaluation is missing."),
        (2, "XIII", "No foreign court."),
    ]
    world.act("MX-1", RoundAct.ANSWER, "elena", number=1, text="Added.")
    with pytest.raises(Refused):
        step(world, "answer_observations")
    world.act("MX-1", RoundAct.ANSWER, "elena", number=2, text="It is gone.")
    world.act("MX-1", RoundAct.SUBMIT, "elena", draft=NEW)
    step(world, "answer_observations")
    first, second = show_rounds(world.engine, world.rulebook, "MX-1", viewer=OPERATOR)
    assert [(mark.value, line) for mark, line in second.changes][:2] == [
        ("-", "Article V."),
        ("+", "Article V, every year."),
    ]
    assert [say(each.standing, "es") for each in first.observations] == ["atendida", "atendida"]
    assert "Internal: note of rita: ask the consulate" in [say(each, "en") for each in first.said]
    shown, of_ministry = (seen_by(world, person) for person in ("elena", "rita"))
    assert not any("Internal" in say(each, "en") for line in shown.rounds for each in line.said)
    assert not any("ask the consulate" in say(entry.text, "en") for entry in shown.timeline)
    assert any("ask the consulate" in say(entry.text, "en") for entry in of_ministry.timeline)
    assert any("Internal" in say(each, "en") for line in of_ministry.rounds for each in line.said)
    answered = next(e for e in reversed(shown.timeline) if "observation 2 answered" in say(e.text, "en"))
    assert answered.number is not None
    command = CorrectionCommand(
        entry=answered.number, correction=Correction.REPLACE, reason="a slip", asked={"text": "Article XIII is gone."}
    )
    correct_entry(
        world.engine, world.rulebook, world.people, "MX-1", command, person="elena", door=AT_PAGE, now=world.now
    )
    first, _ = show_rounds(world.engine, world.rulebook, "MX-1", viewer=OPERATOR)
    assert "Article XIII is gone." in say(first.observations[1].said[0], "en")


def seen_by(world: World, person: str) -> AgreementPage:
    viewer = viewer_of(world.people, person, world.now, Door.PAGE)
    return show_agreement(world.engine, world.rulebook, world.people, "MX-1", world.now, viewer=viewer)


def test_what_a_reviewer_observes_reaches_the_city_when_the_round_ends_and_the_citys_note_never_the_ministry(
    requested: World,
) -> None:
    world = requested
    world.act("MX-1", RoundAct.OBSERVE, "rita", article="V", text="The evaluation is missing.")
    said = "observation 1 to V: The evaluation is missing."
    before = [[say(entry.text, "en") for entry in seen_by(world, person).timeline] for person in ("elena", "rita")]
    assert [any(said in text for text in each) for each in before] == [False, True]
    step(world, "make_observations", "rita")
    assert any(said in say(entry.text, "en") for entry in seen_by(world, "elena").timeline)
    assert [seen_by(world, person).note for person in ("elena", "rita")] == ["for us alone", ""]


def _told(world: World, person: str, notice: str) -> dict[str, object]:
    """What the message to the person says of the notice."""
    claimed = [
        each
        for each in claim_batch(world.engine, world.rulebook, world.people, world.now, 100)
        if each.recipient == person
    ]
    found = letters(world.engine, world.rulebook, world.people, claimed, world.now).letters
    items = [item for letter in found.values() for item in letter.items]  # type: ignore[union-attr]
    return next(item.values for item in items if item.notice == notice)

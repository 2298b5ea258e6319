"""A round through the services, on both databases: what is kept, what is shown, and what the mail says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from builders import AT_PAGE, DRAFT, new_case
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.entries import Alerted, Correction
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.people.viewer import OPERATOR, Door, Held, Viewer, viewer_of
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.round_acts import RoundAct
from twinflow.errors import Refused
from twinflow.language import say
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.correcting import correct_entry
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.books.checking import check
from twinflow.services.mail.letters import letters
from twinflow.services.mail.outbox import claim_batch
from twinflow.services.reading.agreements import AgreementPage, list_references, show_agreement
from twinflow.services.reading.rounds import show_rounds
from twinflow.storage.unit_of_work import UnitOfWork
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
    first, second = show_rounds(world.engine, world.rulebook, world.people, "MX-1", viewer=OPERATOR)
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
    first, _ = show_rounds(world.engine, world.rulebook, world.people, "MX-1", viewer=OPERATOR)
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


def told(world: World, reference: str = "MX-1") -> list[tuple[str, str, str, str]]:
    """Each notice of a consultation with its level, its day and who was told."""
    with UnitOfWork(world.engine, reading=True) as work:
        history = work.agreements.get(reference).history
    said = ((entry, Alerted.read(entry)) for entry in history)
    return [
        (each.notice, each.level, str(entry.effective_on), each.recipient)
        for entry, each in said
        if each is not None and each.notice.startswith("consultation")
    ]


def live(world: World, days: int) -> None:
    for _ in range(days):
        world.now += timedelta(days=1)
        world.tick()


def test_a_unit_that_is_consulted_is_warned_before_on_and_after_the_day_and_who_asked_hears_that_it_is_overdue_and_answered(
    requested: World,
) -> None:
    world = requested
    world.act("MX-1", RoundAct.CONSULT, "rita", role="counsel", text="Is XIII in order?")
    asked = ("consultation-asked", "", "2026-03-02", "clara")
    assert told(world) == [asked]
    live(world, 11)  # the answer is awaited ten business days after 2 March, which is 17 March as 16 March is a day off
    assert told(world) == [asked]
    world.act("MX-1", RoundAct.NOTE, "rita", text="what is done in between puts nothing off")
    live(world, 4)
    soon = [
        ("consultation-soon", "3 days before", "2026-03-14", "clara"),
        ("consultation-soon", "on the day", "2026-03-17", "clara"),
    ]
    assert told(world) == [asked, *soon]
    assert check(world.engine, world.rulebook, world.people, world.now).faults == ()
    world.now += timedelta(days=1)
    world.act("MX-1", RoundAct.NOTE, "rita", text="before the pass of the day")
    for _ in range(2):
        world.tick()
    overdue = [("consultation-overdue", "1 day after", "2026-03-18", who) for who in ("clara", "rita")]
    assert told(world) == [asked, *soon, *overdue]
    assert any("consultation 1" in say(entry.text, "en").lower() for entry in seen_by(world, "rita").timeline)
    assert not any("consult" in say(entry.text, "en").lower() for entry in seen_by(world, "elena").timeline)
    live(world, 6)
    again = [("consultation-overdue", "every 5 days #1", "2026-03-23", who) for who in ("clara", "rita")]
    assert told(world)[-2:] == again
    world.act("MX-1", RoundAct.GIVE, "clara", number=1, text="It is.")
    answered = [("consultation-given", "consultation-given", "2026-03-24", "rita")]
    live(world, 10)
    assert told(world) == [asked, *soon, *overdue, *again, *answered]
    assert check(world.engine, world.rulebook, world.people, world.now).faults == ()


ITALY = """
[offices.rome]
kind = "municipality"
label = { en = "Town hall", es = "Ayuntamiento" }
country = "IT"
time_zone = "Europe/Rome"
[offices.regions]
kind = "department"
label = { en = "Department", es = "Departamento" }
country = "IT"
time_zone = "Europe/Rome"
[offices.farnesina]
kind = "ministry"
label = { en = "Ministry", es = "Ministerio" }
country = "IT"
time_zone = "Europe/Rome"
[people.livia]
name = "Livia"
mail = "livia@city.example"
language = "en"
roles = [{ role = "liaison", office = "rome" }]
[people.dario]
name = "Dario"
mail = "dario@department.example"
language = "en"
roles = [{ role = "department", office = "regions" }]
"""
MINISTRY = """
[people.mara]
name = "Mara"
mail = "mara@ministry.example"
language = "en"
roles = [{ role = "ministry", office = "farnesina" }]
"""


def test_a_unit_sees_a_case_from_being_consulted_on_for_good_and_what_nobody_there_hears_waits_for_somebody(
    world: World, tmp_path: Path
) -> None:
    world.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    declared = tmp_path / "italy.toml"
    declared.write_text(ITALY, encoding="utf-8")
    world.declare(declared)
    parties = (Party("Rome", "IT", home=True), Party("Paris", "FR"))
    new = new_case("MX-1", "it/gemellaggio", "rome", "A", world.now.date(), parties)
    open_agreement(world.engine, world.rulebook, world.people, new, actor="livia", door=AT_PAGE, now=world.now)
    step(world, "notify", "livia", records={"draft": "no. 1", "council_resolution": "no. 2"})
    with pytest.raises(Refused) as refused:
        step(world, "assent", "dario")
    assert "0 of 0 units consulted have answered, 1 have to" in say(refused.value.reasons[0], "en")
    assert not is_seen_there(world)
    world.act("MX-1", RoundAct.CONSULT, "dario", role="ministry", text="Anything against it?")
    assert is_seen_there(world)
    live(world, 16)
    nobody, late = ("consultation-asked", "", "2026-03-02", ""), ("consultation-overdue", "1 day after", "2026-03-18")
    assert told(world) == [nobody, (*late, "dario")]
    assert check(world.engine, world.rulebook, world.people, world.now).faults == ()
    assert any("nobody is" in say(each.sentence, "en") for each in world.tick().sweep.problems)
    declared.write_text(ITALY + MINISTRY, encoding="utf-8")
    world.declare(declared)
    assert not world.tick().sweep.problems
    assert told(world) == [nobody, (*late, "dario"), (*late, "mara")]
    world.act("MX-1", RoundAct.GIVE, "mara", number=1, text="Nothing.")
    step(world, "assent", "dario")
    assert is_seen_there(world)


def is_seen_there(world: World) -> bool:
    """Whether the foreign ministry sees the case."""
    viewer = Viewer("somebody", Door.PAGE, frozenset({Held("ministry", "farnesina", "ministry", "IT")}))
    return list_references(world.engine, viewer=viewer) == ["MX-1"]

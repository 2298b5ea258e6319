"""All that somebody has open passes in one act: to whom, what of it is refused and why, who is told, and what is left behind."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from builders import AT_PAGE, DRAFT, new_case
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.entries import ChangeKind, Correction
from twinflow.domain.calendar.dates import Length, Unit
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.deadlines.acknowledgements import Acknowledge, acknowledgements_of
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.duties import Act, Asked
from twinflow.domain.people.people import Assignment, Delegation, People, Person
from twinflow.domain.people.viewer import OPERATOR, Door, viewer_of
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.round_acts import RoundAct
from twinflow.errors import Refused
from twinflow.language import say
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.correcting import confirm_correction, correct_entry, refuse_correction
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.alerts.open_incidents import open_incidents
from twinflow.services.deadlines import acknowledging
from twinflow.services.deadlines.changing import change_deadline
from twinflow.services.mail.letters import letters
from twinflow.services.mail.outbox import claim_batch
from twinflow.services.people.changing import change_people
from twinflow.services.people.handing_over import HandOver, InHand, answer, hand_over
from twinflow.services.people.queues import act
from twinflow.services.reading.agreements import show_agreement
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
NORAS = [
    "MX-1/acknowledgement/opinion/1",
    "MX-1/change/opinion/1/1",
    "MX-1/consultation/1",
    "MX-1/correction/8",
    "MX-1/duty/reviewer",
]
ROLES = {
    "nora": ("reviewer", "sre"),
    "raul": ("reviewer", "sre"),
    "saul": ("supervisor", "sre"),
    "clara": ("counsel", "sre"),
    "hugo": ("liaison", "chihuahua"),
}


def add(people: People) -> People:
    new = {
        key: Person(key, key.title(), f"{key}@desk.example", "en", (Assignment(*role),)) for key, role in ROLES.items()
    }
    return replace(people, people={**people.people, **new})


def change(world: World, people: Iterable[Person]) -> None:
    """These people as they are to be."""
    new = {each.key: each for each in people}
    change_people(
        world.engine,
        world.rulebook,
        lambda there: replace(there, people={**there.people, **new}),
        by="test",
        reason="",
        now=world.now,
    )
    world.runtime.refresh()


@pytest.fixture
def busy(world: World) -> World:
    """Nora has one of everything open in a case whose round Elena has opened."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    change_people(world.engine, world.rulebook, add, by="test", reason="", now=world.now)
    world.runtime.refresh()
    new = new_case("MX-1", "mx/twinning", "chihuahua", "x", world.now.date(), PARTIES, state="drafting")
    around = (world.engine, world.rulebook, world.people)
    open_agreement(*around, new, actor="elena", door=AT_PAGE, now=world.now)
    for step, records in (("complete_draft", DRAFT), ("request_opinion", {})):
        command = StepCommand(step, world.now.date(), records=records)
        advance_agreement(*around, "MX-1", command, person="elena", door=AT_PAGE, now=world.now)
    world.tick()
    world.now += timedelta(days=1)
    act(*around, "MX-1", Asked(Act.CLAIM), person="nora", door=AT_PAGE, now=world.now)
    opinion = DeadlineId("MX-1", "opinion", 1)
    acknowledging.say(*around, opinion, Acknowledge(), person="nora", door=AT_PAGE, now=world.now)
    world.act("MX-1", RoundAct.CONSULT, "nora", role="counsel", text="Is article V in order?")
    more = ChangeCommand(
        kind=ChangeKind.EXTEND,
        on=world.now.date(),
        length=Length(5, Unit.BUSINESS_DAYS),
        reason="many papers",
        paper="OF-7",
    )
    change_deadline(*around, opinion, more, person="nora", door=AT_PAGE, now=world.now)
    wrong = CorrectionCommand(entry=6, correction=Correction.WITHDRAW, reason="typed wrongly", never_happened=True)
    correct_entry(*around, "MX-1", wrong, person="nora", door=AT_PAGE, now=world.now)
    return world


def hands(world: World, giver: str, to: str, by: str) -> HandOver:
    around = (world.engine, world.rulebook, world.people)
    return hand_over(*around, giver, to, person=by, reason="she leaves", door=AT_PAGE, now=world.now)


def answers(world: World, person: str, act: Act = Act.ACCEPT, things: tuple[str, ...] = ()) -> list[str]:
    around = (world.engine, world.rulebook, world.people)
    done = answer(*around, things, act, person=person, reason="too much", door=AT_PAGE, now=world.now)
    return ids(done)


def ids(things: Iterable[InHand]) -> list[str]:
    return sorted(each.id for each in things)


def why_not(world: World, giver: str, to: str, by: str) -> list[str]:
    with pytest.raises(Refused) as refused:
        hands(world, giver, to, by)
    return [say(each, "en") for each in refused.value.reasons]


def told(world: World, person: str) -> list[str]:
    """What the mail of somebody says now of what has changed hands."""
    world.now += timedelta(days=1)
    batch = claim_batch(world.engine, world.rulebook, world.people, world.now, 100)
    said = letters(world.engine, world.rulebook, world.people, batch, world.now).letters
    mine = [said[each.id] for each in batch if each.recipient == person]
    items = [item for each in mine if each is not None and not isinstance(each, Exception) for item in each.items]
    return [
        f"{item.notice}: {len(item.values['things'])} by {item.values['actor']}"
        for item in items
        if "things" in item.values
    ]


def test_everything_passes_in_one_act_and_is_accepted_item_by_item_by_who_holds_the_role(busy: World) -> None:
    assert len(why_not(busy, "nora", "clara", "nora")) == len(NORAS)
    assert len(why_not(busy, "nora", "rita", "raul")) == len(NORAS)
    assert ids(hands(busy, "nora", "rita", "nora").things) == NORAS
    with pytest.raises(Refused):
        answers(busy, "raul")
    assert answers(busy, "rita", things=(NORAS[2],)) == [NORAS[2]]
    with pytest.raises(Refused):
        answers(busy, "rita", things=(NORAS[2],))
    assert answers(busy, "rita", Act.DECLINE, things=(NORAS[1],)) == [NORAS[1]]
    assert answers(busy, "rita") == [NORAS[0], NORAS[3], NORAS[4]]
    assert ids(hands(busy, "rita", "raul", "saul").things) == [NORAS[0], *NORAS[2:]]
    assert ids(hands(busy, "nora", "raul", "saul").things) == [NORAS[1]], "what was declined stays"
    with UnitOfWork(busy.engine, reading=True) as work:
        history = work.agreements.get("MX-1").history
    by = acknowledgements_of(history, ("opinion", 1)).acknowledged
    assert by is not None
    assert by.by == "rita"


def test_who_takes_on_what_waits_for_a_second_person_takes_it_back_and_cannot_confirm_it(busy: World) -> None:
    hands(busy, "nora", "rita", "nora")
    answers(busy, "rita")
    change(busy, [replace(busy.people.people["rita"], assignments=(Assignment("reviewer", "sre"),))])
    around = (busy.engine, busy.rulebook, busy.people)
    with pytest.raises(Refused) as refused:
        confirm_correction(*around, "MX-1", 8, person="rita", door=AT_PAGE, now=busy.now)
    assert "rita has taken the correction on" in " ".join(say(each, "en") for each in refused.value.reasons)
    done = refuse_correction(*around, "MX-1", 8, "no need", person="rita", door=AT_PAGE, now=busy.now)
    assert done.taken_back


def test_the_round_of_an_office_passes_and_who_takes_it_on_has_a_hand_in_it(busy: World) -> None:
    assert "hugo is not" in " ".join(why_not(busy, "sre", "hugo", "saul"))
    with pytest.raises(Refused):
        hands(busy, "chihuahua", "rita", "saul")
    assert ids(hands(busy, "chihuahua", "hugo", "sergio").things) == ["MX-1/round/opinion/1"]
    assert answers(busy, "hugo") == ["MX-1/round/opinion/1"]
    assert ids(hands(busy, "sre", "raul", "saul").things) == NORAS


def test_the_successor_the_deputy_and_who_handed_over_hear_of_it_and_of_the_answer(busy: World) -> None:
    hands(busy, "nora", "rita", "saul")
    assert told(busy, "rita") == ["handed-over: 5 by Saul"]
    assert told(busy, "nora") == ["in-other-hands: 5 by Saul"]
    answers(busy, "rita", things=(NORAS[4],))
    busy.now += timedelta(minutes=1)
    answers(busy, "rita", Act.DECLINE)
    assert told(busy, "saul") == ["in-other-hands: 1 by Rita Reviewer", "in-other-hands: 4 by Rita Reviewer"]


def test_what_is_assigned_or_taken_over_is_told_to_whose_it_was_and_is(busy: World) -> None:
    around = (busy.engine, busy.rulebook, busy.people)
    act(*around, "MX-1", Asked(Act.ASSIGN, "she is ill", "raul"), person="saul", door=AT_PAGE, now=busy.now)
    assert [told(busy, each) for each in ("nora", "raul", "saul")] == [["in-other-hands: 1 by Saul"]] * 2 + [[]]
    act(*around, "MX-1", Asked(Act.TAKE_OVER, "now"), person="rita", door=AT_PAGE, now=busy.now)
    assert "in-other-hands: 1 by Rita Reviewer" in told(busy, "raul")


def test_who_is_disabled_and_holds_something_is_one_incident_a_case_until_it_is_handed_over(busy: World) -> None:
    change(busy, [replace(busy.people.people["nora"], disabled=True)])

    def left() -> list[str]:
        busy.tick()
        return [
            str(each.sentence)
            for each in open_incidents(busy.engine, viewer=OPERATOR).kept
            if "disabled" in str(each.sentence)
        ]

    assert left() == ["MX-1: nora is disabled and still has it in hand; hand it over."]
    assert "nora is disabled" in why_not(busy, "rita", "nora", "saul")[0]
    hands(busy, "nora", "rita", "saul")
    assert left() == []
    change(busy, [replace(busy.people.people["rita"], disabled=True)])
    assert left() == ["MX-1: rita is disabled and still has it in hand; hand it over."]
    change(busy, [replace(busy.people.people["rita"], disabled=False)])
    answers(busy, "rita")
    assert left() == []


def test_delegations_given_end_but_to_the_successor_and_others_are_listed(busy: World) -> None:
    first, last = busy.now.date(), date(2026, 12, 31)
    given = [Delegation(to, first, last, "a journey") for to in ("clara", "rita")]
    change(busy, [replace(busy.people.people["nora"], delegations=tuple(given))])
    change(busy, [replace(busy.people.people["raul"], delegations=(Delegation("nora", first, last, "a journey"),))])
    by_supervisor = hands(busy, "nora", "rita", "saul")
    assert [(each.giver, each.delegation.to) for each in by_supervisor.left] == [
        ("nora", "clara"),
        ("nora", "rita"),
        ("raul", "nora"),
    ]
    done = hands(busy, "nora", "rita", "nora")
    assert [each.delegation.to for each in done.ended] == ["clara"]
    busy.runtime.refresh()
    assert [each.to_day for each in busy.people.people["nora"].delegations] == [first, last]
    assert why_not(busy, "nora", "nora", "nora") == ["nobody hands over to oneself; name another person."]
    assert why_not(busy, "clara", "rita", "clara") == ["There is nothing to hand over or to accept."]


def test_what_waits_for_the_role_is_listed_and_the_city_reads_nothing_of_consultations(busy: World) -> None:
    world = busy
    act(
        world.engine,
        world.rulebook,
        world.people,
        "MX-1",
        Asked(Act.ASSIGN, "", "raul"),
        person="saul",
        door=AT_PAGE,
        now=world.now,
    )
    assert ids(hands(world, "raul", "rita", "raul").waits) == ["MX-1/correction/8"], "which nora has asked for"
    hands(world, "nora", "rita", "nora")
    shown = [
        say(entry.text, "en")
        for person in ("elena", "rita")
        for entry in show_agreement(
            world.engine,
            world.rulebook,
            world.people,
            "MX-1",
            world.now,
            viewer=viewer_of(world.people, person, world.now, Door.PAGE),
        ).timeline
        if "Consultation 1: handed over" in say(entry.text, "en")
    ]
    assert len(shown) == 1, "of the ministry alone"

"""Who has in hand what waits: of many who claim, or decide, at the same time one is first, and the others are told who."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from builders import AT_PAGE, DRAFT, new_case
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.entries import DutyTaken
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.deadlines.acknowledgements import Acknowledge
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.mail.letter import Letter
from twinflow.domain.people.duties import Act, Asked
from twinflow.domain.people.people import Assignment, Delegation, People, Person
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import Refused
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.alerts.open_incidents import open_incidents
from twinflow.services.alerts.telling import tell_all_moved
from twinflow.services.deadlines.acknowledging import say
from twinflow.services.mail import calendar_feeds
from twinflow.services.mail.letters import letters
from twinflow.services.mail.outbox import claim_batch
from twinflow.services.people import queues
from twinflow.services.people.changing import change_people
from twinflow.services.people.handing_over import InHand, answer, hand_over
from twinflow.services.people.queues import Queue, act, queue_of
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
OPINION = "issue_favourable_opinion"


def add(people: People) -> People:
    """Two more reviewers, and their supervisor."""
    roles = {"nora": "reviewer", "raul": "reviewer", "saul": "supervisor"}
    new = {key: Person(key, key, f"{key}@sre.example", "es", (Assignment(role, "sre"),)) for key, role in roles.items()}
    return replace(people, people={**people.people, **new})


@pytest.fixture
def asked(world: World) -> World:
    """A case whose opinion was asked for on 2 March 2026, and three who may give it."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    change_people(world.engine, world.rulebook, add, by="test", reason="", now=world.now)
    world.runtime.refresh()
    today = world.now.date()
    new = new_case("MX-1", "mx/twinning", "chihuahua", "x", today, PARTIES, state="drafting")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    take(world, "complete_draft", "elena", DRAFT)
    take(world, "request_opinion", "elena")
    return world


def take(world: World, step: str, person: str, records: dict[str, str] | None = None, reference: str = "MX-1") -> None:
    command = StepCommand(step, world.now.date(), records=records or {})
    advance_agreement(
        world.engine, world.rulebook, world.people, reference, command, person=person, door=AT_PAGE, now=world.now
    )


def does(world: World, person: str, what: Act, reason: str = "", to: str = "", until: date | None = None) -> str:
    """Who has it then, or why not."""
    try:
        done = act(
            world.engine,
            world.rulebook,
            world.people,
            "MX-1",
            Asked(what, reason, to, until),
            person=person,
            door=AT_PAGE,
            now=world.now,
        )
    except Refused as refused:
        return " ".join(map(str, refused.reasons))
    return done.person


def queue(world: World, person: str) -> Queue:
    return queue_of(world.engine, world.rulebook, world.people, person, world.now)


def test_of_two_hundred_who_claim_at_once_one_has_it_and_the_others_are_told_who(asked: World) -> None:
    who = [("rita", "nora", "raul")[n % 3] for n in range(200)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda person: does(asked, person, Act.CLAIM), who))
    (waiting,) = queue(asked, "rita").waiting
    winner = waiting.person
    assert winner in set(who)
    said = f"{winner} has it in hand since 2026-03-02."
    assert sorted(answers) == sorted([winner, *[said] * 199])
    with UnitOfWork(asked.engine, reading=True) as work:
        history = work.agreements.get("MX-1").history
    assert [said.person for entry in history if (said := DutyTaken.read(entry))] == [winner]


def test_of_two_hundred_decisions_at_once_one_counts_and_the_others_are_told_whose(asked: World) -> None:
    who = [("rita", "nora", "raul")[n % 3] for n in range(200)]

    def decides(person: str) -> str:
        try:
            take(asked, OPINION, person, {"opinion_number": person})
        except Refused as refused:
            return " ".join(map(str, refused.reasons))
        return person

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(decides, who))
    with UnitOfWork(asked.engine, reading=True) as work:
        decided = work.agreements.get("MX-1")
    (winner,) = (entry.actor for entry in decided.history if entry.step == OPINION)
    assert decided.state == "opinion_favourable"
    assert decided.fact("opinion_number") == winner
    others = [each for each in answers if each != winner]
    assert len(others) == 199
    assert all(f"“Opinion favourable, to be signed”, by {winner}, 2026-03-02" in each for each in others)


def test_what_somebody_has_in_hand_another_takes_over_first_and_the_history_says_so(asked: World) -> None:
    assert does(asked, "elena", Act.CLAIM).startswith("elena is not")
    assert does(asked, "nora", Act.CLAIM) == "nora"
    with pytest.raises(Refused) as refused:
        take(asked, OPINION, "rita", {"opinion_number": "1"})
    assert "nora has it in hand since 2026-03-02; take it over first" in str(refused.value.reasons[0])
    assert does(asked, "rita", Act.RELEASE) == "rita does not have it in hand."
    assert does(asked, "rita", Act.TAKE_OVER) == "Give the reason."
    assert does(asked, "rita", Act.TAKE_OVER, "nora is ill") == "rita"
    take(asked, OPINION, "rita", {"opinion_number": "1"})
    assert [queue(asked, person).waiting for person in ("rita", "nora")] == [(), ()]
    assert does(asked, "elena", Act.CLAIM) == "elena"  # another state waits for another role


def test_a_supervisor_of_the_office_assigns_to_who_holds_the_role_and_takes_it_from_anybody(asked: World) -> None:
    assert does(asked, "sergio", Act.ASSIGN, to="rita").startswith("sergio is no supervisor")
    assert does(asked, "rita", Act.ASSIGN, to="rita").startswith("rita is no supervisor")
    assert does(asked, "saul", Act.ASSIGN, to="elena").startswith("elena is not")
    assert [does(asked, "saul", Act.ASSIGN, to=each) for each in ("rita", "nora")] == ["rita", "nora"]
    assert does(asked, "saul", Act.RELEASE) == ""
    assert [each.person for each in queue(asked, "raul").waiting] == [""]


def test_each_act_keeps_by_which_door_in_which_role_and_for_whom(asked: World) -> None:
    given = Delegation("raul", date(2026, 3, 1), date(2026, 3, 31), "a journey")

    def delegate(people: People) -> People:
        saul = replace(people.people["saul"], delegations=(given,))
        return replace(people, people={**people.people, "saul": saul})

    change_people(asked.engine, asked.rulebook, delegate, by="test", reason="", now=asked.now)
    asked.runtime.refresh()
    assert does(asked, "nora", Act.CLAIM) == "nora"
    assert does(asked, "raul", Act.ASSIGN, to="rita") == "rita"
    assert does(asked, "saul", Act.RELEASE) == ""
    assert does(asked, "raul", Act.CLAIM) == "raul"
    with UnitOfWork(asked.engine, reading=True) as work:
        history = work.agreements.get("MX-1").history
    ways = [entry.way for entry in history if entry.kind is EntryKind.DUTY]
    assert [(way.role, way.acts_for) for way in ways if way is not None] == [
        ("reviewer", ""),
        ("supervisor", "saul"),
        ("supervisor", ""),
        ("reviewer", ""),
    ]
    assert {way.door for way in ways if way is not None} == {AT_PAGE.door}


def test_what_is_put_aside_is_counted_and_comes_back_by_itself_on_its_day(asked: World) -> None:
    until = date(2026, 3, 10)
    assert does(asked, "rita", Act.PUT_ASIDE, "a paper is to come", until=asked.now.date()).endswith("not after today.")
    assert does(asked, "rita", Act.PUT_ASIDE, "a paper is to come", until=until) == "rita"
    assert queue(asked, "nora") == Queue((), 1, more=False)
    assert does(asked, "nora", Act.TAKE_BACK) == "nora does not have it in hand."
    asked.now += timedelta(days=7)
    assert queue(asked, "nora") == Queue((), 1, more=False)
    asked.now += timedelta(days=1)
    (back,) = queue(asked, "nora").waiting
    assert (back.person, queue(asked, "nora").aside) == ("rita", 0)
    assert does(asked, "rita", Act.PUT_ASIDE, "again", until=date(2026, 3, 20)) == "rita"
    assert does(asked, "rita", Act.TAKE_BACK) == "rita"
    assert len(queue(asked, "nora").waiting) == 1


def test_who_has_it_in_hand_alone_is_told_of_its_dates_and_others_again_once_it_is_given_back(asked: World) -> None:
    asked.tick()
    assert does(asked, "nora", Act.CLAIM) == "nora"
    asked.now = datetime(2026, 3, 17, 18, tzinfo=UTC)
    asked.tick()
    told = {each for each in set(told_of_dates(asked)) if each in {"rita", "nora", "raul"}}
    assert told == {"nora"}
    assert does(asked, "nora", Act.RELEASE) == ""
    asked.now = datetime(2026, 3, 24, 18, tzinfo=UTC)
    asked.tick()
    assert {"rita", "nora", "raul"} <= set(told_of_dates(asked))


REVIEWERS = {"rita", "nora", "raul"}
FOLLOWING: list[tuple[date, list[tuple[str, ...]], set[str]]] = [
    (date(2026, 3, 17), [], REVIEWERS),
    (date(2026, 3, 24), [("nora", "claim")], {"nora"}),
    (date(2026, 3, 25), [("saul", "assign", "raul")], {"raul"}),
    (date(2026, 4, 10), [("rita", "take-over")], {"rita"}),
    (date(2026, 4, 24), [("rita", "release")], REVIEWERS),
    (date(2026, 5, 12), [("nora", "claim"), ("nora", "hand-over", "raul")], REVIEWERS),
    (date(2026, 5, 26), [("raul", "accept")], {"raul"}),
]
"""A day on which a level is told, what is done about the duty before, and who hears of its date from then on."""


def test_alerts_digest_feed_and_acknowledgement_follow_whoever_has_it_in_hand(asked: World) -> None:
    for day, acts, told in FOLLOWING:
        for who, what, *to in acts:
            assert does(asked, who, Act(what), "why", *to) in {*REVIEWERS, ""}, (who, what)
        assert {each for each in REVIEWERS if has_in_feed(asked, each)} == told, day
        asked.now = datetime.combine(day, time(18), UTC)
        before = len(told_of_dates(asked))
        asked.worker.sweep()
        assert set(told_of_dates(asked)[before:]) & REVIEWERS == told, day
        assert digests(asked) & REVIEWERS == told, day
    with pytest.raises(Refused) as refused:
        acknowledges(asked, "rita")
    assert "raul has it in hand since 2026-05-13" in str(refused.value.reasons[0])
    acknowledges(asked, "raul")


def test_a_digest_that_has_not_left_goes_by_who_has_it_in_hand_then(asked: World) -> None:
    asked.now = datetime(2026, 3, 17, 18, tzinfo=UTC)
    asked.worker.sweep()
    assert set(told_of_dates(asked)) >= REVIEWERS
    assert does(asked, "nora", Act.CLAIM) == "nora"
    assert digests(asked) & REVIEWERS == {"nora"}
    assert does(asked, "nora", Act.RELEASE) == ""
    asked.worker.sweep()
    assert digests(asked) >= {"rita", "raul"}, "it was not told to them, and now it is"


def test_a_date_that_a_calendar_moves_is_told_to_who_has_it_in_hand(asked: World) -> None:
    assert does(asked, "nora", Act.CLAIM) == "nora"
    new = new_case("MX-2", "mx/twinning", "chihuahua", "y", asked.now.date(), PARTIES, state="drafting")
    open_agreement(asked.engine, asked.rulebook, asked.people, new, actor="elena", door=AT_PAGE, now=asked.now)
    take(asked, "complete_draft", "elena", DRAFT, "MX-2")
    take(asked, "request_opinion", "elena", None, "MX-2")
    with UnitOfWork(asked.engine) as work:
        ids = [work.agreements.id_of(each) for each in ("MX-1", "MX-2")]
        batch = work.calendar_recount.batch("mx-ministry", "new", 0, 1000)
        rows = [row for row in batch.deadlines if row.rule == "opinion"] if batch is not None else []
        assert [row.agreement_id for row in rows] == ids
        tell_all_moved(work, asked.rulebook, asked.people, rows, "mx-ministry@new", asked.now)
        work.commit()
    with asked.engine.connect() as connection:
        query = "SELECT agreement_id, recipient FROM alert WHERE notice = 'deadline-moved'"
        told = {(row[0], row[1]) for row in connection.exec_driver_sql(query) if row[1] in REVIEWERS}
    assert told == {(ids[0], "nora"), *((ids[1], each) for each in REVIEWERS)}


def has_in_feed(world: World, person: str) -> bool:
    who = world.people.person(person)
    return bool(calendar_feeds.dates_of(world.engine, world.rulebook, world.people, who, world.now))


def acknowledges(world: World, person: str) -> None:
    wanted = DeadlineId("MX-1", "opinion", 1)
    say(world.engine, world.rulebook, world.people, wanted, Acknowledge(), person=person, door=AT_PAGE, now=world.now)


def test_what_is_handed_over_is_the_successors_once_accepted_and_all_are_told_until_then(asked: World) -> None:
    asked.tick()
    assert does(asked, "nora", Act.CLAIM) == "nora"
    for giver, to, by, why in (
        ("nora", "elena", "nora", "elena is not"),
        ("nora", "rita", "raul", "raul is no supervisor"),
        ("raul", "rita", "raul", "There is nothing to hand over"),
    ):
        with pytest.raises(Refused) as refused:
            hands(asked, giver, to, by)
        assert why in " ".join(map(str, refused.value.reasons))
    assert [each.reference for each in hands(asked, "nora", "rita", "saul")] == ["MX-1"]
    asked.now = datetime(2026, 3, 17, 18, tzinfo=UTC)
    asked.tick()
    assert {"rita", "nora", "raul"} <= set(told_of_dates(asked))
    assert does(asked, "raul", Act.ACCEPT) == "It is handed over to rita."
    with pytest.raises(Refused):
        accepts(asked, ["MX-2"])
    assert len(accepts(asked, [])) == 1
    assert [each.person for each in queue(asked, "nora").waiting] == ["rita"]


def test_all_that_an_office_has_in_hand_is_handed_over_in_one_act(asked: World) -> None:
    assert does(asked, "nora", Act.CLAIM) == "nora"
    with pytest.raises(Refused):
        hands(asked, "chihuahua", "rita", "saul")
    assert [(each.reference, each.person) for each in hands(asked, "sre", "rita", "saul")] == [("MX-1", "nora")]
    assert len(accepts(asked, ["MX-1"])) == 1
    with pytest.raises(Refused):
        hands(asked, "sre", "rita", "saul")  # what the successor has is theirs


def test_what_somebody_disabled_still_has_in_hand_is_an_incident_until_it_is_handed_over(asked: World) -> None:
    assert does(asked, "nora", Act.CLAIM) == "nora"
    asked.tick()
    change_people(asked.engine, asked.rulebook, without_nora, by="test", reason="", now=asked.now)
    asked.runtime.refresh()
    asked.tick()
    said = "MX-1: nora is disabled and still has it in hand; hand it over."
    assert said in {str(each.sentence) for each in open_incidents(asked.engine, viewer=OPERATOR).kept}
    hands(asked, "nora", "rita", "saul")
    accepts(asked, ["MX-1"])
    asked.tick()
    assert said not in {str(each.sentence) for each in open_incidents(asked.engine, viewer=OPERATOR).kept}


def without_nora(people: People) -> People:
    return replace(people, people={**people.people, "nora": replace(people.people["nora"], disabled=True)})


def hands(world: World, giver: str, to: str, by: str) -> list[InHand]:
    done = hand_over(
        world.engine,
        world.rulebook,
        world.people,
        giver,
        to,
        person=by,
        reason="she leaves",
        door=AT_PAGE,
        now=world.now,
    )
    return list(done.things)


def accepts(world: World, things: list[str], person: str = "rita", act: Act = Act.ACCEPT) -> list[InHand]:
    around = (world.engine, world.rulebook, world.people)
    return answer(*around, things, act, person=person, reason="why", door=AT_PAGE, now=world.now)


def digests(world: World) -> set[str]:
    """Who gets mail now that says anything of a date."""
    world.now += timedelta(days=1)
    batch = claim_batch(world.engine, world.rulebook, world.people, world.now, 100)
    said = letters(world.engine, world.rulebook, world.people, batch, world.now).letters
    wanted = {"deadline-soon", "deadline-overdue"}
    return {
        each.recipient
        for each in batch
        if isinstance(letter := said[each.id], Letter) and any(item.notice in wanted for item in letter.items)
    }


def told_of_dates(world: World) -> list[str]:
    """Who was told of dates, oldest first."""
    with world.engine.connect() as connection:
        query = "SELECT recipient FROM alert WHERE notice IN ('deadline-soon', 'deadline-overdue') ORDER BY id"
        return list(connection.exec_driver_sql(query).scalars())


def test_what_waits_for_others_in_other_offices_hides_nothing_of_ones_own(
    asked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: the queue of a liaison officer and of a reviewer is asked for by role and office."""
    monkeypatch.setattr(queues, "AT_MOST", 1)
    for person, waiting in (("rita", ["MX-1"]), ("elena", [])):
        found = queue(asked, person)
        assert ([each.reference for each in found.waiting], found.more) == (waiting, False)
    today, parties = asked.now.date(), (Party("Chihuahua", "MX", home=True), Party("Lyon", "FR"))
    new = new_case("MX-2", "mx/twinning", "chihuahua", "y", today, parties, state="drafting")
    open_agreement(asked.engine, asked.rulebook, asked.people, new, actor="elena", door=AT_PAGE, now=asked.now)
    for person, waiting in (("rita", ["MX-1"]), ("elena", ["MX-2"]), ("lucia", [])):
        found = queue(asked, person)
        assert ([each.reference for each in found.waiting], found.more) == (waiting, False)

"""Four eyes at the doors where something is decided: nobody decides about their own work, whoever they are by then.

The rule alone walks every decision of every process (`test_hands`); here stands one case of each tie, in front of the pages'
services and of real commands, with all that is decided by a second person: steps, observations, changes of dates, corrections.
"""

import hashlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import text

from builders import AT_PAGE, DRAFT, new_case, rulebook
from command_line import twinflow
from signed_in import signed_in
from twinflow import clock
from twinflow.cli.machine import machine_user
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.entries import ChangeKind, Correction
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.calendar.dates import Length
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.changes import PeopleEntry, lines_between
from twinflow.domain.people.people import Assignment, Delegation, Person
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.process.definition import ANOTHER_PERSON
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.round_acts import RoundAct
from twinflow.errors import Refused
from twinflow.language import say
from twinflow.services.accounts import passwords
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.correcting import confirm_correction, correct_entry
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.deadlines.changing import change_deadline
from twinflow.services.mail import calendar_feeds
from twinflow.services.reading.agreements import show_agreement
from twinflow.services.reading.rounds import show_rounds
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.web.app import create_app
from world import EXAMPLES, World

MX = "mx/twinning"
FIRST, NEXT = datetime(2026, 3, 2, 18, tzinfo=UTC), datetime(2026, 3, 3, 18, tzinfo=UTC)
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
LIAISON, REVIEWER = Assignment("liaison", "chihuahua"), Assignment("reviewer", "sre")
SECOND_DAY = (Assignment("reviewer", "other", NEXT.date()), Assignment("supervisor", "chihuahua", NEXT.date()))
"""Who decides holds these from the day after, in a ministry where nobody of the case was before."""


class Tie(NamedTuple):
    """Who acted (`hand`), who would decide, and what makes them one: roles, delegations, mail addresses, by the key."""

    name: str
    hand: str
    decider: str
    people: dict[str, tuple[tuple[Assignment, ...], str, tuple[str, ...]]]


BOTH = (LIAISON, REVIEWER)
TIES = (
    Tie("role, office and day changed", "ana", "ana", {"ana": ((*BOTH, *SECOND_DAY), "ana", ())}),
    Tie("second key", "ana", "ana2", {"ana": (BOTH, "ana", ()), "ana2": (SECOND_DAY, "ana", ())}),
    Tie("delegate of the hand", "ana", "bea", {"ana": (BOTH, "ana", ("bea",)), "bea": (SECOND_DAY, "bea", ())}),
    Tie(
        "acted for the decider",
        "otto",
        "nora",
        {"nora": ((*BOTH, *SECOND_DAY), "nora", ("otto",)), "otto": ((), "otto", ())},
    ),
    Tie(
        "acted for the decider's other key",
        "otto",
        "nora2",
        {"nora": (BOTH, "nora", ("otto",)), "nora2": (SECOND_DAY, "nora", ()), "otto": ((), "otto", ())},
    ),
    Tie(
        "two delegates of one",
        "otto",
        "olga",
        {"nora": (BOTH, "nora", ("otto", "olga")), "olga": (SECOND_DAY, "olga", ()), "otto": ((), "otto", ())},
    ),
    Tie(
        "delegate of the hand's other key",
        "ana",
        "bea",
        {"ana": (BOTH, "ana", ()), "ana2": ((REVIEWER,), "ana", ("bea",)), "bea": (SECOND_DAY, "bea", ())},
    ),
)


def with_people(tie: Tie, number: int) -> Iterator[Person]:
    for key, (roles, mail, to) in tie.people.items():
        given = tuple(Delegation(f"{each}{number}x", date(2026, 3, 1), date(2026, 4, 1), "away") for each in to)
        yield Person(f"{key}{number}x", key, f"{mail}{number}@test.example", "en", roles, delegations=given)


@pytest.fixture
def world(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> World:
    """The people of each tie, in books that were not asked whether two of them have one address, as earlier ones were not."""
    monkeypatch.chdir(tmp_path)
    world = make_world()
    monkeypatch.setattr(clock, "now", lambda: world.now)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    world.now = FIRST
    ministry = replace(world.people.offices["sre"], key="other")
    added = {each.key: each for number, tie in enumerate(TIES) for each in with_people(tie, number)}
    before = world.people
    after = replace(before, offices={**before.offices, "other": ministry}, people={**before.people, **added})
    with UnitOfWork(world.engine) as work:
        work.people.write(before, after)
        work.people.add_entry(PeopleEntry(before.entries + 1, "root", "", lines_between(before, after)), world.now)
        work.commit()
    world.runtime.refresh()
    return world


def take(world: World, reference: str, step: str, person: str, **more: object) -> None:
    command = StepCommand(step, world.now.date(), **more)  # type: ignore[arg-type]
    advance_agreement(
        world.engine, world.rulebook, world.people, reference, command, person=person, door=AT_PAGE, now=world.now
    )


def change(world: World, reference: str, command: ChangeCommand, person: str) -> None:
    change_deadline(
        world.engine,
        world.rulebook,
        world.people,
        DeadlineId(reference, "opinion", 1),
        command,
        person=person,
        door=AT_PAGE,
        now=world.now,
    )


def worked_on(world: World, reference: str, hand: str) -> int:
    """A case in which a hand did all that somebody else has to decide about; the number of what it has corrected.

    The reviewer who has nothing to do with it has observed something in between.
    """
    new = new_case(reference, MX, "chihuahua", reference, world.now.date(), PARTIES, state="drafting")
    open_agreement(world.engine, world.rulebook, world.people, new, actor=hand, door=AT_PAGE, now=world.now)
    take(world, reference, "complete_draft", hand, records=DRAFT)
    take(world, reference, "request_opinion", hand)
    world.act(reference, RoundAct.OBSERVE, "rita", article="V", text="The evaluation is missing.")
    take(world, reference, "make_observations", "rita")
    world.act(reference, RoundAct.ANSWER, hand, number=1, text="Added.")
    take(world, reference, "answer_observations", hand)
    more = {"reason": "an expert is heard", "paper": "DEP-12/26", "length": Length.parse("5 business days")}
    change(world, reference, ChangeCommand(kind=ChangeKind.EXTEND, on=world.now.date(), **more), hand)  # type: ignore[arg-type]
    page = show_agreement(world.engine, world.rulebook, world.people, reference, world.now, viewer=OPERATOR)
    extended = max(line.number for line in page.timeline if line.kind == "change" and line.number is not None)
    wrong = CorrectionCommand(
        entry=extended, correction=Correction.REPLACE, reason="a slip", asked={"paper": "DEP-13/26"}
    )
    return correct_entry(
        world.engine, world.rulebook, world.people, reference, wrong, person=hand, door=AT_PAGE, now=world.now
    ).number


DECISIONS = [
    step.key
    for step in rulebook().catalogue.versions(MX)[-1].steps.values()
    if "opinion_requested" in step.sources and any(each.name == ANOTHER_PERSON for each in step.requires)
]
RECORDS = {"opinion_number": "DEP-1/26", "reviewed_draft": "DEP-1/26, annex"}


def at_pages(world: World, reference: str, corrected: int, person: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Everything that a second person decides there, as a page has it decided."""
    for step in DECISIONS:
        records = {name: RECORDS[name] for name in rulebook().catalogue.versions(MX)[-1].steps[step].records}
        yield step, partial(take, world, reference, step, person, records=records, reason="as it stands")
    yield "rounds close", partial(world.act, reference, RoundAct.CLOSE, person, number=1)
    confirm = ChangeCommand(kind=ChangeKind.CONFIRM, on=world.now.date())
    yield "deadlines confirm", partial(change, world, reference, confirm, person)
    here = (world.engine, world.rulebook, world.people, reference, corrected)
    yield "confirm-correction", partial(confirm_correction, *here, person=person, door=AT_PAGE, now=world.now)


def commands(reference: str, corrected: int) -> Iterator[tuple[str, ...]]:
    """The same as commands."""
    for step in DECISIONS:
        sets = (f"--set={name}={RECORDS[name]}" for name in rulebook().catalogue.versions(MX)[-1].steps[step].records)
        yield ("agreements", "advance", reference, step, *sets, "--reason", "as it stands")
    yield ("rounds", "close", reference, "1")
    yield ("deadlines", "confirm", f"{reference}/opinion/1")
    yield ("agreements", "confirm-correction", reference, str(corrected))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_decides_about_their_own_work_by_any_door(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cells, approved = 0, []
    cases = [
        (f"T-{number}", worked_on(world, f"T-{number}", f"{tie.hand}{number}x")) for number, tie in enumerate(TIES)
    ]
    world.now = NEXT
    for number, (tie, (reference, corrected)) in enumerate(zip(TIES, cases, strict=True)):
        person = f"{tie.decider}{number}x"
        for name, decide in at_pages(world, reference, corrected, person):
            cells += 1
            with pytest.raises(Refused) as refused:
                decide()
            if not any("another person has to" in str(each) for each in refused.value.reasons):
                approved.append((tie.name, name, refused.value.reasons))
        for command in commands(reference, corrected):
            cells += 1
            ran = twinflow(monkeypatch, capsys, *command, "--as", person)
            if ran.code != 1 or "another person has to" not in ran.err:
                approved.append((tie.name, command, ran))
    with capsys.disabled():
        sys.stdout.write(f"\nfour eyes at the doors: {cells} cells, {len(approved)} self-approvals\n")
    assert approved == []
    reference, _ = cases[0]
    assert twinflow(monkeypatch, capsys, "rounds", "close", reference, "1", "--as", "rita").code == 0
    assert twinflow(monkeypatch, capsys, "deadlines", "confirm", f"{reference}/opinion/1", "--as", "sergio").code == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_user_of_the_machine_is_one_person_at_the_shell_whoever_they_say_they_are(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*command: str) -> None:
        assert (ran := twinflow(monkeypatch, capsys, *command)).code == 0, ran

    elena, ana = ("--as", "elena"), ("--as", "ana0x")
    parties = ("--party", "Chihuahua/MX", "--party", "Albuquerque/US")
    run("agreements", "open", "S-1", "--process", MX, "--office", "chihuahua", *parties, "--state", "drafting", *elena)
    run("agreements", "advance", "S-1", "complete_draft", "--set", "draft_text=no. 1", *elena)
    run("agreements", "advance", "S-1", "request_opinion", *elena)
    world.act("S-1", RoundAct.OBSERVE, "rita", article="V", text="The evaluation is missing.")
    take(world, "S-1", "make_observations", "rita")
    run("rounds", "answer", "S-1", "1", "--text", "Added.", *elena)
    run("agreements", "advance", "S-1", "answer_observations", *elena)
    run("deadlines", "extend", "S-1/opinion/1", "5 business days", "--reason", "heard", "--paper", "no. 2", *ana)
    changed = show_agreement(world.engine, world.rulebook, world.people, "S-1", world.now, viewer=OPERATOR).timeline
    extended = max(line.number for line in changed if line.kind == "change" and line.number is not None)
    run("agreements", "correct", "S-1", str(extended), "--set", "paper=no. 3", "--reason", "a slip", *ana)
    world.now = NEXT
    ran = [
        twinflow(monkeypatch, capsys, *command, "--as", who)
        for who, command in product(("rita", "sergio"), commands("S-1", extended + 1))
    ]
    said = [each for each in ran if "both came by the shell of" in each.err]
    assert {each.code for each in ran} == {1}
    assert len(said) == len(ran)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_that_is_only_looked_at_and_no_link_of_a_mail_decides_anything(world: World) -> None:
    """Whoever could decide opens every address, and uses every link that is good without signing in, as far as it goes."""
    worked_on(world, "T-0", "ana0x")
    world.now = NEXT
    runtime = world.runtime
    tokens = [calendar_feeds.create(world.engine, world.people, "rita", world.now).token, "unsubscribes"]
    tokens.append(passwords.invite(world.engine, world.people, "clara", world.now, by_mail=False))
    digest = hashlib.sha256(b"unsubscribes").hexdigest()
    with world.engine.begin() as connection:
        first = "UPDATE outbox SET unsubscribe_hash = :digest WHERE id = (SELECT min(id) FROM outbox)"
        assert connection.execute(text(first), {"digest": digest}).rowcount == 1
    app = create_app(runtime, lambda: world.now)
    browser = signed_in(
        TestClient(app, base_url="http://127.0.0.1", follow_redirects=False), runtime, world.now, "rita"
    )
    routers = [app.router, *(route.original_router for route in app.routes if hasattr(route, "original_router"))]
    routes = [each for router in routers for each in router.routes if isinstance(each, APIRoute)]
    before = as_written(world, "T-0")
    for route in routes:
        by_link = "{token}" in route.path
        for method, token in product(
            route.methods if by_link else route.methods & {"GET"}, tokens if by_link else [""]
        ):
            named = {
                "reference": "T-0",
                "rule": "opinion",
                "occurrence": "1",
                "key": "k",
                "number": "1",
                "token": token,
            }
            browser.request(
                method, re.sub(r"\{(\w+)(?::\w+)?\}", lambda found, named=named: named[found[1]], route.path)
            )
    assert sum("{token}" in route.path for route in routes) > 3
    assert as_written(world, "T-0") == before


def as_written(world: World, reference: str) -> list[HistoryEntry]:
    with UnitOfWork(world.engine, reading=True) as work:
        return work.history.as_written(work.agreements.id_of(reference))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_changed_about_people_meanwhile_is_shown_with_the_decision(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A role that was given, one that its holder was to get by then, and a delegation that was taken back."""
    people = ("people", "assign", "david", "reviewer", "sre", "--from", "2026-03-01")
    assert twinflow(monkeypatch, capsys, *people).code == 0  # before anything was submitted: nothing to be shown
    away = ("people", "delegate", "elena", "clara", "--from", "2026-03-01", "--to", "2026-03-31", "--reason", "away")
    assert twinflow(monkeypatch, capsys, *away).code == 0
    planned = ("people", "assign", "sergio", "reviewer", "sre", "--from", "2026-03-03")
    assert twinflow(monkeypatch, capsys, *planned).code == 0
    world.runtime.refresh()
    world.now += timedelta(minutes=1)
    for number in range(4):
        case = f"P-{number}"
        new = new_case(case, MX, "chihuahua", case, world.now.date(), PARTIES, state="drafting")
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
        take(world, case, "complete_draft", "elena", records=DRAFT)
        take(world, case, "request_opinion", "elena")
    world.now = NEXT
    for command in (
        ("people", "assign", "carmen", "reviewer", "sre"),
        ("people", "end-delegation", "elena", "clara", "--last-day", "2026-03-02"),
        ("people", "assign", "clara", "reviewer", "sre"),
    ):
        assert twinflow(monkeypatch, capsys, *command).code == 0
    world.runtime.refresh()
    world.now += timedelta(minutes=1)
    user = machine_user()
    given = "role reviewer of the ministry given to {} on Tuesday, 3 March 2026 by " + user
    expected = {
        "david": [],
        "carmen": [given.format("carmen")],
        "sergio": [given.format("sergio").replace("Tuesday, 3", "Monday, 2")],
        "clara": [f"delegation of elena to clara ended on Tuesday, 3 March 2026 by {user}", given.format("clara")],
    }
    for number, (who, said) in enumerate(expected.items()):
        case = f"P-{number}"
        take(world, case, "issue_favourable_opinion", who, records={"opinion_number": "DEP-1/26"})
        page = show_agreement(world.engine, world.rulebook, world.people, case, world.now, viewer=OPERATOR)
        assert [say(each, "en") for line in page.timeline for each in line.behind] == said
        (this,) = show_rounds(world.engine, world.rulebook, world.people, case, viewer=OPERATOR)
        assert [say(each, "en") for each in this.said][2:] == said or not said
        shown = twinflow(monkeypatch, capsys, "rounds", "show", case).out
        assert all(each in shown for each in said)
        history = twinflow(monkeypatch, capsys, "agreements", "history", case, "--json").json
        assert [each for line in history for each in line["behind"]] == said

"""Whoever signed in, had something in hand or was in the middle of a round in the books of 0018 goes on where they were."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pyotp
import pytest
from old_books import DATABASES, OF_0018, restored, settings_of, started

from builders import AT_PAGE
from twinflow.domain.accounts.second_factor import secret_of
from twinflow.domain.people.changes import as_written, written_after
from twinflow.domain.people.duties import Act
from twinflow.domain.people.people import Assignment, People
from twinflow.domain.people.viewer import OPERATOR, Door, viewer_of
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.round_acts import RoundAct
from twinflow.errors import Refused
from twinflow.language import say
from twinflow.services.accounts import api_tokens, passwords, second_factors, signing_in
from twinflow.services.accounts.signing_in import Client
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.books import checking
from twinflow.services.people import handing_over, queues
from twinflow.services.people.changing import change_people, history
from twinflow.services.reading.agreements import list_references
from twinflow.services.reading.rounds import show_rounds
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

LET_IN = tomllib.loads((OF_0018.folder / "let_in.toml").read_text("utf-8"))
BROWSER = Client("192.0.2.18")


@pytest.fixture(params=DATABASES)
def books(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("people")
    with (
        restored(OF_0018, request.param, folder, request) as url,
        started(settings_of(OF_0018, url, folder), OF_0018.closed_at) as world,
    ):
        yield world


def test_what_was_begun_with_accounts_queues_and_rounds_goes_on(books: World) -> None:
    """One start for all of it: they do not stand in each other's way."""
    people_are_as_their_history_says(books)
    who_had_a_password_signs_in_and_who_was_locked_or_disabled_does_not(books)
    what_was_open_for_programs_and_by_links_is_still_open(books)
    what_somebody_had_in_hand_they_still_have(books)
    the_second_round_goes_on_with_four_eyes(books)
    assert [str(each.sentence) for each in check(books).faults] == []


def check(world: World) -> checking.Checked:
    return checking.check(world.engine, world.rulebook, world.people, world.now)


def people_are_as_their_history_says(world: World) -> None:
    entries = [each.entry for each in history(world.engine)]
    assert [(each.number, each.by) for each in entries] == [
        (1, "people.toml"),
        (2, "operator"),
        (3, "elena (operator)"),
        (4, "elena (operator)"),
        (5, "ada (operator)"),
        (6, "rita (operator)"),
        (7, "pilar (operator)"),
        (8, "ada (operator)"),
    ]
    stands: dict[str, str] = {}
    for each in entries:
        stands = written_after(each.lines, stands)
    assert stands == as_written(world.people)
    today, away = world.now.date(), date(2026, 12, 1)
    assert world.people.is_disabled("gabriela")
    assert (
        world.people.whose("sara", "reviewer", "sre", today),
        world.people.whose("rita", "reviewer", "sre", today),
    ) == (
        "rita",
        "rita",
    )
    assert (world.people.stand_in("pilar", away), world.people.offices["parral"].city) == (
        "leonor",
        "Hidalgo del Parral",
    )


def salt_of(world: World, person: str) -> str:
    with UnitOfWork(world.engine, reading=True) as work:
        account = work.accounts.get(person)
    assert account is not None
    return account.totp_salt


def who_had_a_password_signs_in_and_who_was_locked_or_disabled_does_not(world: World) -> None:
    elena = sign_in(world, "elena@chihuahua.example", "elena")
    assert elena.session.waits_for == ""
    rita = sign_in(world, "rita@ministry.example", "rita")
    key = world.runtime.second_factor_key
    used, unused, *_ = LET_IN["recovery_codes"]["rita"]
    with pytest.raises(Refused):
        signing_in.show_second_factor(world.engine, key, rita.session, used, BROWSER, world.now)
    world.now += timedelta(minutes=1)  # the code of the last evening was used
    code = pyotp.TOTP(secret_of(key, "rita", salt_of(world, "rita"))).at(world.now)
    assert signing_in.show_second_factor(world.engine, key, rita.session, code, BROWSER, world.now)
    again = sign_in(world, "rita@ministry.example", "rita")
    assert signing_in.show_second_factor(world.engine, key, again.session, unused, BROWSER, world.now)
    assert second_factors.factors_of(world.engine, "rita").codes_left == len(LET_IN["recovery_codes"]["rita"]) - 2

    of_then = {
        person: signing_in.signed_in(world.engine, world.people, token, world.now)
        for person, token in LET_IN["sessions"].items()
    }
    assert {person for person, session in of_then.items() if session is not None} == {"elena", "rita"}
    for mail, person in (("leonor@leon.example", "leonor"), ("gabriela@chihuahua.example", "gabriela")):
        with pytest.raises(Refused):
            sign_in(world, mail, person)
    with pytest.raises(Refused):
        sign_in(world, "nadia@chihuahua.example", "nadia", OF_0018.closed_at - timedelta(minutes=30))
    assert sign_in(world, "nadia@chihuahua.example", "nadia"), "the half hour is over"


def sign_in(world: World, mail: str, person: str, at: datetime | None = None) -> signing_in.NewSession:
    return signing_in.sign_in(world.engine, world.people, mail, LET_IN["passwords"][person], BROWSER, at or world.now)


def what_was_open_for_programs_and_by_links_is_still_open(world: World) -> None:
    (token,) = api_tokens.tokens(world.engine, "elena")
    assert (token.name, [str(each) for each in token.scopes], token.holds(world.now)) == (
        "planning board",
        ["read"],
        True,
    )
    invitation = passwords.look_at(world.engine, world.people, LET_IN["invitations"]["clara"], world.now)
    assert (invitation.person.key, invitation.kind.value) == ("clara", "invitation")


def what_somebody_had_in_hand_they_still_have(world: World) -> None:
    here = (world.engine, world.rulebook, world.people)
    with UnitOfWork(world.engine, reading=True) as work:
        held = {
            item.reference: item.to
            for case in work.agreements.load(work.duties.ever_taken())
            for item in handing_over.items_of(case, world.rulebook.definition_of(case))
            if item.thing is None and item.person == "elena"
        }
    assert held == {"MX-3": "", "P-13": "nadia", "P-15": ""}
    assert [each.reference for each in handing_over.left_behind(*here)] == ["P-20"]
    assert queues.queue_of(*here, "elena", world.now).aside == 1
    (accepted,) = handing_over.answer(*here, [], Act.ACCEPT, person="nadia", door=AT_PAGE, now=world.now)
    assert accepted.reference == "P-13"
    mine = [each.reference for each in queues.queue_of(*here, "nadia", world.now).waiting if each.person == "nadia"]
    assert sorted(mine) == ["P-13", "P-21"]


def the_second_round_goes_on_with_four_eyes(world: World) -> None:
    seen = {person: seen_by(world, person) for person in ("rodrigo", "clara", "ada", "pilar")}
    assert seen == {"rodrigo": {"L-1", "MX-1", "MX-3", "MX-9"}, "clara": {"MX-9"}, "ada": set(), "pilar": {"PA-1"}}
    world.act("MX-9", RoundAct.GIVE, "clara", number=2, text="It may.")
    decide = StepCommand("make_observations", world.now.date(), reason="two are open")
    change_people(world.engine, world.rulebook, with_elena_at_the_ministry, by="test", reason="", now=world.now)
    world.runtime.refresh()
    with pytest.raises(Refused) as refused:
        advance(world, decide, "elena")
    assert any("elena took the step" in say(each, "en") for each in refused.value.reasons)
    advance(world, decide, "rodrigo")
    world.now += timedelta(days=3)
    world.act("MX-9", RoundAct.ANSWER, "nadia", number=1, text="Of the areas.")
    world.act("MX-9", RoundAct.ANSWER, "nadia", number=3, text="They are numbered.")
    world.act("MX-9", RoundAct.SUBMIT, "nadia", draft="Article I. The parties are twinned.")
    advance(world, StepCommand("answer_observations", world.now.date()), "nadia")
    assert [
        each.number for each in show_rounds(world.engine, world.rulebook, world.people, "MX-9", viewer=OPERATOR)
    ] == [1, 2, 3]


def with_elena_at_the_ministry(people: People) -> People:
    elena = people.person("elena")
    moved = replace(elena, assignments=(*elena.assignments, Assignment("reviewer", "sre")))
    return replace(people, people={**people.people, "elena": moved})


def advance(world: World, command: StepCommand, person: str) -> None:
    here = (world.engine, world.rulebook, world.people)
    advance_agreement(*here, "MX-9", command, person=person, door=AT_PAGE, now=world.now)


def seen_by(world: World, person: str) -> set[str]:
    viewer = viewer_of(world.people, person, world.now, Door.PAGE)
    return set(list_references(world.engine, viewer=viewer))

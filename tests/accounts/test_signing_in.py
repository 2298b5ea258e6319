"""Signing in: whatever is wrong is answered alike; what lets somebody in is good once, ends, and stands nowhere in clear."""

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import text

from twinflow.domain.accounts.links import LetterKind, LinkKind
from twinflow.domain.accounts.sessions import WaitsFor
from twinflow.domain.people.people import Assignment
from twinflow.domain.people.viewer import ADMINISTRATOR
from twinflow.errors import BadInput, NotFound, Refused, TooManyTries
from twinflow.services.accounts import api_tokens, passwords, second_factors, signing_in
from twinflow.services.accounts.hashing import hashed
from twinflow.services.accounts.signing_in import WRONG, Client
from twinflow.services.books.checking import check
from twinflow.services.people.changing import change_people, history
from twinflow.storage.tables import SQLModel
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

HERE = Client("192.0.2.1", "Browser of the test")
PASSWORD = "cuatro palabras nada comunes"
KEY = b"k" * 32


def accept(world: World, person: str, password: str = PASSWORD) -> str:
    """The person is invited and sets a password; the token of the link."""
    token = passwords.invite(world.engine, world.people, person, world.now, by_mail=False)
    passwords.set_password(world.engine, world.people, token, password, world.now)
    return token


def enter(world: World, person: str, password: str = PASSWORD, client: Client = HERE) -> signing_in.NewSession:
    mail = world.people.person(person).mail
    return signing_in.sign_in(world.engine, world.people, mail, password, client, world.now)


def present(world: World, token: str):
    found = signing_in.signed_in(world.engine, world.people, token, world.now)
    return found.session if found is not None else None


def letters(world: World) -> list[tuple[str, str]]:
    with world.engine.connect() as connection:
        return [
            tuple(row) for row in connection.execute(text("SELECT kind, address FROM account_letter ORDER BY address"))
        ]


def enrol(world: World, session) -> tuple[signing_in.NewSession, tuple[str, ...], str]:
    secret = second_factors.begin(world.engine, KEY, session.person)
    code = pyotp.TOTP(secret).at(world.now)
    new, codes = second_factors.confirm(world.engine, KEY, session, code, HERE, world.now)
    return new, codes, secret


def test_who_was_invited_sets_a_password_once_and_signs_in_however_the_address_is_written(world: World) -> None:
    used = accept(world, "elena")
    entered = signing_in.sign_in(world.engine, world.people, " ELENA@Chihuahua.Example", PASSWORD, HERE, world.now)
    assert entered.session.waits_for is WaitsFor.NOTHING
    assert present(world, entered.token).person == "elena"
    for token, error in ((used, Refused), ("never", NotFound)):
        with pytest.raises(error):
            passwords.set_password(world.engine, world.people, token, PASSWORD, world.now)
    with pytest.raises(Refused, match="has an account already"):
        passwords.invite(world.engine, world.people, "elena", world.now, by_mail=False)


def test_an_invitation_ends_after_a_week_and_a_new_one_takes_its_place(world: World) -> None:
    first = passwords.invite(world.engine, world.people, "elena", world.now, by_mail=False)
    second = passwords.invite(world.engine, world.people, "elena", world.now, by_mail=False)
    with pytest.raises(NotFound):
        passwords.look_at(world.engine, world.people, first, world.now)
    assert passwords.look_at(world.engine, world.people, second, world.now).kind is LinkKind.INVITATION
    with pytest.raises(Refused):
        passwords.look_at(world.engine, world.people, second, world.now + timedelta(days=7))


@pytest.mark.parametrize(
    "password", ["short", "x" * 201, "elenaelenaelena", "aaaaaaaaaaaaaaaa", "elena@chihuahua.example"]
)
def test_a_password_that_anybody_would_guess_is_refused_and_the_link_stays_good(world: World, password: str) -> None:
    token = passwords.invite(world.engine, world.people, "elena", world.now, by_mail=False)
    with pytest.raises(BadInput):
        passwords.set_password(world.engine, world.people, token, password, world.now)
    passwords.set_password(world.engine, world.people, token, PASSWORD, world.now)


def test_whatever_is_wrong_is_answered_in_the_same_words(world: World) -> None:
    for person in ("elena", "sergio", "david"):
        accept(world, person)
    passwords.invite(world.engine, world.people, "rita", world.now, by_mail=False)
    signing_in.lock(world.engine, world.people, "sergio", world.now)
    change_people(
        world.engine, world.rulebook, lambda there: disabled(there, "david"), by="test", reason="", now=world.now
    )
    world.runtime.refresh()
    for mail, password in (
        ("elena@chihuahua.example", "wrong"),
        ("sergio@chihuahua.example", PASSWORD),
        ("david@chihuahua.example", PASSWORD),
        ("rita@ministry.example", ""),
        ("nobody@nowhere.example", PASSWORD),
        ("\udcff\0" * 500, "x" * 100_000),
    ):
        with pytest.raises(Refused) as refused:
            signing_in.sign_in(world.engine, world.people, mail, password, HERE, world.now)
        assert refused.value.message == WRONG
    signing_in.unlock(world.engine, world.people, "sergio", world.now)
    assert enter(world, "sergio").session.person == "sergio"


def disabled(people, *keys: str):
    return replace(
        people, people={**people.people, **{key: replace(people.people[key], disabled=True) for key in keys}}
    )


def test_ten_wrong_passwords_lock_for_half_an_hour_and_whoever_has_the_address_is_told(world: World) -> None:
    accept(world, "elena")
    for _ in range(12):
        for mail in ("elena@chihuahua.example", "nobody@nowhere.example"):
            with pytest.raises(Refused, match="do not belong together"):
                signing_in.sign_in(world.engine, world.people, mail, "wrong", HERE, world.now)
    assert letters(world) == [
        (LetterKind.LOCKED, "elena@chihuahua.example"),
        (LetterKind.LOCKED, "nobody@nowhere.example"),
    ]
    with pytest.raises(Refused, match="do not belong together"):
        enter(world, "elena")
    world.now += timedelta(minutes=31)
    assert enter(world, "elena").session.person == "elena"


def test_from_one_address_so_many_tries_are_taken_and_no_more(world: World) -> None:
    accept(world, "elena")
    for number in range(100):
        with pytest.raises(Refused, match="do not belong together"):
            signing_in.sign_in(world.engine, world.people, f"{number}@x.example", "wrong", HERE, world.now)
    with pytest.raises(TooManyTries):
        enter(world, "elena")
    assert enter(world, "elena", client=Client("192.0.2.2")).session.person == "elena"


def test_a_session_ends_after_an_hour_of_rest_and_after_twelve_in_any_case(world: World) -> None:
    accept(world, "elena")
    rested, busy = enter(world, "elena"), enter(world, "elena")
    begun = world.now
    for minutes in range(50, 12 * 60, 50):
        world.now = begun + timedelta(minutes=minutes)
        assert present(world, busy.token) is not None
    assert present(world, rested.token) is None
    world.now = begun + timedelta(hours=12)
    assert present(world, busy.token) is None


def test_whoever_is_disabled_or_locked_is_out_at_once_and_stays_out(world: World) -> None:
    accept(world, "elena")
    accept(world, "sergio")
    elena, sergio = enter(world, "elena"), enter(world, "sergio")
    change_people(
        world.engine, world.rulebook, lambda there: disabled(there, "elena"), by="test", reason="", now=world.now
    )
    world.runtime.refresh()
    signing_in.lock(world.engine, world.people, "sergio", world.now)
    assert present(world, elena.token) is present(world, sergio.token) is None
    signing_in.unlock(world.engine, world.people, "sergio", world.now)
    assert present(world, sergio.token) is None
    assert signing_in.sessions(world.engine, "elena", world.now) == []


def test_a_reset_is_asked_for_alike_whoever_has_the_address_and_ends_every_session(world: World) -> None:
    accept(world, "elena")
    entered = enter(world, "elena")
    for mail in ("elena@chihuahua.example", "nobody@nowhere.example"):
        for _ in range(5):
            passwords.ask_for_reset(world.engine, mail, HERE, world.now)
    found = letters(world)
    assert len(found) == 6
    assert {address for _, address in found} == {"elena@chihuahua.example", "nobody@nowhere.example"}
    with UnitOfWork(world.engine) as work:
        token = passwords.make_link(work, LinkKind.RESET, "elena", world.now)
        late = passwords.make_link(work, LinkKind.RESET, "sergio", world.now)
        work.commit()
    passwords.set_password(world.engine, world.people, token, "otra cosa del todo", world.now)
    assert present(world, entered.token) is None
    assert enter(world, "elena", "otra cosa del todo").session.person == "elena"
    with pytest.raises((Refused, NotFound)):
        passwords.set_password(world.engine, world.people, late, PASSWORD, world.now + timedelta(minutes=30))


def test_a_reviewer_enrols_a_second_factor_before_anything_else_and_shows_it_ever_after(world: World) -> None:
    accept(world, "rita")
    first = enter(world, "rita")
    assert first.session.waits_for is WaitsFor.ENROLMENT
    entered, codes, secret = enrol(world, first.session)
    assert present(world, first.token) is None
    assert entered.session.waits_for is WaitsFor.NOTHING
    assert len(set(codes)) == 10
    with pytest.raises(Refused, match="already"):
        second_factors.begin(world.engine, KEY, "rita")

    again = enter(world, "rita").session
    assert again.waits_for is WaitsFor.SECOND_FACTOR
    used = pyotp.TOTP(secret).at(world.now)
    for code in (used, "000000", "", "AAAA-AAAA-AAAA-AAAA", "١٢٣٤٥٦"):
        with pytest.raises(Refused, match="not right"):
            signing_in.show_second_factor(world.engine, KEY, again, code, HERE, world.now)
    world.now += timedelta(seconds=30)
    shown = signing_in.show_second_factor(world.engine, KEY, again, pyotp.TOTP(secret).at(world.now), HERE, world.now)
    assert shown.session.waits_for is WaitsFor.NOTHING
    assert shown.session.id_hash != again.id_hash

    by_code = enter(world, "rita").session
    signing_in.show_second_factor(world.engine, KEY, by_code, codes[3].lower().replace("-", " "), HERE, world.now)
    with pytest.raises(Refused, match="not right"):
        signing_in.show_second_factor(world.engine, KEY, enter(world, "rita").session, codes[3], HERE, world.now)
    assert second_factors.factors_of(world.engine, "rita").codes_left == 9


def test_whoever_comes_to_need_a_second_factor_shows_one_from_then_on_also_in_sessions_of_before(world: World) -> None:
    def change(how) -> None:
        change_people(world.engine, world.rulebook, how, by="test", reason="", now=world.now)
        world.runtime.refresh()

    def asking(is_asked: bool):
        office = replace(world.people.offices["chihuahua"], second_factor=is_asked)
        return lambda there: replace(there, offices={**there.offices, "chihuahua": office})

    for person in ("elena", "sergio", "rita"):
        accept(world, person)
    tokens = {person: enter(world, person).token for person in ("elena", "sergio")}
    shown, _, _ = enrol(world, enter(world, "elena").session)
    assert present(world, tokens["elena"]) is None
    change(asking(True))
    assert world.people.offices["chihuahua"].second_factor
    assert present(world, tokens["sergio"]).waits_for is WaitsFor.ENROLMENT
    assert present(world, shown.token).waits_for is WaitsFor.NOTHING
    assert enter(world, "sergio").session.waits_for is WaitsFor.ENROLMENT
    change(asking(False))
    assert present(world, tokens["sergio"]).waits_for is WaitsFor.NOTHING
    reviewer = Assignment("reviewer", "sre")
    change(
        lambda there: replace(
            there, people={**there.people, "sergio": replace(there.people["sergio"], assignments=(reviewer,))}
        )
    )
    assert present(world, tokens["sergio"]).waits_for is WaitsFor.ENROLMENT
    lines = [line for each in history(world.engine) for line in each.entry.lines]
    asked = [(line.was, line.now) for line in lines if line.place == "offices.chihuahua.second_factor"]
    assert asked == [("", "yes"), ("yes", "")]
    assert check(world.engine, world.rulebook, world.people, world.now).faults == ()


def test_ten_wrong_codes_are_enough(world: World) -> None:
    accept(world, "elena")
    _, codes, _ = enrol(world, enter(world, "elena").session)
    again = enter(world, "elena").session
    for _ in range(10):
        with pytest.raises(Refused, match="not right"):
            signing_in.show_second_factor(world.engine, KEY, again, "000000", HERE, world.now)
    with pytest.raises(TooManyTries):
        signing_in.show_second_factor(world.engine, KEY, again, codes[0], HERE, world.now)


def test_the_last_administrator_can_neither_be_disabled_nor_ended(world: World) -> None:
    def with_role(people, key, *roles):
        person = people.people[key]
        return replace(
            people, people={**people.people, key: replace(person, assignments=(*person.assignments, *roles))}
        )

    def change(how):
        return change_people(world.engine, world.rulebook, how, by="test", reason="", now=world.now)

    change(lambda there: with_role(there, "elena", Assignment(ADMINISTRATOR, "chihuahua")))

    def without(people):
        person = people.people["elena"]
        roles = tuple(replace(a, to_day=world.now.date()) if a.role == ADMINISTRATOR else a for a in person.assignments)
        return replace(people, people={**people.people, "elena": replace(person, assignments=roles)})

    for how in (without, lambda there: disabled(there, "elena")):
        with pytest.raises(Refused, match="cannot be made") as refused:
            change(how)
        assert "nobody would be administrator any more" in str(refused.value.reasons[0])
    change(lambda there: with_role(there, "sergio", Assignment(ADMINISTRATOR, "chihuahua")))
    change(without)


def test_a_token_has_a_name_scopes_and_an_end_and_is_revoked_by_its_owner_alone(world: World) -> None:
    made = api_tokens.create(world.engine, "elena", " export of Mondays ", ["export", "read"], 30, world.now)
    (kept,) = api_tokens.tokens(world.engine, "elena")
    assert (kept.name, list(kept.scopes)) == ("export of Mondays", ["read", "export"])
    assert kept.holds(world.now)
    assert not kept.holds(world.now + timedelta(days=30))
    with pytest.raises(NotFound):
        api_tokens.revoke(world.engine, "sergio", kept.id, world.now)
    api_tokens.revoke(world.engine, "elena", kept.id, world.now)
    assert api_tokens.tokens(world.engine, "elena") == []
    with pytest.raises(BadInput) as refused:
        api_tokens.create(world.engine, "elena", " ", ["everything"], 0, world.now)
    assert [str(each.place) for each in refused.value.problems] == ["name", "scopes", "days"]
    assert made.token not in repr(kept)


def test_nothing_that_lets_somebody_in_stands_anywhere_in_the_books(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    link = accept(world, "rita")
    first = enter(world, "rita")
    entered, codes, secret = enrol(world, first.session)
    token = api_tokens.create(world.engine, "rita", "x", ["read"], 1, world.now).token
    secrets = [link, PASSWORD, first.token, entered.token, *codes, *(c.replace("-", "") for c in codes), secret, token]
    with world.engine.connect() as connection:
        kept = "\n".join(
            repr(tuple(row))
            for table in SQLModel.metadata.sorted_tables
            for row in connection.execute(text(f"SELECT * FROM {table.name}"))
        )
    assert hashed(token) in kept
    assert [each for each in secrets if each in kept or each in caplog.text] == []
    assert check(world.engine, world.rulebook, world.people, world.now).faults == ()

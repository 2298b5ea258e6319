"""Texts at the use cases, on both databases: what is refused, what is kept, and how older books are shown."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text as sql

from builders import AT_PAGE, DRAFT, edited
from signed_in import signed_in
from twinflow.definitions.people import read_people
from twinflow.domain.agreement.agreement import Claim, Party, Term
from twinflow.domain.agreement.entries import ChangeKind
from twinflow.domain.agreement.listing import Filters
from twinflow.domain.deadlines.acknowledgements import Acknowledge
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.dossier import Dossier
from twinflow.domain.steps.migration import Plan
from twinflow.domain.steps.opening import NewAgreement
from twinflow.errors import BadInput, NotFound
from twinflow.mail.dates_file import feed_file
from twinflow.mail.inbox import captured_messages
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.importing import import_register
from twinflow.services.agreements.migrating import apply
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.deadlines.acknowledging import say
from twinflow.services.deadlines.changing import change_deadline
from twinflow.services.mail import calendar_feeds, outbox
from twinflow.services.reading import agreements
from twinflow.text import harmless
from twinflow.web.app import create_app
from world import EXAMPLES

HOME = Party("Chihuahua", "MX", home=True)
NEW = NewAgreement("MX-1", "mx/twinning", "chihuahua", "x", date(2026, 3, 2), (HOME, Party("Tulsa", "US")), "drafting")
OPINION = DeadlineId("MX-1", "opinion", 1)
BAD = "a\x00\x1b[31m\ud800"
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066\u2067\ud800-\udfff]")
TURNING = "\x1b[31mred\x1b]0;x\x07 \u202egniward\u2066 \x9b2J\u2028"
"""What a person of before could have written into a title. PostgreSQL never held a NUL."""


@pytest.fixture
def case(world, prepare):
    """A Mexican case whose opinion was requested on Monday 2 March 2026."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    prepare("texts", lambda: requested(world))
    return world


def requested(world):
    opened(world, NEW)
    take(world, StepCommand("complete_draft", None, records=DRAFT))
    take(world, StepCommand("request_opinion", None))


def opened(world, new):
    return open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)


def take(world, command, reference="MX-1", person="elena"):
    return advance_agreement(
        world.engine, world.rulebook, world.people, reference, command, person=person, door=AT_PAGE, now=world.now
    )


def asked(world, reference="MX-1"):
    return (world.engine, world.rulebook, world.people, reference)


def places(refused) -> set[str]:
    return {str(problem.place) for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        ({"reference": BAD}, "reference"),
        ({"reference": "E" * 101}, "reference"),
        ({"title": BAD}, "title"),
        ({"title": "Ω" * 301}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"note": BAD}, "note"),
        ({"note": "n" * 4001}, "note"),
        ({"origin": BAD}, "origin"),
        ({"relationship": BAD}, "relationship"),
        ({"parties": (HOME, Party(BAD, "US"))}, "parties[2].name"),
        ({"parties": (HOME, Party("\u202e", "US"))}, "parties[2].name"),
        ({"title": "\u202e"}, "title"),
        ({"title": "a" + "\u0301" * 299}, "title"),
        ({"reference": "ＭＸ-1"}, "reference"),
        ({"terms": {"validity": Term(source=BAD)}}, "terms.validity.source"),
        ({"facts": {"opinion_number": (Claim(BAD, ""),)}}, "facts.opinion_number[1].value"),
        ({"facts": {"opinion_number": (Claim("1", BAD),)}}, "facts.opinion_number[1].source"),
    ],
)
def test_no_case_is_opened_with_a_text_that_cannot_be_kept(world, bad, place):
    with pytest.raises(BadInput) as refused:
        opened(world, replace(NEW, **bad))
    assert place in places(refused)
    assert agreements.list_references(world.engine, viewer=OPERATOR) == []


@pytest.mark.parametrize("field", ["place", "capacity", "reason", "party"])
def test_no_step_is_taken_with_a_text_that_cannot_be_kept(case, field):
    with pytest.raises(BadInput) as refused:
        take(case, StepCommand("withdraw", None, **{field: BAD}))
    assert places(refused) == {field}


@pytest.mark.parametrize("field", ["reason", "paper", "legal_basis", "party"])
def test_no_deadline_is_changed_with_a_text_that_cannot_be_kept(case, field):
    command = ChangeCommand(kind=ChangeKind.PAUSE, on=None, **{field: BAD})
    with pytest.raises(BadInput) as refused:
        change_deadline(
            case.engine, case.rulebook, case.people, OPINION, command, person="rita", door=AT_PAGE, now=case.now
        )
    assert places(refused) == {field}


def test_nothing_is_said_about_warnings_nor_cancelled_with_a_text_that_cannot_be_kept(case):
    with pytest.raises(BadInput) as refused:
        say(
            case.engine,
            case.rulebook,
            case.people,
            OPINION,
            Acknowledge(BAD),
            person="rita",
            door=AT_PAGE,
            now=case.now,
        )
    assert places(refused) == {"note"}
    with pytest.raises(BadInput) as refused:
        outbox.cancel(case.engine, case.people, 1, by="elena", reason=BAD, door=AT_PAGE, now=case.now)
    assert places(refused) == {"reason"}


def test_no_agreement_moves_to_another_version_for_a_reason_that_cannot_be_kept(case):
    version = case.rulebook.catalogue.versions("mx/twinning")[-1]
    plan = Plan(version, version, {}, {}, BAD, {})
    with pytest.raises(BadInput) as refused:
        list(apply(case.engine, case.rulebook, case.people, plan, person="elena", door=AT_PAGE, now=case.now))
    assert places(refused) == {"reason"}


def test_no_register_is_taken_over_with_a_text_that_cannot_be_kept(world):
    dossier = Dossier(
        reference="MX-1",
        process="mx/twinning",
        office="chihuahua",
        title="Ω" * 301,
        state="drafting",
        parties=(HOME, Party("Tulsa", "US")),
        terms={},
        facts={},
        effective_on=None,
        origin=BAD,
        note="",
        relationship="MX-1",
        generation=1,
        is_latest=True,
        row=2,
    )
    with pytest.raises(BadInput) as refused:
        import_register(world.engine, world.rulebook, world.people, [dossier], now=world.now)
    assert places(refused) == {"row 2, title", "row 2, origin"}


def test_what_is_kept_has_its_letters_in_one_piece_and_turns_no_line(world):
    agreement = opened(
        world, replace(NEW, title="Me\u0301rida\u202e – תל אביב", parties=(HOME, Party("Me\u0301rida", "MX")))
    )
    assert agreement.title == "Mérida – תל אביב"
    assert [party.name for party in agreement.parties] == ["Chihuahua", "Mérida"]


@pytest.mark.parametrize("reference", ["\x00", "MX-1\x00", "\ud800"])
def test_what_no_database_can_be_asked_for_is_not_found(case, reference):
    for ask in (
        lambda: agreements.show_agreement(*asked(case, reference), case.now, viewer=OPERATOR),
        lambda: agreements.list_steps(*asked(case, reference), "elena", case.now, AT_PAGE, viewer=OPERATOR),
        lambda: take(case, StepCommand("withdraw", None), reference),
        lambda: opened(case, replace(NEW, reference="MX-2", parent=reference)),
    ):
        with pytest.raises((NotFound, BadInput)):
            ask()
    filters = Filters(words=f"MX-1 {reference.replace('MX-1', '')}")
    found = agreements.list_agreements(case.engine, case.rulebook, case.people, case.now, filters, viewer=OPERATOR)
    assert [line.reference for line in found.lines] == ["MX-1"]


@pytest.mark.parametrize(
    ("written", "bad", "place"),
    [
        ('name = "Elena Enlace"', 'name = "Elena\\u001b[31m"', "people.elena.name"),
        ('name = "Elena Enlace"', f'name = "{"E" * 201}"', "people.elena.name"),
    ],
)
def test_no_name_of_the_people_file_does_something_to_a_terminal(tmp_path, written, bad, place):
    file = tmp_path / "people.toml"
    file.write_text(edited((EXAMPLES / "demo" / "people.toml").read_text("utf-8"), (written, bad)), "utf-8")
    with pytest.raises(BadInput) as refused:
        read_people(file)
    assert places(refused) == {f"people.toml: {place}"}


def test_people_are_found_however_the_letters_of_their_key_are_written(tmp_path):
    shipped = (EXAMPLES / "demo" / "people.toml").read_text("utf-8")
    file = tmp_path / "people.toml"
    file.write_text(
        shipped.replace("people.elena", 'people."jose\u0301"').replace("Elena", "Jose\u0301\u202e"), "utf-8"
    )
    people = read_people(file)
    assert people.person("josé") == people.person("jose\u0301")
    assert people.person("josé").name.startswith("José ")


# Books of before


@pytest.fixture
def old(case):
    """The same case, with a title and a party of the time before texts were checked."""
    with case.engine.begin() as connection:
        connection.execute(sql("UPDATE agreement SET title = :title"), {"title": TURNING + "Ω" * 20_000})
        connection.execute(sql("UPDATE party SET name = :name WHERE NOT home"), {"name": f"Tulsa {TURNING}"})
    return case


@pytest.mark.parametrize(
    "address", ["/", "/agreements/MX-1", "/agreements/MX-1/picture", "/agreements/MX-1/picture.svg"]
)
def test_pages_and_pictures_show_older_texts_harmless(old, address):
    with TestClient(create_app(old.runtime, lambda: old.now), base_url="http://127.0.0.1") as browser:
        signed_in(browser, old.runtime, old.now)
        page = browser.get(address)
    assert page.status_code == 200
    assert "gniward" in page.text
    assert not HARMFUL.search(page.text)


def test_a_long_title_is_shortened_in_the_list_and_whole_on_its_page(old):
    with TestClient(create_app(old.runtime, lambda: old.now), base_url="http://127.0.0.1") as browser:
        signed_in(browser, old.runtime, old.now)
        assert browser.get("/").text.count("Ω") < 120
        assert "Ω" * 20_000 in browser.get("/agreements/MX-1").text


def test_mail_and_calendar_show_older_texts_harmless_and_shortened(old):
    old.tick()
    (message,) = [m for m in captured_messages(old.runtime.settings.mail.capture_folder) if "rita" in m.recipient]
    assert "gniward" in message.text
    for shown in (
        *(part.replace("\r\n", "\n") for part in (message.text, message.html)),
        *(value for _, value in message.headers),
    ):
        assert not HARMFUL.search(shown)
        assert shown.count("Ω") < 240
    events = calendar_feeds.dates_of(old.engine, old.rulebook, old.people, old.people.person("rita"), old.now)
    feed = feed_file(events, "en", "https://twinflow.example").decode()
    assert "gniward" in feed
    assert feed.count("Ω") < 120 * len(events)
    assert not HARMFUL.search(feed.replace("\r\n", "\n"))


def test_kept_messages_hold_no_raw_control_character_in_their_headers(old):
    old.tick()
    contents = [
        content
        for message in outbox.messages(old.engine, viewer=OPERATOR)
        if (content := outbox.message(old.engine, message.id, viewer=OPERATOR)[1])
    ]
    assert contents
    for content in contents:
        for name, value in message_from_bytes(content, policy=policy.default).items():
            assert not HARMFUL.search(f"{name}: {value}")


def test_a_party_of_older_books_can_still_sign_and_agree_by_the_name_that_is_shown(old):
    take(old, StepCommand("issue_favourable_opinion", None, records={"opinion_number": "1"}), person="rita")
    (partner,) = [p for p in agreements.show_agreement(*asked(old), old.now, viewer=OPERATOR).parties if not p.home]
    assert partner.name != harmless(partner.name)
    outcome = take(old, StepCommand("sign", None, party=harmless(partner.name)))
    assert [party.name for party in outcome.agreement.unsigned] == ["Chihuahua"]


def test_names_that_run_from_right_to_left_stand_isolated_among_other_text(world):
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    opened(world, replace(NEW, title="תל אביב", parties=(HOME, Party("תל אביב", "IL"))))
    with TestClient(create_app(world.runtime, lambda: world.now), base_url="http://127.0.0.1") as browser:
        signed_in(browser, world.runtime, world.now)
        assert "<bdi>תל אביב</bdi>" in browser.get("/").text
        page = browser.get("/agreements/MX-1").text
    assert '<h1 dir="auto">תל אביב</h1>' in page
    assert "<bdi>תל אביב</bdi>" in page

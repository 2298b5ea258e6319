"""A case that lies in a wrong office: one supervisor asks, another accepts, and from then on it is the other office's."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from builders import AT_PAGE, MX, OPINION, PAPERS, new_case
from mail_reading import visible as text_in
from signed_in import signed_in
from twinflow.domain.agreement.agreement import Agreement, FindingCode, Party
from twinflow.domain.agreement.entries import Correction, OfficeMove
from twinflow.domain.agreement.history import Way
from twinflow.domain.agreement.listing import Filters
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.deadlines.acknowledgements import Acknowledge
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.duties import Act, Asked, duties_of
from twinflow.domain.people.people import Assignment, Delegation, Office, People, Person
from twinflow.domain.people.viewer import OPERATOR, Door, viewer_of
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import opened
from twinflow.errors import NotFound, Refused
from twinflow.language import say
from twinflow.mail.inbox import captured_messages
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.correcting import correct_entry
from twinflow.services.agreements.moving import accept_move, ask_to_move, refuse_move
from twinflow.services.agreements.opening import add, open_agreement
from twinflow.services.books.checking import check
from twinflow.services.deadlines import acknowledging
from twinflow.services.mail import calendar_feeds
from twinflow.services.people.changing import change_people
from twinflow.services.people.queues import act, queue_of
from twinflow.services.reading import agreements
from twinflow.services.reading.deadlines import DeadlineLine, list_deadlines
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.web.app import create_app
from world import World

PARTIES = (Party("Juárez", "MX", home=True), Party("El Paso", "US"))
ROLES = {
    "juan": [("liaison", "juarez")],
    "judith": [("supervisor", "juarez")],
    "julio": [("supervisor", "juarez")],
    "saul": [("supervisor", "sre")],
    "twin": [("supervisor", "juarez")],
    "both": [("supervisor", "chihuahua"), ("supervisor", "juarez")],
}
MAIL = {"twin": "sergio@chihuahua.example"}
LABEL = {"en": "Municipality of Juárez", "es": "Municipio de Juárez"}


def with_juarez(people: People) -> People:
    offices = {
        "juarez": Office("juarez", "municipality", LABEL, "MX", "America/Ciudad_Juarez", ("mx-labour",)),
        "empty": Office("empty", "municipality", LABEL, "MX", "America/Ciudad_Juarez", ("mx-labour",)),
    }
    new = {
        key: Person(key, key.title(), f"{key}@x.example", "es", tuple(Assignment(*each) for each in roles))
        for key, roles in ROLES.items()
        if key != "twin"
    }
    return replace(people, offices={**people.offices, **offices}, people={**people.people, **new})


def change(world: World, changed: People) -> None:
    change_people(world.engine, world.rulebook, lambda _: changed, by="test", reason="", now=world.now)
    world.runtime.refresh()


@pytest.fixture
def drafted(world: World) -> World:
    """A case of Juárez that was opened in Chihuahua on 2 March 2026, with a programme that belongs to it."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    change(world, with_juarez(world.people))
    new = new_case("MX-1", MX, "chihuahua", "one", world.now.date(), PARTIES, state="drafting")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    return world


def here(world: World) -> tuple[object, object, People]:
    return world.engine, world.rulebook, world.people


def ask(world: World, to: str = "juarez", by: str = "sergio", reference: str = "MX-1", door: Way = AT_PAGE) -> None:
    ask_to_move(
        world.engine, world.rulebook, world.people, reference, to, "it is theirs", person=by, door=door, now=world.now
    )


def accept(world: World, by: str = "judith", reference: str = "MX-1", door: Way = AT_PAGE) -> tuple[str, ...]:
    done = accept_move(world.engine, world.rulebook, world.people, reference, person=by, door=door, now=world.now)
    return done.along


def refuse(world: World, by: str, reason: str = "it is not") -> None:
    refuse_move(world.engine, world.rulebook, world.people, "MX-1", reason, person=by, door=AT_PAGE, now=world.now)


def why_not(world: World, **asked: str) -> list[str]:
    with pytest.raises(Refused) as refused:
        ask(world, **asked)
    return [str(each) for each in refused.value.reasons]


def case(world: World, reference: str = "MX-1") -> Agreement:
    with UnitOfWork(world.engine, reading=True) as work:
        return work.agreements.get(reference)


def acknowledged(world: World) -> list[str]:
    """By whom, on the page and in the list of deadlines alike."""
    page = agreements.show_agreement(*here(world), "MX-1", world.now, viewer=OPERATOR).deadlines
    found = [[each.acknowledged.by for each in lines if each.acknowledged] for lines in (page, _listed(world))]
    assert found[0] == found[1]
    return found[0]


def _listed(world: World) -> tuple[DeadlineLine, ...]:
    return list_deadlines(*here(world), world.now, viewer=OPERATOR).lines


def take(world: World, step: str, person: str, party: str | None = None, **records: str) -> None:
    taken = StepCommand(step, world.now.date(), party, records or PAPERS.get(step, {}))
    advance_agreement(
        world.engine, world.rulebook, world.people, "MX-1", taken, person=person, door=AT_PAGE, now=world.now
    )


def sees(world: World, person: str, reference: str = "MX-1") -> bool:
    """Whether it shows itself to the person in any way: the page, lists, search, narrowing, counts, deadlines, their feed."""
    viewer = viewer_of(world.people, person, world.now, Door.PAGE)
    found = [
        agreements.list_agreements(*here(world), world.now, viewer=viewer).lines,
        agreements.list_agreements(*here(world), world.now, Filters(words="paso"), viewer=viewer).lines,
        agreements.list_references(world.engine, viewer=viewer),
        agreements.countries_of_partners(world.engine, viewer=viewer),
        agreements.offices_seen(world.engine, world.people, viewer=viewer),
        list_deadlines(*here(world), world.now, viewer=viewer).lines,
    ]
    try:
        agreements.show_agreement(*here(world), reference, world.now, viewer=viewer)
    except NotFound:
        assert not any(found), (person, found)
        return False
    return True


def feed_of(world: World, person: str) -> list[object]:
    return list(calendar_feeds.dates_of(*here(world), world.people.person(person), world.now))


def mails(world: World) -> Iterator[tuple[str, str]]:
    for message in captured_messages(world.runtime.settings.mail.capture_folder):
        yield message.recipient, f"{message.subject} {' '.join(text_in(message.html).split())}"


def faults(world: World) -> list[str]:
    return [str(each.sentence) for each in check(*here(world), world.now).faults]


def test_a_case_goes_to_the_office_that_accepts_it_with_what_belongs_to_it_and_what_was_in_hand_ends(
    drafted: World,
) -> None:
    child = new_case("MX-1-P", "annual-programme", "chihuahua", "p", drafted.now.date(), (), parent="MX-1")
    open_agreement(*here(drafted), child, actor="elena", door=AT_PAGE, now=drafted.now)
    act(*here(drafted), "MX-1", Asked(Act.CLAIM), person="elena", door=AT_PAGE, now=drafted.now)
    assert why_not(drafted, reference="MX-1-P") == [
        "It belongs to MX-1, which chihuahua keeps: what belongs to it goes along with it."
    ]
    ask(drafted)
    page = agreements.show_agreement(*here(drafted), "MX-1", drafted.now, viewer=OPERATOR)
    assert say(page.move, "en").startswith("sergio asked on Monday, 2 March 2026 that juarez keep it; that waits")
    (move,) = queue_of(*here(drafted), "judith", drafted.now).moves
    assert (move.reference, move.to, move.person) == ("MX-1", "juarez", "sergio")
    assert not sees(drafted, "judith"), "it is asked of her, and not hers to look at yet"
    take(drafted, "complete_draft", "elena")  # a move that waits bars nothing
    assert duties_of(case(drafted).history).keys() == {"liaison"}
    drafted.now += timedelta(days=1)
    assert accept(drafted) == ("MX-1-P",)
    moved = case(drafted)
    assert (moved.office, case(drafted, "MX-1-P").office) == ("juarez", "juarez")
    assert duties_of(moved.history) == {}
    assert queue_of(*here(drafted), "judith", drafted.now).moves == ()
    assert [each.reference for each in queue_of(*here(drafted), "elena", drafted.now).waiting] == []
    assert {each.reference for each in queue_of(*here(drafted), "juan", drafted.now).waiting} >= {"MX-1"}
    said = [entry for entry in moved.history if OfficeMove.read(entry)]
    assert [(each.actor, each.effective_on, each.way.role if each.way else "") for each in said] == [
        ("sergio", date(2026, 3, 2), "supervisor"),
        ("judith", date(2026, 3, 3), "supervisor"),
    ]
    assert sees(drafted, "juan")
    assert sees(drafted, "elena"), "what was seen lawfully stays seen"
    assert agreements.list_agreements(*here(drafted), drafted.now, Filters(office="juarez"), viewer=OPERATOR).lines
    with pytest.raises(Refused):
        take(drafted, "request_opinion", "elena")
    take(drafted, "request_opinion", "juan")
    assert faults(drafted) == []


def test_dates_warnings_acknowledgements_and_feeds_are_the_other_offices_from_then_on(drafted: World) -> None:
    take(drafted, "complete_draft", "elena")
    take(drafted, "request_opinion", "elena")
    take(drafted, "issue_favourable_opinion", "rita", **OPINION)
    for party in PARTIES:
        take(drafted, "sign", "elena", party.name)
    assert feed_of(drafted, "elena")
    assert not feed_of(drafted, "juan")
    programme = DeadlineId("MX-1", "first_programme", 1)
    said = {"person": "elena", "door": AT_PAGE, "now": drafted.now}
    acknowledging.say(*here(drafted), programme, Acknowledge("I have it"), **said)
    assert acknowledged(drafted) == ["elena"]
    ask(drafted)
    accept(drafted)
    assert feed_of(drafted, "juan")
    assert not feed_of(drafted, "elena")
    assert acknowledged(drafted) == []
    drafted.tick()
    before = set(mails(drafted))
    for _ in range(5):
        drafted.now += timedelta(days=25)
        drafted.tick()
    reached = {to for to, text in set(mails(drafted)) - before if "MX-1" in text}
    assert any("juan@" in to for to in reached)
    assert not any(to for to in reached if "@chihuahua" in to), reached
    assert faults(drafted) == []


def test_who_is_concerned_hears_of_it_by_mail(drafted: World) -> None:
    ask(drafted)
    drafted.tick()
    drafted.now += timedelta(hours=1)
    refuse(drafted, "judith")
    drafted.tick()
    ask(drafted)
    drafted.now += timedelta(hours=1)
    accept(drafted, "julio")
    drafted.tick()
    said = [(to.split("@")[0].rpartition("<")[2], text) for to, text in mails(drafted)]
    about = {
        who: {
            word
            for word in ("caso que debe llevar", "se queda en", "en adelante")
            for to, text in said
            if to == who and word in text
        }
        for who in ("sergio", "judith", "julio", "juan", "elena")
    }
    assert about["judith"] >= {"caso que debe llevar"}
    assert about["julio"] >= {"caso que debe llevar", "se queda en"}
    assert about["sergio"] >= {"se queda en", "en adelante"}
    assert about["juan"] >= {"en adelante"}
    assert "caso que debe llevar" not in about["elena"] | about["sergio"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_thing_that_stands_in_the_way_is_said(drafted: World) -> None:
    assert why_not(drafted, to="parral")[0].startswith("There is no office parral; there are ")
    assert why_not(drafted, to="chihuahua") == ["chihuahua keeps it already."]
    assert "of the kind" in why_not(drafted, to="sre")[0]
    assert why_not(drafted, to="empty")[0].startswith("Nobody is ")
    assert why_not(drafted, by="elena") == ["elena is no supervisor of chihuahua."]
    for unseen in (lambda: ask(drafted, by="judith"), lambda: accept(drafted), lambda: refuse(drafted, "judith")):
        with pytest.raises(NotFound, match=r"There is no agreement MX-1\."):
            unseen()
    ask(drafted)
    assert why_not(drafted) == ["sergio has asked juarez on 2026-03-02; that waits for an answer."]
    with pytest.raises(Refused) as refused:
        accept(drafted, "elena")
    assert [str(each) for each in refused.value.reasons] == ["elena is no supervisor of juarez."]
    with pytest.raises(Refused):
        refuse(drafted, "elena")
    for person in ("juan", "rita"):  # of the office that was asked, and of the ministry: neither sees it yet
        with pytest.raises(NotFound):
            accept(drafted, person)
    with pytest.raises(Refused) as refused:
        refuse(drafted, "judith", " \n")
    assert [str(each) for each in refused.value.reasons] == ["Give the reason."]
    refuse(drafted, "sergio")
    said = [
        say(each.text, "en")
        for each in agreements.show_agreement(*here(drafted), "MX-1", drafted.now, viewer=OPERATOR).timeline
    ]
    assert "That juarez keep it instead of chihuahua taken back; reason: it is not" in said
    command = CorrectionCommand(entry=1, correction=Correction.ANNUL, reason="twice")
    correct_entry(*here(drafted), "MX-1", command, person="elena", door=AT_PAGE, now=drafted.now)
    assert why_not(drafted, reference="MX-1.annulled") == ["It is annulled since 2026-03-02."]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_two_persons_it_takes_whatever_ties_them(drafted: World) -> None:
    def tied(who: str, by: str = "sergio", door: Way = AT_PAGE) -> str:
        ask(drafted, by=by, door=door)
        with pytest.raises(Refused) as refused:
            accept(drafted, who, door=door)
        refuse(drafted, by)
        (reason,) = refused.value.reasons
        return str(reason)

    shell = Way(Door.SHELL, machine_user="root")
    assert tied("both", by="both") == "both asked for it; another person has to accept it."
    assert "shell of root" in tied("judith", door=shell)
    given = Delegation("judith", drafted.now.date(), drafted.now.date(), "on leave")
    sergio = replace(drafted.people.people["sergio"], delegations=(given,))
    change(drafted, replace(drafted.people, people={**drafted.people.people, "sergio": sergio}))
    assert "judith stands in for sergio" in tied("judith")
    ask(drafted, by="judith")
    with pytest.raises(Refused, match="stays"):
        accept(drafted, "judith")
    accept(drafted, "julio")
    assert case(drafted).office == "juarez"


def test_what_was_entered_wrongly_is_corrected_after_a_move_and_who_keeps_it_is_not(drafted: World) -> None:
    take(drafted, "complete_draft", "elena")
    ask(drafted)
    accept(drafted)
    drafted.now += timedelta(days=1)

    def correct(entry: int, **asked: str) -> None:
        command = CorrectionCommand(entry=entry, correction=Correction.REPLACE, reason="typed wrongly", asked=asked)
        correct_entry(*here(drafted), "MX-1", command, person="juan", door=AT_PAGE, now=drafted.now)

    correct(1, title="Juárez and El Paso")
    assert (case(drafted).title, case(drafted).office) == ("Juárez and El Paso", "juarez")
    with pytest.raises(Refused) as refused:
        correct(1, office="empty")
    assert "twinflow agreements move MX-1 --to OFFICE" in str(refused.value.reasons[0])
    assert faults(drafted) == []
    with drafted.engine.begin() as connection:
        connection.exec_driver_sql("update agreement set office = 'chihuahua' where reference = 'MX-1'")
    assert "it is kept by chihuahua; by its history it is by juarez" in faults(drafted)


def in_the_ministry(world: World) -> None:
    """As books of before may have it: a case that its own ministry keeps."""
    definition = world.rulebook.catalogue.versions(MX)[-1]
    new = new_case("MX-9", MX, "sre", "nine", world.now.date(), PARTIES, state="drafting")
    today = world.people.today("sre", world.now)
    with UnitOfWork(world.engine) as work:
        case = opened(new, definition, actor="rita", now=world.now, today=today, way=AT_PAGE)
        add(work, world.rulebook, world.people, case, world.now)
        work.commit()


def test_a_case_that_a_ministry_keeps_shows_itself_to_no_municipality_and_says_how_it_gets_to_one(world: World) -> None:
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    change(world, with_juarez(world.people))
    in_the_ministry(world)
    for _ in range(3):
        world.tick()
        world.now += timedelta(days=40)
    municipal = [
        key
        for key, person in world.people.people.items()
        if any(world.people.offices[each.office].kind == "municipality" for each in person.assignments)
    ]
    assert {"elena", "david", "sergio", "juan", "judith"} <= set(municipal)
    for person in municipal:
        assert not sees(world, person, "MX-9"), person
        assert feed_of(world, person) == []
        assert queue_of(*here(world), person, world.now).waiting == ()
        mail = world.people.people[person].mail
        assert [text for to, text in mails(world) if f"<{mail}>" in to and "MX-9" in text] == [], person
    (finding,) = [each for each in case(world, "MX-9").findings if each.finding.code is FindingCode.WRONG_OFFICE]
    assert (finding.finding.subject, finding.told) == ("sre", True)
    assert any("saul@" in to and "twinflow agreements move MX-9 --to OFICINA" in text for to, text in mails(world))
    page = agreements.show_agreement(*here(world), "MX-9", world.now, viewer=OPERATOR)
    assert "twinflow agreements move MX-9 --to OFFICE --reason WHY --as SUPERVISOR" in say(page.missing[0], "en")
    assert faults(world) == []
    ask(world, by="saul", reference="MX-9")
    accept(world, reference="MX-9")
    assert [each for each in case(world, "MX-9").findings if not each.settled] == []
    assert (sees(world, "juan", "MX-9"), sees(world, "elena", "MX-9")) == (True, False)
    assert faults(world) == []


def test_after_a_move_the_day_is_that_of_the_office_that_keeps_it(drafted: World) -> None:
    drafted.now = datetime(2026, 3, 3, 5, 30, tzinfo=UTC)
    there = drafted.now.astimezone(ZoneInfo("America/Ciudad_Juarez")).date()
    ask(drafted)
    accept(drafted)
    assert case(drafted).derived_on == there


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_page_of_the_case_says_that_a_move_waits_and_in_the_timeline_where_it_went(drafted: World) -> None:
    app = create_app(drafted.runtime, lambda: drafted.now)
    browser = TestClient(app, base_url="http://127.0.0.1", headers={"Accept-Language": "es"})
    with signed_in(browser, drafted.runtime, drafted.now, "elena") as page:
        ask(drafted)
        assert "que lo lleve juarez; eso espera respuesta. Motivo: it is theirs" in page.get("/agreements/MX-1").text
        accept(drafted)
        html = page.get("/agreements/MX-1").text
        assert "eso espera respuesta" not in html
        assert "Pasó de chihuahua a juarez, que lo aceptó" in html

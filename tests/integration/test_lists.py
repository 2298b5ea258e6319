"""Lists of agreements, page by page and narrowed, beside the whole of the books sorted here; and timelines page by page."""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import text

from builders import AT_PAGE, EC, MX, PROGRAMME, new_case
from how_many import SEED, many
from next_dates import not_as_deadlines_say
from twinflow.domain.agreement.agreement import Agreement, Claim, Party
from twinflow.domain.agreement.listing import Due, Filters, Position
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.errors import NotFound
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.reading import agreements
from twinflow.storage import listing
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

TODAY = date(2026, 3, 2)
CITIES = (Party("Albuquerque", "US"), Party("Düsseldorf", "DE"), Party("San José", "CR"), Party("Pueblo/Boulder", "US"))
STATES = {MX: ("drafting", "profile_ready", "in_force"), EC: ("intention", "in_force", "approval_requested")}


def opened(world: World, new: NewAgreement) -> None:
    person = "elena" if new.office == "chihuahua" else "lucia"
    open_agreement(world.engine, world.rulebook, world.people, new, actor=person, door=AT_PAGE, now=world.now)


def filled(world: World, random: Random, count: int) -> None:
    """Cases of two processes and offices in several states, some with earlier texts, some with a programme."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    for number in range(count):
        process = random.choice((MX, EC))
        home = Party("Chihuahua", "MX", home=True) if process == MX else Party("Cuenca", "EC", home=True)
        partner = random.choice(CITIES)
        day = TODAY - timedelta(days=random.randrange(400))
        state = random.choice(STATES[process])
        signed = {name: (Claim(PartialDate.of(day), ""),) for name in ("signed_on", "in_force_on", "term_starts_on")}
        new = new_case(
            f"{process[:2].upper()}/{day.year}-{number}",
            process,
            "chihuahua" if process == MX else "cuenca",
            f"{home.name} – {partner.name}",
            day,
            (home, partner),
            state=state,
            facts=signed if state == "in_force" and random.random() < 0.7 else {},
            relationship=f"R-{number // 3}" if random.random() < 0.3 else "",
            generation=number % 3 + 1,
        )
        opened(world, new)
        if process == MX and state == "in_force" and random.random() < 0.5:
            opened(
                world,
                new_case(f"{new.reference}-P", PROGRAMME, new.office, "2026", day, (), parent=new.reference),
            )


@pytest.fixture
def random() -> Random:
    return Random(SEED)


@pytest.fixture
def books(world: World, random: Random) -> World:
    filled(world, random, many(24, 80))
    return world


def everything(world: World) -> list[Agreement]:
    with UnitOfWork(world.engine, reading=True) as work:
        return work.agreements.load(work.agreements.all_ids(OPERATOR))


def first_open(agreement: Agreement, today: date = TODAY) -> date:
    """A date that is only assumed is none any more once it has gone by."""
    dated = (d for d in agreement.deadlines if d.status == "open" and not (d.assumed and d.due_on and d.due_on < today))
    return min((d.due_on for d in dated if d.due_on), default=date.max)


def plain(words: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", words) if sign.isascii()).lower()


def has_word(agreement: Agreement, word: str) -> bool:
    """Whether a word of the reference, the title or a name begins so, or what stands in it after a sign."""
    names = plain(" ".join([agreement.reference, agreement.title, *(party.name for party in agreement.parties)]))
    return any(names[at:].startswith(word) and not names[at - 1 : at].isalnum() for at in range(len(names)))


def wanted(world: World, filters: Filters) -> list[Agreement]:
    """What the list is to show, in its order."""
    every = everything(world)
    last = {a.relationship: max(b.generation for b in every if b.relationship == a.relationship) for a in every}
    found = [
        a
        for a in every
        if (filters.everything or (a.parent is None and a.generation == last[a.relationship]))
        and filters.process in {"", a.process}
        and filters.state in {"", a.state}
        and filters.office in {"", a.office}
        and (not filters.country or any(p.country == filters.country for p in a.parties if not p.home))
        and all(has_word(a, plain(word)) for word in filters.words.split())
        and (filters.due is None or first_open(a) <= filters.due.last_day(TODAY))
    ]
    return sorted(found, key=lambda a: (first_open(a), a.reference))


def pages(world: World, filters: Filters, at_once: int) -> Iterator[list[str]]:
    after: Position | None = None
    while True:
        page = agreements.list_agreements(
            world.engine,
            world.rulebook,
            world.people,
            world.now,
            filters,
            after=after,
            at_once=at_once,
            viewer=OPERATOR,
        )
        assert len(page.lines) == at_once or page.following is None
        yield [line.reference for line in page.lines]
        if page.following is None:
            return
        after = Position.parse(str(page.following))


def some_filters(random: Random) -> Filters:
    """Each narrows by little or by much."""
    process = random.choice(("", "", MX, EC))
    return Filters(
        words=random.choice(
            ("", "", "", "cue", "düss", "DUSSEL", "san jose", "boulder", "mx/20", "chi albu", "2025-1")
        ),
        process=process,
        state=random.choice(("", "", "in_force", *STATES.get(process, ()))),
        office=random.choice(("", "", "", "chihuahua", "cuenca")),
        country=random.choice(("", "", "", "US", "CR", "MX")),
        due=random.choice((None, None, *Due)),
        everything=random.random() < 0.3,
    )


@pytest.mark.parametrize("few", [0, 4, listing.FEW])
def test_pages_put_together_are_the_whole_list_in_its_order(
    books: World, random: Random, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether what is asked for is rare or not decides how it is looked for, and nothing else."""
    monkeypatch.setattr(listing, "FEW", few)
    seen = set()
    for _ in range(many(60, 1_000)):
        filters, at_once = some_filters(random), random.choice((1, 3, 7, 50))
        found = [reference for page in pages(books, filters, at_once) for reference in page]
        assert found == [a.reference for a in wanted(books, filters)], filters
        seen.add(len(found))
    assert {0, 1} < seen
    assert max(seen) > 10


def test_what_is_written_between_pages_neither_doubles_nor_loses_what_stays_as_it_is(
    books: World, random: Random
) -> None:
    filters = Filters(everything=True)
    before = {a.reference: first_open(a) for a in wanted(books, filters)}
    found: list[str] = []
    for page in pages(books, filters, 3):
        found += page
        waiting = [a for a in everything(books) if a.state == "profile_ready"]
        if waiting:
            case = random.choice(waiting)
            step = StepCommand("send_letter", TODAY)
            advance_agreement(
                books.engine,
                books.rulebook,
                books.people,
                case.reference,
                step,
                person="elena",
                door=AT_PAGE,
                now=books.now,
            )
        number = len(everything(books))
        new = new_case(
            f"N-{number}",
            MX,
            "chihuahua",
            "new",
            TODAY,
            (Party("Chihuahua", "MX", home=True), CITIES[0]),
        )
        opened(books, new)
    after = {a.reference: first_open(a) for a in wanted(books, filters)}
    same = {reference for reference, day in before.items() if after[reference] == day}
    assert len(same) < len(before)
    assert sorted(each for each in found if each in same) == sorted(same)
    assert not_as_deadlines_say(books.engine) == []


def test_the_next_date_that_is_kept_is_the_first_that_is_open_whatever_is_written(books: World) -> None:
    assert not_as_deadlines_say(books.engine) == []
    for _ in range(5):
        books.now += timedelta(days=40)
        assert books.tick().delivery.failures == ()
        assert not_as_deadlines_say(books.engine) == []
    with books.engine.begin() as connection:
        connection.execute(text("UPDATE agreement SET next_on = '2020-01-01' WHERE id = 1"))
    assert len(not_as_deadlines_say(books.engine)) == 1


def test_a_line_has_the_date_it_is_listed_by(books: World) -> None:
    books.now += timedelta(days=100)
    lines = agreements.each_agreement(books.engine, books.rulebook, books.people, books.now, viewer=OPERATOR)
    cases = wanted(books, Filters())
    assert [line.next_on or date.max for line in lines] == [first_open(case, books.now.date()) for case in cases]


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters(process="mx/none"), "There is no process mx/none"),
        (Filters(state="nowhere"), "There is no state nowhere"),
        (Filters(process=MX, state="intention"), "There is no state intention"),
        (Filters(office="none"), "There is no office none"),
    ],
)
def test_what_there_is_not_is_said(world: World, filters: Filters, words: str) -> None:
    with pytest.raises(NotFound, match=words):
        agreements.list_agreements(world.engine, world.rulebook, world.people, world.now, filters, viewer=OPERATOR)


def test_only_the_countries_of_partners_are_offered(books: World) -> None:
    partners = {p.country for a in everything(books) for p in a.parties if not p.home}
    assert agreements.countries_of_partners(books.engine, viewer=OPERATOR) == sorted(partners)
    assert "EC" not in partners


def test_no_partner_no_country(world: World) -> None:
    assert agreements.countries_of_partners(world.engine, viewer=OPERATOR) == []


@pytest.mark.parametrize("at_once", [1, 2, 5, 50])
def test_the_pages_of_a_timeline_are_the_whole_of_it(books: World, random: Random, at_once: int) -> None:
    """Also where several things have the same day, or were recorded at the same instant."""
    case = max(everything(books), key=lambda a: len(a.history))
    with books.engine.begin() as connection:
        row = connection.execute(text("SELECT id FROM agreement WHERE reference = :r"), {"r": case.reference}).scalar()
        copied = text(
            "INSERT INTO history (agreement_id, kind, actor, effective_on, recorded_at, details) "
            "SELECT :row, kind, actor, :on, recorded_at, details FROM history WHERE agreement_id = 1 ORDER BY id LIMIT 1"
        )
        for _ in range(40):
            on = TODAY - timedelta(days=random.randrange(5))
            connection.execute(copied, {"row": row, "on": on.isoformat() if books.engine.name == "sqlite" else on})
    here = (books.engine, books.rulebook, books.people, case.reference, books.now)
    whole = agreements.show_agreement(*here, viewer=OPERATOR)
    assert whole.older is None
    assert len(whole.timeline) >= 41
    days = [(entry.effective_on, entry.recorded_at) for entry in whole.timeline]
    assert days == sorted(days, reverse=True)
    found, before = [], None
    while True:
        page = agreements.show_agreement(*here, before=before, at_once=at_once, viewer=OPERATOR)
        assert len(page.timeline) <= at_once
        found += page.timeline
        before = page.older
        if before is None:
            break
    assert tuple(found) == whole.timeline

"""Which cases somebody sees: one predicate for lists, pages and a single case, compared with what its rows say."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from alembic import command
from sqlalchemy import text

from builders import AT_PAGE, EC, MX, OPINION, PAPERS, new_case
from twinflow.bootstrap import start
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.listing import Due, Filters
from twinflow.domain.people.viewer import ADMINISTRATOR, AUDITOR, OPERATOR, Door, Held, Viewer
from twinflow.domain.people.visibility import SUPERVISOR, SeenBy
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement, opened
from twinflow.errors import BadInput, NotFound, Refused, UnreadableAgreement
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.reading import agreements, deadlines, picture
from twinflow.storage import database, listing
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))


@pytest.fixture
def case(world: World) -> World:
    """A draft in Chihuahua."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    new = new_case("MX-1", MX, "chihuahua", "one", world.now.date(), PARTIES, state="drafting")
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    return world


def as_(role: str, where: str, kind: str, country: str = "MX") -> Viewer:
    return Viewer("somebody", Door.PAGE, frozenset({Held(role, where, kind, country)}))


def take(world: World, step: str, person: str = "elena", **records: str) -> None:
    taken = StepCommand(step, world.now.date(), records=records or PAPERS.get(step, {}))
    advance_agreement(
        world.engine, world.rulebook, world.people, "MX-1", taken, person=person, door=AT_PAGE, now=world.now
    )


def sees(world: World, viewer: Viewer) -> bool:
    """Whether it is there for the viewer: the same for each way in."""
    here = (world.engine, world.rulebook, world.people)
    ways = [bool(agreements.list_agreements(*here, world.now, viewer=viewer).lines)]
    ways.append(agreements.list_references(world.engine, viewer=viewer) == ["MX-1"])
    ways.append(agreements.countries_of_partners(world.engine, viewer=viewer) == ["US"])
    for way in (
        lambda: agreements.show_agreement(*here, "MX-1", world.now, viewer=viewer),
        lambda: agreements.office_of(world.engine, "MX-1", viewer=viewer),
        lambda: agreements.list_steps(*here, "MX-1", "elena", world.now, AT_PAGE, viewer=viewer),
        lambda: picture.course_of(*here, "MX-1", world.now, viewer=viewer),
    ):
        try:
            way()
            ways.append(True)
        except NotFound as refused:
            ways.append(str(refused) != "There is no agreement MX-1.")
    assert len(set(ways)) == 1, ways
    return ways[0]


REVIEWER, REGISTRAR = as_("reviewer", "sre", "ministry"), as_("registrar", "sre", "ministry")


def test_another_office_sees_a_case_from_where_its_process_says_and_for_good(case: World) -> None:
    own = [as_(role, "chihuahua", "municipality") for role in ("liaison", "deputy", AUDITOR)]
    whole_kind = [as_(role, "sre", "ministry") for role in (SUPERVISOR, AUDITOR)]
    never = [
        Viewer("nobody", Door.PAGE),
        as_(ADMINISTRATOR, "chihuahua", "municipality"),
        as_("liaison", "elsewhere", "municipality"),
        as_("reviewer", "rree", "ministry", "EC"),
        as_("reviewer", "sre", "consulate"),
    ]

    def who() -> list[bool]:
        assert all(sees(case, viewer) for viewer in (OPERATOR, *own))
        assert not any(sees(case, viewer) for viewer in never)
        return [sees(case, viewer) for viewer in (REVIEWER, REGISTRAR, *whole_kind)]

    assert who() == [False, False, False, False]
    take(case, "complete_draft")
    take(case, "request_opinion")
    assert who() == [True, False, True, True]
    assert deadlines.list_deadlines(case.engine, case.rulebook, case.people, case.now, viewer=REVIEWER).lines
    assert not deadlines.list_deadlines(case.engine, case.rulebook, case.people, case.now, viewer=REGISTRAR).lines
    take(case, "withdraw")
    assert who() == [True, False, True, True]
    with UnitOfWork(case.engine, reading=True) as work:
        assert not list(work.shape.faults_of_lists())


def test_a_case_can_be_shown_to_one_office_whatever_is_held_there(case: World) -> None:
    there = [as_(role, "cul", "consulate") for role in ("liaison", AUDITOR)]
    others = [as_(ADMINISTRATOR, "cul", "consulate"), as_("liaison", "elsewhere", "consulate"), Viewer("x", Door.PAGE)]
    assert not any(sees(case, viewer) for viewer in (*there, *others))
    with UnitOfWork(case.engine) as work:
        for _ in range(2):
            work.visibility.show(work.agreements.id_of("MX-1"), [SeenBy(office="cul")])
        work.commit()
    assert all(sees(case, viewer) for viewer in there)
    assert not any(sees(case, viewer) for viewer in others)


@pytest.mark.parametrize("few", [0, listing.FEW])
def test_one_case_and_all_cases_are_asked_for_by_the_same_predicate(
    world: World, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random cases, rows and viewers: what a list has, what one question answers, and what the rows say, are the same.

    A list of what they see is that of everything without the rest, narrowed or not, page by page.
    """
    monkeypatch.setattr(listing, "FEW", few)
    chance = random.Random(17)
    kinds, countries, roles = ("ministry", "registry"), ("MX", "EC"), ("reviewer", "registrar")
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    shown: dict[int, set[SeenBy]] = {}
    offices: dict[int, str] = {}
    partners: dict[int, str] = {}
    with UnitOfWork(world.engine) as work:
        for number in range(30):
            new = new_case(f"R-{number}", MX, "chihuahua", "one", world.now.date(), PARTIES, state="drafting")
            open_one = agreements_opened(world, work, new, chance.choice(("chihuahua", "juarez", "parral")))
            offices[open_one[0]] = open_one[1]
            rows = {SeenBy(chance.choice(kinds), chance.choice(roles), chance.choice(countries)) for _ in range(2)}
            rows |= {SeenBy(office=chance.choice(("sre", "registry"))) for _ in range(chance.randint(0, 1))}
            shown[open_one[0]] = rows if chance.random() < 0.5 else set()
            work.visibility.show(open_one[0], shown[open_one[0]])
        work.commit()
    with world.engine.begin() as connection:
        for row in shown:
            values = {"id": row, "day": date(2026, 3, chance.randint(1, 9)), "state": chance.choice(STATES)}
            connection.execute(text("UPDATE agreement SET next_on = :day, state = :state WHERE id = :id"), values)
            partners[row] = chance.choice(("CO", "JP", "US"))
            statement = text("UPDATE party SET country = :country WHERE agreement_id = :id AND NOT home")
            connection.execute(statement, {"id": row, "country": partners[row]})
    for number in range(60):
        held = frozenset(
            Held(
                chance.choice((*roles, SUPERVISOR, ADMINISTRATOR)), each, chance.choice(kinds), chance.choice(countries)
            )
            for each in chance.sample(("chihuahua", "juarez", "sre", "registry"), chance.randint(0, 4))
        )
        viewer, filters = Viewer("somebody", Door.PAGE, held), LISTS[number % len(LISTS)]
        with UnitOfWork(world.engine, reading=True) as work:
            listed = set(work.agreements.all_ids(viewer))
            page = pages_of(work, viewer, agreements.NO_FILTERS)
            narrowed, of_all = pages_of(work, viewer, filters), pages_of(work, OPERATOR, filters)
            asked = {row for row in shown if work.visibility.may(viewer, row)}
            offered = work.listing.countries(viewer)
        expected = {row for row in shown if by_the_rows(viewer, offices[row], shown[row])}
        assert listed == set(page) == asked == expected
        assert len(page) == len(expected)
        assert offered == sorted({partners[row] for row in expected})
        assert narrowed == [row for row in of_all if row in expected]


STATES = ("drafting", "in_force")
LISTS = (
    Filters(everything=True),
    Filters(state="in_force"),
    Filters(process=MX, due=Due.PASSED),
    Filters(office="juarez"),
    Filters(words="R-1"),
    Filters(country="US"),
)


def pages_of(work: UnitOfWork, viewer: Viewer, filters: Filters) -> list[int]:
    """A list in pages of four."""
    found, after = work.listing.page(viewer, filters, date(2026, 3, 5), None, 4)
    while after is not None:
        more, after = work.listing.page(viewer, filters, date(2026, 3, 5), after, 4)
        found += more
    return found


def agreements_opened(world: World, work: UnitOfWork, new: NewAgreement, home: str) -> tuple[int, str]:
    """A case in the rows of the transaction, kept by an office that may be any."""
    definition = world.rulebook.catalogue.in_force_on(MX, new.opened_on)
    work.agreements.pin(definition)
    made = opened(new, definition, actor="elena", now=world.now, today=world.now.date(), parent=None, confirmed=[])
    return work.agreements.add(replace(made, office=home)), home


def by_the_rows(viewer: Viewer, home: str, rows: set[SeenBy]) -> bool:
    held = [each for each in viewer.held if each.role != ADMINISTRATOR]
    return any(
        each.office in {home, *(row.office for row in rows if row.office)}
        or any(
            (each.kind, each.country) == (row.kind, row.country) and each.role in {row.role, SUPERVISOR} for row in rows
        )
        for each in held
    )


def test_the_first_start_finds_in_the_history_of_older_books_who_sees_what(case: World) -> None:
    take(case, "complete_draft")
    take(case, "request_opinion")
    take(case, "issue_favourable_opinion", "rita", **OPINION)
    with case.engine.begin() as connection:
        before = connection.execute(text("SELECT * FROM seen_by ORDER BY role")).all()
        connection.execute(text("UPDATE seen_by SET kind = '', role = '', country = '' WHERE role = 'reviewer'"))
        connection.execute(text("DELETE FROM seen_by WHERE kind <> ''"))
    assert before
    assert not sees(case, REVIEWER)
    again = start(case.runtime.settings)
    with again.engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM seen_by ORDER BY role")).all() == before
    again.engine.dispose()
    assert sees(case, REVIEWER)


def test_books_of_the_tables_before_one_office_could_see_a_case_keep_who_sees_what(case: World) -> None:
    take(case, "complete_draft")
    take(case, "request_opinion")
    config = database.migrations()
    with case.engine.begin() as connection:
        shown = text(
            "SELECT * FROM seen_by WHERE kind <> '' OR office <> '' ORDER BY role"
        )  # but the mark of an upgrade
        before = connection.execute(shown).all()
        config.attributes["connection"] = connection
        command.downgrade(config, "0018")
        roles = connection.execute(text("SELECT role FROM seen_by")).scalars()
        assert set(roles) == {row.role for row in before if row.role}
        database.migrate(connection)
        assert before == connection.execute(shown).all()
    with UnitOfWork(case.engine, reading=True) as work:
        assert not list(work.shape.faults_of_definitions())
    take(case, "withdraw")
    assert sees(case, REVIEWER)


def test_who_acts_on_what_they_do_not_see_is_told_what_is_said_of_none(case: World) -> None:
    """Also of a case that cannot be read; whoever sees it and lacks the role is told so."""
    with pytest.raises(NotFound, match=r"There is no agreement MX-1\."):
        take(case, "complete_draft", "rita")
    with pytest.raises(Refused, match="cannot be taken"):
        take(case, "complete_draft", "sergio")
    damages = ["process_version = 99", *(["version = 'odd'"] if case.engine.dialect.name == "sqlite" else [])]
    for damage in damages:
        with case.engine.begin() as connection:
            connection.execute(text(f"UPDATE agreement SET {damage} WHERE reference = 'MX-1'"))
        with pytest.raises(NotFound, match=r"There is no agreement MX-1\."):
            take(case, "complete_draft", "rita")
        with pytest.raises(UnreadableAgreement):
            take(case, "complete_draft")


def test_an_opening_tells_of_no_case_that_the_opener_does_not_see(case: World) -> None:
    """But that its reference is taken, which cannot be helped; and no more than that."""

    def opens(reference: str, parent: str | None = None) -> None:
        new = NewAgreement(reference, EC, "cuenca", "two", case.now.date(), PARTIES, state="negotiation", parent=parent)
        here = (case.engine, case.rulebook, case.people)
        open_agreement(*here, new, actor="lucia", door=AT_PAGE, now=case.now)

    with pytest.raises(Refused) as doubted:
        opens("EC-1")
    assert doubted.value.reasons
    assert "MX-1" not in str([*map(str, doubted.value.reasons)])
    with pytest.raises(BadInput) as taken:
        opens("MX-1")
    assert [str(each.message) for each in taken.value.problems] == ["MX-1 exists already."]
    for parent in ("MX-1", "MX-99"):
        with pytest.raises(NotFound, match=rf"^There is no agreement {parent}\.$"):
            opens("EC-1", parent)

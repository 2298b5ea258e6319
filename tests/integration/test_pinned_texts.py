"""Running cases go by the text they began with, whatever becomes of the files; new ones begin on no file that does not hold."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from builders import AT_PAGE, NOTIFICATIONS, TINY, WORKFLOWS, edited, new_case
from tiny_world import loaded, tiny_world
from twinflow import bootstrap, files
from twinflow.config import DatabaseSettings, MailSettings, Settings
from twinflow.definitions.migrations import read_plan
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.agreement.listing import Filters
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import BadInput, DefinitionChanged, NotFound, UnreadableAgreement
from twinflow.services.agreements import migrating
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.mail import calendar_feeds, outbox
from twinflow.services.reading import agreements, deadlines
from twinflow.services.reading.explanations import explain
from twinflow.storage.unit_of_work import UnitOfWork
from world import CUENCA, World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
CITY = """
[process]
key = "city"
version = 1
extends = { process = "tiny" }
label = { en = "City", es = "Ciudad" }
# tiny v1:
[deadlines.answer]
length = "8 days"
"""
PART = edited(TINY, ('key = "tiny"', 'key = "part"'), ('en = "Tiny"', 'en = "Part"'))
WITH_A_PART = ('start = "open"', 'start = "open"\nchildren = ["part"]')
MET_BY_A_PART = ('met_by = ["finish"]', 'met_by = ["finish", { child = "part", state = "done" }]')
MONDAY = datetime(2026, 3, 2, 18, tzinfo=UTC)
"""On which the cases ask; the answer of T-1 is due on Thursday 12 March, that of the city on Tuesday 10 March."""


def folder(world: World) -> Path:
    found = world.runtime.settings.workflows_folder
    assert found is not None
    return found


def opened(world: World, reference: str, process: str, parent: str | None = None) -> None:
    new = new_case(reference, process, "chihuahua", reference, world.now.date(), PARTIES, parent=parent)
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)


def taken(world: World, reference: str, step: str) -> None:
    command = StepCommand(step, None)
    advance_agreement(
        world.engine, world.rulebook, world.people, reference, command, person="elena", door=AT_PAGE, now=world.now
    )


@pytest.fixture
def books(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A case, one of an overlay and one that belongs to the first, all of which have asked; the message of that has left."""
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "city.toml").write_text(CITY, "utf-8")
    (tmp_path / "workflows" / "part.toml").write_text(PART, "utf-8")
    with tiny_world(database_url, tmp_path, WITH_A_PART, MET_BY_A_PART) as world:
        world.now = MONDAY
        opened(world, "T-1", "tiny")
        opened(world, "C-1", "city")
        opened(world, "T-1-P", "part", parent="T-1")
        for reference in ("T-1", "C-1", "T-1-P"):
            taken(world, reference, "ask")
        assert world.tick().delivery.failures == ()
        yield world


def restarted(world: World, **settings: object) -> World:
    world.engine.dispose()
    world.runtime = bootstrap.start(world.runtime.settings.model_copy(update=settings))
    return world


def rewritten(world: World, name: str, *edits: tuple[str, str]) -> None:
    path = folder(world) / name
    path.write_text(edited(path.read_text("utf-8"), *edits), "utf-8")


def edited_in_place(world: World) -> None:
    for name in ("tiny.toml", "part.toml"):
        rewritten(world, name, ('length = "10 days"', 'length = "20 days"'), ('en = "Answer"', 'en = "Reply"'))


def missing(world: World) -> None:
    for name in ("tiny.toml", "part.toml", "city.toml"):
        (folder(world) / name).unlink()


def the_whole_folder_missing(world: World) -> None:
    shutil.rmtree(folder(world))


def no_toml(world: World) -> None:
    for name in ("tiny.toml", "part.toml", "city.toml"):
        (folder(world) / name).write_text("no TOML at all", "utf-8")


def no_text(world: World) -> None:
    for name in ("tiny.toml", "part.toml", "city.toml"):
        (folder(world) / name).write_bytes(b"\xff\xfe\x00")


def unsound(world: World) -> None:
    for name in ("tiny.toml", "part.toml"):
        rewritten(world, name, ('by = ["liaison"]', 'by = ["nobody"]'))


def with_keys_of_another_program(world: World) -> None:
    for name in ("tiny.toml", "part.toml", "city.toml"):
        rewritten(world, name, ("version = 1", "version = 1\nnothing_of_the_kind = 1"))


DAMAGES = [
    edited_in_place, missing, the_whole_folder_missing, no_toml, no_text, unsound, with_keys_of_another_program,
]  # fmt: skip


@pytest.fixture(params=DAMAGES, ids=lambda damage: damage.__name__)
def damaged(books: World, request: pytest.FixtureRequest) -> World:
    """Started again with the files as somebody left them."""
    request.param(books)
    return restarted(books)


def told(world: World) -> list[tuple[str, str, str]]:
    query = """SELECT reference, alert.level, CAST(effective_on AS VARCHAR) FROM alert
        JOIN agreement ON agreement.id = agreement_id WHERE subject = 'deadline:answer' ORDER BY 3, 1"""
    with world.engine.connect() as connection:
        return [(reference, level, str(on)[:10]) for reference, level, on in connection.execute(text(query))]


def test_cases_whose_files_were_changed_are_swept_told_of_and_taken_on_as_if_nothing_had_happened(
    damaged: World,
) -> None:
    for day in (7, 9, 11, 13):
        damaged.now = datetime(2026, 3, day, 18, tzinfo=UTC)
        done = damaged.tick()
        assert (done.sweep.problems, done.delivery.failures) == ((), ())
    assert told(damaged) == [
        ("C-1", "3 days before", "2026-03-07"),
        ("T-1", "3 days before", "2026-03-09"),
        ("T-1-P", "3 days before", "2026-03-09"),
        ("C-1", "1 day after", "2026-03-11"),
        ("T-1", "1 day after", "2026-03-13"),
        ("T-1-P", "1 day after", "2026-03-13"),
    ]
    assert {message.state for message in outbox.messages(damaged.engine, viewer=OPERATOR)} == {"accepted"}
    for reference in ("T-1-P", "C-1"):
        taken(damaged, reference, "finish")
        assert loaded(damaged, reference).state == "done"
    assert [(each.status, each.due_on) for each in loaded(damaged, "T-1").deadlines] == [("met", date(2026, 3, 12))], (
        "by the part that belongs to it"
    )


def test_everything_about_them_is_still_to_be_read(damaged: World) -> None:
    around = (damaged.engine, damaged.rulebook, damaged.people)
    everything = Filters(everything=True)
    assert [line.reference for line in agreements.each_agreement(*around, damaged.now, everything, viewer=OPERATOR)] == [
        "C-1", "T-1", "T-1-P",
    ]  # fmt: skip
    of_the_process = Filters(process="tiny", state="asked")
    assert [
        line.reference for line in agreements.each_agreement(*around, damaged.now, of_the_process, viewer=OPERATOR)
    ] == ["T-1"]
    assert [
        (line.id, line.due_on) for line in deadlines.list_deadlines(*around, damaged.now, viewer=OPERATOR).lines
    ] == [
        ("C-1/answer/1", date(2026, 3, 10)),
        ("T-1/answer/1", date(2026, 3, 12)),
        ("T-1-P/answer/1", date(2026, 3, 12)),
    ]
    for reference in ("T-1", "C-1", "T-1-P"):
        assert agreements.show_agreement(*around, reference, damaged.now, viewer=OPERATOR).timeline
        assert explain(*around, DeadlineId(reference, "answer", 1), damaged.now, viewer=OPERATOR)
    events = calendar_feeds.dates_of(*around, damaged.people.person("elena"), damaged.now)
    assert {event.on for event in events} >= {date(2026, 3, 10), date(2026, 3, 12)}


def test_no_case_begins_on_what_does_not_hold(damaged: World) -> None:
    for process in ("tiny", "part", "city"):
        with pytest.raises((BadInput, NotFound, DefinitionChanged)) as refused:
            opened(damaged, "NEW", process)
        assert process in str(refused.value)
    assert agreements.list_references(damaged.engine, viewer=OPERATOR) == ["C-1", "T-1", "T-1-P"]


def test_what_is_wrong_is_among_the_troubles(damaged: World) -> None:
    said = " ".join(map(str, damaged.runtime.troubles))
    assert all(name in said for name in ("tiny", "part", "city"))


def test_what_is_mended_is_no_trouble_any_more(books: World) -> None:
    kept = {path: path.read_bytes() for path in folder(books).glob("*.toml")}
    no_toml(books)
    assert len(restarted(books).runtime.troubles) == 3
    for path, raw in kept.items():
        path.write_bytes(raw)
    assert restarted(books).runtime.troubles == ()
    opened(books, "NEW", "city")


def test_a_trouble_names_all_mistakes_of_its_file_and_so_does_whoever_opens_on_it(books: World) -> None:
    rewritten(books, "tiny.toml", ('to = "asked"', 'to = "aksed"'), ('late = "liaison"', 'late = "liason"'))
    (folder(books) / "city.toml").unlink()
    of_tiny, of_city = restarted(books).runtime.troubles
    assert "workflows/tiny.toml" in str(of_tiny)
    assert "aksed" in str(of_tiny)
    assert "liason" in str(of_tiny)
    assert str(of_city) == "city v1 has no file any more, although agreements run on it."
    with pytest.raises(BadInput) as refused:
        opened(books, "NEW", "tiny")
    assert len(refused.value.problems) == 2
    opened(books, "NEW", "part")


def test_a_file_with_the_number_of_its_next_version_takes_the_days_of_the_old_one(books: World) -> None:
    rewritten(books, "tiny.toml", ("version = 1", "version = 2"), ('length = "10 days"', 'length = "30 days"'))
    rewritten(books, "city.toml", ("version = 1", "version = 2"), ('process = "tiny"', 'process = "tiny", version = 2'))
    assert restarted(books).runtime.troubles == ()
    for reference, process in (("T-2", "tiny"), ("C-2", "city")):
        opened(books, reference, process)
        taken(books, reference, "ask")
    due = {
        line.id: line.due_on
        for line in deadlines.list_deadlines(
            books.engine, books.rulebook, books.people, books.now, viewer=OPERATOR
        ).lines
    }
    assert due["T-1/answer/1"] == date(2026, 3, 12)
    assert due["T-2/answer/1"] == date(2026, 4, 1)
    assert due["C-1/answer/1"] == due["C-2/answer/1"] == date(2026, 3, 10)
    assert loaded(books, "T-2").process_version == loaded(books, "C-2").process_version == 2
    assert {process.name for process in books.rulebook.catalogue} == {"tiny v2", "city v2", "part v1"}
    assert files.prove(books.runtime.settings) is not None


def test_cases_move_from_a_version_without_a_file_and_not_to_one_that_does_not_hold(
    books: World, tmp_path: Path
) -> None:
    rewritten(books, "tiny.toml", ("version = 1", "version = 2"), ('length = "10 days"', 'length = "30 days"'))
    (folder(books) / "city.toml").unlink()
    (tmp_path / "plan.toml").write_text(
        'from_process = "tiny@1"\nto_process = "tiny@2"\nreason = "new"\n'
        '[states]\nopen = "open"\nasked = "asked"\ndone = "done"\n[deadlines]\nanswer = "recompute"\n',
        "utf-8",
    )
    restarted(books)
    plan = read_plan(tmp_path / "plan.toml", books.rulebook.catalogue, books.rulebook.all_versions)
    rewritten(books, "tiny.toml", ('to = "asked"', 'to = "aksed"'))
    restarted(books)
    with pytest.raises(BadInput, match="has mistakes"):
        read_plan(tmp_path / "plan.toml", books.rulebook.catalogue, books.rulebook.all_versions)
    rewritten(books, "tiny.toml", ('to = "aksed"', 'to = "asked"'))
    restarted(books)
    (moved,) = migrating.apply(
        books.engine, books.rulebook, books.people, plan, person="elena", door=AT_PAGE, now=books.now
    )
    assert (moved.reference, moved.refused) == ("T-1", False)
    assert [each.due_on for each in loaded(books, "T-1").deadlines] == [date(2026, 4, 1)]
    lexicon = books.rulebook.lexicon_of(loaded(books, "T-1"))
    assert lexicon.version == 2


def test_a_broken_version_that_is_not_in_force_yet_keeps_nobody_from_opening(books: World) -> None:
    later = edited(TINY, ("version = 1", "version = 2"), ("2000-01-01", "2030-01-01"), ('to = "asked"', 'to = "aksed"'))
    (folder(books) / "tiny.v2.toml").write_text(later, "utf-8")
    (trouble,) = restarted(books).runtime.troubles
    assert "workflows/tiny.v2.toml" in str(trouble)
    opened(books, "NEW", "tiny")
    assert loaded(books, "NEW").process_version == 1
    (folder(books) / "tiny.v2.toml").write_text("no TOML", "utf-8")
    restarted(books)
    with pytest.raises(BadInput, match=r"tiny\.v2\.toml"):
        opened(books, "NEWER", "tiny")  # it may be in force today


def test_a_service_that_runs_knows_the_versions_that_another_process_has_opened_cases_on_since(books: World) -> None:
    later = edited(TINY, ("version = 1", "version = 2"), ('length = "10 days"', 'length = "30 days"'))
    (folder(books) / "tiny.v2.toml").write_text(later, "utf-8")
    other = World(bootstrap.start(books.runtime.settings), books.now)
    opened(other, "T-2", "tiny")
    taken(other, "T-2", "ask")
    other.engine.dispose()
    books.runtime.refresh()
    done = books.tick()
    assert (done.sweep.problems, done.delivery.failures) == ((), ())
    taken(books, "T-2", "finish")
    assert [each.due_on for each in loaded(books, "T-2").deadlines] == [date(2026, 4, 1)]


def test_where_a_text_is_nowhere_its_cases_are_named_and_the_others_go_on(books: World) -> None:
    with books.engine.begin() as connection:
        connection.execute(text("DELETE FROM process_version WHERE key = 'tiny'"))
    (folder(books) / "tiny.toml").rename(folder(books) / "tiny.kept")
    said = [str(trouble) for trouble in restarted(books).runtime.troubles]
    assert [sentence for sentence in said if "T-1" in sentence and "put the file back" in sentence] != []
    taken(books, "C-1", "finish")
    with pytest.raises(UnreadableAgreement, match="put the file back"):
        taken(books, "T-1", "finish")
    (folder(books) / "tiny.kept").rename(folder(books) / "tiny.toml")
    assert restarted(books).runtime.troubles == ()
    taken(books, "T-1", "finish")


def test_a_file_that_says_the_same_is_not_edited_though_another_program_had_another_digest_for_it(books: World) -> None:
    """As where a later program knows more keys, each of which has its usual value in all files of before."""
    with books.engine.begin() as connection:
        connection.execute(text("UPDATE process_version SET digest = 'of then' WHERE key = 'tiny'"))
        connection.execute(text("UPDATE agreement SET process_digest = 'of then' WHERE process = 'tiny'"))
    assert restarted(books).runtime.troubles == ()
    opened(books, "NEW", "tiny")
    taken(books, "T-1", "finish")
    assert {loaded(books, reference).process_digest for reference in ("T-1", "NEW")} == {"of then"}


def test_a_kept_text_is_not_proved_again(books: World) -> None:
    """As if a later program asked more of a file than the one before: what the books have is in use already."""
    spoilt = edited(TINY, WITH_A_PART, MET_BY_A_PART, ('waits_for = "liaison"', 'waits_for = "nobody"'))
    with books.engine.begin() as connection:
        connection.execute(text("UPDATE process_version SET text = :text WHERE key = 'tiny'"), {"text": spoilt})
    missing(books)
    restarted(books)
    taken(books, "T-1", "finish")


def test_nothing_is_gone_on_with_where_there_is_no_case(database_url: str, tmp_path: Path) -> None:
    with tiny_world(database_url, tmp_path) as world:
        no_toml_in = folder(world) / "tiny.toml"
        no_toml_in.write_text("no TOML at all", "utf-8")
        with pytest.raises(BadInput) as told:
            bootstrap.start(world.runtime.settings)
        assert told.value.problems


# Calendars, notices, people


def calendar_missing(settings: Settings) -> None:
    (files.calendars_folder(settings) / "mx-labour.toml").unlink()


def calendar_damaged(settings: Settings) -> None:
    (files.calendars_folder(settings) / "mx-labour.toml").write_text("no TOML at all", "utf-8")


def notice_missing(settings: Settings) -> None:
    shutil.rmtree(files.notifications_folder(settings) / "deadline-soon")


def notice_damaged(settings: Settings) -> None:
    body = files.notifications_folder(settings) / "deadline-soon" / "es" / "body.txt"
    body.write_text("{{ nothing_of_the_kind }}", "utf-8")


def frame_damaged(settings: Settings) -> None:
    (files.notifications_folder(settings) / "_base" / "es" / "message.txt").unlink()


def table_of_notices_missing(settings: Settings) -> None:
    (files.notifications_folder(settings) / "notices.toml").unlink()


def all_notices_missing(settings: Settings) -> None:
    shutil.rmtree(files.notifications_folder(settings))


OTHER_FILES: list[tuple[Callable[[Settings], None], str]] = [
    (calendar_missing, "mx-labour"),
    (calendar_damaged, "mx-labour"),
    (notice_missing, "deadline-soon"),
    (notice_damaged, "nothing_of_the_kind"),
    (frame_damaged, "message.txt"),
    (table_of_notices_missing, "notices.toml"),
    (all_notices_missing, "notifications"),
]


@pytest.mark.parametrize(("damage", "named"), OTHER_FILES, ids=[damage.__name__ for damage, _ in OTHER_FILES])
def test_a_missing_or_damaged_calendar_or_notice_stops_nothing(
    damage: Callable[[Settings], None], named: str, books: World, tmp_path: Path
) -> None:
    shutil.copytree(NOTIFICATIONS, tmp_path / "notifications")
    restarted(books, notifications_folder=tmp_path / "notifications")
    assert books.runtime.troubles == ()
    damage(books.runtime.settings)
    restarted(books)
    assert named in " ".join(map(str, books.runtime.troubles))
    books.now = datetime(2026, 3, 9, 18, tzinfo=UTC)
    done = books.tick()
    assert (done.sweep.problems, done.delivery.failures) == ((), ())
    assert [level for _, level, _ in told(books)] == ["3 days before"] * 3
    assert {message.state for message in outbox.messages(books.engine, viewer=OPERATOR)} == {"accepted"}
    opened(books, "NEW", "tiny")
    taken(books, "NEW", "ask")
    around = (books.engine, books.rulebook, books.people)
    due = {line.id: line.due_on for line in deadlines.list_deadlines(*around, books.now, viewer=OPERATOR).lines}
    assert due["NEW/answer/1"] == date(2026, 3, 19)


def people_missing(settings: Settings) -> None:
    settings.people_file.unlink()


def people_damaged(settings: Settings) -> None:
    settings.people_file.write_bytes(b"\xff\xfe")


def people_with_a_role_that_there_is_not(settings: Settings) -> None:
    found = settings.people_file.read_text("utf-8")
    settings.people_file.write_text(edited(found, ('role = "liaison"', 'role = "liason"')), "utf-8")


@pytest.mark.parametrize("damage", [people_missing, people_damaged, people_with_a_role_that_there_is_not])
def test_what_becomes_of_the_people_file_later_is_of_no_account(
    damage: Callable[[Settings], None], books: World
) -> None:
    before = books.people
    damage(books.runtime.settings)
    assert (restarted(books).people, books.runtime.troubles) == (before, ())


def test_the_words_of_a_damaged_notice_are_those_that_come_with_twinflow_and_of_the_others_one_s_own(
    books: World, tmp_path: Path
) -> None:
    mine = tmp_path / "notifications"
    shutil.copytree(NOTIFICATIONS, mine)
    for notice in ("deadline-soon", "opinion-requested"):
        (mine / notice / "es" / "subject.txt").write_text(f"MINE {notice}", "utf-8")
    (mine / "deadline-soon" / "en" / "body.txt").unlink()
    restarted(books, notifications_folder=mine)
    taken(books, "T-1", "finish")
    opened(books, "T-2", "tiny")
    books.now = datetime(2026, 3, 9, 18, tzinfo=UTC)
    words = books.runtime.post.composer.words
    assert words.template("opinion-requested", "es", "subject.txt").render() == "MINE opinion-requested"
    assert words._files["deadline-soon/es/subject.txt"] == (NOTIFICATIONS / "deadline-soon/es/subject.txt").read_bytes()


def test_a_usual_start_asks_for_no_text(books: World) -> None:
    """Neither of a process nor of the people: their digests are enough."""
    with UnitOfWork(books.engine, reading=True) as work:
        assert work.agreements.pins() == work.agreements.kept_pins()
    with books.engine.begin() as connection:
        connection.execute(text("UPDATE process_version SET text = 'unreadable'"))
        connection.execute(text("UPDATE kept_file SET text = 'unreadable'"))
    assert restarted(books).runtime.troubles == ()
    taken(books, "T-1", "finish")


MINE = """

[mine]
label = { en = "Mine", es = "Mío" }
because = { en = "It is mine.", es = "Es mío." }
"""


def test_the_message_of_a_damaged_notice_of_one_s_own_waits_and_the_others_go(
    database_url: str, tmp_path: Path
) -> None:
    notifications = tmp_path / "notifications"
    shutil.copytree(NOTIFICATIONS, notifications)
    shutil.copytree(NOTIFICATIONS / "opinion-requested", notifications / "mine")
    with (notifications / "notices.toml").open("a", encoding="utf-8") as table:
        table.write(MINE)
    with tiny_world(database_url, tmp_path) as books:
        rewritten(
            books, "tiny.toml", ('"opinion-requested", to = ["liaison"]', '"mine", to = ["liaison"], urgent = true')
        )
        restarted(books, notifications_folder=notifications)
        books.now = MONDAY
        opened(books, "T-1", "tiny")
        taken(books, "T-1", "ask")
        books.now = datetime(2026, 3, 9, 18, tzinfo=UTC)
        subject = notifications / "mine" / "es" / "subject.txt"
        kept = subject.read_text("utf-8")
        subject.write_text("{{ nothing", "utf-8")
        restarted(books)
        (failure,) = books.tick().delivery.failures
        assert "cannot be written" in str(failure)
        assert sorted(each.state for each in outbox.messages(books.engine, viewer=OPERATOR)) == ["accepted", "retrying"]
        subject.write_text(kept, "utf-8")
        restarted(books)
        books.now += timedelta(hours=8)
        assert books.tick().delivery.failures == ()
        assert {each.state for each in outbox.messages(books.engine, viewer=OPERATOR)} == {"accepted"}


def test_a_register_is_not_taken_over_to_what_does_not_hold_and_what_is_wrong_is_said(
    database_url: str, tmp_path: Path
) -> None:
    workflows = shutil.copytree(WORKFLOWS, tmp_path / "workflows", ignore=shutil.ignore_patterns("cases"))
    settings = Settings(
        people_file=CUENCA / "people.toml",
        workflows_folder=workflows,
        database=DatabaseSettings(url=database_url),
        mail=MailSettings(capture_folder=tmp_path / "mail"),
    )
    world = World(bootstrap.start(settings))
    world.import_cuenca()
    rewritten(world, "ec/agreement.toml", ('to = "registration_requested"', 'to = "registration_reqested"'))
    restarted(world)
    with pytest.raises(BadInput, match=r"ec/agreement\.toml") as refused:
        world.import_cuenca()
    assert "registration_reqested" in str(refused.value.problems[0])
    world.now += timedelta(days=30)
    assert world.tick().sweep.problems == ()
    world.engine.dispose()

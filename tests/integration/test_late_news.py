"""A day off announced late: shown before it counts, then counted everywhere once; what is closed stays as it was."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from builders import AT_PAGE, TINY, WORKFLOWS, edited, new_case, noon
from how_many import many
from next_dates import not_as_deadlines_say
from prepared import Prepare
from tiny_world import loaded, tiny_world
from twinflow.definitions.calendars import read_calendar
from twinflow.domain.agreement.agreement import Deadline, DeadlineStatus, Party
from twinflow.domain.agreement.entries import ChangeKind
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.calendar.business_days import Calendar
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import NotFound, StaleAgreement, UnreadableAgreement
from twinflow.language import say
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.agreements.recording import refreshed
from twinflow.services.clock.sweep import sweep
from twinflow.services.deadlines import calendar_editions as late_news
from twinflow.services.deadlines.calendar_editions import Applied, MovedDeadline, apply, preview
from twinflow.services.deadlines.changing import change_deadline
from twinflow.services.mail import outbox
from twinflow.services.reading import agreements
from twinflow.services.reading.explanations import explain
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
FIRST = (WORKFLOWS / "calendars" / "mx-labour.toml").read_text("utf-8")

STEPS = """
[states.waiting]
stage = "work"
waits_for = "liaison"
label = { en = "Waiting", es = "En espera" }
[steps.wait]
from = ["asked"]
to = "waiting"
by = ["liaison"]
label = { en = "Wait", es = "Esperar" }
[steps.go_on]
from = ["waiting"]
to = "asked"
by = ["liaison"]
label = { en = "Go on", es = "Seguir" }
[steps.report]
from = ["asked"]
to = "asked"
by = ["liaison"]
label = { en = "Report", es = "Informar" }
[steps.ask]"""
RULES = """label = { en = "Answer", es = "Respuesta" }
[deadlines.answer.pause]
by = ["liaison"]
at_most = "10 business days"
source = "test"
[deadlines.answer.extend]
by = ["liaison"]
at_most = "20 business days"
source = "test"

[deadlines.last_day]
runs_from = { deadline = "answer" }
length = "3 business days"
direction = "backward"
duty = false
nature = "contractual"
source = "test"
label = { en = "Last day", es = "Último día" }

[deadlines.report]
runs_from = { fact = "asked_on" }
length = "1 month"
recurs = true
until = "answer"
nature = "contractual"
late = "liaison"
met_by = ["report"]
warn = ["1 day after"]
source = "test"
label = { en = "Report", es = "Informe" }

[deadlines.receipt]
runs_from = { step = "ask" }
cut_off = 15:00:00
length = "10 business days"
nature = "legal"
late = "liaison"
met_by = ["finish"]
warn = ["1 day after"]
source = "test"
label = { en = "Receipt", es = "Acuse" }

[deadlines.plain]
runs_from = { fact = "asked_on" }
length = "20 days"
nature = "target"
late = "liaison"
met_by = ["finish"]
warn = ["1 day after"]
source = "test"
label = { en = "Plain", es = "Corrido" }
"""
EDITS = (
    ("[steps.ask]", STEPS),
    ('length = "10 days"', 'length = "30 business days"\npaused_in = ["waiting"]'),
    ('label = { en = "Answer", es = "Respuesta" }\n', RULES),
)


@pytest.fixture
def books(database_url: str, prepare: Prepare, tmp_path: Path) -> Iterator[World]:
    """Five cases on 6 April 2026: one quiet, one extended and paused, one waiting, one finished, one of last year."""
    with tiny_world(database_url, tmp_path, *EDITS) as world:
        prepare("five cases", lambda: five_cases(world))
        world.now = noon(date(2026, 4, 6))
        yield world


def five_cases(world: World) -> None:
    opened(world, "T-1", date(2026, 3, 9))
    opened(world, "T-2", date(2026, 3, 12), received_at=datetime(2026, 3, 12, 23, tzinfo=UTC))
    world.now = noon(date(2026, 3, 20))
    changed(world, "T-2", ChangeKind.EXTEND, date(2026, 3, 18), length=Length.parse("5 business days"))
    changed(world, "T-2", ChangeKind.PAUSE, date(2026, 3, 20))
    opened(world, "T-3", date(2026, 3, 11))
    world.now = noon(date(2026, 3, 25))
    taken(world, "T-3", "wait", date(2026, 3, 25))
    opened(world, "T-4", date(2026, 3, 4))
    world.now = noon(date(2026, 3, 23))
    taken(world, "T-4", "finish", date(2026, 3, 23))
    opened(world, "T-5", date(2025, 12, 1))
    world.now = noon(date(2025, 12, 29))
    taken(world, "T-5", "report", date(2025, 12, 29))
    world.now = noon(date(2026, 4, 6))
    world.tick()


def opened(world: World, reference: str, on: date, received_at: datetime | None = None) -> None:
    world.now = received_at or noon(on)
    new = new_case(reference, "tiny", "chihuahua", "x", on, PARTIES)
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    taken(world, reference, "ask", on, received_at=received_at)


def taken(world: World, reference: str, step: str, on: date, rulebook: Rulebook | None = None, **more: Any) -> None:
    command = StepCommand(step, on, **more)
    rulebook = rulebook or world.rulebook
    advance_agreement(
        world.engine, rulebook, world.people, reference, command, person="elena", door=AT_PAGE, now=world.now
    )


def changed(world: World, reference: str, kind: ChangeKind, on: date, **more: Any) -> None:
    command = ChangeCommand(kind=kind, on=on, reason="flood", paper="OF-1", **more)
    wanted = DeadlineId(reference, "answer", 1)
    change_deadline(
        world.engine, world.rulebook, world.people, wanted, command, person="elena", door=AT_PAGE, now=world.now
    )


def edition(*days: date, last_year: int | None = None, guessed: bool = False) -> tuple[Calendar, str]:
    """The shipped calendar with more days off, as a calendar and as its text."""
    label, source = '{ en = "Mourning", es = "Duelo" }', "Diario Oficial"
    marks = "proposed = true\nguessed = true\n" if guessed else ""
    more = [f'\n[[days]]\non = {day}\nlabel = {label}\nsource = "{source}"\n{marks}' for day in sorted(set(days))]
    content = FIRST + "".join(more)
    if last_year is not None:
        content = edited(content, ("last_year = 2027", f"last_year = {last_year}"))
    return read_calendar(content, "mx-labour.toml"), content


NEWS = (date(2026, 4, 9), date(2026, 4, 10))
"""Two business days, Thursday and Friday, that nobody knew of on Monday."""


def announced(world: World, *days: date, **more: Any) -> Applied:
    calendar, content = edition(*days, **more)
    done = apply(world.engine, world.rulebook, world.people, calendar, content, person="elena", now=world.now)
    world.runtime.refresh()
    return done


DOORS = {
    "preview": lambda world, calendar, _: list(
        preview(world.engine, world.rulebook, world.people, calendar, world.now, progress=lambda *_: None)
    ),
    "apply": lambda world, calendar, content: apply(
        world.engine, world.rulebook, world.people, calendar, content, person="elena", now=world.now
    ),
}


def foreseen(world: World, *days: date) -> list[MovedDeadline]:
    return DOORS["preview"](world, *edition(*days))


def everything(world: World, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    with world.engine.connect() as connection:
        names = tables or ("agreement", "deadline", "history", "alert", "outbox", "calendar", "finding")
        return {name: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {name}"))), key=str) for name in names}


def rows(world: World) -> dict[tuple[str, str, int], Deadline]:
    """Every deadline as it is kept."""
    references = agreements.list_references(world.engine, viewer=OPERATOR)
    return {(ref, *d.key): d for ref in references for d in loaded(world, ref).deadlines}


def closed(world: World) -> dict[tuple[str, str, int], Deadline]:
    return {key: deadline for key, deadline in rows(world).items() if not deadline.is_open}


def due(world: World) -> dict[tuple[str, str, int], date | None]:
    return {key: deadline.due_on for key, deadline in rows(world).items()}


def from_scratch(world: World) -> dict[tuple[str, str, int], Deadline]:
    """Every open deadline derived by the rulebook as it is now."""
    references = agreements.list_references(world.engine, viewer=OPERATOR)
    cases = [refreshed(world.rulebook, world.people, loaded(world, ref), world.now) for ref in references]
    return {(case.reference, *d.key): d for case in cases for d in case.deadlines if d.is_open}


def assert_as_from_scratch(world: World) -> None:
    """What is open is as if it had been counted for the first time; what was closed may have been derived open."""
    assert not_as_deadlines_say(world.engine) == []
    kept, anew = rows(world), from_scratch(world)
    still_open = {key for key, deadline in kept.items() if deadline.is_open}
    assert {key: kept[key] for key in still_open} == {key: anew[key] for key in anew if key in still_open}
    assert {key for key in anew if key not in still_open and kept[key].closed_on is None} == set()


def is_news(entry: HistoryEntry) -> bool:
    return entry.kind is EntryKind.DEADLINE and entry.details.get("cause", "").startswith("mx-labour@")


def news_of(world: World) -> Counter[tuple[str, str, int]]:
    """How often a history names another edition as the cause that a deadline moved."""
    return Counter(
        (ref, entry.details["deadline"], int(entry.details["occurrence"]))
        for ref in agreements.list_references(world.engine, viewer=OPERATOR)
        for entry in loaded(world, ref).history
        if is_news(entry)
    )


def told(world: World) -> Counter[tuple[str, str, str, str]]:
    with world.engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT reference, subject, occurrence, recipient FROM alert JOIN agreement ON agreement.id = agreement_id "
                "WHERE level LIKE 'mx-labour@%'"
            )
        )
        return Counter((ref, f"{subject}/{occurrence}", who, "") for ref, subject, occurrence, who in found)


# Seen before


def test_the_preview_writes_nothing_and_names_exactly_those_that_then_move(books: World) -> None:
    before, kept = everything(books), due(books)
    seen = {(m.reference, *DeadlineId.parse(m.id).key): (m.before, m.after) for m in foreseen(books, *NEWS)}
    assert everything(books) == before
    announced(books, *NEWS)
    after = due(books)
    assert seen == {key: (kept[key], after[key]) for key in kept if kept[key] != after[key]}
    assert {(reference, rule) for reference, rule, _ in seen} == {
        *(("T-1", rule) for rule in ("answer", "last_day")),
        *(("T-2", rule) for rule in ("answer", "last_day")),
        ("T-1", "report"),
    }


def test_the_preview_names_each_deadline_once_though_an_agreement_falls_into_two_batches(
    books: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sorted(moved.id for moved in foreseen(books, *NEWS))
    for at_once in (1, 2, 3):
        monkeypatch.setattr(late_news, "AT_ONCE", at_once)
        assert sorted(moved.id for moved in foreseen(books, *NEWS)) == whole


DAMAGES = {
    "a rule that its version lacks": "UPDATE deadline SET rule = 'gone' WHERE rule = 'answer'",
    "a basis that is no JSON": "UPDATE deadline SET basis = '{' WHERE rule = 'answer'",
    "a version that there is not": "UPDATE deadline SET rule = rule",
    "a beginning that cannot be read": "UPDATE deadline SET anchor_on = 'soon' WHERE rule = 'answer'",
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("at_once", [1, 10_000])
def test_an_agreement_that_cannot_be_read_keeps_its_dates_and_is_named_and_the_others_move(
    books: World, monkeypatch: pytest.MonkeyPatch, damage: str, at_once: int
) -> None:
    if damage == "a beginning that cannot be read" and books.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps no such row")
    monkeypatch.setattr(late_news, "AT_ONCE", at_once)
    others = {moved.id for moved in foreseen(books, *NEWS) if moved.reference != "T-1"}
    with books.engine.begin() as connection:
        connection.execute(
            text(
                f"{DAMAGES[damage]} {'AND' if 'WHERE' in DAMAGES[damage] else 'WHERE'} agreement_id ="
                " (SELECT id FROM agreement WHERE reference = 'T-1')"
            )
        )
        if damage == "a version that there is not":
            connection.execute(text("UPDATE agreement SET process_version = 99 WHERE reference = 'T-1'"))
    seen = foreseen(books, *NEWS)
    assert [each.reference for each in seen if isinstance(each, UnreadableAgreement)] == ["T-1"]
    assert others == {each.id for each in seen if isinstance(each, MovedDeadline) and each.reference != "T-1"}
    done = announced(books, *NEWS)
    assert [str(each).partition(":")[0] for each in done.unreadable] == ["T-1 cannot be read"]
    assert loaded(books, "T-2").deadlines != ()
    assert {reference for reference, _, _ in news_of_others(books)} == {"T-2"}


def news_of_others(world: World) -> Iterator[tuple[str, str, int]]:
    for reference in agreements.list_references(world.engine, viewer=OPERATOR):
        if reference != "T-1":
            for entry in loaded(world, reference).history:
                if is_news(entry):
                    yield reference, entry.details["deadline"], int(entry.details["occurrence"])


def test_the_preview_says_how_far_it_is(books: World) -> None:
    said: list[tuple[int, int]] = []
    calendar, _ = edition(*NEWS)
    list(
        preview(books.engine, books.rulebook, books.people, calendar, books.now, progress=lambda *far: said.append(far))
    )
    assert said
    assert said[-1][0] == said[-1][1]


def test_an_edition_that_changes_no_day_moves_nothing(books: World) -> None:
    assert foreseen(books, date(2026, 12, 24)) == []
    done = announced(books, date(2026, 12, 24))
    assert (done.moved, done.told) == (0, 0)
    assert_as_from_scratch(books)


@pytest.mark.parametrize("door", DOORS)
def test_a_calendar_that_is_not_in_use_is_answered_with_those_that_are(books: World, door: str) -> None:
    calendar, content = edition(*NEWS)
    unknown = replace(calendar, key="mx-labor")
    with pytest.raises(NotFound, match=r"There is no calendar mx-labor; there are .*mx-labour"):
        DOORS[door](books, unknown, content)


def test_nobody_unknown_applies_anything(books: World) -> None:
    before = everything(books)
    calendar, content = edition(*NEWS)
    with pytest.raises(NotFound, match="There is no person nobody"):
        apply(books.engine, books.rulebook, books.people, calendar, content, person="nobody", now=books.now)
    assert everything(books) == before


# Applied


def test_each_that_moves_has_one_entry_with_its_cause_and_each_person_one_digest(books: World) -> None:
    done = announced(books, *NEWS)
    assert (done.calendar, done.moved, done.told) == ("mx-labour", 5, 1)
    assert sum(news_of(books).values()) == len(news_of(books)) == 5
    found = [entry for entry in loaded(books, "T-1").history if is_news(entry)]
    (entry,) = [entry for entry in found if entry.details["deadline"] == "answer"]
    assert (entry.actor, entry.recorded_at, entry.effective_on) == ("elena", books.now, date(2026, 4, 6))
    assert (entry.details["from"], entry.details["to"]) == ("2026-04-21", "2026-04-23")
    assert entry.details["cause"].startswith(f"mx-labour@{done.edition} ")
    assert set(told(books).values()) == {1}
    assert len(told(books)) == 5
    digests = [m for m in outbox.messages(books.engine, viewer=OPERATOR) if m.digest and m.state == "queued"]
    assert [message.recipient for message in digests] == ["elena"]
    assert books.tick().delivery.failures == ()


def test_each_that_is_told_has_an_entry_of_the_history(books: World) -> None:
    """One writer tells of a date that moved, be it counted alone (`plain`, `answer`) or with its whole agreement."""
    announced(books, *NEWS)
    entries = Counter(
        (reference, details["subject"], details["recipient"], details["role"], entry.actor, entry.effective_on)
        for reference in agreements.list_references(books.engine, viewer=OPERATOR)
        for entry in loaded(books, reference).history
        if entry.kind is EntryKind.ALERT and (details := entry.details)["level"].startswith("mx-labour@")
    )
    assert set(entries.values()) == {1}
    alerts = {(reference, subject.partition("/")[0], who) for reference, subject, who, _ in told(books)}
    assert {key[:3] for key in entries} == alerts
    assert {key[3:] for key in entries} == {("liaison", "clock", date(2026, 4, 6))}


REVIEWER = """[visibility.ministry]
from = ["open", "asked"]
[roles.reviewer]
office = "ministry"
label = { en = "reviewer", es = "dictaminador" }
[roles.liaison]"""


@pytest.mark.parametrize("alone", [True, False])
def test_where_nobody_holds_a_role_the_history_says_that_nobody_heard(
    database_url: str, tmp_path: Path, *, alone: bool
) -> None:
    """Of a deadline counted alone, and of one that another follows, for which the whole agreement is derived."""
    follower = edited(
        TINY.partition("[deadlines.answer]")[2],
        ('runs_from = { fact = "asked_on" }', 'runs_from = { deadline = "answer" }'),
    )
    edits = [
        ("[roles.liaison]", REVIEWER),
        ('length = "10 days"', 'length = "30 business days"'),
        ('late = "liaison"', 'late = "reviewer"'),
    ]
    if not alone:
        edits.append(("[deadlines.answer]", f"[deadlines.later]{follower}[deadlines.answer]"))
    with tiny_world(database_url, tmp_path, *edits) as world:
        opened(world, "T-1", date(2026, 3, 9))
        world.now = noon(date(2026, 4, 6))
        announced(world, *NEWS)
        found = [e.details for e in loaded(world, "T-1").history if e.kind is EntryKind.ALERT]
        about = [details for details in found if details["subject"] == "moved:answer"]
        assert [(details["role"], details["recipient"], details.get("vacant")) for details in about] == [
            ("liaison", "elena", None),
            ("reviewer", "", "yes"),
        ]
        page = agreements.show_agreement(world.engine, world.rulebook, world.people, "T-1", world.now, viewer=OPERATOR)
        words = [say(entry.text, "es") for entry in page.timeline]
        assert "Alerta sin destinatario (vacante: dictaminador): Cambió la fecha: Respuesta" in words


def test_applied_it_is_as_if_every_agreement_had_been_counted_for_the_first_time(books: World) -> None:
    announced(books, *NEWS)
    assert_as_from_scratch(books)
    current = [d.edition for d in rows(books).values() if d.is_open and d.edition]
    assert set(current) == {f"mx-labour@{edition(*NEWS)[0].edition}"}


def test_what_follows_a_date_and_what_it_bounds_move_with_it(database_url: str, tmp_path: Path) -> None:
    """Without the closing hour, for which a case is counted as a whole anyway. A report after 44 days, up to the answer."""
    receipt = RULES[RULES.index("[deadlines.receipt]") : RULES.index("[deadlines.plain]")]
    edits = (*EDITS[:2], (EDITS[2][0], RULES.replace(receipt, "").replace("1 month", "44 days")))
    with tiny_world(database_url, tmp_path, *edits) as world:
        opened(world, "T-1", date(2026, 3, 9))
        world.now = noon(date(2026, 4, 6))
        before = due(world)
        assert (before["T-1", "answer", 1], before["T-1", "last_day", 1]) == (date(2026, 4, 21), date(2026, 4, 16))
        assert ("T-1", "report", 1) not in before, "on 22 April it would be after the answer"
        seen = {DeadlineId.parse(moved.id).key: moved.after for moved in foreseen(world, *NEWS)}
        assert seen == {("answer", 1): date(2026, 4, 23), ("last_day", 1): date(2026, 4, 20)}
        announced(world, *NEWS)
        assert {key: due(world)["T-1", *key] for key in seen} == seen
        assert due(world)["T-1", "report", 1] == date(2026, 4, 22)
        assert_as_from_scratch(world)
        world.now += timedelta(minutes=1)
        announced(world)
        assert {key: due(world)[key] for key in before} == before
        assert rows(world)["T-1", "report", 1].status is DeadlineStatus.VOID
        assert_as_from_scratch(world)


RIGHT = (
    ('length = "10 days"', 'length = "10 business days"\nduty = false'),
    ('late = "liaison"\n', ""),
    ('met_by = ["finish"]\n', ""),
    (', "1 day after", "then every 5 days"', ""),
)


def test_a_right_that_ends_sooner_than_was_known_is_over_the_day_after(database_url: str, tmp_path: Path) -> None:
    """The books are to be derived anew on the day after the date of then."""
    with tiny_world(database_url, tmp_path, *RIGHT) as world:
        world.now = noon(date(2026, 4, 6))
        announced(world, *NEWS)
        opened(world, "T-1", date(2026, 4, 6))
        assert due(world) == {("T-1", "answer", 1): date(2026, 4, 22)}
        announced(world)
        for day, open_still in ((date(2026, 4, 20), True), (date(2026, 4, 21), False)):
            world.now = noon(day)
            sweep(world.engine, world.rulebook, world.people, world.now)
            right = rows(world)["T-1", "answer", 1]
            assert (right.due_on, right.is_open) == (date(2026, 4, 20), open_still)


def test_what_is_paused_stays_so_and_counts_by_the_new_days_when_it_goes_on(books: World) -> None:
    announced(books, *NEWS)
    assert (rows(books)["T-3", "answer", 1].status, due(books)["T-3", "answer", 1]) == (DeadlineStatus.PAUSED, None)
    books.now = datetime(2026, 4, 13, 18, tzinfo=UTC)
    taken(books, "T-3", "go_on", date(2026, 4, 8))
    assert due(books)["T-3", "answer", 1] == date(2026, 5, 12), "9 and 10 April, and the first of May, are off"


def test_a_date_beyond_the_years_of_the_calendar_is_no_longer_provisional_when_they_are_filled_in(books: World) -> None:
    opened(books, "T-6", date(2027, 12, 6))
    before = rows(books)["T-6", "answer", 1]
    assert before.provisional
    announced(books, last_year=2028)
    assert rows(books)["T-6", "answer", 1] == replace(
        before, provisional=False, edition=f"mx-labour@{edition(last_year=2028)[0].edition}"
    )
    assert ("T-6", "answer", 1) not in news_of(books), "it did not move"


def test_what_rested_on_a_guess_is_provisional_until_the_days_are_known(books: World) -> None:
    announced(books, *NEWS, guessed=True)
    guessed = rows(books)["T-1", "answer", 1]
    announced(books, *NEWS)
    known = rows(books)["T-1", "answer", 1]
    assert (guessed.provisional, known.provisional) == (True, False)
    assert guessed.due_on == known.due_on


def test_a_closing_hour_before_a_day_off_announced_late_counts_from_the_day_after_it(books: World) -> None:
    """Received after hours on Thursday 12 March: it counted from Friday the 13th."""
    assert rows(books)["T-2", "receipt", 1].anchor_on == date(2026, 3, 13)
    announced(books, date(2026, 3, 13))
    assert rows(books)["T-2", "receipt", 1].anchor_on == date(2026, 3, 17)
    assert_as_from_scratch(books)


def test_a_closing_hour_alone_has_the_start_counted_anew(database_url: str, tmp_path: Path) -> None:
    """Nothing else of the case asks for that: no pause, no period, no date that follows another."""
    closes = (
        ('runs_from = { fact = "asked_on" }', 'runs_from = { step = "ask" }\ncut_off = 15:00:00'),
        ('length = "10 days"', 'length = "10 business days"'),
    )
    with tiny_world(database_url, tmp_path, *closes) as world:
        opened(world, "T-1", date(2026, 3, 12), received_at=datetime(2026, 3, 12, 23, tzinfo=UTC))
        opened(world, "T-2", date(2026, 3, 12), received_at=datetime(2026, 3, 12, 20, tzinfo=UTC))
        world.now = noon(date(2026, 3, 20))
        before = rows(world)
        assert before["T-1", "answer", 1].anchor_on == date(2026, 3, 13)
        announced(world, date(2026, 3, 13))
        after = rows(world)
        assert after["T-1", "answer", 1].anchor_on == date(2026, 3, 17), "the first business day after it"
        assert after["T-2", "answer", 1].anchor_on == date(2026, 3, 12), "it came before the closing hour"
        assert_as_from_scratch(world)
        world.now += timedelta(minutes=1)
        announced(world)
        assert {key: deadline.anchor_on for key, deadline in rows(world).items()} == {
            key: deadline.anchor_on for key, deadline in before.items()
        }


def test_a_pause_of_so_many_business_days_ends_later_by_a_day_off_announced_late(books: World) -> None:
    before = rows(books)["T-2", "answer", 1].basis
    announced(books, date(2026, 3, 26))
    after = rows(books)["T-2", "answer", 1].basis
    assert before is not None
    assert after is not None
    assert (before.pauses[0].end, after.pauses[0].end) == (date(2026, 4, 3), date(2026, 4, 6))
    assert_as_from_scratch(books)


def test_the_first_edition_applied_again_moves_the_dates_back(books: World) -> None:
    before = due(books)
    announced(books, *NEWS)
    assert due(books) != before
    books.now += timedelta(minutes=5)
    done = announced(books)
    assert due(books) == before
    assert done.moved == 5
    assert set(news_of(books).values()) == {2}
    assert set(told(books).values()) == {2}
    assert_as_from_scratch(books)


def test_applied_twice_it_counts_once(books: World) -> None:
    announced(books, *NEWS)
    before = everything(books, "deadline", "history", "alert")
    books.now += timedelta(minutes=5)
    done = announced(books, *NEWS)
    assert (done.recounted, done.moved, done.told) == (0, 0, 0)
    assert everything(books, "deadline", "history", "alert") == before


@pytest.mark.parametrize("seed", range(many(1, 3)))
def test_whatever_is_announced_what_is_open_is_as_from_scratch_and_what_is_closed_as_it_was(
    books: World, seed: int
) -> None:
    """Days in the past as well, days taken back, and sweeps in between."""
    random = Random(seed)
    first_closed = closed(books)
    for _ in range(5):
        days = [date(2026, 1, 5) + timedelta(days=random.randrange(140)) for _ in range(random.randrange(25))]
        days = [day for day in days if f"on = {day}" not in FIRST]
        before, kept_closed = due(books), closed(books)
        seen = {(m.reference, *DeadlineId.parse(m.id).key): m.after for m in foreseen(books, *days)}
        announced(books, *days)
        assert_as_from_scratch(books)
        after = due(books)
        assert {key: after[key] for key in before if after[key] != before[key]} == seen
        assert {key: rows(books)[key] for key in kept_closed if kept_closed[key].closed_on} == {
            key: deadline for key, deadline in kept_closed.items() if deadline.closed_on
        }
        books.now += timedelta(days=random.randrange(4))
        assert sweep(books.engine, books.rulebook, books.people, books.now).problems == ()
        assert_as_from_scratch(books)
    assert {key: rows(books)[key] for key in first_closed} == first_closed


# What is closed


def test_what_is_closed_stays_as_it_was_also_after_later_steps_and_sweeps(books: World) -> None:
    taken(books, "T-5", "finish", date(2026, 2, 2))
    before = closed(books)
    assert {key[:2] for key in before} >= {("T-4", "answer"), ("T-4", "report"), ("T-5", "answer"), ("T-5", "receipt")}
    announced(books, date(2026, 1, 12), date(2026, 3, 10), *NEWS)
    assert {key: rows(books)[key] for key in before} == before
    taken(books, "T-1", "report", date(2026, 4, 6))
    books.now += timedelta(days=90)
    assert sweep(books.engine, books.rulebook, books.people, books.now).problems == ()
    assert {key: rows(books)[key] for key in before} == before


def test_a_report_given_in_time_stays_given_when_the_case_goes_on_by_other_days(books: World) -> None:
    key = ("T-5", "report", 1)
    before = rows(books)[key]
    assert (before.status, before.closed_on) == (DeadlineStatus.MET, date(2025, 12, 29))
    announced(books, date(2026, 1, 2))
    taken(books, "T-5", "report", date(2026, 4, 6))
    assert rows(books)[key] == before


def test_a_right_that_has_lapsed_stays_so_though_the_day_it_was_counted_from_moves(books: World) -> None:
    books.now = datetime(2026, 4, 20, 18, tzinfo=UTC)
    sweep(books.engine, books.rulebook, books.people, books.now)
    lapsed = rows(books)["T-1", "last_day", 1]
    assert (lapsed.status, lapsed.due_on) == (DeadlineStatus.LAPSED, date(2026, 4, 16))
    announced(books, date(2026, 4, 17), date(2026, 4, 20))
    assert due(books)["T-1", "answer", 1] == date(2026, 4, 23)
    books.now += timedelta(days=1)
    taken(books, "T-1", "report", date(2026, 4, 21))
    assert rows(books)["T-1", "last_day", 1] == lapsed


def test_a_closed_deadline_is_still_explained_by_the_edition_it_was_counted_by(books: World) -> None:
    announced(books, date(2026, 3, 10), date(2026, 3, 11))
    for rule in ("answer", "receipt"):
        kept = rows(books)["T-4", rule, 1]
        shown = explain(
            books.engine, books.rulebook, books.people, DeadlineId("T-4", rule, 1), books.now, viewer=OPERATOR
        )
        assert kept.edition.startswith("mx-labour@")
        assert kept.edition != rows(books)["T-1", rule, 1].edition
        assert shown.readings[0].ledger[-1].on == kept.due_on


def test_an_open_one_is_explained_with_the_day_that_was_announced(books: World) -> None:
    announced(books, *NEWS)
    shown = explain(
        books.engine, books.rulebook, books.people, DeadlineId("T-1", "answer", 1), books.now, viewer=OPERATOR
    )
    off = {
        line.on: line.off[0].holiday.label["en"]
        for line in shown.readings[0].ledger
        if line.off and line.off[0].holiday
    }
    assert {day: off[day] for day in NEWS} == dict.fromkeys(NEWS, "Mourning")
    assert shown.readings[0].ledger[-1].on == due(books)["T-1", "answer", 1]


# Cut off, and several at once


class CutOffError(Exception):
    """The machine went down."""


def test_killed_between_batches_and_begun_again_it_goes_on_and_says_nothing_twice(
    books: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_news, "AT_ONCE", 2)
    foreseen_then = {DeadlineId.parse(moved.id) for moved in foreseen(books, *NEWS)}
    calendar, content = edition(*NEWS)
    killed = 0

    def cut_off(_done: int, _total: int) -> None:
        raise CutOffError

    for _ in range(20):
        books.now += timedelta(minutes=1)
        with suppress(CutOffError):
            apply(
                books.engine,
                books.rulebook,
                books.people,
                calendar,
                content,
                person="elena",
                now=books.now,
                progress=cut_off,
            )
            break
        killed += 1
        books.runtime.refresh()
    assert killed > 2
    assert set(news_of(books).values()) == {1}
    assert {DeadlineId(*key) for key in news_of(books)} == foreseen_then
    assert set(told(books).values()) == {1}
    assert_as_from_scratch(books)


def test_the_progress_of_an_application_ends_at_its_total(books: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_news, "AT_ONCE", 3)
    said: list[tuple[int, int]] = []
    calendar, content = edition(*NEWS)
    done = apply(
        books.engine,
        books.rulebook,
        books.people,
        calendar,
        content,
        person="elena",
        now=books.now,
        progress=lambda *far: said.append(far),
    )
    assert len(said) > 2
    assert said[-1] == (done.recounted, done.recounted)


def test_who_still_counts_by_the_old_days_is_told_so_and_moves_nothing_back(books: World) -> None:
    old = books.rulebook
    announced(books, *NEWS)
    before = everything(books, "deadline", "history", "agreement")
    with pytest.raises(StaleAgreement, match="Another edition of mx-labour was applied meanwhile; do it again"):
        taken(books, "T-1", "report", date(2026, 4, 6), rulebook=old)
    assert everything(books, "deadline", "history", "agreement") == before
    books.now = datetime(2026, 4, 24, 18, tzinfo=UTC)
    swept = sweep(books.engine, old, books.people, books.now)
    assert swept.problems
    assert all("Another edition of mx-labour was applied meanwhile" in str(problem) for problem in swept.problems)
    assert everything(books, "deadline", "history", "agreement") == before


def test_who_has_read_the_new_days_goes_on(books: World) -> None:
    old = books.rulebook
    announced(books, *NEWS)
    books.runtime.rulebook = old
    books.runtime.refresh()
    taken(books, "T-1", "report", date(2026, 4, 6))
    books.now = datetime(2026, 4, 24, 18, tzinfo=UTC)
    assert sweep(books.engine, books.rulebook, books.people, books.now).problems == ()
    assert due(books)["T-1", "answer", 1] == date(2026, 4, 23)
    assert_as_from_scratch(books)


def test_two_editions_one_after_the_other_leave_the_last(books: World) -> None:
    announced(books, *NEWS)
    books.now += timedelta(minutes=1)
    announced(books, NEWS[0])
    assert due(books)["T-1", "answer", 1] == date(2026, 4, 22)
    assert_as_from_scratch(books)

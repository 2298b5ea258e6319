"""Running agreements moved to another version of their process, on both databases: dates, warnings, history."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from builders import AT_PAGE, DRAFT, TINY, WORKFLOWS, edited, new_case, noon, write_workflows
from how_many import many
from next_dates import not_as_deadlines_say
from tiny_world import loaded, tiny_world
from twinflow import bootstrap
from twinflow.definitions.calendars import read_calendar
from twinflow.definitions.migrations import plan_text, read_plan
from twinflow.domain.agreement.agreement import Deadline, DeadlineStatus, Party, Term
from twinflow.domain.agreement.entries import ChangeKind, Policy
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.agreement.listing import Filters
from twinflow.domain.calendar.dates import Length
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.mail.letter import Letter
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.migration import Plan, draft
from twinflow.errors import NotFound, Refused
from twinflow.language import say
from twinflow.services.agreements import migrating
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.migrating import Result
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.books.checking import check
from twinflow.services.clock.simulating import simulate_agreement
from twinflow.services.clock.sweep import sweep
from twinflow.services.deadlines import calendar_editions as late_news
from twinflow.services.deadlines.changing import change_deadline
from twinflow.services.mail import outbox
from twinflow.services.mail.letters import letters
from twinflow.services.reading import agreements, deadlines
from twinflow.services.reading.explanations import explain
from twinflow.services.reading.ledger_in_words import explained
from world import World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
TABLES = ("agreement", "deadline", "history", "alert", "outbox", "calendar", "finding", "process_version", "fact")
TODAY = date(2026, 4, 6)
"""A Monday. NEWS are two business days of the same week that nobody knows of yet."""
NEWS = (date(2026, 4, 9), date(2026, 4, 10))

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
[steps.agree]
from = ["asked"]
to = "asked"
by = ["liaison"]
per_party = "acceptance"
label = { en = "Agree", es = "Convenir" }
[steps.confirm]
from = ["asked"]
to = "asked"
by = ["liaison"]
label = { en = "Confirm receipt", es = "Acusar recibo" }
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
[deadlines.answer.move]
by = ["liaison"]
source = "test"

[deadlines.last_day]
runs_from = { deadline = "answer" }
length = "3 business days"
direction = "backward"
duty = false
nature = "contractual"
source = "test"
label = { en = "Last day", es = "Último día" }

[deadlines.monthly]
runs_from = { fact = "asked_on" }
length = "1 month"
recurs = true
nature = "contractual"
late = "liaison"
met_by = ["report"]
warn = ["1 day after"]
source = "test"
label = { en = "Report", es = "Informe" }

[deadlines.receipt]
runs_from = { step = "ask" }
length = "10 business days"
nature = "legal"
late = "liaison"
met_by = ["confirm"]
warn = ["1 day after", "then every 5 days"]
source = "test"
label = { en = "Receipt", es = "Acuse" }
[deadlines.receipt.extend]
by = ["liaison"]
source = "test"

[deadlines.reply]
runs_from = { fact = "asked_on" }
length = { term = "reply" }
nature = "contractual"
late = "liaison"
met_by = ["finish"]
paused_in = ["waiting"]
warn = ["5 days before", "1 day after"]
source = "test"
label = { en = "Reply", es = "Réplica" }

[deadlines.plain]
runs_from = { fact = "asked_on" }
length = "60 days"
nature = "target"
late = "liaison"
met_by = ["finish"]
warn = ["30 days before", "1 day after"]
source = "test"
label = { en = "Plain", es = "Corrido" }
"""
TERMS = """[terms.reply]
source = "test"
label = { en = "Reply", es = "Réplica" }
[roles.liaison]"""
FINISH = 'requires = [{ name = "fact", fact = "asked_on", source = "test" }]'
WHOLE = re.sub("requires = .*", FINISH, TINY)
FIRST = edited(
    WHOLE,
    ("[steps.ask]", STEPS),
    ("[roles.liaison]", TERMS),
    ('length = "10 days"', 'length = "30 business days"\npaused_in = ["waiting"]'),
    ('warn = ["3 days before"', 'warn = ["25 days before"'),
    ('label = { en = "Answer", es = "Respuesta" }\n', RULES),
)
ADDED = """[deadlines.added]
runs_from = { step = "inquire" }
length = "90 days"
nature = "target"
late = "liaison"
met_by = ["finish"]
warn = ["1 day after"]
source = "test"
label = { en = "Added", es = "Agregado" }
"""


def second(text: str = FIRST, *edits: tuple[str, str], version: int = 2) -> str:
    """The next version: a state and a step have other names, a deadline is gone, one is new, one is longer, a ladder changed."""
    whole, _, _ = text.partition("[deadlines.plain]")
    whole = whole.replace('"asked"', '"inquired"').replace("states.asked", "states.inquired")
    whole = whole.replace("steps.ask]", "steps.inquire]").replace('step = "ask"', 'step = "inquire"')
    return edited(
        whole + ADDED,
        ("version = 1", f"version = {version}"),
        ('length = "30 business days"', 'length = "40 business days"'),
        ('"25 days before", "1 day after", "then every 5 days"', '"10 days before", "then every 7 days"'),
        *edits,
    )


STATES = {"open": "open", "asked": "inquired", "waiting": "waiting", "done": "done"}
KEPT = ("answer", "monthly", "receipt", "reply")


@pytest.fixture
def books(database_url: str, tmp_path: Path) -> Iterator[World]:
    """On Monday 6 April 2026, asked on 9 March. Every case has two readings of the term of the reply: 40 and 50 days."""
    with running(database_url, tmp_path, FIRST) as world:
        yield world


def running(url: str, folder: Path, text: str) -> Any:
    write_workflows(folder / "workflows", text)
    edits = ((TINY, text),)
    return tiny_world(url, folder, *edits)


def opened(world: World, reference: str, on: date = date(2026, 3, 9), **more: Any) -> None:
    before, world.now = world.now, noon(on)
    terms = {"reply": Term.parse("40 days|50 days", "test")} if "terms" not in more else more.pop("terms")
    new = new_case(reference, "tiny", "chihuahua", "x", on, PARTIES, terms=terms, **more)
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
    taken(world, reference, "ask", on)
    world.now = max(before, world.now) if before.year == 2026 and before < noon(date(2026, 11, 1)) else world.now


def taken(world: World, reference: str, step: str, on: date, **more: Any) -> None:
    command = StepCommand(step, on, **more)
    advance_agreement(
        world.engine,
        world.rulebook,
        world.people,
        reference,
        command,
        person="elena",
        door=AT_PAGE,
        now=max(world.now, noon(on)),
    )


def changed(world: World, wanted: str, kind: ChangeKind, on: date, **more: Any) -> None:
    command = ChangeCommand(kind=kind, on=on, reason="flood", paper="OF-1", **more)
    change_deadline(
        world.engine,
        world.rulebook,
        world.people,
        DeadlineId.parse(wanted),
        command,
        person="elena",
        door=AT_PAGE,
        now=world.now,
    )


def restarted(world: World, *texts: str) -> None:
    """The folder has these versions now, and twinflow is started again."""
    folder = world.runtime.settings.workflows_folder
    assert folder is not None
    for number, content in enumerate(texts, start=2):
        (folder / f"tiny.v{number}.toml").write_text(content, "utf-8")
    world.engine.dispose()
    world.runtime = bootstrap.start(world.runtime.settings)


def the_plan(
    world: World, policy: str | Mapping[str, str] = "keep-due", *, old: int = 1, new: int = 2, **more: Mapping[str, str]
) -> Plan:
    """Read from a file as a person writes it."""
    policies = dict.fromkeys(KEPT, policy) if isinstance(policy, str) else dict(policy)
    tables = {
        "states": more.get("states", STATES if old == 1 else {state: state for state in STATES.values()}),
        "deadlines": {"last_day": "recompute", **({"added": policy} if old > 1 else {}), **policies},
        "steps": more.get("steps", {"ask": "inquire"} if old == 1 else {}),
    }
    lines = [f'from_process = "tiny@{old}"', f'to_process = "tiny@{new}"', 'reason = "new circular"']
    for name, table in tables.items():
        lines += [f"[{name}]", *(f'{key} = "{value}"' for key, value in table.items())]
    folder = world.runtime.settings.workflows_folder
    assert folder is not None
    path = folder.parent / f"plan-{old}-{new}.toml"
    path.write_text("\n".join(lines), "utf-8")
    return read_plan(path, world.rulebook.catalogue)


def migrate(world: World, plan: Plan, **more: Any) -> list[Result]:
    return list(
        migrating.apply(
            world.engine, world.rulebook, world.people, plan, person="elena", door=AT_PAGE, now=world.now, **more
        )
    )


def moved(world: World, policy: str | Mapping[str, str] = "keep-due", *edits: tuple[str, str]) -> dict[str, Result]:
    """Every case on the second version."""
    restarted(world, second(FIRST, *edits))
    return {result.reference: result for result in migrate(world, the_plan(world, policy))}


def rows(world: World, reference: str = "T-1") -> dict[tuple[str, int], Deadline]:
    return {deadline.key: deadline for deadline in loaded(world, reference).deadlines}


def due(world: World, rule: str = "answer", reference: str = "T-1", occurrence: int = 1) -> date | None:
    return rows(world, reference)[rule, occurrence].due_on


def everything(world: World) -> dict[str, list[tuple[Any, ...]]]:
    with world.engine.connect() as connection:
        return {name: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {name}"))), key=str) for name in TABLES}


def announced(world: World, *days: date) -> None:
    first = (WORKFLOWS / "calendars" / "mx-labour.toml").read_text("utf-8")
    label, source = '{ en = "Mourning", es = "Duelo" }', "Diario Oficial"
    content = first + "".join(f'\n[[days]]\non = {day}\nlabel = {label}\nsource = "{source}"\n' for day in days)
    calendar = read_calendar(content, "mx-labour.toml")
    late_news.apply(world.engine, world.rulebook, world.people, calendar, content, person="elena", now=world.now)
    world.runtime.refresh()


def alerts(world: World) -> list[Any]:
    with world.engine.connect() as connection:
        return list(
            connection.execute(
                text(
                    "SELECT agreement_id, subject, occurrence, level, recipient, effective_on, notice FROM alert ORDER BY id"
                )
            )
        )


def all_in_words(world: World, reference: str) -> list[str]:
    """Everything that a page, the command line and a letter say of an agreement, in both languages."""
    shown = agreements.show_agreement(world.engine, world.rulebook, world.people, reference, world.now, viewer=OPERATOR)
    found = [*(entry.text for entry in shown.timeline), *(line.label for line in shown.deadlines)]
    found += [line.standing_words for line in shown.deadlines]
    for line in shown.deadlines:
        what = explained(
            explain(world.engine, world.rulebook, world.people, DeadlineId.parse(line.id), world.now, viewer=OPERATOR)
        )
        found += [point.name for reading in what.readings for point in reading.summary]
        found += [change.state for change in what.changes]
    agreements.list_agreements(
        world.engine, world.rulebook, world.people, world.now, Filters(everything=True), viewer=OPERATOR
    )
    assert not_as_deadlines_say(world.engine) == []
    deadlines.list_deadlines(world.engine, world.rulebook, world.people, world.now, viewer=OPERATOR)
    deadlines.list_deadlines(world.engine, world.rulebook, world.people, world.now, everything=True, viewer=OPERATOR)
    agreements.list_steps(
        world.engine, world.rulebook, world.people, reference, "elena", world.now, AT_PAGE, viewer=OPERATOR
    )
    return [say(value, language) for language in ("en", "es") for value in found]


# Dates


@pytest.mark.parametrize(
    ("policy", "answer", "with_news"),
    [
        ("keep-due", date(2026, 4, 21), date(2026, 4, 21)),
        ("keep-remaining", date(2026, 4, 21), date(2026, 4, 23)),
        ("recompute", date(2026, 5, 6), date(2026, 5, 8)),
    ],
)
def test_each_policy_gives_its_date_and_counts_what_is_announced_later_in_its_own_way(
    books: World, policy: str, answer: date, with_news: date
) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    assert due(books) == date(2026, 4, 21), "thirty business days after 9 March; the 16th is a holiday"
    result = moved(books, policy)["T-1"]
    assert (result.refused, result.before, result.after) == (False, "asked", "inquired")
    assert due(books) == answer
    assert due(books, "added") == date(2026, 6, 7), "ninety days from 9 March, a target"
    assert rows(books)["plain", 1].status is DeadlineStatus.VOID
    last_day = {date(2026, 4, 21): date(2026, 4, 16), date(2026, 5, 6): date(2026, 4, 30)}
    assert due(books, "last_day") == last_day[answer], "it follows"
    dates = {each.deadline: (each.before, each.after) for each in result.dates}
    assert dates["answer"] == (date(2026, 4, 21), answer)
    assert dates["plain"] == (date(2026, 5, 8), None)
    assert dates["added"] == (None, date(2026, 6, 7))
    announced(books, *NEWS)
    assert due(books) == with_news


@pytest.mark.parametrize("policy", ["keep-due", "keep-remaining"])
def test_both_dates_of_a_text_that_contradicts_itself_are_kept(books: World, policy: str) -> None:
    opened(books, "T-1")
    opened(books, "T-2", date(2026, 2, 20))
    opened(books, "T-3", date(2026, 2, 10))
    books.now = noon(TODAY)
    before = {reference: rows(books, reference)["reply", 1] for reference in ("T-1", "T-2", "T-3")}
    assert [(d.warn_on, d.due_on) for d in before.values()] == [
        (date(2026, 4, 20), date(2026, 4, 28)),
        (date(2026, 4, 1), date(2026, 4, 13)),
        (date(2026, 3, 23), date(2026, 4, 1)),
    ], "one ahead, one with the first day gone by, one overdue"
    assert not any(result.refused for result in moved(books, policy).values())
    after = {reference: rows(books, reference)["reply", 1] for reference in before}
    assert {key: (d.warn_on, d.due_on) for key, d in after.items()} == {
        key: (d.warn_on, d.due_on) for key, d in before.items()
    }


@pytest.mark.parametrize("policy", ["keep-due", "keep-remaining"])
def test_a_date_that_has_passed_stays_and_can_still_be_extended(books: World, policy: str) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    assert due(books, "receipt") == date(2026, 3, 24)
    moved(books, policy)
    assert due(books, "receipt") == date(2026, 3, 24)
    changed(books, "T-1/receipt/1", ChangeKind.EXTEND, TODAY, length=Length.parse("10 business days"))
    assert due(books, "receipt") == date(2026, 4, 7)


@pytest.mark.parametrize("policy", list(Policy))
def test_a_day_that_the_parties_agreed_on_stays_under_every_policy(books: World, policy: Policy) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    for party in PARTIES:
        changed(books, "T-1/answer/1", ChangeKind.MOVE, TODAY, to=date(2026, 6, 6), party=party.name)
    moved(books, policy)
    assert due(books) == date(2026, 6, 6)
    changed(books, "T-1/answer/1", ChangeKind.MOVE, TODAY, to=date(2026, 6, 13), party="Chihuahua")
    assert due(books) == date(2026, 6, 6), "the other party has not spoken"
    changed(books, "T-1/answer/1", ChangeKind.MOVE, TODAY, to=date(2026, 6, 13), party="Albuquerque")
    assert due(books) == date(2026, 6, 13)


def test_what_one_party_said_before_and_the_other_after_is_an_agreement(books: World) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    changed(books, "T-1/answer/1", ChangeKind.MOVE, TODAY, to=date(2026, 6, 6), party="Chihuahua")
    moved(books)
    assert due(books) == date(2026, 4, 21)
    changed(books, "T-1/answer/1", ChangeKind.MOVE, TODAY, to=date(2026, 6, 6), party="Albuquerque")
    assert due(books) == date(2026, 6, 6)


@pytest.mark.parametrize("longer", [True, False])
def test_the_occurrence_that_runs_is_kept_and_the_next_goes_by_the_new_version(books: World, *, longer: bool) -> None:
    opened(books, "T-1")
    taken(books, "T-1", "report", date(2026, 4, 6))
    books.now = noon(date(2026, 4, 20))
    books.tick()
    assert due(books, "monthly", occurrence=2) == date(2026, 5, 11)
    other = 'length = "2 months"' if longer else 'length = "10 days"'
    assert not moved(books, "keep-due", ('length = "1 month"', other))["T-1"].refused
    assert due(books, "monthly", occurrence=2) == date(2026, 5, 11)
    met = rows(books)["monthly", 1]
    assert (met.status, met.due_on) == (DeadlineStatus.MET, date(2026, 4, 9))
    books.now = noon(date(2026, 5, 8))
    taken(books, "T-1", "report", date(2026, 5, 8))
    assert rows(books)["monthly", 2].status is DeadlineStatus.MET
    books.now = noon(date(2026, 5, 12))
    books.tick()
    assert due(books, "monthly", occurrence=3) == (date(2026, 7, 9) if longer else date(2026, 5, 18))
    assert [key for key in rows(books) if key[0] == "monthly"] == [("monthly", 1), ("monthly", 2), ("monthly", 3)]


SILENCE = """
[deadlines.silence]
runs_from = { fact = "asked_on" }
length = "20 days"
late = "liaison"
nature = "legal"
on_lapse = "wait"
source = "test"
article = "1"
label = { en = "Silence", es = "Silencio" }
"""


@pytest.mark.parametrize("has_run", [True, False])
def test_what_a_move_does_does_not_depend_on_whether_a_pass_had_run(
    database_url: str, tmp_path: Path, *, has_run: bool
) -> None:
    """By 13 April silence has had its effect, by the version that has it, and the second month has begun: both come first."""
    wait = 'from = ["asked"]\nto = "waiting"\nby = ["liaison"]'
    by_the_clock = edited(FIRST, (wait, 'from = ["asked", "waiting"]\nto = "waiting"\nby = ["clock", "liaison"]'))
    with running(database_url, tmp_path, by_the_clock + SILENCE) as books:
        opened(books, "T-1")
        books.now = noon(date(2026, 3, 20))
        taken(books, "T-1", "report", date(2026, 3, 20))
        changed(books, "T-1/receipt/1", ChangeKind.EXTEND, date(2026, 3, 20), length=Length.parse("60 days"))
        books.now = noon(date(2026, 4, 13))
        if has_run:
            books.tick()
        before = everything(books)
        restarted(books, second())
        plan = the_plan(books, {**dict.fromkeys(KEPT, "keep-due"), "answer": "recompute", "reply": "recompute"})
        seen = list(migrating.dry_run(books.engine, books.rulebook, books.people, plan, now=books.now))
        assert everything(books) == before
        assert migrate(books, plan) == seen
        case, found = loaded(books, "T-1"), rows(books)
        acts = [(each.step, each.actor, each.effective_on) for each in case.history if each.to_state is not None]
        assert (case.state, acts[-1]) == ("waiting", ("wait", "clock", date(2026, 3, 30)))
        assert found["silence", 1].status is DeadlineStatus.LAPSED
        assert [due(books, "monthly", occurrence=n) for n in (1, 2)] == [date(2026, 4, 9), date(2026, 5, 11)]
        assert found["monthly", 2].basis.carried == "keep-due"
        assert not_as_deadlines_say(books.engine) == []
        assert books.tick().sweep.problems == ()
        assert rows(books) == found
        assert check(books.engine, books.rulebook, books.people, books.now).faults == ()


def test_recomputed_a_recurring_duty_goes_on_after_what_was_decided_on(books: World) -> None:
    opened(books, "T-1")
    for day in (date(2026, 4, 6), date(2026, 5, 8), date(2026, 6, 8)):
        taken(books, "T-1", "report", day)
        books.now = noon(day + timedelta(days=5))
        books.tick()
    assert [due(books, "monthly", occurrence=n) for n in (1, 2, 3, 4)] == [
        date(2026, 4, 9),
        date(2026, 5, 11),
        date(2026, 6, 9),
        date(2026, 7, 9),
    ]
    moved(
        books, {**dict.fromkeys(KEPT, "keep-due"), "monthly": "recompute"}, ('length = "1 month"', 'length = "1 year"')
    )
    assert [due(books, "monthly", occurrence=n) for n in (1, 2, 3, 4)] == [
        date(2026, 4, 9),
        date(2026, 5, 11),
        date(2026, 6, 9),
        date(2027, 3, 9),
    ]


@pytest.mark.parametrize(
    ("policy", "paused", "extended"),
    [
        ("keep-due", date(2026, 4, 24), date(2026, 5, 4)),
        ("keep-remaining", date(2026, 4, 24), date(2026, 5, 4)),
        ("recompute", date(2026, 5, 11), date(2026, 5, 18)),
    ],
)
def test_pauses_and_extensions_count_on_after_a_migration(
    books: World, policy: str, paused: date, extended: date
) -> None:
    """Paused from Tuesday 7 to before Friday 10 April: three days. Then five business days more."""
    opened(books, "T-1")
    books.now = noon(TODAY)
    moved(books, policy)
    books.now = noon(date(2026, 4, 7))
    changed(books, "T-1/answer/1", ChangeKind.PAUSE, date(2026, 4, 7))
    books.now = noon(date(2026, 4, 10))
    changed(books, "T-1/answer/1", ChangeKind.RESUME, date(2026, 4, 10))
    assert due(books) == paused
    changed(books, "T-1/answer/1", ChangeKind.EXTEND, date(2026, 4, 10), length=Length.parse("5 business days"))
    assert due(books) == extended


def test_what_was_paused_and_extended_before_is_in_the_day_that_is_kept_and_the_longest_pause_is_still_the_longest(
    books: World,
) -> None:
    opened(books, "T-1")
    books.now = noon(date(2026, 3, 10))
    changed(books, "T-1/answer/1", ChangeKind.PAUSE, date(2026, 3, 10))
    books.now = noon(date(2026, 3, 20))
    changed(books, "T-1/answer/1", ChangeKind.RESUME, date(2026, 3, 20))
    changed(books, "T-1/answer/1", ChangeKind.EXTEND, date(2026, 3, 20), length=Length.parse("2 business days"))
    books.now = noon(TODAY)
    before = due(books)
    moved(books)
    assert due(books) == before
    changed(books, "T-1/answer/1", ChangeKind.PAUSE, TODAY)
    basis = rows(books)["answer", 1].basis
    assert basis is not None
    assert basis.pauses[-1].end == TODAY + timedelta(days=14 - 10), (
        "ten business days from 6 April are to the 20th; ten days were taken"
    )


def test_an_extension_that_a_kept_day_includes_cannot_be_taken_back_any_more(books: World) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    changed(books, "T-1/receipt/1", ChangeKind.EXTEND, TODAY, length=Length.parse("5 days"))
    before = rows(books)["receipt", 1].due_on
    moved(books, dict.fromkeys(KEPT, "keep-due"))
    with pytest.raises(Refused) as refused:
        changed(books, "T-1/receipt/1", ChangeKind.REMOVE, TODAY)
    assert "There is no such extension to take back." in [str(reason) for reason in refused.value.reasons]
    assert rows(books)["receipt", 1].due_on == before


def test_a_state_that_pauses_does_so_after_a_migration(books: World) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    moved(books)
    taken(books, "T-1", "wait", date(2026, 4, 7))
    assert rows(books)["answer", 1].status is DeadlineStatus.PAUSED
    taken(books, "T-1", "go_on", date(2026, 4, 9))
    assert due(books) == date(2026, 4, 23)


def test_what_is_paused_cannot_be_kept_and_the_others_go_on(books: World) -> None:
    opened(books, "T-1")
    opened(books, "T-2")
    opened(books, "T-3")
    books.now = noon(TODAY)
    taken(books, "T-1", "wait", date(2026, 3, 20))
    changed(books, "T-3/answer/1", ChangeKind.PAUSE, TODAY)
    results = moved(books, "keep-remaining")
    assert [reference for reference, result in results.items() if result.refused] == ["T-1", "T-3"]
    assert [str(reason) for reason in results["T-1"].reasons] == [
        "“Answer” is paused, so it cannot keep-remaining; resume it or recompute.",
        "“Reply” is paused, so it cannot keep-remaining; resume it or recompute.",
    ]
    assert (loaded(books, "T-1").process_version, loaded(books, "T-2").process_version) == (1, 2)
    taken(books, "T-1", "go_on", TODAY)
    books.now = noon(date(2026, 4, 7))
    changed(books, "T-3/answer/1", ChangeKind.RESUME, date(2026, 4, 7))
    again = {result.reference: result.refused for result in migrate(books, the_plan(books, "keep-remaining"))}
    assert again == {"T-1": False, "T-3": False}


def test_a_date_that_the_new_version_cannot_keep_is_refused(books: World) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    results = moved(
        books,
        "keep-due",
        ('[deadlines.receipt]\nruns_from = { step = "inquire" }', '[deadlines.receipt]\nruns_from = { step = "wait" }'),
    )
    assert [str(reason) for reason in results["T-1"].reasons] == [
        "“Receipt” has no date in the new version from here, so it cannot keep-due."
    ]
    assert loaded(books, "T-1").process_version == 1


# What is closed


@pytest.mark.parametrize("policy", list(Policy))
def test_what_is_closed_keeps_date_and_edition_whatever_comes(books: World, policy: Policy) -> None:
    opened(books, "T-1")
    opened(books, "T-2")
    opened(books, "T-3", date(2026, 3, 25))
    taken(books, "T-1", "confirm", date(2026, 3, 20))
    taken(books, "T-2", "finish", date(2026, 3, 20))
    books.now = noon(TODAY)
    closed = {
        (reference, key): deadline
        for reference in ("T-1", "T-2")
        for key, deadline in rows(books, reference).items()
        if not deadline.is_open
    }
    assert len(closed) > 4
    shorter = ('length = "10 business days"', 'length = "3 business days"')
    restarted(books, second(FIRST, shorter), second(FIRST, shorter, version=3))
    assert [result.refused for result in migrate(books, the_plan(books, policy))] == [False] * 3

    def kept() -> dict[tuple[str, tuple[str, int]], Deadline]:
        return {(reference, key): rows(books, reference)[key] for reference, key in closed}

    assert kept() == closed
    taken(books, "T-3", "confirm", TODAY)
    met = rows(books, "T-3")["receipt", 1]
    assert (met.status, met.closed_on) == (DeadlineStatus.MET, TODAY)
    assert met.due_on == (date(2026, 3, 30) if policy is Policy.RECOMPUTE else date(2026, 4, 8))
    closed["T-3", ("receipt", 1)] = met
    taken(books, "T-1", "report", TODAY)
    books.now = noon(date(2026, 4, 8))
    books.tick()
    announced(books, date(2026, 3, 11), *NEWS)
    assert kept() == closed
    assert [result.refused for result in migrate(books, the_plan(books, policy, old=2, new=3))] == [False] * 3
    taken(books, "T-1", "report", date(2026, 4, 8))
    assert kept() == closed
    for reference, (rule, occurrence) in closed:
        shown = explain(
            books.engine,
            books.rulebook,
            books.people,
            DeadlineId(reference, rule, occurrence),
            books.now,
            viewer=OPERATOR,
        )
        assert max(filter(None, (reading.on for reading in shown.readings)), default=None) == shown.deadline.due_on


def test_a_duty_that_begins_anew_after_a_migration_is_owed_again(books: World) -> None:
    """What was closed before stays only until its fact is put on record once more."""
    opened(books, "T-1")
    taken(books, "T-1", "report", TODAY)
    books.now = noon(TODAY)
    more = (
        "[steps.inquire]",
        (
            '[steps.ask_again]\nfrom = ["inquired"]\nto = "inquired"\nby = ["liaison"]\nday_as = "asked_on"\n'
            'label = { en = "Ask again", es = "Pedir otra vez" }\n[steps.inquire]'
        ),
    )
    moved(books, "keep-due", more)
    assert rows(books)["monthly", 1].status is DeadlineStatus.MET
    taken(books, "T-1", "ask_again", date(2026, 4, 20))
    books.now = noon(date(2026, 4, 21))
    books.tick()
    assert (rows(books)["monthly", 1].status, due(books, "monthly")) == (DeadlineStatus.MET, date(2026, 4, 9))
    assert rows(books)["monthly", 2].status is DeadlineStatus.VOID  # it was taken over, and the duty began anew
    assert due(books, "monthly", occurrence=3) == date(2026, 5, 20)


# Requirements


def test_steps_taken_before_count_under_their_new_names(books: World) -> None:
    opened(books, "T-1")
    opened(books, "T-2")
    books.now = noon(TODAY)
    taken(books, "T-1", "report", TODAY)
    for party in PARTIES:
        taken(books, "T-1", "agree", TODAY, party=party.name)
    renamed = second(
        FIRST,
        ("[steps.report]", "[steps.inform]"),
        ('met_by = ["report"]', 'met_by = ["inform"]'),
        ("[steps.agree]", "[steps.accept]"),
        (
            FINISH,
            (
                'requires = [{ name = "step_taken", steps = ["inform"], source = "test" },'
                ' { name = "every_party", steps = ["accept"], source = "test" },'
                ' { name = "another_person_than", steps = ["inquire"], source = "test" }]'
            ),
        ),
    )
    restarted(books, renamed)
    migrate(books, the_plan(books, steps={"ask": "inquire", "report": "inform", "agree": "accept"}))
    with pytest.raises(Refused) as refused:
        taken(books, "T-1", "finish", TODAY)
    assert [str(reason) for reason in refused.value.reasons] == [
        "elena took the step “Ask”; another person has to take this one."
    ]
    with pytest.raises(Refused) as refused:
        taken(books, "T-2", "finish", TODAY)
    assert len(refused.value.reasons) == 3
    assert rows(books)["monthly", 1].status is DeadlineStatus.MET, "met by the step under its old name"


def test_two_states_that_become_one_are_one(books: World) -> None:
    opened(books, "T-1")
    opened(books, "T-2")
    taken(books, "T-1", "wait", date(2026, 3, 20))
    books.now = noon(TODAY)
    whole = second(FIRST, ('paused_in = ["waiting"]\n', ""), ('paused_in = ["waiting"]\n', ""))
    start, _, rest = whole.partition("\n[states.waiting]")
    _, _, rest = rest.partition("[steps.report]")
    restarted(books, f"{start}\n[steps.report]{rest}")
    plan = the_plan(books, "recompute", states={**STATES, "waiting": "inquired"})
    assert not any(result.refused for result in migrate(books, plan))
    assert [loaded(books, reference).state for reference in ("T-1", "T-2")] == ["inquired", "inquired"]
    assert due(books, "answer", "T-1") == due(books, "answer", "T-2") == date(2026, 5, 6)
    assert all_in_words(books, "T-1")
    taken(books, "T-1", "finish", TODAY)
    assert loaded(books, "T-1").state == "done"


# Nothing is told twice


@pytest.mark.parametrize("seed", range(many(1, 4)))
def test_no_level_is_told_again_under_any_policy_and_any_ladder(database_url: str, tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    once = [
        "40 days before",
        "10 days before",
        "3 days before",
        "on the day",
        "50 % of the time",
    ]

    after = ["1 day after", "2 days after", "4 days after"]

    def ladder() -> str:
        chosen = [
            *chance.sample(once, chance.randint(0, 4)),
            chance.choice(after),
            *chance.choice([[], ["then every 3 days"], ["then every 5 days"]]),
        ]
        return str(chosen).replace("'", '"')

    first = edited(
        FIRST,
        ('"25 days before", "1 day after", "then every 5 days"', ladder()[1:-1]),
        ('warn = ["1 day after", "then every 5 days"]', f"warn = {ladder()}"),
    )
    ladders = [ladder(), ladder()]

    def version(number: int) -> str:
        whole = second(FIRST, version=number)
        return edited(
            whole,
            ('warn = ["10 days before", "then every 7 days"]', f"warn = {ladder()}"),
            ('warn = ["1 day after", "then every 5 days"]', f"warn = {ladders[number - 2]}"),
        )

    with running(database_url, tmp_path, first) as world:
        for number in range(4):
            opened(world, f"T-{number}", date(2026, 3, 9) + timedelta(days=chance.randint(0, 20)))
        restarted(world, version(2), version(3))
        day, migrations = date(2026, 3, 30), []
        stops = sorted(chance.sample(range(40), 2))
        for number in range(45):
            world.now = noon(day + timedelta(days=number))
            if number == stops[0] or number == stops[1]:
                told = len(alerts(world))
                old = stops.index(number) + 1
                policies = {rule: chance.choice(list(Policy)) for rule in KEPT}
                if old == 2:
                    policies["added"] = Policy.KEEP_DUE
                assert not any(r.refused for r in migrate(world, the_plan(world, policies, old=old, new=old + 1)))
                migrations.append((told, world.now.date()))
            if chance.random() < 0.6:
                assert world.tick().sweep.problems == ()
        found = alerts(world)
        assert found
        assert set(Counter(tuple(alert[:5]) for alert in found).values()) == {1}
        assert_nothing_again(found, migrations)


def assert_nothing_again(found: Sequence[Any], migrations: Sequence[tuple[int, date]]) -> None:
    """Repetitions go on with their numbers, and no level of the time before a migration is told below one that was told."""
    numbers: dict[tuple[Any, ...], int] = defaultdict(int)
    for index, alert in enumerate(found):
        who = (alert.agreement_id, alert.subject, alert.occurrence, alert.recipient)
        if not alert.subject.startswith("deadline:"):
            continue
        if "#" in alert.level:
            number = int(alert.level.rpartition("#")[2])
            assert number > numbers[who], (alert, found)
            numbers[who] = number
        for told, on in migrations:
            same = [other for other in found[:told] if tuple(other[i] for i in (0, 1, 2, 4)) == who]
            if index >= told and str(alert.effective_on) <= on.isoformat():
                assert all(str(other.effective_on) < str(alert.effective_on) for other in same), (alert, same)


def test_a_new_ladder_is_woken_for_though_the_date_is_the_same(books: World) -> None:
    """The ladder of the receipt of before would not have said anything until the day after."""
    opened(books, "T-1", date(2026, 4, 1))
    books.now = noon(TODAY)
    moved(
        books, "recompute", ('warn = ["1 day after", "then every 5 days"]', 'warn = ["5 days before", "1 day after"]')
    )
    assert due(books, "receipt") == date(2026, 4, 15)
    books.now = noon(date(2026, 4, 10))
    books.tick()
    assert ("deadline:receipt", "5 days before") in {(alert.subject, alert.level) for alert in alerts(books)}


def test_who_is_told_of_a_deadline_is_told_where_it_moves_and_nobody_else(books: World) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    moved(books, {**dict.fromkeys(KEPT, "keep-due"), "answer": "recompute"})
    told = [alert.subject for alert in alerts(books) if alert.notice == "deadline-moved"]
    assert sorted(told) == ["moved:answer", "moved:last_day"]
    assert books.tick().delivery.failures == ()


# Words


def test_history_pages_ledgers_and_mail_speak_of_what_is_gone_in_both_languages(books: World, tmp_path: Path) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    sweep(books.engine, books.rulebook, books.people, books.now)
    waiting = [message for message in outbox.messages(books.engine, viewer=OPERATOR) if message.state == "queued"]
    assert waiting, "told, and not sent yet"
    restarted(books, second(), second(FIRST, version=3))
    migrate(books, the_plan(books))
    migrate(books, the_plan(books, "keep-remaining", old=2, new=3))
    words = all_in_words(books, "T-1")
    assert "Moved from tiny v1 to tiny v2: new circular" in words
    assert "Ask → Asked" in words
    assert "Plain" in words
    assert "Corrido" in words
    assert books.tick().delivery.failures == ()
    letters = "".join(path.read_text("utf-8") for path in (tmp_path / "mail").rglob("*") if path.is_file())
    assert letters


def test_where_the_old_file_is_gone_its_words_and_counts_come_from_the_books(books: World) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    moved(books)
    folder = books.runtime.settings.workflows_folder
    assert folder is not None
    (folder / "tiny.toml").unlink()
    books.engine.dispose()
    books.runtime = bootstrap.start(books.runtime.settings)
    assert books.runtime.troubles == ()
    assert "Ask → Asked" in all_in_words(books, "T-1")
    assert explain(
        books.engine, books.rulebook, books.people, DeadlineId("T-1", "plain", 1), books.now, viewer=OPERATOR
    )
    assert books.tick().delivery.failures == ()


def test_the_notice_of_a_step_still_waiting_is_sent_though_its_state_has_another_name(books: World) -> None:
    opened(books, "T-1", date(2026, 4, 6))
    books.now = noon(TODAY)
    moved(books)
    (claimed,) = outbox.claim_batch(books.engine, books.rulebook, books.people, books.now, 1)
    letter = letters(books.engine, books.rulebook, books.people, [claimed], books.now).letters[claimed.id]
    assert isinstance(letter, Letter)
    assert "opinion-requested" in {item.notice for group in letter.groups for item in group.items}


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ("keep-due", "The process has another version since Monday, 6 April 2026; the date of before was kept."),
        (
            "keep-remaining",
            "The process has another version since Monday, 6 April 2026; counted from there is what was left.",
        ),
        ("recompute", None),
    ],
)
def test_the_ledger_says_how_a_migration_took_the_date_over(books: World, policy: str, sentence: str | None) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    moved(books, policy)
    for rule in ("answer", "receipt"):
        shown = explained(
            explain(books.engine, books.rulebook, books.people, DeadlineId("T-1", rule, 1), books.now, viewer=OPERATOR)
        )
        assert (say(shown.carried, "en") if shown.carried else None) == sentence
        assert shown.readings[-1].lines[-1].on == shown.due_on


# Children, and another process


def test_a_state_that_a_child_reached_under_its_old_name_still_counts_for_its_parent(books: World) -> None:
    child = edited(FIRST, ('key = "tiny"', 'key = "small"'))
    renamed = edited(
        child.replace('"done"', '"over"').replace("states.done", "states.over"), ("version = 1", "version = 2")
    )
    parent = edited(
        WHOLE,
        ('key = "tiny"', 'key = "parent"\nchildren = ["small"]'),
        (
            FINISH,
            'requires = [{ name = "child", child = "small", state = "done" }]',
        ),
    )
    folder = books.runtime.settings.workflows_folder
    assert folder is not None
    for name, content in (("small.toml", child), ("parent.toml", parent)):
        (folder / name).write_text(content, "utf-8")
    restarted(books)
    books.now = noon(TODAY)
    for reference, process, above in (("P-1", "parent", None), ("C-1", "small", "P-1"), ("C-2", "small", "P-1")):
        new = new_case(reference, process, "chihuahua", "x", TODAY, PARTIES, parent=above)
        open_agreement(books.engine, books.rulebook, books.people, new, actor="elena", door=AT_PAGE, now=books.now)
        taken(books, reference, "ask", TODAY)
    (folder / "small.v2.toml").write_text(renamed, "utf-8")
    restarted(books)
    catalogue = books.rulebook.catalogue
    plan = draft(catalogue.version("small", 1), catalogue.version("small", 2))
    plan = Plan(plan.source, plan.target, {**plan.states, "done": "over"}, plan.deadlines, "x", {})
    taken(books, "C-1", "finish", TODAY)
    assert len(migrate(books, plan)) == 2
    assert loaded(books, "C-1").state == "over"
    taken(books, "P-1", "finish", TODAY)
    assert loaded(books, "P-1").state == "done"


def test_from_the_national_process_to_that_of_a_city(world: World, tmp_path: Path) -> None:
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    today = world.now.date()
    for reference in ("MX-1", "MX-2"):
        new = new_case(reference, "mx/twinning", "chihuahua", "x", today, PARTIES, state="drafting")
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)
        taken(world, reference, "complete_draft", today, records=DRAFT)
    taken(world, "MX-1", "request_opinion", today)
    catalogue = world.rulebook.catalogue
    drafted = draft(catalogue.version("mx/twinning", 4), catalogue.version("mx/leon", 4))
    path = tmp_path / "plan.toml"
    path.write_text(plan_text(drafted).replace('reason = ""', 'reason = "bylaw of 2008"'), "utf-8")
    plan = read_plan(path, catalogue)
    before = due(world, "opinion", "MX-1")
    assert [result.refused for result in migrate(world, plan)] == [False, False]
    assert due(world, "opinion", "MX-1") == before
    assert loaded(world, "MX-1").process == "mx/leon"
    assert all_in_words(world, "MX-1")
    assert world.tick().sweep.problems == ()


# Dry run, batches, a kill, several at once


def test_a_dry_run_says_the_same_as_applying_and_writes_nothing(books: World) -> None:
    for number in range(5):
        opened(books, f"T-{number}", date(2026, 3, 9) + timedelta(days=number))
    taken(books, "T-3", "wait", date(2026, 3, 20))
    books.now = noon(TODAY)
    books.tick()
    restarted(books, second())
    plan, before = the_plan(books), everything(books)
    seen = list(migrating.dry_run(books.engine, books.rulebook, books.people, plan, now=books.now, at_once=2))
    assert everything(books) == before
    assert migrating.affected(books.engine, plan) == {"asked": 4, "waiting": 1}
    assert migrate(books, plan, at_once=2) == seen
    assert [result.refused for result in seen] == [False, False, False, True, False]


@pytest.mark.parametrize("damage", ["UPDATE deadline SET basis = '{'", "UPDATE deadline SET rule = 'gone'"])
def test_an_agreement_that_cannot_be_read_stays_where_it_is_and_the_others_move(books: World, damage: str) -> None:
    for number in range(3):
        opened(books, f"T-{number}")
    books.now = noon(TODAY)
    restarted(books, second())
    plan = the_plan(books)
    with books.engine.begin() as connection:
        one = "(SELECT min(id) FROM deadline WHERE status = 'open' AND agreement_id = {})"
        of_it = one.format("(SELECT id FROM agreement WHERE reference = 'T-1')")
        connection.execute(text(f"{damage} WHERE id = {of_it}"))
    seen = list(migrating.dry_run(books.engine, books.rulebook, books.people, plan, now=books.now))
    assert migrate(books, plan) == seen
    assert {result.reference: result.refused for result in seen} == {"T-0": False, "T-1": True, "T-2": False}
    assert str(seen[1].reasons[0]).startswith("T-1 cannot be read: ")


def test_a_plan_whose_source_nobody_runs_on_has_no_results(books: World) -> None:
    restarted(books, second())
    assert migrate(books, the_plan(books)) == []
    assert migrating.affected(books.engine, the_plan(books)) == {}


def test_nobody_unknown_migrates_anything(books: World) -> None:
    opened(books, "T-1")
    restarted(books, second())
    before = everything(books)
    with pytest.raises(NotFound, match="There is no person nobody"):
        list(
            migrating.apply(
                books.engine,
                books.rulebook,
                books.people,
                the_plan(books),
                person="nobody",
                door=AT_PAGE,
                now=books.now,
            )
        )
    assert everything(books) == before


def many_asked(world: World, number: int) -> None:
    for each in range(number):
        opened(world, f"T-{each}", date(2026, 3, 9) + timedelta(days=each % 20))
    world.now = noon(TODAY)
    restarted(world, second())
    the_plan(world)


def migrations_of(world: World) -> Counter[int]:
    with world.engine.connect() as connection:
        found = connection.execute(text("SELECT agreement_id FROM history WHERE kind = 'migrated'"))
        return Counter(row.agreement_id for row in found)


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from twinflow import bootstrap
from twinflow.config import DatabaseSettings, Settings
from twinflow.definitions.migrations import read_plan
from twinflow.domain.agreement.history import Way
from twinflow.services.agreements import migrating

url, folder, after = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
files = {"people_file": folder / "people.toml", "workflows_folder": folder / "workflows"}
runtime = bootstrap.start(Settings(database=DatabaseSettings(url=url), **files))
plan = read_plan(folder / "plan-1-2.toml", runtime.rulebook.catalogue)
written = migrating.record_change
count = 0

def record_change(*arguments, **more):
    global count
    count += 1
    if count > after:
        os.kill(os.getpid(), signal.SIGKILL)
    return written(*arguments, **more)

migrating.record_change = record_change
now = datetime(2026, 4, 6, 18, tzinfo=UTC)
around = (runtime.engine, runtime.rulebook, runtime.people, plan)
for result in migrating.apply(*around, person="elena", door=Way("page"), now=now, at_once=7):
    print(result.reference, flush=True)
"""


def test_killed_in_the_middle_several_times_it_goes_on_where_it_stopped(
    books: World, database_url: str, tmp_path: Path
) -> None:
    total = many(100, 200)
    many_asked(books, total)
    told: list[str] = []
    for after in (3, 10, 30, 50):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, database_url, str(tmp_path), str(after)],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        told += done.stdout.split()
    assert len(told) == 0 + 7 + 28 + 49
    assert sum(migrations_of(books).values()) == len(told)
    rest = migrate(books, the_plan(books))
    assert sorted([*told, *(result.reference for result in rest)]) == sorted(f"T-{number}" for number in range(total))
    assert set(migrations_of(books).values()) == {1}
    assert len(migrations_of(books)) == total
    assert {row[2] for row in everything(books)["agreement"]} == {"tiny"}
    assert migrating.affected(books.engine, the_plan(books)) == {}


def test_two_at_once_move_each_agreement_once(books: World) -> None:
    many_asked(books, 60)
    plan = the_plan(books)

    def work(at_once: int) -> list[str]:
        return [result.reference for result in migrate(books, plan, at_once=at_once)]

    with ThreadPoolExecutor(3) as pool:
        found = [reference for done in pool.map(work, (5, 5, 8)) for reference in done]
    assert sorted(found) == sorted(f"T-{number}" for number in range(60))
    assert set(migrations_of(books).values()) == {1}
    kinds = Counter(entry.kind for entry in loaded(books, "T-7").history)
    assert kinds[EntryKind.MIGRATED] == 1


def test_what_is_to_come_can_be_simulated_after_a_migration(books: World) -> None:
    opened(books, "T-1")
    books.now = noon(TODAY)
    moved(books)
    assert "plain" not in books.rulebook.definition_of(loaded(books, "T-1")).deadlines
    outlook = simulate_agreement(
        books.engine, books.rulebook, books.people, "T-1", books.now, date(2027, 4, 6), viewer=OPERATOR
    )
    assert "deadline:answer" in {str(event.subject) for event in outlook.events}

"""What is simulated comes: the real clock, set to each morning over real books, tells, lapses and ends the same, in order."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event, text

from builders import (
    ALBUQUERQUE,
    AT_PAGE,
    CHIHUAHUA,
    CUENCA,
    DRAFT,
    EC,
    MEDELLIN,
    MX,
    NOTIFICATIONS,
    OPINION,
    PROGRAMME,
    TINY,
    edited,
    facts,
    new_case,
    office,
    people,
    person,
    rulebook,
    terms,
    write_workflows,
)
from how_many import many
from twinflow.definitions.catalogue import read_one, read_rulebook
from twinflow.domain.agreement.agreement import DeadlineStatus, Term
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.alerts import MISSED
from twinflow.domain.clock.day import InBooks
from twinflow.domain.clock.simulation import MORNING, Event, EventKind, Simulation, simulate
from twinflow.domain.deadlines.kept import rewritten
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import Absence, Assignment, People
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.command import StepCommand
from twinflow.errors import Refused
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock.simulating import books_of, stand_ins
from twinflow.services.clock.sweep import sweep
from twinflow.storage.engine import make_engine
from twinflow.storage.unit_of_work import UnitOfWork

ONE_DAY = timedelta(days=1)
Came = tuple[Any, ...]


@dataclass
class Books:
    """Real books with a clock that is set by hand."""

    engine: Engine
    rulebook: Rulebook
    people: People
    now: datetime
    zone: ZoneInfo

    def open(self, reference: str, process: str, office_key: str, on: date, **more: Any) -> None:
        parties, actor = more.pop("parties", (CHIHUAHUA, ALBUQUERQUE)), more.pop("actor", "liaison")
        new = new_case(reference, process, office_key, reference, on, parties, **more)
        open_agreement(self.engine, self.rulebook, self.people, new, actor=actor, door=AT_PAGE, now=self.now)

    def take(self, reference: str, step: str, on: date, who: str = "liaison", **more: Any) -> None:
        advance_agreement(
            self.engine,
            self.rulebook,
            self.people,
            reference,
            StepCommand(step, on, **more),
            person=who,
            door=AT_PAGE,
            now=self.now,
        )

    def set_clock(self, day: date) -> None:
        self.now = datetime.combine(day, MORNING, self.zone).astimezone(UTC)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def settle(self) -> None:
        """Sweeps at this instant, until one changes nothing."""
        sweep(self.engine, self.rulebook, self.people, self.now)
        before: object = None
        while self._wakes(self.today) and before != (before := self._rows()):
            sweep(self.engine, self.rulebook, self.people, self.now)

    def _rows(self) -> object:
        with self.engine.connect() as connection:
            rows = connection.execute(text("SELECT id, wake_on, status, due_on FROM deadline ORDER BY id")).all()
            anew = connection.execute(text("SELECT id, derive_on FROM agreement ORDER BY id")).all()
            return rows, anew, connection.execute(text("SELECT count(*) FROM alert")).scalar()

    def run(self, until: date, *, every_day: bool) -> None:
        """The clock, each morning; or on those on which a row wakes, and when people come or go."""
        self.settle()
        turns = {
            day
            for who in self.people.people.values()
            for each in who.assignments
            for day in (each.from_day, each.to_day and each.to_day + ONE_DAY)
        }
        for day in days(self.today + ONE_DAY, until):
            if every_day or day in turns or self._wakes(day):
                self.set_clock(day)
                self.settle()

    def _wakes(self, day: date) -> bool:
        """Whether a row wakes by the day, or deadlines are to be derived anew by then, anywhere on earth."""
        query = text(
            "SELECT (SELECT count(*) FROM deadline WHERE wake_on <= :day) + "
            "(SELECT count(*) FROM agreement WHERE derive_on <= :day)"
        )
        with self.engine.connect() as connection:
            return bool(connection.execute(query, {"day": (day + ONE_DAY).isoformat()}).scalar())

    def mark(self) -> tuple[int, int]:
        with self.engine.connect() as connection:
            return tuple(  # type: ignore[return-value]
                connection.execute(text(f"SELECT coalesce(max(id), 0) FROM {table}")).scalar()
                for table in ("history", "alert")
            )

    def came(self, mark: tuple[int, int]) -> dict[str, list[Came]]:
        """Everything that came after the mark, in order, by agreement."""
        alerts = """SELECT reference, subject, occurrence, level, role, recipient, effective_on, notice FROM alert
            JOIN agreement ON agreement.id = agreement_id WHERE alert.id > :after ORDER BY alert.id"""
        entries = """SELECT reference, kind, recorded_at, effective_on, step, to_state, details FROM history
            JOIN agreement ON agreement.id = agreement_id WHERE history.id > :after ORDER BY history.id"""
        found: dict[str, list[Came]] = {}
        with self.engine.connect() as connection:
            told = iter(connection.execute(text(alerts), {"after": mark[1]}).all())
            for reference, kind, at, on, step, state, details in connection.execute(text(entries), {"after": mark[0]}):
                recorded = datetime.fromisoformat(at).replace(tzinfo=UTC).astimezone(self.zone).date()
                came = found.setdefault(reference, [])
                if kind == EntryKind.STEP:
                    came.append((recorded, "step", date.fromisoformat(on), step, state))
                elif kind == EntryKind.ALERT and '"vacant"' not in details:
                    owner, *identity, effective, notice = next(told)
                    assert owner == reference
                    came.append((recorded, "alert", date.fromisoformat(effective), notice, *identity))
                elif kind == EntryKind.ALERT:
                    came.append((recorded, "nobody", date.fromisoformat(on)))
            assert next(told, None) is None
        return found


def days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def foretold(events: Iterable[Event]) -> dict[str, list[Came]]:
    """The same of a simulation: one line for each person told."""
    found: dict[str, list[Came]] = {}
    for each in events:
        came = found.setdefault(each.reference, [])
        if each.kind is EventKind.STEP:
            came.append((each.on, "step", each.effective_on, each.step, each.state))
        elif each.kind is EventKind.ALERT:
            identity = (str(each.subject), each.occurrence, each.level)
            for told in each.told:
                came.append((each.on, "alert", each.effective_on, each.notice, *identity, told.role, told.person))
            if each.subject.kind is SubjectKind.STEP or each.level == MISSED:
                came += [(each.on, "nobody", each.effective_on)] * len(each.vacant)
    return {reference: came for reference, came in found.items() if came}


def ended(simulation: Simulation) -> list[object]:
    return [standing(case) for case in simulation.cases]


def standing(case: InBooks) -> object:
    """How the books stand about a case."""
    known = sorted((str(f.finding), f.occurrence, f.told) for f in case.agreement.findings if not f.settled)
    agreement = case.agreement
    return agreement.reference, agreement.state, agreement.deadlines, case.wake_on, known


def unmet(cases: Iterable[InBooks], status: DeadlineStatus) -> set[tuple[str, str, int]]:
    return {(c.agreement.reference, *d.key) for c in cases for d in c.agreement.deadlines if d.status is status}


def assert_it_comes(books: Books, references: Iterable[str], until: date, *, every_day: bool = False) -> list[Event]:
    """Simulates each agreement with what belongs to it, lets the real clock run, and compares. What was foretold."""
    before = {reference: books_of(books.engine, books.rulebook, reference, viewer=OPERATOR) for reference in references}
    simulated = {ref: simulate(cases, books.rulebook, books.people, books.now, until) for ref, cases in before.items()}
    mark = books.mark()
    books.run(until, every_day=every_day)
    came = books.came(mark)
    for reference, simulation in simulated.items():
        family = {case.agreement.reference for case in simulation.cases}
        assert foretold(simulation.events) == {key: value for key, value in came.items() if key in family}
        after = books_of(books.engine, books.rulebook, reference, viewer=OPERATOR)
        assert ended(simulation) == [standing(case) for case in after]
        kinds = {EventKind.UNMET: DeadlineStatus.UNMET, EventKind.LAPSED: DeadlineStatus.LAPSED}
        for kind, status in kinds.items():
            said = {(e.reference, e.subject, e.occurrence) for e in simulation.events if e.kind is kind}
            become = unmet(after, status) - unmet(before[reference], status)
            by_itself = {
                (ref, AlertSubject.deadline(rule), number)
                for ref, rule, number in become
                if kind is EventKind.UNMET or not _lapses(books, ref, rule)
            }
            assert said == by_itself
    return [event for simulation in simulated.values() for event in simulation.events]


def _lapses(books: Books, reference: str, rule: str) -> bool:
    with UnitOfWork(books.engine, reading=True) as work:
        definition = books.rulebook.definition_of(work.agreements.get(reference))
    return bool(definition.deadlines[rule].on_lapse)


def books_on(day: date, sqlite_template: Path, folder: Path, rulebook: Rulebook, people: People, home: str) -> Books:
    file = shutil.copy(sqlite_template, folder / "books.db")
    zone = ZoneInfo(people.offices[home].time_zone)
    engine = make_engine(f"sqlite:///{file}")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    books = Books(engine, rulebook, people, datetime.now(UTC), zone)
    books.set_clock(day)
    with UnitOfWork(engine) as work:  # as a start does it; to ask each time would write early what waits
        for key, edition in rulebook.current_editions.items():
            work.calendars.pin(key, edition, "", books.now)
        work.commit()
    return books


START = date(2026, 11, 23)


def everybody(process: str) -> People:
    """Somebody in every role of a shipped process."""
    return stand_ins(rulebook().catalogue.versions(process)[-1], START)


def model_terms() -> Mapping[str, Term]:
    """The terms of the model agreement, as a text that states them has them."""
    known = rulebook().catalogue.versions(MX)[-1].terms
    return {name: Term((rule.default,)) for name, rule in known.items() if rule.default is not None}


def test_of_terms_that_no_text_states_only_what_warns_is_foretold_and_comes(shipped: Books) -> None:
    shipped.open("D-1", MX, "home", date(2022, 3, 17), state="in_force", facts=facts(signed_on="2022-03-17"))
    events = assert_it_comes(shipped, ["D-1"], date(2027, 12, 31))
    assert {each.kind for each in events} == {EventKind.ALERT}
    assert {each.notice for each in events} == {"term-assumed", "deadline-soon"}


@pytest.fixture
def shipped(sqlite_template: Path, tmp_path: Path) -> Iterator[Books]:
    books = books_on(START, sqlite_template, tmp_path, rulebook(), everybody(MX), "home")
    yield books
    books.engine.dispose()


def test_a_twinning_in_every_state_goes_on_as_foretold(shipped: Books) -> None:
    states = rulebook().catalogue.versions(MX)[-1].states
    for state in states:
        known = facts(letter_sent_on="2026-10-05", signed_on="2026-03-17", in_force_on="2026-03-17")
        if state == "termination_notified":
            known |= facts(termination_notified_on="2026-10-01")
        shipped.open(f"S-{state}", MX, "home", date(2026, 3, 17), state=state, terms=model_terms(), facts=known)
    events = assert_it_comes(shipped, [f"S-{state}" for state in states], date(2027, 2, 28))
    assert [each.state for each in events if each.state] == ["terminated"]


def test_ten_years_of_a_twinning_come_as_foretold(shipped: Books) -> None:
    """The day of signature is not known, so that no term ends."""
    known = facts(signed_on="2026-03", in_force_on="2026-03-17")
    shipped.open("L-1", MX, "home", date(2026, 3, 17), state="in_force", terms=model_terms(), facts=known)
    events = assert_it_comes(shipped, ["L-1"], date(2036, 11, 23))
    assert len(events) > 200
    assert sum(each.kind is EventKind.UNMET for each in events) > 10


def test_a_twinning_runs_out_on_the_day_foretold(shipped: Books) -> None:
    known = facts(signed_on="2022-03-17")
    shipped.open("E-1", MX, "home", date(2022, 3, 17), state="in_force", terms=model_terms(), facts=known)
    events = assert_it_comes(shipped, ["E-1"], date(2027, 12, 31))
    assert [(each.on, each.state) for each in events if each.kind is EventKind.STEP] == [(date(2027, 3, 18), "expired")]
    assert all(each.kind is not EventKind.ALERT or each.on <= date(2027, 3, 18) for each in events)


def test_what_people_did_and_the_clock_told_before_is_taken_up(shipped: Books) -> None:
    shipped.open("P-1", MX, "home", START, terms=model_terms())
    shipped.take("P-1", "approve_profile", START)
    shipped.take("P-1", "send_letter", START)
    shipped.run(date(2027, 1, 25), every_day=False)
    shipped.take("P-1", "record_answer", shipped.today)
    shipped.take("P-1", "complete_draft", shipped.today, records=DRAFT)
    shipped.take("P-1", "request_opinion", shipped.today)
    shipped.open("P-2", MX, "home", START, state="drafting", terms=model_terms())
    shipped.take("P-2", "complete_draft", shipped.today, records=DRAFT)
    shipped.take("P-2", "request_opinion", shipped.today)
    shipped.run(date(2027, 3, 1), every_day=False)
    shipped.take("P-2", "issue_favourable_opinion", date(2027, 2, 26), "reviewer", records=OPINION)
    for party in ("Chihuahua", "Albuquerque"):
        shipped.take("P-2", "sign", shipped.today, party=party)
    events = assert_it_comes(shipped, ["P-1", "P-2"], date(2028, 1, 31))
    assert {str(each.subject) for each in events} >= {"deadline:opinion", "deadline:registration_request"}


def test_what_waits_for_a_clock_that_was_off_is_foretold_for_the_first_day(shipped: Books) -> None:
    known = facts(signed_on="2024-03-17")
    shipped.open("O-1", MX, "home", START, state="in_force", terms=model_terms(), facts=known)
    shipped.settle()
    shipped.set_clock(date(2028, 6, 5))
    events = assert_it_comes(shipped, ["O-1"], date(2029, 1, 31))
    assert {each.level for each in events} >= {MISSED}


def test_the_agreement_with_medellin_comes_to_its_end_as_foretold(sqlite_template: Path, tmp_path: Path) -> None:
    books = books_on(date(2011, 5, 9), sqlite_template, tmp_path, rulebook(), everybody(EC), "home")
    stated = terms(
        validity="36 months", notice_period="45 days", first_programme="60 days|90 days", evaluation_period="12 months"
    )
    known = facts(signed_on="2011-05-06", in_force_on="2011-05-06", term_starts_on="2011-05-06")
    more = {"parties": (CUENCA, MEDELLIN), "terms": stated, "facts": known}
    states = [*rulebook().catalogue.versions(EC)[-1].states]
    for state in states:
        books.open(f"M-{state}", EC, "home", date(2011, 5, 6), state=state, **more)
    events = assert_it_comes(books, [f"M-{state}" for state in states], date(2011, 8, 31))
    assert {each.notice for each in events} >= {"terms-conflict", "deadline-soon", "deadline-overdue"}
    events = assert_it_comes(books, ["M-in_force"], date(2014, 6, 30))
    assert [(each.on, each.state) for each in events if each.state] == [(date(2014, 5, 7), "expired")]
    books.engine.dispose()


def test_a_finding_that_the_books_do_not_have_yet_is_foretold_for_the_next_change(shipped: Books) -> None:
    """Of a case from before there was such a finding."""
    stated, known = terms(validity="20 years"), facts(signed_on="2007-01-11")
    shipped.open("B-1", MX, "home", START, state="in_force", terms=stated, facts=known)
    with shipped.engine.begin() as connection:
        connection.execute(text("DELETE FROM finding"))
    shipped.settle()
    until, mark = date(2027, 1, 31), shipped.mark()
    events = simulate(
        books_of(shipped.engine, shipped.rulebook, "B-1", viewer=OPERATOR),
        shipped.rulebook,
        shipped.people,
        shipped.now,
        until,
    ).events
    expected = {(each.on, len(each.told)) for each in events if each.notice == "term-beyond-bound"}
    assert expected == {(date(2027, 1, 12), 1)}
    assert [each.on for each in events if each.state] == [date(2027, 1, 12)]
    for day in (date(2027, 1, 12), date(2027, 1, 13)):
        shipped.set_clock(day)
        for _ in range(2):  # what a pass finds, the next one tells
            shipped.settle()
    came = [each for each in shipped.came(mark)["B-1"] if each[1] == "alert" and each[3] == "term-beyond-bound"]
    assert [(each[0], 1) for each in came] == [*expected]


def test_a_programme_and_its_agreement_go_on_together(shipped: Books) -> None:
    signed = facts(signed_on="2026-03-17")
    shipped.open("F-1", MX, "home", START, state="in_force", terms=model_terms(), facts=signed)
    known = facts(agreed_on="2026-12-01", period_ends_on="2027-03-31")
    shipped.open("F-1-1", PROGRAMME, "home", START, state="under_way", parent="F-1", facts=known)
    shipped.open("F-1-2", PROGRAMME, "home", START, parent="F-1")
    events = assert_it_comes(shipped, ["F-1"], date(2029, 12, 31))
    assert {each.reference for each in events} == {"F-1", "F-1-1"}


def test_whoever_comes_into_a_role_is_told_what_waited_for_them(sqlite_template: Path, tmp_path: Path) -> None:
    offices = people().offices
    known = {
        **people().people,
        "lucia": person("lucia", Assignment("liaison", "chihuahua", None, date(2027, 1, 31))),
        "lena": person("lena", Assignment("liaison", "chihuahua", date(2027, 5, 10))),
        "silvia": person("silvia", Assignment("supervisor", "chihuahua", date(2027, 6, 24))),
    }
    books = books_on(START, sqlite_template, tmp_path, rulebook(), People(offices, known), "chihuahua")
    stated, signed = model_terms(), facts(signed_on="2026-03-17")
    books.open("V-1", MX, "chihuahua", START, state="in_force", actor="lucia", terms=stated, facts=signed)
    books.open("V-2", MX, "chihuahua", START, state="signed", actor="lucia", terms=stated)
    events = assert_it_comes(books, ["V-1", "V-2"], date(2027, 9, 30), every_day=True)
    books.engine.dispose()
    waited = [e for e in events if e.kind is EventKind.ALERT and not e.told]
    assert {role for each in waited for role in each.vacant} >= {"liaison"}
    assert {told.person for each in events for told in each.told} >= {"lucia", "lena", "silvia"}


# processes that nobody has thought of

ZONES = (
    "America/Chihuahua", "America/Tijuana", "America/Guayaquil", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago",
    "UTC",
)  # fmt: skip
FIRST = date(2026, 1, 5)
ROLES = """[roles.supervisor]
office = "municipality"
label = { en = "supervisor", es = "superior" }
[visibility.ministry]
from = ["open", "asked"]
[roles.reviewer]
office = "ministry"
label = { en = "reviewer", es = "dictaminador" }
[roles.liaison]"""
STATES = """[states.waiting]
stage = "work"
waits_for = "clock"
label = { en = "Waiting", es = "En espera" }
[states.done]"""
FACTS = """asked_on = { en = "Asked", es = "Pedido" }
held_on = { en = "Held", es = "Celebrado" }
ended_on = { en = "Ended", es = "Fin" }
"""
CLOCK_STEP = """[steps.{key}]
from = {sources}
to = "{to}"
by = ["clock", "liaison"]
{more}
label = {{ en = "{key}", es = "{key}" }}
"""
WHO = ("liaison", "reviewer", "supervisor")


def random_text(random: Random) -> str:
    """The tiny process with steps of the clock in a ring, and deadlines of every make."""
    notice = 'notices = [{ notice = "opinion-requested", to = ["liaison", "reviewer"] }]'
    ended = (
        'effect = "end_term"\nnotices = [{ notice = "agreement-ended", to = ["supervisor", "liaison"], urgent = true }]'
    )
    rings = (
        ("go_waiting", '["open", "asked"]', "waiting", random.choice(("", notice))),
        ("go_back", '["waiting"]', "asked", random.choice(("", notice))),
        ("end", random.choice(('["open", "asked", "waiting"]', '["waiting"]', '["asked"]')), "done", ended),
    )
    steps = "".join(CLOCK_STEP.format(key=key, sources=sources, to=to, more=more) for key, sources, to, more in rings)
    process = edited(
        TINY.partition("[deadlines.answer]")[0],
        ('asked_on = { en = "Asked", es = "Pedido" }\n', FACTS),
        ("[roles.liaison]", ROLES),
        ("[states.done]", STATES),
        ('day_as = "asked_on"', 'day_as = "asked_on"\nrecords = ["held_on"]'),
        ("[steps.finish]", f"{steps}[steps.finish]"),
    )
    keys = [f"d{number}" for number in range(random.randrange(5, 8))]
    lapses = {0: "go_waiting", 1: "go_back", 2: "end"}
    rules = (random_rule(random, key, keys[: min(number, 3)], lapses.get(number)) for number, key in enumerate(keys))
    return process + "".join(rules)


def random_rule(random: Random, key: str, before: list[str], on_lapse: str | None) -> str:
    anchors = ['{ fact = "asked_on" }', '{ fact = "asked_on" }', '{ fact = "held_on" }', '{ step = "go_waiting" }']
    follows = before and on_lapse is None and random.random() < 0.3
    anchor = f'{{ deadline = "{random.choice(before)}" }}' if follows else random.choice(anchors)
    unit, most = random.choice((("days", 90), ("business days", 60), ("weeks", 12), ("months", 14), ("years", 1)))
    lines = [f"[deadlines.{key}]", f"runs_from = {anchor}", f'length = "{random.randrange(1, most + 1)} {unit}"']
    kind = (
        "lapse" if on_lapse else random.choice(("duty", "right") if follows else ("duty", "recurs", "recurs", "right"))
    )
    backward = follows and random.random() < 0.6
    if backward:
        lines.append('direction = "backward"')
    natures = ("legal", "contractual") if on_lapse else ("legal", "contractual", "target")
    lines.append(f'nature = "{random.choice(natures)}"')
    match kind:
        case "right":
            lines.append("duty = false")
        case "lapse":
            lines += [f'on_lapse = "{on_lapse}"', 'article = "test"', f'late = "{random.choice(WHO)}"']
        case _:
            lines += ['met_by = ["finish"]', f'late = "{random.choice(WHO)}"']
            lines += ["recurs = true"] if kind == "recurs" else []
    if kind in {"duty", "lapse"} and not follows and random.random() < 0.5:
        lines.append('paused_in = ["waiting"]')
    lines.append(random_ladder(random, late=kind != "right", share=not backward))
    return "\n".join([*lines, 'source = "test"', f'label = {{ en = "{key}", es = "{key}" }}', "", ""])


def random_ladder(random: Random, *, late: bool, share: bool) -> str:
    shares = (["50 % of the time", "80 % of the time"], ["110 % of the time"]) if share else ([], [])
    ladder = random.sample(
        ["5 business days before", "2 weeks before", "1 month before", *shares[0]], random.randrange(3)
    )
    ladder += random.sample(["on the day"], random.randrange(2))
    escalate = []
    if late:
        ladder += random.sample(["1 day after", "3 business days after", "10 days after"], random.randrange(1, 3))
        ladder += random.sample(shares[1], random.randrange(len(shares[1]) + 1))
        ladder += random.sample(
            ["then every 30 days", "then every 10 business days", "then every 1 month"], random.randrange(2)
        )
        whens = random.sample(["7 days after", "5 business days after", *shares[1]], random.randrange(3))
        escalate = [f'{{ when = "{when}", to = "supervisor" }}' for when in whens]
    quoted = ", ".join(f'"{rung}"' for rung in ladder)
    return f"warn = [{quoted}]\nescalate = [{', '.join(escalate)}]"


def random_people(random: Random) -> People:
    """A liaison, often no supervisor for a time, perhaps two reviewers, some away at times; offices anywhere on earth."""
    offices = (
        office("home", "municipality", "MX", random.choice(ZONES)),
        office("ministry", "ministry", "MX", random.choice(ZONES)),
    )
    later = FIRST + timedelta(days=random.randrange(1, 500))
    roles: Mapping[str, list[Assignment]] = {
        "lucia": [
            Assignment("liaison", "home"),
            *([Assignment("supervisor", "home", later)] if random.random() < 0.3 else []),
        ],
        "sara": [Assignment("supervisor", "home", None, later)] if random.random() < 0.5 else [],
        "saul": [Assignment("supervisor", "home", later + timedelta(days=random.randrange(200)))],
        "rita": [Assignment("reviewer", "ministry", *random.choice(((None, None), (later, None), (None, later))))],
        "raul": [Assignment("reviewer", "ministry")] if random.random() < 0.3 else [],
    }
    people = {key: person(key, *held) for key, held in roles.items()}
    days_off = Random(later.toordinal())
    for key, delegate in (("lucia", "sara"), ("sara", "saul"), ("rita", "raul")):  # no circle
        first = FIRST + timedelta(days=days_off.randrange(150))
        absence = Absence(first, first + timedelta(days=days_off.randrange(60)), delegate)
        people[key] = replace(people[key], absences=(absence,))
    return People({o.key: o for o in offices}, people)


def never_proved(folder: Path, text: str) -> Rulebook:
    """The rulebook of a process that no check has seen: its dates pass also where their steps cannot be taken."""
    proved = read_rulebook(write_workflows(folder), NOTIFICATIONS)
    process = read_one(write_workflows(folder, text) / "tiny.toml", folder)
    return replace(proved, catalogue=Catalogue({(process.key, process.version): process}))


def random_books(seed: int, sqlite_template: Path, folder: Path) -> Books:
    """Cases of a random process, in any state, from long ago, of today or of a day to come."""
    random = Random(seed)
    folder.mkdir(exist_ok=True)
    found, people = never_proved(folder / "workflows", random_text(random)), random_people(random)
    books = books_on(FIRST, sqlite_template, folder, found, people, "home")
    for number in range(2):
        day = FIRST + timedelta(days=random.choice((0, random.randrange(-400, 0), random.randrange(120))))
        known = facts(asked_on=day.isoformat())
        if random.random() < 0.5:
            known |= facts(held_on=(day + timedelta(days=random.randrange(-60, 60))).isoformat())
        state = random.choice(("open", "asked", "waiting"))
        books.open(f"R-{number}", "tiny", "home", min(day, FIRST - ONE_DAY), state=state, facts=known, actor="lucia")
    return books


REFERENCES = ("R-0", "R-1")


@pytest.mark.parametrize("seed", range(1, 1 + many(4, 12)))
def test_a_random_process_goes_on_as_foretold(seed: int, sqlite_template: Path, tmp_path: Path) -> None:
    books = random_books(seed, sqlite_template, tmp_path)
    assert_it_comes(books, REFERENCES, FIRST + timedelta(days=200))
    books.engine.dispose()


@pytest.mark.parametrize("seed", range(101, 101 + many(1, 3)))
def test_mornings_on_which_nothing_wakes_change_nothing(seed: int, sqlite_template: Path, tmp_path: Path) -> None:
    came = []
    for name, every_day in (("some", False), ("all", True)):
        books = random_books(seed, sqlite_template, tmp_path / name)
        books.run(FIRST + timedelta(days=120), every_day=every_day)
        left = [
            standing(case)
            for ref in REFERENCES
            for case in books_of(books.engine, books.rulebook, ref, viewer=OPERATOR)
        ]
        came.append((books.came((0, 0)), left))
        books.engine.dispose()
    assert came[0] == came[1]


@pytest.mark.parametrize("seed", range(1, 1 + many(4, 12)))
def test_on_each_morning_the_books_are_as_derived_from_scratch(
    seed: int, sqlite_template: Path, tmp_path: Path
) -> None:
    """Whatever people do meanwhile: a morning on which nothing is derived is one on which nothing would be another."""
    books, random = random_books(seed, sqlite_template, tmp_path), Random(seed)
    books.settle()
    for day in days(FIRST + ONE_DAY, FIRST + timedelta(days=200)):
        books.set_clock(day)
        if random.random() < 0.1:
            step, held_on = random.choice(("ask", "finish", "go_waiting", "go_back")), str(day)
            with suppress(Refused):
                books.take(random.choice(REFERENCES), step, day, who="lucia", records={"held_on": held_on})
            with suppress(Refused):
                books.take(random.choice(REFERENCES), step, day, who="lucia")
        books.settle()
        for case in (
            case
            for reference in REFERENCES
            for case in books_of(books.engine, books.rulebook, reference, viewer=OPERATOR)
        ):
            assert left_by_deriving(books, case) == ({}, case.agreement.derive_on)
    books.engine.dispose()


def left_by_deriving(books: Books, case: InBooks) -> tuple[object, date | None]:
    """The rows that would be others if the case were derived anew, and when it would be next."""
    agreement = case.agreement
    definition = books.rulebook.definition_of(agreement)
    context = deadline_context(books.rulebook, books.people, definition, agreement.office, books.now)
    after = with_deadlines(agreement, definition, context)
    left = rewritten(agreement, after, definition, context, books.now)
    return left.rows, left.agreement.derive_on


def test_random_processes_have_all_that_may_come() -> None:
    texts = [random_text(Random(seed)) for seed in range(1, 25)]
    for word in (
        "recurs",
        "backward",
        "% of the time",
        "then every",
        "escalate = [{",
        "on_lapse",
        "paused_in",
        "duty = false",
    ):
        assert sum(word in text for text in texts) > 3, word

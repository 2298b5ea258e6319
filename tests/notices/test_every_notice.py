"""Every notice that a shipped process sends, in both languages, with the real cases in `workflows/cases/`: what leaves is read
as mail programs and people read it.

The cases are played through the engine and each message of the outbox is built; what no case brings about is told by its preview.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from builders import NOTIFICATIONS, WORKFLOWS, rulebook
from html_reading import accessible
from mail_reading import says_the_same, strictly, text_of
from twinflow.definitions.catalogue import process_files
from twinflow.definitions.notices import read_notices
from twinflow.definitions.scripts import read_script
from twinflow.domain.alerts.alerts import OVERDUE, SOON
from twinflow.domain.calendar.office_hours import MailHours
from twinflow.domain.clock.scripted_case import Script
from twinflow.domain.clock.simulation import MORNING
from twinflow.domain.mail.letter import Letter, LetterItem
from twinflow.domain.mail.message import Message, MessageState, Settlement
from twinflow.domain.people.people import Assignment, Office, People, Person
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.process.definition import CLOCK, LIAISON, Label, ProcessDefinition
from twinflow.domain.process.notices import LANGUAGES, names_in
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import NotFound, Refused
from twinflow.mail.compose import Composer
from twinflow.sentences import Sentence
from twinflow.services.clock.replaying import open_case, take
from twinflow.services.clock.sweep import sweep
from twinflow.services.mail.letters import letters
from twinflow.services.mail.outbox import claim_batch, keep_content, record_bounce, settle
from twinflow.services.mail.previews import preview
from twinflow.storage.engine import make_engine
from twinflow.storage.unit_of_work import UnitOfWork

BASE_URL = "https://twinflow.example"
COMPOSER = Composer(NOTIFICATIONS, BASE_URL, "twinflow@test.example")
PROCESSES = [path.relative_to(WORKFLOWS).with_suffix("").as_posix() for path in process_files(WORKFLOWS)]
NOTICES = read_notices(NOTIFICATIONS)
ONE_DAY = timedelta(days=1)
CORRECTIONS = {"entry-corrected", "correction-to-confirm", "correction-refused", "correction-displaced"}
CONSULTATIONS = {"consultation-asked", "consultation-soon", "consultation-overdue", "consultation-given"}
MOVES = {"move-to-accept", "case-moved", "move-refused"}
HANDS = {"handed-over", "in-other-hands"}
NEVER_BY_ITSELF = {"deadline-moved", "change-to-confirm", "lapse-refused", "wrong-office", *CORRECTIONS, *MOVES, *HANDS}
"""These need somebody to change a deadline, which no script does, or a process that was not proved."""

FINDINGS = (
    "date-missing",
    "signature-missing",
    "terms-conflict",
    "term-beyond-bound",
    "dates-disagree",
    "wrong-office",
)

# What a process can send


def sent_by(definition: ProcessDefinition) -> set[str]:
    """The notices that can be told of a case of the process."""
    announced = {a.notice for step in definition.steps.values() for a in step.announcements}
    rules = definition.deadlines.values()
    of_deadlines = {SOON, OVERDUE, "deadline-moved"} if rules else set()
    changes = [change for rule in rules for change in (rule.pause, rule.extend, rule.move) if change is not None]
    confirmed = {"change-to-confirm"} if any(change.second for change in changes) else set()
    refused = {"lapse-refused"} if any(rule.on_lapse for rule in rules) else set()
    by_default = any(rule.term and definition.terms[rule.term].default for rule in rules)
    assumed = {"term-assumed"} if by_default else set()
    consulted = CONSULTATIONS if any(rule.consults for rule in definition.rounds.values()) else set()
    always = CORRECTIONS | MOVES | HANDS | {*FINDINGS, "undelivered"}
    return consulted | announced | of_deadlines | confirmed | refused | assumed | always


# The cases, played; each role is held by one reader of each language


KINDS: dict[str, Label] = {
    "municipality": {"en": "City hall", "es": "Ayuntamiento"},
    "ministry": {"en": "Ministry", "es": "Secretaría"},
}


def people_of(definitions: Iterable[ProcessDefinition]) -> People:
    held: dict[str, set[str]] = {}
    for definition in definitions:
        zone = definition.time_zone
        for role in definition.roles.values():
            held.setdefault(role.key, set()).update(office.kind for office in role.offices)
    kinds = set[str]().union(*held.values())
    offices = {kind: Office(kind, kind, KINDS.get(kind, {"en": "Office", "es": "Oficina"}), "", zone) for kind in kinds}
    people = {}
    for number, (role, at) in enumerate(sorted(held.items()), 1):
        roles = tuple(Assignment(role, kind) for kind in sorted(at))
        people[role] = Person(role, f"Zoë Quint {number}", f"{role}@test.example", "en", roles)
        key = f"{role}-es"
        people[key] = Person(key, f"Íñigo Ñúñez {number}", f"{role}@prueba.example", "es", roles)
    return People(offices, people)


@dataclass
class Told:
    """One message, of whichever processes it tells, on the day of its office."""

    letter: Letter
    built: Message
    on: date
    of: dict[str, ProcessDefinition]

    @property
    def kind(self) -> tuple[object, ...]:
        """What it says but for the agreement and the dates: reminders that repeat are alike."""
        told = []
        for item in self.letter.items:
            words = [
                item.values.get(name)
                for name in ("deadline", "state", "standing", "subject", "known", "late", "office")
            ]
            near = [max(-2, min(2, item.values.get(name) or 0)) for name in ("days", "business_days")]
            absent = [name for name, value in item.values.items() if value is None]
            told.append(
                (item.notice, *words, *near, *absent, item.values["recorded_on"] == item.values["effective_on"])
            )
        return (self.letter.person.key, self.letter.digest, len(self.letter.groups), *told)


@dataclass
class Story:
    """A script while it is played, and all that it told."""

    engine: Engine
    script: Script
    rulebook: Rulebook = field(init=False)
    people: People = field(init=False)
    of: dict[str, ProcessDefinition] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    bounced: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        catalogue = rulebook().catalogue
        self.of = {case.reference: catalogue.in_force_on(case.process, case.opened_on) for case in self.script.cases}
        self.rulebook = replace(rulebook(), notices=NOTICES, mail_hours=MailHours(digest_at=None))
        self.people = people_of(self.of.values())

    def play(self, process: str, rare: set[tuple[str, str]]) -> None:
        """Day by day to the end. Of `rare` (notice, language), what did not come about is previewed of a case of the process."""
        shown: set[tuple[str, str]] = set()
        day: date | None = self.script.first.opened_on
        while day is not None and day <= self.script.until:
            self.live(day)
            shown |= self.preview(
                process, {kind for kind in rare - shown if kind[0] in NEVER_BY_ITSELF}, self.instant(day)
            )
            last, day = day, self.next_day(day)
        happened = {(item.notice, told.letter.person.language) for told in self.told for item in told.letter.items}
        self.preview(process, rare - shown - happened, self.instant(last))

    def preview(self, process: str, kinds: set[tuple[str, str]], now: datetime) -> set[tuple[str, str]]:
        """Show what can be shown of these notices today; which they were."""
        done = set()
        for notice, code in sorted(kinds):
            for reference, definition in self.of.items():
                if definition.key == process and (found := self._preview(notice, reference, code, now)) is not None:
                    self.keep(found, f"preview-{notice}-{code}", now)
                    done.add((notice, code))
                    break
        return done

    def _preview(self, notice: str, reference: str, code: str, now: datetime) -> Letter | None:
        try:
            reader = preview(
                self.engine, self.rulebook, self.people, notice, reference, now, viewer=OPERATOR
            ).letter.person
            key = reader.key if code == "en" else f"{reader.key}-es"
            return preview(self.engine, self.rulebook, self.people, notice, reference, now, key, viewer=OPERATOR).letter
        except (NotFound, Refused):
            return None  # not opened yet, or nothing to tell of it that day

    def live(self, day: date) -> None:
        now = self.instant(day)
        for case in self.script.cases:
            if case.opened_on == day:
                office = self.of[case.reference].roles[LIAISON].office_on(day) or "municipality"
                open_case(
                    self.engine,
                    self.rulebook,
                    self.people,
                    self.script,
                    case,
                    actor=LIAISON,
                    now=now,
                    office=office,
                )
        for step in self.script.steps:
            if step.on == day and step.by != CLOCK and not step.refused:
                take(self.engine, self.rulebook, self.people, step.case, step, person=step.by, now=now)
        sweep(self.engine, self.rulebook, self.people, now)
        self.deliver(now)

    def instant(self, day: date) -> datetime:
        return datetime.combine(day, MORNING, ZoneInfo(self.of[self.script.first.reference].time_zone)).astimezone(UTC)

    def deliver(self, now: datetime) -> None:
        """Build what waits; the first message to each reader comes back."""
        while claimed := claim_batch(self.engine, self.rulebook, self.people, now, 1000):
            said = letters(self.engine, self.rulebook, self.people, claimed, now).letters
            built = {}
            for message in claimed:
                letter = said[message.id]
                assert not isinstance(letter, Exception), letter
                if letter is not None:
                    built[message.id] = self.keep(letter, message.message_id, now)
            keep_content(self.engine, built)
            settle(self.engine, [Settlement(m, MessageState.ACCEPTED) for m in claimed], now)
            for message in claimed:
                if message.recipient not in self.bounced and message.id in built:
                    self.bounced.add(message.recipient)
                    why = Sentence("{code} {text}", {"code": 550, "text": "5.1.1 unknown"})
                    assert record_bounce(
                        self.engine, self.rulebook, self.people, message_id=message.message_id, why=why, now=now
                    )

    def keep(self, letter: Letter, message_id: str, now: datetime) -> Message:
        built = COMPOSER.compose(letter, message_id=message_id, created_at=now, unsubscribe_token=message_id)
        first = self.of[self.script.first.reference]
        self.told.append(Told(letter, built, now.astimezone(ZoneInfo(first.time_zone)).date(), self.of))
        return built

    def next_day(self, day: date) -> date | None:
        """The first later day on which the script or the clock has something to do."""
        days = {self.script.until, *(c.opened_on for c in self.script.cases), *(s.on for s in self.script.steps)}
        with UnitOfWork(self.engine, reading=True) as work:
            waking = work.deadlines.next_day()
            if work.findings.untold():
                days.add(day + ONE_DAY)
        if waking is not None and waking <= self.script.until:
            days.add(max(waking, day + ONE_DAY))
        return min((each for each in days if each > day), default=None)


# What every message has to be


WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
}
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}
ONLY_IN = {
    "en": r"the|of|and|is|to|in|on|was|were|for|with|by|your|you|it|this|are|not|from|due|day|days|ago|today|that|what|late",
    "es": r"el|la|los|las|de|del|que|y|en|es|una|por|para|con|su|se|al|fue|está|día|días|hace|hoy|vence|según|cuando|lo",
}
"""Words that the other language does not have."""

OTHER = {"en": "es", "es": "en"}
LEAKS = re.compile(
    r"[{}<>]|\bNone\b|\bTrue\b|\bFalse\b|datetime|\bMessage\(|\bLabel\b|object at|&(?:#\d+|\w+);|\w+\.\w+\("
)
CLUMSY = re.compile(
    r"[^\W\d_\s][.!?;:,][^\W\d_a-z]|[a-záéíóúñ0-9)][,;:?!][^\W\d_]|\S  +\S|\s[.,;:!?)]|[(]\s|\(\)|[.,;:]{2}|[!?][.,]"
)
ADDRESS = re.compile(r"https?://\S+")
TODO = {"en": "What to do: ", "es": "Qué hacer: "}
WHY = {"en": "Why you get this", "es": "Por qué recibe este mensaje"}
ROLES = {"en": "You get this as: ", "es": "Lo recibe como: "}
OFF = {"en": "This mail cannot be switched off:", "es": "Este correo no puede desactivarse:"}
STOP = {"en": "Stop mails like this one:", "es": "Dejar de recibir correos como este:"}
LATE = {"en": ("Late: ", "Next to act: "), "es": ("En retraso: ", "Le toca actuar a: ")}


def day(on: date, code: str) -> str:
    weekday, month = WEEKDAYS[code].split()[on.weekday()], MONTHS[code].split()[on.month - 1]
    return f"{weekday}, {on.day} {month} {on.year}" if code == "en" else f"{weekday} {on.day} de {month} de {on.year}"


def distance(days: int, code: str, unit: tuple[str, str]) -> str:
    return f"{abs(days)} {unit[abs(days) != 1]}"


def faults(told: Told) -> Iterator[str]:
    """Everything that is wrong with a message."""
    code, letter = told.letter.person.language, told.letter
    message = strictly(told.built.content)
    says_the_same(message)
    html, text = text_of(message, "html"), text_of(message, "plain")
    accessible(html, code)
    yield from _headers(message, told)
    yield from (f"a line of {len(line)}" for line in text.splitlines() if len(line) > 998)
    flat = " ".join(text.split())
    for needed in (WHY[code], ROLES[code] + ", ".join(letter.roles), letter.person.name):
        if needed not in flat:
            yield f"not said: {needed}"
    for group in letter.groups:
        url = f"{BASE_URL}/agreements/{quote(group.reference)}"
        yield from (
            f"not said: {needed}" for needed in (f"{group.reference} · {group.title}", url) if needed not in flat
        )
    for group in letter.groups:
        days = [item.values["due_on"] for item in group.items if item.notice in {SOON, OVERDUE}]
        if days != sorted(days):
            yield f"{group.reference}: not the soonest first: {days}"
    for item in letter.items:
        yield from _item(item, flat, code, told.on)
    if flat.count(TODO[code]) != len(letter.items):
        yield f"what to do is said {flat.count(TODO[code])} times for {len(letter.items)} things"
    ours = ADDRESS.sub("", text)
    yield from (f"a leak: {ours[max(0, m.start() - 30) : m.end() + 30]!r}" for m in LEAKS.finditer(ours))
    for line in ours.splitlines():
        yield from (f"clumsy: {match[0]!r} in {line!r}" for match in CLUMSY.finditer(line.strip()))
    yield from _other_language(told, f"{message['Subject']}\n{ours}", code)


def _headers(message: EmailMessage, told: Told) -> Iterator[str]:
    letter = told.letter
    references = {group.reference for group in letter.groups}
    if not str(message["Subject"]).startswith(letter.groups[0].reference):
        yield f"the subject does not begin with the reference: {message['Subject']}"
    if message["Auto-Submitted"] != "auto-generated" or message["X-Auto-Response-Suppress"] != "All":
        yield "a machine may answer it"
    if (message["References"] is not None) != (len(references) == 1) or message["References"] != message["In-Reply-To"]:
        yield f"References: {message['References']}, In-Reply-To: {message['In-Reply-To']}"
    if message["References"] and (" " in message["References"] or message["References"] == message["Message-ID"]):
        yield f"not a flat root: {message['References']}"
    optional = all(NOTICES[item.notice].optional for item in letter.items)
    has = {name for name in ("List-Unsubscribe", "List-Unsubscribe-Post") if message[name] is not None}
    if len(has) != (2 if optional else 0):
        yield f"optional: {optional}, headers: {sorted(has)}"
    body, code = text_of(message, "plain"), letter.person.language
    if (STOP[code] in body, OFF[code] in body) != (optional, not optional):
        yield "not said whether it can be switched off"
    for item in letter.items:
        if not optional and not (notice := NOTICES[item.notice]).optional and notice.because[code] not in body:
            yield f"not said why it cannot be switched off: {notice.because[code]}"


def _item(item: LetterItem, flat: str, code: str, today: date) -> Iterator[str]:
    """What a notice has to say of its matter, on the day at its office."""
    values = item.values
    names = {"deadline", "state", "late", "office", "note", "subject", "known"} & names_in(item.notice, "body.txt")[
        "item"
    ].keys()
    needed = [str(values[name]) for name in sorted(names) if values[name]]
    if item.notice in {SOON, OVERDUE}:
        due_on, days, business = values["due_on"], values["days"], values["business_days"]
        assert isinstance(due_on, date)
        assert isinstance(days, int)
        needed.append(day(due_on, code))
        if days != (due_on - today).days:
            yield f"{due_on} is {(due_on - today).days} days from {today}, not {days}"
        if days:
            needed.append(distance(days, code, ("day", "days") if code == "en" else ("día", "días")))
        else:
            needed.append({"en": "today", "es": "hoy"}[code])
        if business is not None and days:
            unit = ("business day", "business days") if code == "en" else ("día hábil", "días hábiles")
            needed.append(f"({distance(business, code, unit)})")
        if values["late"]:
            overdue = item.notice == OVERDUE and values["nature"] != "target"
            needed.append(f"{LATE[code][not overdue]}{values['late']} ({values['office']})")
    if item.notice == "deadline-moved":
        needed += [day(values[name], code) for name in ("before", "after") if isinstance(values[name], date)]
    if "todo" in names_in(item.notice, "body.txt")["item"]:
        needed += values["todo"]
    yield from (f"{item.notice}: not said: {each}" for each in needed if " ".join(each.split()) not in flat)


def _other_language(told: Told, text: str, code: str) -> Iterator[str]:
    """Words of the other language, apart from names, options of commands and what people wrote in their own."""
    other, text = OTHER[code], re.sub(r"--[a-z]+", " … ", text)
    mine, theirs = labels(told.of, code), labels(told.of, other)
    for foreign in sorted(written(told), key=len, reverse=True):
        text = text.replace(foreign, " … ")
    for label in sorted((label for label in mine if label in text), key=len, reverse=True):
        text = text.replace(label, " … ")
    for label in theirs - mine:
        if len(label) > 3 and label in text and re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text):
            yield f"a label in {other}: {label}"
    yield from (
        f"a word in {other}: {found[0]!r} in {text[max(0, found.start() - 40) : found.end() + 40]!r}"
        for found in re.finditer(rf"(?i)\b(?:{ONLY_IN[other]})\b", text)
    )


def written(told: Told) -> set[str]:
    """What is a name, or was written by people in whatever language."""
    values = [value for item in told.letter.items for value in item.values.items()]
    open_texts = {str(value) for name, value in values if name in {"known", "person", "why", "actor", "id"} and value}
    names = {group.title for group in told.letter.groups} | {group.reference for group in told.letter.groups}
    subjects = {str(i.values["subject"]) for i in told.letter.items if i.notice in {"signature-missing", "undelivered"}}
    return open_texts | names | subjects | {told.letter.person.name}


def labels(of: dict[str, ProcessDefinition], code: str) -> set[str]:
    return set[str]().union(*(labels_of(definition, code) for definition in of.values()))


@cache
def labels_of(definition: ProcessDefinition, code: str) -> frozenset[str]:
    """Every label that the process, or a process of its children, can say."""
    versions = [definition, *(rulebook().catalogue.versions(child)[-1] for child in definition.children)]
    found: set[str] = set()
    for each in versions:
        found |= {label[code] for label in each.records.values()}
        found |= {
            one.label[code]
            for kind in (each.states, each.steps, each.roles, each.deadlines, each.terms)
            for one in kind.values()
        }
        found |= {rule.note[code] for rule in each.deadlines.values() if rule.note}
    return frozenset(found | {label[code] for label in KINDS.values()})


# The proof, a process at a time


@dataclass
class Heard:
    """All that the cases of a process told, and which notices its own agreements told in which language."""

    messages: list[Told] = field(default_factory=list)
    kinds: set[tuple[str, str]] = field(default_factory=set)


@pytest.mark.parametrize("process", PROCESSES)
def test_all_that_a_process_tells_is_right_in_both_languages(
    process: str, sqlite_template: Path, tmp_path: Path
) -> None:
    mine = Heard()
    definition = rulebook().catalogue.versions(process)[-1]
    wanted = {(notice, code) for notice in sent_by(definition) for code in LANGUAGES}
    for path in sorted((WORKFLOWS / "cases" / process).glob("*.toml")):
        story = Story(
            _engine(sqlite_template, tmp_path / path.stem), read_script(path, rulebook().catalogue, path.stem)
        )
        story.play(process, wanted - mine.kinds)
        story.engine.dispose()
        mine.messages += story.told
        mine.kinds |= {
            (item.notice, told.letter.person.language)
            for told in story.told
            for group in told.letter.groups
            for item in group.items
            if story.of[group.reference].key == process
        }
    different = {told.kind: told for told in mine.messages}.values()
    wrong = dict.fromkeys(problem for told in different for problem in faults(told))
    assert not wrong, "\n".join(wrong)
    assert wanted - mine.kinds == set(), "never told, nor shown by a preview"
    assert mine.kinds - wanted == set(), "told, though `sent_by` says it is not"


def test_nothing_is_left_out() -> None:
    """Each process is held to all that `sent_by` names; together these are every notice of every shipped process."""
    shipped = {definition.key: definition for definition in rulebook().catalogue}
    assert set(PROCESSES) == set(shipped)
    assert len(PROCESSES) == 20
    assert {notice for definition in shipped.values() for notice in sent_by(definition)} == set(NOTICES)


def _engine(sqlite_template: Path, folder: Path) -> Engine:
    folder.mkdir()
    return make_engine(f"sqlite:///{shutil.copy(sqlite_template, folder / 'twinflow.db')}")

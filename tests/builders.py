"""Small builders: the shipped processes, people, cases at any point of their life, and a tiny process to be spoilt."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from twinflow.definitions.catalogue import read_rulebook
from twinflow.domain.agreement.agreement import Agreement, Claim, Party, Signature, Term
from twinflow.domain.agreement.history import EntryKind, HistoryEntry, Way
from twinflow.domain.agreement.rounds import rounds_of
from twinflow.domain.calendar.business_days import Calendar, Calendars, CountsIn, Holiday
from twinflow.domain.calendar.dates import Length, PartialDate
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import THE_CLOCK, Actor, Assignment, Office, People, Person
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.advance import advance
from twinflow.domain.steps.command import Outcome, StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.domain.steps.round_acts import RoundAct, RoundCommand, with_act
from twinflow.errors import Refused

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = ROOT / "workflows"
NOTIFICATIONS = ROOT / "notifications"
CUENCA_FILES = ROOT / "examples" / "cuenca"

MX, EC, PROGRAMME = "mx/twinning", "ec/agreement", "annual-programme"

LIAISON = Actor("lucia", frozenset({"liaison"}))
REVIEWER = Actor("ramon", frozenset({"reviewer"}))
REGISTRAR = Actor("regina", frozenset({"registrar"}))
AUTHORITY = Actor("mateo", frozenset({"authority"}))
CLOCK = THE_CLOCK

AT_PAGE = Way("page")
"""The way of whoever comes by a page."""

CHIHUAHUA = Party("Chihuahua", "MX", home=True)
ALBUQUERQUE = Party("Albuquerque", "US")
CUENCA = Party("Cuenca", "EC", home=True)
MEDELLIN = Party("Medellín", "CO")


def office(key: str, kind: str, country: str, time_zone: str) -> Office:
    return Office(key, kind, {"en": key, "es": key}, country, time_zone)


def person(key: str, *assignments: Assignment, language: str = "es") -> Person:
    return Person(key, key.title(), f"{key}@{key}.example", language, assignments)


def people() -> People:
    """Chihuahua and its ministry, Cuenca and its registry, and one person in each role."""
    offices = (
        office("chihuahua", "municipality", "MX", "America/Chihuahua"),
        office("ministry", "ministry", "MX", "America/Mexico_City"),
        office("cuenca", "municipality", "EC", "America/Guayaquil"),
        office("registry", "registry", "EC", "America/Guayaquil"),
    )
    known = (
        person("lucia", Assignment("liaison", "chihuahua"), Assignment("liaison", "cuenca")),
        person("silvia", Assignment("supervisor", "chihuahua")),
        person("ramon", Assignment("reviewer", "ministry")),
        person("regina", Assignment("registrar", "ministry"), Assignment("registrar", "registry")),
        person("mateo", Assignment("authority", "cuenca")),
    )
    return People({o.key: o for o in offices}, {p.key: p for p in known})


@cache
def rulebook() -> Rulebook:
    """The shipped processes, calendars and notices."""
    return read_rulebook(WORKFLOWS, NOTIFICATIONS)


def definition(key: str = MX) -> ProcessDefinition:
    return rulebook().catalogue.versions(key)[-1]


def calendars(key: str = MX) -> Calendars:
    return rulebook().calendars_of(definition(key))


def a_calendar(*holidays: date, first_year: int = 1900, last_year: int = 2100) -> Calendar:
    """Saturday and Sunday off, and the days given."""
    days = {on: Holiday(on, {"en": "Holiday", "es": "Feriado"}, "test") for on in holidays}
    return Calendar("test", {"en": "Test", "es": "Prueba"}, frozenset({5, 6}), days, first_year, last_year, "e1")


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 18, tzinfo=UTC)


def terms(**texts: str) -> dict[str, Term]:
    """`validity="3 years"`, `first_programme="60 days|90 days"`, `"indefinite"`, or `""` where the text is silent."""
    return {
        name: Term(
            tuple(Length.parse(reading) for reading in text.split("|") if text and text != "indefinite"),
            indefinite=text == "indefinite",
        )
        for name, text in texts.items()
    }


def facts(**days: str) -> dict[str, tuple[Claim, ...]]:
    """`signed_on="2011-05-06"`: one chosen claim each; dates as precise as they are written."""
    return {
        name: (Claim(PartialDate.parse(text) if name.endswith("_on") else text, ""),) for name, text in days.items()
    }


def signed(parties: Iterable[Party], on: str) -> tuple[Party, ...]:
    return tuple(replace(party, signature=Signature(PartialDate.parse(on))) for party in parties)


def agreement(
    process: ProcessDefinition | str = MX,
    *,
    state: str | None = None,
    opened_on: date = date(2008, 1, 7),
    parties: tuple[Party, ...] | None = None,
    terms: Mapping[str, Term] | None = None,
    facts: Mapping[str, tuple[Claim, ...]] | None = None,
    tracked_from: date | None = None,
) -> Agreement:
    """A case opened on `opened_on` in `state` (the first one of the process if none is given)."""
    process = definition(process) if isinstance(process, str) else process
    state = state or process.start
    ecuadorian = process.key == EC
    return Agreement(
        reference="A-1",
        process=process.key,
        process_version=process.version,
        process_digest=process.digest,
        office="cuenca" if ecuadorian else "chihuahua",
        title="A",
        state=state,
        version=1,
        tracked_from=tracked_from or opened_on,
        parties=parties or ((CUENCA, MEDELLIN) if ecuadorian else (CHIHUAHUA, ALBUQUERQUE)),
        terms=terms or {},
        facts=facts or {},
        history=(HistoryEntry(EntryKind.OPENED, "lucia", opened_on, noon(opened_on), to_state=state),),
    )


def new_case(*said: Any, **more: Any) -> NewAgreement:
    """A case to open, whatever is doubted of it."""
    return NewAgreement(*said, **more, despite="tried")


def medellin(today: date = date(2011, 5, 6), **other_terms: str) -> Agreement:
    """The text of 6 May 2011: three years, 45 days' notice, first programme in “noventa (60)” days, yearly evaluation."""
    stated = {
        "validity": "36 months",
        "notice_period": "45 days",
        "first_programme": "60 days|90 days",
        "evaluation_period": "12 months",
    }
    case = agreement(
        EC,
        state="in_force",
        opened_on=date(2011, 5, 6),
        parties=signed((CUENCA, MEDELLIN), "2011-05-06"),
        terms=terms(**stated | other_terms),
        facts=facts(signed_on="2011-05-06", in_force_on="2011-05-06", term_starts_on="2011-05-06"),
    )
    return derived(case, today)


def context(process: ProcessDefinition, today: date) -> DeadlineContext:
    """The process's own calendars, and `today` at every office."""
    own = {
        key: rulebook().calendars_of(process, rule)
        for key, rule in process.deadlines.items()
        if rule.calendars or rule.counts_in is not CountsIn.ALL
    }
    return DeadlineContext(today, rulebook().calendars_of(process), own)


def derived(case: Agreement, today: date, process: ProcessDefinition | None = None) -> Agreement:
    """The case with its deadlines as of `today`."""
    process = process or definition(case.process)
    return with_deadlines(case, process, context(process, today))


def reason_for(process: ProcessDefinition, step: str) -> str:
    """A reason where the step is not taken without one."""
    return "so it is" if step in process.steps and process.steps[step].needs_reason else ""


def acted(
    case: Agreement, act: RoundAct, on: date, actor: Actor, *, process: ProcessDefinition | None = None, **more: object
) -> Agreement:
    """The case after an act in a round, recorded on its day."""
    process = process or definition(case.process)
    command = RoundCommand(act=act, on=on, **{"text": "as it is", **more})  # type: ignore[arg-type]
    counted = context(process, on)
    return with_act(case, process, command, actor, now=noon(on), today=on, calendars=counted.calendars)


def ready_for(
    case: Agreement, step: str, on: date, actor: Actor, process: ProcessDefinition | None = None
) -> Agreement:
    """The case with what the step asks of the observations in its round: one made, every one answered, every one closed."""
    process = process or definition(case.process)
    asked = {each.name: each.round or "" for each in process.steps[step].requires}
    rounds = rounds_of(case.history, process)
    if "observations_made" in asked and not rounds.unanswered(asked["observations_made"]):
        return acted(case, RoundAct.OBSERVE, on, actor, process=process, article="V")
    if "observations_closed" in asked:
        key = asked["observations_closed"]
        act = RoundAct.CLOSE if rounds.open(key) is not None else RoundAct.ANSWER
        left = rounds.unclosed(key) if act is RoundAct.CLOSE else rounds.unanswered(key)
        for each in left:
            case = acted(case, act, on, actor, process=process, number=each.number)
    return case


def try_step(
    case: Agreement,
    step: str,
    on: date,
    actor: Actor = LIAISON,
    *,
    process: ProcessDefinition | None = None,
    today: date | None = None,
    party: str | None = None,
    records: Mapping[str, str] | None = None,
    reason: str | None = None,
) -> Outcome:
    """Take a step on `on`, recorded the same day unless `today` says otherwise; with a reason where it needs one, or `reason`."""
    process = process or definition(case.process)
    return advance(
        case,
        process,
        StepCommand(
            step, on, party=party, records=records or {}, reason=reason_for(process, step) if reason is None else reason
        ),
        actor,
        now=noon(today or on),
        context=context(process, today or on),
    )


def refusal(case: Agreement, step: str, on: date, actor: Actor = LIAISON, **more: object) -> list[str]:
    """Every reason against a step, as the sentences that people read; none if it can be taken."""
    try:
        try_step(case, step, on, actor, **more)  # type: ignore[arg-type]
    except Refused as refused:
        return [str(reason) for reason in refused.reasons]
    return []


def after(case: Agreement, *steps: tuple[object, ...], process: ProcessDefinition | None = None) -> Agreement:
    """The case after steps, each `(step, day)` and then, in any order, an actor, a party's name and a dict of records."""
    for step, on, *rest in steps:
        actor = next((item for item in rest if isinstance(item, Actor)), LIAISON)
        party = next((item for item in rest if isinstance(item, str)), None)
        records = next((item for item in rest if isinstance(item, dict)), {})
        assert isinstance(step, str)
        assert isinstance(on, date)
        case = ready_for(case, step, on, actor, process)
        case = try_step(case, step, on, actor, process=process, party=party, records=records).agreement
    return case


OPINION = {"opinion_number": "DEP-0466/08"}
OPINION_WITH_CHANGES = {**OPINION, "reviewed_draft": "DEP-0466/08, annex"}
NOTICE = {"termination_notice": "letter"}
DRAFT = {"draft_text": "draft, both languages"}
SIGNED_TEXT = {"signed_text_spanish": "scan, Spanish", "signed_text_other": "scan, English"}
PAPERS = {"complete_draft": DRAFT, "file_signed_text": SIGNED_TEXT}
"""What the steps of a twinning that take papers are to be given."""


def draft_of(step: str) -> tuple[str, ...]:
    """What the command line is to be told beside the step."""
    return tuple(word for key, mark in PAPERS.get(step, {}).items() for word in ("--set", f"{key}={mark}"))


TO_OPINION = (
    ("approve_profile", date(2008, 1, 8)),
    ("send_letter", date(2008, 1, 9)),
    ("record_answer", date(2008, 1, 28)),
    ("complete_draft", date(2008, 2, 11), DRAFT),
    ("request_opinion", date(2008, 2, 18)),
)
TO_SIGNED = (
    *TO_OPINION,
    ("issue_favourable_opinion", date(2008, 3, 5), REVIEWER, OPINION),
    ("sign", date(2008, 3, 10), "Chihuahua"),
    ("sign", date(2008, 3, 10), "Albuquerque"),
)
TO_IN_FORCE = (
    *TO_SIGNED,
    ("file_signed_text", date(2008, 7, 31), SIGNED_TEXT),
    ("request_registration", date(2008, 7, 31)),
    ("register", date(2008, 8, 11), REGISTRAR, {"registry_number": "R-77"}),
    ("begin_operation", date(2008, 8, 12)),
)
TO_EVALUATED = (
    *TO_IN_FORCE,
    ("start_evaluation", date(2012, 11, 5)),
    ("record_evaluation", date(2012, 11, 20)),
)
"""The life of the twinning Chihuahua–Albuquerque: requested 18 February, opinion 5 March, signed 10 March, sent to the
register 31 July 2008. The other days are made up."""


TINY = """
[process]
key = "tiny"
version = 1
kind = "twinning"
start = "open"
in_force = { from = 2000-01-01 }
time_zone = "America/Mexico_City"
calendars = ["mx-labour"]
label = { en = "Tiny", es = "Mínimo" }

[stages]
work = { en = "Work", es = "Trabajo" }

[facts]
asked_on = { en = "Asked", es = "Pedido" }

[roles.liaison]
office = "municipality"
label = { en = "liaison officer", es = "enlace" }

[states.open]
stage = "work"
waits_for = "liaison"
label = { en = "Open", es = "Abierto" }
[states.asked]
stage = "work"
waits_for = "liaison"
label = { en = "Asked", es = "Pedido" }
[states.done]
stage = "work"
final = true
label = { en = "Done", es = "Hecho" }

[steps.ask]
from = ["open"]
to = "asked"
by = ["liaison"]
day_as = "asked_on"
notices = [{ notice = "opinion-requested", to = ["liaison"] }]
label = { en = "Ask", es = "Pedir" }
[steps.finish]
from = ["asked"]
to = "done"
by = ["liaison"]
requires = [{ name = "fact", fact = "asked_on" }]
source = "test"
label = { en = "Finish", es = "Terminar" }

[deadlines.answer]
runs_from = { fact = "asked_on" }
length = "10 days"
nature = "legal"
late = "liaison"
met_by = ["finish"]
warn = ["3 days before", "1 day after", "then every 5 days"]
source = "test"
label = { en = "Answer", es = "Respuesta" }
"""
"""A whole process file without a mistake, to be edited by tests."""


def edited(text: str, *edits: tuple[str, str]) -> str:
    """`text` with each `(old, new)` put in once; `old` must be there."""
    for old, new in edits:
        assert old in text, f"{old!r} is not in the text"
        text = text.replace(old, new, 1)
    return text


def write_workflows(folder: Path, text: str | bytes = TINY, *, name: str = "tiny.toml") -> Path:
    """A folder of workflows with the shipped calendars and one process file more."""
    calendars_folder = folder / "calendars"
    calendars_folder.mkdir(parents=True, exist_ok=True)
    for path in (WORKFLOWS / "calendars").glob("*.toml"):
        (calendars_folder / path.name).write_bytes(path.read_bytes())
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def tiny_process(folder: Path, *edits: tuple[str, str]) -> ProcessDefinition:
    """The tiny process with edits, read and checked as a shipped one is."""
    found = read_rulebook(write_workflows(folder, edited(TINY, *edits)), NOTIFICATIONS)
    return found.catalogue.version("tiny", 1)

"""The demonstration: Cuenca's real register and one worked case, in a folder of its own, with captured mail."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from twinflow import bootstrap, files
from twinflow.config import AccountSettings, ClockSettings, DatabaseSettings, MailSettings, RhythmSettings, Settings
from twinflow.definitions.scripts import read_script
from twinflow.domain.clock.scripted_case import Script
from twinflow.domain.people.people import Assignment, People, Person
from twinflow.domain.people.viewer import ADMINISTRATOR, AUDITOR
from twinflow.domain.steps.terms import TermCommand
from twinflow.registers.dossiers import read_register
from twinflow.services.agreements.importing import import_register
from twinflow.services.agreements.stating_terms import state_term
from twinflow.services.clock.last_pass import mark_demonstration
from twinflow.services.clock.replaying import PLAYED, open_case, take
from twinflow.services.people.changing import change_people

REGISTERS = ("agreements", "negotiations", "intentions")
SHOWN_AFTER_LAST_STEP = timedelta(days=15)
"""The worked case is moved so that its last letter went out two to three weeks ago: the entry in the register, with a target of
15 business days, is due soon, and the first programme, 60 days after signature, is overdue."""


@dataclass(frozen=True, slots=True)
class Imported:
    register: str
    dossiers: int
    earlier_generations: int


def settings(folder: Path, port: int, smtp_port: int, language: str) -> Settings:
    """Settings of the demonstration: everything in `folder`, mail to the capturing server on `smtp_port`."""
    return Settings(
        language="es" if language == "es" else "en",
        people_file=files.shipped("examples") / "demo" / "people.toml",
        base_url=f"http://127.0.0.1:{port}",
        database=DatabaseSettings(url=f"sqlite:///{folder / 'twinflow.db'}"),
        mail=MailSettings(
            host="127.0.0.1",
            port=smtp_port,
            tls="none",
            sender="twinflow@demo.example",
            capture_folder=folder / "mail",
            state_file=folder / "mail-state.json",
        ),
        rhythm=RhythmSettings(digest="each pass"),
        clock=ClockSettings(),
        accounts=AccountSettings(key_file=folder / "twinflow.key"),
    )


def fill(runtime: bootstrap.Runtime, clock: Callable[[], datetime]) -> list[Imported]:
    """Import Cuenca's three sheets and enter the worked case with its dates moved, in books that are marked as such."""
    mark_demonstration(runtime.engine)
    change_people(runtime.engine, runtime.rulebook, _with_administrator, by="demo", reason="", now=clock())
    runtime.refresh()
    folder = files.shipped("examples")
    done = []
    for name in REGISTERS:
        sheet = (folder / "cuenca" / f"{name}.csv", folder / "cuenca" / f"{name}.map.toml")
        now = clock()
        dossiers = read_register(*sheet, runtime.rulebook, runtime.people, now)
        import_register(runtime.engine, runtime.rulebook, runtime.people, dossiers, now=now)
        latest = sum(dossier.is_latest for dossier in dossiers)
        done.append(Imported(name, latest, len(dossiers) - latest))
    _enter_worked_case(runtime, read_script(worked_case(), runtime.rulebook.catalogue), clock)
    return done


def _with_administrator(people: People) -> People:
    """With somebody who looks after people and sees all mail: no process needs such a person, so the people file has none."""
    roles = (Assignment(ADMINISTRATOR, "chihuahua"), *(Assignment(AUDITOR, office) for office in people.offices))
    alba = Person("alba", "Alba Administración", "alba@chihuahua.example", "es", roles)
    return replace(people, people={**people.people, alba.key: alba})


def worked_case() -> Path:
    """The scripted case that is shown, the file of Chihuahua and Albuquerque of 2008."""
    return files.shipped("workflows") / "cases" / "mx" / "twinning" / "chihuahua-albuquerque.toml"


def moved_to_recent_dates(script: Script, today: date) -> Script:
    """The script moved by whole weeks, so that its last step lies 15 to 21 days before `today`."""
    last = script.steps[-1].on
    weeks = (today - SHOWN_AFTER_LAST_STEP - last).days // 7
    return script.moved(7 * weeks)


def _enter_worked_case(runtime: bootstrap.Runtime, script: Script, clock: Callable[[], datetime]) -> None:
    """The steps as their people would enter them, all today, each effective on its own day.

    Of the model's terms the first programme's is confirmed, so that it is overdue; the others ask to be stated.
    """
    engine, rulebook, people = runtime.engine, runtime.rulebook, runtime.people
    today = people.today("chihuahua", clock())
    moved = moved_to_recent_dates(script, today)
    titled = replace(moved, title=f"{script.title} (2008; dates moved / fechas trasladadas)")
    case = replace(moved.first, reference="DEMO-MX")
    process = rulebook.catalogue.in_force_on(case.process, case.opened_on)

    def holder(role: str) -> str:
        return people.holders(role, process.roles[role].office_on(today) or "", "chihuahua", today)[0].key

    open_case(engine, rulebook, people, titled, case, actor=holder("liaison"), now=clock(), office="chihuahua")
    for step in (step for step in titled.steps if not step.refused):
        take(engine, rulebook, people, case.reference, step, person=holder(step.by), now=clock())
    confirmed = TermCommand("first_programme", reason="demonstration / demostración")
    state_term(engine, rulebook, people, case.reference, confirmed, person=holder("liaison"), door=PLAYED, now=clock())

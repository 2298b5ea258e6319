"""Books with cases of every shipped process, each half-way through one of its scripted stories, and people for every role."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random

from twinflow import bootstrap
from twinflow.config import DatabaseSettings, MailSettings, Settings
from twinflow.definitions.catalogue import read_rulebook
from twinflow.definitions.scripts import read_script
from twinflow.domain.clock.scripted_case import Script, ScriptCase, ScriptStep
from twinflow.domain.process.definition import CLOCK, LIAISON
from twinflow.errors import TwinflowError
from twinflow.services.clock.replaying import open_case, take

ROOT = Path(__file__).parents[2]
ZONES = ("America/Mexico_City", "America/Guayaquil", "Europe/Brussels", "Australia/Sydney", "Pacific/Kiritimati")
FIRST = date(2026, 11, 23)
"""The day on which the books begin."""
HOUR = time(15, tzinfo=UTC)

OFFICE = '[offices.{kind}]\nkind = "{kind}"\nlabel = {{ en = "{kind}", es = "{kind}" }}\ncountry = "MX"\ntime_zone = "{zone}"\n\n'
PERSON = '[people.{role}]\nname = "{role}"\nmail = "{role}@cities.example"\nlanguage = "en"\nroles = [{roles}]\n\n'
SETTINGS = """people_file = "people.toml"
workflows_folder = "workflows"
notifications_folder = "notifications"
[database]
url = "{url}"
[mail]
capture_folder = "mail"
[rhythm]
digest = "each pass"
"""


@dataclass(frozen=True, slots=True)
class Act:
    """A step of a story that is still to come, under the name its case has in the books."""

    on: date
    reference: str
    step: ScriptStep


def at(day: date) -> datetime:
    return datetime.combine(day, HOUR)


def made(folder: Path, url: str, cases: int, random: Random) -> list[Act]:
    """Fill the folder and the database; the acts of the year to come, in order. Every shipped story is begun, and again."""
    for name in ("workflows", "notifications"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "twinflow.toml").write_text(SETTINGS.format(url=url), "utf-8")
    (folder / "people.toml").write_text(_people(folder), "utf-8")
    runtime = start(folder, url)
    acts: list[Act] = []
    try:
        opened = 0
        for number, script in enumerate(_stories(runtime, folder)):
            if opened >= cases:
                break
            acts += _begin(runtime, script, number, random)
            opened += len(script.cases)
    finally:
        runtime.engine.dispose()
    return sorted(acts, key=lambda act: (act.on, act.reference))


def start(folder: Path, url: str) -> bootstrap.Runtime:
    return bootstrap.start(
        Settings(
            people_file=folder / "people.toml",
            workflows_folder=folder / "workflows",
            notifications_folder=folder / "notifications",
            database=DatabaseSettings(url=url),
            mail=MailSettings(capture_folder=folder / "mail"),
        )
    )


def _people(folder: Path) -> str:
    """One office of each kind, in zones around the earth, and one person for each role, in every office that it is held in."""
    held: dict[str, set[str]] = {}
    for definition in read_rulebook(folder / "workflows", folder / "notifications").catalogue:
        for role in definition.roles.values():
            held.setdefault(role.key, set()).update(office.kind for office in role.offices)
    kinds = sorted(set[str]().union(*held.values()))
    offices = [OFFICE.format(kind=kind, zone=ZONES[n % len(ZONES)]) for n, kind in enumerate(kinds)]
    people = [
        PERSON.format(role=role, roles=", ".join(f'{{ role = "{role}", office = "{kind}" }}' for kind in sorted(where)))
        for role, where in sorted(held.items())
    ]
    return "".join([*offices, *people])


def _stories(runtime: bootstrap.Runtime, folder: Path) -> Iterator[Script]:
    """The shipped stories of all processes, over and over."""
    found = [
        read_script(path, runtime.rulebook.catalogue)
        for path in sorted((folder / "workflows" / "cases").rglob("*.toml"))
    ]
    while True:
        yield from found


def _begin(runtime: bootstrap.Runtime, script: Script, number: int, random: Random) -> list[Act]:
    """A story moved so that a part of its steps lies before the first day; those are taken, the others are still to come."""
    own = [step for step in script.steps if step.by != CLOCK and not step.refused]
    days = sorted({script.first.opened_on, *(step.on for step in own)})
    until = random.choice(days)
    weeks = (FIRST - timedelta(days=random.randrange(1, 8)) - until).days // 7
    moved, now = script.moved(7 * weeks), at(FIRST)
    names = {case.reference: f"{case.reference}-{number}" for case in moved.cases}
    steps = [step for step in moved.steps if step.by != CLOCK and not step.refused]
    to_come: list[Act] = []
    for case in moved.cases:
        if case.opened_on > FIRST:
            continue
        with suppress(TwinflowError):
            _open(runtime, moved, case, names, now)
            for step in (step for step in steps if step.case == case.reference):
                if step.on < FIRST:
                    take(
                        runtime.engine,
                        runtime.rulebook,
                        runtime.people,
                        names[step.case],
                        step,
                        person=step.by,
                        now=now,
                    )
                else:
                    to_come.append(Act(step.on, names[step.case], step))
    return to_come


def _open(runtime: bootstrap.Runtime, script: Script, case: ScriptCase, names: dict[str, str], now: datetime) -> None:
    definition = runtime.rulebook.catalogue.in_force_on(case.process, case.opened_on)
    liaison = definition.roles[LIAISON]
    office = liaison.office_on(case.opened_on) or liaison.offices[0].kind
    parent = names.get(case.parent) if case.parent else None
    named = replace(case, reference=names[case.reference], parent=parent)
    open_case(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        script,
        named,
        actor=LIAISON,
        now=now,
        office=office,
    )

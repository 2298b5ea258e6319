"""Two countries: cases of three municipalities in every state of their way, and somebody in every role of every office."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from who_sees import Case, Desk

from builders import AT_PAGE, EC, MX, OPINION, PAPERS, new_case
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.steps.command import StepCommand
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from world import World

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
COMMON = "Zwillinge"
"""A word in every title."""

OFFICES = {
    "chihuahua": ("municipality", "MX", "America/Chihuahua"),
    "juarez": ("municipality", "MX", "America/Ciudad_Juarez"),
    "sre": ("ministry", "MX", "America/Mexico_City"),
    "cuenca": ("municipality", "EC", "America/Guayaquil"),
    "registry": ("registry", "EC", "America/Guayaquil"),
    "rree": ("ministry", "EC", "America/Guayaquil"),
}
EVERYWHERE = ("supervisor", "auditor", "administrator")
ROLES = {
    "municipality": ("liaison", "deputy", "mayor", "authority", *EVERYWHERE),
    "ministry": ("reviewer", "counsel", "registrar", "contact", "authority_in_charge", *EVERYWHERE),
    "registry": ("registrar", *EVERYWHERE),
}
"""The roles of each kind of office that the process files know."""
NOBODY = "nobody"
HEAD = "head"
"""Who administers, and audits the ministry."""
TWO = "two"
"""Somebody with a desk in each of two countries."""

DRAWN_UP = ("complete_draft",)
REQUESTED = (*DRAWN_UP, "request_opinion")
DECIDED = (*REQUESTED, "issue_favourable_opinion")
TO_REGISTER = (*DECIDED, "sign Chihuahua", "sign {partner}", "file_signed_text", "request_registration")
REGISTERED = (*TO_REGISTER, "register")
IN_OPINION, WITH_OPINION = ("drafting", "opinion_requested"), ("drafting", "opinion_requested", "opinion_favourable")
SIGNED = (*WITH_OPINION, "partly_signed", "signed")


@dataclass(frozen=True)
class Way:
    """How a case comes where it is."""

    office: str
    process: str
    steps: tuple[str, ...]
    path: tuple[str, ...]


WAYS = (
    Way("chihuahua", MX, DRAWN_UP, ("drafting",)),
    Way("chihuahua", MX, REQUESTED, IN_OPINION),
    Way("chihuahua", MX, DECIDED, WITH_OPINION),
    Way("chihuahua", MX, TO_REGISTER, (*SIGNED, "registration_requested")),
    Way("chihuahua", MX, REGISTERED, (*SIGNED, "registration_requested", "registered")),
    Way("chihuahua", MX, (*REQUESTED, "withdraw"), (*IN_OPINION, "withdrawn")),
    Way("juarez", MX, DRAWN_UP, ("drafting",)),
    Way("cuenca", EC, (), ("negotiation",)),
    Way("cuenca", EC, (), ("registration_requested",)),
)
PARTNERS = ("US", "CA", "FR", "DE", "JP", "BR", "CL", "ES", "IT", "PT")


def case(number: int, way: Way) -> Case:
    country = OFFICES[way.office][1]
    mark, secret = f"Qmark{chr(97 + number) * 4}", f"Qsecret{chr(97 + number) * 4}"
    return Case(f"ZZ-26-0{number}", way.process, way.office, country, PARTNERS[number], way.path, mark, secret)


CASES = tuple(case(number, way) for number, way in enumerate(WAYS))
LATER = case(len(WAYS), Way("juarez", MX, DRAWN_UP, ("drafting",)))
"""A case that comes when everything has been looked at once."""


def person_of(role: str, office: str) -> str:
    return f"{role}-{office}"


def desk(role: str, office: str) -> Desk:
    return Desk(role, office, *OFFICES[office][:2])


DESKS: dict[str, tuple[Desk, ...]] = {
    **{person_of(role, key): (desk(role, key),) for key, (kind, _, _) in OFFICES.items() for role in ROLES[kind]},
    TWO: (desk("liaison", "juarez"), desk("registrar", "registry")),
    HEAD: (desk("administrator", "sre"), desk("auditor", "sre")),
    NOBODY: (),
}
"""By person, where they sit."""


def people_file(folder: Path) -> Path:
    """The offices and the people of the matrix, as a file declares them."""
    file = folder / "people.toml"
    file.write_text("".join([*map(_office, OFFICES), *map(_person, DESKS)]), encoding="utf-8")
    return file


def _office(key: str) -> str:
    kind, country, zone = OFFICES[key]
    label = f'{{ en = "{key}", es = "{key}" }}'
    return f'[offices.{key}]\nkind = "{kind}"\nlabel = {label}\ncountry = "{country}"\ntime_zone = "{zone}"\n'


def _person(key: str) -> str:
    roles = ", ".join(f'{{ role = "{each.role}", office = "{each.office}" }}' for each in DESKS[key])
    return f'[people.{key}]\nname = "{key.title()}"\nmail = "{mail_of(key)}"\nlanguage = "en"\nroles = [{roles}]\n'


def mail_of(person: str) -> str:
    return f"{person}@matrix.example"


def fill(world: World) -> None:
    world.now = NOW
    for one, way in zip(CASES, WAYS, strict=True):
        open_case(world, one)
        for step in way.steps:
            take(world, one, step)


def open_case(world: World, one: Case) -> None:
    parties = (Party(one.office.title(), one.country, home=True), Party(f"Partner {one.mark}", one.partner))
    new = new_case(
        one.reference,
        one.process,
        one.office,
        f"{COMMON} {one.mark}",
        NOW.date(),
        parties,
        state=one.path[0],
        note=f"Told by telephone: {one.secret}",
    )
    actor = person_of("liaison", one.office)
    open_agreement(world.engine, world.rulebook, world.people, new, actor=actor, door=AT_PAGE, now=NOW)


def take(world: World, one: Case, step: str) -> None:
    """A step as it is written in `WAYS`, by whoever takes it."""
    name, _, party = step.partition(" ")
    party = party.format(partner=f"Partner {one.mark}")
    others = {"issue_favourable_opinion": ("reviewer", "sre"), "register": ("registrar", "sre")}
    records = {**PAPERS, "issue_favourable_opinion": OPINION, "register": {"registry_number": "R-77"}}.get(name, {})
    command = StepCommand(name, NOW.date(), party=party or None, records=records, reason="so it is")
    person = person_of(*others.get(name, ("liaison", one.office)))
    here = (world.engine, world.rulebook, world.people)
    advance_agreement(*here, one.reference, command, person=person, door=AT_PAGE, now=NOW)

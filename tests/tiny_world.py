"""A running twinflow on the tiny process, spoilt or enriched by edits, with a person or two."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from builders import TINY, edited, write_workflows
from twinflow import bootstrap
from twinflow.config import DatabaseSettings, MailSettings, Settings
from twinflow.domain.agreement import Agreement
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

OFFICE = (
    '[offices.{key}]\nkind = "{kind}"\nlabel = {{ en = "{key}", es = "{key}" }}\ncountry = "MX"\ntime_zone = "{zone}"\n'
)
PERSON = '[people.{key}]\nname = "{key}"\nmail = "{key}@x.example"\nlanguage = "es"\nroles = [{{ role = "{role}", office = "{office}" }}]\n'  # fmt: skip # noqa: E501
LIAISON_ONLY = {"elena": ("liaison", "chihuahua")}


@contextmanager
def tiny_world(
    url: str,
    folder: Path,
    *edits: tuple[str, str],
    people: Mapping[str, tuple[str, str]] = LIAISON_ONLY,
    zone: str = "America/Chihuahua",
) -> Iterator[World]:
    """`people` holds the role and the office of each; the municipality is in `zone`, the ministry in Mexico City."""
    offices = (("chihuahua", "municipality", zone), ("sre", "ministry", "America/Mexico_City"))
    texts = [OFFICE.format(key=key, kind=kind, zone=where) for key, kind, where in offices]
    texts += [PERSON.format(key=key, role=role, office=office) for key, (role, office) in people.items()]
    (folder / "people.toml").write_text("".join(texts), "utf-8")
    settings = Settings(
        people_file=folder / "people.toml",
        database=DatabaseSettings(url=url),
        mail=MailSettings(capture_folder=folder / "mail"),
        workflows_folder=write_workflows(folder / "workflows", edited(TINY, *edits)),
    )
    world = World(bootstrap.start(settings))
    try:
        yield world
    finally:
        world.engine.dispose()


def loaded(world: World, reference: str) -> Agreement:
    with UnitOfWork(world.engine, reading=True) as work:
        return work.agreements.get(reference)

"""A running twinflow on the tiny process, spoilt or enriched by edits, with a person or two."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from builders import TINY, edited, write_workflows
from twinflow import bootstrap
from twinflow.config import DatabaseSettings, MailSettings, RhythmSettings, Settings
from twinflow.domain.agreement.agreement import Agreement
from twinflow.storage.unit_of_work import UnitOfWork
from world import WITH_THE_PASS, World

OFFICE = """
[offices.{key}]
kind = "{kind}"
label = {{ en = "{key}", es = "{key}" }}
country = "MX"
time_zone = "{zone}"
calendars = ["{calendar}"]
"""
PERSON = '[people.{key}]\nname = "{key}"\nmail = "{key}@x.example"\nlanguage = "es"\nroles = [{{ role = "{role}", office = "{office}" }}]\n'  # fmt: skip # noqa: E501
LIAISON_ONLY = {"elena": ("liaison", "chihuahua")}


@contextmanager
def tiny_world(
    url: str,
    folder: Path,
    *edits: tuple[str, str],
    people: Mapping[str, tuple[str, str]] = LIAISON_ONLY,
    zone: str = "America/Chihuahua",
    mail: MailSettings | None = None,
    more: str = "",
    rhythm: RhythmSettings = WITH_THE_PASS,
) -> Iterator[World]:
    """`people` holds the role and the office of each, `more` what stands beside them in the people file.

    Chihuahua is in `zone`; Cuenca and the ministry are where they are.
    """
    offices = (
        ("chihuahua", "municipality", zone, "mx-labour"),
        ("cuenca", "municipality", "America/Guayaquil", "ec-public"),
        ("sre", "ministry", "America/Mexico_City", "mx-ministry"),
    )
    texts = [OFFICE.format(key=key, kind=kind, zone=where, calendar=days) for key, kind, where, days in offices]
    texts += [PERSON.format(key=key, role=role, office=office) for key, (role, office) in people.items()]
    texts.append(more)
    (folder / "people.toml").write_text("".join(texts), "utf-8")
    mail = mail or MailSettings(capture_folder=folder / "mail")
    if "state_file" not in mail.model_fields_set:
        mail = mail.model_copy(update={"state_file": folder / "mail-state.json"})
    settings = Settings(
        people_file=folder / "people.toml",
        database=DatabaseSettings(url=url),
        mail=mail,
        rhythm=rhythm,
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

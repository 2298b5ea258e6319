"""The settings, the clock and the sheets that the pages are tested with."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from twinflow.bootstrap import Runtime
from twinflow.config import AccountSettings, DatabaseSettings, MailSettings, Settings
from twinflow.registers.dossiers import read_register
from twinflow.services.agreements.importing import import_register
from world import CUENCA, TODAY, WITH_THE_PASS


def clock() -> datetime:
    return TODAY


def settings_in(folder: Path, database_url: str) -> Settings:
    return Settings(
        people_file=CUENCA / "people.toml",
        database=DatabaseSettings(url=database_url),
        mail=MailSettings(capture_folder=folder / "mail"),
        rhythm=WITH_THE_PASS,
        accounts=AccountSettings(key_file=folder / "twinflow.key"),
    )


def take_over(runtime: Runtime, sheets: Sequence[str] = ("agreements", "negotiations", "intentions")) -> None:
    for sheet in sheets:
        dossiers = read_register(
            CUENCA / f"{sheet}.csv", CUENCA / f"{sheet}.map.toml", runtime.rulebook, runtime.people, TODAY
        )
        import_register(runtime.engine, runtime.rulebook, runtime.people, dossiers, now=TODAY)

"""The settings, the clock and the sheets that the pages are tested with."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from twinflow.bootstrap import Runtime
from twinflow.config import DatabaseSettings, MailSettings, Settings
from twinflow.registers.dossiers import read_register
from twinflow.services.registers import import_register

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
CUENCA = Path(__file__).resolve().parents[2] / "examples" / "cuenca"


def clock() -> datetime:
    return NOW


def settings_in(folder: Path) -> Settings:
    return Settings(
        people_file=CUENCA / "people.toml",
        database=DatabaseSettings(url=f"sqlite:///{folder}/twinflow.db"),
        mail=MailSettings(capture_folder=folder / "mail"),
    )


def take_over(runtime: Runtime, sheets: Sequence[str] = ("agreements", "negotiations", "intentions")) -> None:
    for sheet in sheets:
        dossiers = read_register(CUENCA / f"{sheet}.csv", CUENCA / f"{sheet}.map.toml", runtime.library)
        import_register(runtime.engine, runtime.library, dossiers, now=NOW)

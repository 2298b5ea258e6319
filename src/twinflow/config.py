"""Settings: one configuration file and the environment, read once, frozen."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from twinflow.errors import BadInput, Message, Problem, Unreadable
from twinflow.validation import mail_address, problems_of, unknown_name

DEFAULT_FILE = Path("twinflow.toml")
PREFIX = "TWINFLOW_"
OWN_VARIABLES = {"TWINFLOW_TEST_DATABASE_URL"}


def _database_url(text: str) -> str:
    try:
        name = make_url(text).drivername
    except ArgumentError:
        name = ""
    if name not in {"sqlite", "postgresql+psycopg"}:
        raise Unreadable("a database is written sqlite:///twinflow.db or postgresql+psycopg://user@host/name")
    return text


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(Section):
    url: Annotated[str, BeforeValidator(_database_url)] = "sqlite:///twinflow.db"


class MailSettings(Section):
    """Without a `host` nothing leaves: messages are kept in `capture_folder` and shown on the inbox page."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: Annotated[str, AfterValidator(mail_address)] = "twinflow@localhost"
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    capture_folder: Path = Path("captured-mail")

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> "MailSettings":
        if self.username and self.tls == "none":
            raise Unreadable("a login without TLS is refused: set tls to starttls or implicit, or leave username empty")
        return self


class ClockSettings(Section):
    sweep_every_minutes: Annotated[int, Field(ge=1, le=1440)] = 15


class Settings(Section):
    """Everything that can be set. Durations carry their unit in the name. Reads nothing by itself: see `load_settings`."""

    language: Literal["es", "en"] = "en"
    people_file: Path = Path("people.toml")
    base_url: Annotated[str, Field(pattern=r"^https?://\S+$")] = "http://127.0.0.1:8000"
    workflows_folder: Path | None = None
    notifications_folder: Path | None = None
    database: DatabaseSettings = DatabaseSettings()
    mail: MailSettings = MailSettings()
    clock: ClockSettings = ClockSettings()


def load_settings(file: Path | None = None) -> Settings:
    """Read `file`, or `twinflow.toml` in this folder if there is one; the environment goes before it.

    Paths in the file are taken from the file's folder. Raises BadInput with every problem found.
    """
    path = file or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    values = _resolved(_read(path), path.parent) if path else {}
    variables, problems = _environment()
    try:
        settings = Settings.model_validate(_merged(values, variables))
    except ValidationError as error:
        problems += [_placed(problem, path, variables) for problem in problems_of(error, "", _known_keys)]
    if problems:
        raise BadInput("The settings have mistakes.", tuple(problems))
    return settings


def _placed(problem: Problem, path: Path | None, variables: dict[str, Any]) -> Problem:
    """The file, or the variable where the value came from the environment."""
    key = str(problem.place).removeprefix(": ")
    here: Any = variables
    for part in key.split("."):
        here = here.get(part) if isinstance(here, dict) else None
    if here is not None or path is None:
        return Problem(PREFIX + key.upper().replace(".", "__"), problem.message)
    return Problem(f"{path.name}: {key}", problem.message)


def _merged(values: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`values` with those of `over` in their place, table by table."""
    merged = dict(values)
    for key, value in over.items():
        inner = merged.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadInput("{file} cannot be read: {why}.", file=str(path), why=error.strerror or str(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = Problem(str(path), Message("not valid TOML: {detail}.", {"detail": str(error)}))
        raise BadInput("The settings have mistakes.", (problem,)) from None


def _resolved(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Relative paths and the file of a SQLite database, from the folder of the settings file."""
    resolved = dict(values)
    for key in ("people_file", "workflows_folder", "notifications_folder"):
        if isinstance(resolved.get(key), str):
            resolved[key] = folder / resolved[key]
    mail, database = resolved.get("mail"), resolved.get("database")
    if isinstance(mail, dict) and isinstance(mail.get("capture_folder"), str):
        resolved["mail"] = {**mail, "capture_folder": folder / mail["capture_folder"]}
    if isinstance(database, dict) and str(database.get("url", "")).startswith("sqlite:///"):
        file = str(database["url"]).removeprefix("sqlite:///")
        resolved["database"] = {**database, "url": f"sqlite:///{folder / file}"}
    return resolved


def _known_keys(path: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Settings
    for part in path:
        annotation = model.model_fields[str(part)].annotation if part in model.model_fields else None
        model = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else BaseModel
    return list(model.model_fields)


def _environment() -> tuple[dict[str, Any], list[Problem]]:
    """The variables of ours as nested values, and those that mean nothing."""
    known = {f"{PREFIX}{name}".upper(): name for name in _leaves(Settings)}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for variable in sorted(name for name in os.environ if name.startswith(PREFIX) and name not in OWN_VARIABLES):
        if variable not in known:
            problems.append(Problem("environment", unknown_name(Message("the variable"), variable, known)))
            continue
        *tables, key = known[variable].split("__")
        here = values
        for table in tables:
            here = here.setdefault(table, {})
        here[key] = os.environ[variable]
    return values, problems


def _leaves(model: type[BaseModel], prefix: str = "") -> list[str]:
    names: list[str] = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names += _leaves(field.annotation, f"{prefix}{name}__")
        else:
            names.append(prefix + name)
    return names

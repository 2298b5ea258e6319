"""Settings: one configuration file and the environment, read once, frozen."""

import os
import re
from collections.abc import Collection
from contextlib import suppress
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from twinflow.errors import BadInput, Unreadable, why_of
from twinflow.regular_files import read_bytes
from twinflow.sentences import Problem, Sentence, not_utf8, unknown_name
from twinflow.validation import LAST_PORT, decoded, host_name, mail_address, problems_of, toml_values, web_address

FILES_IN_TABLES = (
    ("mail", "capture_folder"),
    ("mail", "certificate_authority"),
    ("mail", "state_file"),
    ("bounces", "mailbox"),
    ("accounts", "key_file"),
)
DEFAULT_FILE = Path("twinflow.toml")
PREFIX = "TWINFLOW_"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
MOST_READ = 100_000
"""Bytes of a file of settings that are looked at for its language alone."""
OWN_VARIABLES = {"TWINFLOW_TEST_DATABASE_URL"}


def _database_url(value: object) -> str:
    text = value if isinstance(value, str) else ""
    if re.fullmatch(r"sqlite:///[^?\0]+", text) and not text.endswith(":memory:"):
        return text
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - a fifth of a second that most need not wait for
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - the same

    with suppress(ArgumentError, ValueError):  # a plain one for a port that is no number
        url = make_url(text)
        if url.drivername == "postgresql+psycopg" and 0 < (url.port or 1) <= LAST_PORT:
            return text
    raise Unreadable("a database is written sqlite:///twinflow.db or postgresql+psycopg://user@host/name")


def _file(path: Path) -> Path:
    if "\0" in str(path):
        raise Unreadable("the name of a file has no zero byte in it")
    return path


def _time_of_day(value: object) -> time:
    """Neither seconds since midnight, which pydantic would take a number for, nor an hour of one zone."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = time.fromisoformat(value)
    if isinstance(value, time) and value.tzinfo is None:
        return value
    raise Unreadable("a time of day is written 08:00:00, without a zone: each office has its own")


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        """Which pydantic would count as 1."""
        if isinstance(value, bool) and cls.model_fields[info.field_name or ""].annotation is not bool:
            raise Unreadable("neither true nor false belongs here")
        return value


class DatabaseSettings(Section):
    url: Annotated[str, BeforeValidator(_database_url)] = "sqlite:///twinflow.db"


Port = Annotated[int, Field(ge=1, le=LAST_PORT)]
File = Annotated[Path, AfterValidator(_file)]
Address = Annotated[str, AfterValidator(mail_address)]
Host = Annotated[str, AfterValidator(host_name)]
WebAddress = Annotated[str, AfterValidator(web_address)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]

NOBODY = "twinflow@localhost"
LONGEST_BEFORE_THE_TAG = 29
"""Of the 64 octets of RFC 5321, section 4.5.3.1.1, a tag takes 35 at most: see `domain/mail/return_path.py`."""
TLS_FROM_THE_START, PLAIN_FIRST = 465, {25, 587}
"""Ports whose way of encrypting is settled: RFC 8314, section 3.3, and RFC 6409."""


class MailSettings(Section):
    """Without a `host` nothing leaves: messages are kept in `capture_folder` and shown on the inbox page.

    `per_minute` 0: as fast as the server takes them. `return_path` is the envelope sender, to which bounces come; empty: the
    sender. With `return_path_tag` each message has its own, `bounces+TAG@…`, without which no report counts. `state_file` is
    how a restored backup is known.
    """

    host: Host | Literal[""] = ""
    port: Port = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    certificate_authority: File | None = None
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: Address = NOBODY
    return_path: Address | Literal[""] = ""
    return_path_tag: bool = True
    redirect_all_to: Address | Literal[""] = ""
    connections: Annotated[int, Field(ge=1, le=32)] = 4
    per_minute: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 30
    capture_folder: File = Path("captured-mail")
    state_file: File = Path("mail-state.json")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "MailSettings":
        """Every contradiction at once, in one message."""
        login, password, encrypted = self.username, self.password.get_secret_value(), self.tls != "none"
        found = (
            (
                Sentence("a login without TLS is refused: set tls to starttls or implicit, or leave username empty"),
                login and not encrypted,
            ),
            (Sentence("username is set and password is not"), login and not password),
            (Sentence("password is set and username is not"), password and not login),
            (
                Sentence("port 465 encrypts from the start: tls = implicit"),
                self.port == TLS_FROM_THE_START and self.tls != "implicit",
            ),
            (
                Sentence("ports 25 and 587 begin in plain text: tls = starttls"),
                self.port in PLAIN_FIRST and self.tls == "implicit",
            ),
            (
                Sentence("certificate_authority means nothing with tls = none"),
                self.certificate_authority and not encrypted,
            ),
            (
                Sentence("return_path: with a tag for each message at most 29 letters may stand before the @"),
                self.return_path_tag and len(self.return_path.partition("@")[0]) > LONGEST_BEFORE_THE_TAG,
            ),
            (
                Sentence("host is set: sender needs an address that can be answered"),
                self.host and self.sender == NOBODY,
            ),
        )
        mistakes = [message for message, is_so in found if is_so]
        if mistakes:
            raise Unreadable("{mistakes}", mistakes=mistakes)
        return self


class RhythmSettings(Section):
    """When people get mail, by the clock of their office. `each pass` is for rehearsals: at any hour of any day."""

    digest: Literal["each morning", "each pass"] = "each morning"
    digest_at: TimeOfDay = time(8)
    opens_at: TimeOfDay = time(7)
    closes_at: TimeOfDay = time(19)

    @model_validator(mode="after")
    def _in_order(self) -> "RhythmSettings":
        if not self.opens_at <= self.digest_at < self.closes_at:
            raise Unreadable("in the order of a day: opens_at, digest_at at that hour or later, closes_at after both")
        return self


class BounceSettings(Section):
    """Where delivery reports come in: a mailbox (Maildir folder or mbox file), a port of ours on loopback, or both."""

    mailbox: File | None = None
    port: Port | None = None
    protocol: Literal["lmtp", "smtp"] = "lmtp"


class PeopleSettings(Section):
    """What is said of people. `one_user_for_several`: what one user of the machine does in the shell may be acts of several
    people, for demonstrations and scripted cases; else it counts as one person's where another one has to decide.
    """

    one_user_for_several: bool = False


class AccountSettings(Section):
    """`key_file`: what the secrets of second factors are made with. Made where it is missing; all nodes have the same."""

    key_file: File = Path("twinflow.key")


def _issuer(text: str) -> str:
    """The provider is believed for what TLS proves of it; on this machine alone it can do without."""
    address = web_address(text)
    if address.startswith("https://") or urlsplit(address).hostname in LOOPBACK:
        return address
    raise Unreadable("an issuer is written https://accounts.city.example, exactly as the provider writes it")


class OidcSettings(Section):
    """The provider at which people may sign in, and who we are there. Empty: they sign in with a password alone."""

    issuer: Annotated[str, AfterValidator(_issuer)] | Literal[""] = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    name: str = ""

    @model_validator(mode="after")
    def _whole(self) -> "OidcSettings":
        given = (self.issuer, self.client_id, self.client_secret.get_secret_value(), self.name)
        if any(given) and not all(given):
            raise Unreadable("issuer, client_id, client_secret and name are set together")
        return self


class ClockSettings(Section):
    """How often `serve` and `worker` look: for what is due, and for mail to send.

    A pass that comes more than `longest_gap_days` after the last one waits until a person has confirmed the clock.
    """

    sweep_every_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    send_every_minutes: Annotated[int, Field(ge=1, le=1440)] = 1
    longest_gap_days: Annotated[int, Field(ge=1, le=3650)] = 45

    @property
    def longest_gap(self) -> timedelta:
        return timedelta(days=self.longest_gap_days)


class Settings(Section):
    """Everything that can be set. Durations carry their unit in the name. Reads nothing by itself: see `load_settings`."""

    language: Literal["es", "en"] = "en"
    people_file: File = Path("people.toml")
    base_url: WebAddress = "http://127.0.0.1:8000"
    workflows_folder: File | None = None
    notifications_folder: File | None = None
    cache_folder: File | None = None
    database: DatabaseSettings = DatabaseSettings()
    mail: MailSettings = MailSettings()
    rhythm: RhythmSettings = RhythmSettings()
    bounces: BounceSettings = BounceSettings()
    clock: ClockSettings = ClockSettings()
    people: PeopleSettings = PeopleSettings()
    accounts: AccountSettings = AccountSettings()
    oidc: OidcSettings = OidcSettings()


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


def language_of(file: Path | None = None) -> str:
    """The language that the environment or the settings say, whatever mistakes they have; English where neither says one."""
    head = ""
    with suppress(OSError, ValueError):  # no such file, or a zero byte in its name
        raw = read_bytes(file or DEFAULT_FILE)[:MOST_READ]
        head = raw.decode("utf-8-sig", "replace").split("\n[", maxsplit=1)[0]
    found = re.search(r"""^[ \t]*language[ \t]*=[ \t]*["'](es|en)["']""", head, re.MULTILINE)
    said = os.environ.get(f"{PREFIX}LANGUAGE") or (found[1] if found else "")
    return said if said in {"es", "en"} else "en"


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
        raw = read_bytes(path)
    except OSError as error:
        raise BadInput("{file} cannot be read: {why}.", file=str(path), why=why_of(error)) from None
    try:
        return toml_values(decoded(raw, str(path)), str(path))
    except BadInput as error:
        raise BadInput("The settings have mistakes.", error.problems) from None


def _resolved(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Relative paths and the file of a SQLite database, from the folder of the settings file.

    What is kept for the mail of the database is there too where no path is set: another place would not know of it.
    """
    kept = {key: str(MailSettings.model_fields[key].default) for key in ("capture_folder", "state_file")}
    mail = values.get("mail", {})
    resolved = {**values, "mail": {**kept, **mail} if isinstance(mail, dict) else mail}
    own = {"key_file": str(AccountSettings.model_fields["key_file"].default)}
    accounts = values.get("accounts", {})
    resolved["accounts"] = {**own, **accounts} if isinstance(accounts, dict) else accounts
    for key in ("people_file", "workflows_folder", "notifications_folder", "cache_folder"):
        if isinstance(resolved.get(key), str):
            resolved[key] = folder / resolved[key]
    for table, key in FILES_IN_TABLES:
        inner = resolved.get(table)
        if isinstance(inner, dict) and isinstance(inner.get(key), str):
            resolved[table] = {**inner, key: folder / inner[key]}
    database = resolved.get("database")
    if isinstance(database, dict) and str(database.get("url", "")).startswith("sqlite:///"):
        file = str(database["url"]).removeprefix("sqlite:///")
        file = str(folder / file) if file else ""
        resolved["database"] = {**database, "url": f"sqlite:///{file}"}
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
            inside = [name for name in known if name.startswith(f"{variable}__")]
            problems.append(Problem("environment", _unknown_variable(variable, inside or known)))
            continue
        if (mistake := not_utf8(os.environ[variable])) is not None:
            problems.append(Problem(variable, mistake))
            continue
        *tables, key = known[variable].split("__")
        here = values
        for table in tables:
            here = here.setdefault(table, {})
        here[key] = os.environ[variable]
    return values, problems


def _unknown_variable(name: str, known: Collection[str]) -> Sentence:
    """Of a table all that can be set in it is named; else what was probably meant."""
    kind = Sentence("the variable")
    if all(each.startswith(name) for each in known):
        return Sentence(
            "{kind} “{name}” does not exist; there are: {known}.", {"kind": kind, "name": name, "known": sorted(known)}
        )
    return unknown_name(kind, name, known)


def _leaves(model: type[BaseModel], prefix: str = "") -> list[str]:
    names: list[str] = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names += _leaves(field.annotation, f"{prefix}{name}__")
        else:
            names.append(prefix + name)
    return names

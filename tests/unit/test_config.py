"""Settings: the example is the truth, unknown keys are errors, the environment goes before the file."""

import re
import tomllib
from collections.abc import Mapping
from datetime import time
from pathlib import Path

import pytest

from twinflow.config import FILES_IN_TABLES, Settings, load_settings
from twinflow.errors import BadInput

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def problems(text: str) -> list[str]:
    Path("own.toml").write_text(text, "utf-8")
    with pytest.raises(BadInput) as mistake:
        load_settings(Path("own.toml"))
    return [str(problem) for problem in mistake.value.problems]


def leaves(values: Mapping[str, object], table: str = "") -> dict[str, object]:
    """Every setting by its full name."""
    found: dict[str, object] = {}
    for key, value in values.items():
        found |= leaves(value, f"{table}{key}.") if isinstance(value, Mapping) else {table + key: value}
    return found


def test_the_example_names_every_setting_with_its_default() -> None:
    """Those whose default is that there is none stand there as comments, in their table."""
    text = EXAMPLE.read_text("utf-8")
    defaults = leaves(Settings().model_dump())
    written = tomllib.loads(text)
    assert Settings.model_validate(written) == Settings()
    assert leaves(written).keys() == {key for key, value in defaults.items() if value is not None}
    with_comments = tomllib.loads(re.sub(r"^# (\w+ += )", r"\1", text, flags=re.MULTILINE))
    assert leaves(with_comments).keys() == defaults.keys()


def test_what_the_example_has_as_comments_can_be_written_like_that() -> None:
    text = re.sub(r"^# (\w+ += )", r"\1", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    Path("own.toml").write_text(
        text.replace('host = ""', 'host = "mail.example"').replace("@localhost", "@x.example"), "utf-8"
    )
    settings = load_settings(Path("own.toml"))
    assert None not in leaves(settings.model_dump()).values()


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings() == Settings()


def test_a_file_called_twinflow_toml_in_the_folder_is_read() -> None:
    Path("twinflow.toml").write_text('language = "es"\n', "utf-8")
    assert load_settings().language == "es"


def test_the_environment_goes_before_the_file_and_leaves_the_rest_of_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own.toml").write_text('[mail]\nhost = "file.example"\nport = 2525\nsender = "a@b.example"\n', "utf-8")
    monkeypatch.setenv("TWINFLOW_MAIL__HOST", "environment.example")
    mail = load_settings(Path("own.toml")).mail
    assert (mail.host, mail.port) == ("environment.example", 2525)


def test_paths_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "settings"
    folder.mkdir()
    (folder / "own.toml").write_text('people_file = "p.toml"\n[database]\nurl = "sqlite:///data.db"\n', "utf-8")
    settings = load_settings(folder / "own.toml")
    assert settings.people_file == folder / "p.toml"
    assert settings.database.url == f"sqlite:///{folder / 'data.db'}"


@pytest.mark.parametrize(("table", "key"), FILES_IN_TABLES)
def test_files_of_mail_start_from_there_as_well(tmp_path: Path, table: str, key: str) -> None:
    folder = tmp_path / "settings"
    folder.mkdir()
    (folder / "own.toml").write_text(f'[{table}]\n{key} = "here"\n', "utf-8")
    settings = load_settings(folder / "own.toml")
    assert getattr(getattr(settings, table), key) == folder / "here"


def test_an_hour_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINFLOW_RHYTHM__DIGEST_AT", "09:30")
    assert load_settings().rhythm.digest_at == time(9, 30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("langage = 'es'", "own.toml: langage: the key “langage” does not exist; did you mean “language”?"),
        ("[mail]\nhots = 'x'", "own.toml: mail.hots: the key “hots” does not exist; did you mean “host”?"),
        ("[mail]\nport = 70000", "own.toml: mail.port: it is at most 65535 (found: 70000)."),
        ("[mail]\ntls = 'ssl'", "own.toml: mail.tls: “ssl” is not one of 'starttls', 'implicit', 'none'."),
        (
            "[rhythm]\ndigest = 'each night'",
            "own.toml: rhythm.digest: “each night” is not one of 'each morning', 'each pass'.",
        ),
        (
            "[oidc]\nissuer = 'https://accounts.city.example'\nname = 'City'",
            "own.toml: oidc: issuer, client_id, client_secret and name are set together.",
        ),
        (
            "[oidc]\nissuer = 'http://accounts.city.example'\nclient_id = 'a'\nclient_secret = 'b'\nname = 'City'",
            (
                "own.toml: oidc.issuer: “http://accounts.city.example”: "
                "an issuer is written https://accounts.city.example, exactly as the provider writes it."
            ),
        ),
        (
            "[rhythm]\ndigest_at = 06:59:59",
            "own.toml: rhythm: in the order of a day: opens_at, digest_at at that hour or later, closes_at after both.",
        ),
        (
            "[rhythm]\ncloses_at = 08:00:00",
            "own.toml: rhythm: in the order of a day: opens_at, digest_at at that hour or later, closes_at after both.",
        ),
        (
            "[rhythm]\nopens_at = 7",
            "own.toml: rhythm.opens_at: “7”: a time of day is written 08:00:00, without a zone: each office has its own.",
        ),
        (
            "[rhythm]\nopens_at = '07:00Z'",
            "own.toml: rhythm.opens_at: “07:00Z”: a time of day is written 08:00:00, without a zone: each office has its own.",
        ),
        (
            "[mail]\nreturn_path = 'bounces'",
            "own.toml: mail.return_path: “bounces”: a mail address is written name@example.org.",
        ),
        (
            "[mail]\nreturn_path = 'returned-mail-of-the-agreements@city.example'",
            "own.toml: mail: return_path: with a tag for each message at most 29 letters may stand before the @.",
        ),
        (
            "[mail]\nredirect_all_to = 'me'",
            "own.toml: mail.redirect_all_to: “me”: a mail address is written name@example.org.",
        ),
        (
            "[mail]\nconnections = 0",
            "own.toml: mail.connections: it is at least 1 (found: 0).",
        ),
        (
            "[mail]\nper_minute = -1",
            "own.toml: mail.per_minute: it is at least 0 (found: -1).",
        ),
        ("[bounces]\nprotocol = 'pop3'", "own.toml: bounces.protocol: “pop3” is not one of 'lmtp', 'smtp'."),
        ("[bounces]\nport = 0", "own.toml: bounces.port: it is at least 1 (found: 0)."),
        (
            "[clock]\nsend_every_minutes = 0",
            "own.toml: clock.send_every_minutes: it is at least 1 (found: 0).",
        ),
        (
            "[clock]\nlongest_gap_days = true",
            "own.toml: clock.longest_gap_days: “true”: neither true nor false belongs here.",
        ),
        ("[bounces]\nport = false", "own.toml: bounces.port: “false”: neither true nor false belongs here."),
        (
            "[database]\nurl = 'mysql://x'",
            (
                "own.toml: database.url: “mysql://x”: a database is written sqlite:///twinflow.db or "
                "postgresql+psycopg://user@host/name."
            ),
        ),
    ],
)
def test_a_wrong_setting_is_answered_with_its_place_and_what_would_be_right(text: str, expected: str) -> None:
    assert problems(text) == [expected]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "twinflow.db",
        "sqlite:twinflow.db",
        "sqlite:/twinflow.db",
        "sqlite://twinflow.db",
        "sqlite://localhost/twinflow.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///twinflow.db?mode=ro",
        "sqlite+pysqlite:///twinflow.db",
        "postgres://user@host/name",
        "postgresql://user@host/name",
        "postgresql+psycopg2://user@host/name",
        "postgresql+psycopg:/user@host/name",
        "postgresql+psycopg://user@host:port/name",
        "postgresql+psycopg://user@host:99999/name",
        "postgresql+psycopg://user@[::1/name",
    ],
)
def test_a_database_that_is_mistyped_is_told_how_one_is_written(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database in memory would be gone with the command."""
    right = "”: a database is written sqlite:///twinflow.db or postgresql+psycopg://user@host/name."
    (in_file,) = problems(f"[database]\nurl = '{url}'")
    assert in_file.startswith("own.toml: database.url: “")
    assert in_file.endswith(right)
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", url)
    (in_variable,) = problems("")
    assert in_variable.startswith("TWINFLOW_DATABASE__URL: “")
    assert in_variable.endswith(right)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite://twinflow.db", "sqlite://twinflow.db"),
        ("postgres://user:secret@host:5432/name", "postgres://…@host:5432/name"),
        ("postgres://user:se/cr@et@host/name", "postgres://…@host/name"),
        ("postgres://user:se?cr@et@host/name", "…"),
        ("postgres://user:secret", "…"),
        ("postgres://host/name?password=secret", "…"),
        ("postgres://host/name?password=se@cret", "…"),
        ("host=x password=secret", "…"),
    ],
)
def test_of_a_mistyped_database_all_is_shown_that_can_be_no_secret(url: str, shown: str) -> None:
    (problem,) = problems(f"[database]\nurl = '{url}'")
    assert problem.startswith(f"own.toml: database.url: “{shown}”: ")


def test_of_a_variable_that_is_a_table_all_is_named_that_can_be_set_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINFLOW_BOUNCES", "x")
    (problem,) = problems("")
    assert problem.endswith("there are: TWINFLOW_BOUNCES__MAILBOX, TWINFLOW_BOUNCES__PORT, TWINFLOW_BOUNCES__PROTOCOL.")


NO_HOSTS = [
    "mail..city.example",
    ".city.example",
    "mail city.example",
    "mail.city.example:587",
    "smtp://mail.city.example",
    "-mail.example",
    "m*il.example",
    "[::1]",
    "::1%\\u202e",
    "999.0.0.1",
    "mail\\u0007.example",
    "mail.example\\n",
    "mail\\u202e.example",
    f"{64 * 'a'}.example",
    ".".join(5 * [60 * "a"]),
]


@pytest.mark.parametrize("host", NO_HOSTS)
def test_a_mail_host_that_cannot_be_one_is_refused(host: str) -> None:
    (problem,) = problems(f'[mail]\nsender = "a@b.example"\nhost = "{host}"')
    assert problem.startswith("own.toml: mail.host: “")
    assert problem.endswith("”: a host is written mail.city.example, or as an address like 192.0.2.1.")


@pytest.mark.parametrize(
    "host", ["localhost", "mail.city.example.", "mail_out", "3com.example", "192.0.2.1", "::1", "señal.example"]
)
def test_a_mail_host_by_name_or_address_is_taken(host: str) -> None:
    Path("own.toml").write_text(f'[mail]\nsender = "a@b.example"\nhost = "{host}"', "utf-8")
    assert load_settings(Path("own.toml")).mail.host == host


@pytest.mark.parametrize(
    "address",
    [
        "http://[::1",
        "http://[::g]",
        "http://a:99999999/",
        "http://a:0/",
        "http://a:port/",
        "http:///x",
        "http://",
        "http://h*st/x?y#z",
        "http://a.example/x?y",
        "http://a.example#z",
        "http://user@a.example",
        "http://a\\u202eb.example",
        "http://a.example/\\u202e",
        "http://a.example/\\u0007",
        "http://*",
        "https://*.example/",
        "https://a..example/",
        "ftp://a.example",
        "a.example",
        "",
    ],
)
def test_an_address_of_the_pages_that_cannot_be_one_is_refused(address: str) -> None:
    (problem,) = problems(f'base_url = "{address}"')
    assert problem.startswith("own.toml: base_url: “")
    assert "an address is written https://twinflow.city.example" in problem


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8000", "https://a.example/", "http://[::1]:65535/twinflow", "https://señal.example/cities/mx"],
)
def test_an_address_of_the_pages_with_port_and_path_is_taken(address: str) -> None:
    Path("own.toml").write_text(f'base_url = "{address}"', "utf-8")
    assert load_settings(Path("own.toml")).base_url == address


def test_settings_with_a_byte_order_mark_are_read() -> None:
    Path("own.toml").write_text("language = 'es'", "utf-8-sig")
    assert load_settings(Path("own.toml")).language == "es"


@pytest.mark.parametrize("number", ["9" * 5000, "nan", "inf", "-1", "1e400"])
@pytest.mark.parametrize(
    "setting", ["mail.per_minute", "mail.timeout_seconds", "bounces.port", "clock.send_every_minutes"]
)
def test_a_number_that_is_none_of_the_setting_is_refused(setting: str, number: str) -> None:
    (problem,) = problems(f"{setting} = {number}")
    assert "own.toml" in problem


def test_a_variable_that_is_not_utf8_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", "Le\udcf3n.toml")
    assert problems("") == ["TWINFLOW_PEOPLE_FILE: it is not UTF-8: Le\\xf3n.toml."]


def test_a_file_whose_name_has_a_zero_byte_is_refused() -> None:
    (problem,) = problems('people_file = "a\\u0000b"')
    assert "the name of a file has no zero byte in it" in problem


LOGIN = "a login without TLS is refused: set tls to starttls or implicit, or leave username empty"
CONTRADICTIONS = [
    ("username = 'u'\npassword = 'p'\ntls = 'none'", LOGIN),
    ("username = 'u'", "username is set and password is not"),
    ("password = 'p'", "password is set and username is not"),
    ("port = 465", "port 465 encrypts from the start: tls = implicit"),
    ("port = 465\ntls = 'none'", "port 465 encrypts from the start: tls = implicit"),
    ("port = 25\ntls = 'implicit'", "ports 25 and 587 begin in plain text: tls = starttls"),
    ("tls = 'implicit'", "ports 25 and 587 begin in plain text: tls = starttls"),
    ("certificate_authority = 'ca.pem'\ntls = 'none'", "certificate_authority means nothing with tls = none"),
    ("host = 'mail.example'", "host is set: sender needs an address that can be answered"),
]


@pytest.mark.parametrize(("text", "expected"), CONTRADICTIONS)
def test_settings_of_mail_that_contradict_each_other_are_refused(text: str, expected: str) -> None:
    assert problems(f"[mail]\n{text}\n") == [f"own.toml: mail: {expected}."]


def test_all_contradictions_are_said_at_once() -> None:
    """As many as can stand in one file: username without password, and the other way, exclude each other."""
    (told,) = problems(
        "[mail]\nhost = 'h'\nusername = 'u'\nport = 465\ntls = 'none'\ncertificate_authority = 'ca.pem'\n"
    )
    said = {expected for _, expected in CONTRADICTIONS if expected in told}
    assert {expected for _, expected in CONTRADICTIONS} - said == {
        "password is set and username is not",
        "ports 25 and 587 begin in plain text: tls = starttls",
    }


@pytest.mark.parametrize(
    "text",
    [
        "port = 465\ntls = 'implicit'",
        "port = 25\ntls = 'none'",
        "port = 2525\ntls = 'implicit'",
        "host = 'mail.example'\nsender = 'a@b.example'\nusername = 'u'\npassword = 'p'\ncertificate_authority = 'ca.pem'",
    ],
)
def test_settings_of_mail_that_agree_are_taken(text: str) -> None:
    Path("own.toml").write_text(f"[mail]\n{text}\n", "utf-8")
    load_settings(Path("own.toml"))


def test_all_mistakes_are_said_at_once() -> None:
    assert len(problems("langage = 'es'\n[mail]\nport = 0\n[clock]\nsweep_every_minutes = 0\n")) == 3


def test_broken_toml_names_the_line() -> None:
    assert "line 2" in problems("language = 'es'\nlanguage = 'en'\n")[0]


def test_an_unknown_variable_of_ours_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINFLOW_MAIL__HOTS", "x")
    with pytest.raises(BadInput) as mistake:
        load_settings()
    assert "did you mean “TWINFLOW_MAIL__HOST”?" in str(mistake.value.problems[0])


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINFLOW_MAIL__PASSWORD", "secret-word")
    monkeypatch.setenv("TWINFLOW_MAIL__USERNAME", "twinflow")
    assert "secret-word" not in repr(load_settings())
    monkeypatch.setenv("TWINFLOW_MAIL__PORT", "none")
    with pytest.raises(BadInput) as mistake:
        load_settings()
    assert "secret-word" not in "".join(map(str, mistake.value.problems))

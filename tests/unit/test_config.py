"""Settings: the example is the truth, unknown keys are errors, the environment goes before the file."""

import tomllib
from pathlib import Path

import pytest

from twinflow.config import Settings, load_settings
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


def test_the_example_names_every_setting_with_its_default() -> None:
    example = tomllib.loads(EXAMPLE.read_text("utf-8"))
    defaults = Settings().model_dump(mode="json", exclude={"workflows_folder", "notifications_folder"})
    defaults["mail"]["password"] = ""
    assert example == defaults
    for commented in ("# workflows_folder", "# notifications_folder"):
        assert commented in EXAMPLE.read_text("utf-8")


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings() == Settings()


def test_a_file_called_twinflow_toml_in_the_folder_is_read() -> None:
    Path("twinflow.toml").write_text('language = "es"\n', "utf-8")
    assert load_settings().language == "es"


def test_the_environment_goes_before_the_file_and_leaves_the_rest_of_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own.toml").write_text('[mail]\nhost = "file.example"\nport = 2525\n', "utf-8")
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("langage = 'es'", "own.toml: langage: the key “langage” does not exist; did you mean “language”?"),
        ("[mail]\nhots = 'x'", "own.toml: mail.hots: the key “hots” does not exist; did you mean “host”?"),
        ("[mail]\nport = 70000", "own.toml: mail.port: Input should be less than or equal to 65535 (found: 70000)."),
        ("[mail]\ntls = 'ssl'", "own.toml: mail.tls: “ssl” is not one of 'starttls', 'implicit' or 'none'."),
        (
            "[mail]\nusername = 'u'\ntls = 'none'",
            "own.toml: mail: a login without TLS is refused: set tls to starttls or implicit, or leave username empty.",
        ),
        (
            "[database]\nurl = 'mysql://x'",
            (
                "own.toml: database.url: “…”: a database is written sqlite:///twinflow.db or "
                "postgresql+psycopg://user@host/name."
            ),
        ),
    ],
)
def test_a_wrong_setting_is_answered_with_its_place_and_what_would_be_right(text: str, expected: str) -> None:
    assert problems(text) == [expected]


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
    assert "secret-word" not in repr(load_settings())
    monkeypatch.setenv("TWINFLOW_MAIL__PORT", "none")
    with pytest.raises(BadInput) as mistake:
        load_settings()
    assert "secret-word" not in "".join(map(str, mistake.value.problems))

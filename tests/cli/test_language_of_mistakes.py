"""An office that set Spanish is told its mistakes in Spanish, also where they are in the settings themselves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from twinflow.config import language_of
from twinflow.files import troubles_of
from twinflow.language import say
from twinflow.sentences import Problem, Sentence, packed, unpacked

SPANISH = 'language = "es"\n'


def said(folder: Path, settings: bytes, *arguments: str) -> str:
    (folder / "own.toml").write_bytes(settings)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TWINFLOW_")}
    command = [sys.executable, "-c", "from twinflow.cli.app import main; main()", "--config", "own.toml", *arguments]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    assert run.returncode == 2
    return run.stderr.decode()


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ("langage = 1\n", "no existe"),
        ("[mail]\nport = 0\n", "own.toml: mail.port: debe ser como mínimo 1 (se encontró: 0)."),
        ("[mail]\ntls = 'ssl'\n", "“ssl” no es uno de los valores posibles: 'starttls', 'implicit', 'none'."),
        ("base_url = 'x'\n", "una dirección se escribe https://"),
        ("people_file = 5\n", "se espera el nombre de un archivo"),
        ("x = \n", "no es TOML válido: la línea 2"),
        ("x = [\n", "no es TOML válido: el archivo termina a mitad de algo."),
        (f"x = {'9' * 5000}\n", "contiene un número con demasiados dígitos."),
        (f"x = {'[' * 5000}\n", "tiene demasiados niveles."),
        ("[database]\nurl = 5\n", "una base de datos se escribe"),
    ],
)
def test_every_mistake_of_spanish_settings_is_told_in_spanish(tmp_path: Path, mistake: str, words: str) -> None:
    told = said(tmp_path, (SPANISH + mistake).encode(), "agreements", "list")
    assert "La configuración tiene errores" in told
    assert words in told


def test_a_byte_that_is_not_utf8_is_told_in_spanish_with_its_place(tmp_path: Path) -> None:
    told = said(tmp_path, SPANISH.encode() + b"x = '\xff'\n", "agreements", "list")
    assert "el byte 22 no es UTF-8" in told


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("language = 'es'\n[mail", "es"),
        ("\ufefflanguage='es'\nx", "es"),
        ("x = 1\n[mail]\nlanguage = 'es'\n", "en"),
        ("language = 'fr'\n", "en"),
        ("# language = 'es'\n", "en"),
    ],
)
def test_the_language_is_that_of_a_line_before_all_tables(tmp_path: Path, text: str, language: str) -> None:
    (tmp_path / "own.toml").write_text(text, "utf-8")
    assert language_of(tmp_path / "own.toml") == language
    assert language_of(tmp_path / "none.toml") == "en"


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.toml").write_text(SPANISH, "utf-8")
    monkeypatch.setenv("TWINFLOW_LANGUAGE", "en")
    assert language_of(tmp_path / "own.toml") == "en"


def test_incidents_of_files_are_kept_as_sentences_and_told_in_spanish() -> None:
    wrong = Sentence("this key is missing.")
    (trouble,) = troubles_of({"people.toml": (Problem("people.toml: a", wrong), Problem("people.toml: b", wrong))})
    kept = unpacked(packed(trouble))
    assert say(kept, "es") == ("people.toml no se usa como está: a: falta esta clave. b: falta esta clave.")
    assert str(kept) == str(trouble)


def test_an_option_that_is_none_of_its_words_is_told_in_spanish(tmp_path: Path) -> None:
    told = said(tmp_path, SPANISH.encode(), "agreements", "list", "--due", "x")
    assert "--due: “x”: debe ser uno de passed, week, month" in told

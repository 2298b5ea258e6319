"""The command line as a person uses it: real files, real database, exit codes and sentences."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import Ran, twinflow
from prepared import Prepare
from smtp import RecordingServer, free_port
from world import CUENCA, EXAMPLES

PEOPLE = EXAMPLES / "demo" / "people.toml"


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys, database_url: str) -> Callable[..., Ran]:
    """Run `twinflow …` in an empty folder, on either database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWINFLOW_PEOPLE__ONE_USER_FOR_SEVERAL", "true")
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(PEOPLE))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", database_url)
    monkeypatch.setenv("TWINFLOW_RHYTHM__DIGEST", "each pass")
    monkeypatch.setenv("TWINFLOW_MAIL__SENDER", "twinflow@test.example")

    def call(*arguments: str, **environment: str) -> Ran:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return twinflow(monkeypatch, capsys, *arguments)

    return call


def take_over(run: Callable[..., Ran], *names: str) -> list[Ran]:
    names = names or ("agreements", "negotiations", "intentions")
    return [
        run("agreements", "import", str(CUENCA / f"{name}.csv"), "--map", str(CUENCA / f"{name}.map.toml"))
        for name in names
    ]


@pytest.fixture
def cuenca(run: Callable[..., Ran], prepare: Prepare) -> Callable[..., Ran]:
    """The same, once the agreements of Cuenca were imported."""
    prepare("agreements of Cuenca", lambda: take_over(run, "agreements"))
    return run


@pytest.fixture
def swept(run: Callable[..., Ran], prepare: Prepare) -> Callable[..., Ran]:
    """The same, after a first pass that sent what there was to tell."""
    prepare("agreements of Cuenca, swept", lambda: (take_over(run, "agreements"), run("tick")))
    return run


def test_the_register_is_imported_swept_and_listed(run) -> None:
    assert [done.code for done in take_over(run)] == [0, 0, 0]
    assert "messages sent: 1" in run("tick").out
    assert "messages sent: 0" in run("tick").out
    lines = run("agreements", "list", "--json").json
    assert len(lines) == 38
    assert run("agreements", "show", "CU-02", "--json").json["line"]["state"] == "expired"


def test_a_list_is_had_page_by_page_or_whole_and_narrowed(cuenca) -> None:
    whole = cuenca("agreements", "list", "--json").json
    found: list[object] = []
    place: list[str] = []
    while True:
        page = cuenca("agreements", "list", "--limit", "15", *place, "--json").json
        found += page["lines"]
        if page["following"] is None:
            break
        place = ["--after", page["following"]]
    assert found == whole
    assert len(whole) == 26
    printed = cuenca("agreements", "list", "--limit", "15").out
    assert f"There are more: --after {whole[14]['next_on'] or '9999-12-31'}/{whole[14]['reference']}" in printed
    narrowed = cuenca("agreements", "list", "MEDELLIN", "--country", "co", "--state", "in_force", "--json").json
    assert [line["reference"] for line in narrowed] == ["CU-10"]
    assert cuenca("agreements", "list", "--due", "week", "nobody").code == 0
    assert "is no place in a list" in cuenca("agreements", "list", "--after", "here").err


def test_importing_the_same_file_again_says_that_nothing_changed(run) -> None:
    take_over(run, "negotiations")
    (again,) = take_over(run, "negotiations")
    assert "added: 0, unchanged: 8" in again.out


def test_a_register_that_makes_no_sense_is_refused_with_its_rows_until_a_reason_is_given(run, tmp_path) -> None:
    text = (CUENCA / "negotiations.csv").read_text("utf-8")
    last = text.splitlines()[-1].replace("NE-08", "NE-09")
    (tmp_path / "doubtful.csv").write_text(f"{text}{last}\n", "utf-8")
    sheet = ("agreements", "import", str(tmp_path / "doubtful.csv"), "--map", str(CUENCA / "negotiations.map.toml"))
    for refused in (run(*sheet), run(*sheet, "--dry-run")):
        assert refused.code == 1
        assert "row 10: NE-08 is between the same parties: Cuenca – Santa Ana de Coro." in refused.err
    done = run(*sheet, "--despite", "two offers in one year")
    assert done.code == 0
    assert "row 10: NE-08 is between the same parties" in done.out
    assert "two offers in one year" in run("agreements", "history", "NE-09").out


def test_a_dry_run_shows_what_would_be_made_and_writes_nothing(run) -> None:
    shown = run(
        "agreements",
        "import",
        str(CUENCA / "agreements.csv"),
        "--map",
        str(CUENCA / "agreements.map.toml"),
        "--dry-run",
    )
    assert shown.code == 0
    assert "Medellin" in shown.out
    assert "Dossiers: 26, earlier generations: 8; would be added: 34" in shown.out
    assert run("agreements", "list", "--json").json == []


def test_a_sheet_with_mistakes_names_each_cell_exits_2_and_nothing_is_written(run, tmp_path: Path) -> None:
    text = (CUENCA / "agreements.csv").read_text("utf-8")
    bad = text.replace("2011-05-06", "31/02/2004").replace(",Peru,Cusco", ",Perru,Cusco").replace("CU-29,", "CU-01,")
    (tmp_path / "bad.csv").write_text(bad, "utf-8")
    done = run("agreements", "import", "bad.csv", "--map", str(CUENCA / "agreements.map.toml"))
    assert done.code == 2
    assert "bad.csv: row 11, column dates: “31/02/2004”" in done.err
    assert (
        "bad.csv: row 30, column partner_country: “Perru”: the country “Perru” does not exist; did you mean “Peru”?"
        in done.err
    )
    assert "bad.csv: row 30, column id: “CU-01”" in done.err
    assert run("agreements", "list", "--json").json == []


def test_a_mexican_case_is_carried_from_interest_to_the_register(run) -> None:
    def advance(step: str, person: str, *more: str) -> Ran:
        return run("agreements", "advance", "MX-9", step, "--as", person, *more)

    opened = run(
        "agreements", "open", "MX-9", "--process", "mx/twinning", "--office", "chihuahua", "--as", "elena",
        "--party", "Chihuahua/MX", "--party", "Albuquerque/United States", "--on", "2026-03-02", "--term", "validity=3 years",
    )  # fmt: skip
    assert opened.code == 0, opened.err
    steps = [
        ("approve_profile", "elena"),
        ("send_letter", "elena"),
        ("record_answer", "elena"),
        ("complete_draft", "elena", "--set", "draft_text=draft.pdf"),
        ("request_opinion", "elena"),
        ("issue_favourable_opinion", "rita", "--set", "opinion_number=DEP-1/26"),
        ("sign", "elena", "--party", "Chihuahua", "--place", "Chihuahua", "--capacity", "mayor"),
        ("sign", "elena", "--party", "Albuquerque"),
        ("file_signed_text", "elena", "--set", "signed_text_spanish=es.pdf", "--set", "signed_text_other=en.pdf"),
        ("request_registration", "elena"),
        ("register", "ramon", "--set", "registry_number=R-77"),
    ]
    for step, person, *more in steps:
        done = advance(step, person, *more, "--on", "2026-03-03")
        assert done.code == 0, done.err
    shown = run("agreements", "show", "MX-9", "--json").json
    assert shown["line"]["state"] == "registered"
    assert shown["line"]["in_force"]
    ends = [line["due_on"] for line in shown["deadlines"] if line["id"] == "MX-9/term_end/1"]
    assert ends == ["2029-03-03"]


def test_a_refused_step_exits_1_and_says_every_reason(cuenca) -> None:
    done = cuenca("agreements", "advance", "CU-14", "approve", "--as", "sofia")
    assert done.code == 1
    assert "“Approve” cannot be taken." in done.err
    assert "The agreement is in the state “Signed by some parties”" in done.err
    assert "sofia is not highest local authority here" in done.err
    assert "Number of the resolution is missing" in done.err


def test_steps_tells_what_this_person_may_do_and_why_not_the_rest(cuenca) -> None:
    lines = {
        line["key"]: line["reasons"] for line in cuenca("agreements", "steps", "CU-14", "--as", "lucia", "--json").json
    }
    assert lines["sign"] == []
    others = {
        line["key"]: line["reasons"] for line in cuenca("agreements", "steps", "CU-14", "--as", "mateo", "--json").json
    }
    assert others["sign"] == ["mateo is not liaison officer here."]


def test_a_missing_signature_found_later_settles_the_finding(cuenca) -> None:
    assert (
        cuenca(
            "agreements", "advance", "CU-14", "sign", "--as", "lucia", "--party", "La Habana", "--on", "2026-10-01"
        ).code
        == 0
    )
    line = cuenca("agreements", "show", "CU-14", "--json").json["line"]
    assert (line["state"], line["missing"], line["in_force"]) == ("signed", [], True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("agreements", "show", "NOPE"), 2, "There is no agreement NOPE."),
        (("agreements", "advance", "CU-14", "sing", "--as", "lucia"), 2, "has no step sing"),
        (("agreements", "advance", "CU-14", "sign", "--as", "nobody"), 2, "There is no person nobody"),
        (("agreements", "advance", "CU-14", "sign", "--as", "lucia", "--on", "31/02/2026"), 2, "--on: “31/02/2026”"),
        (("agreements", "advance", "CU-14", "sign", "--as", "lucia", "--on", "2026-02"), 2, "the whole day is needed"),
        (("agreements", "advance", "CU-14", "sign", "--as", "lucia", "--set", "x"), 2, "name=value"),
        (("workflows", "show", "mx/twining"), 2, "There is no process mx/twining"),
        (("calendars", "show", "mx"), 2, "There is no calendar mx"),
        (("outbox", "retry", "99"), 2, "There is no message 99."),
        (("outbox", "list", "--state", "lost"), 2, "is not one of"),
        (("tick", "--at", "tomorrow"), 2, "an instant is written"),
        (("--config", "none.toml", "people", "list"), 2, "none.toml cannot be read"),
        (("agreements", "import", "none.csv", "--map", "none.toml"), 2, "none.toml cannot be read"),
        (("no-such-command",), 2, "No such command"),
    ],
)
def test_bad_input_is_one_clear_message_and_exit_2(cuenca, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = cuenca(*arguments)
    assert (done.code, words in done.err) == (code, True), done.err


def test_errors_are_said_in_the_language_of_the_settings(run) -> None:
    done = run("agreements", "show", "NOPE", TWINFLOW_LANGUAGE="es")
    assert done.err == "No existe el acuerdo NOPE.\n"


def test_a_mail_server_that_is_down_exits_3_and_the_message_waits(cuenca) -> None:
    mail = {"TWINFLOW_MAIL__HOST": "127.0.0.1", "TWINFLOW_MAIL__PORT": str(free_port()), "TWINFLOW_MAIL__TLS": "none"}
    done = cuenca("tick", **mail)
    assert done.code == 3
    assert "takes no mail from us" in done.err
    (message,) = cuenca("outbox", "list", "--json").json
    assert message["state"] == "retrying"


def test_mail_leaves_by_the_configured_server_and_outbox_show_keeps_what_was_said(
    cuenca, smtp: RecordingServer
) -> None:
    mail = {"TWINFLOW_MAIL__HOST": "127.0.0.1", "TWINFLOW_MAIL__PORT": str(smtp.port), "TWINFLOW_MAIL__TLS": "none"}
    assert cuenca("tick", **mail).code == 0
    assert len(smtp.received) == 1
    assert "CU-02" in cuenca("outbox", "show", "1").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("workflows", "list"),
        ("workflows", "show", "mx/twinning"),
        ("workflows", "check"),
        ("calendars", "list"),
        ("calendars", "show", "ec-public", "--year", "2026"),
        ("people", "list"),
        ("agreements", "list", "--all"),
        ("agreements", "show", "CU-10"),
        ("agreements", "history", "CU-10"),
        ("agreements", "steps", "CU-14", "--as", "lucia"),
        ("deadlines", "list", "--all"),
        ("deadlines", "explain", "CU-10/first_programme/1"),
        ("outbox", "list"),
        ("outbox", "show", "1"),
    ],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_reading_command_prints_a_table_and_the_same_as_json(
    swept, arguments: tuple[str, ...], language: str
) -> None:
    table = swept(*arguments, TWINFLOW_LANGUAGE=language)
    assert (table.code, bool(table.out)) == (0, True)
    assert swept(*arguments, "--json").json


def test_database_check_and_upgrade(run) -> None:
    assert "0020" in run("database", "upgrade").out
    assert run("database", "check").code == 0


def test_a_database_that_does_not_answer_exits_3(run) -> None:
    done = run("agreements", "list", TWINFLOW_DATABASE__URL="postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert done.code == 3
    assert "The database does not answer" in done.err
    assert "Traceback" not in done.err


@pytest.fixture
def into_a_closed_pipe(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `twinflow …` as a process of its own, whose reader has gone before it begins."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        reading, writing = os.pipe()
        os.close(reading)
        command = [str(Path(sys.executable).with_name("twinflow")), *arguments]
        settings = {"TWINFLOW_PEOPLE_FILE": str(PEOPLE), "TWINFLOW_DATABASE__URL": f"sqlite:///{tmp_path / 'x.db'}"}
        try:
            streams = {"stdout": writing, "stderr": subprocess.PIPE, "text": True}
            return subprocess.run(command, cwd=tmp_path, env=os.environ | settings, check=False, **streams)
        finally:
            os.close(writing)

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("workflows", "list"),
        ("workflows", "list", "--json"),
        ("workflows", "show", "mx/twinning"),
        ("outbox", "list"),
        ("--help",),
    ],
    ids=" ".join,
)
def test_whoever_reads_the_output_may_stop_reading(into_a_closed_pipe, arguments: tuple[str, ...]) -> None:
    """`twinflow workflows list | head -1`: what was asked for was done, and there is nobody to complain to."""
    done = into_a_closed_pipe(*arguments)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("workflows", "show", "mx/twining"), 2, "mx/twinning"),
        (("workflows", "show"), 2, "Missing argument"),
        (("agreements", "show", "MX-1"), 2, "There is no agreement MX-1"),
    ],
    ids=["not found", "not said", "not in the books"],
)
def test_what_went_wrong_is_said_and_answered_though_nobody_reads_the_output(
    into_a_closed_pipe, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = into_a_closed_pipe(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_why_a_pass_ends_with_3_stands_on_standard_error(run, tmp_path, monkeypatch):
    assert (
        run("agreements", "import", str(CUENCA / "agreements.csv"), "--map", str(CUENCA / "agreements.map.toml")).code
        == 0
    )
    (tmp_path / "a file").touch()
    monkeypatch.setenv("TWINFLOW_MAIL__CAPTURE_FOLDER", "a file")
    monkeypatch.setenv("TWINFLOW_RHYTHM__DIGEST", "each pass")
    done = run("tick")
    assert done.code == 3
    assert "!" not in done.out
    assert done.err == "  ! Mail cannot be kept in a file: Not a directory.\n"

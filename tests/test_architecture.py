"""Imports point one way: every import of ours is in the table of CONTRIBUTING, and nothing hides inside a function."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "twinflow"
LAZY = {
    "bootstrap.py": {"twinflow.mail.compose", "twinflow.mail.mailer", "twinflow.mail.post"},
    "cli/context.py": {"twinflow.bootstrap", "twinflow.config", "twinflow.files"},
    "cli/run.py": {"uvicorn", "twinflow.web.app"},
    "config.py": {"sqlalchemy.engine", "sqlalchemy.exc"},
    "definitions/proposals.py": {"holidays"},
    "files.py": {"twinflow.mail.words"},
    "mail/dates_file.py": {"icalendar"},
    "storage/database.py": {"alembic", "alembic.config"},
    "web/authenticators.py": {"twinflow.services.accounts.passkeys"},
    "web/pages/oidc.py": {"twinflow.services.accounts.at_provider"},
}
"""Imports that only some commands should wait for."""


def allowed() -> dict[str, set[str]]:
    """The table: unit -> the units it may import."""
    (section,) = re.findall(
        r"^## Which way imports point$(.*?)^## ",
        (ROOT / "CONTRIBUTING.md").read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    rows = re.findall(r"^\| `([\w`, ]+)` \| (.*) \|$", section, re.MULTILINE)
    return {unit: set(re.findall(r"`(\w+)`", right)) for left, right in rows for unit in re.findall(r"\w+", left)}


def unit_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = str(node.module)
            is_package = (SOURCE.parent / module.replace(".", "/")).is_dir()
            found |= {f"{module}.{alias.name}" for alias in node.names} if is_package else {module}
    return found


def table_headed(heading: str) -> str:
    """The rows of the table of CONTRIBUTING that begins so."""
    _, _, after = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition(heading)
    return after.partition("\n\n")[0]


def modules() -> list[Path]:
    return [path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts and path != SOURCE / "__init__.py"]


def test_every_unit_imports_only_what_the_table_allows() -> None:
    table = allowed()
    wrong = []
    for path in modules():
        unit = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        everywhere = {unit, "errors", "sentences", "text", "regular_files"}
        ours = {unit_of(name) for name in imports(ast.parse(path.read_text("utf-8"))) if name.startswith("twinflow")}
        wrong += [f"{path.relative_to(SOURCE)} imports {other}" for other in ours - everywhere - table[unit]]
    assert wrong == []


def test_the_table_names_every_unit_and_no_other() -> None:
    units = {path.relative_to(SOURCE).parts[0].removesuffix(".py") for path in modules()}
    assert set(allowed()) == units


@pytest.mark.parametrize("unit", ["domain", "services"])
def test_rooms_import_only_from_rooms_nearer_to_the_ground(unit: str) -> None:
    rooms = re.findall(r"^\| `(\w+)` \|", table_headed(f"| room of `{unit}` |"), re.MULTILINE)
    room_of = {
        path: path.relative_to(SOURCE / unit).parts[0].removesuffix(".py")
        for path in modules()
        if path.is_relative_to(SOURCE / unit) and path != SOURCE / unit / "__init__.py"
    }
    assert set(rooms) == set(room_of.values())
    upward = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path, room in room_of.items()
        for name in imports(ast.parse(path.read_text("utf-8")))
        if name.startswith(f"twinflow.{unit}.") and rooms.index(name.split(".")[2]) > rooms.index(room)
    ]
    assert upward == []


def test_no_import_hides_inside_a_function() -> None:
    hidden = []
    for path in modules():
        place = path.relative_to(SOURCE).as_posix()
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                hidden += [f"{place}: {name}" for name in imports(function) - LAZY.get(place, set())]
    assert hidden == []


def test_libraries_stay_in_their_units() -> None:
    homes = {
        "transitions": {"domain/process/machine.py"},
        "sqlmodel": {"storage"},
        "apscheduler": {"worker/timetable.py"},
        "aiosmtplib": {"mail/mailer.py"},
        "fastapi": {"web"},
        "httpx2": {"services/accounts/at_provider.py"},
        "joserfc": {"services/accounts/at_provider.py"},
        "typer": {"cli"},
    }
    strays = []
    for path in modules():
        place = path.relative_to(SOURCE).as_posix()
        for name in imports(ast.parse(path.read_text("utf-8"))):
            allowed_places = homes.get(name.split(".")[0])
            if allowed_places and not any(place == home or place.startswith(f"{home}/") for home in allowed_places):
                strays.append(f"{place} imports {name}")
    assert strays == []


def test_no_job_store_and_no_registry_host_is_named_anywhere() -> None:
    forbidden = [
        "SQLAlchemy" + "JobStore",
        "pypi" + ".org",
        "files.python" + "hosted",
        "npm" + "js.org",
        "deb" + "ian.org",
    ]
    for path in [
        *SOURCE.rglob("*"),
        *ROOT.glob("*.*"),
        ROOT / "Makefile",
        ROOT / "requirements.lock",
        *(ROOT / "docs").rglob("*"),
    ]:
        if path.is_file() and path.suffix not in {".pyc", ".png"}:
            text = path.read_text("utf-8")
            assert not [word for word in forbidden if word in text], path


def test_what_history_entries_keep_is_written_and_read_in_one_place() -> None:
    """The mapping of an entry goes from `domain/agreement/entries.py` to the rows and back; nobody else looks into it."""
    at_home = {f"domain/agreement/{name}.py" for name in ("agreement", "entries", "history", "seals")} | {
        "storage/history.py"
    }
    no_entries = {"alert", "change", "now", "occasion", "telling", "was"}
    strays = []
    for path in modules():
        place = path.relative_to(SOURCE).as_posix()
        if place in at_home:
            continue
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        written = {id(call.func) for call in calls}
        for node in nodes:
            if isinstance(node, ast.Attribute) and node.attr == "details" and id(node) not in written:
                owner = ast.unparse(node.value)
                strays += [f"{place}:{node.lineno} reads {owner}.details"] if owner not in no_entries else []
        for call in calls:
            given = [each.value for each in call.keywords if each.arg == "details"]
            if (
                ast.unparse(call.func) in {"HistoryEntry", "replace"}
                and given
                and not ast.unparse(given[0]).endswith(".details()")
            ):
                strays.append(f"{place}:{call.lineno} makes details of its own")
    assert strays == []

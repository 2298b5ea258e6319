"""`twinflow workflows replay` and `coverage`: scripted cases through the engine, and how much of a process they exercise."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli.context import Cli, Json, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.definitions.scripts import read_script
from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.clock.coverage import Coverage, Kind, coverage_of
from twinflow.domain.clock.scripted_case import Script
from twinflow.errors import BadInput
from twinflow.files import workflows_folder
from twinflow.sentences import Problem, Sentence
from twinflow.services.clock.replaying import Replay, play


def replay(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Scripted case, like workflows/cases/mx/twinning/….toml.")],
    json: Json = False,
) -> None:
    """Take the steps of a scripted case on their days, list the alerts that go out, and say what is not as expected."""
    cli = cli_of(context)
    script = read_script(file, cli.rulebook.catalogue)
    result = play(cli.rulebook, script)
    if json:
        ends = {case.reference: case.state for case in result.cases}
        print_json(
            {"steps": result.steps, "alerts": result.alerts, "ends_in": ends, "problems": result.problems}, cli.language
        )
    else:
        _print_replay(cli, script, result)
    if result.problems:
        raise BadInput("The replay is not as the script expects.", result.problems)


def _print_replay(cli: Cli, script: Script, result: Replay) -> None:
    several = len(script.cases) > 1
    rows = [
        [s.case, cli.short_day(s.on), cli.say(s.label), s.actor, cli.say(s.state_label)][not several :]
        for s in result.steps
    ]
    print_table(cli.headings("Case", "Day", "Step", "By", "State")[not several :], rows)
    rows = [
        [a.case, cli.short_day(a.on), f"{a.notice}: {cli.say(a.label)}", a.level or "–", a.to][not several :]
        for a in result.alerts
    ]
    print_table(cli.headings("Case", "Day", "Alert", "Level", "To")[not several :], rows)


def coverage(
    context: typer.Context,
    process: Annotated[
        str | None, typer.Option("--process", metavar="KEY", help="Only this process, like mx/twinning.")
    ] = None,
    json: Json = False,
) -> None:
    """How much of each process file the scripted cases in workflows/cases exercise. Exit code 1 below 100 %."""
    cli = cli_of(context)
    agreements, problems = _played(cli, process)
    definitions = cli.rulebook.catalogue.versions(process) if process else list(cli.rulebook.catalogue)
    measured = [coverage_of(definition, cli.rulebook.catalogue, agreements) for definition in definitions]
    if json:
        print_json({"processes": [_as_data(each) for each in measured], "problems": problems}, cli.language)
    else:
        _print_coverage(cli, measured)
    if problems:
        raise BadInput("Some of the cases are not as they should be.", problems)
    if any(each.missing for each in measured):
        raise typer.Exit(1)


def cases_folder(cli: Cli) -> Path:
    return workflows_folder(cli.settings) / "cases"


def _played(cli: Cli, process: str | None) -> tuple[list[Agreement], tuple[Problem, ...]]:
    """Every case of the folder as it stands at the end of its story, or those of the stories that touch one process."""
    agreements: list[Agreement] = []
    problems: list[Problem] = []
    folder = cases_folder(cli)
    for path in sorted(folder.rglob("*.toml")):
        file = f"cases/{path.relative_to(folder).as_posix()}"
        try:
            script = read_script(path, cli.rulebook.catalogue, file)
        except BadInput as error:
            problems += error.problems or (Problem(file, error.message),)
            continue
        if process is None or any(case.process == process for case in script.cases):
            result = play(cli.rulebook, script)
            agreements += result.cases
            problems += result.problems
    return agreements, tuple(problems)


def _as_data(measured: Coverage) -> dict[str, object]:
    parts: dict[str, object] = {
        kind: {
            "total": part.total,
            "exercised": part.exercised,
            "per_cent": part.per_cent,
            "missing": part.missing,
        }
        for kind, part in measured.parts.items()
    }
    return {"process": measured.process, "version": measured.version, "cases": measured.cases, **parts}


def _print_coverage(cli: Cli, measured: list[Coverage]) -> None:
    names = {
        Kind.STATE: cli.text("States"),
        Kind.STEP: cli.text("Steps"),
        Kind.DEADLINE: cli.text("Deadlines"),
        Kind.LEVEL: cli.text("Levels"),
        Kind.NOTICE: cli.text("Notices"),
    }
    rows = [
        [
            each.name,
            str(each.cases),
            *(f"{part.exercised}/{part.total} ({part.per_cent} %)" for part in each.parts.values()),
        ]
        for each in measured
    ]
    print_table([*cli.headings("Process", "Cases"), *names.values()], rows)
    for each in measured:
        for line in _missing_lines(cli, each, names):
            print(line)


def _missing_lines(cli: Cli, measured: Coverage, names: dict[Kind, str]) -> Iterator[str]:
    if measured.missing:
        yield ""
        yield cli.say(Sentence("{process}: not exercised:", {"process": measured.name}))
    for kind, part in measured.parts.items():
        for name in part.missing:
            yield f"  - {names[kind]}: {name}"

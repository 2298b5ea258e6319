"""`twinflow workflows migrate`: plan, apply."""

from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli.context import LARGEST, Cli, Json, Person, cli_of
from twinflow.cli.output import print_json, print_table, write_file
from twinflow.cli.progress import progress_bar
from twinflow.definitions.migrations import plan_text, read_plan, version_named
from twinflow.domain.steps.migration import OPEN, Plan, draft
from twinflow.sentences import Sentence
from twinflow.services.agreements import migrating
from twinflow.services.agreements.migrating import Result

app = typer.Typer(help="Move running agreements to another version of their process.", no_args_is_help=True)

PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan, as `migrate plan` writes it.")]
Version = Annotated[str, typer.Argument(help="A version, like mx/twinning@1; without a number the newest.")]


@app.command()
def plan(
    context: typer.Context,
    old: Version,
    new: Version,
    output: Annotated[Path | None, typer.Option("--output", help="Write the plan here; else it is printed.")] = None,
    json: Json = False,
) -> None:
    """Draft a plan: which state becomes which, what becomes of each date, and how many agreements it is about."""
    cli = cli_of(context)
    rulebook = cli.runtime.rulebook
    drafted = draft(version_named(old, rulebook.all_versions), version_named(new, rulebook.catalogue))
    counts = migrating.affected(cli.runtime.engine, drafted)
    if output is not None:
        write_file(output, plan_text(drafted), anew=True)  # one that somebody has worked on is not written over
    if json:
        states = {key: drafted.states.get(key) for key in drafted.source.states}
        versions = {"from": drafted.source.name, "to": drafted.target.name}
        tables = {"states": states, "deadlines": drafted.deadlines, "steps": drafted.steps, "agreements": counts}
        print_json({**versions, **tables}, cli.language)
        return
    if output is None:
        print(plan_text(drafted))
    rows = [
        [key, cli.say(state.label), str(counts.get(key, 0)), drafted.states.get(key, OPEN)]
        for key, state in drafted.source.states.items()
    ]
    print_table(cli.headings("State", "Meaning", "Agreements", "Becomes"), rows)
    if not counts:
        print(cli.say(_nobody(drafted)))


def _nobody(plan: Plan) -> Sentence:
    return Sentence("No agreement runs on {process}.", {"process": plan.source.name})


@app.command("apply")
def apply_(
    context: typer.Context,
    file: PlanFile,
    person: Person,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would become of each; write nothing.")] = False,
    at_once: Annotated[int, typer.Option("--batch", min=1, max=LARGEST, help="Agreements in one transaction.")] = 100,
    json: Json = False,
) -> None:
    """Move every agreement on the old version. Stopped in the middle and called again, it goes on with the rest."""
    cli = cli_of(context)
    runtime = cli.runtime
    wanted = read_plan(file, runtime.rulebook.catalogue, runtime.rulebook.all_versions)
    runtime.people.person(person)
    if dry_run:
        results = list(
            migrating.dry_run(runtime.engine, runtime.rulebook, runtime.people, wanted, now=cli.now(), at_once=at_once)
        )
    else:
        with progress_bar() as progress:
            results = list(
                migrating.apply(
                    runtime.engine,
                    runtime.rulebook,
                    runtime.people,
                    wanted,
                    person=person,
                    door=cli.door,
                    now=cli.now(),
                    at_once=at_once,
                    progress=progress,
                )
            )
    if json:
        print_json(results, cli.language)
    else:
        _print(cli, wanted, results, dry_run=dry_run)
    if any(result.refused for result in results):
        raise typer.Exit(1)


def _print(cli: Cli, plan: Plan, results: list[Result], *, dry_run: bool) -> None:
    if not results:
        print(cli.say(_nobody(plan)))
        return
    print_table(cli.headings("Agreement", "State", "Becomes", "Dates"), [_row(cli, result) for result in results])
    refused = sum(result.refused for result in results)
    values = {"moved": len(results) - refused, "refused": refused}
    if dry_run:
        print(cli.say(Sentence("Would be moved: {moved}; would stay: {refused}. Nothing was written.", values)))
    else:
        print(cli.say(Sentence("Moved: {moved}; stayed: {refused}.", values)))


def _row(cli: Cli, result: Result) -> list[str]:
    if result.refused:
        return [result.reference, result.before, cli.text("stays"), "; ".join(map(cli.say, result.reasons))]
    dates = [
        f"{cli.say(each.label)}: {cli.short_day(each.before)} → {cli.short_day(each.after)}"
        for each in result.dates
        if each.before != each.after
    ]
    return [result.reference, result.before, result.after, "; ".join(dates) or "–"]

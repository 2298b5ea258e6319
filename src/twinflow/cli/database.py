"""`twinflow database`: upgrade, check, accept-copy, backup, restore."""

from pathlib import Path
from typing import Annotated

import typer

from twinflow import bootstrap
from twinflow.cli.context import Cli, Json, Person, cli_of
from twinflow.cli.output import print_json
from twinflow.errors import DatabaseDamaged
from twinflow.sentences import Sentence
from twinflow.services.books import backup as backups
from twinflow.services.books import checking, copies

app = typer.Typer(
    help="The database: its tables, and whether the books are as they were written.", no_args_is_help=True
)

Head = Annotated[
    str | None,
    typer.Option("--head", metavar="HEAD", help="A head of the chain that was kept outside, as digests have it."),
]


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the tables to the newest version."""
    cli = cli_of(context)
    print(cli.say(bootstrap.upgrade_database(cli.settings)))


@app.command()
def check(context: typer.Context, head: Head = None, json: Json = False) -> None:
    """Whether the books are as they were written, and every date as it comes out; exit code 1 where something is not."""
    cli = cli_of(context)
    version, found = _checked(cli, head)
    if json:
        print_json({"version": version, "head": found.head.name, "checked": found}, cli.language)
    else:
        if version:
            print(cli.say(Sentence("The database is at version {version}.", {"version": version})))
        for fault in found.faults:
            said = Sentence("{reference}: {fault}", {"reference": fault.reference, "fault": fault.sentence})
            print(cli.say(said if fault.reference else fault.sentence))
        print(cli.say(found.summary))
    if found.faults:
        raise typer.Exit(1)


def _checked(cli: Cli, head: str | None) -> tuple[str | None, checking.Checked]:
    """The version of the database, and what is found in it. Where it is too damaged for more: None, and what is damaged."""
    try:
        runtime = bootstrap.look(cli.settings)
        try:
            known = (*runtime.short, *runtime.altered)
            found = checking.check(runtime.engine, runtime.rulebook, runtime.people, cli.now(), head, known)
        finally:
            runtime.engine.dispose()
    except DatabaseDamaged as damaged:
        return None, checking.of_damage(bootstrap.damage(cli.settings) or [damaged.message])
    return runtime.revision, found


@app.command()
def accept_copy(context: typer.Context, person: Person) -> None:
    """Say that there is no better copy than this one, which was made while in use and is short. It stays on record."""
    cli = cli_of(context)
    runtime = cli.runtime
    copies.accept(runtime.engine, runtime.people, person=person, now=cli.now())
    print(cli.text("Accepted: the database is gone by as it is."))


@app.command()
def backup(context: typer.Context, file: Annotated[Path, typer.Argument(help="A file that is not there yet.")]) -> None:
    """Write the books into one file, while they are in use."""
    cli = cli_of(context)
    with bootstrap.opened(cli.settings) as (engine, short):
        cli.warn(short)
        backups.back_up(engine, file)
    print(cli.say(Sentence("The books are in {file}.", {"file": str(file)})))


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where there are books already: they are lost.")
    ] = False,
) -> None:
    """Put a backup into the database; no mail leaves until “twinflow outbox confirm”."""
    cli = cli_of(context)
    with bootstrap.opened(cli.settings) as (engine, _):
        backups.put_back(engine, file, replace=replace)
    with bootstrap.opened(cli.settings) as (engine, short):
        cli.warn(short)
        backups.hold_mail(engine)
        found = backups.held(engine)
    values = {"agreements": found.agreements, "entries": found.entries}
    print(
        cli.say(
            Sentence(
                "Restored. Agreements: {agreements}; entries: {entries}. No mail leaves until “twinflow outbox confirm”.",
                values,
            )
        )
    )

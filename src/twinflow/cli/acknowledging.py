"""`twinflow deadlines acknowledge` and `snooze`: what somebody who is told of a deadline says about its warnings."""

from typing import Annotated

import typer

from twinflow.cli.context import Cli, Json, Person, cli_of, day_option
from twinflow.cli.output import print_json
from twinflow.domain.deadlines.acknowledgements import Acknowledge, Hold
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.sentences import Sentence
from twinflow.services.deadlines.acknowledging import say

Id = Annotated[str, typer.Argument(metavar="ID", help="Deadline, like MX-9/opinion/1; see `deadlines list`.")]


def acknowledge(
    context: typer.Context,
    id_: Id,
    person: Person,
    note: Annotated[str, typer.Option("--note", help="What you are doing about it.")] = "",
    json: Json = False,
) -> None:
    """Say that you have it in hand: it is not escalated any more. The date stays, and so do your own warnings."""
    _say(cli_of(context), id_, Acknowledge(note), person, json=json)


def snooze(
    context: typer.Context,
    id_: Id,
    person: Person,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Day on which you are told again.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    json: Json = False,
) -> None:
    """Hold your own notices about it back until a day before the date. Others are told as ever."""
    cli = cli_of(context)
    _say(cli, id_, Hold(day_option(until, "--until"), reason), person, json=json)


def _say(cli: Cli, id_: str, said: Acknowledge | Hold, person: str, *, json: bool) -> None:
    runtime = cli.runtime
    done = say(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        DeadlineId.parse(id_),
        said,
        person=person,
        door=cli.door,
        now=cli.now(),
    )
    if json:
        print_json(done, cli.language)
        return
    values = {"id": done.id, "person": done.person, "due": done.due_on, "until": done.until}
    if done.until is None:
        print(cli.say(Sentence("{id}: {person} has it. Nothing is escalated any more; the date stays: {due}.", values)))
    else:
        print(cli.say(Sentence("{id}: {person} is told nothing before {until}; the date stays: {due}.", values)))

"""`twinflow rounds`: the rounds of an opinion, and what is done in them beside the steps that open and end them."""

from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli.context import LARGEST, Cli, Json, On, Person, Reference, cli_of
from twinflow.cli.day_of_the_act import day_of_the_act, print_json_of_act
from twinflow.cli.options import Options, whole_day
from twinflow.cli.output import print_json
from twinflow.cli.reading_as import Reader, viewer_at_shell
from twinflow.domain.agreement.rounds import Mark
from twinflow.domain.steps.round_acts import RoundAct, RoundCommand
from twinflow.errors import BadInput
from twinflow.regular_files import read_bytes
from twinflow.sentences import Problem, Sentence
from twinflow.services.agreements.rounds import act_in_round
from twinflow.services.reading import rounds as reading
from twinflow.services.reading.agreements import office_of
from twinflow.services.reading.history_in_words import entry_message

app = typer.Typer(help="Rounds of an opinion: drafts, observations, consultations.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(min=1, max=LARGEST, help="Its number; see `rounds show`.")]
Text = Annotated[str, typer.Option("--text", help="What is said, in full.")]
Of = Annotated[str, typer.Option("--round", help="The kind of round, where the process has several.")]


@app.command()
def show(
    context: typer.Context,
    reference: Reference,
    diff: Annotated[bool, typer.Option("--diff", help="With what changed in the draft, line by line.")] = False,
    reader: Reader = "",
    json: Json = False,
) -> None:
    """The rounds of an agreement: drafts, observations and how they stand, consultations, decisions."""
    cli = cli_of(context)
    runtime = cli.runtime
    found = reading.show_rounds(
        runtime.engine, runtime.rulebook, runtime.people, reference, viewer=viewer_at_shell(cli, reader)
    )
    if json:
        print_json(found, cli.language)
        return
    if not found:
        print(cli.say(Sentence("{reference}: no round was opened.", {"reference": reference})))
    for each in found:
        _print_round(cli, each, diff=diff)


def _print_round(cli: Cli, line: reading.RoundLine, *, diff: bool) -> None:
    print(cli.say(line.heading))
    for sentence in line.said:
        print(f"  {cli.say(sentence)}")
    for mark, text in line.changes if diff else ():
        print(f"    {mark.value} {text}" if mark is not Mark.SAME else f"      {text}")
    for observation in line.observations:
        print(f"  {cli.say(observation.heading)}")
        for sentence in observation.said:
            print(f"    {cli.say(sentence)}")


@app.command("submit-draft")
def submit_draft(
    context: typer.Context,
    reference: Reference,
    person: Person,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The text of the draft, in UTF-8.")] = None,
    paper: Annotated[str, typer.Option("--paper", help="Its mark, where it is on paper or no text.")] = "",
    of: Of = "",
    on: On = "",
    json: Json = False,
) -> None:
    """Submit the draft that the next round is about."""
    draft = _text_of(file) if file is not None else ""
    _do(
        context, reference, RoundCommand(act=RoundAct.SUBMIT, draft=draft, paper=paper, round=of), person, on, json=json
    )


@app.command()
def observe(
    context: typer.Context,
    reference: Reference,
    person: Person,
    article: Annotated[str, typer.Option("--article", help="The article it is about, like V, or “whole text”.")] = "",
    text: Text = "",
    of: Of = "",
    on: On = "",
    json: Json = False,
) -> None:
    """Make an observation; it gets the next number of the case."""
    command = RoundCommand(act=RoundAct.OBSERVE, article=article, text=text, round=of)
    _do(context, reference, command, person, on, json=json)


@app.command()
def answer(
    context: typer.Context,
    reference: Reference,
    number: Number,
    person: Person,
    text: Text = "",
    on: On = "",
    json: Json = False,
) -> None:
    """Answer an observation."""
    _do(context, reference, RoundCommand(act=RoundAct.ANSWER, number=number, text=text), person, on, json=json)


@app.command()
def close(
    context: typer.Context,
    reference: Reference,
    number: Number,
    person: Person,
    text: Text = "",
    on: On = "",
    json: Json = False,
) -> None:
    """Close an observation: it is settled."""
    _do(context, reference, RoundCommand(act=RoundAct.CLOSE, number=number, text=text), person, on, json=json)


@app.command()
def reopen(
    context: typer.Context,
    reference: Reference,
    number: Number,
    person: Person,
    text: Text = "",
    on: On = "",
    json: Json = False,
) -> None:
    """Reopen an observation, saying what is still to be answered."""
    _do(context, reference, RoundCommand(act=RoundAct.REOPEN, number=number, text=text), person, on, json=json)


@app.command()
def consult(
    context: typer.Context,
    reference: Reference,
    person: Person,
    role: Annotated[str, typer.Option("--role", help="The role that is asked; see the process file.")] = "",
    text: Text = "",
    of: Of = "",
    on: On = "",
    json: Json = False,
) -> None:
    """Consult another unit; several may be asked at once."""
    command = RoundCommand(act=RoundAct.CONSULT, role=role, text=text, round=of)
    _do(context, reference, command, person, on, json=json)


@app.command()
def give(
    context: typer.Context,
    reference: Reference,
    number: Number,
    person: Person,
    text: Text = "",
    on: On = "",
    json: Json = False,
) -> None:
    """Give the answer to a consultation."""
    _do(context, reference, RoundCommand(act=RoundAct.GIVE, number=number, text=text), person, on, json=json)


@app.command("note")
def note_(
    context: typer.Context,
    reference: Reference,
    person: Person,
    text: Text = "",
    of: Of = "",
    on: On = "",
    json: Json = False,
) -> None:
    """Keep an internal note of those who decide."""
    _do(context, reference, RoundCommand(act=RoundAct.NOTE, text=text, round=of), person, on, json=json)


def _text_of(file: Path) -> str:
    """The text of a file. Raises BadInput where it cannot be read, or is no text."""
    try:
        content = read_bytes(file)
    except OSError as error:
        values = {"why": error.strerror or str(error)}
        raise _no_draft(Sentence("it cannot be read: {why}.", values)) from None
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise _no_draft(
            Sentence("it is no text in UTF-8; of a paper, or a file of another kind, give the mark (--paper).")
        ) from None


def _no_draft(why: Sentence) -> BadInput:
    return BadInput("Nothing can be put on record so.", (Problem("FILE", why),))


def _do(context: typer.Context, reference: str, command: RoundCommand, person: str, on: str, *, json: bool) -> None:
    cli = cli_of(context)
    runtime, options = cli.runtime, Options()
    given = options.read("--on", on, whole_day)
    options.check()
    viewer = viewer_at_shell(cli, person)
    day = day_of_the_act(cli, given, lambda: office_of(runtime.engine, reference, viewer=viewer))
    done = act_in_round(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        reference,
        command.on_day(day.on),
        person=person,
        door=cli.door,
        now=cli.now(),
    )
    if json:
        found = reading.show_rounds(runtime.engine, runtime.rulebook, runtime.people, reference, viewer=viewer)
        print_json_of_act(cli, {"rounds": found}, day)
        return
    message = entry_message(done.history[-1], runtime.rulebook.definition_of(done))
    print(cli.say(Sentence("{reference}: {what}, {day}.", {"reference": reference, "what": message, "day": day.on})))

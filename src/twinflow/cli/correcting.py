"""`twinflow agreements correct`, `confirm-correction` and `refuse-correction`: what was entered wrongly is put right."""

import re
from typing import Annotated

import typer

from twinflow.cli.context import LARGEST, Json, Person, Reference, cli_of, pairs
from twinflow.cli.output import print_json
from twinflow.cli.reading_as import viewer_at_shell
from twinflow.domain.agreement.entries import Correction
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.errors import BadInput
from twinflow.registers.dossiers import country_code
from twinflow.sentences import Sentence
from twinflow.services.agreements.correcting import CorrectedEntry, confirm_correction, correct_entry, refuse_correction
from twinflow.services.reading import agreements

Despite = Annotated[
    str, typer.Option("--despite", metavar="REASON", help="Why, though the case makes little sense as it is corrected.")
]
Number = Annotated[int, typer.Argument(min=1, max=LARGEST, help="Number of the entry; see `agreements history`.")]


def correct(
    context: typer.Context,
    reference: Reference,
    entry: Number,
    person: Person,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the history.")],
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What is right, like on=2026-05-31 or party=Chihuahua."),
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="It does not count: it was entered by mistake.")] = False,
    also: Annotated[
        list[int] | None,
        typer.Option("--also", metavar="NUMBER", min=2, max=LARGEST, help="Another entry that is withdrawn with it."),
    ] = None,
    annul: Annotated[
        bool, typer.Option("--annul", help="The case was opened by mistake (entry 1); its reference becomes free.")
    ] = False,
    never_happened: Annotated[
        bool, typer.Option("--never-happened", help="An act that stands was never done, only entered.")
    ] = False,
    despite: Despite = "",
    version: Annotated[int | None, typer.Option("--version", help="Refuse if the agreement has changed since.")] = None,
    json: Json = False,
) -> None:
    """Put an entry of the history right. What it said stays in the history; what follows from it is counted anew."""
    if bool(values) + withdraw + annul > 1:
        raise BadInput("Give only one of --set, --withdraw and --annul.")
    if also and not withdraw:
        raise BadInput("--also goes with --withdraw; other entries are corrected at once with --set NUMBER.NAME=VALUE.")
    kind = Correction.ANNUL if annul else Correction.WITHDRAW if withdraw else Correction.REPLACE
    command = CorrectionCommand(
        entry=entry,
        correction=kind,
        reason=reason,
        asked=_asked(values or []),
        also=tuple(each for each in dict.fromkeys(also or ()) if each != entry),
        never_happened=never_happened,
        despite=despite,
    )
    cli = cli_of(context)
    runtime = cli.runtime
    done = correct_entry(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        reference,
        command,
        person=person,
        door=cli.door,
        now=cli.now(),
        expected_version=version,
    )
    _print(context, done, person, json=json)


def confirm(context: typer.Context, reference: Reference, entry: Number, person: Person, json: Json = False) -> None:
    """Confirm a correction as a second person: it counts from now on."""
    cli = cli_of(context)
    runtime = cli.runtime
    done = confirm_correction(
        runtime.engine, runtime.rulebook, runtime.people, reference, entry, person=person, door=cli.door, now=cli.now()
    )
    _print(context, done, person, json=json)


def refuse(
    context: typer.Context,
    reference: Reference,
    entry: Number,
    person: Person,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the history.")],
) -> None:
    """Refuse a correction that waits, as a second person; or take back one's own."""
    cli = cli_of(context)
    runtime = cli.runtime
    said = refuse_correction(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        reference,
        entry,
        reason,
        person=person,
        door=cli.door,
        now=cli.now(),
    )
    values = {"reference": reference, "entry": said.entry}
    done = Sentence("{reference}: the correction of entry {entry} is refused; it stays as it was.", values)
    if said.taken_back:
        done = Sentence("{reference}: the correction of entry {entry} is taken back; it stays as it was.", values)
    print(cli.say(done))


def _asked(values: list[str]) -> dict[str, str]:
    """What is right, by name, countries by their codes. Raises BadInput for one that there is not."""
    asked = pairs(values, "--set")
    for name, text in asked.items():
        if re.match(r"(\d+\.)?country\.", name):
            code = country_code(text)
            if code is None:
                raise BadInput(
                    "--set {name}=“{text}”: there is no such country; write it like US.", name=name, text=text
                )
            asked[name] = code
    return asked


def _print(context: typer.Context, done: CorrectedEntry, person: str, *, json: bool) -> None:
    cli = cli_of(context)
    runtime, agreement = cli.runtime, done.agreement
    if json:
        page = agreements.show_agreement(
            runtime.engine,
            runtime.rulebook,
            runtime.people,
            agreement.reference,
            cli.now(),
            viewer=viewer_at_shell(cli, person),
        )
        print_json(page, cli.language)
        return
    values: dict[str, object] = {
        "number": done.number,
        "entry": done.said.entry,
        "entries": sorted(done.said.entries),
        "reference": done.said.annulled or agreement.reference,
        "name": agreement.reference,
        "roles": list(done.waits_for),
        "state": runtime.rulebook.definition_of(agreement).states[agreement.state].label,
    }
    if done.said.annulled:
        print(cli.say(Sentence("{reference} is annulled and goes on as {name}; the reference is free.", values)))
    elif not done.waits_for and done.said.also:
        print(
            cli.say(
                Sentence(
                    "{reference}: entries {entries} are withdrawn by entry {number}; the state is {state}.", values
                )
            )
        )
    elif not done.waits_for:
        print(
            cli.say(
                Sentence("{reference}: entry {entry} is corrected by entry {number}; the state is {state}.", values)
            )
        )
    else:
        values["command"] = f"twinflow agreements confirm-correction {agreement.reference} {done.number} --as PERSON"
        print(cli.say(Sentence("The correction of entry {entry} of {reference} waits for: {roles}.", values)))
        print(cli.say(Sentence("Somebody else confirms it with: {command}", values)))
    for left in done.left:
        print(cli.say(left))
    if done.over:
        values["over"] = list(done.over)
        print(cli.say(Sentence("It takes the place of what waited for a second person: entry {over}.", values)))

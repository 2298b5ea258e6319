"""`twinflow agreements open | import`: how cases come into the books."""

from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli.context import Cli, Json, On, Person, Reference, cli_of, day_option, pairs
from twinflow.cli.day_of_the_act import day_of_the_act
from twinflow.cli.output import jsonable, print_json, print_table
from twinflow.cli.progress import progress_bar
from twinflow.domain.agreement.agreement import Claim, Party, Term
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.process.well_known_facts import IN_FORCE_ON, TERM_STARTS_ON
from twinflow.domain.steps.dossier import Dossier
from twinflow.domain.steps.opening import NewAgreement, title_of
from twinflow.errors import BadInput, Unreadable
from twinflow.registers.dossiers import country_code, read_register
from twinflow.sentences import Sentence
from twinflow.services.agreements.importing import import_register
from twinflow.services.agreements.opening import open_agreement
from twinflow.text import shortened

Despite = Annotated[
    str, typer.Option("--despite", metavar="REASON", help="Why, though something about it makes little sense.")
]


def open_(
    context: typer.Context,
    reference: Reference,
    process: Annotated[str, typer.Option("--process", help="Process, like mx/twinning.")],
    office: Annotated[str, typer.Option("--office", help="Office that keeps the case.")],
    person: Person,
    party: Annotated[
        list[str] | None, typer.Option("--party", metavar="NAME/COUNTRY", help="A party; the first is our own side.")
    ] = None,
    on: On = "",
    state: Annotated[str | None, typer.Option("--state", help="To enter a case in mid-life.")] = None,
    term: Annotated[
        list[str] | None,
        typer.Option("--term", metavar="NAME=LENGTH", help="What the text says, like validity=3 years."),
    ] = None,
    facts: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A fact already known.")
    ] = None,
    parent: Annotated[str | None, typer.Option("--parent", help="Agreement that a programme belongs to.")] = None,
    title: Annotated[str, typer.Option("--title")] = "",
    origin: Annotated[str, typer.Option("--origin")] = "",
    despite: Despite = "",
) -> None:
    """Open a case."""
    cli = cli_of(context)
    runtime = cli.runtime
    now = cli.now()
    parties = _parties(party or [])
    terms, known = _terms(pairs(term or [], "--term")), _facts(pairs(facts or [], "--set"))
    day = day_of_the_act(cli, day_option(on, "--on") if on else None, lambda: office)
    new = NewAgreement(
        reference=reference,
        process=process,
        office=office,
        title=title or title_of(parties) or reference,
        opened_on=day.on,
        parties=parties,
        state=state,
        terms=terms,
        facts=known,
        parent=parent,
        origin=origin,
        despite=despite,
    )
    agreement = open_agreement(
        runtime.engine, runtime.rulebook, runtime.people, new, actor=person, door=cli.door, now=now
    )
    definition = runtime.rulebook.definition_of(agreement)
    values = {"reference": reference, "state": definition.states[agreement.state].label}
    print(cli.say(Sentence("{reference}: opened as “{state}”.", values)))


def _parties(texts: list[str]) -> tuple[Party, ...]:
    parties = []
    for number, text in enumerate(texts):
        name, _, country = text.rpartition("/")
        code = country_code(country.strip())
        if not name.strip() or code is None:
            raise BadInput("--party is written NAME/COUNTRY, like Albuquerque/US, not “{text}”.", text=text)
        parties.append(Party(name.strip(), code, home=number == 0))
    return tuple(parties)


def _terms(given: dict[str, str]) -> dict[str, Term]:
    terms = {}
    for name, text in given.items():
        try:
            terms[name] = Term.parse(text)
        except Unreadable as error:
            raise BadInput("--term {name}={text}: {mistake}.", name=name, text=text, mistake=error.message) from None
    return terms


def _facts(given: dict[str, str]) -> dict[str, tuple[Claim, ...]]:
    facts: dict[str, tuple[Claim, ...]] = {}
    for name, text in given.items():
        try:
            facts[name] = (Claim(PartialDate.parse(text) if name.endswith("_on") else text, ""),)
        except Unreadable as error:
            raise BadInput("--set {name}={text}: {mistake}.", name=name, text=text, mistake=error.message) from None
    return facts


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV file, UTF-8, with headings.")],
    map_file: Annotated[Path, typer.Option("--map", metavar="MAP.toml", help="Which column means what.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be made; write nothing.")] = False,
    despite: Despite = "",
    json: Json = False,
) -> None:
    """Take over a municipality's own register. All of it or nothing; the same file twice changes nothing."""
    cli = cli_of(context)
    runtime = cli.runtime
    now = cli.now()
    dossiers = read_register(file, map_file, runtime.rulebook, runtime.people, now)
    with progress_bar() as progress:
        result = import_register(
            runtime.engine,
            runtime.rulebook,
            runtime.people,
            dossiers,
            now=now,
            despite=despite,
            dry_run=dry_run,
            progress=progress,
        )
    if json:
        shown = {
            "dry_run": dry_run,
            "added": result.added,
            "unchanged": result.unchanged,
            "doubts": result.doubts,
            "dossiers": dossiers,
        }
        print_json(jsonable(shown, cli.language), cli.language)
        return
    if dry_run:
        headings = cli.headings("Row", "Reference", "Parties", "State", "Dates", "Terms")
        print_table(headings, [_dossier_row(cli, dossier) for dossier in dossiers])
    for doubt in result.doubts:
        print(cli.say(doubt))
    current = sum(dossier.is_latest for dossier in dossiers)
    values = {
        "dossiers": current,
        "earlier": len(dossiers) - current,
        "added": len(result.added),
        "unchanged": len(result.unchanged),
    }
    if dry_run:
        done = Sentence(
            "Dry run, nothing written. Dossiers: {dossiers}, earlier generations: {earlier}; "
            "would be added: {added}, unchanged: {unchanged}.",
            values,
        )
    else:
        done = Sentence(
            "Dossiers: {dossiers}, earlier generations: {earlier}; added: {added}, unchanged: {unchanged}.", values
        )
    print(cli.say(done))


def _dossier_row(cli: Cli, dossier: Dossier) -> list[str]:
    process = cli.runtime.rulebook.catalogue.versions(dossier.process)[-1]
    dates = [
        f"{cli.say(process.records[key])}: {claim.value or '?'}{'' if claim.chosen else ' ' + cli.text('(not chosen)')}"
        for key, claims in dossier.facts.items()
        for claim in claims
        if key not in {IN_FORCE_ON, TERM_STARTS_ON}
    ]
    terms = [
        f"{cli.say(process.terms[key].label)}: {cli.say([r.message for r in term.readings]) or cli.text('indefinite')}"
        for key, term in dossier.terms.items()
        if term.is_stated
    ]
    return [
        str(dossier.row),
        dossier.reference,
        shortened(dossier.title),
        cli.say(process.states[dossier.state].label),
        "\n".join(dates) or "–",
        "\n".join(terms) or "–",
    ]

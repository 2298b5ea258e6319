"""`twinflow agreements`: list, show, open, steps, advance, history, confirm-term, import."""

from collections.abc import Iterable
from itertools import chain, islice
from typing import Annotated

import typer

from twinflow.cli.context import LARGEST, Cli, Json, On, Person, Reference, cli_of, pairs
from twinflow.cli.day_of_the_act import day_of_the_act, print_json_of_act
from twinflow.cli.later import add_later
from twinflow.cli.options import Options, one_of, whole_day
from twinflow.cli.output import print_json, print_json_list, print_table
from twinflow.cli.reading_as import Reader, viewer_at_shell
from twinflow.cli.streams import note
from twinflow.domain.agreement.agreement import Claim
from twinflow.domain.agreement.entries import StepTaken
from twinflow.domain.agreement.listing import Due, Filters, Position
from twinflow.domain.calendar.dates import PartialDate, hour_of_day
from twinflow.domain.clock.last_pass import later_entries
from twinflow.domain.steps.command import StepCommand
from twinflow.sentences import Sentence
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.reading import agreements, deadlines
from twinflow.services.reading.history_in_words import days_assumed_in_words, left_open_in_words
from twinflow.services.reading.lines import AgreementLine
from twinflow.text import shortened

app = typer.Typer(help="Cases: look at them, open them, take their steps, import a register.", no_args_is_help=True)

ROWS, NEWEST = 500, 50
"""How many rows a table of a list has, and how much of the timeline is shown beside everything else."""


@app.command("list")
def list_agreements(
    context: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(help="How words begin of the reference, the title, a party's name.")
    ] = None,
    process: Annotated[str, typer.Option("--process", help="Only this process, like mx/twinning.")] = "",
    state: Annotated[str, typer.Option("--state", help="Only in this state, like in_force.")] = "",
    office: Annotated[str, typer.Option("--office", help="Only kept by this office.")] = "",
    country: Annotated[
        str, typer.Option("--country", help="Only with a partner from here: two letters, like US.")
    ] = "",
    due: Annotated[
        str,
        typer.Option(
            "--due", metavar="passed|week|month", help="Only whose next date has passed, or comes within 7 or 30 days."
        ),
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also earlier generations and programmes.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, max=LARGEST, help="A page of so many; else all of them.")
    ] = None,
    after: Annotated[
        str, typer.Option("--after", metavar="PLACE", help="Go on after the page that ended so; see “following”.")
    ] = "",
    reader: Reader = "",
    json: Json = False,
) -> None:
    """Agreements, the next date first."""
    cli = cli_of(context)
    options = Options()
    by = options.read("--due", due, one_of(Due))
    options.check()
    filters = Filters(" ".join(words or []), process, state, office, country.upper(), by, everything)
    begin, viewer = Position.parse(after) if after else None, viewer_at_shell(cli, reader)
    asked = (cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people, cli.now(), filters)
    if limit is None:
        _print_lines(cli, agreements.each_agreement(*asked, viewer=viewer, after=begin), json=json)
        return
    page = agreements.list_agreements(*asked, viewer=viewer, after=begin, at_once=limit)
    if json:
        print_json({"lines": page.lines, "following": page.following and str(page.following)}, cli.language)
        return
    _print_lines(cli, page.lines, json=False)
    if page.following is not None:
        print(cli.say(Sentence("There are more: --after {place}", {"place": str(page.following)})))


def _print_lines(cli: Cli, lines: Iterable[AgreementLine], *, json: bool) -> None:
    """Many of them as one table after another, so that the first are there at once."""
    if json:
        print_json_list(lines, cli.language)
        return
    headings = cli.headings("Reference", "Parties", "State", "In force", "Next date", "What is missing")
    rows = (_line(cli, line) for line in lines)
    print_table(headings, islice(rows, ROWS))
    for row in rows:
        print_table(headings, chain([row], islice(rows, ROWS - 1)))


def _line(cli: Cli, line: AgreementLine) -> list[str]:
    if line.unreadable is not None:
        return [line.reference, "–", "–", "–", "–", cli.say(line.unreadable)]
    stands = line.passed or line.assumed
    passed = f" ({cli.say(stands)})" if stands else ""
    following = f"{cli.short_day(line.next_on)}{passed} {cli.say(line.next_label)}" if line.next_on else "–"
    return [
        shortened(line.reference),
        shortened(line.title),
        cli.say(line.state_label),
        _with_unfinished(cli, line, cli.text("yes") if line.in_force else cli.text("no")),
        following,
        "; ".join(cli.say(message) for message in line.missing) or "–",
    ]


def _with_unfinished(cli: Cli, line: AgreementLine, in_force: str) -> str:
    """Nothing is called in force without saying that its end has passed."""
    return f"{in_force} ({cli.say(line.unfinished)})" if line.unfinished is not None else in_force


@app.command()
def show(context: typer.Context, reference: Reference, reader: Reader = "", json: Json = False) -> None:
    """Everything about one agreement; of what happened in it the newest, as JSON all of it."""
    cli = cli_of(context)
    runtime, newest = cli.runtime, None if json else NEWEST
    here = (runtime.engine, runtime.rulebook, runtime.people)
    page = agreements.show_agreement(*here, reference, cli.now(), viewer=viewer_at_shell(cli, reader), at_once=newest)
    if json:
        print_json(page, cli.language)
        return
    line = page.line
    in_force = _with_unfinished(cli, line, cli.text("in force") if line.in_force else cli.text("not in force"))
    print(cli.say(Sentence("{reference} · {title}", {"reference": line.reference, "title": line.title})))
    print(f"{cli.say(page.process_label)} v{page.process_version} · {cli.say(line.state_label)} · {in_force}")
    if page.move is not None:
        print(f"  ! {cli.say(page.move)}")
    for message in page.missing:
        print(f"! {cli.say(message)}")
    for fact in page.facts:
        print(f"{cli.say(fact.label)}: {'; '.join(_claim(cli, claim) for claim in fact.claims)}")
    for checklist in page.checklists:
        found, missing = cli.say(checklist.found) or "–", cli.say(checklist.missing) or "–"
        print(f"{cli.say(checklist.label)}: {found} · {cli.text('missing')}: {missing}")
    for term in page.terms:
        print(f"{cli.say(term.label)}: {cli.say(term.assumed or term.readings)}")
    print_table(deadline_headings(cli), [deadline_row(cli, line) for line in page.deadlines])
    _print_timeline(cli, page)
    if page.older is not None:
        print(cli.say(Sentence("All that happened: twinflow agreements history {reference}", {"reference": reference})))


def _claim(cli: Cli, claim: Claim) -> str:
    day = claim.value.as_date if isinstance(claim.value, PartialDate) else None
    values = {
        "value": cli.short_day(day) if day is not None else str(claim.value) or cli.text("unknown"),
        "source": claim.source or cli.text("follows from the history"),
    }
    return cli.say(Sentence("{value} ({source})", values))


def deadline_headings(cli: Cli) -> list[str]:
    return cli.headings("Deadline", "Due", "Days left", "Status", "Next to act")


def deadline_row(cli: Cli, line: deadlines.DeadlineLine) -> list[str]:
    due = cli.short_day(line.due_on)
    if line.warn_on != line.due_on:
        due = f"{cli.short_day(line.warn_on)} / {due}"
    open_days = str(line.days) if line.days is not None and line.status == "open" else "–"
    return [cli.say(line.label), due, open_days, _status(cli, line), cli.say(line.late) or "–"]


def _status(cli: Cli, line: deadlines.DeadlineLine) -> str:
    """How it stands, whether its date may still move, what waits for a second person, and who said what of its warnings."""
    said = [line.standing_words]
    if line.assumed is not None:
        said.append(line.assumed)
    if line.waiting:
        said.append(Sentence("changes to be confirmed: {count}", {"count": line.waiting}))
    if line.acknowledged is not None:
        values = {"person": line.acknowledged.by, "day": cli.short_day(line.acknowledged.on)}
        said.append(Sentence("acknowledged by {person} on {day}", values))
    for snooze in line.snoozed:
        values = {"person": snooze.by, "day": cli.short_day(snooze.until), "reason": snooze.reason}
        said.append(Sentence("{person} is told nothing before {day}: {reason}", values))
    return "; ".join(cli.say(message) for message in said)


@app.command()
def history(context: typer.Context, reference: Reference, reader: Reader = "", json: Json = False) -> None:
    """What happened, newest first: the day of the act and the day it was recorded."""
    cli = cli_of(context)
    here = (cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people)
    page = agreements.show_agreement(*here, reference, cli.now(), viewer=viewer_at_shell(cli, reader))
    if json:
        print_json(page.timeline, cli.language)
    else:
        _print_timeline(cli, page)


def _print_timeline(cli: Cli, page: agreements.AgreementPage) -> None:
    headings = cli.headings("No.", "Effective on", "Recorded on", "By", "What")
    rows = [
        [
            str(entry.number or "–"),
            cli.short_day(entry.effective_on),
            cli.short_day(entry.recorded_on),
            cli.say(entry.by),
            _what(cli, entry),
        ]
        for entry in page.timeline
    ]
    print_table(headings, rows)


def _what(cli: Cli, entry: agreements.EntryLine) -> str:
    """With what was changed about people behind it, and the entry that has put it right, if one has."""
    said = "; ".join(map(cli.say, (entry.text, *entry.behind)))
    if entry.corrected_by is None:
        return said
    return f"{said} [{cli.say(Sentence('see entry {number}', {'number': entry.corrected_by}))}]"


@app.command()
def steps(context: typer.Context, reference: Reference, person: Person, json: Json = False) -> None:
    """What the person may do now, and what stands in the way of the rest."""
    cli = cli_of(context)
    here = (cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people)
    viewer = viewer_at_shell(cli, person)
    lines = agreements.list_steps(*here, reference, person, cli.now(), cli.door, viewer=viewer)
    if json:
        print_json(lines, cli.language)
        return
    rows = [
        [
            line.key,
            cli.say(line.label),
            _in_the_way(cli, line),
            ", ".join(
                (*line.records, *(["--party"] if line.per_party else []), *(["--reason"] if line.needs_reason else []))
            )
            or "–",
        ]
        for line in lines
    ]
    print_table(cli.headings("Step", "Meaning", "Stands in the way", "Records"), rows)


def _in_the_way(cli: Cli, line: agreements.StepLine) -> str:
    """Why the step cannot be taken, or that it can; and what it would leave open."""
    said = [" ".join(cli.say(reason) for reason in line.reasons).removesuffix(".") or cli.text("possible")]
    if line.leaves_open:
        said.append(cli.say(Sentence("still open with it: {things}", {"things": line.leaves_open})))
    return "; ".join(said)


@app.command()
def advance(
    context: typer.Context,
    reference: Reference,
    step: Annotated[str, typer.Argument(help="Step to take; see `agreements steps`.")],
    person: Person,
    on: On = "",
    party: Annotated[str | None, typer.Option("--party", help="For steps taken for one party.")] = None,
    facts: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A fact that the step records.")
    ] = None,
    place: Annotated[str, typer.Option("--place")] = "",
    capacity: Annotated[str, typer.Option("--capacity", help="Capacity in which the party signed.")] = "",
    reason: Annotated[str, typer.Option("--reason")] = "",
    at: Annotated[
        str,
        typer.Option(
            "--at", metavar="HH:MM", help="Hour at which it arrived, where the office that keeps the case is."
        ),
    ] = "",
    version: Annotated[int | None, typer.Option("--version", help="Refuse if the agreement has changed since.")] = None,
    json: Json = False,
) -> None:
    """Take a step."""
    cli = cli_of(context)
    runtime = cli.runtime
    options = Options()
    given, hour = options.read("--on", on, whole_day), options.read("--at", at, hour_of_day)
    options.check()
    records = pairs(facts or [], "--set")
    viewer = viewer_at_shell(cli, person)
    day = day_of_the_act(cli, given, lambda: agreements.office_of(runtime.engine, reference, viewer=viewer))
    command = StepCommand(step, day.on, party, records, place, capacity, reason)
    now = cli.now()
    done = advance_agreement(
        runtime.engine,
        runtime.rulebook,
        runtime.people,
        reference,
        command,
        person=person,
        door=cli.door,
        now=now,
        hour=hour,
        expected_version=version,
    )
    later = later_entries(done.agreement, now)
    if later is not None:
        note(f"  ! {cli.say(later.sentence)}")
    if json:  # the whole page, with what others may have written meanwhile: read anew
        here = (runtime.engine, runtime.rulebook, runtime.people)
        page = agreements.show_agreement(*here, reference, now, viewer=viewer)
        print_json_of_act(cli, page, day)
        return
    definition = runtime.rulebook.definition_of(done.agreement)
    state, said = definition.states[done.agreement.state], StepTaken.read(done.entry)
    values = {"reference": reference, "state": state.label, "day": done.entry.effective_on}
    print(cli.say(Sentence("{reference}: {state}, effective {day}.", values)))
    if said is not None and said.assumed:
        days = days_assumed_in_words(said, definition)
        print(cli.say(Sentence("Assumed to be in time, as no more is known than {days}.", {"days": days})))
    if said is not None and said.left_open:
        things = left_open_in_words(said.left_open, definition)
        print(cli.say(Sentence("Still open with it: {things}.", {"things": things})))


add_later(
    app,
    {
        "open": ("opening.open_", "Open a case."),
        "correct": (
            "correcting.correct",
            "Put an entry of the history right. What it said stays in the history; what follows from it is counted anew.",
        ),
        "confirm-correction": (
            "correcting.confirm",
            "Confirm a correction as a second person: it counts from now on.",
        ),
        "refuse-correction": (
            "correcting.refuse",
            "Refuse a correction that waits, as a second person; or take back one's own.",
        ),
        "move": (
            "moving.move",
            "Ask that another office keep the case from now on, as a supervisor of the one that keeps it.",
        ),
        "accept-move": (
            "moving.accept",
            "Accept a case as a supervisor of the office that is to keep it: it does so from now on.",
        ),
        "refuse-move": (
            "moving.refuse",
            "Refuse a case as a supervisor of the office that is to keep it; or take back what one has asked for.",
        ),
        "confirm-term": (
            "stating_terms.confirm_term",
            "Say what the text says of a term, or confirm that the model's default holds: its dates count from then on.",
        ),
        "import": (
            "opening.import_",
            "Take over a municipality's own register. All of it or nothing; the same file twice changes nothing.",
        ),
    },
)

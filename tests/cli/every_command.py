"""Every command of the command line, found by walking it, with arguments that are right for the books made here."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import typer.main
from typer.core import TyperArgument, TyperGroup

from builders import draft_of
from command_line import Ran
from twinflow.cli.app import app
from twinflow.cli.context import Cli
from world import CUENCA, EXAMPLES

NOW = datetime(2026, 3, 12, 18, tzinfo=UTC)
ROOT = EXAMPLES.parent
AS_ELENA = ("--as", "elena")
OPEN = ("--process", "mx/twinning", "--office", "chihuahua", *AS_ELENA, "--party", "Chihuahua/MX", "--party", "León/US")
OPEN += ("--despite", "tried again and again")
OPINION, PROGRAMME = "MX-9/opinion/1", "MX-8/first_programme/1"
BY_RITA = ("--as", "rita", "--reason", "another authority is asked", "--paper", "DEP-12/26")
SHEET = (str(CUENCA / "negotiations.csv"), "--map", str(CUENCA / "negotiations.map.toml"))
CALENDAR = str(ROOT / "workflows" / "calendars" / "mx-labour.toml")
SCRIPT = str(ROOT / "workflows" / "cases" / "progress-report" / "late.toml")

LABELS, ZONE = ("--label-en", "Municipality of Parral", "--label-es", "Municipio de Parral"), "America/Chihuahua"

IN_DECEMBER = ("--from", "2026-12-21", "--to", "2026-12-31")

TAKEN = "--port={port}"
"""Somebody else has this port: what serves ends at once, with 3."""

GOOD: dict[str, tuple[int, tuple[str, ...]]] = {
    "tick": (0, ()),
    "serve": (3, (TAKEN,)),
    "worker": (3, ()),
    "demo": (3, (TAKEN,)),
    "agreements list": (0, ("leon",)),
    "agreements show": (0, ("MX-9",)),
    "agreements history": (0, ("MX-9",)),
    "agreements steps": (0, ("MX-9", *AS_ELENA)),
    "agreements advance": (0, ("MX-9", "issue_favourable_opinion", "--as", "rita", "--set", "opinion_number=1")),
    "agreements open": (0, ("MX-7", *OPEN)),
    "agreements confirm-term": (0, ("MX-9", "validity", *AS_ELENA)),
    "agreements import": (0, SHEET),
    "agreements correct": (1, ("MX-9", "99", *AS_ELENA, "--reason", "typed wrongly", "--withdraw")),
    "agreements confirm-correction": (1, ("MX-9", "1", *AS_ELENA)),
    "agreements refuse-correction": (1, ("MX-9", "1", *AS_ELENA, "--reason", "it was right")),
    "agreements move": (0, ("MX-9", "--to", "cuenca", "--as", "sergio", "--reason", "it is theirs")),
    "agreements accept-move": (2, ("MX-9", "--as", "sofia")),
    "agreements refuse-move": (2, ("MX-9", "--as", "sofia", "--reason", "it is not ours")),
    "rounds show": (0, ("MX-9", "--diff")),
    "rounds submit-draft": (1, ("MX-9", *AS_ELENA, "--paper", "draft 2")),
    "rounds observe": (0, ("MX-9", "--as", "rita", "--article", "V", "--text", "The evaluation is missing.")),
    "rounds answer": (2, ("MX-9", "99", *AS_ELENA, "--text", "Added.")),
    "rounds close": (2, ("MX-9", "99", "--as", "rita")),
    "rounds reopen": (2, ("MX-9", "99", "--as", "rita", "--text", "Say when.")),
    "rounds consult": (0, ("MX-9", "--as", "rita", "--role", "counsel", "--text", "Is article V in order?")),
    "rounds give": (2, ("MX-9", "99", "--as", "rita", "--text", "It is.")),
    "rounds note": (0, ("MX-9", "--as", "rita", "--text", "Ask the consulate.")),
    "deadlines compute": (0, ("--from", "2026-02-18", "--length", "15 business days", "--calendar", "mx-ministry")),
    "deadlines acknowledge": (0, (PROGRAMME, *AS_ELENA)),
    "deadlines snooze": (0, (PROGRAMME, *AS_ELENA, "--until", "2026-03-20", "--reason", "on leave")),
    "deadlines list": (0, ()),
    "deadlines explain": (0, (OPINION,)),
    "deadlines pause": (0, (OPINION, *BY_RITA)),
    "deadlines resume": (1, (OPINION, "--as", "rita")),
    "deadlines extend": (0, (OPINION, "5 business days", *BY_RITA)),
    "deadlines remove-extension": (1, (OPINION, *BY_RITA)),
    "deadlines move": (0, (PROGRAMME, "--to", "2026-06-01", "--party", "León", *AS_ELENA, *BY_RITA[2:])),
    "deadlines confirm": (1, (OPINION, "1", "--as", "sergio")),
    "workflows show": (0, ("mx/twinning",)),
    "workflows diagram": (0, ("mx/twinning",)),
    "workflows replay": (0, (SCRIPT,)),
    "workflows coverage": (0, ("--process", "progress-report")),
    "workflows diff": (1, ("mx/twinning", "mx/specific-agreement")),
    "workflows simulate": (0, ("MX-9", "--until", "2026-06-30")),
    "workflows migrate plan": (0, ("progress-report@2", "progress-report@2")),
    "workflows migrate apply": (2, ("plan.toml", *AS_ELENA)),
    "workflows list": (0, ()),
    "workflows check": (0, ()),
    "calendars list": (0, ()),
    "calendars show": (0, ("mx-labour",)),
    "calendars propose": (0, ("México", "2028")),
    "calendars check": (0, ("--on", "2026-03-12")),
    "calendars preview": (0, (CALENDAR,)),
    "calendars apply": (0, (CALENDAR, *AS_ELENA)),
    "outbox list": (0, ()),
    "outbox show": (0, ("1",)),
    "outbox retry": (1, ("1",)),
    "outbox cancel": (1, ("1", *AS_ELENA, "--reason", "no more")),
    "outbox confirm": (0, ("--send",)),
    "bounces read": (0, ("box",)),
    "bounces list": (0, ()),
    "bounces show": (0, ("1",)),
    "bounces settle": (0, ("1", *AS_ELENA)),
    "notices list": (0, ()),
    "notices preview": (0, ("opinion-issued", "--agreement", "MX-9")),
    "notices off": (0, ("agreement-renewed", *AS_ELENA)),
    "notices on": (0, ("agreement-renewed", *AS_ELENA)),
    "people list": (0, ()),
    "people add": (0, ("nina", "--name", "Nina", "--mail", "nina@chihuahua.example")),
    "people change": (0, ("elena", "--name", "Elena E.")),
    "people disable": (0, ("sofia",)),
    "people enable": (0, ("sofia",)),
    "people assign": (0, ("sergio", "liaison", "chihuahua", "--from", "2026-04-01")),
    "people end": (0, ("sofia", "supervisor", "cuenca", "--last-day", "2026-12-31")),
    "people away": (0, ("elena", *IN_DECEMBER, "--delegate", "david")),
    "people delegate": (0, ("elena", "david", *IN_DECEMBER, "--reason", "on leave")),
    "people end-delegation": (2, ("elena", "david", "--last-day", "2026-12-24")),
    "people check": (1, ()),
    "people hand-over": (1, ("rita", "ramon", "--as", "rita")),
    "people accept": (1, ("MX-9", "--as", "rita")),
    "people decline": (1, ("MX-9", "--as", "rita", "--reason", "another has it")),
    "people import": (0, (str(CUENCA / "people.toml"),)),
    "people history": (0, ()),
    "queue list": (0, ("--as", "rita")),
    "queue claim": (0, ("MX-9", "--as", "rita")),
    "queue take-over": (1, ("MX-9", "--as", "rita", "--reason", "rosa is ill")),
    "queue release": (1, ("MX-9", "--as", "rita")),
    "queue assign": (1, ("MX-9", "rita", "--as", "sergio")),
    "queue put-aside": (0, ("MX-9", "--as", "rita", "--until", "2026-03-20", "--reason", "a paper is to come")),
    "queue take-back": (1, ("MX-9", "--as", "rita")),
    "people invite": (0, ("elena",)),
    "people lock": (2, ("elena",)),
    "people unlock": (2, ("elena",)),
    "people end-sessions": (0, ("elena",)),
    "people forget-second-factor": (2, ("elena",)),
    "offices list": (0, ()),
    "offices add": (0, ("parral", "--kind", "municipality", *LABELS, "--country", "MX", "--time-zone", ZONE)),
    "offices change": (0, ("chihuahua", "--time-zone", ZONE)),
    "clock show": (0, ()),
    "clock confirm": (1, AS_ELENA),
    "incidents": (0, ()),
    "feeds create": (0, ("elena",)),
    "feeds list": (0, ()),
    "feeds revoke": (0, ("1",)),
    "database upgrade": (0, ()),
    "database check": (0, ()),
    "database accept-copy": (1, AS_ELENA),
    "database backup": (2, (CALENDAR,)),
    "database restore": (2, (CALENDAR,)),
}
"""The exit code, and the arguments: those without a name first."""


class Given(NamedTuple):
    """An argument or option of a command, as people write it; `place` is where it stands among those without a name."""

    command: str
    name: str
    place: int | None
    kind: object


def commands() -> dict[str, Any]:
    return dict(_below(typer.main.get_command(app), ()))


def _below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    real = command.make_context(path[-1] if path else "twinflow", [], obj=Cli(None), resilient_parsing=True).command
    if not isinstance(real, TyperGroup):
        yield " ".join(path), real
        return
    for name, inner in real.commands.items():
        yield from _below(inner, (*path, name))


def arguments_and_options() -> Iterator[Given]:
    for path, command in commands().items():
        places = iter(range(10))
        for each in command.params:
            place = next(places) if isinstance(each, TyperArgument) else None
            kind = each.type_descriptor.annotation
            yield Given(path, each.get_error_hint().strip("'"), place, kind)


def with_value(given: Given, value: str) -> list[str]:
    """The command with this value in the place of a right one."""
    _, arguments = GOOD[given.command]
    if given.place is None:
        return [*given.command.split(), *arguments, given.name, value]
    without_name = list(takewhile(lambda word: not word.startswith("--"), arguments))
    named = arguments[len(without_name) :]
    without_name[given.place : given.place + 1] = [value]
    return [*given.command.split(), *without_name, *named]


def make_books(run: Callable[..., Ran], folder: Path) -> None:
    """MX-9, whose opinion was asked for; MX-8, signed; a message that left, a calendar address, an answer that came in."""
    for reference in ("MX-9", "MX-8"):
        done = [run("agreements", "open", reference, *OPEN, "--on", "2026-03-02")]
        for step in ("approve_profile", "send_letter", "record_answer", "complete_draft", "request_opinion"):
            done.append(run("agreements", "advance", reference, step, *AS_ELENA, "--on", "2026-03-03", *draft_of(step)))
        assert {each.code for each in done} == {0}, done
    opinion = ("issue_favourable_opinion", "--as", "rita", "--on", "2026-03-04", "--set", "opinion_number=1")
    done = [run("agreements", "advance", "MX-8", *opinion)]
    for party in ("Chihuahua", "León"):
        done.append(run("agreements", "advance", "MX-8", "sign", *AS_ELENA, "--on", "2026-03-04", "--party", party))
    done += [run("tick"), run("feeds", "create", "elena"), run("bounces", "read", "answers")]
    assert {each.code for each in done} == {0}, done

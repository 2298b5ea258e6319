"""Every command that shows cases × everybody × every state of a case, by `--as`; what takes nobody's key is the operator's own.

The commands are those of the command tree. One that has no rule here fails: whom is it for?
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typer.main
from matrix_world import CASES, COMMON, DESKS, NOW
from seen_in import by_sight, marks_in, seen_by
from typer.core import TyperGroup
from who_sees import reads_note

from cli.every_command import GOOD
from twinflow import clock
from twinflow.cli.app import app
from twinflow.cli.context import Cli
from twinflow.errors import NotFound
from world import World

Run = Callable[..., str]

AS_SOMEBODY = {
    *("agreements list", "agreements show", "agreements history", "agreements steps", "rounds show", "queue list"),
    *("deadlines list", "deadlines explain", "workflows diagram", "workflows simulate", "notices list"),
    *("outbox list", "outbox show", "bounces list", "bounces show", "incidents"),
}
"""Shows what the person sees."""

BY_SOMEBODY = {
    *("agreements open", "agreements advance", "agreements correct", "agreements confirm-correction"),
    *("agreements move", "agreements accept-move", "agreements refuse-move"),
    *("agreements refuse-correction", "agreements confirm-term", "rounds submit-draft", "rounds observe"),
    *("rounds answer", "rounds close", "rounds reopen", "rounds consult", "rounds give", "rounds note"),
    *("deadlines acknowledge", "deadlines snooze", "deadlines pause", "deadlines resume", "deadlines extend"),
    *("deadlines remove-extension", "deadlines move", "deadlines confirm", "queue claim", "queue take-over"),
    *("queue release", "queue assign", "queue put-aside", "queue take-back", "people hand-over", "people accept"),
    "people decline",
    *("workflows migrate apply", "calendars apply", "outbox cancel", "bounces settle", "notices off", "notices on"),
    *("clock confirm", "database accept-copy", "people add", "people change", "people disable", "people enable"),
    *("people assign", "people end", "people away", "people delegate", "people end-delegation", "people import"),
    *("people invite", "people lock", "people unlock", "people end-sessions", "people forget-second-factor"),
    *("offices add", "offices change"),
}
"""Does what the person may do."""

DRAFT = CASES[0]
NO_SUCH = "ZZ-99-99"
OF_NO_CASE = {
    *(
        "agreements open",
        "workflows migrate apply",
        "calendars apply",
        "outbox cancel",
        "bounces settle",
        "notices off",
    ),
    *(
        "notices on",
        "clock confirm",
        "database accept-copy",
        "people hand-over",
        "people accept",
        "people decline",
        "people add",
    ),
    *("people change", "people disable", "people enable", "people assign", "people end", "people away"),
    *("people delegate", "people end-delegation", "people import", "people invite", "people lock", "people unlock"),
    *("people end-sessions", "people forget-second-factor", "offices add", "offices change"),
}
"""Does not name the case that it is about, or names it in a test of its own."""
UNSEEING = ("registrar-sre", "liaison-juarez", "administrator-chihuahua", "liaison-cuenca", "nobody")

BY_THE_OPERATOR = {
    "notices preview",
    *(
        "tick",
        "serve",
        "worker",
        "demo",
        "agreements import",
        "deadlines compute",
        "workflows show",
        "workflows replay",
    ),
    *("workflows coverage", "workflows diff", "workflows migrate plan", "workflows list", "workflows check"),
    *("calendars list", "calendars show", "calendars propose", "calendars check", "calendars preview"),
    *("outbox retry", "outbox confirm", "bounces read", "people list", "people check", "people history"),
    *("offices list", "clock show", "feeds create", "feeds list", "feeds revoke", "database upgrade"),
    *("database check", "database backup", "database restore"),
}
"""Whoever has the machine has the books: what asks for nobody's key shows all there is, or is about the whole service."""


def commands() -> dict[str, list[str]]:
    """By name, the options of every command."""
    found = _below(typer.main.get_command(app), ())
    return {name: [option for each in command.params for option in each.opts] for name, command in found}


def _below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    real = command.make_context(path[-1] if path else "twinflow", [], obj=Cli(None), resilient_parsing=True).command
    if not isinstance(real, TyperGroup):
        yield " ".join(path), real
        return
    for name, inner in real.commands.items():
        yield from _below(inner, (*path, name))


@pytest.fixture
def run(matrix: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """What a command prints, or what it says as it fails: in one process, as starting anew shows nothing else."""
    monkeypatch.setattr(clock, "now", lambda: NOW)

    def call(*arguments: str) -> str:
        cli = Cli(None)
        vars(cli).update(settings=matrix.runtime.settings, runtime=matrix.runtime)
        try:
            app(arguments, obj=cli, standalone_mode=False)
        except NotFound as error:
            return "".join(capsys.readouterr()) + str(error)
        return "".join(capsys.readouterr())

    return call


def test_every_command_has_a_rule() -> None:
    found = commands()
    assert set(found) == AS_SOMEBODY | BY_SOMEBODY | BY_THE_OPERATOR
    with_key = {name for name, options in found.items() if "--as" in options}
    assert with_key >= AS_SOMEBODY
    assert with_key & BY_THE_OPERATOR == {"notices preview"}, "how a notice would read, whoever sees the case by now"


def test_lists_have_what_the_person_sees_and_the_operator_sees_all(run: Run) -> None:
    every = {each.reference for each in CASES}
    dated = marks_in(run("deadlines", "list", "--json"))
    assert marks_in(run("agreements", "list", "--json")) == every
    assert dated < every
    cells = 0
    for person in DESKS:
        seen = seen_by(person)
        for command, there in (
            (("agreements", "list", "--json", "--all"), every),
            (("agreements", "list", COMMON.lower()), every),
            (("deadlines", "list", "--json"), dated),
        ):
            assert marks_in(run(*command, "--as", person)) == seen & there, (person, command)
            cells += len(CASES)
        assert marks_in(run("queue", "list", "--as", person, "--json")) <= seen, person
        assert not marks_in(run("notices", "list", "--as", person)), person
        assert marks_in(run("incidents", "--json", "--as", person)) == seen, person
        assert marks_in(run("outbox", "list", "--json", "--as", person)) <= seen, person
    print(f"cells of listing commands walked: {cells}")  # noqa: T201 - that a proof says how much it proves


def test_messages_are_shown_to_who_sees_all_that_they_tell_of(run: Run) -> None:
    messages = json.loads(run("outbox", "list", "--json"))
    assert len(messages) > 3
    for person in by_sight().values():
        shown = {each["id"] for each in json.loads(run("outbox", "list", "--json", "--as", person))}
        for number in (each["id"] for each in messages):
            said = run("outbox", "show", str(number), "--as", person)
            assert (said == f"There is no message {number}.") == (number not in shown)
            assert marks_in(said) <= seen_by(person), (person, number)


def test_what_is_shown_of_one_case_is_shown_to_who_sees_it_and_for_others_there_is_none(run: Run) -> None:
    cells = 0
    for person in by_sight().values():
        seen = seen_by(person)
        for case in CASES:
            none = f"There is no agreement {case.reference}."
            for command in (
                ("agreements", "show", case.reference),
                ("agreements", "show", case.reference, "--json"),
                ("agreements", "history", case.reference),
                ("agreements", "steps", case.reference),
                ("rounds", "show", case.reference, "--diff"),
                ("workflows", "diagram", "--format", "text", "--agreement", case.reference),
                ("workflows", "simulate", case.reference, "--until", "2026-04-30"),
                ("deadlines", "explain", f"{case.reference}/signature/1"),
            ):
                said = run(*command, "--as", person)
                assert (said == none) == (case.reference not in seen), (person, command)
                assert marks_in(said) <= {case.reference}, (person, command)
                assert case.secret not in said or reads_note(DESKS[person], case), (person, command)
                cells += 1
    print(f"cells of commands about one case walked: {cells}")  # noqa: T201 - as above


def test_pages_of_a_list_end_with_a_case_that_is_seen(run: Run) -> None:
    for person in by_sight().values():
        assert marks_in(run("agreements", "list", "--limit", "1", "--json", "--as", person)) <= seen_by(person), person


def on(command: str, reference: str, person: str) -> list[str]:
    """The command with the case and the person in the place of those that it is right with."""
    _, (case, *others) = GOOD[command]
    others = ["liaison-chihuahua" if each == "rita" else each for each in others]
    others[others.index("--as") + 1] = person
    return [*command.split(), case.replace(case.partition("/")[0], reference, 1), *others]


def test_every_acting_command_says_the_same_of_an_unseen_case_as_of_none(run: Run) -> None:
    acts = BY_SOMEBODY - OF_NO_CASE
    assert len(acts) > 20
    for person in UNSEEING:
        assert DRAFT.reference not in seen_by(person)
        for command in acts:
            unseen, none = (run(*on(command, each, person)) for each in (DRAFT.reference, NO_SUCH))
            assert unseen == f"There is no agreement {DRAFT.reference}.", (command, person)
            assert unseen.replace(DRAFT.reference, NO_SUCH) == none, (command, person)
    print(f"cells of acting commands walked: {len(acts) * len(UNSEEING)}")  # noqa: T201 - that a proof says how much it proves

"""The part of `twinflow people` that is about accounts: invite, lock, unlock, end-sessions, forget-second-factor."""

from dataclasses import replace
from typing import Annotated

import typer

from twinflow.cli.context import Cli, cli_of
from twinflow.cli.machine import machine_user
from twinflow.domain.people.people import Assignment, People
from twinflow.domain.people.viewer import ADMINISTRATOR
from twinflow.errors import Refused
from twinflow.sentences import Sentence
from twinflow.services.accounts import passwords, second_factors, signing_in
from twinflow.services.people.changing import change_people

Key = Annotated[str, typer.Argument(metavar="PERSON", help="The key of the person.")]


def invite(
    context: typer.Context,
    key: Key,
    administrator: Annotated[
        str,
        typer.Option(
            "--administrator", metavar="OFFICE", help="Make the person administrator there; only while there is none."
        ),
    ] = "",
) -> None:
    """Let somebody set a password, by a link that is good once: sent by mail, or printed while mail is captured."""
    cli = cli_of(context)
    runtime, by_mail = cli.runtime, bool(cli.settings.mail.host)
    if administrator:
        _make_first_administrator(cli, key, administrator)
    token = passwords.invite(runtime.engine, runtime.people, key, cli.now(), by_mail=by_mail)
    if by_mail:
        print(cli.say(Sentence("A letter to {person} leaves with the next pass of mail.", {"person": key})))
        return
    print(cli.say(Sentence("A link for {person}, good once, for seven days:", {"person": key})))
    print(f"{cli.settings.base_url.rstrip('/')}/password/{token}")


def _make_first_administrator(cli: Cli, key: str, office: str) -> None:
    runtime = cli.runtime

    def change(people: People) -> People:
        held = (role.role for person in people.people.values() for role in person.assignments if not person.disabled)
        if ADMINISTRATOR in held:
            raise Refused(
                "There is an administrator already; “twinflow people assign PERSON administrator OFFICE” makes another."
            )
        person = people.person(key)
        roles = (*person.assignments, Assignment(ADMINISTRATOR, office))
        return replace(people, people={**people.people, person.key: replace(person, assignments=roles)})

    change_people(runtime.engine, runtime.rulebook, change, by=machine_user(), reason="", now=cli.now())
    runtime.refresh()


def lock(context: typer.Context, key: Key) -> None:
    """Nobody signs in as somebody until the account is unlocked; sessions end at once."""
    cli = cli_of(context)
    signing_in.lock(cli.runtime.engine, cli.runtime.people, key, cli.now())
    print(cli.say(Sentence("The account of {person} is locked.", {"person": key})))


def unlock(context: typer.Context, key: Key) -> None:
    """Somebody signs in again, also after too many tries."""
    cli = cli_of(context)
    signing_in.unlock(cli.runtime.engine, cli.runtime.people, key, cli.now())
    print(cli.say(Sentence("The account of {person} is not locked.", {"person": key})))


def end_sessions(context: typer.Context, key: Key) -> None:
    """Sign somebody out everywhere."""
    cli = cli_of(context)
    ended = signing_in.end_sessions(cli.runtime.engine, cli.runtime.people, key, cli.now())
    print(cli.say(Sentence("Sessions ended: {count}.", {"count": ended})))


def forget_second_factor(context: typer.Context, key: Key) -> None:
    """Somebody who has lost telephone and recovery codes sets up a second factor anew. Be sure who asks you."""
    cli = cli_of(context)
    second_factors.forget(cli.runtime.engine, cli.runtime.people, key, cli.now())
    print(cli.say(Sentence("{person} has no second factor any more.", {"person": key})))

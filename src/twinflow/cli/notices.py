"""`twinflow notices`: list, preview, and what a person does not want by mail."""

from email import policy
from email.parser import BytesParser
from typing import Annotated

import typer

from twinflow.cli.context import Json, Person, cli_of
from twinflow.cli.output import print_json, print_table
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.process.notices import Notice
from twinflow.sentences import Sentence
from twinflow.services.alerts import opt_outs
from twinflow.services.mail import previews
from twinflow.text import harmless

app = typer.Typer(help="What is told, in which words, and what a person can do without.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="NOTICE", help="Key of the notice; see `notices list`.")]
Reader = Annotated[str | None, typer.Option("--as", metavar="PERSON", help="A reader: the key of a person.")]


@app.command("list")
def list_notices(context: typer.Context, person: Reader = None, json: Json = False) -> None:
    """Every notice: what it is, whether it can be switched off, and why not; of a person, what is switched off."""
    cli = cli_of(context)
    known = cli.rulebook.notices.values()
    off: frozenset[str] = frozenset()
    if person is not None:
        off = opt_outs.switched_off(cli.runtime.engine, cli.runtime.people.person(person).key)
    if json:
        print_json([{"notice": notice, "off": notice.key in off} for notice in known], cli.language)
        return
    rows = [
        [
            notice.key,
            cli.say(notice.label),
            cli.say(_by_mail(notice, off=notice.key in off)),
            cli.say(notice.because),
        ]
        for notice in known
    ]
    print_table(cli.headings("Notice", "What it is", "By mail", "Why"), rows)


def _by_mail(notice: Notice, *, off: bool) -> Sentence:
    if off:
        return Sentence("switched off")
    return Sentence("optional") if notice.optional else Sentence("always sent")


@app.command()
def preview(
    context: typer.Context,
    notice: Key,
    agreement: Annotated[str, typer.Option("--agreement", metavar="REFERENCE", help="The agreement it tells of.")],
    person: Reader = None,
    html: Annotated[bool, typer.Option("--html", help="The HTML part instead of the text.")] = False,
) -> None:
    """A notice as its reader would get it, with a real agreement; nothing is sent or kept."""
    cli = cli_of(context)
    runtime = cli.runtime
    now = cli.now()
    here = (runtime.engine, runtime.rulebook, runtime.people)
    found = previews.preview(*here, notice, agreement, now, person, viewer=OPERATOR)
    built = runtime.post.composer.compose(found.letter, message_id="preview", created_at=now, unsubscribe_token=notice)
    message = BytesParser(policy=policy.default).parsebytes(built.content)
    part = message.get_body(preferencelist=("html" if html else "plain",))
    if found.example and not html:
        print(cli.say(Sentence("There is no occasion for it now: the occasion is an example, the agreement is real.")))
        print()
    if not html:
        for name, value in message.items():
            print(f"{name}: {harmless(str(value))}")
        print()
    print(str(part.get_content()).replace("\r\n", "\n").strip() if part is not None else "")


@app.command()
def off(context: typer.Context, notice: Key, person: Person) -> None:
    """Mail no longer tells the person of this; only for optional notices."""
    cli = cli_of(context)
    found = opt_outs.switch_off(cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people, person, notice, cli.now())
    print(cli.say(Sentence("“{notice}” is switched off for {person}.", {"notice": found.label, "person": person})))


@app.command()
def on(context: typer.Context, notice: Key, person: Person) -> None:
    """Mail tells the person of this again."""
    cli = cli_of(context)
    found = opt_outs.switch_on(cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people, person, notice)
    print(cli.say(Sentence("“{notice}” is switched on for {person}.", {"notice": found.label, "person": person})))

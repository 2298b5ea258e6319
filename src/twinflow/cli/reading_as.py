"""For whom the shell shows what is read."""

from typing import Annotated

import typer

from twinflow.cli.context import Cli
from twinflow.domain.people.viewer import OPERATOR, Door, Viewer, viewer_of

Reader = Annotated[str, typer.Option("--as", metavar="PERSON", help="What this person sees today; else everything.")]


def viewer_at_shell(cli: Cli, person: str) -> Viewer:
    """Whoever is at the shell reads everything; what is shown for somebody is shown as they see it. Raises NotFound."""
    return viewer_of(cli.runtime.people, person, cli.now(), Door.SHELL) if person else OPERATOR

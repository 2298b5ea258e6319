"""What went wrong: the exit codes, and errors with their places."""

import sys

from twinflow.errors import BadInput, DefinitionChanged, NotFound, Refused, TwinflowError
from twinflow.language import say

EXIT_REFUSED, EXIT_BAD_INPUT, EXIT_ENVIRONMENT = 1, 2, 3


def exit_code(error: TwinflowError) -> int:
    match error:
        case BadInput() | NotFound() | DefinitionChanged():
            return EXIT_BAD_INPUT
        case Refused():
            return EXIT_REFUSED
        case _:
            return EXIT_ENVIRONMENT


def print_error(error: TwinflowError, language: str) -> None:
    """The sentence, then every reason or problem on a line of its own, to standard error."""
    print(say(error.message, language), file=sys.stderr)
    for reason in getattr(error, "reasons", ()):
        print(f"  - {say(reason, language)}", file=sys.stderr)
    for problem in getattr(error, "problems", ()):
        print(f"  - {say(problem.place, language)}: {say(problem.message, language)}", file=sys.stderr)

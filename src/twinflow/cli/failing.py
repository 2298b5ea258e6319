"""What went wrong: the exit codes, and errors with their places."""

from twinflow.cli.streams import note
from twinflow.errors import BadInput, DefinitionChanged, NotFound, Refused, TwinflowError, of_the_system
from twinflow.language import say
from twinflow.text import brief

EXIT_REFUSED, EXIT_BAD_INPUT, EXIT_ENVIRONMENT = 1, 2, 3


def exit_code(error: TwinflowError) -> int:
    match error:
        case BadInput() | NotFound() | DefinitionChanged():
            return EXIT_BAD_INPUT
        case Refused():
            return EXIT_REFUSED
        case _:
            return EXIT_ENVIRONMENT


def in_our_words(error: Exception) -> TwinflowError:
    """Whatever was raised as an error of ours: what the system refused, or a mistake of the program."""
    match error:
        case TwinflowError():
            return error
        case OSError():
            return of_the_system(error)
        case _:
            what = f"{type(error).__name__}: {error}".removesuffix(": ")
            return TwinflowError("The program made a mistake: {what}. “twinflow --debug …” shows where.", what=what)


def print_error(error: TwinflowError, language: str) -> None:
    """The sentence, then every reason or problem on a line of its own, to standard error."""
    note(say(brief(error.message), language))
    for reason in getattr(error, "reasons", ()):
        note(f"  - {say(brief(reason), language)}")
    for problem in getattr(error, "problems", ()):
        note(f"  - {say(brief(problem.place), language)}: {say(brief(problem.message), language)}")

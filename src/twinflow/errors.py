"""The error tree. Knows nothing of HTTP, exit codes or languages: an error carries sentences, which each door translates."""

from twinflow.sentences import Problem, Sentence


class Unreadable(ValueError):
    """A text cannot be read as what it should be; `message` says what would be right."""

    def __init__(self, template: str, **values: object) -> None:
        self.message = Sentence(template, values)
        super().__init__(str(self.message))


class TwinflowError(Exception):
    """Something went wrong."""

    code = "error"

    def __init__(self, template: str, **values: object) -> None:
        self.message = Sentence(template, values)
        super().__init__(str(self.message))


class BadInput(TwinflowError):
    """Something a person wrote cannot be used. Holds every problem found, not the first."""

    code = "bad_input"

    def __init__(self, template: str, problems: "tuple[Problem, ...]" = (), **values: object) -> None:
        super().__init__(template, **values)
        self.problems = problems


class NotFound(TwinflowError):
    """What was asked for does not exist, or may not be seen."""

    code = "not_found"


class Refused(TwinflowError):
    """A rule of the process says no. Holds every reason, not the first."""

    code = "refused"

    def __init__(self, template: str, reasons: tuple[Sentence, ...] = (), **values: object) -> None:
        super().__init__(template, **values)
        self.reasons = reasons


class ClockDoubted(Refused):
    """The machine's clock has jumped, and nobody has confirmed it yet."""

    code = "clock_doubted"


class StaleAgreement(Refused):
    """Somebody else changed the agreement first."""

    code = "stale"


class TooManyTries(Refused):
    """Something was tried more often than it may be."""

    code = "too_many_tries"


class NoAnswer(Refused):
    """A server of somebody else's, on which this rests, does not answer as it should."""

    code = "no_answer"


class DefinitionChanged(TwinflowError):
    """A process file was edited although agreements run on it."""

    code = "definition_changed"


class BooksAltered(TwinflowError):
    """What is to be written does not go with what stands there: the program made a mistake, or somebody else wrote there."""

    code = "books_altered"


class UnreadableAgreement(TwinflowError):
    """What the books, or the files they rest on, say of one agreement cannot be read. The others can."""

    code = "unreadable"

    @property
    def reference(self) -> str:
        return str(self.message.values["reference"])


class EnvironmentFailed(TwinflowError):
    """The database, the mail server or the machine does not do its part."""

    code = "environment"


class DatabaseDamaged(EnvironmentFailed):
    """The database itself is damaged, as a disk or another program leaves it behind."""


class MailFailed(EnvironmentFailed):
    """A message could not be handed to the mail server. `permanent` tells whether trying again makes no sense.

    `doubtful`: the server may have taken it all the same.
    """

    code = "mail_failed"

    def __init__(self, template: str, *, permanent: bool = False, doubtful: bool = False, **values: object) -> None:
        super().__init__(template, **values)
        self.permanent = permanent
        self.doubtful = doubtful


class MailServerDown(MailFailed):
    """The mail server does not take part at all: nothing else will get through either."""

    def __init__(self, template: str, *, doubtful: bool = False, **values: object) -> None:
        super().__init__(template, permanent=False, doubtful=doubtful, **values)


OF_THE_SYSTEM = {
    said.template: said
    for said in (
        Sentence("File name too long"),
        Sentence("Input/output error"),
        Sentence("Is a directory"),
        Sentence("No space left on device"),
        Sentence("No such file or directory"),
        Sentence("Not a directory"),
        Sentence("Operation not permitted"),
        Sentence("Permission denied"),
        Sentence("Read-only file system"),
        Sentence("Too many levels of symbolic links"),
        Sentence("attempt to write a readonly database"),
        Sentence("database disk image is malformed"),
        Sentence("database is locked"),
        Sentence("database or disk is full"),
        Sentence("disk I/O error"),
        Sentence("file is not a database"),
        Sentence("it is a pipe or a device, not a file"),
        Sentence("unable to open database file"),
    )
}
"""What the system and SQLite say of files, so that people read it in their language."""


def why_of(error: Exception) -> Sentence | str:
    """What is said of a file that cannot be used: a sentence where it is known."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return OF_THE_SYSTEM.get(said, said)


def of_the_system(error: OSError) -> EnvironmentFailed:
    """What the system refuses, as an error of ours."""
    why = why_of(error)
    if error.filename:
        return EnvironmentFailed("{file} cannot be used: {why}.", file=str(error.filename), why=why)
    return EnvironmentFailed("The system does not do what it is asked to: {why}.", why=why)


def reason(error: Exception) -> Sentence | str:
    """What an error says: a sentence if it is one of ours, or knows one; of a driver's error what the driver said."""
    message, said = getattr(error, "message", None), getattr(error, "orig", None) or error
    return message if isinstance(message, Sentence) else f"{type(said).__name__}: {said}"


def unreadable(reference: str, why: Sentence | str) -> UnreadableAgreement:
    """The one error for an agreement that cannot be read."""
    return UnreadableAgreement(
        "{reference} cannot be read: its rows, or the files they rest on, were altered or damaged ({why}). "
        "Put them right, from a backup if need be; the other agreements go on.",
        reference=reference,
        why=why,
    )

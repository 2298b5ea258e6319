"""Whether mail of a database may leave from this machine, or the database is a backup that somebody restored or copied.

A database counts its sending passes; beside it, outside of every backup of the database, the machine keeps the highest count
that it has seen of each. A backup of the whole machine brings both back together and is not noticed.
"""

from collections.abc import Mapping
from enum import StrEnum


class Standing(StrEnum):
    NEW = "new"
    """It has never sent anything, and nobody here knows it."""
    KNOWN = "known"
    UNKNOWN = "unknown"
    """It has sent mail, and not from here."""
    REWOUND = "rewound"
    """Mail has left from here that it does not know of."""

    @property
    def is_held(self) -> bool:
        return self in {Standing.UNKNOWN, Standing.REWOUND}


def counted(passes: int, *, due: bool, leased: bool) -> int:
    """The count a pass goes on with: odd from when messages are `due` until none is `leased` to a mailer, then even.

    So a backup made while messages were leaving is behind as soon as they have left.
    """
    if due:
        return passes + (2 if passes % 2 else 1)
    if passes == 0:
        return 2
    return passes + 1 if passes % 2 and not leased else passes


def standing(database: str, passes: int, seen: Mapping[str, int]) -> Standing:
    """How a database that has counted `passes` stands with a machine that has `seen` these counts.

    A count above the one seen is no reason to hold: another machine sends too, or a crash came before the file was written.
    """
    highest = seen.get(database)
    if highest is None:
        return Standing.NEW if passes == 0 else Standing.UNKNOWN
    return Standing.REWOUND if passes < highest else Standing.KNOWN

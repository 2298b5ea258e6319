"""The user of the machine who works at the shell, by the machine itself: a variable can say anything."""

import os
import pwd


def machine_user() -> str:
    """The name of the user, or the number where the machine has no name for it."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)

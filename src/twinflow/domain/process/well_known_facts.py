"""Facts that every process knows by the same name, since the engine itself reads them."""

SIGNED_ON = "signed_on"

IN_FORCE_ON = "in_force_on"

TERM_STARTS_ON = "term_starts_on"

ENDED_ON = "ended_on"

NOT_IN_FUTURE = frozenset({SIGNED_ON, IN_FORCE_ON, TERM_STARTS_ON})
"""Facts that have happened or are not facts."""

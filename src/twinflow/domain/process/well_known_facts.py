"""Facts that every process knows by the same name, since the engine itself reads them."""

from collections.abc import Mapping

from twinflow.domain.process.definition import Effect

SIGNED_ON = "signed_on"

IN_FORCE_ON = "in_force_on"

TERM_STARTS_ON = "term_starts_on"

ENDED_ON = "ended_on"

NOT_IN_FUTURE = frozenset({SIGNED_ON, IN_FORCE_ON, TERM_STARTS_ON})
"""Facts that have happened or are not facts."""

EFFECT_FACTS: Mapping[Effect | None, tuple[str, ...]] = {
    Effect.START_TERM: (SIGNED_ON, IN_FORCE_ON, TERM_STARTS_ON),
    Effect.SIGN_TEXT: (SIGNED_ON,),
    Effect.ENTER_INTO_FORCE: (IN_FORCE_ON, TERM_STARTS_ON),
    Effect.RENEW_TERM: (TERM_STARTS_ON,),
    Effect.END_TERM: (ENDED_ON,),
}
"""The facts that an effect gives a day."""

"""What each agreement is kept with so that lists are in order, beside what its deadlines say."""

from sqlalchemy import Engine, text

KEPT_OTHERWISE = """SELECT reference, next_on FROM agreement WHERE next_on <> coalesce(
    (SELECT min(due_on) FROM deadline WHERE agreement_id = agreement.id AND status = 'open'
        AND NOT (basis LIKE '%"assumed"%' AND due_on < derived_on)), '9999-12-31')"""


def not_as_deadlines_say(engine: Engine) -> list[str]:
    """The agreements that are kept with another next date than the first that is open."""
    with engine.connect() as connection:
        return [f"{reference}: {next_on}" for reference, next_on in connection.execute(text(KEPT_OTHERWISE))]

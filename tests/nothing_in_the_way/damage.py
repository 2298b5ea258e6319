"""Rows of one agreement, altered or damaged: what a hand, a disk or another program can leave behind."""

from sqlalchemy import Engine, text

from twinflow.storage.unit_of_work import UnitOfWork

DAMAGED = "CU-10"

EVERYWHERE = {
    "a deadline of a rule that its version lacks": "UPDATE deadline SET rule = 'gone' WHERE id = :deadline",
    "a status of a deadline that there is not": "UPDATE deadline SET status = 'gone' WHERE id = :deadline",
    "a basis that is no JSON": "UPDATE deadline SET basis = '{' WHERE id = :deadline",
    "a basis of another shape": "UPDATE deadline SET basis = '[1]' WHERE id = :deadline",
    "a state that its version lacks": "UPDATE agreement SET state = 'gone' WHERE id = :agreement",
    "a version that there is not": "UPDATE agreement SET process_version = 99 WHERE id = :agreement",
    "a process that there is not": "UPDATE agreement SET process = 'no/where' WHERE id = :agreement",
    "another text of its version": "UPDATE agreement SET process_digest = 'other' WHERE id = :agreement",
    "an office that the people file lacks": "UPDATE agreement SET office = 'gone' WHERE id = :agreement",
    "a party's day that is none": "UPDATE party SET signed = :yes, signed_on = 'soon' WHERE agreement_id = :agreement",
    "a term that cannot be read": "INSERT INTO term (agreement_id, name, readings, source)"
    " VALUES (:agreement, 'bound', 'long', '')",
    "a fact's day that is none": "INSERT INTO fact (agreement_id, name, value, source, chosen)"
    " VALUES (:agreement, 'seen_on', 'soon', '', :yes)",
    "a finding that there is not": "INSERT INTO finding (agreement_id, code, subject, occurrence, found_at)"
    " VALUES (:agreement, 'gone', 'x', 1, '2026-01-01 00:00:00')",
}
IN_THE_TIMELINE = """
    INSERT INTO history (agreement_id, kind, actor, effective_on, recorded_at, details)
    VALUES (:agreement, 'gone', 'x', '2026-01-01', '2026-01-01 00:00:00', '{}')"""
"""An entry of a kind that there is not: no decision reads it, only what shows or tells all that has happened."""

ON_SQLITE = {
    "a date that cannot be read": "UPDATE deadline SET due_on = '2026-13-45' WHERE id = :deadline",
    "a beginning that cannot be read": "UPDATE deadline SET anchor_on = 'soon' WHERE id = :deadline",
    "a day to wake that cannot be read": "UPDATE deadline SET wake_on = 'soon' WHERE id = :deadline",
    "a day to derive that cannot be read": "UPDATE agreement SET derive_on = 'soon' WHERE id = :agreement",
    "a head that cannot be read": "UPDATE agreement SET tracked_from = 'soon' WHERE id = :agreement",
    "a place in the list that cannot be read": "UPDATE agreement SET next_on = '2014-13-45' WHERE id = :agreement",
    "a title that is no text": "UPDATE agreement SET title = CAST(x'FF' AS TEXT) WHERE id = :agreement",
    "an entry without its day": "INSERT INTO history (agreement_id, kind, actor, effective_on, recorded_at, details)"
    " VALUES (:agreement, 'step', 'x', 'soon', '2026-01-01 00:00:00', '{}')",
    "an entry that is no JSON": "INSERT INTO history (agreement_id, kind, actor, effective_on, recorded_at, details)"
    " VALUES (:agreement, 'step', 'x', '2026-01-01', '2026-01-01 00:00:00', '{')",
}


def damage(engine: Engine, statement: str, reference: str = DAMAGED) -> None:
    with UnitOfWork(engine, reading=True) as work:
        agreement = work.agreements.id_of(reference)
    with engine.begin() as connection:
        own = text("SELECT min(id) FROM deadline WHERE agreement_id = :agreement AND status = 'open'")
        deadline = connection.scalar(own, {"agreement": agreement})
        given = {"agreement": agreement, "deadline": deadline, "yes": True}
        connection.execute(text(statement), {key: each for key, each in given.items() if f":{key}" in statement})

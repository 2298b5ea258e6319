"""What somebody may do to the books by SQL, who can switch off what stands in the way; and what is to be said of it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import Engine, text


@dataclass(frozen=True)
class Tampering:
    """Statements, and the words of a finding. On SQLite `of_sqlite` in the place of those for PostgreSQL, where they differ."""

    done: tuple[str, ...]
    found: tuple[str, ...]
    of_sqlite: tuple[str, ...] = ()

    def statements(self, engine: Engine) -> tuple[str, ...]:
        return self.of_sqlite if self.of_sqlite and engine.dialect.name == "sqlite" else self.done

    def is_in(self, said: list[str]) -> bool:
        """Whether one of these findings has all the words."""
        return any(all(word in line for word in self.found) for line in said)


def of(reference: str) -> str:
    return f"(SELECT id FROM agreement WHERE reference = '{reference}')"


def entry(reference: str, number: int) -> str:
    """The row of an entry; from the end where the number is negative."""
    order, skipped = ("", number - 1) if number > 0 else ("DESC", -number - 1)
    return f"(SELECT id FROM history WHERE agreement_id = {of(reference)} ORDER BY id {order} LIMIT 1 OFFSET {skipped})"


def alert(reference: str) -> str:
    return f"(SELECT max(id) FROM alert WHERE agreement_id = {of(reference)})"


def deadline(reference: str, rule: str) -> str:
    return f"agreement_id = {of(reference)} AND rule = '{rule}'"


def arrived(reader: str, number: int = 1) -> str:
    """A message that the reader has got; from the end where the number is negative."""
    order, skipped = ("", number - 1) if number > 0 else ("DESC", -number - 1)
    of_reader = f"state = 'accepted' AND recipient = '{reader}'"
    return f"(SELECT id FROM outbox WHERE {of_reader} ORDER BY id {order} LIMIT 1 OFFSET {skipped})"


NESTED = """(repeat('{"a":', 3000) || '1' || repeat('}', 3000))"""
REOPENED = "-- the file is opened anew"
COLUMNS = "agreement_id, kind, actor, effective_on, recorded_at, step, from_state, to_state, party, details, seal"
SETTLED = "(SELECT min(id) FROM outbox WHERE state = 'accepted' AND content IS NOT NULL)"
OF_AGREEMENTS = ("alert", "deadline", "fact", "finding", "history", "party", "term", "word")
GONE = "DELETE FROM agreement WHERE reference = 'P-15'"
TAMPERINGS = {
    "an alert deleted": Tampering((f"DELETE FROM alert WHERE id = {alert('P-13')}",), ("P-13", "is gone", "elena")),
    "an alert of another level": Tampering(
        (f"UPDATE alert SET level = '9 days after' WHERE id = {alert('P-13')}",), ("P-13", "9 days after", "no entry")
    ),
    "an alert of another day": Tampering(
        (f"UPDATE alert SET effective_on = '2026-01-05' WHERE id = {alert('P-13')}",),
        ("P-13", "2026-01-05", "no entry"),
    ),
    "an alert told at another time": Tampering(
        (f"UPDATE alert SET recorded_at = '2026-01-05 15:00:00.000000' WHERE id = {alert('P-13')}",),
        ("P-13", "no entry"),
    ),
    "an alert by another notice": Tampering(
        (f"UPDATE alert SET notice = 'deadline-met' WHERE id = {alert('P-13')}",), ("P-13", "no entry")
    ),
    "an alert in another role": Tampering(
        (f"UPDATE alert SET role = 'mayor' WHERE id = {alert('P-13')}",), ("P-13", "no entry")
    ),
    "an alert in the place of somebody": Tampering(
        (f"UPDATE alert SET stands_for = 'rosa' WHERE id = {alert('P-13')}",), ("P-13", "no entry")
    ),
    "an alert with other details": Tampering(
        (f"""UPDATE alert SET details = '{{"x": "y"}}' WHERE id = {alert("P-13")}""",), ("P-13", "no entry")
    ),
    "an alert to somebody else": Tampering(
        (f"UPDATE alert SET recipient = 'rosa' WHERE id = {alert('P-13')}",), ("P-13", "rosa", "no entry")
    ),
    "an alert invented": Tampering(
        (
            (
                "INSERT INTO alert (agreement_id, outbox_id, notice, subject, occurrence, level, recipient, stands_for, role, "
                "effective_on, recorded_at, details) SELECT agreement_id, outbox_id, notice, subject, occurrence, 'invented', "
                f"recipient, stands_for, role, effective_on, recorded_at, details FROM alert WHERE id = {alert('P-13')}"
            ),
        ),
        ("P-13", "invented", "no entry"),
    ),
    "an alert put into a message to somebody else": Tampering(
        (
            (
                "UPDATE alert SET outbox_id = (SELECT min(id) FROM outbox WHERE recipient = 'mateo') "
                f"WHERE id = {alert('P-13')}"
            ),
        ),
        ("P-13", "mateo"),
    ),
    "the address of a person changed": Tampering(
        ("UPDATE person SET mail = 'other@city.example' WHERE key = 'elena'",),
        ("people.elena.mail", "other@city.example"),
    ),
    "a person put into another role": Tampering(
        ("UPDATE assignment SET role = 'supervisor' WHERE person = 'elena' AND number = 1",),
        ("people.elena.roles[1].role", "supervisor", "liaison"),
    ),
    "a role that nobody gave": Tampering(
        (
            (
                "INSERT INTO assignment (person, number, role, office) SELECT person, 99, role, office FROM assignment "
                "WHERE person = 'elena' AND number = 1"
            ),
        ),
        ("people.elena.roles[2].role", "liaison"),
    ),
    "an office in another country": Tampering(
        ("UPDATE office SET country = 'XX' WHERE kind = 'municipality'",), ("offices.", ".country", "XX")
    ),
    "an entry about people changed": Tampering(
        ("UPDATE people_entry SET reason = 'other' WHERE number = 1",), ("entry 1", "people", "not as it was written")
    ),
    "the last entry about people removed": Tampering(
        ("DELETE FROM people_entry WHERE number = (SELECT max(number) FROM people_entry)",),
        ("link", "of the history of people"),
    ),
    "an open date moved": Tampering(
        (f"UPDATE deadline SET due_on = '2027-05-05' WHERE {deadline('P-13', 'answer')}",),
        ("P-13", "answer/1", "2027-05-05", "2026-08-24"),
    ),
    "a day of warning moved": Tampering(
        (f"UPDATE deadline SET warn_on = '2027-05-05' WHERE {deadline('P-13', 'answer')}",),
        ("P-13", "answer/1", "2027-05-05", "2026-08-24"),
    ),
    "a start moved": Tampering(
        (f"UPDATE deadline SET anchor_on = '2026-07-27' WHERE {deadline('P-13', 'answer')}",),
        ("P-13", "answer/1", "2026-07-27", "2026-07-20"),
    ),
    "an open deadline said to be met": Tampering(
        (f"UPDATE deadline SET status = 'met', closed_on = '2026-08-20' WHERE {deadline('P-13', 'answer')}",),
        ("P-13", "answer/1", "open"),
    ),
    "the date of a closed deadline moved": Tampering(
        (f"UPDATE deadline SET due_on = '2026-09-30' WHERE {deadline('P-11', 'answer')}",),
        ("P-11", "answer/1", "2026-09-30"),
    ),
    "a deadline deleted": Tampering(
        (f"DELETE FROM deadline WHERE {deadline('P-13', 'answer')}",), ("P-13", "answer/1", "missing", "2026-08-24")
    ),
    "a deadline that wakes nobody": Tampering(
        (f"UPDATE deadline SET wake_on = NULL WHERE {deadline('P-13', 'answer')}",), ("P-13", "answer/1", "looked at")
    ),
    "deadlines that are not derived any more": Tampering(
        ("UPDATE agreement SET derive_on = '2030-01-01' WHERE reference = 'MX-2'",), ("MX-2", "2030-01-01")
    ),
    "deadlines said never to have been derived": Tampering(
        ("UPDATE agreement SET derive_on = NULL, derived_on = NULL WHERE reference = 'P-13'",),
        ("P-13", "never derived"),
    ),
    "another place in the lists": Tampering(
        ("UPDATE agreement SET next_on = '2030-01-01' WHERE reference = 'P-13'",), ("P-13", "listed")
    ),
    "another place in the lists of other offices": Tampering(
        (
            f"INSERT INTO seen_by (agreement_id, kind, role, country) VALUES ({of('P-13')}, 'ministry', 'reviewer', 'MX')",
            f"UPDATE seen_by SET next_on = '2030-01-01' WHERE agreement_id = {of('P-13')}",
        ),
        ("P-13", "listed for other offices"),
    ),
    "a fact changed": Tampering(
        (f"UPDATE fact SET value = '2026-07-27' WHERE agreement_id = {of('P-13')} AND name = 'asked_on'",),
        ("P-13", "fact"),
    ),
    "a fact deleted": Tampering((f"DELETE FROM fact WHERE agreement_id = {of('P-13')}",), ("P-13", "fact")),
    "a fact invented": Tampering(
        (
            (
                "INSERT INTO fact (agreement_id, name, value, source, chosen) "
                f"VALUES ({of('P-13')}, 'signed_on', '2026-08-01', '', true)"
            ),
        ),
        ("P-13", "fact"),
    ),
    "a signature invented": Tampering(
        (f"UPDATE party SET signed = true, signed_on = '2026-08-01' WHERE agreement_id = {of('P-13')}",),
        ("P-13", "signature"),
    ),
    "a term changed": Tampering(
        (f"UPDATE term SET readings = '50 years' WHERE agreement_id = {of('MX-2')}",), ("MX-2", "term")
    ),
    "a state changed": Tampering(
        ("UPDATE agreement SET state = 'done' WHERE reference = 'P-13'",), ("P-13", "state is done", "inquired")
    ),
    "a title changed": Tampering(
        ("UPDATE agreement SET title = 'another' WHERE reference = 'P-13'",), ("P-13", "title")
    ),
    "another parent": Tampering(
        (f"UPDATE agreement SET parent_id = {of('MX-2')} WHERE reference = 'MX-1-P1'",), ("MX-1-P1", "parent")
    ),
    "an actor changed": Tampering(
        (f"UPDATE history SET actor = 'nobody' WHERE id = {entry('P-13', 2)}",), ("P-13", "entry 2", "nobody")
    ),
    "an entry backdated": Tampering(
        (f"UPDATE history SET effective_on = '2026-06-01' WHERE id = {entry('P-13', 2)}",),
        ("P-13", "entry 2", "2026-06-01"),
    ),
    "an entry recorded earlier": Tampering(
        (f"UPDATE history SET recorded_at = '2026-06-01 10:00:00.000000' WHERE id = {entry('P-13', 2)}",),
        ("P-13", "entry 2", "2026-06-01"),
    ),
    "details changed": Tampering(
        (f"""UPDATE history SET details = '{{"x": "y"}}' WHERE id = {entry("P-13", 2)}""",), ("P-13", "entry 2")
    ),
    "an entry that leads elsewhere": Tampering(
        (f"UPDATE history SET to_state = 'done' WHERE id = {entry('P-13', 2)}",), ("P-13", "entry 2")
    ),
    "an entry invented at the end": Tampering(
        (
            (
                f"INSERT INTO history ({COLUMNS}) SELECT agreement_id, kind, actor, effective_on, recorded_at, step, from_state, "
                f"to_state, party, details, '' FROM history WHERE id = {entry('P-13', 2)}"
            ),
        ),
        ("P-13", "no seal"),
    ),
    "an entry written twice": Tampering(
        (f"INSERT INTO history ({COLUMNS}) SELECT {COLUMNS} FROM history WHERE id = {entry('P-13', 2)}",),
        ("P-13", "does not stand in its place"),
    ),
    "an entry put between others": Tampering(
        (
            f"UPDATE history SET id = 900001 WHERE id = {entry('P-13', -1)}",
            (
                f"INSERT INTO history (id, {COLUMNS}) SELECT 900000, agreement_id, kind, 'sergio', effective_on, recorded_at, "
                f"step, from_state, to_state, party, details, 'abc' FROM history WHERE id = {entry('P-13', 2)}"
            ),
        ),
        ("P-13", "sergio", "row 900000", "does not rest"),
    ),
    "an entry removed": Tampering((f"DELETE FROM history WHERE id = {entry('P-13', 2)}",), ("P-13", "1 are missing")),
    "the tail cut": Tampering(
        (f"DELETE FROM history WHERE id = {entry('P-13', -1)}",), ("P-13", "does not end with the entry")
    ),
    "the tail cut, and the count with it": Tampering(
        (
            f"DELETE FROM history WHERE id = {entry('P-13', -1)}",
            "UPDATE agreement SET entries = entries - 1 WHERE reference = 'P-13'",
        ),
        ("P-13", "does not end with the entry"),
    ),
    "the tail cut, and the head with it": Tampering(
        (
            f"DELETE FROM history WHERE id = {entry('P-13', -1)}",
            "UPDATE agreement SET entries = entries - 1 WHERE reference = 'P-13'",
            (
                "UPDATE agreement SET seal = (SELECT seal FROM history WHERE agreement_id = agreement.id ORDER BY id DESC "
                "LIMIT 1) WHERE reference = 'P-13'"
            ),
        ),
        ("P-13", "link", "another entry"),
    ),
    "entries reordered": Tampering(
        (f"UPDATE history SET id = 900002 WHERE id = {entry('P-13', 2)}",),
        ("P-13", "does not stand in its place"),
    ),
    "an entry given to another agreement": Tampering(
        (f"UPDATE history SET agreement_id = {of('P-14')} WHERE id = {entry('P-13', 2)}",), ("P-13", "1 are missing")
    ),
    "a whole agreement removed": Tampering(
        (*(f"DELETE FROM {table} WHERE agreement_id = {of('P-15')}" for table in OF_AGREEMENTS), GONE),
        ("is gone", "link"),
    ),
    "a message removed": Tampering(
        (
            f"DELETE FROM alert WHERE outbox_id = {SETTLED}",
            f"DELETE FROM outbox WHERE id = {SETTLED}",
        ),
        ("the message", "is gone from the outbox"),
    ),
    "a message to somebody else": Tampering(
        (f"UPDATE outbox SET recipient = 'rosa' WHERE id = {SETTLED}",), ("message", "rosa", "than link 1")
    ),
    "a message made at another time": Tampering(
        (f"UPDATE outbox SET created_at = '2026-01-01 10:00:00.000000' WHERE id = {SETTLED}",),
        ("message", "than link 1"),
    ),
    "a message that says something else": Tampering(
        (f"UPDATE outbox SET content = '\\x00' WHERE id = {SETTLED}",),
        ("message", "does not say what it said"),
        (f"UPDATE outbox SET content = x'00' WHERE id = {SETTLED}",),
    ),
    "a message that failed said to have arrived": Tampering(
        ("UPDATE outbox SET state = 'accepted' WHERE state = 'failed'",), ("is accepted", "has it failed")
    ),
    "a message that arrived to be sent again": Tampering(
        (f"UPDATE outbox SET state = 'queued', digest = false, settled_at = NULL WHERE id = {SETTLED}",),
        ("message", "link"),
    ),
    "a link altered": Tampering(("UPDATE link SET at = '2026-01-01 10:00:00.000000' WHERE number = 1",), ("link 1 ",)),
    "what a link has altered": Tampering(
        ("UPDATE link_item SET entries = entries + 1 WHERE id = (SELECT min(id) FROM link_item)",), ("link 1 ",)
    ),
    "a link removed": Tampering(
        ("DELETE FROM link_item WHERE link = 1", "DELETE FROM link WHERE number = 1"),
        ("link 1 of the chain is missing",),
    ),
    "the last link cut": Tampering(
        ("DELETE FROM link_item WHERE link = 2", "DELETE FROM link WHERE number = 2"),
        ("a link of the chain that had it is gone",),
    ),
    "a trigger dropped": Tampering(
        ("DROP TRIGGER history_append_only ON history",),
        ("the trigger history_", "missing"),
        ("DROP TRIGGER history_no_delete",),
    ),
    "a trigger that refuses nothing": Tampering(
        ("ALTER TABLE history DISABLE TRIGGER history_append_only",),
        ("the trigger history_", "altered"),
        (
            "DROP TRIGGER history_no_update",
            "CREATE TRIGGER history_no_update BEFORE UPDATE ON history BEGIN SELECT 1; END",
        ),
    ),
    "the function of a trigger emptied": Tampering(
        (
            "CREATE OR REPLACE FUNCTION history_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
        ),
        ("was altered", "append-only"),
        (
            "DROP TRIGGER link_no_update",
            "CREATE TRIGGER link_no_update BEFORE UPDATE ON link BEGIN SELECT 2; END",
        ),
    ),
    "a trigger added": Tampering(
        (
            "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
            "CREATE TRIGGER forget BEFORE INSERT ON alert FOR EACH ROW EXECUTE FUNCTION forget()",
        ),
        ("trigger forget", "not of twinflow"),
        ("CREATE TRIGGER forget BEFORE INSERT ON alert BEGIN SELECT RAISE(IGNORE); END",),
    ),
    "an index dropped": Tampering(("DROP INDEX ix_history_timeline",), ("index ix_history_timeline is missing",)),
    "a table dropped": Tampering(("DROP TABLE opt_out",), ("table opt_out is missing",)),
    "a column dropped": Tampering(
        ("ALTER TABLE outbox DROP COLUMN doubtful",), ("table outbox has no column doubtful",)
    ),
    "a table dropped, and a state changed": Tampering(
        ("DROP TABLE opt_out", "UPDATE agreement SET state = 'done' WHERE reference = 'P-13'"),
        ("P-13", "state is done", "inquired"),
    ),
    "a column dropped, and a fact changed": Tampering(
        (
            "ALTER TABLE outbox DROP COLUMN doubtful",
            f"UPDATE fact SET value = '2026-07-27' WHERE agreement_id = {of('P-13')} AND name = 'asked_on'",
        ),
        ("P-13", "fact"),
    ),
    "an agreement without a reference": Tampering(
        ("UPDATE agreement SET reference = '' WHERE reference = 'P-13'",), ("#", "its title, office, state")
    ),
    "an agreement numbered before all others": Tampering(
        (
            (
                "INSERT INTO agreement (id, reference, process, process_version, process_digest, office, title, state, version, "
                "tracked_from, origin, note, relationship, generation, source_digest, derive_on, derived_on, reached, next_on, "
                "seal, entries, content, linked) SELECT -5, 'X-9', process, process_version, process_digest, office, title, "
                "'done', version, tracked_from, origin, note, relationship, generation, source_digest, derive_on, derived_on, "
                "reached, next_on, '', 0, content, '' FROM agreement WHERE reference = 'P-13'"
            ),
        ),
        ("X-9", "another column of its row was changed"),
    ),
    "details that nest without end": Tampering(
        (f"UPDATE alert SET details = {NESTED}::jsonb WHERE id = {alert('P-13')}",),
        ("P-13", "no entry"),
        (f"UPDATE alert SET details = '{'[' * 200_000}' WHERE id = {alert('P-13')}",),
    ),
    "a row that belongs to nothing": Tampering(
        ("UPDATE finding SET agreement_id = 99999 WHERE id = (SELECT min(id) FROM finding)",), ("of finding", "99999")
    ),
    "an entry that cannot be read": Tampering(
        (f"UPDATE history SET kind = 'nonsense' WHERE id = {entry('P-13', 2)}",), ("P-13", "nonsense")
    ),
    "a deadline that cannot be read": Tampering(
        (f"UPDATE deadline SET status = 'nonsense' WHERE {deadline('P-13', 'answer')}",), ("P-13", "nonsense")
    ),
}


OF_THE_SHAPE = {
    "an index that is another": Tampering(
        (
            "DROP INDEX ix_outbox_due",
            "CREATE INDEX ix_outbox_due ON outbox (next_attempt_at) WHERE next_attempt_at IS NULL",
        ),
        ("index ix_outbox_due was altered", "IS NULL", "should be", "IS NOT NULL"),
    ),
    "an index that lets nothing in": Tampering(
        ("CREATE UNIQUE INDEX once ON alert (id, notice)",), ("index once that is not of twinflow",)
    ),
    "a constraint that is another": Tampering(
        (
            "ALTER TABLE outbox DROP CONSTRAINT ck_outbox_state",
            "ALTER TABLE outbox ADD CONSTRAINT ck_outbox_state CHECK (state IS NOT NULL)",
        ),
        ("constraint ck_outbox_state was altered", "cancelled"),
        (
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET sql = replace(sql, '''failed'', ', '') WHERE name = 'outbox'",
        ),
    ),
    "a column that may be empty": Tampering(
        ("ALTER TABLE outbox ALTER COLUMN created_at DROP NOT NULL",),
        ("column outbox.created_at was altered", "NOT NULL"),
        (
            "PRAGMA writable_schema = ON",
            (
                "UPDATE sqlite_master SET sql = replace(sql, 'created_at DATETIME NOT NULL', 'created_at DATETIME') "
                "WHERE name = 'outbox'"
            ),
        ),
    ),
    "a column added": Tampering(
        ("ALTER TABLE outbox ADD COLUMN more TEXT",), ("column outbox.more that is not of twinflow",)
    ),
    "a rule that keeps alerts out": Tampering(
        ("CREATE RULE silence AS ON INSERT TO alert DO INSTEAD NOTHING",),
        ("silence that is not of twinflow", "INSERT", "alert"),
        ("CREATE TRIGGER silence BEFORE INSERT ON alert BEGIN SELECT RAISE(IGNORE); END",),
    ),
    "numbers that rows have already": Tampering(
        ("ALTER SEQUENCE history_id_seq RESTART WITH 1",), ("history_id_seq stands at 1", "history has a row")
    ),
    "numbers that go down": Tampering(
        ("ALTER SEQUENCE alert_id_seq INCREMENT BY -1",), ("sequence alert_id_seq was altered", "by -1")
    ),
    "a database in which no trigger runs": Tampering(
        (
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica', current_database()); END $$",
        ),
        ("setting session_replication_role was altered", "replica"),
    ),
    "a table that adds its rows": Tampering(
        ("CREATE TABLE kid () INHERITS (alert)",), ("child table kid that is not of twinflow", "alert")
    ),
    "an index that is not kept up": Tampering(
        ("UPDATE pg_index SET indisready = false WHERE indexrelid = 'ix_agreement_derive_on'::regclass",),
        ("index ix_agreement_derive_on was altered", "invalid"),
    ),
    "an event trigger": Tampering(
        (
            "CREATE FUNCTION on_event() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$",
            "CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION on_event()",
        ),
        ("event trigger watching that is not of twinflow",),
    ),
    "a database that writes days otherwise": Tampering(
        ("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET datestyle = German', current_database()); END $$",),
        ("column outbox.created_at was altered",),  # the days are read all the same
    ),
    "an index with nothing in it": Tampering(
        (),
        ("the file of the database is damaged", "missing from index ix_deadline_wake_on"),
        (
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET sql = replace(sql, 'IS NOT NULL', 'IS NULL') WHERE name = 'ix_deadline_wake_on'",
            REOPENED,
            "REINDEX ix_deadline_wake_on",
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET sql = replace(sql, 'IS NULL', 'IS NOT NULL') WHERE name = 'ix_deadline_wake_on'",
        ),
    ),
    "a second version of the tables": Tampering(
        ("INSERT INTO alembic_version VALUES ('0013')",), ("the table alembic_version should have one row, and has 2",)
    ),
    "a privilege taken away": Tampering(
        ("REVOKE INSERT ON alert FROM CURRENT_USER",), ("privileges", "alert was altered", "owner INSERT")
    ),
    "a privilege given away": Tampering(
        ("GRANT UPDATE ON alert TO PUBLIC",), ("privileges", "alert was altered", "everybody UPDATE")
    ),
    "rows hidden": Tampering(
        ("ALTER TABLE outbox ENABLE ROW LEVEL SECURITY",), ("table outbox was altered", "row security")
    ),
    "a policy that hides rows": Tampering(
        ("CREATE POLICY hidden ON outbox USING (false)",), ("policy hidden that is not of twinflow", "false")
    ),
}
OF_TEXTS = {
    "a calendar under another name": Tampering(
        ("UPDATE calendar SET key = 'no-calendar' WHERE key = (SELECT max(key) FROM calendar)",),
        ("the calendar no-calendar", "is that of", "by its text"),
    ),
    "another file that is kept": Tampering(
        ("INSERT INTO kept_file (name, digest, text, kept_at) SELECT 'others', digest, text, kept_at FROM kept_file",),
        ("a file others is kept",),
    ),
    "the law of a process altered": Tampering(
        ("UPDATE process_version SET text = replace(text, 'answer', 'anwser') WHERE key = 'petition' AND version = 1",),
        ("the text of petition v1 was altered", "its digest is"),
    ),
    "the text of a process damaged": Tampering(
        ("UPDATE process_version SET text = 'nothing' WHERE key = 'progress-report'",),
        ("the text of progress-report", "cannot be read"),
    ),
    "the digest of a process altered": Tampering(
        ("UPDATE process_version SET digest = 'abc' WHERE key = 'mx/twinning'",),
        ("the text of mx/twinning", "was altered", "abc"),
    ),
    "a process gone": Tampering(
        ("DELETE FROM process_version WHERE key = 'mx/leon'",), ("the text of mx/leon", "is gone")
    ),
    "a calendar altered": Tampering(
        ("UPDATE calendar SET text = text || '# a day less' WHERE key = 'mx-labour'",),
        ("the text of the calendar mx-labour", "was altered"),
    ),
    "a calendar out of use": Tampering(
        ("UPDATE calendar SET current = false WHERE key = 'ec-public'",),
        ("the calendar ec-public has 0 editions in use",),
    ),
    "the people that are kept altered": Tampering(
        ("UPDATE kept_file SET text = replace(text, 'elena', 'helena')",), ("the file people that is kept was altered",)
    ),
}
OF_MAIL = {
    "a message that left at another time": Tampering(
        (f"UPDATE outbox SET settled_at = '2027-01-01 10:00:00.000000' WHERE id = {arrived('lucia')}",),
        (" to lucia ", "was settled at another time"),
    ),
    "a message that left to another address": Tampering(
        (f"UPDATE outbox SET sent_to = 'elsewhere@example.org' WHERE id = {arrived('rita')}",),
        (" to rita ", "to another address"),
    ),
    "a message that left with a failure": Tampering(
        (f"""UPDATE outbox SET error = '["because", {{}}]' WHERE id = {arrived("elena", 1)}""",),
        (" to elena ", "should have no failure"),
    ),
    "a message in doubt": Tampering(
        (f"UPDATE outbox SET doubtful = true WHERE id = {arrived('elena', 2)}",),
        (" to elena ", "a server had taken it before"),
    ),
    "a message in no doubt": Tampering(
        ("UPDATE outbox SET doubtful = false WHERE state = 'possible duplicate'",),
        ("is possible duplicate; ", "a server had taken it before"),
    ),
    "a message that left and is to be tried": Tampering(
        (f"UPDATE outbox SET next_attempt_at = '2027-01-01 10:00:00.000000' WHERE id = {arrived('elena', 3)}",),
        (" to elena ", "should have no next attempt"),
    ),
    "a message that left without an attempt": Tampering(
        (f"UPDATE outbox SET attempts = 0 WHERE id = {arrived('elena', 4)}",), (" to elena ", "was never tried")
    ),
    "a message that waits without end": Tampering(
        (
            (
                "INSERT INTO outbox (id, message_id, recipient, digest, state, created_at, attempts, doubtful, error, sent_to, "
                "subject, words) VALUES (5001, 'a', 'rosa', false, 'queued', '2026-09-18 10:00:00', 0, false, '', '', '', '')"
            ),
        ),
        ("message 5001 ", "is never tried"),
    ),
    "a message that waits for next year": Tampering(
        (
            (
                "INSERT INTO outbox (id, message_id, recipient, digest, state, created_at, attempts, doubtful, error, sent_to, "
                "subject, words, next_attempt_at) VALUES (5002, 'b', 'rosa', true, 'retrying', '2026-09-18 10:00:00.000000', 1, "
                "false, '', '', '', '', '2027-09-18 10:00:00.000000')"
            ),
        ),
        ("message 5002 ", "is tried only at 2027-09-18", "it should be at 2026-09"),
    ),
    "a message said to have been accepted before it was built": Tampering(
        (
            (
                "INSERT INTO outbox (id, message_id, recipient, digest, state, created_at, attempts, doubtful, error, sent_to, "
                "subject, words, settled_at) VALUES (5003, 'c', 'rosa', false, 'accepted', '2026-09-18 10:00:00.000000', 1, "
                "false, '', '', '', '', '2026-09-18 10:00:00.000000')"
            ),
        ),
        ("message 5003 ", "was never tried"),
    ),
    "a message cancelled by nobody": Tampering(
        (
            (
                "UPDATE outbox SET state = 'cancelled', settled_at = '2026-09-18 10:00:00.000000', linked = 'built', "
                f"""error = '["taken back", {{}}]' WHERE id = {arrived("elena", -1)}"""
            ),
        ),
        (" to elena ", "the history does not say by whom"),
    ),
    "a message dropped for no reason": Tampering(
        (f"UPDATE outbox SET state = 'dropped', sent_to = '' WHERE id = {arrived('sergio')}",),
        (" to sergio ", "should say why"),
    ),
    "an incident said to be told": Tampering(
        ("UPDATE outbox SET incident_at = '2026-01-01 10:00:00.000000' WHERE state = 'failed'",),
        (" to rosa ", "was told of as an incident at 2026-01-01", "no entry"),
    ),
    "an incident of what arrived": Tampering(
        (f"UPDATE outbox SET incident_at = '2026-01-01 10:00:00.000000' WHERE id = {arrived('elena', 5)}",),
        (" to elena ", "should be told of as no incident"),
    ),
    "an alert put into an old message to the same reader": Tampering(
        (f"UPDATE alert SET outbox_id = {arrived('elena', 6)} WHERE id = {alert('P-13')}",),
        (" to elena ", "was settled at 2025-1", "carries what was found at 2026"),
    ),
    "an alert of another occurrence": Tampering(
        (f"UPDATE alert SET occurrence = 77 WHERE agreement_id = {of('P-11')} AND subject = 'deadline:answer'",),
        ("P-11", "deadline:answer, number 77", "there never was"),
    ),
    "an alert said to be taken back": Tampering(
        (
            (
                "INSERT INTO released_alert (agreement_id, notice, subject, occurrence, level, recipient, stands_for, role, "
                "effective_on, recorded_at, details) SELECT agreement_id, notice, subject, occurrence, 'invented', recipient, "
                f"stands_for, role, effective_on, recorded_at, details FROM alert WHERE id = {alert('P-14')}"
            ),
        ),
        ("P-14", "invented", "said to be taken back", "no entry"),
    ),
    "an alert of a step taken back by nobody": Tampering(
        (
            (
                "INSERT INTO released_alert (agreement_id, notice, subject, occurrence, level, recipient, stands_for, role, "
                "effective_on, recorded_at, details) SELECT agreement_id, notice, subject, occurrence, level, recipient, "
                f"stands_for, role, effective_on, recorded_at, details FROM alert WHERE agreement_id = {of('P-15')} "
                "AND subject LIKE 'step:%'"
            ),
            f"DELETE FROM alert WHERE agreement_id = {of('P-15')} AND subject LIKE 'step:%'",
        ),
        ("P-15", "step:", "of a deadline alone"),
    ),
    "a message that nobody had a reason to send": Tampering(
        (
            (
                "INSERT INTO outbox (id, message_id, recipient, digest, state, created_at, attempts, first_attempt_at, doubtful, "
                "error, sent_to, subject, words, content, settled_at) SELECT 5004, 'd', recipient, false, state, created_at, "
                f"attempts, first_attempt_at, doubtful, error, sent_to, subject, words, content, settled_at FROM outbox "
                f"WHERE id = {arrived('elena', 9)}"
            ),
        ),
        ("message 5004 ", "carries no alert"),
    ),
}
OF_TIME = {
    "a message that left once more to another address": Tampering(
        (
            f"UPDATE outbox SET attempts = attempts + 1, sent_to = 'elsewhere@example.org' WHERE id = {arrived('elena', 7)}",
        ),
        (" to elena ", "was settled at another time, to another address"),
    ),
    "a message tried first after it had left": Tampering(
        (f"UPDATE outbox SET first_attempt_at = '2027-01-01 10:00:00.000000' WHERE id = {arrived('elena', 8)}",),
        (" to elena ", "tried first at 2027-01-01"),
    ),
    "an agreement said to be annulled": Tampering(
        ("UPDATE agreement SET annulled_on = '2026-01-01' WHERE reference = 'P-12'",),
        ("P-12", "it is annulled on 2026-01-01; by its history it was on –"),
    ),
    "a clock confirmed in days to come": Tampering(
        (
            (
                "INSERT INTO clock_confirmation (person, confirmed_at, last_at) "
                "VALUES ('nobody', '2036-01-01 10:00:00.000000', '2036-01-01 10:00:00.000000')"
            ),
        ),
        ("nobody", "2036-01-01", "no pass was made"),
    ),
    "another key of return paths": Tampering(
        ("UPDATE return_key SET key = 'abc'",), ("row … of return_key", "key is “…”", "a key of 64 digits")
    ),
    "a closed deadline without what it was counted from": Tampering(
        (f"UPDATE deadline SET basis = '' WHERE {deadline('P-11', 'answer')}",), ("P-11", "answer/1 does not say")
    ),
    "a closed deadline without its calendars": Tampering(
        (
            "UPDATE deadline SET edition = '' WHERE id = (SELECT min(id) FROM deadline WHERE edition <> '' AND status = 'met')",
        ),
        ("names the calendars –", "it is counted by"),
    ),
    "a deadline by calendars that there never were": Tampering(
        (f"UPDATE deadline SET edition = 'mx-labour@000000000000' WHERE {deadline('P-12', 'answer')}",),
        ("P-12", "names the calendars mx-labour@000000000000"),
    ),
    "a date said to be provisional": Tampering(
        (f"UPDATE deadline SET provisional = NOT provisional WHERE {deadline('P-14', 'answer')}",),
        ("P-14", "whether deadline answer/1 is provisional"),
    ),
    "deadlines derived on a day to come": Tampering(
        ("UPDATE agreement SET derived_on = '2030-01-01' WHERE reference = 'P-13'",),
        ("P-13", "said to be derived on 2030-01-01"),
    ),
    "a finding said to be told": Tampering(
        (
            (
                "INSERT INTO finding (agreement_id, code, subject, occurrence, found_at, told_at) SELECT id, 'dates_disagree', "
                "'signed_on', 1, '2026-09-01 10:00:00', '2026-09-01 10:00:00' FROM agreement WHERE reference = 'P-15'"
            ),
        ),
        ("P-15", "dates_disagree signed_on", "nobody was told"),
    ),
    "the clock moved ahead": Tampering(
        ("UPDATE clock SET last_pass_at = '2027-01-01 10:00:00.000000'",),
        ("the last pass", "2027-01-01", "still to come"),
    ),
    "a notice switched off that nobody can do without": Tampering(
        (
            "INSERT INTO opt_out (person, notice, off_at) VALUES ('elena', 'deadline-soon', '2026-09-01 10:00:00.000000')",
        ),
        ("elena", "deadline-soon", "nobody can switch off"),
    ),
    "what the mail is known by gone": Tampering(
        ("DELETE FROM mail_state",), ("the table mail_state should have one row",)
    ),
}
OF_POSTGRESQL = (
    "numbers that rows have already", "numbers that go down", "a database in which no trigger runs", "a table that adds its rows",
    "an index that is not kept up", "an event trigger", "a database that writes days otherwise", "a privilege taken away",
    "a privilege given away", "rows hidden", "a policy that hides rows",
)  # fmt: skip
"""What SQLite does not know."""
OF_SQLITE = ("an index with nothing in it",)
"""What PostgreSQL does not know."""
TOGETHER = {"the shape": OF_THE_SHAPE, "the texts": OF_TEXTS, "mail": OF_MAIL, "time": OF_TIME}
"""What can be done all at once, and is found all the same."""


def tamper(engine: Engine, statements: tuple[str, ...]) -> None:
    """As somebody does it who may do everything: what refuses it is switched off meanwhile, and left as it was."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))
        return
    if REOPENED in statements:
        place = statements.index(REOPENED)
        tamper(engine, statements[:place])
        tamper(engine, statements[place + 1 :])
        return
    with closing(sqlite3.connect(str(engine.url.database))) as books:
        triggers = books.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        in_the_way = [] if any("TRIGGER" in statement for statement in statements) else triggers
        for name, _ in in_the_way:
            books.execute(f"DROP TRIGGER {name}")
        for statement in (*statements, *(sql for _, sql in in_the_way)):
            books.execute(statement)
        books.commit()

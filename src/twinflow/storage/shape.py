"""Whether the tables are as the migrations left them, and every row belongs to what it names."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import ForeignKeyConstraint, Table, and_, bindparam, func, inspect, not_, or_, select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from twinflow.sentences import Sentence
from twinflow.storage.database import REVISIONS
from twinflow.storage.tables import AgreementRow, ClockRow, DeadlineRow, MailStateRow, ReturnKeyRow, SeenByRow, table_of
from twinflow.storage.writes import Repository
from twinflow.storage.written import called

AT_MOST = 20
"""How many rows of a table are named."""
MADE_NEW = Path(__file__).parent / "shape.json"
"""By the name of a database: what stands in one made new, each by its kind and name. `make shape` writes it."""
ADDED = ("child", "column", "constraint", "event_trigger", "index", "policy", "rule", "trigger")
"""Of these there may be no others; a database may have tables and functions of somebody else beside ours."""


class Shape(Repository):
    def faults_of_file(self) -> list[Sentence]:
        """What SQLite finds in its own file: a page that is no page, a row that is not in an index."""
        if self._connection.dialect.name != "sqlite":
            return []
        try:
            said = self._connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        except DBAPIError as error:  # a page so damaged that SQLite looks no further
            said = [error.orig]
        lines = [line for each in said for line in str(each).splitlines() if line != "ok"]
        faults = [Sentence("the file of the database is damaged: {what}", {"what": line}) for line in lines]
        return [*faults, *self._unreadable_tables()] if faults else []

    def _unreadable_tables(self) -> Iterator[Sentence]:
        for table in SQLModel.metadata.sorted_tables:
            try:
                for _ in self._connection.execute(select(text("*")).select_from(table)):
                    pass
            except DBAPIError as error:
                yield Sentence("the table {table} cannot be read: {why}", {"table": table.name, "why": str(error.orig)})

    def whole_tables(self) -> list[Table]:
        """Those of which no column is missing."""
        found = inspect(self._connection)
        return [
            table
            for table in SQLModel.metadata.sorted_tables
            if found.has_table(table.name)
            and {column.name for column in table.columns} <= {each["name"] for each in found.get_columns(table.name)}
        ]

    def faults_of_tables(self) -> list[Sentence]:
        """Tables and columns that are missing: what rests on them cannot be looked at."""
        found = inspect(self._connection)
        there = set(found.get_table_names())
        faults = []
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in there:
                faults.append(Sentence("the table {table} is missing", {"table": table.name}))
                continue
            columns = {each["name"] for each in found.get_columns(table.name)}
            faults += [
                Sentence("the table {table} has no column {column}", {"table": table.name, "column": column.name})
                for column in table.columns
                if column.name not in columns
            ]
        return faults

    def faults_of_definitions(self) -> Iterator[Sentence]:
        """What is missing or is another than in a database made new."""
        yield from self._of_definitions()
        yield from self._of_sequences()

    def faults_of_rows(self, tables: Sequence[Table]) -> Iterator[Sentence]:
        """Rows of these that belong to nothing, and are not as many as there should be."""
        for table in tables:
            for key in table.foreign_key_constraints:
                if key.referred_table in tables:
                    yield from self._strays(table, key)
        yield from self._of_single_rows(tables)

    def definitions(self) -> dict[str, str]:
        """Tables, columns, indexes, constraints, triggers and what else the database goes by: by kind and name, as text."""
        query = OF_SQLITE if self._connection.dialect.name == "sqlite" else OF_POSTGRESQL
        tables = [*SQLModel.metadata.tables, REVISIONS.name]
        rows = self._connection.execute(text(query).bindparams(bindparam("tables", tables, expanding=True)))
        found: dict[str, str] = {}
        for kind, name, made in rows:
            if made.startswith("CREATE TABLE"):
                found |= _parts(name, _spaced(made))
            else:
                found[f"{kind} {name}"] = _spaced(made)
        return found

    def _of_definitions(self) -> Iterator[Sentence]:
        wanted = json.loads(MADE_NEW.read_text("utf-8"))[self._connection.dialect.name]
        there = self.definitions()
        for which in sorted(wanted.keys() | there.keys()):
            kind, _, name = which.partition(" ")
            values = {"kind": KINDS[kind], "name": name, "there": there.get(which), "wanted": wanted.get(which)}
            if which not in there:
                yield Sentence("the {kind} {name} is missing: {wanted}", values)
            elif which in wanted and _bare(there[which]) != _bare(wanted[which]):
                yield Sentence("the {kind} {name} was altered: it is “{there}”, and should be “{wanted}”", values)
            elif which not in wanted and kind in ADDED:
                yield Sentence("there is a {kind} {name} that is not of twinflow: {there}", values)

    def _strays(self, table: Table, key: ForeignKeyConstraint) -> Iterator[Sentence]:
        (element,) = key.elements
        column, other = element.parent, element.column
        target = other.table.alias("target")
        belongs = select(target.c[other.name]).where(target.c[other.name] == column).exists()
        own = next(iter(table.primary_key))
        query = select(own, column).where(column.is_not(None), ~belongs).order_by(own).limit(AT_MOST)
        for row, value in self._connection.execute(query):
            values = {"table": table.name, "row": row, "other": other.table.name, "value": value}
            yield Sentence("row {row} of {table} belongs to row {value} of {other}, which is not there", values)

    def _of_sequences(self) -> Iterator[Sentence]:
        """On PostgreSQL: the numbers that rows get must be higher than any row has."""
        if self._connection.dialect.name == "sqlite":
            return
        for table, column, sequence in self._connection.execute(text(SEQUENCES)):
            behind = text(
                f"SELECT last_value, highest FROM {sequence}, (SELECT max({column}) AS highest FROM {table}) AS there "  # noqa: S608 - names of the database's own
                "WHERE last_value < highest"
            )
            for last, highest in self._connection.execute(behind):
                values = {"sequence": sequence, "last": last, "table": table, "row": highest}
                yield Sentence("the sequence {sequence} stands at {last}, and {table} has a row {row}", values)

    def _of_single_rows(self, tables: Sequence[Table]) -> Iterator[Sentence]:
        single = [table_of(row) for row in (ClockRow, MailStateRow, ReturnKeyRow)]
        for table in (*(each for each in single if each in tables), REVISIONS):
            count = self._connection.scalar(select(func.count()).select_from(table))
            if count != 1:
                values = {"table": table.name, "count": count}
                yield Sentence("the table {table} should have one row, and has {count}", values)

    def faults_of_lists(self) -> Iterator[Sentence]:
        """The first open date, by which lists are in order; an assumed one counts until it has passed."""
        agreement, deadline = table_of(AgreementRow), table_of(DeadlineRow)
        is_assumed = deadline.c.basis.contains('"assumed"', autoescape=True)
        has_passed = and_(agreement.c.derived_on.is_not(None), deadline.c.due_on < agreement.c.derived_on)
        first = (
            select(func.min(deadline.c.due_on))
            .where(deadline.c.agreement_id == agreement.c.id, deadline.c.status == "open")
            .where(not_(and_(is_assumed, has_passed)))
            .scalar_subquery()
        )
        there = func.coalesce(first, text("'9999-12-31'"))
        query = (
            select(agreement.c.id, agreement.c.reference)
            .where(agreement.c.next_on != there)
            .order_by(agreement.c.id)
            .limit(AT_MOST)
        )
        for number, reference in self._connection.execute(query):
            values = {"reference": called(number, reference)}
            yield Sentence("{reference} is listed by another date than the first that is open", values)
        yield from self._faults_of_lists_of_others()

    def _faults_of_lists_of_others(self) -> Iterator[Sentence]:
        """What stands with those who see a case of another office is what their lists are in order and narrowed by."""
        agreement, seen = table_of(AgreementRow), table_of(SeenByRow)
        differs = or_(*(seen.c[name] != agreement.c[name] for name in ("next_on", "reference", "process", "state")))
        query = select(agreement.c.id, agreement.c.reference).join(seen).where(differs).distinct()
        for number, reference in self._connection.execute(query.order_by(agreement.c.id).limit(AT_MOST)):
            values = {"reference": called(number, reference)}
            yield Sentence("{reference} is listed for other offices otherwise than it stands", values)


KINDS = {
    "child": Sentence("child table"),
    "column": Sentence("column"),
    "constraint": Sentence("constraint"),
    "event_trigger": Sentence("event trigger"),
    "function": Sentence("function"),
    "index": Sentence("index"),
    "policy": Sentence("policy"),
    "privileges": Sentence("list of privileges of the table"),
    "rule": Sentence("rule"),
    "sequence": Sentence("sequence"),
    "setting": Sentence("setting"),
    "table": Sentence("table"),
    "trigger": Sentence("trigger"),
}
OF_SQLITE = """SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name IN :tables"""
OF_POSTGRESQL = """WITH ours AS (
    SELECT * FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relname IN :tables AND relkind IN ('r', 'p')
), defined (kind, name, made) AS (
SELECT 'table', relname::text, concat_ws(' ', CASE relpersistence WHEN 'p' THEN 'logged' ELSE 'not logged' END,
    CASE WHEN relrowsecurity OR relforcerowsecurity THEN 'with row security' END) FROM ours
UNION ALL SELECT 'column', relname || '.' || attname, concat_ws(' ', format_type(atttypid, atttypmod), collname,
    CASE WHEN attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(adbin, adrelid), attidentity, attgenerated, attacl)
    FROM ours JOIN pg_attribute ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum LEFT JOIN pg_collation ON pg_collation.oid = attcollation
UNION ALL SELECT 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    || CASE WHEN indisvalid AND indisready AND indislive THEN '' ELSE ' (invalid)' END
    FROM ours JOIN pg_index ON indrelid = ours.oid
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(pg_constraint.oid)
    FROM ours JOIN pg_constraint ON conrelid = ours.oid AND contype IN ('c', 'f', 'p', 'u', 'x')
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(pg_trigger.oid) || CASE tgenabled WHEN 'O' THEN '' ELSE ' (disabled)' END
    FROM ours JOIN pg_trigger ON tgrelid = ours.oid AND (NOT tgisinternal OR tgenabled <> 'O')
UNION ALL SELECT 'rule', rulename, pg_get_ruledef(pg_rewrite.oid) FROM ours JOIN pg_rewrite ON ev_class = ours.oid
UNION ALL SELECT 'child', inhrelid::regclass::text, 'of ' || relname FROM ours JOIN pg_inherits ON inhparent = ours.oid
UNION ALL SELECT 'event_trigger', evtname, concat_ws(' ', evtevent, evtfoid::regproc) FROM pg_event_trigger
    WHERE NOT EXISTS (SELECT FROM pg_depend
        WHERE classid = 'pg_event_trigger'::regclass AND objid = pg_event_trigger.oid AND deptype = 'e')
UNION ALL SELECT 'sequence', seqrelid::regclass::text, concat_ws(' ', format_type(seqtypid, NULL), 'by', seqincrement,
    'from', seqmin, 'to', seqmax, CASE WHEN seqcycle THEN 'and again' END)
    FROM ours JOIN pg_depend ON refobjid = ours.oid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
    JOIN pg_sequence ON seqrelid = objid
UNION ALL SELECT 'setting', name, setting FROM pg_settings WHERE name = 'session_replication_role'
UNION ALL SELECT 'policy', polname, concat_ws(' ', relname, polcmd,
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
    FROM ours JOIN pg_policy ON polrelid = ours.oid
UNION ALL SELECT 'privileges', relname, string_agg(CASE WHEN grantee = relowner THEN 'owner' WHEN grantee = 0 THEN 'everybody'
    ELSE grantee::regrole::text END || ' ' || privilege_type, ', ' ORDER BY grantee <> relowner, grantee, privilege_type)
    FROM ours, aclexplode(coalesce(relacl, acldefault('r', relowner)))
    WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') OR (grantee = relowner AND privilege_type = 'SELECT')
    GROUP BY relname
UNION ALL SELECT 'function', proname, prosrc FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace
    AND proname IN ('history_refuses', 'books_refuse', 'seen_by_follows', 'agreement_is_followed')
) SELECT kind, name, replace(made, ' ' || quote_ident(current_schema()) || '.', ' ') FROM defined"""
"""Who only reads is let: all else that is granted to others than the owner is an alteration."""

SEQUENCES = """SELECT pg_class.oid::regclass::text, quote_ident(attname), seqrelid::regclass::text
    FROM pg_class JOIN pg_depend ON refobjid = pg_class.oid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
    JOIN pg_sequence ON seqrelid = objid JOIN pg_attribute ON attrelid = pg_class.oid AND attnum = refobjsubid
    WHERE relnamespace = current_schema()::regnamespace AND relname <> 'clock'"""
"""The one row of the clock is numbered by twinflow itself."""


def _spaced(made: str) -> str:
    return re.sub(r"\s+", " ", made).strip()


def _parts(table: str, made: str) -> dict[str, str]:
    """The columns and constraints of a table by its text: they stand there in no certain order."""
    found = {f"table {table}": "CREATE TABLE"}
    for part in re.findall(r"(?:[^,()]|\((?:[^()]|\([^()]*\))*\))+", made[made.index("(") + 1 : made.rindex(")")]):
        first, _, rest = part.strip().partition(" ")
        name, _, text_of_it = rest.partition(" ")
        found |= {f"constraint {name}": text_of_it} if first == "CONSTRAINT" else {f"column {table}.{first}": rest}
    return found


def _bare(made: str) -> str:
    """Without the casts and brackets that PostgreSQL adds anew each time a dump is put back."""
    return re.sub(r"::[a-z ]+(\[\])?|[()]", "", made)

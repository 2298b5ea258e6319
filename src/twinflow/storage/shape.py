"""Whether the tables are as the migrations left them, and every row belongs to what it names."""

import re
from collections.abc import Iterator

from sqlalchemy import ForeignKeyConstraint, Inspector, Table, and_, func, inspect, not_, select, text
from sqlmodel import SQLModel

from twinflow.sentences import Sentence
from twinflow.storage.tables import AgreementRow, DeadlineRow, table_of
from twinflow.storage.writes import Repository

APPEND_ONLY = {"history": "id", "link": "number", "link_item": "id", "released_alert": "id", "people_entry": "number"}
"""The tables of which the database itself refuses to change or remove a row, each with its key."""
FUNCTIONS = {
    "history_refuses": "BEGIN RAISE EXCEPTION 'history is append-only'; END",
    "books_refuse": "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END",
}
AT_MOST = 20
"""How many rows of a table are named."""


def triggers_on_sqlite() -> dict[str, str]:
    """The text of each trigger, by name."""
    found = {}
    for table, key in APPEND_ONLY.items():
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for action in ("UPDATE", "DELETE"):
            found[f"{table}_no_{action.lower()}"] = (
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} {refuse}"
            )
        is_there = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 - names of our own
        found[f"{table}_no_replace"] = f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {is_there} {refuse}"
    return found


def triggers_on_postgresql() -> dict[str, str]:
    return {
        f"{table}_append_only": (
            f"CREATE TRIGGER {table}_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION {'history_refuses' if table == 'history' else 'books_refuse'}()"
        )
        for table in APPEND_ONLY
    }


class Shape(Repository):
    def faults_of_tables(self) -> list[Sentence]:
        """Tables and columns that are missing: without them nothing else can be looked at."""
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

    def faults(self) -> Iterator[Sentence]:
        """Triggers, indexes and rules that are missing or are others; rows that belong to nothing; what lists go by."""
        found = inspect(self._connection)
        yield from self._of_triggers()
        for table in SQLModel.metadata.sorted_tables:
            yield from _of_rules(found, table)
            for key in table.foreign_key_constraints:
                yield from self._strays(table, key)
        yield from self._of_lists()

    def _of_triggers(self) -> Iterator[Sentence]:
        is_sqlite = self._connection.dialect.name == "sqlite"
        wanted = triggers_on_sqlite() if is_sqlite else triggers_on_postgresql()
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'" if is_sqlite else OF_POSTGRESQL
        there = {name: _spaced(sql) for name, sql in self._connection.execute(text(query))}
        for name in sorted(wanted.keys() - there.keys()):
            yield Sentence("the trigger {trigger} is missing: what it refuses can be done", {"trigger": name})
        for name in sorted(wanted.keys() & there.keys()):
            if there[name] != wanted[name]:
                yield Sentence("the trigger {trigger} was altered: {sql}", {"trigger": name, "sql": there[name]})
        for name in sorted(there.keys() - wanted.keys()):
            yield Sentence(
                "there is a trigger {trigger} that is not of twinflow: {sql}", {"trigger": name, "sql": there[name]}
            )
        if not is_sqlite:
            bodies = {name: _spaced(body) for name, body in self._connection.execute(text(OF_FUNCTIONS))}
            for name, body in FUNCTIONS.items():
                if bodies.get(name) != body:
                    yield Sentence(
                        "the trigger {trigger} was altered: {sql}", {"trigger": name, "sql": bodies.get(name)}
                    )

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

    def _of_lists(self) -> Iterator[Sentence]:
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
            select(agreement.c.reference).where(agreement.c.next_on != there).order_by(agreement.c.id).limit(AT_MOST)
        )
        for reference in self._connection.scalars(query):
            yield Sentence(
                "{reference} is listed by another date than the first that is open", {"reference": reference}
            )


OF_POSTGRESQL = """SELECT tgname, replace(pg_get_triggerdef(oid), ' ' || current_schema() || '.', ' ')
    || CASE tgenabled WHEN 'O' THEN '' ELSE ' (disabled)' END
    FROM pg_trigger WHERE NOT tgisinternal"""
OF_FUNCTIONS = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"


def _of_rules(found: Inspector, table: Table) -> Iterator[Sentence]:
    indexes = {each["name"] for each in found.get_indexes(table.name)}
    for index in sorted(str(each.name) for each in table.indexes):
        if index not in indexes:
            yield Sentence("the index {index} is missing", {"index": index})
    checks = {each["name"] for each in found.get_check_constraints(table.name)}
    uniques = {each["name"] for each in found.get_unique_constraints(table.name)}
    keys = {each["name"] for each in found.get_foreign_keys(table.name)}
    for rule in sorted(table.constraints, key=lambda each: str(each.name)):
        there = {"CheckConstraint": checks, "UniqueConstraint": uniques, "ForeignKeyConstraint": keys}
        names = there.get(type(rule).__name__)
        if names is not None and rule.name is not None and str(rule.name) not in names:
            yield Sentence(
                "the rule {rule} of the table {table} is missing", {"rule": str(rule.name), "table": table.name}
            )


def _spaced(sql: str) -> str:
    return re.sub(r"\s+", " ", sql).strip()

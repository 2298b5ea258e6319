"""The chain over all agreements and messages: a link for what has changed since the last."""

from datetime import datetime

from sqlalchemy import bindparam, func, insert, literal_column, or_, select, text, update
from sqlmodel import col

from twinflow.domain.agreement.proving import link_seal
from twinflow.domain.agreement.seals import Head, instant_written
from twinflow.domain.mail.proving import linked_as
from twinflow.storage.prepared import Prepared
from twinflow.storage.readable import IsTime
from twinflow.storage.tables import CHANGED, NOT_LINKED, OF_PEOPLE, LinkItemRow, LinkRow, PeopleEntryRow, table_of
from twinflow.storage.writes import Repository
from twinflow.storage.written import AGREEMENT, FIXED, ITEM, LINK, ONCE_BUILT, OUTBOX, message_content, plain, truth

AT_ONCE = 2_000
"""How many agreements, and messages, a link holds at most: what is in memory does not grow with the books."""
PEOPLE = table_of(PeopleEntryRow)
OF_LINK = (*FIXED, *ONCE_BUILT, "settled_at", "sent_to", "error", "state", "attempts")
LINKS = 0x7477696C
"""The advisory lock of whoever adds a link."""
OF_AGREEMENTS = select(AGREEMENT.c.id).where(text(CHANGED))
OF_MESSAGES = select(OUTBOX.c.id).where(text(NOT_LINKED))
LINKED_PEOPLE = select(func.coalesce(func.max(ITEM.c.entries), 0)).where(text(OF_PEOPLE)).scalar_subquery()
LATER_PEOPLE = select(PEOPLE.c.number, PEOPLE.c.seal).where(PEOPLE.c.number > LINKED_PEOPLE)
LAST_PEOPLE = LATER_PEOPLE.order_by(PEOPLE.c.number.desc()).limit(1)
ANYTHING = Prepared(
    select(literal_column("1")).where(OF_AGREEMENTS.exists() | OF_MESSAGES.exists() | LATER_PEOPLE.exists())
)
LAST = Prepared(select(LINK.c.number, LINK.c.seal, LINK.c.at).order_by(LINK.c.number.desc()).limit(1))


class Links(Repository):
    def is_behind(self) -> bool:
        """Whether anything has changed since the last link."""
        return bool(ANYTHING.rows(self._connection, {}))

    def head(self) -> Head:
        """The last link: its seal and its number."""
        rows = LAST.rows(self._connection, {})
        return Head(rows[0][1], rows[0][0]) if rows else Head()

    def last_at(self) -> datetime | None:
        """When the last link was made (UTC)."""
        rows = LAST.rows(self._connection, {})
        return rows[0][2] if rows else None

    def add(self, now: datetime) -> bool:
        """Add a link of what has changed and nobody else has in hand; whether there was anything."""
        connection = self._connection
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(LINKS)))
        agreements = connection.execute(
            select(AGREEMENT.c.id, AGREEMENT.c.entries, AGREEMENT.c.seal, AGREEMENT.c.content)
            .where(text(CHANGED))
            .order_by(AGREEMENT.c.id)
            .limit(AT_ONCE)
            .with_for_update(key_share=True, skip_locked=True)
        ).all()
        messages = connection.execute(
            select(OUTBOX.c.id, *(OUTBOX.c[name] for name in OF_LINK), *plain(OUTBOX, "doubtful"))
            .where(text(f"({NOT_LINKED})"), IsTime(OUTBOX.c.created_at))  # one that cannot be read keeps no other out
            .where(or_(OUTBOX.c.settled_at.is_(None), IsTime(OUTBOX.c.settled_at)))
            .order_by(OUTBOX.c.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        people = connection.execute(LAST_PEOPLE).all()
        if not agreements and not messages and not people:
            return False
        head = self.head()
        number = head.entries + 1
        items: list[list[object]] = [[row.id, "", "", row.entries, row.seal, row.content] for row in agreements]
        items += [[None, "", "people", row.number, row.seal, ""] for row in people]
        as_what = {}
        for row in messages:
            is_built = row.content is not None
            state = linked_as(row.state, is_settled=row.settled_at is not None, is_built=is_built)
            fixed = [row.message_id, row.recipient, row.digest, instant_written(row.created_at)]
            built = [row.subject, row.words, row.content] if state != "new" and is_built else None
            settled = None
            if row.settled_at is not None:
                settled = [instant_written(row.settled_at), row.sent_to, row.error, truth(row[-1])]
            items.append([None, row.message_id, state, row.attempts, "", message_content(fixed, built, settled)])
            as_what[row.id] = state
        seal = link_seal(head.seal, number, instant_written(now), items)
        connection.execute(insert(LinkRow).values(number=number, at=now, seal=seal))
        names = ("agreement_id", "message_id", "state", "entries", "seal", "content")
        connection.execute(
            insert(LinkItemRow), [{"link": number, **dict(zip(names, each, strict=True))} for each in items]
        )
        if agreements:
            linked = update(AGREEMENT).where(AGREEMENT.c.id == bindparam("row")).values(linked=bindparam("as_what"))
            connection.execute(linked, [{"row": row.id, "as_what": row.seal + row.content} for row in agreements])
        if as_what:
            linked = update(OUTBOX).where(col(OUTBOX.c.id) == bindparam("row")).values(linked=bindparam("as_what"))
            connection.execute(linked, [{"row": row, "as_what": state} for row, state in as_what.items()])
        return True

"""Messages as rows: the digests and urgent mails to each person. Claims are conditional updates that expire."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import Boolean, and_, bindparam, case, func, or_, text, update
from sqlalchemy.dialects import postgresql
from sqlmodel import col, select

from twinflow.domain.calendar.office_hours import OfficeHours
from twinflow.domain.mail.message import (
    INCIDENTS,
    NOTHING_LEFT,
    ClaimedMessage,
    Message,
    MessageState,
    OutboxMessage,
    Settlement,
)
from twinflow.domain.mail.planned_anew import Planned
from twinflow.errors import NotFound, reason
from twinflow.sentences import Sentence, packed, unpacked
from twinflow.storage.failures import is_of_a_row, one_by_one
from twinflow.storage.prepared import Prepared, values_given
from twinflow.storage.readable import IsTime
from twinflow.storage.tables import LAST_ROW, AlertRow, OutboxRow, table_of
from twinflow.storage.writes import Repository, Writes

AT_ONCE = 5_000
"""SQLite takes 32,766 values in a statement."""

DIGESTS = 0x7477696E
"""The advisory lock of those who write into digests."""

CLAIMED = [
    getattr(OutboxRow, field.name if field.name != "lease_until" else "next_attempt_at")
    for field in fields(ClaimedMessage)
]
BUILT = [field.name for field in fields(Message)]


OUTBOX = table_of(OutboxRow)
NEW = {name: each.get_default() for name, each in OutboxRow.model_fields.items() if name != "id"}
ADD = Prepared(sqlalchemy.insert(OUTBOX).values(values_given(OutboxRow)).returning(OUTBOX.c.id))
LAST_DIGEST = Prepared(
    sqlalchemy.select(func.max(OUTBOX.c.digest_on)).where(
        OUTBOX.c.recipient == bindparam("recipient"), IsTime(OUTBOX.c.digest_on)
    )
)
_upsert = postgresql.insert(OUTBOX)  # both databases spell it alike
OPEN_DIGEST = Prepared(
    _upsert.values(values_given(OutboxRow))
    .on_conflict_do_update(
        index_elements=["recipient"],
        index_where=text("digest AND state = 'queued'"),
        set_={"recipient": _upsert.excluded.recipient},
    )
    .returning(OUTBOX.c.id)
)


class DueMessage(NamedTuple):
    """A message whose time has come, if its reader's office is open or it is urgent."""

    id: int
    recipient: str
    digest: bool
    digest_on: date | None


class Outbox(Repository):
    def __init__(self, writes: Writes) -> None:
        super().__init__(writes)
        self._digests: dict[str, int] = {}

    def opened_digest(self, recipient: str) -> int | None:
        """The digest that this transaction has opened for the person before."""
        return self._digests.get(recipient)

    def open_digest(self, recipient: str, message_id: str, now: datetime, hours: OfficeHours) -> int:
        """The queued digest of the person, else a new one (`message_id`) for the reader's next morning; held until the commit.

        A mailer that wants to claim it meanwhile waits, so no alert joins a message that is already gone.
        """
        self.hold_digests()
        connection = self._writes.connection
        ((last,),) = LAST_DIGEST.rows(connection, {"recipient": recipient})
        planned = hours.next_digest(now, last)
        new = _new_message(recipient, message_id, now, digest=True)
        if planned is not None:
            new["digest_on"], new["next_attempt_at"] = planned
        ((outbox_id,),) = OPEN_DIGEST.rows(connection, new)
        self._digests[recipient] = int(outbox_id)
        return self._digests[recipient]

    def add_message(self, recipient: str, message_id: str, now: datetime) -> int:
        """A message of its own, to be sent at once."""
        ((outbox_id,),) = ADD.rows(self._writes.connection, _new_message(recipient, message_id, now, digest=False))
        return int(outbox_id)

    def due(self, now: datetime, limit: int) -> list[DueMessage]:
        """The messages whose time has come, the urgent ones first; held until the transaction ends, and none that is held.

        One that cannot be read is given up, which counts as an attempt, so that it is an incident.
        """
        order = (col(OutboxRow.digest), col(OutboxRow.next_attempt_at), col(OutboxRow.id))
        come = col(OutboxRow.next_attempt_at) <= now
        try:
            return self._due(lambda query: query.where(come).order_by(*order).limit(limit))
        except Exception as error:
            if not is_of_a_row(error):
                raise
        ids = self._connection.scalars(select(OutboxRow.id).where(come).order_by(*order).limit(limit))
        found = one_by_one(
            lambda few: self._due(lambda query: query.where(col(OutboxRow.id).in_(few)).order_by(*order)),
            [each for each in ids if each is not None],
            lambda outbox_id, error: self._give_up(outbox_id, error, now),
        )
        return [each for each in found if each is not None]

    def _give_up(self, outbox_id: int, error: Exception, now: datetime) -> None:
        why = Sentence("Message {id} cannot be read: {why}", {"id": outbox_id, "why": reason(error)})
        self.change(outbox_id, MessageState.FAILED, why, now)
        counted = update(OutboxRow).values(attempts=col(OutboxRow.attempts) + 1)
        self._connection.execute(counted.where(col(OutboxRow.id) == outbox_id))

    def _due(self, narrowed: Callable[[Any], Any]) -> list[DueMessage]:
        """With the times that a claim reads too."""
        names = (*DueMessage._fields, "created_at", "first_attempt_at")
        query = narrowed(select(*(getattr(OutboxRow, name) for name in names))).with_for_update(skip_locked=True)
        return [DueMessage(*row[: len(DueMessage._fields)]) for row in self._connection.execute(query)]

    def take_day(self, digest: DueMessage, day: date, following: tuple[date, datetime]) -> bool:
        """Make the digest that of `day`; one planned for it that waits moves to `following`. False if another was tried on it."""
        if digest.digest_on is None or digest.digest_on >= day:
            return True
        of_day = (col(OutboxRow.recipient) == digest.recipient, col(OutboxRow.digest_on) == day)
        waits = col(OutboxRow.state) == MessageState.QUEUED.value
        following_on, following_at = following
        move = update(OutboxRow).where(*of_day, waits).values(digest_on=following_on, next_attempt_at=following_at)
        self._connection.execute(move)
        if self._connection.execute(select(OutboxRow.id).where(*of_day)).first() is not None:
            return False
        self._connection.execute(update(OutboxRow).where(col(OutboxRow.id) == digest.id).values(digest_on=day))
        return True

    def put_off(self, until: Mapping[int, datetime]) -> None:
        """Look at these messages again when their readers' offices open."""
        rows = [{"row": outbox_id, "at": at} for outbox_id, at in until.items()]
        if rows:
            statement = update(OutboxRow).where(col(OutboxRow.id) == bindparam("row"))
            self._connection.execute(statement.values(next_attempt_at=bindparam("at")), rows)

    def claim(self, ids: Sequence[int], now: datetime, lease_until: datetime) -> list[ClaimedMessage]:
        """Take due messages until `lease_until`: a mailer that dies gives them back by then. What others took is left out.

        A message whose lease ended after it was built may have reached the server.
        """
        leased = and_(col(OutboxRow.state) == MessageState.LEASED.value, col(OutboxRow.content).is_not(None))
        names = [column.name for column in CLAIMED]
        statement = (
            update(OutboxRow)
            .where(col(OutboxRow.id).in_(ids), col(OutboxRow.next_attempt_at) <= now)
            .values(
                next_attempt_at=lease_until,
                state=MessageState.LEASED.value,
                attempts=col(OutboxRow.attempts) + 1,
                first_attempt_at=func.coalesce(OutboxRow.first_attempt_at, now),
                doubtful=or_(col(OutboxRow.doubtful), leased),
            )
            .returning(*CLAIMED)
        )
        found = [dict(zip(names, row, strict=True)) for row in self._connection.execute(statement)]
        order = {outbox_id: place for place, outbox_id in enumerate(ids)}
        found.sort(key=lambda values: order[values["id"]])
        return [ClaimedMessage(lease_until=values.pop("next_attempt_at"), **values) for values in found]

    def keep_content(self, built: Mapping[int, Message]) -> None:
        """The messages as built: retries send these bytes, and they prove what was said and by which words."""
        rows = [
            {"row": key, **{f"new_{name}": getattr(one, name) for name in BUILT}} for key, one in sorted(built.items())
        ]
        if rows:
            statement = update(OutboxRow).where(col(OutboxRow.id) == bindparam("row"))
            values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in BUILT}
            self._connection.execute(statement.values(**values), rows)

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        """Write what became of attempts. Who claimed a message later has the last word: an ended lease settles nothing."""
        rows = [
            {
                "row": each.claimed.id,
                "attempt": each.claimed.attempts,
                "new_state": each.state.value,
                "new_error": packed(each.error) if each.error else "",
                "new_sent_to": each.sent_to,
                "new_doubtful": each.claimed.doubtful or each.doubtful,
                "new_next": each.next_attempt_at,
                "unbuilt": each.unbuilt,
                "new_settled": None if each.next_attempt_at is not None else now,
            }
            for each in sorted(
                settlements, key=lambda each: each.claimed.id
            )  # in one order, so no two wait for each other
        ]
        if rows:
            statement = update(OutboxRow).where(
                col(OutboxRow.id) == bindparam("row"),
                col(OutboxRow.attempts) == bindparam("attempt"),
                col(OutboxRow.state) == MessageState.LEASED.value,
            )
            values: dict[str, Any] = {
                "state": bindparam("new_state"),
                "error": bindparam("new_error"),
                "sent_to": bindparam("new_sent_to"),
                "doubtful": bindparam("new_doubtful"),
                "next_attempt_at": bindparam("new_next"),
                "settled_at": bindparam("new_settled"),
                "content": case((bindparam("unbuilt", type_=Boolean()), None), else_=OutboxRow.content),
            }
            self._connection.execute(statement.values(**values), rows)

    def give_back(self, claimed: Sequence[ClaimedMessage], now: datetime) -> None:
        """Messages that no server heard of, as they were before they were claimed. Only one digest of a person can be open."""
        self.hold_digests()
        for message in claimed:
            other = select(OutboxRow.id).where(
                OutboxRow.recipient == message.recipient, col(OutboxRow.digest), OutboxRow.state == "queued"
            )
            is_open = message.content is None and not (message.digest and self._connection.execute(other).first())
            self._connection.execute(
                update(OutboxRow)
                .where(
                    col(OutboxRow.id) == message.id,
                    col(OutboxRow.attempts) == message.attempts,
                    col(OutboxRow.state) == MessageState.LEASED.value,
                )
                .values(
                    state=(MessageState.QUEUED if is_open else MessageState.RETRYING).value,
                    attempts=message.attempts - 1,
                    next_attempt_at=now,
                    content=message.content,
                    doubtful=message.doubtful,
                )
            )

    def untold_incidents(self) -> list[int]:
        """The messages that reached nobody, of which nobody was told yet."""
        query = select(OutboxRow.id).where(
            col(OutboxRow.state).in_([state.value for state in INCIDENTS]), col(OutboxRow.incident_at).is_(None)
        )
        return [found for found in self._connection.scalars(query.order_by(col(OutboxRow.id))) if found is not None]

    def mark_incident(self, outbox_id: int, now: datetime) -> bool:
        """Whoever writes the mark tells of the incident; False if somebody has done so."""
        changed = self._connection.execute(
            update(OutboxRow)
            .where(
                col(OutboxRow.id) == outbox_id,
                col(OutboxRow.state).in_([state.value for state in INCIDENTS]),
                col(OutboxRow.incident_at).is_(None),
            )
            .values(incident_at=now)
        )
        return bool(changed.rowcount == 1)

    def planned_beyond(self, now: datetime, day: date) -> list[Planned]:
        """What is to be tried later than `now`, and the digests of mornings later than `day`; held until the transaction ends.

        Without what cannot be read: that is given up when its time comes.
        """
        beyond = or_(col(OutboxRow.next_attempt_at) > now, col(OutboxRow.digest_on) > day)
        found = select(OutboxRow.id).where(beyond).order_by(col(OutboxRow.id)).with_for_update()
        ids = [each for each in self._connection.scalars(found) if each is not None]
        planned: list[Planned | None] = []
        for start in range(0, len(ids), AT_ONCE):
            planned += one_by_one(self._planned, ids[start : start + AT_ONCE], lambda _id, _error: None)
        return [each for each in planned if each is not None]

    def _planned(self, ids: Sequence[int]) -> list[Planned]:
        query = select(*(getattr(OutboxRow, field.name) for field in fields(Planned))).where(col(OutboxRow.id).in_(ids))
        return [Planned(*row) for row in self._connection.execute(query.order_by(col(OutboxRow.id)))]

    def drop_empty(self, now: datetime) -> None:
        """What waits and tells of nothing any more will not be sent."""
        tells = select(AlertRow.id).where(col(AlertRow.outbox_id) == OutboxRow.id).exists()
        self._connection.execute(
            update(OutboxRow)
            .where(col(OutboxRow.state) == MessageState.QUEUED.value, ~tells)
            .values(
                state=MessageState.DROPPED.value,
                settled_at=now,
                next_attempt_at=None,
                digest_on=None,
                error=packed(NOTHING_LEFT),
            )
        )

    def plan(self, planned: Sequence[Planned]) -> None:
        """Change the times of these, in this order."""
        for each in planned:
            self._connection.execute(
                update(OutboxRow)
                .where(col(OutboxRow.id) == each.id)
                .values(
                    digest_on=each.digest_on,
                    first_attempt_at=each.first_attempt_at,
                    next_attempt_at=each.next_attempt_at,
                )
            )

    def hold_digests(self) -> None:
        """On PostgreSQL one transaction at a time writes into digests or claims them: in another order two would deadlock."""
        connection = self._writes.connection
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(DIGESTS)))

    def messages(self, states: Iterable[str] = (), outbox_id: int | None = None) -> list[OutboxMessage]:
        """All messages, those in some states, or one, oldest first."""
        wanted: list[Any] = []
        if in_states := list(states):
            wanted.append(col(OutboxRow.state).in_(in_states))
        if outbox_id is not None:
            wanted.append(OutboxRow.id == outbox_id)
        try:
            return self._messages(*wanted)
        except Exception as error:
            if not is_of_a_row(error):
                raise
        ids = self._connection.scalars(select(OutboxRow.id).where(*wanted).order_by(col(OutboxRow.id)))
        return one_by_one(
            lambda few: self._messages(col(OutboxRow.id).in_(few)),
            [each for each in ids if each is not None],
            self._stub,
        )

    def _messages(self, *wanted: Any) -> list[OutboxMessage]:
        names = [field.name for field in fields(OutboxMessage)]
        query = select(*(getattr(OutboxRow, name) for name in names)).where(*wanted).order_by(col(OutboxRow.id))
        at = names.index("error")
        rows = [list(row) for row in self._connection.execute(query)]
        for row in rows:
            row[at] = unpacked(row[at]) if row[at] else None
        return [OutboxMessage(*row) for row in rows]

    def _stub(self, outbox_id: int, error: Exception) -> OutboxMessage:
        """What is sure of a message that cannot be read."""
        names = ("message_id", "recipient", "digest", "state", "attempts")
        query = select(*(getattr(OutboxRow, name) for name in names)).where(OutboxRow.id == outbox_id)
        return OutboxMessage(
            id=outbox_id,
            **dict(zip(names, self._connection.execute(query).one(), strict=True)),
            digest_on=None,
            created_at=datetime.min.replace(tzinfo=UTC),
            first_attempt_at=None,
            next_attempt_at=None,
            settled_at=None,
            doubtful=False,
            error=Sentence("Message {id} cannot be read: {why}", {"id": outbox_id, "why": reason(error)}),
            sent_to="",
            subject="",
            words="",
        )

    def message(self, outbox_id: int) -> OutboxMessage:
        """One message, held until the transaction ends. Raises NotFound."""
        _check_number(outbox_id)
        self._connection.execute(select(OutboxRow.id).where(OutboxRow.id == outbox_id).with_for_update())
        found = self.messages(outbox_id=outbox_id)
        if not found:
            raise NotFound("There is no message {id}.", id=outbox_id)
        return found[0]

    def id_of(self, message_id: str) -> int | None:
        """The message with this Message-ID (what stands before the @); None if there is none."""
        return self._connection.scalars(select(OutboxRow.id).where(OutboxRow.message_id == message_id)).first()

    def counts(self) -> dict[str, int]:
        """How many messages are in each state."""
        query = select(OutboxRow.state, func.count()).group_by(OutboxRow.state)
        return dict(self._connection.execute(query).all())

    def content(self, outbox_id: int) -> bytes | None:
        """The message as built, None if it has not been. Raises NotFound."""
        _check_number(outbox_id)
        found = self._connection.execute(select(OutboxRow.content).where(OutboxRow.id == outbox_id)).first()
        if found is None:
            raise NotFound("There is no message {id}.", id=outbox_id)
        content: bytes | None = found[0]
        return content

    def change(
        self, outbox_id: int, state: MessageState, error: Sentence | None, now: datetime, *, again: bool = False
    ) -> None:
        """Put a message into another state by hand or by a report. `again`: it is tried anew, for 72 hours from now."""
        values: dict[str, object] = {"state": state.value, "settled_at": None if again else now}
        values["error"] = packed(error) if error else ""
        values["next_attempt_at"] = now if again else None
        values["incident_at"] = None
        if again:
            values["first_attempt_at"] = None
        if state is MessageState.CANCELLED:  # the morning is free for what is found from now on
            values["digest_on"] = None
        self._connection.execute(update(OutboxRow).where(col(OutboxRow.id) == outbox_id).values(**values))


def _check_number(outbox_id: int) -> None:
    """Raises NotFound for what is no number of a row, which the database would not be asked for."""
    if not 0 < outbox_id <= LAST_ROW:
        raise NotFound("There is no message {id}.", id=outbox_id)


def _new_message(recipient: str, message_id: str, now: datetime, *, digest: bool) -> dict[str, object]:
    return NEW | {
        "message_id": message_id,
        "recipient": recipient,
        "digest": digest,
        "state": "queued",
        "created_at": now,
        "attempts": 0,
        "next_attempt_at": now,
        "error": "",
        "subject": "",
    }

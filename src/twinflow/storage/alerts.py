"""Alerts as rows: what was told to whom, once, and what each message tells."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, literal, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from twinflow.domain.agreement.agreement import Deadline, DeadlineStatus
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.alerts import Alert
from twinflow.domain.alerts.recipients import AlreadyTold
from twinflow.domain.deadlines.warnings import LevelKey
from twinflow.domain.mail.message import MessageState
from twinflow.domain.people.viewer import Viewer
from twinflow.errors import UnreadableAgreement, reason, unreadable
from twinflow.storage.deadlines import deadline_of
from twinflow.storage.failures import is_of_a_row, one_by_one
from twinflow.storage.prepared import OfAgreements, Prepared, adding
from twinflow.storage.tables import AgreementRow, AlertRow, DeadlineRow, OutboxRow, ReleasedAlertRow, table_of
from twinflow.storage.visibility import visible_id
from twinflow.storage.writes import Repository

OF_AGREEMENT = (
    "reference",
    "title",
    "office",
    "state",
    "process",
    "process_version",
    "process_digest",
    "tracked_from",
)
OF_ALERT = (
    "notice", "subject", "occurrence", "level", "role", "stands_for", "effective_on", "recorded_at", "details",
)  # fmt: skip
ALERT = table_of(AlertRow)
OF_RELEASED = tuple(each.name for each in table_of(ReleasedAlertRow).columns if each.name != "id")
OF_TOLD = ("subject", "occurrence", "level", "recipient", "stands_for", "effective_on")
_told = sqlalchemy.select(*(ALERT.c[name] for name in OF_TOLD)).order_by(ALERT.c.id)
TOLD = OfAgreements(lambda which: _told.add_columns(ALERT.c.agreement_id).where(which(ALERT.c.agreement_id)))
TOLD_OF_SUBJECT = Prepared(
    _told.where(*(ALERT.c[name] == bindparam(f"of_{name}") for name in ("agreement_id", "subject", "occurrence")))
)
ADD = adding(AlertRow)
DeadlineKey = tuple[int, str, int]
"""Agreement, rule and occurrence."""
NOT_TOLD = (DeadlineStatus.MET.value, DeadlineStatus.VOID.value)


@dataclass(frozen=True, slots=True)
class NewAlert:
    """What one person is told, apart from the agreement and the occurrence; `outbox_id` is the message that carries it."""

    outbox_id: int
    notice: str
    subject: AlertSubject
    level: str
    recipient: str
    stands_for: str
    role: str
    effective_on: date
    recorded_at: datetime
    details: Mapping[str, str]


class UnreadableAlert(NamedTuple):
    """In the place of an alert whose row, or whose agreement's, cannot be read."""

    alert_id: int
    outbox_id: int
    agreement_id: int
    error: UnreadableAgreement


class Alerts(Repository):
    def told(self, agreement_id: int, subject: AlertSubject, occurrence: int) -> AlreadyTold:
        """What was told of one subject."""
        about = {"of_agreement_id": agreement_id, "of_subject": str(subject), "of_occurrence": occurrence}
        if self._writes.is_waiting(ADD):
            self._writes.flush()
        return _already_told(TOLD_OF_SUBJECT.rows(self._writes.connection, about))

    def all_told(self, ids: Sequence[int]) -> dict[int, dict[tuple[AlertSubject, int], AlreadyTold]]:
        """What was told of agreements, by agreement, subject and occurrence."""
        rows: dict[int, dict[tuple[str, int], list[Sequence[Any]]]] = {number: defaultdict(list) for number in ids}
        for *row, number in TOLD.rows(self._connection, ids):
            rows[number][row[0], row[1]].append(row)
        return {
            number: {(AlertSubject.parse(text), each): _already_told(found) for (text, each), found in told.items()}
            for number, told in rows.items()
        }

    def add(self, alert: NewAlert, about: Sequence[tuple[int, int]]) -> None:
        """The alert about each of these (agreement, occurrence)."""
        self._writes.add(
            ADD, *({"agreement_id": number, "occurrence": occurrence, **_values(alert)} for number, occurrence in about)
        )

    def add_about(self, alert: NewAlert, deadlines: Sequence[int]) -> None:
        """The alert about each of these rows of deadlines, by a single statement."""
        columns = ALERT.columns
        given = {name: literal(value, columns[name].type).label(name) for name, value in _values(alert).items()}
        chosen = select(col(DeadlineRow.agreement_id), col(DeadlineRow.occurrence), *given.values()).where(
            col(DeadlineRow.id).in_(deadlines)
        )
        self._connection.execute(insert(AlertRow).from_select(["agreement_id", "occurrence", *given], chosen))

    def readers_since(self, agreement_id: int, instant: datetime) -> dict[str, str]:
        """Who was told anything of an agreement since an instant (UTC), each with the role they were told in last."""
        query = select(AlertRow.recipient, AlertRow.role).where(
            AlertRow.agreement_id == agreement_id, col(AlertRow.recorded_at) >= instant
        )
        return dict(self._connection.execute(query.order_by(col(AlertRow.id))).all())

    def agreements_of(self, outbox_id: int) -> list[tuple[int, str]]:
        """The agreements that a message tells of, each with the role that its reader was told in."""
        query = select(AlertRow.agreement_id, AlertRow.role).where(AlertRow.outbox_id == outbox_id)
        return list(dict(self._connection.execute(query.order_by(col(AlertRow.id).desc())).all()).items())

    def telling_of_unseen(self, viewer: Viewer) -> set[str]:
        """The Message-IDs (what stands before the @) of messages that tell of an agreement that the viewer does not see."""
        if viewer.sees_everything:
            return set()
        query = select(OutboxRow.message_id).join(AlertRow, col(AlertRow.outbox_id) == OutboxRow.id)
        return set(self._connection.scalars(query.where(~visible_id(viewer, ALERT.c.agreement_id))))

    def of_messages(self, outbox_ids: Sequence[int]) -> list[Alert | UnreadableAlert]:
        """What the messages tell, oldest first."""
        wanted = col(AlertRow.outbox_id).in_(outbox_ids)
        try:
            return list(self._alerts(wanted))
        except Exception as error:
            if not is_of_a_row(error):
                raise
        query = select(AlertRow.id).where(wanted).order_by(col(AlertRow.id))
        ids = [found for found in self._connection.scalars(query) if found is not None]
        return one_by_one(lambda few: self._alerts(col(AlertRow.id).in_(few)), ids, self._unreadable_alert)

    def _unreadable_alert(self, alert_id: int, error: Exception) -> UnreadableAlert:
        query = select(AlertRow.outbox_id, AlertRow.agreement_id, AgreementRow.reference)
        joined = query.join(AgreementRow, col(AgreementRow.id) == AlertRow.agreement_id)
        outbox_id, agreement_id, reference = self._connection.execute(joined.where(AlertRow.id == alert_id)).one()
        return UnreadableAlert(alert_id, outbox_id, agreement_id, unreadable(reference, reason(error)))

    def _alerts(self, wanted: ColumnElement[bool]) -> list[Alert]:
        keys = [getattr(AlertRow, name) for name in ("id", "outbox_id", "agreement_id")]
        head = [getattr(AgreementRow, name) for name in OF_AGREEMENT]
        rest = [getattr(AlertRow, name) for name in OF_ALERT]
        query = (
            select(*keys, *head, *rest)
            .join(AgreementRow, col(AgreementRow.id) == AlertRow.agreement_id)
            .where(wanted)
            .order_by(col(AlertRow.id))
        )
        at = len(keys) + len(head) + OF_ALERT.index("subject")
        rows = self._connection.execute(query)
        return [Alert(*(*row[:at], AlertSubject.parse(row[at]), *row[at + 1 :])) for row in rows]

    def deadlines_told(self, outbox_ids: Sequence[int]) -> dict[DeadlineKey, Deadline | Exception]:
        """The deadlines, neither met nor void, of the agreements that the messages tell of; or why one cannot be read."""
        told = select(AlertRow.agreement_id).where(col(AlertRow.outbox_id).in_(outbox_ids))
        wanted = (col(DeadlineRow.agreement_id).in_(told), col(DeadlineRow.status).not_in(NOT_TOLD))
        try:
            return dict(self._deadlines(*wanted))
        except Exception as error:
            if not is_of_a_row(error):
                raise
        ids = [found for found in self._connection.scalars(select(DeadlineRow.id).where(*wanted)) if found is not None]
        return dict(one_by_one(lambda few: self._deadlines(col(DeadlineRow.id).in_(few)), ids, self._unreadable))

    def _deadlines(self, *wanted: ColumnElement[bool]) -> list[tuple[DeadlineKey, Deadline | Exception]]:
        rows = self._connection.execute(sqlalchemy.select(*table_of(DeadlineRow).columns).where(*wanted))
        return [((row.agreement_id, row.rule, row.occurrence), deadline_of(row)) for row in rows]

    def _unreadable(self, row: int, error: Exception) -> tuple[DeadlineKey, Deadline | Exception]:
        key = select(DeadlineRow.agreement_id, DeadlineRow.rule, DeadlineRow.occurrence).where(DeadlineRow.id == row)
        agreement_id, rule, occurrence = self._connection.execute(key).one()
        return (agreement_id, rule, occurrence), error

    def move(self, alert_id: int, outbox_id: int) -> None:
        """Let another message tell it."""
        self._connection.execute(update(AlertRow).where(col(AlertRow.id) == alert_id).values(outbox_id=outbox_id))

    def withdrawn(self, outbox_ids: Sequence[int]) -> dict[int, set[tuple[int, str, int]]]:
        """The void deadlines (agreement, rule, occurrence) of which the reader of each message was told before."""
        told = aliased(AlertRow)
        query = (
            select(AlertRow.outbox_id, DeadlineRow.agreement_id, DeadlineRow.rule, DeadlineRow.occurrence)
            .join(DeadlineRow, col(DeadlineRow.agreement_id) == AlertRow.agreement_id)
            .join(
                told,
                and_(
                    col(told.agreement_id) == DeadlineRow.agreement_id,
                    col(told.subject) == literal(str(AlertSubject(SubjectKind.DEADLINE, ""))) + col(DeadlineRow.rule),
                    col(told.occurrence) == DeadlineRow.occurrence,
                    col(told.recipient) == AlertRow.recipient,
                ),
            )
            .where(col(AlertRow.outbox_id).in_(outbox_ids), DeadlineRow.status == DeadlineStatus.VOID.value)
            .distinct()
        )
        found: dict[int, set[tuple[int, str, int]]] = {}
        for outbox_id, agreement_id, rule, occurrence in self._connection.execute(query):
            found.setdefault(outbox_id, set()).add((agreement_id, rule, occurrence))
        return found

    def release(self, alerts: Collection[int]) -> None:
        """What could not be said for the time being counts as not told: it is told again when there is something to say."""
        if alerts:
            self._release(col(AlertRow.id).in_(alerts))

    def _release(self, *which: ColumnElement[bool]) -> None:
        """It stays on record what was taken back."""
        kept = sqlalchemy.select(*(ALERT.c[name] for name in OF_RELEASED)).where(*which)
        self._connection.execute(insert(ReleasedAlertRow).from_select(OF_RELEASED, kept))
        self._connection.execute(delete(AlertRow).where(*which))

    def waiting_to_read(self, agreement_id: int) -> list[str]:
        """Who is told of a deadline of the agreement by what still waits, or for whom somebody else is."""
        reader = func.coalesce(func.nullif(AlertRow.stands_for, ""), AlertRow.recipient)
        return list(
            self._connection.scalars(select(reader).where(*_waiting_of(agreement_id)).distinct().order_by(reader))
        )

    def release_of(self, agreement_id: int, readers: Collection[str]) -> None:
        """What of that is for these readers counts as not told."""
        if readers:
            reader = func.coalesce(func.nullif(AlertRow.stands_for, ""), AlertRow.recipient)
            self._release(*_waiting_of(agreement_id), reader.in_(readers))

    def release_to_come(self, latest: date) -> None:
        """What waits to be told of levels whose day has come nowhere counts as not told: it is told on that day.

        `latest` is the furthest day that any place on earth has come to.
        """
        self._release(*_waiting(), col(AlertRow.effective_on) >= latest)


def _waiting() -> list[ColumnElement[bool]]:
    """What is told of deadlines by messages that wait."""
    waits = select(OutboxRow.id).where(OutboxRow.state == MessageState.QUEUED.value)
    of_level = col(AlertRow.subject).startswith(str(AlertSubject(SubjectKind.DEADLINE, "")), autoescape=True)
    return [of_level, col(AlertRow.outbox_id).in_(waits)]


def _waiting_of(agreement_id: int) -> list[ColumnElement[bool]]:
    return [*_waiting(), col(AlertRow.agreement_id) == agreement_id]


def _already_told(rows: Iterable[Sequence[Any]]) -> AlreadyTold:
    people: set[tuple[str, str]] = set()
    levels: dict[LevelKey, date] = {}
    for _subject, _occurrence, level, recipient, stands_for, effective_on in rows:
        people |= {(level, person) for person in (recipient, stands_for) if person}
        levels[LevelKey.parse(level)] = effective_on
    return AlreadyTold(frozenset(people), levels)


def _values(alert: NewAlert) -> dict[str, Any]:
    values = {field.name: getattr(alert, field.name) for field in fields(alert)}
    return {**values, "subject": str(alert.subject), "details": dict(alert.details)}

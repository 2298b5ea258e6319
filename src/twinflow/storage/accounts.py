"""Accounts, sessions, links and tokens as rows. What lets anybody in is never here, only its hash."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, delete, insert, tuple_, update
from sqlmodel import SQLModel, col, select

from twinflow.domain.accounts.account import Account
from twinflow.domain.accounts.limits import LIMITS, Action
from twinflow.domain.accounts.links import LASTS, AskedLetter, LetterKind, LinkKind, OneTimeLink
from twinflow.domain.accounts.passkeys import Passkey
from twinflow.domain.accounts.sessions import Session, WaitsFor
from twinflow.domain.accounts.tokens import ApiToken, Scope
from twinflow.storage.engine import upsert
from twinflow.storage.tables import (
    LAST_ROW,
    AccountLetterRow,
    AccountRow,
    ApiTokenRow,
    AttemptRow,
    OneTimeLinkRow,
    PasskeyRow,
    RecoveryCodeRow,
    SessionRow,
    table_of,
)
from twinflow.storage.writes import Repository


class Accounts(Repository):
    def get(self, person: str) -> Account | None:
        row = self._first(AccountRow, col(AccountRow.person) == person)
        return Account(**row._asdict()) if row is not None else None

    def to_change(self, person: str) -> Account | None:
        """The account, held until the transaction ends."""
        wanted = table_of(AccountRow).select().where(col(AccountRow.person) == person).with_for_update()
        row = self._connection.execute(wanted).first()
        return Account(**row._asdict()) if row is not None else None

    def are_there(self) -> bool:
        return self._first(AccountRow) is not None

    def all(self) -> dict[str, Account]:
        """Every account, by person."""
        found = self._connection.execute(table_of(AccountRow).select())
        return {row.person: Account(**row._asdict()) for row in found}

    def put(self, account: Account) -> None:
        """The account as it is to be; it may be a new one."""
        values = asdict(account)
        others = {name: value for name, value in values.items() if name != "person"}
        statement = upsert(self._connection, AccountRow).values(**values)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["person"], set_=others))

    def has_second_factor(self, account: Account) -> bool:
        """An authenticator program, or a passkey."""
        return (
            account.has_authenticator or self._first(PasskeyRow, col(PasskeyRow.person) == account.person) is not None
        )

    def use_counter(self, person: str, counter: int) -> bool:
        """A code of the second factor was shown: False where one of that time, or of a later one, was used before."""
        row = AccountRow
        change = update(row).where(col(row.person) == person, col(row.last_counter) < counter)
        return self._changes(change.values(last_counter=counter))

    def count(self, action: Action, key: str, now: datetime) -> int:
        """One try more; how many there were in this window of time. Windows of before go."""
        begun = LIMITS[action].window_of(now)
        of_key = (col(AttemptRow.action) == action.value, col(AttemptRow.key) == key)
        self._connection.execute(delete(AttemptRow).where(*of_key, col(AttemptRow.window_from) < begun))
        statement = upsert(self._connection, AttemptRow).values(action=action.value, key=key, window_from=begun, n=1)
        more = statement.on_conflict_do_update(
            index_elements=["action", "key", "window_from"], set_={"n": col(AttemptRow.n) + 1}
        )
        return int(self._connection.execute(more.returning(col(AttemptRow.n))).scalar_one())

    def forget_tries(self, action: Action, key: str) -> None:
        self._connection.execute(
            delete(AttemptRow).where(col(AttemptRow.action) == action.value, col(AttemptRow.key) == key)
        )

    def note_begun(self, action: Action, key: str, now: datetime) -> None:
        """Something was begun that is ended once, within its window. What nobody has ended in time goes."""
        row = AttemptRow
        over = (col(row.action) == action.value, col(row.window_from) <= now - LIMITS[action].window)
        self._connection.execute(delete(row).where(*over))
        self._connection.execute(insert(row).values(action=action.value, key=key, window_from=now, n=1))

    def end_begun(self, action: Action, key: str, now: datetime) -> bool:
        """False if it was never begun, is over, or somebody was faster."""
        row = AttemptRow
        its = (col(row.action) == action.value, col(row.key) == key)
        return self._changes(delete(row).where(*its, col(row.window_from) > now - LIMITS[action].window))

    def add_session(self, session: Session) -> None:
        self._connection.execute(insert(SessionRow).values(**asdict(session)))

    def session(self, id_hash: str) -> Session | None:
        row = self._first(SessionRow, col(SessionRow.id_hash) == id_hash)
        return _session(row) if row is not None else None

    def sessions_of(self, person: str, now: datetime) -> list[Session]:
        """Those that hold, the newest first."""
        wanted = table_of(SessionRow).select().where(col(SessionRow.person) == person)
        rows = self._connection.execute(wanted.order_by(col(SessionRow.created_at).desc(), col(SessionRow.id_hash)))
        return [each for each in map(_session, rows) if each.holds(now)]

    def note_seen(self, id_hash: str, now: datetime) -> None:
        self._connection.execute(update(SessionRow).where(col(SessionRow.id_hash) == id_hash).values(seen_at=now))

    def end_session(self, person: str, id_hash: str, now: datetime) -> bool:
        """False if the person has none of that hash, or it was ended before."""
        its = (
            col(SessionRow.person) == person,
            col(SessionRow.id_hash) == id_hash,
            col(SessionRow.revoked_at).is_(None),
        )
        return self._changes(update(SessionRow).where(*its).values(revoked_at=now))

    def end_sessions(self, person: str, now: datetime, *, but: str = "") -> int:
        """End all sessions of a person, but one; how many that were."""
        theirs = (
            col(SessionRow.person) == person,
            col(SessionRow.id_hash) != but,
            col(SessionRow.revoked_at).is_(None),
        )
        return int(self._connection.execute(update(SessionRow).where(*theirs).values(revoked_at=now)).rowcount)

    def add_passkey(self, passkey: Passkey) -> bool:
        """False where it is there already, whoever has it."""
        statement = upsert(self._connection, PasskeyRow).values(**asdict(passkey))
        new = statement.on_conflict_do_nothing(index_elements=["credential_id"]).returning(
            col(PasskeyRow.credential_id)
        )
        return self._connection.execute(new).first() is not None

    def passkeys_of(self, person: str) -> list[Passkey]:
        """Of a person, the oldest first."""
        wanted = table_of(PasskeyRow).select().where(col(PasskeyRow.person) == person)
        ordered = wanted.order_by(col(PasskeyRow.made_at), col(PasskeyRow.credential_id))
        return [Passkey(**row._asdict()) for row in self._connection.execute(ordered)]

    def use_passkey(self, passkey: Passkey, sign_count: int, now: datetime) -> bool:
        """False where somebody was faster, or it has gone."""
        row = PasskeyRow
        its = (col(row.credential_id) == passkey.credential_id, col(row.sign_count) == passkey.sign_count)
        return self._changes(update(row).where(*its).values(sign_count=sign_count, used_at=now))

    def remove_passkey(self, person: str, credential_id: str) -> bool:
        """False if the person has none of that id."""
        row = PasskeyRow
        return self._changes(delete(row).where(col(row.person) == person, col(row.credential_id) == credential_id))

    def put_recovery_codes(self, person: str, hashes: Sequence[str]) -> None:
        """These in place of those there were."""
        self._connection.execute(delete(RecoveryCodeRow).where(col(RecoveryCodeRow.person) == person))
        if hashes:
            rows = [{"person": person, "code_hash": each} for each in hashes]
            self._connection.execute(insert(RecoveryCodeRow), rows)

    def use_recovery_code(self, person: str, code_hash: str, now: datetime) -> bool:
        """False if the person has no such code, or it was used."""
        row = RecoveryCodeRow
        its = (col(row.person) == person, col(row.code_hash) == code_hash, col(row.used_at).is_(None))
        return self._changes(update(row).where(*its).values(used_at=now))

    def recovery_codes_left(self, person: str) -> int:
        row = RecoveryCodeRow
        left = select(row.code_hash).where(col(row.person) == person, col(row.used_at).is_(None))
        return len(self._connection.execute(left).all())

    def add_link(self, kind: LinkKind, person: str, token_hash: str, now: datetime) -> None:
        """A link in place of those that the person has not used."""
        row = OneTimeLinkRow
        self._connection.execute(delete(row).where(col(row.person) == person, col(row.used_at).is_(None)))
        values = {"kind": kind.value, "person": person, "token_hash": token_hash, "ends_at": now + LASTS[kind]}
        self._connection.execute(insert(row).values(**values))

    def link(self, token_hash: str) -> OneTimeLink | None:
        row = self._first(OneTimeLinkRow, col(OneTimeLinkRow.token_hash) == token_hash)
        if row is None:
            return None
        return OneTimeLink(row.token_hash, LinkKind(row.kind), row.person, row.ends_at, row.used_at)

    def use_link(self, token_hash: str, now: datetime) -> bool:
        """False where somebody was faster."""
        row = OneTimeLinkRow
        its = (col(row.token_hash) == token_hash, col(row.used_at).is_(None), col(row.ends_at) > now)
        return self._changes(update(row).where(*its).values(used_at=now))

    def ask_letter(self, kind: LetterKind, address: str, now: datetime) -> None:
        values = {"kind": kind.value, "address": address, "asked_at": now, "next_at": now}
        self._connection.execute(insert(AccountLetterRow).values(**values))

    def due_letters(self, now: datetime) -> list[int]:
        row = AccountLetterRow
        found = self._connection.scalars(select(row.id).where(col(row.next_at) <= now).order_by(col(row.id)))
        return [each for each in found if each is not None]

    def claim_letter(self, letter_id: int, now: datetime, lease_until: datetime) -> AskedLetter | None:
        """A letter that is due, taken until `lease_until`: whoever dies meanwhile gives it back by then."""
        row = AccountLetterRow
        its = (col(row.id) == letter_id, col(row.next_at) <= now)
        claim = update(row).where(*its).values(next_at=lease_until)
        each = self._connection.execute(claim.returning(*table_of(row).columns)).first()
        return AskedLetter(each.id, LetterKind(each.kind), each.address, each.asked_at) if each is not None else None

    def drop_letter(self, letter_id: int) -> None:
        self._connection.execute(delete(AccountLetterRow).where(col(AccountLetterRow.id) == letter_id))

    def add_token(self, token: ApiToken, token_hash: str) -> int:
        values = {name: value for name, value in asdict(token).items() if name != "id"}
        statement = insert(ApiTokenRow).values(**values, token_hash=token_hash).returning(col(ApiTokenRow.id))
        return int(self._connection.execute(statement).scalar_one() or 0)

    def token(self, token_hash: str) -> ApiToken | None:
        row = self._first(ApiTokenRow, col(ApiTokenRow.token_hash) == token_hash)
        return _token(row) if row is not None else None

    def note_token(self, token_id: int, now: datetime) -> None:
        self._connection.execute(update(ApiTokenRow).where(col(ApiTokenRow.id) == token_id).values(used_at=now))

    def tokens_of(self, person: str) -> list[ApiToken]:
        """Those that were not revoked, the newest first."""
        theirs = (col(ApiTokenRow.person) == person, col(ApiTokenRow.revoked_at).is_(None))
        found = table_of(ApiTokenRow).select().where(*theirs).order_by(col(ApiTokenRow.id).desc())
        return [_token(row) for row in self._connection.execute(found)]

    def revoke_token(self, person: str, token_id: int, now: datetime) -> bool:
        """False if the person has none of that number, or it was revoked before."""
        row = ApiTokenRow
        if not 0 < token_id <= LAST_ROW:
            return False
        its = (col(row.person) == person, col(row.id) == token_id, col(row.revoked_at).is_(None))
        return self._changes(update(row).where(*its).values(revoked_at=now))

    def is_over(self, sessions: datetime, links: datetime, tries: datetime) -> bool:
        """Whether any session ended by an instant, any link by another, or any tries were counted up to a third."""
        found = (select(*key).where(when) for key, when in _over(sessions, links, tries))
        return any(self._connection.execute(each.limit(1)).first() is not None for each in found)

    def clear_away(self, sessions: datetime, links: datetime, tries: datetime, *, at_most: int) -> None:
        """Delete those that `is_over` asks for, so many of each at most."""
        for key, when in _over(sessions, links, tries):
            those = select(*key).where(when).limit(at_most)
            self._connection.execute(delete(key[0].table).where(tuple_(*key).in_(those)))

    def _first(self, row: type[SQLModel], *wanted: Any) -> Row[Any] | None:
        return self._connection.execute(table_of(row).select().where(*wanted).limit(1)).first()

    def _changes(self, statement: Any) -> bool:
        return bool(self._connection.execute(statement).rowcount == 1)


def _over(sessions: datetime, links: datetime, tries: datetime) -> list[tuple[list[Column[Any]], ColumnElement[bool]]]:
    """The key of each table with what is over in it, without a look at anything that may be damaged."""
    ended = ((SessionRow, "ends_at", sessions), (OneTimeLinkRow, "ends_at", links), (AttemptRow, "window_from", tries))
    tables = [(table_of(row), column, until) for row, column, until in ended]
    return [(list(table.primary_key.columns), table.columns[column] <= until) for table, column, until in tables]


def _session(row: Row[Any]) -> Session:
    return Session(**{**row._asdict(), "waits_for": WaitsFor(row.waits_for)})


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(
        row.id,
        row.person,
        row.name,
        tuple(Scope(each) for each in row.scopes),
        row.made_at,
        row.ends_at,
        row.used_at,
        row.revoked_at,
    )

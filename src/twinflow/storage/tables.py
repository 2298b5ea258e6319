"""The tables. They do not validate: what reaches them has been decided in `domain`."""

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, LargeBinary, String, Table, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

LAST_ROW = 2**31 - 1
"""Rows are numbered up to here: what an integer of PostgreSQL holds."""

Word = String().with_variant(String(collation="C"), "postgresql")
Document = JSON().with_variant(JSONB(), "postgresql")


class ProcessVersionRow(SQLModel, table=True):
    """A process version that agreements were opened on, with its text: it may not change any more."""

    __tablename__ = "process_version"

    key: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    digest: str
    text: str


class CalendarRow(SQLModel, table=True):
    """An edition of a calendar, with the file's text; dates are counted by the `current` one until another is applied."""

    __tablename__ = "calendar"

    key: str = Field(primary_key=True)
    edition: str = Field(primary_key=True)
    text: str
    applied_at: datetime
    current: bool


class KeptFileRow(SQLModel, table=True):
    """The last text of a file that held, gone by while the file is damaged or missing."""

    __tablename__ = "kept_file"

    name: str = Field(primary_key=True)
    digest: str
    text: str
    kept_at: datetime


OF_PEOPLE = "state = 'people'"
"""Which items of the chain are about the history of offices and people."""
CHANGED = "linked <> seal || content"
"""Which agreements differ from what the last link has of them."""


class AgreementRow(SQLModel, table=True):
    __tablename__ = "agreement"
    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("version >= 1", name="version"),
        Index(
            "ix_agreement_parent_id",
            "parent_id",  # most have none: an index of the empty ones would not be used
            sqlite_where=text("parent_id IS NOT NULL"),
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
        Index(
            "ix_agreement_derive_on",
            "derive_on",
            sqlite_where=text("derive_on IS NOT NULL"),
            postgresql_where=text("derive_on IS NOT NULL"),
        ),
        # the order of lists; then what they are narrowed to, so that a row that is not wanted is not looked up
        Index("ix_agreement_unlinked", "id", sqlite_where=text(CHANGED), postgresql_where=text(CHANGED)),
        Index("ix_agreement_listed", "next_on", "reference", "process", "state", "office", "parent_id"),
        Index("ix_agreement_office", "office", "next_on", "reference", "process", "state", "parent_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    reference: str
    process: str
    process_version: int
    process_digest: str
    office: str
    title: str
    state: str
    version: int
    tracked_from: date
    parent_id: int | None = Field(default=None, foreign_key="agreement.id")
    origin: str = ""
    note: str = ""
    relationship: str = Field(default="", index=True)
    generation: int = 1
    source_digest: str = ""
    derive_on: date | None = None
    """The first day whose coming alone may change its deadlines; NULL when none may."""
    derived_on: date | None = Field(default=None, index=True)
    """The day at its office on which they were derived: a day still to come if a clock was ahead. NULL in books of before."""
    reached: str | None = None
    """Of what belongs to another agreement: the states it has come to, and when. NULL in books of before, until its next step."""
    next_on: date = date.max
    """The first date of an open deadline, passed or not; the last day there is where none is open."""
    annulled_on: date | None = None
    """The day on which it was annulled, as it was opened by mistake. Its reference then says so, and the plain one is free."""
    seal: str = ""
    """That of the last entry of its history."""
    entries: int = 0
    """How many entries its history has."""
    content: str = ""
    """The digest of what it holds beside its history and its deadlines."""
    linked: str = ""
    """The seal and the content that the last link has of it."""


class PartyRow(SQLModel, table=True):
    """`signed_on` is a date with the precision known (`2003-04-12`, `1997`, empty), and means something only if `signed`."""

    __tablename__ = "party"
    __table_args__ = (
        UniqueConstraint("agreement_id", "name"),
        Index(
            "ix_party_country",
            "country",
            "agreement_id",
            sqlite_where=text("home = 0"),
            postgresql_where=text("NOT home"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id")
    name: str
    country: str
    home: bool
    signed: bool
    signed_on: str = ""
    capacity: str = ""
    place: str = ""


class WordRow(SQLModel, table=True):
    """A word that an agreement is found by (`words_in`). Compared sign by sign, so that an index knows what begins alike."""

    __tablename__ = "word"
    __table_args__ = (Index("ix_word_word_agreement_id", "word", "agreement_id"),)

    agreement_id: int = Field(foreign_key="agreement.id", primary_key=True)
    word: str = Field(primary_key=True, sa_type=Word)


class TermRow(SQLModel, table=True):
    """`readings` is `3 years`, `60 days|90 days`, `indefinite` or `not stated`."""

    __tablename__ = "term"
    __table_args__ = (UniqueConstraint("agreement_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id")
    name: str
    readings: str
    source: str = ""


class FactRow(SQLModel, table=True):
    __tablename__ = "fact"

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id", index=True)
    name: str
    value: str
    source: str = ""
    chosen: bool


class DeadlineRow(SQLModel, table=True):
    """`wake_on` is the first day a sweep has something to do; NULL when there is nothing.

    `basis` is what the dates were counted from beside the rule and the anchor, as JSON; empty for rows of the first version.
    """

    __tablename__ = "deadline"
    __table_args__ = (
        UniqueConstraint("agreement_id", "rule", "occurrence"),
        Index(
            "ix_deadline_wake_on",
            "wake_on",
            sqlite_where=text("wake_on IS NOT NULL"),
            postgresql_where=text("wake_on IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id")
    rule: str
    occurrence: int
    anchor_on: date
    warn_on: date | None = None
    due_on: date | None = None
    status: str
    closed_on: date | None = None
    edition: str = ""
    provisional: bool = False
    wake_on: date | None = None
    basis: str = ""


class HistoryRow(SQLModel, table=True):
    """Append-only: the database itself refuses UPDATE and DELETE (see the migration). `seal` rests on the entry before."""

    __tablename__ = "history"
    __table_args__ = (
        Index("ix_history_agreement_id_kind", "agreement_id", "kind"),
        Index("ix_history_timeline", "agreement_id", "effective_on", "recorded_at", "id"),
        Index("ix_history_recorded_at", "recorded_at"),  # every pass asks what was recorded later than now
    )

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id")
    kind: str
    actor: str
    effective_on: date
    recorded_at: datetime
    step: str | None = None
    from_state: str | None = None
    to_state: str | None = None
    party: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    seal: str = ""


class FindingRow(SQLModel, table=True):
    __tablename__ = "finding"
    __table_args__ = (
        UniqueConstraint("agreement_id", "code", "subject"),
        Index(
            "ix_finding_untold",
            "agreement_id",
            sqlite_where=text("told_at IS NULL AND settled_at IS NULL"),
            postgresql_where=text("told_at IS NULL AND settled_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id")
    code: str
    subject: str
    occurrence: int = 1
    found_at: datetime
    told_at: datetime | None = None
    settled_at: datetime | None = None


MESSAGE_STATES = (
    "queued", "leased", "retrying", "accepted", "possible duplicate", "bounced", "failed", "dropped", "cancelled",
)  # fmt: skip


NOT_LINKED = (
    "linked = '' OR (linked = 'new' AND content IS NOT NULL AND state <> 'leased') "
    "OR (settled_at IS NOT NULL AND linked <> state)"
)
"""Which messages are new, built or settled since the last link."""


class OutboxRow(SQLModel, table=True):
    """One message to one person. A digest that is still queued takes in what else is to be told.

    `content` is the message as built at the first attempt, by the words whose digest `words` is; retries send the same bytes.
    `doubtful`: a server may have accepted it without our knowing. `next_attempt_at` is also the end of a lease.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("message_id"),
        Index(
            "ix_outbox_open_digest",
            "recipient",
            unique=True,
            sqlite_where=text("digest AND state = 'queued'"),
            postgresql_where=text("digest AND state = 'queued'"),
        ),
        Index(
            "ix_outbox_due",
            "next_attempt_at",
            sqlite_where=text("next_attempt_at IS NOT NULL"),
            postgresql_where=text("next_attempt_at IS NOT NULL"),
        ),
        UniqueConstraint("recipient", "digest_on"),
        Index("ix_outbox_unlinked", "id", sqlite_where=text(NOT_LINKED), postgresql_where=text(NOT_LINKED)),
        UniqueConstraint("unsubscribe_hash"),
        CheckConstraint("state IN ({})".format(", ".join(f"'{state}'" for state in MESSAGE_STATES)), name="state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    message_id: str
    recipient: str
    digest: bool
    digest_on: date | None = None
    """The day of the reader's office whose morning a digest is for: one digest a person and day."""
    state: str
    created_at: datetime
    attempts: int = 0
    first_attempt_at: datetime | None = None
    next_attempt_at: datetime | None = None
    settled_at: datetime | None = None
    incident_at: datetime | None = None
    """When those who stand in were told that it reached nobody."""
    doubtful: bool = False
    error: str = ""
    sent_to: str = ""
    subject: str = ""
    words: str = ""
    unsubscribe_hash: str | None = None
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    linked: str = ""
    """As what the last link has it: `new`, `built`, or the state it was settled in."""


class AlertRow(SQLModel, table=True):
    """One thing told to one person, once: the unique key is the identity. `stands_for` is the absent person it was meant for."""

    __tablename__ = "alert"
    __table_args__ = (UniqueConstraint("agreement_id", "subject", "occurrence", "level", "recipient"),)

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id")
    outbox_id: int = Field(foreign_key="outbox.id", index=True)
    notice: str
    subject: str
    occurrence: int
    level: str
    recipient: str
    stands_for: str = ""
    role: str
    effective_on: date
    recorded_at: datetime
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Document)


class ReleasedAlertRow(SQLModel, table=True):
    """Append-only: an alert that was taken back before it left, as it was; its entry of the history stays.

    `occurrence` is 0 where books of before did not keep it.
    """

    __tablename__ = "released_alert"

    id: int | None = Field(default=None, primary_key=True)
    agreement_id: int = Field(foreign_key="agreement.id", index=True)
    notice: str
    subject: str
    occurrence: int
    level: str
    recipient: str
    stands_for: str
    role: str
    effective_on: date
    recorded_at: datetime
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Document)


class LinkRow(SQLModel, table=True):
    """Append-only: a link of the chain over all agreements and messages. `seal` rests on the link before and on the items."""

    __tablename__ = "link"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime
    seal: str


class LinkItemRow(SQLModel, table=True):
    """Append-only: what stood where at a link.

    An agreement (`entries`, `seal`, `content`), a message (`state`, `content`), or the history of people (`entries`, `seal`).
    """

    __tablename__ = "link_item"
    __table_args__ = (
        Index("ix_link_item_people", "entries", sqlite_where=text(OF_PEOPLE), postgresql_where=text(OF_PEOPLE)),
    )

    id: int | None = Field(default=None, primary_key=True)
    link: int = Field(foreign_key="link.number", index=True)
    agreement_id: int | None = Field(default=None, foreign_key="agreement.id", index=True)
    message_id: str = Field(default="", index=True)
    state: str = ""
    entries: int = 0
    seal: str = ""
    content: str = ""


class FeedRow(SQLModel, table=True):
    """The private calendar address of a person; only a hash of its token is kept."""

    __tablename__ = "feed"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: int | None = Field(default=None, primary_key=True)
    person: str
    token_hash: str
    created_at: datetime
    revoked_at: datetime | None = None


class OptOutRow(SQLModel, table=True):
    """An optional notice that a person does not want by mail."""

    __tablename__ = "opt_out"

    person: str = Field(primary_key=True)
    notice: str = Field(primary_key=True)
    off_at: datetime


class ReceivedRow(SQLModel, table=True):
    """Mail that came in and that a person has to look at; `digest` is that of its content, so that it is kept once."""

    __tablename__ = "received"
    __table_args__ = (UniqueConstraint("digest"),)

    id: int | None = Field(default=None, primary_key=True)
    digest: str
    kind: str
    received_at: datetime
    sender: str
    subject: str
    about: int | None = Field(default=None, foreign_key="outbox.id")
    whole: bool
    settled_at: datetime | None = None
    settled_by: str = ""
    content: bytes = Field(sa_type=LargeBinary)


class ReturnKeyRow(SQLModel, table=True):
    """One row: the secret by which a return path of ours is known."""

    __tablename__ = "return_key"

    key: str = Field(primary_key=True)


class IncidentRow(SQLModel, table=True):
    """What what runs by itself could not do, or found damaged, until it can: `sentence` is packed."""

    __tablename__ = "incident"

    part: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    reference: str = Field(default="", index=True)
    sentence: str
    since: datetime
    seen_at: datetime


class LastPassRow(SQLModel, table=True):
    """When each part of a pass ended last, and whether it had failed."""

    __tablename__ = "last_pass"

    part: str = Field(primary_key=True)
    at: datetime
    failed: bool


class MailStateRow(SQLModel, table=True):
    """What a restored backup is known by: each sending pass counts on, and the machine that sends keeps the count beside."""

    __tablename__ = "mail_state"

    database: str = Field(primary_key=True)
    passes: int


class ClockRow(SQLModel, table=True):
    """One row: when the last pass was. `demonstration`: with these books the clock is played with."""

    __tablename__ = "clock"

    id: int | None = Field(default=None, primary_key=True)
    last_pass_at: datetime | None = None
    demonstration: bool = False


class ClockConfirmationRow(SQLModel, table=True):
    """Who has said that the clock is right, at which instant, after a last pass (or entry) at `last_at`."""

    __tablename__ = "clock_confirmation"

    id: int | None = Field(default=None, primary_key=True)
    person: str
    confirmed_at: datetime
    last_at: datetime


class UseMarkRow(SQLModel, table=True):
    """One for each process that has an SQLite file in use, since when; in a copy without its “-wal” it `is_short`, until somebody
    has accepted that.
    """

    __tablename__ = "use_mark"

    token: str = Field(primary_key=True)
    since: datetime
    is_short: bool = False
    accepted_by: str = ""
    accepted_at: datetime | None = None


class OfficeRow(SQLModel, table=True):
    """An office. None is ever removed: cases and histories name it."""

    __tablename__ = "office"

    key: str = Field(primary_key=True)
    kind: str
    label: dict[str, str] = Field(sa_type=Document)
    country: str
    time_zone: str
    calendars: list[str] = Field(sa_type=Document)
    city: str
    second_factor: bool = False


class PersonRow(SQLModel, table=True):
    """A person. None is ever removed; who is `disabled` holds no role and gets no mail."""

    __tablename__ = "person"

    key: str = Field(primary_key=True)
    name: str
    mail: str
    language: str
    disabled: bool = False


class AssignmentRow(SQLModel, table=True):
    """A role of a person in an office, from a day to a day. `number` counts those of the person; none is ever removed."""

    __tablename__ = "assignment"

    person: str = Field(primary_key=True, foreign_key="person.key")
    number: int = Field(primary_key=True)
    role: str
    office: str = Field(foreign_key="office.key", index=True)
    from_day: date | None = None
    to_day: date | None = None


class AbsenceRow(SQLModel, table=True):
    """Days on which the mail of a person goes to another. `number` counts those of the person."""

    __tablename__ = "absence"

    person: str = Field(primary_key=True, foreign_key="person.key")
    number: int = Field(primary_key=True)
    from_day: date
    to_day: date
    delegate: str = Field(foreign_key="person.key")


class DelegationRow(SQLModel, table=True):
    """Authority that a person gives to another on days. `number` counts those of the person; without a role all that is held."""

    __tablename__ = "delegation"

    person: str = Field(primary_key=True, foreign_key="person.key")
    number: int = Field(primary_key=True)
    delegate: str = Field(foreign_key="person.key")
    role: str | None = None
    office: str | None = Field(default=None, foreign_key="office.key")
    from_day: date
    to_day: date
    reason: str


class SeenByRow(SQLModel, table=True):
    """That a role in the offices of a kind, in a country, sees an agreement that another office keeps. None is ever removed.

    Of no role: whoever sees what any role of the kind sees. Of an office alone: whoever holds a role in that one.
    """

    __tablename__ = "seen_by"
    __table_args__ = (
        Index(
            "ix_seen_by_listed",
            *("kind", "country", "role", "office", "next_on", "reference", "process", "state", "agreement_id"),
        ),
    )

    agreement_id: int = Field(foreign_key="agreement.id", primary_key=True)
    kind: str = Field(primary_key=True)
    role: str = Field(primary_key=True)
    country: str = Field(primary_key=True)
    office: str = Field(primary_key=True)
    next_on: date
    """As the agreement has it, and so are the columns below: the database itself keeps them so."""
    reference: str
    process: str
    state: str


class PeopleEntryRow(SQLModel, table=True):
    """Append-only: an entry of the history of offices and people; its seal rests on the one before.

    The number is given by who writes it: of two at once one is refused.
    """

    __tablename__ = "people_entry"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    by: str
    reason: str
    recorded_at: datetime
    lines: list[Any] = Field(sa_type=Document)
    seal: str


class AccountRow(SQLModel, table=True):
    """How a person signs in. Nothing here lets anybody in: of the second factor it has what its secret is made from, with a key
    that stands in a file.
    """

    __tablename__ = "account"

    person: str = Field(primary_key=True, foreign_key="person.key")
    password_hash: str = ""
    totp_salt: str = ""
    confirmed: bool = False
    last_counter: int = 0
    locked: bool = False
    locked_until: datetime | None = None
    by_browser: bool = True


class SessionRow(SQLModel, table=True):
    """Somebody who is signed in somewhere; only a hash of what the browser holds."""

    __tablename__ = "session"

    id_hash: str = Field(primary_key=True)
    person: str = Field(foreign_key="person.key", index=True)
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    user_agent: str
    waits_for: str
    revoked_at: datetime | None = None
    second_factor: bool = False


class PasskeyRow(SQLModel, table=True):
    """A passkey of a person: what its signatures are proved by, which lets nobody in. Identifiers and keys are base64url."""

    __tablename__ = "passkey"

    credential_id: str = Field(primary_key=True)
    person: str = Field(foreign_key="person.key", index=True)
    name: str
    public_key: str
    sign_count: int = Field(sa_type=BigInteger)
    made_at: datetime
    used_at: datetime | None = None


class RecoveryCodeRow(SQLModel, table=True):
    """A code in place of the second factor, good once; only its hash."""

    __tablename__ = "recovery_code"

    code_hash: str = Field(primary_key=True)
    person: str = Field(foreign_key="person.key", index=True)
    used_at: datetime | None = None


class OneTimeLinkRow(SQLModel, table=True):
    """A link to set a password with, good once; only its hash."""

    __tablename__ = "one_time_link"

    token_hash: str = Field(primary_key=True)
    kind: str
    person: str = Field(foreign_key="person.key", index=True)
    ends_at: datetime
    used_at: datetime | None = None


class AccountLetterRow(SQLModel, table=True):
    """A letter about an account that is still to be sent, to an address that may be nobody's. It goes when it is sent."""

    __tablename__ = "account_letter"

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    address: str
    asked_at: datetime
    next_at: datetime


class AttemptRow(SQLModel, table=True):
    """How often something was tried in a window of time, by a key that is a hash."""

    __tablename__ = "attempt"

    action: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    window_from: datetime = Field(primary_key=True)
    n: int


class ApiTokenRow(SQLModel, table=True):
    """A token for programs of a person; only its hash."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("token_hash"),)

    id: int | None = Field(default=None, primary_key=True)
    person: str = Field(foreign_key="person.key", index=True)
    name: str
    scopes: list[str] = Field(sa_type=Document)
    token_hash: str
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


def table_of(row: type[SQLModel]) -> Table:
    """The table whose rows these are, for statements that ask for columns alone."""
    return cast("Table", row.__table__)  # type: ignore[attr-defined]

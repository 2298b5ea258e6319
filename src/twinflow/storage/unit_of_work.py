"""One transaction, with the repositories hanging from it."""

from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from twinflow.errors import EnvironmentFailed, StaleAgreement
from twinflow.storage.agreements import Agreements
from twinflow.storage.alerts import Alerts
from twinflow.storage.calendar_recount import CalendarRecount
from twinflow.storage.calendars import CalendarEditions
from twinflow.storage.database import current_revision
from twinflow.storage.deadlines import Deadlines
from twinflow.storage.feeds import Feeds
from twinflow.storage.findings import Findings
from twinflow.storage.history import History
from twinflow.storage.listing import Listing
from twinflow.storage.opt_outs import OptOuts
from twinflow.storage.outbox import Outbox
from twinflow.storage.restored_backup import RestoredBackup


class UnitOfWork:
    """A transaction: `with UnitOfWork(engine) as work: …; work.commit()`. Without a commit nothing stays.

    `reading` promises not to write, and on SQLite waits for no writer. Leaving it raises StaleAgreement if another transaction
    wrote the same first, EnvironmentFailed if the database fails.
    """

    def __init__(self, engine: Engine, *, reading: bool = False) -> None:
        self._engine = engine.execution_options(reading=True) if reading else engine

    def __enter__(self) -> Self:
        try:
            self._connection = self._engine.connect()
            try:
                self._connection.begin()
            except DBAPIError:
                self._connection.close()
                raise
        except DBAPIError as error:
            raise EnvironmentFailed("The database does not answer: {why}.", why=str(error.orig).strip()) from error
        self.agreements = Agreements(self._connection)
        self.alerts = Alerts(self._connection)
        self.calendars = CalendarEditions(self._connection)
        self.deadlines = Deadlines(self._connection)
        self.feeds = Feeds(self._connection)
        self.findings = Findings(self._connection)
        self.history = History(self._connection)
        self.listing = Listing(self._connection)
        self.restored_backup = RestoredBackup(self._connection)
        self.opt_outs = OptOuts(self._connection)
        self.outbox = Outbox(self._connection)
        self.calendar_recount = CalendarRecount(self._connection)
        return self

    @property
    def revision(self) -> str | None:
        """The revision of the tables; None while there are none."""
        return current_revision(self._connection)

    def commit(self) -> None:
        self._connection.commit()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        if isinstance(error, IntegrityError):
            raise StaleAgreement("Somebody else was faster; look at it again.") from error
        if isinstance(error, DBAPIError):
            raise EnvironmentFailed("The database does not answer: {why}.", why=str(error.orig).strip()) from error

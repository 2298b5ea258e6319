"""One transaction, with the repositories hanging from it."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from twinflow.storage.accounts import Accounts
from twinflow.storage.agreements import Agreements
from twinflow.storage.alerts import Alerts
from twinflow.storage.calendar_recount import CalendarRecount
from twinflow.storage.calendars import CalendarEditions
from twinflow.storage.cells import Cells
from twinflow.storage.clock import Clock
from twinflow.storage.database import current_revision
from twinflow.storage.deadlines import Deadlines
from twinflow.storage.duties import Duties
from twinflow.storage.failures import in_our_words
from twinflow.storage.feeds import Feeds
from twinflow.storage.findings import Findings
from twinflow.storage.history import History
from twinflow.storage.incidents import Incidents
from twinflow.storage.kept_files import KeptFiles
from twinflow.storage.links import Links
from twinflow.storage.listing import Listing
from twinflow.storage.opt_outs import OptOuts
from twinflow.storage.outbox import Outbox
from twinflow.storage.people import PeopleRows
from twinflow.storage.received import ReceivedMail
from twinflow.storage.restored_backup import RestoredBackup
from twinflow.storage.seals import Seals
from twinflow.storage.shape import Shape
from twinflow.storage.turns import begun, turns_of
from twinflow.storage.use_marks import UseMarks
from twinflow.storage.visibility import Visibility
from twinflow.storage.writes import Writes
from twinflow.storage.written import Books


class UnitOfWork:
    """A transaction: `with UnitOfWork(engine) as work: …; work.commit()`. Without a commit nothing stays.

    `reading` promises not to write, and on SQLite waits for no writer. Leaving it raises what `failures` makes of what the
    database refused: StaleAgreement if another transaction wrote the same first, EnvironmentFailed if it fails, TwinflowError
    for a row that cannot be read.
    """

    def __init__(self, engine: Engine, *, reading: bool = False) -> None:
        self._engine = engine.execution_options(reading=True) if reading else engine
        takes_turns = engine.dialect.name == "sqlite" and not reading
        self._turns = turns_of(engine) if takes_turns else None
        self._committed = False

    def __enter__(self) -> Self:
        try:
            self._connection = self._turns.begin(self._engine) if self._turns else begun(self._engine)
        except DBAPIError as error:
            raise in_our_words(error) or error from error
        self._writes = Writes(self._connection)
        self._seals = Seals(self._writes)
        self.accounts = Accounts(self._writes)
        self.agreements = Agreements(self._writes, self._seals)
        self.alerts = Alerts(self._writes)
        self.books = Books(self._writes)
        self.calendars = CalendarEditions(self._writes)
        self.cells = Cells(self._writes)
        self.clock = Clock(self._writes)
        self.deadlines = Deadlines(self._writes)
        self.duties = Duties(self._writes)
        self.feeds = Feeds(self._writes)
        self.findings = Findings(self._writes)
        self.history = History(self._writes, self._seals)
        self.incidents = Incidents(self._writes)
        self.kept_files = KeptFiles(self._writes)
        self.links = Links(self._writes)
        self.listing = Listing(self._writes)
        self.received = ReceivedMail(self._writes)
        self.restored_backup = RestoredBackup(self._writes)
        self.shape = Shape(self._writes)
        self.opt_outs = OptOuts(self._writes)
        self.outbox = Outbox(self._writes)
        self.people = PeopleRows(self._writes)
        self.use_marks = UseMarks(self._writes)
        self.visibility = Visibility(self._writes)
        self.calendar_recount = CalendarRecount(self._writes)
        return self

    @property
    def revision(self) -> str | None:
        """The revision of the tables; None while there are none."""
        return current_revision(self._connection)

    def aside(self) -> AbstractContextManager[object]:
        """What fails within it does not keep the transaction from going on."""
        return self._connection.begin_nested()

    def commit(self) -> None:
        """Let what was done stay. It is the last thing that is done."""
        self._seals.write()
        self._writes.flush()
        self._committed = True
        if self._turns:
            self._turns.commit()
        else:
            self._connection.commit()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._turns is None:
            self._connection.close()
        elif not self._committed:
            self._turns.give_up()
        ours = in_our_words(error) if error is not None else None
        if ours is not None:
            raise ours from error

"""A running twinflow for tests, with a clock that is set by hand, and where the examples are."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from builders import AT_PAGE
from twinflow import bootstrap
from twinflow.config import RhythmSettings
from twinflow.definitions.people import read_people
from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.people.declared import with_declared
from twinflow.domain.people.people import People
from twinflow.domain.rulebook import Rulebook
from twinflow.domain.steps.round_acts import RoundAct, RoundCommand
from twinflow.registers.dossiers import read_register
from twinflow.services.agreements.importing import import_register
from twinflow.services.agreements.rounds import act_in_round
from twinflow.services.clock import last_pass
from twinflow.services.people.changing import change_people
from twinflow.worker.passes import Pass, Worker

EXAMPLES = Path(__file__).parents[1] / "examples"
CUENCA = EXAMPLES / "cuenca"
TODAY = datetime(2026, 11, 20, 15, tzinfo=UTC)
WITH_THE_PASS = RhythmSettings(digest="each pass")
"""Mail leaves with the pass that finds something to tell: for tests that are not about its hour."""
EACH_MORNING = RhythmSettings()


@dataclass
class World:
    """A running twinflow with a clock that is set by hand."""

    runtime: bootstrap.Runtime
    now: datetime = TODAY
    passes: list[Pass] = field(default_factory=list)

    @property
    def engine(self) -> Engine:
        return self.runtime.engine

    @property
    def rulebook(self) -> Rulebook:
        return self.runtime.rulebook

    @property
    def people(self) -> People:
        return self.runtime.people

    @property
    def worker(self) -> Worker:
        return Worker(self.engine, lambda: self.rulebook, lambda: self.people, self.runtime.post, lambda: self.now)

    def tick(self) -> Pass:
        self.passes.append(self.worker.tick())
        return self.passes[-1]

    def act(self, reference: str, act: RoundAct, person: str, **more: object) -> Agreement:
        """Something is done in the round of an opinion, today."""
        command = RoundCommand(act=act, on=self.now.date(), **more)  # type: ignore[arg-type]
        return act_in_round(
            self.engine, self.rulebook, self.people, reference, command, person=person, door=AT_PAGE, now=self.now
        )

    def ready_for(self, reference: str, step: str) -> None:
        """What a Mexican opinion asks for with the step: an observation made, or answered."""
        if step == "make_observations":
            self.act(reference, RoundAct.OBSERVE, "rita", article="V", text="The evaluation is missing.")
        if step == "answer_observations":
            self.act(reference, RoundAct.ANSWER, "elena", number=1, text="Added.")

    def confirm_clock(self, person: str = "elena") -> None:
        """A liaison officer says that it is `now`: the test has set the clock far from the last pass."""
        settings = self.runtime.settings.clock
        last_pass.confirm(
            self.engine, self.rulebook, self.people, person=person, now=self.now, longest_gap=settings.longest_gap
        )

    def declare(self, people: Path) -> "World":
        """The books take over what a people file says of offices and people."""
        declared = read_people(people)
        change_people(
            self.engine, self.rulebook, lambda there: with_declared(there, declared), by="test", reason="", now=self.now
        )
        self.runtime.refresh()
        return self

    def import_cuenca(self) -> None:
        for name in ("agreements", "negotiations", "intentions"):
            dossiers = read_register(
                CUENCA / f"{name}.csv", CUENCA / f"{name}.map.toml", self.rulebook, self.people, self.now
            )
            import_register(self.engine, self.rulebook, self.people, dossiers, now=self.now)

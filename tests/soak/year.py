"""One year of the books, a pass each morning, with everything that can go wrong around it; and the same year undisturbed.

What must not depend on faults is compared afterwards: what was told, and how every deadline stands.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from builders import AT_PAGE
from soak import books
from soak.books import Act, at
from soak.children import KILLED, NONE, Ended, Fault, apart, run
from soak.rows import Rows
from twinflow.domain.steps.migration import draft
from twinflow.errors import TwinflowError
from twinflow.services.agreements import migrating
from twinflow.services.clock.replaying import take

ONE_DAY = timedelta(days=1)
EDITION = '\n[[days]]\non = {on}\nlabel = {{ en = "Decreed", es = "Decretado" }}\nsource = "decree of {today}"\n'
MOVING = ("annual-programme", "generic/agreement", "progress-report")
"""Processes that get new versions."""
GARBAGE = "[process\n\x01 nothing that could be read"


@dataclass
class Year:
    """The books in a folder while their year goes by."""

    folder: Path
    url: str
    acts: list[Act]
    random: Random
    today: date = books.FIRST
    figures: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def rows(self) -> Rows:
        return Rows(self.url)

    def passes(self, days: int, *, disturbed: bool) -> None:
        for _ in range(days):
            if disturbed:
                self.morning()
            else:
                self.good_pass()
            self.people_act()
            self.news()
            self.new_version(disturbed=disturbed)
            self.today += ONE_DAY
        self.good_pass()

    def morning(self) -> None:
        """Something goes wrong, or nothing; afterwards the pass of the day has been made."""
        faults: list[Callable[[], None]] = [
            self.killed, self.killed, self.killed, self.ahead, self.back, self.full, self.locked, self.broken,
            self.good_pass, self.good_pass,
        ]  # fmt: skip
        self.random.choice(faults)()

    def good_pass(self) -> Ended:
        return self._pass(NONE)

    def _pass(self, fault: Fault, *expected: int) -> Ended:
        ended = run(self.folder, ["tick"], at(self.today), fault)
        self.figures["passes"] += 1
        if ended.code not in {0, *expected} or "Traceback" in ended.err:
            self.wrong.append(f"{self.today}: a pass ended with {ended.code}: {(ended.out + ended.err)[-600:]}")
        return ended

    def killed(self) -> None:
        """Several times with one of its first statements, then left alone."""
        for _ in range(self.random.randrange(1, 4)):
            fault = Fault(dies_at=self.random.randrange(1, 16))
            self.figures["kills"] += self._pass(fault, KILLED).code == KILLED
        self.good_pass()

    def ahead(self) -> None:
        """A clock that is months ahead for one pass is not believed."""
        self._refused(self.today + timedelta(days=self.random.randrange(46, 4000)))
        self.good_pass()

    def back(self) -> None:
        self.good_pass()
        self._refused(self.today - timedelta(days=self.random.randrange(1, 400)))

    def _refused(self, day: date) -> None:
        before = self.rows.everything()
        ended = run(self.folder, ["tick"], at(day))
        self.figures["wrong clocks"] += 1
        if ended.code != 1 or self.rows.everything() != before:
            self.wrong.append(
                f"{self.today}: a pass at {day} was believed ({ended.code}): {ended.out[-300:]}{ended.err[-300:]}"
            )

    def full(self) -> None:
        if self.url.startswith("sqlite"):
            self.figures["full disks"] += self._pass(Fault(disk_is_full=True), 3).code == 3
        self.good_pass()

    def locked(self) -> None:
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.folder / "books.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                self.figures["locks"] += self._pass(Fault(is_impatient=True), 3).code == 3
                other.execute("ROLLBACK")
        self.good_pass()

    def broken(self) -> None:
        """A file is damaged or gone; the pass of the day is made all the same, and no other."""
        names = [
            "workflows/mx/twinning.toml",
            "workflows/ec/cuenca.toml",
            "people.toml",
            "workflows/calendars/ec-public.toml",
        ]
        names += ["notifications/deadline-soon/en/body.txt", "notifications/notices.toml"]
        path = self.folder / self.random.choice(names)
        with damaged(path, self.random.choice((GARBAGE, None))):
            self.figures["broken files"] += 1
            self._pass(NONE, 3)

    def people_act(self) -> None:
        """The steps of the day, by whoever takes them in the story."""
        due = [act for act in self.acts if act.on == self.today]
        if due:
            self.figures["acts"] += len(due)
            ended = apart(self.folder, lambda: self._take(due), at(self.today))
            if ended.code:
                self.wrong.append(f"{self.today}: acts ended with {ended.code}: {ended.err[-600:]}")

    def _take(self, due: list[Act]) -> None:
        runtime = books.start(self.folder, self.url)
        for act in due:
            try:
                take(
                    runtime.engine,
                    runtime.rulebook,
                    runtime.people,
                    act.reference,
                    act.step,
                    person=act.step.by,
                    now=at(self.today),
                )
            except TwinflowError as refused:
                print(act.reference, act.step.step, refused)
        runtime.engine.dispose()

    def new_version(self, *, disturbed: bool) -> None:
        """About once in two months a process gets its next version, and its cases move there; at first the move is killed."""
        decided = Random(f"version {self.today}")
        if decided.random() < 1 / 60:
            key = decided.choice(MOVING)
            folder = self.folder / "workflows"
            newest = max(
                path.stem.count(".v") and int(path.stem.rpartition(".v")[2]) for path in folder.glob(f"{key}*.toml")
            )
            text = (folder / (f"{key}.v{newest}.toml" if newest else f"{key}.toml")).read_text("utf-8")
            old = int(re.findall(r"^version = (\d+)$", text, re.MULTILINE)[0])
            text = text.replace(f"version = {old}\n", f"version = {old + 1}\n", 1).replace(
                "15 days before", "16 days before"
            )
            (folder / f"{key}.v{old + 1}.toml").write_text(text, "utf-8")
            faults = [Fault(dies_at=decided.randrange(5, 60)), NONE] if disturbed else [NONE]
            ended = [apart(self.folder, lambda: self._move(key, old), at(self.today), fault) for fault in faults][-1]
            self.figures["migrations"] += 1
            if ended.code:
                self.wrong.append(f"{self.today}: a migration ended with {ended.code}: {ended.err[-600:]}")

    def _move(self, key: str, old: int) -> None:
        runtime = books.start(self.folder, self.url)
        catalogue = runtime.rulebook.catalogue
        plan = replace(draft(catalogue.version(key, old), catalogue.version(key, old + 1)), reason="a new version")
        around = (runtime.engine, runtime.rulebook, runtime.people)
        for _ in migrating.apply(*around, plan, person="liaison", door=AT_PAGE, now=at(self.today)):
            pass
        runtime.engine.dispose()

    def news(self) -> None:
        """A day off is declared about once in two months: of the same days in both years."""
        decided = Random(f"news {self.today}")
        if decided.random() < 1 / 60:
            key = decided.choice(("mx-labour", "ec-public", "be-public"))
            path = self.folder / "workflows" / "calendars" / f"{key}.toml"
            declared = self.today + timedelta(days=decided.randrange(1, 60))
            if f"on = {declared}\n" in path.read_text("utf-8"):
                return
            path.write_text(path.read_text("utf-8") + EDITION.format(on=declared, today=self.today), "utf-8")
            ended = run(self.folder, ["calendars", "apply", str(path), "--as", "liaison"], at(self.today))
            self.figures["editions"] += 1
            if ended.code:
                self.wrong.append(
                    f"{self.today}: an edition ended with {ended.code}: {ended.out[-300:]}{ended.err[-300:]}"
                )


@contextmanager
def damaged(path: Path, content: str | None) -> Iterator[None]:
    """The file says something else for a time, or is not there."""
    whole = path.read_bytes()
    try:
        path.unlink() if content is None else path.write_text(content, "utf-8")
        yield
    finally:
        path.write_bytes(whole)

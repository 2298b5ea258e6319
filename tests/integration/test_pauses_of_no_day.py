"""A pause that holds no day is none, also in books that were written when it was one."""

import json
from datetime import date
from pathlib import Path

from sqlalchemy import text

from builders import new_case, noon
from tiny_world import loaded, tiny_world
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.steps.command import StepCommand
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.books.checking import check

ASKED, MARCH_12 = date(2026, 3, 9), date(2026, 3, 12)
WAITING = """[states.waiting]
stage = "work"
waits_for = "liaison"
label = { en = "Waiting", es = "En espera" }
[steps.wait]
from = ["asked"]
to = "waiting"
by = ["liaison"]
label = { en = "Wait", es = "Esperar" }
[steps.go_on]
from = ["waiting"]
to = "asked"
by = ["liaison"]
label = { en = "Go on", es = "Seguir" }
[steps.ask]"""


def test_books_that_have_such_a_pause_prove_and_give_the_same_dates(database_url: str, tmp_path: Path) -> None:
    edits = (("[steps.ask]", WAITING), ('length = "10 days"', 'length = "10 days"\npaused_in = ["waiting"]'))
    with tiny_world(database_url, tmp_path, *edits) as books:
        around = (books.engine, books.rulebook, books.people)
        books.now = noon(MARCH_12)
        parties = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
        open_agreement(*around, new_case("T-1", "tiny", "chihuahua", "x", ASKED, parties), actor="elena", now=books.now)
        for step, on in (("ask", ASKED), ("wait", MARCH_12), ("go_on", MARCH_12), ("finish", MARCH_12)):
            advance_agreement(*around, "T-1", StepCommand(step, on), person="elena", now=books.now)
        (before,) = loaded(books, "T-1").deadlines
        assert before.basis is not None
        assert (before.due_on, before.basis.pauses) == (date(2026, 3, 19), ())
        for end in ("2026-03-12", "2026-03-10"):
            pause = {"start": "2026-03-12", "end": end, "reason": {"en": "Waiting", "es": "En espera"}, "paper": ""}
            basis = json.dumps({"lengths": ["10 days"], "pauses": [pause]})
            with books.engine.begin() as connection:
                connection.execute(text("UPDATE deadline SET basis = :basis"), {"basis": basis})
            assert check(*around, books.now).faults == ()
            assert loaded(books, "T-1").deadlines == (before,)

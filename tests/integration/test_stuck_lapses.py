"""Two dates pass on one day, and the step of one cannot be taken: the other's is taken all the same."""

from datetime import date
from pathlib import Path

from builders import noon
from tiny_world import loaded, tiny_world
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.clock.sweep import sweep

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
TWO = """
[steps.note]
from = ["asked"]
to = "asked"
by = ["liaison"]
records = ["noted"]
label = { en = "Note", es = "Anotar" }
[steps.archive]
from = ["asked"]
to = "done"
by = ["clock"]
source = "test"
requires = [{ name = "fact", fact = "noted" }]
label = { en = "Archive", es = "Archivar" }
[steps.end]
from = ["asked"]
to = "done"
by = ["clock"]
label = { en = "End", es = "Terminar" }
[deadlines.a_archive]
runs_from = { step = "ask" }
length = "5 days"
nature = "legal"
roll = "none"
article = "test"
on_lapse = "archive"
source = "test"
label = { en = "Archive", es = "Archivo" }
[deadlines.b_end]
runs_from = { step = "ask" }
length = "5 days"
nature = "legal"
roll = "none"
article = "test"
on_lapse = "end"
source = "test"
label = { en = "End", es = "Fin" }
[deadlines.answer]"""


def test_what_can_be_done_is_done_and_the_rest_is_reported(database_url: str, tmp_path: Path) -> None:
    asked = date(2026, 3, 2)
    noted = ("asked_on = { en", 'noted = { en = "Noted", es = "Anotado" }\nasked_on = { en')
    with tiny_world(database_url, tmp_path, noted, ("[deadlines.answer]", TWO)) as world:
        world.now = noon(asked)
        new = NewAgreement("T-1", "tiny", "chihuahua", "x", asked, PARTIES)
        open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", now=world.now)
        command = StepCommand("ask", asked)
        advance_agreement(world.engine, world.rulebook, world.people, "T-1", command, person="elena", now=world.now)
        result = sweep(world.engine, world.rulebook, world.people, noon(date(2026, 3, 8)))
        assert loaded(world, "T-1").state == "done"
        assert result.lapsed == ("T-1",)
        assert any("“Archive” cannot be taken" in str(problem) for problem in result.problems)

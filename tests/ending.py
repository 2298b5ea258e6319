"""A process whose steps go by days: a termination with notice, a meeting that is convened in time."""

from pathlib import Path

from builders import NOTIFICATIONS, edited, write_workflows
from twinflow.definitions.catalogue import read_rulebook
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import BadInput

ENDING = """
[process]
key = "ending"
version = 1
kind = "twinning"
start = "in_force"
in_force = { from = 2000-01-01 }
time_zone = "America/Mexico_City"
calendars = ["mx-labour"]
label = { en = "Ending", es = "Fin" }

[stages]
work = { en = "Work", es = "Trabajo" }

[facts]
meeting_on = { en = "Day of the meeting", es = "Día de la sesión" }
ends_on = { en = "Last day of the term", es = "Último día de la vigencia" }

[terms.notice_period]
source = "test"
label = { en = "Notice period", es = "Preaviso" }

[roles.liaison]
office = "municipality"
label = { en = "liaison officer", es = "enlace" }

[states.in_force]
stage = "work"
waits_for = "liaison"
label = { en = "In force", es = "Vigente" }
[states.noticed]
stage = "work"
waits_for = "liaison"
label = { en = "Under notice", es = "Denunciado" }
[states.waiting]
stage = "work"
waits_for = "liaison"
label = { en = "Waiting", es = "En espera" }
[states.ended]
stage = "work"
final = true
label = { en = "Ended", es = "Terminado" }

[steps.note_the_end]
from = ["in_force"]
to = "in_force"
by = ["liaison"]
records = ["ends_on"]
label = { en = "Note the end", es = "Anotar el fin" }
[steps.denounce]
from = ["in_force"]
to = "noticed"
by = ["liaison"]
requires = [{ name = "not_after", deadline = "last_day_to_denounce" }]
source = "test"
label = { en = "Denounce", es = "Denunciar" }
[steps.wait]
from = ["noticed"]
to = "waiting"
by = ["liaison"]
label = { en = "Wait", es = "Esperar" }
[steps.go_on]
from = ["waiting"]
to = "noticed"
by = ["liaison"]
label = { en = "Go on", es = "Seguir" }
[steps.withdraw]
from = ["noticed", "waiting"]
to = "in_force"
by = ["liaison"]
label = { en = "Withdraw", es = "Retirar" }
[steps.dissolve]
from = ["in_force"]
to = "ended"
by = ["liaison"]
notices = [{ notice = "agreement-ended", to = ["liaison"] }]
label = { en = "Dissolve", es = "Disolver" }
[steps.complete]
from = ["noticed", "waiting"]
to = "ended"
by = ["liaison", "clock"]
requires = [{ name = "not_before", deadline = "notice_end" }]
source = "test"
label = { en = "Complete the termination", es = "Completar la terminación" }

[steps.convene]
from = ["in_force"]
to = "in_force"
by = ["liaison"]
records = ["meeting_on"]
requires = [{ name = "not_after", fact = "meeting_on", at_least = "3 clear days" }]
source = "test"
label = { en = "Convene", es = "Convocar" }
[steps.meet]
from = ["in_force"]
to = "in_force"
by = ["liaison"]
requires = [
  { name = "not_before", step = "convene", at_least = "3 clear days" },
  { name = "not_before", fact = "meeting_on" },
]
source = "test"
label = { en = "Meet", es = "Sesionar" }
[steps.invite]
from = ["in_force"]
to = "in_force"
by = ["liaison"]
records = ["meeting_on"]
requires = [{ name = "not_after", deadline = "last_day_to_invite" }]
source = "test"
label = { en = "Invite", es = "Invitar" }

[deadlines.minutes]
runs_from = { step = "convene" }
length = "30 days"
nature = "contractual"
late = "liaison"
met_by = ["meet"]
roll = "none"
warn = ["1 day after"]
source = "test"
label = { en = "Minutes of the meeting", es = "Acta de la sesión" }
[deadlines.notice_end]
runs_from = { step = "denounce" }
length = { term = "notice_period" }
nature = "contractual"
duty = false
paused_in = ["waiting"]
met_by = ["withdraw"]
pause = { by = ["liaison"], source = "test" }
extend = { by = ["liaison"], source = "test" }
move = { by = ["liaison"], source = "test" }
roll = "none"
on_lapse = "complete"
source = "test"
label = { en = "End of the notice", es = "Fin del preaviso" }
[deadlines.last_day_to_denounce]
runs_from = { fact = "ends_on" }
length = "60 days"
direction = "backward"
nature = "contractual"
duty = false
roll = "none"
source = "test"
label = { en = "Last day to denounce", es = "Último día para denunciar" }
[deadlines.last_day_to_invite]
runs_from = { fact = "meeting_on" }
length = "2 business days"
direction = "backward"
nature = "contractual"
duty = false
source = "test"
label = { en = "Last day to invite", es = "Último día para invitar" }
"""
"""A whole process file without a mistake, to be edited by tests."""


def ending(folder: Path, *edits: tuple[str, str]) -> ProcessDefinition:
    """The process with edits, read and checked as a shipped one is."""
    found = read_rulebook(write_workflows(folder, edited(ENDING, *edits), name="ending.toml"), NOTIFICATIONS)
    return found.catalogue.version("ending", 1)


def mistakes(folder: Path, *edits: tuple[str, str]) -> list[str]:
    """What `check` finds wrong with the process once it is edited, each with its path."""
    try:
        ending(folder, *edits)
    except BadInput as error:
        return [str(problem).partition("ending.toml: ")[2] for problem in error.problems]
    return []

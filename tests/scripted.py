"""A scripted case of the tiny process, and its replay."""

from pathlib import Path

from builders import NOTIFICATIONS, TINY, edited, write_workflows
from twinflow.definitions.catalogue import read_rulebook
from twinflow.definitions.scripts import read_script
from twinflow.domain.clock.scripted_case import Script
from twinflow.domain.rulebook import Rulebook

SCRIPT = """
[case]
reference = "T-1"
title = "Tiny"
process = "tiny"
opened_on = 2024-03-01
until = 2024-04-12
source = "invented"
ends_in = "done"
parties = [{ name = "Uno", country = "MX", home = true }, { name = "Dos", country = "US" }]

[[steps]]
on = 2024-03-01
step = "finish"
by = "liaison"
refused = true

[[steps]]
on = 2024-03-04
step = "ask"
by = "liaison"
state = "asked"

[[steps]]
on = 2024-03-27
step = "finish"
by = "liaison"
state = "done"

[[dates]]
deadline = "answer"
as_of = 2024-03-03

[[dates]]
deadline = "answer"
as_of = 2024-03-04
due = 2024-03-14

[[alerts]]
on = 2024-03-04
notice = "opinion-requested"
to = "liaison"

[[alerts]]
on = 2024-03-15
deadline = "answer"
level = "1 day after"
to = "liaison"

[[alerts]]
on = 2024-03-25
deadline = "answer"
level = "then every 5 days"
to = "liaison"
"""
"""Asked on 4 March 2024, ten days, answered on the 27th: everything in the tiny process happens but for what is refused."""

GIVE_UP = """[steps.give_up]
from = ["asked"]
to = "done"
by = ["clock"]
label = { en = "Give up", es = "Desistir" }

[steps.finish]"""
CLOCK_STEP = (
    ("[steps.finish]", GIVE_UP),
    ('late = "liaison"', 'late = "liaison"\non_lapse = "give_up"\narticle = "test"'),
    ('warn = ["3 days before", "1 day after", "then every 5 days"]', 'warn = ["3 days before"]'),
)
"""Edits of the tiny process: the clock ends the case where no answer comes."""


def tiny_rulebook(folder: Path, *edits: tuple[str, str], **more: str) -> Rulebook:
    """The tiny process with edits, and other process files by the name of their key."""
    write_workflows(folder, edited(TINY, *edits))
    for key, text in more.items():
        (folder / f"{key}.toml").write_text(text, "utf-8")
    return read_rulebook(folder, NOTIFICATIONS)


def tiny_script(folder: Path, rulebook: Rulebook, *edits: tuple[str, str], text: str = SCRIPT) -> Script:
    """The script above with edits, read and checked."""
    file = folder / "script.toml"
    file.write_text(edited(text, *edits), "utf-8")
    return read_script(file, rulebook.catalogue)

"""How much of a process the scripted cases exercise: what counts, and what has been exercised."""

from pathlib import Path

import pytest

from builders import TINY, edited
from scripted import CLOCK_STEP, tiny_rulebook, tiny_script
from twinflow.domain.clock.coverage import Coverage, Kind, Part, coverage_of
from twinflow.services.clock.replaying import play

OVERLAY = """
[process]
key = "more"
version = 1
label = { en = "More", es = "Más" }
in_force = { from = 2000-01-01 }
extends = { process = "tiny", version = 1 }

[states.stopped]
stage = "work"
final = true
label = { en = "Stopped", es = "Parado" }

[steps.finish]
notices = [{ notice = "opinion-issued", to = ["liaison"] }]

[steps.stop]
from = ["open"]
to = "stopped"
by = ["liaison"]
label = { en = "Stop", es = "Parar" }

[deadlines.answer]
warn = ["3 days before", "on the day", "1 day after"]
"""


def measured(
    folder: Path, *edits: tuple[str, str], process: tuple[tuple[str, str], ...] = (), key: str = "tiny"
) -> Coverage:
    """What the tiny script with edits exercises of a process."""
    found = tiny_rulebook(folder / "workflows", *process, more=OVERLAY)
    agreements = play(found, tiny_script(folder, found, *edits)).cases
    return coverage_of(found.catalogue.version(key, 1), found.catalogue, agreements)


def test_a_story_that_does_everything_leaves_nothing_out(tmp_path: Path) -> None:
    found = measured(tmp_path)
    assert found.missing == ()
    assert {kind: part.total for kind, part in found.parts.items()} == {
        Kind.STATE: 3,
        Kind.STEP: 2,
        Kind.DEADLINE: 1,
        Kind.LEVEL: 3,
        Kind.NOTICE: 1,
    }
    assert {part.per_cent for part in found.parts.values()} == {100}


@pytest.mark.parametrize(
    ("edits", "missing"),
    [
        ((("until = 2024-04-12", "until = 2024-03-19"), ('ends_in = "done"', "")), ["answer: every 5 days"]),
        ((("until = 2024-04-12", "until = 2024-03-14"),), ["answer: 1 day after", "answer: every 5 days"]),
    ],
)
def test_a_level_counts_once_it_was_told(
    tmp_path: Path, edits: tuple[tuple[str, str], ...], missing: list[str]
) -> None:
    until_then = (*edits, ('[[steps]]\non = 2024-03-27\nstep = "finish"\nby = "liaison"\nstate = "done"\n', ""))
    without_alerts = (
        '[[alerts]]\non = 2024-03-15\ndeadline = "answer"\nlevel = "1 day after"\nto = "liaison"\n\n[[alerts]]\n'
        'on = 2024-03-25\ndeadline = "answer"\nlevel = "then every 5 days"\nto = "liaison"\n'
    )
    found = measured(tmp_path, *until_then, (without_alerts, ""))
    assert [name for kind, name in found.missing if kind is Kind.LEVEL] == missing


def test_a_deadline_that_never_had_a_date_and_a_refused_step_were_not_exercised(tmp_path: Path) -> None:
    only_refused = (
        ('step = "ask"\nby = "liaison"\nstate = "asked"', 'step = "finish"\nby = "liaison"\nrefused = true'),
        ('step = "finish"\nby = "liaison"\nstate = "done"', 'step = "finish"\nby = "liaison"\nrefused = true'),
    )
    assert measured(tmp_path, *only_refused).missing == (
        (Kind.STATE, "asked"),
        (Kind.STATE, "done"),
        (Kind.STEP, "ask"),
        (Kind.STEP, "finish"),
        (Kind.DEADLINE, "answer"),
        (Kind.LEVEL, "answer: 3 days before"),
        (Kind.LEVEL, "answer: 1 day after"),
        (Kind.LEVEL, "answer: every 5 days"),
        (Kind.NOTICE, "ask: opinion-requested"),
    )


def test_a_step_that_the_clock_takes_was_exercised(tmp_path: Path) -> None:
    unanswered = ('[[steps]]\non = 2024-03-27\nstep = "finish"\nby = "liaison"\nstate = "done"\n', "")
    assert measured(tmp_path, unanswered, process=CLOCK_STEP).missing == ((Kind.STEP, "finish"),)


def test_of_an_overlay_only_what_it_adds_or_changes_counts(tmp_path: Path) -> None:
    found = measured(tmp_path, key="more", process=())
    assert (found.cases, found.name) == (0, "more v1")
    assert found.missing == (
        (Kind.STATE, "stopped"),
        (Kind.STEP, "finish"),
        (Kind.STEP, "stop"),
        (Kind.DEADLINE, "answer"),
        (Kind.LEVEL, "answer: on the day"),
        (Kind.NOTICE, "finish: opinion-issued"),
    )


def test_a_case_of_an_overlay_says_nothing_of_the_process_it_rests_on(tmp_path: Path) -> None:
    of_the_overlay = ('process = "tiny"', 'process = "more"')
    found = measured(tmp_path, of_the_overlay, key="more")
    assert found.missing == ((Kind.STATE, "stopped"), (Kind.STEP, "stop"))
    assert measured(tmp_path, of_the_overlay).cases == 0


def test_an_overlay_that_repeats_what_is_there_changes_nothing(tmp_path: Path) -> None:
    same = edited(OVERLAY, ('label = { en = "More", es = "Más" }', 'label = { en = "Same", es = "Igual" }'))
    same = same[: same.index("[states.stopped]")] + '[states.open]\nlabel = { en = "Open", es = "Abierto" }\n'
    assert 'label = { en = "Open", es = "Abierto" }' in TINY
    found = tiny_rulebook(tmp_path / "workflows", more=same)
    overlay = coverage_of(found.catalogue.version("more", 1), found.catalogue, [])
    assert {part.total for part in overlay.parts.values()} == {0}
    assert overlay.missing == ()


def test_per_cent_is_rounded_down_and_nothing_at_all_is_all_of_it() -> None:
    assert Part(200, ("one",)).per_cent == 99
    assert Part(3, ("one",)).per_cent == 66
    assert Part(0, ()).per_cent == 100

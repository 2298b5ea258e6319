"""What commands cost in processor time, as whoever waits for them pays it: the whole process, with its start."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.books import PEOPLE, start
from bench.driver import processor_time
from bench.rows import Bar, Row, in_turns
from bench.steps import fill, names
from twinflow.definitions.catalogue import read_rulebook
from twinflow.definitions.scripts import read_script
from twinflow.files import shipped
from twinflow.services.clock.replaying import play

TWINFLOW = Path(sys.executable).with_name("twinflow")


def of_command(arguments: tuple[str, ...], environment: Mapping[str, str]) -> float:
    """Seconds of the processor, of the command and of what it waited for."""
    with subprocess.Popen(
        [TWINFLOW, *arguments], stdout=subprocess.DEVNULL, env={**os.environ, **environment}
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"twinflow {' '.join(arguments)} failed")
    return used.ru_utime + used.ru_stime


def replayed(years: int, rounds: int) -> Row:
    """The case of Chihuahua and Albuquerque, and the years after its last step."""
    workflows = shipped("workflows")
    rulebook = read_rulebook(workflows, shipped("notifications"))
    script = read_script(workflows / "cases" / "mx" / "twinning" / "chihuahua-albuquerque.toml", rulebook.catalogue)
    longer = replace(script, until=date(script.first.opened_on.year + years, 12, 31))
    (ours,) = in_turns(rounds, lambda _number: processor_time(lambda: play(rulebook, longer)))
    return Row(what=f"{years} years replayed, processor time", unit="s", ours=ours, bar=Bar(3, of_ratio=False))


def rows(cases: int = 100, rounds: int = 5, years: int = 8) -> list[Row]:
    commands = (
        (("--help",), 0.35),
        (("agreements", "list"), 0.8),
        (("agreements", "show", "B-0"), 0.8),
        (("agreements", "history", "B-0"), 0.8),
        (("deadlines", "list"), 0.8),
        (("outbox", "list"), 0.8),
        (("workflows", "check"), 2),
    )
    with TemporaryDirectory() as name:
        file = Path(name) / "twinflow.db"
        fill(start(file), names(cases))
        environment = {"TWINFLOW_PEOPLE_FILE": str(PEOPLE), "TWINFLOW_DATABASE__URL": f"sqlite:///{file}"}
        environment["TWINFLOW_CACHE_FOLDER"] = name
        of_command(("agreements", "list"), environment)  # the files are proved once
        found = in_turns(
            rounds, *(lambda _number, a=arguments: of_command(a, environment) for arguments, _ in commands)
        )
    return [
        *(
            Row(
                what=f"twinflow {' '.join(arguments)}, processor time",
                unit="s",
                ours=seconds,
                bar=Bar(limit, of_ratio=False),
            )
            for (arguments, limit), seconds in zip(commands, found, strict=True)
        ),
        replayed(years, rounds),
    ]

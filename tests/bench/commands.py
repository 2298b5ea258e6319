"""What a command costs to start: processor time of its whole process, user and system, the median of several rounds.

python tests/bench/commands.py [rounds] [cases]. Measured is `twinflow` as it is installed, with its bytecode and with files
that were proved before; beside it the first start of all, which proves them, and what the libraries of a database alone take.
"""

import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from books import PEOPLE, days_before, write

TWINFLOW = shutil.which("twinflow", path=str(Path(sys.executable).parent)) or "twinflow"
ROUNDS, CASES = 7, 100
HELP, READING, CHECK = 0.35, 0.8, 2.0
BARS = {
    "--help": HELP,
    "agreements list": READING,
    "agreements show B-1": READING,
    "agreements history B-1": READING,
    "deadlines list": READING,
    "outbox list": READING,
    "people list": READING,
    "workflows list": READING,
    "workflows check": CHECK,
}
"""Seconds of processor time that a command may take."""

FIRST = "agreements list, which proves the files"
LIBRARIES = {"(the libraries alone)": [sys.executable, "-c", "import sqlmodel, typer, rich.console"]}


def measured(rounds: int = ROUNDS, cases: int = CASES) -> dict[str, float]:
    """Seconds of processor time by command, on books with so many cases."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        now = datetime.now(UTC)
        days = days_before(now.date(), 40)
        write(folder / "twinflow.db", [days[n % len(days)] for n in range(cases)], now)
        variables = {key: value for key, value in os.environ.items() if not key.startswith("TWINFLOW_")} | {
            "TWINFLOW_DATABASE__URL": f"sqlite:///{folder / 'twinflow.db'}",
            "TWINFLOW_PEOPLE_FILE": str(PEOPLE),
            "TWINFLOW_CACHE_FOLDER": str(folder / "cache"),
        }
        commands = {command: [TWINFLOW, *command.split()] for command in BARS} | LIBRARIES
        first = {FIRST: processor_time(commands["agreements list"], variables)}
        taken = [{name: processor_time(each, variables) for name, each in commands.items()} for _ in range(rounds)]
        return {name: median(each[name] for each in taken) for name in commands} | first


def processor_time(command: list[str], variables: dict[str, str]) -> float:
    """Of one run. Exits where the command fails."""
    nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    started = os.posix_spawn(command[0], command, variables, file_actions=[nowhere])
    _, status, used = os.wait4(started, 0)
    if status:
        raise SystemExit(f"{command} failed")
    return used.ru_utime + used.ru_stime


def main(rounds: int = ROUNDS, cases: int = CASES) -> None:
    for command, seconds in measured(rounds, cases).items():
        bar = f"bar {BARS[command]:.2f} s" if command in BARS else "no bar"
        print(f"{command:<40} {seconds:.2f} s   {bar}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

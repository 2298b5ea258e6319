"""Each part of the bench runs in small and gives its rows; `make bench` runs them at their full size.

The quick ones always, all of them by `make test-deep`.
"""

import subprocess
import sys

import pytest

from bench.__main__ import PARTS
from builders import ROOT
from how_many import DEEP

SMALLEST = {
    "steps": (2, 1),
    "clients": (8, 1, 1),
    "long_case": (40, 1),
    "bulk": (60, 1, 2, 60, 300),
    "lists": (60, 1),
    "sight": (900, 1),
    "sweeps": (40, 80, 2, 10),
    "processor_time": (2, 1, 1),
    "simulate": (1, 1),
    "jobs": (2, 1),
    "due_dates": (200, 1),
    "late_holiday": (300,),
    "mail": (20, 1, 30, 40),
    "what_time_tells": (1, 2),
}
QUICK = ("steps", "sweeps", "late_holiday", "simulate", "due_dates")


def test_every_part_is_tried() -> None:
    assert SMALLEST.keys() == PARTS.keys()


@pytest.mark.parametrize("part", SMALLEST if DEEP else QUICK)
def test_a_part_in_small_gives_rows_with_figures(part: str) -> None:
    sizes = ", ".join(str(size) for size in SMALLEST[part])
    code = f"from bench import {part}\nif __name__ == '__main__':\n    for row in {part}.rows({sizes}): print(min(row.ours), row)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    figures = [float(line.split()[0]) for line in done.stdout.splitlines()]
    assert figures
    assert all(figure > 0 for figure in figures)

"""Fifteen days of `make soak`: everything goes wrong around the books, and nothing in them. On PostgreSQL in the long run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from how_many import DEEP

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"] if DEEP else ["sqlite"])
def test_fifteen_days_in_which_everything_goes_wrong_leave_the_books_as_fifteen_in_which_nothing_does(
    database: str,
) -> None:
    command = [sys.executable, "-m", "soak", "--cases", "16", "--days", "15", "--database", database, "--seed", "3"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(TESTS)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    figures = {
        name: int(number.replace(",", ""))
        for number, name in re.findall(r"^ *([\d,]+)  (.+)$", done.stdout, re.MULTILINE)
    }
    for name in ("kills", "wrong clocks", "broken files", "editions", "migrations", "acts", "rows of alert"):
        assert figures.get(name, 0) > 0, name

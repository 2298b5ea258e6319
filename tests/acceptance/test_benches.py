"""The benches run and check their own answers; `make bench` runs them at their full size."""

import subprocess
import sys

import pytest

from builders import ROOT


@pytest.mark.parametrize(
    ("script", "size", "told"),
    [
        ("steps.py", ("2", "1"), "through the service"),
        ("due_dates.py", ("200", "1"), "due dates/s"),
        ("late_holiday.py", ("300",), "300 open deadlines counted anew"),
        ("mail.py", ("20", "1", "30", "40"), "through the outbox"),
        ("sweeps.py", ("40", "80", "2", "10"), "a sweep that finds 10 due"),
    ],
)
def test_a_bench_in_small_ends_with_its_ratio(script: str, size: tuple[str, ...], told: str) -> None:
    command = [sys.executable, str(ROOT / "tests" / "bench" / script), *size]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert told in done.stdout
    assert "ratio" in done.stdout

"""Runs many random cases of one property, says what repeats a failing one, and how many there were."""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import pytest

from deep.cases import CHUNKS
from how_many import DEEP, SEED, many

Trials = Callable[..., None]


@pytest.fixture(params=range(CHUNKS))
def trials(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Iterator[Trials]:
    """Call it with a function that tries `size` cases with the random numbers it is given."""

    def run(try_some: Callable[[Random], None], *, short: int, deep: int, size: int = 1) -> None:
        rounds = -(-many(short, deep) // (size * CHUNKS))
        for number in range(rounds):
            try:
                try_some(Random(f"{SEED} {request.node.originalname} {request.param} {number}"))
            except Exception as error:
                error.add_note(
                    f"seed {SEED}, chunk {request.param}, number {number}; repeat with DEEP={DEEP} DEEP_SEED={SEED}"
                )
                raise
        record_property("cases", rounds * size)

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not DEEP:
        return
    counted: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        name = report.nodeid.partition("[")[0].rpartition("::")[2]
        counted[name] += sum(value for key, value in report.user_properties if key == "cases")
    terminalreporter.section(f"cases tried, seed {SEED}")
    for name, cases in sorted(counted.items()):
        terminalreporter.write_line(f"{cases:>10,}  {name.removeprefix('test_').replace('_', ' ')}")
    terminalreporter.write_line(f"{counted.total():>10,}  in all")
    for report in terminalreporter.getreports("passed"):
        for value in (value for key, value in report.user_properties if key == "slowest"):
            terminalreporter.write_line(f"the slowest: {value}")

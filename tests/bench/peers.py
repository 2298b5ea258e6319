"""Peers from other projects: installed apart from ours (`make bench`), each in a process of its own that works when asked."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PYTHON = Path(__file__).parents[2] / ".venv" / "peers" / "bin" / "python"


@contextmanager
def peer(script: str, *arguments: object) -> Iterator[Callable[[], float] | None]:
    """What runs one round of the script beside this file and gives its seconds; None where the peers are not installed."""
    if not PYTHON.exists():
        yield None
        return
    command = [str(PYTHON), str(Path(__file__).with_name(script)), *(str(each) for each in arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asking, answers = process.stdin, process.stdout

        def turn() -> float:
            print(file=asking, flush=True)
            return float(answers.readline())

        yield turn
        asking.close()

"""How far a long command is."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere; to be told how many of how many are done."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    with Progress(
        *Progress.get_default_columns(), MofNCompleteColumn(), transient=True, console=Console(stderr=True)
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)

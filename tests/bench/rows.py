"""What a bench says: rows of a table, each with what we reached, what another reached in the same run, and the bar."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

NOTHING = "–"
NOT_INSTALLED = "not installed"
HEADINGS = ("what", "ours", "peer", "ratio", "bar", "")


@dataclass(frozen=True, slots=True)
class Bar:
    """At most, or at least, so much: of the ratio to the peer, or of our own figure."""

    limit: float
    at_most: bool = True
    of_ratio: bool = True

    def holds(self, figure: float) -> bool:
        return figure <= self.limit if self.at_most else figure >= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The figures of each round; peer's rounds are those of ours, and empty where there is nobody to compare with.

    `against` names the peer, or says why there is none. The ratio is ours by the peer's, in the unit given.
    """

    what: str
    unit: str
    ours: Sequence[float]
    peer: Sequence[float] = ()
    against: str = ""
    bar: Bar | None = None

    @property
    def ratios(self) -> list[float]:
        return [mine / other for mine, other in zip(self.ours, self.peer, strict=True)] if self.peer else []

    @property
    def verdict(self) -> str:
        """A bar that could not be measured is not held."""
        if self.bar is None:
            return NOTHING
        figures = self.ratios if self.bar.of_ratio else self.ours
        if not figures:
            return "not measured"
        return "held" if self.bar.holds(statistics.median(figures)) else "short"

    @property
    def falls_short(self) -> bool:
        return self.bar is not None and self.verdict != "held"


def table(rows: Sequence[Row]) -> str:
    lines = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def exit_code(rows: Sequence[Row]) -> int:
    """1 where a bar is short or could not be measured."""
    return int(any(row.falls_short for row in rows))


def in_turns(rounds: int, *ways: Callable[[int], float]) -> list[list[float]]:
    """What each way gives in each round, told its number; they take turns."""
    found: list[list[float]] = [[] for _ in ways]
    for number in range(rounds):
        for way, figures in zip(ways, found, strict=True):
            figures.append(way(number))
    return found


def slowest_of_most(work: Callable[[], object], times: int) -> float:
    """The 95th percentile of so many, in milliseconds."""
    taken = []
    for _ in range(times):
        begin = perf_counter()
        work()
        taken.append((perf_counter() - begin) * 1000)
    return within_which_most(taken)


def within_which_most(figures: Sequence[float]) -> float:
    """The 95th percentile: 95 of 100 are no greater."""
    return sorted(figures)[-(-95 * len(figures) // 100) - 1]


def per_second(count: int, seconds: Sequence[float]) -> list[float]:
    return [count / each for each in seconds]


def milliseconds(count: int, seconds: Sequence[float]) -> list[float]:
    """For each of so many."""
    return [each / count * 1000 for each in seconds]


def _cells(row: Row) -> tuple[str, ...]:
    peer = f"{_figure(row.peer)} {row.against}" if row.peer else row.against or NOTHING
    ours = f"{_figure(row.ours)} {row.unit}" if row.ours else NOTHING
    return row.what, ours, peer, _ratio(row.ratios), _bar(row), row.verdict


def _figure(figures: Sequence[float]) -> str:
    return _short(statistics.median(figures))


def _ratio(ratios: Sequence[float]) -> str:
    if not ratios:
        return NOTHING
    spread = f" ({_short(min(ratios))} to {_short(max(ratios))})" if len(ratios) > 1 else ""
    return f"{_short(statistics.median(ratios))}{spread}"


def _bar(row: Row) -> str:
    if row.bar is None:
        return NOTHING
    unit = "×" if row.bar.of_ratio else row.unit
    return f"{'≤' if row.bar.at_most else '≥'} {row.bar.limit:g} {unit}"


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.1f}" if abs(figure) >= 10 else f"{figure:.2f}"

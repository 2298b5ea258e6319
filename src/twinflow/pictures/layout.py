"""Where things stand in a picture of rows: few crossings, lines as straight as they can be, nothing on top of anything.

Layered drawing after Sugiyama, Tagawa and Toda (1981): links go from one row to the next, so whoever draws a link over
several rows puts a cell of its own into each of them. Pure geometry: knows no processes and no SVG.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

ORDERING, AIMING, SETTLING = 24, 12, 60
"""Sweeps over the rows: for their order; for places by one side; for places by both. More change nothing that one sees."""
EAGER, CALM = 1.7, 12
"""Places go further than they are pulled (successive over-relaxation: long lines settle sooner), but not in the last sweeps."""

Rows = list[list[str]]
Links = Sequence[tuple[str, str]]
"""Pairs of cells, the upper first, in neighbouring rows."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The room that something takes to the left and right of its middle. `bends`: links may bend here at no cost."""

    left: float
    right: float
    bends: bool = True


def depths(members: Sequence[str], links: Iterable[tuple[str, str]]) -> dict[str, int]:
    """How deep each member stands below the first ones: the longest way to it, where links that lead back are turned round.

    Members are looked at in their order; every link between two different ones joins different depths.
    """
    onward: dict[str, list[str]] = {member: [] for member in members}
    for upper, lower in links:
        if upper in onward and lower in onward and upper != lower and lower not in onward[upper]:
            onward[upper].append(lower)
    finished = _by_finish(members, onward)
    place = {member: number for number, member in enumerate(reversed(finished))}
    depth = dict.fromkeys(members, 0)
    for upper in sorted(members, key=lambda member: place[member]):
        for lower in [*onward[upper], *(other for other in members if upper in onward[other])]:
            if place[lower] > place[upper]:
                depth[lower] = max(depth[lower], depth[upper] + 1)
    return depth


def _by_finish(members: Sequence[str], onward: Mapping[str, Sequence[str]]) -> list[str]:
    """The members in the order in which a walk into the depth is done with them."""
    finished: list[str] = []
    seen: set[str] = set()
    for first in members:
        if first in seen:
            continue
        seen.add(first)
        walk = [(first, iter(onward[first]))]
        while walk:
            here, rest = walk[-1]
            following = next((lower for lower in rest if lower not in seen), None)
            if following is None:
                finished.append(here)
                walk.pop()
            else:
                seen.add(following)
                walk.append((following, iter(onward[following])))
    return finished


def ordered(rows: Rows, links: Links) -> Rows:
    """The rows, each in the order with the fewest crossings that going up and down by barycentres finds."""
    above, below = _neighbours(links)
    current = [list(row) for row in rows]
    best, fewest = current, _crossings(current, below)
    for sweep in range(ORDERING):
        current = [list(row) for row in current]
        down = sweep % 2 == 0
        numbers = range(1, len(current)) if down else range(len(current) - 2, -1, -1)
        for number in numbers:
            fixed = current[number - 1 if down else number + 1]
            current[number] = _by_barycentre(current[number], fixed, above if down else below)
        crossings = _crossings(current, below)
        if crossings < fewest:
            best, fewest = current, crossings
    return best


def placed(rows: Rows, cells: Mapping[str, Cell], links: Links, gap: float) -> dict[str, float]:
    """The middle of each cell, so that neighbours in a row keep `gap` and linked cells stand near each other."""
    above, below = _neighbours(links)
    x = {}
    for row in rows:
        middle = 0.0
        for number, key in enumerate(row):
            middle += cells[key].left + (gap + cells[row[number - 1]].right if number else 0.0)
            x[key] = middle
    for sweep in range(AIMING + SETTLING):
        down = sweep % 2 == 0
        eager = EAGER if AIMING <= sweep < AIMING + SETTLING - CALM else 1.0
        centre = sum(x.values()) / len(x)
        for row in rows if down else reversed(rows):
            wanted, weights = [], []
            for key in row:
                near = (above if down else below).get(key, [])
                if sweep >= AIMING or not near:
                    near = [*above.get(key, []), *below.get(key, [])]
                pulls = [_STRAIGHT if cells[key].bends and cells[other].bends else 1.0 for other in near]
                total = sum(pulls) + _LOOSE
                pulled = sum(x[other] * pull for other, pull in zip(near, pulls, strict=True))
                mean = (pulled + centre * _LOOSE) / total
                wanted.append(x[key] + eager * (mean - x[key]))
                weights.append(total)
            apart = [cells[a].right + gap + cells[b].left for a, b in pairwise(row)]
            x |= dict(zip(row, spread(wanted, apart, weights), strict=True))
    return _straightened(x, rows, cells, links, gap)


_STRAIGHT, _LOOSE = 4.0, 0.03
"""How strongly two cells of one line pull each other, and how strongly the centre pulls, so that nothing strays."""


def spread(wanted: Sequence[float], apart: Sequence[float], weights: Sequence[float] = ()) -> list[float]:
    """The places nearest to those wanted (least weighted squares) that keep their order and distances.

    Isotonic regression by pooling neighbours that are too near.
    """
    offsets = [0.0]
    for distance in apart:
        offsets.append(offsets[-1] + distance)
    pools: list[tuple[float, float, int]] = []
    for number, place in enumerate(wanted):
        pool = (place - offsets[number], weights[number] if weights else 1.0, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, weight, size = pools.pop()
            total = weight + pool[1]
            pool = ((mean * weight + pool[0] * pool[1]) / total, total, size + pool[2])
        pools.append(pool)
    bases = [mean for mean, _, size in pools for _ in range(size)]
    return [base + offset for base, offset in zip(bases, offsets, strict=False)]


def _straightened(
    x: Mapping[str, float], rows: Rows, cells: Mapping[str, Cell], links: Links, gap: float
) -> dict[str, float]:
    """The places with each chain of linked cells drawn straight as far as its neighbours in the rows leave room for it.

    Least squares alone spread a bend evenly over a long line, which looks like a trembling hand.
    """
    places = dict(x)
    sides: dict[str, tuple[str | None, str | None]] = {}
    for row in rows:
        for number, key in enumerate(row):
            sides[key] = (row[number - 1] if number else None, row[number + 1] if number + 1 < len(row) else None)

    def room(key: str) -> tuple[float, float]:
        left, right = sides[key]
        least = places[left] + cells[left].right + gap + cells[key].left if left else float("-inf")
        most = places[right] - cells[right].left - gap - cells[key].right if right else float("inf")
        return least, most

    for chain in _chains(places, cells, links):
        rest = chain
        while rest:
            least, most = room(rest[0])
            length = 1
            for key in rest[1:]:
                low, high = room(key)
                if max(least, low) > min(most, high):
                    break
                least, most, length = max(least, low), min(most, high), length + 1
            straight, rest = rest[:length], rest[length:]
            middle = sorted(places[key] for key in straight)[length // 2]
            places |= dict.fromkeys(straight, min(max(middle, least), most))
    return places


def _chains(x: Mapping[str, float], cells: Mapping[str, Cell], links: Links) -> list[list[str]]:
    """Ways from row to row in which no cell comes twice: within one line first, then the links that are straight already."""

    def rank(link: tuple[str, str]) -> tuple[bool, float]:
        upper, lower = link
        return not (cells[upper].bends and cells[lower].bends), abs(x[upper] - x[lower])

    onward: dict[str, str] = {}
    reached: set[str] = set()
    for upper, lower in sorted(links, key=rank):
        if upper not in onward and lower not in reached:
            onward[upper] = lower
            reached.add(lower)
    chains = []
    for first in x:
        if first not in reached:
            chain = [first]
            while chain[-1] in onward:
                chain.append(onward[chain[-1]])
            chains.append(chain)
    return sorted(chains, key=len, reverse=True)


def _neighbours(links: Links) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for upper, lower in links:
        above.setdefault(lower, []).append(upper)
        below.setdefault(upper, []).append(lower)
    return above, below


def _by_barycentre(row: Sequence[str], fixed: Sequence[str], near: Mapping[str, Sequence[str]]) -> list[str]:
    """By the mean place of the neighbours in the fixed row; what has none there keeps its share of the row."""
    place = {key: (number + 0.5) / len(fixed) for number, key in enumerate(fixed)}
    wanted = {}
    for number, key in enumerate(row):
        places = [place[other] for other in near.get(key, ()) if other in place]
        wanted[key] = sum(places) / len(places) if places else (number + 0.5) / len(row)
    return sorted(row, key=lambda key: wanted[key])


def _crossings(rows: Rows, below: Mapping[str, Sequence[str]]) -> int:
    found = 0
    for upper, lower in pairwise(rows):
        place = {key: number for number, key in enumerate(lower)}
        ends = [sorted(place[other] for other in below.get(key, ()) if other in place) for key in upper]
        flat = [end for group in ends for end in group]
        found += sum(a > b for number, a in enumerate(flat) for b in flat[number + 1 :])
    return found

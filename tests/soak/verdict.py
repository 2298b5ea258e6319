"""Two years, one with faults and one without, and everything that must hold of both."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from soak import books, rows
from soak.books import at
from soak.year import Year
from twinflow.domain.deadlines.kept import rewritten
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.rulebook import deadline_context
from twinflow.services.books.checking import check
from twinflow.services.clock.simulating import books_of

MOST_TOLD = 5
"""Of a rule that does not hold, so many cases are named."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How much there was of everything, and what was wrong."""

    figures: Counter[str]
    wrong: list[str]


def soaked(folder: Path, urls: Sequence[str], cases: int, days: int, seed: str) -> Verdict:
    """`urls` are two databases that are empty: of the year with faults, and of the one without."""
    years = []
    for name, url, disturbed in zip(("disturbed", "quiet"), urls, (True, False), strict=True):
        place = folder / name
        place.mkdir()
        year = Year(place, url, books.made(place, url, cases, Random(seed)), Random(f"{seed} faults"))
        year.passes(days, disturbed=disturbed)
        years.append(year)
    disturbed, quiet = years
    wrong = [*disturbed.wrong, *quiet.wrong]
    for year in years:
        wrong += _broken_rules(year) + _not_as_derived(year) + _found(year)
    wrong += _differences("told", disturbed, quiet, rows.TOLD) + _differences("the books", disturbed, quiet, rows.STAND)
    figures = disturbed.figures
    for table in ("agreement", "deadline", "history", "alert", "outbox"):
        figures[f"rows of {table}"] = len(disturbed.rows.found(f"SELECT id FROM {table}"))
    figures |= Counter({f"messages {state}": number for state, number in disturbed.rows.found(rows.MESSAGES)})
    return Verdict(figures, wrong)


def _broken_rules(year: Year) -> list[str]:
    """What SQL alone finds."""
    yesterday, now = str(year.today - timedelta(days=1)), at(year.today).replace(tzinfo=None)
    found = {
        "told twice": year.rows.found(rows.TOLD_TWICE),
        "told without a message": year.rows.found(rows.WITHOUT_MESSAGE),
        "told and not on record": year.rows.found(rows.NOT_ON_RECORD),
        "history and version disagree": year.rows.found(rows.HISTORY_AND_VERSION),
        "left behind": year.rows.found(rows.LEFT_BEHIND, day=yesterday),
        "not derived": year.rows.found(rows.NOT_DERIVED, day=yesterday),
        "of the future": year.rows.found(rows.OF_THE_FUTURE, now=f"{now}.999999"),
        "closed and awake": year.rows.found(rows.CLOSED_AND_AWAKE),
    }
    return [f"{year.folder.name}: {what}: {cases[:MOST_TOLD]}" for what, cases in found.items() if cases]


def _not_as_derived(year: Year) -> list[str]:
    """Cases whose deadlines would be others if they were derived anew."""
    runtime = books.start(year.folder, year.url)
    wrong = []
    for (reference,) in year.rows.found("SELECT reference FROM agreement ORDER BY id"):
        agreement = books_of(runtime.engine, runtime.rulebook, reference, viewer=OPERATOR)[0].agreement
        definition = runtime.rulebook.definition_of(agreement)
        context = deadline_context(runtime.rulebook, runtime.people, definition, agreement.office, at(year.today))
        left = rewritten(agreement, with_deadlines(agreement, definition, context), definition, context, at(year.today))
        if left.rows or left.agreement.derive_on != agreement.derive_on:
            wrong.append(f"{year.folder.name}: {reference} is not as derived from scratch: {list(left.rows)}")
    runtime.engine.dispose()
    return wrong


def _found(year: Year) -> list[str]:
    """What the check of the books finds."""
    runtime = books.start(year.folder, year.url)
    found = check(runtime.engine, runtime.rulebook, runtime.people, at(year.today)).faults
    runtime.engine.dispose()
    return [f"{year.folder.name}: the check finds: {each.reference} {each.sentence}" for each in found[:MOST_TOLD]]


def _differences(what: str, disturbed: Year, quiet: Year, query: str) -> list[str]:
    one, other = Counter(disturbed.rows.found(query)), Counter(quiet.rows.found(query))
    missing, extra = other - one, one - other
    if not missing and not extra:
        return []
    return [
        f"{what}: {len(missing)} missing, as {list(missing)[:MOST_TOLD]}; {len(extra)} extra, as {list(extra)[:MOST_TOLD]}"
    ]

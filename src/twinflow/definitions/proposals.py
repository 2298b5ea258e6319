"""Drafts of calendar entries from the holidays library, for a person to check against the gazette.

Nothing here is a source: an entry becomes one when somebody has found it in the gazette and takes its `proposed` away.
"""

import difflib
import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version

from babel import Locale

from twinflow.domain.calendar.business_days import Calendar, Holiday
from twinflow.errors import BadInput

FIRST_YEAR, LAST_YEAR = 1900, 2100


@dataclass(frozen=True, slots=True)
class Proposal:
    """What could be entered, and the days of ours that the library does not have."""

    country: str
    year: int
    entries: tuple[Holiday, ...]
    unknown: tuple[Holiday, ...] = ()
    remarks: tuple[str, ...] = ()
    """What the library itself says about these days, in its own words: that they are estimates, or not all there are."""


def propose(country: str, year: int, calendar: Calendar | None = None) -> Proposal:
    """The public holidays of a country (code, or name in English or Spanish) in a year, observed days among them.

    With a calendar, only the days that it does not have yet, and beside them its own that the library does not have. Raises
    BadInput for a country that the library does not know and for a year outside 1900 to 2100.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadInput(
            "The year {year} is outside the years {first} to {last}.", year=year, first=FIRST_YEAR, last=LAST_YEAR
        )
    code, known, remarks = _from_library(country, year)
    ours = {on: holiday for on, holiday in calendar.holidays.items() if on.year == year} if calendar else {}
    return Proposal(
        code,
        year,
        entries=tuple(known[on] for on in sorted(known.keys() - ours.keys())),
        unknown=tuple(ours[on] for on in sorted(ours.keys() - known.keys())),
        remarks=remarks,
    )


def entry(holiday: Holiday) -> str:
    """A holiday as an entry of a calendar file, in TOML."""
    lines = [
        "[[days]]",
        f"on = {holiday.on.isoformat()}",
        f"label = {{ en = {_quoted(holiday.label['en'])}, es = {_quoted(holiday.label['es'])} }}",
        f"source = {_quoted(holiday.source)}",
    ]
    return "\n".join([*lines, "proposed = true"] if holiday.proposed else lines)


def _quoted(text: str) -> str:
    """A TOML string: JSON writes the same, but for one control character that labels do not hold."""
    return json.dumps(text.replace("\x7f", ""), ensure_ascii=False)


def _from_library(country: str, year: int) -> tuple[str, Mapping[date, Holiday], tuple[str, ...]]:
    """The country's code, its days by the library, and what the library warns of."""
    import holidays  # noqa: PLC0415 - a fifth of a second that no other command should wait for

    code = _code(country, holidays.list_supported_countries(include_aliases=False))
    entity = getattr(holidays, code)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        names: dict[str, Mapping[date, str]] = {
            language: holidays.country_holidays(
                code, years=year, language=_nearest(language, entity.supported_languages) or entity.default_language
            )
            for language in ("en", "es")
        }
    source = f"proposed by the holidays library {version('holidays')}, to be checked against the gazette"
    days = {
        on: Holiday(on, {language: words[on] for language, words in names.items()}, source, proposed=True)
        for on in names["en"]
        if on.year == year
    }
    return code, days, tuple(dict.fromkeys(" ".join(str(warning.message).split()) for warning in caught))


def _nearest(language: str, spoken: Iterable[str]) -> str | None:
    """`en_US` for `en`, where the library has it. Asked for none, it would take that of the machine."""
    return min((name for name in spoken if name.split("_")[0] == language), default=None)


def _code(country: str, supported: Iterable[str]) -> str:
    """The code of a country given by code or name. Raises BadInput with the nearest, else with all there are."""
    codes = sorted(supported)
    spellings = {code.casefold(): code for code in codes}
    for language in ("en", "es"):
        territories = Locale(language).territories
        spellings |= {territories[code].casefold(): code for code in codes if code in territories}
    wanted = country.strip().casefold()
    if wanted in spellings:
        return spellings[wanted]
    near = [spellings[spelling] for spelling in difflib.get_close_matches(wanted, spellings, n=5)]
    if near:
        raise BadInput(
            "The library knows no country {country}; near it are {near}.",
            country=country,
            near=[_named(code) for code in dict.fromkeys(near)],
        )
    raise BadInput("The library knows no country {country}; it knows {codes}.", country=country, codes=codes)


def _named(code: str) -> Mapping[str, str]:
    return {language: f"{code} ({Locale(language).territories.get(code, code)})" for language in ("en", "es")}

"""Words for people: messages, labels and dates in Spanish and English.

English templates are the keys; `translations/es.po` holds the Spanish. A test keeps the two complete.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from unicodedata import combining, normalize

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po

from twinflow.sentences import ProvisionalDay, Sentence, listed
from twinflow.text import harmless_lines, isolated

LANGUAGES = ("es", "en")


@lru_cache
def _translations(language: str) -> Mapping[str, str]:
    if language == "en":
        return {}
    with (Path(__file__).parent / "translations" / f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    return {str(message.id): str(message.string) for message in catalog if message.id and message.string}


def translate(text: str, language: str) -> str:
    """The text in the language; the English text where there is no translation."""
    return _translations(language).get(text, text)


def say(value: object, language: str) -> str:
    """Anything a message may hold, for a person: messages and labels in the language, dates with their weekday."""
    match value:
        case Sentence():
            values = {name: _within(inner, language) for name, inner in value.values.items()}
            return translate(value.template, language).format(**values)
        case Mapping():
            return harmless_lines(str(value.get(language) or value.get("en", "")))
        case date():
            return day(value, language)
        case list() | tuple():
            return listed([say(item, language) for item in value])
        case _:
            return harmless_lines(str(value))


def _within(value: object, language: str) -> str:
    """A value in a sentence: what people wrote turns nothing of what stands around it."""
    return isolated(say(value, language)) if isinstance(value, str) else say(value, language)


def day(value: date, language: str) -> str:
    """`Tuesday, 5 July 2011`, `martes 5 de julio de 2011`."""
    pattern = "EEEE d 'de' MMMM 'de' y" if language == "es" else "EEEE, d MMMM y"
    return _said_if_provisional(value, format_date(value, pattern, locale=language), language)


def short_day(value: date, language: str) -> str:
    """`Tue 2011-07-05`, `mar 2011-07-05`: for tables."""
    text = f"{format_date(value, 'EEE', locale=language).rstrip('.')} {value.isoformat()}"
    return _said_if_provisional(value, text, language)


def _said_if_provisional(value: date, text: str, language: str) -> str:
    """In words: no date of a deadline looks surer than it is, wherever it stands."""
    return say(Sentence("{day} (provisional)", {"day": text}), language) if isinstance(value, ProvisionalDay) else text


def country(code: str, language: str) -> str:
    """What a country is called; its code where nobody knows."""
    return str(Locale.parse(language).territories.get(code, code))


def sorting(text: str) -> str:
    """By which names are put in order: without accents and case."""
    return "".join(sign for sign in normalize("NFKD", text) if not combining(sign)).casefold()


def days(count: int, language: str, *, business: bool = False) -> str:
    """`1 day`, `15 business days`, `1 día`, `15 días hábiles`."""
    words = {
        ("en", False): ("day", "days"),
        ("en", True): ("business day", "business days"),
        ("es", False): ("día", "días"),
        ("es", True): ("día hábil", "días hábiles"),
    }[language, business]
    return f"{count} {words[0] if abs(count) == 1 else words[1]}"

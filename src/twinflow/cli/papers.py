"""Lists to be printed: HTML that needs nothing from elsewhere, for sheets of A4, in each language of those who sign."""

from datetime import date
from functools import partial
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from twinflow import language
from twinflow.domain.people.people import Office, Person
from twinflow.sentences import Sentence
from twinflow.services.people.handing_over import Given, HandOver
from twinflow.text import harmless_lines, isolated

TEMPLATES = Path(__file__).parent / "printed"


def hand_over_list(giver: Person | Office, to: Person, reason: str, on: date, done: HandOver) -> str:
    """What was handed over, grouped by case; once for each language of the two, the successor's first."""
    languages = dict.fromkeys((to.language, giver.language if isinstance(giver, Person) else to.language))
    copies = [{"language": code, "content": _copy(giver, to, reason, on, done, code)} for code in languages]
    title = language.translate("Hand-over", to.language)
    return _environment(to.language).get_template("hand_over.html").render(copies=copies, title=title)


def _copy(giver: Person | Office, to: Person, reason: str, on: date, done: HandOver, code: str) -> Markup:
    name = giver.name if isinstance(giver, Person) else language.say(giver.label, code)
    heading = Sentence("Handed over by {giver} to {to} on {day}", {"giver": name, "to": to.name, "day": on})
    template = _environment(code).get_template("hand_over_list.html")
    said = template.render(heading=heading, giver=name, to=to.name, reason=reason, done=done)
    return Markup(said)  # noqa: S704 - the template has escaped it


def said_of_delegation(each: Given) -> Sentence:
    """A delegation in words."""
    given = each.delegation
    values: dict[str, object] = {"giver": each.giver, "to": given.to, "from_day": given.from_day, "day": given.to_day}
    if given.role is None:
        return Sentence("{giver} delegates to {to}, {from_day} to {day}", values)
    return Sentence("{giver} delegates {role} to {to}, {from_day} to {day}", {**values, "role": given.role})


def _environment(code: str) -> ImmutableSandboxedEnvironment:
    found = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    found.globals = {"_": partial(language.translate, language=code)}
    found.filters |= {
        "say": partial(language.say, language=code),
        "day": partial(language.day, language=code),
        "delegation": said_of_delegation,
    }
    return found


def _shown(value: object) -> object:
    return isolated(harmless_lines(value)) if isinstance(value, str) and not isinstance(value, Markup) else value

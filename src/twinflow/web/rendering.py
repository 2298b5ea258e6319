"""Templates and the words in them: everything a person reads goes through `twinflow.language`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from twinflow import language
from twinflow.bootstrap import Runtime
from twinflow.domain.people.viewer import ADMINISTRATOR, AUDITOR
from twinflow.domain.process.definition import Label
from twinflow.domain.rulebook import Rulebook
from twinflow.sentences import ONE_FOR_SEVERAL, Sentence
from twinflow.services.alerts import open_incidents
from twinflow.services.clock import last_pass
from twinflow.services.mail import restored_backup
from twinflow.services.reading.deadlines import DeadlineLine
from twinflow.text import brief, harmless, harmless_lines, isolated, shortened
from twinflow.web import languages

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Site:
    """What every page needs, and how a page is drawn."""

    runtime: Runtime
    clock: Callable[[], datetime]
    demo: bool
    templates: Environment

    def page(self, request: Request, template: str, **values: object) -> HTMLResponse:
        """A page with its banners. Asks the database how many incidents are open, and whether the clock is believed."""
        engine = self.runtime.engine
        held = restored_backup.held(engine, self.runtime.state_file)
        clock = last_pass.look(engine, self.clock(), self.runtime.settings.clock.longest_gap)
        me = _signed_in(request)
        incidents = open_incidents.count(engine, viewer=me.viewer) if me is not None and me.is_administrator else 0
        banners = {"incidents": incidents, "held": held, "clock": clock.sentences}
        return self._draw(request, template, 200, {**values, **banners})

    def public_page(
        self, request: Request, template: str, *, status: int, language: str, **values: object
    ) -> HTMLResponse:
        """A page for whoever has its address, in `language` unless another was asked for: nothing of other people."""
        return self._draw(request, template, status, {**values, "incidents": 0, "held": None, "clock": ()}, language)

    def form_page(
        self, request: Request, template: str, status: int, *, reader: str = "", **values: object
    ) -> HTMLResponse:
        """A page of forms about whoever asks alone, without banners; `reader` is the language of somebody not yet signed in."""
        quiet = {"incidents": 0, "held": None, "clock": ()}
        return self._draw(request, template, status, {**values, **quiet}, reader)

    def error_page(self, request: Request, status: int, message: Sentence, similar: Sequence[str] = ()) -> HTMLResponse:
        """A page that asks the database nothing."""
        values = {
            "code": status,
            "message": brief(message),
            "similar": similar,
            "incidents": 0,
            "held": None,
            "clock": (),
        }
        return self._draw(request, "error.html", status, values)

    def _draw(
        self, request: Request, template: str, status: int, values: Mapping[str, object], reader: str = ""
    ) -> HTMLResponse:
        """`reader`: the language of whom the page is for, where that is not whoever is signed in."""
        settings = self.runtime.settings
        me = _signed_in(request)
        code = languages.choose(request, settings.language, reader or (me.reader if me is not None else ""))
        frame = {
            "language": code,
            "switch": languages.switch(request),
            "root": request.scope.get("root_path", ""),
            "demo": self.demo,
            "for_several": ONE_FOR_SEVERAL if settings.people.one_user_for_several else None,
            "signed_in": me,
            "captures": not settings.mail.host,
            "redirected_to": settings.mail.redirect_all_to,
        }
        text = self.templates.get_template(template).render(**frame, **values)
        response = HTMLResponse(text, status, {"Content-Language": code})
        languages.remember(request, response, secure=settings.base_url.startswith("https:"))
        return response


def role_words(rulebook: Rulebook) -> dict[str, Label | Sentence]:
    """What roles are called: as the newest process that has them says."""
    named: dict[str, Label | Sentence] = {
        key: role.label for process in rulebook.catalogue for key, role in process.roles.items()
    }
    return named | {ADMINISTRATOR: Sentence("administrator"), AUDITOR: Sentence("auditor")}


def _signed_in(request: Request) -> Any:
    """Whoever asks (`viewing.SignedIn`); None on a page that is public."""
    return getattr(request.state, "signed_in", None)


def site_of(request: Request) -> Site:
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


def fresh_site_of(request: Request) -> Site:
    """The site, counting by the calendars in use. Asks the database."""
    site = site_of(request)
    site.runtime.refresh()
    return site


Here = Annotated[Site, Depends(fresh_site_of)]


class _Said(str):
    """Words that are harmless, where what people wrote stands isolated."""

    __slots__ = ()


def _shown(value: object) -> object:
    """A value as it goes into a page, which escapes it then."""
    return harmless_lines(value) if isinstance(value, str) and not isinstance(value, _Said | Markup) else value


@cache
def environment() -> Environment:
    """The templates: everything is harmless and escaped, and a name that is not there is an error."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    env.globals["_"] = _translate
    env.filters |= {
        "say": _say,
        "day": _day,
        "short_day": _short_day,
        "days": _days,
        "business_days": _business_days,
        "standing": _standing,
        "in_order": _in_order,
        "country_names": _country_names,
        "deadline_path": _deadline_path,
        "filled": _filled,
        "isolated": _isolated,
        "short": shortened,
    }
    return env


@pass_context
def _translate(context: Context, text: str) -> str:
    return language.translate(text, context["language"])


@pass_context
def _say(context: Context, value: object) -> _Said:
    return _Said(language.say(value, context["language"]))


@pass_context
def _filled(context: Context, words: str, **values: object) -> _Said:
    """Words with values in their places."""
    return _say(context, Sentence(words, values))


def _isolated(text: str) -> _Said:
    """For a name where no element can stand around it."""
    return _Said(isolated(harmless(text)))


@pass_context
def _day(context: Context, value: date) -> str:
    return language.day(value, context["language"])


@pass_context
def _short_day(context: Context, value: date) -> str:
    """For tables. A time of day is left out."""
    on = value.date() if isinstance(value, datetime) else value
    return language.short_day(on, context["language"])


@pass_context
def _days(context: Context, count: int) -> str:
    return language.days(count, context["language"])


@pass_context
def _business_days(context: Context, count: int) -> str:
    return language.days(count, context["language"], business=True)


@pass_context
def _standing(context: Context, line: DeadlineLine) -> str:
    """How a deadline stands, in a word that begins a cell."""
    words = language.say(line.standing_words, context["language"])
    return words[:1].upper() + words[1:]


@pass_context
def _in_order(context: Context, labels: Mapping[str, Label]) -> list[tuple[str, str]]:
    """Keys with what they are called, in the order of that."""
    named = [(key, language.say(label, context["language"])) for key, label in labels.items()]
    return sorted(named, key=lambda pair: language.sorting(pair[1]))


@pass_context
def _country_names(context: Context, codes: Iterable[str]) -> list[tuple[str, str]]:
    named = [(code, language.country(code, context["language"])) for code in codes]
    return sorted(named, key=lambda pair: language.sorting(pair[1]))


def _deadline_path(key: str) -> str:
    """The address of a deadline's own page, from its id."""
    reference, rule, occurrence = key.rsplit("/", 2)
    return f"/agreements/{quote(reference)}/deadlines/{rule}/{occurrence}"

"""What is one's own: roles, language, sessions, the second factor, tokens for programs."""

import re
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from twinflow.domain.accounts.tokens import Scope
from twinflow.errors import BadInput, NotFound, Refused
from twinflow.sentences import Problem
from twinflow.services.accounts import api_tokens, second_factors, signing_in
from twinflow.services.people import languages
from twinflow.web.forms import Form, Posted
from twinflow.web.languages import COOKIE, NAMES
from twinflow.web.pages.signing_in import see, status_of
from twinflow.web.rendering import Here, Site, role_words
from twinflow.web.viewing import Me

NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
DAYS = re.compile(r"[0-9]{1,4}", re.ASCII)
HERE = "/me"

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/me")
def show(request: Request, site: Here, me: Me) -> HTMLResponse:
    return _page(request, site, me, HTTPStatus.OK, Form({}), ())


@router.post("/me/language")
def keep_language(request: Request, site: Here, me: Me, form: Posted) -> Response:
    """What was chosen on a page before, in this browser, gives way to it."""
    runtime = site.runtime
    try:
        languages.keep(runtime.engine, runtime.rulebook, me.person.key, form.get("language"), site.clock())
    except BadInput as error:
        return _page(request, site, me, HTTPStatus.UNPROCESSABLE_ENTITY, form, error.problems)
    response = see(HERE)
    response.delete_cookie(COOKIE)
    return response


@router.get("/me/codes")
def ask_for_codes(request: Request, site: Here) -> HTMLResponse:
    return site.form_page(request, "new_codes.html", HTTPStatus.OK, problems=())


@router.post("/me/codes")
def renew_codes(request: Request, site: Here, me: Me, form: Posted) -> HTMLResponse:
    """They are on the page that answers, and nowhere else."""
    runtime = site.runtime
    try:
        codes = second_factors.renew_codes(
            runtime.engine, runtime.second_factor_key, me.person.key, form.get("proof"), site.clock()
        )
    except Refused as error:
        problems = (Problem("proof", error.message),)
        return site.form_page(request, "new_codes.html", status_of(error), problems=problems)
    return site.form_page(request, "recovery_codes.html", HTTPStatus.OK, codes=codes, is_new=False)


@router.post("/me/sessions/{key}/end")
def end_session(site: Here, me: Me, key: str) -> Response:
    signing_in.end_session(site.runtime.engine, me.person.key, key, site.clock())
    return see(HERE)


@router.post("/me/tokens")
def create_token(request: Request, site: Here, me: Me, form: Posted) -> Response:
    """The token is on the page that answers, and nowhere else."""
    days = int(form.get("days")) if DAYS.fullmatch(form.get("days")) else None
    try:
        new = api_tokens.create(
            site.runtime.engine, me.person.key, form.get("name"), form.all("scopes"), days, site.clock()
        )
    except BadInput as error:
        return _page(request, site, me, HTTPStatus.UNPROCESSABLE_ENTITY, form, error.problems)
    return site.form_page(request, "token.html", HTTPStatus.OK, new=new)


@router.post("/me/tokens/{number}/revoke")
def revoke_token(site: Here, me: Me, number: str) -> Response:
    if not NUMBER.fullmatch(number):
        raise NotFound("There is no such token any more.")
    api_tokens.revoke(site.runtime.engine, me.person.key, int(number), site.clock())
    return see(HERE)


def _page(
    request: Request, site: Site, me: Me, status: HTTPStatus, form: Form, problems: tuple[Problem, ...]
) -> HTMLResponse:
    engine, person, now = site.runtime.engine, me.person, site.clock()
    offices = site.runtime.people.offices
    return site.form_page(
        request,
        "me.html",
        status,
        person=person,
        roles=sorted((each.role, each.office) for each in me.viewer.held),
        role_words=role_words(site.runtime.rulebook),
        offices={key: office.label for key, office in offices.items()},
        sessions=signing_in.sessions(engine, person.key, now),
        present=me.session.id_hash,
        factors=second_factors.factors_of(engine, person.key),
        languages=NAMES,
        chosen=me.reader or "browser",
        tokens=[(each, each.holds(now)) for each in api_tokens.tokens(engine, person.key)],
        scopes=list(Scope),
        typed=form,
        problems=problems,
    )

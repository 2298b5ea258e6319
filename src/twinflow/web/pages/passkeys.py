"""One's own passkeys: those there are, another one, one less."""

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from twinflow.errors import BadInput, NotFound, Refused
from twinflow.sentences import Problem
from twinflow.services.accounts import second_factors
from twinflow.web import authenticators
from twinflow.web.authenticators import asked_for_new, why_none, with_script
from twinflow.web.forms import Form, Posted
from twinflow.web.pages.signing_in import see, status_of
from twinflow.web.rendering import Here, Site
from twinflow.web.viewing import Me, let_in

HERE = "/me/passkeys"

router = APIRouter(default_response_class=HTMLResponse)


@router.get(HERE)
def show(request: Request, site: Here, me: Me) -> Response:
    return _page(request, site, me, HTTPStatus.OK, Form({}), ())


@router.post(HERE)
def add(request: Request, site: Here, me: Me, form: Posted) -> Response:
    """The recovery codes, with the first second factor, are on the page that answers, and nowhere else."""
    runtime = site.runtime
    place = "proof"
    try:
        second_factors.prove(runtime.engine, runtime.second_factor_key, me.person.key, form.get("proof"), site.clock())
        place = "passkey"
        new, codes = authenticators.add(request, site, me, form.get("name"), form.get("credential"))
    except BadInput as error:
        return _page(request, site, me, HTTPStatus.UNPROCESSABLE_ENTITY, form, error.problems)
    except Refused as error:
        return _page(request, site, me, status_of(error), form, (Problem(place, error.message),))
    if not codes:
        return let_in(request, see(HERE), new)
    page = site.form_page(request, "recovery_codes.html", HTTPStatus.OK, codes=codes, is_new=True)
    return let_in(request, page, new)


@router.post(f"{HERE}/remove")
def remove(request: Request, site: Here, me: Me, form: Posted) -> Response:
    runtime = site.runtime
    try:
        second_factors.remove_passkey(
            runtime.engine,
            runtime.second_factor_key,
            runtime.people,
            me.person.key,
            form.get("key"),
            form.get("removing"),
            site.clock(),
        )
    except NotFound as error:
        return _page(request, site, me, HTTPStatus.NOT_FOUND, Form({}), (Problem("key", error.message),))
    except Refused as error:
        return _page(request, site, me, status_of(error), Form({}), (Problem("removing", error.message),))
    return see(HERE)


def _page(
    request: Request, site: Site, me: Me, status: HTTPStatus, form: Form, problems: tuple[Problem, ...]
) -> Response:
    page = site.form_page(
        request,
        "passkeys.html",
        status,
        passkeys=second_factors.factors_of(site.runtime.engine, me.person.key).passkeys,
        asked=asked_for_new(site, me),
        why_none=why_none(site),
        typed=form,
        problems=problems,
    )
    return with_script(page)

"""Sign in, with a second factor where one is needed, and out; a password by a link from a mail, which asks before it acts."""

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from twinflow.domain.accounts.second_factor import address_of
from twinflow.errors import BadInput, NoAnswer, NotFound, Refused, TooManyTries
from twinflow.sentences import Problem, Sentence
from twinflow.services.accounts import passwords, second_factors, signing_in
from twinflow.web import authenticators
from twinflow.web.authenticators import asked_for_new, asked_for_one, with_script
from twinflow.web.forms import Form, Posted
from twinflow.web.rendering import Here, Site, role_words
from twinflow.web.viewing import COOKIE, SIGN_IN, Me, client_of, let_in, local_path

router = APIRouter(default_response_class=HTMLResponse)


def see(address: str) -> RedirectResponse:
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def status_of(error: Refused) -> HTTPStatus:
    if isinstance(error, NoAnswer):
        return HTTPStatus.BAD_GATEWAY
    return HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, TooManyTries) else HTTPStatus.UNAUTHORIZED


@router.get("/sign-in")
def ask(request: Request, site: Here) -> HTMLResponse:
    return sign_in_page(request, site, HTTPStatus.OK, request.query_params.get("next", ""))


@router.post("/sign-in")
def enter(request: Request, site: Here, form: Posted) -> Response:
    runtime = site.runtime
    mail, password = form.get("mail"), form.get("password")
    try:
        new = signing_in.sign_in(runtime.engine, runtime.people, mail, password, client_of(request), site.clock())
    except Refused as error:
        problems = (Problem("mail", error.message),)
        return sign_in_page(request, site, status_of(error), form.get("next"), mail, problems)
    return let_in(request, see(local_path(form.get("next"))), new)


@router.post("/sign-in/demonstration")
def enter_demonstration(request: Request, site: Here, form: Posted) -> Response:
    """With a button for each person. Only of the demonstration, which serves on loopback."""
    runtime = site.runtime
    if not site.demo:
        raise NotFound("There is no page at {path}.", path=request.url.path)
    new = signing_in.enter_demonstration(
        runtime.engine, runtime.people, form.get("person"), client_of(request), site.clock()
    )
    return let_in(request, see(local_path(form.get("next"))), new)


def sign_in_page(
    request: Request, site: Site, status: HTTPStatus, following: str, mail: str = "", problems: tuple[Problem, ...] = ()
) -> HTMLResponse:
    shown = [person for person in site.runtime.people.people.values() if not person.disabled] if site.demo else []
    following = local_path(following)
    words = role_words(site.runtime.rulebook) if shown else {}
    offices = site.runtime.people.offices if shown else {}
    values = {"people": shown, "role_words": words, "offices": offices, "provider": site.runtime.settings.oidc.name}
    return site.form_page(request, "sign_in.html", status, next=following, mail=mail, problems=problems, shown=values)


@router.post("/sign-out")
def leave(site: Here, me: Me) -> Response:
    signing_in.sign_out(site.runtime.engine, me.session, site.clock())
    response = see(SIGN_IN)
    response.delete_cookie(COOKIE)
    return response


@router.get("/sign-in/code")
def ask_code(request: Request, site: Here, me: Me) -> Response:
    return _code_page(request, site, me, HTTPStatus.OK, _next(request), ())


@router.post("/sign-in/code")
def show_code(request: Request, site: Here, me: Me, form: Posted) -> Response:
    """A code, or a passkey in its place."""
    runtime, answer, following = site.runtime, form.get("credential"), local_path(form.get("next"))
    try:
        if answer:
            new = authenticators.show(request, site, me, answer)
        else:
            key, code, client = runtime.second_factor_key, form.get("code"), client_of(request)
            new = signing_in.show_second_factor(runtime.engine, key, me.session, code, client, site.clock())
    except Refused as error:
        problem = Problem("passkey" if answer else "code", error.message)
        return _code_page(request, site, me, status_of(error), following, (problem,))
    return let_in(request, see(following), new)


def _code_page(
    request: Request, site: Site, me: Me, status: HTTPStatus, following: str, problems: tuple[Problem, ...]
) -> Response:
    asked = asked_for_one(site, me)
    return with_script(site.form_page(request, "code.html", status, problems=problems, next=following, asked=asked))


@router.get("/second-factor")
def ask_second_factor(request: Request, site: Here, me: Me) -> Response:
    return _enrolment(request, site, me, HTTPStatus.OK, Form({}), ())


@router.post("/second-factor")
def confirm_second_factor(request: Request, site: Here, me: Me, form: Posted) -> Response:
    """An authenticator or a passkey, as the first second factor. The codes are on the page that answers, and nowhere else."""
    runtime, answer = site.runtime, form.get("credential")
    try:
        if answer:
            second_factors.check_none(runtime.engine, me.person.key)
            new, codes = authenticators.add(request, site, me, form.get("name"), answer)
        else:
            key, code, client = runtime.second_factor_key, form.get("code"), client_of(request)
            new, codes = second_factors.confirm(runtime.engine, key, me.session, code, client, site.clock())
    except BadInput as error:
        return _enrolment(request, site, me, HTTPStatus.UNPROCESSABLE_ENTITY, form, error.problems)
    except Refused as error:
        problem = Problem("passkey" if answer else "code", error.message)
        return _enrolment(request, site, me, status_of(error), form, (problem,))
    page = site.form_page(request, "recovery_codes.html", HTTPStatus.OK, codes=codes, is_new=True)
    return let_in(request, page, new)


def _enrolment(
    request: Request, site: Site, me: Me, status: HTTPStatus, form: Form, problems: tuple[Problem, ...]
) -> Response:
    runtime = site.runtime
    try:
        secret = second_factors.begin(runtime.engine, runtime.second_factor_key, me.person.key)
    except Refused:
        return see("/me")
    page = site.form_page(
        request,
        "second_factor.html",
        status,
        secret=secret,
        address=address_of(secret, me.person.mail),
        asked=asked_for_new(site, me),
        typed=form,
        problems=problems,
    )
    return with_script(page)


@router.get("/reset")
def ask_reset(request: Request, site: Here) -> HTMLResponse:
    return site.form_page(request, "reset.html", HTTPStatus.OK, done=False, problems=())


@router.post("/reset")
def send_reset(request: Request, site: Here, form: Posted) -> HTMLResponse:
    """The answer is the same whoever has the address."""
    try:
        passwords.ask_for_reset(site.runtime.engine, form.get("mail"), client_of(request), site.clock())
    except TooManyTries as error:
        problems = (Problem("mail", error.message),)
        return site.form_page(request, "reset.html", status_of(error), done=False, problems=problems)
    return site.form_page(request, "reset.html", HTTPStatus.OK, done=True, problems=())


@router.get("/password/{token}")
def ask_password(request: Request, site: Here, token: str) -> HTMLResponse:
    """Programs that look at the links of a message come here too: nothing is used up."""
    return _password_page(request, site, token, HTTPStatus.OK, ())


@router.post("/password/{token}")
def set_password(request: Request, site: Here, token: str, form: Posted) -> HTMLResponse:
    runtime, password = site.runtime, form.get("password")
    try:
        if password != form.get("again"):
            different = Problem("again", Sentence("The two passwords are not the same."))
            return _password_page(request, site, token, HTTPStatus.UNPROCESSABLE_ENTITY, (different,))
        person = passwords.set_password(runtime.engine, runtime.people, token, password, site.clock())
    except BadInput as error:
        return _password_page(request, site, token, HTTPStatus.UNPROCESSABLE_ENTITY, error.problems)
    except Refused as error:
        return site.form_page(request, "told.html", HTTPStatus.GONE, message=error.message)
    message = Sentence("The password is set. Sign in with {mail}.", {"mail": person.mail})
    return site.form_page(request, "told.html", HTTPStatus.OK, message=message)


def _password_page(
    request: Request, site: Site, token: str, status: HTTPStatus, problems: tuple[Problem, ...]
) -> HTMLResponse:
    runtime = site.runtime
    try:
        link = passwords.look_at(runtime.engine, runtime.people, token, site.clock())
    except Refused as error:
        return site.form_page(request, "told.html", HTTPStatus.GONE, message=error.message)
    values = {"token": token, "person": link.person, "problems": problems}
    return site.form_page(request, "password.html", status, **values, reader=link.person.language)


def _next(request: Request) -> str:
    return local_path(request.query_params.get("next", ""))

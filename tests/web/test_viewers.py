"""No page without a viewer: every route is public by decision, or asks who you are; and what signing in looks like."""

import re
from dataclasses import replace

import pyotp
import pytest
from test_frame import assert_well_built
from test_requests import NAMED, routes_of
from web_reading import Page
from web_register import clock

from statements import watched
from twinflow.bootstrap import Runtime
from twinflow.mail.inbox import captured_messages
from twinflow.services.accounts import passwords, signing_in
from twinflow.services.people.changing import change_people, history
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.web.viewing import COOKIE, PUBLIC, local_path
from twinflow.worker.passes import Worker

PASSWORD = "cuatro palabras nada comunes"


def address(path: str) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: NAMED[found[1]], path)


def form_of(html: str, action: str) -> str:
    """The token that the forms of a page carry."""
    page = Page(html)
    assert action in [form.get("action") for form in page.all("form")]
    return next(str(each["value"]) for each in page.all("input") if each.get("name") == "form")


def invited(runtime: Runtime, person: str) -> str:
    return passwords.invite(runtime.engine, runtime.people, person, clock(), by_mail=False)


def entered(runtime: Runtime, browser, person: str = "lucia"):
    """Through the pages, from the invitation on."""
    link = f"/password/{invited(runtime, person)}"
    assert "Nothing has been changed yet." in Page(browser.get(f"{link}?lang=en").text).text
    assert browser.post(link, data={"password": PASSWORD, "again": PASSWORD}).status_code == 200
    mail = runtime.people.person(person).mail
    return browser.post("/sign-in", data={"mail": mail, "password": PASSWORD, "next": "/agreements?all=1"})


def test_every_route_is_public_by_decision_or_sends_whoever_is_not_signed_in_to_the_sign_in_page(empty, browse) -> None:
    browser = browse(empty, person="")
    closed = 0
    for route in routes_of(browser.app):
        for method in sorted(route.methods):
            response = browser.request(method, address(route.path), follow_redirects=False)
            if route.path in PUBLIC:
                assert not response.headers.get("location", "").startswith("/sign-in?"), route.path
                continue
            closed += 1
            assert response.status_code == 303, (method, route.path)
            assert response.headers["location"].startswith("/sign-in"), route.path
    print(f"routes that ask who you are: {closed}")  # noqa: T201 - the number of cells walked
    assert closed > 15
    assert {route.path for route in routes_of(browser.app)} >= PUBLIC


def test_no_form_is_taken_from_another_session_or_another_site(empty, browse) -> None:
    browser, other = browse(empty), browse(empty)
    foreign = form_of(other.get("/me").text, "/me/tokens")
    own = form_of(browser.get("/me").text, "/me/tokens")
    posts = [route.path for route in routes_of(browser.app) if "POST" in route.methods and route.path not in PUBLIC]
    assert len(posts) > 5
    for path in posts:
        for data, headers in (
            ({}, {}),
            ({"form": foreign}, {}),
            ({"form": "ñ"}, {}),
            ({"form": own}, {"Origin": "https://evil.example"}),
            ({"form": own}, {"Origin": "null"}),
        ):
            assert browser.post(address(path), data=data, headers=headers).status_code == 403, path
    for path in ("/sign-in", "/reset"):
        assert (
            browser.post(path, data={"mail": "x@y.example"}, headers={"Origin": "https://evil.example"}).status_code
            == 403
        )
    assert browser.post("/me/tokens", content=b"x" * 70_000).status_code == 413


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_pages_of_an_account_are_built_for_everybody(empty, browse, language: str) -> None:
    stranger, browser = browse(empty, person="", language=language), browse(empty, language=language)
    for page in ("/sign-in", "/reset", f"/password/{invited(empty, 'sofia')}", "/password/none"):
        assert_well_built(stranger.get(f"{page}?lang={language}").text, language)
    assert_well_built(stranger.post("/sign-in", data={"mail": "a", "password": "b"}).text, language)
    for page in ("/me", "/second-factor", "/me/passkeys", "/me/codes"):
        assert_well_built(browser.get(f"{page}?lang={language}").text, language)


def test_somebody_is_invited_signs_in_goes_on_where_they_wanted_to_and_signs_out(empty, browse) -> None:
    browser = browse(empty, person="")
    asked = browser.get("/agreements?all=1", follow_redirects=False)
    assert asked.headers["location"] == "/sign-in?next=%2Fagreements%3Fall%3D1"
    response = entered(empty, browser)
    assert response.url.path == "/agreements"
    cookie = response.history[0].headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert "Lucía Enlace" in Page(response.text).text
    assert browser.get("/inbox").status_code == browser.get("/incidents").status_code == 404
    left = browser.post("/sign-out", data={"form": form_of(response.text, "/sign-out")})
    assert left.url.path == "/sign-in"
    assert browser.get("/", follow_redirects=False).status_code == 303


def test_whatever_is_wrong_has_one_answer_that_keeps_what_was_typed(empty, browse) -> None:
    browser = browse(empty, person="")
    entered(empty, browser)
    pages = []
    for mail in ("lucia@cuenca.example", "nobody@nowhere.example"):
        response = browser.post("/sign-in", data={"mail": mail, "password": "wrong"})
        assert response.status_code == 401
        page = Page(response.text)
        assert page.all("input")[1]["value"] == mail
        assert page.all("input")[1]["aria-invalid"] == "true"
        assert {"href": "#mail"} in page.all("a")
        pages.append(response.text.replace(mail, ""))
    assert pages[0] == pages[1]
    told = [browser.post("/reset", data={"mail": mail}).text for mail in ("lucia@cuenca.example", "nobody@x.example")]
    assert told[0] == told[1]
    assert "If somebody with an account has this address" in told[0]


def test_a_known_an_unknown_a_locked_and_a_disabled_address_are_answered_alike_after_the_same_work(
    empty, browse
) -> None:
    browser = browse(empty, person="")
    for person in ("lucia", "sofia", "diana"):
        entered(empty, browser, person)
    browser.cookies.clear()
    signing_in.lock(empty.engine, empty.people, "sofia", clock())

    def without_diana(people):
        return replace(people, people={**people.people, "diana": replace(people.people["diana"], disabled=True)})

    change_people(empty.engine, empty.rulebook, without_diana, by="test", reason="", now=clock())
    browser.get("/sign-in")
    known = [empty.people.people[each].mail for each in ("lucia", "sofia", "diana")]
    for path, fields in (("/sign-in", {"password": "wrong"}), ("/reset", {})):
        answers = []
        for mail in (*known, "nobody@nowhere.example"):
            with watched() as done:
                response = browser.post(path, data={**fields, "mail": mail})
            headers = {name: value for name, value in response.headers.items() if name != "content-length"}
            length = int(response.headers["content-length"]) - response.text.count(mail) * len(mail)
            work = [each.statements for each in done]
            answers.append((response.status_code, headers, length, response.text.replace(mail, ""), work))
        assert answers == [answers[0]] * 4, path
        assert answers[0][-1], "its work was watched"


def test_a_link_that_was_used_or_never_was_says_so(empty, browse) -> None:
    browser = browse(empty, person="")
    link = f"/password/{invited(empty, 'lucia')}"
    assert browser.post(link, data={"password": PASSWORD, "again": "other"}).status_code == 422
    assert browser.post(link, data={"password": "short", "again": "short"}).status_code == 422
    assert browser.post(link, data={"password": PASSWORD, "again": PASSWORD}).status_code == 200
    assert browser.get(link).status_code == browser.post(link, data={"password": "x", "again": "x"}).status_code == 410
    assert browser.get("/password/none").status_code == 404


def test_a_registrar_sees_nothing_before_the_second_factor_is_set_up(empty, browse) -> None:
    browser = browse(empty, person="")
    response = entered(empty, browser, "rosa")
    assert response.url.path == "/second-factor"
    assert browser.get("/me", follow_redirects=False).headers["location"] == "/second-factor?next=%2Fme"
    secret = re.search(r'class="secret">(\w+)<', response.text)[1]
    data = {"form": form_of(response.text, "/second-factor")}
    assert browser.post("/second-factor", data={**data, "code": "000000"}).status_code == 401
    shown = browser.post("/second-factor", data={**data, "code": pyotp.TOTP(secret).at(clock())})
    codes = re.findall(r"<code>([\w-]+)</code>", shown.text)
    assert len(codes) == 10
    assert browser.get("/me").status_code == 200

    browser.cookies.delete(COOKIE)
    mail = empty.people.person("rosa").mail
    asked = browser.post("/sign-in", data={"mail": mail, "password": PASSWORD, "next": "/me"})
    assert asked.url.path == "/sign-in/code"
    data = {"form": form_of(asked.text, "/sign-in/code"), "next": "/me"}
    assert browser.post("/sign-in/code", data={**data, "code": "1"}).status_code == 401
    assert browser.post("/sign-in/code", data={**data, "code": codes[0]}).url.path == "/me"


def test_pages_and_mail_are_in_the_language_that_somebody_keeps_or_as_the_browser_says(empty, browse) -> None:
    browser = browse(empty, person="lucia", language="en")

    def keep(language: str):
        form = form_of(browser.get("/me").text, "/me/language")
        return browser.post("/me/language", data={"form": form, "language": language})

    def pages() -> set[str]:
        return {browser.get(page).headers["content-language"] for page in ("/me", "/", "/me/codes", "/agreements/nope")}

    assert (empty.people.people["lucia"].language, pages()) == ("es", {"en"})
    browser.get("/me?lang=en")
    assert keep("es").url.path == "/me"
    assert pages() == {"es"}
    assert keep("en").status_code == 200
    assert (empty.people.people["lucia"].language, pages()) == ("en", {"en"})
    browser.headers["Accept-Language"] = "es"
    assert pages() == {"en"}
    assert keep("browser").status_code == 200
    assert (empty.people.people["lucia"].language, pages()) == ("en", {"es"})
    for wrong in ("", "de", "browser "):
        assert keep(wrong).status_code == 422
    (entry,) = [each.entry for each in history(empty.engine) if each.entry.by == "lucia"]
    assert [(line.place, line.was, line.now) for line in entry.lines] == [("people.lucia.language", "es", "en")]


def test_my_page_makes_a_token_once_and_ends_other_sessions(empty, browse) -> None:
    browser, other = browse(empty), browse(empty)
    html = browser.get("/me").text
    data = {"form": form_of(html, "/me/tokens")}
    wrong = browser.post("/me/tokens", data={**data, "name": "Mondays", "days": "x"})
    assert wrong.status_code == 422
    assert {"href": "#scopes"} in Page(wrong.text).all("a")
    assert 'value="Mondays"' in wrong.text
    made = browser.post("/me/tokens", data={**data, "name": "Mondays", "days": "30", "scopes": ["read", "export"]})
    token = re.search(r'class="secret">([\w-]+)<', made.text)[1]
    shown = browser.get("/me").text
    assert "Mondays" in shown
    assert token not in shown
    actions = [str(form["action"]) for form in Page(shown).all("form")]
    (revoke,) = [each for each in actions if each.endswith("/revoke")]
    assert "Mondays" not in browser.post(revoke, data=data).text
    (end,) = [each for each in actions if each.endswith("/end")]
    assert browser.post(end, data=data).status_code == 200
    assert other.get("/me", follow_redirects=False).status_code == 303
    assert browser.post(end, data=data).status_code == 404


def test_behind_tls_the_session_is_for_encrypted_connections_only(empty, browse) -> None:
    settings = empty.settings.model_copy(update={"base_url": "https://twinflow.example"})
    response = entered(empty, browse(replace(empty, settings=settings), person=""))
    assert "Secure" in response.history[0].headers["set-cookie"]


def test_buttons_without_a_password_are_of_the_demonstration_alone(empty, browse) -> None:
    assert browse(empty, person="").post("/sign-in/demonstration", data={"person": "lucia"}).status_code == 404
    assert "lucia" not in browse(empty, person="").get("/sign-in").text
    browser = browse(empty, person="", demo=True)
    assert browser.post("/sign-in/demonstration", data={"person": "lucia"}).status_code == 404
    with UnitOfWork(empty.engine) as work:
        work.clock.mark_demonstration()
        work.commit()
    assert {"type": "submit", "name": "person", "value": "lucia"} in Page(browser.get("/sign-in").text).all("button")
    assert browser.post("/sign-in/demonstration", data={"person": "lucia", "next": "/me"}).url.path == "/me"
    assert browser.post("/sign-in/demonstration", data={"person": "none"}).status_code == 404


def test_whoever_is_disabled_is_out_with_the_next_request(empty, browse) -> None:
    browser = browse(empty, person="lucia")
    assert browser.get("/me").status_code == 200

    def without(people):
        return replace(people, people={**people.people, "lucia": replace(people.people["lucia"], disabled=True)})

    change_people(empty.engine, empty.rulebook, without, by="test", reason="", now=clock())
    assert browser.get("/me", follow_redirects=False).status_code == 303


def test_a_reset_is_asked_for_and_its_link_comes_with_the_next_pass_of_mail(empty, browse) -> None:
    browser = browse(empty, person="")
    entered(empty, browser)
    asked = ("lucia@cuenca.example", "nobody@nowhere.example", "sofia@cuenca.example")
    for mail in asked:
        browser.post("/reset", data={"mail": mail})
    worker = Worker(empty.engine, lambda: empty.rulebook, lambda: empty.people, empty.post, clock)
    assert [worker.mail()[1].sent for _ in range(2)] == [1, 0]
    (letter,) = captured_messages(empty.settings.mail.capture_folder)
    assert letter.recipient == "Lucía Enlace <lucia@cuenca.example>"
    assert "ha pedido una contraseña nueva" in letter.text
    link = re.search(r"/password/[\w-]+", letter.text)[0]
    assert browser.get(link).status_code == browser.get(link).status_code == 200
    assert browser.post(link, data={"password": "otra cosa del todo", "again": "otra cosa del todo"}).status_code == 200
    assert browser.get("/me", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("/me?x=1", "/me?x=1"),
        ("", "/"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\nb", "/"),
        ("/ñ", "/"),
        ("/" + "x" * 3000, "/"),
    ],
)
def test_after_signing_in_one_stays_on_this_server(address: str, there: str) -> None:
    assert local_path(address) == there

"""What is around every page: language, headers, banners, errors, health, and how the pages are built."""

from dataclasses import replace

import pytest
from jinja2 import BaseLoader
from web_reading import Page
from web_register import clock, take_over

from twinflow.domain.mail.message import MessageState, Settlement
from twinflow.mail.reports import read_report
from twinflow.sentences import Sentence
from twinflow.services.mail.received import take_mail
from twinflow.services.reading import agreements
from twinflow.storage.engine import make_engine
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.worker.passes import Worker
from world import TODAY

PAGES = ["/", "/?all=1", "/inbox", "/incidents", "/nope", "/agreements/CU-99"]
PAGES += ["/agreements/CU-10/deadlines/first_programme/1", "/agreements/CU-10/deadlines/none/1"]
PAGES += [f"/agreements/{reference}" for reference in ("CU-01", "CU-02", "CU-10", "CU-14", "CU-21", "CU-26", "CU-26.1")]


def fail_a_message(runtime, reason: str) -> None:
    with UnitOfWork(runtime.engine) as work:
        message = work.outbox.add_message("lucia", "1@localhost", TODAY)
        (claimed,) = work.outbox.claim([message], TODAY, TODAY)
        why = Sentence("{why}", {"why": reason})
        work.outbox.settle([Settlement(claimed, MessageState.FAILED, error=why)], TODAY)
        work.commit()


def first_message(browser) -> str:
    links = Page(browser.get("/inbox").text).all("a")
    return next(str(link["href"]) for link in links if str(link["href"]).startswith("/inbox/"))


def assert_well_built(html: str, language: str) -> None:
    page = Page(html)
    assert page.unclosed == []
    assert page.all("html") == [{"lang": language}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in cell for cell in page.all("th"))
    assert page.all("script") in ([], [{"src": "/static/passkeys.js"}])
    assert page.all("style") == []
    assert not [tag for tag, attributes in page.tags if "style" in attributes]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a} <= set(ids)
    regions = [attributes for _, attributes in page.tags if attributes.get("role") == "region"]
    assert len(regions) == len(page.all("table"))
    assert all(region["tabindex"] == "0" for region in regions)
    assert all(frame["title"] and "sandbox" in frame for frame in page.all("iframe"))
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_built_for_everybody(register, browse, address, language):
    assert_well_built(browse(register, language=language).get(address).text, language)


def test_the_page_of_a_message_is_built_for_everybody(browser):
    assert_well_built(browser.get(first_message(browser)).text, "en")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en;q=0.2, es;q=0.7", "es"),
        ("fr, en;q=0.5", "en"),
        ("es;q=0, en;q=0.1", "en"),
        ("pt-BR", "en"),
        ("es;q=nonsense", "en"),
    ],
)
def test_the_browser_says_which_language_it_prefers(register, browse, header, language):
    response = browse(register, language=header).get("/")
    assert Page(response.text).all("html") == [{"lang": language}]
    assert response.headers["content-language"] == language


def test_without_a_wish_the_language_is_that_of_the_settings(register, browse):
    settings = register.settings.model_copy(update={"language": "es"})
    runtime = replace(register, settings=settings)
    assert Page(browse(runtime, language="").get("/").text).all("html") == [{"lang": "es"}]


def test_a_language_asked_for_in_the_address_wins_and_is_remembered(browser):
    response = browser.get("/?lang=es")
    assert "HttpOnly" in response.headers["set-cookie"]
    assert "SameSite=lax" in response.headers["set-cookie"]
    page = Page(browser.get("/agreements/CU-10").text)
    assert page.all("html") == [{"lang": "es"}]
    assert "Primer programa operativo" in page.text
    assert "martes 6 de mayo de 2014" in page.text
    assert "mar 2011-07-05" in page.text


def test_an_unknown_language_is_neither_shown_nor_remembered(browser):
    response = browser.get("/?lang=fr")
    assert "set-cookie" not in response.headers
    assert Page(response.text).all("html") == [{"lang": "en"}]


def test_the_cookie_is_for_encrypted_connections_only_where_the_service_has_them(register, browse):
    settings = register.settings.model_copy(update={"base_url": "https://twinflow.example"})
    response = browse(replace(register, settings=settings)).get("/?lang=es")
    assert "Secure" in response.headers["set-cookie"]


def test_the_language_switch_keeps_the_page(browser):
    links = [link for link in Page(browser.get("/?all=1&lang=en").text).all("a") if "hreflang" in link]
    assert [link["href"] for link in links] == ["?all=1&lang=es", "?all=1&lang=en"]
    assert links[1]["aria-current"] == "true"


@pytest.mark.parametrize(
    "address", [*PAGES, "/healthz", "/static/twinflow.css", "/static/none.css", "/inbox/none/html"]
)
def test_every_response_is_closed_to_the_outside(browser, address):
    headers = browser.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if address.startswith("/static/") else "no-store")


@pytest.mark.parametrize("file", ["pico.min.css", "pico.LICENSE.md", "twinflow.css", "icon.svg"])
def test_static_files_are_served(browser, file):
    assert browser.get(f"/static/{file}").status_code == 200


def test_an_unknown_agreement_is_not_found_and_others_like_it_are_named(browser):
    response = browser.get("/agreements/cu-99")
    assert response.status_code == 404
    assert "There is no agreement cu-99." in Page(response.text).text
    assert {"href": "/agreements/CU-09"} in Page(response.text).all("a")


def test_an_unknown_address_is_not_found(browser):
    response = browser.get("/nope?x=<b>")
    assert response.status_code == 404
    assert "There is no page at /nope." in Page(response.text).text


def test_pages_take_no_other_request(browser):
    response = browser.post("/")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
    assert "Not possible here" in Page(response.text).text


@pytest.mark.parametrize("address", ["/docs", "/redoc", "/openapi.json"])
def test_there_is_no_interface_description(browser, address):
    assert browser.get(address).status_code == 404


def test_health_tells_the_revision_of_the_schema(browser):
    response = browser.get("/healthz")
    assert response.status_code == 200
    assert {"status": "ok", "database": "ok", "schema": "0020", "clock": "ok"}.items() <= response.json().items()


@pytest.fixture(params=["not there", "not a database", "without tables"])
def broken(register, tmp_path, request):
    """A runtime whose database does not do its part."""
    file = tmp_path / ("none/x.db" if request.param == "not there" else "x.db")
    if request.param == "not a database":
        file.write_bytes(b"nonsense" * 1000)
    engine = make_engine(f"sqlite:///{file}")
    yield replace(register, engine=engine)
    engine.dispose()


def test_health_fails_when_the_database_does_not_do_its_part(broken, browse):
    response = browse(broken, person="").get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"status": "failing", "database": "failing", "schema": None}


def test_a_page_says_that_the_database_does_not_answer(broken, browse):
    response = browse(broken, person="").get("/")
    assert response.status_code == 503
    assert "Not available at the moment The database does not answer" in Page(response.text).text
    assert "Traceback" not in response.text
    assert_well_built(response.text, "en")


def test_a_mistake_in_the_program_shows_no_traceback(register, browse, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("secret")

    monkeypatch.setattr(agreements, "list_agreements", fail)
    response = browse(register, raising=False).get("/")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Something went wrong" in Page(response.text).text
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_every_page_leads_to_the_messages_that_could_not_be_delivered(empty, browse):
    fail_a_message(empty, "550 no such mailbox <lucia>")
    browser = browse(empty)
    for address in ("/", "/inbox"):
        page = Page(browser.get(address).text)
        assert "Incidents: 1" in page.text
        assert "Incidents (1)" in page.text
        assert "alert" in [attributes.get("role") for attributes in page.all("section")]
        assert {"href": "/incidents"} in page.all("a")
    text = Page(browser.get("/incidents").text).text
    assert "Messages that could not be delivered: 1 550 no such mailbox <lucia> Messages: 1; to: lucia" in text


def test_without_failures_there_is_no_alarm(browser):
    assert "Incidents:" not in browser.get("/").text
    assert "There are no incidents." in browser.get("/incidents").text


def test_the_demonstration_says_what_it_is(register, browse):
    assert "These are demonstration data." in Page(browse(register, demo=True).get("/").text).text


def test_without_a_mail_server_every_page_says_that_nothing_leaves(browser):
    assert "No mail server is set. Mail is captured and nothing leaves" in Page(browser.get("/").text).text


def test_every_template_is_drawn(empty, browse):
    take_over(empty)
    Worker(empty.engine, lambda: empty.rulebook, lambda: empty.people, empty.post, clock).tick()
    fail_a_message(empty, "550")
    answer = b"From: ana@example.org\nSubject: Re: x\n\nPlease call me.\n"
    take_mail(empty.engine, empty.rulebook, empty.people, read_report(answer), answer, clock(), whole=True)
    browser = browse(empty)
    site = browser.app.state.site
    shipped = site.templates.loader
    drawn = set()

    class Watching(BaseLoader):
        def get_source(self, environment, template):
            drawn.add(template)
            return shipped.get_source(environment, template)

    browser.app.state.site = replace(site, templates=site.templates.overlay(loader=Watching()))
    explained = "/agreements/CU-10/deadlines/first_programme/1"
    for address in (
        "/",
        "/incidents",
        "/agreements/CU-26",
        "/agreements/CU-26/picture",
        explained,
        "/nope",
        "/me",
        "/sign-in",
        "/reset",
        first_message(browser),
        "/inbox/received/1",
    ):
        browser.get(address)
    drawn_elsewhere = {"unsubscribe.html"}  # by test_unsubscribe.py: it needs a message that was sent
    drawn_elsewhere |= {
        "code.html",
        "new_codes.html",
        "passkeys.html",
        "second_factor.html",
        "recovery_codes.html",
        "password.html",
        "told.html",
        "token.html",
    }
    assert drawn | drawn_elsewhere == set(shipped.list_templates())


def test_another_name_for_this_server_is_refused(browser):
    """A page of somebody else's that points its own name to loopback reads nothing here."""
    assert browser.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert browser.get("/", headers={"Host": "localhost:8000"}).status_code == 200

"""Addresses as they come: HEAD, odd references, impossible bytes, hostile values, redirects behind a proxy."""

import re
from dataclasses import replace

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import text
from web_reading import Page
from web_register import clock

from builders import AT_PAGE
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.steps.opening import NewAgreement, mistake_in_reference
from twinflow.services.agreements.opening import open_agreement
from twinflow.web.app import create_app
from world import TODAY

NAMED = {"reference": "CU-10", "rule": "first_programme", "occurrence": "1", "token": "t", "key": "k", "number": "1"}
ABOUT_ONE = "/agreements/{reference:path}"
HUGE = "9" * 5_000
HOSTILE = [
    "%00",
    "a%00b",
    "%1B%5B31m",
    "%E2%80%AE",
    "%FF%FE",
    "%ED%A0%80",
    HUGE,
    "-1",
    "1e999",
    "2026-02-30",
    "%F0%9F%92%A9",
    "x" * 30_000,
]
PARAMETERS = ["words", "process", "state", "office", "country", "due", "all", "after", "lang", "before"]


def shown(app) -> list[str]:
    """The paths of all routes that answer GET."""
    return [route.path for route in routes_of(app) if "GET" in (route.methods or ())]


def routes_of(app) -> list[APIRoute]:
    routers = [app.router, *(route.original_router for route in app.routes if hasattr(route, "original_router"))]
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


def address(path: str) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: NAMED[found[1]], path)


def test_every_address_answers_head_as_get_without_the_body(browser):
    paths = shown(browser.app)
    assert len(paths) > 10
    for path in [*map(address, paths), "/static/icon.svg", "/nowhere", "/agreements/none"]:
        got, head = browser.get(path), browser.head(path)
        assert head.status_code == got.status_code, path
        assert head.content == b""
        assert got.content
        assert dict(head.headers) == dict(got.headers), path


def test_no_reference_is_taken_that_ends_like_the_address_of_another_page(browser):
    behind = [path.removeprefix(ABOUT_ONE) for path in shown(browser.app) if path.startswith(ABOUT_ONE)]
    assert len(behind) == 4
    for ending in filter(None, behind):
        for one in ("A-1", "2026/A-1", "picture"):
            reference = one + re.sub(r"\{\w+\}", "x1", ending)
            assert "address of another page" in str(mistake_in_reference(reference)), reference
    for reference in ("picture", "deadlines/d/1", "A-1/pictures", "A-1/picture/2", "A-1/deadlines/1"):
        assert mistake_in_reference(reference) is None


@pytest.mark.parametrize(
    "reference", ["a//b", "/a", "a/", ".", "..", "a/../b", "a/./b", "a%2Fb", "a b", "a?b", "a#b", ""]
)
def test_no_reference_is_taken_that_an_address_would_change(reference):
    assert mistake_in_reference(reference) is not None


@pytest.mark.parametrize("reference", ["PIC/picture", "PIC/picture.svg", "PIC/deadlines/opinion/1"])
def test_an_agreement_of_before_stays_reachable_though_its_reference_reads_like_another_page(empty, browse, reference):
    new = NewAgreement(
        "X-1",
        "ec/agreement",
        "cuenca",
        "the very one",
        TODAY.date(),
        (Party("Cuenca", "EC", home=True), Party("Lima", "PE")),
    )
    open_agreement(empty.engine, empty.rulebook, empty.people, new, actor="lucia", door=AT_PAGE, now=TODAY)
    with empty.engine.begin() as connection:
        connection.execute(text("UPDATE agreement SET reference = :reference"), {"reference": reference})
    browser = browse(empty)
    (link,) = [link["href"] for link in Page(browser.get("/").text).all("a") if "/agreements/" in str(link["href"])]
    for path in (link, f"{link}/picture", f"{link}/picture.svg"):
        assert browser.get(path).status_code == 200, path
    assert "the very one" in Page(browser.get(link).text).text


def test_impossible_bytes_in_an_address_are_not_found_on_either_database(browser):
    for path in shown(browser.app):
        for value in ("%00", "CU-10%00", "%ED%A0%80", "%FF", "%1B%5B31m", "x" * 20_000):
            odd = re.sub(r"\{(\w+)(?::\w+)?\}", lambda _found, value=value: value, path)
            if odd != path:
                response = browser.get(odd)
                assert response.status_code == 404, odd
                assert "\x1b" not in response.text
    assert browser.get("/static/%00").status_code == 404


@pytest.mark.parametrize("name", PARAMETERS)
def test_no_value_in_an_address_breaks_a_page(browser, name):
    for value in HOSTILE:
        for path in ("/", "/agreements/CU-10"):
            response = browser.get(f"{path}?{name}={value}")
            assert response.status_code in {200, 400, 404}, (path, name, value[:20])
            assert len(Page(response.text).text) > 20


@pytest.mark.parametrize("path", ["/inbox/", "/healthz/", "/static"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_redirect_keeps_scheme_and_host(register, path, method):
    """A proxy that speaks https hands the request on in plain http."""
    settings = register.settings.model_copy(update={"base_url": "https://twinflow.example"})
    app = create_app(replace(register, settings=settings), clock)
    with TestClient(app, base_url="http://twinflow.example", follow_redirects=False) as browser:
        response = getattr(browser, method)(f"{path}?lang=es")
    there = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    assert (response.status_code, response.headers["location"]) == (307, f"{there}?lang=es")


@pytest.mark.parametrize(
    "path", ["//evil.example/", "//evil.example/%2e%2e/", "/%5Cevil.example/", "//evil.example/inbox/"]
)
def test_no_address_leads_elsewhere(browser, path):
    response = browser.get(f"http://127.0.0.1{path}", follow_redirects=False)
    assert "evil" not in response.headers.get("location", "")


def test_another_name_of_the_server_is_refused_and_not_sent_on_in_plain_http(register):
    settings = register.settings.model_copy(update={"base_url": "https://www.twinflow.example"})
    app = create_app(replace(register, settings=settings), clock)
    with TestClient(app, base_url="http://twinflow.example", follow_redirects=False) as browser:
        assert browser.get("/").status_code == 400


def test_what_takes_no_other_request_says_that_it_answers_head_too(browser):
    assert {browser.post(path).headers["Allow"] for path in ("/", "/inbox", "/agreements/CU-10")} == {"GET, HEAD"}


def test_the_list_is_at_the_address_above_its_agreements_too(browser):
    response = browser.get("/agreements", follow_redirects=False)
    assert (response.status_code, response.text) == (200, browser.get("/").text)

"""A program with a token reads what its person reads, and does nothing else; whatever is wrong with it has one answer."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from test_requests import routes_of
from test_viewers import address
from web_reading import Page
from web_register import take_over

from signed_in import session_of
from twinflow.bootstrap import Runtime
from twinflow.services.accounts import api_tokens, signing_in
from twinflow.services.people.changing import change_people
from twinflow.web.app import create_app
from twinflow.web.viewing import BY_TOKEN, COOKIE, PUBLIC
from world import TODAY

OWN = ("/me", "/second-factor", "/sign-in/code")
"""What is of whoever sits before a browser."""


class Desk:
    """A browser of Lucía's, programs of hers, and a clock that can be moved on."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.now = runtime, TODAY
        self.app = create_app(runtime, lambda: self.now)
        self.browser = self.client()
        self.browser.cookies.set(COOKIE, session_of(runtime, "lucia", self.now))

    def client(self, authorization: str = "") -> TestClient:
        headers = {"Accept-Language": "en"} | ({"Authorization": authorization} if authorization else {})
        return TestClient(self.app, base_url="http://127.0.0.1", headers=headers, follow_redirects=False)

    def token(self, *scopes: str, days: int = 30) -> str:
        return api_tokens.create(self.runtime.engine, "lucia", "x", scopes or ("read",), days, self.now).token

    def program(self, *scopes: str, days: int = 30) -> TestClient:
        return self.client(f"Bearer {self.token(*scopes, days=days)}")

    def everything(self) -> list[object]:
        with self.runtime.engine.connect() as connection:
            tables = ("session", "attempt", "history", "people_entry", "account", "api_token")
            return [connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables]


@pytest.fixture
def desk(empty: Runtime) -> Desk:
    return Desk(empty)


def test_a_program_reads_what_its_person_reads_and_gets_no_session(desk: Desk) -> None:
    take_over(desk.runtime)
    program = desk.program()
    (token,) = api_tokens.tokens(desk.runtime.engine, "lucia")
    assert token.used_at is None
    for path in sorted(BY_TOKEN):
        seen, read = desk.browser.get(address(path)), program.get(address(path))
        assert (read.status_code, "set-cookie" in read.headers) == (seen.status_code, False), path
    listed = program.get("/agreements?all=1")
    assert Page(listed.text).rows == Page(desk.browser.get("/agreements?all=1").text).rows != []
    assert "sign-out" not in listed.text
    assert program.head("/agreements").status_code == 200
    (token,) = api_tokens.tokens(desk.runtime.engine, "lucia")
    assert token.used_at == desk.now
    desk.now += timedelta(seconds=59)
    program.get("/")
    assert api_tokens.tokens(desk.runtime.engine, "lucia")[0].used_at == token.used_at
    desk.now += timedelta(seconds=1)
    desk.client(f"bearer  {desk.token()}").get("/")
    program.get("/")
    assert {each.used_at for each in api_tokens.tokens(desk.runtime.engine, "lucia")} == {desk.now}
    assert len(signing_in.sessions(desk.runtime.engine, "lucia", desk.now)) == 1


def test_every_page_is_public_or_read_by_tokens_or_ones_own(desk: Desk) -> None:
    pages = {route.path for route in routes_of(desk.app) if "GET" in route.methods}
    others = pages - PUBLIC - BY_TOKEN
    assert {path for path in others if not path.startswith(OWN)} == set()
    assert pages >= BY_TOKEN


def test_a_token_does_nothing_and_opens_nothing_of_ones_own(desk: Desk) -> None:
    program, exporter = desk.program("read", "steps", "people", "export"), desk.program("export", "steps")
    program.get("/")
    exporter.get("/")
    program.cookies.set(COOKIE, desk.browser.cookies[COOKIE])
    before = desk.everything()
    tried = 0
    for route in routes_of(desk.app):
        for method in sorted(route.methods & {"GET", "POST"}):
            if route.path not in PUBLIC and (method == "POST" or route.path not in BY_TOKEN):
                response = program.request(method, address(route.path))
                assert response.status_code == 403, (method, route.path)
                challenge = 'Bearer realm="twinflow", error="insufficient_scope", scope="read"'
                assert response.headers["www-authenticate"] == challenge
                tried += 1
    assert tried > 10
    refused = exporter.get("/agreements")
    assert refused.status_code == 403
    assert "A token opens pages to read, where it has the scope “read”, and nothing else." in Page(refused.text).text
    assert before == desk.everything()


def test_a_token_that_lets_nobody_in_has_one_answer_that_does_not_say_why(desk: Desk) -> None:
    good, short = desk.token(), desk.token(days=1)
    revoked = desk.token()
    (newest, *_) = api_tokens.tokens(desk.runtime.engine, "lucia")
    api_tokens.revoke(desk.runtime.engine, "lucia", newest.id, desk.now)
    desk.now += timedelta(days=1)
    session = desk.browser.cookies[COOKIE]
    headers = ["Bearer", "Bearer ", "Bearer nobodys", f"Bearer {revoked}", f"Bearer {short}", f"Bearer {good}x"]
    headers += [f"Bearer {session}", "Bearer \N{LATIN SMALL LETTER N WITH TILDE}".encode().decode("latin-1")]
    answers = [desk.client().get("/agreements", headers={"Authorization": each.encode("latin-1")}) for each in headers]
    assert desk.client(f"Bearer {good}").get("/agreements").status_code == 200

    signing_in.lock(desk.runtime.engine, desk.runtime.people, "lucia", desk.now)
    answers.append(desk.client(f"Bearer {good}").get("/agreements"))
    signing_in.unlock(desk.runtime.engine, desk.runtime.people, "lucia", desk.now)

    def without_lucia(people):
        return replace(people, people={**people.people, "lucia": replace(people.people["lucia"], disabled=True)})

    change_people(desk.runtime.engine, desk.runtime.rulebook, without_lucia, by="test", reason="", now=desk.now)
    answers.append(desk.client(f"Bearer {good}").get("/agreements"))
    for response in answers:
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer realm="twinflow", error="invalid_token"'
        assert "set-cookie" not in response.headers
    assert len({response.text for response in answers}) == 1
    assert "This token was never given, was revoked or has ended, or its account is closed." in answers[0].text
    other = desk.client("Basic bHVjaWE6eA==").get("/agreements")
    assert (other.status_code, other.headers["location"]) == (303, "/sign-in?next=%2Fagreements")

"""Signing in at an OpenID provider: whoever it vouches for, once, in the browser that began it; and nobody else."""

import logging
import re
import warnings
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from own_provider import ACCESS, CLIENT_ID, CLIENT_SECRET, CODE, OwnProvider, own_provider
from sqlalchemy import text
from test_frame import assert_well_built
from web_reading import Page

from signed_in import ZOILA, with_administrator
from twinflow import clock as our_clock
from twinflow.bootstrap import Runtime
from twinflow.config import OidcSettings
from twinflow.domain.accounts.limits import Action
from twinflow.domain.accounts.provider import Vouched, vouched
from twinflow.services.accounts import passwords, signing_in
from twinflow.services.accounts.hashing import hashed
from twinflow.services.people.changing import change_people
from twinflow.storage.tables import SQLModel
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.web.app import create_app
from twinflow.web.viewing import COOKIE
from world import TODAY

THERE, BACK = "/sign-in/oidc", "/sign-in/oidc/back"
DESCRIPTION = "/.well-known/openid-configuration"
FAILED = "Signing in by City Accounts did not work. Begin again."
NOBODY = "Nobody signs in here with this account. Ask an administrator of this service."
SILENT = "City Accounts does not answer as it should. Try again later, or sign in with a password."


class Desk:
    """A browser at pages of which the provider is set, and a clock that can be moved on."""

    def __init__(self, runtime: Runtime, issuer: str, now: datetime | None = None) -> None:
        oidc = OidcSettings(issuer=issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, name="City Accounts")
        runtime.settings = runtime.settings.model_copy(update={"oidc": oidc})
        self.runtime, self.now = runtime, now
        self.app = create_app(runtime, lambda: self.now or our_clock.read())
        self.browser = self.new_browser()

    def new_browser(self) -> TestClient:
        return TestClient(
            self.app, base_url="http://127.0.0.1", headers={"Accept-Language": "en"}, follow_redirects=False
        )

    def begin(self) -> tuple[str, dict[str, str]]:
        """Where the browser is sent, and what is asked there."""
        response = self.browser.get(THERE)
        assert response.status_code == 303, response.text
        address = urlsplit(response.headers["location"])
        return address._replace(query="").geturl(), dict(parse_qsl(address.query))

    def come_back(self, **answer: str) -> httpx2.Response:
        return self.browser.get(BACK, params=answer)

    def through(self, provider: OwnProvider, **claims: object) -> httpx2.Response:
        """There and back by an honest answer, with claims in the token that may be others; None takes one away."""
        _, asked = self.begin()
        said = provider.claims(asked["nonce"]) | claims
        provider.said = {name: value for name, value in said.items() if value is not None}
        return self.come_back(code=CODE, state=asked["state"])

    def sessions(self) -> int:
        with self.runtime.engine.connect() as connection:
            return connection.execute(text("SELECT count(*) FROM session")).scalar_one()

    def invite(self, *persons: str) -> None:
        for person in persons:
            passwords.invite(self.runtime.engine, self.runtime.people, person, self.now or TODAY, by_mail=False)


@pytest.fixture(scope="module")
def provider() -> Iterator[OwnProvider]:
    """It is asked anew for every sign-in: tests that change its answers have one of their own."""
    with own_provider(TODAY) as there:
        yield there


def told(response: httpx2.Response) -> str:
    """The one thing that went wrong, as the page says it."""
    page = Page(response.text)
    assert {"href": "#provider"} in page.all("a")
    return next(words for words in (FAILED, NOBODY, SILENT) if words in page.text)


def alike(response: httpx2.Response) -> str:
    """The page without the address that it was asked by."""
    return re.sub(r"state=\w+", "", response.text)


def is_in(desk: Desk) -> bool:
    return desk.browser.get("/me").status_code == 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the provider's own, while it answers
def test_somebody_signs_in_at_a_real_provider_once_and_goes_on_where_they_wanted_to(empty: Runtime) -> None:
    with warnings.catch_warnings(record=True):
        from oidc_provider_mock import User, run_server_in_thread  # noqa: PLC0415 - its libraries warn of themselves

    lucia = User(sub="17", claims={"email": "Lucia@CUENCA.example.", "email_verified": True})
    with run_server_in_thread(user_claims=[lucia], require_nonce=True) as server:
        desk = Desk(empty, f"http://localhost:{server.server_port}")
        desk.invite("lucia")
        page = Page(desk.browser.get("/sign-in", params={"next": "/agreements?all=1"}).text)
        assert "Sign in with City Accounts" in page.text
        (button,) = [link for link in page.all("a") if link.get("id") == "provider"]
        begun = desk.browser.get(str(button["href"]))
        assert {"HttpOnly", "SameSite=lax", "Max-Age=600"} <= set(begun.headers["set-cookie"].split("; "))

        chosen = httpx2.post(begun.headers["location"], data={"sub": "17"})
        address = urlsplit(chosen.headers["location"])
        assert f"{address.scheme}://{address.netloc}{address.path}" == f"http://127.0.0.1:8000{BACK}"
        answer = dict(parse_qsl(address.query))
        entered = desk.come_back(**answer)
        assert (entered.status_code, entered.headers["location"]) == (303, "/agreements?all=1")
        assert "Lucía Enlace" in Page(desk.browser.get("/me").text).text
        assert desk.sessions() == 1

        again = desk.come_back(**answer)
        desk.browser.cookies.delete(COOKIE)
        _, asked = desk.begin()
        replayed = desk.come_back(code=answer["code"], state=asked["state"])
        assert [(each.status_code, told(each)) for each in (again, replayed)] == [(401, FAILED)] * 2
        assert desk.sessions() == 1
        assert not is_in(desk)


def test_what_is_asked_of_the_provider_is_bound_to_this_browser_and_stands_nowhere(
    empty: Runtime, provider: OwnProvider, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(empty, provider.issuer, TODAY)
    desk.invite("lucia")
    caplog.set_level(logging.DEBUG)
    address, asked = desk.begin()
    assert address == f"{provider.issuer}/authorize"
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT_ID, "S256")
    provider.said = provider.claims(asked["nonce"])
    assert desk.come_back(code=CODE, state=asked["state"], iss=provider.issuer).status_code == 303
    assert is_in(desk)
    sent, known_as = provider.redeemed[-1]
    verifier = sent.pop("code_verifier")
    digest = sha256(verifier.encode()).digest()
    assert asked["code_challenge"] == urlsafe_b64encode(digest).decode().rstrip("=")
    assert sent == {"grant_type": "authorization_code", "code": CODE, "redirect_uri": f"http://127.0.0.1:8000{BACK}"}
    assert known_as == f"Basic {b64encode(b'twinflow%20here:the%20secret%20of%20the%20client').decode()}"

    secrets = (CODE, ACCESS, CLIENT_SECRET, verifier, asked["state"], asked["nonce"], desk.browser.cookies[COOKIE])
    with empty.engine.connect() as connection:
        rows = [str(connection.execute(table.select()).all()) for table in SQLModel.metadata.sorted_tables]
    by_browser = "http://127.0.0.1/"
    logged = [
        each.getMessage() for each in caplog.records if not (each.name == "httpx2" and by_browser in each.getMessage())
    ]
    assert logged
    for secret in secrets:
        assert not [each for each in (*rows, *logged) if secret in each]


def test_whoever_has_no_open_account_has_one_answer_that_does_not_say_why(
    empty: Runtime, provider: OwnProvider
) -> None:
    desk = Desk(empty, provider.issuer, TODAY)
    desk.invite("lucia", "sofia", "diana")

    def without_diana(people):
        return replace(people, people={**people.people, "diana": replace(people.people["diana"], disabled=True)})

    change_people(empty.engine, empty.rulebook, without_diana, by="test", reason="", now=TODAY)
    signing_in.lock(empty.engine, empty.people, "sofia", TODAY)
    answers = [
        desk.through(provider, email="diana@cuenca.example"),
        desk.through(provider, email="sofia@cuenca.example"),
        desk.through(provider, email="mateo@cuenca.example"),
        desk.through(provider, email="nobody@nowhere.example"),
        desk.through(provider, email=""),
        desk.through(provider, email=["lucia@cuenca.example"]),
        desk.through(provider, email_verified=None),
        desk.through(provider, email_verified="true"),
    ]
    assert {(each.status_code, told(each)) for each in answers} == {(401, NOBODY)}
    assert len({alike(each) for each in answers}) == 1
    assert desk.sessions() == 0


def test_a_token_that_is_not_the_providers_own_for_us_and_now_lets_nobody_in(
    empty: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    with own_provider(TODAY) as provider:
        desk = Desk(empty, provider.issuer, TODAY)
        desk.invite("lucia")
        kid = {"kid": provider.key.kid}
        stranger = ECKey.generate_key("P-256", parameters=kid)
        secret_of_both = OctKey.import_key(CLIENT_SECRET, kid)
        made: list[str] = []

        def tampered(claims: dict[str, object]) -> str:
            head, _, signature = provider.signed(claims | {"email": "sofia@cuenca.example"}).split(".")
            return ".".join((head, provider.signed(claims).split(".")[1], signature))

        def unsigned(claims: dict[str, object]) -> str:
            head = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
            return f"{head}.{provider.signed(claims).split('.')[1]}."

        def by_stranger(claims: dict[str, object]) -> str:
            return jwt.encode({"alg": "ES256", **kid}, claims, stranger)

        def by_the_client_secret(claims: dict[str, object]) -> str:
            return jwt.encode({"alg": "HS256", **kid}, claims, secret_of_both)

        def kept(how):
            def token(claims: dict[str, object]) -> object:
                made.append(str(how(claims)))
                return how(claims)

            return token

        caplog.set_level(logging.DEBUG)
        answers = []
        for how in (
            tampered,
            unsigned,
            by_stranger,
            by_the_client_secret,
            lambda _: None,
            lambda _: 5,
            lambda _: "a.b.c",
        ):
            provider.token = kept(how)
            answers.append(desk.through(provider))
        provider.token = kept(provider.signed)
        late, long_ago = provider.now + 61, provider.now - 61
        for wrong in (
            {"nonce": "another"},
            {"nonce": None},
            {"exp": long_ago},
            {"exp": None},
            {"exp": "tomorrow"},
            {"iat": late},
            {"nbf": late},
            {"aud": "somebody else"},
            {"aud": None},
            {"iss": "https://other.example"},
            {"iss": None},
            {"sub": None},
            {"aud": [CLIENT_ID, "other"], "azp": "other"},
        ):
            answers.append(desk.through(provider, **wrong))
        assert [(each.status_code, told(each)) for each in answers] == [(401, FAILED)] * 20
        assert len({alike(each) for each in answers}) == 1
        assert desk.sessions() == 0
        reasons = [each.getMessage() for each in caplog.records if each.name.startswith("twinflow")]
        assert len(reasons) == 20
        assert "ExpiredTokenError" in str(reasons)
        assert not [secret for secret in (*made, CODE, ACCESS) if len(secret) > 5 and secret in str(reasons)]
        assert desk.through(provider, exp=provider.now - 59).status_code == 303


def test_an_answer_is_taken_from_the_browser_that_asked_in_time_and_from_the_provider_that_was_asked(
    empty: Runtime,
) -> None:
    with own_provider(TODAY) as provider:
        desk = Desk(empty, provider.issuer, TODAY)
        desk.invite("lucia")
        _, asked = desk.begin()
        state = asked["state"]
        provider.said = provider.claims(asked["nonce"])
        refused = [
            desk.come_back(code=CODE, state="another"),
            desk.come_back(code=CODE),
            desk.come_back(),
            desk.new_browser().get(BACK, params={"code": CODE, "state": state}),
        ]
        assert not provider.redeemed
        assert desk.come_back(code=CODE, state=state).status_code == 303
        desk.browser.cookies.clear()

        for wrong in ({"iss": "https://other.example"}, {"iss": ""}, {"error": "access_denied"}, {"code": ""}):
            _, asked = desk.begin()
            refused.append(desk.come_back(**{"code": CODE, "state": asked["state"]} | wrong))
        says_issuer = {**provider.described(), "authorization_response_iss_parameter_supported": True}
        provider.answers[DESCRIPTION] = (200, says_issuer)
        refused.append(desk.through(provider))
        _, asked = desk.begin()
        desk.now = TODAY + timedelta(minutes=10)
        refused.append(desk.come_back(code=CODE, state=asked["state"], iss=provider.issuer))
        assert len(provider.redeemed) == 1
        provider.answers["/token"] = (400, {"error": "invalid_grant"})
        _, asked = desk.begin()
        refused.append(desk.come_back(code=CODE, state=asked["state"], iss=provider.issuer))
        assert [(each.status_code, told(each)) for each in refused] == [(401, FAILED)] * 11
        assert desk.sessions() == 1


def test_of_sign_ins_that_nobody_ended_in_time_nothing_is_kept(empty: Runtime) -> None:
    with UnitOfWork(empty.engine) as work:
        for number in range(3):
            work.accounts.note_begun(Action.AT_PROVIDER, hashed(str(number)), TODAY + timedelta(minutes=5 * number))
        ended = [
            work.accounts.end_begun(Action.AT_PROVIDER, hashed(key), TODAY + timedelta(minutes=11)) for key in "0112"
        ]
        work.commit()
    assert ended == [False, True, False, True]
    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM attempt")).scalar_one() == 0


def test_a_provider_that_does_not_answer_as_one_is_said_to_and_lets_nobody_in(empty: Runtime) -> None:
    with own_provider(TODAY) as provider:
        desk = Desk(empty, provider.issuer, TODAY)
        desk.invite("lucia")
        described = provider.described()
        answers = []
        for wrong in (
            (500, described),
            (200, {**described, "issuer": f"{provider.issuer}/"}),
            (200, {**described, "authorization_endpoint": 5}),
            (200, [described]),
            (302, described),
        ):
            provider.answers = {DESCRIPTION: wrong}
            answers.append(desk.browser.get(THERE))
        for path, wrong in (
            ("/token", (500, {})),
            ("/token", (200, "no object")),
            ("/keys", (404, {})),
            (DESCRIPTION, (200, {**described, "token_endpoint": "no address"})),
        ):
            provider.answers = {}
            _, asked = desk.begin()
            provider.answers = {path: wrong}
            answers.append(desk.come_back(code=CODE, state=asked["state"]))
        provider.answers = {}
        _, asked = desk.begin()
    answers += [desk.come_back(code=CODE, state=asked["state"]), desk.browser.get(THERE)]
    assert [(each.status_code, told(each)) for each in answers] == [(502, SILENT)] * 11
    assert desk.sessions() == 0


def test_the_mail_address_may_be_said_of_the_person_instead_of_in_the_token(empty: Runtime) -> None:
    with own_provider(TODAY) as provider:
        desk = Desk(empty, provider.issuer, TODAY)
        desk.invite("lucia")
        provider.person = {"sub": "2", "email": "lucia@cuenca.example", "email_verified": True}
        other = desk.through(provider, email=None, email_verified=None)
        assert (other.status_code, told(other)) == (401, FAILED)
        provider.person |= {"sub": "1"}
        assert desk.through(provider, email=None, email_verified=None).status_code == 303
        assert is_in(desk)


def test_who_needs_a_second_factor_sets_up_ours_unless_the_provider_says_that_it_asked_for_one(
    empty: Runtime, provider: OwnProvider
) -> None:
    change_people(empty.engine, empty.rulebook, with_administrator, by="test", reason="", now=TODAY)
    empty.refresh()
    desk = Desk(empty, provider.issuer, TODAY)
    desk.invite(ZOILA)
    zoila = {"email": "zoila@test.example"}
    assert desk.through(provider, **zoila, amr=["pwd"]).status_code == 303
    assert desk.browser.get("/me").headers["location"].startswith("/second-factor")
    assert desk.through(provider, **zoila, amr=["pwd", "otp", "mfa"]).status_code == 303
    assert is_in(desk)


@pytest.mark.parametrize(
    ("claims", "second_factor"),
    [
        ({}, False),
        ({"amr": ["pwd"], "acr": "1"}, False),
        ({"amr": "mfa", "acr": ["phr"]}, False),
        ({"amr": ["mfa"]}, True),
        ({"acr": "https://refeds.org/profile/mfa"}, True),
        ({"acr": "phr"}, True),
        ({"acr": "phrh"}, True),
    ],
)
def test_a_second_factor_counts_where_the_provider_says_so_plainly(claims, second_factor: bool) -> None:
    of_lucia = {"email": "lucia@cuenca.example", "email_verified": True}
    assert vouched({**of_lucia, **claims}) == Vouched("lucia@cuenca.example", second_factor)


def test_from_one_address_a_sign_in_is_begun_so_often_and_no_more(empty: Runtime, provider: OwnProvider) -> None:
    desk = Desk(empty, provider.issuer, TODAY)
    with UnitOfWork(empty.engine) as work:
        for _ in range(100):
            work.accounts.count(Action.SIGN_IN_FROM, hashed("testclient"), TODAY)
        work.commit()
    assert desk.browser.get(THERE).status_code == 429


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_page_with_the_button_is_built_for_everybody_and_there_is_none_without_a_provider(
    empty: Runtime, browse, provider: OwnProvider, language: str
) -> None:
    without = browse(empty, person="")
    assert "provider" not in without.get("/sign-in").text
    assert {without.get(path).status_code for path in (THERE, BACK)} == {404}
    desk = Desk(empty, provider.issuer, TODAY)
    for path in ("/sign-in", BACK):
        assert_well_built(desk.browser.get(f"{path}?lang={language}").text, language)

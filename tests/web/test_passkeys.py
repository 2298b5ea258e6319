"""Passkeys: made and shown by an authenticator over HTTP, once each time they are asked for, by whoever has them."""

import html
import json
import re
from datetime import timedelta

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from test_frame import assert_well_built
from web_reading import Page

from authenticator import PRESENT, VERIFIED, Authenticator, b64, unb64
from twinflow.bootstrap import Runtime
from twinflow.domain.accounts.passkeys import RelyingParty, counts_on, relying_party
from twinflow.services.accounts import passwords, second_factors
from twinflow.storage.tables import SQLModel
from twinflow.web import authenticators
from twinflow.web.app import create_app
from twinflow.web.viewing import COOKIE
from world import TODAY

PASSWORD = "cuatro palabras nada comunes"
ORIGIN = "https://city.example:8443"
NOT_GOOD = "This passkey is not good here, or the page was open too long. Load it again, and try once more."
SCRIPT = "script-src 'self'"


class Desk:
    """A service with a name and TLS, browsers at it, and a clock that can be moved on."""

    def __init__(self, runtime: Runtime) -> None:
        runtime.settings = runtime.settings.model_copy(update={"base_url": ORIGIN})
        self.runtime, self.now = runtime, TODAY
        self.app = create_app(runtime, lambda: self.now)
        self.browser = self.new_browser()

    def new_browser(self) -> TestClient:
        return TestClient(self.app, base_url=ORIGIN, headers={"Accept-Language": "en"}, follow_redirects=False)

    def enter(self, person: str, browser: TestClient | None = None) -> str:
        """By the password; where it leads."""
        runtime = self.runtime
        if not self.accepted(person):
            link = passwords.invite(runtime.engine, runtime.people, person, self.now, by_mail=False)
            passwords.set_password(runtime.engine, runtime.people, link, PASSWORD, self.now)
        data = {"mail": runtime.people.person(person).mail, "password": PASSWORD}
        response = (browser or self.browser).post("/sign-in", data=data)
        assert response.status_code == 303, response.text
        shown = (browser or self.browser).get(response.headers["location"])
        return shown.headers.get("location", str(shown.url.path))

    def accepted(self, person: str) -> bool:
        with self.runtime.engine.connect() as connection:
            found = connection.execute(text("SELECT password_hash FROM account WHERE person = :p"), {"p": person})
            return bool(found.scalar())

    def asked(self, page: str) -> tuple[str, str]:
        """What the page asks of an authenticator, and the token of its form."""
        return asked_in(self.browser.get(page).text)

    def send(self, page: str, form: str, answer: str, **fields: str):
        return self.browser.post(page, data={"form": form, "credential": answer, **fields})

    def enrol(self, person: str, authenticator: Authenticator) -> tuple[str, ...]:
        """Somebody makes their first passkey; the recovery codes that come with it."""
        self.enter(person)
        options, form = self.asked("/second-factor")
        made = self.send("/second-factor", form, authenticator.make(options), name="Telephone")
        assert made.status_code == 200, Page(made.text).text
        return tuple(re.findall(r"<code>([\w-]+)</code>", made.text))

    def rows(self) -> list[tuple[object, ...]]:
        with self.runtime.engine.connect() as connection:
            found = connection.execute(text("SELECT person, name, sign_count FROM passkey ORDER BY person, made_at"))
            return [tuple(row) for row in found]


def asked_in(page: str) -> tuple[str, str]:
    (options,) = re.findall(r'data-passkey="([^"]+)"', page)
    _, _, after = page.partition("data-passkey=")
    return html.unescape(options), re.findall(r'name="form" value="(\w+)"', after)[0]


@pytest.fixture
def desk(empty: Runtime) -> Desk:
    return Desk(empty)


def told(response) -> str:
    """The one thing that went wrong, as the page says it."""
    (box,) = re.findall(r'<div class="banner alarm".*?</div>', response.text, re.DOTALL)
    (said,) = re.findall(r'<a href="#[\w-]+">(.*?)</a>', box)
    return html.unescape(said)


@pytest.mark.parametrize("packed", [False, True], ids=["no attestation", "packed"])
def test_a_registrar_makes_a_passkey_before_anything_else_and_shows_it_ever_after(desk: Desk, packed: bool) -> None:
    telephone = Authenticator(ORIGIN, packed=packed)
    assert desk.enter("rosa") == "/second-factor"
    page = desk.browser.get("/second-factor")
    assert SCRIPT in page.headers["content-security-policy"]
    assert SCRIPT not in desk.browser.get("/sign-in").headers["content-security-policy"]
    options, form = asked_in(page.text)
    assert json.loads(options)["authenticatorSelection"]["userVerification"] == "required"
    assert desk.send("/second-factor", form, telephone.make(options), name=" ").status_code == 422
    made = desk.send("/second-factor", form, telephone.make(options), name="Telephone")
    assert len(re.findall(r"<code>[\w-]+</code>", made.text)) == 10
    assert desk.browser.get("/me").status_code == 200
    assert "passkeys: 1" in Page(desk.browser.get("/me").text).text

    before = desk.browser.cookies[COOKIE]
    assert desk.enter("rosa") == "/sign-in/code"
    assert desk.browser.get("/me").headers["location"] == "/sign-in/code?next=%2Fme"
    waiting = desk.browser.cookies[COOKIE]
    options, form = desk.asked("/sign-in/code?next=/me")
    (known,) = json.loads(options)["allowCredentials"]
    assert unb64(known["id"]) == telephone.id
    shown = desk.send("/sign-in/code", form, telephone.show(options), next="/me")
    assert (shown.status_code, shown.headers["location"]) == (303, "/me")
    assert len({before, waiting, desk.browser.cookies[COOKIE]}) == 3
    assert desk.rows() == [("rosa", "Telephone", 3)]


LIES = {
    "another origin": {"origin": "https://evil.example"},
    "the same without its port": {"origin": "https://city.example"},
    "without TLS": {"origin": "http://city.example:8443"},
    "another service": {"rp_id": "evil.example"},
    "nobody verified": {"flags": PRESENT},
    "nobody present": {"flags": VERIFIED},
    "of another kind": {"kind": "webauthn.other"},
    "a challenge of nobody's": {"challenge": b64(bytes(32))},
    "no challenge": {"challenge": ""},
}


def test_an_answer_that_is_not_of_here_is_refused_and_uses_its_question_up(desk: Desk) -> None:
    telephone = Authenticator(ORIGIN)
    desk.enter("sofia")
    for what, lies in LIES.items():
        desk.now += timedelta(minutes=31)
        options, form = desk.asked("/second-factor")
        refused = desk.send("/second-factor", form, telephone.make(options, **lies), name="Telephone")
        assert (refused.status_code, told(refused)) == (401, NOT_GOOD), what
    assert desk.rows() == []

    desk.enrol("rosa", telephone)
    for what, lies in {**LIES, "of an id that nobody has": {"id": bytes(32)}}.items():
        desk.now += timedelta(minutes=31)
        assert desk.enter("rosa") == "/sign-in/code"
        options, form = desk.asked("/sign-in/code")
        refused = desk.send("/sign-in/code", form, telephone.show(options, **lies))
        assert (refused.status_code, told(refused)) == (401, NOT_GOOD), what
        again = desk.send("/sign-in/code", form, telephone.show(options))
        assert again.status_code == (303 if "challenge" in lies else 401), what
    (row,) = desk.rows()
    assert row[:2] == ("rosa", "Telephone")


def test_an_answer_is_good_once_in_its_session_for_ten_minutes_and_for_what_was_asked(desk: Desk) -> None:
    telephone = Authenticator(ORIGIN)
    desk.enrol("rosa", telephone)
    desk.enter("rosa")
    options, form = desk.asked("/sign-in/code")
    late, _ = desk.asked("/sign-in/code")
    answer = telephone.show(options)
    waiting = desk.browser.cookies[COOKIE]
    assert desk.send("/sign-in/code", form, answer).status_code == 303
    of_the_page, _ = desk.asked("/me/passkeys")
    desk.enter("rosa")
    _, form = desk.asked("/sign-in/code")
    assert told(desk.send("/sign-in/code", form, answer)) == NOT_GOOD, "of a session of before"
    crossed = json.dumps({**json.loads(options), "challenge": json.loads(of_the_page)["challenge"]})
    assert told(desk.send("/sign-in/code", form, telephone.show(crossed))) == NOT_GOOD, "asked for a new one"
    options, form = desk.asked("/sign-in/code")
    desk.now += timedelta(minutes=10)
    assert told(desk.send("/sign-in/code", form, telephone.show(options))) == NOT_GOOD, "too late"
    desk.browser = desk.new_browser()
    desk.browser.cookies.set(COOKIE, waiting)
    assert desk.send("/sign-in/code", form, telephone.show(late)).headers["location"] == "/sign-in", "it has ended"


def test_a_passkey_of_another_person_and_a_copy_of_ones_own_let_nobody_in(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    rosas, sofias, uncounted = (Authenticator(ORIGIN, number) for number in (1, 2, 3))
    desk.enrol("rosa", rosas)
    desk.enter("sofia")
    options, form = desk.asked("/second-factor")
    sofias.id = rosas.id
    assert told(desk.send("/second-factor", form, sofias.make(options), name="X")) == "This passkey is here already."
    sofias = uncounted
    options, form = desk.asked("/second-factor")
    assert desk.send("/second-factor", form, sofias.make(options, counter=0), name="Counts nothing").status_code == 200

    desk.enter("rosa")
    options, form = desk.asked("/sign-in/code")
    assert told(desk.send("/sign-in/code", form, sofias.show(options))) == NOT_GOOD
    for counter, status in ((7, 303), (7, 401), (6, 401), (0, 401), (8, 303)):
        desk.enter("rosa")
        options, form = desk.asked("/sign-in/code")
        assert desk.send("/sign-in/code", form, rosas.show(options, counter=counter)).status_code == status, counter
    assert caplog.text.count("The counter of a passkey of rosa went back") == 3
    for _ in range(2):
        desk.enter("sofia")
        options, form = desk.asked("/sign-in/code")
        assert desk.send("/sign-in/code", form, sofias.show(options, counter=0)).status_code == 303
    assert counts_on(0, 0)


def test_whatever_is_sent_in_place_of_an_answer_is_refused_in_a_sentence(desk: Desk) -> None:
    telephone = Authenticator(ORIGIN)
    desk.enrol("rosa", telephone)
    desk.enter("rosa")
    options, form = desk.asked("/sign-in/code")
    good = json.loads(telephone.show(options))
    client = good["response"]["clientDataJSON"]
    for answer in (
        "x",
        "[]",
        "null",
        "[" * 20_000,
        "{}",
        '{"response": 1}',
        '{"response": {"clientDataJSON": 1}}',
        json.dumps({"response": {"clientDataJSON": b64(b"[]")}}),
    ):
        assert told(desk.send("/sign-in/code", form, answer)) == NOT_GOOD, answer[:40]
        with desk.runtime.engine.begin() as connection:
            connection.execute(text("DELETE FROM attempt WHERE action = 'second factor'"))
    for damage in (
        {"authenticatorData": ""},
        {"authenticatorData": b64(bytes(400))},
        {"signature": "ñ"},
        {"signature": b64(b"1")},
        {"signature": None},
        {"clientDataJSON": client, "authenticatorData": 7},
    ):
        options, form = desk.asked("/sign-in/code")
        good = json.loads(telephone.show(options))
        answer = json.dumps({**good, "response": {**good["response"], **damage}})
        assert told(desk.send("/sign-in/code", form, answer)) == NOT_GOOD, damage
        with desk.runtime.engine.begin() as connection:
            connection.execute(text("DELETE FROM attempt WHERE action = 'second factor'"))
    for said in (b"", b"x", bytes(500), unb64(client)):
        desk.enter("sofia")
        options, form = desk.asked("/second-factor")
        made = json.loads(telephone.make(options))
        made["response"]["attestationObject"] = b64(said)
        assert told(desk.send("/second-factor", form, json.dumps(made), name="X")) == NOT_GOOD, said


def test_several_passkeys_have_names_and_go_by_whoever_shows_that_it_is_they(desk: Desk) -> None:
    telephone, key = Authenticator(ORIGIN), Authenticator(ORIGIN, 2)
    codes = desk.enrol("rosa", telephone)
    other = desk.new_browser()
    desk.enter("rosa", other)
    options, form = desk.asked("/me/passkeys")
    assert [unb64(each["id"]) for each in json.loads(options)["excludeCredentials"]] == [telephone.id]
    refused = desk.send("/me/passkeys", form, key.make(options), name="Key", proof="wrong")
    assert (refused.status_code, told(refused)) == (401, "This is neither your password nor a present code.")
    assert 'value="Key"' in refused.text
    around = desk.send("/second-factor", form, key.make(options), name="Key")
    assert (around.status_code, around.headers["location"]) == (303, "/me"), "no way around the proof"
    assert len(desk.rows()) == 1
    options, form = desk.asked("/me/passkeys")
    added = desk.send("/me/passkeys", form, key.make(options), name="Key & <i>", proof=PASSWORD)
    assert (added.status_code, added.headers["location"]) == (303, "/me/passkeys")
    assert other.get("/sign-in/code").headers["location"].startswith("/sign-in?"), "other sessions end with it"
    page = desk.browser.get("/me/passkeys").text
    assert_well_built(page, "en")
    assert "Key &amp; &lt;i&gt;" in page

    desk.enter("rosa")
    options, form = desk.asked("/sign-in/code")
    assert len(json.loads(options)["allowCredentials"]) == 2
    assert desk.send("/sign-in/code", form, key.show(options)).status_code == 303
    _, form = desk.asked("/me/passkeys")

    def remove(authenticator: Authenticator, proof: str):
        data = {"form": form, "key": b64(authenticator.id), "removing": proof}
        return desk.browser.post("/me/passkeys/remove", data=data)

    assert told(remove(telephone, "wrong")) == "This is neither your password nor a present code."
    assert remove(Authenticator(ORIGIN, 9), PASSWORD).status_code == 404
    assert remove(telephone, codes[0]).status_code == 303
    assert "there has to be a second factor" in told(remove(key, PASSWORD))
    assert [row[:2] for row in desk.rows()] == [("rosa", "Key & <i>")]
    assert second_factors.factors_of(desk.runtime.engine, "rosa").codes_left == 9

    desk.enrol("sofia", telephone)
    _, form = desk.asked("/me/passkeys")
    assert remove(telephone, PASSWORD).status_code == 303, "who needs none may do without"
    factors = second_factors.factors_of(desk.runtime.engine, "sofia")
    assert (factors.are_there, factors.codes_left) == (False, 0)

    second_factors.forget(desk.runtime.engine, desk.runtime.people, "rosa", desk.now)
    assert desk.rows() == []
    assert desk.enter("rosa") == "/second-factor"


def test_new_recovery_codes_are_for_whoever_shows_that_it_is_they_and_end_those_of_before(desk: Desk) -> None:
    old = desk.enrol("rosa", Authenticator(ORIGIN))
    page = desk.browser.get("/me/codes")
    assert_well_built(page.text, "en")
    form = re.findall(r'name="form" value="(\w+)"', page.text)[0]

    def renew(proof: str):
        return desk.browser.post("/me/codes", data={"form": form, "proof": proof})

    refused = renew("wrong")
    assert (refused.status_code, told(refused)) == (401, "This is neither your password nor a present code.")
    assert second_factors.factors_of(desk.runtime.engine, "rosa").codes_left == 10
    new = re.findall(r"<code>([\w-]+)</code>", renew(old[0]).text)
    assert len(set(new) - set(old)) == 10
    for code, status in ((old[1], 401), (new[0], 303)):
        desk.enter("rosa")
        sent = {"form": re.findall(r'name="form" value="(\w+)"', desk.browser.get("/sign-in/code").text)[0]}
        assert desk.browser.post("/sign-in/code", data={**sent, "code": code}).status_code == status
    form = re.findall(r'name="form" value="(\w+)"', desk.browser.get("/me/codes").text)[0]
    for _ in range(10):
        assert renew("wrong").status_code == 401
    assert renew(PASSWORD).status_code == 429
    desk.enter("sofia")
    form = re.findall(r'name="form" value="(\w+)"', desk.browser.get("/me/codes").text)[0]
    assert told(renew(PASSWORD)) == "Set up a second factor first; the codes come with it."


def test_an_authenticator_program_and_a_passkey_stand_beside_each_other(desk: Desk) -> None:
    desk.enter("rosa")
    page = desk.browser.get("/second-factor").text
    secret = re.search(r'class="secret">(\w+)<', page)[1]
    form = re.findall(r'name="form" value="(\w+)"', page)[0]
    first = desk.browser.post("/second-factor", data={"form": form, "code": pyotp.TOTP(secret).at(desk.now)})
    assert first.status_code == 200
    desk.now += timedelta(seconds=30)
    telephone = Authenticator(ORIGIN)
    options, form = desk.asked("/me/passkeys")
    proof = pyotp.TOTP(secret).at(desk.now)
    assert desk.send("/me/passkeys", form, telephone.make(options), name="A", proof=proof).status_code == 303
    assert "an authenticator" in desk.browser.get("/me").text
    for by_code in (True, False):
        desk.now += timedelta(seconds=30)
        desk.enter("rosa")
        options, form = desk.asked("/sign-in/code")
        code = pyotp.TOTP(secret).at(desk.now) if by_code else ""
        assert (
            desk.send("/sign-in/code", form, "" if by_code else telephone.show(options), code=code).status_code == 303
        )


def test_without_the_library_or_without_a_name_the_service_says_what_is_missing_and_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    telephone = Authenticator(ORIGIN)
    codes = desk.enrol("rosa", telephone)
    options, form = desk.asked("/me/passkeys")
    monkeypatch.setattr(authenticators, "IS_INSTALLED", False)
    page = desk.browser.get("/me/passkeys")
    assert "whoever runs it installs “twinflow[passkeys]”" in page.text
    assert "data-passkey" not in page.text
    sent = desk.send("/me/passkeys", form, telephone.make(options), name="A", proof=PASSWORD)
    assert sent.status_code == 404
    desk.enter("rosa")
    asked = desk.browser.get("/sign-in/code").text
    assert "data-passkey" not in asked
    form = re.findall(r'name="form" value="(\w+)"', asked)[0]
    assert desk.browser.post("/sign-in/code", data={"form": form, "credential": "{}"}).status_code == 404
    assert desk.browser.post("/sign-in/code", data={"form": form, "code": codes[0]}).status_code == 303
    monkeypatch.setattr(authenticators, "IS_INSTALLED", True)
    desk.runtime.settings = desk.runtime.settings.model_copy(update={"base_url": "http://127.0.0.1:8000"})
    said = desk.browser.get("/me/passkeys", headers={"Host": "127.0.0.1"})
    assert "they need an address with a name and TLS, and base_url is http://127.0.0.1:8000" in said.text


@pytest.mark.parametrize(
    ("address", "party"),
    [
        ("https://City.example/", RelyingParty("city.example", "https://city.example")),
        ("https://city.example:443", RelyingParty("city.example", "https://city.example")),
        ("https://león.example:8443/twinflow", RelyingParty("xn--len-hna.example", "https://xn--len-hna.example:8443")),
        ("http://localhost:8000", RelyingParty("localhost", "http://localhost:8000")),
        ("http://city.example", None),
        ("https://192.0.2.7", None),
        ("https://[2001:db8::1]:8443", None),
        ("http://127.0.0.1:8000", None),
    ],
)
def test_passkeys_are_made_for_a_name_with_tls(address: str, party: RelyingParty | None) -> None:
    assert relying_party(address) == party


def test_nothing_that_was_asked_or_shown_stands_in_the_books_or_in_what_is_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    telephone = Authenticator(ORIGIN)
    codes = desk.enrol("rosa", telephone)
    secrets = [PASSWORD, *codes, desk.browser.cookies[COOKIE]]
    desk.enter("rosa")
    secrets.append(desk.browser.cookies[COOKIE])
    for lies in ({"origin": "https://evil.example"}, {}):
        options, form = desk.asked("/sign-in/code")
        secrets += [json.loads(options)["challenge"], form]
        desk.send("/sign-in/code", form, telephone.show(options, **lies))
    secrets.append(desk.browser.cookies[COOKIE])
    waiting, _ = desk.asked("/me/passkeys")
    secrets.append(json.loads(waiting)["challenge"])
    with desk.runtime.engine.connect() as connection:
        kept = [str(connection.execute(table.select()).all()) for table in SQLModel.metadata.sorted_tables]
    said = [caplog.text, *capfd.readouterr()]
    assert b64(telephone.id) in "".join(kept)
    assert [each for each in secrets if any(each in place for place in (*kept, *said))] == []

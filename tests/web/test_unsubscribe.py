"""The link in optional mail: safe to look at, one post switches off, for the reader of that message and nobody else. RFC 8058."""

import hashlib
from datetime import timedelta
from itertools import product

import pytest
from sqlmodel import Session
from test_frame import assert_well_built
from web_reading import Page

from twinflow.services.alerts import opt_outs
from twinflow.storage.tables import AgreementRow, AlertRow, OutboxRow
from world import TODAY

REGISTERED, SOON = "agreement-registered", "deadline-soon"


def mail(runtime, token: str, *notices: str, recipient: str = "lucia") -> str:
    """A message that was sent with a token; the address of its link."""
    with Session(runtime.engine) as session:
        message = OutboxRow(
            message_id=token,
            recipient=recipient,
            digest=False,
            state="accepted",
            created_at=TODAY,
            settled_at=TODAY,
            unsubscribe_hash=hashlib.sha256(token.encode()).hexdigest(),
        )
        session.add(message)
        session.flush()
        for notice in notices:
            alert = AlertRow(
                agreement_id=1,
                outbox_id=message.id,
                notice=notice,
                subject=f"step:{token}",
                occurrence=1,
                level=notice,
                recipient=recipient,
                role="liaison",
                effective_on=TODAY.date(),
                recorded_at=TODAY,
            )
            session.add(alert)
        session.commit()
    return f"/unsubscribe/{token}"


@pytest.fixture
def mailed(empty):
    agreement = AgreementRow(
        id=1,
        reference="CU-01",
        process="ec/agreement",
        process_version=1,
        process_digest="",
        office="cuenca",
        title="Cuenca and another city",
        state="registered",
        version=1,
        tracked_from=TODAY.date(),
    )
    with Session(empty.engine) as session:
        session.add(agreement)
        session.commit()
    return empty


def off(runtime, person: str = "lucia") -> frozenset[str]:
    return opt_outs.switched_off(runtime.engine, person)


def test_every_form_of_the_page_is_built_for_everybody(mailed, browse):
    browser = browse(mailed)
    for address, language in product((mail(mailed, "a", REGISTERED), mail(mailed, "b", SOON)), ("es", "en")):
        asked = f"{address}?lang={language}"
        for response in (browser.get(asked), browser.post(asked), browser.post(f"{address}/undo?lang={language}")):
            assert_well_built(response.text, language)


def test_looking_changes_nothing_and_says_what_would(mailed, browse):
    address = mail(mailed, "t", REGISTERED)
    page = Page(browse(mailed).get(f"{address}?lang=en").text)
    assert off(mailed) == frozenset()
    assert page.all("form") == [{"method": "post", "action": address}]
    assert mailed.rulebook.notices[REGISTERED].label["en"] in page.text
    assert "Lucía Enlace gets mail about this:" in page.text
    assert "Nothing has been changed yet." in page.text


ONE_CLICK = {"List-Unsubscribe": "One-Click"}


POSTS = [
    {"data": ONE_CLICK},
    {"files": {key: (None, value) for key, value in ONE_CLICK.items()}},
    {"content": b""},
    {"content": b"\xff" * 70_000, "headers": {"Content-Type": "text/plain"}},
]


def test_one_post_switches_off_without_login_or_cookie(mailed, browse):
    browser = browse(mailed)
    for number, post in enumerate(POSTS):
        recipient = ("lucia", "mateo", "rosa", "sofia")[number]
        response = browser.post(mail(mailed, str(number), REGISTERED, recipient=recipient), **post)
        assert response.status_code == 200
        assert "set-cookie" not in response.headers
        assert off(mailed, recipient) == {REGISTERED}


def test_twice_does_the_same_as_once(mailed, browse):
    browser, address = browse(mailed), mail(mailed, "t", REGISTERED)
    first, second = browser.post(address), browser.post(address)
    assert (second.status_code, second.text) == (200, first.text)
    assert off(mailed) == {REGISTERED}


def test_it_is_switched_on_again_from_the_same_page(mailed, browse):
    browser, address = browse(mailed), mail(mailed, "t", REGISTERED)
    page = Page(browser.post(f"{address}?lang=en").text)
    assert "Lucía Enlace gets no more mail about this:" in page.text
    [form] = page.all("form")
    again = browser.post(f"{form['action']}?lang=en")
    assert "Switched on again" in Page(again.text).text
    assert "Nothing has been changed yet." in Page(browser.get(str(again.url)).text).text, "in the other language too"
    assert off(mailed) == frozenset()


def test_nobody_else_is_touched(mailed, browse):
    mail(mailed, "of-rosa", REGISTERED, recipient="rosa")
    browse(mailed).post(mail(mailed, "t", REGISTERED))
    assert off(mailed, "rosa") == frozenset()


def test_of_a_message_with_both_kinds_only_the_optional_is_switched_off(mailed, browse):
    assert browse(mailed).post(mail(mailed, "t", REGISTERED, SOON)).status_code == 200
    assert off(mailed) == {REGISTERED}


def test_what_is_mandatory_by_now_stays_on_and_the_page_says_why(mailed, browse):
    browser, address = browse(mailed), mail(mailed, "t", SOON)
    for response in (browser.get(f"{address}?lang=en"), browser.post(f"{address}?lang=en")):
        assert response.status_code == 409
        page = Page(response.text)
        assert page.all("form") == []
        assert " ".join(mailed.rulebook.notices[SOON].because["en"].split()) in page.text
    assert off(mailed) == frozenset()


def test_notices_that_are_gone_are_said_to_be_gone(mailed, browse):
    response = browse(mailed).post(mail(mailed, "t", "no-such-notice") + "?lang=en")
    assert response.status_code == 409
    assert "its notices are not sent any more" in Page(response.text).text


def test_an_unknown_token_is_not_found(mailed, browse):
    mail(mailed, "t", REGISTERED)
    browser = browse(mailed)
    for token in ("u", "t ", "T", "%00", "'", "x" * 5000):
        for response in (browser.get(f"/unsubscribe/{token}"), browser.post(f"/unsubscribe/{token}")):
            assert response.status_code == 404
            assert "This link is of no message that was sent from here." in Page(response.text).text
    assert off(mailed) == frozenset()


def test_of_a_person_who_has_left_nothing_is_told(mailed, browse):
    response = browse(mailed).post(mail(mailed, "t", REGISTERED, recipient="gone"))
    assert response.status_code == 404
    assert "lucia" not in response.text


def test_the_page_speaks_the_language_of_whom_the_message_was_for_until_another_is_asked_for(mailed, browse):
    browser, address = browse(mailed, language="en"), mail(mailed, "t", REGISTERED)
    assert Page(browser.get(address).text).all("html") == [{"lang": "es"}]
    assert Page(browser.get(f"{address}?lang=en").text).all("html") == [{"lang": "en"}]
    assert Page(browser.post(address).text).all("html") == [{"lang": "en"}]


def test_the_page_shows_nothing_of_other_people(mailed, browse):
    with Session(mailed.engine) as session:
        failed = OutboxRow(
            message_id="f", recipient="rosa", digest=False, state="failed", created_at=TODAY, settled_at=TODAY
        )
        session.add(failed)
        session.commit()
    browser, address = browse(mailed), mail(mailed, "t", REGISTERED)
    assert "rosa" in browser.get("/incidents").text
    assert "Incidents (1)" in browser.get("/inbox").text
    for shown in ("rosa", "Incidents (1)", "Incidents: 1"):
        assert shown not in browser.get(address).text


def test_switched_off_by_key_and_on_again(mailed):
    engine, rulebook, people = mailed.engine, mailed.rulebook, mailed.people
    for now in (TODAY, TODAY + timedelta(days=1)):
        assert opt_outs.switch_off(engine, rulebook, people, "lucia", REGISTERED, now).key == REGISTERED
    assert off(mailed) == {REGISTERED}
    opt_outs.switch_on(engine, rulebook, people, "lucia", REGISTERED)
    opt_outs.switch_on(engine, rulebook, people, "lucia", REGISTERED)
    assert off(mailed) == frozenset()

"""What the pages say about the real register of Cuenca."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update
from web_reading import Page
from web_register import take_over

from builders import AT_PAGE
from twinflow.domain.agreement.agreement import Party, Signature
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.opening import NewAgreement
from twinflow.sentences import ProvisionalDay
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.reading import agreements
from twinflow.storage.tables import AgreementRow
from world import TODAY


def read(browser, address: str) -> Page:
    response = browser.get(address)
    assert response.status_code == 200
    return Page(response.text)


def test_the_list_has_one_row_for_each_of_the_38_relationships_in_the_order_of_the_books(browser, register):
    rows = read(browser, "/").rows[1:]
    lines = agreements.each_agreement(register.engine, register.rulebook, register.people, TODAY, viewer=OPERATOR)
    assert len(rows) == 38
    assert [row.split()[0] for row in rows] == [line.reference for line in lines]


def test_the_list_begins_with_the_next_date_and_says_in_words_that_it_has_passed_or_is_overdue(empty, browse):
    """Before the clock: a term that ran out is nobody's fault; the next pass lets it expire."""
    take_over(empty, ["agreements"])
    page = read(browse(empty), "/")
    assert page.rows[1].startswith("CU-02 Cuenca – Bruges In force Sun 2006-10-08 passed End of the term")
    assert "2011-08-04 very overdue First operating programme" in page.row("CU-10 Cuenca – Medellin")


def test_the_list_shows_what_is_missing(browser):
    page = read(browser, "/")
    assert "Date missing: only 1997 is known" in page.row("CU-11")
    assert "Signature missing: La Habana" in page.row("CU-14")
    assert page.row("CU-03").endswith("none nothing")


def test_the_list_shows_earlier_texts_when_asked(browser):
    page = read(browser, "/?all=1")
    assert page.row("CU-26.1").startswith("CU-26.1 Cuenca – Puebla")
    assert len(page.rows) == 47


def addresses(page: Page) -> list[str]:
    return [str(link["href"]) for link in page.all("a") if link.get("rel") == "next"]


def test_the_list_goes_on_on_the_next_page_with_what_it_is_narrowed_to(browser, monkeypatch):
    monkeypatch.setattr(agreements.list_agreements, "__kwdefaults__", {"after": None, "at_once": 10})
    page = read(browser, "/?words=cuenca&state=in_force&process=ec%2Fagreement&lang=en")
    assert "Shown: 10; there are more." in page.text
    (following,) = addresses(page)
    assert following.startswith("/?words=cuenca&state=in_force&process=ec%2Fagreement&after=")
    second = read(browser, following)
    assert not {row.split()[0] for row in page.rows[1:]} & {row.split()[0] for row in second.rows[1:]}
    assert {"href": "/?words=cuenca&state=in_force&process=ec%2Fagreement"} in second.all("a")
    assert [option["value"] for option in second.all("option") if "selected" in option] == ["ec/agreement", "in_force"]
    assert {"type": "search", "value": "cuenca"}.items() <= next(
        each for each in second.all("input") if each["name"] == "words"
    ).items()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("words=medell%C3%ADn", ["CU-10"]),
        ("words=MEDELLIN", ["CU-10"]),
        ("words=cu-1", [f"CU-{number}" for number in range(10, 20)]),
        ("country=BE", ["CU-02"]),
        ("due=passed", []),
        ("words=%00cu-10%00medell", ["CU-10"]),
        ("words=%E2%80%93&country=BE", ["CU-02"]),
        ("state=none&process=ec%2Fagreement&words=CU-10", ["CU-10"]),
        ("due=nonsense&words=CU-10", ["CU-10"]),
    ],
)
def test_the_list_shows_what_was_asked_for(browser, asked, found):
    page = read(browser, f"/?{asked}")
    assert sorted(row.split()[0] for row in page.rows[1:]) == found
    assert ("No agreement is like this." in page.text) is (not found)
    assert "Show all agreements" in page.text


def test_every_field_of_the_list_has_its_label(browser):
    page = read(browser, "/?process=ec%2Fagreement")
    labels = {label["for"] for label in page.all("label") if "for" in label}
    assert {select["id"] for select in page.all("select")} == labels - {"words"}
    assert labels == {"words", "process", "state", "country", "due"}  # of one office alone, so that none is asked for


@pytest.mark.parametrize(
    "address",
    [
        "/?process=none",
        "/?office=none",
        "/?state=none",
        "/?country=%00",
        "/?after=none",
        "/?after=2026-02-30/CU-1",
        "/?after=2026-02-03/CU%00",
    ],
)
def test_what_no_list_can_be_narrowed_to_is_not_found(browser, address):
    assert browser.get(address).status_code == 404


def test_a_timeline_shows_the_newest_and_leads_to_what_is_older(browser, monkeypatch):
    monkeypatch.setattr(agreements, "AT_ONCE", 1)
    page = read(browser, "/agreements/CU-10")
    whole = page.text
    count = 1
    while following := addresses(page):
        page = read(browser, following[0].removesuffix("#timeline"))
        assert {"href": "/agreements/CU-10#timeline"} in page.all("a")
        whole, count = f"{whole} {page.text}", count + 1
    assert count > 2
    assert "Taken over from a register" in page.text


def test_an_empty_register_says_so(empty, browse):
    assert "There are no agreements yet." in read(browse(empty), "/").text


def test_medellin_shows_both_readings_of_the_first_programme_and_the_contradiction(browser):
    page = read(browser, "/agreements/CU-10")
    first = page.row("First operating programme")
    assert "Tue 2011-07-05 shorter reading" in first
    assert "Thu 2011-08-04 longer reading" in first
    terms = page.row("First programme")
    assert "60 days or 90 days Contradictory" in terms
    assert "The text contradicts itself: First programme: 60 days, 90 days" in page.text


def test_medellin_before_the_clock_counts_how_long_it_is_overdue(empty, browse):
    take_over(empty, ["agreements"])
    first = read(browse(empty), "/agreements/CU-10").row("First operating programme")
    assert "passed 5587 days ago" in first
    assert "▲▲ Very overdue" in first
    assert "liaison officer" in first
    assert "Agreed in the text" in first


def test_an_undated_text_shows_that_its_date_is_missing(browser):
    page = read(browser, "/agreements/CU-21")
    assert "What is missing Date missing" in page.text
    assert "Signed: date not known" in page.row("Suvereto")
    assert "date not known" in page.row("Day of signature by all parties")


@pytest.mark.parametrize(
    ("reference", "words"),
    [("CU-11", "1997 (only the year is known)"), ("CU-19", "2008-11 (only the month is known)")],
)
def test_a_date_is_shown_with_the_precision_it_has(browser, reference, words):
    page = read(browser, f"/agreements/{reference}")
    assert words in page.row("Day of signature by all parties")


def test_la_habana_has_not_signed_and_is_not_in_force(browser):
    page = read(browser, "/agreements/CU-14")
    assert "Signed by some parties Not in force" in page.text
    assert "What is missing Signature missing: La Habana" in page.text
    assert page.row("La Habana") == "La Habana CU Not signed"
    assert "Signed: Fri 2000-03-17" in page.row("Cuenca (keeps this case)")
    assert "Waits for liaison officer" in page.text


def test_bruges_expired_on_a_day_long_before_it_was_recorded(browser):
    text = read(browser, "/agreements/CU-02").text
    assert "Expired Not in force" in text
    assert (
        "Sunday, 8 October 2006 The term runs out → Expired Entry 2. By: the clock. Recorded later, on Fri 2026-11-20"
    ) in text


def test_every_source_is_heard_and_the_one_that_is_used_is_named(browser):
    page = read(browser, "/agreements/CU-01")
    assert "Thu 2011-02-24 Used thesis on Cuenca" in page.row("Day of signature by all parties")
    assert page.row("Fri 2011-02-25").startswith("Fri 2011-02-25 Disagrees, not used")


def test_puebla_links_its_generations_both_ways(browser):
    later, earlier = read(browser, "/agreements/CU-26"), read(browser, "/agreements/CU-26.1")
    assert {"href": "/agreements/CU-26.1"} in later.all("a")
    assert "A later one: CU-26" in earlier.text
    assert {"href": "/agreements/CU-26"} in earlier.all("a")


def test_next_steps_are_listed_with_the_command_that_takes_them(browser):
    text = read(browser, "/agreements/CU-14").text
    assert "Record a party's signature" in text
    assert "twinflow agreements advance CU-14 STEP --as PERSON --on DATE" in text


def test_a_closed_case_has_no_next_steps(browser):
    assert "None: no step leaves this state." in read(browser, "/agreements/CU-10").text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "open", "days": 15, "business_days": 11}, "15 days left 11 business days Open"),
        ({"status": "open", "days": 0, "business_days": 0}, "today Open"),
        ({"status": "open", "days": -3, "business_days": -1, "late": {}}, "passed 3 days ago 1 business day Open"),
        ({"status": "paused", "due_on": None, "warn_on": None}, "no date while paused not counted while paused Paused"),
        ({"status": "met", "closed_on": date(2011, 6, 1)}, "no longer counted Met Wed 2011-06-01"),
        ({"status": "void", "closed_on": None}, "no longer counted No longer applies"),
        (
            {"provisional": True, "due_on": ProvisionalDay(2014, 6, 30), "warn_on": ProvisionalDay(2014, 6, 30)},
            "Mon 2014-06-30 (provisional) the calendar of that year is not published yet",
        ),
        ({"nature": "legal"}, "Set by law"),
        ({"nature": "target"}, "A target, not a duty"),
    ],
)
def test_a_deadline_says_in_words_how_it_stands(browser, register, monkeypatch, change, words):
    shown = agreements.show_agreement(
        register.engine, register.rulebook, register.people, "CU-10", TODAY, viewer=OPERATOR
    )
    changed = replace(shown, deadlines=(replace(shown.deadlines[0], **change),))
    monkeypatch.setattr(agreements, "show_agreement", lambda *_, **__: changed)
    assert words in read(browser, "/agreements/CU-10").row("First operating programme")


def test_programmes_and_what_they_belong_to_are_linked(browser, register, monkeypatch):
    shown = agreements.show_agreement(
        register.engine, register.rulebook, register.people, "CU-26", TODAY, viewer=OPERATOR
    )
    changed = replace(shown, children=(replace(shown.line, reference="CU-26/2007"),), parent="CU-25")
    monkeypatch.setattr(agreements, "show_agreement", lambda *_, **__: changed)
    page = read(browser, "/agreements/CU-26")
    assert {"href": "/agreements/CU-26/2007"} in page.all("a")
    assert "Belongs to CU-25" in page.text


def test_a_signature_shows_its_place_and_capacity(browser, register, monkeypatch):
    shown = agreements.show_agreement(
        register.engine, register.rulebook, register.people, "CU-26", TODAY, viewer=OPERATOR
    )
    signature = Signature(PartialDate(2006, 4, 28), "mayor", "Puebla de Zaragoza")
    changed = replace(shown, parties=(Party("Puebla", "MX", signature=signature),))
    monkeypatch.setattr(agreements, "show_agreement", lambda *_, **__: changed)
    row = read(browser, "/agreements/CU-26").row("Puebla")
    assert "Signed: Fri 2006-04-28 Place: Puebla de Zaragoza Signed as: mayor" in row


def test_names_with_html_in_them_are_shown_as_they_are_written(empty, browse):
    name = '<script>alert("1")</script>'
    new = NewAgreement(
        reference="2026/b-1",
        process="ec/agreement",
        office="cuenca",
        title=f"Cuenca – {name}",
        opened_on=TODAY.date(),
        parties=(Party("Cuenca", "EC", home=True), Party(name, "EC")),
        note=name,
    )
    open_agreement(empty.engine, empty.rulebook, empty.people, new, actor="lucia", door=AT_PAGE, now=TODAY)
    browser = browse(empty)
    address = next(link["href"] for link in read(browser, "/").all("a") if "/agreements/" in str(link["href"]))
    assert address == "/agreements/2026/b-1"
    page = read(browser, address)
    assert page.all("script") == page.all("b") == []
    assert page.text.count(name) >= 3


def test_a_page_is_served_while_somebody_writes_as_it_was_before(empty, browse):
    """Who reads waits for nobody, and keeps nobody waiting."""
    take_over(empty, ["agreements"])
    browser = browse(empty)
    with empty.engine.begin() as writer:
        writer.execute(update(AgreementRow).values(title="changed"))
        for address in ("/", "/agreements/CU-10", "/agreements/CU-10/deadlines/first_programme/1"):
            response = browser.get(address)
            assert response.status_code == 200
            assert "changed" not in response.text
    assert "changed" in browser.get("/agreements/CU-10").text

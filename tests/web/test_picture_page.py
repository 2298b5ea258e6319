"""The picture of one agreement on the pages: an image that needs nothing, and the same in words beside it."""

from xml.etree import ElementTree as ET

import pytest
from test_frame import assert_well_built
from web_reading import Page

from builders import AT_PAGE, new_case
from twinflow.domain.agreement.agreement import Party
from twinflow.domain.people.viewer import OPERATOR
from twinflow.pictures.diagram import edges
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.reading.picture import course_of
from world import TODAY

ADDRESS = "/agreements/CU-14/picture"


def words_of(svg: str) -> str:
    return " ".join(element.text or "" for element in ET.fromstring(svg).iter() if element.tag.endswith("}text"))


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("reference", ["CU-02", "CU-10", "CU-14", "CU-26.1"])
def test_the_page_is_built_for_everybody(register, browse, reference, language):
    response = browse(register, language=language).get(f"/agreements/{reference}/picture")
    assert response.status_code == 200
    assert_well_built(response.text, language)


def test_the_page_of_the_agreement_leads_to_its_picture_and_back(browser):
    assert {"href": ADDRESS} in Page(browser.get("/agreements/CU-14").text).all("a")
    assert {"href": "/agreements/CU-14"} in Page(browser.get(ADDRESS).text).all("a")


def test_the_image_has_its_words_and_is_in_the_language_of_the_page(register, browse):
    for language in ("es", "en"):
        page = Page(browse(register, language=language).get(ADDRESS).text)
        (image,) = page.all("img")
        assert image["src"] == f"{ADDRESS}.svg?lang={language}"
        assert image["alt"]


@pytest.mark.parametrize(
    ("language", "present"),
    [
        ("en", "Present state, since"),
        ("es", "Firmado por algunas partes"),
    ],
)
def test_the_svg_is_served_whole_and_in_the_language_asked_for(browser, register, language, present):
    response = browser.get(f"{ADDRESS}.svg?lang={language}")
    assert response.headers["content-type"].startswith("image/svg+xml")
    assert response.headers["content-language"] == language
    assert present in words_of(response.text)
    process, _ = course_of(register.engine, register.rulebook, register.people, "CU-14", TODAY, viewer=OPERATOR)
    drawn = [e.attrib for e in ET.fromstring(response.text).iter() if "data-step" in e.attrib]
    ways = sorted((e["data-step"], e["data-from"], e["data-to"]) for e in drawn)
    assert ways == sorted((edge.step, edge.source, edge.destination) for edge in edges(process))


def test_the_svg_is_closed_to_the_outside(browser):
    headers = browser.get(f"{ADDRESS}.svg").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_the_words_say_the_state_the_path_the_dates_and_every_way(browser, register):
    process, course = course_of(register.engine, register.rulebook, register.people, "CU-02", TODAY, viewer=OPERATOR)
    text = Page(browser.get("/agreements/CU-02/picture").text).text
    assert "Expired Present state, since Sunday, 8 October 2006" in text
    assert "1. Sunday, 8 October 2006: The term runs out → Expired" in text
    assert [passage.step for passage in course.passages] == ["expire"]
    for edge in edges(process):
        step, state = process.steps[edge.step].label["en"], process.states[edge.destination].label["en"]
        assert step in text
        assert f"→ {state}" in text


def test_an_agreement_without_dates_says_so(empty, browse):
    parties = (Party("Cuenca", "EC", home=True), Party("Elsewhere", "EC"))
    new = new_case("X-1", "ec/agreement", "cuenca", "Cuenca – Elsewhere", TODAY.date(), parties)
    open_agreement(empty.engine, empty.rulebook, empty.people, new, actor="lucia", door=AT_PAGE, now=TODAY)
    _, course = course_of(empty.engine, empty.rulebook, empty.people, "X-1", TODAY, viewer=OPERATOR)
    page = Page(browse(empty).get("/agreements/X-1/picture").text)
    assert "Path taken no step taken yet" in page.text
    assert course.ahead == ()
    assert "Dates ahead none" in page.text


def test_names_with_html_in_them_are_shown_as_they_are_written(empty, browse):
    name = '<script>alert("1")</script>'
    new = new_case(
        reference="2026/b-1",
        process="ec/agreement",
        office="cuenca",
        title=f"Cuenca – {name}",
        opened_on=TODAY.date(),
        parties=(Party("Cuenca", "EC", home=True), Party(name, "EC")),
    )
    open_agreement(empty.engine, empty.rulebook, empty.people, new, actor="lucia", door=AT_PAGE, now=TODAY)
    browser = browse(empty)
    page = Page(browser.get("/agreements/2026/b-1/picture").text)
    assert page.all("script") == []
    assert name in page.text
    (image,) = page.all("img")
    drawn = browser.get(str(image["src"])).text
    assert name in words_of(drawn)
    assert not [element for element in ET.fromstring(drawn).iter() if "script" in element.tag]


@pytest.mark.parametrize("address", ["/agreements/CU-99/picture", "/agreements/CU-99/picture.svg"])
def test_the_picture_of_an_unknown_agreement_is_not_found(browser, address):
    response = browser.get(address)
    assert response.status_code == 404
    assert "There is no agreement CU-99." in Page(response.text).text

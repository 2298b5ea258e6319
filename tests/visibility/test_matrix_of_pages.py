"""Every page × role × office × state of a case: who sees it by the table of roles finds it, for others there is none such.

The pages are those of the router. One that has no rule here fails: what is it for, and whose is it?
"""

import re
from difflib import get_close_matches
from html.parser import HTMLParser
from math import ceil
from urllib.parse import urlencode

import pytest
from fastapi.routing import APIRoute
from matrix_world import CASES, COMMON, DESKS, HEAD, LATER, NOBODY, NOW, OFFICES, TWO, open_case
from seen_in import all_of, by_sight, marks_in, seen_by
from who_sees import Case, reads_note

from twinflow.domain.people.viewer import OPERATOR
from twinflow.services.mail import calendar_feeds
from twinflow.services.reading import agreements
from twinflow.web.app import create_app
from world import World

LISTS, ABOUT_ONE, FEED, ADMINISTRATION, NO_CASE = "lists", "about one", "a feed", "administration", "no case"

RULES = {
    "GET /": LISTS,
    "GET /agreements": LISTS,
    "GET /agreements/{reference:path}": ABOUT_ONE,
    "GET /agreements/{reference:path}/picture": ABOUT_ONE,
    "GET /agreements/{reference:path}/picture.svg": ABOUT_ONE,
    "GET /agreements/{reference:path}/deadlines/{rule}/{occurrence}": ABOUT_ONE,
    "GET /calendar/{token}.ics": FEED,
    "GET /inbox": ADMINISTRATION,
    "GET /inbox/{key}": ADMINISTRATION,
    "GET /inbox/{key}/html": ADMINISTRATION,
    "GET /inbox/received/{number}": ADMINISTRATION,
    "GET /incidents": ADMINISTRATION,
    "GET /healthz": NO_CASE,
    "GET /me": NO_CASE,
    "GET /me/codes": NO_CASE,
    "POST /me/codes": NO_CASE,
    "POST /me/language": NO_CASE,
    "GET /me/passkeys": NO_CASE,
    "POST /me/passkeys": NO_CASE,
    "POST /me/passkeys/remove": NO_CASE,
    "POST /me/sessions/{key}/end": NO_CASE,
    "POST /me/tokens": NO_CASE,
    "POST /me/tokens/{number}/revoke": NO_CASE,
    "GET /sign-in": NO_CASE,
    "POST /sign-in": NO_CASE,
    "GET /sign-in/code": NO_CASE,
    "POST /sign-in/code": NO_CASE,
    "POST /sign-in/demonstration": NO_CASE,
    "GET /sign-in/oidc": NO_CASE,
    "GET /sign-in/oidc/back": NO_CASE,
    "POST /sign-out": NO_CASE,
    "GET /second-factor": NO_CASE,
    "POST /second-factor": NO_CASE,
    "GET /reset": NO_CASE,
    "POST /reset": NO_CASE,
    "GET /password/{token}": NO_CASE,
    "POST /password/{token}": NO_CASE,
    "GET /unsubscribe/{token}": NO_CASE,
    "POST /unsubscribe/{token}": NO_CASE,
    "GET /unsubscribe/{token}/undo": NO_CASE,
    "POST /unsubscribe/{token}/undo": NO_CASE,
}
NAMED = {"token": "t", "key": "k", "number": "1"}
PLACES = [*OFFICES, "elsewhere"]
"""By the office in which somebody sits: the whole matrix is walked in as many parts."""


def routes(world: World) -> set[str]:
    """Every method and path; HEAD is answered as GET is."""
    routers = (each.original_router for each in create_app(world.runtime).routes if hasattr(each, "original_router"))
    found = (route for router in routers for route in router.routes if isinstance(route, APIRoute))
    return {f"{method} {route.path}" for route in found for method in route.methods}


def sitting_in(place: str) -> list[str]:
    if place == "elsewhere":
        return [TWO, HEAD, NOBODY]
    return [person for person in DESKS if person.endswith(f"-{place}")]


def addresses(world: World, case: Case) -> dict[str, bool]:
    """Every address about a case, and whether there is such a page for who sees it: of dates, for the first that it has."""
    shown = agreements.show_agreement(world.engine, world.rulebook, world.people, case.reference, NOW, viewer=OPERATOR)
    dated = [each.id.rsplit("/", 2)[1:] for each in shown.deadlines] or [["opinion", "1"]]
    values = dict(zip(("rule", "occurrence"), dated[0], strict=True))
    return {
        rule.removeprefix("GET ").replace("{reference:path}", case.reference).format(**values): (
            "{rule}" not in rule or bool(shown.deadlines)
        )
        for rule, about in RULES.items()
        if about is ABOUT_ONE
    }


def test_every_page_has_a_rule(matrix: World) -> None:
    assert routes(matrix) == set(RULES)


@pytest.mark.parametrize("place", PLACES)
def test_who_sees_a_case_finds_it_and_for_others_there_is_none(matrix: World, ask, place: str) -> None:
    cells, about = 0, [(case, addresses(matrix, case)) for case in CASES]
    for person in sitting_in(place):
        seen = seen_by(person)
        for path in ("/", "/agreements"):
            assert marks_in(all_of(ask(person, path))) == seen, (person, path)
            cells += len(CASES)
        for case, pages in about:
            for path, is_there in pages.items():
                found = ask(person, path)
                cells += 1
                if case.reference not in seen:
                    assert found.status_code == 404, (person, path)
                    assert marks_in(all_of(found).replace(case.reference, "")) <= seen, (person, path)
                elif is_there:
                    assert found.status_code == 200, (person, path)
                    assert marks_in(all_of(found)) == {case.reference}, (person, path)
                if case.secret in all_of(found):
                    assert reads_note(DESKS[person], case), (person, path)
    print(f"cells of pages walked in {place}: {cells}")  # noqa: T201 - that a proof says how much it proves
    assert cells > 100


def test_a_note_is_read_by_the_office_that_keeps_the_case_and_by_no_other(ask) -> None:
    for person in ("liaison-chihuahua", "auditor-chihuahua", "auditor-sre", "reviewer-sre"):
        for case in CASES:
            page = ask(person, f"/agreements/{case.reference}").text
            assert (case.secret in page) == reads_note(DESKS[person], case), (person, case)


def narrowed() -> list[tuple[dict[str, str], set[str]]]:
    """What a list is narrowed to, and the cases that are so."""
    every = {each.reference for each in CASES}
    asked: list[tuple[dict[str, str], set[str]]] = [
        ({}, every),
        ({"words": COMMON.lower()}, every),
        ({"words": "ZZ-26"}, every),
        ({"lang": "es"}, every),
    ]
    for name, value_of in {
        "words": lambda case: case.mark.lower(),
        "country": lambda case: case.partner,
        "office": lambda case: case.office,
        "process": lambda case: case.process,
        "state": lambda case: case.path[-1],
    }.items():
        for value in sorted({value_of(each) for each in CASES}):
            asked.append(({name: value}, {each.reference for each in CASES if value_of(each) == value}))
    return asked


def test_whatever_a_list_is_narrowed_to_it_has_what_is_so_of_the_seen_cases(ask) -> None:
    cells = 0
    for seen, person in by_sight().items():
        for asked, so in narrowed():
            found = ask(person, f"/?{urlencode({**asked, 'all': '1'})}")
            assert found.status_code == 200, (person, asked)
            assert marks_in(all_of(found)) == seen & so, (person, asked)
            cells += len(CASES)
    print(f"cells of narrowed lists walked: {cells}")  # noqa: T201 - as above
    assert cells > 1000


class Options(HTMLParser):
    """What each choice of a page offers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.of: dict[str, set[str]] = {}
        self._name = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "select":
            self._name = said["name"] or ""
            self.of[self._name] = set()
        elif tag == "option" and said["value"]:
            self.of[self._name].add(said["value"])


def test_a_list_offers_the_offices_and_countries_of_seen_cases_and_what_the_process_files_say(ask) -> None:
    """Processes and their states are the law, which anybody may read: they are offered whether there is such a case or not."""
    offered = []
    for seen, person in by_sight().items():
        cases = [each for each in CASES if each.reference in seen]
        found = Options(ask(person, "/?process=mx/twinning").text).of
        offices = {each.office for each in cases}
        assert found.get("office", offices) == offices, person
        assert ("office" in found) == (len(offices) > 1), person
        assert found["country"] == {each.partner for each in cases}, person
        offered.append((found["process"], found["state"]))
    assert all(each == offered[0] for each in offered)
    assert {each.process for each in CASES} < offered[0][0]


def test_pages_follow_one_another_over_the_seen_cases_alone(ask, monkeypatch) -> None:
    monkeypatch.setitem(agreements.list_agreements.__kwdefaults__, "at_once", 2)
    for seen, person in by_sight().items():
        pages, following = [], "/?all=1"
        while following:
            text = ask(person, following).text
            pages.append(marks_in(text))
            link = re.search(r'href="(/\?[^"]*after=[^"]*)" rel="next"', text)
            following = link[1].replace("&amp;", "&") if link else ""
        assert set().union(*pages) == seen, person
        assert len(pages) == max(1, ceil(len(seen) / 2)), person


def test_what_an_error_offers_is_seen(ask) -> None:
    for seen, person in by_sight().items():
        found = ask(person, "/agreements/ZZ-26-0")
        assert found.status_code == 404
        assert marks_in(all_of(found)) == set(get_close_matches("ZZ-26-0", sorted(seen), n=8, cutoff=0.5)), person
        for wrong in ("office=none", "state=none", "country=none", "process=none", "after=none"):
            assert not marks_in(all_of(ask(person, f"/?{wrong}"))), (person, wrong)


def test_a_feed_has_the_dates_of_seen_cases(matrix: World, ask) -> None:
    read = {}
    for person in DESKS:
        token = calendar_feeds.create(matrix.engine, matrix.people, person, NOW).token
        found = ask(NOBODY, f"/calendar/{token}.ics")
        assert found.status_code == 200
        read[person] = marks_in(all_of(found))
        assert read[person] <= seen_by(person), person
    assert all(read[person] for person in ("liaison-chihuahua", "reviewer-sre", "registrar-sre"))
    assert not read[NOBODY]


def test_what_is_about_people_or_the_service_tells_of_no_case(ask) -> None:
    asked = [name.format(**NAMED).split(" ") for name, about in RULES.items() if about is NO_CASE]
    for person in by_sight().values():
        for method, path in asked:
            assert not marks_in(all_of(ask(person, path, method))), (person, path)
    print(f"cells of pages without a case walked: {len(asked) * len(by_sight())}")  # noqa: T201 - as above


def test_who_administers_sees_in_incidents_and_mail_what_they_see_elsewhere(ask) -> None:
    for person in DESKS:
        administers, seen = any(desk.role == "administrator" for desk in DESKS[person]), seen_by(person)
        incidents, inbox = ask(person, "/incidents"), ask(person, "/inbox")
        assert {incidents.status_code, inbox.status_code} == ({200} if administers else {404}), person
        assert marks_in(all_of(incidents)) == (seen if administers else set()), person
        assert marks_in(all_of(inbox)) <= seen, person
    messages = re.findall(r'href="(/inbox/[^"/]+)"', ask(HEAD, "/inbox").text)
    assert len(messages) == 3
    for path in [each + part for each in messages for part in ("", "/html")]:
        assert marks_in(all_of(ask(HEAD, path)))
        assert ask("administrator-sre", path).status_code == 404


def test_what_somebody_does_not_see_changes_nothing_of_what_they_get(own_matrix: World, ask_anew) -> None:
    """No count, total, suggestion, tag or header: every answer is the same, byte by byte, before and after."""
    engine, people = own_matrix.engine, own_matrix.people
    tokens = {each: calendar_feeds.create(engine, people, each, NOW).token for each in by_sight().values()}
    asked = ["/", "/?all=1", "/?words=zz", "/?state=drafting", "/?office=juarez", f"/?country={LATER.partner}", "/me"]
    asked += [f"/agreements/{LATER.reference}{end}" for end in ("", "/picture", "/picture.svg", "/deadlines/opinion/1")]

    def answers(person: str) -> dict[str, str]:
        return {path: all_of(ask_anew(person, path)) for path in (*asked, f"/calendar/{tokens[person]}.ics")}

    before = {person: answers(person) for person in tokens}
    open_case(own_matrix, LATER)
    for person, found in before.items():
        assert (answers(person) == found) == (not seen_by(person, [LATER])), person

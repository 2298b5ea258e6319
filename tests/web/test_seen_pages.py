"""A page is for somebody: what they do not see is not there, in the same words, on every address that names an agreement."""

import pytest
from fastapi.routing import APIRoute

from twinflow.domain.people.viewer import ADMINISTRATOR, AUDITOR, Door, Held, Viewer
from twinflow.web import viewing
from twinflow.web.pages import agreements, pictures

ADDRESSES = [
    route.path
    for router in (agreements.router, pictures.router)
    for route in router.routes
    if isinstance(route, APIRoute) and "{reference:path}" in route.path
]
SEEING, BLIND = ("liaison", AUDITOR), (ADMINISTRATOR, "")
VALUES = {"rule": "evaluation", "occurrence": "1"}


def address(path: str, reference: str) -> str:
    return path.replace("{reference:path}", reference).format(**VALUES)


def ask_as(monkeypatch: pytest.MonkeyPatch, role: str, office: str) -> None:
    held = frozenset({Held(role, office, "municipality", "EC")} if role else ())
    monkeypatch.setattr(viewing, "asking", lambda _request: Viewer("x", Door.PAGE, held))


@pytest.mark.parametrize("role", [*SEEING, *BLIND])
@pytest.mark.parametrize("office", ["cuenca", "elsewhere"])
def test_what_somebody_does_not_see_is_not_there(register, browser, monkeypatch, role, office):
    ask_as(monkeypatch, role, office)
    sees = role in SEEING and office == "cuenca"
    narrowed = [browser.get(f"/{asked}").text for asked in ("", "?words=medell", "?all=1", "?country=CO")]
    assert all(("Medell" in page) == sees for page in narrowed), [("Medell" in page) for page in narrowed]
    for path in ADDRESSES:
        found, none = browser.get(address(path, "CU-14")), browser.get(address(path, "XX-14"))
        assert none.status_code == 404
        if not sees:
            assert found.status_code == 404
            assert found.text.replace("CU-14", "XX-14") == none.text
        elif "{rule}" not in path:
            assert found.status_code == 200


def test_every_address_of_an_agreement_is_looked_at():
    assert len(ADDRESSES) == 4, ADDRESSES

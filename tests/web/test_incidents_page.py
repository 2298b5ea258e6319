"""The page of incidents, and the marks of incidents on other pages: for everybody, in both languages."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from test_frame import assert_well_built, fail_a_message
from web_reading import Page
from web_register import clock, take_over

from twinflow.bootstrap import Runtime
from twinflow.mail.returned import Watched
from twinflow.worker.passes import Worker


@pytest.fixture
def troubled(empty: Runtime) -> Runtime:
    """A mailbox that is gone, an agreement that cannot be read, a message that reached nobody, one that waits."""
    take_over(empty, ["agreements"])
    with empty.engine.begin() as connection:
        connection.execute(text("UPDATE agreement SET state = 'gone' WHERE reference = 'CU-10'"))
        waits = text("UPDATE outbox SET state = 'retrying' WHERE recipient <> 'lucia'")
        connection.execute(waits)
    fail_a_message(empty, "550 no such mailbox <lucia>")
    worker = Worker(empty.engine, lambda: empty.rulebook, lambda: empty.people, empty.post, clock)
    replace(worker, mailbox=Watched(Path("/nowhere/at all"))).tick()
    return empty


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_page_with_incidents_is_built_for_everybody(troubled: Runtime, browse, language: str) -> None:
    browser = browse(troubled, language=language)
    for address in ("/incidents", "/", "/agreements/CU-14", "/agreements/CU-10"):
        assert_well_built(browser.get(address).text, language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["CU-10 cannot be read", "There is no mailbox /nowhere/at all", "Last sweep: Fri 2026-11-20 15:00 UTC"]),
        (
            "es",
            [
                "No se puede leer CU-10",
                "No existe el buzón /nowhere/at all",
                "Última revisión de plazos: vie 2026-11-20",
            ],
        ),
    ],
)
def test_the_page_says_what_about_which_agreement_and_since_when(
    troubled: Runtime, browse, language: str, said: list[str]
) -> None:
    page = Page(browse(troubled, language=language).get("/incidents").text)
    assert [words for words in [*said, "550 no such mailbox <lucia>"] if words not in page.text] == []
    assert {"href": "/agreements/CU-10"} in page.all("a")
    assert "2026-11-20 15:00 UTC" in page.row("CU-10" if language == "en" else "No se puede leer CU-10")


def test_a_line_of_the_list_that_cannot_be_read_says_so_and_leads_to_its_page(troubled: Runtime, browse) -> None:
    page = Page(browse(troubled).get("/").text)
    assert page.row("CU-10").startswith("CU-10 CU-10 cannot be read: its rows, or the files they rest on")
    assert "ec/agreement v4 has no state gone" in page.row("CU-10")
    assert {"href": "/agreements/CU-10"} in page.all("a")

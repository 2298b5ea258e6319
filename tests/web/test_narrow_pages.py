"""Pages on a narrow screen: nothing has to be scrolled for sideways, however long a word is that somebody wrote."""

import re
from importlib.resources import files

import pytest
from web_reading import Page
from web_register import TODAY

from twinflow.bootstrap import Runtime
from twinflow.domain.alerts.incident import Part, Trouble
from twinflow.sentences import Sentence
from twinflow.storage.unit_of_work import UnitOfWork

STYLES = (files("twinflow") / "web/static/twinflow.css").read_text("utf-8")


def cells_with(declaration: str) -> list[str]:
    """The selectors of the styles that say it."""
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", STYLES, flags=re.DOTALL))
    return [selectors.strip() for selectors, declarations in rules if declaration in declarations]


def assert_rows_are_blocks(text: str) -> None:
    page = Page(text)
    assert [table["class"] for table in page.all("table")] in (["list"], ["stack"])
    assert len(page.all("td")) > 1
    assert all(cell["data-label"] for cell in page.all("td"))


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("address", ["/", "/inbox"])
def test_the_rows_of_a_list_become_blocks_that_say_what_each_cell_is(
    register: Runtime, browse, address: str, language: str
) -> None:
    assert_rows_are_blocks(browse(register, language=language).get(address).text)


def test_so_do_incidents(empty: Runtime, browse) -> None:
    with UnitOfWork(empty.engine) as work:
        work.incidents.add(Part.SWEEP, Trouble("one", Sentence("x" * 300)), TODAY)
        work.commit()
    assert_rows_are_blocks(browse(empty).get("/incidents").text)


def test_a_cell_breaks_whatever_is_long_and_only_days_and_headings_stay_in_one_line() -> None:
    assert any(
        "table:is(.list, .stack) :is(th, td)" in selectors for selectors in cells_with("overflow-wrap: anywhere")
    )
    kept_whole = [selectors for selectors in cells_with("white-space: nowrap") if re.search(r"\b(th|td)\b", selectors)]
    assert kept_whole == [
        "thead th",
        "td time, th time",
        "table.headers th",
        "table.ledger td:nth-child(2)",
    ]

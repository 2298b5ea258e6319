"""What is refused is repeated only as far as it takes to know which one is meant; what is kept stays whole."""

import pytest
from fastapi.testclient import TestClient

from signed_in import signed_in
from twinflow.cli.failing import print_error
from twinflow.errors import BadInput, NotFound, Refused, TwinflowError
from twinflow.sentences import Problem, Sentence
from twinflow.text import MANY_TOLD, brief
from twinflow.web.app import create_app

LONG = "x" * 100_000
INNER = Sentence("There is no agreement {reference}.", {"reference": LONG})


@pytest.mark.parametrize(
    "error",
    [
        NotFound("There is no agreement {reference}.", reference=LONG),
        Refused("{reference} cannot be opened.", (INNER,), reference=LONG),
        BadInput("{reference} cannot be opened.", (Problem(LONG, INNER),), reference=[LONG, INNER]),
    ],
)
@pytest.mark.parametrize("language", ["es", "en"])
def test_the_command_line_repeats_no_more_than_the_beginning(
    error: TwinflowError, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_error(error, language)
    told = capsys.readouterr().err
    assert "xxx…" in told
    assert len(told) < 1500
    assert error.message.values["reference"] in (LONG, [LONG, INNER])


def test_a_text_that_is_short_enough_is_told_whole() -> None:
    said = Sentence("{a} {b}", {"a": "x" * MANY_TOLD, "b": 7})
    assert brief(said) == said


@pytest.mark.parametrize(
    "address",
    [
        "/?process=" + "y" * 3000,
        "/?office=" + "y" * 3000,
        "/?after=" + "y" * 3000,
        "/?words=" + "y" * 60_000,
        "/?" + "y" * 3000 + "=1",
        "/agreements/" + "y" * 3000,
        "/agreements/" + "y" * 3000 + "/deadlines/a/1",
        "/inbox/" + "y" * 3000,
        "/" + "y" * 3000,
    ],
)
def test_no_page_repeats_more_than_the_beginning(world, address: str) -> None:
    with TestClient(create_app(world.runtime, lambda: world.now), base_url="http://127.0.0.1") as browser:
        signed_in(browser, world.runtime, world.now)
        page = browser.get(address)
    assert page.status_code in (200, 404)
    assert "y" * (MANY_TOLD + 1) not in page.text

"""What the check compares the database with is what a database made new holds."""

import json
from pathlib import Path

import pytest
from made_new import definitions_in

from postgres import fresh_database
from twinflow.storage.shape import MADE_NEW


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_shape_that_is_kept_is_that_of_a_database_made_new(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with fresh_database(kind, tmp_path, request) as url:
        assert definitions_in(url) == json.loads(MADE_NEW.read_text("utf-8"))[kind], "run “make shape”"

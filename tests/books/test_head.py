"""Whoever can write all tables and seal all anew is found by a head that was kept outside: each digest has it."""

import mailbox
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from sqlalchemy import Engine, bindparam, text
from tampering import tamper

from twinflow.domain.agreement.seals import Head, head_called, seals_after
from twinflow.errors import BadInput
from twinflow.services.books.checking import check
from twinflow.services.clock.links import carry_on, head
from twinflow.storage.unit_of_work import UnitOfWork
from world import World


@pytest.fixture
def told(make_world: Callable[..., World]) -> World:
    """A register taken over, and the first digests sent."""
    world = make_world()
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    world.import_cuenca()
    world.tick()
    return world


def digest(folder: Path) -> tuple[str, str]:
    """What the first digest says, as text and as HTML."""
    (first, *_) = mailbox.Maildir(folder / "mail")
    message = BytesParser(policy=policy.default).parsebytes(first.as_bytes())
    plain, html = message.get_body(preferencelist=("plain",)), message.get_body(preferencelist=("html",))
    assert plain is not None
    assert html is not None
    return str(plain.get_content()), str(html.get_content())


def sentences(world: World, kept: str | None) -> list[str]:
    return [str(each.sentence) for each in check(world.engine, world.rulebook, world.people, world.now, kept).faults]


def test_each_digest_has_the_head_and_that_head_is_in_the_chain_ever_after(told: World, tmp_path: Path) -> None:
    plain, html = digest(tmp_path)
    found = re.search(r"\d+-[0-9a-f]{64}", plain)
    assert found is not None
    assert found[0] in html
    short = re.search(r"\d+-[0-9a-f]{12}\b", plain)
    assert short is not None
    told.now += timedelta(days=1)
    told.tick()
    assert head(told.engine).name != found[0]
    for kept in (found[0], short[0], f" {short[0].upper()}\n", None):
        assert sentences(told, kept) == []
    assert [each for each in sentences(told, "1-000000000000") if "not in the chain" in each]


@pytest.mark.parametrize(
    "mistyped", ["", "8", "8-", "8-9f2c01d7aa3", "8-9f2c01d7aa3g", "-9f2c01d7aa35", "9f2c01d7aa35"]
)
def test_what_is_no_head_accuses_nobody(mistyped: str) -> None:
    with pytest.raises(BadInput):
        head_called(mistyped)


def sealed_anew(engine: Engine) -> None:
    """Every history, and one new chain over all: what whoever knows how it is done leaves."""
    with UnitOfWork(engine) as work:
        agreements = work.books.agreements(work.books.ids(None, 10_000))
    rows, heads = [], []
    for each in agreements:
        seals = seals_after("", [entry.written for entry in each.history])
        rows += [{"row": entry.row, "seal": seal} for entry, seal in zip(each.history, seals, strict=True)]
        last = Head().after(seals)
        heads.append({"row": each.id, "seal": last.seal, "entries": last.entries, "content": each.present})
    tamper(engine, ("DELETE FROM link_item", "DELETE FROM link", "UPDATE outbox SET linked = ''"))
    tamper(engine, tuple(f"UPDATE history SET seal = '{row['seal']}' WHERE id = {row['row']}" for row in rows))
    with engine.begin() as connection:
        statement = text(
            "UPDATE agreement SET seal = :seal, entries = :entries, content = :content, linked = '' WHERE id = :row"
        )
        connection.execute(statement.bindparams(bindparam("row")), heads)


def test_books_that_were_altered_and_sealed_anew_are_found_by_a_head_kept_outside_alone(told: World) -> None:
    kept = head(told.engine)
    tamper(told.engine, ("UPDATE agreement SET title = 'another' WHERE reference = 'CU-10'",))
    assert sentences(told, None) != []
    sealed_anew(told.engine)
    carry_on(told.engine, told.now)
    assert sentences(told, None) == []
    for name in (kept.name, kept.short_name):
        (said,) = sentences(told, name)
        assert name in said

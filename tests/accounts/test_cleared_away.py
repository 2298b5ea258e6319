"""What is over of sessions, links, tries and questions goes with a pass of the clock, some of it at once; nothing else does."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from test_signing_in import HERE, accept, enrol, enter

from twinflow.domain.accounts.limits import Action
from twinflow.domain.accounts.links import LinkKind
from twinflow.errors import NotFound, Refused
from twinflow.services.accounts import api_tokens, clearing, passwords, signing_in
from twinflow.services.accounts.hashing import hashed
from twinflow.services.books.checking import check
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

TABLES = ("session", "one_time_link", "attempt", "account", "recovery_code", "api_token", "people_entry")


def counts(world: World) -> dict[str, int]:
    with world.engine.connect() as connection:
        return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in TABLES}


def test_a_pass_takes_away_what_lets_nobody_in_any_more_and_leaves_what_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = accept(world, "rita")
    first = enter(world, "rita")
    enrol(world, first.session)
    api_tokens.create(world.engine, "rita", "x", ["read"], 30, world.now)
    ended = enter(world, "rita")
    signing_in.sign_out(world.engine, ended.session, world.now)
    with UnitOfWork(world.engine) as work:
        work.accounts.note_begun(Action.PASSKEY, hashed("a question"), world.now)
        open_link = passwords.make_link(work, LinkKind.RESET, "rita", world.now)
        work.commit()
    with pytest.raises(Refused):
        signing_in.sign_in(world.engine, world.people, "nobody@nowhere.example", "x", HERE, world.now)
    before = counts(world)
    world.tick()
    assert counts(world) == before, "nothing is over yet"
    assert passwords.look_at(world.engine, world.people, open_link, world.now).person.key == "rita"

    world.now += timedelta(hours=12)
    world.tick()
    after = counts(world)
    assert (after["session"], after["attempt"]) == (0, 0)
    assert {name: after[name] for name in before.keys() - {"session", "attempt"}} == {
        name: before[name] for name in before.keys() - {"session", "attempt"}
    }
    with pytest.raises(Refused):
        passwords.look_at(world.engine, world.people, link, world.now)
    world.now += timedelta(days=37)
    world.tick()
    assert counts(world)["one_time_link"] == 0
    with pytest.raises(NotFound):
        passwords.look_at(world.engine, world.people, link, world.now)
    assert check(world.engine, world.rulebook, world.people, world.now).faults == ()

    monkeypatch.setattr(clearing, "AT_ONCE", 2)
    for _ in range(5):
        enter(world, "rita")
    world.now += timedelta(hours=12)
    left = []
    for _ in range(4):
        world.tick()
        left.append(counts(world)["session"])
    assert left == [3, 1, 0, 0]

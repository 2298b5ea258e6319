"""What was entered under an earlier version is put right as well, though its books do not say what a case began with."""

from collections import Counter
from pathlib import Path

import pytest
from old_books import DATABASES, OF_0005, OF_0014, OF_0018, OldBooks, restored, settings_of

from builders import AT_PAGE
from twinflow import bootstrap
from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import Correction, beginning
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.agreement.present_names import as_corrected, numbered
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.corrections.retaken import as_it_began, retaken
from twinflow.domain.people.viewer import OPERATOR
from twinflow.errors import NotFound, Refused
from twinflow.services.agreements.correcting import correct_entry
from twinflow.services.books.checking import check
from twinflow.storage.unit_of_work import UnitOfWork
from world import World


def facts_of(case: Agreement) -> dict[str, list[str]]:
    return {name: [str(claim.value) for claim in claims] for name, claims in case.facts.items()}


@pytest.mark.parametrize("old", [OF_0005, OF_0014, OF_0018], ids=lambda old: old.revision)
@pytest.mark.parametrize("kind", DATABASES)
def test_each_case_of_earlier_books_taken_again_is_as_it_is_and_can_be_corrected(
    kind: str, old: OldBooks, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with restored(old, kind, tmp_path, request) as url:
        world = World(bootstrap.start(settings_of(old, url, tmp_path)), old.closed_at)
        by = (world.rulebook, world.people, world.now)
        came_of_it: Counter[str] = Counter()
        assert [str(each.sentence) for each in check(world.engine, *by).faults] == []
        with UnitOfWork(world.engine, reading=True) as work:
            references = work.agreements.references(OPERATOR)
        for reference in references:
            with UnitOfWork(world.engine, reading=True) as work:
                case = work.agreements.get(reference)
                history = list(as_corrected(work.history.as_written(work.agreements.id_of(reference))))
            history[0] = beginning(history[0], as_it_began(case, history, *by))
            again = retaken(case, history, *by)
            assert (again.agreement.state, facts_of(again.agreement), again.agreement.parties) == (
                case.state,
                facts_of(case),
                case.parties,
            ), reference
            came_of_it["could not be done so today"] += bool(again.reasons)
            came_of_it += corrected(world, case)
        assert came_of_it["corrected"] > 2 * came_of_it["refused"], came_of_it
        assert came_of_it["could not be done so today"] <= 1, "a change of a deadline that its own start had met then"
        assert [str(each.sentence) for each in check(world.engine, *by).faults] == []
        nobody_there = {"G-1"} if old == OF_0018 else set()  # León keeps it, and has neither deputy nor supervisor
        assert {each.reference for each in world.tick().sweep.problems} == nobody_there
        world.engine.dispose()


def corrected(world: World, case: Agreement) -> Counter[str]:
    """The note of the opening, and the last step of a person taken back."""
    found: Counter[str] = Counter()
    steps = [
        (number, case.history[place].actor)
        for number, place in numbered(case.history)
        if case.history[place].kind is EntryKind.STEP and case.history[place].actor != "clock"
    ]
    liaison = "lucia" if case.office == "cuenca" else "elena"
    asked = [(1, liaison, Correction.REPLACE, {"note": "by letter"})]
    asked += [(number, actor, Correction.WITHDRAW, {}) for number, actor in steps[-1:]]
    for entry, person, correction, what in asked:
        command = CorrectionCommand(entry=entry, correction=correction, reason="typed wrongly", asked=what)
        try:
            correct_entry(
                world.engine,
                world.rulebook,
                world.people,
                case.reference,
                command,
                person=person,
                door=AT_PAGE,
                now=world.now,
            )
            found["corrected"] += 1
        except (Refused, NotFound):  # NotFound: it is of an office of which neither of them is
            found["refused"] += 1
    return found

"""A sheet's day of signature that is corrected gives what taking over the right sheet gives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import AT_PAGE
from twinflow import bootstrap
from twinflow.config import DatabaseSettings, MailSettings, Settings
from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import Correction
from twinflow.domain.agreement.findings import findings
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.steps.command import StepCommand
from twinflow.registers.dossiers import read_register
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.correcting import correct_entry
from twinflow.services.agreements.importing import ImportResult, import_register
from twinflow.services.books.checking import check
from twinflow.storage.unit_of_work import UnitOfWork
from world import CUENCA, World

HEADINGS = (
    "id,agreement_group,partner_country,partner_city,dates,date_meanings,other_signature_date,condition,"
    "unsigned_by_counterparty,validity_months,termination_notice_days,first_programme_due_days,evaluation_months,"
    "terms_source,comment,source"
)
ROW = "{id},{id},Colombia,City {id},{day},,{other},{condition},{unsigned},36,45,60,12,art. 5,,table 15"


@pytest.fixture
def cuenca_books(tmp_path: Path) -> Iterator[World]:
    settings = Settings(
        people_file=CUENCA / "people.toml",
        database=DatabaseSettings(url=f"sqlite:///{tmp_path / 'books.db'}"),
        mail=MailSettings(capture_folder=tmp_path / "mail", state_file=tmp_path / "mail-state.json"),
    )
    world = World(bootstrap.start(settings))
    yield world
    world.engine.dispose()


def row(reference: str, day: str, *, other: str = "", condition: str = "Active", unsigned: str = "no") -> str:
    return ROW.format(id=reference, day=day, other=other, condition=condition, unsigned=unsigned)


def take_over(world: World, folder: Path, *rows: str) -> ImportResult:
    (folder / "sheet.csv").write_text("\n".join([HEADINGS, *rows, ""]), "utf-8")
    sheet = folder / "sheet.csv", CUENCA / "agreements.map.toml"
    dossiers = read_register(*sheet, world.rulebook, world.people, world.now)
    return import_register(world.engine, world.rulebook, world.people, dossiers, now=world.now)


def correct(world: World, reference: str, **asked: str) -> None:
    command = CorrectionCommand(entry=1, correction=Correction.REPLACE, reason="the text says so", asked=asked)
    correct_entry(
        world.engine, world.rulebook, world.people, reference, command, person="lucia", door=AT_PAGE, now=world.now
    )


def loaded(world: World, reference: str) -> Agreement:
    with UnitOfWork(world.engine, reading=True) as work:
        return work.agreements.get(reference)


def stand(world: World, reference: str) -> dict[str, object]:
    case = loaded(world, reference)
    return {
        "state": (case.state, case.history[0].to_state, case.history[0].effective_on),
        "facts": case.facts,
        "signatures": [party.signature for party in case.parties],
        "deadlines": sorted((each for each in case.deadlines if not each.is_gone), key=lambda each: each.key),
        "findings": {each for each in findings(case, world.rulebook.definition_of(case)) if "City" not in each.subject},
    }


WAYS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "whole-other": (("2011-05-06", "2012-03-08"), {}),
    "whole-partial": (("2011-05-06", "2011-05"), {}),
    "partial-whole": (("1997", "1997-05-12"), {}),
    "whole-partial-whole": (("2011-05-06", "2011-05", "2011-05-07"), {}),
    "whole-none-itself": (("2011-05-06", "", "2011-05-06"), {}),
    "none-whole": (("", "2010-05-12"), {}),
    "whole-none": (("2010-05-12", ""), {}),
    "two-sources": (("2011-02-24", "2011-02-25"), {"other": "2011-02-25"}),
    "two-sources-whole-none-whole": (("2011-02-24", "", "2011-02-26"), {"other": "2011-02-25"}),
    "half": (("2000-03-17", "2000-03-18"), {"unsigned": "yes"}),
    "half-partial-whole": (("2000-03-17", "2000", "2000-03-18"), {"unsigned": "yes"}),
    "finished": (("2000-03-17", "2000", "2000-03-18"), {"condition": "Finished"}),
}


def test_a_day_of_signature_that_is_corrected_gives_what_the_right_sheet_gives(
    cuenca_books: World, tmp_path: Path
) -> None:
    wrong = [row(f"A-{key}", days[0], **more) for key, (days, more) in WAYS.items()]
    right = [row(f"B-{key}", days[-1], **more) for key, (days, more) in WAYS.items()]
    take_over(cuenca_books, tmp_path, *wrong, *right)
    for key, (days, _) in WAYS.items():
        for day in days[1:]:
            correct(cuenca_books, f"A-{key}", signed_on=day)
        assert stand(cuenca_books, f"A-{key}") == stand(cuenca_books, f"B-{key}"), key
    mended = [row(f"A-{key}", days[-1], **more) for key, (days, more) in WAYS.items()]
    assert len(take_over(cuenca_books, tmp_path, *mended).unchanged) == len(WAYS), "the mended sheet changes nothing"
    assert not any(f.code == "dates_disagree" for f in stand(cuenca_books, "A-two-sources")["findings"])
    assert check(cuenca_books.engine, cuenca_books.rulebook, cuenca_books.people, cuenca_books.now).faults == ()


def test_the_day_of_those_who_have_signed_is_none_of_the_whole_text(cuenca_books: World, tmp_path: Path) -> None:
    take_over(cuenca_books, tmp_path, row("A", "2000-03-17", unsigned="yes"))
    correct(cuenca_books, "A", signed_on="2000-03-18", on="2000-03-18")
    assert "signed_on" not in loaded(cuenca_books, "A").facts
    today = cuenca_books.now.date()
    command = StepCommand("sign", today, "City A")
    books = cuenca_books.engine, cuenca_books.rulebook, cuenca_books.people
    advance_agreement(*books, "A", command, person="lucia", door=AT_PAGE, now=cuenca_books.now)
    assert loaded(cuenca_books, "A").day_of("signed_on") == today

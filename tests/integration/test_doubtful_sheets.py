"""Rows of a register that make no sense: told together with their rows, taken over with one reason, kept in history."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from builders import AT_PAGE
from twinflow.domain.agreement.agreement import Agreement, Party
from twinflow.domain.agreement.entries import Correction, OpenedDespite, read
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.opening import NewAgreement
from twinflow.errors import BadInput, Refused
from twinflow.language import say
from twinflow.registers.dossiers import read_register
from twinflow.services.agreements.correcting import confirm_correction, correct_entry
from twinflow.services.agreements.importing import ImportResult, import_register
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.books.checking import check
from twinflow.services.reading import agreements
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

HEADINGS = "id,country,city,signed,condition"
ALBUQUERQUE, TULSA = "A-1,United States,Albuquerque,2008-02-28,", "A-2,United States,Tulsa,2009-10-08,"
AGAIN = "A-3,United States,ALBUQUÉRQUE,2010-03-01,"

TakeOver = Callable[..., ImportResult]


def mapping(process: str, office: str, home: str) -> str:
    return f"""
[register]
process = "{process}"
office = "{office}"
reference = "id"
[home]
name = "{home}"
country = "MX"
[party]
name = "city"
country = "country"
[dates]
column = "signed"
separator = ";"
[states]
signed = "signed"
date_missing = "signed"
not_signed_by_all = "signed"
earlier_generation = "expired"
[states.by_column]
column = "condition"
values = {{ over = "expired" }}
"""


@pytest.fixture
def take_over(world: World, tmp_path: Path) -> TakeOver:
    """A sheet of these rows taken over."""

    def taking(
        *rows: str,
        despite: str = "",
        dry_run: bool = False,
        process: str = "generic/agreement",
        office: str = "chihuahua",
        home: str = "Chihuahua",
    ) -> ImportResult:
        (tmp_path / "sheet.csv").write_text("\n".join([HEADINGS, *rows, ""]), "utf-8")
        (tmp_path / "map.toml").write_text(mapping(process, office, home), "utf-8")
        sheet = tmp_path / "sheet.csv", tmp_path / "map.toml"
        dossiers = read_register(*sheet, world.rulebook, world.people, world.now)
        return import_register(
            world.engine, world.rulebook, world.people, dossiers, now=world.now, despite=despite, dry_run=dry_run
        )

    return taking


def opened(world: World, reference: str, partner: str) -> Agreement:
    parties = (Party("Chihuahua", "MX", home=True), Party(partner, "US"))
    new = NewAgreement(reference, "generic/agreement", "chihuahua", "by hand", world.now.date(), parties)
    return open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)


def loaded(world: World, reference: str) -> Agreement:
    with UnitOfWork(world.engine, reading=True) as work:
        return work.agreements.get(reference)


def said(sentences: Sequence[object]) -> list[str]:
    return [say(sentence, "en") for sentence in sentences]


def reasons(take_over: TakeOver, *rows: str, **more: object) -> list[str]:
    with pytest.raises(Refused) as refused:
        take_over(*rows, **more)
    return said(refused.value.reasons)


def test_a_sheet_that_makes_sense_needs_no_reason(world: World, take_over: TakeOver) -> None:
    assert take_over(ALBUQUERQUE, TULSA).doubts == ()
    assert read(loaded(world, "A-1").history[0]) is None


@pytest.mark.parametrize("dry_run", [False, True])
def test_the_same_parties_in_two_rows_are_told_with_the_row_and_nothing_is_taken_over(
    world: World, take_over: TakeOver, dry_run: bool
) -> None:
    found = reasons(take_over, ALBUQUERQUE, TULSA, AGAIN, dry_run=dry_run)
    assert found == ["row 4: A-1 is between the same parties: Chihuahua – Albuquerque."]
    assert agreements.list_references(world.engine, viewer=OPERATOR) == []


def test_a_row_of_a_city_with_itself_is_told(world: World, take_over: TakeOver) -> None:
    assert reasons(take_over, "A-1,Mexico,CHIHUAHUA,2008-02-28,") == ["row 2: CHIHUAHUA is a party more than once."]


def test_with_a_reason_the_sheet_is_taken_over_and_the_history_keeps_it(world: World, take_over: TakeOver) -> None:
    take_over(ALBUQUERQUE, TULSA, AGAIN, despite="the zoo has a text of its own")
    assert read(loaded(world, "A-1").history[0]) is None
    assert read(loaded(world, "A-3").history[0]) == OpenedDespite(("same_parties",), "the zoo has a text of its own")
    page = agreements.show_agreement(world.engine, world.rulebook, world.people, "A-3", world.now, viewer=OPERATOR)
    text = say(page.timeline[-1].text, "en")
    assert text.startswith("Taken over from a register as “")
    assert text.endswith("the same parties as of another case, despite of which: the zoo has a text of its own")


def test_a_dry_run_with_a_reason_says_what_is_doubted(world: World, take_over: TakeOver) -> None:
    result = take_over(ALBUQUERQUE, AGAIN, despite="the zoo", dry_run=True)
    assert said(result.doubts) == ["row 3: A-1 is between the same parties: Chihuahua – Albuquerque."]
    assert agreements.list_references(world.engine, viewer=OPERATOR) == []


def test_the_same_parties_as_of_a_case_in_the_books_are_told(world: World, take_over: TakeOver) -> None:
    opened(world, "MX-9", "Albuquerque")
    assert reasons(take_over, TULSA, ALBUQUERQUE) == ["row 3: MX-9 is between the same parties: by hand."]


def test_what_is_in_the_books_unchanged_is_no_doubt_and_new_rows_are_compared_with_it(
    world: World, take_over: TakeOver
) -> None:
    take_over(ALBUQUERQUE, TULSA)
    again = take_over(ALBUQUERQUE, TULSA)
    assert (again.added, again.unchanged, again.doubts) == ((), ("A-1", "A-2"), ())
    assert reasons(take_over, ALBUQUERQUE, TULSA, AGAIN) == [
        "row 4: A-1 is between the same parties: Chihuahua – Albuquerque."
    ]


@pytest.mark.parametrize(
    "rows",
    [
        ["A-1,United States,Albuquerque,2008-02-28;2012-03-01;2015,"],
        ["A-1,United States,Albuquerque,2008-02-28;2012-03-01,", "A-2,United States,Albuquerque,1999-01-04,over"],
        [ALBUQUERQUE + "over", AGAIN],
        [ALBUQUERQUE, AGAIN + "over"],
        [ALBUQUERQUE, "A-4,Colombia,Albuquerque,2010,"],
    ],
    ids=["three texts of one relationship", "an older one", "the first is over", "the second is over", "a namesake"],
)
def test_texts_in_succession_and_what_is_over_are_no_doubt(take_over: TakeOver, rows: list[str]) -> None:
    assert take_over(*rows).doubts == ()


def test_what_holds_of_every_row_is_told_once(take_over: TakeOver) -> None:
    (found,) = reasons(take_over, ALBUQUERQUE, TULSA, home="Tampico")
    assert found == (
        "rows 2, 3: none of the parties is that of the office (Municipality of Chihuahua, liaison office)."
    )


def test_a_national_process_for_an_office_of_another_country_is_told_once_and_kept_of_every_row(
    world: World, take_over: TakeOver
) -> None:
    found = reasons(take_over, ALBUQUERQUE, TULSA, process="ec/agreement")
    assert len(found) == 2
    assert all(each.startswith("rows 2, 3: “") for each in found)
    take_over(ALBUQUERQUE, TULSA, process="ec/agreement", despite="tried")
    kept = OpenedDespite(("office_abroad", "home_abroad"), "tried")
    assert [read(loaded(world, each).history[0]) for each in ("A-1", "A-2")] == [kept, kept]


def test_the_wrong_kind_of_office_is_refused_for_a_sheet_and_no_reason_mends_it(take_over: TakeOver) -> None:
    (found,) = reasons(take_over, ALBUQUERQUE, TULSA, process="mx/twinning", office="sre", despite="we are theirs")
    assert found.startswith("rows 2, 3: “")
    assert found.endswith("is opened by an office of the kind municipality, and this is a ministry.")


def test_of_very_many_doubts_the_first_are_told(take_over: TakeOver) -> None:
    rows = [f"{kind}-{number},United States,City {number},2008," for kind in "AB" for number in range(60)]
    found = reasons(take_over, *rows)
    assert len(found) == 51
    assert found[-1] == "and 10 more."


def test_of_one_pair_in_a_thousand_rows_no_row_is_compared_with_all_others(take_over: TakeOver) -> None:
    rows = [f"A-{number},United States,Albuquerque,2008," for number in range(1_000)]
    result = take_over(*rows, despite="projects of one twinning", dry_run=True)
    assert said(result.doubts) == [
        "rows 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 989 more: A-0 is between the same parties: Chihuahua – Albuquerque.",
        "rows 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 988 more: A-1 is between the same parties: Chihuahua – Albuquerque.",
    ]


def test_a_sheet_that_is_mended_as_the_books_were_corrected_changes_nothing(world: World, take_over: TakeOver) -> None:
    take_over("A-1,United States,Alburquerque,2008-02-28,", TULSA)
    mended = "A-1,United States,Albuquerque,2008-03-28,"
    with pytest.raises(BadInput) as error:
        take_over(mended, TULSA)
    (problem,) = error.value.problems
    assert "correct it: twinflow agreements correct A-1 1 --set NAME=VALUE" in str(problem)
    asked = {"party.Alburquerque": "Albuquerque", "signed_on": "2008-03-28"}
    command = CorrectionCommand(entry=1, correction=Correction.REPLACE, reason="typed wrongly", asked=asked)
    correct_entry(
        world.engine, world.rulebook, world.people, "A-1", command, person="elena", door=AT_PAGE, now=world.now
    )
    assert take_over(mended, TULSA).unchanged == ("A-1", "A-2")
    with UnitOfWork(world.engine, reading=True) as work:
        case = work.agreements.get("A-1")
    assert case.title == "Chihuahua – Albuquerque"
    assert {str(party.signature.on) for party in case.parties if party.signature} == {"2008-03-28"}
    days = {name: str(case.fact(name)) for name in ("signed_on", "in_force_on", "term_starts_on")}
    assert set(days.values()) == {"2008-03-28"}, days
    assert case.history[0].effective_on.isoformat() == "2008-03-28"
    with pytest.raises(BadInput):
        take_over("A-1,United States,Albuquerque,2008-04-28,", TULSA)


def test_what_a_later_generation_had_replaced_stands_again_once_that_is_annulled(
    world: World, take_over: TakeOver
) -> None:
    day = world.now.date()
    first, later = day.replace(year=day.year - 2), day.replace(year=day.year - 1)
    take_over(f"A-1,United States,Albuquerque,{first};{later},", f"A-2,United States,Tulsa,{first},")
    books = (world.engine, world.rulebook, world.people)
    assert [each.state for each in cases(world, "A-1.1", "A-1")] == ["expired", "signed"]
    command = CorrectionCommand(
        entry=1, correction=Correction.ANNUL, reason="it was never renewed", never_happened=True
    )
    waits = correct_entry(*books, "A-1", command, person="elena", door=AT_PAGE, now=world.now)
    assert cases(world, "A-1.1")[0].state == "expired", "it waits for a second person"
    confirm_correction(*books, "A-1", waits.number, person="sergio", door=AT_PAGE, now=world.now)
    again, alone = cases(world, "A-1.1", "A-2")
    assert (again.state, again.history[0].effective_on) == ("signed", first)
    assert sorted(again.deadlines, key=lambda each: each.key) == sorted(alone.deadlines, key=lambda each: each.key)
    world.tick()
    again, alone = cases(world, "A-1.1", "A-2")
    assert (again.state, again.facts) == (alone.state, alone.facts)
    assert sorted(again.deadlines, key=lambda each: each.key) == sorted(alone.deadlines, key=lambda each: each.key)
    assert check(*books, world.now).faults == ()


def cases(world: World, *references: str) -> list[Agreement]:
    with UnitOfWork(world.engine, reading=True) as work:
        return [work.agreements.get(each) for each in references]

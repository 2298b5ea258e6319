# ruff: noqa: E501
"""A sheet or mapping with mistakes is answered with row, column, value and what would be right; nothing is taken over."""

import unicodedata

import pytest

from builders import CUENCA_FILES, EC, NOTIFICATIONS, WORKFLOWS, edited
from twinflow.definitions.catalogue import read_rulebook
from twinflow.definitions.people import read_people
from twinflow.errors import BadInput
from twinflow.registers.dossiers import read_register
from world import TODAY

SHEET = (CUENCA_FILES / "agreements.csv").read_text("utf-8")
MAP = (CUENCA_FILES / "agreements.map.toml").read_text("utf-8")

SMALL = "id,country,city,signed\nA-1,Spain,León,2004-02-28\nA-2,Belgium,Bruges,2003-10-08\n"
SMALL_MAP = f"""
[register]
process = "{EC}"
office = "cuenca"
reference = "id"
[home]
name = "Cuenca"
country = "EC"
[party]
name = "city"
country = "country"
[dates]
column = "signed"
[states]
signed = "in_force"
date_missing = "signed"
not_signed_by_all = "partly_signed"
"""


@pytest.fixture(scope="module")
def rulebook():
    return read_rulebook(WORKFLOWS, NOTIFICATIONS)


@pytest.fixture(scope="module")
def people():
    return read_people(CUENCA_FILES / "people.toml")


@pytest.fixture
def read(rulebook, people, tmp_path):
    """Read a sheet and a mapping given as text (or bytes)."""

    def reading(sheet=SHEET, mapping=MAP):
        (tmp_path / "sheet.csv").write_bytes(sheet if isinstance(sheet, bytes) else sheet.encode())
        (tmp_path / "sheet.map.toml").write_text(mapping, "utf-8")
        return read_register(tmp_path / "sheet.csv", tmp_path / "sheet.map.toml", rulebook, people, TODAY)

    return reading


@pytest.fixture
def problems(read):
    def found(*given):
        with pytest.raises(BadInput) as caught:
            read(*given)
        return [str(problem) for problem in caught.value.problems]

    return found


def test_a_day_that_does_not_exist_is_answered_with_its_cell(problems):
    assert problems(edited(SHEET, ("2004-08-11", "2004-02-31"))) == [
        "sheet.csv: row 4, column dates: “2004-02-31”: there is no such day in the calendar."
    ]


def test_a_day_written_with_slashes_in_an_iso_sheet_is_answered_with_what_would_be_right(problems):
    assert problems(edited(SHEET, ("2004-08-11", "31/02/2004"))) == [
        "sheet.csv: row 4, column dates: “31/02/2004”: a date is written 2004-02-29, or 2004-02 or 2004 where no more is known."
    ]


@pytest.mark.parametrize(
    ("written", "cell", "words"),
    [
        ("day/month/year", "31/02/2004", "there is no such day in the calendar"),
        ("day/month/year", "02/28/2004", "there is no such day in the calendar"),
        ("day/month/year", "28/2/04", "a date is written day/month/year"),
        ("month/day/year", "28/02/2004", "there is no such day in the calendar"),
        ("day/month/year", "00/00/2004", "there is no such day in the calendar"),
    ],
)
def test_a_wrong_day_in_a_sheet_with_slashes_is_answered_with_its_cell(problems, written, cell, words):
    mapping = edited(SMALL_MAP, ('column = "signed"', f'column = "signed"\nwritten = "{written}"'))
    (problem,) = problems(edited(SMALL, ("2004-02-28", cell)), mapping)
    assert problem.startswith(f"sheet.csv: row 2, column signed: “{cell}”: ")
    assert words in problem


@pytest.mark.parametrize(
    ("written", "cell", "day"),
    [
        ("day/month/year", "10/8/2003", "2003-08-10"),
        ("month/day/year", "10/8/2003", "2003-10-08"),
        ("day/month/year", "8/2003", "2003-08"),
        ("month/day/year", "8/2003", "2003-08"),
        ("day/month/year", "2003", "2003"),
        ("day/month/year", "2003-10-08", "2003-10-08"),
    ],
)
def test_a_day_with_slashes_is_read_as_the_mapping_says(read, written, cell, day):
    mapping = edited(SMALL_MAP, ('column = "signed"', f'column = "signed"\nwritten = "{written}"'))
    first, _ = read(edited(SMALL, ("2004-02-28", cell)), mapping)
    assert str(first.facts["signed_on"][0].value) == day


@pytest.mark.parametrize(
    ("edits", "place", "words"),
    [
        ([("Belgium", "Belgum")], "row 3, column partner_country: “Belgum”", "did you mean “Belgium”?"),
        ([("CU-02,", "CU-01,")], "row 3, column id: “CU-01”", "the reference is already in row 2"),
        ([("CU-02,", ",")], "row 3, column id: “”", "a reference is made of letters and digits, with dots, slashes or hyphens between them"),
        ([("CU-02,", "CU 02,")], "row 3, column id: “CU 02”", "a reference is made of"),
        ([("Belgium,Bruges", "Belgium,")], "row 3, column partner_city: “”", "the name of the party is missing"),
        ([("signed_on;amended_on;renewal_proposed_on", "signed_on;amended_on")], "row 3, column date_meanings", "as many meanings as dates (3)"),
        ([("signed_on;amended_on;renewal", "signed_on;amnded_on;renewal")], "row 3, column date_meanings", "did you mean “amended_on”?"),
        ([(",36,45,60|90,", ",36,45,60-90,")], "row 11, column first_programme_due_days: “60-90”", "a number is expected, like 5 for 5 days, or “indefinite”, or nothing"),
        ([(",36,45,60|90,", ",three years,45,60|90,")], "row 11, column validity_months: “three years”", "a number is expected, like 5 for 5 months"),
        ([(",2003-08,", ",2003-13,")], "row 3, column other_signature_date: “2003-13”", "there is no such day"),
        ([("CU-22,G21,Italy,Follonica,,", "CU-22,G21,Italy,Follonica,2003-01-01,")], "row 23, column dates: “2003-01-01”", "row 22 of the same text says otherwise"),
    ],
    ids=["country", "twice", "no reference", "blank in reference", "party", "meanings", "meaning", "term", "words", "other date", "group"],
)  # fmt: skip
def test_a_wrong_cell_is_answered_with_row_column_value_and_what_would_be_right(problems, edits, place, words):
    found = problems(edited(SHEET, *edits))
    assert any(problem.startswith(f"sheet.csv: {place}") and words in problem for problem in found), found


def test_several_mistakes_are_answered_at_once(problems):
    found = problems(edited(SHEET, ("Belgium", "Belgum"), ("2004-08-11", "2004-02-31"), ("CU-05,", "CU-01,")))
    assert [problem.split(": ")[1] for problem in found] == [
        "row 3, column partner_country",
        "row 4, column dates",
        "row 6, column id",
    ]


@pytest.mark.parametrize(
    ("edits", "places"),
    [
        ([("Bruges,2003-10-08", "Bruges,2026-11-21")], ["row 3, column dates"]),
        ([("2003-10-08;2004-04-16", "2003-10-08;2026-11-21")], []),
        ([(",2003-08,", ",2026-11-21,")], ["row 3, column other_signature_date"]),
        ([("Italy,Scarlino", "Italy,Follonica")], ["row 24, column partner_city"]),
        ([("signed_on;amended_on;renewal", "signed_on;registry_number;renewal")], ["row 3, column date_meanings"]),
    ],
    ids=["signed to come", "another date to come", "other date to come", "same name", "a day for a text"],
)  # fmt: skip
def test_what_no_case_may_say_is_answered_once_with_the_cell_that_says_it(read, edits, places):
    """Friday, 20 November 2026 is today."""
    try:
        read(edited(SHEET, *edits))
        found = []
    except BadInput as mistake:
        found = [str(problem).split(": ")[1] for problem in mistake.problems]
    assert found == places


def test_a_blank_line_does_not_move_the_numbers_of_the_rows(problems):
    """A spreadsheet shows the blank line as a row of its own."""
    (problem,) = problems(edited(SMALL, ("A-2", "\nA-2"), ("2003-10-08", "2003-13-08")), SMALL_MAP)
    assert problem.startswith("sheet.csv: row 4, column signed")


# The sheet as a whole


def test_a_column_that_is_missing_is_answered_with_who_asks_for_it(problems):
    assert problems(edited(SHEET, ("partner_country", "country_of_partner")))[0].startswith(
        "sheet.csv: row 1 (sheet.map.toml: party.country): the column “partner_country” does not exist"
    )


def test_a_column_that_stands_twice_is_a_mistake(problems):
    found = problems(edited(SHEET, ("declarative_only", "condition")))
    assert "sheet.csv: row 1: the column “condition” appears twice." in found


def test_a_row_with_other_cells_than_the_headings_is_answered_with_its_number(problems):
    assert problems(edited(SMALL, ("Bruges,", "Bruges,Flanders,")), SMALL_MAP) == [
        "sheet.csv: row 3: 5 cells where the headings have 4."
    ]


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (SMALL.encode("latin-1"), "line 2, byte 13: byte 0xF3"),
        (SMALL.encode().replace(b"Bruges", b"Br\xfcgge"), "line 3, byte 15: byte 0xFC"),
        (SMALL.encode("utf-16"), "line 1, byte 1: byte 0xFF"),
    ],
    ids=["latin-1", "one byte", "utf-16"],
)
def test_a_byte_that_is_not_utf_8_is_answered_with_line_and_byte(problems, raw, place):
    assert problems(raw, SMALL_MAP) == [f"sheet.csv: {place} is not UTF-8; save the sheet as “CSV UTF-8”."]


def test_an_empty_file_is_said_to_be_empty(rulebook, people, tmp_path):
    assert whole_message(rulebook, people, tmp_path, b"") == "sheet.csv is empty."


def whole_message(rulebook, people, folder, content: bytes) -> str:
    """The sentence about the sheet as a whole."""
    (folder / "sheet.csv").write_bytes(content)
    (folder / "map.toml").write_text(SMALL_MAP, "utf-8")
    with pytest.raises(BadInput) as mistake:
        read_register(folder / "sheet.csv", folder / "map.toml", rulebook, people, TODAY)
    return str(mistake.value)


def test_a_control_character_is_answered_with_its_cell(problems):
    (problem,) = problems(edited(SMALL, ("Bruges", "Bru\x00ges")), SMALL_MAP)
    assert problem.startswith("sheet.csv: row 3, column city: the cell holds a control character")


@pytest.mark.parametrize("sign", ["\x1b", "\x7f", "\x85", "\u2028", "\ufffe"])
def test_no_cell_holds_a_sign_that_ends_a_line_or_moves_a_terminal(problems, sign):
    (problem,) = problems(edited(SMALL, ("Bruges", f"Bru{sign}ges")), SMALL_MAP)
    assert problem.startswith("sheet.csv: row 3, column city: the cell holds a control character")


def test_a_name_that_is_too_long_is_answered_with_its_cell_and_the_bound(problems):
    (problem,) = problems(edited(SMALL, ("Bruges", "Ω" * 20_000)), SMALL_MAP)
    assert problem.startswith("sheet.csv: row 3, column city: “ΩΩ")
    assert problem.endswith("…”: it has 20000 characters; at most 200 are kept.")
    assert len(problem) < 300


def test_a_text_that_is_too_long_is_answered_with_the_column_it_stands_in(problems):
    sheet = SMALL.replace("signed\n", "signed,why,where\n").replace("\nA-2", ",,\nA-2")
    sheet = sheet.removesuffix("\n") + f",{'n' * 4001},{'s' * 1001}\n"
    mapping = edited(SMALL_MAP, ('reference = "id"', 'reference = "id"\nsource = "where"'))
    found = problems(sheet, f'{mapping}[texts]\nnote = "why"\n')
    assert sorted({problem.split(": ")[1] for problem in found}) == ["row 3, column where", "row 3, column why"]


@pytest.mark.parametrize(
    "behind",
    [
        (",", ",", ","),
        (",,,", ",,,", ",,,"),
        (",,", "", ",,,,,,"),
        ("," * 50_000, "," * 50_000, "," * 50_000),
        (", ,", ",\t,", ",\u00a0,"),
    ],
    ids=["one", "three", "ragged", "many", "blanks"],
)
def test_columns_with_neither_heading_nor_content_do_not_count(read, behind):
    lines = [line + more for line, more in zip(SMALL.splitlines(), behind, strict=True)]
    sheet = "\n".join([*lines, behind[0] + ",,,", ""])
    plain = [dossier.digest for dossier in read(SMALL, SMALL_MAP)]
    assert [dossier.digest for dossier in read(sheet, SMALL_MAP)] == plain


def test_columns_without_a_heading_are_not_read_and_are_no_mistake(read):
    lines = [f",{line},," for line in SMALL.splitlines()]
    sheet = "\n".join([lines[0], "1" + lines[1] + "x", "2" + lines[2]])
    assert len(read(sheet, SMALL_MAP)) == 2


@pytest.mark.parametrize(
    "names", [lambda number: f"c{number}", lambda _number: "same", lambda number: f"{number % 25_000}"]
)
def test_fifty_thousand_columns_are_refused_with_one_sentence(rulebook, people, tmp_path, names):
    row = ",".join(map(str, range(50_000)))
    sheet = f"{','.join(map(names, range(50_000)))}\n{row}\n"
    assert whole_message(rulebook, people, tmp_path, sheet.encode()) == (
        "sheet.csv has 50000 columns; at most 1000 are read."
    )


def test_of_thousands_of_mistakes_the_first_are_told(problems):
    sheet = SMALL + "".join(f"B-{number}\n" for number in range(5_000))
    found = problems(sheet, SMALL_MAP)
    assert len(found) == 201
    assert found[-1] == "sheet.csv: and 4800 mistakes more."


def test_a_column_that_is_missing_among_a_thousand_is_answered_shortly(problems):
    headings = ",".join(f"no. {number} {'x' * 200}" for number in range(1_000))
    assert max(map(len, problems(f"{headings}\n", SMALL_MAP))) < 15_000


def apart(text: str) -> str:
    """The same text with accents as letters of their own, as some systems write it."""
    return unicodedata.normalize("NFD", text)


@pytest.mark.parametrize("change", ["sheet", "map", "both", "neither"])
def test_letters_in_two_pieces_are_the_same_letters_in_cells_headings_and_mapping(read, change):
    sheet = "número,país,ciudad,año,situación\nA-1,México,León,2004-02-28,Concluído\nA-2,España,Cádiz,2003,Única\n"
    mapping = f"""
[register]
process = "{EC}"
office = "cuenca"
reference = "número"
[home]
name = "Cuenca"
country = "EC"
[party]
name = "ciudad"
country = "país"
countries = {{ "España" = "ES" }}
[dates]
column = "año"
[states]
signed = "in_force"
date_missing = "signed"
not_signed_by_all = "partly_signed"
[states.by_column]
column = "situación"
values = {{ "Concluído" = "completed" }}
"""
    found = read(
        apart(sheet) if change in {"sheet", "both"} else sheet, apart(mapping) if change in {"map", "both"} else mapping
    )
    assert [(d.title, d.parties[1].country, d.state) for d in found] == [
        ("Cuenca – León", "MX", "completed"),
        ("Cuenca – Cádiz", "ES", "signed"),
    ]


def test_a_sheet_with_headings_only_has_no_dossiers(read):
    assert read("id,country,city,signed\n", SMALL_MAP) == []


def test_a_quote_that_is_never_closed_is_answered_with_its_line(problems):
    (problem,) = problems(edited(SMALL, ("Bruges", '"Bruges')), SMALL_MAP)
    assert problem.startswith("sheet.csv: line 3: ")


def test_a_sheet_with_a_byte_order_mark_or_windows_line_ends_is_read_alike(read):
    plain = [dossier.digest for dossier in read(SMALL, SMALL_MAP)]
    assert [dossier.digest for dossier in read(b"\xef\xbb\xbf" + SMALL.encode(), SMALL_MAP)] == plain
    assert [dossier.digest for dossier in read(SMALL.replace("\n", "\r\n"), SMALL_MAP)] == plain


def test_a_sheet_with_semicolons_is_read_where_the_mapping_says_so(read, rulebook, people, tmp_path):
    semicolons = SMALL.replace(",", ";")
    mapping = edited(SMALL_MAP, ('reference = "id"', 'reference = "id"\ndelimiter = ";"'))
    assert [dossier.title for dossier in read(semicolons, mapping)] == ["Cuenca – León", "Cuenca – Bruges"]
    assert "separated by “;”, not by “,”" in whole_message(rulebook, people, tmp_path, semicolons.encode())


def test_a_sheet_that_is_not_there_is_said_so(rulebook, people, tmp_path):
    (tmp_path / "map.toml").write_text(SMALL_MAP, "utf-8")
    with pytest.raises(BadInput, match=r"none\.csv cannot be read: No such file"):
        read_register(tmp_path / "none.csv", tmp_path / "map.toml", rulebook, people, TODAY)


def test_a_row_moved_within_the_sheet_is_the_same_dossier(read):
    """The books know a row by its content: moving it is no change."""
    first, *rows = SMALL.splitlines()
    moved = "\n".join([first, *reversed(rows)]) + "\n"
    before = {dossier.reference: dossier.digest for dossier in read(SMALL, SMALL_MAP)}
    assert {dossier.reference: dossier.digest for dossier in read(moved, SMALL_MAP)} == before


def test_a_reference_may_not_be_that_of_an_earlier_generation(problems):
    """Xi'an signed twice: its first text is CU-08.1."""
    assert problems(edited(SHEET, ("CU-09,", "CU-08.1,"))) != []


def test_of_one_text_of_several_parties_only_those_signed_that_the_sheet_says(read):
    sheet = edited(SHEET, ("CU-23,G21,Italy,Scarlino,,,,Inactive,unclear", "CU-23,G21,Italy,Scarlino,,,,Inactive,yes"))
    italy = next(dossier for dossier in read(sheet) if dossier.reference == "CU-21")
    assert [party.name for party in italy.parties if party.signature is None] == ["Scarlino"]
    assert italy.state == "partly_signed"


def test_the_same_reading_twice_is_no_contradiction(read):
    medellin = next(d for d in read(edited(SHEET, ("60|90", "60|60"))) if d.reference == "CU-10")
    assert not medellin.terms["first_programme"].is_contradictory


# The mapping


@pytest.mark.parametrize(
    ("edit", "place", "words"),
    [
        (('other = "other_signature_date"', 'othr = "other_signature_date"'), "dates.othr", "the key “othr” does not exist; did you mean “other”?"),
        (('signed = "in_force"', 'signed = "in_froce"'), "states.signed", "the state “in_froce” does not exist; did you mean “in_force”?"),
        (('Finished = "completed"', 'Finished = "complete"'), "states.by_column.values.Finished", "did you mean “completed”?"),
        (("[terms.validity]", "[terms.validty]"), "terms.validty", "the term “validty” does not exist; did you mean “validity”?"),
        (('office = "cuenca"', 'office = "cuanca"'), "register.office", "the office “cuanca” does not exist; did you mean “cuenca”?"),
        (('process = "ec/agreement"', 'process = "ec/agreements"'), "register.process", "did you mean “ec/agreement”?"),
        (('means = "signed_on"', 'means = "agreed_on"'), "dates.means", "the fact “agreed_on” does not exist"),
        (('written = "year-month-day"', 'written = "day.month.year"'), "dates.written", "“day.month.year” is not one of"),
        (('unit = "months"', 'unit = "moons"'), "terms.validity.unit", "“moons” is not one of"),
        (('signed = "in_force"\n', ""), "states.signed", "this key is missing"),
        (('country = "EC"', 'country = "Ecuador"'), "home.country", "Ecuador"),
        (('means = "signed_on"', 'means = "registry_number"'), "dates.means", "a dated fact is called …_on"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_mapping_is_answered_with_its_place(problems, edit, place, words):
    found = problems(SHEET, edited(MAP, edit))
    assert any(problem.startswith(f"sheet.map.toml: {place}") and words in problem for problem in found), found


def test_several_mistakes_in_the_mapping_are_answered_at_once(problems):
    mapping = edited(
        MAP, ('signed = "in_force"', 'signed = "x"'), ("[terms.validity]", "[terms.y]"), ('"cuenca"', '"z"')
    )
    assert len(problems(SHEET, mapping)) == 3

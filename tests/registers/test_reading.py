"""The register of Cuenca as it stands: every text, every party, every date as precise as the source has it."""

from collections import Counter
from datetime import date

import pytest

from builders import CUENCA_FILES, NOTIFICATIONS, WORKFLOWS
from twinflow.definitions.catalogue import read_rulebook
from twinflow.definitions.people import read_people
from twinflow.domain.calendar.dates import Length, PartialDate
from twinflow.registers.dossiers import country_code, read_register
from world import TODAY


@pytest.fixture(scope="module")
def rulebook():
    return read_rulebook(WORKFLOWS, NOTIFICATIONS)


@pytest.fixture(scope="module")
def people():
    return read_people(CUENCA_FILES / "people.toml")


@pytest.fixture(scope="module")
def register(rulebook, people):
    def read(name):
        return read_register(CUENCA_FILES / f"{name}.csv", CUENCA_FILES / f"{name}.map.toml", rulebook, people, TODAY)

    return {name: read(name) for name in ("agreements", "negotiations", "intentions")}


@pytest.fixture(scope="module")
def agreements(register):
    return {dossier.reference: dossier for dossier in register["agreements"]}


def generations(agreements, reference):
    return [dossier for dossier in agreements.values() if dossier.relationship == reference]


def days(dossier, fact):
    return [str(claim.value) for claim in dossier.facts.get(fact, ())]


def partners(dossier):
    return [party.name for party in dossier.parties if not party.home]


def test_there_are_26_formalised_8_negotiations_and_4_intentions(register):
    assert {name: sum(d.is_latest for d in found) for name, found in register.items()} == {
        "agreements": 26,
        "negotiations": 8,
        "intentions": 4,
    }


def test_the_26_texts_have_29_partner_cities(agreements):
    assert len({name for dossier in agreements.values() if dossier.is_latest for name in partners(dossier)}) == 29


def test_every_reference_is_there_once(register):
    references = [dossier.reference for found in register.values() for dossier in found]
    assert [reference for reference, count in Counter(references).items() if count > 1] == []


def test_the_texts_stand_in_these_states(agreements):
    assert Counter(dossier.state for dossier in agreements.values() if dossier.is_latest) == {
        "in_force": 18,
        "signed": 4,
        "partly_signed": 2,
        "completed": 2,
    }


def test_four_rows_of_one_group_are_one_text_of_five_parties(agreements):
    italy = agreements["CU-21"]
    assert [party.name for party in italy.parties] == [
        "Cuenca",
        "Campiglia Marittima",
        "Follonica",
        "Scarlino",
        "Suvereto",
    ]
    assert [(party.country, party.home) for party in italy.parties] == [("EC", True), *[("IT", False)] * 4]
    assert {"CU-22", "CU-23", "CU-24"} & agreements.keys() == set()


def test_a_text_without_a_date_is_signed_on_a_day_nobody_knows(agreements):
    italy = agreements["CU-21"]
    assert (italy.state, italy.facts["signed_on"][0].value) == ("signed", PartialDate())
    assert {party.signature.on for party in italy.parties} == {PartialDate()}
    assert "term_starts_on" not in italy.facts


@pytest.mark.parametrize(
    ("reference", "signed_on"),
    [
        ("CU-08", ["2007-04-13", "2010-09-01"]),
        ("CU-18", ["1974", "1982", "1989", "2003", "2007"]),
        ("CU-20", ["2000-03-17", "2007-04-12"]),
        ("CU-26", ["2003-04-12", "2006-04-28"]),
        ("CU-28", ["2000-06-16", "2004-04-12"]),
        ("CU-02", ["2003-10-08"]),
    ],
    ids=["Xi'an", "Paducah", "Cuenca (Spain)", "Puebla", "Cajamarca", "Bruges"],
)
def test_each_signature_is_a_generation_of_the_same_relationship(agreements, reference, signed_on):
    found = generations(agreements, reference)
    assert [days(dossier, "signed_on")[0] for dossier in found] == signed_on
    assert [dossier.generation for dossier in found] == list(range(1, len(signed_on) + 1))
    assert [dossier.is_latest for dossier in found] == [False] * (len(signed_on) - 1) + [True]
    assert [dossier.state for dossier in found[:-1]] == ["replaced"] * (len(signed_on) - 1)
    assert found[-1].reference == reference


def test_an_earlier_generation_came_to_its_end_on_the_day_of_the_next(agreements):
    first, second = generations(agreements, "CU-26")
    assert (first.reference, first.effective_on) == ("CU-26.1", date(2006, 4, 28))
    assert (second.reference, second.effective_on) == ("CU-26", date(2006, 4, 28))


def test_dates_that_are_no_signatures_are_facts_of_the_text(agreements):
    bruges = agreements["CU-02"]
    assert days(bruges, "amended_on") == ["2004-04-16"]
    assert days(bruges, "renewal_proposed_on") == ["2005"]
    assert days(agreements["CU-28"], "revival_proposed_on") == ["2012-02-16"]
    assert days(agreements["CU-28.1"], "revival_proposed_on") == []


@pytest.mark.parametrize(("reference", "day"), [("CU-19", "2008-11"), ("CU-11", "1997"), ("CU-18", "2007")])
def test_a_date_known_by_month_or_year_stays_so_and_starts_no_term(agreements, reference, day):
    dossier = agreements[reference]
    assert days(dossier, "signed_on") == [day]
    assert (dossier.state, dossier.effective_on) == ("signed", None)
    assert {"in_force_on", "term_starts_on"} & dossier.facts.keys() == set()


def test_a_day_is_the_start_of_the_term_too(agreements):
    medellin = agreements["CU-10"]
    assert [days(medellin, fact) for fact in ("signed_on", "in_force_on", "term_starts_on")] == [["2011-05-06"]] * 3
    assert medellin.effective_on == date(2011, 5, 6)


@pytest.mark.parametrize("reference", ["CU-14", "CU-25"])
def test_what_only_we_signed_is_signed_by_us_only(agreements, reference):
    """La Habana and Marrakech, 17 March 2000: the counterpart's signature is missing."""
    dossier = agreements[reference]
    assert dossier.state == "partly_signed"
    assert next((party.name, party.signature is not None) for party in dossier.parties) == ("Cuenca", True)
    assert [party.signature for party in dossier.parties[1:]] == [None]
    assert "signed_on" not in dossier.facts


@pytest.mark.parametrize("reference", ["CU-14", "CU-25"])
def test_what_only_we_signed_is_so_since_our_signature(agreements, reference):
    """Otherwise the counterpart's signature of those days could never be entered: it would lie before the import."""
    assert agreements[reference].effective_on == date(2000, 3, 17)


def test_another_sources_day_stands_beside_and_is_not_chosen(agreements):
    chosen, other = agreements["CU-01"].facts["signed_on"]
    assert (str(chosen.value), chosen.chosen) == ("2011-02-24", True)
    assert (str(other.value), other.chosen) == ("2011-02-25", False)
    assert other.source.endswith("other_signature_date")


def test_a_text_that_says_ninety_and_60_keeps_both(agreements):
    term = agreements["CU-10"].terms["first_programme"]
    assert term.readings == (Length.parse("60 days"), Length.parse("90 days"))
    assert term.is_contradictory


@pytest.mark.parametrize(
    ("reference", "term", "text"),
    [
        ("CU-10", "validity", "36 months"),
        ("CU-10", "notice_period", "45 days"),
        ("CU-10", "evaluation_period", "12 months"),
        ("CU-28", "validity", "indefinite"),
        ("CU-28", "notice_period", "90 days"),
        ("CU-02", "validity", "36 months"),
        ("CU-01", "validity", "not stated"),
        ("CU-21", "evaluation_period", "12 months"),
    ],
)
def test_a_term_is_what_the_text_says_and_nothing_is_invented(agreements, reference, term, text):
    assert str(agreements[reference].terms[term]) == text


def test_a_negotiation_is_known_by_its_first_year(register):
    luanda, *_, coro = register["negotiations"]
    assert (luanda.state, days(luanda, "interest_on"), luanda.origin) == ("negotiation", ["2009"], "Cuenca")
    assert [d.reference for d in register["negotiations"] if d.state == "abandoned"] == ["NE-04"]
    assert partners(coro) == ["Santa Ana de Coro"]
    assert all(party.signature is None for d in register["negotiations"] for party in d.parties)


def test_an_intention_may_name_several_cities_and_spell_a_country_its_own_way(register):
    turkey = register["intentions"][0]
    assert [(party.name, party.country) for party in turkey.parties[1:]] == [
        ("Bursa", "TR"),
        ("Konya", "TR"),
        ("Eskisehir", "TR"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Mexico", "MX"),
        ("México", "MX"),
        ("ESPAÑA", "ES"),
        ("Spain", "ES"),
        ("es", "ES"),
        ("Estados Unidos", "US"),
        ("Peru", "PE"),
        ("Atlantis", None),
        ("", None),
        ("EU", None),
        ("ZZ", None),
    ],
)
def test_a_country_is_read_in_english_spanish_or_as_its_code(text, code):
    assert country_code(text) == code

"""Cases that make no sense: a warning to be confirmed with a reason, kept in history; the wrong kind of office is refused."""

from dataclasses import replace
from datetime import date

import pytest

from builders import AT_PAGE, definition, facts, terms
from twinflow.domain.agreement.agreement import Agreement, Party
from twinflow.domain.agreement.entries import Correction, OpenedDespite, read
from twinflow.domain.corrections.correction import CorrectionCommand
from twinflow.domain.people.people import Office
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.doubts import DoubtCode, doubts
from twinflow.domain.steps.opening import NewAgreement
from twinflow.errors import Refused
from twinflow.language import say
from twinflow.services.agreements.correcting import correct_entry
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.reading import agreements
from world import World

CITY, PARTNER = Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US")


def opened(
    world: World,
    reference: str,
    *parties: Party,
    process: str = "mx/twinning",
    office: str = "chihuahua",
    person: str = "elena",
    despite: str = "",
    on: date | None = None,
    **more: object,
) -> Agreement:
    parties = parties or (() if "parent" in more else (CITY, PARTNER))
    new = NewAgreement(reference, process, office, "x", on or world.now.date(), parties, despite=despite, **more)
    return open_agreement(world.engine, world.rulebook, world.people, new, actor=person, door=AT_PAGE, now=world.now)


def reasons(refused: pytest.ExceptionInfo[Refused]) -> str:
    return " ".join(say(reason, "en") for reason in refused.value.reasons)


def test_a_case_that_makes_sense_needs_no_reason(world):
    assert read(opened(world, "MX-1").history[0]) is None


@pytest.mark.parametrize(
    "partner",
    [
        Party("Albuquerque", "US"),
        Party("ALBUQUERQUE", "US"),
        Party("Albuquérque", "US"),
        Party("Albuque\u0301rque", "US"),
    ],
    ids=["the same", "case", "accent", "letters in two pieces"],
)
def test_the_same_parties_again_under_another_reference_are_confirmed_with_a_reason(world, partner):
    opened(world, "MX-1")
    with pytest.raises(Refused) as refused:
        opened(world, "MX-2", CITY, partner)
    assert "MX-1 is between the same parties" in reasons(refused)
    opened(world, "MX-2", CITY, partner, despite="the port, not the city")
    page = agreements.show_agreement(world.engine, world.rulebook, world.people, "MX-2", world.now, viewer=OPERATOR)
    said = say(page.timeline[-1].text, "en")
    assert "the same parties as of another case" in said
    assert "the port, not the city" in said


def test_the_same_parties_in_another_order_are_the_same(world):
    opened(world, "MX-1")
    with pytest.raises(Refused) as refused:
        opened(world, "MX-2", PARTNER, CITY)
    assert "MX-1 is between the same parties" in reasons(refused)


def test_three_parties_of_which_two_are_the_same_and_those_of_a_case_that_was_annulled_are_no_doubt(world):
    opened(world, "MX-1")
    opened(world, "MX-2", CITY, PARTNER, Party("Tulsa", "US"))
    asked = CorrectionCommand(entry=1, correction=Correction.ANNUL, reason="by mistake")
    correct_entry(
        world.engine, world.rulebook, world.people, "MX-1", asked, person="elena", door=AT_PAGE, now=world.now
    )
    opened(world, "MX-1")


@pytest.mark.parametrize("again", ["CHIHUAHUA", "Chihuáhua"])
def test_a_city_with_itself_in_another_spelling_is_confirmed_with_a_reason(world, again):
    with pytest.raises(Refused) as refused:
        opened(world, "MX-1", CITY, Party(again, "MX"))
    assert reasons(refused) == f"{again} is a party more than once."
    found = opened(world, "MX-1", CITY, Party(again, "MX"), despite="the city and the county")
    assert read(found.history[0]) == OpenedDespite(("with_itself",), "the city and the county")
    page = agreements.show_agreement(world.engine, world.rulebook, world.people, "MX-1", world.now, viewer=OPERATOR)
    assert "a party more than once, despite of which: the city and the county" in say(page.timeline[-1].text, "en")
    assert read(opened(world, "MX-2", CITY, Party(again, "US")).history[0]) is None, "there is one abroad as well"


def test_other_parties_a_case_that_has_ended_and_a_later_generation_are_no_doubt(world):
    opened(world, "MX-1")
    opened(world, "MX-2", CITY, Party("Albuquerque", "CO"))
    opened(world, "MX-3", CITY, Party("Tulsa", "US"))
    opened(world, "MX-1.2", CITY, PARTNER, relationship="MX-1", generation=2)


def test_what_is_entered_as_over_is_beside_nothing(world):
    opened(world, "MX-1")
    assert read(opened(world, "MX-2", CITY, PARTNER, state="expired").history[0]) is None


def test_every_case_of_the_same_parties_is_named_however_many_there_are(world):
    for number in range(103):
        opened(world, f"MX-{number}", despite="a hundred projects, each with a text of its own")
    with pytest.raises(Refused) as refused:
        opened(world, "MX-1000")
    assert len(refused.value.reasons) == 103


def test_what_belongs_to_an_agreement_is_no_doubt(world):
    opened(world, "MX-1", state="drafting")
    opened(world, "MX-1-A", process="amendment", parent="MX-1", despite="")


def test_a_national_process_for_an_office_or_a_party_of_another_country_is_confirmed_with_a_reason(world):
    with pytest.raises(Refused) as refused:
        opened(world, "EC-1", process="ec/agreement")
    assert reasons(refused).count("is a process of EC") == 2
    found = opened(world, "EC-1", process="ec/agreement", despite="kept for Cuenca")
    assert read(found.history[0]) == OpenedDespite(("office_abroad", "home_abroad"), "kept for Cuenca")


def test_the_process_of_one_city_for_another_office_is_confirmed_with_a_reason(world):
    for process, city in (("mx/leon", "León"), ("mx/san-luis-potosi", "San Luis Potosí")):
        with pytest.raises(Refused) as refused:
            opened(world, "MX-1", process=process)
        assert f"is the process of {city}, and the office is another" in reasons(refused)
    found = opened(world, "MX-1", process="mx/leon", despite="by the bylaw of León")
    assert read(found.history[0]) == OpenedDespite(("other_city",), "by the bylaw of León")
    page = agreements.show_agreement(world.engine, world.rulebook, world.people, "MX-1", world.now, viewer=OPERATOR)
    assert "a process of another city than the office's, despite of which" in say(page.timeline[-1].text, "en")


@pytest.mark.parametrize(
    ("key", "label", "city"), [("leon", "Enlace", ""), ("a1", "Municipio de León", ""), ("b", "B", "LEON")]
)
def test_the_city_itself_is_known_by_the_key_the_label_or_the_city_of_its_office(key, label, city):
    office = Office(key, "municipality", {"en": label, "es": label}, "MX", "America/Mexico_City", city=city)
    new = NewAgreement("MX-1", "mx/leon", key, "x", date(2026, 7, 1), (Party("León", "MX", home=True), PARTNER))
    assert [each.code for each in doubts(new, definition("mx/leon"), office, [])] == []


def test_another_city_is_not_known_by_a_label_that_has_the_name_within_its_own():
    office = Office("n", "municipality", {"es": "Gobierno de Nuevo León"}, "MX", "America/Mexico_City")
    new = NewAgreement("MX-1", "mx/leon", "n", "x", date(2026, 7, 1), (Party("Nuevo León", "MX", home=True), PARTNER))
    assert [each.code for each in doubts(new, definition("mx/leon"), office, [])] == [DoubtCode.OTHER_CITY]


def test_an_oath_of_europe_is_doubted_of_the_office_and_of_each_party_elsewhere(world):
    with pytest.raises(Refused) as refused:
        opened(world, "EU-1", CITY, Party("Lyon", "FR"), process="eu/oath")
    assert reasons(refused) == (
        "“Twinning by oath, Europe” is a process of other countries than that of the office (MX). "
        "“Twinning by oath, Europe” is a process of other countries than that of Chihuahua (MX)."
    )
    despite = "the text is the oath's"
    found = opened(world, "EU-1", CITY, Party("Lyon", "FR"), process="eu/oath", despite=despite)
    assert read(found.history[0]) == OpenedDespite(("office_abroad", "party_abroad"), despite)


def test_what_belongs_to_an_agreement_is_doubted_without_it_before_it_began_and_after_its_end(world):
    with pytest.raises(Refused) as refused:
        opened(world, "P-1", process="annual-programme")
    assert "belongs to an agreement; name it with --parent" in reasons(refused)
    text = {"state": "in_force", "facts": facts(signed_on="2020-03-02"), "terms": terms(validity="2 years")}
    opened(world, "MX-1", on=date(2020, 3, 10), **text)
    child = {"process": "annual-programme", "parent": "MX-1"}
    for on, doubt in ((date(2020, 3, 1), "is before MX-1 began"), (date(2022, 3, 3), "is after MX-1 ended")):
        with pytest.raises(Refused) as refused:
            opened(world, "P-1", on=on, **child)
        assert doubt in reasons(refused)
    found = opened(world, "P-1", on=date(2022, 3, 3), despite="as if it went on", **child)
    assert read(found.history[0]) == OpenedDespite(("after_parent",), "as if it went on")
    opened(world, "P-2", on=date(2022, 3, 2), **child)
    opened(world, "P-3", on=date(2020, 3, 2), **child)
    opened(
        world,
        "MX-2",
        CITY,
        Party("Tulsa", "US"),
        state="expired",
        on=date(2021, 5, 3),
        facts=facts(ended_on="2020-05-04"),
    )
    with pytest.raises(Refused) as refused:
        opened(world, "P-4", process="annual-programme", parent="MX-2", on=date(2021, 5, 3))
    assert "is after MX-2 ended (Monday, 4 May 2020)" in reasons(refused)


def test_neither_party_the_offices_own_is_confirmed_with_a_reason(world):
    with pytest.raises(Refused) as refused:
        opened(world, "MX-1", replace(CITY, name="Tampico"), PARTNER)
    assert "none of the parties is that of the office" in reasons(refused)


@pytest.mark.parametrize(
    ("name", "city", "is_own"),
    [
        ("Chihuahua", "", True),
        ("City of CHIHUÁHUA", "", True),
        ("Municipality of Chihuahua, liaison office", "", True),
        ("Municipality of Tampico", "", False),
        ("City of León", "", False),
        ("Municipio de San José", "San José", True),
        ("Municipality of San Juan", "San José", False),
        ("Chihuahua", "San José", False),
        ("San José, Sinaloa", "San José", True),
        ("San José de Gracia", "San José", False),
        ("Nuevo San José", "San José", False),
        ("Municipio de Nuevo San José", "San José", False),
        ("San José", "Nuevo San José", False),
        ("Nueva Chihuahua", "", False),
    ],
)
def test_a_party_is_the_offices_own_by_the_whole_name_of_its_city_not_by_words_that_offices_share(name, city, is_own):
    label = {"en": "Municipality of Chihuahua, liaison office", "es": "Municipio de Chihuahua, oficina de enlace"}
    office = Office("chihuahua", "municipality", label, "MX", "America/Chihuahua", city=city)
    new = NewAgreement("MX-1", "mx/twinning", "chihuahua", "x", date(2026, 7, 1), (Party(name, "MX"), PARTNER))
    found = [each.code for each in doubts(new, definition(), office, [])]
    assert found == ([] if is_own else [DoubtCode.NOT_OURS])


def test_a_process_of_no_country_is_everybodys(world):
    assert read(opened(world, "G-1", process="generic/agreement").history[0]) is None


def test_all_doubts_are_told_at_once(world):
    opened(world, "MX-1")
    with pytest.raises(Refused) as refused:
        opened(world, "EC-2", process="ec/agreement", despite="")
    assert len(refused.value.reasons) == 3


def test_opening_by_the_wrong_kind_of_office_is_refused_with_what_kind_is_right(world):
    with pytest.raises(Refused) as refused:
        opened(world, "MX-1", office="sre", despite="we are the ministry")
    assert "of the kind municipality, and this is a ministry" in reasons(refused)

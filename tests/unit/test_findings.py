"""What is missing or contradictory in a case is told, and only that."""

from dataclasses import replace
from datetime import date

import pytest

from builders import (
    ALBUQUERQUE,
    CHIHUAHUA,
    CUENCA,
    EC,
    MEDELLIN,
    MX,
    agreement,
    definition,
    facts,
    medellin,
    signed,
    terms,
)
from twinflow.domain.agreement.agreement import Claim, Finding, FindingCode, Party
from twinflow.domain.agreement.findings import findings
from twinflow.domain.calendar.dates import PartialDate
from twinflow.language import say
from twinflow.services.reading.history_in_words import finding_message, finding_with_remedy

PARTIES = signed((CHIHUAHUA, ALBUQUERQUE), "2008-03-10")


def found(case):
    return [(finding.code.value, finding.subject) for finding in findings(case, definition(EC))]


def case(state="in_force", parties=(CUENCA, MEDELLIN), **more):
    return agreement(EC, state=state, parties=parties, **more)


@pytest.mark.parametrize("day", ["2008-11", "1997", ""])
def test_a_signed_text_without_a_day_lacks_its_date(day):
    undated = case("signed", signed((CUENCA, MEDELLIN), day), facts=facts(signed_on=day))
    assert found(undated) == [("date_missing", "signed_on")]


def test_a_text_that_nobody_signed_yet_lacks_no_date():
    assert found(case("negotiation")) == []


def test_a_signature_is_missing_as_soon_as_somebody_else_signed():
    half = (*signed([CUENCA], "2000-03-17"), Party("La Habana", "CU"), Party("Cienfuegos", "CU"))
    assert found(case("partly_signed", half)) == [
        ("signature_missing", "La Habana"),
        ("signature_missing", "Cienfuegos"),
    ]
    assert found(case("approved")) == []


def test_a_text_that_says_noventa_60_contradicts_itself():
    assert found(medellin()) == [("terms_conflict", "first_programme")]


def test_a_text_that_says_indefinite_or_nothing_does_not():
    silent = case("negotiation", terms=terms(validity="indefinite", notice_period="", evaluation_period="12 months"))
    assert found(silent) == []


def test_two_sources_with_different_days_disagree():
    claims = (Claim(PartialDate(2011, 2, 24), "table 15"), Claim(PartialDate(2011, 2, 25), "annex 21", chosen=False))
    rosario = case("in_force", signed((CUENCA, MEDELLIN), "2011-02-24"), facts={"signed_on": claims})
    assert found(rosario) == [("dates_disagree", "signed_on")]
    agreed = (replace(claims[0], value=claims[1].value), claims[1])
    assert found(replace(rosario, facts={"signed_on": agreed})) == []


def test_successive_terms_do_not_disagree():
    claims = tuple(Claim(PartialDate.of(day), "") for day in (date(2008, 3, 10), date(2013, 3, 10)))
    renewed = case(
        "in_force",
        signed((CUENCA, MEDELLIN), "2008-03-10"),
        facts={**facts(signed_on="2008-03-10"), "term_starts_on": claims},
    )
    assert found(renewed) == []


def test_a_contradiction_stays_in_sight_after_the_case_has_ended():
    assert found(replace(medellin(), state="expired")) == [("terms_conflict", "first_programme")]


@pytest.mark.parametrize("state", ["drafting", "in_force", "expired"])
@pytest.mark.parametrize(
    ("validity", "beyond"),
    [
        ("40 years", True),
        ("indefinite", True),
        ("61 months", True),
        ("60 months", False),
        ("5 years", False),
        ("", False),
    ],
)
def test_a_term_beyond_its_bound_is_found_and_one_within_it_is_not(state, validity, beyond):
    text = terms(validity=validity, notice_period="40 years")  # which has no bound
    longer = agreement(MX, state=state, parties=PARTIES, terms=text, facts=facts(signed_on="2008-03-10"))
    codes = [("term_beyond_bound", "validity")] if beyond else []
    assert [(each.code.value, each.subject) for each in findings(longer, definition(MX))] == codes


def test_a_process_without_a_bound_finds_nothing_beyond_it():
    long = case("in_force", signed((CUENCA, MEDELLIN), "2008-03-10"), facts=facts(signed_on="2008-03-10"))
    assert found(replace(long, terms=terms(validity="indefinite"))) == []


def test_every_finding_has_a_notice_of_its_own():
    assert [code.notice for code in FindingCode] == [
        "date-missing",
        "signature-missing",
        "terms-conflict",
        "term-beyond-bound",
        "term-assumed",
        "dates-disagree",
        "wrong-office",
    ]


def test_a_case_kept_by_an_office_of_a_kind_that_its_process_does_not_name_is_found():
    about = (agreement(MX), definition(MX))
    assert Finding(FindingCode.WRONG_OFFICE, "chihuahua") in findings(*about, "ministry")
    assert not [each for each in findings(*about, "municipality") if each.code is FindingCode.WRONG_OFFICE]


def test_a_term_that_is_only_assumed_is_said_in_short_and_with_the_command_by_which_it_is_confirmed():
    about = (Finding(FindingCode.TERM_ASSUMED, "validity"), agreement(MX), definition(MX))
    assert say(finding_message(*about), "en") == "To be confirmed: Validity"
    said = say(finding_with_remedy(*about), "en")
    assert said.endswith(
        "state what the text says: twinflow agreements confirm-term A-1 validity LENGTH --as PERSON --source WHERE"
    )

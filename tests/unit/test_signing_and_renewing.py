"""Signatures party by party, entry into force, and the renewal by evaluation and written acceptance of both."""

from dataclasses import replace
from datetime import date

import pytest

from builders import (
    EC,
    OPINION_WITH_CHANGES,
    REVIEWER,
    TO_EVALUATED,
    TO_OPINION,
    after,
    agreement,
    refusal,
    terms,
)
from twinflow.domain.agreement.agreement import Party, Signature
from twinflow.domain.calendar.dates import PartialDate

ACCEPTED = (
    ("accept_renewal", date(2012, 12, 3), "Chihuahua"),
    ("accept_renewal", date(2012, 12, 4), "Albuquerque"),
)
TWO = (Party("Cuenca", "EC", home=True), Party("Follonica", "IT"))
THREE = (*TWO, Party("Scarlino", "IT"))


def chihuahua(*steps):
    return after(agreement(), *steps)


def approved(parties=TWO):
    return agreement(EC, state="approved", opened_on=date(2008, 3, 3), parties=parties)


def unsigned(case):
    return [party.name for party in case.unsigned]


def test_parties_sign_one_by_one():
    half = after(approved(), ("sign", date(2008, 3, 10), "Follonica"))
    assert (half.state, unsigned(half)) == ("partly_signed", ["Cuenca"])
    assert half.fact("signed_on") is None
    whole = after(half, ("sign", date(2008, 3, 17), "Cuenca"))
    assert (whole.state, unsigned(whole)) == ("signed", [])


def test_an_agreement_is_in_force_from_the_last_signature():
    case = after(approved(), ("sign", date(2008, 3, 10), "Follonica"), ("sign", date(2008, 3, 17), "Cuenca"))
    assert [case.day_of(f) for f in ("signed_on", "in_force_on", "term_starts_on")] == [date(2008, 3, 17)] * 3


def test_three_parties_all_have_to_sign():
    case = after(approved(THREE), ("sign", date(2008, 3, 10), "Scarlino"), ("sign", date(2008, 3, 12), "Cuenca"))
    assert (case.state, unsigned(case)) == ("partly_signed", ["Follonica"])
    case = after(case, ("sign", date(2008, 3, 14), "Follonica"))
    assert (case.state, case.day_of("signed_on")) == ("signed", date(2008, 3, 14))


def test_of_three_parties_the_latest_signature_counts_in_whatever_order_they_are_entered():
    case = after(
        approved(THREE),
        ("sign", date(2008, 3, 10), "Scarlino"),
        ("sign", date(2008, 3, 20), "Cuenca"),
        ("sign", date(2008, 3, 12), "Follonica"),
    )
    assert case.day_of("in_force_on") == date(2008, 3, 20)


def test_a_party_that_signed_does_not_sign_twice():
    half = after(approved(), ("sign", date(2008, 3, 10), "Follonica"))
    assert refusal(half, "sign", date(2008, 3, 11), party="Follonica") == ["Follonica has signed already."]


@pytest.mark.parametrize("party", [None, "Grosseto"])
def test_a_signature_names_one_of_the_parties(party):
    assert refusal(approved(), "sign", date(2008, 3, 10), party=party) == [
        "The step is taken for one party; name one of Cuenca, Follonica."
    ]


def test_one_signature_never_signs_for_two_parties_of_the_same_name():
    """Guadalajara in Mexico and Guadalajara in Spain; as well León, Mérida, Cuenca."""
    namesakes = (Party("Guadalajara", "MX", home=True), Party("Guadalajara", "ES"))
    case = after(approved(namesakes), ("sign", date(2008, 3, 10), "Guadalajara"))
    assert len(case.unsigned) == 1


def test_a_day_of_signature_known_only_by_year_starts_no_term():
    case = agreement(EC, state="signed", opened_on=date(2008, 3, 3), terms=terms(validity="3 years"))
    parties = tuple(replace(p, signature=Signature(PartialDate(1997))) for p in case.parties)
    case = after(replace(case, parties=parties), ("establish_date", date(2008, 3, 4), {"signed_on": "1997"}))
    assert case.fact("signed_on") == PartialDate(1997)
    assert (case.fact("in_force_on"), case.deadlines) == (None, ())


def test_a_day_that_is_still_to_come_cannot_be_established():
    case = agreement(EC, state="signed", opened_on=date(2012, 3, 3))
    case = replace(case, parties=tuple(replace(p, signature=Signature(PartialDate(2011))) for p in case.parties))
    (reason,) = refusal(case, "establish_date", date(2012, 3, 5), records={"signed_on": "2012-03-06"})
    assert reason == "Day of signature by all parties: the day is still to come."
    assert refusal(case, "establish_date", date(2012, 3, 5), records={"signed_on": "2012-03-05"}) == []


def test_a_day_established_later_starts_the_term_from_that_day():
    case = agreement(EC, state="signed", opened_on=date(2012, 3, 3), terms=terms(validity="3 years"))
    parties = tuple(replace(p, signature=Signature(PartialDate(2011))) for p in case.parties)
    case = after(replace(case, parties=parties), ("establish_date", date(2012, 3, 5), {"signed_on": "2011-05-06"}))
    assert [d.due_on for d in case.deadlines if d.rule == "term_end"] == [date(2014, 5, 6)]


# Renewal


def test_a_renewal_needs_the_written_acceptance_of_both():
    assert refusal(chihuahua(*TO_EVALUATED), "renew", date(2012, 12, 5)) == [
        "Missing from Chihuahua, Albuquerque: Record a party's written acceptance of the renewal."
    ]
    assert refusal(chihuahua(*TO_EVALUATED, ACCEPTED[0]), "renew", date(2012, 12, 5)) == [
        "Missing from Albuquerque: Record a party's written acceptance of the renewal."
    ]
    assert refusal(chihuahua(*TO_EVALUATED, *ACCEPTED), "renew", date(2012, 12, 5)) == []


def test_a_renewal_needs_an_evaluation():
    case = agreement(state="evaluated", opened_on=date(2012, 11, 1))
    case = after(case, *ACCEPTED)
    assert refusal(case, "renew", date(2012, 12, 5)) == ["Not done yet: Record the evaluation."]


def test_the_next_term_starts_where_the_last_one_ends():
    case = chihuahua(*TO_EVALUATED, *ACCEPTED, ("renew", date(2012, 12, 5)))
    assert (case.state, case.day_of("term_starts_on")) == ("in_force", date(2013, 3, 10))
    assert case.day_of("in_force_on") == date(2008, 3, 10)


def test_a_second_renewal_needs_an_evaluation_and_acceptances_of_its_own():
    case = chihuahua(
        *TO_EVALUATED,
        *ACCEPTED,
        ("renew", date(2012, 12, 5)),
        ("start_evaluation", date(2017, 10, 2)),
        ("record_evaluation", date(2017, 10, 9)),
    )
    assert "Missing from Chihuahua, Albuquerque" in refusal(case, "renew", date(2017, 11, 6))[0]
    case = after(
        case,
        ("accept_renewal", date(2017, 10, 16), "Chihuahua"),
        ("accept_renewal", date(2017, 10, 17), "Albuquerque"),
        ("renew", date(2017, 11, 6)),
    )
    assert case.day_of("term_starts_on") == date(2018, 3, 10)


def test_a_renewal_is_not_dated_before_the_acceptances_it_rests_on():
    case = chihuahua(*TO_EVALUATED, *ACCEPTED)
    assert refusal(case, "renew", date(2012, 11, 21), today=date(2012, 12, 5)) != []


def test_an_opinion_given_with_changes_of_form_is_enough_to_sign():
    case = chihuahua(
        *TO_OPINION,
        ("issue_favourable_opinion_with_changes", date(2008, 3, 5), REVIEWER, OPINION_WITH_CHANGES),
        ("sign", date(2008, 3, 10), "Chihuahua"),
    )
    assert case.state == "partly_signed"

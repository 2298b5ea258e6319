"""What a new case may say, whichever door it comes by: each rule with its field, and every problem at once."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from builders import ALBUQUERQUE, CHIHUAHUA, MX, PROGRAMME, agreement, definition, facts, signed, terms
from twinflow.domain.agreement.agreement import Claim, Party
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.process.definition import LIAISON, OfficeInCharge
from twinflow.domain.steps.opening import NewAgreement, opened, problems_of_opening, wrong_kind

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
CASE = NewAgreement("MX-1", MX, "chihuahua", "Chihuahua – Albuquerque", TODAY, (CHIHUAHUA, ALBUQUERQUE))
AT_MOST = "at most 5 years (Model agreement, art. XIV: up to five years, renewable for equal periods)."


def problems(new=CASE, children=(), today=TODAY, **changed):
    found = problems_of_opening(replace(new, **changed), definition(), today, children)
    return [(str(problem.place), str(problem.message)) for problem in found]


def test_a_sound_case_has_none():
    assert problems(facts=facts(signed_on="2026-03-02")) == []
    assert problems(state="in_force", terms=terms(validity="5 years", notice_period="indefinite")) == []


@pytest.mark.parametrize("reference", ["", "a b", "../x", "MX-", "-1"])
def test_a_reference_is_one_that_people_can_quote(reference):
    ((place, words),) = problems(reference=reference)
    assert place == "reference"
    assert words == "a reference is made of letters and digits, with dots, slashes or hyphens between them."


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"facts": facts(sgned_on="2026-01-01")}, "facts.sgned_on", "the fact “sgned_on” does not exist; did you mean “signed_on”?"),  # noqa: E501
        ({"terms": terms(validty="3 years")}, "terms.validty", "the term “validty” does not exist; did you mean “validity”?"),
        ({"state": "in_forse"}, "state", "the state “in_forse” does not exist; did you mean “in_force”?"),
        ({"opened_on": date(2026, 3, 3)}, "opened_on", "the day 2026-03-03 is still to come."),
    ],
)  # fmt: skip
def test_what_the_process_does_not_know_or_what_is_to_come_is_said_at_its_field(changed, place, words):
    assert problems(**changed) == [(place, words)]


@pytest.mark.parametrize("name", ["signed_on", "in_force_on", "term_starts_on"])
@pytest.mark.parametrize("kind", [EntryKind.OPENED, EntryKind.IMPORTED])
def test_what_has_not_happened_yet_is_no_fact_from_any_door(name, kind):
    assert problems(kind=kind, facts=facts(**{name: "2026-03-03"})) == [
        (f"facts.{name}", "the day 2026-03-03 is still to come.")
    ]
    assert problems(kind=kind, facts=facts(**{name: "2026-03-02"})) == []


def test_of_several_sources_the_one_that_is_wrong_is_named():
    claims = (Claim(PartialDate(2026, 3, 2), "a"), Claim(PartialDate(2027, 1, 1), "b", chosen=False))
    assert problems(facts={"signed_on": claims}) == [("facts.signed_on[2]", "the day 2027-01-01 is still to come.")]


def test_a_day_is_no_mark_of_a_paper():
    paper = next(iter(definition().papers))
    assert problems(facts={paper: (Claim(PartialDate(2026, 1, 1), ""),)}) == [
        (f"facts.{paper}", "a dated fact is called …_on.")
    ]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("languages_agree,international_law", "name the items in their order: international_law,languages_agree."),
        ("all", "name the items in their order: international_law,municipal_interest,no_foreign_jurisdiction,languages_agree."),
        ("none", "name the items in their order: –."),
        ("money", "“money” is not on the list; name items of"),
    ],
)  # fmt: skip
def test_the_items_of_a_checklist_are_named_in_full_and_in_order(said, words):
    ((place, message),) = problems(facts={"review_criteria": (Claim(said, ""),)})
    assert (place, message[: len(words)]) == ("facts.review_criteria", words)
    assert problems(facts={"review_criteria": (Claim("international_law,languages_agree", ""),)}) == []


def test_an_agreement_has_two_parties_or_more_unless_it_belongs_to_another():
    one = (CHIHUAHUA,)
    assert problems(parties=one) == [("parties", "an agreement has two parties or more.")]
    assert problems(parties=one, parent="MX-0", children=[MX]) == []


def test_parties_of_one_text_have_different_names():
    twice = (CHIHUAHUA, ALBUQUERQUE, Party("Albuquerque", "ES"))
    assert problems(parties=twice) == [("parties[3]", "two parties of one text need different names.")]


def test_a_case_belongs_only_to_what_has_such_children():
    belonging = replace(CASE, process=PROGRAMME, parent="MX-0")
    assert problems(belonging, children=[PROGRAMME, "amendment"]) == []
    assert problems(belonging, children=["renewal", "amendment"]) == [
        ("parent", "annual-programme is no child of MX-0; its children are: amendment, renewal.")
    ]
    assert problems(belonging) == [("parent", "annual-programme is no child of MX-0; its children are: –.")]


@pytest.mark.parametrize("state", [None, "drafting", "partly_signed", "drafing"])
@pytest.mark.parametrize("validity", ["40 years", "120 months", "61 months", "5 years|6 years", "indefinite"])
def test_a_text_that_is_not_signed_yet_may_not_go_beyond_the_bound(state, validity):
    assert ("terms.validity", AT_MOST) in problems(state=state, terms=terms(validity=validity))


@pytest.mark.parametrize("validity", ["5 years", "60 months", "", "1 day"])
def test_what_the_bound_allows_is_allowed(validity):
    assert problems(terms=terms(validity=validity)) == []


def test_a_bound_is_counted_from_today():
    """Five years are 1826 days, or 1827 with two leap days in them."""
    days = terms(validity="1827 days")
    assert problems(terms=days) == [("terms.validity", AT_MOST)]
    leap_days = date(2024, 2, 1)
    assert problems(terms=days, opened_on=leap_days, today=leap_days) == []


@pytest.mark.parametrize(
    "past",
    [
        {"state": "signed"},
        {"state": "in_force"},
        {"state": "expired"},
        {"kind": EntryKind.IMPORTED},
        {"kind": EntryKind.IMPORTED, "state": "drafting"},
    ],
    ids=str,
)
@pytest.mark.parametrize("validity", ["40 years", "indefinite"])
def test_what_is_signed_or_ended_or_in_a_register_stands_also_beyond_the_bound(past, validity):
    assert problems(terms=terms(validity=validity), **past) == []


def test_a_register_may_not_name_what_the_process_does_not_know_either():
    assert [place for place, _ in problems(kind=EntryKind.IMPORTED, terms=terms(validty="40 years"), state="x")] == [
        "state",
        "terms.validty",
    ]


def test_everything_that_is_wrong_is_said_at_once():
    found = problems(
        reference="a b",
        facts=facts(sgned_on="2026-01-01", signed_on="2027-01-01"),
        state="in_forse",
        parties=(CHIHUAHUA,),
        opened_on=date(2026, 3, 3),
        terms=terms(validity="40 years", validty="1 year"),
    )
    assert [place for place, _ in found] == [
        "reference",
        "facts.sgned_on",
        "facts.signed_on",
        "state",
        "parties",
        "opened_on",
        "terms.validity",
        "terms.validty",
    ]


# What it becomes


def test_a_case_begins_in_the_first_state_with_one_entry():
    case = opened(replace(CASE, opened_on=date(2026, 2, 2)), definition(), actor="lucia", now=NOW, today=TODAY)
    (entry,) = case.history
    assert (case.state, entry.to_state, entry.kind) == (definition().start, definition().start, EntryKind.OPENED)
    assert (entry.actor, entry.effective_on, entry.recorded_at) == ("lucia", date(2026, 2, 2), NOW)
    assert (case.tracked_from, case.version, case.relationship, case.generation) == (TODAY, 1, "MX-1", 1)
    assert case.process_digest == definition().digest


def test_one_of_a_register_keeps_its_relationship_and_its_state():
    new = replace(CASE, kind=EntryKind.IMPORTED, relationship="MX", generation=2, state="in_force")
    case = opened(new, definition(), actor="import", now=NOW, today=TODAY)
    assert (case.relationship, case.generation, case.state) == ("MX", 2, "in_force")
    assert (case.history[0].kind, case.history[0].to_state) == (EntryKind.IMPORTED, "in_force")


def test_what_belongs_to_an_agreement_is_between_the_same_parties_and_not_signed():
    parent = agreement(state="in_force", parties=signed((CHIHUAHUA, ALBUQUERQUE), "2025-02-20"))
    new = replace(CASE, process=PROGRAMME, parent=parent.reference, parties=())
    child = opened(new, definition(PROGRAMME), actor="lucia", now=NOW, today=TODAY, parent=parent)
    assert child.parties == (CHIHUAHUA, ALBUQUERQUE)
    with_its_own = opened(
        replace(new, parties=(CHIHUAHUA,)), definition(PROGRAMME), actor="lucia", now=NOW, today=TODAY, parent=parent
    )
    assert with_its_own.parties == (CHIHUAHUA,)


@pytest.mark.parametrize(
    ("day", "kind", "refused"),
    [
        (date(2026, 3, 2), "municipality", False),
        (date(2026, 3, 2), "state", True),
        (date(2028, 3, 2), "state", False),
        (date(2027, 3, 2), "municipality", False),
        (date(2027, 3, 2), "state", False),
        (date(2027, 3, 2), "ministry", True),
    ],
)
def test_on_a_day_for_which_a_process_names_no_kind_of_office_only_one_that_it_ever_names_opens_a_case(
    day, kind, refused
):
    in_charge = (
        OfficeInCharge("municipality", to_day=date(2026, 12, 31)),
        OfficeInCharge("state", from_day=date(2028, 1, 1)),
    )
    process = definition()
    liaison = replace(process.roles[LIAISON], offices=in_charge)
    process = replace(process, roles={**process.roles, LIAISON: liaison})
    assert (wrong_kind(process, kind, day) is not None) is refused

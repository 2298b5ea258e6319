"""The requirements that a process file can name: when each is met, and the sentence that says why not."""

from dataclasses import replace
from datetime import date

import pytest

from builders import (
    ALBUQUERQUE,
    CHIHUAHUA,
    LIAISON,
    MX,
    PROGRAMME,
    REVIEWER,
    TO_OPINION,
    after,
    agreement,
    calendars,
    definition,
    facts,
    noon,
    signed,
)
from twinflow.domain.agreement.agreement import Child, Claim
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.people.people import Actor
from twinflow.domain.process.definition import Checklist, ChildState, Requirement
from twinflow.domain.steps.command import Attempt
from twinflow.domain.steps.requirements import CONDITIONS, REQUIREMENTS, missing_items, unmet

PROCESS = definition(MX)
PAPERS = Checklist(
    {"en": "Papers", "es": "Papeles"},
    {},
    {key: {"en": key.title(), "es": key.title()} for key in ("letter", "draft", "map")},
)


def why(case, name, actor=LIAISON, process=PROCESS, **more):
    """The sentence against it, None if it is met."""
    attempt = Attempt(case, process, actor, date(2008, 1, 8), calendars())
    reason = unmet(attempt, Requirement(name, **more))
    return None if reason is None else str(reason)


def by_correcting(given):
    return f" Put it on record: twinflow agreements correct A-1 1 --as PERSON --set {given} --reason REASON"


BY_A_CHILD = (
    " Take the steps of such a case, or open one: "
    f"twinflow agreements open REFERENCE --process {PROGRAMME} --parent A-1 --office chihuahua --as PERSON"
)


def entered(case, *entries):
    """The case with steps as they were entered, each (step, party, from, to)."""
    on = date(2008, 1, 8)
    steps = (
        HistoryEntry(EntryKind.STEP, "lucia", on, noon(on), step=step, party=party, from_state=old, to_state=new)
        for step, party, old, new in entries
    )
    return replace(case, history=(*case.history, *steps))


def test_a_fact_is_on_record_or_named():
    missing = "Number of the opinion is not on record."
    assert why(agreement(), "fact", fact="opinion_number") == missing + by_correcting("opinion_number=VALUE")
    asked = agreement(state="opinion_requested")
    assert why(asked, "fact", fact="opinion_number") == (
        f"{missing} It comes with “Opinion: favourable”: twinflow agreements advance A-1 issue_favourable_opinion "
        "--as PERSON --set opinion_number=VALUE; if it was "
        "there before: twinflow agreements correct A-1 1 --as PERSON --set opinion_number=VALUE --reason REASON"
    )
    assert why(agreement(facts=facts(opinion_number="1")), "fact", fact="opinion_number") is None
    other = {"opinion_number": (Claim("1", "a letter", chosen=False),)}
    assert why(agreement(facts=other), "fact", fact="opinion_number") is not None
    assert why(agreement(), "fact") is None


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ("", "The day is not known: Day of signature by all parties." + by_correcting("signed_on=DATE")),
        ("2008-03", "The day is not known: Day of signature by all parties." + by_correcting("signed_on=DATE")),
        ("2008-03-10", None),
    ],
)
def test_of_a_date_the_day_is_known(known, reason):
    case = agreement(facts=facts(signed_on=known)) if known else agreement()
    assert why(case, "date_known", fact="signed_on") == reason
    assert why(case, "date_known") is None


def test_every_item_of_a_checklist_was_there_at_the_last_look():
    process = replace(PROCESS, checklists={"papers": PAPERS})
    looks = [
        (None, "Papers: missing are Letter, Draft, Map."),
        ("", "Papers: missing are Letter, Draft, Map."),
        ("draft", "Papers: missing are Letter, Map."),
        ("draft,letter", "Papers: missing are Map."),
        ("letter,draft,map", None),
    ]
    for look, reason in looks:
        case = agreement(facts={} if look is None else {"papers": (Claim(look, ""),)})
        expected = None if reason is None else reason + by_correcting("papers=letter,draft,map")
        assert why(case, "checklist", process=process, checklist="papers") == expected
    assert missing_items(PAPERS, "map") == [PAPERS.items["letter"], PAPERS.items["draft"]]


def test_what_a_step_recorded_is_put_right_with_the_entry_of_that_step():
    on = date(2008, 1, 8)
    looked = HistoryEntry(
        EntryKind.STEP, "lucia", on, noon(on), step="check_draft", details={"draft_sections": "objective"}
    )
    case = agreement(state="opinion_requested", facts={"draft_sections": (Claim("objective", ""),)})
    reason = why(replace(case, history=(*case.history, looked)), "checklist", checklist="draft_sections")
    items = ",".join(PROCESS.checklists["draft_sections"].items)
    assert reason.endswith(
        f" Put it on record: twinflow agreements correct A-1 2 --as PERSON --set draft_sections={items} --reason REASON"
    )


def test_a_child_has_come_to_a_state_whatever_became_of_it_since():
    wanted = ChildState(PROGRAMME, "agreed")
    reached = (("drafted", date(2011, 5, 9)), ("agreed", date(2011, 8, 2)), ("ended", date(2012, 8, 2)))
    there = Child("A-1-P1", PROGRAMME, "ended", reached)
    reason = f"No {PROGRAMME} has come to “agreed” yet." + BY_A_CHILD
    assert why(agreement(), "child", child=wanted) == reason
    assert why(replace(agreement(), children=(there,)), "child", child=wanted) is None
    for other in (replace(there, process="other"), replace(there, reached=reached[:1])):
        assert why(replace(agreement(), children=(other,)), "child", child=wanted) == reason
    assert why(agreement(), "child") is None


def test_a_child_of_an_earlier_round_does_not_count_where_the_requirement_says_since_when():
    entry = HistoryEntry(EntryKind.STEP, "lucia", date(2011, 9, 1), noon(date(2011, 9, 1)), step="complete_draft")
    case, wanted = agreement(), ChildState(PROGRAMME, "agreed")
    again = replace(case, history=(*case.history, entry))
    for day, reason in (
        (date(2011, 8, 31), f"No {PROGRAMME} has come to “agreed” since 2011-09-01." + BY_A_CHILD),
        (date(2011, 9, 1), None),
    ):
        there = (Child("A-1-P1", PROGRAMME, "ended", (("drafted", date(2011, 5, 9)), ("agreed", day))),)
        given = {"child": wanted, "step": "complete_draft"}
        assert why(replace(again, children=there), "child", **given) == reason
        assert why(replace(case, children=there), "child", **given) is None


def test_all_parties_have_signed():
    both = agreement()
    assert why(both, "all_signed") == "These parties have not signed: Chihuahua, Albuquerque."
    half = agreement(parties=(*signed([CHIHUAHUA], "2008-03-10"), ALBUQUERQUE))
    assert why(half, "all_signed") == "These parties have not signed: Albuquerque."
    assert why(agreement(parties=signed([CHIHUAHUA, ALBUQUERQUE], "")), "all_signed") is None


STEPS = {"steps": ("accept_renewal", "approve_profile")}


def test_every_party_has_taken_every_step_since_the_case_came_into_its_state():
    old = entered(agreement(), ("accept_renewal", "Chihuahua", "x", "x"), ("accept_renewal", "Albuquerque", "x", "y"))
    steps = [
        ("accept_renewal", "Chihuahua", "y", "y"),
        ("approve_profile", "Albuquerque", "y", "y"),
        ("accept_renewal", "Albuquerque", "y", None),
        ("approve_profile", "Chihuahua", "y", "y"),
    ]
    accept, approve = (PROCESS.steps[step].label["en"] for step in STEPS["steps"])
    expected = [
        f"Missing from Chihuahua: {accept}.",
        f"Missing from Chihuahua, Albuquerque: {approve}.",
        f"Missing from Chihuahua, Albuquerque: {approve}.",
        f"Missing from Chihuahua: {approve}.",
        None,
    ]
    found = [why(old, "every_party", **STEPS)]
    found.append(why(entered(old, steps[0]), "every_party", **STEPS))
    found.append(why(entered(old, steps[0], steps[2]), "every_party", **STEPS))
    found.append(why(entered(old, *steps[:3]), "every_party", **STEPS))
    found.append(why(entered(old, *steps), "every_party", **STEPS))
    assert found == expected


def test_the_step_that_led_here_counts_and_one_of_an_earlier_round_does_not():
    here = entered(agreement(), ("approve_profile", None, "x", "y"))
    assert why(here, "step_taken", steps=("approve_profile",)) is None
    gone_on = entered(here, ("send_letter", None, "y", "z"))
    assert why(gone_on, "step_taken", steps=("approve_profile",)) == (
        f"Not done yet: {PROCESS.steps['approve_profile'].label['en']}."
    )
    assert why(gone_on, "step_taken", steps=("send_letter", "approve_profile")) is not None
    assert why(entered(gone_on, ("approve_profile", None, "z", "z")), "step_taken", steps=("approve_profile",)) is None
    assert why(replace(agreement(), history=()), "step_taken", steps=("approve_profile",)) is not None


def test_another_person_is_one_who_took_none_of_the_steps():
    case = after(agreement(), *TO_OPINION)
    label = PROCESS.steps["request_opinion"].label["en"]
    asked = {"steps": ("answer_observations", "request_opinion")}
    assert why(case, "another_person_than", **asked) == (
        f"lucia took the step “{label}”; another person has to take this one."
    )
    assert why(case, "another_person_than", REVIEWER, **asked) is None
    assert why(case, "another_person_than", steps=("sign",)) is None
    assert why(case, "another_person_than", Actor("lucia", frozenset()), **asked) is not None


def test_the_names_are_those_that_a_process_file_can_name():
    assert set(REQUIREMENTS) == {
        "fact", "date_known", "all_signed", "checklist", "child", "every_party", "step_taken", "another_person_than",
        "not_before", "not_after", "draft_submitted", "observations_made", "observations_closed", "consultations_given",
    }  # fmt: skip
    assert set(REQUIREMENTS) >= CONDITIONS == {"all_signed"}

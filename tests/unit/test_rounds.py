"""Opinions in rounds: numbered observations, answers, consultations, drafts, and nobody who goes on past what is open."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import (
    AT_PAGE,
    OPINION,
    REVIEWER,
    TO_OPINION,
    acted,
    after,
    agreement,
    definition,
    noon,
    people,
    refusal,
    rulebook,
)
from twinflow.domain.agreement.entries import Correction, of_a_round
from twinflow.domain.agreement.history import Way
from twinflow.domain.agreement.present_names import numbered
from twinflow.domain.agreement.rounds import Mark, Standing, changes_between, kept_from_the_city, rounds_of
from twinflow.domain.corrections.correction import CorrectionCommand, decide
from twinflow.domain.people.people import Actor
from twinflow.domain.steps.round_acts import RoundAct
from twinflow.errors import BadInput, Refused

DAY = date(2008, 2, 20)
LUCIA = Actor("lucia", frozenset({"liaison"}))
COUNSEL = Actor("carla", frozenset({"counsel"}))
PROCESS = definition("mx/twinning")


def asked():
    return after(agreement(), *TO_OPINION)


def observed(*articles):
    case = asked()
    for article in articles:
        case = acted(case, RoundAct.OBSERVE, DAY, REVIEWER, article=article, text=f"see {article}")
    return case


def against(*arguments, do=acted, **more):
    """Why it cannot be done."""
    with pytest.raises(Refused) as refused:
        do(*arguments, **more)
    return " ".join(str(reason) for reason in refused.value.reasons)


def standings(case):
    return {number: each.standing for number, each in rounds_of(case.history, PROCESS).observations.items()}


def test_observations_are_numbered_answered_closed_and_reopened_from_round_to_round():
    case = after(observed("V", "XIII"), ("make_observations", DAY, REVIEWER))
    assert standings(case) == {1: Standing.OPEN, 2: Standing.OPEN}
    assert "These observations are not answered: 1, 2." in refusal(case, "answer_observations", DAY)[0]
    case = acted(acted(case, RoundAct.ANSWER, DAY, LUCIA, number=1), RoundAct.ANSWER, DAY, LUCIA, number=2)
    case = after(case, ("answer_observations", DAY))
    case = acted(case, RoundAct.CLOSE, DAY, REVIEWER, number=1)
    case = acted(case, RoundAct.REOPEN, DAY, REVIEWER, number=2, text="say when")
    case = acted(case, RoundAct.OBSERVE, DAY, REVIEWER, article="I")
    assert standings(case) == {1: Standing.CLOSED, 2: Standing.REOPENED, 3: Standing.OPEN}
    (reason,) = refusal(case, "issue_favourable_opinion", DAY, REVIEWER, records=OPINION)
    assert reason.startswith("These observations are not closed: 2, 3.")
    first, second = rounds_of(case.history, PROCESS).rounds
    assert (first.returned, first.ended.step, second.number, second.ended) == ((1, 2), "make_observations", 2, None)


def test_nothing_goes_back_without_an_observation():
    (reason,) = refusal(asked(), "make_observations", DAY, REVIEWER)
    assert reason.startswith("No observation is open that could be answered. Make one: twinflow rounds observe A-1")


def test_everything_wrong_is_said_at_once():
    with pytest.raises(BadInput) as bad:
        acted(asked(), RoundAct.OBSERVE, DAY, REVIEWER, text=" ", article="")
    assert [problem.place for problem in bad.value.problems] == ["--text", "--article"]
    with pytest.raises(Refused) as refused:
        acted(asked(), RoundAct.OBSERVE, date(2008, 2, 17), LUCIA, article="V")
    assert len(refused.value.reasons) == 2


def test_who_decides_and_who_answers_wait_for_their_turn():
    with_them = observed("V")
    assert "wait for its end" in against(with_them, RoundAct.ANSWER, DAY, LUCIA, number=1)
    assert "wait for its end" in against(with_them, RoundAct.SUBMIT, DAY, LUCIA, draft="Article V.")
    back = after(with_them, ("make_observations", DAY, REVIEWER))
    assert "no round is open" in against(back, RoundAct.CLOSE, DAY, REVIEWER, number=1)


def test_who_answered_an_observation_does_not_close_it():
    both = Actor("hugo", frozenset({"liaison", "reviewer"}))
    case = after(observed("V"), ("make_observations", DAY, REVIEWER))
    case = after(acted(case, RoundAct.ANSWER, DAY, both, number=1), ("answer_observations", DAY))
    reason = against(case, RoundAct.CLOSE, DAY, both, number=1)
    assert reason == "hugo answered observation 1; another person has to close it."


def test_nobody_tied_to_who_answered_an_observation_closes_it():
    shell = Way("shell", machine_user="root")
    for_ana = Way("page", role="liaison", acts_for="ana")
    reviewer = frozenset({"reviewer"})
    ties = [
        (
            Actor("lucia", LUCIA.roles, way=AT_PAGE),
            Actor("rosa", reviewer, acts_for={"reviewer": "lucia"}, way=AT_PAGE),
        ),
        (Actor("lucia", LUCIA.roles, way=AT_PAGE), Actor("rosa", reviewer, also=frozenset({"lucia"}), way=AT_PAGE)),
        (Actor("lucia", LUCIA.roles, way=for_ana), Actor("ana", reviewer, way=AT_PAGE)),
        (Actor("lucia", LUCIA.roles, way=shell), Actor("rosa", reviewer, way=shell)),
    ]
    for answers, closes in ties:
        case = after(observed("V"), ("make_observations", DAY, REVIEWER))
        case = after(acted(case, RoundAct.ANSWER, DAY, answers, number=1), ("answer_observations", DAY))
        assert "another person has to close it" in against(case, RoundAct.CLOSE, DAY, closes, number=1)
    other = Actor("rosa", reviewer, way=AT_PAGE)
    assert standings(acted(case, RoundAct.CLOSE, DAY, other, number=1)) == {1: Standing.CLOSED}


def test_who_was_consulted_is_waited_for_and_has_a_day():
    case = acted(asked(), RoundAct.CONSULT, DAY, REVIEWER, role="counsel", text="Is it in order?")
    (consultation,) = rounds_of(case.history, PROCESS).consultations.values()
    assert consultation.asked.due_on == date(2008, 3, 5)
    (reason,) = refusal(case, "issue_favourable_opinion", DAY, REVIEWER, records=OPINION)
    assert reason == (
        "0 of 1 consultations have their answer; missing: legal counsel of the ministry (consultation 1)."
    )
    assert "is not legal counsel" in against(case, RoundAct.GIVE, DAY, REVIEWER, number=1)
    case = acted(case, RoundAct.GIVE, DAY, COUNSEL, number=1)
    assert refusal(case, "issue_favourable_opinion", DAY, REVIEWER, records=OPINION) == []


def test_a_round_has_the_draft_submitted_before_it_and_what_changed_is_seen():
    case = after(agreement(), *TO_OPINION[:-1])
    case = acted(case, RoundAct.SUBMIT, date(2008, 2, 18), LUCIA, draft="Article V.\nArticle XIII.")
    case = after(case, TO_OPINION[-1])
    case = after(acted(case, RoundAct.OBSERVE, DAY, REVIEWER, article="V"), ("make_observations", DAY, REVIEWER))
    case = acted(case, RoundAct.ANSWER, DAY, LUCIA, number=1)
    case = acted(case, RoundAct.SUBMIT, DAY, LUCIA, draft="Article V, every year.\nArticle XIII.")
    case = after(case, ("answer_observations", DAY))
    old, new = (of_a_round(each.draft).text for each in rounds_of(case.history, PROCESS).rounds)
    assert changes_between(old, new) == [
        (Mark.GONE, "Article V."),
        (Mark.NEW, "Article V, every year."),
        (Mark.SAME, "Article XIII."),
    ]


def test_what_stays_with_the_ministry_is_its_notes_its_consultations_and_a_round_that_has_not_ended():
    case = acted(observed("V"), RoundAct.NOTE, DAY, REVIEWER, text="ask the consulate")
    hidden = [case.history[place].kind.value for place in sorted(kept_from_the_city(case.history, PROCESS))]
    assert hidden == ["observation", "note"]
    case = after(case, ("make_observations", DAY, REVIEWER))
    hidden = [case.history[place].kind.value for place in kept_from_the_city(case.history, PROCESS)]
    assert hidden == ["note"]


def corrected(case, number, actor, correction=Correction.WITHDRAW, **asked_for):
    command = CorrectionCommand(entry=number, correction=correction, reason="typed wrongly", asked=asked_for)
    return decide(case, case.history, command, actor, rulebook(), people(), noon(DAY + timedelta(days=1))).after


def test_a_wrong_observation_is_corrected_or_withdrawn_and_its_number_is_not_given_again():
    case = observed("V", "XIII")
    last = numbered(case.history)[-1][0]
    case = corrected(case, last, REVIEWER, Correction.REPLACE, text="read XIII again")
    assert rounds_of(case.history, PROCESS).observations[2].text == "read XIII again"
    case = corrected(case, last, REVIEWER)
    assert standings(case) == {1: Standing.OPEN}
    case = acted(case, RoundAct.OBSERVE, DAY + timedelta(days=1), REVIEWER, article="I")
    assert set(standings(case)) == {1, 3}


def test_what_rests_on_an_observation_stands_in_the_way_of_withdrawing_it_and_only_its_author_does():
    case = after(observed("V"), ("make_observations", DAY, REVIEWER))
    made = numbered(case.history)[-2][0]
    assert "No observation is open" in against(case, made, REVIEWER, do=corrected)
    assert "only they correct it" in against(case, made, LUCIA, do=corrected)


STEPS = ("make_observations", "answer_observations", "issue_favourable_opinion")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*RoundAct, *STEPS]), st.integers(1, 3)), max_size=14))
def test_no_order_of_acts_lets_anybody_go_on_past_an_observation_that_is_open(deeds):
    case = asked()
    for deed, number in deeds:
        before = rounds_of(case.history, PROCESS)
        actor = LUCIA if deed in {RoundAct.ANSWER, RoundAct.SUBMIT, "answer_observations"} else REVIEWER
        try:
            if isinstance(deed, RoundAct):
                numbers = {} if deed in {RoundAct.OBSERVE, RoundAct.SUBMIT, RoundAct.NOTE} else {"number": number}
                more = {"article": "V"} if deed is RoundAct.OBSERVE else {}
                more |= {"draft": "a draft"} if deed is RoundAct.SUBMIT else {}
                case = acted(case, deed, DAY, actor, **numbers, **more)
            else:
                assert not refusal(case, deed, DAY, actor, records=OPINION if deed.startswith("issue") else {})
                case = after(case, (deed, DAY, actor, OPINION if deed.startswith("issue") else {}))
        except (Refused, BadInput, AssertionError):
            continue
        if deed == "answer_observations":
            assert before.unanswered("opinion") == []
        if deed == "issue_favourable_opinion":
            assert before.unclosed("opinion") == []
    if case.state == "opinion_favourable":
        assert rounds_of(case.history, PROCESS).unclosed("opinion") == []

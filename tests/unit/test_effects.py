"""What steps do to the text and its term beyond the state, and duties of the same day every year."""

from dataclasses import replace
from datetime import date

import pytest

from builders import (
    CUENCA,
    EC,
    MEDELLIN,
    MX,
    after,
    agreement,
    definition,
    derived,
    edited,
    facts,
    signed,
    tiny_process,
)
from twinflow.domain.agreement.agreement import Claim, Party, Signature
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.process.definition import Effect
from twinflow.domain.steps.effects import signed_at_entry, start_term, with_day_of_signature, with_effect
from twinflow.errors import BadInput

PARTIES = (Party("Lyon", "FR", home=True), Party("Puebla", "MX"))
SIGNED_THEN_SENT = (
    ("asked_on = { en", ('signed_on = { en = "Signed", es = "Firmado" }\nin_force_on = { en = "In force", es = "Vigente" }\n'
     'term_starts_on = { en = "Term", es = "Plazo" }\nasked_on = { en')),
    ("[states.done]", ('[states.signed]\nstage = "work"\nsigned = true\nwaits_for = "liaison"\n'
     'label = { en = "Signed", es = "Firmado" }\n[states.done]')),
    ("[steps.finish]", ('[steps.sign]\nfrom = ["asked"]\nto = [{ when = "all_signed", state = "signed" }, { state = "asked" }]\n'
     'by = ["liaison"]\nper_party = "signature"\neffect = "sign_text"\nlabel = { en = "Sign", es = "Firmar" }\n'
     '[steps.transmit]\nfrom = ["signed"]\nto = "done"\nby = ["liaison"]\neffect = "enter_into_force"\n'
     'label = { en = "Transmit", es = "Remitir" }\n[steps.finish]')),
)  # fmt: skip


def test_a_text_may_be_signed_on_one_day_and_enter_into_force_on_another(tmp_path):
    process = tiny_process(tmp_path, *SIGNED_THEN_SENT)
    case = agreement(process, opened_on=date(2026, 1, 5), parties=PARTIES)
    signed = after(
        case,
        ("ask", date(2026, 1, 5)),
        ("sign", date(2026, 2, 2), "Lyon"),
        ("sign", date(2026, 2, 9), "Puebla"),
        process=process,
    )
    assert (signed.day_of("signed_on"), signed.day_of("in_force_on")) == (date(2026, 2, 9), None)
    sent = after(signed, ("transmit", date(2026, 2, 20)), process=process)
    assert [sent.day_of(fact) for fact in ("signed_on", "in_force_on", "term_starts_on")] == [
        date(2026, 2, 9),
        date(2026, 2, 20),
        date(2026, 2, 20),
    ]


def test_a_fact_that_an_effect_gives_is_recorded_by_no_other_step(tmp_path):
    edits = [*SIGNED_THEN_SENT, ("[steps.transmit]", '[steps.transmit]\nday_as = "signed_on"')]
    with pytest.raises(BadInput) as caught:
        tiny_process(tmp_path, *edits)
    assert [str(problem.message) for problem in caught.value.problems] == [
        "“signed_on” gets its day from the effect of a step; give this one another name."
    ]


YEARLY = (
    ('runs_from = { fact = "asked_on" }\nlength = "10 days"', ('runs_from = { fact = "asked_on", on = "01-31" }\n'
     'length = "1 year"\nrecurs = true\nroll = "none"')),
    ('met_by = ["finish"]', 'met_by = ["report"]'),
    ("[steps.finish]", ('[steps.report]\nfrom = ["asked"]\nto = "asked"\nby = ["liaison"]\n'
     'label = { en = "Report", es = "Informar" }\n[steps.finish]')),
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (date(2026, 3, 2), [date(2027, 1, 31), date(2028, 1, 31)]),
        (date(2026, 1, 30), [date(2026, 1, 31), date(2027, 1, 31), date(2028, 1, 31)]),
        (date(2026, 1, 31), [date(2027, 1, 31), date(2028, 1, 31)]),
    ],
)
def test_a_report_due_every_31_january_is_due_every_31_january(tmp_path, asked, due):
    process = tiny_process(tmp_path, *YEARLY)
    case = after(agreement(process, opened_on=asked), ("ask", asked), process=process)
    found = derived(case, date(2027, 6, 1), process).deadlines
    assert [deadline.due_on for deadline in found] == due


@pytest.mark.parametrize("text", ["02-30", "13-01", "1-31", "31-01", "02-29"])
def test_a_day_that_not_every_year_has_is_refused(tmp_path, text):
    with pytest.raises(BadInput, match="mistakes"):
        tiny_process(tmp_path, *YEARLY[1:], (YEARLY[0][0], edited(YEARLY[0][1], ("01-31", text))))


# What the effects leave where something is not known, or is known already


def test_where_the_day_of_one_signature_is_unknown_the_day_of_signature_is_unknown():
    known, unknown = Signature(PartialDate.of(date(2011, 5, 6))), Signature(PartialDate(2011))
    parties = (replace(CUENCA, signature=known), replace(MEDELLIN, signature=unknown))
    case = with_day_of_signature(agreement(EC, state="signed", parties=parties))
    assert case.facts["signed_on"] == (Claim(PartialDate(), ""),)


def test_what_is_on_record_of_the_term_is_not_written_again_by_its_start():
    on = date(2011, 5, 6)
    known = facts(signed_on="2011-05-06", in_force_on="2011-06-01")
    case = start_term(agreement(EC, state="signed", parties=signed((CUENCA, MEDELLIN), "2011-05-06"), facts=known))
    assert case.facts["in_force_on"] == known["in_force_on"]
    assert case.day_of("term_starts_on") == on


def test_a_term_without_an_end_is_renewed_from_the_day_of_the_renewal():
    renew = next(step for step in definition(MX).steps.values() if step.effect is Effect.RENEW_TERM)
    case = with_effect(agreement(), renew, date(2012, 12, 5))
    assert case.facts["term_starts_on"] == (Claim(PartialDate.of(date(2012, 12, 5)), ""),)


@pytest.mark.parametrize(
    ("state", "known", "signature", "in_force_on"),
    [
        ("in_force", {"signed_on": "2011-05-06"}, date(2011, 5, 6), date(2011, 5, 6)),
        ("in_force", {}, None, None),
    ],
)
def test_a_case_entered_after_its_signature_has_the_signatures_of_all(state, known, signature, in_force_on):
    case = signed_at_entry(agreement(EC, state=state, facts=facts(**known)), definition(EC))
    assert [party.signature and party.signature.on.as_date for party in case.parties] == [signature] * 2
    assert all(party.signature is not None for party in case.parties)
    assert (case.day_of("signed_on"), case.day_of("in_force_on")) == (signature, in_force_on)


def test_a_case_entered_before_its_signature_is_left_as_it_is():
    case = agreement(EC, state="approved", facts=facts(signed_on="2011-05-06"))
    assert signed_at_entry(case, definition(EC)) == case


def test_entered_after_signature_a_text_that_only_a_later_step_brings_into_force_is_not_in_force(tmp_path):
    process = tiny_process(tmp_path, *SIGNED_THEN_SENT)
    case = agreement(
        process, state="signed", opened_on=date(2026, 1, 5), parties=PARTIES, facts=facts(signed_on="2026-01-02")
    )
    entered = signed_at_entry(case, process)
    assert entered.unsigned == ()
    assert (entered.day_of("signed_on"), entered.day_of("in_force_on")) == (date(2026, 1, 2), None)

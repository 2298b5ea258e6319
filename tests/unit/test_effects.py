"""What steps do to the text and its term beyond the state, and duties of the same day every year."""

from datetime import date

import pytest

from builders import after, agreement, derived, edited, tiny_process
from twinflow.domain.agreement.agreement import Party
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

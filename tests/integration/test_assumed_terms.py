"""A term the sheet does not state ends nothing: what comes from a default says so; only what is confirmed lapses or is late."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from builders import AT_PAGE
from twinflow.domain.agreement.agreement import Agreement, Term
from twinflow.domain.agreement.entries import TermStated
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.terms import TermCommand
from twinflow.errors import BadInput, Refused
from twinflow.language import say
from twinflow.registers.dossiers import read_register
from twinflow.services.agreements.importing import import_register
from twinflow.services.agreements.stating_terms import state_term
from twinflow.services.reading import agreements, deadlines
from twinflow.services.reading.explanations import explain
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

SHEET = "id,country,city,signed\nOLD,United States,Albuquerque,2014-10-10\nNEW,Spain,León,2026-11-02\n"
MAP = """
[register]
process = "mx/twinning"
office = "chihuahua"
reference = "id"
[home]
name = "Chihuahua"
country = "MX"
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
SAID = (
    "assumed by the model's default (5 years, Model agreement, art. XIV: up to five years, renewable for equal periods), "
    "not confirmed"
)


@pytest.fixture
def register(world: World, tmp_path: Path) -> World:
    """Two agreements of a sheet that has no column for any term: one of 2014, one of this year."""
    (tmp_path / "sheet.csv").write_text(SHEET, "utf-8")
    (tmp_path / "map.toml").write_text(MAP, "utf-8")
    sheet = (tmp_path / "sheet.csv", tmp_path / "map.toml")
    dossiers = read_register(*sheet, world.rulebook, world.people, world.now)
    import_register(world.engine, world.rulebook, world.people, dossiers, now=world.now)
    return world


def case(world: World, reference: str = "OLD") -> Agreement:
    with UnitOfWork(world.engine, reading=True) as work:
        return work.agreements.get(reference)


def told(world: World, reference: str) -> set[tuple[str, str]]:
    return {
        (entry.details["notice"], entry.details["subject"])
        for entry in case(world, reference).history
        if entry.kind == "alert"
    }


def state(world: World, term: str = "validity", reading: str = "", reference: str = "OLD", person: str = "elena"):
    command = TermCommand(term, Term.parse(reading) if reading else None, "text, clause 9" if reading else "")
    return state_term(
        world.engine, world.rulebook, world.people, reference, command, person=person, door=AT_PAGE, now=world.now
    )


def pass_days(world: World, days: int) -> None:
    for _ in range(days):
        world.now += timedelta(days=1)
        world.tick()


def test_an_imported_case_is_not_expired_by_the_models_default_validity_and_nothing_of_it_is_late(register):
    register.tick()
    pass_days(register, 3)
    found = case(register)
    assert found.state == "in_force"
    assert not [entry for entry in found.history if entry.kind == "step"]
    lines = [
        line
        for line in deadlines.list_deadlines(
            register.engine, register.rulebook, register.people, register.now, viewer=OPERATOR
        ).lines
        if line.reference == "OLD"
    ]
    assumed = [line for line in lines if line.assumed is not None]
    assert {line.id.split("/")[1] for line in assumed} >= {"term_end", "first_programme", "evaluation"}
    assert not any(line.is_late or line.has_passed for line in assumed)
    gone_by = next(line for line in assumed if "/first_programme/" in line.id)
    assert (gone_by.days, gone_by.standing, say(gone_by.standing_words, "en")) == (
        None,
        "unconfirmed",
        "to be confirmed",
    )
    assert not {subject for notice, subject in told(register, "OLD") if notice == "deadline-overdue"} & {
        f"deadline:{line.id.split('/')[1]}" for line in assumed
    }


def test_its_date_is_shown_as_assumed_wherever_it_is_shown(register):
    page = agreements.show_agreement(
        register.engine, register.rulebook, register.people, "NEW", register.now, viewer=OPERATOR
    )
    (end,) = [line for line in page.deadlines if "/term_end/" in line.id]
    assert (end.due_on, say(end.assumed, "en")) == (date(2031, 11, 2), SAID)
    assert SAID in {say(term.assumed, "en") for term in page.terms if term.assumed}
    why = explain(
        register.engine,
        register.rulebook,
        register.people,
        DeadlineId.parse("NEW/term_end/1"),
        register.now,
        viewer=OPERATOR,
    )
    assert say(why.assumed, "en") == SAID
    assert page.line.assumed is not None, "the next date is one of those"


def test_a_list_names_in_short_what_the_page_names_with_the_command_that_states_it(register):
    here = (register.engine, register.rulebook, register.people)
    page = agreements.show_agreement(*here, "NEW", register.now, viewer=OPERATOR)
    (line,) = [
        each for each in agreements.each_agreement(*here, register.now, viewer=OPERATOR) if each.reference == "NEW"
    ]
    assert line.missing == page.line.missing
    assert "To be confirmed: Validity" in {say(each, "en") for each in line.missing}
    command = (
        "state what the text says: twinflow agreements confirm-term NEW validity LENGTH --as PERSON --source WHERE"
    )
    assert f"Validity: {SAID}: {command}" in {say(each, "en") for each in page.missing}


def test_a_list_does_not_name_as_passed_what_is_only_assumed(register):
    register.tick()
    by_reference = {
        line.reference: line
        for line in agreements.each_agreement(
            register.engine, register.rulebook, register.people, register.now, viewer=OPERATOR
        )
    }
    old = by_reference["OLD"]
    assert (old.passed, old.overdue, old.unfinished) == (None, False, None)
    assert old.next_on is None or old.next_on >= register.now.date()
    assert case(register).next_on == (old.next_on or date.max)


def test_it_warns_ahead_and_the_liaison_is_asked_once_for_each_term(register):
    register.tick()
    asked = {subject for notice, subject in told(register, "NEW") if notice == "term-assumed"}
    assert "term_assumed:validity" in asked
    register.now = datetime(2026, 12, 7, 15, tzinfo=UTC)  # 30 days before the first programme by default
    register.tick()
    assert ("deadline-soon", "deadline:first_programme") in told(register, "NEW")
    register.now = datetime(2027, 2, 1, 15, tzinfo=UTC)
    register.confirm_clock()
    register.tick()
    assert ("deadline-overdue", "deadline:first_programme") not in told(register, "NEW")


def test_once_somebody_has_confirmed_the_default_it_lapses(register):
    register.tick()
    done = state(register)
    assert str(done.term) == "5 years"
    register.tick()
    found = case(register)
    assert (found.state, str(found.terms["validity"])) == ("expired", "5 years")
    (stated,) = [said for entry in found.history if (said := TermStated.read(entry)) is not None]
    assert (stated.term, stated.reading) == ("validity", "5 years")
    (end,) = [each for each in found.deadlines if each.rule == "term_end"]
    assert (end.assumed, end.closed_on) == ((), date(2019, 10, 10))
    settled = {each.finding.subject for each in found.findings if each.settled and each.finding.code == "term_assumed"}
    assert "validity" in settled


def test_what_the_text_says_otherwise_counts_as_it_stands_and_whoever_is_concerned_hears_of_the_date(register):
    register.tick()
    done = state(register, reading="3 years", reference="NEW")
    (end,) = [each for each in done.agreement.deadlines if each.rule == "term_end"]
    assert (end.due_on, end.assumed) == (date(2029, 11, 2), ())
    assert ("deadline-moved", "moved:term_end") in told(register, "NEW")


def test_of_a_confirmed_term_of_long_ago_the_levels_of_then_are_not_told_as_a_flood(register):
    register.tick()
    before = [entry for entry in case(register).history if entry.kind == "alert"]
    state(register, "first_programme")
    register.tick()
    new = [entry for entry in case(register).history if entry.kind == "alert"][len(before) :]
    about = [entry for entry in new if entry.details["subject"] == "deadline:first_programme"]
    assert {entry.details["role"] for entry in about} == {"liaison"}, "nothing of the time before is escalated"
    assert len({entry.details["level"] for entry in about}) == 1
    assert {entry.effective_on for entry in about} == {register.now.date()}, "it was not on record before"


def test_a_text_that_says_nothing_of_it_gives_no_date(register):
    done = state(register, reading="not stated")
    assert [each for each in done.agreement.deadlines if each.rule == "term_end" and each.is_open] == []


@pytest.mark.parametrize(
    ("command", "person", "error"),
    [
        (TermCommand("validty"), "elena", BadInput),
        (TermCommand("validity", Term.parse("3 years")), "elena", BadInput),
        (TermCommand("validity"), "rita", Refused),
    ],
    ids=["no such term", "no source", "not the liaison"],
)
def test_it_is_refused_with_its_reason(register, command, person, error):
    with pytest.raises(error):
        state_term(
            register.engine,
            register.rulebook,
            register.people,
            "OLD",
            command,
            person=person,
            door=AT_PAGE,
            now=register.now,
        )


def test_what_is_on_record_is_corrected_and_not_stated_again(register):
    state(register)
    with pytest.raises(Refused) as refused:
        state(register, reading="3 years")
    assert ["corrected" in say(reason, "en") for reason in refused.value.reasons] == [True]

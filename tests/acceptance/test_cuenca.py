"""The real register of Cuenca: imported, computed, told once by mail. Each sentence of the promise is a test."""

from collections.abc import Callable
from datetime import date, timedelta
from email.message import EmailMessage

import pytest

from smtp import RecordingServer
from twinflow.domain.agreement.agreement import Agreement, Deadline, DeadlineStatus
from twinflow.domain.agreement.listing import Filters
from twinflow.domain.people.viewer import OPERATOR
from twinflow.language import say
from twinflow.services.reading import agreements
from twinflow.services.reading.lines import AgreementLine
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

UNDATED = {"CU-21": "", "CU-18": "2007", "CU-11": "1997", "CU-19": "2008-11"}


def agreement(world: World, reference: str) -> Agreement:
    with UnitOfWork(world.engine, reading=True) as work:
        return work.agreements.get(reference)


def deadline(world: World, reference: str, rule: str) -> Deadline:
    return next(d for d in agreement(world, reference).deadlines if d.rule == rule)


def lines(world: World, *, everything: bool = False) -> dict[str, AgreementLine]:
    filters = Filters(everything=everything)
    found = agreements.each_agreement(world.engine, world.rulebook, world.people, world.now, filters, viewer=OPERATOR)
    return {line.reference: line for line in found}


def missing(world: World, reference: str) -> list[str]:
    return [say(message, "en") for message in lines(world)[reference].missing]


def test_three_sheets_make_38_dossiers_of_26_agreements_8_negotiations_and_4_intentions(cuenca: World) -> None:
    found = lines(cuenca)
    assert len(found) == 38
    assert sum(reference.startswith("CU") for reference in found) == 26
    assert sum(reference.startswith("NE") for reference in found) == 8
    assert sum(reference.startswith("IN") for reference in found) == 4


def test_the_26_agreements_have_29_partner_cities_and_one_text_has_five_parties(cuenca: World) -> None:
    texts = [agreement(cuenca, reference) for reference in lines(cuenca) if reference.startswith("CU")]
    assert sum(not party.home for text in texts for party in text.parties) == 29
    assert [text.reference for text in texts if len(text.parties) == 5] == ["CU-21"]


@pytest.mark.parametrize(("reference", "known"), UNDATED.items())
def test_texts_without_a_day_have_no_computed_deadline_and_show_date_missing(
    cuenca: World, reference: str, known: str
) -> None:
    assert agreement(cuenca, reference).deadlines == ()
    assert missing(cuenca, reference) == [f"Date missing: only {known} is known" if known else "Date missing"]
    assert not lines(cuenca)[reference].in_force


@pytest.mark.parametrize(("reference", "party"), [("CU-14", "La Habana"), ("CU-25", "Marrakech")])
def test_texts_without_the_counterparts_signature_are_not_in_force(cuenca: World, reference: str, party: str) -> None:
    assert missing(cuenca, reference) == [f"Signature missing: {party}"]
    assert not lines(cuenca)[reference].in_force


def test_bruges_expires_with_the_first_sweep_and_history_keeps_both_dates(cuenca: World) -> None:
    assert agreement(cuenca, "CU-02").state == "in_force"
    cuenca.tick()
    bruges = agreement(cuenca, "CU-02")
    assert bruges.state == "expired"
    (expiry,) = bruges.steps_taken("expire")
    assert expiry.effective_on == date(2006, 10, 8)
    assert expiry.recorded_at == cuenca.now
    assert not lines(cuenca)["CU-02"].in_force


def test_medellins_contradictory_first_programme_warns_by_the_earlier_and_is_late_by_the_later_date(
    cuenca: World,
) -> None:
    programme = deadline(cuenca, "CU-10", "first_programme")
    assert (programme.warn_on, programme.due_on) == (date(2011, 7, 5), date(2011, 8, 4))
    assert "The text contradicts itself: First programme: 60 days, 90 days" in missing(cuenca, "CU-10")
    page = agreements.show_agreement(
        cuenca.engine, cuenca.rulebook, cuenca.people, "CU-10", cuenca.now, viewer=OPERATOR
    )
    overdue = [line for line in page.deadlines if line.is_overdue]
    assert [line.due_on for line in overdue] == [date(2011, 8, 4)]


def test_medellins_term_ended_and_the_last_day_for_notice_was_45_days_before(cuenca: World) -> None:
    assert deadline(cuenca, "CU-10", "term_end").due_on == date(2014, 5, 6)
    assert deadline(cuenca, "CU-10", "last_day_for_notice").due_on == date(2014, 3, 22)
    cuenca.tick()
    medellin = agreement(cuenca, "CU-10")
    assert medellin.state == "expired"
    assert medellin.steps_taken("expire")[0].effective_on == date(2014, 5, 6)
    assert deadline(cuenca, "CU-10", "first_programme").status is DeadlineStatus.UNMET


def test_cajamarca_is_indefinite_and_has_no_end(cuenca: World) -> None:
    cajamarca = agreement(cuenca, "CU-28")
    assert cajamarca.terms["validity"].indefinite
    assert cajamarca.deadlines == ()
    assert str(cajamarca.terms["notice_period"]) == "90 days"


def test_texts_that_state_no_validity_get_none_invented(cuenca: World) -> None:
    for reference in ("CU-05", "CU-13", "CU-25"):
        found = agreement(cuenca, reference)
        assert not found.terms["validity"].is_stated
        assert found.deadlines == ()


@pytest.mark.parametrize(
    ("reference", "signed"),
    [
        ("CU-26", ["2003-04-12", "2006-04-28"]),
        ("CU-08", ["2007-04-13", "2010-09-01"]),
        ("CU-28", ["2000-06-16", "2004-04-12"]),
        ("CU-18", ["1974", "1982", "1989", "2003", "2007"]),
        ("CU-20", ["2000-03-17", "2007-04-12"]),
    ],
)
def test_what_was_signed_more_than_once_is_one_relationship_of_several_generations(
    cuenca: World, reference: str, signed: list[str]
) -> None:
    with UnitOfWork(cuenca.engine, reading=True) as work:
        row, earlier, _ = work.agreements.around(OPERATOR, reference)
        generations = work.agreements.load([*earlier, row])
    assert [str(generation.fact("signed_on")) for generation in generations] == signed
    assert [generation.generation for generation in generations] == list(range(1, len(signed) + 1))
    assert generations[-1].reference == reference
    assert {generation.state for generation in generations[:-1]} == {"replaced"}


def test_the_addendum_and_the_unanswered_offer_of_bruges_are_facts_and_not_generations(cuenca: World) -> None:
    bruges = agreement(cuenca, "CU-02")
    assert (str(bruges.fact("amended_on")), str(bruges.fact("renewal_proposed_on"))) == ("2004-04-16", "2005")
    assert bruges.generation == 1


def test_importing_the_same_files_again_changes_nothing(cuenca: World) -> None:
    before = lines(cuenca, everything=True)
    history = [len(agreement(cuenca, reference).history) for reference in before]
    cuenca.import_cuenca()
    after = lines(cuenca, everything=True)
    assert list(after.items()) == list(before.items())
    assert [len(agreement(cuenca, reference).history) for reference in after] == history


def test_the_first_tick_sends_one_digest_about_all_of_this_and_the_second_sends_nothing(
    make_world: Callable[..., World], smtp: RecordingServer
) -> None:
    world = make_world(smtp.settings)
    world.import_cuenca()
    assert smtp.received == []
    assert world.tick().delivery.sent == 1
    ((recipients, digest),) = smtp.received
    assert recipients == ["lucia@cuenca.example"]
    text = plain(digest)
    for reference in (*UNDATED, "CU-14", "CU-25", "CU-02", "CU-10"):
        assert reference in text
    assert "60 días, 90 días" in text, "by which Medellín's first programme was due in 2011, and is unmet since 2014"
    assert "de agosto de 2011" not in text
    assert "martes 6 de mayo de 2014" not in text, "what the clock made up for is in the history, and no news"
    assert agreement(world, "CU-10").state == "expired"
    assert world.tick().delivery.sent == 0
    assert len(smtp.received) == 1


def test_the_digest_is_text_and_html_with_the_headers_of_an_automatic_message(
    make_world: Callable[..., World], smtp: RecordingServer
) -> None:
    world = make_world(smtp.settings)
    world.import_cuenca()
    world.tick()
    digest = smtp.received[0][1]
    assert digest["Auto-Submitted"] == "auto-generated"
    assert digest["Message-ID"].endswith("@test.example>")
    assert digest["Date"].datetime == world.now
    assert [part.get_content_type() for part in digest.iter_parts()] == ["text/plain", "text/html"], "no date is ahead"


def test_nobody_is_written_to_about_levels_that_passed_before_the_import(cuenca: World) -> None:
    cuenca.tick()
    for reference in lines(cuenca, everything=True):
        for entry in agreement(cuenca, reference).history:
            assert entry.details.get("level", "") not in {"180 days before", "90 days before", "30 days before"}


def test_what_stays_overdue_is_told_again_at_its_next_level_and_not_before(cuenca: World) -> None:
    """The term of Medellín has run out, so nothing of it is chased; nothing else is due."""
    cuenca.tick()
    for _ in range(40):
        cuenca.now += timedelta(days=1)
        assert cuenca.tick().delivery.sent == 0


def plain(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain",))
    assert part is not None
    return str(part.get_content())

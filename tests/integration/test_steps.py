"""Steps through the service, on both databases: together or not at all, one winner, nothing against the calendar."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text

from builders import AT_PAGE, DRAFT, NOTICE, SIGNED_TEXT, new_case
from twinflow.domain.agreement.agreement import Agreement, Claim, DeadlineStatus, Party, Term
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.calendar.dates import Length, PartialDate
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.process.catalogue import Catalogue
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.dossier import Dossier
from twinflow.errors import BadInput, DefinitionChanged, Refused, StaleAgreement
from twinflow.registers.dossiers import read_register
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.importing import import_register
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.mail import outbox
from twinflow.services.reading import agreements
from twinflow.storage.unit_of_work import UnitOfWork
from world import CUENCA, World

PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))


@pytest.fixture
def mexican(world: World) -> World:
    """One Mexican case in drafting, opened on Monday 2 March 2026."""
    world.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    open_(world)
    return world


def open_(world: World, reference: str = "MX-1", state: str = "drafting") -> None:
    new = new_case(
        reference,
        "mx/twinning",
        "chihuahua",
        "Chihuahua – Albuquerque",
        world.now.date(),
        PARTIES,
        state=state,
        terms={"validity": Term.parse("5 years"), "notice_period": Term.parse("60 days")},
    )
    open_agreement(world.engine, world.rulebook, world.people, new, actor="elena", door=AT_PAGE, now=world.now)


def take(world: World, step: str, person: str = "elena", on: date | None = None, **more: object) -> Agreement:
    world.ready_for("MX-1", step)
    command = StepCommand(step, on or world.now.date(), **more)  # type: ignore[arg-type]
    done = advance_agreement(
        world.engine, world.rulebook, world.people, "MX-1", command, person=person, door=AT_PAGE, now=world.now
    )
    return done.agreement


def loaded(world: World, reference: str = "MX-1") -> Agreement:
    with UnitOfWork(world.engine, reading=True) as work:
        return work.agreements.get(reference)


def sign(world: World) -> Agreement:
    take(world, "complete_draft", records=DRAFT)
    take(world, "request_opinion")
    take(world, "issue_favourable_opinion", "rita", records={"opinion_number": "DEP-1/26"})
    take(world, "sign", party="Chihuahua", place="Chihuahua")
    return take(world, "sign", party="Albuquerque", place="Chihuahua")


def test_without_a_day_a_step_is_of_the_office_s_today_and_its_hour_is_the_office_s(mexican: World) -> None:
    mexican.now = datetime(2026, 3, 4, 4, tzinfo=UTC)  # ten in the evening of the 3rd in Chihuahua
    command = StepCommand("complete_draft", None, records=DRAFT)
    advance_agreement(
        mexican.engine,
        mexican.rulebook,
        mexican.people,
        "MX-1",
        command,
        person="elena",
        door=AT_PAGE,
        now=mexican.now,
        hour=time(21, 30),
    )
    [entry] = loaded(mexican).steps_taken("complete_draft")
    assert entry.effective_on == date(2026, 3, 3)
    assert entry.details["received_at"] == "2026-03-04T03:30:00+00:00"


def test_what_a_step_decided_is_what_is_read_back(mexican: World) -> None:
    after = sign(mexican)
    found = loaded(mexican)
    by_key = {deadline.key: deadline for deadline in after.deadlines}
    assert (found.state, found.version, found.facts, found.parties) == (
        after.state,
        after.version,
        after.facts,
        after.parties,
    )
    assert {deadline.key: deadline for deadline in found.deadlines} == by_key
    assert [entry for entry in found.history if entry.kind is EntryKind.STEP] == [
        entry for entry in after.history if entry.kind is EntryKind.STEP
    ]


def test_signature_per_party_and_the_agreement_is_in_force_only_with_the_last(mexican: World) -> None:
    take(mexican, "complete_draft", records=DRAFT)
    take(mexican, "request_opinion")
    take(mexican, "issue_favourable_opinion", "rita", records={"opinion_number": "DEP-1/26"})
    assert take(mexican, "sign", party="Chihuahua").state == "partly_signed"
    assert not loaded(mexican).has_entered_into_force(mexican.now.date())
    assert take(mexican, "sign", party="Albuquerque").state == "signed"
    signed = loaded(mexican)
    assert signed.has_entered_into_force(mexican.now.date())
    due = {deadline.rule: deadline.due_on for deadline in signed.deadlines if deadline.is_open}
    assert due["first_programme"] == date(2026, 5, 4), "60 days end on Friday 1 May, Labour Day: the next business day"
    assert due["term_end"] == date(2031, 3, 2)
    assert due["last_day_for_notice"] == date(2031, 1, 1)


def test_a_refused_step_writes_nothing(mexican: World) -> None:
    before = loaded(mexican)
    with pytest.raises(Refused) as refusal:
        take(mexican, "request_opinion", "sergio")
    assert len(refusal.value.reasons) == 3, "the wrong person, no draft completed and none on file: all are said"
    assert loaded(mexican) == before
    assert outbox.messages(mexican.engine, viewer=OPERATOR) == []


def test_of_many_simultaneous_attempts_exactly_one_wins(mexican: World) -> None:
    take(mexican, "complete_draft", records=DRAFT)
    command = StepCommand("request_opinion", mexican.now.date())

    def attempt(_: int) -> str:
        try:
            advance_agreement(
                mexican.engine,
                mexican.rulebook,
                mexican.people,
                "MX-1",
                command,
                person="elena",
                door=AT_PAGE,
                now=mexican.now,
            )
        except (Refused, StaleAgreement) as error:
            return type(error).__name__
        return "won"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(attempt, range(24)))
    assert results.count("won") == 1
    assert len(loaded(mexican).steps_taken("request_opinion")) == 1


def test_a_form_filled_in_on_an_older_version_is_refused(mexican: World) -> None:
    version = loaded(mexican).version
    take(mexican, "complete_draft", records=DRAFT)
    with pytest.raises(StaleAgreement):
        advance_agreement(
            mexican.engine,
            mexican.rulebook,
            mexican.people,
            "MX-1",
            StepCommand("request_opinion", mexican.now.date()),
            person="elena",
            door=AT_PAGE,
            now=mexican.now,
            expected_version=version,
        )


def test_if_the_outbox_cannot_be_written_nothing_of_the_step_is(mexican: World) -> None:
    take(mexican, "complete_draft", records=DRAFT)
    before = loaded(mexican)
    with mexican.engine.begin() as connection:
        connection.execute(text("ALTER TABLE alert RENAME TO alert_gone"))
    with pytest.raises(Exception, match="alert"):
        take(mexican, "request_opinion")
    with mexican.engine.begin() as connection:
        connection.execute(text("ALTER TABLE alert_gone RENAME TO alert"))
    assert loaded(mexican) == before


def test_observations_stop_the_clock_of_the_opinion_until_they_are_answered(mexican: World) -> None:
    take(mexican, "complete_draft", records=DRAFT)
    due = {d.rule: d.due_on for d in take(mexican, "request_opinion").deadlines}["opinion"]
    assert due == date(2026, 3, 24), "15 business days from 2 March, Monday 16 March is a holiday"
    mexican.now += timedelta(days=3)
    paused = {d.rule: d for d in take(mexican, "make_observations", "rita").deadlines}
    assert (paused["opinion"].status, paused["opinion"].due_on) == (DeadlineStatus.PAUSED, None)
    assert paused["observations"].is_open
    mexican.now += timedelta(days=7)
    answered = {d.rule: d.due_on for d in take(mexican, "answer_observations").deadlines}
    assert answered["opinion"] == date(2026, 3, 31), "five business days stood still"
    moved = [entry.details for entry in loaded(mexican).history if entry.kind is EntryKind.DEADLINE]
    assert {"deadline": "opinion", "occurrence": "1", "from": "2026-03-24", "to": ""} in moved
    assert {"deadline": "opinion", "occurrence": "1", "from": "", "to": "2026-03-31"} in moved


def test_who_asked_for_the_opinion_cannot_give_it_in_whatever_role(mexican: World) -> None:
    take(mexican, "complete_draft", records=DRAFT)
    take(mexican, "request_opinion")
    known = mexican.people
    elena, rita = known.people["elena"], known.people["rita"]
    both = replace(elena, assignments=(*elena.assignments, *rita.assignments))
    people = replace(known, people={**known.people, "elena": both})
    command = StepCommand("issue_favourable_opinion", mexican.now.date(), records={"opinion_number": "DEP-1/26"})
    with pytest.raises(Refused) as refusal:
        advance_agreement(
            mexican.engine, mexican.rulebook, people, "MX-1", command, person="elena", door=AT_PAGE, now=mexican.now
        )
    assert ["another person" in str(reason) for reason in refusal.value.reasons] == [True]


@pytest.mark.parametrize("said", ["all", "objective, areas", "nonsense"])
def test_a_checklist_known_at_opening_is_said_item_by_item(mexican: World, said: str) -> None:
    new = new_case(
        "MX-2",
        "mx/twinning",
        "chihuahua",
        "x",
        mexican.now.date(),
        PARTIES,
        facts={"draft_sections": (Claim(said, ""),)},
    )
    with pytest.raises(BadInput) as caught:
        open_agreement(
            mexican.engine, mexican.rulebook, mexican.people, new, actor="elena", door=AT_PAGE, now=mexican.now
        )
    assert [problem.place for problem in caught.value.problems] == ["facts.draft_sections"]


def test_what_belongs_to_an_agreement_is_between_the_same_parties_and_signed_by_none(mexican: World) -> None:
    new = new_case("MX-1-R1", "renewal", "chihuahua", "2026", mexican.now.date(), (), parent="MX-1")
    child = open_agreement(
        mexican.engine, mexican.rulebook, mexican.people, new, actor="elena", door=AT_PAGE, now=mexican.now
    )
    assert [party.name for party in child.parties] == [party.name for party in loaded(mexican).parties]
    assert len(child.unsigned) == len(child.parties)


def test_a_programme_agreed_meets_the_deadline_of_its_agreement(mexican: World) -> None:
    sign(mexican)
    new = new_case("MX-1-P1", "annual-programme", "chihuahua", "2026", mexican.now.date(), (), parent="MX-1")
    open_agreement(mexican.engine, mexican.rulebook, mexican.people, new, actor="elena", door=AT_PAGE, now=mexican.now)
    mexican.now += timedelta(days=20)
    look_through(mexican)
    command = StepCommand("agree", mexican.now.date(), records={"period_ends_on": "2026-12-31"})
    advance_agreement(
        mexican.engine,
        mexican.rulebook,
        mexican.people,
        "MX-1-P1",
        command,
        person="elena",
        door=AT_PAGE,
        now=mexican.now,
    )
    first = next(d for d in loaded(mexican).deadlines if d.rule == "first_programme")
    assert (first.status, first.closed_on) == (DeadlineStatus.MET, mexican.now.date())


def test_a_programme_is_agreed_though_its_agreement_cannot_be_read_and_meets_its_deadline_once_it_can(
    mexican: World,
) -> None:
    sign(mexican)
    new = new_case("MX-1-P1", "annual-programme", "chihuahua", "2026", mexican.now.date(), (), parent="MX-1")
    open_agreement(mexican.engine, mexican.rulebook, mexican.people, new, actor="elena", door=AT_PAGE, now=mexican.now)
    mexican.now += timedelta(days=20)
    mexican.tick()
    put(mexican, "state = 'gone'")
    look_through(mexican)
    command = StepCommand("agree", mexican.now.date(), records={"period_ends_on": "2026-12-31"})
    advance_agreement(
        mexican.engine,
        mexican.rulebook,
        mexican.people,
        "MX-1-P1",
        command,
        person="elena",
        door=AT_PAGE,
        now=mexican.now,
    )
    assert [each.reference for each in mexican.tick().sweep.problems] == ["MX-1"]
    put(mexican, "state = 'signed'")
    assert mexican.tick().sweep.problems == ()
    first = next(d for d in loaded(mexican).deadlines if d.rule == "first_programme")
    assert (first.status, first.closed_on) == (DeadlineStatus.MET, mexican.now.date())


def look_through(world: World) -> None:
    command = StepCommand("check_contents", world.now.date(), records={"contents": "all"})
    advance_agreement(
        world.engine, world.rulebook, world.people, "MX-1-P1", command, person="elena", door=AT_PAGE, now=world.now
    )


def put(world: World, values: str) -> None:
    """Alter the row of the case."""
    with world.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE agreement SET {values} WHERE reference = 'MX-1'")


def test_renewal_needs_an_evaluation_and_the_acceptance_of_both_and_starts_where_the_term_ends(mexican: World) -> None:
    sign(mexican)
    take(mexican, "file_signed_text", records=SIGNED_TEXT)
    take(mexican, "request_registration")
    take(mexican, "register", "ramon", records={"registry_number": "R-1"})
    take(mexican, "begin_operation")
    mexican.now = datetime(2030, 11, 4, 18, tzinfo=UTC)
    take(mexican, "start_evaluation")
    take(mexican, "record_evaluation")
    take(mexican, "accept_renewal", party="Chihuahua")
    with pytest.raises(Refused) as refusal:
        take(mexican, "renew")
    assert "Albuquerque" in str(refusal.value.reasons[0])
    take(mexican, "accept_renewal", party="Albuquerque")
    take(mexican, "renew")
    ends = [d for d in loaded(mexican).deadlines if d.rule == "term_end"]
    assert [(d.occurrence, d.due_on, d.status.value) for d in ends] == [
        (1, date(2031, 3, 2), "met"),
        (2, date(2036, 3, 2), "open"),
    ]


def test_a_step_after_the_end_finds_the_agreement_expired_even_if_no_sweep_has_run(mexican: World) -> None:
    sign(mexican)
    mexican.now = datetime(2031, 3, 10, 18, tzinfo=UTC)
    with pytest.raises(Refused):
        take(mexican, "request_registration")
    mexican.confirm_clock()
    mexican.tick()
    assert loaded(mexican).state == "expired"
    assert loaded(mexican).steps_taken("expire")[0].effective_on == date(2031, 3, 2)


def test_notice_of_termination_ends_the_agreement_after_its_period(mexican: World) -> None:
    sign(mexican)
    take(mexican, "notify_termination", records=NOTICE)
    mexican.now += timedelta(days=60)
    mexican.confirm_clock()
    mexican.tick()
    assert loaded(mexican).state == "termination_notified"
    mexican.now += timedelta(days=1)
    mexican.tick()
    ended = loaded(mexican)
    assert ended.state == "terminated"
    assert ended.steps_taken("terminate")[0].effective_on == date(2026, 5, 1)


def test_ten_days_without_the_clock_lose_no_level_and_give_one_mail(mexican: World) -> None:
    sign(mexican)
    mexican.tick()
    mexican.now = datetime(2026, 4, 2, 18, tzinfo=UTC)
    sent = mexican.tick().delivery.sent
    assert sent == 1, "one digest to the liaison"
    alerts = [entry for entry in loaded(mexican).history if entry.kind is EntryKind.ALERT]
    about = [entry for entry in alerts if entry.details["subject"] == "deadline:registration_request"]
    assert [(entry.details["level"], entry.effective_on) for entry in about] == [
        ("7 days before", date(2026, 3, 25)),
        ("1 day after", date(2026, 4, 2)),
    ]
    assert mexican.tick().delivery.sent == 0


def test_a_notice_whose_reason_has_gone_is_dropped_and_recorded_as_such(mexican: World) -> None:
    take(mexican, "complete_draft", records=DRAFT)
    take(mexican, "request_opinion")
    take(mexican, "issue_favourable_opinion", "rita", records={"opinion_number": "DEP-1/26"})
    done = mexican.tick()
    assert (done.delivery.sent, done.delivery.dropped) == (1, 1)
    assert [(m.recipient, m.state) for m in outbox.messages(mexican.engine, viewer=OPERATOR)] == [
        ("rita", "dropped"),
        ("elena", "accepted"),
    ]


def test_a_node_with_another_text_of_the_same_version_opens_and_imports_nothing(mexican: World) -> None:
    definition = mexican.rulebook.catalogue.version("mx/twinning", 4)
    edited = {**mexican.rulebook.catalogue.definitions, ("mx/twinning", 4): replace(definition, digest="other")}
    other = replace(mexican.rulebook, catalogue=Catalogue(edited))
    new = new_case("MX-2", "mx/twinning", "chihuahua", "x", mexican.now.date(), PARTIES)
    with pytest.raises(DefinitionChanged, match="new version"):
        open_agreement(mexican.engine, other, mexican.people, new, actor="elena", door=AT_PAGE, now=mexican.now)
    with pytest.raises(DefinitionChanged, match="new version"):
        import_register(
            mexican.engine,
            other,
            mexican.people,
            [dossier("MX-3", mexican.now.date())],
            now=mexican.now,
            despite="tried",
        )
    assert agreements.list_references(mexican.engine, viewer=OPERATOR) == ["MX-1"]
    open_agreement(mexican.engine, mexican.rulebook, mexican.people, new, actor="elena", door=AT_PAGE, now=mexican.now)


def dossier(reference: str, since: date | None) -> Dossier:
    return Dossier(
        reference, "mx/twinning", "chihuahua", "x", "in_force", PARTIES, {}, {}, since,
        origin="", note="", relationship=reference, generation=1, is_latest=True, row=2,
    )  # fmt: skip


def test_opening_says_all_that_is_wrong_at_once(mexican: World) -> None:
    terms = {"validity": Term((Length.parse("10 years"),)), "validty": Term()}
    new = new_case("MX-1", "mx/twinning", "chihuahua", "x", mexican.now.date(), PARTIES[:1], "draughting", terms)
    with pytest.raises(BadInput) as mistake:
        open_agreement(
            mexican.engine, mexican.rulebook, mexican.people, new, actor="elena", door=AT_PAGE, now=mexican.now
        )
    places = [problem.place for problem in mistake.value.problems]
    assert places == ["state", "parties", "terms.validity", "terms.validty", "reference"]


def test_a_case_entered_in_mid_life_has_its_signatures_its_term_and_its_deadlines(mexican: World) -> None:
    facts = {"signed_on": (Claim(PartialDate(2025, 2, 20), "the paper"),)}
    new = new_case(
        "MX-2",
        "mx/twinning",
        "chihuahua",
        "x",
        date(2025, 3, 10),
        PARTIES,
        state="in_force",
        facts=facts,
    )
    opened = open_agreement(
        mexican.engine, mexican.rulebook, mexican.people, new, actor="elena", door=AT_PAGE, now=mexican.now
    )
    assert opened.has_entered_into_force(mexican.now.date())
    due = {deadline.rule: deadline.due_on for deadline in opened.deadlines}
    assert due["term_end"] == date(2030, 2, 20)
    assert due["last_day_for_notice"] == date(2029, 12, 22)
    owed = {deadline.rule for deadline in opened.deadlines if deadline.is_open}
    assert "registration_request" not in owed, "it is past registration: no step from here asks for it"
    assert "first_programme" in owed


def test_a_case_entered_after_signature_without_its_day_shows_the_day_missing(mexican: World) -> None:
    new = new_case("MX-2", "mx/twinning", "chihuahua", "x", date(2025, 3, 10), PARTIES, state="in_force")
    open_agreement(mexican.engine, mexican.rulebook, mexican.people, new, actor="elena", door=AT_PAGE, now=mexican.now)
    page = agreements.show_agreement(
        mexican.engine, mexican.rulebook, mexican.people, "MX-2", mexican.now, viewer=OPERATOR
    )
    assert [str(message) for message in page.line.missing] == ["Date missing"]
    assert page.deadlines == ()


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"facts": {"sgned_on": ()}}, "facts.sgned_on"),
        ({"facts": {"signed_on": (Claim(PartialDate(2030, 1, 1), ""),)}}, "facts.signed_on"),
        ({"terms": {"validity": Term((Length.parse("120 months"),))}}, "terms.validity"),
        ({"terms": {"validity": Term(indefinite=True)}}, "terms.validity"),
        ({"reference": "a b"}, "reference"),
        ({"reference": "../x"}, "reference"),
        ({"parent": "MX-1"}, "parent"),
        ({"parties": (PARTIES[0], PARTIES[0])}, "parties[2]"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_opened_is_refused_with_its_place(
    mexican: World, changed: dict[str, object], place: str
) -> None:
    new = new_case("MX-2", "mx/twinning", "chihuahua", "x", mexican.now.date(), PARTIES)
    other = replace(new, **changed)  # type: ignore[arg-type]
    with pytest.raises(BadInput) as mistake:
        open_agreement(
            mexican.engine, mexican.rulebook, mexican.people, other, actor="elena", door=AT_PAGE, now=mexican.now
        )
    assert [problem.place for problem in mistake.value.problems] == [place]


def test_only_the_liaison_officer_of_the_office_opens_its_cases(mexican: World) -> None:
    new = new_case("MX-2", "mx/twinning", "chihuahua", "x", mexican.now.date(), PARTIES)
    with pytest.raises(Refused, match="MX-2 cannot be opened"):
        open_agreement(
            mexican.engine, mexican.rulebook, mexican.people, new, actor="rita", door=AT_PAGE, now=mexican.now
        )


def test_a_text_signed_before_the_first_version_of_its_process_is_imported_on_that_version(world: World) -> None:
    first = world.rulebook.catalogue.versions("mx/twinning")[0]
    signed_on = first.in_force_from - timedelta(days=1)
    days = {"MX-1": signed_on, "MX-2": first.in_force_from, "MX-3": None}
    dossiers = [dossier(reference, since) for reference, since in days.items()]
    import_register(world.engine, world.rulebook, world.people, dossiers, now=world.now, despite="tried")
    imported = [loaded(world, dossier.reference) for dossier in dossiers]
    assert [agreement.process_version for agreement in imported[:2]] == [first.version] * 2
    assert [agreement.history[0].effective_on for agreement in imported[:2]] == [signed_on, first.in_force_from]
    today = world.people.today("chihuahua", world.now)
    assert imported[2].process_version == world.rulebook.catalogue.in_force_on("mx/twinning", today).version


def test_an_import_that_is_cut_off_leaves_nothing(world: World) -> None:
    dossiers = read_register(
        CUENCA / "agreements.csv", CUENCA / "agreements.map.toml", world.rulebook, world.people, world.now
    )

    def cut_off(done: int, _total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_register(world.engine, world.rulebook, world.people, dossiers, now=world.now, progress=cut_off)
    assert agreements.list_references(world.engine, viewer=OPERATOR) == []

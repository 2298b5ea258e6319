"""What was entered wrongly is put right, on both databases: each row of docs/corrections.md, and what else a correction does.

Two cases live the same life in the same books. In one of them something is typed wrongly and put right some days later; then it
stands as the other one, but for the entries about it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import text

from builders import AT_PAGE, facts
from postgres import fresh_database
from tiny_world import loaded, tiny_world
from twinflow.definitions.calendars import read_calendar
from twinflow.domain.agreement.agreement import Agreement, Party, Term
from twinflow.domain.agreement.entries import ChangeKind, Correction, NotCorrected
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.agreement.present_names import as_corrected, numbered, what_counts
from twinflow.domain.agreement.proving import of_state
from twinflow.domain.calendar.dates import Length
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.corrections.retaken import retaken
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import OPERATOR
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.opening import NewAgreement
from twinflow.domain.steps.terms import TermCommand
from twinflow.errors import BadInput, Refused, StaleAgreement
from twinflow.language import say
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.correcting import CorrectedEntry, confirm_correction, correct_entry, refuse_correction
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.agreements.stating_terms import state_term
from twinflow.services.books.checking import check
from twinflow.services.deadlines.calendar_editions import apply
from twinflow.services.deadlines.changing import change_deadline
from twinflow.services.mail import outbox
from twinflow.services.people.changing import change_people
from twinflow.services.reading import agreements
from twinflow.storage.unit_of_work import UnitOfWork
from world import World

ROOT = Path(__file__).parents[2]
PARTIES = (Party("Chihuahua", "MX", home=True), Party("Albuquerque", "US"))
PEOPLE = {
    "elena": ("liaison", "chihuahua"),
    "emilio": ("liaison", "chihuahua"),
    "sergio": ("supervisor", "chihuahua"),
    "rita": ("reviewer", "sre"),
}
JUAREZ = """
[offices.juarez]
kind = "municipality"
label = { en = "juarez", es = "juarez" }
country = "MX"
time_zone = "America/Ciudad_Juarez"
calendars = ["mx-labour"]
[people.julia]
name = "julia"
mail = "julia@x.example"
language = "es"
roles = [{ role = "liaison", office = "juarez" }]
"""
MISTAKEN, RIGHT = "T-1", "T-2"
MONDAY = date(2026, 3, 2)

ROLES = """
[roles.supervisor]
office = "municipality"
label = { en = "supervisor", es = "superior" }
[visibility.ministry]
from = ["open", "asked", "opined"]
[roles.reviewer]
office = "ministry"
label = { en = "reviewer", es = "dictaminador" }
"""
STATE = '[states.{key}]\nstage = "work"\n{more}\nlabel = {{ en = "{key}", es = "{key}" }}\n'
STATES = "".join(
    STATE.format(key=key, more=more)
    for key, more in (
        ("opined", 'waits_for = "liaison"'),
        ("partly", 'waits_for = "liaison"'),
        ("signed", 'waits_for = "liaison"\nsigned = true'),
        ("expired", "final = true"),
    )
)
STEPS = """
[steps.note]
from = ["asked"]
to = "asked"
by = ["liaison"]
records = ["remark"]
label = { en = "Note", es = "Nota" }
[steps.opine]
from = ["asked"]
to = "opined"
by = ["reviewer"]
records = ["opinion_number"]
requires = [{ name = "another_person_than", steps = ["ask"] }]
stands = { en = "A new opinion supersedes it.", es = "Lo sustituye un dictamen nuevo." }
source = "test"
label = { en = "Opine", es = "Dictaminar" }
[steps.opine_again]
from = ["opined"]
to = "opined"
by = ["reviewer"]
records = ["opinion_number"]
source = "test"
label = { en = "Opine again", es = "Dictaminar de nuevo" }
[steps.sign]
from = ["opined", "partly"]
to = [{ state = "signed", when = "all_signed" }, { state = "partly" }]
by = ["liaison"]
per_party = "signature"
effect = "start_term"
label = { en = "Sign", es = "Firmar" }
[steps.expire]
from = ["signed"]
to = "expired"
by = ["clock"]
effect = "end_term"
label = { en = "Expire", es = "Vencer" }
[steps.close]
from = ["signed"]
to = "done"
by = ["liaison"]
label = { en = "Close", es = "Cerrar" }
"""
DEADLINES = """
[deadlines.answer.pause]
by = ["liaison"]
source = "test"
[deadlines.answer.extend]
by = ["liaison"]
second = "supervisor"
source = "test"
[deadlines.looked_at]
runs_from = { step = "note" }
length = "3 business days"
nature = "legal"
late = "reviewer"
cut_off = 15:00:00
met_by = ["opine"]
warn = ["1 day after"]
source = "test"
label = { en = "Note looked at", es = "Nota revisada" }
[deadlines.term_end]
runs_from = { fact = "term_starts_on" }
length = { term = "validity" }
nature = "contractual"
late = "liaison"
duty = false
on_lapse = "expire"
warn = ["1 month before"]
source = "test"
label = { en = "End of the term", es = "Fin de la vigencia" }
"""
FACTS = """asked_on = { en = "Asked", es = "Pedido" }
remark = { en = "Remark", es = "Nota" }
opinion_number = { en = "Number of the opinion", es = "Número del dictamen" }
signed_on = { en = "Signed", es = "Firmado" }
in_force_on = { en = "In force", es = "Vigente" }
term_starts_on = { en = "Term", es = "Vigencia" }
ended_on = { en = "Ended", es = "Terminado" }
[terms.validity]
label = { en = "Validity", es = "Vigencia" }
source = "test"
"""
EDITS = (
    ("[roles.liaison]", f"{ROLES}[roles.liaison]"),
    (
        'asked_on = { en = "Asked", es = "Pedido" }\n',
        FACTS,
    ),
    ("[states.done]", f"{STATES}[states.done]"),
    ("[steps.finish]", f"{STEPS}[steps.finish]"),
    ('met_by = ["finish"]', 'met_by = ["finish", "opine"]'),
    ('label = { en = "Answer", es = "Respuesta" }\n', 'label = { en = "Answer", es = "Respuesta" }\n' + DEADLINES),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with (
        fresh_database(request.param, tmp_path, request) as url,
        tiny_world(url, tmp_path, *EDITS, people=PEOPLE, more=JUAREZ) as world,
    ):
        yield world


def on(world: World, day: date) -> None:
    """It is noon of the day in Chihuahua."""
    world.now = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)


def opened(world: World, reference: str, **more: object) -> None:
    new = NewAgreement(reference, "tiny", "chihuahua", "A", MONDAY, PARTIES, terms={"validity": Term.parse("1 year")})
    new = replace(new, despite="both lives are lived here", **more)  # type: ignore[arg-type]
    open_agreement(
        world.engine,
        world.rulebook,
        world.people,
        new,
        actor="julia" if new.office == "juarez" else "elena",
        door=AT_PAGE,
        now=world.now,
    )


def take(
    world: World,
    reference: str,
    step: str,
    day: date,
    person: str = "elena",
    *,
    hour: time | None = None,
    **more: object,
) -> Agreement:
    command = StepCommand(step, day, **more)  # type: ignore[arg-type]
    asked = (world.engine, world.rulebook, world.people, reference, command)
    return advance_agreement(*asked, person=person, door=AT_PAGE, now=world.now, hour=hour).agreement


def change(world: World, reference: str, kind: ChangeKind, day: date, person: str = "elena", **more: object) -> None:
    command = ChangeCommand(kind=kind, on=day, reason="flood", paper="OF-1", legal_basis="art. 1", **more)  # type: ignore[arg-type]
    wanted = DeadlineId(reference, "answer", 1)
    change_deadline(
        world.engine, world.rulebook, world.people, wanted, command, person=person, door=AT_PAGE, now=world.now
    )


def correct(
    world: World,
    entry: int,
    person: str = "elena",
    *,
    also: tuple[int, ...] = (),
    never_happened: bool = False,
    annul: bool = False,
    despite: str = "",
    **asked: str,
) -> CorrectedEntry:
    """With nothing that it is to say instead the entry is withdrawn."""
    kind = Correction.ANNUL if annul else Correction.REPLACE if asked else Correction.WITHDRAW
    asked = {name.replace("__", "."): value for name, value in asked.items()}
    command = CorrectionCommand(
        entry=entry,
        correction=kind,
        reason="typed wrongly",
        asked=asked,
        also=also,
        never_happened=never_happened,
        despite=despite,
    )
    return correct_entry(
        world.engine, world.rulebook, world.people, MISTAKEN, command, person=person, door=AT_PAGE, now=world.now
    )


def stand(world: World, reference: str) -> dict[str, object]:
    """What counts of a case, apart from when it was entered."""
    case = loaded(world, reference)
    return {
        "head": (case.title, case.office, case.origin, case.note, case.state),
        "parties": case.parties,
        "terms": case.terms,
        "facts": {name: [(str(c.value), c.chosen) for c in claims] for name, claims in case.facts.items()},
        "acts": [
            (e.step, e.effective_on, e.from_state, e.to_state, e.party) for e in case.history if e.to_state is not None
        ],
        "deadlines": sorted(
            (d for d in case.deadlines if not d.is_gone),
            key=lambda each: each.key,
        ),
    }


Life = Callable[[World], None]
OPINION = {"opinion_number": "D-1"}


def both(world: World, step: str, day: date, person: str = "elena", **more: object) -> None:
    for reference in (MISTAKEN, RIGHT):
        take(world, reference, step, day, person, **more)


def a_day_that_others_build_on(world: World) -> None:
    """Typed a week too late: the opinion of the day after is entered once the request has its day."""
    take(world, MISTAKEN, "ask", MONDAY + timedelta(days=7))
    with pytest.raises(Refused) as refused:
        take(world, MISTAKEN, "opine", MONDAY + timedelta(days=1), "rita", records=OPINION)
    assert "twinflow agreements correct T-1 2 --as elena --set on=2026-03-03" in str(refused.value.reasons[0])
    correct(world, 2, on=str(MONDAY))
    take(world, RIGHT, "ask", MONDAY)
    both(world, "opine", MONDAY + timedelta(days=1), "rita", records=OPINION)


def a_number(world: World) -> None:
    both(world, "ask", MONDAY)
    take(world, MISTAKEN, "opine", MONDAY, "rita", records={"opinion_number": "D-7"})
    take(world, RIGHT, "opine", MONDAY, "rita", records=OPINION)
    correct(world, 3, "rita", opinion_number="D-1")


def another_step(world: World) -> None:
    both(world, "ask", MONDAY)
    take(world, MISTAKEN, "finish", MONDAY)
    take(world, RIGHT, "note", MONDAY, records={"remark": "answered by telephone"})
    correct(world, 3, step="note", remark="answered by telephone")


def a_step_that_was_not_taken(world: World) -> None:
    both(world, "ask", MONDAY)
    take(world, MISTAKEN, "finish", MONDAY + timedelta(days=1))
    assert loaded(world, MISTAKEN).state == "done"
    correct(world, 3)


def the_party_of_a_step(world: World) -> None:
    both(world, "ask", MONDAY)
    both(world, "opine", MONDAY, "rita", records=OPINION)
    take(world, MISTAKEN, "sign", MONDAY, party="Albuquerque", place="Chihuahua", capacity="mayor")
    take(world, RIGHT, "sign", MONDAY, party="Chihuahua", place="Chihuahua", capacity="mayor")
    correct(world, 4, party="Chihuahua")
    both(world, "sign", MONDAY + timedelta(days=1), party="Albuquerque")


def place_and_capacity(world: World) -> None:
    both(world, "ask", MONDAY)
    both(world, "opine", MONDAY, "rita", records=OPINION)
    take(world, MISTAKEN, "sign", MONDAY, party="Chihuahua", place="Juárez", capacity="acting mayor")
    take(world, RIGHT, "sign", MONDAY, party="Chihuahua", place="Chihuahua", capacity="mayor")
    correct(world, 4, place="Chihuahua", capacity="mayor")


def the_hour_of_arrival(world: World) -> None:
    """It goes with the day; after the office has closed it is the next day that counts."""
    both(world, "ask", MONDAY)
    for reference, day, hour in (
        (MISTAKEN, MONDAY, time(9)),
        (RIGHT, MONDAY + timedelta(days=2), time(9)),
        (MISTAKEN, MONDAY, time(9, 30)),
        (RIGHT, MONDAY, time(18, 30)),
    ):
        take(world, reference, "note", day, hour=hour, records={"remark": "by messenger"})
    correct(world, 3, on=str(MONDAY + timedelta(days=2)))
    correct(world, 4, at="18:30")


def the_day_of_a_signature(world: World) -> None:
    """The term begins with the last one, and so ends on another day."""
    both(world, "ask", MONDAY)
    both(world, "opine", MONDAY, "rita", records=OPINION)
    both(world, "sign", MONDAY, party="Chihuahua")
    take(world, MISTAKEN, "sign", MONDAY + timedelta(days=4), party="Albuquerque")
    take(world, RIGHT, "sign", MONDAY + timedelta(days=2), party="Albuquerque")
    correct(world, 5, on=str(MONDAY + timedelta(days=2)))


def two_signatures_the_wrong_way_round(world: World) -> None:
    """Each alone is refused: the later one builds on the first, and no party signs twice."""
    both(world, "ask", MONDAY)
    both(world, "opine", MONDAY, "rita", records=OPINION)
    first, second = (PARTIES[0].name, PARTIES[1].name)
    for reference, parties in ((MISTAKEN, (first, second)), (RIGHT, (second, first))):
        take(world, reference, "sign", MONDAY + timedelta(days=1), party=parties[0], place="Chihuahua")
        take(world, reference, "sign", MONDAY + timedelta(days=3), party=parties[1], place="Albuquerque")
    assert "entry 5" in refused(world, 4, party=second)
    assert "has signed" in refused(world, 5, party=first)
    assert "It has no entry 9." in refused(world, 4, party=second, **{"9__party": first})
    assert "corrected by itself" in refused(world, 4, party=second, **{"1__title": "B"})
    done = correct(world, 4, party=second, **{"5__party": first})
    page = agreements.show_agreement(world.engine, world.rulebook, world.people, MISTAKEN, world.now, viewer=OPERATOR)
    by_number = {line.number: line for line in page.timeline if line.number is not None}
    assert (by_number[4].corrected_by, by_number[5].corrected_by) == (done.number, done.number)
    assert "entry 5, party: Chihuahua" in say(by_number[done.number].text, "en")


def a_pause_that_was_not(world: World) -> None:
    both(world, "ask", MONDAY)
    change(world, MISTAKEN, ChangeKind.PAUSE, MONDAY + timedelta(days=1))
    correct(world, 3)


def the_day_of_a_pause(world: World) -> None:
    both(world, "ask", MONDAY)
    change(world, MISTAKEN, ChangeKind.PAUSE, MONDAY + timedelta(days=1))
    change(world, RIGHT, ChangeKind.PAUSE, MONDAY + timedelta(days=3))
    on(world, MONDAY + timedelta(days=9))
    for reference in (MISTAKEN, RIGHT):
        change(world, reference, ChangeKind.RESUME, MONDAY + timedelta(days=8))
    correct(world, 3, on=str(MONDAY + timedelta(days=3)), paper="OF-1")


def the_length_of_an_extension(world: World) -> None:
    """A second person has confirmed it, and confirms the correction as well."""
    both(world, "ask", MONDAY)
    for reference, days in ((MISTAKEN, 50), (RIGHT, 5)):
        change(world, reference, ChangeKind.EXTEND, MONDAY, length=Length.parse(f"{days} days"))
        change(world, reference, ChangeKind.CONFIRM, MONDAY, "sergio", of=1)
    waits = correct(world, 3, length="5 days")
    assert stand(world, MISTAKEN)["deadlines"] != stand(world, RIGHT)["deadlines"], "it waits for the supervisor"
    confirmed(world, waits, "sergio")


def an_extension_that_was_not(world: World) -> None:
    """What confirmed it goes with it, once one of those who could have confirmed it has confirmed that."""
    both(world, "ask", MONDAY)
    change(world, MISTAKEN, ChangeKind.EXTEND, MONDAY, length=Length.parse("50 days"))
    change(world, MISTAKEN, ChangeKind.CONFIRM, MONDAY, "sergio", of=1)
    assert "it goes by itself with the change that it confirms" in refused(world, 4)
    confirmed(world, correct(world, 3), "sergio")
    page = agreements.show_agreement(world.engine, world.rulebook, world.people, MISTAKEN, world.now, viewer=OPERATOR)
    assert {line.number for line in page.timeline if line.corrected_by is not None} >= {3, 4}


def a_way_that_was_never_gone(world: World) -> None:
    """Neither can be withdrawn alone, nor is each of them for the same person: who confirms answers for the rest."""
    both(world, "ask", MONDAY)
    take(world, MISTAKEN, "opine", MONDAY, "rita", records={"opinion_number": "D-7"})
    take(world, MISTAKEN, "sign", MONDAY, party="Chihuahua")
    take(world, MISTAKEN, "sign", MONDAY, party="Albuquerque")
    alone = refused(world, 3, "rita", never_happened=True)
    assert "entry 4" in alone
    assert "entry 5" not in alone, "it is found once entry 4 is put right"
    assert "T-1 3 --withdraw --also 4 --never-happened --as rita --reason 'typed wrongly'" in alone
    assert "entry 5" in refused(world, 3, "rita", also=(4,), never_happened=True)
    assert "sergio is not" in refused(world, 3, "sergio", also=(4, 5), never_happened=True)
    waits = correct(world, 3, "rita", also=(4, 5), never_happened=True)
    assert [role["en"] for role in waits.waits_for] == ["liaison officer"]
    with pytest.raises(Refused, match="stays as it is"):
        confirmed(world, waits, "sergio")
    confirmed(world, waits, "elena")
    page = agreements.show_agreement(world.engine, world.rulebook, world.people, MISTAKEN, world.now, viewer=OPERATOR)
    assert any(say(line.text, "en").startswith("Entries 3, 4, 5 withdrawn") for line in page.timeline)
    both(world, "opine", MONDAY, "rita", records=OPINION)


def confirmed(world: World, waits: CorrectedEntry, person: str) -> None:
    assert waits.waits_for
    confirm_correction(
        world.engine, world.rulebook, world.people, MISTAKEN, waits.number, person=person, door=AT_PAGE, now=world.now
    )


def an_act_that_stands_and_never_happened(world: World) -> None:
    both(world, "ask", MONDAY)
    take(world, MISTAKEN, "opine", MONDAY, "rita", records=OPINION)
    with pytest.raises(Refused) as refused:
        correct(world, 3, "rita")
    assert "A new opinion supersedes it." in str(refused.value.reasons[0])
    waits = correct(world, 3, "rita", never_happened=True)
    with pytest.raises(Refused, match="stays as it is"):
        confirmed(world, waits, "rita")
    confirmed(world, waits, "elena")


def the_title_and_the_note(world: World) -> None:
    correct(world, 1, title="B", note="by letter", origin="consulate")


def the_day_of_the_opening(world: World) -> None:
    correct(world, 1, on=str(MONDAY - timedelta(days=3)))


def a_fact_of_the_opening(world: World) -> None:
    correct(world, 1, remark="by letter")


def a_term_of_the_text(world: World) -> None:
    sign_both(world)
    correct(world, 1, term__validity="3 years")


def sign_both(world: World) -> None:
    both(world, "ask", MONDAY)
    both(world, "opine", MONDAY, "rita", records=OPINION)
    for party in PARTIES:
        both(world, "sign", MONDAY, party=party.name)


def a_term_that_was_stated(world: World) -> None:
    sign_both(world)
    for reference, reading in ((MISTAKEN, "5 years"), (RIGHT, "3 years")):
        command = TermCommand("validity", Term.parse(reading), "clause 9")
        state_term(
            world.engine, world.rulebook, world.people, reference, command, person="elena", door=AT_PAGE, now=world.now
        )
    entry = loaded(world, MISTAKEN).history
    (number,) = [number for number, place in numbered(entry) if entry[place].kind is EntryKind.TERM]
    correct(world, number, reading="3 years")


def the_name_of_a_party(world: World) -> None:
    """Also where it has signed by then."""
    sign_both_as(world, "Alburquerque", "Albuquerque")
    asked = {"party__Alburquerque": "Albuquerque", "country__Alburquerque": "US"}
    assert f"{RIGHT} is between the same parties" in refused(world, 1, **asked)
    correct(world, 1, despite="both lives are lived here", **asked)


def sign_both_as(world: World, mistaken: str, right: str) -> None:
    both(world, "ask", MONDAY)
    both(world, "opine", MONDAY, "rita", records=OPINION)
    both(world, "sign", MONDAY, party="Chihuahua")
    take(world, MISTAKEN, "sign", MONDAY, party=mistaken)
    take(world, RIGHT, "sign", MONDAY, party=right)


def the_office(world: World) -> None:
    assert "none of the parties is that of the office (juarez)." in refused(world, 1, office="juarez")
    done = correct(world, 1, office="juarez", despite="both lives are lived here")
    assert (done.said.doubts, done.said.despite) == (("not_ours",), "both lives are lived here")


def a_day_by_which_the_clock_went(world: World) -> None:
    """A term that seemed to be over: the clock's step goes with the day it came from."""
    sign_both(world)
    on(world, date(2027, 3, 12))
    world.confirm_clock()
    world.tick()
    assert (loaded(world, MISTAKEN).state, loaded(world, RIGHT).state) == ("expired", "signed")
    with pytest.raises(Refused, match="Entry 6"):
        correct(world, 6)
    correct(world, 1, term__validity="3 years")
    assert loaded(world, MISTAKEN).state == "signed"


ALIKE: dict[str, tuple[Life, dict[str, object], dict[str, object]]] = {
    "the day of a step": (a_day_that_others_build_on, {}, {}),
    "a number or a mark that a step recorded": (a_number, {}, {}),
    "the step itself": (another_step, {}, {}),
    "a step that was not taken": (a_step_that_was_not_taken, {}, {}),
    "the party of a step": (the_party_of_a_step, {}, {}),
    "the place, the capacity or the reason of a step": (place_and_capacity, {}, {}),
    "the hour at which something arrived": (the_hour_of_arrival, {}, {}),
    "the day of a signature": (the_day_of_a_signature, {}, {}),
    "two signatures the wrong way round": (two_signatures_the_wrong_way_round, {}, {}),
    "a pause, an extension or an agreed day that was not": (a_pause_that_was_not, {}, {}),
    "the day or the paper of a change of a deadline": (the_day_of_a_pause, {}, {}),
    "the length of an extension, where a second person had to confirm it": (the_length_of_an_extension, {}, {}),
    "an extension that a second person had confirmed, and was not": (an_extension_that_was_not, {}, {}),
    "several steps, none of which was taken": (a_way_that_was_never_gone, {}, {}),
    "an opinion or a signature that was only entered": (an_act_that_stands_and_never_happened, {}, {}),
    "the title, the note or the origin": (
        the_title_and_the_note,
        {},
        {"title": "B", "note": "by letter", "origin": "consulate"},
    ),
    "the day of the opening": (the_day_of_the_opening, {}, {"opened_on": MONDAY - timedelta(days=3)}),
    "a fact that the case began with": (a_fact_of_the_opening, {}, {"facts": facts(remark="by letter")}),
    "the office that keeps the case": (the_office, {}, {"office": "juarez"}),
    "a term of the text": (a_term_of_the_text, {}, {"terms": {"validity": Term.parse("3 years")}}),
    "a term that was stated later": (a_term_that_was_stated, {"terms": {}}, {"terms": {}}),
    "the name or the country of a party": (
        the_name_of_a_party,
        {"parties": (PARTIES[0], Party("Alburquerque", "MX"))},
        {},
    ),
    "what the clock did by a wrong day": (
        a_day_by_which_the_clock_went,
        {},
        {"terms": {"validity": Term.parse("3 years")}},
    ),
}
"""What is typed wrongly, as docs/corrections.md says it: the life in which it is, and what each of the two cases began with."""


@pytest.mark.parametrize("mistake", ALIKE)
def test_what_was_typed_wrongly_and_put_right_stands_as_if_it_had_been_typed_right(books: World, mistake: str) -> None:
    live, wrong, right = ALIKE[mistake]
    on(books, MONDAY)
    opened(books, MISTAKEN, **wrong)
    opened(books, RIGHT, **right)
    on(books, MONDAY + timedelta(days=7))
    live(books)
    assert stand(books, MISTAKEN) == stand(books, RIGHT)
    day = books.now.date()
    for later in (1, 20, 40):
        on(books, day + timedelta(days=later))
        books.tick()
        assert stand(books, MISTAKEN) == stand(books, RIGHT), later
    assert_taken_again_it_is_the_same(books, MISTAKEN)
    assert check(books.engine, books.rulebook, books.people, books.now).faults == ()


def assert_taken_again_it_is_the_same(world: World, reference: str) -> None:
    case = loaded(world, reference)
    with UnitOfWork(world.engine, reading=True) as work:
        history = work.history.as_written(work.agreements.id_of(reference))
    again = retaken(case, as_corrected(history, to_take_again=True), world.rulebook, world.people, world.now)
    assert again.reasons == []
    assert (again.agreement.state, again.agreement.parties) == (case.state, case.parties)
    assert {k: [str(c.value) for c in v] for k, v in again.agreement.facts.items()} == {
        k: [str(c.value) for c in v] for k, v in case.facts.items()
    }
    assert list(what_counts(history)) == [e for e in case.history if e.kind not in {EntryKind.ALERT, EntryKind.MAIL}]


def refused(world: World, entry: int, person: str = "elena", **more: object) -> str:
    """Why it cannot be corrected; nothing has changed then."""
    before = stand(world, MISTAKEN), len(loaded(world, MISTAKEN).history)
    with pytest.raises(Refused) as error:
        correct(world, entry, person, **more)  # type: ignore[arg-type]
    assert before == (stand(world, MISTAKEN), len(loaded(world, MISTAKEN).history))
    return " ".join(map(str, error.value.reasons))


@pytest.fixture
def asked(books: World) -> World:
    """A case opened on Monday 2 March and asked about, on the Monday after."""
    on(books, MONDAY)
    opened(books, MISTAKEN)
    on(books, MONDAY + timedelta(days=7))
    take(books, MISTAKEN, "ask", MONDAY)
    return books


def test_a_note_of_today_does_not_bar_an_act_of_last_week(asked: World) -> None:
    take(asked, MISTAKEN, "note", MONDAY + timedelta(days=7), records={"remark": "telephoned"})
    take(asked, MISTAKEN, "opine", MONDAY + timedelta(days=1), "rita", records=OPINION)
    assert loaded(asked, MISTAKEN).state == "opined"


def test_what_others_build_on_is_corrected_after_them_and_the_refusal_names_them(asked: World) -> None:
    take(asked, MISTAKEN, "opine", MONDAY + timedelta(days=1), "rita", records=OPINION)
    why = refused(asked, 2)
    assert why.startswith("entry 3, 2026-03-03: The agreement is in the state “Open”")
    assert "entry 3" in refused(asked, 2, on="2026-03-05"), "the opinion would be older than what it was asked by"


def test_a_refusal_says_only_what_stands_in_the_way_first_and_how_that_is_put_right(asked: World) -> None:
    take(asked, MISTAKEN, "opine", MONDAY + timedelta(days=1), "rita", records=OPINION)
    take(asked, MISTAKEN, "sign", MONDAY + timedelta(days=2), party="Chihuahua")
    take(asked, MISTAKEN, "sign", MONDAY + timedelta(days=2), party="Albuquerque")
    why = refused(asked, 2, on="2026-03-05")
    assert "entry 3, 2026-03-03: The day 2026-03-03 is before 2026-03-05, the day of “Ask” (elena)" in why
    assert "Correct entry 3 first, or at once with it: --set 3.NAME=VALUE" in why
    assert "agreements correct T-1 2" not in why, "what is being corrected is no remedy"
    assert "entry 4" not in why
    before_it = refused(asked, 4, on="2026-03-01")
    assert "twinflow agreements correct T-1 3 --as rita --set on=2026-03-01" in before_it
    assert "entry 5" not in before_it


def test_who_may_not_take_the_step_may_not_correct_it(asked: World) -> None:
    assert refused(asked, 2, "rita", on="2026-03-01") == "rita is not liaison officer here."
    take(asked, MISTAKEN, "opine", MONDAY, "rita", records=OPINION)
    assert refused(asked, 3, opinion_number="D-9") == "elena is not reviewer here."


def test_everything_that_is_wrong_with_a_correction_is_said_at_once(asked: World) -> None:
    command = CorrectionCommand(
        entry=2, correction=Correction.REPLACE, reason=" ", asked={"on": "2027-01-01", "colour": "red", "place": "x"}
    )
    with pytest.raises(Refused) as error:
        correct_entry(
            asked.engine, asked.rulebook, asked.people, MISTAKEN, command, person="rita", door=AT_PAGE, now=asked.now
        )
    assert [str(reason) for reason in error.value.reasons] == [
        "A correction is made only with a reason.",
        "rita is not liaison officer here.",
        "colour cannot be corrected here; what can: on, at, step, party, place, capacity, reason.",
        "The day 2027-01-01 is still to come.",
    ]
    assert "It has no entry 9." in refused(asked, 9)
    with pytest.raises(BadInput) as bad:
        correct(asked, 2, place="x" * 201, capacity="\x00")
    assert [problem.place for problem in bad.value.problems] == ["place", "capacity"]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("on=31.12.", "on = “31.12.”"),
        ("at=half past nine", "at = “half past nine”"),
        ("step=nothing", "tiny v1 has no step nothing"),
        ("party=Chihuahua", "The step is not taken for a single party."),
    ],
)
def test_what_is_not_right_either_is_refused(asked: World, what: str, why: str) -> None:
    name, _, value = what.partition("=")
    assert why in refused(asked, 2, **{name: value})


@pytest.mark.parametrize(
    ("asked_for", "why"),
    [
        ({"term__validity": "long"}, "term.validity = “long”"),
        ({"term__notice": "1 year"}, "term.notice cannot be corrected here; what can: term.validity."),
        ({"party__Leon": "León"}, "party.Leon cannot be corrected here"),
        ({"office": "nowhere"}, "There is no office nowhere"),
        ({"office": "sre"}, "is opened by an office of the kind municipality, and this is a ministry."),
        ({"state": "nowhere"}, "state:"),
        ({"asked_on": "soon"}, "asked_on = “soon”"),
        ({"on": "2026-03-05"}, "entry 2, 2026-03-02: The day 2026-03-02 is before 2026-03-05"),
        ({}, "An opening is not withdrawn; a case opened by mistake is annulled."),
    ],
)
def test_what_no_case_could_begin_with_is_refused(asked: World, asked_for: dict[str, str], why: str) -> None:
    assert why in refused(asked, 1, **asked_for)


def test_what_follows_by_itself_or_stands_says_what_is_to_be_done_instead(asked: World) -> None:
    correct(asked, 2, on="2026-03-03")
    entries = {said.kind: number for number, place in numbered(loaded(asked, MISTAKEN).history)
               for said in [loaded(asked, MISTAKEN).history[place]]}  # fmt: skip
    assert "correct the entry again that it is about" in refused(asked, entries[EntryKind.CORRECTED])
    assert "The date moved by itself" in refused(asked, entries[EntryKind.DEADLINE])


def test_a_second_person_confirms_where_the_process_asks_for_it(tmp_path: Path) -> None:
    rule = ("[steps.ask]", '[corrections]\nsecond = "supervisor"\nsource = "test"\n[steps.ask]')
    with tiny_world(f"sqlite:///{tmp_path / 'x.db'}", tmp_path, *EDITS, rule, people=PEOPLE) as world:
        on(world, MONDAY + timedelta(days=7))
        opened(world, MISTAKEN)
        take(world, MISTAKEN, "ask", MONDAY + timedelta(days=7))
        waits = correct(world, 2, on=str(MONDAY))
        assert loaded(world, MISTAKEN).day_of("asked_on") == MONDAY + timedelta(days=7)
        told = alerts(world, "correction-to-confirm")
        assert told == [("sergio", f"correction:{waits.number}")]
        with pytest.raises(Refused):
            confirmed(world, waits, "emilio")
        confirmed(world, waits, "sergio")
        assert loaded(world, MISTAKEN).day_of("asked_on") == MONDAY
        with pytest.raises(Refused):
            confirmed(world, waits, "sergio")


def test_a_correction_that_waits_is_refused_by_the_second_person_or_taken_back_by_who_asked(asked: World) -> None:
    change(asked, MISTAKEN, ChangeKind.EXTEND, MONDAY, length=Length.parse("50 days"))
    change(asked, MISTAKEN, ChangeKind.CONFIRM, MONDAY, "sergio", of=1)
    stands = stand(asked, MISTAKEN)
    waits = correct(asked, 3, length="5 days")
    assert (
        refused(asked, 3, length="5 days") == f"Entry {waits.number} asks for the same, and waits for a second person."
    )
    with pytest.raises(Refused) as error:
        not_to_be(asked, waits, "emilio", reason=" ")
    assert [str(reason) for reason in error.value.reasons] == [
        "A correction is refused only with a reason.",
        "emilio is not supervisor here.",
    ]
    not_to_be(asked, waits, "sergio")
    assert stand(asked, MISTAKEN) == stands
    assert [who for who, _ in alerts(asked, "correction-refused")] == ["elena"], "who asked hears of it"
    with pytest.raises(Refused):
        confirmed(asked, waits, "sergio")
    with pytest.raises(Refused):
        not_to_be(asked, waits, "elena")
    again = correct(asked, 3, length="5 days")
    assert not_to_be(asked, again, "elena").taken_back
    assert [who for who, _ in alerts(asked, "correction-refused")] == ["elena", "sergio"], "who was asked hears of it"
    page = agreements.show_agreement(asked.engine, asked.rulebook, asked.people, MISTAKEN, asked.now, viewer=OPERATOR)
    said = [say(line.text, "en") for line in page.timeline if line.kind == "refused"]
    assert said == [
        f"The correction of entry 3 (entry {again.number}) taken back; reason: the paper says 50",
        f"The correction of entry 3 (entry {waits.number}) refused; reason: the paper says 50",
    ]
    on(asked, MONDAY + timedelta(days=8))
    assert asked.tick().sweep.problems == ()
    bodies = read_by(asked, "elena")
    assert any("sergio indica que una corrección no procede" in body for body in bodies)
    assert check(asked.engine, asked.rulebook, asked.people, asked.now).faults == ()


def test_whoever_asked_for_a_correction_hears_that_another_took_its_place(asked: World) -> None:
    change(asked, MISTAKEN, ChangeKind.EXTEND, MONDAY, length=Length.parse("50 days"))
    change(asked, MISTAKEN, ChangeKind.CONFIRM, MONDAY, "sergio", of=1)
    first = correct(asked, 3, length="5 days")
    own = correct(asked, 3, length="6 days")
    assert own.over == (first.number,)
    assert alerts(asked, "correction-displaced") == [], "who asks for both knows of it"
    other = correct(asked, 3, "emilio", length="7 days")
    assert other.over == (own.number,)
    assert alerts(asked, "correction-displaced") == [("elena", f"correction:{own.number}")]
    confirmed(asked, other, "sergio")
    on(asked, MONDAY + timedelta(days=8))
    assert asked.tick().sweep.problems == ()
    (body,) = [" ".join(each.split()) for each in read_by(asked, "elena") if "Eso ya no espera" in each]
    assert "Usted había solicitado: Asiento 3 corregido: duración: 6 días" in body
    assert (
        "emilio solicitó otra corrección del mismo asiento, que ocupa su lugar: Asiento 3 corregido: duración: 7 días"
        in body
    )
    assert check(asked.engine, asked.rulebook, asked.people, asked.now).faults == ()


def not_to_be(world: World, waits: CorrectedEntry, person: str, reason: str = "the paper says 50") -> NotCorrected:
    books = (world.engine, world.rulebook, world.people, MISTAKEN)
    return refuse_correction(*books, waits.number, reason, person=person, door=AT_PAGE, now=world.now)


def read_by(world: World, person: str) -> list[str]:
    """What a person was sent, as text."""
    raws = [
        outbox.message(world.engine, each.id, viewer=OPERATOR)[1]
        for each in outbox.messages(world.engine, viewer=OPERATOR)
        if each.recipient == person
    ]
    bodies = [message_from_bytes(raw, policy=policy.default).get_body(("plain",)) for raw in raws if raw]
    return [body.get_content() for body in bodies if body is not None]


def alerts(world: World, notice: str) -> list[tuple[str, str]]:
    query = text("SELECT recipient, subject FROM alert WHERE notice = :notice ORDER BY recipient")
    with world.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query, {"notice": notice})]


def test_what_was_told_stays_told_and_its_readers_hear_of_the_correction(asked: World) -> None:
    asked.tick()
    with asked.engine.connect() as connection:
        told = connection.execute(text("SELECT id, subject, level, recipient FROM alert ORDER BY id")).all()
    assert {row.recipient for row in told} >= {"elena", "emilio"}
    done = correct(asked, 2, on="2026-03-03")
    with asked.engine.connect() as connection:
        rows = connection.execute(text("SELECT id, subject, level, recipient FROM alert ORDER BY id")).all()
    assert rows[: len(told)] == told
    assert alerts(asked, "entry-corrected") == [("emilio", f"correction:{done.number}")], "who made it knows of it"
    assert asked.tick().sweep.problems == ()
    (body,) = [" ".join(each.split()) for each in read_by(asked, "emilio") if "elena corrigió lo asentado" in each]
    assert "El asiento 2 decía: lunes 2 de marzo de 2026, Pedir" in body, "which step, and what it said"
    assert "ahora dice: martes 3 de marzo de 2026, Pedir" in body
    assert "Fechas que cambiaron: Respuesta: cambió de" in body
    correct(asked, 1, title="B")
    correct(asked, 2)
    asked.tick()
    bodies = [" ".join(each.split()) for each in read_by(asked, "emilio")]
    assert any("La apertura decía: título: A; ahora dice: B. Ninguna fecha cambió." in each for each in bodies)
    assert any("decía: martes 3 de marzo de 2026, Pedir" in each and "ya no cuenta" in each for each in bodies)


def test_whoever_has_left_or_is_disabled_hears_of_no_correction(asked: World) -> None:
    asked.tick()

    def left(people: People) -> People:
        emilio = replace(people.person("emilio"), disabled=True)
        return replace(people, people={**people.people, "emilio": emilio})

    change_people(asked.engine, asked.rulebook, left, by="test", reason="", now=asked.now)
    asked.runtime.refresh()
    correct(asked, 2, on="2026-03-03")
    assert alerts(asked, "entry-corrected") == []


def test_the_history_shows_both_and_which_entry_put_which_right(asked: World) -> None:
    done = correct(asked, 2, on="2026-03-03")
    page = agreements.show_agreement(asked.engine, asked.rulebook, asked.people, MISTAKEN, asked.now, viewer=OPERATOR)
    by_number = {line.number: line for line in page.timeline if line.number is not None}
    assert (by_number[2].effective_on, by_number[2].corrected_by) == (MONDAY, done.number)
    assert "Entry 2 corrected" in str(by_number[done.number].text)
    assert "Tuesday" in say(by_number[done.number].text, "en"), "a day has its weekday"
    assert "typed wrongly" in str(by_number[done.number].text)
    assert all(line.number is None for line in page.timeline if line.kind == "alert")


def test_the_history_is_only_added_to(asked: World) -> None:
    query = text("SELECT * FROM history ORDER BY id")
    with asked.engine.connect() as connection:
        before = connection.execute(query).all()
    correct(asked, 2, on="2026-03-03")
    correct(asked, 2)
    with asked.engine.connect() as connection:
        assert connection.execute(query).all()[: len(before)] == before


def test_an_entry_is_corrected_as_often_as_it_takes(asked: World) -> None:
    correct(asked, 2, on="2026-03-03")
    correct(asked, 2, on="2026-03-04")
    assert loaded(asked, MISTAKEN).day_of("asked_on") == date(2026, 3, 4)
    correct(asked, 2)
    assert loaded(asked, MISTAKEN).state == "open"
    assert "take the step again" in refused(asked, 2)
    take(asked, MISTAKEN, "ask", MONDAY)
    assert loaded(asked, MISTAKEN).day_of("asked_on") == MONDAY


def test_whoever_corrects_a_step_cannot_decide_on_it(asked: World) -> None:
    people = asked.people
    both_roles = replace(
        people.people["emilio"], assignments=(*people.people["emilio"].assignments, *people.people["rita"].assignments)
    )
    object.__setattr__(people, "people", {**people.people, "emilio": both_roles})
    people.__dict__.pop("_by_role", None)
    correct(asked, 2, "emilio", on="2026-03-03")
    with pytest.raises(Refused) as error:
        take(asked, MISTAKEN, "opine", MONDAY + timedelta(days=3), "emilio", records=OPINION)
    assert "emilio corrected the step “Ask”" in str(error.value.reasons[0])


def test_a_correction_that_changes_nothing_is_refused(asked: World) -> None:
    assert refused(asked, 1, term__validity="1 year") == "It says so already: nothing would change."
    correct(asked, 1, annul=True)
    opened(asked, MISTAKEN, terms={})
    take(asked, MISTAKEN, "ask", MONDAY)
    change(asked, MISTAKEN, ChangeKind.PAUSE, MONDAY + timedelta(days=1))
    state_term(
        asked.engine, asked.rulebook, asked.people, MISTAKEN,
        TermCommand("validity", Term.parse("5 years"), "clause 9"), person="elena", door=AT_PAGE, now=asked.now,
    )  # fmt: skip
    same: tuple[tuple[int, dict[str, str]], ...] = (
        (1, {"title": "A", "office": "chihuahua", "on": str(MONDAY)}),
        (1, {"party__Albuquerque": "Albuquerque", "country__Albuquerque": "US", "asked_on": ""}),
        (2, {"step": "ask", "on": str(MONDAY), "at": ""}),
        (3, {"paper": "OF-1", "reason": "flood"}),
        (5, {"reading": "5 years", "source": "clause 9"}),
    )
    for entry, what in same:
        assert refused(asked, entry, **what) == "It says so already: nothing would change."
        assert refused(asked, entry, "emilio", **what) == "It says so already: nothing would change."
    for entry in (5, 3, 2):
        correct(asked, entry)
        assert "withdrawn already" in refused(asked, entry)
    annulled = correct(asked, 1, annul=True).agreement.reference
    command = CorrectionCommand(entry=1, correction=Correction.ANNUL, reason="again")
    with pytest.raises(Refused) as error:
        correct_entry(
            asked.engine, asked.rulebook, asked.people, annulled, command, person="elena", door=AT_PAGE, now=asked.now
        )
    assert [str(reason) for reason in error.value.reasons] == ["It was annulled on 2026-03-09."]


def test_a_title_made_of_the_names_of_the_parties_goes_with_them(asked: World) -> None:
    correct(asked, 1, title="Chihuahua – Albuquerque")
    correct(asked, 1, party__Albuquerque="Albuquerque, New Mexico")
    assert loaded(asked, MISTAKEN).title == "Chihuahua – Albuquerque, New Mexico"
    correct(asked, 1, party__Chihuahua="Ciudad de Chihuahua", title="Twins")
    correct(asked, 1, **{"party__Ciudad de Chihuahua": "Chihuahua"})
    assert loaded(asked, MISTAKEN).title == "Twins", "somebody has given it one"


def test_two_who_correct_at_once_do_not_overwrite_each_other(asked: World) -> None:
    case = loaded(asked, MISTAKEN)
    correct(asked, 2, on="2026-03-03")
    command = CorrectionCommand(entry=2, correction=Correction.WITHDRAW, reason="mine")
    with pytest.raises(StaleAgreement):
        correct_entry(
            asked.engine, asked.rulebook, asked.people, MISTAKEN, command, person="emilio", door=AT_PAGE, now=asked.now,
            expected_version=case.version,
        )  # fmt: skip


def test_a_case_opened_by_mistake_is_annulled_and_its_reference_is_free(asked: World) -> None:
    asked.tick()
    done = correct(asked, 1, annul=True)
    assert done.agreement.reference == "T-1.annulled"
    case = loaded(asked, "T-1.annulled")
    assert case.annulled_on == MONDAY + timedelta(days=7)
    assert list(of_state(case)) == []
    (moved,) = of_state(replace(case, annulled_on=MONDAY))
    assert str(moved) == "it is annulled on 2026-03-02; by its history it was on 2026-03-09"
    assert [each for each in case.deadlines if each.is_open] == []
    opened(asked, MISTAKEN)
    assert loaded(asked, MISTAKEN).state == "open"
    listed = agreements.list_agreements(asked.engine, asked.rulebook, asked.people, asked.now, viewer=OPERATOR)
    assert [line.reference for line in listed.lines] == [MISTAKEN]
    assert asked.tick().sweep.problems == ()
    command = StepCommand("note", MONDAY, records={"remark": "x"})
    with pytest.raises(Refused, match="cannot be taken"):
        advance_agreement(
            asked.engine,
            asked.rulebook,
            asked.people,
            "T-1.annulled",
            command,
            person="elena",
            door=AT_PAGE,
            now=asked.now,
        )
    correct(asked, 1, annul=True)
    assert loaded(asked, "T-1.annulled-2").annulled_on is not None
    assert check(asked.engine, asked.rulebook, asked.people, asked.now).faults == ()


def test_a_case_in_which_somebody_has_acted_is_ended_and_not_annulled(asked: World) -> None:
    take(asked, MISTAKEN, "opine", MONDAY, "rita", records=OPINION)
    assert "such a case is ended, not annulled" in refused(asked, 1, annul=True)


def test_what_is_typed_wrongly_has_its_row_and_each_row_is_lived() -> None:
    table = (ROOT / "docs" / "corrections.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+) \| `", table, re.MULTILINE)
    assert sorted(rows) == sorted(ALIKE)


def test_only_who_took_a_step_says_which_step_it_was(asked: World) -> None:
    """Else somebody would decide in another person's name what they themselves have asked for."""
    take(asked, MISTAKEN, "note", MONDAY, records={"remark": "telephoned"})
    assert "elena took it, and only they say which step it was" in refused(asked, 3, "emilio", step="finish")
    correct(asked, 3, step="finish")
    assert loaded(asked, MISTAKEN).state == "done"


def test_who_has_corrected_what_was_asked_for_cannot_correct_what_was_decided_on_it(asked: World) -> None:
    people = asked.people
    roles = (*people.people["emilio"].assignments, *people.people["rita"].assignments)
    twice = replace(people.people["emilio"], assignments=roles)
    object.__setattr__(people, "people", {**people.people, "emilio": twice})
    people.__dict__.pop("_by_role", None)
    correct(asked, 2, "emilio", on="2026-03-03")
    take(asked, MISTAKEN, "opine", MONDAY + timedelta(days=3), "rita", records=OPINION)
    (number,) = [n for n, place in numbered(loaded(asked, MISTAKEN).history)
                 if loaded(asked, MISTAKEN).history[place].step == "opine"]  # fmt: skip
    assert "emilio corrected the step “Ask”" in refused(asked, number, "emilio", opinion_number="MINE")


def test_a_confirmation_is_taken_back_only_by_who_gave_it(asked: World) -> None:
    change(asked, MISTAKEN, ChangeKind.EXTEND, MONDAY, length=Length.parse("5 days"))
    change(asked, MISTAKEN, ChangeKind.CONFIRM, MONDAY, "sergio", of=1)
    due = [each.due_on for each in loaded(asked, MISTAKEN).deadlines if each.rule == "answer"]
    (number, _) = numbered(loaded(asked, MISTAKEN).history)[-2]
    assert "sergio confirmed it, and only they take that back; it goes by itself" in refused(asked, number)
    correct(asked, number, "sergio")
    assert [each.due_on for each in loaded(asked, MISTAKEN).deadlines if each.rule == "answer"] != due


def test_a_correction_that_waits_is_over_once_the_entry_is_corrected_otherwise(tmp_path: Path) -> None:
    rule = ("[steps.ask]", '[corrections]\nsecond = "supervisor"\nsource = "test"\n[steps.ask]')
    with tiny_world(f"sqlite:///{tmp_path / 'x.db'}", tmp_path, *EDITS, rule, people=PEOPLE) as world:
        on(world, MONDAY + timedelta(days=7))
        opened(world, MISTAKEN)
        take(world, MISTAKEN, "ask", MONDAY)
        first, later = correct(world, 2, on="2026-03-03"), correct(world, 2, on="2026-03-04")
        assert (first.over, later.over) == ((), (first.number,)), "the later one takes its place"
        with pytest.raises(Refused):
            confirmed(world, first, "sergio")
        confirmed(world, later, "sergio")
        assert loaded(world, MISTAKEN).day_of("asked_on") == date(2026, 3, 4)


def test_what_was_closed_before_another_edition_of_a_calendar_is_counted_by_the_one_of_then(books: World) -> None:
    """Friday the 13th was declared off on the 16th: what was answered on the 12th had been due on the 13th all the same."""
    on(books, MONDAY)
    shipped = (ROOT / "workflows" / "calendars" / "mx-labour.toml").read_text("utf-8")
    count_by(books, shipped)
    on(books, MONDAY + timedelta(days=2))
    for reference, day in ((MISTAKEN, MONDAY), (RIGHT, MONDAY + timedelta(days=1))):
        opened(books, reference)
        take(books, reference, "ask", day)
    on(books, MONDAY + timedelta(days=10))
    both(books, "finish", MONDAY + timedelta(days=10))
    on(books, MONDAY + timedelta(days=14))
    off = '[[days]]\non = 2026-03-13\nlabel = { en = "Mourning", es = "Duelo" }\nsource = "test"\n'
    count_by(books, f"{shipped}\n{off}")
    correct(books, 2, on=str(MONDAY + timedelta(days=1)))
    (answer,) = [each for each in loaded(books, MISTAKEN).deadlines if each.rule == "answer"]
    assert (answer.due_on, answer.closed_on) == (date(2026, 3, 13), date(2026, 3, 12))
    assert stand(books, MISTAKEN) == stand(books, RIGHT)
    assert check(books.engine, books.rulebook, books.people, books.now).faults == ()


def count_by(world: World, content: str) -> None:
    """From now on dates are counted by this edition."""
    edition = read_calendar(content, "mx-labour.toml")
    apply(world.engine, world.rulebook, world.people, edition, content, person="elena", now=world.now)
    world.runtime.refresh()


def test_an_annulled_case_takes_no_term_and_nothing_belongs_to_it(asked: World) -> None:
    correct(asked, 1, annul=True)
    with pytest.raises(Refused, match="stays as it is"):
        state_term(
            asked.engine, asked.rulebook, asked.people, "T-1.annulled",
            TermCommand("validity", Term.parse("5 years"), "clause 9"), person="elena", door=AT_PAGE, now=asked.now,
        )  # fmt: skip
    with pytest.raises(Refused, match="cannot be opened"):
        opened(asked, "T-3", parent="T-1.annulled")

"""Whatever people do in whatever order, nobody decides on their own, nothing is half-written, and what is seen stays seen.

One world: two municipalities with their cases, the ministry that gives opinions, somebody known by two keys. After each act the
books are proved, and compared with what is read from them by hand.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from by_hand import DECISIONS, Hand, hand_of, hands_in, roles_of, tied
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlmodel import SQLModel

from builders import AT_PAGE, MX, new_case
from how_many import DEEP, SEED, many
from prepared import Prepare
from twinflow import bootstrap
from twinflow.config import DatabaseSettings, MailSettings, Settings
from twinflow.domain.agreement.agreement import Agreement, Party
from twinflow.domain.agreement.entries import Changed, ChangeKind, Correction, ObservationAct, OnObservation
from twinflow.domain.agreement.history import ONLY_TOLD, HistoryEntry
from twinflow.domain.calendar.dates import Length
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.corrections.waiting import pending
from twinflow.domain.deadlines.acknowledgements import Acknowledge
from twinflow.domain.deadlines.changes import ChangeCommand
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.domain.people.changes import PeopleEntry, lines_between
from twinflow.domain.people.duties import Act, Asked
from twinflow.domain.people.people import Absence, Assignment, Delegation, Person
from twinflow.domain.people.people import People as Everybody
from twinflow.domain.people.viewer import OPERATOR, Door, Held, Viewer, viewer_of
from twinflow.domain.steps.command import StepCommand
from twinflow.domain.steps.round_acts import RoundAct
from twinflow.errors import BadInput, NotFound, Refused
from twinflow.services.agreements.advancing import advance_agreement
from twinflow.services.agreements.correcting import confirm_correction, correct_entry, refuse_correction
from twinflow.services.agreements.opening import open_agreement
from twinflow.services.books.checking import check
from twinflow.services.deadlines.acknowledging import say
from twinflow.services.deadlines.changing import change_deadline
from twinflow.services.people import handing_over, queues
from twinflow.services.people.changing import change_people
from twinflow.services.reading.agreements import list_references
from twinflow.storage.unit_of_work import UnitOfWork
from world import WITH_THE_PASS, World

STEPS = 40 if DEEP else 12
"""So many things are done in one world."""
START = datetime(2026, 3, 2, 18, tzinfo=UTC)
OFFICES = {
    "chihuahua": ("municipality", "America/Chihuahua"),
    "juarez": ("municipality", "America/Ciudad_Juarez"),
    "sre": ("ministry", "America/Mexico_City"),
}
PEOPLE = {
    "lia": ("liaison", "chihuahua"),
    "leo": ("liaison", "chihuahua"),
    "dea": ("deputy", "chihuahua"),
    "sam": ("supervisor", "chihuahua"),
    "jon": ("liaison", "juarez"),
    "sol": ("supervisor", "juarez"),
    "rita": ("reviewer", "sre"),
    "rob": ("reviewer", "sre"),
    "cora": ("counsel", "sre"),
    "regina": ("registrar", "sre"),
    "mina": ("supervisor", "sre"),
    "ada": ("administrator", "sre"),
}
TWICE = Person("lia-at-the-ministry", "Lia", "lia@random.example", "en", (Assignment("reviewer", "sre"),))
"""Another key of Lia, with her mail address: as books know it from before that was refused."""
EVERYBODY = (*PEOPLE, TWICE.key)
REVIEWERS = ("rita", "rob", TWICE.key)
SCHEMES = ("take a role", "stand in for the reviewer", "let the reviewer stand in", "as it is")
RECORDS = {"opinion_number": "DEP-1/26", "registry_number": "R-1/26"}
CHANGED = ("opinion", "observations")
"""The dates that people change."""
CHANGES = ("disable", "away", "assign", "end", "end what is delegated")
BY_ACT = {
    RoundAct.SUBMIT: ("liaison",),
    RoundAct.ANSWER: ("liaison",),
    RoundAct.GIVE: ("counsel",),
}
"""Whose an act in a round is, where it is not the reviewer's."""
READY = {
    "make_observations": (RoundAct.OBSERVE,),
    "answer_observations": (RoundAct.ANSWER,),
    "issue_favourable_opinion": (RoundAct.CLOSE,),
    "issue_favourable_opinion_with_changes": (RoundAct.CLOSE,),
}
"""What a step asks for in the round."""
HOME = {"chihuahua": "Chihuahua", "juarez": "Ciudad Juárez"}


def people_file(folder: Path) -> Path:
    file = folder / "people.toml"
    offices = (
        f'[offices.{key}]\nkind = "{kind}"\nlabel = {{ en = "{key}", es = "{key}" }}\ncountry = "MX"\ntime_zone = "{zone}"\n'
        for key, (kind, zone) in OFFICES.items()
    )
    people = (
        f'[people.{key}]\nname = "{key.title()}"\nmail = "{key}@random.example"\nlanguage = "en"\n'
        f'roles = [{{ role = "{role}", office = "{office}" }}]\n'
        for key, (role, office) in PEOPLE.items()
    )
    file.write_text("".join([*offices, *people]), "utf-8")
    return file


def fill(world: World) -> None:
    """A case of Chihuahua at the ministry, another one in drafting, and one of Juárez with an observation to answer."""
    with UnitOfWork(world.engine) as work:
        before = work.people.all()
        after = replace(before, people={**before.people, TWICE.key: TWICE})
        work.people.write(before, after)
        work.people.add_entry(PeopleEntry(before.entries + 1, "test", "", lines_between(before, after)), START)
        work.commit()
    world.runtime.refresh()
    for reference, office in (("C-1", "chihuahua"), ("C-2", "chihuahua"), ("J-1", "juarez")):
        liaison = "jon" if office == "juarez" else "lia"
        opened(world, reference, office, liaison)
        step(world, reference, "complete_draft", liaison)
        if reference != "C-2":
            world.act(reference, RoundAct.SUBMIT, liaison, draft="Article V.")
            step(world, reference, "request_opinion", liaison)
    world.act("J-1", RoundAct.OBSERVE, "rita", article="V", text="Say more.")
    step(world, "J-1", "make_observations", "rita")
    world.tick()


def opened(world: World, reference: str, office: str, person: str) -> Agreement:
    parties = (Party(HOME[office], "MX", home=True), Party("Albuquerque", "US"))
    new = new_case(reference, MX, office, reference, world.now.date(), parties, state="drafting")
    here = (world.engine, world.rulebook, world.people)
    return open_agreement(*here, new, actor=person, door=AT_PAGE, now=world.now)


def step(
    world: World, reference: str, name: str, person: str, on: date | None = None, party: str | None = None
) -> object:
    here = (world.engine, world.rulebook, world.people)
    with UnitOfWork(world.engine, reading=True) as work:
        definition = world.rulebook.definition_of(work.agreements.get(reference))
    records = {
        each: RECORDS.get(each, "as filed")
        for each in definition.steps[name].records
        if each not in definition.checklists
    }
    command = StepCommand(name, on or world.now.date(), party=party, records=records, reason="so it is")
    return advance_agreement(*here, reference, command, person=person, door=AT_PAGE, now=world.now)


class Offices(RuleBasedStateMachine):
    """People of the offices do what comes to their mind: what they may, and what they may not."""

    fresh: ClassVar[Callable[[], World]]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).fresh()
        self.written: dict[str, list[HistoryEntry]] = {}
        self.seen: dict[Held, set[str]] = {}
        self.told = 0
        self.proved: object = None

    def teardown(self) -> None:
        self.world.engine.dispose()

    # what is there

    @property
    def here(self) -> tuple[Any, Any, Everybody]:
        return self.world.engine, self.world.rulebook, self.world.people

    @property
    def by(self) -> dict[str, Any]:
        return {"door": AT_PAGE, "now": self.world.now}

    @property
    def today(self) -> date:
        return self.world.now.date()

    def case(self, data: st.DataObject, state: str = "") -> Agreement:
        """Any case, or one in the state where there is one."""
        with UnitOfWork(self.world.engine, reading=True) as work:
            cases = [work.agreements.get(each) for each in sorted(work.agreements.references(OPERATOR))]
        there = [each for each in cases if each.state == state]
        return data.draw(st.sampled_from(there or cases), "case")

    def history(self, reference: str) -> list[HistoryEntry]:
        with UnitOfWork(self.world.engine, reading=True) as work:
            return work.history.as_written(work.agreements.id_of(reference))

    def somebody(self, data: st.DataObject, roles: Sequence[str] = ()) -> str:
        """Anybody, but more often whoever holds one of the roles."""
        likely = [
            key for key in EVERYBODY if {role for role, _ in roles_of(self.world.people, key, self.today)} & set(roles)
        ]
        return data.draw(st.sampled_from((*likely * 3, *EVERYBODY)), "who")

    def observations(self, reference: str) -> list[int]:
        """Their numbers; the first where there is none yet."""
        return sorted({said.number for each in self.history(reference) if (said := OnObservation.read(each))} | {1})

    def tries(self, act: Callable[[], object]) -> bool:
        """Whether it was done. What is refused has changed nothing."""
        before = self.everything()
        try:
            act()
        except (Refused, BadInput, NotFound):
            assert self.everything() == before, "a refused act wrote something"
            return False
        self.world.runtime.refresh()
        return True

    def everything(self) -> list[object]:
        """How many rows each table has, and how the cases, their dates and the people stand."""
        counted = " UNION ALL ".join(
            f"SELECT '{table}', count(*) FROM {table}" for table in sorted(SQLModel.metadata.tables)
        )
        rows = (
            counted,
            "SELECT id, version, state, next_on FROM agreement ORDER BY id",
            "SELECT agreement_id, rule, occurrence, status, due_on, wake_on FROM deadline ORDER BY 1, 2, 3",
            "SELECT id, state, next_attempt_at FROM outbox ORDER BY id",
        )
        with self.world.engine.connect() as connection:
            return [tuple(row) for query in rows for row in connection.execute(text(query))]

    # what people do

    @rule(data=st.data(), office=st.sampled_from(sorted(HOME)))
    def open(self, data: st.DataObject, office: str) -> None:
        person = self.somebody(data, ("liaison",))
        reference = f"N-{len(self.written) + 1}"
        if len(self.written) < 6 and self.tries(lambda: opened(self.world, reference, office, person)):
            self.was_allowed_to(person, office, {"liaison"})

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        self.advance(data, 0)

    @rule(data=st.data())
    def go_further(self, data: st.DataObject) -> None:
        self.advance(data, 0)

    @rule(data=st.data(), days=st.integers(1, 3))
    def enter_late(self, data: st.DataObject, days: int) -> None:
        self.advance(data, days)

    @rule(data=st.data(), reviewer=st.sampled_from(REVIEWERS), how=st.sampled_from(SCHEMES))
    def decide_for_oneself(self, data: st.DataObject, reviewer: str, how: str) -> None:
        """Who had a hand in a case comes to the ministry, by a role, a delegation or another key; one of the two would decide."""
        case = self.case(data, "opinion_requested")
        hands = {hand.person for hand in hands_in(self.history(case.reference), "make_observations")} & set(EVERYBODY)
        city = data.draw(st.sampled_from(sorted(hands) or EVERYBODY), "hand")
        last = self.today + timedelta(days=9)
        match how:
            case "take a role":
                new = Assignment("reviewer", "sre", self.today, last)
                self.change("", city, lambda person: replace(person, assignments=(*person.assignments, new)))
            case "stand in for the reviewer":
                to_city = Delegation(city, self.today, last, "a course")
                self.change("", reviewer, lambda person: replace(person, delegations=(*person.delegations, to_city)))
            case "let the reviewer stand in":
                to_reviewer = Delegation(reviewer, self.today, last, "a course")
                self.change("", city, lambda person: replace(person, delegations=(*person.delegations, to_reviewer)))
        for name in sorted(DECISIONS):
            if case.state in self.world.rulebook.definition_of(case).steps[name].sources:
                self.takes(case, name, data.draw(st.sampled_from((city, reviewer)), "who"), self.today)

    def advance(self, data: st.DataObject, days: int) -> None:
        case = self.case(data)
        steps = self.world.rulebook.definition_of(case).steps
        onwards = [key for key, each in steps.items() if case.state in each.sources and each.by != {"clock"}]
        likely = [key for key in onwards if key != "withdraw" and not key.startswith("file_")]
        name = data.draw(st.sampled_from(likely * 3 + onwards or sorted(steps)), "step")
        person = self.somebody(data, sorted(steps[name].by))
        self.takes(case, name, person, self.today - timedelta(days=days))

    def takes(self, case: Agreement, name: str, person: str, on: date) -> None:
        """A step, with what it asks for in the round of the opinion done before by the same person."""
        for act in READY.get(name, ()):
            for number in self.observations(case.reference):
                self.in_a_round(case, act, person, number)
        taken = self.world.rulebook.definition_of(case).steps[name]
        unsigned = (party.name for party in case.parties if party.signature is None)
        party = next(unsigned, None) if taken.per_party else None
        before, people = self.history(case.reference), self.world.people
        if self.tries(lambda: step(self.world, case.reference, name, person, on, party)):
            self.was_allowed_to(person, case.office, set(taken.by))
            if name in DECISIONS:
                self.is_no_hand(people, person, hands_in(before, name))

    @rule(data=st.data(), act=st.sampled_from(RoundAct))
    def act_in_a_round(self, data: st.DataObject, act: RoundAct) -> None:
        case = self.case(data)
        person = self.somebody(data, BY_ACT.get(act, ("reviewer",)))
        self.in_a_round(case, act, person, data.draw(st.sampled_from(self.observations(case.reference)), "number"))

    def in_a_round(self, case: Agreement, act: RoundAct, person: str, number: int) -> None:
        said = {"text": "as it is", "article": "V", "role": "counsel"}
        if act is RoundAct.SUBMIT:
            said = {"draft": "Article VI."}
        answers = [
            hand_of(each)
            for each in self.history(case.reference)
            if (noted := OnObservation.read(each)) is not None
            and (noted.number, noted.act) == (number, ObservationAct.ANSWERED)
        ]
        people = self.world.people
        if self.tries(lambda: self.world.act(case.reference, act, person, number=number, **said)):
            self.was_allowed_to(person, case.office, set(BY_ACT.get(act, ("reviewer",))))
            if act is RoundAct.CLOSE:
                self.is_no_hand(people, person, answers)

    @rule(data=st.data(), what=st.sampled_from(("withdraw", "on", "note", "step")))
    def correct(self, data: st.DataObject, what: str) -> None:
        """Whoever made the entry puts it right, or another; and somebody confirms what waits, or does not."""
        case = self.case(data)
        history = [each for each in self.history(case.reference) if each.kind not in ONLY_TOLD]
        number = data.draw(st.integers(1, len(history)), "entry")
        right = {"on": str(self.today - timedelta(days=1)), "note": "a slip", "step": "issue_unfavourable_opinion"}
        how = Correction.WITHDRAW if what == "withdraw" else Correction.REPLACE
        asked = {} if what == "withdraw" else {what: right[what]}
        command = CorrectionCommand(entry=number, correction=how, reason="a slip", asked=asked)
        person = data.draw(
            st.sampled_from([key for key in (history[number - 1].actor, *EVERYBODY) if key in EVERYBODY]), "who"
        )
        self.tries(lambda: correct_entry(*self.here, case.reference, command, person=person, **self.by))
        for number, (entry, said) in pending(self.history(case.reference)).items():
            self.decide_on_a_correction(case.reference, number, hand_of(entry), self.somebody(data, said.second))

    def decide_on_a_correction(self, reference: str, number: int, asked: Hand, person: str) -> None:
        where, people = (*self.here, reference, number), self.world.people
        if self.tries(lambda: confirm_correction(*where, person=person, **self.by)):
            self.is_no_hand(people, person, [asked])
        else:
            self.tries(lambda: refuse_correction(*where, "it was right", person=person, **self.by))

    @rule(data=st.data(), kind=st.sampled_from((ChangeKind.PAUSE, ChangeKind.RESUME, ChangeKind.EXTEND)))
    def change_a_date(self, data: st.DataObject, kind: ChangeKind) -> None:
        """Somebody changes it, somebody confirms that, and somebody has it in hand."""
        case = self.case(data)
        dated = [each for each in case.deadlines if each.is_open and each.rule in CHANGED]
        if not dated:
            return
        wanted = DeadlineId(case.reference, dated[0].rule, dated[0].occurrence)
        roles = ("reviewer",) if wanted.rule == "opinion" else ("liaison",)
        person, second, third = (
            self.somebody(data, roles),
            self.somebody(data, ("supervisor", "reviewer")),
            self.somebody(data),
        )
        people = self.world.people
        asked = ChangeCommand(kind=kind, on=None, reason="so it is", length=Length.parse("5 business days"))
        confirmed = ChangeCommand(kind=ChangeKind.CONFIRM, on=None)
        self.tries(lambda: change_deadline(*self.here, wanted, asked, person=person, **self.by))
        hands = [
            hand_of(entry)
            for entry in self.history(case.reference)
            if (said := Changed.read(entry)) is not None
            and said.key[0] == wanted.rule
            and said.change is ChangeKind.EXTEND
        ]
        if self.tries(lambda: change_deadline(*self.here, wanted, confirmed, person=second, **self.by)):
            self.is_no_hand(people, second, hands[-1:])
        self.tries(lambda: say(*self.here, wanted, Acknowledge("in hand"), person=third, **self.by))

    @rule(data=st.data(), act=st.sampled_from(Act), days=st.integers(0, 20))
    def take_in_hand(self, data: st.DataObject, act: Act, days: int) -> None:
        case, to = self.case(data), self.somebody(data, ("liaison", "reviewer"))
        person = self.somebody(data, ("liaison", "reviewer", "supervisor"))
        asked = Asked(act, "so it is", to, self.today + timedelta(days=days))
        self.tries(lambda: queues.act(*self.here, case.reference, Asked(Act.CLAIM), person=to, **self.by))
        self.tries(lambda: queues.act(*self.here, case.reference, asked, person=person, **self.by))

    @rule(data=st.data(), giver=st.sampled_from((*EVERYBODY, *OFFICES)))
    def hand_over(self, data: st.DataObject, giver: str) -> None:
        to, person = self.somebody(data, ("liaison", "reviewer")), self.somebody(data, ("supervisor", "liaison"))
        self.tries(lambda: handing_over.hand_over(*self.here, giver, to, person=person, reason="a course", **self.by))
        self.tries(lambda: handing_over.answer(*self.here, [], Act.ACCEPT, person=to, **self.by))

    # what becomes of people

    @rule(data=st.data(), giver=st.sampled_from(EVERYBODY), to=st.sampled_from(EVERYBODY), days=st.integers(1, 12))
    def delegate(self, data: st.DataObject, giver: str, to: str, days: int) -> None:
        own = self.world.people.people[giver].assignments
        role = data.draw(st.sampled_from((None, *own)), "role")
        last = self.today + timedelta(days=days)
        given = Delegation(to, self.today, last, "a course", role and role.role, role and role.office)
        self.change(
            self.changer(data, giver), giver, lambda person: replace(person, delegations=(*person.delegations, given))
        )

    @rule(data=st.data(), key=st.sampled_from(EVERYBODY), days=st.integers(0, 9), what=st.sampled_from(CHANGES))
    def change_somebody(self, data: st.DataObject, key: str, days: int, what: str) -> None:
        to, last = data.draw(st.sampled_from(EVERYBODY), "to"), self.today + timedelta(days=days)
        role, office = data.draw(st.sampled_from(sorted(set(PEOPLE.values()))), "role")

        def edit(person: Person) -> Person:
            match what:
                case "disable":
                    return replace(person, disabled=not person.disabled)
                case "away":
                    return replace(person, absences=(*person.absences, Absence(self.today, last, to)))
                case "assign":
                    given = Assignment(role, office, self.today, last if days else None)
                    return replace(person, assignments=(*person.assignments, given))
                case "end":
                    first, *others = person.assignments
                    return replace(person, assignments=(replace(first, to_day=last - timedelta(days=1)), *others))
                case _:
                    ended = (replace(each, to_day=min(each.to_day, last)) for each in person.delegations)
                    return replace(person, delegations=tuple(ended))

        self.change(self.changer(data, key), key, edit)

    def changer(self, data: st.DataObject, key: str) -> str:
        """The operator of the machine, the administrator, whom it is about, or anybody."""
        return data.draw(st.sampled_from(("", "ada", key, *EVERYBODY)), "by")

    def change(self, person: str, key: str, edit: Callable[[Person], Person]) -> None:
        was = self.world.people

        def changed(people: Everybody) -> Everybody:
            return replace(people, people={**people.people, key: edit(people.people[key])})

        said = {"by": person or "test", "reason": "", "now": self.world.now, "person": person}
        done = self.tries(lambda: change_people(self.world.engine, self.world.rulebook, changed, **said))  # type: ignore[arg-type]
        if done and person and self.world.people != was:
            administers = any(role == "administrator" for role, _ in roles_of(was, person, self.today))
            assert administers or person == key, f"{person} changed {key}"

    @rule(days=st.integers(1, 9))
    def wake_up(self, days: int) -> None:
        """Days later: a pass, which tells and sends what is due."""
        self.world.now += timedelta(days=days)
        self.world.tick()

    # what is always so

    def was_allowed_to(self, person: str, office: str, roles: set[str]) -> None:
        held = {role for role, where in roles_of(self.world.people, person, self.today) if where in (office, "sre")}
        allowed = roles | ({"deputy"} if "liaison" in roles else set())
        assert held & allowed, f"{person} holds none of {sorted(roles)} on {self.today}"

    def is_no_hand(self, people: Everybody, person: str, hands: Sequence[Hand]) -> None:
        ties = [hand for hand in hands if tied(people, person, hand, self.today)]
        assert ties == [], f"{person} decided, who is tied to {ties[:1]}"

    @invariant()
    def everything_is_in_order(self) -> None:
        """Where nothing has changed since it was looked at last, there is nothing to look at."""
        now = self.today, self.everything()
        if now == self.proved:
            return
        self.proved = now
        assert [str(each.sentence) for each in check(*self.here, self.world.now).faults] == []
        self.histories_only_grow()
        self.everybody_sees_what_is_theirs_and_goes_on_seeing_it()
        self.only_people_of_today_are_told()
        assert any(("administrator", "sre") in roles_of(self.world.people, key, self.today) for key in EVERYBODY)

    def histories_only_grow(self) -> None:
        for reference in list_references(self.world.engine, viewer=OPERATOR):
            now, before = self.history(reference), self.written.get(reference, [])
            assert now[: len(before)] == before
            assert [each.recorded_at for each in now] == sorted(each.recorded_at for each in now)
            self.written[reference] = now

    def everybody_sees_what_is_theirs_and_goes_on_seeing_it(self) -> None:
        people, engine = self.world.people, self.world.engine
        viewers = {key: viewer_of(people, key, self.world.now, Door.PAGE) for key in EVERYBODY}
        every = list_references(engine, viewer=OPERATOR)
        for held in {each for viewer in viewers.values() for each in viewer.held}:
            now = set(list_references(engine, viewer=Viewer("anybody", Door.PAGE, frozenset({held}))))
            assert self.seen.get(held, set()) <= now, f"{held} no longer sees {self.seen[held] - now}"
            assert now == {each for each in every if self.is_for(held, each)}, held
            self.seen[held] = now
        for key, viewer in viewers.items():
            assert {(each.role, each.office) for each in viewer.held} == roles_of(people, key, self.today)
            listed = set(list_references(engine, viewer=viewer))
            assert listed == {reference for held in viewer.held for reference in self.seen[held]}
            with UnitOfWork(engine, reading=True) as work:
                assert listed == {each for each in every if work.visibility.may(viewer, work.agreements.id_of(each))}
            queue = queues.queue_of(*self.here, key, self.world.now)
            assert {each.reference for each in queue.waiting} <= listed

    def is_for(self, held: Held, reference: str) -> bool:
        """What a city keeps is for its people; for the ministry what has come to it, but for who looks after people alone."""
        if held.role == "administrator":
            return False
        states = {each.to_state for each in self.written[reference]}
        if held.office != "sre":
            return reference.startswith(("C", "J")[held.office == "juarez"]) or self.office_of(reference) == held.office
        came = {"opinion_requested"} if held.role != "registrar" else {"registration_requested"}
        return not states.isdisjoint(came)

    def office_of(self, reference: str) -> str:
        with UnitOfWork(self.world.engine, reading=True) as work:
            return work.agreements.get(reference).office

    def only_people_of_today_are_told(self) -> None:
        query = text("SELECT id, recipient, stands_for FROM alert WHERE id > :last ORDER BY id")
        with self.world.engine.connect() as connection:
            rows = connection.execute(query, {"last": self.told}).all()
        for number, recipient, stands_for in rows:
            self.told = number
            assert not self.world.people.people[recipient].disabled
            assert roles_of(self.world.people, stands_for or recipient, self.today), f"{recipient} holds nothing"


@contextmanager
def world_of(url: str, folder: Path) -> Iterator[Callable[[], World]]:
    """Makes a world without anything in it."""
    settings = Settings(
        people_file=people_file(folder),
        database=DatabaseSettings(url=url),
        mail=MailSettings(capture_folder=folder / "mail", state_file=folder / "mail-state.json"),
        rhythm=WITH_THE_PASS,
    )
    yield lambda: World(bootstrap.start(settings), START)


def test_whatever_people_do_nobody_decides_alone_and_the_books_are_in_order(
    database_url: str, prepare: Prepare, tmp_path: Path
) -> None:
    with world_of(database_url, tmp_path) as start:

        def made() -> None:
            world = start()
            fill(world)
            world.engine.dispose()

        def fresh() -> World:
            prepare("random offices", made)
            return start()

        machine = type("OfficesOfOneDatabase", (Offices,), {"fresh": staticmethod(fresh)})
        how = settings(
            max_examples=many(2, 100),
            stateful_step_count=STEPS,
            derandomize=not DEEP,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        run_state_machine_as_test(seed(SEED)(machine), settings=how, _min_steps=STEPS)

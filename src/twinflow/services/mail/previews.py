"""What a notice says of a real agreement, before it is sent: from what there is to tell, else with an example."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Deadline, DeadlineStatus, FindingCode, Term
from twinflow.domain.agreement.entries import Corrected, DateMoved, MoveAct, NotCorrected, OfficeMove, read
from twinflow.domain.agreement.findings import findings
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.agreement.present_names import numbered
from twinflow.domain.agreement.rounds import rounds_of
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.alerts import (
    ANSWER_OVERDUE,
    ANSWER_SOON,
    ANSWERED,
    CONSULTED,
    CORRECTED,
    DISPLACED,
    GONE,
    HANDED_OVER,
    IN_OTHER_HANDS,
    MOVED,
    NOT_CORRECTED,
    NOT_MOVED,
    OVERDUE,
    REFUSED,
    SOON,
    TO_ACCEPT,
    TO_CONFIRM,
    UNDELIVERED,
    Alert,
)
from twinflow.domain.calendar.dates import Length, Unit
from twinflow.domain.deadlines.assumed import terms_in_words
from twinflow.domain.deadlines.changes import changes_by_deadline, pending
from twinflow.domain.deadlines.lateness import has_passed
from twinflow.domain.mail.letter import Letter, LetterGroup, LetterItem
from twinflow.domain.people.people import People, Person
from twinflow.domain.people.viewer import Viewer
from twinflow.domain.process.definition import LIAISON, ProcessDefinition, TermRule
from twinflow.domain.process.notices import Notice
from twinflow.domain.rulebook import Rulebook
from twinflow.errors import NotFound, Refused
from twinflow.language import say
from twinflow.sentences import Sentence, packed
from twinflow.services.mail.letters import Desk, how_to_accept
from twinflow.services.reading.history_in_words import beyond_bound, how_to_answer_a_move, how_to_move
from twinflow.services.reading.rounds import how_to_answer
from twinflow.storage.unit_of_work import UnitOfWork

CONFIRM = "change-to-confirm"
A_WEEK = timedelta(days=7)
OF_MOVES = {
    TO_ACCEPT: {MoveAct.ASKED},
    GONE: {MoveAct.ACCEPTED},
    NOT_MOVED: {MoveAct.REFUSED, MoveAct.TAKEN_BACK},
}
OF_FINDINGS = {code.notice: code for code in FindingCode}


@dataclass(frozen=True, slots=True)
class Preview:
    """The letter as its reader would get it. `example`: nothing of the kind is to be told now, so the occasion is made up."""

    letter: Letter
    example: bool


def preview(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    notice: str,
    reference: str,
    now: datetime,
    person: str | None = None,
    *,
    viewer: Viewer,
) -> Preview:
    """What the notice tells of the agreement at the instant `now`, to `person` or to the first who would be told.

    Raises NotFound for a notice, agreement or person that is not there, Refused where nobody would be told, or the
    agreement's process never sends it.
    """
    known = _notice(rulebook, notice)
    wanted = people.person(person) if person is not None else None
    with UnitOfWork(engine, reading=True) as work:
        agreement_id = work.agreements.row_for(viewer, reference)
        agreement = work.agreements.whole(agreement_id)
        written = {agreement_id: work.history.as_written(agreement_id)} if notice == CORRECTED else {}
    case = _Case(rulebook, people, agreement_id, agreement, rulebook.definition_of(agreement), notice, now, written)
    for occasion in _occasions(case):
        reader, role = case.reader(occasion.roles, wanted)
        values = case.values(occasion, reader, role)
        if values is not None:
            group = LetterGroup(reference, agreement.title, (LetterItem(notice, values),))
            label = case.definition.roles[role].label[reader.language]
            reasons = () if known.optional else (known.because[reader.language],)
            letter = Letter(reader, (label,), (group,), digest=not occasion.urgent, reasons=reasons)
            return Preview(letter, example=occasion.is_example)
    raise Refused(
        "Nothing in the process of {reference} is ever told by the notice {notice}.", reference=reference, notice=notice
    )


def _notice(rulebook: Rulebook, key: str) -> Notice:
    if key not in rulebook.notices:
        raise NotFound(
            "There is no notice {notice}; there are {notices}.", notice=key, notices=sorted(rulebook.notices)
        )
    return rulebook.notices[key]


@dataclass(frozen=True, slots=True)
class _Occasion:
    """Something to tell, and which roles are told. The last three are made up, if anything is: where the case stands, a
    deadline, values that no case has yet.
    """

    subject: AlertSubject
    roles: tuple[str, ...]
    occurrence: int = 1
    level: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    urgent: bool = False
    state: str | None = None
    deadline: Deadline | None = None
    made_up: Mapping[str, Any] | None = None

    @property
    def is_example(self) -> bool:
        return any(made_up is not None for made_up in (self.state, self.deadline, self.made_up))


@dataclass(frozen=True, slots=True)
class _Case:
    """The agreement that the notice is to tell of, and when."""

    rulebook: Rulebook
    people: People
    id: int
    agreement: Agreement
    definition: ProcessDefinition
    notice: str
    now: datetime
    written: Mapping[int, Sequence[HistoryEntry]]

    @property
    def today(self) -> date:
        return self.people.today(self.agreement.office, self.now)

    def reader(self, roles: tuple[str, ...], wanted: Person | None) -> tuple[Person, str]:
        """Who reads it, and in which of the roles: the first that is held, by the one who is wanted if there is one."""
        for role in roles:
            people = self.people.holders_for(self.definition, role, self.agreement.office, self.today)
            if people and (wanted is None or wanted in people):
                return wanted or people[0], role
        if wanted is not None:
            return wanted, roles[0]
        labels = [self.definition.roles[role].label for role in roles]
        raise Refused("Nobody is {roles}; name a reader with --as.", roles=labels)

    def values(self, occasion: _Occasion, reader: Person, role: str) -> dict[str, Any] | None:
        """What the words need; None where there is no such occasion after all."""
        deadlines = {(self.id, *deadline.key): deadline for deadline in self.agreement.deadlines}
        if occasion.deadline is not None:
            deadlines[self.id, *occasion.deadline.key] = occasion.deadline
        desk = Desk(self.rulebook, self.people, self.now, deadlines, {self.id: self.agreement}, written=self.written)
        values = desk.values(reader, self._alert(occasion, role))
        if values is None or occasion.made_up is None:
            return values
        return values | {name: _said(value, reader.language) for name, value in occasion.made_up.items()}

    def _alert(self, occasion: _Occasion, role: str) -> Alert:
        agreement, state = self.agreement, occasion.state or self.agreement.state
        return Alert(
            alert_id=0,
            outbox_id=0,
            agreement_id=self.id,
            reference=agreement.reference,
            title=agreement.title,
            office=agreement.office,
            state=state,
            process=agreement.process,
            process_version=agreement.process_version,
            process_digest=agreement.process_digest,
            tracked_from=agreement.tracked_from,
            notice=self.notice,
            subject=occasion.subject,
            occurrence=occasion.occurrence,
            level=occasion.level,
            role=role,
            stands_for="",
            effective_on=self.today,
            recorded_at=self.now,
            details={"state": state, **occasion.details},
        )


def _said(value: object, language: str) -> object:
    if isinstance(value, tuple):
        return [say(each, language) for each in value]
    return say(value, language) if isinstance(value, Mapping | Sentence | list) else value


def _occasions(case: _Case) -> Iterator[_Occasion]:
    """What there is to tell, the real things first."""
    by_notice = {SOON: _of_deadlines, OVERDUE: _of_deadlines, MOVED: _of_moved_dates, CONFIRM: _of_changes}
    by_notice |= dict.fromkeys((CORRECTED, TO_CONFIRM, NOT_CORRECTED, DISPLACED), _of_corrections)
    by_notice |= {
        **dict.fromkeys((TO_ACCEPT, GONE, NOT_MOVED), _of_moves),
        REFUSED: _of_refused,
        UNDELIVERED: _of_messages,
        **dict.fromkeys((CONSULTED, ANSWER_SOON, ANSWER_OVERDUE, ANSWERED), _of_consultations),
        **dict.fromkeys((HANDED_OVER, IN_OTHER_HANDS), _of_hands),
        **dict.fromkeys(OF_FINDINGS, _of_findings),
    }
    return by_notice.get(case.notice, _of_steps)(case)


def _open(case: _Case) -> list[Deadline]:
    """The open deadlines that have a date, the soonest first."""
    dated = [d for d in case.agreement.deadlines if d.is_open and d.due_on and d.rule in case.definition.deadlines]
    return sorted(dated, key=lambda deadline: deadline.due_on or date.max)


def _example(case: _Case, day: date) -> Deadline | None:
    """A deadline that ends on `day`: the next one, else the first of the process, if it has any."""
    found = next(iter(_open(case)), None)
    rule = found.rule if found else next(iter(case.definition.deadlines), None)
    if rule is None:
        return None
    return Deadline(rule, found.occurrence if found else 1, case.today, day, day, DeadlineStatus.OPEN)


def _of_deadlines(case: _Case) -> Iterator[_Occasion]:
    passed, rules = case.notice == OVERDUE, case.definition.deadlines
    for deadline in _open(case):
        if deadline.due_on is not None and has_passed(deadline.due_on, case.today) is passed:
            yield _Occasion(AlertSubject.deadline(deadline.rule), rules[deadline.rule].told, deadline.occurrence)
    made_up = _example(case, case.today - A_WEEK if passed else case.today + A_WEEK)
    if made_up is not None:
        told = rules[made_up.rule].told
        yield _Occasion(AlertSubject.deadline(made_up.rule), told, made_up.occurrence, deadline=made_up)


def _of_refused(case: _Case) -> Iterator[_Occasion]:
    """What a date should have brought about: of one that has passed, else of a deadline that may."""
    definition, told = case.definition, (LIAISON,)
    for deadline in _open(case):
        yield _Occasion(AlertSubject(SubjectKind.LAPSE, deadline.rule), told, deadline.occurrence)
    rule = next((rule for rule in definition.deadlines.values() if rule.on_lapse), None)
    if rule is not None:
        day, state = case.today - A_WEEK, definition.states[case.agreement.state].label
        step = definition.steps[rule.on_lapse[0]].label
        why = Sentence("“{step}” cannot be taken.", {"step": step})
        made_up = {"step": step, "state": state, "why": why}
        deadline = Deadline(rule.key, 1, case.today, day, day, DeadlineStatus.OPEN)
        yield _Occasion(AlertSubject.deadline(rule.key), told, deadline=deadline, made_up=made_up)


def _of_moved_dates(case: _Case) -> Iterator[_Occasion]:
    rules = case.definition.deadlines
    for deadline in _open(case):
        for entry in reversed(case.agreement.history):
            moved = DateMoved.read(entry)
            if moved is not None and moved.cause and (moved.key, moved.after) == (deadline.key, deadline.due_on):
                subject, told = AlertSubject(SubjectKind.MOVED, deadline.rule), rules[deadline.rule].told
                yield _Occasion(subject, told, deadline.occurrence, level=moved.cause)
    made_up = _example(case, case.today + A_WEEK)
    if made_up is not None:
        values = {"before": made_up.shown_on, "after": case.today + 2 * A_WEEK}
        told = rules[made_up.rule].told
        yield _Occasion(AlertSubject.deadline(made_up.rule), told, made_up.occurrence, deadline=made_up, made_up=values)


def _of_changes(case: _Case) -> Iterator[_Occasion]:
    for (rule, occurrence), changes in changes_by_deadline(case.agreement.history).items():
        for waiting in pending(changes):
            if second := _second(case.definition, rule):
                yield _Occasion(
                    AlertSubject(SubjectKind.CHANGE, rule),
                    (second,),
                    occurrence,
                    details={"number": str(waiting.number)},
                )
    for rule in case.definition.deadlines:
        if second := _second(case.definition, rule):
            open_now = next((deadline for deadline in _open(case) if deadline.rule == rule), None)
            occurrence, day = open_now.occurrence if open_now else 1, case.today + A_WEEK
            liaison = _liaison(case)
            values = {
                "id": f"{case.agreement.reference}/{rule}/{occurrence}",
                "number": 1,
                "actor": liaison.name if liaison is not None else "–",
                "change": Sentence(
                    "{deadline}: paused (change {number})",
                    {"deadline": case.definition.deadlines[rule].label, "number": 1},
                ),
            }
            deadline = Deadline(rule, occurrence, case.today, day, day, DeadlineStatus.OPEN)
            yield _Occasion(AlertSubject.deadline(rule), (second,), occurrence, deadline=deadline, made_up=values)


def _of_corrections(case: _Case) -> Iterator[_Occasion]:
    history = case.agreement.history
    for number, place in reversed(numbered(history)):
        match read(history[place]):
            case Corrected(second=second) if case.notice == (TO_CONFIRM if second else CORRECTED):
                yield _Occasion(AlertSubject(SubjectKind.CORRECTION, str(number)), second or (LIAISON,))
            case NotCorrected() if case.notice == NOT_CORRECTED:
                yield _Occasion(AlertSubject(SubjectKind.CORRECTION, str(number)), (LIAISON,))
    liaison, reason = _liaison(case), Sentence("the day was typed wrongly")
    values = {
        "entry": 1,
        "number": 2,
        "actor": liaison.name if liaison is not None else "–",
        "what": Sentence(
            "Entry {entry} corrected: {what}; reason: {reason}", {"entry": 1, "what": "–", "reason": reason}
        ),
        "instead": Sentence(
            "Entry {entry} corrected: {what}; reason: {reason}", {"entry": 1, "what": "–", "reason": reason}
        ),
        "changes": (),
        "moved": (),
    }
    details = {"message": "0", "person": "", "of": "", "why": packed(Sentence(""))}
    yield _Occasion(AlertSubject(SubjectKind.UNDELIVERED, ""), (LIAISON,), details=details, made_up=values)


def _of_moves(case: _Case) -> Iterator[_Occasion]:
    history, wanted = case.agreement.history, OF_MOVES[case.notice]
    for number, place in reversed(numbered(history)):
        said = OfficeMove.read(history[place])
        if said is not None and said.act in wanted and not said.along:
            yield _Occasion(AlertSubject(SubjectKind.OFFICE, str(number)), (LIAISON,))
    liaison, office = _liaison(case), case.people.offices[case.agreement.office].label
    values = {
        "actor": liaison.name if liaison is not None else "–",
        "office": office,
        "keeper": office,
        "reason": Sentence("the case lies in the wrong office"),
        "along": (),
        "dates": (),
        "todo": how_to_answer_a_move(case.agreement.reference),
    }
    details = {"message": "0", "person": "", "of": "", "why": packed(Sentence(""))}
    yield _Occasion(AlertSubject(SubjectKind.UNDELIVERED, ""), (LIAISON,), details=details, made_up=values)


def _liaison(case: _Case) -> Person | None:
    """Somebody to name in an example."""
    people = case.people.holders_for(case.definition, LIAISON, case.agreement.office, case.today)
    return people[0] if people else None


def _second(definition: ProcessDefinition, rule: str) -> str | None:
    """The role of the second person, of the first kind of change that needs one."""
    found = definition.deadlines.get(rule)
    changes = [found.pause, found.extend, found.move] if found is not None else []
    return next((change.second for change in changes if change is not None and change.second), None)


def _of_consultations(case: _Case) -> Iterator[_Occasion]:
    """Of an answer whoever asks is told, of all else the unit."""
    urgent, rules = case.notice == CONSULTED, case.definition.rounds
    for asked in rounds_of(case.agreement.history, case.definition).consultations.values():
        roles = tuple(rules[asked.asked.round].consulted_by) if case.notice == ANSWERED else (asked.asked.role,)
        yield _Occasion(AlertSubject(SubjectKind.CONSULTATION, str(asked.number)), roles, urgent=urgent)
    named = (rule.consulted_by if case.notice == ANSWERED else rule.consults for rule in rules.values())
    roles = tuple(role for those in named for role in those)
    units = [role for rule in rules.values() for role in rule.consults]
    liaison = _liaison(case)
    values = {
        "number": 1,
        "actor": liaison.name if liaison is not None else "–",
        "late": case.definition.roles[units[0]].label if units else "–",
        "text": Sentence("Is article V in order?"),
        "due_on": case.today + A_WEEK,
        "todo": () if case.notice == ANSWERED else (how_to_answer(case.agreement.reference, 1),),
    }
    details = {"message": "0", "person": "", "of": "", "why": packed(Sentence(""))}
    if roles:
        yield _Occasion(
            AlertSubject(SubjectKind.UNDELIVERED, ""), roles, details=details, urgent=urgent, made_up=values
        )


def _of_hands(case: _Case) -> Iterator[_Occasion]:
    liaison, states = _liaison(case), case.definition.states
    role = states[case.agreement.state].waits_for or LIAISON
    label = case.definition.roles[role].label if role in case.definition.roles else role
    values = {
        "actor": liaison.name if liaison is not None else "–",
        "things": (Sentence("Duty of {role}", {"role": label}),),
        "reason": Sentence("a journey"),
        "todo": (how_to_accept(case.agreement.reference, liaison.key if liaison is not None else "–"),),
    }
    details = {"message": "0", "person": "", "of": "", "why": packed(Sentence(""))}
    yield _Occasion(AlertSubject(SubjectKind.UNDELIVERED, ""), (role, LIAISON), details=details, made_up=values)


def _of_messages(case: _Case) -> Iterator[_Occasion]:
    liaison = _liaison(case)
    why = packed(Sentence("{code} {text}", {"code": 550, "text": "5.1.1 mailbox unknown"}))
    details = {"message": "0", "person": liaison.key if liaison else "–", "of": case.agreement.reference, "why": why}
    yield _Occasion(AlertSubject(SubjectKind.UNDELIVERED, ""), (LIAISON,), details=details, made_up={})


def _of_findings(case: _Case) -> Iterator[_Occasion]:
    for finding in findings(case.agreement, case.definition, case.people.offices[case.agreement.office].kind):
        if finding.code.notice == case.notice:
            yield _Occasion(AlertSubject.finding(finding), (LIAISON,))
    details = {"message": "0", "person": "", "of": "", "why": packed(Sentence(""))}
    yield _Occasion(
        AlertSubject(SubjectKind.UNDELIVERED, ""),
        (LIAISON,),
        details=details,
        made_up=_example_of(case, OF_FINDINGS[case.notice]),
    )


def _example_of(case: _Case, code: FindingCode) -> dict[str, Any]:
    """What a finding would be about, and what would be known of it."""
    match code:
        case FindingCode.SIGNATURE_MISSING:
            return {"subject": case.agreement.parties[-1].name, "known": ""}
        case FindingCode.TERMS_CONFLICT:
            term = next((rule.label for rule in case.definition.terms.values()), case.definition.label)
            return {"subject": term, "known": [Length(days, Unit.DAYS).message for days in (60, 90)]}
        case FindingCode.TERM_BEYOND_BOUND:
            rules = sorted(case.definition.terms.values(), key=lambda rule: rule.at_most is None)
            rule = rules[0] if rules else TermRule(case.definition.label, source=case.definition.label)
            bound = replace(rule, at_most=rule.at_most or Length(5, Unit.YEARS))
            return {"subject": rule.label, **beyond_bound(Term((Length(40, Unit.YEARS),)), bound)}
        case FindingCode.WRONG_OFFICE:
            office = case.people.offices[case.agreement.office]
            return {"subject": office.label, "todo": (how_to_move(case.agreement.reference),)}
        case FindingCode.TERM_ASSUMED:
            found = {key: rule for key, rule in case.definition.terms.items() if rule.default is not None}
            made_up = TermRule(case.definition.label, Length(5, Unit.YEARS), source=case.definition.label)
            key, rule = next(iter(found.items()), ("validity", made_up))
            return {"subject": rule.label, "known": terms_in_words([rule]), "term": key}
        case _:
            known = f"{case.today}; {case.today + A_WEEK}" if code is FindingCode.DATES_DISAGREE else ""
            return {"subject": next(iter(case.definition.records.values())), "known": known}


def _of_steps(case: _Case) -> Iterator[_Occasion]:
    """Announced where the agreement stands now, else where the step that announces it leads to."""
    steps = case.definition.steps.values()
    announced = [(step, told) for step in steps for told in step.announcements if told.notice == case.notice]
    for step, told in announced:
        if any(destination.state == case.agreement.state for destination in step.to):
            yield _Occasion(AlertSubject(SubjectKind.STEP, step.key), told.to, urgent=told.urgent)
    for step, told in announced:
        yield _Occasion(AlertSubject(SubjectKind.STEP, step.key), told.to, urgent=told.urgent, state=step.to[0].state)

"""What messages say to their readers, as values: the alerts of each, without those whose reason has gone."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement, Deadline, Finding, FindingCode
from twinflow.domain.agreement.entries import (
    Changed,
    Corrected,
    DateMoved,
    DutyTaken,
    HandedOver,
    NotCorrected,
    OfficeMove,
)
from twinflow.domain.agreement.findings import findings
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.agreement.kept_by import waiting_move
from twinflow.domain.agreement.left_open import LeftOpen
from twinflow.domain.agreement.present_names import numbered, state_now
from twinflow.domain.agreement.rounds import rounds_of
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.alerts import (
    ANSWER_OVERDUE,
    ANSWER_SOON,
    ANSWERED,
    CORRECTED,
    DISPLACED,
    HANDED_OVER,
    OVERDUE,
    SOON,
    TO_ACCEPT,
    TO_CONFIRM,
    Alert,
)
from twinflow.domain.alerts.recipients import NOBODYS, WHOEVER_HAS_IT, is_anothers
from twinflow.domain.calendar.business_days import business_days_between
from twinflow.domain.clock.day import Stuck, steps_of_dates
from twinflow.domain.corrections.waiting import displaced_by
from twinflow.domain.corrections.waiting import pending as corrections_pending
from twinflow.domain.deadlines.assumed import has_gone_by, in_words, terms_in_words
from twinflow.domain.deadlines.changes import changes_by_deadline, pending
from twinflow.domain.deadlines.lateness import has_passed, is_past, standing
from twinflow.domain.hand_overs.open_things import waiting_to_be_accepted_by
from twinflow.domain.mail.letter import Letter, LetterGroup, LetterItem
from twinflow.domain.mail.message import ClaimedMessage
from twinflow.domain.people.people import People, Person
from twinflow.domain.process.definition import DeadlineRule, ProcessDefinition
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.errors import EnvironmentFailed, TwinflowError, UnreadableAgreement, reason, unreadable
from twinflow.language import say
from twinflow.sentences import Sentence, as_it_stands, unpacked
from twinflow.services.alerts.telling import hands_of
from twinflow.services.clock.links import last_link
from twinflow.services.mail.calendar_feeds import events_of
from twinflow.services.reading.corrected_in_words import dates_moved, entries_then_and_now
from twinflow.services.reading.history_in_words import (
    beyond_bound,
    entry_message,
    how_to_answer_a_move,
    how_to_move,
    left_open_in_words,
)
from twinflow.services.reading.rounds import how_to_answer, observation_line
from twinflow.storage.agreements import read
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import shortened

MOST_DATES = 100
"""Dates attached to one message."""

DeadlineKey = tuple[int, str, int]

Letters: TypeAlias = dict[int, Letter | Exception | None]
"""What each message says, by its number: None where every reason for it has gone, an error where it cannot be said."""

AGAIN = timedelta(hours=1)
"""Where mail leaves with each pass: when it is tried again to say what could not be read."""


class Waiting(NamedTuple):
    """An alert that cannot be said now, and whom it is to be told once it can."""

    recipient: str
    alert_id: int
    agreement_id: int
    error: UnreadableAgreement


@dataclass(frozen=True, slots=True)
class Written:
    """The letters, and what cannot be read of agreements: the alerts about these wait for the next digest of their reader."""

    letters: Letters
    unreadable: tuple[UnreadableAgreement, ...] = ()


OF_HANDS = {EntryKind.DUTY, EntryKind.HANDED_OVER, EntryKind.ACKNOWLEDGED}
"""What may change hands by one act."""

HEAD_IS_ENOUGH = {SubjectKind.DEADLINE, SubjectKind.STEP, SubjectKind.UNDELIVERED}
"""Kinds of alert that need no more of an agreement than its head and its deadlines."""


def letters(
    engine: Engine, rulebook: Rulebook, people: People, messages: Sequence[ClaimedMessage], now: datetime
) -> Written:
    """What each message says to its reader, the soonest date first.

    What can be said of no date just now, as its count is paused, counts as not told; so does what another has in hand by now.
    Raises EnvironmentFailed.
    """
    ids = [message.id for message in messages]
    link = last_link(engine, now) if any(message.digest for message in messages) else None
    with UnitOfWork(engine, reading=True) as work:
        alerts: dict[int, list[Alert]] = {outbox_id: [] for outbox_id in ids}
        recipients = {message.id: message.recipient for message in messages}
        waiting: list[Waiting] = []
        for alert in work.alerts.of_messages(ids):
            if isinstance(alert, Alert):
                alerts[alert.outbox_id].append(alert)
            else:
                waiting.append(Waiting(recipients[alert.outbox_id], alert.alert_id, alert.agreement_id, alert.error))
        told = work.alerts.deadlines_told(ids)
        deadlines = {key: found for key, found in told.items() if isinstance(found, Deadline)}
        needed = sorted({m.agreement_id for each in alerts.values() for m in each if _needs_all(m, rulebook)})
        agreements = dict(zip(needed, work.agreements.load(needed), strict=True)) if needed else {}
        corrected = {m.agreement_id for each in alerts.values() for m in each if m.notice == CORRECTED}
        written = {agreement_id: work.history.as_written(agreement_id) for agreement_id in sorted(corrected)}
        dated = _dated(alerts, deadlines, work.alerts.withdrawn(ids))
        events = events_of(work, rulebook, people, {key for keys in dated.values() for key in keys}, now)
        hands = hands_of(work, {m.agreement_id for each in alerts.values() for m in each})
        unwanted = {person: work.opt_outs.of(person) for person in {message.recipient for message in messages}}
    damaged = {key: found for key, found in told.items() if isinstance(found, Exception)}
    desk = Desk(rulebook, people, now, deadlines, agreements, damaged, written)
    found: Letters = {}
    taken: list[int] = []
    for message in messages:
        theirs = [m for m in alerts[message.id] if desk.is_anothers(message.recipient, m, hands)]
        taken += [m.alert_id for m in theirs if m.subject.kind is SubjectKind.DEADLINE]
        wanted_ones = [m for m in alerts[message.id] if m not in theirs and m.notice not in unwanted[message.recipient]]
        try:
            letter = desk.letter(message, wanted_ones)
            if letter is not None:
                letter = replace(
                    letter,
                    last_link=link if message.digest else None,
                    events=tuple(events[key] for key in sorted(dated[message.id]) if key in events),
                )
            found[message.id] = letter
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one does not hold the others up
            found[message.id] = error
    paused = [m.alert_id for each in alerts.values() for m in each if _has_no_date(m, deadlines)]
    if paused or taken:
        with UnitOfWork(engine) as work:
            work.alerts.release({*paused, *taken})
            work.commit()
    waiting += desk.waiting
    if waiting:
        _put_off(engine, rulebook, people, waiting, now)
    return Written(found, tuple(each.error for each in waiting))


def _put_off(engine: Engine, rulebook: Rulebook, people: People, waiting: Sequence[Waiting], now: datetime) -> None:
    """Let the next digest of each reader tell it, and the next pass look whether the agreement can be read."""
    with UnitOfWork(engine) as work:
        kept = work.agreements.keep(sorted({each.agreement_id for each in waiting}))
        work.agreements.look_again(kept, now.date())
        for each in waiting:
            work.alerts.move(each.alert_id, _next_digest(work, rulebook, people, each.recipient, now))
        work.commit()


def _next_digest(work: UnitOfWork, rulebook: Rulebook, people: People, recipient: str, now: datetime) -> int:
    """The next digest of a reader, not before it makes sense to try again."""
    hours = rulebook.hours_at(people.office_of(people.person(recipient), now))
    outbox_id = work.outbox.open_digest(recipient, uuid.uuid4().hex, now, hours)
    if hours.next_digest(now, None) is None:
        work.outbox.put_off({outbox_id: now + AGAIN})
    return outbox_id


def _has_no_date(alert: Alert, deadlines: Mapping[DeadlineKey, Deadline]) -> bool:
    if alert.subject.kind is not SubjectKind.DEADLINE:
        return False
    deadline = deadlines.get((alert.agreement_id, alert.subject.name, alert.occurrence))
    return deadline is not None and deadline.is_open and deadline.due_on is None


def _is_of_the_past(deadline: Deadline, tracked_from: date) -> bool:
    """Whether it had passed when the case was taken over, and is closed: on record, and no news to anybody."""
    return not deadline.is_open and has_passed(deadline.due_on, tracked_from)


def _dated(
    alerts: Mapping[int, Sequence[Alert]],
    deadlines: Mapping[DeadlineKey, Deadline],
    withdrawn: Mapping[int, set[DeadlineKey]],
) -> dict[int, set[DeadlineKey]]:
    """The dates that go into the reader's calendar with each message: those it tells of, and those that are withdrawn.

    Who is told of very many is better served by a calendar feed.
    """
    found: dict[int, set[DeadlineKey]] = {}
    for outbox_id, told in alerts.items():
        keys = set(withdrawn.get(outbox_id, ()))
        for alert in told:
            key = (alert.agreement_id, alert.subject.name, alert.occurrence)
            past = key in deadlines and _is_of_the_past(deadlines[key], alert.tracked_from)
            if alert.subject.kind in {SubjectKind.DEADLINE, SubjectKind.MOVED} and not past:
                keys.add(key)
        found[outbox_id] = keys if len(keys) <= MOST_DATES else set()
    return found


def _needs_all(alert: Alert, rulebook: Rulebook) -> bool:
    """Whether more of the agreement is needed than its head and its deadlines."""
    kind = alert.subject.kind
    if kind is SubjectKind.STEP:
        return alert.details["state"] != alert.state or _returns(alert, rulebook.pinned(*_version_of(alert)))
    return kind not in HEAD_IS_ENOUGH


def _returns(alert: Alert, definition: ProcessDefinition) -> bool:
    """Whether the step sends back what was observed in a round."""
    return any(alert.subject.name in rule.ended_by for rule in definition.rounds.values())


def _version_of(alert: Alert) -> tuple[str, int, str]:
    return alert.process, alert.process_version, alert.process_digest


def _assumed(deadline: Deadline, definition: ProcessDefinition, person: Person) -> str:
    words = in_words(deadline, definition)
    return say(words, person.language) if words is not None else ""


def _notice(alert: Alert, values: Mapping[str, Any]) -> str:
    """A warning may have waited so long that the day has passed."""
    if alert.subject.kind is SubjectKind.DEADLINE:
        return OVERDUE if is_past(values["days"]) else SOON
    if alert.notice == ANSWER_SOON and values["passed"]:
        return ANSWER_OVERDUE
    return alert.notice


def how_to_accept(reference: str, person: str) -> Sentence:
    """The commands by which a successor answers what was handed over."""
    values = {"reference": reference, "person": person}
    return Sentence(
        "accept it (twinflow people accept {reference} --as {person}), or decline it "
        "(twinflow people decline {reference} --as {person} --reason WHY)",
        values,
    )


def _without_reason(entry: HistoryEntry) -> HistoryEntry:
    """The reason is said once of all that changed hands together."""
    said = DutyTaken.read(entry) or HandedOver.read(entry)
    return replace(entry, details=replace(said, reason="").details()) if said is not None else entry


@dataclass(slots=True)
class Desk:
    """Where the letters of one batch are written, at one instant. What many of them share is looked up once."""

    rulebook: Rulebook
    people: People
    now: datetime
    deadlines: Mapping[tuple[int, str, int], Deadline]
    agreements: Mapping[int, Agreement | UnreadableAgreement]
    damaged: Mapping[DeadlineKey, Exception] = field(default_factory=dict)
    written: Mapping[int, Sequence[HistoryEntry]] = field(default_factory=dict)
    """The histories as written, of the agreements in which something was corrected."""
    waiting: list[Waiting] = field(default_factory=list)
    _rules: dict[tuple[str, str, str, str], "_Rule"] = field(default_factory=dict)
    _labels: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def letter(self, message: ClaimedMessage, alerts: Sequence[Alert]) -> Letter | None:
        person = self.people.reader(message.recipient)
        by_agreement: dict[int, dict[tuple[AlertSubject, int], Alert]] = {}
        for alert in alerts:  # the last level of each
            by_agreement.setdefault(alert.agreement_id, {})[alert.subject, alert.occurrence] = alert
        groups: list[tuple[tuple[date, str], LetterGroup]] = []
        roles: dict[str, None] = {}
        for mine in by_agreement.values():
            said = list(self._said(person, mine.values()))
            if not said:
                continue
            said.sort(key=lambda told: told[0]["sort_on"])
            items = tuple(LetterItem(_notice(alert, values), values) for values, alert in said)
            soonest = said[0][0]["sort_on"]
            head = said[0][1]
            groups.append(((soonest, head.reference), LetterGroup(head.reference, head.title, items)))
            roles |= dict.fromkeys(self._role(person, alert) for _, alert in said)
        if not groups:
            return None
        groups.sort(key=lambda group: group[0])
        letter = Letter(person, tuple(roles), tuple(group for _, group in groups), message.digest)
        return replace(letter, reasons=self._reasons(letter))

    def is_anothers(self, person: str, alert: Alert, hands: Mapping[int, Mapping[str, str]]) -> bool:
        """Whether another has in hand by now what the alert was about, so that it is theirs to hear of."""
        by = hands.get(alert.agreement_id, NOBODYS)
        if not by or alert.subject.kind in WHOEVER_HAS_IT:
            return False
        definition, today = self._definition(alert), self.people.today(alert.office, self.now)
        who = alert.stands_for or person
        return is_anothers(self.people, definition, alert.office, alert.role, who, today, by)

    def _said(self, person: Person, alerts: Iterable[Alert]) -> Iterator[tuple[dict[str, Any], Alert]]:
        """What can be said now, each with its values; what cannot be read waits."""
        for alert in alerts:
            try:
                with about(alert.reference):
                    values = self.values(person, alert)
            except EnvironmentFailed:
                raise
            except TwinflowError as error:
                wrong = error if isinstance(error, UnreadableAgreement) else unreadable(alert.reference, reason(error))
                self.waiting.append(Waiting(person.key, alert.alert_id, alert.agreement_id, wrong))
                continue
            if values is not None:
                yield values, alert

    def _agreement(self, alert: Alert) -> Agreement:
        """Raises UnreadableAgreement."""
        return read(self.agreements[alert.agreement_id])

    def _reasons(self, letter: Letter) -> tuple[str, ...]:
        """Why the letter cannot be switched off, each reason once."""
        notices = [self.rulebook.notices[item.notice] for item in letter.items]
        said = [say(notice.because, letter.person.language) for notice in notices if not notice.optional]
        return tuple(dict.fromkeys(said))

    def _role(self, person: Person, alert: Alert) -> str:
        """The role that the alert was for, in the reader's language."""
        key = (alert.process_digest, alert.role, person.language)
        if key not in self._labels:
            role = self._definition(alert).roles.get(alert.role)
            self._labels[key] = role.label[person.language] if role is not None else alert.role
        return self._labels[key]

    def _definition(self, alert: Alert) -> ProcessDefinition:
        return self.rulebook.pinned(*_version_of(alert))

    def values(self, person: Person, alert: Alert) -> dict[str, Any] | None:
        """The values that the words of an alert need; None if its reason has gone."""
        subject = alert.subject
        wrong = self.damaged.get((alert.agreement_id, subject.name, alert.occurrence))
        if wrong is not None:
            raise wrong
        absent = self.people.people.get(alert.stands_for)
        values: dict[str, Any] = {
            "reference": alert.reference,
            "title": shortened(alert.title),
            "effective_on": alert.effective_on,
            "recorded_on": self.people.today(alert.office, alert.recorded_at),
            "stands_for": absent.name if absent is not None else alert.stands_for,
            "sort_on": date.max,
        }
        match subject.kind:
            case SubjectKind.DEADLINE:
                found = self._of_deadline(person, alert, subject.name)
            case SubjectKind.STEP:
                found = self._of_step(person, alert)
            case SubjectKind.LAPSE:
                found = self._of_refused(person, alert, (subject.name, alert.occurrence))
            case SubjectKind.MOVED:
                found = self._of_moved(person, alert, subject.name)
            case SubjectKind.CHANGE:
                found = self._of_change(person, alert, subject.name)
            case SubjectKind.CORRECTION:
                found = self._of_correction(person, alert)
            case SubjectKind.CONSULTATION:
                found = self._of_consultation(person, alert)
            case SubjectKind.OFFICE:
                found = self._of_move(person, alert)
            case SubjectKind.HANDS:
                found = self._of_hands(person, alert)
            case SubjectKind.UNDELIVERED:
                found = self._of_undelivered(person, alert)
            case code:
                found = self._of_finding(person, alert, Finding(code, subject.name))
        return values | found if found is not None else None

    def _of_deadline(self, person: Person, alert: Alert, key: str) -> dict[str, Any] | None:
        deadline = self.deadlines.get((alert.agreement_id, key, alert.occurrence))
        if deadline is None or deadline.due_on is None or _is_of_the_past(deadline, alert.tracked_from):
            return None
        told = self._rule(person, alert, key)
        if has_gone_by(deadline, told.today):  # nothing follows from it
            return None
        date_alone = replace(deadline, occurrence=0)
        if date_alone not in told.dates:
            calendars, today = self.rulebook.calendars_of(told.definition, told.rule), told.today
            told.dates[date_alone] = {
                **told.values,
                "due_on": deadline.shown_on,
                "warn_on": as_it_stands(deadline.warn_on, provisional=deadline.provisional),
                "days": (deadline.due_on - today).days,
                "business_days": business_days_between(today, deadline.due_on, calendars)
                if calendars.covers(deadline.due_on)
                else None,
                "standing": standing(told.rule, deadline, calendars, today).value,
                "assumed": _assumed(deadline, told.definition, person),
                "sort_on": deadline.due_on,
            }
        return told.dates[date_alone]

    def _rule(self, person: Person, alert: Alert, key: str) -> "_Rule":
        """What is said of every deadline of this rule alike."""
        at = (alert.process_digest, alert.office, key, person.language)
        if at not in self._rules:
            definition = self._definition(alert)
            rule = definition.deadlines[key]
            language = person.language
            values = {
                "deadline": rule.label[language],
                "nature": rule.nature.value,
                "late": definition.roles[rule.late].label[language] if rule.late else "",
                "office": self._office_of(alert, rule.late, language) if rule.late else "",
                "note": rule.note[language] if rule.note else "",
                "todo": [label[language] for label in self.rulebook.what_meets(definition, rule)],
            }
            today = deadline_context(self.rulebook, self.people, definition, alert.office, self.now).today_of(rule)
            self._rules[at] = _Rule(definition, rule, today, values)
        return self._rules[at]

    def _office_of(self, alert: Alert, role: str, language: str) -> str:
        """The office where a role is held; several where there are several."""
        definition = self._definition(alert)
        kind = definition.roles[role].office_on(self.people.today(alert.office, self.now))
        keys = self.people.in_charge(definition, kind, alert.office) if kind else frozenset()
        return ", ".join(self.people.offices[key].label[language] for key in sorted(keys))

    def _of_step(self, person: Person, alert: Alert) -> dict[str, Any] | None:
        """What a step announced, while the case still stands where it led to."""
        state = alert.details["state"]
        if state != alert.state:
            agreement = self._agreement(alert)
            if state_now(agreement.history, state, alert.recorded_at) != alert.state:
                return None
        left = left_open_in_words(LeftOpen.parse(alert.details.get("left_open", "")), self._definition(alert))
        return {
            **self._present(person, alert),
            "left_open": [say(each, person.language) for each in left],
            "observations": self._returned(person, alert),
        }

    def _returned(self, person: Person, alert: Alert) -> list[dict[str, Any]]:
        """The observations that the step sent back to be answered, in full."""
        if not _returns(alert, self._definition(alert)):
            return []
        agreement = self._agreement(alert)
        rounds = rounds_of(agreement.history, self._definition(alert))
        ends = agreement.steps_taken(alert.subject.name)
        ended = ends[alert.occurrence - 1] if alert.occurrence <= len(ends) else None
        numbers = [number for each in rounds.rounds if each.ended is ended for number in each.returned]
        lines = [observation_line(each) for n in numbers if (each := rounds.observations.get(n)) is not None]
        return [
            {
                "number": line.number,
                "article": line.article,
                "text": line.text,
                "said": [say(each, person.language) for each in line.said],
            }
            for line in lines
        ]

    def _of_consultation(self, person: Person, alert: Alert) -> dict[str, Any] | None:
        """What a unit is asked, or has answered; None where that does not wait, or is not there, any more."""
        agreement, definition = self._agreement(alert), self._definition(alert)
        asked = rounds_of(agreement.history, definition).consultations.get(int(alert.subject.name))
        if asked is None or (asked.given is not None) != (alert.notice == ANSWERED):
            return None
        said, entry = asked.given or asked.asked, asked.given_in or asked.asked_in
        actor, role, due_on = self.people.people.get(entry.actor), asked.asked.role, asked.asked.due_on
        todo = [say(how_to_answer(alert.reference, asked.number), person.language)] if alert.role == role else []
        return {
            "number": asked.number,
            "actor": actor.name if actor is not None else entry.actor,
            "late": definition.roles[role].label[person.language],
            "text": said.text,
            "due_on": due_on,
            "passed": has_passed(due_on, self.people.today(alert.office, self.now)),
            "todo": todo,
            "sort_on": due_on or date.max,
        }

    def _present(self, person: Person, alert: Alert) -> dict[str, Any]:
        """Where the case stands, and the steps that the reader's role may take from there."""
        definition = self._definition(alert)
        possible = [
            step.label[person.language]
            for step in definition.steps.values()
            if alert.state in step.sources and alert.role in step.by
        ]
        return {"state": definition.states[alert.state].label[person.language], "todo": possible}

    def _of_refused(self, person: Person, alert: Alert, key: tuple[str, int]) -> dict[str, Any] | None:
        """The step of a date that has passed, and why it cannot be taken; None if it was, or nothing follows any more."""
        agreement, definition = self._agreement(alert), self._definition(alert)
        context = deadline_context(self.rulebook, self.people, definition, alert.office, self.now)
        for deed in steps_of_dates(agreement, definition, context, self.now):
            if isinstance(deed, Stuck) and deed.deadline.key == key:
                return {
                    "deadline": definition.deadlines[deed.deadline.rule].label[person.language],
                    "due_on": deed.deadline.shown_on,
                    "step": definition.steps[deed.step].label[person.language],
                    "why": " ".join(say(reason, person.language) for reason in deed.refused.reasons),
                    "sort_on": deed.deadline.due_on,
                    **self._present(person, alert),
                }
        return None

    def _of_moved(self, person: Person, alert: Alert, rule: str) -> dict[str, Any] | None:
        """Where a date has moved; None if it has moved again, which another alert tells, or is closed."""
        deadline = self.deadlines.get((alert.agreement_id, rule, alert.occurrence))
        told, history = ((rule, alert.occurrence), alert.level), self._agreement(alert).history
        read = (DateMoved.read(entry) for entry in reversed(history))
        moved = next((each for each in read if each is not None and (each.key, each.cause) == told), None)
        if deadline is None or not deadline.is_open or moved is None or deadline.due_on != moved.after:
            return None
        values = self._rule(person, alert, rule).values
        return {
            "deadline": values["deadline"],
            "before": moved.before,
            "after": deadline.shown_on,
            "assumed": _assumed(deadline, self._definition(alert), person),
            "todo": values["todo"],
            "sort_on": moved.after or date.max,
        }

    def _of_change(self, person: Person, alert: Alert, rule: str) -> dict[str, Any] | None:
        """A change that waits for the reader; None if it waits no longer."""
        agreement = self._agreement(alert)
        deadline = self.deadlines.get((alert.agreement_id, rule, alert.occurrence))
        changes = changes_by_deadline(agreement.history).get((rule, alert.occurrence), ())
        waiting = [change for change in pending(changes) if str(change.number) == alert.details["number"]]
        if deadline is None or not deadline.is_open or not waiting:
            return None
        change = waiting[0]
        actor = self.people.people.get(change.actor)
        entry = next(
            entry
            for entry in agreement.history
            if (said := Changed.read(entry)) is not None
            and (said.key, said.number) == ((rule, alert.occurrence), change.number)
        )
        return {
            "deadline": self._rule(person, alert, rule).values["deadline"],
            "id": f"{agreement.reference}/{rule}/{alert.occurrence}",
            "number": change.number,
            "actor": actor.name if actor is not None else change.actor,
            "change": say(entry_message(entry, self.rulebook.lexicon_of(agreement)), person.language),
        }

    def _of_correction(self, person: Person, alert: Alert) -> dict[str, Any] | None:
        """A correction that was made or is not to be, or one that waits for the reader; None if it waits no longer."""
        agreement, number = self._agreement(alert), int(alert.subject.name)
        history, words = agreement.history, self.rulebook.lexicon_of(agreement)
        if alert.notice == TO_CONFIRM and number not in corrections_pending(history):
            return None
        places = dict(numbered(history))
        entry = history[places[number]]
        by = history[places[displaced_by(history, number)]] if alert.notice == DISPLACED else entry
        said = Corrected.read(entry) or NotCorrected.read(entry)
        assert said is not None
        actor = self.people.people.get(by.actor)
        values: dict[str, Any] = {
            "entry": said.entry,
            "number": number,
            "actor": actor.name if actor is not None else by.actor,
            "what": say(entry_message(entry, words), person.language),
            "instead": say(entry_message(by, words), person.language),
        }
        if alert.notice == CORRECTED:
            written = self.written[alert.agreement_id]
            changes, moved = entries_then_and_now(written, number, words), dates_moved(written, number, words)
            values["changes"] = [say(each, person.language) for each in changes]
            values["moved"] = [say(each, person.language) for each in moved]
        return values

    def _of_move(self, person: Person, alert: Alert) -> dict[str, Any] | None:
        """A move to another office that waits for the reader, was accepted or refused; None if it waits no longer."""
        agreement = self._agreement(alert)
        waiting = waiting_move(agreement.history, agreement.office)
        entry = agreement.history[dict(numbered(agreement.history))[int(alert.subject.name)]]
        said = OfficeMove.read(entry)
        assert said is not None
        if alert.notice == TO_ACCEPT and (waiting is None or waiting[0] is not entry):
            return None
        actor = self.people.people.get(entry.actor)
        todo = how_to_answer_a_move(agreement.reference) if alert.notice == TO_ACCEPT else ()
        return {
            "actor": actor.name if actor is not None else entry.actor,
            "office": self._label_of(said.to, person),
            "keeper": self._label_of(said.before, person),
            "reason": said.reason,
            "along": alert.details.get("along", "").split(),
            "dates": self._dates(agreement, person),
            "todo": [say(each, person.language) for each in todo],
        }

    def _label_of(self, office: str, person: Person) -> str:
        known = self.people.offices.get(office)
        return known.label[person.language] if known is not None else office

    def _dates(self, agreement: Agreement, person: Person) -> list[str]:
        """The open dates of the case, the soonest first."""
        rules = self.rulebook.definition_of(agreement).deadlines
        dated = [(each.due_on, each) for each in agreement.deadlines if each.is_open and each.due_on is not None]
        return [
            say(
                Sentence("{deadline} (due {due})", {"deadline": rules[each.rule].label, "due": each.shown_on}),
                person.language,
            )
            for _, each in sorted(dated, key=lambda pair: pair[0])
        ]

    def _of_hands(self, person: Person, alert: Alert) -> dict[str, Any] | None:
        """What has changed hands by one act; None where the reader was to accept it, and it waits no longer."""
        agreement, definition = self._agreement(alert), self.rulebook.definition_of(self._agreement(alert))
        history, who = agreement.history, alert.stands_for or person.key
        first = history[dict(numbered(history))[int(alert.subject.name)]]
        together = [each for each in history if (each.actor, each.recorded_at) == (first.actor, first.recorded_at)]
        entries = [each for each in together if each.kind in OF_HANDS]
        if alert.notice == HANDED_OVER and who not in waiting_to_be_accepted_by(agreement, definition):
            return None
        actor = self.people.people.get(first.actor)
        saying = DutyTaken.read(first) or HandedOver.read(first)
        words = self.rulebook.lexicon_of(agreement)
        return {
            "actor": actor.name if actor is not None else first.actor,
            "things": [say(entry_message(_without_reason(each), words), person.language) for each in entries],
            "reason": saying.reason if saying is not None else "",
            "todo": [say(how_to_accept(alert.reference, who), person.language)],
        }

    def _of_undelivered(self, person: Person, alert: Alert) -> dict[str, Any]:
        """Somebody who could not be reached."""
        reader = self.people.people.get(alert.details["person"])
        return {
            "person": reader.name if reader is not None else alert.details["person"],
            "subject": alert.details["of"],
            "why": say(unpacked(alert.details["why"]), person.language),
            "number": alert.details["message"],
        }

    def _of_finding(self, person: Person, alert: Alert, finding: Finding) -> dict[str, Any] | None:
        agreement = self._agreement(alert)
        if finding not in findings(
            agreement, self.rulebook.definition_of(agreement), self.people.offices[agreement.office].kind
        ):
            return None
        definition, subject = self.rulebook.lexicon_of(agreement), finding.subject
        known = ""
        match finding.code:
            case FindingCode.SIGNATURE_MISSING:
                pass
            case FindingCode.WRONG_OFFICE:
                how = say(how_to_move(agreement.reference), person.language)
                return {"subject": self._label_of(subject, person), "todo": [how]}
            case FindingCode.TERMS_CONFLICT:
                known = say([reading.message for reading in agreement.terms[subject].readings], person.language)
                term = definition.terms.get(subject)
                subject = term.label[person.language] if term is not None else subject
            case FindingCode.TERM_BEYOND_BOUND:
                rule = definition.terms[subject]
                values = {"subject": rule.label, **beyond_bound(agreement.terms[subject], rule)}
                return {name: say(value, person.language) for name, value in values.items()}
            case FindingCode.TERM_ASSUMED:
                rule = definition.terms[subject]
                known = say(terms_in_words([rule]) or "", person.language)
                return {"subject": rule.label[person.language], "known": known, "term": subject}
            case FindingCode.DATE_MISSING | FindingCode.DATES_DISAGREE:
                claims = agreement.facts.get(subject, ())
                known = "; ".join(f"{claim.value} ({claim.source})" for claim in claims if str(claim.value))
                label = definition.records.get(subject)
                subject = label[person.language] if label is not None else subject
        return {"subject": subject, "known": known}


@dataclass(frozen=True, slots=True)
class _Rule:
    """A deadline's rule as told in one language for one office."""

    definition: ProcessDefinition
    rule: DeadlineRule
    today: date
    values: Mapping[str, Any]
    dates: dict[Deadline, dict[str, Any]] = field(default_factory=dict)
    """What is said of a date: many deadlines of a large office have the same."""

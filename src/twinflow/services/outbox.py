"""The way of a message: claimed with a lease, put into a letter, settled. Sending itself happens outside, in no transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from twinflow.domain.actors import Person
from twinflow.domain.agreement import Agreement, Deadline, DeadlineStatus, EntryKind
from twinflow.domain.calendars import business_days_between
from twinflow.domain.changes import changes_by_deadline, pending
from twinflow.domain.findings import Finding, FindingCode, findings
from twinflow.domain.letters import ClaimedMessage, Letter, LetterGroup, LetterItem, OutboxMessage
from twinflow.domain.levels import standing
from twinflow.domain.library import Library
from twinflow.domain.migration import state_now
from twinflow.domain.process import ProcessDefinition
from twinflow.errors import MailFailed, Refused
from twinflow.language import say
from twinflow.services.wording import entry_message
from twinflow.storage.tables import AlertRow
from twinflow.storage.unit_of_work import UnitOfWork

LEASE = timedelta(minutes=10)
SENDING_LIMIT = LEASE - timedelta(minutes=1)
PATIENCE = timedelta(hours=72)
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))


def due(engine: Engine, now: datetime) -> list[int]:
    """The messages to send now."""
    with UnitOfWork(engine, reading=True) as work:
        return work.outbox.due(now)


def claim(engine: Engine, outbox_id: int, now: datetime) -> ClaimedMessage | None:
    """Take a message for ten minutes; None if somebody else has it."""
    with UnitOfWork(engine) as work:
        claimed = work.outbox.claim(outbox_id, now, now + LEASE)
        work.commit()
    return claimed


def letter(engine: Engine, library: Library, claimed: ClaimedMessage, now: datetime) -> Letter | None:
    """What the message says to its reader, the soonest date first. None if every reason for it has gone by now."""
    person = library.person(claimed.recipient)
    with UnitOfWork(engine, reading=True) as work:
        alerts = work.outbox.alerts_of(claimed.id)
        ids = list(dict.fromkeys(alert.agreement_id for alert in alerts))
        agreements = dict(zip(ids, work.agreements.load(ids), strict=True)) if ids else {}
    groups = []
    for agreement_id, agreement in agreements.items():
        reader = _Reader(library, agreement, person, now)
        mine = {
            (a.subject, a.occurrence): a for a in alerts if a.agreement_id == agreement_id
        }  # the last level of each
        items = [item for alert in mine.values() if (item := reader.item(alert)) is not None]
        if items:
            groups.append(LetterGroup(agreement.reference, agreement.title, tuple(items)))
    if not groups:
        return None
    groups.sort(key=_urgency)
    roles = _roles(library, agreements, alerts, person)
    return Letter(person.name, person.mail, person.language, roles, tuple(groups))


def keep_content(engine: Engine, outbox_id: int, subject: str, content: bytes) -> None:
    """The message as built: retries send these bytes, and they prove what was said."""
    with UnitOfWork(engine) as work:
        work.outbox.keep_content(outbox_id, subject, content)
        work.commit()


def settle_sent(engine: Engine, claimed: ClaimedMessage, now: datetime, *, dropped: bool = False) -> None:
    """Done: sent, or dropped because there was nothing left to say."""
    with UnitOfWork(engine) as work:
        work.outbox.settle(claimed, "dropped" if dropped else "sent", now)
        work.commit()


def settle_failed(engine: Engine, claimed: ClaimedMessage, now: datetime, failure: MailFailed) -> bool:
    """Try again later, at growing intervals for 72 hours; give up at once on a permanent refusal. Whether it was given up."""
    give_up = failure.permanent or now - claimed.created_at > PATIENCE
    wait = WAITS[min(claimed.attempts, len(WAITS)) - 1]
    with UnitOfWork(engine) as work:
        work.outbox.settle(
            claimed,
            "failed" if give_up else "retrying",
            now,
            error=str(failure),
            next_attempt_at=None if give_up else now + wait,
        )
        work.commit()
    return give_up


def retry(engine: Engine, outbox_id: int, now: datetime) -> None:
    """Send a failed message again. Raises NotFound, or Refused if it was sent or dropped."""
    with UnitOfWork(engine) as work:
        work.outbox.content(outbox_id)  # raises NotFound
        if not work.outbox.retry(outbox_id, now):
            raise Refused("Message {id} is neither waiting nor failed.", id=outbox_id)
        work.commit()


def content(engine: Engine, outbox_id: int) -> bytes | None:
    """A message as it was built; None if it has not been. Raises NotFound."""
    with UnitOfWork(engine, reading=True) as work:
        return work.outbox.content(outbox_id)


def counts(engine: Engine) -> dict[str, int]:
    """How many messages are in each state."""
    with UnitOfWork(engine, reading=True) as work:
        return work.outbox.counts()


def messages(engine: Engine, state: str | None = None) -> list[OutboxMessage]:
    with UnitOfWork(engine, reading=True) as work:
        return work.outbox.messages(state)


def _urgency(group: LetterGroup) -> tuple[date, str]:
    """Soonest first; what has no date of its own comes last."""
    days = [on for item in group.items if isinstance(on := item.values["sort_on"], date)]
    return min(days), group.reference


def _roles(
    library: Library, agreements: Mapping[int, Agreement], alerts: Sequence[AlertRow], person: Person
) -> tuple[str, ...]:
    """The roles that the alerts were for, in the reader's language."""
    labels = {}
    for alert in alerts:
        definition = library.lexicon_of(agreements[alert.agreement_id])
        role = definition.roles.get(alert.role)
        labels[alert.role] = role.label[person.language] if role is not None else alert.role
    return tuple(labels.values())


@dataclass(frozen=True, slots=True)
class _Reader:
    """One agreement as told to one person."""

    library: Library
    agreement: Agreement
    person: Person
    now: datetime

    def item(self, alert: AlertRow) -> LetterItem | None:
        """The alert with the values its words need; None if its reason has gone."""
        values: dict[str, Any] = {
            "reference": self.agreement.reference,
            "title": self.agreement.title,
            "effective_on": alert.effective_on,
            "recorded_on": self.library.today(self.agreement.office, alert.recorded_at),
            "sort_on": date.max,
        }
        kind, _, subject = alert.subject.partition(":")
        notice = alert.notice
        if kind == "deadline":
            key = (subject, alert.occurrence)
            deadline = next((d for d in self.agreement.deadlines if d.key == key), None)
            if deadline is None or deadline.status is DeadlineStatus.MET or deadline.due_on is None:
                return None
            if subject not in self.definition.deadlines:
                return None
            values |= self._of_deadline(deadline)
            notice = "deadline-overdue" if values["days"] < 0 else "deadline-soon"  # it may have waited for its server
        elif kind == "step":
            state = state_now(self.agreement.history, alert.details["state"], alert.recorded_at)
            if state != self.agreement.state:
                return None
            values["state"] = self._label(self.definition.states[state].label)
        elif kind in {"moved", "change"}:
            of_change = self._of_moved(subject, alert) if kind == "moved" else self._of_change(subject, alert)
            if of_change is None:
                return None
            values |= of_change
        else:
            finding = Finding(FindingCode(kind), subject)
            if finding not in findings(self.agreement, self.definition):
                return None
            values |= self._of_finding(finding)
        return LetterItem(notice, values)

    @property
    def definition(self) -> ProcessDefinition:
        return self.library.definition_of(self.agreement)

    def _label(self, label: Mapping[str, str]) -> str:
        return label[self.person.language]

    def _of_deadline(self, deadline: Deadline) -> dict[str, Any]:
        definition = self.definition
        rule = definition.deadlines[deadline.rule]
        calendars = self.library.calendars_of(definition, rule)
        today = self.library.reckoning(definition, self.agreement.office, self.now).today_of(rule)
        assert deadline.due_on is not None
        return {
            "deadline": self._label(rule.label),
            "nature": rule.nature.value,
            "due_on": deadline.due_on,
            "warn_on": deadline.warn_on,
            "days": (deadline.due_on - today).days,
            "business_days": business_days_between(today, deadline.due_on, calendars)
            if calendars.covers(deadline.due_on)
            else None,
            "standing": standing(rule, deadline, calendars, today).value,
            "late": self._label(definition.roles[rule.late].label) if rule.late else "",
            "office": self._office_of(rule.late) if rule.late else "",
            "note": self._label(rule.note) if rule.note else "",
            "sort_on": deadline.due_on,
        }

    def _office_of(self, role: str) -> str:
        """The office where a role is held; several where there are several."""
        directory = self.library.directory
        kind = self.definition.roles[role].office_on(self.library.today(self.agreement.office, self.now))
        keys = directory.offices_of(kind, self.agreement.office) if kind else frozenset()
        return ", ".join(self._label(directory.offices[key].label) for key in sorted(keys))

    def _deadline(self, rule: str, alert: AlertRow) -> Deadline | None:
        """The open deadline that an alert is about."""
        return next((d for d in self.agreement.deadlines if d.key == (rule, alert.occurrence) and d.is_open), None)

    def _of_moved(self, rule: str, alert: AlertRow) -> dict[str, Any] | None:
        """Where a date has moved; None if it has moved again, which another alert tells, or is closed."""
        deadline = self._deadline(rule, alert)
        told = {"deadline": rule, "occurrence": str(alert.occurrence), "cause": alert.level}
        moves = [e.details for e in self.agreement.history if told.items() <= e.details.items()]
        if deadline is None or not moves or str(deadline.due_on or "") != moves[-1]["to"]:
            return None
        before, after = (date.fromisoformat(day) if day else None for day in (moves[-1]["from"], moves[-1]["to"]))
        label = self._label(self.definition.deadlines[rule].label)
        return {"deadline": label, "before": before, "after": after, "sort_on": after or date.max}

    def _of_change(self, rule: str, alert: AlertRow) -> dict[str, Any] | None:
        """A change that waits for the reader; None if it waits no longer."""
        deadline = self._deadline(rule, alert)
        changes = changes_by_deadline(self.agreement.history).get((rule, alert.occurrence), ())
        waiting = [change for change in pending(changes) if str(change.number) == alert.details["number"]]
        if deadline is None or not waiting:
            return None
        change = waiting[0]
        entry = next(
            entry
            for entry in self.agreement.history
            if entry.kind is EntryKind.CHANGE
            and (entry.details["deadline"], entry.details["occurrence"]) == (rule, str(alert.occurrence))
            and entry.details["number"] == alert.details["number"]
        )
        return {
            "deadline": self._label(self.definition.deadlines[rule].label),
            "id": f"{self.agreement.reference}/{rule}/{alert.occurrence}",
            "number": change.number,
            "actor": change.actor,
            "change": say(entry_message(entry, self.library.lexicon_of(self.agreement)), self.person.language),
        }

    def _of_finding(self, finding: Finding) -> dict[str, Any]:
        definition, subject = self.library.lexicon_of(self.agreement), finding.subject
        match finding.code:
            case FindingCode.SIGNATURE_MISSING:
                return {"subject": subject, "known": ""}
            case FindingCode.TERMS_CONFLICT:
                readings = self.agreement.terms[subject].readings
                known = say([reading.message for reading in readings], self.person.language)
                term = definition.terms.get(subject)
                return {"subject": self._label(term.label) if term is not None else subject, "known": known}
            case FindingCode.DATE_MISSING | FindingCode.DATES_DISAGREE:
                claims = self.agreement.facts.get(subject, ())
                known = "; ".join(f"{claim.value} ({claim.source})" for claim in claims if str(claim.value))
                label = definition.records.get(subject)
                return {"subject": self._label(label) if label is not None else subject, "known": known}

"""The history and the findings of a case in words, for whoever reads them."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol

from twinflow.domain.agreement import IMPORT, Claim, EntryKind, HistoryEntry, PresentAgreement, Term
from twinflow.domain.changes import ChangeKind
from twinflow.domain.dates import Length, PartialDate
from twinflow.domain.derivation import RECEIVED_AT
from twinflow.domain.findings import Finding, FindingCode
from twinflow.domain.process import CLOCK, Label, ProcessDefinition, TermRule
from twinflow.domain.subject import AlertSubject, SubjectKind
from twinflow.sentences import Message, unpacked

ACTORS = {CLOCK: Message("the clock"), IMPORT: Message("import from a register")}
"""What is called an actor in the history and is no person."""


class _Labelled(Protocol):
    @property
    def label(self) -> Label: ...


def _label(known: Mapping[str, _Labelled], key: str | None) -> Label | str:
    """What it is called; its key where no process file has it any more."""
    return known[key].label if key is not None and key in known else key or ""


def entry_message(entry: HistoryEntry, definition: ProcessDefinition) -> Message:
    details = entry.details
    match entry.kind:
        case EntryKind.OPENED:
            return Message("Opened as “{state}”", {"state": _label(definition.states, entry.to_state)})
        case EntryKind.IMPORTED:
            return Message(
                "Taken over from a register as “{state}”", {"state": _label(definition.states, entry.to_state)}
            )
        case EntryKind.STEP:
            return _step_in_words(entry, definition)
        case EntryKind.DEADLINE:
            label = _label(definition.deadlines, details["deadline"])
            old, new = (date.fromisoformat(details[key]) if details[key] else "–" for key in ("from", "to"))
            calendar, of_calendar, _ = details.get("cause", "").partition("@")
            values: dict[str, object] = {"deadline": label, "old": old, "new": new, "calendar": calendar}
            if of_calendar:
                return Message(
                    "{deadline}: moved from {old} to {new} by a new edition of the calendar {calendar}", values
                )
            return Message("{deadline}: moved from {old} to {new}", values)
        case EntryKind.CHANGE:
            return _change_in_words(entry, definition)
        case EntryKind.MIGRATED:
            values = {"before": details["from"], "after": details["to"], "reason": details["reason"]}
            return Message("Moved from {before} to {after}: {reason}", values)
        case EntryKind.MAIL:
            return _mail_in_words(details)
        case EntryKind.ALERT:
            subject = subject_in_words(AlertSubject.parse(details["subject"]), definition)
            if details.get("vacant"):
                return Message(
                    "Alert for nobody ({role} is vacant): {subject}",
                    {"role": _label(definition.roles, details["role"]), "subject": subject},
                )
            values = {"recipient": details["recipient"], "subject": subject, "absent": details.get("stands_for", "")}
            if values["absent"]:
                return Message("Alert to {recipient}, in the absence of {absent}: {subject}", values)
            return Message("Alert to {recipient}: {subject}", values)
        case EntryKind.ACKNOWLEDGED | EntryKind.SNOOZED:
            return _said_in_words(entry, definition)


def _said_in_words(entry: HistoryEntry, definition: ProcessDefinition) -> Message:
    """What somebody said about the warnings of a deadline."""
    details = entry.details
    values: dict[str, object] = {
        "deadline": _label(definition.deadlines, details["deadline"]),
        "due": date.fromisoformat(details["due_on"]),
        "note": details.get("note", ""),
        "reason": details.get("reason", ""),
    }
    if entry.kind is EntryKind.SNOOZED:
        values["until"] = date.fromisoformat(details["until"])
        return Message("{deadline} ({due}): own notices held until {until}; reason: {reason}", values)
    if details.get("note"):
        return Message("{deadline} ({due}): acknowledged; {note}", values)
    return Message("{deadline} ({due}): acknowledged", values)


def _change_in_words(entry: HistoryEntry, definition: ProcessDefinition) -> Message:
    details = entry.details
    values: dict[str, object] = {
        "deadline": _label(definition.deadlines, details["deadline"]),
        "number": details["number"],
        "of": details.get("of", ""),
        "party": details.get("party", ""),
    }
    match ChangeKind(details["change"]):
        case ChangeKind.PAUSE:
            what = Message("{deadline}: paused (change {number})", values)
        case ChangeKind.RESUME:
            what = Message("{deadline}: resumed after the pause of change {of}", values)
        case ChangeKind.EXTEND:
            values["length"] = Length.parse(details["length"]).message
            what = Message("{deadline}: extended by {length} (change {number})", values)
        case ChangeKind.REMOVE:
            what = Message("{deadline}: the extension of change {of} taken back (change {number})", values)
        case ChangeKind.MOVE:
            values["to"] = date.fromisoformat(details["to"])
            what = Message("{deadline}: {party} agrees on {to} (change {number})", values)
        case ChangeKind.CONFIRM:
            return Message("{deadline}: change {number} confirmed by a second person", values)
    grounds = list(_grounds(details, definition))
    return Message("{what}; {details}", {"what": what, "details": grounds}) if grounds else what


def _grounds(details: Mapping[str, str], definition: ProcessDefinition) -> Iterator[Message]:
    """What a change rests on, and whom it waits for."""
    names = {"reason": Message("reason"), "paper": Message("paper"), "legal_basis": Message("legal basis")}
    for key, name in names.items():
        if key in details:
            yield Message("{name}: {value}", {"name": name, "value": details[key]})
    if "second" in details:
        yield Message("needs the confirmation of {role}", {"role": _label(definition.roles, details["second"])})


def _step_in_words(entry: HistoryEntry, definition: ProcessDefinition) -> Message:
    known = {
        "reason": Message("reason"),
        "place": Message("place"),
        "capacity": Message("capacity"),
        RECEIVED_AT: Message("arrived (UTC)"),
    }
    details = [
        Message("{name}: {value}", {"name": known.get(key) or definition.records.get(key, key), "value": value})
        for key, value in entry.details.items()
    ]
    values = {
        "step": _label(definition.steps, entry.step),
        "state": _label(definition.states, entry.to_state),
        "party": entry.party or "",
        "details": details,
    }
    template = "{step}"
    if entry.party:
        template += " ({party})"
    template += " → {state}"
    return Message(f"{template}; {{details}}" if details else template, values)


def _mail_in_words(details: Mapping[str, str]) -> Message:
    """What became of a message on its way, where it did not arrive."""
    values: dict[str, object] = {"number": details["message"], "recipient": details["recipient"]}
    if "cancelled" in details:
        values["reason"] = details["cancelled"]
        return Message("Message {number} to {recipient} was cancelled: {reason}", values)
    values["why"] = unpacked(details["why"])
    return Message("Message {number} to {recipient} could not be delivered: {why}", values)


def subject_in_words(subject: AlertSubject, definition: ProcessDefinition) -> Message | Label | str:
    """What an alert is about."""
    match subject.kind:
        case SubjectKind.DEADLINE:
            return _label(definition.deadlines, subject.name)
        case SubjectKind.MOVED:
            return Message("Date moved: {deadline}", {"deadline": _label(definition.deadlines, subject.name)})
        case SubjectKind.CHANGE:
            return Message("To be confirmed: {deadline}", {"deadline": _label(definition.deadlines, subject.name)})
        case SubjectKind.UNDELIVERED:
            return Message("Message {number} could not be delivered", {"number": subject.name})
        case SubjectKind.STEP:
            return _label(definition.steps, subject.name)
        case FindingCode.DATE_MISSING:
            return Message("Date missing")
        case FindingCode.SIGNATURE_MISSING:
            return Message("Signature missing: {party}", {"party": subject.name})
        case FindingCode.TERMS_CONFLICT:
            return Message("The text contradicts itself")
        case FindingCode.TERM_BEYOND_BOUND:
            return Message("The text says more than the model allows")
        case FindingCode.DATES_DISAGREE:
            return Message("Sources disagree")


def finding_message(finding: Finding, agreement: PresentAgreement, definition: ProcessDefinition) -> Message:
    """A finding in words."""
    match finding.code:
        case FindingCode.DATE_MISSING:
            known = str(agreement.fact(finding.subject) or "")
            if known:
                return Message("Date missing: only {known} is known", {"known": known})
            return Message("Date missing")
        case FindingCode.SIGNATURE_MISSING:
            return Message("Signature missing: {party}", {"party": finding.subject})
        case FindingCode.TERMS_CONFLICT:
            readings = [reading.message for reading in agreement.terms[finding.subject].readings]
            label = _label(definition.terms, finding.subject)
            return Message("The text contradicts itself: {term}: {readings}", {"term": label, "readings": readings})
        case FindingCode.TERM_BEYOND_BOUND:
            rule = definition.terms[finding.subject]
            values = {"term": rule.label, **beyond_bound(agreement.terms[finding.subject], rule)}
            return Message("{term}: {known}, the model allows {at_most} ({source})", values)
        case FindingCode.DATES_DISAGREE:
            claims = [_day_or_text(claim) for claim in agreement.facts[finding.subject]]
            label = definition.records.get(finding.subject, finding.subject)
            return Message("Sources disagree: {fact}: {claims}", {"fact": label, "claims": claims})


def beyond_bound(term: Term, rule: TermRule) -> dict[str, object]:
    """What is known of a term that is longer than `rule` allows: what the text says, the bound and its source."""
    assert rule.at_most is not None
    known = Message("the text says {readings}", {"readings": [reading.message for reading in term.readings]})
    if term.indefinite:
        known = Message("the text never ends")
    return {"known": known, "at_most": rule.at_most.message, "source": rule.source}


def _day_or_text(claim: Claim) -> date | str:
    value = claim.value
    return (value.as_date if isinstance(value, PartialDate) else None) or str(value)

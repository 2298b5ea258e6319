"""The history and the findings of a case in words, for whoever reads them."""

from datetime import date

from twinflow.domain.agreement import IMPORT, Agreement, Claim, EntryKind, HistoryEntry
from twinflow.domain.dates import PartialDate
from twinflow.domain.findings import Finding, FindingCode
from twinflow.domain.process import CLOCK, ProcessDefinition
from twinflow.errors import Message

ACTORS = {CLOCK: Message("the clock"), IMPORT: Message("import from a register")}
"""What is called an actor in the history and is no person."""


def entry_message(entry: HistoryEntry, definition: ProcessDefinition) -> Message:
    details = entry.details
    match entry.kind:
        case EntryKind.OPENED:
            return Message("Opened as “{state}”", {"state": definition.states[entry.to_state or ""].label})
        case EntryKind.IMPORTED:
            return Message(
                "Taken over from a register as “{state}”", {"state": definition.states[entry.to_state or ""].label}
            )
        case EntryKind.STEP:
            return _step_in_words(entry, definition)
        case EntryKind.DEADLINE:
            label = definition.deadlines[details["deadline"]].label
            old, new = (date.fromisoformat(details[key]) if details[key] else "–" for key in ("from", "to"))
            return Message("{deadline}: moved from {old} to {new}", {"deadline": label, "old": old, "new": new})
        case EntryKind.ALERT:
            subject = _alert_subject(details["subject"], definition)
            if details.get("vacant"):
                return Message(
                    "Alert for nobody ({role} is vacant): {subject}",
                    {"role": definition.roles[details["role"]].label, "subject": subject},
                )
            values: dict[str, object] = {
                "recipient": details["recipient"],
                "subject": subject,
                "also": details.get("also", ""),
            }
            if details.get("also"):
                return Message("Alert to {recipient}: {subject}; passed untold meanwhile: {also}", values)
            return Message("Alert to {recipient}: {subject}", values)


def _step_in_words(entry: HistoryEntry, definition: ProcessDefinition) -> Message:
    known = {"reason": Message("reason"), "place": Message("place"), "capacity": Message("capacity")}
    details = [
        Message("{name}: {value}", {"name": known.get(key) or definition.facts.get(key, key), "value": value})
        for key, value in entry.details.items()
    ]
    values = {
        "step": definition.steps[entry.step or ""].label,
        "state": definition.states[entry.to_state or ""].label,
        "party": entry.party or "",
        "details": details,
    }
    template = "{step}"
    if entry.party:
        template += " ({party})"
    template += " → {state}"
    return Message(f"{template}; {{details}}" if details else template, values)


def _alert_subject(subject: str, definition: ProcessDefinition) -> object:
    kind, _, name = subject.partition(":")
    if kind == "deadline":
        return definition.deadlines[name].label
    if kind == "step":
        return definition.steps[name].label
    titles = {
        FindingCode.DATE_MISSING: Message("Date missing"),
        FindingCode.SIGNATURE_MISSING: Message("Signature missing: {party}", {"party": name}),
        FindingCode.TERMS_CONFLICT: Message("The text contradicts itself"),
        FindingCode.DATES_DISAGREE: Message("Sources disagree"),
    }
    return titles[FindingCode(kind)]


def finding_message(finding: Finding, agreement: Agreement, definition: ProcessDefinition) -> Message:
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
            label = definition.terms[finding.subject].label
            return Message("The text contradicts itself: {term}: {readings}", {"term": label, "readings": readings})
        case FindingCode.DATES_DISAGREE:
            claims = [_day_or_text(claim) for claim in agreement.facts[finding.subject]]
            label = definition.facts[finding.subject]
            return Message("Sources disagree: {fact}: {claims}", {"fact": label, "claims": claims})


def _day_or_text(claim: Claim) -> date | str:
    value = claim.value
    return (value.as_date if isinstance(value, PartialDate) else None) or str(value)

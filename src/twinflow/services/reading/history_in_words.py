"""The history and the findings of a case in words, for whoever reads them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol

from twinflow.domain.agreement.agreement import Claim, Deadline, Finding, FindingCode, PresentAgreement, Term
from twinflow.domain.agreement.entries import (
    Acknowledged,
    Alerted,
    Cancelled,
    Changed,
    ChangeKind,
    ConsultationAct,
    Corrected,
    Correction,
    DateMoved,
    DraftSubmitted,
    DutyTaken,
    HandedOver,
    Handing,
    InternalNote,
    Key,
    Migrated,
    MoveAct,
    NotCorrected,
    NotDelivered,
    ObservationAct,
    OfARound,
    OfficeMove,
    OnConsultation,
    OnObservation,
    OpenedDespite,
    Snoozed,
    StepTaken,
    TermStated,
    Thing,
    by_entry,
    read,
)
from twinflow.domain.agreement.history import IMPORT, EntryKind, HistoryEntry
from twinflow.domain.agreement.left_open import LeftOpen
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.calendar.dates import PartialDate
from twinflow.domain.deadlines.assumed import terms_in_words
from twinflow.domain.people.viewer import SUPERVISOR, Door
from twinflow.domain.process.definition import CLOCK, Label, ProcessDefinition, TermRule
from twinflow.sentences import Sentence, as_it_stands, unpacked
from twinflow.services.reading.asked_in_words import name_in_words, recorded_in_words, value_in_words

ACTORS = {CLOCK: Sentence("the clock"), IMPORT: Sentence("import from a register")}
"""What is called an actor in the history and is no person."""


_DOUBTS = {
    "with_itself": Sentence("a party more than once"),
    "same_parties": Sentence("the same parties as of another case"),
    "office_abroad": Sentence("a process of another country than the office's"),
    "home_abroad": Sentence("a process of another country than the party's"),
    "not_ours": Sentence("none of the parties the office's own"),
    "other_city": Sentence("a process of another city than the office's"),
    "party_abroad": Sentence("a process of other countries than a party's"),
    "without_parent": Sentence("no agreement that it belongs to"),
    "before_parent": Sentence("before the agreement that it belongs to"),
    "after_parent": Sentence("after the end of the agreement that it belongs to"),
}


class _Labelled(Protocol):
    @property
    def label(self) -> Label: ...


def _label(known: Mapping[str, _Labelled], key: str | None) -> Label | str:
    """What it is called; its key where no process file has it any more."""
    return known[key].label if key is not None and key in known else key or ""


_DOORS: dict[str, Sentence] = {
    Door.PAGE: Sentence("on a page"),
    Door.LINK: Sentence("by a link"),
    Door.SHELL: Sentence("by the shell"),
}


def by_whom(entry: HistoryEntry, definition: ProcessDefinition) -> tuple[str | Sentence, ...]:
    """Who did it, for whom, in which role and through which door, as far as that was kept."""
    actor, way = ACTORS.get(entry.actor, entry.actor), entry.way
    if way is None:
        return (actor,)
    parts: list[Sentence | str] = [actor]
    if way.acts_for:
        parts.append(Sentence("for {person}", {"person": way.acts_for}))
    if way.role:
        is_supervisor = way.role == SUPERVISOR and SUPERVISOR not in definition.roles
        as_role = Sentence("as {role}", {"role": _label(definition.roles, way.role)})
        parts.append(Sentence("as supervisor") if is_supervisor else as_role)
    if way.for_several:
        parts.append(Sentence("by a shell that stands for several people"))
    elif way.machine_user:
        parts.append(Sentence("by the shell of user {user}", {"user": way.machine_user}))
    else:
        parts.append(_DOORS.get(way.door, way.door))
    return tuple(parts)


def entry_message(entry: HistoryEntry, definition: ProcessDefinition, deadlines: Sequence[Deadline] = ()) -> Sentence:
    """An entry in words. Of a date that one of `deadlines` has and that is provisional it says so."""
    match said := read(entry):
        case None:
            state = {"state": _label(definition.states, entry.to_state)}
            if entry.kind is EntryKind.IMPORTED:
                return Sentence("Taken over from a register as “{state}”", state)
            return Sentence("Opened as “{state}”", state)
        case OpenedDespite(codes, why):
            values: dict[str, object] = {
                "state": _label(definition.states, entry.to_state),
                "doubts": [_DOUBTS[code] for code in codes if code in _DOUBTS],
                "reason": why,
            }
            if entry.kind is EntryKind.IMPORTED:
                return Sentence("Taken over from a register as “{state}”; {doubts}, despite of which: {reason}", values)
            return Sentence("Opened as “{state}”; {doubts}, despite of which: {reason}", values)
        case StepTaken():
            return _step_in_words(entry, said, definition)
        case DateMoved():
            return _move_in_words(said, definition, _shown(said.key, said.after, deadlines))
        case Changed():
            return _change_in_words(said, definition)
        case Corrected():
            return _correction_in_words(said, definition)
        case NotCorrected():
            values = {"of": said.of, "entry": said.entry, "reason": said.reason}
            if said.taken_back:
                return Sentence("The correction of entry {entry} (entry {of}) taken back; reason: {reason}", values)
            return Sentence("The correction of entry {entry} (entry {of}) refused; reason: {reason}", values)
        case Migrated():
            values = {"before": said.source, "after": said.target, "reason": said.reason}
            return Sentence("Moved from {before} to {after}: {reason}", values)
        case OfficeMove():
            return _office_move_in_words(said)
        case Alerted():
            return _alert_in_words(said, definition)
        case NotDelivered():
            values = {"number": said.message, "recipient": said.recipient, "why": unpacked(said.why)}
            return Sentence("Message {number} to {recipient} could not be delivered: {why}", values)
        case Cancelled():
            values = {"number": said.message, "recipient": said.recipient, "reason": said.reason}
            return Sentence("Message {number} to {recipient} was cancelled: {reason}", values)
        case Acknowledged():
            label, due = _label(definition.deadlines, said.key[0]), _shown(said.key, said.due_on, deadlines)
            values = {"deadline": label, "due": due or "–", "note": said.note}
            if said.note:
                return Sentence("{deadline} ({due}): acknowledged; {note}", values)
            return Sentence("{deadline} ({due}): acknowledged", values)
        case TermStated():
            reading = Term.parse(said.reading).message
            rule = definition.terms.get(said.term)
            is_default = rule is not None and said.source == rule.source.get("en")
            source = rule.source if rule is not None and is_default else said.source
            values = {"term": _label(definition.terms, said.term), "reading": reading, "source": source}
            if said.reason:
                return Sentence("Stated: {term}: {reading} ({source}); {reason}", {**values, "reason": said.reason})
            return Sentence("Stated: {term}: {reading} ({source})", values)
        case DutyTaken():
            values = {"role": _label(definition.roles, said.role), "person": said.person, "until": said.until}
            return _with_reason(_duty_in_words(said, values), said.reason)
        case HandedOver():
            return _with_reason(_handed_over_in_words(said, definition), said.reason)
        case DraftSubmitted() | OnObservation() | OnConsultation() | InternalNote():
            return _round_in_words(said, definition)
        case Snoozed():
            label, due = _label(definition.deadlines, said.key[0]), _shown(said.key, said.due_on, deadlines)
            values = {"deadline": label, "due": due or "–", "until": said.until, "reason": said.reason}
            return Sentence("{deadline} ({due}): own notices held until {until}; reason: {reason}", values)


def _office_move_in_words(said: OfficeMove) -> Sentence:
    values: dict[str, object] = {"office": said.before, "to": said.to, "reason": said.reason, "along": said.along}
    match said.act:
        case MoveAct.ASKED:
            return Sentence("Asked that {to} keep it instead of {office}; reason: {reason}", values)
        case MoveAct.REFUSED:
            return Sentence("That {to} keep it instead of {office} refused; reason: {reason}", values)
        case MoveAct.TAKEN_BACK:
            return Sentence("That {to} keep it instead of {office} taken back; reason: {reason}", values)
        case MoveAct.ACCEPTED if said.along:
            return Sentence("Gone from {office} to {to}, along with {along}", values)
        case MoveAct.ACCEPTED:
            return Sentence("Gone from {office} to {to}, which accepted it", values)


def _duty_in_words(said: DutyTaken, values: Mapping[str, object]) -> Sentence:
    if not said.person:
        return Sentence("The duty of {role} waits for everybody again", values)
    if said.to:
        return Sentence("The duty of {role} handed over by {person} to {to}", {**values, "to": said.to})
    if said.until is not None:
        return Sentence("The duty of {role} put aside until {until}, in the hands of {person}", values)
    return Sentence("The duty of {role} in the hands of {person}", values)


def _handed_over_in_words(said: HandedOver, definition: ProcessDefinition) -> Sentence:
    values = {"thing": thing_in_words(said.thing, said.name, definition), "person": said.person, "to": said.to}
    match said.act:
        case Handing.HAND_OVER:
            return Sentence("{thing}: handed over by {person} to {to}", values)
        case Handing.ACCEPT:
            return Sentence("{thing}: taken on by {person}", values)
        case Handing.DECLINE:
            return Sentence("{thing}: not taken on; it stays with {person}", values)


def thing_in_words(thing: Thing, name: str, definition: ProcessDefinition) -> Sentence:
    """Something that somebody has open, by the name that its entry has for it."""
    parts = name.split("/")
    deadline, number = _label(definition.deadlines, parts[0]), parts[-1]
    match thing:
        case Thing.ACKNOWLEDGEMENT:
            return Sentence("Acknowledged: {deadline}", {"deadline": deadline})
        case Thing.DRAFT:
            return Sentence("Draft, {round}", {"round": _label(definition.rounds, name)})
        case Thing.ROUND:
            return Sentence("Open round, {round}", {"round": _label(definition.rounds, name)})
        case Thing.CONSULTATION:
            return Sentence("Consultation {number}", {"number": name})
        case Thing.CORRECTION:
            return Sentence("Correction, entry {number}", {"number": name})
        case Thing.CHANGE:
            return Sentence("Change {number}, {deadline}", {"number": number, "deadline": deadline})


def _with_reason(said: Sentence, reason: str) -> Sentence:
    return Sentence("{what}; reason: {reason}", {"what": said, "reason": reason}) if reason else said


def _round_in_words(said: OfARound, definition: ProcessDefinition) -> Sentence:
    values: dict[str, object] = {"round": _label(definition.rounds, said.round), "text": said.text}
    match said:
        case DraftSubmitted(paper=paper) if paper:
            return Sentence("{round}: draft submitted: {paper}", {**values, "paper": paper})
        case DraftSubmitted():
            of_text = {"count": len(said.text), "digest": said.digest[:12]}
            return Sentence("{round}: draft submitted, {count} characters (SHA-256 {digest}…)", {**values, **of_text})
        case InternalNote():
            return Sentence("{round}: internal note: {text}", values)
        case OnConsultation():
            values |= {"number": said.number, "role": _label(definition.roles, said.role), "day": said.due_on or "–"}
            if said.act is ConsultationAct.GIVEN:
                return Sentence("{round}: consultation {number} answered: {text}", values)
            return Sentence("{round}: consultation {number}, {role} asked, up to {day}: {text}", values)
        case OnObservation():
            values |= {"number": said.number, "article": said.article}
            return _observation_in_words(said, values)


def _observation_in_words(said: OnObservation, values: dict[str, object]) -> Sentence:
    match said.act:
        case ObservationAct.MADE:
            return Sentence("{round}: observation {number} to {article}: {text}", values)
        case ObservationAct.ANSWERED:
            return Sentence("{round}: observation {number} answered: {text}", values)
        case ObservationAct.CLOSED if said.text:
            return Sentence("{round}: observation {number} closed: {text}", values)
        case ObservationAct.CLOSED:
            return Sentence("{round}: observation {number} closed", values)
        case ObservationAct.REOPENED:
            return Sentence("{round}: observation {number} reopened: {text}", values)


def _shown(key: Key, day: date | None, deadlines: Sequence[Deadline]) -> date | None:
    """A due date that an entry names, which says that it is provisional where it still is."""
    stands = any(each.key == key and each.due_on == day and each.provisional for each in deadlines)
    return as_it_stands(day, provisional=stands)


def _move_in_words(said: DateMoved, definition: ProcessDefinition, after: date | None) -> Sentence:
    label, calendar = _label(definition.deadlines, said.key[0]), said.calendar
    values = {"deadline": label, "old": said.before or "–", "new": after or "–", "calendar": calendar}
    if calendar:
        return Sentence("{deadline}: moved from {old} to {new} by a new edition of the calendar {calendar}", values)
    return Sentence("{deadline}: moved from {old} to {new}", values)


def _alert_in_words(said: Alerted, definition: ProcessDefinition) -> Sentence:
    subject = subject_in_words(said.subject, definition)
    if said.vacant:
        values: dict[str, object] = {"role": _label(definition.roles, said.role), "subject": subject}
        return Sentence("Alert for nobody ({role} is vacant): {subject}", values)
    values = {"recipient": said.recipient, "subject": subject, "absent": said.stands_for}
    if said.stands_for:
        return Sentence("Alert to {recipient}, in the absence of {absent}: {subject}", values)
    return Sentence("Alert to {recipient}: {subject}", values)


def _change_in_words(said: Changed, definition: ProcessDefinition) -> Sentence:
    values: dict[str, object] = {
        "deadline": _label(definition.deadlines, said.key[0]),
        "number": said.number,
        "of": said.of or "",
        "party": said.party,
    }
    match said.change:
        case ChangeKind.PAUSE:
            what = Sentence("{deadline}: paused (change {number})", values)
        case ChangeKind.RESUME:
            what = Sentence("{deadline}: resumed after the pause of change {of}", values)
        case ChangeKind.EXTEND:
            values["length"] = said.length.message if said.length is not None else "–"
            what = Sentence("{deadline}: extended by {length} (change {number})", values)
        case ChangeKind.REMOVE:
            what = Sentence("{deadline}: the extension of change {of} taken back (change {number})", values)
        case ChangeKind.MOVE:
            values["to"] = said.to or "–"
            what = Sentence("{deadline}: {party} agrees on {to} (change {number})", values)
        case ChangeKind.CONFIRM:
            return Sentence("{deadline}: change {number} confirmed by a second person", values)
    grounds = list(_grounds(said, definition))
    return Sentence("{what}; {details}", {"what": what, "details": grounds}) if grounds else what


def _correction_in_words(said: Corrected, definition: ProcessDefinition) -> Sentence:
    asked = [
        (_name_in(number, said.entry, name_in_words(name, definition)), value_in_words(name, text, definition) or "–")
        for number, own in by_entry(said.entry, said.asked).items()
        for name, text in own.items()
    ]
    values = {"entry": said.entry, "reason": said.reason, "what": list(_named(*asked)), "of": said.of or ""}
    match said.correction:
        case Correction.ANNUL:
            what = Sentence("Annulled, as it was opened by mistake; reason: {reason}", values)
        case Correction.WITHDRAW:
            what = Sentence("Entry {entry} withdrawn; reason: {reason}", values)
            if said.also:
                values["entries"] = [said.entry, *said.also]
                what = Sentence("Entries {entries} withdrawn; reason: {reason}", values)
        case Correction.REPLACE:
            what = Sentence("Entry {entry} corrected: {what}; reason: {reason}", values)
    if said.despite:
        doubts = [_DOUBTS[code] for code in said.doubts if code in _DOUBTS]
        what = Sentence(
            "{what}; {doubts}, despite of which: {reason}", {"what": what, "doubts": doubts, "reason": said.despite}
        )
    if said.of is not None:
        return Sentence("{what}; entry {of} confirmed by a second person", {"what": what, "of": said.of})
    if said.second:
        roles = [_label(definition.roles, role) for role in said.second]
        return Sentence("{what}; needs the confirmation of {role}", {"what": what, "role": roles})
    return what


def _name_in(number: int, entry: int, name: Sentence | Label | str) -> Sentence | Label | str:
    """A name, with the entry where it is not that of the correction."""
    return name if number == entry else Sentence("entry {number}, {name}", {"number": number, "name": name})


def _grounds(said: Changed, definition: ProcessDefinition) -> Iterator[Sentence]:
    """What a change rests on, and whom it waits for."""
    yield from _named(
        (Sentence("reason"), said.reason), (Sentence("paper"), said.paper), (Sentence("legal basis"), said.legal_basis)
    )
    if said.second:
        yield Sentence("needs the confirmation of {role}", {"role": _label(definition.roles, said.second)})


def _step_in_words(entry: HistoryEntry, said: StepTaken, definition: ProcessDefinition) -> Sentence:
    details = list(
        _named(
            (Sentence("place"), said.place),
            (Sentence("capacity"), said.capacity),
            (Sentence("reason"), said.reason),
            *((definition.records.get(key, key), recorded_in_words(key, text)) for key, text in said.records.items()),
            (Sentence("arrived (UTC)"), said.received_at.isoformat() if said.received_at is not None else ""),
        )
    )
    if said.left_open:
        details.append(
            Sentence("still open with it: {things}", {"things": left_open_in_words(said.left_open, definition)})
        )
    if said.assumed:
        days = {"days": days_assumed_in_words(said, definition)}
        details.append(Sentence("assumed to be in time, as no more is known than {days}", days))
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
    return Sentence(f"{template}; {{details}}" if details else template, values)


def left_open_in_words(left: LeftOpen, definition: ProcessDefinition) -> list[Sentence]:
    """What the end of a case left open, each thing with its date or its process."""
    found = []
    for (rule, _), due_on in left.duties.items():
        values: dict[str, object] = {"deadline": _label(definition.deadlines, rule), "due": due_on}
        found.append(Sentence("{deadline} (due {due})", values) if due_on else Sentence("{deadline} (paused)", values))
    for reference, process in left.children.items():
        found.append(Sentence("{reference} ({process})", {"reference": reference, "process": process}))
    for (rule, _), number in left.changes:
        values = {"deadline": _label(definition.deadlines, rule), "number": number}
        found.append(Sentence("change {number} of {deadline}, which waits for a second person", values))
    return found


def days_assumed_in_words(said: StepTaken, definition: ProcessDefinition) -> list[Sentence]:
    """The days that might have barred a step, as far as they were known."""
    return list(_named(*((definition.records.get(fact, fact), day) for fact, day in said.assumed.items())))


def _named(*said: tuple[Sentence | Label | str, object]) -> Iterator[Sentence]:
    """What was given, each with its name."""
    return (Sentence("{name}: {value}", {"name": name, "value": value}) for name, value in said if value)


def subject_in_words(subject: AlertSubject, definition: ProcessDefinition) -> Sentence | Label | str:
    """What an alert is about."""
    match subject.kind:
        case SubjectKind.DEADLINE:
            return _label(definition.deadlines, subject.name)
        case SubjectKind.LAPSE:
            label = _label(definition.deadlines, subject.name)
            return Sentence(
                "{deadline}: its day has passed, and the step that follows cannot be taken", {"deadline": label}
            )
        case SubjectKind.MOVED:
            return Sentence("Date moved: {deadline}", {"deadline": _label(definition.deadlines, subject.name)})
        case SubjectKind.CHANGE:
            return Sentence("To be confirmed: {deadline}", {"deadline": _label(definition.deadlines, subject.name)})
        case SubjectKind.CORRECTION:
            return Sentence("Correction, entry {number}", {"number": subject.name})
        case SubjectKind.CONSULTATION:
            return Sentence("Consultation {number}", {"number": subject.name})
        case SubjectKind.OFFICE:
            return Sentence("Move to another office, entry {number}", {"number": subject.name})
        case SubjectKind.HANDS:
            return Sentence("In other hands, entry {number}", {"number": subject.name})
        case SubjectKind.UNDELIVERED:
            return Sentence("Message {number} could not be delivered", {"number": subject.name})
        case SubjectKind.STEP:
            return _label(definition.steps, subject.name)
        case FindingCode.DATE_MISSING:
            return Sentence("Date missing")
        case FindingCode.SIGNATURE_MISSING:
            return Sentence("Signature missing: {party}", {"party": subject.name})
        case FindingCode.TERMS_CONFLICT:
            return Sentence("The text contradicts itself")
        case FindingCode.TERM_BEYOND_BOUND:
            return Sentence("The text says more than the model allows")
        case FindingCode.TERM_ASSUMED:
            return Sentence("To be confirmed: {term}", {"term": _label(definition.terms, subject.name)})
        case FindingCode.DATES_DISAGREE:
            return Sentence("Sources disagree")
        case FindingCode.WRONG_OFFICE:
            return Sentence("Kept by an office that may not keep it: {office}", {"office": subject.name})


def finding_message(finding: Finding, agreement: PresentAgreement, definition: ProcessDefinition) -> Sentence:
    """A finding in words."""
    match finding.code:
        case FindingCode.DATE_MISSING:
            known = str(agreement.fact(finding.subject) or "")
            if known:
                return Sentence("Date missing: only {known} is known", {"known": known})
            return Sentence("Date missing")
        case FindingCode.SIGNATURE_MISSING:
            return Sentence("Signature missing: {party}", {"party": finding.subject})
        case FindingCode.TERMS_CONFLICT:
            readings = [reading.message for reading in agreement.terms[finding.subject].readings]
            label = _label(definition.terms, finding.subject)
            return Sentence("The text contradicts itself: {term}: {readings}", {"term": label, "readings": readings})
        case FindingCode.TERM_BEYOND_BOUND:
            rule = definition.terms[finding.subject]
            values = {"term": rule.label, **beyond_bound(agreement.terms[finding.subject], rule)}
            return Sentence("{term}: {known}, the model allows {at_most} ({source})", values)
        case FindingCode.TERM_ASSUMED:
            return Sentence("To be confirmed: {term}", {"term": definition.terms[finding.subject].label})
        case FindingCode.DATES_DISAGREE:
            claims = [_day_or_text(claim) for claim in agreement.facts[finding.subject]]
            label = definition.records.get(finding.subject, finding.subject)
            return Sentence("Sources disagree: {fact}: {claims}", {"fact": label, "claims": claims})
        case FindingCode.WRONG_OFFICE:
            return Sentence("Kept by an office that may not keep it: {office}", {"office": finding.subject})


def finding_with_remedy(finding: Finding, agreement: PresentAgreement, definition: ProcessDefinition) -> Sentence:
    """A finding in words, with all that is assumed and the command that states it: for whoever looks at this case alone."""
    if finding.code is FindingCode.WRONG_OFFICE:
        values: dict[str, object] = {
            "what": finding_message(finding, agreement, definition),
            "how": how_to_move(agreement.reference),
        }
        return Sentence("{what}. {how}", values)
    if finding.code is not FindingCode.TERM_ASSUMED:
        return finding_message(finding, agreement, definition)
    rule = definition.terms[finding.subject]
    command = (
        f"twinflow agreements confirm-term {agreement.reference} {finding.subject} LENGTH --as PERSON --source WHERE"
    )
    values = {"term": rule.label, "assumed": terms_in_words([rule]), "command": command}
    return Sentence("{term}: {assumed}: state what the text says: {command}", values)


def how_to_move(reference: str) -> Sentence:
    """Where a case lies in a wrong office."""
    return Sentence(
        "Ask the office that is to keep it: twinflow agreements move {reference} --to OFFICE --reason WHY --as SUPERVISOR",
        {"reference": reference},
    )


def waiting_in_words(asked: HistoryEntry, said: OfficeMove) -> Sentence:
    """A move that waits for the other office."""
    values = {"person": asked.actor, "day": asked.effective_on, "to": said.to, "reason": said.reason}
    return Sentence("{person} asked on {day} that {to} keep it; that waits for an answer. Reason: {reason}", values)


def how_to_answer_a_move(reference: str) -> tuple[Sentence, ...]:
    """For a supervisor of the office that is to keep the case."""
    values = {"reference": reference}
    return (
        Sentence("Accept it: twinflow agreements accept-move {reference} --as SUPERVISOR", values),
        Sentence("Refuse it: twinflow agreements refuse-move {reference} --reason WHY --as SUPERVISOR", values),
    )


def beyond_bound(term: Term, rule: TermRule) -> dict[str, object]:
    """What is known of a term that is longer than `rule` allows: what the text says, the bound and its source."""
    assert rule.at_most is not None
    known = Sentence("the text says {readings}", {"readings": [reading.message for reading in term.readings]})
    if term.indefinite:
        known = Sentence("the text never ends")
    return {"known": known, "at_most": rule.at_most.message, "source": rule.source}


def _day_or_text(claim: Claim) -> date | str:
    value = claim.value
    return (value.as_date if isinstance(value, PartialDate) else None) or str(value)

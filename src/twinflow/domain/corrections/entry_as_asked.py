"""What an entry is to say as it is corrected: a step, a change of a deadline, a term, the opening."""

from dataclasses import replace
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Term
from twinflow.domain.agreement.entries import (
    Changed,
    ChangeKind,
    Correction,
    DraftSubmitted,
    StepTaken,
    TermStated,
    of_a_round,
    withdrawn,
)
from twinflow.domain.agreement.history import OF_A_ROUND, EntryKind, HistoryEntry
from twinflow.domain.calendar.dates import Length, hour_of_day
from twinflow.domain.corrections.opening_as_asked import corrected_opening
from twinflow.domain.corrections.request import Request, misread
from twinflow.domain.process.definition import CLOCK, LIAISON, Label, Step
from twinflow.errors import Unreadable
from twinflow.sentences import Sentence

OF_A_STEP = ("on", "at", "step", "party", "place", "capacity", "reason")
OF_A_CHANGE = ("on", "length", "to", "party", "reason", "paper", "legal_basis")
OF_A_TERM = ("on", "reading", "source", "reason")
OF_A_ROUND_ENTRY = ("article", "text", "paper")
"""What can be corrected, by name, beside the facts."""


def corrected(request: Request, old: HistoryEntry, present: HistoryEntry) -> HistoryEntry:
    """What the entry is to say; reasons against it are noted."""
    command = request.command
    if command.correction is Correction.REPLACE and not command.asked:
        request.reasons.append(Sentence("Say what is right: --set NAME=VALUE, or --withdraw what did not happen."))
    if command.correction is Correction.ANNUL and command.entry != 1:
        request.reasons.append(Sentence("Only the opening is annulled, entry 1; other entries are withdrawn."))
    match old.kind:
        case EntryKind.OPENED | EntryKind.IMPORTED:
            return corrected_opening(request, old)
        case EntryKind.STEP if old.actor == CLOCK:
            request.reasons.append(
                Sentence("The clock took it on its day: correct the entry that the day comes from, and it follows.")
            )
        case EntryKind.STEP:
            return _corrected_step(request, old, present)
        case EntryKind.CHANGE:
            return _corrected_change(request, old)
        case EntryKind.TERM:
            return _corrected_term(request, old)
        case kind if kind in OF_A_ROUND:
            return _corrected_in_a_round(request, old)
        case EntryKind.ACKNOWLEDGED | EntryKind.SNOOZED:
            request.reasons.append(Sentence("Nothing follows from it; acknowledge the deadline anew."))
        case EntryKind.DUTY:
            request.reasons.append(Sentence("Nothing follows from it; release the duty, or take it over."))
        case EntryKind.MOVE:
            request.reasons.append(Sentence("Who keeps the case changes by another move (agreements move)."))
        case EntryKind.HANDED_OVER:
            request.reasons.append(Sentence("Nothing follows from it; hand it over anew."))
        case EntryKind.DEADLINE:
            request.reasons.append(Sentence("The date moved by itself: correct the entry that it comes from."))
        case EntryKind.MIGRATED:
            request.reasons.append(
                Sentence("A move to another version stands; it is superseded by a move to a later one.")
            )
        case EntryKind.CORRECTED | EntryKind.REFUSED:
            request.reasons.append(Sentence("A correction stands; correct the entry again that it is about."))
        case _:
            request.reasons.append(Sentence("It was withdrawn already; take the step again."))
    return old


def _corrected_step(request: Request, old: HistoryEntry, present: HistoryEntry) -> HistoryEntry:
    steps, asked = request.definition.steps, request.command.asked
    step = steps.get(present.step or "")
    request.about_the_person(step.by if step is not None else frozenset({LIAISON}))
    if step is not None and not request.command.never_happened:
        _about_what_stands(request, step)
    if request.command.correction is Correction.WITHDRAW:
        return withdrawn(old)
    wanted = steps.get(asked.get("step", present.step or ""))
    if wanted is None:
        values = {"process": request.definition.name, "step": asked.get("step", present.step), "steps": sorted(steps)}
        request.reasons.append(Sentence("{process} has no step {step}; it has {steps}.", values))
        return old
    if wanted is not step:
        request.about_the_person(wanted.by)
        if not request.actor.is_called(old.actor):
            values = {"person": old.actor}
            request.reasons.append(
                Sentence("{person} took it, and only they say which step it was; withdraw it and take yours.", values)
            )
    request.about_names((*OF_A_STEP, *wanted.records))
    said = StepTaken.read(old)
    assert said is not None
    records = {name: asked.get(name, said.records.get(name, "")) for name in wanted.records}
    day = request.on_its_day(old)
    hands = [*said.corrected_by.split(), "" if request.actor.is_called(old.actor) else request.actor.key]
    said = replace(
        said,
        place=asked.get("place", said.place),
        capacity=asked.get("capacity", said.capacity),
        reason=asked.get("reason", said.reason),
        received_at=_received_at(request, said.received_at, day.effective_on),
        records={name: text for name, text in records.items() if text},
        corrected_by=" ".join(dict.fromkeys(each for each in hands if each)),
    )
    step_name = wanted.key if "step" in asked else old.step
    party = request.agreement.as_written(asked["party"]) if asked.get("party") else asked.get("party", old.party)
    return replace(day, step=step_name, party=party or None, details=said.details())


def _received_at(request: Request, otherwise: datetime | None, on: date) -> datetime | None:
    """When it arrived: at the hour that is right on the day that is right; an empty hour takes it out."""
    office, text = request.agreement.office, request.command.asked.get("at")
    if text is None and "on" in request.command.asked and otherwise is not None:
        return request.people.instant(office, on, request.people.hour(office, otherwise))
    try:
        return request.people.instant(office, on, hour_of_day(text)) if text else otherwise if text is None else None
    except Unreadable as error:
        request.reasons.append(misread("at", text or "", error))
        return otherwise


def _about_what_stands(request: Request, step: Step) -> None:
    """An opinion that was given, a signature, are acts of somebody: no clerk takes them back."""
    takes_back = request.command.correction is Correction.WITHDRAW or "step" in request.command.asked
    stands: Label | Sentence | None = step.stands or None
    if stands is None and step.per_party == "signature":
        stands = Sentence("A signature that was given stands; it is superseded by a new text, or by a termination.")
    if takes_back and stands is not None:
        values = {"stands": stands, "step": step.label}
        request.reasons.append(
            Sentence(
                "“{step}” cannot be taken back: {stands} If it never happened and was only entered, say so with "
                "--never-happened; a second person has to confirm it.",
                values,
            )
        )


def _corrected_change(request: Request, old: HistoryEntry) -> HistoryEntry:
    said, asked = Changed.read(old), request.command.asked
    assert said is not None
    rule = request.definition.deadlines.get(said.key[0])
    rules = [each for each in (rule.pause, rule.extend, rule.move) if each is not None] if rule is not None else []
    if said.change is ChangeKind.CONFIRM and not request.actor.is_called(old.actor):
        values = {"person": old.actor}
        request.reasons.append(
            Sentence(
                "{person} confirmed it, and only they take that back; it goes by itself with the change that it confirms.",
                values,
            )
        )
    elif said.change is not ChangeKind.CONFIRM:
        request.about_the_person(frozenset[str]().union(*(each.by for each in rules)) or frozenset({LIAISON}))
    if said.withdrawn:
        request.reasons.append(Sentence("It was withdrawn already."))
    if request.command.correction is Correction.WITHDRAW:
        return withdrawn(old)
    request.about_names(OF_A_CHANGE)
    try:
        length = Length.parse(asked["length"]) if "length" in asked else said.length
    except Unreadable as error:
        request.reasons.append(misread("length", asked["length"], error))
        length = said.length
    said = replace(said, length=length, to=_to(request, said.to), party=asked.get("party", said.party))
    said = replace(
        said,
        reason=asked.get("reason", said.reason),
        paper=asked.get("paper", said.paper),
        legal_basis=asked.get("legal_basis", said.legal_basis),
    )
    return replace(request.on_its_day(old), details=said.details())


def _corrected_in_a_round(request: Request, old: HistoryEntry) -> HistoryEntry:
    """Only those who said it put it right, or withdraw it."""
    said, asked = of_a_round(old), request.command.asked
    assert said is not None
    if not request.actor.is_called(old.actor):
        values = {"person": old.actor}
        request.reasons.append(Sentence("{person} put it on record, and only they correct it.", values))
    if getattr(said, "withdrawn", False):
        request.reasons.append(Sentence("It was withdrawn already."))
    if request.command.correction is Correction.WITHDRAW:
        return withdrawn(old)
    names = [name for name in OF_A_ROUND_ENTRY if getattr(said, name, "")]
    if isinstance(said, DraftSubmitted):  # another text is another draft
        names = [name for name in names if name == "paper"]
    request.about_names(["on", *names])
    texts = {name: asked.get(name, getattr(said, name)) for name in names}
    for name, text in texts.items():
        if not text.strip():
            request.reasons.append(Sentence("{name} is empty; withdraw the entry instead.", {"name": name}))
    return replace(request.on_its_day(old), details=replace(said, **texts).details())


def _to(request: Request, otherwise: date | None) -> date | None:
    text = request.command.asked.get("to")
    try:
        return date.fromisoformat(text) if text is not None else otherwise
    except ValueError:
        request.reasons.append(Sentence("to = “{text}”: give a whole day, like 2026-05-31.", {"text": text or ""}))
        return otherwise


def _corrected_term(request: Request, old: HistoryEntry) -> HistoryEntry:
    said, asked = TermStated.read(old), request.command.asked
    assert said is not None
    request.about_the_person(frozenset({LIAISON}))
    if request.command.correction is Correction.WITHDRAW:
        return withdrawn(old)
    request.about_names(OF_A_TERM)
    reading = asked.get("reading", said.reading)
    try:
        Term.parse(reading)
    except Unreadable as error:
        request.reasons.append(misread("reading", reading, error))
    texts = (asked.get("source", said.source), asked.get("reason", said.reason))
    return replace(request.on_its_day(old), details=TermStated(said.term, reading, *texts).details())

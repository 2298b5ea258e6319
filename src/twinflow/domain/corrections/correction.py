"""Whether a correction can be made, and what it makes of a case.

A correction is an entry of the history, which keeps what was entered before. It takes out an earlier entry, lets it say something
else, or annuls the opening. Everything that came after is decided again: what could not have been done so stands in the way, and
is corrected first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement, Claim, Deadline, Party, Signature, Term
from twinflow.domain.agreement.entries import (
    Began,
    Changed,
    ChangeKind,
    Corrected,
    Correction,
    Counting,
    NotCorrected,
    StepTaken,
    TermStated,
    beginning,
    by_entry,
    noted,
    withdrawn,
)
from twinflow.domain.agreement.history import EntryKind, HistoryEntry
from twinflow.domain.agreement.present_names import as_corrected, numbered, reached_by, what_counts
from twinflow.domain.calendar.dates import Length, PartialDate, hour_of_day
from twinflow.domain.corrections.retaken import Retaken, as_it_began, merged, retaken
from twinflow.domain.deadlines.kept import Key
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import Actor, People
from twinflow.domain.process.definition import CLOCK, LIAISON, Label, ProcessDefinition, Step
from twinflow.domain.process.well_known_facts import IN_FORCE_ON, SIGNED_ON, TERM_STARTS_ON
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.doubts import Compared, Doubt, doubts
from twinflow.domain.steps.opening import NewAgreement, problems_of_opening, title_of
from twinflow.errors import Refused, Unreadable
from twinflow.sentences import Sentence

OF_A_STEP = ("on", "at", "step", "party", "place", "capacity", "reason")
OF_A_CHANGE = ("on", "length", "to", "party", "reason", "paper", "legal_basis")
OF_A_TERM = ("on", "reading", "source", "reason")
OF_THE_OPENING = ("on", "title", "office", "origin", "note", "state", "term.NAME", "party.NAME", "country.NAME")
"""What can be corrected, by name, beside the facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionCommand:
    """A correction as somebody asks for it. `entry` is the number of what was entered wrongly, `asked` what is right, by name;
    of another entry that is wrong with it, by its number and the name, like `5.party`.

    `never_happened`: the act itself was not done, only entered. `despite` is why, though the case makes little sense then.
    """

    entry: int
    correction: Correction
    reason: str
    asked: Mapping[str, str] = field(default_factory=dict)
    never_happened: bool = False
    despite: str = ""


@dataclass(frozen=True, slots=True)
class Corrections:
    """What a correction makes of a case: its entry, the case then, and the deadlines that are otherwise than they were."""

    entry: HistoryEntry
    said: Corrected
    after: Agreement
    anew: frozenset[tuple[str, int]]


def pending(history: Sequence[HistoryEntry]) -> dict[int, tuple[HistoryEntry, Corrected]]:
    """The corrections that wait for a second person, by the number of their entry: none that was refused, none of an entry that
    was corrected since.
    """
    corrections = [
        (number, history[place], said)
        for number, place in numbered(history)
        if (said := Corrected.read(history[place])) is not None
    ]
    refused = {no.of for entry in history if (no := NotCorrected.read(entry)) is not None}
    corrected = {entry: number for number, _, said in corrections if not said.second for entry in said.entries}
    return {
        number: (entry, said)
        for number, entry, said in corrections
        if said.second and number not in refused and all(number > corrected.get(each, 0) for each in said.entries)
    }


def decide(
    agreement: Agreement,
    history: Sequence[HistoryEntry],
    command: CorrectionCommand,
    actor: Actor,
    rulebook: Rulebook,
    people: People,
    now: datetime,
    beside: Sequence[Compared] = (),
) -> Corrections:
    """What becomes of the case. `history` is that of its rows, as written, without what was only told; `now` is UTC. `beside` are
    the cases that have not ended, among them those with the same parties.

    Raises Refused with every reason that stands in the way.
    """
    request = _Request(agreement, history, command, actor, rulebook, people, now, beside)
    return request.decided()


def confirm(
    agreement: Agreement,
    history: Sequence[HistoryEntry],
    number: int,
    actor: Actor,
    rulebook: Rulebook,
    people: People,
    now: datetime,
    beside: Sequence[Compared] = (),
) -> Corrections:
    """A correction that waited for a second person, decided as the case is now. Raises Refused as `decide`."""
    asked, said = _waiting(agreement, history, number)
    command = CorrectionCommand(
        entry=said.entry,
        correction=said.correction,
        reason=said.reason,
        asked=said.asked,
        never_happened=True,
        despite=said.despite,
    )
    first = Actor(asked.actor, frozenset({*rulebook.definition_of(agreement).roles}))
    request = _Request(agreement, history, command, first, rulebook, people, now, beside, (number, said.second, actor))
    return request.decided()


def refuse(
    agreement: Agreement,
    history: Sequence[HistoryEntry],
    number: int,
    reason: str,
    actor: Actor,
    definition: ProcessDefinition,
    today: date,
    now: datetime,
) -> HistoryEntry:
    """That a correction which waits is not to be: whoever asked for it takes it back, a second person refuses it.

    `today` is the date at the office, `now` UTC. Raises Refused with every reason.
    """
    asked, said = _waiting(agreement, history, number)
    reasons = [] if reason.strip() else [Sentence("A correction is refused only with a reason.")]
    taken_back = actor.is_called(asked.actor)
    if not taken_back and not actor.roles & set(said.second):
        reasons.append(_is_not(actor, said.second, definition))
    if reasons:
        values = {"number": number, "reference": agreement.reference}
        raise Refused("Correction {number} of {reference} goes on waiting.", tuple(reasons), **values)
    return noted(NotCorrected(number, said.entry, reason, taken_back), actor.key, today, now)


def _waiting(agreement: Agreement, history: Sequence[HistoryEntry], number: int) -> tuple[HistoryEntry, Corrected]:
    """The correction that waits under this number. Raises Refused where none does."""
    waiting = pending(history)
    if number not in waiting:
        values = {"numbers": sorted(waiting) or "–"}
        reason = Sentence("No such correction waits for a second person; those that do: {numbers}.", values)
        raise Refused("{reference} stays as it is.", (reason,), reference=agreement.reference)
    return waiting[number]


def _is_not(actor: Actor, roles: Iterable[str], definition: ProcessDefinition) -> Sentence:
    labels = [definition.roles[role].label for role in roles if role in definition.roles]
    return Sentence("{person} is not {roles} here.", {"person": actor.key, "roles": labels})


def standing_again(
    earlier: Agreement,
    history: Sequence[HistoryEntry],
    annulled: Agreement,
    reason: str,
    actor: str,
    rulebook: Rulebook,
    people: People,
    now: datetime,
) -> Corrections | None:
    """What becomes of the generation before one that is `annulled`, where a sheet had it as replaced: it goes on as that one
    began, since its own day of signature. None where it stands as it is.

    `actor` is who annulled the later one.
    """
    definition, state = rulebook.definition_of(earlier), annulled.history[0].to_state or ""
    first = earlier.history[0]
    is_replaced = first.kind is EntryKind.IMPORTED and first.to_state == earlier.state and earlier.state != state
    if not is_replaced or not definition.states[earlier.state].final or state not in definition.states:
        return None
    signed_on = earlier.day_of(SIGNED_ON)
    asked = {"state": state, **({"on": str(signed_on)} if signed_on is not None else {})}
    command = CorrectionCommand(entry=1, correction=Correction.REPLACE, reason=reason, asked=asked)
    anybody = Actor(actor, frozenset(definition.roles))
    return _Request(earlier, history, command, anybody, rulebook, people, now, (), follows=True).decided()


def rest_on(parent: Agreement, definition: ProcessDefinition, before: Agreement, after: Agreement) -> list[Sentence]:
    """The steps of the agreement it belongs to that could not have been taken, had it not come to its states."""
    lost = set() if after.annulled_on is None else {state for state, _ in reached_by(before.history)}
    lost |= {state for state, _ in reached_by(before.history)} - {state for state, _ in reached_by(after.history)}
    others = [each for each in parent.children if each.process == before.process and each.reference != before.reference]
    lost -= {state for other in others for state, _ in other.reached}
    found = []
    for number, place in numbered(parent.history):
        entry = parent.history[place]
        step = definition.steps.get(entry.step or "") if entry.kind is EntryKind.STEP else None
        wanted = [each.child for each in step.requires if each.child is not None] if step is not None else []
        if any(child.process == before.process and child.state in lost for child in wanted):
            values = {"parent": parent.reference, "number": number, "step": definition.steps[entry.step or ""].label}
            found.append(Sentence("“{step}” of {parent} rests on it: correct entry {number} there first.", values))
    return found


@dataclass(slots=True)
class _Request:
    """A correction somebody asks for, with everything its reasons are found in.

    `confirms` has the number of the correction that is confirmed, the roles that may, and who does. `follows`: from another one,
    which whoever has to has confirmed.
    """

    agreement: Agreement
    history: Sequence[HistoryEntry]
    command: CorrectionCommand
    actor: Actor
    rulebook: Rulebook
    people: People
    now: datetime
    beside: Sequence[Compared]
    confirms: tuple[int, tuple[str, ...], Actor] | None = None
    follows: bool = False
    reasons: list[Sentence] = field(default_factory=list)

    @property
    def definition(self) -> ProcessDefinition:
        return self.rulebook.definition_of(self.agreement)

    @property
    def today(self) -> date:
        return self.people.today(self.agreement.office, self.now)

    @property
    def _by(self) -> tuple[Rulebook, People, datetime]:
        return self.rulebook, self.people, self.now

    def decided(self) -> Corrections:
        command = self.command
        if not command.reason.strip():
            self.reasons.append(Sentence("A correction is made only with a reason."))
        if self.agreement.annulled_on is not None:
            self.reasons = [Sentence("It was annulled on {day}.", {"day": self.agreement.annulled_on})]
            self._refuse_if_any()
        self._about_who_confirms()
        places = dict(numbered(self.history))
        asked = by_entry(command.entry, command.asked)
        missing = [number for number in asked if number not in places]
        self.reasons += [Sentence("It has no entry {number}.", {"number": number}) for number in missing]
        if len(asked) > 1 and 1 in asked:
            self.reasons.append(Sentence("The opening is corrected by itself, not together with other entries."))
        if missing:
            self._refuse_if_any()
        entries = as_corrected(self.history, to_take_again=True)
        now_says = [entries[place] for place in places.values()]
        now_says[0] = beginning(now_says[0], as_it_began(self.agreement, now_says, *self._by))
        proposed = list(now_says)
        for number, names in asked.items():
            one = replace(self, command=replace(command, entry=number, asked=names))
            old = now_says[number - 1]
            proposed[number - 1] = one._corrected(old, self.agreement.history[places[number]])  # noqa: SLF001 - of itself
            one._about_what_it_would_change(old, proposed[number - 1])  # noqa: SLF001
            if number == command.entry:
                self.command = replace(command, asked={**command.asked, **one.command.asked})
        self._about_what_waits()
        self._refuse_if_any()
        if command.correction is Correction.ANNUL:
            return self._annulled()
        self._with_new_names(proposed, now_says[0], proposed[0])
        before = retaken(self.agreement, now_says, *self._by)
        after = retaken(self.agreement, proposed, *self._by)
        self.reasons += [reason for reason in after.reasons if reason not in before.reasons]
        self._refuse_if_any()
        return self._made(before, after, self._confirmed_doubts(before.agreement, after.agreement))

    def _confirmed_doubts(self, before: Agreement, after: Agreement) -> tuple[str, ...]:
        """What the corrected opening makes doubtful, as codes. Raises Refused with them where there is no reason for it."""
        if self.command.entry != 1 or self.definition.states[after.state].final:
            return ()
        known = self._doubts(before)
        found = [doubt for doubt in self._doubts(after) if doubt not in known]
        if found and not self.command.despite.strip():
            values = {"reference": self.agreement.reference}
            reasons = tuple(doubt.message for doubt in found)
            raise Refused("{reference} is not corrected so without a reason (--despite “…”).", reasons, **values)
        return tuple(dict.fromkeys(doubt.code.value for doubt in found))

    def _doubts(self, case: Agreement) -> list[Doubt]:
        new = NewAgreement(
            reference=case.reference,
            process=case.process,
            office=case.office,
            title=case.title,
            opened_on=case.history[0].effective_on,
            parties=case.parties,
            state=case.history[0].to_state,
            parent=case.parent,
            relationship=case.relationship,
        )
        return list(doubts(new, self.definition, self.people.offices[case.office], self.beside))

    def _refuse_if_any(self) -> None:
        if self.reasons:
            values = {"number": self.command.entry, "reference": self.agreement.reference}
            raise Refused("Entry {number} of {reference} stays as it is.", tuple(self.reasons), **values)

    def _about_who_confirms(self) -> None:
        if self.confirms is None:
            return
        _, roles, who = self.confirms
        if not who.roles & set(roles):
            self.reasons.append(_is_not(who, roles, self.definition))
        if who.is_called(self.actor.key):
            values = {"person": who.key}
            self.reasons.append(Sentence("{person} made the correction; another person has to confirm it.", values))

    def _about_the_person(self, roles: frozenset[str]) -> None:
        if not self.actor.roles & roles:
            self.reasons.append(_is_not(self.actor, sorted(roles), self.definition))

    def _corrected(self, old: HistoryEntry, present: HistoryEntry) -> HistoryEntry:
        """What the entry is to say; reasons against it are noted."""
        command = self.command
        if command.correction is Correction.REPLACE and not command.asked:
            self.reasons.append(Sentence("Say what is right: --set NAME=VALUE, or --withdraw what did not happen."))
        if command.correction is Correction.ANNUL and command.entry != 1:
            self.reasons.append(Sentence("Only the opening is annulled, entry 1; other entries are withdrawn."))
        match old.kind:
            case EntryKind.OPENED | EntryKind.IMPORTED:
                return self._corrected_opening(old)
            case EntryKind.STEP if old.actor == CLOCK:
                self.reasons.append(
                    Sentence("The clock took it on its day: correct the entry that the day comes from, and it follows.")
                )
            case EntryKind.STEP:
                return self._corrected_step(old, present)
            case EntryKind.CHANGE:
                return self._corrected_change(old)
            case EntryKind.TERM:
                return self._corrected_term(old)
            case EntryKind.ACKNOWLEDGED | EntryKind.SNOOZED:
                self.reasons.append(Sentence("Nothing follows from it; acknowledge the deadline anew."))
            case EntryKind.DEADLINE:
                self.reasons.append(Sentence("The date moved by itself: correct the entry that it comes from."))
            case EntryKind.MIGRATED:
                self.reasons.append(
                    Sentence("A move to another version stands; it is superseded by a move to a later one.")
                )
            case EntryKind.CORRECTED | EntryKind.REFUSED:
                self.reasons.append(Sentence("A correction stands; correct the entry again that it is about."))
            case _:
                self.reasons.append(Sentence("It was withdrawn already; take the step again."))
        return old

    def _about_what_it_would_change(self, old: HistoryEntry, new: HistoryEntry) -> None:
        """A correction that says what is said already is none."""
        command = self.command
        if command.correction is Correction.REPLACE and command.asked and not self.reasons and _says(old) == _says(new):
            self.reasons.append(Sentence("It says so already: nothing would change."))

    def _about_what_waits(self) -> None:
        """Nor is one that is asked for already."""
        command = self.command
        if self.confirms is not None:
            return
        for number, (_, said) in pending(self.history).items():
            if (said.entry, said.correction, said.asked) == (command.entry, command.correction, command.asked):
                values = {"number": number}
                self.reasons.append(
                    Sentence("Entry {number} asks for the same, and waits for a second person.", values)
                )

    # ---- a step

    def _corrected_step(self, old: HistoryEntry, present: HistoryEntry) -> HistoryEntry:
        steps, asked = self.definition.steps, self.command.asked
        step = steps.get(present.step or "")
        self._about_the_person(step.by if step is not None else frozenset({LIAISON}))
        if step is not None and not self.command.never_happened:
            self._about_what_stands(step)
        if self.command.correction is Correction.WITHDRAW:
            return withdrawn(old)
        wanted = steps.get(asked.get("step", present.step or ""))
        if wanted is None:
            values = {"process": self.definition.name, "step": asked.get("step", present.step), "steps": sorted(steps)}
            self.reasons.append(Sentence("{process} has no step {step}; it has {steps}.", values))
            return old
        if wanted is not step:
            self._about_the_person(wanted.by)
            if not self.actor.is_called(old.actor):
                values = {"person": old.actor}
                self.reasons.append(
                    Sentence(
                        "{person} took it, and only they say which step it was; withdraw it and take yours.", values
                    )
                )
        self._about_names((*OF_A_STEP, *wanted.records))
        said = StepTaken.read(old)
        assert said is not None
        records = {name: asked.get(name, said.records.get(name, "")) for name in wanted.records}
        day = self._on_its_day(old)
        hands = [*said.corrected_by.split(), "" if self.actor.is_called(old.actor) else self.actor.key]
        said = replace(
            said,
            place=asked.get("place", said.place),
            capacity=asked.get("capacity", said.capacity),
            reason=asked.get("reason", said.reason),
            received_at=self._received_at(said.received_at, day.effective_on),
            records={name: text for name, text in records.items() if text},
            corrected_by=" ".join(dict.fromkeys(each for each in hands if each)),
        )
        step_name = wanted.key if "step" in asked else old.step
        party = self.agreement.as_written(asked["party"]) if asked.get("party") else asked.get("party", old.party)
        return replace(day, step=step_name, party=party or None, details=said.details())

    def _received_at(self, otherwise: datetime | None, on: date) -> datetime | None:
        """When it arrived: at the hour that is right on the day that is right; an empty hour takes it out."""
        office, text = self.agreement.office, self.command.asked.get("at")
        if text is None and "on" in self.command.asked and otherwise is not None:
            return self.people.instant(office, on, self.people.hour(office, otherwise))
        try:
            return self.people.instant(office, on, hour_of_day(text)) if text else otherwise if text is None else None
        except Unreadable as error:
            self.reasons.append(_misread("at", text or "", error))
            return otherwise

    def _about_what_stands(self, step: Step) -> None:
        """An opinion that was given, a signature, are acts of somebody: no clerk takes them back."""
        takes_back = self.command.correction is Correction.WITHDRAW or "step" in self.command.asked
        stands: Label | Sentence | None = step.stands or None
        if stands is None and step.per_party == "signature":
            stands = Sentence("A signature that was given stands; it is superseded by a new text, or by a termination.")
        if takes_back and stands is not None:
            values = {"stands": stands, "step": step.label}
            self.reasons.append(
                Sentence(
                    "“{step}” cannot be taken back: {stands} If it never happened and was only entered, say so with "
                    "--never-happened; a second person has to confirm it.",
                    values,
                )
            )

    def _about_names(self, known: Sequence[str]) -> None:
        unknown = sorted(self.command.asked.keys() - set(known))
        if unknown:
            self._about_unknown(unknown, known)

    def _about_unknown(self, names: Sequence[str], known: Sequence[str]) -> None:
        values = {"names": list(names), "known": list(known) or "–"}
        self.reasons.append(Sentence("{names} cannot be corrected here; what can: {known}.", values))

    def _on_its_day(self, old: HistoryEntry) -> HistoryEntry:
        """On the day that is right; it cannot have been recorded before."""
        on = self._day(old.effective_on)
        was_there = on <= self.people.today(self.agreement.office, old.recorded_at)
        return replace(old, effective_on=on, recorded_at=old.recorded_at if was_there else self.now)

    def _day(self, otherwise: date) -> date:
        text = self.command.asked.get("on")
        if text is None:
            return otherwise
        try:
            day = PartialDate.parse(text).as_date
        except Unreadable as error:
            self.reasons.append(_misread("on", text, error))
            return otherwise
        if day is None:
            self.reasons.append(Sentence("on = “{text}”: give a whole day, like 2026-05-31.", {"text": text}))
        elif day > self.today:
            self.reasons.append(Sentence("The day {day} is still to come.", {"day": day}))
        return day or otherwise

    # ---- a change of a deadline

    def _corrected_change(self, old: HistoryEntry) -> HistoryEntry:
        said, asked = Changed.read(old), self.command.asked
        assert said is not None
        rule = self.definition.deadlines.get(said.key[0])
        rules = [each for each in (rule.pause, rule.extend, rule.move) if each is not None] if rule is not None else []
        if said.change is ChangeKind.CONFIRM and not self.actor.is_called(old.actor):
            values = {"person": old.actor}
            self.reasons.append(Sentence("{person} confirmed it, and only they take that back.", values))
        elif said.change is not ChangeKind.CONFIRM:
            self._about_the_person(frozenset[str]().union(*(each.by for each in rules)) or frozenset({LIAISON}))
        if said.withdrawn:
            self.reasons.append(Sentence("It was withdrawn already."))
        if self.command.correction is Correction.WITHDRAW:
            return withdrawn(old)
        self._about_names(OF_A_CHANGE)
        try:
            length = Length.parse(asked["length"]) if "length" in asked else said.length
        except Unreadable as error:
            self.reasons.append(_misread("length", asked["length"], error))
            length = said.length
        said = replace(said, length=length, to=self._to(said.to), party=asked.get("party", said.party))
        said = replace(
            said,
            reason=asked.get("reason", said.reason),
            paper=asked.get("paper", said.paper),
            legal_basis=asked.get("legal_basis", said.legal_basis),
        )
        return replace(self._on_its_day(old), details=said.details())

    def _to(self, otherwise: date | None) -> date | None:
        text = self.command.asked.get("to")
        try:
            return date.fromisoformat(text) if text is not None else otherwise
        except ValueError:
            self.reasons.append(Sentence("to = “{text}”: give a whole day, like 2026-05-31.", {"text": text or ""}))
            return otherwise

    # ---- a term

    def _corrected_term(self, old: HistoryEntry) -> HistoryEntry:
        said, asked = TermStated.read(old), self.command.asked
        assert said is not None
        self._about_the_person(frozenset({LIAISON}))
        if self.command.correction is Correction.WITHDRAW:
            return withdrawn(old)
        self._about_names(OF_A_TERM)
        reading = asked.get("reading", said.reading)
        try:
            Term.parse(reading)
        except Unreadable as error:
            self.reasons.append(_misread("reading", reading, error))
        texts = (asked.get("source", said.source), asked.get("reason", said.reason))
        return replace(self._on_its_day(old), details=TermStated(said.term, reading, *texts).details())

    # ---- the opening

    def _corrected_opening(self, old: HistoryEntry) -> HistoryEntry:
        self._about_the_person(frozenset({LIAISON}))
        command, began = self.command, Began.read(old)
        assert began is not None
        if command.correction is Correction.WITHDRAW:
            self.reasons.append(Sentence("An opening is not withdrawn; a case opened by mistake is annulled."))
        if command.correction is Correction.ANNUL:
            self._against_annulling()
        if command.correction is not Correction.REPLACE:
            return old
        if old.kind is EntryKind.IMPORTED:
            command = self.command = replace(command, asked=_with_what_follows(command.asked, old, began))
        facts, terms, parties = self._facts(began), self._terms(began), self._parties(began)
        plain = {name: command.asked.get(name, getattr(began, name)) for name in ("title", "office", "origin", "note")}
        if "title" not in command.asked and began.title == title_of(began.parties):
            plain["title"] = title_of(parties)
        began = replace(began, **plain, facts=facts, terms=terms, parties=parties)
        state = command.asked.get("state", old.to_state or "")
        self._about_the_office(began.office)
        corrected = self._on_its_day(old)
        new = NewAgreement(
            reference=self.agreement.reference,
            process=self.agreement.process,
            office=began.office,
            title=began.title,
            opened_on=corrected.effective_on,
            parties=began.parties,
            state=state,
            terms=began.terms,
            facts=began.facts,
            origin=began.origin,
            note=began.note,
            kind=old.kind,
        )
        for problem in problems_of_opening(new, self.definition, self.today):
            self.reasons.append(Sentence("{place}: {mistake}", {"place": problem.place, "mistake": problem.message}))
        return beginning(replace(corrected, to_state=state), began)

    def _about_the_office(self, key: str) -> None:
        if self.agreement.parent is not None and key != self.agreement.office:
            values: dict[str, object] = {"parent": self.agreement.parent, "office": self.agreement.office}
            self.reasons.append(Sentence("{parent} is kept by another office: {office}.", values))
        offices, wanted = self.people.offices, self.definition.roles[LIAISON].office_on(self.today)
        if key not in offices:
            values = {"office": key, "offices": sorted(offices)}
            self.reasons.append(Sentence("There is no office {office}; there are {offices}.", values))
        elif wanted is not None and wanted != offices[key].kind:
            values = {"process": self.definition.label, "wanted": wanted, "kind": offices[key].kind}
            self.reasons.append(
                Sentence("“{process}” is opened by an office of the kind {wanted}, and this is a {kind}.", values)
            )

    def _of(self, kind: str, known: Sequence[str]) -> dict[str, str]:
        """What is asked for of some things by name, like `term.validity`."""
        asked = {
            name.removeprefix(f"{kind}."): text
            for name, text in self.command.asked.items()
            if name.startswith(f"{kind}.")
        }
        unknown = sorted(asked.keys() - set(known))
        if unknown:
            self._about_unknown([f"{kind}.{name}" for name in unknown], [f"{kind}.{name}" for name in sorted(known)])
        return {name: text for name, text in asked.items() if name in known}

    def _facts(self, began: Began) -> dict[str, tuple[Claim, ...]]:
        """The facts, the chosen claim of each as it is asked for; an empty one goes."""
        records, asked = self.definition.records, self.command.asked
        plain = {name for name in OF_THE_OPENING if "." not in name}
        unknown = sorted(name for name in asked if "." not in name and name not in plain and name not in records)
        if unknown:
            self._about_unknown(unknown, [*OF_THE_OPENING, *records])
        facts = dict(began.facts)
        for name in asked.keys() & records.keys():
            text, claims = asked[name], facts.get(name, ())
            try:
                value = PartialDate.parse(text) if name.endswith("_on") else text
            except Unreadable as error:
                self.reasons.append(_misread(name, text, error))
                continue
            source = next((claim.source for claim in claims if claim.chosen), "")
            others = tuple(claim for claim in claims if not claim.chosen)
            if not text:
                facts.pop(name, None)
            elif [claim.value for claim in claims if claim.chosen] != [value]:
                facts[name] = (*others, Claim(value, source))
        return facts

    def _terms(self, began: Began) -> dict[str, Term]:
        terms = dict(began.terms)
        for name, text in self._of("term", list(self.definition.terms)).items():
            try:
                terms[name] = Term.parse(text, terms[name].source if name in terms else "")
            except Unreadable as error:
                self.reasons.append(_misread(f"term.{name}", text, error))
        return terms

    def _parties(self, began: Began) -> tuple[Party, ...]:
        known = [party.name for party in began.parties]
        names, countries = self._of("party", known), self._of("country", known)
        signed_on = self.command.asked.get(SIGNED_ON)
        parties = began.parties if signed_on is None else _signed_otherwise(began, signed_on)
        return tuple(
            replace(p, name=names.get(p.name, p.name), country=countries.get(p.name, p.country)) for p in parties
        )

    def _against_annulling(self) -> None:
        agreement, steps = self.agreement, self.definition.steps
        if agreement.children:
            children = [child.reference for child in agreement.children]
            self.reasons.append(
                Sentence("These belong to it: {references}; annul them first.", {"references": children})
            )
        if self.command.never_happened:
            return
        if any(party.signature is not None for party in agreement.parties):
            self.reasons.append(
                Sentence(
                    "A party has signed: such a case is ended, not annulled. If it never was, say so with --never-happened; a "
                    "second person has to confirm it."
                )
            )
        for entry in agreement.history:
            step = steps.get(entry.step or "") if entry.kind is EntryKind.STEP else None
            if step is not None and (step.stands or step.per_party == "signature"):
                values = {"step": step.label, "day": entry.effective_on}
                self.reasons.append(Sentence("“{step}” was done on {day}: such a case is ended, not annulled.", values))

    def _annulled(self) -> Corrections:
        said = self._said({}, annulled=self.agreement.reference)
        entry = self._noted(said)
        after = replace(self.agreement, version=self.agreement.version + 1, history=(*self.agreement.history, entry))
        if not said.second:
            after = replace(after, annulled_on=self.today, deadlines=(), derive_on=None)
        keys = frozenset() if said.second else frozenset(each.key for each in self.agreement.deadlines)
        return Corrections(entry, said, after, keys)

    # ---- what comes of it

    def _with_new_names(self, entries: list[HistoryEntry], old: HistoryEntry, new: HistoryEntry) -> None:
        """A party that is called otherwise is so in what it did as well."""
        was, now = Began.read(old), Began.read(new)
        if was is None or now is None:
            return
        names = {a.name: b.name for a, b in zip(was.parties, now.parties, strict=True) if a.name != b.name}
        for number, entry in enumerate(entries):
            if entry.party in names:
                entry = replace(entry, party=names[entry.party])  # noqa: PLW2901
            change = Changed.read(entry)
            if change is not None and change.party in names:
                entry = replace(entry, details=replace(change, party=names[change.party]).details())  # noqa: PLW2901
            entries[number] = entry

    def _second(self) -> tuple[str, ...]:
        """The roles of which one has to confirm it: where the process asks, where a second person had to confirm what is
        corrected, and where it is said that an act never happened. Of a correction that is confirmed, none any more.
        """
        if self.confirms is not None or self.follows:
            return ()
        places = dict(numbered(self.history))
        for number in by_entry(self.command.entry, self.command.asked):
            change = Changed.read(self.history[places[number]])
            if change is not None and change.second:
                return (change.second,)
        if self.definition.corrections is not None:
            return (self.definition.corrections.second,)
        return tuple(self.definition.roles) if self.command.never_happened else ()

    def _said(
        self, counts: Mapping[int, Counting | None], annulled: str = "", doubted: tuple[str, ...] = ()
    ) -> Corrected:
        command, second = self.command, self._second()
        return Corrected(
            entry=command.entry,
            correction=command.correction,
            reason=command.reason,
            asked=command.asked,
            counts={} if second else counts,
            second=second,
            of=self.confirms[0] if self.confirms is not None else None,
            annulled="" if second else annulled,
            doubts=doubted,
            despite=command.despite if doubted else "",
        )

    def _noted(self, said: Corrected) -> HistoryEntry:
        actor = self.confirms[2] if self.confirms is not None else self.actor
        return noted(said, actor.key, self.today, self.now)

    def _made(self, before: Retaken, after: Retaken, doubted: tuple[str, ...]) -> Corrections:
        said = self._said(
            {
                number: Counting.of(new) if new is not None and new.kind is not EntryKind.WITHDRAWN else None
                for number, (old, new) in enumerate(zip(before.entries, after.entries, strict=True), start=1)
                if _differ(old, new)
            },
            doubted=doubted,
        )
        entry, agreement = self._noted(said), self.agreement
        history = what_counts((*self.history, entry))
        corrected = replace(agreement, version=agreement.version + 1, history=(*agreement.history, entry))
        if not said.second:
            corrected = replace(merged(corrected, before.agreement, after.agreement), history=history)
        definition = self.rulebook.definition_of(corrected)
        context = deadline_context(self.rulebook, self.people, definition, corrected.office, self.now)
        derived = with_deadlines(corrected, definition, context)
        if said.second:
            return Corrections(entry, said, derived, frozenset())
        was, is_now = ({d.key: d for d in each.agreement.deadlines if not d.is_gone} for each in (before, after))
        anew = frozenset(key for key in was.keys() | is_now.keys() if was.get(key) != is_now.get(key))
        rows = {d.key: d for d in derived.deadlines if d.key not in anew}
        books = {d.key: d for d in agreement.deadlines}
        rows |= {key: _as_closed(books.get(key), was.get(key), is_now[key]) for key in anew & is_now.keys()}
        otherwise = self._closed_otherwise(before.agreement, after.agreement, books, was)
        rows |= {key: each for key, each in otherwise.items() if each is not None}
        for key in otherwise:
            if otherwise[key] is None:
                rows.pop(key, None)
        return Corrections(entry, said, replace(derived, deadlines=tuple(rows.values())), anew | otherwise.keys())

    def _closed_otherwise(
        self, before: Agreement, after: Agreement, books: Mapping[Key, Deadline], was: Mapping[Key, Deadline]
    ) -> dict[Key, Deadline | None]:
        """What the books have closed otherwise than it comes out when taken again, since the clock was off when it was recorded:
        where the correction has a part in it, as it is derived now.
        """
        odd = {
            key
            for key, each in books.items()
            if not each.is_open and not each.is_gone and _dates(each) != _dates(was.get(key))
        }
        if not odd:
            return {}
        context = deadline_context(self.rulebook, self.people, self.definition, after.office, self.now)
        old, new = (
            {d.key: d for d in with_deadlines(each, self.definition, context).deadlines} for each in (before, after)
        )
        return {key: new.get(key) for key in odd if _dates(old.get(key)) != _dates(new.get(key))}


def _dates(deadline: Deadline | None) -> Deadline | None:
    """A deadline, whatever edition it was counted by."""
    return deadline and replace(deadline, edition="", provisional=False)


def _as_closed(books: Deadline | None, was: Deadline | None, is_now: Deadline) -> Deadline:
    """What is closed by another act, or on another day, and no otherwise, keeps the calendars that it was counted by."""
    if books is None or was is None or books.is_open or is_now.is_open:
        return is_now
    if replace(was, status=is_now.status, closed_on=is_now.closed_on) != is_now:
        return is_now
    return replace(books, status=is_now.status, closed_on=is_now.closed_on)


def _with_what_follows(asked: Mapping[str, str], old: HistoryEntry, began: Began) -> dict[str, str]:
    """What is asked for of a case that came from a sheet, and what the sheet's day of signature gave and now gives otherwise."""
    if SIGNED_ON not in asked:
        return dict(asked)
    was, day = _chosen(began, SIGNED_ON), asked[SIGNED_ON]
    whole = day if day.count("-") == 2 else ""  # noqa: PLR2004 - year, month and day
    follows = {name: whole for name in (IN_FORCE_ON, TERM_STARTS_ON) if was and _chosen(began, name) == was}
    if whole and str(old.effective_on) == was:
        follows["on"] = whole
    return {**asked, **{name: text for name, text in follows.items() if name not in asked}}


def _signed_otherwise(began: Began, signed_on: str) -> tuple[Party, ...]:
    """The parties, those that signed on the day that was wrong with the one that is right, as far as it can be read."""
    was = _chosen(began, SIGNED_ON)
    try:
        signature = Signature(PartialDate.parse(signed_on)) if signed_on else None
    except Unreadable:
        return began.parties
    return tuple(
        replace(p, signature=signature) if p.signature is not None and str(p.signature.on) == was else p
        for p in began.parties
    )


def _chosen(began: Began, name: str) -> str:
    """The chosen claim of a fact that the case began with; empty where there is none."""
    return next((str(claim.value) for claim in began.facts.get(name, ()) if claim.chosen), "")


def _misread(key: str, text: str, error: Unreadable) -> Sentence:
    return Sentence("{key} = “{text}”: {mistake}.", {"key": key, "text": text, "mistake": error.message})


def _says(entry: HistoryEntry) -> Counting:
    """What an entry says, whoever has had a hand in it."""
    said = StepTaken.read(entry)
    return Counting.of(entry if said is None else replace(entry, details=replace(said, corrected_by="").details()))


def _differ(old: HistoryEntry | None, new: HistoryEntry | None) -> bool:
    if old is None or new is None:
        return old is not new
    return old.kind is not new.kind or Counting.of(old) != Counting.of(new)

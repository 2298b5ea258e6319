"""Whether a correction can be made, and what it makes of a case.

A correction is an entry of the history, which keeps what was entered before. It takes out an earlier entry, lets it say something
else, or annuls the opening. Everything that came after is decided again: what could not have been done so stands in the way, and
is corrected first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from shlex import quote

from twinflow.domain.agreement.agreement import Agreement, Deadline
from twinflow.domain.agreement.entries import (
    Began,
    Changed,
    Corrected,
    Correction,
    Counting,
    StepTaken,
    Thing,
    beginning,
    noted,
)
from twinflow.domain.agreement.handed_over import taken_on
from twinflow.domain.agreement.history import OF_A_ROUND, EntryKind, HistoryEntry, Way
from twinflow.domain.agreement.present_names import as_corrected, numbered, reached_by, what_counts
from twinflow.domain.corrections.entry_as_asked import corrected
from twinflow.domain.corrections.request import CorrectionCommand, Request, is_not
from twinflow.domain.corrections.retaken import Reason, Retaken, as_it_began, merged, retaken
from twinflow.domain.corrections.sent_away import is_untouched
from twinflow.domain.corrections.waiting import pending, waiting_under
from twinflow.domain.deadlines.kept import Key
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.people.people import Actor, People
from twinflow.domain.people.ties import tie_to, with_tie
from twinflow.domain.process.definition import LIAISON, ProcessDefinition
from twinflow.domain.process.well_known_facts import SIGNED_ON
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.doubts import Compared, Doubt, doubts
from twinflow.domain.steps.opening import NewAgreement
from twinflow.errors import Refused
from twinflow.sentences import Sentence

TO_BE_CORRECTED = {EntryKind.STEP, EntryKind.CHANGE, EntryKind.TERM, *OF_A_ROUND}


@dataclass(frozen=True, slots=True)
class Corrections:
    """What a correction makes of a case: its entry, the case then, and the deadlines that are otherwise than they were."""

    entry: HistoryEntry
    said: Corrected
    after: Agreement
    anew: frozenset[tuple[str, int]]


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
    request = _Deciding(agreement, history, command, actor, rulebook, people, now, beside)
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
    asked, said = waiting_under(agreement, history, number)
    command = CorrectionCommand(
        entry=said.entry,
        correction=said.correction,
        reason=said.reason,
        asked=said.asked,
        also=said.also,
        never_happened=True,
        despite=said.despite,
    )
    first = Actor(asked.actor, frozenset({*rulebook.definition_of(agreement).roles}), way=asked.way)
    request = _Deciding(agreement, history, command, first, rulebook, people, now, beside, (number, said.second, actor))
    return request.decided()


def standing_again(
    earlier: Agreement,
    history: Sequence[HistoryEntry],
    annulled: Agreement,
    reason: str,
    actor: str,
    rulebook: Rulebook,
    people: People,
    now: datetime,
    way: Way | None = None,
) -> Corrections | None:
    """What becomes of the generation before one that is `annulled`, where a sheet had it as replaced: it goes on as that one
    began, since its own day of signature. None where it stands as it is.

    `actor` is who annulled the later one, and `way` how.
    """
    definition, state = rulebook.definition_of(earlier), annulled.history[0].to_state or ""
    first = earlier.history[0]
    is_replaced = first.kind is EntryKind.IMPORTED and first.to_state == earlier.state and earlier.state != state
    if not is_replaced or not definition.states[earlier.state].final or state not in definition.states:
        return None
    signed_on = earlier.day_of(SIGNED_ON)
    asked = {"state": state, **({"on": str(signed_on)} if signed_on is not None else {})}
    command = CorrectionCommand(entry=1, correction=Correction.REPLACE, reason=reason, asked=asked)
    anybody = Actor(actor, frozenset(definition.roles), way=way)
    return _Deciding(earlier, history, command, anybody, rulebook, people, now, (), follows=True).decided()


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
class _Deciding:
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
    left_to: list[frozenset[str]] = field(default_factory=list)

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
        asked = command.by_entry
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
            of_one = replace(command, entry=number, asked=names)
            one = Request(
                self.agreement, of_one, self.actor, self.definition, self.people, self.now, self.reasons, self.left_to
            )
            old = now_says[number - 1]
            proposed[number - 1] = corrected(one, old, self.agreement.history[places[number]])
            self._about_what_it_would_change(old, proposed[number - 1], names)
            if number == command.entry:
                self.command = replace(command, asked={**command.asked, **one.command.asked})
        self._about_what_is_left_to_others()
        self._about_what_waits()
        self._refuse_if_any()
        if command.correction is Correction.ANNUL:
            return self._annulled()
        self._with_new_names(proposed, now_says[0], proposed[0])
        before = retaken(self.agreement, now_says, *self._by)
        after = retaken(self.agreement, proposed, *self._by, corrected=frozenset(asked))
        self._about_what_stands_in_the_way([each for each in after.reasons if each not in before.reasons], now_says)
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
        number, roles, who = self.confirms
        if not who.roles & set(roles):
            self.reasons.append(is_not(who, roles, self.definition))
        tie = tie_to(who, self.actor.key, self.actor.way)
        if tie is not None:
            did = with_tie(Sentence("{person} made the correction", {"person": self.actor.key}), tie)
            self.reasons.append(Sentence("{did}; another person has to confirm it.", {"did": did}))
        for entry in taken_on(self.history, Thing.CORRECTION, str(number)):
            tie = tie_to(who, entry.actor, entry.way)
            if tie is not None:
                did = with_tie(Sentence("{person} has taken the correction on", {"person": entry.actor}), tie)
                self.reasons.append(Sentence("{did}; another person has to confirm it.", {"did": did}))

    def _about_what_it_would_change(self, old: HistoryEntry, new: HistoryEntry, asked: Mapping[str, str]) -> None:
        """A correction that says what is said already is none."""
        if self.command.correction is Correction.REPLACE and asked and not self.reasons and _says(old) == _says(new):
            self.reasons.append(Sentence("It says so already: nothing would change."))

    def _about_what_is_left_to_others(self) -> None:
        """Of what is withdrawn at once, something is for the actor to withdraw; for the rest answers whoever confirms it."""
        if not self.left_to:
            return
        if len(self.left_to) == len(self.command.by_entry) or not self._second():
            self.reasons += [is_not(self.actor, sorted(roles), self.definition) for roles in self.left_to]

    def _about_what_stands_in_the_way(self, reasons: Sequence[Reason], now_says: Sequence[HistoryEntry]) -> None:
        """Only what does so first: what comes after it builds on it, or is found once that is put right."""
        if not reasons:
            return
        number = reasons[0].number
        self.reasons += [each.message for each in reasons if each.number == number]
        if number not in self.command.by_entry and now_says[number - 1].kind in TO_BE_CORRECTED:
            self.reasons.append(self._how_with(number))

    def _how_with(self, number: int) -> Sentence:
        """How another entry is put right together with what is asked for."""
        command = self.command
        values: dict[str, object] = {"number": number}
        if command.correction is Correction.WITHDRAW:
            also = "".join(f" --also {each}" for each in (*command.also, number))
            never = " --never-happened" if command.never_happened else ""
            values["command"] = (
                f"twinflow agreements correct {quote(self.agreement.reference)} {command.entry} --withdraw{also}{never} "
                f"--as {quote(self.actor.key)} --reason {quote(command.reason)}"
            )
            return Sentence("If entry {number} did not happen either, withdraw them at once: {command}", values)
        if command.entry == 1:
            return Sentence("Correct entry {number} first.", values)
        return Sentence("Correct entry {number} first, or at once with it: --set {number}.NAME=VALUE", values)

    def _about_what_waits(self) -> None:
        """Nor is one that is asked for already."""
        command = self.command
        if self.confirms is not None:
            return
        for number, (_, said) in pending(self.history).items():
            same = (command.entry, command.correction, command.asked, command.also)
            if (said.entry, said.correction, said.asked, said.also) == same:
                values = {"number": number}
                self.reasons.append(
                    Sentence("Entry {number} asks for the same, and waits for a second person.", values)
                )

    def _annulled(self) -> Corrections:
        said = self._said({}, annulled=self.agreement.reference)
        entry = self._noted(said)
        after = replace(self.agreement, version=self.agreement.version + 1, history=(*self.agreement.history, entry))
        if not said.second:
            after = replace(after, annulled_on=self.today, deadlines=(), derive_on=None)
        keys = frozenset() if said.second else frozenset(each.key for each in self.agreement.deadlines)
        return Corrections(entry, said, after, keys)

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
        corrected, where it is said that an act never happened, and where a case is taken back that another office works on; who
        withdraws with it what is not for the actor to withdraw.
        Of a correction that is confirmed, none any more.
        """
        if self.confirms is not None or self.follows:
            return ()
        roles = self._asked_to_confirm()
        if not self.left_to:
            return roles
        both = frozenset.intersection(*self.left_to)
        return tuple(each for each in roles or sorted(both) if each in both)

    def _asked_to_confirm(self) -> tuple[str, ...]:
        places = dict(numbered(self.history))
        for number in self.command.by_entry:
            change = Changed.read(self.history[places[number]])
            if change is not None and change.second:
                return (change.second,)
        if self.definition.corrections is not None:
            return (self.definition.corrections.second,)
        if self.command.never_happened:
            return tuple(self.definition.roles)
        is_theirs = self.command.entry != 1 or LIAISON in self.actor.roles
        return () if is_theirs or is_untouched(self.history) else (LIAISON,)

    def _said(
        self, counts: Mapping[int, Counting | None], annulled: str = "", doubted: tuple[str, ...] = ()
    ) -> Corrected:
        command, second = self.command, self._second()
        return Corrected(
            entry=command.entry,
            correction=command.correction,
            reason=command.reason,
            asked=command.asked,
            also=command.also,
            counts={} if second else counts,
            second=second,
            of=self.confirms[0] if self.confirms is not None else None,
            annulled="" if second else annulled,
            doubts=doubted,
            despite=command.despite if doubted else "",
        )

    def _noted(self, said: Corrected) -> HistoryEntry:
        if self.confirms is not None:
            _, roles, who = self.confirms
            return noted(said, who.key, self.today, self.now, who.way_in(roles))
        return noted(said, self.actor.key, self.today, self.now, self.actor.way_in(self.actor.roles))

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
        books = {d.key: d for d in agreement.deadlines if not d.is_gone}
        odd = {key for key in books.keys() | was.keys() if _closed_otherwise(books.get(key), was.get(key))}
        otherwise = self._derived_otherwise(before.agreement, after.agreement) if odd else {}
        differ = {key for key in was.keys() | is_now.keys() if was.get(key) != is_now.get(key)} - odd
        new = {key: _as_closed(books.get(key), was.get(key), is_now[key]) for key in differ & is_now.keys()}
        new |= {key: each for key, each in otherwise.items() if key in odd and each is not None}
        anew = frozenset(differ | (odd & otherwise.keys()))
        rows = {d.key: d for d in derived.deadlines if d.key not in anew} | new
        return Corrections(entry, said, replace(derived, deadlines=tuple(rows.values())), anew)

    def _derived_otherwise(self, before: Agreement, after: Agreement) -> dict[Key, Deadline | None]:
        """What comes out otherwise with the correction where everything is derived as of now, as it comes out then.

        That decides on what the books have closed otherwise than it comes out when taken again: the clock was off when something
        was recorded.
        """
        context = deadline_context(self.rulebook, self.people, self.definition, after.office, self.now)
        old, new = (
            {d.key: d for d in with_deadlines(each, self.definition, context).deadlines} for each in (before, after)
        )
        return {key: new.get(key) for key in old.keys() | new.keys() if _dates(old.get(key)) != _dates(new.get(key))}


def _closed_otherwise(books: Deadline | None, taken_again: Deadline | None) -> bool:
    """Whether one of them has it closed, and the other not so."""
    is_closed = any(each is not None and not each.is_open for each in (books, taken_again))
    return is_closed and _dates(books) != _dates(taken_again)


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


def _says(entry: HistoryEntry) -> Counting:
    """What an entry says, whoever has had a hand in it."""
    said = StepTaken.read(entry)
    return Counting.of(entry if said is None else replace(entry, details=replace(said, corrected_by="").details()))


def _differ(old: HistoryEntry | None, new: HistoryEntry | None) -> bool:
    if old is None or new is None:
        return old is not new
    return old.kind is not new.kind or Counting.of(old) != Counting.of(new)

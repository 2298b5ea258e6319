"""What was changed about people while a matter was under way, and without which whoever decided it may not have been able to.

Derived from the history of people; it stands in the way of nothing, and is shown with the decision.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.history import HistoryEntry
from twinflow.domain.people.changes import PeopleEntry, written_after
from twinflow.domain.people.people import one_address
from twinflow.domain.process.definition import ANOTHER_PERSON, CLOCK, ProcessDefinition
from twinflow.domain.steps.hands import round_of
from twinflow.sentences import Sentence

THING = re.compile(r"people\.(?P<person>[^.]+)\.(?P<kind>roles|delegates|mail|disabled)(?:\[\d+\])?")
LAST_DAY = {"roles": "to", "delegates": "until"}

Recorded = Sequence[tuple[PeopleEntry, datetime]]
"""The history of people, each entry with the instant (UTC) at which it was recorded."""


def changes_behind(
    agreement: Agreement, definition: ProcessDefinition, changes: Recorded, day_of: Callable[[datetime], date]
) -> dict[int, tuple[Sentence, ...]]:
    """What was changed about people behind each decision, by its place in the history; `day_of` is the day of an instant."""
    found = {}
    for place in decisions_of(agreement.history, definition):
        submitted = _submitted(agreement.history, definition, place)
        if submitted is not None:
            decision = _Decision(submitted, agreement.history[place], definition, day_of)
            found[place] = tuple(decision.changes(changes))
    return {place: said for place, said in found.items() if said}


def decisions_of(history: Sequence[HistoryEntry], definition: ProcessDefinition) -> list[int]:
    """The places of the steps that another person has to take than those who submitted."""
    deciding = {
        step.key for step in definition.steps.values() if any(each.name == ANOTHER_PERSON for each in step.requires)
    }
    return [place for place, entry in enumerate(history) if entry.step in deciding and entry.actor != CLOCK]


def _submitted(history: Sequence[HistoryEntry], definition: ProcessDefinition, place: int) -> HistoryEntry | None:
    """The first step by which it came to those who decide; how the case began, where it was entered there."""
    step = definition.steps[history[place].step or ""]
    asked = next(each for each in step.requires if each.name == ANOTHER_PERSON)
    matter = [history[each] for each in round_of(history[:place], definition, step, asked)]
    return next((entry for entry in matter if entry.step in asked.steps), matter[0] if matter else None)


@dataclass(frozen=True, slots=True)
class _Decision:
    submitted: HistoryEntry
    decided: HistoryEntry
    definition: ProcessDefinition
    day_of: Callable[[datetime], date]

    @property
    def role(self) -> str:
        return self.decided.way.role if self.decided.way is not None else ""

    @property
    def holders(self) -> set[str]:
        """Who decided, and for whom."""
        way = self.decided.way
        return {self.decided.actor, way.acts_for} if way is not None and way.acts_for else {self.decided.actor}

    def changes(self, recorded: Recorded) -> Iterator[Sentence]:
        written: dict[str, str] = {}
        for entry, at in recorded:
            before, written = written, written_after(entry.lines, written)
            if at > self.decided.recorded_at:
                continue
            is_meanwhile = at > self.submitted.recorded_at
            values = {"day": self.day_of(at), "by": entry.by}
            things = {found[0]: found for line in entry.lines if (found := THING.match(line.place)) is not None}
            for thing in things.values():
                if is_meanwhile or self._begins_meanwhile(written.get(f"{thing[0]}.from", "")):
                    yield from self._said(thing, before, written, values)

    def _begins_meanwhile(self, first: str) -> bool:
        return bool(first) and self.submitted.effective_on < date.fromisoformat(first) <= self.decided.effective_on

    def _said(
        self, thing: re.Match[str], before: Mapping[str, str], now: Mapping[str, str], values: Mapping[str, object]
    ) -> Iterator[Sentence]:
        match thing["kind"]:
            case "roles":
                yield from self._of_role(thing, before, now, values)
            case "delegates":
                yield from self._of_delegation(thing, before, now, values)
            case "mail" if self._shared_an_address(thing["person"], before):
                yield Sentence(
                    "mail address of {person} changed on {day} by {by}", {**values, "person": thing["person"]}
                )
            case "disabled":
                yield from self._of_switch(thing["person"], now, values)

    def _of_role(
        self, thing: re.Match[str], before: Mapping[str, str], now: Mapping[str, str], values: Mapping[str, object]
    ) -> Iterator[Sentence]:
        person, role = thing["person"], now.get(f"{thing[0]}.role", "")
        values = {**values, "person": person, "role": self._label(role)}
        if self.role and role != self.role:
            return
        if person in self.holders and not _is_shorter(thing, before, now):
            yield Sentence("role {role} given to {person} on {day} by {by}", values)
        elif person not in self.holders and _is_shorter(thing, before, now) and not self._is_own(now):
            yield Sentence("role {role} taken from {person} on {day} by {by}", values)

    def _of_switch(self, person: str, now: Mapping[str, str], values: Mapping[str, object]) -> Iterator[Sentence]:
        is_off, place = f"people.{person}.disabled" in now, f"people.{person}.roles["
        had_it = any(each.startswith(place) and value == self.role for each, value in now.items())
        if person in self.holders and not is_off:
            yield Sentence("{person} enabled again on {day} by {by}", {**values, "person": person})
        elif person not in self.holders and is_off and had_it and not self._is_own(now):
            yield Sentence("{person} disabled on {day} by {by}", {**values, "person": person})

    def _is_own(self, now: Mapping[str, str]) -> bool:
        """Whether who decided has the role by an assignment, and did not come to it as the deputy of somebody."""
        own = tuple(f"people.{person}.roles[" for person in self.holders)
        return any(value == self.role and place.startswith(own) for place, value in now.items())

    def _of_delegation(
        self, thing: re.Match[str], before: Mapping[str, str], now: Mapping[str, str], values: Mapping[str, object]
    ) -> Iterator[Sentence]:
        giver, to = thing["person"], now.get(f"{thing[0]}.to", "")
        if to != self.decided.actor:
            return
        values = {**values, "giver": giver, "person": to}
        if _is_shorter(thing, before, now):
            yield Sentence("delegation of {giver} to {person} ended on {day} by {by}", values)
        elif giver in self.holders:
            yield Sentence("delegation of {giver} to {person} given on {day} by {by}", values)

    def _shared_an_address(self, person: str, before: Mapping[str, str]) -> bool:
        """Whether the person had one mail address with another key, and one of them decided."""
        address = one_address(before.get(f"people.{person}.mail", ""))
        mails = (place for place, value in before.items() if place.endswith(".mail") and one_address(value) == address)
        keys = {place.removeprefix("people.").removesuffix(".mail") for place in mails}
        return bool(address) and len(keys) > 1 and self.decided.actor in keys

    def _label(self, role: str) -> object:
        return self.definition.roles[role].label if role in self.definition.roles else role


def _is_shorter(thing: re.Match[str], before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether it was there, and holds for fewer days now."""
    last = f"{thing[0]}.{LAST_DAY[thing['kind']]}"
    was_there = any(place.startswith(f"{thing[0]}.") for place in before)
    return was_there and last in now and (last not in before or now[last] < before[last])

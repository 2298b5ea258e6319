"""Which processes those who are there cannot take to their end: said before a case waits for somebody who does not exist."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from twinflow.domain.people.people import Office, People
from twinflow.domain.process.definition import CLOCK, LIAISON, Label, ProcessDefinition, Step
from twinflow.sentences import Sentence

FOUR_EYES = "another_person_than"


@dataclass(frozen=True, slots=True)
class Unsatisfied:
    """What a process asks for in the cases of an office, and nobody there can give."""

    office: str
    process: str
    why: Sentence


def unsatisfied(processes: Iterable[ProcessDefinition], people: People, day: date) -> Iterator[Unsatisfied]:
    """Of every process in force on the day, for every office that may keep its cases."""
    for process in (each for each in processes if each.is_in_force_on(day)):
        for office in people.offices.values():
            if _keeps_cases(process, office, day):
                among = _Among(process, people, office.key, day)
                yield from (Unsatisfied(office.key, process.name, why) for why in among.reasons())


def _keeps_cases(process: ProcessDefinition, office: Office, day: date) -> bool:
    liaison = process.roles.get(LIAISON)
    its_own = process.country in ("", office.country) and (not process.countries or office.country in process.countries)
    return its_own and liaison is not None and liaison.office_on(day) == office.kind


@dataclass(frozen=True, slots=True)
class _Among:
    process: ProcessDefinition
    people: People
    office: str
    day: date

    def reasons(self) -> Iterator[Sentence]:
        waiting: dict[str, list[Label]] = {}
        for state in self.process.states.values():
            if state.waits_for in self.process.roles and not self._humans({state.waits_for or ""}):
                waiting.setdefault(state.waits_for or "", []).append(state.label)
        for role, states in waiting.items():
            values = {"role": self.process.roles[role].label, "states": states}
            yield Sentence("nobody is {role}, for whom these states wait: {states}", values)
        yield from (why for step in self.process.steps.values() for why in self._four_eyes(step))

    def _four_eyes(self, step: Step) -> Iterator[Sentence]:
        """That whoever may take the step is the only human who may take one that another has to have taken."""
        second = self._humans(step.by)
        for earlier in {name for each in step.requires if each.name == FOUR_EYES for name in each.steps}:
            first = self._humans(self.process.steps[earlier].by)
            if len(first) == 1 and first == second:
                (person,) = first
                labels = {"step": step.label, "other": self.process.steps[earlier].label}
                yield Sentence(
                    "{person} alone may take “{other}” and “{step}”, which two persons have to take",
                    {"person": person, **labels},
                )

    def _humans(self, roles: Iterable[str]) -> frozenset[str]:
        """Who holds one of the roles; of the keys with one mail address the first."""
        found = {
            person.key: person
            for role in roles
            if role != CLOCK
            for person in self.people.holders_for(self.process, role, self.office, self.day)
        }
        return frozenset(min({key, *self.people.sharing(person)}) for key, person in found.items())

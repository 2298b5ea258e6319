"""`twinflow workflows show`: a process to be read in a terminal, every rule in words and with its source."""

import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from shutil import get_terminal_size
from textwrap import wrap
from typing import Annotated

import typer

from twinflow.cli.context import Cli, Json, cli_of
from twinflow.cli.output import print_json
from twinflow.domain.process.contents import HIDDEN
from twinflow.domain.process.definition import (
    ChangeRule,
    DeadlineRule,
    Effect,
    Nature,
    ProcessDefinition,
    State,
    Step,
    TermRule,
    level_message,
)
from twinflow.domain.process.in_words import condition_message, lapse_message, length_message, requirement_message
from twinflow.pictures.diagram import waits_words
from twinflow.sentences import Sentence

NARROW, WIDE, ELSEWHERE = 40, 120, 100
"""Columns: not less and not more than these on a terminal; and where the text goes into a file."""

NATURES = {
    Nature.LEGAL: Sentence("Set by law"),
    Nature.CONTRACTUAL: Sentence("Agreed in the text"),
    Nature.TARGET: Sentence("A target, not a duty"),
}

EFFECTS = {
    Effect.START_TERM: Sentence("the term starts"),
    Effect.SIGN_TEXT: Sentence("the text is signed"),
    Effect.ENTER_INTO_FORCE: Sentence("the text enters into force, and the term starts"),
    Effect.RENEW_TERM: Sentence("a new term starts"),
    Effect.END_TERM: Sentence("the term ends"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line to be wrapped: how deep it stands, and whether it is a heading."""

    depth: int
    text: str
    heading: bool = False


def show(
    context: typer.Context,
    process: Annotated[str, typer.Argument(help="Process, like mx/twinning.")],
    version: Annotated[int | None, typer.Option("--version", help="Else the newest.")] = None,
    json: Json = False,
) -> None:
    """States, steps, deadlines and everything else of a process, each with its source."""
    cli = cli_of(context)
    catalogue = cli.rulebook.catalogue
    definition = catalogue.versions(process)[-1] if version is None else catalogue.version(process, version)
    if json:
        print_json(definition, cli.language)
        return
    is_terminal = sys.stdout.isatty()
    columns = min(max(get_terminal_size().columns, NARROW), WIDE) if is_terminal else ELSEWHERE
    for line in Description(cli, definition).lines():
        text = fitted(line, columns)
        print(typer.style(text, bold=True) if line.heading and is_terminal else text)


def fitted(line: Line, columns: int) -> str:
    """The line wrapped to so many columns; what goes on stands two deeper."""
    indent = "  " * line.depth
    return "\n".join(wrap(line.text, columns, initial_indent=indent, subsequent_indent=indent + "  "))


class Description:
    """The lines about one process. Knows which steps were told already: one that leaves many states is told once in full."""

    def __init__(self, cli: Cli, definition: ProcessDefinition) -> None:
        self._cli = cli
        self._definition = definition
        self._told: set[str] = set()

    def lines(self) -> Iterator[Line]:
        yield from self._head()
        for stage, label in self._definition.stages.items():
            states = [state for state in self._definition.states.values() if state.stage == stage]
            if states:
                yield from self._heading(Sentence("Stage: {stage}", {"stage": label}))
                for state in states:
                    yield from self._state(state)
        parts = (
            (
                Sentence("Deadlines"),
                [line for rule in self._definition.deadlines.values() for line in self._deadline(rule)],
            ),
            (Sentence("Order that the law fixes"), list(self._gates())),
            (
                Sentence("Terms of the text"),
                [line for key, rule in self._definition.terms.items() for line in self._term(key, rule)],
            ),
            (Sentence("Papers"), list(self._papers())),
            (Sentence("Checklists"), list(self._checklists())),
            (Sentence("Roles"), list(self._roles())),
            (Sentence("Who else sees a case"), list(self._visibility())),
        )
        for heading, lines in parts:
            if lines:
                yield from self._heading(heading)
                yield from lines

    def _heading(self, message: Sentence) -> Iterator[Line]:
        yield Line(0, "")
        yield Line(0, self._cli.say(message).upper(), heading=True)

    def _say(self, depth: int, template: Sentence) -> Line:
        return Line(depth, self._cli.say(template))

    def _head(self) -> Iterator[Line]:
        definition = self._definition
        yield Line(0, f"{self._cli.say(definition.label)} ({definition.name})", heading=True)
        if definition.unconfirmed:
            yield self._say(0, Sentence("NOT CONFIRMED: {what}", {"what": definition.unconfirmed}))
        if definition.corrections is not None:
            rule = definition.corrections
            values: dict[str, object] = {"role": definition.roles[rule.second].label, "source": rule.source}
            yield self._say(0, Sentence("Corrections are confirmed by: {role} (source: {source})", values))
        since = {"from": definition.in_force_from, "to": definition.in_force_to}
        if definition.in_force_to is None:
            yield self._say(0, Sentence("In force from {from}", since))
        else:
            yield self._say(0, Sentence("In force from {from} to {to}", since))
        if definition.extends is not None:
            key, version = definition.extends
            yield self._say(0, Sentence("Rests on {process}", {"process": f"{key} v{version}"}))
        values = {"calendars": list(definition.calendars) or "–", "zone": definition.time_zone}
        yield self._say(0, Sentence("Calendars: {calendars}; time zone: {zone}", values))
        if definition.children:
            yield self._say(0, Sentence("May have: {processes}", {"processes": list(definition.children)}))
        for text in definition.law:
            yield self._say(0, Sentence("Law: {text}", {"text": text}))

    def _state(self, state: State) -> Iterator[Line]:
        definition, about = self._definition, []
        if state.key == definition.start:
            about.append(Sentence("the start"))
        if state.final:
            about.append(Sentence("an end"))
        elif state.waits_for is not None:
            about.append(waits_words(state.waits_for, definition))
        if state.phase is not None:
            about.append(Sentence("phase: {phase}", {"phase": definition.phases[state.phase]}))
        if state.signed:
            about.append(Sentence("every signature is on the text"))
        words = "; ".join(self._cli.say(message) for message in about)
        yield Line(0, "")
        yield Line(1, f"{self._cli.say(state.label)} [{state.key}]" + (f": {words}" if words else ""), heading=True)
        for step in definition.steps.values():
            if state.key in step.sources:
                yield from self._step(step)

    def _step(self, step: Step) -> Iterator[Line]:
        values = {"step": step.label, "key": step.key, "states": self._destinations(step)}
        if step.key in self._told:
            yield self._say(2, Sentence("- {step} [{key}] → {states} (see above)", values))
            return
        self._told.add(step.key)
        yield self._say(2, Sentence("- {step} [{key}] → {states}", values))
        yield self._say(3, Sentence("by: {roles}", {"roles": self._who(step.by)}))
        for requirement in step.requires:
            needs = {"requirement": requirement_message(requirement, self._definition), "source": requirement.source}
            if requirement.source:
                yield self._say(3, Sentence("needs: {requirement} (source: {source})", needs))
            else:
                yield self._say(3, Sentence("needs: {requirement}", needs))
        yield from self._kept(step)
        for sent in step.announcements:
            told = {"notice": sent.notice, "roles": self._who(sent.to)}
            yield self._say(
                3,
                Sentence("tells at once {roles}: {notice}", told)
                if sent.urgent
                else Sentence("tells {roles}: {notice}", told),
            )
        if step.source:
            yield self._say(3, Sentence("source: {source}", {"source": step.source}))

    def _kept(self, step: Step) -> Iterator[Line]:
        """What a step puts on record, and what it changes beside the state."""
        words = self._definition.records
        if step.per_party is not None:
            yield self._say(3, Sentence("taken for one party at a time"))
        if step.records:
            yield self._say(3, Sentence("records: {names}", {"names": [words[name] for name in step.records]}))
        if step.day_as is not None:
            yield self._say(3, Sentence("its day is: {fact}", {"fact": words.get(step.day_as, step.day_as)}))
        if step.needs_reason:
            yield self._say(3, Sentence("only with a reason"))
        if step.stands:
            yield self._say(3, Sentence("cannot be taken back: {why}", {"why": step.stands}))
        if step.effect is not None:
            yield self._say(3, Sentence("effect: {effect}", {"effect": EFFECTS[step.effect]}))

    def _destinations(self, step: Step) -> list[Sentence]:
        found = []
        for each in step.to:
            state = self._definition.states[each.state].label
            if each.when is None:
                found.append(Sentence("{state}", {"state": state}))
            else:
                values = {"state": state, "condition": condition_message(each.when)}
                found.append(Sentence("{state} [{condition}]", values))
        return found

    def _who(self, roles: Iterable[str]) -> list[object]:
        known = self._definition.roles
        return [known[role].label if role in known else Sentence("the clock") for role in sorted(roles)]

    def _deadline(self, rule: DeadlineRule) -> Iterator[Line]:
        definition = self._definition
        yield Line(0, "")
        yield Line(1, f"{self._cli.say(rule.label)} [{rule.key}]", heading=True)
        values = {"nature": NATURES[rule.nature], "length": length_message(rule, definition)}
        yield self._say(2, Sentence("{nature}: {length}", values))
        yield from self._counting(rule)
        if rule.late is not None:
            yield self._say(2, Sentence("late when it passes: {role}", {"role": definition.roles[rule.late].label}))
        elif not rule.duty:
            yield self._say(2, Sentence("the last day of a right: nobody is late when it passes"))
        met: list[object] = [definition.steps[step].label for step in definition.steps if step in rule.met_by_steps]
        met += [
            f"{child.process}: {child.state}"
            for child in sorted(rule.met_by_children, key=lambda c: (c.process, c.state))
        ]
        if met:
            yield self._say(2, Sentence("met by: {what}", {"what": met}))
        if rule.warn:
            yield self._say(
                2, Sentence("warnings: {levels}", {"levels": [level_message(level) for level in rule.warn]})
            )
        for level in rule.escalate:
            told = {"level": level_message(level), "role": definition.roles[level.to or ""].label}
            yield self._say(2, Sentence("{level}: {role} is told too", told))
        if rule.very_overdue is not None:
            yield self._say(2, Sentence("very overdue {length} after the date", {"length": rule.very_overdue.message}))
        if rule.on_lapse:
            yield self._say(2, lapse_message(rule, definition))
            if rule.article:
                yield self._say(2, Sentence("by silence, under {article}", {"article": rule.article}))
        yield from self._changes(rule)
        if rule.note:
            yield self._say(2, Sentence("note: {note}", {"note": rule.note}))
        yield self._say(2, Sentence("source: {source}", {"source": rule.source}))

    def _counting(self, rule: DeadlineRule) -> Iterator[Line]:
        """Where the date is counted otherwise than usual."""
        definition = self._definition
        if rule.calendars:
            yield self._say(2, Sentence("counted by: {calendars}", {"calendars": list(rule.calendars)}))
        if rule.cut_off is not None:
            yield self._say(
                2,
                Sentence(
                    "what arrives after {hour} counts from the next business day", {"hour": f"{rule.cut_off:%H:%M}"}
                ),
            )
        if rule.until is not None:
            yield self._say(
                2, Sentence("goes on up to “{deadline}”", {"deadline": definition.deadlines[rule.until].label})
            )
        if rule.paused_in:
            states = [state.label for state in definition.states.values() if state.key in rule.paused_in]
            yield self._say(2, Sentence("stands still in: {states}", {"states": states}))
        if rule.while_in:
            states = [state.label for state in definition.states.values() if rule.runs_in(state.key)]
            yield self._say(2, Sentence("runs only in: {states}", {"states": states}))
        if rule.keeps_its_day and rule.skips_pauses:
            yield self._say(2, Sentence("its day stays; one that comes in a pause falls away"))
        elif rule.keeps_its_day:
            yield self._say(2, Sentence("its day stays; one that comes in a pause waits for its end"))

    def _changes(self, rule: DeadlineRule) -> Iterator[Line]:
        """How the deadline may be changed by an act: who, up to what, and on what basis."""
        named = (
            (Sentence("may be paused"), rule.pause),
            (Sentence("may be extended"), rule.extend),
            (Sentence("may be moved by agreement"), rule.move),
        )
        for name, change in named:
            if change is not None:
                yield self._say(2, self._change(name, change))

    def _change(self, name: Sentence, change: ChangeRule) -> Sentence:
        parts: list[object] = [Sentence("by {roles}", {"roles": self._who(change.by)})]
        if change.at_most is not None:
            parts.append(Sentence("at most {length}", {"length": change.at_most.message}))
        if change.second is not None:
            parts.append(Sentence("confirmed by {role}", {"role": self._definition.roles[change.second].label}))
        parts.append(Sentence("source: {source}", {"source": change.source}))
        return Sentence("{name}: {parts}", {"name": name, "parts": parts})

    def _gates(self) -> Iterator[Line]:
        definition = self._definition
        for gate in definition.gates.values():
            yield Line(1, f"{self._cli.say(gate.label)} [{gate.key}]", heading=True)
            steps = [step.label for step in definition.steps.values() if step.key in gate.through]
            states = [state.label for state in definition.states.values() if state.key in gate.to]
            yield self._say(2, Sentence("only after: {steps}", {"steps": steps}))
            yield self._say(2, Sentence("are reached: {states}", {"states": states}))
            yield self._say(2, Sentence("source: {source}", {"source": gate.source}))

    def _term(self, key: str, rule: TermRule) -> Iterator[Line]:
        yield Line(1, f"{self._cli.say(rule.label)} [{key}]", heading=True)
        if rule.default is not None:
            yield self._say(2, Sentence("where the text was not seen: {length}", {"length": rule.default.message}))
        if rule.at_most is not None:
            yield self._say(2, Sentence("at most {length}", {"length": rule.at_most.message}))
        yield self._say(2, Sentence("source: {source}", {"source": rule.source}))

    def _papers(self) -> Iterator[Line]:
        for key, paper in self._definition.papers.items():
            yield Line(1, f"- {self._cli.say(paper.label)} [{key}]")
            yield self._say(2, Sentence("source: {source}", {"source": paper.source}))

    def _checklists(self) -> Iterator[Line]:
        for key, checklist in self._definition.checklists.items():
            yield Line(1, f"{self._cli.say(checklist.label)} [{key}]", heading=True)
            for item, label in checklist.items.items():
                yield Line(2, f"- {self._cli.say(label)} [{item}]")
            yield self._say(2, Sentence("source: {source}", {"source": checklist.source}))

    def _roles(self) -> Iterator[Line]:
        for role in self._definition.roles.values():
            offices = [
                Sentence("{kind} ({from} to {to})", {"kind": o.kind, "from": o.from_day or "…", "to": o.to_day or "…"})
                if o.from_day or o.to_day
                else o.kind
                for o in role.offices
            ]
            yield Line(1, f"- {self._cli.say(role.label)} [{role.key}]: {self._cli.say(offices)}")
            if role.deputy is not None:
                yield self._say(2, Sentence("stands in: {role}", {"role": self._definition.roles[role.deputy].label}))

    def _visibility(self) -> Iterator[Line]:
        definition = self._definition
        for kind, shown in definition.visibility.items():
            values: dict[str, object] = {"kind": kind, "states": self._labels(shown.start)}
            yield self._say(1, Sentence("- the office “{kind}”, for good from the first time in: {states}", values))
            for role, states in shown.roles.items():
                values = {"role": definition.roles[role].label, "states": self._labels(states)}
                yield self._say(2, Sentence("{role} from the first time in: {states}", values))
            if shown.hides:
                yield self._say(
                    2, Sentence("hidden from it: {what}", {"what": [HIDDEN[each] for each in sorted(shown.hides)]})
                )

    def _labels(self, states: Collection[str]) -> list[object]:
        return [state.label for state in self._definition.states.values() if state.key in states]

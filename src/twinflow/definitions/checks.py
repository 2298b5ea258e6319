"""Whole-graph checks of a process definition: names that do not exist, states that cannot be reached or left, duties that
nobody can do. `transitions` accepts all of these and fails only when they are used.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from twinflow.domain.agreement import ENDED_ON, IN_FORCE_ON, SIGNED_ON, TERM_STARTS_ON
from twinflow.domain.process import CLOCK, LIAISON, DeadlineRule, Effect, Nature, ProcessDefinition, Step
from twinflow.errors import Message, Problem
from twinflow.validation import unknown_name

BUILT_IN_NOTICES = (
    "deadline-soon",
    "deadline-overdue",
    "deadline-moved",
    "change-to-confirm",
    "date-missing",
    "signature-missing",
    "terms-conflict",
    "dates-disagree",
)

Found = Iterator[tuple[str, Message]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process may refer to outside its own file: notices complete in every language, calendars, other processes."""

    notices: Collection[str]
    calendars: Collection[str]
    processes: Mapping[str, Collection[str]]


def check(process: ProcessDefinition, around: Surroundings, place: str) -> list[Problem]:
    """Everything wrong with a definition that its shape alone does not show, each at `place` and the path in the file."""
    found = [*_head(process, around), *_states(process), *_steps(process, around), *_deadlines(process, around)]
    if not found:  # a misspelt state would be reported once more as a state that nothing reaches
        found = [*_paths(process), *_targets_within_limits(process)]
    return [Problem(f"{place}: {path}", message) for path, message in found]


def _head(process: ProcessDefinition, around: Surroundings) -> Found:
    yield from _names("process.start", Message("the state"), [process.start], process.states)
    yield from _names("process.calendars", Message("the calendar"), process.calendars, around.calendars)
    yield from _names("process.children", Message("the process"), process.children, around.processes)
    yield from _names("roles", Message("the role"), [LIAISON], process.roles)
    yield from _names("facts", Message("the fact"), sorted(_facts_of_effects(process)), process.facts)
    if CLOCK in process.roles:
        yield f"roles.{CLOCK}", Message("the clock is not a role of people; give it another name.")
    if process.in_force_to is not None and process.in_force_to < process.in_force_from:
        yield "process.in_force", Message("it ends before it begins.")
    for notice in BUILT_IN_NOTICES:
        yield from _names("notifications/", Message("the notice"), [notice], around.notices)


def _states(process: ProcessDefinition) -> Found:
    for key, state in process.states.items():
        path = f"states.{key}"
        yield from _names(f"{path}.stage", Message("the stage"), [state.stage], process.stages)
        leaving = [step.key for step in process.steps.values() if key in step.sources]
        if state.final and leaving:
            yield path, Message("the state is final, yet these steps leave it: {steps}.", {"steps": leaving})
        if not state.final and state.waits_for is None:
            yield path, Message("the state waits for nobody: name a role in waits_for, or make it final.")
        if state.waits_for is not None:
            yield from _names(f"{path}.waits_for", Message("the role"), [state.waits_for], [*process.roles, CLOCK])


def _paths(process: ProcessDefinition) -> Found:
    ends = {key for key, state in process.states.items() if state.final}
    if not ends:
        yield "states", Message("no state is final: the process can never end.")
    reachable = process.reachable_from(process.start)
    for key in process.states:
        if key not in reachable:
            yield f"states.{key}", Message("no way leads here from “{start}”.", {"start": process.start})
        elif ends and not process.reachable_from(key) & ends:
            yield f"states.{key}", Message("no way leads from here to an end.")


def _steps(process: ProcessDefinition, around: Surroundings) -> Found:
    for key, step in process.steps.items():
        path = f"steps.{key}"
        yield from _names(f"{path}.from", Message("the state"), step.sources, process.states)
        yield from _names(f"{path}.to", Message("the state"), (d.state for d in step.to), process.states)
        yield from _names(f"{path}.by", Message("the role"), step.by, [*process.roles, CLOCK])
        yield from _names(f"{path}.records", Message("the fact"), step.records, process.facts)
        yield from _names(f"{path}.day_as", Message("the fact"), filter(None, [step.day_as]), process.facts)
        if not step.to or step.to[-1].when is not None:
            yield f"{path}.to", Message("the last destination must have no condition, or the step may lead nowhere.")
        for number, requirement in enumerate(step.requires, start=1):
            place = f"{path}.requires[{number}]"
            yield from _names(f"{place}.steps", Message("the step"), requirement.steps, process.steps)
            yield from _names(f"{place}.fact", Message("the fact"), filter(None, [requirement.fact]), process.facts)
            if requirement.name == "another_person_than" and not _four_eyes_possible(step, requirement.steps):
                yield (
                    place,
                    Message(
                        "nobody can meet it: the clock takes no step for four eyes, and a step cannot exclude itself."
                    ),
                )
            if requirement.name == "every_party" and any(
                process.steps[name].per_party is None for name in requirement.steps if name in process.steps
            ):
                yield place, Message("the step is not taken per party; give it per_party.")
        for number, announcement in enumerate(step.announcements, start=1):
            place = f"{path}.notices[{number}]"
            yield from _names(f"{place}.notice", Message("the notice"), [announcement.notice], around.notices)
            yield from _names(f"{place}.to", Message("the role"), announcement.to, process.roles)
        if CLOCK in step.by and all(rule.on_lapse != key for rule in process.deadlines.values()):
            yield f"{path}.by", Message("no deadline has this step in on_lapse, so the clock never takes it.")


def _four_eyes_possible(step: Step, others: Collection[str]) -> bool:
    return step.by != {CLOCK} and step.key not in others


def _deadlines(process: ProcessDefinition, around: Surroundings) -> Found:
    recorded = {fact for step in process.steps.values() for fact in (*step.records, step.day_as) if fact}
    provided = recorded | _facts_of_effects(process)
    for key, rule in process.deadlines.items():
        path = f"deadlines.{key}"
        anchor = rule.anchor
        yield from _names(f"{path}.runs_from.step", Message("the step"), filter(None, [anchor.step]), process.steps)
        yield from _names(f"{path}.runs_from.fact", Message("the fact"), filter(None, [anchor.fact]), process.facts)
        if anchor.fact in process.facts and anchor.fact not in provided:
            yield f"{path}.runs_from.fact", Message("no step records this fact, so the deadline never starts.")
        followed = [name for name in (anchor.deadline, rule.until) if name]
        yield from _names(f"{path}.runs_from.deadline", Message("the deadline"), followed, process.deadlines)
        if any(_follows(process.deadlines[name]) for name in followed if name in process.deadlines):
            yield path, Message("a deadline may follow one that stands alone, not one that follows another itself.")
        yield from _names(f"{path}.length.term", Message("the term"), filter(None, [rule.term]), process.terms)
        yield from _names(f"{path}.paused_in", Message("the state"), rule.paused_in, process.states)
        yield from _names(f"{path}.late", Message("the role"), filter(None, [rule.late]), process.roles)
        yield from _names(f"{path}.escalate", Message("the role"), (e.to for e in rule.escalate if e.to), process.roles)
        yield from _names(f"{path}.met_by", Message("the step"), rule.met_by_steps, process.steps)
        for child in rule.met_by_children:
            yield from _names(f"{path}.met_by", Message("the process"), [child.process], around.processes)
            states = around.processes.get(child.process, ())
            if states:
                yield from _names(f"{path}.met_by", Message("the state"), [child.state], states)
        yield from _names(f"{path}.calendars", Message("the calendar"), rule.calendars, around.calendars)
        yield from _changes(process, rule, path)
        yield from _lapse(process, rule, path)


def _changes(process: ProcessDefinition, rule: DeadlineRule, path: str) -> Found:
    for name, change in (("pause", rule.pause), ("extend", rule.extend), ("move", rule.move)):
        if change is not None:
            roles = [*sorted(change.by), *filter(None, [change.second])]
            yield from _names(f"{path}.{name}", Message("the role"), roles, process.roles)


def _follows(rule: DeadlineRule) -> bool:
    return rule.anchor.deadline is not None or rule.until is not None


def _lapse(process: ProcessDefinition, rule: DeadlineRule, path: str) -> Found:
    if rule.on_lapse is not None:
        yield from _names(f"{path}.on_lapse", Message("the step"), [rule.on_lapse], process.steps)
        step = process.steps.get(rule.on_lapse)
        if step is not None and CLOCK not in step.by:
            yield (
                f"{path}.on_lapse",
                Message("the clock may not take “{step}”: add “clock” to its key by.", {"step": step.key}),
            )
        return
    if not rule.duty:
        return
    if rule.late is None:
        yield path, Message("nobody is named who is late when it passes: give late, on_lapse, or duty = false.")
    if not rule.met_by_steps and not rule.met_by_children:
        yield path, Message("nothing meets it: name steps in met_by, or duty = false.")
    if all(level.is_early for level in rule.warn):
        yield f"{path}.warn", Message("nobody is told once it is overdue: add a level like “1 day after”.")


def _facts_of_effects(process: ProcessDefinition) -> set[str]:
    """Facts that no step names because an effect records them."""
    effects = {step.effect for step in process.steps.values()}
    facts = {SIGNED_ON, IN_FORCE_ON, TERM_STARTS_ON} if Effect.START_TERM in effects else set()
    return facts | ({ENDED_ON} if Effect.END_TERM in effects else set())


def _targets_within_limits(process: ProcessDefinition) -> Found:
    """A target is not longer than the limit of the law or the text it stands beside (same start, same unit)."""
    for target in process.deadlines.values():
        for limit in process.deadlines.values():
            beside = target.anchor == limit.anchor and target.met_by_steps & limit.met_by_steps
            if target.nature is not Nature.TARGET or limit.nature is Nature.TARGET or not beside:
                continue
            if (
                target.length
                and limit.length
                and target.length.unit is limit.length.unit
                and target.length.amount > limit.length.amount
            ):
                yield (
                    f"deadlines.{target.key}.length",
                    Message(
                        "the target is longer than the limit in “{limit}” ({length}).",
                        {"limit": limit.key, "length": limit.length.message},
                    ),
                )


def _names(path: str, kind: Message, names: Iterable[str], known: Collection[str]) -> Found:
    for name in names:
        if name not in known:
            yield path, unknown_name(kind, name, known)

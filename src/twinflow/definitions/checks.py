"""Checks of a process definition as a whole: names that do not exist, duties that nobody can do, rules that rest on nothing;
and then that it is sound (`domain.process.soundness`). `transitions` accepts all of these and fails only when they are used.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from twinflow.domain.process.definition import (
    CLOCK,
    DAYS,
    LIAISON,
    NOTES,
    Anchor,
    ChildState,
    DeadlineRule,
    Effect,
    Nature,
    ProcessDefinition,
    Requirement,
    RoundRule,
    Step,
)
from twinflow.domain.process.notices import BUILT_IN_NOTICES
from twinflow.domain.process.soundness import unsound
from twinflow.domain.process.state_space import BY_SIGNATURES, DATED
from twinflow.domain.process.well_known_facts import EFFECT_FACTS, SIGNED_ON
from twinflow.sentences import Problem, Sentence, unknown_name

AT_MOST = 12
"""Mistakes of one file's soundness that are told at once."""

Found = Iterator[tuple[str, Sentence]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process may refer to outside its own file: notices, calendars, other processes."""

    notices: Collection[str]
    calendars: Collection[str]
    processes: Mapping[str, Collection[str]]


def check(process: ProcessDefinition, around: Surroundings, place: str) -> list[Problem]:
    """Everything wrong with a definition that its shape alone does not show, each at `place` and the path in the file."""
    names = [
        *_head(process, around),
        *_records(process),
        *_role_names(process),
        *_state_names(process),
        *_step_names(process, around),
        *_deadline_names(process, around),
        *_gate_names(process),
        *_visibility_names(process),
        *_round_names(process),
    ]
    duties = [*_offices(process), *_shown(process), *_states(process), *_steps(process), *_deadlines(process)]
    duties += [*_signatures(process), *_targets(process), *([] if names else _rounds(process))]
    # A misspelt state would be reported once more as a state that nothing reaches.
    found = [*names, *duties, *([] if names else _first_of(unsound(process)))]
    return [Problem(f"{place}: {path}", message) for path, message in found]


def _first_of(found: list[tuple[str, Sentence]]) -> list[tuple[str, Sentence]]:
    """One cut way makes everything behind it unreachable: the first mistakes tell more than all of them."""
    more = len(found) - AT_MOST
    if more <= 0:
        return found
    return [*found[:AT_MOST], ("process", Sentence("and {more} more, which may follow from these.", {"more": more}))]


def _head(process: ProcessDefinition, around: Surroundings) -> Found:
    yield from _names("process.start", Sentence("the state"), [process.start], process.states)
    yield from _names("process.calendars", Sentence("the calendar"), process.calendars, around.calendars)
    yield from _names("process.children", Sentence("the process"), process.children, around.processes)
    yield from _names("roles", Sentence("the role"), [LIAISON], process.roles)
    yield from _names("facts", Sentence("the fact"), sorted(_facts_of_effects(process)), process.facts)
    if CLOCK in process.roles:
        yield f"roles.{CLOCK}", Sentence("the clock is not a role of people; give it another name.")
    if process.in_force_to is not None and process.in_force_to < process.in_force_from:
        yield "process.in_force", Sentence("it ends before it begins.")


def _records(process: ProcessDefinition) -> Found:
    """Facts, papers and checklists are recorded by the same key of a step: a name stands for one thing."""
    taken = dict.fromkeys(process.facts, "facts")
    for table, names in (("papers", process.papers), ("checklists", process.checklists)):
        for name in names:
            if name in taken:
                yield (
                    f"{table}.{name}",
                    Sentence("this name is in [{table}] already; give it another one.", {"table": taken[name]}),
                )
            taken[name] = table
            if name.endswith(DATED):
                yield f"{table}.{name}", Sentence("only facts that are dates have names that end in “_on”.")
    effects = _facts_of_effects(process)
    for key, step in process.steps.items():
        own = {SIGNED_ON} if step.effect in BY_SIGNATURES else set()  # where the day becomes known later
        for fact in sorted(({*step.records, *filter(None, [step.day_as])} & effects) - own):
            yield (
                f"steps.{key}.{'day_as' if fact == step.day_as else 'records'}",
                Sentence(
                    "“{fact}” gets its day from the effect of a step; give this one another name.", {"fact": fact}
                ),
            )


def _role_names(process: ProcessDefinition) -> Found:
    seen: set[str] = set()
    if process.corrections is not None:
        yield from _names("corrections.second", Sentence("the role"), [process.corrections.second], process.roles)
    for key, role in process.roles.items():
        yield from _names(f"roles.{key}.deputy", Sentence("the role"), filter(None, [role.deputy]), process.roles)
        line: dict[str, None] = {}
        here: str | None = key
        while here is not None and here in process.roles and here not in line and here not in seen:
            line[here] = None
            here = process.roles[here].deputy
        if here is not None and here in line:
            names = list(line)
            circle = [*names[names.index(here) :], here]
            yield (
                f"roles.{here}.deputy",
                Sentence("the deputies go round in a circle: {line}.", {"line": " → ".join(circle)}),
            )
        seen |= line.keys()


def _visibility_names(process: ProcessDefinition) -> Found:
    others = {office.kind for role in process.roles.values() for office in role.offices} - process.home_kinds
    for kind, each in process.visibility.items():
        path = f"visibility.{kind}"
        if kind in process.home_kinds:
            yield path, Sentence("an office of this kind keeps the case, and sees it whole from the beginning.")
            continue
        yield from _names(path, Sentence("the kind of office of a role"), [kind], others)
        yield from _names(f"{path}.from", Sentence("the state"), sorted(each.start), process.states)
        yield from _names(f"{path}.hides", Sentence("what is hidden"), sorted(each.hides), [NOTES])
        held = [role.key for role in process.roles.values() if kind in {office.kind for office in role.offices}]
        yield from _names(f"{path}.roles", Sentence("the role"), sorted(each.roles), held)
        for role, states in each.roles.items():
            yield from _names(f"{path}.roles.{role}", Sentence("the state"), sorted(states), process.states)


def _shown(process: ProcessDefinition) -> Found:
    """Every kind of office that a role belongs to says from where on it sees a case, and whoever acts in a state sees it there.

    The state has to be among those named, since a case may be taken over in any state.
    """
    for key, role in process.roles.items():
        for kind in dict.fromkeys(office.kind for office in role.offices if office.kind not in process.home_kinds):
            shown = process.visibility.get(kind)
            if shown is None:
                yield (
                    f"visibility.{kind}",
                    Sentence(
                        "the role “{role}” is held in another office: say from which states on it sees a case (from).",
                        {"role": role.label},
                    ),
                )
            elif unseen := process.acts_in(key) - shown.of(key):
                path = f"visibility.{kind}.roles.{key}" if key in shown.roles else f"visibility.{kind}.from"
                yield (
                    path,
                    Sentence(
                        "“{role}” acts, or is waited for, in {states} and would not see the case there; name them too.",
                        {"role": role.label, "states": [process.states[state].label for state in sorted(unseen)]},
                    ),
                )


def _offices(process: ProcessDefinition) -> Found:
    """The offices of a role follow each other in time."""
    for key, role in process.roles.items():
        for number, office in enumerate(role.offices, start=1):
            path = f"roles.{key}.office[{number}]"
            if office.from_day is not None and office.to_day is not None and office.to_day < office.from_day:
                yield path, Sentence("it ends before it begins.")
            before = role.offices[number - 2] if number > 1 else None
            if before is None:
                continue
            if before.to_day is None or office.from_day is None:
                yield (
                    path,
                    Sentence(
                        "give the day on which the office before it ends (to), and the day this one begins (from)."
                    ),
                )
            elif office.from_day <= before.to_day:
                yield (
                    path,
                    Sentence(
                        "it begins before the office above it ends ({day}): offices stand in the order of time, one at a time.",
                        {"day": before.to_day},
                    ),
                )


def _state_names(process: ProcessDefinition) -> Found:
    actors = {*process.roles, CLOCK}
    for key, state in process.states.items():
        path = f"states.{key}"
        yield from _names(f"{path}.stage", Sentence("the stage"), [state.stage], process.stages)
        yield from _names(f"{path}.phase", Sentence("the phase"), filter(None, [state.phase]), process.phases)
        if state.waits_for is not None:
            yield from _names(f"{path}.waits_for", Sentence("the role"), [state.waits_for], actors)


def _states(process: ProcessDefinition) -> Found:
    leaving: dict[str, list[str]] = {}
    for step in process.steps.values():
        for source in step.sources:
            leaving.setdefault(source, []).append(step.key)
    for key, state in process.states.items():
        path = f"states.{key}"
        if state.final and key in leaving:
            yield path, Sentence("the state is final, yet these steps leave it: {steps}.", {"steps": leaving[key]})
        if not state.final and state.waits_for is None:
            yield path, Sentence("the state waits for nobody: name a role in waits_for, or make it final.")


def _step_names(process: ProcessDefinition, around: Surroundings) -> Found:
    actors, records, marks = {*process.roles, CLOCK}, process.records, {*process.facts, *process.papers}
    for key, step in process.steps.items():
        path = f"steps.{key}"
        yield from _names(f"{path}.from", Sentence("the state"), step.sources, process.states)
        yield from _names(f"{path}.to", Sentence("the state"), (d.state for d in step.to), process.states)
        yield from _names(f"{path}.by", Sentence("the role"), step.by, actors)
        yield from _names(f"{path}.records", Sentence("the fact"), step.records, records)
        yield from _names(f"{path}.day_as", Sentence("the fact"), filter(None, [step.day_as]), process.facts)
        if not step.to or step.to[-1].when is not None:
            yield f"{path}.to", Sentence("the last destination must have no condition, or the step may lead nowhere.")
        for number, requirement in enumerate(step.requires, start=1):
            place = f"{path}.requires[{number}]"
            facts = marks if requirement.name == "fact" else process.facts
            yield from _names(f"{place}.fact", Sentence("the fact"), filter(None, [requirement.fact]), facts)
            yield from _requirement_names(process, requirement, around, place)
        for number, announcement in enumerate(step.announcements, start=1):
            place = f"{path}.notices[{number}]"
            yield from _names(f"{place}.notice", Sentence("the notice"), [announcement.notice], around.notices)
            if announcement.notice in BUILT_IN_NOTICES:
                yield f"{place}.notice", Sentence("twinflow sends this notice by itself; a step announces another one.")
            yield from _names(f"{place}.to", Sentence("the role"), announcement.to, process.roles)


def _requirement_names(process: ProcessDefinition, requirement: Requirement, around: Surroundings, place: str) -> Found:
    yield from _names(f"{place}.steps", Sentence("the step"), requirement.steps, process.steps)
    step = f"{place}.step" if requirement.child is None else f"{place}.since"
    yield from _names(step, Sentence("the step"), filter(None, [requirement.step]), process.steps)
    yield from _names(
        f"{place}.deadline", Sentence("the deadline"), filter(None, [requirement.deadline]), process.deadlines
    )
    yield from _names(f"{place}.round", Sentence("the round"), filter(None, [requirement.round]), process.rounds)
    checklists = filter(None, [requirement.checklist])
    yield from _names(f"{place}.checklist", Sentence("the checklist"), checklists, process.checklists)
    if requirement.child is not None:
        yield from _child_names(process, requirement.child, around, f"{place}.child", f"{place}.state")


def _child_names(
    process: ProcessDefinition, child: ChildState, around: Surroundings, at_process: str, at_state: str
) -> Found:
    """A process that may belong to this one, and a state of it. One whose file cannot be read has no states."""
    yield from _names(at_process, Sentence("the process"), [child.process], around.processes)
    if child.process in around.processes and child.process not in process.children:
        yield at_process, Sentence("“{child}” is not among process.children; add it there.", {"child": child.process})
    states = around.processes.get(child.process, ())
    if states:
        yield from _names(at_state, Sentence("the state"), [child.state], states)


def _round_names(process: ProcessDefinition) -> Found:
    for key, rule in process.rounds.items():
        path, steps = f"rounds.{key}", process.steps
        yield from _names(f"{path}.opened_by", Sentence("the step"), sorted(rule.opened_by), steps)
        yield from _names(f"{path}.ended_by", Sentence("the step"), sorted(rule.ended_by), steps)
        yield from _names(f"{path}.papers", Sentence("the paper"), rule.papers, process.papers)
        yield from _names(f"{path}.checklists", Sentence("the checklist"), rule.checklists, process.checklists)
        roles = {
            "observations.by": rule.observed_by,
            "observations.answered_by": rule.answered_by,
            "consults.by": rule.consulted_by,
            "consults.roles": rule.consults,
            "internal_note": rule.noted_by,
        }
        for name, named in roles.items():
            yield from _names(f"{path}.{name}", Sentence("the role"), sorted(named), process.roles)


def _rounds(process: ProcessDefinition) -> Found:
    """A round that is opened can be ended, and nobody goes on past an observation that is open."""
    for key, rule in process.rounds.items():
        path = f"rounds.{key}"
        if both := sorted(rule.opened_by & rule.ended_by):
            yield f"{path}.ended_by", Sentence("these steps would open the round and end it: {steps}.", {"steps": both})
        leaving = {state for name in rule.ended_by for state in process.steps[name].sources}
        for name in sorted(rule.opened_by):
            there = {state for d in process.steps[name].to for state in process.reachable_from(d.state)}
            if not there & leaving:
                yield f"{path}.ended_by", Sentence("after “{step}” no step ends the round.", {"step": name})
        if rule.observed_by:
            yield from _past_observations(process, rule)
        if rule.quorum is not None and rule.quorum > len(set(rule.consults)):
            values = {"quorum": rule.quorum, "units": len(set(rule.consults))}
            yield f"{path}.consults.quorum", Sentence("of {units} units never {quorum} answer.", values)
    for key, step in process.steps.items():
        for number, requirement in enumerate(step.requires, start=1):
            if requirement.round is not None and (why := _asks_in_vain(process.rounds[requirement.round], requirement)):
                yield f"steps.{key}.requires[{number}]", why


def _past_observations(process: ProcessDefinition, rule: RoundRule) -> Found:
    """Each new submission asks that all are answered; a decision that they are closed, or that some go back, unless all ways from
    it lead through a new submission or to an end. What silence decides, it decides about observations too.
    """

    def asks(step: Step, *wanted: str) -> bool:
        return any(each.name in wanted and each.round == rule.key for each in step.requires)

    for name in sorted(rule.opened_by):
        if not asks(process.steps[name], "observations_closed"):
            yield f"steps.{name}.requires", Sentence("it opens a round anew: it has to require observations_closed.")
    for name in sorted(rule.ended_by):
        step = process.steps[name]
        if step.by == {CLOCK} or asks(step, "observations_closed", "observations_made"):
            continue
        if any(process.states[state].signed for state in _without(process, rule.opened_by, step)):
            yield (
                f"steps.{name}.requires",
                Sentence("it ends a round, and the case may go on: it has to require observations_closed."),
            )


def _without(process: ProcessDefinition, steps: Collection[str], first: Step) -> set[str]:
    """The states that the case may come to by `first` and then without the steps."""
    seen = {d.state for d in first.to}
    todo = list(seen)
    while todo:
        here = todo.pop()
        leaving = (step for key, step in process.steps.items() if key not in steps and here in step.sources)
        onward = {d.state for step in leaving for d in step.to} - seen
        seen |= onward
        todo += onward
    return seen


def _asks_in_vain(rule: RoundRule, requirement: Requirement) -> Sentence | None:
    values = {"round": rule.label}
    if requirement.name == "draft_submitted" and not rule.draft and not rule.papers:
        return Sentence("the round “{round}” has no draft: give it draft = true, or papers.", values)
    if requirement.name in {"observations_made", "observations_closed"} and not rule.observed_by:
        return Sentence("nobody makes observations in the round “{round}”: give it observations.", values)
    if requirement.name == "consultations_given" and not rule.consults:
        return Sentence("nobody is consulted in the round “{round}”: give it consults.", values)
    return None


def _steps(process: ProcessDefinition) -> Found:
    lapsing = {key for rule in process.deadlines.values() for key in rule.on_lapse}
    for key, step in process.steps.items():
        path = f"steps.{key}"
        for number, requirement in enumerate(step.requires, start=1):
            place = f"{path}.requires[{number}]"
            if not requirement.source and not step.source:
                yield (
                    place,
                    Sentence(
                        "nothing says where it comes from: give it a source, or the step one for all it requires."
                    ),
                )
            if requirement.name == "another_person_than":
                yield from _four_eyes(process, step, requirement.steps, place)
            if requirement.name in DAYS:
                yield from _day_of_the_act(process, step, requirement, place)
            if requirement.name == "every_party" and any(
                process.steps[name].per_party is None for name in requirement.steps if name in process.steps
            ):
                yield place, Sentence("the step is not taken per party; give it per_party.")
        if CLOCK in step.by and key not in lapsing:
            yield f"{path}.by", Sentence("no deadline has this step in on_lapse, so the clock never takes it.")


def _day_of_the_act(process: ProcessDefinition, step: Step, requirement: Requirement, place: str) -> Found:
    """A step is judged by a day that is another one than its own."""
    if requirement.step == step.key:
        yield f"{place}.step", Sentence("a step does not go by its own day; name an earlier one.")
    if requirement.fact is None or requirement.fact not in process.facts:
        return
    if requirement.fact == step.day_as:
        yield f"{place}.fact", Sentence("this fact is the day of the step itself; name another one.")
    elif requirement.fact not in _recorded(process) | _facts_of_effects(process):
        yield f"{place}.fact", Sentence("no step records this fact, so its day never comes.")
    elif requirement.fact not in _days(process):
        yield (
            f"{place}.fact",
            Sentence("this fact is a text without a day; names of dates end in “_on”."),
        )


def _four_eyes(process: ProcessDefinition, step: Step, others: Collection[str], place: str) -> Found:
    """People are without number and may hold any role: only the clock, and the step itself, leave nobody to be the other one."""
    if step.by == {CLOCK} or step.key in others:
        yield (
            place,
            Sentence("nobody can meet it: the clock takes no step for four eyes, and a step cannot exclude itself."),
        )
    taken_by_nobody = [name for name in others if name in process.steps and process.steps[name].by == {CLOCK}]
    if taken_by_nobody and len(taken_by_nobody) == len(others):
        yield (
            place,
            Sentence(
                "it keeps nobody out: only the clock takes {steps}; name a step that people take.",
                {"steps": taken_by_nobody},
            ),
        )


def _deadline_names(process: ProcessDefinition, around: Surroundings) -> Found:
    for key, rule in process.deadlines.items():
        path = f"deadlines.{key}"
        anchor = rule.anchor
        yield from _names(f"{path}.runs_from.step", Sentence("the step"), filter(None, [anchor.step]), process.steps)
        yield from _names(f"{path}.runs_from.fact", Sentence("the fact"), filter(None, [anchor.fact]), process.facts)
        followed = [name for name in (anchor.deadline, rule.until) if name]
        yield from _names(f"{path}.runs_from.deadline", Sentence("the deadline"), followed, process.deadlines)
        if any(_follows(process.deadlines[name]) for name in followed if name in process.deadlines):
            yield path, Sentence("a deadline may follow one that stands alone, not one that follows another itself.")
        yield from _names(f"{path}.length.term", Sentence("the term"), filter(None, [rule.term]), process.terms)
        yield from _names(f"{path}.paused_in", Sentence("the state"), rule.paused_in, process.states)
        yield from _names(f"{path}.while_in", Sentence("the state"), rule.while_in, process.states)
        yield from _names(f"{path}.late", Sentence("the role"), filter(None, [rule.late]), process.roles)
        yield from _names(
            f"{path}.escalate", Sentence("the role"), (e.to for e in rule.escalate if e.to), process.roles
        )
        yield from _names(f"{path}.met_by", Sentence("the step"), rule.met_by_steps, process.steps)
        for child in sorted(rule.met_by_children, key=lambda child: (child.process, child.state)):
            yield from _child_names(process, child, around, f"{path}.met_by", f"{path}.met_by")
        yield from _names(f"{path}.calendars", Sentence("the calendar"), rule.calendars, around.calendars)
        yield from _names(f"{path}.on_lapse", Sentence("the step"), rule.on_lapse, process.steps)
        yield from _changes(process, rule, path)


def _gate_names(process: ProcessDefinition) -> Found:
    for key, gate in process.gates.items():
        yield from _names(f"gates.{key}.through", Sentence("the step"), sorted(gate.through), process.steps)
        yield from _names(f"gates.{key}.to", Sentence("the state"), sorted(gate.to), process.states)
        if not gate.to:
            yield f"gates.{key}.to", Sentence("no state stands behind it: name the states that it keeps.")


def _changes(process: ProcessDefinition, rule: DeadlineRule, path: str) -> Found:
    for name, change in (("pause", rule.pause), ("extend", rule.extend), ("move", rule.move)):
        if change is not None:
            roles = [*sorted(change.by), *filter(None, [change.second])]
            yield from _names(f"{path}.{name}", Sentence("the role"), roles, process.roles)


def _follows(rule: DeadlineRule) -> bool:
    return rule.anchor.deadline is not None or rule.until is not None


def _deadlines(process: ProcessDefinition) -> Found:
    recorded, days, by_effects = _recorded(process), _days(process), _facts_of_effects(process)
    for key, rule in process.deadlines.items():
        path = f"deadlines.{key}"
        fact = rule.anchor.fact
        if fact in process.facts and fact not in recorded | by_effects:
            yield f"{path}.runs_from.fact", Sentence("no step records this fact, so the deadline never starts.")
        elif fact in process.facts and fact not in days:
            yield (
                f"{path}.runs_from.fact",
                Sentence(
                    "this fact is a text without a day, so the deadline never starts; names of dates end in “_on”."
                ),
            )
        yield from _while_in(process, rule, path)
        yield from _lapse(process, rule, path) if rule.on_lapse else _duty(rule, path)
        if rule.article and not rule.on_lapse:
            yield (
                f"{path}.article",
                Sentence("silence decides nothing here: leave article out, or name in on_lapse the step that follows."),
            )


def _recorded(process: ProcessDefinition) -> set[str]:
    """What steps put on record, apart from their effects."""
    return {name for step in process.steps.values() for name in (*step.records, step.day_as) if name}


def _days(process: ProcessDefinition) -> set[str]:
    """The facts that are dates."""
    own = {step.day_as for step in process.steps.values() if step.day_as is not None}
    return {fact for fact in process.facts if fact.endswith(DATED)} | own | _facts_of_effects(process)


def _duty(rule: DeadlineRule, path: str) -> Found:
    if not rule.duty:
        return
    if rule.late is None:
        yield path, Sentence("nobody is named who is late when it passes: give late, on_lapse, or duty = false.")
    if not rule.met_by_steps and not rule.met_by_children:
        yield path, Sentence("nothing meets it: name steps in met_by, or duty = false.")
    if all(level.is_early for level in rule.warn):
        yield f"{path}.warn", Sentence("nobody is told once it is overdue: add a level like “1 day after”.")


def _lapse(process: ProcessDefinition, rule: DeadlineRule, path: str) -> Found:
    """Silence decides only where a text says so; a term that runs out ends by itself."""
    if rule.nature is Nature.TARGET:
        yield (
            f"{path}.on_lapse",
            Sentence("a target is ours and decides nothing: leave on_lapse out, and warn instead."),
        )
    left: set[str] = set()
    for step in (process.steps[key] for key in rule.on_lapse if key in process.steps):
        for message in _not_for_the_clock(step, rule):
            yield f"{path}.on_lapse", message
        if step.sources <= left:
            message = Sentence(
                "“{step}” never comes to it: the steps before it leave the same states.", {"step": step.key}
            )
            yield f"{path}.on_lapse", message
        waiting = {process.states[source].waits_for for source in step.sources - left if source in process.states}
        silent = sorted(filter(None, {rule.late, *(waiting - {LIAISON, CLOCK})}))
        if silent and step.effect is not Effect.END_TERM and not rule.article:
            yield (
                f"{path}.article",
                Sentence("the silence of {roles} decides here: give the article by which it does.", {"roles": silent}),
            )
        left |= step.sources


def _not_for_the_clock(step: Step, rule: DeadlineRule) -> Iterator[Sentence]:
    """Why the clock can never take the step on the day of the deadline: it gives nothing with it, and waits for nothing."""
    values = {"step": step.key}
    if CLOCK not in step.by:
        yield Sentence("the clock may not take “{step}”: add “clock” to its key by.", values)
    if step.records or step.needs_reason or step.per_party is not None:
        yield Sentence(
            "the clock cannot take “{step}”: it gives no records, no reason and no party; name a step without them.",
            values,
        )
    if any(requirement.name == "child" for requirement in step.requires):
        yield Sentence("the clock cannot rely on “{step}”: it waits for a child, and a date does not.", values)
    for requirement in step.requires:
        if requirement.name in DAYS and (requirement.deadline != rule.key or requirement.at_least is not None):
            yield Sentence(
                "the clock cannot rely on “{step}”: it takes it on the day of this deadline, and the step goes by another day "
                "({name}).",
                {**values, "name": requirement.name},
            )


def _while_in(process: ProcessDefinition, rule: DeadlineRule, path: str) -> Found:
    """Whatever meets a deadline is done while it runs."""
    both = rule.while_in & rule.paused_in
    if both:
        yield (
            f"{path}.paused_in",
            Sentence("these states are in while_in too: {states}; leave them out of one.", {"states": sorted(both)}),
        )
    if not rule.while_in:
        return
    for key in sorted(rule.met_by_steps & process.steps.keys()):
        if not process.steps[key].sources & rule.while_in:
            message = Sentence("“{step}” leaves none of the states of while_in, so it never meets it.", {"step": key})
            yield f"{path}.met_by", message


def _facts_of_effects(process: ProcessDefinition) -> set[str]:
    """Facts that no step names because an effect records them."""
    return {fact for step in process.steps.values() for fact in EFFECT_FACTS.get(step.effect, ())}


def _signatures(process: ProcessDefinition) -> Found:
    """One text is signed in a case, by each party in turn."""
    signing = [step for step in process.steps.values() if step.per_party == "signature"]
    ends = {step.key: {d.state for d in step.to if d.when is not None} for step in signing}
    for step in signing[1:]:
        if ends[step.key] != ends[signing[0].key]:
            yield (
                f"steps.{step.key}.per_party",
                Sentence(
                    "a case has one text to sign, and “{step}” signs it: make this one an “acceptance”, or the other text a "
                    "child process.",
                    {"step": signing[0].key},
                ),
            )
    for step in process.steps.values():
        if step.per_party is not None and not {d.state for d in step.to} & step.sources:
            yield (
                f"steps.{step.key}.to",
                Sentence(
                    "with the first party it leaves its state for good, so no other can take it: let it lead back."
                ),
            )


def _is_end(process: ProcessDefinition, state: str) -> bool:
    return state in process.states and process.states[state].final


def _targets(process: ProcessDefinition) -> Found:
    """A target is not longer than the limit of the law or the text it stands beside (same start, same unit)."""
    ending = {key for key, step in process.steps.items() if all(_is_end(process, d.state) for d in step.to)}
    limits: dict[Anchor, list[DeadlineRule]] = {}
    for rule in process.deadlines.values():
        if rule.nature is not Nature.TARGET:
            limits.setdefault(rule.anchor, []).append(rule)
    for target in process.deadlines.values():
        for limit in limits.get(target.anchor, ()) if target.nature is Nature.TARGET else ():
            shared = target.met_by_steps & limit.met_by_steps
            if not shared - ending and target.met_by_steps != limit.met_by_steps:  # giving the case up meets any duty
                continue
            if (
                target.length
                and limit.length
                and target.length.unit is limit.length.unit
                and target.length.amount > limit.length.amount
            ):
                yield (
                    f"deadlines.{target.key}.length",
                    Sentence(
                        "the target is longer than the limit in “{limit}” ({length}).",
                        {"limit": limit.key, "length": limit.length.message},
                    ),
                )


def _names(path: str, kind: Sentence, names: Iterable[str], known: Collection[str]) -> Found:
    for name in names:
        if name not in known:
            yield path, unknown_name(kind, name, known)

"""An overlay: a process file that rests on another one and holds only what is different. It adds and tightens, never loosens."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from twinflow.domain.calendar.business_days import Calendars, add_length
from twinflow.domain.calendar.dates import Length, Unit
from twinflow.domain.process.definition import (
    CLOCK,
    NOT_AFTER,
    NOT_BEFORE,
    DeadlineRule,
    Effect,
    Nature,
    ProcessDefinition,
    Requirement,
    Side,
    Step,
)
from twinflow.sentences import Sentence

Table = Mapping[str, Any]
Found = Iterator[tuple[str, Sentence]]

OWN = frozenset({"key", "version", "extends"})
CHANGEABLE: Mapping[str, frozenset[str]] = {
    "process": OWN
    | {
        "label",
        "kind",
        "start",
        "in_force",
        "time_zone",
        "unconfirmed",
        "law",
        "children",
        "calendars",
        "city",
        "countries",
    },
    "states": frozenset({"label", "stage", "phase", "waits_for"}),
    "steps": frozenset({"from", "by", "label", "source", "reason", "requires", "records", "notices", "stands"}),
    "deadlines": frozenset({"length", "warn", "escalate", "very_overdue", "label", "note"}),
    "terms": frozenset({"default", "at_most", "label", "source"}),
    "roles": frozenset({"label"}),
    "papers": frozenset({"label"}),
    "checklists": frozenset({"label", "items"}),
    "gates": frozenset(),
    "rounds": frozenset({"label"}),
    "corrections": frozenset(),
    "visibility": frozenset({"from", "hides", "roles"}),
}
"""What an overlay may change of what the other file has; of the steps of a gate less."""

ADDED_TO = frozenset({"requires", "records", "notices", "law", "children", "hides"})
"""Lists that an overlay adds to; others it gives anew."""

ADDED_TO_WHERE_GIVEN = frozenset({"on_lapse", "while_in"})
"""Lists of a deadline that an overlay adds to, where the other file has them: to give them anew would make a duty easier."""

OF_A_GATE = frozenset({"requires", "records", "notices", "label"})
LABELS = frozenset({"stages", "phases", "facts"})


def merged(own: Table, base: Table) -> dict[str, Any]:
    """The content of a whole process file: `base` with what the overlay `own` says."""
    whole = dict(base)
    for name, table in own.items():
        there = whole.get(name, {})
        if not isinstance(table, Mapping) or not isinstance(there, Mapping):
            whole[name] = table
        elif name == "process":
            whole[name] = _entry({k: v for k, v in there.items() if k not in OWN}, table, ADDED_TO | {"calendars"})
        elif name in LABELS:
            whole[name] = {**there, **table}
        else:
            whole[name] = {**there, **{key: _entry(there.get(key, {}), entry) for key, entry in table.items()}}
    return whole


def _entry(there: object, entry: object, added_to: frozenset[str] = ADDED_TO) -> object:
    """One state, step, deadline ... of the other file with what the overlay says of it."""
    if not isinstance(there, Mapping) or not isinstance(entry, Mapping):
        return entry
    result = {**there, **entry}
    for name in entry.keys() & there.keys():
        before, after = there[name], entry[name]
        if name == "on_lapse":  # one step may stand without brackets
            before, after = ([each] if isinstance(each, str) else each for each in (before, after))
        if name in added_to | ADDED_TO_WHERE_GIVEN and isinstance(before, list) and isinstance(after, list):
            result[name] = [*before, *(item for item in after if item not in before)]
        if name in {"items", "roles"} and isinstance(before, Mapping) and isinstance(after, Mapping):
            result[name] = {**before, **after}
    return result


def not_changeable(own: Table, base: Table) -> Found:
    """Keys of the other file's entries that an overlay may not touch."""
    of_gates = {step for gate in base.get("gates", {}).values() for step in gate["through"]}
    for name, table in own.items():
        there = base.get(name, {})
        if name in LABELS or not isinstance(table, Mapping) or not isinstance(there, Mapping):
            continue
        entries = {"": (table, CHANGEABLE[name])} if name == "process" else {}
        for key in table.keys() & there.keys() if name != "process" else ():
            if isinstance(table[key], Mapping) and name in CHANGEABLE:
                changeable = CHANGEABLE[name]
                if name == "deadlines":
                    changeable |= ADDED_TO_WHERE_GIVEN & there[key].keys()
                if name == "steps":
                    changeable = OF_A_GATE if key in of_gates else changeable | _redirected(there[key])
                entries[f".{key}"] = (table[key], changeable)
        for path, (entry, changeable) in entries.items():
            for found in sorted(entry.keys() - changeable):
                values: dict[str, object] = {"keys": sorted(changeable - OWN) or "–"}
                if not changeable:
                    yield f"{name}{path}.{found}", Sentence("an overlay changes nothing of it.")
                    continue
                yield (
                    f"{name}{path}.{found}",
                    Sentence(
                        "an overlay does not change this of the process it rests on; it may change: {keys}.", values
                    ),
                )


def _redirected(step: Table) -> frozenset[str]:
    """A step may lead elsewhere, to what an overlay puts in between, unless it signs, touches the term or is the clock's."""
    weighty = step.keys() & {"per_party", "effect"} or "clock" in step["by"]
    return frozenset() if weighty else frozenset({"to"})


def loosened(process: ProcessDefinition, base: ProcessDefinition) -> Found:
    """Where an overlay gives more time, a wider bound or an easier way than the process it rests on."""
    for key, step in base.steps.items():
        if CLOCK in step.by and not step.sources <= process.steps[key].sources:
            gone = [base.states[state].label for state in sorted(step.sources - process.steps[key].sources)]
            yield f"steps.{key}.from", Sentence("the clock takes it from these states too: {states}.", {"states": gone})
        if step.needs_reason and not process.steps[key].needs_reason:
            yield f"steps.{key}.reason", Sentence("the process it rests on asks for a reason.")
        if step.stands and not process.steps[key].stands:
            yield f"steps.{key}.stands", Sentence("in the process it rests on it cannot be taken back.")
    for key in sorted(process.steps.keys() - base.steps.keys()):
        yield from _easier(process.steps[key], base)
    for key, rule in base.deadlines.items():
        yield from _longer(process.deadlines[key], rule, process)
        yield from _sooner_or_later(process.deadlines[key], rule, base)
        if rule.nature is Nature.LEGAL and _calendars(process, key) != _calendars(base, key):
            yield f"deadlines.{key}.calendars", Sentence("what the law counts is not counted by other calendars.")
    for key, term in base.terms.items():
        now = process.terms[key]
        if term.at_most is not None and now.at_most is not None and _exceeds(now.at_most, term.at_most, process):
            yield f"terms.{key}.at_most", _tighter(now.at_most, term.at_most)


def _easier(step: Step, base: ProcessDefinition) -> Found:
    """A step of the overlay's own that signs, renews or starts a term has to ask for all that such a step asks for there."""
    signing = [other for other in base.steps.values() if other.per_party == step.per_party == "signature"]
    effective = [other for other in base.steps.values() if other.effect is step.effect]
    asked = _asked(step)
    for alike in (signing, effective if step.effect not in {None, Effect.END_TERM} else []):
        if alike and not any(all(one in asked for one in _asked(other)) for other in alike):
            message = Sentence(
                "it does what “{step}” does, so it has to require what that one requires.", {"step": alike[0].label}
            )
            yield f"steps.{step.key}.requires", message
            return


def _asked(step: Step) -> list[Requirement]:
    return [replace(requirement, source={}) for requirement in step.requires]


def _longer(rule: DeadlineRule, base: DeadlineRule, process: ProcessDefinition) -> Found:
    path = f"deadlines.{rule.key}"
    if base.term != rule.term or (base.length is None) != (rule.length is None):
        yield f"{path}.length", Sentence("the other process takes it from the text or the fact itself; leave it out.")
    elif base.length is not None and rule.length is not None and _exceeds(rule.length, base.length, process):
        yield f"{path}.length", _tighter(rule.length, base.length)


def _sooner_or_later(rule: DeadlineRule, before: DeadlineRule, base: ProcessDefinition) -> Found:
    """A shorter length brings a date nearer that is counted forward, and puts one off that is counted back."""
    if rule.length == before.length:
        return
    eased = NOT_BEFORE if rule.side is Side.AFTER else NOT_AFTER
    for step in base.steps.values():
        for requirement in step.requires:
            goes_by = base.deadlines.get(requirement.deadline or "")
            if requirement.name == eased and goes_by and rule.key in {goes_by.key, goes_by.anchor.deadline}:
                yield (
                    f"deadlines.{rule.key}.length",
                    Sentence(
                        "the step “{step}” of the process it rests on goes by this date ({name}), and would be eased; leave the "
                        "length as it is.",
                        {"step": step.label, "name": requirement.name},
                    ),
                )


def _calendars(process: ProcessDefinition, deadline: str) -> tuple[str, ...]:
    return process.deadlines[deadline].calendars or process.calendars


def _tighter(length: Length, base: Length) -> Sentence:
    return Sentence(
        "{length} is longer than the {base} of the process it rests on; an overlay may only shorten it.",
        {"length": length.message, "base": base.message},
    )


def _exceeds(length: Length, base: Length, process: ProcessDefinition) -> bool:
    """Whether `length` may end after `base`. Business days stand only beside business days: others depend on the calendar."""
    if (length.unit is Unit.BUSINESS_DAYS) != (base.unit is Unit.BUSINESS_DAYS):
        return True
    if length.unit is base.unit:
        return length.amount > base.amount
    start = process.in_force_from
    return add_length(start, length, Calendars()) > add_length(start, base, Calendars())

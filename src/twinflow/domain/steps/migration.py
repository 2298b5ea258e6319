"""Moving a running agreement to another version of its process: where its state goes, and what becomes of each date.

A migration is an entry of the history. The entries before it keep their old names in the books and are read by the new ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement, Basis, Deadline
from twinflow.domain.agreement.entries import Carried, ChangeKind, Migrated, Policy, noted
from twinflow.domain.agreement.present_names import renamed
from twinflow.domain.calendar.business_days import ONE_DAY, add_business_days, business_days_between, pause_on
from twinflow.domain.calendar.dates import Length, Unit
from twinflow.domain.deadlines.carried_over import Key
from twinflow.domain.deadlines.changes import Change, changes_by_deadline, pending
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.people.people import Actor
from twinflow.domain.process.definition import DeadlineRule, ProcessDefinition
from twinflow.errors import Refused
from twinflow.sentences import Sentence

OPEN = "?"
"""What stands in a plan until somebody decides."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How agreements go from one version to another. `states` and `steps` lead from old names to new ones.

    A step without an entry keeps its name; a deadline that the new version does not have ends.
    """

    source: ProcessDefinition
    target: ProcessDefinition
    states: Mapping[str, str]
    deadlines: Mapping[str, Policy]
    reason: str
    steps: Mapping[str, str]


def draft(source: ProcessDefinition, target: ProcessDefinition) -> Plan:
    """A plan as far as names tell: what is called the same stays what it is, and dates that people have been told stay."""
    states = {key: key for key in source.states if key in target.states}
    policies = {
        key: Policy.RECOMPUTE if _follows(rule) or _follows(target.deadlines[key]) else Policy.KEEP_DUE
        for key, rule in source.deadlines.items()
        if key in target.deadlines
    }
    return Plan(source, target, states, policies, "", {})


def mistakes(plan: Plan) -> Iterator[tuple[str, Sentence]]:
    """What is wrong with a plan: path in it, and what would be right."""
    if plan.source == plan.target:
        yield "to_process", Sentence("it is the version they run on already: {process}.", {"process": plan.target.name})
    for key, state in plan.source.states.items():
        to = plan.target.states.get(plan.states.get(key, ""))
        if plan.states.get(key, OPEN) == OPEN:
            yield "states", Sentence("“{state}” is missing: say which state it becomes.", {"state": key})
        elif to is None:
            values: dict[str, object] = {"state": plan.states[key], "states": list(plan.target.states)}
            yield f"states.{key}", Sentence("“{state}” is no state of the new version; it has: {states}.", values)
        elif (state.final, state.signed) != (to.final, to.signed):
            message = Sentence("a state becomes one that is as final, and as signed, as it was.")
            yield f"states.{key}", message
    for path, named, known in (
        ("states", plan.states, plan.source.states),
        ("steps", plan.steps, plan.source.steps),
        ("deadlines", plan.deadlines, plan.source.deadlines.keys() & plan.target.deadlines.keys()),
    ):
        for key in sorted(named.keys() - known):
            yield f"{path}.{key}", Sentence("there is nothing of this name to migrate.")
    for key in sorted(set(plan.steps.values()) - plan.target.steps.keys()):
        yield "steps", Sentence("“{step}” is no step of the new version.", {"step": key})
    for key, rule in plan.source.deadlines.items():
        new = plan.target.deadlines.get(key)
        if new is None:
            continue
        if rule.recurs is not new.recurs:
            yield (
                f"deadlines.{key}",
                Sentence("it recurs in one version and not in the other: give it another name there."),
            )
        if key not in plan.deadlines:
            values = {"deadline": key, "policies": list(Policy)}
            yield "deadlines", Sentence("“{deadline}” is missing: choose one of {policies}.", values)
        elif plan.deadlines[key] is not Policy.RECOMPUTE and (_follows(rule) or _follows(new)):
            yield (
                f"deadlines.{key}",
                Sentence("it follows another date or is a given one, so there is nothing to keep: recompute."),
            )


def _follows(rule: DeadlineRule) -> bool:
    return rule.anchor.deadline is not None or rule.is_fixed


def migrated(agreement: Agreement, plan: Plan, actor: Actor, context: DeadlineContext, now: datetime) -> Agreement:
    """The agreement on the new version, its deadlines still to be derived. `context` is that of the old version.

    Raises Refused with every reason.
    """
    reasons: list[Sentence] = []
    carried: dict[Key, Carried] = {}
    changes = changes_by_deadline(agreement.history)
    for deadline in agreement.deadlines:
        if not _is_kept(deadline, plan):
            continue
        rule, policy = plan.source.deadlines[deadline.rule], plan.deadlines[deadline.rule]
        found = list(_against_keeping(deadline, rule, policy, changes.get(deadline.key, ()), context))
        reasons += found
        if not found:
            carried[deadline.key] = _carry(agreement, deadline, rule, policy, context)
    if reasons:
        raise Refused("{reference} stays on {process}.", tuple(reasons), **_names(agreement, plan))
    said = Migrated(
        plan.source.name,
        plan.target.name,
        plan.reason,
        states=plan.states,
        steps=plan.steps,
        carried=carried,
        recurring=_recurring(agreement, plan),
        policies=plan.deadlines,
    )
    entry = noted(said, actor.key, context.today, now, actor.way_in(()))
    return replace(
        agreement,
        process=plan.target.key,
        process_version=plan.target.version,
        process_digest=plan.target.digest,
        state=plan.states[agreement.state],
        version=agreement.version + 1,
        history=(*renamed(agreement.history, plan.states, plan.steps), entry),
    )


def _names(agreement: Agreement, plan: Plan) -> dict[str, object]:
    return {"reference": agreement.reference, "process": plan.source.name}


def _is_kept(deadline: Deadline, plan: Plan) -> bool:
    """Whether the plan carries the deadline over. A day that the parties agreed on stays by itself."""
    agreed = deadline.basis is not None and deadline.basis.agreed_on is not None
    return (
        deadline.is_open
        and not agreed
        and plan.deadlines.get(deadline.rule) in {Policy.KEEP_DUE, Policy.KEEP_REMAINING}
    )


def _against_keeping(
    deadline: Deadline, rule: DeadlineRule, policy: Policy, changes: Sequence[Change], context: DeadlineContext
) -> Iterator[Sentence]:
    """What stands still has no day to keep, and what a second person has to confirm could still move the day."""
    values = {"deadline": rule.label, "policy": policy.value}
    pauses = deadline.basis.pauses if deadline.basis is not None else ()
    if deadline.due_on is None or pause_on(context.today_of(rule), pauses) is not None:
        yield Sentence("“{deadline}” is paused, so it cannot {policy}; resume it or recompute.", values)
    if any(change.kind is not ChangeKind.MOVE for change in pending(changes)):
        yield Sentence("A change of “{deadline}” waits for a second person, so it cannot {policy} yet.", values)


def _recurring(agreement: Agreement, plan: Plan) -> dict[str, tuple[int, date]]:
    """Of each recurring deadline the last occurrence that the old version decides on, and its date."""
    found: dict[str, tuple[int, date]] = {}
    for deadline in sorted(agreement.deadlines, key=lambda deadline: deadline.occurrence):
        rule = plan.target.deadlines.get(deadline.rule)
        decided = (not deadline.is_open and not deadline.is_gone) or _is_kept(deadline, plan)
        if rule is not None and rule.recurs and decided and deadline.due_on is not None:
            found[deadline.rule] = (deadline.occurrence, deadline.due_on)
    return found


def _carry(
    agreement: Agreement, deadline: Deadline, rule: DeadlineRule, policy: Policy, context: DeadlineContext
) -> Carried:
    """What is left of an open deadline on the day of the migration, in its own unit where only the time stays."""
    today, calendars = context.today_of(rule), context.calendars_of(rule)
    due_on, basis = deadline.due_on, deadline.basis or Basis()
    assert due_on is not None
    days = sorted({deadline.warn_on or due_on, due_on})
    on = min(today, days[0] - ONE_DAY)
    earlier = [d.due_on for d in agreement.deadlines if d.key == (deadline.rule, deadline.occurrence - 1) and d.due_on]
    after = earlier[0] if earlier and rule.recurs else deadline.anchor_on
    units = {length.unit for length in (*basis.lengths, *filter(None, [rule.length]))}
    if policy is Policy.KEEP_REMAINING and Unit.BUSINESS_DAYS in units:
        left = [business_days_between(on, day, calendars) for day in days]
        if [add_business_days(on, number, calendars) for number in left] == days:  # not so for a day kept on a day off
            return Carried(on, policy, tuple(Length(number, Unit.BUSINESS_DAYS) for number in left), after)
    return Carried(on, policy, tuple(Length((day - on).days, Unit.DAYS) for day in days), after)


def with_closed(agreement: Agreement, before: Sequence[Deadline]) -> Agreement:
    """The migrated agreement, its deadlines derived, with a note of those of `before` that were closed.

    What nothing gave rise to any more is none of them. Each with the day that the new version counts it from (None where it
    counts none such): what begins anew afterwards is told by that.
    """
    anchors = {deadline.key: deadline.anchor_on for deadline in agreement.deadlines}
    closed = {
        deadline.key: anchors.get(deadline.key) for deadline in before if not deadline.is_open and not deadline.is_gone
    }
    *earlier, entry = agreement.history
    said = Migrated.read(entry)
    assert said is not None
    said = replace(said, closed=closed)
    return replace(agreement, history=(*earlier, replace(entry, details=said.details())))


def not_kept(before: Agreement, after: Agreement, plan: Plan) -> Iterator[Sentence]:
    """The deadlines that the plan keeps and the new version does not have open, or has on another day."""
    found = {deadline.key: deadline for deadline in after.deadlines}
    for deadline in before.deadlines:
        if not _is_kept(deadline, plan):
            continue
        new = found.get(deadline.key)
        values = {"deadline": plan.source.deadlines[deadline.rule].label, "policy": plan.deadlines[deadline.rule].value}
        if new is None or new.due_on is None:
            yield Sentence("“{deadline}” has no date in the new version from here, so it cannot {policy}.", values)
        elif plan.deadlines[deadline.rule] is Policy.KEEP_DUE and new.due_on != deadline.due_on:
            yield Sentence(
                "“{deadline}” would move to {day}, so it does not {policy}.", {**values, "day": new.shown_on}
            )

"""What a step that ends a case leaves open: said before it is taken, and kept with it. Nothing is refused for it."""

from datetime import date

from twinflow.domain.agreement.agreement import Agreement, Deadline
from twinflow.domain.agreement.left_open import LeftOpen
from twinflow.domain.deadlines.changes import changes_by_deadline, pending
from twinflow.domain.deadlines.context import DeadlineContext
from twinflow.domain.process.definition import ProcessDefinition, Step


def always_ends(step: Step, definition: ProcessDefinition) -> bool:
    """Whether the step ends the case wherever it leads."""
    return all(definition.states[destination.state].final for destination in step.to)


def what_is_left_open(
    agreement: Agreement, step: Step, definition: ProcessDefinition, context: DeadlineContext
) -> LeftOpen:
    """What is open as the step is taken, apart from what it meets or is taken for: duties, the soonest first, also overdue ones,
    cases that belong to it, and changes of deadlines that wait for a second person.
    """
    is_open = [deadline for deadline in agreement.deadlines if deadline.is_open]
    duties = [deadline for deadline in is_open if _is_owed(deadline, step, definition)]
    changes = changes_by_deadline(agreement.history)
    return LeftOpen(
        duties={
            each.key: each.shown_on for each in sorted(duties, key=lambda each: (each.due_on or date.max, each.key))
        },
        children={
            child.reference: child.process
            for child in agreement.children
            if child.state not in context.ends.get(child.process, ())
        },
        changes=tuple(
            (deadline.key, change.number) for deadline in is_open for change in pending(changes.get(deadline.key, ()))
        ),
    )


def _is_owed(deadline: Deadline, step: Step, definition: ProcessDefinition) -> bool:
    """Whether somebody owes it still once the step is taken."""
    rule = definition.deadlines[deadline.rule]
    return rule.duty and rule.late is not None and step.key not in rule.met_by_steps.union(rule.on_lapse)

"""What closes a deadline that nobody met: its day, that the case left the states in which it runs, or its end.

A day of closing is one of the history or a due date, never that of a pass.
"""

from dataclasses import replace
from datetime import date

from twinflow.domain.agreement.agreement import Deadline, DeadlineStatus
from twinflow.domain.deadlines.events import steps_taken
from twinflow.domain.deadlines.rule_of_case import RuleOfCase


def lapsed(deadline: Deadline, case: RuleOfCase) -> Deadline:
    """With what follows from its day: a step that was taken for it, or that a right is over."""
    rule, due_on = case.rule, deadline.due_on
    if not deadline.is_open or due_on is None:
        return deadline
    taken = any(
        entry.step in rule.on_lapse and entry.effective_on == due_on for _, entry in steps_taken(case.agreement)
    )
    is_right = not rule.duty and not rule.on_lapse and not deadline.assumed
    if taken or (is_right and case.is_over(due_on)):
        return replace(deadline, status=DeadlineStatus.LAPSED, closed_on=due_on)
    return deadline


def in_its_states(deadline: Deadline, case: RuleOfCase) -> Deadline | None:
    """The deadline as far as the case was in the states in which it runs; None where it never ran.

    What was overdue when the case left them stays on record as not met. Where the case comes back, what was not met runs on; a
    recurring duty whose day passed meanwhile falls away.
    """
    rule, due_on = case.rule, deadline.due_on
    if not rule.while_in or not (deadline.is_open or deadline.status is DeadlineStatus.UNMET):
        return deadline
    spans = list(_spans(case))
    if rule.recurs and due_on is not None:  # a day that comes while the case is elsewhere is no day of the duty
        spans = [(begin, end) for begin, end in spans if begin <= due_on and (end is None or due_on < end)]
    elif rule.recurs:
        spans = [(begin, end) for begin, end in spans if end is None]
    else:
        spans = [(begin, end) for begin, end in spans if end is None or end > deadline.counted_from]
    if not spans:
        return None
    left_on = spans[-1][1]
    if left_on is None or (deadline.closed_on is not None and deadline.closed_on <= left_on):
        return deadline
    return given_up(deadline, left_on, owed=due_on is not None and due_on < left_on)


def given_up(deadline: Deadline, on: date, *, owed: bool) -> Deadline:
    """It ends on the day without being met: on record as not met where it was owed by then, which no assumed date is."""
    status = DeadlineStatus.UNMET if owed and not deadline.assumed else DeadlineStatus.VOID
    return replace(deadline, status=status, closed_on=on)


def _spans(case: RuleOfCase) -> list[tuple[date, date | None]]:
    """The times that the case spent in the states in which the deadline runs; None: it is there still."""
    spans: list[tuple[date, date | None]] = []
    for entry in case.agreement.history:
        if entry.to_state is None:
            continue
        inside, running = entry.to_state in case.rule.while_in, bool(spans) and spans[-1][1] is None
        if inside and not running:
            spans.append((entry.effective_on, None))
        elif running and not inside:
            spans[-1] = (spans[-1][0], entry.effective_on)
    return spans


def closed_by_the_end(deadline: Deadline, case: RuleOfCase) -> Deadline:
    """Nothing is owed any more once the case has ended; what was overdue by then stays on record as not met.

    What no step could meet from the state that the case was entered in was owed by nobody, whatever came later.
    """
    ended_on = case.ended_on
    if not deadline.is_open or ended_on is None:
        return deadline
    if not _can_come_to(_sources(case), case.agreement.history[0].to_state or "", case):
        deadline = closed_as_impossible(deadline, case)
        if not deadline.is_open:
            return deadline
    overdue = case.rule.late is not None and deadline.due_on is not None and deadline.due_on < ended_on
    return given_up(deadline, ended_on, owed=overdue)


def closed_as_impossible(deadline: Deadline, case: RuleOfCase) -> Deadline:
    """A duty that no step from here can meet is not owed: a case entered after registration owes no request for it.

    Where the clock would take a step, that is so if the day had passed before the case came into the books.
    """
    rule, agreement = case.rule, case.agreement
    if not deadline.is_open or not (rule.met_by_steps or rule.on_lapse) or rule.met_by_children:
        return deadline
    if rule.on_lapse and (deadline.due_on is None or deadline.due_on >= agreement.tracked_from):
        return deadline
    sources = _sources(case)
    if _can_come_to(sources, agreement.state, case):
        return deadline
    since, begun_by = _impossible_since(sources, case), case.begun_by.get(deadline.key)
    if since is not None and begun_by is not None:
        since = max(since, agreement.history[begun_by].effective_on)
    return replace(deadline, status=DeadlineStatus.VOID, closed_on=since)


def _sources(case: RuleOfCase) -> frozenset[str]:
    """The states from which a step meets it, or the clock takes one for it."""
    steps = case.rule.met_by_steps.union(case.rule.on_lapse)
    return frozenset[str]().union(*(case.definition.steps[step].sources for step in steps))


def _can_come_to(sources: frozenset[str], state: str, case: RuleOfCase) -> bool:
    return state in sources or bool(sources & case.definition.reachable_from(state))


def _impossible_since(sources: frozenset[str], case: RuleOfCase) -> date | None:
    """The day on which the case came where none of these states can be reached any more, in the version it follows."""
    since = None
    for entry in reversed(case.agreement.history[case.migration.entries :]):
        if entry.to_state is not None and entry.from_state != entry.to_state:
            if _can_come_to(sources, entry.to_state, case):
                return since
            since = entry.effective_on
    return case.migration.on or since

"""Whether the deadlines of an agreement are those that its history, terms and facts give, by the functions of every pass."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime

from twinflow.domain.agreement.agreement import Agreement, Deadline, FindingCode
from twinflow.domain.agreement.subject import AlertSubject
from twinflow.domain.calendar.business_days import Calendars
from twinflow.domain.deadlines.acknowledgements import acknowledgements_of
from twinflow.domain.deadlines.context import DeadlineContext, computed
from twinflow.domain.deadlines.kept import Key, rewritten
from twinflow.domain.deadlines.occurrences import with_deadlines
from twinflow.domain.deadlines.warnings import next_wake_on
from twinflow.domain.process.definition import DeadlineRule, ProcessDefinition
from twinflow.sentences import Sentence


def of_derivation(
    agreement: Agreement, definition: ProcessDefinition, contexts: Sequence[DeadlineContext], now: datetime
) -> Iterator[Sentence]:
    """What is not as it comes out at any of these instants, all of the day on which the deadlines were derived.

    Nothing where the next pass derives them anew.
    """
    if agreement.derived_on is None:
        if agreement.derive_on is None or agreement.derive_on > contexts[0].today:
            yield Sentence("its deadlines were never derived, and nothing has them derived")
        return
    if agreement.derive_on is not None and agreement.derive_on <= agreement.derived_on:
        return
    yield from min((list(_at(agreement, definition, each, now)) for each in contexts), key=len)


def _at(
    agreement: Agreement, definition: ProcessDefinition, context: DeadlineContext, now: datetime
) -> Iterator[Sentence]:
    """The same at one instant."""
    derived = with_deadlines(agreement, definition, context)
    left = rewritten(agreement, derived, definition, context, now)
    old = {each.key: each for each in agreement.deadlines}
    for key, deadline in left.rows.items():
        values: dict[str, object] = {"rule": key[0], "number": key[1], "new": _in_words(deadline)}
        if key in old:
            values["old"] = _in_words(old[key])
            yield Sentence("deadline {rule}/{number} stands there {old}; it is {new}", values)
        else:
            yield Sentence("deadline {rule}/{number} is missing: it is {new}", values)
    for known in left.found:
        if known.finding.code is FindingCode.WRONG_OFFICE and known.is_untold and known not in agreement.findings:
            continue  # books of before have it once a pass derives the case
        values = {"code": known.finding.code.value, "subject": known.finding.subject}
        yield Sentence("what is missing is not as it comes out: {code} {subject}", values)
    if derived.derive_on is not None and derived.derive_on < (agreement.derive_on or date.max):
        values = {"on": agreement.derive_on, "first": derived.derive_on}
        yield Sentence("its deadlines are derived anew on {on}; they may change on {first}", values)


def of_count(
    agreement: Agreement, definition: ProcessDefinition, calendars_at: Mapping[Key, Calendars]
) -> Iterator[Sentence]:
    """The deadlines that do not come out of what they were counted from, by the calendars of then."""
    for deadline in agreement.deadlines:
        rule = definition.deadlines.get(deadline.rule)
        if rule is None:
            continue
        values: dict[str, object] = {"rule": deadline.rule, "number": deadline.occurrence}
        if deadline.basis is None:
            yield Sentence("deadline {rule}/{number} does not say what it is counted from", values)
            continue
        counted = computed(rule, deadline.occurrence, deadline.anchor_on, deadline.basis, calendars_at[deadline.key])
        if (counted.due_on, counted.warn_on) != (deadline.due_on, deadline.warn_on):
            days = {**values, "old": deadline.due_on, "new": counted.due_on}
            yield Sentence("deadline {rule}/{number} is due on {old}; it is counted to {new}", days)
        if counted.edition != deadline.edition:
            editions = {**values, "old": deadline.edition or "–", "new": counted.edition or "–"}
            yield Sentence("deadline {rule}/{number} names the calendars {old}; it is counted by {new}", editions)
        if counted.provisional is not deadline.provisional:
            yield Sentence("whether deadline {rule}/{number} is provisional is not as it is counted", values)


def of_day(agreement: Agreement, latest: date) -> Iterator[Sentence]:
    """Whether its deadlines were derived on a day to come: `latest` is the furthest that any clock of these books has come to."""
    if agreement.derived_on is not None and agreement.derived_on > latest:
        values = {"on": agreement.derived_on, "latest": latest}
        yield Sentence(
            "its deadlines are said to be derived on {on}, which no clock has come to: it was {latest}", values
        )


def of_told(
    agreement: Agreement, definition: ProcessDefinition, told: Collection[tuple[AlertSubject, int]]
) -> Iterator[Sentence]:
    """What was told of a deadline or a finding that there never was, and findings said to be told of which nobody was told."""
    deadlines = {each.key for each in agreement.deadlines}
    findings = {each.finding: each for each in agreement.findings}
    for subject, occurrence in told:
        values = {"subject": str(subject), "number": occurrence}
        known = findings.get(subject.as_finding) if subject.as_finding is not None else None
        is_deadline = subject.rule in definition.deadlines and (subject.rule, occurrence) not in deadlines
        is_finding = subject.as_finding is not None and (known is None or occurrence > known.occurrence)
        if is_deadline or is_finding:
            yield Sentence("an alert is of {subject}, number {number}, which there never was", values)
    for each in agreement.findings:
        if each.told and not each.settled and (AlertSubject.finding(each.finding), each.occurrence) not in told:
            values = {"code": each.finding.code.value, "subject": each.finding.subject}
            yield Sentence("what is missing is said to be told, and nobody was told: {code} {subject}", values)


def of_waking(
    agreement: Agreement, definition: ProcessDefinition, context: DeadlineContext, wake_on: Mapping[Key, date | None]
) -> Iterator[Sentence]:
    """The open deadlines that are looked at only after the next day on which something is to be told of them."""
    for deadline in agreement.deadlines:
        rule = definition.deadlines.get(deadline.rule)
        if rule is not None and deadline.is_open:
            first = _next(agreement, rule, deadline, context)
            stands = wake_on.get(deadline.key)
            if first is not None and (stands is None or stands > first):
                values = {"rule": deadline.rule, "number": deadline.occurrence, "on": stands, "first": first}
                yield Sentence(
                    "deadline {rule}/{number} is looked at on {on}; there is something to tell on {first}", values
                )


def _next(agreement: Agreement, rule: DeadlineRule, deadline: Deadline, context: DeadlineContext) -> date | None:
    today = context.today_of(rule)
    if acknowledgements_of(agreement.history, deadline.key).running(today):
        return None
    return next_wake_on(rule, deadline, context.calendars_of(rule), today)


def _in_words(deadline: Deadline) -> Sentence:
    values: dict[str, object] = {
        "status": Sentence(deadline.status.value),
        "due": deadline.due_on or "–",
        "warn": deadline.warn_on or "–",
        "anchor": deadline.anchor_on,
        "closed": deadline.closed_on,
    }
    if deadline.closed_on is None:
        return Sentence("{status}, due on {due}, counted from {anchor}, warned of by {warn}", values)
    return Sentence("{status}, due on {due}, counted from {anchor}, warned of by {warn}, closed on {closed}", values)

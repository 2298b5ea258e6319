"""Everything that a process definition says, thing by thing: to be compared by value, and told in words."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from twinflow.domain.calendar.business_days import CountsIn, FirstDay
from twinflow.domain.calendar.dates import MonthEnd
from twinflow.domain.process.definition import (
    CLOCK,
    NOTES,
    Announcement,
    ChangeRule,
    Checklist,
    DeadlineRule,
    Destination,
    Gate,
    Label,
    Level,
    Paper,
    ProcessDefinition,
    Requirement,
    Role,
    RoundRule,
    State,
    Step,
    TermRule,
    Visibility,
    level_message,
)
from twinflow.domain.process.in_words import anchor_message, condition_message, length_message, requirement_message
from twinflow.sentences import Sentence


class Table(StrEnum):
    """The kinds of things, in the order in which they are told."""

    PROCESS = "process"
    STAGES = "stages"
    PHASES = "phases"
    FACTS = "facts"
    PAPERS = "papers"
    CHECKLISTS = "checklists"
    TERMS = "terms"
    ROLES = "roles"
    STATES = "states"
    STEPS = "steps"
    REQUIREMENTS = "requirements"
    NOTICES = "notices"
    DEADLINES = "deadlines"
    LEVELS = "levels"
    GATES = "gates"
    VISIBILITY = "visibility"
    ROUNDS = "rounds"


Place = tuple[Table, str]
NOTHING = "–"
HIDDEN = {NOTES: Sentence("the notes")}
"""In words what offices of another kind may be kept from."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing said of another: `value` is what is compared, `words` what people read.

    `parts` has the words of each, by key, where it is several; `usual` is the value that goes without saying.
    """

    name: Sentence
    value: object
    words: object
    parts: Mapping[str, object] = field(default_factory=dict)
    usual: object = None


@dataclass(frozen=True, slots=True)
class Thing:
    """A part of a definition. `key` is unique in its table; `within` is the thing that it is a part of.

    `details` are for whoever has not seen it yet.
    """

    table: Table
    key: str
    what: Sentence
    aspects: tuple[Aspect, ...] = ()
    details: tuple[Sentence, ...] = ()
    within: Place | None = None

    @property
    def place(self) -> Place:
        return (self.table, self.key)


def things(definition: ProcessDefinition) -> Iterator[Thing]:
    """Everything that the definition says but for its key, its version and the text of its file."""
    yield _process(definition)
    for key, label in definition.stages.items():
        yield Thing(Table.STAGES, key, _named(Sentence("the stage"), key, label), (_label(label),))
    for key, label in definition.phases.items():
        yield Thing(Table.PHASES, key, _named(Sentence("the phase"), key, label), (_label(label),))
    for key, label in definition.facts.items():
        yield Thing(Table.FACTS, key, _named(Sentence("the fact"), key, label), (_label(label),))
    for key, paper in definition.papers.items():
        yield _paper(key, paper)
    for key, checklist in definition.checklists.items():
        yield from _checklist(key, checklist)
    for key, term in definition.terms.items():
        yield _term(key, term)
    for role in definition.roles.values():
        yield _role(role, definition)
    for state in definition.states.values():
        yield _state(state, definition)
    for step in definition.steps.values():
        yield _step(step, definition)
        yield from _requirements(step, definition)
        yield from _notices(step, definition)
    for rule in definition.deadlines.values():
        yield _deadline(rule, definition)
        yield from _levels(rule, definition)
    for gate in definition.gates.values():
        yield _gate(gate, definition)
    for kind, shown in definition.visibility.items():
        yield _visibility(kind, shown, definition)
    for each in definition.rounds.values():
        yield _round(each, definition)


def _process(definition: ProcessDefinition) -> Thing:
    aspects = (
        _label(definition.label),
        _plain(Sentence("kind"), definition.kind),
        Aspect(Sentence("start"), definition.start, definition.states[definition.start].label),
        _plain(Sentence("in force from"), definition.in_force_from),
        _plain(Sentence("in force to"), definition.in_force_to),
        _plain(Sentence("time zone"), definition.time_zone),
        _several(
            Sentence("calendars"),
            definition.calendars,
            dict(zip(definition.calendars, definition.calendars, strict=True)),
        ),
        _several(Sentence("law"), definition.law, dict(zip(definition.law, definition.law, strict=True))),
        _several(
            Sentence("children"), definition.children, dict(zip(definition.children, definition.children, strict=True))
        ),
        _plain(Sentence("rests on"), definition.extends and "{} v{}".format(*definition.extends)),
        _text(Sentence("not confirmed"), definition.unconfirmed),
        _plain(Sentence("city"), definition.city),
        _plain(Sentence("countries"), ", ".join(sorted(definition.countries))),
        *_confirmed(definition),
    )
    return Thing(Table.PROCESS, "process", Sentence("the process"), aspects)


def _confirmed(definition: ProcessDefinition) -> tuple[Aspect, ...]:
    """Who confirms corrections, where the process asks for it."""
    rule, name = definition.corrections, Sentence("corrections are confirmed by")
    if rule is None:
        return (Aspect(name, None, NOTHING), Aspect(Sentence("corrections, source"), {}, NOTHING))
    role = definition.roles[rule.second].label
    return (Aspect(name, rule.second, role), Aspect(Sentence("corrections, source"), rule.source, rule.source))


def _paper(key: str, paper: Paper) -> Thing:
    source = _source(paper.source)
    what = _named(Sentence("the paper"), key, paper.label)
    return Thing(Table.PAPERS, key, what, (_label(paper.label), source), _told(source))


def _checklist(key: str, checklist: Checklist) -> Iterator[Thing]:
    source = _source(checklist.source)
    yield Thing(
        Table.CHECKLISTS,
        key,
        _named(Sentence("the checklist"), key, checklist.label),
        (_label(checklist.label), source),
        (Sentence("items: {items}", {"items": list(checklist.items.values())}), *_told(source)),
    )
    for item, label in checklist.items.items():
        values: dict[str, object] = {"item": label, "key": key}
        what = Sentence("the item “{item}” of the checklist {key}", values)
        yield Thing(Table.CHECKLISTS, f"{key}: {item}", what, (_label(label),), within=(Table.CHECKLISTS, key))


def _term(key: str, term: TermRule) -> Thing:
    more = (
        Aspect(Sentence("default"), term.default, term.default.message if term.default else NOTHING),
        Aspect(Sentence("at most"), term.at_most, term.at_most.message if term.at_most else NOTHING),
        _source(term.source),
    )
    what = _named(Sentence("the term"), key, term.label)
    return Thing(Table.TERMS, key, what, (_label(term.label), *more), _told(*more))


def _role(role: Role, definition: ProcessDefinition) -> Thing:
    offices = [
        office.kind
        if office.from_day is None and office.to_day is None
        else Sentence(
            "{kind} ({from} to {to})",
            {"kind": office.kind, "from": office.from_day or "…", "to": office.to_day or "…"},
        )
        for office in role.offices
    ]
    more = (
        Aspect(Sentence("office"), role.offices, offices),
        Aspect(Sentence("deputy"), role.deputy, definition.roles[role.deputy].label if role.deputy else NOTHING),
    )
    what = _named(Sentence("the role"), role.key, role.label)
    return Thing(Table.ROLES, role.key, what, (_label(role.label), *more), _told(*more))


def _state(state: State, definition: ProcessDefinition) -> Thing:
    more = (
        Aspect(Sentence("stage"), state.stage, definition.stages[state.stage]),
        Aspect(Sentence("phase"), state.phase, definition.phases[state.phase] if state.phase else NOTHING),
        Aspect(
            Sentence("waits for"), state.waits_for, _holder(state.waits_for, definition) if state.waits_for else NOTHING
        ),
        _yes(Sentence("every signature is on the text"), value=state.signed),
        _yes(Sentence("an end"), value=state.final),
        _yes(Sentence("older cases are entered here"), value=state.entry),
    )
    what = _named(Sentence("the state"), state.key, state.label)
    return Thing(Table.STATES, state.key, what, (_label(state.label), *more), _told(*more))


def _step(step: Step, definition: ProcessDefinition) -> Thing:
    records = definition.records
    leaves = _labels_of(step.sources, definition.states)
    leads = {f"{to.state} {to.when}": _destination(to, definition) for to in step.to}
    ends = (_several(Sentence("leaves"), step.sources, leaves), _several(Sentence("leads to"), step.to, leads))
    more = (
        _several(Sentence("taken by"), step.by, _who(step.by, definition)),
        _several(Sentence("records"), step.records, {name: records[name] for name in step.records}),
        Aspect(Sentence("its day is"), step.day_as, records[step.day_as] if step.day_as else NOTHING),
        _plain(Sentence("taken for one party at a time"), step.per_party),
        _plain(Sentence("effect"), step.effect),
        _yes(Sentence("only with a reason"), value=step.needs_reason),
        _text(Sentence("cannot be taken back"), step.stands),
    )
    source = _source(step.source)
    details = (
        Sentence(
            "from {sources} to {destinations}", {"sources": [*leaves.values()], "destinations": [*leads.values()]}
        ),
        *_told(*more),
        *(_need(requirement, definition) for requirement in step.requires),
        *(_tells(announcement, definition) for announcement in step.announcements),
        *_told(source),
    )
    what = _named(Sentence("the step"), step.key, step.label)
    return Thing(Table.STEPS, step.key, what, (_label(step.label), *ends, *more, source), details)


def _need(requirement: Requirement, definition: ProcessDefinition) -> Sentence:
    values: dict[str, object] = {"requirement": requirement_message(requirement, definition)}
    if not requirement.source:
        return Sentence("needs: {requirement}", values)
    return Sentence("needs: {requirement} (source: {source})", {**values, "source": requirement.source})


def _tells(announcement: Announcement, definition: ProcessDefinition) -> Sentence:
    values = {"roles": [*_who(announcement.to, definition).values()], "notice": announcement.notice}
    if announcement.urgent:
        return Sentence("tells {roles} at once: {notice}", values)
    return Sentence("tells {roles}: {notice}", values)


def _requirements(step: Step, definition: ProcessDefinition) -> Iterator[Thing]:
    for requirement in step.requires:
        values = {"step": step.label, "requirement": requirement_message(requirement, definition)}
        source = _source(requirement.source)
        yield Thing(
            Table.REQUIREMENTS,
            f"{step.key}: {_identity(requirement)}",
            Sentence("what the step “{step}” needs: {requirement}", values),
            (source,),
            _told(source),
            within=(Table.STEPS, step.key),
        )


def _identity(requirement: Requirement) -> str:
    """The requirement with its arguments: with other ones it is another requirement."""
    child = requirement.child
    given = [requirement.fact, *requirement.steps, requirement.checklist, child and f"{child.process} {child.state}"]
    given += [requirement.deadline and f"deadline {requirement.deadline}", requirement.step, requirement.round]
    given += [str(requirement.at_least)] if requirement.at_least is not None else []
    return " ".join([requirement.name, *(text for text in given if text)])


def _notices(step: Step, definition: ProcessDefinition) -> Iterator[Thing]:
    times: dict[str, int] = {}
    for each in step.announcements:
        times[each.notice] = times.get(each.notice, 0) + 1
        again = f" #{times[each.notice]}" if times[each.notice] > 1 else ""
        more = (
            _several(Sentence("to"), frozenset(each.to), _who(each.to, definition)),
            _yes(Sentence("at once"), value=each.urgent),
        )
        yield Thing(
            Table.NOTICES,
            f"{step.key}: {each.notice}{again}",
            Sentence("the notice {notice} of the step “{step}”", {"notice": each.notice, "step": step.label}),
            more,
            _told(*more),
            within=(Table.STEPS, step.key),
        )


def _deadline(rule: DeadlineRule, definition: ProcessDefinition) -> Thing:
    met = _labels_of(rule.met_by_steps, definition.steps)
    met |= {name: name for name in sorted(f"{child.process}: {child.state}" for child in rule.met_by_children)}
    lapses = [definition.steps[key].label for key in rule.on_lapse]
    count = (
        Aspect(Sentence("counted from"), rule.anchor, anchor_message(rule, definition)),
        Aspect(Sentence("length"), (rule.length, rule.term, rule.side), length_message(rule, definition)),
        _yes(Sentence("again and again"), value=rule.recurs),
    )
    more = (
        Aspect(Sentence("up to"), rule.until, definition.deadlines[rule.until].label if rule.until else NOTHING),
        _plain(Sentence("nature"), rule.nature),
        Aspect(Sentence("late when it passes"), rule.late, definition.roles[rule.late].label if rule.late else NOTHING),
        _yes(Sentence("a duty"), value=rule.duty, usual=True),
        _several(Sentence("met by"), frozenset(met), met),
        _several(Sentence("stands still in"), rule.paused_in, _labels_of(rule.paused_in, definition.states)),
        _several(Sentence("runs only in"), rule.while_in, _labels_of(rule.while_in, definition.states)),
        _plain(Sentence("where its day comes in a pause"), rule.in_pause),
        _change(Sentence("may be paused"), rule.pause, definition),
        _change(Sentence("may be extended"), rule.extend, definition),
        _change(Sentence("may be moved by agreement"), rule.move, definition),
        Aspect(
            Sentence("very overdue"), rule.very_overdue, rule.very_overdue.message if rule.very_overdue else NOTHING
        ),
        Aspect(Sentence("what the clock does when it passes"), rule.on_lapse, lapses or NOTHING),
        _text(Sentence("silence decides under"), rule.article),
        _plain(Sentence("first day"), rule.first_day, FirstDay.NEXT_DAY),
        _plain(Sentence("end of the month"), rule.month_end, MonthEnd.CLAMP),
        _plain(Sentence("on a day off"), rule.roll),
        _several(Sentence("calendars"), rule.calendars, dict(zip(rule.calendars, rule.calendars, strict=True))),
        _plain(Sentence("counts in"), rule.counts_in, CountsIn.ALL),
        _plain(Sentence("closing hour"), rule.cut_off),
    )
    closing = (_source(rule.source), _text(Sentence("note"), rule.note))
    levels = [_level_to(level, definition) for level in rule.warn + rule.escalate]
    details = (
        length_message(rule, definition),
        *_told(*more),
        *([Sentence("warnings: {levels}", {"levels": levels})] if levels else []),
        *_told(*closing),
    )
    what = _named(Sentence("the deadline"), rule.key, rule.label)
    return Thing(Table.DEADLINES, rule.key, what, (_label(rule.label), *count, *more, *closing), details)


def _level_to(level: Level, definition: ProcessDefinition) -> Sentence:
    if level.to is None:
        return level_message(level)
    return Sentence("{level} (to {role})", {"level": level_message(level), "role": definition.roles[level.to].label})


def _levels(rule: DeadlineRule, definition: ProcessDefinition) -> Iterator[Thing]:
    for level in rule.warn + rule.escalate:
        yield Thing(
            Table.LEVELS,
            f"{rule.key}: {level.key}",
            _level_in_words(level, rule, definition),
            within=(Table.DEADLINES, rule.key),
        )


def _level_in_words(level: Level, rule: DeadlineRule, definition: ProcessDefinition) -> Sentence:
    values: dict[str, object] = {"deadline": rule.label, "level": level_message(level)}
    if level.to is None:
        return Sentence("the warning of “{deadline}”: {level}", values)
    return Sentence(
        "the warning of “{deadline}” to {role}: {level}", {**values, "role": definition.roles[level.to].label}
    )


def _gate(gate: Gate, definition: ProcessDefinition) -> Thing:
    more = (
        _several(Sentence("only after"), gate.through, _labels_of(gate.through, definition.steps)),
        _several(Sentence("are reached"), gate.to, _labels_of(gate.to, definition.states)),
        _source(gate.source),
    )
    what = _named(Sentence("the gate"), gate.key, gate.label)
    return Thing(Table.GATES, gate.key, what, (_label(gate.label), *more), _told(*more))


def _visibility(kind: str, shown: Visibility, definition: ProcessDefinition) -> Thing:
    roles = {
        role: Sentence(
            "{role}: {states}",
            {"role": definition.roles[role].label, "states": [*_labels_of(states, definition.states).values()]},
        )
        for role, states in shown.roles.items()
    }
    more = (
        _several(Sentence("from then on"), shown.start, _labels_of(shown.start, definition.states)),
        _several(Sentence("some roles from others on"), shown.roles, roles),
        _several(Sentence("hidden from it"), shown.hides, {each: HIDDEN[each] for each in sorted(shown.hides)}),
    )
    what = Sentence("what the office “{kind}” sees", {"kind": kind})
    return Thing(Table.VISIBILITY, kind, what, more, _told(*more))


def _round(rule: RoundRule, definition: ProcessDefinition) -> Thing:
    more = (
        _several(Sentence("opened by"), rule.opened_by, _labels_of(rule.opened_by, definition.steps)),
        _several(Sentence("ended by"), rule.ended_by, _labels_of(rule.ended_by, definition.steps)),
        _yes(Sentence("with the text of the draft"), value=rule.draft),
        _several(Sentence("about the papers"), rule.papers, {key: definition.papers[key].label for key in rule.papers}),
        _several(
            Sentence("with the checklists"),
            rule.checklists,
            {key: definition.checklists[key].label for key in rule.checklists},
        ),
        _several(Sentence("observations by"), rule.observed_by, _who(rule.observed_by, definition)),
        _several(Sentence("answered by"), rule.answered_by, _who(rule.answered_by, definition)),
        _several(Sentence("consulted are"), rule.consults, _who(rule.consults, definition)),
        _several(Sentence("consulted by"), rule.consulted_by, _who(rule.consulted_by, definition)),
        Aspect(Sentence("to answer within"), rule.within, rule.within.message if rule.within else NOTHING),
        Aspect(Sentence("warnings of it"), rule.warn, [level_message(level) for level in rule.warn] or NOTHING),
        _plain(Sentence("answers that are enough"), rule.quorum),
        _several(Sentence("internal notes by"), rule.noted_by, _who(rule.noted_by, definition)),
        _source(rule.source),
    )
    what = _named(Sentence("the round"), rule.key, rule.label)
    return Thing(Table.ROUNDS, rule.key, what, (_label(rule.label), *more), _told(*more))


def _change(name: Sentence, change: ChangeRule | None, definition: ProcessDefinition) -> Aspect:
    if change is None:
        return Aspect(name, None, NOTHING)
    parts: list[object] = [Sentence("by {roles}", {"roles": [*_who(change.by, definition).values()]})]
    if change.at_most is not None:
        parts.append(Sentence("at most {length}", {"length": change.at_most.message}))
    if change.second is not None:
        parts.append(Sentence("confirmed by {role}", {"role": definition.roles[change.second].label}))
    parts.append(Sentence("source: {source}", {"source": change.source}))
    return Aspect(name, change, parts)


def _named(kind: Sentence, key: str, label: Label) -> Sentence:
    return Sentence("{kind} “{label}” ({key})", {"kind": kind, "label": label, "key": key})


def _label(label: Label) -> Aspect:
    return _text(Sentence("label"), label)


def _source(source: Label) -> Aspect:
    return _text(Sentence("source"), source)


def _told(*aspects: Aspect) -> tuple[Sentence, ...]:
    """What is said of a thing that nobody has seen yet: all but what is usual. A text is told in the language it is read in."""
    return tuple(
        Sentence(
            "{aspect}: {words}",
            {"aspect": each.name, "words": each.value if isinstance(each.value, Mapping) else each.words},
        )
        for each in aspects
        if each.value != each.usual and (each.value or each.usual)
    )


def _text(name: Sentence, text: Label) -> Aspect:
    """A text in every language: that of one may change and that of the other stay."""
    texts = list(dict.fromkeys(text.values()))
    words: object = Sentence("“{en}” / “{es}”", dict(text)) if len(texts) > 1 else f"“{texts[0]}”" if texts else NOTHING
    return Aspect(name, dict(text), words)


def _plain(name: Sentence, value: object, usual: object = None) -> Aspect:
    """A value that is written as it stands in the file."""
    return Aspect(name, value, value or NOTHING, usual=usual)


def _yes(name: Sentence, *, value: bool, usual: bool = False) -> Aspect:
    return Aspect(name, value, Sentence("yes") if value else Sentence("no"), usual=usual)


def _several(name: Sentence, value: object, parts: Mapping[str, object]) -> Aspect:
    """Something that may be several: each is told in quotes, for words may have commas."""
    quoted = {key: Sentence("“{words}”", {"words": words}) for key, words in parts.items()}
    return Aspect(name, value, list(quoted.values()) or NOTHING, quoted)


def _destination(to: Destination, definition: ProcessDefinition) -> Label | Sentence:
    label = definition.states[to.state].label
    if to.when is None:
        return label
    return Sentence("{state} [{condition}]", {"state": label, "condition": condition_message(to.when)})


def _holder(role: str, definition: ProcessDefinition) -> Label | Sentence:
    return Sentence("the clock") if role == CLOCK else definition.roles[role].label


def _who(roles: Iterable[str], definition: ProcessDefinition) -> dict[str, object]:
    return {role: _holder(role, definition) for role in sorted(roles)}


def _labels_of(keys: Collection[str], known: Mapping[str, State] | Mapping[str, Step]) -> dict[str, object]:
    """The labels of states or steps, in the order of the definition."""
    return {key: each.label for key, each in known.items() if key in keys}

"""What was entered wrongly is put right; whoever was told by it hears of that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Engine

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.agreement.entries import Corrected, NotCorrected
from twinflow.domain.agreement.history import HistoryEntry, Way
from twinflow.domain.agreement.listing import words_in
from twinflow.domain.agreement.present_names import as_corrected, numbered, what_counts
from twinflow.domain.agreement.rounds import kept_from_the_city
from twinflow.domain.agreement.subject import AlertSubject, SubjectKind
from twinflow.domain.alerts.alerts import about_correction, about_displaced_correction, about_refused_correction
from twinflow.domain.alerts.recipients import Audience, audience_of, holders_of, recipients_of
from twinflow.domain.alerts.telling import Telling
from twinflow.domain.corrections import correction
from twinflow.domain.corrections.belonging import apart_from, left_behind
from twinflow.domain.corrections.correction import Corrections, rest_on
from twinflow.domain.corrections.request import CorrectionCommand
from twinflow.domain.corrections.waiting import pending, refuse, whoever_asked
from twinflow.domain.deadlines.consultations import awaited
from twinflow.domain.deadlines.kept import rewritten
from twinflow.domain.people.people import Actor, People
from twinflow.domain.people.viewer import CLOCK_VIEWER, Viewer
from twinflow.domain.people.visibility import SeenBy
from twinflow.domain.process.definition import LIAISON, Label
from twinflow.domain.rulebook import Rulebook, deadline_context
from twinflow.domain.steps.doubts import Compared
from twinflow.errors import BadInput, Refused, StaleAgreement
from twinflow.sentences import Sentence
from twinflow.services.agreements.acting import as_viewer, locked_for
from twinflow.services.agreements.opening import running
from twinflow.services.agreements.recording import parent_of, record_change, refresh_parent, refreshed, show, write_rows
from twinflow.services.alerts.telling import write
from twinflow.storage.failures import about
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.text import checked, composed, problems_of_text


@dataclass(frozen=True, slots=True)
class CorrectedEntry:
    """What came of a correction: the case then, the number of the correction's own entry, what it says, and whom it waits for:
    the roles of which one has to confirm it, if any. `left` says what belongs to it and still goes by what was wrong. `over` are
    the numbers of those that waited, and wait no longer.
    """

    agreement: Agreement
    number: int
    said: Corrected
    waits_for: tuple[Label, ...]
    left: tuple[Sentence, ...]
    over: tuple[int, ...]


def correct_entry(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    command: CorrectionCommand,
    *,
    person: str,
    door: Way,
    now: datetime,
    expected_version: int | None = None,
) -> CorrectedEntry:
    """Put an entry of the history right, as `person`, who comes by `door`. Everything that came after it is decided again.

    Raises NotFound, BadInput for its texts, Refused with every reason, StaleAgreement if the agreement is not (or no longer) at
    `expected_version`.
    """
    command = _checked(command)

    def decide(work: UnitOfWork, agreement: Agreement, history: list[HistoryEntry], actor: Actor) -> Corrections:
        seen_by = as_viewer(people, people.person(person), now)
        beside = _beside(work, rulebook, seen_by, agreement, command.entry, command.asked)
        return correction.decide(agreement, history, command, actor, rulebook, people, now, beside)

    return _corrected(engine, rulebook, people, reference, decide, person, door, now, expected_version)


def confirm_correction(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    number: int,
    *,
    person: str,
    door: Way,
    now: datetime,
) -> CorrectedEntry:
    """Confirm the correction whose entry has this number, as a second person. Raises as `correct_entry`."""

    def decide(work: UnitOfWork, agreement: Agreement, history: list[HistoryEntry], actor: Actor) -> Corrections:
        waiting = pending(history).get(number)
        seen_by = as_viewer(people, people.person(person), now)
        beside = _beside(work, rulebook, seen_by, agreement, waiting[1].entry, waiting[1].asked) if waiting else []
        return correction.confirm(agreement, history, number, actor, rulebook, people, now, beside)

    return _corrected(engine, rulebook, people, reference, decide, person, door, now, None)


def refuse_correction(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    number: int,
    reason: str,
    *,
    person: str,
    door: Way,
    now: datetime,
) -> NotCorrected:
    """Refuse the correction whose entry has this number, or take back one's own. Who asked, and who was asked, hears of it.

    Raises NotFound, BadInput for the reason, Refused, StaleAgreement if somebody else was faster.
    """
    reason = checked(reason, "reason")
    who = people.person(person)
    with about(reference), UnitOfWork(engine) as work:
        before = locked_for(work, people, who, reference, now)
        agreement_id = work.agreements.id_of(before.reference)
        history = work.history.as_written(agreement_id)
        definition, today = rulebook.definition_of(before), people.today(before.office, now)
        actor = people.actor(who, definition, before.office, today, door)
        entry = refuse(before, history, number, reason, actor, definition, today, now)
        said = NotCorrected.read(entry)
        assert said is not None
        after = replace(before, version=before.version + 1, history=(*before.history, entry))
        record_change(work, rulebook, people, before, refreshed(rulebook, people, after, now), now)
        asked = history[dict(numbered(history))[number]]
        told = work.alerts.told(agreement_id, AlertSubject(SubjectKind.CORRECTION, str(number)), 1)
        asking = dict.fromkeys(whoever_asked(history, number, asked), LIAISON)
        readers = {**asking, **dict.fromkeys((reader for _, reader in told.people), LIAISON)}
        telling = about_refused_correction(len(numbered(history)) + 1, who.key, today)
        audience = _those_of(people, readers, telling, today)
        write(work, rulebook, people, agreement_id, telling, audience, now)
        work.commit()
    return said


def _those_of(
    people: People, readers: Mapping[str, str], telling: Telling, today: date, vacant: tuple[str, ...] = ()
) -> Audience:
    """Those of the readers, each with the role they are told in, who are there today and do not know of it."""
    known = {who: role for who, role in readers.items() if people.is_there(who, today) and who not in telling.held}
    return Audience(tuple(recipients_of(people, known, today)), vacant, nobody=not known)


def _corrected(
    engine: Engine,
    rulebook: Rulebook,
    people: People,
    reference: str,
    decide: Callable[[UnitOfWork, Agreement, list[HistoryEntry], Actor], Corrections],
    person: str,
    door: Way,
    now: datetime,
    expected_version: int | None,
) -> CorrectedEntry:
    who = people.person(person)
    with about(reference), UnitOfWork(engine) as work:
        before = locked_for(work, people, who, reference, now)
        if expected_version is not None and before.version != expected_version:
            raise StaleAgreement("{reference} was changed meanwhile; look at it again.", reference=reference)
        agreement_id = work.agreements.id_of(before.reference)
        history = work.history.as_written(agreement_id)
        today = people.today(before.office, now)
        actor = people.actor(who, rulebook.definition_of(before), before.office, today, door)
        found = decide(work, before, history, actor)
        earlier = _generation_before(work, before) if found.said.annulled else None
        done = _written(work, rulebook, people, before, history, found, now)
        if earlier is not None:
            _let_stand_again(work, rulebook, people, earlier, before, found, now)
        work.commit()
    return done


def _generation_before(work: UnitOfWork, agreement: Agreement) -> Agreement | None:
    """The last earlier one of its relationship, if it can be read."""
    _, ids, _ = work.agreements.around(CLOCK_VIEWER, agreement.reference)
    others = [each for each in work.agreements.load(ids) if isinstance(each, Agreement)]
    return max(
        (each for each in others if each.generation < agreement.generation),
        key=lambda each: each.generation,
        default=None,
    )


def _let_stand_again(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    earlier: Agreement,
    annulled: Agreement,
    found: Corrections,
    now: datetime,
) -> None:
    """Of what had been replaced by a case that is annulled now."""
    earlier = work.agreements.lock(earlier.reference)
    history = work.history.as_written(work.agreements.id_of(earlier.reference))
    who, why = found.entry.actor, found.said.reason
    again = correction.standing_again(earlier, history, annulled, why, who, rulebook, people, now, found.entry.way)
    if again is not None:
        _written(work, rulebook, people, earlier, history, again, now)


def _written(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    before: Agreement,
    history: list[HistoryEntry],
    found: Corrections,
    now: datetime,
) -> CorrectedEntry:
    """Write what a correction makes of a case, and tell of it. `history` is as written.

    Raises Refused where the agreement that it belongs to rests on what is corrected, StaleAgreement if somebody was faster.
    """
    agreement_id = work.agreements.id_of(before.reference)
    number, after = len(numbered(history)) + 1, found.after
    if found.said.annulled:
        name = work.agreements.free_name(before.reference)
        after = replace(after, reference=name, relationship=name, generation=1)
    definition = rulebook.definition_of(after)
    context = deadline_context(rulebook, people, definition, after.office, now)
    cause, who = f"correction {number}", found.entry.actor
    left = rewritten(before, after, definition, context, now, actor=who, cause=cause, corrected=found.anew)
    parent = parent_of(work, rulebook, people, before, now)
    if parent is not None:
        reasons = [*rest_on(parent, rulebook.definition_of(parent), before, after), *apart_from(parent, before, after)]
        if reasons:
            values = {"number": found.said.entry, "reference": before.reference}
            raise Refused("Entry {number} of {reference} stays as it is.", tuple(reasons), **values)
    work.agreements.correct(before, left.agreement)
    show(work, rulebook, people, agreement_id, left.agreement)
    if left.agreement.office != before.office:  # it may take the case back, and sees what becomes of it
        work.visibility.show(agreement_id, [SeenBy(office=before.office)])
    write_rows(work, rulebook, agreement_id, left, now)
    if any(awaited(left.agreement, definition)):  # another day may be awaited now
        work.agreements.look_again([agreement_id], now.date())
    refresh_parent(work, rulebook, people, left.agreement, now, parent)
    places, corrected = dict(numbered(history)), as_corrected(history)
    wrong = [corrected[places[number]] for number in sorted(found.said.entries)]
    hidden = kept_from_the_city(what_counts(history), definition)
    internal = all(places[number] in hidden for number in found.said.entries)
    _tell(work, rulebook, people, agreement_id, left.agreement, number, found, wrong, now, internal=internal)
    waits_for = tuple(definition.roles[role].label for role in found.said.second)
    over = pending(history).keys() - pending([*history, found.entry]).keys() - {found.said.of}
    for each in sorted(over):
        asking = whoever_asked(history, each, history[places[each]])
        _tell_displaced(work, rulebook, people, agreement_id, each, asking, found, now)
    behind = _left_behind(work, before, left.agreement, history, found)
    return CorrectedEntry(left.agreement, number, found.said, waits_for, behind, tuple(sorted(over)))


def _left_behind(
    work: UnitOfWork, before: Agreement, after: Agreement, history: list[HistoryEntry], found: Corrections
) -> tuple[Sentence, ...]:
    names = [[party.name for party in each.parties] for each in (before, after)]
    if not before.children or (before.office == after.office and names[0] == names[1]):
        return ()
    asked = found.entry if found.said.of is None else history[dict(numbered(history))[found.said.of]]
    *_, ids = work.agreements.around(CLOCK_VIEWER, after.reference)
    children = [each for each in work.agreements.load(ids) if isinstance(each, Agreement)]
    return tuple(left_behind(before, after, children, found.said, asked.actor))


def _beside(
    work: UnitOfWork, rulebook: Rulebook, viewer: Viewer, agreement: Agreement, entry: int, asked: Mapping[str, str]
) -> list[Compared]:
    """The cases that the viewer sees, that have not ended, between parties called as those of a corrected opening would be."""
    if entry != 1:
        return []
    names = [asked.get(f"party.{party.name}", party.name) for party in agreement.parties]
    return list(running(work, rulebook, viewer, words_in(names)))


def _checked(command: CorrectionCommand) -> CorrectionCommand:
    """Its texts as they may be kept, each by the bounds of what it is to say. Raises BadInput with everything that is wrong."""
    clean = composed(command)
    problems = list(problems_of_text(replace(clean, asked={})))
    for name, said in clean.asked.items():
        own = name.partition(".")[2] if name.partition(".")[0].isdecimal() else name
        problems += problems_of_text(said, name, "name" if name.startswith("party.") else own)
    if problems:
        raise BadInput("What was written cannot be kept; nothing was done.", tuple(problems))
    return clean


def _tell_displaced(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    agreement_id: int,
    number: int,
    asked_by: Sequence[str],
    found: Corrections,
    now: datetime,
) -> None:
    """Whoever asked for the correction of this number, in the place of which another came, unless they asked for that as well."""
    if found.entry.actor not in asked_by:
        today = people.today(found.after.office, now)
        told = about_displaced_correction(number, found.entry.actor, today)
        audience = _those_of(people, dict.fromkeys(asked_by, LIAISON), told, today)
        write(work, rulebook, people, agreement_id, told, audience, now)


def _tell(
    work: UnitOfWork,
    rulebook: Rulebook,
    people: People,
    agreement_id: int,
    agreement: Agreement,
    number: int,
    found: Corrections,
    wrong: Sequence[HistoryEntry],
    now: datetime,
    *,
    internal: bool,
) -> None:
    """Who has to confirm it; once it counts, the liaison, who made the entry that was wrong, and who was told anything since.

    What is `internal` to those who decide is told to nobody but who made it.
    """
    definition, today = rulebook.definition_of(agreement), people.today(agreement.office, now)
    told = about_correction(number, found.said.second, found.entry.actor, today)
    if found.said.second:
        audience = audience_of(people, definition, agreement.office, told, today, ())
    else:
        holders, vacant = holders_of(people, definition, agreement.office, told.roles, today)
        since = min(entry.recorded_at for entry in wrong)
        readers = dict.fromkeys((entry.actor for entry in wrong), LIAISON)
        if not internal:
            readers |= {**work.alerts.readers_since(agreement_id, since), **holders}
        audience = _those_of(people, readers, told, today, vacant)
    write(work, rulebook, people, agreement_id, told, audience, now)

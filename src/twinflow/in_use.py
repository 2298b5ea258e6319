"""What a start goes by: the files, and where they do not hold, what the books keep of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from twinflow import files
from twinflow.config import Settings
from twinflow.definitions.calendars import edition_of, read_kept_calendar
from twinflow.definitions.catalogue import WhenAsked, readers_of
from twinflow.definitions.people import kept_people
from twinflow.definitions.pinned import altered, to_be_known, unknown, with_kept
from twinflow.domain.people.people import People
from twinflow.domain.people.viewer import CLOCK_VIEWER
from twinflow.domain.process.catalogue import Pin
from twinflow.domain.rulebook import Applied, Rulebook
from twinflow.errors import BadInput
from twinflow.sentences import Sentence
from twinflow.storage.calendars import Edition
from twinflow.storage.kept_files import PEOPLE
from twinflow.storage.unit_of_work import UnitOfWork

AT_MOST = 20
"""References that one sentence names."""


@dataclass(frozen=True, slots=True)
class InUse:
    """`people` have no entries where the books do not have them yet; `troubles` tell of each file that is damaged or missing."""

    rulebook: Rulebook
    people: People
    troubles: tuple[Sentence, ...] = ()


def without_cases(settings: Settings, work: UnitOfWork, revision: str | None) -> InUse:
    """For books without a case: there are no files but those to go by. Raises BadInput with every mistake."""
    rulebook = files.rulebook_in_use(settings)
    people = work.people.all(revision) if work.people.are_there() else files.people_in_file(settings, rulebook)
    return InUse(rulebook, people, people.unreadable)


def in_books(
    settings: Settings, work: UnitOfWork, running: set[Pin], editions: Sequence[Edition], revision: str | None
) -> InUse:
    """For books with cases, which go by the versions `running`; their tables are of `revision`.

    Raises BadInput where there are no people to go on with.
    """
    content = files.content_in_use(settings)
    by_files, mistakes = files.rulebook_that_holds(settings, content, {each.key for each in editions})
    others = unknown(by_files, to_be_known(running, work.agreements.kept_pins()))
    rulebook = with_kept(by_files, work.agreements.kept_texts(others), running) if others else by_files
    troubles = [
        *files.troubles_of(mistakes),
        *(
            each.message
            for name, each in rulebook.catalogue.out_of_use.items()
            if name not in by_files.catalogue.out_of_use
        ),
        *(_lost(work, pin) for pin in sorted(running & others) if pin.name not in rulebook.kept),
        *(each.message for each in work.agreements.damaged_at_start()),
        *(_damaged_edition(name) for name in work.calendars.damaged()),
    ]
    people = (
        work.people.all(revision) if work.people.are_there() else _people_of_before(settings, work, rulebook, editions)
    )
    troubles += people.unreadable
    named = {key for office in people.offices.values() for key in office.calendars}
    if mistakes:  # else each that a process names is there
        named |= {key for process in by_files.catalogue for key in process.named_calendars}
    gone = (named & {each.key for each in editions}) - files.calendars_with_file(settings)
    troubles += [_without_file(key) for key in sorted(gone)]
    return InUse(rulebook, people, tuple(troubles))


def altered_texts(work: UnitOfWork, rulebook: Rulebook) -> Iterator[Sentence]:
    """What the books keep the text of, and the text is not the one that was written, or is gone."""
    pins = work.agreements.kept_pins()
    yield from altered(rulebook.catalogue, work.agreements.kept_texts(pins), work.agreements.pins())
    editions = work.calendars.all()
    for each in editions:
        if (there := edition_of(each.text)) != each.edition:
            values = {"calendar": each.key, "edition": each.edition, "there": there}
            yield Sentence(
                "the text of the calendar {calendar}, edition {edition}, was altered: it is that of an edition {there}",
                values,
            )
        elif (key := read_kept_calendar(each.text, each.key).key) != each.key:
            called = {"calendar": each.key, "edition": each.edition, "there": key}
            yield Sentence("the calendar {calendar}, edition {edition}, is that of {there} by its text", called)
    in_use = Counter(each.key for each in editions if each.current)
    for key in sorted({each.key for each in editions}):
        if in_use[key] != 1:
            said = {"calendar": key, "count": in_use[key]}
            yield Sentence("the calendar {calendar} has {count} editions in use, and should have one", said)
    for name in work.kept_files.names() - {PEOPLE}:
        yield Sentence("a file {name} is kept, and twinflow keeps none of that name", {"name": name})
    for name in work.kept_files.altered():
        yield Sentence("the text of the file {name} that is kept was altered", {"name": name})


def _damaged_edition(name: str) -> Sentence:
    return Sentence(
        "An edition of a calendar that the books keep cannot be read: {edition}. What is counted by it stands still where no "
        "file says the same.",
        {"edition": name},
    )


def _without_file(calendar: str) -> Sentence:
    return Sentence(
        "The calendar {calendar} has no file any more; its edition in the books is gone by.", {"calendar": calendar}
    )


def _people_of_before(settings: Settings, work: UnitOfWork, rulebook: Rulebook, editions: Sequence[Edition]) -> People:
    """Books of before have no people: those of the file, or of its last good text, which such books keep. Raises BadInput."""
    try:
        people = files.people_in_file(settings, with_editions(rulebook, editions))
        gone = sorted(set(work.agreements.offices(CLOCK_VIEWER)) - people.offices.keys())
        if gone:
            raise BadInput("The people file lacks offices that keep agreements: {offices}.", offices=gone)
    except BadInput:
        kept = work.kept_files.text(PEOPLE)
        if kept is None:
            raise
        return kept_people(kept, settings.people_file.name)
    return people


def _lost(work: UnitOfWork, pin: Pin) -> Sentence:
    references = work.agreements.references_on(pin)
    more = [f"+ {len(references) - AT_MOST}"] if len(references) > AT_MOST else []
    values = {"process": f"{pin.process} v{pin.version}", "references": [*references[:AT_MOST], *more]}
    return Sentence(
        "The text of {process} that its agreements go by is neither in the books nor in a file: put the file back. "
        "Until then these stand still: {references}.",
        values,
    )


def with_editions(rulebook: Rulebook, kept: Sequence[Edition]) -> Rulebook:
    """The rulebook with the calendars in use in the place of the files', and with every edition there was."""
    earlier = {
        (each.key, each.edition): partial(read_kept_calendar, each.text, f"{each.key}@{each.edition}") for each in kept
    }
    editions = WhenAsked(earlier | readers_of(rulebook.editions))
    in_use = {each.key: partial(editions.__getitem__, (each.key, each.edition)) for each in kept if each.current}
    applied = tuple(Applied(each.applied_at, each.key, each.edition) for each in kept if each.applied_at is not None)
    calendars = WhenAsked(readers_of(rulebook.calendars) | in_use)
    return replace(rulebook, calendars=calendars, editions=editions, applied=applied, _together={})

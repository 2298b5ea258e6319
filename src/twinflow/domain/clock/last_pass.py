"""Whether a pass believes the clock of its machine: not when it comes long after the last one, nor before it.

What a wrong clock does cannot be undone: cases expire, people are told. So nobody believes a clock that jumps but a person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.people.people import People, Person
from twinflow.domain.process.definition import LIAISON
from twinflow.errors import ClockDoubted
from twinflow.sentences import Sentence

LONGEST_GAP = timedelta(days=45)
"""Unless the settings say otherwise, nobody is asked after a pause of this length or less."""

TOLERANCE = timedelta(minutes=5)
"""The clocks of several machines differ by this much, and nobody is asked."""


@dataclass(frozen=True, slots=True)
class LastPass:
    """The instant (UTC) of the last pass; None: what the books keep of it cannot be read, or is gone.

    Not `kept`: no pass is, and it is that of the newest entry of the history.
    """

    at: datetime | None
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a pass at the instant `now` is not believed."""

    last: LastPass
    now: datetime

    @property
    def went_back(self) -> bool:
        """Whether passes may have been made ahead of now."""
        return self.last.at is None or self.now < self.last.at

    @property
    def sentence(self) -> Sentence:
        if self.last.at is None:
            return Sentence(
                "When the last pass was cannot be read in the books, and now it is {now}. "
                "Nothing is done until somebody confirms that the clock is right: “twinflow clock confirm --as PERSON”.",
                {"now": instant_in_words(self.now)},
            )
        values = {
            "last": _last_in_words(self.last.at, kept=self.last.kept),
            "now": instant_in_words(self.now),
            "far": far_in_words(abs(self.now - self.last.at)),
        }
        if self.went_back:
            return Sentence(
                "{last}, and now it is {now}, {far} earlier: the clock went back. "
                "Nothing is done until somebody confirms that it is right now: “twinflow clock confirm --as PERSON”.",
                values,
            )
        return Sentence(
            "{last}, and now it is {now}, {far} later. "
            "Nothing is done until somebody confirms that the clock is right: “twinflow clock confirm --as PERSON”.",
            values,
        )


def _last_in_words(at: datetime, *, kept: bool) -> Sentence:
    values = {"at": instant_in_words(at)}
    if kept:
        return Sentence("The last pass was at {at}", values)
    return Sentence("The newest entry of the books was recorded at {at}", values)


@dataclass(frozen=True, slots=True)
class LaterEntries:
    """Entries of the history that were recorded later than now, the latest at an instant, and some of their agreements.

    Without an instant none of theirs can be read.
    """

    count: int
    latest_at: datetime | None
    references: tuple[str, ...]
    and_others: bool = False

    @property
    def sentence(self) -> Sentence:
        named = [*self.references, "…"] if self.and_others else [*self.references]
        values: dict[str, object] = {"count": self.count, "references": named}
        if self.latest_at is None:
            return Sentence("Entries recorded at an instant that cannot be read: {count}, of {references}.", values)
        values["latest"] = instant_in_words(self.latest_at)
        return Sentence("Entries recorded later than now: {count}, the latest at {latest}, of {references}.", values)


def later_entries(agreement: Agreement, now: datetime) -> LaterEntries | None:
    """The same of one agreement: it comes after them in the history, whatever is recorded now."""
    later = [entry.recorded_at for entry in agreement.history if entry.recorded_at > now + TOLERANCE]
    return LaterEntries(len(later), max(later), (agreement.reference,)) if later else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is to be said of the clock: why no pass believes it, and what the books have of days to come."""

    doubt: Doubt | None = None
    later: LaterEntries | None = None

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(each.sentence for each in (self.doubt, self.later) if each is not None)

    def check(self) -> None:
        """Raises ClockDoubted where nothing may be done."""
        if self.doubt is not None:
            doubt, *others = self.sentences
            raise ClockDoubted("{doubt}", tuple(others), doubt=doubt)


def doubt_of(last: LastPass | None, now: datetime, longest_gap: timedelta) -> Doubt | None:
    """None where a pass at the instant `now` may do its work: also over books in which nothing has happened yet."""
    if last is None or (last.at is not None and -TOLERANCE <= now - last.at <= longest_gap):
        return None
    return Doubt(last, now)


def may_confirm(people: People, person: Person, now: datetime) -> bool:
    """Whether a person may say that it is `now`: a liaison officer; where no office has one, whoever holds a role."""
    liaisons = [each for each in people.people.values() if LIAISON in _held(people, each, now)]
    return person in liaisons if liaisons else bool(_held(people, person, now))


def _held(people: People, person: Person, now: datetime) -> set[str]:
    return {each.role for each in person.assignments if each.holds_on(people.today(each.office, now))}


def instant_in_words(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def far_in_words(far: timedelta) -> Sentence:
    """How far apart two instants are, roughly."""
    minutes = round(far.total_seconds() / 60)
    if minutes < 2 * 60:
        return Sentence("{count} minutes", {"count": minutes})
    if minutes < 2 * 24 * 60:
        return Sentence("{count} hours", {"count": round(minutes / 60)})
    return Sentence("{count} days", {"count": round(minutes / (24 * 60))})

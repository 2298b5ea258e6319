"""Books of earlier versions go on after the upgrade as those versions would have: no level twice, none lost, nothing else.

The `README.md` of each folder tells what is in the books, and how what is expected of the time after was found.
"""

import mailbox
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from old_books import (
    LAST_DAY,
    OF_0003,
    OF_0004,
    OF_0005,
    OF_0009,
    OF_0014,
    OF_0018,
    Came,
    OldBooks,
    came,
    confirm_defaults,
    expected,
    live,
    restored,
    settings_of,
    started,
)

from next_dates import not_as_deadlines_say
from twinflow.domain.people.viewer import OPERATOR
from twinflow.services.books import checking
from twinflow.services.mail import outbox
from world import World

LIVED = {
    "0003 on sqlite": (OF_0003, "sqlite", LAST_DAY),
    "0003 on postgresql": (OF_0003, "postgresql", LAST_DAY),
    "0004 on sqlite": (OF_0004, "sqlite", LAST_DAY),
    "0004 on postgresql": (OF_0004, "postgresql", date(2026, 9, 5)),
    "0005 on sqlite": (OF_0005, "sqlite", LAST_DAY),
    "0005 on postgresql": (OF_0005, "postgresql", date(2026, 9, 30)),
    "0009 on sqlite": (OF_0009, "sqlite", LAST_DAY),
    "0009 on postgresql": (OF_0009, "postgresql", date(2026, 10, 31)),
    "0014 on sqlite": (OF_0014, "sqlite", LAST_DAY),
    "0014 on postgresql": (OF_0014, "postgresql", date(2026, 12, 15)),
    "0018 on sqlite": (OF_0018, "sqlite", date(2027, 1, 4)),
    "0018 on postgresql": (OF_0018, "postgresql", date(2026, 12, 23)),
}
"""The books, their database, and the last day of the time that is lived."""


@dataclass(frozen=True)
class Year:
    """A year on, or less: what the books said before it, and the world after it."""

    old: OldBooks
    until: date
    world: World
    before: list[Came]
    waiting: dict[int, str]
    """The messages that waited, with their readers."""
    folder: Path
    confirmed: set[tuple[str, str]]
    """The deadlines that rested on a default, with their agreements: it was confirmed when the books were opened again."""

    @property
    def came(self) -> list[Came]:
        return sorted((Counter(came(self.world.engine)) - Counter(self.before)).elements())

    @property
    def foretold(self) -> list[Came]:
        since = self.old.closed_at.date()
        foretold = [each for each in expected(self.old) if each.on <= self.until]
        return [  # what is stated today was not on record before
            each._replace(effective_on=max(each.effective_on, since))
            if (each.reference, each.subject.removeprefix("deadline:")) in self.confirmed
            else each
            for each in foretold
        ]

    def letter_to(self, reader: str) -> str:
        """The message that waited for this reader."""
        (number,) = [number for number, each in self.waiting.items() if each == reader]
        _, content = outbox.message(self.world.engine, number, viewer=OPERATOR)
        assert content is not None
        body = BytesParser(policy=policy.default).parsebytes(content).get_body(preferencelist=("plain",))
        assert body is not None
        return str(body.get_content())


@pytest.fixture(scope="module", params=LIVED)
def year(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    """Lived once, and only read by the tests."""
    old, kind, until = LIVED[request.param]
    folder = tmp_path_factory.mktemp("year")
    with (
        restored(old, kind, folder, request) as url,
        started(settings_of(old, url, folder), old.closed_at) as world,
    ):
        before = came(world.engine)
        confirmed = set() if old in (OF_0014, OF_0018) else confirm_defaults(world)  # what it assumed it told as such
        waiting = outbox.messages(world.engine, ["queued", "leased", "retrying"], viewer=OPERATOR)
        live(world, until)
        yield Year(old, until, world, before, {message.id: message.recipient for message in waiting}, folder, confirmed)


def test_what_is_told_and_done_is_what_the_version_of_then_would_have_told_and_done(year: Year) -> None:
    found, foretold = Counter(year.came), Counter(year.foretold)
    assert sorted(found - foretold) == [], "nothing that was not to come, and nothing twice"
    assert sorted(foretold - found) == [], "nothing is lost"


def test_nobody_is_told_the_same_twice(year: Year) -> None:
    told = Counter(each[1:6] for each in year.before + year.came)
    assert [identity for identity, times in told.items() if times > 1] == []
    assert len(year.before) > 200
    assert len(year.came) > 90


def test_what_was_told_before_is_kept_as_it_was(year: Year) -> None:
    assert set(year.before) <= set(came(year.world.engine))


SNOOZED = {
    OF_0003: ("P-6", "3 days before", date(2026, 3, 18), date(2026, 3, 16)),
    OF_0004: ("P-10", "5 days before", date(2026, 5, 8), date(2026, 5, 7)),
    OF_0005: ("P-12", "5 days before", date(2026, 7, 6), date(2026, 7, 3)),
    OF_0009: ("P-14", "5 days before", date(2026, 9, 4), date(2026, 9, 2)),
    OF_0014: ("P-18", "5 days before", date(2026, 11, 6), date(2026, 11, 4)),
    OF_0018: ("P-19", "5 days before", date(2026, 12, 4), date(2026, 12, 2)),
}
"""What Elena is told of, on the day before which she wanted to hear nothing, and the day that it was about."""


def test_a_snooze_of_then_ends_on_its_day(year: Year) -> None:
    reference, level, on, effective_on = SNOOZED[year.old]
    (soon,) = [each for each in year.came if each[1:6] == (reference, "deadline:answer", 1, level, "elena")]
    assert (soon.on, soon.effective_on) == (on, effective_on)


ACKNOWLEDGED = {
    OF_0003: ("deadline:first_programme", "MX-1", "MX-2", "60 days after to contact"),
    OF_0004: ("deadline:answer", "P-7", "P-10", "5 days after to supervisor"),
    OF_0005: ("deadline:answer", "P-10", "P-11", "40 days after to supervisor"),
    OF_0009: ("deadline:answer", "P-13", "P-14", "40 days after to supervisor"),
    OF_0014: ("deadline:answer", "P-17", "P-18", "5 days after to supervisor"),
    OF_0018: ("deadline:answer", "P-21", "P-20", "5 days after to supervisor"),
}
"""The agreement whose deadline somebody had in hand, one where nobody had, and who is told there."""


def test_what_was_acknowledged_then_is_still_not_escalated(year: Year) -> None:
    subject, acknowledged, other, escalated = ACKNOWLEDGED[year.old]
    levels = {each.level for each in year.came if (each.reference, each.subject) == (acknowledged, subject)}
    assert levels
    assert [level for level in levels if " to " in level] == []
    assert escalated in {each.level for each in year.came if (each.reference, each.subject) == (other, subject)}


THE_FOURTH_AND_LATER = (date(2026, 5, 17), date(2026, 8, 15), date(2026, 11, 13), date(2027, 2, 11))
"""The days of a level that comes every 90 days."""


def test_a_repeating_level_goes_on_with_the_next_number(year: Year) -> None:
    def numbers(found: list[Came]) -> list[int]:
        levels = [each.level for each in found if each[1:3] == ("EC-2", "deadline:first_protocol")]
        return sorted(int(level.partition("#")[2]) for level in levels if "#" in level)

    then, now = (
        3 + sum(day <= last for day in THE_FOURTH_AND_LATER) for last in (year.old.closed_at.date(), year.until)
    )
    assert numbers(year.before) == list(range(1, then + 1))
    assert numbers(year.came) == list(range(then + 1, now + 1))


AWAY = {
    "lucia": ("diana", date(2026, 7, 6), date(2026, 7, 24)),
    "pilar": ("leonor", date(2026, 11, 23), date(2027, 1, 8)),
}
"""Who is away from when to when, with their delegates: Pilar in the books of 0018 alone."""


def test_a_delegate_is_told_in_the_absence_that_comes(year: Year) -> None:
    told = [each for each in year.before + year.came if each.on > OF_0005.closed_at.date()]
    stood_for = [each for each in told if each.stands_for]
    expected_of = {"lucia", "pilar"} if year.until >= date(2027, 1, 2) and year.old == OF_0018 else {"lucia"}
    assert {each.stands_for for each in stood_for} == expected_of
    for each in stood_for:
        delegate, first, last = AWAY[each.stands_for]
        assert each.recipient == delegate
        assert first <= each.on <= last
    for person, (_, first, last) in AWAY.items():
        assert [each for each in told if each.recipient == person and first <= each.on <= last] == []


def test_a_term_of_then_runs_out_on_its_day(year: Year) -> None:
    steps = [each for each in year.came if each.subject.startswith("by the clock")]
    ends = [(date(2026, 10, 16), "EC-1", "expired", date(2026, 10, 15))]
    assert [(each.on, each.reference, each.level, each.effective_on) for each in steps] == [
        end for end in ends if year.old.closed_at.date() < end[0] <= year.until
    ]


WAITED = {
    OF_0003: (["elena", "mateo", "mateo", "sergio"], {"accepted": 3, "possible duplicate": 1}),
    OF_0004: (["elena", "lucia", "mateo"], {"accepted": 3}),
    OF_0005: (["elena", "martin", "mateo"], {"accepted": 3}),
    OF_0009: (["elena", "mateo"], {"accepted": 2}),
    OF_0014: (["elena", "lucia", "mateo", "sergio"], {"accepted": 4}),
    OF_0018: (["elena", "mateo", "nadia"], {"accepted": 3}),
}
"""The readers of what waited, and what became of it."""


def test_every_message_that_waited_leaves_once(year: Year) -> None:
    world = year.world
    readers, became = WAITED[year.old]
    assert sorted(year.waiting.values()) == readers
    states = {message.id: message.state for message in outbox.messages(world.engine, viewer=OPERATOR)}
    assert Counter(states[number] for number in year.waiting) == became
    assert Counter(states.values()) > Counter(failed=1, bounced=1, cancelled=1, dropped=1), (
        "what was settled then stays so"
    )
    left = Counter(message["Message-ID"] for message in mailbox.Maildir(year.folder / "mail"))
    for number in year.waiting:
        _, content = outbox.message(world.engine, number, viewer=OPERATOR)
        assert content is not None
        assert left[BytesParser(policy=policy.default).parsebytes(content)["Message-ID"]] == 1


OPEN_DIGEST = {
    OF_0003: (date(2026, 3, 9), ["P-7"], ["“Respuesta” venció", "P-9"]),
    OF_0004: (date(2026, 5, 6), ["El acuerdo se inscribió el martes 5 de mayo de 2026", "P-10"], ["Respuesta"]),
    OF_0005: (date(2026, 7, 1), ["Primer programa operativo anual", "P-11"], ["Respuesta"]),
    OF_0009: (date(2026, 9, 1), ["P-15"], ["EC-10"]),
    OF_0014: (date(2026, 11, 2), ["P-19"], ["EC-12"]),
    OF_0018: (date(2026, 11, 30), ["P-23"], ["EC-13"]),
}
"""Elena's: when it leaves, what it says, and what not, for P-9 was done by then and the answers of P-10 and P-12 are snoozed."""


def test_the_digest_that_was_open_says_what_it_was_to_say(year: Year) -> None:
    on, said, unsaid = OPEN_DIGEST[year.old]
    letter = year.letter_to("elena")
    assert [words for words in said if words not in letter] == []
    assert [words for words in unsaid if words in letter] == []
    (message,) = [
        each for each in outbox.messages(year.world.engine, viewer=OPERATOR) if year.waiting.get(each.id) == "elena"
    ]
    assert message.settled_at is not None
    assert message.settled_at.date() == on


def test_nothing_is_found_in_them_when_the_books_are_proved(year: Year) -> None:
    world = year.world
    found = checking.check(world.engine, world.rulebook, world.people, world.now)
    assert [f"{each.reference}: {each.sentence}" for each in found.faults] == []
    assert found.links > 10


def test_they_are_listed_by_the_dates_of_then(year: Year) -> None:
    assert not_as_deadlines_say(year.world.engine) == []


@pytest.mark.parametrize("year", [name for name, (old, *_) in LIVED.items() if old == OF_0003], indirect=True)
def test_what_waited_for_somebody_to_hold_a_role_is_told_on_the_first_day_of_it(year: Year) -> None:
    (told,) = [
        each
        for each in year.came
        if each[1:6] == ("MX-2", "deadline:first_programme", 1, "60 days after to contact", "carmen")
    ]
    assert (told.on, told.effective_on) == (date(2026, 4, 6), OF_0003.closed_at.date()), (
        "on record since it was confirmed"
    )

"""Which instants a pass believes, who may confirm the others, and how far apart two instants are in words."""

from datetime import UTC, date, datetime, timedelta

import pytest

from builders import office, person
from twinflow.domain.clock.last_pass import (
    LONGEST_GAP,
    TOLERANCE,
    LastPass,
    Standing,
    doubt_of,
    far_in_words,
    may_confirm,
)
from twinflow.domain.people.people import Assignment, People
from twinflow.errors import ClockDoubted

LAST = datetime(2026, 11, 20, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("since", "is_doubted"),
    [
        (-TOLERANCE - SECOND, True),
        (-TOLERANCE, False),
        (timedelta(0), False),
        (LONGEST_GAP, False),
        (LONGEST_GAP + SECOND, True),
        (timedelta(days=365 * 7900), True),
        (timedelta(days=-365 * 2000), True),
    ],
)
def test_a_pass_is_doubted_longer_after_the_last_one_than_the_longest_gap_or_before_it(
    since: timedelta, is_doubted: bool
) -> None:
    doubt = doubt_of(LastPass(LAST), LAST + since, LONGEST_GAP)
    assert (doubt is not None) == is_doubted
    assert doubt is None or doubt.went_back == (since < timedelta(0))


def test_over_books_in_which_nothing_has_happened_any_instant_is_believed() -> None:
    assert doubt_of(None, LAST, LONGEST_GAP) is None


def test_only_a_doubt_keeps_a_pass_from_its_work() -> None:
    Standing().check()
    with pytest.raises(ClockDoubted, match="the clock went back"):
        Standing(doubt_of(LastPass(LAST), LAST - timedelta(days=3), LONGEST_GAP)).check()


@pytest.mark.parametrize(
    ("far", "words"),
    [
        (timedelta(minutes=6), "6 minutes"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=1868, hours=5), "1868 days"),
    ],
)
def test_how_far_apart_is_said_roughly(far: timedelta, words: str) -> None:
    assert str(far_in_words(far)) == words


ENDED = Assignment("liaison", "chihuahua", to_day=date(2026, 11, 19))
HELD = Assignment("liaison", "chihuahua")
OTHER = Assignment("reviewer", "chihuahua")


@pytest.mark.parametrize(
    ("lucia", "ramon", "may"),
    [
        ((HELD,), (OTHER,), {"lucia"}),
        ((HELD,), (HELD, OTHER), {"lucia", "ramon"}),
        ((ENDED,), (OTHER,), {"ramon"}),
        ((ENDED,), (), set()),
    ],
)
def test_a_liaison_officer_confirms_and_where_there_is_none_whoever_holds_a_role(
    lucia: tuple[Assignment, ...], ramon: tuple[Assignment, ...], may: set[str]
) -> None:
    known = {each.key: each for each in (person("lucia", *lucia), person("ramon", *ramon))}
    people = People({"chihuahua": office("chihuahua", "municipality", "MX", "America/Chihuahua")}, known)
    assert {key for key, each in known.items() if may_confirm(people, each, LAST)} == may

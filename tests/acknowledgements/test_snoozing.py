"""“Not before this day”: a person's own notices wait, none is lost and none comes twice."""

from datetime import date

import pytest
from desk import DUE, Desk, march

from twinflow.domain.agreement.history import EntryKind
from twinflow.errors import Refused

TWO = {"elena": "liaison", "eva": "liaison", "sergio": "supervisor"}


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [str(reason) for reason in refused.value.reasons]


def test_what_came_meanwhile_is_told_on_the_day_as_the_last_of_it(desk: Desk) -> None:
    desk.snooze(march(3), march(10))
    assert desk.sweeps(march(3), march(14)) == {
        8: ["sergio: 4 days before to supervisor"],
        10: ["elena: 3 days before"],
        12: ["elena: on the day"],
        13: ["sergio: 1 day after to supervisor"],
        14: ["elena: 2 days after"],
    }


def test_others_in_the_same_role_hear_of_it_as_ever(desk: Desk) -> None:
    desk.staff(TWO)
    desk.snooze(march(3), march(10))
    assert desk.sweeps(march(3), march(12)) == {
        6: ["eva: 6 days before"],
        8: ["sergio: 4 days before to supervisor"],
        9: ["eva: 3 days before"],
        10: ["elena: 3 days before"],
        12: ["elena: on the day", "eva: on the day"],
    }


def test_if_the_clock_was_off_on_that_day_it_is_told_on_the_next(desk: Desk) -> None:
    desk.snooze(march(3), march(10))
    desk.sweeps(march(3), march(9))
    assert desk.sweep(march(11)) == ["elena: 3 days before"]
    assert desk.sweeps(march(11), march(12)) == {12: ["elena: on the day"]}


def test_if_the_clock_was_off_all_the_time_nobody_else_misses_anything(desk: Desk) -> None:
    desk.staff(TWO)
    desk.snooze(march(3), march(10))
    assert desk.sweep(march(11)) == [
        "eva: 6 days before",
        "sergio: 4 days before to supervisor",
        "elena: 3 days before",
        "eva: 3 days before",
    ]


def test_what_was_told_before_is_not_told_again(desk: Desk) -> None:
    desk.sweeps(march(3), march(6))
    desk.snooze(march(6), march(8))
    assert desk.sweeps(march(6), march(9)) == {
        8: ["sergio: 4 days before to supervisor"],
        9: ["elena: 3 days before"],
    }


def test_the_last_word_counts_be_it_shorter_or_longer(desk: Desk) -> None:
    desk.snooze(march(3), march(11))
    desk.snooze(march(5), march(7))
    assert desk.sweeps(march(5), march(7)) == {7: ["elena: 6 days before"]}
    desk.snooze(march(8), march(10))
    desk.snooze(march(9), march(11))
    told = desk.sweeps(march(8), march(11))
    assert told == {8: ["sergio: 4 days before to supervisor"], 11: ["elena: 3 days before"]}


def test_a_date_that_moves_ends_it(desk: Desk) -> None:
    desk.snooze(march(3), march(11))
    desk.sweeps(march(3), march(9))
    assert desk.extend(march(9), "1 day") == march(13)
    told = desk.sweeps(march(9), march(10))
    assert told == {9: ["elena: 6 days before"], 10: ["elena: 3 days before"]}


def test_news_of_a_moved_date_does_not_wait(desk: Desk) -> None:
    desk.snooze(march(3), march(11))
    before = len(desk.told)
    desk.extend(march(4), "1 day")
    assert [told.partition(": ")[::2] for told in desk.told[before:]] == [("elena", "moved:answer")]


def test_it_is_put_on_record_with_its_reason(desk: Desk) -> None:
    desk.snooze(march(3), march(10), reason=" the mayor travels ")
    entry = desk.last_entry
    assert (entry.kind, entry.actor, entry.effective_on) == (EntryKind.SNOOZED, "elena", march(3))
    assert entry.details == {
        "deadline": "answer",
        "occurrence": "1",
        "due_on": "2026-03-12",
        "until": "2026-03-10",
        "reason": "the mayor travels",
    }


@pytest.mark.parametrize(
    ("on", "until", "reason", "expected"),
    [
        (march(3), march(10), " ", ["Give the reason."]),
        (march(3), march(3), "x", ["2026-03-03 is not after today."]),
        (march(3), DUE, "x", ["2026-03-12 is not before its date, 2026-03-12: notices wait until a day before it."]),
        (
            march(14),
            march(13),
            "",
            [
                "2026-03-13 is not after today.",
                "2026-03-13 is not before its date, 2026-03-12: notices wait until a day before it.",
                "Give the reason.",
            ],
        ),
    ],
)
def test_what_stands_in_the_way_is_said_all_at_once(
    desk: Desk, on: date, until: date, reason: str, expected: list[str]
) -> None:
    entries = len(desk.agreement.history)
    with pytest.raises(Refused) as refused:
        desk.snooze(on, until, reason=reason)
    assert reasons(refused) == expected
    assert len(desk.agreement.history) == entries


def test_nobody_snoozes_for_somebody_else(desk: Desk) -> None:
    """Sergio may snooze his own notices, and Elena hears of the date all the same; Vera hears nothing anyway."""
    desk.staff({"elena": "liaison", "sergio": "supervisor", "vera": "auditor"})
    desk.snooze(march(3), march(9), "sergio")
    assert desk.sweeps(march(3), march(9)) == {
        6: ["elena: 6 days before"],
        9: ["sergio: 4 days before to supervisor", "elena: 3 days before"],
    }
    with pytest.raises(Refused) as refused:
        desk.snooze(march(9), march(10), "vera")
    assert reasons(refused) == ["vera is not told of it; only liaison officer, supervisor are."]

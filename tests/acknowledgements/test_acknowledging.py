"""“I have it”: the ladder climbs no further, and the clock goes on."""

from datetime import date

import pytest
from desk import ANSWER, DUE, Desk, march

from builders import AT_PAGE, noon
from twinflow.domain.agreement.agreement import DeadlineStatus
from twinflow.domain.agreement.history import EntryKind
from twinflow.domain.deadlines.acknowledgements import Acknowledge
from twinflow.domain.deadlines.deadline_id import DeadlineId
from twinflow.errors import NotFound, Refused
from twinflow.services.deadlines.acknowledging import say

CLIMBS = {
    6: ["elena: 6 days before"],
    8: ["sergio: 4 days before to supervisor"],
    9: ["elena: 3 days before"],
    12: ["elena: on the day"],
    13: ["sergio: 1 day after to supervisor"],
    14: ["elena: 2 days after"],
    16: ["sergio: 4 days after to supervisor"],
    19: ["elena: every 5 days #1"],
}


def without_sergio(first: int) -> dict[int, list[str]]:
    """What is told from a day on, but for what goes to the supervisor."""
    return {day: told for day, told in CLIMBS.items() if day >= first and not told[0].startswith("sergio")}


def reasons(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [str(reason) for reason in refused.value.reasons]


def test_without_it_the_ladder_climbs(desk: Desk) -> None:
    assert desk.sweeps(march(2), march(20)) == CLIMBS


def test_whoever_has_it_in_hand_is_warned_as_before_and_nobody_above(desk: Desk) -> None:
    desk.sweeps(march(2), march(9))
    desk.acknowledge(march(9), note="the draft is with the lawyers")
    assert desk.sweeps(march(9), march(20)) == without_sergio(10)
    (deadline,) = desk.agreement.deadlines
    assert (deadline.due_on, deadline.status) == (DUE, DeadlineStatus.OPEN)


def test_a_rung_that_waited_for_the_clock_is_not_climbed_after_it(desk: Desk) -> None:
    """The clock was off since the 7th."""
    desk.sweeps(march(2), march(7))
    desk.acknowledge(march(14))
    assert desk.sweep(march(14)) == ["elena: 3 days before", "elena: on the day", "elena: 2 days after"]
    assert desk.sweeps(march(15), march(20)) == without_sergio(15)


def test_nobody_who_comes_into_the_role_later_hears_of_an_earlier_rung(desk: Desk) -> None:
    desk.sweeps(march(2), march(9))
    desk.acknowledge(march(9))
    desk.staff({"elena": "liaison", "susana": "supervisor"})
    assert desk.sweeps(march(10), march(20)) == without_sergio(10)


def test_when_the_date_has_moved_the_ladder_climbs_again(desk: Desk) -> None:
    desk.sweeps(march(2), march(9))
    desk.acknowledge(march(9))
    assert desk.extend(march(10), "5 days") == march(17)
    told = desk.sweeps(march(10), march(21))
    assert [day for day, each in told.items() if "sergio" in str(each)] == [18, 21]
    assert desk.acknowledge(march(21)).due_on == march(17)


def test_a_date_that_comes_back_was_not_the_one_acknowledged(desk: Desk) -> None:
    desk.acknowledge(march(3))
    desk.extend(march(4), "5 days")
    assert desk.take_back(march(5)) == DUE
    assert desk.sweep(march(8)) == ["elena: 6 days before", "sergio: 4 days before to supervisor"]


def test_it_is_put_on_record_for_the_date_of_that_day(desk: Desk) -> None:
    desk.acknowledge(march(9), note="the draft is with the lawyers")
    entry = desk.last_entry
    assert (entry.kind, entry.actor, entry.effective_on, entry.recorded_at) == (
        EntryKind.ACKNOWLEDGED, "elena", march(9), noon(march(9)),
    )  # fmt: skip
    expected = {
        "deadline": "answer",
        "occurrence": "1",
        "due_on": "2026-03-12",
        "note": "the draft is with the lawyers",
    }
    assert entry.details == expected


def test_a_step_that_was_prepared_meanwhile_can_still_be_taken(desk: Desk) -> None:
    version = desk.agreement.version
    desk.acknowledge(march(9))
    assert desk.agreement.version == version
    desk.finish(march(10))
    assert desk.agreement.state == "done"


@pytest.mark.parametrize("who", ["elena", "sergio"])
def test_whoever_is_told_of_it_may_say_so_be_it_only_by_the_ladder(desk: Desk, who: str) -> None:
    desk.acknowledge(march(3), who)
    assert desk.last_entry.actor == who


def test_who_is_not_told_of_it_may_not(desk: Desk) -> None:
    desk.staff({"elena": "liaison", "sergio": "supervisor", "vera": "auditor"})
    with pytest.raises(Refused, match="“Answer” of T-1") as refused:
        desk.acknowledge(march(3), "vera")
    assert reasons(refused) == ["vera is not told of it; only liaison officer, supervisor are."]


def test_once_is_enough(desk: Desk) -> None:
    desk.acknowledge(march(3))
    with pytest.raises(Refused) as refused:
        desk.acknowledge(march(4), "sergio")
    assert reasons(refused) == ["elena has acknowledged it on 2026-03-03."]


def test_what_is_closed_cannot_be_acknowledged(desk: Desk) -> None:
    desk.finish(march(5))
    with pytest.raises(Refused) as refused:
        desk.acknowledge(march(6))
    assert reasons(refused) == ["It is closed since 2026-03-05."]


def test_a_deadline_that_is_not_there_is_said_with_those_that_are(desk: Desk) -> None:
    wrong = DeadlineId("T-1", "reply", 1)
    with pytest.raises(NotFound, match="no deadline T-1/reply/1; there are: T-1/answer/1"):
        say(
            desk.engine,
            desk.rulebook,
            desk.people,
            wrong,
            Acknowledge(),
            person="elena",
            door=AT_PAGE,
            now=noon(date(2026, 3, 3)),
        )


def test_a_person_who_is_not_there_is_said_so(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no person elna"):
        say(
            desk.engine,
            desk.rulebook,
            desk.people,
            ANSWER,
            Acknowledge(),
            person="elna",
            door=AT_PAGE,
            now=noon(march(3)),
        )

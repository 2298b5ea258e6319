"""What it means that the day of a deadline has passed: for a duty, a target, a right, and while it is paused."""

from dataclasses import replace
from datetime import date

import pytest

from twinflow.domain.agreement.agreement import Basis, Deadline, DeadlineStatus
from twinflow.domain.calendar.business_days import Pause
from twinflow.domain.deadlines.lateness import (
    PASSED,
    Standing,
    has_passed,
    in_words,
    is_late,
    is_overdue,
    is_past,
    is_paused,
)
from twinflow.domain.process.definition import Nature

DUE = date(2026, 3, 10)
OPEN = Deadline("opinion", 1, date(2026, 3, 2), DUE, DUE, DeadlineStatus.OPEN)
PAUSE = Pause(date(2026, 3, 4), date(2026, 3, 6))


@pytest.mark.parametrize(("today", "passed"), [(date(2026, 3, 9), False), (DUE, False), (date(2026, 3, 11), True)])
def test_a_day_has_passed_when_it_is_over(today: date, passed: bool) -> None:
    assert has_passed(DUE, today) is passed
    assert is_past((DUE - today).days) is passed
    assert not has_passed(None, today)


@pytest.mark.parametrize(
    ("nature", "owed", "late", "overdue", "words"),
    [
        (Nature.LEGAL, True, True, True, ("overdue", "very overdue")),
        (Nature.CONTRACTUAL, True, True, True, ("overdue", "very overdue")),
        (Nature.TARGET, True, True, False, ("target passed", "target passed")),
        (Nature.TARGET, False, False, False, ("target passed", "target passed")),
        (Nature.LEGAL, False, False, False, ("passed", "passed")),
    ],
)
def test_only_a_duty_of_law_or_text_is_overdue_and_only_what_somebody_owes_is_late(
    nature: Nature, owed: bool, late: bool, overdue: bool, words: tuple[str, str]
) -> None:
    for standing, word in zip((Standing.OVERDUE, Standing.VERY_OVERDUE), words, strict=True):
        assert is_late(standing, owed=owed) is late
        assert is_overdue(standing, nature, owed=owed) is overdue
        assert str(in_words(DeadlineStatus.OPEN, standing, nature, owed=owed)) == word


@pytest.mark.parametrize("standing", sorted(set(Standing) - PASSED))
def test_before_its_day_is_over_nobody_is_late_and_the_word_is_the_same_for_all(standing: Standing) -> None:
    said = {
        str(in_words(DeadlineStatus.OPEN, standing, nature, owed=owed)) for nature in Nature for owed in (True, False)
    }
    assert len(said) == 1
    assert not is_late(standing, owed=True)
    assert not is_overdue(standing, Nature.LEGAL, owed=True)


def test_what_is_closed_is_called_by_its_status() -> None:
    for status in set(DeadlineStatus) - {DeadlineStatus.OPEN}:
        assert str(in_words(status, Standing.AHEAD, Nature.LEGAL, owed=True)) == status.value


@pytest.mark.parametrize(
    ("deadline", "today", "paused"),
    [
        pytest.param(OPEN, DUE, False, id="no pause"),
        pytest.param(replace(OPEN, basis=Basis(pauses=(PAUSE,))), date(2026, 3, 4), True, id="its first day"),
        pytest.param(replace(OPEN, basis=Basis(pauses=(PAUSE,))), date(2026, 3, 6), False, id="it counts again"),
        pytest.param(replace(OPEN, basis=Basis(pauses=(PAUSE,), agreed_on=DUE)), date(2026, 3, 4), False, id="agreed on"),
        pytest.param(replace(OPEN, due_on=None, status=DeadlineStatus.PAUSED), DUE, True, id="no date"),
        pytest.param(
            replace(OPEN, basis=Basis(pauses=(PAUSE,)), status=DeadlineStatus.MET), date(2026, 3, 4), False, id="closed"
        ),
    ],
)  # fmt: skip
def test_while_its_days_do_not_count_it_is_paused(deadline: Deadline, today: date, paused: bool) -> None:
    assert is_paused(deadline, today) is paused

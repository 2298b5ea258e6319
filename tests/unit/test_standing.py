"""Whether mail of a database may leave from a machine, by what the machine has seen of it."""

import pytest

from twinflow.domain.mail.restored_backup import Standing, counted, standing


@pytest.mark.parametrize(
    ("passes", "seen", "expected"),
    [
        (0, {}, Standing.NEW),
        (0, {"another": 7}, Standing.NEW),
        (0, {"this": 0}, Standing.KNOWN),
        (1, {"this": 0}, Standing.KNOWN),
        (5, {"this": 5}, Standing.KNOWN),
        (9, {"this": 5}, Standing.KNOWN),
        (1, {}, Standing.UNKNOWN),
        (7, {"another": 7}, Standing.UNKNOWN),
        (4, {"this": 5}, Standing.REWOUND),
        (0, {"this": 1}, Standing.REWOUND),
    ],
)
def test_how_a_database_stands_with_a_machine(passes: int, seen: dict[str, int], expected: Standing) -> None:
    assert standing("this", passes, seen) is expected


def test_only_what_is_not_known_or_was_set_back_is_held() -> None:
    assert {each for each in Standing if each.is_held} == {Standing.UNKNOWN, Standing.REWOUND}


@pytest.mark.parametrize(
    ("passes", "due", "leased", "after"),
    [
        (0, True, False, 1),
        (0, False, False, 2),
        (1, True, False, 3),
        (1, False, True, 1),
        (1, False, False, 2),
        (2, False, False, 2),
        (2, True, True, 3),
        (2, False, True, 2),
    ],
)
def test_the_count_is_odd_from_when_mail_is_due_until_none_is_on_its_way(
    passes: int, due: bool, leased: bool, after: int
) -> None:
    assert counted(passes, due=due, leased=leased) == after
